//! Masks: truth values of lanes, as integers of all ones or all zeros.
//!
//! ```text
//! wide    │ -1  0 │  0 -1 │      from comparing f64 or i64
//! narrow  │ -1 0 0 -1 │          from comparing f32 or i32
//! ```
//!
//! A mask is kept in the width in which it was made and converted when a user needs the other one.

use super::values::Operand;
use super::{Emitter, Reg, Registers, Width, width_of};
use cranelift_codegen::ir::{self as clif, Endianness, InstBuilder, MemFlagsData, types};
use parfuse_ir::lane::{LaneType, Value};

impl Emitter<'_> {
    /// A mask in the other width.
    pub(crate) fn convert_mask(&mut self, registers: &Registers, from: Width) -> Registers {
        match from {
            Width::Narrow => self.widen(registers, true),
            Width::Wide => self.narrow(registers),
        }
    }

    /// The same bits of a register as lanes of another type.
    pub(crate) fn view(&mut self, register: Reg, ty: clif::Type) -> Reg {
        if self.builder.func.dfg.value_type(register) == ty {
            return register;
        }
        // Lanes are numbered as in memory on a little-endian machine, on every machine.
        let flags = MemFlagsData::new().with_endianness(Endianness::Little);
        self.builder.ins().bitcast(ty, flags, register)
    }

    /// The width in which to combine masks: that of the first that is not a constant or uniform.
    pub(crate) fn common_width(&self, values: &[Value]) -> Width {
        let varying = values.iter().find(|value| self.is_vector(**value));
        varying.map_or(self.mask_width, |value| self.width(*value))
    }

    /// Whether any lane of a value is true, as a scalar truth value.
    pub(crate) fn any(&mut self, value: Value) -> Reg {
        if !self.is_vector(value) {
            return self.scalar(value);
        }
        let registers = self.registers(value, self.width(value));
        self.any_of(&registers)
    }

    /// Whether any lane of a mask is true.
    pub(crate) fn any_of(&mut self, mask: &Registers) -> Reg {
        let mut all = mask[0];
        for register in &mask[1..] {
            all = self.builder.ins().bor(all, *register);
        }
        self.builder.ins().vany_true(all)
    }

    /// Whether all lanes of a mask are true.
    pub(crate) fn all_of(&mut self, mask: &Registers) -> Reg {
        let mut all = mask[0];
        for register in &mask[1..] {
            all = self.builder.ins().band(all, *register);
        }
        self.builder.ins().vall_true(all)
    }

    /// For each lane of a mask an integer that is nonzero where the lane is true.
    pub(crate) fn lanes_of_mask(&mut self, mask: &Registers, width: Width) -> Registers {
        let mut lanes = Registers::new();
        for register in mask {
            let bits = self.builder.ins().vhigh_bits(types::I32, *register);
            for lane in 0..width.lanes() {
                lanes.push(self.builder.ins().band_imm_u(bits, 1 << lane));
            }
        }
        lanes
    }

    /// Per lane the one register where the mask holds and the other where not. All of one width.
    pub(crate) fn blend(&mut self, mask: Reg, yes: Reg, no: Reg) -> Reg {
        let ty = self.builder.func.dfg.value_type(yes);
        if self.traits.blendv {
            let integers = self.builder.func.dfg.value_type(mask);
            let (yes, no) = (self.view(yes, integers), self.view(no, integers));
            let blended = self.builder.ins().blendv(mask, yes, no);
            self.view(blended, ty)
        } else {
            let mask = self.view(mask, ty);
            self.builder.ins().bitselect(mask, yes, no)
        }
    }

    /// `select` on lanes.
    pub(crate) fn select(&mut self, args: &[Value], ty: LaneType) -> (Width, Registers) {
        let width = width_of(ty).unwrap_or_else(|| self.common_width(args));
        let mask = self.operand(args[0], width);
        let (yes, no) = (self.operand(args[1], width), self.operand(args[2], width));
        let registers = (0..self.lanes / width.lanes())
            .map(|k| {
                let no = self.fetch(&no, k);
                let yes = self.fetch(&yes, k);
                let mask = self.fetch(&mask, k);
                self.blend(mask, yes, no)
            })
            .collect();
        (width, registers)
    }

    /// The lanes of loaded bytes, true where they are not zero: eight or four bytes at a time.
    pub(crate) fn mask_from_bytes(&mut self, pointer: Reg, offset: i32) -> Registers {
        let mut masks = Registers::new();
        let zero = Operand::Constant(0, LaneType::Bool, Width::Narrow);
        for first in (0..self.lanes).step_by(8) {
            let offset = offset + first as i32;
            let words: Registers = if self.lanes - first >= 8 {
                let halves = self.builder.ins().uload8x8(Self::elements(), pointer, offset);
                let low = self.builder.ins().uwiden_low(halves);
                let high = self.builder.ins().uwiden_high(halves);
                [low, high].into_iter().collect()
            } else {
                let bytes = self.builder.ins().load(types::I32, Self::elements(), pointer, offset);
                let bytes = self.builder.ins().scalar_to_vector(types::I32X4, bytes);
                let bytes = self.view(bytes, types::I8X16);
                let halves = self.builder.ins().uwiden_low(bytes);
                [self.builder.ins().uwiden_low(halves)].into_iter().collect()
            };
            for word in words {
                let zero = self.fetch(&zero, 0);
                masks.push(self.builder.ins().icmp(clif::condcodes::IntCC::NotEqual, word, zero));
            }
        }
        masks
    }

    /// Stores the lanes of a narrow mask as bytes 0 and 1.
    pub(crate) fn mask_to_bytes(&mut self, mask: &Registers, pointer: Reg, offset: i32) {
        let ones = u128::from_le_bytes([1; 16]);
        for (pair, registers) in mask.chunks(2).enumerate() {
            let offset = offset + 8 * pair as i32;
            let halves = self.builder.ins().snarrow(registers[0], registers[registers.len() - 1]);
            let bytes = self.builder.ins().snarrow(halves, halves);
            let ones = self.lane_constant(ones, LaneType::I32, Width::Narrow);
            let ones = self.view(ones, types::I8X16);
            let bytes = self.builder.ins().band(bytes, ones);
            let word = if registers.len() == 2 { types::I64X2 } else { types::I32X4 };
            let words = self.view(bytes, word);
            let word = self.builder.ins().extractlane(words, 0u8);
            self.builder.ins().store(Self::elements(), word, pointer, offset);
        }
    }
}
