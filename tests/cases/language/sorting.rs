//! Sorting, and searches in what is sorted: medians, modes, nearest neighbours, tables.

use crate::cases::ways::{error_of, exactly};
use ndarray::{Array1, Array2, ArrayRef1, ArrayRef2};
use parfuse::prelude::*;
use std::cmp::Ordering;

#[kernel]
fn sorted(x: &[f64]) -> Vec<f64> {
    let mut v = x.to_vec();
    v.sort_by(|a, b| a.partial_cmp(b).unwrap());
    v
}

#[kernel]
fn sorted_every_way(x: &[i64]) -> (Vec<i64>, Vec<i64>, Vec<i64>, Vec<i64>) {
    let mut a = x.to_vec();
    a.sort();
    let mut b = x.to_vec();
    b.sort_unstable_by(|p, q| q.cmp(p));
    let mut c = x.to_vec();
    c.sort_by_key(|k| k % 10);
    let mut d = x.to_vec();
    d.sort_unstable();
    d.reverse();
    d.dedup();
    (a, b, c, d)
}

#[kernel]
fn total(x: &mut [f64], y: &mut ArrayRef1<f64>) {
    x.sort_by(f64::total_cmp);
    y.as_slice_mut().unwrap().sort_unstable_by(|a, b| b.total_cmp(a));
}

#[kernel]
fn by_parts(x: &[i64]) -> (Vec<i64>, Vec<usize>, Vec<i64>) {
    let mut pairs: Vec<(i64, usize)> = x.iter().enumerate().map(|(i, &v)| (v % 7, i)).collect();
    pairs.sort();
    pairs.sort_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(&b.1)));
    let mut order: Vec<i64> = x.to_vec();
    order.sort_by_key(|&v| (v % 3, -v));
    order.sort_by(|a, b| (a % 2).cmp(&(b % 2)).then_with(|| b.cmp(a)).reverse());
    let (keys, places) = pairs.into_iter().unzip();
    (keys, places, order)
}

#[kernel]
fn argsort(x: &ArrayRef1<f64>) -> Array1<usize> {
    let mut order: Vec<usize> = (0..x.len()).collect();
    order.sort_by(|&i, &j| x[i].partial_cmp(&x[j]).unwrap());
    Array1::from(order)
}

#[derive(Clone, Copy, Debug, PartialEq, KernelData)]
struct Star {
    brightness: f64,
    name: u32,
}

#[kernel]
fn brightest(stars: &[Star], k: usize) -> Vec<u32> {
    let mut all = stars.to_vec();
    all.sort_by(|a, b| b.brightness.total_cmp(&a.brightness));
    all.iter().take(k).map(|star| star.name).collect()
}

#[kernel]
fn mode(x: &[i32]) -> (i32, usize) {
    let mut v = x.to_vec();
    v.sort_unstable();
    let (mut best, mut most) = (v[0], 0);
    let mut i = 0;
    while i < v.len() {
        let mut j = i;
        while j < v.len() && v[j] == v[i] {
            j += 1;
        }
        if j - i > most {
            best = v[i];
            most = j - i;
        }
        i = j;
    }
    (best, most)
}

#[kernel]
fn median(x: &[f64]) -> f64 {
    let mut v = x.to_vec();
    let n = v.len();
    v.sort_by(|a, b| a.partial_cmp(b).unwrap());
    if n % 2 == 1 { v[n / 2] } else { 0.5 * (v[n / 2 - 1] + v[n / 2]) }
}

#[kernel]
fn medians_by_selection(x: &[f64]) -> (f64, f64) {
    let mut v = x.to_vec();
    let middle = v.len() / 2;
    let (_, median, _) = v.select_nth_unstable_by(middle, |a, b| a.partial_cmp(b).unwrap());
    let median = *median;
    for e in v.iter_mut() {
        *e = (*e - median).abs();
    }
    let deviation = *v.select_nth_unstable_by(middle, |a, b| a.total_cmp(b)).1;
    (median, deviation)
}

#[kernel]
fn median_filter(x: &ArrayRef2<f64>) -> Array2<f64> {
    let (h, w) = x.dim();
    let mut out = x.to_owned();
    for i in prange(1..h - 1) {
        for j in 1..w - 1 {
            let mut window = [0.0; 9];
            for k in 0..9 {
                window[k] = x[[i + k / 3 - 1, j + k % 3 - 1]];
            }
            window.sort_by(|a, b| a.partial_cmp(b).unwrap());
            out[[i, j]] = window[4];
        }
    }
    out
}

