//! Neighbours in falling order, and every other neighbour: whole registers, and lanes put in order.
//!
//! ```text
//! stride -1       memory  d c b a          one register, turned around         a b c d
//! stride  2       memory  a . b .          of two that overlap in one          a b c d
//!                             . c . d      element, every other lane
//! ```
//!
//! No element is read but those between the first lane's and the last one's. In the tail and under masks, where some of
//! these may not exist, falling neighbours of VEX code are loaded with the mask turned around; all else is a gather.

use super::memory::moved;
use super::{Registers, Selector};
use crate::wide::machine::{Place, Reg};
use parfuse_ir::DType;
use parfuse_ir::lane::{Address, Buffer, LaneType, Lanes, Value};

impl Selector<'_> {
    /// The stride of lanes that are near each other: minus one, or two up or down.
    pub(super) fn near_stride(&self, address: &Address) -> Option<isize> {
        let Lanes::Strided(stride) = address.lanes else { return None };
        let stride = self.bits(stride)? as i64 as isize;
        matches!(stride, -2 | -1 | 2).then_some(stride)
    }

    /// Loads lanes that are near each other; nothing if that takes a gather.
    pub(super) fn load_near(
        &mut self,
        buffer: Buffer,
        address: &Address,
        mask: Option<Value>,
        element: DType,
    ) -> Option<Registers> {
        let stride = self.near_stride(address)?;
        let masked = mask.is_some() || self.active.is_some();
        let whole = element.fills_lane() || (!element.is_bool() && !masked && stride == -1);
        if !whole || (masked && (stride != -1 || self.isa.evex())) {
            return None;
        }
        let ty = element.lane();
        let masks = self.active_mask(mask);
        let first = self.first_place(buffer, address);
        let lanes = self.group as isize;
        let lowest = (stride * (lanes - 1)).min(0);
        let registers = (0..self.count as isize).map(|k| {
            let place = back(first, stride * lanes * k + lowest, element);
            let mask = masks.as_ref().map(|masks| masks[k as usize]);
            let mask = mask.map(|mask| self.turned_mask(mask));
            let low = match element.fills_lane() {
                true => self.load_register(ty, place, mask),
                false => self.load_shorts(element, place, mask),
            };
            if stride == -1 {
                return self.turned(ty, low);
            }
            let high = self.load_register(ty, moved(place, (self.group - 1) * element.size()), None);
            // Those of the upper register begin with its second.
            let from = |lane: usize| {
                let distance = (stride * lane as isize - lowest) as usize;
                if distance < self.group { (0, distance) } else { (1, distance + 1 - self.group) }
            };
            let from: Vec<(usize, usize)> = (0..self.group).map(from).collect();
            self.picked_from_two(ty, [low, high], &from)
        });
        Some(registers.collect())
    }

    /// Stores falling neighbours; whether that is done.
    pub(super) fn store_near(
        &mut self,
        buffer: Buffer,
        address: &Address,
        registers: &Registers,
        mask: Option<Value>,
    ) -> bool {
        let element = self.element_of(buffer);
        let masked = mask.is_some() || self.active.is_some();
        if self.near_stride(address) != Some(-1) || !element.fills_lane() || (masked && self.isa.evex()) {
            return false;
        }
        let ty = element.lane();
        let masks = self.active_mask(mask);
        let first = self.first_place(buffer, address);
        let lanes = self.group as isize;
        for (k, register) in registers.iter().enumerate() {
            let place = back(first, 1 - lanes * (k as isize + 1), element);
            let mask = masks.as_ref().map(|masks| masks[k]);
            let mask = mask.map(|mask| self.turned_mask(mask));
            let turned = self.turned(ty, *register);
            self.store_register(ty, turned, place, mask);
        }
        true
    }

    /// The lanes in the opposite order.
    fn turned(&mut self, ty: LaneType, register: Reg) -> Reg {
        let last = self.group - 1;
        if self.isa.evex() {
            return self.picked(ty, &[register, register], |lane| last - lane);
        }
        self.permuted(ty, register, |lane| last - lane)
    }

    /// VEX: a mask in the opposite order.
    fn turned_mask(&mut self, mask: Reg) -> Reg {
        let widest = if self.widest == 8 { LaneType::I64 } else { LaneType::I32 };
        self.turned(widest, mask)
    }

    /// A register whose lanes come from a register of two each, and a lane of that.
    fn picked_from_two(&mut self, ty: LaneType, registers: [Reg; 2], from: &[(usize, usize)]) -> Reg {
        let lanes = self.group;
        if self.isa.evex() {
            return self.picked(ty, &registers, |lane| from[lane].0 * lanes + from[lane].1);
        }
        let owner = |position: usize| {
            from.iter().find(|(_, own)| *own == position).expect("each position has a lane").0
        };
        let blended = self.blended(ty, &registers, owner);
        self.permuted(ty, blended, |lane| from[lane].1)
    }
}

/// A place so many elements further on, or back.
fn back(place: Place, elements: isize, element: DType) -> Place {
    let bytes = elements * element.size() as isize;
    match place {
        Place::Address { base, index, displacement } => {
            Place::Address { base, index, displacement: displacement + bytes as i32 }
        }
        place => moved(place, bytes as usize),
    }
}
