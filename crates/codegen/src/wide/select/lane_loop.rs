//! Loops in lanes inside scalar code.
//!
//! ```text
//! no iteration ──────────────────────────────────────────────────────────────────────▶ after
//! prologue, pointers ─▶ less than a register of them ───────────────▶ rest(i) ⟲ one by one ─▶ after
//!                    └▶ strides, broadcasts ─▶ step(i) ⟲ ─▶ register(i) ⟲ ─▶ fold ─▶ rest(i)
//!                                           └▶ masked ─▶ step(i) ⟲ ─▶ register(i) ⟲ ─▶ masked ─▶ after
//! ```
//!
//! Most such loops are short, and run many times: what few iterations do not need is not prepared for them. The rest is
//! scalar code, which is what few iterations are fastest in; so is all of a loop of fewer than a register's.
//! Contributions are combined in registers, as it comes.
//!
//! Registers of 64 bytes that lie in two cache lines are stored at half the speed. Long loops that store do the elements
//! before the first aligned one under a mask, as they do the rest.

use super::plan::Plan;
use super::reductions::Combination;
use super::{Registers, Row, Selector, fuse};
use crate::wide::assembler::{Alu, Condition};
use crate::wide::machine::{Block, Reg, Test};
use parfuse_ir::lane::{LaneLoop, LaneType};
use regalloc2::RegClass;

/// The parts of a lane loop.
struct Parts<'a> {
    own: &'a LaneLoop,
    plan: Plan,
    combinations: Vec<Combination>,
    extent: Reg,
}

impl Selector<'_> {
    /// Selects a lane loop.
    pub(super) fn lane_loop(&mut self, own: &LaneLoop) {
        let plan = self.plan_of(own);
        let extent = self.scalar(own.extent);
        let combinations: Vec<Combination> =
            own.reductions.iter().map(|own| Combination::of(own, plan.narrow.as_deref())).collect();
        let parts = Parts { own, plan, combinations, extent };
        let pointers = self.row.pointers.clone();
        let row = Row { pointers, position: self.row.position, ..Row::default() };
        let outer_row = std::mem::replace(&mut self.row, row);
        let outer_index = self.index;

        let [some, none, after] = [(); 3].map(|()| self.machine.block());
        let totals: Vec<Reg> =
            own.reductions.iter().map(|_| self.machine.param(after, RegClass::Int)).collect();
        let any = Test::CompareImm(Condition::NotEqual, true, 0);
        self.machine.branch(any, &[extent], some, none);
        self.machine.fill(none);
        let identities = self.identities(&parts);
        self.machine.jump(after, &identities);

        self.machine.fill(some);
        let mark = self.enter();
        parts.select(self, after);
        self.leave(mark);

        self.machine.fill(after);
        (self.row, self.index) = (outer_row, outer_index);
        for (reduction, total) in own.reductions.iter().zip(totals) {
            self.bind_scalar(reduction.total, total);
        }
    }

    /// The totals of no iterations.
    fn identities(&mut self, parts: &Parts<'_>) -> Vec<Reg> {
        let identity = |own: &parfuse_ir::lane::Reduction<_>| own.op.identity(own.dtype).to_bits();
        parts
            .own
            .reductions
            .iter()
            .map(|own| self.scalar_constant(identity(own), LaneType::of(own.dtype)))
            .collect()
    }
}

