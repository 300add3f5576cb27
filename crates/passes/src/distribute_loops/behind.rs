//! Which statements of a loop's body iterations can do some iterations later, because no other iteration waits for them.
//!
//! ```text
//! v2 = x0  v3 = load b0[v1]  v4 = add v2, v3  x0 = v4        goes on from iteration to iteration, in order
//! v5 = ln v4  v6 = sqrt v5  store b1[v1], v6                 behind it: only this iteration's x0 matters, which is put aside
//! ```

use super::parts::{Touches, draws, stored};
use crate::hash::FastSet;
use crate::vectorize::VarSet;
use parfuse_ir::loops::walk;
use parfuse_ir::loops::{Block, Expr, Loops, Stmt, Value};

/// Which statements of a body go on from iteration to iteration, or are needed for that.
pub(super) struct Behind {
    in_order: Vec<bool>,
    touches: Vec<Touches>,
}

impl Behind {
    /// Given the variables that are live behind an iteration. Nobody who is behind may set them.
    pub(super) fn of(loops: &Loops, body: &[Stmt], live: &VarSet) -> Behind {
        let touches: Vec<Touches> = body.iter().map(|stmt| Touches::of(loops, stmt)).collect();
        let in_order = body.iter().zip(&touches).map(|(stmt, own)| {
            let sets = own.sets.iter().any(|var| live.contains(var));
            sets || walk::statements(std::slice::from_ref(stmt)).any(|stmt| draws(loops, stmt))
        });
        let mut behind = Behind { in_order: in_order.collect(), touches };
        behind.settle();
        behind
    }

    /// Finds what those that go on need, or must not be overtaken by.
    fn settle(&mut self) {
        loop {
            let found: Vec<usize> =
                (0..self.touches.len()).filter(|at| !self.in_order[*at] && self.is_needed(*at)).collect();
            if found.is_empty() {
                return;
            }
            found.into_iter().for_each(|position| self.in_order[position] = true);
        }
    }

    fn is_needed(&self, position: usize) -> bool {
        let own = &self.touches[position];
        self.touches.iter().enumerate().filter(|(other, _)| self.in_order[*other]).any(|(other, theirs)| {
            let is_later = position < other;
            // Truth values are not for arrays.
            theirs.decides.is_some_and(|value| own.uses.contains(&value))
                || !own.defines.is_disjoint(&theirs.uses)
                || is_later && !own.sets.is_disjoint(&theirs.reads)
                || is_later && !theirs.sets.is_disjoint(&own.reads)
                || !theirs.sets.is_disjoint(&own.sets)
                || !own.stores.is_disjoint(&theirs.loads)
                || !own.stores.is_disjoint(&theirs.stores)
                || !theirs.stores.is_disjoint(&own.loads)
        })
    }

    /// The statements in order, and those behind, if these store something.
    pub(super) fn parts(&self, body: &[Stmt]) -> Option<[Block; 2]> {
        let side = |in_order: bool| -> Block {
            let own = body.iter().zip(&self.in_order).filter(|(_, own)| **own == in_order);
            own.map(|(stmt, _)| stmt.clone()).collect()
        };
        let [first, second] = [true, false].map(side);
        let stores = walk::statements(&second).any(|stmt| stored(stmt).is_some());
        (stores && !first.is_empty()).then_some([first, second])
    }

    /// Has the last statement that stores something be in order; or else there is none.
    pub(super) fn give_up_a_store(&mut self) -> Option<()> {
        let stores = |at: &usize| !self.in_order[*at] && !self.touches[*at].stores.is_empty();
        let last = (0..self.touches.len()).rev().find(stores)?;
        self.in_order[last] = true;
        self.settle();
        Some(())
    }
}

/// Whether a part uses no value or variable of another but to compute: not to say where elements are, nor how often a loop runs.
pub(super) fn only_computes(loops: &Loops, first: &[Stmt], again: &[Stmt], second: &[Stmt]) -> bool {
    let mut unknown: FastSet<Value> = FastSet::default();
    walk::statements(first).for_each(|stmt| walk::defined(stmt, |value| _ = unknown.insert(value)));
    walk::statements(again).for_each(|stmt| walk::defined(stmt, |value| _ = unknown.remove(&value)));
    let mut vars: VarSet = walk::statements(first)
        .filter_map(|stmt| match stmt {
            Stmt::Set { var, .. } => Some(*var),
            _ => None,
        })
        .collect();
    // Variables that a branch sets tell which way it went.
    vars.extend(crate::vectorize::assigned(second));
    walk::statements(second).all(|stmt| match stmt {
        Stmt::Let(value) => {
            let expr = &loops.values[*value].expr;
            let is_unknown = match expr {
                Expr::Var(var) => vars.contains(var),
                expr => expr.operands().iter().any(|operand| unknown.contains(operand)),
            };
            let looks_up = matches!(expr, Expr::Load { .. });
            if is_unknown {
                unknown.insert(*value);
            }
            !(is_unknown && looks_up)
        }
        Stmt::Store { index, .. } => index.iter().all(|at| !unknown.contains(at)),
        Stmt::For { extent, .. } => !unknown.contains(extent),
        _ => true,
    })
}
