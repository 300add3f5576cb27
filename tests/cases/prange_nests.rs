//! `prange2` and `prange3`: iterations of several indices.

use super::ways::{error_of, exactly};
use ndarray::{Array1, Array2, Array3, ArrayRef2};
use parfuse::prelude::*;

#[kernel]
fn table(n: usize, m: usize) -> (Array2<i64>, i64) {
    let mut a = Array2::<i64>::zeros((n, m));
    let mut sum = 0;
    for (i, j) in prange2((n, m)) {
        a[[i, j]] = 10 * i as i64 + j as i64;
        sum += a[[i, j]];
    }
    (a, sum)
}

#[kernel]
fn inside(a: &ArrayRef2<f64>, from: usize) -> Array2<f64> {
    let (n, m) = a.dim();
    let mut out = a.to_owned();
    for (i, j) in prange2((from..n, 1..m)) {
        if i % 3 == 1 {
            continue;
        }
        out[[i, j]] = a[[i, j]] - a[[i, j - 1]];
    }
    out
}

#[kernel]
fn cells(l: usize, n: usize, m: usize) -> Array3<f64> {
    let mut a = Array3::<f64>::zeros((l, n, m));
    for (g, i, j) in prange3((l, 0..n, m)) {
        let mut x = (g + 2 * i) as f64;
        for k in 0..j {
            x = 0.5 * x + k as f64;
        }
        a[[g, i, j]] = x;
    }
    a
}

/// All rows write to one.
#[kernel]
fn crossing(n: usize) -> Array1<f64> {
    let mut a = Array1::<f64>::zeros(n);
    for (i, j) in prange2((n, n)) {
        a[j] = i as f64;
    }
    a
}

#[test]
fn each_combination_of_indices_is_an_iteration() {
    for (n, m) in [(0, 3), (3, 0), (1, 1), (4, 9), (37, 211)] {
        exactly!(table(n, m));
        exactly!(cells(3, n, m));
        let a = Array2::from_shape_fn((n, m), |(i, j)| (i * j % 7) as f64);
        exactly!(inside(&a, 0));
        exactly!(inside(&a, 2));
        exactly!(inside(&a, 100));
    }
    let error = error_of!(crossing(5));
    assert!(matches!(error, Error::PossibleRace { .. }), "{error}");
}

#[test]
fn two_dimensions_are_one_region() {
    let explanation = table::kernel().explain().unwrap().to_string();
    assert!(explanation.contains("1 parallel region"), "{explanation}");
}
