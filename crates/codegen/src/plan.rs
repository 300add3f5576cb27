//! From what a region uses: how many elements make a step, and what to compute once a row.

use crate::compiler::Effort;
use crate::emit::Width;
use crate::folding::Folding;
use crate::uses::{Habits, Rows, Uses};
use parfuse_ir::grid::LANES;
use parfuse_ir::lane::{LaneOp, Region};

/// The most numeric values of a body whose accumulators have room in registers beside them.
const LEAN: usize = 2;

/// The emission plan of a region.
#[derive(Debug)]
pub(crate) struct Plan {
    /// The elements of a step.
    pub(crate) lanes: usize,
    /// Whether accumulators stay in registers from step to step.
    pub(crate) holds_lanes: bool,
    /// The width of masks that nothing else decides.
    pub(crate) mask_width: Width,
    /// Where constants can be memory operands.
    pub(crate) folding: Folding,
    /// What the region uses.
    pub(crate) uses: Uses,
}

impl Plan {
    /// The plan for a region; `lanes` overrides the choice of the step.
    pub(crate) fn new(region: &Region, effort: Effort, lanes: Option<usize>) -> Plan {
        let uses = Uses::of(&Rows::of(region), Habits { takes_lanes, scatters_lanes: false });
        let (wide, narrow) = (uses.wide, uses.narrow);
        let mask_width = if wide > 0 && wide >= narrow { Width::Wide } else { Width::Narrow };
        // Registers per value: four hide the latency of straight-line bodies. Very long bodies and bodies with
        // loops have enough independent work with two, and more values than registers; and two compile faster.
        let registers = if effort == Effort::Quick || uses.loops || wide + narrow > 64 { 2 } else { 4 };
        let width = if wide > 0 { Width::Wide } else { Width::Narrow };
        // Barely more than a sum of 32-bit numbers: its time is that of its accumulators, and eight registers hold all
        // of them. Of 64-bit numbers they would take all sixteen, and Cranelift spills every one.
        let lean =
            registers == 4 && region.reductions.len() == 1 && wide == 0 && narrow <= LEAN && !uses.checks;
        let own = if lean { LANES } else { registers * width.lanes() };
        let lanes = lanes.unwrap_or(own);
        assert!(lanes.is_power_of_two() && (4..=LANES).contains(&lanes), "{lanes}");
        // Without steps the tail does all.
        let lanes = if uses.repeatable && !region.walk.is_scalar() { lanes } else { 1 };
        let holds_lanes = lanes == LANES && !region.reductions.is_empty();
        Plan { lanes, holds_lanes, mask_width, folding: Folding::new(region), uses }
    }

    /// Whether steps are done again, one element at a time, to find out which fails.
    pub(crate) fn redoes(&self) -> bool {
        self.uses.checks && self.lanes > 1
    }
}

/// Whether an operation on lanes takes an operand in lanes even if it is uniform.
fn takes_lanes(op: LaneOp, position: usize) -> bool {
    match op {
        LaneOp::SDiv | LaneOp::SRem | LaneOp::UDiv | LaneOp::URem | LaneOp::SMulHigh | LaneOp::UMulHigh => {
            false
        }
        LaneOp::Shl | LaneOp::UShr | LaneOp::SShr => position == 0,
        _ => true,
    }
}
