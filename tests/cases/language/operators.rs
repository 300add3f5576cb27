//! Every operator in its compound and whole-array forms.

use crate::cases::ways::{SIZES, every_way};
use ndarray::{Array1, Array2, ArrayRef1};
use parfuse::prelude::*;

#[kernel]
fn compound_scalars(x: i64, y: i64) -> i64 {
    let mut a = x;
    a += y;
    a -= 3;
    a *= 5;
    a /= 7;
    a %= 1000;
    a &= 0x3ff;
    a |= 16;
    a ^= y;
    a <<= 2;
    a >>= 1;
    a
}

#[kernel]
fn compound_elements(a: &mut ArrayRef1<i64>, b: &ArrayRef1<i64>) {
    for i in prange(0..a.len()) {
        a[i] += b[i];
        a[i] -= 3;
        a[i] *= 5;
        a[i] /= 7;
        a[i] %= 1000;
        a[i] &= 0x3ff;
        a[i] |= 16;
        a[i] ^= b[i];
        a[i] <<= 2;
        a[i] >>= 1;
    }
}

#[kernel]
fn compound_truths(a: &mut ArrayRef1<bool>, b: &ArrayRef1<bool>) {
    for i in prange(0..a.len()) {
        a[i] &= b[i];
        a[i] |= i % 3 == 0;
        a[i] ^= !b[i];
    }
}

#[kernel]
fn whole_integers(a: &Array1<i64>, b: &Array1<i64>) -> (Array1<i64>, Array1<i64>, Array1<i64>) {
    let arithmetic = a + b * 2 - a * b / 3 + (a - 7) % 5;
    let bits = (a & b) | (a ^ 12);
    let shifted = -(a << 2) + (b >> 1) + !bits.clone();
    (arithmetic, bits, shifted)
}

#[kernel]
fn whole_truths(a: &Array1<bool>, b: &Array1<bool>) -> (Array1<bool>, Array1<bool>) {
    let both = a & b;
    ((a | b) ^ &both, !both)
}

#[kernel]
fn scalar_on_each_side(a: &ArrayRef1<f64>, x: f64) -> Array1<f64> {
    let n = a.len() as f64;
    (x - a) * (a - x) + (x / (a + 10.0)) - (n * a) / x + -a
}

#[kernel]
fn compound_wholes(a: &mut Array1<i64>, b: &Array1<i64>, m: &mut Array2<f64>, x: f64) {
    *a += b;
    *a -= 1;
    *a *= b;
    *a &= 0xffff;
    *a |= b;
    *a ^= 5;
    *m += x;
    *m -= 1.0;
    *m *= x;
    *m /= 3.0;
}

#[test]
fn compound_assignments_and_whole_array_operators() {
    for (x, y) in [(0, 0), (1, 2), (-5, 9), (123_456, -789)] {
        every_way!(compound_scalars(x, y));
    }
    for n in SIZES {
        let a = Array1::from_shape_fn(n, |i| (i as i64 * 37) % 211 - 100);
        let b = Array1::from_shape_fn(n, |i| (i as i64 * 53) % 97 - 40);
        every_way!(compound_elements(&mut a, &b) with a = a.clone());
        let (p, q) = (a.mapv(|x| x > 0), b.mapv(|x| x % 2 == 0));
        every_way!(compound_truths(&mut p, &q) with p = p.clone());
        every_way!(whole_integers(&a, &b));
        every_way!(whole_truths(&p, &q));
        every_way!(scalar_on_each_side(&a.mapv(|x| x as f64 + 200.5), 1.5));
        let m = Array2::from_shape_fn((n / 3, 3), |(i, j)| (i + j) as f64);
        every_way!(compound_wholes(&mut a, &b, &mut m, 1.5) with a = a.clone(), m = m.clone());
    }
}
