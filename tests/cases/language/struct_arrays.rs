//! Arrays of structs: fields and whole elements, read and written where they lie.

use crate::cases::ways::{error_of, every_way, exactly};
use ndarray::{Array1, Array2, ArrayRef1, ArrayRef2, ArrayView1, ArrayViewMut1, Axis, Zip, s};
use num_complex::Complex;
use parfuse::prelude::*;

#[derive(Clone, Copy, PartialEq, Debug, KernelData)]
struct Particle {
    x: f64,
    vx: f64,
    mass: f32,
    alive: bool,
}

/// No field's size divides another's stride but its own.
#[derive(Clone, Copy, PartialEq, Debug, KernelData)]
#[repr(C)]
struct Odd {
    weight: f32,
    kind: u8,
}

#[derive(Clone, Copy, PartialEq, Debug, KernelData)]
struct Body {
    at: Particle,
    tag: u16,
    phase: Complex<f32>,
    odd: Odd,
    id: i64,
}

#[kernel]
fn moved(p: &mut Array1<Particle>, dt: f64) {
    for i in prange(0..p.len()) {
        p[i].x += p[i].vx * dt;
        if p[i].x > 10.0 {
            p[i].alive = false;
        }
    }
}

#[kernel]
fn energy(p: &ArrayRef1<Particle>) -> f64 {
    let mut total = 0.0;
    for i in prange(0..p.len()) {
        let q = p[i];
        if q.alive {
            total += 0.5 * q.mass as f64 * q.vx.powi(2);
        }
    }
    total
}

#[kernel]
fn replaced(p: &mut ArrayRef1<Particle>, from: &ArrayRef1<Particle>) {
    for i in prange(0..p.len()) {
        let Particle { x, mass, .. } = from[from.len() - 1 - i];
        p[i] = Particle { x, vx: p[i].x - x, mass: 2.0 * mass, ..from[i] };
    }
}

#[kernel]
fn bodies(b: &mut ArrayRef1<Body>, n: &Array1<i64>) {
    for i in prange(0..b.len()) {
        b[i].at.x += b[i].phase.re as f64 + n[i] as f64;
        let turned = b[i].phase * Complex::new(0.0, 1.0);
        b[i].phase = turned;
        b[i].odd.kind += 1;
        b[i].tag = b[i].tag * 3 + b[i].odd.kind as u16;
        let at = b[i].at;
        b[i].at = Particle { vx: at.x, ..at };
        b[i].id += b[i].at.vx as i64;
    }
}

#[kernel]
fn odds(p: &mut [Odd]) -> f32 {
    let mut sum = 0.0;
    for q in p.iter_mut() {
        q.kind += 3;
        q.weight *= 0.5;
    }
    for i in 1..p.len() {
        p[i].weight += p[i - 1].weight;
    }
    for q in p.iter() {
        sum += q.weight * q.kind as f32;
    }
    sum
}

#[kernel]
fn blurred(grid: &mut ArrayRef2<Odd>, from: &ArrayRef2<Odd>) {
    let (h, w) = from.dim();
    for i in prange(1..h - 1) {
        for j in 1..w - 1 {
            let sum = from[[i - 1, j]].weight + from[[i + 1, j]].weight + from[[i, j - 1]].weight;
            grid[[i, j]].weight = sum + from[[i, j + 1]].weight;
            grid[[i, j]].kind = from[[i, j]].kind.max(from[[i, j + 1]].kind);
        }
    }
}

#[kernel]
fn rows_of(grid: &mut ArrayRef2<Odd>) -> Array1<f32> {
    let mut sums = Array1::zeros(grid.nrows());
    for i in prange(0..grid.nrows()) {
        let mut row = grid.row_mut(i);
        row[0] = Odd { weight: 1.0, kind: i as u8 };
        for q in row.iter_mut().skip(1) {
            q.weight += 0.25;
        }
        sums[i] = row.iter().map(|q| q.weight).sum::<f32>();
    }
    for (mut left, right) in grid.columns_mut().into_iter().zip(0..1u8) {
        left[0].kind = right + 9;
    }
    sums
}

