//! `slice.split(closure)`: the parts of a slice between the elements of which a closure says yes.
//!
//! ```text
//! text.split(|b| *b == b' ')
//!
//! (0..=n).filter(|i| i == n || text[i] == b' ')                            where parts end
//!        .scan(0, |start, end| { part = text[start..end]; start = end + 1; part })
//! ```

use crate::errors::At;
use crate::{Method, Tracer, Value};

impl Tracer {
    /// The parts between the elements of which a closure says yes, of which there is one more than of these.
    pub(crate) fn split_parts<'t>(
        &'t self,
        _: Method,
        slice: Value<'t>,
        args: &[Value<'t>],
        at: At,
    ) -> Value<'t> {
        let (none, one) = (self.lift(0usize, at), self.lift(1usize, at));
        let count = self.bind_named("", self.method(slice, Method::len, &[], at), None, at);
        let all = self.range(none, self.binary("+", count, one, at), false, at);
        let positions = self.method(all, Method::into_iter, &[], at);
        let is_end = self.closure(&[slice, count, args[0]], false, 1, is_end, at);
        let ends = self.method(positions, Method::filter, &[is_end], at);
        let part = self.closure(&[slice], false, 2, part_before, at);
        self.method(ends, Method::scan, &[none, part], at)
    }
}

/// Whether a part ends at a position: of a slice, its length, a closure, and the position.
fn is_end<'t>(t: &'t Tracer, given: &[Value<'t>]) -> Value<'t> {
    let [slice, count, closure, position] = *given else { return t.unit() };
    let says_yes = || {
        let element = t.index(slice, &[position], At::NONE);
        t.apply(closure, &[element], At::NONE)
    };
    t.logical(false, t.binary("==", position, count, At::NONE), says_yes, At::NONE)
}

/// The part in front of a position, from where the one before has ended: of a slice, where that is, and the position.
fn part_before<'t>(t: &'t Tracer, given: &[Value<'t>]) -> Value<'t> {
    let [slice, start, end] = *given else { return t.unit() };
    let from = t.bind("", t.unary("*", start, At::NONE), None, At::NONE);
    let part = t.index(slice, &[t.range(from, end, false, At::NONE)], At::NONE);
    t.assign(start, t.binary("+", end, t.lift(1usize, At::NONE), At::NONE), At::NONE);
    t.some(part, At::NONE)
}
