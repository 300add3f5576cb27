//! `==` and `!=` of what has parts: tuples, shapes, and how numbers compare.
//!
//! ```text
//! (a, b) == (c, d)              a == c & b == d
//! x == y, of arrays             as many elements along each axis, and all the same, up to the first that differ
//! x.starts_with(&y)             y.len() <= x.len() && x[..y.len()] == y
//! a.shape() == b.shape()        the lengths of all axes; false for another number of axes
//! best == Some(3)               there is something, and it is 3; or neither has anything
//! a.cmp(&b) == Ordering::Less   both are less, or neither, and so for greater
//! ```

use crate::errors::{At, Step, mistake};
use crate::state::{Held, Kind, State};
use crate::{Method, Tracer, Value};
use parfuse_ir::ScalarOp;
use parfuse_ir::program;

impl Tracer {
    /// Whether two arrays are the same.
    pub(crate) fn equal_arrays<'t>(&'t self, a: Value<'t>, b: Value<'t>, at: At) -> Value<'t> {
        let fits = self.step(at, |state| state.have_equal_lengths(a.id, b.id, at).map(Kind::Plain));
        self.logical(true, fits, || self.are_equal_items(a, b, at), at)
    }

    /// Whether all items of one thing are those of another, as far as both go.
    fn are_equal_items<'t>(&'t self, a: Value<'t>, b: Value<'t>, at: At) -> Value<'t> {
        let [a, b] = [a, b].map(|items| self.method(items, Method::into_iter, &[], at));
        let pairs = self.method(a, Method::zip, &[b], at);
        let are_equal = |pair| self.binary("==", self.field(pair, 0, at), self.field(pair, 1, at), at);
        self.is_there("equal", false, pairs, &are_equal, at)
    }

    /// `iterator.eq(other)`, `iterator.ne(other)`.
    pub(crate) fn equal_items<'t>(
        &'t self,
        method: Method,
        items: Value<'t>,
        args: &[Value<'t>],
        at: At,
    ) -> Value<'t> {
        let as_many = self.step(at, |state| {
            let [first, second] = [items.id, args[0].id].map(|items| state.whole(items, method.name(), at));
            let ((a, _), (b, _)) = (state.line(first?, at)?, state.line(second?, at)?);
            state.op(ScalarOp::Eq, &[a, b], at).map(Kind::Plain)
        });
        let same = self.logical(true, as_many, || self.are_equal_items(items, args[0], at), at);
        if method == Method::ne { self.unary("!", same, at) } else { same }
    }

    /// `slice.starts_with(&other)`, `slice.ends_with(&other)`.
    pub(crate) fn has_at_end<'t>(
        &'t self,
        method: Method,
        slice: Value<'t>,
        args: &[Value<'t>],
        at: At,
    ) -> Value<'t> {
        let [count, given] = [slice, args[0]].map(|array| self.method(array, Method::len, &[], at));
        let compare = || {
            let (start, end) = match method {
                Method::starts_with => (self.lift(0usize, at), given),
                _ => (self.binary("-", count, given, at), count),
            };
            self.binary("==", self.index(slice, &[self.range(start, end, false, at)], at), args[0], at)
        };
        self.logical(true, self.binary("<=", given, count, at), compare, at)
    }
}

impl State {
    /// Whether two handles stand for arrays, perhaps of structs or tuples.
    pub(crate) fn are_arrays(&mut self, a: u32, b: u32) -> bool {
        [a, b].into_iter().all(|handle| self.is_array(handle) || self.record_array(handle).is_some())
    }

    /// Whether two arrays have as many elements along each axis.
    fn have_equal_lengths(&mut self, a: u32, b: u32, at: At) -> Step<program::Value> {
        let first = |state: &State, handle: u32| state.leaves_of(handle).first().copied().unwrap_or(handle);
        let (a, b) = (first(self, a), first(self, b));
        let [(a, rank), (b, others)] = [self.array(a, "`==`", at)?, self.array(b, "`==`", at)?];
        if rank != others {
            let [a, b] = [a, b].map(|array| self.describe(self.ty(array)));
            return mistake(format!("`==`: {a} is never {b}"));
        }
        let (a, b) = (self.lengths(a, rank, at)?, self.lengths(b, rank, at)?);
        let mut all = self.bool_constant(true, at);
        for (a, b) in a.into_iter().zip(b) {
            let same = self.op(ScalarOp::Eq, &[a, b], at)?;
            all = self.op(ScalarOp::And, &[all, same], at)?;
        }
        Ok(all)
    }

    /// Whether two handles stand for the same parts: nothing, if one has no parts.
    pub(crate) fn equal_parts(&mut self, a: u32, b: u32, at: At) -> Step<Option<program::Value>> {
        let pairs = match (self.kind(a), self.kind(b)) {
            (Kind::Tuple(a), Kind::Tuple(b)) if a.len() == b.len() => a.into_iter().zip(b).collect(),
            (Kind::Lengths(a), Kind::Lengths(b)) if a.len() != b.len() => {
                return Ok(Some(self.bool_constant(false, at)));
            }
            (Kind::Lengths(a), Kind::Lengths(b)) => self.handles(a.into_iter().zip(b)),
            (Kind::Ordering { less, greater }, Kind::Ordering { less: l, greater: g }) => {
                self.handles([(less, l), (greater, g)].into_iter())
            }
            (Kind::Optional(_), Kind::Optional(_)) => return self.equal_options(a, b, at).map(Some),
            _ => return Ok(None),
        };
        let mut all = None;
        for (a, b) in pairs {
            let same = self.equal_wholes(a, b, at)?;
            all = Some(match all {
                Some(all) => self.op(ScalarOp::And, &[all, same], at)?,
                None => same,
            });
        }
        Ok(Some(all.unwrap_or_else(|| self.bool_constant(true, at))))
    }

    /// Whether two values are the same: numbers, or what has parts.
    fn equal_wholes(&mut self, a: u32, b: u32, at: At) -> Step<program::Value> {
        if let Some(same) = self.equal_parts(a, b, at)? {
            return Ok(same);
        }
        let (a, b) = (self.scalar(a, "what is compared", at)?, self.scalar(b, "what is compared", at)?);
        self.binary("==", a, b, at)
    }

    /// Whether two options have nothing, or the same.
    fn equal_options(&mut self, a: u32, b: u32, at: At) -> Step<program::Value> {
        let is_nothing = |kind: &Kind| matches!(kind, Kind::Optional(Held::Nothing));
        let either_is_nothing = is_nothing(&self.kind(a)) || is_nothing(&self.kind(b));
        let ((has_a, a), (has_b, b)) = (self.option(a, at)?, self.option(b, at)?);
        let as_many = self.op(ScalarOp::Eq, &[has_a, has_b], at)?;
        if either_is_nothing {
            return Ok(as_many);
        }
        let same = self.equal_wholes(a, b, at)?;
        let neither = self.op(ScalarOp::Not, &[has_a], at)?;
        let same = self.op(ScalarOp::Or, &[neither, same], at)?;
        self.op(ScalarOp::And, &[as_many, same], at)
    }

    fn handles(&mut self, pairs: impl Iterator<Item = (program::Value, program::Value)>) -> Vec<(u32, u32)> {
        pairs.map(|(a, b)| (self.handle(Kind::Plain(a)), self.handle(Kind::Plain(b)))).collect()
    }
}
