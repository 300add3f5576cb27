//! Vectors and options that begin empty, and are used above the line that shows what they hold.

use crate::cases::ways::exactly;
use parfuse::prelude::*;

#[derive(Clone, Copy, Debug, PartialEq, KernelData)]
struct Span {
    from: f64,
    to: f64,
    count: u32,
}

#[kernel]
fn next_smaller(a: &[i64]) -> Vec<usize> {
    let n = a.len();
    let mut next = vec![n; n];
    let mut stack = Vec::new();
    for i in 0..n {
        while let Some(&top) = stack.last() {
            if a[top] <= a[i] {
                break;
            }
            next[top] = i;
            stack.pop();
        }
        stack.push(i);
    }
    next
}

#[kernel]
fn merged(spans: &[(f64, f64)]) -> Vec<(f64, f64)> {
    let mut merged = Vec::new();
    for &(from, to) in spans {
        if let Some((_, end)) = merged.last_mut()
            && from <= *end
        {
            if to > *end {
                *end = to;
            }
            continue;
        }
        merged.push((from, to));
    }
    merged
}

#[kernel]
fn joined(spans: &[(f64, f64)]) -> (Vec<Span>, usize) {
    let mut joined: Vec<Span> = vec![];
    let mut heights = vec![];
    for &(from, to) in spans {
        match joined.last_mut() {
            Some(last) if from <= last.to => {
                last.to = last.to.max(to);
                last.count += 1;
            }
            _ => joined.push(Span { from, to, count: 1 }),
        }
        if heights.is_empty() || heights[heights.len() - 1] < joined.len() {
            heights.push(joined.len());
        }
    }
    (joined, heights.len())
}

#[kernel]
fn levels(x: &[f64]) -> (f64, usize) {
    let mut stack = Vec::new();
    let mut total = 0.0;
    for (i, &v) in x.iter().enumerate() {
        while !stack.is_empty() && stack[stack.len() - 1] > v {
            total += stack.pop().unwrap() * i as f64;
        }
        for s in stack.iter() {
            total += s;
        }
        let first = stack.first().copied().unwrap_or(v);
        total += first;
        stack.push(v);
    }
    (total, stack.len())
}

#[kernel]
fn closest(p: &[(f64, f64)]) -> Option<(usize, usize, f64)> {
    let mut best = None;
    for i in 0..p.len() {
        for j in i + 1..p.len() {
            let d = (p[i].0 - p[j].0).powi(2) + (p[i].1 - p[j].1).powi(2);
            match best {
                Some((_, _, least)) if d >= least => {}
                _ => best = Some((i, j, d)),
            }
        }
    }
    best
}

#[kernel]
fn inner(x: &[f64], limit: f64) -> usize {
    let mut kept = Vec::new();
    let mut longest = None;
    for &v in x {
        while let Some((u, n)) = kept.pop() {
            if u < v {
                kept.push((u, n));
                break;
            }
            if let Some((_, m)) = longest
                && n <= m
            {
                continue;
            }
            longest = Some((u, n));
        }
        if v < limit {
            kept.push((v, kept.len() + 1));
        }
    }
    longest.map_or(0, |(_, n)| n)
}

#[kernel]
fn outer(x: &[f64]) -> (usize, usize) {
    let mut marks = Vec::new();
    for i in 0..x.len() {
        if marks.last().is_none_or(|&last: &usize| x[last] < x[i]) {
            marks.push(i);
        }
    }
    (inner(x, 0.5), marks.len() + inner(x, 0.9))
}

#[test]
fn what_is_held_shows_further_down() {
    for n in [0, 1, 2, 7, 300] {
        let x: Vec<f64> = (0..n).map(|i| f64::from(i * 37 % 101) / 101.0).collect();
        let a: Vec<i64> = (0..n).map(|i| i64::from(i * 7919 % 613)).collect();
        let spans: Vec<(f64, f64)> =
            x.iter().enumerate().map(|(i, v)| (i as f64, i as f64 + 3.0 * v)).collect();
        exactly!(next_smaller(&a));
        exactly!(merged(&spans));
        exactly!(joined(&spans));
        exactly!(levels(&x));
        exactly!(closest(&spans));
        exactly!(inner(&x, 0.8));
        exactly!(outer(&x));
    }
}

#[kernel]
fn mixed(n: usize) -> usize {
    let mut v = Vec::new();
    let mut found = 0;
    for i in 0..n {
        if let Some((a, _)) = v.last() {
            found += *a;
        }
        v.push((i, 0.5));
    }
    let none: Vec<f64> = Vec::new();
    found + none.windows_of_my_own(3)
}

/// Something that kernels know nothing of.
trait Own {
    fn windows_of_my_own(&self, n: usize) -> usize;
}

impl Own for Vec<f64> {
    fn windows_of_my_own(&self, n: usize) -> usize {
        self.len() / n
    }
}

#[test]
fn mistakes_are_those_that_are_left() {
    assert_eq!(mixed(3), 1);
    let error = mixed::kernel().check().unwrap_err().to_string();
    assert!(error.contains("windows_of_my_own"), "{error}");
    assert_eq!(error.lines().count(), 2, "{error}");
}

#[kernel]
fn hashed(x: &[u32]) -> u32 {
    x.iter().fold(0, |h, b| h.rotate_left(5) ^ b)
}

#[kernel]
fn largest_of_bits(x: &[u64]) -> u32 {
    x.iter().fold(0, |n, v| n.max(v.count_ones()))
}

#[kernel]
fn multiples(x: &[u16]) -> u16 {
    let next = |n, by: &u16| n + by;
    x.iter().fold(1, |n, by| next(n, by).next_multiple_of(3).rotate_right(1))
}

#[kernel]
fn distances(x: &[i64]) -> i64 {
    x.windows(2).fold(0, |far, w| far.wrapping_add((w[1] - w[0]).pow(2)).rem_euclid(1001))
}

#[test]
fn literals_may_show_later_of_what_type_they_are() {
    let x: Vec<u64> = (0..100).map(|i: u64| i.wrapping_mul(0x9e37_79b9_7f4a_7c15)).collect();
    exactly!(hashed(&x.iter().map(|x| *x as u32).collect::<Vec<_>>()));
    exactly!(largest_of_bits(&x));
    exactly!(multiples(&x.iter().map(|x| (x % 100) as u16).collect::<Vec<_>>()));
    exactly!(distances(&x.iter().map(|x| (x % 1000) as i64).collect::<Vec<_>>()));
}
