//! Control flow: ranges, `while`, `if`. What goes through ranges is in `iteration.rs`.
//!
//! ```text
//! for i in (a..b).rev()         total = a + b - 1
//!                               for j in a..b { i = total - j; … }
//! let y = if c { p } else { q } if c { merged = p } else { merged = q }   y = var merged
//! ```
//!
//! The closures are called exactly once each; what they trace becomes a block of the statement. Not called are the one of a
//! branch that the number of an array's axes rules out (`ranks.rs`), and those that would nest blocks deeper than
//! [`MAX_NESTING`], so that there is an end to the stack that a kernel takes.

use crate::branch_values::{Giver, Leaves, Shape};
use crate::closures;
use crate::errors::{At, Problem, Step, mistake};
use crate::exits::ends;
use crate::records::{Items, Whole};
use crate::sequences::{Independence, Item, Sequence};
use crate::state::{Kind, Range, Repeats, State};
use crate::types::{Class, TypeVar};
use crate::{Tracer, Value};
use parfuse_ir::program::{self, Block, Claim, Stmt, walk};
use parfuse_ir::{DType, FaultKind, Scalar, ScalarOp};

/// How deep blocks may nest. The stages behind go into blocks by recursion.
const MAX_NESTING: usize = 256;

impl Tracer {
    /// A complaint if blocks nest too deep for another one here.
    pub(crate) fn too_deep(&self, at: At) -> Option<Value<'_>> {
        let deep = self.with(|state| state.depth() > MAX_NESTING);
        deep.then(|| {
            self.step(at, |_| {
                mistake(format!(
                    "blocks nest deeper than {MAX_NESTING} here, which is the limit of kernels; \
                     join conditions with `&&`, or compute them in front of the outermost block"
                ))
            })
        })
    }

    /// `start..end` or `start..=end`.
    pub fn range(&self, start: Value<'_>, end: Value<'_>, inclusive: bool, at: At) -> Value<'_> {
        let (start, end) = (self.id(start), self.id(end));
        self.step(at, |state| {
            let start = state.scalar(start, "the start of a range", at)?;
            let end = state.scalar(end, "the end of a range", at)?;
            let dtype = state.types.fresh(Class::Any);
            for bound in [start, end] {
                let found = state.ty(bound).dtype;
                state.unify(dtype, found, "the bounds of a range")?;
            }
            Ok(Kind::Range(Range { start, end, step: None, total: None, claim: None, inclusive, dtype }))
        })
    }

    /// `start..`: a range without an end.
    pub fn range_from(&self, start: Value<'_>, at: At) -> Value<'_> {
        let start = self.id(start);
        self.step(at, |state| {
            let start = state.scalar(start, "the start of a range", at)?;
            let integer = state.types.fresh(Class::Integer);
            let dtype = state.ty(start).dtype;
            state.unify(integer, dtype, "the start of a range")?;
            Ok(Kind::Sequence(Box::new(state.all_from(start, at))))
        })
    }

    /// `prange(range)`: the same range or iterator, whose iterations are independent.
    pub fn parallel(&self, range: Value<'_>, at: At) -> Value<'_> {
        let range = self.id(range);
        self.step(at, |state| match state.kind(range) {
            Kind::Range(range) => {
                let range = state.loop_range(range, at)?;
                Ok(Kind::Range(Range { claim: Some(range.claim.unwrap_or_default()), ..range }))
            }
            Kind::Poison => Err(Problem::Reported),
            _ => {
                let sequence = state.sequence(range, at)?;
                let claim = sequence.independence.claim().unwrap_or_default();
                let independence = Independence::Claimed(claim);
                Ok(Kind::Sequence(Box::new(Sequence { independence, ..sequence })))
            }
        })
    }

    /// `prange2((n, m))`, `prange3((l, m..n, k))`: all combinations of so many indices, a tuple for each iteration.
    pub fn parallel_nest(&self, axes: Value<'_>, count: usize, at: At) -> Value<'_> {
        let axes = self.id(axes);
        self.step(at, |state| {
            let name = format!("prange{count}");
            let items = match state.kind(axes) {
                Kind::Tuple(items) if items.len() == count => items,
                Kind::Poison => return Err(Problem::Reported),
                _ => return mistake(format!("`{name}` takes a tuple of {count} lengths or ranges")),
            };
            let mut ranges = Vec::with_capacity(count);
            for item in items {
                let range = match state.kind(item) {
                    Kind::Range(range) => state.loop_range(range, at)?,
                    _ => {
                        let length = state.scalar(item, &format!("a length of `{name}`"), at)?;
                        state.below(length, at)
                    }
                };
                let usize_type = state.types.known(DType::Usize);
                for bound in [range.start, range.end] {
                    let dtype = state.ty(bound).dtype;
                    state.unify(usize_type, dtype, &format!("a range of `{name}`"))?;
                }
                ranges.push(range);
            }
            let independence = Independence::Claimed(Claim::default());
            let sequence = Sequence { independence, ..Sequence::new(ranges, Item::Indices) };
            Ok(Kind::Sequence(Box::new(sequence)))
        })
    }

    /// `while cond() { body() }`.
    pub(crate) fn trace_while<'t>(
        &'t self,
        cond: &mut dyn closures::Block<(), Value<'t>>,
        body: &mut dyn closures::Block<(), ()>,
        at: At,
    ) -> Value<'t> {
        if let Some(refused) = self.too_deep(at) {
            return refused;
        }
        self.with(|state| state.open_repeated(Repeats::AnyNumber));
        let cond = self.barred(|| self.value_of(cond, ()));
        let cond = self.id(cond);
        let mut header = Block::new();
        // The condition is poison if it is a mistake: the body is traced all the same, to find more.
        let mut condition = None;
        self.step(at, |state| {
            let checked = state.condition(cond, at);
            header = state.close();
            state.open_repeated(Repeats::AnyNumber);
            condition = Some(checked?);
            Ok(Kind::Tuple(Items::default()))
        });
        body.run(());
        self.step(at, |state| {
            let body = state.close();
            if let Some(cond) = condition {
                state.push(Stmt::While { header, cond, body });
            }
            Ok(Kind::Tuple(Items::default()))
        })
    }

    /// `if cond { then() } else { otherwise() }`, with a value if both give one.
    pub(crate) fn trace_if<'t>(
        &'t self,
        cond: Value<'t>,
        then: &mut dyn closures::Block<(), Value<'t>>,
        otherwise: &mut dyn closures::Block<(), Value<'t>>,
        at: At,
    ) -> Value<'t> {
        if let Some(refused) = self.too_deep(at) {
            return refused;
        }
        let cond = self.id(cond);
        let cond = self.with(|state| state.condition(cond, at));
        if let Ok(cond) = &cond
            && let Some(holds) = self.with(|state| state.condition_on_axes(*cond))
        {
            return self.value_of(if holds { then } else { otherwise }, ());
        }
        self.with(State::open);
        let then = self.value_of(then, ());
        let (then, then_block) = self.end_branch(then, at);
        self.with(State::open);
        let otherwise = self.value_of(otherwise, ());
        let (otherwise, otherwise_block) = self.end_branch(otherwise, at);
        self.step(at, |state| {
            let cond = cond?;
            let branches = Branches { then: then_block, otherwise: otherwise_block };
            let (then, otherwise) = (then?, otherwise?);
            if let (true, _) | (_, true) = (ends(&branches.then), ends(&branches.otherwise)) {
                return state.one_sided(cond, then, otherwise, branches, at);
            }
            let is_choice = branches.then.is_empty() && branches.otherwise.is_empty();
            if let (Leaves::Value(a), Leaves::Value(b), true) = (&then, &otherwise, is_choice)
                && state.ty(*a).rank.is_none()
                && state.ty(*b).rank.is_none()
            {
                state.same_branch_types(*a, *b)?;
                return Ok(Kind::Plain(state.op(ScalarOp::Select, &[cond, *a, *b], at)?));
            }
            state.merged(cond, &then, &otherwise, branches, at)
        })
    }

    /// Reads what a branch gives, inside it, and closes its block.
    fn end_branch(&self, value: Value<'_>, at: At) -> (Step<Leaves>, Block) {
        let id = self.id(value);
        self.with(|state| {
            let leaves = state.leaves(id, at);
            let leaves = leaves.map_err(|problem| {
                if let Problem::Mistake(message) = problem {
                    state.complain(at, message);
                }
                Problem::Reported
            });
            (leaves, state.close())
        })
    }
}

