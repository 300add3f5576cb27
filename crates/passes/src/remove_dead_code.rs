//! Removes what nobody can notice.
//!
//! ```text
//! v2: f64 = load b0[v1]             (gone: v2 is not used)
//! alloc b1[v0]                      (gone: b1 is stored to, never loaded, measured or returned)
//! parfor v3 in v0 { store b1[v3], v4 }
//! store b2[v1], v5                  (gone: overwritten before anyone looks)
//! store b2[v1], v6            ⇒     store b2[v1], v6
//! if v7 { }                         (gone)
//! ```
//!
//! Checks are noticed when they fail, so they stay. A `while` may run forever, so it stays too.

use crate::Changed;
use crate::effects::Effects;
use crate::hash::{FastMap, FastSet};
use parfuse_ir::arena::Id;
use parfuse_ir::loops::walk::{self, blocks, blocks_mut};
use parfuse_ir::loops::{Block, Buffer, Expr, Loops, Origin, Output, Reduction, Stmt, Target, Value};

/// Removes unused values, variables that are never read, arrays that are never looked at, overwritten
/// stores, and the branches and loops that thereby have nothing left to do.
pub fn remove_dead_code(loops: &mut Loops) -> Changed {
    let mut body = std::mem::take(&mut loops.body);
    let mut removed = remove_overwritten(loops, &mut body);
    let mut live = Live::new(loops);
    // Variables and arrays carry liveness around loops; each round but the last finds more of them.
    loop {
        live.grown = false;
        live.mark_block(loops, &body);
        if !live.grown {
            break;
        }
    }
    live.sweep(&mut body, &mut removed);
    loops.body = body;
    removed.into()
}

/// What is known to be of use.
struct Live {
    values: Vec<bool>,
    vars: Vec<bool>,
    /// Whose elements are of use.
    contents: Vec<bool>,
    /// Whose lengths are of use.
    shapes: Vec<bool>,
    params: Vec<bool>,
    grown: bool,
}

impl Live {
    fn new(loops: &Loops) -> Live {
        let params = loops.buffers.iter().map(|(_, b)| matches!(b.origin, Origin::Param { .. })).collect();
        let mut live = Live {
            values: vec![false; loops.values.len()],
            vars: vec![false; loops.vars.len()],
            contents: vec![false; loops.buffers.len()],
            shapes: vec![false; loops.buffers.len()],
            params,
            grown: false,
        };
        for output in &loops.results {
            match output {
                Output::Scalar(value) => live.values[value.index()] = true,
                Output::Buffer(buffer) => live.contents[buffer.index()] = true,
            }
        }
        live
    }

    fn value(&mut self, value: Value) {
        self.grown |= !std::mem::replace(&mut self.values[value.index()], true);
    }

    fn contents(&mut self, buffer: Buffer) {
        self.grown |= !std::mem::replace(&mut self.contents[buffer.index()], true);
    }

    fn shape(&mut self, buffer: Buffer) {
        self.grown |= !std::mem::replace(&mut self.shapes[buffer.index()], true);
    }

    fn var(&mut self, var: parfuse_ir::loops::Var) {
        self.grown |= !std::mem::replace(&mut self.vars[var.index()], true);
    }

    /// Marks what the live statements of a block use, last statement first.
    fn mark_block(&mut self, loops: &Loops, block: &Block) {
        for stmt in block.iter().rev() {
            if let Stmt::While { header, body, .. } = stmt {
                walk::uses(stmt, |value| self.value(value));
                self.mark_block(loops, body);
                self.mark_block(loops, header);
                continue;
            }
            blocks(stmt).for_each(|inner| self.mark_block(loops, inner));
            if !self.is_live(stmt) {
                continue;
            }
            walk::uses(stmt, |value| self.value(value));
            match stmt {
                Stmt::Let(value) => {
                    let expr = &loops.values[*value].expr;
                    walk::operands(expr, |operand| self.value(operand));
                    match expr {
                        Expr::Var(var) => self.var(*var),
                        Expr::Load { buffer, .. } => self.contents(*buffer),
                        Expr::Dim { buffer, .. } => self.shape(*buffer),
                        _ => {}
                    }
                }
                Stmt::Move { to, from } => {
                    if self.contents[to.index()] {
                        self.contents(*from);
                    }
                    if self.shapes[to.index()] {
                        self.shape(*from);
                    }
                }
                Stmt::Call(call) => call.read().for_each(|buffer| self.contents(buffer)),
                Stmt::For { until: Some(until), .. } => self.var(*until),
                Stmt::Parfor(parfor) => {
                    for reduction in &parfor.reductions {
                        if self.is_reduction_live(reduction) {
                            reduction.locals.iter().for_each(|local| self.var(*local));
                            reduction.target_vars().for_each(|target| self.var(target));
                        }
                    }
                }
                _ => {}
            }
        }
    }

