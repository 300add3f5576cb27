//! Factorisations and solutions of equations: loops that need what they have computed before.
//!
//! ```text
//! lu  lu_rows  cholesky  gram_schmidt     forward_substitution  triangular_solves  tridiagonal  durbin
//! floyd_warshall  gauss_jordan
//! ```

use super::data::{below, dominant, scaled, uniform, zeros};
use super::row::{Row, row};
use ndarray::{ArrayRef1, ArrayRef2};
use parfuse::prelude::*;

#[kernel]
fn lu(a: &mut ArrayRef2<f64>) {
    let n = a.nrows();
    for k in 0..n {
        for i in k + 1..n {
            a[[i, k]] /= a[[k, k]];
            for j in k + 1..n {
                a[[i, j]] -= a[[i, k]] * a[[k, j]];
            }
        }
    }
}

/// Row by row, with sums inside.
#[kernel]
fn lu_rows(a: &mut ArrayRef2<f64>) {
    let n = a.nrows();
    for i in 0..n {
        for j in 0..i {
            for k in 0..j {
                a[[i, j]] -= a[[i, k]] * a[[k, j]];
            }
            a[[i, j]] /= a[[j, j]];
        }
        for j in i..n {
            for k in 0..i {
                a[[i, j]] -= a[[i, k]] * a[[k, j]];
            }
        }
    }
}

#[kernel]
fn cholesky(a: &mut ArrayRef2<f64>) {
    for i in 0..a.nrows() {
        for j in 0..i {
            for k in 0..j {
                a[[i, j]] -= a[[i, k]] * a[[j, k]];
            }
            a[[i, j]] /= a[[j, j]];
        }
        for k in 0..i {
            a[[i, i]] -= a[[i, k]] * a[[i, k]];
        }
        a[[i, i]] = a[[i, i]].sqrt();
    }
}

#[kernel]
fn gram_schmidt(a: &mut ArrayRef2<f64>, q: &mut ArrayRef2<f64>, r: &mut ArrayRef2<f64>) {
    let (m, n) = a.dim();
    for k in 0..n {
        let mut norm = 0.0;
        for i in 0..m {
            norm += a[[i, k]] * a[[i, k]];
        }
        r[[k, k]] = norm.sqrt();
        for i in 0..m {
            q[[i, k]] = a[[i, k]] / r[[k, k]];
        }
        for j in k + 1..n {
            r[[k, j]] = 0.0;
            for i in 0..m {
                r[[k, j]] += q[[i, k]] * a[[i, j]];
            }
            for i in 0..m {
                a[[i, j]] -= q[[i, k]] * r[[k, j]];
            }
        }
    }
}

#[kernel]
fn forward_substitution(l: &ArrayRef2<f64>, b: &ArrayRef1<f64>, x: &mut ArrayRef1<f64>) {
    for i in 0..l.nrows() {
        x[i] = b[i];
        for j in 0..i {
            x[i] -= l[[i, j]] * x[j];
        }
        x[i] /= l[[i, i]];
    }
}

/// Many right sides.
#[kernel]
fn triangular_solves(l: &ArrayRef2<f64>, x: &mut ArrayRef2<f64>) {
    for i in 0..l.nrows() {
        for j in 0..i {
            for c in 0..x.ncols() {
                x[[i, c]] -= l[[i, j]] * x[[j, c]];
            }
        }
        for c in 0..x.ncols() {
            x[[i, c]] /= l[[i, i]];
        }
    }
}

/// Many systems of equations, one in each column.
#[kernel]
fn tridiagonal(
    lower: &ArrayRef2<f64>,
    diagonal: &ArrayRef2<f64>,
    upper: &ArrayRef2<f64>,
    factor: &mut ArrayRef2<f64>,
    x: &mut ArrayRef2<f64>,
) {
    let (n, systems) = x.dim();
    for s in prange(0..systems) {
        factor[[0, s]] = upper[[0, s]] / diagonal[[0, s]];
        x[[0, s]] /= diagonal[[0, s]];
        for i in 1..n {
            let m = 1.0 / (diagonal[[i, s]] - lower[[i, s]] * factor[[i - 1, s]]);
            factor[[i, s]] = upper[[i, s]] * m;
            x[[i, s]] = (x[[i, s]] - lower[[i, s]] * x[[i - 1, s]]) * m;
        }
        for i in (0..n - 1).rev() {
            x[[i, s]] -= factor[[i, s]] * x[[i + 1, s]];
        }
    }
}

