//! The inverses of the hyperbolic functions.
//!
//! ```text
//! asinh |x| = ln (|x| + sqrt(x^2 + 1))
//! acosh x   = ln (x + sqrt(t^2 + 2t))          t = x - 1
//! atanh |x| = ln ((1 + |x|) / (1 - |x|)) / 2
//! ```
//!
//! Root and quotient are computed as sums of two floats, rounded result and correction. Where a square could
//! overflow (rarely), the root is as good as `|x|`, and the value is `ln |x| + ln 2`.

use super::Primitives;
use super::double::{Double, fast_two_sum, reciprocal};
use super::ln::is_outside;
use super::ln_1p::ln_of_sum;
use crate::lane::{LaneOp, LaneType};

/// The inverse of the hyperbolic sine.
pub(super) fn asinh<P: Primitives>(p: &mut P, x: P::Value) -> P::Value {
    let magnitude = p.fabs(x);
    let one = p.like(x, 1.0);
    let root = root(p, magnitude, one);
    let (high, low) = fast_two_sum(p, root.0, magnitude);
    let sum = (high, p.fadd(low, root.1));
    let result = ln_of_sum(p, sum, 0.0);
    let result = unless_tiny(p, magnitude, result);

    let limit = p.like(x, large(p, x));
    let (limit, bits) = (p.bitcast(limit), p.bitcast(magnitude));
    let is_large = p.op(LaneOp::SLt, &[limit, bits]);
    let result = p.rare(is_large, result, &mut |p| of_large(p, magnitude));
    p.signed_as(x, result)
}

/// The inverse of the hyperbolic cosine, NaN below one.
pub(super) fn acosh<P: Primitives>(p: &mut P, x: P::Value) -> P::Value {
    let one = p.like(x, 1.0);
    let t = p.fsub(x, one);
    let twice = p.fadd(t, t);
    let root = root(p, t, twice);
    let (high, low) = fast_two_sum(p, x, root.0);
    let sum = (high, p.fadd(low, root.1));
    let result = ln_of_sum(p, sum, 0.0);

    let next = if p.ty(x) == LaneType::F32 { 1f32.next_up() as f64 } else { 1f64.next_up() };
    let outside = is_outside(p, x, [next, large(p, x)]);
    p.rare(outside, result, &mut |p| {
        let (zero, one, nan) = (p.like(x, 0.0), p.like(x, 1.0), p.like(x, f64::NAN));
        let result = of_large(p, x);
        let is_one = p.op(LaneOp::FEq, &[x, one]);
        let result = p.select(is_one, zero, result);
        let missing = p.op(LaneOp::FLt, &[x, one]);
        p.select(missing, nan, result)
    })
}

/// The inverse of the hyperbolic tangent, infinite at one, NaN beyond.
pub(super) fn atanh<P: Primitives>(p: &mut P, x: P::Value) -> P::Value {
    let magnitude = p.fabs(x);
    let (half, one) = (p.like(x, 0.5), p.like(x, 1.0));
    let minus = p.fneg(magnitude);
    let numerator = fast_two_sum(p, one, magnitude);
    let denominator = fast_two_sum(p, one, minus);
    let reciprocal = reciprocal(p, denominator.0);
    let quotient = p.fmul(numerator.0, reciprocal);
    let negated = p.fneg(quotient);
    let rest = p.fma(negated, denominator.0, numerator.0);
    let rest = p.fma(negated, denominator.1, rest);
    let rest = p.fadd(rest, numerator.1);
    let rest = p.fmul(rest, reciprocal);
    let result = ln_of_sum(p, (quotient, rest), 0.0);
    let result = p.fmul(result, half);
    let result = unless_tiny(p, magnitude, result);

    let below_one = p.op(LaneOp::FLt, &[magnitude, one]);
    let outside = p.op(LaneOp::BNot, &[below_one]);
    let result = p.rare(outside, result, &mut |p| {
        let (infinity, nan) = (p.like(x, f64::INFINITY), p.like(x, f64::NAN));
        let is_one = p.op(LaneOp::FEq, &[magnitude, one]);
        p.select(is_one, infinity, nan)
    });
    p.signed_as(x, result)
}

/// `sqrt(a^2 + b)`, and what it is too small by.
fn root<P: Primitives>(p: &mut P, a: P::Value, b: P::Value) -> Double<P::Value> {
    let square = p.fma(a, a, b);
    let root = p.op(LaneOp::FSqrt, &[square]);
    let negated = p.fneg(root);
    // In this order the first sum is about -a^2, which is small where the correction matters.
    let rest = p.fma(negated, root, b);
    let rest = p.fma(a, a, rest);
    let half = p.like(a, 0.5);
    let half_reciprocal = p.fdiv(half, root);
    (root, p.fmul(rest, half_reciprocal))
}

/// A float whose square is far from overflowing, and beyond which one does not matter.
fn large<P: Primitives>(p: &P, x: P::Value) -> f64 {
    2f64.powi(if p.ty(x) == LaneType::F32 { 60 } else { 500 })
}

/// `ln x + ln 2`, or an `x` that is infinite or NaN.
fn of_large<P: Primitives>(p: &mut P, x: P::Value) -> P::Value {
    let (zero, infinity) = (p.like(x, 0.0), p.like(x, f64::INFINITY));
    let result = ln_of_sum(p, (x, zero), 1.0);
    let finite = p.op(LaneOp::FLt, &[x, infinity]);
    p.select(finite, result, x)
}

/// The magnitude itself if it is so small that its cube does not matter. Sums with one have no digits for it.
fn unless_tiny<P: Primitives>(p: &mut P, magnitude: P::Value, result: P::Value) -> P::Value {
    let tiny = p.like(magnitude, 2f64.powi(if p.ty(magnitude) == LaneType::F32 { -13 } else { -28 }));
    let is_tiny = p.op(LaneOp::FLt, &[magnitude, tiny]);
    p.select(is_tiny, magnitude, result)
}