#[kernel]
fn running_median(x: &ArrayRef1<f64>, half: usize) -> Array1<f64> {
    let n = x.len();
    let mut out = Array1::zeros(n);
    for i in prange(0..n) {
        let (from, to) = (i.saturating_sub(half), (i + half + 1).min(n));
        let mut window = vec![0.0; 2 * half + 1];
        for k in from..to {
            window[k - from] = x[k];
        }
        let window = &mut window[..to - from];
        window.sort_by(f64::total_cmp);
        out[i] = window[(to - from) / 2];
    }
    out
}

#[kernel]
fn nearest(points: &ArrayRef2<f64>, k: usize) -> Array2<usize> {
    let n = points.nrows();
    let mut out = Array2::zeros((n, k));
    for i in prange(0..n) {
        let mut distances = vec![(0.0, 0); n];
        for j in 0..n {
            let (dx, dy) = (points[[i, 0]] - points[[j, 0]], points[[i, 1]] - points[[j, 1]]);
            distances[j] = (dx * dx + dy * dy, j);
        }
        distances.sort_by(|a, b| a.0.partial_cmp(&b.0).unwrap_or(Ordering::Equal));
        for m in 0..k {
            out[[i, m]] = distances[m].1;
        }
    }
    out
}

#[kernel]
fn sorted_rows(x: &mut ArrayRef2<f64>) {
    for mut row in prange(x.rows_mut()) {
        row.as_slice_mut().unwrap().sort_by(|a, b| b.partial_cmp(a).unwrap());
    }
}

#[kernel]
fn sorted_points(p: &mut [[f64; 2]]) -> Vec<[f64; 2]> {
    p.sort_by(|a, b| a[0].total_cmp(&b[0]));
    let mut back = p.to_vec();
    back.sort_by(|a, b| a[1].partial_cmp(&b[1]).unwrap().then(b[0].total_cmp(&a[0])));
    back.reverse();
    let found = p.binary_search_by(|q| q[0].total_cmp(&2.0)).unwrap_or_else(|i| i);
    let in_front = p.partition_point(|q| q[0] < 2.0);
    let last = back.len() - 1;
    back.swap(found.min(last), in_front.min(last));
    back
}

fn numbers(n: usize) -> Vec<f64> {
    (0..n).map(|i| (i * 7919 % 1013) as f64 / 7.0 - 50.0).collect()
}

fn integers(n: usize) -> Vec<i64> {
    (0..n as i64).map(|i| i * 7919 % 113 - 40).collect()
}

#[test]
fn elements_are_put_in_order() {
    for n in [0, 1, 2, 3, 15, 16, 17, 31, 33, 48, 100, 1000, 4097] {
        let (x, k) = (numbers(n), integers(n));
        exactly!(sorted(&x));
        exactly!(sorted_every_way(&k));
        exactly!(by_parts(&k));
        exactly!(argsort(&Array1::from(x.clone())));
        exactly!(total(&mut a, &mut b) with a = x.clone(), b = Array1::from(x.clone()));
        if n > 0 {
            exactly!(median(&x));
            exactly!(medians_by_selection(&x));
            exactly!(sorted_points(&mut p) with p = x.iter().map(|&x| [x % 5.0, x]).collect::<Vec<_>>());
            exactly!(mode(&k.iter().map(|k| *k as i32).collect::<Vec<_>>()));
        }
    }
    let zeros = [0.0, -0.0, 1.0, -0.0, 0.0, -1.0];
    let bits = |v: &[f64]| v.iter().map(|x| x.to_bits()).collect::<Vec<_>>();
    assert_eq!(bits(&sorted::serial(&zeros).unwrap()), bits(&sorted(&zeros)));
    let stars: Vec<Star> = (0..50).map(|i| Star { brightness: f64::from(i * 37 % 11), name: i }).collect();
    exactly!(brightest(&stars, 20));
}

#[test]
fn each_iteration_sorts_its_own() {
    for (h, w) in [(3, 3), (8, 33), (40, 61)] {
        let x = Array2::from_shape_vec((h, w), numbers(h * w)).unwrap();
        exactly!(median_filter(&x));
        exactly!(sorted_rows(&mut a) with a = x.clone());
    }
    for n in [1, 5, 64, 500] {
        let x = Array1::from(numbers(n));
        exactly!(running_median(&x, 3));
        exactly!(running_median(&x, 20));
        let points = Array2::from_shape_vec((n, 2), numbers(2 * n)).unwrap();
        exactly!(nearest(&points, 3.min(n)));
    }
}

#[kernel]
fn interpolated(knots: &[f64], values: &[f64], x: &[f64]) -> Vec<f64> {
    x.iter()
        .map(|&x| {
            let i = match knots.binary_search_by(|k| k.partial_cmp(&x).unwrap()) {
                Ok(i) => return values[i],
                Err(i) => i,
            };
            if i == 0 {
                values[0]
            } else if i == knots.len() {
                values[i - 1]
            } else {
                let t = (x - knots[i - 1]) / (knots[i] - knots[i - 1]);
                values[i - 1] * (1.0 - t) + values[i] * t
            }
        })
        .collect()
}

