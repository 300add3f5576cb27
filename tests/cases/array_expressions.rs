//! Whole-array expressions: creation, broadcasts, memory layouts, updates in place.
//!
//! | case | instead |
//! |---|---|
//! | complex and short elements, many axes | `complex`, `types`, `ranks` |
//! | slices, transposes, gathers, reshapes, ranges as arrays | `parts_of_arrays`, `array_forms`, `loop_forms` |
//! | `dot`, `svd`, `argsort` | `products`, `linear_algebra`, `language/hosts.rs` |

use super::ways::{SIZES, error_of, every_way};
use ndarray::{
    Array0, Array1, Array2, Array3, ArrayRef0, ArrayRef1, ArrayRef2, ArrayRef3, ShapeBuilder, array, s,
};
use parfuse::Error;
use parfuse::prelude::*;

#[kernel]
fn scalar_array() -> Array0<f64> {
    Array0::<f64>::ones(())
}

#[kernel]
fn ones_plus(h: usize, w: usize) -> Array2<f64> {
    Array2::<f64>::ones((h, w)) + Array2::<f64>::ones((h, w)) + 1.0
}

#[test]
fn arrays_of_any_shape_are_made() {
    assert_eq!(every_way!(scalar_array()).0, ndarray::arr0(1.0));
    for shape in [(1, 1), (1, 2), (0, 0), (0, 5), (5, 0), (10, 10), (3, 9001)] {
        assert_eq!(every_way!(ones_plus(shape.0, shape.1)).0, Array2::from_elem(shape, 3.0));
    }
}

#[kernel]
fn twice_vector(v: &ArrayRef1<f64>) -> Array1<f64> {
    v + v
}

#[kernel]
fn twice_matrix(m: &ArrayRef2<f64>) -> Array2<f64> {
    m + m
}

#[kernel]
fn matrix_plus_vector(m: &ArrayRef2<f64>, v: &ArrayRef1<f64>) -> Array2<f64> {
    m + v
}

#[test]
fn operands_may_be_transposed_reversed_strided_or_repeated() {
    let m = Array2::from_shape_fn((3, 4), |(i, j)| (10 * i + j) as f64);
    let v = array![1.0, 2.0, 3.0];
    every_way!(twice_vector(&v));
    every_way!(twice_matrix(&m));
    every_way!(twice_matrix(&m.t()));
    every_way!(matrix_plus_vector(&m.t(), &v));
    let large = Array2::from_shape_fn((90, 70), |(i, j)| (i * 70 + j) as f64);
    for rows in [s![.., ..], s![..;-1, ..], s![..;3, ..;2], s![..;-2, ..;-1], s![4..4, ..], s![..1, ..1]] {
        every_way!(twice_matrix(&large.slice(rows)));
        every_way!(twice_matrix(&large.t().slice(rows)));
    }
    let repeated = v.broadcast((700, 3)).unwrap();
    assert_eq!(every_way!(twice_matrix(&repeated)).0, Array2::from_shape_fn((700, 3), |(_, j)| 2.0 * v[j]));
    let single = array![5.0];
    assert_eq!(
        every_way!(twice_vector(&single.broadcast(30_000).unwrap())).0,
        Array1::from_elem(30_000, 10.0)
    );
}

#[kernel]
fn axpy1(a: f64, x: &ArrayRef1<f64>, y: &ArrayRef1<f64>) -> Array1<f64> {
    a * x + y
}

#[kernel]
fn axpy2(a: f64, x: &ArrayRef2<f64>, y: &ArrayRef2<f64>) -> Array2<f64> {
    a * x + y
}

#[kernel]
fn axpy3(a: f64, x: &ArrayRef3<f64>, y: &ArrayRef3<f64>) -> Array3<f64> {
    a * x + y
}

#[test]
fn row_and_column_major_arrays_of_every_rank() {
    for n in SIZES {
        let x = Array1::from_shape_fn(n, |i| i as f64);
        assert_eq!(every_way!(axpy1(2.0, &x, &x)).0, &x * 3.0);
    }
    let f2 = |order: bool| Array2::from_shape_fn((40, 30).set_f(order), |(i, j)| (i * 30 + j) as f64);
    let f3 = |order: bool| {
        Array3::from_shape_fn((9, 5, 11).set_f(order), |(i, j, k)| (i * 55 + j * 11 + k) as f64)
    };
    for (x, y) in [(false, false), (false, true), (true, false), (true, true)] {
        assert_eq!(every_way!(axpy2(2.0, &f2(x), &f2(y))).0, f2(false) * 3.0);
        assert_eq!(every_way!(axpy3(2.0, &f3(x), &f3(y))).0, f3(false) * 3.0);
    }
}

