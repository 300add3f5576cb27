//! Statistics and learning: rows, columns and axes, products, masks.
//!
//! ```text
//! softmax_arrays  perceptron_arrays  convolution_arrays  max_pool_arrays  batch_norm_arrays  k_means_arrays
//! covariance_arrays  correlation_arrays  standardise_arrays  distances_arrays  logistic_arrays  least_squares_arrays
//! moving_average_arrays  azimuthal_arrays  clip_arrays  attention_arrays
//! ```

use super::data::{below, scaled, uniform};
use super::row::{Row, row};
use ndarray::{Array1, Array2, Array3, Array4, Axis, Zip, s};
use parfuse::prelude::*;

#[kernel]
fn softmax_arrays(x: &Array2<f64>) -> Array2<f64> {
    let largest = x.fold_axis(Axis(1), f64::NEG_INFINITY, |a, &b| a.max(b));
    let e = (x - &largest.insert_axis(Axis(1))).mapv(f64::exp);
    let sums = e.sum_axis(Axis(1)).insert_axis(Axis(1));
    e / sums
}

#[kernel]
fn perceptron_arrays(
    x: &Array2<f64>,
    w1: &Array2<f64>,
    b1: &Array1<f64>,
    w2: &Array2<f64>,
    b2: &Array1<f64>,
) -> Array2<f64> {
    let hidden = (x.dot(w1) + b1).mapv(|v| v.max(0.0));
    (hidden.dot(w2) + b2).mapv(|v| 1.0 / (1.0 + (-v).exp()))
}

/// Windows of all positions at once, summed over a kernel's positions.
#[kernel]
fn convolution_arrays(images: &Array4<f64>, weights: &Array4<f64>, bias: &Array1<f64>) -> Array4<f64> {
    let (count, height, width, _) = images.dim();
    let (k, _, channels, filters) = weights.dim();
    let (h, w) = (height + 1 - k, width + 1 - k);
    let mut out = Array4::<f64>::zeros((count, h, w, filters));
    for i in 0..k {
        for j in 0..k {
            for c in 0..channels {
                let pixels = images.slice(s![.., i..i + h, j..j + w, c]);
                out += &(&pixels.insert_axis(Axis(3)) * &weights.slice(s![i, j, c, ..]));
            }
        }
    }
    out + bias
}

#[kernel]
fn max_pool_arrays(images: &Array3<f64>) -> Array3<f64> {
    let (n, h, w) = images.dim();
    let mut out = Array3::<f64>::zeros((n, h / 2, w / 2));
    let (h, w) = (h / 2 * 2, w / 2 * 2);
    Zip::from(&mut out)
        .and(&images.slice(s![.., ..h;2, ..w;2]))
        .and(&images.slice(s![.., ..h;2, 1..w;2]))
        .and(&images.slice(s![.., 1..h;2, ..w;2]))
        .and(&images.slice(s![.., 1..h;2, 1..w;2]))
        .for_each(|o, &a, &b, &c, &d| *o = a.max(b).max(c.max(d)));
    out
}

#[kernel]
fn batch_norm_arrays(x: &Array2<f64>, gamma: &Array1<f64>, beta: &Array1<f64>) -> Array2<f64> {
    let mean = x.mean_axis(Axis(0)).unwrap();
    let variance = x.var_axis(Axis(0), 0.0);
    (x - &mean) / &(variance + 1e-5).mapv(f64::sqrt) * gamma + beta
}

/// One step of Lloyd's: the nearest centre of each point, then the means.
#[kernel]
fn k_means_arrays(points: &Array2<f64>, centres: &Array2<f64>) -> (Array1<usize>, Array2<f64>) {
    let mut nearest = Array1::<usize>::zeros(points.nrows());
    for (i, point) in points.outer_iter().enumerate() {
        let mut best = f64::INFINITY;
        for (k, centre) in centres.outer_iter().enumerate() {
            let difference = &point - &centre;
            let distance = difference.dot(&difference);
            if distance < best {
                best = distance;
                nearest[i] = k;
            }
        }
    }
    let mut sums = Array2::<f64>::zeros(centres.raw_dim());
    let mut counts = Array1::<f64>::zeros(centres.nrows());
    for i in 0..points.nrows() {
        let mut sum = sums.row_mut(nearest[i]);
        sum += &points.row(i);
        counts[nearest[i]] += 1.0;
    }
    (nearest, sums / counts.mapv(|count| count.max(1.0)).insert_axis(Axis(1)))
}

