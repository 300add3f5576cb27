//! Algorithms of textbooks: sequential, with branches and counters.
//!
//! ```text
//! pow_mod  prefix_function  pattern_matches  run_lengths  longest_increasing  coin_ways  josephus  components  heap_sort
//! flood_fill  queens  mortons  majority  greatest_sum  trapped_rain  window_maxima  next_smaller
//! ```

use super::data::{below, uniform, zeros};
use super::row::{Row, row};
use ndarray::{Array1, ArrayRef1, ArrayRef2};
use parfuse::prelude::*;

/// Powers modulo a number.
#[kernel]
fn pow_mod(bases: &ArrayRef1<u64>, exponent: u64, modulus: u64, out: &mut ArrayRef1<u64>) {
    for i in 0..bases.len() {
        let mut result = 1u64;
        let mut base = bases[i] % modulus;
        let mut e = exponent;
        while e > 0 {
            if e & 1 == 1 {
                result = result * base % modulus;
            }
            base = base * base % modulus;
            e >>= 1;
        }
        out[i] = result;
    }
}

/// How long the longest border of each beginning is (Knuth, Morris and Pratt).
#[kernel]
fn prefix_function(text: &ArrayRef1<u8>) -> Array1<usize> {
    let n = text.len();
    let mut borders = Array1::zeros(n);
    let mut k = 0usize;
    for i in 1..n {
        while k > 0 && text[i] != text[k] {
            k = borders[k - 1];
        }
        if text[i] == text[k] {
            k += 1;
        }
        borders[i] = k;
    }
    borders
}

/// How often a pattern occurs.
#[kernel]
fn pattern_matches(text: &ArrayRef1<u8>, pattern: &ArrayRef1<u8>) -> usize {
    let (n, m) = (text.len(), pattern.len());
    let mut count = 0;
    if m > n {
        return 0;
    }
    for i in 0..n - m + 1 {
        let mut j = 0;
        while j < m && text[i + j] == pattern[j] {
            j += 1;
        }
        if j == m {
            count += 1;
        }
    }
    count
}

/// Values and lengths of runs of equal numbers.
#[kernel]
fn run_lengths(a: &ArrayRef1<i32>) -> (Vec<i32>, Vec<usize>) {
    let mut values = Vec::new();
    let mut lengths = Vec::new();
    let mut i = 0;
    while i < a.len() {
        let mut j = i + 1;
        while j < a.len() && a[j] == a[i] {
            j += 1;
        }
        values.push(a[i]);
        lengths.push(j - i);
        i = j;
    }
    (values, lengths)
}

