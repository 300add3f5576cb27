//! The hooks that take closures, for closures of any type.
//!
//! ```text
//! t.for_(range, |i| …, at)     trace_for(range, &mut Some(|i| …) as &mut dyn Block, at)     compiled once
//! ```
//!
//! Every closure has a type of its own, and a kernel has one for each branch and loop. Here they go behind a pointer, so
//! that what a hook does is not compiled anew for each of them in the crate of the user's.

use crate::errors::At;
use crate::exits::Exit;
use crate::{Method, Tracer, Value};
use std::any::TypeId;

/// A closure that is called once.
pub(crate) trait Block<I, O> {
    /// Its value; nothing the second time.
    fn run(&mut self, input: I) -> Option<O>;
}

impl<I, O, F: FnOnce(I) -> O> Block<I, O> for Option<F> {
    // Runs once: it need not be fast, but compiled quickly and small.
    #[cold]
    #[inline(never)]
    fn run(&mut self, input: I) -> Option<O> {
        self.take().map(|block| block(input))
    }
}

impl Tracer {
    /// The value of a closure.
    pub(crate) fn value_of<'t, I>(&'t self, block: &mut dyn Block<I, Value<'t>>, input: I) -> Value<'t> {
        // An id that is none stands for the dummy of a mistake.
        block.run(input).unwrap_or(Value { tracer: self, id: u32::MAX })
    }

    /// `for i in range { body(i) }`.
    pub fn for_<'t>(&'t self, range: Value<'t>, body: impl FnOnce(Value<'t>), at: At) -> Value<'t> {
        self.trace_for(range, &mut Some(body), at)
    }

    /// `while cond() { body() }`.
    pub fn while_<'t>(&'t self, cond: impl FnOnce() -> Value<'t>, body: impl FnOnce(), at: At) -> Value<'t> {
        self.trace_while(&mut Some(|()| cond()), &mut Some(|()| body()), at)
    }

    /// `if cond { then() } else { otherwise() }`, with a value if both give one.
    pub fn if_<'t>(
        &'t self,
        cond: Value<'t>,
        then: impl FnOnce() -> Value<'t>,
        otherwise: impl FnOnce() -> Value<'t>,
        at: At,
    ) -> Value<'t> {
        self.trace_if(cond, &mut Some(|()| then()), &mut Some(|()| otherwise()), at)
    }

    /// A block that can be left, and what it gives.
    pub fn scope_<'t>(&'t self, body: impl FnOnce(Exit) -> Value<'t>, at: At) -> Value<'t> {
        self.trace_scope(&mut Some(body), false, at)
    }

    /// `loop { body }`: it ends when something leaves it.
    pub fn loop_<'t>(&'t self, body: impl FnOnce(Exit), at: At) -> Value<'t> {
        self.trace_loop(&mut Some(body), at)
    }

    /// `a && b` or `a || b`. The right side is traced, and evaluated by the kernel only if the left side does
    /// not decide, or if evaluating it cannot be noticed.
    pub fn logical<'t>(
        &'t self,
        is_and: bool,
        a: Value<'t>,
        b: impl FnOnce() -> Value<'t>,
        at: At,
    ) -> Value<'t> {
        self.trace_logical(is_and, a, &mut Some(|()| b()), at)
    }

    /// `receiver.mapv(f)`, and `map`, `mapv_into`, `mapv_inplace` likewise.
    pub fn mapv<'t>(
        &'t self,
        receiver: Value<'t>,
        method: Method,
        f: impl FnOnce(Value<'t>) -> Value<'t>,
        at: At,
    ) -> Value<'t> {
        self.with_closure(receiver, method, &[], |arguments| f(arguments[0]), at)
    }

    /// `receiver.method(args, f)`, for every method whose last argument is a closure, of the arguments in their order.
    pub fn with_closure<'t>(
        &'t self,
        receiver: Value<'t>,
        method: Method,
        args: &[Value<'t>],
        f: impl FnOnce(Vec<Value<'t>>) -> Value<'t>,
        at: At,
    ) -> Value<'t> {
        self.trace_closure(receiver, method, args, &mut Some(f), at)
    }

    /// As [`call`](Tracer::call) of a kernel whose type has this id, with its arguments for the body.
    pub fn call_body<'t>(
        &'t self,
        kernel: TypeId,
        name: &'static str,
        at: At,
        arguments: &[Value<'t>],
        body: fn(&'t Tracer, &[Value<'t>]) -> Value<'t>,
    ) -> Value<'t> {
        self.trace_call(kernel, name, at, &mut Some(|()| body(self, arguments)))
    }

    /// The call of a kernel, whose type is `K`: `body` traces it. The kernel being traced is the first one called.
    pub fn call<'t, K: 'static>(
        &'t self,
        name: &'static str,
        at: At,
        body: impl FnOnce() -> Value<'t>,
    ) -> Value<'t> {
        self.trace_call(TypeId::of::<K>(), name, at, &mut Some(|()| body()))
    }
}
