//! A type that kernels do not return is pointed at, and the ones they return are listed.

use ndarray::{Array1, ArrayRef1, ArrayView1};
use parfuse::prelude::*;

#[kernel]
fn text(x: f64) -> Box<str> {
    x.to_string().into()
}

#[kernel]
fn list(a: &ArrayRef1<f64>) -> Vec<f64> {
    a.to_vec()
}

#[kernel]
fn view<'a>(a: &'a ArrayRef1<f64>) -> ArrayView1<'a, f64> {
    a.view()
}

#[kernel]
fn part(a: &ArrayRef1<f64>) -> (f64, Array1<u128>) {
    (a.sum(), Array1::zeros(3))
}

type Bytes = Array1<u128>;

#[kernel]
fn alias(n: usize) -> Bytes {
    Bytes::zeros(n)
}

fn main() {}
