//! The number of axes is known when the kernel is compiled.

use ndarray::{ArrayRef, IxDyn};
use parfuse::prelude::*;

#[kernel]
fn volume(a: &ArrayRef<f64, IxDyn>) -> usize {
    a.len()
}

fn main() {
    let _ = volume::serial;
}
