//! Takes a parallel loop apart that has several serial loops inside, if each becomes a dimension of the same space.
//!
//! ```text
//! parfor v1 in v0 {                      parfor v1, v2 in v0, v5 {
//!   for v2 in v5 {                         store b0[v1, v2], 0.0f64
//!     store b0[v1, v2], 0.0f64           }
//!   }                                    parfor v1, v4 in v0, v5 {
//!   for v3 in v6 {               ⇒         for v3 in v6 {
//!     for v4 in v5 {                         … b0[v1, v4] …
//!       … b0[v1, v4] …                     }
//!     }                                  }
//!   }
//! }                                      which are then fused
//! ```
//!
//! Iterations of a parallel loop do not need one another, so the parts of all may come one after the other if nothing but
//! elements goes from part to part. It is done only where the parts can be fused again, when they are in a better order
//! inside: each element that one part stores is the iteration's own to all of them.

use super::in_best_space;
use crate::effects::{Changes, Effects};
use crate::vectorize::{VarSet, assigned, live_before};
use parfuse_ir::loops::{Buffer, Loops, Parfor, Stmt, Value, walk};

/// The parts of a parallel loop, each with what it is promoted to.
pub(super) fn parts(loops: &Loops, parfor: &Parfor) -> Option<Vec<(Parfor, Parfor)>> {
    let stays = |stmt: &Stmt| matches!(stmt, Stmt::Check { .. });
    if !parfor.reductions.is_empty() || walk::statements(&parfor.body).any(stays) {
        return None;
    }
    let is_loop = |stmt: &Stmt| matches!(stmt, Stmt::For { .. });
    let pieces: Vec<&[Stmt]> = parfor.body.split_inclusive(is_loop).collect();
    if !pieces.last()?.last().is_some_and(is_loop) || !are_apart(loops, &pieces) {
        return None;
    }
    let mut parts: Vec<(Parfor, Parfor)> = Vec::new();
    for piece in pieces {
        let part = Parfor { body: piece.to_vec(), ..parfor.clone() };
        let best = in_best_space(loops, &part, &|_| true).ok()?;
        if parts.first().is_some_and(|(_, first)| first.extents != best.extents) {
            return None;
        }
        parts.push((part, best));
    }
    let promoted: Vec<&Parfor> = parts.iter().map(|(_, best)| best).collect();
    meet_at_their_own(loops, &promoted).then_some(parts)
}

/// Whether no value and no variable goes from one piece of a block to a later one.
fn are_apart(loops: &Loops, pieces: &[&[Stmt]]) -> bool {
    let (mut defined, mut set): (Vec<Value>, VarSet) = (Vec::new(), VarSet::new());
    pieces.iter().all(|piece| {
        let effects = Effects::of_block(loops, piece);
        let apart = !defined.iter().any(|value| effects.used.contains(value))
            && (&live_before(loops, piece, &VarSet::new()) & &set).is_empty();
        defined.extend(effects.defined.iter());
        set.extend(assigned(piece));
        apart
    })
}

/// Whether all loops touch what one of them stores at the element of their iteration, so that they can be fused.
fn meet_at_their_own(loops: &Loops, parts: &[&Parfor]) -> bool {
    let mut stored: Vec<Buffer> = Vec::new();
    parts.iter().for_each(|part| stored.extend(Changes::of_block(&part.body).stored.iter()));
    let mut places: Vec<(Buffer, Vec<Option<usize>>)> = Vec::new();
    for part in parts {
        let mut own = |buffer: Buffer, index: &[Value]| {
            let axes: Vec<Option<usize>> =
                index.iter().map(|value| part.indices.iter().position(|own| own == value)).collect();
            let same = places.iter().all(|(other, at)| *other != buffer || *at == axes);
            let all = (0..part.indices.len()).all(|axis| axes.contains(&Some(axis)));
            places.push((buffer, axes.clone()));
            same && all && !axes.contains(&None)
        };
        let meets = walk::accesses(loops, &part.body)
            .all(|(buffer, index)| !stored.contains(&buffer) || own(buffer, index));
        if !meets {
            return false;
        }
    }
    true
}
