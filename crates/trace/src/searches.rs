//! Searches in iterators: they go on until something is found.
//!
//! ```text
//! it.any(f)          any = false;    for x in it { if f(x) { any = true; break } }
//! it.position(f)     found = false;  for (i, x) in it { if f(x) { found = true; item = i; break } }
//! it.next()          found = false;  for x in it { found = true; item = x; break }
//! ```
//!
//! Where iterations are independent `any` and `all` look at all items; what else is searched for is the first in order. An iterator in a variable remembers how far it is
//! ([`Cursor`]), so that `next` gives one item after the other.

use crate::closures::Block;
use crate::errors::{At, Problem, Step, mistake};
use crate::exits::Exit;
use crate::sequences::{Cursor, Sequence};
use crate::state::{Held, Kind, State};
use crate::{Method, Tracer, Value};
use parfuse_ir::FaultKind;
use parfuse_ir::program::{self, Stmt};

/// An option that a loop fills: whether there is anything, and what.
pub(crate) struct Found<'t> {
    pub(crate) present: Value<'t>,
    pub(crate) value: Value<'t>,
    /// Where the block that it is made in was then.
    begin: usize,
}

/// Searches.
impl Tracer {
    /// Goes through items with a way to end early; in order, or as it is said of them.
    pub(crate) fn until<'t>(
        &'t self,
        items: Value<'t>,
        in_order: bool,
        body: &mut dyn FnMut(Value<'t>, &dyn Fn() -> Value<'t>),
        at: At,
    ) {
        let sequence = self.with(|state| {
            state.refuse_cursor(items.id)?;
            state.sequence(items.id, at)
        });
        let sequence = if in_order { sequence.map(Sequence::in_order) } else { sequence };
        let parallel = sequence.as_ref().is_ok_and(|sequence| sequence.independence.claim().is_some());
        let mut sequence = Some(sequence);
        let mut go_through = |exit: Option<Exit>| {
            let leave = || match exit {
                Some(exit) => self.leave_(exit, self.unit(), "the end of a search", at),
                None => self.unit(),
            };
            let mut visit = Some(|item| body(item, &leave));
            let sequence = sequence.take().unwrap_or(Err(Problem::Reported));
            self.go_through(sequence, &mut visit as &mut dyn Block<Value<'t>, ()>, at)
        };
        if parallel {
            go_through(None);
        } else {
            self.scope_(|exit| go_through(Some(exit)), at);
        }
    }

    /// `slice.partition_point(closure)`: the closure says yes of the elements in front of some place, and no of the others.
    pub(crate) fn partition_point<'t>(
        &'t self,
        _: Method,
        array: Value<'t>,
        args: &[Value<'t>],
        at: At,
    ) -> Value<'t> {
        let one = self.lift(1usize, at);
        let low = self.variable_named("low", self.lift(0usize, at), at);
        let high = self.variable_named("high", self.method(array, Method::len, &[], at), at);
        let halve = || {
            let distance = self.binary("-", high, low, at);
            let half = self.binary("/", distance, self.lift(2usize, at), at);
            let middle = self.bind_named("", self.binary("+", low, half, at), None, at);
            let is_in_front = self.apply(args[0], &[self.index(array, &[middle], at)], at);
            let above = || self.assign(low, self.binary("+", middle, one, at), at);
            self.if_(is_in_front, above, || self.assign(high, middle, at), at);
        };
        self.while_(|| self.binary("<", low, high, at), halve, at);
        self.bind_named("", low, None, at)
    }

    /// Whether a closure says `wanted` of an item; of none it does not.
    pub(crate) fn is_there<'t>(
        &'t self,
        name: &str,
        wanted: bool,
        items: Value<'t>,
        ask: &dyn Fn(Value<'t>) -> Value<'t>,
        at: At,
    ) -> Value<'t> {
        let found = self.variable_named(name, self.bool_literal(!wanted, at), at);
        let mut look = |item, leave: &dyn Fn() -> Value<'t>| {
            let said = ask(item);
            let decides = if wanted { said } else { self.unary("!", said, at) };
            let then = || {
                self.assign(found, self.bool_literal(wanted, at), at);
                leave()
            };
            self.if_(decides, then, || self.unit(), at);
        };
        self.until(items, false, &mut look, at);
        self.bind_named("", found, None, at)
    }
    /// `iterator.any(closure)`, `iterator.all(closure)`.
    pub(crate) fn any_item<'t>(
        &'t self,
        method: Method,
        items: Value<'t>,
        args: &[Value<'t>],
        at: At,
    ) -> Value<'t> {
        let wanted = method == Method::any;
        self.is_there(method.name(), wanted, items, &|item| self.apply(args[0], &[item], at), at)
    }

    /// `slice.is_sorted()` and its kin: whether each item stands where it may behind the one before.
    pub(crate) fn are_sorted<'t>(
        &'t self,
        method: Method,
        items: Value<'t>,
        args: &[Value<'t>],
        at: At,
    ) -> Value<'t> {
        let all = match self.with(|state| matches!(state.kind(items.id), Kind::Sequence(_))) {
            true => self.bind_named("", self.method(items, Method::collect, &[], at), None, at),
            false => items,
        };
        let one = self.lift(1usize, at);
        let pairs = self.range(one, self.method(all, Method::len, &[], at), false, at);
        let in_order = |index| {
            let before = self.index(all, &[self.binary("-", index, one, at)], at);
            let pair = [before, self.index(all, &[index], at)];
            match (method, args) {
                (Method::is_sorted_by, [ordered]) => self.apply(*ordered, &pair, at),
                (_, [key]) => {
                    let [a, b] = pair.map(|item| self.apply(*key, &[item], at));
                    self.binary("<=", a, b, at)
                }
                _ => self.binary("<=", pair[0], pair[1], at),
            }
        };
        self.is_there("sorted", false, pairs, &in_order, at)
    }

    pub(crate) fn find_item<'t>(
        &'t self,
        method: Method,
        items: Value<'t>,
        args: &[Value<'t>],
        at: At,
    ) -> Value<'t> {
        let positions = matches!(method, Method::position | Method::rposition);
        let items = match positions {
            true => self.method(items, Method::enumerate, &[], at),
            false => items,
        };
        let items = match method {
            Method::rposition | Method::rfind => self.method(items, Method::rev, &[], at),
            _ => items,
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
        self.until(items, true, &mut look, at);
        self.found(found, at)
    }

    /// `it.next()`, `it.nth(k)`: of an iterator in a variable the one that comes next. `it.peek()` leaves it there, `it.next_if(f)`
    /// does so unless a closure says yes of it.
    pub(crate) fn next_item<'t>(
        &'t self,
        method: Method,
        items: Value<'t>,
        args: &[Value<'t>],
        at: At,
    ) -> Value<'t> {
        let cursor = self.with(|state| state.at_cursor(items.id, at));
        match cursor {
            Err(problem) => self.step(at, |_| Err(problem)),
            Ok(Some((sequence, count, cursor))) => {
                let cursor = self.step(at, |_| Ok(Kind::Variable { var: cursor, borrowed: false }));
                let count = self.step(at, |_| Ok(Kind::Plain(count)));
                if let (Method::nth, [skipped]) = (method, args) {
                    let left = self.binary("-", count, cursor, at);
                    let skipped = self.method(*skipped, Method::min, &[left], at);
                    self.assign_op("+", cursor, skipped, at);
                }
                let then = || {
                    let index = self.with(|state| state.read(cursor.id, at).map(|index| vec![index]));
                    let item = self.some(self.item_within(&sequence.item, index, at), at);
                    let move_on = || self.assign_op("+", cursor, self.lift(1usize, at), at);
                    match (method, args) {
                        (Method::peek, _) => item,
                        (Method::next_if, [closure]) => {
                            let (_, inside) = self.parts_of_option(item, at);
                            let taken = || {
                                move_on();
                                item
                            };
                            self.if_(self.apply(*closure, &[inside], at), taken, || self.none(at), at)
                        }
                        _ => {
                            move_on();
                            item
                        }
                    }
                };
                self.if_(self.binary("<", cursor, count, at), then, || self.none(at), at)
            }
            Ok(None) => {
                let items = match (method, args) {
                    (Method::nth, [skipped]) => self.method(items, Method::skip, &[*skipped], at),
                    _ => items,
                };
                let found = self.nothing_yet(at);
                let mut look = |item, leave: &dyn Fn() -> Value<'t>| {
                    self.keep(&found, item, at);
                    leave();
                };
                self.until(items, true, &mut look, at);
                self.found(found, at)
            }
        }
    }

    pub(crate) fn last_item<'t>(&'t self, _: Method, items: Value<'t>, _: &[Value<'t>], at: At) -> Value<'t> {
        let found = self.nothing_yet(at);
        self.trace_in_order(items, &mut Some(|item| self.keep(&found, item, at)), at);
        self.found(found, at)
    }
}

