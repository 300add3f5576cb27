//! The gamma function.
//!
//! ```text
//! gamma(x + 1) = (x + h)^(x + 1/2) exp(-x) F(1 / (x + h))     x >= 0, h = 3/2
//! gamma(x)     = gamma(x + 1) / x
//! gamma(-x)    = -pi / (sin(pi x) gamma(x + 1))
//! ```
//!
//! The first is Stirling's formula shifted as Lanczos does (A precision approximation of the gamma function,
//! 1964), with a polynomial for his sum of fractions. The exponents of powers are sums of two floats.
//!
//! `f32` is computed in `f64`, without low parts.

use super::bits::is_outside;
use super::double::{Double, divide, fast_two_sum, multiply, reciprocal, two_product, two_sum};
use super::powers::{exp_parts, ln_double, ln_short};
use super::{Primitives, exp};
use crate::lane::{LaneOp, LaneType};

/// `F` for `h = 3/2` but for the constant term, degree 17, by Remez exchange, relative error 2.3e-18 for `0 <= x <= 172`.
const FACTOR: [f64; 17] = [
    0.0003475232021107816,
    -0.001977687116441461,
    0.0055842406102349935,
    -0.009703031215186099,
    0.011640052039350807,
    -0.009428552620515443,
    0.005465137474891921,
    -0.0009540156692852318,
    0.000892368677301315,
    0.002102053545772242,
    0.004336642021008974,
    0.00800071783770471,
    0.015963508108212728,
    0.03278462082600044,
    0.06568238974059017,
    0.12865942501039973,
    0.256347835494215,
];
/// The constant term in two parts.
const FACTOR_AT_INFINITY: [f64; 2] = [0.5593043683509975, -4.0776087467417064e-17];
/// The same for `h = 1`, degree 7, by interpolation at Chebyshev nodes, relative error 9.4e-10 for
/// `0 <= x <= 36`.
const FACTOR_SHORT: [f64; 8] = [
    0.00010737647951951724,
    -0.0005226943326742436,
    0.0009523155773897147,
    -0.0002466420860249572,
    -0.0024753527371293724,
    0.003203378927383298,
    0.0768446067058632,
    0.9221370123711818,
];
/// `(sin(pi r) / (pi r) - 1) / r^2` as a polynomial in `r^2 <= 1/4` but for the constant term, degree 7, by Remez exchange; the error
/// relative to the sine is below 2.8e-19.
const SINE: [f64; 7] = [
    2.4499342674517894e-07,
    -6.972067672883578e-06,
    0.00014842783058233768,
    -0.002346080893800483,
    0.026147847805463417,
    -0.1907518241215014,
    0.8117424252833401,
];
/// Its constant term in two parts.
const SINE_AT_ZERO: [f64; 2] = [-1.6449340668482264, -3.040672350398476e-17];

/// `gamma(x) - 1 / x` for `|x| <= 1/32`, the first terms of its series; the rest is below 1e-16.
const NEAR_ZERO: [f64; 11] = [
    -0.9997565975086012,
    0.9995156560727775,
    -0.9990252676219549,
    0.998105693783129,
    -0.9960017604424315,
    0.9931491146212762,
    -0.9819950689031453,
    0.9817280868344002,
    -0.9074790760808863,
    0.9890559953279725,
    -0.5772156649015329,
];

/// The gamma function of `x`. Special values are those of C's `tgamma`.
pub(super) fn tgamma<P: Primitives>(p: &mut P, x: P::Value) -> P::Value {
    let single = p.ty(x) == LaneType::F32;
    let wide = if single { p.op(LaneOp::Promote, &[x]) } else { x };
    let magnitude = p.fabs(wide);
    // From here on the result is infinite or zero. NaN passes.
    let limit = p.f64(if single { 50.0 } else { 190.0 });
    let clamped = p.fmin(limit, magnitude);
    let power = if single { power_single(p, clamped) } else { power(p, clamped) };
    let common = if single {
        let y = exp::exp(p, power.exponent.0);
        let y = p.fmul(y, power.factor.0);
        p.fdiv(y, clamped)
    } else {
        let (r, tail, shifted) = exp_parts(p, power.exponent);
        let (factor, factor_low) = power.factor;
        let more = p.fmul(factor, r);
        let (high, error) = fast_two_sum(p, factor, more);
        let low = p.fma(factor, tail, factor_low);
        let low = p.fadd(error, low);
        let reciprocal = reciprocal(p, clamped);
        let y = p.fmul(high, reciprocal);
        let negated = p.fneg(y);
        let rest = p.fma(negated, clamped, high);
        let rest = p.fadd(rest, low);
        let y = p.fma(rest, reciprocal, y);
        exp::scale(p, y, shifted)
    };
    // Below 1/32 the common formula is off by up to 2.04 ULP.
    let (smallest, infinity) = (p.f64(2f64.powi(if single { -60 } else { -5 })), p.f64(f64::INFINITY));
    let special = is_outside(p, wide, smallest, infinity);
    let result = p.rare(special, common, &mut |p| {
        let one = p.f64(1.0);
        let reflected = reflected(p, magnitude, power, single);
        // Near zero the gamma function is the reciprocal, with the sign of a zero, and little more.
        let near_zero = p.op(LaneOp::FLt, &[magnitude, smallest]);
        let reciprocal = p.fdiv(one, wide);
        if single {
            return p.select(near_zero, reciprocal, reflected);
        }
        let negated = p.fneg(reciprocal);
        let rest = p.fma(negated, wide, one);
        let more = p.horner(wide, &NEAR_ZERO);
        let more = p.fma(rest, reciprocal, more);
        let sum = p.fadd(reciprocal, more);
        // Nearer still the reciprocal may be infinite.
        let limit = p.f64(2f64.powi(-60));
        let is_reciprocal = p.op(LaneOp::FLt, &[magnitude, limit]);
        let small = p.select(is_reciprocal, reciprocal, sum);
        p.select(near_zero, small, reflected)
    });
    if single { p.op(LaneOp::Demote, &[result]) } else { result }
}

