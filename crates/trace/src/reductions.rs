//! What arrays are reduced to: all elements, or each row along an axis.
//!
//! ```text
//! a.mean().unwrap()          check len > 0; sum a / len
//! a.sum_axis(Axis(0))        reduce sum a along 0
//! a.std(1.0)                 check 0 <= 1 <= len; sqrt(reduce deviations a / (len - 1))
//! a.argmin()                 check len > 0; reduce argmin a
//! ```
//!
//! Which elements count as the smallest, and how variances are computed in one pass, is in [`parfuse_ir::fold`].

use crate::errors::{At, Step};
use crate::state::{Held, Kind, State, Ty};
use parfuse_ir::program::{self, Expr};
use parfuse_ir::{DType, FaultKind, Fold, ReduceOp, ScalarOp};

/// The elements that are reduced to one: all, or those along an axis.
#[derive(Clone, Copy)]
struct Elements {
    array: program::Value,
    axis: Option<u8>,
}

impl State {
    pub(crate) fn sum(&mut self, receiver: u32, _: &[u32], at: At) -> Step<Kind> {
        let all = self.all(receiver, "sum", at)?;
        self.reduced(all, ReduceOp::Sum, at)
    }

    pub(crate) fn product(&mut self, receiver: u32, _: &[u32], at: At) -> Step<Kind> {
        let all = self.all(receiver, "product", at)?;
        self.reduced(all, ReduceOp::Product, at)
    }

    pub(crate) fn mean(&mut self, receiver: u32, _: &[u32], at: At) -> Step<Kind> {
        let all = self.all(receiver, "mean", at)?;
        self.mean_of(all, at)
    }

    pub(crate) fn smallest(&mut self, receiver: u32, _: &[u32], at: At) -> Step<Kind> {
        let all = self.all(receiver, "min", at)?;
        self.extreme(all, ReduceOp::Min.into(), at)
    }

    pub(crate) fn largest(&mut self, receiver: u32, _: &[u32], at: At) -> Step<Kind> {
        let all = self.all(receiver, "max", at)?;
        self.extreme(all, ReduceOp::Max.into(), at)
    }

    pub(crate) fn argmin(&mut self, receiver: u32, _: &[u32], at: At) -> Step<Kind> {
        let all = self.all(receiver, "argmin", at)?;
        self.extreme(all, Fold::ArgMin, at)
    }

    pub(crate) fn argmax(&mut self, receiver: u32, _: &[u32], at: At) -> Step<Kind> {
        let all = self.all(receiver, "argmax", at)?;
        self.extreme(all, Fold::ArgMax, at)
    }

    pub(crate) fn var(&mut self, receiver: u32, args: &[u32], at: At) -> Step<Kind> {
        let all = self.all(receiver, "var", at)?;
        self.variance(all, args[0], at).map(Kind::Plain)
    }

    pub(crate) fn std(&mut self, receiver: u32, args: &[u32], at: At) -> Step<Kind> {
        let all = self.all(receiver, "std", at)?;
        self.deviation(all, args[0], at)
    }
}

/// Along an axis.
impl State {
    pub(crate) fn sum_axis(&mut self, receiver: u32, args: &[u32], at: At) -> Step<Kind> {
        let rows = self.rows(receiver, args[0], "sum_axis", at)?;
        self.reduced(rows, ReduceOp::Sum, at)
    }

    pub(crate) fn product_axis(&mut self, receiver: u32, args: &[u32], at: At) -> Step<Kind> {
        let rows = self.rows(receiver, args[0], "product_axis", at)?;
        self.reduced(rows, ReduceOp::Product, at)
    }

    pub(crate) fn mean_axis(&mut self, receiver: u32, args: &[u32], at: At) -> Step<Kind> {
        let rows = self.rows(receiver, args[0], "mean_axis", at)?;
        self.mean_of(rows, at)
    }

    pub(crate) fn var_axis(&mut self, receiver: u32, args: &[u32], at: At) -> Step<Kind> {
        let rows = self.rows(receiver, args[0], "var_axis", at)?;
        self.variance(rows, args[1], at).map(Kind::Plain)
    }

    pub(crate) fn std_axis(&mut self, receiver: u32, args: &[u32], at: At) -> Step<Kind> {
        let rows = self.rows(receiver, args[0], "std_axis", at)?;
        self.deviation(rows, args[1], at)
    }

    pub(crate) fn min_axis(&mut self, receiver: u32, args: &[u32], at: At) -> Step<Kind> {
        let rows = self.rows(receiver, args[0], "min_axis", at)?;
        self.extreme(rows, ReduceOp::Min.into(), at)
    }

    pub(crate) fn max_axis(&mut self, receiver: u32, args: &[u32], at: At) -> Step<Kind> {
        let rows = self.rows(receiver, args[0], "max_axis", at)?;
        self.extreme(rows, ReduceOp::Max.into(), at)
    }

