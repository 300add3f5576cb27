//! References as parameters: to numbers, structs, tuples, vectors and views, of kernels that others call and from outside.
// As people write it.
#![allow(clippy::ptr_arg, clippy::trivially_copy_pass_by_ref)]

use crate::cases::ways::{error_of, every_way, exactly};
use ndarray::{Array1, Array2, ArrayRef2, ArrayView1, ArrayViewMut1};
use parfuse::prelude::*;

#[derive(Clone, Copy, Debug, PartialEq, KernelData)]
struct Point {
    x: f64,
    y: f64,
    mass: f64,
}

fn points(n: usize) -> Vec<Point> {
    (0..n).map(|i| Point { x: i as f64, y: (i * 7 % 5) as f64, mass: 1.0 + (i % 3) as f64 }).collect()
}

#[kernel]
fn distance(a: &Point, b: &Point) -> f64 {
    (a.x - b.x).hypot(a.y - b.y)
}

#[kernel]
fn kick(p: &mut Point, fx: &f64, fy: f64) {
    p.x += fx / p.mass;
    p.y += fy / p.mass;
}

#[kernel]
fn rotate(x: &mut f64, y: &mut f64, by: (f64, f64)) {
    let ((sin, cos), before) = (by, *x);
    *x = cos * before - sin * *y;
    *y = sin * before + cos * *y;
}

#[kernel]
fn advance(pair: &mut (f64, usize), by: &(f64, usize)) {
    pair.0 += by.0;
    pair.1 += by.1;
}

#[kernel]
fn all_together(p: &mut [Point], xs: &mut [f64], ys: &mut [f64]) -> (f64, f64, usize) {
    let mut total = 0.0;
    for i in 0..p.len() {
        for j in 0..i {
            total += distance(&p[i], &p[j]);
        }
    }
    for i in prange(0..p.len()) {
        kick(&mut p[i], &0.5, i as f64);
    }
    for q in p.iter_mut() {
        kick(q, &1.0, -1.0);
    }
    for i in prange(0..xs.len()) {
        rotate(&mut xs[i], &mut ys[i], (0.6, 0.8));
    }
    let mut pair = (0.5, 1);
    for i in 0..4 {
        advance(&mut pair, &(i as f64, i));
    }
    rotate(&mut total, &mut pair.0, (0.0, 1.0));
    (total, pair.0, pair.1)
}

#[kernel]
fn summed(x: &[f64], total: &mut f64, count: &mut u32) {
    for i in prange(0..x.len()) {
        *total += x[i];
        *count += 1;
    }
    if *total > 1000.0 {
        *total = 1000.0;
    }
}

#[kernel]
fn cells(m: &mut ArrayRef2<f64>) {
    for i in 0..m.nrows() {
        let cell = &mut m[[i, 0]];
        *cell += 2.0;
        if *cell > 3.0 {
            *cell = 0.5;
        }
        let other = &mut m[(i, 1)];
        *other *= 2.0;
    }
}

#[test]
fn numbers_and_structs_may_be_passed_by_reference() {
    let (xs, ys) = (vec![1.0, -2.0, 0.25], vec![0.5, 3.0, -1.0]);
    every_way!(all_together(&mut p, &mut x, &mut y) with p = points(9), x = xs.clone(), y = ys.clone());
    exactly!(kick(&mut p, &2.0, 3.0) with p = points(3)[2]);
    exactly!(advance(&mut pair, &(2.0, 3)) with pair = (0.5, 1));
    exactly!(distance(&points(3)[1], &points(3)[2]));
    for n in [0, 3, 20_000] {
        every_way!(summed(&vec![0.25; n], &mut total, &mut count) with total = 1.5, count = 7);
    }
    exactly!(cells(&mut m) with m = Array2::from_shape_fn((4, 3), |(i, j)| (i * j) as f64));
    let mut total = 1.0;
    let comparison = summed::compare(&[1.0, 2.0], &mut total, &mut 0).unwrap();
    assert!(comparison.agrees(), "{comparison}");
}

