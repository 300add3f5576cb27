//! The order of evaluation: operands that change what others read, and arrays whose shape is carried by a loop.

use crate::cases::ways::every_way;
use ndarray::{Array1, Array2, ArrayRef1};
use parfuse::prelude::*;

#[kernel]
fn block_values(x: i64) -> i64 {
    let y = {
        let a = x + 1;
        let b = a * a;
        b - x
    };
    let mut n = 0;
    while {
        n += 1;
        n * n < y
    } {}
    let z = if y % 3 == 1 { y } else { -y };
    z + n
}

#[kernel]
#[rustfmt::skip]
fn operands(x: i64) -> i64 {
    let mut a = x;
    let r = a + { a += 1; a } * { a *= 2; a } - a;
    let (p, q) = (a, { a -= 5; a });
    r + p * 100 + q * 10_000
}

#[kernel]
#[rustfmt::skip]
fn fields_and_branches(x: i64) -> i64 {
    let mut t = (x, 2 * x);
    let mut v = 3;
    let a = t.0 + { t.0 += 1; t.0 } * t.1;
    let b = if x > 0 { v } else { t.1 } - { v = 7; t.1 = 9; v };
    let c = v.max({ v = 1; v + 1 }) + { v }.min({ v -= 10; v });
    a + 10 * b + 1000 * c
}

#[kernel]
#[rustfmt::skip]
fn stores(a: &mut ArrayRef1<i64>) -> i64 {
    let mut k = 0;
    a[k] = { k += 1; 5 };
    a[k] += { a[0] += 1; a[0] };
    let t = a[0] + { a[0] = 100; a[0] };
    t + k as i64
}

#[test]
fn operands_are_read_when_their_turn_comes() {
    for x in [-3, 0, 1, 17, 100] {
        every_way!(block_values(x));
        every_way!(operands(x));
        every_way!(fields_and_branches(x));
    }
    assert_eq!(every_way!(operands(-3)).0, -90_391);
    every_way!(stores(&mut a) with a = Array1::zeros(3));
}

#[kernel]
fn swapped_shapes(n: usize) -> (usize, usize, f64) {
    let mut a = Array1::<f64>::ones(n);
    let mut b = Array1::<f64>::zeros(n + 2);
    for _ in 0..3 {
        (a, b) = (b, a);
        a += 1.0;
    }
    (a.len(), b.len(), a.sum() * 3.0 + b.sum())
}

#[kernel]
fn growing_matrix(n: usize) -> Array2<f64> {
    let mut m = Array2::<f64>::ones((1, n));
    let v = Array1::<f64>::ones(n);
    let mut k = 0;
    while k < 3 {
        let (h, w) = m.dim();
        let mut next = Array2::<f64>::zeros((h + 1, w));
        for i in prange(0..h + 1) {
            for j in 0..w {
                next[[i, j]] = if i < h { m[[i, j]] * 2.0 } else { v[j] };
            }
        }
        m = next + &v;
        k += 1;
    }
    m
}

#[test]
fn shapes_are_carried_from_one_round_to_the_next() {
    for n in [0, 1, 2, 9, 1000] {
        every_way!(swapped_shapes(n));
        every_way!(growing_matrix(n));
    }
}
