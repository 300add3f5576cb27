//! Makes the last serial loop of a parallel loop a dimension of its space, and so its iterations the lanes.
//!
//! ```text
//! parfor v1 in v0 {                           parfor v1, v3 in v0, v2 {
//!   v4: f64 = load b0[v1]                       v4: f64 = load b0[v1]          the same for a row
//!   for v3 in v2 {                      ⇒       v5: f64 = load b1[v1, v3]      neighbours
//!     v5: f64 = load b1[v1, v3]                 …
//!     …                                         store b2[v1, v3], v6
//!     store b2[v1, v3], v6                    }
//!   }
//! }
//! ```
//!
//! That is right if no iteration of the serial loop needs another: none reads a variable that another sets, none
//! touches an element that another writes. What stands in front of the loop is now computed for each element, or
//! rather once a row, so it may only compute; what it loads nobody may write. Nothing stands behind the loop.
//! Elements stay in the order in which the iterations ran, so a fault is that of the lowest iteration as before.
//!
//! Reductions take in one contribution for an element instead of one for a row. That changes nothing where
//! numbers combine the same in any order; with a reduction of floats the loop stays as it is.
//!
//! Loops inside loops become dimensions as long as the space has room. How many do is decided by what memory
//! costs, see [`crate::lane_cost`]: Of equal ones a dimension more is better, for it makes more blocks.
//! A loop that would be the better lanes but cannot be is noted with the reason. Lanes need not run along the last dimension
//! in the end: where the loop outside is the better one, loops inside are rows ([`crate::interchange_loops`]). A parallel loop
//! with several loops inside is several ([`parts`]) if they can become one again.

use crate::Changed;
use crate::bounds::Bounds;
use crate::check_parallel::shared_array;
use crate::combines::only_combines;
use crate::effects::Effects;
use crate::interchange_loops::{may_change_order, with_last};
use crate::lane_cost::lane_cost;
use crate::loop_order::{MOST_LEVELS, moved_out, only_computes};
use crate::positions::keep_positions;
use crate::renames::Renames;
use crate::vectorize::{VarSet, assigned, live_before};
use parfuse_ir::grid::Grain;
use parfuse_ir::loops::walk::blocks_mut;
use parfuse_ir::loops::{Block, Event, Expr, Loops, Note, Parfor, PromotionRefusal, Stmt, Value};
use parfuse_ir::{DType, Loc, MAX_RANK, ScalarOp};
use parts::parts;

mod parts;

const PASS: &str = "promote_loops";

/// Makes serial loops dimensions of the parallel loops around them where lanes do better along them.
pub fn promote_loops(loops: &mut Loops) -> Changed {
    // What was refused earlier may work now.
    loops.notes.retain(|note| !matches!(note.event, Event::NotPromoted(_)));
    let mut body = std::mem::take(&mut loops.body);
    let mut refused = Vec::new();
    let changed = in_block(loops, &mut body, &mut refused);
    loops.body = body;
    loops.notes.append(&mut refused);
    changed.into()
}

fn in_block(loops: &mut Loops, block: &mut Block, refused: &mut Vec<Note>) -> bool {
    let mut changed = false;
    for mut stmt in std::mem::take(block) {
        if let Stmt::Parfor(parfor) = stmt {
            let made = in_parfor(loops, &parfor, refused);
            changed |= !made.is_empty();
            let stays = made.is_empty().then_some(parfor);
            block.extend(made.into_iter().chain(stays).map(Stmt::Parfor));
            continue;
        }
        blocks_mut(&mut stmt).for_each(|inner| changed |= in_block(loops, inner, refused));
        block.push(stmt);
    }
    changed
}

/// What a loop becomes; nothing if it stays.
fn in_parfor(loops: &mut Loops, parfor: &Parfor, refused: &mut Vec<Note>) -> Vec<Parfor> {
    let serial = parfor.body.iter().filter(|stmt| matches!(stmt, Stmt::For { .. })).count();
    let parts = match serial {
        // Most have no loop inside.
        0 => return Vec::new(),
        1 => None,
        _ => parts(loops, parfor),
    };
    if let Some(parts) = parts {
        return parts
            .into_iter()
            .enumerate()
            .map(|(number, (part, best))| {
                let mut part = promote(loops, &part, best);
                if number > 0 {
                    own_indices(loops, &mut part, parfor.indices.len());
                }
                part
            })
            .collect();
    }
    match with_dimensions(loops, parfor) {
        Ok(best) => vec![promote(loops, parfor, best)],
        Err(note) => {
            refused.extend(note);
            Vec::new()
        }
    }
}

