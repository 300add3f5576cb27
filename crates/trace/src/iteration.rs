//! Going through sequences: `for`, and what items are made of on the way.
//!
//! ```text
//! for (i, x) in a.iter().enumerate().filter(f) { … }
//!
//! for i in 0..len a {           the loops of the sequence
//!     x = index a[i]            its item
//!     if f((i, x)) {            its stages
//!         …                     the body
//!     }
//! }
//! ```
//!
//! Loops nest where items have several indices: the elements of a matrix are gone through row by row.

use crate::closures::Block;
use crate::errors::{At, Problem, Step, mistake};
use crate::exits::Exit;
use crate::sequences::{Independence, Item, Sequence, Stage};
use crate::state::{Held, Kind, Range, State, Ty};
use crate::{Tracer, Value};
use parfuse_ir::Scalar;
use parfuse_ir::program::{self, Expr, Place, Stmt, walk};

/// A loop being traced.
struct Open {
    range: Range,
    index: program::Value,
    step: program::Value,
}

impl Tracer {
    /// `for item in sequence { body(item) }`.
    pub(crate) fn trace_for<'t>(
        &'t self,
        sequence: Value<'t>,
        body: &mut dyn Block<Value<'t>, ()>,
        at: At,
    ) -> Value<'t> {
        let sequence = self.id(sequence);
        let sequence = self.with(|state| {
            state.doing = "`for`".into();
            state.sequence(sequence, at)
        });
        self.go_through(sequence, body, at)
    }

    /// Goes through a sequence. The body is traced even if the sequence is a mistake, to find more.
    pub(crate) fn go_through<'t>(
        &'t self,
        sequence: Step<Sequence>,
        body: &mut dyn Block<Value<'t>, ()>,
        at: At,
    ) -> Value<'t> {
        if let Some(refused) = self.too_deep(at) {
            return refused;
        }
        let ends_early = sequence
            .as_ref()
            .is_ok_and(|sequence| sequence.stages.iter().any(|stage| matches!(stage, Stage::While(_))));
        if !ends_early {
            return self.loops(sequence, None, body, at);
        }
        let all = |exit| self.loops(sequence, Some(exit), body, at);
        self.trace_scope(&mut Some(all), false, at)
    }

    fn loops<'t>(
        &'t self,
        sequence: Step<Sequence>,
        exit: Option<Exit>,
        body: &mut dyn Block<Value<'t>, ()>,
        at: At,
    ) -> Value<'t> {
        let (mut opened, mut indices) = (Vec::new(), Vec::new());
        let vars_before = self.with(|state| state.program.vars.len());
        let mut found = None;
        let poison = self.step(at, |state| {
            let (ranges, parallel) = match &sequence {
                Ok(Sequence { ranges, independence, .. }) => {
                    (&ranges[..], *independence == Independence::Claimed)
                }
                Err(_) => (&[][..], false),
            };
            for (depth, range) in ranges.iter().enumerate() {
                let step = range.step.unwrap_or_else(|| state.constant(Scalar::Usize(1), at));
                state.open();
                let index = state.bound(range.dtype, at);
                indices.push(match range.total {
                    Some(total) => state.op(parfuse_ir::ScalarOp::Sub, &[total, index], at)?,
                    None => index,
                });
                let range = Range { parallel: parallel && depth == 0, ..*range };
                state.parallel_depth += range.parallel as usize;
                opened.push(Open { range, index, step });
            }
            if ranges.is_empty() {
                state.open();
            }
            found = Some(sequence?);
            Ok(Kind::Poison)
        });
        let (item, stages) = match &found {
            Some(sequence) => (self.item(&sequence.item, &indices, at), &sequence.stages[..]),
            None => (poison, &[][..]),
        };
        self.go_on(stages, item, exit, body, at);
        self.step(at, |state| {
            if opened.is_empty() {
                // An array without axes has one element, and a mistake none that matters.
                let body = state.close();
                if found.is_some() {
                    state.splice(body);
                }
            }
            let is_nest = opened.len() > 1;
            let independence = found.as_ref().map(|sequence| sequence.independence);
            while let Some(Open { range, index, step }) = opened.pop() {
                let body = state.close();
                state.parallel_depth -= range.parallel as usize;
                if range.parallel && is_nest {
                    state.refuse_numbers_in_nest(&body)?;
                }
                let loc = state.loc(at);
                let Range { start, end, mut parallel, .. } = range;
                if let (Some(Independence::IfPure(var)), true) = (independence, opened.is_empty()) {
                    parallel |= state.parallel_depth == 0 && state.is_pure(&body, var, vars_before);
                }
                state.push(Stmt::For { index, start, end, step, parallel, until: None, body, loc });
            }
            Ok(Kind::Tuple(Vec::new()))
        })
    }

    /// What an item goes through, and then the body.
    fn go_on<'t>(
        &'t self,
        stages: &[Stage],
        item: Value<'t>,
        exit: Option<Exit>,
        body: &mut dyn Block<Value<'t>, ()>,
        at: At,
    ) {
        let Some((stage, others)) = stages.split_first() else {
            body.run(item);
            return;
        };
        let unit = || self.unit();
        match *stage {
            Stage::Map(closure) => {
                let item = self.apply(self.of_id(closure), &[item], at);
                self.go_on(others, item, exit, body, at);
            }
            Stage::Filter(closure) => {
                let goes_on = self.apply(self.of_id(closure), &[item], at);
                let then = || {
                    self.go_on(others, item, exit, body, at);
                    self.unit()
                };
                self.if_(goes_on, then, unit, at);
            }
            Stage::Present => {
                let (present, value) = self.parts_of_option(item, at);
                let then = || {
                    self.go_on(others, value, exit, body, at);
                    self.unit()
                };
                self.if_(present, then, unit, at);
            }
            Stage::While(closure) => {
                let goes_on = self.apply(self.of_id(closure), &[item], at);
                let ends = self.unary("!", goes_on, at);
                let then = || match exit {
                    Some(exit) => self.leave_(exit, self.unit(), "`take_while`", at),
                    None => self.unit(),
                };
                self.if_(ends, then, unit, at);
                self.go_on(others, item, exit, body, at);
            }
            Stage::Count(counter) => {
                let counter = self.of_id(counter);
                let position = self.bind_named("", counter, None, at);
                let one = self.signed_literal(1, at);
                self.assign_op("+", counter, one, at);
                let counted = self.tuple(&[position, item]);
                self.go_on(others, counted, exit, body, at);
            }
            Stage::Flatten => {
                let inner = self.id(item);
                let inner = self.with(|state| state.sequence(inner, at));
                let then = |item| self.go_on(others, item, exit, body, at);
                self.go_through(inner, &mut Some(then), at);
            }
        }
    }

    fn of_id(&self, id: u32) -> Value<'_> {
        Value { tracer: self, id }
    }

    /// An item at some indices.
    fn item<'t>(&'t self, item: &Item, indices: &[program::Value], at: At) -> Value<'t> {
        match item {
            Item::Mapped { closure, item } => {
                let item = self.item(item, indices, at);
                self.apply(self.of_id(*closure), &[item], at)
            }
            Item::Together(items) => {
                let items: Vec<Value<'t>> = items.iter().map(|item| self.item(item, indices, at)).collect();
                self.tuple(&items)
            }
            Item::Counted { lengths, item } => {
                let position =
                    self.step(at, |state| Ok(Kind::Plain(state.position_of(indices, lengths, at)?)));
                let item = self.item(item, indices, at);
                self.tuple(&[position, item])
            }
            Item::Indices => self.indices(indices, at),
            Item::Indexed(item) => {
                let index = self.indices(indices, at);
                let item = self.item(item, indices, at);
                self.tuple(&[index, item])
            }
            Item::At { ranges, item } => {
                let inner = self.with(|state| {
                    let index_at = |(range, position)| state.index_at(range, position, at);
                    ranges.iter().zip(indices.iter().copied()).map(index_at).collect()
                });
                self.item_within(item, inner, at)
            }
            Item::Unravelled { lengths, item } => {
                let inner = self.with(|state| state.unravel(indices[0], lengths, at));
                self.item_within(item, inner, at)
            }
            Item::Index | Item::Element { .. } | Item::Part { .. } | Item::Window { .. } => {
                self.step(at, |state| state.leaf(item, indices, at))
            }
        }
    }

    fn item_within<'t>(&'t self, item: &Item, indices: Step<Vec<program::Value>>, at: At) -> Value<'t> {
        match indices {
            Ok(indices) => self.item(item, &indices, at),
            Err(problem) => self.step(at, |_| Err(problem)),
        }
    }

    /// One index, or a tuple of several.
    pub(crate) fn indices(&self, indices: &[program::Value], at: At) -> Value<'_> {
        self.step(at, |state| match indices {
            [index] => Ok(Kind::Plain(*index)),
            _ => {
                let items = indices.iter().map(|index| state.handle(Kind::Plain(*index)));
                Ok(Kind::Tuple(items.collect()))
            }
        })
    }
}

