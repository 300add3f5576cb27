//! Loops down the columns of matrices large enough to be gone through by strips: nothing changes.

use super::ways::every_way;
use ndarray::{Array1, Array2, ArrayRef1, ArrayRef2, ShapeBuilder};
use parfuse::prelude::*;

fn matrix(n: usize, m: usize) -> Array2<f64> {
    Array2::from_shape_fn((n, m), |(i, j)| ((i * 7 + j * 3) % 23) as f64 / 8.0 - 1.0 + (i as f64).sqrt())
}

/// Few columns, few rows, and both: enough for one strip, for a part of one, for several, with rows left over.
const SIZES: [(usize, usize); 7] =
    [(3, 300), (511, 300), (520, 255), (512, 256), (515, 512), (513, 700), (521, 1100)];

#[kernel]
fn sums(a: &ArrayRef2<f64>, sums: &mut ArrayRef1<f64>) {
    for j in 0..a.ncols() {
        sums[j] = 0.5;
    }
    for i in 0..a.nrows() {
        for j in 0..a.ncols() {
            sums[j] += a[[i, j]];
        }
    }
}

#[kernel]
fn variances(a: &ArrayRef2<f64>, variances: &mut ArrayRef1<f64>) {
    let n = a.nrows() as f64;
    for j in prange(0..a.ncols()) {
        let mut mean = 0.0;
        for i in 0..a.nrows() {
            mean += a[[i, j]];
        }
        mean /= n;
        let mut sum = 0.0;
        for i in 0..a.nrows() {
            sum += (a[[i, j]] - mean) * (a[[i, j]] - mean);
        }
        variances[j] = (sum / n).sqrt();
    }
}

#[kernel]
fn last_large(
    a: &ArrayRef2<f64>,
    limits: &ArrayRef1<f64>,
    rows: &mut ArrayRef1<i32>,
    most: &mut ArrayRef1<f32>,
) {
    for j in prange(0..a.ncols()) {
        let limit = limits[j] * 2.0;
        let mut last = -1;
        let mut large = 0.0f32;
        for i in 0..a.nrows() {
            if a[[i, j]] > limit {
                last = i as i32;
                large = large.max(a[[i, j]] as f32);
            }
        }
        rows[j] = last;
        most[j] = large;
    }
}

#[kernel]
fn running(a: &mut ArrayRef2<f64>, factors: &ArrayRef1<f64>) {
    for j in prange(0..a.ncols()) {
        let factor = factors[j].exp();
        for i in 1..a.nrows() {
            a[[i, j]] = a[[i - 1, j]] * factor + a[[i, j]];
        }
    }
}

#[test]
fn columns_by_strips_agree_with_the_function() {
    for (n, m) in SIZES {
        let limits = Array1::from_shape_fn(m, |j| j as f64 / m as f64 * 12.0);
        every_way!(sums(&matrix(n, m), &mut s) with s = Array1::zeros(m));
        every_way!(variances(&matrix(n, m), &mut v) with v = Array1::zeros(m));
        every_way!(
            last_large(&matrix(n, m), &limits, &mut rows, &mut most)
                with rows = Array1::zeros(m), most = Array1::zeros(m)
        );
        every_way!(running(&mut a, &limits.mapv(|limit| -limit)) with a = matrix(n, m));
    }
}

#[test]
fn rows_of_columns_that_are_neighbours_agree_with_the_function() {
    for (n, m) in [(300, 513), (700, 515)] {
        let a = Array2::from_shape_vec((m, n).f(), matrix(m, n).into_raw_vec_and_offset().0).unwrap();
        every_way!(sums(&a.t(), &mut s) with s = Array1::zeros(m));
        every_way!(variances(&a, &mut v) with v = Array1::zeros(n));
    }
}
