//! The scalar operations of the Program and Loops languages: one table, one row an operation.
//!
//! The row gives the name, the number of operands, the types it applies to, the type of its result, whether
//! its first two operands commute, and its expansion, or else its meaning in Rust. The enum, the text names, the parser, typing
//! and the interpreters come from it. Larger mathematical functions have no Rust formula here: their
//! meaning, to the last bit, is their expansion in [`crate::math`].

use crate::{DType, Element, Scalar, for_each_dtype, math, with_dtype};
use std::fmt;

/// The types an operation applies to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Domain {
    /// Numbers: integers and floats.
    Numeric,
    /// Integers and floats with a sign.
    Signed,
    /// Integers.
    Int,
    /// Integers and `bool`.
    Bits,
    /// Floats.
    Float,
    /// Integers without a sign that are as wide as a float.
    Words,
    /// Every type.
    Any,
}

impl Domain {
    /// Whether a type belongs to the domain.
    pub fn contains(self, dtype: DType) -> bool {
        match self {
            Domain::Numeric => dtype.is_numeric(),
            Domain::Signed => dtype.is_signed(),
            Domain::Int => dtype.is_int(),
            Domain::Bits => !dtype.is_float(),
            Domain::Float => dtype.is_float(),
            Domain::Words => matches!(dtype, DType::U32 | DType::U64),
            Domain::Any => true,
        }
    }
}

/// The operand and result types of an operation, given its *operand type* `T`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Signature {
    /// All operands and the result are `T`.
    Same,
    /// The operands are `T`, the result is `bool`.
    Compare,
    /// `(bool, T, T) -> T`.
    Select,
    /// `(T, i32) -> T`.
    Power,
    /// `T -> U`, of a float to the integer without a sign that is as wide, and back.
    Bits,
}

