//! A type that kernels do not take is pointed at, and the ones they take are listed.

use ndarray::{Array1, ArrayRef1};
use parfuse::prelude::*;
use std::collections::HashMap;

#[kernel]
fn bytes(image: &ArrayRef1<u128>) -> usize {
    image.len()
}

#[kernel]
fn vector(samples: Vec<f64>) -> usize {
    samples.len()
}

#[kernel]
fn map(table: &HashMap<String, f64>) -> usize {
    table.len()
}

#[kernel]
fn owned(samples: Array1<f64>) -> usize {
    samples.len()
}

#[kernel]
fn borrowed(x: &f64) -> f64 {
    *x
}

fn main() {}
