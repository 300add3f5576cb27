//! Simulations: particles, random numbers, fractals, finance.
//!
//! ```text
//! n_body  lennard_jones  ising  random_walks  monte_carlo_pi  mandelbrot  julia  ray_march  logistic_map
//! black_scholes  flow_directions  flow_accumulation  particles_in_cells  kepler  lorenz  contour
//! ```

use super::data::{below, permutation, scaled, uniform, zeros};
use super::row::{Row, row};
use ndarray::{Array1, Array2, ArrayRef1, ArrayRef2};
use parfuse::prelude::*;
use rayon::prelude::*;

#[kernel]
fn n_body(position: &ArrayRef2<f64>, mass: &ArrayRef1<f64>, acc: &mut ArrayRef2<f64>) {
    for i in prange(0..mass.len()) {
        acc[[i, 0]] = 0.0;
        acc[[i, 1]] = 0.0;
        acc[[i, 2]] = 0.0;
        for j in 0..mass.len() {
            let dx = position[[j, 0]] - position[[i, 0]];
            let dy = position[[j, 1]] - position[[i, 1]];
            let dz = position[[j, 2]] - position[[i, 2]];
            let r2 = dx * dx + dy * dy + dz * dz + 1e-9;
            let f = mass[j] / (r2 * r2.sqrt());
            acc[[i, 0]] += f * dx;
            acc[[i, 1]] += f * dy;
            acc[[i, 2]] += f * dz;
        }
    }
}

fn n_body_by_hand(position: &ArrayRef2<f64>, mass: &ArrayRef1<f64>, acc: &mut ArrayRef2<f64>) {
    let (position, mass) = (position.as_slice().expect("neighbours"), mass.as_slice().expect("neighbours"));
    let rows = acc.as_slice_mut().expect("neighbours").par_chunks_exact_mut(3).with_min_len(8);
    rows.enumerate().for_each(|(i, acc)| {
        let [x, y, z] = [0, 1, 2].map(|axis| position[3 * i + axis]);
        let mut sums = [0.0; 3];
        for (other, mass) in position.chunks_exact(3).zip(mass) {
            let [dx, dy, dz] = [other[0] - x, other[1] - y, other[2] - z];
            let r2 = dx * dx + dy * dy + dz * dz + 1e-9;
            let f = mass / (r2 * r2.sqrt());
            sums[0] += f * dx;
            sums[1] += f * dy;
            sums[2] += f * dz;
        }
        acc.copy_from_slice(&sums);
    });
}

/// Each pair once, within a distance.
#[kernel]
fn lennard_jones(
    x: &ArrayRef1<f64>,
    y: &ArrayRef1<f64>,
    fx: &mut ArrayRef1<f64>,
    fy: &mut ArrayRef1<f64>,
) -> f64 {
    let n = x.len();
    let mut energy = 0.0;
    for i in 0..n {
        for j in i + 1..n {
            let dx = x[i] - x[j];
            let dy = y[i] - y[j];
            let r2 = dx * dx + dy * dy + 0.01;
            if r2 < 0.1 {
                let s = 1e-2 / r2;
                let s3 = s * s * s;
                energy += 4.0 * s3 * (s3 - 1.0);
                let f = 24.0 * s3 * (2.0 * s3 - 1.0) / r2;
                fx[i] += f * dx;
                fy[i] += f * dy;
                fx[j] -= f * dx;
                fy[j] -= f * dy;
            }
        }
    }
    energy
}

/// A sweep over spins on a torus.
#[kernel]
fn ising(spins: &mut ArrayRef2<i32>, likely: &ArrayRef1<f64>) {
    let (n, m) = spins.dim();
    for i in 0..n {
        for j in 0..m {
            let around = spins[[(i + n - 1) % n, j]]
                + spins[[(i + 1) % n, j]]
                + spins[[i, (j + m - 1) % m]]
                + spins[[i, (j + 1) % m]];
            let cost = spins[[i, j]] * around;
            if cost <= 0 || random::<f64>() < likely[cost as usize] {
                spins[[i, j]] = -spins[[i, j]];
            }
        }
    }
}

