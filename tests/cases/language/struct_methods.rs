//! Methods of structs, which become part of the kernels that call them.

use crate::cases::ways::{error_of, exactly};
use ndarray::{Array1, ArrayRef1};
use parfuse::prelude::*;

#[derive(Clone, Copy, PartialEq, Debug, KernelData)]
struct Body {
    x: f64,
    v: f64,
    hits: u32,
}

#[kernel]
impl Body {
    const LIMIT: f64 = 2.5;

    /// At rest.
    fn new(x: f64) -> Self {
        Self { x, v: 0.0, hits: 0 }
    }
    fn energy(&self) -> f64 {
        0.5 * self.speed() * self.speed() + 0.5 * self.x * self.x
    }
    fn speed(&self) -> f64 {
        self.v.abs()
    }
    fn step(&mut self, dt: f64) {
        self.v -= self.x * dt;
        self.x += self.v * dt;
        if self.is_far() {
            self.hits += 1;
            self.bounce();
        }
    }
    fn bounce(&mut self) {
        self.v = -self.v;
        *self = Body { x: self.x.signum() * Self::LIMIT, ..*self };
    }
    fn is_far(&self) -> bool {
        self.x.abs() > Self::LIMIT
    }
    fn shifted(mut self, by: f64) -> Self {
        self.x += by;
        self
    }
    fn distance(&self, other: &Body) -> f64 {
        (self.x - other.x).abs()
    }
    fn nearest(self, others: &ArrayRef1<Body>) -> usize {
        let (mut best, mut at) = (f64::INFINITY, 0);
        for (i, other) in others.iter().enumerate() {
            let d = self.distance(other);
            if d < best {
                best = d;
                at = i;
            }
        }
        at
    }
    /// A name that numbers have, too.
    fn norm(&self) -> f64 {
        (self.x * self.x + self.v * self.v).sqrt()
    }
    fn scale(&mut self, by: f64) {
        self.x *= by;
    }
    fn own_root(&self) -> f64 {
        assert!(self.x >= 0.0, "{} has no root", self.x);
        self.x.sqrt()
    }
}

#[kernel]
fn advanced(bodies: &mut Array1<Body>, steps: usize, dt: f64) {
    for i in prange(0..bodies.len()) {
        for _ in 0..steps {
            bodies[i].step(dt);
        }
        let mut other = bodies[i].shifted(0.25);
        other.scale(3.0);
        if other.energy() > bodies[i].energy() && !other.is_far() {
            bodies[i].hits += 10;
        }
        bodies[i].v += Body::new(other.x).shifted(1.0).x + Body::norm(&other) + bodies[i].norm();
    }
}

#[kernel]
fn energies(bodies: &ArrayRef1<Body>) -> Array1<f64> {
    bodies.iter().map(|b| b.energy()).collect()
}

#[kernel]
fn neighbours(bodies: &ArrayRef1<Body>, others: &ArrayRef1<Body>) -> Array1<usize> {
    let mut at = Array1::zeros(bodies.len());
    for i in prange(0..bodies.len()) {
        at[i] = bodies[i].nearest(others);
    }
    at
}

#[kernel]
fn moved_on(bodies: &mut [Body]) {
    for b in bodies.iter_mut() {
        b.step(0.5);
    }
}

/// What is passed by value is what was there before the arguments.
#[kernel]
fn in_order(body: Body) -> (Body, f64) {
    let mut b = body;
    let moved = b.shifted({
        b.x = 100.0;
        b.v
    });
    let dt = {
        b.v = 1.0;
        0.5
    };
    b.step(dt);
    (b, moved.x)
}

#[kernel]
fn roots(bodies: &ArrayRef1<Body>) -> f64 {
    let mut sum = 0.0;
    for i in prange(0..bodies.len()) {
        sum += bodies[i].own_root();
    }
    sum
}

#[kernel]
fn of_reference(body: &Body, dt: f64) -> f64 {
    body.shifted(dt).energy()
}

fn body(i: usize) -> Body {
    Body { x: (i % 11) as f64 * 0.3 - 1.0, v: (i % 5) as f64 - 2.0, hits: i as u32 }
}
fn bodies(n: usize) -> Array1<Body> {
    Array1::from_shape_fn(n, body)
}

#[test]
fn methods_become_part_of_kernels() {
    for n in [0, 1, 7, 1000, 20_000] {
        exactly!(advanced(&mut b, 5, 0.25) with b = bodies(n));
        exactly!(energies(&bodies(n)));
        exactly!(neighbours(&bodies(n), &Array1::from_shape_fn(13, |i| body(i * 3))));
        exactly!(moved_on(b.as_slice_mut().unwrap()) with b = bodies(n));
    }
    exactly!(in_order(body(3)));
    exactly!(of_reference(&body(4), 0.5));
}

#[test]
fn errors_in_methods_name_the_iteration() {
    let error = error_of!(roots(&bodies(40)));
    let Error::Assertion { message, iteration: Some(0), .. } = error else { panic!("{error}") };
    assert_eq!(message, "-1 has no root");
}
