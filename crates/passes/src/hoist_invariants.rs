//! Moves out of loops what is the same in every iteration.
//!
//! ```text
//! parfor v2 in v0 {                    v3: usize = dim b1, 0
//!   v3: usize = dim b1, 0              v4: f64 = exp v1
//!   v4: f64 = exp v1            ⇒      parfor v2 in v0 {
//!   v5: f64 = mul v4, v4                 store b0[v2], v5
//!   store b0[v2], v5
//! }
//! ```
//!
//! No operation faults, so a value may be computed even if the loop turns out to have no iterations, or
//! the branch it stood in is never taken. A load may touch only memory that is there: it moves out only if the element is known
//! to exist or the program would have loaded it, where its loop is known to run, and not behind a branch or a check inside; and if
//! nothing in the loop stores to its buffer.

use crate::Changed;
use crate::bounds::Bounds;
use crate::effects::Changes;
use parfuse_ir::Scalar;
use parfuse_ir::arena::Id;
use parfuse_ir::loops::walk::{self, blocks, blocks_mut, operands};
use parfuse_ir::loops::{Block, Buffer, Expr, Loops, Stmt, Value};
use std::collections::HashMap;

/// Moves loop-invariant values in front of the loop, out of as many loops as possible.
pub fn hoist_invariants(loops: &mut Loops) -> Changed {
    hoist(loops, None)
}

/// The same, and loads of loops that run as what stands around them tells, if there are bounds to ask.
pub(crate) fn hoist(loops: &mut Loops, bounds: Option<Bounds>) -> Changed {
    let mut body = std::mem::take(&mut loops.body);
    let depth = vec![0; loops.values.len()];
    let mut hoisting = Hoisting { depth, loops, bounds, lengths: HashMap::new(), changed: false };
    hoisting.find_depths(&body);
    hoisting.find_lengths(&body);
    hoisting.block(&mut body, 0);
    let changed = hoisting.changed;
    loops.body = body;
    changed.into()
}

struct Hoisting<'a> {
    loops: &'a Loops,
    bounds: Option<Bounds>,
    /// Inside how many loops each value is defined.
    depth: Vec<u32>,
    /// The lengths of axes that never change, where there are bounds to ask.
    lengths: HashMap<(Buffer, u8), Value>,
    changed: bool,
}

/// The loop that values are to leave.
struct Loop {
    /// Inside how many loops it stands.
    outside: u32,
    /// What its iterations change.
    changes: Changes,
    parallel: bool,
}

/// A place inside that loop.
#[derive(Clone, Copy)]
struct Place {
    /// The loop surely comes by here, before it checks or branches.
    certain: bool,
}

impl Hoisting<'_> {
    fn find_depths(&mut self, block: &Block) {
        walk::visit_within(block, 0, |stmt, depth| {
            let inner = depth + is_loop(stmt) as u32;
            walk::defined(stmt, |value| self.depth[value.index()] = inner);
            inner
        });
    }

    fn find_lengths(&mut self, block: &Block) {
        if self.bounds.is_none() {
            return;
        }
        let shaped = Changes::of_block(block).shaped;
        for (value, data) in self.loops.values.iter() {
            if let Expr::Dim { buffer, axis } = data.expr
                && !shaped.contains(&buffer)
            {
                self.lengths.entry((buffer, axis)).or_insert(value);
            }
        }
    }

    /// Whether an element is known to exist.
    fn exists(&mut self, buffer: Buffer, index: &[Value]) -> bool {
        let (loops, lengths) = (self.loops, &self.lengths);
        let Some(bounds) = &mut self.bounds else { return false };
        index.iter().enumerate().all(|(axis, index)| {
            let length = lengths.get(&(buffer, axis as u8));
            length.is_some_and(|length| bounds.is_below(loops, *index, *length))
        })
    }

    /// Treats the loops of a block, inner loops first: what they give up may move on.
    fn block(&mut self, block: &mut Block, depth: u32) {
        if self.bounds.is_none() && block.iter().all(|stmt| blocks(stmt).len() == 0) {
            return;
        }
        for mut stmt in std::mem::take(block) {
            let inner = depth + is_loop(&stmt) as u32;
            let runs = self.surely_runs(&stmt);
            self.inside(&mut stmt, inner);
            if is_loop(&stmt) {
                let changes = Changes::of(&stmt);
                let around = Loop { outside: depth, changes, parallel: matches!(stmt, Stmt::Parfor(_)) };
                for (position, inner) in blocks_mut(&mut stmt).enumerate() {
                    // The body of a `while` may not run, its header does.
                    let place = Place { certain: runs && position == 0 };
                    self.extract(inner, place, &around, block);
                }
            }
            block.push(stmt);
        }
    }

    /// Treats the blocks inside a statement.
    fn inside(&mut self, stmt: &mut Stmt, depth: u32) {
        let loops = self.loops;
        let scope = self.bounds.as_mut().map(|bounds| {
            bounds.pass(loops, stmt);
            (bounds.scope(loops, stmt), bounds.mark())
        });
        for (number, block) in blocks_mut(stmt).enumerate() {
            if let (Some(bounds), Some((scope, outside))) = (&mut self.bounds, &scope) {
                bounds.open(loops, scope, number, *outside);
            }
            self.block(block, depth);
        }
        if let (Some(bounds), Some((scope, outside))) = (&mut self.bounds, &scope) {
            bounds.close(scope, *outside);
        }
    }

    fn surely_runs(&mut self, stmt: &Stmt) -> bool {
        let (loops, bounds) = (self.loops, &mut self.bounds);
        let mut positive = |extent: &Value| {
            matches!(loops.constant(*extent), Some(Scalar::Usize(n)) if n > 0)
                || bounds.as_mut().is_some_and(|bounds| bounds.runs(loops, *extent))
        };
        match stmt {
            Stmt::While { .. } => true,
            Stmt::For { extent, until: None, .. } => positive(extent),
            Stmt::Parfor(parfor) => parfor.extents.iter().all(positive),
            _ => false,
        }
    }

    /// Moves the invariant values of a block inside the loop, and of the branches in it, to `out`.
    fn extract(&mut self, block: &mut Block, mut place: Place, around: &Loop, out: &mut Block) {
        block.retain_mut(|stmt| {
            match stmt {
                Stmt::Let(value) if self.may_leave(*value, place, around) => {
                    self.depth[value.index()] = around.outside;
                    self.changed = true;
                    out.push(Stmt::Let(*value));
                    return false;
                }
                Stmt::Let(_) | Stmt::Set { .. } | Stmt::Store { .. } => {}
                Stmt::If { then, otherwise, .. } => {
                    place.certain = false;
                    self.extract(then, place, around, out);
                    self.extract(otherwise, place, around, out);
                }
                _ => place.certain = false,
            }
            true
        });
    }

    fn may_leave(&mut self, value: Value, place: Place, around: &Loop) -> bool {
        let loops = self.loops;
        let expr = &loops.values[value].expr;
        let changes = &around.changes;
        let mut invariant = true;
        operands(expr, |operand| invariant &= self.depth[operand.index()] <= around.outside);
        invariant
            && match expr {
                Expr::Var(var) => !changes.vars_set.contains(var),
                Expr::Dim { buffer, .. } => !changes.shaped.contains(buffer),
                Expr::Load { buffer, index } => {
                    !changes.stored.contains(buffer)
                        && !changes.shaped.contains(buffer)
                        && (place.certain || self.exists(*buffer, index))
                }
                Expr::LinearIndex => !around.parallel,
                Expr::Op(..) | Expr::Cast(_) | Expr::Threads | Expr::Trips { .. } | Expr::Random { .. } => {
                    true
                }
                Expr::Const(_) | Expr::Param(_) | Expr::Bound => false,
            }
    }
}

