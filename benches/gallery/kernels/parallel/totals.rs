//! Iterations that combine values into the same elements: histograms, sums by label, sums of rows.
//!
//! ```text
//! byte_histogram  fine_histogram  binned_weights  finely_binned_weights  k_means_step  summed_rows  summed_products
//! ```
//!
//! By hand each thread has totals of its own, which are added up.

use super::data::{below, uniform, zeros};
use super::row::{Row, row};
use ndarray::{Array1, ArrayRef1, ArrayRef2};
use parfuse::prelude::*;
use rayon::prelude::*;
use std::ops::{AddAssign, Range};

/// Has each thread add up its part of the iterations in totals of its own.
fn privately<T: Copy + Default + AddAssign + Send>(
    n: usize,
    totals: usize,
    part: impl Fn(Range<usize>, &mut [T]) + Sync,
) -> Vec<T> {
    let parts = rayon::current_num_threads();
    let own = (0..parts).into_par_iter().map(|own| {
        let mut sums = vec![T::default(); totals];
        part(own * n / parts..(own + 1) * n / parts, &mut sums);
        sums
    });
    let add = |mut a: Vec<T>, b: Vec<T>| {
        a.iter_mut().zip(b).for_each(|(a, b)| *a += b);
        a
    };
    own.reduce_with(add).expect("there is a thread")
}

fn add_to<T: Copy + AddAssign>(sums: &mut ArrayRef1<T>, totals: Vec<T>) {
    sums.iter_mut().zip(totals).for_each(|(sum, total)| *sum += total);
}

#[kernel]
fn byte_histogram(x: &ArrayRef1<u8>, counts: &mut ArrayRef1<i64>) {
    for i in prange(0..x.len()) {
        counts[x[i] as usize] += 1;
    }
}

fn byte_histogram_by_hand(x: &ArrayRef1<u8>, counts: &mut ArrayRef1<i64>) {
    let all = x.as_slice().expect("neighbours");
    let totals = privately(x.len(), counts.len(), |part, totals| {
        all[part].iter().for_each(|x| totals[*x as usize] += 1);
    });
    add_to(counts, totals);
}

/// As many bins as fit no first cache.
#[kernel]
fn fine_histogram(x: &ArrayRef1<f64>, counts: &mut ArrayRef1<i64>) {
    let bins = counts.len() as f64;
    for i in prange(0..x.len()) {
        counts[(x[i] * bins) as usize] += 1;
    }
}

fn fine_histogram_by_hand(x: &ArrayRef1<f64>, counts: &mut ArrayRef1<i64>) {
    let (all, bins) = (x.as_slice().expect("neighbours"), counts.len() as f64);
    let totals = privately(x.len(), counts.len(), |part, totals| {
        all[part].iter().for_each(|x| totals[(x * bins) as usize] += 1);
    });
    add_to(counts, totals);
}

#[kernel]
fn binned_weights(bin: &ArrayRef1<u32>, weight: &ArrayRef1<f64>, sums: &mut ArrayRef1<f64>) {
    for i in prange(0..bin.len()) {
        sums[bin[i] as usize] += weight[i];
    }
}

#[kernel]
fn finely_binned_weights(bin: &ArrayRef1<u32>, weight: &ArrayRef1<f64>, sums: &mut ArrayRef1<f64>) {
    for i in prange(0..bin.len()) {
        sums[bin[i] as usize] += weight[i];
    }
}

fn binned_by_hand(bin: &ArrayRef1<u32>, weight: &ArrayRef1<f64>, sums: &mut ArrayRef1<f64>) {
    let (bins, weights) = (bin.as_slice().expect("neighbours"), weight.as_slice().expect("neighbours"));
    let totals = privately(bin.len(), sums.len(), |part, totals| {
        for (bin, weight) in bins[part.clone()].iter().zip(&weights[part]) {
            totals[*bin as usize] += weight;
        }
    });
    add_to(sums, totals);
}

/// The nearest of the centres, and the sums that the next centres are made of.
#[kernel]
fn k_means_step(
    points: &ArrayRef2<f64>,
    centres: &ArrayRef2<f64>,
    labels: &mut ArrayRef1<usize>,
    sums: &mut ArrayRef2<f64>,
    counts: &mut ArrayRef1<i64>,
) {
    for i in prange(0..points.nrows()) {
        let mut best = f64::INFINITY;
        let mut at = 0;
        for k in 0..centres.nrows() {
            let mut distance = 0.0;
            for j in 0..points.ncols() {
                let d = points[[i, j]] - centres[[k, j]];
                distance += d * d;
            }
            if distance < best {
                best = distance;
                at = k;
            }
        }
        labels[i] = at;
        counts[at] += 1;
        for j in 0..points.ncols() {
            sums[[at, j]] += points[[i, j]];
        }
    }
}

