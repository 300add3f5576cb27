//! Series in time, groups, and features of images: what runs from one element to the next with some state.
//!
//! ```text
//! garch  controlled  rolling_deviations  group_means  kalman  order_book  crossings  zigzag
//! nearest_few  hough  distance_transform  cosine_blocks  hues  bilateral  otsu
//! ```

use super::data::{below, uniform, zeros};
use super::row::{Row, row};
use ndarray::{Array1, Array2, ArrayRef1, ArrayRef2};
use parfuse::prelude::*;

/// The likelihood of returns whose variance follows itself (GARCH 1, 1).
#[kernel]
fn garch(returns: &ArrayRef1<f64>, omega: f64, alpha: f64, beta: f64) -> f64 {
    let mut variance = omega / (1.0 - alpha - beta);
    let mut total = 0.0;
    for t in 0..returns.len() {
        let r = returns[t];
        total += variance.ln() + r * r / variance;
        variance = omega + alpha * r * r + beta * variance;
    }
    -0.5 * total
}

/// A controller of three terms drives a heater.
#[kernel]
fn controlled(target: &ArrayRef1<f64>, out: &mut ArrayRef1<f64>) {
    let (kp, ki, kd, dt) = (0.9, 0.3, 0.05, 0.01);
    let mut value = 20.0;
    let mut integral = 0.0f64;
    let mut before = 0.0;
    for i in 0..target.len() {
        let error = target[i] - value;
        integral = (integral + error * dt).clamp(-50.0, 50.0);
        let derivative = (error - before) / dt;
        let power = (kp * error + ki * integral + kd * derivative).clamp(0.0, 100.0);
        value += (power - (value - 20.0) * 0.1) * dt;
        before = error;
        out[i] = value;
    }
}

/// Standard deviations of the last so many elements, from sums that move along.
#[kernel]
fn rolling_deviations(x: &ArrayRef1<f64>, window: usize, out: &mut ArrayRef1<f64>) {
    let mut sum = 0.0;
    let mut squares = 0.0;
    let w = window as f64;
    for i in 0..x.len() {
        sum += x[i];
        squares += x[i] * x[i];
        if i >= window {
            sum -= x[i - window];
            squares -= x[i - window] * x[i - window];
        }
        if i + 1 >= window {
            let mean = sum / w;
            out[i] = (squares / w - mean * mean).max(0.0).sqrt();
        } else {
            out[i] = f64::NAN;
        }
    }
}

/// Count, mean, least and greatest of each group.
#[kernel]
fn group_means(groups: &ArrayRef1<usize>, values: &ArrayRef1<f64>, count: usize) -> Array2<f64> {
    let mut stats = Array2::zeros((count, 4));
    for g in 0..count {
        stats[[g, 2]] = f64::INFINITY;
        stats[[g, 3]] = f64::NEG_INFINITY;
    }
    for i in 0..values.len() {
        let g = groups[i];
        let v = values[i];
        stats[[g, 0]] += 1.0;
        stats[[g, 1]] += v;
        if v < stats[[g, 2]] {
            stats[[g, 2]] = v;
        }
        if v > stats[[g, 3]] {
            stats[[g, 3]] = v;
        }
    }
    for g in 0..count {
        if stats[[g, 0]] > 0.0 {
            stats[[g, 1]] /= stats[[g, 0]];
        }
    }
    stats
}

/// A filter of position and speed (Kalman).
#[kernel]
fn kalman(measured: &ArrayRef1<f64>, q: f64, r: f64, out: &mut ArrayRef1<f64>) {
    let (mut x, mut v) = (0.0, 0.0);
    let (mut p00, mut p01, mut p11) = (1.0, 0.0, 1.0);
    for i in 0..measured.len() {
        x += v;
        p00 += 2.0 * p01 + p11 + q;
        p01 += p11;
        p11 += q;
        let s = p00 + r;
        let (k0, k1) = (p00 / s, p01 / s);
        let error = measured[i] - x;
        x += k0 * error;
        v += k1 * error;
        let (a, b) = (p00, p01);
        p00 = (1.0 - k0) * a;
        p01 = (1.0 - k0) * b;
        p11 -= k1 * b;
        out[i] = x;
    }
}

/// Money and shares after orders are filled where limits allow.
#[kernel]
fn order_book(prices: &ArrayRef1<f64>, low: f64, high: f64) -> (f64, i64, usize) {
    let mut cash = 10_000.0;
    let mut shares = 0i64;
    let mut trades = 0usize;
    for &price in prices.iter() {
        if price < low && cash >= price {
            let bought = (cash / price / 10.0).floor() as i64;
            if bought > 0 {
                cash -= bought as f64 * price;
                shares += bought;
                trades += 1;
            }
        } else if price > high && shares > 0 {
            let sold = (shares + 1) / 2;
            cash += sold as f64 * price;
            shares -= sold;
            trades += 1;
        }
    }
    (cash, shares, trades)
}

