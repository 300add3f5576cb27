//! Operations on uniform values: integers and truth values in general registers, floats in lane 0.

use super::values::Operand;
use super::{Comparison, Extent, Part, Second, Selector};
use crate::conditions::{asks_for_number, float_comparison};
use crate::multiples::{Multiple, multiple};
use crate::rotations::rotation;
use crate::wide::assembler::{Alu, Condition, Length, Shift, VectorOp};
use crate::wide::machine::{Kind, Numbers, Reg, Test};
use parfuse_ir::lane::{Inst, LaneOp, LaneType, Value};
use regalloc2::RegClass;
use smallvec::SmallVec;

/// Whether an operation on integers or truth values is done in general registers.
fn is_general(op: LaneOp, ty: LaneType) -> bool {
    use LaneOp::*;
    match op {
        Select => !ty.is_float(),
        IAdd | ISub | IMul | SDiv | SRem | UDiv | URem | SMulHigh | UMulHigh | IAnd | IOr | IXor | INot
        | Shl | UShr | SShr | BAnd | BOr | BXor | BNot | SExtend | UExtend | Wrap => true,
        _ => false,
    }
}

fn is_division(op: LaneOp) -> bool {
    matches!(op, LaneOp::SDiv | LaneOp::SRem | LaneOp::UDiv | LaneOp::URem)
}

/// The shift that an operation is, if its count is below the width.
fn shift(op: LaneOp) -> Option<Shift> {
    match op {
        LaneOp::Shl => Some(Shift::Shl),
        LaneOp::UShr => Some(Shift::Shr),
        LaneOp::SShr => Some(Shift::Sar),
        _ => None,
    }
}

/// Whether a constant second operand of an operation stands in the instruction.
fn is_immediate(op: LaneOp, ty: LaneType, bits: u64) -> bool {
    use LaneOp::*;
    match op {
        Shl | UShr | SShr => true,
        IAdd | ISub | IMul | IAnd | IOr | IXor => small_constant(bits, ty == LaneType::I64).is_some(),
        _ => false,
    }
}

/// What a comparison of integers tests.
fn condition(op: LaneOp) -> Option<Condition> {
    Some(match op {
        LaneOp::IEq => Condition::Equal,
        LaneOp::INe => Condition::NotEqual,
        LaneOp::SLt => Condition::Less,
        LaneOp::SLe => Condition::LessEqual,
        LaneOp::ULt => Condition::Below,
        LaneOp::ULe => Condition::BelowEqual,
        _ => return None,
    })
}

/// What a comparison of floats tests of the second and the first.
fn float_condition(op: LaneOp) -> Option<Condition> {
    match op {
        LaneOp::FLt => Some(Condition::Above),
        LaneOp::FLe => Some(Condition::AboveEqual),
        _ => None,
    }
}

