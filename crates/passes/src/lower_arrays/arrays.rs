//! Whole-array operations: each becomes a parallel loop over its result.
//!
//! ```text
//! v1: [f64; 1] = sub x, means           alloc b2[v0]
//!                                  →    parfor v3 in v0 { …; store b2[v3], v5 }
//! ```
//!
//! A new array goes to a buffer of its own, or straight to the variable it is for. Where that variable has the
//! right shape already, its elements are overwritten in place: an operand that is the variable itself is then
//! read at the element that is written.

use super::shapes::Access;
use super::views::{self, Shown};
use super::{Lowering, Parallel, scan};
use crate::rejection::{ReductionFlaw, Rejection};
use parfuse_ir::loops::{Buffer, Expr, Origin, Source, Stmt, Value};
use parfuse_ir::{Loc, ScalarOp, program};

/// An operand of an elementwise operation.
#[derive(Clone, Debug)]
pub(super) enum Operand {
    Scalar(Value),
    Array { array: Shown, accesses: Vec<Access> },
}

/// Where the elements of a new array go.
enum Target {
    /// To a fresh buffer, or to a variable's buffer made anew.
    Anew(Buffer),
    /// To the elements of a variable's buffer, whose shape is right already.
    InPlace(Buffer),
}

/// What an operation on whole arrays is called.
pub(super) fn name_of_operation(expr: &program::Expr) -> &'static str {
    match expr {
        program::Expr::Op(op, _) => op.name(),
        program::Expr::Cast(_) => "cast",
        program::Expr::Fill { .. } => "fill",
        program::Expr::Copy(_) => "copy",
        program::Expr::Reshape { .. } => "reshape",
        program::Expr::Random { distribution, .. } => distribution.name(),
        program::Expr::Map { .. } => "map",
        program::Expr::Reduce { fold, .. } => fold.name(),
        _ => "assign",
    }
}

