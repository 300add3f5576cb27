//! From what a region uses: how many lanes a register and a step have.

use super::overlaps::Overlaps;
use super::{Selector, Target};
use crate::compiler::Effort;
use crate::narrow::Narrow;
use crate::second_run;
use crate::uses::{Habits, Rows, Uses};
use crate::wide::assembler::{Alu, Length};
use crate::wide::machine::Reg;
use parfuse_ir::grid::LANES;
use parfuse_ir::lane::{Buffer, Code, Inst, Lane, LaneLoop, LaneType, Reduction, Region};
use std::rc::Rc;

/// The most operations of a short body.
const SHORT: usize = 24;

/// The most operations of a body that is not very long.
const LONG: usize = 300;

/// Rows of fewer steps are short, where these are cheap, and where they are not.
const LONG_ROW: [i32; 2] = [3, 8];

/// The registers that a turn of a loop works with, beside those that the loop carries.
const WORKING: usize = 4;

/// What the wide emitter wants in lanes: all of it.
const HABITS: Habits = Habits { takes_lanes: |_, _| true, scatters_lanes: true };

/// The bytes of the widest type.
fn widest(uses: &Uses, narrow: Option<&Narrow>) -> usize {
    match narrow {
        Some(narrow) => narrow.bytes,
        None if uses.has_wide => 8,
        None => 4,
    }
}

/// Which loads of rows share registers. Shorter ones lie in two cache lines less often. Where there is much to compute, loads
/// are done meanwhile, while what is shifted is computed, too.
fn overlaps(
    lane: &Lane,
    rows: &Rows<'_>,
    uses: &Uses,
    (isa, effort): (Target, Effort),
    (group, narrow): (usize, Option<&Narrow>),
) -> Overlaps {
    let whole = group * widest(uses, narrow) == Length::L512.bytes();
    if effort == Effort::Quick || isa != Target::Avx512 || !whole {
        return Overlaps::default();
    }
    let overlaps = Overlaps::of(lane, rows, group, narrow);
    if overlaps.work() <= isa.pipes() * (uses.neighbour_loads + uses.looped_loads) {
        overlaps
    } else {
        Overlaps::default()
    }
}

/// How rows are selected: those of a region, or a lane loop.
pub(super) struct Plan {
    /// The bytes of the widest type.
    pub(super) widest: usize,
    /// How integers are computed in short lanes, if they are.
    pub(super) narrow: Option<Rc<Narrow>>,
    /// The lanes of a register.
    pub(super) group: usize,
    /// The registers of a varying value.
    pub(super) count: usize,
    /// How often a step goes through the body, each time for `count` registers a value.
    pub(super) parts: usize,
    /// By reduction: whether its accumulators stay in registers from step to step. A step is then a whole turn of them.
    pub(super) held: Vec<bool>,
    /// How many constants stay in registers. A short body with one in each operation would wait for memory.
    pub(super) constants: usize,
    /// Whether steps of long rows begin where their first access is aligned.
    pub(super) aligns: bool,
    /// If the rest of a row can be a whole step that begins among elements that have been computed: more elements than how
    /// many the tail does later than that step.
    pub(super) overlaps_beyond: Option<usize>,
    /// Whether what is left of a row is done by whole registers, of which the last may begin among elements that have been
    /// computed.
    pub(super) ends_in_registers: bool,
    /// Which loads share registers.
    pub(super) overlaps: Overlaps,
    /// What the region uses.
    pub(super) uses: Uses,
}

