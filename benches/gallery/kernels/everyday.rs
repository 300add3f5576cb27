//! What people write every day: iterators, closures, records, a little of everything.
//!
//! ```text
//! clipped_mean  returns  interpolated  simpson  newton_roots  rk4  springs  bounces  rotated  entropy  argmax_rows  peak  spread
//! top_two  relu_layer  cosine_similarity  vigenere  base64  word_counts  parsed  contingency  heat_step  drawdowns  pascal  bounding_box
//! ```

use super::data::{below, singles, uniform, zeros};
use super::row::{Row, row};
use ndarray::{Array1, Array2, ArrayRef1, ArrayRef2, ArrayRef3};
use parfuse::prelude::*;

/// The mean of what is within some deviations of the mean.
#[kernel]
fn clipped_mean(x: &ArrayRef1<f64>, deviations: f64) -> f64 {
    let n = x.len() as f64;
    let mean = x.iter().sum::<f64>() / n;
    let variance = x.iter().map(|v| (v - mean) * (v - mean)).sum::<f64>() / n;
    let limit = deviations * variance.sqrt();
    let (mut sum, mut count) = (0.0, 0);
    for &v in x.iter() {
        if (v - mean).abs() <= limit {
            sum += v;
            count += 1;
        }
    }
    sum / count as f64
}

/// Relative changes, and the greatest of them.
#[kernel]
fn returns(prices: &ArrayRef1<f64>) -> (Array1<f64>, f64) {
    let n = prices.len();
    let mut changes = Array1::zeros(n - 1);
    let mut most = f64::NEG_INFINITY;
    for i in 1..n {
        let change = prices[i] / prices[i - 1] - 1.0;
        changes[i - 1] = change;
        if change > most {
            most = change;
        }
    }
    (changes, most)
}

/// Values between samples that lie at known places.
#[kernel]
fn interpolated(xs: &ArrayRef1<f64>, ys: &ArrayRef1<f64>, at: &ArrayRef1<f64>, out: &mut ArrayRef1<f64>) {
    let n = xs.len();
    for i in 0..at.len() {
        let x = at[i];
        if x <= xs[0] {
            out[i] = ys[0];
        } else if x >= xs[n - 1] {
            out[i] = ys[n - 1];
        } else {
            let mut low = 0;
            let mut high = n - 1;
            while high - low > 1 {
                let middle = (low + high) / 2;
                if xs[middle] <= x {
                    low = middle;
                } else {
                    high = middle;
                }
            }
            let t = (x - xs[low]) / (xs[low + 1] - xs[low]);
            out[i] = ys[low] + t * (ys[low + 1] - ys[low]);
        }
    }
}

/// Simpson's rule over samples.
#[kernel]
fn simpson(y: &ArrayRef1<f64>, h: f64) -> f64 {
    let n = y.len() - 1;
    let mut sum = y[0] + y[n];
    for i in 1..n {
        if i % 2 == 1 {
            sum += 4.0 * y[i];
        } else {
            sum += 2.0 * y[i];
        }
    }
    sum * h / 3.0
}

/// Cube roots by Newton's method.
#[kernel]
fn newton_roots(a: &ArrayRef1<f64>, out: &mut ArrayRef1<f64>) {
    for i in 0..a.len() {
        let mut x = 1.0;
        for _ in 0..50 {
            let next = x - (x * x * x - a[i]) / (3.0 * x * x);
            let done = (next - x).abs() < 1e-12;
            x = next;
            if done {
                break;
            }
        }
        out[i] = x;
    }
}

/// An oscillator by Runge's and Kutta's method.
#[kernel]
fn rk4(steps: usize, dt: f64) -> Array2<f64> {
    let mut path = Array2::zeros((steps, 2));
    let f = |x: f64, v: f64| (v, -x - 0.1 * v);
    let (mut x, mut v) = (1.0, 0.0);
    for i in 0..steps {
        let (k1x, k1v) = f(x, v);
        let (k2x, k2v) = f(x + 0.5 * dt * k1x, v + 0.5 * dt * k1v);
        let (k3x, k3v) = f(x + 0.5 * dt * k2x, v + 0.5 * dt * k2v);
        let (k4x, k4v) = f(x + dt * k3x, v + dt * k3v);
        x += dt / 6.0 * (k1x + 2.0 * k2x + 2.0 * k3x + k4x);
        v += dt / 6.0 * (k1v + 2.0 * k2v + 2.0 * k3v + k4v);
        path[[i, 0]] = x;
        path[[i, 1]] = v;
    }
    path
}