/// `gamma(x + 1)` as `exp(exponent) * factor`; to single precision the low parts are not used.
#[derive(Clone, Copy)]
struct Power<V> {
    exponent: Double<V>,
    factor: Double<V>,
}

/// For `0 <= x <= 190`.
fn power<P: Primitives>(p: &mut P, x: P::Value) -> Power<P::Value> {
    let (one, h) = (p.f64(1.0), p.f64(1.5));
    let (sum, error) = two_sum(p, x, h);
    let reciprocal = reciprocal(p, sum);
    let tail = p.horner(reciprocal, &FACTOR);
    let tail = p.fmul(reciprocal, tail);
    let at_infinity = FACTOR_AT_INFINITY.map(|part| p.f64(part));
    let (factor, factor_low) = fast_two_sum(p, at_infinity[0], tail);
    let factor_low = p.fadd(factor_low, at_infinity[1]);
    // (x + 1/2) ln(x + h) = (s - 1 + e) (ln s + e / s) for the sum s + e.
    let logarithm = ln_double(p, sum);
    let exponent = p.fsub(sum, one);
    let (high, low) = two_product(p, exponent, logarithm.0);
    let low = p.fma(exponent, logarithm.1, low);
    let slope = p.fma(exponent, reciprocal, logarithm.0);
    let low = p.fma(error, slope, low);
    let negated = p.fneg(x);
    let (high, error) = fast_two_sum(p, high, negated);
    Power { exponent: (high, p.fadd(low, error)), factor: (factor, factor_low) }
}

/// For `0 <= x <= 50`, to single precision.
fn power_single<P: Primitives>(p: &mut P, x: P::Value) -> Power<P::Value> {
    let (half, one) = (p.f64(0.5), p.f64(1.0));
    let sum = p.fadd(x, one);
    let reciprocal = reciprocal(p, sum);
    let factor = p.horner(reciprocal, &FACTOR_SHORT);
    let logarithm = ln_short(p, sum);
    let exponent = p.fadd(x, half);
    let negated = p.fneg(x);
    let exponent = p.fma(exponent, logarithm, negated);
    let zero = p.f64(0.0);
    Power { exponent: (exponent, zero), factor: (factor, zero) }
}

/// The gamma function of minus `x`, given `gamma(x + 1)`.
fn reflected<P: Primitives>(p: &mut P, x: P::Value, power: Power<P::Value>, single: bool) -> P::Value {
    let (zero, half, one, nan) = (p.f64(0.0), p.f64(0.5), p.f64(1.0), p.f64(f64::NAN));
    let sine = sine(p, x);
    // -pi / (sin(pi x) gamma(x + 1)) = -+1 / (gamma(x + 1) sin(pi r) / pi)
    let (factor, factor_low) = power.factor;
    let more = multiply(p, power.factor, sine.tail);
    let (high, error) = fast_two_sum(p, factor, more.0);
    let low = p.fadd(factor_low, more.1);
    let low = p.fadd(error, low);
    let denominator = two_product(p, high, sine.rest);
    let denominator = (denominator.0, p.fma(low, sine.rest, denominator.1));
    let exponent = (p.fneg(power.exponent.0), p.fneg(power.exponent.1));
    let magnitude = if single {
        let y = exp::exp(p, exponent.0);
        p.fdiv(y, denominator.0)
    } else {
        let (r, tail, shifted) = exp_parts(p, exponent);
        let (high, low) = fast_two_sum(p, one, r);
        let numerator = (high, p.fadd(low, tail));
        let reciprocal = reciprocal(p, denominator.0);
        let y = divide(p, numerator, denominator, reciprocal);
        exp::scale(p, y, shifted)
    };
    let halved = p.fmul(sine.integer, half);
    let truncated = p.op(LaneOp::FTrunc, &[halved]);
    let odd = p.op(LaneOp::FNe, &[truncated, halved]);
    let negated = p.fneg(magnitude);
    let result = p.select(odd, magnitude, negated);
    let pole = p.op(LaneOp::FEq, &[sine.rest, zero]);
    p.select(pole, nan, result)
}

/// `sin(pi x) / pi = +-r (1 + tail)`.
pub(super) struct Sine<V> {
    /// The nearest integer to `x`; if it is odd the sign is minus.
    pub(super) integer: V,
    /// `r`, the distance from it, exactly.
    pub(super) rest: V,
    pub(super) tail: Double<V>,
}

pub(super) fn sine<P: Primitives>(p: &mut P, x: P::Value) -> Sine<P::Value> {
    let integer = p.op(LaneOp::FNearest, &[x]);
    let rest = p.fsub(x, integer);
    let square = two_product(p, rest, rest);
    let polynomial = p.horner(square.0, &SINE);
    let polynomial = p.fmul(square.0, polynomial);
    let at_zero = SINE_AT_ZERO.map(|part| p.f64(part));
    let (high, low) = fast_two_sum(p, at_zero[0], polynomial);
    let low = p.fadd(low, at_zero[1]);
    Sine { integer, rest, tail: multiply(p, square, (high, low)) }
}
