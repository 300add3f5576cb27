//! Arrays made from their indices, from iterators and from what is written out; arrays gone through together.
#![allow(clippy::needless_range_loop, clippy::redundant_closure, clippy::useless_vec)]

use crate::cases::ways::{every_way, exactly, same_error};
use ndarray::{Array1, Array2, ArrayRef1, ArrayRef2, Zip, arr1, array, azip};
use parfuse::Error;
use parfuse::prelude::*;

fn numbers(n: usize) -> Array1<f64> {
    Array1::from_shape_fn(n, |i| ((i * 37 + 11) % 101) as f64 * 0.37 - 17.0)
}

fn matrix(rows: usize, columns: usize) -> Array2<f64> {
    Array2::from_shape_fn((rows, columns), |(i, j)| ((i * 31 + j * 17) % 103) as f64 / 7.0 - 5.0)
}

#[kernel]
fn spaced(n: usize, a: f64, b: f64) -> (Array1<f64>, Array1<f64>, Array2<f64>, Array2<f64>) {
    let x = Array1::linspace(a, b, n);
    let y = Array1::<f64>::range(a, b, 0.3);
    let identity = Array2::<f64>::eye(n);
    let diagonal = Array2::from_diag(&(&x * 2.0)) + Array2::from_diag_elem(n, 0.5);
    (x, y, identity, diagonal)
}

#[kernel]
fn powers(n: usize, a: f64, b: f64) -> (Array1<f64>, Array1<f32>) {
    let y = Array1::logspace(10.0, a, b, n);
    (y, Array1::<f32>::linspace(0.0, 1.0, n))
}

#[kernel]
fn computed(n: usize, m: usize, k: f64) -> (Array2<f64>, Array1<i64>, Array1<f64>, f64) {
    let grid = Array2::from_shape_fn((n, m), |(i, j)| i as f64 * k + (j as f64).sqrt());
    let squares = Array1::from_iter((0..n as i64).map(|i| i * i - 3));
    let rows = grid.rows().into_iter().map(|row| row.sum()).collect::<Array1<f64>>();
    let mut calls = 0;
    let counted = Array1::from_shape_fn(n, |i| {
        calls += 1;
        (i + calls) as f64
    });
    (grid, squares, rows, counted.sum() + calls as f64)
}

#[test]
fn arrays_are_computed_from_their_indices() {
    for n in [0, 1, 2, 7, 100] {
        exactly!(spaced(n, -1.0, 2.5));
        every_way!(powers(n, -1.0, 2.5));
        every_way!(computed(n, n / 2 + 1, 0.3));
    }
    let (grid, squares, _, calls) = computed::serial(5, 3, 0.5).unwrap();
    let plain = computed(5, 3, 0.5);
    assert_eq!((grid, squares, calls), (plain.0, plain.1, plain.3));
    let error = same_error(|_| spaced::serial(3, 1.0, -1.0));
    assert!(matches!(error, Error::EmptyRange { .. }), "{error}");
}

const WEIGHTS: [f64; 3] = [0.25, 0.5, 0.25];
const SOBEL: [[f64; 3]; 3] = [[-1.0, 0.0, 1.0], [-2.0, 0.0, 2.0], [-1.0, 0.0, 1.0]];
static PRIMES: [i64; 6] = [2, 3, 5, 7, 11, 13];

#[kernel]
fn tables(a: &ArrayRef1<f64>, m: &ArrayRef2<f64>, x: f64) -> (Array1<f64>, Array2<f64>, i64, f64) {
    let mut smooth = Array1::zeros(a.len() - 2);
    for i in prange(0..smooth.len()) {
        let mut s = 0.0;
        for k in 0..WEIGHTS.len() {
            s += WEIGHTS[k] * a[i + k];
        }
        smooth[i] = s + WEIGHTS[1];
    }
    let (rows, columns) = m.dim();
    let mut edges = Array2::zeros((rows - 2, columns - 2));
    for i in prange(0..rows - 2) {
        for j in 0..columns - 2 {
            let mut s = 0.0;
            for p in 0..3 {
                for q in 0..3 {
                    s += SOBEL[p][q] * m[[i + p, j + q]];
                }
            }
            edges[[i, j]] = s;
        }
    }
    let mut hash = 0;
    for (i, p) in PRIMES.iter().enumerate() {
        hash = hash * 31 + p * i as i64;
    }
    let steps = [x, 2.0 * x, 1.0];
    let mut own = [0.5, 0.25, x];
    own[1] += steps[0];
    let mut counts = [0.0; 4];
    counts[2] = steps.iter().sum::<f64>();
    let fixed = array![[1.0, x], [x, 2.0]];
    let named = arr1(&[x, 3.0]);
    (smooth, edges, hash, own[1] + counts[2] + fixed[[0, 1]] + named[0] + steps[2] + counts[0])
}

#[test]
fn constant_tables_are_known_in_any_loop() {
    exactly!(tables(&numbers(50), &matrix(9, 12), 0.75));
    let explanation = tables::kernel().explain().unwrap();
    assert!(explanation.regions.iter().all(|region| region.checks.is_empty()), "{explanation}");
}

#[kernel]
fn zipped(a: &ArrayRef2<f64>, b: &ArrayRef2<f64>, c: &mut ArrayRef2<f64>) -> (Array2<f64>, Array1<f64>, f64) {
    Zip::from(&mut *c).and(a).and(b).for_each(|c, &a, &b| *c += a * b);
    Zip::indexed(&mut *c).and(a).for_each(|(i, j), c, a| {
        *c += a * i as f64 - j as f64;
    });
    azip!((c in &mut *c, &b in b) *c -= b);
    azip!((index (i, j), c in &mut *c, &a in a) {
        if i > j {
            *c = a;
        }
    });
    Zip::from(c.rows_mut()).and(a.rows()).for_each(|mut row, other| {
        row[0] = other[0];
        row += &other;
    });
    let sum = Zip::from(a).and(b).map_collect(|&x, &y| x.max(y) * 0.5);
    let norms = Zip::from(a.rows()).and(b.rows()).map_collect(|x, y| x[0] * y[0]);
    let dot = Zip::from(a).and(b).fold(0.0, |s, x, y| s + x * y);
    (sum, norms, dot)
}

#[test]
fn arrays_are_gone_through_together() {
    for (rows, columns) in [(1, 1), (3, 5), (40, 33)] {
        let (a, b) = (matrix(rows, columns), matrix(rows, columns) * 0.3);
        exactly!(zipped(&a, &b, &mut c) with c = matrix(rows, columns) * 0.7);
    }
    let error = same_error(|_| zipped::serial(&matrix(3, 4), &matrix(3, 5), &mut matrix(3, 4)));
    assert!(matches!(error, Error::ShapeMismatch { .. }), "{error}");
}