#[kernel]
fn sum_of_twice(v: &ArrayRef1<f64>) -> f64 {
    (v + v).sum()
}

#[kernel]
fn sum_of_one_plus(h: usize, w: usize) -> f64 {
    (1.0 + Array2::<f64>::ones((h, w))).sum()
}

#[kernel]
fn sum_of_scalar_array_plus(zero: &ArrayRef0<f64>, m: &ArrayRef2<f64>) -> f64 {
    (zero + m).sum()
}

#[kernel]
fn sum_of_both(h: usize, w: usize) -> f64 {
    (Array2::<f64>::ones((h, w)) + Array2::<f64>::zeros((h, w))).sum()
}

#[kernel]
fn sum_of_arguments(x: &ArrayRef2<f64>, y: &ArrayRef2<f64>) -> f64 {
    (x + y).sum()
}

#[test]
fn sums_of_expressions_need_one_region_and_no_array() {
    assert_eq!(every_way!(sum_of_twice(&Array1::ones(10))).0, 20.0);
    assert_eq!(every_way!(sum_of_one_plus(10, 12)).0, 240.0);
    assert_eq!(every_way!(sum_of_both(10, 12)).0, 120.0);
    let ones = Array2::ones((10, 12));
    assert_eq!(every_way!(sum_of_scalar_array_plus(&ndarray::arr0(1.0), &ones)).0, 240.0);
    assert_eq!(every_way!(sum_of_arguments(&ones, &ones.t().to_owned().t())).0, 240.0);
    for kernel in [
        sum_of_twice::kernel(),
        sum_of_one_plus::kernel(),
        sum_of_both::kernel(),
        sum_of_scalar_array_plus::kernel(),
        sum_of_arguments::kernel(),
    ] {
        let explanation = kernel.explain().unwrap();
        assert_eq!((explanation.regions.len(), explanation.arrays_allocated), (1, 0), "{explanation}");
    }
}

#[kernel]
fn in_place(a: &mut ArrayRef1<f64>) {
    *a += 1.0;
    a.fill(3.0);
}

#[kernel]
fn increment(a: &mut ArrayRef2<f64>) {
    *a += 1.0;
}

#[kernel]
fn add_and_return(a: &ArrayRef1<f64>, b: &mut ArrayRef1<f64>) -> Array1<f64> {
    *b += a;
    b.to_owned()
}

#[kernel]
fn fill_seven(a: &mut ArrayRef2<f64>) {
    a.fill(7.0);
}

#[test]
fn updates_reach_the_arrays_of_the_caller() {
    for n in SIZES {
        assert_eq!(every_way!(in_place(&mut a) with a = Array1::zeros(n)).1, Array1::from_elem(n, 3.0));
        let (result, b) =
            every_way!(add_and_return(&Array1::ones(n), &mut b) with b = Array1::from_elem(n, 2.0));
        assert_eq!(result, Array1::from_elem(n, 3.0));
        assert_eq!(b, result);
    }
    let (_, m) = every_way!(increment(&mut m.slice_mut(s![1..;2, ..;-3])) with m = Array2::zeros((9, 10)));
    assert_eq!(m.sum(), 16.0);
    assert_eq!(
        every_way!(fill_seven(&mut m) with m = Array2::zeros((4, 3))).1,
        Array2::from_elem((4, 3), 7.0)
    );
    assert_eq!(fill_seven::kernel().explain().unwrap().regions.len(), 1);
}

#[kernel]
fn sum_of_ones(m: usize, n: usize) -> Array1<f64> {
    let a = Array1::<f64>::ones(m);
    let b = Array1::<f64>::ones(n);
    a + b
}

#[test]
fn lengths_that_do_not_fit_are_errors_with_both_lengths_and_the_line() {
    assert_eq!(every_way!(sum_of_ones(9, 9)).0, Array1::from_elem(9, 2.0));
    let error = error_of!(sum_of_ones(9, 10));
    let Error::ShapeMismatch { axis: 0, left: 9, right: 10, place } = &error else { panic!("{error}") };
    assert!(place.as_str().contains("array_expressions.rs:"), "{place}");
}