#[kernel]
fn durbin(r: &ArrayRef1<f64>, y: &mut ArrayRef1<f64>, z: &mut ArrayRef1<f64>) {
    y[0] = -r[0];
    let mut beta = 1.0;
    let mut alpha = -r[0];
    for k in 1..r.len() {
        beta = (1.0 - alpha * alpha) * beta;
        let mut sum = 0.0;
        for i in 0..k {
            sum += r[k - i - 1] * y[i];
        }
        alpha = -(r[k] + sum) / beta;
        for i in 0..k {
            z[i] = y[i] + alpha * y[k - i - 1];
        }
        for i in 0..k {
            y[i] = z[i];
        }
        y[k] = alpha;
    }
}

#[kernel]
fn floyd_warshall(d: &mut ArrayRef2<f64>) {
    let n = d.nrows();
    for k in 0..n {
        for i in 0..n {
            for j in 0..n {
                d[[i, j]] = d[[i, j]].min(d[[i, k]] + d[[k, j]]);
            }
        }
    }
}

/// With `if`, and integers.
#[kernel]
fn shortest_paths(d: &mut ArrayRef2<i32>) {
    let n = d.nrows();
    for k in 0..n {
        for i in 0..n {
            let first = d[[i, k]];
            for j in 0..n {
                if first + d[[k, j]] < d[[i, j]] {
                    d[[i, j]] = first + d[[k, j]];
                }
            }
        }
    }
}

/// The inverse in place.
#[kernel]
fn gauss_jordan(a: &mut ArrayRef2<f64>) {
    let n = a.nrows();
    for k in 0..n {
        let pivot = 1.0 / a[[k, k]];
        a[[k, k]] = 1.0;
        for j in 0..n {
            a[[k, j]] *= pivot;
        }
        for i in 0..n {
            if i != k {
                let f = a[[i, k]];
                a[[i, k]] = 0.0;
                for j in 0..n {
                    a[[i, j]] -= f * a[[k, j]];
                }
            }
        }
    }
}

/// The kernels of this file.
pub const ROWS: &[Row] = &[
    row!(lu [160, 450] |n| writes a = dominant(n, 1); call(a)),
    row!(lu_rows [160, 400] |n| writes a = dominant(n, 1); call(a)),
    row!(cholesky [200, 500] |n| writes a = dominant(n, 1); call(a)),
    row!(gram_schmidt [90, 220] |n| writes a = uniform((n + 1, n), 1), q = zeros((n + 1, n)), r = zeros((n, n));
        call(a, q, r)),
    row!(forward_substitution [200, 4000] |n| reads l = dominant(n, 1), b = uniform(n, 2); writes x = zeros(n);
        call(&l, &b, x)),
    row!(triangular_solves [120, 400] |n| reads l = dominant(n, 1); writes x = uniform((n, n + 1), 2);
        call(&l, x)),
    row!(tridiagonal [100, 1500] least 1 |n| reads lower = uniform((n, n + 1), 1),
        diagonal = scaled(uniform((n, n + 1), 2), 1.0, 3.0), upper = uniform((n, n + 1), 3);
        writes factor = zeros((n, n + 1)), x = uniform((n, n + 1), 4); call(&lower, &diagonal, &upper, factor, x)),
    row!(durbin [400, 6000] least 1 |n| reads r = scaled(uniform(n, 1), 1.0 / (n * n) as f64, 0.0);
        writes y = zeros(n), z = zeros(n); call(&r, y, z)),
    row!(floyd_warshall [120, 400] |n| writes d = uniform((n, n), 1); call(d)),
    row!(shortest_paths [120, 400] |n| writes d = below(1000, (n, n), 1); call(d)),
    row!(gauss_jordan [120, 350] |n| writes a = dominant(n, 1); call(a)),
];
