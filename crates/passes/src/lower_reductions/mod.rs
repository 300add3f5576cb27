//! Makes loops of the reductions that no region does by itself: of several words of state, and into the elements of
//! arrays.
//!
//! ```text
//! parfor v0, v1 in n, m {                  alloc b3[groups, m]
//!   reduce sum x0 into b2[v1]              parfor v4, v1 in groups, m {
//!   v3: f64 = load b0[v0, v1]        ⇒       x1 = 0; for v5 in 16 {
//!   x0 = v3                                    x2 = 0; for v6 in 16 { … x0 = load b0[256 v4 + 16 v5 + v6, v1]; x2 = x2 + x0 }
//! }                                            x1 = x1 + x2
//!                                            }
//!                                            store b3[v4, v1], x1
//!                                          }
//!                                          parfor v1 in m { … b3[…, v1] in pairs …; store b2[v1], … }
//! ```
//!
//! The order in which elements are combined is that of [`parfuse_ir::grid`], said once more in loops: those of a block go
//! to [`LANES`](parfuse_ir::grid::LANES) accumulators in turn, which are a dimension of the first loop (`blocks`); rows
//! along an axis are taken in by pieces in order, and the lanes run along any other dimension (`rows`), that along which
//! neighbours lie (`interchange_loops`). What groups and accumulators have come to is combined by the loops behind
//! (`partials`). It is not for this pass to fuse: it comes when all loops are fused that are going to be. A loop that may fail
//! keeps its order, and what its iterations contribute is combined behind it.

mod blocks;
mod build;
mod partials;
mod rows;

use crate::Changed;
use crate::emit::Emit;
use crate::interchange_loops::with_last;
use crate::kept::Kept;
use crate::lane_cost::lane_cost;
use build::Build;
use parfuse_ir::grid::{GROUP, LONG_ROW};
use parfuse_ir::loops::{Block, Loops, Parfor, Stmt, Value, walk};
use parfuse_ir::{Loc, Scalar, ScalarOp};

/// Where the elements of a row are at most so many apart, a group of them lies in few pages.
const NEAR: usize = 512;

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
    let may_fail = walk::statements(&parfor.body).any(|stmt| matches!(stmt, Stmt::Check { .. }));
    if may_fail && axis.is_none() {
        return kept(loops, parfor);
    }
    let mut build = Build::new(loops, parfor);
    let Some(axis) = axis else {
        blocks::everything(&mut build);
        return build.block;
    };
    let length = parfor.extents[axis];
    either(
        &mut build,
        ScalarOp::Le,
        length,
        GROUP,
        |build| rows::short_rows(build, axis),
        |build| long_rows(build, axis),
    );
    build.block
}

/// Where an iteration may fail, iterations have to come in their order, for the lowest one that does to be named: the loop
/// stays what it is, and keeps what its iterations contribute for one behind it.
fn kept(loops: &mut Loops, parfor: &Parfor) -> Block {
    let loc = parfor.sources.last().map_or(Loc::NONE, |source| source.loc);
    let mut block = Block::new();
    let mut to = Emit { loops, block: &mut block, loc };
    let kept = Kept::new(&mut to, &parfor.reductions, &parfor.extents).expect("all totals go to variables");
    let mut body = Block::new();
    kept.begin(loops, &mut body);
    body.extend(parfor.body.iter().cloned());
    kept.keep(loops, &parfor.indices, &mut body, loc);
    block.push(Stmt::Parfor(Parfor { reductions: Vec::new(), body, ..parfor.clone() }));
    let mut behind = Block::new();
    kept.combine(loops, parfor.sources.clone(), parfor.grain, &mut behind, loc);
    for stmt in behind {
        match stmt {
            Stmt::Parfor(ref parfor) => block.append(&mut lowered(loops, parfor)),
            stmt => block.push(stmt),
        }
    }
    block
}

/// Reduces rows of several groups.
fn long_rows(build: &mut Build<'_>, axis: usize) {
    let extents = &build.parfor.extents;
    let Some((first, more)) = extents[axis + 1..].split_first() else {
        return either(
            build,
            ScalarOp::Le,
            extents[axis],
            LONG_ROW,
            // Lanes run from row to row, or whichever way neighbours lie.
            |build| rows::long_rows(build, axis, 0),
            |build| blocks::long_rows(build, axis),
        );
    };
    // Along memory, a whole group of a row is a few cache lines.
    if lies_along(build, axis) {
        return rows::long_rows(build, axis, axis);
    }
    let distance = more.iter().fold(*first, |all, extent| build.op(ScalarOp::Mul, all, *extent));
    either(
        build,
        ScalarOp::Le,
        distance,
        NEAR,
        |build| rows::long_rows(build, axis, axis),
        |build| rows::far_rows(build, axis),
    );
}

/// Whether neighbours lie along a dimension.
fn lies_along(build: &Build<'_>, axis: usize) -> bool {
    let dimensions = (0..build.parfor.indices.len()).rev();
    let cheapest = dimensions.min_by_key(|last| lane_cost(build.loops, &with_last(build.parfor, *last), 0));
    cheapest == Some(axis)
}

/// One of two things, as a number compares with a constant: decided at once if it is one, too.
fn either(
    build: &mut Build<'_>,
    compare: ScalarOp,
    number: Value,
    with: usize,
    then: impl FnOnce(&mut Build<'_>),
    otherwise: impl FnOnce(&mut Build<'_>),
) {
    let with = build.usize(with);
    let cond = build.op(compare, number, with);
    match build.loops.constant(cond) {
        Some(Scalar::Bool(true)) => then(build),
        Some(_) => otherwise(build),
        None => {
            let (then, ()) = build.nested(then);
            let (otherwise, ()) = build.nested(otherwise);
            build.block.push(Stmt::If { cond, then, otherwise });
        }
    }
}
