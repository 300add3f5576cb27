//! Statements: assignments, branches, checks, and which array values go straight to the variable they are for.
//!
//! ```text
//! v1: [f64; 1] = add v0, x        reads y's elements where it writes them: in place, no new buffer
//! assign y, v1
//! ```

use super::{Known, Lowering, scan};
use crate::rejection::Rejection;
use parfuse_ir::loops::{Expr, Loops, Origin, Stmt, Value};
use parfuse_ir::program::{self, Block};
use parfuse_ir::{DType, Fault, FaultKind, Fold, Loc, ReduceOp, ScalarOp};

impl Lowering<'_> {
    /// Lowers the statements of a block.
    pub(super) fn statements(&mut self, block: &Block) -> Result<(), Rejection> {
        for (i, stmt) in block.iter().enumerate() {
            if self.uses_outdated(stmt) {
                return Err(self.refused_inside(self.inside.needed.expect("it has been found")));
            }
            match stmt {
                program::Stmt::Let(value) => {
                    self.inside.compound = self.compound(*value, block.get(i + 1));
                    let destination = self.destination(*value, &block[i + 1..]);
                    self.evaluate(*value, destination)?;
                }
                program::Stmt::Assign { var, value } => {
                    self.assign(*var, *value)?;
                    self.outdate(*var);
                }
                program::Stmt::Store { place, index, value, loc } => {
                    let (array, value) = (self.place(*place), self.scalar(*value));
                    let index = self.checked_index(&array, index, *loc);
                    self.store(&array, &index, value, *loc);
                    self.outdate(place.var);
                }
                program::Stmt::Update { place, value, loc } => {
                    match self.parallel {
                        None => self.overwrite(&self.place(*place), *value, *loc)?,
                        Some(_) => self.overwrite_inside(&self.place(*place), *value, *loc),
                    }
                    self.outdate(place.var);
                }
                program::Stmt::Resize { var, length, loc } => {
                    let (buffer, length) = (self.array_vars[var], self.scalar(*length));
                    let mut shape = self.shape(buffer);
                    shape[0] = length;
                    self.known.shapes.insert(buffer, shape);
                    self.block.push(Stmt::Resize { buffer, length, loc: *loc });
                    self.outdate(*var);
                }
                program::Stmt::If { cond, then, otherwise } => self.branch(*cond, then, otherwise)?,
                program::Stmt::While { header, cond, body } => self.while_loop(header, *cond, body)?,
                program::Stmt::For { .. } => self.for_loop(stmt)?,
                program::Stmt::Scope { .. } | program::Stmt::Leave { .. } => {
                    unreachable!("exits have been structured")
                }
                program::Stmt::Call { function, arguments, results, loc } => {
                    self.call(*function, arguments, results, *loc)?;
                    results.iter().copied().chain(scan::written(arguments)).for_each(|var| self.outdate(var));
                }
                program::Stmt::Check { ok, kind, args, loc } => {
                    if *kind == FaultKind::DivisionByZero {
                        self.find_zero(*ok, *loc);
                    }
                    let ok = self.scalar(*ok);
                    let args = args.iter().map(|arg| self.scalar(*arg)).collect();
                    self.check(ok, *kind, *loc, None, args);
                }
            }
        }
        Ok(())
    }

    /// The value itself, if it is what the next statement sets a place to that is its first operand: `a += &b`.
    fn compound(&self, value: program::Value, next: Option<&program::Stmt>) -> Option<program::Value> {
        let program::Expr::Op(_, operands) = &self.program.values[value].expr else { return None };
        let Some(program::Stmt::Update { place, value: set, .. }) = next else { return None };
        let first = *operands.first()?;
        let is_place = match place.view {
            Some(view) => view == first,
            None => self.program.values[first].expr == program::Expr::Var(place.var),
        };
        (is_place && *set == value && self.program.ty(first).rank().is_some()).then_some(value)
    }

    /// If a condition says of all elements of a divisor that they are not zero: names the first that is, should it fail.
    fn find_zero(&mut self, ok: program::Value, loc: Loc) {
        let Some((divisor, zero)) = self.tested_divisor(ok) else { return };
        if self.parallel.is_some() {
            // The iteration is what is named.
            return;
        }
        let (array, ok) = (self.array(divisor), self.scalar(ok));
        let shape = self.shape_of(&array);
        if self.output.constant(ok).is_some() || shape.is_empty() {
            return;
        }
        let failed = self.op(ScalarOp::Not, &[ok], loc);
        let outer = std::mem::take(&mut self.block);
        let bound = |output: &mut Loops| output.value(Expr::Bound, DType::Usize, loc);
        let index: Vec<Value> = shape.iter().map(|_| bound(&mut self.output)).collect();
        let mut position = index[0];
        for (index, length) in index.iter().zip(&shape).skip(1) {
            let row = self.emit(Expr::Op(ScalarOp::Mul, vec![position, *length]), DType::Usize, loc);
            position = self.emit(Expr::Op(ScalarOp::Add, vec![row, *index]), DType::Usize, loc);
        }
        let element = self.load(&array, &index, loc);
        let zero = self.scalar(zero);
        let ok = self.emit(Expr::Op(ScalarOp::Ne, vec![element, zero]), DType::Bool, loc);
        let fault = Fault { kind: FaultKind::DivisionByZero, loc, array: None };
        self.block.push(Stmt::Check { ok, fault, args: Vec::new(), iteration: Some(position) });
        let mut search = std::mem::replace(&mut self.block, outer);
        for (index, extent) in index.into_iter().zip(shape).rev() {
            search = vec![Stmt::For { index, extent, until: None, body: search }];
        }
        self.block.push(Stmt::If { cond: failed, then: search, otherwise: Vec::new() });
    }

    /// The array of which a condition says that no element is zero, and the zero.
    fn tested_divisor(&self, ok: program::Value) -> Option<(program::Value, program::Value)> {
        let expr = |value: program::Value| &self.program.values[value].expr;
        let all = match expr(ok) {
            // Or that there is nothing to divide.
            program::Expr::Op(ScalarOp::Or, operands) => operands[0],
            _ => ok,
        };
        let program::Expr::Reduce { fold: Fold::Op(ReduceOp::And), array, axis: None } = expr(all) else {
            return None;
        };
        let program::Expr::Op(ScalarOp::Ne, operands) = expr(*array) else { return None };
        let is_array = |value: program::Value| self.program.ty(value).rank().is_some();
        (is_array(operands[0]) && !is_array(operands[1])).then(|| (operands[0], operands[1]))
    }

    /// The local array variable that the next statement assigns a value to which has no other use. The
    /// block of a `map` may read that variable anywhere, so its elements cannot go there at once. An array that is
    /// handed over may go there in front of other assignments: that is how arrays change places.
    fn destination(&self, value: program::Value, rest: &[program::Stmt]) -> Option<program::Var> {
        let is_map = matches!(self.program.values[value].expr, program::Expr::Map { .. });
        if self.uses.get(&value) != Some(&1) || is_map {
            return None;
        }
        for stmt in rest {
            let program::Stmt::Assign { var, value: assigned } = stmt else { return None };
            if *assigned == value {
                let is_local = self.program.vars[*var].param.is_none();
                return (is_local && self.array_vars.contains_key(var)).then_some(*var);
            }
            let reads = matches!(self.program.values[*assigned].expr, program::Expr::Var(_));
            if reads || !self.last_reads.contains_key(&value) {
                return None;
            }
        }
        None
    }

    fn assign(&mut self, var: program::Var, value: program::Value) -> Result<(), Rejection> {
        self.declared.insert(var);
        let Some(&to) = self.array_vars.get(&var) else {
            let value = self.scalar(value);
            self.set(self.scalar_vars[&var], value);
            self.note_position(var);
            return Ok(());
        };
        let loc = self.program.values[value].loc;
        let from = self.array(value);
        if from == to.into() {
            return Ok(());
        }
        if self.output.buffers[to].origin != Origin::Local {
            return self.overwrite(&to.into(), value, loc);
        }
        let own = self.parallel.is_none() && self.temporaries.get(&value) == Some(&self.serial);
        if own && self.uses.get(&value) == Some(&1) {
            self.hand_over(to, from.buffer(), loc);
        } else {
            self.copy_to(to, &from, loc);
        }
        Ok(())
    }

    fn branch(&mut self, cond: program::Value, then: &Block, otherwise: &Block) -> Result<(), Rejection> {
        let cond = self.scalar(cond);
        let effects = scan::effects(self.program, &[then, otherwise], self.last_reads);
        let (then, after_then, ()) = self.nested(|lowering| lowering.statements(then))?;
        let (otherwise, after_otherwise, ()) = self.nested(|lowering| lowering.statements(otherwise))?;
        self.block.push(Stmt::If { cond, then, otherwise });
        self.forget(&effects, false);
        for buffer in self.local_arrays(&effects) {
            let ends: [&Known; 2] = [&after_then, &after_otherwise];
            let shapes = ends.map(|end| end.shapes.get(&buffer));
            let before = self.known.shapes.remove(&buffer);
            let kept = match (shapes, before) {
                // Both branches leave it as it was, or both give it the same lengths, computed before.
                ([Some(a), Some(b)], Some(old))
                    if ends[0].same_shape(a, &old) && ends[1].same_shape(b, &old) =>
                {
                    Some(old)
                }
                ([Some(a), Some(b)], _) if a == b => Some(a.clone()),
                _ => None,
            };
            if let Some(shape) = kept {
                self.known.shapes.insert(buffer, shape);
            }
        }
        Ok(())
    }
}
