//! Numbers what is left one by one: values, variables and local arrays.
//!
//! ```text
//! buffer b2 sub: [f64; 1]
//! buffer b9 div: [f64; 1]                    buffer b2 div: [f64; 1]
//! v0: usize = dim b0, 0              ⇒       v0: usize = dim b0, 0
//! v8: f64 = cast v0                          v1: f64 = cast v0
//! ```
//!
//! The passes before leave gaps: things that exist but that no statement mentions. The frame of a compiled
//! kernel has slots for every buffer, and tables about values are as long as there are values. Numbers go
//! by the place of first mention; buffers of parameters stay in front.

use crate::Changed;
use parfuse_ir::Arena;
use parfuse_ir::arena::Id;
use parfuse_ir::loops::walk::{blocks_mut, buffers_mut, operands_mut, uses_mut};
use parfuse_ir::loops::{Block, Buffer, Expr, Loops, Origin, Output, Stmt, Target, Value, Var};

/// Drops values, variables and local buffers that nothing mentions, and numbers the others one by one.
pub fn renumber(loops: &mut Loops) -> Changed {
    let mut body = std::mem::take(&mut loops.body);
    let mut numbers = Numbers {
        values: Numbering::new(loops.values.len()),
        vars: Numbering::new(loops.vars.len()),
        buffers: Numbering::new(loops.buffers.len()),
    };
    for (buffer, data) in loops.buffers.iter() {
        if data.origin != Origin::Local {
            numbers.buffers.of(buffer);
        }
    }
    numbers.block(loops, &mut body);
    for output in &mut loops.results {
        match output {
            Output::Scalar(value) => *value = numbers.values.of(*value),
            Output::Buffer(buffer) => *buffer = numbers.buffers.of(*buffer),
        }
    }
    let Numbers { values, vars, buffers } = numbers;
    let changed = values.changes() || vars.changes() || buffers.changes();
    loops.values = values.arrange(&loops.values);
    loops.vars = vars.arrange(&loops.vars);
    loops.buffers = buffers.arrange(&loops.buffers);
    loops.body = body;
    changed.into()
}

/// The new numbers of one kind of thing.
struct Numbering<I> {
    new: Vec<Option<I>>,
    /// The old number of each new one.
    old: Vec<I>,
}

impl<I: Id + PartialEq> Numbering<I> {
    fn new(len: usize) -> Numbering<I> {
        Numbering { new: vec![None; len], old: Vec::with_capacity(len) }
    }
    /// The new number, given out now if this is the first mention.
    fn of(&mut self, id: I) -> I {
        *self.new[id.index()].get_or_insert_with(|| {
            self.old.push(id);
            I::from_index(self.old.len() - 1)
        })
    }
    fn changes(&self) -> bool {
        self.old.len() != self.new.len() || self.old.iter().enumerate().any(|(new, old)| new != old.index())
    }
    fn arrange<T: Clone>(&self, things: &Arena<I, T>) -> Arena<I, T> {
        let mut arranged = Arena::new();
        for old in &self.old {
            arranged.push(things[*old].clone());
        }
        arranged
    }
}

struct Numbers {
    values: Numbering<Value>,
    vars: Numbering<Var>,
    buffers: Numbering<Buffer>,
}

impl Numbers {
    fn block(&mut self, loops: &mut Loops, block: &mut Block) {
        for stmt in block {
            // What a `while` tests is defined in its header.
            let tested = matches!(stmt, Stmt::While { .. });
            if !tested {
                uses_mut(stmt, |value| *value = self.values.of(*value));
            }
            buffers_mut(stmt, |buffer| *buffer = self.buffers.of(*buffer));
            match stmt {
                Stmt::Let(value) => {
                    self.expr(&mut loops.values[*value].expr);
                    *value = self.values.of(*value);
                }
                Stmt::Set { var, .. } => *var = self.vars.of(*var),
                Stmt::For { index, until, .. } => {
                    *index = self.values.of(*index);
                    until.iter_mut().for_each(|var| *var = self.vars.of(*var));
                }
                Stmt::Parfor(parfor) => {
                    parfor.indices.iter_mut().for_each(|index| *index = self.values.of(*index));
                    for reduction in &mut parfor.reductions {
                        for local in &mut reduction.locals {
                            *local = self.vars.of(*local);
                        }
                        match &mut reduction.into {
                            Target::Vars(vars) => {
                                vars.iter_mut().flatten().for_each(|var| *var = self.vars.of(*var));
                            }
                            Target::Elements { index, .. } => {
                                index.iter_mut().for_each(|index| *index = self.values.of(*index));
                            }
                        }
                    }
                }
                Stmt::Alloc { .. }
                | Stmt::Store { .. }
                | Stmt::Move { .. }
                | Stmt::Resize { .. }
                | Stmt::Call(_)
                | Stmt::Check { .. }
                | Stmt::If { .. }
                | Stmt::While { .. }
                | Stmt::Nest(_) => {}
            }
            blocks_mut(stmt).for_each(|inner| self.block(loops, inner));
            if tested {
                uses_mut(stmt, |value| *value = self.values.of(*value));
            }
        }
    }

    fn expr(&mut self, expr: &mut Expr) {
        operands_mut(expr, |value| *value = self.values.of(*value));
        if let Expr::Var(var) = expr {
            *var = self.vars.of(*var);
        }
        if let Some(buffer) = expr.buffer_mut() {
            *buffer = self.buffers.of(*buffer);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{check, unchanged};

    #[test]
    fn gaps_close() {
        check(
            renumber,
            "loops f(n: usize, b0 a: f64[unit]) {
               buffer b1 unused: [f64; 1]
               buffer b2 r: [f64; 1]
               var x0 unused: f64
               var x1 s: f64
               x1 = 2.0f64
               alloc b2[n]
               parfor v7 in n { v3: f64 = load b0[v7] store b2[v7], v3 }
               while { v9: f64 = x1 v8: bool = lt v9, 1.0f64 test v8 } do { }
               return b2
             }",
            "loops f(n: usize, b0 a: f64[unit]) {
               buffer b1 r: [f64; 1]
               var x0 s: f64
               x0 = 2.0f64
               alloc b1[n]
               parfor v2 in n { v3: f64 = load b0[v2] store b1[v2], v3 }
               while { v4: f64 = x0 v6: bool = lt v4, 1.0f64 test v6 } do { }
               return b1
             }",
        );
    }

    #[test]
    fn what_has_no_gaps_stays() {
        unchanged(
            renumber,
            "loops f(b0 a: f64[unit]) {
               v0: usize = dim b0, 0
               parfor v1 in v0 { v2: bool = lt v1, v0 check v2, index_out_of_range(0) }
             }",
        );
    }
}