    fn is_var_live(&self, var: parfuse_ir::loops::Var) -> bool {
        self.vars[var.index()]
    }

    fn is_reduction_live(&self, reduction: &Reduction) -> bool {
        reduction.target_vars().chain(reduction.locals.iter().copied()).any(|var| self.is_var_live(var))
            || reduction.target_buffers().any(|buffer| self.contents[buffer.index()])
    }

    /// Drops the targets of words that nobody asks for, but one: a total goes somewhere.
    fn forget_words(&self, reduction: &mut Reduction) -> bool {
        let keep = |live: Vec<bool>| if live.contains(&true) { live } else { vec![true; live.len()] };
        let mut forgot = false;
        match &mut reduction.into {
            Target::Vars(vars) => {
                let live =
                    keep(vars.iter().map(|var| var.is_some_and(|var| self.is_var_live(var))).collect());
                for (var, _) in vars.iter_mut().zip(live).filter(|(_, live)| !live) {
                    forgot |= var.take().is_some();
                }
            }
            Target::Elements { buffers, .. } => {
                let is_live = |buffer: Buffer| self.contents[buffer.index()];
                let live = keep(buffers.iter().map(|buffer| buffer.is_some_and(is_live)).collect());
                for (buffer, _) in buffers.iter_mut().zip(live).filter(|(_, live)| !live) {
                    forgot |= buffer.take().is_some();
                }
            }
        }
        forgot
    }

    fn is_live(&self, stmt: &Stmt) -> bool {
        let used = |buffer: &Buffer| self.contents[buffer.index()] || self.shapes[buffer.index()];
        match stmt {
            Stmt::Let(value) => self.values[value.index()],
            Stmt::Set { var, .. } => self.is_var_live(*var),
            Stmt::Alloc { buffer, .. } | Stmt::Resize { buffer, .. } => used(buffer),
            Stmt::Move { to, .. } => used(to),
            Stmt::Store { buffer, .. } => self.contents[buffer.index()] || self.params[buffer.index()],
            Stmt::Check { .. } | Stmt::Call(_) | Stmt::While { .. } => true,
            Stmt::If { .. } | Stmt::For { .. } | Stmt::Nest(_) => {
                blocks(stmt).any(|inner| inner.iter().any(|stmt| self.is_live(stmt)))
            }
            Stmt::Parfor(parfor) => {
                parfor.body.iter().any(|stmt| self.is_live(stmt))
                    || parfor.reductions.iter().any(|reduction| {
                        reduction.target_vars().any(|target| self.is_var_live(target))
                            || reduction.target_buffers().any(|buffer| self.contents[buffer.index()])
                    })
            }
        }
    }

    fn sweep(&self, block: &mut Block, removed: &mut bool) {
        block.retain_mut(|stmt| {
            let live = self.is_live(stmt);
            *removed |= !live;
            if live {
                if let Stmt::Parfor(parfor) = stmt {
                    let before = parfor.reductions.len();
                    parfor.reductions.retain(|reduction| self.is_reduction_live(reduction));
                    *removed |= parfor.reductions.len() < before;
                    for reduction in &mut parfor.reductions {
                        *removed |= self.forget_words(reduction);
                    }
                }
                blocks_mut(stmt).for_each(|inner| self.sweep(inner, removed));
            }
            live
        });
    }
}

