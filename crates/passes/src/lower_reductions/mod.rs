//! Makes loops of the reductions that no region does by itself: of several words of state, and into the elements of
//! arrays.
//!
//! ```text
//! parfor v0, v1 in n, m {                  alloc b3[groups, m]
//!   reduce sum x0 into b2[v1]              parfor v4, v1 in groups, m {
//!   v3: f64 = load b0[v0, v1]        ⇒       x1 = 0; for v5 in 16 { … x0 = load b0[16 v4 + v5, v1]; x1 = x1 + x0 }
//!   x0 = v3                                  store b3[v4, v1], x1
//! }                                        }
//!                                          parfor v1 in m { … b3[…, v1] in pairs …; store b2[v1], … }
//! ```
//!
//! The order in which elements are combined is that of [`parfuse_ir::grid`], said once more in loops: those of a block go
//! to [`LANES`](parfuse_ir::grid::LANES) accumulators in turn, which are lanes of the first loop (`blocks`); rows of other
//! dimensions than the last, and short ones, are taken in pieces in order, and the lanes run along the other dimensions
//! (`rows`). What pieces and accumulators have come to is combined by the loops behind (`partials`). It is not for this
//! pass to fuse: it comes when all loops are fused that are going to be.

mod blocks;
mod build;
mod partials;
mod rows;

use crate::Changed;
use build::Build;
use parfuse_ir::grid::IN_ORDER;
use parfuse_ir::loops::{Block, Loops, Parfor, Stmt, walk};
use parfuse_ir::{Scalar, ScalarOp};

/// Makes plain loops of all reductions but those by an operator into a variable.
pub fn lower_reductions(loops: &mut Loops) -> Changed {
    // Most kernels have none, and their statements stay where they are.
    if !walk::statements(&loops.body).any(needs_loops) {
        return false.into();
    }
    let mut body = std::mem::take(&mut loops.body);
    walk::each_block_mut(&mut body, |block| {
        for stmt in std::mem::take(block) {
            match stmt {
                Stmt::Parfor(ref parfor) if needs_loops(&stmt) => block.append(&mut lowered(loops, parfor)),
                stmt => block.push(stmt),
            }
        }
    });
    loops.body = body;
    true.into()
}

/// Whether it is a parallel loop with a reduction that is not by an operator into a variable.
fn needs_loops(stmt: &Stmt) -> bool {
    matches!(stmt, Stmt::Parfor(parfor) if parfor.reductions.iter().any(|own| own.as_simple().is_none()))
}

fn lowered(loops: &mut Loops, parfor: &Parfor) -> Block {
    let axis = parfor.reductions[0].axis(&parfor.indices);
    let mut build = Build::new(loops, parfor);
    let Some(axis) = axis else {
        blocks::everything(&mut build);
        return build.block;
    };
    let is_last = axis + 1 == parfor.indices.len();
    let length = parfor.extents[axis];
    let long: fn(&mut Build<'_>, usize) = if is_last { blocks::long_rows } else { rows::long_rows };
    match build.loops.constant(length) {
        Some(Scalar::Usize(length)) if length <= IN_ORDER => rows::short_rows(&mut build, axis),
        Some(_) => long(&mut build, axis),
        None => {
            let most = build.usize(IN_ORDER);
            let is_short = build.op(ScalarOp::Le, length, most);
            let (then, ()) = build.nested(|build| rows::short_rows(build, axis));
            let (otherwise, ()) = build.nested(|build| long(build, axis));
            build.block.push(Stmt::If { cond: is_short, then, otherwise });
        }
    }
    build.block
}
