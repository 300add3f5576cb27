//! Reduction operators: the associative operations a parallel loop may combine across iterations.
//!
//! The order of combination is fixed, see [`crate::grid`]: an iteration starts from the identity and
//! combines its own contributions; the iteration's total goes to lane `position % LANES` of the block;
//! the lanes are folded by halves; the blocks' partials are combined pairwise in block order.

use crate::{DType, Scalar, ScalarOp};

/// The operator of a reduction.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum ReduceOp {
    /// `+`, from 0.
    Sum,
    /// `*`, from 1.
    Product,
    /// The method `min`, from the largest value (NaN for floats, which the method passes over).
    Min,
    /// The method `max`, from the smallest value (NaN for floats).
    Max,
    /// `&`, from all ones.
    And,
    /// `|`, from 0.
    Or,
    /// `^`, from 0.
    Xor,
}

impl ReduceOp {
    /// All operators.
    pub const ALL: &'static [ReduceOp] = &[
        ReduceOp::Sum,
        ReduceOp::Product,
        ReduceOp::Min,
        ReduceOp::Max,
        ReduceOp::And,
        ReduceOp::Or,
        ReduceOp::Xor,
    ];

    /// The name in IR text.
    pub fn name(self) -> &'static str {
        match self {
            ReduceOp::Sum => "sum",
            ReduceOp::Product => "product",
            ReduceOp::Min => "min",
            ReduceOp::Max => "max",
            ReduceOp::And => "and",
            ReduceOp::Or => "or",
            ReduceOp::Xor => "xor",
        }
    }

    /// The scalar operation that combines two partial results.
    pub fn combine(self) -> ScalarOp {
        match self {
            ReduceOp::Sum => ScalarOp::Add,
            ReduceOp::Product => ScalarOp::Mul,
            ReduceOp::Min => ScalarOp::Min,
            ReduceOp::Max => ScalarOp::Max,
            ReduceOp::And => ScalarOp::And,
            ReduceOp::Or => ScalarOp::Or,
            ReduceOp::Xor => ScalarOp::Xor,
        }
    }

    /// Whether the operator applies to a type: arithmetic and order to numbers, bit operations to
    /// integers and `bool`.
    pub fn applies_to(self, dtype: DType) -> bool {
        match self {
            ReduceOp::Sum | ReduceOp::Product | ReduceOp::Min | ReduceOp::Max => dtype.is_numeric(),
            ReduceOp::And | ReduceOp::Or | ReduceOp::Xor => !dtype.is_float(),
        }
    }

    /// Whether it applies to a type and gives the same bits in whatever order it combines.
    pub fn is_exact(self, dtype: DType) -> bool {
        self.applies_to(dtype) && !dtype.is_float()
    }

    /// The total over no iterations: combined with whatever a variable holds, it leaves every bit of that as it is,
    /// where the identity of sums would make a zero of -0.0.
    ///
    /// # Panics
    /// If the operator does not apply to the type.
    pub fn nothing(self, dtype: DType) -> Scalar {
        match self {
            ReduceOp::Sum if dtype.is_float() => Scalar::F64(-0.0).cast(dtype),
            _ => self.identity(dtype),
        }
    }

    /// What the reduction of an array starts from, and so that of an array without elements: as
    /// [`identity`](ReduceOp::identity), but infinite for minima and maxima of floats.
    ///
    /// # Panics
    /// If the operator does not apply to the type.
    pub fn of_no_elements(self, dtype: DType) -> Scalar {
        match self {
            ReduceOp::Min if dtype.is_float() => dtype.greatest(),
            ReduceOp::Max if dtype.is_float() => dtype.least(),
            _ => self.identity(dtype),
        }
    }

    /// What accumulators start from: combined with any number, but -0.0, it changes nothing.
    ///
    /// # Panics
    /// If the operator does not apply to the type.
    pub fn identity(self, dtype: DType) -> Scalar {
        assert!(self.applies_to(dtype), "{self:?} of {dtype}");
        match self {
            ReduceOp::Sum | ReduceOp::Or | ReduceOp::Xor => dtype.zero(),
            ReduceOp::Product => dtype.one(),
            ReduceOp::And => dtype.all_ones(),
            ReduceOp::Min | ReduceOp::Max if dtype.is_float() => Scalar::F64(f64::NAN).cast(dtype),
            ReduceOp::Min => dtype.greatest(),
            ReduceOp::Max => dtype.least(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_leaves_every_bit_as_it_is() {
        let floats = [0.0, -0.0, 1.5, -7.0, f64::INFINITY, f64::NEG_INFINITY, f64::MIN_POSITIVE / 8.0];
        for op in ReduceOp::ALL {
            for dtype in DType::ALL.iter().copied().filter(|dtype| op.applies_to(*dtype)) {
                let integers = [0, 1, 2, u64::MAX, i64::MIN as u64, i32::MIN as u32 as u64];
                let numbers = integers.map(|bits| Scalar::I64(bits as i64)).into_iter();
                for x in numbers.chain(floats.map(Scalar::F64)).map(|x| x.cast(dtype)) {
                    assert_eq!(op.combine().eval(&[x, op.nothing(dtype)]), x, "{op:?} {dtype}");
                }
                if dtype.is_float() {
                    let nan = Scalar::F64(f64::NAN).cast(dtype);
                    let after = op.combine().eval(&[nan, op.nothing(dtype)]).cast(DType::F64);
                    assert!(matches!(after, Scalar::F64(x) if x.is_nan()), "{op:?} {dtype}");
                }
            }
        }
    }
}
