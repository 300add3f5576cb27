//! Integers in lanes of 8 or 16 bits: what takes more than the instruction for their length.
//!
//! | | AVX-512 | AVX2 |
//! |---|---|---|
//! | load, store under a mask | masked | copied element by element, to and from own memory |
//! | bytes from and to lanes of 16 bits | widened, truncated | widened, packed |
//! | shifts of bytes | those of 16 bits, and what came from the neighbour cut off | the same |

use super::{Extent, Registers, Scratch, Selector};
use crate::wide::assembler::{Alu, Constant, Length, VectorOp};
use crate::wide::machine::{Kind, Place, Reg, Source, Test};
use parfuse_ir::DType;
use parfuse_ir::lane::{Inst, LaneOp, LaneType, Value};
use regalloc2::RegClass;

impl Selector<'_> {
    /// The operation that computes a value here: in short lanes, signs are as the range of its operands says.
    pub(super) fn op_in_lanes(&self, value: Value, op: LaneOp) -> LaneOp {
        self.narrow.as_ref().map_or(op, |narrow| narrow.op(value, op))
    }

    /// Short lanes: what is not computed by the same operation.
    pub(super) fn otherwise(&mut self, value: Value, args: &[Value]) -> Option<Registers> {
        if self.narrow.as_ref()?.is_first(value) {
            self.read(args);
            return Some(self.lanes(args[0]));
        }
        let Some(multiplier) = self.narrow.as_ref()?.multiplier(value) else {
            return self.signs_of_bits(value, args);
        };
        self.read(args);
        let registers = self.lanes(args[0]);
        let length = self.length(LaneType::I32, Extent::Group);
        Some(self.each_register(|s, k| {
            let multiplier = s.constant_source(multiplier.into(), LaneType::I32, Extent::Group);
            s.machine.binary(VectorOp::Vpmulhuw, length, registers[k], multiplier)
        }))
    }

    /// Of a value that has been shifted up and is now shifted down, the lowest bits with their sign.
    fn signs_of_bits(&mut self, value: Value, args: &[Value]) -> Option<Registers> {
        let kept = self.narrow.as_ref()?.sign_of(value)?;
        let size = self.lane_size(self.ty(value), Extent::Group);
        let Inst::Op(_, shifted) = &self.code.values[args[0]].inst else {
            unreachable!("has been shifted up")
        };
        self.read(args);
        let registers = self.lanes(shifted[0]);
        let unused = 8 * size as u8 - kept;
        if unused == 0 {
            return Some(registers);
        }
        Some(self.each_register(|s, k| {
            let up = s.shift_short(LaneOp::Shl, registers[k], unused);
            s.shift_short(LaneOp::SShr, up, unused)
        }))
    }

    /// A shift of short lanes by a constant.
    pub(super) fn shift_short(&mut self, op: LaneOp, a: Reg, count: u8) -> Reg {
        let (ty, extent) = (LaneType::I32, Extent::Group);
        let length = self.length(ty, extent);
        let words = match op {
            LaneOp::Shl => VectorOp::VpsllwBy,
            LaneOp::SShr if self.lane_size(ty, extent) == 2 => VectorOp::VpsrawBy,
            _ => VectorOp::VpsrlwBy,
        };
        let count =
            if op == LaneOp::SShr { count.min(8 * self.lane_size(ty, extent) as u8 - 1) } else { count };
        let shifted = self.machine.unary_imm(words, length, a, count);
        if self.lane_size(ty, extent) == 2 || count == 0 {
            return shifted;
        }
        let kept = if op == LaneOp::Shl {
            0xff_u64.checked_shl(count.into())
        } else {
            0xff_u64.checked_shr(count.into())
        };
        let kept = super::values::repeated(kept.unwrap_or(0), 1);
        let kept = self.constant_of_size(kept, 8, length, extent);
        let shifted = self.machine.binary(VectorOp::Vpand, length, shifted, kept);
        if op != LaneOp::SShr {
            return shifted;
        }
        // The sign, down where it is now: turned around and taken off, it fills all bits above.
        let sign = super::values::repeated(0x80 >> count, 1);
        let turned = self.constant_of_size(sign, 8, length, extent);
        let shifted = self.machine.binary(VectorOp::Vpxor, length, shifted, turned);
        let sign = self.constant_source(0x80 >> count, ty, extent);
        self.machine.binary(VectorOp::Vpsubb, length, shifted, sign)
    }

    /// Neighbouring elements in short lanes, zero where the mask is not set.
    pub(super) fn load_narrow(&mut self, element: DType, place: Place, mask: Option<Reg>) -> Reg {
        let size = self.lane_size(LaneType::I32, Extent::Group);
        let length = self.length(LaneType::I32, Extent::Group);
        let op = match (element.size() == size, element.is_unsigned()) {
            (true, _) if mask.is_none() || !self.isa.evex() => VectorOp::Vmovups,
            (true, _) => of_short(size, VectorOp::Vmovdqu8, VectorOp::Vmovdqu16),
            (false, true) => VectorOp::Vpmovzxbw,
            (false, false) => VectorOp::Vpmovsxbw,
        };
        match mask {
            Some(mask) if self.isa.evex() => self.machine.zeroed(op, length, Source::Memory(place), mask),
            Some(mask) => {
                let copy = self.copied_from(place, element.size(), mask);
                self.machine.unary(op, length, Source::Memory(copy))
            }
            None => self.machine.unary(op, length, Source::Memory(place)),
        }
    }

    /// Stores short lanes to neighbouring elements.
    pub(super) fn store_narrow(&mut self, element: DType, register: Reg, place: Place, active: Option<Reg>) {
        let size = self.lane_size(LaneType::I32, Extent::Group);
        let length = self.length(LaneType::I32, Extent::Group);
        if self.isa.evex() {
            let op = match (element.size() == size, active) {
                (true, None) => VectorOp::VmovupsTo,
                (true, Some(_)) => of_short(size, VectorOp::Vmovdqu8To, VectorOp::Vmovdqu16To),
                (false, _) => VectorOp::Vpmovwb,
            };
            return self.machine.store_vector(op, length, register, place, active);
        }
        let (length, register) = match element.size() == size {
            true => (length, register),
            false => {
                let low = Constant::Splat { bits: 0xff, size: 2, bytes: length.bytes() as u8 };
                let low = self.machine.constant(low);
                let low = self.machine.binary(VectorOp::Vpand, length, register, Source::Memory(low));
                (Length::L128, self.packed_words(VectorOp::Vpackuswb, low))
            }
        };
        self.store_bytes_of(length, register, place, element.size(), active);
    }

    /// AVX2: stores a register, or those of its elements that a mask says.
    fn store_bytes_of(
        &mut self,
        length: Length,
        register: Reg,
        place: Place,
        size: usize,
        active: Option<Reg>,
    ) {
        let Some(active) = active else {
            return self.machine.store_vector(VectorOp::VmovupsTo, length, register, place, None);
        };
        let own = Place::Own(self.scratch(Scratch::Result));
        self.machine.store_vector(VectorOp::VmovupsTo, length, register, own, None);
        self.copy(own, place, size, active);
    }

    /// AVX2: a copy of the elements that a mask says, in own memory, with zeros for the others.
    fn copied_from(&mut self, place: Place, size: usize, mask: Reg) -> Place {
        let own = Place::Own(self.scratch(Scratch::Operand(0)));
        let zeros = Constant::Splat { bits: 0, size: 8, bytes: 32 };
        let zeros = self.machine.constant(zeros);
        let zeros = self.machine.unary(VectorOp::Vmovups, Length::L256, Source::Memory(zeros));
        self.machine.store_vector(VectorOp::VmovupsTo, Length::L256, zeros, own, None);
        self.copy(place, own, size, mask);
        own
    }

    /// AVX2: copies the elements that a mask says, one after the other.
    fn copy(&mut self, from: Place, to: Place, size: usize, mask: Reg) {
        let bits = self.mask_bits(mask, Extent::Group);
        let [from, to] = [from, to].map(|place| self.machine.address_of(place));
        let [test, inside, after] = [(); 3].map(|()| self.machine.block());
        let left = self.machine.param(test, RegClass::Int);
        self.machine.jump(test, &[bits]);
        self.machine.fill(test);
        self.machine.branch(Test::NonZero, &[left], inside, after);
        self.machine.fill(inside);
        let lane = self.machine.fresh(Kind::LowestBit, &[left]);
        let index = Some((lane, size.trailing_zeros() as u8));
        let of_lane = |base: Reg| Place::Address { base, index, displacement: 0 };
        let element = self.machine.load(size as u8, of_lane(from));
        self.machine.store(size as u8, element, of_lane(to));
        let below = self.machine.alu_imm(Alu::Sub, false, left, 1);
        let rest = self.machine.alu(Alu::And, false, left, below);
        self.machine.jump(test, &[rest]);
        self.machine.fill(after);
    }

    /// AVX2: lanes of 16 bits as bytes, in 16 of them.
    pub(super) fn packed_words(&mut self, pack: VectorOp, words: Reg) -> Reg {
        let length = Length::L256;
        let high = self.machine.move_out(RegClass::Float, VectorOp::Vextracti128, length, words, Some(1));
        self.machine.binary(pack, Length::L128, words, high)
    }

    /// AVX2: a mask from as many bytes, where lanes are short.
    pub(super) fn load_narrow_bytes(&mut self, place: Place, mask: Option<Reg>) -> Reg {
        let place = mask.map_or(place, |mask| self.copied_from(place, 1, mask));
        let (source, length) = (Source::Memory(place), self.mask_length(Extent::Group));
        let zeros = Constant::Splat { bits: 0, size: 8, bytes: length.bytes() as u8 };
        let zeros = Source::Memory(self.machine.constant(zeros));
        let is_false = match self.widest {
            1 => {
                let bytes = self.machine.unary(VectorOp::Vmovups, length, source);
                self.machine.binary(VectorOp::Vpcmpeqb, length, bytes, zeros)
            }
            _ => {
                let words = self.machine.unary(VectorOp::Vpmovzxbw, length, source);
                self.machine.binary(VectorOp::Vpcmpeqw, length, words, zeros)
            }
        };
        self.not_mask(is_false, Extent::Group)
    }

    /// AVX2: stores a mask of short lanes as bytes 0 and 1.
    pub(super) fn store_narrow_bytes(&mut self, mask: Reg, place: Place, active: Option<Reg>) {
        let (length, bytes) = match self.widest {
            1 => (self.mask_length(Extent::Group), mask),
            _ => (Length::L128, self.packed_words(VectorOp::Vpacksswb, mask)),
        };
        let ones = Constant::Splat { bits: 1, size: 1, bytes: length.bytes() as u8 };
        let ones = self.machine.constant(ones);
        let truths = self.machine.binary(VectorOp::Vpand, length, bytes, Source::Memory(ones));
        self.store_bytes_of(length, truths, place, 1, active);
    }
}

fn of_short(size: usize, bytes: VectorOp, words: VectorOp) -> VectorOp {
    if size == 1 { bytes } else { words }
}
