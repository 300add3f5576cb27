//! Complex numbers, against the functions themselves: whole programs as users write them.
//!
//! ```text
//! scalars     operators, parts, constants, variables
//! arrays      expressions, views, reductions, closures, iterators
//! methods     each method of `num-complex`
//! refusals    what complex numbers do not have, and what to write instead
//! traced      `Engine::trace`, `Engine::eval`, results into arrays
//! ```

mod arrays;
mod methods;
mod refusals;
mod scalars;
mod traced;

use crate::cases::ways::{every_way, exactly};
use ndarray::{Array1, Array2, ArrayRef1, ArrayRef2, Zip};
use num_complex::{Complex, Complex64};
use parfuse::prelude::*;

/// Points of a spiral around zero.
fn points(n: usize) -> Array1<Complex64> {
    Array1::from_shape_fn(n, |i| Complex::from_polar(0.1 + i as f64 * 0.001, i as f64 * 0.7))
}

/// The same as a matrix.
fn matrix(rows: usize, columns: usize) -> Array2<Complex64> {
    points(rows * columns).into_shape_with_order((rows, columns)).expect("as many elements")
}

#[kernel]
fn mandelbrot(c: &ArrayRef2<Complex64>, most: usize) -> (Array2<i64>, Array2<Complex64>) {
    let mut z = Array2::zeros(c.raw_dim());
    let mut steps = Array2::zeros(c.raw_dim());
    for _ in 0..most {
        Zip::from(&mut z).and(&mut steps).and(c).for_each(|z: &mut Complex64, steps, &c| {
            if z.norm_sqr() <= 4.0 {
                *z = *z * *z + c;
                *steps += 1;
            }
        });
    }
    (steps, z)
}

#[test]
fn the_mandelbrot_set_by_whole_arrays() {
    let c = Array2::from_shape_fn((40, 50), |(y, x)| {
        Complex::new(-2.0 + 3.0 * x as f64 / 50.0, -1.0 + 2.0 * y as f64 / 40.0)
    });
    exactly!(mandelbrot(&c, 30));
}

#[kernel]
fn julia(re: &ArrayRef1<f64>, im: &ArrayRef1<f64>, c: Complex64, most: i64) -> Array2<i64> {
    let mut steps = Array2::zeros((im.len(), re.len()));
    for y in prange(0..im.len()) {
        for x in 0..re.len() {
            let mut z = Complex::new(re[x], im[y]);
            let mut count = 0;
            while count < most && z.norm_sqr() <= 4.0 {
                z = z * z + c;
                count += 1;
            }
            steps[[y, x]] = count;
        }
    }
    steps
}

#[test]
fn a_julia_set() {
    let (re, im) = (Array1::linspace(-1.5, 1.5, 70), Array1::linspace(-1.0, 1.0, 50));
    exactly!(julia(&re, &im, Complex::new(-0.4, 0.6), 100));
}

/// One stage of a transform by halves, in place.
#[kernel]
fn butterflies(x: &mut ArrayRef1<Complex64>, twiddles: &ArrayRef1<Complex64>, half: usize) {
    let n = x.len();
    let mut start = 0;
    while start < n {
        for k in 0..half {
            let t = twiddles[k * (n / (2 * half))] * x[start + k + half];
            let u = x[start + k];
            x[start + k] = u + t;
            x[start + k + half] = u - t;
        }
        start += 2 * half;
    }
}

#[test]
fn a_stage_of_a_fourier_transform() {
    let twiddles = Array1::from_shape_fn(32, |k| Complex::cis(-std::f64::consts::PI * k as f64 / 32.0));
    for half in [1, 2, 8, 32] {
        exactly!(butterflies(&mut x, &twiddles, half) with x = points(64));
    }
}

#[kernel]
fn transform(x: &ArrayRef1<Complex64>) -> Array1<Complex64> {
    let n = x.len();
    let mut spectrum = Array1::zeros(n);
    for k in prange(0..n) {
        let mut sum = Complex64::new(0.0, 0.0);
        for j in 0..n {
            let angle = -2.0 * std::f64::consts::PI * ((j * k) % n) as f64 / n as f64;
            sum += x[j] * Complex64::cis(angle);
        }
        spectrum[k] = sum;
    }
    spectrum
}

#[test]
fn a_fourier_transform_by_its_definition() {
    every_way!(transform(&points(150)));
}

#[kernel]
fn matrix_product(a: &ArrayRef2<Complex64>, b: &ArrayRef2<Complex64>) -> Array2<Complex64> {
    let mut c = Array2::zeros((a.nrows(), b.ncols()));
    for i in prange(0..a.nrows()) {
        for k in 0..a.ncols() {
            for j in 0..b.ncols() {
                c[[i, j]] += a[[i, k]] * b[[k, j]];
            }
        }
    }
    c
}

#[test]
fn a_product_of_matrices() {
    for (n, m, k) in [(6, 7, 5), (1, 1, 1), (0, 3, 4), (40, 33, 50)] {
        exactly!(matrix_product(&matrix(n, m), &matrix(m, k)));
    }
}

#[kernel]
fn power(a: &ArrayRef1<Complex64>) -> f64 {
    a.mapv(|z| z.norm_sqr()).sum()
}

#[test]
fn the_power_of_a_spectrum() {
    every_way!(power(&points(10_000)));
}

/// Steps of a Schrödinger equation: a phase for each point.
#[kernel]
fn evolve(psi: &mut ArrayRef1<Complex64>, potential: &ArrayRef1<f64>, dt: f64, steps: usize) {
    for _ in 0..steps {
        for i in prange(0..psi.len()) {
            let phase = Complex64::from_polar(1.0, -potential[i] * dt);
            psi[i] *= phase;
        }
    }
}

#[test]
fn phases_of_a_wave() {
    let potential = Array1::linspace(-1.0, 1.0, 1000);
    every_way!(evolve(&mut psi, &potential, 0.01, 3) with psi = points(1000));
}
