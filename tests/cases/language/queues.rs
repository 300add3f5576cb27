//! Queues: `VecDeque`s that change at both ends.

use crate::cases::ways::{error_of, exactly};
use ndarray::{Array2, array};
use parfuse::prelude::*;
use std::collections::VecDeque;

#[kernel]
fn steps_from(start: &[usize], adj: &[usize], src: usize) -> Vec<i32> {
    let mut dist = vec![-1; start.len() - 1];
    let mut q = VecDeque::new();
    dist[src] = 0;
    q.push_back(src);
    while let Some(u) = q.pop_front() {
        for &v in &adj[start[u]..start[u + 1]] {
            if dist[v] == -1 {
                dist[v] = dist[u] + 1;
                q.push_back(v);
            }
        }
    }
    dist
}
#[kernel]
fn greatest_of_windows(x: &[f64], k: usize) -> Vec<f64> {
    let mut dq: VecDeque<usize> = VecDeque::new();
    let mut out = Vec::with_capacity(x.len());
    for i in 0..x.len() {
        while let Some(&b) = dq.back() {
            if x[b] <= x[i] {
                dq.pop_back();
            } else {
                break;
            }
        }
        dq.push_back(i);
        if dq[0] + k <= i {
            dq.pop_front();
        }
        if i + 1 >= k {
            out.push(x[*dq.front().unwrap()]);
        }
    }
    out
}
#[kernel]
fn way_out(grid: &Array2<u8>, start: (usize, usize), goal: (usize, usize)) -> Option<usize> {
    let (h, w) = grid.dim();
    let mut seen = Array2::from_elem((h, w), false);
    let mut queue = VecDeque::from([(start, 0usize)]);
    seen[start] = true;
    while let Some(((y, x), d)) = queue.pop_front() {
        if (y, x) == goal {
            return Some(d);
        }
        for (dy, dx) in [(0isize, 1isize), (1, 0), (0, -1), (-1, 0)] {
            let Some(ny) = y.checked_add_signed(dy) else { continue };
            let Some(nx) = x.checked_add_signed(dx) else { continue };
            if ny < h && nx < w && grid[(ny, nx)] == 0 && !seen[(ny, nx)] {
                seen[(ny, nx)] = true;
                queue.push_back(((ny, nx), d + 1));
            }
        }
    }
    None
}
#[kernel]
fn mixed(ops: &[i32]) -> (Vec<i32>, i64, usize, Option<i32>) {
    let mut q: VecDeque<i32> = VecDeque::with_capacity(4);
    let mut sum = 0i64;
    for &op in ops {
        match op % 7 {
            0 => q.push_front(op),
            1 | 2 | 6 => q.push_back(op),
            3 => {
                if let Some(x) = q.pop_front() {
                    sum = sum * 3 + x as i64;
                }
            }
            4 => {
                if let Some(x) = q.pop_back() {
                    sum = sum * 5 - x as i64;
                }
            }
            _ => {
                if let Some(f) = q.front_mut() {
                    *f += 1;
                }
                if let Some(f) = q.back_mut() {
                    *f *= 2;
                }
                if q.len() > 40 {
                    q.truncate(30);
                }
            }
        }
        if op % 97 == 0 {
            q.clear();
        }
        if op % 31 == 0 {
            sum = sum.wrapping_add(q.iter().map(|&x| x as i64).sum::<i64>());
        }
        sum = sum % 1_000_003;
    }
    (q.iter().copied().collect(), sum, q.len(), q.get(1).copied())
}
#[kernel]
fn josephus(n: usize, k: usize) -> Vec<usize> {
    let mut q: VecDeque<usize> = (1..=n).collect();
    let mut out = Vec::with_capacity(n);
    while !q.is_empty() {
        for _ in 0..k - 1 {
            let x = q.pop_front().unwrap();
            q.push_back(x);
        }
        out.push(q.pop_front().unwrap());
    }
    out
}
#[kernel]
fn levels(start: &[usize], adj: &[usize], src: usize) -> usize {
    let n = start.len() - 1;
    let mut seen = vec![false; n];
    let mut q = VecDeque::from(vec![src]);
    seen[src] = true;
    let mut depth = 0;
    loop {
        let mut next = VecDeque::new();
        while let Some(u) = q.pop_front() {
            for &v in &adj[start[u]..start[u + 1]] {
                if !seen[v] {
                    seen[v] = true;
                    next.push_back(v);
                }
            }
        }
        if next.is_empty() {
            return depth;
        }
        depth += 1;
        q = next;
    }
}
#[kernel]
fn delayed(n: usize, k: usize) -> Vec<u64> {
    let mut out = vec![0u64; n];
    for i in prange(0..n) {
        let mut q = VecDeque::with_capacity(k + 1);
        let mut s = 0u64;
        for j in 0..50u64 {
            q.push_back(j * i as u64);
            if q.len() > k {
                s += q.pop_front().unwrap();
            }
        }
        out[i] = s * 1000 + q.iter().sum::<u64>();
    }
    out
}
#[kernel]
fn shortest_paths(n: usize, edges: &[(usize, usize, f64)]) -> Vec<f64> {
    let mut d = vec![f64::INFINITY; n];
    let mut inq = vec![false; n];
    let mut q = VecDeque::new();
    d[0] = 0.0;
    q.push_back(0usize);
    inq[0] = true;
    while let Some(u) = q.pop_front() {
        inq[u] = false;
        for &(a, b, w) in edges {
            if a == u && d[u] + w < d[b] {
                d[b] = d[u] + w;
                if !inq[b] {
                    if !q.is_empty() && d[b] < d[q[0]] {
                        q.push_front(b);
                    } else {
                        q.push_back(b);
                    }
                    inq[b] = true;
                }
            }
        }
    }
    d
}
#[kernel]
fn others(xs: &[i32]) -> (Vec<i32>, Option<i32>, Option<i32>, Vec<i32>) {
    let mut q: VecDeque<i32> = xs.iter().copied().collect();
    q.pop_front();
    q.pop_front();
    q.insert(1, 77);
    let r = q.remove(2);
    let none = q.remove(1000);
    q.retain(|&x| x % 2 != 0 || x > 50);
    q.extend(xs.iter().map(|x| x * 2));
    q.pop_front();
    q.resize(6, -1);
    let mut v: Vec<i32> = q.into_iter().collect();
    v.sort();
    let mut p: VecDeque<(i32, f64)> = VecDeque::new();
    for &x in xs {
        p.push_front((x, 0.5));
    }
    while p.len() > 3 {
        p.pop_back();
    }
    let w = p.iter().map(|t| t.0).collect();
    (v, r, none, w)
}

