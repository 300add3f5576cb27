//! Integers at the limits of their types: whether an operation stays within them, and the methods that say what else to do.
//!
//! ```text
//! a + b fits       ge and (xor a, s), (xor b, s), 0       numbers with a sign, of the sum s
//!                  ge s, a                                others
//! a * 3 fits       and (ge a, MIN / 3), (le a, MAX / 3)
//! a.checked_add(b)      if a + b fits { Some(a + b) } else { None }
//! a.saturating_add(b)   if a + b fits { a + b } else if a < 0 { MIN } else { MAX }
//! ```
//!
//! Kernels that check their integers ask the same of their operators, when all types are known (`overflow.rs`).

use crate::errors::{At, Step};
use crate::state::{Kind, State};
use parfuse_ir::program::Value;
use parfuse_ir::{DType, Scalar, ScalarOp};

/// Who writes operations on integers of known types.
pub(crate) trait Operations {
    fn operation(&mut self, op: ScalarOp, operands: [Value; 2]) -> Step<Value>;
    fn conversion(&mut self, value: Value, dtype: DType) -> Step<Value>;
    fn number(&mut self, scalar: Scalar) -> Value;
    /// The integer that a value is, if that is known.
    fn known(&self, value: Value) -> Option<i128>;
}

/// Whether the result of an operation on integers of a type is in its range; nothing if it always is.
pub(crate) fn fits(
    to: &mut impl Operations,
    op: ScalarOp,
    dtype: DType,
    operands: &[Value],
    result: Value,
) -> Step<Option<Value>> {
    let first = operands[0];
    let ok = match (op, operands.get(1)) {
        (ScalarOp::Add | ScalarOp::Sub, Some(&second)) => sum_fits(to, op, dtype, [first, second, result])?,
        (ScalarOp::Mul, Some(&second)) => product_fits(to, dtype, [first, second, result])?,
        (ScalarOp::Neg | ScalarOp::Abs, None) if dtype.is_signed() => {
            let least = to.number(dtype.least());
            to.operation(ScalarOp::Ne, [first, least])?
        }
        (ScalarOp::Div | ScalarOp::Rem, Some(&second)) if dtype.is_signed() => {
            let (least, minus_one) = (to.number(dtype.least()), integer(to, -1, dtype));
            let in_range = to.operation(ScalarOp::Ne, [first, least])?;
            let other = to.operation(ScalarOp::Ne, [second, minus_one])?;
            to.operation(ScalarOp::Or, [in_range, other])?
        }
        (ScalarOp::Shl | ScalarOp::Shr, Some(&count)) => {
            let (zero, bits) = (to.number(dtype.zero()), integer(to, dtype.bits().into(), dtype));
            let positive = to.operation(ScalarOp::Ge, [count, zero])?;
            let below = to.operation(ScalarOp::Lt, [count, bits])?;
            to.operation(ScalarOp::And, [positive, below])?
        }
        _ => return Ok(None),
    };
    Ok(Some(ok))
}

/// A sum has left the range if its sign is that of neither term, a difference if the signs differ and it has not that of
/// the first. Numbers without a sign wrap around.
fn sum_fits(
    to: &mut impl Operations,
    op: ScalarOp,
    dtype: DType,
    [first, second, result]: [Value; 3],
) -> Step<Value> {
    if dtype.is_unsigned() {
        let (large, small) = if op == ScalarOp::Add { (result, first) } else { (first, second) };
        return to.operation(ScalarOp::Ge, [large, small]);
    }
    let with_first = to.operation(ScalarOp::Xor, [first, result])?;
    let other = match op {
        ScalarOp::Add => to.operation(ScalarOp::Xor, [second, result])?,
        _ => to.operation(ScalarOp::Xor, [first, second])?,
    };
    let signs = to.operation(ScalarOp::And, [with_first, other])?;
    let zero = to.number(dtype.zero());
    to.operation(ScalarOp::Ge, [signs, zero])
}

