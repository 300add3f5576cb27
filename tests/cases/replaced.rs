//! Variables that the iterations of a `prange` replace together: the position of the smallest, the nearest, the last of equal
//! ones. All come out as from one loop in order, to the bit, at any number of threads.

use super::ways::{SIZES, compiled_ways, error_of, exactly};
use ndarray::{Array1, Array2, ArrayRef1, ArrayRef2, array};
use parfuse::Error;
use parfuse::prelude::*;

#[kernel]
fn smallest(a: &ArrayRef1<f64>, start: f64) -> (f64, usize) {
    let mut best = start;
    let mut at = 77;
    for i in prange(0..a.len()) {
        if a[i] < best {
            best = a[i];
            at = i;
        }
    }
    (best, at)
}

#[kernel]
fn largest_or_last(a: &ArrayRef1<f64>, start: f64) -> (f64, i32) {
    let (mut best, mut at) = (start, -1);
    for i in prange(0..a.len() as i32) {
        let x = a[i as usize];
        if best <= x {
            (best, at) = (x, i);
        }
    }
    (best, at)
}

#[kernel]
fn pair(a: &ArrayRef1<i32>) -> (i32, usize) {
    let mut best = (i32::MAX, usize::MAX);
    for (i, &x) in prange(a.iter().enumerate()) {
        if x < best.0 {
            best = (x, i);
        }
    }
    (best.0, best.1)
}

/// Numbers with many equal ones, some without order.
pub(super) fn numbers(n: usize, kind: usize) -> Array1<f64> {
    Array1::from_shape_fn(n, |i| {
        let x = ((i * 7919 + kind) % 101) as f64 - 50.0;
        match kind {
            0 => x,
            1 if i % 3 == 1 => f64::NAN,
            2 => f64::INFINITY,
            3 if i % 2 == 0 => -0.0,
            3 => 0.0,
            4 => f64::NAN,
            5 => f64::NEG_INFINITY,
            _ => x.abs().min(9.0),
        }
    })
}

#[test]
fn the_first_of_equal_numbers_wins_and_none_that_is_nan() {
    for n in SIZES {
        for kind in 0..7 {
            let a = numbers(n, kind);
            for start in [f64::INFINITY, f64::NEG_INFINITY, f64::NAN, 0.0, -0.0, 3.0] {
                let ((best, at),) = compiled_ways!(smallest(&a, start));
                let plain = smallest(&a, start);
                assert_eq!((best.to_bits(), at), (plain.0.to_bits(), plain.1), "{n} {kind} {start}");
            }
            exactly!(pair(&a.mapv(|x| x as i32)));
        }
    }
    let (found,) = exactly!(pair(&Array1::from_elem(9, i32::MAX)));
    assert_eq!(found, (i32::MAX, usize::MAX));
}

#[test]
fn the_last_of_equal_numbers_wins_where_it_is_written_so() {
    for n in SIZES {
        for kind in 0..7 {
            let a = numbers(n, kind);
            for start in [f64::INFINITY, f64::NEG_INFINITY, f64::NAN, 0.0, -0.0, 3.0] {
                let ((best, at),) = compiled_ways!(largest_or_last(&a, start));
                let plain = largest_or_last(&a, start);
                assert_eq!((best.to_bits(), at), (plain.0.to_bits(), plain.1), "{n} {kind} {start}");
            }
        }
    }
}

#[kernel]
fn in_a_matrix(a: &ArrayRef2<f64>) -> (f64, usize, usize) {
    let (mut best, mut bi, mut bj) = (f64::INFINITY, 0, 0);
    for i in prange(0..a.nrows()) {
        for j in 0..a.ncols() {
            if a[[i, j]] < best {
                best = a[[i, j]];
                bi = i;
                bj = j;
            }
        }
    }
    (best, bi, bj)
}

#[kernel]
fn nearest(points: &ArrayRef2<f64>, x: f64, y: f64) -> (f64, f64, f64, i64) {
    let (mut best, mut bx, mut by, mut at) = (f64::INFINITY, 0.0, 0.0, -1);
    for i in prange(1..points.nrows()) {
        let (dx, dy) = (points[[i, 0]] - x, points[[i, 1]] - y);
        let d = dx * dx + dy * dy;
        if d < best {
            best = d;
            bx = points[[i, 0]];
            by = points[[i, 1]];
            at = i as i64;
        }
    }
    (best, bx, by, at)
}

