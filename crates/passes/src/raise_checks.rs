//! Moves checks in front of the parallel loops that stand before them.
//!
//! ```text
//! v0 = dim b0, 0                         v0 = dim b0, 0
//! parfor v1 in v0 { … }                  v2 = dim b1, 0
//! v2 = dim b1, 0                         v3 = eq v0, v2
//! parfor v4 in v2 { … }            ⇒     check v3, shape_mismatch
//! v3 = eq v0, v2                         parfor v1 in v0 { … }
//! check v3, shape_mismatch               parfor v4 in v2 { … }
//! ```
//!
//! Behind such a check the two lengths are one value, see [`crate::number_values`]: the higher it stands, the more
//! loops are seen to run over the same space. What the check needs moves with it. Checks keep their order, loops
//! with checks inside are not passed, nor is any other control flow, so a failing kernel reports the same.

use crate::Changed;
use crate::effects::Effects;
use parfuse_ir::loops::walk::blocks_mut;
use parfuse_ir::loops::{Block, Loops, Stmt};

/// Moves checks up past parallel loops.
pub fn raise_checks(loops: &mut Loops) -> Changed {
    let mut body = std::mem::take(&mut loops.body);
    let changed = raise(loops, &mut body);
    loops.body = body;
    changed.into()
}

fn raise(loops: &Loops, block: &mut Block) -> bool {
    let mut changed = false;
    for stmt in block.iter_mut().filter(|stmt| !matches!(stmt, Stmt::Parfor(_))) {
        for inner in blocks_mut(stmt) {
            changed |= raise(loops, inner);
        }
    }
    let Some(first_loop) = block.iter().position(|stmt| matches!(stmt, Stmt::Parfor(_))) else {
        return changed;
    };
    if !block[first_loop..].iter().any(|stmt| matches!(stmt, Stmt::Check { .. })) {
        return changed;
    }
    let mut effects: Vec<Effects> = block.iter().map(|stmt| Effects::of(loops, stmt)).collect();
    for position in first_loop + 1..block.len() {
        if !matches!(block[position], Stmt::Check { .. }) {
            continue;
        }
        if let Some((target, moving)) = way_up(block, &effects, position) {
            // From the highest down, so that each lands behind those it needs.
            for (offset, from) in moving.into_iter().rev().enumerate() {
                block[target + offset..=from].rotate_right(1);
                effects[target + offset..=from].rotate_right(1);
            }
            changed = true;
        }
    }
    changed
}

/// In front of which parallel loop the check at `position` can stand, and what has to move there: positions, the
/// check's first, then upwards. Nothing if it cannot pass a loop.
fn way_up(block: &Block, effects: &[Effects], position: usize) -> Option<(usize, Vec<usize>)> {
    let mut moving = vec![position];
    let mut way = None;
    for above in (0..position).rev() {
        let must_stay = moving.iter().any(|moved| effects[above].must_precede(&effects[*moved]));
        match &block[above] {
            Stmt::Let(_) if must_stay => moving.push(above),
            _ if must_stay => break,
            Stmt::Parfor(_) => way = Some((above, moving.len())),
            Stmt::Let(_)
            | Stmt::Set { .. }
            | Stmt::Alloc { .. }
            | Stmt::Move { .. }
            | Stmt::Resize { .. }
            | Stmt::Store { .. } => {}
            Stmt::Call(_)
            | Stmt::Check { .. }
            | Stmt::If { .. }
            | Stmt::While { .. }
            | Stmt::For { .. }
            | Stmt::Nest(_) => break,
        }
    }
    let (target, needed) = way?;
    moving.truncate(needed);
    Some((target, moving))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{check, unchanged};

    #[test]
    fn a_check_passes_loops_with_what_it_needs() {
        check(
            raise_checks,
            "loops f(b0 a: f64[unit], b1 b: f64[unit]) {
               buffer b2 s: [f64; 1]
               buffer b3 t: [f64; 1]
               v0: usize = dim b0, 0
               alloc b2[v0]
               parfor v1 in v0 { source one @1:1 v2: f64 = load b0[v1] store b2[v1], v2 }
               v3: usize = dim b1, 0
               alloc b3[v3]
               parfor v4 in v3 { source two @2:1 v5: f64 = load b1[v4] store b3[v4], v5 }
               v6: bool = eq v0, v3
               check v6, shape_mismatch(0) with v0, v3 @3:1
               return b2, b3
             }",
            "loops f(b0 a: f64[unit], b1 b: f64[unit]) {
               buffer b2 s: [f64; 1]
               buffer b3 t: [f64; 1]
               v0: usize = dim b0, 0
               alloc b2[v0]
               v3: usize = dim b1, 0
               v6: bool = eq v0, v3
               check v6, shape_mismatch(0) with v0, v3 @3:1
               parfor v1 in v0 { source one @1:1 v2: f64 = load b0[v1] store b2[v1], v2 }
               alloc b3[v3]
               parfor v4 in v3 { source two @2:1 v5: f64 = load b1[v4] store b3[v4], v5 }
               return b2, b3
             }",
        );
    }

    #[test]
    fn checks_keep_their_order() {
        check(
            raise_checks,
            "loops f(n: usize, m: usize, mut b0 a: f64[unit]) {
               parfor v0 in n { store b0[v0], 1.0f64 }
               v1: bool = lt n, m
               check v1, index_out_of_range(0) with n, m @1:1
               v2: bool = eq n, m
               check v2, shape_mismatch(0) with n, m @2:1
             }",
            "loops f(n: usize, m: usize, mut b0 a: f64[unit]) {
               v1: bool = lt n, m
               check v1, index_out_of_range(0) with n, m @1:1
               v2: bool = eq n, m
               check v2, shape_mismatch(0) with n, m @2:1
               parfor v0 in n { store b0[v0], 1.0f64 }
             }",
        );
    }

    #[test]
    fn checks_stay_behind_loops_that_check_or_that_they_need() {
        unchanged(
            raise_checks,
            "loops f(n: usize, m: usize, mut b0 a: f64[unit]) {
               parfor v0 in n {
                 v1: bool = lt v0, m
                 check v1, index_out_of_range(0) with v0, m @1:1
                 store b0[v0], 1.0f64
               }
               v2: bool = eq n, m
               check v2, shape_mismatch(0) with n, m @2:1
             }",
        );
        unchanged(
            raise_checks,
            "loops f(n: usize, mut b0 a: f64[unit]) {
               parfor v0 in n { store b0[v0], 1.0f64 }
               v1: f64 = load b0[0usize]
               v2: usize = cast v1
               v3: bool = lt v2, n
               check v3, index_out_of_range(0) with v2, n @1:1
             }",
        );
    }
}
