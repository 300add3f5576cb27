//! Products of matrices and vectors, and updates by them, as expressions of whole arrays.
//!
//! ```text
//! gemm_arrays  two_mm_arrays  three_mm_arrays  atax_arrays  bicg_arrays  mvt_arrays  gesummv_arrays  gemver_arrays
//! doitgen_arrays  syrk_arrays  syr2k_arrays  symm_arrays  trmm_arrays
//! ```

use super::data::uniform;
use super::row::{Row, row};
use ndarray::{Array1, Array2, Array3, Axis, s};
use parfuse::prelude::*;

#[kernel]
fn gemm_arrays(alpha: f64, beta: f64, a: &Array2<f64>, b: &Array2<f64>, c: &mut Array2<f64>) {
    *c *= beta;
    c.scaled_add(alpha, &a.dot(b));
}

#[kernel]
fn two_mm_arrays(
    alpha: f64,
    beta: f64,
    a: &Array2<f64>,
    b: &Array2<f64>,
    c: &Array2<f64>,
    d: &Array2<f64>,
) -> Array2<f64> {
    alpha * a.dot(b).dot(c) + beta * d
}

#[kernel]
fn three_mm_arrays(a: &Array2<f64>, b: &Array2<f64>, c: &Array2<f64>, d: &Array2<f64>) -> Array2<f64> {
    a.dot(b).dot(&c.dot(d))
}

#[kernel]
fn atax_arrays(a: &Array2<f64>, x: &Array1<f64>) -> Array1<f64> {
    a.t().dot(&a.dot(x))
}

#[kernel]
fn bicg_arrays(a: &Array2<f64>, p: &Array1<f64>, r: &Array1<f64>) -> (Array1<f64>, Array1<f64>) {
    (r.dot(a), a.dot(p))
}

#[kernel]
fn mvt_arrays(
    a: &Array2<f64>,
    y1: &Array1<f64>,
    y2: &Array1<f64>,
    x1: &mut Array1<f64>,
    x2: &mut Array1<f64>,
) {
    *x1 += &a.dot(y1);
    *x2 += &a.t().dot(y2);
}

#[kernel]
fn gesummv_arrays(alpha: f64, beta: f64, a: &Array2<f64>, b: &Array2<f64>, x: &Array1<f64>) -> Array1<f64> {
    alpha * a.dot(x) + beta * b.dot(x)
}

/// Two products of columns and rows are added, and the sum is applied to vectors.
#[kernel]
fn gemver_arrays(
    a: &mut Array2<f64>,
    u: &Array2<f64>,
    v: &Array2<f64>,
    y: &Array1<f64>,
    z: &Array1<f64>,
) -> (Array1<f64>, Array1<f64>) {
    let (alpha, beta) = (1.5, 1.2);
    *a += &(&u.row(0).insert_axis(Axis(1)) * &v.row(0) + &u.row(1).insert_axis(Axis(1)) * &v.row(1));
    let x = beta * a.t().dot(y) + z;
    let w = alpha * a.dot(&x);
    (x, w)
}

#[kernel]
fn doitgen_arrays(a: &mut Array3<f64>, c4: &Array2<f64>) {
    for r in 0..a.dim().0 {
        let product = a.index_axis(Axis(0), r).dot(c4);
        a.index_axis_mut(Axis(0), r).assign(&product);
    }
}

/// The lower triangle, row by row.
#[kernel]
fn syrk_arrays(alpha: f64, beta: f64, a: &Array2<f64>, c: &mut Array2<f64>) {
    for i in 0..a.nrows() {
        let mut row = c.slice_mut(s![i, ..i + 1]);
        row *= beta;
        row.scaled_add(alpha, &a.slice(s![..i + 1, ..]).dot(&a.row(i)));
    }
}

#[kernel]
fn syr2k_arrays(alpha: f64, beta: f64, a: &Array2<f64>, b: &Array2<f64>, c: &mut Array2<f64>) {
    for i in 0..a.nrows() {
        let mut row = c.slice_mut(s![i, ..=i]);
        row *= beta;
        for k in 0..a.ncols() {
            row +=
                &(&a.slice(s![..=i, k]) * (alpha * b[[i, k]]) + &b.slice(s![..=i, k]) * (alpha * a[[i, k]]));
        }
    }
}

