//! Elements that iterations of a `prange` combine values into: histograms, sums of rows, products, extremes of groups.
//!
//! Integers come out exactly, sums of floats the same at any number of threads.

use super::ways::{SIZES, compiled_ways, error_of, every_way, exactly};
use ndarray::{Array1, Array2, Array3, ArrayRef1, ArrayRef2, Axis, array, s};
use parfuse::Error;
use parfuse::prelude::*;

#[kernel]
fn histogram(bins: &ArrayRef1<usize>, counts: &mut ArrayRef1<i64>) {
    for i in prange(0..bins.len()) {
        counts[bins[i]] += 1;
    }
}

#[kernel]
fn of_numbers(x: &ArrayRef1<f64>, bins: usize) -> Array1<u32> {
    let mut h = Array1::zeros(bins);
    for i in prange(0..x.len()) {
        h[(x[i] * bins as f64) as usize] += 1;
    }
    h
}

#[kernel]
fn weighted(x: &ArrayRef1<f64>, w: &ArrayRef1<f64>, h: &mut ArrayRef1<f64>) {
    let bins = h.len();
    for i in prange(0..x.len()) {
        let k = ((x[i] * bins as f64) as usize).min(bins - 1);
        h[k] += w[i];
    }
}

#[kernel]
fn in_a_plane(x: &ArrayRef1<f64>, y: &ArrayRef1<f64>, n: usize) -> (Array2<u16>, usize) {
    let mut h = Array2::zeros((n, n));
    let mut outside = 0;
    for i in prange(0..x.len()) {
        let (u, v) = ((x[i] * n as f64) as usize, (y[i] * n as f64 * 1.1) as usize);
        if u < n && v < n {
            h[[u, v]] += 1;
        } else {
            outside += 1;
        }
    }
    (h, outside)
}

fn uniform(n: usize, seed: usize) -> Array1<f64> {
    Array1::from_shape_fn(n, |i| ((i * 7919 + seed * 104_729) % 65_537) as f64 / 65_537.0)
}

#[test]
fn histograms_count_exactly() {
    for n in SIZES.into_iter().chain([1_000_000]) {
        for bins in [1, 16, 4096] {
            let chosen = Array1::from_shape_fn(n, |i| (i * i + i / 7) % bins);
            let start = Array1::from_shape_fn(bins, |k| k as i64);
            exactly!(histogram(&chosen, &mut counts) with counts = start.clone());
            exactly!(of_numbers(&uniform(n, 1), bins));
        }
        exactly!(in_a_plane(&uniform(n, 1), &uniform(n, 2), 20));
    }
}

#[test]
fn weights_add_up_to_the_same_at_any_number_of_threads() {
    for n in SIZES.into_iter().chain([300_000]) {
        for bins in [1, 16, 4096] {
            let (x, w) = (uniform(n, 1), uniform(n, 2));
            every_way!(weighted(&x, &w, &mut h) with h = Array1::from_elem(bins, 0.5));
        }
    }
    // What nothing is added to keeps its sign.
    let (x, w) = (Array1::from_elem(100_000, 0.9), Array1::from_elem(100_000, 0.5));
    let (_, h) = every_way!(weighted(&x, &w, &mut h) with h = array![-0.0, 0.0]);
    assert!(h[0].is_sign_negative() && h[1] == 50_000.0);
}

#[kernel]
fn column_sums(x: &ArrayRef2<f64>) -> Array1<f64> {
    let mut acc = Array1::zeros(x.ncols());
    for i in prange(0..x.nrows()) {
        for j in 0..x.ncols() {
            acc[j] += x[[i, j]];
        }
    }
    acc
}

#[kernel]
fn sum_of_rows(x: &ArrayRef2<f64>) -> Array1<f64> {
    let mut acc = Array1::zeros(x.ncols());
    for i in prange(0..x.nrows()) {
        acc += &x.row(i);
    }
    acc
}

#[kernel]
fn into_a_parameter(x: &ArrayRef2<f64>, y: &mut ArrayRef1<f64>) {
    for row in prange(x.rows()) {
        *y += &*row;
    }
}

#[kernel]
fn into_a_part(x: &ArrayRef2<f64>, y: &mut ArrayRef1<f64>) {
    let mut z = y.slice_mut(s![1..]);
    for i in prange(0..x.nrows()) {
        z += &x.row(i);
    }
}

#[kernel]
fn products_of_columns(x: &ArrayRef2<f64>) -> Array2<f64> {
    let k = x.ncols();
    let mut acc = Array2::zeros((k, k));
    for i in prange(0..x.nrows()) {
        for j in 0..k {
            for l in j..k {
                acc[[j, l]] += x[[i, j]] * x[[i, l]];
            }
        }
    }
    acc
}