impl Plan {
    /// The plan for a region; `lanes` overrides the choice of the step.
    pub(super) fn new(
        lane: &Lane,
        region: &Region,
        isa: Target,
        effort: Effort,
        lanes: Option<usize>,
    ) -> Plan {
        let rows = Rows::of(region);
        let uses = Uses::of(&rows, HABITS);
        let narrow = Narrow::of(lane, &rows).map(Rc::new);
        let widest = widest(&uses, narrow.as_deref());
        let group = isa.length().bytes() / widest;
        // Truth values are collected in a word.
        let has_lanes = |reduction: &Reduction| LaneType::of(reduction.dtype) != LaneType::Bool;
        let (turn, mut room) = (LANES / group, isa.registers() / 2);
        let mut held: Vec<bool> = region
            .reductions
            .iter()
            .map(|reduction| {
                let fits = has_lanes(reduction) && !uses.checks && turn <= room && narrow.is_none();
                room -= if fits { turn } else { 0 };
                fits
            })
            .collect();
        // A short body that reduces is bound by its accumulators: steps of whole turns read and write none of those that
        // registers hold. Others hide the latency of their operations behind so many registers a value.
        let short = uses.operations <= SHORT;
        let lean = short && !uses.loops && held.contains(&true);
        // What reduces takes in whole turns of accumulators at most, but for what is added up otherwise.
        let most = if region.reductions.is_empty() || narrow.is_some() { usize::MAX } else { turn };
        // What loops carry stays in registers, beside what a turn works with.
        let carrying = match (isa.registers() - WORKING) / uses.carried.max(1) {
            0 => 1,
            room => most.min(1 << room.ilog2()),
        };
        let diverges = || region.code.values.iter().any(|(_, data)| matches!(data.inst, Inst::Any(_)));
        let even_loops = uses.loops
            && !isa.evex()
            && region.reductions.is_empty()
            && uses.looped_loads > 0
            && uses.other_stores == 0
            && !diverges();
        let count = match lanes {
            // There are no steps.
            _ if !uses.repeatable => 1,
            Some(lanes) => (lanes / group).max(1),
            // Accumulators in memory take registers of their own while they are taken in.
            None if lean && held.contains(&false) => 2.min(most),
            None if lean => 4.min(most),
            None if effort == Effort::Quick => 1,
            // So many lanes are a long step as it is.
            None if narrow.is_some() => 2,
            // Loops that run as often for all lanes, and only add up, wait for memory: the more of a cache line a turn
            // reads, the better.
            None if even_loops && uses.operations <= SHORT / 2 => turn.min(carrying),
            None if even_loops && uses.operations <= 2 * SHORT => 4.min(carrying),
            // Of more rows at a time the processor does not foresee what is loaded next, and blocks may have no more.
            None if uses.looped_rows > 0 => Length::L512.bytes() / isa.length().bytes(),
            // Four registers a value are too many for the loops of a processor that has 16, and it takes long to assign
            // those of a very long body.
            None if uses.loops && !isa.evex() || uses.operations > LONG => 2.min(most),
            // A long step whose end is a division that is added up leaves the divider idle until the next has begun.
            None if uses.divisions > 0 && !region.reductions.is_empty() && isa == Target::Avx512 => {
                2.min(most)
            }
            None => 4.min(most),
        };
        let parts = if lean && lanes.is_none() { turn / count } else { 1 };
        if parts * count != turn {
            held.fill(false);
        }
        // Shorter registers lie in two cache lines so seldom that rotated accumulators cost more.
        let aligned_access = match region.reductions[..] {
            [] => uses.stores_only_neighbours(),
            _ => uses.neighbour_loads > 0 && held.contains(&true) && isa.length() == Length::L512,
        };
        // The elements before would be copied one by one where there are no masks for short lanes.
        let aligns = effort == Effort::Thorough
            && aligned_access
            && (narrow.is_none() || isa.evex())
            && uses.operations <= SHORT
            && !uses.checks
            && !uses.loops;
        let constants =
            if effort == Effort::Thorough && short && !uses.loops { isa.registers() / 4 } else { 0 };
        // Without masks in registers of their own, elements shorter than lanes are stored one by one in the tail, and others
        // take it many times as long as those that need no masks.
        let is_short = |buffer: &Buffer| lane.buffers[*buffer].dtype.size() < 4;
        let one_by_one = !isa.evex() && uses.buffers.iter().any(is_short);
        let steps_are_registers = parts * count == 1;
        let in_one_turn = if one_by_one || (steps_are_registers && !isa.evex()) { 0 } else { group };
        let runs_twice = uses.repeatable && second_run::changes_nothing(region);
        let overlaps_beyond = runs_twice.then_some(in_one_turn);
        let ends_in_registers = effort == Effort::Thorough
            && runs_twice
            && !isa.evex()
            && !one_by_one
            && !steps_are_registers
            && uses.operations <= LONG;
        let overlaps = overlaps(lane, &rows, &uses, (isa, effort), (group, narrow.as_deref()));
        Plan {
            group,
            widest,
            narrow,
            count,
            parts,
            held,
            constants,
            aligns,
            overlaps_beyond,
            ends_in_registers,
            overlaps,
            uses,
        }
    }

