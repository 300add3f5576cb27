//! Methods of integers that say whether their result fits, beside those of operators: shifts, Euclid's divisions, powers.
//!
//! ```text
//! a.checked_shl(k)           if k < width { Some(a << k) } else { None }
//! a.checked_rem_euclid(b)    if b != 0 && a % b fits { Some(…) } else { None }        of b, or of 1 where it is none
//! a.checked_pow(n)           squares and products as they wrap, with whether all that are needed fit
//! ```

use crate::errors::{At, Step};
use crate::state::{Kind, State, Ty};
use parfuse_ir::program::{Stmt, Value};
use parfuse_ir::{DType, Scalar, ScalarOp};

impl State {
    /// A result, and whether it is in range, as a tuple that says the opposite.
    fn with_overflow(&mut self, result: Value, ok: Value, at: At) -> Step<Kind> {
        let wrapped = self.op(ScalarOp::Not, &[ok], at)?;
        Ok(Kind::Tuple(vec![self.handle(Kind::Plain(result)), self.handle(Kind::Plain(wrapped))].into()))
    }

    pub(crate) fn checked_abs(&mut self, receiver: u32, _: &[u32], at: At) -> Step<Kind> {
        let value = self.scalar(receiver, "`checked_abs`", at)?;
        self.checked(ScalarOp::Abs, &[value], "`checked_abs`", at)
    }

    pub(crate) fn overflowing_neg(&mut self, receiver: u32, _: &[u32], at: At) -> Step<Kind> {
        let value = self.scalar(receiver, "`overflowing_neg`", at)?;
        let zero = self.small(0, value, at);
        let (result, ok, _) = self.with_limits(ScalarOp::Sub, &[zero, value], "`overflowing_neg`", at)?;
        self.with_overflow(result, ok, at)
    }

    /// The opposite, or the absolute value, of which that of the least number is beyond the greatest one.
    fn saturated_magnitude(&mut self, op: ScalarOp, value: Value, at: At) -> Step<Value> {
        let (result, ok, dtype) = self.with_limits(op, &[value], "a saturating operation", at)?;
        let greatest = self.constant(dtype.greatest(), at);
        self.op(ScalarOp::Select, &[ok, result, greatest], at)
    }

    pub(crate) fn saturating_neg(&mut self, value: Value, _: &[Value], at: At) -> Step<Value> {
        self.saturated_magnitude(ScalarOp::Neg, value, at)
    }

    pub(crate) fn saturating_abs(&mut self, value: Value, _: &[Value], at: At) -> Step<Value> {
        self.saturated_magnitude(ScalarOp::Abs, value, at)
    }

    /// What is shifted by a count modulo the width, and whether the count is below the width.
    fn shifted_within(&mut self, op: ScalarOp, receiver: u32, args: &[u32], at: At) -> Step<(Value, Value)> {
        let value = self.scalar(receiver, "a shift", at)?;
        let count = self.scalar(args[0], "the count of a shift", at)?;
        self.unify_known(count, DType::U32, "the count of a shift")?;
        let dtype = self.settled(value, "a shift")?;
        let width = self.constant(Scalar::U32(dtype.bits()), at);
        let ok = self.op(ScalarOp::Lt, &[count, width], at)?;
        let result = self.wrapping_shift(op, value, count, at)?;
        Ok((result, ok))
    }

    pub(crate) fn checked_shl(&mut self, receiver: u32, args: &[u32], at: At) -> Step<Kind> {
        let (result, ok) = self.shifted_within(ScalarOp::Shl, receiver, args, at)?;
        Ok(self.maybe(ok, Kind::Plain(result)))
    }

    pub(crate) fn checked_shr(&mut self, receiver: u32, args: &[u32], at: At) -> Step<Kind> {
        let (result, ok) = self.shifted_within(ScalarOp::Shr, receiver, args, at)?;
        Ok(self.maybe(ok, Kind::Plain(result)))
    }

