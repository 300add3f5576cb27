//! Checks.
//!
//! ```text
//! step    if any lane fails: its elements again in the tail
//! tail    the lowest lane that fails is recorded; it and those above are switched off, and the others go on
//! ```
//!
//! What is recorded last is that of the lowest element, and of its checks the first.

use super::{Extent, Scratch, Selector};
use crate::abi::{self, FaultRecord};
use crate::branches::Branches;
use crate::wide::assembler::{Alu, VectorOp};
use crate::wide::machine::{Block, Kind, Place, Reg, Test};
use parfuse_ir::lane::{FaultId, LaneType, Value};
use parfuse_ir::message::MOST_REPORTED;
use regalloc2::RegClass;
use std::mem::offset_of;

/// What a failed check does.
#[derive(Clone, Copy, Debug)]
pub(super) enum OnFault {
    /// Records the fault at the present element and returns.
    Record,
    /// Goes to the tail with the elements of the step.
    Redo { tail: Block, elements: usize },
    /// Records the fault of the lowest lane that fails, and goes on with the active lanes below it if there are any.
    SwitchOff,
}

impl Selector<'_> {
    /// Ends the function with a fault unless the condition holds in all active lanes.
    pub(super) fn check(
        &mut self,
        ok: Value,
        fault: FaultId,
        args: &[Value],
        iteration: Option<Value>,
        mask: Option<Value>,
    ) {
        let [fail, fine] = [(); 2].map(|()| self.machine.block());
        let failed = self.branch_if_failed(ok, mask, fail, fine);
        let after = self.tracked().map(|class| {
            let after = self.machine.block();
            (after, self.machine.param(after, class))
        });
        let was = self.machine.set_cold(true);
        self.machine.fill(fail);
        let mark = self.enter();
        self.fail(fault, args, iteration, failed, after.map(|(after, _)| after));
        self.leave(mark);
        self.machine.set_cold(was);
        self.machine.fill(fine);
        if let (Some((after, left)), Some(active)) = (after, self.active) {
            self.machine.jump(after, &[active]);
            self.machine.fill(after);
            self.active = Some(left);
        }
    }

    /// Ends the function if it is time to stop, in programs that poll.
    pub(super) fn poll(&mut self) {
        let Some(base) = self.stop else { return };
        let asked = self.machine.load(1, Place::Address { base, index: None, displacement: 0 });
        let [leave, go_on] = [(); 2].map(|()| self.machine.block());
        self.machine.branch(Test::NonZero, &[asked], leave, go_on);
        let was = self.machine.set_cold(true);
        self.machine.fill(leave);
        self.machine.finish(abi::CANCELLED);
        self.machine.set_cold(was);
        self.machine.fill(go_on);
    }

    /// If checks switch lanes off: the class of the register that says which are left, which blocks pass on.
    pub(super) fn tracked(&self) -> Option<RegClass> {
        matches!(self.on_fault, OnFault::SwitchOff).then(|| self.mask_class())
    }

    /// Ends the block by whether the check fails; returns in which lanes, unless it is all of them.
    fn branch_if_failed(&mut self, ok: Value, mask: Option<Value>, fail: Block, fine: Block) -> Option<Reg> {
        let varying = self.is_varying(ok) || mask.is_some_and(|mask| self.is_varying(mask));
        if !varying {
            if mask.is_none() {
                self.test(&[], ok, [fine, fail]);
                return None;
            }
            let ok = self.scalar(ok);
            let mut failed = self.machine.alu_imm(Alu::Xor, false, ok, 1);
            if let Some(mask) = mask {
                let mask = self.scalar(mask);
                failed = self.machine.alu(Alu::And, false, failed, mask);
            }
            self.machine.branch(Test::NonZero, &[failed], fail, fine);
            return None;
        }
        let masks = self.active_mask(mask);
        let failed = self
            .lanes(ok)
            .into_iter()
            .enumerate()
            .map(|(k, ok)| match &masks {
                Some(masks) => self.and_not_masks(ok, masks[k], Extent::Group),
                None => self.not_mask(ok, Extent::Group),
            })
            .collect();
        let failed = self.gathered(&failed);
        self.branch_if_any(failed, fail, fine);
        Some(failed)
    }

    /// What is done in the block of a failed check.
    fn fail(
        &mut self,
        fault: FaultId,
        args: &[Value],
        iteration: Option<Value>,
        failed: Option<Reg>,
        after: Option<Block>,
    ) {
        let number = self.machine.imm(fault.0 as u64);
        if let OnFault::Redo { tail, elements } = self.on_fault {
            let first = self.step_index();
            let end = self.machine.alu_imm(Alu::Add, true, first, elements as i32);
            return self.machine.jump(tail, &[first, end, number, first]);
        }
        // Active lanes are the first ones, so if all fail then lane 0 is the lowest.
        let lane = failed.map(|failed| {
            let bits = self.mask_bits(failed, Extent::Group);
            self.machine.fresh(Kind::LowestBit, &[bits])
        });
        let iteration = match iteration {
            Some(iteration) => self.scalar(iteration),
            None => {
                let first = self.iteration();
                lane.map_or(first, |lane| self.machine.alu(Alu::Add, true, first, lane))
            }
        };
        let args: Vec<Reg> = args.iter().map(|arg| self.in_lane(*arg, lane)).collect();
        self.note(number, iteration, &args);
        if let (Some(lane), Some(after)) = (lane, after) {
            let [others, none] = [(); 2].map(|()| self.machine.block());
            self.machine.branch(Test::NonZero, &[lane], others, none);
            self.machine.fill(others);
            let left = self.mask_of_first(lane);
            self.machine.jump(after, &[left]);
            self.machine.fill(none);
        }
        self.machine.finish(abi::FAULT);
    }

    /// A number's value in a lane, or in lane 0.
    fn in_lane(&mut self, value: Value, lane: Option<Reg>) -> Reg {
        if !self.is_varying(value) {
            return self.scalar(value);
        }
        let lanes = self.lanes(value)[0];
        let Some(lane) = lane else { return self.lane_to_scalar(lanes, LaneType::I64) };
        let own = Place::Own(self.scratch(Scratch::Operand(0)));
        let length = self.length(LaneType::I64, Extent::Group);
        self.machine.store_vector(VectorOp::VmovupdTo, length, lanes, own, None);
        let base = self.machine.address_of(own);
        self.machine.load(8, Place::Address { base, index: Some((lane, 3)), displacement: 0 })
    }

    /// The position of the present element in the region's space.
    fn iteration(&mut self) -> Reg {
        match (self.row.position, self.index) {
            (Some(row), Some(index)) => self.machine.alu(Alu::Add, true, row, index),
            _ => self.machine.imm(FaultRecord::NOWHERE),
        }
    }

    /// Fills in the fault record.
    pub(super) fn note(&mut self, fault: Reg, iteration: Reg, args: &[Reg]) {
        let field = |base, offset: usize| Place::Address { base, index: None, displacement: offset as i32 };
        let record = self.fault;
        self.machine.store(4, fault, field(record, offset_of!(FaultRecord, fault)));
        self.machine.store(8, iteration, field(record, offset_of!(FaultRecord, iteration)));
        for k in 0..MOST_REPORTED {
            let place = field(record, offset_of!(FaultRecord, args) + k * size_of::<u64>());
            match args.get(k) {
                Some(value) => self.machine.store(8, *value, place),
                None => self.machine.store_imm(place, 0),
            }
        }
    }
}
