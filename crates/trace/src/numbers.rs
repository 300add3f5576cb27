//! Methods of numbers, on scalars and element by element on arrays, in terms of operations.
//!
//! ```text
//! x.clamp(lo, hi)      t = select lt x, lo ? lo : x;  select gt t, hi ? hi : t
//! x.signum()           select is_nan x ? NaN : (x < 0 or 1/x < 0 ? -1 : 1)
//! ```
//!
//! A composition gives exactly the bits of Rust's method: it repeats the method's definition in the
//! standard library, or is equal to it for every operand. Methods for which there is neither an operation
//! nor such a composition are refused.

use crate::errors::{At, Step, mistake};
use crate::methods::unsupported;
use crate::state::{Literal, State, Ty};
use crate::types::Class;
use parfuse_ir::program::{Stmt, Value};
use parfuse_ir::{DType, Scalar, ScalarOp};

impl State {
    /// `value.name(args)`.
    pub(crate) fn number_method(&mut self, value: Value, name: &str, args: &[Value], at: At) -> Step<Value> {
        let expected = match argument_count(name) {
            Some(expected) => expected,
            None => return unsupported(name, "a number", AVAILABLE),
        };
        if args.len() != expected {
            return mistake(format!("`.{name}()` takes {expected} arguments, not {}", args.len()));
        }
        if self.class(value) == Class::Any {
            return mistake(format!("`.{name}()` of a value whose type is not known yet; annotate it"));
        }
        if let Some(op) = direct(name) {
            let mut operands = vec![value];
            operands.extend_from_slice(args);
            if op == ScalarOp::Powi {
                self.unify_known(args[0], DType::I32, "the exponent of `powi`")?;
                return self.op(op, &operands, at);
            }
            return self.homogeneous(op, &operands, &format!("the arguments of `{name}`"), at);
        }
        if let Some(symbol) = symbol(name) {
            return self.binary(symbol, value, args[0], at);
        }
        let is_integer = match self.class(value) {
            Class::Integer => true,
            Class::Known(dtype) => dtype.is_int(),
            Class::Float | Class::Any => false,
        };
        for arg in args {
            if name != "pow" {
                let (a, b) = (self.ty(value).dtype, self.ty(*arg).dtype);
                self.unify(a, b, &format!("the argument of `{name}`"))?;
            }
        }
        match name {
            "clamp" => self.clamp(value, args[0], args[1], at),
            "signum" if is_integer => self.integer_signum(value, at),
            "signum" => self.float_signum(value, at),
            "rem_euclid" => self.rem_euclid(value, args[0], at),
            "div_euclid" => self.div_euclid(value, args[0], is_integer, at),
            "is_positive" | "is_negative" if is_integer => {
                let zero = self.small(0, value, at);
                self.op(if name == "is_positive" { ScalarOp::Gt } else { ScalarOp::Lt }, &[value, zero], at)
            }
            "pow" if is_integer => self.pow(value, args[0], at),
            "abs_diff" | "saturating_sub" | "saturating_add" if is_integer => {
                self.unsigned(value, name, args[0], at)
            }
            "pow2" => self.op(ScalarOp::Mul, &[value, value], at),
            "log" if !is_integer => {
                let (logarithm, base) =
                    (self.op(ScalarOp::Ln, &[value], at)?, self.op(ScalarOp::Ln, &[args[0]], at)?);
                self.op(ScalarOp::Div, &[logarithm, base], at)
            }
            "recip" if !is_integer => {
                let one = self.small(1, value, at);
                self.op(ScalarOp::Div, &[one, value], at)
            }
            "fract" if !is_integer => {
                let whole = self.op(ScalarOp::Trunc, &[value], at)?;
                self.op(ScalarOp::Sub, &[value, whole], at)
            }
            "is_infinite" | "is_finite" if !is_integer => {
                let magnitude = self.op(ScalarOp::Abs, &[value], at)?;
                let infinity = self.float(f64::INFINITY, value, at);
                let op = if name == "is_finite" { ScalarOp::Lt } else { ScalarOp::Eq };
                self.op(op, &[magnitude, infinity], at)
            }
            "to_degrees" | "to_radians" if !is_integer => self.convert_angle(value, name, at),
            _ => {
                let class = self.class(value);
                mistake(format!("there is no method `.{name}()` of {class}"))
            }
        }
    }

    /// A float of the same type as a value, whatever that turns out to be.
    fn float(&mut self, number: f64, like: Value, at: At) -> Value {
        let dtype = self.ty(like).dtype;
        self.literal(Literal::Float(number), dtype, at)
    }

    fn clamp(&mut self, value: Value, low: Value, high: Value, at: At) -> Step<Value> {
        let is_below = self.op(ScalarOp::Lt, &[value, low], at)?;
        let raised = self.op(ScalarOp::Select, &[is_below, low, value], at)?;
        let is_above = self.op(ScalarOp::Gt, &[raised, high], at)?;
        self.op(ScalarOp::Select, &[is_above, high, raised], at)
    }

