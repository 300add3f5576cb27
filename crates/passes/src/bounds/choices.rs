//! Indices that are chosen: each side is looked at where its condition has turned out so.
//!
//! ```text
//! v2: bool = eq v1, 0usize
//! v5: usize = select v2, v3, v4        v3 = v0 - 1 is below v0; v4 = v1 - 1 is, where v1 is not 0
//!
//! v2: bool = lt v1, v0                 what a remainder of less than 2 v0 has become: below v0 on both sides
//! v3: usize = sub v1, v0
//! v5: usize = select v2, v1, v3
//! ```

use super::{Bounds, Goal};
use crate::affine::{Linear, Term};
use parfuse_ir::ScalarOp;
use parfuse_ir::loops::{Expr, Loops, Value};

/// Choices of choices are looked into so deeply.
const MOST_CHOICES: u32 = 3;

impl Bounds {
    /// Whether an index is known to be below a length.
    pub(crate) fn is_below(&mut self, loops: &Loops, index: Value, len: Value) -> bool {
        self.is_below_within(loops, index, len, MOST_CHOICES)
    }

    fn is_below_within(&mut self, loops: &Loops, index: Value, len: Value, depth: u32) -> bool {
        let Expr::Op(ScalarOp::Select, choice) = &loops.values[index].expr else {
            let goals = self.below(loops, index, len);
            return self.holds(loops, &goals);
        };
        let (cond, yes, no) = (choice[0], choice[1], choice[2]);
        depth > 0
            && (self.is_remainder(loops, cond, yes, no, len)
                || [(yes, true), (no, false)].into_iter().all(|(side, holds)| {
                    let mark = self.mark();
                    self.decide(loops, cond, holds);
                    let below = self.is_below_within(loops, side, len, depth - 1);
                    self.go_back(mark);
                    below
                }))
    }

    /// Whether a choice is that between a number and what is left of it without a length, of a number below twice that.
    fn is_remainder(&mut self, loops: &Loops, cond: Value, yes: Value, no: Value, len: Value) -> bool {
        let is = |value: Value, op: ScalarOp| match &loops.values[value].expr {
            Expr::Op(found, operands) => *found == op && operands[..] == [yes, len],
            _ => false,
        };
        is(cond, ScalarOp::Lt) && is(no, ScalarOp::Sub) && self.is_below_twice(loops, yes, len)
    }

    /// Whether an index, were it computed with numbers without end, is known to be below twice a length.
    pub(crate) fn is_below_twice(&mut self, loops: &Loops, index: Value, len: Value) -> bool {
        let index = self.form(loops, index);
        let twice = match loops.constant(len).and_then(super::forms::number) {
            Some(len) => Linear::constant(2 * len),
            None => Linear::term(Term::Value(len)).times(2),
        };
        let room = twice.minus(&index).minus(&Linear::constant(1));
        self.holds(loops, &[Goal::NotNegative(room), Goal::NotNegative(index)])
    }
}
