//! From what a region uses: how many lanes a register and a step have.

use super::Target;
use crate::compiler::Effort;
use crate::uses::{Habits, Uses};
use parfuse_ir::grid::LANES;
use parfuse_ir::lane::{LaneType, Region};

/// The most operations of a short body.
const SHORT: usize = 24;

/// How a region is selected.
pub(super) struct Plan {
    /// The bytes of the widest type.
    pub(super) widest: usize,
    /// The lanes of a register.
    pub(super) group: usize,
    /// The registers of a varying value in a step.
    pub(super) count: usize,
    /// Whether accumulators stay in registers from step to step.
    pub(super) holds_lanes: bool,
    /// Whether whole stores may go past the caches, if the arrays are large.
    pub(super) may_stream: bool,
    /// What the region uses.
    pub(super) uses: Uses,
}

impl Plan {
    /// The plan for a region; `lanes` overrides the choice of the step.
    pub(super) fn new(region: &Region, isa: Target, effort: Effort, lanes: Option<usize>) -> Plan {
        let uses = Uses::of(region, Habits { takes_lanes: |_, _| true, scatters_lanes: true });
        let widest = if uses.has_wide { 8 } else { 4 };
        let group = isa.length().bytes() / widest;
        let accumulator_registers: usize = region
            .reductions
            .iter()
            .map(|reduction| match LaneType::of(reduction.dtype) {
                LaneType::Bool => LANES,
                _ => LANES / group,
            })
            .sum();
        let room = isa.registers() / 2;
        // A short body that reduces is bound by its accumulators: with all of them in registers a step reads and writes
        // none. Others hide the latency of their operations behind so many registers a value.
        let short = uses.operations <= SHORT;
        let lean = short
            && !uses.checks
            && !uses.loops
            && !region.reductions.is_empty()
            && accumulator_registers <= room;
        // What reduces takes in whole turns of accumulators at most.
        let most = if region.reductions.is_empty() { usize::MAX } else { LANES / group };
        let count = match lanes {
            Some(lanes) => (lanes / group).max(1),
            None if lean => LANES / group,
            None if effort == Effort::Quick => 1,
            // Four registers a value are too many for the loops of a processor that has 16.
            None if uses.loops && !isa.evex() => 2.min(most),
            // A long step whose end is a division that is added up leaves the divider idle until the next has begun.
            None if uses.divisions > 0 && !region.reductions.is_empty() && isa == Target::Avx512 => {
                2.min(most)
            }
            None => 4.min(most),
        };
        let holds_lanes = count * group == LANES
            && !region.reductions.is_empty()
            && accumulator_registers <= room
            && !uses.checks;
        let may_stream = effort == Effort::Thorough
            && uses.streams > 0
            && uses.other_stores == 0
            && uses.operations <= SHORT / 2
            && !uses.loops
            && region.reductions.is_empty();
        Plan { group, widest, count, holds_lanes, may_stream, uses }
    }
}
