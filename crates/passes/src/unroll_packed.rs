//! Writes out loops and dimensions along short axes whose elements lie together: over the colours of pixels, the coordinates
//! of points.
//!
//! ```text
//! b0 image: f32[_, 3]   b1 gain: f32[unit]
//!
//! parfor v1 in v0 {                              parfor v1 in v0 {
//!   for v2 in 3usize {                             v3: f32 = load b0[v1, 0usize]
//!     v3: f32 = load b0[v1, v2]                    v4: f32 = load b1[0usize]
//!     v4: f32 = load b1[v2]               ⇒        …
//!     …                                            v13: f32 = load b0[v1, 1usize]
//!   }                                              …
//! }                                              }
//! ```
//!
//! Lanes along so short an axis fill no register, and lanes along another that do its elements one after the other read each
//! cache line again and again. Written out, all that belongs to a pixel is loaded at once, and shuffled apart in registers.
//! A dimension becomes such a loop first, unless it merges with the one before it into one long row; that needs a loop
//! whose iterations have no order: without checks and reductions. Elements that are not next to each other gain nothing,
//! and long bodies stay as they are.
//!
//! This runs when loops have been fused, and before the order of dimensions is chosen.

use crate::Changed;
use crate::copies::write_out;
use crate::lane_cost::merges;
use crate::packed::Packed;
use crate::positions::keep_positions;
use parfuse_ir::Scalar;
use parfuse_ir::loops::walk::{self, blocks_mut};
use parfuse_ir::loops::{Block, Buffer, Loops, Parfor, Stmt, Value};

/// The most statements that a loop becomes.
const LONGEST: usize = 160;

/// Writes out loops and dimensions along packed axes.
pub fn unroll_packed(loops: &mut Loops) -> Changed {
    let packed = Packed::of(loops);
    if loops.buffers.ids().all(|buffer| packed.of_buffer(buffer).is_none()) {
        return Changed::No;
    }
    let mut body = std::mem::take(&mut loops.body);
    let changed = Unroll { loops, packed: &packed }.block(&mut body);
    loops.body = body;
    changed.into()
}

struct Unroll<'a> {
    loops: &'a mut Loops,
    packed: &'a Packed,
}

