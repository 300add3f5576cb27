//! Operators that users give their structs, and how structs and enums compare: by a derive, or in their own way.
// As people write it.
#![allow(clippy::type_complexity, clippy::derive_ord_xor_partial_ord, clippy::op_ref)]

use crate::cases::ways::{error_of, every_way, exactly};
use parfuse::prelude::*;
use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;
use std::ops::{Add, AddAssign, Div, Mul, MulAssign, Neg, Sub};

#[derive(Clone, Copy, PartialEq, Debug, KernelData)]
struct Vector {
    x: f64,
    y: f64,
    z: f64,
}
#[kernel]
impl Vector {
    fn dot(self, o: Vector) -> f64 {
        self.x * o.x + self.y * o.y + self.z * o.z
    }
    fn len(self) -> f64 {
        self.dot(self).sqrt()
    }
}
#[kernel]
impl Add for Vector {
    type Output = Vector;
    fn add(self, o: Vector) -> Vector {
        Vector { x: self.x + o.x, y: self.y + o.y, z: self.z + o.z }
    }
}
#[kernel]
impl Sub for Vector {
    type Output = Self;
    fn sub(self, o: Self) -> Self::Output {
        Self { x: self.x - o.x, y: self.y - o.y, z: self.z - o.z }
    }
}
#[kernel]
impl Mul<f64> for Vector {
    type Output = Vector;
    fn mul(self, k: f64) -> Vector {
        Vector { x: self.x * k, y: self.y * k, z: self.z * k }
    }
}
#[kernel]
impl Mul<Vector> for f64 {
    type Output = Vector;
    fn mul(self, v: Vector) -> Vector {
        v * self
    }
}
#[kernel]
impl Mul for Vector {
    type Output = f64;
    fn mul(self, o: Vector) -> f64 {
        self.dot(o)
    }
}
#[kernel]
impl Div<f64> for Vector {
    type Output = Vector;
    fn div(self, k: f64) -> Vector {
        self * (1.0 / k)
    }
}
#[kernel]
impl Neg for Vector {
    type Output = Vector;
    fn neg(self) -> Vector {
        Vector { x: -self.x, y: -self.y, z: -self.z }
    }
}
#[kernel]
impl AddAssign for Vector {
    fn add_assign(&mut self, o: Vector) {
        *self = *self + o;
    }
}
#[kernel]
impl MulAssign<f64> for Vector {
    fn mul_assign(&mut self, k: f64) {
        self.x *= k;
        self.y *= k;
        self.z *= k;
    }
}