    /// The plan for a lane loop. Its accumulators are in registers, and steps any number of these long.
    pub(super) fn of_lane_loop(
        lane: &Lane,
        code: &Code,
        own: &LaneLoop,
        isa: Target,
        effort: Effort,
        lanes: Option<usize>,
    ) -> Plan {
        let rows = Rows::of_lane_loop(code, own);
        let uses = Uses::of(&rows, HABITS);
        let narrow = Narrow::of(lane, &rows).map(Rc::new);
        let widest = widest(&uses, narrow.as_deref());
        // What is less than a register goes one by one, so none is longer than most loops.
        let group = (isa.length().bytes() / widest).min(LANES / 2);
        let room = isa.registers() / 4 / own.reductions.len().max(1);
        let count = match lanes {
            Some(lanes) => (lanes / group).max(1),
            None if effort == Effort::Quick || uses.operations > LONG => 1,
            None if uses.loops && !isa.evex() || uses.operations > 2 * SHORT => 2,
            None => 4,
        };
        let count = count.min(room.next_power_of_two()).max(1);
        let short = uses.operations <= SHORT && !uses.loops;
        let constants = if effort == Effort::Thorough && short { isa.registers() / 4 } else { 0 };
        let aligns = effort == Effort::Thorough
            && isa.evex()
            && group * widest == Length::L512.bytes()
            && uses.stores_only_neighbours()
            && own.reductions.is_empty()
            && short;
        let overlaps = overlaps(lane, &rows, &uses, (isa, effort), (group, narrow.as_deref()));
        Plan {
            group,
            widest,
            narrow,
            count,
            parts: 1,
            held: Vec::new(),
            constants,
            aligns,
            overlaps_beyond: None,
            ends_in_registers: false,
            overlaps,
            uses,
        }
    }

    /// The elements of a step.
    pub(super) fn step(&self) -> usize {
        self.parts * self.count * self.group
    }

    /// The least elements of a long row, for which it pays that the first few take a step of their own.
    pub(super) fn long_row(&self) -> i32 {
        let [cheap, dear] = LONG_ROW;
        let steps = if self.uses.operations <= SHORT / 2 { cheap } else { dear };
        steps * self.step() as i32
    }

    /// The index after the last whole step, if the first begins here.
    pub(super) fn steps_end(&self, s: &mut Selector<'_>, first: Reg, end: Reg) -> Reg {
        let elements = s.machine.alu(Alu::Sub, true, end, first);
        let in_steps = s.machine.alu_imm(Alu::And, true, elements, -(self.step() as i32));
        s.machine.alu(Alu::Add, true, first, in_steps)
    }

    /// Whether there are steps, and not only what does the rest of a row.
    pub(super) fn steps(&self) -> bool {
        self.uses.repeatable
    }

    /// Whether steps are whole turns of accumulators, each in its place from step to step.
    pub(super) fn turns(&self) -> bool {
        self.held.contains(&true)
    }
}
