//! Slices, masks and products as users of other array compilers write them: results, regions left, arrays allocated.
//!
//! | not here | because |
//! |---|---|
//! | assignment of an array to an overlapping part of itself | the borrow checker excludes it |
//! | singular values, sorting | functions outside: `linear_algebra.rs`, `language/hosts.rs` |
//! | `reshape(-1, 1)` with a length that is found out | `ndarray` has none |
#![allow(clippy::reversed_empty_ranges, reason = "ends of slices count from the end")]

use super::ways::{error_of, every_way, exactly};
use ndarray::{Array1, Array2, Array3, ArrayRef1, ArrayRef2, ArrayRef3, Axis, array, s};
use parfuse::Kernel;
use parfuse::prelude::*;

/// Regions left and arrays allocated.
fn counts(kernel: Kernel) -> (usize, usize) {
    let explanation = kernel.explain().unwrap();
    (explanation.regions.len(), explanation.arrays_allocated)
}

fn matrix(rows: usize, columns: usize) -> Array2<f64> {
    Array2::from_shape_fn((rows, columns), |(i, j)| ((i * 31 + j * 17) % 103) as f64 / 7.0 - 5.0)
}

#[kernel]
fn neighbours(a: &ArrayRef1<f64>, m: usize) -> Array1<f64> {
    let n = a.len();
    &a.slice(s![..n - 2]) + &a.slice(s![1..m])
}

#[kernel]
fn neighbours_in_two(a: &ArrayRef2<f64>) -> (Array2<f64>, Array2<f64>, Array2<f64>) {
    let (h, w) = a.dim();
    let shifted = &a.slice(s![..h - 1, ..w - 1]) + &a.slice(s![1.., 1..]);
    let columns = &a.slice(s![.., ..w - 2]) * &a.slice(s![.., 2..]);
    let rows = &a.slice(s![..h - 1, ..]) - &a.slice(s![1.., ..]);
    (shifted, columns, rows)
}

#[kernel]
fn row_and_row_of_the_transposed(a: &ArrayRef2<f64>) -> (Array1<f64>, Array1<f64>) {
    let same = &a.slice(s![1, ..]) + &a.t().slice(s![.., 1]);
    (same, &a.slice(s![1, ..]) + &a.t().slice(s![1, ..]))
}

#[test]
fn slices_of_one_array_are_added() {
    let ones = Array1::from_elem(10, 1.0);
    assert_eq!(exactly!(neighbours(&ones, 9)).0, Array1::from_elem(8, 2.0));
    assert_eq!(counts(neighbours::kernel()), (1, 1));
    assert!(matches!(error_of!(neighbours(&ones, 10)), Error::ShapeMismatch { left: 8, right: 9, .. }));
    for shape in [(2, 3), (5, 5), (40, 70)] {
        exactly!(neighbours_in_two(&matrix(shape.0, shape.1)));
    }
    exactly!(row_and_row_of_the_transposed(&matrix(3, 3)));
    assert!(matches!(error_of!(row_and_row_of_the_transposed(&matrix(3, 4))), Error::ShapeMismatch { .. }));
}

#[kernel]
fn assigned_parts(a: &ArrayRef2<f64>, b: &mut ArrayRef2<f64>, c: isize) {
    let n = a.ncols() as isize;
    b.slice_mut(s![1, 1..-1]).assign(&a.slice(s![0, ..-2]));
    b.slice_mut(s![0, ..3]).assign(&a.slice(s![0, -3..]));
    b.slice_mut(s![2, 1..c]).assign(&a.slice(s![1, -n..c - n - 1]));
    b.slice_mut(s![1, -(n - 1)..]).assign(&a.slice(s![1, ..-1]));
    b.slice_mut(s![.., 0]).fill(7.0);
}

#[kernel]
fn planes(a: &ArrayRef3<f64>, b: &mut ArrayRef3<f64>) {
    let l = a.dim().2;
    b.slice_mut(s![.., 1, 1..l]).assign(&a.slice(s![.., 2, 1..l]));
}

