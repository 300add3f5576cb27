//! Computed indices: offsets and strides that overflow, and which ones are proven apart in a `prange`.

use super::ways::{compiled_ways, error_of, every_way};
use ndarray::{Array1, Array2, ArrayRef1, ArrayRef2};
use parfuse::Error;
use parfuse::prelude::*;

#[kernel]
fn gather(a: &ArrayRef1<i64>, r: &mut ArrayRef1<i64>, offset: usize, stride: usize) {
    for i in prange(0..r.len()) {
        r[i] = a[offset + i * stride];
    }
}

#[kernel]
fn signed_offset(a: &ArrayRef1<i64>, offset: i64) -> i64 {
    let mut sum = 0;
    for i in prange(0..a.len()) {
        sum += a[(i as i64 + offset) as usize];
    }
    sum
}

#[kernel]
fn narrow_offset(a: &ArrayRef1<i64>, n: i32, offset: i32) -> i64 {
    let mut sum = 0;
    for i in prange(0..n) {
        sum += a[(i + offset) as usize];
    }
    sum
}

#[kernel]
fn narrow_neighbours(a: &ArrayRef1<f64>, start: i32, n: i32) -> Array1<f64> {
    let mut means = Array1::<f64>::zeros(a.len());
    for i in prange(start..n) {
        means[i as usize] = (a[i as usize] + a[(i + 1) as usize]) / 2.0;
    }
    means
}

#[kernel]
fn narrow_blur(a: &ArrayRef2<f64>, n: i32, m: i32) -> Array2<f64> {
    let mut result = Array2::<f64>::zeros((a.nrows(), a.ncols()));
    for i in prange(1..n - 1) {
        for j in 1..m - 1 {
            let across = a[[i as usize, (j - 1) as usize]] + a[[i as usize, (j + 1) as usize]];
            let along = a[[(i - 1) as usize, j as usize]] + a[[(i + 1) as usize, j as usize]];
            result[[i as usize, j as usize]] = (across + along) / 4.0;
        }
    }
    result
}

#[test]
fn narrow_indices_that_cannot_wrap_are_as_good_as_wide_ones() {
    let a = Array1::from_shape_fn(100, |i| (i * i % 17) as f64);
    for (start, n) in [(1, 99), (1, 2), (50, 40), (5, 5), (3, 40)] {
        every_way!(narrow_neighbours(&a, start, n));
    }
    for (start, n, expected) in [(-7, 9, (-7isize as usize, 0)), (60, 100, (100, 39))] {
        let error = error_of!(narrow_neighbours(&a, start, n));
        assert_eq!(index_and_iteration(error), expected, "{start} {n}");
    }
    let a = Array2::from_shape_fn((9, 41), |(i, j)| (i * j % 13) as f64);
    every_way!(narrow_blur(&a, 9, 41));
    every_way!(narrow_blur(&a, 0, -7));
    for (kernel, accesses) in [(narrow_neighbours::kernel(), 3), (narrow_blur::kernel(), 5)] {
        let explanation = kernel.explain().unwrap();
        let region = &explanation.regions[0];
        let found = (region.contiguous_accesses, region.scattered_accesses, region.checks_in_loop);
        assert_eq!(found, (accesses, 0, 0), "{explanation}");
    }
}

/// The index and the iteration of an error that names both.
fn index_and_iteration(error: Error) -> (usize, usize) {
    match error {
        Error::Index { index, iteration: Some(iteration), len: 100, .. } => (index, iteration),
        other => panic!("{other}"),
    }
}

