//! The function of a region whose elements run one by one: scalar code, with lanes in lane loops only.
//!
//! ```text
//! entry ─▶ row(r) ─▶ prologue ─▶ element(c): scalar code ─▶ lane loops … ⟲ ─▶ row(r + 1)
//!             │                       │ a check fails: record, return
//!             ▼                       ▼
//!          fold reductions, return the outputs
//! ```
//!
//! What an element contributes is taken in at the accumulator lane of its position, as in steps of several elements. Code that runs
//! once has neither rows nor contributions.

use super::plan::Plan;
use super::reductions::Accumulator;
use super::{Row, Selector, Target, update};
use crate::abi;
use crate::compiler::Effort;
use crate::uses::{self, Habits, Rows, Uses};
use crate::wide::assembler::{Alu, Condition, Length, VectorOp};
use crate::wide::machine::{Kind, Machine, Place, Reg, Test};
use parfuse_ir::grid::{self, BlockRange};
use parfuse_ir::lane::{Inst, Lane, LaneOp, LaneType, Output, Region, Walk};
use regalloc2::RegClass;
use std::mem::offset_of;

/// Selects the instructions of a region; also tells the elements of a step, which is one.
pub(super) fn region(
    lane: &Lane,
    region: &Region,
    isa: Target,
    effort: Effort,
    lanes: Option<usize>,
    stub: i64,
) -> (Machine, usize) {
    let habits = Habits { takes_lanes: |_, _| true, scatters_lanes: true };
    let uses = Uses::of(&Rows::of(region), habits);
    let (mut selector, [_, range, partials, _]) = Selector::start(lane, region, isa, effort);
    let s = &mut selector;
    s.chosen_lanes = lanes;
    s.is_scalar = true;
    (s.stub, s.calls_host) = (stub, uses::calls_host(&s.code.body));
    s.waiting = update::waiting(lane, s.code, &s.conditions);
    if s.calls_host {
        s.keep_pointers(&[&region.prologue, &region.code.body]);
    } else {
        for buffer in &uses.buffers {
            s.buffers[buffer.0 as usize] = Some(s.buffer_pointer(*buffer));
        }
    }
    match region.walk {
        Walk::Once => s.run_once(region, &uses, partials),
        Walk::Elements | Walk::Lanes => s.run_block(region, &uses, range, partials),
    }
    (selector.machine, 1)
}

/// A word of a block's results.
fn word(partials: Reg, number: usize) -> Place {
    let displacement = (number * size_of::<u64>()) as i32;
    Place::Address { base: partials, index: None, displacement }
}

