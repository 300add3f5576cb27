//! Checks that are the same in every iteration of a loop, and that the first one begins with.
//!
//! ```text
//! for v1 in v0 {                               v9: bool = ne v0, 0usize
//!   v3: usize = load b0[v2]                    if v9 { v10 = load b0[v2]   v11 = lt v10, v4   check v11 … }
//!   v5: bool = lt v3, v4               ⇒       for v1 in v0 {
//!   check v5, …                                  v3: usize = load b0[v2]
//!   v6: f64 = load b1[v3, v1]                    v6: f64 = load b1[v3, v1]
//! ```
//!
//! What they need may be loaded from arrays that the loop does not store to. If the loop runs, the first iteration comes by
//! before anything else can fail, and later ones find the same.

use crate::effects::Effects;
use crate::hash::FastMap;
use parfuse_ir::loops::walk;
use parfuse_ir::loops::{Block, Expr, Loops, Stmt, Value};
use parfuse_ir::{DType, Loc, Scalar, ScalarOp};

/// Takes such checks out of a serial loop; returns the code to stand in front, if there are any.
pub(super) fn take(loops: &mut Loops, stmt: &mut Stmt) -> Option<Block> {
    let Stmt::For { index, extent, until: None, body } = stmt else { return None };
    if !body.iter().any(|stmt| matches!(stmt, Stmt::Check { .. })) {
        return None;
    }
    let effects = Effects::of_block(loops, body);
    let mut first = First { loops, effects: &effects, index: *index, copies: FastMap::default() };
    let mut then = Block::new();
    let mut taken = vec![false; body.len()];
    for (stmt, taken) in body.iter().zip(&mut taken) {
        match stmt {
            Stmt::Let(value) => then.extend(first.define(*value)),
            Stmt::Check { ok, fault, args, iteration: None } if first.all_known(ok, args) => {
                let args = args.iter().map(|arg| first.copy(*arg)).collect();
                let (ok, fault) = (first.copy(*ok), fault.clone());
                then.push(Stmt::Check { ok, fault, args, iteration: None });
                *taken = true;
            }
            Stmt::Set { .. } | Stmt::Store { .. } | Stmt::Alloc { .. } | Stmt::Move { .. } => {}
            _ => break,
        }
    }
    while let Some(Stmt::Let(_)) = then.last() {
        then.pop();
    }
    if then.is_empty() {
        return None;
    }
    let mut taken = taken.into_iter();
    body.retain(|_| !taken.next().expect("one for each statement"));
    let zero = loops.value(Expr::Const(Scalar::Usize(0)), DType::Usize, Loc::NONE);
    let cond = loops.value(Expr::Op(ScalarOp::Ne, vec![*extent, zero]), DType::Bool, Loc::NONE);
    Some(vec![Stmt::Let(cond), Stmt::If { cond, then, otherwise: Block::new() }])
}

/// What an iteration computes that is the same in all of them.
struct First<'a> {
    loops: &'a mut Loops,
    /// What the loop's body does.
    effects: &'a Effects,
    index: Value,
    copies: FastMap<Value, Value>,
}

impl First<'_> {
    fn is_known(&self, value: Value) -> bool {
        let outside = value != self.index && !self.effects.defined.contains(&value);
        outside || self.copies.contains_key(&value)
    }

    fn all_known(&self, ok: &Value, args: &[Value]) -> bool {
        self.is_known(*ok) && args.iter().all(|arg| self.is_known(*arg))
    }

    fn copy(&self, value: Value) -> Value {
        self.copies.get(&value).copied().unwrap_or(value)
    }

    fn define(&mut self, value: Value) -> Option<Stmt> {
        let mut data = self.loops.values[value].clone();
        let mut known = match &data.expr {
            Expr::Var(var) => !self.effects.changes.vars_set.contains(var),
            Expr::Load { buffer, .. } => {
                !self.effects.changes.stored.contains(buffer) && !self.effects.changes.shaped.contains(buffer)
            }
            Expr::Dim { buffer, .. } => !self.effects.changes.shaped.contains(buffer),
            Expr::Op(..) | Expr::Cast(_) | Expr::Threads | Expr::Trips { .. } => true,
            Expr::Const(_) | Expr::Param(_) | Expr::Bound | Expr::LinearIndex | Expr::Random { .. } => false,
        };
        walk::operands(&data.expr, |operand| known &= self.is_known(operand));
        if !known {
            return None;
        }
        walk::operands_mut(&mut data.expr, |operand| *operand = self.copy(*operand));
        let copy = self.loops.values.push(data);
        self.copies.insert(value, copy);
        Some(Stmt::Let(copy))
    }
}
