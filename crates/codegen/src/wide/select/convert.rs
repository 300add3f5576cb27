//! Conversions between types of lanes.
//!
//! A register has as many lanes after as before; it gets longer or shorter.

use super::lanes::of_size;
use super::values::Operand;
use super::{Extent, Selector};
use crate::wide::assembler::VectorOp;
use crate::wide::machine::Reg;
use parfuse_ir::lane::{LaneOp, LaneType};

/// The ordered predicates that conversions need: not NaN, and `>=`, `>`.
const ORDERED: u8 = 7;
const GREATER_EQUAL: u8 = 0x1d;
const GREATER: u8 = 0x1e;

impl Selector<'_> {
    pub(super) fn convert(
        &mut self,
        op: LaneOp,
        ty: LaneType,
        result: LaneType,
        from: Reg,
        extent: Extent,
    ) -> Reg {
        use LaneType::{F32, F64, I32, I64};
        if self.lane_size(ty, extent) < 4 {
            // Short lanes are the same for all integers.
            return from;
        }
        // The length of an instruction is that of its longer side.
        let length = self.length(ty, extent).max(self.length(result, extent));
        let evex = self.isa.evex();
        let mut plain = |op| self.machine.unary(op, length, from);
        match (op, ty) {
            (LaneOp::SExtend, I32) => plain(VectorOp::Vpmovsxdq),
            (LaneOp::UExtend, I32) => plain(VectorOp::Vpmovzxdq),
            (LaneOp::SExtend | LaneOp::UExtend | LaneOp::Wrap, _) if ty == result => from,
            (LaneOp::Wrap, _) => self.low_halves(from, extent),
            (LaneOp::Promote | LaneOp::Demote, _) if ty == result => from,
            (LaneOp::Promote, _) => plain(VectorOp::Vcvtps2pd),
            (LaneOp::Demote, _) => plain(VectorOp::Vcvtpd2ps),
            (LaneOp::SToF64, I32) => plain(VectorOp::Vcvtdq2pd),
            (LaneOp::SToF32, I32) => plain(VectorOp::Vcvtdq2ps),
            (LaneOp::SToF64, I64) if evex => plain(VectorOp::Vcvtqq2pd),
            (LaneOp::SToF32, I64) if evex => plain(VectorOp::Vcvtqq2ps),
            (LaneOp::UToF64, I32) if evex => plain(VectorOp::Vcvtudq2pd),
            (LaneOp::UToF32, I32) if evex => plain(VectorOp::Vcvtudq2ps),
            (LaneOp::UToF64, I64) if evex => plain(VectorOp::Vcvtuqq2pd),
            (LaneOp::UToF32, I64) if evex => plain(VectorOp::Vcvtuqq2ps),
            (LaneOp::SToF64, _) => self.signed_to_f64(from, extent),
            (LaneOp::UToF64, I64) => self.unsigned_to_f64(from, extent),
            (LaneOp::UToF64, _) => {
                let wide = self.convert(LaneOp::UExtend, I32, I64, from, extent);
                self.unsigned_to_f64(wide, extent)
            }
            (LaneOp::UToF32, I32) => self.unsigned_to_f32_lanes(from, extent),
            (LaneOp::SToF32 | LaneOp::UToF32, _) if extent == Extent::One => {
                self.lane_by_lane(op, ty, result, &[Operand::Register(from)], extent)
            }
            (LaneOp::SToF32 | LaneOp::UToF32, _) => self.i64_to_f32(op == LaneOp::SToF32, from, extent),
            (LaneOp::FToS64 | LaneOp::FToU64, F32) if !evex => {
                let wide = self.convert(LaneOp::Promote, F32, F64, from, extent);
                self.convert(op, F64, I64, wide, extent)
            }
            (LaneOp::FToS64, _) => self.float_to_signed(ty, I64, from, extent),
            (LaneOp::FToS32, _) => self.float_to_signed(ty, I32, from, extent),
            (LaneOp::FToU64, _) if evex => {
                let converted = of_size!(ty, Vcvttpd2uqq, Vcvttps2uqq);
                let minus_one = if ty == F64 { (-1.0f64).to_bits() } else { (-1.0f32).to_bits() as u64 };
                let operands = [Operand::Register(from), Operand::Constant(minus_one)];
                // Whatever is too large gives all ones, as it should.
                let positive = self.compare_floats(GREATER, ty, &operands, extent);
                self.machine.zeroed(converted, length, from, positive)
            }
            (LaneOp::FToU64, _) => self.f64_to_unsigned(from, extent),
            _ => unreachable!("{op} of {ty}"),
        }
    }

    /// The low 32 bits of 64-bit lanes.
    fn low_halves(&mut self, from: Reg, extent: Extent) -> Reg {
        let length = self.length(LaneType::I64, extent);
        if self.isa.evex() {
            let class = regalloc2::RegClass::Float;
            return self.machine.move_out(class, VectorOp::Vpmovqd, length, from, None);
        }
        // The same shuffle as that which narrows a mask.
        self.mask_for(from, LaneType::I32, extent)
    }

    /// Truncates, saturating, NaN to zero: the instructions give the smallest number for all that does not fit.
    fn float_to_signed(&mut self, ty: LaneType, result: LaneType, from: Reg, extent: Extent) -> Reg {
        let length = self.length(ty, extent).max(self.length(result, extent));
        let own = Operand::Register(from);
        let limit = match (ty, result) {
            (LaneType::F64, LaneType::I64) => 9_223_372_036_854_775_808.0f64.to_bits(),
            (LaneType::F64, _) => 2_147_483_648.0f64.to_bits(),
            (_, LaneType::I64) => 9_223_372_036_854_775_808.0f32.to_bits() as u64,
            _ => 2_147_483_648.0f32.to_bits() as u64,
        };
        let most = if result == LaneType::I64 { i64::MAX as u64 } else { i32::MAX as u64 };
        let number = self.compare_floats(ORDERED, ty, &[own, own], extent);
        let too_large = self.compare_floats(GREATER_EQUAL, ty, &[own, Operand::Constant(limit)], extent);
        let result_length = self.length(result, extent);
        let truncated = match (ty, result) {
            (LaneType::F64, LaneType::I64) if !self.isa.evex() => self.truncate_f64(from, extent),
            _ => {
                let op = match (ty, result) {
                    (LaneType::F64, LaneType::I64) => VectorOp::Vcvttpd2qq,
                    (LaneType::F64, _) => VectorOp::Vcvttpd2dq,
                    (_, LaneType::I64) => VectorOp::Vcvttps2qq,
                    _ => VectorOp::Vcvttps2dq,
                };
                if self.isa.evex() {
                    self.machine.zeroed(op, length, from, number)
                } else {
                    self.machine.unary(op, length, from)
                }
            }
        };
        let numbers = match self.isa.evex() {
            true => truncated,
            false => {
                let mask = self.mask_for(number, result, extent);
                self.machine.binary(VectorOp::Vpand, result_length, truncated, mask)
            }
        };
        let most = self.constant_source(most, result, extent);
        self.blend(result, result_length, too_large, most, numbers, extent)
    }
}
