//! Loops: serial ones of few iterations, and pranges over the lengths of arrays.
//!
//! ```text
//! prange i in start..length step 1 {
//!   private variables, scalars, elements of other arrays, inner loops, branches
//!   store x[i, …]           each iteration its own part of the arrays that the loop stores to
//!   s = s + …               perhaps under a condition
//!   for j in 0..length { … store x[i, j] … s = s + … }         or all of this element by element of a row
//! }
//! ```

use super::{BOOL, Generator, Place, Rounding, Slot, USIZE};
use parfuse_ir::program::{Expr, Stmt, Type, Value, Var};
use parfuse_ir::{DType, ReduceOp, Scalar, ScalarOp};

/// A variable reduced by a `prange`.
#[derive(Clone, Copy)]
struct Reduced {
    var: Var,
    dtype: DType,
    op: ReduceOp,
}

impl Generator<'_> {
    /// A `for` or `while` of a few iterations.
    pub(super) fn serial_loop(&mut self, body: impl Fn(&mut Self)) {
        if self.choices.below(2) == 0 {
            return self.bounded_while(body);
        }
        let dtype = self.integer_type();
        let range = self.range_of_few(dtype);
        let parallel = !self.at_top() && self.place == Place::Prange && self.choices.one_in(6);
        self.loop_over(range, parallel, &mut |inside, _, _| body(inside));
    }

    fn bounded_while(&mut self, body: impl Fn(&mut Self)) {
        let zero = self.constant(Scalar::I64(0));
        let counter = self.declare(Type::scalar(DType::I64), zero);
        self.slots.last_mut().expect("just declared").assignable = false;
        let limit = self.choices.pick(&[1, 2, 3, 4]);
        let data_dependent = self.choices.below(2) == 0;
        let mut cond = None;
        // What the header defines, the body does not see.
        let (header, ()) = self.nested(|inside| {
            let count = inside.hidden(Expr::Var(counter), Type::scalar(DType::I64));
            let limit = inside.constant(Scalar::I64(limit));
            let mut go = inside.hidden(Expr::Op(ScalarOp::Lt, vec![count, limit]), BOOL);
            if data_dependent {
                let also = inside.scalar(DType::Bool);
                go = inside.hidden(Expr::Op(ScalarOp::And, vec![go, also]), BOOL);
            }
            cond = Some(go);
        });
        let (body, ()) = self.nested(|inside| {
            let (count, one) = (
                inside.hidden(Expr::Var(counter), Type::scalar(DType::I64)),
                inside.constant(Scalar::I64(1)),
            );
            let value = inside.hidden(Expr::Op(ScalarOp::Add, vec![count, one]), Type::scalar(DType::I64));
            inside.block.push(Stmt::Assign { var: counter, value });
            inside.iteration(body);
        });
        self.block.push(Stmt::While { header, cond: cond.expect("the header was built"), body });
    }

    /// A parallel loop.
    pub(super) fn prange(&mut self) {
        let stored = self.stored_arrays();
        let reduced = self.reduced_variables();
        let totals = self.totals(&stored);
        let dtype = self.choices.pick(&[DType::I64, DType::I64, DType::Usize, DType::I32]);
        let end = match stored.first() {
            Some((slot, axis)) => {
                let array = self.hidden(Expr::Var(slot.var), slot.ty);
                self.hidden(Expr::Dim { array, axis: *axis }, USIZE)
            }
            None => {
                let array = self.any_array();
                self.hidden(Expr::Len(array), USIZE)
            }
        };
        let range = self.range_below(end, dtype);
        let outside = std::mem::replace(&mut self.place, Place::Prange);
        let slots = self.slots.clone();
        for slot in &mut self.slots {
            slot.assignable = false;
            slot.readable &= stored.iter().all(|(own, _)| own.var != slot.var)
                && reduced.iter().all(|reduced| reduced.var != slot.var)
                && totals.vars().all(|var| var != slot.var);
        }
        self.loop_over(range, true, &mut |inside, _, own| {
            inside.loop_indices.push(own);
            // Loops inside become dimensions if little else is around them.
            let in_rows = inside.choices.below(9) < 4;
            if !in_rows || inside.choices.one_in(4) {
                inside.own_elements(&stored, own);
            }
            if inside.choices.one_in(3) {
                inside.make_array(&stored, own);
            }
            for _ in 0..inside.choices.below(if in_rows { 4 } else { 6 }) {
                match inside.choices.below(10) {
                    0 => inside.own_row(&stored, own),
                    1 => inside.total_of_row(),
                    2 | 3 => inside.change_array(),
                    4 if inside.choices.one_in(2) => inside.work_space(),
                    _ => inside.scalar_statement(),
                }
            }
            if in_rows {
                inside.row(&stored, &reduced, own);
            } else {
                inside.element_of_each(&stored, &reduced, &[own]);
            }
            inside.contribute_totals(&totals, own);
            if inside.choices.one_in(if in_rows { 6 } else { 3 }) {
                inside.scalar_statement();
            }
        });
        self.slots = slots;
        self.place = outside;
        self.loop_indices.clear();
    }

    /// A serial loop over the elements of a row, or over those of several rows.
    fn row(&mut self, stored: &[(Slot, u8)], reduced: &[Reduced], index: Value) {
        let arrays: Vec<Slot> = match stored {
            [] => {
                self.slots.iter().filter(|slot| slot.readable && slot.ty.rank() > Some(0)).copied().collect()
            }
            stored => stored.iter().map(|(slot, _)| *slot).collect(),
        };
        let mut loops = Vec::new();
        if let Some(longest) = arrays.iter().max_by_key(|slot| slot.ty.rank()) {
            let own = stored.iter().find(|(slot, _)| slot.var == longest.var).map_or(0, |(_, axis)| *axis);
            let axes = (0..longest.ty.rank().unwrap_or(0)).filter(|axis| *axis != own);
            let mut others: Vec<u8> = axes.collect();
            if self.choices.one_in(4) {
                others.reverse();
            }
            if self.choices.one_in(3) {
                others.truncate(1);
            }
            for axis in others {
                let array = self.hidden(Expr::Var(longest.var), longest.ty);
                loops.push(self.hidden(Expr::Dim { array, axis }, USIZE));
            }
        }
        if loops.is_empty() || self.choices.one_in(8) {
            let few = self.choices.pick(&[2, 3, 17]);
            loops = vec![self.constant(Scalar::Usize(few))];
        }
        self.nest(&loops, &mut vec![index], &mut |inside, indices| {
            for _ in 0..inside.choices.below(3) {
                inside.scalar_statement();
            }
            inside.element_of_each(stored, reduced, indices);
        });
    }

    /// Loops inside loops over these lengths.
    fn nest(
        &mut self,
        lengths: &[Value],
        indices: &mut Vec<Value>,
        body: &mut dyn FnMut(&mut Self, &[Value]),
    ) {
        let Some((end, inner)) = lengths.split_first() else { return body(self, indices) };
        let dtype = self.integer_type();
        let range = if self.choices.one_in(5) {
            self.range_below(*end, dtype)
        } else {
            let start = self.choices.pick(&[0, 0, 0, 1]);
            self.range_of(start, *end, dtype)
        };
        let parallel = self.place == Place::Prange && self.choices.one_in(3);
        self.loop_over(range, parallel, &mut |inside, _, own| {
            inside.loop_indices.push(own);
            indices.push(own);
            inside.nest(inner, indices, body);
            indices.pop();
            inside.loop_indices.pop();
        });
    }

    /// A plain loop over the elements of an array, which may read what other iterations wrote.
    pub(super) fn plain_loop(&mut self) {
        let ranked = |slot: &&Slot| slot.ty.rank().is_some_and(|rank| rank > 0);
        let arrays: Vec<Slot> = self.slots.iter().filter(ranked).copied().collect();
        if arrays.is_empty() {
            return;
        }
        let slot = self.choices.pick(&arrays);
        let axis = self.choices.below(slot.ty.rank().unwrap_or(1) as usize) as u8;
        let array = self.hidden(Expr::Var(slot.var), slot.ty);
        let length = self.hidden(Expr::Dim { array, axis }, USIZE);
        self.nest(&[length], &mut Vec::new(), &mut |inside, own| {
            for _ in 0..inside.choices.below(3) {
                inside.scalar_statement();
            }
            for _ in 0..1 + inside.choices.below(2) {
                match inside.choices.below(4) {
                    0 => inside.store_own(slot, axis, own),
                    1 => inside.assign_scalar(),
                    2 => inside.store_anywhere(),
                    _ => inside.accumulate(slot, axis, own[0]),
                }
            }
        });
        self.loop_indices.clear();
    }

    /// Stores to each of the arrays and contributes to each of the reductions.
    fn element_of_each(&mut self, stored: &[(Slot, u8)], reduced: &[Reduced], indices: &[Value]) {
        for (slot, axis) in stored {
            if self.choices.one_in(6) {
                self.accumulate(*slot, *axis, indices[0]);
            } else {
                self.store_own(*slot, *axis, indices);
            }
        }
        for reduced in reduced {
            self.contribute(*reduced);
            if self.choices.one_in(3) {
                self.scalar_statement();
                self.contribute(*reduced);
            }
        }
    }

    /// Some elements that the iteration stores to, as they are before.
    fn own_elements(&mut self, stored: &[(Slot, u8)], own: Value) {
        for (slot, axis) in stored {
            if self.choices.one_in(3) {
                let own = self.cast(own, DType::Usize);
                let array = self.hidden(Expr::Var(slot.var), slot.ty);
                let axes = 0..slot.ty.rank().unwrap_or(0);
                let index = axes
                    .map(|other| if other == *axis { own } else { self.index_into(array, other) })
                    .collect();
                self.emit(Expr::Index { array, index }, Type::scalar(slot.ty.dtype()));
            }
        }
    }

    /// `x[[i, 0]] += …`: in a loop inside, all iterations meet at one element.
    fn accumulate(&mut self, slot: Slot, axis: u8, own: Value) {
        let (dtype, own) = (slot.ty.dtype(), self.cast(own, DType::Usize));
        let fitting = ReduceOp::ALL.iter().copied().filter(|op| op.applies_to(dtype));
        let fitting: Vec<ScalarOp> = fitting.map(ReduceOp::combine).collect();
        let op = self.choices.pick(&fitting);
        let mut index = Vec::new();
        for other in 0..slot.ty.rank().unwrap_or(0) {
            let number = if self.choices.one_in(6) { 1 } else { 0 };
            index.push(if other == axis { own } else { self.constant(Scalar::Usize(number)) });
        }
        let value = self.scalar_of(dtype);
        let array = self.hidden(Expr::Var(slot.var), slot.ty);
        let old = self.hidden(Expr::Index { array, index: index.clone() }, Type::scalar(dtype));
        let value = self.hidden(Expr::Op(op, vec![old, value]), Type::scalar(dtype));
        let loc = self.loc();
        self.block.push(Stmt::Store { place: slot.var.into(), index, value, loc });
    }

    /// The arrays that a `prange` stores to, with the axis that its index walks along.
    fn stored_arrays(&mut self) -> Vec<(Slot, u8)> {
        let ranked = |slot: &&Slot| slot.ty.rank().is_some_and(|rank| rank > 0);
        let arrays: Vec<Slot> = self.slots.iter().filter(ranked).copied().collect();
        let mut stored: Vec<(Slot, u8)> = Vec::new();
        for _ in 0..self.choices.below(3) {
            if arrays.is_empty() {
                break;
            }
            let slot = self.choices.pick(&arrays);
            if stored.iter().all(|(other, _)| other.var != slot.var) {
                let axis = self.choices.below(slot.ty.rank().unwrap_or(1) as usize) as u8;
                stored.push((slot, axis));
            }
        }
        stored
    }

    /// New variables for what a `prange` reduces.
    fn reduced_variables(&mut self) -> Vec<Reduced> {
        let mut reduced = Vec::new();
        let most = self.choices.pick(&[2, 3, 5]);
        for _ in 0..self.choices.below(most) {
            let (op, dtype) = (self.choices.pick(ReduceOp::ALL), self.dtype());
            let rounds = dtype.is_float() && self.rounding == Rounding::Exact;
            if !op.applies_to(dtype) || rounds {
                continue;
            }
            let close = dtype.is_float() && self.rounding == Rounding::Close;
            if close && self.depth > 0 {
                continue;
            }
            // The least and the largest are exact but for the signs of zeros.
            let limited = close && !selects(op);
            let start = if limited { self.constant(dtype.one()) } else { self.scalar(dtype) };
            let var = self.declare(Type::scalar(dtype), start);
            let slot = self.slots.last_mut().expect("just declared");
            // A total that depends on the order of rounding goes straight to the results.
            slot.assignable = false;
            slot.readable = !close;
            reduced.push(Reduced { var, dtype, op });
        }
        reduced
    }

    fn contribute(&mut self, Reduced { var, dtype, op }: Reduced) {
        let combine = op.combine();
        let close = dtype.is_float() && self.rounding == Rounding::Close;
        let mut value = self.scalar_of(dtype);
        if close && !selects(op) {
            value = self.near_one(value);
        }
        let swapped = self.choices.one_in(4);
        // Sums take differences, too, products of floats quotients.
        let op = match combine {
            ScalarOp::Add if !swapped && self.choices.one_in(4) => ScalarOp::Sub,
            ScalarOp::Mul if !swapped && dtype.is_float() && self.choices.one_in(4) => ScalarOp::Div,
            combine => combine,
        };
        let conditional = self.choices.one_in(3).then(|| self.scalar(DType::Bool));
        let (then, ()) = self.nested(|inside| {
            let total = inside.hidden(Expr::Var(var), Type::scalar(dtype));
            let operands = if swapped { vec![value, total] } else { vec![total, value] };
            let value = inside.hidden(Expr::Op(op, operands), Type::scalar(dtype));
            inside.block.push(Stmt::Assign { var, value });
        });
        match conditional {
            Some(cond) => self.block.push(Stmt::If { cond, then, otherwise: Vec::new() }),
            None => self.block.extend(then),
        }
    }

    /// A store to a part of an array that no other iteration touches: the first of these indices, that of the
    /// `prange`, walks along the axis, those of loops inside most often along the others.
    fn store_own(&mut self, slot: Slot, axis: u8, loops: &[Value]) {
        let mut own: Vec<Value> = loops.iter().map(|index| self.cast(*index, DType::Usize)).collect();
        let array = self.hidden(Expr::Var(slot.var), slot.ty);
        if self.choices.one_in(10) {
            own[0] = self.computed_own(own[0], array, axis);
        }
        let mut inner = own[1..].iter().copied();
        let mut indices = Vec::new();
        for other in 0..slot.ty.rank().unwrap_or(0) {
            indices.push(match inner.clone().next() {
                _ if other == axis => own[0],
                Some(index) if !self.choices.one_in(8) => {
                    inner.next();
                    index
                }
                _ => self.index_into(array, other),
            });
        }
        let mut value = self.scalar_of(slot.ty.dtype());
        if self.choices.one_in(3) && slot.ty.dtype().is_numeric() {
            let old = Expr::Index { array, index: indices.clone() };
            let old = self.hidden(old, Type::scalar(slot.ty.dtype()));
            value = self.hidden(Expr::Op(ScalarOp::Max, vec![old, value]), Type::scalar(slot.ty.dtype()));
        }
        let loc = self.loc();
        let store = Stmt::Store { place: slot.var.into(), index: indices, value, loc };
        if self.choices.one_in(4) {
            let cond = self.scalar(DType::Bool);
            self.block.push(Stmt::If { cond, then: vec![store], otherwise: Vec::new() });
        } else {
            self.block.push(store);
        }
    }
}

/// Whether a reduction gives one of its operands, so that its order matters little.
fn selects(op: ReduceOp) -> bool {
    matches!(op, ReduceOp::Min | ReduceOp::Max)
}
