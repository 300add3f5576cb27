//! Numbers: literals, arithmetic, comparisons, casts among all types, methods.

use crate::cases::ways::{compiled_ways, every_way};
use ndarray::{Array1, Array2, ArrayRef1, array};
use parfuse::prelude::*;
use std::ops::{Add, Div, Mul, Sub};

#[kernel]
fn literals_adapt(a: &ArrayRef1<f32>, b: &ArrayRef1<i32>) -> (Array1<f32>, Array1<i32>) {
    let scaled = 2.0 * a + 1.5;
    let third = a / 3.0;
    (scaled - third, 3 * b + 1)
}

#[kernel]
fn literal_forms() -> (f64, f32, i64, usize) {
    let large = 0xff_i64 + 0b101 + 0o17 + 1_000_000;
    let real = 1e3 + 2.5e-1 + 1_f64;
    let single = 1.0e10_f32 * 0.1;
    (real, single, large - i64::MAX, 7usize)
}

#[kernel]
fn extreme_literals() -> (i64, i32, f64, f32) {
    (-9_223_372_036_854_775_808, -2_147_483_648, -1.797_693_134_862_315_7e308, f32::MIN_POSITIVE)
}

#[test]
fn literals_take_the_type_of_their_surroundings() {
    for n in [0, 1, 7, 100] {
        let a = Array1::from_shape_fn(n, |i| i as f32 * 0.7);
        every_way!(literals_adapt(&a, &a.mapv(|x| x as i32)));
    }
    every_way!(literal_forms());
    assert_eq!(every_way!(extreme_literals()).0, (i64::MIN, i32::MIN, f64::MIN, f32::MIN_POSITIVE));
}

#[kernel]
fn f64_to_all(
    a: &ArrayRef1<f64>,
    r: &mut ArrayRef1<f32>,
    s: &mut ArrayRef1<i64>,
    t: &mut ArrayRef1<i32>,
) -> Array1<usize> {
    let mut u = Array1::zeros(a.len());
    for i in prange(0..a.len()) {
        r[i] = a[i] as f32;
        s[i] = a[i] as i64;
        t[i] = a[i] as i32;
        u[i] = a[i] as usize;
    }
    u
}

#[kernel]
fn f32_to_all(
    a: &ArrayRef1<f32>,
    r: &mut ArrayRef1<f64>,
    s: &mut ArrayRef1<i64>,
    t: &mut ArrayRef1<i32>,
) -> Array1<usize> {
    let mut u = Array1::zeros(a.len());
    for i in prange(0..a.len()) {
        r[i] = a[i] as f64;
        s[i] = a[i] as i64;
        t[i] = a[i] as i32;
        u[i] = a[i] as usize;
    }
    u
}

#[kernel]
fn i64_to_all(
    a: &ArrayRef1<i64>,
    r: &mut ArrayRef1<f64>,
    s: &mut ArrayRef1<f32>,
    t: &mut ArrayRef1<i32>,
) -> Array1<usize> {
    let mut u = Array1::zeros(a.len());
    for i in prange(0..a.len()) {
        r[i] = a[i] as f64;
        s[i] = a[i] as f32;
        t[i] = a[i] as i32;
        u[i] = a[i] as usize;
    }
    u
}

#[kernel]
fn i32_to_all(
    a: &ArrayRef1<i32>,
    r: &mut ArrayRef1<f64>,
    s: &mut ArrayRef1<f32>,
    t: &mut ArrayRef1<i64>,
) -> Array1<usize> {
    let mut u = Array1::zeros(a.len());
    for i in prange(0..a.len()) {
        r[i] = a[i] as f64;
        s[i] = a[i] as f32;
        t[i] = a[i] as i64;
        u[i] = a[i] as usize;
    }
    u
}

#[kernel]
fn usize_to_all(
    a: &ArrayRef1<usize>,
    r: &mut ArrayRef1<f64>,
    s: &mut ArrayRef1<f32>,
    t: &mut ArrayRef1<i64>,
) -> Array1<i32> {
    let mut u = Array1::zeros(a.len());
    for i in prange(0..a.len()) {
        r[i] = a[i] as f64;
        s[i] = a[i] as f32;
        t[i] = a[i] as i64;
        u[i] = a[i] as i32;
    }
    u
}

