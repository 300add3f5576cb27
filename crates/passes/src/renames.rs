//! Values in place of others, throughout a kernel.
//!
//! ```text
//! v7 = add v1, v2
//! v9 = add v1, v2       v7 stands for v9 from now on
//! store b0[v9], v3   ⇒   store b0[v7], v3
//! ```

use parfuse_ir::arena::Id;
use parfuse_ir::loops::walk::{operands_mut, uses_mut, visit_mut};
use parfuse_ir::loops::{Block, Expr, Loops, Output, Stmt, Value};

/// Which values stand for which others.
pub(crate) struct Renames {
    to: Vec<Value>,
}

impl Renames {
    /// Every value stands for itself.
    pub(crate) fn new(loops: &Loops) -> Renames {
        Renames { to: loops.values.ids().collect() }
    }
    /// The value to use in a value's place.
    pub(crate) fn get(&self, mut value: Value) -> Value {
        // Values younger than the table stand for themselves.
        while let Some(next) = self.to.get(value.index()).filter(|next| **next != value) {
            value = *next;
        }
        value
    }
    /// Makes `to` stand for `from`.
    pub(crate) fn set(&mut self, from: Value, to: Value) {
        while self.to.len() <= from.index() {
            self.to.push(Value::from_index(self.to.len()));
        }
        debug_assert_ne!(self.get(to), from, "a value would stand for itself through others");
        self.to[from.index()] = to;
    }
    /// Makes a value stand for itself again.
    pub(crate) fn reset(&mut self, value: Value) {
        self.to[value.index()] = value;
    }
    /// Replaces the values that an expression uses; returns whether there was one to replace.
    pub(crate) fn expr(&self, expr: &mut Expr) -> bool {
        let mut changed = false;
        operands_mut(expr, |value| {
            let new = self.get(*value);
            changed |= new != *value;
            *value = new;
        });
        changed
    }
    /// Replaces the values that a statement uses itself; returns whether there was one to replace.
    pub(crate) fn stmt(&self, stmt: &mut Stmt) -> bool {
        let mut changed = false;
        uses_mut(stmt, |value| {
            let new = self.get(*value);
            changed |= new != *value;
            *value = new;
        });
        changed
    }
    /// Replaces the returned values.
    pub(crate) fn results(&self, results: &mut [Output]) -> bool {
        let mut changed = false;
        for output in results {
            if let Output::Scalar(value) = output {
                let new = self.get(*value);
                changed |= new != *value;
                *value = new;
            }
        }
        changed
    }
    /// Replaces values everywhere in a block whose expressions are in `loops`.
    pub(crate) fn block(&self, loops: &mut Loops, block: &mut Block) {
        visit_mut(block, |stmt| {
            if let Stmt::Let(value) = stmt {
                self.expr(&mut loops.values[*value].expr);
            }
            self.stmt(stmt);
        });
    }
}
