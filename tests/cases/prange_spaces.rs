//! Trip spaces and indices of `prange`: empty, reversed, signed, stepped, nested, over strided arrays.
//!
//! Not expressible, so not here: writing to the loop's index (rustc refuses it), slices made inside a kernel (they
//! are made at the call instead).

use super::ways::{SIZES, error_of, every_way};
use ndarray::{Array1, Array2, ArrayRef1, ArrayRef2, ArrayViewMut1, array, s};
use parfuse::prelude::*;
use parfuse::{Error, Kernel};

#[kernel]
fn doubled_indices(a: &mut ArrayRef1<i64>) {
    for i in prange(0..a.len()) {
        a[i] = 2 * i as i64;
    }
}

#[test]
fn each_iteration_writes_its_element() {
    assert_eq!(every_way!(doubled_indices(&mut a) with a = Array1::zeros(4)).1, array![0, 2, 4, 6]);
    for n in SIZES {
        let (_, a) = every_way!(doubled_indices(&mut a) with a = Array1::from_elem(n, -1));
        assert!(a.iter().enumerate().all(|(i, x)| *x == 2 * i as i64), "{n}");
    }
}

#[kernel]
fn from_one(n: usize) -> Array1<i64> {
    let mut a = Array1::zeros(n.max(1) - 1);
    for i in prange(1..n) {
        a[i - 1] = 2 * i as i64;
    }
    a
}

#[test]
fn a_space_may_start_anywhere() {
    assert_eq!(every_way!(from_one(4)).0, array![2, 4, 6]);
    for n in SIZES {
        let a = every_way!(from_one(n)).0;
        assert!(a.iter().enumerate().all(|(i, x)| *x == 2 * i as i64 + 2), "{n}");
    }
}

#[kernel]
fn branchy(n: usize) -> Array1<i64> {
    let mut a = Array1::zeros(n);
    for i in prange(0..n) {
        if i == 2 {
            a[i] = 3;
        } else {
            a[i] = 0;
        }
    }
    a
}

#[test]
fn branches_store_in_their_iterations_only() {
    assert_eq!(every_way!(branchy(4)).0, array![0, 0, 3, 0]);
    for n in SIZES {
        assert_eq!(every_way!(branchy(n)).0.sum(), if n > 2 { 3 } else { 0 });
    }
}

#[kernel]
fn sum_between(a: &ArrayRef1<f64>, start: i64, end: i64) -> f64 {
    let mut sum = 0.0;
    for i in prange(start..end) {
        sum += a[i as usize];
    }
    sum
}

#[test]
fn part_of_an_array_is_summed() {
    let ones = Array1::ones(4);
    assert_eq!(every_way!(sum_between(&ones, 1, 3)).0, 2.0);
    for n in SIZES.into_iter().filter(|n| *n > 1) {
        let ones = Array1::ones(n);
        assert_eq!(every_way!(sum_between(&ones, 1, n as i64 - 1)).0, n as f64 - 2.0);
    }
}

#[test]
fn empty_reversed_and_negative_spaces_have_no_iterations() {
    let ones = Array1::ones(4);
    for (start, end) in
        [(1, 1), (4, 1), (0, -4), (0, i64::MIN), (i64::MAX, i64::MIN), (-1, -1), (i64::MAX, 0)]
    {
        let total = every_way!(sum_between(&ones, start, end)).0;
        assert_eq!(total, 0.0, "{start}..{end}");
    }
}

#[kernel]
fn trips_i32(n: i32) -> i32 {
    let mut trips = 0;
    for _ in prange(0..n) {
        trips += 1;
    }
    trips
}

#[kernel]
fn trips_i64(start: i64, end: i64) -> i64 {
    let mut trips = 0;
    for _ in prange(start..end) {
        trips += 2;
    }
    trips
}

#[kernel]
fn trips_usize(start: usize, end: usize) -> usize {
    let mut trips = 0;
    for _ in prange(start..end) {
        trips += 1;
    }
    trips
}

#[test]
fn trips_are_counted_in_every_integer_type() {
    for n in SIZES {
        assert_eq!(every_way!(trips_i32(n as i32)).0, n as i32);
        assert_eq!(every_way!(trips_usize(3, n)).0, n.saturating_sub(3));
        assert_eq!(every_way!(trips_i64(-(n as i64), n as i64)).0, 4 * n as i64);
    }
    assert_eq!(every_way!(trips_i64(-1024, 1024)).0, 4096);
    assert_eq!(every_way!(trips_i32(i32::MIN)).0, 0);
    assert_eq!(every_way!(trips_i64(i64::MIN, i64::MIN + 9)).0, 18);
    assert_eq!(every_way!(trips_i64(i64::MAX - 9, i64::MAX)).0, 18);
    assert_eq!(every_way!(trips_usize(usize::MAX - 9, usize::MAX)).0, 9);
}