fn is_loop(stmt: &Stmt) -> bool {
    matches!(stmt, Stmt::While { .. } | Stmt::For { .. } | Stmt::Parfor(_))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{check, unchanged};

    #[test]
    fn invariants_leave_all_loops_and_branches() {
        check(
            hoist_invariants,
            "loops f(x: f64, n: usize, c: bool, mut b0 a: f64[_, unit]) {
               parfor v0 in n {
                 for v1 in n {
                   v2: f64 = exp x
                   v3: usize = dim b0, 1
                   v4: f64 = cast v0
                   if c {
                     v5: f64 = mul v2, v4
                     v6: f64 = mul v2, v2
                     v7: f64 = add v5, v6
                     store b0[v0, v1], v7
                   }
                 }
               }
             }",
            "loops f(x: f64, n: usize, c: bool, mut b0 a: f64[_, unit]) {
               v2: f64 = exp x
               v3: usize = dim b0, 1
               v6: f64 = mul v2, v2
               parfor v0 in n {
                 v4: f64 = cast v0
                 v5: f64 = mul v2, v4
                 v7: f64 = add v5, v6
                 for v1 in n {
                   if c {
                     store b0[v0, v1], v7
                   }
                 }
               }
             }",
        );
    }

    #[test]
    fn loads_leave_only_loops_that_run() {
        check(
            hoist_invariants,
            "loops f(n: usize, b0 a: f64[unit], mut b1 r: f64[unit]) {
               for v0 in 3usize { v1: f64 = load b0[n] store b1[v0], v1 }
               for v2 in n { v3: f64 = load b0[n] store b1[v2], v3 }
               for v4 in 3usize { v5: f64 = load b1[n] store b1[v4], v5 }
             }",
            "loops f(n: usize, b0 a: f64[unit], mut b1 r: f64[unit]) {
               v1: f64 = load b0[n]
               for v0 in 3usize { store b1[v0], v1 }
               for v2 in n { v3: f64 = load b0[n] store b1[v2], v3 }
               for v4 in 3usize { v5: f64 = load b1[n] store b1[v4], v5 }
             }",
        );
    }

    #[test]
    fn a_load_behind_a_check_or_branch_stays() {
        unchanged(
            hoist_invariants,
            "loops f(n: usize, m: usize, c: bool, b0 a: f64[unit], mut b1 r: f64[unit]) {
               for v0 in 3usize {
                 v1: bool = lt v0, n
                 check v1, index_out_of_range(0)
                 v2: f64 = load b0[m]
                 store b1[v0], v2
               }
               for v3 in 3usize {
                 if c { v4: f64 = load b0[m] store b1[v3], v4 }
               }
             }",
        );
    }

    #[test]
    fn changing_variables_stay() {
        unchanged(
            hoist_invariants,
            "loops f(n: usize, mut b0 r: f64[unit]) {
               var x0 s: f64
               x0 = 0.0f64
               for v0 in n { v1: f64 = x0 v2: f64 = add v1, 1.0f64 x0 = v2 }
               v3: f64 = x0
               store b0[0usize], v3
             }",
        );
    }
}
