//! Control flow: `if` as statement and value, `while`, `for` over every kind of range, nests of them.

use crate::cases::ways::{SIZES, every_way};
use ndarray::{Array1, Array2, ArrayRef1};
use parfuse::prelude::*;

#[kernel]
fn sign_words(a: &ArrayRef1<i64>) -> Array1<i64> {
    let mut r = Array1::zeros(a.len());
    for i in prange(0..a.len()) {
        let x = a[i];
        r[i] = if x < 0 {
            if x < -100 { -2 } else { -1 }
        } else if x == 0 {
            0
        } else {
            let large = x > 100;
            if large && x % 2 == 0 || x == 7 { 3 } else { 1 }
        };
    }
    r
}

#[kernel]
fn conditions_in_order(a: &ArrayRef1<i64>) -> (i64, i64) {
    let (mut both, mut either) = (0, 0);
    for i in prange(0..a.len()) {
        let x = a[i];
        // The division is protected by what stands before it.
        if x != 0 && 100 / x > 3 {
            both += 1;
        }
        if x == 0 || 100 % x == 0 {
            either += 1;
        }
    }
    (both, either)
}

#[test]
fn ifs_choose_and_conditions_stop_early() {
    for n in SIZES {
        let a = Array1::from_shape_fn(n, |i| (i as i64 * 37) % 401 - 200);
        every_way!(sign_words(&a));
        every_way!(conditions_in_order(&a));
    }
    assert_eq!(every_way!(conditions_in_order(&Array1::zeros(40_000))).0, (0, 40_000));
}

#[kernel]
fn collatz(n: usize) -> Array1<i64> {
    let mut steps = Array1::zeros(n);
    for i in prange(0..n) {
        let mut x = i as i64 + 1;
        let mut count = 0;
        while x != 1 {
            x = if x % 2 == 0 { x / 2 } else { 3 * x + 1 };
            count += 1;
        }
        steps[i] = count;
    }
    steps
}

#[kernel]
fn newton(a: &ArrayRef1<f64>) -> Array1<f64> {
    let mut roots = Array1::zeros(a.len());
    for i in prange(0..a.len()) {
        let target = a[i];
        let mut x = target.max(1.0);
        let mut rounds = 0;
        while (x * x - target).abs() > 1e-9 && rounds < 60 {
            x = 0.5 * (x + target / x);
            rounds += 1;
        }
        roots[i] = x;
    }
    roots
}

#[kernel]
fn greatest_common_divisor(a: i64, b: i64) -> i64 {
    let (mut a, mut b) = (a, b);
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}

#[test]
fn whiles_end_for_each_iteration_by_itself() {
    for n in [0, 1, 2, 9, 31, 1000] {
        every_way!(collatz(n));
        every_way!(newton(&Array1::from_shape_fn(n, |i| i as f64 * 1.7)));
    }
    assert_eq!(every_way!(greatest_common_divisor(1071, 462)).0, 21);
    assert_eq!(every_way!(greatest_common_divisor(5, 0)).0, 5);
}

#[kernel]
fn digits(start: i64, end: i64, step: usize) -> (i64, i64, i64, i64) {
    let (mut plain, mut inclusive, mut backwards) = (1, 1, 1);
    for i in start..end {
        plain = (plain * 31 + i) % 1_000_003;
    }
    for i in start..=end {
        inclusive = (inclusive * 31 + i) % 1_000_003;
    }
    for i in (start..end).rev() {
        backwards = (backwards * 31 + i) % 1_000_003;
    }
    let (mut stepped, mut stepped_back) = (1, 1);
    for i in (start..end).step_by(step) {
        stepped = (stepped * 31 + i) % 1_000_003;
    }
    for i in (start..=end).rev().step_by(step) {
        stepped_back = (stepped_back * 31 + i) % 1_000_003;
    }
    (plain, inclusive, backwards, stepped * 2_000_000 + stepped_back)
}

#[kernel]
fn step_then_back(end: i32) -> i32 {
    let mut hash = 7;
    for i in (0..end).step_by(3).rev() {
        hash = (hash * 13 + i) % 10_007;
    }
    hash
}

#[kernel]
fn step_of_steps(end: usize, step: usize, other: usize) -> usize {
    let mut hash = 7;
    for i in (0..end).step_by(step).step_by(other) {
        hash = (hash * 13 + i) % 10_007;
    }
    hash
}

