//! What complex numbers do not have: each refusal says what to write instead.

use crate::cases::ways::every_way;
use ndarray::{Array1, Array6, ArrayRef1, ArrayRef6};
use num_complex::Complex64;
use parfuse::Error;
use parfuse::prelude::*;

#[track_caller]
fn refused<T: std::fmt::Debug>(found: Result<T, Error>, expected: &[&str]) {
    let message = found.unwrap_err().to_string();
    for part in expected {
        assert!(message.contains(part), "{part:?} is not in {message:?}");
    }
}

#[kernel]
fn multiplied(a: &ArrayRef1<Complex64>) -> Complex64 {
    let mut all = Complex64::new(1.0, 0.0);
    for i in prange(0..a.len()) {
        all *= a[i];
    }
    all
}

/// As the refusal says.
#[kernel]
fn multiplied_behind(a: &ArrayRef1<Complex64>, x: f64) -> (Complex64, Complex64) {
    let mut factors = Array1::<Complex64>::zeros(a.len());
    let mut scaled = Complex64::new(0.25, -1.0);
    for i in prange(0..a.len()) {
        factors[i] = a[i] * 0.5;
        scaled *= x;
    }
    (factors.product(), scaled)
}

#[test]
fn a_prange_adds_up_only() {
    let advice = &["`all`", "refusals.rs:", "take its `product()` behind the loop"];
    refused(multiplied::kernel().check(), advice);
    every_way!(multiplied_behind(&super::points(40), 1.125));
}

#[kernel]
fn assigned(a: &ArrayRef1<Complex64>) -> Complex64 {
    let mut last = Complex64::new(1.0, 0.0);
    for i in prange(0..a.len()) {
        last = a[i];
    }
    last
}

#[test]
fn the_last_value_is_none() {
    refused(assigned::kernel().check(), &["`last`", "no order"]);
}

#[kernel]
fn deep(a: &ArrayRef6<Complex64>) -> Array6<Complex64> {
    a * 2.0
}

#[test]
fn six_axes_are_too_many() {
    refused(deep::kernel().check(), &["`a`", "at most 5 axes"]);
}

#[test]
fn arguments_of_other_types_are_told_apart() {
    let kernel = crate::cases::complex::power::kernel();
    refused(kernel.serial::<f64>((&Array1::<f64>::zeros(3),)), &["&Array1<Complex<f64>>", "&Array1<f64>"]);
    refused(kernel.serial::<Complex64>((&Array1::<Complex64>::zeros(3),)), &["f64", "Complex<f64>"]);
}

#[kernel]
fn sum(a: &ArrayRef1<Complex64>, b: &ArrayRef1<Complex64>) -> Array1<Complex64> {
    a + b
}

#[kernel]
fn element(a: &ArrayRef1<Complex64>, i: usize) -> Complex64 {
    a[i]
}

#[test]
fn faults_are_those_of_arrays() {
    let (three, four) = (super::points(3), super::points(4));
    let error = sum::serial(&three, &four).unwrap_err();
    assert!(matches!(error, Error::ShapeMismatch { .. }), "{error:?}");
    let error = element::serial(&three, 3).unwrap_err();
    assert!(matches!(error, Error::Index { .. }), "{error:?}");
    assert!(error.to_string().contains("`a`"), "{error}");
}
