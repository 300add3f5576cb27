//! The interpreter of Loops. Parallel loops run block by block in order, with the lanes of their reductions.
//!
//! Their iterations run one after the other, so a race shows nothing here; [`run_loops_apart`] looks for it, at each
//! element that is loaded or stored (`races`).

use crate::calls::Calls;
use crate::races::{Race, Watch};
use crate::value::{Array, Failure, Outcome, Value as Argument};
use parfuse_ir::arena::Id;
use parfuse_ir::grid::{self, BlockRange, Grain, Grid, LANES, RowOrder};
use parfuse_ir::host::CallArgument;
use parfuse_ir::loops::{Block, Expr, Loops, Origin, Output, Parfor, Reduction, Stmt, Target, Value, trips};
use parfuse_ir::message::word;
use parfuse_ir::random::{random_scalar, seed_key};
use parfuse_ir::{Combine, DType, Scalar};

/// Runs a kernel on these arguments with a random key.
///
/// # Errors
/// The fault of the first check that fails; of the lowest iteration, in a parallel loop.
///
/// # Panics
/// If the program is broken or the arguments do not fit its parameters.
pub fn run_loops(loops: &Loops, arguments: &[Argument], key: u64) -> Result<Outcome, Failure> {
    run(loops, arguments, key, None, None).0
}

/// As [`run_loops`], with the iterations of each parallel loop in an order that a seed makes: the outcome is the same if they
/// are independent, in memory and in variables.
///
/// # Errors
/// As [`run_loops`].
///
/// # Panics
/// As [`run_loops`].
pub fn run_loops_shuffled(
    loops: &Loops,
    arguments: &[Argument],
    key: u64,
    seed: u64,
) -> Result<Outcome, Failure> {
    run(loops, arguments, key, None, Some(Shuffler(seed))).0
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
    let watch = || Watch::new(loops.buffers.len());
    let (outcome, watch) = run(loops, arguments, key, Some([watch(), watch()]), None);
    match watch.and_then(|[parallel, lanes]| parallel.race.or(lanes.race)) {
        Some(race) => Err(race),
        None => Ok(outcome),
    }
}

fn run(
    loops: &Loops,
    arguments: &[Argument],
    key: u64,
    watch: Option<[Watch; 2]>,
    shuffler: Option<Shuffler>,
) -> (Result<Outcome, Failure>, Option<[Watch; 2]>) {
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
        lane: None,
        in_nest: false,
        calls: Calls::default(),
        watch,
        shuffler,
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
    /// The iteration of the lane loop that runs.
    lane: Option<u64>,
    /// Whether a nest runs.
    in_nest: bool,
    /// The functions outside of compiled code.
    calls: Calls,
    /// Who touched which element in the parallel loop that runs, and in the lane loop, if that is of interest.
    watch: Option<[Watch; 2]>,
    /// What makes the order of iterations, if it is not theirs.
    shuffler: Option<Shuffler>,
}

/// Makes orders.
struct Shuffler(u64);