#[kernel]
fn reflect(d: &[Vector], n: Vector) -> Vec<Vector> {
    let mut out = d.to_vec();
    for i in prange(0..d.len()) {
        let r = d[i] - 2.0 * (d[i] * n) * n;
        out[i] = -(r / r.len());
        out[i] += n;
        out[i] *= 0.5;
    }
    out
}
#[kernel]
fn centroid(p: &[Vector]) -> Vector {
    let mut s = Vector { x: 0.0, y: 0.0, z: 0.0 };
    for &q in p {
        s += q;
    }
    s / p.len() as f64
}
#[kernel]
fn centroid_fold(p: &[Vector]) -> Vector {
    p.iter().fold(Vector { x: 0.0, y: 0.0, z: 0.0 }, |a, &b| a + b) / p.len() as f64
}
#[kernel]
fn bodies(p: &mut [Vector], v: &mut [Vector], dt: f64) {
    let old = p.to_vec();
    for i in prange(0..p.len()) {
        let mut a = Vector { x: 0.0, y: 0.0, z: 0.0 };
        for j in 0..old.len() {
            if i != j {
                let d = old[j] - old[i];
                a += d * (1.0 / (d * d + 0.1));
            }
        }
        v[i] += a * dt;
        p[i] += v[i] * dt;
    }
}
#[derive(Clone, Copy, PartialEq, Debug, KernelData)]
struct Dual {
    v: f64,
    d: f64,
}
#[kernel]
impl<'a> Mul<&'a Dual> for &'a Dual {
    type Output = Dual;
    fn mul(self, o: &Dual) -> Dual {
        Dual { v: self.v * o.v, d: self.v * o.d + self.d * o.v }
    }
}
#[kernel]
impl Add<f64> for Dual {
    type Output = Dual;
    fn add(self, k: f64) -> Dual {
        Dual { v: self.v + k, d: self.d }
    }
}
#[kernel]
fn derivative(x: f64) -> f64 {
    let x = Dual { v: x, d: 1.0 };
    let y = &x * &x;
    let z = &(y + 1.0) * &x;
    z.d
}
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, KernelData)]
enum Level {
    Low,
    Mid,
    High,
}
#[kernel]
fn classify(x: f64) -> Level {
    if x < 0.3 {
        Level::Low
    } else if x < 0.7 {
        Level::Mid
    } else {
        Level::High
    }
}
#[kernel]
fn levels(x: &[f64]) -> (Level, Option<Level>, Option<Level>, (Vec<Level>, usize, Level, bool)) {
    let mut top = Level::Low;
    for &v in x {
        let l = classify(v);
        if l > top {
            top = l;
        }
    }
    let mx = x.iter().map(|&v| classify(v)).max();
    let mn = x.iter().map(|&v| classify(v)).min();
    let mut v: Vec<Level> = x.iter().map(|&v| classify(v)).collect();
    v.sort();
    let n = v.iter().filter(|&&l| l >= Level::Mid).count();
    (top, mx, mn, (v, n, classify(x[0]).max(classify(x[1])), Level::Low < Level::High))
}
#[derive(Clone, Copy, PartialEq, Eq, Debug, KernelData)]
struct Task {
    cost: u64,
    node: usize,
}
#[kernel]
impl Ord for Task {
    fn cmp(&self, other: &Self) -> Ordering {
        other.cost.cmp(&self.cost).then_with(|| self.node.cmp(&other.node))
    }
}
impl PartialOrd for Task {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
#[kernel]
fn dijkstra(ptr: &[usize], adj: &[usize], w: &[u64], s: usize) -> Vec<u64> {
    let mut dist = vec![u64::MAX; ptr.len() - 1];
    let mut heap = BinaryHeap::new();
    dist[s] = 0;
    heap.push(Task { cost: 0, node: s });
    while let Some(Task { cost, node }) = heap.pop() {
        if cost > dist[node] {
            continue;
        }
        for k in ptr[node]..ptr[node + 1] {
            let next = Task { cost: cost + w[k], node: adj[k] };
            if next.cost < dist[next.node] {
                heap.push(next);
                dist[next.node] = next.cost;
            }
        }
    }
    dist
}
#[kernel]
fn heap_of_pairs(n: usize) -> Vec<usize> {
    let mut heap = BinaryHeap::new();
    for i in 0..n {
        heap.push((Task { cost: (i * 7 % 5) as u64, node: i }, i));
    }
    let mut out = vec![];
    while let Some((s, i)) = heap.pop() {
        out.push(s.node * 100 + i);
    }
    out
}
#[kernel]
fn heap_rev(n: usize) -> Vec<usize> {
    let mut heap = BinaryHeap::new();
    for i in 0..n {
        heap.push(Reverse(Task { cost: (i * 7 % 5) as u64, node: i }));
    }
    let mut out = vec![];
    while let Some(Reverse(s)) = heap.pop() {
        out.push(s.node);
    }
    out
}
#[derive(Clone, Copy, PartialEq, Debug, KernelData)]
struct Event {
    t: f64,
    id: usize,
}
impl Eq for Event {}
#[kernel]
impl Ord for Event {
    fn cmp(&self, o: &Event) -> Ordering {
        o.t.partial_cmp(&self.t).unwrap().then_with(|| o.id.cmp(&self.id))
    }
}
#[kernel]
impl PartialOrd for Event {
    fn partial_cmp(&self, o: &Event) -> Option<Ordering> {
        Some(self.cmp(o))
    }
}
#[kernel]
fn events(n: usize) -> (Vec<usize>, Vec<usize>) {
    let mut heap = BinaryHeap::new();
    let mut all = vec![];
    for i in 0..n {
        let e = Event { t: (i * 7 % 5) as f64, id: i };
        heap.push(e);
        all.push(e);
    }
    let mut out = vec![];
    while let Some(e) = heap.pop() {
        out.push(e.id);
        if e.t < 2.0 {
            heap.push(Event { t: e.t + 3.5, id: e.id + 100 });
        }
    }
    all.sort();
    (out, all.iter().map(|e| e.id).collect())
}
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, KernelData)]
struct Key {
    a: u32,
    b: i8,
    c: Level,
}
#[kernel]
fn sort_keys(n: usize) -> (Vec<Key>, Option<Key>, Option<usize>, bool) {
    let mut v: Vec<Key> = (0..n)
        .map(|i| Key { a: (i * 7 % 3) as u32, b: (i % 5) as i8 - 2, c: classify(i as f64 / n as f64) })
        .collect();
    v.sort_unstable();
    let m = v.iter().copied().max();
    let at = v.binary_search(&Key { a: 1, b: 0, c: Level::Mid }).ok();
    let lt = v[0] < v[1];
    (v, m, at, lt)
}
#[derive(Clone, Copy, Debug, KernelData)]
struct Named {
    id: u32,
    w: f64,
}
#[kernel]
impl PartialEq for Named {
    fn eq(&self, o: &Named) -> bool {
        self.id == o.id
    }
}
#[kernel]
fn equal_to(a: &[Named], b: Named) -> (usize, bool) {
    (a.iter().filter(|&&x| x == b).count(), a[0] != b)
}
#[derive(Clone, Copy, Debug, KernelData)]
struct Unmarked {
    id: u32,
    w: f64,
}
impl PartialEq for Unmarked {
    fn eq(&self, o: &Unmarked) -> bool {
        self.id == o.id
    }
}
#[kernel]
fn unmarked(a: &[Unmarked], b: Unmarked) -> usize {
    a.iter().filter(|&&x| x == b).count()
}
#[kernel]
fn unmarked_arrays(a: &[Unmarked], b: &[Unmarked]) -> bool {
    a == b
}
#[kernel]
fn equal_arrays(a: &[Named], b: &[Named]) -> bool {
    a == b
}
#[kernel]
fn unmarked_options(a: Option<Unmarked>, b: Unmarked) -> bool {
    a == Some(b)
}
#[derive(Clone, Copy, Debug, PartialEq, KernelData)]
struct Count {
    id: u32,
}
impl Add for Count {
    type Output = Count;
    fn add(self, o: Count) -> Count {
        Count { id: self.id + o.id }
    }
}
impl AddAssign<u32> for Count {
    fn add_assign(&mut self, o: u32) {
        self.id += o;
    }
}
#[kernel]
fn without_operators(a: Count) -> Count {
    let mut b = a + a;
    b += 3;
    b
}