#[kernel]
fn masked(a: &ArrayRef1<f64>, ok: &ArrayRef1<bool>) -> (usize, usize) {
    let (mut least, mut most) = (f64::INFINITY, f64::NEG_INFINITY);
    let (mut at_least, mut at_most) = (usize::MAX, usize::MAX);
    for i in prange((0..a.len()).step_by(3)) {
        if ok[i] && a[i] < least {
            least = a[i];
            at_least = i;
        }
        if a[i] > most && !ok[i] {
            most = a[i];
            at_most = i;
        }
    }
    (at_least, at_most)
}

#[kernel]
fn running(a: &ArrayRef1<i64>) -> (i64, i64) {
    let (mut most, mut total) = (i64::MIN, 0);
    for i in prange(0..a.len()) {
        total += a[i];
        if a[i] > most {
            most = a[i];
        }
    }
    (most, total)
}

/// The cheapest pair of rows, and what it cost.
#[kernel]
fn closest_rows(a: &ArrayRef2<f64>, costs: &mut ArrayRef1<f64>) -> (usize, usize, f64) {
    let (mut best, mut first, mut second) = (f64::INFINITY, 0, 0);
    let mut sum = 0.0;
    for i in prange(0..a.nrows()) {
        let mut own = 0.0;
        for j in i + 1..a.nrows() {
            let mut d = 0.0;
            for k in 0..a.ncols() {
                let t = a[[i, k]] - a[[j, k]];
                d += t * t;
            }
            own += d;
            if d <= best {
                best = d;
                first = i;
                second = j;
            }
        }
        costs[i] = own;
        sum += own;
    }
    (first, second, best + sum)
}

#[test]
fn several_variables_are_replaced_in_nests_and_under_conditions() {
    for (n, m) in [(0, 3), (1, 1), (7, 5), (64, 33), (300, 70)] {
        let a = Array2::from_shape_fn((n, m), |(i, j)| ((i * 31 + j * 17) % 53) as f64);
        exactly!(in_a_matrix(&a));
    }
    for n in SIZES {
        let points = Array2::from_shape_fn((n, 2), |(i, j)| ((i * 7919 + j * 13) % 97) as f64);
        exactly!(nearest(&points, 3.5, 80.25));
        let a = Array1::from_shape_fn(n, |i| ((i * 7919) % 101) as f64);
        exactly!(masked(&a, &Array1::from_shape_fn(n, |i| i % 5 < 3)));
        exactly!(running(&a.mapv(|x| x as i64)));
    }
    for n in [0, 1, 2, 30, 130] {
        let a = Array2::from_shape_fn((n, 3), |(i, j)| ((i * 31 + j * 17) % 53) as f64);
        exactly!(closest_rows(&a, &mut costs) with costs = Array1::zeros(n));
    }
}

#[kernel]
fn through_an_index(a: &ArrayRef1<f64>, order: &ArrayRef1<usize>) -> usize {
    let (mut best, mut at) = (f64::INFINITY, 0);
    for i in prange(0..order.len()) {
        if a[order[i]] < best {
            best = a[order[i]];
            at = order[i];
        }
    }
    at
}

#[test]
fn the_lowest_iteration_that_fails_is_named() {
    let a = array![3.0, 1.0, 2.0];
    let order = Array1::from_shape_fn(20_000, |i| if i == 33 || i == 9000 { 7 } else { i % 3 });
    let error = error_of!(through_an_index(&a, &order));
    let Error::Index { iteration, index, .. } = &error else { panic!("{error}") };
    assert_eq!((*iteration, *index), (Some(33), 7));
    exactly!(through_an_index(&a, &order.mapv(|i| i % 3)));
}

#[kernel]
fn flags(a: &ArrayRef1<f64>) -> (bool, bool) {
    let (mut negative, mut sorted) = (false, true);
    for i in prange(1..a.len()) {
        if a[i] < 0.0 {
            negative = true;
        }
        if a[i] < a[i - 1] {
            sorted = false;
        }
    }
    (negative, sorted)
}

#[test]
fn truth_values_are_set_by_whichever_iteration_comes_by() {
    for n in SIZES {
        let rising = Array1::from_shape_fn(n, |i| i as f64);
        exactly!(flags(&rising));
        for at in [0, n / 2, n.saturating_sub(1)] {
            let mut a = rising.clone();
            a.iter_mut().skip(at).take(1).for_each(|x| *x = -1.0);
            exactly!(flags(&a));
        }
    }
}

