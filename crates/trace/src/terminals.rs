//! What iterators end with: sums, folds, extremes. Searches are in `searches.rs`, new arrays in `collections.rs`.
//!
//! ```text
//! it.sum::<f64>()        total = -0.0;  for x in it { total += x }
//! it.fold(0, f)          fold = 0;      for x in it { fold = f(fold, x) }
//! it.max_by(f)           found = false; for x in it { if !found || f(best, x) != Greater { best = x; found = true } }
//! ```
//!
//! Items are taken in order, the first one first, as the standard library does: a sum of floats has the bits of its loop.
//!

use crate::errors::{At, mistake};
use crate::records::Items;
use crate::searches::Found;
use crate::sequences::Sequence;
use crate::state::{Held, Kind, Literal};
use crate::types::Class;
use crate::{Method, Tracer, Value};
use parfuse_ir::{FaultKind, ScalarOp};

/// What becomes of the best item so far and another one.
#[derive(Clone, Copy)]
enum Choice {
    /// A closure computes one from both.
    Reduce,
    /// The other one is taken if the first is greater, or is not.
    Compared { least: bool },
    /// Likewise, by what a closure computes from each.
    Keyed { least: bool },
}

/// The start of a sum of floats in the standard library.
fn float_zero() -> f64 {
    [0.0f64; 0].iter().sum()
}

/// Totals.
impl Tracer {
    pub(crate) fn sum_items<'t>(&'t self, _: Method, items: Value<'t>, _: &[Value<'t>], at: At) -> Value<'t> {
        self.total("sum", "+", 0, items, at)
    }
    pub(crate) fn multiply_items<'t>(
        &'t self,
        _: Method,
        items: Value<'t>,
        _: &[Value<'t>],
        at: At,
    ) -> Value<'t> {
        self.total("product", "*", 1, items, at)
    }

    fn total<'t>(&'t self, name: &str, op: &'static str, start: i128, items: Value<'t>, at: At) -> Value<'t> {
        let (mut first, mut element) = (None, None);
        let total = self.step(at, |state| {
            let dtype = state.types.fresh(Class::Any);
            element = Some(dtype);
            let literal = state.literal(Literal::Integer(start), dtype, at);
            first = Some(literal);
            let literal = state.handle(Kind::Plain(literal));
            state.variable(name, literal, at)
        });
        let add = |item: Value<'t>| {
            self.step(at, |state| {
                // The total is of the items' type, whatever else could be added.
                if let Some(element) = element {
                    let found = state.type_of(item.id)?.dtype;
                    state.unify(element, found, &format!("the items of `{name}`"))?;
                }
                Ok(Kind::Tuple(Items::default()))
            });
            self.assign_op(op, total, item, at);
        };
        self.trace_for(items, &mut Some(add), at);
        self.step(at, |state| {
            if let Some(first) = first.filter(|_| op == "+")
                && state.is_float(first)
            {
                state.literals.insert(first, Literal::Float(float_zero()));
            }
            state.snapshot(total.id, at)
        })
    }

    pub(crate) fn count_items<'t>(
        &'t self,
        _: Method,
        items: Value<'t>,
        _: &[Value<'t>],
        at: At,
    ) -> Value<'t> {
        let sequence = self.with(|state| state.sequence(items.id, at));
        if sequence.as_ref().is_ok_and(Sequence::is_plain) {
            return self.step(at, |state| Ok(Kind::Plain(state.item_count(&sequence?, at)?)));
        }
        let (none, one) = (self.lift(0usize, at), self.lift(1usize, at));
        let total = self.variable_named("count", none, at);
        let add = |_| {
            self.assign_op("+", total, one, at);
        };
        self.go_through(sequence, &mut Some(add), at);
        self.bind_named("", total, None, at)
    }

    pub(crate) fn fold_items<'t>(
        &'t self,
        method: Method,
        items: Value<'t>,
        args: &[Value<'t>],
        at: At,
    ) -> Value<'t> {
        let items = match method {
            Method::rfold => self.method(items, Method::rev, &[], at),
            _ => items,
        };
        let total = self.variable_named("fold", args[0], at);
        let body = |item| {
            let before = self.bind_named("", total, None, at);
            let after = self.apply(args[1], &[before, item], at);
            self.assign(total, after, at);
        };
        self.trace_in_order(items, &mut Some(body), at);
        self.bind_named("", total, None, at)
    }

    pub(crate) fn for_each_item<'t>(
        &'t self,
        _: Method,
        items: Value<'t>,
        args: &[Value<'t>],
        at: At,
    ) -> Value<'t> {
        let call = |item| {
            self.apply(args[0], &[item], at);
        };
        self.trace_for(items, &mut Some(call), at)
    }
}