fn vectors(n: usize) -> Vec<Vector> {
    (0..n).map(|i| Vector { x: i as f64, y: (i * i % 7) as f64, z: 1.0 }).collect()
}

#[test]
fn structs_are_added_scaled_and_negated() {
    let all = vectors(50);
    exactly!(reflect(&all, Vector { x: 0.6, y: 0.8, z: 0.0 }));
    exactly!(centroid(&all));
    exactly!(centroid_fold(&all));
    exactly!(bodies(&mut p, &mut v, 0.1) with p = vectors(50), v = vectors(50));
    exactly!(derivative(3.0));
}

#[test]
fn derived_orders_are_those_of_the_fields() {
    exactly!(levels(&[0.1, 0.8, 0.5, 0.2]));
    exactly!(levels(&[0.9, 0.1]));
    for n in [2, 3, 30, 200] {
        exactly!(sort_keys(n));
    }
}

#[test]
fn heaps_and_sorts_take_the_order_of_an_impl() {
    let (start, to) = ([0, 2, 4, 5, 6, 6], [1, 2, 2, 3, 3, 0]);
    exactly!(dijkstra(&start, &to, &[4, 1, 2, 5, 8, 1], 0));
    for n in [0, 1, 30] {
        exactly!(heap_of_pairs(n));
        exactly!(heap_rev(n));
        exactly!(events(n));
    }
}

#[test]
fn equality_of_its_own_is_called() {
    let named = |id, w| Named { id, w };
    every_way!(equal_to(&[named(1, 2.0), named(1, 3.0), named(2, 0.0)], named(1, 0.0)));
    every_way!(equal_arrays(&[named(1, 2.0)], &[named(1, 3.0)]));
    every_way!(equal_arrays(&[named(1, 2.0)], &[named(2, 2.0)]));
}

#[test]
fn equality_that_kernels_cannot_see_is_refused() {
    let one = Unmarked { id: 1, w: 0.0 };
    for error in [
        error_of!(unmarked(&[one], one)),
        error_of!(unmarked_arrays(&[one], &[one])),
        error_of!(unmarked_options(Some(one), one)),
    ] {
        let error = error.to_string();
        assert!(error.contains("put `#[kernel]` on its `impl PartialEq for Unmarked`"), "{error}");
    }
}

#[test]
fn operators_that_kernels_do_not_know_say_which_impl() {
    let error = error_of!(without_operators(Count { id: 3 })).to_string();
    assert!(error.contains("put `#[kernel]` on its `impl Add for Count`"), "{error}");
}
