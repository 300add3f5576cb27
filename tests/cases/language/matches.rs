//! `match`: on numbers, truth values, ranges and tuples of them, with bindings and conditions.

use crate::cases::ways::{error_of, exactly};
use ndarray::{Array1, Array2, ArrayRef1, array};
use parfuse::prelude::*;

const LIMIT: i64 = 40;

#[kernel]
fn classes(a: &ArrayRef1<i64>) -> Array1<i64> {
    let mut classes = Array1::zeros(a.len());
    for i in prange(0..a.len()) {
        classes[i] = match a[i] {
            i64::MIN..0 => -1,
            0 => 0,
            1 | 2 | 5..=9 => 1,
            LIMIT => 7,
            n @ 10..=19 => n * 2,
            n if n % 2 == 0 => n / 2,
            _ => 100,
        };
    }
    classes
}

#[test]
fn numbers_are_matched_by_values_ranges_and_conditions() {
    let a = Array1::from_iter((-5..60).chain([i64::MIN, i64::MAX]));
    exactly!(classes(&a));
}

#[kernel]
fn fizz(n: usize) -> (usize, usize, usize) {
    let mut counts = (0, 0, 0);
    for i in 0..n {
        match (i % 3, i % 5) {
            (0, 0) => counts.0 += 1,
            (0, _) | (_, 0) => {
                counts.1 += i;
            }
            (a, b) if a == b => counts.2 += a * b,
            (1, ..) => {}
            (_, b) => counts.2 += b,
        }
    }
    counts
}

#[test]
fn tuples_are_matched_part_by_part() {
    for n in [0, 1, 16, 100] {
        exactly!(fizz(n));
    }
}

#[kernel]
fn of_flags(p: bool, q: bool, x: f64) -> f64 {
    let sign = match p {
        true => 1.0,
        false => -1.0,
    };
    sign * match (p, q) {
        (true, true) => x,
        (false, other) => match other {
            true if x > 1.0 => x * 2.0,
            true => x * 3.0,
            false => return 4.0,
        },
        (true, false) => x + 1.0,
    }
}

#[test]
fn the_last_arm_needs_no_test() {
    for (p, q) in [(true, true), (true, false), (false, true), (false, false)] {
        for x in [0.5, 1.5] {
            exactly!(of_flags(p, q, x));
        }
    }
}

#[kernel]
fn last_arms_return(n: i32, a: &ArrayRef1<f64>) -> Array1<f64> {
    match n {
        0 => a + 1.0,
        1 => return a * 2.0,
        k if k < 0 => {
            let scaled = a * k as f64;
            scaled + 0.5
        }
        _ => Array1::zeros(a.len()),
    }
}

#[test]
fn arms_give_arrays_and_return() {
    for n in [-2, 0, 1, 2] {
        exactly!(last_arms_return(n, &array![1.0, 2.0]));
    }
}

#[kernel]
fn states(steps: usize, text: &[u8]) -> (i32, usize) {
    let (mut state, mut at) = (0, 0);
    while at < steps {
        state = match (state, text[at]) {
            (0, b'a'..=b'z') => 1,
            (1, b'0'..=b'9') => 2,
            (1, b'a'..=b'z') => 1,
            (2, b';') => break,
            (s, b' ') => s,
            _ => -1,
        };
        if state < 0 {
            return (state, at);
        }
        at += 1;
    }
    (state, at)
}

#[test]
fn arms_leave_loops() {
    for text in [&b"ab1;  "[..], b"a 1 ;", b"1aaaa", b"abc", b""] {
        exactly!(states(text.len(), text));
    }
}

#[kernel]
fn guarded(a: &ArrayRef1<i64>, divisor: i64) -> (i64, i64) {
    let (mut sum, mut asked) = (0, 0);
    for i in 0..a.len() {
        sum += match a[i] {
            0 => 1,
            x if {
                asked += 1;
                divisor / x > 1
            } =>
            {
                x * asked
            }
            x => x - asked,
        };
    }
    (sum, asked)
}

#[test]
fn conditions_are_evaluated_in_their_turn() {
    exactly!(guarded(&array![0, 1, 2, 5, 0, -3], 6));
}

#[kernel]
fn checked(a: &ArrayRef1<i64>, k: usize) -> i64 {
    match k {
        0 => 0,
        1 => a[7],
        _ if a[k] > 0 => 1,
        _ => 2,
    }
}

#[test]
fn only_the_arm_taken_counts() {
    let a = array![1, -1, 1, -1];
    exactly!(checked(&a, 0));
    exactly!(checked(&a, 2));
    exactly!(checked(&a, 3));
    assert!(matches!(error_of!(checked(&a, 1)), Error::Index { index: 7, .. }));
    assert!(matches!(error_of!(checked(&a, 4)), Error::Index { index: 4, .. }));
}

#[kernel]
fn chosen(a: &ArrayRef1<f64>, kind: u8) -> Array1<f64> {
    a.mapv(|x| match kind {
        0 => x,
        1 => x * x,
        2..=4 => x.sqrt(),
        _ => 0.0,
    })
}

#[kernel]
fn bits(n: usize) -> Array2<u8> {
    Array2::from_shape_fn((n, n), |(i, j)| match i.cmp(&j) {
        std::cmp::Ordering::Less => 1,
        std::cmp::Ordering::Equal => 2,
        std::cmp::Ordering::Greater => 3,
    })
}

#[test]
fn closures_match() {
    for kind in 0..6 {
        exactly!(chosen(&array![1.0, 4.0, 9.0], kind));
    }
    exactly!(bits(4));
}

#[kernel]
fn named(pair: f64, n: i64) -> f64 {
    let whole @ (a, b) = (pair, pair * 2.0);
    let kind = matches!(n, 1 | 3..=5);
    let other = matches!(n, k if k > 7 && k % 2 == 1);
    if kind || other { whole.0 + a * b } else { whole.1 }
}

#[test]
fn wholes_are_named_and_patterns_are_asked_for() {
    for n in 0..12 {
        exactly!(named(1.5, n));
    }
}

#[kernel]
fn same_parts(a: &ArrayRef1<f64>, b: &Array2<f64>, n: usize) -> (bool, bool, bool, bool) {
    let pair = (n, n > 2);
    (
        a.shape() == b.row(0).shape(),
        b.dim() == (2, n),
        pair != (3, true),
        n.cmp(&3) == std::cmp::Ordering::Greater,
    )
}

#[test]
fn tuples_and_shapes_are_compared() {
    for n in 1..5 {
        exactly!(same_parts(&Array1::zeros(n), &Array2::zeros((2, 3)), n));
    }
}

#[kernel]
fn of_options(a: &ArrayRef1<i64>, k: i64) -> (i64, f64) {
    let largest = match a.iter().max() {
        Some(x) => x * 2,
        None => -1,
    };
    let place = match a.iter().position(|x| *x == k) {
        None => return (largest, 0.5),
        Some(i) => i as f64,
    };
    (largest, place)
}

#[test]
fn options_are_taken_apart() {
    for k in 0..4 {
        exactly!(of_options(&array![3, 1, 2], k));
    }
    exactly!(of_options(&Array1::zeros(0), 0));
}

#[kernel]
fn signs(x: &ArrayRef1<i64>) -> Array1<i32> {
    x.mapv(|v| match v {
        i64::MIN..=-3 => -2,
        -2..=-1 => -1,
        0 => 0,
        1.. => 1,
    })
}

#[test]
fn ranges_of_negative_numbers_match() {
    exactly!(signs(&Array1::from_iter(-9..9)));
}
