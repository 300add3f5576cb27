//! Evaluating values: scalars become scalar code, whole-array operations become parallel loops.

use super::random::Draws;
use super::shapes::Access;
use super::{Lowering, Parallel, scan};
use crate::rejection::{ReductionFlaw, Rejection};
use parfuse_ir::loops::{Buffer, Expr, Origin, Reduction, Source, Stmt, Value};
use parfuse_ir::{DType, FaultKind, Loc, ReduceOp, Scalar, ScalarOp, program};

/// An operand of an elementwise operation.
#[derive(Clone)]
enum Operand {
    Scalar(Value),
    Array { buffer: Buffer, accesses: Vec<Access> },
}

/// Where the elements of a new array go.
enum Target {
    /// To a fresh buffer, or to a variable's buffer made anew.
    Anew(Buffer),
    /// To the elements of a variable's buffer, whose shape is right already.
    InPlace(Buffer),
}

impl Lowering<'_> {
    /// Evaluates a value. An array may go straight to the variable that is assigned it next.
    pub(super) fn evaluate(
        &mut self,
        value: program::Value,
        destination: Option<program::Var>,
    ) -> Result<(), Rejection> {
        let data = &self.program.values[value];
        if data.expr.is_leaf() {
            return Ok(());
        }
        match data.ty {
            program::Type::Scalar(_) => {
                let scalar = self.scalar_expression(value)?;
                self.scalars.insert(value, scalar);
            }
            program::Type::Array(..) => {
                let buffer = self.array_expression(value, destination)?;
                self.arrays.insert(value, buffer);
            }
        }
        Ok(())
    }

    fn scalar_expression(&mut self, value: program::Value) -> Result<Value, Rejection> {
        let program = self.program;
        let data = &program.values[value];
        let (dtype, loc) = (data.ty.dtype(), data.loc);
        Ok(match &data.expr {
            program::Expr::Var(var) => self.read_variable(*var, loc)?,
            program::Expr::Op(op, args) => match self.first_contribution(*op, args) {
                Some(contribution) => contribution,
                None => {
                    let args = args.iter().map(|arg| self.scalar(*arg)).collect();
                    self.emit(Expr::Op(*op, args), dtype, loc)
                }
            },
            program::Expr::Cast(from) => self.conversion(*from, dtype, loc),
            program::Expr::Index { array, index } => {
                let buffer = self.array(*array);
                let index = self.checked_index(buffer, index, loc);
                self.emit(Expr::Load { buffer, index }, dtype, loc)
            }
            program::Expr::Dim { array, axis } => {
                let buffer = self.array(*array);
                self.shape(buffer)[*axis as usize]
            }
            program::Expr::Len(array) => {
                let buffer = self.array(*array);
                let (shape, one) = (self.shape(buffer), self.usize(1));
                let all = shape
                    .into_iter()
                    .reduce(|product, length| self.op(ScalarOp::Mul, &[product, length], loc));
                all.unwrap_or(one)
            }
            program::Expr::Random { .. } => self.random_scalar(dtype, loc)?,
            program::Expr::Reduce { op, array } => self.reduce(*op, *array, dtype, loc)?,
            program::Expr::Const(_)
            | program::Expr::Param(_)
            | program::Expr::Bound
            | program::Expr::Fill { .. }
            | program::Expr::Copy(_)
            | program::Expr::Map { .. } => panic!("{value} is not a scalar expression"),
        })
    }

    /// Reads a scalar variable.
    pub(super) fn read_variable(&mut self, var: program::Var, loc: Loc) -> Result<Value, Rejection> {
        if !self.declared.contains(&var) {
            // It was last assigned inside a `prange`, which leaves nothing behind.
            return Err(Rejection::NotAReduction {
                variable: self.program.vars[var].name.clone(),
                locs: vec![loc],
                why: ReductionFlaw::LastValue,
            });
        }
        Ok(self.get(self.scalar_vars[&var], loc))
    }

    /// If an operation combines the identity that a reduction's local starts from with something: that as it
    /// is. No bit of the total changes: the total it goes to has itself started from the identity, so that a
    /// negative zero is absorbed by a sum and a NaN by a minimum in either case.
    fn first_contribution(&mut self, op: ScalarOp, args: &[program::Value]) -> Option<Value> {
        let [a, b] = args else { return None };
        let (a, b) = (*a, *b);
        [(a, b), (b, a)].into_iter().find_map(|(partial, contribution)| {
            let program::Expr::Var(var) = self.program.values[partial].expr else { return None };
            let reduced = &self.parallel.as_ref()?.reduced;
            let (_, reduce) =
                *reduced.iter().find(|(other, reduce)| *other == var && reduce.combine() == op)?;
            let identity = reduce.identity(self.program.ty(partial).dtype());
            let partial = self.scalar(partial);
            self.is_constant(partial, identity).then(|| self.scalar(contribution))
        })
    }

    /// Converts a scalar. The index of a signed range is widened from the `usize` it was computed as.
    fn conversion(&mut self, from: program::Value, to: DType, loc: Loc) -> Value {
        match self.wide.get(&from) {
            Some(&wide) if matches!(to, DType::Usize | DType::I64) => self.cast(wide, to, loc),
            _ => {
                let operand = self.scalar(from);
                self.emit(Expr::Cast(operand), to, loc)
            }
        }
    }

    /// The indices of an element the user names, after their checks.
    pub(super) fn checked_index(&mut self, buffer: Buffer, index: &[program::Value], loc: Loc) -> Vec<Value> {
        let index: Vec<Value> = index.iter().map(|i| self.scalar(*i)).collect();
        for (axis, length) in self.shape(buffer).into_iter().enumerate() {
            let ok = self.op(ScalarOp::Lt, &[index[axis], length], loc);
            let kind = FaultKind::IndexOutOfRange { axis: axis as u8 };
            self.check(ok, kind, loc, self.names.get(&buffer).cloned(), vec![index[axis], length]);
        }
        index
    }

    fn array_expression(
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
        let what: &str = match &data.expr {
            program::Expr::Op(op, _) => op.name(),
            program::Expr::Cast(_) => "cast",
            program::Expr::Fill { .. } => "fill",
            program::Expr::Copy(_) => "copy",
            program::Expr::Random { .. } => "random",
            program::Expr::Map { .. } => "map",
            _ => panic!("{value} is not an array expression"),
        };
        self.refuse_inside(what, loc)?;
        let source = Source { what: what.into(), loc };
        let named = data.name.as_deref();
        self.temporaries.insert(value, self.serial);
        let fresh = match destination {
            Some(var) => self.array_vars[&var],
            None => {
                let rank = data.ty.rank().expect("it is an array");
                self.buffer(named.unwrap_or(what), named.is_some(), dtype, rank, Origin::Local)
            }
        };
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
            program::Expr::Copy(from) => {
                let (shape, operands) = self.operands(&[*from], loc);
                self.elementwise(fresh, shape, operands, source, |_, elements, _| Ok(elements[0]))
            }
            program::Expr::Fill { shape, value } => {
                let shape: Vec<Value> = shape.iter().map(|length| self.scalar(*length)).collect();
                let element = self.scalar(*value);
                if self.output.constant(element).is_some_and(|scalar| scalar.to_bits() == 0) {
                    self.allocate(fresh, shape, true, loc);
                    return Ok(fresh);
                }
                self.elementwise(fresh, shape, Vec::new(), source, |_, _, _| Ok(element))
            }
            program::Expr::Random { shape } => {
                let shape: Vec<Value> = shape.iter().map(|length| self.scalar(*length)).collect();
                let stream = self.next_stream();
                self.elementwise(fresh, shape, Vec::new(), source, |lowering, _, indices| {
                    Ok(lowering.random_element(stream, indices.len(), dtype, loc))
                })
            }
            program::Expr::Map { arrays, params, body, result } => {
                self.refuse_assignments(body)?;
                let first = self.array(arrays[0]);
                let shape = self.shape(first);
                let operands: Vec<Operand> =
                    arrays.iter().map(|array| self.operand_to(*array, &shape, loc)).collect();
                self.elementwise(fresh, shape, operands, source, |lowering, elements, _| {
                    lowering.scalars.extend(params.iter().copied().zip(elements));
                    let outer =
                        lowering.parallel.replace(Parallel { what: "map", reduced: Vec::new(), draws: None });
                    let declared = lowering.declared.clone();
                    lowering.scoped(|lowering| lowering.statements(body))?;
                    lowering.declared = declared;
                    lowering.parallel = outer;
                    Ok(lowering.scalar(*result))
                })
            }
            _ => unreachable!("matched above"),
        }
    }

    /// The block of a `map` assigns only variables of its own.
    fn refuse_assignments(&self, body: &program::Block) -> Result<(), Rejection> {
        let assigned = scan::effects(self.program, &[body]).assigned;
        match assigned.iter().find(|var| self.declared.contains(var)) {
            None => Ok(()),
            Some(&var) => Err(Rejection::NotAReduction {
                variable: self.program.vars[var].name.clone(),
                locs: scan::assignments(self.program, body, var),
                why: ReductionFlaw::NotOfTheForm,
            }),
        }
    }

    /// An array operation inside a parallel loop would need an array per iteration.
    pub(super) fn refuse_inside(&self, operation: &str, loc: Loc) -> Result<(), Rejection> {
        match &self.parallel {
            None => Ok(()),
            Some(Parallel { what, .. }) => {
                Err(Rejection::ArrayOperationInside { operation: operation.to_string(), inside: what, loc })
            }
        }
    }

    /// Broadcasts the operands of an operation.
    fn operands(&mut self, values: &[program::Value], loc: Loc) -> (Vec<Value>, Vec<Operand>) {
        let is_array = |value: &&program::Value| self.program.ty(**value).rank().is_some();
        let buffers: Vec<Buffer> = values.iter().filter(is_array).map(|value| self.array(*value)).collect();
        let shapes: Vec<Vec<Value>> = buffers.iter().map(|buffer| self.shape(*buffer)).collect();
        let (shape, accesses) = self.broadcast(&shapes, loc);
        let mut arrays = buffers.into_iter().zip(accesses);
        let mut operands = Vec::new();
        for value in values {
            operands.push(match self.program.ty(*value) {
                program::Type::Scalar(_) => Operand::Scalar(self.scalar(*value)),
                program::Type::Array(..) => {
                    let (buffer, accesses) = arrays.next().expect("there is one for each array");
                    Operand::Array { buffer, accesses }
                }
            });
        }
        (shape, operands)
    }

    /// Broadcasts one operand to a given shape.
    fn operand_to(&mut self, value: program::Value, shape: &[Value], loc: Loc) -> Operand {
        match self.program.ty(value) {
            program::Type::Scalar(_) => Operand::Scalar(self.scalar(value)),
            program::Type::Array(..) => {
                let buffer = self.array(value);
                let own = self.shape(buffer);
                Operand::Array { buffer, accesses: self.broadcast_to(&own, shape, loc) }
            }
        }
    }

    /// A loop that computes a new array. Returns the buffer it went to.
    fn elementwise(
        &mut self,
        fresh: Buffer,
        shape: Vec<Value>,
        operands: Vec<Operand>,
        source: Source,
        element: impl FnOnce(&mut Self, Vec<Value>, &[Value]) -> Result<Value, Rejection>,
    ) -> Result<Buffer, Rejection> {
        let loc = source.loc;
        let buffer = match self.target(fresh, &shape, &operands) {
            Target::InPlace(buffer) => buffer,
            Target::Anew(buffer) => {
                self.allocate(buffer, shape.clone(), false, loc);
                buffer
            }
        };
        self.parallel_loop(shape, Vec::new(), source, |lowering, indices| {
            let elements = operands.iter().map(|operand| lowering.element(operand, indices, loc)).collect();
            let value = element(lowering, elements, indices)?;
            lowering.block.push(Stmt::Store { buffer, index: indices.to_vec(), value, loc });
            Ok(())
        })?;
        Ok(buffer)
    }

    /// Decides where the elements of a new array can go.
    fn target(&mut self, fresh: Buffer, shape: &[Value], operands: &[Operand]) -> Target {
        let keeps_shape = self.known.shapes.get(&fresh).is_some_and(|own| self.known.same_shape(own, shape));
        if keeps_shape {
            return Target::InPlace(fresh);
        }
        let read = operands
            .iter()
            .any(|operand| matches!(operand, Operand::Array { buffer, .. } if *buffer == fresh));
        if !read {
            return Target::Anew(fresh);
        }
        // The old array is read while the new one is made; the assignment moves it over.
        let data = self.output.buffers[fresh].clone();
        Target::Anew(self.buffer(&data.name, true, data.dtype, data.rank, Origin::Local))
    }

    pub(super) fn allocate(&mut self, buffer: Buffer, shape: Vec<Value>, zeroed: bool, loc: Loc) {
        self.known.shapes.insert(buffer, shape.clone());
        self.block.push(Stmt::Alloc { buffer, shape, zeroed, loc });
    }

    /// The element of an operand in an iteration.
    fn element(&mut self, operand: &Operand, indices: &[Value], loc: Loc) -> Value {
        match operand {
            Operand::Scalar(value) => *value,
            Operand::Array { buffer, accesses } => {
                let zero = self.usize(0);
                let index = accesses.iter().map(|access| match *access {
                    Access::Direct(dimension) => indices[dimension],
                    Access::Zero => zero,
                    Access::Either(is_one, dimension) => {
                        self.op(ScalarOp::Select, &[is_one, zero, indices[dimension]], loc)
                    }
                });
                let index = index.collect();
                self.emit(Expr::Load { buffer: *buffer, index }, self.output.buffers[*buffer].dtype, loc)
            }
        }
    }

    /// A fresh copy of an array.
    pub(super) fn copy(&mut self, from: Buffer, loc: Loc) -> Buffer {
        let data = self.output.buffers[from].clone();
        let to =
            self.buffer(&data.name, self.names.contains_key(&from), data.dtype, data.rank, Origin::Local);
        self.copy_to(to, from, loc);
        to
    }

    /// Makes a buffer anew as a copy of another.
    pub(super) fn copy_to(&mut self, to: Buffer, from: Buffer, loc: Loc) {
        let shape = self.shape(from);
        let accesses = (0..shape.len()).map(Access::Direct).collect();
        let source = Source { what: "copy".into(), loc };
        let operands = vec![Operand::Array { buffer: from, accesses }];
        let copied = self.elementwise(to, shape, operands, source, |_, elements, _| Ok(elements[0]));
        copied.expect("a copy is never refused");
    }

    /// Overwrites the elements of an array in place.
    pub(super) fn overwrite(
        &mut self,
        buffer: Buffer,
        value: program::Value,
        loc: Loc,
    ) -> Result<(), Rejection> {
        let shape = self.shape(buffer);
        let operand = self.operand_to(value, &shape, loc);
        self.parallel_loop(shape, Vec::new(), Source { what: "assign".into(), loc }, |lowering, indices| {
            let value = lowering.element(&operand, indices, loc);
            lowering.block.push(Stmt::Store { buffer, index: indices.to_vec(), value, loc });
            Ok(())
        })
    }

    /// Combines all elements of an array. An iteration's contribution is its element as it is (see
    /// [`Lowering::first_contribution`]).
    fn reduce(
        &mut self,
        op: ReduceOp,
        array: program::Value,
        dtype: DType,
        loc: Loc,
    ) -> Result<Value, Rejection> {
        let buffer = self.array(array);
        let shape = self.shape(buffer);
        if shape.is_empty() {
            return Ok(self.emit(Expr::Load { buffer, index: Vec::new() }, dtype, loc));
        }
        self.refuse_inside(op.name(), loc)?;
        let (target, local) = (self.variable(op.name(), dtype), self.variable(op.name(), dtype));
        let identity = self.constant(op.identity(dtype));
        self.set(target, identity);
        let source = Source { what: op.name().into(), loc };
        self.parallel_loop(shape, vec![Reduction { op, local, target }], source, |lowering, indices| {
            let element = lowering.emit(Expr::Load { buffer, index: indices.to_vec() }, dtype, loc);
            lowering.set(local, element);
            Ok(())
        })?;
        Ok(self.get(target, loc))
    }

    /// A random number for a scalar.
    fn random_scalar(&mut self, dtype: DType, loc: Loc) -> Result<Value, Rejection> {
        let draws: Option<Draws> = match &self.parallel {
            None => None,
            Some(Parallel { draws: Some(draws), .. }) => Some(draws.clone()),
            Some(Parallel { draws: None, .. }) => return Err(Rejection::RandomInMap { loc }),
        };
        Ok(match draws {
            Some(draws) => self.draw(&draws, dtype, loc),
            None => self.random_outside(dtype, loc),
        })
    }

    /// Whether a constant is known for a value.
    pub(super) fn is_constant(&self, value: Value, scalar: Scalar) -> bool {
        self.output.constant(value) == Some(scalar)
    }
}
