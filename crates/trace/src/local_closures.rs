//! Closures of the user's as values: they can be bound to a name, called, and given to iterators.
//!
//! ```text
//! let f = |x: f64| x * k;      closure(&[k], |t, [k, x]| …)      the handles it captures, and its code
//! f(2.0)                       apply(f, &[2.0])                  traced here
//! a.iter().map(f)              kept with the sequence            traced where something goes through it
//! ```
//!
//! The code is a plain function of the handles that the closure captures and of its arguments, so that it can be kept,
//! and traced as often as it is called. A captured variable is read when the closure runs.

use crate::errors::{At, Problem, mistake};
use crate::state::Kind;
use crate::{Tracer, Value};
use std::fmt;

/// The code of a closure: of the captured handles and then the arguments.
pub type ClosureCode = for<'t> fn(&'t Tracer, &[Value<'t>]) -> Value<'t>;

/// A closure.
#[derive(Clone)]
pub(crate) struct Closure {
    captured: Vec<u32>,
    parameters: usize,
    code: ClosureCode,
}

impl fmt::Debug for Closure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "closure of {} parameters", self.parameters)
    }
}

impl Tracer {
    /// `|parameters| code`, which uses what is captured. Of a `move` closure scalars are read now.
    pub fn closure(
        &self,
        captured: &[Value<'_>],
        moves: bool,
        parameters: usize,
        code: ClosureCode,
        at: At,
    ) -> Value<'_> {
        let mut captured: Vec<u32> = captured.iter().map(|value| self.passed(*value)).collect();
        self.step(at, |state| {
            if moves {
                for handle in &mut captured {
                    if !matches!(state.kind(*handle), Kind::Poison) {
                        *handle = state.snapshot_scalar(*handle, at)?;
                    }
                }
            }
            Ok(Kind::Closure(Closure { captured, parameters, code }))
        })
    }

    /// The call of a closure, whose arguments are passed by value but for references.
    pub fn apply<'t>(&'t self, closure: Value<'t>, arguments: &[Value<'t>], at: At) -> Value<'t> {
        let passed: Vec<Value<'t>> =
            arguments.iter().map(|argument| self.bind_named("", *argument, None, at)).collect();
        self.call_closure(closure, &passed, at)
    }

    /// The call of a closure, with arguments that it may change.
    pub(crate) fn call_closure<'t>(
        &'t self,
        closure: Value<'t>,
        arguments: &[Value<'t>],
        at: At,
    ) -> Value<'t> {
        let closure = self.id(closure);
        let arguments: Vec<u32> = arguments.iter().map(|argument| self.passed(*argument)).collect();
        let mut called = None;
        let poison = self.step(at, |state| match state.kind(closure) {
            Kind::Closure(closure) if closure.parameters == arguments.len() => {
                state.count_call()?;
                called = Some(closure);
                Ok(Kind::Poison)
            }
            Kind::Closure(closure) => {
                let (takes, given) = (closure.parameters, arguments.len());
                mistake(format!("a closure with {takes} parameters is called with {given} arguments"))
            }
            Kind::Poison => Err(Problem::Reported),
            _ => mistake("only closures and functions with `#[kernel]` can be called, not other variables"),
        });
        let Some(Closure { captured, code, .. }) = called else { return poison };
        let given: Vec<Value<'t>> =
            captured.into_iter().chain(arguments).map(|id| Value { tracer: self, id }).collect();
        code(self, &given)
    }
}
