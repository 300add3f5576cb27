//! Handles: what stands for a number, an array or a variable while a kernel is traced.
//!
//! ```text
//! let y = (x - 0.5).powi(2) * &a;     four operations, recorded with their places
//! acc.add(y);                         acc is a variable: acc += y
//! ```
//!
//! A handle is `Copy` and dynamically typed. Using one wrongly is recorded as a mistake and reported when the
//! kernel is finished.

use crate::{At, CastTarget, Operand, Tracer};
use parfuse_ir::ScalarOp;
use std::fmt;
use std::ops;

/// A value, an array or a variable of the kernel being traced.
#[derive(Clone, Copy)]
pub struct Value<'t> {
    pub(crate) tracer: &'t Tracer,
    pub(crate) id: u32,
}

impl fmt::Debug for Value<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Value({})", self.id)
    }
}

/// Changing variables, and elements of array variables.
#[allow(clippy::should_implement_trait, reason = "they change the variable that the handle stands for")]
impl<'t> Value<'t> {
    /// `variable = v`.
    #[track_caller]
    pub fn set(self, v: impl Operand<'t>) {
        let at = At::caller();
        self.tracer.assign(self, v.operand(self.tracer, at), at);
    }
    /// `variable += v`.
    #[track_caller]
    pub fn add(self, v: impl Operand<'t>) {
        self.change("+", v, At::caller());
    }
    /// `variable -= v`.
    #[track_caller]
    pub fn sub(self, v: impl Operand<'t>) {
        self.change("-", v, At::caller());
    }
    /// `variable *= v`.
    #[track_caller]
    pub fn mul(self, v: impl Operand<'t>) {
        self.change("*", v, At::caller());
    }
    /// `variable /= v`.
    #[track_caller]
    pub fn div(self, v: impl Operand<'t>) {
        self.change("/", v, At::caller());
    }
    fn change(self, op: &'static str, v: impl Operand<'t>, at: At) {
        self.tracer.assign_op(op, self, v.operand(self.tracer, at), at);
    }