#[kernel]
fn covariance_arrays(data: &Array2<f64>) -> Array2<f64> {
    let centred = data - &data.mean_axis(Axis(0)).unwrap();
    centred.t().dot(&centred) / (data.nrows() as f64 - 1.0)
}

#[kernel]
fn correlation_arrays(data: &Array2<f64>) -> Array2<f64> {
    let mean = data.mean_axis(Axis(0)).unwrap();
    let deviation = data.std_axis(Axis(0), 0.0).mapv(|d| if d <= 0.1 { 1.0 } else { d });
    let scores = (data - &mean) / &(deviation * (data.nrows() as f64).sqrt());
    let mut matrix = scores.t().dot(&scores);
    matrix.diag_mut().fill(1.0);
    matrix
}

#[kernel]
fn standardise_arrays(x: &mut Array2<f64>) {
    for mut row in x.rows_mut() {
        let mean = row.mean().unwrap();
        let deviation = row.std(0.0);
        row -= mean;
        row /= deviation + 1e-9;
    }
}

/// All pairs by broadcasting.
#[kernel]
fn distances_arrays(a: &Array2<f64>, b: &Array2<f64>) -> Array2<f64> {
    let squares_a = (a * a).sum_axis(Axis(1)).insert_axis(Axis(1));
    let squares_b = (b * b).sum_axis(Axis(1));
    (squares_a - 2.0 * a.dot(&b.t()) + squares_b).mapv(|d| d.max(0.0).sqrt())
}

#[kernel]
fn logistic_arrays(x: &Array2<f64>, y: &Array1<f64>, steps: usize) -> Array1<f64> {
    let mut w = Array1::<f64>::zeros(x.ncols());
    for _ in 0..steps {
        let predicted = x.dot(&w).mapv(|z| 1.0 / (1.0 + (-z).exp()));
        let gradient = x.t().dot(&(predicted - y)) / x.nrows() as f64;
        w -= &(0.5 * gradient);
    }
    w
}

/// A line through points, with its residual.
#[kernel]
fn least_squares_arrays(x: &Array1<f64>, y: &Array1<f64>) -> (f64, f64, f64) {
    let (mean_x, mean_y) = (x.mean().unwrap(), y.mean().unwrap());
    let dx = x - mean_x;
    let slope = (&dx * &(y - mean_y)).sum() / (&dx * &dx).sum();
    let intercept = mean_y - slope * mean_x;
    let residual = (y - &(slope * x + intercept)).mapv(|r| r * r).sum().sqrt();
    (slope, intercept, residual)
}

#[kernel]
fn moving_average_arrays(x: &Array1<f64>, width: usize) -> Array1<f64> {
    let mut out = Array1::<f64>::zeros(x.len() + 1 - width);
    let n = out.len();
    for k in 0..width {
        out += &x.slice(s![k..k + n]);
    }
    out / width as f64
}

/// The mean of the intensities in each ring.
#[kernel]
fn azimuthal_arrays(intensity: &Array1<f64>, radius: &Array1<f64>, rings: usize) -> Array1<f64> {
    let largest = radius.fold(0.0, |a: f64, &b| a.max(b));
    let mut means = Array1::<f64>::zeros(rings);
    for ring in 0..rings {
        let inner = largest * ring as f64 / rings as f64;
        let outer = largest * (ring + 1) as f64 / rings as f64;
        let inside = radius.mapv(|r| r >= inner && r < outer);
        let count = inside.iter().filter(|&&b| b).count();
        let total: f64 = intensity.iter().zip(inside.iter()).filter(|(_, b)| **b).map(|(x, _)| *x).sum();
        means[ring] = if count == 0 { 0.0 } else { total / count as f64 };
    }
    means
}

