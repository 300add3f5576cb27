//! Arrays that may be missing: elements of vectors of fixed arrays, and what a condition decides.
// As people write it.
#![allow(clippy::collapsible_if, clippy::get_first)]

use crate::cases::ways::{error_of, every_way, exactly};
use ndarray::{Array1, Array2, ArrayRef1, ArrayRef2, array, s};
use num_complex::Complex;
use parfuse::prelude::*;

#[kernel]
fn hull_area(p: &[[f64; 2]]) -> f64 {
    let first = p.first().unwrap();
    let last = p.last().unwrap();
    let mut a = last[0] * first[1] - first[0] * last[1];
    for w in p.windows(2) {
        a += w[0][0] * w[1][1] - w[1][0] * w[0][1];
    }
    a / 2.0
}

#[kernel]
fn stack_of_points(p: &[[i32; 2]]) -> Vec<[i32; 2]> {
    let mut hull: Vec<[i32; 2]> = Vec::new();
    for &q in p {
        while hull.len() >= 2 {
            let (a, b) = (hull[hull.len() - 2], hull[hull.len() - 1]);
            if (b[0] - a[0]) * (q[1] - a[1]) - (b[1] - a[1]) * (q[0] - a[0]) <= 0 {
                hull.pop();
            } else {
                break;
            }
        }
        hull.push(q);
    }
    if let Some(top) = hull.last() {
        if top[0] < 0 {
            hull.clear();
        }
    }
    hull
}

#[kernel]
fn stack_that_begins_empty(p: &[[i32; 2]]) -> i32 {
    let mut st: Vec<[i32; 2]> = vec![];
    let mut t = 0;
    for q in p {
        while let Some([a, b]) = st.pop() {
            if a + b < q[0] {
                t += b;
            } else {
                st.push([a, b - 1]);
                break;
            }
        }
        st.push(*q);
    }
    t
}

#[kernel]
fn pop_points(p: &[[i32; 2]]) -> i32 {
    let mut v = p.to_vec();
    let mut t = 0;
    while let Some([x, y]) = v.pop() {
        t += x * y;
        if let Some(q) = v.get(0) {
            t -= q[1];
        }
        match v.first() {
            Some(f) => t += f[0],
            None => t += 1000,
        }
        t += v.last().map_or(7, |l| l[0] - l[1]);
    }
    t
}

#[kernel]
fn best_point(p: &[[f64; 2]], lim: f64) -> f64 {
    let mut best: Option<[f64; 2]> = None;
    for q in p {
        if q[0] > lim {
            match best {
                Some(b) if b[1] <= q[1] => {}
                _ => best = Some(*q),
            }
        }
    }
    let found = p.iter().find(|q| q[1] > lim);
    let m = p.iter().min_by(|a, b| a[0].total_cmp(&b[0])).unwrap();
    best.map_or(-1.0, |b| b[0] + b[1]) + found.map(|f| f[0]).unwrap_or(0.5) + m[1]
}

#[kernel]
fn maybe_array(a: &ArrayRef1<f64>, k: f64) -> f64 {
    let o = if k > 0.0 { Some(a * k) } else { None };
    match o {
        Some(v) => v.sum(),
        None => -1.0,
    }
}

#[kernel]
fn ends_of_parts(p: &[[f64; 2]], starts: &[usize]) -> Vec<f64> {
    let mut out = vec![0.0; starts.len()];
    for i in prange(0..starts.len()) {
        let part = &p[starts[i]..];
        out[i] = match part.first() {
            Some(q) => q[0] - q[1],
            None => -5.0,
        };
        if let Some(q) = part.last() {
            out[i] += q[1];
        }
    }
    out
}

#[kernel]
fn points_split(x: &[[f64; 2]]) -> f64 {
    let Some((h, t)) = x.split_last() else { return -1.0 };
    h[1] + t.iter().map(|p| p[0] * p[1]).sum::<f64>()
}

