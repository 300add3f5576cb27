//! What takes several instructions: operations on 64-bit lanes that AVX2 lacks, and what goes lane by lane.

use super::lanes::{of_lanes, of_size};
use super::values::Operand;
use super::{Extent, Scratch, Selector, size};
use crate::wide::assembler::{Length, VectorOp};
use crate::wide::machine::{Place, Reg, Source};
use parfuse_ir::lane::{LaneOp, LaneType};
use regalloc2::RegClass;

/// As bits of an `f64`: 2^52, to whose mantissa an unsigned 32-bit number can be added by setting bits.
const MAGIC: u64 = 0x4330_0000_0000_0000;
/// 2^52 as `f64`.
const TWO_52: f64 = 4_503_599_627_370_496.0;
const TWO_31: f64 = 2_147_483_648.0;
const TWO_32: f64 = 4_294_967_296.0;
const TWO_63: f64 = 9_223_372_036_854_775_808.0;
const TWO_64: f64 = 18_446_744_073_709_551_616.0;

impl Selector<'_> {
    fn length_64(&self, extent: Extent) -> Length {
        self.length(LaneType::I64, extent)
    }

    /// `a * b` of 64-bit lanes from products of their halves.
    pub(super) fn multiply_i64(&mut self, args: &[Operand], extent: Extent) -> Reg {
        let length = self.length_64(extent);
        let ty = LaneType::I64;
        let (a, b) = constant_last(args);
        let a = self.register(a, ty, extent);
        if let Operand::Constant(bits) = b
            && let Some(product) = self.multiply_by_few_bits(a, bits, extent)
        {
            return product;
        }
        let a_high = self.machine.unary_imm(VectorOp::VpsrlqBy, length, a, 32);
        let (b, b_high) = match b {
            Operand::Constant(bits) if bits >> 32 == 0 => {
                let b = self.constant_source(bits, ty, extent);
                let low = self.machine.binary(VectorOp::Vpmuludq, length, a, b);
                let high = self.machine.binary(VectorOp::Vpmuludq, length, a_high, b);
                let high = self.machine.unary_imm(VectorOp::VpsllqBy, length, high, 32);
                return self.machine.binary(VectorOp::Vpaddq, length, low, high);
            }
            Operand::Constant(bits) => {
                (self.constant_source(bits, ty, extent), self.constant_source(bits >> 32, ty, extent))
            }
            Operand::Register(b) => {
                (Source::Register(b), self.machine.unary_imm(VectorOp::VpsrlqBy, length, b, 32).into())
            }
        };
        let low = self.machine.binary(VectorOp::Vpmuludq, length, a, b);
        let first = self.machine.binary(VectorOp::Vpmuludq, length, a_high, b);
        let second = self.machine.binary(VectorOp::Vpmuludq, length, a, b_high);
        let middle = self.machine.binary(VectorOp::Vpaddq, length, first, second);
        let high = self.machine.unary_imm(VectorOp::VpsllqBy, length, middle, 32);
        self.machine.binary(VectorOp::Vpaddq, length, low, high)
    }

    /// The product with a constant of one or two bits, or of all bits between two: shifts, and a sum or a difference.
    fn multiply_by_few_bits(&mut self, a: Reg, constant: u64, extent: Extent) -> Option<Reg> {
        let length = self.length_64(extent);
        let lowest = constant & constant.wrapping_neg();
        let (op, other) = match (constant ^ lowest, constant.wrapping_add(lowest)) {
            (0, _) => return (constant != 0).then(|| self.shifted_left(a, lowest, extent)),
            (rest, _) if rest.is_power_of_two() => (VectorOp::Vpaddq, rest),
            (_, above) if above.is_power_of_two() => (VectorOp::Vpsubq, above),
            _ => return None,
        };
        let [high, low] = [other, lowest].map(|bit| self.shifted_left(a, bit, extent));
        Some(self.machine.binary(op, length, high, low))
    }

    /// The product with a power of two.
    fn shifted_left(&mut self, a: Reg, power: u64, extent: Extent) -> Reg {
        match power.trailing_zeros() as u8 {
            0 => a,
            count => self.machine.unary_imm(VectorOp::VpsllqBy, self.length_64(extent), a, count),
        }
    }

    /// The upper halves of products of 32-bit lanes: those of even lanes, and those of odd ones.
    pub(super) fn multiply_high_i32(&mut self, signed: bool, args: &[Operand], extent: Extent) -> Reg {
        let length = self.length(LaneType::I32, extent);
        let op = if signed { VectorOp::Vpmuldq } else { VectorOp::Vpmuludq };
        let (a, b) = constant_last(args);
        let a = self.register(a, LaneType::I32, extent);
        let odd_a = self.machine.unary_imm(VectorOp::VpsrlqBy, length, a, 32);
        let (even_b, odd_b) = match b {
            Operand::Constant(bits) => {
                let source = self.constant_source(bits as u32 as u64, LaneType::I64, extent);
                (source, source)
            }
            Operand::Register(b) => {
                (Source::Register(b), self.machine.unary_imm(VectorOp::VpsrlqBy, length, b, 32).into())
            }
        };
        let even = self.machine.binary(op, length, a, even_b);
        let odd = self.machine.binary(op, length, odd_a, odd_b);
        let even = self.machine.unary_imm(VectorOp::VpsrlqBy, length, even, 32);
        let upper = self.constant_source(!(u32::MAX as u64), LaneType::I64, extent);
        let odd = self.machine.binary(VectorOp::Vpand, length, odd, upper);
        self.machine.binary(VectorOp::Vpor, length, even, odd)
    }

    /// The upper halves of products of 64-bit lanes, from products of their halves (Knuth, The Art of Computer
    /// Programming, 4.3.1, algorithm M); the signed ones are the unsigned ones less one operand where the other is
    /// negative.
    pub(super) fn multiply_high_i64(&mut self, signed: bool, args: &[Operand], extent: Extent) -> Reg {
        let (length, ty) = (self.length_64(extent), LaneType::I64);
        let (a, b) = constant_last(args);
        let a = self.register(a, ty, extent);
        let a_high = self.machine.unary_imm(VectorOp::VpsrlqBy, length, a, 32);
        let (b_low, b_high) = match b {
            Operand::Constant(bits) => {
                (self.constant_source(bits, ty, extent), self.constant_source(bits >> 32, ty, extent))
            }
            Operand::Register(b) => {
                (Source::Register(b), self.machine.unary_imm(VectorOp::VpsrlqBy, length, b, 32).into())
            }
        };
        let low = self.machine.binary(VectorOp::Vpmuludq, length, a, b_low);
        let first = self.machine.binary(VectorOp::Vpmuludq, length, a_high, b_low);
        let second = self.machine.binary(VectorOp::Vpmuludq, length, a, b_high);
        let high = self.machine.binary(VectorOp::Vpmuludq, length, a_high, b_high);
        let carry = self.machine.unary_imm(VectorOp::VpsrlqBy, length, low, 32);
        let first = self.machine.binary(VectorOp::Vpaddq, length, first, carry);
        let low_bits = self.constant_source(u32::MAX as u64, ty, extent);
        let carry = self.machine.binary(VectorOp::Vpand, length, first, low_bits);
        let second = self.machine.binary(VectorOp::Vpaddq, length, second, carry);
        let mut product = high;
        for middle in [first, second] {
            let carry = self.machine.unary_imm(VectorOp::VpsrlqBy, length, middle, 32);
            product = self.machine.binary(VectorOp::Vpaddq, length, product, carry);
        }
        if !signed {
            return product;
        }
        let signs = self.signs_i64(a, extent);
        let less = self.machine.binary(VectorOp::Vpand, length, signs, b_low);
        product = self.machine.binary(VectorOp::Vpsubq, length, product, less);
        let less = match b {
            Operand::Constant(bits) if bits >> 63 == 0 => return product,
            Operand::Constant(_) => a,
            Operand::Register(b) => {
                let signs = self.signs_i64(b, extent);
                self.machine.binary(VectorOp::Vpand, length, signs, a)
            }
        };
        self.machine.binary(VectorOp::Vpsubq, length, product, less)
    }

    /// Lanes of ones where 64-bit lanes are negative.
    fn signs_i64(&mut self, a: Reg, extent: Extent) -> Reg {
        let length = self.length_64(extent);
        if self.isa.evex() {
            return self.machine.unary_imm(VectorOp::VpsraqBy, length, a, 63);
        }
        let zero = self.constant_register(0, LaneType::I64, extent);
        self.machine.binary(VectorOp::Vpcmpgtq, length, zero, a)
    }

    /// `a >> count` with signs. By a constant the least number is added before, and what becomes of it is taken off
    /// again; else negative numbers are shifted as their complement.
    pub(super) fn shift_signed_i64(&mut self, a: Reg, count: Operand, extent: Extent) -> Reg {
        let length = self.length_64(extent);
        if let Operand::Constant(count @ 1..=62) = count {
            let [least, offset] =
                [1 << 63, 1 << (63 - count)].map(|bits| self.constant_source(bits, LaneType::I64, extent));
            let positive = self.machine.binary(VectorOp::Vpxor, length, a, least);
            let shifted = self.machine.unary_imm(VectorOp::VpsrlqBy, length, positive, count as u8);
            return self.machine.binary(VectorOp::Vpsubq, length, shifted, offset);
        }
        let signs = self.signs_i64(a, extent);
        if matches!(count, Operand::Constant(count) if count >= 63) {
            return signs;
        }
        let positive = self.machine.binary(VectorOp::Vpxor, length, a, signs);
        let shifted = match count {
            Operand::Constant(count) => {
                self.machine.unary_imm(VectorOp::VpsrlqBy, length, positive, count.min(64) as u8)
            }
            Operand::Register(count) => self.machine.binary(VectorOp::Vpsrlvq, length, positive, count),
        };
        self.machine.binary(VectorOp::Vpxor, length, shifted, signs)
    }

    /// Comparisons from "equal" and "signed greater", all that AVX2 has.
    pub(super) fn int_compare_avx2(
        &mut self,
        op: LaneOp,
        ty: LaneType,
        args: &[Operand],
        extent: Extent,
    ) -> Reg {
        let (length, size) = (self.length(ty, extent), self.lane_size(ty, extent));
        let equal = of_lanes!(size, Vpcmpeqq, Vpcmpeqd, Vpcmpeqw, Vpcmpeqb);
        let greater = of_lanes!(size, Vpcmpgtq, Vpcmpgtd, Vpcmpgtw, Vpcmpgtb);
        let [mut a, mut b] = [args[0], args[1]].map(|operand| self.register(operand, ty, extent));
        if matches!(op, LaneOp::ULt | LaneOp::ULe) {
            let sign = self.constant_source(1 << (8 * size - 1), ty, extent);
            [a, b] = [a, b].map(|side| self.machine.binary(VectorOp::Vpxor, length, side, sign));
        }
        let mask = match op {
            LaneOp::IEq | LaneOp::INe => self.machine.binary(equal, length, a, b),
            // a < b is b > a, and a <= b is not a > b.
            LaneOp::SLt | LaneOp::ULt => self.machine.binary(greater, length, b, a),
            _ => self.machine.binary(greater, length, a, b),
        };
        let mask = self.mask_from(mask, ty, extent);
        match op {
            LaneOp::INe | LaneOp::SLe | LaneOp::ULe => self.not_mask(mask, extent),
            _ => mask,
        }
    }

    /// Unsigned 32-bit numbers, in 64-bit lanes, as `f64`: exact.
    fn small_to_f64(&mut self, a: Reg, offset: f64, extent: Extent) -> Reg {
        let length = self.length_64(extent);
        let magic = self.constant_source(MAGIC, LaneType::I64, extent);
        let shifted = self.machine.binary(VectorOp::Vpor, length, a, magic);
        let offset = self.constant_source((TWO_52 + offset).to_bits(), LaneType::F64, extent);
        self.machine.binary(VectorOp::Vsubpd, length, shifted, offset)
    }

    /// `high * 2^32 + low`: rounded once.
    fn join_halves(&mut self, high: Reg, a: Reg, extent: Extent) -> Reg {
        let length = self.length_64(extent);
        let low_bits = self.constant_source(u32::MAX as u64, LaneType::I64, extent);
        let low = self.machine.binary(VectorOp::Vpand, length, a, low_bits);
        let low = self.small_to_f64(low, 0.0, extent);
        let factor = self.constant_source(TWO_32.to_bits(), LaneType::F64, extent);
        self.machine.fused(VectorOp::Vfmadd132pd, length, high, low, factor)
    }

    /// Unsigned 64-bit lanes as `f64`.
    pub(super) fn unsigned_to_f64(&mut self, a: Reg, extent: Extent) -> Reg {
        let length = self.length_64(extent);
        let high = self.machine.unary_imm(VectorOp::VpsrlqBy, length, a, 32);
        let high = self.small_to_f64(high, 0.0, extent);
        self.join_halves(high, a, extent)
    }

    /// Signed 64-bit lanes as `f64`: the sign is that of the high half, which 2^31 makes positive.
    pub(super) fn signed_to_f64(&mut self, a: Reg, extent: Extent) -> Reg {
        let length = self.length_64(extent);
        let high = self.machine.unary_imm(VectorOp::VpsrlqBy, length, a, 32);
        let sign = self.constant_source(1 << 31, LaneType::I64, extent);
        let high = self.machine.binary(VectorOp::Vpxor, length, high, sign);
        let high = self.small_to_f64(high, TWO_31, extent);
        self.join_halves(high, a, extent)
    }

    /// Unsigned 32-bit lanes as `f32`: `high * 2^16 + low` of halves that are exact, rounded once.
    pub(super) fn unsigned_to_f32_lanes(&mut self, a: Reg, extent: Extent) -> Reg {
        let length = self.length(LaneType::I32, extent);
        let high = self.machine.unary_imm(VectorOp::VpsrldBy, length, a, 16);
        let low_bits = self.constant_source(0xffff, LaneType::I32, extent);
        let low = self.machine.binary(VectorOp::Vpand, length, a, low_bits);
        let [high, low] = [high, low].map(|half| self.machine.unary(VectorOp::Vcvtdq2ps, length, half));
        let factor = self.constant_source(65536.0f32.to_bits() as u64, LaneType::F32, extent);
        self.machine.fused(VectorOp::Vfmadd132ps, length, high, low, factor)
    }

    /// `f64` lanes as signed 64-bit lanes, the smallest number for what is smaller; for what is larger, and for what is no
    /// number, any.
    pub(super) fn truncate_f64(&mut self, a: Reg, extent: Extent) -> Reg {
        if extent == Extent::One {
            return self.each_lane(&[(a, LaneType::F64)], LaneType::I64, extent, |selector, lane| {
                selector.machine.unary_to(RegClass::Int, VectorOp::Vcvttsd2si, Length::L128, lane[0])
            });
        }
        let least = self.constant_source((-TWO_63).to_bits(), LaneType::F64, extent);
        let bounded = self.machine.binary(VectorOp::Vmaxpd, self.length_64(extent), a, least);
        self.split_into_halves(bounded, 1.5 * TWO_52, extent)
    }

    /// `f64` lanes as unsigned 64-bit lanes, saturating, zero for what is no number.
    pub(super) fn f64_to_unsigned(&mut self, a: Reg, extent: Extent) -> Reg {
        let (length, ty) = (self.length_64(extent), LaneType::F64);
        let operands = [Operand::Register(a), Operand::Constant(TWO_64.to_bits())];
        let too_large = self.compare_floats(0x1d, ty, &operands, extent);
        let zero = self.constant_source(0, ty, extent);
        // Of two the instruction takes the second if one is no number.
        let positive = self.machine.binary(VectorOp::Vmaxpd, length, a, zero);
        let number = self.split_into_halves(positive, TWO_52, extent);
        self.machine.binary(VectorOp::Vpor, length, number, too_large)
    }

    /// The whole part of `f64` lanes, from its halves: adding a number whose last bit counts ones leaves each in the bits of
    /// the mantissa. With 2^52 they are unsigned, with half as much again the upper one has a sign.
    fn split_into_halves(&mut self, a: Reg, offset: f64, extent: Extent) -> Reg {
        const DOWN: u8 = 9;
        const TOWARDS_ZERO: u8 = 11;
        let (length, ty) = (self.length_64(extent), LaneType::F64);
        let whole = self.machine.unary_imm(VectorOp::Vroundpd, length, a, TOWARDS_ZERO);
        let factor = self.constant_source((1.0 / TWO_32).to_bits(), ty, extent);
        let high = self.machine.binary(VectorOp::Vmulpd, length, whole, factor);
        let high = self.machine.unary_imm(VectorOp::Vroundpd, length, high, DOWN);
        let factor = self.constant_source((-TWO_32).to_bits(), ty, extent);
        let low = self.machine.fused(VectorOp::Vfmadd132pd, length, high, whole, factor);
        let offset = self.constant_source(offset.to_bits(), ty, extent);
        let high = self.machine.binary(VectorOp::Vaddpd, length, high, offset);
        let high = self.machine.unary_imm(VectorOp::VpsllqBy, length, high, 32);
        let magic = self.constant_source(MAGIC, ty, extent);
        let low = self.machine.binary(VectorOp::Vaddpd, length, low, magic);
        let low = self.machine.binary(VectorOp::Vpxor, length, low, magic);
        self.machine.binary(VectorOp::Vpor, length, high, low)
    }

    /// 64-bit lanes as `f32`, by way of `f64`. What that does not hold is rounded to odd before: its last bits go, and the
    /// lowest that stays is set if one of them was, which leaves it on its side of what lies between two `f32` (Boldo and
    /// Melquiond, Emulation of FMA and correctly rounded sums, 2008).
    pub(super) fn i64_to_f32(&mut self, signed: bool, a: Reg, extent: Extent) -> Reg {
        const LAST: u64 = (1 << 11) - 1;
        let (length, ty) = (self.length_64(extent), LaneType::I64);
        let upper = match signed {
            true => {
                let half = self.constant_source(1 << 53, ty, extent);
                let sum = self.machine.binary(VectorOp::Vpaddq, length, a, half);
                self.machine.unary_imm(VectorOp::VpsrlqBy, length, sum, 54)
            }
            false => self.machine.unary_imm(VectorOp::VpsrlqBy, length, a, 53),
        };
        let zero = self.constant_source(0, ty, extent);
        let exact = self.machine.binary(VectorOp::Vpcmpeqq, length, upper, zero);
        let last = self.constant_source(LAST, ty, extent);
        let last = self.machine.binary(VectorOp::Vpandn, length, exact, last);
        let lost = self.machine.binary(VectorOp::Vpand, length, a, last);
        let carried = self.machine.binary(VectorOp::Vpaddq, length, lost, last);
        let odd = self.machine.binary(VectorOp::Vpor, length, a, carried);
        let odd = self.machine.binary(VectorOp::Vpandn, length, last, odd);
        let wide = if signed { self.signed_to_f64(odd, extent) } else { self.unsigned_to_f64(odd, extent) };
        self.convert(LaneOp::Demote, LaneType::F64, LaneType::F32, wide, extent)
    }

    /// An operation that goes by way of general registers.
    pub(super) fn lane_by_lane(
        &mut self,
        op: LaneOp,
        ty: LaneType,
        result: LaneType,
        args: &[Operand],
        extent: Extent,
    ) -> Reg {
        let registers: Vec<(Reg, LaneType)> =
            args.iter().map(|arg| (self.register(*arg, ty, extent), ty)).collect();
        self.each_lane(&registers, result, extent, |selector, lanes| {
            let scalar = |lane: &Source| match *lane {
                Source::Register(lane) => selector.lane_to_scalar(lane, ty),
                Source::Memory(place) | Source::Broadcast(place) => {
                    selector.machine.load(size(ty) as u8, place)
                }
            };
            let scalars: Vec<Reg> = lanes.iter().map(scalar).collect();
            selector.scalar_integers(op, ty, &scalars, None)
        })
    }

    /// Puts operands into memory, computes each lane from there, and takes the results from memory. A single lane stays in
    /// registers: it would wait for memory, and get what was left there as further lanes.
    fn each_lane(
        &mut self,
        operands: &[(Reg, LaneType)],
        result: LaneType,
        extent: Extent,
        mut compute: impl FnMut(&mut Self, &[Source]) -> Reg,
    ) -> Reg {
        if extent == Extent::One {
            let lane: Vec<Source> =
                operands.iter().map(|(register, _)| Source::Register(*register)).collect();
            let computed = compute(self, &lane);
            return match (computed.class(), result) {
                (RegClass::Int, LaneType::F32) => self.scalar_to_lane(computed, LaneType::I32),
                (RegClass::Int, LaneType::F64) => self.scalar_to_lane(computed, LaneType::I64),
                (RegClass::Int, _) => self.scalar_to_lane(computed, result),
                _ => computed,
            };
        }
        for (k, (register, ty)) in operands.iter().enumerate() {
            let length = self.length(*ty, extent);
            let op = of_size!(*ty, VmovupdTo, VmovupsTo);
            let place = Place::Own(self.scratch(Scratch::Operand(k)));
            self.machine.store_vector(op, length, *register, place, None);
        }
        let out = self.scratch(Scratch::Result);
        for lane in 0..self.group as i32 {
            let places: Vec<Source> = operands
                .iter()
                .enumerate()
                .map(|(k, (_, ty))| Place::Own(self.scratch(Scratch::Operand(k)) + lane * size(*ty) as i32))
                .map(Source::Memory)
                .collect();
            let computed = compute(self, &places);
            let place = Place::Own(out + lane * size(result) as i32);
            match computed.class() {
                RegClass::Int => self.machine.store(size(result) as u8, computed, place),
                _ => {
                    let op = of_size!(result, VmovsdTo, VmovssTo);
                    self.machine.store_vector(op, Length::L128, computed, place, None);
                }
            }
        }
        let length = self.length(result, extent);
        self.machine.unary(of_size!(result, Vmovupd, Vmovups), length, Source::Memory(Place::Own(out)))
    }
}

/// The operands of an operation that commutes, a constant as the second.
fn constant_last(args: &[Operand]) -> (Operand, Operand) {
    match args[0] {
        Operand::Constant(_) => (args[1], args[0]),
        Operand::Register(_) => (args[0], args[1]),
    }
}