#[kernel]
fn push_both(out: &mut Vec<f64>, x: f64) {
    out.push(x);
    out.push(-x);
}

#[kernel]
fn into_empty(x: &[f64]) -> Vec<f64> {
    let mut out = Vec::new();
    for a in x {
        push_both(&mut out, *a);
    }
    out
}

#[kernel]
fn into_some(x: &[f64]) -> Vec<f64> {
    let mut out = vec![1.0, 2.0];
    for a in x {
        if out.len() < 7 {
            push_both(&mut out, *a);
        }
    }
    out
}

#[kernel]
fn sift_up(heap: &mut Vec<i64>, value: i64) {
    heap.push(value);
    let mut i = heap.len() - 1;
    while i > 0 {
        let parent = (i - 1) / 2;
        if heap[parent] <= heap[i] {
            break;
        }
        heap.swap(parent, i);
        i = parent;
    }
}

#[kernel]
fn sift_down(heap: &mut Vec<i64>) -> Option<i64> {
    if heap.is_empty() {
        return None;
    }
    let n = heap.len() - 1;
    heap.swap(0, n);
    let top = heap.pop();
    let mut i = 0;
    loop {
        let mut least = i;
        for child in [2 * i + 1, 2 * i + 2] {
            if child < n && heap[child] < heap[least] {
                least = child;
            }
        }
        if least == i {
            break;
        }
        heap.swap(i, least);
        i = least;
    }
    top
}

#[kernel]
fn heap_sorted(x: &[i64]) -> Vec<i64> {
    let mut heap = Vec::new();
    for v in x {
        sift_up(&mut heap, *v);
    }
    let mut out = vec![];
    while let Some(v) = sift_down(&mut heap) {
        out.push(v);
    }
    out
}

#[kernel]
fn by_kind(x: &[i32], p: &[Point]) -> (Vec<i32>, Vec<i32>, Vec<Point>) {
    fn put(even: &mut Vec<i32>, odd: &mut Vec<i32>, v: i32) {
        if v % 2 == 0 {
            even.push(v);
        } else {
            odd.push(v);
        }
    }
    fn keep_heavy(found: &mut Vec<Point>, p: &Point) {
        if p.mass > 1.5 {
            found.push(*p);
        }
    }
    let (mut even, mut odd, mut heavy) = (vec![], vec![], Vec::new());
    for v in x {
        put(&mut even, &mut odd, *v);
    }
    for q in p {
        keep_heavy(&mut heavy, q);
    }
    (even, odd, heavy)
}

#[kernel]
fn named_and_closed(x: &[f64]) -> (Vec<f64>, Vec<f64>) {
    let mut out = vec![1.0];
    let same = &mut out;
    for v in x {
        same.push(*v);
    }
    same[0] = 5.0;
    let mut found = Vec::new();
    let mut note = |v: f64| {
        if v > 0.0 {
            found.push(v);
        }
    };
    for v in x {
        note(*v);
        note(v * -2.0);
    }
    let add = |into: &mut Vec<f64>, v: f64| into.push(v * 3.0);
    add(&mut out, x.len() as f64);
    (out, found)
}

#[test]
fn vectors_grow_in_functions_and_closures() {
    for n in [0, 1, 5, 300] {
        let x: Vec<f64> = (0..n).map(|i| (i * 7919 % 101) as f64 - 50.0).collect();
        let whole: Vec<i64> = x.iter().map(|x| *x as i64).collect();
        let narrow: Vec<i32> = x.iter().map(|x| *x as i32).collect();
        exactly!(into_empty(&x));
        exactly!(into_some(&x));
        exactly!(heap_sorted(&whole));
        exactly!(by_kind(&narrow, &points(n)));
        exactly!(named_and_closed(&x));
    }
}

