//! Calls of functions outside of compiled code. These move elements and compute none, so that all executors agree.

use super::{Generator, Slot, USIZE};
use ndarray::{Array1, Array2, ArrayRef1, ArrayView2, ArrayViewMut1};
use num_complex::Complex64;
use parfuse::__private::{HostDeclaration, HostItem};
use parfuse::host;
use parfuse_ir::Scalar;
use parfuse_ir::program::{CallArgument, Expr, Stmt, Type, Value, Var, VarData};

/// `b` backwards and behind `x`; what is left of `a`.
#[host]
fn shifted(a: &ArrayRef1<f64>, b: &mut ArrayRef1<f64>, x: f64) -> (f64, Array1<f64>) {
    let last = b.iter().next_back().copied().unwrap_or(x);
    let moved: Array1<f64> = std::iter::once(x).chain(b.iter().rev().copied()).take(b.len()).collect();
    b.assign(&moved);
    (last, a.iter().step_by(2).copied().collect())
}

#[host]
fn turned(a: ArrayView2<i32>, by: usize) -> Array2<i32> {
    if by.is_multiple_of(2) { a.to_owned() } else { a.reversed_axes().to_owned() }
}

#[host]
fn negated(mut a: ArrayViewMut1<bool>) -> usize {
    a.iter_mut().for_each(|x| *x = !*x);
    a.len()
}

/// `b` backwards with its parts in each other's place, and the first of it or else `z`; every other element of `a`.
#[host]
fn crossed(
    a: &ArrayRef1<Complex64>,
    b: &mut ArrayRef1<Complex64>,
    z: Complex64,
) -> (Complex64, Array1<Complex64>) {
    let moved: Array1<Complex64> = b.iter().rev().map(|z| Complex64::new(z.im, z.re)).collect();
    b.assign(&moved);
    (b.first().copied().unwrap_or(z), a.iter().step_by(2).copied().collect())
}

const FUNCTIONS: [fn() -> HostDeclaration; 3] = [shifted::function, turned::function, negated::function];

impl Generator<'_> {
    /// A call, whose results are variables.
    pub(super) fn call(&mut self) {
        let function = self.choices.pick(&FUNCTIONS)().known().expect("they say how many axes arrays have");
        let mut arguments = Vec::new();
        for (ty, mutable) in &function.params {
            let argument = match (mutable, ty) {
                (true, _) => self.written(*ty),
                (false, Type::Scalar(element)) => CallArgument::Value(self.scalar(element.part())),
                (false, Type::Array(..)) => CallArgument::Value(self.array_for(*ty)),
            };
            arguments.push(argument);
        }
        let results = function.results.iter().map(|ty| {
            let name = format!("x_{}", self.program.vars.len());
            self.program.vars.push(VarData { name, ty: *ty, param: None })
        });
        let results: Vec<_> = results.collect();
        for (var, ty) in results.iter().zip(&function.results) {
            self.slots.push(Slot { var: *var, ty: *ty, readable: true, assignable: true });
        }
        let function = self.program.files.intern_host(function);
        let loc = self.loc();
        self.block.push(Stmt::Call { function, arguments, results, loc });
    }

    /// A call with a line of complex numbers of 64-bit parts, and with a variable that has them to begin with: the array that
    /// comes back, the scalar, and the variable.
    pub(super) fn complex_call(&mut self, line: Value, written: Var, z: Value) -> (Var, Var) {
        let function = crossed::function().known().expect("it says how many axes arrays have");
        let results = function.results.iter().map(|ty| {
            let name = format!("z_{}", self.program.vars.len());
            self.program.vars.push(VarData { name, ty: *ty, param: None })
        });
        let results: Vec<Var> = results.collect();
        let arguments =
            vec![CallArgument::Value(line), CallArgument::Place(written.into()), CallArgument::Value(z)];
        let function = self.program.files.intern_host(function);
        let loc = self.loc();
        self.block.push(Stmt::Call { function, arguments, results: results.clone(), loc });
        (results[1], results[0])
    }

    /// An array to be written: a variable or what a view shows of one.
    fn written(&mut self, ty: Type) -> CallArgument {
        let arrays: Vec<Slot> = self.slots.iter().filter(|slot| slot.ty.rank().is_some()).copied().collect();
        for _ in 0..6 {
            let slot = self.choices.pick(&arrays);
            let (place, found) = self.place_in(slot);
            if found == ty {
                return CallArgument::Place(place);
            }
        }
        let value = self.array_for(ty);
        let copy = self.hidden(Expr::Copy(value), ty);
        CallArgument::Place(self.declare(ty, copy).into())
    }

    /// An array of a type: one that there is, or a new one.
    fn array_for(&mut self, ty: Type) -> Value {
        for _ in 0..6 {
            let value = self.any_array();
            if self.program.ty(value) == ty {
                return value;
            }
        }
        let shape: Vec<Value> = (0..ty.rank().unwrap_or(0))
            .map(|_| {
                let length = self.choices.below(6);
                self.constant(Scalar::Usize(length))
            })
            .collect();
        debug_assert!(shape.iter().all(|length| self.program.ty(*length) == USIZE));
        let value = self.scalar(ty.dtype());
        self.hidden(Expr::Fill { shape, value }, ty)
    }
}
