//! The tracer: what runs in place of the user's function and writes down what it would do.
//!
//! ```text
//! let y = a * 2.0;      tracer.bind("y", tracer.binary("*", a, tracer.float_literal(2.0, at), at), None, at)
//! ```
//!
//! The methods in this folder that take an [`At`] are the hooks that `#[kernel]` writes calls of, one for
//! each construct of Rust; `kernel.rs` has the methods for people who build kernels from closures.

use crate::errors::{At, Problem, Step, mistake};
use crate::state::{Kind, Literal, State, Ty};
use crate::types::Class;
use crate::{DeclaredType, Lift, Value};
use parfuse_ir::program::{Math, Param, Type};
use parfuse_ir::{Element, MAX_RANK, Scalar};
use std::borrow::Cow;
use std::cell::RefCell;

/// Collects a kernel's program while its function is traced.
pub struct Tracer {
    pub(crate) state: RefCell<State>,
}

impl Tracer {
    /// A tracer for a kernel of this name.
    pub fn new(name: &str) -> Tracer {
        Tracer { state: RefCell::new(State::new(name)) }
    }

    /// Access to what has been collected. Never held while the user's code runs.
    pub(crate) fn with<R>(&self, f: impl FnOnce(&mut State) -> R) -> R {
        f(&mut self.state.borrow_mut())
    }

