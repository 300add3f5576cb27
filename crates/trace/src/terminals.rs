//! What iterators end with: sums, folds, searches.
//!
//! ```text
//! it.sum::<f64>()        total = -0.0;  for x in it { total += x }
//! it.fold(0, f)          fold = 0;      for x in it { fold = f(fold, x) }
//! it.any(f)              any = false;   for x in it { if f(x) { any = true; break } }
//! it.max_by(f)           found = false; for x in it { if !found || f(best, x) != Greater { best = x; found = true } }
//! ```
//!
//! Items are taken in order, the first one first, as the standard library does: a sum of floats has the bits of its loop.
//! What ends early does so unless iterations are independent: then all are looked at.

use crate::closures::Block;
use crate::errors::{At, Step, mistake};
use crate::exits::Exit;
use crate::sequences::{Independence, Sequence};
use crate::state::{Held, Kind, Literal, State};
use crate::types::Class;
use crate::{Method, Tracer, Value};
use parfuse_ir::program::{self, Stmt};
use parfuse_ir::{FaultKind, ScalarOp};

/// An option that a loop fills: whether there is anything, and what.
struct Found<'t> {
    present: Value<'t>,
    value: Value<'t>,
    /// Where the block that it is made in was then.
    begin: usize,
}

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
        let mut first = None;
        let total = self.step(at, |state| {
            let dtype = state.types.fresh(Class::Any);
            let literal = state.literal(Literal::Integer(start), dtype, at);
            first = Some(literal);
            let literal = state.handle(Kind::Plain(literal));
            state.variable(name, literal, at)
        });
        let add = |item| {
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
        _: Method,
        items: Value<'t>,
        args: &[Value<'t>],
        at: At,
    ) -> Value<'t> {
        let total = self.variable_named("fold", args[0], at);
        let body = |item| {
            let before = self.bind_named("", total, None, at);
            let after = self.apply(args[1], &[before, item], at);
            self.assign(total, after, at);
        };
        self.trace_for(items, &mut Some(body), at);
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

/// Searches.
impl Tracer {
    /// Goes through items with a way to end early.
    fn until<'t>(
        &'t self,
        items: Value<'t>,
        body: &mut dyn FnMut(Value<'t>, &dyn Fn() -> Value<'t>),
        at: At,
    ) {
        let sequence = self.with(|state| state.sequence(items.id, at));
        let parallel = sequence.as_ref().is_ok_and(|sequence| sequence.independence == Independence::Claimed);
        let mut sequence = Some(sequence);
        let mut go_through = |exit: Option<Exit>| {
            let leave = || match exit {
                Some(exit) => self.leave_(exit, self.unit(), "the end of a search", at),
                None => self.unit(),
            };
            let mut visit = Some(|item| body(item, &leave));
            let sequence = sequence.take().unwrap_or(Err(crate::errors::Problem::Reported));
            self.go_through(sequence, &mut visit as &mut dyn Block<Value<'t>, ()>, at)
        };
        if parallel {
            go_through(None);
        } else {
            self.scope_(|exit| go_through(Some(exit)), at);
        }
    }

    /// Whether a closure says `wanted` of an item; of none it does not.
    fn is_there<'t>(
        &'t self,
        name: &str,
        wanted: bool,
        items: Value<'t>,
        closure: Value<'t>,
        at: At,
    ) -> Value<'t> {
        let found = self.variable_named(name, self.bool_literal(!wanted, at), at);
        let mut look = |item, leave: &dyn Fn() -> Value<'t>| {
            let said = self.apply(closure, &[item], at);
            let decides = if wanted { said } else { self.unary("!", said, at) };
            let then = || {
                self.assign(found, self.bool_literal(wanted, at), at);
                leave()
            };
            self.if_(decides, then, || self.unit(), at);
        };
        self.until(items, &mut look, at);
        self.bind_named("", found, None, at)
    }
    pub(crate) fn any_item<'t>(
        &'t self,
        _: Method,
        items: Value<'t>,
        args: &[Value<'t>],
        at: At,
    ) -> Value<'t> {
        self.is_there("any", true, items, args[0], at)
    }
    pub(crate) fn all_items<'t>(
        &'t self,
        _: Method,
        items: Value<'t>,
        args: &[Value<'t>],
        at: At,
    ) -> Value<'t> {
        self.is_there("all", false, items, args[0], at)
    }

    pub(crate) fn find_item<'t>(
        &'t self,
        method: Method,
        items: Value<'t>,
        args: &[Value<'t>],
        at: At,
    ) -> Value<'t> {
        let positions = method == Method::position;
        let items = match positions {
            true => self.method(items, Method::enumerate, &[], at),
            false => items,
        };
        let found = self.nothing_yet(at);
        let mut look = |item, leave: &dyn Fn() -> Value<'t>| {
            let (given, kept) = match positions {
                true => (self.field(item, 1, at), self.field(item, 0, at)),
                false => (item, item),
            };
            let (ends, kept) = match method {
                Method::find_map => self.parts_of_option(self.apply(args[0], &[given], at), at),
                _ => (self.apply(args[0], &[given], at), kept),
            };
            let then = || {
                self.keep(&found, kept, at);
                leave()
            };
            self.if_(ends, then, || self.unit(), at);
        };
        self.until(items, &mut look, at);
        self.found(found, at)
    }

    pub(crate) fn last_item<'t>(&'t self, _: Method, items: Value<'t>, _: &[Value<'t>], at: At) -> Value<'t> {
        let found = self.nothing_yet(at);
        self.trace_for(items, &mut Some(|item| self.keep(&found, item, at)), at);
        self.found(found, at)
    }
}

