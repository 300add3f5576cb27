//! Whether a side of a branch is worth jumping over when no lane takes it.

use parfuse_ir::loops::{Expr, Loops, Stmt};
use parfuse_ir::math::is_expansion;
use parfuse_ir::{DType, ScalarOp};

/// Up to this many primitive operations run faster under masks than a branch is decided.
const CHEAP: usize = 16;
/// About what the expansion of a mathematical function or a random number takes.
const FUNCTION: usize = 20;

/// Whether a side runs under masks without a branch around it. Loops, stores and checks always get one.
pub(crate) fn is_cheap(loops: &Loops, block: &[Stmt]) -> bool {
    cost(loops, block).is_some_and(|operations| operations <= CHEAP)
}

fn cost(loops: &Loops, block: &[Stmt]) -> Option<usize> {
    block
        .iter()
        .map(|stmt| match stmt {
            Stmt::Let(value) => {
                let data = &loops.values[*value];
                Some(match &data.expr {
                    Expr::Op(op, _) => operation_cost(*op, data.dtype),
                    Expr::Random { .. } => FUNCTION,
                    Expr::Load { index, .. } => 2 * index.len(),
                    Expr::Cast(_) => 1,
                    _ => 0,
                })
            }
            Stmt::Set { .. } => Some(1),
            Stmt::If { then, otherwise, .. } => Some(cost(loops, then)? + cost(loops, otherwise)?),
            _ => None,
        })
        .sum()
}

fn operation_cost(op: ScalarOp, dtype: DType) -> usize {
    match op {
        op if is_expansion(op) => FUNCTION,
        ScalarOp::Rem => FUNCTION,
        ScalarOp::Div if !dtype.is_float() => FUNCTION,
        _ => 1,
    }
}
