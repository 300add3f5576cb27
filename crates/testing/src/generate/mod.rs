//! Random, well-typed programs.
//!
//! ```text
//! parameters   scalars of all types, arrays of all types and ranks, some of them mutable
//! variables    scalars and arrays, all set at the head
//! views        of any array: slices, rows, transposed, with new axes; to read, and to set elements of variables
//! statements   whole-array operations, branches, loops over ranges anywhere in their types, pranges with private
//!              variables, rows, reductions, elements combined anywhere, extremes, stores at computed indices, swaps, sums of products in any order of loops,
//!              loops that depend on one another, arrays that iterations make, complex numbers
//! results      some variables and values
//! ```
//!
//! A program verifies, ends, and allocates no more than its arguments do; it may fail at run time, and now and
//! then a pass refuses it. Lengths go by the position of the axis counted from the last, so that most arrays
//! broadcast together.

mod arrays;
mod calls;
mod complex;
mod inside;
mod loops;
mod operations;
mod products;
mod ranges;
mod statements;
mod steps;
mod totals;
mod triangles;
mod views;
mod work_space;

pub(crate) use complex::COMPLEX;

use crate::Choices;
use parfuse_ir::program::{Block, Expr, Math, Param, Program, Stmt, Type, Value, Var, VarData};
use parfuse_ir::{DType, Loc, Scalar};
use parfuse_passes::split_complex;

const USIZE: Type = Type::USIZE;
const BOOL: Type = Type::BOOL;

/// How the sums of floats in a program limit what may be compared with another order of summation.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Rounding {
    /// It reduces no floats: every order gives the same bits.
    Exact,
    /// It reduces floats of about 1 and does nothing but return the totals: all orders give about the same.
    Close,
    /// It reduces any floats and goes on computing with the totals.
    Free,
}

/// A random program and what is known of it.
#[derive(Clone, Debug)]
pub struct Sample {
    /// The program.
    pub program: Program,
    /// What rounding may do to its results.
    pub rounding: Rounding,
}

/// Makes a program, in which complex numbers have been split.
pub fn random_program(choices: &mut Choices) -> Sample {
    let rounding = choices.pick(&[Rounding::Exact, Rounding::Exact, Rounding::Close, Rounding::Free]);
    let mut generator = Generator {
        choices,
        rounding,
        program: Program::new("random"),
        block: Block::new(),
        scope: Vec::new(),
        slots: Vec::new(),
        totals: Vec::new(),
        complex: Vec::new(),
        complex_written: Vec::new(),
        returned: Vec::new(),
        place: Place::Top,
        depth: 0,
        scopes: 0,
        loop_indices: Vec::new(),
        line: 0,
    };
    generator.parameters();
    generator.variables();
    for _ in 0..2 + generator.choices.below(9) {
        generator.statement();
    }
    generator.results();
    if generator.choices.one_in(3) {
        generator.program.math = Math::Fast;
    }
    let _ = split_complex(&mut generator.program);
    Sample { program: generator.program, rounding }
}

/// What stands around the place where the program grows.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Place {
    /// Whole-array operations are possible.
    Top,
    /// Inside a `prange`, scalars, and rows that are computed where they are used.
    Prange,
    /// Inside a `map`, scalars without random numbers.
    Map,
}

/// A variable and what may be done with it here.
#[derive(Clone, Copy, Debug)]
struct Slot {
    var: Var,
    ty: Type,
    readable: bool,
    assignable: bool,
}

struct Generator<'c> {
    choices: &'c mut Choices,
    rounding: Rounding,
    program: Program,
    /// The block that grows.
    block: Block,
    /// The values that can be used here.
    scope: Vec<Value>,
    /// The variables that have been set here.
    slots: Vec<Slot>,
    /// Totals of floats that are only to be returned.
    totals: Vec<Value>,
    /// Parameters that are complex, to be read.
    complex: Vec<Value>,
    /// Array parameters that are complex, to be written to.
    complex_written: Vec<Var>,
    /// Variables of complex arrays that are to be returned.
    returned: Vec<Var>,
    place: Place,
    depth: usize,
    /// How many scopes can be left here.
    scopes: u32,
    /// The indices of the `prange` around and of the loops over rows inside it.
    loop_indices: Vec<Value>,
    line: u32,
}

