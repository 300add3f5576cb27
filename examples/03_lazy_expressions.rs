//! One expression, fused: `Engine::eval`.
//!
//! ```text
//! s.lift(&a)     a handle: nothing is computed yet
//! a * b + c      more handles
//! }              the closure has returned: one kernel, one pass over memory, no arrays in between
//! ```
//!
//! `cargo run --release --example 03_lazy_expressions`

use ndarray::{Array1, Array2};
use parfuse::{Engine, Error};

fn main() -> Result<(), Error> {
    let engine = Engine::new()?;
    let a = Array1::linspace(0.0, 1.0, 100_000);
    let b = Array1::from_elem(100_000, 2.0);

    // With ndarray alone, `(&a - &b).powi(2).sum()` makes two arrays on the way. Here there are none.
    let distance = || -> Result<f64, Error> {
        engine.eval(|s| {
            let difference = s.lift(&a) - s.lift(&b);
            (difference * difference).sum().sqrt()
        })
    };
    let first = distance()?;
    let expected: f64 = (&a - &b).powi(2).sum();
    let expected = expected.sqrt();
    println!("the distance is {first}");
    assert!((first - expected).abs() < 1e-9 * expected);

    // The kernel is kept by the structure of the expression: this compiles nothing.
    assert_eq!(distance()?, first);

    // A number that changes from one evaluation to the next is lifted, so that it is no part of the structure.
    for scale in [0.5, 1.5, 2.5] {
        let scaled: Array1<f64> = engine.eval(|s| s.lift(scale) * s.lift(&a) + 1.0)?;
        assert_eq!(scaled, scale * &a + 1.0);
        println!("scaled by {scale}, the last element is {}", scaled[99_999]);
    }

    // Broadcasting is ndarray's. An expression of another rank is another kernel, nothing else to do.
    let grid = Array2::from_shape_fn((300, 200), |(row, column)| (row * column) as f64);
    let row = Array1::linspace(1.0, 2.0, 200);
    let product: Array2<f64> = engine.eval(|s| s.lift(&grid) * s.lift(&row))?;
    assert_eq!(product, &grid * &row);

    // Several results come as a tuple.
    let (sum, count): (f64, i64) = engine.eval(|s| {
        let a = s.lift(&a);
        let large = a.mapv(|x| x.gt(0.75).select(1i64, 0i64));
        s.tracer().tuple(&[a.sum(), large.sum()])
    })?;
    println!("the sum is {sum:.3}; {count} elements are above 0.75");
    assert_eq!(count, 25_000);
    Ok(())
}
