//! Which operations can take a constant straight from memory.
//!
//! Cranelift makes a load the memory operand of the instruction that uses it, but only if the instruction is
//! emitted at one place: if its result is used once, by something that is itself emitted once, and so on up to
//! a store. Elsewhere a load is an instruction of its own, and one for all registers of the step is enough.
//!
//! ```text
//! a = fmul x, c1      used twice: one load of c1 for all registers
//! b = fadd a, c2      used once, by a store: each register's fadd reads c2 from memory
//! c = fma a, a, b …
//! ```

use parfuse_ir::arena::Id;
use parfuse_ir::lane::{Block, Inst, LaneOp, Node, Region, Value};

/// How the values of a region are used.
#[derive(Debug)]
pub(crate) struct Folding {
    uses: Vec<u32>,
    /// Whether all uses seen are by something that is emitted once.
    used_once_each: Vec<bool>,
}

impl Folding {
    /// Follows the uses of a region's values, last to first: every use of a value comes before its definition.
    pub(crate) fn new(region: &Region) -> Folding {
        let count = region.code.values.len();
        let mut folding = Folding { uses: vec![0; count], used_once_each: vec![true; count] };
        for reduction in &region.reductions {
            folding.use_once(reduction.contribution);
        }
        folding.block(region, &region.code.body);
        folding
    }

    /// Whether the operation that computes a value can take a constant from memory.
    pub(crate) fn folds(&self, value: Value) -> bool {
        self.is_used_once(value) && self.used_once_each[value.index()]
    }

    /// Whether a value has a single use.
    pub(crate) fn is_used_once(&self, value: Value) -> bool {
        self.uses[value.index()] == 1
    }

    fn use_once(&mut self, value: Value) {
        self.uses[value.index()] += 1;
    }

    fn block(&mut self, region: &Region, block: &Block) {
        for node in block.iter().rev() {
            match node {
                Node::Let(value) => self.evaluation(region, *value),
                Node::Store { value, mask, .. } => {
                    self.use_once(*value);
                    mask.iter().for_each(|mask| self.use_once(*mask));
                }
                Node::If { cond, then, otherwise, results } => {
                    for merge in results {
                        self.use_once(merge.then);
                        self.use_once(merge.otherwise);
                    }
                    self.block(region, otherwise);
                    self.block(region, then);
                    self.use_once(*cond);
                }
                Node::Loop { carried, header, cond, body } => {
                    carried.iter().for_each(|carry| self.use_once(carry.next));
                    self.block(region, body);
                    self.use_once(*cond);
                    self.block(region, header);
                    carried.iter().for_each(|carry| self.use_once(carry.init));
                }
                Node::Lanes(own) => {
                    own.reductions.iter().for_each(|own| self.use_once(own.contribution));
                    self.block(region, &own.body);
                    self.block(region, &own.prologue);
                }
                Node::Check { ok, .. } => self.use_once(*ok),
                Node::SetSlot { .. }
                | Node::Alloc { .. }
                | Node::Move { .. }
                | Node::Resize { .. }
                | Node::Launch(_)
                | Node::Call(_) => {}
            }
        }
    }

    fn evaluation(&mut self, region: &Region, value: Value) {
        let Inst::Op(op, args) = &region.code.values[value].inst else { return };
        let folds = self.folds(value);
        for arg in args {
            self.use_once(*arg);
            if matches!(op, LaneOp::FMin | LaneOp::FMax) {
                // Spelled as a comparison and a choice between the compared.
                self.use_once(*arg);
            }
            self.used_once_each[arg.index()] &= folds;
        }
    }
}
