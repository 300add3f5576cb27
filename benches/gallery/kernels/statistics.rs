//! Statistics of rows, columns and whole arrays; histograms, running values, distances.
//!
//! ```text
//! row_sums  column_sums  row_variances  column_means  count_above  row_maxima  normalise_rows  squashed_scores  softmax_rows
//! covariance  correlation  distances  nearest_centres  centre_sums  histogram  weighted_histogram
//! prefix_sum  moving_average  exponential_average  kahan_sum  dot
//! ```

use super::data::{below, scaled, uniform, zeros};
use super::row::{Row, row};
use ndarray::{Array1, Array2, ArrayRef1, ArrayRef2, Axis};
use parfuse::prelude::*;
use rayon::prelude::*;

#[kernel]
fn row_sums(a: &ArrayRef2<f64>, sums: &mut ArrayRef1<f64>) {
    for i in prange(0..a.nrows()) {
        let mut sum = 0.0;
        for j in 0..a.ncols() {
            sum += a[[i, j]];
        }
        sums[i] = sum;
    }
}

#[kernel]
fn column_sums(a: &ArrayRef2<f64>, sums: &mut ArrayRef1<f64>) {
    for j in 0..a.ncols() {
        sums[j] = 0.0;
    }
    for i in 0..a.nrows() {
        for j in 0..a.ncols() {
            sums[j] += a[[i, j]];
        }
    }
}

#[kernel]
fn row_variances(a: &ArrayRef2<f64>, variances: &mut ArrayRef1<f64>) {
    let m = a.ncols() as f64;
    for i in prange(0..a.nrows()) {
        let mut mean = 0.0;
        for j in 0..a.ncols() {
            mean += a[[i, j]];
        }
        mean /= m;
        let mut sum = 0.0;
        for j in 0..a.ncols() {
            sum += (a[[i, j]] - mean) * (a[[i, j]] - mean);
        }
        variances[i] = sum / m;
    }
}

/// Column by column, though rows are neighbours.
#[kernel]
fn column_means(a: &ArrayRef2<f64>, means: &mut ArrayRef1<f64>) {
    for j in prange(0..a.ncols()) {
        let mut sum = 0.0;
        for i in 0..a.nrows() {
            sum += a[[i, j]];
        }
        means[j] = sum / a.nrows() as f64;
    }
}

#[kernel]
fn count_above(a: &ArrayRef2<f64>, limit: f64, counts: &mut ArrayRef1<i64>) {
    for i in prange(0..a.nrows()) {
        let mut count = 0;
        for j in 0..a.ncols() {
            if a[[i, j]] > limit {
                count += 1;
            }
        }
        counts[i] = count;
    }
}

fn count_above_by_hand(a: &ArrayRef2<f64>, limit: f64, counts: &mut ArrayRef1<i64>) {
    let counts = counts.as_slice_mut().expect("neighbours").par_iter_mut();
    counts.enumerate().for_each(|(i, count)| {
        *count = a.row(i).iter().filter(|x| **x > limit).count() as i64;
    });
}

#[kernel]
fn row_maxima(a: &ArrayRef2<f64>, maxima: &mut ArrayRef1<f64>, places: &mut ArrayRef1<usize>) {
    for i in prange(0..a.nrows()) {
        let mut best = f64::NEG_INFINITY;
        let mut place = 0;
        for j in 0..a.ncols() {
            if a[[i, j]] > best {
                best = a[[i, j]];
                place = j;
            }
        }
        maxima[i] = best;
        places[i] = place;
    }
}

#[kernel]
fn normalise_rows(a: &mut ArrayRef2<f64>) {
    for i in prange(0..a.nrows()) {
        let mut sum = 0.0;
        for j in 0..a.ncols() {
            sum += a[[i, j]] * a[[i, j]];
        }
        let norm = sum.sqrt();
        for j in 0..a.ncols() {
            a[[i, j]] /= norm;
        }
    }
}

/// Between 0 and 1, by how far a number is from the mean.
#[kernel]
fn squashed_scores(a: &ArrayRef1<f64>) -> Array1<f64> {
    let mean = a.mean().unwrap();
    let deviation = a.std(0.0);
    let scores = (a - mean) / deviation;
    1.0 / (1.0 + (-scores).exp())
}

#[kernel]
fn softmax_rows(a: &ArrayRef2<f64>, out: &mut ArrayRef2<f64>) {
    for i in prange(0..a.nrows()) {
        let mut largest = f64::NEG_INFINITY;
        for j in 0..a.ncols() {
            largest = largest.max(a[[i, j]]);
        }
        let mut sum = 0.0;
        for j in 0..a.ncols() {
            out[[i, j]] = (a[[i, j]] - largest).exp();
            sum += out[[i, j]];
        }
        for j in 0..a.ncols() {
            out[[i, j]] /= sum;
        }
    }
}

