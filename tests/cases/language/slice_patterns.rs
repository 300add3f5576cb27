//! Patterns of arrays and slices, of as many elements as they say.

use crate::cases::ways::exactly;
use parfuse::prelude::*;

#[kernel]
fn ends(x: &[f64]) -> f64 {
    match x {
        [] => 0.0,
        [a] => *a,
        [first, .., last] => first + 10.0 * last,
    }
}

#[kernel]
fn inside(x: &[f64]) -> f64 {
    if let [first, rest @ .., last] = x { first * last + rest.iter().sum::<f64>() } else { -1.0 }
}

#[kernel]
fn behind(x: &[i32]) -> (i32, usize) {
    let [a, b, tail @ ..] = x else { return (-1, 0) };
    (a * 100 + b, tail.len())
}

#[kernel]
fn differences(x: &[f64]) -> Vec<f64> {
    x.windows(2)
        .map(|w| {
            let [a, b] = w else { unreachable!() };
            b - a
        })
        .collect()
}

#[kernel]
fn falls(x: &[f64]) -> usize {
    x.windows(3).filter(|w| matches!(w, [a, b, c] if a > b && b > c)).count()
}

#[kernel]
fn packed(data: &[u8]) -> u32 {
    let words = data.chunks(3).map(|chunk| match chunk {
        [a, b, c] => u32::from(*a) << 16 | u32::from(*b) << 8 | u32::from(*c),
        [0, b] => u32::from(*b),
        [a, b] => u32::from(*a) << 8 | u32::from(*b),
        [a] => u32::from(*a),
        _ => 0,
    });
    words.fold(0u32, |all, word| all.rotate_left(5) ^ word)
}

#[kernel]
fn determinant(m: [[f64; 3]; 3]) -> f64 {
    let [[a, b, c], [d, e, f], [g, h, i]] = m;
    a * (e * i - f * h) - b * (d * i - f * g) + c * (d * h - e * g)
}

#[kernel]
fn codes(words: &[[u8; 2]]) -> usize {
    let mut total = 0;
    for word in words {
        total += match *word {
            [b'a', b'b'] => 1,
            [b'a', other] if other > b'b' => 2,
            [_, b'a'..=b'c'] => 3,
            _ => 4,
        };
    }
    total
}

#[kernel]
fn both(x: Option<f64>, y: Option<f64>) -> f64 {
    let (Some(a), Some(b)) = (x, y) else { return -1.0 };
    a * b
}

#[kernel]
fn sides(x: &[f64], out: &mut [f64]) {
    for i in prange(0..out.len()) {
        out[i] = match x[i..i + 3] {
            [a, b, c] if b > a && b > c => b,
            [a, _, c] => 0.5 * (a + c),
            _ => f64::NAN,
        };
    }
}

#[test]
fn patterns_take_arrays_apart() {
    for n in [0, 1, 2, 3, 4, 50] {
        let x: Vec<f64> = (0..n).map(|i| f64::from(i * 37 % 11)).collect();
        let (numbers, bytes): (Vec<i32>, Vec<u8>) = x.iter().map(|v| (*v as i32, *v as u8)).unzip();
        exactly!(ends(&x));
        exactly!(inside(&x));
        exactly!(behind(&numbers));
        exactly!(differences(&x));
        exactly!(falls(&x));
        exactly!(packed(&bytes));
        exactly!(sides(&x, &mut out) with out = vec![0.0; x.len().saturating_sub(2)]);
    }
    exactly!(determinant([[1.0, 2.0, 0.5], [3.0, 1.0, 2.0], [0.0, 1.0, 4.0]]));
    exactly!(codes(&[*b"ab", *b"ac", *b"aa", *b"xb", *b"xy"]));
    exactly!(both(Some(2.0), Some(3.5)));
    exactly!(both(None, Some(3.5)));
    exactly!(both(Some(2.0), None));
}
