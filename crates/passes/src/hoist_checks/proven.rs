//! Checks that hold wherever the program comes by.
//!
//! ```text
//! v0: usize = dim b0, 0
//! for v1 in v0 {
//!   v2: bool = lt v1, v0
//!   check v2, …               gone
//! ```

use crate::bounds::{Bounds, Informed, in_blocks};
use parfuse_ir::ScalarOp;
use parfuse_ir::loops::{Block, Expr, Loops, Stmt, Value};

/// Removes the checks that are known to hold.
pub(super) fn remove(loops: &Loops, body: &mut Block) -> bool {
    Removal { loops, bounds: Bounds::default() }.block(body)
}

struct Removal<'a> {
    loops: &'a Loops,
    bounds: Bounds,
}

impl Informed for Removal<'_> {
    fn known(&mut self) -> (&mut Bounds, &Loops) {
        (&mut self.bounds, self.loops)
    }
}

impl Removal<'_> {
    fn block(&mut self, block: &mut Block) -> bool {
        let before = block.len();
        let mut changed = false;
        block.retain_mut(|stmt| {
            let loops = self.loops;
            self.bounds.pass(loops, stmt);
            if let Stmt::Check { ok, .. } = stmt {
                let holds = self.holds(*ok);
                self.bounds.pass_check(loops, *ok);
                return !holds;
            }
            in_blocks(self, stmt, |own, inner| changed |= own.block(inner));
            true
        });
        changed || block.len() < before
    }

    fn holds(&mut self, ok: Value) -> bool {
        let (index, len) = match &self.loops.values[ok].expr {
            Expr::Op(ScalarOp::Lt, args) => (args[0], args[1]),
            Expr::Op(ScalarOp::Gt, args) => (args[1], args[0]),
            _ => return self.loops.constant_bool(ok) == Some(true),
        };
        if !self.loops.dtype(index).is_index() {
            return false;
        }
        self.bounds.is_below(self.loops, index, len)
    }
}
