//! Which variables of the enclosing scope a `prange` combines over its iterations, and with which operator.
//!
//! ```text
//! if c { s = (s + a) - b }      s: sum
//! p = p / e                     p: product (of floats; the local divides the one it starts from)
//! if c { any = true }           any: or
//! m = e.max(m)                  m: maximum
//! s = s + 1; t = s              refused: the partial result of s is read
//! k = i                         refused: which iteration is the last?
//! ```
//!
//! Every assignment must be a chain of operations of one group that starts at the variable's present
//! contents; nothing else may use the contents or any link of the chain.

use super::extremes::Replaced;
use super::scan::{self, Effects};
use crate::hash::{FastMap, FastSet};
use crate::rejection::{ReductionFlaw, Rejection};
use crate::split_complex::name_of_whole;
use parfuse_ir::program::{Block, Expr, Program, Stmt, Type, Value, Var, walk};
use parfuse_ir::{DType, Loc, ReduceOp, Scalar, ScalarOp};

/// The reductions of the body of a `prange` at `place`: the scalar variables declared outside and assigned inside, but for
/// those that are replaced.
pub(super) fn recognise(
    program: &Program,
    body: &Block,
    effects: &Effects,
    declared: &FastSet<Var>,
    replaced: &[Replaced],
    place: Loc,
) -> Result<Vec<(Var, ReduceOp)>, Rejection> {
    let mut reductions = Vec::new();
    let combined =
        |var: &&Var| declared.contains(var) && !replaced.iter().any(|own| own.vars().any(|own| own == **var));
    for &var in effects.assigned.iter().filter(combined) {
        let followed = match program.vars[var].ty {
            Type::Scalar(_) => Chains::follow(program, var, body),
            Type::Array(..) => Err((ReductionFlaw::LastValue, scan::assignments(program, body, var))),
        };
        let op = followed.map_err(|(why, mut locs)| {
            // What is assigned may have no place of its own, such as a parameter.
            locs.iter_mut().filter(|loc| **loc == Loc::NONE).for_each(|loc| *loc = place);
            let name = &program.vars[var].name;
            let (variable, why) = match (name_of_whole(name), why) {
                (None, why) => (name.clone(), why),
                (Some(whole), ReductionFlaw::LastValue) => (whole.to_string(), why),
                (Some(whole), _) => (whole.to_string(), ReductionFlaw::NoSumOfComplex),
            };
            Rejection::NotAReduction { variable, locs, why }
        })?;
        reductions.push((var, op));
    }
    Ok(reductions)
}

type Flaw = (ReductionFlaw, Vec<Loc>);

/// The flow of one variable's contents through a block, in program order.
struct Chains<'a> {
    program: &'a Program,
    var: Var,
    /// Tells the contents at different places apart: each assignment begins a new version.
    version: u32,
    versions: u32,
    /// The values that read the variable, with the version read.
    reads: FastMap<Value, u32>,
    /// The values that depend on the variable's contents, reads included.
    tainted: FastSet<Value>,
    /// Every use of a tainted value: by whom it stands.
    uses: Vec<(Value, Loc)>,
    /// The tainted values used as links of chains.
    links: FastMap<Value, u32>,
    /// The operator found, and where first.
    op: Option<(ReduceOp, Loc)>,
}

impl<'a> Chains<'a> {
    fn follow(program: &'a Program, var: Var, body: &Block) -> Result<ReduceOp, Flaw> {
        let mut chains = Chains {
            program,
            var,
            version: 0,
            versions: 0,
            reads: FastMap::default(),
            tainted: FastSet::default(),
            uses: Vec::new(),
            links: FastMap::default(),
            op: None,
        };
        chains.block(body)?;
        chains.no_other_uses()?;
        Ok(chains.op.expect("the body assigns the variable").0)
    }

    fn block(&mut self, block: &Block) -> Result<(), Flaw> {
        for stmt in block {
            self.statement(stmt)?;
        }
        Ok(())
    }

