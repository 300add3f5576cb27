//! `dot`: products of vectors and matrices, of arrays in any order and of views.
//!
//! ```text
//! x · y    a · x    x · a    a · b        of floats and integers, transposed, sliced, backwards, of nothing
//! ```
// Negative bounds of slices count from the end.
#![allow(clippy::reversed_empty_ranges)]

use super::ways::{error_of, every_way};
use ndarray::{Array1, Array2, ArrayRef1, ArrayRef2, ShapeBuilder, s};
use parfuse::prelude::*;
use parfuse::{Engine, Error};

#[kernel]
fn of_vectors(x: &ArrayRef1<f64>, y: &ArrayRef1<f64>) -> f64 {
    x.dot(y)
}

#[kernel]
fn of_rows(a: &ArrayRef2<f64>, x: &ArrayRef1<f64>) -> Array1<f64> {
    a.dot(x)
}

#[kernel]
fn of_columns(x: &ArrayRef1<f64>, a: &ArrayRef2<f64>) -> Array1<f64> {
    x.dot(a)
}

#[kernel]
fn of_matrices(a: &ArrayRef2<f64>, b: &ArrayRef2<f64>) -> Array2<f64> {
    a.dot(b)
}

#[kernel]
fn of_integers(
    a: &ArrayRef2<i32>,
    b: &ArrayRef2<i32>,
    x: &ArrayRef1<i32>,
) -> (Array2<i32>, Array1<i32>, i32) {
    (a.dot(b), a.dot(x), x.dot(x))
}

/// A layer of a neural network: an expression around a product.
#[kernel]
fn layer(x: &ArrayRef2<f32>, weights: &ArrayRef2<f32>, bias: &ArrayRef1<f32>) -> Array2<f32> {
    (x.dot(weights) + bias).mapv(|z| z.max(0.0))
}

/// Products of parts, in a loop, and of what another product gave.
#[kernel]
fn of_views(a: &ArrayRef2<f64>, steps: usize) -> Array2<f64> {
    let n = a.nrows();
    let mut power = a.to_owned();
    for _ in 0..steps {
        power = power.dot(&a.t());
    }
    let corner = a.slice(s![..n / 2, ..;-1]).dot(&power.slice(s![.., 1..]));
    let norm = a.row(0).dot(&a.column(0));
    corner / (1.0 + norm)
}

fn matrix(rows: usize, columns: usize) -> Array2<f64> {
    Array2::from_shape_fn((rows, columns), |(i, j)| ((i * 31 + j * 17) % 19) as f64 / 8.0 - 1.0)
}

fn in_columns(rows: usize, columns: usize) -> Array2<f64> {
    let mut m = Array2::zeros((rows, columns).f());
    m.assign(&matrix(rows, columns));
    m
}

fn vector(n: usize) -> Array1<f64> {
    Array1::from_shape_fn(n, |i| ((i * 13) % 23) as f64 / 4.0 - 2.0)
}

#[test]
fn products_in_all_forms_are_those_of_ndarray() {
    for n in [0, 1, 2, 7, 33, 300, 5000] {
        every_way!(of_vectors(&vector(n), &vector(n).slice(s![..;-1])));
    }
    for (n, m, p) in [(0, 0, 0), (1, 1, 1), (3, 0, 2), (2, 5, 0), (7, 3, 5), (17, 40, 9), (64, 33, 70)] {
        for make in [matrix, in_columns] {
            every_way!(of_rows(&make(n, m), &vector(m)));
            every_way!(of_columns(&vector(n), &make(n, m)));
            every_way!(of_matrices(&make(n, m), &make(m, p)));
            every_way!(of_matrices(&make(m, n).t(), &matrix(m, p)));
            every_way!(of_matrices(&make(2 * n, m).slice(s![..;2, ..;-1]), &matrix(m, p)));
        }
    }
}

#[test]
fn integers_wrap() {
    let whole = |rows, columns| Array2::from_shape_fn((rows, columns), |(i, j)| (i * 0x1234_5677 + j) as i32);
    let x = Array1::from_shape_fn(12, |i| (i as i32).wrapping_mul(0x0765_4321));
    let (products, rows, square) = of_integers::serial(&whole(5, 12), &whole(12, 4), &x).unwrap();
    let wrapping = |a: &mut dyn Iterator<Item = (i32, i32)>| {
        a.fold(0i32, |sum, (a, b)| sum.wrapping_add(a.wrapping_mul(b)))
    };
    let (a, b) = (whole(5, 12), whole(12, 4));
    let expected = Array2::from_shape_fn((5, 4), |(i, j)| {
        wrapping(&mut a.row(i).iter().copied().zip(b.column(j).iter().copied()))
    });
    assert_eq!(products, expected);
    assert_eq!(
        rows,
        Array1::from_shape_fn(5, |i| wrapping(&mut a.row(i).iter().copied().zip(x.iter().copied())))
    );
    assert_eq!(square, wrapping(&mut x.iter().copied().zip(x.iter().copied())));
}

#[test]
fn a_term_is_rounded_once_together_with_the_sum() {
    let a = Array2::from_elem((1, 2), 1.0 + f64::EPSILON);
    let b = Array2::from_shape_fn((2, 1), |(k, _)| if k == 0 { -1.0 } else { 1.0 - f64::EPSILON });
    let exact = (1.0 + f64::EPSILON).mul_add(1.0 - f64::EPSILON, -(1.0 + f64::EPSILON));
    assert_eq!(of_matrices::parallel(&a, &b).unwrap()[[0, 0]], exact);
}

#[test]
fn products_stand_in_expressions_and_loops() {
    let x = matrix(9, 6).mapv(|x| x as f32);
    let weights = matrix(6, 11).mapv(|x| x as f32);
    every_way!(layer(&x, &weights, &Array1::from_elem(11, -1.5)));
    for steps in [0, 1, 3] {
        every_way!(of_views(&matrix(8, 8), steps));
    }
}

#[test]
fn operands_that_do_not_fit_are_named_with_their_lengths() {
    let error = error_of!(of_matrices(&matrix(2, 3), &matrix(4, 2)));
    assert!(matches!(error, Error::ProductMismatch { left: 3, right: 4, .. }), "{error}");
    assert!(error.to_string().contains("the left one has 3 and the right one 4"), "{error}");
    // Nothing broadcasts.
    let error = error_of!(of_rows(&matrix(2, 3), &vector(1)));
    assert!(matches!(error, Error::ProductMismatch { left: 3, right: 1, .. }), "{error}");
    let engine = Engine::builder().build().unwrap();
    let deep = engine.trace("deep", |t| {
        let a = t.array_mut::<f64>("a", 3);
        a.dot(a)
    });
    let message = deep.err().map(|error| error.to_string()).unwrap_or_default();
    assert!(message.contains("`.dot()` is for arrays with 1 or 2 axes"), "{message}");
}
