//! Signals: recursive and direct filters, transforms, resampling.
//!
//! ```text
//! iir  biquad  biquad_channels  convolution_1d  correlation_lags  fft  dft  polynomials  haar  median_of_three
//! zero_crossings  goertzel
//! ```

use super::data::{scaled, singles, uniform, zeros};
use super::row::{Row, row};
use ndarray::{Array1, ArrayRef1, ArrayRef2, s};
use parfuse::prelude::*;

#[kernel]
fn iir(x: &ArrayRef1<f64>, b: &ArrayRef1<f64>, a: &ArrayRef1<f64>, y: &mut ArrayRef1<f64>) {
    let order = a.len();
    for i in order..x.len() {
        let mut sum = b[0] * x[i];
        for k in 1..order {
            sum += b[k] * x[i - k] - a[k] * y[i - k];
        }
        y[i] = sum;
    }
}

#[kernel]
fn biquad(x: &ArrayRef1<f32>, y: &mut ArrayRef1<f32>) {
    let (b0, b1, b2, a1, a2) = (0.2f32, 0.4f32, 0.2f32, -0.37f32, 0.19f32);
    let (mut x1, mut x2, mut y1, mut y2) = (0.0, 0.0, 0.0, 0.0);
    for i in 0..x.len() {
        let value = b0 * x[i] + b1 * x1 + b2 * x2 - a1 * y1 - a2 * y2;
        x2 = x1;
        x1 = x[i];
        y2 = y1;
        y1 = value;
        y[i] = value;
    }
}

/// A filter for each row, and all at once.
#[kernel]
fn biquad_channels(x: &ArrayRef2<f64>, coefficients: &ArrayRef2<f64>, y: &mut ArrayRef2<f64>) {
    for c in prange(0..x.nrows()) {
        let mut s1 = 0.0;
        let mut s2 = 0.0;
        for t in 0..x.ncols() {
            let out = coefficients[[c, 0]] * x[[c, t]] + s1;
            s1 = coefficients[[c, 1]] * x[[c, t]] - coefficients[[c, 3]] * out + s2;
            s2 = coefficients[[c, 2]] * x[[c, t]] - coefficients[[c, 4]] * out;
            y[[c, t]] = out;
        }
    }
}

#[kernel]
fn convolution_1d(x: &ArrayRef1<f64>, weights: &ArrayRef1<f64>) -> Array1<f64> {
    let n = x.len() + 1 - weights.len();
    let mut out = Array1::zeros(n);
    for i in prange(0..n) {
        let mut sum = 0.0;
        for k in 0..weights.len() {
            sum += x[i + k] * weights[k];
        }
        out[i] = sum;
    }
    out
}

#[kernel]
fn correlation_lags(x: &ArrayRef1<f64>, lags: usize) -> Array1<f64> {
    let mut out = Array1::zeros(lags);
    for lag in prange(0..lags) {
        let mut sum = 0.0;
        for i in lag..x.len() {
            sum += x[i] * x[i - lag];
        }
        out[lag] = sum;
    }
    out
}

/// Butterflies in place, over numbers that are in their order already.
#[kernel]
fn fft(re: &mut ArrayRef1<f64>, im: &mut ArrayRef1<f64>, cos: &ArrayRef1<f64>, sin: &ArrayRef1<f64>) {
    let n = re.len();
    let mut half = 1;
    while half < n {
        let stride = n / (2 * half);
        for start in (0..n).step_by(2 * half) {
            for k in 0..half {
                let (c, s) = (cos[k * stride], sin[k * stride]);
                let (i, j) = (start + k, start + k + half);
                let (tr, ti) = (re[j] * c - im[j] * s, re[j] * s + im[j] * c);
                re[j] = re[i] - tr;
                im[j] = im[i] - ti;
                re[i] += tr;
                im[i] += ti;
            }
        }
        half *= 2;
    }
}

