//! Particles, prices, earth: numbers of many things at once.
//!
//! ```text
//! n_body_arrays  black_scholes_arrays  arc_distance_arrays  go_fast_arrays  mandelbrot_arrays  option_steps_arrays
//! csr_vector_arrays  trapezoid_arrays  normalise_vectors_arrays
//! ```

use super::data::{Rows, csr, scaled, uniform, zeros};
use super::row::{Row, row};
use ndarray::{Array1, Array2, Axis, Zip, azip, s};
use parfuse::prelude::*;

/// Forces of all on each, by arrays of differences.
#[kernel]
fn n_body_arrays(
    positions: &mut Array2<f64>,
    velocities: &mut Array2<f64>,
    mass: &Array1<f64>,
    steps: usize,
) {
    let dt = 0.01;
    for _ in 0..steps {
        let mut accelerations = Array2::<f64>::zeros(positions.raw_dim());
        for i in 0..positions.nrows() {
            let d = &*positions - &positions.row(i);
            let squares = (&d * &d).sum_axis(Axis(1)) + 0.01;
            let weights = mass * &squares.mapv(|r| 1.0 / (r * r.sqrt()));
            accelerations.row_mut(i).assign(&(d * &weights.insert_axis(Axis(1))).sum_axis(Axis(0)));
        }
        velocities.scaled_add(dt, &accelerations);
        positions.scaled_add(dt, velocities);
    }
}

#[kernel]
fn black_scholes_arrays(price: &Array1<f64>, strike: &Array1<f64>, time: &Array1<f64>) -> Array1<f64> {
    let (rate, volatility) = (0.05, 0.3);
    let spread = volatility * time.mapv(f64::sqrt);
    let d1 = ((price / strike).mapv(f64::ln) + (rate + 0.5 * volatility * volatility) * time) / &spread;
    let d2 = &d1 - &spread;
    let normal = |x: f64| 1.0 / (1.0 + (-1.702 * x).exp());
    price * &d1.mapv(normal) - strike * &(-rate * time).mapv(f64::exp) * d2.mapv(normal)
}

#[kernel]
fn arc_distance_arrays(
    theta1: &Array1<f64>,
    phi1: &Array1<f64>,
    theta2: &Array1<f64>,
    phi2: &Array1<f64>,
) -> Array1<f64> {
    let a = ((theta2 - theta1) / 2.0).mapv(|x| x.sin().powi(2))
        + theta1.mapv(f64::cos) * theta2.mapv(f64::cos) * ((phi2 - phi1) / 2.0).mapv(|x| x.sin().powi(2));
    2.0 * Zip::from(&a).map_collect(|&x| x.sqrt().atan2((1.0 - x).sqrt()))
}

#[kernel]
fn go_fast_arrays(a: &Array2<f64>) -> Array2<f64> {
    let trace = a.diag().mapv(f64::tanh).sum();
    a + trace
}

/// Every point takes every step; those that have escaped stay where they are.
#[kernel]
fn mandelbrot_arrays(cr: &Array2<f64>, ci: &Array2<f64>, steps: i32) -> Array2<i32> {
    let mut zr = Array2::<f64>::zeros(cr.raw_dim());
    let mut zi = Array2::<f64>::zeros(cr.raw_dim());
    let mut counts = Array2::<i32>::zeros(cr.raw_dim());
    for _ in 0..steps {
        azip!((r in &mut zr, i in &mut zi, count in &mut counts, &cr in cr, &ci in ci) {
            if *r * *r + *i * *i <= 4.0 {
                let next = *r * *r - *i * *i + cr;
                *i = 2.0 * *r * *i + ci;
                *r = next;
                *count += 1;
            }
        });
    }
    counts
}

/// American options: the values at the leaves, then backwards step by step by slices.
#[kernel]
fn option_steps_arrays(spot: f64, strike: f64, steps: usize) -> f64 {
    let up = 1.01;
    let probability = 0.52;
    let prices = Array1::from_shape_fn(steps + 1, |i| spot * f64::powi(up, 2 * i as i32 - steps as i32));
    let mut values = prices.mapv(|price| (strike - price).max(0.0));
    for step in (0..steps).rev() {
        let held = 0.9999
            * (probability * &values.slice(s![1..step + 2])
                + (1.0 - probability) * &values.slice(s![..step + 1]));
        values.slice_mut(s![..step + 1]).assign(&held);
    }
    values[0]
}

#[kernel]
fn csr_vector_arrays(
    starts: &Array1<usize>,
    columns: &Array1<usize>,
    values: &Array1<f64>,
    x: &Array1<f64>,
) -> Array1<f64> {
    let mut y = Array1::<f64>::zeros(starts.len() - 1);
    for i in 0..y.len() {
        let row = s![starts[i]..starts[i + 1]];
        y[i] =
            values.slice(row).iter().zip(columns.slice(row)).map(|(value, &column)| value * x[column]).sum();
    }
    y
}

#[kernel]
fn trapezoid_arrays(x: &Array1<f64>, y: &Array1<f64>) -> f64 {
    let widths = &x.slice(s![1..]) - &x.slice(s![..-1]);
    (widths * (&y.slice(s![1..]) + &y.slice(s![..-1]))).sum() / 2.0
}

#[kernel]
fn normalise_vectors_arrays(v: &Array2<f64>) -> Array2<f64> {
    let norms = v.map_axis(Axis(1), |row| row.dot(&row).sqrt());
    v / &norms.insert_axis(Axis(1))
}

pub const ROWS: &[Row] = &[
    row!(n_body_arrays rounded [60, 600] |n| reads mass = uniform(n, 1);
        writes positions = uniform((n, 3), 2), velocities = zeros((n, 3)); call(positions, velocities, &mass, 2)),
    row!(black_scholes_arrays rounded [5_000, 1_000_000] |n|
        reads price = scaled(uniform(n, 1), 25.0, 20.0), strike = scaled(uniform(n, 2), 10.0, 5.0),
            time = scaled(uniform(n, 3), 2.0, 0.1);
        call(&price, &strike, &time)),
    row!(arc_distance_arrays rounded [5_000, 1_000_000] |n|
        reads a = uniform(n, 1), b = uniform(n, 2), c = uniform(n, 3), d = uniform(n, 4); call(&a, &b, &c, &d)),
    row!(go_fast_arrays rounded [150, 2_000] |n| reads a = uniform((n, n), 1); call(&a)),
    row!(mandelbrot_arrays [60, 500] |n|
        reads cr = scaled(uniform((n, n), 1), 2.5, -2.0), ci = scaled(uniform((n, n), 2), 2.5, -1.25);
        call(&cr, &ci, 30)),
    row!(option_steps_arrays [100, 2_000] |n| call(100.0, 105.0, n)),
    row!(csr_vector_arrays rounded [3_000, 300_000] |n|
        reads matrix = csr(n, Rows::Even, 1), x = uniform(n, 2); call(&matrix.0, &matrix.1, &matrix.2, &x)),
    row!(trapezoid_arrays rounded [10_000, 5_000_000] least 1 |n|
        reads x = uniform(n, 1), y = uniform(n, 2); call(&x, &y)),
    row!(normalise_vectors_arrays rounded [3_000, 500_000] |n| reads v = uniform((n, 3), 1); call(&v)),
];
