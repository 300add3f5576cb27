//! Arrays that the iterations of a `prange` make for themselves: work space, copies of rows, tables, results of expressions.
//!
//! ```text
//! for i in prange(0..n) {
//!     let mut work = Array1::<f64>::zeros(m);     each iteration has its own
//!     …
//! }
//! ```

use super::ways::{error_of, every_way, exactly, same_bits};
use ndarray::{Array1, Array2, ArrayRef1, ArrayRef2, Axis, ShapeBuilder, s};
use parfuse::Error;
use parfuse::prelude::*;

/// Work space, set by plain loops.
#[kernel]
fn smoothed_rows(a: &ArrayRef2<f64>, rounds: usize) -> Array2<f64> {
    let (n, m) = a.dim();
    let mut out = Array2::<f64>::zeros((n, m));
    for i in prange(0..n) {
        let mut old = Array1::<f64>::zeros(m);
        let mut new = a.row(i).to_owned();
        for _ in 0..rounds {
            old.assign(&new);
            for j in 1..m.saturating_sub(1) {
                new[j] = 0.25 * old[j - 1] + 0.5 * old[j] + 0.25 * old[j + 1];
            }
        }
        for j in 0..m {
            out[[i, j]] = new[j];
        }
    }
    out
}

/// The median of each row, by sorting a copy.
#[kernel]
fn medians(a: &ArrayRef2<f64>) -> Array1<f64> {
    let mut out = Array1::<f64>::zeros(a.nrows());
    for i in prange(0..a.nrows()) {
        let mut row = a.row(i).to_owned();
        for j in 1..row.len() {
            let x = row[j];
            let mut k = j;
            while k > 0 && row[k - 1] > x {
                row[k] = row[k - 1];
                k -= 1;
            }
            row[k] = x;
        }
        out[i] = if row.is_empty() { f64::NAN } else { row[row.len() / 2] };
    }
    out
}

/// Prices of options on a tree: a small array that is overwritten from its end.
#[kernel]
fn tree(strikes: &ArrayRef1<f64>, steps: usize) -> Array1<f64> {
    let mut prices = Array1::<f64>::zeros(strikes.len());
    for i in prange(0..strikes.len()) {
        let mut values = Array1::<f64>::zeros(steps + 1);
        for k in 0..steps + 1 {
            values[k] = (100.0 * 1.01f64.powi(2 * k as i32 - steps as i32) - strikes[i]).max(0.0);
        }
        for step in (0..steps).rev() {
            for k in 0..step + 1 {
                values[k] = 0.999 * (0.49 * values[k] + 0.51 * values[k + 1]);
            }
        }
        prices[i] = values[0];
    }
    prices
}

/// Expressions of arrays that are used again after what they were computed from has changed.
#[kernel]
fn exchanged(a: &mut ArrayRef2<f64>) {
    let m = a.ncols();
    for i in prange(0..a.nrows()) {
        let before = &a.row(i) * 2.0;
        let reversed = a.slice(s![i, ..;-1]).to_owned();
        a.row_mut(i).assign(&reversed);
        let mut row = a.row_mut(i);
        row += &before;
        let shifted = a.slice(s![i, ..m - 1]).to_owned();
        a.slice_mut(s![i, 1..]).assign(&shifted);
    }
}

/// Two arrays that change places, and what is combined over all iterations.
#[kernel]
fn rounds(starts: &ArrayRef1<f64>, m: usize, steps: usize) -> (Array1<f64>, f64, usize) {
    let mut last = Array1::<f64>::zeros(starts.len());
    let mut total = 0.0;
    let mut count = 0;
    for i in prange(0..starts.len()) {
        let mut now = Array1::<f64>::from_elem(m, starts[i]);
        let mut next = Array1::<f64>::zeros(m);
        for step in 0..steps {
            for j in 0..m {
                next[j] = now[j] * 0.5 + now[(j + 1) % m] * 0.25 + step as f64;
            }
            (now, next) = (next, now);
        }
        last[i] = now.sum();
        total += now.dot(&next);
        if last[i] > 3.0 {
            count += 1;
        }
    }
    (last, total, count)
}