#[kernel]
fn random_walks(steps: usize, ends: &mut ArrayRef1<f64>) {
    for i in prange(0..ends.len()) {
        let mut x = 0.0;
        for _ in 0..steps {
            if random_bool(0.5) {
                x += 1.0;
            } else {
                x -= 1.0;
            }
        }
        ends[i] = x;
    }
}

#[kernel]
fn monte_carlo_pi(n: i64) -> f64 {
    let mut inside = 0i64;
    for _ in prange(0..n) {
        let (x, y) = (random::<f64>(), random::<f64>());
        if x * x + y * y < 1.0 {
            inside += 1;
        }
    }
    4.0 * inside as f64 / n as f64
}

#[kernel]
fn mandelbrot(n: usize) -> Array2<i32> {
    let mut counts = Array2::zeros((n, n));
    for i in prange(0..n) {
        for j in 0..n {
            let (cx, cy) = (-2.0 + 3.0 * j as f64 / n as f64, -1.5 + 3.0 * i as f64 / n as f64);
            let (mut x, mut y, mut k) = (0.0, 0.0, 0i32);
            while k < 100 && x * x + y * y <= 4.0 {
                (x, y) = (x * x - y * y + cx, 2.0 * x * y + cy);
                k += 1;
            }
            counts[[i, j]] = k;
        }
    }
    counts
}

/// With `break`.
#[kernel]
fn julia(counts: &mut ArrayRef2<u8>, re: f64, im: f64) {
    let (h, w) = counts.dim();
    for i in prange(0..h) {
        for j in 0..w {
            let mut x = -1.5 + 3.0 * j as f64 / w as f64;
            let mut y = -1.0 + 2.0 * i as f64 / h as f64;
            let mut count = 0u8;
            for _ in 0..200 {
                if x * x + y * y > 4.0 {
                    break;
                }
                let t = x * x - y * y + re;
                y = 2.0 * x * y + im;
                x = t;
                count += 1;
            }
            counts[[i, j]] = count;
        }
    }
}

/// Towards a torus, by its distance.
#[kernel]
fn ray_march(image: &mut ArrayRef2<f64>) {
    let (h, w) = image.dim();
    for i in prange(0..h) {
        for j in 0..w {
            let dx = (j as f64 + 0.5) / w as f64 - 0.5;
            let dy = (i as f64 + 0.5) / h as f64 - 0.5;
            let norm = 1.0 / (dx * dx + dy * dy + 1.0).sqrt();
            let mut t = 0.0;
            let mut steps = 0;
            while steps < 64 && t < 10.0 {
                let (x, y, z) = (t * dx * norm, t * dy * norm, t * norm - 3.0);
                let ring = (x * x + y * y).sqrt() - 1.0;
                let distance = (ring * ring + z * z).sqrt() - 0.4;
                if distance < 1e-4 {
                    break;
                }
                t += distance;
                steps += 1;
            }
            image[[i, j]] = if t < 10.0 { t } else { 0.0 };
        }
    }
}

#[kernel]
fn logistic_map(x: f64, n: usize) -> f64 {
    let mut x = x;
    for _ in 0..n {
        x = 3.9 * x * (1.0 - x);
    }
    x
}

/// The attractors of many growth rates.
#[kernel]
fn bifurcation(rates: &ArrayRef1<f64>, out: &mut ArrayRef1<f64>) {
    for i in prange(0..rates.len()) {
        let mut x = 0.5;
        for _ in 0..200 {
            x = rates[i] * x * (1.0 - x);
        }
        out[i] = x;
    }
}

