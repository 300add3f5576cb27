//! The exponential function, to base e and to base two.
//!
//! ```text
//! x = n ln 2 + r,  |r| <= ln 2 / 2        n from an addition that shifts the fraction bits out
//! exp(r)                                  one polynomial by Horner's rule
//! exp(x) = exp(r) * 2^a * 2^b             a = floor(n / 2), b = n - a: two exact powers, so the result
//!                                         is gradual at the lower end and infinite above the upper one
//! ```
//!
//! `exp2` is the same with `x = n + r`, where `r` is exact, and a polynomial of its own for `2^r`.
//!
//! There are no branches, no conversions and no comparisons but two that clamp the argument: 23 operations
//! for `f64`, 18 for `f32`; two fewer for `exp2`.

use super::Primitives;
use crate::lane::{LaneOp, LaneType};

/// `1.5 * 2^52`: adding it leaves an `f64` no bits below one, so that the sum rounds to an integer.
pub(super) const SHIFT: f64 = 6755399441055744.0;
/// `1.5 * 2^23`, the same for `f32`.
pub(super) const SHIFT_F32: f32 = 12582912.0;
/// ln 2 to double precision, and the rest of it.
pub(super) const LN_2: [f64; 2] = [std::f64::consts::LN_2, 2.3190468138462996e-17];
/// ln 2 to single precision, and the rest of it.
pub(super) const LN_2_F32: [f32; 2] = [std::f32::consts::LN_2, -1.904_654_3e-9];

/// `(exp(r) - 1 - r) / r^2` for `|r| <= 0.3466`, degree 9, chosen to minimise the largest relative error that
/// it causes in `exp(r)` (Remez exchange in 240-bit arithmetic), which is 3.7e-18.
pub(super) const QUOTIENT: &[f64] = POLYNOMIAL.first_chunk::<10>().unwrap();
/// The same with degree 4, relative error 3.1e-9.
pub(super) const QUOTIENT_F32: &[f64] = POLYNOMIAL_F32.first_chunk::<5>().unwrap();

/// `exp(r)`: the same, continued by `1 + r`.
const POLYNOMIAL: [f64; 12] = [
    2.5001302894778114e-08,
    2.763026891500684e-07,
    2.755758289279223e-06,
    2.480149304388574e-05,
    0.00019841269509975875,
    0.001388888894368067,
    0.008333333333493127,
    0.041666666666529975,
    0.16666666666666413,
    0.5000000000000011,
    1.0,
    1.0,
];
const POLYNOMIAL_F32: [f64; 7] = [0.001381538, 0.008368725, 0.041668378, 0.16666521, 0.49999994, 1.0, 1.0];

/// `2^r` for `|r| <= 1/2`, likewise, relative error 3.7e-18 before the coefficient of `r` is rounded.
const POLYNOMIAL_2: [f64; 12] = [
    4.4365227249591813e-10,
    7.073587427240886e-09,
    1.0178183393896679e-07,
    1.3215436564776871e-06,
    1.5252733549379346e-05,
    0.00015403530454149208,
    0.0013333558146684122,
    0.009618129107596924,
    0.05550410866482074,
    0.24022650695910122,
    std::f64::consts::LN_2,
    1.0,
];
/// The same for `f32`, relative error 3.1e-9.
const POLYNOMIAL_2_F32: [f64; 7] =
    [0.00015322004, 0.0013390187, 0.009618524, 0.05550362, 0.24022648, std::f64::consts::LN_2, 1.0];

/// `e` to the power of `x`.
pub(super) fn exp<P: Primitives>(p: &mut P, x: P::Value) -> P::Value {
    let single = p.ty(x) == LaneType::F32;
    // Beyond these the result is infinity or zero, and `n` would not fit. NaN passes: see `LaneOp::FMin`.
    let (lowest, highest) = if single { (-105.0, 89.0) } else { (-746.0, 710.0) };
    let (lowest, highest) = (p.like(x, lowest), p.like(x, highest));
    let x = p.fmin(highest, x);
    let x = p.fmax(lowest, x);
    let (r, shifted) = reduce(p, x);
    let y = p.horner(r, if single { &POLYNOMIAL_F32 } else { &POLYNOMIAL });
    scale(p, y, shifted)
}

