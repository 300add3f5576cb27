//! The kernels that `compare` runs: the examples people know, as ordinary `ndarray` functions.

use ndarray::{Array1, Array2, ArrayRef1};
use parfuse::prelude::*;

/// The square root of 2π.
const SQRT_2PI: f64 = 2.506_628_274_631_000_5;

/// At a point, the densities of `n` normal distributions, each divided by `n`.
#[kernel]
pub fn gaussians(x: f64, means: &ArrayRef1<f64>, widths: &ArrayRef1<f64>) -> Array1<f64> {
    let n = means.len();
    let result = (-0.5 * ((x - means) / widths).powi(2)).exp() / widths;
    result / SQRT_2PI / n as f64
}

/// The kernel density estimate at a point: the mean of the densities of `n` normal distributions.
#[kernel]
pub fn kde(x: f64, means: &ArrayRef1<f64>, widths: &ArrayRef1<f64>) -> f64 {
    let result = (-0.5 * ((x - means) / widths).powi(2)).exp() / widths;
    result.mean().unwrap() / SQRT_2PI
}

/// Pi, from the share of random points of the unit square that lie in the quarter circle.
#[kernel]
pub fn monte_carlo_pi(samples: i64) -> f64 {
    let mut inside = 0i64;
    for _ in prange(0..samples) {
        let (x, y) = (random::<f64>(), random::<f64>());
        if x * x + y * y < 1.0 {
            inside += 1;
        }
    }
    4.0 * inside as f64 / samples as f64
}

/// The same with arrays: two of random numbers, and a sum.
#[kernel]
pub fn pi_arrays(samples: usize) -> f64 {
    let x = Array1::<f64>::random(samples);
    let y = Array1::<f64>::random(samples);
    let inside = (&x * &x + &y * &y).mapv(|r| if r < 1.0 { 1i64 } else { 0 });
    4.0 * inside.sum() as f64 / samples as f64
}

/// For each pixel, after how many steps (at most `limit`) its orbit leaves the circle of radius two.
#[kernel]
pub fn mandelbrot(height: usize, width: usize, limit: i32) -> Array2<i32> {
    let mut counts = Array2::<i32>::zeros((height, width));
    for row in prange(0..height) {
        let cy = 3.0 * row as f64 / height as f64 - 1.5;
        for column in 0..width {
            let cx = 3.0 * column as f64 / width as f64 - 2.0;
            let (mut x, mut y) = (0.0, 0.0);
            let mut n = 0;
            while n < limit && x * x + y * y <= 4.0 {
                let next = x * x - y * y + cx;
                y = 2.0 * x * y + cy;
                x = next;
                n += 1;
            }
            counts[[row, column]] = n;
        }
    }
    counts
}

/// The sum of two arrays.
#[kernel]
pub fn add(a: &ArrayRef1<f64>, b: &ArrayRef1<f64>) -> Array1<f64> {
    a + b
}

/// The sum of an array's elements.
#[kernel]
pub fn sum(a: &ArrayRef1<f64>) -> f64 {
    a.sum()
}
