//! A region's function: the rows of a block, each in steps of several registers and a tail of one, masked.
//!
//! ```text
//! entry ─▶ row(r) ─▶ prologue ─▶ step(i) ⟲ ─▶ tail(i, end): lanes of a register ⟲ ─▶ row(r + 1)
//!             │                    │ a check fails: its elements ▲      │ a check has failed
//!             ▼                    └─────────────────────────────┘      ▼
//!          fold reductions, return                                   return the fault
//! ```
//!
//! Where elements may be computed twice (`second_run.rs`), a row that has had a step ends with one that begins among
//! elements that are computed, if what is left takes the tail longer: more than a register, or what it does one by one.
//! Without masks in registers of their own, stores under masks take many times as long as others. There what is left of
//! rows of at least a register is done by whole registers, the last of which ends where the row does:
//!
//! ```text
//! step(i) ⟲ ─▶ register(i), register(end - lanes) ─▶ row(r + 1)
//! ```
//!
//! When a check fails for some lane of a step, the tail does that step again, a register at a time. In the tail a failed
//! check records its lowest lane and goes on with the lanes below that one: so the lowest failing element is found, and
//! of its checks the first. Where the second run could go another way than the first (`second_run.rs`) there are no
//! steps: the tail does all elements.

mod align;

use super::check::OnFault;
use super::plan::Plan;
use super::reductions::Accumulator;
use super::{Extent, Registers, Row, Selector, SharedConstant, Target, fuse};
use crate::abi;
use crate::compiler::Effort;
use crate::wide::assembler::{Alu, Condition};
use crate::wide::machine::{Block, Kind, Machine, Place, Reg, Test};
use parfuse_ir::grid::{self, BlockRange};
use parfuse_ir::lane::{Inst, Lane, LaneOp, LaneType, Node, Region};
use regalloc2::RegClass;
use std::mem::offset_of;

/// No fault, as the tail's argument.
const NONE: u64 = u64::MAX;
/// The blocks and values that the parts of the function share.
struct Shape<'a> {
    region: &'a Region,
    plan: &'a Plan,
    accumulators: Vec<Accumulator>,
    column_start: Reg,
    column_end: Reg,
    /// The first index of steps: `column_start`, but for rows that begin with elements before the first aligned one.
    first: Reg,
    /// That plus as many elements as make whole steps.
    steps_end: Reg,
    /// How many elements come before the first of steps, if accumulators are rotated by that.
    rotation: Option<Reg>,
    /// One step. Takes the first index and the accumulators held in registers.
    step: Block,
    /// One register, of elements that may be computed twice, if that is how rows end. Takes the first index.
    register: Option<Block>,
    /// A masked register. Takes the first index and, if there are checks, the index after the last, the number of the
    /// fault that led here and the index where.
    tail: Block,
}