fn k_means_step_by_hand(
    points: &ArrayRef2<f64>,
    centres: &ArrayRef2<f64>,
    labels: &mut ArrayRef1<usize>,
    sums: &mut ArrayRef2<f64>,
    counts: &mut ArrayRef1<i64>,
) {
    let (n, width) = points.dim();
    let each = n.div_ceil(rayon::current_num_threads()).max(1);
    let labels = labels.as_slice_mut().expect("neighbours").par_chunks_mut(each);
    let points = points.as_slice().expect("neighbours");
    let centres = centres.as_slice().expect("neighbours");
    let (clusters, start) = (counts.len(), || (vec![0.0; sums.len()], vec![0; counts.len()]));
    let parts = labels.enumerate().map(|(part, labels)| {
        let (mut sums, mut counts) = start();
        for (label, x) in labels.iter_mut().zip(points[part * each * width..].chunks_exact(width)) {
            let (mut best, mut at) = (f64::INFINITY, 0);
            for k in 0..clusters {
                let centre = &centres[k * width..(k + 1) * width];
                let distance = x.iter().zip(centre).map(|(x, c)| (x - c) * (x - c)).sum();
                if distance < best {
                    (best, at) = (distance, k);
                }
            }
            *label = at;
            counts[at] += 1;
            sums[at * width..(at + 1) * width].iter_mut().zip(x).for_each(|(sum, x)| *sum += x);
        }
        (sums, counts)
    });
    let (totals, numbers) = parts.reduce(start, |(mut sums, mut counts), (more, others)| {
        sums.iter_mut().zip(more).for_each(|(sum, more)| *sum += more);
        counts.iter_mut().zip(others).for_each(|(count, more)| *count += more);
        (sums, counts)
    });
    sums.iter_mut().zip(totals).for_each(|(sum, total)| *sum += total);
    add_to(counts, numbers);
}

/// Rows added up as wholes.
#[kernel]
fn summed_rows(x: &ArrayRef2<f64>) -> Array1<f64> {
    let mut acc = Array1::<f64>::zeros(x.ncols());
    for i in prange(0..x.nrows()) {
        acc += &x.row(i);
    }
    acc
}

fn summed_rows_by_hand(x: &ArrayRef2<f64>) -> Array1<f64> {
    let (n, width) = x.dim();
    let all = x.as_slice().expect("neighbours");
    let totals = privately(n, width, |part, totals| {
        for row in all[part.start * width..part.end * width].chunks_exact(width) {
            totals.iter_mut().zip(row).for_each(|(total, x)| *total += x);
        }
    });
    totals.into()
}

/// The sum of all products of a row's elements: the upper half of a matrix.
#[kernel]
fn summed_products(x: &ArrayRef2<f64>, sums: &mut ArrayRef2<f64>) {
    for i in prange(0..x.nrows()) {
        for a in 0..x.ncols() {
            for b in a..x.ncols() {
                sums[[a, b]] += x[[i, a]] * x[[i, b]];
            }
        }
    }
}

fn summed_products_by_hand(x: &ArrayRef2<f64>, sums: &mut ArrayRef2<f64>) {
    let (n, width) = x.dim();
    let all = x.as_slice().expect("neighbours");
    let totals = privately(n, width * width, |part, totals: &mut [f64]| {
        for row in all[part.start * width..part.end * width].chunks_exact(width) {
            for a in 0..width {
                let totals = &mut totals[a * width + a..(a + 1) * width];
                totals.iter_mut().zip(&row[a..]).for_each(|(total, x)| *total += row[a] * x);
            }
        }
    });
    sums.iter_mut().zip(totals).for_each(|(sum, total)| *sum += total);
}

/// The kernels of this file.
pub const ROWS: &[Row] = &[
    row!(byte_histogram [100_000, 10_000_000] |n| reads x = below(256, n, 1); writes counts = zeros(256);
        call(&x, counts) rayon byte_histogram_by_hand),
    row!(fine_histogram [1_000_000, 10_000_000] |n| reads x = uniform(n, 1); writes counts = zeros(65_536);
        call(&x, counts) rayon fine_histogram_by_hand),
    row!(binned_weights rounded [100_000, 10_000_000] |n| reads bin = below(256, n, 1), weight = uniform(n, 2);
        writes sums = zeros(256); call(&bin, &weight, sums) rayon binned_by_hand),
    row!(finely_binned_weights rounded [1_000_000, 10_000_000] |n| reads bin = below(65_536, n, 1),
        weight = uniform(n, 2); writes sums = zeros(65_536); call(&bin, &weight, sums) rayon binned_by_hand),
    row!(k_means_step rounded [2000, 500_000] |n| reads points = uniform((n, 4), 1), centres = uniform((16, 4), 2);
        writes labels = zeros(n), sums = zeros((16, 4)), counts = zeros(16);
        call(&points, &centres, labels, sums, counts) rayon k_means_step_by_hand),
    row!(summed_rows rounded [200, 3000] |n| reads x = uniform((n, n + 1), 1); call(&x) rayon summed_rows_by_hand),
    row!(summed_products rounded [1000, 100_000] |n| reads x = uniform((n, 20), 1); writes sums = zeros((20, 20));
        call(&x, sums) rayon summed_products_by_hand),
];
