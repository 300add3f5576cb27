//! Nests of loops that depend on one another, as solving equations, filling tables and sorting have them.
//!
//! ```text
//! for i in 0..n { for j in i + 1..n { store x[i, j]  x[i, j - 1] + y[j - i] } }
//! prange i in 0..n { for j in 0..=i { if i > j { for k in j..i + 2 { store x[i]  max(x[k], x[i]) } } } }
//! for i in 0..n { p = i   while p > 0 && y[p - 1] < x[p] { store x[p]  y[p - 1]   p = p - 1 } }
//! ```
//! Most indices are in range, some are at the border, and some are not in range in a few iterations.

use super::{BOOL, Generator, Slot, USIZE};
use parfuse_ir::program::{Block, Expr, Stmt, Type, Value};
use parfuse_ir::{DType, Scalar, ScalarOp};

/// What a nest works on.
struct Triangle {
    result: Slot,
    /// The array that is read beside the result.
    other: Value,
    /// Where most ranges end.
    end: Value,
}

impl Generator<'_> {
    /// Loops whose ranges depend on the loops around.
    pub(super) fn triangle(&mut self) {
        let Some(result) = self.numbers_to_update() else { return };
        let slots = self.slots.clone();
        self.slots.iter_mut().filter(|slot| slot.var == result.var).for_each(|slot| slot.readable = false);
        let other = self.any_array();
        self.slots = slots;
        let target = self.hidden(Expr::Var(result.var), result.ty);
        let mut end = self.hidden(Expr::Dim { array: target, axis: 0 }, USIZE);
        for array in [target, other] {
            for axis in 0..self.program.ty(array).rank().unwrap_or(0) {
                let length = self.hidden(Expr::Dim { array, axis }, USIZE);
                end = self.index_op(ScalarOp::Min, end, length);
            }
        }
        if self.choices.one_in(40) {
            end = self.moved(end, ScalarOp::Add, 1);
        }
        let levels = 2 + self.choices.below(2);
        self.levels(&Triangle { result, other, end }, levels, &mut Vec::new());
    }

    fn index_op(&mut self, op: ScalarOp, a: Value, b: Value) -> Value {
        self.hidden(Expr::Op(op, vec![a, b]), USIZE)
    }

    fn moved(&mut self, value: Value, op: ScalarOp, by: usize) -> Value {
        let by = self.constant(Scalar::Usize(by));
        self.index_op(op, value, by)
    }

    /// So many loops inside those with these indices, which are of type `usize`.
    fn levels(&mut self, triangle: &Triangle, levels: usize, indices: &mut Vec<Value>) {
        if levels == 0 {
            return self.innermost(triangle, indices);
        }
        let (mut start, mut end) = (self.constant(Scalar::Usize(0)), triangle.end);
        if let Some(outer) = (!indices.is_empty()).then(|| self.choices.pick(indices)) {
            start = match self.choices.below(8) {
                0..3 => start,
                3 => outer,
                4 | 5 => self.moved(outer, ScalarOp::Add, 1),
                6 => self.moved(outer, ScalarOp::Rem, 2),
                _ => self.moved(outer, ScalarOp::Div, 2),
            };
            let outer = self.choices.pick(indices);
            end = match self.choices.below(10) {
                0..4 => end,
                4 | 5 => outer,
                6 => self.moved(outer, ScalarOp::Add, 1),
                7 => {
                    let most = self.index_op(ScalarOp::Max, end, outer);
                    self.index_op(ScalarOp::Sub, most, outer)
                }
                8 => {
                    let further = self.moved(outer, ScalarOp::Add, 2);
                    if self.choices.one_in(8) { further } else { self.index_op(ScalarOp::Min, further, end) }
                }
                _ => {
                    let least = self.moved(outer, ScalarOp::Max, 1);
                    self.moved(least, ScalarOp::Sub, 1)
                }
            };
        }
        let dtype = self.choices.pick(&[USIZE.dtype(), USIZE.dtype(), DType::I64]);
        let range = self.range_between(start, end, dtype);
        let parallel = indices.is_empty() && self.choices.one_in(5);
        self.loop_over(range, parallel, &mut |inside, item, _| {
            indices.push(inside.cast(item, USIZE.dtype()));
            if levels > 1 && inside.choices.one_in(3) {
                inside.update_element(triangle, indices);
            }
            match inside.condition(triangle, indices) {
                Some(cond) => {
                    let (then, ()) = inside.nested(|inside| inside.levels(triangle, levels - 1, indices));
                    inside.block.push(Stmt::If { cond, then, otherwise: Block::new() });
                }
                None => inside.levels(triangle, levels - 1, indices),
            }
            if levels > 1 && inside.choices.one_in(3) {
                inside.update_element(triangle, indices);
            }
            indices.pop();
        });
    }

    /// A comparison of indices, now and then.
    fn condition(&mut self, triangle: &Triangle, indices: &[Value]) -> Option<Value> {
        if !self.choices.one_in(4) {
            return None;
        }
        let one = self.constant(Scalar::Usize(1));
        let (a, b) = (self.choices.pick(indices), self.choices.pick(&[indices[0], one, triangle.end]));
        let op = self.choices.pick(&[ScalarOp::Lt, ScalarOp::Le, ScalarOp::Gt, ScalarOp::Ge, ScalarOp::Ne]);
        Some(self.hidden(Expr::Op(op, vec![a, b]), BOOL))
    }

    fn innermost(&mut self, triangle: &Triangle, indices: &[Value]) {
        if self.choices.one_in(6) {
            return self.falling(triangle, indices);
        }
        for _ in 0..1 + self.choices.below(2) {
            self.update_element(triangle, indices);
        }
    }

    /// An index made of those of the loops.
    fn mixed(&mut self, triangle: &Triangle, indices: &[Value]) -> Value {
        let (a, b) = (self.choices.pick(indices), self.choices.pick(indices));
        match self.choices.below(80) {
            0 => self.moved(a, ScalarOp::Add, 1),
            1 => self.moved(a, ScalarOp::Sub, 1),
            2 => self.index_op(ScalarOp::Sub, a, b),
            3 => {
                let last = self.moved(triangle.end, ScalarOp::Sub, 1);
                self.index_op(ScalarOp::Sub, last, a)
            }
            4 => {
                let sum = self.index_op(ScalarOp::Add, a, b);
                self.moved(sum, ScalarOp::Div, 2)
            }
            5 => {
                let distance = self.index_op(ScalarOp::Sub, a, b);
                self.moved(distance, ScalarOp::Sub, 1)
            }
            _ => a,
        }
    }

    fn element_at(&mut self, array: Value, triangle: &Triangle, indices: &[Value]) -> Value {
        let ty = self.program.ty(array);
        let index = (0..ty.rank().unwrap_or(0)).map(|_| self.mixed(triangle, indices)).collect();
        self.hidden(Expr::Index { array, index }, Type::scalar(ty.dtype()))
    }

    /// Sets an element to something made of two others.
    fn update_element(&mut self, triangle: &Triangle, indices: &[Value]) {
        let Triangle { result, other, .. } = triangle;
        let ty = Type::scalar(result.ty.dtype());
        let rank = result.ty.rank().unwrap_or(0);
        let index: Vec<Value> = (0..rank).map(|_| self.mixed(triangle, indices)).collect();
        let target = self.hidden(Expr::Var(result.var), result.ty);
        let own = match self.choices.below(2) {
            0 => self.hidden(Expr::Index { array: target, index: index.clone() }, ty),
            _ => self.element_at(target, triangle, indices),
        };
        let operand = match self.choices.below(3) {
            0 => self.element_at(target, triangle, indices),
            _ => self.element_at(*other, triangle, indices),
        };
        let operand = self.cast(operand, ty.dtype());
        let op = self.choices.pick(&[ScalarOp::Add, ScalarOp::Sub, ScalarOp::Max, ScalarOp::Min]);
        let value = self.hidden(Expr::Op(op, vec![own, operand]), ty);
        let loc = self.loc();
        self.block.push(Stmt::Store { place: result.var.into(), index, value, loc });
    }

    /// Moves elements of the other array up from an index, for as long as they are less than what is there.
    fn falling(&mut self, triangle: &Triangle, indices: &[Value]) {
        let Triangle { result, other, .. } = triangle;
        let ty = Type::scalar(result.ty.dtype());
        let from = self.mixed(triangle, indices);
        let by = self.choices.pick(&[1, 1, 1, 2]);
        let least = self.choices.pick(&[0, 0, 0, by - 1, 1]);
        let position = self.declare(USIZE, from);
        let no = self.constant(Scalar::Bool(false));
        let goes_on = self.declare(BOOL, no);
        let mut cond = None;
        let at = |inside: &mut Self, array: Value, place: Value| {
            let ty = inside.program.ty(array);
            let first = indices[0];
            let mut index = vec![place; ty.rank().unwrap_or(0) as usize];
            if index.len() > 1 {
                index[0] = first;
            }
            (index, Type::scalar(ty.dtype()))
        };
        let (header, ()) = self.nested(|inside| {
            let now = inside.hidden(Expr::Var(position), USIZE);
            let least = inside.constant(Scalar::Usize(least));
            let is_above = inside.hidden(Expr::Op(ScalarOp::Lt, vec![least, now]), BOOL);
            let (then, ()) = inside.nested(|inside| {
                let below = inside.moved(now, ScalarOp::Sub, by);
                let (index, element) = at(inside, *other, below);
                let value = inside.hidden(Expr::Index { array: *other, index }, element);
                let value = inside.cast(value, ty.dtype());
                let target = inside.hidden(Expr::Var(result.var), result.ty);
                let (index, _) = at(inside, target, now);
                let own = inside.hidden(Expr::Index { array: target, index }, ty);
                let value = inside.hidden(Expr::Op(ScalarOp::Lt, vec![value, own]), BOOL);
                inside.block.push(Stmt::Assign { var: goes_on, value });
            });
            let otherwise = vec![Stmt::Assign { var: goes_on, value: no }];
            inside.block.push(Stmt::If { cond: is_above, then, otherwise });
            cond = Some(inside.hidden(Expr::Var(goes_on), BOOL));
        });
        let (body, ()) = self.nested(|inside| {
            let now = inside.hidden(Expr::Var(position), USIZE);
            let below = inside.moved(now, ScalarOp::Sub, by);
            let (index, element) = at(inside, *other, below);
            let value = inside.hidden(Expr::Index { array: *other, index }, element);
            let value = inside.cast(value, ty.dtype());
            let target = inside.hidden(Expr::Var(result.var), result.ty);
            let (index, _) = at(inside, target, now);
            let loc = inside.loc();
            inside.block.push(Stmt::Store { place: result.var.into(), index, value, loc });
            inside.block.push(Stmt::Assign { var: position, value: below });
        });
        self.block.push(Stmt::While { header, cond: cond.expect("the header was built"), body });
        let target = self.hidden(Expr::Var(result.var), result.ty);
        let last = self.hidden(Expr::Var(position), USIZE);
        let (index, _) = at(self, target, last);
        let value = self.scalar_of(ty.dtype());
        let loc = self.loc();
        self.block.push(Stmt::Store { place: result.var.into(), index, value, loc });
    }
}
