//! Decides in front of serial loops what is the same in all of their iterations.
//!
//! ```text
//! for v1 in v0 {                             if v2 {
//!   if v2 { A } else { B }                     for v3 in v0 { A  C }
//!   C                                 ⇒      } else {
//! }                                            for v4 in v0 { B  C }
//!                                            }
//! ```
//!
//! So it goes with rows that have one above them, and with options of a method. Only loops that run one iteration after the
//! other are treated, of those the innermost, and few statements are written twice: in lanes both sides are computed anyway.

use crate::Changed;
use crate::copies::Copies;
use crate::hash::FastSet;
use crate::replace_loops::in_body;
use parfuse_ir::loops::walk::{self, blocks_mut};
use parfuse_ir::loops::{Block, Expr, Loops, Stmt, Value};
use parfuse_ir::{DType, Loc, Scalar};

/// The most statements of a loop that is written twice.
const MOST_STATEMENTS: usize = 40;
/// The most statements that are written in addition.
pub(crate) const MOST_IN_ALL: usize = 400;

/// Decides in front of serial loops what is the same in all of their iterations.
pub fn unswitch_loops(loops: &mut Loops) -> Changed {
    in_body(loops, |loops, body| in_block(loops, body, &mut { MOST_IN_ALL }))
}

fn in_block(loops: &mut Loops, block: &mut Block, left: &mut usize) -> bool {
    let mut changed = false;
    let mut pending: Vec<Stmt> = std::mem::take(block).into_iter().rev().collect();
    while let Some(mut stmt) = pending.pop() {
        if let Some(cond) = decided(loops, &stmt, left) {
            let [then, otherwise] = [true, false].map(|holds| {
                let mut side = Block::new();
                let known = loops.value(Expr::Const(Scalar::Bool(holds)), DType::Bool, Loc::NONE);
                let mut copies = Copies::default();
                copies.values.insert(cond, known);
                copies.block(loops, std::slice::from_ref(&stmt), &mut side);
                side
            });
            pending.push(Stmt::If { cond, then, otherwise });
            changed = true;
            continue;
        }
        if runs_in_order(&stmt) {
            blocks_mut(&mut stmt).for_each(|inner| changed |= in_block(loops, inner, left));
        }
        block.push(stmt);
    }
    changed
}

/// Whether the loops inside a statement run one iteration after the other.
pub(crate) fn runs_in_order(stmt: &Stmt) -> bool {
    match stmt {
        Stmt::Parfor(parfor) => parfor.elements,
        _ => true,
    }
}

/// The body of a loop that counts, without loops or launches inside, and of few statements.
pub(crate) fn innermost(stmt: &Stmt, most: usize) -> Option<&Block> {
    let Stmt::For { until: None, body, .. } = stmt else { return None };
    let simple = |stmt: &Stmt| {
        matches!(
            stmt,
            Stmt::Let(_) | Stmt::Set { .. } | Stmt::Store { .. } | Stmt::Check { .. } | Stmt::If { .. }
        )
    };
    let fits = walk::statements(body).count() <= most && walk::statements(body).all(simple);
    fits.then_some(body)
}

/// The first condition in a loop that is none of its own values, if it is to be decided in front.
fn decided(loops: &Loops, stmt: &Stmt, left: &mut usize) -> Option<Value> {
    let body = innermost(stmt, MOST_STATEMENTS)?;
    let mut own: FastSet<Value> = FastSet::default();
    walk::statements(body).for_each(|stmt| walk::defined(stmt, |value| _ = own.insert(value)));
    let cond = walk::statements(body).find_map(|stmt| match stmt {
        Stmt::If { cond, .. } if !own.contains(cond) && loops.constant_bool(*cond).is_none() => Some(*cond),
        _ => None,
    })?;
    *left = left.checked_sub(walk::statements(body).count())?;
    Some(cond)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{run, unchanged};

    fn kernel(body: &str) -> String {
        format!("loops f(n: usize, c: bool, b0 a: f64[unit], mut b1 r: f64[unit]) {{ var x0 s: f64 {body} }}")
    }

    const BRANCH: &str = "if c { store b1[v0], 1.0f64 } else { v2: f64 = load b0[v0] store b1[v0], v2 }";

    #[test]
    fn what_all_iterations_find_the_same_is_decided_in_front() {
        let after = run(unswitch_loops, &kernel(&format!("for v0 in n {{ {BRANCH} }}"))).to_string();
        assert_eq!((after.matches("for ").count(), after.matches("if c").count()), (2, 1), "{after}");
        assert_eq!(after.matches("if true").count() + after.matches("if false").count(), 2, "{after}");
    }

    #[test]
    fn loops_around_loops_and_conditions_of_iterations_stay() {
        unchanged(
            unswitch_loops,
            &kernel(
                "for v0 in n { v1: f64 = load b0[v0] v2: bool = lt v1, 0.5f64 if v2 { store b1[v0], v1 } }",
            ),
        );
        unchanged(unswitch_loops, &kernel("for v0 in n { if c { for v1 in n { store b1[v1], 1.0f64 } } }"));
        unchanged(unswitch_loops, &kernel(&format!("parfor v3 in n {{ for v0 in n {{ {BRANCH} }} }}")));
    }
}