#[kernel]
fn covariance(data: &mut ArrayRef2<f64>, mean: &mut ArrayRef1<f64>, cov: &mut ArrayRef2<f64>) {
    let (n, m) = data.dim();
    for j in 0..m {
        mean[j] = 0.0;
        for i in 0..n {
            mean[j] += data[[i, j]];
        }
        mean[j] /= n as f64;
    }
    for i in 0..n {
        for j in 0..m {
            data[[i, j]] -= mean[j];
        }
    }
    for i in 0..m {
        for j in i..m {
            cov[[i, j]] = 0.0;
            for k in 0..n {
                cov[[i, j]] += data[[k, i]] * data[[k, j]];
            }
            cov[[i, j]] /= n as f64 - 1.0;
            cov[[j, i]] = cov[[i, j]];
        }
    }
}

#[kernel]
fn correlation(data: &ArrayRef2<f64>, corr: &mut ArrayRef2<f64>) {
    let m = data.ncols();
    let centred = data - data.mean_axis(Axis(0)).unwrap();
    let deviation = (&centred * &centred).mean_axis(Axis(0)).unwrap().sqrt();
    let scaled = centred / &deviation;
    for i in prange(0..m) {
        for j in 0..m {
            let mut sum = 0.0;
            for k in 0..scaled.nrows() {
                sum += scaled[[k, i]] * scaled[[k, j]];
            }
            corr[[i, j]] = sum / scaled.nrows() as f64;
        }
    }
}

/// Between all pairs of points.
#[kernel]
fn distances(points: &ArrayRef2<f64>, out: &mut ArrayRef2<f64>) {
    let (n, dimensions) = points.dim();
    for i in prange(0..n) {
        for j in 0..n {
            let mut sum = 0.0;
            for k in 0..dimensions {
                let d = points[[i, k]] - points[[j, k]];
                sum += d * d;
            }
            out[[i, j]] = sum.sqrt();
        }
    }
}

fn distances_by_hand(points: &ArrayRef2<f64>, out: &mut ArrayRef2<f64>) {
    let n = points.nrows();
    let rows = out.as_slice_mut().expect("neighbours").par_chunks_mut(n.max(1));
    rows.enumerate().for_each(|(i, row)| {
        for (j, out) in row.iter_mut().enumerate() {
            let squares = points.row(i).into_iter().zip(points.row(j)).map(|(a, b)| (a - b) * (a - b));
            *out = squares.sum::<f64>().sqrt();
        }
    });
}

/// The first half of a step of k-means.
#[kernel]
fn nearest_centres(points: &ArrayRef2<f64>, centres: &ArrayRef2<f64>, labels: &mut ArrayRef1<usize>) -> f64 {
    let mut inertia = 0.0;
    for i in prange(0..points.nrows()) {
        let mut best = f64::INFINITY;
        let mut label = 0;
        for c in 0..centres.nrows() {
            let mut distance = 0.0;
            for k in 0..points.ncols() {
                let d = points[[i, k]] - centres[[c, k]];
                distance += d * d;
            }
            if distance < best {
                best = distance;
                label = c;
            }
        }
        labels[i] = label;
        inertia += best;
    }
    inertia
}

/// The second half.
#[kernel]
fn centre_sums(
    points: &ArrayRef2<f64>,
    labels: &ArrayRef1<usize>,
    sums: &mut ArrayRef2<f64>,
    counts: &mut ArrayRef1<i64>,
) {
    for i in 0..points.nrows() {
        let c = labels[i];
        counts[c] += 1;
        for k in 0..points.ncols() {
            sums[[c, k]] += points[[i, k]];
        }
    }
}

#[kernel]
fn histogram(x: &ArrayRef1<f64>, low: f64, high: f64, counts: &mut ArrayRef1<i64>) {
    let scale = counts.len() as f64 / (high - low);
    for i in 0..x.len() {
        if x[i] >= low && x[i] < high {
            counts[((x[i] - low) * scale) as usize] += 1;
        }
    }
}

#[kernel]
fn weighted_histogram(bin: &ArrayRef1<i32>, weight: &ArrayRef1<f64>, sums: &mut ArrayRef1<f64>) {
    for i in 0..bin.len() {
        sums[bin[i] as usize] += weight[i];
    }
}

#[kernel]
fn prefix_sum(x: &ArrayRef1<f64>, out: &mut ArrayRef1<f64>) {
    let mut sum = 0.0;
    for i in 0..x.len() {
        sum += x[i];
        out[i] = sum;
    }
}