#[test]
fn overflowing_offsets_are_caught_at_the_first_iteration_that_leaves_the_array() {
    let a = Array1::from_shape_fn(100, |i| i as i64);
    let fresh = |n| Array1::zeros(n);
    every_way!(gather(&a, &mut r, 3, 2) with r = fresh(40));
    every_way!(gather(&a, &mut r, 99, 0) with r = fresh(400));
    // Stepping back by a stride that wraps around.
    let (_, back) = compiled_ways!(gather(&a, &mut r, 90, usize::MAX) with r = fresh(40));
    assert!(back.iter().enumerate().all(|(i, x)| *x == 90 - i as i64));
    for (offset, stride, expected) in [
        (61, 1, (100, 39)),
        (usize::MAX, 1, (usize::MAX, 0)),
        (0, usize::MAX / 2, (usize::MAX / 2, 1)),
        (5, usize::MAX, (usize::MAX, 6)),
        (1 << 63, 1 << 63, (1 << 63, 0)),
        (100, 0, (100, 0)),
    ] {
        let error = error_of!(gather(&a, &mut Array1::zeros(40), offset, stride));
        assert_eq!(index_and_iteration(error), expected, "{offset} {stride}");
    }
    for (offset, expected) in
        [(1, (100, 99)), (-1, (usize::MAX, 0)), (i64::MIN, (1 << 63, 0)), (i64::MAX, (i64::MAX as usize, 0))]
    {
        assert_eq!(index_and_iteration(error_of!(signed_offset(&a, offset))), expected, "{offset}");
    }
    assert_eq!(every_way!(narrow_offset(&a, 50, 50)).0, (50..100).sum());
    for (n, offset, expected) in [
        (50, 51, (100, 49)),
        (50, -1, (usize::MAX, 0)),
        (50, i32::MAX, (i32::MAX as usize, 0)),
        (50, i32::MIN, (i32::MIN as usize, 0)),
        (i32::MAX, 0, (100, 100)),
    ] {
        assert_eq!(index_and_iteration(error_of!(narrow_offset(&a, n, offset))), expected, "{n} {offset}");
    }
}

#[kernel]
fn swap_pairs(a: &mut ArrayRef1<i64>) {
    for i in prange((0..a.len() - 1).step_by(2)) {
        let left = a[i];
        a[i] = a[i + 1];
        a[i + 1] = left;
    }
}

#[kernel]
fn write_pairs(a: &mut ArrayRef1<i64>) {
    for i in prange(0..a.len() / 2) {
        a[2 * i] = i as i64;
        a[2 * i + 1] = -(i as i64);
    }
}

#[kernel]
fn unknown_step(a: &mut ArrayRef1<i64>, step: usize) {
    for i in prange((0..a.len() - 1).step_by(step)) {
        a[i] = a[i + 1];
    }
}

#[kernel]
fn unknown_stride(a: &mut ArrayRef1<i64>, stride: usize) {
    for i in prange(0..a.len()) {
        a[i * stride] = i as i64;
    }
}

#[kernel]
fn low_bits(a: &mut ArrayRef1<i64>, n: i64) {
    for i in prange(0..n) {
        a[((i as i32) & 7) as usize] = i;
    }
}

#[kernel]
fn stride_that_wraps(a: &mut ArrayRef1<i64>) {
    for i in prange(0..a.len()) {
        a[i * 9_223_372_036_854_775_808] = i as i64;
    }
}

#[kernel]
fn narrowed_step(a: &mut ArrayRef1<i64>, n: usize, m: usize) -> f64 {
    let mut c = 0.0;
    for j in (0..10usize).step_by(n) {
        c += j as f64;
    }
    let k = (n as i32) as usize;
    for i in prange(0..m) {
        a[i * k] = i as i64;
    }
    c
}

#[kernel]
fn step_that_wraps(a: &mut ArrayRef1<i64>, n: usize, m: usize) -> f64 {
    let mut c = 0.0;
    for j in (0..10usize).step_by(n) {
        c += j as f64;
    }
    for i in prange(0..m) {
        if i % 2 == 0 {
            a[i * n] = i as i64;
        }
    }
    c
}

#[kernel]
fn narrow_index(a: &mut ArrayRef1<i64>, n: usize) {
    for i in prange(0..n) {
        a[(i as i32) as usize] = i as i64;
    }
}

#[kernel]
fn every_other_element(a: &mut ArrayRef1<i64>) {
    for i in prange(0..(a.len() - 1) / 2) {
        a[2 * i + 1] = a[2 * i] - 3 * a[2 * i + 2];
    }
}

#[kernel]
fn own_step(a: &mut ArrayRef1<i64>, b: &ArrayRef1<i64>, step: usize) {
    for i in prange((0..a.len()).step_by(step)) {
        if b[i] > 2 {
            a[i] += b[i];
        }
    }
}

