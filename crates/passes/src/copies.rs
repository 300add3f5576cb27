//! Copies of blocks, for passes that repeat what a loop does.
//!
//! ```text
//! v2: f64 = load b0[v1]                      v5: f64 = load b0[v4]
//! x0 = v2                     v1 → v4  ⇒     x1 = v5                     x0 → x1
//! ```
//!
//! Serial loops inside are copied with indices of their own. Regions are not: whoever repeats a block has made sure that
//! there are none.

use crate::hash::FastMap;
use parfuse_ir::loops::walk;
use parfuse_ir::loops::{Block, Expr, Loops, Stmt, Value, Var};
use parfuse_ir::{DType, Loc, Scalar};

/// What stands for values and variables in a copy.
#[derive(Default)]
pub(crate) struct Copies {
    pub(crate) values: FastMap<Value, Value>,
    pub(crate) vars: FastMap<Var, Var>,
}

/// Writes a loop out: puts a copy of its body for each iteration at the end of a block.
pub(crate) fn write_out(loops: &mut Loops, index: Value, iterations: usize, body: &[Stmt], to: &mut Block) {
    for iteration in 0..iterations {
        let number = loops.value(Expr::Const(Scalar::Usize(iteration)), DType::Usize, Loc::NONE);
        let mut copies = Copies::default();
        copies.values.insert(index, number);
        copies.block(loops, body, to);
    }
}

impl Copies {
    /// Puts a copy of a block at the end of another.
    pub(crate) fn block(&mut self, loops: &mut Loops, from: &[Stmt], to: &mut Block) {
        for stmt in from {
            let mut stmt = match stmt {
                Stmt::Let(value) => {
                    let mut data = loops.values[*value].clone();
                    walk::operands_mut(&mut data.expr, |operand| *operand = self.value(*operand));
                    if let Expr::Var(var) = &mut data.expr {
                        *var = self.var(*var);
                    }
                    let copy = loops.values.push(data);
                    self.values.insert(*value, copy);
                    to.push(Stmt::Let(copy));
                    continue;
                }
                Stmt::If { cond, then, otherwise } => {
                    let [then, otherwise] = [then, otherwise].map(|from| self.inside(loops, from));
                    Stmt::If { cond: *cond, then, otherwise }
                }
                Stmt::For { index, extent, until, body } => {
                    let own = loops.value(Expr::Bound, DType::Usize, loops.values[*index].loc);
                    self.values.insert(*index, own);
                    let until = until.map(|until| self.var(until));
                    Stmt::For { index: own, extent: *extent, until, body: self.inside(loops, body) }
                }
                Stmt::While { header, cond, body } => {
                    let [header, body] = [header, body].map(|from| self.inside(loops, from));
                    Stmt::While { header, cond: *cond, body }
                }
                Stmt::Set { var, value } => Stmt::Set { var: self.var(*var), value: *value },
                simple => simple.clone(),
            };
            walk::uses_mut(&mut stmt, |value| *value = self.value(*value));
            to.push(stmt);
        }
    }

    fn inside(&mut self, loops: &mut Loops, from: &[Stmt]) -> Block {
        let mut to = Block::new();
        self.block(loops, from, &mut to);
        to
    }

    /// What stands for a value.
    pub(crate) fn value(&self, value: Value) -> Value {
        self.values.get(&value).copied().unwrap_or(value)
    }

    fn var(&self, var: Var) -> Var {
        self.vars.get(&var).copied().unwrap_or(var)
    }
}