#[kernel]
fn moments(x: &ArrayRef1<f64>) -> (Array1<f64>, f64) {
    let mut m = Array1::zeros(4);
    let mut most = 0.0f64;
    for i in prange(0..x.len()) {
        let mut p = 1.0;
        for k in 0..4 {
            p *= x[i];
            m[k] += p;
        }
        most = most.max(x[i]);
    }
    (m, most)
}

#[kernel]
fn three_sums(x: &ArrayRef1<f64>) -> f64 {
    let mut m = [0.0; 3];
    for i in prange(0..x.len()) {
        m[i % 3] += x[i];
    }
    m[0] + 2.0 * m[1] + 3.0 * m[2]
}

#[test]
fn rows_add_up_to_arrays() {
    for (n, m) in [(0, 3), (1, 1), (7, 5), (100, 3), (943, 20), (2000, 300), (50_000, 4)] {
        let x = Array2::from_shape_fn((n, m), |(i, j)| ((i * 7919 + j * 31) % 1009) as f64 / 8.0);
        for found in [exactly!(column_sums(&x)).0, exactly!(sum_of_rows(&x)).0] {
            assert_eq!(found, x.sum_axis(Axis(0)));
        }
        exactly!(into_a_parameter(&x, &mut y) with y = Array1::from_elem(m, 0.25));
        exactly!(into_a_part(&x, &mut y) with y = Array1::from_elem(m + 1, 0.25));
        if m < 100 {
            exactly!(products_of_columns(&x));
        }
    }
    for n in SIZES {
        every_way!(moments(&uniform(n, 3)));
        every_way!(three_sums(&uniform(n, 3)));
    }
}

#[kernel]
fn cluster(
    x: &ArrayRef2<f64>,
    centres: &ArrayRef2<f64>,
    near: &mut ArrayRef1<usize>,
) -> (Array2<f64>, Array1<i64>) {
    let (k, d) = centres.dim();
    let mut sums = Array2::zeros((k, d));
    let mut counts = Array1::zeros(k);
    for i in prange(0..x.nrows()) {
        let (mut best, mut at) = (f64::INFINITY, 0);
        for j in 0..k {
            let mut s = 0.0;
            for l in 0..d {
                let t = x[[i, l]] - centres[[j, l]];
                s += t * t;
            }
            if s < best {
                best = s;
                at = j;
            }
        }
        near[i] = at;
        counts[at] += 1;
        for l in 0..d {
            sums[[at, l]] += x[[i, l]];
        }
    }
    (sums, counts)
}

#[kernel]
fn transposed_product(
    start: &ArrayRef1<usize>,
    column: &ArrayRef1<usize>,
    value: &ArrayRef1<f64>,
    x: &ArrayRef1<f64>,
    y: &mut ArrayRef1<f64>,
) {
    for i in prange(0..x.len()) {
        for p in start[i]..start[i + 1] {
            y[column[p]] += value[p] * x[i];
        }
    }
}

#[kernel]
fn deposit(at: &ArrayRef1<f64>, charge: f64, grid: &mut ArrayRef1<f64>) {
    let n = grid.len();
    for i in prange(0..at.len()) {
        let k = at[i] as usize;
        let part = at[i] - k as f64;
        grid[k] += charge * (1.0 - part);
        grid[(k + 1) % n] += charge * part;
    }
}

#[test]
fn iterations_choose_where_they_add() {
    for n in [0, 1, 9, 1000, 30_000] {
        let x = Array2::from_shape_fn((n, 3), |(i, l)| ((i * 7919 + l * 131) % 64) as f64 / 4.0);
        let centres = Array2::from_shape_fn((5, 3), |(j, l)| (j * 3 + l) as f64);
        exactly!(cluster(&x, &centres, &mut near) with near = Array1::from_elem(n, 9));

        let start = Array1::from_shape_fn(n + 1, |i| i * 3);
        let column = Array1::from_shape_fn(3 * n, |p| (p * 31) % (n / 10 + 1));
        let value = Array1::from_shape_fn(3 * n, |p| (p % 16) as f64);
        let y = Array1::from_elem(n / 10 + 1, 1.0);
        exactly!(transposed_product(&start, &column, &value, &uniform(n, 4).mapv(|x| (x * 8.0).floor()), &mut y) with y = y.clone());

        let at = Array1::from_shape_fn(n, |i| ((i * 131) % 160) as f64 / 8.0);
        exactly!(deposit(&at, 0.5, &mut grid) with grid = Array1::zeros(20));
    }
}

