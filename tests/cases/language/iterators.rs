//! Iterators: what a kernel goes through with `for`, and what iterators end with, in the order of the standard library.
#![allow(clippy::double_ended_iterator_last, clippy::unnecessary_filter_map, reason = "every form is tried")]
#![allow(
    clippy::explicit_counter_loop,
    clippy::manual_memcpy,
    clippy::needless_range_loop,
    clippy::unnecessary_fold,
    clippy::unnecessary_cast,
    clippy::manual_flatten,
    clippy::redundant_closure
)]

use crate::cases::ways::{exactly, same_bits, same_error};
use ndarray::{Array1, Array2, ArrayRef1, ArrayRef2, ArrayRef3, Axis, array};
use parfuse::Error;
use parfuse::prelude::*;

fn numbers(n: usize) -> Array1<f64> {
    Array1::from_shape_fn(n, |i| ((i * 37 + 11) % 101) as f64 * 0.37 - 17.0)
}

fn whole(n: usize) -> Array1<i64> {
    Array1::from_shape_fn(n, |i| ((i * 37 + 11) % 101) as i64 - 50)
}

fn matrix(rows: usize, columns: usize) -> Array2<f64> {
    Array2::from_shape_fn((rows, columns), |(i, j)| ((i * 31 + j * 17) % 103) as f64 / 7.0 - 5.0)
}

const LENGTHS: [usize; 7] = [0, 1, 2, 5, 8, 33, 1000];

#[kernel]
fn loops_over_elements(a: &ArrayRef1<f64>, b: &ArrayRef1<f64>) -> (f64, f64, f64, f64) {
    let (mut s, mut weighted, mut dot, mut back) = (0.0, 0.0, 0.0, 0.0);
    for x in a.iter() {
        s = s * 0.5 + x;
    }
    for (i, &x) in a.iter().enumerate() {
        if x < 0.0 {
            continue;
        }
        weighted += i as f64 * x;
    }
    for (x, y) in a.iter().zip(b.iter()) {
        dot += x * y;
    }
    for (i, x) in a.iter().enumerate().rev() {
        back = back * 0.25 + *x + i as f64;
    }
    for x in a {
        s += x.abs();
    }
    for &x in b {
        s -= x;
    }
    (s, weighted, dot, back)
}

#[kernel]
fn parts_of_sequences(a: &ArrayRef1<f64>, k: usize) -> (f64, f64, f64, f64) {
    let (mut some, mut others, mut steps, mut both) = (0.0, 0.0, 0.0, 0.0);
    for x in a.iter().skip(k) {
        some = some * 0.5 + x;
    }
    for (i, x) in a.iter().take(k).enumerate() {
        others = others * 0.5 + x * i as f64;
    }
    for (i, x) in a.iter().rev().enumerate().step_by(3) {
        steps = steps * 0.5 + x * i as f64;
    }
    for (i, (x, y)) in a.iter().skip(1).zip(a.iter().rev().skip(k)).enumerate().take(7) {
        both = both * 0.5 + x - y * i as f64;
    }
    for (x, i) in a.iter().skip(2).step_by(2).rev().zip((3..20).rev().step_by(2)) {
        both = both * 0.5 + x - i as f64;
    }
    (some, others, steps, both)
}

#[test]
fn elements_are_gone_through_in_order() {
    for n in LENGTHS {
        let (a, b) = (numbers(n), numbers(n + 3));
        exactly!(loops_over_elements(&a, &b));
        exactly!(loops_over_elements(&b, &a));
        for k in [0, 1, 3, 2000] {
            exactly!(parts_of_sequences(&a, k));
        }
    }
    let a = numbers(90);
    exactly!(loops_over_elements(&a.slice(ndarray::s![..;-3]), &a.slice(ndarray::s![1..;2])));
}

