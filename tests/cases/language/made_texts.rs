//! Texts that kernels make and return, `format!("{x} at {i}")`: those of the function, to the letter.

use crate::cases::ways::{every_way, exactly};
use parfuse::prelude::*;

#[kernel]
fn field(text: &[u8], line: usize) -> Result<i64, String> {
    if text.is_empty() {
        return Err("empty field".to_string());
    }
    let mut value = 0i64;
    for (i, &c) in text.iter().enumerate() {
        if !c.is_ascii_digit() {
            return Err(format!("line {line}: bad byte {:?} at {}", c, i + 1));
        }
        value = value * 10 + (c - b'0') as i64;
    }
    if value > 1000 {
        return Err(format!("{value} is too large"));
    }
    Ok(value)
}

#[kernel]
fn sum_of_fields(text: &[u8]) -> Result<i64, String> {
    let mut total = 0;
    for (line, part) in text.split(|&c| c == b',').enumerate() {
        total += field(part, line)?;
    }
    if total == 7 {
        return Err(String::from("seven {}"));
    }
    Ok(total)
}

#[kernel]
fn positive(x: f64) -> Result<f64, &'static str> {
    if x < 0.0 { Err("negative") } else { Ok(x) }
}

#[kernel]
fn root(x: f64) -> Result<f64, String> {
    let y = positive(x)?;
    if y > 100.0 {
        return Err(format!("{y:.3} and {y:e} {:8.2}| {{}}", -y));
    }
    Ok(y.sqrt())
}

#[kernel]
fn label(x: f32, is: bool, n: u64) -> String {
    if is { format!("x = {x}, {is}, {n}, {x:?}") } else { "nothing".into() }
}

#[kernel]
fn element(x: &[f64], i: usize) -> Result<f64, String> {
    x.get(i).copied().ok_or_else(|| format!("no element {i} of {}", x.len()))
}

#[kernel]
fn perhaps(n: i8) -> Option<String> {
    if n > 0 { Some(format!("{n}")) } else { None }
}

/// How many cannot be taken apart, in parallel.
#[kernel]
fn failures(n: usize) -> usize {
    let mut failed = 0;
    for i in prange(0..n) {
        if root(i as f64).is_err() {
            failed += 1;
        }
    }
    failed
}

#[test]
fn texts_are_those_of_the_function() {
    for text in ["12,13", "12,1x", "5000", "1,,2", "3,4", ""] {
        let _ = exactly!(sum_of_fields(text.as_bytes()));
    }
    for x in [-1.0, 16.0, 1234567.875, f64::INFINITY] {
        let _ = exactly!(root(x));
    }
    exactly!(label(0.1, true, u64::MAX));
    exactly!(label(0.1, false, 0));
    let _ = exactly!(element(&[1.0], 0));
    let _ = exactly!(element(&[1.0], 1));
    exactly!(perhaps(3));
    exactly!(perhaps(-3));
    every_way!(failures(200));
    let error: Result<f64, String> = Err("no element 3 of 1".into());
    assert_eq!(element::parallel(&[1.0], 3), Ok(error));
}
