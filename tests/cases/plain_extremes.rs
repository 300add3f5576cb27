//! Plain loops that look for the best numbers: what they find is what the loop in order finds, zeros of both signs and numbers
//! that are none among them.

use super::replaced::numbers;
use super::ways::{SIZES, compiled_ways};
use ndarray::{Array1, ArrayRef1, array};
use parfuse::prelude::*;

#[kernel]
fn greatest(a: &ArrayRef1<f64>, start: f64) -> f64 {
    let mut best = start;
    for i in 0..a.len() {
        if a[i] > best {
            best = a[i];
        }
    }
    best
}

#[kernel]
fn least_and_last_greatest(a: &ArrayRef1<f64>, start: f64) -> (f64, f64) {
    let (mut least, mut greatest) = (start, start);
    for &x in a.iter() {
        let half = x / 2.0;
        if half < least {
            least = half;
        }
        if greatest <= x {
            greatest = x;
        }
    }
    (least, greatest)
}

#[kernel]
fn place_of_least(a: &ArrayRef1<f64>) -> usize {
    let mut at = 0;
    for i in 1..a.len() {
        if a[i] < a[at] {
            at = i;
        }
    }
    at
}

#[kernel]
fn nearest_above(a: &ArrayRef1<f64>, least: f64) -> (usize, f64) {
    let (mut at, mut best) = (a.len(), f64::INFINITY);
    if least < 40.0 {
        for i in 0..a.len() {
            let far = (a[i] - least).abs();
            if a[i] > least && far < best {
                best = far;
                at = i;
            }
        }
    }
    (at, best)
}

/// The other array may be shorter: its elements are looked at where the loop in order does.
#[kernel]
fn with_the_greatest(a: &ArrayRef1<f64>, others: &ArrayRef1<f64>) -> f64 {
    let (mut best, mut other) = (f64::NEG_INFINITY, 0.0);
    for i in 0..a.len() {
        if a[i] > best {
            best = a[i];
            other = others[i];
        }
    }
    other
}

#[kernel]
fn greatest_integer(a: &ArrayRef1<f64>) -> i16 {
    let mut best = i16::MIN;
    for i in 0..a.len() {
        let x = a[i] as i16;
        if x > best {
            best = x;
        }
    }
    best
}

#[test]
fn the_best_numbers_of_plain_loops_are_those_of_loops_in_order() {
    for n in SIZES {
        for kind in 0..7 {
            let a = numbers(n, kind);
            for start in [f64::INFINITY, f64::NEG_INFINITY, f64::NAN, 0.0, -0.0, 3.0] {
                let (best,) = compiled_ways!(greatest(&a, start));
                assert_eq!(best.to_bits(), greatest(&a, start).to_bits(), "{n} {kind} {start}");
                let ((least, last),) = compiled_ways!(least_and_last_greatest(&a, start));
                let plain = least_and_last_greatest(&a, start);
                assert_eq!(
                    [least, last].map(f64::to_bits),
                    [plain.0, plain.1].map(f64::to_bits),
                    "{n} {kind} {start}"
                );
                let ((at, far),) = compiled_ways!(nearest_above(&a, start));
                let plain = nearest_above(&a, start);
                assert_eq!((at, far.to_bits()), (plain.0, plain.1.to_bits()), "{n} {kind} {start}");
            }
            let (at,) = compiled_ways!(place_of_least(&a));
            assert_eq!(at, place_of_least(&a), "{n} {kind}");
            let (best,) = compiled_ways!(greatest_integer(&a));
            assert_eq!(best, greatest_integer(&a), "{n} {kind}");
        }
    }
}

#[test]
fn the_first_of_zeros_of_both_signs_is_found() {
    for zeros in [[0.0, -0.0], [-0.0, 0.0]] {
        let mut a = Array1::from_elem(200, -1.0);
        (a[150], a[151]) = (zeros[0], zeros[1]);
        let (best,) = compiled_ways!(greatest(&a, -5.0));
        assert_eq!(best.to_bits(), zeros[0].to_bits());
        let ((_, last),) = compiled_ways!(least_and_last_greatest(&a, -5.0));
        assert_eq!(last.to_bits(), zeros[1].to_bits());
    }
    assert_eq!(greatest::serial(&array![1.0], 0.0).unwrap(), 1.0);
}

#[test]
fn nothing_is_looked_at_that_the_loop_in_order_does_not_look_at() {
    let a = Array1::from_shape_fn(300, |i| -(i as f64));
    let (other,) = compiled_ways!(with_the_greatest(&a, &array![7.0]));
    assert_eq!(other, 7.0);
}
