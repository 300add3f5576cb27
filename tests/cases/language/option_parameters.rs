//! Options as parameters, and options in variables that are changed where they are.

use crate::cases::ways::exactly;
use parfuse::prelude::*;

#[derive(Clone, Copy, Debug, PartialEq, KernelData)]
struct Window {
    low: f64,
    high: f64,
}

#[kernel]
fn peaks(x: &[f64], limit: Option<f64>) -> Vec<usize> {
    let mut found = Vec::new();
    for i in 1..x.len() - 1 {
        if x[i] > x[i - 1] && x[i] >= x[i + 1] {
            if let Some(limit) = limit
                && x[i] < limit
            {
                continue;
            }
            found.push(i);
        }
    }
    found
}

#[kernel]
fn clamped(x: &[f64], window: Option<Window>, scale: Option<(f64, i32)>, last: Option<usize>) -> f64 {
    let last = last.unwrap_or(x.len());
    let mut total = 0.0;
    for i in prange(0..last) {
        let v = window.map_or(x[i], |w| x[i].clamp(w.low, w.high));
        total += match scale {
            Some((factor, power)) => v * factor.powi(power),
            None => v,
        };
    }
    total
}

#[kernel]
fn helper(x: f64, least: Option<f64>) -> f64 {
    least.map_or(x, |least| x.max(least))
}

#[kernel]
fn passed_on(x: &[f64], least: Option<f64>) -> f64 {
    let mut total = 0.0;
    for &v in x {
        total += helper(v, least) + helper(v, None) + helper(v, Some(0.25));
    }
    total
}

#[kernel]
fn changed_in_place(x: &[f64]) -> (f64, f64, f64) {
    let mut best: Option<f64> = None;
    let mut sums: Option<(f64, f64)> = None;
    let mut window: Option<Window> = None;
    for &v in x {
        if let Some(b) = best.as_mut() {
            if v > *b {
                *b = v;
            }
        } else {
            best = Some(v);
        }
        match &mut sums {
            Some((sum, squares)) => {
                *sum += v;
                *squares += v * v;
            }
            None => sums = Some((v, v * v)),
        }
        if let Some(w) = &mut window {
            w.low = w.low.min(v);
            w.high = w.high.max(v);
        } else {
            window = Some(Window { low: v, high: v });
        }
    }
    let (sum, squares) = sums.unwrap_or((0.0, 0.0));
    (best.unwrap_or(-1.0), sum + squares, window.map_or(0.0, |w| w.high - w.low))
}

#[kernel]
fn references(x: &[f64]) -> (f64, f64) {
    let (mut low, mut high) = (0.0, 0.0);
    for &v in x {
        let side = if v < 0.5 { 1.0 } else { 2.0 };
        let total = &mut low;
        *total += v * side;
        let other = &mut high;
        *other = f64::max(*other, v);
    }
    let sum = &low;
    (*sum + high, *sum)
}

#[test]
fn options_are_passed_and_changed() {
    for n in [3, 10, 1000] {
        let x: Vec<f64> = (0..n).map(|i| f64::from(i * 37 % 101) / 101.0).collect();
        exactly!(peaks(&x, Some(0.7)));
        exactly!(peaks(&x, None));
        for window in [None, Some(Window { low: 0.2, high: 0.6 })] {
            exactly!(clamped(&x[..3], window, None, Some(2)));
            exactly!(clamped(&x[..3], window, Some((0.5, 3)), None));
        }
        exactly!(passed_on(&x, None));
        exactly!(passed_on(&x, Some(0.5)));
        exactly!(changed_in_place(&x));
        exactly!(references(&x));
    }
    exactly!(changed_in_place(&[]));
}

#[kernel]
fn moved_reference(x: f64, y: f64) -> f64 {
    let (mut a, mut b) = (x, y);
    let mut r = &mut a;
    *r += 1.0;
    if x > y {
        r = &mut b;
    }
    *r += 2.0;
    a + b
}

#[test]
fn a_reference_refers_to_one_number() {
    assert_eq!(moved_reference(1.0, 0.0), 4.0);
    let error = moved_reference::kernel().check().unwrap_err().to_string();
    assert!(error.contains("refers to the same one for good"), "{error}");
}

#[kernel]
fn several_references(x: f64, y: f64) -> (f64, f64) {
    let (mut low, mut high) = (x, y);
    {
        let (p, q) = (&mut low, &mut high);
        *p -= 1.0;
        *q *= 3.0;
    }
    let mut best = Some(low);
    *best.as_mut().unwrap() += high;
    (low * high, best.unwrap())
}

#[test]
fn references_in_tuples_and_of_options() {
    exactly!(several_references(2.5, -1.0));
}