/// Gives a part of a loop indices of its own for the dimensions that the loop had.
fn own_indices(loops: &mut Loops, part: &mut Parfor, dimensions: usize) {
    let mut renames = Renames::new(loops);
    for index in &mut part.indices[..dimensions] {
        let own = loops.value(Expr::Bound, DType::Usize, loops.values[*index].loc);
        renames.set(*index, own);
        *index = own;
    }
    renames.block(loops, &mut part.body);
}

/// Makes a loop the one that it is promoted to.
fn promote(loops: &mut Loops, before: &Parfor, mut best: Parfor) -> Parfor {
    let promoted: Vec<Loc> =
        best.indices[before.indices.len()..].iter().map(|index| loops.values[*index].loc).collect();
    // A `prange` inside another that is a dimension now does not run serially.
    loops.notes.retain(|note| note.event != Event::NestedSerial || !promoted.contains(&note.locs[0]));
    let locs = before.sources.iter().map(|source| source.loc).take(1).chain(promoted).collect();
    loops.notes.push(Note { pass: PASS, event: Event::Promoted, locs });
    keep_positions(loops, before, &mut best);
    best.grain = Grain::of(&best.body);
    best
}

/// The loop with as many serial loops as dimensions as are good for memory, or the note that says why there are none.
pub(crate) fn with_dimensions(loops: &Loops, parfor: &Parfor) -> Result<Parfor, Option<Note>> {
    // Rows of loops can share what these load; others had better have their lanes' own loop around them.
    let shares = |space: &Parfor| space.body.iter().any(|stmt| matches!(stmt, Stmt::For { .. }));
    in_best_space(loops, parfor, &shares)
}

/// The same; `turns` tells of which spaces any dimension may become the lanes, and not only the last.
fn in_best_space(
    loops: &Loops,
    parfor: &Parfor,
    turns: &dyn Fn(&Parfor) -> bool,
) -> Result<Parfor, Option<Note>> {
    let mut best: Option<Parfor> = None;
    let mut least = lane_cost(loops, parfor, 0);
    let mut last = parfor.clone();
    let mut is_free_to_turn = may_change_order(loops, parfor);
    for depth in 1.. {
        // What stands in front would be computed for each element instead of once a row.
        is_free_to_turn &= last.body.split_last().is_some_and(|(_, front)| is_free(loops, front));
        let next = promoted(loops, &last).or_else(|reason| exchanged(loops, &last).ok_or(reason));
        match next {
            Ok(next) => {
                let turns = is_free_to_turn && turns(&next);
                let first = if turns { 0 } else { next.indices.len() - 1 };
                let costs =
                    (first..next.indices.len()).map(|axis| lane_cost(loops, &with_last(&next, axis), depth));
                let cost = costs.min().expect("a space has dimensions");
                if cost < least || ((depth == 1 || turns) && cost == least) {
                    least = cost;
                    best = Some(next.clone());
                }
                last = next;
            }
            Err(reason) => {
                return best.ok_or_else(|| reason.and_then(|reason| refusal(loops, &last, depth, reason)));
            }
        }
    }
    unreachable!("a space has room for so many dimensions only")
}

/// Whether a block computes nothing but indices and what they are compared with.
fn is_free(loops: &Loops, block: &[Stmt]) -> bool {
    block.iter().all(|stmt| match stmt {
        Stmt::Let(value) => {
            let data = &loops.values[*value];
            let of_one = |operand: &Value| *operand == *value || !loops.dtype(*operand).is_float();
            let is_short = match &data.expr {
                Expr::Op(ScalarOp::Div | ScalarOp::Rem, _) | Expr::Load { .. } | Expr::Random { .. } => false,
                expr => expr.operands().iter().all(of_one),
            };
            is_short && !data.dtype.is_float()
        }
        _ => false,
    })
}

/// The loop with a dimension more, of a loop inside the serial loop that is its last statement.
fn exchanged(loops: &Loops, parfor: &Parfor) -> Option<Parfor> {
    let (nest, front) = parfor.body.split_last()?;
    let locals: VarSet = parfor.reductions.iter().flat_map(|reduction| &reduction.locals).copied().collect();
    (1..=MOST_LEVELS).find_map(|levels| {
        let outside = moved_out(loops, nest, levels, &locals)?;
        let body = front.iter().cloned().chain([outside]).collect();
        promoted(loops, &Parfor { body, ..parfor.clone() }).ok()
    })
}

