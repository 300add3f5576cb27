//! Integers: number theory, hashes, bits, sorting and searching.
//!
//! ```text
//! collatz  sieve  gcds  primes_by_trial  fnv_rows  crc32  crc32_by_table  adler32  count_bits  reverse_bits  xorshift
//! binary_search  insertion_sort_rows  bitonic_sort  merge_sorted  base_counts
//! ```

use super::data::{ascending, below, uniform, zeros};
use super::row::{Row, row};
use ndarray::{ArrayRef1, ArrayRef2};
use parfuse::prelude::*;

#[kernel]
fn collatz(lengths: &mut ArrayRef1<i64>) {
    for i in prange(0..lengths.len()) {
        let mut k = i as i64 + 1;
        let mut steps = 0;
        while k != 1 {
            if k % 2 == 0 {
                k = k / 2;
            } else {
                k = 3 * k + 1;
            }
            steps += 1;
        }
        lengths[i] = steps;
    }
}

#[kernel]
fn sieve(is_prime: &mut ArrayRef1<bool>) -> i64 {
    let n = is_prime.len();
    for i in 0..n {
        is_prime[i] = i >= 2;
    }
    let mut p = 2;
    while p * p < n {
        if is_prime[p] {
            for m in (p * p..n).step_by(p) {
                is_prime[m] = false;
            }
        }
        p += 1;
    }
    let mut count = 0;
    for i in 0..n {
        if is_prime[i] {
            count += 1;
        }
    }
    count
}

#[kernel]
fn gcds(a: &ArrayRef1<i64>, b: &ArrayRef1<i64>, out: &mut ArrayRef1<i64>) {
    for i in prange(0..a.len()) {
        let (mut x, mut y) = (a[i], b[i]);
        while y != 0 {
            (x, y) = (y, x % y);
        }
        out[i] = x;
    }
}

#[kernel]
fn primes_by_trial(n: i64) -> i64 {
    let mut count = 0;
    for k in prange(2..n) {
        let mut d = 2;
        while d * d <= k && k % d != 0 {
            d += 1;
        }
        if d * d > k {
            count += 1;
        }
    }
    count
}

/// A hash of each row.
#[kernel]
fn fnv_rows(data: &ArrayRef2<u8>, hashes: &mut ArrayRef1<u64>) {
    for i in prange(0..data.nrows()) {
        let mut hash = 0xcbf29ce484222325u64;
        for j in 0..data.ncols() {
            hash = (hash ^ data[[i, j]] as u64).wrapping_mul(0x100000001b3);
        }
        hashes[i] = hash;
    }
}

#[kernel]
fn crc32(data: &ArrayRef1<u8>) -> u32 {
    let mut crc = 0xffffffffu32;
    for i in 0..data.len() {
        crc ^= data[i] as u32;
        for _ in 0..8 {
            if crc & 1 == 1 {
                crc = (crc >> 1) ^ 0xedb88320;
            } else {
                crc = crc >> 1;
            }
        }
    }
    !crc
}

#[kernel]
fn crc32_by_table(data: &ArrayRef1<u8>, table: &mut ArrayRef1<u32>) -> u32 {
    for i in 0..256 {
        let mut crc = i as u32;
        for _ in 0..8 {
            crc = if crc & 1 == 1 { (crc >> 1) ^ 0xedb88320 } else { crc >> 1 };
        }
        table[i] = crc;
    }
    let mut crc = 0xffffffffu32;
    for i in 0..data.len() {
        crc = table[((crc ^ data[i] as u32) & 255) as usize] ^ (crc >> 8);
    }
    !crc
}

#[kernel]
fn adler32(data: &ArrayRef1<u8>) -> u32 {
    let (mut a, mut b) = (1u32, 0u32);
    for i in 0..data.len() {
        a = (a + data[i] as u32) % 65521;
        b = (b + a) % 65521;
    }
    (b << 16) | a
}

#[kernel]
fn count_bits(words: &ArrayRef1<u64>, counts: &mut ArrayRef1<u64>) {
    for i in prange(0..words.len()) {
        let mut word = words[i];
        let mut count = 0;
        while word != 0 {
            word &= word - 1;
            count += 1;
        }
        counts[i] = count;
    }
}

#[kernel]
fn reverse_bits(words: &ArrayRef1<u32>, reversed: &mut ArrayRef1<u32>) {
    for i in prange(0..words.len()) {
        let mut x = words[i];
        x = ((x >> 1) & 0x55555555) | ((x & 0x55555555) << 1);
        x = ((x >> 2) & 0x33333333) | ((x & 0x33333333) << 2);
        x = ((x >> 4) & 0x0f0f0f0f) | ((x & 0x0f0f0f0f) << 4);
        x = ((x >> 8) & 0x00ff00ff) | ((x & 0x00ff00ff) << 8);
        reversed[i] = (x >> 16) | (x << 16);
    }
}