#[kernel]
fn is_nonzero(a: &ArrayRef1<i64>) -> Array1<bool> {
    a.mapv(|x| x != 0)
}

#[kernel]
fn is_infinite(a: &ArrayRef1<f64>) -> Array1<bool> {
    a.mapv(|x| x.is_infinite())
}

#[kernel]
fn and_masks(a: &ArrayRef1<i32>, mask: i32) -> Array1<i32> {
    a & mask
}

#[test]
fn elements_are_compared_and_masked() {
    assert_eq!(every_way!(is_nonzero(&array![0, 3, 0, -1])).0, array![false, true, false, true]);
    let a = array![1.0, f64::INFINITY, f64::NAN, -f64::INFINITY];
    assert_eq!(every_way!(is_infinite(&a)).0, array![false, true, false, true]);
    assert_eq!(every_way!(and_masks(&array![255, 256, -1], 257)).0, array![1, 256, 257]);
    for n in SIZES {
        every_way!(is_nonzero(&Array1::from_shape_fn(n, |i| i as i64 % 3)));
    }
}

#[kernel]
fn normal_distribution(d: f64) -> f64 {
    let k = 1.0 / (1.0 + 0.231_641_9 * d.abs());
    let polynomial = k
        * (0.319_381_53
            + k * (-0.356_563_782 + k * (1.781_477_937 + k * (-1.821_255_978 + k * 1.330_274_429))));
    let tail = 0.398_942_280_401_432_7 * (-0.5 * d * d).exp() * polynomial;
    if d > 0.0 { 1.0 - tail } else { tail }
}

#[kernel]
fn black_scholes(
    price: &Array1<f64>,
    strike: &Array1<f64>,
    years: &Array1<f64>,
    riskless: f64,
    volatility: f64,
) -> (Array1<f64>, Array1<f64>) {
    let root = years.sqrt();
    let d1 =
        ((price / strike).ln() + (riskless + 0.5 * volatility * volatility) * years) / (volatility * &root);
    let d2 = &d1 - &(volatility * root);
    let (c1, c2) = (d1.mapv(normal_distribution), d2.mapv(normal_distribution));
    let discount = (-riskless * years).exp();
    let call = price * &c1 - strike * &discount * &c2;
    let put = strike * discount * (1.0 - c2) - price * (1.0 - c1);
    (call, put)
}

#[test]
fn option_prices_take_one_region_and_the_results() {
    for n in SIZES {
        let price = Array1::from_shape_fn(n, |i| 5.0 + (i % 25) as f64);
        let strike = Array1::from_shape_fn(n, |i| 1.0 + (i % 99) as f64);
        let years = Array1::from_shape_fn(n, |i| 0.25 + (i % 9) as f64);
        every_way!(black_scholes(&price, &strike, &years, 0.02, 0.3));
    }
    let explanation = black_scholes::kernel().explain().unwrap();
    assert_eq!((explanation.regions.len(), explanation.arrays_allocated), (1, 2), "{explanation}");
}

#[kernel]
fn minus_least(a: &ArrayRef1<f64>) -> Array1<f64> {
    let mut least = f64::INFINITY;
    for i in prange(0..a.len()) {
        least = least.min(a[i]);
    }
    a - least
}

#[kernel]
fn mixed_functions(a: &ArrayRef1<f64>, b: &ArrayRef1<f64>) -> Array1<f64> {
    (-a).sin() + 1.0 / b.sqrt()
}

#[test]
fn a_total_that_is_used_takes_a_second_region() {
    let a = Array1::from_shape_fn(1000, |i| 3.0 + (i * 37 % 101) as f64);
    let least = every_way!(minus_least(&a)).0;
    assert_eq!(least.iter().copied().fold(9.0, f64::min), 0.0);
    assert_eq!(minus_least::kernel().explain().unwrap().regions.len(), 2);
    every_way!(mixed_functions(&a, &a));
    assert_eq!(mixed_functions::kernel().explain().unwrap().regions.len(), 1);
}

#[kernel]
fn broadcast_chain(m: &Array2<f64>, v: &Array1<f64>, d: &Array2<f64>) -> Array2<f64> {
    let c = m + v;
    m + &c - d
}

#[kernel]
fn outer_sum(column: &ArrayRef2<f64>, row: &ArrayRef2<f64>) -> Array2<f64> {
    column + row
}

