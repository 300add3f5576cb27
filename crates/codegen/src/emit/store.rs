//! Stores, in the manner of loads.
//!
//! A lane that must not store stores into a slot of the stack instead. Where several lanes store to one
//! element they do so in their order, so that the last one stays.

use super::{Emitter, Reg, Registers, Width, width_of};
use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::{InstBuilder, StackSlotData, StackSlotKind, types};
use parfuse_ir::lane::{Address, Buffer, LaneType, Lanes, Value};

impl Emitter<'_> {
    /// Stores an element, or one for each lane.
    pub(crate) fn store(&mut self, buffer: Buffer, address: &Address, value: Value, mask: Option<Value>) {
        let uniform = matches!(address.lanes, Lanes::Uniform)
            && !self.is_vector(value)
            && mask.is_none_or(|mask| !self.is_vector(mask));
        if self.lanes == 1 || uniform {
            return self.store_scalar(buffer, address, value, mask);
        }
        match (address.lanes, mask) {
            (Lanes::Unit, None) => self.store_neighbours(buffer, address, value),
            (Lanes::Unit, Some(mask)) => {
                let mask_registers = self.registers(mask, self.width(mask));
                let full = self.all_of(&mask_registers);
                let [all, some, after] = [(); 3].map(|()| self.builder.create_block());
                self.builder.ins().brif(full, all, &[], some, &[]);

                self.builder.switch_to_block(all);
                let mark = self.enter();
                self.store_neighbours(buffer, address, value);
                self.jump(after, &[]);
                self.leave(mark);

                self.builder.switch_to_block(some);
                let mark = self.enter();
                self.store_lanes(buffer, address, value, Some(mask));
                self.jump(after, &[]);
                self.leave(mark);

                self.builder.switch_to_block(after);
            }
            (_, mask) => self.store_lanes(buffer, address, value, mask),
        }
    }

    fn store_scalar(&mut self, buffer: Buffer, address: &Address, value: Value, mask: Option<Value>) {
        let mut place = self.first_place(buffer, address);
        if let Some(mask) = mask {
            let mask = self.scalar(mask);
            let dump = self.dump();
            place = self.place_if(mask, place, dump);
        }
        let value = self.scalar(value);
        self.store_element(self.element(buffer), value, place);
    }

    fn store_neighbours(&mut self, buffer: Buffer, address: &Address, value: Value) {
        let ty = self.element_type(buffer);
        let width = width_of(ty).unwrap_or(Width::Narrow);
        let registers = self.registers(value, width);
        let place = self.first_place(buffer, address);
        match self.element(buffer) {
            element if element.is_bool() => {
                return self.mask_to_bytes(&registers, place.pointer, place.offset);
            }
            element if !element.fills_lane() => {
                return self.store_short_neighbours(element, &registers, place);
            }
            _ => {}
        }
        for (k, register) in registers.iter().enumerate() {
            let offset = place.offset + 16 * k as i32;
            self.builder.ins().store(Self::elements(), *register, place.pointer, offset);
        }
    }

    fn store_lanes(&mut self, buffer: Buffer, address: &Address, value: Value, mask: Option<Value>) {
        let ty = self.element_type(buffer);
        let places = self.lane_places(buffer, address);
        let elements = self.lanes_to_store(value, ty);
        let active = mask.map(|mask| {
            let width = self.width(mask);
            let mask = self.registers(mask, width);
            self.lanes_of_mask(&mask, width)
        });
        let dump = active.is_some().then(|| self.dump());
        for (lane, (place, element)) in places.into_iter().zip(elements).enumerate() {
            let place = match (&active, dump) {
                (Some(active), Some(dump)) => self.place_if(active[lane], place, dump),
                _ => place,
            };
            self.store_element(self.element(buffer), element, place);
        }
    }

    /// A value's lanes as scalars of the form in which they are stored.
    fn lanes_to_store(&mut self, value: Value, ty: LaneType) -> Registers {
        if !self.is_vector(value) {
            let scalar = self.scalar(value);
            return Registers::from_elem(scalar, self.lanes);
        }
        let width = self.width(value);
        let registers = self.registers(value, width);
        if ty == LaneType::Bool {
            let bits = self.lanes_of_mask(&registers, width);
            return bits
                .into_iter()
                .map(|bit| self.builder.ins().icmp_imm_s(IntCC::NotEqual, bit, 0))
                .collect();
        }
        (0..self.lanes).map(|lane| self.lane_of(&registers, width, lane)).collect()
    }

    /// Where lanes store that must not store.
    fn dump(&mut self) -> Reg {
        let slot = match self.dump {
            Some(slot) => slot,
            None => {
                let data = StackSlotData::new(StackSlotKind::ExplicitSlot, types::I64.bytes(), 3);
                let slot = self.builder.create_sized_stack_slot(data);
                self.dump = Some(slot);
                slot
            }
        };
        self.builder.ins().stack_addr(self.traits.pointer, slot, 0)
    }
}
