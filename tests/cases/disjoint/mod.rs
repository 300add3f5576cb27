//! Loops in `prange` whose iterations a person sees to be apart: they are taken, and give what the function gives.
//!
//! ```text
//! u[[i, t + 1]] from u[[i, t]]        levels             a[i * w + j], j < w        rows in one axis
//! row k in rows k + 1..n              pivots             start[g]..start[g + 1]     segments
//! (i + j) % 2 == c                    colours            out[perm[i]]               entries that differ
//! ```
#![allow(clippy::manual_div_ceil, reason = "as users write it")]

mod elements;
mod parts;
mod quotients;
mod values;

use super::ways::{error_of, every_way};
use ndarray::{Array1, Array2, Array3, ArrayRef1, ArrayRef2, ArrayRef3, s};
use parfuse::Error;
use parfuse::prelude::*;

#[kernel]
fn wave(u: &mut ArrayRef2<f64>, k: f64) {
    let (n, m) = u.dim();
    for t in 0..m - 1 {
        for i in prange(1..n - 1) {
            u[[i, t + 1]] = u[[i, t]] + k * (u[[i + 1, t]] - 2.0 * u[[i, t]] + u[[i - 1, t]]);
        }
    }
}

#[kernel]
fn leapfrog(u: &mut ArrayRef2<f64>, k: f64) {
    let (m, n) = u.dim();
    for t in 1..m - 1 {
        for i in prange(1..n - 1) {
            u[[t + 1, i]] =
                2.0 * u[[t, i]] - u[[t - 1, i]] + k * (u[[t, i + 1]] - 2.0 * u[[t, i]] + u[[t, i - 1]]);
        }
    }
}

#[kernel]
fn two_levels(u: &mut ArrayRef3<f64>, steps: usize) {
    let (_, n, m) = u.dim();
    for t in 0..steps {
        let (old, new) = (t % 2, 1 - t % 2);
        for i in prange(1..n - 1) {
            for j in 1..m - 1 {
                u[[new, i, j]] =
                    (u[[old, i - 1, j]] + u[[old, i + 1, j]] + u[[old, i, j - 1]] + u[[old, i, j + 1]]) / 4.0;
            }
        }
    }
}

#[kernel]
fn longest_common(a: &ArrayRef1<i64>, b: &ArrayRef1<i64>, best: &mut ArrayRef2<i64>) {
    let (n, m) = (a.len(), b.len());
    for d in 2..n + m + 1 {
        let low = if d > m { d - m } else { 1 };
        let high = if d - 1 < n { d - 1 } else { n };
        for i in prange(low..high + 1) {
            let j = d - i;
            best[[i, j]] = if a[i - 1] == b[j - 1] {
                best[[i - 1, j - 1]] + 1
            } else {
                best[[i - 1, j]].max(best[[i, j - 1]])
            };
        }
    }
}

#[kernel]
fn factorise(a: &mut ArrayRef2<f64>) {
    let n = a.nrows();
    for k in 0..n {
        for i in prange(k + 1..n) {
            let f = a[[i, k]] / a[[k, k]];
            a[[i, k]] = f;
            for j in k + 1..n {
                a[[i, j]] -= f * a[[k, j]];
            }
        }
    }
}

#[kernel]
fn cholesky(a: &mut ArrayRef2<f64>) {
    let n = a.nrows();
    for j in 0..n {
        let mut d = a[[j, j]];
        for k in 0..j {
            d -= a[[j, k]] * a[[j, k]];
        }
        let d = d.sqrt();
        a[[j, j]] = d;
        for i in prange(j + 1..n) {
            let mut s = a[[i, j]];
            for k in 0..j {
                s -= a[[i, k]] * a[[j, k]];
            }
            a[[i, j]] = s / d;
        }
    }
}

#[kernel]
fn eliminate(a: &mut ArrayRef2<f64>) {
    let (n, m) = a.dim();
    for k in 0..n {
        for i in prange(0..n) {
            if i != k {
                let f = a[[i, k]] / a[[k, k]];
                for j in k..m {
                    a[[i, j]] -= f * a[[k, j]];
                }
            }
        }
    }
}

#[kernel]
fn guarded(a: &mut ArrayRef2<f64>, k: usize, j: usize) {
    for i in prange(0..a.nrows()) {
        if i != k {
            a[[i, j]] -= a[[i, k]] * a[[k, j]];
        }
    }
}