/// Masses on springs in a row.
#[kernel]
fn springs(x: &mut ArrayRef1<f64>, v: &mut ArrayRef1<f64>, steps: usize) {
    let n = x.len();
    for _ in 0..steps {
        for i in 0..n {
            let left = if i > 0 { x[i - 1] } else { 0.0 };
            let right = if i + 1 < n { x[i + 1] } else { 0.0 };
            v[i] += 0.01 * (left - 2.0 * x[i] + right);
        }
        for i in 0..n {
            x[i] += 0.01 * v[i];
        }
    }
}

/// Balls that bounce off walls.
#[kernel]
fn bounces(p: &mut ArrayRef2<f32>, v: &mut ArrayRef2<f32>, steps: usize) {
    for i in 0..p.nrows() {
        for _ in 0..steps {
            for k in 0..2 {
                p[[i, k]] += v[[i, k]] * 0.01;
                if p[[i, k]] < 0.0 {
                    p[[i, k]] = -p[[i, k]];
                    v[[i, k]] = -v[[i, k]];
                } else if p[[i, k]] > 1.0 {
                    p[[i, k]] = 2.0 - p[[i, k]];
                    v[[i, k]] = -v[[i, k]];
                }
            }
        }
    }
}

/// A picture turned about its centre.
#[kernel]
fn rotated(image: &ArrayRef2<u8>, cos: f64, sin: f64, out: &mut ArrayRef2<u8>) {
    let (h, w) = image.dim();
    let (cy, cx) = (h as f64 / 2.0, w as f64 / 2.0);
    for y in 0..h {
        for x in 0..w {
            let (dy, dx) = (y as f64 - cy, x as f64 - cx);
            let sy = (cos * dy - sin * dx + cy).floor();
            let sx = (sin * dy + cos * dx + cx).floor();
            out[[y, x]] = if sy >= 0.0 && sx >= 0.0 && sy < h as f64 && sx < w as f64 {
                image[[sy as usize, sx as usize]]
            } else {
                0
            };
        }
    }
}

/// How uncertain what a picture shows is.
#[kernel]
fn entropy(image: &ArrayRef2<u8>) -> f64 {
    let mut counts = [0usize; 256];
    for &v in image.iter() {
        counts[v as usize] += 1;
    }
    let n = image.len() as f64;
    counts.iter().filter(|&&c| c > 0).map(|&c| c as f64 / n).map(|p| -p * p.log2()).sum()
}

/// Where each row has its greatest number.
#[kernel]
fn argmax_rows(x: &ArrayRef2<f64>, out: &mut ArrayRef1<usize>) {
    for i in 0..x.nrows() {
        let mut best = 0;
        for j in 1..x.ncols() {
            if x[[i, j]] > x[[i, best]] {
                best = j;
            }
        }
        out[i] = best;
    }
}

/// The greatest number, and where it is.
#[kernel]
fn peak(x: &ArrayRef1<f64>) -> (usize, f64) {
    let (mut at, mut height) = (0, x[0]);
    for i in 1..x.len() {
        if x[i] > height {
            height = x[i];
            at = i;
        }
    }
    (at, height)
}

/// The least and the greatest number.
#[kernel]
fn spread(x: &ArrayRef1<f32>) -> (f32, f32) {
    let (mut least, mut greatest) = (f32::INFINITY, f32::NEG_INFINITY);
    for &v in x.iter() {
        if v < least {
            least = v;
        }
        if v > greatest {
            greatest = v;
        }
    }
    (least, greatest)
}

/// The two greatest numbers.
#[kernel]
fn top_two(x: &ArrayRef1<i32>) -> (i32, i32) {
    let (mut first, mut second) = (i32::MIN, i32::MIN);
    for &v in x.iter() {
        if v > first {
            second = first;
            first = v;
        } else if v > second {
            second = v;
        }
    }
    (first, second)
}

/// A layer of neurons: weights, bias, rectified.
#[kernel]
fn relu_layer(x: &ArrayRef1<f32>, w: &ArrayRef2<f32>, b: &ArrayRef1<f32>, out: &mut ArrayRef1<f32>) {
    for j in 0..w.nrows() {
        let mut sum = b[j];
        for i in 0..x.len() {
            sum += w[[j, i]] * x[i];
        }
        out[j] = if sum > 0.0 { sum } else { 0.0 };
    }
}