/// Small matrices of each iteration's own, products and sums along an axis.
#[kernel]
fn projections(
    points: &ArrayRef2<f64>,
    angles: &ArrayRef1<f64>,
) -> (Array2<f64>, Array1<f64>, Array1<usize>) {
    let n = angles.len();
    let mut centres = Array2::<f64>::zeros((n, 2));
    let mut spread = Array1::<f64>::zeros(n);
    let mut farthest = Array1::<usize>::zeros(n);
    for i in prange(0..n) {
        let (sin, cos) = angles[i].sin_cos();
        let mut turn = Array2::<f64>::zeros((2, 2));
        turn[[0, 0]] = cos;
        turn[[0, 1]] = -sin;
        turn[[1, 0]] = sin;
        turn[[1, 1]] = cos;
        let turned = points.dot(&turn.t());
        let centre = turned.sum_axis(Axis(0));
        centres.row_mut(i).assign(&centre);
        let xs = turned.column(0);
        spread[i] = xs.std(0.0);
        farthest[i] = xs.argmax();
    }
    (centres, spread, farthest)
}

/// Vectors and matrices of three, in loops over their elements.
#[kernel]
fn moments(points: &ArrayRef2<f64>) -> (Array1<f64>, Array1<f64>) {
    let n = points.nrows();
    let (mut traces, mut corners) = (Array1::<f64>::zeros(n), Array1::<f64>::zeros(n));
    for i in prange(0..n) {
        let mut v = Array1::<f64>::zeros(3);
        for d in 0..3 {
            v[d] = points[[i, d]] * 2.0;
        }
        if v[0] > 1.0 {
            v[2] = -v[2];
        }
        let mut m = Array2::<f64>::zeros((3, 3));
        for a in 0..3 {
            for b in 0..3 {
                m[[a, b]] = v[a] * v[b] + a as f64;
            }
        }
        let mut trace = 0.0;
        for a in 0..3 {
            trace += m[[a, a]];
        }
        traces[i] = trace;
        corners[i] = m[[0, 2]];
    }
    (traces, corners)
}

#[test]
fn small_arrays_are_variables_and_iterations_run_in_lanes() {
    for n in [0, 1, 7, 64, 1000] {
        every_way!(moments(&matrix(n, 3)));
        every_way!(moments(&in_columns(n, 3)));
    }
    let points = matrix(1000, 3);
    moments::serial(&points).unwrap();
    let explanation = moments::kernel().explain().unwrap();
    assert_eq!(explanation.allocations.len(), 2, "{explanation}");
}

/// One of two arrays, and arrays in branches.
/// The median of nine neighbours, of which the five least are put in order: a triangle of exchanges.
#[kernel]
fn medians_of_nine(a: &ArrayRef2<f64>, out: &mut ArrayRef2<f64>) {
    let (h, w) = a.dim();
    for i in prange(1..h - 1) {
        for j in 1..w - 1 {
            let mut near = [0.0; 9];
            for di in 0..3 {
                for dj in 0..3 {
                    near[di * 3 + dj] = a[[i + di - 1, j + dj - 1]];
                }
            }
            for p in 0..5 {
                for q in p + 1..9 {
                    if near[q] < near[p] {
                        (near[p], near[q]) = (near[q], near[p]);
                    }
                }
            }
            out[[i, j]] = near[4];
        }
    }
}

/// Solves three equations for each point, by the Cholesky decomposition.
#[kernel]
fn solved(points: &ArrayRef2<f64>, out: &mut ArrayRef2<f64>) {
    for i in prange(0..points.nrows()) {
        let mut l = [[0.0; 3]; 3];
        for r in 0..3 {
            for c in 0..=r {
                let mut s = points[[i, r]] * points[[i, c]] + if r == c { 3.0 } else { 0.0 };
                for k in 0..c {
                    s -= l[r][k] * l[c][k];
                }
                l[r][c] = if r == c { s.sqrt() } else { s / l[c][c] };
            }
        }
        for r in 0..3 {
            let mut s = 1.0;
            for k in 0..r {
                s -= l[r][k] * out[[i, k]];
            }
            out[[i, r]] = s / l[r][r];
        }
    }
}

