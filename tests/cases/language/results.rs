//! Kernels that return a `Result`: `Ok`, `Err`, `?`, and what becomes of either.
// As people write it.
#![allow(clippy::unnecessary_lazy_evaluations, clippy::collapsible_if)]

use crate::cases::ways::{error_of, exactly};
use ndarray::{Array1, Array2, array};
use parfuse::prelude::*;

#[derive(Clone, Copy, Debug, PartialEq, KernelData)]
enum SolveError {
    Singular,
    NotSquare,
    Diverged,
}
#[kernel]
fn checked_div(a: i64, b: i64) -> Result<i64, &'static str> {
    if b == 0 {
        return Err("division by zero");
    }
    if a == i64::MIN && b == -1 { Err("overflow") } else { Ok(a / b) }
}
#[kernel]
fn chain(a: i64, b: i64, c: i64) -> Result<(i64, f64), &'static str> {
    let x = checked_div(a, b)?;
    let y = checked_div(x, c).map_err(|_| "second division")?;
    if y < 0 {
        Err("negative")?
    }
    Ok((y, (y as f64).sqrt()))
}
#[kernel]
fn solve(a: &Array2<f64>, b: &Array1<f64>) -> Result<Array1<f64>, SolveError> {
    let n = a.nrows();
    if n != a.ncols() || b.len() != n {
        return Err(SolveError::NotSquare);
    }
    let mut m = a.clone();
    let mut x = b.clone();
    for k in 0..n {
        let p = (k..n)
            .max_by(|&i, &j| m[[i, k]].abs().total_cmp(&m[[j, k]].abs()))
            .ok_or(SolveError::Singular)?;
        if m[[p, k]].abs() < 1e-12 {
            return Err(SolveError::Singular);
        }
        for j in 0..n {
            m.swap((k, j), (p, j));
        }
        x.swap(k, p);
        for i in k + 1..n {
            let f = m[[i, k]] / m[[k, k]];
            for j in k..n {
                m[[i, j]] -= f * m[[k, j]];
            }
            x[i] -= f * x[k];
        }
    }
    for i in (0..n).rev() {
        let s: f64 = (i + 1..n).map(|j| m[[i, j]] * x[j]).sum();
        x[i] = (x[i] - s) / m[[i, i]];
    }
    Ok(x)
}
#[kernel]
fn newton(c: f64, x0: f64) -> Result<(f64, usize), SolveError> {
    let mut x = x0;
    for k in 0..50 {
        let d = 2.0 * x;
        if d == 0.0 {
            return Err(SolveError::Singular);
        }
        let step = (x * x - c) / d;
        x -= step;
        if step.abs() < 1e-14 {
            return Ok((x, k));
        }
    }
    Err(SolveError::Diverged)
}
#[kernel]
fn use_newton(cs: &[f64]) -> (Vec<f64>, usize, i32) {
    let mut bad = 0;
    let mut out = Vec::new();
    let mut code = 0;
    for &c in cs {
        match newton(c, 1.0) {
            Ok((x, _)) => out.push(x),
            Err(SolveError::Singular) => code += 1,
            Err(e) => {
                bad += 1;
                code += 10 * e as i32;
            }
        }
        if let Ok((x, k)) = newton(c, 0.5) {
            if k > 3 {
                out.push(-x);
            }
        }
        if let Err(e) = newton(c, 0.0) {
            code += e as i32 + 100;
        }
        let Ok((y, _)) = newton(c, 2.0) else { continue };
        out.push(newton(c, 3.0).map(|p| p.0).unwrap_or(y));
        out.push(newton(c, 0.0).map_or_else(|e| e as i32 as f64, |p| p.0));
        out.push(newton(c, 0.0).or_else(|_| newton(c, 7.0)).unwrap().0);
        if newton(c, 1.0).is_err() || newton(c, 1.0).is_ok_and(|p| p.1 > 4) {
            bad += 100;
        }
    }
    (out, bad, code)
}
#[kernel]
fn parse(text: &[u8]) -> Result<Vec<i32>, usize> {
    let mut out = vec![];
    let mut cur: Option<i32> = None;
    for (i, &c) in text.iter().enumerate() {
        match c {
            b'0'..=b'9' => cur = Some(cur.unwrap_or(0) * 10 + (c - b'0') as i32),
            b' ' => {
                if let Some(v) = cur.take() {
                    out.push(v);
                }
            }
            _ => return Err(i),
        }
    }
    if let Some(v) = cur {
        out.push(v);
    }
    Ok(out)
}
#[kernel]
fn validate(x: &[f64]) -> Result<(), &'static str> {
    if x.is_empty() {
        return Err("empty");
    }
    for &v in x {
        if v.is_nan() {
            return Err("not a number");
        }
    }
    Ok(())
}
#[kernel]
fn validated_mean(x: &[f64]) -> Result<f64, &'static str> {
    validate(x)?;
    Ok(x.iter().sum::<f64>() / x.len() as f64)
}
#[kernel]
fn grade(x: f64) -> &'static str {
    match x {
        v if v >= 90.0 => "A",
        v if v >= 80.0 => "B",
        _ => "F",
    }
}
#[kernel]
fn opt_chain(x: &[f64], k: usize) -> Result<f64, &'static str> {
    let first = x.first().ok_or("nothing there")?;
    let v = x.get(k).copied().ok_or_else(|| "too few")?;
    let r: f64 = if v > *first { Ok(v) } else { Err("descending") }?;
    checked_div(r as i64, 2).map(|q| q as f64).and_then(|q| if q > 1.0 { Ok(q) } else { Err("small") })
}
#[kernel]
fn in_prange(a: &[i64], b: &[i64]) -> (Vec<i64>, usize) {
    let mut out = vec![0; a.len()];
    let mut fails = 0;
    for i in prange(0..a.len()) {
        match checked_div(a[i], b[i]) {
            Ok(v) => out[i] = v,
            Err(_) => fails += 1,
        }
    }
    (out, fails)
}
#[kernel]
fn stored(a: i64, b: i64) -> i64 {
    let mut r = checked_div(a, b);
    if r.is_err() {
        r = checked_div(a, 1);
    }
    let e = checked_div(a, 0).unwrap_err();
    let same = e == "division by zero";
    r.unwrap_or(-1)
        + same as i64
        + r.ok().unwrap_or(3)
        + match checked_div(a, 0) {
            Err("overflow") => 1000,
            Err("division by zero") => 100,
            _ => 0,
        }
}
#[kernel]
fn bytes_to(xs: &[i32]) -> Result<Vec<u8>, &'static str> {
    let mut v = Vec::new();
    for &x in xs {
        v.push(u8::try_from(x).map_err(|_| "out of range")?);
    }
    Ok(v)
}