#[kernel]
fn three_per_trip(start: i64, end: i64) -> i64 {
    let mut total = 0;
    for _ in prange(start..end) {
        total += 3;
    }
    total
}

#[test]
fn all_negative_spaces_are_spaces() {
    assert_eq!(every_way!(three_per_trip(-3, -1)).0, 6);
}

#[test]
fn negative_indices_are_errors_and_do_not_wrap_around() {
    let ones = Array1::ones(9);
    let error = error_of!(sum_between(&ones, -9, 9));
    let Error::Index { array, axis, index, len, iteration, .. } = error else { panic!("{error}") };
    assert_eq!((array.as_str(), axis, len), ("`a`", 0, 9));
    assert_eq!(index, -9i64 as usize);
    assert!(matches!(iteration, None | Some(0)));
}

#[kernel]
fn wrapped(i: i64, n: usize) -> usize {
    if i < 0 { (i + n as i64) as usize } else { i as usize }
}

#[kernel]
fn sum_wrapped(a: &ArrayRef1<f64>, start: i64, end: i64) -> f64 {
    let mut sum = 0.0;
    for i in prange(start..end) {
        sum += a[wrapped(i, a.len())];
    }
    sum
}

#[kernel]
fn nested_wrapped(a: &ArrayRef1<f64>) -> f64 {
    let mut acc = 0.0;
    for i in prange(-9..5) {
        acc += a[wrapped(i, a.len())];
        for j in prange(-4..9) {
            acc += a[wrapped(j, a.len())];
        }
    }
    acc
}

#[kernel]
fn grid_wrapped(a: &ArrayRef2<f64>) -> f64 {
    let (n, m) = a.dim();
    let mut acc = 0.0;
    for i in prange(-(n as i64)..n as i64) {
        for j in -(m as i64)..m as i64 {
            acc += a[[wrapped(i, n), wrapped(j, m)]];
        }
    }
    acc
}

#[test]
fn signed_spaces_reach_every_element_with_a_wrap_written_out() {
    let ones = Array1::ones(9);
    assert_eq!(every_way!(sum_wrapped(&ones, -9, 9)).0, 18.0);
    assert_eq!(every_way!(sum_wrapped(&ones, -1, 9)).0, 10.0);
    assert_eq!(every_way!(nested_wrapped(&ones)).0, 196.0);
    let ones = Array2::ones((9, 13));
    assert_eq!(every_way!(grid_wrapped(&ones)).0, 468.0);
}

#[kernel]
fn signed_branch() -> Array1<i64> {
    let mut a = Array1::zeros(4);
    for i in prange(-2..2) {
        a[(i + 2) as usize] = if i == 0 {
            3
        } else if i < 1 {
            -1
        } else {
            7
        };
    }
    a
}

#[kernel]
fn signed_branch_wrapped() -> Array1<i64> {
    let mut a = Array1::zeros(4);
    for i in prange(-2i64..2) {
        a[((i + 4) % 4) as usize] = i;
    }
    a
}

#[test]
fn signed_indices_are_proven_apart_when_shifted_or_wrapped() {
    assert_eq!(every_way!(signed_branch()).0, array![-1, -1, 3, 7]);
    assert_eq!(every_way!(signed_branch_wrapped()).0, array![0, 1, -2, -1]);
}

#[kernel]
fn write_indices(mut a: ArrayViewMut1<i64>) {
    for i in prange(0..a.len()) {
        a[i] = i as i64;
    }
}

#[kernel]
fn write_signed_indices(mut a: ArrayViewMut1<i64>) {
    let n = a.len() as i64;
    for i in prange(-n..0) {
        a[(i + n) as usize] = i;
    }
}

