//! Logarithms to base 2 and 10.
//!
//! ```text
//! x = 2^k m, f = m - 1                 as for `ln`
//! ln m = (f - f^2 / 2) + (...)         a sum of two floats, high + low
//! log x = k log 2 + ln m / ln base     the product with 1 / ln base as a sum of two floats, the leading sum
//!                                      k log 2 + high / ln base with its rounding error
//! ```
//!
//! What is lost before the last rounding is so little that powers of the base have exact logarithms.

use super::Primitives;
use super::ln::{Series, decompose, series, unless_special};
use crate::lane::LaneType;

/// The constants for a base, each in two parts.
struct Base {
    /// The logarithm of two, the first part with so few bits that its product with an exponent is exact.
    two: [f64; 2],
    /// The logarithm of e.
    e: [f64; 2],
}

const BASE_2: Base = Base { two: [1.0, 0.0], e: [std::f64::consts::LOG2_E, 2.0355273740931033e-17] };
const BASE_2_F32: Base = Base { two: [1.0, 0.0], e: [std::f64::consts::LOG2_E, 1.925963e-08] };
const BASE_10: Base = Base {
    two: [0.30102999566395283, 2.8363394551044964e-14],
    e: [std::f64::consts::LOG10_E, 1.098319650216765e-17],
};
const BASE_10_F32: Base = Base {
    two: [0.30103302001953125, -3.0243555500547862e-06],
    e: [std::f64::consts::LOG10_E, -1.010305e-08],
};

/// The logarithm of `x` to base 2.
pub(super) fn log2<P: Primitives>(p: &mut P, x: P::Value) -> P::Value {
    logarithm(p, x, if p.ty(x) == LaneType::F32 { BASE_2_F32 } else { BASE_2 })
}

/// The logarithm of `x` to base 10.
pub(super) fn log10<P: Primitives>(p: &mut P, x: P::Value) -> P::Value {
    logarithm(p, x, if p.ty(x) == LaneType::F32 { BASE_10_F32 } else { BASE_10 })
}

fn logarithm<P: Primitives>(p: &mut P, x: P::Value, base: Base) -> P::Value {
    let (m, k) = decompose(p, x);
    let one = p.like(x, 1.0);
    let f = p.fsub(m, one);
    let Series { half, s, inner, .. } = series(p, f);
    let minus_half = p.fneg(half);
    let high = p.fma(minus_half, f, f);
    let low = p.fsub(f, high);
    let low = p.fma(minus_half, f, low);
    let low = p.fma(s, inner, low);

    let e = base.e.map(|part| p.like(x, part));
    let mut shift = k;
    if base.two[0] != 1.0 {
        let two = p.like(x, base.two[0]);
        shift = p.fmul(k, two);
    }
    let sum = p.fma(high, e[0], shift);
    let error = p.fsub(shift, sum);
    let mut error = p.fma(high, e[0], error);
    if base.two[1] != 0.0 {
        let two = p.like(x, base.two[1]);
        error = p.fma(k, two, error);
    }
    let error = p.fma(high, e[1], error);
    let error = p.fma(low, e[0], error);
    let result = p.fadd(sum, error);
    unless_special(p, x, result)
}

#[cfg(test)]
mod tests {
    use crate::{Scalar, ScalarOp};

    #[test]
    fn powers_of_the_base_have_exact_logarithms() {
        for n in -1074..1024 {
            // In two steps: the power itself may be too small to be computed at once.
            let x = 2f64.powi(n / 2) * 2f64.powi(n - n / 2);
            assert_eq!(ScalarOp::Log2.eval(&[Scalar::F64(x)]), Scalar::F64(n as f64));
            assert_eq!(ScalarOp::Exp2.eval(&[Scalar::F64(n as f64)]), Scalar::F64(x));
            if (-149..128).contains(&n) {
                assert_eq!(ScalarOp::Log2.eval(&[Scalar::F32(x as f32)]), Scalar::F32(n as f32));
                assert_eq!(ScalarOp::Exp2.eval(&[Scalar::F32(n as f32)]), Scalar::F32(x as f32));
            }
        }
        for n in 0..=22 {
            let x = 10f64.powi(n);
            assert_eq!(ScalarOp::Log10.eval(&[Scalar::F64(x)]), Scalar::F64(n as f64));
            if n <= 10 {
                assert_eq!(ScalarOp::Log10.eval(&[Scalar::F32(x as f32)]), Scalar::F32(n as f32));
            }
        }
    }
}
