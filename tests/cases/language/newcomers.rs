//! Forms that functions from elsewhere bring.

use crate::cases::ways::{error_of, every_way, exactly};
use ndarray::{Array1, Array2, Array3, ArrayRef1, ArrayRef2, ArrayRef3, Axis, FoldWhile, Zip};
use parfuse::prelude::*;
use std::cmp::Reverse;

#[kernel]
fn heap_sorted(a: &mut [i32]) {
    fn sift(a: &mut [i32], mut root: usize, end: usize) {
        loop {
            let mut child = 2 * root + 1;
            if child >= end {
                return;
            }
            if child + 1 < end && a[child] < a[child + 1] {
                child += 1;
            }
            if a[root] >= a[child] {
                return;
            }
            a.swap(root, child);
            root = child;
        }
    }
    let n = a.len();
    for i in (0..n / 2).rev() {
        sift(a, i, n);
    }
    for end in (1..n).rev() {
        a.swap(0, end);
        sift(a, 0, end);
    }
}

#[kernel]
fn collatz_steps(limit: u64) -> (u64, u32) {
    let mut longest = (0, 0);
    'numbers: for n in 1..limit {
        let (mut x, mut steps) = (n, 0);
        loop {
            if x == 1 {
                if steps > longest.1 {
                    longest = (n, steps);
                }
                continue 'numbers;
            }
            if steps > 200 {
                break 'numbers;
            }
            x = if x % 2 == 0 { x / 2 } else { 3 * x + 1 };
            steps += 1;
        }
    }
    longest
}

#[kernel]
fn root(a: f64) -> f64 {
    let mut x = a;
    loop {
        let next = 0.5 * (x + a / x);
        if (next - x).abs() < 1e-12 {
            return next;
        }
        x = next;
    }
}

#[kernel]
fn ranked(x: &[u32], y: &[i64]) -> (Vec<usize>, Vec<i64>, Vec<(u32, i64)>) {
    let mut order: Vec<usize> = (0..x.len()).collect();
    order.sort_by_key(|&i| Reverse(x[i]));
    let mut falling = y.to_vec();
    falling.sort_unstable_by_key(|&v| std::cmp::Reverse(v));
    let mut pairs: Vec<(u32, i64)> = x.iter().copied().zip(y.iter().copied()).collect();
    pairs.sort_by_key(|&(a, b)| (Reverse(a % 7), b));
    (order, falling, pairs)
}

#[kernel]
fn least_of_greatest(x: &[u32]) -> (Option<usize>, bool) {
    let at = (0..x.len()).min_by_key(|&i| Reverse(x[i]));
    (at, Reverse(x[0]) < Reverse(x[1]))
}

#[kernel]
fn sum_up_to(a: &ArrayRef2<f64>, limit: f64) -> (f64, f64) {
    let all = Zip::from(a).fold_while(0.0, |sum, &x| {
        if sum + x > limit { FoldWhile::Done(sum) } else { FoldWhile::Continue(sum + x) }
    });
    let pairs = Zip::from(a.row(0)).and(a.row(1)).fold_while(0.0, |sum, &x, &y| {
        if sum > limit {
            return FoldWhile::Done(sum);
        }
        FoldWhile::Continue(sum + x * y)
    });
    (all.into_inner(), if pairs.is_done() { -1.0 } else { pairs.into_inner() })
}

#[kernel]
fn checked_total(a: &[i32]) -> Option<i32> {
    a.iter().try_fold(0i32, |sum, &x| sum.checked_add(x))
}

#[kernel]
fn normalised(a: &mut ArrayRef2<f64>) -> Array1<f64> {
    a.map_axis_mut(Axis(1), |mut row| {
        let sum = row.sum();
        row /= sum;
        sum
    })
}

#[kernel]
fn columns_sorted(a: &mut ArrayRef3<f64>) -> Array2<f64> {
    a.map_axis_mut(Axis(0), |mut lane| {
        for i in 1..lane.len() {
            lane[i] += lane[i - 1];
        }
        lane[lane.len() - 1]
    })
}

#[kernel]
fn product(a: &[[f64; 3]; 3], b: &[[f64; 3]; 3]) -> [[f64; 3]; 3] {
    std::array::from_fn(|i| std::array::from_fn(|j| (0..3).map(|k| a[i][k] * b[k][j]).sum()))
}

