//! Arrays made of several, and arrays that are seen otherwise: `concatenate`, `stack`, `push_row`, `swap_axes`, products into
//! arrays, triangles.

use crate::cases::ways::{error_of, every_way, exactly};
use ndarray::linalg::{general_mat_mul, general_mat_vec_mul, kron};
use ndarray::{Array1, Array2, Array3, ArrayRef1, ArrayRef2, Axis, Slice, array, concatenate, s, stack};
use parfuse::Error;
use parfuse::prelude::*;

fn numbers(n: usize) -> Array1<f64> {
    Array1::from_shape_fn(n, |i| ((i * 37 + 11) % 101) as f64 * 0.37 - 17.0)
}

fn matrix(rows: usize, columns: usize) -> Array2<f64> {
    Array2::from_shape_fn((rows, columns), |(i, j)| ((i * 31 + j * 17) % 103) as f64 / 7.0 - 5.0)
}

#[kernel]
fn joined(a: &ArrayRef1<f64>, b: &ArrayRef1<f64>) -> (Array1<f64>, Array2<f64>, Array2<f64>, f64) {
    let both = concatenate![Axis(0), a.view(), b.view()];
    let doubled = ndarray::concatenate(Axis(0), &[both.view(), both.view(), a.view()]).unwrap();
    let halves = b * 0.5;
    let rows = stack![Axis(0), b.view(), halves, b.view()];
    let columns = ndarray::stack(Axis(1), &[b.view(), (b * b).view()]).unwrap();
    (both * 2.0, rows, columns, doubled.sum())
}

#[kernel]
fn joined_rows(a: &ArrayRef2<f64>, b: &ArrayRef2<f64>) -> (Array2<f64>, Array3<f64>) {
    let mut beside = concatenate![Axis(1), a.view(), b.t()];
    beside += 1.0;
    (beside, stack![Axis(2), a.t(), b.view()])
}

#[test]
fn arrays_are_joined_along_axes() {
    for n in [0, 1, 5, 8, 100] {
        for m in [0, 3, 64] {
            every_way!(joined(&numbers(n), &numbers(m)));
            exactly!(joined_rows(&matrix(n, m), &matrix(m, n)));
        }
    }
}

#[kernel]
fn joined_as_they_are(a: &ArrayRef2<f64>, b: &ArrayRef2<f64>) -> Array2<f64> {
    concatenate![Axis(0), a.view(), b.view()]
}

#[test]
fn arrays_that_do_not_fit_are_not_joined() {
    let error = error_of!(joined_as_they_are(&matrix(2, 3), &matrix(2, 4)));
    assert!(matches!(error, Error::ShapeMismatch { .. }), "{error}");
}

#[kernel]
fn grown(a: &ArrayRef2<f64>, x: &ArrayRef1<f64>) -> (Array2<f64>, Array2<f64>, Array1<f64>) {
    let mut rows = a.to_owned();
    rows.push_row(x.view()).unwrap();
    rows.append(Axis(0), a.view()).unwrap();
    rows.remove_index(Axis(0), 1);
    let mut columns = Array2::<f64>::zeros((x.len(), 0));
    for k in 0..3 {
        let scaled = x * k as f64;
        columns.push_column(scaled.view()).unwrap();
    }
    let mut line = x.to_owned();
    line.append(Axis(0), x.slice(s![..;-1])).unwrap();
    (rows, columns, line)
}

#[test]
fn owned_arrays_grow() {
    for n in [1, 2, 9] {
        exactly!(grown(&matrix(n, 4), &numbers(4)));
    }
}

#[kernel]
fn seen_otherwise(a: &ArrayRef2<f64>) -> (Array2<f64>, Array2<f64>, Array2<f64>, f64) {
    let mut swapped = a.to_owned();
    swapped.swap_axes(0, 1);
    let mut turned = a * 2.0;
    turned.invert_axis(Axis(1));
    let mut part = a.to_owned();
    part.slice_collapse(s![1.., ..;2]);
    part.slice_axis_inplace(Axis(1), Slice::from(..2));
    let first = swapped[[0, 0]];
    (swapped, turned, part, first)
}

#[kernel]
fn triangles(a: &ArrayRef2<f64>, k: isize) -> (Array2<f64>, Array2<f64>, Array2<f64>) {
    (a.triu(k), a.tril(k), kron(a, &a.t()))
}

#[test]
fn owned_arrays_are_seen_otherwise() {
    for (rows, columns) in [(2, 4), (5, 5), (7, 4)] {
        exactly!(seen_otherwise(&matrix(rows, columns)));
        for k in [-10, -1, 0, 2, 10] {
            exactly!(triangles(&matrix(rows, columns), k));
        }
    }
}

#[kernel]
fn products(
    a: &ArrayRef2<f64>,
    b: &ArrayRef2<f64>,
    x: &ArrayRef1<f64>,
    beta: f64,
    c: &mut Array2<f64>,
    y: &mut Array1<f64>,
) {
    general_mat_mul(2.0, a, b, beta, c);
    general_mat_vec_mul(0.5, a, x, beta, y);
    ndarray::linalg::general_mat_mul(1.0, a, b, 1.0, c);
    *c += &a.dot(b);
    c.scaled_add(-1.5, &a.dot(b));
}

#[test]
fn products_go_into_arrays() {
    for (n, m) in [(1, 1), (3, 5), (17, 9)] {
        for beta in [0.0, 1.0, -0.25] {
            every_way!(
                products(&matrix(n, m), &matrix(m, n), &numbers(m), beta, &mut c, &mut y)
                with c = matrix(n, n), y = numbers(n)
            );
        }
    }
    let nothing = || (Array2::from_elem((2, 2), f64::NAN), Array1::from_elem(2, f64::NAN));
    let (mut c, mut y) = nothing();
    products::serial(&matrix(2, 3), &matrix(3, 2), &numbers(3), 0.0, &mut c, &mut y).unwrap();
    assert!(c.iter().chain(&y).all(|x| x.is_finite()));
    let (mut c, mut y) = (Array2::zeros((1, 2)), Array1::zeros(2));
    let error = products::serial(&matrix(2, 3), &matrix(3, 2), &numbers(3), 0.0, &mut c, &mut y).unwrap_err();
    assert!(matches!(error, Error::ShapeMismatch { .. }), "{error}");
    assert_eq!(kron(&array![[2]], &array![[3]]), array![[6]]);
}
