//! Reductions: what is one, what its total is, and what is refused. Arrays as totals are in `totals`, other forms in
//! `loop_forms`.

use super::ways::{SIZES, compiled_ways, error_of, every_way, exactly};
use ndarray::{Array1, Array2, Array3, ArrayRef1, ArrayRef2, array};
use parfuse::Error;
use parfuse::prelude::*;

#[kernel]
fn sums(start: i64, n: i64) -> i64 {
    let mut s = start;
    for _ in prange(0..n) {
        s += 2;
    }
    s
}

#[kernel]
fn products(start: i64, n: i64) -> i64 {
    let mut s = start;
    for _ in prange(0..n) {
        s *= 2;
    }
    s
}

#[kernel]
fn differences(start: i64, n: i64) -> i64 {
    let mut s = start;
    for _ in prange(0..n) {
        s -= 2;
    }
    s
}

#[kernel]
fn quotients(start: f64, n: i64) -> f64 {
    let mut s = start;
    for _ in prange(0..n) {
        s /= 2.0;
    }
    s
}

#[test]
fn each_operator_starts_from_what_the_variable_holds() {
    assert_eq!(every_way!(sums(10, 10)).0, 30);
    assert_eq!(every_way!(products(3, 10)).0, 3072);
    assert_eq!(every_way!(differences(100, 10)).0, 80);
    assert_eq!(every_way!(quotients(10.0, 10)).0, 0.009765625);
    for n in SIZES {
        let n = n as i64;
        assert_eq!(every_way!(sums(10, n)).0, 10 + 2 * n);
        assert_eq!(every_way!(differences(100, n)).0, 100 - 2 * n);
        let power = if n < 64 { 3i64.wrapping_shl(n as u32) } else { 0 };
        assert_eq!(compiled_ways!(products(3, n)).0, power);
    }
}

#[kernel]
fn triangular(n: i64) -> i64 {
    let mut s = 0;
    for i in prange(0..n) {
        s += i;
    }
    s
}

#[test]
fn indices_add_up() {
    assert_eq!(every_way!(triangular(20)).0, 190);
    for n in SIZES {
        assert_eq!(every_way!(triangular(n as i64)).0, n as i64 * (n as i64 - 1) / 2);
    }
}

#[kernel]
fn count_from_one(conditions: &ArrayRef1<bool>) -> i64 {
    let mut s = 1;
    for i in prange(0..conditions.len()) {
        if conditions[i] {
            s += 1;
        }
    }
    s
}

#[kernel]
fn two_accumulators(conditions: &ArrayRef1<bool>) -> (i64, i64) {
    let (mut s, mut t) = (1, 10);
    for i in prange(0..conditions.len()) {
        if conditions[i] {
            s += 1;
            t += 1;
        } else {
            s += 2;
        }
    }
    (s, t)
}

#[test]
fn a_start_that_is_not_the_identity_counts_once() {
    let ten = Array1::from_shape_fn(20, |i| i % 2 == 0);
    assert_eq!(every_way!(count_from_one(&ten)).0, 11);
    let (s, t) = every_way!(two_accumulators(&Array1::from_elem(10, true))).0;
    assert_eq!(s + t, 31);
    for n in SIZES {
        let conditions = Array1::from_shape_fn(n, |i| i % 3 == 0);
        let fired = n.div_ceil(3) as i64;
        assert_eq!(every_way!(count_from_one(&conditions)).0, 1 + fired);
        let expected = (1 + fired + 2 * (n as i64 - fired), 10 + fired);
        assert_eq!(every_way!(two_accumulators(&conditions)).0, expected);
    }
}

#[kernel]
fn updated_twice(n: i64) -> i64 {
    let mut c = 0;
    for i in prange(0..n) {
        c += 1;
        if i > 10 {
            c += 1;
        }
    }
    c
}

#[test]
fn one_variable_may_be_updated_in_several_places() {
    assert_eq!(every_way!(updated_twice(9)).0, 9);
    assert_eq!(every_way!(updated_twice(20)).0, 29);
}

#[kernel]
fn mixed_operators(n: i64) -> i64 {
    let mut mixed = 1;
    for i in prange(0..n) {
        mixed += i;
        mixed *= 2;
    }
    mixed
}

#[kernel]
fn divided_integers(n: i64) -> i64 {
    let mut whole = 1_000_000;
    for _ in prange(0..n) {
        whole /= 2;
    }
    whole
}

#[kernel]
fn roots(n: i64) -> f64 {
    let mut root = 16.0f64;
    for _ in prange(0..n) {
        root = root.sqrt();
    }
    root
}

