//! Iterations that are apart, each in its way.
//!
//! ```text
//! five_points  red_black_sor  wave_levels  lu_prange  antidiagonals      proven apart
//! permuted  segment_scales  flat_rows                                    tested in front of the loop
//! kept  kept_positions                                                   in order, one behind the other
//! ```

use super::data::{ascending, dominant, permutation, uniform, zeros};
use super::row::{Row, row};
use ndarray::{Array1, ArrayRef1, ArrayRef2};
use parfuse::prelude::*;
use rayon::prelude::*;

#[kernel]
fn five_points(a: &ArrayRef2<f64>, b: &mut ArrayRef2<f64>) {
    let (n, m) = a.dim();
    for i in prange(1..n - 1) {
        for j in 1..m - 1 {
            b[[i, j]] = 0.2 * (a[[i, j]] + a[[i, j - 1]] + a[[i, j + 1]] + a[[i + 1, j]] + a[[i - 1, j]]);
        }
    }
}

fn five_points_by_hand(a: &ArrayRef2<f64>, b: &mut ArrayRef2<f64>) {
    let (n, m) = a.dim();
    let from = a.as_slice().expect("neighbours");
    let rows = b.as_slice_mut().expect("neighbours")[m..(n - 1) * m].par_chunks_mut(m);
    rows.enumerate().for_each(|(i, row)| {
        let [above, here, below] = [i, i + 1, i + 2].map(|i| &from[i * m..(i + 1) * m]);
        for j in 1..m - 1 {
            row[j] = 0.2 * (here[j] + here[j - 1] + here[j + 1] + below[j] + above[j]);
        }
    });
}

/// Successive over-relaxation, by colours.
#[kernel]
fn red_black_sor(u: &mut ArrayRef2<f64>, f: &ArrayRef2<f64>, omega: f64) {
    let (n, m) = u.dim();
    for colour in 0..2 {
        for i in prange(1..n - 1) {
            for j in 1..m - 1 {
                if (i + j) % 2 == colour {
                    let around = u[[i - 1, j]] + u[[i + 1, j]] + u[[i, j - 1]] + u[[i, j + 1]];
                    u[[i, j]] += omega * (0.25 * (around - f[[i, j]]) - u[[i, j]]);
                }
            }
        }
    }
}

/// By hand the borders of rows are copied, for safe code cannot share rows by colours.
fn red_black_sor_by_hand(u: &mut ArrayRef2<f64>, f: &ArrayRef2<f64>, omega: f64) {
    let (n, m) = u.dim();
    let f = f.as_slice().expect("neighbours");
    let all = u.as_slice_mut().expect("neighbours");
    let threads = rayon::current_num_threads();
    for colour in 0..2 {
        let each = (n - 2).div_ceil(threads).max(1);
        // The rows beside each part, which its neighbours write.
        let borders: Vec<(Vec<f64>, Vec<f64>)> = (0..(n - 2).div_ceil(each))
            .map(|part| {
                let (first, end) = (1 + part * each, (1 + (part + 1) * each).min(n - 1));
                (all[(first - 1) * m..first * m].to_vec(), all[end * m..(end + 1) * m].to_vec())
            })
            .collect();
        let parts = all[m..(n - 1) * m].par_chunks_mut(each * m).zip(&borders).enumerate();
        parts.for_each(|(part, (rows, (above, below)))| {
            let count = rows.len() / m;
            for r in 0..count {
                let i = 1 + part * each + r;
                let (before, rest) = rows.split_at_mut(r * m);
                let (row, after) = rest.split_at_mut(m);
                let up = if r == 0 { &above[..] } else { &before[(r - 1) * m..] };
                let down = if r + 1 == count { &below[..] } else { &after[..m] };
                let mut j = 1 + (i + 1 + colour) % 2;
                while j < m - 1 {
                    let around = up[j] + down[j] + row[j - 1] + row[j + 1];
                    row[j] += omega * (0.25 * (around - f[i * m + j]) - row[j]);
                    j += 2;
                }
            }
        });
    }
}

/// All levels of time in one array.
#[kernel]
fn wave_levels(u: &mut ArrayRef2<f64>, c: f64) {
    let (levels, n) = u.dim();
    for t in 1..levels - 1 {
        for i in prange(1..n - 1) {
            u[[t + 1, i]] =
                2.0 * u[[t, i]] - u[[t - 1, i]] + c * (u[[t, i - 1]] - 2.0 * u[[t, i]] + u[[t, i + 1]]);
        }
    }
}