/// Selects the instructions of a region; also tells the elements of a step.
pub(in crate::wide) fn region(
    lane: &Lane,
    region: &Region,
    isa: Target,
    effort: Effort,
    lanes: Option<usize>,
    stub: i64,
) -> (Machine, usize) {
    if region.walk.is_scalar() {
        return super::elements::region(lane, region, isa, effort, lanes, stub);
    }
    let plan = Plan::new(lane, region, isa, effort, lanes);
    let (mut selector, [_, range, partials, _]) = Selector::start(lane, region, isa, effort);
    let s = &mut selector;
    (s.group, s.widest, s.narrow) = (plan.group, plan.widest, plan.narrow.clone());
    s.waiting = fuse::waiting(&region.code, &region.code.body, &plan, isa);
    s.overlaps = plan.overlaps.clone();
    let mut bound = |offset: usize| {
        s.machine.load(8, Place::Address { base: range, index: None, displacement: offset as i32 })
    };
    let row_start = bound(offset_of!(BlockRange, row_start));
    let row_end = bound(offset_of!(BlockRange, row_end));
    let column_start = bound(offset_of!(BlockRange, column_start));
    let column_end = bound(offset_of!(BlockRange, column_end));
    for buffer in &plan.uses.buffers {
        let slot = lane.frame.address(*buffer);
        let pointer = s.slot(slot, LaneType::I64);
        s.buffers[buffer.0 as usize] = Some(pointer);
    }
    let extents: Vec<Reg> = region.extents.iter().map(|slot| s.slot(*slot, LaneType::I64)).collect();
    let columns = extents.last().copied().unwrap_or_else(|| s.machine.imm(1));
    let accumulators: Vec<Accumulator> =
        region.reductions.iter().map(|reduction| Accumulator::new(s, *reduction)).collect();
    let steps_end = plan.steps_end(s, column_start, column_end);

    let [row_head, row_body, step, tail, next_row, finish] = [(); 6].map(|()| s.machine.block());
    let register = plan.ends_in_registers.then(|| s.machine.block());
    let row = s.machine.param(row_head, RegClass::Int);
    for block in [Some(step), register].into_iter().flatten() {
        s.machine.param(block, RegClass::Int);
    }
    for _ in plan.held.iter().filter(|held| **held).flat_map(|_| 0..plan.parts * plan.count) {
        s.machine.param(step, RegClass::Float);
    }
    for _ in 0..if plan.uses.checks { 4 } else { 1 } {
        s.machine.param(tail, RegClass::Int);
    }
    let mut shape = Shape {
        region,
        plan: &plan,
        accumulators,
        column_start,
        column_end,
        first: column_start,
        steps_end,
        rotation: None,
        step,
        register,
        tail,
    };
    s.machine.jump(row_head, &[row_start]);

    s.machine.fill(row_head);
    s.machine.branch(Test::Compare(Condition::Less, true), &[row, row_end], row_body, finish);
    s.machine.fill(row_body);
    s.poll();
    let mark = s.enter();
    shape.begin_row(s, row, columns, &extents);
    if plan.steps() {
        s.machine.align(step);
        s.machine.fill(step);
        shape.select_step(s);
    }
    if let Some(register) = register {
        s.machine.fill(register);
        shape.select_register(s, register, next_row);
    }
    s.machine.fill(tail);
    shape.select_tail(s, next_row);
    s.machine.fill(next_row);
    shape.turn_back(s);
    let next = s.machine.alu_imm(Alu::Add, true, row, 1);
    s.machine.jump(row_head, &[next]);
    s.leave(mark);
    (s.row, s.index) = (Row::default(), None);

    s.machine.fill(finish);
    for (number, accumulator) in shape.accumulators.iter().enumerate() {
        let partial = accumulator.fold(s);
        let displacement = (number * size_of::<u64>()) as i32;
        s.machine.store(8, partial, Place::Address { base: partials, index: None, displacement });
    }
    s.machine.finish(abi::OK);
    (selector.machine, plan.step())
}

impl Selector<'_> {
    /// Computes what holds for all steps of a row.
    pub(super) fn prepare(&mut self, plan: &Plan) {
        for stride in &plan.uses.strides {
            self.keep_stride(*stride);
        }
        for value in &plan.uses.broadcasts {
            if self.is_available(*value) {
                let scalar = self.scalar(*value);
                let register = self.broadcast(scalar, self.ty(*value));
                self.row.lanes.push((*value, register));
            } else {
                self.broadcast[value.0 as usize] = true;
            }
        }
        for (bits, ty) in plan.uses.constants.iter().take(plan.constants) {
            let extent = Extent::Group;
            let size = self.lane_size(*ty, extent);
            let register = self.constant_register(*bits, *ty, extent);
            self.row.constants.push(SharedConstant { bits: *bits, size, extent, register });
        }
    }

    /// A body for the elements from an index on, as many as are selected for at once. Whoever calls it takes in what
    /// they contribute, and leaves them.
    pub(super) fn elements(&mut self, plan: &Plan, body: &[Node], index: Reg) -> usize {
        let mark = self.enter();
        self.index = Some(index);
        self.remaining.clone_from(&plan.uses.reads);
        for position in 0..self.row.lanes.len() {
            let (value, register) = self.row.lanes[position];
            self.bind_lanes(value, Registers::from_elem(register, self.count));
        }
        self.nodes(body);
        mark
    }
}

