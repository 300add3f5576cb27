//! The hyperbolic tangent.
//!
//! ```text
//! 2|x| = n ln 2 + r          u = exp(r) - 1, as a sum of two floats
//!
//!           exp(2|x|) - 1     (1 - 2^-n) + u
//! tanh|x| = ------------- = ----------------        the powers of two are exact, so that only u
//!           exp(2|x|) + 1     (1 + 2^-n) + u        and the division round
//! ```

use super::Primitives;
use super::double::{divide, fast_two_sum, reciprocal};
use super::exp;
use crate::lane::{LaneOp, LaneType};

/// The hyperbolic tangent of `x`.
pub(super) fn tanh<P: Primitives>(p: &mut P, x: P::Value) -> P::Value {
    let single = p.ty(x) == LaneType::F32;
    // From here on the result is one. NaN passes.
    let limit = p.like(x, if single { 10.0 } else { 20.0 });
    let magnitude = p.fabs(x);
    let clamped = p.fmin(limit, magnitude);
    let doubled = p.fadd(clamped, clamped);

    let (shift, ln_2, mantissa) = if single {
        (p.f32(exp::SHIFT_F32 + 127.0), exp::LN_2_F32.map(|part| p.f32(part)), 23)
    } else {
        (p.f64(exp::SHIFT + 1023.0), exp::LN_2.map(|part| p.f64(part)), 52)
    };
    // The low bits are the biased exponent of 2^-n.
    let minus_log2_e = p.like(x, -std::f64::consts::LOG2_E);
    let shifted = p.fma(doubled, minus_log2_e, shift);
    let minus_n = p.fsub(shifted, shift);
    let power = p.bitcast(shifted);
    let power = p.with_int(LaneOp::Shl, power, mantissa);
    let power = p.bitcast(power);

    // The first part of r is exact. The second is so small that it counts only to first order; it grows with
    // n, but what u contributes to the result shrinks as 2^-n.
    let r = p.fma(minus_n, ln_2[0], doubled);
    let low = p.fmul(minus_n, ln_2[1]);
    let square = p.fmul(r, r);
    let quotient = p.horner(r, if single { exp::QUOTIENT_F32 } else { exp::QUOTIENT });
    let tail = p.fma(square, quotient, low);
    let u = fast_two_sum(p, r, tail);

    let one = p.like(x, 1.0);
    let [numerator, denominator] = [LaneOp::FSub, LaneOp::FAdd].map(|op| {
        let exact = p.op(op, &[one, power]);
        let (high, low) = fast_two_sum(p, exact, u.0);
        (high, p.fadd(low, u.1))
    });
    let reciprocal = reciprocal(p, denominator.0);
    let quotient = divide(p, numerator, denominator, reciprocal);
    // For the largest n, 1 - 2^-n and 1 + 2^-n are no longer exact, but then they need not be.
    let minus_two = p.like(x, -2.0);
    let distance = p.fmul(power, minus_two);
    let near_one = p.fma(distance, reciprocal, one);
    let large = p.like(x, if single { 4.0 } else { 8.0 });
    let large = p.op(LaneOp::FLt, &[large, clamped]);
    let result = p.select(large, near_one, quotient);
    p.signed_as(x, result)
}
