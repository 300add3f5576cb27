//! The number of axes may be open, but is no type parameter, and kernels know at most six.

use ndarray::{ArrayRef, Dim, Dimension};
use parfuse::prelude::*;

#[kernel]
fn volume<D: Dimension>(a: &ArrayRef<f64, D>) -> usize {
    a.len()
}

#[kernel]
fn unknown(a: &ArrayRef<f64, Dim<()>>) -> usize {
    1
}

fn main() {
    let _ = unknown::serial;
}
