//! Heaps: `BinaryHeap`s of numbers and tuples, also turned around by `Reverse`.

use crate::cases::ways::{error_of, exactly};
use ndarray::{Array2, array};
use parfuse::prelude::*;
use std::cmp::Reverse;
use std::collections::BinaryHeap;

#[kernel]
fn dijkstra(start: &[usize], to: &[usize], weight: &[u64], source: usize) -> Vec<u64> {
    let n = start.len() - 1;
    let mut dist = vec![u64::MAX; n];
    let mut heap = BinaryHeap::new();
    dist[source] = 0;
    heap.push(Reverse((0u64, source)));
    while let Some(Reverse((d, u))) = heap.pop() {
        if d > dist[u] {
            continue;
        }
        for e in start[u]..start[u + 1] {
            let nd = d + weight[e];
            if nd < dist[to[e]] {
                dist[to[e]] = nd;
                heap.push(Reverse((nd, to[e])));
            }
        }
    }
    dist
}
#[kernel]
fn heap_sort(x: &[i32]) -> (Vec<i32>, Vec<i32>, Option<i32>, usize) {
    let mut heap: BinaryHeap<i32> = x.iter().copied().collect();
    let top = heap.peek().copied();
    let n = heap.len();
    let mut h2 = BinaryHeap::from(x.to_vec());
    h2.push(1000);
    h2.extend(x.iter().map(|v| v * 3));
    let mut out = Vec::new();
    while let Some(v) = heap.pop() {
        out.push(v);
    }
    (out, h2.into_sorted_vec(), top, n)
}
#[kernel]
fn top_k(x: &[i64], k: usize) -> Vec<i64> {
    let mut heap = BinaryHeap::with_capacity(k + 1);
    for &v in x {
        heap.push(Reverse(v));
        if heap.len() > k {
            heap.pop();
        }
    }
    let mut v: Vec<i64> = heap.iter().map(|r| r.0).collect();
    v.sort();
    if let Some(Reverse(least)) = heap.peek() {
        v.push(*least);
    }
    v
}
#[kernel]
fn mst(n: usize, start: &[usize], to: &[usize], w: &[u32]) -> Option<u64> {
    let mut seen = vec![false; n];
    let mut heap: BinaryHeap<(Reverse<u32>, usize)> = BinaryHeap::new();
    heap.push((Reverse(0), 0));
    let (mut total, mut count) = (0u64, 0);
    while let Some((Reverse(d), u)) = heap.pop() {
        if std::mem::replace(&mut seen[u], true) {
            continue;
        }
        total += d as u64;
        count += 1;
        for e in start[u]..start[u + 1] {
            if !seen[to[e]] {
                heap.push((Reverse(w[e]), to[e]));
            }
        }
    }
    (count == n).then_some(total)
}
#[kernel]
fn grid_path(cost: &Array2<u32>) -> Option<u32> {
    let (h, w) = cost.dim();
    let mut best = Array2::from_elem((h, w), u32::MAX);
    let mut heap = BinaryHeap::new();
    best[[0, 0]] = cost[[0, 0]];
    heap.push(Reverse((cost[[0, 0]], 0usize, 0usize)));
    while let Some(Reverse((c, y, x))) = heap.pop() {
        if (y, x) == (h - 1, w - 1) {
            return Some(c);
        }
        if c > best[[y, x]] {
            continue;
        }
        let mut go = |ny: usize, nx: usize| {
            if ny < h && nx < w && c + cost[[ny, nx]] < best[[ny, nx]] {
                best[[ny, nx]] = c + cost[[ny, nx]];
                heap.push(Reverse((best[[ny, nx]], ny, nx)));
            }
        };
        go(y + 1, x);
        go(y, x + 1);
        go(y.wrapping_sub(1), x);
        go(y, x.wrapping_sub(1));
    }
    None
}
#[kernel]
fn events(n: usize, seed: u64) -> (u64, u64) {
    let mut s = seed;
    let mut heap = BinaryHeap::new();
    for i in 0..8u32 {
        heap.push(Reverse((i as u64, i)));
    }
    let (mut last, mut sum) = (0, 0u64);
    for _ in 0..n {
        let Some(Reverse((t, id))) = heap.pop() else { break };
        s = s.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        heap.push(Reverse((t + 1 + (s >> 60), id)));
        last = t;
        sum = sum.wrapping_mul(31).wrapping_add(id as u64 + t);
    }
    (last, sum)
}