fn wave_levels_by_hand(u: &mut ArrayRef2<f64>, c: f64) {
    let (levels, n) = u.dim();
    let all = u.as_slice_mut().expect("neighbours");
    for t in 1..levels - 1 {
        let (before, after) = all.split_at_mut((t + 1) * n);
        let (old, now) = (&before[(t - 1) * n..t * n], &before[t * n..]);
        let inner = after[1..n - 1].par_iter_mut().with_min_len(4096).enumerate();
        inner.for_each(|(i, x)| {
            let i = i + 1;
            *x = 2.0 * now[i] - old[i] + c * (now[i - 1] - 2.0 * now[i] + now[i + 1]);
        });
    }
}

#[kernel]
fn lu_prange(a: &mut ArrayRef2<f64>) {
    let n = a.nrows();
    for k in 0..n {
        for i in prange(k + 1..n) {
            a[[i, k]] /= a[[k, k]];
            for j in k + 1..n {
                a[[i, j]] -= a[[i, k]] * a[[k, j]];
            }
        }
    }
}

fn lu_prange_by_hand(a: &mut ArrayRef2<f64>) {
    let n = a.nrows();
    let all = a.as_slice_mut().expect("neighbours");
    for k in 0..n {
        let (above, below) = all.split_at_mut((k + 1) * n);
        let pivots = &above[k * n..];
        let rows = below.par_chunks_mut(n).with_min_len(16);
        rows.for_each(|row| {
            row[k] /= pivots[k];
            let factor = row[k];
            row[k + 1..].iter_mut().zip(&pivots[k + 1..]).for_each(|(x, pivot)| *x -= factor * pivot);
        });
    }
}

/// Cells that need those above and before them, along diagonals.
#[kernel]
fn antidiagonals(a: &mut ArrayRef2<f64>) {
    let n = a.nrows();
    for d in 2..2 * n - 1 {
        let first = if d >= n { d - n + 1 } else { 1 };
        for i in prange(first.max(1)..d.min(n)) {
            a[[i, d - i]] += 0.25 * a[[i - 1, d - i]] + 0.25 * a[[i, d - i - 1]];
        }
    }
}

#[kernel]
fn permuted(order: &ArrayRef1<usize>, x: &ArrayRef1<f64>, out: &mut ArrayRef1<f64>) {
    for i in prange(0..order.len()) {
        out[order[i]] = 2.0 * x[i] + 1.0;
    }
}

/// By hand with the same test, on one thread, and the same stores, as atomic numbers.
fn permuted_by_hand(order: &ArrayRef1<usize>, x: &ArrayRef1<f64>, out: &mut ArrayRef1<f64>) {
    use std::sync::atomic::{AtomicU64, Ordering};
    let mut seen = vec![false; out.len()];
    for place in order {
        assert!(!std::mem::replace(&mut seen[*place], true), "{place} comes twice");
    }
    let places: Vec<AtomicU64> = (0..out.len()).map(|_| AtomicU64::new(0)).collect();
    let (order, x) = (order.as_slice().expect("neighbours"), x.as_slice().expect("neighbours"));
    order.par_iter().zip(x).with_min_len(4096).for_each(|(place, x)| {
        places[*place].store((2.0 * x + 1.0).to_bits(), Ordering::Relaxed);
    });
    let out = out.as_slice_mut().expect("neighbours");
    out.par_iter_mut().zip(&places).with_min_len(4096).for_each(|(out, place)| {
        *out = f64::from_bits(place.load(Ordering::Relaxed));
    });
}

/// Segments, each divided by its sum.
#[kernel]
fn segment_scales(start: &ArrayRef1<usize>, x: &mut ArrayRef1<f64>) {
    for g in prange(0..start.len() - 1) {
        let mut sum = 0.0;
        for i in start[g]..start[g + 1] {
            sum += x[i];
        }
        for i in start[g]..start[g + 1] {
            x[i] /= sum;
        }
    }
}

fn segment_scales_by_hand(start: &ArrayRef1<usize>, x: &mut ArrayRef1<f64>) {
    let mut rest = x.as_slice_mut().expect("neighbours");
    let mut segments = Vec::new();
    for g in 0..start.len() - 1 {
        let (segment, behind) = rest.split_at_mut(start[g + 1] - start[g]);
        segments.push(segment);
        rest = behind;
    }
    segments.into_par_iter().with_min_len(256).for_each(|segment| {
        let sum: f64 = segment.iter().sum();
        segment.iter_mut().for_each(|x| *x /= sum);
    });
}

