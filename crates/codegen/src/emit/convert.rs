//! Operations that change the width of lanes, or their kind.
//!
//! ```text
//! widen    │ abcd │   ──▶   │ ab │ cd │
//! narrow   │ ab │ cd │   ──▶   │ abcd │
//! ```
//!
//! What 128-bit instructions cannot do exactly goes through scalars, lane by lane.

use super::{Emitter, Reg, Registers, Width};
use cranelift_codegen::ir::{ConstantData, InstBuilder, types};
use parfuse_ir::lane::{LaneOp, LaneType, Value};

/// The upper half of the first register, in the lower half.
const UPPER: [u8; 16] = [8, 9, 10, 11, 12, 13, 14, 15, 8, 9, 10, 11, 12, 13, 14, 15];
/// The lower halves of both registers.
const LOWER_HALVES: [u8; 16] = [0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23];
/// The lower halves of the four 64-bit lanes of both registers.
const EVEN_WORDS: [u8; 16] = [0, 1, 2, 3, 8, 9, 10, 11, 16, 17, 18, 19, 24, 25, 26, 27];

impl Emitter<'_> {
    fn shuffle(&mut self, a: Reg, b: Reg, bytes: [u8; 16]) -> Reg {
        let ty = self.builder.func.dfg.value_type(a);
        let mask = self.builder.func.dfg.immediates.push(ConstantData::from(&bytes[..]));
        let (a, b) = (self.view(a, types::I8X16), self.view(b, types::I8X16));
        let shuffled = self.builder.ins().shuffle(a, b, mask);
        self.view(shuffled, ty)
    }

    /// 32-bit integers as 64-bit integers.
    pub(crate) fn widen(&mut self, narrow: &Registers, signed: bool) -> Registers {
        let mut wide = Registers::new();
        for register in narrow {
            if signed {
                wide.push(self.builder.ins().swiden_low(*register));
                wide.push(self.builder.ins().swiden_high(*register));
            } else {
                wide.push(self.builder.ins().uwiden_low(*register));
                wide.push(self.builder.ins().uwiden_high(*register));
            }
        }
        wide
    }

    /// The low halves of 64-bit integers.
    pub(crate) fn narrow(&mut self, wide: &Registers) -> Registers {
        let mut narrow = Registers::new();
        for pair in wide.chunks(2) {
            let words = self.shuffle(pair[0], pair[1], EVEN_WORDS);
            narrow.push(self.view(words, types::I32X4));
        }
        narrow
    }

    /// Halves of narrow registers through an operation that reads the lower half of a register.
    fn widen_with(&mut self, narrow: &Registers, op: impl Fn(&mut Self, Reg) -> Reg) -> Registers {
        let mut wide = Registers::new();
        for register in narrow {
            wide.push(op(self, *register));
            let upper = self.shuffle(*register, *register, UPPER);
            wide.push(op(self, upper));
        }
        wide
    }

    /// Wide registers through an operation that leaves its results in the lower half of a register.
    fn narrow_with(&mut self, wide: &Registers, op: impl Fn(&mut Self, Reg) -> Reg) -> Registers {
        let mut narrow = Registers::new();
        for pair in wide.chunks(2) {
            let (low, high) = (op(self, pair[0]), op(self, pair[1]));
            narrow.push(self.shuffle(low, high, LOWER_HALVES));
        }
        narrow
    }

    fn each(&mut self, registers: &Registers, op: impl Fn(&mut Self, Reg) -> Reg) -> Registers {
        registers.iter().map(|register| op(self, *register)).collect()
    }

    /// A conversion of lanes.
    pub(crate) fn convert(&mut self, op: LaneOp, arg: Value, result: LaneType) -> Registers {
        use LaneOp::*;
        use LaneType::{F32, F64, I32, I64};
        let from = self.ty(arg);
        let a = self.registers(arg, self.width(arg));
        match (op, from) {
            (SExtend | UExtend, I64) | (Wrap, I32) | (Promote, F64) | (Demote, F32) => a,
            (SExtend, I32) => self.widen(&a, true),
            (UExtend, I32) => self.widen(&a, false),
            (Wrap, I64) => self.narrow(&a),
            (Promote, F32) => self.widen_with(&a, |e, x| e.builder.ins().fvpromote_low(x)),
            (Demote, F64) => self.narrow_with(&a, |e, x| e.builder.ins().fvdemote(x)),
            (SToF64, I32) => self.widen_with(&a, |e, x| {
                let wide = e.builder.ins().swiden_low(x);
                e.builder.ins().fcvt_from_sint(types::F64X2, wide)
            }),
            (UToF64, I32) => self.widen_with(&a, |e, x| {
                let wide = e.builder.ins().uwiden_low(x);
                e.builder.ins().fcvt_from_uint(types::F64X2, wide)
            }),
            (SToF64, I64) => self.each(&a, |e, x| e.builder.ins().fcvt_from_sint(types::F64X2, x)),
            (UToF64, I64) => self.each(&a, |e, x| e.builder.ins().fcvt_from_uint(types::F64X2, x)),
            (SToF32, I32) => self.each(&a, |e, x| e.builder.ins().fcvt_from_sint(types::F32X4, x)),
            (UToF32, I32) => self.each(&a, |e, x| e.builder.ins().fcvt_from_uint(types::F32X4, x)),
            (FToS32, F32) => self.each(&a, |e, x| e.builder.ins().fcvt_to_sint_sat(types::I32X4, x)),
            (FToS32, F64) => self.narrow_with(&a, |e, x| {
                // Only in this combination does x86-64 have the conversion.
                let wide = e.builder.ins().fcvt_to_sint_sat(types::I64X2, x);
                let zero = ConstantData::from(&[0; 16][..]);
                let zero = e.builder.func.dfg.constants.insert(zero);
                let zero = e.builder.ins().vconst(types::I64X2, zero);
                e.builder.ins().snarrow(wide, zero)
            }),
            (Bitcast, _) => self.each(&a, |e, x| {
                let ty = super::register_type(result, super::width_of(result).expect("not a mask"));
                e.view(x, ty)
            }),
            _ => self.per_lane(op, &[arg], result),
        }
    }

    /// An operation done by scalar instructions, lane by lane. Uniform operands stay scalar.
    pub(crate) fn per_lane(&mut self, op: LaneOp, args: &[Value], result: LaneType) -> Registers {
        let ty = self.ty(args[0]);
        let second = args.get(1).and_then(|arg| self.constant(*arg));
        let operands: Vec<Result<(Width, Registers), Value>> = args
            .iter()
            .map(|arg| {
                let width = self.width(*arg);
                if self.is_vector(*arg) { Ok((width, self.registers(*arg, width))) } else { Err(*arg) }
            })
            .collect();
        let mut lanes = Registers::new();
        for lane in 0..self.lanes {
            let scalars: Registers = operands
                .iter()
                .map(|operand| match operand {
                    Ok((width, registers)) => self.lane_of(registers, *width, lane),
                    Err(uniform) => self.scalar(*uniform),
                })
                .collect();
            lanes.push(self.scalar_op(op, ty, &scalars, second, result));
        }
        self.pack(&lanes, result)
    }
}