/// Extremes.
impl Tracer {
    /// `min` and `max` of integers.
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
        let body = |item: Value<'t>| {
            self.step(at, |state| {
                let (before, item) = (state.read(best.id, at)?, state.scalar(item.id, "an item", at)?);
                let after = state.homogeneous(op, &[before, item], "the items", at)?;
                let after = state.handle(Kind::Plain(after));
                state.assign(best.id, after, at)?;
                Ok(Kind::Tuple(Vec::new()))
            });
            self.assign(found.present, self.bool_literal(true, at), at);
        };
        self.trace_for(items, &mut Some(body), at);
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
        self.trace_for(items, &mut Some(body), at);
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

    fn is_greater<'t>(&'t self, order: Value<'t>, at: At) -> Value<'t> {
        self.step(at, |state| match state.kind(order.id) {
            Kind::Ordering { greater, .. } => Ok(Kind::Plain(greater)),
            Kind::Poison => Err(crate::errors::Problem::Reported),
            _ => mistake("this closure compares two items: `|a, b| a.partial_cmp(b).unwrap()`"),
        })
    }
}

/// Options that loops fill.
impl Tracer {
    fn nothing_yet(&self, at: At) -> Found<'_> {
        let begin = self.with(|state| state.present().len());
        let present = self.variable_named("found", self.bool_literal(false, at), at);
        Found { present, value: self.declare("item", at), begin }
    }

    fn keep<'t>(&'t self, found: &Found<'t>, item: Value<'t>, at: At) {
        let item = self.bind_named("", item, None, at);
        self.assign(found.value, item, at);
        self.assign(found.present, self.bool_literal(true, at), at);
    }

    fn found<'t>(&'t self, found: Found<'t>, at: At) -> Value<'t> {
        self.step(at, |state| {
            state.begin_with_zeros(found.value.id, found.begin, at)?;
            let present = state.read(found.present.id, at)?;
            let value = state.snapshot(found.value.id, at)?;
            Ok(Kind::Optional(Held::Value { present, value: state.handle(value), fault: FaultKind::NoValue }))
        })
    }

    /// `option.map(closure)`, of what there may be.
    pub(crate) fn map_option<'t>(
        &'t self,
        _: Method,
        option: Value<'t>,
        args: &[Value<'t>],
        at: At,
    ) -> Value<'t> {
        let (present, value) = self.parts_of_option(option, at);
        let mapped = self.apply(args[0], &[value], at);
        self.step(at, |state| {
            let fault = match state.kind(option.id) {
                Kind::Optional(Held::Value { fault, .. }) => fault,
                _ => FaultKind::NoValue,
            };
            Ok(Kind::Optional(Held::Value { present: state.read(present.id, at)?, value: mapped.id, fault }))
        })
    }
}

impl State {
    fn is_float(&self, value: program::Value) -> bool {
        match self.class(value) {
            Class::Float => true,
            Class::Known(dtype) => dtype.is_float(),
            Class::Any | Class::Integer => false,
        }
    }

