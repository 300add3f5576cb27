//! Elements that are shorter than their lanes: truth values, and integers of 8 and 16 bits in lanes of 32.
//!
//! ```text
//! i8 in memory │ ff 02 │      i32 in lanes │ ffffffff  00000002 │      widened by the sign
//! bool         │ 07 00 │      a mask       │ ffffffff  00000000 │      true if not zero, stored as 0 or 1
//! ```
//!
//! A load widens, a store truncates; in between there are no such types.

use super::address::Place;
use super::{Emitter, Reg, Registers, Width, scalar_type};
use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::{InstBuilder, types};
use parfuse_ir::DType;
use parfuse_ir::lane::{Buffer, LaneType};

impl Emitter<'_> {
    /// What a buffer has in memory.
    pub(crate) fn element(&self, buffer: Buffer) -> DType {
        self.lane.buffers[buffer].dtype
    }

    /// Loads an element as a scalar.
    pub(crate) fn load_element(&mut self, element: DType, place: Place) -> Reg {
        let (flags, Place { pointer, offset }) = (Self::elements(), place);
        if element.is_bool() {
            let byte = self.builder.ins().load(types::I8, flags, pointer, offset);
            return self.builder.ins().icmp_imm_s(IntCC::NotEqual, byte, 0);
        }
        if element.fills_lane() {
            return self.builder.ins().load(scalar_type(element.lane()), flags, pointer, offset);
        }
        let ins = self.builder.ins();
        match (element.bits(), element.is_unsigned()) {
            (8, false) => ins.sload8(types::I32, flags, pointer, offset),
            (8, true) => ins.uload8(types::I32, flags, pointer, offset),
            (_, false) => ins.sload16(types::I32, flags, pointer, offset),
            (_, true) => ins.uload16(types::I32, flags, pointer, offset),
        }
    }

    /// Stores a scalar as an element.
    pub(crate) fn store_element(&mut self, element: DType, value: Reg, place: Place) {
        let (flags, Place { pointer, offset }) = (Self::elements(), place);
        match element.bits() {
            8 if !element.is_bool() => self.builder.ins().istore8(flags, value, pointer, offset),
            16 => self.builder.ins().istore16(flags, value, pointer, offset),
            _ => self.builder.ins().store(flags, value, pointer, offset),
        };
    }

    /// Registers of neighbouring integers, four at a time.
    pub(crate) fn load_short_neighbours(&mut self, element: DType, place: Place) -> Registers {
        let unsigned = element.is_unsigned();
        let bytes = Width::Narrow.lanes() * element.size();
        (0..self.lanes / Width::Narrow.lanes())
            .map(|k| {
                let offset = place.offset + (bytes * k) as i32;
                let (word, words) =
                    if bytes == 4 { (types::I32, types::I32X4) } else { (types::I64, types::I64X2) };
                let word = self.builder.ins().load(word, Self::elements(), place.pointer, offset);
                let word = self.builder.ins().scalar_to_vector(words, word);
                let mut lanes = match element.bits() {
                    8 => {
                        let bytes = self.view(word, types::I8X16);
                        match unsigned {
                            true => self.builder.ins().uwiden_low(bytes),
                            false => self.builder.ins().swiden_low(bytes),
                        }
                    }
                    _ => self.view(word, types::I16X8),
                };
                lanes = match unsigned {
                    true => self.builder.ins().uwiden_low(lanes),
                    false => self.builder.ins().swiden_low(lanes),
                };
                lanes
            })
            .collect()
    }

    /// Stores registers of integers next to each other, four at a time.
    pub(crate) fn store_short_neighbours(&mut self, element: DType, registers: &[Reg], place: Place) {
        let mask = (1u128 << element.bits()) - 1;
        let mask = mask | mask << 32;
        let bytes = Width::Narrow.lanes() * element.size();
        for (k, register) in registers.iter().enumerate() {
            let offset = place.offset + (bytes * k) as i32;
            // Without their high bits they are in the range of what narrows by saturating.
            let mask = self.lane_constant(mask | mask << 64, LaneType::I32, Width::Narrow);
            let low = self.builder.ins().band(*register, mask);
            let halves = self.builder.ins().unarrow(low, low);
            let words = match element.bits() {
                8 => {
                    let bytes = self.builder.ins().unarrow(halves, halves);
                    self.view(bytes, types::I32X4)
                }
                _ => self.view(halves, types::I64X2),
            };
            let word = self.builder.ins().extractlane(words, 0u8);
            self.builder.ins().store(Self::elements(), word, place.pointer, offset);
        }
    }
}