#[kernel]
fn by_every_operator(g: &ArrayRef1<usize>, x: &ArrayRef1<i32>, t: &mut ArrayRef2<i32>) {
    for i in prange(0..x.len()) {
        t[[g[i], 0]] *= 1 - x[i].abs() % 2 * 2;
    }
    let (mut low, mut high) = (Array1::<i32>::from_elem(t.nrows(), 9), Array1::<i32>::zeros(t.nrows()));
    let (mut and, mut or, mut xor) = (
        Array1::<i32>::from_elem(t.nrows(), -1),
        Array1::<i32>::zeros(t.nrows()),
        Array1::<i32>::zeros(t.nrows()),
    );
    for i in prange(0..x.len()) {
        low[g[i]] = low[g[i]].min(x[i]);
        high[g[i]] = x[i].max(high[g[i]]);
        and[g[i]] &= x[i];
        or[g[i]] |= x[i];
        xor[g[i]] ^= x[i];
        t[[g[i], 6]] -= x[i];
    }
    t.column_mut(1).assign(&low);
    t.column_mut(2).assign(&high);
    t.column_mut(3).assign(&and);
    t.column_mut(4).assign(&or);
    t.column_mut(5).assign(&xor);
}

#[kernel]
fn extremes_of_groups(
    g: &ArrayRef1<usize>,
    x: &ArrayRef1<f64>,
    low: &mut ArrayRef1<f64>,
    any: &mut ArrayRef1<bool>,
) {
    for i in prange(0..x.len()) {
        low[g[i]] = low[g[i]].min(x[i]);
        any[g[i]] |= x[i] > 0.9;
    }
}

#[kernel]
fn cubes(n: usize, step: &Array3<f64>) -> Array3<f64> {
    let mut r = Array3::zeros(step.dim());
    for _ in prange(0..n) {
        r += step;
    }
    r
}

#[test]
fn every_operator_combines_elements() {
    for n in SIZES {
        let g = Array1::from_shape_fn(n, |i| (i * 5 + i / 3) % 7);
        let x = Array1::from_shape_fn(n, |i| ((i * 40_503) % 9973) as i32 - 4000);
        exactly!(by_every_operator(&g, &x, &mut t) with t = Array2::from_elem((7, 7), 1));
        let mut numbers = uniform(n, 5);
        numbers.iter_mut().step_by(11).for_each(|x| *x = f64::NAN);
        exactly!(extremes_of_groups(&g, &numbers, &mut low, &mut any)
            with low = Array1::from_elem(7, 0.5), any = Array1::from_elem(7, false));
        exactly!(cubes(n % 1000, &Array3::ones((3, 2, 7))));
    }
}

#[test]
fn the_lowest_iteration_out_of_range_is_named() {
    for n in [1000, 200_000] {
        let bins = Array1::from_shape_fn(n, |i| if i >= n / 2 && i % 10 == 7 { 99 } else { i % 16 });
        let error = error_of!(histogram(&bins, &mut Array1::zeros(16)));
        let Error::Index { iteration, index, array, .. } = &error else { panic!("{error}") };
        let lowest = (n / 2..n).find(|i| i % 10 == 7);
        assert_eq!((*iteration, *index, array.as_str()), (lowest, 99, "`counts`"));
    }
}

#[kernel]
fn looked_at(bins: &ArrayRef1<usize>, counts: &mut ArrayRef1<i64>, out: &mut ArrayRef1<i64>) {
    for i in prange(0..bins.len()) {
        counts[bins[i]] += 1;
        out[i] = counts[bins[i]];
    }
}

#[kernel]
fn set_and_added(bins: &ArrayRef1<usize>, counts: &mut ArrayRef1<i64>) {
    for i in prange(0..bins.len()) {
        counts[bins[i]] += 1;
        counts[0] = 7;
    }
}

#[kernel]
fn added_and_multiplied(bins: &ArrayRef1<usize>, counts: &mut ArrayRef1<i64>) {
    for i in prange(0..bins.len()) {
        counts[bins[i]] += 1;
        counts[bins[i]] *= 3;
    }
}

#[test]
fn elements_that_are_more_than_totals_are_races_unless_they_differ() {
    let zeros = || Array1::<i64>::zeros(2);
    let error = error_of!(set_and_added(&array![0, 1], &mut zeros()));
    let Error::PossibleRace { array, first, .. } = &error else { panic!("{error}") };
    assert!(array == "counts" && first.as_str().contains("totals.rs:"), "{error}");

    every_way!(looked_at(&array![1, 0], &mut zeros(), &mut zeros()));
    every_way!(added_and_multiplied(&array![1, 0], &mut zeros()));
    for error in [
        error_of!(looked_at(&array![1, 1], &mut zeros(), &mut zeros())),
        error_of!(added_and_multiplied(&array![1, 1], &mut zeros())),
    ] {
        assert!(matches!(error, Error::EqualElements { .. }), "{error}");
    }
}