#[kernel]
fn xorshift(seeds: &ArrayRef1<u64>, out: &mut ArrayRef1<u64>, rounds: usize) {
    for i in prange(0..seeds.len()) {
        let mut x = seeds[i] | 1;
        for _ in 0..rounds {
            x ^= x << 13;
            x ^= x >> 7;
            x ^= x << 17;
        }
        out[i] = x;
    }
}

/// The place of each number in a sorted table.
#[kernel]
fn binary_search(table: &ArrayRef1<f64>, x: &ArrayRef1<f64>, places: &mut ArrayRef1<usize>) {
    for i in prange(0..x.len()) {
        let (mut low, mut high) = (0, table.len());
        while low < high {
            let middle = (low + high) / 2;
            if table[middle] < x[i] {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        places[i] = low;
    }
}

#[kernel]
fn insertion_sort_rows(a: &mut ArrayRef2<f64>) {
    for r in prange(0..a.nrows()) {
        for i in 1..a.ncols() {
            let value = a[[r, i]];
            let mut j = i;
            while j > 0 && a[[r, j - 1]] > value {
                a[[r, j]] = a[[r, j - 1]];
                j -= 1;
            }
            a[[r, j]] = value;
        }
    }
}

#[kernel]
fn bitonic_sort(a: &mut ArrayRef1<i32>) {
    let n = a.len();
    let mut k = 2;
    while k <= n {
        let mut j = k / 2;
        while j > 0 {
            for i in 0..n {
                let other = i ^ j;
                if other > i {
                    let ascending = i & k == 0;
                    if (a[i] > a[other]) == ascending {
                        let t = a[i];
                        a[i] = a[other];
                        a[other] = t;
                    }
                }
            }
            j /= 2;
        }
        k *= 2;
    }
}

#[kernel]
fn merge_sorted(a: &ArrayRef1<f64>, b: &ArrayRef1<f64>, out: &mut ArrayRef1<f64>) {
    let (mut i, mut j) = (0, 0);
    for k in 0..out.len() {
        if j == b.len() || (i < a.len() && a[i] <= b[j]) {
            out[k] = a[i];
            i += 1;
        } else {
            out[k] = b[j];
            j += 1;
        }
    }
}

/// The letters of a genome.
const A: u8 = b'A';
const C: u8 = b'C';
const G: u8 = b'G';

#[kernel]
fn base_counts(text: &ArrayRef1<u8>) -> (i64, i64, i64, i64) {
    let (mut a, mut c, mut g, mut t) = (0i64, 0i64, 0i64, 0i64);
    for i in 0..text.len() {
        if text[i] == A {
            a += 1;
        } else if text[i] == C {
            c += 1;
        } else if text[i] == G {
            g += 1;
        } else {
            t += 1;
        }
    }
    (a, c, g, t)
}

/// The kernels of this file.
pub const ROWS: &[Row] = &[
    row!(collatz [3000, 100_000] |n| writes lengths = zeros(n); call(lengths)),
    row!(sieve [300_000, 5_000_000] |n| writes is_prime = zeros(n); call(is_prime)),
    row!(gcds [2000, 200_000] |n| reads a = below(1_000_000, n, 1), b = below(1_000_000, n, 2);
        writes out = zeros(n); call(&a, &b, out)),
    row!(primes_by_trial [10_000, 200_000] |n| call(n as i64)),
    row!(fnv_rows [1000, 100_000] |n| reads data = below(256, (n, 100), 1); writes hashes = zeros(n);
        call(&data, hashes)),
    row!(crc32 [20_000, 2_000_000] |n| reads data = below(256, n, 1); call(&data)),
    row!(crc32_by_table [200_000, 10_000_000] |n| reads data = below(256, n, 1); writes table = zeros(256);
        call(&data, table)),
    row!(adler32 [100_000, 5_000_000] |n| reads data = below(256, n, 1); call(&data)),
    row!(count_bits [10_000, 1_000_000] |n| reads words = below(u64::MAX, n, 1); writes counts = zeros(n);
        call(&words, counts)),
    row!(reverse_bits [30_000, 10_000_000] |n| reads words = below(1 << 32, n, 1); writes reversed = zeros(n);
        call(&words, reversed)),
    row!(xorshift [1000, 300_000] |n| reads seeds = below(u64::MAX, n, 1); writes out = zeros(n);
        call(&seeds, out, 50)),
    row!(binary_search [10_000, 500_000] |n| reads table = ascending(n), x = uniform(n, 1); writes places = zeros(n);
        call(&table, &x, places)),
    row!(insertion_sort_rows [1000, 100_000] |n| writes a = uniform((n, 16), 1); call(a)),
    row!(bitonic_sort [4096, 1 << 18] |n| writes a = below(1 << 30, n.next_power_of_two(), 1); call(a)),
    row!(merge_sorted [15_000, 4_000_000] |n| reads a = ascending(n), b = ascending(n + n / 3); 
        writes out = zeros(n + n + n / 3); call(&a, &b, out)),
    row!(base_counts [100_000, 20_000_000] |n| reads text = below(4, n, 1).mapv(|k: usize| b"ACGT"[k]);
        call(&text)),
];
