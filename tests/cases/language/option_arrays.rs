//! Arrays and vectors of options: what has been computed already, what has been seen, what is best so far.
// As people write it.
#![allow(
    clippy::manual_flatten,
    clippy::partialeq_to_none,
    clippy::unnecessary_map_or,
    clippy::collapsible_if,
    clippy::type_complexity
)]

use crate::cases::ways::{error_of, exactly};
use ndarray::Array2;
use parfuse::prelude::*;
use std::collections::VecDeque;

#[kernel]
fn remembered(n: usize) -> u64 {
    let mut memo: Vec<Option<u64>> = vec![None; n + 2];
    memo[0] = Some(0);
    memo[1] = Some(1);
    for i in 2..=n {
        if memo[i].is_none() {
            memo[i] = Some(memo[i - 1].unwrap() + memo[i - 2].unwrap_or(0));
        }
    }
    memo[n].unwrap()
}
#[kernel]
fn first_seen(text: &[u8]) -> Option<(u8, usize)> {
    let mut seen: [Option<usize>; 256] = [None; 256];
    for (i, &c) in text.iter().enumerate() {
        if let Some(at) = seen[c as usize] {
            return Some((c, i - at));
        }
        seen[c as usize] = Some(i);
    }
    None
}
#[kernel]
fn binomial(n: usize, k: usize) -> u64 {
    let mut memo = vec![None; (n + 1) * (k + 1)];
    let mut stack = vec![(n, k)];
    while let Some(&(a, b)) = stack.last() {
        let at = a * (k + 1) + b;
        if memo[at].is_some() {
            stack.pop();
            continue;
        }
        if b == 0 || b == a {
            memo[at] = Some(1u64);
            stack.pop();
            continue;
        }
        let (l, r) = (memo[(a - 1) * (k + 1) + b - 1], memo[(a - 1) * (k + 1) + b]);
        match (l, r) {
            (Some(x), Some(y)) => {
                memo[at] = Some(x + y);
                stack.pop();
            }
            (None, _) => stack.push((a - 1, b - 1)),
            (_, None) => stack.push((a - 1, b)),
        }
    }
    memo[n * (k + 1) + k].unwrap_or(0)
}
#[kernel]
fn best_of_classes(xs: &[f64], nb: usize) -> (f64, usize, f64) {
    let mut best: Vec<Option<(f64, usize)>> = vec![None; nb];
    for (i, &x) in xs.iter().enumerate() {
        let b = i % nb;
        match best[b] {
            Some((v, _)) if v >= x => {}
            _ => best[b] = Some((x, i)),
        }
    }
    let s = best.iter().flatten().map(|p| p.0).sum();
    let n = best.iter().filter(|b| b.is_some()).count();
    let old = best[0];
    best[0] = None;
    if let Some((v, _)) = &mut best[nb - 1] {
        *v += 1.0;
    }
    let mut t = 0.0;
    for b in &best {
        if let Some((v, i)) = b {
            t += v * *i as f64;
        }
    }
    for b in best.iter_mut() {
        *b = Some((1.0, 2));
    }
    (s, n, t + old.map_or(0.0, |p| p.0) + best[0].unwrap().0)
}
#[kernel]
fn pushed(xs: &[i32]) -> (i32, usize) {
    let mut v = Vec::new();
    for &x in xs {
        v.push(if x > 0 { Some(x) } else { None });
    }
    let mut w = vec![];
    for &x in xs {
        if x == 3 {
            w.push(None);
        } else {
            w.push(Some(x * 2));
        }
    }
    let last = v.pop().flatten().unwrap_or(-1);
    let s: i32 = v.iter().flatten().sum();
    (
        s + last + w.iter().filter_map(|x| *x).sum::<i32>(),
        v.iter().filter(|x| x.is_none()).count() + (w[0] == Some(2)) as usize,
    )
}
#[kernel]
fn roots(xs: &[f64]) -> usize {
    let mut r = vec![None; xs.len()];
    for i in prange(0..xs.len()) {
        if xs[i] > 0.0 {
            r[i] = Some(xs[i].sqrt());
        }
    }
    let g = Array2::from_elem((3, 3), Some(1.5f64));
    r.iter().filter(|x| x.is_some_and(|v| v > 1.0)).count() + g[[1, 1]].map_or(0, |v| v as usize)
}
#[kernel]
fn steps_from(start: &[usize], to: &[usize], source: usize) -> Vec<Option<u32>> {
    let mut d = vec![None; start.len() - 1];
    let mut q = VecDeque::new();
    d[source] = Some(0);
    q.push_back(source);
    while let Some(u) = q.pop_front() {
        for &v in &to[start[u]..start[u + 1]] {
            if d[v].is_none() {
                d[v] = d[u].map(|x| x + 1);
                q.push_back(v);
            }
        }
    }
    d
}
#[kernel]
fn nearest(x: &[f64], q: &[f64]) -> Vec<Option<(usize, f64)>> {
    q.iter()
        .map(|&q| {
            let mut best = None;
            for (i, &v) in x.iter().enumerate() {
                if v >= q && best.map_or(true, |(_, b)| v < b) {
                    best = Some((i, v));
                }
            }
            best
        })
        .collect()
}
#[kernel]
fn grown(x: &[f64]) -> (Vec<Option<f64>>, usize) {
    let mut v = Vec::new();
    for &x in x {
        v.push(if x > 1.0 { Some(x) } else { None });
    }
    let dist: Vec<u64> = vec![u64::MAX, 3];
    let w: Vec<Option<u64>> = dist.into_iter().map(|d| if d == u64::MAX { None } else { Some(d) }).collect();
    (v, w.iter().flatten().count())
}

