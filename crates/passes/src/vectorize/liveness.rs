//! Which variables a block sets, and which it (or what follows it) may still read.
//!
//! Only variables that are live after a branch or around a loop become merged or carried values.

use parfuse_ir::loops::{Expr, Loops, Parfor, Reduction, Stmt, Var, walk};
use std::collections::BTreeSet;

/// A set of variables.
pub(crate) type VarSet = BTreeSet<Var>;

/// The variables that a block sets; of parallel loops inside it only the reductions' targets.
pub(crate) fn assigned(block: &[Stmt]) -> VarSet {
    let mut vars = VarSet::new();
    walk::visit_within(block, false, |stmt, in_parallel| {
        match stmt {
            Stmt::Set { var, .. } if !in_parallel => drop(vars.insert(*var)),
            Stmt::Parfor(parfor) => vars.extend(parfor.reductions.iter().flat_map(Reduction::target_vars)),
            _ => {}
        }
        in_parallel || matches!(stmt, Stmt::Parfor(_))
    });
    vars
}

/// The variables live before a block, given those live after it.
pub(crate) fn live_before(loops: &Loops, block: &[Stmt], live_after: &VarSet) -> VarSet {
    block.iter().rev().fold(live_after.clone(), |live, stmt| before_stmt(loops, stmt, live))
}

/// For each statement of a block that has blocks of its own the variables live after it, given those live after the block.
/// Nobody asks that of others.
pub(super) fn live_points(loops: &Loops, block: &[Stmt], live_after: &VarSet) -> Vec<Option<VarSet>> {
    let mut points = Vec::with_capacity(block.len());
    let mut live = live_after.clone();
    for stmt in block.iter().rev() {
        let asked = matches!(stmt, Stmt::If { .. } | Stmt::While { .. } | Stmt::For { .. } | Stmt::Nest(_));
        points.push(asked.then(|| live.clone()));
        live = before_stmt(loops, stmt, live);
    }
    points.reverse();
    points
}

/// The variables live at the start of the header of a `while`, given those live after the loop.
///
/// Going round once more adds nothing: what a block reads before it sets it does not depend on what is live after it.
pub(crate) fn live_at_header(loops: &Loops, header: &[Stmt], body: &[Stmt], live_after: &VarSet) -> VarSet {
    let mut after_header = live_before(loops, body, live_after);
    after_header.extend(live_after);
    live_before(loops, header, &after_header)
}

/// The variables live before each iteration of a `for`, given those live after the loop.
pub(crate) fn live_at_iteration(loops: &Loops, body: &[Stmt], live_after: &VarSet) -> VarSet {
    let mut live = live_before(loops, body, live_after);
    live.extend(live_after);
    live
}

/// The variables that the body of a parallel loop reads from outside.
pub(super) fn live_into(loops: &Loops, parfor: &Parfor) -> VarSet {
    let locals: VarSet = parfor.reductions.iter().flat_map(|reduction| &reduction.locals).copied().collect();
    let mut live = live_before(loops, &parfor.body, &locals);
    live.retain(|var| !locals.contains(var));
    live
}

/// The variables live before a statement, given those live after it.
pub(crate) fn before_stmt(loops: &Loops, stmt: &Stmt, mut live: VarSet) -> VarSet {
    match stmt {
        Stmt::Let(value) => {
            if let Expr::Var(var) = loops.values[*value].expr {
                live.insert(var);
            }
            live
        }
        Stmt::Set { var, .. } => {
            live.remove(var);
            live
        }
        Stmt::If { then, otherwise, .. } => {
            let mut before = live_before(loops, then, &live);
            before.extend(live_before(loops, otherwise, &live));
            before
        }
        Stmt::While { header, body, .. } => live_at_header(loops, header, body, &live),
        Stmt::For { until, body, .. } => {
            live.extend(until);
            live_at_iteration(loops, body, &live)
        }
        Stmt::Parfor(parfor) => {
            live.extend(live_into(loops, parfor));
            live.extend(parfor.reductions.iter().flat_map(Reduction::target_vars));
            live
        }
        Stmt::Nest(nest) => live_before(loops, &nest.body, &live),
        Stmt::Alloc { .. }
        | Stmt::Move { .. }
        | Stmt::Resize { .. }
        | Stmt::Store { .. }
        | Stmt::Call(_)
        | Stmt::Check { .. } => live,
    }
}
