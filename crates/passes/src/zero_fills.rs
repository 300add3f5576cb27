//! Lets the allocator fill arrays with zeros.
//!
//! ```text
//! alloc b0[v0]                                    alloc b0[v0] zeroed
//! parfor v1 in v0 { store b0[v1], 0.0f64 }   ⇒
//! ```
//!
//! Fresh pages come zeroed from the operating system, so the loop would only cost time. Zero means all bits
//! zero: `-0.0` stays a loop. Only a loop that is the first to touch its array goes.

use crate::Changed;
use crate::effects::Effects;
use crate::replace_loops::in_body;
use parfuse_ir::loops::walk::blocks_mut;
use parfuse_ir::loops::{Block, Buffer, Loops, Parfor, Stmt, Value};

/// Replaces loops that only fill a fresh array with zeros by allocations of zeroed memory.
pub fn zero_fills(loops: &mut Loops) -> Changed {
    in_body(loops, |loops, body| in_block(loops, body))
}

fn in_block(loops: &Loops, block: &mut Block) -> bool {
    let mut changed = false;
    for stmt in block.iter_mut() {
        blocks_mut(stmt).for_each(|inner| changed |= in_block(loops, inner));
    }
    let mut removed = vec![false; block.len()];
    for position in 0..block.len() {
        let filled = match &block[position] {
            Stmt::Parfor(parfor) => filled_with_zeros(loops, parfor).map(|buffer| (buffer, &parfor.extents)),
            _ => None,
        };
        let before = || (0..position).rev().filter(|at| !removed[*at]).map(|at| (at, &block[at]));
        let alloc = filled.and_then(|(buffer, shape)| fresh(loops, before(), buffer, shape));
        if let Some(alloc) = alloc {
            if let Stmt::Alloc { zeroed, .. } = &mut block[alloc] {
                *zeroed = true;
            }
            removed[position] = true;
            changed = true;
        }
    }
    let mut removed = removed.into_iter();
    block.retain(|_| !removed.next().expect("there is one for each statement"));
    changed
}

/// The array, if a loop does nothing but store zeros to all of it.
pub(crate) fn filled_with_zeros(loops: &Loops, parfor: &Parfor) -> Option<Buffer> {
    let [Stmt::Store { buffer, index, value, .. }] = parfor.body.as_slice() else { return None };
    let zero = loops.constant(*value).is_some_and(|scalar| scalar.to_bits() == 0);
    (zero && *index == parfor.indices && parfor.reductions.is_empty()).then_some(*buffer)
}

/// Where a buffer was allocated with a shape, if nothing has touched it since; `before` is the block up to there, from its
/// end.
fn fresh<'a>(
    loops: &Loops,
    before: impl Iterator<Item = (usize, &'a Stmt)>,
    buffer: Buffer,
    shape: &[Value],
) -> Option<usize> {
    for (position, stmt) in before {
        match stmt {
            Stmt::Alloc { buffer: made, shape: lengths, .. } if *made == buffer => {
                return (lengths == shape).then_some(position);
            }
            _ => {
                let effects = Effects::of(loops, stmt);
                if effects.accesses(buffer) || effects.changes.shaped.contains(&buffer) {
                    return None;
                }
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{check, unchanged};

    #[test]
    fn fills_with_zeros_become_zeroed_allocations() {
        check(
            zero_fills,
            "loops f(n: usize, m: usize) {
               buffer b0 a: [f64; 2]
               alloc b0[n, m]
               v0: usize = add n, m
               parfor v1, v2 in n, m { store b0[v1, v2], 0.0f64 }
               store b0[0usize, v0], 1.0f64
               return b0
             }",
            "loops f(n: usize, m: usize) {
               buffer b0 a: [f64; 2]
               alloc b0[n, m] zeroed
               v0: usize = add n, m
               store b0[0usize, v0], 1.0f64
               return b0
             }",
        );
    }

    #[test]
    fn other_fills_stay_loops() {
        unchanged(
            zero_fills,
            "loops f(n: usize, m: usize, mut b0 p: f64[unit]) {
               buffer b1 a: [f64; 1]
               buffer b2 b: [f64; 1]
               buffer b3 c: [f64; 2]
               parfor v0 in n { store b0[v0], 0.0f64 }
               alloc b1[n]
               parfor v1 in n { store b1[v1], -0.0f64 }
               alloc b2[n]
               parfor v2 in m { store b2[v2], 0.0f64 }
               alloc b3[n, n]
               parfor v3, v4 in n, n { store b3[v4, v3], 0.0f64 }
               return b1, b2, b3
             }",
        );
    }
}
