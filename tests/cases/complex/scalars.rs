//! Complex scalars: operators, parts, constants, variables.

use crate::cases::ways::exactly;
use ndarray::{Array1, ArrayRef1};
use num_complex::{Complex, Complex32, Complex64};
use parfuse::prelude::*;

const SPECIAL: [f64; 9] = [0.0, -0.0, 1.0, -1.5, 1e200, 1e-200, f64::INFINITY, f64::NEG_INFINITY, f64::NAN];

/// All numbers whose parts are special, or some of them.
fn special(every: usize) -> impl Iterator<Item = Complex64> {
    let all = SPECIAL.into_iter().flat_map(|re| SPECIAL.into_iter().map(move |im| Complex::new(re, im)));
    all.step_by(every)
}

/// Whether two numbers are equal bit for bit, all NaN alike.
fn same(a: Complex64, b: Complex64) -> bool {
    let same = |a: f64, b: f64| a.to_bits() == b.to_bits() || (a.is_nan() && b.is_nan());
    same(a.re, b.re) && same(a.im, b.im)
}

/// Two operands and the four results of the operators.
type Four = (Complex64, Complex64, Complex64, Complex64);

#[kernel]
fn between(z: Complex64, w: Complex64) -> Four {
    (z + w, z - w, z * w, z / w)
}

#[kernel]
fn with_real(z: Complex64, x: f64) -> Four {
    (z + x, z - x, z * x, z / x)
}

#[kernel]
fn on_the_right(x: f64, z: Complex64) -> Four {
    (x + z, x - z, x * z, x / z)
}

#[track_caller]
fn all_same((a, b, c, d): Four, (e, f, g, h): Four) {
    for (found, expected) in [(a, e), (b, f), (c, g), (d, h)] {
        assert!(same(found, expected), "{found} is not {expected}");
    }
}

#[test]
fn operators_have_the_bits_of_num_complex() {
    for z in special(1) {
        for w in special(7) {
            all_same(between::serial(z, w).unwrap(), between(z, w));
        }
        for x in SPECIAL {
            all_same(with_real::serial(z, x).unwrap(), with_real(z, x));
            all_same(on_the_right::serial(x, z).unwrap(), on_the_right(x, z));
        }
    }
}

#[kernel]
fn changed(mut_by: Complex64, n: usize) -> (Complex64, bool, bool) {
    let mut z = Complex64::new(1.0, 0.0);
    for _ in 0..n {
        z *= mut_by;
        z += 0.5;
        z -= mut_by;
        z /= 1.25;
        z = -z;
    }
    (z, z == mut_by, z != mut_by)
}

#[test]
fn variables_change_in_place() {
    for n in [0, 1, 5] {
        exactly!(changed(Complex::new(0.5, -1.25), n));
    }
}

#[kernel]
fn parts(z: Complex64) -> (f64, Complex64, Complex64) {
    let mut w = z;
    w.re = w.im * 2.0;
    w.im += 1.0;
    let Complex { re, im: y } = w;
    let swapped = Complex { im: re, re: y };
    (w.re + y, w, swapped)
}

#[test]
fn parts_are_read_and_set() {
    exactly!(parts(Complex::new(0.5, -1.25)));
}

#[kernel]
fn elements(a: &mut ArrayRef1<Complex64>, x: f64) {
    for i in 0..a.len() {
        a[i].re += x * i as f64;
        a[i].im = a[i].re - x;
    }
    for z in a.iter_mut() {
        z.im *= 2.0;
    }
}

#[test]
fn parts_of_elements_are_set() {
    exactly!(elements(&mut a, 0.5) with a = super::points(100));
}

const UNIT: Complex64 = Complex64::new(0.6, 0.8);

#[kernel]
fn constants(x: f32) -> (Complex64, Complex32, Complex<f32>, Complex64) {
    let z = UNIT * Complex64::i();
    let w: Complex32 = Complex::from(x) + Complex::cis(0.0);
    let zero: Complex64 = Complex::default();
    (z, w, Complex::new(x, 2.0) * 0.1, zero + Complex64::I)
}

#[test]
fn constants_take_the_type_they_meet() {
    exactly!(constants(1.5));
}

type Number = Complex<f32>;

#[kernel]
fn aliased(n: usize) -> Array1<Number> {
    let mut a = Array1::<Number>::zeros(n);
    for i in prange(0..n) {
        a[i] = Number::new(i as f32, 0.1) / Number::new(2.0, -1.0);
    }
    a
}

#[test]
fn types_may_have_aliases() {
    exactly!(aliased(1000));
}

#[kernel]
fn chosen(a: &ArrayRef1<Complex64>, limit: f64) -> Array1<Complex64> {
    let mut out = Array1::zeros(a.len());
    for i in prange(0..a.len()) {
        let z = if a[i].norm_sqr() > limit { a[i] / 2.0 } else { Complex::new(limit, a[i].im) };
        out[i] = if i % 3 == 0 { z } else { -z };
    }
    out
}

#[test]
fn branches_give_complex_numbers() {
    exactly!(chosen(&super::points(1000), 0.25));
}

#[kernel]
fn square(z: Complex64) -> Complex64 {
    z * z
}

#[kernel]
fn called(z: Complex64) -> Complex64 {
    let twice = |w: Complex64| w + w;
    square(twice(z)) + square(z)
}

#[test]
fn kernels_and_closures_take_complex_numbers() {
    exactly!(called(Complex::new(0.1, 0.2)));
}
