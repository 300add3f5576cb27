//! Dense linear algebra in every order of loops: products of matrices and vectors.
//!
//! ```text
//! matmul_ijk jik ikj jki     two_matmuls  doitgen  small_products       syrk  syr2k  trmm
//! matvec  atax  bicg  mvt    gesummv  gemver
//! ```

use super::data::{uniform, zeros};
use super::row::{Row, row};
use ndarray::{ArrayRef1, ArrayRef2, ArrayRef3};
use parfuse::prelude::*;
use rayon::prelude::*;

#[kernel]
fn matmul_ijk(a: &ArrayRef2<f64>, b: &ArrayRef2<f64>, c: &mut ArrayRef2<f64>) {
    for i in prange(0..a.nrows()) {
        for j in 0..b.ncols() {
            let mut sum = 0.0;
            for k in 0..a.ncols() {
                sum += a[[i, k]] * b[[k, j]];
            }
            c[[i, j]] = sum;
        }
    }
}

#[kernel]
fn matmul_ikj(a: &ArrayRef2<f64>, b: &ArrayRef2<f64>, c: &mut ArrayRef2<f64>) {
    for i in prange(0..a.nrows()) {
        for j in 0..b.ncols() {
            c[[i, j]] = 0.0;
        }
        for k in 0..a.ncols() {
            for j in 0..b.ncols() {
                c[[i, j]] += a[[i, k]] * b[[k, j]];
            }
        }
    }
}

fn matmul_ikj_by_hand(a: &ArrayRef2<f64>, b: &ArrayRef2<f64>, c: &mut ArrayRef2<f64>) {
    let columns = b.ncols();
    let rows = c.as_slice_mut().expect("neighbours").par_chunks_mut(columns.max(1));
    rows.enumerate().for_each(|(i, row)| {
        row.fill(0.0);
        for (k, factor) in a.row(i).iter().enumerate() {
            for (c, b) in row.iter_mut().zip(b.row(k)) {
                *c += factor * b;
            }
        }
    });
}

#[kernel]
fn matmul_jik(a: &ArrayRef2<f64>, b: &ArrayRef2<f64>, c: &mut ArrayRef2<f64>) {
    for j in 0..b.ncols() {
        for i in 0..a.nrows() {
            c[[i, j]] = 0.0;
            for k in 0..a.ncols() {
                c[[i, j]] += a[[i, k]] * b[[k, j]];
            }
        }
    }
}

#[kernel]
fn matmul_jki(a: &ArrayRef2<f64>, b: &ArrayRef2<f64>, c: &mut ArrayRef2<f64>) {
    for j in 0..b.ncols() {
        for i in 0..a.nrows() {
            c[[i, j]] = 0.0;
        }
        for k in 0..a.ncols() {
            let factor = b[[k, j]];
            for i in 0..a.nrows() {
                c[[i, j]] += a[[i, k]] * factor;
            }
        }
    }
}

#[kernel]
fn two_matmuls(
    alpha: f64,
    beta: f64,
    a: &ArrayRef2<f64>,
    b: &ArrayRef2<f64>,
    c: &ArrayRef2<f64>,
    t: &mut ArrayRef2<f64>,
    d: &mut ArrayRef2<f64>,
) {
    for i in prange(0..a.nrows()) {
        for j in 0..b.ncols() {
            t[[i, j]] = 0.0;
            for k in 0..a.ncols() {
                t[[i, j]] += alpha * a[[i, k]] * b[[k, j]];
            }
        }
    }
    for i in prange(0..t.nrows()) {
        for j in 0..c.ncols() {
            d[[i, j]] *= beta;
            for k in 0..t.ncols() {
                d[[i, j]] += t[[i, k]] * c[[k, j]];
            }
        }
    }
}

#[kernel]
fn doitgen(a: &mut ArrayRef3<f64>, c: &ArrayRef2<f64>, sum: &mut ArrayRef1<f64>) {
    let (nr, nq, np) = a.dim();
    for r in 0..nr {
        for q in 0..nq {
            for p in 0..np {
                sum[p] = 0.0;
                for s in 0..np {
                    sum[p] += a[[r, q, s]] * c[[s, p]];
                }
            }
            for p in 0..np {
                a[[r, q, p]] = sum[p];
            }
        }
    }
}

/// Many products of matrices of eight rows.
#[kernel]
fn small_products(a: &ArrayRef3<f64>, b: &ArrayRef3<f64>, c: &mut ArrayRef3<f64>) {
    let m = a.dim().1;
    for e in prange(0..a.dim().0) {
        for i in 0..m {
            for j in 0..m {
                let mut sum = 0.0;
                for k in 0..m {
                    sum += a[[e, i, k]] * b[[e, k, j]];
                }
                c[[e, i, j]] = sum;
            }
        }
    }
}

