//! Reductions over nothing: the variable keeps what it has.
//!
//! | case | result |
//! |---|---|
//! | a sum from -0.0 | -0.0 |
//! | a minimum from NaN | NaN |
//! | `sum()` of an empty array | 0 |

use super::ways::every_way;
use ndarray::{Array1, ArrayRef1};
use parfuse::prelude::*;

#[kernel]
fn float_sum(start: f64, n: i64) -> f64 {
    let mut s = start;
    for _ in prange(0..n) {
        s += 0.25;
    }
    s
}

#[kernel]
fn float_product(start: f32, n: i64) -> f32 {
    let mut p = start;
    for _ in prange(0..n) {
        p *= 2.0;
    }
    p
}

#[kernel]
fn lowest_and_highest(start: f64, n: usize, m: usize) -> (f64, f64) {
    let mut low = start;
    let mut high = start;
    for _ in prange(0..n) {
        low = low.min(1.0);
    }
    for _ in prange(0..m) {
        high = high.max(-1.0);
    }
    (low, high)
}

#[kernel]
fn total_of(a: &ArrayRef1<f64>) -> (f64, f64) {
    let mut low = f64::INFINITY;
    for i in prange(0..a.len()) {
        low = low.min(a[i]);
    }
    (a.sum(), low)
}

#[kernel]
fn least_root(start: f64, a: &ArrayRef1<f64>) -> f64 {
    let mut low = start;
    for i in prange(0..a.len()) {
        low = low.min(a[i].sqrt());
    }
    low
}

#[test]
fn numbers_that_are_all_nan_leave_a_nan() {
    for n in [1, 7, 40, 20_000] {
        let mut a = Array1::from_elem(n, -1.0);
        assert!(every_way!(least_root(f64::NAN, &a)).0.is_nan());
        assert_eq!(every_way!(least_root(2.0, &a)).0, 2.0);
        a[n / 2] = f64::INFINITY;
        assert_eq!(every_way!(least_root(f64::NAN, &a)).0, f64::INFINITY);
    }
}

#[test]
fn without_iterations_a_variable_keeps_every_bit() {
    for start in [-0.0, 0.0, f64::INFINITY, f64::NEG_INFINITY, f64::NAN, 3.5] {
        let same = |x: f64| x.to_bits() == start.to_bits() || x.is_nan() && start.is_nan();
        assert!(same(every_way!(float_sum(start, 0)).0), "{start}");
        assert!(same(every_way!(float_product(start as f32, -3)).0 as f64), "{start}");
        let (low, high) = every_way!(lowest_and_highest(start, 0, 0)).0;
        assert!(same(low) && same(high), "{start}");
    }
    assert!(every_way!(lowest_and_highest(f64::NAN, 1, 2)).0 == (1.0, -1.0));
    let (total, low) = every_way!(total_of(&Array1::zeros(0))).0;
    assert_eq!((total.to_bits(), low), (0, f64::INFINITY));
}