impl Unroll<'_> {
    /// From the innermost loops outwards.
    fn block(&mut self, block: &mut Block) -> bool {
        let mut changed = false;
        for mut stmt in std::mem::take(block) {
            if let Stmt::Parfor(parfor) = &mut stmt {
                changed |= self.shorten(parfor);
            }
            blocks_mut(&mut stmt).for_each(|inner| changed |= self.block(inner));
            match stmt {
                Stmt::For { index, extent, until: None, body } if self.is_short(index, extent, &body) => {
                    let length = self.length(extent).expect("it is short");
                    write_out(self.loops, index, length.into(), &body, block);
                    changed = true;
                }
                stmt => block.push(stmt),
            }
        }
        changed
    }

    /// A length that is known.
    fn length(&self, extent: Value) -> Option<u8> {
        match self.loops.constant(extent) {
            Some(Scalar::Usize(length)) => u8::try_from(length).ok(),
            _ => None,
        }
    }

    /// Whether a loop is along a packed axis, and not too long to be written out.
    fn is_short(&self, index: Value, extent: Value, body: &Block) -> bool {
        let Some(length) = self.length(extent) else { return false };
        let simple = |stmt: &Stmt| {
            matches!(stmt, Stmt::Let(_) | Stmt::Set { .. } | Stmt::Store { .. } | Stmt::If { .. })
        };
        let mut statements = 0;
        let all_simple = walk::statements(body).all(|stmt| {
            statements += 1;
            simple(stmt)
        });
        all_simple && statements * length as usize <= LONGEST && self.is_along(index, length, body)
    }

    /// Whether there are accesses along a packed axis, at least as long, by this index.
    fn is_along(&self, index: Value, length: u8, body: &[Stmt]) -> bool {
        let along = |buffer: Buffer, indices: &[Value]| {
            indices.last() == Some(&index) && self.packed.of_buffer(buffer).is_some_and(|axis| length <= axis)
        };
        walk::accesses(self.loops, body).any(|(buffer, index)| along(buffer, index))
    }

    /// Makes a dimension of a parallel loop a loop inside it, if that is then written out.
    fn shorten(&mut self, parfor: &mut Parfor) -> bool {
        if parfor.indices.len() < 2 || !parfor.reductions.is_empty() || merges(self.loops, parfor) {
            return false;
        }
        if walk::statements(&parfor.body).any(|stmt| matches!(stmt, Stmt::Check { .. })) {
            return false;
        }
        let short = |axis: &usize| self.is_short(parfor.indices[*axis], parfor.extents[*axis], &parfor.body);
        let Some(axis) = (0..parfor.indices.len()).rev().find(short) else { return false };
        let before = parfor.clone();
        keep_positions(self.loops, &before, parfor);
        let (index, extent) = (parfor.indices.remove(axis), parfor.extents.remove(axis));
        let body = std::mem::take(&mut parfor.body);
        parfor.body = vec![Stmt::For { index, extent, until: None, body }];
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{run, unchanged};

    fn over(layout: &str, body: &str) -> String {
        format!(
            "loops f(n: usize, b0 a: f32[{layout}], b1 gain: f32[unit], mut b2 r: f32[_, 3]) {{
               parfor v0 in n {{ {body} }}
             }}"
        )
    }

    const SCALED: &str =
        "v2: f32 = load b0[v0, v1] v3: f32 = load b1[v1] v4: f32 = mul v2, v3 store b2[v0, v1], v4";

    #[test]
    fn loops_over_colours_are_written_out() {
        let after =
            run(unroll_packed, &over("_, 3", &format!("for v1 in 3usize {{ {SCALED} }}"))).to_string();
        for colour in 0..3 {
            assert!(after.contains(&format!("load b0[v0, {colour}usize]")), "{after}");
            assert!(after.contains(&format!("load b1[{colour}usize]")), "{after}");
        }
        assert!(!after.contains("for v1"), "{after}");
    }

    #[test]
    fn loops_over_other_axes_and_of_unknown_length_stay() {
        unchanged(unroll_packed, &over("_, 3", &format!("for v1 in n {{ {SCALED} }}")));
        let column = "for v1 in 3usize { v2: f32 = load b0[v1, v0] store b2[v0, 0usize], v2 }";
        unchanged(unroll_packed, &over("_, unit", column));
        let nothing_packed =
            over("_, unit", &format!("for v1 in 3usize {{ {SCALED} }}")).replace("_, 3]", "_, unit]");
        unchanged(unroll_packed, &nothing_packed);
    }

    #[test]
    fn dimensions_become_loops_unless_they_merge() {
        let space = |body: &str| over("_, 3", body).replace("parfor v0 in n", "parfor v0, v1 in n, 3usize");
        let after = run(unroll_packed, &space(SCALED)).to_string();
        assert!(after.contains("parfor v0 in n") && after.contains("load b0[v0, 2usize]"), "{after}");
        unchanged(unroll_packed, &space("v2: f32 = load b0[v0, v1] store b2[v0, v1], v2"));
    }

    #[test]
    fn random_numbers_stay_those_of_the_position() {
        let random = "v5: usize = linear_index v6: i64 = cast v5 v7: f32 = random 0i64, v6, 0i64 \
                      v8: f32 = load b1[v1] v9: f32 = add v7, v8 store b2[v0, v1], v9";
        let space = over("_, 3", random).replace("parfor v0 in n", "parfor v0, v1 in n, 3usize");
        let after = run(unroll_packed, &space).to_string();
        assert!(!after.contains("linear_index") && after.contains("mul v0, 3usize"), "{after}");
    }
}
