//! Bits that are cut out of numbers and put elsewhere.

use crate::cases::ways::exactly;
use ndarray::{Array1, ArrayRef1};
use parfuse::prelude::*;

/// Bits of two coordinates interleaved (Morton's order).
#[kernel]
fn interleaved(x: &ArrayRef1<u32>, y: &ArrayRef1<u32>) -> Array1<u64> {
    let mut out = Array1::<u64>::zeros(x.len());
    for i in 0..x.len() {
        let mut code = 0u64;
        for b in 0..16 {
            code |= (((x[i] >> b) & 1) as u64) << (2 * b);
            code |= (((y[i] >> b) & 1) as u64) << (2 * b + 1);
        }
        out[i] = code;
    }
    out
}

/// Bytes from the last to the first.
#[kernel]
fn swapped(x: &ArrayRef1<i32>) -> Array1<i32> {
    x.mapv(|n| ((n >> 24) & 255) | ((n >> 8) & 0xff00) | ((n << 8) & 0xff_0000) | ((n & 255) << 24))
}

/// The bits of bytes turned around, and the upper ones of signed numbers put into the lower half of wider ones.
#[kernel]
fn turned(x: &ArrayRef1<u8>, y: &ArrayRef1<i16>) -> (Array1<u8>, Array1<i64>) {
    let (mut turned, mut wide) = (Array1::<u8>::zeros(x.len()), Array1::<i64>::zeros(y.len()));
    for i in prange(0..x.len()) {
        let mut bits = 0u8;
        for b in 0..8 {
            bits |= ((x[i] >> b) & 1) << (7 - b);
        }
        turned[i] = bits;
        wide[i] = (((y[i] >> 9) & 63) as i64) << 3
            | (((y[i] >> 12) & 15) as i64) << 20
            | ((y[i] as i64 >> 3) & 7) << 60;
    }
    (turned, wide)
}

#[test]
fn bits_go_where_they_are_put() {
    for n in [1, 5, 16, 83] {
        let x = Array1::from_shape_fn(n, |i| (i as u32).wrapping_mul(0x9e37_79b9) ^ 0x8000_0001);
        let y = x.mapv(|x| x.rotate_left(13));
        exactly!(interleaved(&x, &y));
        exactly!(swapped(&x.mapv(|x| x as i32)));
        exactly!(turned(&x.mapv(|x| x as u8), &y.mapv(|y| y as i16)));
    }
}