#[test]
fn steps_of_steps_do_not_wrap() {
    for (step, other) in [(2, 3), (1, 1), ((1 << 32) + 1, 1 << 32), (1 << 32, 1 << 32), (usize::MAX, 2)] {
        every_way!(step_of_steps(100, step, other));
    }
}

#[kernel]
fn far_apart(start: i8, end: i8, step: usize) -> (i32, i32, i32, i64) {
    let (mut ahead, mut back, mut every_third) = (1, 1, 1);
    for i in (start..end).step_by(step) {
        ahead = (ahead * 31 + i as i32) % 10_007;
    }
    for i in (start..end).step_by(step).rev() {
        back = (back * 31 + i as i32) % 10_007;
    }
    for i in (start..end).rev().step_by(3).step_by(step) {
        every_third = (every_third * 31 + i as i32) % 10_007;
    }
    let mut sum = 0;
    for i in prange((start..end).step_by(200)) {
        sum += i as i64;
    }
    (ahead, back, every_third, sum)
}

#[test]
fn steps_may_be_longer_than_a_signed_type_reaches() {
    for (start, end) in [(-128, 127), (-128, 72), (-128, 73), (-100, 100), (0, 127), (5, -5)] {
        for step in [1, 3, 100, 127, 128, 200, 255, 256, usize::MAX] {
            every_way!(far_apart(start, end, step));
        }
    }
    let (results,) = every_way!(far_apart(-128, 127, 200));
    assert_eq!(results.3, -128 + 72);
}

#[test]
fn serial_ranges_run_in_their_order() {
    for (start, end) in [(0, 0), (0, 1), (0, 10), (-7, 12), (5, -5), (-9, -2), (3, 100)] {
        for step in [1, 2, 3, 7, 1000] {
            every_way!(digits(start, end, step));
        }
        every_way!(step_then_back(end as i32));
    }
}

#[kernel]
fn parallel_ranges(n: i32) -> (i32, i32, i32, i32) {
    let (mut plain, mut inclusive, mut backwards, mut stepped) = (0, 0, 0, 0);
    for i in prange(0..n) {
        plain += i * i % 17;
    }
    for i in prange(0..=n) {
        inclusive += i * i % 17;
    }
    for i in prange((-n..n).rev()) {
        backwards += i * i % 17;
    }
    for i in prange((-3..n).step_by(5)) {
        stepped += i * i % 17;
    }
    (plain, inclusive, backwards, stepped)
}

#[kernel]
fn three_deep(h: usize, w: usize, d: usize) -> (Array2<i64>, i64) {
    let mut sums = Array2::zeros((h, w));
    let mut total = 0;
    for i in prange(0..h) {
        for j in prange(0..w) {
            for k in prange(0..d) {
                sums[[i, j]] += (i * j + k) as i64;
                total += 1;
            }
        }
    }
    (sums, total)
}

#[test]
fn parallel_ranges_and_nests() {
    for n in [0, 1, 2, 3, 7, 8, 9, 31, 64, 943, 9000] {
        every_way!(parallel_ranges(n));
    }
    for (h, w, d) in [(0, 3, 3), (3, 0, 3), (3, 3, 0), (1, 1, 1), (5, 7, 3), (130, 9, 2)] {
        assert_eq!(every_way!(three_deep(h, w, d)).0.1, (h * w * d) as i64);
    }
}

#[kernel]
fn prange_under_conditions(a: &mut ArrayRef1<i64>, which: i64) {
    let mut round = 0;
    while round < 3 {
        if round == which {
            for i in prange(0..a.len()) {
                a[i] += 100;
            }
        } else {
            for i in prange(0..a.len()) {
                a[i] += round;
            }
        }
        round += 1;
    }
}

#[test]
fn pranges_stand_in_loops_and_branches() {
    for which in [0, 1, 2, 3] {
        every_way!(prange_under_conditions(&mut a, which) with a = Array1::from_shape_fn(9000, |i| i as i64));
    }
}

#[kernel]
fn nothing() {}

#[kernel]
fn early_value(x: f64) -> f64 {
    if x < 0.0 {
        return -x;
    } else {
        return x;
    }
}

#[test]
fn kernels_may_do_nothing_and_end_with_return() {
    every_way!(nothing());
    assert_eq!(every_way!(early_value(-2.0)).0, 2.0);
    assert_eq!(every_way!(early_value(3.0)).0, 3.0);
}