impl Selector<'_> {
    /// Code that runs once: nothing goes from element to element.
    fn run_once(&mut self, region: &Region, uses: &Uses, partials: Reg) {
        self.poll();
        let mark = self.enter();
        self.begin(region, uses);
        self.nodes(&region.code.body);
        for (number, output) in region.outputs.iter().enumerate() {
            self.put_out(*output, word(partials, number));
        }
        self.leave(mark);
        self.machine.finish(abi::OK);
    }

    /// The rows of a block, element by element.
    fn run_block(&mut self, region: &Region, uses: &Uses, range: Reg, partials: Reg) {
        let s = self;
        let mut bound = |offset: usize| {
            s.machine.load(8, Place::Address { base: range, index: None, displacement: offset as i32 })
        };
        let row_start = bound(offset_of!(BlockRange, row_start));
        let row_end = bound(offset_of!(BlockRange, row_end));
        let column_start = bound(offset_of!(BlockRange, column_start));
        let column_end = bound(offset_of!(BlockRange, column_end));
        let extents: Vec<Reg> = region.extents.iter().map(|slot| s.slot(*slot, LaneType::I64)).collect();
        let accumulators: Vec<Accumulator> =
            region.reductions.iter().map(|reduction| Accumulator::new(s, *reduction)).collect();

        let [row_head, row_body, column_head, element, next_row, finish] =
            [(); 6].map(|()| s.machine.block());
        let row = s.machine.param(row_head, RegClass::Int);
        let column = s.machine.param(column_head, RegClass::Int);
        s.machine.jump(row_head, &[row_start]);

        s.machine.fill(row_head);
        s.machine.branch(Test::Compare(Condition::Less, true), &[row, row_end], row_body, finish);
        s.machine.fill(row_body);
        let mark = s.enter();
        s.begin_row(row, &extents);
        s.index = Some(column_start);
        s.begin(region, uses);
        s.machine.jump(column_head, &[column_start]);

        s.machine.fill(column_head);
        s.machine.branch(Test::Compare(Condition::Less, true), &[column, column_end], element, next_row);
        s.machine.fill(element);
        s.poll();
        let own = s.enter();
        s.index = Some(column);
        let last = region.extents.len().wrapping_sub(1);
        let code = s.code;
        for (value, data) in code.values.iter() {
            match (&data.inst, s.row.position) {
                (Inst::RowIndex(dimension), _) if *dimension as usize == last => {
                    s.bind_scalar(value, column);
                }
                (Inst::LinearIndex, Some(row)) => {
                    let position = s.machine.alu(Alu::Add, true, row, column);
                    s.bind_scalar(value, position);
                }
                _ => {}
            }
        }
        s.nodes(&region.code.body);
        if !accumulators.is_empty() {
            let position = s.machine.alu(Alu::Sub, true, column, column_start);
            accumulators.iter().for_each(|accumulator| accumulator.take_in_one(s, position));
        }
        s.leave(own);
        let next = s.machine.alu_imm(Alu::Add, true, column, 1);
        s.machine.jump(column_head, &[next]);

        s.machine.fill(next_row);
        let next = s.machine.alu_imm(Alu::Add, true, row, 1);
        s.machine.jump(row_head, &[next]);
        s.leave(mark);
        (s.row, s.index) = (Row::default(), None);

        s.machine.fill(finish);
        for (number, accumulator) in accumulators.iter().enumerate() {
            let partial = accumulator.fold(s);
            s.machine.store(8, partial, word(partials, number));
        }
        s.machine.finish(abi::OK);
    }

    /// What stands in front of elements.
    fn begin(&mut self, region: &Region, uses: &Uses) {
        self.nodes(&region.prologue);
        for (buffer, base) in &uses.bases {
            if self.stays(*buffer) {
                self.keep_base(*buffer, *base);
            }
        }
    }

    /// Binds the indices of a row, and finds its position.
    fn begin_row(&mut self, row: Reg, extents: &[Reg]) {
        let before_last = &extents[..extents.len().saturating_sub(1)];
        let outer = grid::row_indices(row, before_last, |row, extent| {
            [LaneOp::UDiv, LaneOp::URem]
                .map(|op| self.scalar_integers(op, LaneType::I64, &[row, extent], None))
        });
        let code = self.code;
        for (value, data) in code.values.iter() {
            if let Inst::RowIndex(dimension) = data.inst
                && (dimension as usize) < before_last.len()
            {
                self.bind_scalar(value, outer[dimension as usize]);
            }
        }
        let columns = extents.last().copied().unwrap_or_else(|| self.machine.imm(1));
        self.row.position = Some(self.machine.in_place(Kind::Multiply(true), row, Some(columns)));
    }

    /// Stores an output, zero-extended.
    fn put_out(&mut self, output: Output, place: Place) {
        let (ty, scalar) = (self.ty(output.value), self.scalar(output.value));
        let word = match ty {
            LaneType::I64 => scalar,
            LaneType::Bool | LaneType::I32 => self.machine.fresh(Kind::ZeroExtend, &[scalar]),
            LaneType::F32 => {
                let bits = self.lane_to_scalar_bits(scalar);
                self.machine.fresh(Kind::ZeroExtend, &[bits])
            }
            LaneType::F64 => {
                return self.machine.store_vector(VectorOp::VmovsdTo, Length::L128, scalar, place, None);
            }
        };
        self.machine.store(8, word, place);
    }

    /// The 32 bits of lane 0.
    fn lane_to_scalar_bits(&mut self, lane: Reg) -> Reg {
        self.lane_to_scalar(lane, LaneType::I32)
    }

    /// The plan for a lane loop here.
    pub(super) fn plan_of(&self, own: &parfuse_ir::lane::LaneLoop) -> Plan {
        Plan::of_lane_loop(self.lane, self.code, own, self.isa, self.effort, self.chosen_lanes)
    }
}