#[test]
fn elements_are_proven_apart_by_strides() {
    for n in [2, 3, 9, 8192, 9001, 40_000] {
        every_way!(swap_pairs(&mut a) with a = Array1::from_shape_fn(n, |i| i as i64));
        every_way!(write_pairs(&mut a) with a = Array1::from_shape_fn(n, |i| i as i64));
        every_way!(every_other_element(&mut a) with a = Array1::from_shape_fn(n + 1, |i| i as i64));
        let b = Array1::from_shape_fn(n, |i| i as i64 % 7);
        for step in [1, 3, usize::MAX] {
            every_way!(own_step(&mut a, &b, step) with a = Array1::from_shape_fn(n, |i| i as i64));
        }
    }
    for error in [
        error_of!(low_bits(&mut Array1::zeros(9), 9)),
        error_of!(stride_that_wraps(&mut Array1::zeros(9))),
        error_of!(narrowed_step(&mut Array1::zeros(9), 1 << 32, 1000)),
        error_of!(narrow_index(&mut Array1::zeros(9), 9)),
    ] {
        assert!(matches!(&error, Error::PossibleRace { array, .. } if array == "a"), "{error}");
    }
    // Of a stride that is known when the kernel is called, a test tells whether it keeps them apart.
    every_way!(unknown_step(&mut a, 2) with a = Array1::from_iter(0..1000));
    every_way!(unknown_stride(&mut a, 1) with a = Array1::from_iter(0..1000));
    for (error, distance) in [
        (error_of!(unknown_step(&mut Array1::zeros(9), 1)), [1, 2]),
        (error_of!(unknown_stride(&mut Array1::zeros(9), 0)), [0, 1]),
    ] {
        let Error::IterationsOverlap { array, apart, needed, .. } = &error else { panic!("{error}") };
        assert_eq!((array.as_str(), [*apart, *needed]), ("`a`", distance), "{error}");
    }
    let error = error_of!(step_that_wraps(&mut Array1::zeros(9), 1 << 63, 1000));
    assert!(matches!(error, Error::IndicesTooLarge { .. }), "{error}");
}

#[kernel]
fn shared_work_space(a: &ArrayRef2<f64>, r: &mut ArrayRef1<f64>) {
    let mut work = Array1::<f64>::zeros(a.ncols());
    for i in prange(0..a.nrows()) {
        for j in 0..a.ncols() {
            work[j] = a[[i, j]] * 2.0;
        }
        for j in 0..a.ncols() {
            r[i] += work[j] * work[0];
        }
    }
}

#[kernel]
fn own_work_space(a: &ArrayRef2<f64>, r: &mut ArrayRef1<f64>) {
    let mut work = Array2::<f64>::zeros((a.nrows(), a.ncols()));
    for i in prange(0..a.nrows()) {
        for j in 0..a.ncols() {
            work[[i, j]] = a[[i, j]] * 2.0;
        }
        for j in 0..a.ncols() {
            r[i] += work[[i, j]] * work[[i, 0]];
        }
    }
}

#[kernel]
fn reads_behind(a: &mut ArrayRef1<i64>) {
    for i in prange(1..a.len()) {
        a[i] += a[i - 1];
    }
}

#[kernel]
fn reads_a_copy(a: &mut ArrayRef1<i64>) {
    let old = a.to_owned();
    for i in prange(1..a.len()) {
        a[i] += old[i - 1];
    }
}

#[kernel]
fn into_one_element(a: &ArrayRef1<i64>, r: &mut ArrayRef1<i64>) {
    for i in prange(0..a.len()) {
        r[0] += a[i];
        r[0] = r[0] % 10;
    }
}

#[kernel]
fn into_a_variable(a: &ArrayRef1<i64>, r: &mut ArrayRef1<i64>) {
    let mut s = r[0];
    for i in prange(0..a.len()) {
        s += a[i];
    }
    r[0] = s;
}

#[test]
fn what_is_advised_instead_of_a_race_works() {
    let (matrix, vector) = (Array2::<f64>::ones((3, 4)), Array1::<i64>::ones(9));
    for (error, advice) in [
        (error_of!(shared_work_space(&matrix, &mut Array1::zeros(3))), "`work[[i, j]]`"),
        (error_of!(reads_behind(&mut Array1::zeros(9))), "`let old = a.to_owned();`"),
        (error_of!(reads_behind(&mut Array1::zeros(9))), "every other element"),
        (error_of!(into_one_element(&vector, &mut Array1::zeros(1))), "combine only, by one operator"),
    ] {
        assert!(error.to_string().contains(advice), "{error}");
    }
    every_way!(own_work_space(&matrix, &mut r) with r = Array1::zeros(3));
    every_way!(reads_a_copy(&mut a) with a = Array1::from_shape_fn(9000, |i| i as i64));
    every_way!(into_a_variable(&vector, &mut r) with r = Array1::zeros(1));
}