/// Removes stores to an element that the same block stores to again before the array is looked at.
fn remove_overwritten(loops: &Loops, block: &mut Block) -> bool {
    let mut removed = false;
    let mut overwritten: FastMap<Buffer, FastSet<Vec<Value>>> = FastMap::default();
    let mut keep = vec![true; block.len()];
    for (position, stmt) in block.iter_mut().enumerate().rev() {
        match stmt {
            Stmt::Store { buffer, index, .. } => {
                if !overwritten.entry(*buffer).or_default().insert(index.clone()) {
                    keep[position] = false;
                    removed = true;
                }
            }
            Stmt::Let(value) => {
                if let Expr::Load { buffer, .. } = &loops.values[*value].expr {
                    overwritten.remove(buffer);
                }
            }
            Stmt::Alloc { buffer, .. } | Stmt::Resize { buffer, .. } => drop(overwritten.remove(buffer)),
            Stmt::Move { to, from } => [to, from].into_iter().for_each(|b| drop(overwritten.remove(b))),
            Stmt::Call(call) => call.read().for_each(|buffer| drop(overwritten.remove(&buffer))),
            Stmt::Set { .. } | Stmt::Check { .. } => {}
            Stmt::If { .. } | Stmt::While { .. } | Stmt::For { .. } | Stmt::Parfor(_) | Stmt::Nest(_) => {
                if !overwritten.is_empty() {
                    let effects = Effects::of(loops, stmt);
                    effects
                        .loaded
                        .iter()
                        .chain(effects.changes.shaped.iter())
                        .for_each(|b| drop(overwritten.remove(b)));
                }
                for inner in blocks_mut(stmt) {
                    removed |= remove_overwritten(loops, inner);
                }
            }
        }
    }
    if removed {
        let mut kept = keep.into_iter();
        block.retain(|_| kept.next() != Some(false));
    }
    removed
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{check, unchanged};

    #[test]
    fn what_nobody_looks_at_goes() {
        check(
            remove_dead_code,
            "loops f(n: usize, c: bool, b0 a: f64[unit], mut b1 r: f64[unit]) {
               buffer b2 t: [f64; 1]
               var x0 s: f64
               var x1 l: f64
               x0 = 1.0f64
               v0: f64 = load b0[n]
               alloc b2[n]
               parfor v1 in n {
                 reduce sum x1 into x0
                 v2: f64 = load b0[v1]
                 v3: f64 = x1
                 v4: f64 = add v2, v3
                 x1 = v4
                 store b2[v1], v4
               }
               if c { v5: f64 = x0 x0 = v5 }
             }",
            "loops f(n: usize, c: bool, b0 a: f64[unit], mut b1 r: f64[unit]) {
               buffer b2 t: [f64; 1]
               var x0 s: f64
               var x1 l: f64
             }",
        );
    }

    #[test]
    fn one_of_two_reductions_can_go() {
        check(
            remove_dead_code,
            "loops f(n: usize, mut b0 r: f64[unit]) {
               var x0 s: f64
               var x1 s_local: f64
               var x2 t: f64
               var x3 t_local: f64
               x0 = 0.0f64
               x2 = 0.0f64
               parfor v0 in n {
                 reduce sum x1 into x0
                 reduce sum x3 into x2
                 v1: f64 = cast v0
                 x1 = v1
                 x3 = v1
               }
               v2: f64 = x2
               store b0[0usize], v2
             }",
            "loops f(n: usize, mut b0 r: f64[unit]) {
               var x0 s: f64
               var x1 s_local: f64
               var x2 t: f64
               var x3 t_local: f64
               x2 = 0.0f64
               parfor v0 in n {
                 reduce sum x3 into x2
                 v1: f64 = cast v0
                 x3 = v1
               }
               v2: f64 = x2
               store b0[0usize], v2
             }",
        );
    }

    #[test]
    fn overwritten_stores_go() {
        check(
            remove_dead_code,
            "loops f(n: usize, x: f64, mut b0 r: f64[unit]) {
               store b0[n], 0.0f64
               store b0[0usize], 1.0f64
               for v0 in n { store b0[v0], x }
               store b0[n], x
               for v1 in n { v2: f64 = load b0[n] store b0[v1], v2 }
               store b0[n], x
             }",
            "loops f(n: usize, x: f64, mut b0 r: f64[unit]) {
               store b0[0usize], 1.0f64
               for v0 in n { store b0[v0], x }
               store b0[n], x
               for v1 in n { v2: f64 = load b0[n] store b0[v1], v2 }
               store b0[n], x
             }",
        );
    }

    #[test]
    fn checks_endless_loops_and_what_is_looked_at_stay() {
        unchanged(
            remove_dead_code,
            "loops f(n: usize, c: bool, b0 a: f64[unit]) {
               buffer b1 t: [f64; 1]
               buffer b2 u: [f64; 1]
               check c, division_by_zero
               while { test c } do { }
               alloc b1[n]
               store b1[0usize], 1.0f64
               v0: f64 = load b1[n]
               store b1[0usize], v0
               alloc b2[n] zeroed
               v1: usize = dim b2, 0
               for v2 in v1 { v3: bool = lt v2, n check v3, index_out_of_range(0) }
               return b1
             }",
        );
    }
}
