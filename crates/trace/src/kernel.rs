//! Kernels from closures: the tracer's methods for people.
//!
//! ```text
//! let n = t.scalar::<i64>("n");
//! let acc = t.var("acc", 0i64);
//! t.prange(0..n, |t, _| { let x = t.random::<f64>(); t.when(x.lt(0.5), || acc.add(1i64)); });
//! ```
//!
//! They are the same operations as those that `#[kernel]` traces, with the places taken from the calls.

use crate::errors::At;
use crate::state::Kind;
use crate::{Operand, Tracer, Value};
use parfuse_ir::program::Type;
use parfuse_ir::{AnyElement, DType, ElementType, Loc, ScalarOp};

/// What a loop can run over: `0..n`, `0..=n`, `..n` (from 0), `(0, n)`, or the range [`Tracer::range_of`] made
/// of one. In `0..n` both bounds are of one Rust type; the other forms mix handles and numbers.
pub trait IterationRange<'t> {
    /// The range.
    fn range(self, tracer: &'t Tracer, at: At) -> Value<'t>;
}

impl<'t> IterationRange<'t> for Value<'t> {
    fn range(self, _: &'t Tracer, _: At) -> Value<'t> {
        self
    }
}
impl<'t, T: Operand<'t>> IterationRange<'t> for std::ops::Range<T> {
    fn range(self, tracer: &'t Tracer, at: At) -> Value<'t> {
        (self.start, self.end).range(tracer, at)
    }
}
impl<'t, T: Operand<'t>> IterationRange<'t> for std::ops::RangeInclusive<T> {
    fn range(self, tracer: &'t Tracer, at: At) -> Value<'t> {
        let (start, end) = self.into_inner();
        tracer.range(start.operand(tracer, at), end.operand(tracer, at), true, at)
    }
}
impl<'t, T: Operand<'t>> IterationRange<'t> for std::ops::RangeTo<T> {
    fn range(self, tracer: &'t Tracer, at: At) -> Value<'t> {
        (0, self.end).range(tracer, at)
    }
}
impl<'t, A: Operand<'t>, B: Operand<'t>> IterationRange<'t> for (A, B) {
    fn range(self, tracer: &'t Tracer, at: At) -> Value<'t> {
        tracer.range(self.0.operand(tracer, at), self.1.operand(tracer, at), false, at)
    }
}

impl Tracer {
    // Parameters and constants

