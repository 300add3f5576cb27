//! What operations on complex numbers are in terms of their parts.
//!
//! ```text
//! z * w     z.re · w.re - z.im · w.im     z.re · w.im + z.im · w.re
//! z / w     (z.re · w.re + z.im · w.im) / n     (z.im · w.re - z.re · w.im) / n     n = w.re · w.re + w.im · w.im
//! z * x     z.re · x     z.im · x
//! ```
//!
//! The formulas, and the order of their operations, are those of `num-complex` 0.4 (`src/lib.rs`).

use super::Split;
use parfuse_ir::ScalarOp::{Add, And, Div, Eq, Mul, Ne, Neg, Or, Select, Sub};
use parfuse_ir::program::{Expr, Value};
use parfuse_ir::{Part, ScalarOp};

/// An operand: a real number, or the parts of a complex one.
#[derive(Clone, Copy)]
enum Operand {
    Real(Value),
    Complex([Value; 2]),
}

use Operand::{Complex, Real};

impl Split<'_> {
    /// The parts of a complex number that an operation gives.
    pub(super) fn operation(&mut self, value: Value, op: ScalarOp, operands: &[Value]) -> [Value; 2] {
        let operands: Vec<Operand> = operands.iter().map(|operand| self.operand(*operand)).collect();
        let mut on = |op: ScalarOp, operands: &[Value]| self.op(op, operands, value);
        match (op, &operands[..]) {
            (Neg, [Complex(z)]) => z.map(|part| on(Neg, &[part])),
            (Select, [Real(cond), Complex(z), Complex(w)]) => {
                [0, 1].map(|part| on(Select, &[*cond, z[part], w[part]]))
            }
            (Add | Sub, [Complex(z), Complex(w)]) => [0, 1].map(|part| on(op, &[z[part], w[part]])),
            (Add | Sub, [Complex([re, im]), Real(x)]) => [on(op, &[*re, *x]), self.drawn_out(*im, *x, value)],
            (Add, [Real(x), Complex([re, im])]) => [on(Add, &[*x, *re]), self.drawn_out(*im, *x, value)],
            (Sub, [Real(x), Complex([re, im])]) => {
                let re = on(Sub, &[*x, *re]);
                let zero = self.zero(*im);
                let opposite = self.op(Sub, &[zero, *im], value);
                [re, self.drawn_out(opposite, *x, value)]
            }
            (Mul, [Complex(z), Complex(w)]) => self.product_of_two(*z, *w, value),
            (Mul | Div, [Complex(z), Real(x)]) => z.map(|part| on(op, &[part, *x])),
            (Mul, [Real(x), Complex(z)]) => z.map(|part| on(Mul, &[*x, part])),
            (Div, [Complex([a, b]), Complex(w @ [c, d])]) => {
                let norm = self.norm_sqr(*w, value);
                let mut on = |op: ScalarOp, operands: &[Value]| self.op(op, operands, value);
                let (ac, bd) = (on(Mul, &[*a, *c]), on(Mul, &[*b, *d]));
                let re = on(Add, &[ac, bd]);
                let (bc, ad) = (on(Mul, &[*b, *c]), on(Mul, &[*a, *d]));
                let im = on(Sub, &[bc, ad]);
                [re, im].map(|part| on(Div, &[part, norm]))
            }
            (Div, [Real(x), Complex(w)]) => {
                let norm = self.norm_sqr(*w, value);
                let [re, im] = w.map(|part| {
                    let product = self.op(Mul, &[*x, part], value);
                    self.op(Div, &[product, norm], value)
                });
                let zero = self.zero(im);
                [re, self.op(Sub, &[zero, im], value)]
            }
            _ => panic!("{value}: {op} of complex numbers"),
        }
    }

    /// The product of two complex numbers.
    pub(super) fn product_of_two(
        &mut self,
        [a, b]: [Value; 2],
        [c, d]: [Value; 2],
        value: Value,
    ) -> [Value; 2] {
        let mut on = |op: ScalarOp, operands: &[Value]| self.op(op, operands, value);
        let (ac, bd) = (on(Mul, &[a, c]), on(Mul, &[b, d]));
        let re = on(Sub, &[ac, bd]);
        let (ad, bc) = (on(Mul, &[a, d]), on(Mul, &[b, c]));
        [re, on(Add, &[ad, bc])]
    }

    /// Whether two complex numbers are equal, or not.
    pub(super) fn comparison(&mut self, value: Value, op: ScalarOp, operands: &[Value]) -> Expr {
        let [z, w] = [operands[0], operands[1]].map(|operand| self.parts[&operand]);
        let parts = Part::BOTH.map(|part| self.op(op, &[z[part.index()], w[part.index()]], value));
        match op {
            Eq => Expr::Op(And, parts.to_vec()),
            Ne => Expr::Op(Or, parts.to_vec()),
            _ => panic!("{value}: {op} of complex numbers"),
        }
    }

    /// The parts of a real number as a complex one.
    pub(super) fn of_real(&mut self, value: Value, real: Value) -> [Value; 2] {
        let ty = super::part_type(self.program.ty(value));
        let re = match self.program.ty(real) == ty {
            true if ty.rank().is_none() => real,
            true => self.emit(Expr::Copy(real), ty, value),
            false => self.emit(Expr::Cast(real), ty, value),
        };
        let zero = self.zero(re);
        [re, self.drawn_out(zero, re, value)]
    }

    fn operand(&self, operand: Value) -> Operand {
        self.parts.get(&operand).map_or(Real(operand), |parts| Complex(*parts))
    }

    fn norm_sqr(&mut self, [re, im]: [Value; 2], value: Value) -> Value {
        let (re, im) = (self.op(Mul, &[re, re], value), self.op(Mul, &[im, im], value));
        self.op(Add, &[re, im], value)
    }

    /// A zero of a value's element type.
    fn zero(&mut self, like: Value) -> Value {
        let zero = self.program.ty(like).dtype().zero();
        self.constant(zero)
    }

    /// A part that an operation with a real operand leaves as it is, in the shape that both have together.
    fn drawn_out(&mut self, part: Value, real: Value, value: Value) -> Value {
        if self.program.ty(real).rank().is_none() {
            return part;
        }
        let anything = self.op(Eq, &[real, real], value);
        self.op(Select, &[anything, part, part], value)
    }
}