impl State {
    /// An item that no closure has a part in.
    fn leaf(&mut self, item: &Item, indices: &[program::Value], at: At) -> Step<Kind> {
        match item {
            Item::Element { array, mutable: false } => {
                Ok(Kind::Plain(self.item_of_array(*array, indices, at)?))
            }
            Item::Element { array, mutable: true } => {
                let place = self.target(*array, "iter_mut")?;
                Ok(Kind::Element { place, index: indices.to_vec(), borrowed: true })
            }
            Item::Part { array, axes, mutable } => {
                let rank = self.axes_of(*array)?;
                let view = self.part_view(rank, axes, indices);
                self.view(*array, view, *mutable, at)
            }
            Item::Window { array, sizes, mutable } => {
                let view = self.window_view(indices, sizes, at)?;
                self.view(*array, view, *mutable, at)
            }
            _ => Ok(Kind::Plain(indices[0])),
        }
    }

    /// The iterations of a `prange` are numbered for random numbers, and of a nest only its rows are.
    fn refuse_numbers_in_nest(&self, body: &program::Block) -> Step<()> {
        let draws = walk::statements(&self.program, body).any(|stmt| match stmt {
            Stmt::Let(value) => matches!(self.program.values[*value].expr, Expr::Random { .. }),
            _ => false,
        });
        if !draws {
            return Ok(());
        }
        mistake(
            "random numbers in a `prange` over the elements of an array with several axes are not supported in a \
             kernel; write a `prange` over its rows, and a `for` over each row",
        )
    }

