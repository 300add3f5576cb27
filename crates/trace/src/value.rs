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
use parfuse_names::{Method, for_each_method};
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

macro_rules! define_handle_methods {
    ($($name:ident $handle:tt { $($row:tt)* } $({ $($also:tt)* })*)*) => {
        /// The methods of the vocabulary.
        #[allow(clippy::should_implement_trait, reason = "they give handles, as all methods of handles do")]
        impl<'t> Value<'t> { $(define_handle_methods!(@$handle $name $($row)*);)* }
    };
    (@fn $name:ident $receiver:ident $each:ident ($($argument:ident: $kind:ident),*) update $what:tt $doc:literal) => {
        #[doc = $doc]
        #[track_caller]
        pub fn $name(self, $($argument: impl Operand<'t>),*) {
            let at = At::caller();
            self.tracer.method(self, Method::$name, &[$($argument.operand(self.tracer, at)),*], at);
        }
    };
    (@fn $name:ident $receiver:ident $each:ident ($($argument:ident: $kind:ident),*) $part:ident $what:tt $doc:literal) => {
        #[doc = $doc]
        #[track_caller]
        pub fn $name(self, $($argument: impl Operand<'t>),*) -> Value<'t> {
            let at = At::caller();
            self.tracer.method(self, Method::$name, &[$($argument.operand(self.tracer, at)),*], at)
        }
    };
    (@- $($row:tt)*) => {};
}
for_each_method!(define_handle_methods);

/// Methods that take arrays as well as numbers, or closures, or handles of their own kind.
impl<'t> Value<'t> {
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
    /// The smallest element, NaN passed over; a fault if the array is empty.
    #[track_caller]
    pub fn smallest(self) -> Value<'t> {
        self.tracer.method(self, Method::min, &[], At::caller())
    }
    /// The largest element, NaN passed over; a fault if the array is empty.
    #[track_caller]
    pub fn largest(self) -> Value<'t> {
        self.tracer.method(self, Method::max, &[], At::caller())
    }
    /// The length of an axis.
    #[track_caller]
    pub fn shape(self, axis: usize) -> Value<'t> {
        let at = At::caller();
        let lengths = self.tracer.method(self, Method::shape, &[], at);
        self.tracer.index(lengths, &[self.tracer.lift(axis, at)], at)
    }
    /// A new array of what a closure computes from each element.
    #[track_caller]
    pub fn mapv(self, f: impl FnOnce(Value<'t>) -> Value<'t>) -> Value<'t> {
        self.tracer.mapv(self, Method::mapv, f, At::caller())
    }
    /// Replaces each element by what a closure computes from it.
    #[track_caller]
    pub fn mapv_inplace(self, f: impl FnOnce(Value<'t>) -> Value<'t>) {
        self.tracer.mapv(self, Method::mapv_inplace, f, At::caller());
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
