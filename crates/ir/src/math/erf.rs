//! The error function and its complement.
//!
//! ```text
//! erf x  = x + x S(x^2)                       |x| <= 27/32
//!        = 1 - exp(-x^2) L(1 / (x + 3))       27/32 < x < 6; beyond it is one
//! erfc x = exp(-x^2) (1 + C(q)) / (1 + 5/4 x) x >= 0, q = (x - 4) / (x + 4)
//! erfc -x = 2 - erfc x
//! ```
//!
//! The form of the complement is that of Shepherd and Laframboise (Chebyshev approximation of
//! (1 + 2x) exp(x^2) erfc x in 0 <= x < inf, Mathematics of Computation 36, 1981); with another slope the argument `q`
//! need not be exact near zero. `f32` is computed in `f64`,
//! the error function by a single polynomial.

use super::double::{reciprocal, two_product};
use super::powers::exp_parts;
use super::{Primitives, exp};
use crate::lane::{LaneOp, LaneType};

/// `erf(x) / x - 1` as a polynomial in `x^2`, `x <= 27/32`, degree 10, by Remez exchange; the error relative to the
/// error function is below 1e-17.
const SMALL: [f64; 11] = [
    1.0713840062727589e-08,
    -1.5709910182518417e-07,
    1.6400938089968821e-06,
    -1.4922063347979849e-05,
    0.00012055196976794995,
    -0.0008548323697668338,
    0.005223977574580839,
    -0.026866170640581204,
    0.11283791670934194,
    -0.37612638903183376,
    0.12837916709551256,
];
/// `exp(x^2) erfc(x)` for `27/32 <= x <= 4.5` as a polynomial in `1 / (x + 3) - 1/4`, degree 14, by interpolation
/// at Chebyshev nodes, relative error 1.1e-16, more beyond, where the complement is below 2e-10.
const LARGE: [f64; 15] = [
    84721.65870222573,
    77796.02472533869,
    12633.377443607667,
    -6968.5917610104425,
    482.4014966106207,
    2214.99928057804,
    -142.1473078117953,
    -698.6206424907657,
    -91.63375182397812,
    229.32155247001847,
    185.32267034662985,
    78.30298287862712,
    22.03355076503973,
    4.37139223654238,
    0.427583576155807,
];
/// `erf(x) / x` as a polynomial in `x^2 - 8`, `|x| <= 3.949`, degree 16, by Remez exchange, relative error 6e-9.
const SINGLE: [f64; 17] = [
    2.207092085746778e-18,
    -3.735669735197956e-17,
    1.237264488024076e-16,
    -2.3204638624082925e-15,
    8.23154058932707e-14,
    -1.14275024322813e-12,
    1.2916961482880233e-11,
    -1.6278374736725395e-10,
    1.980281187885902e-09,
    -2.1908732288298607e-08,
    2.2833558083882485e-07,
    -2.279674607334273e-06,
    2.202433691429013e-05,
    -0.0002103755933979889,
    0.002057422316956595,
    -0.022072024604488264,
    0.3535309960952841,
];
/// `(1 + 5/4 x) exp(x^2) erfc(x) - 1` for `0 <= x <= 28` as a polynomial in `(x - 4) / (x + 4)`, degree 23, by
/// Remez exchange; the error relative to the complement is below 8.8e-19.
const SCALED: [f64; 24] = [
    7.470259637199204e-10,
    1.2307469348436784e-09,
    -8.148562013826746e-09,
    -1.2115065715897845e-08,
    6.3202337155848e-08,
    5.624066182408212e-08,
    -4.800291023010199e-07,
    7.700655073483506e-08,
    3.415486900922358e-06,
    -5.9095145124189536e-06,
    -1.5963303296097726e-05,
    8.568001894406185e-05,
    -9.491671283607701e-05,
    -0.00048176894833746193,
    0.0028453086757197718,
    -0.008600984927339819,
    0.018413217449780386,
    -0.029719332438128562,
    0.034917591009029615,
    -0.022288224748100143,
    -0.019036022352306947,
    0.09163216215848666,
    -0.18441371631041595,
    -0.17800325424963165,
];
/// `(1 + 2x) exp(x^2) erfc(x)` for `0 <= x <= 10.3` as a polynomial in `(x - 3) / (x + 3)`, degree 10, by
/// interpolation at Chebyshev nodes, relative error 2.5e-9.
const SCALED_SHORT: [f64; 11] = [
    -0.0002704229020269545,
    -0.0007819251457199327,
    0.0020019918696250914,
    0.0025714560270888366,
    -0.02379640496904949,
    0.06829455517344513,
    -0.11927136252365725,
    0.12964655078070264,
    -0.047562365793459654,
    -0.13562114382399054,
    1.2530080587184358,
];

