//! A region's function: the rows of a block, each in steps of several elements and a tail of single ones.
//!
//! ```text
//! entry ──▶ row(r) ──▶ prologue ──▶ step(i): lanes elements ⟲ ──▶ tail(i, end): one element ⟲ ──▶ row(r + 1)
//!              │                       │ a check fails               ▲           │ end was a step's
//!              ▼                       └─────────────────────────────┘           ▼
//!           fold reductions, return                                        return the fault
//! ```
//!
//! When a check fails for some lane of a step, the tail's loop does that step again one element at a time,
//! to find the first failing element and what to report. Where that second run could go another way than the first
//! (`second_run.rs`) there are no steps: the tail's loop does all elements.

use crate::abi;
use crate::compiler::Function;
use crate::conditions::Conditions;
use crate::emit::{Emitter, OnFault, Reg, Registers, Start};
use crate::plan::Plan;
use crate::rare_calls::RareCalls;
use crate::reduction::Accumulator;
use crate::uses;
use cranelift_codegen::ir::{self as clif, AbiParam, BlockArg, InstBuilder, types};
use cranelift_codegen::isa::CallConv;
use parfuse_ir::grid::{self, BlockRange};
use parfuse_ir::lane::{Inst, LaneOp, LaneType, Region, Walk};
use smallvec::{SmallVec, smallvec};
use std::mem::offset_of;

/// The signature of [`abi::RegionFn`].
pub(crate) fn signature(pointer: clif::Type, convention: CallConv) -> clif::Signature {
    let mut signature = clif::Signature::new(convention);
    signature.params.extend([AbiParam::new(pointer); 4]);
    signature.returns.push(AbiParam::new(types::I32));
    signature
}

/// No fault, as the tail's argument.
const NONE: i64 = -1;

/// The blocks and values that the parts of the function share.
struct Shape<'a> {
    region: &'a Region,
    plan: &'a Plan,
    accumulators: Vec<Accumulator>,
    partials: Reg,
    column_start: Reg,
    column_end: Reg,
    /// `column_start` plus as many elements as make whole steps.
    steps_end: Reg,
    /// One step. Takes the first index.
    step: clif::Block,
    /// Single elements. Takes the first index and, if there are checks, the index after the last and the
    /// number of the fault that led here.
    tail: clif::Block,
}

/// Emits a region.
pub(crate) fn emit<'a>(
    function: Function<'a>,
    region: &'a Region,
    plan: &'a Plan,
    rare_calls: Option<&'a RareCalls>,
) {
    let Function { mut builder, lane, constants, traits, config } = function;
    let entry = builder.create_block();
    builder.append_block_params_for_function_params(entry);
    builder.switch_to_block(entry);
    let [frame, range, partials, fault] = builder.block_params(entry).try_into().expect("four parameters");
    let start = Start { builder, lane, code: &region.code, constants, traits, frame, fault };
    let mut emitter = Emitter::new(start);
    let e = &mut emitter;
    e.mask_width = plan.mask_width;
    e.folding = Some(&plan.folding);
    e.one_by_one = region.walk.is_scalar();
    if e.one_by_one {
        let contributions = region.reductions.iter().map(|own| own.contribution);
        let outputs = region.outputs.iter().map(|output| output.value);
        e.conditions = Conditions::of(&region.code, contributions.chain(outputs));
    }

    let mut bound = |offset: usize| e.builder.ins().load(types::I64, Emitter::own(), range, offset as i32);
    let row_start = bound(offset_of!(BlockRange, row_start));
    let row_end = bound(offset_of!(BlockRange, row_end));
    let column_start = bound(offset_of!(BlockRange, column_start));
    let column_end = bound(offset_of!(BlockRange, column_end));
    if uses::calls_host(&region.code.body) {
        e.call_from_region(rare_calls);
        e.keep_pointers(&[&region.prologue, &region.code.body]);
    } else {
        for buffer in &plan.uses.buffers {
            let pointer = e.buffer_pointer(*buffer);
            e.buffers[buffer.0 as usize] = Some(pointer);
        }
    }
    let extents: Vec<Reg> = region.extents.iter().map(|slot| e.slot(*slot, LaneType::I64)).collect();
    let columns = extents.last().copied().unwrap_or_else(|| e.builder.ins().iconst(types::I64, 1));
    let accumulators: Vec<Accumulator> =
        region.reductions.iter().map(|reduction| Accumulator::new(e, *reduction)).collect();
    let elements = e.builder.ins().isub(column_end, column_start);
    let in_steps = e.builder.ins().band_imm_s(elements, -(plan.lanes as i64));
    let steps_end = e.builder.ins().iadd(column_start, in_steps);

    let [row_head, row_body, step, tail, next_row, finish] = [(); 6].map(|()| e.builder.create_block());
    let row = e.builder.append_block_param(row_head, types::I64);
    e.builder.append_block_param(step, types::I64);
    for (ty, count) in accumulators.iter().filter(|_| plan.holds_lanes).map(Accumulator::registers) {
        for _ in 0..count {
            e.builder.append_block_param(step, ty);
        }
    }
    for _ in 0..if plan.redoes() { 3 } else { 1 } {
        e.builder.append_block_param(tail, types::I64);
    }
    let shape =
        Shape { region, plan, accumulators, partials, column_start, column_end, steps_end, step, tail };
    e.jump(row_head, &[row_start]);

    e.builder.switch_to_block(row_head);
    let more = e.builder.ins().icmp(clif::condcodes::IntCC::SignedLessThan, row, row_end);
    e.stay_if(more, row_body, finish);

    e.builder.switch_to_block(row_body);
    e.poll();
    shape.begin_row(e, row, columns, &extents);
    if plan.lanes > 1 {
        e.builder.switch_to_block(step);
        shape.emit_step(e);
    }
    e.builder.switch_to_block(tail);
    shape.emit_tail(e, next_row);
    e.builder.switch_to_block(next_row);
    let next = e.builder.ins().iadd_imm_s(row, 1);
    e.jump(row_head, &[next]);

    e.builder.switch_to_block(finish);
    for (number, accumulator) in shape.accumulators.iter().enumerate() {
        let partial = accumulator.fold(e);
        e.builder.ins().store(Emitter::own(), partial, partials, word_offset(number));
    }
    e.return_status(abi::OK);
    emitter.builder.seal_all_blocks();
    emitter.builder.finalize(config);
}