fn bifurcation_by_hand(rates: &ArrayRef1<f64>, out: &mut ArrayRef1<f64>) {
    let (rates, out) = (rates.as_slice().expect("neighbours"), out.as_slice_mut().expect("neighbours"));
    rates.par_iter().zip(out).with_min_len(64).for_each(|(rate, out)| {
        *out = (0..200).fold(0.5, |x, _| rate * x * (1.0 - x));
    });
}

#[kernel]
fn black_scholes(
    prices: &ArrayRef1<f64>,
    strikes: &ArrayRef1<f64>,
    years: &ArrayRef1<f64>,
    calls: &mut ArrayRef1<f64>,
    puts: &mut ArrayRef1<f64>,
) {
    let (rate, volatility) = (0.02, 0.3);
    for i in prange(0..prices.len()) {
        let spread = volatility * years[i].sqrt();
        let d1 = ((prices[i] / strikes[i]).ln() + (rate + 0.5 * volatility * volatility) * years[i]) / spread;
        let d2 = d1 - spread;
        let k1 = 1.0 / (1.0 + 0.2316419 * d1.abs());
        let k2 = 1.0 / (1.0 + 0.2316419 * d2.abs());
        let s1 = k1
            * (0.31938153
                + k1 * (-0.356563782 + k1 * (1.781477937 + k1 * (-1.821255978 + k1 * 1.330274429))));
        let s2 = k2
            * (0.31938153
                + k2 * (-0.356563782 + k2 * (1.781477937 + k2 * (-1.821255978 + k2 * 1.330274429))));
        let t1 = (-0.5 * d1 * d1).exp() * 0.3989422804014327 * s1;
        let t2 = (-0.5 * d2 * d2).exp() * 0.3989422804014327 * s2;
        let n1 = if d1 > 0.0 { 1.0 - t1 } else { t1 };
        let n2 = if d2 > 0.0 { 1.0 - t2 } else { t2 };
        let discounted = strikes[i] * (-rate * years[i]).exp();
        calls[i] = prices[i] * n1 - discounted * n2;
        puts[i] = discounted * (1.0 - n2) - prices[i] * (1.0 - n1);
    }
}

/// To the lowest of eight neighbours, as hydrologists do.
#[kernel]
fn flow_directions(height: &ArrayRef2<f64>, direction: &mut ArrayRef2<i32>) {
    let (n, m) = height.dim();
    for i in prange(1..n - 1) {
        for j in 1..m - 1 {
            let mut lowest = height[[i, j]];
            let mut to = -1;
            for di in 0..3 {
                for dj in 0..3 {
                    let h = height[[i + di - 1, j + dj - 1]];
                    if h < lowest {
                        lowest = h;
                        to = (3 * di + dj) as i32;
                    }
                }
            }
            direction[[i, j]] = to;
        }
    }
}

/// What flows through each cell, from the highest on.
#[kernel]
fn flow_accumulation(order: &ArrayRef1<usize>, target: &ArrayRef1<i64>, flow: &mut ArrayRef1<f64>) {
    for k in 0..order.len() {
        let cell = order[k];
        if target[cell] >= 0 {
            flow[target[cell] as usize] += flow[cell];
        }
    }
}

/// Charges of particles on a grid.
#[kernel]
fn particles_in_cells(x: &ArrayRef1<f64>, charge: &ArrayRef1<f64>, grid: &mut ArrayRef1<f64>) {
    let cells = grid.len() - 1;
    for p in 0..x.len() {
        let place = x[p] * cells as f64;
        let cell = place as usize;
        let part = place - cell as f64;
        grid[cell] += charge[p] * (1.0 - part);
        grid[cell + 1] += charge[p] * part;
    }
}

/// Kepler's equation by Newton's method.
#[kernel]
fn kepler(mean: &ArrayRef1<f64>, eccentricity: f64, anomaly: &mut ArrayRef1<f64>) {
    for i in prange(0..mean.len()) {
        let mut e = mean[i];
        for _ in 0..6 {
            e -= (e - eccentricity * e.sin() - mean[i]) / (1.0 - eccentricity * e.cos());
        }
        anomaly[i] = e;
    }
}