fn product_fits(to: &mut impl Operations, dtype: DType, [first, second, result]: [Value; 3]) -> Step<Value> {
    for (factor, other) in [(second, first), (first, second)] {
        if let Some(factor) = to.known(factor) {
            return multiple_fits(to, dtype, factor, other);
        }
    }
    if dtype.bits() <= 32 {
        let wide = if dtype.is_signed() { DType::I64 } else { DType::U64 };
        let (first, second) = (to.conversion(first, wide)?, to.conversion(second, wide)?);
        let result = to.conversion(result, wide)?;
        let product = to.operation(ScalarOp::Mul, [first, second])?;
        return to.operation(ScalarOp::Eq, [product, result]);
    }
    // What the quotient of the product is not is lost; that by zero is zero.
    let zero = to.number(dtype.zero());
    let none = to.operation(ScalarOp::Eq, [first, zero])?;
    let quotient = to.operation(ScalarOp::Div, [result, first])?;
    let mut same = to.operation(ScalarOp::Eq, [quotient, second])?;
    if dtype.is_signed() {
        let (least, minus_one) = (to.number(dtype.least()), integer(to, -1, dtype));
        let in_range = to.operation(ScalarOp::Ne, [second, least])?;
        let other = to.operation(ScalarOp::Ne, [first, minus_one])?;
        let fits = to.operation(ScalarOp::Or, [in_range, other])?;
        same = to.operation(ScalarOp::And, [same, fits])?;
    }
    to.operation(ScalarOp::Or, [none, same])
}

/// Of a number times a constant: whether the number is between the quotients of the limits.
fn multiple_fits(to: &mut impl Operations, dtype: DType, factor: i128, number: Value) -> Step<Value> {
    let limit = |limit: Scalar| limit.as_integer().expect("of an integer type");
    let (least, greatest) = (limit(dtype.least()), limit(dtype.greatest()));
    // Both are rounded towards zero, which is inside of the range.
    let (low, high) = match factor {
        0 => (least, greatest),
        1.. => (least / factor, greatest / factor),
        _ => (greatest / factor, (least / factor).min(greatest)),
    };
    let (low, high) = (integer(to, low, dtype), integer(to, high, dtype));
    let above = to.operation(ScalarOp::Ge, [number, low])?;
    let below = to.operation(ScalarOp::Le, [number, high])?;
    to.operation(ScalarOp::And, [above, below])
}

fn integer(to: &mut impl Operations, number: i128, dtype: DType) -> Value {
    to.number(dtype.integer(number).expect("a limit of the type"))
}

/// A tracer, at a place.
struct Here<'s> {
    state: &'s mut State,
    at: At,
}

impl Operations for Here<'_> {
    fn operation(&mut self, op: ScalarOp, operands: [Value; 2]) -> Step<Value> {
        self.state.op(op, &operands, self.at)
    }
    fn conversion(&mut self, value: Value, dtype: DType) -> Step<Value> {
        let dtype = self.state.types.known(dtype);
        self.state.cast(value, dtype, self.at)
    }
    fn number(&mut self, scalar: Scalar) -> Value {
        self.state.constant(scalar, self.at)
    }
    fn known(&self, value: Value) -> Option<i128> {
        self.state.known_integer(value)
    }
}

impl State {
    /// The result of an operation as it wraps, whether it is in range, and the type.
    pub(crate) fn with_limits(
        &mut self,
        op: ScalarOp,
        operands: &[Value],
        what: &str,
        at: At,
    ) -> Step<(Value, Value, DType)> {
        let dtype = self.settled(operands[0], what)?;
        let result = self.op(op, operands, at)?;
        let ok = fits(&mut Here { state: self, at }, op, dtype, operands, result)?;
        let ok = ok.unwrap_or_else(|| self.bool_constant(true, at));
        Ok((result, ok, dtype))
    }

    /// The receiver and the argument, of one type.
    pub(crate) fn two(&mut self, receiver: u32, args: &[u32], what: &str, at: At) -> Step<[Value; 2]> {
        let value = self.scalar(receiver, what, at)?;
        let other = self.scalar(args[0], &format!("the argument of {what}"), at)?;
        let (expected, found) = (self.ty(value).dtype, self.ty(other).dtype);
        self.unify(expected, found, &format!("the argument of {what}"))?;
        Ok([value, other])
    }

    pub(crate) fn checked(&mut self, op: ScalarOp, operands: &[Value], what: &str, at: At) -> Step<Kind> {
        let (result, ok, _) = self.with_limits(op, operands, what, at)?;
        Ok(self.maybe(ok, Kind::Plain(result)))
    }

    pub(crate) fn checked_add(&mut self, receiver: u32, args: &[u32], at: At) -> Step<Kind> {
        let operands = self.two(receiver, args, "`checked_add`", at)?;
        self.checked(ScalarOp::Add, &operands, "`checked_add`", at)
    }

    pub(crate) fn checked_sub(&mut self, receiver: u32, args: &[u32], at: At) -> Step<Kind> {
        let operands = self.two(receiver, args, "`checked_sub`", at)?;
        self.checked(ScalarOp::Sub, &operands, "`checked_sub`", at)
    }

    pub(crate) fn checked_mul(&mut self, receiver: u32, args: &[u32], at: At) -> Step<Kind> {
        let operands = self.two(receiver, args, "`checked_mul`", at)?;
        self.checked(ScalarOp::Mul, &operands, "`checked_mul`", at)
    }

