//! Iterations keep their numbers when the space of their loop changes.
//!
//! ```text
//! parfor v0, v1 in v8, v9 {             parfor v0, v1, v3 in v8, v9, v10 {
//!   for v3 in v10 {                       v4: usize = mul v0, v9
//!     v2: usize = linear_index     ⇒      v5: usize = add v4, v1
//!     check v6, …                         check v6, … in v5
//! ```
//!
//! Random numbers are drawn for the position of an iteration, and checks report it.

use crate::renames::Renames;
use parfuse_ir::loops::walk;
use parfuse_ir::loops::{Block, Expr, Loops, Parfor, Stmt, Value};
use parfuse_ir::{DType, Loc, Scalar, ScalarOp};

/// Has checks report the iteration that a loop had before, and random numbers be those of that iteration.
pub(crate) fn keep_positions(loops: &mut Loops, before: &Parfor, parfor: &mut Parfor) {
    let mut places = Vec::new();
    walk::statements(&parfor.body).for_each(|stmt| match stmt {
        Stmt::Let(value) if loops.values[*value].expr == Expr::LinearIndex => places.push(*value),
        _ => {}
    });
    let silent = |stmt: &Stmt| matches!(stmt, Stmt::Check { iteration: None, .. });
    if places.is_empty() && !walk::statements(&parfor.body).any(silent) {
        return;
    }
    let (position, mut body) = row_major(loops, before);
    body.append(&mut parfor.body);
    parfor.body = body;
    walk::visit_mut(&mut parfor.body, |stmt| {
        if let Stmt::Check { iteration: iteration @ None, .. } = stmt {
            *iteration = Some(position);
        }
    });
    let mut renames = Renames::new(loops);
    for place in &places {
        renames.set(*place, position);
    }
    walk::retain(&mut parfor.body, |stmt| !matches!(stmt, Stmt::Let(value) if places.contains(value)));
    renames.block(loops, &mut parfor.body);
}

/// An iteration's position in the space of a loop, and the statements that compute it.
fn row_major(loops: &mut Loops, parfor: &Parfor) -> (Value, Block) {
    let mut block = Block::new();
    let mut op = |op, a, b| {
        let value = loops.value(Expr::Op(op, vec![a, b]), DType::Usize, Loc::NONE);
        block.push(Stmt::Let(value));
        value
    };
    let dimensions = parfor.indices.iter().copied().zip(parfor.extents.iter().copied());
    let position = dimensions.reduce(|(position, _), (index, extent)| {
        let rows = op(ScalarOp::Mul, position, extent);
        (op(ScalarOp::Add, rows, index), extent)
    });
    let position = position.map(|(position, _)| position);
    let zero = Expr::Const(Scalar::Usize(0));
    (position.unwrap_or_else(|| loops.value(zero, DType::Usize, Loc::NONE)), block)
}