#[kernel]
fn counts_replacements(a: &ArrayRef1<f64>) -> (f64, i64) {
    let (mut best, mut times) = (f64::INFINITY, 0);
    for i in prange(0..a.len()) {
        if a[i] < best {
            best = a[i];
            times += 1;
        }
    }
    (best, times)
}

#[kernel]
fn replaces_otherwise(a: &ArrayRef1<f64>) -> (f64, f64) {
    let (mut least, mut most) = (a[0], a[0]);
    for i in prange(0..a.len()) {
        if a[i] < least {
            least = a[i];
        } else if a[i] > most {
            most = a[i];
        }
    }
    (least, most)
}

#[kernel]
fn replaces_with_another(a: &ArrayRef1<f64>) -> f64 {
    let mut best = f64::INFINITY;
    for i in prange(0..a.len()) {
        if a[i] < best {
            best = a[i] * 0.5;
        }
    }
    best
}

#[kernel]
fn looks_at_the_best(a: &ArrayRef1<f64>, out: &mut ArrayRef1<f64>) -> usize {
    let (mut best, mut at) = (f64::INFINITY, 0);
    for i in prange(0..a.len()) {
        if a[i] < best {
            best = a[i];
            at = i;
        }
        out[i] = best;
    }
    at
}

#[test]
fn what_depends_on_the_order_is_refused() {
    let a = array![3.0, 1.0, 2.0];
    let errors = [
        error_of!(counts_replacements(&a)),
        error_of!(replaces_otherwise(&a)),
        error_of!(replaces_with_another(&a)),
        error_of!(looks_at_the_best(&a, &mut Array1::zeros(3))),
    ];
    for error in errors {
        let text = error.to_string();
        assert!(text.contains("is not a reduction") && text.contains("replaced.rs:"), "{text}");
    }
}

#[kernel]
fn searches(a: &ArrayRef1<f64>, limit: f64) -> (bool, usize, usize, f64) {
    let n = a.len();
    let any = prange(0..n).any(|i| a[i] > limit);
    let first = prange(0..n).find(|&i| a[i] > limit).unwrap_or(n);
    let place = prange(a.iter()).position(|&x| x > limit).unwrap_or(n);
    let most = prange(0..n).map(|i| a[i] - limit).reduce(|x, y| x.max(y)).unwrap_or(0.0);
    (any, first, place, most)
}

#[kernel]
fn kept(a: &ArrayRef1<f64>, limit: f64) -> (Array1<usize>, f64, usize) {
    let at = prange(0..a.len()).filter(|&i| a[i] > limit).collect::<Array1<usize>>();
    let folded = prange(0..a.len()).fold(0.5, |s, i| s * 0.5 + a[i]);
    let count = prange(0..a.len()).filter(|&i| a[i] > limit).count();
    (at, folded, count)
}

#[test]
fn iterators_over_prange_end_as_those_in_order() {
    for n in SIZES {
        let a = Array1::from_shape_fn(n, |i| ((i * 7919) % 101) as f64);
        for limit in [-1.0, 50.0, 99.5, 200.0] {
            exactly!(searches(&a, limit));
            exactly!(kept(&a, limit));
        }
    }
}

#[kernel]
fn with_its_column(m: &ArrayRef2<f64>) -> (f64, usize, usize) {
    let (mut best, mut row, mut column) = (f64::NEG_INFINITY, 0, 0);
    for (i, line) in prange(m.rows().into_iter().enumerate()) {
        for (j, &x) in line.iter().enumerate() {
            if !x.is_nan() && x > best {
                (best, row, column) = (x, i, j);
            }
        }
    }
    (best, row, column)
}

#[test]
fn rows_and_their_elements_are_gone_through() {
    for (n, m) in [(0, 3), (1, 1), (7, 5), (64, 33), (300, 70)] {
        let mut a = Array2::from_shape_fn((n, m), |(i, j)| ((i * 31 + j * 17) % 53) as f64);
        a.iter_mut().step_by(7).for_each(|x| *x = f64::NAN);
        exactly!(with_its_column(&a));
    }
}

#[kernel]
fn position(a: &ArrayRef1<f64>, start: usize) -> usize {
    let mut at = start;
    for i in prange(0..a.len()) {
        if a[i] < a[at] {
            at = i;
        }
    }
    at
}

