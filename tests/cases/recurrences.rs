//! Loops whose iterations need the one before: elements that are carried in registers, checksums, short loops inside.

use super::ways::every_way;
use ndarray::{Array1, Array2, ArrayRef1, ArrayRef2, s};
use parfuse::prelude::*;

fn numbers(n: usize) -> Array1<f64> {
    Array1::from_shape_fn(n, |i| (i as f64 * 0.754_877_666) % 1.0)
}

fn bytes(n: usize) -> Array1<u8> {
    Array1::from_shape_fn(n, |i| (i * i + 7 * i / 3) as u8)
}

// Elements that were stored one or several iterations ago.

#[kernel]
fn two_before(a: &mut ArrayRef1<f64>) {
    for i in 2..a.len() {
        a[i] = 0.5 * a[i - 1] + 0.25 * a[i - 2] + a[i];
    }
}

#[kernel]
fn four_before(a: &mut ArrayRef1<i16>) {
    for i in 4..a.len() {
        a[i] = a[i].wrapping_add(a[i - 4].wrapping_mul(3));
    }
}

#[kernel]
fn from_behind(a: &mut ArrayRef1<f32>, k: usize) {
    for i in (0..a.len() - k).rev() {
        if a[i] > 0.5 {
            a[i + k] += 1.0;
        }
        a[i] = a[i] - a[i + 1] * 0.5;
    }
}

#[kernel]
fn longest_common(a: &ArrayRef1<u8>, b: &ArrayRef1<u8>, d: &mut ArrayRef2<u16>) {
    for i in 1..=a.len() {
        for j in 1..=b.len() {
            d[[i, j]] =
                if a[i - 1] == b[j - 1] { d[[i - 1, j - 1]] + 1 } else { d[[i - 1, j]].max(d[[i, j - 1]]) };
        }
    }
}

#[kernel]
fn rows_of_sums(a: &mut ArrayRef2<f64>) {
    for i in prange(0..a.nrows()) {
        for j in 1..a.ncols() {
            a[[i, j]] += a[[i, j - 1]];
        }
    }
}

/// The first iterations find that the element before the first is none.
#[kernel]
fn from_the_start(a: &mut ArrayRef1<f64>, start: usize) {
    for i in start..a.len() {
        if i > 0 {
            a[i] = a[i] * 0.5 + a[i - 1];
        } else {
            a[i] = 1.0;
        }
    }
}

#[test]
fn elements_carried_from_iteration_to_iteration_agree_with_the_function() {
    for n in [2, 3, 4, 5, 17, 64] {
        every_way!(two_before(&mut a) with a = numbers(n));
        every_way!(four_before(&mut a) with a = Array1::from_shape_fn(n + 2, |i| (i * 7919) as i16));
        every_way!(from_the_start(&mut a, 0) with a = numbers(n));
        every_way!(from_the_start(&mut a, 1) with a = numbers(n));
        let letters =
            [(1, 3), (2, 5)].map(|(salt, by)| Array1::from_shape_fn(n, |i| ((i * i + salt * i) % by) as u8));
        every_way!(longest_common(&letters[0], &letters[1], &mut d) with d = Array2::zeros((n + 1, n + 1)));
        every_way!(rows_of_sums(&mut a) with a = numbers(3 * n).into_shape_with_order((3, n)).unwrap());
    }
    for k in [1, 2] {
        every_way!(from_behind(&mut a, k) with a = numbers(19).mapv(|x| x as f32));
    }
}

#[test]
fn an_element_that_is_not_there_is_reported_as_before() {
    let mut a = Array1::<f64>::zeros(5);
    let mut empty = Array1::<f64>::zeros(0);
    assert!(two_before::serial(&mut a.slice_mut(s![..1])).is_ok());
    assert!(two_before::serial(&mut empty).is_ok());
    let mut d = Array2::<u16>::zeros((3, 4));
    let letters = bytes(6);
    let error = longest_common::serial(&letters, &letters, &mut d).unwrap_err().to_string();
    assert!(error.contains("index"), "{error}");
}

// Checksums, bit by bit.

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

/// With the highest bit first, in a word that is longer than the checksum.
#[kernel]
fn crc16(data: &ArrayRef1<u8>) -> u32 {
    let mut crc = 0xffffu32;
    for i in 0..data.len() {
        crc ^= (data[i] as u32) << 8;
        for _ in 0..8 {
            crc = if crc & 0x8000 != 0 { (crc << 1) ^ 0x1021 } else { crc << 1 };
        }
        crc &= 0xffff;
    }
    crc
}

#[kernel]
fn crc8(data: &ArrayRef1<u8>) -> u8 {
    let mut crc = 0u8;
    for i in 0..data.len() {
        crc ^= data[i];
        for _ in 0..4 {
            crc = (crc << 1) ^ ((crc >> 7) * 0x07);
        }
        for _ in 0..4 {
            crc = (crc << 1) ^ ((crc >> 7) * 0x07);
        }
    }
    crc
}

#[kernel]
fn crc64(data: &ArrayRef2<u8>, sums: &mut ArrayRef1<u64>) {
    for i in 0..data.nrows() {
        let mut crc = u64::MAX;
        for j in 0..data.ncols() {
            crc ^= data[[i, j]] as u64;
            for _ in 0..8 {
                crc = (crc >> 1) ^ (0u64.wrapping_sub(crc & 1) & 0xd800000000000000);
            }
        }
        sums[i] = crc;
    }
}

#[test]
fn checksums_agree_with_the_function_for_few_bytes_and_many() {
    for n in [0, 1, 9, 1023, 1024, 5000] {
        let data = bytes(n);
        every_way!(crc32(&data));
        every_way!(crc16(&data));
        every_way!(crc8(&data));
        let rows = Array2::from_shape_fn((3, n), |(i, j)| (i * 5 + j * j) as u8);
        every_way!(crc64(&rows, &mut sums) with sums = Array1::zeros(3));
    }
    let every_other = bytes(4000);
    every_way!(crc32(&every_other.slice(s![..;-2])));
}

#[test]
fn the_known_checksum() {
    let text = Array1::from_vec(b"123456789".repeat(200));
    let start: Array1<u8> = text.slice(s![..9]).to_owned();
    assert_eq!(crc32::serial(&start).unwrap(), 0xcbf43926);
    assert_eq!(crc32::serial(&text).unwrap(), crc32(&text));
}

// Loops of known length.

#[kernel]
fn small_products(a: &ArrayRef2<f64>, x: &ArrayRef1<f64>, y: &mut ArrayRef1<f64>) {
    for i in 0..a.nrows() {
        let mut sum = 0.0;
        for j in 0..4 {
            for k in 0..2 {
                if a[[i, j]] > 0.3 {
                    sum += a[[i, j]] * x[2 * j + k];
                } else {
                    sum -= x[k];
                }
            }
        }
        y[i] = sum;
    }
}

#[test]
fn short_loops_agree_with_the_function() {
    let (a, x) = (numbers(28).into_shape_with_order((7, 4)).unwrap(), numbers(8));
    every_way!(small_products(&a, &x, &mut y) with y = Array1::zeros(7));
    let mut y = Array1::zeros(7);
    let error = small_products::serial(&a, &x.slice(s![..7]), &mut y).unwrap_err().to_string();
    assert!(error.contains("index"), "{error}");
}
