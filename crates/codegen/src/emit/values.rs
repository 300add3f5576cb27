//! Operands: what is bound to a value, and the same value splat over lanes or, for masks, in the other width.
//!
//! Splats and conversions are bound too, so that the next use finds them. Whatever is bound inside a block
//! of the program is forgotten at its end ([`Emitter::leave`]): it need not have been computed elsewhere.
//! Constants are never bound; each use reads the table again, which costs nothing on most instructions.

use super::{Emitter, Part, Reg, Registers, Width, register_type, scalar_type, width_of};
use cranelift_codegen::ir::{ConstantData, InstBuilder, types};
use parfuse_ir::lane::{Inst, LaneType, Value};
use smallvec::SmallVec;

/// An operand of an operation on lanes.
pub(crate) enum Operand {
    /// These registers.
    Registers(Registers),
    /// This constant in all lanes, of a type and width.
    Constant(u128, LaneType, Width),
}

impl Emitter<'_> {
    /// Begins a block of the program.
    pub(crate) fn enter(&self) -> usize {
        self.bound.len()
    }

    /// Ends the block that [`Emitter::enter`] began: forgets what was bound in it.
    pub(crate) fn leave(&mut self, mark: usize) {
        for (value, part) in self.bound.drain(mark..) {
            let binding = &mut self.bindings[value.0 as usize];
            match part {
                Part::Scalar => binding.scalar = None,
                Part::Lanes(Width::Narrow) => binding.narrow.clear(),
                Part::Lanes(Width::Wide) => binding.wide.clear(),
            }
        }
    }

    pub(crate) fn ty(&self, value: Value) -> LaneType {
        self.code.values[value].ty
    }

    /// Whether a value lives in registers of lanes.
    pub(crate) fn is_vector(&self, value: Value) -> bool {
        self.lanes > 1 && self.code.values[value].varying
    }

    /// The bits of a constant.
    pub(crate) fn constant(&self, value: Value) -> Option<u64> {
        match self.code.values[value].inst {
            Inst::Const(bits) => Some(bits),
            _ => None,
        }
    }

    /// Whether a value has been computed, or needs no computing.
    pub(crate) fn is_available(&self, value: Value) -> bool {
        self.bindings[value.0 as usize].scalar.is_some() || self.constant(value).is_some()
    }

    /// The scalar that a value is bound to.
    pub(crate) fn bound_scalar(&self, value: Value) -> Option<Reg> {
        self.bindings[value.0 as usize].scalar
    }

    /// Binds a value to what it was bound to before an inner scope bound it anew: for as long as that would have lasted.
    pub(crate) fn restore_scalar(&mut self, value: Value, reg: Reg) {
        self.bindings[value.0 as usize].scalar = Some(reg);
    }

    pub(crate) fn bind_scalar(&mut self, value: Value, reg: Reg) {
        self.bound.push((value, Part::Scalar));
        let depth = self.loops.len();
        let binding = &mut self.bindings[value.0 as usize];
        (binding.scalar, binding.depth) = (Some(reg), depth);
    }

    pub(crate) fn bind_registers(&mut self, value: Value, width: Width, registers: Registers) {
        debug_assert_eq!(registers.len() * width.lanes(), self.lanes, "{value}");
        self.bound.push((value, Part::Lanes(width)));
        *self.part(value, width) = registers;
    }

    fn part(&mut self, value: Value, width: Width) -> &mut Registers {
        let binding = &mut self.bindings[value.0 as usize];
        match width {
            Width::Narrow => &mut binding.narrow,
            Width::Wide => &mut binding.wide,
        }
    }

    /// The width that a value's registers have: of a mask, one in which it is at hand.
    pub(crate) fn width(&self, value: Value) -> Width {
        let binding = &self.bindings[value.0 as usize];
        width_of(self.ty(value)).unwrap_or_else(|| {
            match (binding.narrow.is_empty(), binding.wide.is_empty()) {
                (false, true) => Width::Narrow,
                (true, false) => Width::Wide,
                _ => self.mask_width,
            }
        })
    }

    /// A value as a scalar.
    pub(crate) fn scalar(&mut self, value: Value) -> Reg {
        if let Some(reg) = self.bindings[value.0 as usize].scalar {
            return reg;
        }
        if let Some(truth) = self.known.truth(self.code, value) {
            return self.scalar_constant(truth.into(), LaneType::Bool);
        }
        match self.code.values[value].inst {
            Inst::Const(bits) => self.scalar_constant(bits, self.ty(value)),
            Inst::LaneIndex => self.index.expect("only regions have lanes"),
            ref inst => panic!("{value} = {inst:?} is used before it is computed, or as a scalar"),
        }
    }

    /// A scalar constant.
    pub(crate) fn scalar_constant(&mut self, bits: u64, ty: LaneType) -> Reg {
        match ty {
            LaneType::Bool => self.builder.ins().iconst(types::I8, (bits & 1) as i64),
            LaneType::I32 => self.builder.ins().iconst(types::I32, bits as i32 as i64),
            LaneType::I64 => self.builder.ins().iconst(types::I64, bits as i64),
            LaneType::F32 | LaneType::F64 => {
                let entry = repeat(bits, ty, self.mask_width);
                match self.constants.offset(entry) {
                    Some(offset) => self.builder.ins().load(scalar_type(ty), Self::own(), self.table, offset),
                    None if ty == LaneType::F32 => self.builder.ins().f32const(f32::from_bits(bits as u32)),
                    None => self.builder.ins().f64const(f64::from_bits(bits)),
                }
            }
        }
    }

    /// A value as an operand of lanes of a width, which for all but masks is that of its type.
    pub(crate) fn operand(&mut self, value: Value, width: Width) -> Operand {
        match self.constant(value) {
            Some(bits) => {
                let ty = self.ty(value);
                Operand::Constant(repeat(bits, ty, width), ty, width)
            }
            None => Operand::Registers(self.registers(value, width)),
        }
    }

    /// Register `k` of an operand; a constant is loaded here.
    pub(crate) fn fetch(&mut self, operand: &Operand, k: usize) -> Reg {
        match operand {
            Operand::Registers(registers) => registers[k],
            Operand::Constant(bits, ty, width) => self.lane_constant(*bits, *ty, *width),
        }
    }

    /// A register of constants.
    pub(crate) fn lane_constant(&mut self, bits: u128, ty: LaneType, width: Width) -> Reg {
        let register = register_type(ty, width);
        match self.constants.offset(bits) {
            Some(offset) => self.builder.ins().load(register, Self::own(), self.table, offset),
            None => {
                let data = ConstantData::from(&bits.to_le_bytes()[..]);
                let handle = self.builder.func.dfg.constants.insert(data);
                self.builder.ins().vconst(register, handle)
            }
        }
    }

    /// A value in registers of a width, splat or converted if need be.
    pub(crate) fn registers(&mut self, value: Value, width: Width) -> Registers {
        let present = self.part(value, width);
        if !present.is_empty() {
            return present.clone();
        }
        let other = match width {
            Width::Narrow => Width::Wide,
            Width::Wide => Width::Narrow,
        };
        let converted = self.part(value, other).clone();
        let registers = if !converted.is_empty() {
            self.convert_mask(&converted, other)
        } else if let Some(bits) = self.constant(value) {
            let ty = self.ty(value);
            let bits = repeat(bits, ty, width);
            // One register serves all lanes; it is not bound, see above.
            let register = self.lane_constant(bits, ty, width);
            return SmallVec::from_elem(register, self.lanes / width.lanes());
        } else {
            let scalar = self.scalar(value);
            let register = self.splat(scalar, self.ty(value), width);
            SmallVec::from_elem(register, self.lanes / width.lanes())
        };
        self.bind_registers(value, width, registers.clone());
        registers
    }

    /// A scalar in all lanes of a register.
    pub(crate) fn splat(&mut self, scalar: Reg, ty: LaneType, width: Width) -> Reg {
        let scalar = match ty {
            LaneType::Bool => {
                let wide = self.builder.ins().uextend(width.integers().lane_type(), scalar);
                self.builder.ins().ineg(wide)
            }
            _ => scalar,
        };
        self.builder.ins().splat(register_type(ty, width), scalar)
    }

    /// One lane of a value as a scalar; truth values as integers of the mask's width, nonzero for true.
    pub(crate) fn lane_of(&mut self, registers: &Registers, width: Width, lane: usize) -> Reg {
        let register = registers[lane / width.lanes()];
        self.builder.ins().extractlane(register, (lane % width.lanes()) as u8)
    }

    /// Scalars packed into registers, one lane each.
    pub(crate) fn pack(&mut self, scalars: &[Reg], ty: LaneType) -> Registers {
        let width = width_of(ty).expect("masks are not packed from scalars");
        let register_type = register_type(ty, width);
        scalars
            .chunks(width.lanes())
            .map(|lanes| {
                let mut register = self.builder.ins().scalar_to_vector(register_type, lanes[0]);
                for (k, scalar) in lanes.iter().enumerate().skip(1) {
                    register = self.builder.ins().insertlane(register, *scalar, k as u8);
                }
                register
            })
            .collect()
    }
}

/// A constant in all lanes of a register: truth values as all ones.
pub(crate) fn repeat(bits: u64, ty: LaneType, width: Width) -> u128 {
    let bits = match ty {
        LaneType::Bool => (bits & 1).wrapping_neg(),
        _ => bits,
    };
    match width_of(ty).unwrap_or(width) {
        Width::Wide => bits as u128 * 0x0000_0000_0000_0001_0000_0000_0000_0001,
        Width::Narrow => (bits as u32) as u128 * 0x0000_0001_0000_0001_0000_0001_0000_0001,
    }
}
