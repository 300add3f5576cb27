//! Operations on arrays inside the iterations of a `prange`: rows and columns that are computed, assigned and summed.
//!
//! ```text
//! for i in prange(0..n) {
//!     out.row_mut(i).assign(&(&a.row(i) * w));        loops over the elements of the row, no array
//!     norm[i] = a.row(i).dot(&a.row(i)).sqrt();
//! }
//! ```
// Negative bounds of slices count from the end.
#![allow(clippy::reversed_empty_ranges)]

use super::ways::{error_of, every_way};
use ndarray::{Array1, Array2, Array3, ArrayRef1, ArrayRef2, ArrayRef3, Axis, ShapeBuilder, s};
use parfuse::Error;
use parfuse::prelude::*;

#[kernel]
fn weighted_rows(a: &ArrayRef2<f64>, w: &ArrayRef1<f64>, out: &mut ArrayRef2<f64>) {
    for i in prange(0..a.nrows()) {
        out.row_mut(i).assign(&(&a.row(i) * &w.view()));
    }
}

#[kernel]
fn normalised(a: &mut ArrayRef2<f64>) -> Array1<f64> {
    let mut norms = Array1::<f64>::zeros(a.nrows());
    for i in prange(0..a.nrows()) {
        let norm = a.row(i).dot(&a.row(i)).sqrt();
        if norm > 0.0 {
            let mut row = a.row_mut(i);
            row /= norm;
        }
        norms[i] = norm;
    }
    norms
}

/// The kernel of the guide.
#[kernel]
fn weighted_and_normalised(a: &ArrayRef2<f64>, weights: &Array1<f64>, out: &mut ArrayRef2<f64>) {
    for i in prange(0..a.nrows()) {
        let row = &a.row(i) * weights;
        let norm = row.dot(&row).sqrt();
        out.row_mut(i).assign(&(row / norm));
    }
}

/// A softmax along rows, whose exponentials are written and summed.
#[kernel]
fn softmax(x: &ArrayRef2<f64>) -> Array2<f64> {
    let mut out = Array2::<f64>::zeros(x.dim());
    for i in prange(0..x.nrows()) {
        let row = x.row(i);
        let largest = row.max();
        out.row_mut(i).assign(&(&row - largest).mapv(f64::exp));
        let total = out.row(i).sum();
        out.row_mut(i).mapv_inplace(|x| x / total);
    }
    out
}

/// Distances of points from centres, as expressions of rows.
#[kernel]
fn distances(points: &ArrayRef2<f64>, centres: &ArrayRef2<f64>) -> Array2<f64> {
    let mut all = Array2::<f64>::zeros((points.nrows(), centres.nrows()));
    for i in prange(0..points.nrows()) {
        for k in 0..centres.nrows() {
            let away = &points.row(i) - &centres.row(k);
            all[[i, k]] = (&away * &away).sum();
        }
    }
    all
}

/// Layers of a box, each of which is smoothed along its columns, with whole matrices as operands.
#[kernel]
fn smoothed(a: &ArrayRef3<f64>, out: &mut ArrayRef3<f64>) {
    for k in prange(0..a.shape()[0]) {
        let layer = a.index_axis(Axis(0), k);
        let inner = &layer.slice(s![..-2, ..]) + &layer.slice(s![2.., ..]) + layer.slice(s![1..-1, ..]);
        out.slice_mut(s![k, 1..-1, ..]).assign(&(inner / 3.0));
        out.slice_mut(s![k, 0, ..]).fill(k as f64);
    }
}

/// One step of the elimination of Gauss: rows below take in a multiple of the pivot's row.
#[kernel]
fn eliminated(a: &mut ArrayRef2<f64>) {
    for k in 0..a.nrows() {
        for i in prange(k + 1..a.nrows()) {
            let factor = a[[i, k]] / a[[k, k]];
            let pivot = a.row(k).to_owned();
            a.row_mut(i).scaled_add(-factor, &pivot);
        }
    }
}

#[kernel]
fn whole_numbers(a: &ArrayRef2<i32>) -> (Array1<i32>, Array1<i32>) {
    let n = a.nrows();
    let (mut sums, mut largest) = (Array1::<i32>::zeros(n), Array1::<i32>::zeros(n));
    for i in prange(0..n) {
        let doubled = &a.row(i) * 2;
        sums[i] = (&doubled + 1).sum();
        largest[i] = if doubled.len() > 3 { doubled[3] } else { -1 };
    }
    (sums, largest)
}

fn matrix(rows: usize, columns: usize) -> Array2<f64> {
    Array2::from_shape_fn((rows, columns), |(i, j)| ((i * 31 + j * 17) % 101) as f64 / 7.0 - 3.0)
}

fn in_columns(rows: usize, columns: usize) -> Array2<f64> {
    let mut m = Array2::zeros((rows, columns).f());
    m.assign(&matrix(rows, columns));
    m
}

const SHAPES: [(usize, usize); 8] = [(0, 3), (3, 0), (1, 1), (5, 7), (9, 16), (33, 40), (4, 700), (100, 300)];