#[kernel]
fn read_on_the_way(a: &ArrayRef1<i64>) -> Array1<i64> {
    let mut running = 0;
    let mut totals = Array1::zeros(a.len());
    for i in prange(0..a.len()) {
        running += a[i];
        totals[i] = running;
    }
    totals
}

#[test]
fn what_is_no_reduction_is_refused_with_the_name_and_a_way_out() {
    for (error, name, advice) in [
        (error_of!(mixed_operators(3)), "mixed", "one variable per operator"),
        (error_of!(divided_integers(3)), "whole", "multiply the divisors"),
        (error_of!(roots(3)), "root", "x = x op"),
        (error_of!(read_on_the_way(&array![1, 2])), "running", "read it after the loop"),
    ] {
        let Error::NotAReduction { variable, place, message } = &error else { panic!("{error}") };
        assert_eq!(variable, name);
        assert!(message.contains(name) && message.contains(advice), "{message}");
        assert!(place.as_str().contains("reductions.rs:"), "{place}");
    }
}

#[kernel]
fn bitwise(a: &ArrayRef1<i64>) -> (i64, i64, i64) {
    let (mut xor, mut and, mut or) = (100, -1, 0);
    for i in prange(0..a.len()) {
        xor ^= a[i];
        and &= a[i];
        or |= a[i];
    }
    (xor, and, or)
}

#[kernel]
fn logical(a: &ArrayRef1<bool>) -> (bool, bool, bool) {
    let (mut odd, mut all, mut any) = (false, true, false);
    for i in prange(0..a.len()) {
        odd ^= a[i];
        all &= a[i];
        any |= a[i];
    }
    (odd, all, any)
}

#[test]
fn bits_and_truth_values_are_combined() {
    assert_eq!(every_way!(bitwise(&array![2, 3])).0, (100 ^ 2 ^ 3, 2, 3));
    for n in SIZES {
        let a = Array1::from_shape_fn(n, |i| (i as i64).wrapping_mul(0x9e37_79b9) | 8);
        every_way!(bitwise(&a));
        every_way!(logical(&Array1::from_shape_fn(n, |i| i % 7 == 3)));
        every_way!(logical(&Array1::from_elem(n, true)));
    }
}

#[kernel]
fn extremes(a: &ArrayRef1<f64>) -> (f64, f64) {
    let (mut least, mut most) = (f64::INFINITY, f64::NEG_INFINITY);
    for i in prange(0..a.len()) {
        least = least.min(a[i]);
        most = a[i].max(most);
    }
    (least, most)
}

#[kernel]
fn integer_extremes(a: &ArrayRef1<i32>, start: i32) -> (i32, i32) {
    let (mut least, mut most) = (start, start);
    for i in prange(0..a.len()) {
        least = least.min(a[i]);
        most = most.max(a[i]);
    }
    (least, most)
}

#[test]
fn minima_and_maxima_take_in_the_start_and_pass_over_nan() {
    for n in SIZES {
        let a = Array1::from_shape_fn(n, |i| ((i * 7919) % 1009) as f64 - 400.0);
        every_way!(extremes(&a));
        let mut with_nan = a.clone();
        with_nan.iter_mut().step_by(3).for_each(|x| *x = f64::NAN);
        every_way!(extremes(&with_nan));
        every_way!(integer_extremes(&a.mapv(|x| x as i32), 5));
    }
    assert_eq!(every_way!(extremes(&Array1::from_elem(9, f64::NAN))).0, (f64::INFINITY, f64::NEG_INFINITY));
}

#[kernel]
fn reused(n: i64) -> i64 {
    let mut acc = 0;
    for _ in prange(0..n) {
        acc += 1;
    }
    for _ in prange(0..n) {
        acc += 2;
    }
    acc
}

#[test]
fn a_variable_may_be_the_total_of_several_loops() {
    assert_eq!(every_way!(reused(16)).0, 48);
}

#[kernel]
fn nested_parallel(a: &ArrayRef1<f64>) -> f64 {
    let mut acc = 0.0;
    for _ in prange(0..4) {
        for i in prange(0..a.len()) {
            acc += a[i];
        }
    }
    acc
}

#[kernel]
fn inner_parallel(a: &ArrayRef1<f64>) -> f64 {
    let mut acc = 0.0;
    for _ in 0..4 {
        for i in prange(0..a.len()) {
            acc += a[i];
        }
    }
    acc
}

#[kernel]
fn private_inner(a: &ArrayRef1<f64>) -> f64 {
    let mut acc = 0.0;
    for _ in prange(0..4) {
        let mut own = 0.0;
        for i in 0..a.len() {
            own += a[i];
        }
        acc += own;
    }
    acc
}

