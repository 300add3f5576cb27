//! Methods of numbers, on scalars and element by element on arrays, in terms of operations.
//!
//! ```text
//! x.clamp(lo, hi)      t = select lt x, lo ? lo : x;  select gt t, hi ? hi : t
//! x.signum()           select is_nan x ? NaN : (x < 0 or 1/x < 0 ? -1 : 1)
//! ```
//!
//! A composition gives exactly the bits of Rust's method: it repeats the method's definition in the
//! standard library, or is equal to it for every operand. Rows of the vocabulary name these functions; by then
//! receiver and arguments have been found to be of kinds that fit.

use crate::errors::{At, Step, mistake};
use crate::state::{Kind, Literal, State, Ty};
use crate::types::Class;
use parfuse_ir::program::{Stmt, Value};
use parfuse_ir::{DType, Scalar, ScalarOp};

impl State {
    /// A float of the same type as a value, whatever that turns out to be.
    fn float(&mut self, number: f64, like: Value, at: At) -> Value {
        let dtype = self.ty(like).dtype;
        self.literal(Literal::Float(number), dtype, at)
    }

    pub(crate) fn square(&mut self, value: Value, _: &[Value], at: At) -> Step<Value> {
        self.op(ScalarOp::Mul, &[value, value], at)
    }

    pub(crate) fn log(&mut self, value: Value, args: &[Value], at: At) -> Step<Value> {
        let (logarithm, base) =
            (self.op(ScalarOp::Ln, &[value], at)?, self.op(ScalarOp::Ln, &[args[0]], at)?);
        self.op(ScalarOp::Div, &[logarithm, base], at)
    }

    pub(crate) fn recip(&mut self, value: Value, _: &[Value], at: At) -> Step<Value> {
        let one = self.small(1, value, at);
        self.op(ScalarOp::Div, &[one, value], at)
    }

    pub(crate) fn fract(&mut self, value: Value, _: &[Value], at: At) -> Step<Value> {
        let whole = self.op(ScalarOp::Trunc, &[value], at)?;
        self.op(ScalarOp::Sub, &[value, whole], at)
    }

    pub(crate) fn finite(&mut self, value: Value, _: &[Value], at: At) -> Step<Value> {
        self.compare_with_infinity(ScalarOp::Lt, value, at)
    }

    pub(crate) fn infinite(&mut self, value: Value, _: &[Value], at: At) -> Step<Value> {
        self.compare_with_infinity(ScalarOp::Eq, value, at)
    }

    fn compare_with_infinity(&mut self, op: ScalarOp, value: Value, at: At) -> Step<Value> {
        let magnitude = self.op(ScalarOp::Abs, &[value], at)?;
        let infinity = self.float(f64::INFINITY, value, at);
        self.op(op, &[magnitude, infinity], at)
    }

    pub(crate) fn positive(&mut self, value: Value, _: &[Value], at: At) -> Step<Value> {
        let zero = self.small(0, value, at);
        self.op(ScalarOp::Gt, &[value, zero], at)
    }

    pub(crate) fn negative(&mut self, value: Value, _: &[Value], at: At) -> Step<Value> {
        let zero = self.small(0, value, at);
        self.op(ScalarOp::Lt, &[value, zero], at)
    }

    /// Sine and cosine, a tuple.
    pub(crate) fn sin_cos(&mut self, receiver: u32, _: &[u32], at: At) -> Step<Kind> {
        let value = self.read(receiver, at)?;
        let (sin, cos) = (self.op(ScalarOp::Sin, &[value], at)?, self.op(ScalarOp::Cos, &[value], at)?);
        Ok(Kind::Tuple(vec![self.handle(Kind::Plain(sin)), self.handle(Kind::Plain(cos))].into()))
    }

    pub(crate) fn clamp(&mut self, value: Value, args: &[Value], at: At) -> Step<Value> {
        let (low, high) = (args[0], args[1]);
        let is_below = self.op(ScalarOp::Lt, &[value, low], at)?;
        let raised = self.op(ScalarOp::Select, &[is_below, low, value], at)?;
        let is_above = self.op(ScalarOp::Gt, &[raised, high], at)?;
        self.op(ScalarOp::Select, &[is_above, high, raised], at)
    }

