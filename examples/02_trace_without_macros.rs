//! A kernel built while the program runs: `Engine::trace`, closures and handles in place of the attribute.
//!
//! ```text
//! coefficients read at run time      [1, -2, 0, 0.5]
//! the closure's loop runs once       ((0.5 * x + 0) * x + -2) * x + 1     unrolled into the kernel
//! the kernel runs as often as liked  over arrays of any length
//! ```
//!
//! `cargo run --release --example 02_trace_without_macros`

use ndarray::Array1;
use parfuse::{Engine, Error, Kernel};

/// A kernel for one polynomial: its degree is known only now, so no function in the source could spell it out.
fn polynomial(engine: &Engine, coefficients: &[f64]) -> Result<Kernel, Error> {
    engine.trace("polynomial", |t| {
        // Parameters are declared in order; the names appear in messages and explanations.
        let x = t.array::<f64>("x", 1);
        // This loop is Rust's own. It runs now, once, and leaves the operations behind: Horner's scheme.
        let mut sum = t.value(0.0);
        for coefficient in coefficients.iter().rev() {
            sum = sum * x + *coefficient;
        }
        sum
    })
}

/// Loops of the kernel itself are closures of the tracer.
fn harmonic(engine: &Engine) -> Result<Kernel, Error> {
    engine.trace("harmonic", |t| {
        let n = t.scalar::<i64>("n");
        let total = t.var("total", 0.0);
        t.prange((1, n + 1), |_, i| total.add(1.0 / i.cast::<f64>()));
        total
    })
}

fn main() -> Result<(), Error> {
    let engine = Engine::new()?;
    let x = Array1::linspace(-1.0, 1.0, 10_001);

    for coefficients in [vec![3.0], vec![1.0, 2.0], vec![1.0, -2.0, 0.0, 0.5, 4.0, -1.0]] {
        let kernel = polynomial(&engine, &coefficients)?;
        // Arguments are a tuple; the type of the result is checked when the kernel is called.
        let y: Array1<f64> = kernel.parallel((&x,))?;
        let expected = x.mapv(|x| coefficients.iter().rev().fold(0.0, |sum, c| sum * x + c));
        assert_eq!(y, expected);
        println!("degree {}: p(1) = {}", coefficients.len() - 1, y[10_000]);
    }

    let total: f64 = harmonic(&engine)?.parallel((1_000_000i64,))?;
    println!("1 + 1/2 + … + 1/1000000 = {total:.12}");
    assert!((total - 14.392_726_722_865).abs() < 1e-9);

    // A mistake is no panic. All of them come in one error, with the places of the calls.
    let mistaken = engine.trace("mistaken", |t| t.scalar::<f64>("x") + t.scalar::<i64>("n"));
    let message = mistaken.unwrap_err().to_string();
    println!("{message}");
    assert!(message.contains("02_trace_without_macros.rs"));
    Ok(())
}