    /// Has variables that a loop may set be zeros before it.
    fn begin_with_zeros(&mut self, variables: u32, begin: usize, at: At) -> Step<()> {
        match self.kind(variables) {
            Kind::Variable { var, .. } => {
                let ty = self.var_type(var);
                if ty.rank.is_some() {
                    return mistake(
                        "the array that is looked for would have to be copied; look for its index",
                    );
                }
                let value = self.literal(Literal::Integer(0), ty.dtype, at);
                self.insert(begin, Stmt::Assign { var, value });
                Ok(())
            }
            Kind::Tuple(items) => {
                items.into_iter().try_for_each(|item| self.begin_with_zeros(item, begin, at))
            }
            Kind::Poison | Kind::Declared(_) => Err(crate::errors::Problem::Reported),
            _ => mistake("what is looked for must be a number or a tuple of numbers"),
        }
    }

    /// `a.partial_cmp(&b)`: nothing if one is NaN.
    pub(crate) fn partial_order(&mut self, receiver: u32, args: &[u32], at: At) -> Step<Kind> {
        let (a, b) = self.compared(receiver, args[0], at)?;
        let order = self.order(a, b, at)?;
        let mut present = self.bool_constant(true, at);
        if self.is_float(a) {
            let [x, y] = [a, b].map(|value| self.op(ScalarOp::IsNan, &[value], at));
            let nan = self.op(ScalarOp::Or, &[x?, y?], at)?;
            present = self.op(ScalarOp::Not, &[nan], at)?;
        }
        Ok(Kind::Optional(Held::Value { present, value: self.handle(order), fault: FaultKind::NoValue }))
    }

    /// `a.cmp(&b)` of integers.
    pub(crate) fn whole_order(&mut self, receiver: u32, args: &[u32], at: At) -> Step<Kind> {
        let (a, b) = self.compared(receiver, args[0], at)?;
        self.order(a, b, at)
    }

    /// `a.total_cmp(&b)`: -0 is below 0, and NaN above all.
    pub(crate) fn total_order(&mut self, receiver: u32, args: &[u32], at: At) -> Step<Kind> {
        let (a, b) = self.compared(receiver, args[0], at)?;
        let less = self.totally_below(a, b, at)?;
        let greater = self.totally_below(b, a, at)?;
        Ok(Kind::Ordering { less, greater })
    }

    fn totally_below(&mut self, a: program::Value, b: program::Value, at: At) -> Step<program::Value> {
        let one = self.small(1, a, at);
        let below = self.op(ScalarOp::Lt, &[a, b], at)?;
        let equal = self.op(ScalarOp::Eq, &[a, b], at)?;
        let [x, y] = [a, b].map(|value| self.op(ScalarOp::Div, &[one, value], at));
        let signs = self.op(ScalarOp::Lt, &[x?, y?], at)?;
        let zeros = self.op(ScalarOp::And, &[equal, signs], at)?;
        let below = self.op(ScalarOp::Or, &[below, zeros], at)?;
        let [x, y] = [a, b].map(|value| self.op(ScalarOp::IsNan, &[value], at));
        let number = self.op(ScalarOp::Not, &[x?], at)?;
        let nan = self.op(ScalarOp::And, &[number, y?], at)?;
        self.op(ScalarOp::Or, &[below, nan], at)
    }

    fn compared(&mut self, a: u32, b: u32, at: At) -> Step<(program::Value, program::Value)> {
        let a = self.scalar(a, "what is compared", at)?;
        let b = self.scalar(b, "what is compared", at)?;
        self.same_types("cmp", a, b)?;
        Ok((a, b))
    }

    fn order(&mut self, a: program::Value, b: program::Value, at: At) -> Step<Kind> {
        let less = self.op(ScalarOp::Lt, &[a, b], at)?;
        let greater = self.op(ScalarOp::Gt, &[a, b], at)?;
        Ok(Kind::Ordering { less, greater })
    }

    pub(crate) fn reversed_order(&mut self, receiver: u32, _: &[u32], _: At) -> Step<Kind> {
        match self.kind(receiver) {
            Kind::Ordering { less, greater } => Ok(Kind::Ordering { less: greater, greater: less }),
            _ => Err(crate::errors::Problem::Reported),
        }
    }
}
