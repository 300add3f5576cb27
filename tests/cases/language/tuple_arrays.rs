//! Arrays of tuples, and how arrays of tuples and of structs are made: written out, filled, computed, collected.

use crate::cases::ways::exactly;
use ndarray::{Array1, Array2};
use parfuse::prelude::*;

#[derive(Clone, Copy, Debug, PartialEq, Default, KernelData)]
struct Particle {
    x: f64,
    n: i32,
}

const ORIGIN: Particle = Particle { x: 0.5, n: 7 };
const NEIGHBOURS: [(i32, i32); 4] = [(-1, 0), (1, 0), (0, -1), (0, 1)];
static STEPS: [(usize, f64, bool); 2] = [(1, 0.5, true), (2, 0.25, false)];

#[kernel]
fn sums_of_neighbours(a: &Array2<f64>) -> Array2<f64> {
    let (h, w) = a.dim();
    let mut out = Array2::zeros((h, w));
    for i in prange(0..h) {
        for j in 0..w {
            for (di, dj) in NEIGHBOURS {
                let (y, x) = (i as i32 + di, j as i32 + dj);
                if y >= 0 && x >= 0 && (y as usize) < h && (x as usize) < w {
                    out[[i, j]] += a[[y as usize, x as usize]];
                }
            }
        }
    }
    out
}

#[kernel]
fn constants(a: &Array2<f64>) -> f64 {
    let mut sum = 0.0;
    for &(y, x) in [(0usize, 1usize), (1, 0), (1, 1)].iter() {
        sum += a[[y, x]];
    }
    for (k, (n, weight, on)) in STEPS.iter().enumerate() {
        if *on {
            sum += *n as f64 * weight;
        }
        sum += k as f64;
    }
    sum + NEIGHBOURS.len() as f64 + NEIGHBOURS[2].1 as f64
}

#[kernel]
fn filled(n: usize) -> (usize, f64) {
    let mut stack = vec![(0usize, 0.0f64); n];
    for i in 0..n {
        stack[i] = (i, i as f64 * 0.5);
    }
    stack[0].1 += 3.0;
    stack.swap(0, n - 1);
    let (first, second) = stack[n - 1];
    let mut total = first;
    for (i, _) in stack.iter() {
        total += i;
    }
    for (i, x) in stack.iter_mut() {
        *i += 1;
        *x *= 2.0;
    }
    (total + stack[1].0, second + stack[1..].iter().map(|pair| pair.1).sum::<f64>())
}

#[kernel]
fn collected(x: &[f64]) -> (f64, f64, Vec<f64>) {
    let pairs: Vec<(f64, f64)> = x.iter().zip(x.iter().skip(1)).map(|(a, b)| (*a, *b)).collect();
    let greatest = pairs.iter().map(|p| p.0 - p.1).fold(f64::MIN, f64::max);
    let (s, t) = pairs.iter().fold((0.0, 0.0), |(s, t), &(a, b)| (s + a, t + b));
    let kept: Vec<(usize, f64)> = x.iter().copied().enumerate().filter(|(_, v)| *v > 0.5).collect();
    (greatest + s, t, kept.iter().map(|(i, v)| *i as f64 + v).collect())
}

#[kernel]
fn means_of_classes(x: &[f64]) -> f64 {
    let mut sums = [(0.0, 0usize); 4];
    for (i, &v) in x.iter().enumerate() {
        sums[i % 4].0 += v;
        sums[i % 4].1 += 1;
    }
    sums.iter().map(|&(sum, count)| sum / count as f64).sum()
}

#[kernel]
fn two_nearest(x: &[f64]) -> Vec<f64> {
    let mut out = vec![0.0; x.len()];
    for i in prange(0..x.len()) {
        let mut best = [(f64::MAX, 0usize); 2];
        for j in 0..x.len() {
            let d = (x[i] - x[j]).abs();
            if j != i && d < best[0].0 {
                best[1] = best[0];
                best[0] = (d, j);
            } else if j != i && d < best[1].0 {
                best[1] = (d, j);
            }
        }
        out[i] = best[0].0 + best[1].1 as f64;
    }
    out
}

