//! What complex numbers do not have: each refusal says what to write instead.

use ndarray::{Array1, Array6, ArrayRef1, ArrayRef6, Axis};
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
fn product(a: &ArrayRef1<Complex64>) -> Complex64 {
    a.product()
}

#[kernel]
fn products(a: &ndarray::ArrayRef2<Complex64>) -> Array1<Complex64> {
    a.product_axis(Axis(0))
}

#[test]
fn products_of_arrays_take_a_loop() {
    refused(product::kernel().check(), &["`product`", "Complex<f64>", "a.iter().product()"]);
    refused(products::kernel().check(), &["`product`", "a.iter().product()"]);
}

#[kernel]
fn multiplied(a: &ArrayRef1<Complex64>) -> Complex64 {
    let mut all = Complex64::new(1.0, 0.0);
    for i in prange(0..a.len()) {
        all *= a[i];
    }
    all
}

#[test]
fn a_prange_adds_up_only() {
    refused(multiplied::kernel().check(), &["all"]);
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
