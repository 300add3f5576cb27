//! The interpreter of Loops. Parallel loops run block by block in order, with the lanes of their reductions.
//!
//! Their iterations run one after the other, so a race shows nothing here; [`run_loops_apart`] looks for it, at each
//! element that is loaded or stored (`races`).

use crate::races::{Race, Watch};
use crate::value::{Array, Failure, Outcome, Value as Argument};
use parfuse_ir::arena::Id;
use parfuse_ir::grid::{self, Grid, LANES};
use parfuse_ir::loops::{Block, Expr, Loops, Origin, Output, Parfor, Stmt, Value};
use parfuse_ir::random::random_scalar;
use parfuse_ir::{DType, Scalar};

/// Runs a kernel on these arguments with a random key.
///
/// # Errors
/// The fault of the first check that fails; of the lowest iteration, in a parallel loop.
///
/// # Panics
/// If the program is broken or the arguments do not fit its parameters.
pub fn run_loops(loops: &Loops, arguments: &[Argument], key: u64) -> Result<Outcome, Failure> {
    run(loops, arguments, key, None).0
}

/// As [`run_loops`], and says whether two iterations of a parallel loop touched one element that one of them wrote: then
/// the loop is not parallel on these arguments, whatever was proven of it.
///
/// # Errors
/// The first such element.
///
/// # Panics
/// As [`run_loops`].
pub fn run_loops_apart(
    loops: &Loops,
    arguments: &[Argument],
    key: u64,
) -> Result<Result<Outcome, Failure>, Race> {
    let (outcome, watch) = run(loops, arguments, key, Some(Watch::new(loops.buffers.len())));
    match watch.and_then(|watch| watch.race) {
        Some(race) => Err(race),
        None => Ok(outcome),
    }
}

fn run(
    loops: &Loops,
    arguments: &[Argument],
    key: u64,
    watch: Option<Watch>,
) -> (Result<Outcome, Failure>, Option<Watch>) {
    let param = |index: u32| &arguments[index as usize];
    let mut machine = Machine {
        loops,
        arguments,
        key,
        values: vec![None; loops.values.len()],
        vars: vec![None; loops.vars.len()],
        buffers: loops
            .buffers
            .iter()
            .map(|(_, data)| match data.origin {
                Origin::Param { index, .. } => Some(param(index).array().clone()),
                Origin::Local => None,
            })
            .collect(),
        iteration: None,
        watch,
    };
    if let Err(failure) = machine.block(&loops.body) {
        return (Err(failure), machine.watch);
    }
    let mut after = arguments.to_vec();
    for (buffer, data) in loops.buffers.iter() {
        if let Origin::Param { index, .. } = data.origin {
            after[index as usize] =
                Argument::Array(machine.buffers[buffer.index()].clone().expect("a parameter"));
        }
    }
    let result = |output: &Output| match *output {
        Output::Scalar(value) => Argument::Scalar(machine.get(value)),
        Output::Buffer(buffer) => {
            Argument::Array(machine.buffers[buffer.index()].clone().expect("a result is made"))
        }
    };
    let outcome = Outcome { results: loops.results.iter().map(result).collect(), arguments: after };
    (Ok(outcome), machine.watch)
}

struct Machine<'l> {
    loops: &'l Loops,
    arguments: &'l [Argument],
    key: u64,
    values: Vec<Option<Scalar>>,
    vars: Vec<Option<Scalar>>,
    buffers: Vec<Option<Array>>,
    /// The iteration of the parallel loop that runs.
    iteration: Option<u64>,
    /// Who touched which element in the parallel loop that runs, if that is of interest.
    watch: Option<Watch>,
}

fn to_usize(x: Scalar) -> usize {
    match x {
        Scalar::Usize(x) => x,
        other => panic!("{other} where a usize belongs"),
    }
}

fn is_true(x: Scalar) -> bool {
    match x {
        Scalar::Bool(x) => x,
        other => panic!("{other} where a bool belongs"),
    }
}