/// A queue through the two ends of which much goes, with few elements at a time.
#[kernel]
fn turned(n: usize, live: usize) -> (u64, usize) {
    let mut q = VecDeque::new();
    let mut sum = 0u64;
    for i in 0..n as u64 {
        q.push_back(i);
        if q.len() > live {
            sum = sum.wrapping_mul(31).wrapping_add(q.pop_front().unwrap());
        }
        if i % 3 == 0 {
            q.push_front(2 * i);
            sum += q.pop_back().unwrap();
        }
    }
    (sum, q.len())
}

#[kernel]
fn too_full(n: usize) -> Vec<usize> {
    let mut out = vec![0; n];
    for i in prange(0..n) {
        let mut q = VecDeque::with_capacity(4);
        let mut k = 0;
        while k <= i {
            q.push_front(k);
            k += 1;
        }
        out[i] = q.len();
    }
    out
}

/// Numbers in no order.
fn numbers(n: usize) -> Vec<i32> {
    (0..n).map(|i| (i * 7919 % 10007) as i32).collect()
}

#[test]
fn queues_change_at_both_ends() {
    for n in [0, 1, 5, 31, 64, 400, 3000] {
        exactly!(mixed(&numbers(n)));
    }
    for op in [1, 7] {
        exactly!(mixed(&[op; 100]));
    }
    let both: Vec<i32> = (0..500).map(|i| [7, 1][i as usize % 2] * (1 + i % 3)).collect();
    exactly!(mixed(&both));
    exactly!(others(&[5, 8, 1, 4, 3, 9, 2]));
    for live in [1, 7, 100] {
        exactly!(turned(10_000, live));
    }
}

#[test]
fn searches_keep_what_is_to_come_in_queues() {
    let (start, to) = ([0, 2, 4, 5, 6, 6], [1, 2, 2, 3, 3, 0]);
    exactly!(steps_from(&start, &to, 0));
    exactly!(levels(&start, &to, 0));
    exactly!(shortest_paths(4, &[(0, 1, 4.0), (0, 2, 1.0), (2, 1, 2.0), (1, 3, 1.0)]));
    let maze = array![[0, 1, 0], [0, 0, 0], [1, 0, 0]];
    exactly!(way_out(&maze, (0, 0), (0, 2)));
    exactly!(way_out(&maze, (0, 0), (2, 0)));
    exactly!(josephus(41, 3));
    for width in [1, 3, 8] {
        exactly!(greatest_of_windows(&[1.0, 3.0, -1.0, -3.0, 5.0, 3.0, 6.0, 7.0], width));
    }
}

#[test]
fn iterations_have_queues_of_their_own() {
    for n in [0, 1, 30, 10_000] {
        exactly!(delayed(n, 7));
    }
    exactly!(too_full(4));
    let error = error_of!(too_full(6)).to_string();
    assert!(error.contains("Vec::with_capacity(n)"), "{error}");
}
