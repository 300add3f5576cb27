//! Methods of integers that look at their bits, in terms of operations.
//!
//! ```text
//! x.count_ones()        pairs, fours and bytes of bits are added up beside each other, then the bytes
//! x.leading_zeros()     the bits that are not set when all below the highest one are
//! x.rotate_left(k)      x << k | x >> (width - k)         of the type without a sign
//! ```
//!
//! An integer with a sign is taken for the one without that has its bits. Every composition gives what Rust's method
//! gives for every operand.

use crate::errors::{At, Step};
use crate::state::{Kind, State};
use parfuse_ir::program::Value;
use parfuse_ir::{DType, ScalarOp};

/// Integers as bits: the value without a sign, and its type.
impl State {
    /// The same bits as an integer without a sign, and its type.
    pub(crate) fn bits(&mut self, value: Value, what: &str, at: At) -> Step<(Value, DType)> {
        let dtype = self.settled(value, what)?.without_sign();
        let target = self.types.known(dtype);
        Ok((self.cast(value, target, at)?, dtype))
    }

    /// The same bits in the type of another integer.
    fn as_type_of(&mut self, value: Value, like: Value, at: At) -> Step<Value> {
        let dtype = self.ty(like).dtype;
        self.cast(value, dtype, at)
    }

    /// A count of bits, which is a `u32`.
    fn as_count(&mut self, value: Value, at: At) -> Step<Value> {
        let dtype = self.types.known(DType::U32);
        self.cast(value, dtype, at)
    }

    /// A number of this type, of which the bits beyond the width are left out.
    fn pattern(&mut self, bits: u64, dtype: DType, at: At) -> Value {
        let kept = bits & (u64::MAX >> (64 - dtype.bits()));
        let scalar = dtype.integer(kept.into()).expect("as many bits as the type has");
        self.constant(scalar, at)
    }

    pub(crate) fn shifted(
        &mut self,
        op: ScalarOp,
        value: Value,
        by: u32,
        dtype: DType,
        at: At,
    ) -> Step<Value> {
        let by = self.pattern(by.into(), dtype, at);
        self.op(op, &[value, by], at)
    }

    fn masked(&mut self, value: Value, mask: u64, dtype: DType, at: At) -> Step<Value> {
        let mask = self.pattern(mask, dtype, at);
        self.op(ScalarOp::And, &[value, mask], at)
    }

    /// How many bits of an integer without a sign are set: Henry S. Warren, Hacker's Delight, 5-1.
    fn population(&mut self, bits: Value, dtype: DType, at: At) -> Step<Value> {
        let upper = self.shifted(ScalarOp::Shr, bits, 1, dtype, at)?;
        let upper = self.masked(upper, 0x5555_5555_5555_5555, dtype, at)?;
        let pairs = self.op(ScalarOp::Sub, &[bits, upper], at)?;
        let lower = self.masked(pairs, 0x3333_3333_3333_3333, dtype, at)?;
        let upper = self.shifted(ScalarOp::Shr, pairs, 2, dtype, at)?;
        let upper = self.masked(upper, 0x3333_3333_3333_3333, dtype, at)?;
        let fours = self.op(ScalarOp::Add, &[lower, upper], at)?;
        let upper = self.shifted(ScalarOp::Shr, fours, 4, dtype, at)?;
        let sum = self.op(ScalarOp::Add, &[fours, upper], at)?;
        let mut bytes = self.masked(sum, 0x0f0f_0f0f_0f0f_0f0f, dtype, at)?;
        let mut by = 8;
        while by < dtype.bits() {
            let upper = self.shifted(ScalarOp::Shr, bytes, by, dtype, at)?;
            bytes = self.op(ScalarOp::Add, &[bytes, upper], at)?;
            by *= 2;
        }
        let count = self.masked(bytes, 0x7f, dtype, at)?;
        self.as_count(count, at)
    }

    /// The bits with all set that are below the highest one.
    fn filled_below(&mut self, mut bits: Value, dtype: DType, at: At) -> Step<Value> {
        let mut by = 1;
        while by < dtype.bits() {
            let upper = self.shifted(ScalarOp::Shr, bits, by, dtype, at)?;
            bits = self.op(ScalarOp::Or, &[bits, upper], at)?;
            by *= 2;
        }
        Ok(bits)
    }