    pub(crate) fn argmin_axis(&mut self, receiver: u32, args: &[u32], at: At) -> Step<Kind> {
        let rows = self.rows(receiver, args[0], "argmin_axis", at)?;
        self.extreme(rows, Fold::ArgMin, at)
    }

    pub(crate) fn argmax_axis(&mut self, receiver: u32, args: &[u32], at: At) -> Step<Kind> {
        let rows = self.rows(receiver, args[0], "argmax_axis", at)?;
        self.extreme(rows, Fold::ArgMax, at)
    }
}

impl State {
    fn all(&mut self, receiver: u32, name: &str, at: At) -> Step<Elements> {
        Ok(Elements { array: self.array(receiver, name, at)?.0, axis: None })
    }

    fn rows(&mut self, receiver: u32, axis: u32, name: &str, at: At) -> Step<Elements> {
        let (array, rank) = self.array(receiver, name, at)?;
        let axis = self.axis(axis, rank, at)?;
        Ok(Elements { array, axis: Some(axis) })
    }

    fn fold(&mut self, elements: Elements, fold: Fold, at: At) -> Step<program::Value> {
        let Elements { array, axis } = elements;
        let ty = self.ty(array);
        let dtype = match fold {
            Fold::ArgMin | Fold::ArgMax => self.types.known(DType::Usize),
            Fold::Op(_) | Fold::Deviations => ty.dtype,
        };
        let rank = axis.and(ty.rank).map(|rank| rank - 1);
        self.emit(Expr::Reduce { fold, array, axis }, Ty { dtype, rank, of_arrays: false }, at)
    }

    fn reduced(&mut self, elements: Elements, op: ReduceOp, at: At) -> Step<Kind> {
        self.fold(elements, op.into(), at).map(Kind::Plain)
    }

    /// How many elements are reduced to one.
    fn count(&mut self, elements: Elements, at: At) -> Step<program::Value> {
        let Elements { array, axis } = elements;
        match axis {
            None => self.len(array, at),
            Some(axis) => {
                let ty = Ty { dtype: self.types.known(DType::Usize), rank: None, of_arrays: false };
                self.emit(Expr::Dim { array, axis }, ty, at)
            }
        }
    }

    fn any(&mut self, elements: Elements, at: At) -> Step<program::Value> {
        let (count, none) = (self.count(elements, at)?, self.usize_constant(0, at));
        self.op(ScalarOp::Gt, &[count, none], at)
    }

    fn mean_of(&mut self, elements: Elements, at: At) -> Step<Kind> {
        let count = self.count(elements, at)?;
        let none = self.usize_constant(0, at);
        let present = self.op(ScalarOp::Gt, &[count, none], at)?;
        let sum = self.fold(elements, ReduceOp::Sum.into(), at)?;
        let dtype = self.ty(sum).dtype;
        let count = self.cast(count, dtype, at)?;
        let value = self.op(ScalarOp::Div, &[sum, count], at)?;
        let value = self.handle(Kind::Plain(value));
        Ok(Kind::Optional(Held::Value { present, value, fault: FaultKind::EmptyMean }))
    }

    fn extreme(&mut self, elements: Elements, fold: Fold, at: At) -> Step<Kind> {
        let present = self.any(elements, at)?;
        self.check(present, FaultKind::EmptyExtreme, at);
        self.fold(elements, fold, at).map(Kind::Plain)
    }

    /// As `ndarray` has it: of the degrees of freedom there must be between none and as many as elements.
    fn variance(&mut self, elements: Elements, ddof: u32, at: At) -> Step<program::Value> {
        let ddof = self.scalar(ddof, "the degrees of freedom", at)?;
        let (expected, found) = (self.ty(elements.array).dtype, self.ty(ddof).dtype);
        self.unify(expected, found, "the degrees of freedom and the elements")?;
        let count = self.count(elements, at)?;
        let count = self.cast(count, expected, at)?;
        let zero = self.small(0, ddof, at);
        let below = self.op(ScalarOp::Lt, &[ddof, zero], at)?;
        let above = self.op(ScalarOp::Gt, &[ddof, count], at)?;
        let outside = self.op(ScalarOp::Or, &[below, above], at)?;
        let inside = self.op(ScalarOp::Not, &[outside], at)?;
        self.check(inside, FaultKind::DegreesOfFreedom, at);
        let total = self.fold(elements, Fold::Deviations, at)?;
        let freedom = self.op(ScalarOp::Sub, &[count, ddof], at)?;
        self.op(ScalarOp::Div, &[total, freedom], at)
    }

    fn deviation(&mut self, elements: Elements, ddof: u32, at: At) -> Step<Kind> {
        let variance = self.variance(elements, ddof, at)?;
        self.op(ScalarOp::Sqrt, &[variance], at).map(Kind::Plain)
    }
}
