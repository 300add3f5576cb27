//! Reductions inside the iterations of a parallel loop, of whole arrays or of rows.
//!
//! ```text
//! reduce sum v3          for each row, group and piece: x2 = 0.0; for v4 in 16 { x2 = add x2, v3[v4] }; …
//! reduce argmin v3       x0, x1 = inf, max; for v4 in n { … }
//! reduce deviations v3   x0 = (reduce sum v3) / n; reduce sum (v3 - x0)²
//! ```
//!
//! Sums and products of floats go by pieces ([`IN_ORDER`]) and groups ([`GROUP`]) of rows, so that additions need not wait
//! for one another; positions come to the same in any order. Squared deviations from the mean take two passes, over a
//! row that the first one has brought close.

use super::Lowering;
use parfuse_ir::fold::Word;
use parfuse_ir::grid::{GROUP, IN_ORDER};
use parfuse_ir::loops::{Expr, Stmt, Value, Var};
use parfuse_ir::{Combine, DType, Fold, Loc, ReduceOp, ScalarOp};

/// What is reduced: elements of a type in a space, by their indices.
pub(super) struct Elements<'e> {
    pub(super) shape: &'e [Value],
    pub(super) dtype: DType,
    pub(super) load: &'e dyn Fn(&mut Lowering<'_>, &[Value]) -> Value,
}

impl Lowering<'_> {
    /// Reduces elements inside an iteration.
    pub(super) fn reduce_inside(&mut self, fold: Fold, elements: &Elements<'_>, loc: Loc) -> Value {
        let dtype = elements.dtype;
        match fold {
            Fold::Op(op) => self.total_inside(op, elements, loc, |_, element| element),
            Fold::ArgMin | Fold::ArgMax => self.position_inside(fold, elements, loc),
            Fold::Deviations => {
                let sum = self.total_inside(ReduceOp::Sum, elements, loc, |_, element| element);
                let shape = elements.shape.iter().copied();
                let count = shape.reduce(|all, length| self.pure(ScalarOp::Mul, &[all, length], loc));
                let count = self.cast(count.expect("it has an axis"), dtype, loc);
                let mean = self.op(ScalarOp::Div, &[sum, count], loc);
                self.total_inside(ReduceOp::Sum, elements, loc, |lowering, element| {
                    let deviation = lowering.op(ScalarOp::Sub, &[element, mean], loc);
                    lowering.op(ScalarOp::Mul, &[deviation, deviation], loc)
                })
            }
        }
    }

    /// What an operator makes of a function of all elements.
    fn total_inside(
        &mut self,
        op: ReduceOp,
        elements: &Elements<'_>,
        loc: Loc,
        contribution: impl FnOnce(&mut Self, Value) -> Value,
    ) -> Value {
        let dtype = elements.dtype;
        let (length, shape) = elements.shape.split_last().expect("it has an axis");
        let length = *length;
        let total = self.accumulator(op, dtype);
        self.plain_loops(shape, loc, |lowering, outer| {
            let at = |inner: Value| [outer, &[inner]].concat();
            if !(dtype.is_float() && matches!(op, ReduceOp::Sum | ReduceOp::Product)) {
                return lowering.plain_loop(length, loc, |lowering, inner| {
                    let element = (elements.load)(lowering, &at(inner));
                    let own = contribution(lowering, element);
                    lowering.take_in(op, total, own, loc);
                });
            }
            lowering.in_parts(length, GROUP, loc, |lowering, first, length| {
                let group = lowering.accumulator(op, dtype);
                lowering.in_parts(length, IN_ORDER, loc, |lowering, start, length| {
                    let start = lowering.plain_op(ScalarOp::Add, first, start, loc);
                    let piece = lowering.accumulator(op, dtype);
                    lowering.plain_loop(length, loc, |lowering, inner| {
                        let inner = lowering.plain_op(ScalarOp::Add, start, inner, loc);
                        let element = (elements.load)(lowering, &at(inner));
                        let own = contribution(lowering, element);
                        lowering.take_in(op, piece, own, loc);
                    });
                    let own = lowering.contents(piece, loc);
                    lowering.take_in(op, group, own, loc);
                });
                let own = lowering.contents(group, loc);
                lowering.take_in(op, total, own, loc);
            });
        });
        self.contents(total, loc)
    }

    /// The position of an element, in row-major order.
    fn position_inside(&mut self, fold: Fold, elements: &Elements<'_>, loc: Loc) -> Value {
        let Combine::State(combiner) = fold.combine(elements.dtype) else { unreachable!("it has a state") };
        let words: Vec<Var> = combiner
            .identity
            .iter()
            .map(|identity| {
                let var = self.variable(fold.name(), identity.dtype());
                let value = self.constant(*identity);
                self.block.push(Stmt::Set { var, value });
                var
            })
            .collect();
        self.plain_loops(elements.shape, loc, |lowering, index| {
            let element = (elements.load)(lowering, index);
            let mut position = index[0];
            for (index, length) in index.iter().zip(elements.shape).skip(1) {
                let row = lowering.plain_op(ScalarOp::Mul, position, *length, loc);
                position = lowering.plain_op(ScalarOp::Add, row, *index, loc);
            }
            let own: Vec<Value> = fold
                .contribution()
                .iter()
                .map(|word| match word {
                    Word::Element => element,
                    Word::Position => position,
                    Word::One | Word::Zero => unreachable!("a position is taken of an element"),
                })
                .collect();
            let partial: Vec<Value> = words.iter().map(|word| lowering.contents(*word, loc)).collect();
            for (var, value) in words.iter().zip(lowering.taken_in(&combiner, &partial, &own, loc)) {
                lowering.block.push(Stmt::Set { var: *var, value });
            }
        });
        self.contents(words[fold.result_word()], loc)
    }

    /// A new variable that holds what an operator combines nothing to.
    fn accumulator(&mut self, op: ReduceOp, dtype: DType) -> Var {
        let var = self.variable(op.name(), dtype);
        let identity = self.constant(op.identity(dtype));
        self.block.push(Stmt::Set { var, value: identity });
        var
    }

    fn contents(&mut self, var: Var, loc: Loc) -> Value {
        self.emit(Expr::Var(var), self.output.vars[var].dtype, loc)
    }

    fn take_in(&mut self, op: ReduceOp, var: Var, value: Value, loc: Loc) {
        let before = self.contents(var, loc);
        let value = self.op(op.combine(), &[before, value], loc);
        self.block.push(Stmt::Set { var, value });
    }

    /// Goes through a length in parts of a size, the last of which may be shorter: where each begins, and its length.
    fn in_parts(&mut self, length: Value, size: usize, loc: Loc, body: impl FnOnce(&mut Self, Value, Value)) {
        let [size, rest] = [size, size - 1].map(|number| self.usize(number));
        // A length is below 2^63, so this does not wrap.
        let up = self.op(ScalarOp::Add, &[length, rest], loc);
        let parts = self.op(ScalarOp::Div, &[up, size], loc);
        self.plain_loop(parts, loc, |lowering, part| {
            let start = lowering.op(ScalarOp::Mul, &[part, size], loc);
            let left = lowering.op(ScalarOp::Sub, &[length, start], loc);
            let own = lowering.op(ScalarOp::Min, &[left, size], loc);
            body(lowering, start, own);
        });
    }
}
