//! The kernels that `compare` runs: the examples people know, as ordinary `ndarray` functions.

use ndarray::{Array1, Array2, ArrayRef1};
use num_complex::Complex64;
use parfuse::prelude::*;

/// The square root of 2π.
pub const SQRT_2PI: f64 = 2.506_628_274_631_000_5;

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

/// The same with arrays of complex numbers: in each step a mask of the pixels whose orbits are inside, and a step of these.
#[kernel]
pub fn mandelbrot_arrays(height: usize, width: usize, limit: i32) -> Array2<i32> {
    let c = Array2::from_shape_fn((height, width), |(row, column)| {
        let re = 3.0 * column as f64 / width as f64 - 2.0;
        Complex64::new(re, 3.0 * row as f64 / height as f64 - 1.5)
    });
    let mut z = Array2::<Complex64>::zeros((height, width));
    let mut counts = Array2::<i32>::zeros((height, width));
    for _ in 0..limit {
        let inside = z.mapv(|z| z.norm_sqr() <= 4.0);
        counts += &select(&inside, 1, 0);
        z = select(&inside, &(&z * &z + &c), &z);
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

/// The standard deviation of an array's elements, from one pass over them.
#[kernel]
pub fn deviation(a: &ArrayRef1<f64>) -> f64 {
    let n = a.len() as f64;
    let mean = a.sum() / n;
    ((a * a).sum() / n - mean * mean).sqrt()
}

/// The cumulative distribution function of the normal distribution, with an absolute error below 7.5e-8: Abramowitz
/// and Stegun, Handbook of Mathematical Functions, 26.2.17.
#[kernel]
pub fn cumulative_normal(d: f64) -> f64 {
    let k = 1.0 / (1.0 + 0.2316419 * d.abs());
    let inner = -1.821255978 + k * 1.330274429;
    let series = k * (0.31938153 + k * (-0.356563782 + k * (1.781477937 + k * inner)));
    let tail = (-0.5 * d * d).exp() / SQRT_2PI * series;
    if d > 0.0 { 1.0 - tail } else { tail }
}

/// The prices of European options to buy and to sell by the formula of Black and Scholes.
#[kernel]
pub fn black_scholes(
    prices: &ArrayRef1<f64>,
    strikes: &ArrayRef1<f64>,
    years: &ArrayRef1<f64>,
    rate: f64,
    volatility: f64,
) -> (Array1<f64>, Array1<f64>) {
    let n = prices.len();
    let mut calls = Array1::zeros(n);
    let mut puts = Array1::zeros(n);
    for i in prange(0..n) {
        let (price, strike, time) = (prices[i], strikes[i], years[i]);
        let spread = volatility * time.sqrt();
        let d1 = ((price / strike).ln() + (rate + 0.5 * volatility * volatility) * time) / spread;
        let (n1, n2) = (cumulative_normal(d1), cumulative_normal(d1 - spread));
        let discounted = strike * (-rate * time).exp();
        calls[i] = price * n1 - discounted * n2;
        puts[i] = discounted * (1.0 - n2) - price * (1.0 - n1);
    }
    (calls, puts)
}

/// A polynomial of degree eight at each element, in single precision: the series of `exp`.
#[kernel]
pub fn polynomial(a: &ArrayRef1<f32>) -> Array1<f32> {
    a.mapv(|x| {
        let high = x.mul_add(1.0 / 40320.0, 1.0 / 5040.0).mul_add(x, 1.0 / 720.0).mul_add(x, 1.0 / 120.0);
        high.mul_add(x, 1.0 / 24.0).mul_add(x, 1.0 / 6.0).mul_add(x, 0.5).mul_add(x, 1.0).mul_add(x, 1.0)
    })
}