impl Shuffler {
    /// All numbers below a count, in some order (Fisher and Yates).
    fn order(&mut self, count: usize) -> Vec<usize> {
        let mut order: Vec<usize> = (0..count).collect();
        for last in (1..count).rev() {
            self.0 = seed_key(self.0);
            order.swap(last, (self.0 % (last as u64 + 1)) as usize);
        }
        order
    }
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
        let iterations = [self.iteration, self.lane];
        for (watch, iteration) in self.watch.iter_mut().flatten().zip(iterations) {
            let Some(iteration) = iteration else { continue };
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
            Expr::Trips { start, end, step } => trips(self.get(*start), self.get(*end), self.get(*step)),
            Expr::LinearIndex => Scalar::Usize(self.iteration.expect("inside a parallel loop") as usize),
            Expr::Threads => Scalar::Usize(crate::THREADS),
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
                self.watch.iter_mut().flatten().for_each(|watch| watch.forget(*buffer));
                self.buffers[buffer.index()] = Some(array);
            }
            Stmt::Resize { buffer, length, .. } => {
                let length = self.index(&[*length])[0];
                let array = self.buffers[buffer.index()].as_mut();
                array.expect("a resized buffer holds an array").resize(length);
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
            Stmt::Call(call) => {
                let pass = |argument: &CallArgument<Value>| match argument {
                    CallArgument::Scalar(value) => Argument::Scalar(self.get(*value)),
                    CallArgument::Read(buffer) | CallArgument::Written(buffer) => {
                        let array = self.buffers[buffer.index()].clone();
                        Argument::Array(array.expect("a passed buffer holds an array"))
                    }
                };
                let mut arguments: Vec<Argument> = call.arguments.iter().map(pass).collect();
                self.calls.perform(&self.loops.files, call.callee, &mut arguments);
                for (argument, after) in call.arguments.iter().zip(arguments) {
                    if let (CallArgument::Written(buffer), Argument::Array(array)) = (argument, after) {
                        self.buffers[buffer.index()] = Some(array);
                    }
                }
            }
            Stmt::Check { ok, fault, args, iteration } => {
                if !is_true(self.get(*ok)) {
                    let args = args.iter().map(|arg| word(self.get(*arg))).collect();
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
            Stmt::For { index, extent, until, body } => {
                for k in 0..to_usize(self.get(*extent)) {
                    if until.is_some_and(|until| self.vars[until.index()].is_some_and(is_true)) {
                        break;
                    }
                    self.set(*index, Scalar::Usize(k));
                    self.block(body)?;
                }
            }
            Stmt::Parfor(parfor) if self.in_nest || self.iteration.is_some() => self.lane_loop(parfor)?,
            Stmt::Parfor(parfor) => self.parfor(parfor)?,
            Stmt::Nest(nest) => {
                self.in_nest = true;
                self.block(&nest.body)?;
                self.in_nest = false;
            }
        }
        Ok(())
    }

    /// A parallel loop inside another one, or inside a nest.
    fn lane_loop(&mut self, parfor: &Parfor) -> Result<(), Failure> {
        let simple = |reduction: &Reduction| reduction.as_simple().expect("lane loops reduce by operators");
        let reductions: Vec<_> = parfor.reductions.iter().map(simple).collect();
        self.watch.iter_mut().for_each(|[_, lanes]| lanes.begin_loop());
        for k in self.order(to_usize(self.get(parfor.extents[0]))) {
            self.lane = Some(k as u64);
            self.set(parfor.indices[0], Scalar::Usize(k));
            for (op, local, _) in &reductions {
                self.vars[local.index()] = Some(op.identity(self.loops.vars[*local].dtype));
            }
            self.block(&parfor.body)?;
            for (op, local, target) in &reductions {
                let [before, own] = [target, local].map(|var| self.vars[var.index()].expect("it is set"));
                self.vars[target.index()] = Some(op.combine().eval(&[before, own]));
            }
        }
        self.lane = None;
        Ok(())
    }

    fn parfor(&mut self, parfor: &Parfor) -> Result<(), Failure> {
        let extents = self.index(&parfor.extents);
        let grid = Grid::new(&extents, parfor.grain);
        let mut totals: Vec<Totals<'_>> = parfor
            .reductions
            .iter()
            .map(|reduction| Totals::new(self.loops, parfor, reduction, &extents))
            .collect();
        self.watch.iter_mut().for_each(|[parallel, _]| parallel.begin_loop());
        let places = || {
            let blocks = (0..grid.blocks()).map(|block| grid.block(block));
            let rows = |block: BlockRange| (block.row_start..block.row_end).map(move |row| (block, row));
            blocks.flat_map(rows).flat_map(|(block, row)| {
                (block.column_start..block.column_end).map(move |column| (row, column))
            })
        };
        let mut made = match self.shuffler {
            Some(_) => self.shuffled(parfor, &extents, &totals, &places().collect::<Vec<_>>())?,
            None => Vec::new(),
        }
        .into_iter();
        for block in (0..grid.blocks()).map(|block| grid.block(block)) {
            totals.iter_mut().for_each(Totals::begin_block);
            for row in block.row_start..block.row_end {
                for column in block.column_start..block.column_end {
                    let contributions = match made.next() {
                        Some(contributions) => contributions,
                        None => self.run_iteration(parfor, &extents, &totals, (row, column))?,
                    };
                    for (totals, (element, own)) in totals.iter_mut().zip(contributions) {
                        totals.take_in(element.unwrap_or((column - block.column_start) % LANES), own);
                    }
                }
            }
            totals.iter_mut().for_each(Totals::end_block);
        }
        self.iteration = None;
        totals.into_iter().for_each(|totals| self.finish(totals, parfor.grain));
        Ok(())
    }

    /// The order in which so many iterations run.
    fn order(&mut self, count: usize) -> Vec<usize> {
        self.shuffler.as_mut().map_or_else(|| (0..count).collect(), |shuffler| shuffler.order(count))
    }

    /// Runs all iterations in some order; what they contribute comes in their own. The lowest that fails is run whatever the
    /// order, and its fault is that of the loop.
    fn shuffled(
        &mut self,
        parfor: &Parfor,
        extents: &[usize],
        totals: &[Totals<'_>],
        places: &[(usize, usize)],
    ) -> Result<Vec<Contributions>, Failure> {
        let mut made: Vec<Contributions> = places.iter().map(|_| Vec::new()).collect();
        let mut lowest: Option<(usize, Failure)> = None;
        for number in self.order(places.len()) {
            if lowest.as_ref().is_some_and(|(failed, _)| *failed < number) {
                continue;
            }
            match self.run_iteration(parfor, extents, totals, places[number]) {
                Ok(contributions) => made[number] = contributions,
                Err(failure) => lowest = Some((number, failure)),
            }
        }
        lowest.map_or(Ok(made), |(_, failure)| Err(failure))
    }

    /// Runs the iteration in a row and a column: what it contributes to each total.
    fn run_iteration(
        &mut self,
        parfor: &Parfor,
        extents: &[usize],
        totals: &[Totals<'_>],
        (row, column): (usize, usize),
    ) -> Result<Contributions, Failure> {
        let columns = extents.last().copied().unwrap_or(1);
        self.iteration = Some((row * columns + column) as u64);
        self.bind_indices(parfor, extents, row, column);
        for Totals { reduction, identity, .. } in totals {
            for (local, identity) in reduction.locals.iter().zip(identity) {
                self.vars[local.index()] = Some(*identity);
            }
        }
        self.block(&parfor.body)?;
        let contribution = |totals: &Totals<'_>| {
            let own = totals.reduction.locals.iter();
            let own = own.map(|local| self.vars[local.index()].expect("a local is set")).collect();
            let element = match &totals.reduction.into {
                Target::Vars(_) => None,
                Target::Elements { buffers, index } => {
                    let buffer = buffers.iter().flatten().next().expect("somebody asks for a word");
                    Some(self.buffer(*buffer).position(&self.index(index)))
                }
            };
            (element, own)
        };
        Ok(totals.iter().map(contribution).collect())
    }

    /// Leaves a total, or those of all elements, where they go.
    fn finish(&mut self, totals: Totals<'_>, grain: Grain) {
        let Totals { reduction, identity, order, mut partials, rows, .. } = totals;
        let combine = |a: &Vec<Scalar>, b: &Vec<Scalar>| reduction.combine.eval(a, b);
        let take_in = |a: &Vec<Scalar>, b: &Vec<Scalar>| reduction.combine.eval_element(a, b);
        // What an operator combines the total with; several words become the total.
        let operates = matches!(reduction.combine, Combine::Op(_));
        let types: Vec<DType> = identity.iter().map(|word| word.dtype()).collect();
        match &reduction.into {
            Target::Vars(vars) => {
                let Some(total) = grid::fold_partials(&mut partials, |a, b| combine(&a, &b)) else { return };
                for (var, total) in vars.iter().zip(total) {
                    let Some(var) = var else { continue };
                    let var = &mut self.vars[var.index()];
                    let before = var.expect("a target is set before the loop");
                    *var = Some(if operates { combine(&vec![before], &vec![total])[0] } else { total });
                }
            }
            Target::Elements { buffers, .. } => {
                let start = reduction.combine.of_no_elements(&types);
                for (position, row) in rows.iter().enumerate() {
                    let total = match order.fold(row, grain, &identity, take_in, combine) {
                        Some(total) if operates => combine(&start, &total),
                        total => total.unwrap_or_else(|| start.clone()),
                    };
                    for (buffer, total) in buffers.iter().zip(total) {
                        let Some(buffer) = buffer else { continue };
                        let array =
                            self.buffers[buffer.index()].as_mut().expect("a target is made before the loop");
                        array.elements[position] = Some(total);
                    }
                }
            }
        }
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

/// What an iteration contributes to each total: words, and the element that they belong to, if it is of elements.
type Contributions = Vec<(Option<usize>, Vec<Scalar>)>;

/// What the iterations of a loop contribute to a reduction.
struct Totals<'l> {
    reduction: &'l Reduction,
    identity: Vec<Scalar>,
    /// The lanes of the block.
    lanes: [Vec<Scalar>; LANES],
    /// The results of blocks.
    partials: Vec<Vec<Scalar>>,
    /// For each element that takes in a total its contributions, in order.
    rows: Vec<Vec<Vec<Scalar>>>,
    /// How those are combined.
    order: RowOrder,
}

impl<'l> Totals<'l> {
    fn new(loops: &'l Loops, parfor: &Parfor, reduction: &'l Reduction, extents: &[usize]) -> Totals<'l> {
        let types: Vec<DType> = reduction.locals.iter().map(|local| loops.vars[*local].dtype).collect();
        let identity = reduction.combine.identity(&types);
        let axis = reduction.axis(&parfor.indices);
        let rest = extents.iter().enumerate().filter(|(dimension, _)| Some(*dimension) != axis);
        let elements = axis.map_or(0, |_| rest.map(|(_, extent)| extent).product());
        Totals {
            reduction,
            lanes: std::array::from_fn(|_| identity.clone()),
            identity,
            partials: Vec::new(),
            rows: vec![Vec::new(); elements],
            order: axis
                .map_or(RowOrder::Lanes, |axis| RowOrder::of(extents[axis], axis + 1 == extents.len())),
        }
    }

    fn is_of_elements(&self) -> bool {
        matches!(self.reduction.into, Target::Elements { .. })
    }

    fn begin_block(&mut self) {
        self.lanes = std::array::from_fn(|_| self.identity.clone());
    }

    /// An iteration's contribution: at an accumulator lane, or at the element that it goes to.
    fn take_in(&mut self, at: usize, own: Vec<Scalar>) {
        match self.is_of_elements() {
            true => self.rows[at].push(own),
            false => self.lanes[at] = self.reduction.combine.eval_element(&self.lanes[at], &own),
        }
    }

    fn end_block(&mut self) {
        if !self.is_of_elements() {
            let lanes = std::mem::replace(&mut self.lanes, [const { Vec::new() }; LANES]);
            self.partials.push(grid::fold_lanes(lanes, |a, b| self.reduction.combine.eval(&a, &b)));
        }
    }
}
