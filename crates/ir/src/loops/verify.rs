//! Checks that Loops are well-formed: every id exists, every value is defined once and used where it is
//! visible, types and ranks fit, and parallel loops keep the rules that let their iterations run in any order.
//!
//! A parallel loop moves and allocates no buffer, and sets only its reductions' locals and private variables: those that
//! every path sets before it reads them. That stores of different iterations do not collide is no matter of form; it is
//! shown elsewhere.
//!
//! A parallel loop in another one, or in a nest, is a lane loop, which keeps the same rules towards the code around it:
//! what its iterations set is private to each of them. It holds no third one, no checks and no reductions that depend on
//! their order.

use super::{
    Block, Buffer, BufferData, Expr, Loops, MOST_PACKED, Nest, Origin, Output, Parfor, Reduction, Stmt,
    Target, Value, Var, walk,
};
use crate::arena::Id;
use crate::grid::Grain;
use crate::host::call_problem;
use crate::message::MOST_REPORTED;
use crate::program::Type;
use crate::verify::{Scope, Verified, VerifyError, ensure};
use crate::{Combine, DType, MAX_RANK};
use std::collections::BTreeSet;

impl Loops {
    /// Checks that the loops are well-formed.
    ///
    /// # Errors
    /// Names the first statement or value that is not, and why.
    pub fn verify(&self) -> Result<(), VerifyError> {
        for param in &self.params {
            ensure!(
                !param.ty.is_complex(),
                "parameter {}: there are no complex numbers in loops",
                param.name
            );
        }
        for (buffer, data) in self.buffers.iter() {
            ensure!(data.rank as usize <= MAX_RANK, "{buffer}: too many axes");
            let Origin::Param { index, layout } = &data.origin else { continue };
            let param = self.params.get(*index as usize);
            let fits = param.is_some_and(|param| param.ty == Type::array(data.dtype, data.rank));
            ensure!(fits, "{buffer}: p{index} is no array of {} axes of {}", data.rank, data.dtype);
            ensure!(
                layout.single.len() == data.rank as usize,
                "{buffer}: its layout has not {} axes",
                data.rank
            );
            let short = |length: &u8| (2..=MOST_PACKED).contains(length);
            let last = data.rank >= 2 && layout.unit == Some(data.rank - 1);
            let fits = layout.packed.is_none_or(|length| short(&length) && last)
                && !(layout.packed.is_some() && layout.single.last() == Some(&true));
            ensure!(fits, "{buffer}: its last axis cannot be packed so");
            let shared = self.buffers.iter().any(|(other, data)| {
                other != buffer && matches!(data.origin, Origin::Param { index: of, .. } if of == *index)
            });
            ensure!(!shared, "{buffer}: shares its parameter with another buffer");
        }
        let scope = Scope::new(self.values.len());
        let mut verifier = Verifier { loops: self, scope, parallel: Vec::new(), in_nest: false };
        verifier.statements(&self.body)?;
        for (i, output) in self.results.iter().enumerate() {
            match output {
                Output::Scalar(value) => drop(verifier.operand(*value)?),
                Output::Buffer(buffer) => {
                    let data = verifier.buffer(*buffer)?;
                    ensure!(data.origin == Origin::Local, "{buffer} is returned but belongs to the caller");
                    ensure!(!self.results[..i].contains(output), "{buffer} is returned twice");
                }
            }
        }
        Ok(())
    }
}

/// What is known inside a parallel loop.
struct Private {
    /// The variables that the body sets somewhere.
    set: BTreeSet<Var>,
    /// Those set on every path to where the verifier stands.
    ready: BTreeSet<Var>,
    /// The variables that take in totals after the loop.
    targets: Vec<Var>,
    /// The arrays whose elements do.
    filled: Vec<Buffer>,
}

struct Verifier<'a> {
    loops: &'a Loops,
    scope: Scope,
    /// The parallel loops around, the outer one first.
    parallel: Vec<Private>,
    /// Whether it stands in a nest.
    in_nest: bool,
}

