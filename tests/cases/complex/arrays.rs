//! Arrays of complex numbers: expressions, views, reductions, closures, iterators.

use super::{matrix, points};
use crate::cases::ways::{error_of, every_way, exactly};
use ndarray::{Array1, Array2, Array3, ArrayRef1, ArrayRef2, ArrayRef3, ArrayView2, ArrayViewMut1, Axis, s};
use num_complex::{Complex, Complex32, Complex64, c32, c64};
use parfuse::Error;
use parfuse::prelude::*;

#[kernel]
fn scaled(a: &ArrayRef1<Complex64>, w: Complex64) -> Array1<Complex64> {
    w * a - 1.0
}

#[test]
fn arrays_lie_as_they_are() {
    for n in [0, 1, 2, 7, 1000, 20_000] {
        exactly!(scaled(&points(n), Complex::new(0.5, -0.25)));
    }
    let every_other = points(2001);
    exactly!(scaled(&every_other.slice(s![..;2]), Complex::new(0.5, -0.25)));
    exactly!(scaled(&every_other.slice(s![..;-3]), Complex::new(0.5, -0.25)));
}

#[kernel]
fn expression(a: &ArrayRef2<Complex64>, x: &ArrayRef1<f64>, w: Complex64) -> Array2<Complex64> {
    let shifted = a * x + a / 2.0;
    (&shifted * &shifted - w) / (a + Complex64::new(3.0, 0.0))
}

#[test]
fn expressions_broadcast() {
    let x = Array1::linspace(0.5, 2.0, 30);
    exactly!(expression(&matrix(20, 30), &x, Complex::i()));
    exactly!(expression(&matrix(20, 1), &x.slice(s![..1]).to_owned(), Complex::i()));
    exactly!(expression(&matrix(30, 20).t(), &x, Complex::i()));
}

#[test]
fn an_expression_is_one_region() {
    let explanation = expression::kernel().explain().unwrap();
    assert_eq!(explanation.regions.len(), 1, "{explanation}");
    assert_eq!(explanation.arrays_allocated, 1, "{explanation}");
}

#[kernel]
fn drawn_out(a: &ArrayRef2<Complex64>, x: &ArrayRef2<f64>) -> (Array2<Complex64>, Array2<Complex64>) {
    (a + x, a - x)
}

#[test]
fn a_real_array_draws_out_both_parts() {
    let x = Array2::from_shape_fn((4, 5), |(i, j)| i as f64 - j as f64);
    exactly!(drawn_out(&matrix(1, 5), &x));
    exactly!(drawn_out(&matrix(4, 1), &x));
}

#[kernel]
fn in_place(a: &mut ArrayRef2<Complex64>, row: &ArrayRef1<Complex64>) {
    *a += row;
    *a *= Complex64::new(0.5, 0.5);
    a.row_mut(0).assign(row);
    a.column_mut(1).fill(Complex64::new(1.0, 2.0));
    let mut last = a.slice_mut(s![-1.., ..;2]);
    last *= row[1];
    a[[1, 1]] = row[0];
    a.swap([0, 0], [1, 1]);
}

#[test]
fn views_are_written() {
    exactly!(in_place(&mut a, &points(7)) with a = matrix(5, 7));
}

#[kernel]
fn of_views(a: ArrayView2<Complex32>, mut b: ArrayViewMut1<Complex32>) -> Array1<Complex32> {
    for i in prange(0..b.len()) {
        b[i] += a.row(i).sum() * a[[i, 0]];
    }
    let reversed = b.slice(s![..;-1]).to_owned();
    &a.column(0) * &reversed
}

#[test]
fn views_are_parameters() {
    let a = Array2::from_shape_fn((40, 3), |(i, j)| Complex32::new(i as f32, 0.5 - j as f32));
    exactly!(of_views(a.view(), b.view_mut()) with b = Array1::from_elem(40, Complex32::i()));
    let mut b = Array1::from_elem(40, Complex32::i());
    let found = of_views::parallel(a.view(), b.slice_mut(s![..;-1])).unwrap();
    let mut c = Array1::from_elem(40, Complex32::i());
    assert_eq!(found, of_views(a.view(), c.slice_mut(s![..;-1])));
    assert_eq!(b, c);
}

#[kernel]
fn reductions(a: &ArrayRef2<Complex64>) -> (Complex64, Array1<Complex64>, Array1<Complex64>, Complex64) {
    (a.sum(), a.sum_axis(Axis(0)), a.sum_axis(Axis(1)), a.mean().unwrap())
}

#[test]
fn sums_are_those_of_the_parts() {
    every_way!(reductions(&matrix(70, 90)));
}