    /// What an element holds now.
    pub(crate) fn read_element(
        &mut self,
        place: Place,
        index: &[program::Value],
        at: At,
    ) -> Step<program::Value> {
        let array = self.read_place(place, at)?;
        let dtype = self.ty(array).dtype;
        self.emit(Expr::Index { array, index: index.to_vec() }, Ty { dtype, rank: None }, at)
    }

    /// The option that a handle stands for: whether there is anything, and what.
    pub(crate) fn option(&self, handle: u32) -> Step<(program::Value, u32)> {
        match self.kind(handle) {
            Kind::Optional(Held::Value { present, value, .. }) => Ok((present, value)),
            Kind::Optional(Held::Sure(_)) => mistake(
                "only what an array in another shape is can be had here, by `unwrap()`: a shape that does not fit is an \
                 error of the kernel",
            ),
            Kind::Poison => Err(Problem::Reported),
            _ => mistake("this must be an `Option`"),
        }
    }
}

impl Tracer {
    /// Whether an option has anything, and what it has.
    pub(crate) fn parts_of_option<'t>(&'t self, option: Value<'t>, at: At) -> (Value<'t>, Value<'t>) {
        let mut value = None;
        let present = self.step(at, |state| {
            let (present, inner) = state.option(option.id)?;
            value = Some(inner);
            Ok(Kind::Plain(present))
        });
        (present, value.map_or(present, |id| self.of_id(id)))
    }
}
