//! Sparse matrices and graphs: products by rows and by elements, with rows that are even and rows that are not.
//!
//! ```text
//! csr_vector  csr_vector_uneven  csr_columns  coo_vector  segment_sums  page_rank  gather_scatter
//! ```

use super::data::{Rows, coo, csr, permutation, uniform, zeros};
use super::row::{Row, row};
use ndarray::{ArrayRef1, ArrayRef2};
use parfuse::prelude::*;
use rayon::prelude::*;

#[kernel]
fn csr_vector(
    start: &ArrayRef1<usize>,
    column: &ArrayRef1<usize>,
    value: &ArrayRef1<f64>,
    x: &ArrayRef1<f64>,
    y: &mut ArrayRef1<f64>,
) {
    for i in prange(0..y.len()) {
        let mut sum = 0.0;
        for e in start[i]..start[i + 1] {
            sum += value[e] * x[column[e]];
        }
        y[i] = sum;
    }
}

fn csr_vector_by_hand(
    start: &ArrayRef1<usize>,
    column: &ArrayRef1<usize>,
    value: &ArrayRef1<f64>,
    x: &ArrayRef1<f64>,
    y: &mut ArrayRef1<f64>,
) {
    let y = y.as_slice_mut().expect("neighbours").par_iter_mut().with_min_len(256);
    y.enumerate().for_each(|(i, y)| {
        let mut sum = 0.0;
        for e in start[i]..start[i + 1] {
            sum += value[e] * x[column[e]];
        }
        *y = sum;
    });
}

/// Most rows are short, and some are not.
#[kernel]
fn csr_vector_uneven(
    start: &ArrayRef1<usize>,
    column: &ArrayRef1<usize>,
    value: &ArrayRef1<f64>,
    x: &ArrayRef1<f64>,
    y: &mut ArrayRef1<f64>,
) {
    for i in prange(0..y.len()) {
        let mut sum = 0.0;
        for e in start[i]..start[i + 1] {
            sum += value[e] * x[column[e]];
        }
        y[i] = sum;
    }
}

#[kernel]
fn csr_columns(
    start: &ArrayRef1<usize>,
    column: &ArrayRef1<usize>,
    value: &ArrayRef1<f64>,
    x: &ArrayRef2<f64>,
    y: &mut ArrayRef2<f64>,
) {
    for i in prange(0..y.nrows()) {
        for c in 0..y.ncols() {
            y[[i, c]] = 0.0;
        }
        for e in start[i]..start[i + 1] {
            for c in 0..y.ncols() {
                y[[i, c]] += value[e] * x[[column[e], c]];
            }
        }
    }
}

#[kernel]
fn coo_vector(
    row: &ArrayRef1<usize>,
    column: &ArrayRef1<usize>,
    value: &ArrayRef1<f64>,
    x: &ArrayRef1<f64>,
    y: &mut ArrayRef1<f64>,
) {
    for e in 0..value.len() {
        y[row[e]] += value[e] * x[column[e]];
    }
}

/// Running sums that begin anew with each segment.
#[kernel]
fn segment_sums(start: &ArrayRef1<usize>, x: &ArrayRef1<f64>, out: &mut ArrayRef1<f64>) {
    for g in 0..start.len() - 1 {
        let mut sum = 0.0;
        for e in start[g]..start[g + 1] {
            sum += x[e];
            out[e] = sum;
        }
    }
}

/// Rounds over the edges of a graph, by target.
#[kernel]
fn page_rank(
    start: &ArrayRef1<usize>,
    source: &ArrayRef1<usize>,
    degree: &ArrayRef1<f64>,
    rank: &mut ArrayRef1<f64>,
    share: &mut ArrayRef1<f64>,
    rounds: usize,
) {
    let n = rank.len();
    for _ in 0..rounds {
        for i in prange(0..n) {
            share[i] = rank[i] / degree[i];
        }
        for i in prange(0..n) {
            let mut sum = 0.0;
            for e in start[i]..start[i + 1] {
                sum += share[source[e]];
            }
            rank[i] = 0.15 / n as f64 + 0.85 * sum;
        }
    }
}

/// Elements in another order, and back.
#[kernel]
fn gather_scatter(
    order: &ArrayRef1<usize>,
    x: &ArrayRef1<f64>,
    sorted: &mut ArrayRef1<f64>,
    back: &mut ArrayRef1<f64>,
) {
    for i in prange(0..order.len()) {
        sorted[i] = 2.0 * x[order[i]];
    }
    for i in 0..order.len() {
        back[order[i]] = sorted[i] + 1.0;
    }
}

/// The kernels of this file.
pub const ROWS: &[Row] = &[
    row!(csr_vector [2500, 800_000] |n| reads m = csr(n, Rows::Even, 1), x = uniform(n, 4); writes y = zeros(n);
        call(&m.0, &m.1, &m.2, &x, y) rayon csr_vector_by_hand),
    row!(csr_vector_uneven [3000, 800_000] |n| reads m = csr(n, Rows::Uneven, 1), x = uniform(n, 4);
        writes y = zeros(n); call(&m.0, &m.1, &m.2, &x, y)),
    row!(csr_columns [800, 100_000] |n| reads m = csr(n, Rows::Even, 1), x = uniform((n, 16), 4);
        writes y = zeros((n, 16)); call(&m.0, &m.1, &m.2, &x, y)),
    row!(coo_vector [2000, 500_000] |n| reads m = coo(n, Rows::Uneven, 1), x = uniform(n, 4); writes y = zeros(n);
        call(&m.0, &m.1, &m.2, &x, y)),
    row!(segment_sums [3000, 800_000] |n| reads m = csr(n, Rows::Uneven, 1); writes out = zeros(m.2.len());
        call(&m.0, &m.2, out)),
    row!(page_rank [2500, 500_000] |n| reads m = csr(n, Rows::Even, 1), degree = uniform(n, 4) + 1.0;
        writes rank = uniform(n, 5), share = zeros(n); call(&m.0, &m.1, &degree, rank, share, 3)),
    row!(gather_scatter [12_000, 2_000_000] |n| reads order = permutation(n, 1), x = uniform(n, 2);
        writes sorted = zeros(n), back = zeros(n); call(&order, &x, sorted, back)),
];