#[kernel]
fn skipped(a: &mut ArrayRef2<f64>, k: usize, j: usize) {
    for i in prange(0..a.nrows()) {
        if i == k {
            continue;
        }
        a[[i, j]] -= a[[i, k]] * a[[k, j]];
    }
}

#[kernel]
fn red_black_line(u: &mut ArrayRef1<f64>) {
    let n = u.len();
    for c in 0..2 {
        for i in prange((1 + c..n - 1).step_by(2)) {
            u[i] = 0.5 * (u[i - 1] + u[i + 1]);
        }
    }
}

#[kernel]
fn red_black_guard(u: &mut ArrayRef1<f64>) {
    let n = u.len();
    for c in 0..2 {
        for i in prange(1..n - 1) {
            if i % 2 == c {
                u[i] = 0.5 * (u[i - 1] + u[i + 1]);
            }
        }
    }
}

#[kernel]
fn checkerboard(u: &mut ArrayRef2<f64>) {
    let (n, m) = u.dim();
    for c in 0..2 {
        for i in prange(1..n - 1) {
            for j in 1..m - 1 {
                if (i + j) % 2 == c {
                    u[[i, j]] = 0.25 * (u[[i - 1, j]] + u[[i + 1, j]] + u[[i, j - 1]] + u[[i, j + 1]]);
                }
            }
        }
    }
}

#[kernel]
fn checkerboard_steps(u: &mut ArrayRef2<f64>) {
    let (n, m) = u.dim();
    for c in 0..2 {
        for i in prange(1..n - 1) {
            for j in (1 + (i + c) % 2..m - 1).step_by(2) {
                u[[i, j]] = 0.25 * (u[[i - 1, j]] + u[[i + 1, j]] + u[[i, j - 1]] + u[[i, j + 1]]);
            }
        }
    }
}

#[kernel]
fn checkerboard_bits(u: &mut ArrayRef2<f64>, c: usize) {
    let (n, m) = u.dim();
    for i in prange(1..n - 1) {
        for j in 1..m - 1 {
            if (i + j) & 1 == c {
                u[[i, j]] = 0.25 * (u[[i - 1, j]] + u[[i + 1, j]] + u[[i, j - 1]] + u[[i, j + 1]]);
            }
        }
    }
}

#[kernel]
fn checkerboard_signed(u: &mut ArrayRef2<f64>, c: i64) {
    let (n, m) = u.dim();
    for i in prange(1..n as i64 - 1) {
        for j in 1..m as i64 - 1 {
            if (i + j) % 2 == c {
                u[[i as usize, j as usize]] = 0.25
                    * (u[[(i - 1) as usize, j as usize]]
                        + u[[(i + 1) as usize, j as usize]]
                        + u[[i as usize, (j - 1) as usize]]
                        + u[[i as usize, (j + 1) as usize]]);
            }
        }
    }
}

#[kernel]
fn even_from_odd(a: &mut ArrayRef1<i64>, n: usize) {
    for i in prange(0..n) {
        for j in 0..n {
            a[2 * i] += a[2 * j + 1];
        }
    }
}

#[kernel]
fn linear_rows(a: &mut ArrayRef1<i64>, x: &ArrayRef1<i64>, n: usize, w: usize) {
    for i in prange(0..n) {
        for j in 0..w {
            a[i * w + j] = x[j] * i as i64;
        }
    }
}

#[kernel]
fn linear_cells(a: &mut ArrayRef1<i64>, n: usize, h: usize, w: usize) {
    for i in prange(0..n) {
        for j in 0..h {
            for k in 0..w {
                a[(i * h + j) * w + k] = (i + 2 * j + 3 * k) as i64;
            }
        }
    }
}

#[kernel]
fn linear_planes(a: &mut ArrayRef1<i64>, n: usize, h: usize, w: usize) {
    for i in prange(0..n) {
        for j in 0..h {
            for k in 0..w {
                a[i * h * w + j * w + k] = (i + 2 * j + 3 * k) as i64;
            }
        }
    }
}

#[kernel]
fn linear_signed(a: &mut ArrayRef1<i64>, n: i64, w: i64) {
    for i in prange(0..n) {
        for j in 0..w {
            a[(i * w + j) as usize] = i - j;
        }
    }
}

