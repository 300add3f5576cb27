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
