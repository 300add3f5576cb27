//! Powers.
//!
//! ```text
//! powf(x, y) = exp(y ln x)     ln x and the product as sums of two floats: the exponential function magnifies
//!                              an absolute error of its argument into a relative one of the result
//! powi(x, n)                   by squaring, from the lowest bit of n up; 1 / powi(x, -n) for negative n
//! ```
//!
//! `powi` of a constant exponent is the multiplications that its bits ask for: `powi(x, 2)` is `x * x`. Of a
//! varying exponent it is the steps that a small one needs, with selections, and seldom all 32; the results agree, bit for
//! bit. As a product it has a relative error of up to half an ULP for each multiplication.

use super::Primitives;
use super::double::{Double, fast_two_sum, multiply, reciprocal, two_product};
use super::{exp, ln};
use crate::lane::{LaneOp, LaneType};
use std::ops::Range;

/// `(2 atanh(s) / s - 2 - 2/3 s^2) / s^4` as a polynomial in `s^2 <= 0.0295`, degree 8, by Remez exchange;
/// the error relative to the logarithm is below 2^-80.
const POLYNOMIAL: [f64; 9] = [
    0.11016174955715838,
    0.10422519273430876,
    0.11768695518899853,
    0.13333239767730293,
    0.1538461676535753,
    0.18181818169120836,
    0.22222222222291407,
    0.28571428571428376,
    0.4,
];
/// `(2 atanh(s) / s - 2) / s^2` for the same, degree 5, relative error 1.9e-16.
const POLYNOMIAL_SHORT: [f64; 6] = [
    0.16822336379066732,
    0.18123446066982504,
    0.22223377324136293,
    0.28571417057468274,
    0.400000000526696,
    0.6666666666658653,
];
/// Two thirds in two parts.
const TWO_THIRDS: [f64; 2] = [0.6666666666666666, 3.700743415417188e-17];
/// The same for [`ln_precise`]: less 0.828 of the rounding error of the coefficient 2/5, times the largest `s^2`. That
/// leaves 17 % of the error that this coefficient causes.
const TWO_THIRDS_BALANCED: [f64; 2] = [0.6666666666666666, 3.6466221651337596e-17];

/// `x` to the power of the `i32` `n`.
pub(super) fn powi<P: Primitives>(p: &mut P, x: P::Value, n: P::Value) -> P::Value {
    let one = p.like(x, 1.0);
    if let Some(bits) = p.as_constant(n) {
        let n = bits as u32 as i32;
        let mut rest = n.unsigned_abs();
        let (mut square, mut product) = (x, None);
        while rest != 0 {
            if rest & 1 == 1 {
                product = Some(product.map_or(square, |product| p.fmul(product, square)));
            }
            rest >>= 1;
            if rest != 0 {
                square = p.fmul(square, square);
            }
        }
        let product = product.unwrap_or(one);
        return if n < 0 { reciprocal(p, product) } else { product };
    }
    let zero = p.i32(0);
    let negative = p.op(LaneOp::SLt, &[n, zero]);
    let negated = p.op(LaneOp::ISub, &[zero, n]);
    // The magnitude of the smallest integer is right as an unsigned number.
    let magnitude = p.select(negative, negated, n);
    let (square, product) = power_by_bits(p, (x, one), magnitude, 0..SMALL_POWER_BITS);
    let others = p.with_int(LaneOp::IAnd, magnitude, !0 << SMALL_POWER_BITS);
    let is_small = p.op(LaneOp::IEq, &[others, zero]);
    let is_large = p.op(LaneOp::BNot, &[is_small]);
    let product = p.rare(is_large, product, &mut |p| {
        let square = p.fmul(square, square);
        power_by_bits(p, (square, product), magnitude, SMALL_POWER_BITS..32).1
    });
    let reciprocal = reciprocal(p, product);
    p.select(negative, reciprocal, product)
}

/// Powers below two to the power of this are computed in any case, others where they occur.
const SMALL_POWER_BITS: u32 = 5;

