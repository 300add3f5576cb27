//! `Zip`: arrays, or views of them, gone through together.
//!
//! ```text
//! Zip::from(&mut c).and(&a).and(&b).for_each(|c, &a, &b| *c = a + b)
//!
//! check rows c == rows a, …
//! for i, j { c[i, j] = a[i, j] + b[i, j] }
//! ```
//!
//! All have the same lengths, and the closure takes an item of each. Elements are taken row by row.

use crate::errors::{At, Problem, Step, mistake};
use crate::sequences::{Independence, Item, Sequence};
use crate::state::{Held, Kind, State};
use crate::{Method, Tracer, Value};
use parfuse_ir::FaultKind;
use parfuse_ir::program::Claim;

impl Tracer {
    /// `Zip::from(part)`, or `Zip::indexed(part)`.
    pub fn zip_from(&self, part: Value<'_>, indexed: bool, at: At) -> Value<'_> {
        let part = self.id(part);
        self.step(at, |state| {
            state.doing = "`Zip`".into();
            let first = state.zippable(part, at)?;
            let items = if indexed { vec![Item::Indices, first.item] } else { vec![first.item] };
            Ok(Kind::Zip(Box::new(Sequence::new(first.ranges, Item::Together(items)))))
        })
    }

    /// What a closure computes from an item of each.
    fn apply_to_parts<'t>(
        &'t self,
        closure: Value<'t>,
        before: &[Value<'t>],
        items: Value<'t>,
        at: At,
    ) -> Value<'t> {
        let mut arguments = before.to_vec();
        let parts = self.with(|state| match state.kind(items.id) {
            Kind::Tuple(parts) => parts,
            _ => Vec::new().into(),
        });
        arguments.extend(parts.into_iter().map(|id| Value { tracer: self, id }));
        self.apply(closure, &arguments, at)
    }

    pub(crate) fn for_each_of_zip<'t>(
        &'t self,
        method: Method,
        zip: Value<'t>,
        args: &[Value<'t>],
        at: At,
    ) -> Value<'t> {
        let mut sequence = self.with(|state| state.zip(zip.id));
        if let (Ok(sequence), Method::par_for_each) = (&mut sequence, method) {
            sequence.independence = Independence::Claimed(Claim::default());
        }
        let call = |items| {
            self.apply_to_parts(args[0], &[], items, at);
        };
        self.go_through(sequence, &mut Some(call), at)
    }

    pub(crate) fn fold_zip<'t>(&'t self, _: Method, zip: Value<'t>, args: &[Value<'t>], at: At) -> Value<'t> {
        let sequence = self.with(|state| state.zip(zip.id));
        let total = self.variable_named("fold", args[0], at);
        let call = |items| {
            let before = self.bind_named("", total, None, at);
            let after = self.apply_to_parts(args[1], &[before], items, at);
            self.assign(total, after, at);
        };
        self.go_through(sequence, &mut Some(call), at);
        self.bind_named("", total, None, at)
    }

    /// `fold_while` of a `Zip` or an iterator, and `try_fold`.
    pub(crate) fn fold_until<'t>(
        &'t self,
        _: Method,
        items: Value<'t>,
        args: &[Value<'t>],
        at: At,
    ) -> Value<'t> {
        let zip = self.with(|state| state.zip(items.id));
        let is_zip = zip.is_ok();
        let items = match zip {
            Ok(zip) => self.step(at, |_| Ok(Kind::Sequence(Box::new(zip)))),
            Err(_) => items,
        };
        let total = self.variable_named("fold", args[0], at);
        let goes_on = self.variable_named("goes_on", self.bool_literal(true, at), at);
        let mut either = false;
        let mut fold = |item, leave: &dyn Fn() -> Value<'t>| {
            let before = self.bind_named("", total, None, at);
            let said = match is_zip {
                true => self.apply_to_parts(args[1], &[before], item, at),
                false => self.apply(args[1], &[before, item], at),
            };
            either =
                self.with(|state| matches!(state.kind(said.id), Kind::Optional(held) if held.has_either()));
            let (present, value) = self.parts_of_option(said, at);
            let keep = || self.assign(total, value, at);
            let stop = || {
                if either {
                    self.assign(total, value, at);
                }
                self.assign(goes_on, self.bool_literal(false, at), at);
                leave()
            };
            self.if_(present, keep, stop, at);
        };
        self.until(items, true, &mut fold, at);
        let total = self.bind_named("", total, None, at);
        self.step(at, |state| {
            let (present, value) = (state.read(goes_on.id, at)?, total.id);
            Ok(Kind::Optional(match either {
                true => Held::Either { present, value },
                false => Held::Value { present, value, fault: FaultKind::NoValue },
            }))
        })
    }

    /// `FoldWhile::Continue(value)`, `FoldWhile::Done(value)`.
    pub fn step_of_fold(&self, value: Value<'_>, goes_on: bool, at: At) -> Value<'_> {
        let value = self.id(value);
        self.step(at, |state| {
            let present = state.bool_constant(goes_on, at);
            let value = state.snapshot(value, at)?;
            Ok(Kind::Optional(Held::Either { present, value: state.handle(value) }))
        })
    }

    /// `all` and `any`.
    pub(crate) fn any_of_zip<'t>(
        &'t self,
        method: Method,
        zip: Value<'t>,
        args: &[Value<'t>],
        at: At,
    ) -> Value<'t> {
        let items = self.step(at, |state| Ok(Kind::Sequence(Box::new(state.zip(zip.id)?))));
        let ask = |items| self.apply_to_parts(args[0], &[], items, at);
        self.is_there(method.name(), method == Method::any, items, &ask, at)
    }

    /// `map_assign_into`.
    pub(crate) fn assign_zip<'t>(
        &'t self,
        _: Method,
        zip: Value<'t>,
        args: &[Value<'t>],
        at: At,
    ) -> Value<'t> {
        let sequence = self.with(|state| {
            let zip = state.zip(zip.id)?;
            let into = state.sequence_of_elements(args[0].id, true, at)?;
            state.check_axes(&zip, &into)?;
            state.check_lengths(&zip, &into, at)?;
            Ok(Sequence { item: Item::Together(vec![into.item, zip.item]), ..zip })
        });
        let set = |items| {
            let (element, parts) = (self.field(items, 0, at), self.field(items, 1, at));
            let value = self.apply_to_parts(args[1], &[], parts, at);
            self.assign(element, value, at);
        };
        self.go_through(sequence, &mut Some(set), at)
    }

    pub(crate) fn collect_zip<'t>(
        &'t self,
        _: Method,
        zip: Value<'t>,
        args: &[Value<'t>],
        at: At,
    ) -> Value<'t> {
        let sequence = self.with(|state| state.zip(zip.id));
        self.collected(sequence, None, &mut Some(|items| self.apply_to_parts(args[0], &[], items, at)), at)
    }
}

