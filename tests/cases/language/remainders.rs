//! `%` of floats, and what is made of it: exact, whatever the quotient, in lanes and in scalar code.

use crate::cases::ways::{every_way, exactly};
use ndarray::{Array1, Array2, ArrayRef1, array};
use num_traits::Float;
use parfuse::prelude::*;

#[kernel]
fn remainders<T: Float>(a: &ArrayRef1<T>, b: &ArrayRef1<T>) -> Array2<T> {
    let n = a.len();
    let mut r = Array2::<T>::zeros((n, 3));
    for i in prange(0..n) {
        let (x, y) = (a[i], b[i]);
        r[[i, 0]] = x % y;
        r[[i, 1]] = x % T::from(0.75).unwrap();
        r[[i, 2]] = if x > T::zero() { -x % y } else { y % x };
    }
    r
}

#[kernel]
fn euclidean(a: &ArrayRef1<f64>, b: &ArrayRef1<f64>) -> Array2<f64> {
    let n = a.len();
    let mut r = Array2::<f64>::zeros((n, 2));
    for i in prange(0..n) {
        r[[i, 0]] = a[i].rem_euclid(b[i]);
        r[[i, 1]] = a[i].div_euclid(b[i]);
    }
    r
}

/// Step after step, hence in scalar code.
#[kernel]
fn standard_map(p: f64, x: f64, k: f64, steps: usize) -> (f64, f64) {
    let (mut p, mut x) = (p, x);
    for _ in 0..steps {
        p = (p + k * (x * x - 0.25)) % 1.0;
        x = (x + p).rem_euclid(1.0);
    }
    (p, x)
}

#[kernel]
fn in_box(a: &ArrayRef1<f64>, b: &ArrayRef1<f64>, side: f64) -> (Array1<f64>, Array1<f64>) {
    let mut wrapped = a % b;
    wrapped %= side;
    (wrapped, (a - b) % side)
}

fn hard() -> Array1<f64> {
    let ordinary = [0.3, -0.3, 1.0, -2.5, 7.0, 1e3, 123456.789, -9.75];
    let far = [1e17, -3e30, 1e300, f64::MAX, 1e-300, f64::MIN_POSITIVE, f64::from_bits(5), -1e-310];
    let special = [0.0, -0.0, f64::INFINITY, f64::NEG_INFINITY, f64::NAN];
    ordinary.into_iter().chain(far).chain(special).collect()
}

#[test]
fn remainders_of_floats_are_those_of_rust() {
    let a = hard();
    for rotation in 0..a.len() {
        let b = Array1::from_shape_fn(a.len(), |i| a[(i + rotation) % a.len()]);
        every_way!(remainders(&a, &b));
        every_way!(remainders(&a.mapv(|x| x as f32), &b.mapv(|x| x as f32)));
        every_way!(euclidean(&a, &b));
        every_way!(in_box(&a, &b, 0.75));
    }
    for n in [0, 1, 7, 100, 1000] {
        let a = Array1::from_shape_fn(n, |i| i as f64 * 0.37 - 9.0);
        let b = Array1::from_shape_fn(n, |i| i as f64 * 0.05 + 0.01);
        exactly!(remainders(&a, &b));
        exactly!(euclidean(&a, &b));
        exactly!(in_box(&a, &b, 2.5));
        exactly!(in_box(&a, &array![3.0], 2.5));
    }
    exactly!(standard_map(0.3, 0.7, 0.9, 1000));
}