#[test]
fn strided_views_are_written_at_their_own_elements_only() {
    for n in [1, 2, 32, 1000, 70_001] {
        let fresh = || Array1::<i64>::from_elem(n, -7);
        let (_, a) = every_way!(write_indices(a.slice_mut(s![..;2])) with a = fresh());
        assert!(a.iter().enumerate().all(|(i, x)| *x == if i % 2 == 0 { i as i64 / 2 } else { -7 }));

        let (_, a) = every_way!(write_signed_indices(a.slice_mut(s![..;2])) with a = fresh());
        let kept = n.div_ceil(2) as i64;
        assert!(a.iter().enumerate().all(|(i, x)| *x == if i % 2 == 0 { i as i64 / 2 - kept } else { -7 }));

        let (_, a) = every_way!(write_indices(a.slice_mut(s![..;2]).slice_move(s![..;3])) with a = fresh());
        assert!(a.iter().enumerate().all(|(i, x)| *x == if i % 6 == 0 { i as i64 / 6 } else { -7 }));

        let (_, a) = every_way!(write_indices(a.slice_mut(s![..;-1])) with a = fresh());
        assert!(a.iter().rev().enumerate().all(|(i, x)| *x == i as i64));
    }
}

#[kernel]
fn stepped(a: &mut ArrayRef1<i64>, start: usize, end: usize, step: usize) {
    for i in prange((start..end).step_by(step)) {
        a[i] = i as i64;
    }
}

#[kernel]
fn reversed(a: &mut ArrayRef1<i64>) {
    let n = a.len();
    for i in prange((0..n).rev()) {
        a[i] = (n - i) as i64;
    }
}

#[kernel]
fn reversed_steps(a: &mut ArrayRef1<i64>, step: usize) {
    for i in prange((0..a.len()).rev().step_by(step)) {
        a[i] = 1;
    }
}

#[test]
fn steps_and_directions_are_free() {
    let (_, a) = every_way!(stepped(&mut a, 3, 20, 2) with a = Array1::from_elem(24, -1));
    for (i, x) in a.iter().enumerate() {
        assert_eq!(*x, if (3..20).contains(&i) && i % 2 == 1 { i as i64 } else { -1 });
    }
    for n in SIZES {
        let (_, a) = every_way!(reversed(&mut a) with a = Array1::zeros(n));
        assert!(a.iter().enumerate().all(|(i, x)| *x == (n - i) as i64));
        for step in [1, 2, 3, n + 1] {
            let (_, a) = every_way!(reversed_steps(&mut a, step) with a = Array1::zeros(n));
            let expected = (0..n).rev().step_by(step).count() as i64;
            assert_eq!(a.sum(), expected, "{n} {step}");
        }
    }
}

#[test]
fn steps_of_zero_are_errors() {
    let error = error_of!(stepped(&mut Array1::zeros(4), 0, 4, 0));
    assert!(matches!(error, Error::ZeroStep { .. }), "{error}");
}

#[kernel]
fn copy_of_the_index(n: usize) -> Array1<usize> {
    let mut a = Array1::zeros(n);
    for i in prange(0..n) {
        let mut k = i;
        k += 1;
        k *= 2;
        a[i] = k;
    }
    a
}

#[test]
fn copies_of_the_index_may_be_changed() {
    for n in SIZES {
        let a = every_way!(copy_of_the_index(n)).0;
        assert!(a.iter().enumerate().all(|(i, x)| *x == 2 * (i + 1)));
    }
}

#[kernel]
fn last_index(n: i64) -> i64 {
    let mut c = -1;
    for i in prange(0..n) {
        c = i;
    }
    c
}

#[kernel]
fn found_under_a_condition(n: i64, wanted: i64) -> (i64, bool) {
    let (mut at, mut found) = (0, false);
    for i in prange(0..n) {
        if i == wanted {
            at = i;
            found = i > 0;
        }
    }
    (at, found)
}

#[kernel]
fn scalar_race(n: i64, x: f64) -> f64 {
    let mut k = 0.0;
    for _ in prange(0..n) {
        k = x;
    }
    k
}

#[kernel]
fn found_by_reductions(n: i64, wanted: i64) -> (i64, bool) {
    let (mut at, mut found) = (i64::MIN, false);
    for i in prange(0..n) {
        if i == wanted {
            at = at.max(i);
            found |= true;
        }
    }
    (at, found)
}

