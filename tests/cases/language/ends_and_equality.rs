//! What begins and ends a slice, iterators whose next item is looked at, and arrays that are compared as a whole.

use crate::cases::ways::{every_way, exactly};
use ndarray::{Array2, ArrayRef2};
use parfuse::prelude::*;

#[kernel]
fn run_lengths(x: &[u8]) -> Vec<(u8, usize)> {
    let mut out = Vec::new();
    let mut it = x.iter().peekable();
    while let Some(&c) = it.next() {
        let mut n = 1;
        while it.peek() == Some(&&c) {
            it.next();
            n += 1;
        }
        out.push((c, n));
    }
    out
}

#[kernel]
fn tokens(x: &[u8]) -> (i64, usize) {
    let (mut total, mut words) = (0i64, 0);
    let mut it = x.iter().copied().peekable();
    while let Some(c) = it.next() {
        if c.is_ascii_digit() {
            let mut n = (c - b'0') as i64;
            while let Some(d) = it.next_if(|d| d.is_ascii_digit()) {
                n = n * 10 + (d - b'0') as i64;
            }
            total += n;
        } else if c.is_ascii_alphabetic() {
            words += 1;
            while let Some(d) = it.peek() {
                if d.is_ascii_alphabetic() {
                    it.next();
                } else {
                    break;
                }
            }
        }
    }
    (total, words)
}

#[kernel]
fn merge(a: &[i32], b: &[i32]) -> Vec<i32> {
    let mut out = Vec::with_capacity(a.len() + b.len());
    let (mut x, mut y) = (a.iter().peekable(), b.iter().peekable());
    loop {
        match (x.peek(), y.peek()) {
            (Some(p), Some(q)) => {
                if p <= q {
                    out.push(*x.next().unwrap());
                } else {
                    out.push(*y.next().unwrap());
                }
            }
            (Some(_), None) => out.push(*x.next().unwrap()),
            (None, Some(_)) => out.push(*y.next().unwrap()),
            (None, None) => break,
        }
    }
    out
}

#[kernel]
fn head_tail(x: &[f64]) -> f64 {
    if let Some((first, rest)) = x.split_first() {
        rest.iter().fold(*first, |a, b| a * 0.5 + b)
    } else {
        -1.0
    }
}

#[kernel]
fn last_split(x: &[f64]) -> f64 {
    let (last, init) = x.split_last().unwrap();
    init.iter().sum::<f64>() - last
}

#[kernel]
fn split_change(x: &mut [f64]) -> f64 {
    if let Some((first, rest)) = x.split_first_mut() {
        for r in rest.iter_mut() {
            *r += *first;
        }
        *first = 9.0;
    }
    match x.split_last_mut() {
        Some((l, r)) => {
            *l *= 2.0;
            r.len() as f64
        }
        None => 0.5,
    }
}

#[kernel]
fn pairs_split(x: &[(i32, f64)]) -> f64 {
    let Some((h, t)) = x.split_first() else { return -1.0 };
    h.1 + t.iter().map(|p| p.0 as f64 * p.1).sum::<f64>()
}

#[kernel]
fn found_at(text: &[u8], pat: &[u8]) -> Option<usize> {
    let m = pat.len();
    (0..=text.len() - m).find(|&i| text[i..i + m] == *pat)
}

#[kernel]
fn count_matches(text: &[u8], pat: &[u8]) -> usize {
    text.windows(pat.len()).filter(|w| *w == pat).count()
}

#[kernel]
fn matches_at(text: &[u8], pat: &[u8]) -> Vec<bool> {
    let mut out = vec![false; text.len()];
    for i in prange(0..text.len()) {
        out[i] = text[i..].starts_with(pat) || text[..i].ends_with(pat);
    }
    out
}

#[kernel]
fn same_arrays(a: &ArrayRef2<f64>, b: &ArrayRef2<f64>) -> (bool, bool, bool) {
    let c = a * 2.0;
    let d = b + b;
    (a == b, c != d, [1, 2, 3] == [1, 2, 4])
}

#[kernel]
fn is_palindrome(s: &[u8]) -> bool {
    s.iter().eq(s.iter().rev())
}

#[kernel]
fn differs(s: &[u8], t: &[u8]) -> (bool, bool) {
    (s.iter().ne(t.iter()), s.iter().map(|x| x / 2).eq(t.iter().map(|y| y / 2)))
}

#[kernel]
fn fixpoint(x: &[i32]) -> (Vec<i32>, usize) {
    let mut cur = x.to_vec();
    let mut n = 0;
    loop {
        let next: Vec<i32> = cur.iter().map(|v| v / 2).collect();
        n += 1;
        if next == cur {
            break;
        }
        cur = next;
    }
    (cur, n)
}

