//! Vectors that grow: lists of findings, stacks, queues.

use crate::cases::ways::{error_of, every_way, exactly};
use ndarray::{Array1, Array2, ArrayRef2};
use parfuse::Error;
use parfuse::prelude::*;

#[derive(Clone, Copy, Debug, PartialEq, KernelData)]
struct Particle {
    x: f64,
    n: i32,
}

#[kernel]
fn positions_above(x: &[f64], t: f64) -> Vec<usize> {
    let mut found = Vec::new();
    for (i, &v) in x.iter().enumerate() {
        if v > t {
            found.push(i);
        }
    }
    found
}

#[kernel]
fn tree(depth: usize) -> (Vec<usize>, usize) {
    let mut stack = vec![(0usize, 0usize)];
    let mut order = vec![];
    while let Some((node, level)) = stack.pop() {
        order.push(node);
        if level < depth {
            stack.push((2 * node + 1, level + 1));
            stack.push((2 * node + 2, level + 1));
        }
    }
    let count = order.len();
    (order, count)
}

#[kernel]
fn primes(n: usize) -> Vec<u64> {
    let mut primes: Vec<u64> = Vec::with_capacity(10);
    let mut candidate = 2;
    while primes.len() < n {
        if primes.iter().all(|p| candidate % p != 0) {
            primes.push(candidate);
        }
        candidate += 1;
    }
    primes
}

#[kernel]
fn falling(x: &[f64]) -> Vec<f64> {
    let mut kept: Vec<f64> = Vec::new();
    for &v in x {
        while kept.len() > 1 && kept[kept.len() - 1] < v {
            kept.pop();
        }
        kept.push(v);
    }
    if let Some(last) = kept.last() {
        let last = *last;
        kept.push(last * 2.0);
    }
    kept.truncate(20);
    kept[0] += 1.0;
    kept.swap(0, 1);
    kept
}

#[kernel]
fn all_changes(x: &[f64]) -> (f64, usize) {
    let mut a = vec![];
    let mut b = vec![1.0, 2.0];
    a.extend(x.iter().map(|v| v * 2.0));
    b.extend_from_slice(&x[2..5]);
    a.clear();
    a.push(0.5);
    let copy = b.clone();
    b.push(9.0);
    std::mem::swap(&mut a, &mut b);
    let removed = a.swap_remove(1);
    (a.iter().sum::<f64>() + b[0] * 100.0 + removed + copy.len() as f64, a.len() * 10 + b.len())
}

#[kernel]
fn particles(n: usize) -> Vec<Particle> {
    let mut all: Vec<Particle> = Vec::new();
    for i in 0..n {
        all.push(Particle { x: i as f64, n: 2 });
        if i % 3 == 0 {
            all[i / 2].n += 1;
        }
    }
    for p in all.iter_mut() {
        p.x += 0.5;
    }
    all
}

#[kernel]
fn levels(start: &[usize], neighbours: &[usize], from: usize) -> Vec<i32> {
    let mut distance = vec![-1; start.len() - 1];
    distance[from] = 0;
    let mut frontier = vec![from];
    let mut level = 0;
    while !frontier.is_empty() {
        level += 1;
        let mut next = Vec::new();
        for &u in &frontier {
            for &v in &neighbours[start[u]..start[u + 1]] {
                if distance[v] < 0 {
                    distance[v] = level;
                    next.push(v);
                }
            }
        }
        frontier = next;
    }
    distance
}

#[kernel]
fn runs(x: &[u8]) -> (Vec<u8>, Vec<u32>) {
    let mut values = Vec::new();
    let mut lengths = Vec::new();
    let mut i = 0;
    while i < x.len() {
        let mut j = i + 1;
        while j < x.len() && x[j] == x[i] {
            j += 1;
        }
        values.push(x[i]);
        lengths.push((j - i) as u32);
        i = j;
    }
    (values, lengths)
}

#[kernel]
fn moved(n: usize) -> Vec<i64> {
    let mut v: Vec<i64> = (0..n as i64).collect();
    if n > 100 {
        return v;
    }
    v.push(-1);
    let w = std::mem::take(&mut v);
    v.push(7);
    let mut u = w;
    u.push(8);
    u.extend(v.iter());
    u
}

#[kernel]
fn references(x: &[f64]) -> Vec<f64> {
    let mut v = vec![1.0];
    for &e in x {
        v.push(e);
        let last = &mut v;
        last[0] += e;
        let half = v.len() / 2;
        v[half..].iter_mut().for_each(|e| *e *= 0.5);
    }
    let copy = v.clone();
    v.clear();
    v.push(copy.len() as f64);
    v.extend(copy);
    v
}

#[test]
fn vectors_grow_and_shrink() {
    for n in [5, 33, 1000] {
        let x: Vec<f64> = (0..n).map(|i| f64::from(i * 37 % 101) / 101.0).collect();
        exactly!(positions_above(&x, 0.5));
        exactly!(falling(&x));
        exactly!(all_changes(&x));
        exactly!(references(&x));
    }
    exactly!(tree(6));
    exactly!(primes(50));
    for n in [0, 1, 11, 500] {
        exactly!(particles(n));
        exactly!(moved(n));
    }
    exactly!(runs(&[1, 1, 2, 2, 2, 3, 1]));
    let n = 200;
    let start: Vec<usize> = (0..=n).map(|i| 3 * i).collect();
    let neighbours: Vec<usize> = (0..3 * n).map(|k| (k / 3 * 7 + k % 3 * 31 + 1) % n).collect();
    exactly!(levels(&start, &neighbours, 0));
}

