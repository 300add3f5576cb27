//! Threads that compute floats in another mode get the results of the standard one, and have their own back.
#![cfg(target_arch = "x86_64")]
#![allow(unsafe_code, missing_docs)]

use ndarray::{Array1, ArrayRef1, array};
use parfuse::prelude::*;
use std::arch::asm;

/// Subnormal results become zero, subnormal operands are taken for zero, sums are rounded up.
const UNUSUAL: u32 = 0x1f80 | 1 << 15 | 1 << 6 | 2 << 13;

fn mode() -> u32 {
    let mut word = 0u32;
    // SAFETY: stores the register's 32 bits in `word`.
    unsafe { asm!("stmxcsr [{}]", in(reg) &mut word, options(nostack)) };
    word & !0x3f
}

fn set_mode(word: u32) {
    // SAFETY: the word has no reserved bits; nothing computes with floats on this side until it is set back.
    unsafe { asm!("ldmxcsr [{}]", in(reg) &word, options(nostack)) };
}

/// What a call gives on a thread of its own in the unusual mode.
fn in_unusual_mode<R: Send + 'static>(call: impl FnOnce() -> R + Send + 'static) -> R {
    let thread = std::thread::spawn(|| {
        set_mode(UNUSUAL);
        let result = call();
        let after = mode();
        set_mode(0x1f80);
        assert_eq!(after, UNUSUAL);
        result
    });
    thread.join().unwrap()
}

fn engine(thorough: bool) -> Engine {
    Engine::builder().threads(3).thorough(thorough).build().unwrap()
}

/// Divisions, a sum, constants to fold, and scalars that the driver computes with.
#[kernel]
fn mixture(x: f64, a: &ArrayRef1<f64>) -> (f64, Array1<f64>, f64) {
    let third = 1.0 / 3.0;
    let tiny = x * 1e-300 * 1e-10;
    let scaled = a * third / 0.7 + tiny;
    let total = scaled.sum();
    (total, scaled, tiny + tiny)
}

fn input() -> Array1<f64> {
    Array1::from_shape_fn(60_000, |i| if i % 3 == 0 { 1e-310 } else { 0.1 * i as f64 })
}

#[test]
fn results_do_not_depend_on_the_mode_of_the_caller() {
    for thorough in [false, true] {
        let expected = engine(thorough).install(|| mixture::serial(0.1, &input())).unwrap();
        assert!(expected.2 != 0.0 && expected.1[0] != 0.0);
        // A new engine: compiled, and its threads started, in that mode.
        let found = in_unusual_mode(move || {
            let engine = engine(thorough);
            set_mode(0x1f80);
            let (a, x) = (input(), 0.1);
            set_mode(UNUSUAL);
            engine.install(|| {
                (0..3).flat_map(|_| [mixture::parallel(x, &a), mixture::serial(x, &a)]).collect::<Vec<_>>()
            })
        });
        assert!(found.iter().all(|found| *found == Ok(expected.clone())));
    }
}

#[test]
fn traced_kernels_and_expressions_are_compiled_in_the_standard_mode() {
    let expected = (1.0f64 / 3.0, 1e-300f64 * 1e-15);
    let found = in_unusual_mode(|| {
        let engine = engine(false);
        let constants = engine.trace("constants", |t| {
            let third = t.value(1.0) / t.value(3.0);
            t.tuple(&[third, t.value(1e-300) * t.value(1e-15)])
        });
        let lazy = engine.eval::<f64>(|s| s.lift(1.0) / s.tracer().value(3.0));
        (constants.unwrap().serial::<(f64, f64)>(()), lazy)
    });
    assert_eq!(found, (Ok(expected), Ok(expected.0)));
}

#[test]
fn a_failing_call_brings_the_mode_back() {
    #[kernel]
    fn first(a: &ArrayRef1<f64>, i: usize) -> f64 {
        a[i]
    }
    assert!(in_unusual_mode(|| first::serial(&array![1.0], 1)).is_err());
}