#[kernel]
fn moved_along_itself(a: &mut ArrayRef2<f64>) {
    let (m, n) = a.dim();
    let before = a.t().to_owned();
    a.slice_mut(s![1..m, 1..n]).assign(&before.slice(s![..n - 1, ..m - 1]).t());
    let row = a.row(0).to_owned();
    a.row_mut(1).assign(&row);
}

#[test]
fn parts_are_assigned_to_parts() {
    let a = matrix(3, 8);
    exactly!(assigned_parts(&a, &mut b, 5) with b = Array2::zeros((3, 8)));
    let cube = Array3::from_shape_fn((3, 4, 5), |(i, j, k)| (i * 20 + j * 5 + k) as f64);
    exactly!(planes(&cube, &mut b) with b = Array3::zeros((3, 4, 5)));
    exactly!(moved_along_itself(&mut a) with a = matrix(6, 6));
}

#[kernel]
fn filled_in_parts(n: usize) -> Array1<f64> {
    let mut a = Array1::ones(n);
    a.fill(7.0);
    a.slice_mut(s![..5]).fill(1.0);
    let mut rest = a.slice_mut(s![4..]);
    rest += 2.0;
    a
}

#[kernel]
fn filled_once(n: usize) -> Array1<f64> {
    let mut a = Array1::ones(n);
    a.slice_mut(s![..]).fill(7.0);
    a
}

#[test]
fn fills_of_slices_keep_their_order() {
    assert_eq!(exactly!(filled_in_parts(7)).0, array![1.0, 1.0, 1.0, 1.0, 3.0, 9.0, 9.0]);
    assert_eq!(exactly!(filled_once(9)).0, Array1::from_elem(9, 7.0));
    assert_eq!(counts(filled_once::kernel()), (1, 1));
}

#[kernel]
fn gathered_columns(a: &ArrayRef2<f64>, b: &[usize]) -> f64 {
    a.select(Axis(1), b).sum()
}

#[kernel]
fn comprehension(n: usize) -> Array1<f64> {
    (0..n).map(|i| (i as f64).sqrt() * 2.0).collect()
}

#[kernel]
fn prefix(x: &ArrayRef1<f64>, half: bool) -> f64 {
    let n = x.len();
    let end = if half { n / 2 } else { n };
    x.slice(s![..end]).sum()
}

#[kernel]
fn picked(n: usize, back: bool) -> Array1<f64> {
    let numbers: Array1<usize> = (0..n).collect();
    let order = if back { numbers.mapv(|i| (i + n - 1) % n) } else { numbers.clone() };
    let chosen = numbers.select(Axis(0), order.as_slice().unwrap());
    chosen.mapv(|i| i as f64) / n as f64
}

#[test]
fn elements_are_gathered_into_arrays() {
    let b: Vec<usize> = (0..20).collect();
    assert_eq!(exactly!(gathered_columns(&Array2::from_elem((20, 20), 1.0), &b)).0, 400.0);
    assert_eq!(counts(gathered_columns::kernel()), (1, 0), "no array of what is gathered");
    for n in [0, 1, 9, 10_000] {
        exactly!(comprehension(n));
    }
    assert_eq!(counts(comprehension::kernel()), (1, 1), "one parallel map");
    for (n, other) in [(1, false), (7, true), (8, false)] {
        exactly!(prefix(&Array1::range(0.0, n as f64, 1.0), other));
        exactly!(picked(n, other));
    }
}

#[kernel]
fn finite_mean(row: &ArrayRef1<f64>) -> f64 {
    let finite = row.mapv(|x| x.is_finite());
    let count = finite.iter().filter(|&&f| f).count();
    select(&finite, row, 0.0).sum() / count as f64
}

#[kernel]
fn finite_means(m: &ArrayRef2<f64>) -> Array1<f64> {
    let mut means = Array1::zeros(m.nrows());
    for i in prange(0..m.nrows()) {
        means[i] = finite_mean(&m.row(i));
    }
    means
}

