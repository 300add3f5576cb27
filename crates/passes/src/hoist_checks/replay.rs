//! A loop's checks and what they need, copied into a loop of their own.
//!
//! ```text
//! parfor v3 in v0 {                            for v9 in v0 {
//!   v4: bool = lt v3, v1                         v10: bool = lt v9, v1
//!   check v4, index_out_of_range(0) …     ⇒      check v10, index_out_of_range(0) … in v9
//!   v5: f64 = load b0[v3]                      }
//!   store b1[v3], v5
//! }
//! ```

use super::Space;
use crate::effects::Changes;
use crate::hash::FastMap;
use parfuse_ir::arena::Id;
use parfuse_ir::loops::walk;
use parfuse_ir::loops::{Block, Expr, Loops, Stmt, Value};
use parfuse_ir::{DType, Loc, ScalarOp};

/// Copies of a loop the checks and what they need.
struct Replay<'a> {
    loops: &'a mut Loops,
    /// What the loop's body changes.
    changes: &'a Changes,
    copies: FastMap<Value, Value>,
    /// Values that depend on what the iterations store or set.
    unknown: Vec<bool>,
    /// The iteration that is replayed, as its row-major position in the space, where faults tell it.
    iteration: Option<Value>,
}

/// A serial loop that performs the checks of all iterations, or `None` if one cannot be copied.
pub(super) fn of(loops: &mut Loops, changes: &Changes, space: &Space, body: &Block) -> Option<Block> {
    let unknown = vec![false; loops.values.len()];
    Replay { loops, changes, copies: FastMap::default(), unknown, iteration: None }.space(space, body)
}

impl Replay<'_> {
    fn space(&mut self, space: &Space, body: &Block) -> Option<Block> {
        let indices: Vec<Value> = space.indices.iter().map(|index| self.bound(*index)).collect();
        let mut block = Block::new();
        if space.numbered {
            for (index, extent) in indices.iter().zip(&space.extents) {
                self.iteration = Some(match self.iteration {
                    None => *index,
                    Some(outer) => {
                        let start = self.define_usize(ScalarOp::Mul, [outer, *extent], &mut block);
                        self.define_usize(ScalarOp::Add, [start, *index], &mut block)
                    }
                });
            }
        }
        block.append(&mut self.block(body)?);
        for (index, extent) in indices.into_iter().zip(&space.extents).rev() {
            block = vec![Stmt::For { index, extent: *extent, until: None, body: block }];
        }
        Some(block)
    }

    fn define_usize(&mut self, op: ScalarOp, args: [Value; 2], block: &mut Block) -> Value {
        let value = self.loops.value(Expr::Op(op, args.to_vec()), DType::Usize, Loc::NONE);
        block.push(Stmt::Let(value));
        value
    }

    fn bound(&mut self, index: Value) -> Value {
        let data = self.loops.values[index].clone();
        let copy = self.loops.values.push(data);
        self.copies.insert(index, copy);
        copy
    }

    fn copy(&self, value: Value) -> Value {
        self.copies.get(&value).copied().unwrap_or(value)
    }

    fn is_unknown(&self, value: Value) -> bool {
        self.unknown[value.index()]
    }

    fn block(&mut self, block: &Block) -> Option<Block> {
        let mut copied = Block::new();
        for stmt in block {
            let checks =
                walk::statements(std::slice::from_ref(stmt)).any(|stmt| matches!(stmt, Stmt::Check { .. }));
            match stmt {
                Stmt::Let(value) => copied.extend(self.define(*value)),
                Stmt::Check { ok, fault, args, iteration } => {
                    if args.iter().chain(iteration).chain([ok]).any(|value| self.is_unknown(*value)) {
                        return None;
                    }
                    let args = args.iter().map(|arg| self.copy(*arg)).collect();
                    // One that says which iteration it belongs to has been moved out of another loop.
                    let iteration = iteration.map(|own| self.copy(own)).or(self.iteration);
                    let (ok, fault) = (self.copy(*ok), fault.clone());
                    copied.push(Stmt::Check { ok, fault, args, iteration });
                }
                _ if !checks => {}
                Stmt::If { cond, then, otherwise } if !self.is_unknown(*cond) => {
                    let cond = self.copy(*cond);
                    copied.push(Stmt::If {
                        cond,
                        then: self.block(then)?,
                        otherwise: self.block(otherwise)?,
                    });
                }
                Stmt::For { index, extent, until: None, body } if !self.is_unknown(*extent) => {
                    let index = self.bound(*index);
                    let (extent, body) = (self.copy(*extent), self.block(body)?);
                    copied.push(Stmt::For { index, extent, until: None, body });
                }
                _ => return None,
            }
        }
        // Behind the last check nothing more is needed.
        while let Some(Stmt::Let(_)) = copied.last() {
            copied.pop();
        }
        Some(copied)
    }

    fn define(&mut self, value: Value) -> Option<Stmt> {
        let mut data = self.loops.values[value].clone();
        let mut unknown = match &data.expr {
            Expr::Var(var) => self.changes.vars_set.contains(var),
            // What the loop makes is not there yet.
            Expr::Load { buffer, .. } => {
                self.changes.stored.contains(buffer) || self.changes.shaped.contains(buffer)
            }
            Expr::LinearIndex => true,
            _ => false,
        };
        walk::operands(&data.expr, |operand| unknown |= self.is_unknown(operand));
        if unknown {
            self.unknown[value.index()] = true;
            return None;
        }
        walk::operands_mut(&mut data.expr, |operand| *operand = self.copy(*operand));
        let copy = self.loops.values.push(data);
        self.copies.insert(value, copy);
        Some(Stmt::Let(copy))
    }
}
