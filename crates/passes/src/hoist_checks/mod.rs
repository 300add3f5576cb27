//! Checks a loop's indices once, in front of it.
//!
//! ```text
//! parfor v3 in v0 {                            v7: bool = le v0, v1     the last index fits
//!   v4: bool = lt v3, v1                       v8: bool = not v7
//!   check v4, index_out_of_range(0) …   ⇒      if v8 { for v9 in v0 { v10 = lt v9, v1; check v10 … in v9 } }
//!   v5: f64 = load b0[v3]                      parfor v3 in v0 {
//!   …                                            v5: f64 = load b0[v3]
//! ```
//!
//! Checks that can be seen to hold, from the bounds of the loops and the branches around them, just go ([`proven`]). For
//! others there may be a test in front of a loop that is cheap and answers for all iterations at once; it may say no only
//! if it must. Then the *replay* goes through the iterations one by one and performs their checks, and nothing else, in the
//! order of the program, so that it ends the kernel with the very fault of the lowest iteration. Should
//! the test have been too careful, the replay finds nothing and the loop runs.
//!
//! A check is hoisted if its condition is invariant, or compares an index with a length such that [`crate::bounds`] can say
//! what must hold outside the loop for the index to be below the length in all iterations: loops around the check
//! may depend on one another, but not on elements. If a branch, a `while` or a loop that may end early stands around the
//! check, what must hold has to hold for others in any case: indices there are often what the branch guards, and the
//! test would always say no. Not so where the first or the last iteration is sure to take the branch, as at borders. The
//! other checks stay inside; but as the replay must perform them too, everything stays if one of them depends on what
//! the iterations store or on variables.
//!
//! What every iteration begins with, and finds the same, is checked in front once ([`first`]).
//!
//! Loops are treated from the outside inwards, those in parallel loops, too, if no array is exchanged or computed by a
//! parallel loop within, nor one measured that is made there. What cannot leave an outer loop, because it depends on elements that the outer loop loads,
//! say, leaves the inner one. A loop that does nothing but check is a replay, or as good as one, and stays.

mod first;
mod front;
mod proven;
mod replay;
mod search;
#[cfg(test)]
mod tests;

use crate::Changed;
use crate::bounds::{Bounds, Informed, in_blocks};
use crate::effects::Changes;
use crate::hash::FastSet;
use front::Front;
use parfuse_ir::ScalarOp;
use parfuse_ir::loops::walk::{self, blocks_mut};
use parfuse_ir::loops::{Block, Buffer, Expr, Loops, Stmt, Value};
use search::{Condition, Search};

/// Removes the checks that loops imply, and moves others in front of them where one test can answer for all iterations.
pub fn hoist_checks(loops: &mut Loops) -> Changed {
    if !loops.body.iter().any(|stmt| concerns(loops, stmt)) {
        return Changed::No;
    }
    let mut body = std::mem::take(&mut loops.body);
    let mut changed = proven::remove(loops, &mut body);
    changed |= Hoisting { bounds: Bounds::default(), loops }.block(&mut body);
    loops.body = body;
    changed.into()
}

/// Whether a statement of the outermost block has checks inside, or is one that may be seen to hold.
fn concerns(loops: &Loops, stmt: &Stmt) -> bool {
    let is_check = |stmt: &Stmt| matches!(stmt, Stmt::Check { .. });
    match stmt {
        Stmt::Check { ok, .. } => match &loops.values[*ok].expr {
            Expr::Op(op, _) => matches!(op, ScalarOp::Lt | ScalarOp::Gt),
            _ => loops.constant_bool(*ok) == Some(true),
        },
        _ => walk::blocks(stmt).any(|block| walk::statements(block).any(is_check)),
    }
}

struct Hoisting<'a> {
    loops: &'a mut Loops,
    bounds: Bounds,
}

impl Informed for Hoisting<'_> {
    fn known(&mut self) -> (&mut Bounds, &Loops) {
        (&mut self.bounds, self.loops)
    }
}

