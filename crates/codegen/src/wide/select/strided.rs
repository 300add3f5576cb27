//! Lanes that are equally far from each other, in places of their own.
//!
//! ```text
//! lane       0            1                2               3
//! place      p       p + stride        p' = p + 2 stride   p' + stride          an addition for two lanes
//! load       vmovsd       vmovhpd          vmovsd          vmovhpd              and vinsertf128
//! ```
//!
//! Gathers and scatters take longer than loads and stores one by one, on most processors by far: here lanes go straight from
//! memory to where they belong, and back. Masked lanes are left to `memory`.

use super::memory::moved;
use super::{Extent, Selector, size};
use crate::wide::assembler::{Alu, Length, VectorOp};
use crate::wide::machine::{Place, Reg, Source};
use parfuse_ir::lane::{Address, Buffer, LaneType, Lanes};
use regalloc2::RegClass;

/// The lanes in 16 bytes, of which each is loaded and stored by itself.
const PART: usize = 16;

impl Selector<'_> {
    /// The places of lanes that are equally far from each other: of those of the first register, then of the others.
    pub(super) fn strided_places(&mut self, buffer: Buffer, address: &Address) -> Option<Vec<Place>> {
        let Lanes::Strided(stride) = address.lanes else { return None };
        let (lanes, scale) = (self.group * self.count, self.scale(buffer));
        let first = self.first_place(buffer, address);
        let farthest = |stride: u64| i32::try_from((stride as i64).checked_mul(8 * lanes as i64)?).ok();
        if let Some(stride) = self.bits(stride)
            && let Some(farthest) = farthest(stride)
            && farthest.unsigned_abs() < 1 << 30
        {
            let bytes = (stride as i64 as isize) << scale;
            let place = |lane: usize| moved(first, (bytes * lane as isize) as usize);
            return Some((0..lanes).map(place).collect());
        }
        let mut base = self.machine.address_of(first);
        let one = self.scalar(stride);
        // The scale of an address says up to eight.
        let two =
            if scale < 3 { (one, scale + 1) } else { (self.machine.alu(Alu::Add, true, one, one), scale) };
        let mut places = Vec::with_capacity(lanes);
        for lane in 0..lanes {
            if lane > 0 && lane.is_multiple_of(2) {
                base = self.machine.address_of(Place::Address { base, index: Some(two), displacement: 0 });
            }
            let index = (!lane.is_multiple_of(2)).then_some((one, scale));
            places.push(Place::Address { base, index, displacement: 0 });
        }
        Some(places)
    }

    /// A register of lanes from these places.
    pub(super) fn load_joined(&mut self, ty: LaneType, places: &[Place]) -> Reg {
        let parts: Vec<Reg> =
            places.chunks(PART / size(ty)).map(|places| self.load_joined_part(ty, places)).collect();
        let length = self.length(ty, Extent::Group);
        let further = parts.iter().enumerate().skip(1);
        further.fold(parts[0], |register, (number, part)| {
            let (part, number) = (Source::Register(*part), Some(number as u8));
            self.joined(VectorOp::Vinsertf128, length, register, part, number)
        })
    }

    fn load_joined_part(&mut self, ty: LaneType, places: &[Place]) -> Reg {
        let (first, next) = match size(ty) {
            8 => (VectorOp::Vmovsd, VectorOp::Vmovhpd),
            _ => (VectorOp::Vmovss, VectorOp::Vinsertps),
        };
        let mut register = self.machine.unary(first, Length::L128, Source::Memory(places[0]));
        for (lane, place) in places.iter().enumerate().skip(1) {
            let imm = (next == VectorOp::Vinsertps).then_some((lane as u8) << 4);
            register = self.joined(next, Length::L128, register, Source::Memory(*place), imm);
        }
        register
    }

    fn joined(&mut self, op: VectorOp, length: Length, first: Reg, second: Source, imm: Option<u8>) -> Reg {
        let result = self.machine.register(RegClass::Float);
        self.machine.vector(op, length, Some(result), None, Some(first), second, imm, None);
        result
    }

    /// Stores the lanes of a register to these places, the first one first.
    pub(super) fn store_split(&mut self, ty: LaneType, register: Reg, places: &[Place]) {
        for (number, places) in places.chunks(PART / size(ty)).enumerate() {
            let part = match number {
                0 => register,
                _ => {
                    let (op, length) = (VectorOp::Vextracti128, self.length(ty, Extent::Group));
                    self.machine.move_out(RegClass::Float, op, length, register, Some(number as u8))
                }
            };
            let (first, next) = match size(ty) {
                8 => (VectorOp::VmovsdTo, VectorOp::VmovhpdTo),
                _ => (VectorOp::VmovssTo, VectorOp::VextractpsTo),
            };
            for (lane, place) in places.iter().enumerate() {
                let op = if lane == 0 { first } else { next };
                let imm = (op == VectorOp::VextractpsTo).then_some(lane as u8);
                let place = Source::Memory(*place);
                self.machine.vector(op, Length::L128, None, None, Some(part), place, imm, None);
            }
        }
    }
}
