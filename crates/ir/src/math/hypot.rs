//! The length of the hypotenuse.
//!
//! ```text
//! a >= b >= 0      the magnitudes, scaled by a power of two so that 2 <= a < 4: no square overflows, and
//!                  one that vanishes does not matter
//! s = sqrt(a^2 + b^2), rounded several times, and one step of Newton's iteration:
//! s + (a^2 + b^2 - s^2) / 2s         a^2 - s^2 = 2ad - d^2 with an exact d = a - s
//! ```
//!
//! The correction is less than two units in the last place, so that a straight line is good enough for
//! `1 / 2s`. In `f64` there is room for the squares of `f32`, and none of this is needed.

use super::Primitives;
use crate::lane::{LaneOp, LaneType};

/// About `1 / 2s` for `2 <= s <= 5.66`: within 13 %.
const HALF_RECIPROCAL: [f64; 2] = [-0.0385, 0.2948];

/// The square root of `x * x + y * y`.
pub(super) fn hypot<P: Primitives>(p: &mut P, x: P::Value, y: P::Value) -> P::Value {
    let sum_of_squares = |p: &mut P, a, b| {
        let square = p.fmul(b, b);
        (square, p.fma(a, a, square))
    };
    if p.ty(x) == LaneType::F32 {
        let (a, b) = (p.op(LaneOp::Promote, &[x]), p.op(LaneOp::Promote, &[y]));
        let (_, sum) = sum_of_squares(p, a, b);
        let root = p.op(LaneOp::FSqrt, &[sum]);
        let root = unless_special(p, a, b, sum, root);
        return p.op(LaneOp::Demote, &[root]);
    }
    let magnitudes = (p.fabs(x), p.fabs(y));
    let larger = p.fmax(magnitudes.0, magnitudes.1);
    let smaller = p.fmin(magnitudes.0, magnitudes.1);
    // The power of two below, and two over it. Subnormal numbers are scaled as the smallest normal one is.
    let smallest = p.f64(f64::MIN_POSITIVE);
    let normal = p.fmax(larger, smallest);
    let bits = p.bitcast(normal);
    let power = p.with_int(LaneOp::IAnd, bits, f64::INFINITY.to_bits() as i64);
    let twice_over = p.i64(2047 << 52);
    let twice_over = p.op(LaneOp::ISub, &[twice_over, power]);
    let (power, twice_over) = (p.bitcast(power), p.bitcast(twice_over));
    let (a, b) = (p.fmul(larger, twice_over), p.fmul(smaller, twice_over));

    let (square, sum) = sum_of_squares(p, a, b);
    let root = p.op(LaneOp::FSqrt, &[sum]);
    let (difference, doubled) = (p.fsub(a, root), p.fadd(a, a));
    let rest = p.fma(doubled, difference, square);
    let negated = p.fneg(difference);
    let rest = p.fma(negated, difference, rest);
    let half_reciprocal = p.horner(root, &HALF_RECIPROCAL);
    let root = p.fma(rest, half_reciprocal, root);
    let half = p.f64(0.5);
    let root = p.fmul(root, half);
    let result = p.fmul(root, power);
    let sum = p.fadd(magnitudes.0, magnitudes.1);
    unless_special(p, x, y, sum, result)
}

/// The result, but infinity if an operand is infinite, even if the other is NaN; else NaN if one is. The sum is
/// one that is not finite in either case.
fn unless_special<P: Primitives>(
    p: &mut P,
    x: P::Value,
    y: P::Value,
    sum: P::Value,
    result: P::Value,
) -> P::Value {
    let infinity = p.f64(f64::INFINITY);
    let usual = p.op(LaneOp::FLt, &[sum, infinity]);
    let special = p.op(LaneOp::BNot, &[usual]);
    p.rare(special, result, &mut |p| {
        // The sum of large finite operands may be infinite as well.
        let [x_nan, y_nan] = [x, y].map(|operand| p.op(LaneOp::FNe, &[operand, operand]));
        let is_nan = p.op(LaneOp::BOr, &[x_nan, y_nan]);
        let nan = p.f64(f64::NAN);
        let result = p.select(is_nan, nan, result);
        let [x_infinite, y_infinite] = [x, y].map(|operand| {
            let magnitude = p.fabs(operand);
            p.op(LaneOp::FEq, &[magnitude, infinity])
        });
        let is_infinite = p.op(LaneOp::BOr, &[x_infinite, y_infinite]);
        p.select(is_infinite, infinity, result)
    })
}

#[cfg(test)]
mod tests {
    use crate::{Scalar, ScalarOp};

    fn hypot(x: f64, y: f64) -> f64 {
        let single = ScalarOp::Hypot.eval(&[Scalar::F32(x as f32), Scalar::F32(y as f32)]);
        match (ScalarOp::Hypot.eval(&[Scalar::F64(x), Scalar::F64(y)]), single) {
            (Scalar::F64(result), Scalar::F32(single)) => {
                assert!(single == result as f32 || single.is_nan() && result.is_nan(), "{x} {y}: {single}");
                result
            }
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn infinity_wins_over_nan_and_only_the_result_overflows() {
        let (infinity, nan) = (f64::INFINITY, f64::NAN);
        for (x, y) in [(infinity, nan), (-infinity, nan), (infinity, -infinity), (infinity, 1.0)] {
            assert_eq!((hypot(x, y), hypot(y, x)), (infinity, infinity));
        }
        assert!(hypot(nan, 1.0).is_nan() && hypot(1.0, nan).is_nan() && hypot(nan, nan).is_nan());
        assert_eq!(hypot(-0.0, -0.0).to_bits(), 0);
        assert_eq!(hypot(f64::MAX, f64::MAX), infinity);
        assert_eq!(hypot(3.0 * 2f64.powi(1020), -4.0 * 2f64.powi(1020)), 5.0 * 2f64.powi(1020));
        assert_eq!(hypot(3.0 * 2f64.powi(125), -4.0 * 2f64.powi(125)), 5.0 * 2f64.powi(125));
        assert_eq!(hypot(3.0 * f64::MIN_POSITIVE, 4.0 * f64::MIN_POSITIVE), 5.0 * f64::MIN_POSITIVE);
        let smallest = f64::from_bits(1);
        assert_eq!(hypot(3.0 * smallest, 4.0 * smallest), 5.0 * smallest);
        assert_eq!(hypot(f64::MAX, smallest), f64::MAX);
    }
}