/// Two to the power of `x`.
pub(super) fn exp2<P: Primitives>(p: &mut P, x: P::Value) -> P::Value {
    let single = p.ty(x) == LaneType::F32;
    let (lowest, highest) = if single { (-151.0, 129.0) } else { (-1076.0, 1025.0) };
    let (lowest, highest) = (p.like(x, lowest), p.like(x, highest));
    let x = p.fmin(highest, x);
    let x = p.fmax(lowest, x);
    let shift = if single { p.f32(SHIFT_F32 + 254.0) } else { p.f64(SHIFT + 2046.0) };
    let shifted = p.fadd(x, shift);
    let n = p.fsub(shifted, shift);
    let r = p.fsub(x, n);
    let y = p.horner(r, if single { &POLYNOMIAL_2_F32 } else { &POLYNOMIAL_2 });
    scale(p, y, shifted)
}

/// The remainder `r` of `x` modulo ln 2, and a float whose low bits are `n` plus twice the exponent bias.
pub(super) fn reduce<P: Primitives>(p: &mut P, x: P::Value) -> (P::Value, P::Value) {
    let shift = if p.ty(x) == LaneType::F32 { p.f32(SHIFT_F32 + 254.0) } else { p.f64(SHIFT + 2046.0) };
    let first = reduce_once(p, x, shift);
    (p.fma(first.n, first.minus_low, first.r), first.shifted)
}

/// The remainder of `x` modulo ln 2 as a sum.
pub(super) struct Reduced<V> {
    /// The remainder, rounded.
    pub(super) r: V,
    /// What has been rounded off.
    pub(super) rest: V,
    /// A float whose low bits are `n` and those of the shift.
    pub(super) shifted: V,
}

/// The remainder of `x` modulo ln 2 to about twice the precision; `shift` is [`SHIFT`] or [`SHIFT_F32`] and
/// something that is to be added to `n`.
pub(super) fn reduce_with_rest<P: Primitives>(p: &mut P, x: P::Value, shift: P::Value) -> Reduced<P::Value> {
    let first = reduce_once(p, x, shift);
    let r = p.fma(first.n, first.minus_low, first.r);
    let rest = p.fsub(first.r, r);
    let rest = p.fma(first.n, first.minus_low, rest);
    Reduced { r, rest, shifted: first.shifted }
}

/// `x = n ln 2 + r - n minus_low`, where `r` is exact.
struct Once<V> {
    n: V,
    r: V,
    minus_low: V,
    shifted: V,
}

fn reduce_once<P: Primitives>(p: &mut P, x: P::Value, shift: P::Value) -> Once<P::Value> {
    let [high, low] = if p.ty(x) == LaneType::F32 {
        LN_2_F32.map(|part| p.f32(-part))
    } else {
        LN_2.map(|part| p.f64(-part))
    };
    let log2_e = p.like(x, std::f64::consts::LOG2_E);
    let shifted = p.fma(x, log2_e, shift);
    let n = p.fsub(shifted, shift);
    let r = p.fma(n, high, x);
    Once { n, r, minus_low: low, shifted }
}

/// `y * 2^n`, for `y` near one and `n` as [`reduce`] left it in the low bits of `shifted`.
///
/// The powers are multiplied to `y` as floats, so that NaN stays NaN whatever is in those bits.
pub(super) fn scale<P: Primitives>(p: &mut P, y: P::Value, shifted: P::Value) -> P::Value {
    let mantissa = if p.ty(y) == LaneType::F32 { 23 } else { 52 };
    let n = p.bitcast(shifted);
    // n + 2 * bias, halved, is floor(n / 2) + bias: the biased exponent of the first power; what is left of
    // n + 2 * bias is the biased exponent of the second. All higher bits leave at the top.
    let half = p.with_int(LaneOp::UShr, n, 1);
    let first = p.with_int(LaneOp::Shl, half, mantissa);
    let all = p.with_int(LaneOp::Shl, n, mantissa);
    let second = p.op(LaneOp::ISub, &[all, first]);
    let (first, second) = (p.bitcast(first), p.bitcast(second));
    // In this order the first product is normal: rounding happens once, in the second.
    let y = p.fmul(y, second);
    p.fmul(y, first)
}
