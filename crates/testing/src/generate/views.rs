//! Views of arrays, and places to set elements of.

use super::{Generator, Slot};
use parfuse_ir::program::{Cut, Expr, Place, Stmt, Type, Value, View, ViewAxis};
use parfuse_ir::{DType, MAX_RANK, Scalar};

impl Generator<'_> {
    /// A view of an array. It is not kept in sight: a variable behind it may change.
    pub(super) fn view_of(&mut self, array: Value) -> Value {
        let Type::Array(dtype, rank) = self.program.ty(array) else { unreachable!("it is an array") };
        let mut cuts = Vec::new();
        for axis in 0..rank {
            cuts.push(self.cut(array, axis));
        }
        let mut axes = View::kept(&cuts);
        if axes.len() > 1 && self.choices.one_in(3) {
            axes.reverse();
        }
        if cuts.len() == axes.len() && axes.len() > 1 && self.choices.one_in(8) {
            axes = vec![ViewAxis::Diagonal];
        }
        if axes.len() < MAX_RANK && self.choices.one_in(5) {
            let position = self.choices.below(axes.len() + 1);
            axes.insert(position, ViewAxis::New);
        }
        let view = View { cuts, axes };
        let ty = Type::array(dtype, view.rank());
        let view = self.hidden(Expr::View { array, view }, ty);
        if self.choices.one_in(6) { self.view_of(view) } else { view }
    }

    /// A view of an array that may show elements at several indices.
    pub(super) fn spread_view_of(&mut self, array: Value) -> Value {
        let mut view = self.view_of(array);
        let Type::Array(dtype, rank) = self.program.ty(view) else { unreachable!("it is an array") };
        let is_new = rank < MAX_RANK as u8 && self.choices.one_in(2);
        if is_new {
            let kept = vec![Cut::All; rank as usize];
            let mut axes = View::kept(&kept);
            axes.insert(0, ViewAxis::New);
            let ty = Type::array(dtype, rank + 1);
            view = self.hidden(Expr::View { array: view, view: View { cuts: kept, axes } }, ty);
        }
        let ty = self.program.ty(view);
        let mut spread = View::of_cuts(vec![Cut::All; ty.rank().unwrap_or(0) as usize]);
        for (axis, own) in (0..).zip(&mut spread.axes) {
            // Most often the length that the axis has, so that more programs run to their end.
            let length = match self.choices.below(16) {
                0 => self.constant(Scalar::Usize(3)),
                1..5 => continue,
                _ if axis == 0 && is_new => self.constant(Scalar::Usize(2)),
                _ => self.hidden(Expr::Dim { array: view, axis }, Type::scalar(DType::Usize)),
            };
            *own = ViewAxis::Spread { axis, length };
        }
        self.hidden(Expr::View { array: view, view: spread }, ty)
    }

    fn cut(&mut self, array: Value, axis: u8) -> Cut {
        match self.choices.below(12) {
            0..5 => Cut::All,
            // Of the shape of the array, so that more programs run to their end.
            7..9 => Cut::Range { start: None, end: None, step: Some(self.bound_of(-1)) },
            5 if self.choices.one_in(2) => Cut::At(self.index_into(array, axis)),
            5 | 6 => {
                let index = self.choices.pick(&[-1, 0, 0]);
                Cut::At(self.constant(Scalar::I64(index)))
            }
            _ => {
                // Most arrays have elements, many axes but one.
                let near = if self.choices.one_in(4) { 2 } else { 1 };
                let start = self.choices.pick(&[None, Some(0), Some(1), Some(1), Some(near), Some(-near)]);
                let end =
                    self.choices.pick(&[None, None, Some(-1), Some(-1), Some(-near), Some(1), Some(near)]);
                let step =
                    self.choices.pick(&[None, None, None, Some(1), Some(2), Some(3), Some(-1), Some(-2)]);
                let [start, mut end, step] =
                    [start, end, step].map(|bound| bound.map(|bound| self.bound_of(bound)));
                if self.choices.one_in(16) {
                    end = Some(self.index_into(array, axis));
                }
                Cut::Range { start, end, step }
            }
        }
    }

    /// A constant of some type, or one that is known only when the kernel runs.
    fn bound_of(&mut self, bound: i64) -> Value {
        let dtype = match bound {
            0.. => self.choices.pick(&[DType::Usize, DType::I64, DType::Isize, DType::I32, DType::U8]),
            _ => self.choices.pick(&[DType::I64, DType::Isize, DType::I32, DType::I8]),
        };
        let constant = self.constant(Scalar::I64(bound).cast(dtype));
        if !self.choices.one_in(16) {
            return constant;
        }
        let scalars: Vec<Value> = self
            .scope
            .iter()
            .copied()
            .filter(|value| self.program.ty(*value) == Type::scalar(dtype))
            .collect();
        if scalars.is_empty() { constant } else { self.choices.pick(&scalars) }
    }

    /// A variable, or what a view shows of it, with the type of that.
    pub(super) fn place_in(&mut self, slot: Slot) -> (Place, Type) {
        if !self.choices.one_in(3) {
            return (slot.var.into(), slot.ty);
        }
        let array = self.hidden(Expr::Var(slot.var), slot.ty);
        let view = self.view_of(array);
        (Place { var: slot.var, view: Some(view) }, self.program.ty(view))
    }

    /// Something that is read through a view after the array behind it has changed.
    pub(super) fn view_through_changes(&mut self) {
        let slots: Vec<Slot> = self.slots.iter().filter(|slot| slot.ty.rank().is_some()).copied().collect();
        let slot = self.choices.pick(&slots);
        let array = self.hidden(Expr::Var(slot.var), slot.ty);
        let view = self.view_of(array);
        let (place, _) = self.place_in(slot);
        let value = self.scalar(slot.ty.dtype());
        let loc = self.loc();
        self.block.push(Stmt::Update { place, value, loc });
        let ty = self.program.ty(view);
        self.emit(Expr::Copy(view), ty);
    }
}
