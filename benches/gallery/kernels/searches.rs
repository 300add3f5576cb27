//! Searches, sorting, and equations solved step by step: loops that end early.
//!
//! ```text
//! found_at  lower_bounds  square_roots  bubbled  insertion_sorted  first_repeated
//! probed  bisected  next_permutations  matched_pattern
//! ```

use super::data::{ascending, below, uniform, zeros};
use super::row::{Row, row};
use ndarray::{Array1, ArrayRef1};
use parfuse::prelude::*;

/// Where each number stands first in a list, or its length.
#[kernel]
fn found_at(list: &ArrayRef1<i64>, wanted: &ArrayRef1<i64>, out: &mut ArrayRef1<usize>) {
    for q in prange(0..wanted.len()) {
        let mut at = list.len();
        for j in 0..list.len() {
            if list[j] == wanted[q] {
                at = j;
                break;
            }
        }
        out[q] = at;
    }
}

/// The first place of a sorted list that is not less.
#[kernel]
fn lower_bounds(sorted: &ArrayRef1<f64>, x: &ArrayRef1<f64>, out: &mut ArrayRef1<usize>) {
    for q in 0..x.len() {
        let (mut low, mut high) = (0, sorted.len());
        while low < high {
            let middle = (low + high) / 2;
            if sorted[middle] < x[q] {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        out[q] = low;
    }
}

/// Roots by Newton's method, until they change no more.
#[kernel]
fn square_roots(x: &ArrayRef1<f64>, out: &mut ArrayRef1<f64>) {
    for i in 0..x.len() {
        let mut root = x[i];
        loop {
            let next = 0.5 * (root + x[i] / root);
            if (next - root).abs() < 1e-14 * next {
                break;
            }
            root = next;
        }
        out[i] = root;
    }
}

/// Sorts by exchanging neighbours until there is nothing left to exchange.
#[kernel]
fn bubbled(a: &mut ArrayRef1<i64>) -> usize {
    let n = a.len();
    let mut swaps = 0;
    for pass in 0..n {
        let mut swapped = false;
        for i in 1..n - pass {
            if a[i - 1] > a[i] {
                a.swap(i - 1, i);
                swapped = true;
                swaps += 1;
            }
        }
        if !swapped {
            break;
        }
    }
    swaps
}

/// Sorts by inserting.
#[kernel]
fn insertion_sorted(a: &mut ArrayRef1<f64>) {
    for i in 1..a.len() {
        let x = a[i];
        let mut j = i;
        while j > 0 && a[j - 1] > x {
            a[j] = a[j - 1];
            j -= 1;
        }
        a[j] = x;
    }
}

/// The first number that stands again later, and where.
#[kernel]
fn first_repeated(a: &ArrayRef1<u32>) -> (usize, usize) {
    let mut found = (0, 0);
    'outer: for i in 0..a.len() {
        for j in i + 1..a.len() {
            if a[i] == a[j] {
                found = (i, j);
                break 'outer;
            }
        }
    }
    found
}

/// How many different keys there are, by open addressing.
#[kernel]
fn probed(keys: &ArrayRef1<u64>, table: &mut ArrayRef1<u64>) -> usize {
    let mask = table.len() - 1;
    let mut different = 0;
    for &key in keys.iter() {
        let mut slot = (key.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 20) as usize & mask;
        loop {
            if table[slot] == 0 {
                table[slot] = key + 1;
                different += 1;
                break;
            }
            if table[slot] == key + 1 {
                break;
            }
            slot = (slot + 1) & mask;
        }
    }
    different
}

/// Where `x³ + x = c`, by halving.
#[kernel]
fn bisected(c: &ArrayRef1<f64>, out: &mut ArrayRef1<f64>) {
    for i in prange(0..c.len()) {
        let (mut low, mut high) = (-10.0, 10.0);
        for _ in 0..60 {
            let middle = 0.5 * (low + high);
            let value = middle * middle * middle + middle - c[i];
            if value == 0.0 {
                low = middle;
                break;
            }
            if value < 0.0 {
                low = middle;
            } else {
                high = middle;
            }
        }
        out[i] = low;
    }
}

/// How many permutations follow until the last, at most some.
#[kernel]
fn next_permutations(p: &mut ArrayRef1<u8>, most: usize) -> usize {
    let n = p.len();
    let mut count = 0;
    while count < most {
        let mut i = n - 1;
        while i > 0 && p[i - 1] >= p[i] {
            i -= 1;
        }
        if i == 0 {
            break;
        }
        let mut j = n - 1;
        while p[j] <= p[i - 1] {
            j -= 1;
        }
        p.swap(i - 1, j);
        p.slice_mut(ndarray::s![i..]).as_slice_mut().unwrap().reverse();
        count += 1;
    }
    count
}

/// Whether a pattern with `?` and `*` matches a text.
#[kernel]
fn matched_pattern(text: &ArrayRef1<u8>, pattern: &ArrayRef1<u8>) -> bool {
    let (n, m) = (text.len(), pattern.len());
    let (mut i, mut j, mut star, mut mark) = (0, 0, usize::MAX, 0);
    while i < n {
        if j < m && (pattern[j] == b'?' || pattern[j] == text[i]) {
            i += 1;
            j += 1;
        } else if j < m && pattern[j] == b'*' {
            star = j;
            mark = i;
            j += 1;
        } else if star != usize::MAX {
            j = star + 1;
            mark += 1;
            i = mark;
        } else {
            return false;
        }
    }
    while j < m && pattern[j] == b'*' {
        j += 1;
    }
    j == m
}

/// The kernels of this file.
pub const ROWS: &[Row] = &[
    row!(found_at [300, 5000] |n| reads list = below(2 * n as u64 + 1, n, 1), wanted = below(2 * n as u64 + 1, n, 2);
        writes out = zeros(n); call(&list, &wanted, out)),
    row!(lower_bounds [3000, 500_000] |n| reads sorted = ascending(n), x = uniform(n, 1) * 100.0; writes out = zeros(n);
        call(&sorted, &x, out)),
    row!(square_roots [1000, 100_000] |n| reads x = uniform(n, 1) * 50.0 + 0.1; writes out = zeros(n); call(&x, out)),
    row!(bubbled [200, 2000] least 1 |n| writes a = below(1000, n, 1); call(a)),
    row!(insertion_sorted [200, 3000] least 1 |n| writes a = uniform(n, 1); call(a)),
    row!(first_repeated [300, 6000] |n| reads a = below(1 << 30, n, 1); call(&a)),
    row!(probed [3000, 500_000] |n| reads keys = below(n as u64 + 1, n, 1); writes table = zeros((4 * n + 4).next_power_of_two());
        call(&keys, table)),
    row!(bisected [500, 50_000] |n| reads c = uniform(n, 1); writes out = zeros(n); call(&c, out)),
    row!(next_permutations [9, 10] least 1 |n| writes p = Array1::from_iter(0..n as u8); call(p, 1_000_000)),
    row!(matched_pattern [3000, 300_000] |n| reads text = below(3, n, 1),
        pattern = Array1::from_iter((0..n / 8).map(|i| if i % 3 == 0 { b'*' } else { (i % 5 % 3) as u8 })); call(&text, &pattern)),
];