#[kernel]
fn serial_in_serial(n: usize) -> i64 {
    let mut acc = 0;
    for _ in 0..n {
        for _ in prange(0..n) {
            for _ in 0..n {
                if n > 0 {
                    acc += 1;
                }
            }
        }
    }
    acc
}

#[test]
fn nests_of_loops_add_up() {
    let ones = Array1::ones(4);
    assert_eq!(every_way!(nested_parallel(&ones)).0, 16.0);
    assert_eq!(every_way!(inner_parallel(&ones)).0, 16.0);
    assert_eq!(every_way!(private_inner(&ones)).0, 16.0);
    for n in [0, 1, 2, 9] {
        assert_eq!(every_way!(serial_in_serial(n)).0, (n * n * n) as i64);
    }
}

#[kernel]
fn doubled_elements(a: &ArrayRef1<f64>) -> f64 {
    let mut s = 3.0;
    for i in prange(0..a.len()) {
        s += 2.0 * a[i];
    }
    s
}

#[kernel]
fn array_in_each_iteration(n: usize) -> f64 {
    let mut acc = 0.0;
    let one = Array2::<f64>::ones((1, 1));
    for _ in prange(0..n) {
        let x = &one * 2.0;
        acc += x[[0, 0]];
    }
    acc
}

#[kernel]
fn array_as_accumulator(n: usize) -> Array1<f64> {
    let step = Array1::<f64>::ones(3);
    let mut total = &step * 0.0;
    for _ in prange(0..n) {
        total += &step;
    }
    total
}

#[test]
fn elements_may_be_scaled_and_arrays_are_totals() {
    for n in SIZES {
        assert_eq!(every_way!(doubled_elements(&Array1::ones(n))).0, 3.0 + 2.0 * n as f64);
    }
    assert_eq!(every_way!(array_in_each_iteration(1024)).0, 2048.0);
    for n in SIZES {
        assert_eq!(exactly!(array_as_accumulator(n)).0, Array1::from_elem(3, n as f64));
    }
}

#[kernel]
fn conditional_branches(a: &ArrayRef1<i64>) -> (i64, i64) {
    let (mut low, mut high) = (0, 0);
    for i in prange(0..a.len()) {
        if a[i] < -10 {
            low += a[i];
        } else if a[i] > 10 {
            high += a[i];
        }
    }
    (low, high)
}

#[test]
fn reductions_of_branches_not_taken_stay_as_they_are() {
    assert_eq!(every_way!(conditional_branches(&array![3])).0, (0, 0));
    assert_eq!(every_way!(conditional_branches(&array![-11, 11, 12])).0, (-11, 23));
}

#[kernel]
fn two_totals(n: i64) -> f64 {
    let (mut a, mut b) = (0.0, 1.0);
    for i in prange(0..n) {
        let x = i as f64;
        a += x;
        b += 1.0 / (x + 1.0);
    }
    a * b
}

#[kernel]
fn minus_ones(a: &ArrayRef1<f64>, n: usize) -> f64 {
    let mut acc = 0.0;
    for i in prange(0..n) {
        acc = acc - a[i];
    }
    acc
}

#[kernel]
fn opposite_errors(n: i64) -> (f64, f64) {
    let (mut up, mut down) = (0.0, 0.0);
    for k in prange(0..n) {
        let t = 100.0 * k as f64;
        up = up + t;
        down = down - t;
    }
    (up, down)
}

#[kernel]
fn by_flag(flag: bool, n: i64) -> i64 {
    let mut total = 0;
    if flag {
        for _ in prange(0..n) {
            total += 1;
        }
    } else {
        for _ in prange(0..n) {
            total -= 3;
        }
    }
    total
}

#[test]
fn totals_do_not_leak_into_each_other() {
    assert!((every_way!(two_totals(10)).0 - 176.8035714).abs() < 1e-6);
    assert_eq!(every_way!(minus_ones(&Array1::ones(11), 10)).0, -10.0);
    assert_eq!(every_way!(opposite_errors(100)).0, (495_000.0, -495_000.0));
    assert_eq!(every_way!(by_flag(true, 10)).0, 10);
    assert_eq!(every_way!(by_flag(false, 10)).0, -30);
}

#[kernel]
fn length_one(n: i64) -> Array1<i64> {
    let mut r = Array1::zeros(1);
    for i in 0..n {
        r += i;
    }
    r
}

#[kernel]
fn matrix_total(step: &Array2<i64>, n: usize, twice: bool) -> Array2<i64> {
    let mut total = Array2::<i64>::zeros(step.dim());
    for _ in 0..n {
        total += step;
    }
    if twice {
        for _ in 0..n {
            total += step;
        }
    }
    total
}

