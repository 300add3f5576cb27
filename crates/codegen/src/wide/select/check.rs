//! Checks.
//!
//! ```text
//! step    if any lane fails: its elements again in the tail, one at a time
//! tail    if a lane of several fails: the same; if it is the only one, it is the first: its fault is recorded
//! ```

use super::{Extent, Selector};
use crate::abi::{self, FaultRecord};
use crate::wide::assembler::{Alu, Condition};
use crate::wide::machine::{Block, Place, Reg, Test};
use parfuse_ir::lane::{FaultId, LaneType, Value};
use std::mem::offset_of;

/// What a failed check does.
#[derive(Clone, Copy, Debug)]
pub(super) enum OnFault {
    /// Records the fault at the present element and returns.
    Record,
    /// Goes to the tail with the elements of the step.
    Redo { tail: Block, elements: usize },
    /// The same with as many elements as the first register says, unless the second says that there is only one.
    RedoTail { tail: Block, elements: Reg, limit: Reg },
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
        let [fail, after] = [(); 2].map(|()| self.machine.block());
        self.branch_if_failed(ok, mask, fail, after);
        let was = self.machine.set_cold(true);
        self.machine.fill(fail);
        let mark = self.enter();
        self.fail(fault, args, iteration);
        self.leave(mark);
        self.machine.set_cold(was);
        self.machine.fill(after);
    }

    fn branch_if_failed(&mut self, ok: Value, mask: Option<Value>, fail: Block, after: Block) {
        let varying = self.is_varying(ok) || mask.is_some_and(|mask| self.is_varying(mask));
        if !varying {
            let ok = self.scalar(ok);
            let mut failed = self.machine.alu_imm(Alu::Xor, false, ok, 1);
            if let Some(mask) = mask {
                let mask = self.scalar(mask);
                failed = self.machine.alu(Alu::And, false, failed, mask);
            }
            return self.machine.branch(Test::NonZero, &[failed], fail, after);
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
        self.branch_if_any(failed, fail, after);
    }

    fn fail(&mut self, fault: FaultId, args: &[Value], iteration: Option<Value>) {
        let number = self.machine.imm(fault.0 as u64);
        match self.on_fault {
            OnFault::Record => {}
            OnFault::Redo { tail, elements } => {
                let first = self.step_index();
                let end = self.machine.alu_imm(Alu::Add, true, first, elements as i32);
                let one = self.machine.imm(1);
                return self.machine.jump(tail, &[first, end, one, number, first]);
            }
            OnFault::RedoTail { tail, elements, limit } => {
                let [single, several] = [(); 2].map(|()| self.machine.block());
                let test = Test::CompareImm(Condition::Equal, true, 1);
                self.machine.branch(test, &[limit], single, several);
                self.machine.fill(several);
                let first = self.step_index();
                let end = self.machine.alu(Alu::Add, true, first, elements);
                let one = self.machine.imm(1);
                self.machine.jump(tail, &[first, end, one, number, first]);
                self.machine.fill(single);
            }
        }
        let iteration = match iteration {
            Some(iteration) => self.scalar(iteration),
            None => self.iteration(),
        };
        let args: Vec<Reg> = args.iter().map(|arg| self.only_lane(*arg)).collect();
        self.record(number, iteration, &args);
    }

    /// A value of the only element that counts.
    fn only_lane(&mut self, value: Value) -> Reg {
        if !self.is_varying(value) {
            return self.scalar(value);
        }
        let lane = self.lanes(value)[0];
        self.lane_to_scalar(lane, LaneType::I64)
    }

    /// The position of the present element in the region's space.
    fn iteration(&mut self) -> Reg {
        match (self.row.position, self.index) {
            (Some(row), Some(index)) => self.machine.alu(Alu::Add, true, row, index),
            _ => self.machine.imm(FaultRecord::NOWHERE),
        }
    }

    /// Fills in the fault record and returns.
    pub(super) fn record(&mut self, fault: Reg, iteration: Reg, args: &[Reg]) {
        let field = |base, offset: usize| Place::Address { base, index: None, displacement: offset as i32 };
        let record = self.fault;
        self.machine.store(4, fault, field(record, offset_of!(FaultRecord, fault)));
        self.machine.store(8, iteration, field(record, offset_of!(FaultRecord, iteration)));
        for k in 0..2 {
            let place = field(record, offset_of!(FaultRecord, args) + k * size_of::<u64>());
            match args.get(k) {
                Some(value) => self.machine.store(8, *value, place),
                None => self.machine.store_imm(place, 0),
            }
        }
        self.machine.finish(abi::FAULT);
    }
}
