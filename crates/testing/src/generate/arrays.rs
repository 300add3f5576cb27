//! Whole-array operations.

use super::operations::divides;
use super::{Generator, Place, Rounding, Slot};
use crate::extremes::divisor;
use parfuse_ir::program::{Expr, Stmt, Type, Value};
use parfuse_ir::{DType, FaultKind, Fold, MAX_RANK, ReduceOp, Scalar, ScalarOp};

impl Generator<'_> {
    /// Any array that can be read here, or a view of one.
    pub(super) fn any_array(&mut self) -> Value {
        let array = self.any_whole_array();
        match self.choices.below(48) {
            0..4 => self.view_of(array),
            4 => self.spread_view_of(array),
            _ => array,
        }
    }

    /// An array of the elements of another one in another shape, most often one that fits.
    fn reshaped(&mut self, array: Value) -> Value {
        let Type::Array(dtype, rank) = self.program.ty(array) else { unreachable!("it is an array") };
        let usize_type = Type::scalar(DType::Usize);
        let mut lengths = Vec::new();
        for axis in 0..rank {
            lengths.push(self.hidden(Expr::Dim { array, axis }, usize_type));
        }
        let one = self.constant(Scalar::Usize(1));
        let mut shape = match self.choices.below(4) {
            0 => lengths.into_iter().rev().collect(),
            1 if rank > 2 => {
                let both = self.hidden(Expr::Op(ScalarOp::Mul, vec![lengths[0], lengths[1]]), usize_type);
                [&[both], &lengths[2..]].concat()
            }
            2 if self.choices.one_in(8) => self.shape(),
            _ => vec![self.hidden(Expr::Len(array), usize_type)],
        };
        if shape.len() < MAX_RANK && self.choices.one_in(2) {
            let position = self.choices.below(shape.len() + 1);
            shape.insert(position, one);
        }
        let ty = Type::array(dtype, shape.len() as u8);
        self.emit(Expr::Reshape { array, shape }, ty)
    }

    /// A variable of a vector or a matrix of numbers, for loops that read and store its elements.
    pub(super) fn numbers_to_update(&mut self) -> Option<Slot> {
        let fits = |slot: &&Slot| {
            matches!(slot.ty.rank(), Some(1 | 2)) && slot.readable && slot.ty.dtype().is_numeric()
        };
        let slots: Vec<Slot> = self.slots.iter().filter(fits).copied().collect();
        (!slots.is_empty()).then(|| self.choices.pick(&slots))
    }

    /// Any array that can be read here. The contents of a variable are not kept in sight: it may change.
    fn any_whole_array(&mut self) -> Value {
        let known: Vec<Value> =
            self.scope.iter().copied().filter(|v| self.program.ty(*v).rank().is_some()).collect();
        let vars: Vec<_> =
            self.slots.iter().filter(|slot| slot.readable && slot.ty.rank().is_some()).copied().collect();
        let index = self.choices.below(known.len() + vars.len());
        match known.get(index) {
            Some(value) => *value,
            None => {
                let slot = vars[index - known.len()];
                self.hidden(Expr::Var(slot.var), slot.ty)
            }
        }
    }

    /// An array of a type of elements, converted if need be.
    pub(super) fn array_of(&mut self, dtype: DType) -> Value {
        for _ in 0..4 {
            let array = self.any_array();
            if self.program.ty(array).dtype() == dtype {
                return array;
            }
        }
        let array = self.any_array();
        let ty = self.program.ty(array);
        if ty.dtype() == dtype { array } else { self.emit(Expr::Cast(array), ty.with_element(dtype)) }
    }

    /// A new array, computed.
    pub(super) fn array_operation(&mut self) -> Value {
        match self.choices.below(12) {
            0..6 => {
                let dtype = self.dtype();
                self.elementwise(dtype)
            }
            6 => {
                let (array, dtype) = (self.any_array(), self.dtype());
                let ty = self.program.ty(array).with_element(dtype);
                self.emit(Expr::Cast(array), ty)
            }
            7 => {
                let array = self.any_array();
                let ty = self.program.ty(array);
                if self.choices.one_in(3) {
                    return self.reshaped(array);
                }
                self.emit(Expr::Copy(array), ty)
            }
            8 => {
                let (shape, dtype) = (self.shape(), self.dtype());
                let ty = Type::array(dtype, shape.len() as u8);
                let value = self.scalar(dtype);
                self.emit(Expr::Fill { shape, value }, ty)
            }
            9 => {
                let (shape, dtype) = (self.shape(), self.dtype());
                if shape.is_empty() {
                    return self.elementwise(dtype);
                }
                let ty = Type::array(dtype, shape.len() as u8);
                self.random_numbers(shape, ty)
            }
            _ => self.map(),
        }
    }

    /// The lengths of some array, or a small constant one.
    fn shape(&mut self) -> Vec<Value> {
        if self.choices.one_in(8) {
            return vec![self.constant(Scalar::Usize(3))];
        }
        let array = self.any_array();
        let rank = self.program.ty(array).rank().unwrap_or(0);
        (0..rank).map(|axis| self.hidden(Expr::Dim { array, axis }, Type::scalar(DType::Usize))).collect()
    }

    fn elementwise(&mut self, dtype: DType) -> Value {
        let (op, operands) = self.operation(dtype);
        let whole = self.choices.below(operands.len());
        let mut values = Vec::new();
        for (position, operand) in operands.iter().enumerate() {
            let array = position == whole || self.choices.below(2) == 0;
            values.push(if array { self.array_of(*operand) } else { self.scalar(*operand) });
        }
        if divides(op, dtype) {
            values[1] = self.array_divisor(values[1], dtype);
        }
        let rank = values.iter().filter_map(|v| self.program.ty(*v).rank()).max().unwrap_or(0);
        self.emit(Expr::Op(op, values), Type::array(dtype, rank))
    }

    fn array_divisor(&mut self, value: Value, dtype: DType) -> Value {
        if self.choices.one_in(3) && self.program.ty(value).rank().is_none() {
            let number = divisor(dtype, self.choices);
            return self.constant(number);
        }
        let ty = self.program.ty(value);
        if !self.choices.one_in(10) {
            let one = self.constant(dtype.one());
            return self.hidden(Expr::Op(ScalarOp::Or, vec![value, one]), ty);
        }
        let zero = self.constant(dtype.zero());
        let mut ok = self.hidden(Expr::Op(ScalarOp::Ne, vec![value, zero]), ty.with_element(DType::Bool));
        if ty.rank().is_some() {
            ok = self.hidden(
                Expr::Reduce { fold: ReduceOp::And.into(), array: ok, axis: None },
                Type::scalar(DType::Bool),
            );
        }
        let loc = self.loc();
        self.block.push(Stmt::Check { ok, kind: FaultKind::DivisionByZero, args: Vec::new(), loc });
        value
    }

    /// An array computed element by element with branches and private variables.
    pub(super) fn map(&mut self) -> Value {
        let first = self.any_array();
        let ty = self.program.ty(first);
        let mut arrays = vec![first];
        if self.choices.below(2) == 0 {
            let other = self.any_array();
            if self.program.ty(other).rank() <= ty.rank() {
                arrays.push(other);
            }
        }
        let result_type = self.dtype();
        let types: Vec<DType> = arrays.iter().map(|array| self.program.ty(*array).dtype()).collect();
        let outside = std::mem::replace(&mut self.place, Place::Map);
        let scopes = std::mem::take(&mut self.scopes);
        // Several results lie side by side.
        let count = match self.depth == 0 && ty.rank().is_some_and(|rank| rank < 6) {
            true => self.choices.pick(&[1, 1, 1, 2, 3]),
            false => 1,
        };
        let (body, (params, results)) = self.nested(|inside| {
            inside.slots.iter_mut().for_each(|slot| slot.assignable = false);
            let params: Vec<Value> = types.iter().map(|dtype| inside.bound(*dtype)).collect();
            for _ in 0..1 + inside.choices.below(3) {
                inside.scalar_statement();
            }
            (params, (0..count).map(|_| inside.scalar_of(result_type)).collect::<Vec<_>>())
        });
        (self.place, self.scopes) = (outside, scopes);
        let rank = ty.rank().unwrap_or(0) + (count > 1) as u8;
        self.emit(Expr::Map { arrays, params, body, results }, Type::array(result_type, rank))
    }

    /// Reduces an array to a scalar, or along an axis.
    pub(super) fn reduction(&mut self) {
        let folds: Vec<Fold> = Fold::all().collect();
        let fold = self.choices.pick(&folds);
        let mut array = self.any_array();
        if !fold.applies_to(self.program.ty(array).dtype()) {
            array = self.array_of(if fold.applies_to(DType::F64) { DType::F64 } else { DType::I64 });
        }
        let (dtype, rank) = (self.program.ty(array).dtype(), self.program.ty(array).rank().unwrap_or(0));
        let axis = (rank > 0 && self.choices.below(2) == 0).then(|| self.choices.below(rank.into()) as u8);
        let result = fold.result_type(dtype);
        let ty = axis.map_or(Type::scalar(result), |_| Type::array(result, rank - 1));
        // Positions are the same in any order.
        let rounds = dtype.is_float() && result == dtype;
        if !rounds || self.rounding == Rounding::Free {
            self.emit(Expr::Reduce { fold, array, axis }, ty);
        } else if self.rounding == Rounding::Close && self.depth == 0 && fold != Fold::Deviations {
            let array = self.near_one(array);
            let total = self.hidden(Expr::Reduce { fold, array, axis }, ty);
            self.totals.push(total);
        }
    }

    /// The floats brought close to one, so that their sums and products round to about the same in any order.
    pub(super) fn near_one(&mut self, value: Value) -> Value {
        let ty = self.program.ty(value);
        let mut limited = value;
        for (op, limit) in [(ScalarOp::Min, 1.0 + 1.0 / 1024.0), (ScalarOp::Max, 1.0 - 1.0 / 1024.0)] {
            let limit = Scalar::F64(limit).cast(ty.dtype());
            let limit = self.constant(limit);
            limited = self.hidden(Expr::Op(op, vec![limited, limit]), ty);
        }
        limited
    }
}
