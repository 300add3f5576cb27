//! Loops whose iterations load what later ones store to, which lanes do in order.

use super::ways::every_way;
use ndarray::{Array1, Array2, ArrayRef1, ArrayRef2};
use parfuse::prelude::*;

fn numbers(n: usize) -> Array1<f64> {
    Array1::from_shape_fn(n, |i| (i as f64 * 0.754_877_666) % 1.0)
}

#[kernel]
fn tree(values: &mut ArrayRef1<f64>, prices: &mut ArrayRef1<f64>, up: f64) {
    for step in (0..values.len() - 1).rev() {
        for i in 0..step + 1 {
            prices[i] *= up;
            values[i] = (0.5 * values[i + 1] + 0.49 * values[i]).max(0.3 - prices[i]);
        }
    }
}

/// Down, so that the element before is not yet stored to.
#[kernel]
fn binomials(row: &mut ArrayRef1<u32>) {
    for k in 1..row.len() {
        for j in (1..k + 1).rev() {
            row[j] = row[j].wrapping_add(row[j - 1]);
        }
    }
}

/// Up, so that it is.
#[kernel]
fn prefix_sums(row: &mut ArrayRef1<u32>) {
    for k in 1..row.len() {
        for j in 1..k + 1 {
            row[j] = row[j].wrapping_add(row[j - 1]);
        }
    }
}

#[kernel]
fn bubbles(a: &mut ArrayRef1<i16>, far: &mut ArrayRef1<f32>) {
    for _ in 0..a.len() {
        for i in 0..a.len() - 5 {
            if a[i + 5] > a[i] {
                a[i] = a[i + 5] / 2;
            }
            far[i] = far[i + 1] + far[i + 2] * 0.5 - far[i + 5];
        }
    }
}

#[kernel]
fn pairs(a: &mut ArrayRef1<f64>) {
    let n = a.len();
    let half = n / 2 - 1;
    for _ in 0..3 {
        for i in 0..half {
            a[2 * i] = a[2 * i + 2] - a[2 * i + 1];
        }
        for i in 0..half {
            a[n - 1 - 2 * i] += a[n - 3 - 2 * i] * 0.5;
        }
    }
}

/// What is stored first is not what is loaded ahead behind it.
#[kernel]
fn stored_first(a: &mut ArrayRef1<f64>, b: &mut ArrayRef1<f64>) {
    for k in 0..3 {
        for i in 0..a.len() - 1 {
            a[i] = k as f64 - a[i];
            b[i] = a[i + 1] * 0.5 + a[i];
        }
    }
}

/// Each element in turn of two loops inside, which load what the next one stores to.
#[kernel]
fn turns(a: &mut ArrayRef1<f64>) {
    for i in 0..a.len() - 4 {
        for k in 0..3 {
            a[i + k] = a[i + k + 1] * 0.75;
        }
    }
}

#[kernel]
fn rows(a: &mut ArrayRef2<f64>) {
    for i in 1..a.nrows() {
        for j in 0..a.ncols() - 1 {
            a[[i, j]] = 0.25 * (a[[i, j]] + a[[i - 1, j]] + a[[i, j + 1]]);
        }
    }
}

#[test]
fn loops_that_load_before_later_iterations_store_agree_with_the_function() {
    for n in [7, 8, 9, 16, 31, 32, 33, 64, 100] {
        every_way!(tree(&mut a, &mut b, 1.01) with a = numbers(n), b = numbers(n));
        every_way!(binomials(&mut a) with a = Array1::ones(n));
        every_way!(prefix_sums(&mut a) with a = Array1::ones(n));
        every_way!(bubbles(&mut a, &mut b) with a = Array1::from_shape_fn(n, |i| (i * 7919) as i16),
            b = Array1::from_shape_fn(n, |i| (i * i % 17) as f32));
        every_way!(pairs(&mut a) with a = numbers(n));
        every_way!(stored_first(&mut a, &mut b) with a = numbers(n), b = numbers(n));
        every_way!(turns(&mut a) with a = numbers(n));
        every_way!(rows(&mut a) with a = Array2::from_shape_fn((5, n), |(i, j)| (i * j % 13) as f64));
    }
}
