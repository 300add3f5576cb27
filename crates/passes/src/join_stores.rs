//! Makes one store of two with which both sides of a branch end.
//!
//! ```text
//! if v1 {                       if v1 {
//!   v2: f64 = …                   v2: f64 = …
//!   store b0[v0], v2              x0 = v2
//! } else {                ⇒     } else {
//!   store b0[v0], v3              x0 = v3
//! }                             }
//!                               v4: f64 = x0
//!                               store b0[v0], v4
//! ```
//!
//! One store of all lanes is cheaper than two of some, much so where stores under a mask are slow. The element is the
//! same on both sides if its index is the same values, which then come from in front of the branch.

use crate::Changed;
use crate::replace_loops::in_body;
use parfuse_ir::loops::walk::blocks_mut;
use parfuse_ir::loops::{Block, Expr, Loops, Stmt, VarData};

/// Joins the stores of both sides of branches.
pub fn join_stores(loops: &mut Loops) -> Changed {
    in_body(loops, in_block)
}

fn in_block(loops: &mut Loops, block: &mut Block) -> bool {
    let (mut changed, mut at) = (false, 0);
    while at < block.len() {
        blocks_mut(&mut block[at]).for_each(|inner| changed |= in_block(loops, inner));
        if let Some(joined) = joined(loops, &mut block[at]) {
            block.splice(at + 1..at + 1, joined);
            changed = true;
        }
        at += 1;
    }
    changed
}

/// What follows a branch whose sides have left their last store to it.
fn joined(loops: &mut Loops, stmt: &mut Stmt) -> Option<[Stmt; 2]> {
    let Stmt::If { then, otherwise, .. } = stmt else { return None };
    let (Some(first), Some(second)) = (then.last_mut(), otherwise.last_mut()) else { return None };
    let (
        Stmt::Store { buffer, index, value: yes, loc },
        Stmt::Store { buffer: other, index: same, value: no, .. },
    ) = (&*first, &*second)
    else {
        return None;
    };
    if buffer != other || index != same {
        return None;
    }
    let (buffer, index, loc, yes, no) = (*buffer, index.clone(), *loc, *yes, *no);
    let (name, dtype) = (loops.buffers[buffer].name.clone(), loops.buffers[buffer].dtype);
    let var = loops.vars.push(VarData { name, dtype });
    *first = Stmt::Set { var, value: yes };
    *second = Stmt::Set { var, value: no };
    let value = loops.value(Expr::Var(var), dtype, loc);
    Some([Stmt::Let(value), Stmt::Store { buffer, index, value, loc }])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{check, unchanged};

    fn kernel(body: &str, vars: &str) -> String {
        format!(
            "loops f(n: usize, c: bool, x: f64, mut b0 r: f64[unit], mut b1 s: f64[unit]) {{
               {vars} for v0 in n {{ {body} }}
             }}"
        )
    }

    #[test]
    fn both_sides_leave_their_last_store_to_what_follows() {
        let branch = "if c { v1: f64 = mul x, 2.0f64 store b0[v0], v1 } else { store b0[v0], x }";
        let joined = "if c { v1: f64 = mul x, 2.0f64 x0 = v1 } else { x0 = x } v6: f64 = x0 store b0[v0], v6";
        check(join_stores, &kernel(branch, ""), &kernel(joined, "var x0 r: f64"));
    }

    #[test]
    fn chains_of_branches_store_once() {
        let inner = "if c { store b0[v0], 1.0f64 } else { store b0[v0], 2.0f64 }";
        let text = kernel(&format!("if c {{ store b0[v0], x }} else {{ {inner} }}"), "");
        let after = crate::testing::run(join_stores, &text).to_string();
        assert_eq!(after.matches("store").count(), 1, "{after}");
    }

    #[test]
    fn other_elements_and_other_arrays_stay_apart() {
        unchanged(join_stores, &kernel("if c { store b0[v0], x } else { store b1[v0], x }", ""));
        unchanged(join_stores, &kernel("if c { store b0[v0], x } else { store b0[0usize], x }", ""));
        unchanged(join_stores, &kernel("if c { store b0[v0], x }", ""));
    }
}
