//! `Option` as result, variable and in patterns: roots, searches, tables, first and best of many.

use crate::cases::ways::exactly;
use ndarray::{Array1, ArrayRef1};
use parfuse::prelude::*;

#[kernel]
fn roots(a: f64, b: f64, c: f64) -> Option<(f64, f64)> {
    let d = b * b - 4.0 * a * c;
    if a == 0.0 || d < 0.0 {
        return None;
    }
    let s = d.sqrt();
    Some(((-b - s) / (2.0 * a), (-b + s) / (2.0 * a)))
}

#[kernel]
fn larger_root(a: f64, b: f64, c: f64) -> Option<f64> {
    let (low, high) = roots(a, b, c)?;
    Some(low.max(high))
}

#[kernel]
fn sum_of_roots(a: &[f64], b: &[f64], c: &[f64]) -> (f64, usize, Option<usize>) {
    let (mut sum, mut count, mut last) = (0.0, 0, None);
    for i in 0..a.len() {
        match larger_root(a[i], b[i], c[i]) {
            Some(x) if x > 0.0 => sum += x,
            Some(_) => count += 1,
            None => last = Some(i),
        }
    }
    (sum, count, last)
}

#[kernel]
fn first_above(x: &[f64], t: f64) -> Option<usize> {
    x.iter().position(|&v| v > t)
}

#[kernel]
fn largest(x: &[f64]) -> Option<f64> {
    x.iter().copied().max_by(|a, b| a.partial_cmp(b).unwrap())
}

#[kernel]
fn nearest(x: &ArrayRef1<f64>, to: f64) -> Option<(usize, f64)> {
    let mut best: Option<(usize, f64)> = None;
    for (i, &v) in x.iter().enumerate() {
        let distance = (v - to).abs();
        match best {
            Some((_, d)) if d <= distance => {}
            _ => best = Some((i, distance)),
        }
    }
    best
}

#[kernel]
fn best_so_far(x: &[f64]) -> Option<(usize, f64)> {
    let mut best: Option<(usize, f64)> = None;
    for i in 0..x.len() {
        if best.is_none() || x[i] > best.unwrap().1 {
            best = Some((i, x[i]));
        }
    }
    best
}

#[kernel]
fn looked_up(table: &[i64], key: i64) -> Option<i64> {
    let i = table.binary_search(&key).ok()?;
    let next = table.get(i + 1)?;
    Some(next - key)
}

#[kernel]
fn products(x: &[i32]) -> Option<i32> {
    let mut product = 1i32;
    for &v in x {
        product = product.checked_mul(v)?;
    }
    Some(product)
}

#[kernel]
fn each_in_a_prange(b: &ArrayRef1<f64>) -> Array1<f64> {
    let mut out = Array1::zeros(b.len());
    for i in prange(0..b.len()) {
        out[i] = if let Some((low, _)) = roots(1.0, b[i], 1.0) { low } else { -1.0 };
        if let (Some(p), Some((q, r))) = (larger_root(1.0, b[i], 0.5), roots(2.0, b[i], 0.25)) {
            out[i] += p + q * r;
        }
    }
    out
}

#[kernel]
fn in_closures(x: &[f64]) -> (Vec<f64>, Option<f64>) {
    let found = x
        .iter()
        .filter_map(|&v| {
            let (low, high) = roots(1.0, v, 1.0)?;
            Some(low * high)
        })
        .collect();
    let last = x.iter().rev().find_map(|&v| larger_root(1.0, v, 2.0)).map(|r| r * 2.0);
    (found, last)
}

#[kernel]
fn comparisons(x: &[i64], t: i64) -> (bool, bool, Option<bool>, u8) {
    let first = x.iter().position(|&v| v == t);
    let last = x.iter().rposition(|&v| v == t);
    let kind = match (first, last) {
        (None, _) => 0,
        (Some(0), _) => 1,
        (Some(i), Some(j)) if i == j => 2,
        (Some(1 | 2), Some(_)) => 3,
        _ => 4,
    };
    (first == last, first == Some(2), first.map(|i| i % 2 == 0), kind)
}

#[derive(Clone, Copy, Debug, PartialEq, KernelData)]
struct Hit {
    distance: f64,
    object: u32,
}

#[kernel]
fn hit(positions: &[f64], from: f64) -> Option<Hit> {
    let mut nearest: Option<Hit> = None;
    for (i, &p) in positions.iter().enumerate() {
        let distance = p - from;
        if distance > 0.0 && nearest.is_none_or(|hit| distance < hit.distance) {
            nearest = Some(Hit { distance, object: i as u32 });
        }
    }
    nearest
}

#[kernel]
fn never(n: usize) -> (Option<f32>, Option<Option<i8>>) {
    (None, if n > 3 { Some(None) } else { None })
}

fn numbers(n: usize) -> Vec<f64> {
    (0..n).map(|i| (i * 7919 % 1013) as f64 / 100.0 - 5.0).collect()
}

