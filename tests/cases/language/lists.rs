//! Vectors of vectors that grow, each to a length of its own.
// As people write it.
#![allow(clippy::unnecessary_map_or)]

use crate::cases::ways::{error_of, exactly};
use parfuse::prelude::*;
use std::collections::VecDeque;

#[kernel]
fn toposort(n: usize, edges: &[(usize, usize)]) -> Option<Vec<usize>> {
    let mut indeg = vec![0; n];
    let mut adj: Vec<Vec<usize>> = vec![Vec::new(); n];
    for &(a, b) in edges {
        indeg[b] += 1;
        adj[a].push(b);
    }
    let mut order = Vec::with_capacity(n);
    let mut ready: Vec<usize> = (0..n).filter(|&i| indeg[i] == 0).collect();
    while let Some(u) = ready.pop() {
        order.push(u);
        for &v in &adj[u] {
            indeg[v] -= 1;
            if indeg[v] == 0 {
                ready.push(v);
            }
        }
    }
    (order.len() == n).then_some(order)
}
#[kernel]
fn neighbours(n: usize, edges: &[(usize, usize)]) -> (Vec<usize>, usize, Vec<usize>) {
    let mut adj = vec![vec![]; n];
    for &(a, b) in edges {
        adj[a].push(b);
        adj[b].push(a);
    }
    for i in 0..adj.len() {
        adj[i].sort();
    }
    let mut all = vec![];
    for (i, l) in adj.iter().enumerate() {
        for &x in l {
            all.push(i * 10 + x);
        }
    }
    for row in &adj {
        all.push(row.len());
        if row.contains(&1) {
            all.push(99);
        }
    }
    (
        adj.iter().map(|l| l.len()).collect(),
        adj.iter().map(|l| l.iter().sum::<usize>()).max().unwrap_or(0),
        all,
    )
}
#[kernel]
fn buckets(x: &[f64], nb: usize) -> (Vec<f64>, Vec<usize>) {
    let mut b: Vec<Vec<f64>> = (0..nb).map(|_| Vec::new()).collect();
    for &v in x {
        let k = ((v * nb as f64) as usize).min(nb - 1);
        b[k].push(v);
    }
    let mut out = Vec::with_capacity(x.len());
    for bucket in b.iter_mut() {
        bucket.sort_by(|a, c| a.partial_cmp(c).unwrap());
        out.extend_from_slice(bucket);
    }
    (out, b.iter().map(Vec::len).collect())
}
#[kernel]
fn components(n: usize, edges: &[(usize, usize)]) -> (usize, Vec<usize>) {
    let mut g = vec![vec![]; n];
    let mut r = vec![vec![]; n];
    for (a, b) in edges.iter().copied() {
        g[a].push(b);
        r[b].push(a);
    }
    let mut seen = vec![false; n];
    let mut order = vec![];
    for s in 0..n {
        if seen[s] {
            continue;
        }
        let mut stack = vec![(s, 0usize)];
        seen[s] = true;
        while let Some((u, i)) = stack.pop() {
            if i < g[u].len() {
                stack.push((u, i + 1));
                let v = g[u][i];
                if !seen[v] {
                    seen[v] = true;
                    stack.push((v, 0));
                }
            } else {
                order.push(u);
            }
        }
    }
    let mut comp = vec![usize::MAX; n];
    let mut c = 0;
    for &s in order.iter().rev() {
        if comp[s] != usize::MAX {
            continue;
        }
        let mut stack = vec![s];
        comp[s] = c;
        while let Some(u) = stack.pop() {
            for &v in r[u].iter() {
                if comp[v] == usize::MAX {
                    comp[v] = c;
                    stack.push(v);
                }
            }
        }
        c += 1;
    }
    (c, comp)
}
#[kernel]
fn weighted(n: usize, edges: &[(usize, usize, f64)]) -> Vec<f64> {
    let mut adj: Vec<Vec<(usize, f64)>> = vec![Vec::with_capacity(4); n];
    for &(a, b, w) in edges {
        adj[a].push((b, w));
        adj[b].push((a, w));
    }
    let mut dist = vec![f64::INFINITY; n];
    let mut q = VecDeque::from([0usize]);
    dist[0] = 0.0;
    while let Some(u) = q.pop_front() {
        for &(v, w) in &adj[u] {
            if dist[u] + w < dist[v] {
                dist[v] = dist[u] + w;
                q.push_back(v);
            }
        }
    }
    dist
}
#[kernel]
fn groups(x: &[i32]) -> (usize, Vec<i32>, Vec<i32>) {
    let mut g: Vec<Vec<i32>> = Vec::new();
    for &v in x {
        if g.last().map_or(true, |l| l[l.len() - 1] > v) {
            g.push(vec![]);
        }
        g.last_mut().unwrap().push(v);
    }
    let longest = g.iter().map(|l| l.len()).max().unwrap_or(0);
    let firsts = g.iter().map(|l| l[0]).collect();
    let lasts = g.iter().filter_map(|l| l.last().copied()).collect();
    (longest * 100 + g.len(), firsts, lasts)
}
#[kernel]
fn changed(n: usize) -> (Vec<i64>, Vec<usize>, i64) {
    let mut l = vec![Vec::new(); n];
    for i in 0..200i64 {
        let k = (i * 7 % n as i64) as usize;
        match i % 9 {
            0..=4 => l[k].push(i),
            5 => {
                if let Some(x) = l[k].pop() {
                    l[(k + 1) % n].push(x * 2);
                }
            }
            6 => l[k].truncate(3),
            7 => l[k].extend((0..i % 4).map(|j| j - i)),
            _ => {
                if i % 5 == 0 {
                    l[k].clear()
                } else {
                    l.swap(k, 0)
                }
            }
        }
        if let Some(x) = l[k].last_mut() {
            *x += 1;
        }
        if !l[k].is_empty() {
            l[k][0] -= 3;
        }
    }
    l[0] = vec![1, 2, 3];
    l[1] = Vec::new();
    let s = l.iter().flatten().sum();
    (l.iter().flat_map(|r| r.iter().copied()).collect(), l.iter().map(|r| r.len()).collect(), s)
}
#[kernel]
fn read_in_parallel(n: usize, edges: &[(usize, usize)]) -> Vec<usize> {
    let mut adj = vec![vec![]; n];
    for &(a, b) in edges {
        adj[a].push(b);
    }
    let mut out = vec![0; n];
    for u in prange(0..n) {
        let mut s = 0;
        for &v in &adj[u] {
            s += v * adj[v].len() + adj[u].len();
        }
        out[u] = s;
    }
    out
}
#[kernel]
fn star(n: usize) -> (usize, usize) {
    let mut adj = vec![vec![]; n];
    for i in 1..n {
        adj[0].push(i);
        adj[i].push(0usize);
    }
    (adj[0].len(), adj[0].iter().map(|&v| adj[v].len()).sum())
}
#[kernel]
fn beyond(n: usize) -> usize {
    let mut adj = vec![vec![]; n];
    for i in 0..n {
        adj[i + 1].push(i);
    }
    adj.len()
}
#[kernel]
fn returned(n: usize) -> Vec<Vec<usize>> {
    let mut adj = vec![vec![]; n];
    for i in 0..n {
        adj[i].push(i);
    }
    adj
}
#[kernel]
fn pushed_in_parallel(n: usize) -> usize {
    let mut adj = vec![vec![]; n];
    for i in prange(0..n) {
        adj[i].push(i);
    }
    adj.len()
}

