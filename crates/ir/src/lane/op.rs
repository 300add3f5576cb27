//! The primitive operations of the Lane language: one table, one row an operation.
//!
//! Each is what one machine instruction (or a short fixed sequence) does to one lane, total on all inputs:
//! nothing here traps. [`LaneOp::eval`] is the meaning to the last bit; every emitter must agree with it.
//! Quiet NaN payloads and the sign of a produced NaN are the one thing left open.

use super::LaneType;
use std::fmt;

/// The operand types an operation takes and the type it gives.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Shape {
    /// Floats of one type to the same.
    Float,
    /// Floats of one type to `bool`.
    FloatCompare,
    /// Integers of one type to the same.
    Int,
    /// Integers of one type to `bool`.
    IntCompare,
    /// `bool`s to `bool`.
    Bool,
    /// `bool`, then two of any one type, to that type.
    Select,
    /// An integer to this type.
    FromInt(LaneType),
    /// A float to this type.
    FromFloat(LaneType),
    /// Reinterprets the bits as the other type of the same size.
    Bitcast,
}

/// Calls a macro with one row per operation: `(Variant, "name", arity, shape, "documentation")`.
#[macro_export]
macro_rules! for_each_lane_op {
    ($callback:ident) => {
        $callback! {
            (FAdd, "fadd", 2, Shape::Float, "`a + b`."),
            (FSub, "fsub", 2, Shape::Float, "`a - b`."),
            (FMul, "fmul", 2, Shape::Float, "`a * b`."),
            (FDiv, "fdiv", 2, Shape::Float, "`a / b`."),
            (Fma, "fma", 3, Shape::Float, "`a * b + c` with one rounding."),
            (FSqrt, "fsqrt", 1, Shape::Float, "Square root, correctly rounded."),
            (FNeg, "fneg", 1, Shape::Float, "Flips the sign bit."),
            (FAbs, "fabs", 1, Shape::Float, "Clears the sign bit."),
            (FMin, "fmin", 2, Shape::Float, "`if a < b { a } else { b }`: `b` when either is NaN."),
            (FMax, "fmax", 2, Shape::Float, "`if b < a { a } else { b }`: `b` when either is NaN."),
            (FFloor, "ffloor", 1, Shape::Float, "Rounds towards negative infinity."),
            (FCeil, "fceil", 1, Shape::Float, "Rounds towards positive infinity."),
            (FTrunc, "ftrunc", 1, Shape::Float, "Rounds towards zero."),
            (FNearest, "fnearest", 1, Shape::Float, "Rounds to nearest, halves to even."),
            (FEq, "feq", 2, Shape::FloatCompare, "`a == b`, false on NaN."),
            (FNe, "fne", 2, Shape::FloatCompare, "`a != b`, true on NaN."),
            (FLt, "flt", 2, Shape::FloatCompare, "`a < b`, false on NaN."),
            (FLe, "fle", 2, Shape::FloatCompare, "`a <= b`, false on NaN."),
            (IAdd, "iadd", 2, Shape::Int, "`a + b`, wrapping."),
            (ISub, "isub", 2, Shape::Int, "`a - b`, wrapping."),
            (IMul, "imul", 2, Shape::Int, "`a * b`, wrapping."),
            (SDiv, "sdiv", 2, Shape::Int, "Signed `a / b`; 0 for `b == 0`, `MIN / -1` wraps."),
            (SRem, "srem", 2, Shape::Int, "Signed `a % b`; 0 for `b == 0` and for `MIN % -1`."),
            (UDiv, "udiv", 2, Shape::Int, "Unsigned `a / b`; 0 for `b == 0`."),
            (URem, "urem", 2, Shape::Int, "Unsigned `a % b`; 0 for `b == 0`."),
            (SMulHigh, "smulhigh", 2, Shape::Int, "The upper half of the signed `a * b` of twice the width."),
            (UMulHigh, "umulhigh", 2, Shape::Int, "The upper half of the unsigned `a * b` of twice the width."),
            (IAnd, "iand", 2, Shape::Int, "`a & b`."),
            (IOr, "ior", 2, Shape::Int, "`a | b`."),
            (IXor, "ixor", 2, Shape::Int, "`a ^ b`."),
            (INot, "inot", 1, Shape::Int, "`!a`."),
            (Shl, "shl", 2, Shape::Int, "`a << b`; 0 unless `b`, unsigned, is below the width."),
            (UShr, "ushr", 2, Shape::Int, "`a >> b`, zeros in; 0 unless `b`, unsigned, is below the width."),
            (SShr, "sshr", 2, Shape::Int, "`a >> b`, signs in; all signs unless `b`, unsigned, is below the width."),
            (IEq, "ieq", 2, Shape::IntCompare, "`a == b`."),
            (INe, "ine", 2, Shape::IntCompare, "`a != b`."),
            (SLt, "slt", 2, Shape::IntCompare, "Signed `a < b`."),
            (SLe, "sle", 2, Shape::IntCompare, "Signed `a <= b`."),
            (ULt, "ult", 2, Shape::IntCompare, "Unsigned `a < b`."),
            (ULe, "ule", 2, Shape::IntCompare, "Unsigned `a <= b`."),
            (BAnd, "band", 2, Shape::Bool, "`a & b`."),
            (BOr, "bor", 2, Shape::Bool, "`a | b`."),
            (BXor, "bxor", 2, Shape::Bool, "`a ^ b`."),
            (BNot, "bnot", 1, Shape::Bool, "`!a`."),
            (Select, "select", 3, Shape::Select, "`if a { b } else { c }`."),
            (SToF64, "s_to_f64", 1, Shape::FromInt(LaneType::F64), "A signed integer as `f64`, rounded to nearest even."),
            (SToF32, "s_to_f32", 1, Shape::FromInt(LaneType::F32), "A signed integer as `f32`, rounded to nearest even."),
            (UToF64, "u_to_f64", 1, Shape::FromInt(LaneType::F64), "An unsigned integer as `f64`, rounded to nearest even."),
            (UToF32, "u_to_f32", 1, Shape::FromInt(LaneType::F32), "An unsigned integer as `f32`, rounded to nearest even."),
            (FToS64, "f_to_s64", 1, Shape::FromFloat(LaneType::I64), "Truncates to a signed 64-bit integer, saturating; NaN gives 0."),
            (FToS32, "f_to_s32", 1, Shape::FromFloat(LaneType::I32), "Truncates to a signed 32-bit integer, saturating; NaN gives 0."),
            (FToU64, "f_to_u64", 1, Shape::FromFloat(LaneType::I64), "Truncates to an unsigned 64-bit integer, saturating; NaN gives 0."),
            (Promote, "promote", 1, Shape::FromFloat(LaneType::F64), "A float as `f64`."),
            (Demote, "demote", 1, Shape::FromFloat(LaneType::F32), "A float as `f32`, rounded to nearest even."),
            (SExtend, "sextend", 1, Shape::FromInt(LaneType::I64), "An integer widened to 64 bits with its sign."),
            (UExtend, "uextend", 1, Shape::FromInt(LaneType::I64), "An integer widened to 64 bits with zeros."),
            (Wrap, "wrap", 1, Shape::FromInt(LaneType::I32), "The low 32 bits of an integer."),
            (Bitcast, "bitcast", 1, Shape::Bitcast, "The same bits as a float or as an integer."),
        }
    };
}

