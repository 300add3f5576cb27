//! A first kernel: an ordinary `ndarray` function, and its compiled variants beside it.
//!
//! ```text
//! gaussians(…)             the function as written: rustc and ndarray, one array per operation
//! gaussians::serial(…)     compiled while the program runs: one loop, on this thread
//! gaussians::parallel(…)   the same loop on all cores, with the same bits
//! ```
//!
//! `cargo run --release --example 01_first_kernel`

use ndarray::{Array1, ArrayRef1};
use parfuse::prelude::*;

const SQRT_2PI: f64 = 2.506_628_274_631_000_5;

/// At the point `x`, the densities of many normal distributions, each divided by their number.
#[kernel]
pub fn gaussians(x: f64, means: &ArrayRef1<f64>, widths: &ArrayRef1<f64>) -> Array1<f64> {
    let n = means.len();
    let result = (-0.5 * ((x - means) / widths).powi(2)).exp() / widths;
    result / SQRT_2PI / n as f64
}

fn main() -> Result<(), Error> {
    let n = 100_000;
    let means = Array1::linspace(-1.0, 1.0, n);
    let widths = Array1::from_elem(n, 0.1);

    // The function is still the function.
    let original = gaussians(0.4, &means, &widths);

    // The first call compiles, in about a millisecond. All later calls, with any numbers, use that code.
    let serial = gaussians::serial(0.4, &means, &widths)?;
    let parallel = gaussians::parallel(0.4, &means, &widths)?;

    // Serial and parallel code agree to the last bit. The original calls another `exp`, so it may differ there.
    assert_eq!(serial, parallel);
    for (ours, theirs) in serial.iter().zip(&original) {
        assert!((ours - theirs).abs() <= 1e-15 * theirs.abs());
    }

    // An array that exists already can take the result.
    let mut existing = Array1::zeros(n);
    gaussians::parallel_into(0.4, &means, &widths, &mut existing)?;
    assert_eq!(existing, serial);

    // Three variants, one table: times, speedups, and whether the results agree.
    let comparison = gaussians::compare(0.4, &means, &widths)?;
    println!("{comparison}");
    assert!(comparison.agrees());
    println!("the density at 0.4 is {:.6}", serial.sum());
    Ok(())
}
