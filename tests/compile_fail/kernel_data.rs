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

#[derive(Clone, Copy, KernelData)]
struct Particle {
    position: [f64; 3],
    mass: f64,
}

#[derive(Clone, Copy, KernelData)]
struct Span {
    from: (usize, usize),
    label: Option<u8>,
}

#[derive(Clone, Copy, KernelData)]
struct Named<'n> {
    name: &'n [u8],
}

type Position = [f64; 3];

#[derive(Clone, Copy, KernelData)]
struct Cell {
    position: Position,
}

struct Meters(f64);

#[kernel]
fn lengths(x: f64) -> f64 {
    let m = Meters(x);
    m.0
}

fn main() {}
