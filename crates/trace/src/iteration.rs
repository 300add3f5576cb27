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
use crate::records::{Items, Whole};
use crate::sequences::{Independence, Item, Sequence, Stage};
use crate::state::{Kind, Range, Repeats, State, Ty};
use crate::{Tracer, Value};
use parfuse_ir::program::{self, Cut, Expr, Order, Place, Stmt, View, walk};
use parfuse_ir::{Scalar, ScalarOp};

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

    /// As [`trace_for`](Tracer::trace_for), but in order also where iterations are said to be independent: each goes on from
    /// what those before have left.
    pub(crate) fn trace_in_order<'t>(
        &'t self,
        sequence: Value<'t>,
        body: &mut dyn Block<Value<'t>, ()>,
        at: At,
    ) -> Value<'t> {
        let sequence = self.with(|state| state.sequence(sequence.id, at));
        self.go_through(sequence.map(Sequence::in_order), body, at)
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
        let ends_early =
            sequence.as_ref().is_ok_and(|sequence| sequence.stages.iter().any(|stage| stage.may_end()));
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
        let stages = match &sequence {
            Ok(Sequence { stages, .. }) => {
                stages.iter().map(|stage| (*stage, self.kept_by(*stage, at))).collect()
            }
            Err(_) => Vec::new(),
        };
        let (mut opened, mut indices) = (Vec::new(), Vec::new());
        let vars_before = self.with(|state| state.program.vars.len());
        let (mut found, mut begun) = (None, None);
        let poison = self.step(at, |state| {
            let (ranges, claim) = match &sequence {
                Ok(Sequence { ranges, independence, .. }) => (&ranges[..], independence.claim()),
                Err(_) => (&[][..], None),
            };
            let is_claimed = claim.is_some() && !ranges.is_empty();
            begun = is_claimed.then(|| state.begin_parallel(at));
            let claim = claim.filter(|_| begun == Some(true));
            for (depth, range) in ranges.iter().enumerate() {
                let step = range.step.unwrap_or_else(|| state.constant(Scalar::Usize(1), at));
                state.open_repeated(Repeats::Range(range.start, range.end));
                let index = state.bound(range.dtype, at);
                indices.push(match range.total {
                    Some(total) => state.op(ScalarOp::Sub, &[total, index], at)?,
                    None => index,
                });
                let range = Range { claim: claim.filter(|_| depth == 0), ..*range };
                state.parallel_depth += range.claim.is_some() as usize;
                opened.push(Open { range, index, step });
            }
            if ranges.is_empty() {
                state.open();
            }
            found = Some(sequence?);
            Ok(Kind::Poison)
        });
        let item = match &found {
            Some(sequence) => self.item(&sequence.item, &indices, at),
            None => poison,
        };
        self.go_on(&stages, item, exit, body, at);
        self.step(at, |state| {
            if let Some(in_any_order) = begun {
                state.end_parallel(in_any_order);
            }
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
                state.parallel_depth -= range.claim.is_some() as usize;
                if range.claim.is_some() && is_nest {
                    state.refuse_numbers_in_nest(&body)?;
                }
                let loc = state.loc(at);
                let Range { start, end, claim, .. } = range;
                let mut order = claim.map_or(Order::Serial, Order::Prange);
                if let (Some(Independence::IfPure), true) = (independence, opened.is_empty())
                    && state.parallel_depth == 0
                    && state.is_pure(&body, vars_before)
                {
                    order = Order::Unordered;
                }
                state.push(Stmt::For { index, start, end, step, order, until: None, body, loc });
            }
            Ok(Kind::Tuple(Items::default()))
        })
    }

    /// The variable that a stage keeps from item to item, if it does.
    fn kept_by<'t>(&'t self, stage: Stage, at: At) -> Option<Value<'t>> {
        let counter = |name| Some(self.variable_named(name, self.lift(0usize, at), at));
        match stage {
            Stage::Count | Stage::Zip { .. } => counter("position"),
            Stage::Skip(_) => counter("skipped"),
            Stage::Take(_) => counter("taken"),
            Stage::SkipWhile(_) => Some(self.variable_named("skips", self.bool_literal(true, at), at)),
            Stage::Scan { start, .. } => Some(self.variable_named("scanned", self.of_id(start), at)),
            _ => None,
        }
    }

    /// What an item goes through, and then the body.
    fn go_on<'t>(
        &'t self,
        stages: &[(Stage, Option<Value<'t>>)],
        item: Value<'t>,
        exit: Option<Exit>,
        body: &mut dyn Block<Value<'t>, ()>,
        at: At,
    ) {
        let Some(((stage, kept), others)) = stages.split_first() else {
            body.run(item);
            return;
        };
        let (unit, kept) = (|| self.unit(), kept.unwrap_or(item));
        let mut go_on_if = |goes_on: Value<'t>, item: Value<'t>| {
            let then = || {
                self.go_on(others, item, exit, body, at);
                self.unit()
            };
            self.if_(goes_on, then, unit, at);
        };
        let end_unless = |goes_on: Value<'t>| {
            let then = || match exit {
                Some(exit) => self.leave_(exit, self.unit(), "the end of an iterator", at),
                None => self.unit(),
            };
            self.if_(self.unary("!", goes_on, at), then, unit, at);
        };
        match *stage {
            Stage::Map(closure) => {
                let item = self.apply(self.of_id(closure), &[item], at);
                self.go_on(others, item, exit, body, at);
            }
            Stage::Inspect(closure) => {
                self.apply(self.of_id(closure), &[item], at);
                self.go_on(others, item, exit, body, at);
            }
            Stage::Filter(closure) => {
                let goes_on = self.apply(self.of_id(closure), &[item], at);
                go_on_if(goes_on, item);
            }
            Stage::Present => {
                let (present, value) = self.parts_of_option(item, at);
                go_on_if(present, value);
            }
            Stage::While(closure) => {
                let goes_on = self.apply(self.of_id(closure), &[item], at);
                end_unless(goes_on);
                self.go_on(others, item, exit, body, at);
            }
            Stage::WhilePresent => {
                let (present, value) = self.parts_of_option(item, at);
                end_unless(present);
                self.go_on(others, value, exit, body, at);
            }
            Stage::Scan { closure, .. } => {
                let own = self.step(at, |state| Ok(state.borrow(kept.id)));
                let item = self.bind_named("", item, None, at);
                let item = self.call_closure(self.of_id(closure), &[own, item], at);
                self.go_on(others, item, exit, body, at);
            }
            Stage::SkipWhile(closure) => {
                let skips = self.logical(true, kept, || self.apply(self.of_id(closure), &[item], at), at);
                let skips = self.bind_named("", skips, None, at);
                self.assign(kept, skips, at);
                go_on_if(self.unary("!", skips, at), item);
            }
            Stage::Skip(count) => {
                let count = self.step(at, |_| Ok(Kind::Plain(count)));
                let goes_on = self.binary(">=", kept, count, at);
                let goes_on = self.bind_named("", goes_on, None, at);
                self.assign_op("+", kept, self.lift(1usize, at), at);
                go_on_if(goes_on, item);
            }
            Stage::Take(count) => {
                let count = self.step(at, |_| Ok(Kind::Plain(count)));
                end_unless(self.binary("<", kept, count, at));
                self.assign_op("+", kept, self.lift(1usize, at), at);
                self.go_on(others, item, exit, body, at);
                end_unless(self.binary("<", kept, count, at));
            }
            Stage::Count => {
                let position = self.bind_named("", kept, None, at);
                self.assign_op("+", kept, self.lift(1usize, at), at);
                let counted = self.tuple(&[position, item]);
                self.go_on(others, counted, exit, body, at);
            }
            Stage::Zip { other, count, comes_first } => {
                let count = self.step(at, |_| Ok(Kind::Plain(count)));
                end_unless(self.binary("<", kept, count, at));
                let other = self.with(|state| match state.kind(other) {
                    Kind::Sequence(sequence) => Some(sequence.item),
                    _ => None,
                });
                let position = self.with(|state| state.read(kept.id, at).map(|position| vec![position]));
                let Some(other) = other else { return };
                let other = self.item_within(&other, position, at);
                self.assign_op("+", kept, self.lift(1usize, at), at);
                let pair = if comes_first { [other, item] } else { [item, other] };
                self.go_on(others, self.tuple(&pair), exit, body, at);
            }
            // What an option has, if it has anything.
            Stage::Flatten if self.with(|state| matches!(state.kind(item.id), Kind::Optional(_))) => {
                let (present, value) = self.parts_of_option(item, at);
                go_on_if(present, value);
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
            Item::Fields(record, items) => {
                let fields = items.iter().map(|item| self.item(item, indices, at).id).collect();
                let fields = Kind::Tuple(Items::with(Whole::Record(record), fields));
                self.step(at, |_| Ok(fields))
            }
            Item::Tuples(items) => {
                let parts = items.iter().map(|item| self.item(item, indices, at).id).collect();
                self.step(at, |state| Ok(state.together(Whole::Tuples, parts)))
            }
            Item::Options(items) => {
                let parts: Vec<u32> = items.iter().map(|item| self.item(item, indices, at).id).collect();
                self.step(at, |state| {
                    let to_set = parts.iter().any(|part| matches!(state.kind(*part), Kind::Element { .. }));
                    match to_set {
                        true => Ok(state.together(Whole::Options, parts)),
                        false => state.option_of(&parts, at),
                    }
                })
            }
            Item::Counted { lengths, item } => {
                let position =
                    self.step(at, |state| Ok(Kind::Plain(state.position_of(indices, lengths, at)?)));
                let item = self.item(item, indices, at);
                self.tuple(&[position, item])
            }
            Item::List(lists) => {
                let index = self.step(at, |_| Ok(Kind::Plain(indices[0])));
                self.list(*lists, index, at)
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
            Item::Wrapped { count, item } => {
                let inner =
                    self.with(|state| state.op(ScalarOp::Rem, &[indices[0], *count], at).map(|i| vec![i]));
                self.item_within(item, inner, at)
            }
            Item::Chained { count, first, second } => {
                let mut behind = Err(Problem::Reported);
                let is_first = self.step(at, |state| {
                    let is_first = state.op(ScalarOp::Lt, &[indices[0], *count], at)?;
                    behind = Ok(vec![state.op(ScalarOp::Sub, &[indices[0], *count], at)?]);
                    Ok(Kind::Plain(is_first))
                });
                let first = || self.item(first, indices, at);
                self.if_(is_first, first, || self.item_within(second, behind, at), at)
            }
            Item::Index
            | Item::Same(_)
            | Item::Element { .. }
            | Item::Part { .. }
            | Item::Window { .. }
            | Item::Strip { .. } => self.step(at, |state| state.leaf(item, indices, at)),
        }
    }

    pub(crate) fn item_within<'t>(
        &'t self,
        item: &Item,
        indices: Step<Vec<program::Value>>,
        at: At,
    ) -> Value<'t> {
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
                Ok(Kind::Tuple(items.collect::<Vec<u32>>().into()))
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
            Item::Strip { array, axis, size, end, mutable } => {
                let mut last = self.op(ScalarOp::Add, &[indices[0], *size], at)?;
                if let Some(end) = end {
                    last = self.op(ScalarOp::Min, &[last, *end], at)?;
                }
                let mut cuts = vec![Cut::All; self.axes_of(*array)? as usize];
                cuts[*axis as usize] = Cut::Range { start: Some(indices[0]), end: Some(last), step: None };
                self.view(*array, View::of_cuts(cuts), *mutable, at)
            }
            Item::Same(handle) => Ok(self.kind(*handle)),
            _ => Ok(Kind::Plain(indices[0])),
        }
    }

    /// The part of an array that a window shows.
    pub(crate) fn window_view(
        &mut self,
        indices: &[program::Value],
        sizes: &[program::Value],
        at: At,
    ) -> Step<View> {
        let mut cuts = Vec::with_capacity(indices.len());
        for (index, size) in indices.iter().zip(sizes) {
            let end = self.op(ScalarOp::Add, &[*index, *size], at)?;
            cuts.push(Cut::Range { start: Some(*index), end: Some(end), step: None });
        }
        Ok(View::of_cuts(cuts))
    }

    /// An element that is read now.
    pub(crate) fn item_of_array(
        &mut self,
        array: u32,
        index: &[program::Value],
        at: At,
    ) -> Step<program::Value> {
        let (array, _) = self.array(array, "an iterator", at)?;
        let ty = Ty { rank: None, ..self.ty(array) };
        self.emit(Expr::Index { array, index: index.to_vec() }, ty, at)
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
        self.emit(
            Expr::Index { array, index: index.to_vec() },
            Ty { dtype, rank: None, of_arrays: false },
            at,
        )
    }
}