#[test]
fn options_are_results() {
    for (a, b, c) in [(1.0, -3.0, 2.0), (1.0, 0.0, 1.0), (0.0, 1.0, 1.0), (2.0, 5.0, -1.0)] {
        exactly!(roots(a, b, c));
        exactly!(larger_root(a, b, c));
    }
    assert_eq!(roots::serial(1.0, -3.0, 2.0).unwrap(), Some((1.0, 2.0)));
    assert_eq!(roots::serial(1.0, 0.0, 2.0).unwrap(), None);
    for n in [0, 1, 7, 100, 3000] {
        let x = numbers(n);
        exactly!(sum_of_roots(&x, &numbers(n), &x));
        exactly!(first_above(&x, 4.9));
        exactly!(largest(&x));
        exactly!(nearest(&Array1::from(x.clone()), 1.3));
        exactly!(best_so_far(&x));
        exactly!(each_in_a_prange(&Array1::from(x.clone())));
        exactly!(in_closures(&x));
        exactly!(hit(&x, 2.0));
        exactly!(never(n));
    }
    for key in [2, 3, 8, 9] {
        exactly!(looked_up(&[1, 2, 8, 9], key));
        exactly!(comparisons(&[3, 2, 8, 2, 9, 5], key));
    }
    exactly!(products(&[1000, 1000, 1000]));
    exactly!(products(&[1000, 1000, 10000]));
}

#[test]
fn options_are_written_where_they_are_asked_for() {
    let mut into = None;
    first_above::serial_into(&[1.0, 2.0], 1.5, &mut into).unwrap();
    assert_eq!(into, Some(1));
    first_above::parallel_into(&[1.0, 2.0], 2.5, &mut into).unwrap();
    assert_eq!(into, None);
    let error = first_above::kernel().serial::<f64>((&[1.0][..], 2.0)).unwrap_err().to_string();
    assert!(error.contains("(bool, usize)"), "{error}");
    let comparison = first_above::compare(&[1.0, 2.0], 1.5).unwrap().to_string();
    assert!(comparison.contains("equal"), "{comparison}");
}

#[kernel]
fn chained(x: &[f64]) -> f64 {
    let mut s = 0.0;
    if let Some(first) = x.first()
        && let Some(last) = x.last()
        && *first < *last
    {
        s += last - first;
    } else {
        s = -1.0;
    }
    if x.len() > 2
        && let Some(v) = x.get(2)
        && *v > 1.0
    {
        s += v;
    }
    let t = if let Some(i) = x.iter().position(|v| *v > 3.0)
        && let Ok(j) = x.binary_search_by(|v| v.total_cmp(&3.0))
    {
        i + 10 * j
    } else if x.len() > 3 {
        7
    } else {
        9
    };
    for i in 0..x.len() {
        if let Some(v) = x.get(i + 1)
            && *v > 2.0
        {
            if i > 5 {
                return s;
            }
            continue;
        }
        s += x[i];
    }
    s + t as f64
}

#[kernel]
fn chained_in_prange(x: &[f64]) -> Vec<f64> {
    let mut out = vec![0.0; x.len()];
    for i in prange(0..x.len()) {
        if let Some(v) = x.get(i + 1)
            && *v > 2.0
            && let Some(w) = x.get(i + 2)
        {
            out[i] = v + w;
        } else {
            out[i] = -x[i];
        }
    }
    out
}

#[kernel]
fn chained_loops(x: &[f64]) -> (f64, usize) {
    let mut stack: Vec<f64> = Vec::new();
    let mut s = 0.0;
    for &v in x {
        while let Some(&top) = stack.last()
            && top > v
        {
            stack.pop();
            s += 1.0;
            if top > 4.0 {
                continue;
            }
            s += top;
        }
        stack.push(v);
    }
    let mut i = 0;
    'out: while i + 1 < x.len()
        && let Some(next) = x.get(i + 1)
    {
        i += 1;
        for j in 0..3 {
            if *next > 4.5 + j as f64 {
                break 'out;
            }
        }
    }
    (s, i)
}

#[kernel]
fn changed_inside(x: f64) -> Option<f64> {
    let mut total = Some(1.0);
    if let Some(t) = &mut total {
        *t += x;
    }
    total
}

#[test]
fn what_an_option_holds_is_changed_where_it_lies() {
    exactly!(changed_inside(2.5));
}

#[test]
fn conditions_may_bind() {
    let rising: Vec<f64> = (0..4).map(f64::from).collect();
    let mixed = [5.0, 1.0, 1.5, 0.0, 0.0, 0.0, 0.0, 0.0, 8.0];
    for x in [&[][..], &[1.0], &rising, &mixed, &[0.0, 1.0, 1.5], &numbers(1000)] {
        exactly!(chained(x));
        exactly!(chained_in_prange(x));
        exactly!(chained_loops(x));
    }
}

#[kernel]
fn changed_in_place(x: &[f64]) -> (Option<f64>, f64, Vec<Option<usize>>) {
    let mut best: Option<f64> = None;
    let mut sum = 0.0;
    let mut counts: Vec<Option<usize>> = vec![None; 4];
    for (i, &v) in x.iter().enumerate() {
        *best.get_or_insert(0.5) += 0.25;
        if let Some(before) = best.replace(v) {
            sum += before;
        }
        *best.insert(v * 2.0) -= 0.5;
        *counts[i % 4].get_or_insert_with(|| i + 100) += 1;
        *counts[i * 7 % 3].get_or_insert(i) += 1;
        if i % 5 == 4 {
            sum += counts[1].take().unwrap_or(7) as f64;
            sum += counts[i % 2].replace(i).unwrap_or(9) as f64;
        }
    }
    (best, sum, counts)
}

#[test]
fn what_options_hold_is_replaced_or_put_there() {
    exactly!(changed_in_place(&[0.5, 1.0, -3.0, 2.0, 4.0, 8.0, 0.25]));
    exactly!(changed_in_place(&[]));
}