#[kernel]
fn moving_average(x: &ArrayRef1<f64>, window: usize, out: &mut ArrayRef1<f64>) {
    for i in prange(0..out.len()) {
        let mut sum = 0.0;
        for k in 0..window {
            sum += x[i + k];
        }
        out[i] = sum / window as f64;
    }
}

#[kernel]
fn exponential_average(x: &ArrayRef1<f64>, alpha: f64, out: &mut ArrayRef1<f64>) {
    let mut average = 0.0;
    for i in 0..x.len() {
        average = alpha * x[i] + (1.0 - alpha) * average;
        out[i] = average;
    }
}

#[kernel]
fn kahan_sum(x: &ArrayRef1<f64>) -> f64 {
    let mut sum = 0.0;
    let mut lost = 0.0;
    for i in 0..x.len() {
        let y = x[i] - lost;
        let t = sum + y;
        lost = (t - sum) - y;
        sum = t;
    }
    sum
}

#[kernel]
fn dot(x: &ArrayRef1<f64>, y: &ArrayRef1<f64>) -> f64 {
    let mut sum = 0.0;
    for i in 0..x.len() {
        sum += x[i] * y[i];
    }
    sum
}

/// The mean of each column that is not missing.
#[kernel]
fn means_without_gaps(a: &Array2<f64>) -> Array1<f64> {
    let present = a.mapv(|x| if x < 0.1 { 0.0 } else { 1.0 });
    let values = a * &present;
    values.sum_axis(Axis(0)) / present.sum_axis(Axis(0))
}

/// By descending the gradient, which is summed up sample by sample.
#[kernel]
fn logistic_regression(x: &ArrayRef2<f64>, y: &ArrayRef1<f64>, rate: f64, epochs: usize) -> Array1<f64> {
    let (n, features) = x.dim();
    let mut weights = Array1::<f64>::zeros(features);
    for _ in 0..epochs {
        let mut gradient = Array1::<f64>::zeros(features);
        for i in 0..n {
            let mut score = 0.0;
            for k in 0..features {
                score += weights[k] * x[[i, k]];
            }
            let error = 1.0 / (1.0 + (-score).exp()) - y[i];
            for k in 0..features {
                gradient[k] += error * x[[i, k]];
            }
        }
        for k in 0..features {
            weights[k] -= rate * gradient[k] / n as f64;
        }
    }
    weights
}

/// What bonds yield at their prices, by Newton's method.
#[kernel]
fn bond_yields(
    price: &ArrayRef1<f64>,
    coupon: &ArrayRef1<f64>,
    years: &ArrayRef1<i32>,
    out: &mut ArrayRef1<f64>,
) {
    for i in prange(0..price.len()) {
        let mut rate = 0.05;
        let mut round = 0;
        loop {
            let (mut value, mut slope) = (0.0, 0.0);
            for t in 1..=years[i] {
                let discount = (1.0f64 + rate).powi(-t);
                value += coupon[i] * discount;
                slope -= t as f64 * coupon[i] * discount / (1.0 + rate);
            }
            let discount = (1.0f64 + rate).powi(-years[i]);
            value += 100.0 * discount;
            slope -= years[i] as f64 * 100.0 * discount / (1.0 + rate);
            let step = (value - price[i]) / slope;
            rate -= step;
            round += 1;
            if step.abs() < 1e-10 || round == 50 {
                break;
            }
        }
        out[i] = rate;
    }
}

/// Weights of energies, whose sum is one.
#[kernel]
fn boltzmann(energies: &ArrayRef1<f64>, temperature: f64, weights: &mut ArrayRef1<f64>) {
    let mut total = 0.0;
    for i in 0..energies.len() {
        let weight = (-energies[i] / temperature).exp();
        weights[i] = weight;
        total += weight;
    }
    for i in 0..weights.len() {
        weights[i] /= total;
    }
}

/// For each query the mean of values, weighted by how well their keys fit.
#[kernel]
fn attention(
    queries: &ArrayRef2<f64>,
    keys: &ArrayRef2<f64>,
    values: &ArrayRef2<f64>,
    out: &mut ArrayRef2<f64>,
) {
    let (n, d) = queries.dim();
    for i in prange(0..n) {
        let mut weights = Array1::<f64>::zeros(n);
        let mut most = f64::NEG_INFINITY;
        for j in 0..n {
            let mut fit = 0.0;
            for k in 0..d {
                fit += queries[[i, k]] * keys[[j, k]];
            }
            weights[j] = fit;
            most = most.max(fit);
        }
        let mut total = 0.0;
        for j in 0..n {
            weights[j] = (weights[j] - most).exp();
            total += weights[j];
        }
        for k in 0..d {
            let mut sum = 0.0;
            for j in 0..n {
                sum += weights[j] * values[[j, k]];
            }
            out[[i, k]] = sum / total;
        }
    }
}