/// Each iteration has a heap of its own.
#[kernel]
fn kth_least(rows: &Array2<i32>, k: usize) -> Vec<i32> {
    let mut out = vec![0; rows.nrows()];
    for i in prange(0..rows.nrows()) {
        let mut heap = BinaryHeap::new();
        for &x in rows.row(i) {
            heap.push(x);
        }
        while heap.len() > k {
            heap.pop();
        }
        out[i] = heap.peek().copied().unwrap_or(-1);
    }
    out
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, KernelData)]
struct Job {
    time: u64,
    id: usize,
}

#[kernel]
fn of_structs(n: usize) -> u64 {
    let mut heap = BinaryHeap::new();
    for id in 0..n {
        heap.push(Job { time: 3, id });
    }
    heap.pop().map_or(0, |job| job.time)
}

/// Numbers in no order, some of them twice.
fn numbers(n: usize) -> Vec<i32> {
    (0..n).map(|i| (i * 37 % 41) as i32 - 15).collect()
}

#[test]
fn heaps_give_the_greatest_first() {
    for n in [0, 1, 2, 3, 4, 17, 50, 1000] {
        exactly!(heap_sort(&numbers(n)));
    }
    let wide: Vec<i64> = numbers(50).into_iter().map(i64::from).collect();
    exactly!(top_k(&wide, 5));
    exactly!(top_k(&[], 5));
    exactly!(events(1000, 5));
}

#[test]
fn searches_take_the_nearest_first() {
    let (start, to, weight) = ([0, 2, 4, 5, 6, 6], [1, 2, 2, 3, 3, 0], [4, 1, 2, 5, 8, 1]);
    exactly!(dijkstra(&start, &to, &weight, 0));
    exactly!(dijkstra(&start, &to, &weight, 4));
    exactly!(mst(3, &[0, 2, 4, 6], &[1, 2, 0, 2, 0, 1], &[5, 2, 5, 1, 2, 1]));
    exactly!(mst(4, &[0, 2, 4, 6, 6], &[1, 2, 0, 2, 0, 1], &[5, 2, 5, 1, 2, 1]));
    exactly!(grid_path(&Array2::from_shape_fn((6, 7), |(i, j)| ((i * 5 + j * 7) % 9) as u32)));
    exactly!(grid_path(&array![[1]]));
}

#[test]
fn iterations_have_heaps_of_their_own() {
    for (h, w) in [(0, 3), (1, 1), (40, 9), (3000, 5)] {
        exactly!(kth_least(&Array2::from_shape_fn((h, w), |(i, j)| (i * 31 + j * 17) as i32 % 23), 3));
    }
}

#[test]
fn heaps_of_structs_have_a_derived_order() {
    for n in [0, 1, 9] {
        exactly!(of_structs(n));
    }
}

/// A vector has the name that a heap has elsewhere.
#[kernel]
fn of_one_name(x: &[i32]) -> (Vec<i32>, Option<i32>) {
    let mut out = Vec::new();
    {
        let mut best = Vec::new();
        for &v in x {
            best.push(v);
        }
        while let Some(v) = best.pop() {
            out.push(v);
        }
    }
    let mut best_of_all = x.to_vec();
    best_of_all.sort();
    let mut best = x.iter().copied().collect::<BinaryHeap<_>>();
    best.extend(best_of_all.iter().copied());
    let mut moved = best;
    moved.pop();
    (out, moved.pop())
}

#[kernel]
fn copied(n: i32) -> Option<i32> {
    let mut heap = BinaryHeap::from(vec![n, 1, 2]);
    let mut other = heap.clone();
    heap.push(3);
    other.pop()
}

#[test]
fn a_heap_is_what_its_let_says() {
    exactly!(of_one_name(&numbers(20)));
    let error = error_of!(copied(3)).to_string();
    assert!(error.contains("a heap is not copied"), "{error}");
}
