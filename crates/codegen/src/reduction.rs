//! Reductions inside a block: 32 accumulator lanes in memory.
//!
//! ```text
//! entry    lanes[0..32] = identity
//! step     lanes[p % 32 ..] = combine(lanes[p % 32 ..], contributions)     p: position in the row segment
//! end      by halves: lanes[0..16] takes in lanes[16..32], then 8, 4, 2, 1; lane 0 is the partial result
//! ```
//!
//! Truth values are accumulated as narrow masks, also one at a time. Where a step has as many elements as there are
//! lanes, the lanes stay in registers from step to step.

use crate::emit::{Emitter, Reg, Registers, Width, register_type, repeat, scalar_type, width_of};
use cranelift_codegen::ir::condcodes::FloatCC;
use cranelift_codegen::ir::{self as clif, InstBuilder, StackSlotData, StackSlotKind, types};
use parfuse_ir::grid::LANES;
use parfuse_ir::lane::{LaneType, Reduction};
use parfuse_ir::{DType, ReduceOp};

/// How values are combined, as scalars or in lanes.
#[derive(Clone, Copy)]
pub(crate) struct Combination {
    op: ReduceOp,
    dtype: DType,
}

/// The accumulator lanes of one reduction.
#[derive(Clone, Copy)]
pub(crate) struct Accumulator {
    reduction: Reduction,
    slot: clif::StackSlot,
    /// As what lanes are accumulated: truth values as integers.
    ty: LaneType,
    width: Width,
}

impl Accumulator {
    /// Makes the lanes and sets them to the identity.
    pub(crate) fn new(emitter: &mut Emitter<'_>, reduction: Reduction) -> Accumulator {
        let ty = match LaneType::of(reduction.dtype) {
            LaneType::Bool => LaneType::I32,
            ty => ty,
        };
        let width = width_of(ty).expect("not a mask");
        let bytes = LANES as u32 * scalar_type(ty).bytes();
        let slot = StackSlotData::new(StackSlotKind::ExplicitSlot, bytes, 4);
        let slot = emitter.builder.create_sized_stack_slot(slot);
        let accumulator = Accumulator { reduction, slot, ty, width };
        let identity = reduction.op.identity(reduction.dtype).to_bits();
        let identity = repeat(identity, LaneType::of(reduction.dtype), Width::Narrow);
        let identity = emitter.lane_constant(identity, ty, width);
        let lanes = accumulator.address(emitter);
        for offset in (0..bytes as i32).step_by(16) {
            emitter.builder.ins().store(Emitter::own(), identity, lanes, offset);
        }
        accumulator
    }

    fn address(&self, emitter: &mut Emitter<'_>) -> Reg {
        emitter.builder.ins().stack_addr(emitter.traits.pointer, self.slot, 0)
    }

    /// Takes in the contributions of the present step, whose first element is at `position`.
    pub(crate) fn take_in(&self, emitter: &mut Emitter<'_>, position: Reg) {
        let lanes = self.address(emitter);
        let lane = emitter.builder.ins().band_imm_u(position, LANES as i64 - 1);
        let shift = scalar_type(self.ty).bytes().trailing_zeros();
        let bytes = emitter.builder.ins().ishl_imm_u(lane, shift as i64);
        let address = emitter.builder.ins().iadd(lanes, bytes);
        let contribution = self.reduction.contribution;
        if emitter.lanes == 1 {
            let mut scalar = emitter.scalar(contribution);
            if self.reduction.dtype.is_bool() {
                let wide = emitter.builder.ins().uextend(types::I32, scalar);
                scalar = emitter.builder.ins().ineg(wide);
            }
            let ty = scalar_type(self.ty);
            let lane = emitter.builder.ins().load(ty, Emitter::own(), address, 0);
            let lane = self.combine(emitter, lane, scalar);
            emitter.builder.ins().store(Emitter::own(), lane, address, 0);
            return;
        }
        let ty = register_type(self.ty, self.width);
        let contributions = emitter.registers(contribution, self.width);
        for (k, contribution) in contributions.into_iter().enumerate() {
            let offset = 16 * k as i32;
            let lanes = emitter.builder.ins().load(ty, Emitter::own(), address, offset);
            let lanes = self.combine(emitter, lanes, contribution);
            emitter.builder.ins().store(Emitter::own(), lanes, address, offset);
        }
    }

    /// All lanes in registers, for steps that are as long as there are lanes.
    pub(crate) fn load(&self, emitter: &mut Emitter<'_>) -> Registers {
        let address = self.address(emitter);
        let ty = register_type(self.ty, self.width);
        (0..LANES / self.width.lanes())
            .map(|k| emitter.builder.ins().load(ty, Emitter::own(), address, 16 * k as i32))
            .collect()
    }

    /// Puts the lanes back to memory.
    pub(crate) fn store(&self, emitter: &mut Emitter<'_>, lanes: &[Reg]) {
        let address = self.address(emitter);
        for (k, register) in lanes.iter().enumerate() {
            emitter.builder.ins().store(Emitter::own(), *register, address, 16 * k as i32);
        }
    }