/// The length of the longest increasing subsequence, by piles.
#[kernel]
fn longest_increasing(a: &ArrayRef1<i64>) -> usize {
    let n = a.len();
    let mut piles = vec![0i64; n];
    let mut count = 0usize;
    for i in 0..n {
        let x = a[i];
        let (mut low, mut high) = (0, count);
        while low < high {
            let middle = (low + high) / 2;
            if piles[middle] < x {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        piles[low] = x;
        if low == count {
            count += 1;
        }
    }
    count
}

/// In how many ways coins make up a sum.
#[kernel]
fn coin_ways(coins: &ArrayRef1<usize>, target: usize) -> u64 {
    let mut ways = vec![0u64; target + 1];
    ways[0] = 1;
    for &coin in coins.iter() {
        for sum in coin..target + 1 {
            ways[sum] = ways[sum].wrapping_add(ways[sum - coin]);
        }
    }
    ways[target]
}

/// Who is left of a circle of which every k-th goes.
#[kernel]
fn josephus(n: u64, k: u64) -> u64 {
    let mut survivor = 0;
    for i in 2..n + 1 {
        survivor = (survivor + k) % i;
    }
    survivor
}

/// How many connected components a graph of edges has (union-find with halved paths).
#[kernel]
fn components(from: &ArrayRef1<usize>, to: &ArrayRef1<usize>, nodes: usize) -> usize {
    let mut parent = vec![0usize; nodes];
    for i in 0..nodes {
        parent[i] = i;
    }
    let mut count = nodes;
    for e in 0..from.len() {
        let mut a = from[e];
        while parent[a] != a {
            parent[a] = parent[parent[a]];
            a = parent[a];
        }
        let mut b = to[e];
        while parent[b] != b {
            parent[b] = parent[parent[b]];
            b = parent[b];
        }
        if a != b {
            parent[a] = b;
            count -= 1;
        }
    }
    count
}

/// Sorts in place by a heap.
#[kernel]
fn heap_sort(a: &mut ArrayRef1<i64>) {
    let n = a.len();
    for start in (0..n / 2).rev() {
        let mut root = start;
        loop {
            let mut child = 2 * root + 1;
            if child >= n {
                break;
            }
            if child + 1 < n && a[child] < a[child + 1] {
                child += 1;
            }
            if a[root] >= a[child] {
                break;
            }
            a.swap(root, child);
            root = child;
        }
    }
    for end in (1..n).rev() {
        a.swap(0, end);
        let mut root = 0;
        loop {
            let mut child = 2 * root + 1;
            if child >= end {
                break;
            }
            if child + 1 < end && a[child] < a[child + 1] {
                child += 1;
            }
            if a[root] >= a[child] {
                break;
            }
            a.swap(root, child);
            root = child;
        }
    }
}

/// How many cells of equal colour hang together with the one at the top left.
#[kernel]
fn flood_fill(image: &ArrayRef2<u8>) -> usize {
    let (h, w) = image.dim();
    let mut seen = ndarray::Array2::from_elem((h, w), false);
    let mut stack: Vec<(usize, usize)> = Vec::new();
    if h > 0 && w > 0 {
        stack.push((0, 0));
        seen[[0, 0]] = true;
    }
    let mut count = 0;
    while let Some((y, x)) = stack.pop() {
        count += 1;
        if y > 0 && !seen[[y - 1, x]] && image[[y - 1, x]] == image[[y, x]] {
            seen[[y - 1, x]] = true;
            stack.push((y - 1, x));
        }
        if y + 1 < h && !seen[[y + 1, x]] && image[[y + 1, x]] == image[[y, x]] {
            seen[[y + 1, x]] = true;
            stack.push((y + 1, x));
        }
        if x > 0 && !seen[[y, x - 1]] && image[[y, x - 1]] == image[[y, x]] {
            seen[[y, x - 1]] = true;
            stack.push((y, x - 1));
        }
        if x + 1 < w && !seen[[y, x + 1]] && image[[y, x + 1]] == image[[y, x]] {
            seen[[y, x + 1]] = true;
            stack.push((y, x + 1));
        }
    }
    count
}

/// How many ways there are to put queens on a board that none can take another.
#[kernel]
fn queens(n: u32) -> u64 {
    let all = (1u32 << n) - 1;
    let mut columns = [0u32; 16];
    let mut left = [0u32; 16];
    let mut right = [0u32; 16];
    let mut free = [0u32; 16];
    let mut row = 0usize;
    let mut count = 0u64;
    free[0] = all;
    loop {
        if free[row] == 0 {
            if row == 0 {
                break;
            }
            row -= 1;
            continue;
        }
        let bit = free[row] & free[row].wrapping_neg();
        free[row] &= !bit;
        if row + 1 == n as usize {
            count += 1;
            continue;
        }
        columns[row + 1] = columns[row] | bit;
        left[row + 1] = (left[row] | bit) << 1;
        right[row + 1] = (right[row] | bit) >> 1;
        free[row + 1] = all & !(columns[row + 1] | left[row + 1] | right[row + 1]);
        row += 1;
    }
    count
}

/// Bits of two coordinates interleaved (Morton's order).
#[kernel]
fn mortons(x: &ArrayRef1<u32>, y: &ArrayRef1<u32>, out: &mut ArrayRef1<u64>) {
    for i in 0..x.len() {
        let mut code = 0u64;
        for b in 0..16 {
            code |= (((x[i] >> b) & 1) as u64) << (2 * b);
            code |= (((y[i] >> b) & 1) as u64) << (2 * b + 1);
        }
        out[i] = code;
    }
}

/// The value that has the majority, if there is one (Boyer and Moore).
#[kernel]
fn majority(a: &ArrayRef1<i32>) -> (i32, usize) {
    let mut candidate = 0;
    let mut votes = 0usize;
    for &x in a.iter() {
        if votes == 0 {
            candidate = x;
            votes = 1;
        } else if x == candidate {
            votes += 1;
        } else {
            votes -= 1;
        }
    }
    let mut count = 0;
    for &x in a.iter() {
        if x == candidate {
            count += 1;
        }
    }
    (candidate, count)
}

/// The greatest sum of neighbours, and where they begin and end (Kadane).
#[kernel]
fn greatest_sum(a: &ArrayRef1<f64>) -> (f64, usize, usize) {
    let (mut best, mut from, mut to) = (f64::NEG_INFINITY, 0, 0);
    let (mut sum, mut start) = (0.0, 0);
    for i in 0..a.len() {
        if sum <= 0.0 {
            sum = 0.0;
            start = i;
        }
        sum += a[i];
        if sum > best {
            best = sum;
            from = start;
            to = i + 1;
        }
    }
    (best, from, to)
}

/// How much rain stays between walls.
#[kernel]
fn trapped_rain(heights: &ArrayRef1<i64>) -> i64 {
    let (mut i, mut j) = (0usize, heights.len() - 1);
    let (mut left, mut right, mut water) = (0, 0, 0);
    while i < j {
        if heights[i] < heights[j] {
            left = left.max(heights[i]);
            water += left - heights[i];
            i += 1;
        } else {
            right = right.max(heights[j]);
            water += right - heights[j];
            j -= 1;
        }
    }
    water
}

/// The greatest of each window, by a queue of those that can still be.
#[kernel]
fn window_maxima(a: &ArrayRef1<f64>, width: usize, out: &mut ArrayRef1<f64>) {
    let n = a.len();
    let mut queue = vec![0usize; n];
    let (mut head, mut tail) = (0, 0);
    for i in 0..n {
        while tail > head && a[queue[tail - 1]] <= a[i] {
            tail -= 1;
        }
        queue[tail] = i;
        tail += 1;
        if queue[head] + width <= i {
            head += 1;
        }
        if i + 1 >= width {
            out[i + 1 - width] = a[queue[head]];
        }
    }
}

/// Lengths of the next smaller element to the right, by a stack.
#[kernel]
fn next_smaller(a: &ArrayRef1<i64>) -> Array1<usize> {
    let n = a.len();
    let mut next = Array1::from_elem(n, n);
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

/// The kernels of this file.
pub const ROWS: &[Row] = &[
    row!(pow_mod [1000, 100_000] |n| reads bases = below(1 << 40, n, 1); writes out = zeros(n);
        call(&bases, 1_000_003, 1_000_000_007, out)),
    row!(prefix_function [5000, 2_000_000] |n| reads text = below(2, n, 1); call(&text)),
    row!(pattern_matches [5000, 2_000_000] |n| reads text = below(3, n, 1), pattern = below(3, 6, 2);
        call(&text, &pattern)),
    row!(run_lengths [5000, 2_000_000] |n| reads a = below(2, n, 1); call(&a)),
    row!(longest_increasing [5000, 300_000] |n| reads a = below(1 << 40, n, 1); call(&a)),
    row!(coin_ways [5000, 300_000] |n| reads coins = Array1::from(vec![1, 2, 5, 10, 20, 50, 100, 200]);
        call(&coins, n)),
    row!(josephus [5000, 1_000_000] |n| call(n as u64, 7)),
    row!(components [3000, 200_000] least 1 |n| reads from = below(n as u64, n, 1), to = below(n as u64, n, 2);
        call(&from, &to, n)),
    row!(heap_sort [3000, 200_000] |n| writes a = below(1 << 40, n, 1); call(a)),
    row!(flood_fill [100, 700] |n| reads image = below(1, (n, n), 1); call(&image)),
    row!(queens [8, 11] least 1 |n| call(n.min(11) as u32)),
    row!(mortons [2000, 1_000_000] |n| reads x = below(1 << 16, n, 1), y = below(1 << 16, n, 2); writes out = zeros(n);
        call(&x, &y, out)),
    row!(majority [5000, 4_000_000] |n| reads a = below(3, n, 1); call(&a)),
    row!(greatest_sum [5000, 4_000_000] |n| reads a = uniform(n, 1) - 0.5; call(&a)),
    row!(trapped_rain [5000, 4_000_000] least 1 |n| reads heights = below(1000, n, 1); call(&heights)),
    row!(window_maxima [5000, 2_000_000] |n| reads a = uniform(n, 1); writes out = zeros(n); call(&a, 20, out)),
    row!(next_smaller [5000, 2_000_000] |n| reads a = below(1000, n, 1); call(&a)),
];