#[kernel]
fn syrk(alpha: f64, beta: f64, a: &ArrayRef2<f64>, c: &mut ArrayRef2<f64>) {
    let (n, m) = a.dim();
    for i in prange(0..n) {
        for j in 0..i + 1 {
            c[[i, j]] *= beta;
        }
        for k in 0..m {
            for j in 0..i + 1 {
                c[[i, j]] += alpha * a[[i, k]] * a[[j, k]];
            }
        }
    }
}

#[kernel]
fn syr2k(alpha: f64, beta: f64, a: &ArrayRef2<f64>, b: &ArrayRef2<f64>, c: &mut ArrayRef2<f64>) {
    let (n, m) = a.dim();
    for i in prange(0..n) {
        for j in 0..=i {
            c[[i, j]] *= beta;
        }
        for k in 0..m {
            for j in 0..=i {
                c[[i, j]] += a[[j, k]] * alpha * b[[i, k]] + b[[j, k]] * alpha * a[[i, k]];
            }
        }
    }
}

#[kernel]
fn trmm(alpha: f64, a: &ArrayRef2<f64>, b: &mut ArrayRef2<f64>) {
    let (m, n) = b.dim();
    for i in 0..m {
        for j in 0..n {
            for k in i + 1..m {
                b[[i, j]] += a[[k, i]] * b[[k, j]];
            }
            b[[i, j]] = alpha * b[[i, j]];
        }
    }
}

#[kernel]
fn matvec(a: &ArrayRef2<f64>, x: &ArrayRef1<f64>, y: &mut ArrayRef1<f64>) {
    for i in prange(0..a.nrows()) {
        let mut sum = 0.0;
        for j in 0..a.ncols() {
            sum += a[[i, j]] * x[j];
        }
        y[i] = sum;
    }
}

fn matvec_by_hand(a: &ArrayRef2<f64>, x: &ArrayRef1<f64>, y: &mut ArrayRef1<f64>) {
    let y = y.as_slice_mut().expect("neighbours");
    y.par_iter_mut().enumerate().for_each(|(i, y)| {
        *y = a.row(i).iter().zip(x).map(|(a, x)| a * x).sum();
    });
}

#[kernel]
fn atax(a: &ArrayRef2<f64>, x: &ArrayRef1<f64>, y: &mut ArrayRef1<f64>) {
    let (m, n) = a.dim();
    for j in 0..n {
        y[j] = 0.0;
    }
    for i in 0..m {
        let mut t = 0.0;
        for j in 0..n {
            t += a[[i, j]] * x[j];
        }
        for j in 0..n {
            y[j] += a[[i, j]] * t;
        }
    }
}

#[kernel]
fn bicg(
    a: &ArrayRef2<f64>,
    p: &ArrayRef1<f64>,
    r: &ArrayRef1<f64>,
    s: &mut ArrayRef1<f64>,
    q: &mut ArrayRef1<f64>,
) {
    let (n, m) = a.dim();
    for j in 0..m {
        s[j] = 0.0;
    }
    for i in 0..n {
        q[i] = 0.0;
        for j in 0..m {
            s[j] += r[i] * a[[i, j]];
            q[i] += a[[i, j]] * p[j];
        }
    }
}

#[kernel]
fn mvt(
    a: &ArrayRef2<f64>,
    y1: &ArrayRef1<f64>,
    y2: &ArrayRef1<f64>,
    x1: &mut ArrayRef1<f64>,
    x2: &mut ArrayRef1<f64>,
) {
    let n = a.nrows();
    for i in prange(0..n) {
        for j in 0..n {
            x1[i] += a[[i, j]] * y1[j];
        }
    }
    for i in prange(0..n) {
        for j in 0..n {
            x2[i] += a[[j, i]] * y2[j];
        }
    }
}

#[kernel]
fn gesummv(
    alpha: f64,
    beta: f64,
    a: &ArrayRef2<f64>,
    b: &ArrayRef2<f64>,
    x: &ArrayRef1<f64>,
    y: &mut ArrayRef1<f64>,
) {
    for i in prange(0..a.nrows()) {
        let mut s = 0.0;
        let mut t = 0.0;
        for j in 0..a.ncols() {
            s += a[[i, j]] * x[j];
            t += b[[i, j]] * x[j];
        }
        y[i] = alpha * s + beta * t;
    }
}