    /// What becomes of lanes in registers in a step.
    pub(crate) fn taken_in(&self, emitter: &mut Emitter<'_>, lanes: &[Reg]) -> Registers {
        let contributions = emitter.registers(self.reduction.contribution, self.width);
        lanes.iter().zip(contributions).map(|(lane, own)| self.combine(emitter, *lane, own)).collect()
    }

    /// The type of a register of lanes, and how many hold all lanes.
    pub(crate) fn registers(&self) -> (clif::Type, usize) {
        (register_type(self.ty, self.width), LANES / self.width.lanes())
    }

    /// Folds the lanes to one value: its bits, zero-extended.
    pub(crate) fn fold(&self, emitter: &mut Emitter<'_>) -> Reg {
        let mut registers = self.load(emitter);
        while registers.len() > 1 {
            let upper = registers.split_off_half();
            for (lane, other) in registers.iter_mut().zip(upper) {
                *lane = self.combine(emitter, *lane, other);
            }
        }
        let mut lanes: Registers =
            (0..self.width.lanes()).map(|lane| emitter.lane_of(&registers, self.width, lane)).collect();
        while lanes.len() > 1 {
            let upper = lanes.split_off_half();
            for (lane, other) in lanes.iter_mut().zip(upper) {
                *lane = self.combine(emitter, *lane, other);
            }
        }
        let total = lanes[0];
        let builder = &mut emitter.builder;
        match LaneType::of(self.reduction.dtype) {
            LaneType::Bool => {
                let bit = builder.ins().band_imm_u(total, 1);
                builder.ins().uextend(types::I64, bit)
            }
            LaneType::I32 => builder.ins().uextend(types::I64, total),
            LaneType::F32 => {
                let bits = emitter.view(total, types::I32);
                emitter.builder.ins().uextend(types::I64, bits)
            }
            LaneType::F64 => emitter.view(total, types::I64),
            LaneType::I64 => total,
        }
    }

    fn combine(&self, emitter: &mut Emitter<'_>, a: Reg, b: Reg) -> Reg {
        Combination::new(self.reduction.op, self.reduction.dtype).combine(emitter, a, b)
    }
}

impl Combination {
    /// That of a reduction.
    pub(crate) fn new(op: ReduceOp, dtype: DType) -> Combination {
        Combination { op, dtype }
    }

    /// The combination of an accumulated value with another one, of scalars or of registers of lanes.
    pub(crate) fn combine(&self, emitter: &mut Emitter<'_>, a: Reg, b: Reg) -> Reg {
        let float = self.dtype.is_float();
        let unsigned = self.dtype.fills_unsigned_lane();
        let builder = &mut emitter.builder;
        match self.op {
            ReduceOp::Sum if float => builder.ins().fadd(a, b),
            ReduceOp::Sum => builder.ins().iadd(a, b),
            ReduceOp::Product if float => builder.ins().fmul(a, b),
            ReduceOp::Product => builder.ins().imul(a, b),
            ReduceOp::Min if float => {
                self.combine_ordered(emitter, a, b, |e, a, b| e.builder.ins().fcmp(FloatCC::LessThan, b, a))
            }
            ReduceOp::Max if float => {
                self.combine_ordered(emitter, a, b, |e, a, b| e.builder.ins().fcmp(FloatCC::LessThan, a, b))
            }
            ReduceOp::Min if unsigned => builder.ins().umin(a, b),
            ReduceOp::Min => builder.ins().smin(a, b),
            ReduceOp::Max if unsigned => builder.ins().umax(a, b),
            ReduceOp::Max => builder.ins().smax(a, b),
            ReduceOp::And => builder.ins().band(a, b),
            ReduceOp::Or => builder.ins().bor(a, b),
            ReduceOp::Xor => builder.ins().bxor(a, b),
        }
    }

    /// `b` if `a` is not a number or `b` comes first, else `a`.
    fn combine_ordered(
        &self,
        emitter: &mut Emitter<'_>,
        a: Reg,
        b: Reg,
        first: impl Fn(&mut Emitter<'_>, Reg, Reg) -> Reg,
    ) -> Reg {
        let comes_first = first(emitter, a, b);
        let is_nan = emitter.builder.ins().fcmp(FloatCC::NotEqual, a, a);
        let ty = emitter.builder.func.dfg.value_type(a);
        if !ty.is_vector() {
            let other = emitter.builder.ins().bor(comes_first, is_nan);
            return emitter.builder.ins().select(other, b, a);
        }
        let better = emitter.choose(comes_first, b, a);
        emitter.blend(is_nan, b, better)
    }
}

/// Takes the upper half off a list.
trait SplitHalf {
    fn split_off_half(&mut self) -> Self;
}

impl SplitHalf for Registers {
    fn split_off_half(&mut self) -> Registers {
        let half = self.len() / 2;
        self.drain(half..).collect()
    }
}