#[kernel]
fn all_multiplied(a: &ArrayRef2<Complex64>) -> (Complex64, Array1<Complex64>, Array1<Complex64>) {
    (a.product(), (a * 1.5).product_axis(Axis(0)), a.product_axis(Axis(1)))
}

#[kernel]
fn rows_multiplied(a: &ArrayRef3<Complex32>, out: &mut ArrayRef1<Complex32>) -> Array2<Complex32> {
    for i in prange(0..out.len()) {
        let row = a.index_axis(Axis(0), i);
        out[i] = row.product() + (&row.row(0) * 2.0).product();
    }
    a.product_axis(Axis(2))
}

#[test]
fn products_of_elements_go_from_the_first_to_the_last() {
    let unit = |z: Complex64| z / z.norm() * 1.01;
    for (n, m) in [(0, 0), (0, 3), (1, 1), (3, 0), (20, 30), (300, 70)] {
        every_way!(all_multiplied(&matrix(n, m).mapv(unit)));
        every_way!(all_multiplied(&matrix(m, n).mapv(unit).reversed_axes()));
    }
    let cube = points(60).mapv(|z| Complex32::new(z.re as f32 + 1.0, z.im as f32));
    let cube = cube.into_shape_with_order((3, 4, 5)).unwrap();
    every_way!(rows_multiplied(&cube, &mut out) with out = Array1::zeros(3));
}

#[kernel]
fn axis_then_random(a: &ArrayRef2<Complex64>) -> (f64, f64, Complex64) {
    let products = a.product_axis(Axis(0));
    (random::<f64>(), random::<f64>(), products.sum())
}

/// Random numbers are numbered by the function's own loops.
#[test]
fn products_number_no_random_numbers() {
    let a = matrix(4, 5);
    let plain = with_seed(3, || axis_then_random(&a));
    let compiled = with_seed(3, || axis_then_random::serial(&a)).unwrap();
    assert_eq!((plain.0, plain.1), (compiled.0, compiled.1));
}

const WEIGHTS: [Complex64; 3] = [Complex::new(0.25, -1.0), Complex::new(0.5, 0.0), Complex::new(-2.0, 0.125)];
static TURNS: [[Complex32; 2]; 2] =
    [[Complex::new(0.0, 1.0), Complex::new(1.0, 0.0)], [Complex::new(-1.0, 0.0), Complex::new(0.5, 0.5)]];

#[kernel]
fn tables(
    a: &ArrayRef1<Complex64>,
    b: &ArrayRef1<Complex32>,
) -> (Array1<Complex64>, Array1<Complex32>, Complex64) {
    let mut c = Array1::zeros(a.len());
    for i in prange(1..a.len() - 1) {
        let mut sum = Complex64::new(0.0, 0.0);
        for k in 0..WEIGHTS.len() {
            sum += WEIGHTS[k] * a[i + k - 1];
        }
        c[i] = sum + WEIGHTS[1];
    }
    let mut d = b.to_owned();
    for i in 0..b.len() {
        for k in 0..2 {
            d[i] = d[i] * TURNS[k][i % 2] + TURNS[1][0];
        }
    }
    (c, d, WEIGHTS.iter().sum::<Complex64>())
}

#[test]
fn constant_tables_have_complex_numbers() {
    for n in [2, 3, 100] {
        exactly!(tables(&points(n), &points(n).mapv(|z| Complex::new(z.re as f32, z.im as f32))));
    }
}

#[kernel]
fn shorthands(x: f32, n: i32, a: &ArrayRef1<f64>) -> (Complex64, Complex32, Array1<Complex64>) {
    let z = c64(x, 0.25) + num_complex::c64(1, n) * c64(0.5, -1.0);
    let mut out = Array1::zeros(a.len());
    for i in prange(0..a.len()) {
        out[i] = c64(a[i], 0.0) * z;
    }
    (z, c32(x, 2.0) * c32(n as i16, 1), out)
}

#[test]
fn complex_numbers_are_made_by_short_names() {
    exactly!(shorthands(1.5, -3, &Array1::linspace(-1.0, 1.0, 40)));
}

#[kernel]
fn products(
    a: &ArrayRef2<Complex64>,
    x: &ArrayRef1<Complex64>,
) -> (Complex64, Array1<Complex64>, Array2<Complex64>) {
    (x.dot(x), a.dot(x), a.dot(&a.t()))
}

#[test]
fn products_of_vectors_and_matrices() {
    every_way!(products(&matrix(20, 30), &points(30)));
}

