//! Runs well-known kernels as the original function, as serial native code and as parallel native code, and
//! shows times, speedups and whether the results agree.
//!
//! `cargo run --release --example compare -- --help` lists the options.

mod kernels;
mod options;
mod picture;

use ndarray::Array1;
use options::Options;
use parfuse::prelude::*;
use parfuse::{Comparison, Kernel};
use std::io::{IsTerminal, Write};
use std::process::ExitCode;

/// A kernel by name: how many elements it runs on by default, and how to compare its variants on `n`.
struct Entry {
    name: &'static str,
    about: &'static str,
    default_n: usize,
    compare: fn(usize, &CompareOptions) -> Result<Comparison, Error>,
    kernel: fn() -> Kernel,
}

const ENTRIES: &[Entry] = &[
    Entry {
        name: "gaussians",
        about: "densities of n normal distributions at a point",
        default_n: 1_000_000,
        compare: |n, options| {
            let (means, widths) = mixture(n);
            kernels::gaussians::compare_with(options, 0.4, &means, &widths)
        },
        kernel: kernels::gaussians::kernel,
    },
    Entry {
        name: "kde",
        about: "the mean of n such densities",
        default_n: 1_000_000,
        compare: |n, options| {
            let (means, widths) = mixture(n);
            kernels::kde::compare_with(options, 0.4, &means, &widths)
        },
        kernel: kernels::kde::kernel,
    },
    Entry {
        name: "monte_carlo_pi",
        about: "pi from n random points, as a parallel loop",
        default_n: 10_000_000,
        compare: |n, options| kernels::monte_carlo_pi::compare_with(&options.clone().elements(n), n as i64),
        kernel: kernels::monte_carlo_pi::kernel,
    },
    Entry {
        name: "pi_arrays",
        about: "pi from n random points, as array expressions",
        default_n: 10_000_000,
        compare: |n, options| kernels::pi_arrays::compare_with(&options.clone().elements(n), n),
        kernel: kernels::pi_arrays::kernel,
    },
    Entry {
        name: "mandelbrot",
        about: "escape times of n pixels, at most 100 steps each",
        default_n: 1_000_000,
        compare: |n, options| {
            let side = n.isqrt();
            kernels::mandelbrot::compare_with(options, side, side, 100)
        },
        kernel: kernels::mandelbrot::kernel,
    },
    Entry {
        name: "mandelbrot_arrays",
        about: "the same steps with arrays of complex numbers and a mask",
        default_n: 1_000_000,
        compare: |n, options| {
            let side = n.isqrt();
            kernels::mandelbrot_arrays::compare_with(options, side, side, 100)
        },
        kernel: kernels::mandelbrot_arrays::kernel,
    },
    Entry {
        name: "add",
        about: "a + b on n elements",
        default_n: 10_000_000,
        compare: |n, options| {
            let (a, b) = mixture(n);
            kernels::add::compare_with(options, &a, &b)
        },
        kernel: kernels::add::kernel,
    },
    Entry {
        name: "sum",
        about: "the sum of n elements",
        default_n: 10_000_000,
        compare: |n, options| kernels::sum::compare_with(options, &mixture(n).0),
        kernel: kernels::sum::kernel,
    },
    Entry {
        name: "deviation",
        about: "the standard deviation of n elements",
        default_n: 10_000_000,
        compare: |n, options| kernels::deviation::compare_with(options, &mixture(n).0),
        kernel: kernels::deviation::kernel,
    },
    Entry {
        name: "black_scholes",
        about: "call and put prices of n options",
        default_n: 1_000_000,
        compare: |n, options| {
            let (prices, years) = mixture(n);
            let (prices, strikes, years) = (prices * 10.0 + 30.0, &years * -100.0 + 65.0, years * 10.0);
            kernels::black_scholes::compare_with(options, &prices, &strikes, &years, 0.02, 0.3)
        },
        kernel: kernels::black_scholes::kernel,
    },
    Entry {
        name: "polynomial",
        about: "a polynomial of degree eight at n elements of 32 bits",
        default_n: 1_000_000,
        compare: |n, options| kernels::polynomial::compare_with(options, &mixture(n).0.mapv(|x| x as f32)),
        kernel: kernels::polynomial::kernel,
    },
];

/// Means spread over [-1, 1] and widths over [0.1, 0.4], the same for every run.
fn mixture(n: usize) -> (Array1<f64>, Array1<f64>) {
    let unit = |i: usize| (i as f64 * 0.754_877_666_246_692_7).fract();
    (Array1::from_shape_fn(n, |i| 2.0 * unit(i) - 1.0), Array1::from_shape_fn(n, |i| 0.1 + 0.3 * unit(i + n)))
}

fn main() -> ExitCode {
    match Options::from_args(ENTRIES)
        .map_err(Into::into)
        .and_then(|options| options.map_or(Ok(true), |o| run(&o)))
    {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("compare: {error}");
            ExitCode::from(2)
        }
    }
}

/// Runs the chosen kernels; whether all results agree.
fn run(options: &Options) -> Result<bool, Box<dyn std::error::Error>> {
    let engine = Engine::builder().threads(options.threads).build()?;
    let mut compare = CompareOptions::default().repetitions(options.repetitions).seed(options.seed);
    if std::io::stderr().is_terminal() {
        compare = compare.progress(show_progress);
    }
    let mut comparisons = Vec::new();
    for entry in &options.entries {
        let n = options.n.unwrap_or(entry.default_n);
        show_progress(entry.name);
        let comparison = engine.install(|| (entry.compare)(n, &compare))?;
        clear_progress();
        if options.json {
            print!("{}", comparison.to_json());
        } else {
            println!("{comparison}");
            if options.explain {
                println!("{}", engine.install(entry.kernel).explain()?);
            }
        }
        comparisons.push(comparison);
    }
    if let Some(path) = &options.svg {
        std::fs::write(path, Comparison::chart(&comparisons))?;
    }
    if let Some(path) = &options.png {
        let side = options.n.unwrap_or(1_000_000).isqrt();
        let counts = engine.install(|| kernels::mandelbrot::parallel(side, side, 100))?;
        picture::write_png(path, &counts, 100)?;
    }
    Ok(comparisons.iter().all(Comparison::agrees))
}

fn show_progress(what: &str) {
    if std::io::stderr().is_terminal() {
        eprint!("\r\x1b[2Krunning {what} …");
        let _ = std::io::stderr().flush();
    }
}

fn clear_progress() {
    if std::io::stderr().is_terminal() {
        eprint!("\r\x1b[2K");
    }
}