    pub(crate) fn integer_signum(&mut self, value: Value, _: &[Value], at: At) -> Step<Value> {
        let [zero, one, minus_one] = [0, 1, -1].map(|number| self.small(number, value, at));
        let is_negative = self.op(ScalarOp::Lt, &[value, zero], at)?;
        let is_positive = self.op(ScalarOp::Gt, &[value, zero], at)?;
        let unless_positive = self.op(ScalarOp::Select, &[is_negative, minus_one, zero], at)?;
        self.op(ScalarOp::Select, &[is_positive, one, unless_positive], at)
    }

    /// The sign bit shows in a comparison of the number itself, except for zeros, whose reciprocal shows it.
    pub(crate) fn is_sign_negative(&mut self, value: Value, _: &[Value], at: At) -> Step<Value> {
        let [zero, one] = [0, 1].map(|number| self.small(number, value, at));
        let reciprocal = self.op(ScalarOp::Div, &[one, value], at)?;
        let is_below = self.op(ScalarOp::Lt, &[value, zero], at)?;
        let has_sign = self.op(ScalarOp::Lt, &[reciprocal, zero], at)?;
        self.op(ScalarOp::Or, &[is_below, has_sign], at)
    }

    pub(crate) fn float_signum(&mut self, value: Value, _: &[Value], at: At) -> Step<Value> {
        let [one, minus_one] = [1, -1].map(|number| self.small(number, value, at));
        let is_negative = self.is_sign_negative(value, &[], at)?;
        let sign = self.op(ScalarOp::Select, &[is_negative, minus_one, one], at)?;
        let is_nan = self.op(ScalarOp::IsNan, &[value], at)?;
        let nan = self.float(f64::NAN, value, at);
        self.op(ScalarOp::Select, &[is_nan, nan, sign], at)
    }

    pub(crate) fn wrapping_neg(&mut self, value: Value, _: &[Value], at: At) -> Step<Value> {
        match self.class(value) {
            Class::Known(dtype) if dtype.is_unsigned() => {
                let zero = self.small(0, value, at);
                self.op(ScalarOp::Sub, &[zero, value], at)
            }
            _ => self.op(ScalarOp::Neg, &[value], at),
        }
    }

    pub(crate) fn rem_euclid(&mut self, value: Value, args: &[Value], at: At) -> Step<Value> {
        let divisor = args[0];
        let remainder = self.binary("%", value, divisor, at)?;
        if self.settled(value, "`rem_euclid`")?.is_unsigned() {
            return Ok(remainder);
        }
        let zero = self.small(0, value, at);
        let is_negative = self.op(ScalarOp::Lt, &[remainder, zero], at)?;
        let magnitude = self.op(ScalarOp::Abs, &[divisor], at)?;
        let raised = self.op(ScalarOp::Add, &[remainder, magnitude], at)?;
        self.op(ScalarOp::Select, &[is_negative, raised, remainder], at)
    }

    pub(crate) fn div_euclid(&mut self, value: Value, args: &[Value], at: At) -> Step<Value> {
        let divisor = args[0];
        let is_integer = match self.class(value) {
            Class::Integer => true,
            Class::Known(dtype) => dtype.is_int(),
            Class::Float | Class::Any | Class::Complex(_) => false,
        };
        let mut quotient = self.binary("/", value, divisor, at)?;
        if self.settled(value, "`div_euclid`")?.is_unsigned() {
            return Ok(quotient);
        }
        if !is_integer {
            quotient = self.op(ScalarOp::Trunc, &[quotient], at)?;
        }
        // The division before has checked the divisor.
        let remainder = self.op(ScalarOp::Rem, &[value, divisor], at)?;
        let [zero, one] = [0, 1].map(|number| self.small(number, value, at));
        let is_negative = self.op(ScalarOp::Lt, &[remainder, zero], at)?;
        let is_positive_divisor = self.op(ScalarOp::Gt, &[divisor, zero], at)?;
        let below = self.op(ScalarOp::Sub, &[quotient, one], at)?;
        let above = self.op(ScalarOp::Add, &[quotient, one], at)?;
        let corrected = self.op(ScalarOp::Select, &[is_positive_divisor, below, above], at)?;
        self.op(ScalarOp::Select, &[is_negative, corrected, quotient], at)
    }

    /// Rounded up: one more than the quotient where something is left.
    pub(crate) fn div_ceil(&mut self, value: Value, args: &[Value], at: At) -> Step<Value> {
        let quotient = self.binary("/", value, args[0], at)?;
        let rest = self.op(ScalarOp::Rem, &[value, args[0]], at)?;
        let [zero, one] = [0, 1].map(|number| self.small(number, value, at));
        let is_exact = self.op(ScalarOp::Eq, &[rest, zero], at)?;
        let above = self.op(ScalarOp::Add, &[quotient, one], at)?;
        self.op(ScalarOp::Select, &[is_exact, quotient, above], at)
    }

