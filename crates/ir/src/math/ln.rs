//! The natural logarithm.
//!
//! ```text
//! x = 2^k m,  sqrt(1/2) <= m < sqrt(2)       by integer arithmetic on the bits
//! f = m - 1,  s = f / (2 + f)                ln m = 2 atanh s = f - f^2 / 2 + s (f^2 / 2 + R(s^2))
//! ln x = k ln 2 + f + (...)                  the leading sum with its rounding error
//! ```
//!
//! The arrangement is that of FreeBSD's `e_log.c` (Sun Microsystems, 1993), which keeps `f` exact so that
//! logarithms near one are as accurate as others.

use super::Primitives;
use super::double::fast_two_sum;
use crate::lane::{LaneOp, LaneType};

/// `(2 atanh(s) / s - 2) / s^2` as a polynomial in `s^2 <= 0.0295`, degree 6, by Remez exchange; the error
/// relative to the logarithm is below 1.3e-18.
const POLYNOMIAL: [f64; 7] = [
    0.14798587091677776,
    0.15313804600809294,
    0.18183573218249097,
    0.22222198416672662,
    0.2857142874376242,
    0.3999999999940922,
    0.6666666666666735,
];
/// The same with degree 2, relative error 8.1e-10.
const POLYNOMIAL_F32: [f64; 3] = [0.29873637684668325, 0.39977481611661925, 0.6666677676058741];

/// ln 2 in two parts; the first has so few bits that its product with an exponent is exact.
pub(super) const LN_2: [f64; 2] = [0.6931471805598903, 5.497923018708371e-14];
const LN_2_F32: [f64; 2] = [0.693145751953125, 1.4286068203094173e-06];

const TWO_TO_23: f64 = 8388608.0;
const TWO_TO_52: f64 = 4503599627370496.0;

/// The natural logarithm of `x`.
pub(super) fn ln<P: Primitives>(p: &mut P, x: P::Value) -> P::Value {
    let single = p.ty(x) == LaneType::F32;
    let (m, k) = decompose(p, x);
    let one = p.like(x, 1.0);
    let f = p.fsub(m, one);
    let Series { half_square, s, inner, .. } = series(p, f);
    let ln_2 = ln_2(single).map(|part| p.like(x, part));
    let shift = p.fmul(k, ln_2[0]);
    let (high, low) = fast_two_sum(p, shift, f);
    let low = p.fma(k, ln_2[1], low);
    let low = p.fma(s, inner, low);
    let low = p.fsub(low, half_square);
    let result = p.fadd(high, low);
    unless_special(p, x, result)
}

/// Two parts of ln 2, for `f32` or `f64`.
pub(super) fn ln_2(single: bool) -> [f64; 2] {
    if single { LN_2_F32 } else { LN_2 }
}

/// The logarithm of `1 + f` in pieces: `f - half_square + s * inner`.
pub(super) struct Series<V> {
    /// Half of `f`, exactly.
    pub(super) half: V,
    /// Half of the square of `f`.
    pub(super) half_square: V,
    /// `f / (2 + f)`.
    pub(super) s: V,
    /// `f^2 / 2 + R(s^2)`.
    pub(super) inner: V,
}

/// The series for `f` from `sqrt(1/2) - 1` to `sqrt(2) - 1`.
pub(super) fn series<P: Primitives>(p: &mut P, f: P::Value) -> Series<P::Value> {
    let single = p.ty(f) == LaneType::F32;
    let (two, half) = (p.like(f, 2.0), p.like(f, 0.5));
    let denominator = p.fadd(f, two);
    let s = p.fdiv(f, denominator);
    let z = p.fmul(s, s);
    let polynomial = p.horner(z, if single { &POLYNOMIAL_F32 } else { &POLYNOMIAL });
    let half = p.fmul(f, half);
    let half_square = p.fmul(half, f);
    let inner = p.fma(z, polynomial, half_square);
    Series { half, half_square, s, inner }
}

/// The result for a logarithm of `x`, whatever its base, if `x` is positive and finite; else what it is for
/// such arguments.
pub(super) fn unless_special<P: Primitives>(p: &mut P, x: P::Value, result: P::Value) -> P::Value {
    let special = is_special(p, x);
    p.rare(special, result, &mut |p| {
        let (zero, nan) = (p.like(x, 0.0), p.like(x, f64::NAN));
        let minus_infinity = p.like(x, f64::NEG_INFINITY);
        let negative = p.op(LaneOp::FLt, &[x, zero]);
        let is_zero = p.op(LaneOp::FEq, &[x, zero]);
        // Infinity and NaN are their own logarithms.
        let result = p.select(negative, nan, x);
        p.select(is_zero, minus_infinity, result)
    })
}

