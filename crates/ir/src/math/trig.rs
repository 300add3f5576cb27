//! Sine, cosine and tangent.
//!
//! ```text
//! |x| = n pi/2 + r,  |r| <= pi/4, r as a sum of two floats
//!         |x| <= 1.6e6   three parts of pi/2, subtracted with fused multiplications    (always)
//!         beyond         |x| times the bits of 2/pi that matter, see `reduction`       (rarely)
//! sin r, cos r           two polynomials; the low bits of n say which, and with which sign
//! ```
//!
//! `f32` is computed in `f64`, where it needs neither the low part of `r` nor long polynomials.

mod reduction;

use self::reduction::Reduced;
use super::Primitives;
use super::double::{Double, divide, fast_two_sum, reciprocal};
use crate::lane::{LaneOp, LaneType};

/// `sin r = r + r^3 S(r^2)` for `|r| <= pi/4`: degree 5 in `r^2` by Remez exchange, relative error 3.7e-18.
const SINE: [f64; 6] = [
    1.5895903910873833e-10,
    -2.505074229273649e-08,
    2.7557313587514455e-06,
    -0.00019841269829495154,
    0.008333333333322005,
    -0.1666666666666663,
];
/// `cos r = 1 - r^2 / 2 + r^4 C(r^2)`, degree 5, error 5.7e-20.
const COSINE: [f64; 6] = [
    -1.1358310186961434e-11,
    2.0875696566422065e-09,
    -2.755731414857526e-07,
    2.4801587288748007e-05,
    -0.0013888888888872895,
    0.041666666666666595,
];
/// `S` of degree 3 for results in `f32`, error 5.2e-12.
const SINE_SHORT: [f64; 4] =
    [2.7180454493775794e-06, -0.00019839304292896742, 0.008333329280085877, -0.16666666640583974];
/// `cos r = 1 + r^2 C(r^2)`, degree 3, error 6.5e-11.
const COSINE_SHORT: [f64; 4] =
    [2.4382729910855788e-05, -0.0013886672773989416, 0.04166662007750537, -0.49999999692024627];

/// The largest magnitude that the short reduction is good for.
const NEAR: f64 = 1.6e6;

/// Which function.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Function {
    Sine,
    Cosine,
    Tangent,
}

/// The sine of `x` radians.
pub(super) fn sin<P: Primitives>(p: &mut P, x: P::Value) -> P::Value {
    trigonometric(p, Function::Sine, x)
}

/// The cosine of `x` radians.
pub(super) fn cos<P: Primitives>(p: &mut P, x: P::Value) -> P::Value {
    trigonometric(p, Function::Cosine, x)
}

/// The tangent of `x` radians.
pub(super) fn tan<P: Primitives>(p: &mut P, x: P::Value) -> P::Value {
    trigonometric(p, Function::Tangent, x)
}

fn trigonometric<P: Primitives>(p: &mut P, function: Function, x: P::Value) -> P::Value {
    let short = p.ty(x) == LaneType::F32;
    let wide = if short { p.op(LaneOp::Promote, &[x]) } else { x };
    let magnitude = p.fabs(wide);
    let sign = match function {
        Function::Cosine => None,
        Function::Sine | Function::Tangent => {
            let bits = p.bitcast(wide);
            Some(p.with_int(LaneOp::IAnd, bits, i64::MIN))
        }
    };
    let reduced = reduction::near(p, magnitude);
    let common = evaluate(p, function, short, reduced, sign);
    let limit = p.f64(NEAR);
    let near = p.op(LaneOp::FLe, &[magnitude, limit]);
    // True of NaN as well, which either way stays NaN.
    let far = p.op(LaneOp::BNot, &[near]);
    let result = p.rare(far, common, &mut |p| {
        let reduced = reduction::far(p, magnitude);
        let result = evaluate(p, function, short, reduced, sign);
        let (infinity, nan) = (p.f64(f64::INFINITY), p.f64(f64::NAN));
        let finite = p.op(LaneOp::FLt, &[magnitude, infinity]);
        p.select(finite, result, nan)
    });
    if short { p.op(LaneOp::Demote, &[result]) } else { result }
}

