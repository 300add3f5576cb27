//! What `#[derive(KernelData)]` is not for.

use parfuse::prelude::*;

#[derive(Clone, Copy, KernelData)]
enum Shape {
    Circle(f64),
    Point,
}

#[derive(Clone, Copy, KernelData)]
enum Alone {
    Only,
}

#[derive(Clone, Copy, KernelData)]
struct Nothing;

#[derive(Clone, Copy, KernelData)]
struct Pair<T>(T, T);

struct Meters(f64);

#[kernel]
fn lengths(x: f64) -> f64 {
    let m = Meters(x);
    m.0
}

fn main() {}