/// Turning points that are so far from the last one.
#[kernel]
fn zigzag(a: &ArrayRef1<f64>, threshold: f64) -> Vec<usize> {
    let mut pivots = Vec::new();
    if a.is_empty() {
        return pivots;
    }
    let mut last = a[0];
    let mut place = 0;
    let mut up = true;
    for i in 1..a.len() {
        if up {
            if a[i] > last {
                last = a[i];
                place = i;
            } else if last - a[i] > threshold {
                pivots.push(place);
                up = false;
                last = a[i];
                place = i;
            }
        } else if a[i] < last {
            last = a[i];
            place = i;
        } else if a[i] - last > threshold {
            pivots.push(place);
            up = true;
            last = a[i];
            place = i;
        }
    }
    pivots
}

/// The mean value of the few nearest points.
#[kernel]
fn nearest_few(
    points: &ArrayRef2<f64>,
    values: &ArrayRef1<f64>,
    query: &ArrayRef2<f64>,
    out: &mut ArrayRef1<f64>,
) {
    for q in 0..query.nrows() {
        let mut best = [f64::INFINITY; 4];
        let mut at = [0usize; 4];
        for p in 0..points.nrows() {
            let mut d = 0.0;
            for k in 0..points.ncols() {
                let x = points[[p, k]] - query[[q, k]];
                d += x * x;
            }
            if d < best[3] {
                let mut k = 3;
                while k > 0 && best[k - 1] > d {
                    best[k] = best[k - 1];
                    at[k] = at[k - 1];
                    k -= 1;
                }
                best[k] = d;
                at[k] = p;
            }
        }
        let mut sum = 0.0;
        for k in 0..4 {
            sum += values[at[k]];
        }
        out[q] = sum / 4.0;
    }
}

/// Votes of the points of an image for lines.
#[kernel]
fn hough(image: &ArrayRef2<u8>, cos: &ArrayRef1<f64>, sin: &ArrayRef1<f64>) -> Array2<u32> {
    let (h, w) = image.dim();
    let reach = h + w;
    let mut votes = Array2::zeros((cos.len(), 2 * reach + 1));
    for y in 0..h {
        for x in 0..w {
            if image[[y, x]] > 250 {
                for t in 0..cos.len() {
                    let r = x as f64 * cos[t] + y as f64 * sin[t];
                    let bin = (r.round() as i64 + reach as i64) as usize;
                    votes[[t, bin]] += 1;
                }
            }
        }
    }
    votes
}

/// How far each point is from the next one that is set, in steps.
#[kernel]
fn distance_transform(image: &ArrayRef2<u8>, d: &mut ArrayRef2<i32>) {
    let (h, w) = image.dim();
    for y in 0..h {
        for x in 0..w {
            if image[[y, x]] > 250 {
                d[[y, x]] = 0;
            } else {
                let mut best = (h + w) as i32;
                if y > 0 {
                    best = best.min(d[[y - 1, x]] + 1);
                }
                if x > 0 {
                    best = best.min(d[[y, x - 1]] + 1);
                }
                d[[y, x]] = best;
            }
        }
    }
    for y in (0..h).rev() {
        for x in (0..w).rev() {
            let mut best = d[[y, x]];
            if y + 1 < h {
                best = best.min(d[[y + 1, x]] + 1);
            }
            if x + 1 < w {
                best = best.min(d[[y, x + 1]] + 1);
            }
            d[[y, x]] = best;
        }
    }
}

/// Blocks of eight by eight in cosines.
#[kernel]
fn cosine_blocks(image: &ArrayRef2<f64>, table: &ArrayRef2<f64>, out: &mut ArrayRef2<f64>) {
    let (h, w) = image.dim();
    for by in 0..h / 8 {
        for bx in 0..w / 8 {
            let mut rows = [[0.0f64; 8]; 8];
            for y in 0..8 {
                for u in 0..8 {
                    let mut sum = 0.0;
                    for x in 0..8 {
                        sum += image[[by * 8 + y, bx * 8 + x]] * table[[u, x]];
                    }
                    rows[y][u] = sum;
                }
            }
            for u in 0..8 {
                for v in 0..8 {
                    let mut sum = 0.0;
                    for y in 0..8 {
                        sum += rows[y][u] * table[[v, y]];
                    }
                    out[[by * 8 + v, bx * 8 + u]] = sum;
                }
            }
        }
    }
}

/// Hue and saturation of colours.
#[kernel]
fn hues(rgb: &ArrayRef2<f64>, out: &mut ArrayRef2<f64>) {
    for i in 0..rgb.nrows() {
        let (r, g, b) = (rgb[[i, 0]], rgb[[i, 1]], rgb[[i, 2]]);
        let most = r.max(g).max(b);
        let least = r.min(g).min(b);
        let spread = most - least;
        let hue = if spread == 0.0 {
            0.0
        } else if most == r {
            60.0 * ((g - b) / spread)
        } else if most == g {
            60.0 * ((b - r) / spread + 2.0)
        } else {
            60.0 * ((r - g) / spread + 4.0)
        };
        out[[i, 0]] = if hue < 0.0 { hue + 360.0 } else { hue };
        out[[i, 1]] = if most == 0.0 { 0.0 } else { spread / most };
        out[[i, 2]] = most;
    }
}

