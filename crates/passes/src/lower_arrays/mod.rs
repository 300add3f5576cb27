//! Turns every array operation of a [`Program`] into a parallel loop of its own, giving [`Loops`].
//!
//! ```text
//! v1: [f64; 1] = sub x, means           alloc b2[v0]
//!                                  →    parfor v3 in v0 {
//!                                         v4: f64 = load b0[v3]
//!                                         v5: f64 = sub v2, v4
//!                                         store b2[v3], v5
//!                                       }
//! ```
//!
//! One operation gives one loop and one fresh buffer: fusing loops and contracting buffers is left to
//! later passes; inside an iteration arrays are computed where they are used (`computed`), or made by plain loops
//! (`iterations`). What the user left implicit is spelled out: broadcasting and its checks (`shapes`), index
//! checks (`expressions`), where the elements of views lie (`views`), ranges counted from zero (`loops`), reductions (`reductions`, `extremes`, `replaced`), the numbering and
//! the distributions of random numbers (`random`). Variables are forwarded: reading one whose value is known gives that value.

mod arrays;
mod calls;
mod computed;
mod equal_axes;
mod expressions;
mod extremes;
mod folds;
mod iterations;
mod last_reads;
mod lengths;
mod loops;
mod random;
mod reductions;
mod replaced;
mod reshape;
mod scan;
mod shapes;
mod statements;
#[cfg(test)]
mod tests;
mod totals;
mod versions;
mod views;

use crate::affine::Linear;
use crate::hash::{FastMap, FastSet};
use crate::rejection::Rejection;
use equal_axes::EqualAxes;
pub use equal_axes::GivenLength;
use parfuse_ir::loops::{Buffer, BufferData, Expr, Layout, Loops, Origin, Output, Stmt, Value, VarData};
use parfuse_ir::{Arena, DType, Fault, FaultKind, Loc, ReduceOp, Scalar, ScalarOp, program};
use program::Program;
use std::collections::BTreeMap;
use views::Shown;

pub(crate) use extremes::{mirrored, replaces, replaces_all};
pub(crate) use reductions::group;

/// Lowers a program without complex numbers that the verifier accepts; `layouts` has an entry for each parameter, a layout for each
/// array.
///
/// # Errors
/// If a `prange` assigns a variable of the enclosing scope otherwise than as a reduction, or draws an array of random
/// numbers in its iterations.
///
/// # Panics
/// If the program is malformed or an array parameter has no layout.
pub fn lower_arrays(program: &Program, layouts: &[Option<Layout>]) -> Result<Loops, Rejection> {
    lower_arrays_of_lengths(program, layouts, &[]).map(|lowered| lowered.loops)
}

/// Loops, and what would make better ones.
pub struct Lowered {
    /// The loops.
    pub loops: Loops,
    /// Axes that it would help to know to be equally long, two by two, the smaller one first.
    pub wished: Vec<[GivenLength; 2]>,
}

/// As [`lower_arrays`], for calls with arguments of which these axes are equally long, two by two.
///
/// # Errors
/// As [`lower_arrays`].
///
/// # Panics
/// As [`lower_arrays`].
pub fn lower_arrays_of_lengths(
    program: &Program,
    layouts: &[Option<Layout>],
    equal: &[[GivenLength; 2]],
) -> Result<Lowered, Rejection> {
    let mut uses = scan::uses(program, &program.body);
    program.results.iter().for_each(|result| *uses.entry(*result).or_default() += 1);
    let last_reads = last_reads::last_reads(program, &uses);
    let mut made = FastSet::default();
    loop {
        let mut lowering = Lowering::new(program, &uses, &last_reads, &made, layouts);
        lowering.axes = EqualAxes::new(equal);
        lowering.start_streams();
        let lowered = lowering.statements(&program.body);
        if let Some(needed) = lowering.inside.needed {
            // Its elements have to be kept.
            made.insert(needed);
            continue;
        }
        lowered?;
        lowering.results();
        let wished = std::mem::take(&mut lowering.axes.wished);
        return Ok(Lowered { loops: lowering.finish(), wished });
    }
}

