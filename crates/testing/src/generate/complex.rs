//! Complex numbers: made of floats that are there, computed with, and taken apart again.
//!
//! ```text
//! z = complex x, y;  x0 = mul z, w;  v = re x0           scalars, anywhere
//! a = complex b, neg b;  x1 = map z in a { … };  im x1   whole arrays
//! ```
//!
//! The generated program is split before anyone sees it: what is random here is the programs that splitting makes.

use super::{Generator, Place, Rounding};
use parfuse_ir::program::{Expr, Order, Param, Stmt, Type, Value, Var, VarData};
use parfuse_ir::{DType, ElementType, Loc, Part, ReduceOp, Scalar, ScalarOp};

/// The operators of two complex numbers, or of one and a float.
const OPERATORS: [ScalarOp; 4] = [ScalarOp::Add, ScalarOp::Sub, ScalarOp::Mul, ScalarOp::Div];

/// What the names of complex parameters begin with: the parts lie along the last axis of what splitting makes of an array,
/// so that the arguments have to have two there.
pub(crate) const COMPLEX: &str = "z_";

impl Generator<'_> {
    /// A complex parameter: a scalar, or an array to be read or written to.
    pub(super) fn complex_parameter(&mut self) {
        let element = ElementType::Complex(self.choices.pick(&[DType::F64, DType::F32]));
        let ty = match self.choices.pick(&[None, Some(1), Some(1), Some(2), Some(0), Some(3), Some(5)]) {
            None => Type::scalar(element),
            Some(rank) => Type::array(element, rank),
        };
        let mutable = ty.rank().is_some() && self.choices.one_in(3);
        let index = self.program.params.len() as u32;
        let name = format!("{COMPLEX}{index}");
        self.program.params.push(Param { name: name.clone(), ty, mutable });
        if mutable {
            let var = self.program.vars.push(VarData { name, ty, param: Some(index) });
            self.complex_written.push(var);
        } else {
            let value = self.program.value(Expr::Param(index), ty, Loc::NONE);
            self.complex.push(value);
        }
    }

    /// A parameter of a kind, if there is one.
    fn complex_argument(&mut self, is_it: impl Fn(Type) -> bool) -> Option<Value> {
        let fitting = self.complex.iter().copied().filter(|value| is_it(self.program.ty(*value)));
        let fitting: Vec<Value> = fitting.collect();
        (!fitting.is_empty() && self.choices.one_in(2)).then(|| self.choices.pick(&fitting))
    }

    /// Writes to a parameter, if there is one to be written to.
    fn complex_update(&mut self) {
        if self.complex_written.is_empty() {
            return;
        }
        let vars = self.complex_written.clone();
        let var = self.choices.pick(&vars);
        let ty = self.program.vars[var].ty;
        let present = self.hidden(Expr::Var(var), ty);
        let value = self.complex_operation(present);
        let loc = self.loc();
        self.block.push(Stmt::Update { place: var.into(), value, loc });
    }

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
        if self.depth == 0 {
            self.complex_update();
        }
        let mut value = match self.complex_argument(|ty| ty.rank().is_some()) {
            Some(argument) => argument,
            None => {
                let part = self.choices.pick(&[DType::F64, DType::F32]);
                let re = self.array_of(part);
                let ty = self.program.ty(re);
                if ty.rank().is_none_or(|rank| rank > 5) {
                    return;
                }
                let im = self.hidden(Expr::Op(ScalarOp::Neg, vec![re]), ty);
                self.hidden(Expr::Complex { re, im }, ty.with_element(ElementType::Complex(part)))
            }
        };
        let complex = self.program.ty(value);
        let part = complex.dtype();
        for _ in 0..1 + self.choices.below(3) {
            value = match self.choices.below(6) {
                0 => self.complex_map(value),
                1 => self.hidden(Expr::Copy(value), complex),
                _ => self.complex_operation(value),
            };
        }
        let line = Type::array(ElementType::Complex(DType::F64), 1);
        if self.program.ty(value) == line && self.choices.one_in(2) {
            value = self.complex_line_from_outside(value);
        }
        let complex = self.program.ty(value);
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
        if self.depth == 0 && self.choices.one_in(3) {
            // In the order of the elements, whoever computes it.
            let fold = ReduceOp::Product.into();
            let ty = self.program.ty(value);
            let axis = ty.rank().filter(|rank| *rank > 0 && self.choices.one_in(2)).map(|rank| rank - 1);
            let product = match (axis, ty.rank()) {
                (Some(_), Some(rank)) => Type::array(ty.element(), rank - 1),
                _ => Type::scalar(ty.element()),
            };
            let product = self.hidden(Expr::Reduce { fold, array: value, axis }, product);
            self.parts(product);
        }
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
            if inside.choices.one_in(2) {
                return (param, inside.complex_operation(once));
            }
            // In a loop, whose results are those of both parts.
            let var = inside.complex_variable(once);
            let (body, index) = inside.nested(|inside| {
                let index = inside.bound(DType::Usize);
                let present = inside.hidden(Expr::Var(var), inside.program.vars[var].ty);
                let value = inside.complex_operation(present);
                inside.block.push(Stmt::Assign { var, value });
                index
            });
            let [start, step, end] = [0, 1, 3].map(|number| inside.constant(Scalar::Usize(number)));
            inside.block.push(Stmt::For {
                index,
                start,
                end,
                step,
                order: Order::Serial,
                until: None,
                body,
                loc,
            });
            (param, inside.hidden(Expr::Var(var), inside.program.vars[var].ty))
        });
        self.place = outside;
        self.hidden(Expr::Map { arrays: vec![array], params: vec![param], body, results: vec![result] }, ty)
    }

    fn complex_scalar(&mut self, part: DType) -> Value {
        let ty = Type::scalar(ElementType::Complex(part));
        if let Some(argument) = self.complex_argument(|found| found == ty) {
            return argument;
        }
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

    /// A function outside is called with a line of complex numbers: what it returns, or what it has written.
    fn complex_line_from_outside(&mut self, line: Value) -> Value {
        let ty = self.program.ty(line);
        let written = self.complex_variable(line);
        let z = self.complex_scalar(ty.dtype());
        let (returned, first) = self.complex_call(line, written, z);
        let first = self.hidden(Expr::Var(first), self.program.ty(z));
        self.parts(first);
        let var = self.choices.pick(&[returned, written]);
        self.hidden(Expr::Var(var), ty)
    }

    /// Leaves the parts of a complex number in sight.
    fn parts(&mut self, complex: Value) {
        let ty = self.program.ty(complex);
        for part in Part::BOTH {
            self.emit(Expr::Part { complex, part }, ty.with_element(ty.dtype()));
        }
    }
}