    fn zeros_in_front(&mut self, bits: Value, dtype: DType, at: At) -> Step<Value> {
        let filled = self.filled_below(bits, dtype, at)?;
        let rest = self.op(ScalarOp::Not, &[filled], at)?;
        self.population(rest, dtype, at)
    }

    fn zeros_behind(&mut self, bits: Value, dtype: DType, at: At) -> Step<Value> {
        let one = self.pattern(1, dtype, at);
        let before = self.op(ScalarOp::Sub, &[bits, one], at)?;
        let others = self.op(ScalarOp::Not, &[bits], at)?;
        let below = self.op(ScalarOp::And, &[others, before], at)?;
        self.population(below, dtype, at)
    }

    pub(crate) fn count_ones(&mut self, value: Value, _: &[Value], at: At) -> Step<Value> {
        let (bits, dtype) = self.bits(value, "`count_ones`", at)?;
        self.population(bits, dtype, at)
    }

    pub(crate) fn count_zeros(&mut self, value: Value, _: &[Value], at: At) -> Step<Value> {
        let inverse = self.op(ScalarOp::Not, &[value], at)?;
        self.count_ones(inverse, &[], at)
    }

    pub(crate) fn leading_zeros(&mut self, value: Value, _: &[Value], at: At) -> Step<Value> {
        let (bits, dtype) = self.bits(value, "`leading_zeros`", at)?;
        self.zeros_in_front(bits, dtype, at)
    }

    pub(crate) fn leading_ones(&mut self, value: Value, _: &[Value], at: At) -> Step<Value> {
        let inverse = self.op(ScalarOp::Not, &[value], at)?;
        self.leading_zeros(inverse, &[], at)
    }

    pub(crate) fn trailing_zeros(&mut self, value: Value, _: &[Value], at: At) -> Step<Value> {
        let (bits, dtype) = self.bits(value, "`trailing_zeros`", at)?;
        self.zeros_behind(bits, dtype, at)
    }

    pub(crate) fn trailing_ones(&mut self, value: Value, _: &[Value], at: At) -> Step<Value> {
        let inverse = self.op(ScalarOp::Not, &[value], at)?;
        self.trailing_zeros(inverse, &[], at)
    }

    pub(crate) fn is_power_of_two(&mut self, value: Value, _: &[Value], at: At) -> Step<Value> {
        let [zero, one] = [0, 1].map(|number| self.small(number, value, at));
        let before = self.op(ScalarOp::Sub, &[value, one], at)?;
        let others = self.op(ScalarOp::And, &[value, before], at)?;
        let at_most_one = self.op(ScalarOp::Eq, &[others, zero], at)?;
        let at_least_one = self.op(ScalarOp::Ne, &[value, zero], at)?;
        self.op(ScalarOp::And, &[at_least_one, at_most_one], at)
    }

    pub(crate) fn next_power_of_two(&mut self, value: Value, _: &[Value], at: At) -> Step<Value> {
        let dtype = self.settled(value, "`next_power_of_two`")?;
        let [zero, one] = [0, 1].map(|number| self.pattern(number, dtype, at));
        let before = self.op(ScalarOp::Sub, &[value, one], at)?;
        let filled = self.filled_below(before, dtype, at)?;
        let next = self.op(ScalarOp::Add, &[filled, one], at)?;
        let is_zero = self.op(ScalarOp::Eq, &[value, zero], at)?;
        self.op(ScalarOp::Select, &[is_zero, one, next], at)
    }

    pub(crate) fn ilog2(&mut self, value: Value, _: &[Value], at: At) -> Step<Value> {
        self.refuse_unless_positive(value, at)?;
        self.position_of_highest(value, at)
    }

    pub(crate) fn checked_ilog2(&mut self, receiver: u32, _: &[u32], at: At) -> Step<Kind> {
        let value = self.read(receiver, at)?;
        let present = self.positive(value, &[], at)?;
        let position = self.position_of_highest(value, at)?;
        Ok(self.maybe(present, Kind::Plain(position)))
    }

    fn position_of_highest(&mut self, value: Value, at: At) -> Step<Value> {
        let (bits, dtype) = self.bits(value, "`ilog2`", at)?;
        let rest = self.zeros_in_front(bits, dtype, at)?;
        let last = self.small(dtype.bits() as i32 - 1, rest, at);
        self.op(ScalarOp::Sub, &[last, rest], at)
    }

