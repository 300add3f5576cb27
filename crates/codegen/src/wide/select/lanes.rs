//! Operations on lanes, one register at a time.
//!
//! The registers of a step take turns operation by operation, so that independent instructions stand side by side.
//! What changes the type of lanes is in `convert`, what has no instruction of its own in `emulate`.

use super::values::Operand;
use super::{Extent, Registers, Selector, size};
use crate::rotations::rotation;
use crate::wide::assembler::{Length, VectorOp};
use crate::wide::machine::{Kind, Reg, Source};
use parfuse_ir::lane::{LaneOp, LaneType, Shape, Value};

/// Picks the instruction for the type: of 64-bit lanes or of 32-bit lanes.
macro_rules! of_size {
    ($ty:expr, $wide:ident, $narrow:ident) => {
        match super::size($ty) {
            8 => VectorOp::$wide,
            _ => VectorOp::$narrow,
        }
    };
}
pub(super) use of_size;

/// Picks the instruction for lanes of so many bytes.
macro_rules! of_lanes {
    ($size:expr, $quad:ident, $double:ident, $word:ident, $byte:ident) => {
        match $size {
            8 => VectorOp::$quad,
            4 => VectorOp::$double,
            2 => VectorOp::$word,
            _ => VectorOp::$byte,
        }
    };
}
pub(super) use of_lanes;

/// What the immediate operand of comparisons of floats says.
mod predicate {
    pub(super) const EQUAL: u8 = 0;
    pub(super) const NOT_EQUAL: u8 = 4;
    pub(super) const LESS: u8 = 0x11;
    pub(super) const LESS_EQUAL: u8 = 0x12;
}