#[kernel]
fn totals(a: &ArrayRef1<Complex64>, b: &ArrayRef1<Complex64>) -> (Complex64, f64) {
    let (mut inner, mut norm) = (Complex::new(0.0, 0.0), 0.0);
    for i in prange(0..a.len()) {
        inner += a[i].conj() * b[i];
        norm += a[i].norm_sqr();
    }
    (inner, norm)
}

#[test]
fn totals_of_a_prange() {
    for n in [0, 1, 100, 10_000] {
        every_way!(totals(&points(n), &points(n)));
    }
}

#[kernel]
fn mapped(a: &ArrayRef1<Complex64>, c: Complex64) -> (Array1<Complex64>, Array1<bool>, Array1<f64>) {
    let next = a.mapv(|z| z * z + c);
    let small = next.mapv(|z| z.norm_sqr() < 1.0);
    let steps = a.mapv(|start| {
        let mut z = start;
        let mut n = 0.0;
        while z.norm_sqr() < 4.0 && n < 20.0 {
            z = z * z + c;
            n += 1.0;
        }
        n
    });
    (next, small, steps)
}

#[test]
fn closures_over_elements() {
    exactly!(mapped(&points(1000), Complex::new(-0.4, 0.6)));
}

#[kernel]
fn iterated(a: &ArrayRef1<Complex64>, c: Complex64) -> Array1<Complex64> {
    a.mapv(|start| {
        let mut z = start;
        for _ in 0..5 {
            if z.norm_sqr() > 4.0 {
                z /= 2.0;
            }
            z = z * z + c;
        }
        z
    })
}

#[test]
fn closures_with_loops_give_both_parts() {
    exactly!(iterated(&points(1000), Complex::new(-0.4, 0.6)));
}

#[kernel]
fn iterated_and_used(
    a: &ArrayRef2<Complex64>,
    c: Complex64,
    most: usize,
) -> (Array2<Complex64>, f64, Array2<f64>) {
    let ends = a.mapv(|start| {
        let mut z = start;
        for _ in 0..most {
            z = z * z + c;
        }
        z
    });
    let norms = ends.mapv(|z| z.norm_sqr());
    let more = (&ends * 2.0).mapv(|mut z| {
        while z.norm_sqr() > 1.0 {
            z *= 0.5;
        }
        z
    });
    (more, norms.sum(), norms)
}

/// The loops of a closure run once for both parts.
#[test]
fn closures_with_loops_are_computed_once() {
    let c = Complex::new(-0.4, 0.6);
    let engine = Engine::builder().threads(1).build().unwrap();
    engine.install(|| iterated::serial(&points(100), c)).unwrap();
    let lane = engine.install(|| iterated::kernel().lane()).unwrap();
    assert_eq!(lane.matches(" loop ").count(), 1, "{lane}");
    let explanation = engine.install(|| iterated::kernel().explain()).unwrap();
    assert_eq!((explanation.regions.len(), explanation.arrays_allocated), (1, 1), "{explanation}");
    for (n, m) in [(0, 4), (1, 1), (20, 33), (100, 200)] {
        every_way!(iterated_and_used(&matrix(n, m).mapv(|z| z / (1.0 + z.norm())), c, 6));
    }
}

/// Rows of an iteration, too, and what is checked in a closure.
#[kernel]
fn rows_iterated(a: &ArrayRef2<Complex64>, exponents: &[usize], k: usize) -> Array2<Complex64> {
    let mut out = Array2::zeros(a.raw_dim());
    for i in prange(0..a.nrows()) {
        let row = a.row(i).mapv(|start| {
            let mut z = start;
            for j in 0..3 {
                z *= exponents[j + k] as f64;
            }
            z
        });
        out.row_mut(i).assign(&row);
    }
    out.mapv(|start| {
        let mut z = start;
        for j in 0..2 {
            z += exponents[j + k] as f64;
        }
        z
    })
}

#[test]
fn closures_with_loops_in_rows() {
    every_way!(rows_iterated(&matrix(30, 20), &[1, 2, 3, 4], 1));
    let error = error_of!(rows_iterated(&matrix(30, 20), &[1, 2, 3, 4], 2));
    assert!(matches!(error, Error::Index { index: 4, len: 4, .. }), "{error}");
}

#[kernel]
fn changed(a: &mut ArrayRef1<Complex64>, b: &ArrayRef1<Complex64>) {
    a.mapv_inplace(|z| z.conj() * 2.0);
    a.map_inplace(|z| z.re += 1.0);
    a.zip_mut_with(b, |z, w| *z *= w);
    for (z, &w) in a.iter_mut().zip(b) {
        *z -= w * w;
    }
}

#[test]
fn elements_change_in_place() {
    exactly!(changed(&mut a, &points(500)) with a = points(500));
}