/// What is read stays what it was.
#[kernel]
fn before_and_after(n: usize) -> (Option<i64>, Option<i64>, i64) {
    let mut a = vec![Some(1i64); n];
    let old = a[n - 1];
    a[n - 1] = None;
    let mut sum = 0;
    if let Some(x) = a[0] {
        a[0] = Some(x + 10);
        sum += x;
    }
    let b = if n > 2 { a[1] } else { None };
    a[1] = old.map(|x| x * 7);
    a.swap(0, 1);
    (a[0], b, sum + a[1].unwrap_or(-5) + (a[n - 1] == None) as i64)
}

/// Of what is `None` at first nobody says what it could be.
#[kernel]
fn of_unknown_pairs(n: usize) -> usize {
    let mut a = vec![None; n];
    a[0] = Some((1, 2.0));
    a.iter().flatten().count()
}

#[test]
fn what_is_known_is_remembered() {
    for n in [0, 1, 2, 30] {
        exactly!(remembered(n));
    }
    exactly!(binomial(20, 7));
    exactly!(binomial(5, 0));
    exactly!(first_seen(b"abcdbe"));
    exactly!(first_seen(b"abc"));
    exactly!(steps_from(&[0, 2, 4, 5, 6, 6, 6], &[1, 2, 2, 3, 3, 0], 0));
    for n in [2, 3, 9] {
        exactly!(before_and_after(n));
    }
}

#[test]
fn arrays_of_options_change_and_are_gone_through() {
    for classes in [1, 3, 7] {
        exactly!(best_of_classes(&[1.0, 5.0, 2.0, 9.0, 3.0, 9.0, 4.0], classes));
    }
    exactly!(pushed(&[1, -2, 3, -5, 4]));
    exactly!(roots(&[1.0, -2.0, 3.0, 4.0]));
    let many: Vec<f64> = (0..20_000).map(|i| f64::from(i % 7 - 3)).collect();
    exactly!(roots(&many));
    exactly!(nearest(&[1.0, 5.0, 3.0], &[2.0, 9.0]));
    exactly!(grown(&[0.5, 2.0]));
    exactly!(grown(&[]));
    let mut into = Vec::new();
    steps_from::serial_into(&[0, 1, 1, 1], &[1], 0, &mut into).unwrap();
    assert_eq!(into, [Some(0), Some(1), None]);
}

#[test]
fn what_options_of_several_parts_hold_is_written() {
    let error = error_of!(of_unknown_pairs(3)).to_string();
    assert!(error.contains("Vec<Option<"), "{error}");
}
