//! Arc sine, arc cosine and arc tangent.
//!
//! ```text
//! asin x = x + x^3 P(x^2)                    |x| <= 1/2
//!        = pi/2 - 2 asin r                   beyond, with r = sqrt((1 - |x|) / 2) <= 1/2
//! acos x = pi/2 - asin x                     |x| <= 1/2
//!        = 2 asin r  or  pi - 2 asin r       beyond, as x is positive or negative
//!
//! atan2(y, x) = B +- atan(s / l)             s and l the smaller and the larger of |x| and |y|; B and the
//!                                            sign by the octant
//! atan(s / l) = atan t                       s <= l / 2, t = s / l
//!             = pi/4 + atan t                beyond, t = (s - l) / (s + l)
//! atan t = t + t^3 T(t^2)                    |t| <= 1/2
//! ```
//!
//! Roots and quotients are taken with their rounding errors. An error is so small that a tenth of it does not
//! matter, hence it is divided by multiplying with a reciprocal that is guessed from the bits of a float.
//! The reductions are the classical ones (Cody and Waite, Software Manual for the Elementary Functions, 1980).

use super::Primitives;
use super::bits::{is_outside, sign_of};
use super::double::{Double, fast_two_sum};
use crate::lane::{LaneOp, LaneType};

/// `(asin(x) / x - 1) / x^2` as a polynomial in `x^2 <= 1/4`, degree 12, by Remez exchange; the error relative
/// to the arc sine is below 9.6e-19.
const SINE: [f64; 13] = [
    0.03262864265958023,
    -0.02099909431804904,
    0.021707471436131064,
    0.0037063974485317367,
    0.010780256350049058,
    0.011398911416988101,
    0.013980820679415912,
    0.01735161199871152,
    0.02237221498876163,
    0.030381942707731226,
    0.044642857174613325,
    0.07499999999970798,
    0.1666666666666676,
];
/// The same with degree 4, relative error 4.9e-9.
const SINE_F32: [f64; 5] =
    [0.04216582605577966, 0.0241798127348422, 0.045470313630647276, 0.07495298140612483, 0.16666752470294238];

/// `(atan(t) / t - 1) / t^2` as a polynomial in `t^2 <= 1/4`, degree 11, by Remez exchange; the error relative
/// to the arc tangent is below 4.1e-18.
const TANGENT: [f64; 12] = [
    0.010117079652392539,
    -0.027435300926943795,
    0.041865276121595726,
    -0.05122014673073326,
    0.05858301064413247,
    -0.06663810960121598,
    0.07692073949053695,
    -0.09090896247279498,
    0.11111110659747275,
    -0.14285714276388653,
    0.19999999999903142,
    -0.3333333333333298,
];
/// The same with degree 4, relative error 5.4e-9.
const TANGENT_F32: [f64; 5] = [
    -0.05132544406302425,
    0.10159981963558985,
    -0.14175003470869665,
    0.19994226075057772,
    -0.33333234291245883,
];

/// pi/2, and the rest of it as a part of the first. The first has so few bits that three quarters of pi are
/// exact.
const HALF_PI: [f64; 2] = [std::f64::consts::FRAC_PI_2, 3.8981718325193755e-17];
/// The same for single precision.
const HALF_PI_F32: [f64; 2] = [1.570_796_012_878_418, 1.9984547711910888e-7];

/// The arc sine of `x`, NaN unless `|x| <= 1`.
pub(super) fn asin<P: Primitives>(p: &mut P, x: P::Value) -> P::Value {
    let arc = arc(p, x);
    let (half_pi, rest) = half_pi(p, x);
    let (zero, minus_two) = (p.like(x, 0.0), p.like(x, -2.0));
    let factor = p.like(x, 1.0);
    // Small: 0 + (m + tail). Large: pi/2 - 2 (r + tail) with all errors.
    let base = p.select(arc.small, zero, half_pi);
    let factor = p.select(arc.small, factor, minus_two);
    let high = p.fmul(factor, arc.sine);
    let (high, error) = fast_two_sum(p, base, high);
    let low = p.fma(base, rest, error);
    let low = p.fma(factor, arc.tail, low);
    let result = p.fadd(high, low);
    p.signed_as(x, result)
}