#[test]
fn triangles_over_small_arrays_run_in_lanes() {
    for (h, w) in [(3, 3), (4, 11), (12, 40)] {
        every_way!(medians_of_nine(&matrix(h, w), &mut Array2::zeros((h, w))));
        every_way!(solved(&matrix(h * w, 3), &mut Array2::zeros((h * w, 3))));
    }
    for kernel in [medians_of_nine::kernel(), solved::kernel()] {
        let explanation = kernel.explain().unwrap();
        assert_eq!(explanation.arrays_allocated, 0, "{explanation}");
        assert!(explanation.regions[0].lanes > 1, "{explanation}");
    }
}

#[kernel]
fn chosen(a: &ArrayRef2<f64>, b: &ArrayRef2<f64>) -> Array1<f64> {
    let mut out = Array1::<f64>::zeros(a.nrows());
    for i in prange(0..a.nrows()) {
        let mut row = if i % 2 == 0 { a.row(i).to_owned() } else { &b.row(i) + 1.0 };
        if i % 3 == 0 {
            row = &row * 2.0;
        }
        row[0] += 1.0;
        let mut sum = 0.0;
        for j in 0..row.len() {
            sum += row[j] * j as f64;
        }
        out[i] = sum;
    }
    out
}

#[kernel]
fn drawn(n: usize, m: usize) -> Array1<f64> {
    let mut out = Array1::<f64>::zeros(n);
    for i in prange(0..n) {
        let mut walk = Array1::<f64>::zeros(m);
        for j in 1..m {
            walk[j] = walk[j - 1] + random::<f64>() - 0.5;
        }
        out[i] = walk.max();
    }
    out
}

fn matrix(rows: usize, columns: usize) -> Array2<f64> {
    Array2::from_shape_fn((rows, columns), |(i, j)| ((i * 31 + j * 17) % 101) as f64 / 7.0 - 3.0)
}

fn in_columns(rows: usize, columns: usize) -> Array2<f64> {
    let mut m = Array2::zeros((rows, columns).f());
    m.assign(&matrix(rows, columns));
    m
}

#[test]
fn each_iteration_has_work_space_of_its_own() {
    for (n, m) in [(0, 3), (1, 1), (5, 7), (300, 9), (40, 200)] {
        for a in [matrix(n, m), in_columns(n, m)] {
            every_way!(smoothed_rows(&a, 3));
            every_way!(medians(&a));
            every_way!(exchanged(&mut a) with a = a.clone());
            every_way!(chosen(&a, &(&a - 0.5)));
        }
        let starts = matrix(n, 1).remove_axis(Axis(1));
        every_way!(tree(&(&starts + 100.0), m));
        every_way!(rounds(&starts, m, 4));
        every_way!(projections(&matrix(m, 2), &starts));
    }
}

#[test]
fn numbers_drawn_in_iterations_are_the_same_in_every_way() {
    let plain = with_seed(7, || drawn(200, 9));
    let compiled = same_bits(|parallel| {
        with_seed(7, || if parallel { drawn::parallel(200, 9) } else { drawn::serial(200, 9) })
    });
    assert_eq!(plain, compiled);
}

/// The length is what the iteration has found.
#[kernel]
fn found(a: &ArrayRef2<f64>) -> Array1<f64> {
    let mut out = Array1::<f64>::zeros(a.nrows());
    for i in prange(0..a.nrows()) {
        let mut count = 1;
        for x in a.row(i) {
            if *x > 0.0 {
                count += 1;
            }
        }
        let mut row = Array1::<f64>::zeros(count);
        row[count - 1] = 1.0;
        out[i] = row.sum();
    }
    out
}

/// One for all iterations, which would be the last's.
#[kernel]
fn shared(a: &ArrayRef2<f64>) -> Array1<f64> {
    let mut row = Array1::<f64>::zeros(a.ncols());
    for i in prange(0..a.nrows()) {
        row = &a.row(i) * 2.0;
    }
    row
}

/// An index out of range in an iteration.
#[kernel]
fn out_of_range(n: usize, m: usize) -> Array1<f64> {
    let mut out = Array1::<f64>::zeros(n);
    for i in prange(0..n) {
        let mut work = Array1::<f64>::zeros(m);
        work[i / 10] = 1.0;
        out[i] = work.sum();
    }
    out
}