/// Cosines of the angles between rows and a vector.
#[kernel]
fn cosine_similarity(rows: &ArrayRef2<f64>, x: &ArrayRef1<f64>, out: &mut ArrayRef1<f64>) {
    let norm = x.iter().map(|v| v * v).sum::<f64>().sqrt();
    for i in 0..rows.nrows() {
        let (mut dot, mut squares) = (0.0, 0.0);
        for k in 0..x.len() {
            dot += rows[[i, k]] * x[k];
            squares += rows[[i, k]] * rows[[i, k]];
        }
        out[i] = dot / (squares.sqrt() * norm);
    }
}

/// Letters moved by those of a key.
#[kernel]
fn vigenere(text: &mut ArrayRef1<u8>, key: &ArrayRef1<u8>) {
    let mut k = 0;
    for i in 0..text.len() {
        let c = text[i];
        if c >= b'a' && c <= b'z' {
            text[i] = (c - b'a' + key[k]) % 26 + b'a';
            k = (k + 1) % key.len();
        }
    }
}

/// Three bytes as four letters.
#[kernel]
fn base64(data: &ArrayRef1<u8>, table: &ArrayRef1<u8>, out: &mut ArrayRef1<u8>) {
    for i in 0..data.len() / 3 {
        let bits = (data[3 * i] as u32) << 16 | (data[3 * i + 1] as u32) << 8 | data[3 * i + 2] as u32;
        out[4 * i] = table[(bits >> 18) as usize & 63];
        out[4 * i + 1] = table[(bits >> 12) as usize & 63];
        out[4 * i + 2] = table[(bits >> 6) as usize & 63];
        out[4 * i + 3] = table[bits as usize & 63];
    }
}

/// How many words there are, and how long the longest is.
#[kernel]
fn word_counts(text: &ArrayRef1<u8>) -> (usize, usize) {
    let (mut words, mut longest, mut length) = (0, 0, 0usize);
    for &c in text.iter() {
        if c.is_ascii_alphanumeric() {
            length += 1;
        } else {
            if length > 0 {
                words += 1;
                longest = longest.max(length);
            }
            length = 0;
        }
    }
    if length > 0 {
        words += 1;
        longest = longest.max(length);
    }
    (words, longest)
}

/// Numbers in text, comma after comma.
#[kernel]
fn parsed(text: &ArrayRef1<u8>) -> Vec<i64> {
    let mut numbers = Vec::new();
    let mut value = 0i64;
    let mut inside = false;
    for &c in text.iter() {
        if c >= b'0' && c <= b'9' {
            value = value * 10 + (c - b'0') as i64;
            inside = true;
        } else if inside {
            numbers.push(value);
            value = 0;
            inside = false;
        }
    }
    if inside {
        numbers.push(value);
    }
    numbers
}

/// How often each value of one thing goes with each of another.
#[kernel]
fn contingency(a: &ArrayRef1<u8>, b: &ArrayRef1<u8>) -> Array2<u32> {
    let mut table = Array2::zeros((16, 16));
    for (&x, &y) in a.iter().zip(b.iter()) {
        table[[x as usize, y as usize]] += 1;
    }
    table
}

/// Heat in a block, one step.
#[kernel]
fn heat_step(t: &ArrayRef3<f64>, out: &mut ArrayRef3<f64>) {
    let (a, b, c) = t.dim();
    for i in 1..a - 1 {
        for j in 1..b - 1 {
            for k in 1..c - 1 {
                out[[i, j, k]] = t[[i, j, k]]
                    + 0.1
                        * (t[[i - 1, j, k]]
                            + t[[i + 1, j, k]]
                            + t[[i, j - 1, k]]
                            + t[[i, j + 1, k]]
                            + t[[i, j, k - 1]]
                            + t[[i, j, k + 1]]
                            - 6.0 * t[[i, j, k]]);
            }
        }
    }
}

/// A running maximum, and how far each number is below it.
#[kernel]
fn drawdowns(x: &ArrayRef1<f64>) -> Array1<f64> {
    let mut peak = f64::NEG_INFINITY;
    let mut out = Array1::zeros(x.len());
    for (i, &v) in x.iter().enumerate() {
        peak = peak.max(v);
        out[i] = (peak - v) / peak;
    }
    out
}

/// A triangle of binomials modulo a number.
#[kernel]
fn pascal(n: usize, modulus: u64) -> Array2<u64> {
    let mut t = Array2::zeros((n, n));
    for i in 0..n {
        t[[i, 0]] = 1;
        for j in 1..i + 1 {
            t[[i, j]] = (t[[i - 1, j - 1]] + t[[i - 1, j]]) % modulus;
        }
    }
    t
}

