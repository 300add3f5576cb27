//! Plain loops that go by more than one, and reach beyond the element that they are at.
//!
//! ```text
//! for i in (0..n).step_by(4) { … a[i + 3] }            one test in front: of what the last iteration takes
//! for m in (p * p..n).step_by(p) { a[m] }              none
//! ```

use super::ways::{SIZES, error_of, exactly};
use ndarray::{Array1, ArrayRef1};
use parfuse::prelude::*;

fn numbers(n: usize) -> Array1<f64> {
    Array1::from_shape_fn(n, |i| ((i * 7) % 11) as f64 - 4.0)
}

#[kernel]
fn sums_and_differences(a: &mut ArrayRef1<f64>) {
    for i in (0..a.len()).step_by(2) {
        let (x, y) = (a[i], a[i + 1]);
        a[i] = x + y;
        a[i + 1] = x - y;
    }
}

#[kernel]
fn four_sums(a: &ArrayRef1<f64>, n: usize) -> (f64, f64, f64, f64) {
    let (mut s, mut t, mut u, mut v) = (0.0, 0.0, 0.0, 0.0);
    for i in (0..n).step_by(4) {
        s += a[i];
        t += a[i + 1];
        u += a[i + 2];
        v += a[i + 3];
    }
    (s, t, u, v)
}

#[kernel]
fn multiples(crossed: &mut ArrayRef1<bool>, after: usize) {
    let n = crossed.len();
    let mut p = 2;
    while p * p < n {
        for m in (p * p..n).step_by(p) {
            crossed[m] = true;
        }
        p += 1 + after;
    }
}

#[test]
fn pairs_are_taken_in_lanes() {
    for n in (0..60).step_by(2) {
        exactly!(sums_and_differences(&mut a) with a = numbers(n));
    }
    assert_eq!(sums_and_differences::kernel().explain().unwrap().regions.len(), 1);
}

#[test]
fn half_a_pair_at_the_end_is_an_error() {
    for n in [1, 9, 33] {
        let mut a = numbers(n);
        let error = sums_and_differences::serial(&mut a).unwrap_err();
        assert!(error.to_string().contains(&format!("index {n}")), "{error}");
    }
}

#[test]
fn several_sums_go_on_side_by_side() {
    for n in [0, 4, 8, 400, 1000] {
        let a = numbers(n);
        exactly!(four_sums(&a, n));
    }
    // What is missing is the third of four.
    let a = numbers(10);
    assert!(error_of!(four_sums(&a, 9)).to_string().contains("index 10"));
}

#[test]
fn multiples_of_numbers_are_within() {
    for n in SIZES {
        for after in [0, 3] {
            exactly!(multiples(&mut crossed, after) with crossed = Array1::from_elem(n, false));
        }
    }
}
