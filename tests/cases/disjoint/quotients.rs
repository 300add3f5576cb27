//! Pairs of indices that are counted by one: `t / w` and `t % w`, elements, rows and tiles.

use super::floats;
use crate::cases::ways::exactly;
use ndarray::{Array2, Array3};
use parfuse::prelude::*;

#[kernel]
fn flat(w: usize, h: usize) -> Array2<usize> {
    let mut out = Array2::zeros((h, w));
    for t in prange(0..w * h) {
        let y = t / w;
        let x = t % w;
        out[[y, x]] = 100 * y + x;
    }
    out
}

#[kernel]
fn product_by_tiles(a: &Array2<f64>, b: &Array2<f64>, side: usize) -> Array2<f64> {
    let (n, m) = (a.nrows(), b.ncols());
    let (rows, columns) = (n.div_ceil(side), m.div_ceil(side));
    let mut c = Array2::zeros((n, m));
    for tile in prange(0..rows * columns) {
        let (row, column) = (tile / columns, tile % columns);
        for i in row * side..((row + 1) * side).min(n) {
            for j in column * side..((column + 1) * side).min(m) {
                let mut sum = 0.0;
                for k in 0..a.ncols() {
                    sum += a[[i, k]] * b[[k, j]];
                }
                c[[i, j]] = sum;
            }
        }
    }
    c
}

#[kernel]
fn tiles_of_eight(c: &mut Array2<f64>) {
    let across = c.ncols() / 8;
    for tile in prange(0..across * (c.nrows() / 8)) {
        let (row, column) = (tile / across, tile % across);
        for i in 0..8 {
            for j in 0..8 {
                c[[row * 8 + i, column * 8 + j]] += (tile * 64 + i * 8 + j) as f64;
            }
        }
    }
}

#[kernel]
fn cubes(c: &mut Array3<i64>) {
    let (_, h, w) = c.dim();
    for t in prange(0..c.len()) {
        let (rest, x) = (t / w, t % w);
        c[[rest / h, rest % h, x]] += t as i64;
    }
}

/// All that have the same quotient meet.
#[kernel]
fn rows_alone(c: &mut Array2<f64>, w: usize, n: usize) {
    for t in prange(0..n) {
        c[[t / w, 0]] = t as f64;
    }
}

/// All that have the same remainder meet.
#[kernel]
fn columns_alone(c: &mut Array2<f64>, w: usize, n: usize) {
    for t in prange(0..n) {
        c[[t % w, 0]] = t as f64;
    }
}

/// They are divided by different numbers.
#[kernel]
fn of_two_widths(c: &mut Array2<f64>, w: usize, h: usize, n: usize) {
    for t in prange(0..n) {
        c[[t / w, t % h]] = t as f64;
    }
}

/// They are one column too wide.
#[kernel]
fn tiles_that_overlap(c: &mut Array2<f64>, across: usize, side: usize, n: usize) {
    for tile in prange(0..n) {
        let (row, column) = (tile / across, tile % across);
        for i in 0..side {
            for j in 0..side + 1 {
                c[[row * side + i, column * side + j]] = tile as f64;
            }
        }
    }
}

#[kernel]
fn neighbours(c: &mut Array2<f64>, w: usize, n: usize) {
    for t in prange(0..n) {
        c[[t / w, t % w]] = c[[t / w, t % w + 1]];
    }
}

#[test]
fn quotients_and_remainders_are_a_pair() {
    for (w, h) in [(1, 1), (5, 7), (64, 3), (300, 200)] {
        exactly!(flat(w, h));
        exactly!(tiles_of_eight(&mut c) with c = Array2::from_elem((h, w), 1.0));
        exactly!(cubes(&mut c) with c = Array3::zeros((3, h, w)));
        let a = floats(w * h).into_shape_with_order((w, h)).unwrap();
        let b = a.t().to_owned();
        for side in [1, 4, 9] {
            exactly!(product_by_tiles(&a.slice(ndarray::s![..w.min(40), ..]).to_owned(), &b, side));
        }
    }
    exactly!(flat(0, 3));
}

#[test]
fn quotients_that_meet_are_refused() {
    for check in [
        rows_alone::kernel().check(),
        columns_alone::kernel().check(),
        of_two_widths::kernel().check(),
        tiles_that_overlap::kernel().check(),
        neighbours::kernel().check(),
    ] {
        let error = check.unwrap_err().to_string();
        assert!(error.contains("may touch the same element of `c`"), "{error}");
    }
}