impl Machine<'_> {
    fn get(&self, value: Value) -> Scalar {
        match self.loops.values[value].expr {
            Expr::Const(scalar) => scalar,
            Expr::Param(index) => self.arguments[index as usize].scalar(),
            _ => self.values[value.index()].unwrap_or_else(|| panic!("{value} is used before it is defined")),
        }
    }

    fn index(&self, values: &[Value]) -> Vec<usize> {
        values.iter().map(|value| to_usize(self.get(*value))).collect()
    }

    fn buffer(&self, buffer: parfuse_ir::loops::Buffer) -> &Array {
        self.buffers[buffer.index()].as_ref().unwrap_or_else(|| panic!("{buffer} is used before it is made"))
    }

    fn set(&mut self, value: Value, x: Scalar) {
        assert_eq!(x.dtype(), self.loops.dtype(value), "the type of {value}");
        self.values[value.index()] = Some(x);
    }

    /// Notes that this iteration touches an element.
    fn touch(&mut self, buffer: parfuse_ir::loops::Buffer, index: &[usize], store: bool) {
        if let (Some(watch), Some(iteration)) = (&mut self.watch, self.iteration) {
            let array = self.buffers[buffer.index()].as_ref().expect("a touched buffer holds an array");
            watch.touch(buffer, array.position(index), iteration, store);
        }
    }

    fn eval(&mut self, value: Value) -> Scalar {
        let loops = self.loops;
        let data = &loops.values[value];
        if let Expr::Load { buffer, index } = &data.expr {
            let index = self.index(index);
            self.touch(*buffer, &index, false);
            return self.buffer(*buffer).load(&index);
        }
        let word = |value: Value| self.get(value).to_bits() as i64;
        match &data.expr {
            Expr::Const(_) | Expr::Param(_) | Expr::Bound => self.get(value),
            Expr::Var(var) => {
                self.vars[var.index()].unwrap_or_else(|| panic!("{var} is read before it is set"))
            }
            Expr::Op(op, args) => op.eval(&args.iter().map(|arg| self.get(*arg)).collect::<Vec<_>>()),
            Expr::Cast(arg) => self.get(*arg).cast(data.dtype),
            Expr::Load { .. } => unreachable!("loaded above"),
            Expr::Dim { buffer, axis } => Scalar::Usize(self.buffer(*buffer).shape[*axis as usize]),
            Expr::LinearIndex => Scalar::Usize(self.iteration.expect("inside a parallel loop") as usize),
            Expr::Random { stream, element, draw } => {
                random_scalar(self.key, word(*stream), word(*element), word(*draw), data.dtype)
            }
        }
    }

    fn block(&mut self, block: &Block) -> Result<(), Failure> {
        block.iter().try_for_each(|stmt| self.stmt(stmt))
    }

    fn stmt(&mut self, stmt: &Stmt) -> Result<(), Failure> {
        match stmt {
            Stmt::Let(value) => {
                let x = self.eval(*value);
                self.set(*value, x);
            }
            Stmt::Set { var, value } => {
                let x = self.get(*value);
                assert_eq!(x.dtype(), self.loops.vars[*var].dtype, "the type of {var}");
                self.vars[var.index()] = Some(x);
            }
            Stmt::Alloc { buffer, shape, zeroed, .. } => {
                let array = Array::allocate(self.loops.buffers[*buffer].dtype, &self.index(shape), *zeroed);
                self.buffers[buffer.index()] = Some(array);
            }
            Stmt::Move { to, from } => {
                let array = self.buffers[from.index()].take().expect("a moved buffer holds an array");
                self.buffers[to.index()] = Some(array);
            }
            Stmt::Store { buffer, index, value, .. } => {
                let (index, x) = (self.index(index), self.get(*value));
                self.touch(*buffer, &index, true);
                self.buffers[buffer.index()]
                    .as_mut()
                    .expect("a stored buffer holds an array")
                    .store(&index, x);
            }
            Stmt::Check { ok, fault, args, iteration } => {
                if !is_true(self.get(*ok)) {
                    let args = args.iter().map(|arg| self.get(*arg).to_bits()).collect();
                    return Err(Failure {
                        kind: fault.kind,
                        loc: fault.loc,
                        iteration: match iteration {
                            Some(iteration) => Some(self.get(*iteration).to_bits()),
                            None => self.iteration,
                        },
                        args,
                    });
                }
            }
            Stmt::If { cond, then, otherwise } => {
                self.block(if is_true(self.get(*cond)) { then } else { otherwise })?;
            }
            Stmt::While { header, cond, body } => loop {
                self.block(header)?;
                if !is_true(self.get(*cond)) {
                    break;
                }
                self.block(body)?;
            },
            Stmt::For { index, extent, body } => {
                for k in 0..to_usize(self.get(*extent)) {
                    self.set(*index, Scalar::Usize(k));
                    self.block(body)?;
                }
            }
            Stmt::Parfor(parfor) => self.parfor(parfor)?,
        }
        Ok(())
    }

    fn parfor(&mut self, parfor: &Parfor) -> Result<(), Failure> {
        let extents = self.index(&parfor.extents);
        let grid = Grid::new(&extents, parfor.grain);
        let types: Vec<DType> = parfor.reductions.iter().map(|r| self.loops.vars[r.local].dtype).collect();
        let mut partials: Vec<Vec<Scalar>> = vec![Vec::new(); types.len()];
        let columns = extents.last().copied().unwrap_or(1);
        self.watch.iter_mut().for_each(Watch::begin_loop);
        for block in (0..grid.blocks()).map(|block| grid.block(block)) {
            let identity = |(r, ty): (&parfuse_ir::loops::Reduction, &DType)| [r.op.identity(*ty); LANES];
            let mut lanes: Vec<[Scalar; LANES]> =
                parfor.reductions.iter().zip(&types).map(identity).collect();
            for row in block.row_start..block.row_end {
                for column in block.column_start..block.column_end {
                    self.iteration = Some((row * columns + column) as u64);
                    self.bind_indices(parfor, &extents, row, column);
                    for (reduction, ty) in parfor.reductions.iter().zip(&types) {
                        self.vars[reduction.local.index()] = Some(reduction.op.identity(*ty));
                    }
                    self.block(&parfor.body)?;
                    for (reduction, lanes) in parfor.reductions.iter().zip(&mut lanes) {
                        let own = self.vars[reduction.local.index()].expect("a local is set");
                        let lane = &mut lanes[(column - block.column_start) % LANES];
                        *lane = reduction.op.combine().eval(&[*lane, own]);
                    }
                }
            }
            for ((reduction, lanes), partials) in parfor.reductions.iter().zip(lanes).zip(&mut partials) {
                partials.push(grid::fold_lanes(lanes, |a, b| reduction.op.combine().eval(&[a, b])));
            }
        }
        self.iteration = None;
        for ((reduction, partials), ty) in parfor.reductions.iter().zip(&mut partials).zip(types) {
            let combine = |a, b| reduction.op.combine().eval(&[a, b]);
            let total = grid::fold_partials(partials, combine).unwrap_or_else(|| reduction.op.nothing(ty));
            let before = self.vars[reduction.target.index()].expect("a target is set before the loop");
            self.vars[reduction.target.index()] = Some(combine(before, total));
        }
        Ok(())
    }

    fn bind_indices(&mut self, parfor: &Parfor, extents: &[usize], row: usize, column: usize) {
        let Some((last, outer)) = parfor.indices.split_last() else { return };
        self.set(*last, Scalar::Usize(column));
        let mut rest = row;
        for (index, extent) in outer.iter().zip(extents).rev() {
            self.set(*index, Scalar::Usize(rest % extent));
            rest /= extent;
        }
    }
}
