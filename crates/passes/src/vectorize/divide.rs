//! Divides integers by constants without dividing.
//!
//! ```text
//! udiv v0, 8      ushr v0, 3
//! srem v0, 8      v0 - ((v0 + (sshr v0, 63 ushr 61)) & -8)           a negative number rounds up
//! udiv v0, 10     ushr (umulhigh v0, 0xcccccccccccccccd), 3
//! sdiv v0, 10     (sshr (smulhigh v0, 0x6666666666666667), 2) - (sshr v0, 63)
//! ```
//!
//! A divider takes one number at a time, and longer for it than all of the above; vector registers have none.
//!
//! Multipliers are those of Granlund and Montgomery, Division by invariant integers using multiplication (1994). For a
//! width of `N` bits, a divisor `d` and a shift `s`, the multiplier `m` is the first above `2^(N + s) / d`, and too large
//! by `e / d`, where `e = m d - 2^(N + s)`. The quotient is exact for all unsigned numbers below `2^n` if `e <= 2^(N + s -
//! n)`, and for all signed ones, where it is one too small if they are negative, if `e <= 2^(s + 1)`.

use super::builder::Builder;
use parfuse_ir::lane::{Inst, LaneOp, LaneType, Value};
use parfuse_ir::math::Primitives;

/// A quotient or remainder of integers of a type by a constant; nothing for zero.
pub(super) fn by_constant<P: Primitives>(
    p: &mut P,
    op: LaneOp,
    a: P::Value,
    divisor: u64,
) -> Option<P::Value> {
    let ty = p.ty(a);
    let width = match ty {
        LaneType::I32 => 32,
        LaneType::I64 => 64,
        _ => return None,
    };
    let mut division = Division { p, ty, width, a };
    let signed = match ty {
        LaneType::I32 => divisor as i32 as i64,
        _ => divisor as i64,
    };
    let unsigned = division.low(divisor);
    if unsigned == 0 {
        return None;
    }
    Some(match op {
        LaneOp::UDiv => division.unsigned_quotient(unsigned),
        LaneOp::URem if unsigned.is_power_of_two() => division.with(LaneOp::IAnd, a, unsigned - 1),
        LaneOp::URem => {
            let quotient = division.unsigned_quotient(unsigned);
            division.remainder(quotient, unsigned)
        }
        LaneOp::SDiv => division.signed_quotient(signed),
        LaneOp::SRem => division.signed_remainder(signed),
        _ => return None,
    })
}

struct Division<'p, P: Primitives> {
    p: &'p mut P,
    ty: LaneType,
    width: u32,
    a: P::Value,
}