    /// Performs a step and wraps what it gives; a mistake is recorded, with the place.
    pub(crate) fn step(&self, at: At, f: impl FnOnce(&mut State) -> Step<Kind>) -> Value<'_> {
        let id = self.with(|state| {
            state.doing = Cow::Borrowed("");
            let kind = f(state).unwrap_or_else(|problem| {
                if let Problem::Mistake(message) = problem {
                    state.complain(at, message);
                }
                Kind::Poison
            });
            state.handle(kind)
        });
        Value { tracer: self, id }
    }

    /// The id of a value; that of a dummy, and a complaint, for a value of another tracer.
    pub(crate) fn id(&self, value: Value<'_>) -> u32 {
        if std::ptr::eq(self, value.tracer) {
            return self.present(value.id);
        }
        self.with(|state| {
            state.complain(At::NONE, "a value of one kernel is used in another".to_string());
            state.handle(Kind::Poison)
        })
    }
    pub(crate) fn ids(&self, values: &[Value<'_>]) -> Vec<u32> {
        values.iter().map(|value| self.id(*value)).collect()
    }

    /// Says what may become of the operations on floats of this kernel, those of kernels that it calls included.
    pub fn math(&self, math: Math) {
        self.with(|state| state.program.math = math);
    }
    /// Makes integers that overflow an error from here on, where operators compute them; they wrap by default. What a
    /// parallel loop sums up in a variable from outside wraps in any case.
    pub fn check_overflow(&self, is_error: bool) {
        self.with(|state| state.checked = is_error);
    }

    /// Declares the next parameter, which is of a type, and may be written to or not.
    pub fn param(&self, name: &str, ty: Type, mutable: bool) -> Value<'_> {
        self.step(At::NONE, |state| {
            if mutable && ty.rank().is_none() {
                return mistake(format!("`{name}`: only arrays can be `&mut` parameters; return the scalar"));
            }
            if ty.rank().is_some_and(|rank| rank as usize > MAX_RANK) {
                return mistake(format!("`{name}`: arrays have at most {MAX_RANK} axes"));
            }
            let index = state.program.params.len() as u32;
            state.program.params.push(Param { name: name.to_string(), ty, mutable });
            let ty = Ty { dtype: state.types.of(ty.element()), rank: ty.rank(), of_arrays: false };
            Ok(if mutable {
                Kind::Variable { var: state.new_var(name, ty, Some(index)), borrowed: true }
            } else {
                let value = state.param(index, ty);
                state.name_value(value, name);
                Kind::Plain(value)
            })
        })
    }

    /// The argument at a position of a kernel's call, under the name and with the type of the parameter.
    pub fn parameter<'t>(
        &'t self,
        arguments: &[Value<'t>],
        position: usize,
        name: &'static str,
        ty: DeclaredType,
        at: At,
    ) -> Value<'t> {
        let argument = arguments.get(position).copied();
        let argument =
            argument.unwrap_or_else(|| self.mistake("a kernel is called with too few arguments", at));
        self.bind(name, argument, Some(ty), at)
    }

    /// `()`.
    pub fn unit(&self) -> Value<'_> {
        self.tuple(&[])
    }
    /// An integer literal without a suffix.
    pub fn int_literal(&self, value: u128, at: At) -> Value<'_> {
        self.step(at, |state| {
            let Ok(value) = i128::try_from(value) else {
                return mistake("an integer literal is too large");
            };
            let dtype = state.types.fresh(Class::Integer);
            Ok(Kind::Plain(state.literal(Literal::Integer(value), dtype, at)))
        })
    }
    /// What stands beside a value in an expression: of the types that Rust gives to bare literals a literal.
    pub(crate) fn beside(&self, scalar: Scalar, at: At) -> Value<'_> {
        match scalar {
            Scalar::I32(x) => self.signed_literal(x.into(), at),
            Scalar::F64(x) => self.float_literal(x, at),
            other => self.constant(other, at),
        }
    }
    pub(crate) fn signed_literal(&self, value: i128, at: At) -> Value<'_> {
        self.step(at, |state| {
            let dtype = state.types.fresh(Class::Integer);
            Ok(Kind::Plain(state.literal(Literal::Integer(value), dtype, at)))
        })
    }
    /// A float literal without a suffix.
    pub fn float_literal(&self, value: f64, at: At) -> Value<'_> {
        self.step(at, |state| {
            let dtype = state.types.fresh(Class::Float);
            Ok(Kind::Plain(state.literal(Literal::Float(value), dtype, at)))
        })
    }
    /// `true` or `false`.
    pub fn bool_literal(&self, value: bool, at: At) -> Value<'_> {
        self.constant(value.scalar(), at)
    }
    pub(crate) fn constant(&self, scalar: Scalar, at: At) -> Value<'_> {
        self.step(at, |state| Ok(Kind::Plain(state.constant(scalar, at))))
    }
    /// A constant of a definite type: a literal with a suffix, or the value of a path such as `PI`.
    pub fn lift<'t>(&'t self, x: impl Lift<'t>, at: At) -> Value<'t> {
        x.lift(self, at)
    }

    pub(crate) fn ordering(&self, ordering: std::cmp::Ordering, at: At) -> Value<'_> {
        self.step(at, |state| {
            let [less, greater] =
                [ordering.is_lt(), ordering.is_gt()].map(|holds| state.bool_constant(holds, at));
            Ok(Kind::Ordering { less, greater })
        })
    }

    /// `(a, b, …)`. Scalar variables are read now.
    pub fn tuple(&self, items: &[Value<'_>]) -> Value<'_> {
        let items = self.ids(items);
        self.step(At::NONE, |state| {
            let mut handles = Vec::with_capacity(items.len());
            for item in items {
                let snapshot = state.snapshot_scalar(item, At::NONE)?;
                handles.push(snapshot);
            }
            Ok(Kind::Tuple(handles.into()))
        })
    }
    /// `v.0`.
    pub fn field(&self, v: Value<'_>, i: usize, at: At) -> Value<'_> {
        let v = self.id(v);
        let field = self.with(|state| match state.kind(v) {
            Kind::Tuple(items) => items.get(i).copied(),
            Kind::Lengths(lengths) => lengths.get(i).map(|length| state.handle(Kind::Plain(*length))),
            _ => None,
        });
        match field {
            Some(id) => Value { tracer: self, id },
            None => self.step(at, |state| match state.kind(v) {
                Kind::Poison => Err(Problem::Reported),
                Kind::Tuple(items) => mistake(format!("no field `.{i}` in a tuple of {}", items.len())),
                _ => mistake(format!("only tuples have a field `.{i}`")),
            }),
        }
    }
    /// Records a mistake found by the caller and gives the dummy value for it.
    pub fn mistake(&self, message: &str, at: At) -> Value<'_> {
        self.step(at, |_| mistake(message))
    }
}
