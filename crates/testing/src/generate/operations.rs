//! Scalars: constants, variables, operations of every row of the table, conversions, random numbers.

use super::{Generator, Place};
use crate::extremes::{divisor, extreme};
use parfuse_ir::math::is_expansion;
use parfuse_ir::program::{Expr, Stmt, Type, Value};
use parfuse_ir::scalar_op::Signature;
use parfuse_ir::{Class, DType, Distribution, FaultKind, Scalar, ScalarOp};

impl Generator<'_> {
    /// A constant: most often a small one.
    pub(super) fn literal(&mut self, dtype: DType) -> Value {
        if self.choices.one_in(8) && !dtype.is_bool() {
            let scalar = extreme(dtype, self.choices);
            return self.constant(scalar);
        }
        let small = self.choices.below(7) as i64 - 2;
        let scalar = match dtype.class() {
            Class::Bool => Scalar::Bool(self.choices.below(2) == 1),
            Class::Unsigned => Scalar::Usize(small.unsigned_abs() as usize).cast(dtype),
            Class::Signed => Scalar::I64(small).cast(dtype),
            Class::Float => Scalar::F64(small as f64 * 0.75).cast(dtype),
        };
        self.constant(scalar)
    }

    /// A scalar that is already there, or a new one.
    pub(super) fn scalar(&mut self, dtype: DType) -> Value {
        let ty = Type::scalar(dtype);
        let known: Vec<Value> = self.scope.iter().copied().filter(|v| self.program.ty(*v) == ty).collect();
        let vars: Vec<_> = self.slots.iter().filter(|slot| slot.readable && slot.ty == ty).copied().collect();
        match self.choices.below(8) {
            0..4 if !known.is_empty() => {
                // Newer values are the more interesting ones.
                let newest = known.len().saturating_sub(4);
                let from = if self.choices.one_in(3) { 0 } else { newest };
                self.choices.pick(&known[from..])
            }
            4 | 5 if !vars.is_empty() => {
                let slot = self.choices.pick(&vars);
                self.emit(Expr::Var(slot.var), ty)
            }
            6 => self.converted(dtype),
            _ => self.literal(dtype),
        }
    }

    /// A scalar converted from one of another type.
    fn converted(&mut self, dtype: DType) -> Value {
        let scalars = |v: &Value| self.program.ty(*v).rank().is_none();
        let known: Vec<Value> = self.scope.iter().copied().filter(scalars).collect();
        if known.is_empty() {
            return self.literal(dtype);
        }
        let from = self.choices.pick(&known);
        if self.program.ty(from).dtype() == dtype {
            from
        } else {
            self.emit(Expr::Cast(from), Type::scalar(dtype))
        }
    }

    /// The scalar converted to a type, unless it is of that type.
    pub(super) fn cast(&mut self, value: Value, dtype: DType) -> Value {
        if self.program.ty(value).dtype() == dtype {
            return value;
        }
        self.hidden(Expr::Cast(value), Type::scalar(dtype))
    }

    /// A new scalar, computed.
    pub(super) fn scalar_operation(&mut self) -> Value {
        let dtype = self.dtype();
        if self.place != Place::Map && self.choices.one_in(10) {
            return self.random_numbers(Vec::new(), Type::scalar(dtype));
        }
        self.scalar_of(dtype)
    }

    /// A random number or an array of them, of any distribution that the type has.
    pub(super) fn random_numbers(&mut self, shape: Vec<Value>, ty: Type) -> Value {
        let dtype = ty.dtype();
        let fitting: Vec<Distribution> =
            Distribution::ALL.iter().copied().filter(|distribution| distribution.applies_to(dtype)).collect();
        let distribution = self.choices.pick(&fitting);
        let operand_type = distribution.operand_type(dtype);
        let mut operands: Vec<Value> =
            (0..distribution.operands()).map(|_| self.scalar(operand_type)).collect();
        if let [low, high] = &mut operands[..]
            && !self.choices.one_in(10)
        {
            // A range that is seldom empty.
            let ty = Type::scalar(dtype);
            for (op, end) in [(ScalarOp::Min, low), (ScalarOp::Max, high)] {
                let limit = self.literal(dtype);
                *end = self.hidden(Expr::Op(op, vec![*end, limit]), ty);
            }
        }
        self.emit(Expr::Random { distribution, operands, shape }, ty)
    }

    /// A new scalar of a type, computed.
    pub(super) fn scalar_of(&mut self, dtype: DType) -> Value {
        if ScalarOp::ToBits.result_type(&[dtype.with_same_bits()]) == Some(dtype) && self.choices.one_in(12) {
            return self.bits(dtype);
        }
        let (op, operands) = self.operation(dtype);
        let mut values: Vec<Value> = operands.iter().map(|dtype| self.scalar(*dtype)).collect();
        if divides(op, dtype) {
            values[1] = self.divisor(values[1], dtype);
        }
        self.emit(Expr::Op(op, values), Type::scalar(dtype))
    }

    /// The bits of a float that is not NaN: those of NaN are open.
    fn bits(&mut self, dtype: DType) -> Value {
        let ty = Type::scalar(dtype.with_same_bits());
        let (float, zero) = (self.scalar(ty.dtype()), self.constant(ty.dtype().zero()));
        let is_nan = self.hidden(Expr::Op(ScalarOp::IsNan, vec![float]), Type::scalar(DType::Bool));
        let number = self.hidden(Expr::Op(ScalarOp::Select, vec![is_nan, zero, float]), ty);
        self.emit(Expr::Op(ScalarOp::ToBits, vec![number]), Type::scalar(dtype))
    }

    /// An operation with results of this type, and the types of its operands.
    pub(super) fn operation(&mut self, dtype: DType) -> (ScalarOp, Vec<DType>) {
        for _ in 0..40 {
            let op = self.choices.pick(ScalarOp::ALL);
            let operand = match op.signature() {
                Signature::Compare => self.dtype(),
                Signature::Bits => dtype.with_same_bits(),
                Signature::Same | Signature::Select | Signature::Power => dtype,
            };
            let mut operands = vec![operand; op.arity()];
            match op.signature() {
                Signature::Select => operands[0] = DType::Bool,
                Signature::Power => operands[1] = DType::I32,
                Signature::Same | Signature::Compare | Signature::Bits => {}
            }
            // Functions are many, all alike to the passes, and long to interpret.
            let is_likely = !is_expansion(op) || self.choices.one_in(8);
            // The remainder of floats has no expansion.
            let possible = is_likely && (op != ScalarOp::Rem || dtype.is_int()) && op != ScalarOp::ToBits;
            if possible && op.result_type(&operands) == Some(dtype) {
                return (op, operands);
            }
        }
        (ScalarOp::Select, vec![DType::Bool, dtype, dtype])
    }

    /// A divisor that is seldom zero, and checked where it might be.
    fn divisor(&mut self, value: Value, dtype: DType) -> Value {
        if self.choices.one_in(3) {
            let number = divisor(dtype, self.choices);
            return self.constant(number);
        }
        if !self.choices.one_in(10) {
            let one = self.constant(dtype.one());
            return self.hidden(Expr::Op(ScalarOp::Or, vec![value, one]), Type::scalar(dtype));
        }
        let zero = self.constant(dtype.zero());
        let ok = self.hidden(Expr::Op(ScalarOp::Ne, vec![value, zero]), Type::scalar(DType::Bool));
        let loc = self.loc();
        self.block.push(Stmt::Check { ok, kind: FaultKind::DivisionByZero, args: Vec::new(), loc });
        value
    }
}

/// Whether an operation needs a divisor that is not zero.
pub(super) fn divides(op: ScalarOp, dtype: DType) -> bool {
    matches!(op, ScalarOp::Div | ScalarOp::Rem) && dtype.is_int()
}
