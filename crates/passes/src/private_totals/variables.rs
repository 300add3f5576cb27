//! The variables that the iterations of a share combine into.
//!
//! ```text
//! x3 = 0.0
//! for v1 in share { x0 = 0.0 … x0 = … x3 = x3 + x0 }        x3: what the share contributes
//! ```

use parfuse_ir::loops::{Block, Expr, Loops, Reduction, Stmt, Target, Value, Var};
use parfuse_ir::{Combine, DType, Loc, Scalar, ScalarOp};
use std::cell::RefCell;

/// What a share takes in of each reduction, a variable for each word.
pub(super) struct Variables<'a> {
    reductions: &'a [Reduction],
    partial: Vec<Vec<Var>>,
}

impl<'a> Variables<'a> {
    pub(super) fn new(loops: &mut Loops, reductions: &'a [Reduction]) -> Variables<'a> {
        let mut own = |local: &Var| {
            let data = loops.vars[*local].clone();
            loops.vars.push(data)
        };
        let partial =
            reductions.iter().map(|reduction| reduction.locals.iter().map(&mut own).collect()).collect();
        Variables { reductions, partial }
    }

    /// The reductions of the loop over shares.
    pub(super) fn reductions(&self) -> Vec<Reduction> {
        let own = self.reductions.iter().zip(&self.partial);
        own.map(|(reduction, locals)| Reduction { locals: locals.clone(), ..reduction.clone() }).collect()
    }

    /// In front of the iterations: nothing has been taken in.
    pub(super) fn start(&self, loops: &mut Loops, block: &mut Block) {
        self.clear(loops, self.partial.iter().map(Vec::as_slice), block);
    }

    /// At the head of an iteration: it has contributed nothing.
    pub(super) fn begin(&self, loops: &mut Loops, block: &mut Block) {
        self.clear(loops, self.reductions.iter().map(|own| &own.locals[..]), block);
    }

    fn clear<'v>(&self, loops: &mut Loops, vars: impl Iterator<Item = &'v [Var]>, block: &mut Block) {
        for (own, vars) in self.reductions.iter().zip(vars) {
            let types: Vec<DType> = vars.iter().map(|var| loops.vars[*var].dtype).collect();
            for (var, identity) in vars.iter().zip(own.combine.identity(&types)) {
                let value = loops.value(Expr::Const(identity), identity.dtype(), Loc::NONE);
                block.push(Stmt::Set { var: *var, value });
            }
        }
    }

    /// At the end of an iteration: what it has contributed is taken in.
    pub(super) fn end(&self, loops: &mut Loops, block: &mut Block) {
        for (own, partial) in self.reductions.iter().zip(&self.partial) {
            combined(loops, block, &own.combine, partial, &own.locals, partial);
        }
    }

    /// Behind the iterations, if they are no parallel loop, unless there were none.
    pub(super) fn finish(&self, loops: &mut Loops, block: &mut Block, extent: Value) {
        let mut then = Block::new();
        for (own, partial) in self.reductions.iter().zip(&self.partial) {
            let Target::Vars(targets) = &own.into else {
                unreachable!("totals of a `prange` go to variables")
            };
            match (&own.combine, targets[..].first()) {
                (Combine::Op(_), Some(Some(target))) => {
                    combined(loops, &mut then, &own.combine, &[*target], partial, &[*target]);
                }
                _ => {
                    for (target, from) in targets.iter().zip(partial) {
                        let Some(target) = target else { continue };
                        let value = get(loops, &mut then, *from);
                        then.push(Stmt::Set { var: *target, value });
                    }
                }
            }
        }
        if then.is_empty() {
            return;
        }
        let none = loops.value(Expr::Const(Scalar::Usize(0)), DType::Usize, Loc::NONE);
        let cond = loops.value(Expr::Op(ScalarOp::Ne, vec![extent, none]), DType::Bool, Loc::NONE);
        block.push(Stmt::Let(cond));
        block.push(Stmt::If { cond, then, otherwise: Block::new() });
    }
}

fn get(loops: &mut Loops, block: &mut Block, var: Var) -> Value {
    let value = loops.value(Expr::Var(var), loops.vars[var].dtype, Loc::NONE);
    block.push(Stmt::Let(value));
    value
}

/// Sets variables to what others hold, with a contribution taken in.
fn combined(
    loops: &mut Loops,
    block: &mut Block,
    combine: &Combine,
    before: &[Var],
    own: &[Var],
    to: &[Var],
) {
    let [before, own] = [before, own].map(|vars| {
        let values: Vec<Value> = vars.iter().map(|var| get(loops, block, *var)).collect();
        values
    });
    let state = RefCell::new((&mut *loops, &mut *block));
    let constant =
        |scalar: Scalar| state.borrow_mut().0.value(Expr::Const(scalar), scalar.dtype(), Loc::NONE);
    let perform = |op: ScalarOp, operands: &[Value]| {
        let (loops, block) = &mut *state.borrow_mut();
        let types: Vec<DType> = operands.iter().map(|operand| loops.dtype(*operand)).collect();
        let dtype = op.result_type(&types).unwrap_or_else(|| panic!("{op} of {types:?}"));
        let value = loops.value(Expr::Op(op, operands.to_vec()), dtype, Loc::NONE);
        block.push(Stmt::Let(value));
        value
    };
    let after = combine.take_in(&before, &own, constant, perform);
    for (var, value) in to.iter().zip(after) {
        block.push(Stmt::Set { var: *var, value });
    }
}
