//! Structs whose fields have no names, and patterns of structs that ask for values.
// As people write it.
#![allow(clippy::option_filter_map)]

use crate::cases::ways::exactly;
use ndarray::{Array1, array};
use parfuse::prelude::*;

#[derive(Clone, Copy, Debug, PartialEq, KernelData)]
struct Meters(f64);

#[derive(Clone, Copy, Debug, PartialEq, Default, KernelData)]
struct Vector(f64, f64);

#[derive(Clone, Copy, Debug, PartialEq, KernelData)]
struct Edge(usize, Vector, u8);

#[kernel]
impl Vector {
    fn dot(self, other: Vector) -> f64 {
        self.0 * other.0 + self.1 * other.1
    }
    fn scaled(self, by: f64) -> Self {
        Self(self.0 * by, self.1 * by)
    }
    fn add(&mut self, other: Vector) {
        let Vector(x, y) = other;
        self.0 += x;
        self.1 += y;
    }
}

#[kernel]
fn vectors(all: &[Vector], k: f64) -> (Vec<Vector>, f64, Vector) {
    let mut sum = Vector(0.0, 0.0);
    let mut products = 0.0;
    for &vector in all {
        let Vector(x, y) = vector;
        sum.0 += x * y;
        sum.add(vector);
        products += vector.dot(Vector(1.0, k));
    }
    (all.iter().map(|vector| vector.scaled(k)).collect(), products, sum)
}

#[kernel]
fn lengths(first: Meters, others: &Array1<Meters>) -> (Meters, Array1<Meters>) {
    let Meters(x) = first;
    let total: f64 = others.iter().map(|m| m.0).sum();
    let mut result = Meters(x + total);
    result.0 *= 2.0;
    for &Meters(length) in others {
        result.0 += length;
    }
    (result, others.mapv(|Meters(length)| Meters(length * 0.5)))
}

#[kernel]
fn as_lengths(x: &Array1<f64>) -> Array1<Meters> {
    x.mapv(|x| Meters(2.0 * x))
}

#[kernel]
fn heaviest(edges: &mut [Edge]) -> Option<Edge> {
    for i in prange(0..edges.len()) {
        edges[i] = match edges[i] {
            Edge(0, by, kind) => Edge(i, by.scaled(2.0), kind),
            Edge(to, Vector(x, y), 1 | 2) => Edge(to + 1, Vector(y, x), 7),
            other => other,
        };
    }
    edges.iter().copied().max_by(|a, b| a.1.0.total_cmp(&b.1.0))
}

#[derive(Clone, Copy, Debug, PartialEq, KernelData)]
struct Sample {
    kind: u8,
    x: f64,
    at: Vector,
}

#[kernel]
fn by_kind(samples: &[Sample]) -> f64 {
    let mut sum = 0.0;
    for sample in samples {
        sum += match *sample {
            Sample { kind: 1, x, .. } => x,
            Sample { kind: 2 | 3, x, at: Vector(y, _) } => 10.0 * x + y,
            Sample { x, kind, .. } if x > 100.0 => f64::from(kind),
            Sample { x, .. } => -x,
        };
        if let Sample { kind: 4, .. } = sample {
            sum += 1000.0;
        }
        sum += if matches!(sample, Sample { kind: 5..=9, .. }) { 0.25 } else { 0.0 };
    }
    sum
}

#[test]
fn fields_without_names_have_numbers() {
    for n in [0, 1, 50] {
        let all: Vec<Vector> = (0..n).map(|i| Vector(i as f64, 0.5 * i as f64 - 3.0)).collect();
        exactly!(vectors(&all, 0.5));
    }
    exactly!(lengths(Meters(1.0), &array![Meters(2.0), Meters(3.5)]));
    exactly!(as_lengths(&array![1.0, -2.0]));
    let edge = |i: usize| Edge(i % 3, Vector(i as f64, -1.0), (i % 4) as u8);
    exactly!(heaviest(&mut edges) with edges = (0..40).map(edge).collect::<Vec<_>>());
}

#[test]
fn patterns_of_structs_ask_for_values() {
    let sample = |(i, x): (u8, f64)| Sample { kind: i % 11, x, at: Vector(x, 0.0) };
    let samples: Vec<Sample> = (0..30u8).map(|i| (i, f64::from(i) * 7.0)).map(sample).collect();
    exactly!(by_kind(&samples));
}

#[derive(Clone, Copy, Debug, PartialEq, KernelData)]
struct Wrapped(f64);
#[derive(Clone, Copy, Debug, PartialEq, KernelData)]
enum Side {
    A,
    B,
}
#[kernel]
impl Side {
    fn other(self) -> Side {
        match self {
            Side::A => Side::B,
            Side::B => Side::A,
        }
    }
    fn is_a(&self) -> bool {
        *self == Side::A
    }
}
#[kernel]
fn twice(x: f64) -> f64 {
    2.0 * x
}
#[kernel]
fn paths(x: &[f64], c: &[Side]) -> (Vec<Wrapped>, Vec<Side>, (usize, f64), Option<f64>) {
    let ms = x.iter().copied().map(twice).map(Wrapped).collect();
    let cs = c.iter().copied().map(Side::other).collect();
    let n = c.iter().filter(|c| c.is_a()).count();
    let k = x.first().copied().map(f64::sqrt).map(Some).unwrap_or(None);
    let s = x.get(100).copied().unwrap_or_else(f64::default)
        + x.iter()
            .map(|v| if *v > 1.0 { Some(*v) } else { None })
            .filter(Option::is_some)
            .map(Option::unwrap)
            .sum::<f64>();
    (ms, cs, (n, s), k)
}

#[test]
fn functions_of_types_are_given_by_their_names() {
    exactly!(paths(&[1.0, 4.0, 9.0], &[Side::A, Side::B, Side::B]));
    exactly!(paths(&[], &[]));
}
