//! Complex numbers in kernels that are traced, in lazy expressions, and in results that are written into arrays.

use super::points;
use ndarray::{Array1, ArrayRef1};
use num_complex::{Complex, Complex64};
use parfuse::prelude::*;
use parfuse::{Dynamic, Engine, Variant};

#[test]
fn handles_have_parts() {
    let engine = Engine::new().unwrap();
    let kernel = engine
        .trace("turned", |t| {
            let (a, w) = (t.array::<Complex64>("a", 1), t.scalar::<Complex64>("w"));
            let turned = a * w;
            let total = t.var("total", t.complex(0.0, 0.0));
            t.prange(..a.len(), |_, i| total.add(a.at(&[i]) * w));
            t.tuple(&[turned, turned.re(), turned.arg(), total.im()])
        })
        .unwrap();
    let (a, w) = (points(1000), Complex::new(0.6, 0.8));
    type Results = (Array1<Complex64>, Array1<f64>, Array1<f64>, f64);
    let (turned, re, angles, im): Results = kernel.parallel((&a, w)).unwrap();
    assert_eq!(turned, &a * w);
    assert_eq!(re, turned.mapv(|z| z.re));
    assert!((angles - turned.mapv(|z| z.arg())).iter().all(|difference| difference.abs() < 1e-15));
    assert!((im - turned.iter().map(|z| z.im).sum::<f64>()).abs() < 1e-10);
}

#[test]
fn lazy_expressions_are_complex() {
    let engine = Engine::new().unwrap();
    let (a, x) = (points(1000), Array1::linspace(0.0, 1.0, 1000));
    let found: Array1<Complex64> =
        engine.eval(|s| (s.lift(&a) + s.lift(&x)) * Complex::new(0.5, 0.5) / s.lift(2.0)).unwrap();
    assert_eq!(found, (&a + &x) * Complex::new(0.5, 0.5) / 2.0);
}

#[kernel]
fn both(a: &ArrayRef1<Complex64>, w: Complex64) -> (Array1<Complex64>, Complex64, Array1<f64>) {
    (a * w, w * w, a.mapv(|z| z.re))
}

#[test]
fn results_are_written_where_they_belong() {
    let (a, w) = (points(100), Complex::new(0.6, 0.8));
    let expected = both(&a, w);
    let mut into = (Array1::zeros(100), Complex::new(0.0, 0.0), Array1::zeros(100));
    both::parallel_into(&a, w, (&mut into.0, &mut into.1, &mut into.2)).unwrap();
    assert_eq!(into, expected);
    let mut gaps: Array1<Complex64> = Array1::zeros(200);
    let mut every_other = gaps.slice_mut(ndarray::s![..;2]);
    both::serial_into(&a, w, (&mut every_other, &mut into.1, &mut into.2)).unwrap();
    assert_eq!(every_other, expected.0);
}

#[test]
fn types_are_known_at_run_time_only() {
    let (a, w) = (points(10), Complex::new(0.6, 0.8));
    let (scaled, square, _) = both(&a, w);
    let mut arguments =
        [Dynamic::Complex64(a.into_dyn()), Dynamic::Complex(w.re.into_scalar(), w.im.into_scalar())];
    let results = both::kernel().run_dynamic(Variant::Serial, &mut arguments).unwrap();
    assert_eq!(results[0], Dynamic::Complex64(scaled.into_dyn()));
    assert_eq!(results[1], Dynamic::Complex(square.re.into_scalar(), square.im.into_scalar()));
}

/// A number as data.
trait IntoScalar {
    fn into_scalar(self) -> parfuse::Scalar;
}

impl IntoScalar for f64 {
    fn into_scalar(self) -> parfuse::Scalar {
        parfuse::Scalar::F64(self)
    }
}

#[kernel]
fn compared(a: &mut ArrayRef1<Complex64>, w: Complex64) -> Complex64 {
    *a *= w;
    a.sum()
}

#[test]
fn comparisons_restore_what_is_written() {
    let before = points(1000);
    let mut a = before.clone();
    let comparison = compared::compare(&mut a, Complex::i()).unwrap();
    assert!(comparison.agrees(), "{comparison}");
}
