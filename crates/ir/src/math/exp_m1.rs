//! The exponential function minus one.
//!
//! ```text
//! x = n ln 2 + r                       as for `exp`, with what the rounding of r leaves
//! exp(x) - 1 = (2^n - 1) + 2^n u       u = exp(r) - 1 = r + (r^2 / 2 + r^3 Q(r)), so nothing cancels for
//!                                      n = 0; the leading sum 2^n - 1 + 2^n r with its rounding error
//! ```
//!
//! All of it is computed as half of what it is, so that the power does not overflow before the result does.
//! What is so small that a half of it would not be exact is its own result.

use super::{Primitives, exp};
use crate::lane::{LaneOp, LaneType};

/// `Q(r) = (exp(r) - 1 - r - r^2 / 2) / r^3` for `|r| <= 0.3466`, degree 9, by Remez exchange; it causes a
/// relative error of 2.7e-19 in `exp(r) - 1`.
const QUOTIENT: [f64; 10] = [
    2.0879861107358406e-09,
    2.5108700966685583e-08,
    2.7557384339669024e-07,
    2.7557245254696553e-06,
    2.480158720091766e-05,
    0.00019841269884979552,
    0.0013888888888941575,
    0.008333333333322146,
    0.04166666666666658,
    0.16666666666666677,
];
/// The same with degree 4, relative error 3.9e-10.
const QUOTIENT_F32: [f64; 5] = [0.00019825011, 0.0013933261, 0.0083334185, 0.04166648, 0.16666666];

/// `e` to the power of `x`, minus one.
pub(super) fn exp_m1<P: Primitives>(p: &mut P, x: P::Value) -> P::Value {
    let single = p.ty(x) == LaneType::F32;
    // Beyond these the result is minus one or infinity.
    let (lowest, highest, tiny) = if single { (-20.0, 89.0, -25) } else { (-40.0, 710.0, -54) };
    let (lowest, highest, tiny) = (p.like(x, lowest), p.like(x, highest), p.like(x, 2f64.powi(tiny)));
    let clamped = p.fmin(highest, x);
    let clamped = p.fmax(lowest, clamped);
    let (shift, mantissa) =
        if single { (p.f32(exp::SHIFT_F32 + 126.0), 23) } else { (p.f64(exp::SHIFT + 1022.0), 52) };
    let exp::Reduced { r, rest, shifted } = exp::reduce_with_rest(p, clamped, shift);
    // 2^(n-1)
    let power = p.bitcast(shifted);
    let power = p.with_int(LaneOp::Shl, power, mantissa);
    let power = p.bitcast(power);

    let half = p.like(x, 0.5);
    let (square, half_r) = (p.fmul(r, r), p.fmul(half, r));
    let cube = p.fmul(square, r);
    let quotient = p.horner(r, if single { &QUOTIENT_F32 } else { &QUOTIENT });
    let rest = p.fma(r, rest, rest);
    let tail = p.fma(cube, quotient, rest);
    let tail = p.fma(half_r, r, tail);

    let leading = p.fsub(power, half);
    // What of the half the difference has no digits for. It matters for a single n.
    let low = p.fsub(power, leading);
    let low = p.fsub(low, half);
    let high = p.fma(power, r, leading);
    let error = p.fsub(leading, high);
    let error = p.fma(power, r, error);
    let low = p.fadd(low, error);
    let low = p.fma(power, tail, low);
    let result = p.fadd(high, low);
    let result = p.fadd(result, result);

    let magnitude = p.fabs(x);
    let is_tiny = p.op(LaneOp::FLt, &[magnitude, tiny]);
    p.select(is_tiny, x, result)
}