#[kernel]
fn matrix_product(n: usize) -> Array2<i64> {
    let mut r = Array2::<i64>::from_elem((2, 3), 2);
    for _ in 0..n {
        r *= 2;
    }
    r
}

#[kernel]
fn cube_total(n: usize, step: &Array3<f64>) -> Array3<f64> {
    let mut r = Array3::<f64>::zeros(step.dim());
    for _ in 0..n {
        r += step;
    }
    r
}

#[kernel]
fn column_total(x: &ArrayRef2<f64>) -> Array1<f64> {
    let (rows, columns) = x.dim();
    let mut totals = Array1::zeros(rows);
    for i in prange(0..rows) {
        for k in 0..columns {
            totals[i] += x[[i, k]];
        }
    }
    totals
}

#[test]
fn arrays_are_totals_of_serial_loops() {
    assert_eq!(every_way!(length_one(100)).0, array![4950]);
    let step = Array2::from_shape_fn((13, 17), |(i, j)| (i * 17 + j) as i64);
    assert_eq!(every_way!(matrix_total(&step, 100, false)).0, &step * 100);
    assert_eq!(every_way!(matrix_total(&step, 100, true)).0, &step * 200);
    assert_eq!(every_way!(matrix_product(10)).0, Array2::from_elem((2, 3), 2048));
    assert_eq!(compiled_ways!(matrix_product(100)).0, Array2::zeros((2, 3)), "integers wrap");
    assert_eq!(every_way!(cube_total(100, &Array3::ones((3, 2, 7)))).0, Array3::from_elem((3, 2, 7), 100.0));
    let x = Array2::from_shape_fn((10, 4), |(i, k)| (i * 4 + k) as f64);
    assert_eq!(every_way!(column_total(&x)).0, x.sum_axis(ndarray::Axis(1)));
}

#[kernel]
fn histogram(bins: &ArrayRef1<usize>, counts: &mut ArrayRef1<i64>) {
    for i in prange(0..bins.len()) {
        counts[bins[i]] += 1;
    }
}

#[kernel]
fn modular(x: &ArrayRef1<f64>, y: &mut ArrayRef1<f64>) {
    for i in prange(0..x.len()) {
        y[i % 4] += x[i];
    }
}

#[kernel]
fn same_element(x: &ArrayRef1<f64>, y: &mut ArrayRef1<f64>) {
    for i in prange(0..x.len()) {
        y[0] += x[i];
    }
}

#[kernel]
fn serial_histogram(bins: &ArrayRef1<usize>, counts: &mut ArrayRef1<i64>) {
    for i in 0..bins.len() {
        counts[bins[i]] += 1;
    }
}

#[test]
fn elements_take_in_what_any_iterations_add() {
    for n in SIZES {
        let bins = Array1::from_shape_fn(n, |i| (i * i) % 16);
        let (_, counts) = exactly!(histogram(&bins, &mut counts) with counts = Array1::zeros(16));
        assert_eq!(counts.sum(), n as i64);
        let x = Array1::from_shape_fn(n, |i| (i % 8) as f64);
        exactly!(modular(&x, &mut y) with y = Array1::from_elem(4, 1.0));
        exactly!(same_element(&x, &mut y) with y = Array1::from_elem(4, 1.0));
    }
    let bins = Array1::from_shape_fn(10_000, |i| (i * i) % 16);
    let (_, counts) = every_way!(serial_histogram(&bins, &mut counts) with counts = Array1::zeros(16));
    assert_eq!(counts.sum(), 10_000);
}

#[kernel]
fn all_sums(
    a: &ArrayRef1<f64>,
    b: &ArrayRef1<f32>,
    c: &ArrayRef1<i64>,
    d: &ArrayRef1<i32>,
) -> (f64, f32, i64, i32) {
    (a.sum(), b.sum(), c.sum(), d.sum())
}

#[kernel]
fn all_products(a: &ArrayRef1<f64>, c: &ArrayRef1<i64>, e: &ArrayRef1<usize>) -> (f64, i64, usize) {
    (a.product(), c.product(), e.product())
}

#[test]
fn whole_array_reductions_of_each_type_and_size() {
    for n in SIZES {
        let c = Array1::from_shape_fn(n, |i| (i as i64 * 7919) % 101 - 50);
        let (a, b, d) = (c.mapv(|x| x as f64 * 0.1), c.mapv(|x| (x + 51) as f32), c.mapv(|x| x as i32));
        every_way!(all_sums(&a, &b, &c, &d));
        let ones = c.mapv(|x| if x == 7 { -1 } else { 1 });
        every_way!(all_products(&a.mapv(|x| 1.0 + x * 1e-4), &ones, &ones.mapv(|_| 1)));
    }
}
