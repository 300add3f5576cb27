//! Numbers as their bytes, and made of them.

use crate::cases::ways::{error_of, exactly};
use parfuse::prelude::*;

#[kernel]
fn as_bytes(x: &[u32], f: &[f64], i: &[i16]) -> Vec<u8> {
    let mut out = vec![];
    for v in x {
        out.extend_from_slice(&v.to_le_bytes());
        for b in v.to_be_bytes() {
            out.push(b);
        }
    }
    for v in f {
        out.extend(v.to_be_bytes());
    }
    for v in i {
        let bytes = v.to_ne_bytes();
        out.push(bytes[1]);
        out.push(bytes[0]);
    }
    out
}

#[kernel]
fn of_bytes(x: &[u8]) -> (Vec<u32>, Vec<u16>, i64, f64) {
    let words: Vec<u32> = x.chunks_exact(4).map(|c| u32::from_le_bytes(c.try_into().unwrap())).collect();
    let halves = x.chunks_exact(2).map(|c| u16::from_be_bytes([c[0], c[1]])).collect();
    let mut eight = [0u8; 8];
    eight.copy_from_slice(&x[3..11]);
    let number = f64::from_ne_bytes(x[..8].try_into().expect("eight bytes"));
    (words, halves, i64::from_le_bytes(eight), number)
}

#[kernel]
fn each_word(x: &[u8], out: &mut [u32]) {
    for i in prange(0..out.len()) {
        out[i] = u32::from_be_bytes(x[4 * i..4 * i + 4].try_into().unwrap());
    }
}

#[kernel]
fn whole(x: &[u8]) -> u32 {
    u32::from_le_bytes(x.try_into().unwrap())
}

#[test]
fn numbers_are_made_of_their_bytes() {
    exactly!(as_bytes(&[1, 0x1234_5678], &[1.5, -2.25], &[-3, 500]));
    let bytes: Vec<u8> = (0..40).map(|i| (i * 89 % 256) as u8).collect();
    exactly!(of_bytes(&bytes));
    exactly!(each_word(&bytes, &mut out) with out = vec![0; 10]);
    exactly!(whole(&bytes[..4]));
    let error = error_of!(whole(&bytes[..5]));
    assert!(error.to_string().contains("a number of 4 bytes is made of as many"), "{error}");
}
