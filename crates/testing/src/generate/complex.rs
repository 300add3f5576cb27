//! Complex numbers: made of floats that are there, computed with, and taken apart again.
//!
//! ```text
//! z = complex x, y;  x0 = mul z, w;  v = re x0           scalars, anywhere
//! a = complex b, neg b;  x1 = map z in a { … };  im x1   whole arrays
//! ```
//!
//! The generated program is split before anyone sees it: what is random here is the programs that splitting makes.

use super::{Generator, Place, Rounding};
use parfuse_ir::program::{Expr, Stmt, Type, Value, Var, VarData};
use parfuse_ir::{DType, ElementType, Part, ReduceOp, ScalarOp};

/// The operators of two complex numbers, or of one and a float.
const OPERATORS: [ScalarOp; 4] = [ScalarOp::Add, ScalarOp::Sub, ScalarOp::Mul, ScalarOp::Div];

impl Generator<'_> {
    /// A few operations on complex scalars; what comes out are parts, or whether two are equal.
    pub(super) fn complex_scalars(&mut self) {
        let part = self.choices.pick(&[DType::F64, DType::F32]);
        let mut value = self.complex_scalar(part);
        for _ in 0..1 + self.choices.below(3) {
            value = self.complex_operation(value);
        }
        match self.choices.below(4) {
            0 => {
                let other = self.complex_scalar(part);
                let op = self.choices.pick(&[ScalarOp::Eq, ScalarOp::Ne]);
                self.emit(Expr::Op(op, vec![value, other]), Type::BOOL);
            }
            1 => {
                let var = self.complex_variable(value);
                let cond = self.scalar(DType::Bool);
                let (then, ()) = self.nested(|inside| {
                    let present = inside.hidden(Expr::Var(var), inside.program.vars[var].ty);
                    let value = inside.complex_operation(present);
                    inside.block.push(Stmt::Assign { var, value });
                });
                self.block.push(Stmt::If { cond, then, otherwise: Vec::new() });
                let value = self.hidden(Expr::Var(var), self.program.vars[var].ty);
                self.parts(value);
            }
            _ => self.parts(value),
        }
    }

    /// A few operations on arrays of complex numbers.
    pub(super) fn complex_arrays(&mut self) {
        let part = self.choices.pick(&[DType::F64, DType::F32]);
        let re = self.array_of(part);
        let ty = self.program.ty(re);
        if ty.rank().is_none_or(|rank| rank > 5) {
            return;
        }
        let im = self.hidden(Expr::Op(ScalarOp::Neg, vec![re]), ty);
        let complex = ty.with_element(ElementType::Complex(part));
        let mut value = self.hidden(Expr::Complex { re, im }, complex);
        for _ in 0..1 + self.choices.below(3) {
            value = match self.choices.below(6) {
                0 => self.complex_map(value),
                1 => self.hidden(Expr::Copy(value), complex),
                _ => self.complex_operation(value),
            };
        }
        // What broadcasts has other axes; a variable is of one type.
        if self.program.ty(value) == complex && self.choices.one_in(2) {
            let var = self.complex_variable(value);
            let present = self.hidden(Expr::Var(var), complex);
            let changed = self.complex_operation(present);
            if self.program.ty(changed) == complex {
                let loc = self.loc();
                self.block.push(Stmt::Update { place: var.into(), value: changed, loc });
            }
            value = self.hidden(Expr::Var(var), complex);
            if self.depth == 0 && self.choices.one_in(2) {
                self.returned.push(var);
            }
        }
        self.parts(value);
        if self.rounding == Rounding::Free {
            let fold = ReduceOp::Sum.into();
            let sum = Expr::Reduce { fold, array: value, axis: None };
            let sum = self.hidden(sum, Type::scalar(ElementType::Complex(part)));
            self.parts(sum);
        }
    }

    /// An array of what a closure computes of complex elements.
    fn complex_map(&mut self, array: Value) -> Value {
        let ty = self.program.ty(array);
        let outside = std::mem::replace(&mut self.place, Place::Map);
        let (body, (param, result)) = self.nested(|inside| {
            inside.slots.iter_mut().for_each(|slot| slot.assignable = false);
            let loc = inside.loc();
            let param = inside.program.value(Expr::Bound, Type::scalar(ty.element()), loc);
            let once = inside.complex_operation(param);
            (param, inside.complex_operation(once))
        });
        self.place = outside;
        self.hidden(Expr::Map { arrays: vec![array], params: vec![param], body, result }, ty)
    }

    fn complex_scalar(&mut self, part: DType) -> Value {
        let ty = Type::scalar(ElementType::Complex(part));
        if self.choices.one_in(4) {
            let real = self.scalar(part);
            return self.hidden(Expr::Cast(real), ty);
        }
        let (re, im) = (self.scalar(part), self.scalar(part));
        self.hidden(Expr::Complex { re, im }, ty)
    }

    /// An operation of a complex number, with another or with a float on either side.
    fn complex_operation(&mut self, value: Value) -> Value {
        let ty = self.program.ty(value);
        let op = self.choices.pick(&OPERATORS);
        let operands = match self.choices.below(6) {
            0 => return self.hidden(Expr::Op(ScalarOp::Neg, vec![value]), ty),
            1 => {
                let cond = self.scalar(DType::Bool);
                let other = self.complex_scalar(ty.dtype());
                return self.hidden(Expr::Op(ScalarOp::Select, vec![cond, value, other]), ty);
            }
            2 => vec![value, self.scalar(ty.dtype())],
            3 => vec![self.scalar(ty.dtype()), value],
            4 => vec![value, value],
            _ => vec![value, self.complex_scalar(ty.dtype())],
        };
        self.hidden(Expr::Op(op, operands), ty)
    }

    fn complex_variable(&mut self, value: Value) -> Var {
        let (name, ty) = (format!("z_{}", self.program.vars.len()), self.program.ty(value));
        let var = self.program.vars.push(VarData { name, ty, param: None });
        self.block.push(Stmt::Assign { var, value });
        var
    }

    /// Leaves the parts of a complex number in sight.
    fn parts(&mut self, complex: Value) {
        let ty = self.program.ty(complex);
        for part in Part::BOTH {
            self.emit(Expr::Part { complex, part }, ty.with_element(ty.dtype()));
        }
    }
}