macro_rules! define_lane_ops {
    ($(($variant:ident, $name:literal, $arity:literal, $shape:expr, $doc:literal)),* $(,)?) => {
        /// A primitive operation on lanes.
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
        pub enum LaneOp { $(#[doc = $doc] $variant),* }

        impl LaneOp {
            /// All operations, in the order of the table.
            pub const ALL: &'static [LaneOp] = &[$(LaneOp::$variant),*];
            /// The name in IR text.
            pub fn name(self) -> &'static str {
                match self { $(LaneOp::$variant => $name),* }
            }
            /// The number of operands.
            #[inline]
            pub fn arity(self) -> usize {
                match self { $(LaneOp::$variant => $arity),* }
            }
            /// What it takes and gives.
            #[inline]
            pub fn shape(self) -> Shape {
                match self { $(LaneOp::$variant => $shape),* }
            }
        }
    };
}

for_each_lane_op!(define_lane_ops);

impl fmt::Display for LaneOp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl LaneOp {
    /// The operation with this text name.
    pub fn from_name(name: &str) -> Option<LaneOp> {
        LaneOp::ALL.iter().copied().find(|op| op.name() == name)
    }

    /// The result type for these operand types, or `None` if it does not apply to them.
    #[inline]
    pub fn result_type(self, operands: &[LaneType]) -> Option<LaneType> {
        use LaneType::{Bool, F32, F64, I32, I64};
        if operands.len() != self.arity() {
            return None;
        }
        let first = operands[0];
        let same = operands.iter().all(|ty| *ty == first);
        let float = matches!(first, F32 | F64);
        let int = matches!(first, I32 | I64);
        match self.shape() {
            Shape::Float => (same && float).then_some(first),
            Shape::FloatCompare => (same && float).then_some(Bool),
            Shape::Int => (same && int).then_some(first),
            Shape::IntCompare => (same && int).then_some(Bool),
            Shape::Bool => (same && first == Bool).then_some(Bool),
            Shape::Select => (first == Bool && operands[1] == operands[2]).then_some(operands[1]),
            Shape::FromInt(result) => int.then_some(result),
            Shape::FromFloat(result) => float.then_some(result),
            Shape::Bitcast => match first {
                F64 => Some(I64),
                I64 => Some(F64),
                F32 => Some(I32),
                I32 => Some(F32),
                Bool => None,
            },
        }
    }

    /// The result's bits for operands of the *first operand's* type `ty` (of the second's, for `select`), in
    /// the low bits of each word.
    ///
    /// # Panics
    /// If the operation does not apply to the type.
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub fn eval(self, ty: LaneType, operands: &[u64]) -> u64 {
        let a = operands[0];
        let b = operands.get(1).copied().unwrap_or(0);
        match self {
            LaneOp::Select => [operands[2], operands[1]][(a & 1) as usize],
            LaneOp::BAnd => a & b & 1,
            LaneOp::BOr => (a | b) & 1,
            LaneOp::BXor => (a ^ b) & 1,
            LaneOp::BNot => !a & 1,
            LaneOp::Bitcast => a,
            _ => match ty {
                LaneType::F64 => eval::f64(self, operands),
                LaneType::F32 => eval::f32(self, operands),
                LaneType::I64 => eval::i64(self, a as i64, b as i64),
                LaneType::I32 => eval::i32(self, a as i32, b as i32),
                LaneType::Bool => panic!("{self} of bool"),
            },
        }
    }
}

/// The meaning of the operations on each type, generated once for both widths.
mod eval {
    use super::LaneOp::{self, *};

    trait Bits {
        fn bits(self) -> u64;
    }
    macro_rules! implement_bits {
        ($($ty:ty => $convert:expr),*) => { $(impl Bits for $ty {
            #[inline]
            fn bits(self) -> u64 { let convert: fn($ty) -> u64 = $convert; convert(self) }
        })* };
    }
    implement_bits!(f64 => f64::to_bits, f32 => |x| x.to_bits() as u64, i64 => |x| x as u64,
        i32 => |x| x as u32 as u64, u64 => |x| x, bool => |x| x as u64);

    macro_rules! define_float {
        ($float:ident, $bits:ident) => {
            #[inline]
            pub(super) fn $float(op: LaneOp, operands: &[u64]) -> u64 {
                let operand =
                    |i: usize| operands.get(i).map_or(0.0, |bits| $float::from_bits(*bits as $bits));
                let (a, b, c) = (operand(0), operand(1), operand(2));
                match op {
                    FAdd => (a + b).bits(),
                    FSub => (a - b).bits(),
                    FMul => (a * b).bits(),
                    FDiv => (a / b).bits(),
                    Fma => a.mul_add(b, c).bits(),
                    FSqrt => a.sqrt().bits(),
                    FNeg => (-a).bits(),
                    FAbs => a.abs().bits(),
                    FMin => (if a < b { a } else { b }).bits(),
                    FMax => (if b < a { a } else { b }).bits(),
                    FFloor => a.floor().bits(),
                    FCeil => a.ceil().bits(),
                    FTrunc => a.trunc().bits(),
                    FNearest => a.round_ties_even().bits(),
                    FEq => (a == b).bits(),
                    FNe => (a != b).bits(),
                    FLt => (a < b).bits(),
                    FLe => (a <= b).bits(),
                    FToS64 => (a as i64).bits(),
                    FToS32 => (a as i32).bits(),
                    FToU64 => (a as u64).bits(),
                    Promote => (a as f64).bits(),
                    Demote => (a as f32).bits(),
                    _ => panic!("{op} of a float"),
                }
            }
        };
    }
    define_float!(f64, u64);
    define_float!(f32, u32);

    macro_rules! define_int {
        ($int:ident, $unsigned:ident, $twice:ident, $unsigned_twice:ident) => {
            #[inline]
            pub(super) fn $int(op: LaneOp, a: $int, b: $int) -> u64 {
                let (unsigned_a, unsigned_b) = (a as $unsigned, b as $unsigned);
                let in_width = unsigned_b < $int::BITS as $unsigned;
                let count = if in_width { unsigned_b as u32 } else { 0 };
                match op {
                    IAdd => a.wrapping_add(b).bits(),
                    ISub => a.wrapping_sub(b).bits(),
                    IMul => a.wrapping_mul(b).bits(),
                    SDiv => (if b == 0 { 0 } else { a.wrapping_div(b) }).bits(),
                    SRem => (if b == 0 { 0 } else { a.wrapping_rem(b) }).bits(),
                    UDiv => (unsigned_a.checked_div(unsigned_b).unwrap_or(0) as $int).bits(),
                    URem => (unsigned_a.checked_rem(unsigned_b).unwrap_or(0) as $int).bits(),
                    SMulHigh => (((a as $twice * b as $twice) >> $int::BITS) as $int).bits(),
                    UMulHigh => {
                        let product = unsigned_a as $unsigned_twice * unsigned_b as $unsigned_twice;
                        ((product >> $int::BITS) as $int).bits()
                    }
                    IAnd => (a & b).bits(),
                    IOr => (a | b).bits(),
                    IXor => (a ^ b).bits(),
                    INot => (!a).bits(),
                    Shl => (if in_width { a << count } else { 0 }).bits(),
                    UShr => (if in_width { (unsigned_a >> count) as $int } else { 0 }).bits(),
                    SShr => (if in_width { a >> count } else { a >> ($int::BITS - 1) }).bits(),
                    IEq => (a == b).bits(),
                    INe => (a != b).bits(),
                    SLt => (a < b).bits(),
                    SLe => (a <= b).bits(),
                    ULt => (unsigned_a < unsigned_b).bits(),
                    ULe => (unsigned_a <= unsigned_b).bits(),
                    SToF64 => (a as f64).bits(),
                    SToF32 => (a as f32).bits(),
                    UToF64 => (unsigned_a as f64).bits(),
                    UToF32 => (unsigned_a as f32).bits(),
                    SExtend => (a as i64).bits(),
                    UExtend => (unsigned_a as u64).bits(),
                    Wrap => (a as i32).bits(),
                    _ => panic!("{op} of an integer"),
                }
            }
        };
    }
    define_int!(i64, u64, i128, u128);
    define_int!(i32, u32, i64, u64);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_found_again() {
        for op in LaneOp::ALL {
            assert_eq!(LaneOp::from_name(op.name()), Some(*op));
        }
    }

    #[test]
    fn nothing_traps() {
        let min = i64::MIN as u64;
        assert_eq!(LaneOp::SDiv.eval(LaneType::I64, &[min, u64::MAX]), min);
        assert_eq!(LaneOp::UDiv.eval(LaneType::I32, &[7, 0]), 0);
        assert_eq!(LaneOp::Shl.eval(LaneType::I32, &[1, 32]), 0);
        assert_eq!(LaneOp::SShr.eval(LaneType::I64, &[min, 1 << 40]), u64::MAX);
        assert_eq!(LaneOp::FToS32.eval(LaneType::F64, &[f64::NAN.to_bits()]), 0);
        assert_eq!(
            LaneOp::FMin.eval(LaneType::F64, &[f64::NAN.to_bits(), 2.0f64.to_bits()]),
            2.0f64.to_bits()
        );
    }
}
