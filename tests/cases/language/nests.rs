//! Branches and loops inside `prange`: totals and stores at every level, sorts in steps.

use crate::cases::ways::{SIZES, every_way};
use ndarray::{Array1, Array2, Array3, ArrayRef1, ArrayRef2, ArrayRef3};
use parfuse::prelude::*;

#[kernel]
fn conditional_totals(a: &ArrayRef1<f64>, t: f64) -> (f64, i64, f64) {
    let (mut s, mut c, mut m) = (0.0, 0i64, f64::NEG_INFINITY);
    for i in prange(0..a.len()) {
        let x = a[i];
        if x > t {
            s += x;
            c += 1;
            if x < 2.0 * t {
                m = m.max(x * x);
            }
        } else if x < -t {
            s -= x;
            let mut k = 0;
            while k < 5 && (k as f64) < -x {
                s += 0.5;
                k += 1;
                c += k;
            }
        }
    }
    (s, c, m)
}
#[kernel]
fn row_totals(m: &ArrayRef2<f64>) -> (Array1<f64>, f64, f64) {
    let (h, w) = m.dim();
    let mut rows = Array1::zeros(h);
    let (mut total, mut best) = (0.0, f64::INFINITY);
    for i in prange(0..h) {
        let (mut sum, mut least) = (0.0, f64::INFINITY);
        for j in 0..w {
            sum += m[[i, j]];
            least = least.min(m[[i, j]]);
            total += m[[i, j]] * 0.5;
        }
        rows[i] = sum - least;
        best = best.min(sum);
        for j in (0..w).rev() {
            if m[[i, j]] > 3.0 {
                rows[i] -= 1.0;
            }
        }
    }
    (rows, total, best)
}
#[kernel]
fn cube_loops(c: &ArrayRef3<f64>, r: &mut Array3<f64>) -> f64 {
    let (x, y, z) = c.dim();
    let mut t = 0.0;
    for i in prange(0..x) {
        for j in 0..y {
            let mut acc = 0.0;
            for k in 0..z {
                acc += c[[i, j, k]];
                r[[i, j, k]] += acc;
            }
            for k in (0..z).step_by(2) {
                r[[i, j, k]] *= 2.0;
            }
            t += acc;
        }
    }
    t
}
#[kernel]
fn bubble_sort(a: &mut ArrayRef1<i64>) -> i64 {
    let n = a.len();
    let mut swaps = 0;
    for i in 0..n {
        for j in 0..n - 1 - i {
            if a[j] > a[j + 1] {
                let t = a[j];
                a[j] = a[j + 1];
                a[j + 1] = t;
                swaps += 1;
            }
        }
    }
    swaps
}
#[kernel]
fn odd_even_sort(a: &mut ArrayRef1<i64>) {
    let n = a.len();
    for round in 0..n {
        if round % 2 == 0 {
            for i in prange((0..n - 1).step_by(2)) {
                let (x, y) = (a[i], a[i + 1]);
                a[i] = x.min(y);
                a[i + 1] = x.max(y);
            }
        } else {
            for i in prange((1..n - 1).step_by(2)) {
                let (x, y) = (a[i], a[i + 1]);
                a[i] = x.min(y);
                a[i + 1] = x.max(y);
            }
        }
    }
}
#[test]
fn totals_and_stores_in_nests_and_branches() {
    for n in SIZES {
        let a = Array1::from_shape_fn(n, |i| ((i * 7919) % 211) as f64 * 0.1 - 10.0);
        every_way!(conditional_totals(&a, 3.0));
        let mut b = a.clone();
        b.iter_mut().step_by(5).for_each(|x| *x = f64::NAN);
        every_way!(conditional_totals(&b, 3.0));
    }
    for (h, w) in [(0, 3), (3, 0), (1, 1), (9, 31), (300, 7), (2, 900)] {
        let m = Array2::from_shape_fn((h, w), |(i, j)| ((i * 31 + j * 17) % 13) as f64);
        every_way!(row_totals(&m));
        every_way!(row_totals(&m.t()));
    }
    for d in [(1, 1, 1), (7, 5, 3), (40, 3, 9), (0, 1, 2), (5, 0, 2), (3, 4, 0)] {
        let c = Array3::from_shape_fn(d, |(i, j, k)| ((i * 31 + j * 17 + k) % 13) as f64);
        every_way!(cube_loops(&c, &mut r) with r = c.clone() + 0.5);
    }
    for n in [1, 2, 9, 60] {
        every_way!(bubble_sort(&mut a) with a = Array1::from_shape_fn(n, |i| ((i * 37) % 23) as i64));
    }
    for n in [1, 2, 9, 60] {
        let (_, a) =
            every_way!(odd_even_sort(&mut a) with a = Array1::from_shape_fn(n, |i| ((i * 37) % 23) as i64));
        assert!(a.iter().zip(a.iter().skip(1)).all(|(x, y)| x <= y));
    }
}