/// Rows of an array with one axis.
#[kernel]
fn flat_rows(a: &mut ArrayRef1<f64>, width: usize, used: usize) {
    let rows = a.len() / width;
    for i in prange(0..rows) {
        for j in 0..used {
            a[i * width + j] = a[i * width + j].sqrt() + 1.0;
        }
    }
}

fn flat_rows_by_hand(a: &mut ArrayRef1<f64>, width: usize, used: usize) {
    let rows = a.as_slice_mut().expect("neighbours").par_chunks_exact_mut(width);
    rows.with_min_len(16).for_each(|row| row[..used].iter_mut().for_each(|x| *x = x.sqrt() + 1.0));
}

/// The elements above a limit, in order.
#[kernel]
fn kept(x: &ArrayRef1<f64>, limit: f64) -> Array1<f64> {
    x.iter().copied().filter(|x| *x > limit).collect()
}

fn kept_by_hand(x: &ArrayRef1<f64>, limit: f64) -> Array1<f64> {
    let all = x.as_slice().expect("neighbours");
    let each = all.len().div_ceil(rayon::current_num_threads()).max(1);
    let parts: Vec<Vec<f64>> =
        all.par_chunks(each).map(|part| part.iter().copied().filter(|x| *x > limit).collect()).collect();
    parts.concat().into()
}

/// The places of elements above a limit, by a counter.
#[kernel]
fn kept_positions(x: &ArrayRef1<f64>, limit: f64, places: &mut ArrayRef1<usize>) -> usize {
    let mut count = 0;
    for i in 0..x.len() {
        if x[i] > limit {
            places[count] = i;
            count += 1;
        }
    }
    count
}

fn kept_positions_by_hand(x: &ArrayRef1<f64>, limit: f64, places: &mut ArrayRef1<usize>) -> usize {
    let all = x.as_slice().expect("neighbours");
    let each = all.len().div_ceil(rayon::current_num_threads()).max(1);
    let parts: Vec<Vec<usize>> = all
        .par_chunks(each)
        .enumerate()
        .map(|(part, own)| (0..own.len()).filter(|i| own[*i] > limit).map(|i| part * each + i).collect())
        .collect();
    let found = parts.concat();
    places.as_slice_mut().expect("neighbours")[..found.len()].copy_from_slice(&found);
    found.len()
}

/// Where segments of one to seven elements start.
fn starts(n: usize) -> Array1<usize> {
    let lengths = super::data::below::<usize, _>(7, n, 1);
    let mut starts = vec![0];
    for length in lengths {
        starts.push(starts[starts.len() - 1] + length + 1);
    }
    starts.into()
}

/// The kernels of this file.
pub const ROWS: &[Row] = &[
    row!(five_points [150, 2500] least 2 |n| reads a = uniform((n, n + 1), 1); writes b = zeros((n, n + 1));
        call(&a, b) rayon five_points_by_hand),
    row!(red_black_sor [150, 2000] least 2 |n| reads f = uniform((n, n + 1), 2); writes u = uniform((n, n + 1), 1);
        call(u, &f, 1.5) rayon red_black_sor_by_hand),
    row!(wave_levels [4000, 300_000] least 2 |n| writes u = uniform((20, n), 1); call(u, 0.3)
        rayon wave_levels_by_hand),
    row!(lu_prange [100, 600] |n| writes a = dominant(n, 1); call(a) rayon lu_prange_by_hand),
    row!(antidiagonals [150, 2000] least 1 |n| writes a = uniform((n, n), 1); call(a)),
    row!(permuted [30_000, 4_000_000] |n| reads order = permutation(n, 1), x = uniform(n, 2); writes out = zeros(n);
        call(&order, &x, out) rayon permuted_by_hand),
    row!(segment_scales [5000, 1_000_000] |n| reads start = starts(n); writes x = ascending(7 * n) + 1.0;
        call(&start, x) rayon segment_scales_by_hand),
    row!(flat_rows [150, 2000] |n| writes a = uniform(n * (n + 3), 1); call(a, n + 3, n) rayon flat_rows_by_hand),
    row!(kept [30_000, 8_000_000] |n| reads x = uniform(n, 1); call(&x, 0.5) rayon kept_by_hand),
    row!(kept_positions [30_000, 8_000_000] |n| reads x = uniform(n, 1); writes places = zeros(n);
        call(&x, 0.5, places) rayon kept_positions_by_hand),
];