/// Multiplies a product by the squares that some bits of the exponent ask for, given the square of the first one; returns
/// that of the last one, and the product.
fn power_by_bits<P: Primitives>(
    p: &mut P,
    (mut square, mut product): (P::Value, P::Value),
    magnitude: P::Value,
    bits: Range<u32>,
) -> (P::Value, P::Value) {
    let zero = p.i32(0);
    let first = bits.start;
    for bit in bits {
        if bit > first {
            square = p.fmul(square, square);
        }
        let bit_is_clear = p.with_int(LaneOp::IAnd, magnitude, 1 << bit);
        let bit_is_clear = p.op(LaneOp::IEq, &[bit_is_clear, zero]);
        let next = p.fmul(product, square);
        product = p.select(bit_is_clear, product, next);
    }
    (square, product)
}

/// `x` to the power of the float `y`. Special values are those of C's `pow`.
pub(super) fn powf<P: Primitives>(p: &mut P, x: P::Value, y: P::Value) -> P::Value {
    let short = p.ty(x) == LaneType::F32;
    let (x, y) = if short { (p.op(LaneOp::Promote, &[x]), p.op(LaneOp::Promote, &[y])) } else { (x, y) };
    let magnitude = p.fabs(x);
    let result = if short {
        // The error in double precision, times at most 104, is far below the last place of an f32.
        let logarithm = ln_short(p, magnitude);
        let product = p.fmul(y, logarithm);
        exp::exp(p, product)
    } else {
        let logarithm = ln_precise(p, magnitude);
        let (product, error) = two_product(p, y, logarithm.0);
        let error = p.fma(y, logarithm.1, error);
        exp_double(p, (product, error))
    };

    // Only positive finite x to a finite power is done.
    let bad_x = ln::is_special(p, x);
    let (infinity, y_magnitude) = (p.f64(f64::INFINITY), p.fabs(y));
    let good_y = p.op(LaneOp::FLt, &[y_magnitude, infinity]);
    let bad_y = p.op(LaneOp::BNot, &[good_y]);
    let special = p.op(LaneOp::BOr, &[bad_x, bad_y]);
    let result = p.rare(special, result, &mut |p| powf_special(p, x, y, result));
    if short { p.op(LaneOp::Demote, &[result]) } else { result }
}

/// The power, given that it is `finite` if `|x|` and `y` are finite and not zero.
fn powf_special<P: Primitives>(p: &mut P, x: P::Value, y: P::Value, finite: P::Value) -> P::Value {
    let (zero, half, one) = (p.f64(0.0), p.f64(0.5), p.f64(1.0));
    let (infinity, nan) = (p.f64(f64::INFINITY), p.f64(f64::NAN));
    let (x_magnitude, y_magnitude) = (p.fabs(x), p.fabs(y));
    let y_positive = p.op(LaneOp::FLt, &[zero, y]);

    // Zero and infinite x, then infinite y: one, or towards zero or infinity.
    let x_zero = p.op(LaneOp::FEq, &[x_magnitude, zero]);
    let x_infinite = p.op(LaneOp::FEq, &[x_magnitude, infinity]);
    let y_infinite = p.op(LaneOp::FEq, &[y_magnitude, infinity]);
    let x_large = p.op(LaneOp::FLt, &[one, x_magnitude]);
    let x_one = p.op(LaneOp::FEq, &[x_magnitude, one]);
    let shrinks = p.op(LaneOp::BXor, &[x_large, y_positive]);
    let limit = p.select(shrinks, zero, infinity);
    let is_limit = p.op(LaneOp::BOr, &[x_zero, x_infinite]);
    let is_limit = p.op(LaneOp::BOr, &[is_limit, y_infinite]);
    let result = p.select(is_limit, limit, finite);
    let stays = p.op(LaneOp::BAnd, &[x_one, y_infinite]);
    let result = p.select(stays, one, result);

    // A negative x: an odd power has its sign, one with a fraction does not exist.
    let truncated = p.op(LaneOp::FTrunc, &[y]);
    let integer = p.op(LaneOp::FEq, &[truncated, y]);
    let halved = p.fmul(y, half);
    let truncated = p.op(LaneOp::FTrunc, &[halved]);
    let uneven = p.op(LaneOp::FNe, &[truncated, halved]);
    let odd = p.op(LaneOp::BAnd, &[integer, uneven]);
    let x_bits = p.bitcast(x);
    let sign = p.with_int(LaneOp::IAnd, x_bits, i64::MIN);
    let result_bits = p.bitcast(result);
    let signed = p.op(LaneOp::IXor, &[result_bits, sign]);
    let signed = p.bitcast(signed);
    let result = p.select(odd, signed, result);
    let x_negative = p.op(LaneOp::FLt, &[x, zero]);
    let fraction = p.op(LaneOp::BNot, &[integer]);
    let x_finite = p.op(LaneOp::BNot, &[x_infinite]);
    let missing = p.op(LaneOp::BAnd, &[x_negative, fraction]);
    let missing = p.op(LaneOp::BAnd, &[missing, x_finite]);
    let result = p.select(missing, nan, result);

    // NaN, except that anything to the power of zero, and one to any power, are one.
    let x_nan = p.op(LaneOp::FNe, &[x, x]);
    let y_nan = p.op(LaneOp::FNe, &[y, y]);
    let is_nan = p.op(LaneOp::BOr, &[x_nan, y_nan]);
    let result = p.select(is_nan, nan, result);
    let y_zero = p.op(LaneOp::FEq, &[y, zero]);
    let x_is_one = p.op(LaneOp::FEq, &[x, one]);
    let is_one = p.op(LaneOp::BOr, &[y_zero, x_is_one]);
    p.select(is_one, one, result)
}

