//! Only kernels can be called: the function is pointed at.

use ndarray::{Array1, ArrayRef1};
use parfuse::prelude::*;

fn half(x: f64) -> f64 {
    x / 2.0
}

mod deep {
    pub fn twice(x: f64) -> f64 {
        x * 2.0
    }
}

#[kernel]
fn calls(x: f64) -> f64 {
    half(x) + deep::twice(x)
}

#[kernel]
fn maps(a: &ArrayRef1<f64>) -> Array1<f64> {
    a.mapv(half)
}

fn main() {}