/// A blur that keeps edges.
#[kernel]
fn bilateral(image: &ArrayRef2<f64>, out: &mut ArrayRef2<f64>) {
    let (h, w) = image.dim();
    for y in 2..h.max(2) - 2 {
        for x in 2..w.max(2) - 2 {
            let centre = image[[y, x]];
            let (mut sum, mut weight) = (0.0, 0.0);
            for dy in 0..5 {
                for dx in 0..5 {
                    let v = image[[y + dy - 2, x + dx - 2]];
                    let d = v - centre;
                    let k = 1.0 / (1.0 + 20.0 * d * d);
                    sum += k * v;
                    weight += k;
                }
            }
            out[[y, x]] = sum / weight;
        }
    }
}

/// The threshold that parts an image best (Otsu).
#[kernel]
fn otsu(image: &ArrayRef2<u8>) -> usize {
    let mut counts = [0u32; 256];
    for &v in image.iter() {
        counts[v as usize] += 1;
    }
    let total = image.len() as f64;
    let mut sum = 0.0;
    for v in 0..256 {
        sum += v as f64 * counts[v] as f64;
    }
    let (mut below, mut sum_below) = (0.0, 0.0);
    let (mut best, mut threshold) = (-1.0, 0);
    for v in 0..256 {
        below += counts[v] as f64;
        if below == 0.0 {
            continue;
        }
        let above = total - below;
        if above == 0.0 {
            break;
        }
        sum_below += v as f64 * counts[v] as f64;
        let d = sum_below / below - (sum - sum_below) / above;
        let between = below * above * d * d;
        if between > best {
            best = between;
            threshold = v;
        }
    }
    threshold
}

/// Where two averages of different memory cross.
#[kernel]
fn crossings(x: &ArrayRef1<f64>, fast: f64, slow: f64) -> Array1<i8> {
    let mut signals = Array1::zeros(x.len());
    let (mut a, mut b) = (0.0, 0.0);
    let mut above = false;
    for i in 0..x.len() {
        a += fast * (x[i] - a);
        b += slow * (x[i] - b);
        let now = a > b;
        if now != above {
            signals[i] = if now { 1 } else { -1 };
        }
        above = now;
    }
    signals
}

/// The kernels of this file.
pub const ROWS: &[Row] = &[
    row!(garch rounded [5000, 2_000_000] |n| reads returns = uniform(n, 1) - 0.5; call(&returns, 0.01, 0.1, 0.8)),
    row!(controlled [5000, 2_000_000] |n| reads target = uniform(n, 1) * 50.0; writes out = zeros(n); call(&target, out)),
    row!(rolling_deviations [5000, 2_000_000] |n| reads x = uniform(n, 1); writes out = zeros(n); call(&x, 20, out)),
    row!(group_means [5000, 2_000_000] |n| reads groups = below(64, n, 1), values = uniform(n, 2);
        call(&groups, &values, 64)),
    row!(kalman [5000, 2_000_000] |n| reads measured = uniform(n, 1); writes out = zeros(n);
        call(&measured, 0.01, 0.5, out)),
    row!(order_book [5000, 2_000_000] |n| reads prices = uniform(n, 1) + 1.0; call(&prices, 1.3, 1.7)),
    row!(zigzag [5000, 2_000_000] |n| reads a = uniform(n, 1); call(&a, 0.6)),
    row!(nearest_few [60, 2000] |n| reads points = uniform((n, 3), 1), values = uniform(n, 2), query = uniform((n, 3), 3);
        writes out = zeros(n); call(&points, &values, &query, out)),
    row!(hough [100, 900] |n| reads image = below(256, (n, n), 1), angles = uniform(90, 2) * 3.0,
        cos = angles.cos(), sin = angles.sin(); call(&image, &cos, &sin)),
    row!(distance_transform [100, 2000] |n| reads image = below(256, (n, n), 1); writes d = zeros((n, n)); call(&image, d)),
    row!(cosine_blocks [64, 1000] |n| reads image = uniform((n, n), 1), table = uniform((8, 8), 2);
        writes out = zeros((n, n)); call(&image, &table, out)),
    row!(hues [2000, 1_000_000] |n| reads rgb = uniform((n, 3), 1); writes out = zeros((n, 3)); call(&rgb, out)),
    row!(bilateral [80, 800] |n| reads image = uniform((n, n), 1); writes out = zeros((n, n)); call(&image, out)),
    row!(otsu [150, 3000] |n| reads image = below(256, (n, n), 1); call(&image)),
    row!(crossings [5000, 2_000_000] |n| reads x = uniform(n, 1); call(&x, 0.3, 0.05)),
];