    /// `array[index]`.
    #[track_caller]
    pub fn at(self, index: &[Value<'t>]) -> Value<'t> {
        self.tracer.index(self, index, At::caller())
    }
    /// `array[index] = v`.
    #[track_caller]
    pub fn store(self, index: &[Value<'t>], v: impl Operand<'t>) {
        let at = At::caller();
        self.tracer.store(self, index, v.operand(self.tracer, at), at);
    }
    /// `array[index] += v`.
    #[track_caller]
    pub fn add_at(self, index: &[Value<'t>], v: impl Operand<'t>) {
        let at = At::caller();
        self.tracer.store_op("+", self, index, v.operand(self.tracer, at), at);
    }
    /// The value under a name, which messages and explanations use; a variable is read now.
    #[track_caller]
    pub fn named(self, name: &str) -> Value<'t> {
        self.tracer.bind_named(name, self, None, At::caller())
    }
}

/// Comparisons, choices and conversions, element by element on arrays.
#[allow(clippy::should_implement_trait, reason = "comparisons give handles, not `bool`")]
impl<'t> Value<'t> {
    /// `self < other`.
    #[track_caller]
    pub fn lt(self, other: impl Operand<'t>) -> Value<'t> {
        self.compare("<", other, At::caller())
    }
    /// `self <= other`.
    #[track_caller]
    pub fn le(self, other: impl Operand<'t>) -> Value<'t> {
        self.compare("<=", other, At::caller())
    }
    /// `self > other`.
    #[track_caller]
    pub fn gt(self, other: impl Operand<'t>) -> Value<'t> {
        self.compare(">", other, At::caller())
    }
    /// `self >= other`.
    #[track_caller]
    pub fn ge(self, other: impl Operand<'t>) -> Value<'t> {
        self.compare(">=", other, At::caller())
    }
    /// `self == other`.
    #[track_caller]
    pub fn eq(self, other: impl Operand<'t>) -> Value<'t> {
        self.compare("==", other, At::caller())
    }
    /// `self != other`.
    #[track_caller]
    pub fn ne(self, other: impl Operand<'t>) -> Value<'t> {
        self.compare("!=", other, At::caller())
    }
    fn compare(self, op: &'static str, other: impl Operand<'t>, at: At) -> Value<'t> {
        let other = other.operand(self.tracer, at);
        self.tracer.elementwise(op, self, other, at)
    }

    /// `self & other`, both evaluated.
    #[track_caller]
    pub fn and(self, other: impl Operand<'t>) -> Value<'t> {
        let at = At::caller();
        self.tracer.binary("&", self, other.operand(self.tracer, at), at)
    }
    /// `self | other`, both evaluated.
    #[track_caller]
    pub fn or(self, other: impl Operand<'t>) -> Value<'t> {
        let at = At::caller();
        self.tracer.binary("|", self, other.operand(self.tracer, at), at)
    }
    /// `!self`.
    #[track_caller]
    pub fn not(self) -> Value<'t> {
        self.tracer.unary("!", self, At::caller())
    }
    /// `if self { a } else { b }`, both evaluated.
    #[track_caller]
    pub fn select(self, a: impl Operand<'t>, b: impl Operand<'t>) -> Value<'t> {
        let at = At::caller();
        let (a, b) = (a.operand(self.tracer, at), b.operand(self.tracer, at));
        self.tracer.choose(self, a, b, at)
    }
    /// `self as T`.
    #[track_caller]
    pub fn cast<T: CastTarget>(self) -> Value<'t> {
        self.tracer.cast::<T>(self, At::caller())
    }
    /// `self << count`.
    #[track_caller]
    pub fn shl(self, count: impl Operand<'t>) -> Value<'t> {
        let at = At::caller();
        self.tracer.binary("<<", self, count.operand(self.tracer, at), at)
    }
    /// `self >> count`.
    #[track_caller]
    pub fn shr(self, count: impl Operand<'t>) -> Value<'t> {
        let at = At::caller();
        self.tracer.binary(">>", self, count.operand(self.tracer, at), at)
    }
}

/// Methods without arguments: `(name, documentation)`.
macro_rules! methods {
    ($($name:ident $doc:literal),* $(,)?) => { impl<'t> Value<'t> { $(
        #[doc = $doc]
        #[track_caller]
        pub fn $name(self) -> Value<'t> {
            self.tracer.method(self, stringify!($name), &[], At::caller())
        }
    )* } };
}
methods! {
    sqrt "Square root.",
    exp "e to the power of it.",
    exp2 "2 to the power of it.",
    exp_m1 "e to the power of it, minus 1.",
    ln "Natural logarithm.",
    log2 "Logarithm to base 2.",
    log10 "Logarithm to base 10.",
    ln_1p "Natural logarithm of 1 and it.",
    sin "Sine of radians.",
    cos "Cosine of radians.",
    tan "Tangent of radians.",
    asin "Arc sine in radians.",
    acos "Arc cosine in radians.",
    atan "Arc tangent in radians.",
    sinh "Hyperbolic sine.",
    cosh "Hyperbolic cosine.",
    tanh "Hyperbolic tangent.",
    asinh "Inverse of the hyperbolic sine.",
    acosh "Inverse of the hyperbolic cosine.",
    atanh "Inverse of the hyperbolic tangent.",
    cbrt "Cube root.",
    erf "The error function.",
    erfc "One minus the error function.",
    tgamma "The gamma function.",
    lgamma "The natural logarithm of the magnitude of the gamma function.",
    abs "Absolute value.",
    floor "Rounded down.",
    ceil "Rounded up.",
    round "Rounded to the nearest integer, halves away from zero.",
    trunc "Rounded towards zero.",
    fract "The part behind the point.",
    recip "Its reciprocal.",
    signum "Its sign: 1, -1, or NaN for NaN; 0 for the integer 0.",
    is_nan "Whether it is NaN.",
    is_infinite "Whether it is positive or negative infinity.",
    is_finite "Whether it is neither infinite nor NaN.",
    is_positive "Whether the integer is above zero.",
    is_negative "Whether the integer is below zero.",
    to_degrees "Radians in degrees.",
    to_radians "Degrees in radians.",
    pow2 "Its square.",
    sin_cos "Its sine and cosine, a tuple.",
    wrapping_abs "The absolute value of the integer; that of the least one is itself.",
    wrapping_neg "The negated integer; that of the least one is itself.",
    is_empty "Whether the array has no elements.",
    len "The number of elements.",
    dim "The lengths of all axes: a scalar for one axis, else a tuple.",
    nrows "The length of axis 0 of two.",
    ncols "The length of axis 1 of two.",
    ndim "The number of axes.",
    sum "The sum of all elements.",
    product "The product of all elements.",
    mean "The mean of all elements, an `Option`.",
    unwrap "The mean; a fault if the array is empty.",
    unwrap_or_default "The mean, or 0 if the array is empty.",
    is_some "Whether there is a mean.",
    is_none "Whether there is no mean: the array is empty.",
    to_owned "A copy.",
}

/// Methods with arguments.
impl<'t> Value<'t> {
    #[track_caller]
    fn call<const N: usize>(self, name: &'static str, args: [Value<'t>; N]) -> Value<'t> {
        self.tracer.method(self, name, &args, At::caller())
    }
    /// To an integer power.
    #[track_caller]
    pub fn powi(self, exponent: impl Operand<'t>) -> Value<'t> {
        self.call("powi", [exponent.operand(self.tracer, At::caller())])
    }
    /// An integer to an integer power; it wraps.
    #[track_caller]
    pub fn pow(self, exponent: impl Operand<'t>) -> Value<'t> {
        self.call("pow", [exponent.operand(self.tracer, At::caller())])
    }
    /// To a power.
    #[track_caller]
    pub fn powf(self, exponent: impl Operand<'t>) -> Value<'t> {
        self.call("powf", [exponent.operand(self.tracer, At::caller())])
    }
    /// The angle of the point with this ordinate.
    #[track_caller]
    pub fn atan2(self, abscissa: impl Operand<'t>) -> Value<'t> {
        self.call("atan2", [abscissa.operand(self.tracer, At::caller())])
    }
    /// The logarithm to a base.
    #[track_caller]
    pub fn log(self, base: impl Operand<'t>) -> Value<'t> {
        self.call("log", [base.operand(self.tracer, At::caller())])
    }
    /// The square root of the sum of two squares.
    #[track_caller]
    pub fn hypot(self, other: impl Operand<'t>) -> Value<'t> {
        self.call("hypot", [other.operand(self.tracer, At::caller())])
    }
    /// `self * factor + term`, rounded once.
    #[track_caller]
    pub fn mul_add(self, factor: impl Operand<'t>, term: impl Operand<'t>) -> Value<'t> {
        let at = At::caller();
        self.tracer.elementwise_method(
            ScalarOp::MulAdd,
            &[self, factor.operand(self.tracer, at), term.operand(self.tracer, at)],
            at,
        )
    }
    /// The smaller one; the other one if one is NaN. Element by element on arrays.
    #[track_caller]
    pub fn min(self, other: impl Operand<'t>) -> Value<'t> {
        let at = At::caller();
        self.tracer.elementwise_method(ScalarOp::Min, &[self, other.operand(self.tracer, at)], at)
    }
    /// The larger one; the other one if one is NaN. Element by element on arrays.
    #[track_caller]
    pub fn max(self, other: impl Operand<'t>) -> Value<'t> {
        let at = At::caller();
        self.tracer.elementwise_method(ScalarOp::Max, &[self, other.operand(self.tracer, at)], at)
    }
    /// The nearest number between two.
    #[track_caller]
    pub fn clamp(self, low: impl Operand<'t>, high: impl Operand<'t>) -> Value<'t> {
        let at = At::caller();
        self.call("clamp", [low.operand(self.tracer, at), high.operand(self.tracer, at)])
    }
    /// The remainder that is never negative.
    #[track_caller]
    pub fn rem_euclid(self, divisor: impl Operand<'t>) -> Value<'t> {
        self.call("rem_euclid", [divisor.operand(self.tracer, At::caller())])
    }
    /// The quotient that leaves the remainder of [`rem_euclid`](Value::rem_euclid).
    #[track_caller]
    pub fn div_euclid(self, divisor: impl Operand<'t>) -> Value<'t> {
        self.call("div_euclid", [divisor.operand(self.tracer, At::caller())])
    }
    /// The distance of two `usize`.
    #[track_caller]
    pub fn abs_diff(self, other: impl Operand<'t>) -> Value<'t> {
        self.call("abs_diff", [other.operand(self.tracer, At::caller())])
    }
    /// The sum of two `usize`, or the largest one.
    #[track_caller]
    pub fn saturating_add(self, other: impl Operand<'t>) -> Value<'t> {
        self.call("saturating_add", [other.operand(self.tracer, At::caller())])
    }
    /// The difference of two `usize`, or 0.
    #[track_caller]
    pub fn saturating_sub(self, other: impl Operand<'t>) -> Value<'t> {
        self.call("saturating_sub", [other.operand(self.tracer, At::caller())])
    }
    /// The sum of two integers, as `+` of handles is.
    #[track_caller]
    pub fn wrapping_add(self, other: impl Operand<'t>) -> Value<'t> {
        self.call("wrapping_add", [other.operand(self.tracer, At::caller())])
    }
    /// The difference of two integers, as `-` of handles is.
    #[track_caller]
    pub fn wrapping_sub(self, other: impl Operand<'t>) -> Value<'t> {
        self.call("wrapping_sub", [other.operand(self.tracer, At::caller())])
    }
    /// The product of two integers, as `*` of handles is.
    #[track_caller]
    pub fn wrapping_mul(self, other: impl Operand<'t>) -> Value<'t> {
        self.call("wrapping_mul", [other.operand(self.tracer, At::caller())])
    }
    /// The quotient of two integers, as `/` of handles is.
    #[track_caller]
    pub fn wrapping_div(self, divisor: impl Operand<'t>) -> Value<'t> {
        self.call("wrapping_div", [divisor.operand(self.tracer, At::caller())])
    }
    /// The remainder of two integers, as `%` of handles is.
    #[track_caller]
    pub fn wrapping_rem(self, divisor: impl Operand<'t>) -> Value<'t> {
        self.call("wrapping_rem", [divisor.operand(self.tracer, At::caller())])
    }
    /// The mean, or another value if the array is empty.
    #[track_caller]
    pub fn unwrap_or(self, other: impl Operand<'t>) -> Value<'t> {
        self.call("unwrap_or", [other.operand(self.tracer, At::caller())])
    }
    /// The length of an axis.
    #[track_caller]
    pub fn shape(self, axis: usize) -> Value<'t> {
        let at = At::caller();
        let lengths = self.tracer.method(self, "shape", &[], at);
        self.tracer.index(lengths, &[self.tracer.lift(axis, at)], at)
    }
    /// A new array of what a closure computes from each element.
    #[track_caller]
    pub fn mapv(self, f: impl FnOnce(Value<'t>) -> Value<'t>) -> Value<'t> {
        self.tracer.mapv(self, "mapv", f, At::caller())
    }
    /// Replaces each element by what a closure computes from it.
    #[track_caller]
    pub fn mapv_inplace(self, f: impl FnOnce(Value<'t>) -> Value<'t>) {
        self.tracer.mapv(self, "mapv_inplace", f, At::caller());
    }
    /// Adds a multiple of an array.
    #[track_caller]
    pub fn scaled_add(self, factor: impl Operand<'t>, array: Value<'t>) {
        self.call("scaled_add", [factor.operand(self.tracer, At::caller()), array]);
    }
    /// Sets all elements.
    #[track_caller]
    pub fn fill(self, v: impl Operand<'t>) {
        self.call("fill", [v.operand(self.tracer, At::caller())]);
    }
    /// Overwrites the elements with those of an array.
    #[track_caller]
    pub fn assign(self, array: Value<'t>) {
        self.call("assign", [array]);
    }
    /// The range backwards.
    #[track_caller]
    pub fn rev(self) -> Value<'t> {
        self.call("rev", [])
    }
    /// Every `step`-th index of the range.
    #[track_caller]
    pub fn step_by(self, step: impl Operand<'t>) -> Value<'t> {
        self.call("step_by", [step.operand(self.tracer, At::caller())])
    }
    /// A field of a tuple.
    #[track_caller]
    pub fn field(self, i: usize) -> Value<'t> {
        self.tracer.field(self, i, At::caller())
    }
}

// On the left stand only the types of bare literals: were there two float types, rustc could not tell which
// one `0.5` is in `(0.5 * x).exp()`.
macro_rules! operators {
    ($($trait:ident $method:ident $symbol:literal),*) => { $(
        impl<'t, R: Operand<'t>> ops::$trait<R> for Value<'t> {
            type Output = Value<'t>;
            #[track_caller]
            fn $method(self, right: R) -> Value<'t> {
                let at = At::caller();
                self.tracer.binary($symbol, self, right.operand(self.tracer, at), at)
            }
        }
        operators!(@left $trait $method $symbol: bool, i32, f64);
    )* };
    (@left $trait:ident $method:ident $symbol:literal: $($ty:ty),*) => { $(
        impl<'t> ops::$trait<Value<'t>> for $ty {
            type Output = Value<'t>;
            #[track_caller]
            fn $method(self, right: Value<'t>) -> Value<'t> {
                let at = At::caller();
                right.tracer.binary($symbol, self.operand(right.tracer, at), right, at)
            }
        }
    )* };
}
operators!(
    Add add "+", Sub sub "-", Mul mul "*", Div div "/", Rem rem "%",
    BitAnd bitand "&", BitOr bitor "|", BitXor bitxor "^"
);

impl<'t> ops::Neg for Value<'t> {
    type Output = Value<'t>;
    #[track_caller]
    fn neg(self) -> Value<'t> {
        self.tracer.unary("-", self, At::caller())
    }
}
impl<'t> ops::Not for Value<'t> {
    type Output = Value<'t>;
    #[track_caller]
    fn not(self) -> Value<'t> {
        self.tracer.unary("!", self, At::caller())
    }
}
