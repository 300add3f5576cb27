//! Vectors of whoever calls a kernel that change their lengths, `out: &mut Vec<T>`, and pushes of parallel loops, which keep their order.
#![allow(clippy::ptr_arg)]

use crate::cases::ways::{error_of, exactly};
use ndarray::{Array1, ArrayRef1, array};
use parfuse::CompareOptions;
use parfuse::prelude::*;
use std::collections::VecDeque;

#[kernel]
fn primes(n: usize, out: &mut Vec<usize>) {
    let mut sieve = vec![true; n + 1];
    out.clear();
    for i in 2..=n {
        if sieve[i] {
            out.push(i);
            for j in (i * i..=n).step_by(i) {
                sieve[j] = false;
            }
        }
    }
}

#[derive(Clone, Copy, PartialEq, Debug, KernelData)]
struct Item {
    x: f64,
    kind: u32,
}

#[kernel]
fn keep_below(all: &[Item], limit: f64, out: &mut Vec<Item>) -> usize {
    out.clear();
    for item in all {
        if item.x < limit {
            out.push(*item);
        }
    }
    out.len()
}

#[kernel]
fn divide(x: &[f64], small: &mut Vec<f64>, large: &mut Vec<(usize, f64)>) -> Result<f64, &'static str> {
    if x.is_empty() {
        return Err("empty");
    }
    let mut sum = 0.0;
    for (i, &v) in x.iter().enumerate() {
        if v < 0.5 {
            small.push(v);
        } else {
            large.push((i, v));
        }
        sum += v;
        if sum > 1e6 {
            return Err("too much");
        }
    }
    Ok(sum)
}

#[kernel]
fn change_all(v: &mut Vec<f64>) {
    for x in v.iter_mut() {
        *x *= 2.0;
    }
    v.sort_by(f64::total_cmp);
    v.dedup();
    v.push(-1.0);
    v.insert(0, 9.0);
    v.retain(|&x| x != 4.0);
    for i in prange(0..v.len()) {
        v[i] += 1.0;
    }
}

#[kernel]
fn push_third(out: &mut Vec<u32>, x: u32) -> bool {
    if x % 3 == 1 {
        out.push(x);
    }
    x % 3 == 1
}

#[kernel]
fn thirds(out: &mut Vec<u32>, n: u32) -> u32 {
    out.truncate(1);
    let mut count = 0;
    for i in 0..n {
        if push_third(out, i) {
            count += 1;
        }
    }
    count
}

#[kernel]
fn replace(out: &mut Vec<f64>, x: &Array1<f64>) {
    out.clear();
    *out = x.iter().map(|v| v * v).collect();
}

#[kernel]
fn last_but_one(v: &mut Vec<i64>) -> Option<i64> {
    let x = v.pop()?;
    if x < 0 {
        return None;
    }
    v.pop()
}

#[kernel]
fn points(v: &mut Vec<[f64; 2]>, n: usize) {
    for i in 0..n {
        v.push([i as f64, 1.0]);
    }
}

#[kernel]
fn fill<T: Copy>(v: &mut Vec<T>, x: T, n: usize) {
    v.resize(n, x);
}

#[kernel]
fn give_up(v: &mut Vec<f64>, n: usize) {
    v.clear();
    for i in 0..n {
        assert!(i < 3, "no more than three");
        v.push(1.0);
    }
}

#[test]
fn vectors_of_the_caller_change_their_lengths() {
    exactly!(primes(100, &mut out) with out = vec![7]);
    exactly!(primes(1, &mut out) with out = vec![7]);
    let items: Vec<Item> = (0..40).map(|i| Item { x: (i * 7 % 11) as f64, kind: i }).collect();
    exactly!(keep_below(&items, 5.0, &mut out) with out = vec![]);
    exactly!(keep_below(&items, 5.0, &mut out) with out = items.clone());
    for x in [&[0.1, 0.7, 0.3][..], &[], &[0.1, 1e7, 0.3]] {
        let _ = exactly!(divide(x, &mut small, &mut large) with small = vec![5.0], large = vec![(7, 8.0)]);
    }
    exactly!(change_all(&mut v) with v = vec![3.0, 1.0, 2.0, 2.0]);
    exactly!(change_all(&mut v) with v = vec![]);
    exactly!(thirds(&mut v, 20) with v = vec![4, 5]);
    exactly!(replace(&mut v, &array![1.0, 2.0]) with v = vec![3.0]);
    for v in [vec![3, 4], vec![3, -4], vec![]] {
        exactly!(last_but_one(&mut v) with v = v.clone());
    }
    exactly!(points(&mut v, 3) with v = vec![[1.0, 2.0]]);
    let mut v = vec![1.0f32];
    fill::parallel(&mut v, 2.0f32, 3).unwrap();
    assert_eq!(v, [1.0, 2.0, 2.0]);
}