/// Where a word of a block's results goes, in bytes.
fn word_offset(number: usize) -> i32 {
    (number * size_of::<u64>()) as i32
}

impl Shape<'_> {
    /// Binds the row's indices, runs the prologue, and computes what holds for the whole row.
    fn begin_row(&self, e: &mut Emitter<'_>, row: Reg, columns: Reg, extents: &[Reg]) {
        let outer = grid::row_indices(row, &extents[..extents.len().saturating_sub(1)], |row, extent| {
            [LaneOp::UDiv, LaneOp::URem]
                .map(|op| e.scalar_op(op, LaneType::I64, &[row, extent], None, LaneType::I64))
        });
        let code = e.code;
        for (value, data) in code.values.iter() {
            // That along the last dimension is each element's own.
            if let Inst::RowIndex(dimension) = data.inst
                && dimension as usize + 1 < extents.len()
            {
                e.bind_scalar(value, outer[dimension as usize]);
            }
        }
        e.row_position = (self.region.walk != Walk::Once).then(|| e.builder.ins().imul(row, columns));
        e.index = Some(self.column_start);
        e.on_fault = OnFault::Record;
        e.lanes = 1;
        e.nodes(&self.region.prologue);
        for (buffer, base) in &self.plan.uses.bases {
            if e.buffers[buffer.0 as usize].is_some() {
                e.keep_base(*buffer, *base);
            }
        }
        e.lanes = self.plan.lanes;
        if e.lanes == 1 {
            let tail = self.to_tail(e, self.column_start);
            e.builder.ins().jump(self.tail, &tail);
            return;
        }
        for value in &self.plan.uses.broadcasts {
            if e.is_available(*value) {
                let width = e.width(*value);
                e.registers(*value, width);
            }
        }
        let mut lanes = Registers::new();
        if self.plan.holds_lanes {
            self.accumulators.iter().for_each(|accumulator| lanes.extend(accumulator.load(e)));
        }
        self.go_on(e, self.column_start, &lanes);
    }

    /// To the next step, or to the tail if no whole step is left; `lanes` are the accumulators held in registers.
    fn go_on(&self, e: &mut Emitter<'_>, index: Reg, lanes: &[Reg]) {
        let more = e.builder.ins().icmp(clif::condcodes::IntCC::SignedLessThan, index, self.steps_end);
        let tail = self.to_tail(e, index);
        let mut step: SmallVec<[BlockArg; 4]> = smallvec![BlockArg::Value(index)];
        step.extend(lanes.iter().copied().map(BlockArg::Value));
        if lanes.is_empty() {
            e.builder.ins().brif(more, self.step, &step, self.tail, &tail);
            return;
        }
        let leave = e.builder.create_block();
        e.builder.ins().brif(more, self.step, &step, leave, &[]);
        e.builder.switch_to_block(leave);
        let mut rest = lanes;
        for accumulator in &self.accumulators {
            let (own, others) = rest.split_at(accumulator.registers().1);
            accumulator.store(e, own);
            rest = others;
        }
        e.builder.ins().jump(self.tail, &tail);
    }

    /// What the tail takes for the elements from an index to the end of the row.
    fn to_tail(&self, e: &mut Emitter<'_>, index: Reg) -> SmallVec<[BlockArg; 3]> {
        let mut tail: SmallVec<[BlockArg; 3]> = smallvec![BlockArg::Value(index)];
        if self.plan.redoes() {
            let none = e.builder.ins().iconst(types::I64, NONE);
            tail.extend([self.column_end, none].map(BlockArg::Value));
        }
        tail
    }

    fn emit_step(&self, e: &mut Emitter<'_>) {
        let params: Registers = e.builder.block_params(self.step).into();
        let (index, held) = (params[0], &params[1..]);
        e.lanes = self.plan.lanes;
        e.on_fault = OnFault::Redo(self.tail);
        e.poll();
        let lanes = self.elements(e, index, held);
        let next = e.builder.ins().iadd_imm_s(index, self.plan.lanes as i64);
        self.go_on(e, next, &lanes);
    }

    fn emit_tail(&self, e: &mut Emitter<'_>, next_row: clif::Block) {
        let params: Registers = e.builder.block_params(self.tail).into();
        let index = params[0];
        let end = params.get(1).copied().unwrap_or(self.column_end);
        let [one, done] = [(); 2].map(|()| e.builder.create_block());
        let more = e.builder.ins().icmp(clif::condcodes::IntCC::SignedLessThan, index, end);
        e.stay_if(more, one, done);

        e.builder.switch_to_block(one);
        e.poll();
        e.lanes = 1;
        e.on_fault = OnFault::Record;
        self.elements(e, index, &[]);
        let next = e.builder.ins().iadd_imm_s(index, 1);
        let mut again = params.clone();
        again[0] = next;
        e.jump(self.tail, &again);

        e.builder.switch_to_block(done);
        let Some(fault) = params.get(2).copied() else {
            return e.jump(next_row, &[]);
        };
        // A step that is done again fails again, so this is never so.
        let failed = e.builder.create_block();
        e.builder.set_cold_block(failed);
        let redone = e.builder.ins().icmp_imm_s(clif::condcodes::IntCC::NotEqual, fault, NONE);
        e.builder.ins().brif(redone, failed, &[], next_row, &[]);
        e.builder.switch_to_block(failed);
        let row_position = e.row_position.expect("set at the start of the row");
        let first = e.builder.ins().iadd_imm_s(end, -(self.plan.lanes as i64));
        let iteration = e.builder.ins().iadd(row_position, first);
        e.record(fault, iteration, &[]);
    }

    /// The body for the elements from an index on, as many as the emitter does at once.
    fn elements(&self, e: &mut Emitter<'_>, index: Reg, held: &[Reg]) -> Registers {
        let mark = e.enter();
        e.index = Some(index);
        let last = self.region.extents.len().wrapping_sub(1);
        let (code, one_by_one) = (e.code, e.one_by_one);
        for (value, data) in code.values.iter().filter(|_| one_by_one) {
            if matches!(data.inst, Inst::RowIndex(dimension) if dimension as usize == last) {
                e.bind_scalar(value, index);
            }
        }
        for value in &self.plan.uses.indices {
            let first = match (&e.code.values[*value].inst, e.row_position) {
                // Lane loops have indices of their own.
                (Inst::LaneIndex, _) if one_by_one => continue,
                (Inst::LinearIndex, Some(row_position)) => e.builder.ins().iadd(row_position, index),
                _ => index,
            };
            if e.lanes == 1 {
                e.bind_scalar(*value, first);
            } else {
                let numbers = e.lane_numbers(first);
                e.bind_registers(*value, crate::emit::Width::Wide, numbers);
            }
        }
        e.nodes(&self.region.code.body);
        for (number, output) in self.region.outputs.iter().enumerate() {
            let word = e.word(output.value);
            let offset = word_offset(self.accumulators.len() + number);
            e.builder.ins().store(Emitter::own(), word, self.partials, offset);
        }
        let (mut lanes, mut rest) = (Registers::new(), held);
        if !held.is_empty() {
            for accumulator in &self.accumulators {
                let (own, others) = rest.split_at(accumulator.registers().1);
                lanes.extend(accumulator.taken_in(e, own));
                rest = others;
            }
        } else if !self.accumulators.is_empty() {
            let position = e.builder.ins().isub(index, self.column_start);
            for accumulator in &self.accumulators {
                accumulator.take_in(e, position);
            }
        }
        e.leave(mark);
        lanes
    }
}