/// Extremes.
impl Tracer {
    /// `min` and `max` of integers, and of what has parts.
    pub(crate) fn extreme_item<'t>(
        &'t self,
        method: Method,
        items: Value<'t>,
        _: &[Value<'t>],
        at: At,
    ) -> Value<'t> {
        let op = if method == Method::min { ScalarOp::Min } else { ScalarOp::Max };
        let found = self.nothing_yet(at);
        let mut first = None;
        let best = self.step(at, |state| {
            let dtype = state.types.fresh(Class::Integer);
            let literal = state.literal(Literal::Integer(0), dtype, at);
            first = Some(literal);
            let literal = state.handle(Kind::Plain(literal));
            state.variable(method.name(), literal, at)
        });
        let mut has_parts = false;
        let body = |item: Value<'t>| {
            if self.with(|state| matches!(state.kind(item.id), Kind::Tuple(_))) {
                has_parts = true;
                self.keep_extreme(method, &found, item, at);
                return;
            }
            self.step(at, |state| {
                let (before, item) = (state.read(best.id, at)?, state.scalar(item.id, "an item", at)?);
                let after = state.homogeneous(op, &[before, item], "the items", at)?;
                let after = state.handle(Kind::Plain(after));
                state.assign(best.id, after, at)?;
                Ok(Kind::Tuple(Items::default()))
            });
            self.assign(found.present, self.bool_literal(true, at), at);
        };
        self.trace_for(items, &mut Some(body), at);
        if has_parts {
            return self.found(found, at);
        }
        self.step(at, |state| {
            if let Some(first) = first {
                let dtype = state.settled(first, "the extreme")?;
                let start = if op == ScalarOp::Min { dtype.greatest() } else { dtype.least() };
                if let Some(start) = crate::traits::integer(start) {
                    state.literals.insert(first, Literal::Integer(start));
                }
            }
            let present = state.read(found.present.id, at)?;
            let value = state.snapshot(best.id, at)?;
            Ok(Kind::Optional(Held::Value { present, value: state.handle(value), fault: FaultKind::NoValue }))
        })
    }

    /// Keeps the last of the greatest, or the first of the least.
    fn keep_extreme<'t>(&'t self, method: Method, found: &Found<'t>, item: Value<'t>, at: At) {
        let first = || {
            self.keep(found, item, at);
            self.unit()
        };
        let other = || {
            let best = self.bind_named("", found.value, None, at);
            let order = self.natural_order(best, item, at);
            let is_greater = self.method(order, Method::is_gt, &[], at);
            let replaces = if method == Method::min { is_greater } else { self.unary("!", is_greater, at) };
            self.if_(replaces, || self.assign(found.value, item, at), || self.unit(), at)
        };
        self.if_(self.unary("!", found.present, at), first, other, at);
    }

    pub(crate) fn reduce_items<'t>(
        &'t self,
        method: Method,
        items: Value<'t>,
        args: &[Value<'t>],
        at: At,
    ) -> Value<'t> {
        let closure = args[0];
        let choice = match method {
            Method::min_by => Choice::Compared { least: true },
            Method::max_by => Choice::Compared { least: false },
            Method::min_by_key => Choice::Keyed { least: true },
            Method::max_by_key => Choice::Keyed { least: false },
            _ => Choice::Reduce,
        };
        let found = self.nothing_yet(at);
        let body = |item| {
            let item = match choice {
                Choice::Keyed { .. } => self.tuple(&[self.apply(closure, &[item], at), item]),
                _ => item,
            };
            let is_first = self.unary("!", found.present, at);
            let first = || {
                self.keep(&found, item, at);
                self.unit()
            };
            let other = || {
                let best = self.bind_named("", found.value, None, at);
                if let Choice::Reduce = choice {
                    let both = self.apply(closure, &[best, item], at);
                    return self.assign(found.value, both, at);
                }
                let (least, greater) = match choice {
                    Choice::Keyed { least } => {
                        let [best, other] = [best, item].map(|pair| self.field(pair, 0, at));
                        (least, self.binary(">", best, other, at))
                    }
                    Choice::Compared { least } => {
                        let order = self.apply(closure, &[best, item], at);
                        (least, self.is_greater(order, at))
                    }
                    Choice::Reduce => (true, best),
                };
                let replaces = if least { greater } else { self.unary("!", greater, at) };
                self.if_(replaces, || self.assign(found.value, item, at), || self.unit(), at)
            };
            self.if_(is_first, first, other, at);
        };
        self.trace_in_order(items, &mut Some(body), at);
        let option = self.found(found, at);
        match choice {
            Choice::Keyed { .. } => {
                let (present, pair) = self.parts_of_option(option, at);
                let item = self.field(pair, 1, at);
                self.step(at, |state| {
                    let present = state.read(present.id, at)?;
                    Ok(Kind::Optional(Held::Value { present, value: item.id, fault: FaultKind::NoValue }))
                })
            }
            _ => option,
        }
    }

    pub(crate) fn is_greater<'t>(&'t self, order: Value<'t>, at: At) -> Value<'t> {
        self.step(at, |state| match state.kind(order.id) {
            Kind::Ordering { greater, .. } => Ok(Kind::Plain(greater)),
            Kind::Poison => Err(crate::errors::Problem::Reported),
            _ => mistake("this closure compares two of them: `|a, b| a.partial_cmp(b).unwrap()`"),
        })
    }
}
