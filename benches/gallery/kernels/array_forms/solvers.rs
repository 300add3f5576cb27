//! Factorisations, triangular solves and what is near them, by rows and columns.
//!
//! ```text
//! lu_arrays  ludcmp_arrays  cholesky_arrays  trisolv_arrays  durbin_arrays  gram_schmidt_arrays  floyd_warshall_arrays
//! power_iteration_arrays  conjugate_gradients_arrays  jacobi_solver_arrays
//! ```

use super::data::{dominant, scaled, uniform};
use super::row::{Row, row};
use ndarray::{Array1, Array2, Zip, s};
use parfuse::prelude::*;

#[kernel]
fn lu_arrays(a: &mut Array2<f64>) {
    let n = a.nrows();
    for k in 0..n {
        let pivot = a[[k, k]];
        a.slice_mut(s![k + 1.., k]).mapv_inplace(|x| x / pivot);
        let row = a.slice(s![k, k + 1..]).to_owned();
        for i in k + 1..n {
            let factor = a[[i, k]];
            a.slice_mut(s![i, k + 1..]).scaled_add(-factor, &row);
        }
    }
}

/// Factors in place by inner products, then substitution forth and back.
#[kernel]
fn ludcmp_arrays(a: &mut Array2<f64>, b: &Array1<f64>) -> Array1<f64> {
    let n = a.nrows();
    for i in 0..n {
        for j in 0..i {
            let w = a[[i, j]] - a.slice(s![i, ..j]).dot(&a.slice(s![..j, j]));
            a[[i, j]] = w / a[[j, j]];
        }
        for j in i..n {
            let w = a[[i, j]] - a.slice(s![i, ..i]).dot(&a.slice(s![..i, j]));
            a[[i, j]] = w;
        }
    }
    let mut y = Array1::<f64>::zeros(n);
    for i in 0..n {
        y[i] = b[i] - a.slice(s![i, ..i]).dot(&y.slice(s![..i]));
    }
    let mut x = Array1::<f64>::zeros(n);
    for i in (0..n).rev() {
        x[i] = (y[i] - a.slice(s![i, i + 1..]).dot(&x.slice(s![i + 1..]))) / a[[i, i]];
    }
    x
}

#[kernel]
fn cholesky_arrays(a: &mut Array2<f64>) {
    for i in 0..a.nrows() {
        for j in 0..i {
            let w = a.slice(s![i, ..j]).dot(&a.slice(s![j, ..j]));
            a[[i, j]] = (a[[i, j]] - w) / a[[j, j]];
        }
        let w = a.slice(s![i, ..i]).dot(&a.slice(s![i, ..i]));
        a[[i, i]] = (a[[i, i]] - w).sqrt();
    }
}

#[kernel]
fn trisolv_arrays(l: &Array2<f64>, b: &Array1<f64>) -> Array1<f64> {
    let mut x = Array1::zeros(b.len());
    for i in 0..b.len() {
        x[i] = (b[i] - l.slice(s![i, ..i]).dot(&x.slice(s![..i]))) / l[[i, i]];
    }
    x
}

#[kernel]
fn durbin_arrays(r: &Array1<f64>) -> Array1<f64> {
    let n = r.len();
    let mut y = Array1::<f64>::zeros(n);
    let (mut alpha, mut beta) = (-r[0], 1.0);
    y[0] = -r[0];
    for k in 1..n {
        beta *= 1.0 - alpha * alpha;
        alpha = -(r[k] + r.slice(s![..k;-1]).dot(&y.slice(s![..k]))) / beta;
        let reversed = y.slice(s![..k;-1]).to_owned();
        y.slice_mut(s![..k]).scaled_add(alpha, &reversed);
        y[k] = alpha;
    }
    y
}

#[kernel]
fn gram_schmidt_arrays(a: &mut Array2<f64>) -> (Array2<f64>, Array2<f64>) {
    let (m, n) = a.dim();
    let mut q = Array2::<f64>::zeros((m, n));
    let mut r = Array2::<f64>::zeros((n, n));
    for k in 0..n {
        let norm = a.column(k).dot(&a.column(k)).sqrt();
        r[[k, k]] = norm;
        q.column_mut(k).assign(&(&a.column(k) / norm));
        for j in k + 1..n {
            r[[k, j]] = q.column(k).dot(&a.column(j));
            a.column_mut(j).scaled_add(-r[[k, j]], &q.column(k));
        }
    }
    (q, r)
}

#[kernel]
fn floyd_warshall_arrays(paths: &mut Array2<f64>) {
    for k in 0..paths.nrows() {
        let through = paths.row(k).to_owned();
        for mut row in paths.rows_mut() {
            let first = row[k];
            Zip::from(&mut row).and(&through).for_each(|path, &rest| *path = path.min(first + rest));
        }
    }
}

#[kernel]
fn power_iteration_arrays(a: &Array2<f64>, steps: usize) -> (f64, Array1<f64>) {
    let mut x = Array1::<f64>::ones(a.ncols());
    let mut value = 0.0;
    for _ in 0..steps {
        let y = a.dot(&x);
        value = x.dot(&y);
        let norm = y.dot(&y).sqrt();
        x = y / norm;
    }
    (value, x)
}

#[kernel]
fn conjugate_gradients_arrays(a: &Array2<f64>, b: &Array1<f64>, steps: usize) -> Array1<f64> {
    let mut x = Array1::<f64>::zeros(b.len());
    let mut r = b.to_owned();
    let mut p = r.clone();
    let mut old = r.dot(&r);
    for _ in 0..steps {
        let product = a.dot(&p);
        let alpha = old / p.dot(&product);
        x.scaled_add(alpha, &p);
        r.scaled_add(-alpha, &product);
        let new = r.dot(&r);
        p = &r + &(&p * (new / old));
        old = new;
    }
    x
}

#[kernel]
fn jacobi_solver_arrays(a: &Array2<f64>, b: &Array1<f64>, steps: usize) -> Array1<f64> {
    let diagonal = a.diag().to_owned();
    let mut x = Array1::<f64>::zeros(b.len());
    for _ in 0..steps {
        x = (b - &(a.dot(&x) - &diagonal * &x)) / &diagonal;
    }
    x
}

pub const ROWS: &[Row] = &[
    row!(lu_arrays [100, 500] |n| writes a = dominant(n, 1); call(a)),
    row!(ludcmp_arrays rounded [100, 400] |n| reads b = uniform(n, 2); writes a = dominant(n, 1); call(a, &b)),
    row!(cholesky_arrays rounded [100, 600] |n| writes a = dominant(n, 1); call(a)),
    row!(trisolv_arrays rounded [200, 3_000] |n| reads l = dominant(n, 1), b = uniform(n, 2); call(&l, &b)),
    row!(durbin_arrays rounded [400, 6_000] least 1 |n| reads r = scaled(uniform(n, 1), 0.01, 0.0); call(&r)),
    row!(gram_schmidt_arrays rounded [80, 300] |n| writes a = dominant(n, 1); call(a)),
    row!(floyd_warshall_arrays [100, 500] |n| writes paths = uniform((n, n), 1); call(paths)),
    row!(power_iteration_arrays rounded [150, 1_500] |n| reads a = dominant(n, 1); call(&a, 20)),
    row!(conjugate_gradients_arrays rounded [150, 1_500] least 1 |n|
        reads a = dominant(n, 1), b = uniform(n, 2); call(&a, &b, 10)),
    row!(jacobi_solver_arrays rounded [150, 1_500] |n| reads a = dominant(n, 1), b = uniform(n, 2); call(&a, &b, 20)),
];
