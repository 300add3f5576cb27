//! Going through blocks that change, with what is known in each.
//!
//! ```text
//! in_blocks(self, stmt, |own, block| …)      the branches of an `if`, each with its condition; the header and the body of a
//!                                            loop, with its indices; behind them what is known behind the statement
//! ```

use super::Bounds;
use parfuse_ir::loops::walk;
use parfuse_ir::loops::{Block, Loops, Stmt};

/// What goes through blocks and keeps what is known there.
pub(crate) trait Informed {
    /// What is known where it stands, and of which loops.
    fn known(&mut self) -> (&mut Bounds, &Loops);
}

/// Goes through the blocks inside a statement, each with what is known in it.
pub(crate) fn in_blocks<I: Informed>(
    informed: &mut I,
    stmt: &mut Stmt,
    mut each: impl FnMut(&mut I, &mut Block),
) {
    let (bounds, loops) = informed.known();
    let (scope, outside) = (bounds.scope(loops, stmt), bounds.mark());
    for (number, inner) in walk::blocks_mut(stmt).enumerate() {
        let (bounds, loops) = informed.known();
        bounds.open(loops, &scope, number, outside);
        each(informed, inner);
    }
    informed.known().0.close(&scope, outside);
}
