//! Fast mathematics: close to the function, the same bits however it runs, and only where it is asked for.

use ndarray::{Array1, ArrayRef1, array};
use parfuse::prelude::*;
use parfuse::{Kernel, Math};

const SQRT_2PI: f64 = 2.5066282746310002;

macro_rules! kernels {
    ($name:ident, $(#[$attribute:meta])*) => {
        mod $name {
            use super::*;

            $(#[$attribute])*
            pub fn gaussians(x: f64, means: &ArrayRef1<f64>, widths: &ArrayRef1<f64>) -> Array1<f64> {
                let n = means.len();
                let result = (-0.5 * ((x - means) / widths).powi(2)).exp() / widths;
                result / SQRT_2PI / n as f64
            }
        }
    };
}

kernels!(strict, #[kernel]);
kernels!(fast, #[kernel(fast)]);

#[kernel(fast)]
fn quotients(a: &ArrayRef1<f64>, b: f64) -> Array1<f64> {
    a / b
}

#[kernel(fast)]
fn products(n: usize, step: f64) -> f64 {
    let mut total = 0.0;
    for i in prange(0..n) {
        let mut own = 1.0;
        for j in 0..10 {
            own += i as f64 / step * j as f64;
        }
        total += own * own;
    }
    total
}

fn means() -> Array1<f64> {
    Array1::from_shape_fn(20_011, |i| (i as f64 * 0.37).sin())
}

fn widths() -> Array1<f64> {
    Array1::from_shape_fn(20_011, |i| 0.5 + (i % 17) as f64)
}

#[track_caller]
fn close(a: f64, b: f64, epsilon: f64) {
    assert!((a - b).abs() <= epsilon * b.abs(), "{a:e} is not {b:e}");
}

#[test]
fn results_are_close_to_those_of_the_function() {
    let expected = strict::gaussians(0.4, &means(), &widths());
    let found = fast::gaussians::serial(0.4, &means(), &widths()).unwrap();
    found.iter().zip(&expected).for_each(|(a, b)| close(*a, *b, 1e-14));
    close(products::serial(1000, 0.3).unwrap(), products(1000, 0.3), 1e-13);
    assert!(fast::gaussians::compare(0.4, &means(), &widths()).is_ok());
}

#[test]
fn bits_do_not_depend_on_how_a_kernel_runs() {
    let expected = fast::gaussians::serial(0.4, &means(), &widths()).unwrap();
    let total = products::serial(1000, 0.3).unwrap();
    for (fuse, thorough, threads) in [(true, false, 3), (false, true, 2), (true, true, 1), (false, false, 4)]
    {
        let engine = Engine::builder().fuse(fuse).thorough(thorough).threads(threads).build().unwrap();
        engine.install(|| {
            assert_eq!(fast::gaussians::serial(0.4, &means(), &widths()).unwrap(), expected);
            assert_eq!(fast::gaussians::parallel(0.4, &means(), &widths()).unwrap(), expected);
            assert_eq!(products::parallel(1000, 0.3).unwrap(), total);
        });
    }
}

/// The divisions in a kernel's loops.
fn divisions(kernel: &Kernel) -> usize {
    kernel.loops().unwrap().matches("= div ").count()
}

#[test]
fn only_what_asks_for_it_is_fast() {
    assert_eq!(divisions(&strict::gaussians::kernel()), 4);
    // One of the widths; one of the number of elements, once for all.
    assert_eq!(divisions(&fast::gaussians::kernel()), 2);
    assert!(fast::gaussians::kernel().program().unwrap().contains("math fast"));
    assert!(!strict::gaussians::kernel().program().unwrap().contains("math fast"));
}

#[test]
fn quotients_are_within_one_and_a_half_units_in_the_last_place() {
    let mut state = 1u64;
    let mut number = || {
        state = state.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(0x1405_7b7e_f767_814f);
        1.0 + (state >> 12) as f64 / (1u64 << 52) as f64
    };
    let mut worst = 0.0f64;
    for _ in 0..100 {
        let (dividends, divisor) = (Array1::from_shape_simple_fn(1000, &mut number), number());
        let found = quotients::serial(&dividends, divisor).unwrap();
        for (quotient, dividend) in found.iter().zip(&dividends) {
            // What is left of the dividend is exact, and small.
            let rest = (-quotient).mul_add(divisor, *dividend) / divisor;
            let unit = quotient.next_up() - quotient;
            worst = worst.max((rest / unit).abs());
        }
    }
    assert!((0.6..=1.5).contains(&worst), "{worst} units");
}

#[test]
fn quotients_keep_infinity_and_nan() {
    let a = array![1.0, -1.0, 0.0, f64::INFINITY, f64::NAN, 3.0];
    let by = |b: f64| quotients::serial(&a, b).unwrap();
    for b in [0.0, -0.0, f64::INFINITY, f64::NAN, 7.0, -1e300] {
        for (found, expected) in by(b).iter().zip(&quotients(&a, b)) {
            let same = found == expected || found.is_nan() && expected.is_nan();
            assert!(
                same || (found - expected).abs() <= 1e-15 * expected.abs(),
                "{found:e}, {expected:e}, {b:e}"
            );
        }
    }
}

#[test]
fn a_traced_kernel_asks_for_it_by_its_tracer() {
    let engine = Engine::builder().threads(1).build().unwrap();
    let trace = |math: Math| {
        engine.trace("axpy", |t| {
            t.math(math);
            t.array::<f64>("a", 1) * t.scalar::<f64>("x") + t.array::<f64>("b", 1)
        })
    };
    let (a, b) = (array![1.0 + f64::EPSILON], array![-1.0]);
    let run = |math| trace(math).unwrap().serial::<Array1<f64>>((&a, 1.0 - f64::EPSILON, &b)).unwrap()[0];
    assert_eq!(run(Math::Strict), 0.0);
    assert_eq!(run(Math::Fast), -f64::EPSILON * f64::EPSILON);
}