#[test]
fn rows_may_be_missing() {
    for n in [1, 2, 3, 200] {
        let points: Vec<[f64; 2]> =
            (0..n).map(|i| [(i * 7919 % 101) as f64, (i * 104_729 % 97) as f64]).collect();
        let whole: Vec<[i32; 2]> = (0..n as i32).map(|i| [i, i * 7919 % 101]).collect();
        every_way!(hull_area(&points));
        exactly!(stack_of_points(&whole));
        exactly!(stack_that_begins_empty(&whole));
        exactly!(pop_points(&whole));
        exactly!(best_point(&points, 50.0));
        exactly!(best_point(&points, 500.0));
        exactly!(ends_of_parts(&points, &[0, n - 1, n]));
        every_way!(points_split(&points));
    }
    exactly!(points_split(&[]));
    let error = error_of!(hull_area(&[]));
    assert!(error.to_string().contains("`Option` that has no value"), "{error}");
}

#[test]
fn arrays_may_be_missing() {
    let a = Array1::linspace(0.0, 1.0, 50);
    every_way!(maybe_array(&a, 2.0));
    every_way!(maybe_array(&a, -2.0));
}

#[kernel]
fn reversed(x: &[f64]) -> Option<Vec<f64>> {
    if x.is_empty() {
        return None;
    }
    let mut v = x.to_vec();
    v.reverse();
    Some(v)
}

#[kernel]
fn scaled(x: &ArrayRef1<f64>, least: f64) -> Option<Array1<f64>> {
    let total = x.sum();
    if total > least { Some(x / total) } else { None }
}

#[kernel]
fn parts(x: &[f64], k: usize) -> Option<(Vec<f64>, Array2<f64>)> {
    for i in 0..x.len() {
        if x[i] < -5.0 {
            return None;
        }
        if i == k {
            return Some((x[..i].to_vec(), Array2::zeros((i, 2))));
        }
    }
    None
}

#[kernel]
fn turned(x: &ArrayRef1<Complex<f64>>) -> (Option<Array1<Complex<f64>>>, usize) {
    (if x.len() > 1 { Some(x * Complex::new(0.0, 1.0)) } else { None }, x.len())
}

#[kernel]
fn solved(a: &ArrayRef2<f64>, b: &ArrayRef1<f64>) -> Option<Array1<f64>> {
    let n = b.len();
    let (mut a, mut x) = (a.to_owned(), b.to_owned());
    for k in 0..n {
        let mut pivot = k;
        for i in k + 1..n {
            if a[[i, k]].abs() > a[[pivot, k]].abs() {
                pivot = i;
            }
        }
        if a[[pivot, k]].abs() < 1e-12 {
            return None;
        }
        for j in 0..n {
            a.swap((k, j), (pivot, j));
        }
        x.swap(k, pivot);
        for i in k + 1..n {
            let f = a[[i, k]] / a[[k, k]];
            for j in k..n {
                a[[i, j]] -= f * a[[k, j]];
            }
            x[i] -= f * x[k];
        }
    }
    for i in (0..n).rev() {
        let mut s = x[i];
        for j in i + 1..n {
            s -= a[[i, j]] * x[j];
        }
        x[i] = s / a[[i, i]];
    }
    Some(x)
}

#[test]
fn options_of_arrays_are_results() {
    exactly!(reversed(&[1.0, 2.0, 3.0]));
    exactly!(reversed(&[]));
    let x = Array1::linspace(0.0, 1.0, 50);
    every_way!(scaled(&x, 1.0));
    every_way!(scaled(&x, 100.0));
    for k in [0, 2, 9] {
        exactly!(parts(&[1.0, 2.0, 3.0], k));
        exactly!(parts(&[1.0, -7.0, 3.0], k));
    }
    let z = x.mapv(|x| Complex::new(x, 1.0));
    exactly!(turned(&z));
    exactly!(turned(&z.slice(s![..1])));
    exactly!(solved(&array![[0.0, 1.0], [1.0, 3.0]], &array![1.0, 2.0]));
    exactly!(solved(&array![[1.0, 1.0], [1.0, 1.0]], &array![1.0, 2.0]));
    let mut into = Some(vec![9.0]);
    reversed::parallel_into(&[1.0, 2.0], &mut into).unwrap();
    assert_eq!(into, Some(vec![2.0, 1.0]));
}