/// The state of the pass: what is built, what the program's entities have become, and what is known here.
///
/// It can be cloned so that a loop can be lowered on an assumption and again without it.
#[derive(Clone)]
struct Lowering<'a> {
    program: &'a Program,
    /// How often each value is used.
    uses: &'a FastMap<program::Value, u32>,
    /// The copies that take over the array of a variable.
    last_reads: &'a FastMap<program::Value, program::Var>,
    /// Arrays inside iterations that are made, though they could be computed where they are used.
    made: &'a FastSet<program::Value>,
    output: Loops,
    /// Goes in front of everything: the lengths of parameters.
    prologue: Vec<Stmt>,
    /// The block under construction.
    block: Vec<Stmt>,
    /// What scalar values have become.
    scalars: FastMap<program::Value, Value>,
    /// The indices of `i32` and `i64` loops as `usize`, modulo 2^64.
    wide: FastMap<program::Value, Value>,
    /// What array values refer to.
    arrays: FastMap<program::Value, Shown>,
    /// Array values that own their buffer, with the serial loop that computes them.
    temporaries: FastMap<program::Value, u32>,
    /// The buffers of array values that are used once.
    single_use: FastSet<Buffer>,
    /// The variables of scalar variables; inside a `prange`, a reduction's local.
    scalar_vars: BTreeMap<program::Var, parfuse_ir::loops::Var>,
    /// The buffers of array variables.
    array_vars: BTreeMap<program::Var, Buffer>,
    /// The buffers of array parameters.
    param_buffers: Vec<Option<Buffer>>,
    param_shapes: FastMap<Buffer, Vec<Value>>,
    /// Which axes of parameters are equally long.
    axes: EqualAxes<'a>,
    /// Lengths known to differ from one.
    not_one: FastSet<Value>,
    constants: FastMap<Scalar, Value>,
    /// The user's names of buffers.
    names: FastMap<Buffer, Box<str>>,
    /// The variables assigned so far in the enclosing scopes.
    declared: FastSet<program::Var>,
    known: Known,
    /// The parallel loop around this place.
    parallel: Option<Parallel>,
    /// The arrays inside its iterations.
    inside: computed::Inside,
    /// The serial loop around this place; 0 outside.
    serial: u32,
    serial_count: u32,
    /// Counts the streams of random numbers.
    streams: Option<parfuse_ir::loops::Var>,
}

/// What is known at a place of the program; leaving a block restores what was known before it.
#[derive(Clone, Default)]
struct Known {
    /// What variables hold.
    contents: FastMap<parfuse_ir::loops::Var, Value>,
    /// The lengths of local buffers.
    shapes: FastMap<Buffer, Vec<Value>>,
    /// Lengths that a check has found equal: each leads to a representative.
    equal: FastMap<Value, Value>,
    /// Lengths of which a check has found that they are not below a number.
    at_least: FastMap<Value, usize>,
    /// The first length of each form.
    lengths: FastMap<Linear, Value>,
    /// What checks have found to be no more than the length of an axis, and so below 2^63.
    small: FastSet<Linear>,
    /// By length, the lengths made of it that become plainer once more is known of it.
    saturated: FastMap<Value, Vec<Value>>,
    /// Of lengths between two bounds, where these have something in common, how far the bounds are apart.
    between: FastMap<Value, Linear>,
    /// The values of sums.
    sums: FastMap<Linear, Value>,
    /// The results of other operations on lengths.
    results: FastMap<(ScalarOp, Vec<Value>), Value>,
}

/// The parallel loop around a place.
#[derive(Clone)]
struct Parallel {
    /// What the user calls it.
    what: &'static str,
    /// The variables it reduces.
    reduced: Vec<(program::Var, ReduceOp)>,
    /// For variables that iterations replace where a number is not worse: what is to note the iteration, and its number.
    positions: FastMap<program::Var, (parfuse_ir::loops::Var, Value)>,
    /// The random numbers of its iterations, if it draws any.
    draws: Option<random::Draws>,
}

impl Parallel {
    /// A loop that combines nothing and draws nothing.
    fn new(what: &'static str) -> Parallel {
        Parallel { what, reduced: Vec::new(), positions: FastMap::default(), draws: None }
    }
}