impl Verifier<'_> {
    /// The type of a value that may be used here.
    fn operand(&self, value: Value) -> Verified<DType> {
        let data = self.loops.values.get(value);
        ensure!(data.is_some(), "{value} does not exist");
        let data = &self.loops.values[value];
        match &data.expr {
            Expr::Const(scalar) => {
                ensure!(data.dtype == scalar.dtype(), "{value}: {scalar} is no {}", data.dtype)
            }
            Expr::Param(index) => {
                let param = self.loops.params.get(*index as usize);
                let fits = param.is_some_and(|param| param.ty == Type::scalar(data.dtype));
                ensure!(fits, "{value}: p{index} is no scalar parameter of type {}", data.dtype);
            }
            _ => ensure!(self.scope.sees(value.index()), "{value} is used where it is not visible"),
        }
        Ok(data.dtype)
    }

    fn typed(&self, value: Value, dtype: DType) -> Verified {
        let found = self.operand(value)?;
        ensure!(found == dtype, "{} is {found} where {dtype} is needed", self.loops.operand_text(value));
        Ok(())
    }

    fn buffer(&self, buffer: Buffer) -> Verified<&BufferData> {
        let data = self.loops.buffers.get(buffer);
        data.ok_or_else(|| VerifyError { message: format!("{buffer} does not exist") })
    }

    /// A local buffer, where one may be made or moved.
    fn local(&self, buffer: Buffer) -> Verified<&BufferData> {
        let data = self.buffer(buffer)?;
        ensure!(data.origin == Origin::Local, "{buffer} belongs to the caller: it cannot be made or moved");
        ensure!(!self.in_lane_loop(), "{buffer} is made or moved in a lane loop");
        Ok(data)
    }

    fn var(&self, var: Var) -> Verified<DType> {
        let data = self.loops.vars.get(var);
        data.map(|data| data.dtype).ok_or_else(|| VerifyError { message: format!("{var} does not exist") })
    }

    fn indices(&self, index: &[Value], rank: u8) -> Verified {
        ensure!(index.len() == rank as usize, "{} indices or lengths for {rank} axes", index.len());
        index.iter().try_for_each(|value| self.typed(*value, DType::Usize))
    }

    fn define(&mut self, value: Value) -> Verified {
        ensure!(self.scope.define(value.index()), "{value} is defined a second time");
        Ok(())
    }

    fn bind(&mut self, value: Value) -> Verified {
        let data = self.loops.values.get(value);
        let fits = data.is_some_and(|data| data.expr == Expr::Bound && data.dtype.is_index());
        ensure!(fits, "{value} is bound but is no bound usize");
        self.define(value)
    }

    /// A block whose values stay visible.
    fn statements(&mut self, block: &Block) -> Verified {
        block.iter().try_for_each(|stmt| {
            self.stmt(stmt).map_err(|error| VerifyError { message: located(stmt, error.message) })
        })
    }

    fn nested(&mut self, block: &Block) -> Verified {
        let mark = self.scope.enter();
        self.statements(block)?;
        self.scope.leave(mark);
        Ok(())
    }

    /// What each of the parallel loops around has set for certain.
    fn ready(&self) -> Vec<BTreeSet<Var>> {
        self.parallel.iter().map(|private| private.ready.clone()).collect()
    }

    fn restore(&mut self, ready: Vec<BTreeSet<Var>>) {
        self.parallel.iter_mut().zip(ready).for_each(|(private, ready)| private.ready = ready);
    }

    fn in_lane_loop(&self) -> bool {
        self.parallel.len() > 1 || (self.in_nest && !self.parallel.is_empty())
    }

    /// Whether a variable may be read here.
    fn readable(&self, value: Value, var: Var) -> Verified {
        let private = self.parallel.iter().rev().find(|private| private.set.contains(&var));
        let racy = private.is_some_and(|private| !private.ready.contains(&var));
        ensure!(!racy, "{value}: reads {var} before this iteration has set it");
        let target = self.parallel.iter().any(|private| private.targets.contains(&var));
        ensure!(!target, "{value}: reads {var}, which takes in the loop's total");
        Ok(())
    }

    /// A block that may be skipped: what it sets is not set for certain after it.
    fn skippable(&mut self, block: &Block) -> Verified {
        let before = self.ready();
        self.nested(block)?;
        self.restore(before);
        Ok(())
    }

    fn stmt(&mut self, stmt: &Stmt) -> Verified {
        match stmt {
            Stmt::Let(value) => {
                let exists = self.loops.values.get(*value).is_some();
                ensure!(exists, "{value} does not exist");
                self.expr(*value)?;
                self.define(*value)
            }
            Stmt::Set { var, value } => {
                let dtype = self.var(*var)?;
                self.typed(*value, dtype)?;
                for private in &mut self.parallel {
                    ensure!(!private.targets.contains(var), "{var} is set in the loop that reduces into it");
                    private.ready.insert(*var);
                }
                Ok(())
            }
            Stmt::Alloc { buffer, shape, .. } => {
                let rank = self.local(*buffer)?.rank;
                self.indices(shape, rank)
            }
            Stmt::Move { to, from } => {
                ensure!(self.parallel.is_empty(), "{from} is moved in a parallel loop");
                let (receiver, giver) = (self.local(*to)?, self.local(*from)?);
                let same = receiver.dtype == giver.dtype && receiver.rank == giver.rank && to != from;
                ensure!(same, "{from} cannot be moved to {to}");
                Ok(())
            }
            Stmt::Resize { buffer, length, .. } => {
                ensure!(self.parallel.is_empty(), "{buffer} is resized in a parallel loop");
                let rank = self.local(*buffer)?.rank;
                ensure!(rank > 0, "{buffer} has no axis");
                self.typed(*length, DType::Usize)
            }
            Stmt::Store { buffer, index, value, .. } => {
                self.not_filled(*buffer)?;
                let BufferData { dtype, rank, origin, .. } = self.buffer(*buffer)?;
                if let Origin::Param { index, .. } = origin {
                    let mutable = self.loops.params.get(*index as usize).is_some_and(|param| param.mutable);
                    ensure!(mutable, "{buffer} is stored to but not mutable");
                }
                self.indices(index, *rank)?;
                self.typed(*value, *dtype)
            }
            Stmt::Call(call) => {
                ensure!(self.parallel.is_empty() && !self.in_nest, "a call in a parallel loop or a nest");
                let buffer = |buffer: Buffer| {
                    let data = self.buffer(buffer)?;
                    let mutable = match data.origin {
                        Origin::Local => true,
                        Origin::Param { index, .. } => {
                            self.loops.params.get(index as usize).is_some_and(|param| param.mutable)
                        }
                    };
                    Ok((Type::array(data.dtype, data.rank), mutable))
                };
                call_problem(call, &self.loops.files, |value, dtype| self.typed(value, dtype), buffer)
            }
            Stmt::Check { ok, fault, args, iteration } => {
                ensure!(!self.in_lane_loop(), "a check in a lane loop");
                self.typed(*ok, DType::Bool)?;
                ensure!(args.len() <= MOST_REPORTED, "{} values to report", args.len());
                let reported = args.iter().filter(|_| !fault.kind.reports_any());
                reported.chain(iteration).try_for_each(|arg| self.typed(*arg, DType::Usize))?;
                args.iter().try_for_each(|arg| self.operand(*arg).map(drop))
            }
            Stmt::If { cond, then, otherwise } => {
                self.typed(*cond, DType::Bool)?;
                let before = self.ready();
                self.nested(then)?;
                let after_then = self.ready();
                self.restore(before);
                self.nested(otherwise)?;
                let after_both = self.ready().into_iter().zip(after_then);
                self.restore(after_both.map(|(one, other)| &one & &other).collect());
                Ok(())
            }
            Stmt::While { header, cond, body } => {
                let mark = self.scope.enter();
                self.statements(header)?;
                self.typed(*cond, DType::Bool)?;
                self.scope.leave(mark);
                self.skippable(body)
            }
            Stmt::For { index, extent, until, body } => {
                self.typed(*extent, DType::Usize)?;
                if let Some(until) = until {
                    ensure!(self.var(*until)?.is_bool(), "{until} is no truth value to end a loop");
                }
                let mark = self.scope.enter();
                self.bind(*index)?;
                self.skippable(body)?;
                self.scope.leave(mark);
                Ok(())
            }
            Stmt::Parfor(parfor) => self.parfor(parfor),
            Stmt::Nest(Nest { body, .. }) => {
                ensure!(self.parallel.is_empty(), "a nest in a parallel loop");
                ensure!(!self.in_nest, "a nest in another one");
                self.in_nest = true;
                self.nested(body)?;
                self.in_nest = false;
                Ok(())
            }
        }
    }

    /// What a parallel loop keeps to if it stands in another one, or in a nest.
    fn lane_loop(&self, parfor: &Parfor) -> Verified {
        ensure!(!self.in_lane_loop(), "a parallel loop in a lane loop");
        ensure!(parfor.indices.len() == 1, "a lane loop of {} dimensions", parfor.indices.len());
        for reduction in &parfor.reductions {
            let Some((op, local, target)) = reduction.as_simple() else {
                return Err(VerifyError {
                    message: "a lane loop reduces by operators into variables".into(),
                });
            };
            let dtype = self.var(local)?;
            ensure!(op.is_exact(dtype), "a lane loop with a {} of {dtype}", op.name());
            for private in &self.parallel {
                let known = !private.set.contains(&target) || private.ready.contains(&target);
                ensure!(known, "{target} takes in a total before this iteration has set it");
                ensure!(!private.targets.contains(&target), "{target} takes in totals of two loops");
            }
        }
        Ok(())
    }

    fn parfor(&mut self, parfor: &Parfor) -> Verified {
        if self.in_nest || !self.parallel.is_empty() {
            ensure!(!parfor.elements, "a lane loop runs one by one");
            self.lane_loop(parfor)?;
        }
        let Parfor { indices, extents, reductions, body, .. } = parfor;
        ensure!(parfor.grain != Grain::Panels || reductions.is_empty(), "panels reduce nothing");
        let same = indices.len() == extents.len() && indices.len() <= MAX_RANK;
        ensure!(same, "{} indices for {} extents", indices.len(), extents.len());
        extents.iter().try_for_each(|extent| self.typed(*extent, DType::Usize))?;
        let mut ready = BTreeSet::new();
        for reduction in reductions {
            self.reduction(reduction, indices)?;
            for local in &reduction.locals {
                ensure!(ready.insert(*local), "{local} is reduced twice");
            }
        }
        let targets: Vec<Var> = reductions.iter().flat_map(Reduction::target_vars).collect();
        for (i, target) in targets.iter().enumerate() {
            let once = !ready.contains(target) && !targets[..i].contains(target);
            ensure!(once, "{target} takes in a total and has another part in the same loop");
        }
        let filled: Vec<Buffer> = reductions.iter().flat_map(Reduction::target_buffers).collect();
        for (i, buffer) in filled.iter().enumerate() {
            ensure!(!filled[..i].contains(buffer), "{buffer} takes in two totals of one loop");
        }
        let set = assigned(body);
        let inside: Vec<Var> = set.iter().chain(&ready).copied().collect();
        self.parallel.push(Private { set, ready, targets, filled });
        let mark = self.scope.enter();
        indices.iter().try_for_each(|index| self.bind(*index))?;
        self.statements(body)?;
        self.scope.leave(mark);
        let ready = self.parallel.pop().map(|own| own.ready).unwrap_or_default();
        for local in reductions.iter().flat_map(|reduction| &reduction.locals) {
            ensure!(ready.contains(local), "{local} is reduced but belongs to a lane loop in the end");
        }
        // What the iterations set belongs to each of them.
        for around in &mut self.parallel {
            inside.iter().for_each(|var| _ = around.ready.remove(var));
        }
        Ok(())
    }

    fn reduction(&self, reduction: &Reduction, indices: &[Value]) -> Verified {
        let Reduction { combine, locals, into } = reduction;
        let types = locals.iter().map(|local| self.var(*local)).collect::<Verified<Vec<_>>>()?;
        ensure!(types.len() == combine.words(), "{} locals for {} words", types.len(), combine.words());
        let targets = match into {
            Target::Vars(vars) => vars
                .iter()
                .map(|var| var.map(|var| Ok((var.to_string(), self.var(var)?))).transpose())
                .collect::<Verified<Vec<_>>>()?,
            Target::Elements { buffers, index } => {
                let rest = indices.iter().filter(|own| index.contains(own));
                let most = index.len() + 1 == indices.len() && rest.eq(index);
                ensure!(most, "the total goes to elements that are not those of all dimensions but one");
                let element = |buffer: Buffer| {
                    let BufferData { dtype, rank, origin, .. } = self.buffer(buffer)?;
                    let fits = *origin == Origin::Local && *rank as usize == index.len();
                    ensure!(fits, "{buffer} is no local array with an axis for each dimension but one");
                    Ok((buffer.to_string(), *dtype))
                };
                buffers.iter().map(|buffer| buffer.map(element).transpose()).collect::<Verified<Vec<_>>>()?
            }
        };
        ensure!(targets.len() == types.len(), "{} targets for {} words", targets.len(), types.len());
        for ((target, ty), local) in targets.iter().zip(&types).zip(locals) {
            let Some((name, found)) = target else { continue };
            ensure!(found == ty, "{} of {local} into {name}: the types differ", combine.name());
        }
        match combine {
            Combine::Op(op) => ensure!(op.applies_to(types[0]), "no {} of {}", op.name(), types[0]),
            Combine::State(combiner) => {
                combiner.verify()?;
                let words: Vec<DType> = combiner.identity.iter().map(|word| word.dtype()).collect();
                ensure!(words == types, "a combiner of {words:?} for {types:?}");
            }
        }
        Ok(())
    }

    fn not_filled(&self, buffer: Buffer) -> Verified {
        let filled = self.parallel.iter().any(|private| private.filled.contains(&buffer));
        ensure!(!filled, "{buffer} is used in the loop that reduces into its elements");
        Ok(())
    }

    fn expr(&mut self, value: Value) -> Verified {
        let data = &self.loops.values[value];
        let result = match &data.expr {
            Expr::Const(_) | Expr::Param(_) | Expr::Bound => {
                return Err(VerifyError { message: format!("{value}: a leaf, which no statement defines") });
            }
            Expr::Var(var) => {
                self.readable(value, *var)?;
                self.var(*var)?
            }
            Expr::Op(op, operands) => {
                let dtypes =
                    operands.iter().map(|operand| self.operand(*operand)).collect::<Verified<Vec<_>>>()?;
                let result = op.result_type(&dtypes);
                result.ok_or_else(|| VerifyError {
                    message: format!("{value}: {op} does not apply to {dtypes:?}"),
                })?
            }
            Expr::Cast(operand) => {
                self.operand(*operand)?;
                data.dtype
            }
            Expr::Load { buffer, index } => {
                self.not_filled(*buffer)?;
                let BufferData { dtype, rank, .. } = self.buffer(*buffer)?;
                self.indices(index, *rank)?;
                *dtype
            }
            Expr::Dim { buffer, axis } => {
                ensure!(*axis < self.buffer(*buffer)?.rank, "{value}: {buffer} has no axis {axis}");
                DType::Usize
            }
            Expr::Trips { start, end, step } => {
                let dtype = self.operand(*start)?;
                ensure!(dtype.is_int(), "{value}: a range of {dtype}");
                self.typed(*end, dtype)?;
                self.typed(*step, DType::Usize)?;
                DType::Usize
            }
            Expr::LinearIndex => {
                let around = self.parallel.len() > self.in_nest as usize;
                ensure!(around, "{value}: a linear index outside parallel loops");
                DType::Usize
            }
            Expr::Threads => DType::Usize,
            Expr::Random { stream, element, draw } => {
                [stream, element, draw]
                    .into_iter()
                    .try_for_each(|operand| self.typed(*operand, DType::I64))?;
                data.dtype
            }
        };
        ensure!(data.dtype == result, "{value}: declared {} but is {result}", data.dtype);
        Ok(())
    }
}

