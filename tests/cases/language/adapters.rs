//! Iterators made of others, and options: in the order of the standard library.
#![allow(
    clippy::iter_skip_next,
    clippy::manual_find,
    clippy::manual_unwrap_or,
    clippy::unnecessary_lazy_evaluations
)]
#![allow(
    clippy::manual_repeat_n,
    clippy::obfuscated_if_else,
    clippy::iter_skip_zero,
    clippy::suspicious_map,
    clippy::search_is_some
)]

use crate::cases::ways::{every_way, exactly};
use ndarray::{Array1, Array2, ArrayRef1, ArrayRef2, Axis, Zip};
use parfuse::prelude::*;
use std::cmp::{max, min};

fn numbers(n: usize) -> Array1<f64> {
    Array1::from_shape_fn(n, |i| ((i * 37 + 11) % 101) as f64 * 0.37 - 17.0)
}

fn whole(n: usize) -> Array1<i64> {
    Array1::from_shape_fn(n, |i| ((i * 37 + 11) % 101) as i64 - 50)
}

fn matrix(rows: usize, columns: usize) -> Array2<f64> {
    Array2::from_shape_fn((rows, columns), |(i, j)| ((i * 31 + j * 17) % 103) as f64 / 7.0 - 5.0)
}

const LENGTHS: [usize; 7] = [0, 1, 2, 5, 8, 33, 300];

#[kernel]
fn chained(a: &ArrayRef1<f64>, b: &ArrayRef1<f64>, k: usize) -> (f64, f64, f64, Array1<f64>) {
    let mut ordered = 0.0;
    for (i, x) in a.iter().chain(b).enumerate() {
        ordered = ordered * 0.5 + x * i as f64;
    }
    let both: Array1<f64> = a.iter().chain(b.iter()).chain(std::iter::once(&1.5)).map(|x| x * 2.0).collect();
    let back = a.iter().chain(b).rev().fold(0.0, |s, x| s * 0.5 + x);
    let part: f64 = a.iter().chain(b).skip(k).step_by(2).zip(b.iter().chain(a)).map(|(x, y)| x * y).sum();
    (ordered, back, part, both)
}

#[kernel]
fn staged(a: &ArrayRef1<f64>, k: usize) -> (f64, f64, f64, f64) {
    let mut skipped = 0.0;
    for x in a.iter().skip_while(|x| **x < 0.0) {
        skipped = skipped * 0.5 + x;
    }
    let mut some = 0.0;
    for (i, x) in a.iter().filter(|x| **x > -5.0).skip(1).take(k).enumerate() {
        some = some * 0.5 + x * i as f64;
    }
    let while_positive: f64 = a.iter().map_while(|&x| if x > -16.0 { Some(x * 2.0) } else { None }).sum();
    let mut seen = 0.0;
    let total: f64 = a.iter().inspect(|x| seen += **x).filter(|x| **x > 0.0).sum();
    (skipped, some, while_positive, total - seen)
}

#[kernel]
fn scanned(a: &ArrayRef1<f64>, limit: f64) -> (Array1<f64>, f64, f64) {
    let running: Array1<f64> = a
        .iter()
        .scan(0.0, |state, &x| {
            *state += x;
            Some(*state)
        })
        .collect();
    let until: f64 = a
        .iter()
        .scan(1.0, |product, x| {
            *product *= 1.0 + x.abs() * 0.01;
            if *product > limit { None } else { Some(*product) }
        })
        .sum();
    let mut last = 0.0;
    for x in a.iter().scan((0.0, 0.0), |s, x| {
        *s = (s.1, *x);
        Some(s.0 + s.1)
    }) {
        last = last * 0.5 + x;
    }
    (running, until, last)
}

#[kernel]
fn endless(a: &ArrayRef1<f64>, k: usize) -> (f64, f64, usize, i64) {
    let weighted: f64 = a.iter().zip(1..).map(|(x, i)| x * i as f64).sum();
    let mut other = 0.0;
    for (i, x) in (2usize..).step_by(3).zip(a) {
        other = other * 0.5 + x * i as f64;
    }
    let first = (0usize..).find(|i| i * i >= k).unwrap();
    let taken =
        (5..).map(|i: i64| i * i).take(k % 17).sum::<i64>() + std::iter::repeat(2).take(3).sum::<i64>();
    (weighted, other, first, taken + std::iter::repeat_n(1i64, k % 5).sum::<i64>())
}

#[kernel]
fn from_both_ends(a: &ArrayRef1<i64>, t: i64) -> (i64, i64, i64, i64) {
    let last = a.iter().rposition(|&x| x > t).map_or(-1, |i| i as i64);
    let found = a.iter().rfind(|&&x| x < t).copied().unwrap_or(-1000);
    let folded = a.iter().rfold(0i64, |s, x| s.wrapping_mul(3).wrapping_add(*x));
    let third = a.iter().nth(2).copied().unwrap_or_default()
        + a.iter().filter(|&&x| x > 0).nth(1).map_or(0, |x| x * 2);
    (last, found, folded, third)
}

