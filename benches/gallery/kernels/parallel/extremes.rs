//! The best of many, and where it is.
//!
//! ```text
//! first_minimum  first_minimum_in_two_passes  position_of_minimum  last_maximum  closest_pair
//! ```

use super::data::uniform;
use super::row::{Row, row};
use ndarray::{ArrayRef1, ArrayRef2};
use parfuse::prelude::*;
use rayon::prelude::*;

#[kernel]
fn first_minimum(a: &ArrayRef1<f64>) -> (f64, usize) {
    let mut best = f64::INFINITY;
    let mut at = 0;
    for i in prange(0..a.len()) {
        if a[i] < best {
            best = a[i];
            at = i;
        }
    }
    (best, at)
}

/// The other way to write it: the least number first, then the first position that has it.
#[kernel]
fn first_minimum_in_two_passes(a: &ArrayRef1<f64>) -> (f64, usize) {
    let n = a.len();
    let mut best = f64::INFINITY;
    for i in prange(0..n) {
        best = best.min(a[i]);
    }
    let mut at = n;
    for i in prange(0..n) {
        if a[i] == best {
            at = at.min(i);
        }
    }
    (best, at % n.max(1))
}

fn first_minimum_by_hand(a: &ArrayRef1<f64>) -> (f64, usize) {
    let all = a.as_slice().expect("neighbours");
    let each = all.len().div_ceil(rayon::current_num_threads()).max(1);
    let parts = all.par_chunks(each).enumerate().map(|(part, own)| {
        let (mut best, mut at) = (f64::INFINITY, 0);
        for (i, x) in own.iter().enumerate() {
            if *x < best {
                (best, at) = (*x, part * each + i);
            }
        }
        (best, at)
    });
    parts.reduce(|| (f64::INFINITY, 0), |a, b| if b.0 < a.0 { b } else { a })
}

/// The position alone is kept, and the number looked up.
#[kernel]
fn position_of_minimum(a: &ArrayRef1<f64>) -> usize {
    let mut at = 0;
    for i in prange(1..a.len()) {
        if a[i] < a[at] {
            at = i;
        }
    }
    at
}

fn position_of_minimum_by_hand(a: &ArrayRef1<f64>) -> usize {
    first_minimum_by_hand(a).1
}

#[kernel]
fn last_maximum(a: &ArrayRef1<f32>) -> (f32, i64) {
    let mut best = f32::NEG_INFINITY;
    let mut at = -1;
    for i in prange(0..a.len()) {
        if a[i] >= best {
            best = a[i];
            at = i as i64;
        }
    }
    (best, at)
}

fn last_maximum_by_hand(a: &ArrayRef1<f32>) -> (f32, i64) {
    let all = a.as_slice().expect("neighbours");
    let each = all.len().div_ceil(rayon::current_num_threads()).max(1);
    let parts = all.par_chunks(each).enumerate().map(|(part, own)| {
        let (mut best, mut at) = (f32::NEG_INFINITY, -1);
        for (i, x) in own.iter().enumerate() {
            if *x >= best {
                (best, at) = (*x, (part * each + i) as i64);
            }
        }
        (best, at)
    });
    parts.reduce(|| (f32::NEG_INFINITY, -1), |a, b| if b.1 >= 0 && b.0 >= a.0 { b } else { a })
}

/// Of all pairs, one loop inside the other.
#[kernel]
fn closest_pair(points: &ArrayRef2<f64>) -> (f64, usize, usize) {
    let mut best = f64::INFINITY;
    let mut first = 0;
    let mut second = 0;
    for i in prange(0..points.nrows()) {
        for j in i + 1..points.nrows() {
            let dx = points[[i, 0]] - points[[j, 0]];
            let dy = points[[i, 1]] - points[[j, 1]];
            let distance = dx * dx + dy * dy;
            if distance < best {
                best = distance;
                first = i;
                second = j;
            }
        }
    }
    (best, first, second)
}

fn closest_pair_by_hand(points: &ArrayRef2<f64>) -> (f64, usize, usize) {
    let all = points.as_slice().expect("neighbours");
    let n = points.nrows();
    let none = || (f64::INFINITY, 0, 0);
    let rows = (0..n).into_par_iter().with_min_len(8).map(|i| {
        let mut found = none();
        for j in i + 1..n {
            let (dx, dy) = (all[2 * i] - all[2 * j], all[2 * i + 1] - all[2 * j + 1]);
            let distance = dx * dx + dy * dy;
            if distance < found.0 {
                found = (distance, i, j);
            }
        }
        found
    });
    rows.reduce(none, |a, b| if b.0 < a.0 { b } else { a })
}

/// The kernels of this file.
pub const ROWS: &[Row] = &[
    row!(first_minimum [30_000, 10_000_000] |n| reads a = uniform(n, 1); call(&a) rayon first_minimum_by_hand),
    row!(first_minimum_in_two_passes [30_000, 10_000_000] |n| reads a = uniform(n, 1); call(&a)
        rayon first_minimum_by_hand),
    row!(position_of_minimum [30_000, 10_000_000] |n| reads a = uniform(n, 1); call(&a)
        rayon position_of_minimum_by_hand),
    row!(last_maximum [30_000, 10_000_000] |n| reads a = uniform(n, 1).mapv(|x| x as f32); call(&a)
        rayon last_maximum_by_hand),
    row!(closest_pair [150, 4000] |n| reads points = uniform((n, 2), 1); call(&points) rayon closest_pair_by_hand),
];
