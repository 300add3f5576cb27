//! What the mathematical functions mean: their expansions into primitive lane operations.
//!
//! Each function is written once, generic over [`Primitives`]. Instantiated with a builder of lane code it
//! is the compiled function; instantiated with [`Evaluate`] it is the interpreter's. Hence compiled code at
//! any width, tails and interpreters agree to the last bit.

use crate::lane::{LaneOp, LaneType};
use crate::{DType, Scalar, ScalarOp};

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
}

/// The value of a function that has no Rust formula.
///
/// # Panics
/// If the operation is not such a function or does not apply to the operands.
pub fn eval(op: ScalarOp, operands: &[Scalar]) -> Scalar {
    let bits: Vec<Bits> =
        operands.iter().map(|x| Bits { ty: LaneType::of(x.dtype()), bits: x.to_bits() }).collect();
    let result = expand(&mut Evaluate, op, &bits).unwrap_or_else(|| panic!("{op} of {operands:?}"));
    let dtype = match result.ty {
        LaneType::F32 => DType::F32,
        _ => DType::F64,
    };
    Scalar::from_bits(dtype, result.bits)
}

/// Expands a function of floats into primitive operations; `None` if the operation is not one that is
/// defined by an expansion.
pub fn expand<P: Primitives>(_p: &mut P, _op: ScalarOp, _operands: &[P::Value]) -> Option<P::Value> {
    None
}