#[kernel]
fn without_infinities(a: &ArrayRef1<f64>) -> f64 {
    let mut c = a.to_owned();
    let infinite = a.mapv(|x| x.is_infinite());
    c.zip_mut_with(&infinite, |x, &is| {
        if is {
            *x = 0.0;
        }
    });
    c.mean().unwrap()
}

#[test]
fn masked_means_of_rows_are_taken_in_a_parallel_loop() {
    let mut m = matrix(5, 40);
    (m[[1, 3]], m[[2, 0]], m[[4, 39]]) = (f64::INFINITY, f64::NAN, f64::NEG_INFINITY);
    every_way!(finite_means(&m));
    every_way!(without_infinities(&m.row(1)));
    assert_eq!(counts(without_infinities::kernel()), (1, 0));
}

#[kernel]
fn extremes_and_totals(n: usize) -> (Array1<f64>, Array1<f64>, f64) {
    let a = Array1::<f64>::ones(n);
    let (least, most, first) = (a.min(), a.max(), a.argmin());
    let total = a.sum();
    (Array1::from_elem(1, least + total), Array1::from_elem(1, most + total), first as f64 + total)
}

#[test]
fn extremes_and_totals_share_a_pass_over_an_array_that_is_never_made() {
    let (low, high, position) = every_way!(extremes_and_totals(256)).0;
    assert_eq!((low[0], high[0], position), (257.0, 257.0, 256.0));
    let explanation = extremes_and_totals::kernel().explain().unwrap();
    assert!(explanation.to_string().contains("never stored: a"), "{explanation}");
}

#[kernel]
fn regression(x: &ArrayRef2<f64>, y: &ArrayRef1<f64>, w: &mut Array1<f64>, steps: i64) {
    for _ in 0..steps {
        let margins = x.dot(&*w);
        let slopes = (1.0 / ((-(y * &*margins)).exp() + 1.0) - 1.0) * y;
        *w -= &slopes.dot(x);
    }
}

#[test]
fn regression_steps_multiply_matrices_and_vectors() {
    let (x, y) = (matrix(30, 4) * 0.1, Array1::from_shape_fn(30, |i| if i % 3 == 0 { 1.0 } else { -1.0 }));
    every_way!(regression(&x, &y, &mut w, 5) with w = Array1::from_elem(4, 0.1));
    // The expression between the products is one pass, which may compute the first product too.
    let explanation = regression::kernel().explain().unwrap().to_string();
    assert!(explanation.contains(" 7 fused: mul") || explanation.contains(" 9 fused: mul"), "{explanation}");
}

#[kernel]
fn nearest(points: &ArrayRef2<f64>, centres: &ArrayRef2<f64>) -> Array1<usize> {
    let mut labels = Array1::<usize>::zeros(points.nrows());
    for i in prange(0..points.nrows()) {
        let point = points.row(i);
        let distances =
            centres.outer_iter().map(|c| point.iter().zip(c).map(|(p, q)| (p - q) * (p - q)).sum::<f64>());
        labels[i] = distances.enumerate().min_by(|a, b| a.1.total_cmp(&b.1)).map(|(k, _)| k).unwrap_or(0);
    }
    labels
}

#[kernel]
fn moved_centres(points: &ArrayRef2<f64>, labels: &ArrayRef1<usize>, k: usize) -> Array2<f64> {
    let mut centres = Array2::<f64>::zeros((k, points.ncols()));
    let mut counts = Array1::<f64>::zeros(k);
    for (point, &label) in points.outer_iter().zip(labels) {
        let mut centre = centres.row_mut(label);
        centre += &point;
        counts[label] += 1.0;
    }
    for (mut centre, &count) in centres.outer_iter_mut().zip(&counts) {
        if count > 0.0 {
            centre /= count;
        }
    }
    centres
}

#[test]
fn clusters_are_found() {
    let points = matrix(200, 3);
    let mut centres = points.slice(s![..4, ..]).to_owned();
    for _ in 0..3 {
        let labels = exactly!(nearest(&points, &centres)).0;
        centres = exactly!(moved_centres(&points, &labels, 4)).0;
    }
}