#[kernel]
fn points_equal(a: &[[f64; 2]], b: &[[f64; 2]]) -> (usize, bool) {
    (a.iter().filter(|p| **p == b[0]).count(), a == b)
}

fn bytes(n: usize, k: usize) -> Vec<u8> {
    (0..n).map(|i| b'a' + ((i * 7919 % 31) * i % k) as u8).collect()
}

#[test]
fn the_next_item_can_be_looked_at() {
    for n in [0, 1, 2, 100] {
        exactly!(run_lengths(&bytes(n, 3)));
    }
    exactly!(tokens(b"12 ab 7x 100cd"));
    exactly!(merge(&[1, 4, 9], &[2, 3, 4, 10, 11]));
    exactly!(merge(&[], &[2, 3]));
}

#[test]
fn slices_have_ends_and_rests() {
    for n in [0, 1, 2, 30] {
        let x: Vec<f64> = (0..n).map(|i| (i * 37 % 101) as f64 / 4.0).collect();
        every_way!(head_tail(&x));
        if n > 0 {
            every_way!(last_split(&x));
        }
        exactly!(split_change(&mut y) with y = x.clone());
        every_way!(pairs_split(&(0..n).map(|i| (i, 0.5)).collect::<Vec<_>>()));
    }
}

#[test]
fn arrays_and_items_are_compared_as_a_whole() {
    exactly!(found_at(&bytes(100, 4), &bytes(100, 4)[40..45]));
    exactly!(count_matches(&bytes(100, 2), b"ab"));
    exactly!(matches_at(&bytes(100, 2), b"ab"));
    let a = Array2::from_shape_fn((3, 4), |(i, j)| (i * j) as f64);
    assert_eq!(exactly!(same_arrays(&a, &a)).0, (true, false, false));
    exactly!(same_arrays(&a, &(&a + 1.0)));
    exactly!(same_arrays(&a, &a.t().to_owned()));
    exactly!(is_palindrome(b"abcba"));
    exactly!(is_palindrome(b"abcbaa"));
    exactly!(differs(b"abcba", b"abcb"));
    exactly!(differs(b"abcba", b"abcba"));
    exactly!(fixpoint(&[9, 8, 1000]));
    exactly!(points_equal(&[[0.0, 1.0], [2.0, 3.0]], &[[0.0, 1.0], [2.0, 3.0]]));
}

#[derive(Clone, Copy, Debug, PartialEq, KernelData)]
struct Mark {
    x: f64,
    kind: u8,
}

#[kernel]
fn same_compounds(a: &[(i32, f64)], b: &[(i32, f64)], m: &[Mark], n: &[Mark]) -> (bool, bool) {
    (a == b, m != n)
}

#[test]
fn arrays_of_tuples_and_structs_are_compared_as_a_whole() {
    let (a, m) = ([(1, 0.5), (2, 1.5)], [Mark { x: 1.0, kind: 2 }; 3]);
    assert_eq!(exactly!(same_compounds(&a, &a, &m, &m)).0, (true, false));
    exactly!(same_compounds(&a, &a[..1], &m, &m[1..]));
    exactly!(same_compounds(&a, &[(1, 0.5), (2, 1.0)], &m, &[Mark { x: 1.0, kind: 3 }; 3]));
    exactly!(same_compounds(&[], &[], &[], &[]));
}

#[kernel]
fn longest_word(text: &[u8]) -> (usize, usize) {
    let mut longest = 0;
    for word in text.split(|b| *b == b' ') {
        longest = longest.max(word.len());
    }
    (longest, text.split(|&b| b == b' ').filter(|word| !word.is_empty()).count())
}

#[kernel]
fn table_sum(text: &[u8]) -> (i64, usize) {
    let (mut total, mut fields) = (0, 0);
    for line in text.split(|b| *b == b'\n') {
        for field in line.split(|b| *b == b',') {
            let mut n = 0i64;
            for d in field {
                n = n * 10 + i64::from(d - b'0');
            }
            total += n;
            fields += 1;
        }
    }
    (total, fields)
}

#[kernel]
fn parts_below(x: &[f64], limit: f64) -> Vec<f64> {
    x.split(|v| *v > limit).map(|part| part.iter().sum()).collect()
}

#[test]
fn slices_are_split_at_what_a_closure_finds() {
    for text in [&b""[..], b" ", b"one", b"the quick  brown fox ", b"  a b"] {
        exactly!(longest_word(text));
    }
    exactly!(table_sum(b"1,2\n3,4,50\n\n7"));
    for limit in [-1.0, 0.4, 2.0] {
        every_way!(parts_below(&[0.5, 0.1, 0.9, 0.2, 0.3], limit));
    }
}