    fn integer_signum(&mut self, value: Value, at: At) -> Step<Value> {
        let [zero, one, minus_one] = [0, 1, -1].map(|number| self.small(number, value, at));
        let is_negative = self.op(ScalarOp::Lt, &[value, zero], at)?;
        let is_positive = self.op(ScalarOp::Gt, &[value, zero], at)?;
        let unless_positive = self.op(ScalarOp::Select, &[is_negative, minus_one, zero], at)?;
        self.op(ScalarOp::Select, &[is_positive, one, unless_positive], at)
    }

    /// The sign bit shows in a comparison of the number itself, except for zeros, whose reciprocal shows it.
    fn float_signum(&mut self, value: Value, at: At) -> Step<Value> {
        let [zero, one, minus_one] = [0, 1, -1].map(|number| self.small(number, value, at));
        let reciprocal = self.op(ScalarOp::Div, &[one, value], at)?;
        let is_below = self.op(ScalarOp::Lt, &[value, zero], at)?;
        let has_sign = self.op(ScalarOp::Lt, &[reciprocal, zero], at)?;
        let is_negative = self.op(ScalarOp::Or, &[is_below, has_sign], at)?;
        let sign = self.op(ScalarOp::Select, &[is_negative, minus_one, one], at)?;
        let is_nan = self.op(ScalarOp::IsNan, &[value], at)?;
        let nan = self.float(f64::NAN, value, at);
        self.op(ScalarOp::Select, &[is_nan, nan, sign], at)
    }

    fn rem_euclid(&mut self, value: Value, divisor: Value, at: At) -> Step<Value> {
        let remainder = self.binary("%", value, divisor, at)?;
        if self.settled(value, "`rem_euclid`")? == DType::Usize {
            return Ok(remainder);
        }
        let zero = self.small(0, value, at);
        let is_negative = self.op(ScalarOp::Lt, &[remainder, zero], at)?;
        let magnitude = self.op(ScalarOp::Abs, &[divisor], at)?;
        let raised = self.op(ScalarOp::Add, &[remainder, magnitude], at)?;
        self.op(ScalarOp::Select, &[is_negative, raised, remainder], at)
    }

