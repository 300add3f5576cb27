//! Arrays inside the iterations of a `prange`: rows that are computed, assigned and reduced.
//!
//! ```text
//! v1 = view x0[v0, ..]    v2 = mul v1, p_0    update v1 of x0, v2    v3 = reduce sum v2
//! ```

use super::operations::divides;
use super::{Generator, Rounding, Slot};
use parfuse_ir::program::{Cut, Expr, Place, Stmt, Type, Value, View};
use parfuse_ir::{DType, Fold};

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
        let row_type = Type::Array(dtype, view.rank());
        let row = self.hidden(Expr::View { array, view }, row_type);
        let value = match self.choices.below(4) {
            0 => self.scalar(dtype),
            _ => self.element_wise_of(row),
        };
        let loc = self.loc();
        let place = Place { var: slot.var, view: Some(row) };
        self.block.push(Stmt::Update { place, value, loc });
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
        let result = rank.map_or(Type::Scalar(ty.dtype()), |rank| Type::Array(ty.dtype(), rank));
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

    /// Reduces an array to a scalar.
    pub(super) fn total_of_row(&mut self) {
        let mut array = self.any_array();
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
        self.emit(Expr::Reduce { fold, array, axis: None }, Type::Scalar(fold.result_type(dtype)));
    }
}