impl Selector<'_> {
    /// An operation on uniform values; binds its result.
    pub(super) fn scalar_op(&mut self, value: Value, op: LaneOp, args: &[Value]) {
        let (ty, result) = (self.operand_type(op, args), self.ty(value));
        if let Some(condition) = condition(op) {
            return self.compare_scalars(value, condition, args);
        }
        if let Some(condition) = float_condition(op) {
            return self.compare_floats_later(value, condition, ty, args);
        }
        if let Some((number, count)) = rotation(self.code, value) {
            let number = self.scalar(number);
            let shift = Kind::Shift(Shift::Ror, ty == LaneType::I64, count);
            let register = self.machine.in_place(shift, number, None);
            return self.bind_scalar(value, register);
        }
        // What signs are added or taken away for is not negative.
        if matches!(op, LaneOp::IAdd | LaneOp::ISub) && self.ranges.is_below(args[1], 1) {
            let register = self.scalar(args[0]);
            return self.bind_scalar(value, register);
        }
        let comparison = self.bindings[args[0].0 as usize].comparison;
        let register = if op == LaneOp::Select && result.is_float() {
            let sides = [args[1], args[2]].map(|side| self.scalar_operand(side));
            self.chosen_float(args[0], sides, result)
        } else if let (LaneOp::Select, Some(comparison)) = (op, comparison) {
            let sides = [args[1], args[2]].map(|side| self.scalar(side));
            self.select_by(comparison, sides)
        } else if is_general(op, ty) {
            let second = args.get(1).and_then(|arg| self.bits(*arg));
            let first = self.scalar(args[0]);
            let mut scalars: SmallVec<[Reg; 3]> = SmallVec::from_slice(&[first]);
            // A constant that stands in the instruction needs no register.
            if !second.is_some_and(|bits| is_immediate(op, ty, bits)) {
                scalars.extend(args[1..].iter().map(|arg| self.scalar(*arg)));
            }
            match second {
                Some(factor) if ty == LaneType::I32 && matches!(op, LaneOp::SMulHigh | LaneOp::UMulHigh) => {
                    self.short_multiply_high(op == LaneOp::SMulHigh, args[0], factor, 0)
                }
                None if is_division(op) => {
                    let traps = self.traps(op, args[1]);
                    match ty {
                        LaneType::I64 => self.long_division(op, first, scalars[1], traps),
                        _ => self.scalar_division(op, false, first, scalars[1], traps),
                    }
                }
                Some(count)
                    if let Some((signed, number, factor)) = self.multiplied_high(op, args[0])
                        && count < 32 =>
                {
                    self.short_multiply_high(signed, number, factor, count as u8)
                }
                None if let Some(shift) = shift(op)
                    && self.ranges.is_below(args[1], if ty == LaneType::I64 { 64 } else { 32 }) =>
                {
                    self.machine.fresh(Kind::ShiftBy(shift, ty == LaneType::I64), &scalars)
                }
                _ if self.extends_with_zeros(op, ty, args[0]) => {
                    // Loads leave nothing in the upper half.
                    match self.code.values[args[0]].inst {
                        Inst::Load { .. } => first,
                        _ => self.machine.fresh(Kind::ZeroExtend, &[first]),
                    }
                }
                _ => self.scalar_integers(op, ty, &scalars, second),
            }
        } else if Selector::converts_scalars(op, ty) {
            let from = self.scalar(args[0]);
            self.convert_scalar(op, ty, from)
        } else {
            let operands: Vec<Operand> = args.iter().map(|arg| self.scalar_operand(*arg)).collect();
            let lane = self.lane_op(op, ty, result, &operands, [false; 3], Extent::One);
            // A reinterpreted integer is in a vector register, and the other way round.
            self.lane_to_scalar(lane, result)
        };
        self.bind_scalar(value, register);
    }

    /// Whether an operation gives a number of 32 bits an upper half of zeros.
    fn extends_with_zeros(&self, op: LaneOp, ty: LaneType, from: Value) -> bool {
        ty == LaneType::I32
            && (op == LaneOp::UExtend || op == LaneOp::SExtend && self.ranges.has_no_sign(from))
    }

    /// An operation in general registers, or from one to a float; `second` is the second operand if it is constant.
    pub(super) fn scalar_integers(
        &mut self,
        op: LaneOp,
        ty: LaneType,
        args: &[Reg],
        second: Option<u64>,
    ) -> Reg {
        let wide = ty == LaneType::I64;
        let (a, b) = (args[0], *args.last().expect("has operands"));
        let small = second.and_then(|bits| small_constant(bits, wide));
        let alu = |selector: &mut Self, op| match small {
            Some(imm) => selector.machine.alu_imm(op, wide, a, imm),
            None => selector.machine.alu(op, wide, a, b),
        };
        if let Some(condition) = condition(op) {
            let (second, numbers) =
                (small.map_or(Second::Register(b), Second::Constant), Numbers::Integers { wide });
            return self.compared(Comparison { condition, numbers, first: a, second });
        }
        match op {
            LaneOp::IAdd => alu(self, Alu::Add),
            LaneOp::ISub => alu(self, Alu::Sub),
            LaneOp::IAnd => alu(self, Alu::And),
            LaneOp::IOr => alu(self, Alu::Or),
            LaneOp::IXor => alu(self, Alu::Xor),
            LaneOp::IMul => match small {
                _ if let Some(how) =
                    second.and_then(|factor| multiple(factor, if wide { 64 } else { 32 })) =>
                {
                    self.multiple(wide, a, how)
                }
                Some(imm) => self.machine.fresh(Kind::MultiplyImm(wide, imm), &[a]),
                None => self.machine.in_place(Kind::Multiply(wide), a, Some(b)),
            },
            LaneOp::INot => self.machine.in_place(Kind::Not(wide), a, None),
            LaneOp::Shl => self.scalar_shift(Shift::Shl, wide, a, b, second),
            LaneOp::UShr => self.scalar_shift(Shift::Shr, wide, a, b, second),
            LaneOp::SShr => self.scalar_shift(Shift::Sar, wide, a, b, second),
            LaneOp::SDiv | LaneOp::SRem | LaneOp::UDiv | LaneOp::URem => {
                self.scalar_division(op, wide, a, b, Traps::of_constant(op, wide, second))
            }
            LaneOp::SMulHigh | LaneOp::UMulHigh => {
                self.machine.multiply_high(op == LaneOp::SMulHigh, wide, a, b)
            }
            LaneOp::BAnd => self.machine.alu(Alu::And, false, a, b),
            LaneOp::BOr => self.machine.alu(Alu::Or, false, a, b),
            LaneOp::BXor => self.machine.alu(Alu::Xor, false, a, b),
            LaneOp::BNot => self.machine.alu_imm(Alu::Xor, false, a, 1),
            LaneOp::Select => self.machine.select(a, args[1], args[2]),
            LaneOp::SExtend if !wide => self.machine.fresh(Kind::SignExtend, &[a]),
            LaneOp::UExtend if !wide => self.machine.fresh(Kind::ZeroExtend, &[a]),
            LaneOp::SExtend | LaneOp::UExtend => a,
            LaneOp::Wrap => self.machine.fresh(Kind::ZeroExtend, &[a]),
            LaneOp::SToF32 => self.signed_to_float(LaneType::F32, a),
            LaneOp::UToF32 => self.unsigned_to_float(LaneType::F32, a),
            _ => unreachable!("{op} in general registers"),
        }
    }

    /// If a number that is shifted so is the upper half of a product of 32 bits with a constant: what is multiplied, with what.
    fn multiplied_high(&self, shift: LaneOp, product: Value) -> Option<(bool, Value, u64)> {
        let Inst::Op(op, args) = &self.code.values[product].inst else { return None };
        let signed = match (op, shift) {
            (LaneOp::SMulHigh, LaneOp::SShr) => true,
            (LaneOp::UMulHigh, LaneOp::UShr) => false,
            _ => return None,
        };
        let is_short = self.ty(product) == LaneType::I32 && self.is_available(args[0]);
        let factor = self.bits(args[1]).filter(|_| is_short)?;
        Some((signed, args[0], factor))
    }

    /// The upper half of the product of a number of 32 bits and a constant, shifted: part of a product of 64 bits, for which no
    /// register is fixed.
    fn short_multiply_high(&mut self, signed: bool, number: Value, factor: u64, count: u8) -> Reg {
        let signed = signed && !(self.ranges.has_no_sign(number) && factor < 1 << 31);
        let a = self.scalar(number);
        let a = self.machine.fresh(if signed { Kind::SignExtend } else { Kind::ZeroExtend }, &[a]);
        let factor = if signed { factor as i32 as i64 } else { factor as u32 as i64 };
        let product = match i32::try_from(factor) {
            Ok(imm) => self.machine.fresh(Kind::MultiplyImm(true, imm), &[a]),
            Err(_) => {
                let factor = self.machine.imm(factor as u64);
                self.machine.in_place(Kind::Multiply(true), a, Some(factor))
            }
        };
        let shift = if signed { Shift::Sar } else { Shift::Shr };
        self.machine.in_place(Kind::Shift(shift, true, 32 + count), product, None)
    }

    fn multiple(&mut self, wide: bool, a: Reg, how: Multiple) -> Reg {
        let shifted = |s: &mut Self, a: Reg, by: u8| match by {
            0 => a,
            by => s.machine.in_place(Kind::Shift(Shift::Shl, wide, by), a, None),
        };
        match how {
            Multiple::Shift(by) => shifted(self, a, by),
            Multiple::Sum(first, second) => {
                let [first, second] = [first, second].map(|by| shifted(self, a, by));
                self.machine.alu(Alu::Add, wide, first, second)
            }
            Multiple::Difference(first, second) => {
                let [first, second] = [first, second].map(|by| shifted(self, a, by));
                self.machine.alu(Alu::Sub, wide, first, second)
            }
            Multiple::Twice(first, second) => {
                let first = shifted(self, a, first);
                let once = self.machine.alu(Alu::Add, wide, first, a);
                let second = shifted(self, once, second);
                self.machine.alu(Alu::Add, wide, second, once)
            }
        }
    }

    /// Binds how two numbers compare, which is found out where it is asked for: most often by a branch.
    fn compare_scalars(&mut self, value: Value, condition: Condition, args: &[Value]) {
        let wide = self.ty(args[0]) == LaneType::I64;
        let small = |s: &Self, arg: Value| s.bits(arg).and_then(|bits| small_constant(bits, wide));
        let (condition, first, second) = match (small(self, args[0]), small(self, args[1])) {
            (Some(_), None) => (condition.swapped(), args[1], args[0]),
            _ => (condition, args[0], args[1]),
        };
        let constant = small(self, second);
        let condition = match (condition, constant) {
            (Condition::Above, Some(0)) => Condition::NotEqual,
            (Condition::BelowEqual, Some(0)) => Condition::Equal,
            (condition, _) => condition,
        };
        let first = self.scalar(first);
        let second = match constant {
            Some(imm) => Second::Constant(imm),
            None => Second::Register(self.scalar(second)),
        };
        let numbers = Numbers::Integers { wide };
        self.bind_comparison(value, Comparison { condition, numbers, first, second });
    }

    /// Binds how two numbers compare.
    pub(super) fn bind_comparison(&mut self, value: Value, comparison: Comparison) {
        self.bound.push((value, Part::Comparison));
        self.bindings[value.0 as usize].comparison = Some(comparison);
    }

    /// Binds that the second of two floats is above the first: that is false of what is not a number.
    fn compare_floats_later(&mut self, value: Value, condition: Condition, ty: LaneType, args: &[Value]) {
        let [below, above] = [args[0], args[1]].map(|arg| self.scalar(arg));
        let numbers = Numbers::Floats { double: ty == LaneType::F64 };
        let second = Second::Register(below);
        self.bind_comparison(value, Comparison { condition, numbers, first: above, second });
    }

    /// One of two general registers by how two numbers compare.
    pub(super) fn select_by(&mut self, comparison: Comparison, sides: [Reg; 2]) -> Reg {
        let Comparison { condition, numbers, first, second } = comparison;
        self.machine.select_by(condition, numbers, (&second.with(first), second.constant()), sides)
    }

    /// A choice of floats: by a mask, in their own registers, or, if only what is not a number would change the choice, by a
    /// branch that is not taken.
    pub(super) fn chosen_float(&mut self, cond: Value, [yes, no]: [Operand; 2], ty: LaneType) -> Reg {
        if let Inst::Op(_, operands) = &self.code.values[cond].inst
            && asks_for_number(self.code, cond)
            && self.is_available(operands[0])
        {
            return self.unless_number(operands[0], [yes, no], ty);
        }
        if let Some((mask, if_set)) = self.mask_of_bit(cond, ty) {
            let [set, unset] = if if_set { [yes, no] } else { [no, yes] };
            let operands = [Operand::Register(mask), set, unset];
            return self.lane_op(LaneOp::Select, ty, ty, &operands, [false; 3], Extent::One);
        }
        let mask = match float_comparison(self.code, cond, ty) {
            Some((op, compared)) if compared.iter().all(|operand| self.is_available(*operand)) => {
                let compared = compared.map(|operand| self.scalar_operand(operand));
                let mask = self.lane_op(op, ty, LaneType::Bool, &compared, [false; 3], Extent::One);
                Operand::Register(mask)
            }
            _ => self.scalar_operand(cond),
        };
        self.lane_op(LaneOp::Select, ty, ty, &[mask, yes, no], [false; 3], Extent::One)
    }

    /// Where a condition asks whether a bit of an integer is set, or whether it is not: a mask that chooses floats by that bit, and
    /// which of the two it asks.
    fn mask_of_bit(&mut self, cond: Value, ty: LaneType) -> Option<(Reg, bool)> {
        let operands = |value: Value, wanted: &[LaneOp]| match &self.code.values[value].inst {
            Inst::Op(op, operands) if wanted.contains(op) => Some((*op, [operands[0], operands[1]])),
            _ => None,
        };
        let (op, [masked, zero]) = operands(cond, &[LaneOp::IEq, LaneOp::INe])?;
        let (_, [number, bit]) = operands(masked, &[LaneOp::IAnd])?;
        let bit = self.bits(bit).filter(|bit| bit.is_power_of_two())?.trailing_zeros() as u8;
        if self.bits(zero) != Some(0) || !self.is_available(number) {
            return None;
        }
        let number = self.scalar(number);
        // Masks of bits have it first; lanes are chosen by their last bits.
        let (shift, by) = match (self.isa.evex(), ty) {
            (true, _) => (Shift::Shr, bit),
            (false, LaneType::F64) => (Shift::Shl, 63 - bit),
            (false, _) => (Shift::Shl, 31_u8.checked_sub(bit)?),
        };
        let moved = match by {
            0 => number,
            by => self.machine.in_place(Kind::Shift(shift, true, by), number, None),
        };
        let mask = match self.isa.evex() {
            true => self.mask_of_bits(moved),
            false => self.machine.unary(VectorOp::VmovqFrom, Length::L128, moved),
        };
        Some((mask, op == LaneOp::INe))
    }

    /// The first if a float is not a number, else the second.
    fn unless_number(&mut self, float: Value, [yes, no]: [Operand; 2], ty: LaneType) -> Reg {
        let double = self.ty(float) == LaneType::F64;
        let float = self.scalar(float);
        let [yes, no] = [yes, no].map(|side| self.register(side, ty, Extent::One));
        let [is_number, is_none, after] = [(); 3].map(|()| self.machine.block());
        let chosen = self.machine.param(after, RegClass::Float);
        let test = Test::CompareFloats(Condition::AboveEqual, double);
        self.machine.branch(test, &[float, float], is_number, is_none);
        let was = self.machine.set_cold(true);
        self.machine.fill(is_none);
        self.machine.jump(after, &[yes]);
        self.machine.set_cold(was);
        self.machine.fill(is_number);
        self.machine.jump(after, &[no]);
        self.machine.fill(after);
        chosen
    }

    /// A comparison's result, 0 or 1.
    pub(super) fn compared(&mut self, comparison: Comparison) -> Reg {
        let Comparison { condition, numbers, first, second } = comparison;
        let kind = match (numbers, second) {
            (Numbers::Integers { wide }, Second::Register(_)) => Kind::Compare(condition, wide),
            (Numbers::Integers { wide }, Second::Constant(imm)) => Kind::CompareImm(condition, wide, imm),
            (Numbers::Floats { double }, _) => Kind::CompareFloats(condition, double),
        };
        self.machine.fresh(kind, &second.with(first))
    }

    fn scalar_shift(&mut self, op: Shift, wide: bool, a: Reg, count: Reg, constant: Option<u64>) -> Reg {
        let width = if wide { 64 } else { 32 };
        if let Some(count) = constant {
            let count = if wide { count } else { count as u32 as u64 };
            return match op {
                Shift::Sar => {
                    self.machine.in_place(Kind::Shift(op, wide, count.min(width - 1) as u8), a, None)
                }
                _ if count >= width => self.zero(),
                _ => self.machine.in_place(Kind::Shift(op, wide, count as u8), a, None),
            };
        }
        let shifted = self.machine.fresh(Kind::ShiftBy(op, wide), &[a, count]);
        let beyond = match op {
            Shift::Sar => self.machine.in_place(Kind::Shift(op, wide, width as u8 - 1), a, None),
            _ => self.zero(),
        };
        let in_width = compared_with(Condition::Below, wide, count, width as i32);
        self.select_by(in_width, [shifted, beyond])
    }

    /// Division of 64-bit numbers, which are often small: then it is one of 32 bits, which takes half the time or less.
    fn long_division(&mut self, op: LaneOp, a: Reg, b: Reg, traps: Traps) -> Reg {
        let [short, long, after] = [(); 3].map(|()| self.machine.block());
        let result = self.machine.param(after, RegClass::Int);
        let both = self.machine.alu(Alu::Or, true, a, b);
        let high = self.machine.in_place(Kind::Shift(Shift::Shr, true, 32), both, None);
        self.machine.branch(Test::NonZero, &[high], long, short);
        self.machine.fill(short);
        let unsigned = match op {
            LaneOp::SDiv | LaneOp::UDiv => LaneOp::UDiv,
            _ => LaneOp::URem,
        };
        let quotient = self.scalar_division(unsigned, false, a, b, traps);
        self.machine.jump(after, &[quotient]);
        self.machine.fill(long);
        let quotient = self.scalar_division(op, true, a, b, traps);
        self.machine.jump(after, &[quotient]);
        self.machine.fill(after);
        result
    }

    /// By what a division by a number may be, for all that is known.
    fn traps(&self, op: LaneOp, divisor: Value) -> Traps {
        let signed = matches!(op, LaneOp::SDiv | LaneOp::SRem);
        Traps {
            by_zero: !self.known.is_not_zero(self.code, divisor),
            by_minus_one: signed && !self.ranges.has_no_sign(divisor),
        }
    }

    /// Division that never traps: of zero gives zero, and -1 is not divided by.
    fn scalar_division(&mut self, op: LaneOp, wide: bool, a: Reg, b: Reg, traps: Traps) -> Reg {
        let signed = matches!(op, LaneOp::SDiv | LaneOp::SRem);
        let wants_quotient = matches!(op, LaneOp::SDiv | LaneOp::UDiv);
        let by_minus_one = signed && traps.by_minus_one;
        let divide = |selector: &mut Self, b| selector.machine.divide(signed, wide, a, b);
        let choose = |parts: [Reg; 2]| if wants_quotient { parts[0] } else { parts[1] };
        if !traps.by_zero && !by_minus_one {
            return choose(divide(self, b));
        }
        let one = self.machine.imm(1);
        let zero = self.zero();
        let [is_zero, is_minus_one] = [0, -1].map(|imm| compared_with(Condition::Equal, wide, b, imm));
        let mut safe = b;
        if traps.by_zero {
            safe = self.select_by(is_zero, [one, safe]);
        }
        if by_minus_one {
            safe = self.select_by(is_minus_one, [one, safe]);
        }
        let mut result = choose(divide(self, safe));
        if by_minus_one && wants_quotient {
            let negated = self.machine.in_place(Kind::Negate(wide), a, None);
            result = self.select_by(is_minus_one, [negated, result]);
        }
        // The remainder of a division by one, which stands for both, is zero already.
        if traps.by_zero && wants_quotient {
            result = self.select_by(is_zero, [zero, result]);
        }
        result
    }
}

/// By what a division may be that the processor does not do.
#[derive(Clone, Copy)]
struct Traps {
    by_zero: bool,
    /// As a signed number.
    by_minus_one: bool,
}

impl Traps {
    fn of_constant(op: LaneOp, wide: bool, constant: Option<u64>) -> Traps {
        let constant = constant.map(|bits| if wide { bits as i64 } else { bits as i32 as i64 });
        let may_be = |number: i64| constant.is_none_or(|constant| constant == number);
        let signed = matches!(op, LaneOp::SDiv | LaneOp::SRem);
        Traps { by_zero: may_be(0), by_minus_one: signed && may_be(-1) }
    }
}

/// How an integer compares with a constant.
pub(super) fn compared_with(condition: Condition, wide: bool, first: Reg, imm: i32) -> Comparison {
    Comparison { condition, numbers: Numbers::Integers { wide }, first, second: Second::Constant(imm) }
}

/// A constant as the immediate operand of an instruction, which is sign-extended.
pub(super) fn small_constant(bits: u64, wide: bool) -> Option<i32> {
    if wide { i32::try_from(bits as i64).ok() } else { Some(bits as i32) }
}