/// The two blocks of an `if`.
struct Branches {
    then: Block,
    otherwise: Block,
}

impl State {
    /// An `if` of which a side never reaches its end: it has the value of the other.
    fn one_sided(
        &mut self,
        cond: program::Value,
        then: Leaves,
        otherwise: Leaves,
        mut branches: Branches,
        at: At,
    ) -> Step<Kind> {
        let (leaves, other) =
            if ends(&branches.then) { (otherwise, ends(&branches.otherwise)) } else { (then, false) };
        let Branches { then: first, otherwise: second } = &mut branches;
        let side = if ends(first) { second } else { first };
        let shape = match other {
            true => Shape::Tuple(Whole::Tuple, Vec::new()),
            false => {
                let mut shape = self.carriers(&leaves, Giver::Branches)?;
                self.carry(&leaves, &mut shape, Giver::Branches, side, at)?;
                shape
            }
        };
        let Branches { then, otherwise } = branches;
        self.begin_carriers_of_exits(&shape, at)?;
        self.push(Stmt::If { cond, then, otherwise });
        self.carried(&shape, at)
    }

    /// An `if` both of whose sides give something.
    fn merged(
        &mut self,
        cond: program::Value,
        then: &Leaves,
        otherwise: &Leaves,
        branches: Branches,
        at: At,
    ) -> Step<Kind> {
        let Branches { then: mut first, otherwise: mut second } = branches;
        let mut shape = self.carriers(then, Giver::Branches)?;
        self.carry(otherwise, &mut shape, Giver::Branches, &mut second, at)?;
        self.carry(then, &mut shape, Giver::Branches, &mut first, at)?;
        if [&first, &second].into_iter().any(|side| self.has_exits(side)) {
            self.begin_carriers_of_exits(&shape, at)?;
        }
        self.push(Stmt::If { cond, then: first, otherwise: second });
        self.carried(&shape, at)
    }

