//! Bits of floats, conversions between numbers, fixed arrays made by a closure.

use crate::cases::ways::{error_of, exactly};
use ndarray::{Array1, ArrayRef1};
use parfuse::prelude::*;

#[kernel]
fn fast_inverse_sqrt(x: &ArrayRef1<f32>) -> Array1<f32> {
    x.mapv(|v| {
        let y = f32::from_bits(0x5f3759df - (v.to_bits() >> 1));
        y * (1.5 - 0.5 * v * y * y)
    })
}

#[kernel]
fn exponents(x: &[f64]) -> Vec<i64> {
    let mut out = vec![0; x.len()];
    for i in prange(0..x.len()) {
        let bits = x[i].to_bits();
        out[i] = ((bits >> 52) & 0x7ff) as i64 - 1023;
    }
    out
}

#[kernel]
fn keys(x: &[f64]) -> Vec<u64> {
    x.iter()
        .map(|v| {
            let b = v.to_bits();
            if b >> 63 == 1 { !b } else { b | (1 << 63) }
        })
        .collect()
}

#[kernel]
fn radix_key_back(x: &[u64]) -> Vec<f64> {
    x.iter().map(|&k| f64::from_bits(if k >> 63 == 1 { k & !(1 << 63) } else { !k })).collect()
}

#[kernel]
fn conversions(a: i32, b: u8, c: f32) -> (f64, i64, f64, usize) {
    let x: f64 = a.into();
    let y = i64::from(a) + i64::from(b);
    let z: f64 = f64::from(c) + f64::from(b);
    let n: usize = a.try_into().unwrap();
    let m = u32::try_from(a).unwrap();
    (x, y, z, n + usize::try_from(a).unwrap() + m as usize)
}

#[kernel]
fn fallible(a: i64) -> Option<u8> {
    u8::try_from(a).ok()
}

#[kernel]
fn from_fns(x: &[f64]) -> [f64; 4] {
    let w: [f64; 4] = std::array::from_fn(|i| (i + 1) as f64);
    let s: f64 = w.iter().sum();
    std::array::from_fn(|i| w[i] * x[i] / s)
}

#[kernel]
fn literals(x: &[f64]) -> f64 {
    let k: f64 = 3.into();
    x.iter().map(|v| v * k).sum()
}

#[test]
fn conversions_are_the_standard_librarys() {
    let x: Vec<f64> = (0..1000)
        .map(|i| (i as f64 - 500.0) * 1.37e-3 * (1u64 << (i % 60)) as f64)
        .chain([0.0, -0.0, f64::INFINITY, f64::NAN, -f64::NAN])
        .collect();
    exactly!(fast_inverse_sqrt(&Array1::from_shape_fn(1000, |i| i as f32 + 0.5)));
    exactly!(exponents(&x));
    exactly!(keys(&x));
    let k = keys(&x[..1003]);
    exactly!(radix_key_back(&k));
    exactly!(conversions(7, 200, 0.5));
    for a in [-1, 0, 255, 256, i64::MIN] {
        exactly!(fallible(a));
    }
    exactly!(from_fns(&x));
    exactly!(literals(&x[..900]));
    exactly!(totals(&x));
    let error = error_of!(conversions(-7, 200, 0.5)).to_string();
    assert!(error.contains("that has no value"), "{error}");
}
#[kernel]
fn totals(x: &[f64]) -> (Vec<bool>, Vec<u64>) {
    let mut v = x.to_vec();
    v.sort_by(f64::total_cmp);
    (x.iter().map(|a| a.total_cmp(&x[3]).is_lt()).collect(), v.iter().map(|x| x.to_bits()).collect())
}
