//! Each method of complex numbers, against that of `num-complex`.

use super::points;
use ndarray::{Array1, ArrayRef1};
use num_complex::{Complex32, Complex64};
use parfuse::prelude::*;

/// How far two numbers are apart, in units of the larger one's distance from zero, or of 1: formulas that subtract lose digits
/// of small numbers.
fn distance(a: Complex64, b: Complex64) -> f64 {
    let close = |a: f64, b: f64| a == b || (a.is_nan() && b.is_nan());
    match close(a.re, b.re) && close(a.im, b.im) {
        true => 0.0,
        false => (a - b).norm() / a.norm().max(b.norm()).max(1.0),
    }
}

/// A kernel for each method, which is compared with the function on all points of a grid.
macro_rules! methods {
    ($($name:ident: |$z:ident| $value:expr;)*) => { $(
        mod $name {
            use super::*;

            #[kernel]
            fn wide(a: &ArrayRef1<Complex64>) -> Array1<Complex64> {
                a.mapv(|$z| Complex64::from($value))
            }

            #[kernel]
            fn narrow(a: &ArrayRef1<Complex32>) -> Array1<Complex32> {
                a.mapv(|$z| Complex32::from($value))
            }

            #[test]
            fn is_near_that_of_num_complex() {
                let parts = [0.0, -0.0, 1.0, -1.0, 0.3, -2.5, 7.25];
                let grid = parts.into_iter().flat_map(|re| parts.into_iter().map(move |im| Complex64::new(re, im)));
                let all: Array1<Complex64> = grid.chain(points(50)).collect();
                for (found, expected) in wide::serial(&all).unwrap().iter().zip(wide(&all)) {
                    assert!(distance(*found, expected) < 2e-14, "{found} is not {expected}");
                }
                let all = all.mapv(|z| Complex32::new(z.re as f32, z.im as f32));
                let as_wide = |z: &Complex32| Complex64::new(z.re.into(), z.im.into());
                for (found, expected) in narrow::serial(&all).unwrap().iter().zip(narrow(&all)) {
                    assert!(distance(as_wide(found), as_wide(&expected)) < 1e-5, "{found} is not {expected}");
                }
            }
        }
    )* };
}

methods! {
    norm: |z| z.norm();
    norm_sqr: |z| z.norm_sqr();
    l1_norm: |z| z.l1_norm();
    arg: |z| z.arg();
    conj: |z| z.conj();
    inv: |z| z.inv();
    finv: |z| z.finv();
    fdiv: |z| z.fdiv(z + 1.0);
    scale: |z| z.scale(0.5);
    unscale: |z| z.unscale(0.3);
    exp: |z| z.exp();
    exp2: |z| z.exp2();
    ln: |z| (z + 0.1).ln();
    log2: |z| (z + 0.1).log2();
    log10: |z| (z + 0.1).log10();
    log: |z| (z + 0.1).log(3.0);
    sqrt: |z| z.sqrt();
    cbrt: |z| z.cbrt();
    powi: |z| z.powi(5);
    powi_of_inverse: |z| (z + 0.1).powi(-3);
    powi_of_none: |z| z.powi(0);
    powu: |z| z.powu(6);
    powf: |z| (z + 0.1).powf(1.5);
    powf_of_none: |z| z.powf(0.0);
    powc: |z| (z + 0.1).powc(z * 0.1);
    expf: |z| z.expf(2.0);
    sin: |z| z.sin();
    cos: |z| z.cos();
    tan: |z| z.tan();
    sinh: |z| z.sinh();
    cosh: |z| z.cosh();
    tanh: |z| z.tanh();
    asin: |z| (z * 0.1).asin();
    acos: |z| (z * 0.1).acos();
    atan: |z| (z * 0.1).atan();
    asinh: |z| z.asinh();
    acosh: |z| (z * 0.1).acosh();
    atanh: |z| (z * 0.1).atanh();
}

#[kernel]
fn questions(z: Complex64) -> (bool, bool, bool, f64) {
    let (norm, angle) = z.to_polar();
    (z.is_nan(), z.is_infinite(), z.is_finite(), norm + angle)
}

#[test]
fn questions_look_at_both_parts() {
    for re in [0.5, f64::INFINITY, f64::NAN] {
        for im in [-2.0, f64::NEG_INFINITY, f64::NAN] {
            let z = Complex64::new(re, im);
            let (found, expected) = (questions::serial(z).unwrap(), questions(z));
            assert_eq!((found.0, found.1, found.2), (expected.0, expected.1, expected.2), "{z}");
        }
    }
}

#[kernel]
fn exponential(z: Complex64) -> Complex64 {
    z.exp()
}

#[test]
fn exponentials_of_infinities_are_those_of_num_complex() {
    let parts = [0.0, -0.0, 1.0, f64::INFINITY, f64::NEG_INFINITY, f64::NAN];
    for re in parts {
        for im in parts {
            let z = Complex64::new(re, im);
            let (found, expected) = (exponential::serial(z).unwrap(), exponential(z));
            assert!(distance(found, expected) < 1e-15, "exp({z}): {found} is not {expected}");
        }
    }
}

#[kernel]
fn power(z: Complex64, n: i32, m: u32) -> (Complex64, Complex64) {
    (z.powi(n), z.powu(m))
}

#[test]
fn powers_square_from_the_lowest_bit() {
    for n in [-9, -1, 0, 1, 2, 3, 12, 31] {
        let z = Complex64::new(0.9, -0.7);
        assert_eq!(power::serial(z, n, n.unsigned_abs()).unwrap(), power(z, n, n.unsigned_abs()), "{n}");
    }
}
