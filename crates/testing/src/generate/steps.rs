//! Variables that are stepped again and again: arrays as a whole, or scalars; and counters of what is kept.
//!
//! ```text
//! for i in range { if c { a[n] = value   n = n + 1 } }
//! for _ in range {
//!   a = op(a, scalar)
//!   b = select(b < limit, op(b, scalar), b)        once all of `b` has left the range, it stays as it is
//!   few = op(few, scalar)   sum(few)               of two or three elements, of its own
//! }
//! ```

use super::operations::divides;
use super::{BOOL, Generator, Slot, USIZE};
use parfuse_ir::program::{Expr, Stmt, Type, Value};
use parfuse_ir::{DType, Scalar, ScalarOp};

impl Generator<'_> {
    /// Steps of one or two variables, of any rank or of scalars only.
    pub(super) fn steps(&mut self, scalars: bool) {
        let fits = |slot: &&Slot| {
            slot.assignable
                && !slot.ty.is_complex()
                && !slot.ty.dtype().is_bool()
                && (!scalars || slot.ty.rank().is_none())
        };
        let own: Vec<Slot> = self.slots.iter().filter(fits).copied().collect();
        if own.is_empty() {
            return;
        }
        let mut stepped: Vec<Slot> =
            (0..1 + usize::from(self.choices.one_in(3))).map(|_| self.choices.pick(&own)).collect();
        // Loops over arrays of a few elements are none in the end, and such arrays variables.
        if !scalars && self.choices.one_in(3) {
            let few = self.few_elements();
            if !few.ty.dtype().is_bool() {
                stepped.push(few);
            }
        }
        let dtype = self.integer_type();
        // Loops that are known to be short are none in the end.
        let range = match self.choices.one_in(3) {
            true => self.range_of_few(dtype),
            false => {
                let array = self.any_array();
                let length = self.hidden(Expr::Len(array), USIZE);
                self.range_below(length, dtype)
            }
        };
        self.loop_over(range, false, &mut |inside, _, _| stepped.iter().for_each(|slot| inside.step(*slot)));
    }

    fn step(&mut self, slot: Slot) {
        let (ty, dtype) = (slot.ty, slot.ty.dtype());
        let old = self.hidden(Expr::Var(slot.var), ty);
        let (op, operands) = self.operation(dtype);
        if divides(op, dtype) || operands[0] != dtype {
            return;
        }
        let mut values = vec![old];
        values.extend(operands[1..].iter().map(|dtype| self.scalar(*dtype)));
        let new = self.hidden(Expr::Op(op, values), ty);
        let value = if self.choices.one_in(3) { new } else { self.masked(old, new, ty) };
        self.block.push(Stmt::Assign { var: slot.var, value });
        if ty.rank().is_some() && self.choices.one_in(3) {
            let new = self.hidden(Expr::Var(slot.var), ty);
            self.total_of(new);
        }
    }

    /// The new value where the old one is in range, and the old one elsewhere.
    fn masked(&mut self, old: Value, new: Value, ty: Type) -> Value {
        let limit = self.scalar(ty.dtype());
        let mask = ty.with_element(BOOL.element());
        let mask = self.hidden(Expr::Op(ScalarOp::Lt, vec![old, limit]), mask);
        let (yes, no) = if self.choices.one_in(4) { (old, new) } else { (new, old) };
        self.hidden(Expr::Op(ScalarOp::Select, vec![mask, yes, no]), ty)
    }

    /// A loop that keeps some of what it computes, one behind the other.
    pub(super) fn keeping(&mut self) {
        let dtype = self.dtype();
        let (length, first) = (self.choices.pick(&[3, 90, 700, 700]), self.choices.pick(&[0, 0, 0, 2]));
        let shape = vec![self.constant(Scalar::Usize(length))];
        let (value, ty) = (self.scalar(dtype), Type::array(dtype, 1));
        let value = self.hidden(Expr::Fill { shape, value }, ty);
        let kept = self.declare(ty, value);
        let first = self.constant(Scalar::Usize(first));
        let count = self.declare(USIZE, first);
        // The loop itself looks at neither.
        let mut own = self.slots.split_off(self.slots.len() - 2);
        let (end, counted) = (self.choices.pick(&[9, 300, 600]), self.integer_type());
        let end = self.constant(Scalar::Usize(end));
        let range = self.range_below(end, counted);
        self.loop_over(range, false, &mut |inside, _, index| {
            inside.loop_indices.push(index);
            let value = inside.scalar_of(dtype);
            let cond = if inside.choices.one_in(3) { inside.both() } else { inside.scalar(DType::Bool) };
            let (then, ()) = inside.nested(|inside| {
                let value = if inside.choices.one_in(3) { inside.scalar_of(dtype) } else { value };
                let at = inside.hidden(Expr::Var(count), USIZE);
                let loc = inside.loc();
                inside.block.push(Stmt::Store { place: kept.into(), index: vec![at], value, loc });
                let one = inside.constant(Scalar::Usize(1));
                let value = inside.hidden(Expr::Op(ScalarOp::Add, vec![at, one]), USIZE);
                inside.block.push(Stmt::Assign { var: count, value });
            });
            inside.block.push(Stmt::If { cond, then, otherwise: Vec::new() });
            inside.loop_indices.pop();
        });
        self.slots.append(&mut own);
    }
}