    pub(crate) fn next_multiple_of(&mut self, value: Value, args: &[Value], at: At) -> Step<Value> {
        let rest = self.binary("%", value, args[0], at)?;
        let zero = self.small(0, value, at);
        let is_exact = self.op(ScalarOp::Eq, &[rest, zero], at)?;
        let missing = self.op(ScalarOp::Sub, &[args[0], rest], at)?;
        let above = self.op(ScalarOp::Add, &[value, missing], at)?;
        self.op(ScalarOp::Select, &[is_exact, value, above], at)
    }

    /// Zero is the only multiple of zero: the remainder by it is zero, as the operation is defined.
    pub(crate) fn is_multiple_of(&mut self, value: Value, args: &[Value], at: At) -> Step<Value> {
        let zero = self.small(0, value, at);
        let rest = self.op(ScalarOp::Rem, &[value, args[0]], at)?;
        let is_none = self.op(ScalarOp::Eq, &[args[0], zero], at)?;
        let left = self.op(ScalarOp::Select, &[is_none, value, rest], at)?;
        self.op(ScalarOp::Eq, &[left, zero], at)
    }

    /// The root of the number as a float is at most one from the right one; of 32 bits it is the right one.
    pub(crate) fn isqrt(&mut self, value: Value, _: &[Value], at: At) -> Step<Value> {
        let dtype = self.settled(value, "`isqrt`")?;
        if dtype.is_signed() {
            let negative = self.negative(value, &[], at)?;
            let ok = self.op(ScalarOp::Not, &[negative], at)?;
            self.assert_value(ok, "argument of integer square root cannot be negative", at);
        }
        let (own, float) = (self.ty(value).dtype, self.types.known(DType::F64));
        let number = self.cast(value, float, at)?;
        let root = self.op(ScalarOp::Sqrt, &[number], at)?;
        let root = self.cast(root, own, at)?;
        if dtype.bits() <= 32 {
            return Ok(root);
        }
        // The greatest root of the type, whose square does not wrap.
        let most = (dtype.greatest().as_integer().unwrap_or_default() as u64).isqrt();
        let most = self.constant(dtype.integer(most.into()).expect("below the greatest number"), at);
        let root = self.op(ScalarOp::Min, &[root, most], at)?;
        let one = self.small(1, value, at);
        let square = self.op(ScalarOp::Mul, &[root, root], at)?;
        let is_above = self.op(ScalarOp::Gt, &[square, value], at)?;
        let below = self.op(ScalarOp::Sub, &[root, one], at)?;
        let root = self.op(ScalarOp::Select, &[is_above, below, root], at)?;
        // The next square is 2 root + 1 further.
        let square = self.op(ScalarOp::Mul, &[root, root], at)?;
        let rest = self.op(ScalarOp::Sub, &[value, square], at)?;
        let double = self.op(ScalarOp::Add, &[root, root], at)?;
        let is_below = self.op(ScalarOp::Gt, &[rest, double], at)?;
        let above = self.op(ScalarOp::Add, &[root, one], at)?;
        self.op(ScalarOp::Select, &[is_below, above, root], at)
    }

    pub(crate) fn copysign(&mut self, value: Value, args: &[Value], at: At) -> Step<Value> {
        let magnitude = self.op(ScalarOp::Abs, &[value], at)?;
        let opposite = self.op(ScalarOp::Neg, &[magnitude], at)?;
        let is_negative = self.is_sign_negative(args[0], &[], at)?;
        self.op(ScalarOp::Select, &[is_negative, opposite, magnitude], at)
    }

    pub(crate) fn is_sign_positive(&mut self, value: Value, _: &[Value], at: At) -> Step<Value> {
        let is_negative = self.is_sign_negative(value, &[], at)?;
        self.op(ScalarOp::Not, &[is_negative], at)
    }

