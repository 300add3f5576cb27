//! Masks, and elements chosen by indices: comparisons, `select`, masked updates and sums, gathers and scatters.

use crate::cases::ways::{error_of, every_way, exactly};
use ndarray::{Array1, Array2, ArrayRef1, ArrayRef2, Axis, Zip, array, azip, s};
use parfuse::Error;
use parfuse::prelude::*;

fn numbers(n: usize) -> Array1<f64> {
    Array1::from_shape_fn(n, |i| ((i * 37 + 11) % 101) as f64 * 0.37 - 17.0)
}

fn matrix(rows: usize, columns: usize) -> Array2<f64> {
    Array2::from_shape_fn((rows, columns), |(i, j)| ((i * 31 + j * 17) % 103) as f64 / 7.0 - 5.0)
}

fn indices(n: usize, below: usize) -> Array1<usize> {
    Array1::from_shape_fn(n, |i| (i * 7 + 3) % below)
}

const LENGTHS: [usize; 6] = [0, 1, 7, 8, 33, 1000];

#[kernel]
fn masks_of_comparisons(
    a: &ArrayRef1<f64>,
    b: &ArrayRef1<f64>,
) -> (Array1<bool>, Array1<bool>, Array1<bool>, usize) {
    let positive = a.mapv(|x| x > 0.0);
    let below = Zip::from(a).and(b).map_collect(|x, y| x < y);
    let both = &positive & &below;
    let either = &positive | &below;
    let neither = !&either;
    let one = &positive ^ &below;
    let count = one.iter().filter(|&&m| m).count();
    (both, neither, one, count)
}

#[kernel]
fn masked_updates(a: &mut ArrayRef1<f64>, mask: &ArrayRef1<bool>, b: &ArrayRef1<f64>) {
    azip!((x in &mut *a, &m in mask) if m { *x = -1.0 });
    a.zip_mut_with(b, |x, &y| {
        if y > 0.0 {
            *x += y;
        }
    });
    Zip::from(&mut *a).and(mask).and(b).for_each(|x, &m, &y| {
        if !m {
            *x *= y;
        }
    });
    for (x, &m) in a.iter_mut().zip(mask) {
        if m {
            *x += 0.5;
        }
    }
}

#[kernel]
fn masked_totals(a: &ArrayRef1<f64>, mask: &ArrayRef1<bool>) -> (f64, usize, f64, f64) {
    let sum: f64 = a.iter().zip(mask).filter(|(_, m)| **m).map(|(x, _)| x).sum();
    let count = mask.iter().filter(|&&m| m).count();
    let largest = a.iter().zip(mask).filter(|&(_, &m)| m).map(|(&x, _)| x).fold(f64::NEG_INFINITY, f64::max);
    let other = Zip::from(a).and(mask).fold(0.0, |s, &x, &m| if m { s } else { s + x });
    (sum, count, largest, other)
}

#[kernel]
fn chosen(
    mask: &ArrayRef1<bool>,
    a: &ArrayRef1<f64>,
    m: &ArrayRef2<f64>,
) -> (Array1<f64>, Array1<f64>, Array2<f64>, Array1<i64>) {
    let clipped = select(mask, a, 0.0);
    let doubled = &clipped * 2.0;
    let larger = select(&a.mapv(|x| x > 1.0), &doubled, a);
    let rows = select(mask, m, &larger);
    (clipped, larger, rows, select(mask, 1i64, -1i64))
}

#[test]
fn masks_are_arrays_of_truth_values() {
    for n in LENGTHS {
        let (a, b) = (numbers(n), numbers(n + 5).slice(s![5..]).to_owned());
        let mask = a.mapv(|x| x > -3.0);
        exactly!(masks_of_comparisons(&a, &b));
        exactly!(masked_updates(&mut c, &mask, &b) with c = a.clone());
        exactly!(masked_totals(&a, &mask));
        exactly!(chosen(&mask, &a, &matrix(3, n)));
    }
}

#[test]
fn shapes_of_a_choice_broadcast_or_are_refused() {
    let mask = array![true, false];
    let error = error_of!(chosen(&mask, &array![1.0, 2.0, 3.0], &matrix(3, 2)));
    assert!(matches!(error, Error::ShapeMismatch { .. }), "{error}");
}

