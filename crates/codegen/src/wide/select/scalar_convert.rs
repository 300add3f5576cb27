//! Conversions between single floats and integers of 64 bits, from the registers of one kind to those of the other.
//!
//! ```text
//! signed to float      one instruction
//! unsigned to float    the same of half the number if it is large, in which the last bit stands for what is lost; doubled
//! float to integer     one instruction, which gives the least number for what does not fit; then, and for negative
//!                      numbers where there are to be none, all is done again aside, as for lanes
//! ```

use super::{Extent, Selector};
use crate::wide::assembler::{Alu, Condition, Length, Shift, VectorOp};
use crate::wide::machine::{Kind, Reg, Test};
use parfuse_ir::lane::{LaneOp, LaneType};
use regalloc2::RegClass;

impl Selector<'_> {
    /// Whether an operation converts between registers of one kind and the other.
    pub(super) fn converts_scalars(op: LaneOp, ty: LaneType) -> bool {
        match op {
            LaneOp::SToF64 | LaneOp::SToF32 | LaneOp::UToF64 | LaneOp::UToF32 => ty == LaneType::I64,
            LaneOp::FToS64 | LaneOp::FToU64 => true,
            _ => false,
        }
    }

    /// Such a conversion.
    pub(super) fn convert_scalar(&mut self, op: LaneOp, ty: LaneType, from: Reg) -> Reg {
        match op {
            LaneOp::SToF64 => self.signed_to_float(LaneType::F64, from),
            LaneOp::SToF32 => self.signed_to_float(LaneType::F32, from),
            LaneOp::UToF64 => self.unsigned_to_float(LaneType::F64, from),
            LaneOp::UToF32 => self.unsigned_to_float(LaneType::F32, from),
            _ => self.float_to_integer(op, ty, from),
        }
    }

    /// A 64-bit number as a float.
    pub(super) fn signed_to_float(&mut self, result: LaneType, a: Reg) -> Reg {
        // The instruction leaves the other lanes as they are in its first operand, which therefore depends on nothing.
        let others = self.constant_register(0, LaneType::F64, Extent::One);
        let op = if result == LaneType::F64 { VectorOp::Vcvtsi2sd } else { VectorOp::Vcvtsi2ss };
        self.machine.binary(op, Length::L128, others, a)
    }

    /// An unsigned 64-bit number as a float.
    pub(super) fn unsigned_to_float(&mut self, result: LaneType, a: Reg) -> Reg {
        let large = self.machine.in_place(Kind::Shift(Shift::Shr, true, 63), a, None);
        let lost = self.machine.alu(Alu::And, true, a, large);
        let half = self.machine.fresh(Kind::ShiftBy(Shift::Shr, true), &[a, large]);
        let half = self.machine.alu(Alu::Or, true, half, lost);
        let float = self.signed_to_float(result, half);
        // Twice as much is one more in the exponent.
        let (mantissa, add, ty) = match result {
            LaneType::F64 => (52, VectorOp::Vpaddq, LaneType::I64),
            _ => (23, VectorOp::Vpaddd, LaneType::I32),
        };
        let one = self.machine.in_place(Kind::Shift(Shift::Shl, true, mantissa), large, None);
        let one = self.scalar_to_lane(one, ty);
        self.machine.binary(add, Length::L128, float, one)
    }

    /// The whole part of a float, saturating, zero for what is no number.
    fn float_to_integer(&mut self, op: LaneOp, ty: LaneType, a: Reg) -> Reg {
        let wide = match ty {
            LaneType::F32 => self.machine.unary(VectorOp::Vcvtps2pd, Length::L128, a),
            _ => a,
        };
        let number = self.machine.unary_to(RegClass::Int, VectorOp::Vcvttsd2si, Length::L128, wide);
        let [aside, fine, after] = [(); 3].map(|()| self.machine.block());
        let result = self.machine.param(after, RegClass::Int);
        if op == LaneOp::FToU64 {
            self.machine.branch(Test::CompareImm(Condition::Less, true, 0), &[number], aside, fine);
        } else {
            let least = self.machine.imm(1 << 63);
            self.machine.branch(Test::Compare(Condition::Equal, true), &[number, least], aside, fine);
        }
        let (was, shared) = (self.machine.set_cold(true), self.shared_constants.take());
        self.machine.fill(aside);
        let again = self.convert(op, LaneType::F64, LaneType::I64, wide, Extent::One);
        let again = self.lane_to_scalar(again, LaneType::I64);
        self.machine.jump(after, &[again]);
        self.machine.set_cold(was);
        self.shared_constants = shared;
        self.machine.fill(fine);
        self.machine.jump(after, &[number]);
        self.machine.fill(after);
        result
    }
}