#[kernel]
fn take_out(x: &mut ArrayRef1<usize>, t: &ArrayRef1<f64>) -> f64 {
    let mut s = 0.0;
    for i in prange(0..x.len()) {
        let k = x[i];
        x[i] = 0;
        s += t[k];
    }
    s
}

#[kernel]
fn quotients_of_before(x: &mut ArrayRef1<i64>) -> Array1<i64> {
    let y = x.to_owned();
    x.fill(1);
    let mut o = Array1::<i64>::zeros(y.len());
    for i in prange(0..y.len()) {
        o[i] = 10 / y[i];
    }
    o
}

#[kernel]
fn sorted_rows(a: &mut ArrayRef2<i64>, t: &ArrayRef1<i64>) {
    for row in prange(0..a.nrows()) {
        for last in 1..a.ncols() {
            let mut j = last;
            while j > 0 && a[[row, j - 1]] > a[[row, j]] {
                let above = a[[row, j]];
                a[[row, j]] = a[[row, j - 1]];
                a[[row, j - 1]] = above + t[above as usize];
                j -= 1;
            }
        }
    }
}

#[test]
fn elements_that_are_overwritten_are_reported_as_they_were() {
    let t = Array1::ones(10);
    for (n, at) in [(4, 3), (100, 3), (943, 700), (40_000, 39_998), (40_000, 9_001)] {
        let x = Array1::from_shape_fn(n, |i| if i == at || i == n - 1 { 99 } else { i % 10 });
        match error_of!(take_out(&mut x.clone(), &t)) {
            Error::Index { index, len, iteration, .. } => {
                assert_eq!((index, len, iteration), (99, 10, Some(at)));
            }
            other => panic!("{other}"),
        }
        let fine = x.mapv(|k| k % 10);
        every_way!(take_out(&mut x, &t) with x = fine.clone());
        let x = Array1::from_shape_fn(n, |i| (i != at && i != n - 1) as i64);
        match error_of!(quotients_of_before(&mut x.clone())) {
            Error::DivisionByZero { iteration, .. } => assert_eq!(iteration, Some(at)),
            other => panic!("{other}"),
        }
    }
}

#[test]
fn loops_that_depend_on_what_they_store_report_the_lowest_row() {
    let t = Array1::zeros(100);
    let rows = |bad: &[usize]| {
        Array2::from_shape_fn((300, 7), |(row, j)| match bad.contains(&row) && j == row % 6 + 1 {
            true => -1,
            false => ((row + 3) * (j + 5) * 31 % 97) as i64,
        })
    };
    every_way!(sorted_rows(&mut a, &t) with a = rows(&[]));
    for row in [0, 1, 5, 31, 100, 299] {
        let a = rows(&[row, 299]);
        match error_of!(sorted_rows(&mut a.clone(), &t)) {
            Error::Index { len, iteration, .. } => assert_eq!((len, iteration), (100, Some(row))),
            other => panic!("{other}"),
        }
    }
}

#[kernel]
fn one_element_for_odd_numbers(a: &ArrayRef1<i64>, at: usize, t: &ArrayRef1<i64>, out: &mut ArrayRef1<i64>) {
    for i in prange(0..a.len()) {
        if a[i] % 2 == 1 {
            let k = t[at];
            out[i] = t[k as usize] + a[i];
        }
    }
}

#[test]
fn an_element_that_does_not_exist_is_not_loaded_for_the_elements_before() {
    for n in [2, 3, 9, 40, 9000] {
        let a = Array1::from_iter(0..n as i64);
        let t = Array1::from_elem(5, 3);
        for at in [5, 1 << 40, usize::MAX] {
            let error = error_of!(one_element_for_odd_numbers(&a, at, &t, &mut Array1::zeros(n)));
            let Error::Index { index, len: 5, iteration: Some(1), .. } = error else { panic!("{error}") };
            assert_eq!(index, at);
        }
        every_way!(one_element_for_odd_numbers(&a, 4, &t, &mut Array1::zeros(n)));
    }
}