#[test]
fn the_value_of_the_last_iteration_is_refused_and_the_variable_named() {
    for (error, names) in [
        (error_of!(last_index(9)), &["c"][..]),
        (error_of!(found_under_a_condition(9, 4)), &["at", "found"]),
        (error_of!(scalar_race(9, 1.0)), &["k"]),
    ] {
        let mistakes = match &error {
            Error::Several(mistakes) => &mistakes[..],
            mistake => std::slice::from_ref(mistake),
        };
        assert_eq!(mistakes.len(), names.len(), "{error}");
        for (mistake, name) in mistakes.iter().zip(names) {
            let Error::NotAReduction { variable, place, .. } = mistake else { panic!("{mistake}") };
            assert_eq!(variable, name);
            assert!(place.as_str().contains("prange_spaces.rs:"), "{place}");
        }
    }
    assert_eq!(every_way!(found_by_reductions(9, 4)).0, (4, true));
    assert_eq!(every_way!(found_by_reductions(9, 10)).0, (i64::MIN, false));
}

#[kernel]
fn triangle(n: usize) -> Array2<i64> {
    let mut a = Array2::zeros((n, n));
    for i in prange(0..n) {
        for j in 0..i {
            a[[i, j]] += (i + j * n) as i64;
        }
    }
    a
}

#[kernel]
fn nested_triangle(n: usize) -> Array2<i64> {
    let mut a = Array2::zeros((n, n));
    for i in prange(0..n) {
        for j in prange(0..i) {
            a[[i, j]] = (i + j * n) as i64;
        }
    }
    a
}

#[kernel]
fn nested_square(n: usize) -> Array2<i64> {
    let mut a = Array2::zeros((n, n));
    for i in prange(0..n) {
        for j in prange(0..n) {
            a[[i, j]] = (10 * i + j) as i64;
        }
    }
    a
}

#[test]
fn inner_bounds_may_depend_on_the_outer_index() {
    for n in [0, 1, 2, 3, 7, 8, 9, 20, 31, 130] {
        let expected = |i: usize, j: usize| if j < i { (i + j * n) as i64 } else { 0 };
        let wanted = Array2::from_shape_fn((n, n), |(i, j)| expected(i, j));
        assert_eq!(every_way!(triangle(n)).0, wanted);
        assert_eq!(every_way!(nested_triangle(n)).0, wanted);
        let square = Array2::from_shape_fn((n, n), |(i, j)| (10 * i + j) as i64);
        assert_eq!(every_way!(nested_square(n)).0, square);
    }
}

#[test]
fn an_inner_prange_is_reported_as_serial_unless_it_is_a_dimension() {
    let serial = |kernel: Kernel| {
        let explanation = kernel.explain().unwrap();
        assert_eq!(explanation.regions.len(), 1);
        explanation.refusals.iter().any(|refusal| refusal.reason.contains("inside another parallel loop"))
    };
    assert!(serial(nested_triangle::kernel()) && !serial(nested_square::kernel()));
}

#[kernel]
fn two_halves(n: usize) -> Array1<i64> {
    let mut a = Array1::zeros(n);
    for i in prange(0..2) {
        for j in i * n / 2..(i + 1) * n / 2 {
            a[j] = i as i64;
        }
    }
    a
}

#[kernel]
fn two_rows(n: usize) -> Array2<i64> {
    let mut a = Array2::zeros((2, n));
    for i in prange(0..2) {
        for j in 0..n {
            a[[i, j]] = i as i64;
        }
    }
    a
}

#[test]
fn halves_and_rows_are_proven_apart() {
    for n in [0, 1, 8, 9, 1000] {
        assert_eq!(every_way!(two_halves(n)).0, Array1::from_shape_fn(n, |j| (j >= n / 2) as i64));
        assert_eq!(every_way!(two_rows(n)).0, Array2::from_shape_fn((2, n), |(i, _)| i as i64));
    }
}

#[kernel]
fn fails_late(a: &ArrayRef1<i64>, divisors: &ArrayRef1<i64>) -> Array1<i64> {
    let mut quotients = Array1::zeros(a.len());
    for i in prange(0..a.len()) {
        quotients[i] = a[i] / divisors[i];
    }
    quotients
}

#[test]
fn of_several_failing_iterations_the_lowest_is_reported() {
    for n in [9, 943, 8193, 40_000] {
        let a = Array1::from_elem(n, 6);
        let mut divisors = Array1::from_elem(n, 3);
        assert_eq!(every_way!(fails_late(&a, &divisors)).0, Array1::from_elem(n, 2));
        for lowest in [n - 1, n / 2, 1, 0] {
            divisors[lowest] = 0;
            let error = error_of!(fails_late(&a, &divisors));
            assert!(
                matches!(error, Error::DivisionByZero { iteration: Some(k), .. } if k == lowest),
                "{error}"
            );
        }
    }
}
