//! How often a loop through a range of the user's runs.
//!
//! ```text
//! trips 3i32, n, 2usize        for 3, 5, 7, … below n
//! ```
//!
//! Loops count from zero. What they count through stays written down as [`Expr::Trips`](super::Expr::Trips), so that
//! passes can ask for start, end and step; `vectorize` makes arithmetic of it in the end, by [`expand`] as everyone.

use crate::{DType, Scalar, ScalarOp};

/// What the number of iterations is computed with.
pub trait Count {
    /// A number.
    type Number: Copy;
    /// Performs an operation.
    fn op(&mut self, op: ScalarOp, operands: &[Self::Number]) -> Self::Number;
    /// Extends to a `usize`, with the sign if there is one.
    fn widen(&mut self, number: Self::Number) -> Self::Number;
    /// A `usize`.
    fn constant(&mut self, number: usize) -> Self::Number;
    /// Whether a `usize` is known to be this.
    fn is(&self, number: Self::Number, constant: usize) -> bool;
}

/// The number of `start, start + step, …` below `end`, both of one integer type: `(end - start - 1) / step + 1` in `usize`
/// modulo 2^64, where no intermediate value overflows that matters, or none. The step is a `usize` and not zero, or nobody
/// looks at the number.
pub fn expand<C: Count>(cx: &mut C, start: C::Number, end: C::Number, step: C::Number) -> C::Number {
    let runs = cx.op(ScalarOp::Gt, &[end, start]);
    let [wide_start, wide_end] = [start, end].map(|number| cx.widen(number));
    let span = if cx.is(wide_start, 0) { wide_end } else { cx.op(ScalarOp::Sub, &[wide_end, wide_start]) };
    let (zero, one) = (cx.constant(0), cx.constant(1));
    let trips = if cx.is(step, 1) {
        span
    } else {
        let last = cx.op(ScalarOp::Sub, &[span, one]);
        let steps = cx.op(ScalarOp::Div, &[last, step]);
        cx.op(ScalarOp::Add, &[steps, one])
    };
    cx.op(ScalarOp::Select, &[runs, trips, zero])
}

/// The number of iterations for known numbers, as a `usize`.
pub fn trips(start: Scalar, end: Scalar, step: Scalar) -> Scalar {
    expand(&mut Known, start, end, step)
}

struct Known;

impl Count for Known {
    type Number = Scalar;
    fn op(&mut self, op: ScalarOp, operands: &[Scalar]) -> Scalar {
        op.eval(operands)
    }
    fn widen(&mut self, number: Scalar) -> Scalar {
        number.cast(DType::Usize)
    }
    fn constant(&mut self, number: usize) -> Scalar {
        Scalar::Usize(number)
    }
    fn is(&self, number: Scalar, constant: usize) -> bool {
        number == Scalar::Usize(constant)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trips_are_those_of_ranges_of_any_type() {
        let counts = |start: Scalar, end, step| trips(start, end, Scalar::Usize(step)).to_bits();
        assert_eq!(counts(Scalar::I32(3), Scalar::I32(10), 2), 4);
        assert_eq!(counts(Scalar::I32(3), Scalar::I32(11), 2), 4);
        assert_eq!(counts(Scalar::I32(3), Scalar::I32(12), 2), 5);
        assert_eq!(counts(Scalar::I32(3), Scalar::I32(3), 1), 0);
        assert_eq!(counts(Scalar::I32(i32::MIN), Scalar::I32(i32::MAX), 1), u32::MAX as u64);
        assert_eq!(counts(Scalar::I64(i64::MIN), Scalar::I64(i64::MAX), 1), u64::MAX);
        assert_eq!(counts(Scalar::I64(i64::MIN), Scalar::I64(i64::MAX), i64::MAX as usize), 3);
        assert_eq!(counts(Scalar::I64(5), Scalar::I64(-5), 1), 0);
        assert_eq!(counts(Scalar::Usize(1), Scalar::Usize(usize::MAX), 1 << 63), 2);
        assert_eq!(counts(Scalar::I8(-128), Scalar::I8(127), 200), 2);
        assert_eq!(counts(Scalar::I64(i64::MIN), Scalar::I64(i64::MAX), usize::MAX), 1);
    }
}
