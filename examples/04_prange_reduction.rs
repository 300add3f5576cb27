//! Parallel loops: `prange` says that iterations are independent; totals are reductions.
//!
//! ```text
//! for i in prange(0..n) {
//!     total += f(i);        a reduction: combined in a fixed order, the same with any number of threads
//!     out[i] = g(i);        an element of its own
//! }
//! ```
//!
//! `cargo run --release --example 04_prange_reduction`

use ndarray::{Array1, ArrayRef1};
use parfuse::prelude::*;

/// The integral of `4 / (1 + x²)` from 0 to 1, by the midpoint rule: pi. And the largest height met.
#[kernel]
fn integrate(steps: i64) -> (f64, f64) {
    let width = 1.0 / steps as f64;
    let mut area = 0.0;
    let mut highest = 0.0f64;
    for i in prange(0..steps) {
        let x = (i as f64 + 0.5) * width;
        let height = 4.0 / (1.0 + x * x);
        area += height * width;
        highest = highest.max(height);
    }
    (area, highest)
}

/// Each iteration writes its own element, and reads what it likes of other arrays.
#[kernel]
fn smooth(samples: &ArrayRef1<f64>) -> Array1<f64> {
    let n = samples.len();
    let mut result = Array1::<f64>::zeros(n);
    for i in prange(1..n - 1) {
        result[i] = (samples[i - 1] + samples[i] + samples[i + 1]) / 3.0;
    }
    result
}

/// Not parallel: iterations write the elements that others read.
#[kernel]
fn running_sum(samples: &mut ArrayRef1<f64>) {
    for i in prange(1..samples.len()) {
        samples[i] += samples[i - 1];
    }
}

fn main() -> Result<(), Error> {
    let (pi, highest) = integrate::parallel(1_000_000)?;
    println!("pi is about {pi}, the highest value is {highest}");
    assert!((pi - std::f64::consts::PI).abs() < 1e-9);

    // Not only close: the same bits, on one thread, on all cores, or on seven.
    assert_eq!(integrate::serial(1_000_000)?, (pi, highest));
    let seven = Engine::builder().threads(7).build()?;
    assert_eq!(seven.install(|| integrate::parallel(1_000_000))?, (pi, highest));

    let samples = Array1::from_shape_fn(10_000, |i| (i % 7) as f64);
    let smoothed = smooth::parallel(&samples)?;
    assert_eq!(smoothed, smooth(&samples));
    println!("smoothed: {:.2}", smoothed.slice(ndarray::s![..8]));

    // What is no parallel loop is refused, with both places, before anything runs.
    let refusal = running_sum::parallel(&mut samples.clone()).unwrap_err();
    println!("refused: {refusal}");
    assert!(matches!(refusal, Error::PossibleRace { ref array, .. } if array == "samples"));
    Ok(())
}