#[kernel]
fn cube_plus(cube: &ArrayRef3<f64>, m: &ArrayRef2<f64>, v: &ArrayRef1<f64>) -> Array3<f64> {
    cube + m + v
}

#[test]
fn axes_of_length_one_are_stretched_at_run_time() {
    let m = Array2::from_shape_fn((30, 20), |(i, j)| (i * 20 + j) as f64);
    let v = Array1::from_shape_fn(20, |j| j as f64 * 0.5);
    every_way!(broadcast_chain(&m, &v, &m.slice(s![..1, ..]).to_owned()));
    every_way!(broadcast_chain(&m, &v.slice(s![..1]).to_owned(), &m.slice(s![.., ..1]).to_owned()));
    for (n, m) in [(3, 4), (1, 4), (4, 1), (1, 1), (0, 4), (4, 0), (1, 0), (300, 100)] {
        let column = Array2::from_shape_fn((n, 1), |(i, _)| i as f64);
        let row = Array2::from_shape_fn((1, m), |(_, j)| 100.0 * j as f64);
        let expected = Array2::from_shape_fn((n, m), |(i, j)| i as f64 + 100.0 * j as f64);
        assert_eq!(every_way!(outer_sum(&column, &row)).0, expected);
        assert_eq!(every_way!(outer_sum(&row, &column)).0, expected);
    }
    let cube = Array3::from_shape_fn((4, 30, 20), |(i, j, k)| (i + j + k) as f64);
    every_way!(cube_plus(&cube, &m, &v));
    every_way!(cube_plus(&cube.slice(s![.., ..1, ..]), &m, &v.slice(s![..1])));
    let error = error_of!(cube_plus(&cube, &m.t(), &v));
    assert!(matches!(error, Error::ShapeMismatch { .. }), "{error}");
}

#[kernel]
fn over_zero(a: &ArrayRef1<f64>, zero: f64) -> Array1<f64> {
    a / zero
}

#[kernel]
fn inverse_of_range(n: usize, backwards: bool) -> Array1<f64> {
    let mut inverse = Array1::<usize>::zeros(n);
    for i in prange(0..n) {
        inverse[i] = n - 1 - i;
    }
    let mut picked = Array1::<f64>::zeros(n);
    if backwards {
        for i in prange(0..n) {
            picked[i] = inverse[inverse[i]] as f64;
        }
    } else {
        for i in prange(0..n) {
            picked[i] = inverse[i] as f64;
        }
    }
    picked / n as f64
}

#[kernel]
fn sum_of_part(x: &ArrayRef1<f64>, half: bool) -> f64 {
    let n = if half { x.len() / 2 } else { x.len() };
    let mut sum = 0.0;
    for i in prange(0..n) {
        sum += x[i];
    }
    sum
}

#[kernel]
fn zero_where(a: &ArrayRef1<f32>, at: usize) -> Array1<f32> {
    let mut result = Array1::ones(a.len());
    result[at] = a[at] * 0.0;
    result
}

#[kernel]
fn vegetation(near: &ArrayRef2<f64>, red: &ArrayRef2<f64>) -> Array2<f64> {
    let (h, w) = near.dim();
    let mut result = Array2::from_elem((h, w), 0.0);
    for y in prange(0..h) {
        for x in prange(0..w) {
            result[[y, x]] = (near[[y, x]] - red[[y, x]]) / (near[[y, x]] + red[[y, x]]);
        }
    }
    result
}

#[test]
fn control_flow_picks_arrays_elements_and_lengths() {
    let quotients = every_way!(over_zero(&array![1.0, 0.0, -1.0], 0.0)).0;
    assert!(quotients[0] == f64::INFINITY && quotients[1].is_nan() && quotients[2] == -f64::INFINITY);
    for n in SIZES {
        every_way!(inverse_of_range(n, false));
        every_way!(inverse_of_range(n, true));
        every_way!(sum_of_part(&Array1::ones(n), true));
        every_way!(sum_of_part(&Array1::ones(n), false));
    }
    assert_eq!(every_way!(zero_where(&Array1::ones(3), 1)).0, array![1.0, 0.0, 1.0]);
    let near = Array2::from_shape_fn((40, 30), |(i, j)| (1 + i + j) as f64);
    every_way!(vegetation(&near, &near.slice(s![..;-1, ..])));
}
