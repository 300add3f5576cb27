//! Numbers that a condition has chosen: by a select, or by two branches that set a variable.
//!
//! ```text
//! if v3 { x0 = v4 } else { x0 = v5 }   v6 = x0        v6 is v4 where v3 holds, and v5 where it does not
//! x0 = v5   if v3 { x0 = v4 }   v6 = x0               the same
//! v6 = select v3, v4, v5                              the same
//! ```
//!
//! Only what is read in the very block that the branches stand in counts: there all four are of one time.

use crate::hash::FastMap;
use parfuse_ir::ScalarOp;
use parfuse_ir::loops::walk;
use parfuse_ir::loops::{Block, Expr, Loops, Stmt, Value, Var};

/// A number that is one of two.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) struct Choice {
    pub(super) cond: Value,
    /// Where the condition holds.
    pub(super) yes: Value,
    /// Where it does not.
    pub(super) no: Value,
}

/// The values in a loop that are such numbers.
pub(super) fn choices_in(loops: &Loops, stmt: &Stmt) -> FastMap<Value, Choice> {
    let mut found = FastMap::default();
    walk::blocks(stmt).for_each(|block| in_block(loops, block, &mut found));
    found
}

/// What a variable holds.
#[derive(Clone, Copy)]
enum Held {
    One(Value),
    Chosen(Choice),
}

fn in_block(loops: &Loops, block: &Block, found: &mut FastMap<Value, Choice>) {
    let mut held: FastMap<Var, Held> = FastMap::default();
    for stmt in block {
        match stmt {
            Stmt::Let(value) => match &loops.values[*value].expr {
                Expr::Var(var) => {
                    if let Some(Held::Chosen(choice)) = held.get(var) {
                        found.insert(*value, *choice);
                    }
                }
                Expr::Op(ScalarOp::Select, args) => {
                    found.insert(*value, Choice { cond: args[0], yes: args[1], no: args[2] });
                }
                _ => {}
            },
            Stmt::Set { var, value } => {
                held.insert(*var, Held::One(*value));
            }
            Stmt::If { cond, then, otherwise } => {
                for var in set_in(stmt) {
                    let before = match held.remove(&var) {
                        Some(Held::One(value)) => Some(value),
                        _ => None,
                    };
                    let [yes, no] = [then, otherwise].map(|side| last_set(side, var, before));
                    if let (Some(yes), Some(no)) = (yes, no) {
                        held.insert(var, Held::Chosen(Choice { cond: *cond, yes, no }));
                    }
                }
            }
            stmt => set_in(stmt).iter().for_each(|var| {
                held.remove(var);
            }),
        }
        walk::blocks(stmt).for_each(|inner| in_block(loops, inner, found));
    }
}

/// What a variable holds behind a block, which has held something before it.
fn last_set(block: &Block, var: Var, before: Option<Value>) -> Option<Value> {
    match block.iter().rev().find(|stmt| set_in(stmt).contains(&var)) {
        None => before,
        Some(Stmt::Set { value, .. }) => Some(*value),
        Some(_) => None,
    }
}

/// The variables that a statement may set.
fn set_in(stmt: &Stmt) -> Vec<Var> {
    let mut set = Vec::new();
    walk::statements(std::slice::from_ref(stmt)).for_each(|stmt| match stmt {
        Stmt::Set { var, .. } => set.push(*var),
        Stmt::Parfor(parfor) => {
            for reduction in &parfor.reductions {
                set.extend(reduction.target_vars().chain(reduction.locals.iter().copied()));
            }
        }
        _ => {}
    });
    set.sort_unstable();
    set.dedup();
    set
}