/// The error function of `x`.
pub(super) fn erf<P: Primitives>(p: &mut P, x: P::Value) -> P::Value {
    if p.ty(x) == LaneType::F32 {
        return erf_single(p, x);
    }
    let (one, three, limit) = (p.f64(1.0), p.f64(3.0), p.f64(6.0));
    let magnitude = p.fabs(x);
    let clamped = p.fmin(limit, magnitude);
    let square = p.fmul(clamped, clamped);
    let tail = p.horner(square, &SMALL);
    let small = p.fma(clamped, tail, clamped);

    // The reciprocal of x + 3 with its error, since the polynomial is steep.
    let denominator = p.fadd(clamped, three);
    let reciprocal = reciprocal(p, denominator);
    let negated = p.fneg(reciprocal);
    let error = p.fma(negated, three, one);
    let error = p.fma(negated, clamped, error);
    let middle = p.f64(0.25);
    let place = p.fsub(reciprocal, middle);
    let place = p.fma(reciprocal, error, place);
    let scaled = p.horner(place, &LARGE);
    let minus_scaled = p.fneg(scaled);
    let minus_clamped = p.fneg(clamped);
    let minus_square = two_product(p, minus_clamped, clamped);
    let (r, tail, shifted) = exp_parts(p, minus_square);
    let more = p.fmul(minus_scaled, tail);
    let more = p.fma(minus_scaled, r, more);
    let minus_complement = p.fadd(minus_scaled, more);
    let minus_complement = exp::scale(p, minus_complement, shifted);
    let large = p.fadd(one, minus_complement);

    let split = p.f64(27.0 / 32.0);
    let is_large = p.op(LaneOp::FLt, &[split, magnitude]);
    let result = p.select(is_large, large, small);
    p.signed_as(x, result)
}

fn erf_single<P: Primitives>(p: &mut P, x: P::Value) -> P::Value {
    // From here on the result is one.
    let (lowest, highest) = (p.f32(-3.949), p.f32(3.949));
    let x = p.fmin(highest, x);
    let x = p.fmax(lowest, x);
    let x = p.op(LaneOp::Promote, &[x]);
    let minus_eight = p.f64(-8.0);
    let place = p.fma(x, x, minus_eight);
    let quotient = p.horner(place, &SINGLE);
    let result = p.fmul(x, quotient);
    p.op(LaneOp::Demote, &[result])
}

/// One minus the error function of `x`, without cancellation.
pub(super) fn erfc<P: Primitives>(p: &mut P, x: P::Value) -> P::Value {
    let single = p.ty(x) == LaneType::F32;
    let wide = if single { p.op(LaneOp::Promote, &[x]) } else { x };
    let magnitude = p.fabs(wide);
    // From here on the complement is zero.
    let limit = p.f64(if single { 10.3 } else { 28.0 });
    let clamped = p.fmin(limit, magnitude);
    let right = if single { right_single(p, clamped) } else { right(p, clamped) };
    let (zero, two) = (p.f64(0.0), p.f64(2.0));
    let left = p.fsub(two, right);
    let negative = p.op(LaneOp::FLt, &[wide, zero]);
    let result = p.select(negative, left, right);
    if single { p.op(LaneOp::Demote, &[result]) } else { result }
}

/// The complement from 0 to 28.
fn right<P: Primitives>(p: &mut P, x: P::Value) -> P::Value {
    let (one, slope) = (p.f64(1.0), p.f64(1.25));
    let (four, minus_four) = (p.f64(4.0), p.f64(-4.0));
    // Both reciprocals by one division.
    let sum = p.fadd(x, four);
    let scale = p.fma(slope, x, one);
    let product = p.fmul(sum, scale);
    let reciprocal = reciprocal(p, product);
    let (of_sum, of_scale) = (p.fmul(reciprocal, scale), p.fmul(reciprocal, sum));
    // q, corrected by the rest of the division: x - 4 - q (x + 4).
    let difference = p.fadd(x, minus_four);
    let q = p.fmul(difference, of_sum);
    let above = p.fadd(q, one);
    let rest = p.fma(above, minus_four, x);
    let negated = p.fneg(q);
    let rest = p.fma(negated, x, rest);
    let q = p.fma(rest, of_sum, q);
    // C with the error of the last step, which for large x is a third of an ULP of 1 + C.
    let (last, others) = SCALED.split_last().expect("coefficients");
    let others = p.horner(q, others);
    let last = p.f64(*last);
    let polynomial = p.fma(q, others, last);
    let error = p.fsub(last, polynomial);
    let error = p.fma(q, others, error);
    // (1 + C) / (1 + 5/4 x), corrected likewise, also for the rounding of the divisor.
    let quotient = p.fma(polynomial, of_scale, of_scale);
    let negated = p.fneg(quotient);
    let rest = p.fma(negated, scale, one);
    let rest = p.fadd(rest, polynomial);
    let rest = p.fadd(rest, error);
    let most = p.fsub(one, scale);
    let scale_error = p.fma(slope, x, most);
    let rest = p.fma(negated, scale_error, rest);
    let low = p.fmul(rest, of_scale);

    let minus_x = p.fneg(x);
    let minus_square = two_product(p, minus_x, x);
    let (r, tail, shifted) = exp_parts(p, minus_square);
    let low = p.fma(low, r, low);
    let low = p.fma(quotient, tail, low);
    let low = p.fma(quotient, r, low);
    let y = p.fadd(quotient, low);
    exp::scale(p, y, shifted)
}

/// The complement from 0 to 10.3, to single precision.
fn right_single<P: Primitives>(p: &mut P, x: P::Value) -> P::Value {
    let (one, two) = (p.f64(1.0), p.f64(2.0));
    let (three, minus_three) = (p.f64(3.0), p.f64(-3.0));
    let sum = p.fadd(x, three);
    let scale = p.fma(two, x, one);
    let product = p.fmul(sum, scale);
    let reciprocal = reciprocal(p, product);
    let difference = p.fadd(x, minus_three);
    let q = p.fmul(difference, scale);
    let q = p.fmul(q, reciprocal);
    let polynomial = p.horner(q, &SCALED_SHORT);
    let quotient = p.fmul(sum, reciprocal);
    let quotient = p.fmul(quotient, polynomial);
    let minus_x = p.fneg(x);
    let minus_square = p.fmul(minus_x, x);
    let power = exp::exp(p, minus_square);
    p.fmul(power, quotient)
}