#[kernel]
fn in_prange(x: &[f64]) -> Vec<f64> {
    let mut out = Vec::new();
    for i in prange(0..x.len()) {
        if x[i] > 0.5 {
            out.push(x[i]);
        }
    }
    out
}

#[test]
fn a_prange_that_pushes_keeps_the_order() {
    exactly!(in_prange(&[0.75, 0.25, 1.5, 0.5, 0.6]));
}

#[kernel]
fn kept_and_more(x: &ArrayRef2<f64>) -> Array1<f64> {
    let mut out = Array1::zeros(x.nrows());
    for i in prange(0..x.nrows()) {
        let mut kept = Vec::new();
        let row = x.row(i);
        for v in row.iter() {
            if *v > 1.0 {
                kept.push(*v);
            }
        }
        for j in i + 1..x.nrows() {
            kept.push(j as f64);
        }
        if i % 2 == 0 {
            kept.push(7.0);
        }
        kept.sort_by(f64::total_cmp);
        out[i] = if kept.is_empty() { -1.0 } else { kept[kept.len() / 2] };
    }
    out
}

#[kernel]
fn positive_parts(start: &[usize], x: &[f64]) -> Vec<f64> {
    let mut out = vec![0.0; start.len() - 1];
    for g in prange(0..start.len() - 1) {
        let mut kept = vec![];
        for i in start[g]..start[g + 1] {
            if x[i] > 0.0 {
                kept.push(x[i]);
            }
        }
        out[g] = kept.iter().enumerate().map(|(i, v)| i as f64 * v).sum();
    }
    out
}

#[kernel]
fn neighbours(x: &[f64], r: f64) -> Vec<usize> {
    let n = x.len();
    let mut nearest = vec![n; n];
    for i in prange(0..n) {
        let mut near: Vec<(usize, f64)> = Vec::new();
        for j in 0..n {
            let d = (x[i] - x[j]).abs();
            if i != j && d < r {
                near.push((j, d));
            }
        }
        near.sort_by(|a, b| a.1.total_cmp(&b.1));
        if let Some(first) = near.first() {
            nearest[i] = first.0;
        }
    }
    nearest
}

#[kernel]
fn largest_below(heights: &ArrayRef2<i64>) -> Array1<i64> {
    let mut out = Array1::zeros(heights.nrows());
    for i in prange(0..heights.nrows()) {
        let mut stack: Vec<usize> = Vec::new();
        let mut best = 0;
        for j in 0..heights.ncols() {
            while let Some(&top) = stack.last() {
                if heights[[i, top]] < heights[[i, j]] {
                    break;
                }
                stack.pop();
                let left = stack.last().map_or(0, |k| k + 1);
                best = best.max(heights[[i, top]] * (j - left) as i64);
            }
            stack.push(j);
        }
        out[i] = best;
    }
    out
}

#[kernel]
fn of_what_changes(n: usize, x: &[f64]) -> f64 {
    let mut total = 0.0;
    for i in prange(0..n) {
        let mut other = vec![1.0; 3];
        let mut kept = Vec::new();
        other = x.to_vec();
        for v in other.iter() {
            kept.push(*v);
        }
        total += kept.len() as f64 + i as f64;
    }
    total
}

#[test]
fn vectors_of_iterations_have_room_for_what_loops_push() {
    let x: Vec<f64> = (0..300).map(|i| ((i * 7919) % 101) as f64 / 50.0 - 1.0).collect();
    for (rows, columns) in [(0, 3), (1, 0), (1, 1), (40, 9)] {
        let m = Array2::from_shape_fn((rows, columns), |(i, j)| ((i * 31 + j * 17) % 23) as f64 / 7.0);
        every_way!(kept_and_more(&m));
        exactly!(largest_below(&m.mapv(|v| (v * 10.0) as i64)));
    }
    every_way!(positive_parts(&[0, 5, 5, 40, 300], &x));
    exactly!(neighbours(&x, 0.1));
    let error = error_of!(positive_parts(&[0, 5, 400], &x));
    assert!(matches!(error, Error::Index { index: 300, .. }), "{error:?}");
    // How long an array is that is replaced in between is not known where the vector begins.
    let error = of_what_changes::kernel().check().unwrap_err().to_string();
    assert!(error.contains("nor in a `for` whose range is not known"), "{error}");
    assert_eq!(of_what_changes(2, &x), 601.0);
}

/// A vector that is returned is the result itself, without what it had room for: nothing is copied.
#[test]
fn results_that_have_grown_are_not_copied() {
    let explanation = positions_above::kernel().explain().unwrap();
    let mut arrays: Vec<_> = explanation.allocations.iter().map(|array| array.array.clone()).collect();
    arrays.dedup();
    assert_eq!(arrays.len(), 1, "{explanation}");
    let x = [1.0, 5.0, 2.0, 7.0];
    assert_eq!(positions_above::serial(&x, 3.0).unwrap().capacity(), 2);
}

#[kernel]
fn grown_to(n: usize, times: usize) -> Vec<f64> {
    let mut v = vec![1.0];
    for i in 0..times {
        if i % 3 == 2 {
            v.resize(n, 0.5);
        }
        v.push(i as f64);
    }
    v
}

/// What a loop asks for may be more than there is: an error with its place, and the next call is none the worse for it.
#[test]
fn more_than_there_is_memory_for_is_an_error() {
    exactly!(grown_to(40, 100));
    for variant in [grown_to::serial(1 << 58, 100), grown_to::parallel(1 << 44, 100)] {
        let error = variant.unwrap_err();
        assert!(matches!(error, Error::Allocation { .. }), "{error}");
        assert!(error.to_string().contains("vectors.rs"), "{error}");
    }
    exactly!(grown_to(7, 10));
}
