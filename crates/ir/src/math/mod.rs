//! What the mathematical functions mean: their expansions into primitive lane operations.
//!
//! Each function is written once, generic over [`Primitives`]. Instantiated with a builder of lane code it
//! is the compiled function; instantiated with [`Evaluate`] it is the interpreter's. Hence compiled code at
//! any width, tails and interpreters agree to the last bit.

mod bits;
mod cbrt;
mod double;
mod erf;
mod exp;
mod exp_m1;
mod fmod;
mod gamma;
mod hyperbolic;
mod hypot;
mod inverse_hyperbolic;
mod inverse_trig;
mod lgamma;
mod ln;
mod ln_1p;
mod log;
mod powers;
mod tanh;
mod trig;

use crate::lane::{LaneOp, LaneType, Shape};
use crate::{DType, Scalar, ScalarOp, for_each_scalar_op};

/// Something that can perform primitive operations: a builder of lane code, or an evaluator.
pub trait Primitives {
    /// A value of some lane type.
    type Value: Copy;

    /// A constant, given as bits.
    fn constant(&mut self, ty: LaneType, bits: u64) -> Self::Value;
    /// An operation on values of fitting types.
    fn op(&mut self, op: LaneOp, operands: &[Self::Value]) -> Self::Value;
    /// The type of a value.
    fn ty(&self, value: Self::Value) -> LaneType;

    /// The bits of a value that is known to be a constant, for expansions that are shorter when an operand is
    /// (powers with an integer exponent). An implementation should know the values it made by `constant`; the
    /// result of the expansion has the same bits either way.
    fn as_constant(&self, _value: Self::Value) -> Option<u64> {
        None
    }

    /// `select(condition, slow(), common)`, where the condition is seldom true of any lane: far arguments of
    /// the trigonometric functions. The slow side has no effect but its value, and may be computed for all
    /// lanes or for none. An implementation may therefore wrap it in a branch that is taken when the
    /// condition holds for at least one lane; this one computes both sides.
    fn rare(
        &mut self,
        condition: Self::Value,
        common: Self::Value,
        slow: &mut dyn FnMut(&mut Self) -> Self::Value,
    ) -> Self::Value {
        let slow = slow(self);
        self.select(condition, slow, common)
    }

    /// An `f64` constant.
    fn f64(&mut self, x: f64) -> Self::Value {
        self.constant(LaneType::F64, x.to_bits())
    }
    /// An `f32` constant.
    fn f32(&mut self, x: f32) -> Self::Value {
        self.constant(LaneType::F32, x.to_bits() as u64)
    }
    /// An `i64` constant.
    fn i64(&mut self, x: i64) -> Self::Value {
        self.constant(LaneType::I64, x as u64)
    }
    /// An `i32` constant.
    fn i32(&mut self, x: i32) -> Self::Value {
        self.constant(LaneType::I32, x as u32 as u64)
    }