#[kernel]
fn length_one(n: i64) -> Array1<i64> {
    let mut r = Array1::zeros(1);
    for i in prange(0..n) {
        r += i;
    }
    r
}

#[kernel]
fn matrix_total(step: &Array2<i64>, n: usize, twice: bool) -> Array2<i64> {
    let mut total = Array2::<i64>::zeros(step.dim());
    for _ in prange(0..n) {
        total += step;
    }
    if twice {
        for _ in prange(0..n) {
            total += step;
        }
    }
    total
}

#[kernel]
fn matrix_product(n: usize) -> Array2<i64> {
    let mut r = Array2::<i64>::from_elem((2, 3), 2);
    for _ in prange(0..n) {
        r *= 2;
    }
    r
}

#[kernel]
fn columns_into_one(x: &ArrayRef2<f64>, y: &mut ArrayRef1<f64>) {
    for j in prange(0..x.ncols()) {
        *y += &*x.column(j);
    }
}

#[test]
fn arrays_are_totals_of_loops_in_parallel() {
    assert_eq!(exactly!(length_one(100)).0, array![4950]);
    let step = Array2::from_shape_fn((13, 17), |(i, j)| (i * 17 + j) as i64);
    assert_eq!(exactly!(matrix_total(&step, 100, false)).0, &step * 100);
    assert_eq!(exactly!(matrix_total(&step, 100, true)).0, &step * 200);
    assert_eq!(exactly!(matrix_product(10)).0, Array2::from_elem((2, 3), 2048));
    assert_eq!(compiled_ways!(matrix_product(100)).0, Array2::zeros((2, 3)), "integers wrap");
    for (n, m) in [(10, 10), (3, 5000), (0, 4), (5, 0)] {
        let x = Array2::from_shape_fn((n, m), |(i, j)| ((i * 31 + j * 17) % 53) as f64);
        exactly!(columns_into_one(&x, &mut y) with y = Array1::from_elem(n, 0.5));
    }
}

/// Iterations with arrays of their own, that replace, add up and choose where they add.
#[kernel]
fn scored(a: &ArrayRef2<f64>, weights: &Array1<f64>, h: &mut ArrayRef1<i64>) -> (f64, usize, f64) {
    let (mut best, mut at, mut sum) = (f64::INFINITY, 0, 0.0);
    for i in prange(0..a.nrows()) {
        let mut row = a.row(i).to_owned();
        row *= weights;
        row[0] += 1.0;
        let score = row.sum() + row[row.len() - 1];
        h[score as usize % 7] += 1;
        sum += score;
        if score < best {
            best = score;
            at = i;
        }
    }
    (best, at, sum)
}

#[kernel]
fn scored_alone(a: &ArrayRef2<f64>, weights: &Array1<f64>) -> (f64, usize) {
    let (mut best, mut at) = (f64::NEG_INFINITY, 0);
    for i in prange(0..a.nrows()) {
        let mut row = a.row(i).to_owned();
        row *= weights;
        row[0] += 1.0;
        let score = row.sum() + row[row.len() - 1];
        if score >= best {
            best = score;
            at = i;
        }
    }
    (best, at)
}

#[test]
fn iterations_have_arrays_of_their_own_beside_totals() {
    for (n, m) in [(0, 3), (1, 1), (64, 5), (943, 20), (5000, 12)] {
        let a = Array2::from_shape_fn((n, m), |(i, j)| ((i * 31 + j * 17) % 53) as f64);
        let weights = Array1::from_shape_fn(m, |j| (j % 4) as f64);
        exactly!(scored(&a, &weights, &mut h) with h = Array1::from_elem(7, 1));
        exactly!(scored_alone(&a, &weights));
    }
}

#[kernel]
fn rows_of_counts(bins: &ArrayRef2<usize>, h: &mut ArrayRef2<u32>) {
    for i in prange(0..bins.nrows()) {
        for j in 0..bins.ncols() {
            h[[bins[[i, j]], j % 3]] += 1;
        }
    }
}

#[test]
fn totals_may_lie_in_any_layout() {
    for n in [3, 100, 9000] {
        let bins = Array2::from_shape_fn((n, 5), |(i, j)| (i * 7 + j * j) % 11);
        let (_, straight) = exactly!(rows_of_counts(&bins, &mut h) with h = Array2::zeros((11, 3)));
        let mut turned = Array2::<u32>::zeros((3, 22));
        let mut part = turned.view_mut().reversed_axes();
        let mut part = part.slice_mut(s![..;2, ..]);
        rows_of_counts::parallel(&bins, &mut part).unwrap();
        assert_eq!(part, straight);
    }
}