impl Selector<'_> {
    /// An operation on lanes; binds its result.
    pub(super) fn lanes_op(&mut self, value: Value, op: LaneOp, args: &[Value]) {
        let (ty, result) = (self.operand_type(op, args), self.ty(value));
        if let Some(registers) = self.otherwise(value, args) {
            return self.bind_lanes(value, registers);
        }
        if let Some(registers) = self.rotated(value) {
            return self.bind_lanes(value, registers);
        }
        let op = self.op_in_lanes(value, op);
        if let Some(registers) = self.multiples(op, args).or_else(|| self.fused_with_operands(op, args)) {
            return self.bind_lanes(value, registers);
        }
        self.broadcast_operands(args);
        self.read(args);
        let dead: [bool; 3] = std::array::from_fn(|k| args.get(k).is_some_and(|arg| self.is_dead(*arg)));
        let uniform_count = self.uniform_count(op, args);
        let registers = self.each_register(|s, k| {
            let mut operands = [Operand::Constant(0); 3];
            for (operand, arg) in operands.iter_mut().zip(args) {
                *operand = s.operand(*arg, k);
            }
            if let Some(count) = uniform_count {
                operands[1] = Operand::Constant(count);
            }
            s.lane_op(op, ty, result, &operands[..args.len()], dead, Extent::Group)
        });
        self.bind_lanes(value, registers);
    }

    /// EVEX: a rotation, if a value is one.
    fn rotated(&mut self, value: Value) -> Option<Registers> {
        let (number, count) = rotation(self.code, value)?;
        let ty = self.ty(value);
        if !self.isa.evex() || self.lane_size(ty, Extent::Group) != size(ty) {
            return None;
        }
        let (op, length) = (of_size!(ty, VprorqBy, VprordBy), self.length(ty, Extent::Group));
        let numbers = self.lanes(number);
        Some(numbers.into_iter().map(|number| self.machine.unary_imm(op, length, number, count)).collect())
    }

    /// Selects for the registers of a value in turn; they share the constants that they need in registers.
    pub(super) fn each_register(&mut self, mut select: impl FnMut(&mut Self, usize) -> Reg) -> Registers {
        self.shared_constants = Some(Vec::new());
        let registers = (0..self.count).map(|k| select(self, k)).collect();
        self.shared_constants = None;
        registers
    }

    /// Puts operands that are uniform but not constant in lanes, once for all registers.
    pub(super) fn broadcast_operands(&mut self, args: &[Value]) {
        for arg in args {
            if self.bits(*arg).is_none() {
                self.lanes(*arg);
            }
        }
    }

    /// An index times a constant: the first lane's product, plus constants.
    fn multiples(&mut self, op: LaneOp, args: &[Value]) -> Option<Registers> {
        if op != LaneOp::IMul {
            return None;
        }
        let step = self.bits(args[1])?;
        let first = self.first_number(args[0])?;
        let factor = self.machine.imm(step);
        let product = self.machine.in_place(Kind::Multiply(true), first, Some(factor));
        Some(self.numbers(product, step))
    }

    /// A constant count of shifts, which stands in the instruction.
    fn uniform_count(&self, op: LaneOp, args: &[Value]) -> Option<u64> {
        let is_shift = matches!(op, LaneOp::Shl | LaneOp::UShr | LaneOp::SShr);
        is_shift.then(|| self.bits(args[1])).flatten()
    }

    /// The type whose lanes an operation reads.
    pub(super) fn operand_type(&self, op: LaneOp, args: &[Value]) -> LaneType {
        match op {
            LaneOp::Select => self.ty(args[1]),
            _ => self.ty(args[0]),
        }
    }

    /// An operation on one register of lanes. `dead` says which operands nothing else reads.
    pub(super) fn lane_op(
        &mut self,
        op: LaneOp,
        ty: LaneType,
        result: LaneType,
        args: &[Operand],
        dead: [bool; 3],
        extent: Extent,
    ) -> Reg {
        if let Some((instruction, commutes)) = instruction(op, ty, self.lane_size(ty, extent)) {
            return self.two(instruction, ty, args, commutes, extent);
        }
        match op.shape() {
            Shape::Float => self.float_op(op, ty, args, dead, extent),
            Shape::FloatCompare => self.float_compare(op, ty, args, extent),
            Shape::Int => self.int_op(op, ty, args, extent),
            Shape::IntCompare => self.int_compare(op, ty, args, extent),
            Shape::Bool => self.mask_op(op, args, extent),
            Shape::Select => self.choose(ty, args, extent),
            Shape::FromInt(_) | Shape::FromFloat(_) => {
                let from = self.register(args[0], ty, extent);
                self.convert(op, ty, result, from, extent)
            }
            // The same register.
            Shape::Bitcast => self.register(args[0], ty, extent),
        }
    }

    /// `op(a, b)` where `b` may be in memory.
    fn two(&mut self, op: VectorOp, ty: LaneType, args: &[Operand], commutes: bool, extent: Extent) -> Reg {
        let [a, b] = in_order([args[0], args[1]], commutes);
        let a = self.register(a, ty, extent);
        let b = self.source(b, ty, extent);
        let length = self.length(ty, extent);
        self.machine.binary(op, length, a, b)
    }

    fn float_op(
        &mut self,
        op: LaneOp,
        ty: LaneType,
        args: &[Operand],
        dead: [bool; 3],
        extent: Extent,
    ) -> Reg {
        let length = self.length(ty, extent);
        let sign = if ty == LaneType::F64 { 1 << 63 } else { 1 << 31 };
        match op {
            LaneOp::FNeg => {
                let sign = Operand::Constant(sign);
                self.two(of_size!(ty, Vxorpd, Vxorps), ty, &[args[0], sign], true, extent)
            }
            LaneOp::FAbs => {
                let others = Operand::Constant(sign - 1);
                self.two(of_size!(ty, Vandpd, Vandps), ty, &[args[0], others], true, extent)
            }
            LaneOp::FSqrt => {
                let source = self.source(args[0], ty, extent);
                self.machine.unary(of_size!(ty, Vsqrtpd, Vsqrtps), length, source)
            }
            LaneOp::FFloor | LaneOp::FCeil | LaneOp::FTrunc | LaneOp::FNearest => {
                let mode = match op {
                    LaneOp::FFloor => 9,
                    LaneOp::FCeil => 10,
                    LaneOp::FTrunc => 11,
                    _ => 8,
                };
                let source = self.source(args[0], ty, extent);
                self.machine.unary_imm(of_size!(ty, Vroundpd, Vroundps), length, source, mode)
            }
            LaneOp::Fma => self.fused(ty, args, dead, extent),
            _ => unreachable!("{op} of floats"),
        }
    }

    /// `a * b + c`. The instruction overwrites one operand and takes one from memory: which of its three forms to use
    /// depends on which operand is a constant and which is not needed any more.
    fn fused(&mut self, ty: LaneType, args: &[Operand], dead: [bool; 3], extent: Extent) -> Reg {
        let length = self.length(ty, extent);
        let is_constant = |operand: Operand| matches!(operand, Operand::Constant(_));
        let [mut a, mut b, c] = [args[0], args[1], args[2]];
        let [mut a_dies, b_dies, c_dies] = dead;
        // The factor to overwrite comes first: no constant, and best one that dies.
        if is_constant(a) || (!a_dies && b_dies && !is_constant(b)) {
            (a, b) = (b, a);
            a_dies = b_dies;
        }
        let a = self.register(a, ty, extent);
        // Where both end here, the sum is overwritten: it may be one that a loop carries.
        if !is_constant(b) && (is_constant(c) || (a_dies && !c_dies)) {
            let b = self.register(b, ty, extent);
            let c = self.source(c, ty, extent);
            return self.machine.fused(of_size!(ty, Vfmadd213pd, Vfmadd213ps), length, a, b, c);
        }
        let c_is_constant = is_constant(c);
        let c = self.register(c, ty, extent);
        let b = self.source(b, ty, extent);
        // A constant serves the other registers of the step, too, if it is not overwritten.
        if c_dies || (c_is_constant && !a_dies) {
            return self.machine.fused(of_size!(ty, Vfmadd231pd, Vfmadd231ps), length, c, a, b);
        }
        self.machine.fused(of_size!(ty, Vfmadd132pd, Vfmadd132ps), length, a, c, b)
    }

    fn float_compare(&mut self, op: LaneOp, ty: LaneType, args: &[Operand], extent: Extent) -> Reg {
        if self.isa.evex() {
            return self.compare_in(op, ty, args, None, extent);
        }
        self.compare_floats(float_predicate(op), ty, args, extent)
    }

    /// A comparison of floats by the number of the predicate.
    pub(super) fn compare_floats(
        &mut self,
        predicate: u8,
        ty: LaneType,
        args: &[Operand],
        extent: Extent,
    ) -> Reg {
        let length = self.length(ty, extent);
        let a = self.register(args[0], ty, extent);
        let b = self.source(args[1], ty, extent);
        let op = of_size!(ty, Vcmppd, Vcmpps);
        let mask = self.machine.compare_lanes(self.mask_class(), op, length, a, b, Some(predicate));
        self.mask_from(mask, ty, extent)
    }

    fn int_op(&mut self, op: LaneOp, ty: LaneType, args: &[Operand], extent: Extent) -> Reg {
        match op {
            LaneOp::IMul if self.lane_size(ty, extent) == 2 => {
                self.two(VectorOp::Vpmullw, ty, args, true, extent)
            }
            LaneOp::IMul if ty == LaneType::I32 => self.two(VectorOp::Vpmulld, ty, args, true, extent),
            LaneOp::IMul if self.isa.evex() => self.two(VectorOp::Vpmullq, ty, args, true, extent),
            LaneOp::IMul => self.multiply_i64(args, extent),
            LaneOp::SMulHigh | LaneOp::UMulHigh if ty == LaneType::I32 => {
                self.multiply_high_i32(op == LaneOp::SMulHigh, args, extent)
            }
            LaneOp::SMulHigh | LaneOp::UMulHigh => {
                self.multiply_high_i64(op == LaneOp::SMulHigh, args, extent)
            }
            LaneOp::IAnd => self.logic(VectorOp::Vpand, ty, args, extent),
            LaneOp::IOr => self.logic(VectorOp::Vpor, ty, args, extent),
            LaneOp::IXor => self.logic(VectorOp::Vpxor, ty, args, extent),
            LaneOp::INot => {
                let ones = Operand::Constant(u64::MAX);
                self.logic(VectorOp::Vpxor, ty, &[args[0], ones], extent)
            }
            LaneOp::Shl | LaneOp::UShr | LaneOp::SShr => self.shift(op, ty, args, extent),
            LaneOp::SDiv | LaneOp::SRem | LaneOp::UDiv | LaneOp::URem => {
                self.lane_by_lane(op, ty, ty, args, extent)
            }
            _ => unreachable!("{op} of integers"),
        }
    }

    /// A bitwise operation. Their table rows are those of 64-bit lanes, so a constant is repeated to that.
    fn logic(&mut self, op: VectorOp, ty: LaneType, args: &[Operand], extent: Extent) -> Reg {
        let length = self.length(ty, extent);
        let (a, b) = match args[0] {
            Operand::Constant(_) => (args[1], args[0]),
            Operand::Register(_) => (args[0], args[1]),
        };
        let a = self.register(a, ty, extent);
        let b = match b {
            Operand::Constant(bits) if self.isa.evex() => {
                let bits = super::values::repeated(bits, self.lane_size(ty, extent));
                self.constant_of_size(bits, 8, length, extent)
            }
            operand => self.source(operand, ty, extent),
        };
        self.machine.binary(op, length, a, b)
    }

    fn shift(&mut self, op: LaneOp, ty: LaneType, args: &[Operand], extent: Extent) -> Reg {
        let length = self.length(ty, extent);
        let size = self.lane_size(ty, extent);
        let width = 8 * size as u64;
        let a = self.register(args[0], ty, extent);
        if op == LaneOp::SShr && size == 8 && !self.isa.evex() {
            return self.shift_signed_i64(a, args[1], extent);
        }
        if let Operand::Constant(count) = args[1] {
            let count = match ty {
                LaneType::I32 => count as u32 as u64,
                _ => count,
            };
            // Beyond the width the instructions give zeros or signs too, but their counts have 8 bits.
            let count = count.min(width) as u8;
            if size < 4 {
                return self.shift_short(op, a, count);
            }
            let op = match op {
                LaneOp::Shl => of_size!(ty, VpsllqBy, VpslldBy),
                LaneOp::UShr => of_size!(ty, VpsrlqBy, VpsrldBy),
                _ => of_size!(ty, VpsraqBy, VpsradBy),
            };
            return self.machine.unary_imm(op, length, a, count);
        }
        let count = self.source(args[1], ty, extent);
        let op = match op {
            LaneOp::Shl => of_size!(ty, Vpsllvq, Vpsllvd),
            LaneOp::UShr => of_size!(ty, Vpsrlvq, Vpsrlvd),
            _ => of_size!(ty, Vpsravq, Vpsravd),
        };
        self.machine.binary(op, length, a, count)
    }

    fn int_compare(&mut self, op: LaneOp, ty: LaneType, args: &[Operand], extent: Extent) -> Reg {
        if !self.isa.evex() {
            return self.int_compare_avx2(op, ty, args, extent);
        }
        self.compare_in(op, ty, args, None, extent)
    }

    /// EVEX: a comparison, which holds only where a mask does if one is given.
    pub(super) fn compare_in(
        &mut self,
        op: LaneOp,
        ty: LaneType,
        args: &[Operand],
        mask: Option<Reg>,
        extent: Extent,
    ) -> Reg {
        let (instruction, predicate) = match op.shape() {
            Shape::FloatCompare => (of_size!(ty, Vcmppd, Vcmpps), float_predicate(op)),
            _ => int_comparison(op, self.lane_size(ty, extent)),
        };
        let length = self.length(ty, extent);
        let a = self.register(args[0], ty, extent);
        let b = self.source(args[1], ty, extent);
        let result = self.machine.register(self.mask_class());
        let mask = mask.map(|mask| (mask, false));
        self.machine.vector(instruction, length, Some(result), None, Some(a), b, Some(predicate), mask);
        result
    }

    fn mask_op(&mut self, op: LaneOp, args: &[Operand], extent: Extent) -> Reg {
        let [a, b] = [args[0], *args.last().expect("has operands")].map(|operand| match operand {
            Operand::Register(register) => register,
            Operand::Constant(_) => unreachable!("masks are in registers"),
        });
        match op {
            LaneOp::BAnd => self.and_masks(a, b, extent),
            LaneOp::BOr => self.or_masks(a, b, extent),
            LaneOp::BXor => self.xor_masks(a, b, extent),
            _ => self.not_mask(a, extent),
        }
    }

    /// `if c { a } else { b }`.
    fn choose(&mut self, ty: LaneType, args: &[Operand], extent: Extent) -> Reg {
        let Operand::Register(mask) = args[0] else { unreachable!("masks are in registers") };
        if ty == LaneType::Bool {
            let [a, b] = [args[1], args[2]].map(|operand| self.register(operand, ty, extent));
            return self.select_masks(mask, a, b, extent);
        }
        let length = self.length(ty, extent);
        if self.isa.evex() && matches!(args[2], Operand::Constant(0)) {
            let yes = self.source(args[1], ty, extent);
            let op = match yes {
                Source::Broadcast(_) => of_size!(ty, Vpbroadcastq, Vpbroadcastd),
                _ => of_lanes!(self.lane_size(ty, extent), Vmovupd, Vmovups, Vmovdqu16, Vmovdqu8),
            };
            let yes = unbroadcast(yes);
            return self.machine.zeroed(op, length, yes, mask);
        }
        let no = self.register(args[2], ty, extent);
        let yes = self.source(args[1], ty, extent);
        self.blend(ty, length, mask, yes, no, extent)
    }

    /// Lanes of `yes` where the mask is set, else of `no`.
    pub(super) fn blend(
        &mut self,
        ty: LaneType,
        length: Length,
        mask: Reg,
        yes: Source,
        no: Reg,
        extent: Extent,
    ) -> Reg {
        if self.isa.evex() {
            let result = self.machine.register(regalloc2::RegClass::Float);
            let op = of_lanes!(self.lane_size(ty, extent), Vblendmpd, Vblendmps, Vpblendmw, Vpblendmb);
            self.machine.vector(op, length, Some(result), None, Some(no), yes, None, Some((mask, false)));
            return result;
        }
        let mask = self.mask_for(mask, ty, extent);
        let op = of_lanes!(self.lane_size(ty, extent), Vblendvpd, Vblendvps, Vpblendvb, Vpblendvb);
        self.machine.blend(op, length, no, yes, mask)
    }
}

