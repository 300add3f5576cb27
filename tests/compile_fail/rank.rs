//! Arrays have up to three axes.

use ndarray::{ArrayRef, Ix4};
use parfuse::prelude::*;

#[kernel]
fn volume(a: &ArrayRef<f64, Ix4>) -> usize {
    a.len()
}

fn main() {
    let _ = volume::serial;
}