#[kernel]
fn one_by_one(a: &ArrayRef1<f64>) -> (f64, f64, usize) {
    let mut items = a.iter();
    let mut best = *items.next().unwrap_or(&-1.0);
    let mut count = 1;
    let second = items.next().copied();
    for &x in items {
        if x > best {
            best = x;
            count += 1;
        }
    }
    let mut others = a.iter().rev().skip(1);
    let skipped = others.nth(1).copied().unwrap_or(0.5);
    let rest: f64 = others.map(|x| x * 0.5).sum();
    (best + second.unwrap_or(9.0), skipped + rest, count)
}

#[test]
fn iterators_are_made_of_others() {
    for n in LENGTHS {
        let (a, b) = (numbers(n), numbers(n / 2 + 1));
        for k in [0, 1, 3, 90] {
            every_way!(chained(&a, &b, k));
            exactly!(staged(&a, k));
            exactly!(endless(&a, k));
            exactly!(from_both_ends(&whole(n), k as i64 - 20));
        }
        for limit in [0.5, 2.0, 1e9] {
            exactly!(scanned(&a, limit));
        }
        exactly!(one_by_one(&a));
    }
}

#[kernel]
fn parts(a: &ArrayRef2<f64>, x: &[f64], k: usize) -> (f64, f64, f64, Array1<f64>) {
    let mut strips = 0.0;
    for (i, strip) in a.axis_chunks_iter(Axis(0), k).enumerate() {
        strips += strip.sum() * i as f64 + strip.nrows() as f64;
    }
    let mut overlapping = 0.0;
    for window in a.axis_windows(Axis(1), k) {
        overlapping += window[[0, k - 1]];
    }
    let chunks = x.chunks(k).map(|chunk| chunk.len() as f64 * chunk[0]).sum::<f64>();
    let means = x.chunks(k).map(|chunk| chunk.iter().sum::<f64>() / chunk.len() as f64).collect();
    (strips, overlapping, chunks, means)
}

#[kernel]
fn parts_to_set(a: &mut ArrayRef2<f64>, x: &mut [f64]) {
    for (i, mut strip) in a.axis_chunks_iter_mut(Axis(1), 2).enumerate() {
        strip += i as f64;
    }
    for (i, chunk) in x.chunks_mut(3).enumerate() {
        for y in chunk {
            *y *= i as f64;
        }
    }
}

#[test]
fn arrays_are_gone_through_in_parts() {
    for (rows, columns) in [(1, 3), (5, 4), (8, 7)] {
        let (a, x) = (matrix(rows, columns), numbers(rows * columns));
        for k in [1, 2, 3] {
            every_way!(parts(&a, x.as_slice().unwrap(), k));
        }
        exactly!(parts_to_set(&mut a, x.as_slice_mut().unwrap()) with a = matrix(rows, columns), x = numbers(rows * columns));
    }
}

#[kernel]
fn options(a: &ArrayRef1<f64>, b: &ArrayRef1<f64>, t: f64) -> (f64, f64, f64, bool) {
    let found = a.iter().position(|&x| x > t);
    let beside = if let Some(i) = found { if i + 1 < b.len() { b[i + 1] } else { -2.0 } } else { -1.0 };
    let chosen = if t > 0.0 { Some(t * 2.0) } else { None };
    let computed = chosen.map(|x| x + 1.0).filter(|&x| x < 20.0).unwrap_or_else(|| t - 1.0);
    let other = found
        .and_then(|i| if i > 2 { Some(a[i - 2]) } else { None })
        .or(chosen)
        .map_or_else(|| 0.25, |x| x * 3.0);
    let late = (t > 2.0).then(|| t.sqrt()).or_else(|| a.iter().copied().reduce(f64::min));
    (beside, computed + late.unwrap_or(0.0), other, found.is_none_or(|i| i % 2 == 0))
}

#[kernel]
fn of_two(a: &ArrayRef1<i64>, b: &ArrayRef1<i64>) -> (i64, i64, bool, bool) {
    let largest = a.iter().zip(b).map(|(&x, &y)| max(x, y)).fold(0, max);
    let least = std::iter::zip(a, b).map(|(&x, &y)| min(x, y)).fold(0, std::cmp::min);
    let all = Zip::from(a).and(b).all(|&x, &y| x < y + 200);
    (largest, least, all, Zip::from(a).and(b).any(|&x, &y| x == y))
}

#[kernel]
fn assigned(a: &ArrayRef2<f64>, row: &ArrayRef1<f64>, into: &mut Array2<f64>) {
    Zip::from(a).and_broadcast(row).map_assign_into(&mut *into, |x, y| x * y + 1.0);
    Zip::from(&mut *into).and_broadcast(row).for_each(|x, &y| *x -= y);
}

#[test]
fn options_are_branches() {
    for n in LENGTHS {
        let (a, b) = (numbers(n), numbers(n + 1));
        for t in [-100.0, -3.0, 0.5, 7.0, 100.0] {
            exactly!(options(&a, &b, t));
        }
        exactly!(of_two(&whole(n), &whole(n + 1).slice(ndarray::s![1..]).to_owned()));
        exactly!(assigned(&matrix(3, n), &a, &mut into) with into = matrix(3, n));
    }
}