#[kernel]
fn searches(table: &[i64], x: &[i64]) -> (Vec<usize>, Vec<i64>, usize) {
    let mut places = Vec::new();
    let mut found = Vec::new();
    let mut missing = 0;
    for &x in x {
        places.push(table.binary_search(&x).unwrap_or_else(|i| i));
        if let Ok(i) = table.binary_search_by_key(&(x / 2), |t| t / 2) {
            found.push(table[i]);
        }
        if table.binary_search(&x).is_err() {
            missing += 1;
        }
        match table.binary_search(&x) {
            Ok(i) | Err(i) => places.push(i),
        }
    }
    (places, found, missing)
}

#[kernel]
fn kept_results(table: &[i64], k: i64) -> (i64, i64, Option<usize>) {
    let mut first = table.binary_search(&k);
    if first.is_err() {
        first = table.binary_search(&(k + 1));
    }
    let second = if k > 2 { first } else { table.binary_search_by(|v| v.cmp(&(k + 3))) };
    let number = |place: usize, sign: i64| sign * (place as i64 + 1);
    let first_number = match first {
        Ok(i) => number(i, 1),
        Err(i) => number(i, -1),
    };
    let second_number = if let Err(i) = second { number(i, -1) } else { 0 };
    (first_number, second_number, first.err())
}

#[kernel]
fn ordered_set(x: &[i64]) -> Vec<i64> {
    let mut set: Vec<i64> = Vec::new();
    for &x in x {
        if let Err(place) = set.binary_search(&x) {
            set.insert(place, x);
        } else if x % 5 == 0 {
            let place = set.binary_search(&x).unwrap();
            set.remove(place);
        }
    }
    set.retain(|v| v % 3 != 0);
    set.dedup_by_key(|v| *v / 4);
    set.resize(set.len() + 2, -1);
    set
}

#[kernel]
fn in_a_prange(table: &[f64], x: &ArrayRef1<f64>) -> Array1<usize> {
    let mut out = Array1::zeros(x.len());
    for i in prange(0..x.len()) {
        out[i] = table.binary_search_by(|t| t.total_cmp(&x[i])).unwrap_or_else(|at| at + 1000);
    }
    out
}

#[test]
fn searches_find_what_the_standard_library_does() {
    for n in [0, 1, 2, 5, 16, 100, 333] {
        let mut table = integers(n);
        table.sort();
        exactly!(searches(&table, &integers(150)));
        exactly!(ordered_set(&integers(n)));
        for k in -2..7 {
            exactly!(kept_results(&table, k));
        }
        let mut knots = numbers(n);
        knots.sort_by(f64::total_cmp);
        exactly!(in_a_prange(&knots, &Array1::from(numbers(1000))));
        knots.dedup();
        if n > 0 {
            exactly!(interpolated(&knots, &numbers(knots.len()), &numbers(1000)));
        }
    }
}

#[kernel]
#[allow(clippy::neg_cmp_op_on_partial_ord)]
fn compared_tuples(a: &[i64], b: &[f64]) -> (usize, usize, usize) {
    let (mut below, mut above, mut unordered) = (0, 0, 0);
    for i in 1..a.len() {
        let (p, q) = ((a[i - 1], b[i - 1]), (a[i], b[i]));
        below += usize::from(p < q) + 10 * usize::from(p <= q);
        above += usize::from(p > q) + 10 * usize::from(p >= q);
        unordered += usize::from(p.partial_cmp(&q).is_none());
    }
    (below, above, unordered)
}

#[test]
fn tuples_compare_by_the_first_parts_that_differ() {
    let b: Vec<f64> = (0..60).map(|i| if i % 7 == 3 { f64::NAN } else { f64::from(i % 3) }).collect();
    let a: Vec<i64> = (0..60).map(|i| i / 3 % 2).collect();
    exactly!(compared_tuples(&a, &b));
}

#[kernel]
fn counted(x: &[i64]) -> (Vec<i64>, usize) {
    let mut v = x.to_vec();
    let mut count = 0;
    v.sort_by(|a, b| {
        count += 1;
        a.cmp(b)
    });
    (v, count)
}

#[test]
fn what_cannot_be_sorted() {
    let error = counted::kernel().check().unwrap_err().to_string();
    assert!(error.contains("how often it is called is open"), "{error}");
    let error = error_of!(sorted(&[1.0, f64::NAN, 2.0]));
    assert!(error.to_string().contains("sorting.rs"), "{error}");
    let error = error_of!(medians_by_selection(&[]));
    assert!(error.to_string().contains("sorting.rs"), "{error}");
}
