//! Loops over several element types at once, with many totals, over cubes in any layout.

use crate::cases::ways::{SIZES, every_way};
use ndarray::{Array1, Array3, ArrayRef1, s};
use parfuse::prelude::*;

#[kernel]
fn mixed(
    a: &ArrayRef1<f64>,
    b: &ArrayRef1<f32>,
    c: &ArrayRef1<i64>,
    d: &ArrayRef1<i32>,
    e: &ArrayRef1<usize>,
    f: &ArrayRef1<bool>,
) -> (Array1<f64>, Array1<f32>, Array1<i32>, Array1<bool>) {
    let n = a.len();
    let (mut w, mut x) = (Array1::zeros(n), Array1::zeros(n));
    let (mut y, mut z) = (Array1::zeros(n), Array1::<bool>::default(n));
    for i in prange(0..n) {
        w[i] = a[i] + b[i] as f64 + c[i] as f64 * d[i] as f64;
        x[i] = if f[i] { b[i] * 2.0 } else { e[i] as f32 };
        y[i] = if f[i] { d[i] } else { (c[i] + e[i] as i64) as i32 };
        z[i] = a[i] > 3.0 && d[i] % 2 == 0 || f[i];
    }
    (w, x, y, z)
}

#[kernel]
fn many_totals(
    a: &ArrayRef1<f64>,
    d: &ArrayRef1<i32>,
    f: &ArrayRef1<bool>,
) -> (Array1<f64>, i32, usize, f32) {
    let (mut sum, mut product, mut least, mut most) = (0.0, 1.0, 1e9f64, -1e9f64);
    let (mut total, mut smallest, mut odd) = (0i32, i32::MAX, 0i32);
    let (mut count, mut halves) = (0usize, 0f32);
    let (mut all, mut any) = (true, false);
    for i in prange(0..a.len()) {
        sum += a[i];
        product *= 1.0 + a[i] * 1e-5;
        least = least.min(a[i]);
        most = most.max(a[i]);
        total += d[i];
        smallest = smallest.min(d[i]);
        odd ^= d[i];
        if f[i] {
            count += 1;
            halves += 0.5;
        }
        all &= f[i];
        any |= f[i];
    }
    let mut floats = Array1::zeros(5);
    floats[0] = sum;
    floats[1] = product;
    floats[2] = least;
    floats[3] = most;
    floats[4] = (all as i32 + any as i32) as f64;
    (floats, total + odd + smallest % 7, count, halves)
}

#[test]
fn lanes_of_several_widths_go_together() {
    for n in SIZES {
        let c = Array1::from_shape_fn(2 * n, |i| (i * 7919 % 101) as i64 - 50);
        let (a, b, d) = (c.mapv(|x| x as f64 * 0.1), c.mapv(|x| x as f32 * 0.3), c.mapv(|x| x as i32));
        let (e, f) = (c.mapv(|x| (x + 50) as usize), c.mapv(|x| x % 3 == 0));
        every_way!(mixed(&a, &b, &c, &d, &e, &f));
        every_way!(many_totals(&a, &d, &f));
        let (on, back) = (s![..;2], s![..;-2]);
        let [e_view, d_view] = [e.slice(on), e.slice(back)];
        every_way!(mixed(&a.slice(on), &b.slice(back), &c.slice(on), &d.slice(on), &e_view, &f.slice(on)));
        every_way!(mixed(
            &a.slice(back),
            &b.slice(on),
            &c.slice(back),
            &d.slice(back),
            &d_view,
            &f.slice(back)
        ));
        every_way!(many_totals(&a.slice(on), &d.slice(back), &f.slice(on)));
    }
}

#[kernel]
fn cubes(x: &Array3<f64>, y: &Array3<f64>) -> (Array3<f64>, f64) {
    let z = x * 2.0 + y;
    let sum = z.sum();
    (z, sum)
}

#[test]
fn cubes_of_any_proportions_and_layout() {
    for shape in [(1, 1, 1), (2, 3, 4), (1, 100, 1), (9, 1, 2000), (3, 3000, 1), (0, 3, 3), (30, 30, 30)] {
        let x = Array3::from_shape_fn(shape, |(i, j, k)| (i * 31 + j * 7 + k) as f64);
        every_way!(cubes(&x, &x));
        let turned = x.clone().permuted_axes([2, 1, 0]);
        every_way!(cubes(&turned, &turned));
        let (mut z, mut sum) = (Array3::zeros(turned.dim()), 0.0);
        cubes::parallel_into(&turned, &turned, (&mut z, &mut sum)).unwrap();
        assert_eq!(z, &turned * 3.0);
        every_way!(cubes(&x, &x.slice(s![.., .., ..1]).to_owned()));
        every_way!(cubes(&x, &x.slice(s![..shape.0.min(1), .., ..]).to_owned()));
    }
}

#[kernel]
fn shadowing_closure(a: &ArrayRef1<f64>, k: f64) -> Array1<f64> {
    let c = a.mean().unwrap_or(0.0);
    let b = a.mapv(|x| {
        let k = k + c;
        if x > k {
            x - k
        } else {
            let y = k - x;
            y * y
        }
    });
    b.mapv(|b| b + 1.0) + &b
}

#[kernel]
fn late_arrays(flag: bool, n: usize) -> Array1<f64> {
    let a;
    if flag {
        a = Array1::<f64>::ones(n);
    } else {
        a = Array1::<f64>::zeros(n + 1);
    }
    let b: Array1<f64>;
    b = a * 2.0;
    b
}

#[kernel]
fn refill(x: &mut ArrayRef1<f64>, value: f64) {
    x.fill(value);
    for i in prange(0..x.len()) {
        x[i] += i as f64;
    }
}

#[kernel]
fn refills_its_own(n: usize) -> Array1<f64> {
    let mut a = Array1::<f64>::zeros(n);
    refill(&mut a, 3.0);
    let b = a.clone();
    refill(&mut a, 5.0);
    a + b
}

#[test]
fn local_arrays_are_set_late_captured_and_lent() {
    for n in [0, 1, 5, 1000] {
        every_way!(shadowing_closure(&Array1::from_shape_fn(n, |i| i as f64 * 0.01), 0.3));
        every_way!(late_arrays(true, n));
        every_way!(late_arrays(false, n));
        every_way!(refills_its_own(n));
    }
}