    /// Whether something leads out of a block.
    fn has_exits(&self, block: &Block) -> bool {
        walk::statements(&self.program, block).any(|stmt| matches!(stmt, Stmt::Leave { .. }))
    }

    /// What leaves an `if` gives nothing: without this it would give what an earlier iteration gave.
    fn begin_carriers_of_exits(&mut self, shape: &Shape, at: At) -> Step<()> {
        self.begin_carriers(shape, &[], at)
    }

    fn same_branch_types(&mut self, a: program::Value, b: program::Value) -> Step<()> {
        let (ty_a, ty_b) = (self.ty(a), self.ty(b));
        if ty_a.rank == ty_b.rank && self.types.unify(ty_a.dtype, ty_b.dtype).is_ok() {
            return Ok(());
        }
        let (a, b) = (self.describe(ty_a), self.describe(ty_b));
        mistake(format!("the branches of `if` give different types: {a} and {b}"))
    }

    /// The range as loops run over it: of integers, without its end.
    pub(crate) fn loop_range(&mut self, range: Range, at: At) -> Step<Range> {
        let integer = self.types.fresh(Class::Integer);
        self.unify(integer, range.dtype, "the bounds of a range")?;
        if !range.inclusive {
            return Ok(range);
        }
        let one = self.small(1, range.end, at);
        let end = self.op(ScalarOp::Add, &[range.end, one], at)?;
        Ok(Range { end, inclusive: false, ..range })
    }

    /// `range.rev()`.
    pub(crate) fn reversed(&mut self, range: Range, at: At) -> Step<Range> {
        let range = self.loop_range(range, at)?;
        let total = match (range.total, range.step) {
            (Some(_), None) => None,
            (Some(_), Some(_)) => {
                return mistake("`rev()` twice around `step_by()` is not supported in a kernel");
            }
            (None, step) => {
                let one = self.small(1, range.end, at);
                let mut last = self.op(ScalarOp::Sub, &[range.end, one], at)?;
                if let Some(step) = step {
                    last = self.last_of_steps(range.start, last, step, range.dtype, at)?;
                }
                Some(self.op(ScalarOp::Add, &[range.start, last], at)?)
            }
        };
        Ok(Range { total, ..range })
    }

    /// `range.step_by(step)`.
    pub(crate) fn stepped(&mut self, range: Range, step: u32, at: At) -> Step<Range> {
        let range = self.loop_range(range, at)?;
        let step = self.size(step, "the argument of `step_by`", at)?;
        if self.known_integer(step).is_none_or(|number| number <= 0) {
            let none = self.constant(Scalar::Usize(0), at);
            let ok = self.op(ScalarOp::Ne, &[step, none], at)?;
            self.check(ok, FaultKind::ZeroStep, at);
        }
        let step = match range.step {
            Some(other) => self.product_of_steps(other, step, at)?,
            None => step,
        };
        Ok(Range { step: Some(step), ..range })
    }

    /// The last of the indices from `start` to `last` that are `step` apart. What lies between the two may be more than
    /// their type has, but is right as a `usize`.
    fn last_of_steps(
        &mut self,
        start: program::Value,
        last: program::Value,
        step: program::Value,
        dtype: TypeVar,
        at: At,
    ) -> Step<program::Value> {
        let usize_type = self.types.known(DType::Usize);
        let [from, to] = [self.converted(start, usize_type, at)?, self.converted(last, usize_type, at)?];
        let span = self.op(ScalarOp::Sub, &[to, from], at)?;
        let steps = self.op(ScalarOp::Div, &[span, step], at)?;
        let distance = self.op(ScalarOp::Mul, &[steps, step], at)?;
        let distance = self.converted(distance, dtype, at)?;
        self.op(ScalarOp::Add, &[start, distance], at)
    }

    /// An integer in another type, if that is not known to be its own.
    pub(crate) fn converted(&mut self, value: program::Value, to: TypeVar, at: At) -> Step<program::Value> {
        let known = |dtype: TypeVar| self.types.dtype(dtype);
        match (known(self.ty(value).dtype), known(to)) {
            (Some(own), Some(to)) if own == to => Ok(value),
            _ => self.cast(value, to, at),
        }
    }

    /// The step of a range that takes each `step`-th index of those that are `other` apart. Where their product would
    /// wrap it is the largest number instead, which ends the loop after one iteration just as well.
    fn product_of_steps(
        &mut self,
        other: program::Value,
        step: program::Value,
        at: At,
    ) -> Step<program::Value> {
        let largest = self.constant(DType::Usize.greatest(), at);
        let limit = self.op(ScalarOp::Div, &[largest, other], at)?;
        let wraps = self.op(ScalarOp::Gt, &[step, limit], at)?;
        let product = self.op(ScalarOp::Mul, &[other, step], at)?;
        self.op(ScalarOp::Select, &[wraps, largest, product], at)
    }
}
