//! Data that a kernel keeps to itself: tuples, arrays of fixed lengths and rows of them.

use crate::cases::ways::exactly;
use ndarray::{Array1, ArrayRef1, array};
use parfuse::prelude::*;

#[kernel]
fn tuples(n: usize) -> (u64, u64, f64) {
    let (mut a, mut b) = (0u64, 1u64);
    let mut pair = (1.0, 2.0);
    for i in 0..n {
        (a, b) = (b, a + b);
        pair = (pair.1, pair.0 + i as f64);
        pair.0 += 1.0;
        std::mem::swap(&mut pair.0, &mut pair.1);
    }
    (a, b, pair.0 * pair.1)
}

#[kernel]
fn nested(x: f64) -> f64 {
    let mut all = ((x, 1i32), [x, 2.0]);
    all.0.1 += 3;
    all.1[0] = 7.0;
    let ((y, k), a) = all;
    y * k as f64 + a[0] + a[1]
}

#[test]
fn tuples_are_set_part_by_part_and_change_places() {
    for n in [0, 1, 10] {
        exactly!(tuples(n));
    }
    exactly!(nested(2.0));
}

#[kernel]
fn windows(a: &ArrayRef1<f64>) -> Array1<f64> {
    let mut out = Array1::zeros(a.len());
    for i in prange(0..a.len()) {
        let mut w = [0.0; 4];
        for k in 0..4 {
            w[k] = a[i] * k as f64;
        }
        w[3] += w[1];
        let [p, q, r, s] = w;
        out[i] = p + q * r - s;
    }
    out
}

#[kernel]
fn rows(x: f64) -> f64 {
    let mut m = [[1.0, x], [2.0, 3.0]];
    m[0][1] += 1.0;
    m[1][0] = m[0][1] * 2.0;
    let n = m;
    m[0][0] = 9.0;
    let mut product = [[0.0; 2]; 2];
    for i in 0..2 {
        for j in 0..2 {
            for k in 0..2 {
                product[i][j] += m[i][k] * n[k][j];
            }
        }
    }
    product[0][0] + product[1][1] * product[0][1]
}

#[kernel]
fn taken_apart(x: f64) -> f64 {
    let [a, b] = [x, x + 1.0];
    let [c, .., d] = [1.0, 2.0, 3.0, x];
    let [.., e, _] = [c, d, x * x, 0.0];
    a * b + c - d + e
}

#[test]
fn fixed_arrays_are_indexed_set_and_taken_apart() {
    for n in [1, 3, 1000] {
        exactly!(windows(&Array1::linspace(-1.0, 1.0, n)));
    }
    exactly!(rows(2.0));
    exactly!(taken_apart(2.5));
}

#[kernel]
fn dot(a: [f64; 3], b: &[f64; 3]) -> f64 {
    a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
}

#[kernel]
fn scale<const N: usize>(a: &mut [f64; N], k: f64) {
    for i in 0..N {
        a[i] *= k;
    }
}

#[kernel]
fn cross(a: [f64; 3], mut b: [f64; 3]) -> [f64; 3] {
    b[0] += 0.5;
    [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]]
}

#[kernel]
fn transposed(m: &[[i32; 3]; 2]) -> [[i32; 2]; 3] {
    let mut t = [[0; 2]; 3];
    for i in 0..2 {
        for j in 0..3 {
            t[j][i] = m[i][j];
        }
    }
    t
}

#[kernel]
fn calls(x: f64) -> f64 {
    let a = [x, 1.0, 2.0];
    let own = [0.5, x, 1.0];
    let mut b = cross(a, own);
    scale::<3>(&mut b, 2.0);
    dot(a, &b) + own[0] + b.len() as f64 + b.iter().sum::<f64>()
}

#[test]
fn fixed_arrays_are_parameters_and_results() {
    exactly!(calls(2.0));
    assert_eq!(exactly!(dot([1.0, 2.0, 3.0], &[4.0, 5.0, 6.0])).0, 32.0);
    exactly!(cross([1.0, 2.0, 3.0], [4.0, 5.0, 6.0]));
    exactly!(transposed(&[[1, 2, 3], [4, 5, 6]]));
    let mut a = [1.0, 2.0, 3.0, 4.0];
    scale::<4>::parallel(&mut a, 3.0).unwrap();
    assert_eq!(a, [3.0, 6.0, 9.0, 12.0]);
    let mut into = [0.0; 3];
    cross::serial_into([1.0, 2.0, 3.0], [4.0, 5.0, 6.0], &mut into).unwrap();
    assert_eq!(into, cross([1.0, 2.0, 3.0], [4.0, 5.0, 6.0]));
    assert!(transposed::compare(&[[1, 2, 3], [4, 5, 6]]).unwrap().agrees());
}

#[kernel]
fn exchanged(n: usize) -> Array1<f64> {
    let mut a = [1.0, 2.0, 3.0];
    let mut b = [4.0, 5.0, 6.0];
    for _ in 0..n {
        (a, b) = (b, a);
        a.swap(0, 2);
        b[1] += a[0];
    }
    array![a[0], a[1], a[2], b[0], b[1], b[2]]
}

#[test]
fn fixed_arrays_change_places() {
    for n in [0, 1, 3] {
        exactly!(exchanged(n));
    }
}
