//! The example kernels: results, seeds, how they are compiled.

#[allow(dead_code)]
#[path = "../../examples/compare/kernels.rs"]
mod example;

use super::ways::{SIZES, engines, every_way, same_bits};
use example::{add, gaussians, kde, mandelbrot, mandelbrot_arrays, monte_carlo_pi, pi_arrays, sum};
use ndarray::Array1;
use parfuse::prelude::*;
use std::collections::HashSet;

/// Places and widths of `n` normal distributions.
fn distributions(n: usize) -> (Array1<f64>, Array1<f64>) {
    let means = Array1::from_shape_fn(n, |i| -1.0 + 2.0 * i as f64 / n as f64);
    (means, Array1::from_shape_fn(n, |i| 0.05 + 0.01 * (i % 17) as f64))
}

#[test]
fn expressions_and_sums_agree_at_every_size() {
    for n in SIZES {
        let (means, widths) = distributions(n);
        every_way!(gaussians(0.4, &means, &widths));
        assert_eq!(every_way!(add(&means, &widths)).0, &means + &widths);
        every_way!(sum(&widths));
        if n > 0 {
            every_way!(kde(0.4, &means, &widths));
        }
    }
}

#[test]
fn expressions_take_one_region_of_lanes_and_no_temporary_array() {
    for (kernel, arrays) in [
        (gaussians::kernel(), 1),
        (kde::kernel(), 0),
        (add::kernel(), 1),
        (sum::kernel(), 0),
        (pi_arrays::kernel(), 0),
    ] {
        let explanation = kernel.explain().unwrap();
        assert_eq!(explanation.regions.len(), 1, "{explanation}");
        assert_eq!(explanation.arrays_allocated, arrays, "{explanation}");
        let region = &explanation.regions[0];
        assert!(region.lanes > 1, "{explanation}");
        assert_eq!((region.checks_in_loop, region.scattered_accesses), (0, 0), "{explanation}");
        assert_eq!(region.stores, arrays, "{explanation}");
    }
    for kernel in [monte_carlo_pi::kernel(), mandelbrot::kernel()] {
        let explanation = kernel.explain().unwrap();
        assert_eq!(explanation.regions.len(), 1, "{explanation}");
        assert!(explanation.regions[0].lanes > 1, "{explanation}");
        assert_eq!(explanation.regions[0].checks_in_loop, 0, "{explanation}");
    }
}

#[test]
fn an_empty_density_has_no_mean() {
    let none = Array1::zeros(0);
    let error = super::ways::error_of!(kde(0.4, &none, &none));
    assert!(matches!(error, parfuse::Error::EmptyMean { .. }), "{error}");
}

/// The standard error of an estimate of pi by this many points.
fn standard_error(samples: f64) -> f64 {
    let share = std::f64::consts::PI / 4.0;
    4.0 * (share * (1.0 - share) / samples).sqrt()
}

#[test]
fn pi_is_found_with_the_same_bits_on_every_number_of_threads() {
    let samples = 100_000_000;
    let tolerance = 5.0 * standard_error(samples as f64);
    let serial = with_seed(1, || monte_carlo_pi::serial(samples)).unwrap();
    assert!((serial - std::f64::consts::PI).abs() < tolerance, "{serial}");
    for engine in [1, 2, 3, 7].map(|n| parfuse::Engine::builder().threads(n).build().unwrap()) {
        let parallel = engine.install(|| with_seed(1, || monte_carlo_pi::parallel(samples))).unwrap();
        assert_eq!(parallel.to_bits(), serial.to_bits(), "{engine:?}");
    }
    assert_ne!(with_seed(2, || monte_carlo_pi::parallel(samples)).unwrap(), serial);

    let samples = samples as usize / 10;
    let arrays = with_seed(1, || pi_arrays::parallel(samples)).unwrap();
    assert!((arrays - std::f64::consts::PI).abs() < 5.0 * standard_error(samples as f64), "{arrays}");
    assert_eq!(arrays, with_seed(1, || pi_arrays::serial(samples)).unwrap());
}

#[test]
fn a_seed_gives_the_plain_function_the_same_numbers() {
    for seed in [0, 1, 42, u64::MAX] {
        for samples in [1, 2, 7, 100, 8191, 8193, 40_000] {
            let compiled = same_bits(|parallel| {
                with_seed(seed, || match parallel {
                    true => monte_carlo_pi::parallel(samples),
                    false => monte_carlo_pi::serial(samples),
                })
            });
            assert_eq!(compiled, with_seed(seed, || monte_carlo_pi(samples)));
            let samples = samples as usize;
            let compiled = same_bits(|parallel| {
                with_seed(seed, || match parallel {
                    true => pi_arrays::parallel(samples),
                    false => pi_arrays::serial(samples),
                })
            });
            assert_eq!(compiled, with_seed(seed, || pi_arrays(samples)));
        }
    }
}

#[test]
fn without_a_seed_every_call_draws_anew() {
    let mut found = HashSet::new();
    for _ in 0..8 {
        found.insert(monte_carlo_pi::serial(1_000_003).unwrap().to_bits());
        found.insert(monte_carlo_pi::parallel(1_000_003).unwrap().to_bits());
        found.insert(pi_arrays::parallel(1_000_003).unwrap().to_bits());
    }
    // Two of 24 counts of a million points may well be equal, most are not.
    assert!(found.len() > 12, "{}", found.len());
}

#[test]
fn calls_in_one_scope_draw_different_numbers() {
    let draws = || with_seed(3, || [(); 4].map(|_| monte_carlo_pi::parallel(1_000_003).unwrap()));
    let first = draws();
    assert_eq!(first, draws());
    assert!(first.windows(2).any(|pair| pair[0] != pair[1]));
}

#[test]
fn the_mandelbrot_set_is_equal_in_every_element() {
    let expected = mandelbrot(1000, 1000, 100);
    for engine in engines() {
        engine.install(|| {
            assert_eq!(mandelbrot::parallel(1000, 1000, 100).unwrap(), expected);
        });
    }
    assert_eq!(mandelbrot::serial(1000, 1000, 100).unwrap(), expected);
    for (height, width, limit) in [(0, 0, 5), (0, 3, 5), (3, 0, 5), (1, 1, 0), (7, 9, 31), (3, 1001, 50)] {
        every_way!(mandelbrot(height, width, limit));
    }
}

#[test]
fn the_mandelbrot_set_by_arrays_is_that_of_the_loop() {
    for (height, width, limit) in [(0, 0, 5), (0, 3, 5), (1, 1, 0), (7, 9, 31), (3, 1001, 50), (120, 90, 100)]
    {
        let counts = every_way!(mandelbrot_arrays(height, width, limit)).0;
        assert_eq!(counts, mandelbrot(height, width, limit));
    }
}

#[test]
#[cfg(target_arch = "x86_64")]
fn lanes_are_packed_instructions_and_regions_call_nothing() {
    for (kernel, packed) in
        [(gaussians::kernel(), ["mulpd", "divpd"]), (mandelbrot::kernel(), ["mulpd", "addpd"])]
    {
        let asm = kernel.asm_of(parfuse::Effort::Thorough).unwrap();
        for instruction in packed {
            assert!(asm.contains(instruction), "{}: no {instruction}", kernel.name());
        }
        // Only the driver in front calls: back into the host, for memory and to run the region.
        let regions = asm.split_once("; r0").expect("a region").1;
        let calls: Vec<&str> = regions.lines().filter(|line| line.contains("call")).collect();
        assert!(calls.is_empty(), "{}: {calls:?}", kernel.name());
    }
}
