//! Parallel loops and what stands for them, in whatever block they are.
//!
//! ```text
//! if v0 {                    if v0 {
//!   parfor v1 in v2 { … } ⇒    v3 = …  parfor v1 in v3 { … }
//! }                          }
//! ```

use crate::Changed;
use parfuse_ir::loops::walk::blocks_mut;
use parfuse_ir::loops::{Block, Loops, Parfor, Stmt};

/// How a pass replaces a loop: it puts other statements into the block, or gives the loop back to stay as it is.
pub(crate) type Replace = fn(&mut Loops, Parfor, &mut Block) -> Option<Parfor>;

/// Runs a pass on the outermost block of a program, which says whether it has changed it.
pub(crate) fn in_body(loops: &mut Loops, pass: impl FnOnce(&mut Loops, &mut Block) -> bool) -> Changed {
    let mut body = std::mem::take(&mut loops.body);
    let changed = pass(loops, &mut body);
    loops.body = body;
    changed.into()
}

/// Replaces the parallel loops of a program; not those inside others.
pub(crate) fn replace_loops(loops: &mut Loops, replace: Replace) -> Changed {
    in_body(loops, |loops, body| in_block(loops, body, replace))
}

fn in_block(loops: &mut Loops, block: &mut Block, replace: Replace) -> bool {
    let mut changed = false;
    for mut stmt in std::mem::take(block) {
        if let Stmt::Parfor(parfor) = stmt {
            match replace(loops, parfor, block) {
                None => changed = true,
                Some(parfor) => block.push(Stmt::Parfor(parfor)),
            }
            continue;
        }
        blocks_mut(&mut stmt).for_each(|inner| changed |= in_block(loops, inner, replace));
        block.push(stmt);
    }
    changed
}
