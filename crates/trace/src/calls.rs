//! Calls of kernels by kernels: each is traced into its caller, as far as that has an end.
//!
//! ```text
//! a ─▶ b ─▶ c        a chain of calls: no kernel twice, not too long
//! a ─▶ b, b, b …     all calls together: not more than a program can hold
//! ```
//!
//! Both branches of every `if` are traced, so kernels that call each other would never end, and a tower of
//! kernels, each of which calls the one below twice, doubles with every floor.

use crate::closures::Block;
use crate::errors::{At, Problem, Step, mistake};
use crate::state::{Kind, State};
use crate::{Tracer, Value};
use std::any::TypeId;

/// A chain of calls is not longer than this, so that tracing it fits on a stack.
const LONGEST_CHAIN: usize = 32;

/// No call is traced once this many are.
const MOST_CALLS: usize = 10_000;

/// Nor once the program has this many values.
const MOST_VALUES: usize = 200_000;

/// The calls being traced, and how many have been.
#[derive(Default)]
pub(crate) struct Calls {
    chain: Vec<(TypeId, &'static str)>,
    traced: usize,
    /// Whether it has been said that there are too many, or too many in a chain.
    exhausted: bool,
}

impl Calls {
    /// `a → b → c`; of a long chain its ends.
    fn text(&self, from: usize, callee: &str) -> String {
        let mut names: Vec<String> = self.chain[from..].iter().map(|(_, name)| format!("`{name}`")).collect();
        names.push(format!("`{callee}`"));
        if names.len() > 8 {
            names.splice(4..names.len() - 3, ["…".to_string()]);
        }
        names.join(" → ")
    }
}

impl State {
    /// Whether what is traced is called from outside, not by another kernel.
    pub(crate) fn is_outermost(&self) -> bool {
        self.calls.chain.len() <= 1
    }

    fn enter(&mut self, kernel: TypeId, name: &'static str) -> Step<()> {
        let calls = &mut self.calls;
        if let Some(from) = calls.chain.iter().position(|(other, _)| *other == kernel) {
            let chain = calls.text(from, name);
            return mistake(format!(
                "a kernel cannot call itself, not even through others ({chain}): write a `while` loop"
            ));
        }
        if calls.exhausted {
            return Err(Problem::Reported);
        }
        if calls.chain.len() >= LONGEST_CHAIN {
            calls.exhausted = true;
            let chain = calls.text(0, name);
            return mistake(format!(
                "the chain of calls {chain} is longer than {LONGEST_CHAIN}: each kernel is traced into its caller; \
                 call fewer through each other"
            ));
        }
        self.count_calls_within(name)?;
        self.calls.chain.push((kernel, name));
        Ok(())
    }

    /// Counts the call of a closure: they, too, are traced where they are called.
    pub(crate) fn count_call(&mut self) -> Step<()> {
        if self.calls.exhausted {
            return Err(Problem::Reported);
        }
        self.count_calls_within("a closure")
    }

    fn count_calls_within(&mut self, name: &str) -> Step<()> {
        let values = self.program.values.len();
        let calls = &mut self.calls;
        if calls.traced >= MOST_CALLS || values >= MOST_VALUES {
            calls.exhausted = true;
            let chain = calls.text(0, name);
            return mistake(format!(
                "too many calls of kernels: each is traced into its caller, which has become {values} operations \
                 in {} calls here ({chain}); write a loop around one call instead",
                calls.traced
            ));
        }
        calls.traced += 1;
        Ok(())
    }
}

impl Tracer {
    /// The call of a kernel: `body` traces it. The kernel being traced is the first one called.
    pub(crate) fn trace_call<'t>(
        &'t self,
        kernel: TypeId,
        name: &'static str,
        at: At,
        body: &mut dyn Block<(), Value<'t>>,
    ) -> Value<'t> {
        let mut entered = false;
        let dummy = self.step(at, |state| {
            state.enter(kernel, name)?;
            entered = true;
            Ok(Kind::Poison)
        });
        if !entered {
            return dummy;
        }
        // What the caller vouches for is not for the kernel to promise.
        let around = self.with(|state| std::mem::take(&mut state.unsafe_depth));
        let value = self.value_of(body, ());
        self.with(|state| {
            state.unsafe_depth = around;
            state.calls.chain.pop();
        });
        // What it returns of a variable is what that holds now: the next call may change it.
        self.value_now(value, at)
    }
}
