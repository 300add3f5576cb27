//! Truth values of lanes.
//!
//! ```text
//! EVEX   a mask register, one bit a lane; bits beyond the group are zero
//! AVX2   a vector register, lanes of the widest type, all ones for true
//! ```

use super::lanes::of_lanes;
use super::{Extent, Registers, Selector};
use crate::wide::assembler::{Alu, Condition, Constant, Length, VectorOp};
use crate::wide::machine::{Block, Kind, Reg, Source, Test};
use parfuse_ir::lane::{LaneType, Value};
use regalloc2::RegClass;

impl Selector<'_> {
    /// A truth value in all lanes.
    pub(super) fn mask_of_bool(&mut self, scalar: Reg, extent: Extent) -> Reg {
        let ones = self.machine.in_place(Kind::Negate(true), scalar, None);
        if self.isa.evex() {
            let lanes = if extent == Extent::One { 1 } else { self.group };
            let bits = match lanes {
                64 => ones,
                // The operation clears the others.
                32 => self.machine.alu_imm(Alu::And, false, ones, -1),
                _ => self.machine.alu_imm(Alu::And, false, ones, (1 << lanes) - 1),
            };
            return self.mask_of_bits(bits);
        }
        let lane = self.machine.unary(VectorOp::VmovqFrom, Length::L128, ones);
        match extent {
            Extent::One => lane,
            Extent::Group => {
                let length = self.mask_length(extent);
                self.machine.unary(VectorOp::Vpbroadcastq, length, lane)
            }
        }
    }

    /// EVEX: the mask with these bits.
    pub(super) fn mask_of_bits(&mut self, bits: Reg) -> Reg {
        self.machine.unary_to(RegClass::Vector, VectorOp::KmovqFrom, Length::L128, bits)
    }

    /// The mask of the first so many lanes; the number is at most 255.
    pub(super) fn mask_of_first(&mut self, count: Reg) -> Reg {
        if self.isa.evex() {
            let ones = self.machine.imm(self.all_bits());
            let bits = self.machine.fresh(Kind::LowBits(true), &[ones, count]);
            return self.mask_of_bits(bits);
        }
        let length = self.mask_length(Extent::Group);
        let lane = self.machine.unary(VectorOp::VmovqFrom, Length::L128, count);
        let broadcast = of_lanes!(self.widest, Vpbroadcastq, Vpbroadcastd, Vpbroadcastw, Vpbroadcastb);
        let greater = of_lanes!(self.widest, Vpcmpgtq, Vpcmpgtd, Vpcmpgtw, Vpcmpgtb);
        let counts = self.machine.unary(broadcast, length, lane);
        let numbers = Constant::Count { first: 0, step: 1, bytes: 32, size: self.widest as u8 };
        let numbers = self.machine.constant(numbers);
        self.machine.binary(greater, length, counts, Source::Memory(numbers))
    }

    /// A mask's lanes as bits of a general register, 32 bits of which are defined, or 64 if there are as many lanes.
    pub(super) fn mask_bits(&mut self, mask: Reg, extent: Extent) -> Reg {
        if self.isa.evex() {
            return self.machine.unary_to(RegClass::Int, VectorOp::KmovqOut, Length::L128, mask);
        }
        let (mut length, mut mask) = (self.mask_length(extent), mask);
        if self.widest == 2 && extent == Extent::Group {
            mask = self.packed_words(VectorOp::Vpacksswb, mask);
            length = Length::L128;
        }
        let op = of_lanes!(self.widest, Vmovmskpd, Vmovmskps, Vpmovmskb, Vpmovmskb);
        self.machine.unary_to(RegClass::Int, op, length, mask)
    }

    /// A bit for each lane of a group.
    fn all_bits(&self) -> u64 {
        u64::MAX >> (64 - self.group)
    }

    /// EVEX: ones for all lanes of a group.
    pub(super) fn full(&mut self) -> Reg {
        let bits = self.machine.imm(self.all_bits());
        self.mask_of_bits(bits)
    }

    /// `a op b` of masks.
    fn combine_masks(&mut self, evex: VectorOp, vex: VectorOp, a: Reg, b: Reg, extent: Extent) -> Reg {
        match self.isa.evex() {
            true => self.machine.binary(evex, Length::L128, a, b),
            false => {
                let length = self.mask_length(extent);
                self.machine.binary(vex, length, a, b)
            }
        }
    }
    pub(super) fn and_masks(&mut self, a: Reg, b: Reg, extent: Extent) -> Reg {
        self.combine_masks(VectorOp::Kandq, VectorOp::Vpand, a, b, extent)
    }
    pub(super) fn or_masks(&mut self, a: Reg, b: Reg, extent: Extent) -> Reg {
        self.combine_masks(VectorOp::Korq, VectorOp::Vpor, a, b, extent)
    }
    pub(super) fn xor_masks(&mut self, a: Reg, b: Reg, extent: Extent) -> Reg {
        self.combine_masks(VectorOp::Kxorq, VectorOp::Vpxor, a, b, extent)
    }
    /// `!a & b`.
    pub(super) fn and_not_masks(&mut self, a: Reg, b: Reg, extent: Extent) -> Reg {
        self.combine_masks(VectorOp::Kandnq, VectorOp::Vpandn, a, b, extent)
    }
    pub(super) fn not_mask(&mut self, a: Reg, extent: Extent) -> Reg {
        if self.isa.evex() {
            let full = self.full();
            return self.and_not_masks(a, full, extent);
        }
        let length = self.mask_length(extent);
        let ones = Constant::Splat { bits: u64::MAX, size: 8, bytes: length.bytes() as u8 };
        let ones = self.machine.constant(ones);
        self.machine.binary(VectorOp::Vpxor, length, a, Source::Memory(ones))
    }
    /// `if c { a } else { b }`.
    pub(super) fn select_masks(&mut self, c: Reg, a: Reg, b: Reg, extent: Extent) -> Reg {
        let yes = self.and_masks(c, a, extent);
        let no = self.and_not_masks(c, b, extent);
        self.or_masks(yes, no, extent)
    }

    /// AVX2: a mask for lanes of a type.
    pub(super) fn mask_for(&mut self, mask: Reg, ty: LaneType, extent: Extent) -> Reg {
        if self.isa.evex() || self.lane_size(ty, extent) == self.widest || extent == Extent::One {
            // The first lane starts with the right bits in any width.
            return mask;
        }
        let high =
            self.machine.move_out(RegClass::Float, VectorOp::Vextracti128, Length::L256, mask, Some(1));
        let result = self.machine.register(RegClass::Float);
        // The even halves: the lower ones of lanes 0 and 1, and of 2 and 3.
        self.machine.vector(
            VectorOp::Vshufps,
            Length::L128,
            Some(result),
            None,
            Some(mask),
            Source::Register(high),
            Some(0b10_00_10_00),
            None,
        );
        result
    }

    /// AVX2: a mask of lanes of a type as a mask of the widest lanes.
    pub(super) fn mask_from(&mut self, mask: Reg, ty: LaneType, extent: Extent) -> Reg {
        if self.isa.evex() || self.lane_size(ty, extent) == self.widest {
            return mask;
        }
        let length = self.mask_length(extent);
        self.machine.unary(VectorOp::Vpmovsxdq, length, mask)
    }

    /// All registers of a mask that holds where given ones do and, in the tail, only in active lanes.
    pub(super) fn active_mask(&mut self, mask: Option<Value>) -> Option<Registers> {
        let mask = mask.map(|mask| self.lanes(mask));
        match (mask, self.active) {
            (None, None) => None,
            (Some(mask), None) => Some(mask),
            (None, Some(active)) => Some(Registers::from_elem(active, self.count)),
            (Some(mask), Some(active)) => {
                Some(mask.into_iter().map(|mask| self.and_masks(mask, active, Extent::Group)).collect())
            }
        }
    }

    /// One register in which a bit is set if one is in any of a mask's.
    pub(super) fn gathered(&mut self, mask: &Registers) -> Reg {
        let mut gathered = mask[0];
        for other in &mask[1..] {
            gathered = self.or_masks(gathered, *other, Extent::Group);
        }
        gathered
    }

    /// Ends the block with a branch on whether a mask register has any bit.
    pub(super) fn branch_if_any(&mut self, mask: Reg, yes: Block, no: Block) {
        if self.isa.evex() {
            return self.machine.branch(Test::AnyMask, &[mask], yes, no);
        }
        let bits = self.mask_bits(mask, Extent::Group);
        self.machine.branch(Test::NonZero, &[bits], yes, no);
    }

    /// Whether a mask register has any bit, as a uniform truth value.
    pub(super) fn any_bit(&mut self, mask: Reg) -> Reg {
        let bits = self.mask_bits(mask, Extent::Group);
        let wide = self.group == 64;
        self.machine.fresh(Kind::CompareImm(Condition::NotEqual, wide, 0), &[bits])
    }

    /// Whether any active lane is true, as a uniform truth value.
    pub(super) fn any(&mut self, mask: Value) -> Reg {
        if !self.is_varying(mask) {
            return self.scalar(mask);
        }
        let mask = self.active_mask(Some(mask)).expect("there is a mask");
        let gathered = self.gathered(&mask);
        self.any_bit(gathered)
    }
}
