//! Has each element do all steps of a serial loop, instead of each step all elements.
//!
//! ```text
//! for v1 in v0 {                               parfor v3 in v2 {
//!   parfor v3 in v2 {                            for v1 in v0 {
//!     v4: f64 = load b0[v3]                        v4: f64 = load b0[v3]         which may then be a variable
//!     v5: f64 = mul v4, x             ⇒            v5: f64 = mul v4, x
//!     store b0[v3], v5                             store b0[v3], v5
//!   }                                            }
//! }                                            }
//! ```
//!
//! That is right if no step of an element needs another element: of an array that the loop stores, all accesses name the one
//! element that the iteration of the parallel loop has to itself in every step, and nothing else goes from step to step. An
//! element's steps then load and store it once at most, and the parallel loop is launched once.
//!
//! What a step reads beside that is to be the same for all steps, or for all elements: rows of an array, one a step, are
//! better read one after the other. Checks stay in the order in which they are made, so there must be none.

use crate::Changed;
use crate::effects::{Changes, Effects};
use crate::hash::FastMap;
use crate::loop_order::launches;
use crate::ordered_set::OrderedSet;
use crate::replace_loops::in_body;
use crate::vectorize::{VarSet, Varying, assigned, live_before};
use parfuse_ir::ScalarOp;
use parfuse_ir::grid::Grain;
use parfuse_ir::loops::walk::{self, blocks_mut};
use parfuse_ir::loops::{Block, Buffer, Event, Expr, Loops, Note, Parfor, Stmt, Value};
use std::collections::hash_map::Entry;

const PASS: &str = "sink_loops";

/// Moves serial loops into the parallel loop that is all they do, where iterations keep to elements of their own.
pub fn sink_loops(loops: &mut Loops) -> Changed {
    in_body(loops, in_block)
}

fn in_block(loops: &mut Loops, block: &mut Block) -> bool {
    let mut changed = false;
    for stmt in block {
        if matches!(stmt, Stmt::Parfor(_) | Stmt::Nest(_)) {
            continue;
        }
        // A loop inside first: the one around may then follow.
        blocks_mut(stmt).for_each(|inner| changed |= in_block(loops, inner));
        if let Some(sunk) = sunk(loops, stmt) {
            *stmt = Stmt::Parfor(sunk);
            changed = true;
        }
    }
    changed
}

/// The parallel loop around a serial one that does nothing but launch it again and again.
fn sunk(loops: &mut Loops, stmt: &Stmt) -> Option<Parfor> {
    let Stmt::For { index: step, extent, until: None, body } = stmt else { return None };
    let (Stmt::Parfor(parfor), front) = body.split_last()? else { return None };
    let steps: Block = front.iter().chain(&parfor.body).cloned().collect();
    if !may_sink(loops, *step, front, parfor) || !reads_what_stays(loops, *step, parfor, &steps) {
        return None;
    }
    let places = parfor.sources.iter().map(|source| source.loc).take(1);
    let locs = places.chain([loops.values[*step].loc]).collect();
    loops.notes.push(Note { pass: PASS, event: Event::Sunk, locs });
    let body = vec![Stmt::For { index: *step, extent: *extent, until: None, body: steps }];
    Some(Parfor { grain: Grain::of(&body), body, ..parfor.clone() })
}

/// Whether each iteration of a parallel loop may go through all steps of the serial loop around it by itself.
fn may_sink(loops: &Loops, step: Value, front: &[Stmt], parfor: &Parfor) -> bool {
    let (in_front, inside) = (Effects::of_block(loops, front), Effects::of_block(loops, &parfor.body));
    let stays = |stmt: &Stmt| launches(stmt) || matches!(stmt, Stmt::Check { .. });
    if !parfor.reductions.is_empty()
        || !front.iter().all(|stmt| matches!(stmt, Stmt::Let(_)))
        || parfor.extents.iter().any(|extent| *extent == step || in_front.defined.contains(extent))
        || in_front.loaded.meets(&inside.changes.stored)
        || walk::statements(&parfor.body).any(stays)
    {
        return false;
    }
    // What one step leaves in a variable the next one would find there.
    let carried = &assigned(&parfor.body) & &live_before(loops, &parfor.body, &VarSet::new());
    let own = Own { loops, parfor, changing: [&in_front.defined, &inside.defined], step };
    carried.is_empty() && own.elements(&inside)
}

/// Which elements an iteration has to itself.
struct Own<'a> {
    loops: &'a Loops,
    parfor: &'a Parfor,
    /// What is computed in the loops.
    changing: [&'a OrderedSet<Value>; 2],
    step: Value,
}

impl Own<'_> {
    /// Whether all accesses of arrays that are stored are of one element each, which no other iteration names in any step.
    fn elements(&self, inside: &Effects) -> bool {
        let mut elements: FastMap<Buffer, &[Value]> = FastMap::default();
        walk::accesses(self.loops, &self.parfor.body).all(|(buffer, index)| {
            !inside.changes.stored.contains(&buffer)
                || match elements.entry(buffer) {
                    Entry::Occupied(known) => *known.get() == index,
                    Entry::Vacant(place) => self.is_own(place.insert(index)),
                }
        })
    }

    fn is_own(&self, index: &[Value]) -> bool {
        let names = |own: &Value| index.iter().any(|entry| entry == own || self.is_shifted(*entry, *own));
        self.parfor.indices.iter().all(names) && index.iter().all(|entry| self.is_fixed(*entry))
    }

    /// Whether a value is an index of the parallel loop and what is the same for all iterations and steps.
    fn is_shifted(&self, value: Value, index: Value) -> bool {
        let Expr::Op(ScalarOp::Add | ScalarOp::Sub, operands) = &self.loops.values[value].expr else {
            return false;
        };
        let others = operands.iter().filter(|operand| **operand != index);
        others.clone().count() == 1 && others.into_iter().all(|other| self.is_invariant(*other))
    }

    fn is_invariant(&self, value: Value) -> bool {
        value != self.step
            && !self.parfor.indices.contains(&value)
            && !self.changing.iter().any(|changing| changing.contains(&value))
    }

    /// Whether a value depends on the iteration alone, and neither on the step nor on what memory holds.
    fn is_fixed(&self, value: Value) -> bool {
        let mut pending = vec![value];
        while let Some(value) = pending.pop() {
            if self.is_invariant(value) || self.parfor.indices.contains(&value) {
                continue;
            }
            match &self.loops.values[value].expr {
                Expr::Op(_, operands) => pending.extend(operands),
                Expr::Cast(operand) => pending.push(*operand),
                _ => return false,
            }
        }
        true
    }
}

/// Whether what the steps load is their own, or the same for all steps or for all elements.
fn reads_what_stays(loops: &Loops, step: Value, parfor: &Parfor, steps: &Block) -> bool {
    let stored = Changes::of_block(steps).stored;
    let along_steps = Varying::along(loops, steps, step);
    let along = |index: &Value| Varying::along(loops, steps, *index);
    let across: Vec<Varying> = parfor.indices.iter().map(along).collect();
    walk::accesses(loops, steps).all(|(buffer, index)| {
        let varies = |varying: &Varying| index.iter().any(|value| varying.value(*value));
        stored.contains(&buffer) || !varies(&along_steps) || !across.iter().any(varies)
    })
}
