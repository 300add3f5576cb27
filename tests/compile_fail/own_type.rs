//! A struct is no parameter, nor can functions of types that are no arrays be called.

use parfuse::prelude::*;

#[derive(Clone, Copy)]
struct Circle(f64);

impl Circle {
    fn zeros(radius: f64) -> Circle {
        Circle(radius)
    }
}

#[kernel]
fn radius(circle: Circle, scale: f64) -> f64 {
    let other = Circle::zeros(scale);
    scale
}

fn main() {}