#[test]
fn rows_are_computed_where_they_are_assigned() {
    for (n, m) in SHAPES {
        let w = Array1::from_shape_fn(m, |j| j as f64 / 2.0);
        for a in [matrix(n, m), in_columns(n, m)] {
            every_way!(weighted_rows(&a, &w, &mut out) with out = Array2::zeros((n, m)));
            every_way!(weighted_rows(&a, &w, &mut out) with out = Array2::zeros((n, m).f()));
            every_way!(normalised(&mut a) with a = a.clone());
            every_way!(weighted_and_normalised(&a, &w, &mut out) with out = Array2::zeros((n, m)));
        }
        every_way!(distances(&matrix(n, m), &matrix(m % 7, m)));
    }
    every_way!(eliminated(&mut a) with a = matrix(12, 12) + Array2::<f64>::eye(12) * 300.0);
}

#[test]
fn boxes_and_integers_too() {
    for (k, n, m) in [(1, 3, 1), (4, 5, 9), (3, 40, 33)] {
        let a = Array3::from_shape_fn((k, n, m), |(k, i, j)| (k * 7 + i * 3 + j) as f64);
        every_way!(smoothed(&a, &mut out) with out = Array3::zeros((k, n, m)));
    }
    for (n, m) in SHAPES {
        let a = Array2::from_shape_fn((n, m), |(i, j)| (i * 1003 + j * 17) as i32);
        every_way!(whole_numbers(&a));
    }
}

/// Another row than it writes, shifted: each element is read after its neighbour was written.
#[kernel]
fn shifted(a: &mut ArrayRef2<f64>) {
    for i in prange(0..a.nrows()) {
        let moved = a.slice(s![i, ..-1]).to_owned();
        a.slice_mut(s![i, 1..]).assign(&moved);
    }
}

/// What is used after its source has changed.
#[kernel]
fn outdated(a: &mut ArrayRef2<f64>, out: &mut ArrayRef2<f64>) {
    for i in prange(0..a.nrows()) {
        let twice = &a.row(i) * 2.0;
        a.row_mut(i).fill(1.0);
        out.row_mut(i).assign(&twice);
    }
}

/// The same in a loop, whose second iteration would see what the first has changed.
#[kernel]
fn outdated_in_a_loop(a: &mut ArrayRef2<f64>, out: &mut ArrayRef2<f64>) {
    for i in prange(0..a.nrows()) {
        let twice = &a.row(i) * 2.0;
        for _ in 0..2 {
            let mut sum = out.row_mut(i);
            sum += &twice;
            a.row_mut(i).fill(1.0);
        }
    }
}

/// What a closure reads is read where the closure is written.
#[kernel]
fn read_by_a_closure(a: &mut ArrayRef2<f64>) {
    for i in prange(0..a.nrows()) {
        let moved = a.row(i).mapv(|x| x - a[[i, 0]]);
        a.row_mut(i).assign(&moved);
    }
}

/// The same of a variable.
#[kernel]
fn variable_of_a_closure(a: &ArrayRef2<f64>, out: &mut ArrayRef2<f64>) {
    for i in prange(0..a.nrows()) {
        let mut factor = 2.0;
        let scaled = a.row(i).mapv(|x| x * factor);
        factor += 1.0;
        out.row_mut(i).assign(&scaled);
        out[[i, 0]] = factor;
    }
}

#[test]
fn what_changes_before_it_is_used_is_kept() {
    for (n, m) in SHAPES.into_iter().filter(|(_, m)| *m > 0) {
        every_way!(shifted(&mut a) with a = matrix(n, m));
        every_way!(outdated(&mut a, &mut out) with a = matrix(n, m), out = matrix(n, m));
        every_way!(outdated_in_a_loop(&mut a, &mut out) with a = matrix(n, m), out = matrix(n, m));
        every_way!(read_by_a_closure(&mut a) with a = matrix(n, m));
        every_way!(variable_of_a_closure(&matrix(n, m), &mut out) with out = matrix(n, m));
    }
}

/// A closure that fails, of which nobody takes all elements.
#[kernel]
fn picked(a: &ArrayRef2<f64>, w: &ArrayRef1<f64>, k: usize, out: &mut ArrayRef1<f64>) {
    for i in prange(0..a.nrows()) {
        let scaled = a.row(i).mapv(|x| x * w[k + (x as usize)]);
        out[i] = scaled[0];
    }
}

#[test]
fn closures_fail_where_they_are_written() {
    let (a, w) = (Array2::from_shape_fn((3, 4), |(i, j)| (i * j) as f64), Array1::from_elem(7, 2.0));
    every_way!(picked(&a, &w, 0, &mut out) with out = Array1::zeros(3));
    let error = error_of!(picked(&a, &w, 2, &mut Array1::zeros(3)));
    assert!(matches!(error, Error::Index { index: 8, len: 7, iteration: Some(2), .. }), "{error}");
}

#[test]
fn lengths_are_checked() {
    let error = error_of!(weighted_rows(&matrix(3, 4), &Array1::zeros(5), &mut Array2::zeros((3, 4))));
    assert!(matches!(error, Error::ShapeMismatch { left: 4, right: 5, .. }), "{error}");
}