#[kernel]
fn symm_arrays(alpha: f64, beta: f64, a: &Array2<f64>, b: &Array2<f64>, c: &mut Array2<f64>) {
    *c *= beta;
    for i in 0..a.nrows() {
        let mut sums = Array1::<f64>::zeros(b.ncols());
        for k in 0..i {
            c.row_mut(k).scaled_add(alpha * a[[i, k]], &b.row(i));
            sums.scaled_add(a[[i, k]], &b.row(k));
        }
        let mut row = c.row_mut(i);
        row += &(alpha * a[[i, i]] * &b.row(i) + alpha * &sums);
    }
}

#[kernel]
fn trmm_arrays(alpha: f64, a: &Array2<f64>, b: &mut Array2<f64>) {
    let (m, n) = b.dim();
    for i in 0..m {
        for j in 0..n {
            let below = a.slice(s![i + 1.., i]).dot(&b.slice(s![i + 1.., j]));
            b[[i, j]] += below;
        }
    }
    b.mapv_inplace(|x| alpha * x);
}

pub const ROWS: &[Row] = &[
    row!(gemm_arrays rounded [90, 500] |n|
        reads a = uniform((n, n), 1), b = uniform((n, n), 2); writes c = uniform((n, n), 3); call(1.5, 1.2, &a, &b, c)),
    row!(two_mm_arrays rounded [90, 400] |n|
        reads a = uniform((n, n), 1), b = uniform((n, n), 2), c = uniform((n, n), 3), d = uniform((n, n), 4);
        call(1.5, 1.2, &a, &b, &c, &d)),
    row!(three_mm_arrays rounded [90, 400] |n|
        reads a = uniform((n, n), 1), b = uniform((n, n), 2), c = uniform((n, n), 3), d = uniform((n, n), 4);
        call(&a, &b, &c, &d)),
    row!(atax_arrays rounded [200, 3_000] |n| reads a = uniform((n, n), 1), x = uniform(n, 2); call(&a, &x)),
    row!(bicg_arrays rounded [200, 3_000] |n|
        reads a = uniform((n, n), 1), p = uniform(n, 2), r = uniform(n, 3); call(&a, &p, &r)),
    row!(mvt_arrays rounded [200, 3_000] |n| reads a = uniform((n, n), 1), y1 = uniform(n, 2), y2 = uniform(n, 3);
        writes x1 = uniform(n, 4), x2 = uniform(n, 5); call(&a, &y1, &y2, x1, x2)),
    row!(gesummv_arrays rounded [180, 2_000] |n|
        reads a = uniform((n, n), 1), b = uniform((n, n), 2), x = uniform(n, 3); call(1.5, 1.2, &a, &b, &x)),
    row!(gemver_arrays rounded [200, 2_000] |n|
        reads u = uniform((2, n), 1), v = uniform((2, n), 2), y = uniform(n, 3), z = uniform(n, 4);
        writes a = uniform((n, n), 5); call(a, &u, &v, &y, &z)),
    row!(doitgen_arrays rounded [30, 120] |n|
        reads c4 = uniform((n, n), 1); writes a = uniform((n, n, n), 2); call(a, &c4)),
    row!(syrk_arrays rounded [100, 500] |n|
        reads a = uniform((n, n), 1); writes c = uniform((n, n), 2); call(1.5, 1.2, &a, c)),
    row!(syr2k_arrays [100, 400] |n| reads a = uniform((n, n), 1), b = uniform((n, n), 2);
        writes c = uniform((n, n), 3); call(1.5, 1.2, &a, &b, c)),
    row!(symm_arrays [100, 400] |n| reads a = uniform((n, n), 1), b = uniform((n, n), 2);
        writes c = uniform((n, n), 3); call(1.5, 1.2, &a, &b, c)),
    row!(trmm_arrays rounded [100, 400] |n|
        reads a = uniform((n, n), 1); writes b = uniform((n, n), 2); call(1.5, &a, b)),
];
