//! Exits: `break`, `continue`, labels, `loop`, early `return`, in plain loops, inside iterations of a `prange` and in
//! kernels that kernels call.

use crate::cases::ways::{SIZES, every_way};
use ndarray::{Array1, Array2, ArrayRef1, ArrayRef2};
use parfuse::prelude::*;

/// Numbers among which a search finds something sooner or later.
fn numbers(n: usize) -> Array1<f64> {
    Array1::from_shape_fn(n, |i| ((i * 37) % 401) as f64 / 8.0 - 20.0)
}

#[kernel]
fn first_above(a: &ArrayRef1<f64>, limit: f64) -> usize {
    let mut found = a.len();
    for i in 0..a.len() {
        if a[i] > limit {
            found = i;
            break;
        }
    }
    found
}

#[kernel]
fn sum_of_some(a: &ArrayRef1<f64>, most: f64) -> (f64, i64) {
    let (mut sum, mut seen) = (0.0, 0i64);
    for i in (0..a.len()).rev() {
        if a[i] < 0.0 {
            continue;
        }
        sum += a[i];
        if sum > most {
            break;
        }
        seen += 1;
    }
    (sum, seen)
}

#[kernel]
fn newton(x: f64) -> (f64, i64) {
    let mut guess = x;
    let mut steps = 0i64;
    let last = loop {
        let next = 0.5 * (guess + x / guess);
        steps += 1;
        if (next - guess).abs() < 1e-12 || steps == 60 {
            break next;
        }
        guess = next;
    };
    (last, steps)
}

#[kernel]
fn rows_until(m: &ArrayRef2<f64>, limit: f64) -> (f64, usize) {
    let (mut sum, mut rows) = (0.0, 0usize);
    'rows: for i in 0..m.nrows() {
        for j in 0..m.ncols() {
            if m[[i, j]] > limit {
                break 'rows;
            }
            if m[[i, j]] < -limit {
                rows += 100;
                continue 'rows;
            }
            sum += m[[i, j]];
        }
        rows += 1;
    }
    (sum, rows)
}

#[kernel]
fn halvings(n: i64) -> i64 {
    let (mut x, mut count) = (n, 0);
    while x > 1 {
        count += 1;
        if x % 2 == 1 {
            if x % 3 == 0 {
                break;
            }
            x = 3 * x + 1;
            continue;
        }
        x /= 2;
    }
    count
}

#[test]
fn plain_loops_end_and_go_on_early() {
    for n in SIZES {
        let a = numbers(n);
        every_way!(first_above(&a, 11.0));
        every_way!(first_above(&a, 1e9));
        every_way!(sum_of_some(&a, 50.0));
        let m = Array2::from_shape_fn((n.min(40), 13), |(i, j)| ((i * 31 + j * 17) % 97) as f64 / 4.0 - 12.0);
        every_way!(rows_until(&m, 11.8));
        every_way!(rows_until(&m, 100.0));
    }
    for x in [0.25, 2.0, 1e10, f64::NAN] {
        every_way!(newton(x));
    }
    for n in 0..60 {
        every_way!(halvings(n));
    }
}

#[kernel]
fn iterations(n: usize, limit: usize) -> (Array1<i64>, i64) {
    let mut steps = Array1::zeros(n);
    let mut total = 0i64;
    for i in prange(0..n) {
        if i % 5 == 3 {
            continue;
        }
        let mut x = i + 1;
        let mut count = 0i64;
        for k in 0..limit {
            if x == 1 {
                break;
            }
            if x % 2 == 0 {
                x /= 2;
                continue;
            }
            x = 3 * x + 1;
            count += k as i64;
        }
        steps[i] = count;
        total += count;
    }
    (steps, total)
}

#[kernel]
fn searches(a: &ArrayRef1<f64>, keys: &ArrayRef1<f64>) -> Array1<i64> {
    let mut found = Array1::zeros(keys.len());
    for k in prange(0..keys.len()) {
        let mut at = -1i64;
        for i in 0..a.len() {
            if a[i] >= keys[k] {
                at = i as i64;
                break;
            }
        }
        found[k] = at;
    }
    found
}