impl Generator<'_> {
    fn loc(&mut self) -> Loc {
        self.line += 1;
        Loc { file: 0, line: self.line, column: 1 }
    }

    fn dtype(&mut self) -> DType {
        // Floats are what most programs compute with.
        match self.choices.below(3) {
            0 => self.choices.pick(&[DType::F64, DType::F32]),
            _ => self.choices.pick(DType::ALL),
        }
    }

    /// The type of an index: one that users often take, or any.
    fn integer_type(&mut self) -> DType {
        let all: Vec<DType> = DType::ALL.iter().copied().filter(|dtype| dtype.is_int()).collect();
        match self.choices.below(2) {
            0 => self.choices.pick(&[DType::Usize, DType::I64, DType::I32]),
            _ => self.choices.pick(&all),
        }
    }

    fn parameters(&mut self) {
        let arrays = 1 + self.choices.below(4);
        for _ in 0..arrays {
            let (dtype, rank) = (self.dtype(), self.choices.pick(&[1, 1, 1, 2, 2, 3, 0, 1, 2, 4, 5, 6]));
            let mutable = self.choices.one_in(3);
            self.parameter(Type::array(dtype, rank), mutable);
        }
        // There is something to loop over.
        let dtype = self.dtype();
        self.parameter(Type::array(dtype, 1), true);
        for _ in 0..self.choices.below(4) {
            let dtype = self.dtype();
            self.parameter(Type::scalar(dtype), false);
        }
        for _ in 0..self.choices.pick(&[0, 0, 1, 2]) {
            self.complex_parameter();
        }
    }

    fn parameter(&mut self, ty: Type, mutable: bool) {
        let index = self.program.params.len() as u32;
        let name = format!("p_{index}");
        self.program.params.push(Param { name: name.clone(), ty, mutable });
        if mutable {
            let var = self.program.vars.push(VarData { name, ty, param: Some(index) });
            self.slots.push(Slot { var, ty, readable: true, assignable: false });
        } else {
            let value = self.program.value(Expr::Param(index), ty, Loc::NONE);
            self.scope.push(value);
        }
    }

    fn variables(&mut self) {
        for _ in 0..1 + self.choices.below(3) {
            let dtype = self.dtype();
            let value = self.scalar(dtype);
            self.declare(Type::scalar(dtype), value);
        }
        for _ in 0..1 + self.choices.below(2) {
            let value = self.array_operation();
            let ty = self.program.ty(value);
            let Type::Array(..) = ty else { unreachable!("an array operation") };
            self.declare(ty, value);
        }
    }

    /// A new variable that is set here.
    fn declare(&mut self, ty: Type, value: Value) -> Var {
        let name = format!("x_{}", self.program.vars.len());
        let var = self.program.vars.push(VarData { name, ty, param: None });
        self.block.push(Stmt::Assign { var, value });
        self.slots.push(Slot { var, ty, readable: true, assignable: true });
        var
    }

    /// Evaluates an expression here.
    fn emit(&mut self, expr: Expr, ty: Type) -> Value {
        let value = self.hidden(expr, ty);
        self.scope.push(value);
        value
    }

    /// Evaluates an expression here that nothing but its immediate user may refer to.
    fn hidden(&mut self, expr: Expr, ty: Type) -> Value {
        let loc = self.loc();
        let value = self.program.value(expr, ty, loc);
        self.block.push(Stmt::Let(value));
        value
    }

    /// A value bound by the construct around.
    fn bound(&mut self, dtype: DType) -> Value {
        let loc = self.loc();
        let value = self.program.value(Expr::Bound, Type::scalar(dtype), loc);
        self.scope.push(value);
        value
    }

    fn constant(&mut self, scalar: Scalar) -> Value {
        self.program.value(Expr::Const(scalar), Type::scalar(scalar.dtype()), Loc::NONE)
    }

    /// Builds a block of its own, at whose end what it defined is out of sight.
    fn nested<T>(&mut self, build: impl FnOnce(&mut Self) -> T) -> (Block, T) {
        let outer = std::mem::take(&mut self.block);
        let (visible, slots) = (self.scope.len(), self.slots.clone());
        self.depth += 1;
        let result = build(self);
        self.depth -= 1;
        self.scope.truncate(visible);
        self.slots = slots;
        (std::mem::replace(&mut self.block, outer), result)
    }

    fn results(&mut self) {
        let mut results = std::mem::take(&mut self.totals);
        for slot in self.slots.clone() {
            if self.program.vars[slot.var].param.is_none() {
                results.push(self.hidden(Expr::Var(slot.var), slot.ty));
            }
        }
        for var in std::mem::take(&mut self.returned) {
            results.push(self.hidden(Expr::Var(var), self.program.vars[var].ty));
        }
        let values: Vec<Value> = self.scope.clone();
        for _ in 0..2 {
            results.push(self.choices.pick(&values));
        }
        let scalar_params = |value: &Value| self.program.ty(*value).rank().is_some();
        let arrays: Vec<Value> = values.iter().copied().filter(scalar_params).collect();
        if let Some(array) = arrays.last() {
            results.push(*array);
        }
        self.program.results = results;
        self.program.body = std::mem::take(&mut self.block);
    }
}
