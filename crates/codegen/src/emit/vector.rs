//! Operations on registers of lanes, one instruction after the other over all registers of the step.
//!
//! Everything gives the bits that `scalar` gives. Operations that 128-bit instructions lack are done lane by
//! lane ([`Emitter::per_lane`]), as are shifts by counts that differ between lanes.

use super::values::Operand;
use super::{Emitter, Reg, Registers, Width, width_of};
use cranelift_codegen::ir::InstBuilder;
use cranelift_codegen::ir::condcodes::{FloatCC, IntCC};
use parfuse_ir::lane::{LaneOp, LaneType, Shape, Value};

impl Emitter<'_> {
    /// An operation on lanes, bound to its value.
    pub(crate) fn vector_op(&mut self, value: Value, op: LaneOp, args: &[Value]) {
        let ty = self.ty(value);
        let (width, registers) = self.vector_registers(op, args, ty);
        self.bind_registers(value, width, registers);
    }

    fn vector_registers(&mut self, op: LaneOp, args: &[Value], ty: LaneType) -> (Width, Registers) {
        use LaneOp::*;
        let operand_type = self.ty(args[0]);
        let width = match op {
            BAnd | BOr | BXor | BNot => self.common_width(args),
            Select => return self.select(args, ty),
            _ => match op.shape() {
                Shape::FromInt(_) | Shape::FromFloat(_) | Shape::Bitcast => {
                    let width = width_of(ty).expect("conversions give numbers");
                    return (width, self.convert(op, args[0], ty));
                }
                _ => width_of(operand_type).expect("masks have operations of their own"),
            },
        };
        let registers = match op {
            FAdd => self.commuting(args, width, |e, a, b| e.builder.ins().fadd(a, b)),
            FMul => self.commuting(args, width, |e, a, b| e.builder.ins().fmul(a, b)),
            FSub => self.binary(args, width, |e, a, b| e.builder.ins().fsub(a, b)),
            FDiv => self.binary(args, width, |e, a, b| e.builder.ins().fdiv(a, b)),
            Fma => self.lanewise(args, width, |e, x| e.builder.ins().fma(x[0], x[1], x[2])),
            FSqrt => self.unary(args, width, |e, a| e.builder.ins().sqrt(a)),
            FNeg => {
                let sign = sign_bits(width);
                self.unary(args, width, move |e, a| {
                    let sign = e.lane_constant(sign, operand_type, width);
                    e.builder.ins().bxor(a, sign)
                })
            }
            FAbs => {
                let rest = !sign_bits(width);
                self.unary(args, width, move |e, a| {
                    let rest = e.lane_constant(rest, operand_type, width);
                    e.builder.ins().band(a, rest)
                })
            }
            FMin => self.binary(args, width, |e, a, b| {
                let less = e.builder.ins().fcmp(FloatCC::LessThan, a, b);
                e.choose(less, a, b)
            }),
            FMax => self.binary(args, width, |e, a, b| {
                let less = e.builder.ins().fcmp(FloatCC::LessThan, b, a);
                e.choose(less, a, b)
            }),
            FFloor => self.unary(args, width, |e, a| e.builder.ins().floor(a)),
            FCeil => self.unary(args, width, |e, a| e.builder.ins().ceil(a)),
            FTrunc => self.unary(args, width, |e, a| e.builder.ins().trunc(a)),
            FNearest => self.unary(args, width, |e, a| e.builder.ins().nearest(a)),
            FEq => self.compare_floats(args, width, FloatCC::Equal),
            FNe => self.compare_floats(args, width, FloatCC::NotEqual),
            FLt => self.compare_floats(args, width, FloatCC::LessThan),
            FLe => self.compare_floats(args, width, FloatCC::LessThanOrEqual),
            IAdd => self.commuting(args, width, |e, a, b| e.builder.ins().iadd(a, b)),
            IMul => self.commuting(args, width, |e, a, b| e.builder.ins().imul(a, b)),
            ISub => self.binary(args, width, |e, a, b| e.builder.ins().isub(a, b)),
            IAnd | BAnd => self.commuting(args, width, |e, a, b| e.builder.ins().band(a, b)),
            IOr | BOr => self.commuting(args, width, |e, a, b| e.builder.ins().bor(a, b)),
            IXor | BXor => self.commuting(args, width, |e, a, b| e.builder.ins().bxor(a, b)),
            INot | BNot => self.unary(args, width, |e, a| e.builder.ins().bnot(a)),
            IEq => self.compare_integers(args, width, IntCC::Equal),
            INe => self.compare_integers(args, width, IntCC::NotEqual),
            SLt => self.compare_integers(args, width, IntCC::SignedLessThan),
            SLe => self.compare_integers(args, width, IntCC::SignedLessThanOrEqual),
            ULt => self.compare_integers(args, width, IntCC::UnsignedLessThan),
            ULe => self.compare_integers(args, width, IntCC::UnsignedLessThanOrEqual),
            Shl | UShr | SShr => self.shift_lanes(op, args, width, ty),
            SDiv | SRem | UDiv | URem => self.per_lane(op, args, ty),
            Select | SToF64 | SToF32 | UToF64 | UToF32 | FToS64 | FToS32 | FToU64 | Promote | Demote
            | SExtend | UExtend | Wrap | Bitcast => unreachable!("{op} is handled above"),
        };
        (width, registers)
    }

    /// An operation on each register. Constants are loaded right before it.
    fn lanewise(
        &mut self,
        args: &[Value],
        width: Width,
        op: impl Fn(&mut Self, [Reg; 3]) -> Reg,
    ) -> Registers {
        let operands: smallvec::SmallVec<[Operand; 3]> =
            args.iter().map(|arg| self.operand(*arg, width)).collect();
        (0..self.lanes / width.lanes())
            .map(|k| {
                let mut registers = [self.table; 3];
                for (register, operand) in registers.iter_mut().zip(&operands) {
                    *register = self.fetch(operand, k);
                }
                op(self, registers)
            })
            .collect()
    }

    fn unary(&mut self, args: &[Value], width: Width, op: impl Fn(&mut Self, Reg) -> Reg) -> Registers {
        self.lanewise(args, width, |e, [a, ..]| op(e, a))
    }

    fn binary(&mut self, args: &[Value], width: Width, op: impl Fn(&mut Self, Reg, Reg) -> Reg) -> Registers {
        self.lanewise(args, width, |e, [a, b, _]| op(e, a, b))
    }

    /// A constant can be a memory operand only as the second one.
    fn commuting(
        &mut self,
        args: &[Value],
        width: Width,
        op: impl Fn(&mut Self, Reg, Reg) -> Reg,
    ) -> Registers {
        match self.constant(args[0]) {
            Some(_) => self.binary(&[args[1], args[0]], width, op),
            None => self.binary(args, width, op),
        }
    }

    fn compare_floats(&mut self, args: &[Value], width: Width, condition: FloatCC) -> Registers {
        self.binary(args, width, |e, a, b| e.builder.ins().fcmp(condition, a, b))
    }

    fn compare_integers(&mut self, args: &[Value], width: Width, condition: IntCC) -> Registers {
        self.binary(args, width, |e, a, b| e.builder.ins().icmp(condition, a, b))
    }

    /// Per lane one of the two compared floats: spelled so that it becomes one minimum or maximum instruction.
    pub(crate) fn choose(&mut self, comparison: Reg, yes: Reg, no: Reg) -> Reg {
        let ty = self.builder.func.dfg.value_type(yes);
        let mask = self.view(comparison, ty);
        self.builder.ins().bitselect(mask, yes, no)
    }

    fn shift_lanes(&mut self, op: LaneOp, args: &[Value], width: Width, ty: LaneType) -> Registers {
        if self.is_vector(args[1]) {
            return self.per_lane(op, args, ty);
        }
        let lane_type = width.integers().lane_type();
        let bits = lane_type.bits() as u64;
        if let Some(count) = self.constant(args[1]) {
            let count = if ty == LaneType::I32 { count as u32 as u64 } else { count };
            if count >= bits && op != LaneOp::SShr {
                let zero = self.lane_constant(0, ty, width);
                return (0..self.lanes / width.lanes()).map(|_| zero).collect();
            }
            let count = self.builder.ins().iconst(lane_type, count.min(bits - 1) as i64);
            return self.unary(&args[..1], width, |e, a| e.shift_register(op, a, count));
        }
        let count = self.scalar(args[1]);
        let in_width = self.builder.ins().icmp_imm_s(IntCC::UnsignedLessThan, count, bits as i64);
        let most = self.builder.ins().iconst(lane_type, bits as i64 - 1);
        let count = self.builder.ins().select(in_width, count, most);
        let shifted = self.unary(&args[..1], width, |e, a| e.shift_register(op, a, count));
        if op == LaneOp::SShr {
            return shifted;
        }
        let keep = self.splat(in_width, LaneType::Bool, width);
        shifted.iter().map(|register| self.builder.ins().band(*register, keep)).collect()
    }

    fn shift_register(&mut self, op: LaneOp, register: Reg, count: Reg) -> Reg {
        match op {
            LaneOp::Shl => self.builder.ins().ishl(register, count),
            LaneOp::UShr => self.builder.ins().ushr(register, count),
            _ => self.builder.ins().sshr(register, count),
        }
    }

    /// The lane indices of the step that starts at the scalar `first`.
    pub(crate) fn lane_numbers(&mut self, first: Reg) -> Registers {
        let first = self.splat(first, LaneType::I64, Width::Wide);
        (0..self.lanes as u128)
            .step_by(Width::Wide.lanes())
            .map(|lane| {
                let steps = self.lane_constant(lane | (lane + 1) << 64, LaneType::I64, Width::Wide);
                self.builder.ins().iadd(first, steps)
            })
            .collect()
    }
}

/// The sign bit of each lane.
fn sign_bits(width: Width) -> u128 {
    match width {
        Width::Wide => 0x8000_0000_0000_0000_8000_0000_0000_0000,
        Width::Narrow => 0x8000_0000_8000_0000_8000_0000_8000_0000,
    }
}
