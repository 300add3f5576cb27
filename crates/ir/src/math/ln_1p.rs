//! The natural logarithm of a sum of two floats.
//!
//! ```text
//! h + l = 2^k (1 + f)                  k from h; f as a sum of two floats. If h is 1, f is l, which is why
//!                                      logarithms of sums next to one are as accurate as others
//! ln (h + l) = k ln 2 + ln (1 + f)     as `ln`
//!
//! ln_1p x = ln (1 + x)                 the sum with its rounding error
//! ```

use super::Primitives;
use super::double::{Double, fast_two_sum};
use super::ln::{Series, decompose_normal, ln_2, series, unless_special};
use crate::lane::{LaneOp, LaneType};

/// The natural logarithm of `1 + x`.
pub(super) fn ln_1p<P: Primitives>(p: &mut P, x: P::Value) -> P::Value {
    let one = p.like(x, 1.0);
    // NaN passes through both.
    let (larger, smaller) = (p.fmax(one, x), p.fmin(one, x));
    let sum = fast_two_sum(p, larger, smaller);
    let result = ln_of_sum(p, sum, 0.0);
    let result = unless_special(p, sum.0, result);
    // Only of the zeros it has not the sign already.
    p.signed_as(x, result)
}

/// The natural logarithm of a sum times two to the power of `doublings`. The first part must be positive,
/// finite and normal, and the second not much more than its rounding error.
pub(super) fn ln_of_sum<P: Primitives>(p: &mut P, (high, low): Double<P::Value>, doublings: f64) -> P::Value {
    let single = p.ty(high) == LaneType::F32;
    let (m, k) = decompose_normal(p, high, doublings);
    let (half, minus_half, one, two) =
        (p.like(high, 0.5), p.like(high, -0.5), p.like(high, 1.0), p.like(high, 2.0));
    // 2^(1-k); without the one it would not always be normal.
    let (high, m_bits, two) = (p.bitcast(high), p.bitcast(m), p.bitcast(two));
    let scale = p.op(LaneOp::ISub, &[m_bits, high]);
    let scale = p.op(LaneOp::IAdd, &[scale, two]);
    let scale = p.bitcast(scale);
    let twice_low = p.fmul(low, scale);
    let without = p.fsub(m, one);
    let f = p.fma(twice_low, half, without);
    let minus_rest = p.fsub(f, without);
    let minus_rest = p.fma(twice_low, minus_half, minus_rest);

    let Series { half, s, inner, .. } = series(p, f);
    let minus_f = p.fneg(f);
    let ln_2 = ln_2(single).map(|part| p.like(m, part));
    let shift = p.fmul(k, ln_2[0]);
    let (high, low) = fast_two_sum(p, shift, f);
    let low = p.fma(k, ln_2[1], low);
    let low = p.fma(s, inner, low);
    // The derivative is 1 / (1 + f), near enough to 1 - f.
    let low = p.fma(f, minus_rest, low);
    let low = p.fsub(low, minus_rest);
    let low = p.fma(minus_f, half, low);
    p.fadd(high, low)
}