impl Lowering<'_> {
    /// Evaluates a whole-array operation. Returns the buffer that holds the result.
    pub(super) fn array_expression(
        &mut self,
        value: program::Value,
        destination: Option<program::Var>,
    ) -> Result<Buffer, Rejection> {
        let program = self.program;
        let data = &program.values[value];
        let (dtype, loc) = (data.ty.dtype(), data.loc);
        if let program::Expr::Var(var) = data.expr {
            return Ok(self.array_vars[&var]);
        }
        let what = name_of_operation(&data.expr);
        if self.parallel.is_some() && matches!(data.expr, program::Expr::Random { .. }) {
            return Err(self.refused_inside(value));
        }
        let source = Source::new(what, loc);
        let named = data.name.as_deref();
        self.temporaries.insert(value, self.serial);
        let fresh = match destination {
            Some(var) => self.array_vars[&var],
            None => {
                let rank = data.ty.rank().expect("it is an array");
                self.buffer(named.unwrap_or(what), named.is_some(), dtype, rank, Origin::Local)
            }
        };
        if destination.is_none() && self.uses.get(&value) == Some(&1) {
            self.single_use.insert(fresh);
        }
        match &data.expr {
            program::Expr::Op(op, args) => {
                let (shape, operands) = self.operands(args, loc);
                self.elementwise(fresh, shape, operands, source, |lowering, elements, _| {
                    Ok(lowering.emit(Expr::Op(*op, elements), dtype, loc))
                })
            }
            program::Expr::Cast(from) => {
                let (shape, operands) = self.operands(&[*from], loc);
                self.elementwise(fresh, shape, operands, source, |lowering, elements, _| {
                    Ok(lowering.emit(Expr::Cast(elements[0]), dtype, loc))
                })
            }
            program::Expr::Copy(from) if self.last_reads.contains_key(&value) => {
                let from = self.array(*from);
                self.hand_over(fresh, from.buffer(), loc);
                Ok(fresh)
            }
            program::Expr::Copy(from) => {
                let (shape, operands) = self.operands(&[*from], loc);
                self.elementwise(fresh, shape, operands, source, |_, elements, _| Ok(elements[0]))
            }
            program::Expr::Reshape { array, shape } => {
                let array = self.array(*array);
                self.reshape(fresh, &array, shape, source)
            }
            program::Expr::Fill { shape, value } => {
                let shape: Vec<Value> = shape.iter().map(|length| self.scalar(*length)).collect();
                let element = self.scalar(*value);
                self.check_lengths(&shape, loc);
                self.elementwise(fresh, shape, Vec::new(), source, |_, _, _| Ok(element))
            }
            program::Expr::Random { distribution, operands, shape } => {
                let shape: Vec<Value> = shape.iter().map(|length| self.scalar(*length)).collect();
                let operands: Vec<Value> = operands.iter().map(|operand| self.scalar(*operand)).collect();
                self.check_distribution(*distribution, dtype, &operands, loc);
                self.check_lengths(&shape, loc);
                let stream = self.next_stream();
                self.elementwise(fresh, shape, Vec::new(), source, |lowering, _, indices| {
                    let place = lowering.draws_of_element(stream, indices.len(), loc);
                    Ok(lowering.random_number(place, *distribution, dtype, &operands, loc))
                })
            }
            program::Expr::Map { arrays, params, body, results } => {
                self.refuse_assignments(body)?;
                let first = self.array(arrays[0]);
                let shape = self.shape_of(&first);
                let operands: Vec<Operand> =
                    arrays.iter().map(|array| self.operand_to(*array, &shape, loc)).collect();
                if let [result] = results[..] {
                    return self.elementwise(fresh, shape, operands, source, |lowering, elements, _| {
                        lowering.mapped(params, body, result, elements)
                    });
                }
                self.side_by_side(fresh, shape, results.len(), source, |lowering, indices| {
                    let element = |operand: &Operand| lowering.element(operand, indices, loc);
                    let elements = operands.iter().map(element).collect();
                    lowering.mapped_to_several(params, body, results, elements)
                })
            }
            program::Expr::Reduce { fold, array, axis: Some(axis) } => {
                self.reduce_axis(*fold, *array, *axis, fresh, loc)
            }
            _ => unreachable!("matched above"),
        }
    }

    /// What the block of a `map` makes of elements.
    pub(super) fn mapped(
        &mut self,
        params: &[program::Value],
        body: &program::Block,
        result: program::Value,
        elements: Vec<Value>,
    ) -> Result<Value, Rejection> {
        self.mapped_to_several(params, body, &[result], elements).map(|results| results[0])
    }

    fn mapped_to_several(
        &mut self,
        params: &[program::Value],
        body: &program::Block,
        results: &[program::Value],
        elements: Vec<Value>,
    ) -> Result<Vec<Value>, Rejection> {
        self.scalars.extend(params.iter().copied().zip(elements));
        let outer = self.parallel.replace(Parallel::new("map"));
        let declared = self.declared.clone();
        self.scoped(|lowering| lowering.statements(body))?;
        self.declared = declared;
        self.parallel = outer;
        Ok(results.iter().map(|result| self.scalar(*result)).collect())
    }

    /// A loop that computes several elements at a time of a new array, which lie side by side along its last axis.
    fn side_by_side(
        &mut self,
        fresh: Buffer,
        shape: Vec<Value>,
        count: usize,
        source: Source,
        elements: impl FnOnce(&mut Self, &[Value]) -> Result<Vec<Value>, Rejection>,
    ) -> Result<Buffer, Rejection> {
        let loc = source.loc;
        let mut whole = shape.clone();
        whole.push(self.constant(parfuse_ir::Scalar::Usize(count)));
        let buffer = self.make(fresh, &whole, &[], loc);
        self.parallel_loop(shape, Vec::new(), source, |lowering, indices| {
            for (position, value) in elements(lowering, indices)?.into_iter().enumerate() {
                let mut index = indices.to_vec();
                index.push(lowering.constant(parfuse_ir::Scalar::Usize(position)));
                lowering.block.push(Stmt::Store { buffer, index, value, loc });
            }
            Ok(())
        })?;
        Ok(buffer)
    }

    /// The block of a `map` assigns only variables of its own.
    pub(super) fn refuse_assignments(&self, body: &program::Block) -> Result<(), Rejection> {
        let assigned = scan::effects(self.program, &[body], self.last_reads).assigned;
        match assigned.iter().find(|var| self.declared.contains(var)) {
            None => Ok(()),
            Some(&var) => Err(Rejection::NotAReduction {
                variable: self.program.vars[var].name.clone(),
                locs: scan::assignments(self.program, body, var),
                why: ReductionFlaw::NotOfTheForm,
            }),
        }
    }

    /// Broadcasts the operands of an operation.
    pub(super) fn operands(&mut self, values: &[program::Value], loc: Loc) -> (Vec<Value>, Vec<Operand>) {
        let is_array = |value: &&program::Value| self.program.ty(**value).rank().is_some();
        let arrays: Vec<Shown> = values.iter().filter(is_array).map(|value| self.array(*value)).collect();
        let shapes: Vec<Vec<Value>> = arrays.iter().map(|array| self.shape_of(array)).collect();
        let (shape, accesses) = self.broadcast(&shapes, loc);
        let mut arrays = arrays.into_iter().zip(accesses);
        let mut operands = Vec::new();
        for value in values {
            operands.push(match self.program.ty(*value) {
                program::Type::Scalar(_) => Operand::Scalar(self.scalar(*value)),
                program::Type::Array(..) => {
                    let (array, accesses) = arrays.next().expect("there is one for each array");
                    Operand::Array { array, accesses }
                }
            });
        }
        (shape, operands)
    }

    /// Broadcasts one operand to a given shape.
    pub(super) fn operand_to(&mut self, value: program::Value, shape: &[Value], loc: Loc) -> Operand {
        match self.program.ty(value) {
            program::Type::Scalar(_) => Operand::Scalar(self.scalar(value)),
            program::Type::Array(..) => {
                let array = self.array(value);
                let own = self.shape_of(&array);
                Operand::Array { accesses: self.broadcast_to(&own, shape, loc), array }
            }
        }
    }

    /// A loop that computes a new array. Returns the buffer it went to.
    pub(super) fn elementwise(
        &mut self,
        fresh: Buffer,
        shape: Vec<Value>,
        operands: Vec<Operand>,
        source: Source,
        element: impl FnOnce(&mut Self, Vec<Value>, &[Value]) -> Result<Value, Rejection>,
    ) -> Result<Buffer, Rejection> {
        let loc = source.loc;
        let buffer = self.make(fresh, &shape, &operands, loc);
        self.fill_each(buffer, shape, source, |lowering, indices| {
            let elements = operands.iter().map(|operand| lowering.element(operand, indices, loc)).collect();
            element(lowering, elements, indices)
        })?;
        Ok(buffer)
    }

    /// A loop that computes the elements of an array.
    pub(super) fn fill_each(
        &mut self,
        buffer: Buffer,
        shape: Vec<Value>,
        source: Source,
        element: impl FnOnce(&mut Self, &[Value]) -> Result<Value, Rejection>,
    ) -> Result<(), Rejection> {
        let loc = source.loc;
        self.parallel_loop(shape, Vec::new(), source, |lowering, indices| {
            let value = element(lowering, indices)?;
            lowering.block.push(Stmt::Store { buffer, index: indices.to_vec(), value, loc });
            Ok(())
        })
    }

    /// Makes the array that elements computed from these operands go to.
    pub(super) fn make(&mut self, fresh: Buffer, shape: &[Value], operands: &[Operand], loc: Loc) -> Buffer {
        match self.target(fresh, shape, operands) {
            Target::InPlace(buffer) => buffer,
            Target::Anew(buffer) => {
                self.known.shapes.insert(buffer, shape.to_vec());
                // Those that iterations make are best of the same lengths in all of them.
                let shape = match self.parallel.is_some() {
                    true => shape.iter().map(|length| self.steady(*length, loc)).collect(),
                    false => shape.to_vec(),
                };
                self.block.push(Stmt::Alloc { buffer, shape, zeroed: false, loc });
                buffer
            }
        }
    }

    /// Decides where the elements of a new array can go.
    fn target(&mut self, fresh: Buffer, shape: &[Value], operands: &[Operand]) -> Target {
        let own = self.known.shapes.get(&fresh).cloned();
        let keeps_shape = own.is_some_and(|own| self.same_shape(&own, shape));
        let takes = |operand: &&Operand| self.takes_from(operand, fresh);
        let reads: Vec<&Operand> = operands.iter().filter(takes).collect();
        // What a view shows may have been overwritten by the time that it is read.
        if keeps_shape && reads.iter().all(|operand| self.is_in_step(&fresh.into(), operand)) {
            return Target::InPlace(fresh);
        }
        if reads.is_empty() {
            return Target::Anew(fresh);
        }
        // The old array is read while the new one is made; the assignment moves it over.
        Target::Anew(self.another(fresh))
    }

    /// Another buffer for what was to go to one.
    pub(super) fn another(&mut self, buffer: Buffer) -> Buffer {
        let data = self.output.buffers[buffer].clone();
        self.buffer(&data.name, true, data.dtype, data.rank, Origin::Local)
    }

    /// The element of an operand in an iteration.
    pub(super) fn element(&mut self, operand: &Operand, indices: &[Value], loc: Loc) -> Value {
        match operand {
            Operand::Scalar(value) => *value,
            Operand::Array { array, accesses } => {
                let index = self.accessed(accesses, indices, loc);
                self.load(array, &index, loc)
            }
        }
    }

    /// The indices of an operand's element, given those of the result's.
    pub(super) fn accessed(&mut self, accesses: &[Access], indices: &[Value], loc: Loc) -> Vec<Value> {
        let zero = self.usize(0);
        let index = accesses.iter().map(|access| match *access {
            Access::Direct(dimension) => indices[dimension],
            Access::Zero => zero,
            Access::Either(is_one, dimension) => {
                self.op(ScalarOp::Select, &[is_one, zero, indices[dimension]], loc)
            }
        });
        index.collect()
    }

    /// Gives the array of one buffer to another; those of an iteration stay where they are, and elements are copied.
    pub(super) fn hand_over(&mut self, to: Buffer, from: Buffer, loc: Loc) {
        if to == from {
            return;
        }
        if self.parallel.is_some() {
            return self.copy_to(to, &from.into(), loc);
        }
        let shape = self.shape(from);
        self.known.shapes.remove(&from);
        self.known.shapes.insert(to, shape);
        self.block.push(Stmt::Move { to, from });
    }

    /// A fresh copy of an array.
    pub(super) fn copy(&mut self, from: &Shown, loc: Loc) -> Buffer {
        let (name, named, dtype) = match &from.source {
            views::Source::Buffer(buffer) => {
                let data = &self.output.buffers[*buffer];
                (data.name.clone(), self.names.contains_key(buffer), data.dtype)
            }
            views::Source::Computed(computed) => ("copy".to_string(), false, computed.dtype),
        };
        let rank = self.shape_of(from).len() as u8;
        let to = self.buffer(&name, named, dtype, rank, Origin::Local);
        self.copy_to(to, from, loc);
        to
    }

    /// Makes a buffer anew as a copy of an array.
    pub(super) fn copy_to(&mut self, to: Buffer, from: &Shown, loc: Loc) {
        let shape = self.shape_of(from);
        let accesses = (0..shape.len()).map(Access::Direct).collect();
        let source = Source::new("copy", loc);
        let operands = vec![Operand::Array { array: from.clone(), accesses }];
        let copied = self.elementwise(to, shape, operands, source, |_, elements, _| Ok(elements[0]));
        let copied = copied.expect("a copy is never refused");
        self.hand_over(to, copied, loc);
    }

    /// Sets an element of an array.
    pub(super) fn store(&mut self, array: &Shown, own: &[Value], value: Value, loc: Loc) {
        let index = self.indices_of(array, own, loc);
        self.block.push(Stmt::Store { buffer: array.buffer(), index, value, loc });
    }

    /// Overwrites the elements of an array in place.
    pub(super) fn overwrite(
        &mut self,
        array: &Shown,
        value: program::Value,
        loc: Loc,
    ) -> Result<(), Rejection> {
        let shape = self.shape_of(array);
        let mut operand = self.operand_to(value, &shape, loc);
        if let Operand::Array { array: read, .. } = &mut operand
            && read.buffer() == array.buffer()
            && *read != *array
        {
            // An element may be overwritten before it is read.
            *read = self.copy(&read.clone(), loc).into();
        }
        self.assign_elements(array, shape, operand, loc)
    }
}