/// Calls a macro with one row per operation:
/// `(Variant, "name", arity, Domain, Signature, commutes, [expansion], "documentation")`. The expansion, if there is one, is
/// a function of [`crate::math`].
#[macro_export]
macro_rules! for_each_scalar_op {
    ($callback:ident) => {
        $callback! {
            (Add, "add", 2, Numeric, Same, true, [], "`a + b`; integers wrap."),
            (Sub, "sub", 2, Numeric, Same, false, [], "`a - b`; integers wrap."),
            (Mul, "mul", 2, Numeric, Same, true, [], "`a * b`; integers wrap."),
            (Div, "div", 2, Numeric, Same, false, [], "`a / b`; integers truncate, `MIN / -1` wraps; division of an integer by zero is 0 behind a failed check."),
            (Rem, "rem", 2, Int, Same, false, [], "`a % b` of integers, with the sign of `a`; `MIN % -1` is 0; an integer modulo zero is 0 behind a failed check."),
            (Fmod, "fmod", 2, Float, Same, false, [fmod::fmod], "`a % b` of floats, exactly, with the sign of `a`."),
            (Neg, "neg", 1, Signed, Same, false, [], "`-a`; integers wrap."),
            (Not, "not", 1, Bits, Same, false, [], "`!a`."),
            (And, "and", 2, Bits, Same, true, [], "`a & b`."),
            (Or, "or", 2, Bits, Same, true, [], "`a | b`."),
            (Xor, "xor", 2, Bits, Same, true, [], "`a ^ b`."),
            (Shl, "shl", 2, Int, Same, false, [], "`a << b`; 0 when the count is the width or more, or negative."),
            (Shr, "shr", 2, Int, Same, false, [], "`a >> b`; all sign bits when the count is the width or more, or negative."),
            (Eq, "eq", 2, Any, Compare, true, [], "`a == b`."),
            (Ne, "ne", 2, Any, Compare, true, [], "`a != b`."),
            (Lt, "lt", 2, Any, Compare, false, [], "`a < b`."),
            (Le, "le", 2, Any, Compare, false, [], "`a <= b`."),
            (Gt, "gt", 2, Any, Compare, false, [], "`a > b`."),
            (Ge, "ge", 2, Any, Compare, false, [], "`a >= b`."),
            (Min, "min", 2, Numeric, Same, false, [], "The method `min`: for floats the other operand when one is NaN, and `b < a ? b : a` otherwise."),
            (Max, "max", 2, Numeric, Same, false, [], "The method `max`: for floats the other operand when one is NaN, and `a < b ? b : a` otherwise."),
            (Abs, "abs", 1, Signed, Same, false, [], "The method `abs`; `MIN` stays `MIN`."),
            (Sqrt, "sqrt", 1, Float, Same, false, [], "Square root, correctly rounded."),
            (Floor, "floor", 1, Float, Same, false, [], "Rounds towards negative infinity."),
            (Ceil, "ceil", 1, Float, Same, false, [], "Rounds towards positive infinity."),
            (Trunc, "trunc", 1, Float, Same, false, [], "Rounds towards zero."),
            (Round, "round", 1, Float, Same, false, [], "Rounds to nearest, halves away from zero."),
            (MulAdd, "mul_add", 3, Float, Same, true, [], "`a * b + c` with one rounding."),
            (IsNan, "is_nan", 1, Float, Compare, false, [], "Whether `a` is NaN."),
            (ToBits, "to_bits", 1, Float, Bits, false, [], "The bits of a float, as an integer."),
            (FromBits, "from_bits", 1, Words, Bits, false, [], "The float with these bits."),
            (Exp, "exp", 1, Float, Same, false, [exp::exp], "e to the power of `a`."),
            (Exp2, "exp2", 1, Float, Same, false, [exp::exp2], "2 to the power of `a`."),
            (ExpM1, "exp_m1", 1, Float, Same, false, [exp_m1::exp_m1], "e to the power of `a`, minus 1, also for small `a`."),
            (Ln, "ln", 1, Float, Same, false, [ln::ln], "Natural logarithm."),
            (Log2, "log2", 1, Float, Same, false, [log::log2], "Logarithm to base 2."),
            (Log10, "log10", 1, Float, Same, false, [log::log10], "Logarithm to base 10."),
            (Ln1p, "ln_1p", 1, Float, Same, false, [ln_1p::ln_1p], "Natural logarithm of `1 + a`, also for small `a`."),
            (Sin, "sin", 1, Float, Same, false, [trig::sin], "Sine of `a` radians."),
            (Cos, "cos", 1, Float, Same, false, [trig::cos], "Cosine of `a` radians."),
            (Tan, "tan", 1, Float, Same, false, [trig::tan], "Tangent of `a` radians."),
            (Asin, "asin", 1, Float, Same, false, [inverse_trig::asin], "Arc sine, in radians; NaN beyond one."),
            (Acos, "acos", 1, Float, Same, false, [inverse_trig::acos], "Arc cosine, in radians; NaN beyond one."),
            (Atan, "atan", 1, Float, Same, false, [inverse_trig::atan], "Arc tangent, in radians."),
            (Atan2, "atan2", 2, Float, Same, false, [inverse_trig::atan2], "The angle of the point with ordinate `a` and abscissa `b`, in radians from -pi to pi."),
            (Sinh, "sinh", 1, Float, Same, false, [hyperbolic::sinh], "Hyperbolic sine."),
            (Cosh, "cosh", 1, Float, Same, false, [hyperbolic::cosh], "Hyperbolic cosine."),
            (Tanh, "tanh", 1, Float, Same, false, [tanh::tanh], "Hyperbolic tangent."),
            (Asinh, "asinh", 1, Float, Same, false, [inverse_hyperbolic::asinh], "Inverse of the hyperbolic sine."),
            (Acosh, "acosh", 1, Float, Same, false, [inverse_hyperbolic::acosh], "Inverse of the hyperbolic cosine."),
            (Atanh, "atanh", 1, Float, Same, false, [inverse_hyperbolic::atanh], "Inverse of the hyperbolic tangent."),
            (Cbrt, "cbrt", 1, Float, Same, false, [cbrt::cbrt], "Cube root."),
            (Hypot, "hypot", 2, Float, Same, true, [hypot::hypot], "The square root of `a * a + b * b`, which does not overflow in between."),
            (Erf, "erf", 1, Float, Same, false, [erf::erf], "Error function."),
            (Erfc, "erfc", 1, Float, Same, false, [erf::erfc], "Complementary error function, `1 - erf(a)`."),
            (Tgamma, "tgamma", 1, Float, Same, false, [gamma::tgamma], "Gamma function; NaN at negative integers."),
            (Lgamma, "lgamma", 1, Float, Same, false, [lgamma::lgamma], "Natural logarithm of the magnitude of the gamma function."),
            (Powi, "powi", 2, Float, Power, false, [powers::powi], "`a` to an integer power, by squaring."),
            (Powf, "powf", 2, Float, Same, false, [powers::powf], "`a` to the power of `b`."),
            (Select, "select", 3, Any, Select, false, [], "`if a { b } else { c }`, both computed."),
        }
    };
}

