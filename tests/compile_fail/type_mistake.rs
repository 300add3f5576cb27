//! A type mistake is reported once, in the user's own words: the tracing code adds nothing to it.

use ndarray::{Array1, ArrayRef1};
use parfuse::prelude::*;

#[kernel]
fn scaled(a: &ArrayRef1<f64>, n: i64) -> Array1<f64> {
    let factor = 1.5 * n;
    a * factor
}

fn main() {
    let _ = scaled::serial(&Array1::zeros(3), 2);
}
