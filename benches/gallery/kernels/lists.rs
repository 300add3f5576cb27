//! Lists that grow.
//!
//! ```text
//! ends_of_runs  breadth_first  local_maxima  primes  depths_of_brackets
//! ```

use super::data::{Rows, below, csr, uniform};
use super::row::{Row, row};
use ndarray::{Array1, ArrayRef1};
use parfuse::prelude::*;

/// Where a number is another than the one before.
#[kernel]
fn ends_of_runs(a: &ArrayRef1<i64>) -> Vec<usize> {
    let mut ends = Vec::new();
    for i in 1..a.len() {
        if a[i] != a[i - 1] {
            ends.push(i);
        }
    }
    ends
}

/// How many edges each node of a graph is away from the first.
#[kernel]
fn breadth_first(starts: &ArrayRef1<usize>, neighbours: &ArrayRef1<usize>) -> Array1<i64> {
    let n = starts.len() - 1;
    let mut distance = Array1::from_elem(n, -1i64);
    let mut queue = vec![0usize];
    if n > 0 {
        distance[0] = 0;
    }
    let mut head = 0;
    while head < queue.len() && n > 0 {
        let node = queue[head];
        head += 1;
        for e in starts[node]..starts[node + 1] {
            let next = neighbours[e];
            if distance[next] < 0 {
                distance[next] = distance[node] + 1;
                queue.push(next);
            }
        }
    }
    distance
}

/// The numbers that are greater than those next to them, and where.
#[kernel]
fn local_maxima(a: &ArrayRef1<f64>) -> (Vec<usize>, Vec<f64>) {
    let (mut places, mut values) = (Vec::new(), Vec::new());
    for i in 1..a.len().max(1) - 1 {
        if a[i] > a[i - 1] && a[i] > a[i + 1] {
            places.push(i);
            values.push(a[i]);
        }
    }
    (places, values)
}

/// The primes below a number, each divided by those before it.
#[kernel]
fn primes(below: u32) -> Vec<u32> {
    let mut primes: Vec<u32> = Vec::new();
    for n in 2..below {
        let mut is_prime = true;
        for p in primes.iter() {
            if p * p > n {
                break;
            }
            if n % p == 0 {
                is_prime = false;
                break;
            }
        }
        if is_prime {
            primes.push(n);
        }
    }
    primes
}

/// The sum of how many brackets are open where one is closed, and where it was opened.
#[kernel]
fn depths_of_brackets(text: &ArrayRef1<u8>) -> (usize, usize) {
    let mut open = Vec::new();
    let (mut depths, mut places) = (0, 0);
    for i in 0..text.len() {
        if text[i] < 110 {
            open.push(i);
        } else if let Some(place) = open.pop() {
            depths += open.len();
            places += place;
        }
    }
    (depths, places)
}

pub const ROWS: &[Row] = &[
    row!(ends_of_runs [5000, 2_000_000] |n| reads a = below(3, n, 1); call(&a)),
    row!(breadth_first [1000, 100_000] |n| reads m = csr(n, Rows::Even, 1); call(&m.0, &m.1)),
    row!(local_maxima [5000, 2_000_000] |n| reads a = uniform(n, 1); call(&a)),
    row!(primes [10_000, 300_000] |n| call(n as u32)),
    row!(depths_of_brackets [5000, 2_000_000] |n| reads text = below(256, n, 1); call(&text)),
];