#[kernel]
fn gemver(
    alpha: f64,
    beta: f64,
    left: &ArrayRef2<f64>,
    right: &ArrayRef2<f64>,
    y: &ArrayRef1<f64>,
    a: &mut ArrayRef2<f64>,
    x: &mut ArrayRef1<f64>,
    w: &mut ArrayRef1<f64>,
) {
    let n = a.nrows();
    for i in prange(0..n) {
        for j in 0..n {
            a[[i, j]] += left[[0, i]] * right[[0, j]] + left[[1, i]] * right[[1, j]];
        }
    }
    for i in prange(0..n) {
        for j in 0..n {
            x[i] += beta * a[[j, i]] * y[j];
        }
    }
    for i in prange(0..n) {
        for j in 0..n {
            w[i] += alpha * a[[i, j]] * x[j];
        }
    }
}

/// The kernels of this file.
pub const ROWS: &[Row] = &[
    row!(matmul_ijk [90, 380] |n| reads a = uniform((n, n + 1), 1), b = uniform((n + 1, n + 2), 2);
        writes c = zeros((n, n + 2)); call(&a, &b, c)),
    row!(matmul_ikj [90, 450] |n| reads a = uniform((n, n + 1), 1), b = uniform((n + 1, n + 2), 2);
        writes c = zeros((n, n + 2)); call(&a, &b, c) rayon matmul_ikj_by_hand),
    row!(matmul_jik [90, 300] |n| reads a = uniform((n, n + 1), 1), b = uniform((n + 1, n + 2), 2);
        writes c = zeros((n, n + 2)); call(&a, &b, c)),
    row!(matmul_jki [90, 300] |n| reads a = uniform((n, n + 1), 1), b = uniform((n + 1, n + 2), 2);
        writes c = zeros((n, n + 2)); call(&a, &b, c)),
    row!(two_matmuls [80, 280] |n| reads a = uniform((n, n + 1), 1), b = uniform((n + 1, n + 2), 2),
        c = uniform((n + 2, n), 3); writes t = zeros((n, n + 2)), d = uniform((n, n), 4);
        call(1.5, 1.2, &a, &b, &c, t, d)),
    row!(doitgen [30, 90] |n| reads c = uniform((n, n), 1); writes a = uniform((n, n + 1, n), 2), sum = zeros(n);
        call(a, &c, sum)),
    row!(small_products [200, 30_000] |n| reads a = uniform((n, 8, 8), 1), b = uniform((n, 8, 8), 2);
        writes c = zeros((n, 8, 8)); call(&a, &b, c)),
    row!(syrk [120, 450] |n| reads a = uniform((n, n + 1), 1); writes c = uniform((n, n), 2);
        call(1.5, 1.2, &a, c)),
    row!(syr2k [100, 350] |n| reads a = uniform((n, n + 1), 1), b = uniform((n, n + 1), 3);
        writes c = uniform((n, n), 2); call(1.5, 1.2, &a, &b, c)),
    row!(trmm [120, 400] |n| reads a = uniform((n, n), 1); writes b = uniform((n, n + 1), 2);
        call(1.5, &a, b)),
    row!(matvec [200, 3000] |n| reads a = uniform((n, n + 1), 1), x = uniform(n + 1, 2); writes y = zeros(n);
        call(&a, &x, y) rayon matvec_by_hand),
    row!(atax [200, 3000] |n| reads a = uniform((n, n + 1), 1), x = uniform(n + 1, 2);
        writes y = zeros(n + 1); call(&a, &x, y)),
    row!(bicg [200, 3000] |n| reads a = uniform((n, n + 1), 1), p = uniform(n + 1, 2), r = uniform(n, 3);
        writes s = zeros(n + 1), q = zeros(n); call(&a, &p, &r, s, q)),
    row!(mvt [200, 3000] |n| reads a = uniform((n, n), 1), y1 = uniform(n, 2), y2 = uniform(n, 3);
        writes x1 = uniform(n, 4), x2 = uniform(n, 5); call(&a, &y1, &y2, x1, x2)),
    row!(gesummv [150, 2200] |n| reads a = uniform((n, n + 1), 1), b = uniform((n, n + 1), 2),
        x = uniform(n + 1, 3); writes y = zeros(n); call(1.5, 1.2, &a, &b, &x, y)),
    row!(gemver [200, 2800] |n| reads left = uniform((2, n), 1), right = uniform((2, n), 2), y = uniform(n, 3);
        writes a = uniform((n, n), 4), x = uniform(n, 5), w = zeros(n);
        call(1.5, 1.2, &left, &right, &y, a, x, w)),
];