#[kernel]
fn linear_cast(a: &mut ArrayRef1<i64>, n: i32, w: i32) {
    for i in prange(0..n) {
        for j in 0..w {
            a[i as usize * w as usize + j as usize] = (i - j) as i64;
        }
    }
}

#[kernel]
fn padded(a: &mut ArrayRef1<i64>, n: usize, m: usize, pitch: usize) {
    for i in prange(0..n) {
        for j in 0..m {
            a[i * pitch + j] = (i + j) as i64;
        }
    }
}

#[kernel]
fn one_column(a: &mut ArrayRef1<i64>, n: usize, w: usize) {
    for i in prange(0..n) {
        a[i * w] = i as i64;
    }
}

#[kernel]
fn stencil_in_one_axis(old: &ArrayRef1<i64>, new: &mut ArrayRef1<i64>, h: usize, w: usize) {
    for y in prange(1..h - 1) {
        for x in 1..w - 1 {
            let p = y * w + x;
            new[p] = old[p - 1] + old[p + 1] + old[p - w] + old[p + w];
        }
    }
}

#[kernel]
fn blocks(a: &mut ArrayRef1<i64>, n: usize) {
    for b in prange(0..n) {
        for r in 0..16 {
            a[b * 16 + r] = (b * r) as i64;
        }
    }
}

#[kernel]
fn chunks(a: &mut ArrayRef1<i64>, chunk: usize) {
    let n = a.len();
    for c in prange(0..(n + chunk - 1) / chunk) {
        let first = c * chunk;
        let end = (first + chunk).min(n);
        let mut s = 0;
        for i in first..end {
            s += a[i];
            a[i] = s;
        }
    }
}

#[kernel]
fn chunks_of_64(a: &mut ArrayRef1<i64>) {
    let n = a.len();
    for c in prange(0..(n + 63) / 64) {
        for i in c * 64..((c + 1) * 64).min(n) {
            a[i] += c as i64;
        }
    }
}

#[kernel]
fn steps_of_tiles(a: &mut ArrayRef2<i64>) {
    let (n, m) = a.dim();
    for top in prange((0..n).step_by(8)) {
        for left in (0..m).step_by(8) {
            for i in top..(top + 8).min(n) {
                for j in left..(left + 8).min(m) {
                    a[[i, j]] += (top + left) as i64;
                }
            }
        }
    }
}

#[kernel]
fn reversed(a: &mut ArrayRef1<i64>) {
    let n = a.len();
    for i in prange(0..n / 2) {
        let (left, right) = (a[i], a[n - 1 - i]);
        a[i] = right;
        a[n - 1 - i] = left;
    }
}

#[kernel]
fn halves(a: &mut ArrayRef1<i64>) {
    let h = a.len() / 2;
    for i in prange(0..h) {
        a[i] += a[i + h];
    }
}

#[kernel]
fn folded(a: &mut ArrayRef1<i64>, h: usize) {
    for i in prange(0..h) {
        a[i + h] = a[i] * 2;
        a[i] = 0;
    }
}

#[kernel]
fn symmetric(a: &mut ArrayRef2<i64>, x: &ArrayRef1<i64>) {
    let n = a.nrows();
    for i in prange(0..n) {
        for j in 0..i {
            let v = x[i] * x[j];
            a[[i, j]] = v;
            a[[j, i]] = v;
        }
    }
}

#[kernel]
fn transpose_in_place(a: &mut ArrayRef2<i64>) {
    let n = a.nrows();
    for i in prange(0..n) {
        for j in i + 1..n {
            let t = a[[i, j]];
            a[[i, j]] = a[[j, i]];
            a[[j, i]] = t;
        }
    }
}

#[kernel]
fn butterflies(a: &mut ArrayRef1<i64>, half: usize) {
    let groups = a.len() / (2 * half);
    for g in prange(0..groups) {
        for k in 0..half {
            let (i, j) = (g * 2 * half + k, g * 2 * half + k + half);
            let (x, y) = (a[i], a[j]);
            a[i] = x + y;
            a[j] = x - y;
        }
    }
}

#[kernel]
fn butterflies_inside(a: &mut ArrayRef1<i64>, half: usize) {
    let n = a.len();
    for base in (0..n).step_by(2 * half) {
        for k in prange(0..half) {
            let (x, y) = (a[base + k], a[base + k + half]);
            a[base + k] = x + y;
            a[base + k + half] = x - y;
        }
    }
}