#[kernel]
fn cross(a: (f64, f64, f64), b: (f64, f64, f64)) -> (f64, f64, f64) {
    (a.1 * b.2 - a.2 * b.1, a.2 * b.0 - a.0 * b.2, a.0 * b.1 - a.1 * b.0)
}

#[kernel]
fn sum_of_products(x: &Array2<f64>) -> (f64, f64, f64) {
    let mut sum = (0.0, 0.0, 0.0);
    for i in 0..x.nrows() - 1 {
        let (u, v) = ((x[[i, 0]], x[[i, 1]], x[[i, 2]]), (x[[i + 1, 0]], x[[i + 1, 1]], x[[i + 1, 2]]));
        let product = cross(u, v);
        sum.0 += product.0;
        sum.1 += product.1;
        sum.2 += product.2;
    }
    sum
}

#[kernel]
fn of_a_struct_and_a_number(p: (Particle, usize), k: f64) -> (Particle, f64) {
    let (q, n) = p;
    (Particle { x: q.x * k, n: n as i32 }, p.0.x)
}

#[test]
fn tuples_are_parameters() {
    exactly!(cross((1.0, 2.0, 3.0), (0.5, 2.0, 1.0)));
    exactly!(sum_of_products(&Array2::from_shape_fn((7, 3), |(i, j)| (i * i + j) as f64)));
    exactly!(of_a_struct_and_a_number((Particle { x: 1.0, n: 2 }, 7), 3.0));
}

#[test]
fn arrays_have_tuples_as_elements() {
    let a = Array2::from_shape_fn((7, 9), |(i, j)| (i * i + 2 * j) as f64);
    exactly!(sums_of_neighbours(&a));
    exactly!(constants(&a));
    exactly!(filled(5));
    for n in [5, 64, 1001] {
        let x: Vec<f64> = (0..n).map(|i| f64::from(i * 37 % 101) / 101.0).collect();
        exactly!(collected(&x));
        exactly!(means_of_classes(&x));
        exactly!(two_nearest(&x));
    }
}

#[kernel]
fn defaults(x: f64) -> (f64, Particle) {
    let (p, q) = (Particle::default(), Particle { x, ..Default::default() });
    (p.x + q.x + q.n as f64 + ORIGIN.x, Particle { n: 3, ..ORIGIN })
}

#[kernel]
fn same(n: usize) -> Array1<Particle> {
    Array1::<Particle>::from_elem(n, Particle { x: 1.5, n: 3 })
}

#[kernel]
fn numbered(n: usize) -> Vec<Particle> {
    (0..n).map(|i| Particle { x: i as f64, n: i as i32 }).collect()
}

#[kernel]
fn mapped(p: &Array1<Particle>, k: f64) -> (Array1<Particle>, Array1<f64>) {
    (p.mapv(|p| Particle { x: p.x * k, ..p }), p.mapv(|p| p.x))
}

#[kernel]
fn chosen(p: &[Particle], t: f64) -> Vec<Particle> {
    p.iter().filter(|p| p.x > t).copied().collect()
}

#[kernel]
fn grid(n: usize) -> Array2<Particle> {
    Array2::from_shape_fn((n, 3), |(i, j)| Particle { x: (i * j) as f64, n: (i + j) as i32 })
}

#[kernel]
fn written_out(x: f64) -> f64 {
    let p = [Particle { x, n: 1 }, Particle { x: 2.0 * x, n: 2 }, ORIGIN];
    let mut sum = 0.0;
    for q in p.iter() {
        sum += q.x * q.n as f64;
    }
    sum + p[1].x + p.len() as f64
}

#[test]
fn arrays_of_structs_are_made() {
    exactly!(defaults(2.0));
    exactly!(written_out(3.0));
    for n in [0, 1, 33, 10_001] {
        let p = Array1::from_shape_fn(n, |i| Particle { x: i as f64 * 0.5, n: -(i as i32) });
        exactly!(same(n));
        exactly!(numbered(n));
        exactly!(grid(n));
        exactly!(mapped(&p, 3.0));
        exactly!(chosen(p.as_slice().unwrap(), 4.0));
    }
}
