//! Elements that all iterations touch and none comes by otherwise, as loops and branches have it.
//!
//! ```text
//! for v1 in v2 { store b0[v1]; load b0[v2] }                      v1 < v2
//! for v1 in v0 { if v1 ≠ v2 { store b0[v1]; load b0[v2] } }       where there is a store
//! ```
//!
//! One of two accesses has an index that is defined outside the loop; at the other one, [`crate::bounds`] knows of its index on
//! the same axis that it is never this number.

use super::{Access, access};
use crate::bounds::Bounds;
use crate::hash::FastSet;
use parfuse_ir::loops::walk;
use parfuse_ir::loops::{Buffer, Loops, Stmt, Value};

/// The pairs of accesses of an array of which one passes the other by.
pub(super) struct Passing<'a> {
    loops: &'a Loops,
    pub(super) bounds: &'a mut Bounds,
    /// The loop.
    stmt: &'a Stmt,
    buffer: Buffer,
    /// By the access that moves and the one that does not; found when first asked for.
    pairs: Option<FastSet<(usize, usize)>>,
}

/// With more accesses than that nobody looks at all pairs.
const MOST: usize = 32;

impl Passing<'_> {
    /// Prepares to look at a loop.
    pub(super) fn new<'a>(
        loops: &'a Loops,
        bounds: &'a mut Bounds,
        stmt: &'a Stmt,
        buffer: Buffer,
    ) -> Passing<'a> {
        Passing { loops, bounds, stmt, buffer, pairs: None }
    }

    /// Whether two accesses, by their positions, never touch one element in different iterations for that reason.
    pub(super) fn pass(&mut self, accesses: &[Access<'_>], a: usize, b: usize) -> bool {
        if self.pairs.is_none() {
            self.pairs = Some(if accesses.len() > MOST { FastSet::default() } else { self.find(accesses) });
        }
        self.pairs.as_ref().is_some_and(|pairs| pairs.contains(&(a, b)) || pairs.contains(&(b, a)))
    }

    fn find(&mut self, accesses: &[Access<'_>]) -> FastSet<(usize, usize)> {
        let mut inside: FastSet<Value> = FastSet::default();
        walk::statements(std::slice::from_ref(self.stmt)).for_each(|stmt| {
            walk::defined(stmt, |value| {
                inside.insert(value);
            });
        });
        let (loops, buffer) = (self.loops, self.buffer);
        let (mut pairs, mut number) = (FastSet::default(), 0);
        self.bounds.look_inside(loops, self.stmt, &mut |bounds, stmt| {
            let Some((_, moving)) = access(loops, stmt).filter(|(own, _)| *own == buffer) else { return };
            for (other, fixed) in accesses.iter().enumerate() {
                let mut axes = moving.index.iter().zip(fixed.index);
                let passes = |(own, fixed): (&Value, &Value)| {
                    !inside.contains(fixed) && bounds.differ(loops, *own, *fixed)
                };
                if (moving.store || fixed.store) && axes.any(passes) {
                    pairs.insert((number, other));
                }
            }
            number += 1;
        });
        pairs
    }
}
