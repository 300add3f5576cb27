//! Checks.
//!
//! ```text
//! one element    a failed check fills in the fault record and returns
//! several        if any lane fails: the step again, one element at a time, which finds the first failure
//! ```

use super::{Emitter, Reg};
use crate::abi::{self, FaultRecord};
use cranelift_codegen::ir::{self as clif, InstBuilder, types};
use parfuse_ir::lane::{FaultId, Value};
use parfuse_ir::message::MOST_REPORTED;
use std::mem::offset_of;

/// What a failed check does.
#[derive(Clone, Copy, Debug)]
pub(crate) enum OnFault {
    /// Records the fault at the present element and returns.
    Record,
    /// Goes to this block with the step's first index, the index after it, and the number of the fault.
    Redo(clif::Block),
}

impl Emitter<'_> {
    /// Ends the function with a fault unless the condition holds in all active lanes.
    pub(crate) fn check(
        &mut self,
        ok: Value,
        fault: FaultId,
        args: &[Value],
        iteration: Option<Value>,
        mask: Option<Value>,
    ) {
        if self.known.truth(self.code, ok) == Some(true) {
            return;
        }
        let [fail, after] = [(); 2].map(|()| self.builder.create_block());
        self.builder.set_cold_block(fail);
        if mask.is_none() && !self.is_vector(ok) {
            // A comparison becomes one with the branch.
            let ok = self.scalar(ok);
            self.stay_if(ok, after, fail);
        } else {
            let failed = self.failed(ok, mask);
            self.leave_if(failed, fail, after);
        }

        self.builder.switch_to_block(fail);
        let mark = self.enter();
        let fault = self.builder.ins().iconst(types::I64, fault.0 as i64);
        match self.on_fault {
            OnFault::Record => {
                let iteration = match iteration {
                    Some(iteration) => self.scalar(iteration),
                    None => self.iteration(),
                };
                let args: Vec<Reg> = args.iter().map(|arg| self.scalar(*arg)).collect();
                self.record(fault, iteration, &args);
            }
            OnFault::Redo(block) => {
                let first = self.index.expect("steps are of regions");
                let end = self.builder.ins().iadd_imm_s(first, self.lanes as i64);
                self.jump(block, &[first, end, fault]);
            }
        }
        self.leave(mark);
        self.builder.switch_to_block(after);
    }

    /// Whether any active lane fails.
    fn failed(&mut self, ok: Value, mask: Option<Value>) -> Reg {
        let is_vector = self.is_vector(ok) || mask.is_some_and(|mask| self.is_vector(mask));
        if !is_vector {
            let ok = self.scalar(ok);
            let failed = self.builder.ins().bxor_imm_u(ok, 1);
            return match mask {
                Some(mask) => {
                    let mask = self.scalar(mask);
                    self.builder.ins().band(failed, mask)
                }
                None => failed,
            };
        }
        let width = match mask {
            Some(mask) => self.common_width(&[ok, mask]),
            None => self.width(ok),
        };
        let ok = self.registers(ok, width);
        let mask = mask.map(|mask| self.registers(mask, width));
        let failed = ok
            .iter()
            .enumerate()
            .map(|(k, ok)| {
                let failed = self.builder.ins().bnot(*ok);
                mask.as_ref().map_or(failed, |mask| self.builder.ins().band(failed, mask[k]))
            })
            .collect();
        self.any_of(&failed)
    }

    /// The position of the present element in the region's space.
    fn iteration(&mut self) -> Reg {
        match (self.row_position, self.index) {
            (Some(row), Some(index)) => self.builder.ins().iadd(row, index),
            _ => self.builder.ins().iconst(types::I64, FaultRecord::NOWHERE as i64),
        }
    }

    /// Fills in the fault record and returns.
    pub(crate) fn record(&mut self, fault: Reg, iteration: Reg, args: &[Reg]) {
        let record = self.builder.ins().stack_load(self.traits.pointer, self.traits.pointer, self.fault, 0);
        let number = self.builder.ins().ireduce(types::I32, fault);
        let fields =
            [(number, offset_of!(FaultRecord, fault)), (iteration, offset_of!(FaultRecord, iteration))];
        for (value, offset) in fields {
            self.builder.ins().store(Self::own(), value, record, offset as i32);
        }
        for k in 0..MOST_REPORTED {
            let value = args.get(k).copied().unwrap_or_else(|| self.builder.ins().iconst(types::I64, 0));
            let offset = offset_of!(FaultRecord, args) + k * size_of::<u64>();
            self.builder.ins().store(Self::own(), value, record, offset as i32);
        }
        self.return_status(abi::FAULT);
    }

    /// Returns if it is time to stop, in programs that poll.
    pub(crate) fn poll(&mut self) {
        let Some(stop) = self.stop else { return };
        // Another thread writes it: what has been read before does not count.
        let asked = self.builder.ins().atomic_load(types::I8, Self::own(), stop);
        let [leave, go_on] = [(); 2].map(|()| self.builder.create_block());
        self.builder.set_cold_block(leave);
        self.leave_if(asked, leave, go_on);
        self.builder.switch_to_block(leave);
        self.return_status(abi::CANCELLED);
        self.builder.switch_to_block(go_on);
    }

    /// Returns.
    pub(crate) fn return_status(&mut self, status: i32) {
        let status = self.builder.ins().iconst(types::I32, status as i64);
        self.builder.ins().return_(&[status]);
    }
}
