//! The cube root.
//!
//! ```text
//! |x| = 2^(3n) m,  0.35 < m < 2.83
//! y = 1 / cbrt m                       a polynomial to a few bits, then one step of an iteration without
//!                                      division: with h = 1 - m y^3, y (1 - h)^(-1/3) as a series in h
//! c = m y^2                            one step of Newton's iteration, which divides by 3 c^2, that is
//! cbrt m = c + (m - c^3) y^2 / 3       multiplies by y^2 / 3, with c^3 as a sum of two floats
//! ```

use super::Primitives;
use super::double::two_product;
use super::exp;
use super::ln::{decompose, is_special};
use crate::lane::{LaneOp, LaneType};

/// `1 / cbrt(m)`, degree 5, by Remez exchange, relative error 0.0031.
const START: [f64; 6] = [
    -0.035678452841147325,
    0.33447092543576507,
    -1.2354386540242444,
    2.30594660376715,
    -2.386682287201049,
    2.015118825982043,
];
/// The same for `f32`, degree 3, error 0.017.
const START_F32: [f64; 4] = [-0.081553645, 0.5192029, -1.1888092, 1.7494152];

/// `((1 - h)^(-1/3) - 1) / h`, the beginning of the Taylor series.
const STEP: [f64; 3] = [14.0 / 81.0, 2.0 / 9.0, 1.0 / 3.0];

/// The cube root of `x`.
pub(super) fn cbrt<P: Primitives>(p: &mut P, x: P::Value) -> P::Value {
    let (shift, bias, mantissa, start, step): (_, _, _, &[f64], _) = if p.ty(x) == LaneType::F32 {
        (exp::SHIFT_F32 as f64, 127.0, 23, &START_F32, &STEP[1..])
    } else {
        (exp::SHIFT, 1023.0, 52, &START, &STEP[..])
    };
    let magnitude = p.fabs(x);
    let (m, k) = decompose(p, magnitude);
    // n is a third of k, rounded.
    let (third, minus_three) = (p.like(x, 1.0 / 3.0), p.like(x, -3.0));
    let shift = p.like(x, shift + bias);
    let shifted = p.fma(k, third, shift);
    let n = p.fsub(shifted, shift);
    let remainder = p.fma(n, minus_three, k);
    let remainder = p.fadd(remainder, shift);
    let [power, factor] = [shifted, remainder].map(|biased| {
        let bits = p.bitcast(biased);
        let bits = p.with_int(LaneOp::Shl, bits, mantissa);
        p.bitcast(bits)
    });
    let m = p.fmul(m, factor);

    let y = p.horner(m, start);
    let one = p.like(x, 1.0);
    let (square, minus_y) = (p.fmul(y, y), p.fneg(y));
    let product = p.fmul(m, minus_y);
    let h = p.fma(product, square, one);
    let series = p.horner(h, step);
    let change = p.fmul(y, h);
    let y = p.fma(change, series, y);

    let square = p.fmul(y, y);
    let c = p.fmul(m, square);
    let minus_c = p.fneg(c);
    let (c_square, error) = two_product(p, c, c);
    let rest = p.fma(minus_c, c_square, m);
    let rest = p.fma(minus_c, error, rest);
    let slope = p.fmul(square, third);
    let root = p.fma(rest, slope, c);
    let result = p.fmul(root, power);

    // Zero, infinity and NaN are their own cube roots.
    let special = is_special(p, magnitude);
    let result = p.select(special, magnitude, result);
    p.signed_as(x, result)
}

#[cfg(test)]
mod tests {
    use crate::{Scalar, ScalarOp};

    #[test]
    fn cubes_have_exact_roots() {
        for n in -3000..3000 {
            let x = n as f64 * 0.125;
            assert_eq!(ScalarOp::Cbrt.eval(&[Scalar::F64(x * x * x)]), Scalar::F64(x));
            if n % 12 == 0 {
                let x = (n / 12) as f32;
                assert_eq!(ScalarOp::Cbrt.eval(&[Scalar::F32(x * x * x)]), Scalar::F32(x));
            }
        }
    }
}