macro_rules! define_scalar_ops {
    ($(($variant:ident, $name:literal, $arity:literal, $domain:ident, $signature:ident, $commutes:literal, [$($expansion:path)?], $doc:literal)),* $(,)?) => {
        /// A scalar operation; on arrays it works element by element.
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
        pub enum ScalarOp { $(#[doc = $doc] $variant),* }

        impl ScalarOp {
            /// All operations, in the order of the table.
            pub const ALL: &'static [ScalarOp] = &[$(ScalarOp::$variant),*];
            /// The name in IR text.
            pub fn name(self) -> &'static str {
                match self { $(ScalarOp::$variant => $name),* }
            }
            /// The number of operands.
            pub fn arity(self) -> usize {
                match self { $(ScalarOp::$variant => $arity),* }
            }
            /// The operand types it applies to.
            pub fn domain(self) -> Domain {
                match self { $(ScalarOp::$variant => Domain::$domain),* }
            }
            /// How operand and result types follow from the operand type.
            pub fn signature(self) -> Signature {
                match self { $(ScalarOp::$variant => Signature::$signature),* }
            }
            /// Whether exchanging the first two operands changes nothing, bit for bit.
            pub fn commutes(self) -> bool {
                match self { $(ScalarOp::$variant => $commutes),* }
            }
        }
    };
}

for_each_scalar_op!(define_scalar_ops);

impl ScalarOp {
    /// The operation with this text name.
    pub fn from_name(name: &str) -> Option<ScalarOp> {
        ScalarOp::ALL.iter().copied().find(|op| op.name() == name)
    }

    /// The result type for these operand types, or `None` if the operation does not apply to them.
    pub fn result_type(self, operands: &[DType]) -> Option<DType> {
        if operands.len() != self.arity() {
            return None;
        }
        let (operand, fits) = match self.signature() {
            Signature::Same | Signature::Compare => (operands[0], operands.iter().all(|t| *t == operands[0])),
            Signature::Select => (operands[1], operands[0].is_bool() && operands[1] == operands[2]),
            Signature::Power => (operands[0], operands[1] == DType::I32),
            Signature::Bits => (operands[0], operands[0].with_same_bits() != operands[0]),
        };
        let result = match self.signature() {
            Signature::Compare => DType::Bool,
            Signature::Bits => operand.with_same_bits(),
            Signature::Same | Signature::Select | Signature::Power => operand,
        };
        (fits && self.domain().contains(operand)).then_some(result)
    }

    /// The result for these operands, exactly as compiled code computes it.
    ///
    /// # Panics
    /// If the operation does not apply to the operands' types.
    pub fn eval(self, operands: &[Scalar]) -> Scalar {
        if self == ScalarOp::Select {
            return match operands {
                [Scalar::Bool(condition), yes, _] if *condition => *yes,
                [Scalar::Bool(_), _, no] => *no,
                _ => panic!("{self} of {operands:?}"),
            };
        }
        match (self, operands) {
            (ScalarOp::ToBits, [Scalar::F32(x)]) => return Scalar::U32(x.to_bits()),
            (ScalarOp::ToBits, [Scalar::F64(x)]) => return Scalar::U64(x.to_bits()),
            (ScalarOp::FromBits, [Scalar::U32(bits)]) => return Scalar::F32(f32::from_bits(*bits)),
            (ScalarOp::FromBits, [Scalar::U64(bits)]) => return Scalar::F64(f64::from_bits(*bits)),
            _ => {}
        }
        let dtype = operands[0].dtype();
        let computed = with_dtype!(dtype, T => {
            let operand = |k: usize| operands.get(k).and_then(|operand| T::from_scalar(*operand));
            match (operands.len(), operand(0), operand(1), operand(2)) {
                (1, Some(a), _, _) => T::unary(self, a),
                (2, Some(a), Some(b), _) => {
                    compare(self, a, b).map(Scalar::Bool).or_else(|| T::binary(self, a, b).map(T::scalar))
                }
                (3, Some(a), Some(b), Some(c)) => T::ternary(self, a, b, c).map(T::scalar),
                _ => None,
            }
        });
        computed.unwrap_or_else(|| {
            let dtypes: Vec<DType> = operands.iter().map(|operand| operand.dtype()).collect();
            assert!(dtype.is_float() && self.result_type(&dtypes).is_some(), "{self} of {operands:?}");
            math::eval(self, operands)
        })
    }
}

fn compare<T: PartialOrd>(op: ScalarOp, a: T, b: T) -> Option<bool> {
    Some(match op {
        ScalarOp::Eq => a == b,
        ScalarOp::Ne => a != b,
        ScalarOp::Lt => a < b,
        ScalarOp::Le => a <= b,
        ScalarOp::Gt => a > b,
        ScalarOp::Ge => a >= b,
        _ => return None,
    })
}

/// What the operations do to the numbers of a type that one machine instruction or one Rust method defines.
trait Arithmetic: Element {
    fn unary(op: ScalarOp, a: Self) -> Option<Scalar>;
    fn binary(op: ScalarOp, a: Self, b: Self) -> Option<Self>;
    fn ternary(_: ScalarOp, _: Self, _: Self, _: Self) -> Option<Self> {
        None
    }
}

macro_rules! implement_arithmetic {
    ($(($variant:ident, $rust:ty, $name:literal, $class:ident)),* $(,)?) => {
        $(impl Arithmetic for $rust { implement_arithmetic!(@$class $rust); })*
    };
    (@Bool $rust:ty) => {
        fn unary(op: ScalarOp, a: Self) -> Option<Scalar> {
            (op == ScalarOp::Not).then(|| (!a).scalar())
        }
        fn binary(op: ScalarOp, a: Self, b: Self) -> Option<Self> {
            Some(match op {
                ScalarOp::And => a & b,
                ScalarOp::Or => a | b,
                ScalarOp::Xor => a ^ b,
                _ => return None,
            })
        }
    };
    (@Signed $rust:ty) => {
        fn unary(op: ScalarOp, a: Self) -> Option<Scalar> {
            Some(match op {
                ScalarOp::Neg => a.wrapping_neg(),
                ScalarOp::Abs => a.wrapping_abs(),
                ScalarOp::Not => !a,
                _ => return None,
            }.scalar())
        }
        implement_arithmetic!(@integer $rust);
    };
    (@Unsigned $rust:ty) => {
        fn unary(op: ScalarOp, a: Self) -> Option<Scalar> {
            (op == ScalarOp::Not).then(|| (!a).scalar())
        }
        implement_arithmetic!(@integer $rust);
    };
    (@integer $rust:ty) => {
        fn binary(op: ScalarOp, a: Self, b: Self) -> Option<Self> {
            // A negative count is, as an unsigned number, at least the width.
            let count = u32::try_from(b).unwrap_or(u32::MAX);
            // The sign bits of a signed number, zero of an unsigned one.
            #[allow(unused_comparisons)]
            let signs = if a < 0 { !0 } else { 0 };
            Some(match op {
                ScalarOp::Add => a.wrapping_add(b),
                ScalarOp::Sub => a.wrapping_sub(b),
                ScalarOp::Mul => a.wrapping_mul(b),
                ScalarOp::Div | ScalarOp::Rem if b == 0 => 0,
                ScalarOp::Div => a.wrapping_div(b),
                ScalarOp::Rem => a.wrapping_rem(b),
                ScalarOp::And => a & b,
                ScalarOp::Or => a | b,
                ScalarOp::Xor => a ^ b,
                ScalarOp::Shl => a.checked_shl(count).unwrap_or(0),
                ScalarOp::Shr => a.checked_shr(count).unwrap_or(signs),
                ScalarOp::Min => a.min(b),
                ScalarOp::Max => a.max(b),
                _ => return None,
            })
        }
    };
    (@Float $rust:ty) => {
        fn unary(op: ScalarOp, a: Self) -> Option<Scalar> {
            Some(match op {
                ScalarOp::Neg => -a,
                ScalarOp::Abs => a.abs(),
                ScalarOp::Sqrt => a.sqrt(),
                ScalarOp::Floor => a.floor(),
                ScalarOp::Ceil => a.ceil(),
                ScalarOp::Trunc => a.trunc(),
                ScalarOp::Round => a.round(),
                ScalarOp::IsNan => return Some(a.is_nan().scalar()),
                _ => return None,
            }.scalar())
        }
        /// `min` and `max` are spelled out: Rust leaves the sign of `max(0.0, -0.0)` open, we do not.
        fn binary(op: ScalarOp, a: Self, b: Self) -> Option<Self> {
            Some(match op {
                ScalarOp::Add => a + b,
                ScalarOp::Sub => a - b,
                ScalarOp::Mul => a * b,
                ScalarOp::Div => a / b,
                ScalarOp::Min if a.is_nan() || b < a => b,
                ScalarOp::Max if a.is_nan() || a < b => b,
                ScalarOp::Min | ScalarOp::Max => a,
                _ => return None,
            })
        }
        fn ternary(op: ScalarOp, a: Self, b: Self, c: Self) -> Option<Self> {
            (op == ScalarOp::MulAdd).then(|| a.mul_add(b, c))
        }
    };
}

for_each_dtype!(implement_arithmetic);

impl fmt::Display for ScalarOp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_found_again() {
        for op in ScalarOp::ALL {
            assert_eq!(ScalarOp::from_name(op.name()), Some(*op));
        }
    }

    #[test]
    fn integers_never_trap() {
        let min = Scalar::I64(i64::MIN);
        assert_eq!(ScalarOp::Div.eval(&[min, Scalar::I64(-1)]), min);
        assert_eq!(ScalarOp::Rem.eval(&[min, Scalar::I64(-1)]), Scalar::I64(0));
        assert_eq!(ScalarOp::Div.eval(&[min, Scalar::I64(0)]), Scalar::I64(0));
        assert_eq!(ScalarOp::Shl.eval(&[Scalar::I32(1), Scalar::I32(32)]), Scalar::I32(0));
        assert_eq!(ScalarOp::Shr.eval(&[Scalar::I32(-8), Scalar::I32(-1)]), Scalar::I32(-1));
        assert_eq!(ScalarOp::Abs.eval(&[min]), min);
    }

    #[test]
    fn float_extrema_ignore_nan_as_rust_does() {
        let nan = Scalar::F64(f64::NAN);
        for op in [ScalarOp::Min, ScalarOp::Max] {
            assert_eq!(op.eval(&[nan, Scalar::F64(2.0)]), Scalar::F64(2.0));
            assert_eq!(op.eval(&[Scalar::F64(2.0), nan]), Scalar::F64(2.0));
        }
    }
}
