//! What the signature of a kernel cannot have.

use parfuse::prelude::*;

#[kernel]
fn generic<T: Copy>(x: T) -> T {
    x
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
fn clause(x: f64) -> f64
where
    f64: Copy,
{
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
    let _ = (generic::serial(3.0), clause::parallel(3.0), clause::serial_into(3.0, &mut 0.0));
    let _ = generic::compare(3.0);
    let _: f64 = ::std::f64::consts::PI;
}