#[kernel]
fn last_position(a: &ArrayRef1<f64>, ok: &ArrayRef1<bool>, start: usize) -> i32 {
    let mut at = start as i32;
    for i in prange(0..a.len() as i32) {
        if ok[i as usize] && a[at as usize] <= a[i as usize] {
            at = i;
        }
    }
    at
}

/// The row that is farthest from a point, and a column of it.
#[kernel]
fn farthest(points: &ArrayRef2<f64>, x: f64) -> (i64, f64) {
    let (mut at, mut y) = (0i64, -1.0);
    for i in prange(1..points.nrows() as i64) {
        let own = (points[[i as usize, 0]] - x).abs();
        let best = (points[[at as usize, 0]] - x).abs();
        if own > best {
            at = i;
            y = points[[i as usize, 1]];
        }
    }
    (at, y)
}

#[kernel]
fn place_in_a_matrix(a: &ArrayRef2<i32>) -> (usize, usize) {
    let (mut row, mut column) = (0, 0);
    for i in prange(0..a.nrows()) {
        for j in 0..a.ncols() {
            if a[[i, j]] > a[[row, column]] {
                row = i;
                column = j;
            }
        }
    }
    (row, column)
}

#[kernel]
fn two_positions(a: &ArrayRef1<f64>) -> (usize, usize) {
    let (mut least, mut most) = (0, 0);
    for i in prange(1..a.len()) {
        if a[i] < a[least] {
            least = i;
        }
        if a[most] < a[i] {
            most = i;
        }
    }
    (least, most)
}

#[test]
fn positions_whose_numbers_are_looked_up_are_replaced() {
    for n in SIZES {
        for kind in 0..7 {
            let a = numbers(n, kind);
            for start in [0, n / 2, n.saturating_sub(1)] {
                if start < n || n == 0 {
                    exactly!(position(&a, start));
                    let ok = Array1::from_shape_fn(n, |i| i % 5 < 3);
                    exactly!(last_position(&a, &ok, start));
                }
            }
            if n > 0 {
                exactly!(two_positions(&a));
            }
        }
        let points = Array2::from_shape_fn((n, 2), |(i, j)| ((i * 7919 + j * 13) % 97) as f64);
        exactly!(farthest(&points, 48.25));
    }
    for (n, m) in [(0, 3), (1, 1), (7, 5), (64, 33), (300, 70)] {
        let a = Array2::from_shape_fn((n, m), |(i, j)| ((i * 31 + j * 17) % 53) as i32);
        exactly!(place_in_a_matrix(&a));
    }
}

#[test]
fn a_position_outside_is_an_error_where_it_is_looked_at() {
    let a = array![3.0, 1.0, 2.0];
    let error = error_of!(position(&a, 3));
    let Error::Index { iteration, index, .. } = &error else { panic!("{error}") };
    assert_eq!((*iteration, *index), (Some(0), 3));
    let error = error_of!(last_position(&a, &array![false, true, true], 9));
    let Error::Index { iteration, index, .. } = &error else { panic!("{error}") };
    assert_eq!((*iteration, *index), (Some(1), 9));
    exactly!(last_position(&a, &array![false, false, false], 9));
    exactly!(position(&Array1::zeros(0), 9));
}

#[kernel]
fn looks_at_the_position(a: &ArrayRef1<f64>, out: &mut ArrayRef1<f64>) -> usize {
    let mut at = 0;
    for i in prange(0..a.len()) {
        if a[i] < a[at] {
            at = i;
        }
        out[i] = a[at];
    }
    at
}

#[kernel]
fn moves_what_it_compares(a: &mut ArrayRef1<f64>) -> usize {
    let mut at = 0;
    for i in prange(0..a.len()) {
        if a[i] < a[at] {
            at = i;
        }
        a[i] = 0.0;
    }
    at
}

#[test]
fn positions_that_depend_on_the_order_are_refused() {
    let a = array![3.0, 1.0, 2.0];
    let errors = [
        error_of!(looks_at_the_position(&a, &mut Array1::zeros(3))),
        error_of!(moves_what_it_compares(&mut a.clone())),
    ];
    for error in errors {
        let text = error.to_string();
        assert!(text.contains("`at` is shared") && text.contains("is not a reduction"), "{text}");
    }
}