impl Hoisting<'_> {
    fn block(&mut self, block: &mut Block) -> bool {
        let mut changed = false;
        for mut stmt in std::mem::take(block) {
            // Which iterations of a loop that may end early check is not known in front.
            if let Some(space) = space(&stmt) {
                let does = doings(self.loops, &stmt);
                if does.checks
                    && does.something
                    && does.steady
                    && let Some(mut front) = self.hoist(&space, &mut stmt)
                {
                    block.append(&mut front);
                    changed = true;
                }
                if does.something
                    && let Some(mut front) = first::take(self.loops, &mut stmt)
                {
                    block.append(&mut front);
                    changed = true;
                }
                if !does.something {
                    block.push(stmt);
                    continue;
                }
            }
            self.bounds.pass(self.loops, &stmt);
            in_blocks(self, &mut stmt, |own, inner| changed |= own.block(inner));
            block.push(stmt);
        }
        changed
    }

    /// Takes what it can of the checks out of a loop's body; returns the code to stand in front, if there is any.
    fn hoist(&mut self, space: &Space, stmt: &mut Stmt) -> Option<Block> {
        let checks = Search::of(self.loops, &mut self.bounds, stmt);
        if checks.iter().all(Option::is_none) {
            return None;
        }
        let body = blocks_mut(stmt).next().expect("a loop has a body");
        let changes = Changes::of_block(body);
        let replayed = replay::of(self.loops, &changes, space, body)?;

        let mut number = 0..;
        walk::retain(body, |stmt| match stmt {
            Stmt::Check { .. } => checks[number.next().expect("endless")].is_none(),
            _ => true,
        });

        let conditions: Vec<Condition> = checks.into_iter().flatten().collect();
        let mut front = Front::new(self.loops);
        let all = front.tests(&conditions);
        let cond = front.op(ScalarOp::Not, &[all]);
        front.block.push(Stmt::If { cond, then: replayed, otherwise: Block::new() });
        Some(front.block)
    }
}

/// What a loop's body does, as far as it matters here.
struct Doings {
    checks: bool,
    /// Anything but computing and checking.
    something: bool,
    /// Something, and arrays stay what they are meanwhile but for their elements.
    steady: bool,
}

fn doings(loops: &Loops, stmt: &Stmt) -> Doings {
    let mut doings = Doings { checks: false, something: false, steady: true };
    let (mut measured, mut own): (FastSet<Buffer>, FastSet<Buffer>) = Default::default();
    walk::blocks(stmt).flat_map(|body| walk::statements(body)).for_each(|inside| match inside {
        Stmt::Let(value) => {
            if let Expr::Dim { buffer, .. } = &loops.values[*value].expr {
                measured.insert(*buffer);
            }
        }
        Stmt::If { .. } | Stmt::While { .. } | Stmt::For { .. } | Stmt::Nest(_) => {}
        Stmt::Check { .. } => doings.checks = true,
        Stmt::Set { .. } | Stmt::Store { .. } => doings.something = true,
        // An array of the iteration's own.
        Stmt::Alloc { buffer, .. } if matches!(stmt, Stmt::Parfor(_) | Stmt::For { .. }) => {
            doings.something = true;
            own.insert(*buffer);
        }
        // It may fail itself, and what it does must be done before another check fails.
        Stmt::Call(_) => doings = Doings { checks: true, something: true, steady: false },
        Stmt::Alloc { .. } | Stmt::Move { .. } | Stmt::Resize { .. } | Stmt::Parfor(_) => {
            (doings.something, doings.steady) = (true, false);
        }
    });
    doings.steady &= measured.is_disjoint(&own);
    doings
}

/// The iterations of a loop.
struct Space {
    indices: Vec<Value>,
    extents: Vec<Value>,
    /// Whether faults tell the iteration.
    numbered: bool,
}

/// The iterations of a statement, if it is a loop that counts and runs through all of them.
fn space(stmt: &Stmt) -> Option<Space> {
    match stmt {
        Stmt::Parfor(parfor) => {
            Some(Space { indices: parfor.indices.clone(), extents: parfor.extents.clone(), numbered: true })
        }
        Stmt::For { index, extent, until: None, .. } => {
            Some(Space { indices: vec![*index], extents: vec![*extent], numbered: false })
        }
        _ => None,
    }
}