#[kernel]
fn elements_are_set(a: &mut ArrayRef1<f64>, b: &ArrayRef1<f64>) -> f64 {
    for x in a.iter_mut() {
        *x *= 2.0;
        if *x > 3.0 {
            *x = 3.0;
        }
    }
    for (x, &y) in a.iter_mut().zip(b) {
        let old = *x;
        *x = y;
        *x += old * 0.5;
    }
    for (i, x) in a.iter_mut().enumerate().skip(1) {
        *x -= i as f64;
    }
    a.iter_mut().rev().enumerate().for_each(|(i, x)| *x += i as f64);
    for x in &mut *a {
        *x = x.abs();
    }
    for x in a {
        *x += 1.0;
    }
    b.iter().sum()
}

#[kernel]
fn elements_of_own_arrays(n: usize) -> Array1<i64> {
    let mut a = Array1::<i64>::zeros(n);
    for (i, x) in a.iter_mut().enumerate() {
        *x = (i * i) as i64;
    }
    let mut b = a.clone();
    for (x, y) in a.iter_mut().zip(b.iter_mut()) {
        *x += 1;
        *y -= *x;
        std::mem::swap(x, y);
    }
    for x in &a {
        b[0] += x;
    }
    b
}

#[test]
fn elements_are_set_through_iterators() {
    for n in LENGTHS {
        let b = numbers(n);
        exactly!(elements_are_set(&mut a, &b) with a = numbers(n + 1));
        exactly!(elements_of_own_arrays(n + 1));
    }
}

#[kernel]
fn rows_and_columns(m: &ArrayRef2<f64>, w: &ArrayRef1<f64>) -> (Array1<f64>, Array1<f64>, f64, f64) {
    let mut sums = Array1::zeros(m.nrows());
    for (sum, row) in sums.iter_mut().zip(m.rows()) {
        for (x, y) in row.iter().zip(w.iter()) {
            *sum += x * y;
        }
    }
    let mut peaks = Array1::zeros(m.ncols());
    for (j, column) in m.columns().into_iter().enumerate() {
        peaks[j] = column.iter().fold(f64::NEG_INFINITY, |peak, x| peak.max(*x));
    }
    let (mut total, mut corner) = (0.0, 0.0);
    for (i, row) in m.outer_iter().enumerate() {
        total = total * 0.5 + row[i % row.len()];
    }
    for (j, column) in m.axis_iter(Axis(1)).rev().enumerate() {
        total = total * 0.5 - column[j % column.len()];
    }
    for x in m.iter() {
        corner = corner * 0.5 + x;
    }
    for ((i, j), &x) in m.indexed_iter() {
        corner = corner * 0.5 + x * i as f64 - j as f64;
    }
    for (k, x) in m.iter().enumerate() {
        corner = corner * 0.5 + x * k as f64;
    }
    for (x, y) in m.iter().skip(1).zip(w.iter()) {
        corner = corner * 0.5 + x * y;
    }
    (sums, peaks, total, corner)
}

#[kernel]
fn rows_are_set(m: &mut ArrayRef2<f64>, other: &ArrayRef2<f64>) {
    for mut row in m.rows_mut() {
        row[0] += 1.0;
        row *= 2.0;
    }
    for (mut column, w) in m.columns_mut().into_iter().zip(0..4) {
        column[0] = w as f64;
    }
    for (i, mut row) in m.outer_iter_mut().enumerate().skip(1) {
        for x in row.iter_mut() {
            *x -= i as f64;
        }
    }
    for (x, y) in m.iter_mut().zip(other.iter()) {
        *x += *y;
    }
    for ((i, j), x) in m.indexed_iter_mut() {
        *x += (i * 10 + j) as f64;
    }
}

#[test]
fn matrices_are_gone_through_by_rows_columns_and_elements() {
    for (rows, columns) in [(1, 1), (3, 5), (7, 1), (40, 33)] {
        let (m, w) = (matrix(rows, columns), numbers(columns));
        exactly!(rows_and_columns(&m, &w));
        let turned = matrix(columns, rows);
        exactly!(rows_and_columns(&turned.t(), &w));
        exactly!(rows_are_set(&mut a, &m) with a = matrix(columns, rows).reversed_axes());
    }
    let error = same_error(|parallel| {
        let (mut a, b) = (matrix(3, 4), matrix(4, 3));
        if parallel { rows_are_set::parallel(&mut a, &b) } else { rows_are_set::serial(&mut a, &b) }
    });
    assert!(matches!(error, Error::ShapeMismatch { .. }), "{error}");
}