impl Shape<'_> {
    /// Binds the row's indices, runs the prologue, and computes what holds for the whole row.
    fn begin_row(&mut self, s: &mut Selector<'_>, row: Reg, columns: Reg, extents: &[Reg]) {
        let outer = grid::row_indices(row, &extents[..extents.len().saturating_sub(1)], |row, extent| {
            [LaneOp::UDiv, LaneOp::URem].map(|op| s.scalar_integers(op, LaneType::I64, &[row, extent], None))
        });
        let code = s.code;
        for (value, data) in code.values.iter() {
            if let Inst::RowIndex(dimension) = data.inst {
                s.bind_scalar(value, outer[dimension as usize]);
            }
        }
        s.row.position = Some(s.machine.in_place(Kind::Multiply(true), row, Some(columns)));
        s.index = Some(self.column_start);
        s.remaining = vec![u32::MAX; code.values.len()];
        s.nodes(&self.region.prologue);
        for (buffer, base) in &self.plan.uses.bases {
            s.keep_base(*buffer, *base);
        }
        s.prepare(self.plan);
        if self.plan.aligns {
            self.align(s);
        }
        let mut lanes = Registers::new();
        for accumulator in self.held() {
            lanes.extend(accumulator.load(s, self.rotation));
        }
        self.go_on(s, self.first, &lanes, None);
    }

    /// How many elements the row has from an index on, and whether these are more than so many.
    fn has_more(&self, s: &mut Selector<'_>, index: Reg, elements: usize) -> (Reg, Test) {
        let left = s.machine.alu(Alu::Sub, true, self.column_end, index);
        (left, Test::CompareImm(Condition::Greater, true, elements as i32))
    }

    /// To the next step, or to the tail if no whole step is left, or, if it may overlap with steps before, to a last one;
    /// `lanes` are the accumulators held in registers.
    fn go_on(&self, s: &mut Selector<'_>, index: Reg, lanes: &[Reg], overlaps_beyond: Option<usize>) {
        if !self.plan.steps() {
            return self.go_on_in_tail(s, index);
        }
        let [again, leave] = [(); 2].map(|()| s.machine.block());
        let test = Test::Compare(Condition::Less, true);
        s.machine.branch(test, &[index, self.steps_end], again, leave);
        s.machine.fill(again);
        let mut arguments: Registers = [index].into_iter().collect();
        arguments.extend(lanes.iter().copied());
        s.machine.jump(self.step, &arguments);
        s.machine.fill(leave);
        let mut rest = lanes;
        for accumulator in self.held() {
            let (own, others) = rest.split_at(self.plan.parts * self.plan.count);
            accumulator.store(s, own, self.rotation);
            rest = others;
        }
        if let Some(elements) = overlaps_beyond {
            let [last, tail] = [(); 2].map(|()| s.machine.block());
            let (left, more) = self.has_more(s, index, elements);
            s.machine.branch(more, &[left], last, tail);
            s.machine.fill(last);
            let before_end = s.machine.alu_imm(Alu::Sub, true, self.column_end, self.plan.step() as i32);
            s.machine.jump(self.step, &[before_end]);
            s.machine.fill(tail);
        }
        match self.register {
            Some(register) => self.go_on_in_registers(s, index, register, overlaps_beyond.is_some()),
            None => self.go_on_in_tail(s, index),
        }
    }

    /// To whole registers for the elements from an index on, if there are any and the row has as many as fill one, as it has
    /// `after_step`; else to the tail.
    fn go_on_in_registers(&self, s: &mut Selector<'_>, index: Reg, register: Block, after_step: bool) {
        let [whole, tail] = [(); 2].map(|()| s.machine.block());
        let fewest = if after_step { 1 } else { self.plan.group };
        let (left, enough) = self.has_more(s, index, fewest - 1);
        s.machine.branch(enough, &[left], whole, tail);
        s.machine.fill(whole);
        let first = self.before_end(s, index);
        s.machine.jump(register, &[first]);
        s.machine.fill(tail);
        self.go_on_in_tail(s, index);
    }

    /// An index, or that of the last whole register of the row if it lies beyond.
    fn before_end(&self, s: &mut Selector<'_>, index: Reg) -> Reg {
        let last = s.machine.alu_imm(Alu::Sub, true, self.column_end, self.plan.group as i32);
        s.machine.in_place(Kind::Better(Condition::Less, true), index, Some(last))
    }

    /// A register of elements, and then those after it, among which may be some that it has computed.
    fn select_register(&self, s: &mut Selector<'_>, register: Block, next_row: Block) {
        let index = s.machine.blocks[register.0 as usize].params[0];
        s.poll();
        s.count = 1;
        s.active = None;
        s.on_fault = OnFault::Redo { tail: self.tail, elements: self.plan.group };
        let mark = self.elements(s, index);
        s.leave(mark);
        let next = s.machine.alu_imm(Alu::Add, true, index, self.plan.group as i32);
        let [again, done] = [(); 2].map(|()| s.machine.block());
        s.machine.branch(Test::Compare(Condition::Less, true), &[next, self.column_end], again, done);
        s.machine.fill(again);
        let next = self.before_end(s, next);
        s.machine.jump(register, &[next]);
        s.machine.fill(done);
        s.machine.jump(next_row, &[]);
    }

    /// To the tail, with the elements from an index to the end of the row.
    fn go_on_in_tail(&self, s: &mut Selector<'_>, index: Reg) {
        let mut tail: Registers = [index].into_iter().collect();
        if self.plan.uses.checks {
            let none = s.machine.imm(NONE);
            tail.extend([self.column_end, none, index]);
        }
        s.machine.jump(self.tail, &tail);
    }

    fn select_step(&self, s: &mut Selector<'_>) {
        let params = s.machine.blocks[self.step.0 as usize].params.clone();
        let (index, mut lanes) = (params[0], Registers::from_slice(&params[1..]));
        s.poll();
        s.count = self.plan.count;
        s.active = None;
        s.on_fault = OnFault::Redo { tail: self.tail, elements: self.plan.step() };
        for part in 0..self.plan.parts {
            let before = part * self.plan.count;
            let first = match before * self.plan.group {
                0 => index,
                elements => s.machine.alu_imm(Alu::Add, true, index, elements as i32),
            };
            let mark = self.elements(s, first);
            self.take_in_step(s, first, before, &mut lanes);
            s.leave(mark);
        }
        let next = s.machine.alu_imm(Alu::Add, true, index, self.plan.step() as i32);
        self.go_on(s, next, &lanes, self.plan.overlaps_beyond);
    }

    fn select_tail(&self, s: &mut Selector<'_>, next_row: Block) {
        let params = s.machine.blocks[self.tail.0 as usize].params.clone();
        let index = params[0];
        let end = params.get(1).copied().unwrap_or(self.column_end);
        let [some, done] = [(); 2].map(|()| s.machine.block());
        s.machine.branch(Test::Compare(Condition::Less, true), &[index, end], some, done);

        s.machine.fill(some);
        s.poll();
        let left = s.machine.alu(Alu::Sub, true, end, index);
        let most = s.machine.imm(self.plan.group as u64);
        let lanes = s.machine.in_place(Kind::Better(Condition::Less, true), left, Some(most));
        let all = s.mask_of_first(lanes);
        s.count = 1;
        s.active = Some(all);
        s.on_fault = if self.plan.uses.checks { OnFault::SwitchOff } else { OnFault::Record };
        let mark = self.elements(s, index);
        self.end_if_switched_off(s, all);
        self.take_in(s, index);
        s.leave(mark);
        s.active = None;
        let next = s.machine.alu(Alu::Add, true, index, lanes);
        let mut again = params.clone();
        again[0] = next;
        s.machine.jump(self.tail, &again);

        s.machine.fill(done);
        let [_, _, fault, first] = params[..] else {
            return s.machine.jump(next_row, &[]);
        };
        // A step that is done again fails again, so this is never so.
        let [failed, fine] = [(); 2].map(|()| s.machine.block());
        s.machine.branch(Test::CompareImm(Condition::NotEqual, true, NONE as i32), &[fault], failed, fine);
        let was = s.machine.set_cold(true);
        s.machine.fill(failed);
        let row_position = s.row.position.expect("set at the start of the row");
        let iteration = s.machine.alu(Alu::Add, true, row_position, first);
        s.note(fault, iteration, &[]);
        s.machine.finish(abi::FAULT);
        s.machine.set_cold(was);
        s.machine.fill(fine);
        s.machine.jump(next_row, &[]);
    }

    /// Ends the function if a check has switched off some of the lanes that there were.
    fn end_if_switched_off(&self, s: &mut Selector<'_>, all: Reg) {
        let Some(left) = s.active.filter(|left| *left != all) else { return };
        let [all, left] = [all, left].map(|mask| s.mask_bits(mask, Extent::Group));
        let [fewer, same] = [(); 2].map(|()| s.machine.block());
        s.machine.branch(Test::Compare(Condition::NotEqual, false), &[all, left], fewer, same);
        let was = s.machine.set_cold(true);
        s.machine.fill(fewer);
        s.machine.finish(abi::FAULT);
        s.machine.set_cold(was);
        s.machine.fill(same);
    }

    /// The accumulators that stay in registers from step to step.
    fn held(&self) -> impl Iterator<Item = &Accumulator> {
        self.accumulators.iter().zip(&self.plan.held).filter(|(_, held)| **held).map(|(own, _)| own)
    }

    /// The body for the elements from an index on: see [`Selector::elements`].
    fn elements(&self, s: &mut Selector<'_>, index: Reg) -> usize {
        s.elements(self.plan, &self.region.code.body, index)
    }

    /// Takes in the contributions of a part of a step, after `before` registers of others; `lanes` are the accumulators
    /// held in registers.
    fn take_in_step(&self, s: &mut Selector<'_>, index: Reg, before: usize, lanes: &mut [Reg]) {
        if !self.plan.turns() {
            return self.take_in(s, index);
        }
        let mut rest = lanes;
        for (accumulator, held) in self.accumulators.iter().zip(&self.plan.held) {
            if !held {
                accumulator.take_in_turn(s, before, self.rotation);
                continue;
            }
            let (own, others) = rest.split_at_mut(self.plan.parts * self.plan.count);
            let own = &mut own[before..before + self.plan.count];
            own.copy_from_slice(&accumulator.taken_in(s, own));
            rest = others;
        }
    }

    /// Takes in the contributions of elements at any place.
    fn take_in(&self, s: &mut Selector<'_>, index: Reg) {
        if self.accumulators.is_empty() {
            return;
        }
        let position = s.machine.alu(Alu::Sub, true, index, self.first);
        for accumulator in &self.accumulators {
            accumulator.take_in(s, position, self.rotation);
        }
    }
}
