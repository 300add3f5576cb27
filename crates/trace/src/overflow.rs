//! Overflow of integers as an error, in kernels that ask for it.
//!
//! ```text
//! a + b    v0 = add a, b;  check ge and (xor a, v0), (xor b, v0), 0; overflow        numbers with a sign
//!                          check ge v0, a; overflow                                  others
//! a * 3    v0 = mul a, 3;  check and (ge a, MIN / 3), (le a, MAX / 3); overflow
//! ```
//!
//! The operators of the user's own are watched while they are traced, and get their checks when all types are known. What
//! a parallel loop adds up in a variable from outside is left alone: nobody sees what it is in between.

use crate::errors::Step;
use crate::limits::{Operations, fits};
use crate::state::State;
use parfuse_ir::program::{Block, Expr, Program, Stmt, Type, Value, Var, walk};
use parfuse_ir::{DType, FaultKind, Loc, ReduceOp, Scalar, ScalarOp};
use std::collections::HashSet;

impl State {
    /// Notes an operation of the user's, which may overflow.
    pub(crate) fn watch_overflow(&mut self, value: Value) {
        if self.checked {
            self.watched.insert(value);
        }
    }

    /// Checks the operations noted, of those that turned out to be of integers.
    pub(crate) fn check_overflow(&mut self) {
        if self.watched.is_empty() {
            return;
        }
        let summed = summed_outside(&self.program);
        let watched = std::mem::take(&mut self.watched);
        let mut blocks = std::mem::take(&mut self.program.body);
        let mut checks = Checks { program: &mut self.program, block: Block::new(), loc: Loc::NONE };
        let add = |block: &mut Block, checks: &mut Checks<'_>| {
            for stmt in std::mem::take(block) {
                let noted = match &stmt {
                    Stmt::Let(value) if watched.contains(value) && !summed.contains(value) => Some(*value),
                    _ => None,
                };
                block.push(stmt);
                if let Some(value) = noted {
                    checks.of(value);
                    block.append(&mut checks.block);
                }
            }
        };
        walk::each_block_in_mut(&mut blocks, |block| add(block, &mut checks));
        for value in checks.program.values.ids() {
            let Expr::Map { body, .. } = &mut checks.program.values[value].expr else { continue };
            let mut body = std::mem::take(body);
            walk::each_block_in_mut(&mut body, |block| add(block, &mut checks));
            if let Expr::Map { body: own, .. } = &mut checks.program.values[value].expr {
                *own = body;
            }
        }
        self.program.body = blocks;
    }
}

/// What is computed in parallel loops of variables that have their first values from outside, and are changed there.
fn summed_outside(program: &Program) -> HashSet<Value> {
    let (mut inside, mut outside) = (HashSet::new(), HashSet::new());
    walk::visit_within(program, &program.body, false, |stmt, parallel: bool| {
        if let Stmt::Assign { var, .. } = stmt {
            if parallel {
                inside.insert(*var)
            } else {
                outside.insert(*var)
            };
        }
        parallel || is_parallel(stmt)
    });
    let summed: HashSet<Var> = inside.intersection(&outside).copied().collect();
    let mut found = HashSet::new();
    walk::visit_within(program, &program.body, false, |stmt, parallel: bool| {
        if let (true, Stmt::Let(value)) = (parallel, stmt) {
            let depends = match &program.values[*value].expr {
                Expr::Var(var) => summed.contains(var) && program.vars[*var].ty.rank().is_none(),
                Expr::Op(_, operands) => operands.iter().any(|operand| found.contains(operand)),
                Expr::Cast(operand) => found.contains(operand),
                _ => false,
            };
            if depends {
                found.insert(*value);
            }
        }
        parallel || is_parallel(stmt)
    });
    found
}

fn is_parallel(stmt: &Stmt) -> bool {
    matches!(stmt, Stmt::For { order, .. } if order.is_parallel())
}

struct Checks<'p> {
    program: &'p mut Program,
    block: Block,
    /// The place of the operation that is checked.
    loc: Loc,
}

impl Checks<'_> {
    /// Writes the check of an operation, if it can overflow.
    fn of(&mut self, result: Value) {
        let data = &self.program.values[result];
        let Expr::Op(op, operands) = &data.expr else { return };
        let (op, operands, ty, loc) = (*op, operands.clone(), data.ty, data.loc);
        let Some(dtype) = ty.element().real().filter(|dtype| dtype.is_int()) else { return };
        self.loc = loc;
        let Ok(Some(ok)) = fits(self, op, dtype, &operands, result) else { return };
        let ok = self.of_all(ok, loc);
        self.block.push(Stmt::Check { ok, kind: FaultKind::Overflow, args: Vec::new(), loc });
    }

    /// Whether it is so of all elements.
    fn of_all(&mut self, ok: Value, loc: Loc) -> Value {
        if self.program.ty(ok).rank().is_none() {
            return ok;
        }
        let fold = ReduceOp::And.into();
        self.emit(Expr::Reduce { fold, array: ok, axis: None }, Type::scalar(DType::Bool), loc)
    }

    fn emit(&mut self, expr: Expr, ty: Type, loc: Loc) -> Value {
        let value = self.program.value(expr, ty, loc);
        self.block.push(Stmt::Let(value));
        value
    }
}

impl Operations for Checks<'_> {
    fn operation(&mut self, op: ScalarOp, operands: [Value; 2]) -> Step<Value> {
        let types = operands.map(|operand| self.program.ty(operand));
        let dtypes = types.map(|ty| ty.dtype());
        let dtype = op.result_type(&dtypes).expect("operands of one type");
        let rank = types.iter().filter_map(|ty| ty.rank()).max();
        let ty = rank.map_or(Type::scalar(dtype), |rank| Type::array(dtype, rank));
        Ok(self.emit(Expr::Op(op, operands.to_vec()), ty, self.loc))
    }

    fn conversion(&mut self, value: Value, dtype: DType) -> Step<Value> {
        let ty = self.program.ty(value).with_element(parfuse_ir::ElementType::Real(dtype));
        Ok(self.emit(Expr::Cast(value), ty, self.loc))
    }

    fn number(&mut self, scalar: Scalar) -> Value {
        self.program.value(Expr::Const(scalar), Type::scalar(scalar.dtype()), self.loc)
    }

    fn known(&self, value: Value) -> Option<i128> {
        match self.program.values[value].expr {
            Expr::Const(scalar) => scalar.as_integer(),
            _ => None,
        }
    }
}
