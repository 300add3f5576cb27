//! Parallel loops inside code whose elements run one by one: lane loops.
//!
//! ```text
//! parfor v3 in v2 { reduce sum x1 into x0 … }          lanes v2 {
//!                                                        reduce sum i64 v7 into v8: i64
//!                                                ⇒       prologue { what all iterations load alike }
//!                                                        body { … }
//!                                                      }
//!                                                      x0 = iadd x0, v8
//! ```
//!
//! What the iterations set is private to them, so variables hold afterwards what they held before, but for the targets.

use super::affine;
use super::legalize::legalize;
use super::liveness::VarSet;
use super::region::simple;
use super::translate::{Place, Translator};
use super::varying::Varying;
use crate::effects::Changes;
use parfuse_ir::lane::{LaneLoop, LaneType, Node, Reduction, Value};
use parfuse_ir::loops::Parfor;

impl Translator<'_> {
    /// Translates a lane loop.
    pub(super) fn lane_loop(&mut self, parfor: &Parfor) {
        let extent = self.value(parfor.extents[0]);
        let stored = Changes::of_block(&parfor.body).stored;
        let inside = Place::Region { varying: Varying::of_lane_loop(self.loops, parfor), stored };
        let outside = std::mem::replace(&mut self.place, inside);
        let before = self.env.clone();

        self.build.open_lane_loop();
        let index = affine::lane_index(&mut self.build);
        self.values.insert(parfor.indices[0], index);
        for (op, local, _) in simple(parfor) {
            let identity = self.scalar(op.identity(self.loops.vars[local].dtype));
            self.env.insert(local, identity);
        }
        let locals: VarSet = simple(parfor).map(|(_, local, _)| local).collect();
        self.block(&parfor.body, &locals);
        let contributions: Vec<_> =
            simple(parfor).map(|(op, local, _)| self.contribution(op, local)).collect();
        let [prologue, body] = self.build.close_lane_loop();

        (self.place, self.env) = (outside, before);
        let reductions: Vec<Reduction<Value>> = simple(parfor)
            .zip(contributions)
            .map(|((op, local, _), contribution)| {
                let dtype = self.loops.vars[local].dtype;
                let total = self.build.bound(LaneType::of(dtype), false);
                Reduction { op, dtype, contribution, total }
            })
            .collect();
        let totals: Vec<Value> = reductions.iter().map(|reduction| reduction.total).collect();
        self.build.node(Node::Lanes(LaneLoop { extent, reductions, prologue, body }));
        for ((op, local, target), total) in simple(parfor).zip(totals) {
            let dtype = self.loops.vars[local].dtype;
            let before = self.var(target);
            let after = legalize(&mut self.build, op.combine(), &[dtype; 2], &[before, total]);
            self.env.insert(target, after);
        }
    }
}
