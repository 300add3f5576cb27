//! Arrays of a few elements that the iterations of plain loops make for themselves.
//!
//! ```text
//! for i in range {
//!   w = fill [3] 0                   anew in each iteration
//!   for j in 0..3 { w[j] = value }
//!   w[x] = value                     at computed indices, which may be none
//!   y = w[i]   x_0 = y
//! }
//! ```

use super::{Generator, Slot, USIZE};
use parfuse_ir::Scalar;
use parfuse_ir::program::{Expr, Stmt, Type};

impl Generator<'_> {
    /// A loop whose iterations have an array of their own, or two.
    pub(super) fn work_space(&mut self) {
        let counted = self.integer_type();
        let range = match self.choices.one_in(2) {
            true => self.range_of_few(counted),
            false => {
                let array = self.any_array();
                let length = self.hidden(Expr::Len(array), USIZE);
                self.range_below(length, counted)
            }
        };
        self.loop_over(range, false, &mut |inside, _, own| {
            inside.loop_indices.push(own);
            let mut arrays = vec![inside.small_array()];
            if inside.choices.one_in(3) {
                arrays.push(inside.small_array());
            }
            for _ in 0..1 + inside.choices.below(4) {
                let array = inside.choices.pick(&arrays);
                inside.use_small_array(array);
            }
            arrays.into_iter().for_each(|array| inside.look_into(array));
            inside.assign_scalar();
            inside.loop_indices.pop();
        });
    }

    /// A new array of a few elements.
    fn small_array(&mut self) -> Slot {
        let rank = if self.choices.one_in(4) { 2 } else { 1 };
        let lengths: Vec<usize> = (0..rank).map(|_| self.choices.pick(&[1, 2, 2, 3, 4, 7])).collect();
        let shape = lengths.into_iter().map(|length| self.constant(Scalar::Usize(length))).collect();
        let dtype = self.dtype();
        let (value, ty) = (self.scalar(dtype), Type::array(dtype, rank));
        let value = self.hidden(Expr::Fill { shape, value }, ty);
        self.declare(ty, value);
        let slot = self.slots.last_mut().expect("it is declared");
        // Its lengths fit no others': only what follows uses it.
        (slot.readable, slot.assignable) = (false, false);
        *slot
    }

    fn use_small_array(&mut self, array: Slot) {
        match self.choices.below(5) {
            0 | 1 => self.store_into(array),
            2 => {
                let few = self.choices.pick(&[1, 2, 3]);
                let few = self.constant(Scalar::Usize(few));
                let counted = self.integer_type();
                let range = self.range_of(0, few, counted);
                self.loop_over(range, false, &mut |inside, _, own| {
                    inside.loop_indices.push(own);
                    inside.store_into(array);
                    inside.loop_indices.pop();
                });
            }
            3 => self.look_into(array),
            _ => self.scalar_statement(),
        }
    }

    /// Sets an element at computed indices.
    fn store_into(&mut self, slot: Slot) {
        let array = self.hidden(Expr::Var(slot.var), slot.ty);
        let index = (0..slot.ty.rank().unwrap_or(0)).map(|axis| self.index_into(array, axis)).collect();
        let value = self.scalar_of(slot.ty.dtype());
        let loc = self.loc();
        self.block.push(Stmt::Store { place: slot.var.into(), index, value, loc });
    }

    /// Reads an element at computed indices.
    fn look_into(&mut self, slot: Slot) {
        let array = self.hidden(Expr::Var(slot.var), slot.ty);
        let index = (0..slot.ty.rank().unwrap_or(0)).map(|axis| self.index_into(array, axis)).collect();
        self.emit(Expr::Index { array, index }, Type::scalar(slot.ty.dtype()));
    }
}
