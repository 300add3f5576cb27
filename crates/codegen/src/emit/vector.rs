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
        let folds = self.folding.is_some_and(|folding| folding.folds(value));
        let (width, registers) = self.vector_registers(op, args, ty, folds);
        self.bind_registers(value, width, registers);
    }

    fn vector_registers(
        &mut self,
        op: LaneOp,
        args: &[Value],
        ty: LaneType,
        folds: bool,
    ) -> (Width, Registers) {
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
            FAdd => self.commuting(args, width, folds, |e, a, b| e.builder.ins().fadd(a, b)),
            FMul => self.commuting(args, width, folds, |e, a, b| e.builder.ins().fmul(a, b)),
            FSub => self.binary(args, width, folds, |e, a, b| e.builder.ins().fsub(a, b)),
            FDiv => self.binary(args, width, folds, |e, a, b| e.builder.ins().fdiv(a, b)),
            Fma => self.fused(args, width, folds),
            FSqrt => self.unary(args, width, folds, |e, a| e.builder.ins().sqrt(a)),
            FNeg => {
                let sign = sign_bits(width);
                self.unary(args, width, folds, move |e, a| {
                    let sign = e.lane_constant(sign, operand_type, width);
                    e.builder.ins().bxor(a, sign)
                })
            }
            FAbs => {
                let rest = !sign_bits(width);
                self.unary(args, width, folds, move |e, a| {
                    let rest = e.lane_constant(rest, operand_type, width);
                    e.builder.ins().band(a, rest)
                })
            }
            FMin => self.binary(args, width, folds, |e, a, b| {
                let less = e.builder.ins().fcmp(FloatCC::LessThan, a, b);
                e.choose(less, a, b)
            }),
            FMax => self.binary(args, width, folds, |e, a, b| {
                let less = e.builder.ins().fcmp(FloatCC::LessThan, b, a);
                e.choose(less, a, b)
            }),
            FFloor => self.unary(args, width, folds, |e, a| e.builder.ins().floor(a)),
            FCeil => self.unary(args, width, folds, |e, a| e.builder.ins().ceil(a)),
            FTrunc => self.unary(args, width, folds, |e, a| e.builder.ins().trunc(a)),
            FNearest => self.unary(args, width, folds, |e, a| e.builder.ins().nearest(a)),
            FEq => self.compare_floats(args, width, folds, FloatCC::Equal),
            FNe => self.compare_floats(args, width, folds, FloatCC::NotEqual),
            FLt => self.compare_floats(args, width, folds, FloatCC::LessThan),
            FLe => self.compare_floats(args, width, folds, FloatCC::LessThanOrEqual),
            IAdd => self.commuting(args, width, folds, |e, a, b| e.builder.ins().iadd(a, b)),
            IMul => self.commuting(args, width, folds, |e, a, b| e.builder.ins().imul(a, b)),
            ISub => self.binary(args, width, folds, |e, a, b| e.builder.ins().isub(a, b)),
            IAnd | BAnd => self.commuting(args, width, folds, |e, a, b| e.builder.ins().band(a, b)),
            IOr | BOr => self.commuting(args, width, folds, |e, a, b| e.builder.ins().bor(a, b)),
            IXor | BXor => self.commuting(args, width, folds, |e, a, b| e.builder.ins().bxor(a, b)),
            INot | BNot => self.unary(args, width, folds, |e, a| e.builder.ins().bnot(a)),
            IEq => self.compare_integers(args, width, folds, IntCC::Equal),
            INe => self.compare_integers(args, width, folds, IntCC::NotEqual),
            SLt => self.compare_integers(args, width, folds, IntCC::SignedLessThan),
            SLe => self.compare_integers(args, width, folds, IntCC::SignedLessThanOrEqual),
            ULt => self.compare_integers(args, width, folds, IntCC::UnsignedLessThan),
            ULe => self.compare_integers(args, width, folds, IntCC::UnsignedLessThanOrEqual),
            Shl | UShr | SShr => self.shift_lanes(op, args, width, ty),
            SDiv | SRem | UDiv | URem | SMulHigh | UMulHigh => self.per_lane(op, args, ty),
            Select | SToF64 | SToF32 | UToF64 | UToF32 | FToS64 | FToS32 | FToU64 | Promote | Demote
            | SExtend | UExtend | Wrap | Bitcast => unreachable!("{op} is handled above"),
        };
        (width, registers)
    }

    /// An operation on each register. Constants are loaded right before it: anew for each register if the load
    /// becomes part of the instruction, or else once.
    fn lanewise(
        &mut self,
        args: &[Value],
        width: Width,
        anew: [bool; 3],
        op: impl Fn(&mut Self, [Reg; 3]) -> Reg,
    ) -> Registers {
        let operands: smallvec::SmallVec<[Operand; 3]> =
            args.iter().map(|arg| self.operand(*arg, width)).collect();
        let mut registers = [self.table; 3];
        (0..self.lanes / width.lanes())
            .map(|k| {
                for (position, operand) in operands.iter().enumerate() {
                    if k == 0 || anew[position] || matches!(operand, Operand::Registers(_)) {
                        registers[position] = self.fetch(operand, k);
                    }
                }
                op(self, registers)
            })
            .collect()
    }

    fn unary(
        &mut self,
        args: &[Value],
        width: Width,
        folds: bool,
        op: impl Fn(&mut Self, Reg) -> Reg,
    ) -> Registers {
        self.lanewise(args, width, [folds; 3], |e, [a, ..]| op(e, a))
    }

    fn binary(
        &mut self,
        args: &[Value],
        width: Width,
        folds: bool,
        op: impl Fn(&mut Self, Reg, Reg) -> Reg,
    ) -> Registers {
        self.lanewise(args, width, [false, folds, false], |e, [a, b, _]| op(e, a, b))
    }

    /// A constant can be a memory operand only as the second one.
    fn commuting(
        &mut self,
        args: &[Value],
        width: Width,
        folds: bool,
        op: impl Fn(&mut Self, Reg, Reg) -> Reg,
    ) -> Registers {
        match self.constant(args[0]) {
            Some(_) => self.binary(&[args[1], args[0]], width, folds, op),
            None => self.binary(args, width, folds, op),
        }
    }

    /// `a * b + c`. The instruction overwrites its first operand, so that is one that is not needed any more, or a
    /// constant loaded for the purpose; a second constant can be a memory operand.
    fn fused(&mut self, args: &[Value], width: Width, folds: bool) -> Registers {
        let is_constant = |value| self.constant(value).is_some();
        let is_spent = |value| self.folding.is_some_and(|folding| folding.is_used_once(value));
        let (mut a, mut b, c) = (args[0], args[1], args[2]);
        let swap = match (is_constant(a), is_constant(b)) {
            (true, false) => is_spent(b),
            (false, true) => !is_spent(a),
            _ => is_spent(b) && !is_spent(a),
        };
        if swap {
            (a, b) = (b, a);
        }
        self.lanewise(&[a, b, c], width, [true, folds, folds], |e, [a, b, c]| e.builder.ins().fma(a, b, c))
    }

    fn compare_floats(&mut self, args: &[Value], width: Width, folds: bool, condition: FloatCC) -> Registers {
        self.binary(args, width, folds, |e, a, b| e.builder.ins().fcmp(condition, a, b))
    }

    fn compare_integers(&mut self, args: &[Value], width: Width, folds: bool, condition: IntCC) -> Registers {
        self.binary(args, width, folds, |e, a, b| e.builder.ins().icmp(condition, a, b))
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
            return self.unary(&args[..1], width, false, |e, a| e.shift_register(op, a, count));
        }
        let count = self.scalar(args[1]);
        let in_width = self.builder.ins().icmp_imm_s(IntCC::UnsignedLessThan, count, bits as i64);
        let most = self.builder.ins().iconst(lane_type, bits as i64 - 1);
        let count = self.builder.ins().select(in_width, count, most);
        let shifted = self.unary(&args[..1], width, false, |e, a| e.shift_register(op, a, count));
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
