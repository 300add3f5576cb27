//! Mathematical functions, on numbers, on arrays and in `mapv`.

use crate::cases::ways::{SIZES, every_way};
use ndarray::{Array1, Array2, ArrayRef1};
use parfuse::prelude::*;

macro_rules! inverse_kernel {
    ($name:ident, $ty:ty) => {
        #[kernel]
        fn $name(a: &ArrayRef1<$ty>, b: &ArrayRef1<$ty>) -> (Array2<$ty>, Array1<$ty>) {
            let n = a.len();
            let mut r = Array2::<$ty>::zeros((n, 5));
            for i in prange(0..n) {
                let (sin, cos) = b[i].sin_cos();
                r[[i, 0]] = a[i].asin();
                r[[i, 1]] = a[i].acos();
                r[[i, 2]] = b[i].atan();
                r[[i, 3]] = a[i].atan2(b[i]);
                r[[i, 4]] = sin.atan2(cos);
            }
            (r, a.asin() + a.acos() * b.atan() - b.mapv(|x| x.atan()))
        }
    };
}
inverse_kernel!(inverse_f64, f64);
inverse_kernel!(inverse_f32, f32);

#[test]
fn inverse_trigonometric_functions() {
    for n in SIZES {
        let a = Array1::from_shape_fn(n, |i| (i % 43) as f64 / 21.0 - 1.0);
        let b = Array1::from_shape_fn(n, |i| (i % 29) as f64 * 0.21 - 2.9);
        every_way!(inverse_f64(&a, &b));
        every_way!(inverse_f32(&a.mapv(|x| x as f32), &b.mapv(|x| x as f32)));
    }
}

macro_rules! special_kernel {
    ($name:ident, $ty:ty) => {
        #[kernel]
        fn $name(a: &ArrayRef1<$ty>) -> (Array2<$ty>, Array1<$ty>) {
            let n = a.len();
            let mut r = Array2::<$ty>::zeros((n, 4));
            for i in prange(0..n) {
                r[[i, 0]] = a[i].erf();
                r[[i, 1]] = a[i].erfc();
                r[[i, 2]] = a[i].tgamma();
                r[[i, 3]] = a[i].lgamma();
            }
            (r, a.mapv(|x| if x > 0.5 { x.lgamma() } else { x.erf() - x.tgamma() }))
        }
    };
}
special_kernel!(special_f64, f64);
special_kernel!(special_f32, f32);

#[test]
fn special_functions_have_the_bits_of_plain_rust() {
    let specials =
        [0.0, -0.0, f64::INFINITY, f64::NEG_INFINITY, f64::NAN, 1e-310, -1e-310, 1e300, 200.0, -200.5];
    for n in SIZES.into_iter().filter(|n| *n <= 1000) {
        let number = |i: usize| (i % 97) as f64 * 0.31 - 15.0;
        let a = Array1::from_shape_fn(n, |i| specials.get(i).copied().unwrap_or_else(|| number(i)));
        let (serial, plain) = (special_f64::serial(&a).unwrap(), special_f64(&a));
        let bits = |x: &f64| if x.is_nan() { u64::MAX } else { x.to_bits() };
        assert_eq!(serial.0.mapv(|x| bits(&x)), plain.0.mapv(|x| bits(&x)));
        assert_eq!(serial.1.mapv(|x| bits(&x)), plain.1.mapv(|x| bits(&x)));
        every_way!(special_f64(&a));
        let a = a.mapv(|x| x as f32);
        let (serial, plain) = (special_f32::serial(&a).unwrap(), special_f32(&a));
        let bits = |x: &f32| if x.is_nan() { u32::MAX } else { x.to_bits() };
        assert_eq!(serial.0.mapv(|x| bits(&x)), plain.0.mapv(|x| bits(&x)));
        assert_eq!(serial.1.mapv(|x| bits(&x)), plain.1.mapv(|x| bits(&x)));
        every_way!(special_f32(&a));
    }
}