/// The kernels of this file.
pub const ROWS: &[Row] = &[
    row!(row_sums [200, 3000] |n| reads a = uniform((n, n + 1), 1); writes sums = zeros(n); call(&a, sums)),
    row!(column_sums [200, 3000] |n| reads a = uniform((n, n + 1), 1); writes sums = zeros(n + 1); call(&a, sums)),
    row!(row_variances [200, 2500] |n| reads a = uniform((n, n + 1), 1); writes variances = zeros(n);
        call(&a, variances)),
    row!(column_means [200, 2500] |n| reads a = uniform((n, n + 1), 1); writes means = zeros(n + 1);
        call(&a, means)),
    row!(count_above [200, 3000] |n| reads a = uniform((n, n + 1), 1); writes counts = zeros(n);
        call(&a, 0.5, counts) rayon count_above_by_hand),
    row!(row_maxima [200, 3000] |n| reads a = uniform((n, n + 1), 1); writes maxima = zeros(n), places = zeros(n);
        call(&a, maxima, places)),
    row!(normalise_rows [200, 2500] |n| writes a = uniform((n, n + 1), 1); call(a)),
    row!(squashed_scores rounded [20_000, 5_000_000] least 2 |n| reads a = uniform(n, 1); call(&a)),
    row!(softmax_rows rounded [150, 1200] |n| reads a = uniform((n, n + 1), 1); writes out = zeros((n, n + 1));
        call(&a, out)),
    row!(covariance [100, 300] |n| writes data = uniform((n + 1, n), 1), mean = zeros(n), cov = zeros((n, n));
        call(data, mean, cov)),
    row!(correlation rounded [80, 300] least 2 |n| reads data = uniform((n + 1, n), 1); writes corr = zeros((n, n));
        call(&data, corr)),
    row!(distances [150, 1500] |n| reads points = uniform((n, 3), 1); writes out = zeros((n, n)); call(&points, out)
        rayon distances_by_hand),
    row!(nearest_centres rounded [2000, 100_000] |n| reads points = uniform((n, 4), 1), centres = uniform((16, 4), 2);
        writes labels = zeros(n); call(&points, &centres, labels)),
    row!(centre_sums [4000, 1_500_000] |n| reads points = uniform((n, 4), 1), labels = below(16, n, 2);
        writes sums = zeros((16, 4)), counts = zeros(16); call(&points, &labels, sums, counts)),
    row!(histogram [30_000, 8_000_000] |n| reads x = uniform(n, 1); writes counts = zeros(100);
        call(&x, 0.1, 0.9, counts)),
    row!(weighted_histogram [30_000, 5_000_000] |n| reads bin = below(1000, n, 1), weight = uniform(n, 2);
        writes sums = zeros(1000); call(&bin, &weight, sums)),
    row!(prefix_sum [20_000, 8_000_000] |n| reads x = uniform(n, 1); writes out = zeros(n); call(&x, out)),
    row!(moving_average [20_000, 4_000_000] |n| reads x = uniform(n + 8, 1); writes out = zeros(n);
        call(&x, 9, out)),
    row!(exponential_average [20_000, 8_000_000] |n| reads x = uniform(n, 1); writes out = zeros(n);
        call(&x, 0.1, out)),
    row!(kahan_sum [40_000, 4_000_000] |n| reads x = uniform(n, 1); call(&x)),
    row!(dot [20_000, 5_000_000] |n| reads x = uniform(n, 1), y = uniform(n, 2); call(&x, &y)),
    row!(means_without_gaps rounded [200, 2500] |n| reads a = uniform((n + 20, n), 1); call(&a)),
    row!(logistic_regression rounded [1000, 100_000] |n| reads x = uniform((n, 10), 1), y = uniform(n, 2);
        call(&x, &y, 0.1, 5)),
    row!(bond_yields [200, 20_000] |n| reads price = scaled(uniform(n, 1), 40.0, 80.0),
        coupon = scaled(uniform(n, 2), 6.0, 1.0), years = below(40, n, 3); writes out = zeros(n);
        call(&price, &coupon, &years, out)),
    row!(boltzmann rounded [10_000, 4_000_000] |n| reads energies = uniform(n, 1); writes weights = zeros(n);
        call(&energies, 0.3, weights)),
    row!(attention rounded [60, 600] |n| reads queries = uniform((n, 32), 1), keys = uniform((n, 32), 2),
        values = uniform((n, 32), 3); writes out = zeros((n, 32)); call(&queries, &keys, &values, out)),
];