#[kernel]
fn views(p: ArrayView1<Particle>, mut out: ArrayViewMut1<Particle>) -> (f64, usize, usize) {
    let back = p.slice(s![..;-1]);
    out.assign(&back);
    let mut copy = p.to_owned();
    copy[0].x = 100.0;
    copy.swap(0, p.len() - 1);
    let (a, b) = p.split_at(Axis(0), 2);
    for (i, q) in copy.iter().enumerate() {
        if q.alive {
            out[i].vx += q.x + i as f64;
        }
    }
    out.slice_mut(s![..2]).fill(a[1]);
    let first = p.first().unwrap().x;
    let found = p.iter().position(|q| q.x > 3.0).unwrap_or(77);
    (first + b[0].x + copy[p.len() - 1].x, found, a.len() + b.len())
}

#[kernel]
fn swapped(p: &mut Array1<Particle>) {
    let n = p.len();
    for i in prange(0..n / 2) {
        let (a, b) = (p[i], p[n - 1 - i]);
        p[i] = b;
        p[n - 1 - i] = a;
    }
    let last = p[n - 1];
    p[0].mass = last.mass + 1.0;
    p.swap(0, 1);
    (p[2], p[3]) = (p[3], p[2]);
    let q = &mut p[1];
    q.x += 1.0;
    *q = Particle { alive: !q.alive, ..*q };
}

#[kernel]
fn counted(p: &mut Array1<Odd>, cells: &ArrayRef1<usize>) {
    for i in prange(0..cells.len()) {
        p[cells[i]].weight += 0.5;
        p[cells[i]].kind ^= 5;
    }
}

#[kernel]
fn pushed(p: &mut ArrayRef1<Particle>, force: f64) {
    for i in prange(0..p.len()) {
        p[i] = kicked(p[i], force);
    }
    moved_all(p, 0.5);
}

#[kernel]
fn kicked(p: Particle, force: f64) -> Particle {
    Particle { vx: p.vx + force / p.mass as f64, ..p }
}

#[kernel]
fn moved_all(p: &mut ArrayRef1<Particle>, dt: f64) {
    Zip::indexed(p).for_each(|i, q| q.x += q.vx * dt + i as f64);
}

#[kernel]
fn buffered(p: &ArrayRef1<Odd>, steps: usize) -> f32 {
    let mut now = p.to_owned();
    let mut next = Array1::from_elem(p.len(), Odd { weight: 0.0, kind: 1 });
    for _ in 0..steps {
        for i in prange(0..now.len()) {
            let left = if i > 0 { now[i - 1] } else { Odd { weight: 1.0, ..now[i] } };
            next[i] = Odd { weight: (left.weight + now[i].weight) * 0.5, kind: left.kind };
        }
        std::mem::swap(&mut now, &mut next);
    }
    let mut sum = 0.0;
    for q in &now {
        sum += q.weight * q.kind as f32;
    }
    sum
}

#[kernel]
fn reads_ahead(p: &mut Array1<Particle>) {
    for i in prange(0..p.len() - 1) {
        p[i].x = p[i + 1].vx;
    }
}

#[kernel]
fn races(p: &mut Array1<Particle>) {
    for i in prange(0..p.len() - 1) {
        p[i].x = p[i + 1].x;
    }
}

#[kernel]
fn gathered(p: &ArrayRef1<Particle>, at: &ArrayRef1<usize>) -> Array1<f64> {
    let mut out = Array1::zeros(at.len());
    for i in prange(0..at.len()) {
        let q = p[at[i]];
        out[i] = q.x * q.vx + q.mass as f64;
    }
    out
}