/// The logarithm of a positive finite `f64` with a relative error of a few ULP.
pub(super) fn ln_short<P: Primitives>(p: &mut P, x: P::Value) -> P::Value {
    let (m, k) = ln::decompose(p, x);
    let (one, two, ln_2) = (p.f64(1.0), p.f64(2.0), p.f64(std::f64::consts::LN_2));
    let numerator = p.fsub(m, one);
    let denominator = p.fadd(m, one);
    let s = p.fdiv(numerator, denominator);
    let z = p.fmul(s, s);
    let polynomial = p.horner(z, &POLYNOMIAL_SHORT);
    let factor = p.fma(z, polynomial, two);
    let shift = p.fmul(k, ln_2);
    p.fma(s, factor, shift)
}

/// The logarithm of a positive finite `f64` with a relative error of at most 2^-62: as [`ln::ln`], with the
/// first two terms of the series for `ln m = 2s + s^3 (2/3 + s^2 R(s^2))` as sums of two floats.
pub(super) fn ln_double<P: Primitives>(p: &mut P, x: P::Value) -> Double<P::Value> {
    ln_with(p, x, |p, z| {
        let tail = p.horner(z.0, &POLYNOMIAL);
        let tail = p.fmul(z.0, tail);
        let two_thirds = TWO_THIRDS.map(|part| p.f64(part));
        let (high, low) = fast_two_sum(p, two_thirds[0], tail);
        (high, p.fadd(low, two_thirds[1]))
    })
}

/// The same with a relative error of 2^-66, in as many operations: the product `s^2 R(s^2)` is not rounded, and has
/// the low part of `s^2`. Powers need it: the exponential function makes up to 710 times as much of the error.
pub(super) fn ln_precise<P: Primitives>(p: &mut P, x: P::Value) -> Double<P::Value> {
    ln_with(p, x, |p, z| {
        let tail = p.horner(z.0, &POLYNOMIAL);
        let two_thirds = TWO_THIRDS_BALANCED.map(|part| p.f64(part));
        let high = p.fma(z.0, tail, two_thirds[0]);
        let rest = p.fsub(two_thirds[0], high);
        let low = p.fma(z.0, tail, rest);
        let low = p.fma(z.1, tail, low);
        (high, p.fadd(low, two_thirds[1]))
    })
}