#[kernel]
fn powers(a: &[[f64; 3]; 3], n: u32) -> [[f64; 3]; 3] {
    let mut all = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0; 3]];
    all[2][2] = 1.0;
    for _ in 0..n {
        let next: [[f64; 3]; 3] = std::array::from_fn(|i| {
            let row = a[i];
            std::array::from_fn(|j| row[0] * all[0][j] + row[1] * all[1][j] + row[2] * all[2][j])
        });
        all = next;
    }
    all
}

#[kernel]
fn runge_kutta(start: [f64; 2], dt: f64, n: usize) -> (f64, f64) {
    let f = |y: [f64; 2]| [y[1], (1.0 - y[0] * y[0]) * y[1] - y[0]];
    let ahead = |a: [f64; 2], k: f64, b: [f64; 2]| [a[0] + k * b[0], a[1] + k * b[1]];
    let mut y = start;
    for _ in 0..n {
        let k1 = f(y);
        let k2 = f(ahead(y, dt / 2.0, k1));
        let k3 = f(ahead(y, dt / 2.0, k2));
        let k4 = f(ahead(y, dt, k3));
        y = std::array::from_fn(|i| y[i] + dt / 6.0 * (k1[i] + 2.0 * k2[i] + 2.0 * k3[i] + k4[i]));
    }
    (y[0], y[1])
}

#[kernel]
fn path_length(path: &[[f64; 2]]) -> (f64, usize) {
    let total = path.windows(2).map(|w| (w[1][0] - w[0][0]).hypot(w[1][1] - w[0][1])).sum();
    (total, path.chunks(3).map(|part| part.len() * part.len()).sum())
}

#[test]
fn forms_from_elsewhere_are_taken() {
    for n in [2, 3, 20, 500] {
        let x: Vec<u32> = (0..n).map(|i| i * 7919 % 613).collect();
        let y: Vec<i64> = x.iter().map(|v| i64::from(*v) - 300).collect();
        exactly!(heap_sorted(&mut a) with a = y.iter().map(|v| *v as i32).collect::<Vec<_>>());
        exactly!(ranked(&x, &y));
        exactly!(least_of_greatest(&x));
        exactly!(checked_total(&y.iter().map(|v| *v as i32).collect::<Vec<_>>()));
        let path: Vec<[f64; 2]> = y.iter().map(|v| [*v as f64 * 0.1, (*v * *v % 7) as f64]).collect();
        every_way!(path_length(&path));
    }
    exactly!(checked_total(&[1, i32::MAX, 3]));
    exactly!(collatz_steps(100));
    exactly!(root(2.0));
    let a = Array2::from_shape_fn((5, 40), |(i, j)| (i * j % 7 + 1) as f64);
    exactly!(sum_up_to(&a, 50.0));
    exactly!(sum_up_to(&a, 1e9));
    every_way!(normalised(&mut b) with b = a.clone());
    exactly!(columns_sorted(&mut b) with b = Array3::from_shape_fn((4, 3, 5), |(i, j, k)| (i + 2 * j + 3 * k) as f64));
    let m = [[0.5, 0.25, 0.1], [0.2, 0.5, 0.3], [0.1, 0.3, 0.6]];
    every_way!(product(&m, &m));
    exactly!(powers(&m, 5));
    exactly!(runge_kutta([1.0, 0.5], 0.01, 100));
}

#[kernel]
fn given_up(x: &ArrayRef1<f64>) -> f64 {
    let f = |p: (f64, f64)| p.0;
    f((x[0], 1.0)) + {
        let y: f64 = x[1];
        y
    }
}

#[test]
fn typed_closures_and_blocks() {
    exactly!(given_up(&ndarray::array![1.0, 2.0]));
}

#[kernel]
fn circle(n: usize) -> Vec<[f64; 2]> {
    (0..n)
        .map(|i| {
            let angle = i as f64 * 0.25;
            [angle * angle, 1.0 - angle]
        })
        .collect()
}

#[kernel]
fn steps_of(start: [f64; 2], dt: f64, n: usize) -> (Vec<[f64; 2]>, usize) {
    let mut y = start;
    let mut all = Vec::new();
    all.push(y);
    for _ in 0..n {
        y = [y[0] + dt * y[1], y[1] - dt * y[0]];
        all.push(y);
    }
    let length = all.len();
    (all, length)
}

#[kernel]
fn vertices(n: usize) -> (Vec<[f64; 3]>, f64) {
    let mut all: Vec<[f64; 3]> = Vec::with_capacity(4);
    for i in 0..n {
        let t = i as f64;
        if i % 5 != 3 {
            all.push([t, t * t, 1.0]);
        }
        if let Some(last) = all.len().checked_sub(2) {
            let before = all[last];
            all[last + 1][2] += before[0];
        }
    }
    let total = all.iter().map(|[a, b, c]| a + b * c).sum();
    (all, total)
}