#[kernel]
fn iterators(a: &ArrayRef2<Complex64>) -> (Complex64, Complex64, Complex64, Array1<Complex64>) {
    let sum: Complex64 = a.iter().sum();
    let product: Complex64 = a.iter().map(|z| z + 1.0).product();
    let folded = a.iter().fold(Complex::new(0.0, 1.0), |all, z| all * 0.5 + z);
    let firsts = a.rows().into_iter().map(|row| row[0] * row[1]).collect::<Array1<_>>();
    (sum, product, folded, firsts)
}

#[test]
fn iterators_go_in_order() {
    exactly!(iterators(&matrix(6, 9)));
    exactly!(iterators(&matrix(0, 9)));
}

#[kernel]
fn made(
    n: usize,
    w: Complex64,
) -> (Array1<Complex64>, Array2<Complex64>, Array3<Complex64>, Array1<Complex64>) {
    let mut powers: Array1<Complex64> = Array1::ones(n);
    for i in 1..n {
        powers[i] = powers[i - 1] * w;
    }
    let grid = Array2::from_shape_fn((n, 3), |(i, j)| Complex64::new(i as f64, j as f64) * w);
    let same = Array3::from_elem((2, n, 2), w);
    let kept = powers.clone();
    powers *= w;
    (powers, grid, same, kept)
}

#[test]
fn arrays_are_made() {
    exactly!(made(9, Complex::new(0.6, 0.8)));
    exactly!(made(1, Complex::new(0.6, 0.8)));
}

#[kernel]
fn exchanged(a: &ArrayRef1<Complex64>, n: usize) -> Array1<Complex64> {
    let mut now = a.to_owned();
    let mut next = Array1::zeros(a.len());
    for _ in 0..n {
        for i in prange(1..a.len() - 1) {
            next[i] = (now[i - 1] + now[i + 1]) * Complex64::new(0.5, 0.1);
        }
        (now, next) = (next, now);
    }
    now
}

#[test]
fn arrays_change_places() {
    for n in [0, 1, 4, 5] {
        exactly!(exchanged(&points(300), n));
    }
}

#[kernel]
fn later(n: usize, x: f32) -> Array1<Complex<f32>> {
    let mut a = Array1::zeros(n);
    for i in 0..n {
        a[i] = a[i] * 0.1 + Complex::new(x, 0.2);
        a[i] -= 0.3;
    }
    a
}

#[test]
fn elements_turn_out_complex_later() {
    exactly!(later(50, 1.1));
}

#[kernel]
fn deep(a: &ndarray::ArrayRef5<Complex64>) -> ndarray::Array5<Complex64> {
    a * 2.0
}

#[test]
fn arrays_have_up_to_five_axes() {
    let a = points(2 * 3 * 2 * 3 * 2).into_shape_with_order((2, 3, 2, 3, 2)).unwrap();
    exactly!(deep(&a));
}

#[kernel]
fn rows(a: &mut ArrayRef2<Complex64>, w: &Array1<Complex64>) {
    for i in prange(0..a.nrows()) {
        let mut row = a.row_mut(i);
        row *= w;
        let copy = row.to_owned();
        let mut next = &copy * &copy;
        next[0] = copy.sum();
        row.assign(&(next / w));
    }
}

#[test]
fn rows_are_computed_in_a_prange() {
    every_way!(rows(&mut a, &points(30)) with a = matrix(40, 30));
}

#[kernel]
fn slices(a: &[Complex32], b: &mut [Complex32]) {
    for i in prange(0..a.len()) {
        b[i] = a[i].conj() * b[i].re;
    }
}

#[test]
fn slices_are_parameters() {
    let a: Vec<Complex32> = (0..1000).map(|i| Complex32::new(i as f32, -0.5)).collect();
    exactly!(slices(&a, b.as_slice_mut().unwrap()) with b = Array1::from_elem(1000, Complex32::new(0.5, 3.0)));
}

#[kernel]
fn masked_steps(c: &Array2<Complex64>, steps: usize) -> Array2<i32> {
    let mut z = Array2::<Complex64>::zeros(c.raw_dim());
    let mut counts = Array2::<i32>::zeros(c.raw_dim());
    for _ in 0..steps {
        let inside = z.mapv(|z| z.norm_sqr() <= 4.0);
        z = select(&inside, &(&z * &z + c), &z);
        counts.zip_mut_with(&inside, |n, &m| *n += m as i32);
    }
    counts
}

#[test]
fn masks_choose_complex_numbers() {
    let points =
        Array2::from_shape_fn((7, 19), |(i, j)| Complex64::new(j as f64 / 7.0 - 2.0, i as f64 / 3.0 - 1.0));
    exactly!(masked_steps(&points, 12));
}