/// By its definition, with a table.
#[kernel]
fn dft(
    x: &ArrayRef1<f64>,
    cos: &ArrayRef1<f64>,
    sin: &ArrayRef1<f64>,
    re: &mut ArrayRef1<f64>,
    im: &mut ArrayRef1<f64>,
) {
    let n = x.len();
    for k in prange(0..n) {
        let (mut sum_re, mut sum_im) = (0.0, 0.0);
        for t in 0..n {
            let turn = (k * t) % n;
            sum_re += x[t] * cos[turn];
            sum_im -= x[t] * sin[turn];
        }
        re[k] = sum_re;
        im[k] = sum_im;
    }
}

/// Horner's rule, as arrays.
#[kernel]
fn polynomial(x: &ArrayRef1<f32>) -> Array1<f32> {
    let mut sum = x * 0.1 + 0.2;
    sum = sum * x + 0.3;
    sum = sum * x + 0.4;
    sum = sum * x + 0.5;
    sum * x + 0.6
}

/// One level of Haar's wavelets.
#[kernel]
fn haar(x: &ArrayRef1<f64>, low: &mut ArrayRef1<f64>, high: &mut ArrayRef1<f64>) {
    for i in prange(0..low.len()) {
        low[i] = 0.5 * (x[2 * i] + x[2 * i + 1]);
        high[i] = 0.5 * (x[2 * i] - x[2 * i + 1]);
    }
}

#[kernel]
fn median_of_three(x: &ArrayRef1<f64>, out: &mut ArrayRef1<f64>) {
    for i in prange(1..x.len() - 1) {
        let (a, b, c) = (x[i - 1], x[i], x[i + 1]);
        out[i] = a.min(b).max(a.max(b).min(c));
    }
}

#[kernel]
fn zero_crossings(x: &ArrayRef1<f64>) -> i64 {
    let mut count = 0i64;
    for i in prange(1..x.len()) {
        if (x[i - 1] < 0.0) != (x[i] < 0.0) {
            count += 1;
        }
    }
    count
}

#[kernel]
fn differences(x: &ArrayRef1<f64>) -> Array1<f64> {
    let step = &x.slice(s![1..]) - &x.slice(s![..-1]);
    step.mapv(|d| if d < 0.0 { -d } else { d })
}

/// The kernels of this file.
pub const ROWS: &[Row] = &[
    row!(iir [10_000, 1_000_000] |n| reads x = uniform(n, 1), b = uniform(5, 2), a = scaled(uniform(5, 3), 0.2, 0.0);
        writes y = zeros(n); call(&x, &b, &a, y)),
    row!(biquad [50_000, 4_000_000] |n| reads x = singles(n, 1); writes y = zeros(n); call(&x, y)),
    row!(biquad_channels [64, 2000] |n| reads x = uniform((n, 500), 1),
        coefficients = scaled(uniform((n, 5), 2), 0.3, 0.0); writes y = zeros((n, 500));
        call(&x, &coefficients, y)),
    row!(convolution_1d [20_000, 1_000_000] |n| reads x = uniform(n + 32, 1), weights = uniform(33, 2);
        call(&x, &weights)),
    row!(correlation_lags [2000, 500_000] |n| reads x = uniform(n, 1); call(&x, 64)),
    row!(fft [4096, 1 << 18] |n| reads cos = uniform(n.next_power_of_two(), 3), sin = uniform(n.next_power_of_two(), 4);
        writes re = uniform(n.next_power_of_two(), 1), im = uniform(n.next_power_of_two(), 2);
        call(re, im, &cos, &sin)),
    row!(dft [200, 3000] |n| reads x = uniform(n, 1), cos = uniform(n, 2), sin = uniform(n, 3);
        writes re = zeros(n), im = zeros(n); call(&x, &cos, &sin, re, im)),
    row!(polynomial [50_000, 8_000_000] |n| reads x = singles(n, 1); call(&x)),
    row!(haar [10_000, 3_000_000] |n| reads x = uniform(2 * n, 1); writes low = zeros(n), high = zeros(n);
        call(&x, low, high)),
    row!(median_of_three [20_000, 5_000_000] least 1 |n| reads x = uniform(n, 1); writes out = zeros(n);
        call(&x, out)),
    row!(zero_crossings [40_000, 10_000_000] |n| reads x = scaled(uniform(n, 1), 2.0, -1.0); call(&x)),
    row!(differences [20_000, 5_000_000] least 1 |n| reads x = uniform(n, 1); call(&x)),
];