/// Whether `x` is anything but positive and finite.
pub(super) fn is_special<P: Primitives>(p: &mut P, x: P::Value) -> P::Value {
    if p.ty(x) == LaneType::F32 {
        is_outside(p, x, [f32::from_bits(1) as f64, f32::MAX as f64])
    } else {
        is_outside(p, x, [f64::from_bits(1), f64::MAX])
    }
}

/// Whether `x` is not from `first` to `last`, positive floats of its type, by a single comparison of integers.
pub(super) fn is_outside<P: Primitives>(p: &mut P, x: P::Value, [first, last]: [f64; 2]) -> P::Value {
    // Rotated so that the bits of the first float become the smallest integer.
    let (rotation, last) = if p.ty(x) == LaneType::F32 {
        let [first, last] = [first, last].map(|bound| (bound as f32).to_bits() as i32);
        (i32::MIN.wrapping_sub(first) as i64, (i32::MIN + (last - first)) as i64)
    } else {
        let [first, last] = [first, last].map(|bound| bound.to_bits() as i64);
        (i64::MIN.wrapping_sub(first), i64::MIN + (last - first))
    };
    let bits = p.bitcast(x);
    let rotated = p.with_int(LaneOp::IAdd, bits, rotation);
    let last = p.int_like(rotated, last);
    p.op(LaneOp::SLt, &[last, rotated])
}

/// `m` in `[sqrt(1/2), sqrt(2))` and the float `k` with `x = 2^k m`, for positive finite `x`.
pub(super) fn decompose<P: Primitives>(p: &mut P, x: P::Value) -> (P::Value, P::Value) {
    let (smallest, scale) = match p.ty(x) {
        LaneType::F32 => (f32::MIN_POSITIVE as f64, 25),
        _ => (f64::MIN_POSITIVE, 54),
    };
    let smallest = p.like(x, smallest);
    let subnormal = p.op(LaneOp::FLt, &[x, smallest]);
    let factor = p.like(x, (1i64 << scale) as f64);
    let scaled = p.fmul(x, factor);
    let x = p.select(subnormal, scaled, x);
    let usual = bias(p, x, 0.0);
    let larger = bias(p, x, scale as f64);
    let bias = p.select(subnormal, larger, usual);
    split(p, x, bias)
}

/// The same for an `x` that is not subnormal, with `doublings` added to `k`.
pub(super) fn decompose_normal<P: Primitives>(
    p: &mut P,
    x: P::Value,
    doublings: f64,
) -> (P::Value, P::Value) {
    let bias = bias(p, x, -doublings);
    split(p, x, bias)
}

/// What [`split`] subtracts from an exponent, and something more.
fn bias<P: Primitives>(p: &mut P, x: P::Value, more: f64) -> P::Value {
    let bias = if p.ty(x) == LaneType::F32 { TWO_TO_23 + 127.0 } else { TWO_TO_52 + 1023.0 };
    p.like(x, bias + more)
}

fn split<P: Primitives>(p: &mut P, x: P::Value, bias: P::Value) -> (P::Value, P::Value) {
    // The bits of the square root of one half; the mantissa's width, and two to it.
    let (root, one, mantissa, integer) = if p.ty(x) == LaneType::F32 {
        (0x3f35_04f3, 1.0f32.to_bits() as i64, 23, TWO_TO_23)
    } else {
        (0x3fe6_a09e_0000_0000, 1.0f64.to_bits() as i64, 52, TWO_TO_52)
    };
    let bits = p.bitcast(x);
    let bits = p.with_int(LaneOp::IAdd, bits, one - root);
    let fraction = p.with_int(LaneOp::IAnd, bits, (1 << mantissa) - 1);
    let m = p.with_int(LaneOp::IAdd, fraction, root);
    // An integer below 2^52 in the mantissa of 2^52 is a float without a conversion.
    let exponent = p.with_int(LaneOp::UShr, bits, mantissa);
    let integer = p.like(x, integer);
    let integer = p.bitcast(integer);
    let exponent = p.op(LaneOp::IOr, &[exponent, integer]);
    let exponent = p.bitcast(exponent);
    (p.bitcast(m), p.fsub(exponent, bias))
}