/// The function of a reduced magnitude, times the sign.
fn evaluate<P: Primitives>(
    p: &mut P,
    function: Function,
    short: bool,
    reduced: Reduced<P::Value>,
    sign: Option<P::Value>,
) -> P::Value {
    // cos x = sin (x + pi/2): the cosine counts quarter turns from one.
    let quarters = match function {
        Function::Cosine => p.with_int(LaneOp::IAdd, reduced.quarters, 1),
        Function::Sine | Function::Tangent => reduced.quarters,
    };
    // The lowest bit of the quarter turns becomes a mask by way of the sign bit.
    let odd = p.with_int(LaneOp::Shl, quarters, 63);
    let zero = p.i64(0);
    let odd_mask = p.op(LaneOp::SLt, &[odd, zero]);
    let (magnitude, flip) = match function {
        Function::Tangent => {
            let result = tangent(p, short, reduced, odd_mask);
            // tan (r + pi/2) = -1 / tan r.
            (result, odd)
        }
        Function::Sine | Function::Cosine => {
            let (sine, cosine) = if short {
                (sine_short(p, reduced), cosine_short(p, reduced))
            } else {
                let (cosine, weight) = cosine_parts(p, reduced, false);
                let sine = sine_parts(p, reduced, weight);
                (p.fsub(sine.0, sine.1), p.fadd(cosine.0, cosine.1))
            };
            let result = p.select(odd_mask, cosine, sine);
            let second_bit = p.with_int(LaneOp::Shl, quarters, 62);
            (result, p.with_int(LaneOp::IAnd, second_bit, i64::MIN))
        }
    };
    let flip = match sign {
        Some(sign) => p.op(LaneOp::IXor, &[flip, sign]),
        None => flip,
    };
    let bits = p.bitcast(magnitude);
    let bits = p.op(LaneOp::IXor, &[bits, flip]);
    p.bitcast(bits)
}

/// The magnitude of the tangent: a quotient of two sums of floats.
fn tangent<P: Primitives>(p: &mut P, short: bool, reduced: Reduced<P::Value>, odd: P::Value) -> P::Value {
    if short {
        let (sine, cosine) = (sine_short(p, reduced), cosine_short(p, reduced));
        let numerator = p.select(odd, cosine, sine);
        let denominator = p.select(odd, sine, cosine);
        return p.fdiv(numerator, denominator);
    }
    let (cosine, weight) = cosine_parts(p, reduced, true);
    let sine = sine_parts(p, reduced, weight);
    let negated = p.fneg(sine.1);
    let sine = fast_two_sum(p, sine.0, negated);
    let cosine = fast_two_sum(p, cosine.0, cosine.1);
    let numerator = (p.select(odd, cosine.0, sine.0), p.select(odd, cosine.1, sine.1));
    let denominator = (p.select(odd, sine.0, cosine.0), p.select(odd, sine.1, cosine.1));
    let reciprocal = reciprocal(p, denominator.0);
    divide(p, numerator, denominator, reciprocal)
}

/// The cosine as a sum of two floats, and the first of them, which is the cosine to a few digits. The low
/// part has the rounding error of the square only if it is asked for.
fn cosine_parts<P: Primitives>(
    p: &mut P,
    reduced: Reduced<P::Value>,
    exact: bool,
) -> (Double<P::Value>, P::Value) {
    let (r, minus_low) = (reduced.high, reduced.minus_low);
    let (one, half) = (p.f64(1.0), p.f64(0.5));
    let square = p.fmul(r, r);
    let half_square = p.fmul(half, square);
    let first = p.fsub(one, half_square);
    let error = p.fsub(one, first);
    let error = p.fsub(error, half_square);
    // cos (r + low) = cos r - low sin r, and sin r is r to the accuracy that matters.
    let mut rest = p.fma(r, minus_low, error);
    if exact {
        let (minus_half, negated) = (p.f64(-0.5), p.fneg(square));
        let square_error = p.fma(r, r, negated);
        rest = p.fma(minus_half, square_error, rest);
    }
    let polynomial = p.horner(square, &COSINE);
    let fourth = p.fmul(square, square);
    ((first, p.fma(fourth, polynomial, rest)), first)
}

/// The sine as a difference of two floats, given the cosine to a few digits.
fn sine_parts<P: Primitives>(p: &mut P, reduced: Reduced<P::Value>, cosine: P::Value) -> Double<P::Value> {
    let (r, minus_low) = (reduced.high, reduced.minus_low);
    let square = p.fmul(r, r);
    let cube = p.fmul(square, r);
    let polynomial = p.horner(square, &SINE.map(|coefficient| -coefficient));
    let correction = p.fmul(minus_low, cosine);
    (r, p.fma(cube, polynomial, correction))
}

fn sine_short<P: Primitives>(p: &mut P, reduced: Reduced<P::Value>) -> P::Value {
    let r = p.fsub(reduced.high, reduced.minus_low);
    let square = p.fmul(r, r);
    let cube = p.fmul(square, r);
    let polynomial = p.horner(square, &SINE_SHORT);
    p.fma(cube, polynomial, r)
}

fn cosine_short<P: Primitives>(p: &mut P, reduced: Reduced<P::Value>) -> P::Value {
    let (r, one) = (reduced.high, p.f64(1.0));
    let square = p.fmul(r, r);
    let polynomial = p.horner(square, &COSINE_SHORT);
    p.fma(square, polynomial, one)
}