#[kernel]
fn clip_arrays(a: &Array2<i64>, b: &Array2<i64>, x: i64, y: i64, z: i64) -> Array2<i64> {
    a.mapv(|v| v.clamp(2, 10)) * x + b * y + z
}

/// Scores of all pairs, weighted means of values.
#[kernel]
fn attention_arrays(q: &Array2<f64>, k: &Array2<f64>, v: &Array2<f64>) -> Array2<f64> {
    let scores = q.dot(&k.t()) / (q.ncols() as f64).sqrt();
    let largest = scores.map_axis(Axis(1), |row| row.fold(f64::NEG_INFINITY, |a, &b| a.max(b)));
    let weights = (&scores - &largest.insert_axis(Axis(1))).mapv(|s| s.exp());
    let sums = weights.sum_axis(Axis(1));
    (weights / sums.insert_axis(Axis(1))).dot(v)
}

pub const ROWS: &[Row] = &[
    row!(softmax_arrays rounded [150, 2_000] |n| reads x = uniform((n, n), 1); call(&x)),
    row!(perceptron_arrays rounded [100, 600] |n|
        reads x = uniform((n, n), 1), w1 = scaled(uniform((n, n), 2), 0.1, -0.05), b1 = uniform(n, 3),
            w2 = scaled(uniform((n, 10), 4), 0.1, -0.05), b2 = uniform(10, 5);
        call(&x, &w1, &b1, &w2, &b2)),
    row!(convolution_arrays rounded [20, 100] least 3 |n|
        reads images = uniform((4, n, n, 3), 1), weights = uniform((3, 3, 3, 8), 2), bias = uniform(8, 3);
        call(&images, &weights, &bias)),
    row!(max_pool_arrays [40, 400] least 2 |n| reads images = uniform((8, n, n), 1); call(&images)),
    row!(batch_norm_arrays rounded [150, 1_500] least 1 |n|
        reads x = uniform((n, n), 1), gamma = uniform(n, 2), beta = uniform(n, 3); call(&x, &gamma, &beta)),
    row!(k_means_arrays rounded [1_000, 100_000] |n|
        reads points = uniform((n, 8), 1), centres = uniform((10, 8), 2); call(&points, &centres)),
    row!(covariance_arrays rounded [100, 500] least 2 |n| reads data = uniform((n, n), 1); call(&data)),
    row!(correlation_arrays rounded [100, 500] least 2 |n| reads data = uniform((n, n), 1); call(&data)),
    row!(standardise_arrays rounded [150, 1_500] least 1 |n| writes x = uniform((n, n), 1); call(x)),
    row!(distances_arrays rounded [150, 1_000] |n|
        reads a = uniform((n, 8), 1), b = uniform((n, 8), 2); call(&a, &b)),
    row!(logistic_arrays rounded [1_000, 100_000] least 1 |n|
        reads x = uniform((n, 16), 1), y = uniform(n, 2); call(&x, &y, 5)),
    row!(least_squares_arrays rounded [10_000, 5_000_000] least 2 |n|
        reads x = uniform(n, 1), y = uniform(n, 2); call(&x, &y)),
    row!(moving_average_arrays [10_000, 4_000_000] least 8 |n| reads x = uniform(n, 1); call(&x, 8)),
    row!(azimuthal_arrays rounded [5_000, 500_000] |n|
        reads intensity = uniform(n, 1), radius = uniform(n, 2); call(&intensity, &radius, 20)),
    row!(clip_arrays [150, 2_000] |n|
        reads a = below(20, (n, n), 1), b = below(20, (n, n), 2); call(&a, &b, 4, 3, 9)),
    row!(attention_arrays rounded [100, 500] |n|
        reads q = uniform((n, 32), 1), k = uniform((n, 32), 2), v = uniform((n, 32), 3); call(&q, &k, &v)),
];