/// The variables that a block sets somewhere, those among them that take part in the reductions of lane loops.
fn assigned(block: &Block) -> BTreeSet<Var> {
    let mut set = BTreeSet::new();
    for stmt in walk::statements(block) {
        match stmt {
            Stmt::Set { var, .. } => drop(set.insert(*var)),
            Stmt::Parfor(Parfor { reductions, .. }) => {
                set.extend(
                    reductions.iter().flat_map(|own| own.locals.iter().copied().chain(own.target_vars())),
                );
            }
            _ => {}
        }
    }
    set
}

/// The message with the statement in front, for statements that are not blocks.
fn located(stmt: &Stmt, message: String) -> String {
    match stmt {
        Stmt::Let(value) if message.starts_with(&format!("{value}:")) => message,
        Stmt::Let(value) => format!("{value}: {message}"),
        Stmt::Set { var, .. } => format!("setting {var}: {message}"),
        Stmt::Store { buffer, .. } => format!("store to {buffer}: {message}"),
        Stmt::Alloc { buffer, .. } => format!("alloc of {buffer}: {message}"),
        Stmt::Resize { buffer, .. } => format!("resizing of {buffer}: {message}"),
        Stmt::Check { fault, .. } => format!("check for {}: {message}", fault.kind),
        Stmt::Call(_)
        | Stmt::Move { .. }
        | Stmt::If { .. }
        | Stmt::While { .. }
        | Stmt::For { .. }
        | Stmt::Parfor(_)
        | Stmt::Nest(_) => message,
    }
}