#[kernel]
fn folds(a: &ArrayRef1<f64>, k: &ArrayRef1<i64>) -> (f64, f64, i64, usize) {
    let (lowest, highest) = a.iter().fold((f64::MAX, f64::MIN), |(low, high), &x| (low.min(x), high.max(x)));
    let sum: f64 = a.iter().sum();
    let squares = a.iter().map(|x| x * x).sum::<f64>();
    let product: f64 = a.iter().take(5).product();
    let shift = 0.5;
    let shifted: f64 = a.iter().copied().filter(|x| *x > shift).map(|x| x - shift).sum();
    let largest = a.iter().cloned().fold(f64::NEG_INFINITY, f64::max);
    let even = k.iter().filter(|x| *x % 2 == 0).count();
    let total: i64 = k.iter().map(|&x| x * 3 - 1).sum();
    let pairs: i64 = k.iter().zip(k.iter().skip(1)).map(|(x, y)| x * y).sum();
    let by_index: f64 = (0..a.len()).map(|i| a[i] * i as f64).sum();
    let numbered: f64 = a.iter().filter(|x| **x < 0.0).enumerate().map(|(i, x)| i as f64 * x).sum();
    let fold = lowest + highest * squares + product;
    (
        sum + fold,
        shifted - largest + by_index + numbered,
        total * 7 + pairs,
        even + (1..=9).step_by(2).count(),
    )
}

#[kernel]
fn searches(a: &ArrayRef1<f64>, k: &ArrayRef1<i64>) -> (bool, bool, usize, i64) {
    let any = a.iter().any(|&x| x > 15.0);
    let all = k.iter().all(|x| *x > -51);
    let first = a.iter().position(|&x| x < -10.0).unwrap_or(a.len());
    let best = a.iter().enumerate().max_by(|x, y| x.1.partial_cmp(y.1).unwrap()).map(|(i, _)| i).unwrap_or(7);
    let worst = a.iter().enumerate().min_by(|(_, x), (_, y)| x.total_cmp(y)).map(|(i, _)| i).unwrap_or(9);
    let largest = k.iter().copied().max().unwrap_or(0);
    let smallest = *k.iter().min().unwrap_or(&3);
    let found = k.iter().find(|x| **x > 20).copied().unwrap_or(-1);
    let key = k.iter().copied().min_by_key(|x| (x - 7).abs()).unwrap_or(0);
    let last = k.iter().copied().filter(|x| x % 3 == 0).last().unwrap_or(1);
    let reduced = k.iter().copied().reduce(|x, y| x / 2 - y).unwrap_or(0);
    let while_small: i64 = k.iter().copied().take_while(|x| *x < 40).sum();
    let third = k.iter().copied().filter_map(|x| (x > 0).then_some(x)).sum::<i64>();
    (
        any,
        all,
        first * 10000 + best * 100 + worst,
        largest + smallest + found + key + last + reduced + while_small + third,
    )
}

#[test]
fn what_iterators_end_with_is_that_of_the_standard_library() {
    for n in LENGTHS {
        let (a, k) = (numbers(n), whole(n));
        exactly!(folds(&a, &k));
        exactly!(searches(&a, &k));
    }
    // The sum of no floats is -0.
    let sums = exactly!(sums_of(&Array1::zeros(0))).0;
    assert_eq!((sums.0.to_bits(), sums.1.to_bits()), sums_of_bits());
}

#[kernel]
fn sums_of(a: &ArrayRef1<f64>) -> (f64, f64) {
    (a.iter().sum(), a.iter().filter(|x| **x > 0.0).map(|x| -x).sum())
}

fn sums_of_bits() -> (u64, u64) {
    let nothing: f64 = [0.0; 0].iter().sum();
    (nothing.to_bits(), nothing.to_bits())
}