/// Options that loops fill.
impl Tracer {
    pub(crate) fn nothing_yet(&self, at: At) -> Found<'_> {
        let begin = self.with(|state| state.present().len());
        let present = self.variable_named("found", self.bool_literal(false, at), at);
        Found { present, value: self.declare("item", at), begin }
    }

    pub(crate) fn keep<'t>(&'t self, found: &Found<'t>, item: Value<'t>, at: At) {
        let item = self.bind_named("", item, None, at);
        self.assign(found.value, item, at);
        self.assign(found.present, self.bool_literal(true, at), at);
    }

    pub(crate) fn found<'t>(&'t self, found: Found<'t>, at: At) -> Value<'t> {
        self.step(at, |state| {
            state.begin_with_zeros(found.value.id, found.begin, at)?;
            let present = state.read(found.present.id, at)?;
            let value = state.snapshot(found.value.id, at)?;
            Ok(Kind::Optional(Held::Value { present, value: state.handle(value), fault: FaultKind::NoValue }))
        })
    }
}

impl State {
    /// The items of an iterator in a variable, how many there are, and how far it is.
    fn at_cursor(&mut self, items: u32, at: At) -> Step<Option<(Sequence, program::Value, program::Var)>> {
        match self.kind(items) {
            Kind::Sequence(sequence) if let Cursor::At(cursor) = sequence.cursor => {
                let (count, sequence) = self.line(*sequence, at)?;
                Ok(Some((sequence, count, cursor)))
            }
            _ => {
                self.refuse_cursor(items)?;
                Ok(None)
            }
        }
    }

