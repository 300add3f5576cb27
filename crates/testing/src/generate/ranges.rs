//! Ranges of loops: short ones anywhere in their type, empty and reversed ones, with steps of any size, forwards and
//! backwards.
//!
//! ```text
//! 0..n    1..n    (0..n).step_by(2)    (0..n).rev()    (0..n).step_by(s)
//! x..x + 3    MAX - 2..MAX    MIN..MAX step MAX / 2    5..2
//! ```

use super::Generator;
use crate::extremes::{ends, extreme};
use parfuse_ir::program::{Claim, Expr, Order, Stmt, Type, Value, walk};
use parfuse_ir::{DType, FaultKind, Scalar, ScalarOp};

/// The range of a loop.
#[derive(Clone, Copy)]
pub(super) struct Range {
    pub(super) dtype: DType,
    start: Value,
    end: Value,
    step: Value,
    /// The sum of the first index and the last, where indices come backwards.
    total: Option<Value>,
    /// What to subtract from an index to get numbers from 0 on; nothing for ranges that begin at about 0.
    base: Option<Value>,
}

impl Generator<'_> {
    /// A range of at most so many indices, a `usize`, most often from 0 on.
    pub(super) fn range_below(&mut self, length: Value, dtype: DType) -> Range {
        let kind = self.choices.below(20);
        let short = self.cast(length, dtype);
        let start = self.choices.pick(&[0, 0, 0, 0, 1]);
        let step = self.choices.pick(&[1, 1, 1, 2]);
        let (start, step) = (self.integer(start, dtype), self.integer(step, DType::Usize));
        let range = Range { dtype, start, end: short, step, total: None, base: None };
        match kind {
            0..14 => range,
            14 | 15 => self.reversed(range),
            16 => {
                let step = self.any_step();
                let range = Range { step, ..range };
                if self.choices.one_in(3) { self.reversed(range) } else { range }
            }
            17 | 18 => {
                let start = self.anywhere(dtype);
                let end = self.number(ScalarOp::Add, start, short);
                let range = Range { start, end, base: Some(start), ..range };
                if self.choices.one_in(4) { self.reversed(range) } else { range }
            }
            _ => self.range_of_few(dtype),
        }
    }

    /// `start..end` of a type, one by one.
    pub(super) fn range_of(&mut self, start: usize, end: Value, dtype: DType) -> Range {
        let end = self.cast(end, dtype);
        let (start, step) = (self.integer(start, dtype), self.integer(1, DType::Usize));
        Range { dtype, start, end, step, total: None, base: None }
    }

    /// `start..end`, both of them `usize`, of a type: by ones or twos, forwards or backwards.
    pub(super) fn range_between(&mut self, start: Value, end: Value, dtype: DType) -> Range {
        let [start, end] = [start, end].map(|bound| self.cast(bound, dtype));
        let step = self.choices.pick(&[1, 1, 1, 1, 2]);
        let step = self.integer(step, DType::Usize);
        let range = Range { dtype, start, end, step, total: None, base: None };
        if self.choices.one_in(5) { self.reversed(range) } else { range }
    }

    /// A range of a few indices.
    pub(super) fn range_of_few(&mut self, dtype: DType) -> Range {
        let count = self.choices.below(4);
        let by = 1 + self.choices.below(2);
        let range = match self.choices.below(12) {
            kind @ 0..8 => {
                let start = match kind {
                    0..5 => {
                        let first = self.choices.below(2);
                        self.integer(first, dtype)
                    }
                    _ => self.anywhere(dtype),
                };
                let (count, step) = (self.integer(count * by, dtype), self.integer(by, DType::Usize));
                let end = match self.program.constant(start) {
                    Some(first) => {
                        let last = self.program.constant(count).expect("made of a number");
                        self.constant(ScalarOp::Add.eval(&[first, last]))
                    }
                    None => self.number(ScalarOp::Add, start, count),
                };
                let step = if kind == 7 { self.any_step() } else { step };
                Range { dtype, start, end, step, total: None, base: None }
            }
            8 => {
                // From a larger number to a smaller one.
                let [least, largest] = ends(dtype);
                let [start, end] = self.choices.pick(&[[largest, least], [dtype.one(), dtype.zero()]]);
                let step = self.any_step();
                let [start, end] = [start, end].map(|x| self.constant(x));
                Range { dtype, start, end, step, total: None, base: None }
            }
            _ => {
                // All of the type, in very long steps.
                let [least, largest] = ends(dtype);
                let start = self.choices.pick(&[dtype.zero(), least, dtype.one()]);
                // Of a signed type one step may be more than its largest number.
                let all = ScalarOp::Sub.eval(&[largest.cast(DType::Usize), least.cast(DType::Usize)]);
                let part = ScalarOp::Div.eval(&[all, Scalar::Usize(1 + by + count)]);
                let step = self.choices.pick(&[part, largest.cast(DType::Usize), all]);
                let [start, end, step] = [start, largest, step].map(|x| self.constant(x));
                Range { dtype, start, end, step, total: None, base: None }
            }
        };
        if self.choices.one_in(5) { self.reversed(range) } else { range }
    }

    fn integer(&mut self, number: usize, dtype: DType) -> Value {
        self.constant(Scalar::Usize(number).cast(dtype))
    }

    /// An operation of two integers.
    fn number(&mut self, op: ScalarOp, a: Value, b: Value) -> Value {
        let ty = self.program.ty(a);
        self.hidden(Expr::Op(op, vec![a, b]), ty)
    }

    /// A first index: any number, often one near an end of its type.
    fn anywhere(&mut self, dtype: DType) -> Value {
        match self.choices.below(3) {
            0 => {
                let near = extreme(dtype, self.choices);
                let below = Scalar::Usize(self.choices.below(4)).cast(dtype);
                self.constant(ScalarOp::Sub.eval(&[near, below]))
            }
            1 => {
                let [least, largest] = ends(dtype);
                let below = Scalar::Usize(self.choices.below(4)).cast(dtype);
                let start = self.choices.pick(&[least, ScalarOp::Sub.eval(&[largest, below])]);
                self.constant(start)
            }
            _ => self.scalar(dtype),
        }
    }

    /// A step known when the kernel runs, as `step_by` makes one: seldom none.
    fn any_step(&mut self) -> Value {
        let mut step = self.scalar(DType::Usize);
        let [zero, one] = [0, 1].map(|x| self.constant(Scalar::Usize(x)));
        if !self.choices.one_in(8) {
            step = self.number(ScalarOp::Max, step, one);
        }
        let ok = self.hidden(Expr::Op(ScalarOp::Ne, vec![step, zero]), Type::scalar(DType::Bool));
        let loc = self.loc();
        self.block.push(Stmt::Check { ok, kind: FaultKind::ZeroStep, args: Vec::new(), loc });
        step
    }

    /// The same indices, the last one first.
    fn reversed(&mut self, range: Range) -> Range {
        let Range { dtype, start, end, step, .. } = range;
        let one = self.constant(dtype.one());
        let mut last = self.number(ScalarOp::Sub, end, one);
        if self.program.constant(step) != Some(Scalar::Usize(1)) {
            let [from, to] = [start, last].map(|x| self.cast(x, DType::Usize));
            let span = self.number(ScalarOp::Sub, to, from);
            let steps = self.number(ScalarOp::Div, span, step);
            let distance = self.number(ScalarOp::Mul, steps, step);
            let distance = self.cast(distance, dtype);
            last = self.number(ScalarOp::Add, start, distance);
        }
        let total = self.number(ScalarOp::Add, start, last);
        Range { total: Some(total), ..range }
    }

    /// A loop over a range. The body gets the index, and the index as a number from about 0 on.
    pub(super) fn loop_over(
        &mut self,
        range: Range,
        parallel: bool,
        body: &mut dyn FnMut(&mut Self, Value, Value),
    ) {
        let around = self.scopes;
        if parallel {
            self.scopes = 0;
        }
        // Something in the body may leave the loop.
        if !parallel && self.choices.below(4) == 0 {
            self.scopes += 1;
            let (scope, ()) = self.nested(|inside| inside.loop_in_place(range, parallel, body));
            self.block.push(Stmt::Scope { body: scope });
        } else {
            self.loop_in_place(range, parallel, body);
        }
        self.scopes = around;
    }

    /// Whether a loop with this body has to be a `prange`: it draws random numbers, or something in it could.
    fn claims_numbers(&self, body: &[Stmt]) -> bool {
        walk::statements(&self.program, body).any(|stmt| match stmt {
            Stmt::Let(value) => matches!(self.program.values[*value].expr, Expr::Random { .. }),
            Stmt::For { order, .. } => order.is_prange(),
            _ => false,
        })
    }

    fn loop_in_place(&mut self, range: Range, parallel: bool, body: &mut dyn FnMut(&mut Self, Value, Value)) {
        let Range { dtype, start, end, step, total, base } = range;
        let loc = self.loc();
        let (body, index) = self.nested(|inside| {
            let index = inside.bound(dtype);
            let ty = Type::scalar(dtype);
            let item = match total {
                Some(total) => inside.emit(Expr::Op(ScalarOp::Sub, vec![total, index]), ty),
                None => index,
            };
            let own = match base {
                Some(base) => inside.emit(Expr::Op(ScalarOp::Sub, vec![item, base]), ty),
                None => item,
            };
            inside.iteration(|inside| body(inside, item, own));
            index
        });
        let until = None;
        let order = match parallel {
            false => Order::Serial,
            true if !self.claims_numbers(&body) && self.choices.one_in(3) => Order::Unordered,
            // What a thread takes at a time makes no difference.
            true => Order::Prange(Claim { assumed: false, grain: self.choices.pick(&[0, 0, 1, 3, 5000]) }),
        };
        self.block.push(Stmt::For { index, start, end, step, order, until, body, loc });
    }

    /// What an iteration does, which may end early.
    pub(super) fn iteration(&mut self, body: impl FnOnce(&mut Self)) {
        if self.choices.below(4) > 0 {
            return body(self);
        }
        self.scopes += 1;
        let (scope, ()) = self.nested(body);
        self.scopes -= 1;
        self.block.push(Stmt::Scope { body: scope });
    }

    /// Leaves a scope around, under some condition.
    pub(super) fn exit(&mut self) {
        let (outward, loc) = (self.choices.below(self.scopes as usize) as u32, self.loc());
        let cond = self.scalar(DType::Bool);
        let mut sides = [vec![Stmt::Leave { outward, loc }], Vec::new()];
        if self.choices.below(3) == 0 {
            sides.reverse();
        }
        let [then, otherwise] = sides;
        self.block.push(Stmt::If { cond, then, otherwise });
    }
}