/// The arc cosine of `x`, NaN unless `|x| <= 1`.
pub(super) fn acos<P: Primitives>(p: &mut P, x: P::Value) -> P::Value {
    let arc = arc(p, x);
    let (half_pi, rest) = half_pi(p, x);
    let (zero, one, two) = (p.like(x, 0.0), p.like(x, 1.0), p.like(x, 2.0));
    let negative = p.op(LaneOp::FLt, &[x, zero]);
    // pi/2 - asin x, or 0 + 2 asin r, or pi - 2 asin r.
    let pi = p.fadd(half_pi, half_pi);
    let base = p.select(negative, pi, zero);
    let base = p.select(arc.small, half_pi, base);
    let factor = p.select(arc.small, one, two);
    let minus = p.fneg(factor);
    let subtract = p.op(LaneOp::BXor, &[arc.small, negative]);
    let factor = p.select(subtract, minus, factor);
    let high = p.fmul(factor, arc.sine);
    let (high, error) = fast_two_sum(p, base, high);
    let low = p.fma(base, rest, error);
    let low = p.fma(factor, arc.tail, low);
    p.fadd(high, low)
}

/// What arc sine and arc cosine have in common.
struct Arc<V> {
    /// Whether `|x| <= 1/2`.
    small: V,
    /// `|x|`, or the root `r`.
    sine: V,
    /// What its arc sine has more.
    tail: V,
}

fn arc<P: Primitives>(p: &mut P, x: P::Value) -> Arc<P::Value> {
    let single = p.ty(x) == LaneType::F32;
    let (half, minus_half) = (p.like(x, 0.5), p.like(x, -0.5));
    let magnitude = p.fabs(x);
    let small = p.op(LaneOp::FLe, &[magnitude, half]);
    let square = p.fmul(x, x);
    // Exact for |x| >= 1/2; negative, with a root that is NaN, for |x| > 1.
    let complement = p.fma(minus_half, magnitude, half);
    let root = p.op(LaneOp::FSqrt, &[complement]);
    let negated = p.fneg(root);
    let rest = p.fma(negated, root, complement);
    let reciprocal = guess_reciprocal(p, root);
    let zero = p.like(x, 0.0);
    let half_reciprocal = p.fmul(half, reciprocal);
    let error = p.fmul(rest, half_reciprocal);
    let error = p.select(small, zero, error);
    let square = p.select(small, square, complement);
    let sine = p.select(small, magnitude, root);
    let polynomial = p.horner(square, if single { &SINE_F32 } else { &SINE });
    let polynomial = p.fmul(square, polynomial);
    Arc { small, sine, tail: p.fma(sine, polynomial, error) }
}

/// The arc tangent of `x`.
pub(super) fn atan<P: Primitives>(p: &mut P, x: P::Value) -> P::Value {
    let (zero, one, minus_one) = (p.like(x, 0.0), p.like(x, 1.0), p.like(x, -1.0));
    let magnitude = p.fabs(x);
    // From here on the result is pi/2. NaN passes.
    let limit = p.like(x, 1e30);
    let magnitude = p.fmin(limit, magnitude);
    let steep = p.op(LaneOp::FLt, &[one, magnitude]);
    let smaller = p.select(steep, one, magnitude);
    let larger = p.select(steep, magnitude, one);
    let (half_pi, _) = half_pi(p, x);
    let base = p.select(steep, half_pi, zero);
    let direction = p.select(steep, minus_one, one);
    let result = arc_of_quotient(p, base, direction, smaller, larger);
    p.signed_as(x, result)
}

