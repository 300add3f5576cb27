//! Which serial loops have iterations that do not need one another.
//!
//! ```text
//! for v1 in v0 { store b1[v1], … }                 an element for each iteration
//! for v1 in v0 { x0 = …; … x0 … }                  a variable that each sets before it reads it, and nobody behind the loop
//! for v1 in v0 { x1 = add x1, v2 }                 an integer, combined by one operator: x1 may be a total
//! for v1 in v0 { x2 = add x2, v3 }                 no: a float
//! for v1 in v0 { load b1[v1 + 1]  store b1[v1] }   in lanes, which load before they store, but not in parallel
//! ```

use crate::bounds::Bounds;
use crate::check_parallel::shared_array;
use crate::combines::only_combines;
use crate::loop_order::launches;
use crate::vectorize::{VarSet, assigned, live_before};
use parfuse_ir::ReduceOp;
use parfuse_ir::grid::Grain;
use parfuse_ir::loops::{
    Block, Expr, Loops, Parfor, Reduction, SerialReason, Source, Stmt, Value, Var, walk,
};

/// Whether a loop does anything but compute and check.
pub(crate) fn has_effect(body: &Block) -> bool {
    let effect = |stmt: &Stmt| launches(stmt) || matches!(stmt, Stmt::Set { .. } | Stmt::Store { .. });
    walk::statements(body).any(effect)
}

/// The parallel loop that a serial one may become, its reductions still into the variables themselves. One that runs in
/// lanes in order may load what later iterations store to.
pub(crate) fn independent(
    loops: &Loops,
    bounds: &mut Bounds,
    stmt: &Stmt,
    live_after: &VarSet,
    in_order: bool,
) -> Result<Parfor, SerialReason> {
    let Stmt::For { index, extent, until, body } = stmt else { unreachable!("a loop") };
    if until.is_some() {
        return Err(SerialReason::Ends);
    }
    let reductions = reductions(loops, body, live_after)?;
    if let Some(array) = shared_array(loops, bounds, stmt, in_order) {
        return Err(SerialReason::CrossIteration { array: loops.buffers[array].name.clone() });
    }
    if walk::statements(body).any(launches) {
        return Err(SerialReason::Launches);
    }
    if walk::statements(body).any(|stmt| matches!(stmt, Stmt::Check { .. })) {
        return Err(SerialReason::Checks);
    }
    Ok(Parfor {
        indices: vec![*index],
        extents: vec![*extent],
        reductions,
        grain: Grain::of(body),
        elements: false,
        sources: vec![Source::new("for", loops.values[*index].loc)],
        body: body.clone(),
    })
}

/// What the iterations of a loop combine, if they share no other variable.
fn reductions(loops: &Loops, body: &Block, live_after: &VarSet) -> Result<Vec<Reduction>, SerialReason> {
    let mut outside = live_before(loops, body, &VarSet::new());
    outside.extend(live_after);
    let shared = &assigned(body) & &outside;
    let reduction = |var: Var| {
        let dtype = loops.vars[var].dtype;
        let combines = |op: &&ReduceOp| op.applies_to(dtype) && only_combines(loops, body, **op, var);
        let exact = ReduceOp::ALL.iter().find(combines).filter(|_| !dtype.is_float());
        exact.map(|op| Reduction::simple(*op, var, var))
    };
    let carried = |var: Var| SerialReason::Carried { variable: loops.vars[var].name.clone() };
    shared.into_iter().map(|var| reduction(var).ok_or_else(|| carried(var))).collect()
}

/// Gives the reductions of a loop that [`independent`] has returned variables of the iterations.
pub(crate) fn own_locals(loops: &mut Loops, parfor: &mut Parfor) {
    for reduction in &mut parfor.reductions {
        let (op, _, target) = reduction.as_simple().expect("it is by an operator");
        let local = loops.vars.push(loops.vars[target].clone());
        rename(loops, &mut parfor.body, target, local);
        *reduction = Reduction::simple(op, local, target);
    }
}

/// Has a block use another variable.
fn rename(loops: &mut Loops, block: &mut Block, from: Var, to: Var) {
    let mut reads: Vec<Value> = Vec::new();
    walk::visit_mut(block, |stmt| match stmt {
        Stmt::Set { var, .. } if *var == from => *var = to,
        Stmt::Let(value) => reads.push(*value),
        _ => {}
    });
    for value in reads {
        let expr = &mut loops.values[value].expr;
        if *expr == Expr::Var(from) {
            *expr = Expr::Var(to);
        }
    }
}
