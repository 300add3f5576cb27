//! Which values and variables of a parallel loop may differ between lanes.
//!
//! The index along the lane dimension does, whatever is computed from it does, and so do variables set
//! where only some lanes go: inside an `if` or a loop whose condition or extent varies. One answer per
//! variable for the whole loop; found by going over the body until nothing is added.

use parfuse_ir::arena::Id;
use parfuse_ir::loops::{Expr, Loops, Parfor, Stmt, Value, Var};

/// What may differ between lanes.
pub(crate) struct Varying {
    values: Vec<bool>,
    vars: Vec<bool>,
    /// Whether the position in the space does.
    positions: bool,
    changed: bool,
}

impl Varying {
    /// What varies where elements run one by one, outside lane loops: nothing.
    pub(super) fn nothing(loops: &Loops) -> Varying {
        Varying {
            values: vec![false; loops.values.len()],
            vars: vec![false; loops.vars.len()],
            positions: false,
            changed: false,
        }
    }

    /// What varies in the body of a lane loop: the position in the space around it does not.
    pub(super) fn of_lane_loop(loops: &Loops, parfor: &Parfor) -> Varying {
        Varying::nothing(loops).found(loops, parfor)
    }

    /// What varies in the body of a parallel loop.
    pub(crate) fn of(loops: &Loops, parfor: &Parfor) -> Varying {
        Varying { positions: true, ..Varying::nothing(loops) }.found(loops, parfor)
    }

    /// What differs along an index in the body of a parallel loop.
    pub(crate) fn along(loops: &Loops, body: &[Stmt], index: Value) -> Varying {
        Varying::nothing(loops).followed(loops, body, index)
    }

    fn found(self, loops: &Loops, parfor: &Parfor) -> Varying {
        // Without a lane dimension there is one element and nothing to differ from.
        let Some(lane_index) = parfor.indices.last() else { return self };
        self.followed(loops, &parfor.body, *lane_index)
    }

    fn followed(mut self, loops: &Loops, body: &[Stmt], index: Value) -> Varying {
        let varying = &mut self;
        varying.values[index.index()] = true;
        loop {
            varying.changed = false;
            varying.block(loops, body, false);
            if !varying.changed {
                return self;
            }
        }
    }

    /// Whether a value may differ between lanes.
    pub(crate) fn value(&self, value: Value) -> bool {
        self.values[value.index()]
    }

    /// Whether a variable may differ between lanes.
    pub(crate) fn var(&self, var: Var) -> bool {
        self.vars[var.index()]
    }

    fn block(&mut self, loops: &Loops, block: &[Stmt], divergent: bool) {
        for stmt in block {
            match stmt {
                Stmt::Let(value) => {
                    let expr = &loops.values[*value].expr;
                    let varies = match expr {
                        Expr::LinearIndex => self.positions,
                        Expr::Var(var) => self.var(*var),
                        _ => expr.operands().iter().any(|operand| self.value(*operand)),
                    };
                    self.changed |= varies && !self.value(*value);
                    self.values[value.index()] |= varies;
                }
                Stmt::Set { var, value } => {
                    let varies = divergent || self.value(*value);
                    self.changed |= varies && !self.var(*var);
                    self.vars[var.index()] |= varies;
                }
                Stmt::If { cond, then, otherwise } => {
                    let divergent = divergent || self.value(*cond);
                    self.block(loops, then, divergent);
                    self.block(loops, otherwise, divergent);
                }
                Stmt::While { header, cond, body } => {
                    let divergent = divergent || self.value(*cond);
                    self.block(loops, header, divergent);
                    self.block(loops, body, divergent);
                }
                Stmt::For { extent, until, body, .. } => {
                    let stops = until.is_some_and(|until| self.var(until));
                    self.block(loops, body, divergent || stops || self.value(*extent));
                }
                Stmt::Alloc { .. }
                | Stmt::Move { .. }
                | Stmt::Resize { .. }
                | Stmt::Store { .. }
                | Stmt::Call(_)
                | Stmt::Check { .. }
                | Stmt::Parfor(_)
                | Stmt::Nest(_) => {}
            }
        }
    }
}