/// A value of several parts beside an error that is a struct.
#[derive(Clone, Copy, Debug, PartialEq, KernelData)]
struct Trouble {
    line: usize,
    by: f64,
}

#[kernel]
fn smoothed(x: &[f64], limit: f64) -> Result<(Vec<f64>, Option<usize>), Trouble> {
    let mut out = vec![x.first().copied().ok_or(Trouble { line: 0, by: 0.0 })?];
    let close = |i: usize| -> Result<f64, Trouble> {
        let by = (x[i] - x[i - 1]).abs();
        if by > limit { Err(Trouble { line: i, by }) } else { Ok(0.5 * (x[i] + x[i - 1])) }
    };
    for i in 1..x.len() {
        out.push(close(i)?);
    }
    Ok((out, x.iter().position(|&v| v == 0.0)))
}

#[test]
fn kernels_return_results() {
    for (a, b) in [(7, 2), (1, 0), (i64::MIN, -1)] {
        let _ = exactly!(checked_div(a, b));
        let _ = exactly!(chain(a, b, 2));
        let _ = exactly!(chain(a, 2, b));
        let _ = exactly!(stored(a, 3));
    }
    let _ = exactly!(chain(-100, 2, 3));
    let a = array![[2.0, 1.0], [1.0, 3.0]];
    let _ = exactly!(solve(&a, &array![3.0, 5.0]));
    let _ = exactly!(solve(&array![[1.0, 2.0], [2.0, 4.0]], &array![3.0, 5.0]));
    let _ = exactly!(solve(&a, &array![3.0]));
    for (c, x) in [(2.0, 1.0), (2.0, 0.0), (-2.0, 1.0)] {
        let _ = exactly!(newton(c, x));
    }
    for text in ["12 3 456", "12 x", ""] {
        let _ = exactly!(parse(text.as_bytes()));
    }
    for x in [&[1.0, 2.5][..], &[], &[1.0, f64::NAN]] {
        let _ = exactly!(validate(x));
        let _ = exactly!(validated_mean(x));
    }
    for (x, limit) in [(&[1.0, 2.0, 0.0, 4.0][..], 10.0), (&[1.0, 2.0, 0.0, 4.0], 1.5), (&[], 1.0)] {
        let _ = exactly!(smoothed(x, limit));
    }
}

#[test]
fn results_are_taken_apart() {
    let _ = exactly!(use_newton(&[2.0, 9.0, 2.5]));
    for (x, k) in [(&[][..], 0), (&[1.0, 5.0], 1), (&[1.0, 0.0], 1), (&[1.0], 1), (&[1.0, 2.0], 1)] {
        let _ = exactly!(opt_chain(x, k));
    }
    let _ = exactly!(in_prange(&[1, 2, 3, 10], &[1, 0, 2, 3]));
    let _ = exactly!(bytes_to(&[1, 2, 255]));
    let _ = exactly!(bytes_to(&[1, 256]));
    for x in [95.0, 85.0, 1.0] {
        let _ = exactly!(grade(x));
    }
}

#[kernel]
fn certain(a: i64) -> i64 {
    checked_div(a, 0).unwrap()
}

#[test]
fn what_is_not_there_is_an_error_of_the_call() {
    assert!(matches!(error_of!(certain(1)), Error::NoValue { .. }));
    let mut into = Ok(3);
    checked_div::serial_into(1, 0, &mut into).unwrap();
    assert_eq!(into, Err("division by zero"));
}

#[kernel]
fn place_of(v: &[i64], x: i64) -> Result<usize, usize> {
    v.binary_search(&x)
}

#[kernel]
fn places_of(v: &[i64], x: i64) -> (Result<usize, usize>, usize) {
    let found = v.binary_search(&x);
    let place = match found {
        Ok(i) => i,
        Err(i) => i + 100,
    };
    (found, place)
}

#[test]
fn searches_are_returned_as_they_are() {
    for x in [0, 3, 4, 9] {
        let _ = exactly!(place_of(&[1, 3, 7], x));
        let _ = exactly!(places_of(&[1, 3, 7], x));
    }
}