impl State {
    fn zip(&self, handle: u32) -> Step<Sequence> {
        match self.kind(handle) {
            Kind::Zip(sequence) => Ok(*sequence),
            _ => Err(Problem::Reported),
        }
    }

    /// What is gone through at positions, and has all its items.
    fn zippable(&mut self, part: u32, at: At) -> Step<Sequence> {
        let sequence = self.sequence(part, at)?;
        if !sequence.stages.is_empty() {
            return mistake("`Zip` goes through arrays, and their rows, columns or windows");
        }
        self.positions(sequence, at)
    }

    pub(crate) fn zip_and(&mut self, receiver: u32, args: &[u32], at: At) -> Step<Kind> {
        let mut zip = self.zip(receiver)?;
        let other = self.zippable(args[0], at)?;
        self.check_axes(&zip, &other)?;
        self.check_lengths(&zip, &other, at)?;
        if let Item::Together(items) = &mut zip.item {
            items.push(other.item);
        }
        Ok(Kind::Zip(Box::new(zip)))
    }

    fn check_axes(&self, first: &Sequence, second: &Sequence) -> Step<()> {
        let (axes, others) = (first.ranges.len(), second.ranges.len());
        if axes == others {
            return Ok(());
        }
        mistake(format!(
            "`Zip` goes through arrays with as many axes, but here are {axes} and {others}: use `broadcast`, or loops"
        ))
    }

    /// `.and_broadcast(&a)`.
    pub(crate) fn zip_and_broadcast(&mut self, receiver: u32, args: &[u32], at: At) -> Step<Kind> {
        let lengths: Vec<_> = self.zip(receiver)?.ranges.iter().map(|range| range.end).collect();
        let shape = self.handle(Kind::Lengths(lengths));
        let drawn_out = self.broadcast(args[0], &[shape], at)?;
        let drawn_out = self.handle(drawn_out);
        let drawn_out = self.unwrap(drawn_out, &[], at)?;
        let drawn_out = self.handle(drawn_out);
        self.zip_and(receiver, &[drawn_out], at)
    }
}