    /// Half of a tie rounds to the integer whose double is the even one.
    pub(crate) fn round_ties_even(&mut self, value: Value, _: &[Value], at: At) -> Step<Value> {
        let half = self.float(0.5, value, at);
        let whole = self.op(ScalarOp::Trunc, &[value], at)?;
        let rest = self.op(ScalarOp::Sub, &[value, whole], at)?;
        let rest = self.op(ScalarOp::Abs, &[rest], at)?;
        let is_tie = self.op(ScalarOp::Eq, &[rest, half], at)?;
        let halved = self.op(ScalarOp::Mul, &[value, half], at)?;
        let halved = self.op(ScalarOp::Round, &[halved], at)?;
        let even = self.op(ScalarOp::Add, &[halved, halved], at)?;
        let rounded = self.op(ScalarOp::Round, &[value], at)?;
        self.op(ScalarOp::Select, &[is_tie, even, rounded], at)
    }

    pub(crate) fn degrees(&mut self, value: Value, _: &[Value], at: At) -> Step<Value> {
        self.scale_angle(value, 57.295_78, 180.0 / std::f64::consts::PI, at)
    }

    pub(crate) fn radians(&mut self, value: Value, _: &[Value], at: At) -> Step<Value> {
        self.scale_angle(value, std::f32::consts::PI / 180.0, std::f64::consts::PI / 180.0, at)
    }

    /// One multiplication with a constant that the standard library rounds in the float type itself.
    fn scale_angle(&mut self, value: Value, in_f32: f32, in_f64: f64, at: At) -> Step<Value> {
        let dtype = self.settled(value, "an angle")?;
        let factor = match dtype.is_float() && dtype.bits() == 32 {
            true => Scalar::F32(in_f32),
            false => Scalar::F64(in_f64),
        };
        let factor = self.constant(factor, at);
        self.op(ScalarOp::Mul, &[value, factor], at)
    }

    /// Integer power. Multiplication modulo 2^n is associative, so squaring gives the bits of any order.
    /// The product of those of the squares `x`, `x²`, `x⁴`, … whose bit of the exponent is set, if one is.
    pub(crate) fn product_of_squares(
        &mut self,
        base: Value,
        mut exponent: u128,
        at: At,
    ) -> Step<Option<Value>> {
        let (mut power, mut square) = (None, base);
        while exponent > 0 {
            if exponent & 1 == 1 {
                power = Some(match power {
                    Some(product) => self.op(ScalarOp::Mul, &[product, square], at)?,
                    None => square,
                });
            }
            exponent >>= 1;
            if exponent > 0 {
                square = self.op(ScalarOp::Mul, &[square, square], at)?;
            }
        }
        Ok(power)
    }

    pub(crate) fn pow(&mut self, base: Value, args: &[Value], at: At) -> Step<Value> {
        let exponent = args[0];
        if let Some(exponent) = self.known_integer(exponent) {
            let Ok(exponent) = u32::try_from(exponent) else {
                return mistake("the exponent of `pow` must be a u32");
            };
            let product = self.product_of_squares(base, exponent.into(), at)?;
            return Ok(product.unwrap_or_else(|| self.small(1, base, at)));
        }
        let ty = self.ty(base);
        let exponent_type = self.ty(exponent).dtype;
        if !matches!(self.types.class(exponent_type), Class::Integer | Class::Known(_)) || ty.rank.is_some() {
            return mistake("the exponent of `pow` must be an integer");
        }
        let result = self.new_var("power", ty, None);
        let square = self.new_var("square", ty, None);
        let rest = self.new_var("exponent", Ty { dtype: exponent_type, rank: None, of_arrays: false }, None);
        let one = self.small(1, base, at);
        self.set_var(result, one);
        self.set_var(square, base);
        self.set_var(rest, exponent);
        let [none, bit] = [0, 1].map(|number| self.small(number, exponent, at));

        self.open();
        let present = self.read_var(rest, at)?;
        let cond = self.op(ScalarOp::Gt, &[present, none], at)?;
        let header = self.close();

        self.open();
        let present = self.read_var(rest, at)?;
        let low = self.op(ScalarOp::And, &[present, bit], at)?;
        let is_odd = self.op(ScalarOp::Eq, &[low, bit], at)?;
        let (product, factor) = (self.read_var(result, at)?, self.read_var(square, at)?);
        let multiplied = self.op(ScalarOp::Mul, &[product, factor], at)?;
        let chosen = self.op(ScalarOp::Select, &[is_odd, multiplied, product], at)?;
        self.set_var(result, chosen);
        let squared = self.op(ScalarOp::Mul, &[factor, factor], at)?;
        self.set_var(square, squared);
        let halved = self.op(ScalarOp::Shr, &[present, bit], at)?;
        self.set_var(rest, halved);
        let body = self.close();

        self.push(Stmt::While { header, cond, body });
        self.read_var(result, at)
    }
}
