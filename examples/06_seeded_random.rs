//! Random numbers that do not depend on how a kernel runs: `with_seed`.
//!
//! ```text
//! a number = f(seed, which loop, which iteration, which draw)      no state passes from one iteration to the next
//! ```
//!
//! `cargo run --release --example 06_seeded_random`

use ndarray::Array1;
use parfuse::prelude::*;

/// Pi, from the share of random points of the unit square that lie in the quarter circle.
#[kernel]
fn monte_carlo_pi(samples: i64) -> f64 {
    let mut inside = 0i64;
    for _ in prange(0..samples) {
        let (x, y) = (random::<f64>(), random::<f64>());
        if x * x + y * y < 1.0 {
            inside += 1;
        }
    }
    4.0 * inside as f64 / samples as f64
}

/// Signals with noise: arrays of random numbers are fused as any others.
#[kernel]
fn noisy(n: usize, strength: f64) -> Array1<f64> {
    1.0 + strength * Array1::<f64>::random_normal(n)
}

/// The average length of walks that end with the first six of a die.
#[kernel]
fn walks(n: i64) -> f64 {
    let mut steps = 0i64;
    for _ in prange(0..n) {
        let mut eyes = 0i64;
        while eyes != 6 {
            eyes = random_range(1..=6);
            steps += 1;
        }
    }
    steps as f64 / n as f64
}

fn main() -> Result<(), Error> {
    // With one seed the plain function, serial and parallel code draw the very same numbers.
    let plain = with_seed(7, || monte_carlo_pi(100_000));
    let serial = with_seed(7, || monte_carlo_pi::serial(100_000))?;
    let parallel = with_seed(7, || monte_carlo_pi::parallel(100_000))?;
    println!("seed 7: {plain} as written, {serial} serial, {parallel} parallel");
    assert!(plain == serial && serial == parallel);

    let signal = with_seed(8, || noisy::parallel(1000, 0.2))?;
    assert_eq!(signal, with_seed(8, || noisy(1000, 0.2)));
    assert_ne!(signal, with_seed(9, || noisy(1000, 0.2)));

    // How often a loop draws is decided by what it has drawn, in each iteration for itself.
    let (plain, parallel) = (with_seed(7, || walks(60_000)), with_seed(7, || walks::parallel(60_000))?);
    println!("walks of {parallel:.2} steps until the first six");
    assert!(plain == parallel && (parallel - 6.0).abs() < 0.1);

    // Calls in one scope draw different numbers, as reproducibly.
    let twice = || with_seed(7, || [monte_carlo_pi::parallel(1000), monte_carlo_pi::parallel(1000)]);
    assert_eq!(twice(), twice());
    let [first, second] = twice();
    println!("two calls in one scope: {} and {}", first?, second?);

    // Without a seed every call draws new numbers.
    let (a, b) = (noisy::parallel(1000, 1.0)?, noisy::parallel(1000, 1.0)?);
    assert_ne!(a, b);
    println!("without a seed: means {:.4} and {:.4}", a.mean().unwrap_or(0.0), b.mean().unwrap_or(0.0));
    Ok(())
}