/// A box of the least size around points, and their centre.
#[kernel]
fn bounding_box(points: &ArrayRef2<f64>) -> (Array1<f64>, Array1<f64>, Array1<f64>) {
    let d = points.ncols();
    let mut low = Array1::from_elem(d, f64::INFINITY);
    let mut high = Array1::from_elem(d, f64::NEG_INFINITY);
    let mut centre = Array1::zeros(d);
    for row in points.rows() {
        for k in 0..d {
            low[k] = low[k].min(row[k]);
            high[k] = high[k].max(row[k]);
            centre[k] += row[k];
        }
    }
    let n = points.nrows() as f64;
    centre.mapv_inplace(|c| c / n);
    (low, high, centre)
}

/// The kernels of this file.
pub const ROWS: &[Row] = &[
    row!(clipped_mean [5000, 4_000_000] |n| reads x = uniform(n, 1); call(&x, 1.5)),
    row!(returns [5000, 4_000_000] least 1 |n| reads prices = uniform(n, 1) + 1.0; call(&prices)),
    row!(interpolated [1000, 300_000] least 2 |n| reads xs = Array1::from_iter((0..n).map(|i| i as f64 / n as f64)),
        ys = uniform(n, 1), at = uniform(n, 2); writes out = zeros(n); call(&xs, &ys, &at, out)),
    row!(simpson [5000, 4_000_000] least 1 |n| reads y = uniform(n, 1); call(&y, 0.01)),
    row!(newton_roots [1000, 100_000] |n| reads a = uniform(n, 1) * 50.0; writes out = zeros(n); call(&a, out)),
    row!(rk4 [1000, 300_000] |n| call(n, 0.01)),
    row!(springs [1000, 100_000] |n| writes x = uniform(n, 1), v = uniform(n, 2); call(x, v, 10)),
    row!(bounces [500, 20_000] |n| writes p = singles((n, 2), 1), v = singles((n, 2), 2); call(p, v, 50)),
    row!(rotated [150, 2000] |n| reads image = below(256, (n, n), 1); writes out = zeros((n, n)); call(&image, 0.8, 0.6, out)),
    row!(entropy [150, 3000] |n| reads image = below(256, (n, n), 1); call(&image)),
    row!(argmax_rows [100, 2000] |n| reads x = uniform((n, n), 1); writes out = zeros(n); call(&x, out)),
    row!(peak [5000, 4_000_000] least 1 |n| reads x = uniform(n, 1); call(&x)),
    row!(spread [5000, 8_000_000] |n| reads x = singles(n, 1); call(&x)),
    row!(top_two [5000, 4_000_000] |n| reads x = below(1 << 30, n, 1); call(&x)),
    row!(relu_layer [200, 2500] |n| reads x = singles(n, 1), w = singles((n, n), 2), b = singles(n, 3);
        writes out = zeros(n); call(&x, &w, &b, out)),
    row!(cosine_similarity [200, 2000] |n| reads rows = uniform((n, n), 1), x = uniform(n, 2); writes out = zeros(n);
        call(&rows, &x, out)),
    row!(vigenere [5000, 4_000_000] |n| reads key = below(26, 7, 1); writes text = below(128, n, 2); call(text, &key)),
    row!(base64 [6000, 3_000_000] |n| reads data = below(256, n, 1), table = below(128, 64, 2); writes out = zeros(n / 3 * 4);
        call(&data, &table, out)),
    row!(word_counts [5000, 4_000_000] |n| reads text = below(128, n, 1); call(&text)),
    row!(parsed [5000, 4_000_000] |n| reads text = below(14, n, 1) + 44u8; call(&text)),
    row!(contingency [5000, 4_000_000] |n| reads a = below(16, n, 1), b = below(16, n, 2); call(&a, &b)),
    row!(heat_step [24, 200] least 2 |n| reads t = uniform((n, n, n), 1); writes out = zeros((n, n, n)); call(&t, out)),
    row!(drawdowns [5000, 4_000_000] |n| reads x = uniform(n, 1) + 1.0; call(&x)),
    row!(pascal [100, 1500] |n| call(n, 1_000_007)),
    row!(bounding_box [2000, 1_000_000] least 1 |n| reads points = uniform((n, 3), 1); call(&points)),
];
