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

fn main() {}
