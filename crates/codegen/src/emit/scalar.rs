//! Operations on scalars: uniform values everywhere, and every value where a step is one element.
//!
//! Nothing here traps. Divisions divide by one where the divisor would trap and choose the right result
//! afterwards; shifts by too much are chosen likewise; conversions saturate.

use super::{Emitter, Reg, scalar_type};
use crate::multiples::{Multiple, multiple};
use crate::rotations::rotation;
use cranelift_codegen::ir::condcodes::{FloatCC, IntCC};
use cranelift_codegen::ir::{InstBuilder, MemFlagsData, Type, types};
use parfuse_ir::lane::{Inst, LaneOp, LaneType, Value};

impl Emitter<'_> {
    /// An operation on scalars. `ty` is the type of the first operand; `second` is the second operand if it
    /// is a constant.
    pub(crate) fn scalar_op(
        &mut self,
        op: LaneOp,
        ty: LaneType,
        args: &[Reg],
        second: Option<u64>,
        result: LaneType,
    ) -> Reg {
        let a = args[0];
        let b = args.get(1).copied().unwrap_or(a);
        let c = args.get(2).copied().unwrap_or(a);
        let result_type = scalar_type(result);
        let builder = &mut self.builder;
        match op {
            LaneOp::FAdd => builder.ins().fadd(a, b),
            LaneOp::FSub => builder.ins().fsub(a, b),
            LaneOp::FMul => builder.ins().fmul(a, b),
            LaneOp::FDiv => builder.ins().fdiv(a, b),
            LaneOp::Fma => builder.ins().fma(a, b, c),
            LaneOp::FSqrt => builder.ins().sqrt(a),
            LaneOp::FNeg => builder.ins().fneg(a),
            LaneOp::FAbs => builder.ins().fabs(a),
            LaneOp::FMin => {
                let less = builder.ins().fcmp(FloatCC::LessThan, a, b);
                builder.ins().select(less, a, b)
            }
            LaneOp::FMax => {
                let less = builder.ins().fcmp(FloatCC::LessThan, b, a);
                builder.ins().select(less, a, b)
            }
            LaneOp::FFloor => builder.ins().floor(a),
            LaneOp::FCeil => builder.ins().ceil(a),
            LaneOp::FTrunc => builder.ins().trunc(a),
            LaneOp::FNearest => builder.ins().nearest(a),
            LaneOp::FEq => builder.ins().fcmp(FloatCC::Equal, a, b),
            LaneOp::FNe => builder.ins().fcmp(FloatCC::NotEqual, a, b),
            LaneOp::FLt => builder.ins().fcmp(FloatCC::LessThan, a, b),
            LaneOp::FLe => builder.ins().fcmp(FloatCC::LessThanOrEqual, a, b),
            LaneOp::IAdd => builder.ins().iadd(a, b),
            LaneOp::ISub => builder.ins().isub(a, b),
            LaneOp::IMul => match second.and_then(|factor| multiple(factor, result_type.bits())) {
                Some(how) => self.multiple(a, how),
                None => builder.ins().imul(a, b),
            },
            LaneOp::SDiv | LaneOp::SRem | LaneOp::UDiv | LaneOp::URem => self.divide(op, ty, a, b, second),
            LaneOp::SMulHigh | LaneOp::UMulHigh => self.multiply_high(op, ty, a, b),
            LaneOp::IAnd | LaneOp::BAnd => builder.ins().band(a, b),
            LaneOp::IOr | LaneOp::BOr => builder.ins().bor(a, b),
            LaneOp::IXor | LaneOp::BXor => builder.ins().bxor(a, b),
            LaneOp::INot => builder.ins().bnot(a),
            LaneOp::BNot => builder.ins().bxor_imm_u(a, 1),
            LaneOp::Shl | LaneOp::UShr | LaneOp::SShr => self.shift(op, ty, a, b, second),
            LaneOp::IEq => builder.ins().icmp(IntCC::Equal, a, b),
            LaneOp::INe => builder.ins().icmp(IntCC::NotEqual, a, b),
            LaneOp::SLt => builder.ins().icmp(IntCC::SignedLessThan, a, b),
            LaneOp::SLe => builder.ins().icmp(IntCC::SignedLessThanOrEqual, a, b),
            LaneOp::ULt => builder.ins().icmp(IntCC::UnsignedLessThan, a, b),
            LaneOp::ULe => builder.ins().icmp(IntCC::UnsignedLessThanOrEqual, a, b),
            LaneOp::Select => builder.ins().select(a, b, c),
            LaneOp::SToF64 | LaneOp::SToF32 => builder.ins().fcvt_from_sint(result_type, a),
            LaneOp::UToF64 | LaneOp::UToF32 if ty == LaneType::I64 => self.unsigned_to_float(result_type, a),
            LaneOp::UToF64 | LaneOp::UToF32 => builder.ins().fcvt_from_uint(result_type, a),
            LaneOp::FToS64 | LaneOp::FToS32 => builder.ins().fcvt_to_sint_sat(result_type, a),
            LaneOp::FToU64 => builder.ins().fcvt_to_uint_sat(types::I64, a),
            LaneOp::Promote | LaneOp::Demote | LaneOp::SExtend | LaneOp::UExtend | LaneOp::Wrap
                if ty == result =>
            {
                a
            }
            LaneOp::Promote => builder.ins().fpromote(types::F64, a),
            LaneOp::Demote => builder.ins().fdemote(types::F32, a),
            LaneOp::SExtend => builder.ins().sextend(types::I64, a),
            LaneOp::UExtend => builder.ins().uextend(types::I64, a),
            LaneOp::Wrap => builder.ins().ireduce(types::I32, a),
            LaneOp::Bitcast => builder.ins().bitcast(result_type, MemFlagsData::new(), a),
        }
    }

    /// A number without a sign as a float. One that does not fit a signed number is halved, rounded to odd, and doubled again.
    ///
    /// Cranelift's own conversion writes a part of a register, and so waits for what was in it.
    fn unsigned_to_float(&mut self, float: Type, a: Reg) -> Reg {
        let builder = &mut self.builder;
        let (int, mantissa, one) = match float {
            types::F32 => (types::I32, 23, i64::from(1f32.to_bits())),
            _ => (types::I64, 52, 1f64.to_bits() as i64),
        };
        let half = builder.ins().ushr_imm_u(a, 1);
        let lowest = builder.ins().band_imm_u(a, 1);
        let half = builder.ins().bor(half, lowest);
        let is_large = builder.ins().icmp_imm_s(IntCC::SignedLessThan, a, 0);
        let fits = builder.ins().select(is_large, half, a);
        let converted = builder.ins().fcvt_from_sint(float, fits);
        let top = builder.ins().ushr_imm_u(a, 63);
        let top = if int == types::I32 { builder.ins().ireduce(int, top) } else { top };
        let exponent = builder.ins().ishl_imm_u(top, mantissa);
        let bits = builder.ins().iadd_imm_s(exponent, one);
        let factor = builder.ins().bitcast(float, MemFlagsData::new(), bits);
        builder.ins().fmul(converted, factor)
    }

    fn multiple(&mut self, a: Reg, how: Multiple) -> Reg {
        let builder = &mut self.builder;
        let mut shifted = |a: Reg, by: u8| match by {
            0 => a,
            by => builder.ins().ishl_imm_u(a, i64::from(by)),
        };
        match how {
            Multiple::Shift(by) => shifted(a, by),
            Multiple::Sum(first, second) => {
                let [first, second] = [first, second].map(|by| shifted(a, by));
                builder.ins().iadd(second, first)
            }
            Multiple::Difference(first, second) => {
                let [first, second] = [first, second].map(|by| shifted(a, by));
                builder.ins().isub(first, second)
            }
            Multiple::Twice(first, second) => {
                let first = shifted(a, first);
                let once = builder.ins().iadd(a, first);
                let second = builder.ins().ishl_imm_u(once, i64::from(second));
                builder.ins().iadd(once, second)
            }
        }
    }

    /// The upper half of a product of 32 bits, shifted, as quotients by constants are: one shift of the whole product.
    pub(super) fn quotient(&mut self, op: LaneOp, args: &[Value], count: Option<u64>) -> Option<Reg> {
        let count = count.filter(|count| op == LaneOp::UShr && *count < 32)?;
        let Inst::Op(LaneOp::UMulHigh, factors) = &self.code.values[args[0]].inst else { return None };
        if self.ty(args[0]) != LaneType::I32 || !factors.iter().all(|factor| self.is_available(*factor)) {
            return None;
        }
        let [a, b] = [factors[0], factors[1]].map(|factor| {
            let factor = self.scalar(factor);
            self.builder.ins().uextend(types::I64, factor)
        });
        let product = self.builder.ins().imul(a, b);
        let shifted = self.builder.ins().ushr_imm_u(product, 32 + count as i64);
        Some(self.builder.ins().ireduce(types::I32, shifted))
    }

    /// A rotation, if a value is one.
    pub(super) fn rotated(&mut self, value: Value) -> Option<Reg> {
        let (number, count) = rotation(self.code, value)?;
        let number = self.scalar(number);
        let count = self.builder.ins().iconst(types::I8, count as i64);
        Some(self.builder.ins().rotr(number, count))
    }

    /// What takes fewer instructions of numbers that are known to be small: shifts by less than the width, and the sign of what
    /// has none.
    pub(super) fn within_range(&mut self, op: LaneOp, args: &[Value], second: Option<u64>) -> Option<Reg> {
        match op {
            LaneOp::SExtend if self.ty(args[0]) == LaneType::I32 && self.ranges.has_no_sign(args[0]) => {
                let number = self.scalar(args[0]);
                Some(self.builder.ins().uextend(types::I64, number))
            }
            LaneOp::Shl | LaneOp::UShr | LaneOp::SShr if second.is_none() => {
                let width = scalar_type(self.ty(args[0])).bits();
                if !self.ranges.is_below(args[1], width.into()) {
                    return None;
                }
                let [number, count] = [args[0], args[1]].map(|arg| self.scalar(arg));
                Some(match op {
                    LaneOp::Shl => self.builder.ins().ishl(number, count),
                    LaneOp::UShr => self.builder.ins().ushr(number, count),
                    _ => self.builder.ins().sshr(number, count),
                })
            }
            _ => None,
        }
    }

    fn multiply_high(&mut self, op: LaneOp, ty: LaneType, a: Reg, b: Reg) -> Reg {
        let (builder, signed) = (&mut self.builder, op == LaneOp::SMulHigh);
        match (ty, signed) {
            (LaneType::I64, true) => builder.ins().smulhi(a, b),
            (LaneType::I64, false) => builder.ins().umulhi(a, b),
            _ => {
                let [a, b] = [a, b].map(|operand| match signed {
                    true => builder.ins().sextend(types::I64, operand),
                    false => builder.ins().uextend(types::I64, operand),
                });
                let (product, half) = (builder.ins().imul(a, b), builder.ins().iconst(types::I64, 32));
                let upper = builder.ins().ushr(product, half);
                builder.ins().ireduce(types::I32, upper)
            }
        }
    }

    fn divide(&mut self, op: LaneOp, ty: LaneType, a: Reg, b: Reg, divisor: Option<u64>) -> Reg {
        let int = scalar_type(ty);
        let low = divisor.map(|bits| if ty == LaneType::I32 { bits as i32 as i64 } else { bits as i64 });
        let builder = &mut self.builder;
        match op {
            LaneOp::SDiv | LaneOp::SRem => {
                // The divisors 0 and -1 are those that become 0 or 1, unsigned, by adding one.
                let special = match low {
                    Some(low) if low != 0 && low != -1 => None,
                    _ => {
                        let next = builder.ins().iadd_imm_s(b, 1);
                        Some(builder.ins().icmp_imm_s(IntCC::UnsignedLessThanOrEqual, next, 1))
                    }
                };
                let one = builder.ins().iconst(int, 1);
                let safe = special.map_or(b, |special| builder.ins().select(special, one, b));
                if op == LaneOp::SRem {
                    // The remainder by one is what the special divisors give.
                    return builder.ins().srem(a, safe);
                }
                let quotient = builder.ins().sdiv(a, safe);
                special.map_or(quotient, |special| {
                    // Times 0 is what dividing by 0 gives, times -1 what dividing by -1 gives.
                    let product = builder.ins().imul(a, b);
                    builder.ins().select(special, product, quotient)
                })
            }
            _ => {
                let zero = builder.ins().iconst(int, 0);
                let special = match low {
                    Some(low) if low != 0 => None,
                    _ => Some(builder.ins().icmp(IntCC::Equal, b, zero)),
                };
                let one = builder.ins().iconst(int, 1);
                let safe = special.map_or(b, |special| builder.ins().select(special, one, b));
                if op == LaneOp::URem {
                    return builder.ins().urem(a, safe);
                }
                let quotient = builder.ins().udiv(a, safe);
                special.map_or(quotient, |special| builder.ins().select(special, zero, quotient))
            }
        }
    }

    fn shift(&mut self, op: LaneOp, ty: LaneType, a: Reg, b: Reg, count: Option<u64>) -> Reg {
        let int = scalar_type(ty);
        let width = int.bits() as i64;
        let count = count.map(|bits| if ty == LaneType::I32 { bits as u32 as u64 } else { bits });
        let builder = &mut self.builder;
        if let Some(count) = count {
            let count = count.min(i64::MAX as u64) as i64;
            return match op {
                LaneOp::SShr => builder.ins().sshr_imm_u(a, count.min(width - 1)),
                _ if count >= width => builder.ins().iconst(int, 0),
                LaneOp::Shl => builder.ins().ishl_imm_u(a, count),
                _ => builder.ins().ushr_imm_u(a, count),
            };
        }
        let in_width = builder.ins().icmp_imm_s(IntCC::UnsignedLessThan, b, width);
        if op == LaneOp::SShr {
            let most = builder.ins().iconst(int, width - 1);
            let count = builder.ins().select(in_width, b, most);
            return builder.ins().sshr(a, count);
        }
        let shifted = match op {
            LaneOp::Shl => builder.ins().ishl(a, b),
            _ => builder.ins().ushr(a, b),
        };
        let zero = builder.ins().iconst(int, 0);
        builder.ins().select(in_width, shifted, zero)
    }
}