/// An orbit by Euler's method.
#[kernel]
fn lorenz(steps: usize, dt: f64) -> (f64, f64, f64) {
    let (mut x, mut y, mut z) = (1.0, 1.0, 1.0);
    for _ in 0..steps {
        let dx = 10.0 * (y - x);
        let dy = x * (28.0 - z) - y;
        let dz = x * y - 8.0 / 3.0 * z;
        x += dt * dx;
        y += dt * dy;
        z += dt * dz;
    }
    (x, y, z)
}

/// A distribution's moments by array expressions.
#[kernel]
fn wave_packet(x: &ArrayRef1<f64>, t: f64) -> Array1<f64> {
    let centred = x - 2.0 * t;
    let width = 1.0 + t * t;
    (-(&centred * &centred) / width).exp() * (3.0 * x - t).cos() / width.sqrt()
}

/// The kernels of this file.
pub const ROWS: &[Row] = &[
    row!(n_body [150, 2000] |n| reads position = uniform((n, 3), 1), mass = uniform(n, 2); writes acc = zeros((n, 3));
        call(&position, &mass, acc) rayon n_body_by_hand),
    row!(lennard_jones [200, 3000] |n| reads x = uniform(n, 1), y = uniform(n, 2);
        writes fx = zeros(n), fy = zeros(n); call(&x, &y, fx, fy)),
    row!(ising [200, 1500] |n| reads likely = scaled(uniform(5, 2), 0.3, 0.0);
        writes spins = below::<i32, _>(2, (n, n + 1), 1) * 2 - 1; call(spins, &likely)),
    row!(random_walks [200, 20_000] |n| writes ends = zeros(n); call(100, ends)),
    row!(monte_carlo_pi [20_000, 3_000_000] |n| call(n as i64)),
    row!(mandelbrot [60, 500] |n| call(n)),
    row!(julia [60, 500] |n| writes counts = zeros((n, n + 1)); call(counts, -0.4, 0.6)),
    row!(ray_march [60, 500] |n| writes image = zeros((n, n + 1)); call(image)),
    row!(logistic_map [10_000, 5_000_000] |n| call(0.5, n)),
    row!(bifurcation [500, 50_000] |n| reads rates = scaled(uniform(n, 1), 1.0, 3.0); writes out = zeros(n);
        call(&rates, out) rayon bifurcation_by_hand),
    row!(black_scholes rounded [5000, 800_000] |n| reads prices = scaled(uniform(n, 1), 20.0, 20.0),
        strikes = scaled(uniform(n, 2), 30.0, 25.0), years = scaled(uniform(n, 3), 3.0, 1.0);
        writes calls = zeros(n), puts = zeros(n); call(&prices, &strikes, &years, calls, puts)),
    row!(flow_directions [150, 2000] least 1 |n| reads height = uniform((n, n + 1), 1);
        writes direction = zeros((n, n + 1)); call(&height, direction)),
    row!(flow_accumulation [10_000, 1_500_000] |n| reads order = permutation(n, 1),
        target = below(n as u64 + 1, n, 2).mapv(|cell: i64| cell - 1); writes flow = uniform(n, 3); call(&order, &target, flow)),
    row!(particles_in_cells [20_000, 4_000_000] |n| reads x = uniform(n, 1), charge = uniform(n, 2);
        writes grid = zeros(1001); call(&x, &charge, grid)),
    row!(kepler rounded [2000, 100_000] |n| reads mean = scaled(uniform(n, 1), 6.0, 0.0); writes anomaly = zeros(n);
        call(&mean, 0.3, anomaly)),
    row!(lorenz [10_000, 3_000_000] |n| call(n, 1e-3)),
    row!(wave_packet rounded [5000, 1_000_000] |n| reads x = scaled(uniform(n, 1), 4.0, -2.0); call(&x, 0.5)),
];