    /// `a + b` of floats.
    fn fadd(&mut self, a: Self::Value, b: Self::Value) -> Self::Value {
        self.op(LaneOp::FAdd, &[a, b])
    }
    /// `a - b` of floats.
    fn fsub(&mut self, a: Self::Value, b: Self::Value) -> Self::Value {
        self.op(LaneOp::FSub, &[a, b])
    }
    /// `a * b` of floats.
    fn fmul(&mut self, a: Self::Value, b: Self::Value) -> Self::Value {
        self.op(LaneOp::FMul, &[a, b])
    }
    /// `a / b` of floats.
    fn fdiv(&mut self, a: Self::Value, b: Self::Value) -> Self::Value {
        self.op(LaneOp::FDiv, &[a, b])
    }
    /// `a * b + c` with one rounding.
    fn fma(&mut self, a: Self::Value, b: Self::Value, c: Self::Value) -> Self::Value {
        self.op(LaneOp::Fma, &[a, b, c])
    }
    /// `-a` of a float.
    fn fneg(&mut self, a: Self::Value) -> Self::Value {
        self.op(LaneOp::FNeg, &[a])
    }
    /// The magnitude of a float.
    fn fabs(&mut self, a: Self::Value) -> Self::Value {
        self.op(LaneOp::FAbs, &[a])
    }
    /// `if a < b { a } else { b }`.
    fn fmin(&mut self, a: Self::Value, b: Self::Value) -> Self::Value {
        self.op(LaneOp::FMin, &[a, b])
    }
    /// `if b < a { a } else { b }`.
    fn fmax(&mut self, a: Self::Value, b: Self::Value) -> Self::Value {
        self.op(LaneOp::FMax, &[a, b])
    }
    /// `if condition { yes } else { no }`, lane by lane.
    fn select(&mut self, condition: Self::Value, yes: Self::Value, no: Self::Value) -> Self::Value {
        self.op(LaneOp::Select, &[condition, yes, no])
    }
    /// The same bits as a float or as an integer.
    fn bitcast(&mut self, a: Self::Value) -> Self::Value {
        self.op(LaneOp::Bitcast, &[a])
    }
    /// A magnitude with the sign of another float. If it has that sign already, it stays as it is.
    fn signed_as(&mut self, sign: Self::Value, magnitude: Self::Value) -> Self::Value {
        let mask = self.like(sign, -0.0);
        let (bits, mask, magnitude) = (self.bitcast(sign), self.bitcast(mask), self.bitcast(magnitude));
        let sign = self.op(LaneOp::IAnd, &[bits, mask]);
        let result = self.op(LaneOp::IOr, &[magnitude, sign]);
        self.bitcast(result)
    }
    /// An operation of two integers, the second a constant of the first's type.
    fn with_int(&mut self, op: LaneOp, a: Self::Value, b: i64) -> Self::Value {
        let b = self.int_like(a, b);
        self.op(op, &[a, b])
    }
    /// A constant of the same integer type as a value.
    fn int_like(&mut self, value: Self::Value, x: i64) -> Self::Value {
        match self.ty(value) {
            LaneType::I32 => self.i32(x as i32),
            _ => self.i64(x),
        }
    }
    /// A constant of the same float type as a value, rounded to it.
    fn like(&mut self, value: Self::Value, x: f64) -> Self::Value {
        match self.ty(value) {
            LaneType::F32 => self.f32(x as f32),
            _ => self.f64(x),
        }
    }
    /// The polynomial with these coefficients, of the highest power first, at `x`, by Horner's rule: the
    /// fewest operations, and there are always other elements to hide the latency behind.
    fn horner(&mut self, x: Self::Value, coefficients: &[f64]) -> Self::Value {
        let mut sum = self.like(x, coefficients[0]);
        for coefficient in &coefficients[1..] {
            let coefficient = self.like(x, *coefficient);
            sum = self.fma(sum, x, coefficient);
        }
        sum
    }
}

/// A value under evaluation.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Bits {
    /// Its type.
    pub ty: LaneType,
    /// Its bits.
    pub bits: u64,
}

/// Performs primitive operations on the spot.
pub struct Evaluate;

impl Primitives for Evaluate {
    type Value = Bits;

    fn constant(&mut self, ty: LaneType, bits: u64) -> Bits {
        Bits { ty, bits }
    }
    // An operation that is known where it is performed takes but a few instructions then.
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn op(&mut self, op: LaneOp, operands: &[Bits]) -> Bits {
        let mut bits = [0; 3];
        let mut types = [LaneType::Bool; 3];
        for (i, operand) in operands.iter().enumerate() {
            (bits[i], types[i]) = (operand.bits, operand.ty);
        }
        let ty = op.result_type(&types[..operands.len()]).unwrap_or_else(|| panic!("{op} of {operands:?}"));
        Bits { ty, bits: op.eval(types[0], &bits[..operands.len()]) }
    }
    fn ty(&self, value: Bits) -> LaneType {
        value.ty
    }
    fn as_constant(&self, value: Bits) -> Option<u64> {
        Some(value.bits)
    }
    fn rare(&mut self, condition: Bits, common: Bits, slow: &mut dyn FnMut(&mut Self) -> Bits) -> Bits {
        if condition.bits & 1 == 1 { slow(self) } else { common }
    }
}

