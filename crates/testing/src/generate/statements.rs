//! Statements where whole arrays can be used, and those of scalars that stand anywhere.

use super::{BOOL, Generator, Place, Slot, USIZE};
use parfuse_ir::program::{self, Cut, Expr, Stmt, Type, Value, VarData, View};
use parfuse_ir::{DType, Scalar, ScalarOp};

/// Blocks nest no deeper.
const MAX_DEPTH: usize = 3;

impl Generator<'_> {
    /// A statement outside `prange` and `map`.
    pub(super) fn statement(&mut self) {
        match self.choices.below(35) {
            0..6 => {
                self.array_operation();
            }
            6 => self.assign_array(),
            7 => self.update(),
            8 | 9 => self.reduction(),
            10 if self.depth < MAX_DEPTH => {
                let (cond, then) = (self.scalar(DType::Bool), 1 + self.choices.below(2));
                let then = self.nested(|inside| (0..then).for_each(|_| inside.statement())).0;
                let otherwise = self.nested(|inside| inside.statement()).0;
                self.block.push(Stmt::If { cond, then, otherwise });
            }
            11 if self.depth < MAX_DEPTH => self.serial_loop(|inside| {
                inside.statement();
                inside.statement();
            }),
            12..18 if self.depth < MAX_DEPTH => self.prange(),
            18 | 19 if self.depth < MAX_DEPTH => self.plain_loop(),
            20 => self.store_anywhere(),
            28 => self.complex_arrays(),
            21 => self.swap(),
            22 => self.view_through_changes(),
            23 if self.depth < MAX_DEPTH => self.products(),
            24 | 25 if self.depth < MAX_DEPTH => self.triangle(),
            26 => self.call(),
            29 | 30 if self.depth < MAX_DEPTH => self.work_space(),
            31 | 32 if self.depth < MAX_DEPTH => self.steps(false),
            33 if self.depth < MAX_DEPTH => self.keeping(),
            34 => self.resize(),
            _ => self.scalar_statement(),
        }
    }

    /// A statement of scalars.
    pub(super) fn scalar_statement(&mut self) {
        match self.choices.below(12) {
            11 if self.depth < MAX_DEPTH => self.steps(true),
            10 => self.complex_scalars(),
            6 if self.scopes > 0 => self.exit(),
            0 | 1 => self.assign_scalar(),
            2 | 3 => {
                self.element();
            }
            4 if self.depth < MAX_DEPTH => {
                let cond = if self.choices.one_in(2) { self.both() } else { self.scalar(DType::Bool) };
                let then = self.nested(|inside| inside.scalar_statement()).0;
                let both = self.choices.below(2) == 0;
                let otherwise =
                    if both { self.nested(|inside| inside.scalar_statement()).0 } else { Vec::new() };
                self.block.push(Stmt::If { cond, then, otherwise });
            }
            5 if self.depth < MAX_DEPTH => self.serial_loop(|inside| {
                inside.assign_scalar();
                inside.scalar_statement();
            }),
            _ => {
                self.scalar_operation();
            }
        }
    }

    /// `a && b`: the second operand is computed where the first holds, and may look at elements.
    pub(super) fn both(&mut self) -> Value {
        let name = format!("both_{}", self.program.vars.len());
        let var = self.program.vars.push(VarData { name, ty: BOOL, param: None });
        let cond = self.scalar(DType::Bool);
        let then = self.nested(|inside| {
            inside.element();
            let value = inside.scalar(DType::Bool);
            inside.block.push(Stmt::Assign { var, value });
        });
        let otherwise = self.nested(|inside| {
            let value = inside.constant(Scalar::Bool(false));
            inside.block.push(Stmt::Assign { var, value });
        });
        self.block.push(Stmt::If { cond, then: then.0, otherwise: otherwise.0 });
        self.hidden(Expr::Var(var), BOOL)
    }

    /// Sets a scalar variable, or makes a new one.
    pub(super) fn assign_scalar(&mut self) {
        let vars: Vec<Slot> =
            self.slots.iter().filter(|slot| slot.assignable && slot.ty.rank().is_none()).copied().collect();
        if vars.is_empty() {
            let dtype = self.dtype();
            let value = self.scalar_of(dtype);
            self.declare(Type::scalar(dtype), value);
            return;
        }
        let slot = self.choices.pick(&vars);
        let value = self.scalar_of(slot.ty.dtype());
        self.block.push(Stmt::Assign { var: slot.var, value });
    }

    fn assign_array(&mut self) {
        let vars: Vec<Slot> =
            self.slots.iter().filter(|slot| slot.assignable && slot.ty.rank().is_some()).copied().collect();
        if vars.is_empty() {
            return;
        }
        let slot = self.choices.pick(&vars);
        for _ in 0..6 {
            let value = self.array_operation();
            if self.program.ty(value) == slot.ty {
                self.block.push(Stmt::Assign { var: slot.var, value });
                return;
            }
        }
        // The variable's own elements, changed.
        let old = self.hidden(Expr::Var(slot.var), slot.ty);
        let (op, operands) = self.operation(slot.ty.dtype());
        if operands.iter().all(|dtype| *dtype == slot.ty.dtype())
            && !super::operations::divides(op, slot.ty.dtype())
        {
            let mut values = vec![old];
            for dtype in &operands[1..] {
                values.push(self.scalar(*dtype));
            }
            let value = self.hidden(Expr::Op(op, values), slot.ty);
            self.block.push(Stmt::Assign { var: slot.var, value });
        }
    }

    /// `(a, b) = (b, a)` with two arrays of the kernel's own, or `a = b`.
    fn swap(&mut self) {
        let own: Vec<Slot> =
            self.slots.iter().filter(|slot| slot.assignable && slot.ty.rank().is_some()).copied().collect();
        if own.is_empty() {
            return;
        }
        let a = self.choices.pick(&own);
        let same_type = own.into_iter().filter(|slot| slot.ty == a.ty && slot.var != a.var);
        let same_type: Vec<Slot> = same_type.collect();
        let contents = self.hidden(Expr::Var(a.var), a.ty);
        let copy = self.hidden(Expr::Copy(contents), a.ty);
        let Some(b) = same_type.first() else {
            let var = self.declare(a.ty, copy);
            let loc = self.loc();
            let value = self.scalar(a.ty.dtype());
            self.block.push(Stmt::Update { place: var.into(), value, loc });
            return;
        };
        let others = self.hidden(Expr::Var(b.var), b.ty);
        let others = self.hidden(Expr::Copy(others), b.ty);
        self.block.push(Stmt::Assign { var: a.var, value: others });
        if !self.choices.one_in(4) {
            self.block.push(Stmt::Assign { var: b.var, value: copy });
        }
    }

    /// Gives an array of the kernel's own another length, and sets what is new.
    fn resize(&mut self) {
        let own: Vec<Slot> = self
            .slots
            .iter()
            .filter(|slot| slot.assignable && slot.ty.rank().is_some_and(|rank| rank > 0))
            .copied()
            .collect();
        if own.is_empty() {
            return;
        }
        let slot = self.choices.pick(&own);
        let rank = slot.ty.rank().unwrap_or(0);
        let before = self.hidden(Expr::Var(slot.var), slot.ty);
        let before = self.hidden(Expr::Dim { array: before, axis: 0 }, USIZE);
        // Most often no shorter, so that more programs run to their end.
        let (ops, other) = match self.choices.below(2) {
            0 => {
                let more = self.choices.pick(&[0, 1, 2, 9]);
                (
                    [ScalarOp::Add, ScalarOp::Max, ScalarOp::Add, ScalarOp::Min],
                    self.constant(Scalar::Usize(more)),
                )
            }
            _ => {
                let other = self.any_array();
                let other = match self.program.ty(other).rank() {
                    Some(1..) => self.hidden(Expr::Dim { array: other, axis: 0 }, USIZE),
                    _ => before,
                };
                ([ScalarOp::Max, ScalarOp::Max, ScalarOp::Max, ScalarOp::Min], other)
            }
        };
        let op = self.choices.pick(&ops);
        let length = self.hidden(Expr::Op(op, vec![before, other]), USIZE);
        let loc = self.loc();
        self.block.push(Stmt::Resize { var: slot.var, length, loc });
        let start = self.hidden(Expr::Op(ScalarOp::Min, vec![before, length]), USIZE);
        let array = self.hidden(Expr::Var(slot.var), slot.ty);
        let mut cuts = vec![Cut::Range { start: Some(start), end: None, step: None }];
        cuts.resize(rank as usize, Cut::All);
        let view = self.hidden(Expr::View { array, view: View::of_cuts(cuts) }, slot.ty);
        let value = self.scalar(slot.ty.dtype());
        let place = program::Place { var: slot.var, view: Some(view) };
        self.block.push(Stmt::Update { place, value, loc });
    }

    /// Overwrites an array in place.
    fn update(&mut self) {
        let vars: Vec<Slot> = self.slots.iter().filter(|slot| slot.ty.rank().is_some()).copied().collect();
        let slot = self.choices.pick(&vars);
        let (place, place_type) = self.place_in(slot);
        let (dtype, rank) = (place_type.dtype(), place_type.rank());
        for _ in 0..4 {
            let value = self.any_array();
            let ty = self.program.ty(value);
            if ty.dtype() == dtype && ty.rank() <= rank {
                let loc = self.loc();
                self.block.push(Stmt::Update { place, value, loc });
                return;
            }
        }
        let value = self.scalar(dtype);
        let loc = self.loc();
        self.block.push(Stmt::Update { place, value, loc });
    }

    pub(super) fn store_anywhere(&mut self) {
        let vars: Vec<Slot> = self.slots.iter().filter(|slot| slot.ty.rank().is_some()).copied().collect();
        let slot = self.choices.pick(&vars);
        let (place, ty) = self.place_in(slot);
        let array = place.view.unwrap_or_else(|| self.hidden(Expr::Var(slot.var), slot.ty));
        let index = (0..ty.rank().unwrap_or(0)).map(|axis| self.index_into(array, axis)).collect();
        let value = self.scalar_of(ty.dtype());
        let loc = self.loc();
        self.block.push(Stmt::Store { place, index, value, loc });
    }

    /// An element of some array.
    pub(super) fn element(&mut self) -> Value {
        let array = self.any_array();
        self.element_of(array)
    }

    fn element_of(&mut self, array: Value) -> Value {
        let (dtype, rank) = (self.program.ty(array).dtype(), self.program.ty(array).rank().unwrap_or(0));
        let index = (0..rank).map(|axis| self.index_into(array, axis)).collect();
        self.emit(Expr::Index { array, index }, Type::scalar(dtype))
    }

    /// An index into an axis: two times of three the nearest that is in range, if there is one, so that more programs run to their
    /// end.
    pub(super) fn index_into(&mut self, array: Value, axis: u8) -> Value {
        let index = self.index_anywhere(array, axis);
        if self.choices.one_in(3) {
            return index;
        }
        let usize_type = Type::scalar(DType::Usize);
        let length = self.hidden(Expr::Dim { array, axis }, usize_type);
        let one = self.constant(Scalar::Usize(1));
        let last = self.hidden(Expr::Op(ScalarOp::Sub, vec![length, one]), usize_type);
        self.hidden(Expr::Op(ScalarOp::Min, vec![index, last]), usize_type)
    }

    /// An index along an axis: most often in range.
    fn index_anywhere(&mut self, array: Value, axis: u8) -> Value {
        let usize_type = Type::scalar(DType::Usize);
        if !self.loop_indices.is_empty() && self.choices.one_in(3) {
            let mut own = self.choices.pick(&self.loop_indices);
            if self.choices.one_in(3) {
                // In the index's own type, where it may wrap.
                let ty = self.program.ty(own);
                let op = self.choices.pick(&[ScalarOp::Add, ScalarOp::Sub, ScalarOp::Mul]);
                let number = self.choices.pick(&[1, 1, 2, 3]);
                let number = self.constant(Scalar::Usize(number).cast(ty.dtype()));
                own = self.hidden(Expr::Op(op, vec![own, number]), ty);
            }
            let own = self.cast(own, DType::Usize);
            match self.choices.below(8) {
                0..5 => return own,
                5 => return self.neighbour_on_ring(own, array, axis),
                _ => {}
            }
            let distance = self.choices.pick(&[1, 2, usize::MAX]);
            let distance = self.constant(Scalar::Usize(distance));
            return self.hidden(Expr::Op(ScalarOp::Add, vec![own, distance]), usize_type);
        }
        let mut index = match self.choices.below(8) {
            6 => self.loaded_index(),
            7 => self.product(),
            _ => {
                let any = self.integer_type();
                let types = [DType::Usize, any, any, DType::Usize, DType::I64, DType::F64];
                let from = self.choices.pick(&types);
                self.scalar(from)
            }
        };
        let narrow = self.integer_type();
        if self.choices.one_in(8) && self.program.ty(index).dtype() != narrow && !narrow.is_index() {
            // Not all of the number is left.
            index = self.cast(index, narrow);
        }
        index = self.cast(index, DType::Usize);
        if self.choices.one_in(3) {
            let distance = self.choices.pick(&[1, 1, 2, usize::MAX]);
            let distance = self.constant(Scalar::Usize(distance));
            index = self.hidden(Expr::Op(ScalarOp::Add, vec![index, distance]), usize_type);
        }
        if self.choices.one_in(12) {
            return index;
        }
        let length = self.hidden(Expr::Dim { array, axis }, usize_type);
        if self.choices.below(2) == 0 {
            // An empty axis has no index at all: the first is as wrong as any other.
            let one = self.constant(Scalar::Usize(1));
            let length = self.hidden(Expr::Op(ScalarOp::Max, vec![length, one]), usize_type);
            return self.hidden(Expr::Op(ScalarOp::Rem, vec![index, length]), usize_type);
        }
        let one = self.constant(Scalar::Usize(1));
        let last = self.hidden(Expr::Op(ScalarOp::Sub, vec![length, one]), usize_type);
        self.hidden(Expr::Op(ScalarOp::Min, vec![index, last]), usize_type)
    }

    /// The next element along an axis or the one before, with the first behind the last: by a remainder, a choice or a
    /// branch.
    fn neighbour_on_ring(&mut self, own: Value, array: Value, axis: u8) -> Value {
        let length = self.hidden(Expr::Dim { array, axis }, USIZE);
        let distance = self.choices.pick(&[1, 1, 1, 2]);
        let [zero, distance] = [0, distance].map(|number| self.constant(Scalar::Usize(number)));
        let last = self.hidden(Expr::Op(ScalarOp::Sub, vec![length, distance]), USIZE);
        let forwards = self.choices.below(2) == 0;
        let (op, end, beyond) = match forwards {
            true => (ScalarOp::Add, last, zero),
            false => (ScalarOp::Sub, zero, last),
        };
        let kind = self.choices.below(4);
        if kind < 2 {
            let more = if forwards { distance } else { last };
            let number = self.hidden(Expr::Op(ScalarOp::Add, vec![own, more]), USIZE);
            return self.hidden(Expr::Op(ScalarOp::Rem, vec![number, length]), USIZE);
        }
        let at_end = self.hidden(Expr::Op(ScalarOp::Eq, vec![own, end]), BOOL);
        if kind == 2 {
            let next = self.hidden(Expr::Op(op, vec![own, distance]), USIZE);
            return self.hidden(Expr::Op(ScalarOp::Select, vec![at_end, beyond, next]), USIZE);
        }
        let var = self.declare(USIZE, beyond);
        let (otherwise, ()) = self.nested(|inside| {
            let value = inside.hidden(Expr::Op(op, vec![own, distance]), USIZE);
            inside.block.push(Stmt::Assign { var, value });
        });
        let then =
            if self.choices.below(2) == 0 { Vec::new() } else { vec![Stmt::Assign { var, value: beyond }] };
        self.block.push(Stmt::If { cond: at_end, then, otherwise });
        self.hidden(Expr::Var(var), USIZE)
    }

    /// An index from memory.
    fn loaded_index(&mut self) -> Value {
        for _ in 0..4 {
            let array = self.any_array();
            if self.program.ty(array).dtype().is_int() {
                return self.element_of(array);
            }
        }
        self.scalar(DType::Usize)
    }

    /// An index around times a number known when the kernel runs.
    fn product(&mut self) -> Value {
        let index = match self.loop_indices.last() {
            Some(index) => *index,
            None => self.scalar(DType::Usize),
        };
        let ty = self.program.ty(index);
        let factor = self.scalar(ty.dtype());
        self.hidden(Expr::Op(ScalarOp::Mul, vec![index, factor]), ty)
    }

    /// An index made of the iteration's own, a `usize`, which may or may not be the iteration's own, too.
    pub(super) fn computed_own(&mut self, own: Value, array: Value, axis: u8) -> Value {
        let (op, second) = match self.choices.below(8) {
            kind @ 0..2 => {
                // The elements from the last to the first.
                let length = self.hidden(Expr::Dim { array, axis }, USIZE);
                let number = self.constant(Scalar::Usize(1 - kind));
                let last = self.hidden(Expr::Op(ScalarOp::Sub, vec![length, number]), USIZE);
                return self.hidden(Expr::Op(ScalarOp::Sub, vec![last, own]), USIZE);
            }
            2 | 3 => {
                let narrow = self.integer_type();
                let narrow = self.choices.pick(&[narrow, narrow, DType::F32, DType::F64]);
                let narrow = self.cast(own, narrow);
                return self.cast(narrow, DType::Usize);
            }
            4 => (ScalarOp::Add, self.scalar(DType::Usize)),
            5 => (ScalarOp::Mul, self.scalar(DType::Usize)),
            6 => (ScalarOp::Xor, self.scalar(DType::Usize)),
            _ => {
                let number = self.choices.pick(&[2, 3, 1 << 20, 1 << 32, (1 << 63) + 1]);
                (ScalarOp::Mul, self.constant(Scalar::Usize(number)))
            }
        };
        self.hidden(Expr::Op(op, vec![own, second]), USIZE)
    }

    /// Whether this is a place for whole arrays.
    pub(super) fn at_top(&self) -> bool {
        self.place == Place::Top
    }
}