fn particle(i: usize) -> Particle {
    Particle { x: i as f64 * 0.5, vx: 3.0 - i as f64, mass: 1.0 + (i % 3) as f32, alive: i % 4 != 1 }
}
fn particles(n: usize) -> Array1<Particle> {
    Array1::from_shape_fn(n, particle)
}
fn body(i: usize) -> Body {
    let odd = Odd { kind: 3, ..odd(i) };
    Body { at: particle(i), tag: i as u16, phase: Complex::new(i as f32, 1.5), odd, id: -(i as i64) }
}
fn odd(i: usize) -> Odd {
    Odd { weight: (i % 13) as f32 * 0.25, kind: (i % 7) as u8 }
}

#[kernel]
fn made(n: usize, like: &ArrayRef1<Odd>) -> (Array1<Particle>, Array1<Odd>, f64) {
    let mut p = Array1::from_elem(n, Particle { x: 0.5, vx: 1.0, mass: 2.0, alive: true });
    for i in prange(0..n) {
        p[i].x += i as f64;
        p[i].alive = i % 2 == 0;
    }
    (p, like.slice(s![..;2]).to_owned(), 7.0)
}

#[test]
fn fields_and_elements_are_read_and_set() {
    for n in [0, 1, 5, 31, 1000, 20_000] {
        let odds_of = |n: usize| Array1::from_shape_fn(n, odd);
        exactly!(moved(&mut p, 0.25) with p = particles(n));
        exactly!(replaced(&mut p, &particles(n).slice(s![..;-1])) with p = particles(n));
        every_way!(energy(&particles(n)));
        let counts = Array1::from_shape_fn(n, |i| i as i64 * 3);
        exactly!(bodies(&mut b, &counts) with b = Array1::from_shape_fn(n, body));
        let cells = Array1::from_shape_fn(n, |i| i * 31 % 17);
        exactly!(counted(&mut p, &cells) with p = odds_of(17));
        exactly!(gathered(&particles(17), &cells));
        exactly!(pushed(&mut p, 2.0) with p = particles(n));
        exactly!(buffered(&odds_of(n), 5));
        exactly!(odds(p.as_slice_mut().unwrap()) with p = odds_of(n));
        exactly!(made(n, &odds_of(n)));
    }
    let (mut particles, mut odds) = (Array1::from_elem(6, particle(1)), Array1::from_elem(2, odd(1)));
    let mut last = 0.0;
    made::parallel_into(6, &Array1::from_shape_fn(3, odd), (&mut particles, &mut odds, &mut last)).unwrap();
    assert_eq!((particles[5].x, odds[1], last), (5.5, odd(2), 7.0));
}

#[test]
fn other_ranks_layouts_and_views_are_taken() {
    for (h, w) in [(3, 4), (17, 33), (40, 5)] {
        let grid = |h: usize, w: usize| Array2::from_shape_fn((h, w), |(i, j)| odd(i * 5 + j));
        exactly!(blurred(&mut g, &grid(h, w)) with g = grid(h, w));
        exactly!(blurred(&mut g, &grid(w, h).t()) with g = grid(h, w));
        exactly!(blurred(&mut g.view_mut().reversed_axes(), &grid(h, w).slice(s![..;-1, ..])) with g = grid(w, h));
        exactly!(rows_of(&mut g) with g = grid(h, w));
    }
    for n in [4, 9, 100] {
        exactly!(
            views(particles(n).slice(s![..;-1]), out.slice_mut(s![..;2])) with out = particles(2 * n)
        );
        exactly!(swapped(&mut p) with p = particles(n));
    }
}

#[test]
fn races_are_found_field_by_field() {
    exactly!(reads_ahead(&mut p) with p = particles(1000));
    let Error::PossibleRace { array, .. } = error_of!(races(&mut particles(9))) else { panic!() };
    assert_eq!(array, "p.x");
    let error = error_of!(gathered(&particles(3), &Array1::from_vec(vec![0, 7])));
    let Error::Index { array, index: 7, len: 3, .. } = error else { panic!("{error}") };
    assert_eq!(array, "`p`");
}

#[test]
fn a_comparison_keeps_arrays_of_structs() {
    let mut p = particles(50);
    let comparison = moved::compare(&mut p, 0.5).unwrap();
    assert!(comparison.to_string().contains("parallel"), "{comparison}");
}