/// The angle of the point with these coordinates, from `-pi` to `pi`. Special values are those of C's `atan2`.
pub(super) fn atan2<P: Primitives>(p: &mut P, y: P::Value, x: P::Value) -> P::Value {
    let single = p.ty(x) == LaneType::F32;
    let (zero, one, minus_one) = (p.like(x, 0.0), p.like(x, 1.0), p.like(x, -1.0));
    let (width, height) = (p.fabs(x), p.fabs(y));
    let steep = p.op(LaneOp::FLt, &[width, height]);
    let smaller = p.select(steep, width, height);
    let larger = p.select(steep, height, width);

    let x_sign = sign_of(p, x);
    let none = p.int_like(x_sign, 0);
    let left = p.op(LaneOp::INe, &[x_sign, none]);
    let (half_pi, _) = half_pi(p, x);
    let pi = p.fadd(half_pi, half_pi);
    let base = p.select(left, pi, zero);
    let base = p.select(steep, half_pi, base);
    let backwards = p.op(LaneOp::BXor, &[steep, left]);
    let direction = p.select(backwards, minus_one, one);

    let common = arc_of_quotient(p, base, direction, smaller, larger);
    // Where the error of a quotient underflows or its reciprocal overflows, and zero, infinity and NaN.
    let powers = if single { [-60, 100, 90, -50] } else { [-900, 1000, 600, -100] };
    let [lowest, highest, raise, lower] = powers.map(|power| p.like(x, 2f64.powi(power)));
    let far = is_outside(p, larger, lowest, highest);
    let result = p.rare(far, common, &mut |p| {
        // Scaled; what the smaller one loses thereby does not matter. Infinity is scaled to one, and a number
        // beside it to zero; zeros are divided by one.
        let large = p.op(LaneOp::FLt, &[one, larger]);
        let scale = p.select(large, lower, raise);
        let infinity = p.like(x, f64::INFINITY);
        let infinite = p.op(LaneOp::FEq, &[larger, infinity]);
        let equal = p.op(LaneOp::FEq, &[smaller, infinity]);
        let scale = p.select(infinite, zero, scale);
        let scaled = p.fmul(smaller, scale);
        let scaled_smaller = p.select(equal, one, scaled);
        let scaled = p.fmul(larger, scale);
        let is_zero = p.op(LaneOp::FEq, &[larger, zero]);
        let is_one = p.op(LaneOp::BOr, &[infinite, is_zero]);
        let scaled_larger = p.select(is_one, one, scaled);
        arc_of_quotient(p, base, direction, scaled_smaller, scaled_larger)
    });
    p.signed_as(y, result)
}

/// `base + direction * atan(smaller / larger)` of two numbers that are not negative, with a base that is a
/// multiple of pi/2, and a direction that is 1 or -1.
fn arc_of_quotient<P: Primitives>(
    p: &mut P,
    base: P::Value,
    direction: P::Value,
    smaller: P::Value,
    larger: P::Value,
) -> P::Value {
    let single = p.ty(base) == LaneType::F32;
    let (zero, half) = (p.like(base, 0.0), p.like(base, 0.5));
    let (half_pi, rest) = half_pi(p, base);
    // From one half up the angle is pi/4 + atan((smaller - larger) / (smaller + larger)). The difference is
    // exact; the rounding error of the sum is taken along.
    let half_larger = p.fmul(half, larger);
    let middle = p.op(LaneOp::FLt, &[half_larger, smaller]);
    let shift = p.select(middle, larger, zero);
    let numerator = p.fsub(smaller, shift);
    let shift = p.select(middle, smaller, zero);
    let (denominator, denominator_rest) = fast_two_sum(p, larger, shift);
    let quarter = p.fmul(half, half_pi);
    let quarter = p.select(middle, quarter, zero);
    let base = p.fma(direction, quarter, base);

    let numerator = p.fmul(direction, numerator);
    let quotient = p.fdiv(numerator, denominator);
    let negated = p.fneg(quotient);
    let error = p.fma(negated, denominator, numerator);
    let error = p.fma(negated, denominator_rest, error);
    let reciprocal = guess_reciprocal(p, denominator);
    let error = p.fmul(error, reciprocal);
    let square = p.fmul(quotient, quotient);
    let polynomial = p.horner(square, if single { &TANGENT_F32 } else { &TANGENT });
    let cube = p.fmul(quotient, square);
    let tail = p.fma(cube, polynomial, error);
    let (high, low) = fast_two_sum(p, base, quotient);
    let low = p.fma(base, rest, low);
    let low = p.fadd(low, tail);
    p.fadd(high, low)
}

/// `1 / x` of a positive `x` that is not huge, within an eighth: the exponent is negated, and so, about, is
/// the logarithm of the fraction (Blinn, Floating-Point Tricks, 1997). A large float for zero.
fn guess_reciprocal<P: Primitives>(p: &mut P, x: P::Value) -> P::Value {
    let bits = p.bitcast(x);
    let twice_one =
        p.int_like(bits, if p.ty(x) == LaneType::F32 { 0x7ef3_11c7 } else { 0x7fde_6238_22fc_16e6 });
    let guess = p.op(LaneOp::ISub, &[twice_one, bits]);
    p.bitcast(guess)
}

/// pi/2 and the factor that gives the rest of any multiple of it.
fn half_pi<P: Primitives>(p: &mut P, like: P::Value) -> Double<P::Value> {
    let [high, rest] = if p.ty(like) == LaneType::F32 { HALF_PI_F32 } else { HALF_PI };
    (p.like(like, high), p.like(like, rest))
}
