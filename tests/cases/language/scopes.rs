//! Names: shadowing, late initialisation, tuples, constants, kernels that call kernels.

use crate::cases::ways::every_way;
use ndarray::{Array1, ArrayRef1, array};
use parfuse::prelude::*;
use std::f64::consts::{PI, TAU};

const SCALE: f64 = 2.5;
const COUNT: usize = 3;
static OFFSET: i64 = 11;

mod inner {
    pub const DEEP: f32 = 0.125;
    pub mod deeper {
        use parfuse::prelude::*;

        #[kernel]
        pub fn halved(x: f64) -> f64 {
            x / 2.0
        }
    }
}

#[kernel]
fn constants(x: f64) -> (f64, f32, usize, i64) {
    const LOCAL: f64 = 0.5;
    let y = x * SCALE + PI - TAU + std::f64::consts::E + LOCAL + f64::EPSILON;
    (y, inner::DEEP * 3.0, COUNT + usize::MAX / 2, OFFSET + i64::MIN)
}

#[test]
fn constants_are_named_by_any_path() {
    every_way!(constants(1.25));
}

#[kernel]
fn shadows(x: f64) -> f64 {
    let y = x + 1.0;
    let y = y * 2.0;
    let x = {
        let y = y - 1.0;
        y * x
    };
    let y = if x > 3.0 {
        let x = y;
        x + 1.0
    } else {
        x
    };
    x + y
}

#[kernel]
fn late(x: f64) -> f64 {
    let y;
    if x > 0.0 {
        y = x * 2.0;
    } else {
        y = -x;
    }
    let z: f64;
    z = y + 1.0;
    z
}

#[kernel]
fn late_in_loops(a: &ArrayRef1<f64>) -> Array1<f64> {
    let mut r = Array1::zeros(a.len());
    for i in prange(0..a.len()) {
        let kind;
        if a[i] > 2.0 {
            kind = 1;
        } else {
            kind = 2;
        }
        let x = a[i];
        let x = x * kind as f64;
        r[i] = x;
    }
    r
}

#[test]
fn names_may_be_shadowed_and_set_late() {
    for x in [-1.0, 0.0, 2.0, 50.0] {
        every_way!(shadows(x));
        every_way!(late(x));
    }
    assert_eq!(every_way!(late_in_loops(&array![1.0, 2.0, 3.0])).0, array![2.0, 4.0, 3.0]);
}

#[kernel]
fn tuples(a: f64, b: f64) -> (f64, f64, f64) {
    let pair = (a, b);
    let (x, y) = pair;
    let nested = ((x + 1.0, y), pair.0);
    let ((first, _), third) = nested;
    let mut both = (first, third);
    both.0 += nested.0.1;
    let (mut p, mut q) = (both.0, both.1);
    (p, q) = (q, p);
    (p, q, x)
}

#[kernel]
fn fibonacci(n: usize) -> (i64, i64) {
    let (mut a, mut b) = (0, 1);
    for _ in 0..n {
        (a, b) = (b, a + b);
    }
    (a, b)
}

#[kernel]
fn choose(flag: bool, a: f64, b: i64) -> (f64, i64) {
    let (x, n) = if flag { (a, b) } else { (-a, b + 1) };
    (x * 2.0, n)
}

#[test]
fn tuples_come_apart_swap_and_are_chosen() {
    every_way!(tuples(1.5, -2.0));
    assert_eq!(every_way!(fibonacci(50)).0, (12_586_269_025, 20_365_011_074));
    every_way!(choose(true, 1.0, 5));
    every_way!(choose(false, 1.0, 5));
}

#[kernel]
fn square_plus(x: f64, y: f64) -> f64 {
    x * x + y
}

#[kernel]
fn norm(a: &ArrayRef1<f64>) -> f64 {
    let mut total = 0.0;
    for i in prange(0..a.len()) {
        total += square_plus(a[i], 0.0);
    }
    total.sqrt()
}

#[kernel]
fn normalised(a: &Array1<f64>) -> Array1<f64> {
    a / norm(a)
}

#[kernel]
fn scale_in_place(a: &mut ArrayRef1<f64>, factor: f64) {
    *a *= factor;
}

#[kernel]
fn twice_scaled(a: &mut ArrayRef1<f64>) -> f64 {
    scale_in_place(a, 2.0);
    scale_in_place(a, inner::deeper::halved(3.0));
    a.sum()
}

#[kernel]
fn split(x: f64) -> (f64, f64) {
    (x.floor(), x.fract())
}

#[kernel]
fn parts(a: &ArrayRef1<f64>) -> (Array1<f64>, Array1<f64>) {
    let (mut whole, mut rest) = (Array1::zeros(a.len()), Array1::zeros(a.len()));
    for i in prange(0..a.len()) {
        let (w, r) = split(a[i]);
        whole[i] = w;
        rest[i] = r;
    }
    (whole, rest)
}

#[test]
fn kernels_call_kernels() {
    for n in [1, 9, 1000, 40_000] {
        let a = Array1::from_shape_fn(n, |i| i as f64 * 0.3 + 1.0);
        every_way!(normalised(&a));
        every_way!(parts(&a));
        every_way!(twice_scaled(&mut a) with a = a.clone());
    }
}

#[kernel]
fn snapshots(mut x: i64) -> (i64, i64, i64) {
    let before = x;
    x += 1;
    let between = x;
    x *= 10;
    (before, between, x)
}

#[kernel]
fn aliases(a: &ArrayRef1<f64>) -> (f64, f64) {
    let b = a;
    let c = b.view();
    let mut d = c.to_owned();
    d[0] = 100.0;
    let e = d.clone();
    d[0] = 200.0;
    (b[0] + c[0], d[0] + e[0])
}

#[test]
fn copies_are_values_and_references_are_aliases() {
    assert_eq!(every_way!(snapshots(4)).0, (4, 5, 50));
    assert_eq!(every_way!(aliases(&array![1.0, 2.0])).0, (2.0, 300.0));
}

#[test]
fn kernels_may_be_written_inside_functions() {
    const LOCAL: i64 = 3;

    #[kernel]
    fn local(x: i64) -> i64 {
        x * LOCAL
    }
    assert_eq!(every_way!(local(7)).0, 21);
}
