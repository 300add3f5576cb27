//! Arrays inside the iterations of a `prange`: rows that are computed, assigned and reduced, and arrays of their own.
//!
//! ```text
//! v1 = view x0[v0, ..]    v2 = mul v1, p_0    update v1 of x0, v2    v3 = reduce sum v2
//! v4 = copy v1            assign x5, v4       store x5[v6], 1f64     assign x5, mul x5, x5
//! ```

use super::operations::divides;
use super::{Generator, Rounding, Slot};
use parfuse_ir::program::{Cut, Expr, Place, Stmt, Type, Value, View};
use parfuse_ir::{DType, Fold, Scalar};

impl Generator<'_> {
    /// Sets the elements of a row that is the iteration's own, most often by what it and others hold.
    pub(super) fn own_row(&mut self, stored: &[(Slot, u8)], own: Value) {
        if stored.is_empty() {
            return;
        }
        let (slot, axis) = self.choices.pick(stored);
        let Type::Array(dtype, rank) = slot.ty else { unreachable!("it is an array") };
        // A signed index might count from the end, and two iterations meet.
        let own = self.cast(own, DType::Usize);
        let array = self.hidden(Expr::Var(slot.var), slot.ty);
        let mut cuts = vec![Cut::All; rank as usize];
        cuts[axis as usize] = Cut::At(own);
        let view = View::of_cuts(cuts);
        let row_type = Type::array(dtype, view.rank());
        let row = self.hidden(Expr::View { array, view }, row_type);
        let value = match self.choices.below(4) {
            0 => self.scalar(slot.ty.dtype()),
            _ => self.element_wise_of(row),
        };
        let loc = self.loc();
        let place = Place { var: slot.var, view: Some(row) };
        self.block.push(Stmt::Update { place, value, loc });
    }

    /// A variable of the iteration's own: filled, or a copy of a row.
    pub(super) fn make_array(&mut self, stored: &[(Slot, u8)], own: Value) {
        let few = self.choices.pick(&[1, 1, 3, 5, 17]);
        let mut lengths = vec![self.constant(Scalar::Usize(few))];
        if !self.choices.one_in(3) {
            let array = self.any_array();
            let axes = self.program.ty(array).rank().unwrap_or(0);
            lengths.truncate(usize::from(self.choices.one_in(3)));
            for axis in 0..axes.min(2) {
                lengths.push(self.hidden(Expr::Dim { array, axis }, Type::scalar(DType::Usize)));
            }
        }
        let value = match stored.first() {
            Some((slot, axis)) if self.choices.one_in(3) => {
                let own = self.cast(own, DType::Usize);
                let Type::Array(dtype, rank) = slot.ty else { unreachable!("it is an array") };
                let array = self.hidden(Expr::Var(slot.var), slot.ty);
                let mut cuts = vec![Cut::All; rank as usize];
                cuts[*axis as usize] = Cut::At(own);
                let view = View::of_cuts(cuts);
                let ty = Type::array(dtype, view.rank());
                let row = self.hidden(Expr::View { array, view }, ty);
                self.hidden(Expr::Copy(row), ty)
            }
            _ => {
                let dtype = self.dtype();
                let value = self.scalar(dtype);
                let ty = Type::array(dtype, lengths.len() as u8);
                self.hidden(Expr::Fill { shape: lengths, value }, ty)
            }
        };
        let ty = self.program.ty(value);
        self.declare(ty, value);
        // Its lengths seldom fit others': `change_array` knows what to do with it.
        self.slots.last_mut().expect("it is declared").readable = false;
    }

    /// Sets or reads elements of an array of the iteration's own, or gives it others.
    pub(super) fn change_array(&mut self) {
        let is_own = |slot: &&Slot| slot.assignable && slot.ty.rank().is_some();
        let slots: Vec<Slot> = self.slots.iter().filter(is_own).copied().collect();
        if slots.is_empty() {
            return;
        }
        let slot = self.choices.pick(&slots);
        let array = self.hidden(Expr::Var(slot.var), slot.ty);
        let axes = 0..slot.ty.rank().unwrap_or(0);
        match self.choices.below(6) {
            2 => {
                let index = axes.map(|axis| self.index_into(array, axis)).collect();
                self.emit(Expr::Index { array, index }, Type::scalar(slot.ty.dtype()));
            }
            3 => self.total_of(array),
            0 => {
                let index = axes.map(|axis| self.index_into(array, axis)).collect();
                let value = self.scalar(slot.ty.dtype());
                let loc = self.loc();
                self.block.push(Stmt::Store { place: slot.var.into(), index, value, loc });
            }
            1 if self.choices.one_in(4) => {
                let value = self.element_wise_of(array);
                let loc = self.loc();
                self.block.push(Stmt::Update { place: slot.var.into(), value, loc });
            }
            _ => {
                let (op, operands) = self.operation(slot.ty.dtype());
                if divides(op, slot.ty.dtype()) {
                    return;
                }
                let mut values = Vec::new();
                for operand in operands {
                    values.push(match operand == slot.ty.dtype() && self.choices.one_in(2) {
                        true => array,
                        false => self.scalar(operand),
                    });
                }
                if !values.contains(&array) {
                    return;
                }
                let value = self.hidden(Expr::Op(op, values), slot.ty);
                self.block.push(Stmt::Assign { var: slot.var, value });
            }
        }
    }

    /// An operation on the elements of an array and others, which need no more axes.
    fn element_wise_of(&mut self, array: Value) -> Value {
        let ty = self.program.ty(array);
        if self.choices.one_in(5) {
            let mapped = self.map();
            let found = self.program.ty(mapped);
            if found.dtype() == ty.dtype() && found.rank() <= ty.rank() {
                return mapped;
            }
        }
        let (op, operands) = self.operation(ty.dtype());
        if divides(op, ty.dtype()) {
            return self.scalar(ty.dtype());
        }
        let mut values = Vec::new();
        for (position, operand) in operands.iter().enumerate() {
            let own = *operand == ty.dtype() && (position == 0 || self.choices.one_in(3));
            values.push(match own {
                true => array,
                false => self.fitting_operand(*operand, ty),
            });
        }
        let rank = values.iter().filter_map(|value| self.program.ty(*value).rank()).max();
        let result = rank.map_or(Type::scalar(ty.dtype()), |rank| Type::array(ty.dtype(), rank));
        self.hidden(Expr::Op(op, values), result)
    }

    fn fitting_operand(&mut self, dtype: DType, row: Type) -> Value {
        let array = self.any_array();
        let ty = self.program.ty(array);
        match ty.rank() <= row.rank() && ty.dtype() == dtype {
            true => array,
            false => self.scalar(dtype),
        }
    }

    /// Reduces an array to a scalar, or along an axis.
    pub(super) fn total_of_row(&mut self) {
        let array = self.any_array();
        self.total_of(array);
    }

    pub(super) fn total_of(&mut self, mut array: Value) {
        let dtype = self.program.ty(array).dtype();
        let folds: Vec<Fold> = Fold::all().filter(|fold| fold.applies_to(dtype)).collect();
        if dtype.is_float() && self.rounding != Rounding::Free {
            return;
        }
        if self.choices.one_in(2) {
            array = self.element_wise_of(array);
        }
        if self.program.ty(array).rank().is_none() {
            return;
        }
        let fold = self.choices.pick(&folds);
        let result = fold.result_type(dtype);
        let rank = self.program.ty(array).rank().unwrap_or(0);
        match rank > 1 && self.choices.one_in(3) {
            true => {
                let axis = self.choices.below(rank as usize) as u8;
                self.emit(Expr::Reduce { fold, array, axis: Some(axis) }, Type::array(result, rank - 1));
            }
            false => {
                self.emit(Expr::Reduce { fold, array, axis: None }, Type::scalar(result));
            }
        }
    }
}