#[test]
fn loops_inside_iterations_end_lane_by_lane() {
    for n in SIZES {
        every_way!(iterations(n, 50));
        every_way!(iterations(n, 0));
        let keys = numbers(n);
        every_way!(searches(&numbers(120), &keys));
    }
}

#[kernel]
fn sign(x: f64) -> f64 {
    if x.is_nan() {
        return x;
    }
    if x < 0.0 {
        return -1.0;
    }
    let y = if x == 0.0 { return 0.0 } else { x };
    y / y.abs()
}

#[kernel]
fn index_of(a: &ArrayRef1<f64>, key: f64) -> (bool, usize) {
    for i in 0..a.len() {
        if a[i] == key {
            return (true, i);
        }
    }
    (false, a.len())
}

#[kernel]
fn signs(a: &ArrayRef1<f64>) -> (Array1<f64>, f64) {
    let mut r = Array1::zeros(a.len());
    let mut sum = 0.0;
    for i in prange(0..a.len()) {
        r[i] = sign(a[i]);
        sum += r[i];
    }
    (r, sum)
}

#[kernel]
fn places(a: &ArrayRef1<f64>, keys: &ArrayRef1<f64>) -> Array1<i64> {
    let mut r = Array1::zeros(keys.len());
    for k in prange(0..keys.len()) {
        let (found, at) = index_of(a, keys[k]);
        r[k] = if found { at as i64 } else { -(at as i64) };
    }
    r
}

#[kernel]
fn scaled_or_not(a: &ArrayRef1<f64>, factor: f64) -> Array1<f64> {
    if a.is_empty() || factor == 1.0 {
        return a.to_owned();
    }
    let mut r = a * factor;
    for i in 0..r.len() {
        if r[i] > 100.0 {
            return r;
        }
        r[i] += 1.0;
    }
    r
}

#[kernel]
fn normalise(a: &mut ArrayRef1<f64>) {
    let sum = a.sum();
    if sum == 0.0 {
        return;
    }
    for i in 0..a.len() {
        a[i] /= sum;
    }
}

#[test]
fn kernels_return_early_wherever_they_are_called() {
    for n in SIZES {
        let mut a = numbers(n);
        if n > 5 {
            a[4] = f64::NAN;
            a[5] = 0.0;
        }
        every_way!(signs(&a));
        let b = numbers(90);
        every_way!(index_of(&b, 3.5));
        every_way!(places(&b, &numbers(n)));
        every_way!(scaled_or_not(&numbers(n), 2.0));
        every_way!(scaled_or_not(&numbers(n), 1.0));
        every_way!(scaled_or_not(&numbers(n), 50.0));
        every_way!(normalise(&mut numbers(n)));
        every_way!(normalise(&mut Array1::zeros(n)));
    }
    for x in [f64::NAN, -3.0, -0.0, 0.0, 7.0, f64::INFINITY] {
        every_way!(sign(x));
    }
}

#[kernel]
fn blocks_with_labels(x: i64) -> i64 {
    let y = 'found: {
        if x > 10 {
            break 'found x - 10;
        }
        for k in 0..x {
            if k * k > x {
                break 'found k;
            }
        }
        -1
    };
    y * 2
}

#[test]
fn blocks_with_labels_give_what_they_are_left_with() {
    for x in -2..15 {
        every_way!(blocks_with_labels(x));
    }
}

#[kernel]
fn checked_until(a: &ArrayRef1<f64>, n: usize, stop: usize) -> f64 {
    let mut sum = 0.0;
    for i in 0..n {
        if i == stop {
            break;
        }
        sum += a[i];
    }
    sum
}

/// A range beyond the array is no mistake where the loop ends before.
#[test]
fn what_comes_behind_an_exit_is_not_checked() {
    let a = numbers(20);
    every_way!(checked_until(&a, 1000, 20));
    every_way!(checked_until(&a, 20, 1000));
    let engine = Engine::new().unwrap();
    let error = engine.install(|| checked_until::serial(&a, 1000, 21)).unwrap_err();
    assert!(error.to_string().contains("index"), "{error}");
}
