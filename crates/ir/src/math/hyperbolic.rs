//! The hyperbolic sine and cosine.
//!
//! ```text
//! |x| = n ln 2 + r                     as for `exp`, with what the rounding of r leaves
//! S = (2^n - 2^-n) / 2                 sinh |x| = S cosh r + C sinh r
//! C = (2^n + 2^-n) / 2                 cosh |x| = C cosh r + S sinh r
//!
//! cosh r = 1 + r^2 E(r^2)              the leading sums S + C r and C + S r with their rounding errors:
//! sinh r = r + r^3 O(r^2)              nothing cancels for n = 0, where S = 0, and there is no division
//! ```
//!
//! All of it is computed as half of what it is, so that the powers do not overflow before the result does. Of
//! a sine so small that a half of it would not be exact the argument is the value.

use super::{Primitives, exp};
use crate::lane::{LaneOp, LaneType};

/// `E(r^2) = (cosh(r) - 1) / r^2` for `|r| <= 0.3466`, degree 5, by Remez exchange, error below 1e-21.
const EVEN: [f64; 6] = [
    2.0924420121414936e-09,
    2.755724184208727e-07,
    2.4801587363374886e-05,
    0.0013888888888863948,
    0.04166666666666671,
    0.5,
];
/// `O(r^2) = (sinh(r) - r) / r^3`, degree 4, error relative to the sine 2.7e-19.
const ODD: [f64; 5] = [
    2.510903604954055e-08,
    2.7557244205085618e-06,
    0.00019841269886137857,
    0.008333333333321624,
    0.16666666666666677,
];
/// `E` of degree 2 for `f32`, error 4.8e-11.
const EVEN_F32: [f64; 3] = [0.0013946221, 0.041666266, 0.5];
/// `O` of degree 2 for `f32`, error 5.3e-12.
const ODD_F32: [f64; 3] = [0.00019904951, 0.008333289, 0.16666667];

/// Which function.
#[derive(Clone, Copy)]
enum Function {
    Sine,
    Cosine,
}

/// The hyperbolic sine of `x`.
pub(super) fn sinh<P: Primitives>(p: &mut P, x: P::Value) -> P::Value {
    let magnitude = p.fabs(x);
    let result = hyperbolic(p, Function::Sine, magnitude);
    let tiny = p.like(x, 2f64.powi(if p.ty(x) == LaneType::F32 { -25 } else { -54 }));
    let is_tiny = p.op(LaneOp::FLt, &[magnitude, tiny]);
    let result = p.select(is_tiny, magnitude, result);
    p.signed_as(x, result)
}

/// The hyperbolic cosine of `x`.
pub(super) fn cosh<P: Primitives>(p: &mut P, x: P::Value) -> P::Value {
    let magnitude = p.fabs(x);
    hyperbolic(p, Function::Cosine, magnitude)
}

/// The function of a magnitude.
fn hyperbolic<P: Primitives>(p: &mut P, function: Function, x: P::Value) -> P::Value {
    // Beyond the limit the result is infinity. NaN passes.
    let (limit, shift, mantissa, inverse) = if p.ty(x) == LaneType::F32 {
        (89.5, p.f32(exp::SHIFT_F32 + 125.0), 23, 250 << 23)
    } else {
        (710.5, p.f64(exp::SHIFT + 1021.0), 52, 2042 << 52)
    };
    let limit = p.like(x, limit);
    let clamped = p.fmin(limit, x);
    let exp::Reduced { r, rest, shifted } = exp::reduce_with_rest(p, clamped, shift);
    // 2^(n-2) and 2^(-n-2), the latter zero where it would be subnormal: there the bits are a negative number.
    let power = p.bitcast(shifted);
    let power = p.with_int(LaneOp::Shl, power, mantissa);
    let inverse = p.int_like(power, inverse);
    let inverse = p.op(LaneOp::ISub, &[inverse, power]);
    let (power, inverse, zero) = (p.bitcast(power), p.bitcast(inverse), p.like(x, 0.0));
    let inverse = p.fmax(zero, inverse);

    let (sum, difference) = (p.fadd(power, inverse), p.fsub(power, inverse));
    let (leading, other, sign) = match function {
        Function::Sine => (difference, sum, LaneOp::FSub),
        Function::Cosine => (sum, difference, LaneOp::FAdd),
    };
    // What of 2^-n its sum with 2^n has no digits for. It matters for a single n.
    let low = p.fsub(power, leading);
    let low = p.op(sign, &[low, inverse]);

    let square = p.fmul(r, r);
    let (even, odd): (&[f64], &[f64]) =
        if p.ty(x) == LaneType::F32 { (&EVEN_F32, &ODD_F32) } else { (&EVEN, &ODD) };
    let even = p.horner(square, even);
    let even = p.fmul(square, even);
    let odd = p.horner(square, odd);
    let cube = p.fmul(square, r);
    let odd = p.fma(cube, odd, rest);

    let high = p.fma(other, r, leading);
    let error = p.fsub(leading, high);
    let error = p.fma(other, r, error);
    let low = p.fadd(low, error);
    let low = p.fma(other, odd, low);
    let low = p.fma(leading, even, low);
    let half = p.fadd(high, low);
    p.fadd(half, half)
}