    pub(crate) fn overflowing_shl(&mut self, receiver: u32, args: &[u32], at: At) -> Step<Kind> {
        let (result, ok) = self.shifted_within(ScalarOp::Shl, receiver, args, at)?;
        self.with_overflow(result, ok, at)
    }

    pub(crate) fn overflowing_shr(&mut self, receiver: u32, args: &[u32], at: At) -> Step<Kind> {
        let (result, ok) = self.shifted_within(ScalarOp::Shr, receiver, args, at)?;
        self.with_overflow(result, ok, at)
    }

    /// The receiver, the argument, or 1 where there is no quotient by it, and whether there is one.
    fn possible_division(
        &mut self,
        receiver: u32,
        args: &[u32],
        what: &str,
        at: At,
    ) -> Step<(Value, Value, Value)> {
        let [value, divisor] = self.two(receiver, args, what, at)?;
        let (_, fits, _) = self.with_limits(ScalarOp::Rem, &[value, divisor], what, at)?;
        let [zero, one] = [0, 1].map(|number| self.small(number, value, at));
        let divides = self.op(ScalarOp::Ne, &[divisor, zero], at)?;
        let ok = self.op(ScalarOp::And, &[divides, fits], at)?;
        let divisor = self.op(ScalarOp::Select, &[ok, divisor, one], at)?;
        Ok((value, divisor, ok))
    }

    pub(crate) fn checked_div_euclid(&mut self, receiver: u32, args: &[u32], at: At) -> Step<Kind> {
        let (value, divisor, ok) = self.possible_division(receiver, args, "`checked_div_euclid`", at)?;
        let quotient = self.div_euclid(value, &[divisor], at)?;
        Ok(self.maybe(ok, Kind::Plain(quotient)))
    }

    pub(crate) fn checked_rem_euclid(&mut self, receiver: u32, args: &[u32], at: At) -> Step<Kind> {
        let (value, divisor, ok) = self.possible_division(receiver, args, "`checked_rem_euclid`", at)?;
        let remainder = self.rem_euclid(value, &[divisor], at)?;
        Ok(self.maybe(ok, Kind::Plain(remainder)))
    }

    /// A multiple that wraps around is below the number.
    pub(crate) fn checked_next_multiple_of(&mut self, receiver: u32, args: &[u32], at: At) -> Step<Kind> {
        let what = "`checked_next_multiple_of`";
        let (value, divisor, ok) = self.possible_division(receiver, args, what, at)?;
        let multiple = self.next_multiple_of(value, &[divisor], at)?;
        let fits = self.op(ScalarOp::Ge, &[multiple, value], at)?;
        let ok = self.op(ScalarOp::And, &[ok, fits], at)?;
        Ok(self.maybe(ok, Kind::Plain(multiple)))
    }

    /// The power of two that is one too large wraps to zero.
    pub(crate) fn checked_next_power_of_two(&mut self, receiver: u32, _: &[u32], at: At) -> Step<Kind> {
        let value = self.scalar(receiver, "`checked_next_power_of_two`", at)?;
        let power = self.next_power_of_two(value, &[], at)?;
        let zero = self.small(0, value, at);
        let ok = self.op(ScalarOp::Ne, &[power, zero], at)?;
        Ok(self.maybe(ok, Kind::Plain(power)))
    }

    pub(crate) fn checked_pow(&mut self, receiver: u32, args: &[u32], at: At) -> Step<Kind> {
        let (power, ok, _) = self.power_of_handles(receiver, args, at)?;
        Ok(self.maybe(ok, Kind::Plain(power)))
    }

    pub(crate) fn overflowing_pow(&mut self, receiver: u32, args: &[u32], at: At) -> Step<Kind> {
        let (power, ok, _) = self.power_of_handles(receiver, args, at)?;
        self.with_overflow(power, ok, at)
    }