#[test]
fn a_call_that_fails_leaves_the_vector() {
    let mut v = vec![5.0];
    assert!(give_up::serial(&mut v, 9).is_err());
    assert_eq!(v, [5.0]);
    give_up::serial(&mut v, 2).unwrap();
    assert_eq!(v, [1.0, 1.0]);
}

#[test]
fn comparisons_leave_the_vectors() {
    let (mut small, mut large) = (vec![5.0], vec![(7, 8.0)]);
    let options = CompareOptions::default();
    let comparison = divide::compare_with(&options, &[0.1, 0.7], &mut small, &mut large).unwrap();
    assert!(comparison.same_bits);
    assert_eq!((small, large), (vec![5.0], vec![(7, 8.0)]));
}

#[kernel]
fn indices_above(x: &ArrayRef1<f64>, limit: f64) -> Vec<usize> {
    let mut found = Vec::new();
    for i in prange(0..x.len()) {
        if x[i] > limit {
            found.push(i);
        }
    }
    found
}

#[kernel]
fn neighbours(x: &[f64], radius: f64) -> Vec<(usize, usize)> {
    let mut pairs = Vec::new();
    for i in prange(0..x.len()) {
        for j in i + 1..x.len() {
            if (x[i] - x[j]).abs() < radius {
                pairs.push((i, j));
            }
        }
    }
    pairs
}

/// The loop that pushes runs in order, the one in front in parallel.
#[kernel]
fn squares_and_roots(x: &[f64], out: &mut Vec<f64>) -> f64 {
    let mut squares = vec![0.0; x.len()];
    for i in prange(0..x.len()) {
        squares[i] = x[i] * x[i];
    }
    let mut total = 0;
    for i in prange(0..x.len()) {
        if squares[i] > 0.25 {
            out.push(squares[i]);
            total += 1;
        }
    }
    total as f64
}

#[kernel]
fn lists_of_divisors(n: usize) -> usize {
    let mut divisors = vec![Vec::new(); n];
    for i in prange(1..n) {
        for j in (i..n).step_by(i) {
            divisors[j].push(i);
        }
    }
    let mut sum = 0;
    for list in &divisors {
        sum += list.len() * list.iter().sum::<usize>();
    }
    sum
}

#[kernel]
fn queue_of_many(n: usize) -> usize {
    let mut queue = VecDeque::new();
    for i in prange(0..n) {
        queue.push_back(i * i % 7);
    }
    let mut sum = 0;
    while let Some(x) = queue.pop_front() {
        sum = sum * 3 % 1009 + x;
    }
    sum
}

#[kernel]
fn random_pushes(n: usize) -> Vec<f64> {
    let mut all = Vec::new();
    for _ in prange(0..n) {
        all.push(random::<f64>());
    }
    all
}

/// The function counts the first loop, too.
#[kernel]
fn random_behind_pushes(n: usize) -> (Vec<usize>, f64) {
    let mut all = Vec::new();
    for i in prange(0..n) {
        all.push(i);
    }
    let mut sum = 0.0;
    for _ in prange(0..n) {
        sum += random_normal::<f64>();
    }
    (all, sum)
}

#[test]
fn pushes_of_parallel_loops_keep_their_order() {
    for n in [0, 1, 100, 20_000] {
        exactly!(indices_above(&Array1::from_shape_fn(n, |i| (i * 7919 % 1013) as f64), 500.0));
    }
    let x: Vec<f64> = (0..150).map(|i| (i * 37 % 101) as f64 / 101.0).collect();
    exactly!(neighbours(&x, 0.02));
    exactly!(squares_and_roots(&x, &mut out) with out = vec![9.0]);
    exactly!(lists_of_divisors(50));
    exactly!(queue_of_many(100));
}

#[test]
fn random_numbers_beside_pushes_are_refused() {
    for error in [error_of!(random_pushes(3)), error_of!(random_behind_pushes(3))] {
        let error = error.to_string();
        assert!(
            error.contains("in a kernel with a `prange` that pushes to a vector from outside"),
            "{error}"
        );
    }
}
