//! One dimension of a loop: the forms of what is computed from its index, and how often it runs.
//!
//! ```text
//! parfor v1 in 8usize                                        8 times
//! v0: usize = dim b0, 0          parfor v1 in v0             as often as an array has elements
//! v0 = trips v8, v9, v2          parfor v1 in v0             in steps of v2: v2 · v1 does not wrap
//! parfor v1 in v0 { v4: f64 = load b0[64 v1] … }             at most 2^54 times: there is no longer array
//! ```
//!
//! The last holds for loops that end without a failed check, and only they must be right: an index that has wrapped
//! around to an element of an array has before been none, in an iteration below, as no array fills half of 2^64.

use super::access;
use crate::affine::{Affine, AffineForms, Linear, Term, Width};
use crate::widen_indices::Ranges;
use parfuse_ir::loops::{Buffer, Expr, Loops, Origin, Stmt, Value};
use parfuse_ir::{Scalar, ScalarOp};

/// A dimension of a loop.
pub(super) struct Dimension<'a> {
    /// The forms of values in its index.
    pub(super) forms: AffineForms<'a>,
    /// How often it runs at most.
    pub(super) trips: u64,
    /// What says how often it runs.
    extent: Value,
    pub(super) loops: &'a Loops,
}

/// No loop is run more often: at a billion iterations a second that would take a thousand processors a fortnight.
const MOST_TRIPS: u64 = 1 << 60;

/// Lengths computed in more steps than that are taken to be anything.
const MAX_DEPTH: u32 = 8;

impl<'a> Dimension<'a> {
    /// The dimension of a loop, given by its indices and its body, that an index goes along.
    pub(super) fn new(
        loops: &'a Loops,
        indices: &[Value],
        body: &'a [Stmt],
        index: Value,
        extent: Value,
    ) -> Dimension<'a> {
        let mut forms = AffineForms::new(loops, indices, body, index);
        let counted = Ranges::alone().most_trips(loops, extent).unwrap_or(MOST_TRIPS);
        let trips = counted.min(most(loops, extent, MAX_DEPTH)).min(MOST_TRIPS);
        let reached = body.iter().filter_map(|stmt| access(loops, stmt));
        let trips = reached.fold(trips, |trips, (buffer, access)| {
            let forms = access.index.iter().filter_map(|index| forms.of(*index));
            forms.fold(trips, |trips, form| trips.min(trips_within(loops, buffer, &form)))
        });
        Dimension { loops, forms, trips, extent }
    }

    /// How far the first of two forms of one width begins behind the second, if that is known.
    pub(super) fn distance(&self, a: &Affine, b: &Affine) -> Option<u64> {
        let distance = a.offset.minus(&b.offset);
        let known = distance.as_constant().or_else(|| {
            // What is defined outside the loop is looked into only here.
            (a.width == Width::FULL).then(|| distance.expanded(self.loops).as_constant())?
        });
        known.map(|distance| distance as u64)
    }

    /// Whether a form moves by the step of the range that the loop goes through, one way or the other.
    pub(super) fn goes_in_steps_of(&self, form: &Affine) -> bool {
        let Linear { terms, constant: 0 } = &form.coefficient else { return false };
        let [(Term::Value(step), 1 | -1)] = terms[..] else { return false };
        form.width == Width::FULL && is_step(self.loops, self.extent, step)
    }
}

/// How often a loop can run in which every iteration has an index of this form for an axis of an array. What moves
/// farther at a time than arrays are long does not mean to.
fn trips_within(loops: &Loops, buffer: Buffer, form: &Affine) -> u64 {
    const FAR: u64 = 1 << 24;
    match form.coefficient.as_constant().map(i64::unsigned_abs) {
        Some(multiple @ 1..=FAR) if form.width == Width::FULL => longest(loops, buffer) / multiple + 1,
        _ => u64::MAX,
    }
}

/// The length of an axis that fits in memory.
fn longest(loops: &Loops, buffer: Buffer) -> u64 {
    isize::MAX as u64 / loops.buffers[buffer].dtype.size() as u64
}

/// The most that a count can be.
fn most(loops: &Loops, value: Value, depth: u32) -> u64 {
    let Some(deeper) = depth.checked_sub(1) else { return u64::MAX };
    let most = |value: Value| most(loops, value, deeper);
    let constant = |value: Value| match loops.constant(value) {
        Some(Scalar::Usize(constant)) => Some(constant as u64),
        _ => None,
    };
    match &loops.values[value].expr {
        Expr::Const(_) => constant(value).unwrap_or(u64::MAX),
        // An axis of an array without elements may be longer, if the array has others.
        Expr::Dim { buffer, .. } => match &loops.buffers[*buffer] {
            data if data.rank == 1 || data.origin != Origin::Local => longest(loops, *buffer),
            _ => u64::MAX,
        },
        Expr::Trips { start, end, step } => most_trips(loops, [*start, *end, *step], deeper),
        Expr::Op(op, operands) if loops.dtype(value).is_index() => match (op, &operands[..]) {
            (ScalarOp::Min, [a, b]) => most(*a).min(most(*b)),
            (ScalarOp::Max, [a, b]) | (ScalarOp::Select, [_, a, b]) => most(*a).max(most(*b)),
            (ScalarOp::Add, [a, b]) => most(*a).saturating_add(most(*b)),
            (ScalarOp::Div, [a, b]) => most(*a) / constant(*b).unwrap_or(1).max(1),
            (ScalarOp::Rem, [_, b]) => constant(*b).map_or(u64::MAX, |b| b.saturating_sub(1)),
            _ => u64::MAX,
        },
        _ => u64::MAX,
    }
}

/// The most that a number of iterations can be, given what is gone through.
fn most_trips(loops: &Loops, [start, end, step]: [Value; 3], depth: u32) -> u64 {
    let number =
        |value: Value| loops.constant(value).map(|number| number.as_integer().unwrap_or_default() as i64);
    let dtype = loops.dtype(start);
    let end = if dtype.is_index() {
        most(loops, end, depth)
    } else {
        dtype.greatest().as_integer().and_then(|most| u64::try_from(most).ok()).unwrap_or(u64::MAX)
    };
    let span = match number(start) {
        // Read as signed, a start without sign may be far from zero too: then nothing is known of it.
        Some(start @ 0..) => end.saturating_sub(start as u64),
        _ if dtype.is_unsigned() => end,
        _ => u64::MAX >> (64 - dtype.bits()),
    };
    let step = number(step).map_or(1, |step| step.max(1) as u64);
    span.div_ceil(step)
}

/// Whether a value is the step of the range that a loop goes through, so often that it gets from its first index to its
/// last within the integers of the range's type.
fn is_step(loops: &Loops, extent: Value, value: Value) -> bool {
    let Expr::Trips { step, .. } = loops.values[extent].expr else { return false };
    value == step
}
