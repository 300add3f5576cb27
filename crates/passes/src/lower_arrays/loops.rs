//! Loops of the user's: ranges of any start, step and integer type become loops counted from zero.
//!
//! ```text
//! for i in (start..end).step_by(step)    v0 = trips start, end, step
//!   …                               →    for v1 in v0 {
//!                                          v2 = start + v1 * step
//!                                          …
//! ```
//!
//! The index is computed as `usize` modulo 2^64, to which `i32` and `i64` are sign-extended: no intermediate value
//! overflows that matters. A `prange` becomes a parallel loop with its
//! reductions; inside another parallel loop it becomes a serial one, with a note.

use super::extremes::{self, Replaced};
use super::{Known, Lowering, Parallel, reductions, scan};
use crate::hash::FastMap;
use crate::rejection::Rejection;
use parfuse_ir::grid::Grain;
use parfuse_ir::loops::{Buffer, Event, Expr, Note, Parfor, Reduction, Source, Stmt, Value, trips};
use parfuse_ir::program::{self, Block, Order};
use parfuse_ir::{DType, Loc, Scalar, ScalarOp};
use std::collections::BTreeSet;

/// A range of the user's, with its start as a `usize` modulo 2^64.
pub(super) struct Range {
    dtype: DType,
    wide_start: Value,
    step: Value,
    extent: Value,
    pub(super) loc: Loc,
}