#[kernel]
fn of_vectors(v: &Vec<f64>, w: &mut Vec<f64>, p: &Vec<[f64; 2]>) -> f64 {
    for x in w.iter_mut() {
        *x *= 2.0;
    }
    w[0] = v[1];
    w.swap(0, 1);
    v.iter().sum::<f64>() + v.len() as f64 + p.iter().map(|q| q[0] * q[1]).sum::<f64>()
}

#[kernel]
fn total(v: &ArrayView1<f64>) -> f64 {
    v.sum()
}

#[kernel]
fn doubled(v: ArrayView1<f64>, mut into: ArrayViewMut1<f64>) {
    for i in 0..v.len() {
        into[i] = v[i] * 2.0;
    }
}

#[kernel]
fn rows(m: &ArrayRef2<f64>) -> (Array1<f64>, Array2<f64>) {
    let (mut sums, mut out) = (Array1::zeros(m.nrows()), Array2::zeros(m.dim()));
    for i in prange(0..m.nrows()) {
        sums[i] = total(&m.row(i));
        doubled(m.row(i), out.row_mut(i));
    }
    (sums, out)
}

#[test]
fn vectors_and_views_may_be_passed_by_reference() {
    let (v, p) = (vec![1.0, 2.5, -3.0], vec![[1.0, 2.0], [3.0, 4.0]]);
    every_way!(of_vectors(&v, &mut w, &p) with w = vec![1.0, 2.0, 3.0]);
    every_way!(rows(&Array2::from_shape_fn((5, 4), |(i, j)| (i * 4 + j) as f64)));
}

#[test]
fn a_vector_of_the_callers_grows() {
    let mut out = vec![1.0];
    push_both::serial(&mut out, 1.0).unwrap();
    push_both::parallel(&mut out, 3.0).unwrap();
    let mut expected = vec![1.0];
    push_both(&mut expected, 1.0);
    push_both(&mut expected, 3.0);
    assert_eq!(out, expected);
}

#[kernel]
fn last_of(p: &mut [[f64; 2]], at: usize) {
    if let Some(q) = p.last_mut() {
        q[0] += 1.0;
    }
    if let Some(q) = p.first_mut() {
        q[1] = 7.0;
    }
    if let Some(q) = p.get_mut(at) {
        *q = [3.0, 4.0];
    }
}

#[kernel]
fn first_of(p: &mut [[f64; 2]]) {
    p.first_mut().unwrap()[0] = 1.0;
}

#[test]
fn rows_may_be_set_where_there_are_some() {
    for n in [0, 1, 3] {
        for at in [0, 1, 7] {
            exactly!(last_of(&mut p, at) with p = vec![[1.0, 2.0]; n]);
        }
    }
    exactly!(first_of(&mut p) with p = vec![[0.0, 2.0]; 2]);
    let error = error_of!(first_of(&mut []));
    assert!(error.to_string().contains("`Option` that has no value"), "{error}");
}

#[kernel]
#[allow(clippy::toplevel_ref_arg)]
fn by_ref_mut(x: &[i64]) -> (Option<(i64, i64)>, i64) {
    let mut range: Option<(i64, i64)> = None;
    let mut left = Some(3);
    let mut pair = (0, 1);
    for &v in x {
        match range {
            Some((ref mut low, ref mut high)) => {
                *low = (*low).min(v);
                *high = (*high).max(v);
            }
            None => range = Some((v, v)),
        }
        if let Some(ref mut n) = left {
            *n -= 1;
        }
        while let Some(ref mut n) = left
            && *n < 0
        {
            *n += 2;
        }
        let (ref mut sum, ref factor) = pair;
        *sum += v * *factor;
        let ref mut factor = pair.1;
        *factor += 1;
    }
    (range, pair.0 * 10 + left.unwrap_or(0))
}

#[test]
fn patterns_borrow_what_they_take_apart() {
    exactly!(by_ref_mut(&[3, -1, 7, 2, 2]));
}