#[kernel]
fn bool_to_all(a: &ArrayRef1<bool>, s: &mut ArrayRef1<i64>, t: &mut ArrayRef1<i32>) -> Array1<usize> {
    let mut u = Array1::zeros(a.len());
    for i in prange(0..a.len()) {
        s[i] = a[i] as i64;
        t[i] = a[i] as i32;
        u[i] = a[i] as usize;
    }
    u
}

/// Floats around the limits of every type.
fn hard_floats() -> Array1<f64> {
    let mut all =
        vec![f64::NAN, f64::INFINITY, -f64::INFINITY, 0.0, -0.0, f64::MIN_POSITIVE, f64::MAX, f64::MIN];
    for limit in
        [0.5, 1.0, 1.5, 2e9, 2f64.powi(31), 2f64.powi(32), 2f64.powi(53), 2f64.powi(63), 2f64.powi(64), 1e300]
    {
        for x in [limit, limit.next_up(), limit.next_down(), limit - 1.0, limit + 1.0] {
            all.extend([x, -x]);
        }
    }
    Array1::from_vec(all)
}

/// Integers around the limits of every type.
fn hard_integers() -> Array1<i64> {
    let mut all = vec![];
    for shift in [0, 1, 7, 23, 24, 25, 30, 31, 32, 52, 53, 54, 62, 63] {
        let power = 1i64.wrapping_shl(shift);
        for x in [power.wrapping_sub(1), power, power.wrapping_add(1), power.wrapping_mul(3)] {
            all.extend([x, x.wrapping_neg()]);
        }
    }
    Array1::from_vec(all)
}

#[test]
fn casts_saturate_wrap_and_round_as_in_rust() {
    let floats = hard_floats();
    let n = floats.len();
    every_way!(f64_to_all(&floats, &mut r, &mut s, &mut t) with r = Array1::zeros(n), s = Array1::zeros(n), t = Array1::zeros(n));
    let singles = floats.mapv(|x| x as f32);
    every_way!(f32_to_all(&singles, &mut r, &mut s, &mut t) with r = Array1::zeros(n), s = Array1::zeros(n), t = Array1::zeros(n));
    let integers = hard_integers();
    let n = integers.len();
    every_way!(i64_to_all(&integers, &mut r, &mut s, &mut t) with r = Array1::zeros(n), s = Array1::zeros(n), t = Array1::zeros(n));
    let halves = integers.mapv(|x| x as i32);
    every_way!(i32_to_all(&halves, &mut r, &mut s, &mut t) with r = Array1::zeros(n), s = Array1::zeros(n), t = Array1::zeros(n));
    let unsigned = integers.mapv(|x| x as usize);
    every_way!(usize_to_all(&unsigned, &mut r, &mut s, &mut t) with r = Array1::zeros(n), s = Array1::zeros(n), t = Array1::zeros(n));
    let truths = integers.mapv(|x| x > 0);
    every_way!(bool_to_all(&truths, &mut s, &mut t) with s = Array1::zeros(n), t = Array1::zeros(n));
}

/// A kernel of all integer operations that cannot overflow Rust's checks.
macro_rules! integer_kernel {
    ($name:ident, $ty:ty) => {
        #[kernel]
        fn $name(a: &ArrayRef1<$ty>, b: &ArrayRef1<$ty>) -> Array2<$ty> {
            let n = a.len();
            let mut r = Array2::<$ty>::zeros((n, 14));
            for i in prange(0..n) {
                let (x, y) = (a[i], b[i]);
                r[[i, 0]] = x.wrapping_add(y);
                r[[i, 1]] = x.wrapping_sub(y);
                r[[i, 2]] = x.wrapping_mul(y);
                r[[i, 3]] = if y != 0 { x.wrapping_div(y) } else { 0 };
                r[[i, 4]] = if y != 0 { x.wrapping_rem(y) } else { 0 };
                r[[i, 5]] = x & y;
                r[[i, 6]] = x | y;
                r[[i, 7]] = x ^ y;
                r[[i, 8]] = !x;
                r[[i, 9]] = x << 3;
                r[[i, 10]] = x >> 5;
                r[[i, 11]] = x.min(y);
                r[[i, 12]] = x.max(y);
                r[[i, 13]] = (x == y) as $ty + 2 * (x < y) as $ty + 4 * (x >= y) as $ty + 8 * (x != y) as $ty;
            }
            r
        }
    };
}
integer_kernel!(arithmetic_i64, i64);
integer_kernel!(arithmetic_i32, i32);
integer_kernel!(arithmetic_usize, usize);

