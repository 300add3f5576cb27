//! What the signature of a kernel cannot have.

use ndarray::{Array, ArrayBase, Data, Dimension, Ix1};
use parfuse::prelude::*;

#[kernel]
fn any_rank<D: Dimension>(x: &Array<f64, D>) -> f64 {
    x.sum()
}

struct Model;

impl Model {
    #[kernel]
    fn method(&self, x: f64) -> f64 {
        x
    }
}

#[kernel(slow)]
fn options(x: f64) -> f64 {
    x
}

#[kernel]
struct NotAFunction;

#[kernel]
fn factorial(n: i64) -> i64 {
    if n < 2 { 1 } else { n * factorial(n - 1) }
}

#[kernel]
fn std(x: f64) -> f64 {
    x.sqrt()
}

#[kernel]
fn clause<S>(x: &ArrayBase<S, Ix1>) -> f64
where
    S: Data<Elem = f64>,
{
    x.sum()
}

#[kernel]
fn applied<F: Fn(f64) -> f64>(f: F, x: f64) -> f64 {
    f(x)
}

#[kernel]
fn generic<T: Copy>(x: T) -> T {
    x
}

struct Sphere;

impl Sphere {
    #[kernel]
    fn volume(radius: f64) -> f64 {
        4.2 * radius * radius * radius
    }
}

fn main() {
    // The code that uses wrong kernels is not complained about.
    let x = Array::zeros(3);
    let _ = (any_rank::serial(&x), clause::parallel(&x), clause::serial_into(&x, &mut 0.0));
    let _ = (applied::compare(|x| x, 3.0), any_rank::compare(&x));
    // A correct one is.
    let _ = (generic::serial(3.0), generic::serial("three"));
    let _: f64 = ::std::f64::consts::PI;
}
