//! The natural logarithm of the magnitude of the gamma function.
//!
//! ```text
//! ln gamma(x)  = (x - 1) (x - 2) N(x - 2)                     5/4 <= x <= 5/2
//!              = ln gamma(x + 1) - ln x                       1/4 <= x < 5/4
//!              = ln gamma(x + 2) - ln (x (x + 1))             below
//!              = (x - 1/2) (ln x - 1) + (ln 2pi - 1) / 2 + T(1 / x^2) / x       above
//! ```
//!
//! The last is Stirling's formula. Products that vanish at one and two keep the logarithm accurate there. Negative
//! arguments have a file of their own.
//!
//! `f32` is computed in `f64`, without low parts.

mod negative;

use super::Primitives;
use super::bits::is_outside;
use super::double::{Double, fast_two_sum, reciprocal, two_product};
use super::powers::{ln_double, ln_short};
use crate::lane::{LaneOp, LaneType};

/// `ln gamma(t + 2) / (t (t + 1))` for `-3/4 <= t <= 1/2`, degree 20, by interpolation at Chebyshev nodes, relative
/// error 1.4e-17.
const NEAR: [f64; 21] = [
    1.3699523056130216e-07,
    8.139027943829754e-08,
    1.77356645350578e-08,
    -3.42911879054574e-07,
    3.994168283856983e-07,
    -7.791783965416097e-07,
    1.824674203054829e-06,
    -3.866707766348032e-06,
    8.215889960351196e-06,
    -1.7658672537472137e-05,
    3.817004736736199e-05,
    -8.309540760830388e-05,
    0.00018255252149520961,
    -0.0004057073818365971,
    0.0009153769287861385,
    -0.002108130834445704,
    0.004998641164517725,
    -0.012384192193363825,
    0.03296500062115771,
    -0.10031730167435396,
    0.42278433509846713,
];
/// The same, degree 10, relative error 6.4e-10.
const NEAR_SHORT: [f64; 11] = [
    9.934187459775156e-05,
    -7.294722470827617e-05,
    0.00014578275427650444,
    -0.00041612183408784765,
    0.0009236760529015791,
    -0.002105796206789676,
    0.004997830098162244,
    -0.012384370118314577,
    0.03296503036962928,
    -0.10031729820942836,
    0.4227843349105444,
];
/// `T` for `x >= 2.5`, degree 11, by Remez exchange; the error relative to the logarithm is below 3.4e-18.
const STIRLING: [f64; 12] = [
    -0.2245349708091599,
    0.28351349318052266,
    -0.1699018325275234,
    0.06647531011741802,
    -0.020344264204483216,
    0.005809978605589553,
    -0.001888113881024227,
    0.0008407250483992408,
    -0.0005952141452035675,
    0.0007936504506766235,
    -0.002777777775188383,
    0.08333333333332603,
];
/// The same, degree 3, relative error 2.4e-10.
const STIRLING_SHORT: [f64; 4] =
    [-0.00036764102134105684, 0.0007639727493130269, -0.0027760372081540997, 0.08333329774408936];
/// `(ln 2pi - 1) / 2` in two parts.
const OFFSET: [f64; 2] = [0.4189385332046727, 1.6728209650585413e-17];

/// The natural logarithm of the magnitude of the gamma function of `x`. Special values are those of C's
/// `lgamma`.
pub(super) fn lgamma<P: Primitives>(p: &mut P, x: P::Value) -> P::Value {
    let single = p.ty(x) == LaneType::F32;
    let wide = if single { p.op(LaneOp::Promote, &[x]) } else { x };
    let magnitude = p.fabs(wide);
    let (zero, one, two) = (p.f64(0.0), p.f64(1.0), p.f64(2.0));
    let limits = [0.25, 1.25, 2.5].map(|limit| p.f64(limit));
    let [tiny, low, is_small] = limits.map(|limit| p.op(LaneOp::FLt, &[magnitude, limit]));

    // Up to 2.5: ln gamma(x + 2), ln gamma(x + 1) or ln gamma(x) is u t N(t).
    let shift = p.select(low, one, two);
    let shift = p.select(tiny, zero, shift);
    let t = p.fsub(magnitude, shift);
    let u = p.fadd(t, one);
    let product = p.fmul(magnitude, u);
    let argument = p.select(tiny, product, magnitude);
    let logarithm = if single { (ln_short(p, argument), zero) } else { ln_double(p, argument) };
    let near = p.horner(t, if single { &NEAR_SHORT } else { &NEAR });
    let near = if single {
        let near = p.fmul(u, near);
        (p.fmul(t, near), zero)
    } else {
        let (high, low) = two_product(p, u, near);
        let near = two_product(p, t, high);
        (near.0, p.fma(t, low, near.1))
    };
    let minus_logarithm = (p.fneg(logarithm.0), p.fneg(logarithm.1));
    let minus_logarithm = (p.select(low, minus_logarithm.0, zero), p.select(low, minus_logarithm.1, zero));
    let small = if single {
        p.fadd(minus_logarithm.0, near.0)
    } else {
        let (high, error) = fast_two_sum(p, minus_logarithm.0, near.0);
        let rest = p.fadd(near.1, minus_logarithm.1);
        let rest = p.fadd(rest, error);
        p.fadd(high, rest)
    };

    let stirling = stirling(p, magnitude, logarithm, single);
    let large = if single { stirling.0 } else { p.fadd(stirling.0, stirling.1) };
    let common = p.select(is_small, small, large);

    // Not positive, infinite, or so large that the exact product overflows.
    let (smallest, highest) = (p.constant(LaneType::F64, 1), p.f64(2f64.powi(1000)));
    let special = is_outside(p, wide, smallest, highest);
    let result = p.rare(special, common, &mut |p| {
        let negative = negative::lgamma_negative(p, magnitude, stirling, single);
        let infinity = p.f64(f64::INFINITY);
        let huge = p.fsub(logarithm.0, one);
        let huge = p.fmul(magnitude, huge);
        // Negative numbers of that size are integers, where the function is infinite.
        let is_huge = p.op(LaneOp::FLt, &[highest, wide]);
        let result = p.select(is_huge, huge, negative);
        let is_infinite = p.op(LaneOp::FEq, &[magnitude, infinity]);
        p.select(is_infinite, infinity, result)
    });
    if single { p.op(LaneOp::Demote, &[result]) } else { result }
}

/// Stirling's formula for `x >= 2.5`, given `ln x`; to single precision without a low part.
fn stirling<P: Primitives>(
    p: &mut P,
    x: P::Value,
    logarithm: Double<P::Value>,
    single: bool,
) -> Double<P::Value> {
    let (half, minus_one) = (p.f64(0.5), p.f64(-1.0));
    let offset = OFFSET.map(|part| p.f64(part));
    let reciprocal = reciprocal(p, x);
    let square = p.fmul(reciprocal, reciprocal);
    let series = p.horner(square, if single { &STIRLING_SHORT } else { &STIRLING });
    let factor = p.fsub(x, half);
    if single {
        let rest = p.fma(series, reciprocal, offset[0]);
        let less = p.fadd(logarithm.0, minus_one);
        return (p.fma(factor, less, rest), p.f64(0.0));
    }
    let (less, error) = fast_two_sum(p, logarithm.0, minus_one);
    let error = p.fadd(error, logarithm.1);
    let (high, low) = two_product(p, factor, less);
    let low = p.fma(factor, error, low);
    let low = p.fadd(low, offset[1]);
    let rest = p.fma(series, reciprocal, low);
    (high, p.fadd(offset[0], rest))
}