impl<'a> Lowering<'a> {
    fn new(
        program: &'a Program,
        uses: &'a FastMap<program::Value, u32>,
        last_reads: &'a FastMap<program::Value, program::Var>,
        made: &'a FastSet<program::Value>,
        layouts: &[Option<Layout>],
    ) -> Self {
        let output = Loops {
            name: program.name.clone(),
            params: program.params.clone(),
            buffers: Arena::new(),
            vars: Arena::new(),
            values: Arena::new(),
            body: Vec::new(),
            results: Vec::new(),
            files: program.files.clone(),
            notes: Vec::new(),
        };
        let mut lowering = Lowering {
            program,
            uses,
            last_reads,
            made,
            output,
            prologue: Vec::new(),
            block: Vec::new(),
            scalars: FastMap::default(),
            wide: FastMap::default(),
            arrays: FastMap::default(),
            temporaries: FastMap::default(),
            single_use: FastSet::default(),
            scalar_vars: BTreeMap::new(),
            array_vars: BTreeMap::new(),
            param_buffers: Vec::new(),
            param_shapes: FastMap::default(),
            axes: EqualAxes::default(),
            not_one: FastSet::default(),
            constants: FastMap::default(),
            names: FastMap::default(),
            declared: FastSet::default(),
            known: Known::default(),
            parallel: None,
            inside: computed::Inside::default(),
            serial: 0,
            serial_count: 0,
            streams: None,
        };
        lowering.parameters(layouts);
        lowering.variables();
        lowering
    }

    fn parameters(&mut self, layouts: &[Option<Layout>]) {
        for (i, param) in self.program.params.iter().enumerate() {
            let buffer = param.ty.rank().map(|rank| {
                let layout = layouts.get(i).cloned().flatten();
                let layout = layout.unwrap_or_else(|| panic!("array parameter {} has no layout", param.name));
                let origin = Origin::Param { index: i as u32, layout };
                self.buffer(&param.name, true, param.ty.dtype(), rank, origin)
            });
            self.param_buffers.push(buffer);
        }
    }

    fn variables(&mut self) {
        for (var, data) in self.program.vars.iter() {
            let dtype = data.ty.dtype();
            match (data.ty, data.param) {
                (program::Type::Scalar(_), _) => {
                    let scalar = self.variable(&data.name, dtype);
                    self.scalar_vars.insert(var, scalar);
                }
                (program::Type::Array(..), Some(param)) => {
                    let buffer =
                        self.param_buffers[param as usize].expect("it stands for an array parameter");
                    self.array_vars.insert(var, buffer);
                    self.declared.insert(var);
                }
                (program::Type::Array(_, rank), None) => {
                    let buffer = self.buffer(&data.name, true, dtype, rank, Origin::Local);
                    self.array_vars.insert(var, buffer);
                }
            }
        }
    }

    fn results(&mut self) {
        let mut given: FastSet<Buffer> = FastSet::default();
        for &result in &self.program.results {
            let output = match self.program.ty(result) {
                program::Type::Scalar(_) => Output::Scalar(self.scalar(result)),
                program::Type::Array(..) => {
                    let array = self.array(result);
                    let mut buffer = array.buffer();
                    let is_local = self.output.buffers[buffer].origin == Origin::Local;
                    if !is_local || !array.is_whole() || given.contains(&buffer) {
                        buffer = self.copy(&array, self.program.values[result].loc);
                    }
                    given.insert(buffer);
                    Output::Buffer(buffer)
                }
            };
            self.output.results.push(output);
        }
    }

    fn finish(mut self) -> Loops {
        self.output.body = std::mem::take(&mut self.prologue);
        self.output.body.append(&mut self.block);
        self.output
    }

    fn buffer(&mut self, name: &str, users: bool, dtype: DType, rank: u8, origin: Origin) -> Buffer {
        let buffer = self.output.buffers.push(BufferData { name: name.to_string(), dtype, rank, origin });
        if users {
            self.names.insert(buffer, name.into());
        }
        buffer
    }

    fn variable(&mut self, name: &str, dtype: DType) -> parfuse_ir::loops::Var {
        self.output.vars.push(VarData { name: name.to_string(), dtype })
    }

    fn constant(&mut self, scalar: Scalar) -> Value {
        let output = &mut self.output;
        *self
            .constants
            .entry(scalar)
            .or_insert_with(|| output.value(Expr::Const(scalar), scalar.dtype(), Loc::NONE))
    }

