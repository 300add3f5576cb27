//! Division by multiplication: the quotient of `f64`, with the same bits as the division gives.
//!
//! ```text
//! y  = 1 / b                                 once for all quotients of the same divisor
//! q0 = a * y          r0 = a - b * q0        within 1.5 units in the last place; the remainder
//! q1 = q0 + r0 * y    r1 = a - b * q1        the one or the other neighbour of the quotient; its exact remainder
//! q2 = q1 + r1 * y                           the quotient, correctly rounded
//! ```
//!
//! That the last step rounds correctly is Markstein's theorem (P. Markstein, *Computation of elementary functions on the
//! IBM RISC System/6000 processor*, 1990; also in Muller et al., *Handbook of Floating-Point Arithmetic*, on division
//! with a fused multiply-add): `y` is the correctly rounded reciprocal, so its relative error is below half a unit, and
//! `q1` is a faithful rounding of the quotient. It holds as long as nothing overflows or gets denormal on the way, which
//! the exponents of `a` and `b` tell; where they are far out, and for zeros, infinities and NaN, the division is done.
//!
//! A division occupies the divider for as long as these five operations and the test take several times over.

use super::Primitives;
use crate::lane::LaneOp;

/// Dividends have exponents of at most this magnitude: quotients, and remainders 105 bits below them, stay normal.
const DIVIDEND: u64 = 400;
/// Divisors have exponents of at most this magnitude.
const DIVISOR: u64 = 500;
/// The bias of the exponent.
const BIAS: u64 = 1023;

/// `a / b`.
pub fn divide<P: Primitives>(p: &mut P, a: P::Value, b: P::Value) -> P::Value {
    let one = p.f64(1.0);
    let reciprocal = p.fdiv(one, b);
    let negative = p.fneg(b);
    // Twice the bits of a float are its magnitude, as an order: an interval is one comparison.
    let divisor = above(p, b, DIVISOR);
    let too_far = p.i64(((2 * DIVISOR) << 53) as i64);
    let divisor_is_near = p.op(LaneOp::ULt, &[divisor, too_far]);
    let (interval, empty) = (p.i64(((2 * DIVIDEND) << 53) as i64), p.i64(0));
    let interval = p.select(divisor_is_near, interval, empty);
    let dividend = above(p, a, DIVIDEND);
    let is_far = p.op(LaneOp::ULe, &[interval, dividend]);

    let mut quotient = p.fmul(a, reciprocal);
    for _ in 0..2 {
        let remainder = p.fma(negative, quotient, a);
        quotient = p.fma(remainder, reciprocal, quotient);
    }
    p.rare(is_far, quotient, &mut |p| p.fdiv(a, b))
}

/// How far the magnitude of `x` is above `2^-exponent`, as an unsigned number in which 2^53 is one exponent.
fn above<P: Primitives>(p: &mut P, x: P::Value, exponent: u64) -> P::Value {
    let bits = p.bitcast(x);
    let magnitude = p.with_int(LaneOp::Shl, bits, 1);
    p.with_int(LaneOp::ISub, magnitude, ((BIAS - exponent) << 53) as i64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lane::LaneType;
    use crate::math::{Bits, Evaluate};

    fn check(a: f64, b: f64) {
        let bits = |x: f64| Bits { ty: LaneType::F64, bits: x.to_bits() };
        let quotient = f64::from_bits(divide(&mut Evaluate, bits(a), bits(b)).bits);
        let same = quotient.to_bits() == (a / b).to_bits() || (quotient.is_nan() && (a / b).is_nan());
        assert!(same, "{a:e} / {b:e}: {quotient:e} instead of {:e}", a / b);
    }

    #[test]
    fn quotients_have_the_bits_of_the_division() {
        let mut random = fastrand::Rng::with_seed(7);
        for round in 0..200_000 {
            // All exponents, and few, where most of the work is done the short way; mantissas of all kinds.
            let mut float = || {
                let mantissa = match random.u8(0..4) {
                    0 => random.u64(0..4),
                    1 => (1 << 52) - 1 - random.u64(0..4),
                    _ => random.u64(0..1 << 52),
                };
                let exponent = if round % 2 == 0 { random.u64(0..2048) } else { random.u64(900..1100) };
                f64::from_bits(random.u64(0..2) << 63 | exponent << 52 | mantissa)
            };
            check(float(), float());
        }
    }

    #[test]
    fn quotients_next_to_a_tie_are_rounded_right() {
        // Products of neighbours of a float by another: their quotients are next to where rounding changes.
        let mut random = fastrand::Rng::with_seed(8);
        for _ in 0..200_000 {
            let [q, b] = [(); 2].map(|()| 1.0 + random.f64());
            let a = q * b;
            for a in [a, a.next_up(), a.next_down()] {
                check(a, b);
                check(a, b.next_up());
            }
        }
    }

    #[test]
    fn what_is_far_out_is_divided() {
        let far = [0.0, -0.0, f64::INFINITY, f64::NAN, f64::MIN_POSITIVE, 5e-324, f64::MAX, 1e-300, 1e300];
        for a in far.into_iter().chain([3.0, -7.5]) {
            for b in far.into_iter().chain([3.0, -7.5]) {
                check(a, b);
                check(-a, b);
            }
        }
    }
}
