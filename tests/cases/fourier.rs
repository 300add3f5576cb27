//! Fourier transforms in kernels: small known answers, there and back, and what has none.

use super::ways::{error_of, every_way};
use ndarray::{Array, Array1, Array2, Array3, ArrayRef1, ArrayRef2, ArrayRef3, Dimension, array, s};
use num_complex::{Complex, Complex32, Complex64};
use parfuse::fft::{FourierError, fft, ifft, irfft, rfft};
use parfuse::prelude::*;
use std::f64::consts::TAU;

fn numbers(n: usize) -> Array1<f64> {
    Array1::from_shape_fn(n, |i| ((i * 37 + 11) % 23) as f64 / 7.0 - 1.5)
}

fn points(n: usize) -> Array1<Complex64> {
    Array1::from_shape_fn(n, |i| Complex::new((i * 7 % 11) as f64 - 4.0, (i * 5 % 13) as f64 * 0.25))
}

/// The transform by its definition.
fn defined(x: &ArrayRef1<Complex64>) -> Array1<Complex64> {
    let n = x.len();
    Array1::from_shape_fn(n, |k| {
        let turned = |j: usize| x[j] * Complex::cis(-TAU * (j * k % n) as f64 / n as f64);
        (0..n).map(turned).sum()
    })
}

#[track_caller]
fn close<D: Dimension>(found: &Array<Complex64, D>, expected: &Array<Complex64, D>) {
    assert_eq!(found.shape(), expected.shape());
    let far = found.iter().zip(expected).map(|(a, b)| (a - b).norm()).fold(0.0, f64::max);
    assert!(far < 1e-9, "{far}: {found} is not {expected}");
}

/// What an error was caused by.
#[track_caller]
fn cause(error: Error) -> FourierError {
    match &error {
        Error::Host { cause: Some(cause), place, .. } if place.as_str().contains("fourier.rs:") => {
            *cause.downcast_ref().expect("an error of transforms")
        }
        other => panic!("{other}"),
    }
}

#[kernel]
fn there_and_back(x: &ArrayRef1<Complex64>) -> (Array1<Complex64>, Array1<Complex64>) {
    let spectrum = fft(x).unwrap();
    let back = ifft(&(&spectrum * 2.0)).unwrap();
    (spectrum, back * Complex64::i())
}

#[kernel]
fn of_reals(x: &ArrayRef1<f64>) -> (Array1<Complex64>, Array1<f64>) {
    let spectrum = rfft(x).unwrap();
    let back = irfft(&spectrum, x.len()).unwrap();
    (spectrum, back + 1.0)
}

#[test]
fn transforms_are_those_of_their_definition() {
    let i = Complex64::i();
    close(
        &every_way!(there_and_back(&array![1.0 + 0.0 * i, 2.0 + 0.0 * i])).0.0,
        &array![3.0 + 0.0 * i, -1.0 + 0.0 * i],
    );
    for n in [1, 2, 3, 8, 31, 60, 128, 1009] {
        let x = points(n);
        let (spectrum, back) = every_way!(there_and_back(&x)).0;
        close(&spectrum, &defined(&x));
        close(&back, &(&x * 2.0 * i));
        let x = numbers(n);
        let (half, back) = every_way!(of_reals(&x)).0;
        close(&half, &defined(&x.mapv(Complex::from)).slice(s![..n / 2 + 1]).to_owned());
        close(&back.mapv(Complex::from), &(x + 1.0).mapv(Complex::from));
    }
    let backwards = points(12);
    close(&fft(&backwards.slice(s![..;-3])).unwrap(), &defined(&backwards.slice(s![..;-3])));
}

/// The product of two polynomials by their values at roots of one.
#[kernel]
fn convolved(a: &ArrayRef1<f64>, b: &ArrayRef1<f64>) -> Array1<f64> {
    let n = a.len() + b.len() - 1;
    let (mut long, mut other) = (Array1::<f64>::zeros(n), Array1::<f64>::zeros(n));
    long.slice_mut(s![..a.len()]).assign(a);
    other.slice_mut(s![..b.len()]).assign(b);
    irfft(&(rfft(&long).unwrap() * rfft(&other).unwrap()), n).unwrap()
}

/// Along both axes.
#[kernel]
fn of_planes(m: &ArrayRef2<Complex64>) -> Array2<Complex64> {
    let rows = fft(m).unwrap();
    fft(&rows.t()).unwrap().t().to_owned()
}

#[kernel]
fn of_spaces(m: &ArrayRef3<f64>) -> Array3<f64> {
    irfft(&rfft(m).unwrap(), m.dim().2).unwrap()
}

#[kernel]
fn in_single(x: &ArrayRef1<Complex32>) -> Array1<Complex32> {
    ifft(&fft(x).unwrap()).unwrap()
}

#[test]
fn rows_of_arrays_are_transformed() {
    let product = every_way!(convolved(&array![1.0, 2.0, 3.0], &array![0.0, 1.0, 0.5])).0;
    close(&product.mapv(Complex::from), &array![0.0, 1.0, 2.5, 4.0, 1.5].mapv(Complex::from));
    let m = points(5 * 12).into_shape_with_order((5, 12)).unwrap();
    let found = every_way!(of_planes(&m)).0;
    for (k, l) in [(0, 0), (1, 3), (4, 11)] {
        let turn = |i: usize, j: usize| Complex::cis(-TAU * ((i * k) as f64 / 5.0 + (j * l) as f64 / 12.0));
        let sum: Complex64 = m.indexed_iter().map(|((i, j), x)| x * turn(i, j)).sum();
        assert!((found[[k, l]] - sum).norm() < 1e-9, "{k} {l}");
    }
    let space = numbers(60).into_shape_with_order((3, 4, 5)).unwrap();
    close(&every_way!(of_spaces(&space)).0.mapv(Complex::from), &space.mapv(Complex::from));
    let x = points(20).mapv(|z| Complex32::new(z.re as f32, z.im as f32));
    let back = every_way!(in_single(&x)).0;
    assert!(back.iter().zip(&x).all(|(a, b)| (a - b).norm() < 1e-4));
}

#[kernel]
fn back_to(x: &ArrayRef1<Complex64>, n: usize) -> Array1<f64> {
    irfft(x, n).unwrap()
}

#[test]
fn what_has_no_transform_is_an_error_of_its_kind() {
    assert_eq!(cause(error_of!(there_and_back(&points(0)))), FourierError::Empty);
    assert_eq!(cause(error_of!(of_reals(&numbers(0)))), FourierError::Empty);
    assert_eq!(cause(error_of!(back_to(&points(1), 0))), FourierError::Empty);
    let wrong = FourierError::WrongLength { length: 8, expected: 5, found: 4 };
    assert_eq!(cause(error_of!(back_to(&points(4), 8))), wrong);
    // More lengths than a thread keeps plans for.
    for n in 1..80 {
        close(&fft(&points(n)).unwrap(), &defined(&points(n)));
    }
    // Real numbers have no imaginary parts at either end: they are passed over.
    assert_eq!(every_way!(back_to(&(points(3) * Complex64::i()), 4)).0.len(), 4);
}