    /// How many of the powers of ten above one are not above it.
    pub(crate) fn ilog10(&mut self, value: Value, _: &[Value], at: At) -> Step<Value> {
        self.refuse_unless_positive(value, at)?;
        let dtype = self.settled(value, "`ilog10`")?;
        let count = self.types.known(DType::U32);
        let zero = self.constant(DType::U32.zero(), at);
        let mut sum = zero;
        let powers = (1..).map_while(|exponent| dtype.integer(10i128.pow(exponent)));
        for power in powers {
            let power = self.constant(power, at);
            let reached = self.op(ScalarOp::Ge, &[value, power], at)?;
            let reached = self.cast(reached, count, at)?;
            sum = self.op(ScalarOp::Add, &[sum, reached], at)?;
        }
        Ok(sum)
    }

    fn refuse_unless_positive(&mut self, value: Value, at: At) -> Step<()> {
        let is_positive = self.positive(value, &[], at)?;
        self.assert_value(is_positive, "argument of integer logarithm must be positive", at);
        Ok(())
    }

    pub(crate) fn rotate_left(&mut self, value: Value, args: &[Value], at: At) -> Step<Value> {
        self.rotated(value, args[0], [ScalarOp::Shl, ScalarOp::Shr], at)
    }

    pub(crate) fn rotate_right(&mut self, value: Value, args: &[Value], at: At) -> Step<Value> {
        self.rotated(value, args[0], [ScalarOp::Shr, ScalarOp::Shl], at)
    }

    /// What is shifted by a count, and by what that leaves of the width. Both counts are below it.
    fn rotated(&mut self, value: Value, count: Value, shifts: [ScalarOp; 2], at: At) -> Step<Value> {
        let (bits, dtype) = self.bits(value, "a rotation", at)?;
        let count = self.below_width(count, bits, dtype, at)?;
        let zero = self.pattern(0, dtype, at);
        let other = self.op(ScalarOp::Sub, &[zero, count], at)?;
        let other = self.masked(other, u64::from(dtype.bits() - 1), dtype, at)?;
        let leaving = self.op(shifts[0], &[bits, count], at)?;
        let entering = self.op(shifts[1], &[bits, other], at)?;
        let rotated = self.op(ScalarOp::Or, &[leaving, entering], at)?;
        self.as_type_of(rotated, value, at)
    }

    /// A count modulo the width, in the type of what is shifted.
    fn below_width(&mut self, count: Value, like: Value, dtype: DType, at: At) -> Step<Value> {
        let count = self.as_type_of(count, like, at)?;
        self.masked(count, u64::from(dtype.bits() - 1), dtype, at)
    }

    pub(crate) fn wrapping_shl(&mut self, value: Value, args: &[Value], at: At) -> Step<Value> {
        self.wrapping_shift(ScalarOp::Shl, value, args[0], at)
    }

    pub(crate) fn wrapping_shr(&mut self, value: Value, args: &[Value], at: At) -> Step<Value> {
        self.wrapping_shift(ScalarOp::Shr, value, args[0], at)
    }

    pub(crate) fn wrapping_shift(&mut self, op: ScalarOp, value: Value, count: Value, at: At) -> Step<Value> {
        let dtype = self.settled(value, "a shift")?;
        let count = self.below_width(count, value, dtype, at)?;
        self.op(op, &[value, count], at)
    }

    pub(crate) fn swap_bytes(&mut self, value: Value, _: &[Value], at: At) -> Step<Value> {
        self.exchanged(value, 8, at)
    }

    pub(crate) fn reverse_bits(&mut self, value: Value, _: &[Value], at: At) -> Step<Value> {
        self.exchanged(value, 1, at)
    }

    /// Neighbours of so many bits change places, then those of twice as many, up to the halves.
    fn exchanged(&mut self, value: Value, least: u32, at: At) -> Step<Value> {
        let (mut bits, dtype) = self.bits(value, "the order of bits", at)?;
        let mut by = least;
        while by < dtype.bits() {
            // The lower ones of all pairs of neighbours.
            let mask = u64::MAX / ((1 << by) + 1);
            let upper = self.shifted(ScalarOp::Shr, bits, by, dtype, at)?;
            let upper = self.masked(upper, mask, dtype, at)?;
            let lower = self.masked(bits, mask, dtype, at)?;
            let lower = self.shifted(ScalarOp::Shl, lower, by, dtype, at)?;
            bits = self.op(ScalarOp::Or, &[upper, lower], at)?;
            by *= 2;
        }
        self.as_type_of(bits, value, at)
    }
}