    fn usize(&mut self, x: usize) -> Value {
        self.constant(Scalar::Usize(x))
    }

    /// Evaluates an expression here.
    fn emit(&mut self, expr: Expr, dtype: DType, loc: Loc) -> Value {
        let value = self.output.value(expr, dtype, loc);
        self.block.push(Stmt::Let(value));
        value
    }

    /// Performs an operation that this pass adds, at once if the operands are constant.
    fn op(&mut self, op: ScalarOp, operands: &[Value], loc: Loc) -> Value {
        let constants: Option<Vec<Scalar>> = operands.iter().map(|v| self.output.constant(*v)).collect();
        if let Some(constants) = constants {
            return self.constant(op.eval(&constants));
        }
        let dtypes: Vec<DType> = operands.iter().map(|v| self.output.dtype(*v)).collect();
        let dtype = op.result_type(&dtypes).unwrap_or_else(|| panic!("{op} of {dtypes:?}"));
        self.emit(Expr::Op(op, operands.to_vec()), dtype, loc)
    }

    /// Converts a scalar, at once if it is constant.
    fn cast(&mut self, value: Value, to: DType, loc: Loc) -> Value {
        if self.output.dtype(value) == to {
            return value;
        }
        match self.output.constant(value) {
            Some(scalar) => self.constant(scalar.cast(to)),
            None => self.emit(Expr::Cast(value), to, loc),
        }
    }

    fn check(&mut self, ok: Value, kind: FaultKind, loc: Loc, array: Option<Box<str>>, args: Vec<Value>) {
        if self.output.constant(ok) != Some(Scalar::Bool(true)) {
            self.block.push(Stmt::Check { ok, fault: Fault { kind, loc, array }, args, iteration: None });
        }
    }

    fn set(&mut self, var: parfuse_ir::loops::Var, value: Value) {
        self.block.push(Stmt::Set { var, value });
        self.known.contents.insert(var, value);
    }

    /// The contents of a variable.
    fn get(&mut self, var: parfuse_ir::loops::Var, loc: Loc) -> Value {
        if let Some(value) = self.known.contents.get(&var) {
            return *value;
        }
        let value = self.emit(Expr::Var(var), self.output.vars[var].dtype, loc);
        self.known.contents.insert(var, value);
        value
    }

    /// Builds a nested block. What is known when it ends is returned; what was known before holds again.
    fn nested<T>(
        &mut self,
        build: impl FnOnce(&mut Self) -> Result<T, Rejection>,
    ) -> Result<(Vec<Stmt>, Known, T), Rejection> {
        let outer = std::mem::take(&mut self.block);
        let (after, result) = self.scoped(build)?;
        Ok((std::mem::replace(&mut self.block, outer), after, result))
    }

    /// Does something and returns what is known after it; what was known before holds again.
    fn scoped<T>(
        &mut self,
        build: impl FnOnce(&mut Self) -> Result<T, Rejection>,
    ) -> Result<(Known, T), Rejection> {
        let before = self.known.clone();
        let result = build(self)?;
        Ok((std::mem::replace(&mut self.known, before), result))
    }

    /// What a scalar value has become.
    fn scalar(&mut self, value: program::Value) -> Value {
        let data = &self.program.values[value];
        match data.expr {
            program::Expr::Const(scalar) => self.constant(scalar),
            program::Expr::Param(i) => {
                let output = &mut self.output;
                let leaf = || output.value(Expr::Param(i), data.ty.dtype(), data.loc);
                *self.scalars.entry(value).or_insert_with(leaf)
            }
            _ => {
                *self.scalars.get(&value).unwrap_or_else(|| panic!("{value} is used before it is evaluated"))
            }
        }
    }

    /// What an array value refers to.
    fn array(&self, value: program::Value) -> Shown {
        match self.program.values[value].expr {
            program::Expr::Param(i) => {
                self.param_buffers[i as usize].expect("it is an array parameter").into()
            }
            _ => {
                let array = self.arrays.get(&value);
                array.unwrap_or_else(|| panic!("{value} is used before it is evaluated")).clone()
            }
        }
    }
}