    /// Beyond the range a power has the sign of its base if the exponent is odd.
    pub(crate) fn saturating_pow(&mut self, base: Value, args: &[Value], at: At) -> Step<Value> {
        let (power, ok, dtype) = self.power_with_limits(base, args[0], at)?;
        let [least, greatest] = [dtype.least(), dtype.greatest()].map(|limit| self.constant(limit, at));
        let mut limit = greatest;
        if dtype.is_signed() {
            let [zero, one] = [0, 1].map(|number| self.small(number, args[0], at));
            let low = self.op(ScalarOp::And, &[args[0], one], at)?;
            let is_odd = self.op(ScalarOp::Ne, &[low, zero], at)?;
            let is_negative = self.negative(base, &[], at)?;
            let is_below = self.op(ScalarOp::And, &[is_odd, is_negative], at)?;
            limit = self.op(ScalarOp::Select, &[is_below, least, greatest], at)?;
        }
        self.op(ScalarOp::Select, &[ok, power, limit], at)
    }

    fn power_of_handles(&mut self, receiver: u32, args: &[u32], at: At) -> Step<(Value, Value, DType)> {
        let base = self.scalar(receiver, "the base of a power", at)?;
        let exponent = self.scalar(args[0], "the exponent of a power", at)?;
        self.unify_known(exponent, DType::U32, "the exponent of a power")?;
        self.power_with_limits(base, exponent, at)
    }

    /// A power as it wraps, and whether it fits: whether all products do, and all squares that are factors of a product.
    fn power_with_limits(&mut self, base: Value, exponent: Value, at: At) -> Step<(Value, Value, DType)> {
        let dtype = self.settled(base, "the base of a power")?;
        let (ty, of_exponent) = (self.ty(base), self.ty(exponent));
        let truth = Ty { dtype: self.types.known(DType::Bool), rank: None, of_arrays: false };
        let [power, square] = ["power", "square"].map(|name| self.new_var(name, ty, None));
        let rest = self.new_var("exponent", of_exponent, None);
        let fits = self.new_var("fits", truth, None);
        let one = self.small(1, base, at);
        let yes = self.bool_constant(true, at);
        self.set_var(power, one);
        self.set_var(square, base);
        self.set_var(rest, exponent);
        self.set_var(fits, yes);
        let [none, bit] = [0, 1].map(|number| self.small(number, exponent, at));

        self.open();
        let present = self.read_var(rest, at)?;
        let cond = self.op(ScalarOp::Gt, &[present, none], at)?;
        let header = self.close();

        self.open();
        let present = self.read_var(rest, at)?;
        let low = self.op(ScalarOp::And, &[present, bit], at)?;
        let is_even = self.op(ScalarOp::Eq, &[low, none], at)?;
        let (product, factor) = (self.read_var(power, at)?, self.read_var(square, at)?);
        let (multiplied, product_fits, _) =
            self.with_limits(ScalarOp::Mul, &[product, factor], "a power", at)?;
        let chosen = self.op(ScalarOp::Select, &[is_even, product, multiplied], at)?;
        self.set_var(power, chosen);
        let halved = self.op(ScalarOp::Shr, &[present, bit], at)?;
        let is_last = self.op(ScalarOp::Eq, &[halved, none], at)?;
        let (squared, square_fits, _) = self.with_limits(ScalarOp::Mul, &[factor, factor], "a power", at)?;
        self.set_var(square, squared);
        self.set_var(rest, halved);
        let product_fits = self.op(ScalarOp::Or, &[is_even, product_fits], at)?;
        let square_fits = self.op(ScalarOp::Or, &[is_last, square_fits], at)?;
        let before = self.read_var(fits, at)?;
        let both = self.op(ScalarOp::And, &[product_fits, square_fits], at)?;
        let so_far = self.op(ScalarOp::And, &[before, both], at)?;
        self.set_var(fits, so_far);
        let body = self.close();

        self.push(Stmt::While { header, cond, body });
        let (power, fits) = (self.read_var(power, at)?, self.read_var(fits, at)?);
        Ok((power, fits, dtype))
    }
}