/// The instruction that computes an operation on two operands in lanes of a size as it is, and whether they may change
/// places.
pub(super) fn instruction(op: LaneOp, ty: LaneType, size: usize) -> Option<(VectorOp, bool)> {
    Some(match op {
        LaneOp::FAdd => (of_size!(ty, Vaddpd, Vaddps), true),
        LaneOp::FSub => (of_size!(ty, Vsubpd, Vsubps), false),
        LaneOp::FMul => (of_size!(ty, Vmulpd, Vmulps), true),
        LaneOp::FDiv => (of_size!(ty, Vdivpd, Vdivps), false),
        // `if a < b { a } else { b }`, and `b` for zeros and NaN: exactly these instructions.
        LaneOp::FMin => (of_size!(ty, Vminpd, Vminps), false),
        LaneOp::FMax => (of_size!(ty, Vmaxpd, Vmaxps), false),
        LaneOp::IAdd => (of_lanes!(size, Vpaddq, Vpaddd, Vpaddw, Vpaddb), true),
        LaneOp::ISub => (of_lanes!(size, Vpsubq, Vpsubd, Vpsubw, Vpsubb), false),
        _ => return None,
    })
}

/// The instruction that chooses the lesser or the greater of two integers, with a sign or without, in lanes of a size. Of
/// eight bytes there is one with EVEX only.
pub(super) fn of_extreme(least: bool, signed: bool, size: usize) -> VectorOp {
    match (least, signed) {
        (true, true) => of_lanes!(size, Vpminsq, Vpminsd, Vpminsw, Vpminsb),
        (true, false) => of_lanes!(size, Vpminuq, Vpminud, Vpminuw, Vpminub),
        (false, true) => of_lanes!(size, Vpmaxsq, Vpmaxsd, Vpmaxsw, Vpmaxsb),
        (false, false) => of_lanes!(size, Vpmaxuq, Vpmaxud, Vpmaxuw, Vpmaxub),
    }
}

