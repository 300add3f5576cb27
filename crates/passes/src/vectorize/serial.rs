//! Lane loops and nests as serial code.
//!
//! ```text
//! parfor v1 in v0 {                            parfor v1 in v0 {
//!   parfor v2 in v1 {                            for v2 in v1 {
//!     reduce sum x0 into x1                        x0 = 0
//!     x0 = …                             ⇒         x0 = …
//!   }                                              x1 = add x1, x0
//! }                                              }
//!                                              }
//! ```
//!
//! The reductions of lane loops are exact in any order, so in this one, too.

use parfuse_ir::loops::walk::{self, blocks_mut};
use parfuse_ir::loops::{Block, Expr, Loops, Parfor, Stmt, Value};
use parfuse_ir::{Loc, ScalarOp};
use std::borrow::Cow;

/// The loops with serial loops in place of lane loops, and what nests do in their place.
pub(super) fn without_lane_loops(loops: &Loops) -> Cow<'_, Loops> {
    let mut any = false;
    walk::visit_within(&loops.body, false, |stmt, in_region| {
        let (parallel, nest) = (matches!(stmt, Stmt::Parfor(_)), matches!(stmt, Stmt::Nest(_)));
        any |= nest || (parallel && in_region);
        in_region || parallel || nest
    });
    if !any {
        return Cow::Borrowed(loops);
    }
    let mut serial = loops.clone();
    let mut body = std::mem::take(&mut serial.body);
    in_block(&mut serial, &mut body, false);
    serial.body = body;
    Cow::Owned(serial)
}

fn in_block(loops: &mut Loops, block: &mut Block, in_region: bool) {
    for mut stmt in std::mem::take(block) {
        let region = in_region || matches!(stmt, Stmt::Parfor(_) | Stmt::Nest(_));
        blocks_mut(&mut stmt).for_each(|inner| in_block(loops, inner, region));
        match stmt {
            Stmt::Parfor(parfor) if in_region => block.push(in_order(loops, parfor)),
            Stmt::Nest(nest) => block.extend(nest.body),
            stmt => block.push(stmt),
        }
    }
}

/// A lane loop as a serial one.
fn in_order(loops: &mut Loops, parfor: Parfor) -> Stmt {
    let Parfor { indices, extents, reductions, body, .. } = parfor;
    let (mut before, mut after) = (Block::new(), Block::new());
    for reduction in &reductions {
        let (op, local, target) = reduction.as_simple().expect("a lane loop reduces by operators");
        let dtype = loops.vars[local].dtype;
        let mut value = |expr: Expr| -> Value { loops.value(expr, dtype, Loc::NONE) };
        let identity = value(Expr::Const(op.identity(dtype)));
        before.push(Stmt::Set { var: local, value: identity });
        let (total, own) = (value(Expr::Var(target)), value(Expr::Var(local)));
        let sum: ScalarOp = op.combine();
        let combined = value(Expr::Op(sum, vec![total, own]));
        after.extend([total, own, combined].map(Stmt::Let));
        after.push(Stmt::Set { var: target, value: combined });
    }
    before.extend(body);
    before.append(&mut after);
    Stmt::For { index: indices[0], extent: extents[0], until: None, body: before }
}