/// The loop with its last statement, a serial loop, as a dimension more. Without a reason there is no such statement.
fn promoted(loops: &Loops, parfor: &Parfor) -> Result<Parfor, Option<PromotionRefusal>> {
    let Some((stmt @ Stmt::For { index, extent, until, body }, front)) = parfor.body.split_last() else {
        let other = parfor.body.iter().any(|stmt| matches!(stmt, Stmt::For { .. }));
        return Err(other.then_some(PromotionRefusal::WorkAround));
    };
    if let Some(until) = until {
        let variable = loops.vars[*until].name.clone();
        return Err(Some(PromotionRefusal::Carried { variable }));
    }
    if parfor.indices.len() == MAX_RANK {
        return Err(Some(PromotionRefusal::Dimensions));
    }
    let all = Effects::of_block(loops, &parfor.body);
    if all.defined.contains(extent) || parfor.indices.contains(extent) {
        return Err(Some(PromotionRefusal::LengthDiffers));
    }
    check_variables(loops, parfor, front, body)?;
    if !only_computes(front) {
        return Err(Some(PromotionRefusal::WorkAround));
    }
    let (in_front, inside) = (Effects::of_block(loops, front), Effects::of_block(loops, body));
    let read_back = |effects: &Effects| {
        inside.changes.stored.iter().find(|array| effects.loaded.contains(array)).copied()
    };
    // A step of several elements whose check fails is done again one by one, which tells the element only if the
    // step has not overwritten what the check depends on.
    let shared = read_back(&in_front)
        .or_else(|| read_back(&inside).filter(|_| inside.checks))
        .or_else(|| shared_array(loops, &mut Bounds::default(), stmt, false));
    if let Some(array) = shared {
        let array = loops.buffers[array].name.clone();
        return Err(Some(PromotionRefusal::CrossIteration { array }));
    }
    Ok(with_dimension(parfor, front, *index, *extent, body))
}

/// Whether no iteration of the serial loop reads what another sets, but to combine it.
fn check_variables(
    loops: &Loops,
    parfor: &Parfor,
    front: &[Stmt],
    body: &[Stmt],
) -> Result<(), Option<PromotionRefusal>> {
    let named = |var| loops.vars[var].name.clone();
    for reduction in &parfor.reductions {
        // What needs a nest of its own gets it later, of the dimensions that the loop has now.
        let Some((op, local, target)) = reduction.as_simple() else { return Err(None) };
        let own = Effects::of_block(loops, front);
        let variable = || named(target);
        if loops.vars[local].dtype.is_float() {
            return Err(Some(PromotionRefusal::Rounding { variable: variable() }));
        }
        let touched = own.vars_read.contains(&local) || own.changes.vars_set.contains(&local);
        if touched || !only_combines(loops, body, op, local) {
            return Err(Some(PromotionRefusal::Carried { variable: variable() }));
        }
    }
    let locals: VarSet = parfor.reductions.iter().flat_map(|reduction| &reduction.locals).copied().collect();
    let carried = &(&assigned(body) & &live_before(loops, body, &VarSet::new())) - &locals;
    match carried.first() {
        Some(var) => Err(Some(PromotionRefusal::Carried { variable: named(*var) })),
        None => Ok(()),
    }
}

fn with_dimension(parfor: &Parfor, front: &[Stmt], index: Value, extent: Value, body: &[Stmt]) -> Parfor {
    let more = |list: &[Value], last: Value| list.iter().copied().chain([last]).collect();
    Parfor {
        indices: more(&parfor.indices, index),
        extents: more(&parfor.extents, extent),
        reductions: parfor.reductions.clone(),
        body: front.iter().chain(body).cloned().collect(),
        sources: parfor.sources.clone(),
        grain: parfor.grain,
        elements: parfor.elements,
    }
}

/// The note that the last loop inside was not promoted, if its own accesses would have been cheaper. `depth` is how
/// many loops would then have been.
fn refusal(loops: &Loops, parfor: &Parfor, depth: u32, reason: PromotionRefusal) -> Option<Note> {
    let inner = parfor.body.iter().rfind(|stmt| matches!(stmt, Stmt::For { .. }))?;
    let Stmt::For { index, extent, body, .. } = inner else { return None };
    let alone = Parfor { body: vec![inner.clone()], ..parfor.clone() };
    let promoted = with_dimension(parfor, &[], *index, *extent, body);
    let locs = parfor.sources.iter().map(|source| source.loc).take(1);
    let locs = locs.chain([loops.values[*index].loc]).collect();
    (lane_cost(loops, &promoted, depth) < lane_cost(loops, &alone, depth - 1)).then_some(Note {
        pass: PASS,
        event: Event::NotPromoted(reason),
        locs,
    })
}

#[cfg(test)]
mod tests;