#[kernel]
fn bitonic(a: &mut ArrayRef1<i64>, j: usize, k: usize) {
    for i in prange(0..a.len()) {
        let l = i ^ j;
        if l > i {
            let (x, y) = (a[i], a[l]);
            if (x > y) == (i & k == 0) {
                a[i] = y;
                a[l] = x;
            }
        }
    }
}

#[kernel]
fn odd_even_sort(a: &mut ArrayRef1<i64>) {
    let n = a.len();
    for phase in 0..n {
        for i in prange(0..(n - phase % 2) / 2) {
            let l = 2 * i + phase % 2;
            let (x, y) = (a[l], a[l + 1]);
            a[l] = x.min(y);
            a[l + 1] = x.max(y);
        }
    }
}

#[kernel]
fn rows_by_views(a: &mut ArrayRef2<f64>, x: &ArrayRef1<f64>) {
    let n = a.nrows();
    for i in prange(1..n) {
        let mut row = a.row_mut(i);
        for j in 0..x.len() {
            row[j] += x[j];
        }
    }
}

#[kernel]
fn pivot_by_views(a: &mut ArrayRef2<f64>) {
    let (n, m) = a.dim();
    for k in 0..n {
        for i in prange(k + 1..n) {
            let f = a[[i, k]] / a[[k, k]];
            for j in k..m {
                let above = a.row(k)[j];
                a.row_mut(i)[j] -= f * above;
            }
        }
    }
}

#[kernel]
fn rows_as_slices(a: &mut ArrayRef1<f64>, w: usize) {
    for i in prange(0..a.len() / w) {
        let mut row = a.slice_mut(s![i * w..(i + 1) * w]);
        for j in 0..w {
            row[j] += i as f64;
        }
    }
}

#[kernel]
fn row_against_rows(a: &mut ArrayRef2<f64>) {
    for i in prange(1..a.nrows()) {
        let s = a.row(0).dot(&a.row(i));
        for j in 0..a.ncols() {
            a[[i, j]] -= s * a[[0, j]];
        }
    }
}

#[kernel]
fn clipped_diagonals(v: &mut ArrayRef2<i64>) {
    let (n, m) = v.dim();
    for d in 2..n + m - 1 {
        for i in prange((d + 1).saturating_sub(m).max(1)..d.min(n)) {
            v[[i, d - i]] = (v[[i - 1, d - i]] + v[[i, d - i - 1]]) % 1000;
        }
    }
}

#[kernel]
fn several(a: &mut ArrayRef1<i64>, b: &mut ArrayRef2<i64>, n: usize) {
    for i in prange(0..n) {
        a[i] = b[[0, i]];
        b[[1, i]] = a[i] + 1;
        b[[0, i]] -= b[[1, i]];
    }
}

#[kernel]
fn nested_ranges(a: &mut ArrayRef2<i64>, b: usize) {
    let n = a.nrows();
    for block in prange(0..n / b) {
        for i in block * b..(block + 1) * b {
            for j in 0..i {
                a[[i, j]] += a[[i, i]];
            }
        }
    }
}

#[kernel]
fn above_from_below(a: &mut ArrayRef2<i64>) {
    let n = a.nrows();
    for i in prange(0..n) {
        for j in i + 1..n {
            a[[i, j]] = a[[j, i]] + a[[j, j]];
        }
    }
}

#[kernel]
fn three_colours(u: &mut ArrayRef1<f64>, c: usize) {
    for i in prange(1..u.len() - 1) {
        if i % 3 == c {
            u[i] += u[i - 1] * u[i + 1];
        }
    }
}

#[kernel]
fn skip_lists(a: &mut ArrayRef1<i64>, stride: usize) {
    for i in prange((0..a.len()).step_by(2 * stride)) {
        if i + stride < a.len() {
            a[i] += a[i + stride];
        }
    }
}

fn numbers(n: usize) -> Array1<i64> {
    Array1::from_shape_fn(n, |i| (i * i % 101) as i64 - 40)
}

fn floats(n: usize) -> Array1<f64> {
    numbers(n).mapv(|x| x as f64 / 8.0)
}

fn matrix(n: usize, m: usize) -> Array2<i64> {
    Array2::from_shape_fn((n, m), |(i, j)| ((i * 31 + j * 17) % 53) as i64 - 20)
}

fn grid(n: usize, m: usize) -> Array2<f64> {
    matrix(n, m).mapv(|x| x as f64 / 4.0)
}
