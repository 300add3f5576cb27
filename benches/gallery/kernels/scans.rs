//! One element after the other: what is known so far goes on to the next, and decides.
//!
//! ```text
//! drawdown  reservoir  viterbi  affine_gaps  common_elements  pairs_of_sum  string_hash  error_diffusion
//! ```

use super::data::{below, uniform, zeros};
use super::row::{Row, row};
use ndarray::{ArrayRef1, ArrayRef2};
use parfuse::prelude::*;

/// How far prices have fallen since they were highest.
#[kernel]
fn drawdown(prices: &ArrayRef1<f64>) -> f64 {
    let mut peak = prices[0];
    let mut worst = 0.0;
    for i in 0..prices.len() {
        peak = peak.max(prices[i]);
        worst = f64::max(worst, (peak - prices[i]) / peak);
    }
    worst
}

/// What leaves a reservoir by rules of its level; the sum of what runs over.
#[kernel]
fn reservoir(inflow: &ArrayRef1<f64>, released: &mut ArrayRef1<f64>) -> f64 {
    let mut level = 50.0;
    let mut over = 0.0;
    for i in 0..inflow.len() {
        level += inflow[i];
        let release = if level > 80.0 {
            6.0
        } else if level > 40.0 {
            4.0
        } else {
            f64::min(2.0, level)
        };
        level -= release;
        if level > 100.0 {
            over += level - 100.0;
            level = 100.0;
        }
        released[i] = release;
    }
    over
}

/// The likeliest way through four states.
#[kernel]
fn viterbi(
    seen: &ArrayRef2<f64>,
    moves: &ArrayRef2<f64>,
    score: &mut ArrayRef2<f64>,
    from: &mut ArrayRef2<i32>,
) {
    let (n, states) = seen.dim();
    for t in 1..n {
        for j in 0..states {
            let mut best = f64::NEG_INFINITY;
            let mut place = 0;
            for k in 0..states {
                let s = score[[t - 1, k]] + moves[[k, j]];
                if s > best {
                    best = s;
                    place = k as i32;
                }
            }
            score[[t, j]] = best + seen[[t, j]];
            from[[t, j]] = place;
        }
    }
}

/// The best local alignment, with gaps that cost more to open than to go on (Gotoh).
#[kernel]
fn affine_gaps(
    a: &ArrayRef1<u8>,
    b: &ArrayRef1<u8>,
    row: &mut ArrayRef1<f64>,
    gaps: &mut ArrayRef1<f64>,
) -> f64 {
    let mut best = 0.0;
    for i in 0..a.len() {
        let mut diagonal = 0.0;
        let mut across = f64::NEG_INFINITY;
        let mut left = 0.0;
        for j in 0..b.len() {
            gaps[j] = (gaps[j] - 0.5).max(row[j] - 2.0);
            across = f64::max(across - 0.5, left - 2.0);
            let same = if a[i] == b[j] { 2.0 } else { -1.0 };
            let here = f64::max(diagonal + same, 0.0).max(gaps[j]).max(across);
            diagonal = row[j];
            row[j] = here;
            left = here;
            if here > best {
                best = here;
            }
        }
    }
    best
}

/// How many numbers two sorted lists share.
#[kernel]
fn common_elements(a: &ArrayRef1<i64>, b: &ArrayRef1<i64>) -> i64 {
    let (mut i, mut j, mut common) = (0, 0, 0i64);
    while i < a.len() && j < b.len() {
        if a[i] < b[j] {
            i += 1;
        } else if a[i] > b[j] {
            j += 1;
        } else {
            common += 1;
            i += 1;
            j += 1;
        }
    }
    common
}

/// How many pairs of sorted numbers have a sum.
#[kernel]
fn pairs_of_sum(a: &ArrayRef1<i64>, sum: i64) -> i64 {
    let (mut i, mut j) = (0, a.len() - 1);
    let mut count = 0i64;
    while i < j {
        let s = a[i] + a[j];
        if s == sum {
            count += 1;
            i += 1;
            j -= 1;
        } else if s < sum {
            i += 1;
        } else {
            j -= 1;
        }
    }
    count
}

/// Bernstein's hash.
#[kernel]
fn string_hash(text: &ArrayRef1<u8>) -> u32 {
    let mut hash = 5381u32;
    for &c in text.iter() {
        hash = hash.wrapping_mul(33) ^ c as u32;
    }
    hash
}

/// Black and white with errors that go on to neighbours (Floyd and Steinberg).
#[kernel]
fn error_diffusion(image: &mut ArrayRef2<f64>) {
    let (n, m) = image.dim();
    for i in 0..n - 1 {
        for j in 1..m - 1 {
            let old = image[[i, j]];
            let new = if old > 0.5 { 1.0 } else { 0.0 };
            let error = old - new;
            image[[i, j]] = new;
            image[[i, j + 1]] += error * 7.0 / 16.0;
            image[[i + 1, j - 1]] += error * 3.0 / 16.0;
            image[[i + 1, j]] += error * 5.0 / 16.0;
            image[[i + 1, j + 1]] += error / 16.0;
        }
    }
}

/// Numbers that do not decrease, with some left out.
fn sorted(n: usize, limit: u64, seed: u64) -> ndarray::Array1<i64> {
    let mut numbers = below(limit, n, seed).to_vec();
    numbers.sort_unstable();
    numbers.into()
}

/// The kernels of this file.
pub const ROWS: &[Row] = &[
    row!(drawdown [20_000, 8_000_000] least 1 |n| reads prices = uniform(n, 1) + 1.0; call(&prices)),
    row!(reservoir [20_000, 2_000_000] |n| reads inflow = uniform(n, 1) * 9.0; writes released = zeros(n);
        call(&inflow, released)),
    row!(viterbi [1000, 100_000] |n| reads seen = uniform((n, 4), 1), moves = uniform((4, 4), 2);
        writes score = zeros((n, 4)), from = zeros((n, 4)); call(&seen, &moves, score, from)),
    row!(affine_gaps [250, 2500] |n| reads a = below(4, n, 1), b = below(4, n + 3, 2);
        writes row = zeros(n + 3), gaps = zeros(n + 3); call(&a, &b, row, gaps)),
    row!(common_elements [20_000, 4_000_000] |n| reads a = sorted(n, 2 * n as u64 + 1, 1),
        b = sorted(n, 2 * n as u64 + 1, 2); call(&a, &b)),
    row!(pairs_of_sum [20_000, 8_000_000] least 1 |n| reads a = sorted(n, 4 * n as u64, 1); call(&a, 4 * n as i64)),
    row!(string_hash [50_000, 10_000_000] |n| reads text = below(128, n, 1); call(&text)),
    row!(error_diffusion [150, 2000] least 2 |n| writes image = uniform((n, n), 1); call(image)),
];