impl Parts<'_> {
    fn select(&self, s: &mut Selector<'_>, after: Block) {
        s.nodes(&self.own.prologue);
        for (buffer, base) in &self.plan.uses.bases {
            s.keep_base(*buffer, *base);
        }
        let pointers = s.row.pointers.clone();
        let [wide, narrow, rest] = [(); 3].map(|()| s.machine.block());
        let index = s.machine.param(rest, RegClass::Int);
        let totals: Vec<Reg> =
            self.own.reductions.iter().map(|_| s.machine.param(rest, RegClass::Int)).collect();
        let enough = Test::CompareImm(Condition::AboveEqual, true, self.plan.group as i32);
        s.machine.branch(enough, &[self.extent], wide, narrow);
        s.machine.fill(narrow);
        let mut first = vec![s.machine.imm(0)];
        first.extend(s.identities(self));
        s.machine.jump(rest, &first);

        s.machine.fill(wide);
        self.in_lanes(s, rest, after);

        s.row = Row { pointers, position: s.row.position, ..Row::default() };
        s.machine.align(rest);
        s.machine.fill(rest);
        self.one_by_one(s, rest, after, index, &totals);
    }

    /// As many iterations as fill whole registers, and then the rest.
    fn in_lanes(&self, s: &mut Selector<'_>, rest: Block, after: Block) {
        let outer = (s.group, s.widest, s.count, s.narrow.take());
        let waiting = fuse::waiting(s.code, &self.own.body, &self.plan, s.isa);
        let outer_waiting = std::mem::replace(&mut s.waiting, waiting);
        let outer_overlaps = std::mem::replace(&mut s.overlaps, self.plan.overlaps.clone());
        let outer_remaining = s.remaining.clone();
        (s.group, s.widest, s.count) = (self.plan.group, self.plan.widest, self.plan.count);
        s.narrow.clone_from(&self.plan.narrow);
        s.is_scalar = false;

        s.prepare(&self.plan);
        let last = s.machine.alu_imm(Alu::Sub, true, self.extent, self.plan.group as i32);
        let register = s.machine.block();
        let index = s.machine.param(register, RegClass::Int);
        let lanes: Registers =
            self.combinations.iter().map(|own| s.machine.param(register, own.class())).collect();
        let zero = s.machine.imm(0);
        let first = if self.plan.aligns { self.begin_aligned(s, zero) } else { zero };
        if self.plan.count > 1 {
            self.steps(s, first, register);
        } else {
            let mut first = vec![first];
            first.extend(self.nothing(s, 1));
            s.machine.jump(register, &first);
        }

        s.count = 1;
        s.machine.align(register);
        s.machine.fill(register);
        let [some, done] = [(); 2].map(|()| s.machine.block());
        s.machine.branch(Test::Compare(Condition::BelowEqual, true), &[index, last], some, done);
        s.machine.fill(some);
        if self.plan.count == 1 {
            s.poll();
        }
        let mark = s.elements(&self.plan, &self.own.body, index);
        let mut next: Vec<Reg> = vec![s.machine.alu_imm(Alu::Add, true, index, self.plan.group as i32)];
        next.extend(self.taken_in(s, &lanes));
        s.leave(mark);
        s.machine.jump(register, &next);

        s.machine.fill(done);
        if self.plan.aligns {
            self.end_masked(s, index, after);
        }
        let mut sent = vec![index];
        for (combination, lanes) in self.combinations.iter().zip(&lanes) {
            sent.push(combination.folded(s, *lanes));
        }
        s.machine.jump(rest, &sent);
        (s.group, s.widest, s.count, s.narrow) = outer;
        (s.waiting, s.remaining, s.overlaps) = (outer_waiting, outer_remaining, outer_overlaps);
        s.is_scalar = true;
    }

    /// Whether a number of iterations makes a long loop.
    fn is_long(&self) -> Test {
        Test::CompareImm(Condition::AboveEqual, true, self.plan.long_row())
    }

    /// Does the iterations of a long loop before the first that stores to aligned memory, and gives that one.
    fn begin_aligned(&self, s: &mut Selector<'_>, zero: Reg) -> Reg {
        let [long, head, aligned, straight, begin] = [(); 5].map(|()| s.machine.block());
        let first = s.machine.param(begin, RegClass::Int);
        s.machine.branch(self.is_long(), &[self.extent], long, straight);
        s.machine.fill(long);
        s.index = Some(zero);
        let access = s.first_stored(&self.own.body).expect("a plan that aligns has seen a store");
        let before = s.elements_before_aligned(access);
        s.machine.branch(Test::NonZero, &[before], head, aligned);
        s.machine.fill(head);
        self.masked(s, zero, before);
        s.machine.jump(begin, &[before]);
        for block in [aligned, straight] {
            s.machine.fill(block);
            s.machine.jump(begin, &[zero]);
        }
        s.machine.fill(begin);
        first
    }

    /// Does the rest of a long loop, from this iteration on, and goes on after it; what is not long comes next.
    fn end_masked(&self, s: &mut Selector<'_>, index: Reg, after: Block) {
        let [long, short, some, none] = [(); 4].map(|()| s.machine.block());
        s.machine.branch(self.is_long(), &[self.extent], long, short);
        s.machine.fill(long);
        let left = s.machine.alu(Alu::Sub, true, self.extent, index);
        s.machine.branch(Test::NonZero, &[left], some, none);
        s.machine.fill(some);
        self.masked(s, index, left);
        s.machine.jump(after, &[]);
        s.machine.fill(none);
        s.machine.jump(after, &[]);
        s.machine.fill(short);
    }

    /// So many iterations from one on, fewer than fill a register.
    fn masked(&self, s: &mut Selector<'_>, index: Reg, iterations: Reg) {
        s.count = 1;
        s.active = Some(s.mask_of_first(iterations));
        let mark = s.elements(&self.plan, &self.own.body, index);
        s.leave(mark);
        s.active = None;
        s.count = self.plan.count;
    }

    /// Steps of several registers, if there are enough iterations from the first one on; then on to single registers.
    fn steps(&self, s: &mut Selector<'_>, first: Reg, register: Block) {
        let step_size = self.plan.step() as i32;
        let end = self.plan.steps_end(s, first, self.extent);
        let [enter, skip, step, again, leave] = [(); 5].map(|()| s.machine.block());
        let index = s.machine.param(step, RegClass::Int);
        let widths: Vec<usize> = self.combinations.iter().map(|own| own.registers(self.plan.count)).collect();
        let mut lanes = Registers::new();
        for (own, width) in self.combinations.iter().zip(&widths) {
            lanes.extend((0..*width).map(|_| s.machine.param(step, own.class())));
        }
        s.machine.branch(Test::Compare(Condition::Below, true), &[first, end], enter, skip);
        for (block, to, count) in [(skip, register, 1), (enter, step, self.plan.count)] {
            s.machine.fill(block);
            let mut sent = vec![first];
            sent.extend(self.nothing(s, count));
            s.machine.jump(to, &sent);
        }

        s.machine.align(step);
        s.machine.fill(step);
        s.poll();
        let mark = s.elements(&self.plan, &self.own.body, index);
        let mut next: Vec<Reg> = vec![s.machine.alu_imm(Alu::Add, true, index, step_size)];
        next.extend(self.taken_in(s, &lanes));
        s.leave(mark);
        s.machine.branch(Test::Compare(Condition::Below, true), &[next[0], end], again, leave);
        s.machine.fill(again);
        s.machine.jump(step, &next);

        s.machine.fill(leave);
        let mut sent = vec![next[0]];
        let mut present = &next[1..];
        for (own, width) in self.combinations.iter().zip(&widths) {
            let (lanes, others) = present.split_at(*width);
            sent.push(own.fold_registers(s, lanes.into()));
            present = others;
        }
        s.machine.jump(register, &sent);
    }

    /// What registers of lanes hold before the first contribution.
    fn nothing(&self, s: &mut Selector<'_>, count: usize) -> Registers {
        let mut nothing = Registers::new();
        for combination in &self.combinations {
            let lanes = combination.nothing(s);
            nothing.extend((0..combination.registers(count)).map(|_| lanes));
        }
        nothing
    }

    /// Registers of lanes with the contributions of the present elements.
    fn taken_in(&self, s: &mut Selector<'_>, lanes: &[Reg]) -> Registers {
        let (mut all, mut rest) = (Registers::new(), lanes);
        for (reduction, combination) in self.own.reductions.iter().zip(&self.combinations) {
            let (own, others) = rest.split_at(combination.registers(s.count));
            let contributions = s.lanes(reduction.contribution);
            all.extend(combination.taken_in(s, own, &contributions));
            rest = others;
        }
        all
    }

    /// The rest of the iterations, one by one.
    fn one_by_one(&self, s: &mut Selector<'_>, rest: Block, after: Block, index: Reg, totals: &[Reg]) {
        let [some, done] = [(); 2].map(|()| s.machine.block());
        s.machine.branch(Test::Compare(Condition::Below, true), &[index, self.extent], some, done);
        s.machine.fill(some);
        s.one_by_one = true;
        let mark = s.enter();
        s.index = Some(index);
        s.nodes(&self.own.body);
        let mut next = vec![s.machine.alu_imm(Alu::Add, true, index, 1)];
        for ((reduction, combination), total) in
            self.own.reductions.iter().zip(&self.combinations).zip(totals)
        {
            let contribution = s.scalar(reduction.contribution);
            next.push(combination.combine_scalars(s, *total, contribution));
        }
        s.leave(mark);
        s.one_by_one = false;
        s.machine.jump(rest, &next);
        s.machine.fill(done);
        s.machine.jump(after, totals);
    }
}
