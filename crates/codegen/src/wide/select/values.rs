//! Operands: what is bound to a value, constants, broadcasts.
//!
//! Broadcasts are bound too, so that the next use finds them. Whatever is bound inside a block of the program is
//! forgotten at its end. Constants are never bound: as a last operand they stand in memory, which costs nothing.

use super::lanes::of_lanes;
use super::{Extent, Part, Registers, Selector, SharedConstant};
use crate::wide::assembler::{Alu, Constant, Length, VectorOp};
use crate::wide::machine::{Kind, Place, Reg, Source};
use parfuse_ir::lane::{Inst, LaneType, Value};
use regalloc2::RegClass;

/// An operand of an operation on lanes, one register of it.
#[derive(Clone, Copy, Debug)]
pub(super) enum Operand {
    Register(Reg),
    /// These bits in every lane.
    Constant(u64),
}

impl Selector<'_> {
    /// Begins a block of the program.
    pub(super) fn enter(&self) -> usize {
        self.bound.len()
    }

    /// Ends the block that [`Selector::enter`] began: forgets what was bound in it.
    pub(super) fn leave(&mut self, mark: usize) {
        self.forget_loaded(mark);
        for (value, part) in self.bound.drain(mark..) {
            let binding = &mut self.bindings[value.0 as usize];
            match part {
                Part::Scalar => binding.scalar = None,
                Part::Lanes => binding.lanes.clear(),
                Part::Any => binding.any = None,
                Part::Comparison => binding.comparison = None,
            }
        }
    }

    /// Whether a value has lanes here.
    pub(super) fn is_varying(&self, value: Value) -> bool {
        !self.one_by_one && self.code.values[value].varying
    }

    /// The bits of a constant.
    pub(super) fn bits(&self, value: Value) -> Option<u64> {
        match self.code.values[value].inst {
            Inst::Const(bits) => Some(bits),
            _ => None,
        }
    }

    /// Whether a uniform value has been computed, or needs no computing.
    pub(super) fn is_available(&self, value: Value) -> bool {
        let binding = &self.bindings[value.0 as usize];
        binding.scalar.is_some() || binding.comparison.is_some() || self.bits(value).is_some()
    }

    pub(super) fn bind_scalar(&mut self, value: Value, register: Reg) {
        self.bound.push((value, Part::Scalar));
        self.bindings[value.0 as usize].scalar = Some(register);
    }

    pub(super) fn bind_lanes(&mut self, value: Value, registers: Registers) {
        debug_assert_eq!(registers.len(), self.count, "{value}");
        self.bound.push((value, Part::Lanes));
        self.bindings[value.0 as usize].lanes = registers;
    }

    /// A uniform value.
    pub(super) fn scalar(&mut self, value: Value) -> Reg {
        if let Some(register) = self.bindings[value.0 as usize].scalar {
            return register;
        }
        if let Some(mask) = self.bindings[value.0 as usize].any {
            let truth = self.any_bit(mask);
            self.bind_scalar(value, truth);
            return truth;
        }
        if let Some(comparison) = self.bindings[value.0 as usize].comparison {
            let truth = self.compared(comparison);
            self.bind_scalar(value, truth);
            return truth;
        }
        if let Some(truth) = self.known.truth(self.code, value) {
            return self.scalar_constant(truth.into(), LaneType::Bool);
        }
        match self.code.values[value].inst {
            Inst::Const(bits) => self.scalar_constant(bits, self.ty(value)),
            Inst::LaneIndex => self.step_index(),
            ref inst => panic!("{value} = {inst:?} is used before it is computed, or as a scalar"),
        }
    }

    /// A constant as a uniform value.
    pub(super) fn scalar_constant(&mut self, bits: u64, ty: LaneType) -> Reg {
        match ty {
            LaneType::Bool => self.machine.imm(bits & 1),
            LaneType::I32 => self.machine.imm(bits as u32 as u64),
            LaneType::I64 => self.machine.imm(bits),
            LaneType::F32 | LaneType::F64 => self.constant_register(bits, ty, Extent::One),
        }
    }

    /// A constant of lanes of a size behind the code.
    fn element(&mut self, bits: u64, size: usize, bytes: usize) -> Place {
        let bits = bits & (u64::MAX >> (64 - 8 * size));
        let constant = Constant::Splat { bits, size: size as u8, bytes: bytes as u8 };
        self.machine.constant(constant)
    }

    /// A constant in all lanes, as a last operand.
    pub(super) fn constant_source(&mut self, bits: u64, ty: LaneType, extent: Extent) -> Source {
        let (size, length) = (self.lane_size(ty, extent), self.length(ty, extent));
        self.constant_of_size(bits, size, length, extent)
    }

    /// A constant in all lanes of a size, as a last operand.
    pub(super) fn constant_of_size(
        &mut self,
        bits: u64,
        size: usize,
        length: Length,
        extent: Extent,
    ) -> Source {
        if let Some(register) = self.known_constant(bits, size, extent) {
            return Source::Register(register);
        }
        if self.isa.evex() && size >= 4 {
            return Source::Broadcast(self.element(bits, size, size));
        }
        Source::Memory(self.element(bits, size, length.bytes()))
    }

    /// A constant in all lanes of a register.
    pub(super) fn constant_register(&mut self, bits: u64, ty: LaneType, extent: Extent) -> Reg {
        let size = self.lane_size(ty, extent);
        if let Some(register) = self.known_constant(bits, size, extent) {
            return register;
        }
        let length = self.length(ty, extent);
        let op = of_lanes!(size, Vpbroadcastq, Vpbroadcastd, Vpbroadcastw, Vpbroadcastb);
        let place = self.element(bits, size, size);
        let register = self.machine.unary(op, length, Source::Memory(place));
        if let Some(shared) = &mut self.shared_constants {
            shared.push(SharedConstant { bits, size, extent, register });
        }
        register
    }

    /// The register that has a constant in all lanes, if there is one.
    fn known_constant(&self, bits: u64, size: usize, extent: Extent) -> Option<Reg> {
        let all = self.row.constants.iter().chain(self.shared_constants.iter().flatten());
        let is_it =
            |known: &&SharedConstant| known.bits == bits && known.size == size && known.extent == extent;
        all.filter(is_it).map(|known| known.register).next()
    }

    /// Register `k` of a value as an operand.
    pub(super) fn operand(&mut self, value: Value, k: usize) -> Operand {
        match self.bits(value) {
            Some(bits) if self.ty(value) != LaneType::Bool => Operand::Constant(bits),
            _ => Operand::Register(self.lanes(value)[k]),
        }
    }

    /// A uniform value in lane 0 as an operand.
    pub(super) fn scalar_operand(&mut self, value: Value) -> Operand {
        let ty = self.ty(value);
        match self.bits(value) {
            Some(bits) if ty != LaneType::Bool => Operand::Constant(bits),
            _ => {
                let scalar = self.scalar(value);
                Operand::Register(self.scalar_to_lane(scalar, ty))
            }
        }
    }

    /// An operand in a register.
    pub(super) fn register(&mut self, operand: Operand, ty: LaneType, extent: Extent) -> Reg {
        match operand {
            Operand::Register(register) => register,
            Operand::Constant(bits) => self.constant_register(bits, ty, extent),
        }
    }

    /// An operand where memory will do.
    pub(super) fn source(&mut self, operand: Operand, ty: LaneType, extent: Extent) -> Source {
        match operand {
            Operand::Register(register) => Source::Register(register),
            Operand::Constant(bits) => self.constant_source(bits, ty, extent),
        }
    }

    /// A value in lanes, broadcast if need be.
    pub(super) fn lanes(&mut self, value: Value) -> Registers {
        let present = &self.bindings[value.0 as usize].lanes;
        if !present.is_empty() {
            return present.clone();
        }
        if let Some(first) = self.first_number(value) {
            let registers = self.numbers(first, 1);
            self.bind_lanes(value, registers.clone());
            return registers;
        }
        let ty = self.ty(value);
        if let Some(bits) = self.bits(value) {
            let register = match ty {
                LaneType::Bool => {
                    let scalar = self.machine.imm(bits & 1);
                    self.broadcast(scalar, ty)
                }
                _ => self.constant_register(bits, ty, Extent::Group),
            };
            return Registers::from_elem(register, self.count);
        }
        let scalar = self.scalar(value);
        let register = self.broadcast(scalar, ty);
        let registers = Registers::from_elem(register, self.count);
        self.bind_lanes(value, registers.clone());
        registers
    }

    /// Of the lane index or the linear index: its value in the first lane.
    pub(super) fn first_number(&mut self, value: Value) -> Option<Reg> {
        match self.code.values[value].inst {
            Inst::LaneIndex => Some(self.step_index()),
            Inst::LinearIndex if self.is_varying(value) => {
                let (row, index) =
                    (self.row.position.expect("set at the start of the row"), self.step_index());
                Some(self.machine.alu(Alu::Add, true, row, index))
            }
            _ => None,
        }
    }

    /// `first`, `first + step`, … over all lanes of the step.
    pub(super) fn numbers(&mut self, first: Reg, step: u64) -> Registers {
        let length = self.length(LaneType::I64, Extent::Group);
        let first = self.broadcast(first, LaneType::I64);
        (0..self.count)
            .map(|k| {
                let lane = (k * self.group) as u8;
                let numbers = Constant::Count { first: lane, step, size: 8, bytes: length.bytes() as u8 };
                let numbers = self.machine.constant(numbers);
                self.machine.binary(VectorOp::Vpaddq, length, first, Source::Memory(numbers))
            })
            .collect()
    }

    /// A uniform value in all lanes of a register.
    pub(super) fn broadcast(&mut self, scalar: Reg, ty: LaneType) -> Reg {
        if ty == LaneType::Bool {
            return self.mask_of_bool(scalar, Extent::Group);
        }
        let length = self.length(ty, Extent::Group);
        let size = self.lane_size(ty, Extent::Group);
        if scalar.class() == RegClass::Int && self.isa.evex() {
            let op = of_lanes!(size, VpbroadcastqFrom, VpbroadcastdFrom, VpbroadcastwFrom, VpbroadcastbFrom);
            return self.machine.unary(op, length, scalar);
        }
        let lane = self.scalar_to_lane(scalar, ty);
        let op = of_lanes!(size, Vpbroadcastq, Vpbroadcastd, Vpbroadcastw, Vpbroadcastb);
        self.machine.unary(op, length, lane)
    }

    /// A uniform value in lane 0 of a vector or mask register.
    pub(super) fn scalar_to_lane(&mut self, scalar: Reg, ty: LaneType) -> Reg {
        match ty {
            LaneType::F32 | LaneType::F64 => scalar,
            LaneType::I64 => self.machine.unary(VectorOp::VmovqFrom, Length::L128, scalar),
            LaneType::I32 => self.machine.unary(VectorOp::VmovdFrom, Length::L128, scalar),
            LaneType::Bool => self.mask_of_bool(scalar, Extent::One),
        }
    }

    /// Lane 0 of a vector or mask register as a uniform value.
    pub(super) fn lane_to_scalar(&mut self, lane: Reg, ty: LaneType) -> Reg {
        match ty {
            LaneType::F32 | LaneType::F64 => lane,
            LaneType::I64 => {
                self.machine.move_out(RegClass::Int, VectorOp::VmovqTo, Length::L128, lane, None)
            }
            LaneType::I32 => {
                self.machine.move_out(RegClass::Int, VectorOp::VmovdTo, Length::L128, lane, None)
            }
            LaneType::Bool => {
                let bits = self.mask_bits(lane, Extent::One);
                self.machine.alu_imm(Alu::And, false, bits, 1)
            }
        }
    }

    /// Zero in a general register.
    pub(super) fn zero(&mut self) -> Reg {
        self.machine.fresh(Kind::Imm(0), &[])
    }

    /// Notes that values are read, so that it is known where they are last read.
    pub(super) fn read(&mut self, values: &[Value]) {
        for value in values {
            let remaining = &mut self.remaining[value.0 as usize];
            *remaining = remaining.saturating_sub(1);
        }
    }

    /// Whether a value's registers are free to be overwritten now.
    pub(super) fn is_dead(&self, value: Value) -> bool {
        self.is_varying(value) && self.remaining[value.0 as usize] == 0
    }
}

/// The bits of a lane of a size, in all lanes of eight bytes.
pub(super) fn repeated(bits: u64, size: usize) -> u64 {
    let own = bits & (u64::MAX >> (64 - 8 * size));
    (0..8 / size).fold(0, |all, lane| all | own << (8 * size * lane))
}