#[kernel]
fn signed_methods(a: &ArrayRef1<i64>) -> Array2<i64> {
    let n = a.len();
    let mut r = Array2::<i64>::zeros((n, 6));
    for i in prange(0..n) {
        let x = a[i];
        r[[i, 0]] = x.wrapping_neg();
        r[[i, 1]] = x.wrapping_abs();
        r[[i, 2]] = x.signum();
        r[[i, 3]] = x.rem_euclid(7);
        r[[i, 4]] = x.div_euclid(7) + x.clamp(-5, 9);
        r[[i, 5]] = (x.is_positive() as i64) - (x.is_negative() as i64);
    }
    r
}

#[kernel]
fn unsigned_methods(a: &ArrayRef1<usize>, b: &ArrayRef1<usize>) -> Array2<usize> {
    let n = a.len();
    let mut r = Array2::<usize>::zeros((n, 5));
    for i in prange(0..n) {
        let (x, y) = (a[i], b[i]);
        r[[i, 0]] = x.saturating_sub(y);
        r[[i, 1]] = x.saturating_add(y);
        r[[i, 2]] = x.abs_diff(y);
        r[[i, 3]] = x.rem_euclid(10);
        r[[i, 4]] = (x % 10).pow(3);
    }
    r
}

#[test]
fn integers_compute_as_in_rust() {
    let a = hard_integers();
    for rotation in [0, 1, 5, 31] {
        let b = Array1::from_shape_fn(a.len(), |i| a[(i + rotation) % a.len()]);
        every_way!(arithmetic_i64(&a, &b));
        every_way!(arithmetic_i32(&a.mapv(|x| x as i32), &b.mapv(|x| x as i32)));
        every_way!(arithmetic_usize(&a.mapv(|x| x as usize), &b.mapv(|x| x as usize)));
        every_way!(unsigned_methods(&a.mapv(|x| x as usize), &b.mapv(|x| x as usize)));
    }
    every_way!(signed_methods(&a));
}

#[kernel]
fn truths(a: &ArrayRef1<bool>, b: &ArrayRef1<bool>) -> Array2<bool> {
    let n = a.len();
    let mut r = Array2::<bool>::default((n, 9));
    for i in prange(0..n) {
        let (x, y) = (a[i], b[i]);
        r[[i, 0]] = x & y;
        r[[i, 1]] = x | y;
        r[[i, 2]] = x ^ y;
        r[[i, 3]] = !x;
        r[[i, 4]] = x && y;
        r[[i, 5]] = x || !y;
        r[[i, 6]] = x == y;
        r[[i, 7]] = x < y;
        r[[i, 8]] = if x { y } else { true };
    }
    r
}

#[test]
fn truth_values_compute_as_in_rust() {
    let a = Array1::from_shape_fn(1000, |i| i % 2 == 0);
    let b = Array1::from_shape_fn(1000, |i| i / 2 % 2 == 0);
    every_way!(truths(&a, &b));
}