/// Performs the primitive operations of functions of `f64` on the spot. They know but one width, so that values need
/// not say their types: an operation that is known where it is performed becomes an instruction or two.
struct Doubles;

impl Primitives for Doubles {
    type Value = u64;

    #[inline]
    fn constant(&mut self, ty: LaneType, bits: u64) -> u64 {
        debug_assert!(
            !matches!(ty, LaneType::F32 | LaneType::I32),
            "functions of doubles have no short values"
        );
        bits
    }
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn op(&mut self, op: LaneOp, operands: &[u64]) -> u64 {
        let ty = match op.shape() {
            Shape::Float | Shape::FloatCompare | Shape::FromFloat(_) => LaneType::F64,
            Shape::Int | Shape::IntCompare | Shape::FromInt(_) => LaneType::I64,
            Shape::Bool | Shape::Select | Shape::Bitcast => LaneType::Bool,
        };
        op.eval(ty, operands)
    }
    /// Not that of integers; but whoever asks wants to know the width.
    #[inline]
    fn ty(&self, _: u64) -> LaneType {
        LaneType::F64
    }
    #[inline]
    fn as_constant(&self, value: u64) -> Option<u64> {
        Some(value)
    }
    #[inline]
    fn rare(&mut self, condition: u64, common: u64, slow: &mut dyn FnMut(&mut Self) -> u64) -> u64 {
        if condition & 1 == 1 { slow(self) } else { common }
    }
}

/// The value of a function that has no Rust formula.
///
/// # Panics
/// If the operation is not such a function or does not apply to the operands.
pub fn eval(op: ScalarOp, operands: &[Scalar]) -> Scalar {
    let of_doubles = match *operands {
        [Scalar::F64(x)] => expand(&mut Doubles, op, &[x.to_bits()]),
        [Scalar::F64(x), Scalar::F64(y)] => expand(&mut Doubles, op, &[x.to_bits(), y.to_bits()]),
        _ => None,
    };
    if let Some(bits) = of_doubles {
        return Scalar::F64(f64::from_bits(bits));
    }
    let mut bits = [Bits { ty: LaneType::Bool, bits: 0 }; 2];
    let bits = bits.get_mut(..operands.len()).unwrap_or_else(|| panic!("{op} of {operands:?}"));
    for (bits, x) in bits.iter_mut().zip(operands) {
        *bits = Bits { ty: LaneType::of(x.dtype()), bits: x.to_bits() };
    }
    let result = expand(&mut Evaluate, op, bits).unwrap_or_else(|| panic!("{op} of {operands:?}"));
    let dtype = match result.ty {
        LaneType::F32 => DType::F32,
        _ => DType::F64,
    };
    Scalar::from_bits(dtype, result.bits)
}

macro_rules! define_expansions {
    ($(($variant:ident, $name:literal, $arity:tt, $domain:ident, $signature:ident, $commutes:literal, [$($expansion:path)?], $doc:literal)),* $(,)?) => {
        /// Whether an operation is defined by an expansion.
        pub fn is_expansion(op: ScalarOp) -> bool {
            match op { $(ScalarOp::$variant => define_expansions!(@is [$($expansion)?])),* }
        }

        /// Expands a function of floats into primitive operations; `None` if the operation is not one that is
        /// defined by an expansion.
        pub fn expand<P: Primitives>(p: &mut P, op: ScalarOp, operands: &[P::Value]) -> Option<P::Value> {
            match op { $(ScalarOp::$variant => define_expansions!(@expand $arity p operands [$($expansion)?])),* }
        }
    };
    (@is []) => { false };
    (@is [$expansion:path]) => { true };
    (@expand $arity:tt $p:ident $operands:ident []) => { None };
    (@expand 1 $p:ident $operands:ident [$expansion:path]) => { Some($expansion($p, *$operands.first()?)) };
    (@expand 2 $p:ident $operands:ident [$expansion:path]) => {
        Some($expansion($p, *$operands.first()?, *$operands.get(1)?))
    };
}
for_each_scalar_op!(define_expansions);

#[cfg(test)]
mod tests;