#[kernel]
fn compacted(a: &ArrayRef1<f64>, t: f64) -> (Array1<f64>, f64, usize, Array1<f64>) {
    let above = a.iter().filter(|&&x| x > t).cloned().collect::<Array1<f64>>();
    let roots: Array1<f64> =
        a.iter().filter_map(|&x| if x > t { Some((x - t).sqrt()) } else { None }).collect();
    let (total, count) = (roots.sum(), above.len());
    let positions: Vec<usize> = a.iter().enumerate().filter(|(_, x)| **x < t).map(|(i, _)| i).collect();
    let mut halved = above;
    halved *= 0.5;
    let count = count + positions.iter().sum::<usize>();
    (halved, total, count, roots)
}

#[kernel]
fn sorted_out(a: &ArrayRef1<f64>, n: usize) -> (usize, f64, f64, Array1<f64>) {
    let (low, high): (Vec<f64>, Vec<f64>) = a.iter().partition(|&&x| x < 0.0);
    let (whole, parts): (Vec<f64>, Vec<f64>) = a.iter().map(|x| (x.trunc(), x.fract())).unzip();
    let (i, squares): (Vec<usize>, Vec<f64>) =
        a.iter().enumerate().filter(|(i, _)| i % 3 == 0).map(|(i, x)| (i, x * x)).unzip();
    let pairs: Array1<f64> = (0..n).flat_map(|i| (0..i).map(move |j| (i * j) as f64)).collect();
    let products = whole.iter().zip(&parts).map(|(x, y)| x * y).sum::<f64>();
    (low.len() * 1000 + high.len() + i.iter().sum::<usize>(), products, squares.iter().sum::<f64>(), pairs)
}

#[test]
fn items_that_are_left_are_collected_in_order() {
    for n in LENGTHS {
        let a = numbers(n);
        for t in [-100.0, 0.0, 5.0, 100.0] {
            every_way!(compacted(&a, t));
        }
        exactly!(sorted_out(&a, 9));
    }
}

#[kernel]
fn gathered(
    a: &ArrayRef1<f64>,
    m: &ArrayRef2<f64>,
    i: &[usize],
    rows: &ArrayRef1<usize>,
) -> (Array1<f64>, Array2<f64>, Array2<f64>, f64) {
    let picked = a.select(Axis(0), i);
    let some_rows = m.select(Axis(0), rows.as_slice().unwrap());
    let some_columns = m.select(Axis(1), &[0, 2, 0]);
    let mut total = 0.0;
    for &k in i {
        total += a[k];
    }
    let total = total + i.iter().map(|&k| a[k]).sum::<f64>();
    (picked * 2.0, some_rows, some_columns, total)
}

#[kernel]
fn scattered(
    counts: &mut ArrayRef1<i64>,
    sums: &mut ArrayRef1<f64>,
    i: &ArrayRef1<usize>,
    a: &ArrayRef1<f64>,
) {
    for (&k, &x) in i.iter().zip(a) {
        counts[k] += 1;
        sums[k] += x;
    }
    i.iter().enumerate().for_each(|(n, &k)| sums[k] += n as f64);
}

#[test]
fn elements_are_chosen_by_computed_indices() {
    for n in [1, 7, 33, 1000] {
        let (a, m) = (numbers(n), matrix(n, 4));
        let (i, rows) = (indices(2 * n + 1, n), indices(n / 2, n));
        every_way!(gathered(&a, &m, i.as_slice().unwrap(), &rows));
        exactly!(scattered(&mut counts, &mut sums, &i, &numbers(2 * n + 1)) with counts = Array1::<i64>::zeros(n), sums = a.clone());
    }
    let error = error_of!(gathered(&array![1.0], &matrix(1, 3), &[0, 1], &array![0]));
    assert!(matches!(error, Error::Index { .. }), "{error}");
}

#[kernel]
fn looked_up(a: &ArrayRef1<f64>, m: &ArrayRef2<f64>, i: usize) -> (f64, f64, f64, bool) {
    let inside = a.get(i).copied().unwrap_or(-1.0);
    let beside = m.get((i, i + 1)).map_or(0.5, |x| x * 2.0);
    let ends = a.first().unwrap_or(&0.0) + *a.last().unwrap_or(&7.0);
    (inside, beside, ends, m.get([i, 0]).is_some_and(|&x| x > 0.0))
}

#[test]
fn elements_that_may_be_missing_are_options() {
    for n in [0, 1, 4] {
        for i in [0, 3, 4, usize::MAX - 1] {
            exactly!(looked_up(&numbers(n), &matrix(n, 4), i));
        }
    }
}