/// The logarithm, given how `2/3 + z R(z)` is computed from `z = s^2`.
fn ln_with<P: Primitives>(
    p: &mut P,
    x: P::Value,
    factor: impl FnOnce(&mut P, Double<P::Value>) -> Double<P::Value>,
) -> Double<P::Value> {
    let (m, k) = ln::decompose(p, x);
    let one = p.f64(1.0);
    let numerator = p.fsub(m, one);
    let denominator = fast_two_sum(p, one, m);
    let reciprocal = reciprocal(p, denominator.0);
    let s = p.fmul(numerator, reciprocal);
    let negated = p.fneg(s);
    let rest = p.fma(negated, denominator.0, numerator);
    let rest = p.fma(negated, denominator.1, rest);
    let s = (s, p.fmul(rest, reciprocal));

    let z = multiply(p, s, s);
    let factor = factor(p, z);
    let cube = multiply(p, z, factor);
    let cube = multiply(p, cube, s);
    let doubled = p.fadd(s.0, s.0);
    let (high, low) = fast_two_sum(p, doubled, cube.0);
    let two = p.f64(2.0);
    let low = p.fma(two, s.1, low);
    let low = p.fadd(low, cube.1);

    let ln_2 = ln::LN_2.map(|part| p.f64(part));
    let shift = p.fmul(k, ln_2[0]);
    let (high, error) = fast_two_sum(p, shift, high);
    let low = p.fma(k, ln_2[1], low);
    let low = p.fadd(low, error);
    fast_two_sum(p, high, low)
}

/// `exp` of a sum of two floats.
fn exp_double<P: Primitives>(p: &mut P, x: Double<P::Value>) -> P::Value {
    // Beyond these the result is zero or infinity, even with the low part at its own limits; that may have
    // overflown, or be NaN, if the high part has.
    let (lowest, highest) = (p.f64(-750.0), p.f64(712.0));
    let (low_lowest, low_highest) = (p.f64(-1.0), p.f64(1.0));
    let high = p.fmin(highest, x.0);
    let high = p.fmax(lowest, high);
    let low = p.fmin(x.1, low_highest);
    let low = p.fmax(low, low_lowest);

    let (r, tail, shifted) = exp_parts(p, (high, low));
    let (one, sum) = (p.f64(1.0), p.fadd(r, tail));
    let y = p.fadd(one, sum);
    exp::scale(p, y, shifted)
}

/// `exp` of a sum of two floats, the first from -1400 to 1400: `r`, `tail` and `shifted` such that
/// [`exp::scale`] of `1 + r + tail` by `shifted` is the result.
pub(super) fn exp_parts<P: Primitives>(p: &mut P, x: Double<P::Value>) -> (P::Value, P::Value, P::Value) {
    let (high, low) = x;
    let (shift, log2_e) = (p.f64(exp::SHIFT + 2046.0), p.f64(std::f64::consts::LOG2_E));
    let shifted = p.fma(high, log2_e, shift);
    let n = p.fsub(shifted, shift);
    let ln_2 = exp::LN_2.map(|part| p.f64(-part));
    let r = p.fma(n, ln_2[0], high);
    let low = p.fma(n, ln_2[1], low);
    let (r, low) = fast_two_sum(p, r, low);
    let square = p.fmul(r, r);
    let quotient = p.horner(r, exp::QUOTIENT);
    let tail = p.fma(square, quotient, low);
    (r, tail, shifted)
}

#[cfg(test)]
mod tests {
    use crate::{Scalar, ScalarOp};

    #[test]
    fn integer_powers_multiply_in_a_fixed_order() {
        let power = |x: f64, n: i32| match ScalarOp::Powi.eval(&[Scalar::F64(x), Scalar::I32(n)]) {
            Scalar::F64(result) => result,
            other => panic!("{other:?}"),
        };
        let x = 1.1f64;
        assert_eq!(power(x, 2), x * x);
        assert_eq!(power(x, 3), x * (x * x));
        assert_eq!(power(x, 5), x * ((x * x) * (x * x)));
        assert_eq!(power(x, -2), 1.0 / (x * x));
        assert_eq!(power(x, 0), 1.0);
        assert_eq!(power(f64::NAN, 0), 1.0);
        assert_eq!(power(0.5, i32::MIN), f64::INFINITY);
        assert_eq!(power(-0.0, -3), f64::NEG_INFINITY);
    }
}
