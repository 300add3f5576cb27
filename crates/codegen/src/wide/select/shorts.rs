//! Elements that are shorter than their lanes: truth values, and integers of 8 and 16 bits in lanes of 32.
//!
//! | | load | store |
//! |---|---|---|
//! | neighbours | widened as they are loaded | truncated with AVX-512, else shuffled together |
//! | neighbours under a mask | the same with AVX-512, else one by one | the same |
//! | anything else | one by one | one by one |
//!
//! A truth value is true if its byte is not zero, and is stored as 0 or 1. An integer is widened by its sign.

use super::memory::moved;
use super::{Extent, Scratch, Selector};
use crate::wide::assembler::{Alu, Condition, Constant, Length, Shift, VectorOp};
use crate::wide::machine::{Kind, Place, Reg, Source};
use parfuse_ir::DType;
use parfuse_ir::lane::LaneType;
use regalloc2::RegClass;

impl Selector<'_> {
    /// An element as a scalar.
    pub(super) fn load_short(&mut self, element: DType, place: Place) -> Reg {
        let bits = self.machine.load(element.size() as u8, place);
        if element.is_bool() {
            return self.machine.fresh(Kind::CompareImm(Condition::NotEqual, false, 0), &[bits]);
        }
        if element.is_unsigned() {
            return bits;
        }
        let unused = 32 - element.bits() as u8;
        let high = self.machine.in_place(Kind::Shift(Shift::Shl, false, unused), bits, None);
        self.machine.in_place(Kind::Shift(Shift::Sar, false, unused), high, None)
    }

    /// A register of neighbouring elements, zero where the mask is not set.
    pub(super) fn load_shorts(&mut self, element: DType, place: Place, mask: Option<Reg>) -> Reg {
        if element.is_bool() {
            return self.load_bytes(place, mask);
        }
        if self.narrow.is_some() {
            return self.load_narrow(element, place, mask);
        }
        let length = self.length(LaneType::I32, Extent::Group);
        match mask {
            None => self.widened(element, Source::Memory(place)),
            Some(mask) if self.isa.evex() => {
                self.machine.zeroed(widening(element), length, Source::Memory(place), mask)
            }
            Some(mask) => {
                let places: Vec<Place> =
                    (0..self.group).map(|lane| moved(place, lane * element.size())).collect();
                self.load_shorts_one_by_one(element, &places, Some(mask))
            }
        }
    }

    /// A register of elements anywhere.
    pub(super) fn load_shorts_one_by_one(
        &mut self,
        element: DType,
        places: &[Place],
        mask: Option<Reg>,
    ) -> Reg {
        if element.is_bool() {
            return self.truths_one_by_one(places, mask);
        }
        let active = mask.map(|mask| self.mask_bits(mask, Extent::Group));
        let own = self.scratch(Scratch::Result);
        for (lane, place) in places.iter().enumerate() {
            let place = self.place_of_lane(lane, *place, active);
            let number = self.load_short(element, place);
            self.machine.store(4, number, Place::Own(own + 4 * lane as i32));
        }
        self.load_register(LaneType::I32, Place::Own(own), None)
    }

    /// The place of a lane's element, or zeros of our own if its bit says that the lane does not count.
    fn place_of_lane(&mut self, lane: usize, place: Place, active: Option<Reg>) -> Place {
        let Some(active) = active else { return place };
        let wanted = self.machine.alu_imm(Alu::And, false, active, 1 << lane);
        self.place_if(wanted, place)
    }

    /// Stores a register of elements next to each other.
    pub(super) fn store_shorts(&mut self, element: DType, register: Reg, place: Place, active: Option<Reg>) {
        if element.is_bool() {
            return self.store_bytes(register, place, active);
        }
        if self.narrow.is_some() {
            return self.store_narrow(element, register, place, active);
        }
        let length = self.length(LaneType::I32, Extent::Group);
        if self.isa.evex() {
            let op = if element.bits() == 8 { VectorOp::Vpmovdb } else { VectorOp::Vpmovdw };
            return self.machine.store_vector(op, length, register, place, active);
        }
        if active.is_some() {
            let places: Vec<Place> =
                (0..self.group).map(|lane| moved(place, lane * element.size())).collect();
            return self.store_one_by_one(element, register, &places, active);
        }
        let (size, op) = if element.bits() == 8 { (4, VectorOp::VmovdTo) } else { (8, VectorOp::VmovqTo) };
        let (low, high) = self.truncated_halves(element, register);
        self.machine.store_vector(op, Length::L128, low, place, None);
        if let Some(high) = high {
            self.machine.store_vector(op, Length::L128, high, moved(place, size), None);
        }
    }

    /// Elements next to each other, widened.
    pub(super) fn widened(&mut self, element: DType, source: Source) -> Reg {
        let length = self.length(LaneType::I32, Extent::Group);
        self.machine.unary(widening(element), length, source)
    }

    /// VEX: the elements of a register of lanes next to each other: of the first four lanes, and of the others if there
    /// are any.
    fn truncated_halves(&mut self, element: DType, register: Reg) -> (Reg, Option<Reg>) {
        let length = self.length(LaneType::I32, Extent::Group);
        // The low bytes of four lanes, by their numbers in 128 bits.
        let (bits, size) = if element.bits() == 8 { (0x0c08_0400, 4) } else { (0x0d0c_0908_0504_0100, 8) };
        let numbers = Constant::Splat { bits, size, bytes: length.bytes() as u8 };
        let numbers = self.machine.constant(numbers);
        let together = self.machine.binary(VectorOp::Vpshufb, length, register, Source::Memory(numbers));
        let high = (length == Length::L256).then(|| {
            self.machine.move_out(RegClass::Float, VectorOp::Vextracti128, length, together, Some(1))
        });
        (together, high)
    }

    /// The elements of a register of lanes next to each other, in 16 bytes.
    pub(super) fn truncated(&mut self, element: DType, register: Reg) -> Reg {
        if self.isa.evex() {
            let length = self.length(LaneType::I32, Extent::Group);
            let op = if element.bits() == 8 { VectorOp::Vpmovdb } else { VectorOp::Vpmovdw };
            return self.machine.move_out(RegClass::Float, op, length, register, None);
        }
        let (low, high) = self.truncated_halves(element, register);
        let join = if element.bits() == 8 { VectorOp::Vunpcklps } else { VectorOp::Vunpcklpd };
        high.map_or(low, |high| self.machine.binary(join, Length::L128, low, high))
    }

    /// A mask from neighbouring bytes.
    fn load_bytes(&mut self, place: Place, mask: Option<Reg>) -> Reg {
        let source = Source::Memory(place);
        if !self.isa.evex() && self.narrow.is_some() {
            return self.load_narrow_bytes(place, mask);
        }
        if !self.isa.evex() {
            let Some(mask) = mask else {
                let length = self.mask_length(Extent::Group);
                let op = if self.widest == 8 { VectorOp::Vpmovzxbq } else { VectorOp::Vpmovzxbd };
                let bytes = self.machine.unary(op, length, source);
                let equal = if self.widest == 8 { VectorOp::Vpcmpeqq } else { VectorOp::Vpcmpeqd };
                let zeros = Constant::Splat { bits: 0, size: 8, bytes: length.bytes() as u8 };
                let zeros = self.machine.constant(zeros);
                let is_false = self.machine.binary(equal, length, bytes, Source::Memory(zeros));
                return self.not_mask(is_false, Extent::Group);
            };
            let places: Vec<Place> = (0..self.group).map(|lane| moved(place, lane)).collect();
            return self.truths_one_by_one(&places, Some(mask));
        }
        let length = Length::holding(self.group);
        let bytes = match (mask, self.group) {
            (Some(mask), _) => self.machine.zeroed(VectorOp::Vmovdqu8, length, source, mask),
            (None, 16..) => self.machine.unary(VectorOp::Vmovdqu8, length, source),
            (None, 8) => self.machine.unary(VectorOp::VmovqFrom, Length::L128, source),
            (None, _) => self.machine.unary(VectorOp::VmovdFrom, Length::L128, source),
        };
        self.machine.compare_lanes(RegClass::Vector, VectorOp::Vptestmb, length, bytes, bytes, None)
    }

    /// A mask from bytes anywhere.
    fn truths_one_by_one(&mut self, places: &[Place], mask: Option<Reg>) -> Reg {
        let active = mask.map(|mask| self.mask_bits(mask, Extent::Group));
        let mut bits = self.zero();
        for (lane, place) in places.iter().enumerate() {
            let place = self.place_of_lane(lane, *place, active);
            let truth = self.load_short(DType::Bool, place);
            let bit = match lane {
                0 => truth,
                lane => self.machine.in_place(Kind::Shift(Shift::Shl, false, lane as u8), truth, None),
            };
            bits = self.machine.alu(Alu::Or, false, bits, bit);
        }
        self.mask_of_any_bits(bits)
    }

    /// The mask with these bits, on either kind of machine.
    fn mask_of_any_bits(&mut self, bits: Reg) -> Reg {
        if self.isa.evex() {
            return self.mask_of_bits(bits);
        }
        // Lane k of the broadcast bits tests bit k: shifted to the sign, and then over all.
        let length = self.mask_length(Extent::Group);
        let lane = self.machine.unary(VectorOp::VmovqFrom, Length::L128, bits);
        let (broadcast, size) = match self.widest {
            8 => (VectorOp::Vpbroadcastq, 8),
            _ => (VectorOp::Vpbroadcastd, 4),
        };
        let bits = self.machine.unary(broadcast, length, lane);
        let numbers = Constant::Count { first: 0, step: 1, size, bytes: length.bytes() as u8 };
        let numbers = self.machine.constant(numbers);
        let shift = if size == 8 { VectorOp::Vpsrlvq } else { VectorOp::Vpsrlvd };
        let shifted = self.machine.binary(shift, length, bits, Source::Memory(numbers));
        let one = Constant::Splat { bits: 1, size, bytes: length.bytes() as u8 };
        let one = self.machine.constant(one);
        let bit = self.machine.binary(VectorOp::Vpand, length, shifted, Source::Memory(one));
        let equal = if size == 8 { VectorOp::Vpcmpeqq } else { VectorOp::Vpcmpeqd };
        self.machine.binary(equal, length, bit, Source::Memory(one))
    }

    /// VEX: the lanes of a mask as bytes 0 and 1 next to each other.
    ///
    /// Processors without masks in registers of their own may also take long to deposit bits.
    fn store_mask_lanes(&mut self, mask: Reg, place: Place) {
        let length = self.mask_length(Extent::Group);
        debug_assert_eq!(length, Length::L256);
        let high = self.machine.move_out(RegClass::Float, VectorOp::Vextracti128, length, mask, Some(1));
        // A lane becomes several bytes, of which the first is taken.
        let bytes = self.machine.binary(VectorOp::Vpacksswb, Length::L128, mask, Source::Register(high));
        let step = self.widest as u64 / 2;
        let numbers = Constant::Count { first: 0, step, size: 1, bytes: 16 };
        let ones = Constant::Splat { bits: 1, size: 1, bytes: 16 };
        let mut bytes = bytes;
        for (op, constant) in [(VectorOp::Vpshufb, numbers), (VectorOp::Vpand, ones)] {
            let constant = self.machine.constant(constant);
            bytes = self.machine.binary(op, Length::L128, bytes, Source::Memory(constant));
        }
        let op = if self.group == 8 { VectorOp::VmovqTo } else { VectorOp::VmovdTo };
        self.machine.store_vector(op, Length::L128, bytes, place, None);
    }

    /// A mask as bytes 0 and 1 next to each other.
    fn store_bytes(&mut self, mask: Reg, place: Place, active: Option<Reg>) {
        if self.isa.evex() && (active.is_some() || self.narrow.is_some()) {
            let length = Length::holding(self.group);
            let ones = Constant::Splat { bits: 1, size: 1, bytes: length.bytes() as u8 };
            let ones = self.machine.constant(ones);
            let bytes = self.machine.zeroed(VectorOp::Vmovdqu8, length, Source::Memory(ones), mask);
            return self.machine.store_vector(VectorOp::Vmovdqu8To, length, bytes, place, active);
        }
        if self.narrow.is_some() {
            return self.store_narrow_bytes(mask, place, active);
        }
        if let Some(active) = active {
            let places: Vec<Place> = (0..self.group).map(|lane| moved(place, lane)).collect();
            return self.store_one_by_one(DType::Bool, mask, &places, Some(active));
        }
        if !self.isa.evex() {
            return self.store_mask_lanes(mask, place);
        }
        let bits = self.mask_bits(mask, Extent::Group);
        let pattern = self.machine.imm(0x0101_0101_0101_0101);
        for (k, lanes) in (0..self.group).step_by(8).enumerate() {
            let own = match k {
                0 => bits,
                _ => self.machine.in_place(Kind::Shift(Shift::Shr, false, lanes as u8), bits, None),
            };
            let bytes = self.machine.fresh(Kind::Deposit(true), &[own, pattern]);
            self.machine.store((self.group - lanes).min(8) as u8, bytes, moved(place, lanes));
        }
    }
}

/// What widens elements by their sign.
fn widening(element: DType) -> VectorOp {
    match (element.bits(), element.is_unsigned()) {
        (8, false) => VectorOp::Vpmovsxbd,
        (8, true) => VectorOp::Vpmovzxbd,
        (_, false) => VectorOp::Vpmovsxwd,
        (_, true) => VectorOp::Vpmovzxwd,
    }
}