#[test]
fn mistakes_name_the_array_and_the_iteration() {
    let error = error_of!(found(&matrix(3, 3)));
    assert!(error.to_string().contains("the length of `row`, an array of the iteration's own"), "{error}");
    let error = error_of!(shared(&matrix(3, 3)));
    assert!(matches!(&error, Error::NotAReduction { variable, .. } if variable == "row"), "{error:?}");
    for (n, m) in [(1000, 50), (35, 3)] {
        let error = error_of!(out_of_range(n, m));
        let Error::Index { iteration: Some(iteration), index, .. } = &error else { panic!("{error:?}") };
        assert_eq!((*iteration, *index), (10 * m, m), "{error}");
    }
}

#[kernel]
fn moving_median(x: &ArrayRef1<f64>, w: usize) -> Array1<f64> {
    let mut out = Array1::zeros(x.len() + 1 - w);
    for i in prange(0..out.len()) {
        let mut window = x.slice(s![i..i + w]).to_vec();
        window.sort_by(f64::total_cmp);
        out[i] = window[w / 2];
    }
    out
}

#[test]
fn windows_are_of_one_length() {
    let x = Array1::from_shape_fn(500, |i| ((i * 7919) % 101) as f64);
    for w in [1, 2, 9, 500] {
        every_way!(moving_median(&x, w));
    }
}

/// The length is that of the iteration.
#[kernel]
fn triangle(n: usize) -> Array1<f64> {
    let mut out = Array1::<f64>::zeros(n);
    for i in prange(0..n) {
        let mut row = Array1::<f64>::zeros(i + 1);
        row[i] = 1.0;
        for k in 1..=i {
            row[k] += row[k - 1] * 0.5 + k as f64;
        }
        out[i] = row.sum();
    }
    out
}

#[kernel]
fn medians_of_parts(start: &[usize], x: &[f64]) -> Vec<f64> {
    let mut out = vec![0.0; start.len() - 1];
    for g in prange(0..start.len() - 1) {
        let mut part = x[start[g]..start[g + 1]].to_vec();
        part.sort_by(f64::total_cmp);
        out[g] = if part.is_empty() { -1.0 } else { part[part.len() / 2] };
    }
    out
}

#[kernel]
fn tables(sizes: &ArrayRef1<i32>, x: &ArrayRef2<f64>) -> (Array1<f64>, f64) {
    let (mut out, mut most) = (Array1::zeros(sizes.len()), 0.0);
    for i in prange(0..sizes.len()) {
        if sizes[i] > 0 {
            let mut table = Array2::<f64>::zeros((sizes[i] as usize - 1, i % 3 + 1));
            for ((j, k), t) in table.indexed_iter_mut() {
                *t = x[[i, j]] * k as f64;
            }
            let doubled = &table * 2.0;
            let rows: Vec<f64> = doubled.rows().into_iter().map(|row| row.sum()).collect();
            out[i] = rows.iter().sum::<f64>() + table.len() as f64;
            most = f64::max(most, out[i]);
        }
    }
    (out, most)
}

#[test]
fn arrays_of_iterations_may_be_of_different_lengths() {
    for n in [0, 1, 2, 300] {
        every_way!(triangle(n));
        let sizes = Array1::from_shape_fn(n, |i| (i as i32 * 7919 % 12) - 3);
        every_way!(tables(&sizes, &matrix(n, 9)));
    }
    let x: Vec<f64> = (0..1000).map(|i| ((i * 7919) % 101) as f64).collect();
    let start: Vec<usize> = (0..200).map(|g| (g * g / 40).min(1000)).collect();
    exactly!(medians_of_parts(&start, &x));
    exactly!(medians_of_parts(&[0, 0], &[]));
    // Parts that are none are complained of where they are taken.
    for wrong in [&[0, 3, 2000, 2001][..], &[usize::MAX, 3, 5]] {
        let error = error_of!(medians_of_parts(wrong, &x));
        assert!(matches!(error, Error::Slice { .. }), "{error:?}");
    }
}