impl<P: Primitives> Division<'_, P> {
    /// The bits of the type.
    fn low(&self, bits: u64) -> u64 {
        bits & (u64::MAX >> (64 - self.width))
    }

    /// `op(x, constant)`.
    fn with(&mut self, op: LaneOp, x: P::Value, constant: u64) -> P::Value {
        let constant = self.p.constant(self.ty, self.low(constant));
        self.p.op(op, &[x, constant])
    }

    /// `a - quotient * divisor`.
    fn remainder(&mut self, quotient: P::Value, divisor: u64) -> P::Value {
        let product = self.with(LaneOp::IMul, quotient, divisor);
        self.p.op(LaneOp::ISub, &[self.a, product])
    }

    /// One if a condition on the dividend and a constant holds, else zero.
    fn one_if(&mut self, op: LaneOp, constant: u64) -> P::Value {
        let constant = self.p.constant(self.ty, self.low(constant));
        let holds = self.p.op(op, &[constant, self.a]);
        let [one, zero] = [1, 0].map(|bits| self.p.constant(self.ty, bits));
        self.p.op(LaneOp::Select, &[holds, one, zero])
    }

    fn unsigned_quotient(&mut self, divisor: u64) -> P::Value {
        let (a, width) = (self.a, self.width);
        let zeros = divisor.trailing_zeros();
        if divisor >> zeros == 1 {
            return self.with(LaneOp::UShr, a, zeros as u64);
        }
        if divisor >> (width - 1) == 1 {
            return self.one_if(LaneOp::ULe, divisor);
        }
        if let Some((multiplier, shift)) = unsigned_multiplier(width, width, divisor) {
            let upper = self.with(LaneOp::UMulHigh, a, multiplier);
            return self.with(LaneOp::UShr, upper, shift as u64);
        }
        // An even divisor: half of both, and so on. The dividend has fewer bits then.
        if zeros > 0
            && let Some((multiplier, shift)) = unsigned_multiplier(width, width - zeros, divisor >> zeros)
        {
            let smaller = self.with(LaneOp::UShr, a, zeros as u64);
            let upper = self.with(LaneOp::UMulHigh, smaller, multiplier);
            return self.with(LaneOp::UShr, upper, shift as u64);
        }
        // The multiplier has one bit more than there are: `(a + upper) >> shift` without overflow.
        let shift = width - (divisor - 1).leading_zeros().saturating_sub(64 - width);
        let multiplier = (1u128 << (width + shift)).div_ceil(divisor as u128) - (1u128 << width);
        let upper = self.with(LaneOp::UMulHigh, a, multiplier as u64);
        let rest = self.p.op(LaneOp::ISub, &[a, upper]);
        let half = self.with(LaneOp::UShr, rest, 1);
        let sum = self.p.op(LaneOp::IAdd, &[half, upper]);
        self.with(LaneOp::UShr, sum, shift as u64 - 1)
    }

    /// The dividend with so much added to negative ones that shifts round towards zero.
    fn rounded_up(&mut self, bits: u32) -> P::Value {
        let (a, width) = (self.a, self.width as u64);
        let signs = if bits == 1 { a } else { self.with(LaneOp::SShr, a, width - 1) };
        let added = self.with(LaneOp::UShr, signs, width - bits as u64);
        self.p.op(LaneOp::IAdd, &[a, added])
    }

    fn negated_if(&mut self, negate: bool, x: P::Value) -> P::Value {
        if !negate {
            return x;
        }
        let zero = self.p.constant(self.ty, 0);
        self.p.op(LaneOp::ISub, &[zero, x])
    }

    fn signed_quotient(&mut self, divisor: i64) -> P::Value {
        let (a, width) = (self.a, self.width);
        let magnitude = divisor.unsigned_abs();
        if magnitude == 1 {
            return self.negated_if(divisor < 0, a);
        }
        if magnitude == 1 << (width - 1) {
            return self.one_if(LaneOp::IEq, magnitude);
        }
        if magnitude.is_power_of_two() {
            let bits = magnitude.trailing_zeros();
            let rounded = self.rounded_up(bits);
            let quotient = self.with(LaneOp::SShr, rounded, bits as u64);
            return self.negated_if(divisor < 0, quotient);
        }
        let (multiplier, shift) = signed_multiplier(width, magnitude);
        let mut upper = self.with(LaneOp::SMulHigh, a, multiplier);
        // A multiplier that is negative as a signed number is too small by 2^width.
        if multiplier >> (width - 1) == 1 {
            upper = self.p.op(LaneOp::IAdd, &[upper, a]);
        }
        let quotient = self.with(LaneOp::SShr, upper, shift as u64);
        let signs = self.with(LaneOp::SShr, a, width as u64 - 1);
        let [from, less] = if divisor < 0 { [signs, quotient] } else { [quotient, signs] };
        self.p.op(LaneOp::ISub, &[from, less])
    }

    fn signed_remainder(&mut self, divisor: i64) -> P::Value {
        let magnitude = divisor.unsigned_abs();
        if magnitude == 1 {
            return self.p.constant(self.ty, 0);
        }
        // Remainders have the sign of the dividend, whatever that of the divisor.
        if magnitude.is_power_of_two() && magnitude < 1 << (self.width - 1) {
            let rounded = self.rounded_up(magnitude.trailing_zeros());
            let multiple = self.with(LaneOp::IAnd, rounded, magnitude.wrapping_neg());
            return self.p.op(LaneOp::ISub, &[self.a, multiple]);
        }
        let divisor = if magnitude == 1 << (self.width - 1) { divisor } else { magnitude as i64 };
        let quotient = self.signed_quotient(divisor);
        self.remainder(quotient, divisor as u64)
    }
}

/// For dividends of so many bits: a multiplier that fits the width, and the shift behind it.
fn unsigned_multiplier(width: u32, bits: u32, divisor: u64) -> Option<(u64, u32)> {
    (0..width).find_map(|shift| {
        let power = 1u128 << (width + shift);
        let multiplier = power.div_ceil(divisor as u128);
        let excess = multiplier * divisor as u128 - power;
        let fits = multiplier >> width == 0 && excess <= 1 << (width + shift - bits);
        fits.then_some((multiplier as u64, shift))
    })
}

/// For a magnitude that is no power of two: there always is one.
fn signed_multiplier(width: u32, magnitude: u64) -> (u64, u32) {
    (0..width)
        .find_map(|shift| {
            let power = 1u128 << (width + shift);
            let multiplier = power / magnitude as u128 + 1;
            let excess = multiplier * magnitude as u128 - power;
            let fits = multiplier >> width == 0 && excess <= 1 << (shift + 1);
            fits.then_some((multiplier as u64, shift))
        })
        .expect("2^shift of half the magnitude at least does")
}

