//! Vectors of whoever calls a kernel that change their lengths: results beside the result.
//!
//! ```text
//! fn primes(n: usize, out: &mut Vec<usize>)      out = copy (param 1), a vector of the kernel's own;  …;  results (…, out)
//! primes(n, &mut v)   in another kernel          out = v
//! ```
//!
//! The caller's vector gets what the call returns, once that has gone well.

use crate::errors::{At, Step};
use crate::records::Items;
use crate::state::Kind;
use crate::{Method, Tracer, Value};

impl Tracer {
    /// A parameter `&mut Vec<T>` of which the body changes the length: of a call from outside a copy, which is returned.
    pub fn grown_parameter<'t>(&'t self, name: &'static str, bound: Value<'t>, at: At) -> Value<'t> {
        if !self.with(|state| state.is_outermost()) {
            return bound;
        }
        let own = self.vector(name, self.method(bound, Method::to_owned, &[], at), at);
        self.step(at, |state| {
            Ok(match state.kind(own.id) {
                Kind::Vector { vector, .. } => Kind::Vector { vector, borrowed: true },
                kind => kind,
            })
        })
    }

    /// What a kernel returns to outside: its result, and the vectors that have changed their lengths.
    pub fn with_grown<'t>(&'t self, result: Value<'t>, grown: &[Value<'t>]) -> Value<'t> {
        if !self.with(|state| state.is_outermost()) {
            return result;
        }
        let grown: Vec<u32> = grown.iter().map(|vector| vector.id).collect();
        self.step(At::NONE, |state| {
            let vectors: Step<Vec<u32>> =
                grown.into_iter().map(|vector| state.as_present(vector, At::NONE)).collect();
            let vectors = vectors?;
            let vectors = state.handle(Kind::Tuple(Items::from(vectors)));
            Ok(Kind::Tuple(Items::from(vec![result.id, vectors])))
        })
    }
}
