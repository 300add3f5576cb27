//! Evaluating scalars: operations, conversions, elements of arrays, reductions of whole arrays.
//!
//! ```text
//! v3: f64 = index v2[v1]        v4: bool = lt v1, v0
//!                          →    check v4, index_out_of_range(0)
//!                               v5: f64 = load b0[v1]
//! ```

use super::Lowering;
use super::views::Shown;
use crate::rejection::{ReductionFlaw, Rejection};
use parfuse_ir::loops::{Expr, Value};
use parfuse_ir::{DType, FaultKind, Loc, Scalar, ScalarOp, program};

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
                let array = match &data.expr {
                    program::Expr::View { array, view } => {
                        if self.parallel.is_some() {
                            self.note_reads(value, &[*array]);
                        }
                        self.view(value, *array, view)
                    }
                    program::Expr::Var(_) => self.array_expression(value, destination)?.into(),
                    _ if self.is_inside_map() => return Err(self.refused_inside(value)),
                    _ if self.parallel.is_some() && self.is_deferred(value, destination) => {
                        self.computed(value)?
                    }
                    _ => self.array_expression(value, destination)?.into(),
                };
                self.arrays.insert(value, array);
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
                let array = self.array(*array);
                let index = self.checked_index(&array, index, loc);
                self.load(&array, &index, loc)
            }
            program::Expr::Dim { array, axis } => {
                let array = self.array(*array);
                self.shape_of(&array)[*axis as usize]
            }
            program::Expr::Len(array) => {
                let array = self.array(*array);
                let (shape, one) = (self.shape_of(&array), self.usize(1));
                let all = shape
                    .into_iter()
                    .reduce(|product, length| self.op(ScalarOp::Mul, &[product, length], loc));
                all.unwrap_or(one)
            }
            program::Expr::Random { distribution, operands, .. } => {
                let operands: Vec<Value> = operands.iter().map(|operand| self.scalar(*operand)).collect();
                self.check_distribution(*distribution, dtype, &operands, loc);
                let place = self.next_draws(*distribution, dtype, loc)?;
                self.random_number(place, *distribution, dtype, &operands, loc)
            }
            program::Expr::Reduce { fold, array, .. } => self.reduce(*fold, *array, loc)?,
            program::Expr::Const(_)
            | program::Expr::Param(_)
            | program::Expr::Bound
            | program::Expr::Complex { .. }
            | program::Expr::Part { .. }
            | program::Expr::Fill { .. }
            | program::Expr::Copy(_)
            | program::Expr::Reshape { .. }
            | program::Expr::View { .. }
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
            Some(&wide) if to.is_wide_int() => self.cast(wide, to, loc),
            _ => {
                let operand = self.scalar(from);
                self.emit(Expr::Cast(operand), to, loc)
            }
        }
    }

    /// The indices of an element the user names, into the array, after their checks.
    pub(super) fn checked_index(&mut self, array: &Shown, index: &[program::Value], loc: Loc) -> Vec<Value> {
        let index: Vec<Value> = index.iter().map(|i| self.scalar(*i)).collect();
        for (axis, length) in self.shape_of(array).into_iter().enumerate() {
            let ok = self.op(ScalarOp::Lt, &[index[axis], length], loc);
            let kind = FaultKind::IndexOutOfRange { axis: axis as u8 };
            self.check(ok, kind, loc, self.name_of(array), vec![index[axis], length]);
        }
        index
    }

    /// Whether a constant is known for a value.
    pub(super) fn is_constant(&self, value: Value, scalar: Scalar) -> bool {
        self.output.constant(value) == Some(scalar)
    }
}
