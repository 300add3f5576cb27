//! Shares: the iterations of a loop in neighbouring parts, which differ in length by one at most.
//!
//! ```text
//! 10 iterations in 4 shares      0 1 2 | 3 4 5 | 6 7 | 8 9
//! ```

use crate::emit::Emit;
use parfuse_ir::ScalarOp;
use parfuse_ir::loops::{Expr, Value};

/// A cutting into shares.
pub(crate) struct Shares {
    /// How many iterations the shorter shares have.
    each: Value,
    /// How many shares have one more: the first ones.
    rest: Value,
}

impl Shares {
    /// Cuts so many iterations into a number of shares that is not zero, unless there are none.
    pub(crate) fn new(to: &mut Emit<'_>, extent: Value, shares: Value) -> Shares {
        let each = to.op(ScalarOp::Div, extent, shares);
        let shared = to.op(ScalarOp::Mul, each, shares);
        let rest = to.op(ScalarOp::Sub, extent, shared);
        Shares { each, rest }
    }

    /// The first iteration of a share, and how many it has.
    pub(crate) fn of(&self, to: &mut Emit<'_>, share: Value) -> [Value; 2] {
        let before = to.op(ScalarOp::Mul, share, self.each);
        let longer = to.op(ScalarOp::Min, share, self.rest);
        let first = to.op(ScalarOp::Add, before, longer);
        let is_longer = to.op(ScalarOp::Lt, share, self.rest);
        let [none, one] = [0, 1].map(|number| to.constant(number));
        let more = to.define(Expr::Op(ScalarOp::Select, vec![is_longer, one, none]));
        let number = to.op(ScalarOp::Add, self.each, more);
        [first, number]
    }
}