    /// The next parameter, a scalar.
    pub fn scalar<T: AnyElement>(&self, name: &str) -> Value<'_> {
        self.param(name, Type::scalar(T::TYPE), false)
    }
    /// The next parameter, an array to read.
    pub fn array<T: AnyElement>(&self, name: &str, rank: u8) -> Value<'_> {
        self.param(name, Type::array(T::TYPE, rank), false)
    }
    /// The next parameter, an array to read and write.
    pub fn array_mut<T: AnyElement>(&self, name: &str, rank: u8) -> Value<'_> {
        self.param(name, Type::array(T::TYPE, rank), true)
    }
    /// A number as a handle.
    #[track_caller]
    pub fn value<'t>(&'t self, v: impl Operand<'t>) -> Value<'t> {
        v.operand(self, At::caller())
    }
    /// A variable with an initial value, a scalar or an array.
    #[track_caller]
    pub fn var<'t>(&'t self, name: &str, init: impl Operand<'t>) -> Value<'t> {
        let at = At::caller();
        self.variable_named(name, init.operand(self, at), at)
    }

    // Places and mistakes of the user's own

    /// Gives all that `body` does a place in a text of the user's own, from which the kernel is made: mistakes, faults
    /// and explanations name it instead of the line of Rust. Lines and columns count from 1; the innermost place holds.
    ///
    /// ```
    /// # let tracer = parfuse_trace::Tracer::new("kernel");
    /// # let t = &tracer;
    /// let (x, n) = (t.scalar::<f64>("x"), t.scalar::<i64>("n"));
    /// let wrong = t.at("model.txt", 7, 12, || x + n);
    /// let error = tracer.finish(wrong, parfuse_trace::ReturnKind::Any).unwrap_err();
    /// assert!(error.complaints[0].place == "model.txt:7:12");
    /// ```
    pub fn at<R>(&self, file: &str, line: u32, column: u32, body: impl FnOnce() -> R) -> R {
        let outer = self.with(|state| {
            let file = state.program.files.intern(file);
            state.place.replace(Loc { file, line, column })
        });
        let result = body();
        self.with(|state| state.place = outer);
        result
    }
    /// Adds a mistake that the caller has found, at the place of the call or that given by [`at`](Tracer::at). The
    /// kernel will not be made; tracing goes on, with a dummy for the value, to find more.
    #[track_caller]
    pub fn refuse(&self, message: &str) -> Value<'_> {
        self.mistake(message, At::caller())
    }

    // Loops and branches

    /// A range as a handle, for `rev` and `step_by`.
    #[track_caller]
    pub fn range_of<'t>(&'t self, range: impl IterationRange<'t>) -> Value<'t> {
        range.range(self, At::caller())
    }
    /// The iterations of a loop that are independent, as a handle, for what else is said of them: `grain`, and in an
    /// `unsafe` block [`assume_disjoint`](Value::assume_disjoint). It goes to [`prange`](Tracer::prange).
    #[track_caller]
    pub fn prange_of<'t>(&'t self, range: impl IterationRange<'t>) -> Value<'t> {
        let at = At::caller();
        self.parallel(range.range(self, at), at)
    }
    /// A loop whose iterations are independent but for reductions, and may run in parallel.
    #[track_caller]
    pub fn prange<'t>(&'t self, range: impl IterationRange<'t>, body: impl FnOnce(&'t Tracer, Value<'t>)) {
        let at = At::caller();
        let range = self.parallel(range.range(self, at), at);
        self.for_(range, |i| body(self, i), at);
    }
    /// A loop in order.
    #[track_caller]
    pub fn for_each<'t>(&'t self, range: impl IterationRange<'t>, body: impl FnOnce(&'t Tracer, Value<'t>)) {
        let at = At::caller();
        let range = range.range(self, at);
        self.for_(range, |i| body(self, i), at);
    }
    /// `while cond() { body() }`.
    #[track_caller]
    pub fn repeat_while<'t>(&'t self, cond: impl FnOnce() -> Value<'t>, body: impl FnOnce()) {
        self.while_(cond, body, At::caller());
    }
    /// `if cond { then() }`.
    #[track_caller]
    pub fn when<'t>(&'t self, cond: Value<'t>, then: impl FnOnce()) {
        let then = || {
            then();
            self.unit()
        };
        self.if_(cond, then, || self.unit(), At::caller());
    }
    /// `if cond { then() } else { otherwise() }`, with what the branches give.
    #[track_caller]
    pub fn either<'t>(
        &'t self,
        cond: Value<'t>,
        then: impl FnOnce() -> Value<'t>,
        otherwise: impl FnOnce() -> Value<'t>,
    ) -> Value<'t> {
        self.if_(cond, then, otherwise, At::caller())
    }

    // New arrays

    /// An array of zeros.
    #[track_caller]
    pub fn zeros<T: AnyElement>(&self, shape: &[Value<'_>]) -> Value<'_> {
        self.filled("zeros", T::TYPE, shape, None, At::caller())
    }
    /// An array of ones.
    #[track_caller]
    pub fn ones<T: AnyElement>(&self, shape: &[Value<'_>]) -> Value<'_> {
        self.filled("ones", T::TYPE, shape, None, At::caller())
    }
    /// An array with all elements equal.
    #[track_caller]
    pub fn full<'t, T: AnyElement>(&'t self, shape: &[Value<'t>], v: impl Operand<'t>) -> Value<'t> {
        let at = At::caller();
        self.filled("from_elem", T::TYPE, shape, Some(v.operand(self, at)), at)
    }
    fn filled(
        &self,
        name: &'static str,
        element: ElementType,
        shape: &[Value<'_>],
        value: Option<Value<'_>>,
        at: At,
    ) -> Value<'_> {
        let shape = self.tuple(shape);
        match value {
            None => self.new_array(name, Some(element), None, &[shape], at),
            Some(value) => self.new_array(name, Some(element), None, &[shape, value], at),
        }
    }

    // What the operators of handles need beyond those of Rust

    pub(crate) fn elementwise(&self, op: &str, a: Value<'_>, b: Value<'_>, at: At) -> Value<'_> {
        let (a, b) = (self.id(a), self.id(b));
        self.step(at, |state| {
            state.doing = format!("`{op}`").into();
            let (a, b) = (state.read(a, at)?, state.read(b, at)?);
            Ok(Kind::Plain(state.binary(op, a, b, at)?))
        })
    }
    pub(crate) fn elementwise_method(&self, op: ScalarOp, operands: &[Value<'_>], at: At) -> Value<'_> {
        let operands = self.ids(operands);
        self.step(at, |state| {
            state.doing = format!("`.{op}()`").into();
            let mut values = Vec::with_capacity(operands.len());
            for operand in operands {
                values.push(state.read(operand, at)?);
            }
            Ok(Kind::Plain(state.homogeneous(op, &values, &format!("the operands of `{op}`"), at)?))
        })
    }
    pub(crate) fn choose(&self, cond: Value<'_>, a: Value<'_>, b: Value<'_>, at: At) -> Value<'_> {
        let (cond, a, b) = (self.id(cond), self.id(a), self.id(b));
        self.step(at, |state| {
            state.doing = "`.select()`".into();
            let (cond, a, b) = (state.read(cond, at)?, state.read(a, at)?, state.read(b, at)?);
            state.unify_known(cond, DType::Bool, "the condition of `select`")?;
            Ok(Kind::Plain(state.select(cond, a, b, at)?))
        })
    }
}
