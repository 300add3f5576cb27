//! Moves loads out of loops that run, as the loops and branches around them tell.
//!
//! ```text
//! for v1 in v0 {                           for v1 in v0 {
//!   v2: usize = add v1, 1usize               v2: usize = add v1, 1usize
//!   for v3 in v2 {                           v4: f64 = load b0[v1]
//!     v4: f64 = load b0[v1]           ⇒      for v3 in v2 {
//!     store b1[v1, v3], v4                     store b1[v1, v3], v4
//!   }                                        }
//! }                                        }
//! ```
//!
//! [`crate::hoist_invariants`] does so where the number of iterations is a constant. What else is known of it
//! [`crate::bounds`] has to be asked for, and loads in front of loops stand in the way of exchanging them: so this comes late.

use crate::Changed;
use crate::bounds::Bounds;
use crate::hoist_invariants::hoist;
use parfuse_ir::loops::Loops;

/// Moves loads out of loops that are known to run from what stands around them.
pub fn hoist_loads(loops: &mut Loops) -> Changed {
    hoist(loops, Some(Bounds::default()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::check;

    #[test]
    fn elements_that_exist_leave_loops_that_may_end_at_once() {
        check(
            hoist_loads,
            "loops f(b0 a: u32[unit], b1 k: u32[unit], mut b2 found: usize[unit], n: usize) {
               var x0 at: usize
               var x1 ends: bool
               v0: usize = dim b0, 0
               for v1 in v0 {
                 x1 = false
                 for v2 in n until x1 {
                   v3: u32 = load b0[v1]
                   v4: u32 = load b1[v1]
                   v5: u32 = load b1[v2]
                   v6: bool = eq v3, v5
                   x1 = v6
                 }
               }
             }",
            "loops f(b0 a: u32[unit], b1 k: u32[unit], mut b2 found: usize[unit], n: usize) {
               var x0 at: usize
               var x1 ends: bool
               v0: usize = dim b0, 0
               for v1 in v0 {
                 x1 = false
                 v3: u32 = load b0[v1]
                 for v2 in n until x1 {
                   v4: u32 = load b1[v1]
                   v5: u32 = load b1[v2]
                   v6: bool = eq v3, v5
                   x1 = v6
                 }
               }
             }",
        );
    }
}