impl Lowering<'_> {
    /// Lowers a `for` or `prange`.
    pub(super) fn for_loop(&mut self, stmt: &program::Stmt) -> Result<(), Rejection> {
        let program::Stmt::For { index, start, end, step, order, until, body, loc } = stmt else {
            panic!("{stmt:?} is not a loop")
        };
        let range = self.range(*start, *end, *step, *loc);
        match (order, &self.parallel) {
            (Order::Unordered | Order::Prange(_), None) => self.independent(*order, *index, range, body),
            (Order::Unordered, Some(_)) => self.serial_loop(*index, range, None, body),
            (Order::Prange(_), Some(_)) => {
                let note = Note { pass: "lower_arrays", event: Event::NestedSerial, locs: vec![*loc] };
                self.serial_loop(*index, range, None, body)?;
                self.output.notes.push(note);
                Ok(())
            }
            (Order::Serial, _) => self.serial_loop(*index, range, *until, body),
        }
    }

    fn range(&mut self, start: program::Value, end: program::Value, step: program::Value, loc: Loc) -> Range {
        let dtype = self.program.ty(start).dtype();
        let [start, end, step] = [start, end, step].map(|value| self.scalar(value));
        let wide_start = self.cast(start, DType::Usize, loc);
        let extent = self.trips(start, end, step, loc);
        Range { dtype, wide_start, step, extent, loc }
    }

    /// How often a range is gone through, at once if that is known or is the end itself.
    fn trips(&mut self, start: Value, end: Value, step: Value, loc: Loc) -> Value {
        let constants = [start, end, step].map(|value| self.output.constant(value));
        match constants {
            [Some(start), Some(end), Some(step)] => self.constant(trips(start, end, step)),
            [Some(Scalar::Usize(0)), _, Some(Scalar::Usize(1))] => end,
            _ => self.emit(Expr::Trips { start, end, step }, DType::Usize, loc),
        }
    }

    /// Binds the user's index at the head of the body, given the loop's own.
    pub(super) fn bind_index(&mut self, index: program::Value, range: &Range, counter: Value) {
        let distance = self.plain_op(ScalarOp::Mul, counter, range.step, range.loc);
        let wide = self.plain_op(ScalarOp::Add, range.wide_start, distance, range.loc);
        let own = self.cast(wide, range.dtype, range.loc);
        self.scalars.insert(index, own);
        if !range.dtype.is_index() {
            self.wide.insert(index, wide);
        }
    }

    /// A sum, difference or product of two `usize`, spared where an operand changes nothing.
    pub(super) fn plain_op(&mut self, op: ScalarOp, a: Value, b: Value, loc: Loc) -> Value {
        let neutral = Scalar::Usize(if op == ScalarOp::Mul { 1 } else { 0 });
        if self.is_constant(b, neutral) {
            return a;
        }
        if op.commutes() && self.is_constant(a, neutral) {
            return b;
        }
        self.op(op, &[a, b], loc)
    }

    fn serial_loop(
        &mut self,
        index: program::Value,
        range: Range,
        until: Option<program::Var>,
        body: &Block,
    ) -> Result<(), Rejection> {
        self.repeated(&[body], |lowering| {
            let counter = lowering.output.value(Expr::Bound, DType::Usize, range.loc);
            let (body, after, ()) = lowering.nested(|lowering| {
                lowering.bind_index(index, &range, counter);
                lowering.statements(body)
            })?;
            let until = until.map(|until| lowering.scalar_vars[&until]);
            Ok((Stmt::For { index: counter, extent: range.extent, until, body }, after))
        })
    }

    /// Lowers a loop with a condition.
    pub(super) fn while_loop(
        &mut self,
        header: &Block,
        cond: program::Value,
        body: &Block,
    ) -> Result<(), Rejection> {
        let in_header = scan::effects(self.program, &[header], self.last_reads);
        self.repeated(&[header, body], |lowering| {
            let (header, _, cond) = lowering.nested(|lowering| {
                lowering.statements(header)?;
                Ok(lowering.scalar(cond))
            })?;
            lowering.forget(&in_header, true);
            let (body, after, ()) = lowering.nested(|lowering| lowering.statements(body))?;
            Ok((Stmt::While { header, cond, body }, after))
        })
    }

    /// Lowers a serial loop: first supposing that its iterations keep the shapes of the arrays they assign,
    /// and if they do not, again without.
    fn repeated(
        &mut self,
        blocks: &[&Block],
        build: impl Fn(&mut Self) -> Result<(Stmt, Known), Rejection>,
    ) -> Result<(), Rejection> {
        let effects = scan::effects(self.program, blocks, self.last_reads);
        let buffers = self.local_arrays(&effects);
        self.forget(&effects, false);
        self.outdate_before(blocks);
        loop {
            let before = (!buffers.is_empty()).then(|| self.clone());
            let enclosing = self.serial;
            self.serial_count += 1;
            self.serial = self.serial_count;
            let (stmt, after) = build(self)?;
            self.serial = enclosing;
            let changed = self.changed_shapes(&buffers, after);
            match before {
                Some(before) if !changed.is_empty() => {
                    *self = before;
                    for buffer in changed {
                        self.known.shapes.remove(&buffer);
                    }
                }
                _ => {
                    self.block.push(stmt);
                    return Ok(());
                }
            }
        }
    }

    /// The buffers whose shapes, known now, are not known to be the same at another place.
    fn changed_shapes(&self, buffers: &[Buffer], there: Known) -> Vec<Buffer> {
        let changed = |buffer: &&Buffer| match (self.known.shapes.get(buffer), there.shapes.get(buffer)) {
            (Some(old), Some(new)) => !there.same_shape(old, new),
            (old, _) => old.is_some(),
        };
        buffers.iter().filter(changed).copied().collect()
    }

    /// A `prange`, or a loop without order, which takes no random numbers.
    fn independent(
        &mut self,
        order: Order,
        index: program::Value,
        range: Range,
        body: &Block,
    ) -> Result<(), Rejection> {
        let effects = scan::effects(self.program, &[body], self.last_reads);
        let replaced = extremes::recognise(self.program, index, body, &effects, &self.declared, self.uses);
        let reduced =
            reductions::recognise(self.program, body, &effects, &self.declared, &replaced, range.loc)?;
        let of_iterations =
            reduced.iter().map(|(var, _)| *var).chain(replaced.iter().flat_map(Replaced::vars));
        self.read_before(&effects, &of_iterations.collect())?;
        let takes_stream = order.is_prange() && self.streams.is_some();
        let stream = takes_stream.then(|| self.next_stream()).filter(|_| effects.draws);

        let mut reductions = Vec::new();
        let mut targets = Vec::new();
        for (var, op) in &reduced {
            let target = self.scalar_vars[var];
            let data = self.output.vars[target].clone();
            let local = self.variable(&data.name, data.dtype);
            reductions.push(Reduction::simple(*op, local, target));
            targets.push((*var, self.scalar_vars.insert(*var, local).expect("it has a variable")));
        }
        let mut replacing = Vec::new();
        for replaced in replaced {
            let (own, reduction) = self.start_replacing(replaced, &mut targets);
            replacing.push(own);
            reductions.push(reduction);
        }
        let declared = self.declared.clone();
        let what = if order.is_prange() { "prange" } else { "for" };
        let source = Source { what: what.into(), claim: order.claim(), loc: range.loc };
        self.parallel_loop(vec![range.extent], reductions, source, |lowering, indices| {
            lowering.scoped(|lowering| {
                let draws = stream.map(|stream| lowering.start_draws(stream, indices[0], range.loc));
                lowering.bind_index(index, &range, indices[0]);
                for (var, op) in &reduced {
                    let local = lowering.scalar_vars[var];
                    let identity = lowering.constant(op.identity(lowering.output.vars[local].dtype));
                    lowering.known.contents.insert(local, identity);
                }
                let positions = FastMap::default();
                lowering.parallel = Some(Parallel { what: "prange", reduced, positions, draws });
                replacing.iter().for_each(|own| lowering.start_iteration(own, indices[0]));
                lowering.statements(body)
            })?;
            lowering.parallel = None;
            Ok(())
        })?;
        self.declared = declared;
        self.scalar_vars.extend(targets);
        replacing.iter().for_each(|own| self.finish_replacing(own, index, &range));
        Ok(())
    }

    /// Reads what the body of a `prange` only reads in front of it, where it is the same for all iterations: all but what these
    /// have their own of.
    fn read_before(
        &mut self,
        effects: &scan::Effects,
        of_iterations: &BTreeSet<program::Var>,
    ) -> Result<(), Rejection> {
        for var in &effects.read {
            if !self.declared.contains(var) {
                continue;
            }
            match self.array_vars.get(var) {
                Some(&buffer) => {
                    self.shape(buffer);
                }
                None if of_iterations.contains(var) => {}
                None => {
                    self.read_variable(*var, Loc::NONE)?;
                }
            }
        }
        Ok(())
    }

    /// A parallel loop over a space. Its body leaves nothing known that does not hold after the loop, except
    /// of the locals of its reductions. A space without dimensions has one iteration and needs no loop.
    pub(super) fn parallel_loop(
        &mut self,
        extents: Vec<Value>,
        reductions: Vec<Reduction>,
        source: Source,
        body: impl FnOnce(&mut Self, &[Value]) -> Result<(), Rejection>,
    ) -> Result<(), Rejection> {
        if extents.is_empty() {
            return body(self, &[]);
        }
        if self.parallel.is_some() {
            // An iteration does it by itself.
            return self.plain_loops(&extents, source.loc, body);
        }
        let indices = self.indices(extents.len(), source.loc);
        self.parallel_loop_of(indices, extents, reductions, source, body)
    }

    /// New indices of a loop.
    pub(super) fn indices(&mut self, dimensions: usize, loc: Loc) -> Vec<Value> {
        (0..dimensions).map(|_| self.output.value(Expr::Bound, DType::Usize, loc)).collect()
    }

    /// A parallel loop with these indices over a space that has some dimension.
    pub(super) fn parallel_loop_of(
        &mut self,
        indices: Vec<Value>,
        extents: Vec<Value>,
        reductions: Vec<Reduction>,
        source: Source,
        body: impl FnOnce(&mut Self, &[Value]) -> Result<(), Rejection>,
    ) -> Result<(), Rejection> {
        // Loops over equal lengths are loops over one.
        let extents: Vec<Value> = extents.into_iter().map(|length| self.first_equal(length)).collect();
        let outer = std::mem::take(&mut self.block);
        body(self, &indices)?;
        let body = std::mem::replace(&mut self.block, outer);
        for reduction in &reductions {
            for var in reduction.target_vars().chain(reduction.locals.iter().copied()) {
                self.known.contents.remove(&var);
            }
        }
        let (sources, grain) = (vec![source], Grain::of(&body));
        let elements = false;
        self.block.push(Stmt::Parfor(Parfor {
            indices,
            extents,
            reductions,
            body,
            sources,
            grain,
            elements,
        }));
        Ok(())
    }
}
