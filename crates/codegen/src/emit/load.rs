//! Loads.
//!
//! | lanes | how |
//! |---|---|
//! | one element for all | a scalar, splat when lanes need it |
//! | neighbours | registers at once |
//! | neighbours, masked | registers at once if the mask is full, else as below |
//! | anything else | scalars, packed |
//!
//! A lane that must not touch memory reads the zeros at the head of the constants instead: no branches.

use super::address::Places;
use super::{Emitter, Reg, Registers, Width, register_type, width_of};
use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::{self as clif, InstBuilder, types};
use parfuse_ir::DType;
use parfuse_ir::lane::{Address, Buffer, LaneType, Lanes, Value};

impl Emitter<'_> {
    /// Loads an element, or one for each lane, and binds it.
    pub(crate) fn load(&mut self, value: Value, buffer: Buffer, address: &Address, mask: Option<Value>) {
        let ty = self.element_type(buffer);
        if !self.is_vector(value) {
            let reg = self.load_scalar(buffer, address, mask);
            return self.bind_scalar(value, reg);
        }
        let width = width_of(ty).unwrap_or(match address.lanes {
            Lanes::Uniform => self.mask_width,
            _ => Width::Narrow,
        });
        let registers = match (address.lanes, mask) {
            (Lanes::Uniform, None) => {
                let scalar = self.load_scalar(buffer, address, None);
                let register = self.splat(scalar, ty, width);
                Registers::from_elem(register, self.lanes / width.lanes())
            }
            (Lanes::Uniform, Some(mask)) => self.load_one_masked(buffer, address, mask, ty, width),
            (Lanes::Unit, None) => self.load_neighbours(buffer, address, ty, width),
            (Lanes::Unit, Some(mask)) => self.load_neighbours_masked(buffer, address, mask, ty, width),
            (Lanes::Strided(_) | Lanes::Part { .. } | Lanes::Gather(_), mask) => {
                let places = self.lane_places(buffer, address);
                self.load_lanes(places, mask, self.element(buffer))
            }
        };
        self.bind_registers(value, width, registers);
    }

    fn load_scalar(&mut self, buffer: Buffer, address: &Address, mask: Option<Value>) -> Reg {
        let mut place = self.first_place(buffer, address);
        if let Some(mask) = mask {
            let mask = self.scalar(mask);
            place = self.place_if(mask, place, self.table);
        }
        self.load_element(self.element(buffer), place)
    }

    /// One element for all lanes, read if any lane wants it.
    fn load_one_masked(
        &mut self,
        buffer: Buffer,
        address: &Address,
        mask: Value,
        ty: LaneType,
        width: Width,
    ) -> Registers {
        let any = self.any(mask);
        let place = self.first_place(buffer, address);
        let place = self.place_if(any, place, self.table);
        let element = self.load_element(self.element(buffer), place);
        let register = self.splat(element, ty, width);
        let mask = self.registers(mask, width);
        mask.iter()
            .map(|mask| {
                let mask = self.view(*mask, register_type(ty, width));
                self.builder.ins().band(register, mask)
            })
            .collect()
    }

    fn load_neighbours(
        &mut self,
        buffer: Buffer,
        address: &Address,
        ty: LaneType,
        width: Width,
    ) -> Registers {
        let place = self.first_place(buffer, address);
        match self.element(buffer) {
            element if element.is_bool() => return self.mask_from_bytes(place.pointer, place.offset),
            element if !element.fills_lane() => return self.load_short_neighbours(element, place),
            _ => {}
        }
        let register = register_type(ty, width);
        (0..self.lanes / width.lanes())
            .map(|k| {
                let offset = place.offset + 16 * k as i32;
                self.builder.ins().load(register, Self::elements(), place.pointer, offset)
            })
            .collect()
    }

    fn load_neighbours_masked(
        &mut self,
        buffer: Buffer,
        address: &Address,
        mask: Value,
        ty: LaneType,
        width: Width,
    ) -> Registers {
        let mask_registers = self.registers(mask, self.width(mask));
        let full = self.all_of(&mask_registers);
        let [all, some, after] = [(); 3].map(|()| self.builder.create_block());
        let register = register_type(ty, width);
        let loaded: Registers = (0..self.lanes / width.lanes())
            .map(|_| self.builder.append_block_param(after, register))
            .collect();
        self.builder.ins().brif(full, all, &[], some, &[]);

        self.builder.switch_to_block(all);
        let mark = self.enter();
        let registers = self.load_neighbours(buffer, address, ty, width);
        self.jump(after, &registers);
        self.leave(mark);

        self.builder.switch_to_block(some);
        let mark = self.enter();
        let places = self.lane_places(buffer, address);
        let registers = self.load_lanes(places, Some(mask), self.element(buffer));
        self.jump(after, &registers);
        self.leave(mark);

        self.builder.switch_to_block(after);
        loaded
    }

    /// One element per lane, packed; of truth values a narrow mask.
    fn load_lanes(&mut self, mut places: Places, mask: Option<Value>, element: DType) -> Registers {
        let ty = element.lane();
        if let Some(mask) = mask {
            let width = self.width(mask);
            let mask = self.registers(mask, width);
            let active = self.lanes_of_mask(&mask, width);
            for (place, active) in places.iter_mut().zip(active) {
                *place = self.place_if(active, *place, self.table);
            }
        }
        let elements: Registers = places
            .iter()
            .map(|place| match element.is_bool() {
                // Packed before they are compared.
                true => self.builder.ins().uload8(types::I32, Self::elements(), place.pointer, place.offset),
                false => self.load_element(element, *place),
            })
            .collect();
        if ty != LaneType::Bool {
            return self.pack(&elements, ty);
        }
        let bytes = self.pack(&elements, LaneType::I32);
        bytes
            .iter()
            .map(|bytes| {
                let zero = self.lane_constant(0, LaneType::I32, Width::Narrow);
                self.builder.ins().icmp(IntCC::NotEqual, *bytes, zero)
            })
            .collect()
    }

    /// Jumps to a block with these arguments.
    pub(crate) fn jump(&mut self, block: clif::Block, args: &[Reg]) {
        let args: smallvec::SmallVec<[clif::BlockArg; 8]> =
            args.iter().map(|arg| clif::BlockArg::Value(*arg)).collect();
        self.builder.ins().jump(block, &args);
    }
}