    pub(crate) fn checked_div(&mut self, receiver: u32, args: &[u32], at: At) -> Step<Kind> {
        self.divided_if_possible(ScalarOp::Div, receiver, args, "`checked_div`", at)
    }

    pub(crate) fn checked_rem(&mut self, receiver: u32, args: &[u32], at: At) -> Step<Kind> {
        self.divided_if_possible(ScalarOp::Rem, receiver, args, "`checked_rem`", at)
    }

    fn divided_if_possible(
        &mut self,
        op: ScalarOp,
        receiver: u32,
        args: &[u32],
        what: &str,
        at: At,
    ) -> Step<Kind> {
        let operands = self.two(receiver, args, what, at)?;
        let (result, ok, _) = self.with_limits(op, &operands, what, at)?;
        let zero = self.small(0, operands[1], at);
        let divides = self.op(ScalarOp::Ne, &[operands[1], zero], at)?;
        let present = self.op(ScalarOp::And, &[divides, ok], at)?;
        Ok(self.maybe(present, Kind::Plain(result)))
    }

    pub(crate) fn checked_neg(&mut self, receiver: u32, _: &[u32], at: At) -> Step<Kind> {
        let value = self.scalar(receiver, "`checked_neg`", at)?;
        let zero = self.small(0, value, at);
        self.checked(ScalarOp::Sub, &[zero, value], "`checked_neg`", at)
    }

    fn overflowing(&mut self, op: ScalarOp, receiver: u32, args: &[u32], what: &str, at: At) -> Step<Kind> {
        let operands = self.two(receiver, args, what, at)?;
        let (result, ok, _) = self.with_limits(op, &operands, what, at)?;
        let wrapped = self.op(ScalarOp::Not, &[ok], at)?;
        Ok(Kind::Tuple(vec![self.handle(Kind::Plain(result)), self.handle(Kind::Plain(wrapped))].into()))
    }

    pub(crate) fn overflowing_add(&mut self, receiver: u32, args: &[u32], at: At) -> Step<Kind> {
        self.overflowing(ScalarOp::Add, receiver, args, "`overflowing_add`", at)
    }

    pub(crate) fn overflowing_sub(&mut self, receiver: u32, args: &[u32], at: At) -> Step<Kind> {
        self.overflowing(ScalarOp::Sub, receiver, args, "`overflowing_sub`", at)
    }

    pub(crate) fn overflowing_mul(&mut self, receiver: u32, args: &[u32], at: At) -> Step<Kind> {
        self.overflowing(ScalarOp::Mul, receiver, args, "`overflowing_mul`", at)
    }

    /// The result, or the limit on the side where it left the range. `below` says whether it did so below.
    fn saturated(
        &mut self,
        op: ScalarOp,
        operands: [Value; 2],
        below: fn(&mut State, [Value; 2], At) -> Step<Value>,
        at: At,
    ) -> Step<Value> {
        let (result, ok, dtype) = self.with_limits(op, &operands, "a saturating operation", at)?;
        let [least, greatest] = [dtype.least(), dtype.greatest()].map(|limit| self.constant(limit, at));
        let limit = match (dtype.is_signed(), op) {
            (true, _) => {
                let below = below(self, operands, at)?;
                self.op(ScalarOp::Select, &[below, least, greatest], at)?
            }
            (false, ScalarOp::Sub) => least,
            (false, _) => greatest,
        };
        self.op(ScalarOp::Select, &[ok, result, limit], at)
    }

    /// A sum or difference that leaves the range does so on the side of its first term.
    fn first_is_negative(&mut self, operands: [Value; 2], at: At) -> Step<Value> {
        self.negative(operands[0], &[], at)
    }

    fn signs_differ(&mut self, operands: [Value; 2], at: At) -> Step<Value> {
        let signs = self.op(ScalarOp::Xor, &operands, at)?;
        self.negative(signs, &[], at)
    }

    pub(crate) fn saturating_add(&mut self, value: Value, args: &[Value], at: At) -> Step<Value> {
        self.saturated(ScalarOp::Add, [value, args[0]], State::first_is_negative, at)
    }

    pub(crate) fn saturating_sub(&mut self, value: Value, args: &[Value], at: At) -> Step<Value> {
        self.saturated(ScalarOp::Sub, [value, args[0]], State::first_is_negative, at)
    }

    pub(crate) fn saturating_mul(&mut self, value: Value, args: &[Value], at: At) -> Step<Value> {
        self.saturated(ScalarOp::Mul, [value, args[0]], State::signs_differ, at)
    }

