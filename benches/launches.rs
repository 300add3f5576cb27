//! What threads bring at every size: parallel calls beside serial ones, from a hundred elements to more than fit in
//! caches, for bodies of one, ten and a hundred operations; and sweeps over a grid, one call with many short regions.
//!
//! ```text
//! body                 n      serial    parallel   / parallel
//! 10 operations    30000     5.45 µs     4.12 µs         1.32
//! ```
//!
//! `cargo bench --bench launches -- [--most N]`. Times are the least of rounds in which both take turns, each of calls that
//! follow one another at once.

use ndarray::{Array1, Array2, ArrayRef1, ArrayRef2};
use parfuse::prelude::*;
use std::error::Error;
use std::time::{Duration, Instant};

#[kernel]
fn one(a: &ArrayRef1<f64>) -> Array1<f64> {
    a + 1.0
}

#[kernel]
fn ten(a: &ArrayRef1<f64>) -> Array1<f64> {
    let b = a * 0.5 + 1.0;
    let c = &b * &b - a * 0.25;
    let d = &c * 0.125 + &b;
    &d * &d + c * 0.75
}

#[kernel]
fn hundred(a: &ArrayRef1<f64>) -> Array1<f64> {
    let b = (a * 0.5).exp() + a.sin();
    (&b * &b + 1.0).ln() + b * 0.25
}

/// Sweeps of Jacobi's method for the equation of heat.
#[kernel]
fn sweeps(grid: &ArrayRef2<f64>, count: usize) -> Array2<f64> {
    let (rows, columns) = grid.dim();
    let mut old = grid.to_owned();
    let mut new = grid.to_owned();
    for _ in 0..count {
        for i in prange(1..rows - 1) {
            for j in 1..columns - 1 {
                new[[i, j]] = 0.25 * (old[[i - 1, j]] + old[[i + 1, j]] + old[[i, j - 1]] + old[[i, j + 1]]);
            }
        }
        for i in prange(1..rows - 1) {
            for j in 1..columns - 1 {
                old[[i, j]] = 0.25 * (new[[i - 1, j]] + new[[i + 1, j]] + new[[i, j - 1]] + new[[i, j + 1]]);
            }
        }
    }
    old
}

/// How long rounds are at least.
const ROUND: Duration = Duration::from_millis(3);

const ROUNDS: usize = 15;

/// The least times of a call of each, in rounds that take turns.
fn least(mut calls: [&mut dyn FnMut(); 2]) -> [Duration; 2] {
    let mut repeats = [1u32; 2];
    for (call, repeats) in calls.iter_mut().zip(&mut repeats) {
        // Thorough code, and an idea of how long a call takes.
        let start = Instant::now();
        let mut count = 0;
        while start.elapsed() < 10 * ROUND {
            call();
            count += 1;
        }
        *repeats = (count / 10).max(1);
    }
    let mut least = [Duration::MAX; 2];
    for _ in 0..ROUNDS {
        for ((call, repeats), least) in calls.iter_mut().zip(repeats).zip(&mut least) {
            let start = Instant::now();
            (0..repeats).for_each(|_| call());
            *least = (*least).min(start.elapsed() / repeats);
        }
    }
    least
}

fn line(body: &str, n: usize, [serial, parallel]: [Duration; 2]) {
    let quotient = serial.as_secs_f64() / parallel.as_secs_f64();
    println!(
        "{body:<16} {n:>10} {:>12} {:>12} {quotient:>8.2}",
        format!("{serial:.2?}"),
        format!("{parallel:.2?}")
    );
}

fn main() -> Result<(), Box<dyn Error>> {
    let most = std::env::args().skip_while(|argument| argument != "--most").nth(1);
    let most: usize = most.map_or(Ok(10_000_000), |most| most.parse())?;
    println!("{:<16} {:>10} {:>12} {:>12} {:>8}", "body", "n", "serial", "parallel", "quotient");
    let sizes = (2..=8).flat_map(|power| [10usize.pow(power), 3 * 10usize.pow(power)]);
    for n in sizes.filter(|n| *n <= most) {
        let a = Array1::from_shape_fn(n, |k| (k % 1000) as f64 * 1e-3);
        let [mut of_serial, mut of_parallel] = [(), ()].map(|()| Array1::zeros(n));
        macro_rules! measure {
            ($body:literal, $kernel:ident) => {
                line(
                    $body,
                    n,
                    least([
                        &mut || $kernel::serial_into(&a, &mut of_serial).expect("the kernel runs"),
                        &mut || $kernel::parallel_into(&a, &mut of_parallel).expect("the kernel runs"),
                    ]),
                );
            };
        }
        measure!("1 operation", one);
        measure!("10 operations", ten);
        measure!("100 operations", hundred);
    }
    for n in [50, 100, 200, 300, 500, 800, 1000, 1500] {
        let grid = Array2::from_shape_fn((n, n), |(i, j)| ((i * 7 + j * 3) % 11) as f64);
        let count = (4_000_000 / (n * n)).clamp(2, 100);
        let both = least([&mut || drop(sweeps::serial(&grid, count).expect("the kernel runs")), &mut || {
            drop(sweeps::parallel(&grid, count).expect("the kernel runs"))
        }]);
        line("a sweep", n, both.map(|time| time / (2 * count) as u32));
    }
    Ok(())
}