#[kernel]
fn windows_and_chunks(a: &ArrayRef1<f64>, m: &ArrayRef2<f64>, slice: &[f64]) -> (Array1<f64>, f64, f64) {
    let mut means = Array1::zeros(a.len() - 2);
    for (mean, window) in means.iter_mut().zip(a.windows(3)) {
        *mean = (window[0] + window[1] + window[2]) / 3.0;
    }
    let mut energy = 0.0;
    for window in m.windows((2, 3)) {
        energy = energy * 0.5 + window[[0, 0]] - window[[1, 2]];
    }
    for block in m.exact_chunks((2, 2)) {
        energy = energy * 0.25 + block[[0, 1]] * block[[1, 0]];
    }
    let chunks = slice.chunks_exact(4).map(|chunk| chunk[0] * chunk[3]).sum();
    (means, energy, chunks)
}

#[test]
fn windows_overlap_and_chunks_do_not() {
    for n in [3, 4, 9, 100] {
        let (a, m) = (numbers(n), matrix(n, n / 2 + 1));
        exactly!(windows_and_chunks(&a, &m, a.as_slice().unwrap()));
    }
}

#[kernel]
fn in_parallel(a: &ArrayRef1<f64>, m: &ArrayRef2<f64>) -> (Array1<f64>, Array2<f64>, i64) {
    let mut out = Array1::zeros(a.len());
    for (y, x) in prange(out.iter_mut().zip(a.iter())) {
        *y = x.sqrt() + 1.0;
    }
    for (i, y) in prange(out.iter_mut().enumerate()) {
        *y += i as f64;
    }
    let mut scaled = Array2::zeros(m.dim());
    for (mut target, row) in prange(scaled.rows_mut().into_iter().zip(m.rows())) {
        let norm = row.iter().map(|x| x * x).sum::<f64>().sqrt();
        for (t, x) in target.iter_mut().zip(row.iter()) {
            *t = x / norm;
        }
    }
    for (t, x) in prange(scaled.iter_mut().zip(m.iter())) {
        *t += x * 0.5;
    }
    let mut above = 0;
    for x in prange(a.iter()) {
        above += (*x > 3.0) as i64;
    }
    (out, scaled, above)
}

#[test]
fn iterators_go_through_a_prange() {
    for n in [0, 1, 9, 1000, 8193] {
        let (a, m) = (numbers(n).mapv(f64::abs), matrix(n % 100, 7));
        exactly!(in_parallel(&a, &m));
    }
    let explanation = in_parallel::kernel().explain().unwrap();
    assert!(explanation.regions.iter().all(|region| region.checks.is_empty()), "{explanation}");
}

#[kernel]
fn local_closures(a: &ArrayRef1<f64>, k: f64) -> (f64, f64, Array1<f64>) {
    let square = |x: f64| x * x;
    let mut calls = 0;
    let mut count = |x: f64, y: f64| {
        calls += 1;
        x - y
    };
    let difference = count(k, 1.0) + count(1.0, square(k));
    let scaled = a.mapv(|x| square(x) * k);
    let norm = a.iter().map(|&x| square(x)).sum::<f64>();
    (difference + calls as f64, norm, scaled)
}

#[kernel]
fn sums_in_rows(cube: &ArrayRef3<f64>) -> (f64, f64) {
    let by_lanes =
        cube.lanes(Axis(1)).into_iter().map(|lane| lane[0] - lane[1]).fold(0.0, |s, x| s * 0.5 + x);
    let flat: f64 = cube.outer_iter().flat_map(|plane| plane.into_iter()).map(|x| x * 0.5).sum();
    (by_lanes, flat)
}

#[test]
fn closures_are_called_and_lanes_gone_through() {
    exactly!(local_closures(&numbers(50), 0.75));
    let cube = ndarray::Array3::from_shape_fn((3, 4, 5), |(i, j, k)| (i * 20 + j * 5 + k) as f64 * 0.3);
    exactly!(sums_in_rows(&cube));
}

#[kernel]
fn unwrapped(k: &ArrayRef1<i64>) -> i64 {
    *k.iter().max().unwrap()
}

#[test]
fn nothing_unwrapped_is_an_error() {
    assert_eq!(same_bits(|_| unwrapped::serial(&array![3, 9, 2])), 9);
    let error = same_error(|_| unwrapped::serial(&Array1::zeros(0)));
    assert!(matches!(error, Error::NoValue { .. }), "{error}");
    assert!(error.to_string().contains("no value"), "{error}");
}