    /// The sum with a number that has a sign, as it wraps, whether it is in range, and whether that number is negative.
    fn sum_with_signed(&mut self, value: Value, other: Value, at: At) -> Step<[Value; 3]> {
        let is_negative = self.negative(other, &[], at)?;
        let dtype = self.ty(value).dtype;
        let other = self.cast(other, dtype, at)?;
        let sum = self.op(ScalarOp::Add, &[value, other], at)?;
        let is_less = self.op(ScalarOp::Lt, &[sum, value], at)?;
        let ok = self.op(ScalarOp::Eq, &[is_less, is_negative], at)?;
        Ok([sum, ok, is_negative])
    }

    pub(crate) fn checked_add_signed(&mut self, receiver: u32, args: &[u32], at: At) -> Step<Kind> {
        let value = self.scalar(receiver, "`checked_add_signed`", at)?;
        let other = self.scalar(args[0], "the argument of `checked_add_signed`", at)?;
        self.unify_signed(value, other, "the argument of `checked_add_signed`")?;
        let [sum, ok, _] = self.sum_with_signed(value, other, at)?;
        Ok(self.maybe(ok, Kind::Plain(sum)))
    }

    pub(crate) fn saturating_add_signed(&mut self, value: Value, args: &[Value], at: At) -> Step<Value> {
        let dtype = self.settled(value, "`saturating_add_signed`")?;
        let [sum, ok, is_negative] = self.sum_with_signed(value, args[0], at)?;
        let [least, greatest] = [dtype.least(), dtype.greatest()].map(|limit| self.constant(limit, at));
        let limit = self.op(ScalarOp::Select, &[is_negative, least, greatest], at)?;
        self.op(ScalarOp::Select, &[ok, sum, limit], at)
    }

    pub(crate) fn wrapping_add_signed(&mut self, value: Value, args: &[Value], at: At) -> Step<Value> {
        let dtype = self.ty(value).dtype;
        let other = self.cast(args[0], dtype, at)?;
        self.op(ScalarOp::Add, &[value, other], at)
    }

    /// Makes a value an integer with a sign, of as many bits as another.
    pub(crate) fn unify_signed(&mut self, value: Value, signed: Value, what: &str) -> Step<()> {
        let dtype = self.settled(value, what)?.with_sign();
        self.unify_known(signed, dtype, what)
    }

    pub(crate) fn with_sign(&mut self, value: Value, _: &[Value], at: At) -> Step<Value> {
        let dtype = self.settled(value, "`cast_signed`")?.with_sign();
        let target = self.types.known(dtype);
        self.cast(value, target, at)
    }

    pub(crate) fn without_sign(&mut self, value: Value, _: &[Value], at: At) -> Step<Value> {
        let dtype = self.settled(value, "`cast_unsigned`")?.without_sign();
        let target = self.types.known(dtype);
        self.cast(value, target, at)
    }

    pub(crate) fn unsigned_abs(&mut self, value: Value, _: &[Value], at: At) -> Step<Value> {
        let magnitude = self.op(ScalarOp::Abs, &[value], at)?;
        self.without_sign(magnitude, &[], at)
    }

    /// The difference of the larger and the smaller one wraps to the distance.
    pub(crate) fn abs_diff(&mut self, value: Value, args: &[Value], at: At) -> Step<Value> {
        let is_less = self.op(ScalarOp::Lt, &[value, args[0]], at)?;
        let difference = self.op(ScalarOp::Sub, &[value, args[0]], at)?;
        let otherwise = self.op(ScalarOp::Sub, &[args[0], value], at)?;
        let distance = self.op(ScalarOp::Select, &[is_less, otherwise, difference], at)?;
        self.without_sign(distance, &[], at)
    }

    /// The bits that both have, and half of those that one has: rounded down. Rust rounds towards zero.
    pub(crate) fn midpoint(&mut self, value: Value, args: &[Value], at: At) -> Step<Value> {
        let dtype = self.settled(value, "`midpoint`")?;
        let one = self.small(1, value, at);
        let common = self.op(ScalarOp::And, &[value, args[0]], at)?;
        let other = self.op(ScalarOp::Xor, &[value, args[0]], at)?;
        let half = self.op(ScalarOp::Shr, &[other, one], at)?;
        let floor = self.op(ScalarOp::Add, &[common, half], at)?;
        if dtype.is_unsigned() {
            return Ok(floor);
        }
        let odd = self.op(ScalarOp::And, &[other, one], at)?;
        let raised = self.op(ScalarOp::Add, &[floor, odd], at)?;
        let is_negative = self.negative(floor, &[], at)?;
        self.op(ScalarOp::Select, &[is_negative, raised, floor], at)
    }
}