/// Of the remainder of a number by `2^k` with the number's sign: the number, and the bits that are zero where the remainder
/// is.
pub(super) fn low_bits_of_remainder(build: &Builder, remainder: Value) -> Option<(Value, u64)> {
    use LaneOp::{IAdd, IAnd, ISub, UShr};
    let operands = |value: Value, op: LaneOp| match build.inst(value) {
        Inst::Op(found, operands) if *found == op => Some((operands[0], operands[1])),
        _ => None,
    };
    let (a, multiple) = operands(remainder, ISub)?;
    let (rounded, mask) = operands(multiple, IAnd)?;
    let (one, other) = operands(rounded, IAdd)?;
    let added = if one == a { other } else { one };
    let (signs, count) = operands(added, UShr)?;
    let of_a = signs == a || operands(signs, LaneOp::SShr).is_some_and(|(shifted, _)| shifted == a);
    let width = if build.ty(a) == LaneType::I32 { 32 } else { 64 };
    let low = !build.bits(mask)? & (u64::MAX >> (64 - width));
    let fits = (one == a || other == a) && of_a && (low + 1).is_power_of_two();
    (fits && build.bits(count)? == width - low.count_ones() as u64).then_some((a, low))
}

#[cfg(test)]
mod tests {
    use super::*;
    use parfuse_ir::math::{Bits, Evaluate};

    /// Numbers of few bits.
    struct Narrow(u32);

    impl Narrow {
        fn signed(&self, bits: u64) -> i64 {
            (bits << (64 - self.0)) as i64 >> (64 - self.0)
        }
    }

    impl Primitives for Narrow {
        type Value = u64;
        fn constant(&mut self, _: LaneType, bits: u64) -> u64 {
            bits & (u64::MAX >> (64 - self.0))
        }
        fn op(&mut self, op: LaneOp, operands: &[u64]) -> u64 {
            let (a, b) = (operands[0], operands[1]);
            let (signed_a, signed_b) = (self.signed(a), self.signed(b));
            let result = match op {
                LaneOp::IAdd => a.wrapping_add(b),
                LaneOp::ISub => a.wrapping_sub(b),
                LaneOp::IMul => a.wrapping_mul(b),
                LaneOp::IAnd => a & b,
                LaneOp::UShr => a >> b,
                LaneOp::SShr => (signed_a >> b) as u64,
                LaneOp::UMulHigh => (a * b) >> self.0,
                LaneOp::SMulHigh => ((signed_a * signed_b) >> self.0) as u64,
                LaneOp::IEq => (a == b) as u64,
                LaneOp::ULe => (a <= b) as u64,
                LaneOp::Select => [operands[2], b][a as usize],
                _ => unreachable!("{op}"),
            };
            self.constant(LaneType::I64, result)
        }
        fn ty(&self, _: u64) -> LaneType {
            LaneType::I64
        }
    }

    #[test]
    fn all_small_numbers_are_divided_by_all_constants() {
        for width in 3..=8 {
            let all = 1u64 << width;
            for (divisor, a) in (1..all).flat_map(|divisor| (0..all).map(move |a| (divisor, a))) {
                let p = &mut Narrow(width);
                let (signed_a, signed) = (p.signed(a), p.signed(divisor));
                let [quotient, remainder] = [signed_a.wrapping_div(signed), signed_a.wrapping_rem(signed)]
                    .map(|x| p.constant(LaneType::I64, x as u64));
                let mut division = Division { p, ty: LaneType::I64, width, a };
                let what = format!("{a} by {divisor}, {width} bits");
                assert_eq!(division.unsigned_quotient(divisor), a / divisor, "{what}");
                assert_eq!(division.signed_quotient(signed), quotient, "signed {what}");
                assert_eq!(division.signed_remainder(signed), remainder, "signed {what}");
            }
        }
    }

    #[test]
    fn hard_numbers_are_divided_by_hard_constants() {
        for (ty, width) in [(LaneType::I32, 32), (LaneType::I64, 64)] {
            let mut divisors: Vec<u64> =
                (1..300).chain([641, 1000, 6_700_417, 1_000_000_007, 10_000_000_000]).collect();
            divisors.extend(
                (1..width).flat_map(|bits| {
                    [-3i64, -1, 0, 1, 3].map(|more| (1u64 << bits).wrapping_add_signed(more))
                }),
            );
            divisors.extend(divisors.clone().iter().map(|divisor| divisor.wrapping_neg()));
            for divisor in divisors {
                let divisor = divisor & (u64::MAX >> (64 - width));
                let multiples =
                    (0..64).map(|bits| ((u64::MAX >> bits) / divisor.max(1)).wrapping_mul(divisor));
                let near = multiples
                    .flat_map(|multiple| [-1i64, 0, 1].map(|more| multiple.wrapping_add_signed(more)));
                let near: Vec<u64> =
                    near.chain([0, 1, u64::MAX, 1 << (width - 1), (1 << (width - 1)) - 1]).collect();
                for a in near.iter().flat_map(|a| [*a, a.wrapping_neg()]) {
                    let bits = a & (u64::MAX >> (64 - width));
                    for op in [LaneOp::UDiv, LaneOp::URem, LaneOp::SDiv, LaneOp::SRem] {
                        let expected = op.eval(ty, &[bits, divisor]);
                        let found = by_constant(&mut Evaluate, op, Bits { ty, bits }, divisor);
                        let found = found.map_or(0, |found| found.bits);
                        assert_eq!(found, expected, "{op} of {bits:#x} by {divisor:#x}, {ty}");
                    }
                }
            }
        }
    }
}
