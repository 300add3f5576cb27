//! Addresses in plain loops: what a loop leaves as it is becomes part of the pointer, and a constant part of the access.
//!
//! ```text
//! loop v5 {
//!   v6 = iadd v5, 1
//!   v7 = iadd v6, v2               in front (Cranelift moves it there):   pointer = b0 + v2 * 8
//!   load b0[v7]             ⇒      in it:                                 load [pointer + v5 * 8 + 8]
//! }
//! ```
//!
//! Neighbours share a pointer then, and the sums are computed by the accesses themselves. Each pointer keeps a register
//! throughout the loop, so there are [`MOST`] of them.

use super::address::Place;
use super::{Emitter, Reg};
use cranelift_codegen::ir::InstBuilder;
use parfuse_ir::lane::{Buffer, Carried, Inst, LaneOp, Value};
use smallvec::SmallVec;

/// As many pointers as a loop keeps.
const MOST: usize = 6;
/// Longer sums stay as they are.
const TERMS: usize = 8;

/// Values to add, and after them values to subtract.
#[derive(Clone, PartialEq, Eq, Default)]
pub(super) struct Terms {
    added: SmallVec<[Value; 4]>,
    subtracted: SmallVec<[Value; 2]>,
}

impl Terms {
    fn push(&mut self, term: Value, subtracted: bool) {
        if subtracted { self.subtracted.push(term) } else { self.added.push(term) }
    }

    fn len(&self) -> usize {
        self.added.len() + self.subtracted.len()
    }

    fn sort(&mut self) {
        self.added.sort_unstable();
        self.subtracted.sort_unstable();
    }
}

/// The part of addresses that a loop leaves as it is.
pub(super) type Fixed = (Buffer, Terms);

/// An index by what a loop does to its terms.
#[derive(Default)]
struct Sum {
    fixed: Terms,
    moving: Terms,
    constant: i64,
}

impl Emitter<'_> {
    /// The place of an element of which the index is a sum, in a plain loop that keeps pointers.
    pub(super) fn sum_of_fixed_and_moving(&mut self, buffer: Buffer, index: Value) -> Option<Place> {
        self.loops.last()?;
        let Sum { fixed, moving, constant } = self.sum(index)?;
        let offset = constant.checked_mul(self.element_size(buffer))?;
        // Leaves room for the offsets of further registers.
        let offset = i32::try_from(offset).ok().filter(|offset| offset.unsigned_abs() < 1 << 30)?;
        let key = (buffer, fixed);
        let kept = self.loops.last_mut()?;
        if !kept.contains(&key) {
            if kept.len() == MOST {
                return None;
            }
            kept.push(key.clone());
        }
        let mut pointer = self.buffer_pointer(buffer);
        for terms in [&key.1, &moving] {
            if let Some(sum) = self.added(terms) {
                pointer = self.indexed(pointer, sum, buffer);
            }
        }
        Some(Place { pointer, offset })
    }

    /// Takes an index apart.
    fn sum(&self, index: Value) -> Option<Sum> {
        let mut sum = Sum::default();
        let mut open: SmallVec<[(Value, bool); 4]> = SmallVec::from_slice(&[(index, false)]);
        while let Some((term, subtracted)) = open.pop() {
            if sum.fixed.len() + sum.moving.len() + open.len() == TERMS {
                return None;
            }
            match &self.code.values[term].inst {
                Inst::Const(bits) => {
                    let own = *bits as i64;
                    sum.constant =
                        sum.constant.wrapping_add(if subtracted { own.wrapping_neg() } else { own });
                }
                _ if self.is_fixed(term) => sum.fixed.push(term, subtracted),
                Inst::Op(LaneOp::IAdd, terms) => {
                    open.extend([(terms[1], subtracted), (terms[0], subtracted)]);
                }
                Inst::Op(LaneOp::ISub, terms) => {
                    open.extend([(terms[1], !subtracted), (terms[0], subtracted)]);
                }
                _ => sum.moving.push(term, subtracted),
            }
        }
        sum.fixed.sort();
        Some(sum)
    }

    /// Whether a value comes from outside the innermost plain loop.
    fn is_fixed(&self, value: Value) -> bool {
        let binding = &self.bindings[value.0 as usize];
        binding.scalar.is_some() && binding.depth < self.loops.len()
    }

    /// The sum of terms, if there are any.
    fn added(&mut self, terms: &Terms) -> Option<Reg> {
        let mut total = None;
        for term in &terms.added {
            let term = self.scalar(*term);
            total = Some(match total {
                Some(total) => self.builder.ins().iadd(total, term),
                None => term,
            });
        }
        for term in &terms.subtracted {
            let term = self.scalar(*term);
            total = Some(match total {
                Some(total) => self.builder.ins().isub(total, term),
                None => self.builder.ins().ineg(term),
            });
        }
        total
    }

    /// Has what a loop carried count as computed behind it.
    pub(super) fn settle(&mut self, carried: &[Carried]) {
        let depth = self.loops.len();
        carried.iter().for_each(|carry| self.bindings[carry.value.0 as usize].depth = depth);
    }
}
