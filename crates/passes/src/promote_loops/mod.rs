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
//! A loop that would be the better lanes but cannot be is noted with the reason.

use crate::Changed;
use crate::bounds::Bounds;
use crate::check_parallel::shared_array;
use crate::combines::only_combines;
use crate::effects::Effects;
use crate::lane_cost::lane_cost;
use crate::loop_order::{MOST_LEVELS, moved_out, only_computes};
use crate::positions::keep_positions;
use crate::vectorize::{VarSet, assigned, live_before};
use parfuse_ir::grid::Grain;
use parfuse_ir::loops::walk::blocks_mut;
use parfuse_ir::loops::{Block, Event, Loops, Note, Parfor, PromotionRefusal, Stmt, Value};
use parfuse_ir::{Loc, MAX_RANK};

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
    for stmt in block {
        if let Stmt::Parfor(parfor) = stmt {
            changed |= in_parfor(loops, parfor, refused);
        } else {
            blocks_mut(stmt).for_each(|inner| changed |= in_block(loops, inner, refused));
        }
    }
    changed
}

fn in_parfor(loops: &mut Loops, parfor: &mut Parfor, refused: &mut Vec<Note>) -> bool {
    // Most have no loop inside.
    if !parfor.body.iter().any(|stmt| matches!(stmt, Stmt::For { .. })) {
        return false;
    }
    let best = match with_dimensions(loops, parfor) {
        Ok(best) => best,
        Err(note) => {
            refused.extend(note);
            return false;
        }
    };
    let promoted: Vec<Loc> =
        best.indices[parfor.indices.len()..].iter().map(|index| loops.values[*index].loc).collect();
    // A `prange` inside another that is a dimension now does not run serially.
    loops.notes.retain(|note| note.event != Event::NestedSerial || !promoted.contains(&note.locs[0]));
    let locs = parfor.sources.iter().map(|source| source.loc).take(1).chain(promoted).collect();
    loops.notes.push(Note { pass: PASS, event: Event::Promoted, locs });
    let before = std::mem::replace(parfor, best);
    keep_positions(loops, &before, parfor);
    parfor.grain = Grain::of(&parfor.body);
    true
}

/// The loop with as many serial loops as dimensions as are good for memory, or the note that says why there are none.
pub(crate) fn with_dimensions(loops: &Loops, parfor: &Parfor) -> Result<Parfor, Option<Note>> {
    let mut best: Option<Parfor> = None;
    let mut least = lane_cost(loops, parfor, 0);
    let mut last = parfor.clone();
    for depth in 1.. {
        let next = promoted(loops, &last).or_else(|reason| exchanged(loops, &last).ok_or(reason));
        match next {
            Ok(next) => {
                let cost = lane_cost(loops, &next, depth);
                if cost < least || (depth == 1 && cost == least) {
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
    let read_back =
        |effects: &Effects| inside.stored.iter().find(|array| effects.loaded.contains(array)).copied();
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
        let touched = own.vars_read.contains(&local) || own.vars_set.contains(&local);
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