#[kernel]
fn kept_cells(m: &[[i32; 2]], limit: i32) -> Vec<[i32; 2]> {
    m.iter().filter(|cell| cell[0] < limit).map(|&[a, b]| [b, a]).collect()
}

#[kernel]
fn split(x: &mut [f64]) -> f64 {
    let middle = x.len() / 3;
    let (a, b) = x.split_at_mut(middle);
    for (p, q) in a.iter_mut().zip(b.iter()) {
        *p += *q;
    }
    if !b.is_empty() {
        b[0] = 7.0;
    }
    let (head, tail) = x.split_at(middle);
    head.iter().sum::<f64>() - tail.iter().sum::<f64>()
}

#[kernel]
fn rotated(x: &mut [i32], k: usize) {
    x.rotate_left(k);
    x[k..].rotate_right(1);
}

#[test]
fn fixed_arrays_are_elements() {
    for n in [0, 1, 3, 9, 500] {
        exactly!(circle(n));
        exactly!(steps_of([1.0, 0.5], 0.125, n));
        exactly!(vertices(n));
        let cells: Vec<[i32; 2]> = (0..n as i32).map(|i| [i * 37 % 11, i]).collect();
        exactly!(kept_cells(&cells, 6));
        let x: Vec<f64> = (0..n).map(|i| (i * 37 % 101) as f64).collect();
        exactly!(split(&mut y) with y = x.clone());
        exactly!(rotated(&mut y, n / 3) with y = (0..n as i32 + 1).collect::<Vec<_>>());
    }
}

#[kernel]
fn medians(image: &ArrayRef2<u8>) -> Array2<u8> {
    let (h, w) = image.dim();
    let mut out = Array2::zeros((h, w));
    for y in prange(0..h) {
        for x in 0..w {
            let mut around = Vec::with_capacity(9);
            for dy in -1..=1 {
                for dx in -1..=1 {
                    let (v, u) = (y as i64 + dy, x as i64 + dx);
                    if v >= 0 && v < h as i64 && u >= 0 && u < w as i64 {
                        around.push(image[[v as usize, u as usize]]);
                    }
                }
            }
            around.sort();
            out[[y, x]] = around[around.len() / 2];
        }
    }
    out
}

#[kernel]
fn reached(starts: &[usize], next: &ArrayRef2<usize>) -> Vec<usize> {
    let n = next.nrows();
    let mut counts = vec![0; starts.len()];
    for s in prange(0..starts.len()) {
        let mut seen = vec![false; n];
        let mut stack = Vec::with_capacity(2 * n + 1);
        stack.push(starts[s]);
        while let Some(node) = stack.pop() {
            if seen[node] {
                continue;
            }
            seen[node] = true;
            counts[s] += 1;
            for &other in next.row(node) {
                if !seen[other] {
                    stack.push(other);
                }
            }
        }
    }
    counts
}

#[kernel]
fn too_many(counts: &[usize], room: usize) -> usize {
    let mut total = 0;
    for i in prange(0..counts.len()) {
        let mut list = Vec::with_capacity(room);
        for k in 0..counts[i] {
            list.push(k);
        }
        total += list.len();
    }
    total
}

#[kernel]
fn without_room(counts: &[usize]) -> usize {
    let mut total = 0;
    for i in prange(0..counts.len()) {
        let mut list = Vec::new();
        let mut k = counts[i];
        while k > 0 {
            list.push(k);
            k /= 2;
        }
        total += list.len();
    }
    total
}

#[test]
fn iterations_have_vectors_with_room() {
    exactly!(medians(&Array2::from_shape_fn((20, 31), |(i, j)| ((i * 7919 + j * 104_729) % 251) as u8)));
    let next = Array2::from_shape_fn((40, 2), |(i, j)| (i * 5 + j * 17 + 1) % 37);
    exactly!(reached(&(0..37).collect::<Vec<_>>(), &next));
    exactly!(too_many(&[0, 3, 5], 5));
    let error = error_of!(too_many(&[0, 6, 5, 9], 5));
    assert!(error.to_string().contains("no more elements than it has room for"), "{error}");
    assert_eq!(without_room(&[1, 2]), 3);
    let error = without_room::kernel().check().unwrap_err().to_string();
    assert!(error.contains("Vec::with_capacity(n)"), "{error}");
}
