//! Parts of vectors that are taken away or moved, and what is pushed that a call with `&mut` gives.

use crate::cases::ways::{compiled_ways, error_of, exactly};
use ndarray::{Array1, Array2, Axis, array};
use parfuse::prelude::*;
use std::collections::VecDeque;

#[kernel]
fn parts(n: usize) -> Vec<i64> {
    let mut v: Vec<i64> = (0..n as i64).map(|i| i * i % 11).collect();
    let mut tail = v.split_off(n / 2);
    v.drain(..2);
    v.copy_within(0..2, 1);
    v.copy_within(2.., 0);
    let middle: Vec<i64> = tail.drain(1..=2).map(|x| -x).collect();
    v.append(&mut tail);
    v.push(tail.len() as i64);
    v.extend(middle);
    v
}

#[kernel]
#[allow(clippy::type_complexity)]
fn of_pairs(n: usize) -> (Vec<(usize, f64)>, Vec<(usize, f64)>) {
    let mut v = Vec::new();
    for i in 0..n {
        v.push((i, i as f64 * 0.5));
    }
    let mut late = v.split_off(n - 2);
    let taken: Vec<(usize, f64)> = v.drain(1..3).collect();
    late.extend(taken);
    (v, late)
}

#[kernel]
fn batches(n: usize, k: usize) -> (usize, Vec<usize>, Vec<i32>) {
    let mut left: Vec<usize> = (0..n).collect();
    let mut sums = vec![];
    while !left.is_empty() {
        let batch: Vec<usize> = left.drain(..k.min(left.len())).collect();
        sums.push(batch.iter().sum());
    }
    let mut queue = VecDeque::from(vec![1, 2, 3, 4]);
    queue.push_front(9);
    let mut taken = 0;
    for x in queue.drain(1..=2) {
        taken += x;
    }
    queue.push_back(taken);
    (left.len(), sums, queue.iter().copied().collect())
}

#[kernel]
fn drained(x: &[i32], from: usize, to: usize) -> Vec<i32> {
    let mut v = x.to_vec();
    v.drain(from..to);
    v
}

#[test]
fn parts_of_vectors_are_taken_away() {
    exactly!(parts(12));
    exactly!(of_pairs(6));
    exactly!(batches(10, 3));
    exactly!(drained(&[1, 2, 3, 4, 5], 1, 3));
    for (from, to) in [(1, 7), (3, 1)] {
        assert!(error_of!(drained(&[1, 2, 3, 4, 5], from, to)).to_string().contains("slice"));
    }
}

#[kernel]
fn joined_along(a: &Array1<f64>) -> (Array1<f64>, Array2<f64>) {
    let mut both = a.to_owned();
    both.append(Axis(0), a.view()).unwrap();
    let mut rows = Array2::zeros((0, 3));
    rows.push(Axis(0), a.view()).unwrap();
    (both, rows)
}

#[test]
fn arrays_are_appended_along_an_axis() {
    exactly!(joined_along(&array![1.0, 2.0, 3.0]));
}

#[kernel]
fn draw(state: &mut u64) -> u64 {
    *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    *state >> 33
}

#[kernel]
fn drawn(n: usize) -> (Vec<u64>, Vec<usize>, Array1<f64>) {
    let mut state = 1;
    let (mut v, mut order) = (Vec::new(), vec![]);
    for i in 0..n {
        v.push(draw(&mut state) % 100);
        v.swap(i, draw(&mut state) as usize % (i + 1));
        order.insert(draw(&mut state) as usize % (order.len() + 1), i);
    }
    v.truncate(n - draw(&mut state) as usize % 3);
    let mut a = Array1::zeros(n);
    a.fill((draw(&mut state) % 100) as f64);
    let b = Array1::from_shape_fn(n, |i| i as f64);
    a.scaled_add((draw(&mut state) % 3) as f64, &b);
    (v, order, a)
}

#[kernel]
#[allow(clippy::blocks_in_conditions)]
fn read_before(n: i64) -> (i64, i64) {
    let mut x = n;
    let larger = x.max({
        x += 5;
        3
    });
    let mut kept = Some(x);
    let had = kept.unwrap_or({
        kept = None;
        1
    });
    (larger, had + kept.unwrap_or(100))
}

#[test]
fn methods_change_vectors_by_what_calls_give_that_change_others() {
    exactly!(drawn(9));
    exactly!(read_before(2));
}

#[kernel]
fn in_order(x: &[i32], f: &[f64]) -> [bool; 5] {
    [
        x.is_sorted(),
        x.iter().rev().is_sorted(),
        f.is_sorted(),
        f.is_sorted_by(|a, b| a < b),
        x.is_sorted_by_key(|v| -v),
    ]
}

#[test]
fn whether_elements_are_in_order() {
    for x in [&[1, 2, 2, 5][..], &[5, 2, 2, 1], &[1, 3, 2], &[7], &[]] {
        for f in [&[0.1, 0.2][..], &[0.1, 0.1], &[1.0, f64::NAN], &[]] {
            exactly!(in_order(x, f));
        }
    }
}

#[kernel]
fn of_options(x: &[i32]) -> Vec<Option<i32>> {
    let mut found = Vec::new();
    for &a in x {
        found.push(if a > 0 { Some(a) } else { None });
    }
    found
}

#[test]
fn vectors_of_options_that_grow_are_results() {
    exactly!(of_options(&[1, -2, 3]));
    compiled_ways!(of_options(&[]));
}

#[kernel]
fn rest_of_chunks(x: &[u8], at: usize) -> (u32, usize, u32) {
    let chunks = x.chunks_exact(4);
    let rest = chunks.remainder();
    let mut sum = 0;
    for chunk in chunks {
        sum += u32::from(chunk[0]) * 1000 + u32::from(chunk[3]);
    }
    let range = at..x.len();
    let mut behind = 0;
    for i in range.clone().rev() {
        behind = behind * 3 + u32::from(x[i]) + (i - range.start) as u32;
    }
    (sum, rest.len() + range.end, behind + rest.iter().map(|&b| u32::from(b)).sum::<u32>())
}

#[test]
fn what_chunks_leave_and_where_ranges_begin() {
    for length in 0..11 {
        exactly!(rest_of_chunks(&[7, 3, 9, 1, 8, 2, 6, 4, 5, 11, 12][..length], length / 2));
    }
}