    fn div_euclid(&mut self, value: Value, divisor: Value, is_integer: bool, at: At) -> Step<Value> {
        let mut quotient = self.binary("/", value, divisor, at)?;
        if self.settled(value, "`div_euclid`")? == DType::Usize {
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

    /// Methods of `usize`; the signed types have them with other results.
    fn unsigned(&mut self, value: Value, name: &str, other: Value, at: At) -> Step<Value> {
        let dtype = self.settled(value, name)?;
        if dtype != DType::Usize {
            return unsupported(name, dtype.name(), "it is supported for usize only");
        }
        if name == "saturating_add" {
            let sum = self.op(ScalarOp::Add, &[value, other], at)?;
            let wrapped = self.op(ScalarOp::Lt, &[sum, value], at)?;
            let largest = self.constant(Scalar::Usize(usize::MAX), at);
            return self.op(ScalarOp::Select, &[wrapped, largest, sum], at);
        }
        let is_less = self.op(ScalarOp::Lt, &[value, other], at)?;
        let difference = self.op(ScalarOp::Sub, &[value, other], at)?;
        let otherwise = match name {
            "abs_diff" => self.op(ScalarOp::Sub, &[other, value], at)?,
            _ => self.small(0, value, at),
        };
        self.op(ScalarOp::Select, &[is_less, otherwise, difference], at)
    }

    /// One multiplication with a constant that the standard library rounds in the float type itself.
    fn convert_angle(&mut self, value: Value, name: &str, at: At) -> Step<Value> {
        const F32_DEGREES: f32 = 57.295_78;
        let factor = match (self.settled(value, name)?, name) {
            (DType::F32, "to_degrees") => Scalar::F32(F32_DEGREES),
            (DType::F32, _) => Scalar::F32(std::f32::consts::PI / 180.0),
            (_, "to_degrees") => Scalar::F64(180.0 / std::f64::consts::PI),
            _ => Scalar::F64(std::f64::consts::PI / 180.0),
        };
        let factor = self.constant(factor, at);
        self.op(ScalarOp::Mul, &[value, factor], at)
    }

    /// Integer power. Multiplication modulo 2^n is associative, so squaring gives the bits of any order.
    fn pow(&mut self, base: Value, exponent: Value, at: At) -> Step<Value> {
        if let Some(exponent) = self.known_integer(exponent) {
            let Ok(mut exponent) = u32::try_from(exponent) else {
                return mistake("the exponent of `pow` must be a u32");
            };
            let (mut result, mut square) = (None, base);
            while exponent > 0 {
                if exponent & 1 == 1 {
                    result = Some(match result {
                        Some(product) => self.op(ScalarOp::Mul, &[product, square], at)?,
                        None => square,
                    });
                }
                exponent >>= 1;
                if exponent > 0 {
                    square = self.op(ScalarOp::Mul, &[square, square], at)?;
                }
            }
            return Ok(result.unwrap_or_else(|| self.small(1, base, at)));
        }
        let ty = self.ty(base);
        let exponent_type = self.ty(exponent).dtype;
        if !matches!(self.types.class(exponent_type), Class::Integer | Class::Known(_)) || ty.rank.is_some() {
            return mistake("the exponent of `pow` must be an integer");
        }
        let result = self.new_var("power", ty, None);
        let square = self.new_var("square", ty, None);
        let rest = self.new_var("exponent", Ty { dtype: exponent_type, rank: None }, None);
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

/// The methods that are one operation.
fn direct(name: &str) -> Option<ScalarOp> {
    Some(match name {
        "sqrt" => ScalarOp::Sqrt,
        "exp" => ScalarOp::Exp,
        "exp2" => ScalarOp::Exp2,
        "exp_m1" => ScalarOp::ExpM1,
        "ln" => ScalarOp::Ln,
        "log2" => ScalarOp::Log2,
        "log10" => ScalarOp::Log10,
        "ln_1p" => ScalarOp::Ln1p,
        "sin" => ScalarOp::Sin,
        "cos" => ScalarOp::Cos,
        "tan" => ScalarOp::Tan,
        "asin" => ScalarOp::Asin,
        "acos" => ScalarOp::Acos,
        "atan" => ScalarOp::Atan,
        "atan2" => ScalarOp::Atan2,
        "sinh" => ScalarOp::Sinh,
        "cosh" => ScalarOp::Cosh,
        "tanh" => ScalarOp::Tanh,
        "asinh" => ScalarOp::Asinh,
        "acosh" => ScalarOp::Acosh,
        "atanh" => ScalarOp::Atanh,
        "cbrt" => ScalarOp::Cbrt,
        "hypot" => ScalarOp::Hypot,
        "erf" => ScalarOp::Erf,
        "erfc" => ScalarOp::Erfc,
        "tgamma" => ScalarOp::Tgamma,
        "lgamma" => ScalarOp::Lgamma,
        "powi" => ScalarOp::Powi,
        "powf" => ScalarOp::Powf,
        "abs" | "wrapping_abs" => ScalarOp::Abs,
        "floor" => ScalarOp::Floor,
        "ceil" => ScalarOp::Ceil,
        "round" => ScalarOp::Round,
        "trunc" => ScalarOp::Trunc,
        "mul_add" => ScalarOp::MulAdd,
        "min" => ScalarOp::Min,
        "max" => ScalarOp::Max,
        "is_nan" => ScalarOp::IsNan,
        "wrapping_add" => ScalarOp::Add,
        "wrapping_sub" => ScalarOp::Sub,
        "wrapping_mul" => ScalarOp::Mul,
        "wrapping_neg" | "neg" => ScalarOp::Neg,
        "not" => ScalarOp::Not,
        _ => return None,
    })
}

/// The methods that are a binary operator.
fn symbol(name: &str) -> Option<&'static str> {
    Some(match name {
        "add" => "+",
        "sub" => "-",
        "mul" => "*",
        "div" | "wrapping_div" => "/",
        "rem" | "wrapping_rem" => "%",
        "eq" => "==",
        "ne" => "!=",
        "lt" => "<",
        "le" => "<=",
        "gt" => ">",
        "ge" => ">=",
        _ => return None,
    })
}

/// The number of arguments besides the receiver; `None` if kernels do not have the method.
fn argument_count(name: &str) -> Option<usize> {
    Some(match name {
        "clamp" => 2,
        "powi" | "powf" | "atan2" | "pow" | "log" | "hypot" | "min" | "max" => 1,
        "rem_euclid" | "div_euclid" => 1,
        "wrapping_add" | "wrapping_sub" | "wrapping_mul" | "abs_diff" => 1,
        "saturating_sub" | "saturating_add" => 1,
        "signum" | "recip" | "fract" | "pow2" | "to_degrees" | "to_radians" => 0,
        "is_finite" | "is_infinite" | "is_positive" | "is_negative" => 0,
        "mul_add" => 2,
        _ if symbol(name).is_some() => 1,
        _ if direct(name).is_some() => 0,
        _ => return None,
    })
}

/// The methods that numbers have.
const AVAILABLE: &str = "available are: sqrt cbrt hypot exp exp2 exp_m1 ln log log2 log10 ln_1p sin cos tan asin acos \
    atan atan2 sinh cosh tanh asinh acosh atanh powi powf abs floor ceil round trunc fract mul_add min max clamp \
    signum recip is_nan is_finite is_infinite to_degrees to_radians pow rem_euclid div_euclid and the wrapping \
    arithmetic";
