//! What is said of the iterations of a `prange`: how many belong together, and that they do not meet.
//!
//! ```text
//! prange(0..n).grain(64)                          order: prange grain 64
//! unsafe { prange(0..n).assume_disjoint() }       order: prange assumed, which nobody checks
//! ```
//!
//! The second is a promise that memory depends on. It counts in `unsafe` blocks alone: those of kernels, which
//! `#[kernel]` hands on, and those around the calls of handles. So safe code cannot give it.
#![allow(unsafe_code)]

use crate::errors::{At, Problem, Step, mistake};
use crate::sequences::Independence;
use crate::state::{Kind, Range, State};
use crate::{Tracer, Value};
use parfuse_ir::program::Claim;
use parfuse_names::Method;

impl Tracer {
    /// `unsafe { … }`: what is done inside may give promises.
    ///
    /// # Safety
    /// What is promised inside holds whenever the kernel is called.
    pub unsafe fn unsafe_block<R>(&self, body: impl FnOnce() -> R) -> R {
        let deeper = |by: usize| self.with(|state| state.unsafe_depth = state.unsafe_depth.wrapping_add(by));
        deeper(1);
        let result = body();
        deeper(1usize.wrapping_neg());
        result
    }
}

impl Value<'_> {
    /// The same iterations of a [`prange`](Tracer::prange_of), with the promise that no two of them touch an element of an array
    /// that one of them stores to. Nobody checks it.
    ///
    /// # Safety
    /// The promise holds whenever the kernel is called. Otherwise threads race for memory, which is undefined behaviour.
    #[track_caller]
    pub unsafe fn assume_disjoint(self) -> Self {
        let at = At::caller();
        let assume = || self.tracer.method(self, Method::assume_disjoint, &[], at);
        // SAFETY: it is promised to this function.
        unsafe { self.tracer.unsafe_block(assume) }
    }
}

impl State {
    /// `.assume_disjoint()`.
    pub(crate) fn claim_disjoint(&mut self, receiver: u32, _: &[u32], _: At) -> Step<Kind> {
        if self.unsafe_depth == 0 {
            return mistake("`.assume_disjoint()` is a promise: write it in an `unsafe` block");
        }
        self.claim(receiver, "assume_disjoint", Claim { assumed: true, grain: 0 })
    }

    /// `.grain(count)`.
    pub(crate) fn claim_grain(&mut self, receiver: u32, args: &[u32], at: At) -> Step<Kind> {
        let count = self.size(args[0], "the argument of `grain`", at)?;
        let Some(count) = self.known_integer(count) else {
            return mistake(
                "`.grain()` takes a number that is known when the kernel is traced: one that is written out, or a constant \
                 from outside",
            );
        };
        let grain = u32::try_from(count).unwrap_or(u32::MAX);
        self.claim(receiver, "grain", Claim { assumed: false, grain })
    }

    /// Says something more of iterations.
    fn claim(&mut self, receiver: u32, method: &str, more: Claim) -> Step<Kind> {
        match self.kind(receiver) {
            Kind::Range(range @ Range { claim: Some(claim), .. }) => {
                Ok(Kind::Range(Range { claim: Some(claim.and(more)), ..range }))
            }
            Kind::Sequence(mut sequence) => match sequence.independence {
                Independence::Claimed(claim) => {
                    sequence.independence = Independence::Claimed(claim.and(more));
                    Ok(Kind::Sequence(sequence))
                }
                Independence::InOrder | Independence::IfPure => no_prange(method),
            },
            Kind::Poison => Err(Problem::Reported),
            _ => no_prange(method),
        }
    }
}

fn no_prange(method: &str) -> Step<Kind> {
    mistake(format!("`.{method}()` is of the iterations of a `prange`: `prange(0..n).{method}(…)`"))
}