/// One list takes all, by a closure.
#[kernel]
fn by_closure(n: usize) -> Vec<usize> {
    let mut lists = vec![vec![]; 3];
    let mut add = |i: usize, x: usize| {
        lists[i].push(x);
        lists[2].push(10 * x);
    };
    for x in 0..n {
        add(x % 2, x);
    }
    lists.iter().flatten().copied().collect()
}

#[kernel]
fn never_longer(n: usize) -> usize {
    let lists: Vec<Vec<f64>> = vec![Vec::new(); n];
    lists.len()
}

const EDGES: [(usize, usize); 5] = [(0, 1), (0, 2), (1, 3), (2, 3), (3, 4)];

#[test]
fn graphs_have_lists_of_neighbours() {
    exactly!(toposort(5, &EDGES));
    exactly!(toposort(5, &[(0, 1), (1, 0)]));
    exactly!(toposort(0, &[]));
    exactly!(neighbours(5, &EDGES));
    exactly!(components(6, &[(0, 1), (1, 2), (2, 0), (2, 3), (3, 4), (4, 5), (5, 3)]));
    exactly!(weighted(4, &[(0, 1, 4.0), (0, 2, 1.0), (2, 1, 2.0), (1, 3, 1.0)]));
    exactly!(star(5000));
    exactly!(read_in_parallel(5, &EDGES));
    let many: Vec<(usize, usize)> = (0..30_000).map(|i| (i * 7919 % 5000, i * 31 % 5000)).collect();
    exactly!(read_in_parallel(5000, &many));
    exactly!(neighbours(5000, &many));
}

#[test]
fn lists_change_in_all_ways() {
    for n in [2, 3, 7] {
        exactly!(changed(n));
    }
    exactly!(buckets(&[0.5, 0.1, 0.9, 0.3, 0.35, 0.99, 0.05], 4));
    exactly!(groups(&[1, 2, 5, 3, 4, 1, 9, 9]));
    exactly!(groups(&[]));
    exactly!(by_closure(100));
}

/// One name, now for vectors that grow, now for one of numbers.
#[kernel]
fn of_one_name(n: usize) -> (usize, Vec<usize>, usize) {
    let mut total = 0;
    {
        let mut rows = Vec::new();
        for i in 0..n {
            rows.push(Vec::new());
            rows[i].push(i);
            rows[i].push(i * 2);
        }
        for row in &rows {
            total += row.len();
        }
    }
    let mut rows = Vec::with_capacity(n);
    for i in 0..n {
        rows.push(i * 3);
    }
    let numbers = rows.clone();
    let mut rows = vec![Vec::new(); n];
    for i in 0..n {
        rows[i].push(i);
        if i > 0 {
            rows[i - 1].push(i);
        }
    }
    (total, numbers, rows.iter().map(|row| row.len()).sum())
}

#[test]
fn a_name_may_be_that_of_several() {
    for n in [0, 1, 9] {
        exactly!(of_one_name(n));
        exactly!(pushed_in_parallel(n));
    }
}

#[test]
fn what_lists_cannot_do_is_said() {
    let Error::Index { .. } = error_of!(beyond(3)) else { panic!() };
    for (error, expected) in [
        (returned::kernel().check(), "stay in the kernel"),
        (never_longer::kernel().check(), "`lists[i].push(x)`"),
    ] {
        let error = error.unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
        assert_eq!(error.lines().count(), 2, "{error}");
    }
}
