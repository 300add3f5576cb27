//! The remainder of a division of floats, exactly.
//!
//! ```text
//! q = trunc(x / y)      of the magnitudes; below 2^53 it is the quotient, or one more where rounding has carried it up
//! r = x - q y           with one rounding, and none is needed: r is a multiple of y's unit in the last place, below y
//! r < 0: r + y          where it was one more
//! ```
//!
//! A larger quotient has rounding errors. Then `x - q y` is exact all the same (it is so for any quotient that is
//! rounded to nearest), and congruent to `x`, but only smaller by 2^53 than `x` was: so it goes on with that. Quotients
//! that overflow are kept away by starting with multiples of `y`, by powers of two.

use super::Primitives;
use crate::lane::{LaneOp, LaneType};

/// From here on quotients may be rounded to integers.
const EXACT: f64 = (1u64 << 53) as f64;
/// By so many bits the number shrinks in a step.
const BITS: u32 = 53;
/// What multiples of a divisor differ by: below it they are multiplied, so that all are finite, and no quotient of any
/// number by the largest of three overflows.
const LEVEL: u32 = 700;
const LOW: f64 = power_of_two(300);
/// `f32` computed in `f64`: quotients are below 2^277, and none overflows.
const STEPS_F32: u32 = 277_u32.div_ceil(BITS);
/// At each level quotients are below 2^725.
const STEPS: u32 = (LEVEL + 25).div_ceil(BITS);

const fn power_of_two(exponent: u64) -> f64 {
    f64::from_bits((1023 + exponent) << 52)
}

/// `x % y`, with the sign of `x`.
pub(super) fn fmod<P: Primitives>(p: &mut P, x: P::Value, y: P::Value) -> P::Value {
    if p.ty(x) == LaneType::F32 {
        let (a, b) = (p.op(LaneOp::Promote, &[x]), p.op(LaneOp::Promote, &[y]));
        let rest = of_doubles(p, a, b, |p, a, b| steps(p, a, b, STEPS_F32));
        return p.op(LaneOp::Demote, &[rest]);
    }
    of_doubles(p, x, y, |p, a, b| {
        let (low, level) = (p.f64(LOW), p.f64(power_of_two(LEVEL as u64)));
        let multiple = |p: &mut P, y: P::Value| {
            let is_low = p.op(LaneOp::FLt, &[y, low]);
            let higher = p.fmul(y, level);
            p.select(is_low, higher, y)
        };
        let higher = multiple(p, b);
        let highest = multiple(p, higher);
        [highest, higher, b].into_iter().fold(a, |a, b| steps(p, a, b, STEPS))
    })
}

/// The remainder; `reduce` gives what leaves the same remainder as a number and is below the divisor in magnitude, both
/// finite or the result NaN.
fn of_doubles<P: Primitives>(
    p: &mut P,
    x: P::Value,
    y: P::Value,
    reduce: impl Fn(&mut P, P::Value, P::Value) -> P::Value,
) -> P::Value {
    let (a, b) = (p.fabs(x), p.fabs(y));
    let (quotient, rest) = step(p, a, b);
    let (exact, infinity) = (p.f64(EXACT), p.f64(f64::INFINITY));
    let is_exact = p.op(LaneOp::FLt, &[quotient, exact]);
    let is_finite = p.op(LaneOp::FLt, &[b, infinity]);
    let is_usual = p.op(LaneOp::BAnd, &[is_exact, is_finite]);
    let is_special = p.op(LaneOp::BNot, &[is_usual]);
    let rest = p.rare(is_special, rest, &mut |p| {
        let reduced = reduce(p, a, b);
        // What is finite is its own remainder by infinity.
        let is_below = p.op(LaneOp::FLt, &[a, b]);
        p.select(is_below, a, reduced)
    });
    let zero = p.f64(0.0);
    let is_below = p.op(LaneOp::FLt, &[rest, zero]);
    let raised = p.fadd(rest, b);
    let rest = p.select(is_below, raised, rest);
    p.signed_as(x, rest)
}

fn steps<P: Primitives>(p: &mut P, a: P::Value, b: P::Value, count: u32) -> P::Value {
    (0..count).fold(a, |a, _| step(p, a, b).1)
}

/// The whole part of the quotient, and what is left.
fn step<P: Primitives>(p: &mut P, a: P::Value, b: P::Value) -> (P::Value, P::Value) {
    let quotient = p.fdiv(a, b);
    let quotient = p.op(LaneOp::FTrunc, &[quotient]);
    let negated = p.fneg(quotient);
    (quotient, p.fma(negated, b, a))
}

#[cfg(test)]
mod tests {
    use crate::random::Stream;
    use crate::{Scalar, ScalarOp};

    fn check(x: f64, y: f64) {
        let remainder = |x: Scalar, y: Scalar| ScalarOp::Fmod.eval(&[x, y]);
        let expected = Scalar::F64(x % y);
        let actual = remainder(Scalar::F64(x), Scalar::F64(y));
        assert!(same(actual, expected), "{x:e} % {y:e}: {actual:?}, not {expected:?}");
        let (x, y) = (x as f32, y as f32);
        let expected = Scalar::F32(x % y);
        let actual = remainder(Scalar::F32(x), Scalar::F32(y));
        assert!(same(actual, expected), "{x:e} % {y:e}: {actual:?}, not {expected:?}");
    }

    fn same(a: Scalar, b: Scalar) -> bool {
        a.to_bits() == b.to_bits() || a.is_nan() && b.is_nan()
    }

    #[test]
    fn special_operands_are_as_in_rust() {
        let tiny = f64::from_bits(1);
        let numbers = [
            0.0,
            tiny,
            3.0 * tiny,
            f64::MIN_POSITIVE,
            1e-40,
            0.1,
            0.5,
            1.0,
            1.5,
            3.0,
            1e15,
            1e16,
            1e17,
            1e30,
            1e38,
            1e300,
            f64::MAX,
            f64::MAX / 3.0,
            f64::INFINITY,
            f64::NAN,
        ];
        for x in numbers {
            for y in numbers {
                [(x, y), (-x, y), (x, -y), (-x, -y)].into_iter().for_each(|(x, y)| check(x, y));
            }
        }
    }

    #[test]
    fn the_remainder_of_any_two_floats_is_exact() {
        let random = Stream::new(11, 0);
        for round in 0..5_000 {
            let mut draws = (0..).map(|draw| random.bits(round, draw));
            let mut next = || draws.next().expect("there is no end of them");
            check(f64::from_bits(next()), f64::from_bits(next()));
            // Quotients near whole numbers, of any size.
            let y = f64::from_bits(next()).abs();
            let x = y * (next() >> (next() % 64)) as f64;
            [x, x.next_up(), x.next_down()].into_iter().for_each(|x| check(x, y));
            let y = f32::from_bits(next() as u32).abs();
            let x = y * (next() as u32 >> (next() % 32)) as f32;
            [x, x.next_up(), x.next_down()].into_iter().for_each(|x| check(x as f64, y as f64));
        }
    }
}