/// Two operands, the second of which may be in memory: of those that commute a constant, or else the older value, which
/// is more likely to have been spilled.
pub(super) fn in_order([a, b]: [Operand; 2], commutes: bool) -> [Operand; 2] {
    let exchange = match (a, b) {
        (Operand::Constant(_), _) => true,
        (Operand::Register(a), Operand::Register(b)) => a.vreg() < b.vreg(),
        _ => false,
    };
    if commutes && exchange { [b, a] } else { [a, b] }
}

fn float_predicate(op: LaneOp) -> u8 {
    match op {
        LaneOp::FEq => predicate::EQUAL,
        LaneOp::FNe => predicate::NOT_EQUAL,
        LaneOp::FLt => predicate::LESS,
        _ => predicate::LESS_EQUAL,
    }
}

/// EVEX: the instruction of a comparison of integers, and the number of its predicate.
fn int_comparison(op: LaneOp, size: usize) -> (VectorOp, u8) {
    let signed = of_lanes!(size, Vpcmpq, Vpcmpd, Vpcmpw, Vpcmpb);
    let unsigned = of_lanes!(size, Vpcmpuq, Vpcmpud, Vpcmpuw, Vpcmpub);
    match op {
        LaneOp::IEq => (signed, 0),
        LaneOp::INe => (signed, 4),
        LaneOp::SLt => (signed, 1),
        LaneOp::SLe => (signed, 2),
        LaneOp::ULt => (unsigned, 1),
        _ => (unsigned, 2),
    }
}

/// The same memory for an instruction that broadcasts by itself.
fn unbroadcast(source: Source) -> Source {
    match source {
        Source::Broadcast(place) => Source::Memory(place),
        other => other,
    }
}