    fn statement(&mut self, stmt: &Stmt) -> Result<(), Flaw> {
        // The condition of a `while` is computed in its header: it is looked at after that.
        if !matches!(stmt, Stmt::While { .. }) {
            self.note_uses(stmt);
        }
        let mut nested = walk::blocks(self.program, stmt);
        match stmt {
            Stmt::Let(value) => {
                let expr = &self.program.values[*value].expr;
                if *expr == Expr::Var(self.var) {
                    self.reads.insert(*value, self.version);
                    self.tainted.insert(*value);
                } else if expr.operands().iter().any(|operand| self.tainted.contains(operand)) {
                    self.tainted.insert(*value);
                }
                nested.try_for_each(|block| self.block(block))
            }
            Stmt::Assign { var, value } if *var == self.var => self.assignment(*value),
            Stmt::If { .. } => {
                let before = self.version;
                let mut changed = false;
                for branch in nested {
                    self.version = before;
                    self.block(branch)?;
                    changed |= self.version != before;
                }
                self.version = before;
                if changed {
                    self.new_version();
                }
                Ok(())
            }
            Stmt::While { .. } | Stmt::For { .. } => {
                let assigns = scan::effects(self.program, nested.as_slice(), &FastMap::default())
                    .assigned
                    .contains(&self.var);
                if assigns {
                    self.new_version();
                }
                nested.try_for_each(|block| self.block(block))?;
                if assigns {
                    self.new_version();
                }
                if matches!(stmt, Stmt::While { .. }) {
                    self.note_uses(stmt);
                }
                Ok(())
            }
            Stmt::Scope { .. } | Stmt::Leave { .. } => unreachable!("exits have been structured"),
            Stmt::Call { .. } => unreachable!("iterations call nothing outside"),
            Stmt::Assign { .. }
            | Stmt::Store { .. }
            | Stmt::Update { .. }
            | Stmt::Resize { .. }
            | Stmt::Check { .. } => Ok(()),
        }
    }

    fn note_uses(&mut self, stmt: &Stmt) {
        let loc = self.program.place(stmt);
        walk::reads(self.program, stmt, |used| {
            if self.tainted.contains(&used) {
                self.uses.push((used, loc));
            }
        });
    }

    /// Follows an assigned value back to the variable's contents.
    fn assignment(&mut self, assigned: Value) -> Result<(), Flaw> {
        let values = &self.program.values;
        let mut link = assigned;
        if !self.tainted.contains(&link) {
            // Whoever sets a truth value to a constant combines it with that.
            let group = match self.program.constant(assigned) {
                Some(Scalar::Bool(true)) => ReduceOp::Or,
                Some(Scalar::Bool(false)) => ReduceOp::And,
                _ => return Err((ReductionFlaw::LastValue, vec![values[link].loc])),
            };
            self.new_version();
            return self.combine(group, values[assigned].loc);
        }
        loop {
            *self.links.entry(link).or_default() += 1;
            if let Some(version) = self.reads.get(&link) {
                let current = *version == self.version && link != assigned;
                self.new_version();
                return if current { Ok(()) } else { self.not_of_the_form(assigned) };
            }
            let Expr::Op(op, operands) = &values[link].expr else {
                return self.not_of_the_form(link);
            };
            let from: Vec<usize> =
                (0..operands.len()).filter(|i| self.tainted.contains(&operands[*i])).collect();
            let [position] = from[..] else {
                return self.not_of_the_form(link);
            };
            let dtype = self.program.ty(link).dtype();
            match group(*op, position, dtype) {
                Ok(group) => self.combine(group, values[link].loc)?,
                Err(why) => return Err((why, vec![values[link].loc])),
            }
            link = operands[position];
        }
    }

    fn combine(&mut self, group: ReduceOp, loc: Loc) -> Result<(), Flaw> {
        match self.op {
            Some((op, first)) if op != group => Err((ReductionFlaw::MixedOperators, vec![first, loc])),
            Some(_) => Ok(()),
            None => {
                self.op = Some((group, loc));
                Ok(())
            }
        }
    }

    fn not_of_the_form(&self, value: Value) -> Result<(), Flaw> {
        Err((ReductionFlaw::NotOfTheForm, vec![self.program.values[value].loc]))
    }

    fn no_other_uses(&self) -> Result<(), Flaw> {
        let mut left = self.links.clone();
        for (value, loc) in &self.uses {
            match left.get_mut(value) {
                Some(count) if *count > 0 => *count -= 1,
                _ => {
                    let mut locs = vec![*loc];
                    locs.extend(self.op.map(|(_, loc)| loc));
                    return Err((ReductionFlaw::ReadElsewhere, locs));
                }
            }
        }
        Ok(())
    }

    fn new_version(&mut self) {
        self.versions += 1;
        self.version = self.versions;
    }
}

/// The operator whose totals an operation on the partial result leads to; `position` is the operand that the
/// partial result is.
pub(crate) fn group(op: ScalarOp, position: usize, dtype: DType) -> Result<ReduceOp, ReductionFlaw> {
    Ok(match (op, position) {
        (ScalarOp::Add, _) | (ScalarOp::Sub, 0) => ReduceOp::Sum,
        (ScalarOp::Mul, _) => ReduceOp::Product,
        (ScalarOp::Div, 0) if dtype.is_float() => ReduceOp::Product,
        (ScalarOp::Div, 0) => return Err(ReductionFlaw::IntegerDivision),
        (ScalarOp::Min, _) => ReduceOp::Min,
        (ScalarOp::Max, _) => ReduceOp::Max,
        (ScalarOp::And, _) => ReduceOp::And,
        (ScalarOp::Or, _) => ReduceOp::Or,
        (ScalarOp::Xor, _) => ReduceOp::Xor,
        _ => return Err(ReductionFlaw::NotOfTheForm),
    })
}