macro_rules! float_kernel {
    ($exact:ident, $rounded:ident, $functions:ident, $ty:ty) => {
        #[kernel]
        fn $exact(a: &ArrayRef1<$ty>, b: &ArrayRef1<$ty>) -> Array2<$ty> {
            let n = a.len();
            let mut r = Array2::<$ty>::zeros((n, 19));
            for i in prange(0..n) {
                let (x, y) = (a[i], b[i]);
                r[[i, 0]] = x + y;
                r[[i, 1]] = x - y;
                r[[i, 2]] = x * y;
                r[[i, 3]] = x / y;
                r[[i, 4]] = -x;
                r[[i, 5]] = x.abs();
                r[[i, 6]] = x.sqrt();
                r[[i, 7]] = x.floor();
                r[[i, 8]] = x.ceil();
                r[[i, 9]] = x.round();
                r[[i, 10]] = x.trunc();
                r[[i, 11]] = x.mul_add(y, 1.0);
                r[[i, 12]] = x.signum();
                r[[i, 13]] = x.recip();
                r[[i, 14]] = x.fract();
                r[[i, 15]] = if x < y {
                    1.0
                } else if x == y {
                    2.0
                } else if x > y {
                    3.0
                } else {
                    4.0
                };
                r[[i, 16]] =
                    if x.is_nan() || y.is_infinite() || !x.is_finite() { x } else { x.clamp(-3.0, 7.5) };
                r[[i, 17]] = x.to_degrees();
                r[[i, 18]] = x.to_radians();
            }
            r
        }

        #[kernel]
        fn $rounded(a: &ArrayRef1<$ty>) -> Array2<$ty> {
            let n = a.len();
            let mut r = Array2::<$ty>::zeros((n, 9));
            for i in prange(0..n) {
                let x = a[i];
                let (sin, cos) = x.sin_cos();
                r[[i, 0]] = sin;
                r[[i, 1]] = cos;
                r[[i, 2]] = x.tan();
                r[[i, 3]] = x.tanh();
                r[[i, 4]] = x.exp();
                r[[i, 5]] = x.abs().ln();
                r[[i, 6]] = x.abs().powf(0.3);
                r[[i, 7]] = x.powi(3);
                r[[i, 8]] = x.powi(-2);
            }
            r
        }

        #[kernel]
        fn $functions(a: &ArrayRef1<$ty>) -> Array2<$ty> {
            let n = a.len();
            let mut r = Array2::<$ty>::zeros((n, 13));
            for i in prange(0..n) {
                let x = a[i];
                r[[i, 0]] = x.exp2();
                r[[i, 1]] = x.exp_m1();
                r[[i, 2]] = x.abs().log2();
                r[[i, 3]] = x.log10();
                r[[i, 4]] = x.ln_1p();
                r[[i, 5]] = x.abs().log(3.0);
                r[[i, 6]] = x.sinh();
                r[[i, 7]] = x.cosh();
                r[[i, 8]] = x.asinh();
                r[[i, 9]] = (x + 1.5).acosh();
                r[[i, 10]] = (x * 0.001).atanh();
                r[[i, 11]] = x.cbrt();
                r[[i, 12]] = x.hypot(x.max(-3.0));
            }
            r
        }
    };
}
float_kernel!(exact_f64, rounded_f64, functions_f64, f64);
float_kernel!(exact_f32, rounded_f32, functions_f32, f32);

#[test]
fn floats_compute_as_in_rust() {
    let a = hard_floats();
    for rotation in [0, 1, 5, 31] {
        let b = Array1::from_shape_fn(a.len(), |i| a[(i + rotation) % a.len()]);
        every_way!(exact_f64(&a, &b));
        every_way!(exact_f32(&a.mapv(|x| x as f32), &b.mapv(|x| x as f32)));
    }
    every_way!(rounded_f64(&a.mapv(|x| x.clamp(-1e3, 1e3))));
    every_way!(rounded_f32(&a.mapv(|x| x.clamp(-1e3, 1e3) as f32)));
    every_way!(functions_f64(&a.mapv(|x| x.clamp(-1e3, 1e3))));
    every_way!(functions_f32(&a.mapv(|x| x.clamp(-1e3, 1e3) as f32)));
}

#[kernel]
fn least_and_most(a: &ArrayRef1<f64>, b: &ArrayRef1<f64>) -> (Array1<f64>, Array1<f64>) {
    let (mut least, mut most) = (Array1::zeros(a.len()), Array1::zeros(a.len()));
    for i in prange(0..a.len()) {
        least[i] = a[i].min(b[i]);
        most[i] = a[i].max(b[i]);
    }
    (least, most)
}

#[test]
fn min_and_max_prefer_numbers_to_nan() {
    let nan = f64::NAN;
    let a = array![1.0, nan, 2.0, nan, -1.0, f64::INFINITY];
    let b = array![2.0, 5.0, nan, nan, -2.0, -f64::INFINITY];
    every_way!(least_and_most(&a, &b));
    let (least, _) = compiled_ways!(least_and_most(&a, &b)).0;
    assert_eq!(least.iter().filter(|x| x.is_nan()).count(), 1);
}

#[kernel]
fn scalar_forms(x: f64, n: i64) -> (f64, f64, i64) {
    let a = f64::max(x, 1.0) + f64::from(3i32) + f64::default();
    let b = x.add(1.0).mul(2.0).sub(0.5).div(4.0);
    let c = n.pow(2) + 3i64.pow(2) + (n as f64 * 0.5).round() as i64;
    (a, b, c)
}

#[test]
fn functions_and_operators_may_be_written_as_methods() {
    for x in [-2.5, 0.0, 7.0] {
        every_way!(scalar_forms(x, 11));
    }
}