    /// What moves an iterator on is refused where nothing remembers how far it is.
    fn refuse_cursor(&self, items: u32) -> Step<()> {
        match self.kind(items) {
            Kind::Sequence(sequence) if sequence.cursor != Cursor::None => mistake(
                "an iterator in a variable goes on where this has left it, which a kernel does not remember; write out the \
                 iterator where it is used, `a.iter().position(…)`, or go through it with `for`",
            ),
            _ => Ok(()),
        }
    }

    /// Traces something among the statements so far of the block being traced.
    fn among<R>(&mut self, position: usize, work: impl FnOnce(&mut State) -> R) -> R {
        let depth = self.scopes.len() - 1;
        let block = &mut self.scopes[depth].block;
        let behind = block.split_off(position.min(block.len()));
        let done = work(self);
        self.scopes[depth].block.extend(behind);
        done
    }

    /// Has variables that a loop may set be zeros before it.
    fn begin_with_zeros(&mut self, variables: u32, begin: usize, at: At) -> Step<()> {
        match self.kind(variables) {
            Kind::Variable { var, .. } => {
                let begin_with_zeros = |state: &mut State| -> Step<()> {
                    let value = state.nothing(var, at)?;
                    state.push(Stmt::Assign { var, value });
                    Ok(())
                };
                self.among(begin, begin_with_zeros)
            }
            Kind::Tuple(items) => {
                items.into_iter().try_for_each(|item| self.begin_with_zeros(item, begin, at))
            }
            Kind::Poison | Kind::Declared(_) => Err(Problem::Reported),
            _ => mistake("what is looked for must be a number or a tuple of numbers"),
        }
    }
}
