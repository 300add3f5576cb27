//! Which checks of a loop can be tested in front of it.
//!
//! ```text
//! for v1 in v0 {
//!   for v2 in v1 {
//!     v3: bool = lt v2, v4
//!     check v3, …                 v4 - v0 + 1 ≥ 0, or there are no iterations
//! ```

use super::space;
use crate::affine::{Linear, Term};
use crate::bounds::{Bounds, Mark, Proof, is_not_negative};
use parfuse_ir::loops::walk;
use parfuse_ir::loops::{Block, Expr, Loops, Stmt, Value};
use parfuse_ir::{Scalar, ScalarOp};

/// A condition that can be tested for all iterations at once.
pub(super) struct Condition {
    pub(super) what: What,
    /// How often the loops around run, where that is known in front.
    pub(super) extents: Vec<Value>,
    /// Whether every iteration comes by, or one that there is in any case.
    always: bool,
}

pub(super) enum What {
    /// The same in all iterations.
    Invariant(Value),
    /// What must hold of values of outside for an index to be below a length.
    Sums { index: Linear, proof: Proof },
}

/// Finds the checks of a loop, in program order, and which can be tested in front.
pub(super) struct Search<'a> {
    loops: &'a Loops,
    bounds: &'a mut Bounds,
    /// Where the loop begins.
    start: Mark,
    extents: Vec<Value>,
    /// The indices of the loops around, with how often they run.
    ranges: Vec<(Value, Linear)>,
    /// Whether every iteration comes by, or one that there is in any case.
    always: bool,
    checks: Vec<Option<Condition>>,
    /// The indices of elements that every iteration touches, checked or not.
    touched: Vec<Linear>,
}

impl Search<'_> {
    /// The checks of a loop; those that can be tested in front with what is to be tested.
    pub(super) fn of(loops: &Loops, bounds: &mut Bounds, stmt: &Stmt) -> Vec<Option<Condition>> {
        let start = bounds.mark();
        let mut search = Search {
            loops,
            bounds,
            start,
            extents: Vec::new(),
            ranges: Vec::new(),
            always: true,
            checks: Vec::new(),
            touched: Vec::new(),
        };
        search.blocks(stmt);
        search.bounds.go_back(start);
        search.found()
    }

    fn blocks(&mut self, stmt: &Stmt) {
        let (scope, outside) = (self.bounds.scope(self.loops, stmt), self.bounds.mark());
        let (always, known, ranges) = (self.always, self.extents.len(), self.ranges.len());
        match space(stmt) {
            Some(space) => {
                for (index, extent) in space.indices.iter().zip(&space.extents) {
                    let extent = self.bounds.form(self.loops, *extent);
                    self.ranges.push((*index, extent));
                }
                let invariant = |extent: &Value| !self.bounds.is_inside(*extent, self.start);
                self.extents.extend(space.extents.into_iter().filter(invariant));
            }
            None => self.always = false,
        }
        let is_sure = always && self.is_taken(stmt);
        for (number, block) in walk::blocks(stmt).enumerate() {
            self.bounds.open(self.loops, &scope, number, outside);
            self.always |= is_sure && number == 0;
            self.block(block);
            self.always &= !is_sure;
        }
        self.bounds.close(&scope, outside);
        self.extents.truncate(known);
        self.ranges.truncate(ranges);
        self.always = always;
    }

    /// Whether a branch is one that the first or the last iteration of a loop around takes.
    fn is_taken(&mut self, stmt: &Stmt) -> bool {
        let Stmt::If { cond, .. } = stmt else { return false };
        let Expr::Op(ScalarOp::Eq, args) = &self.loops.values[*cond].expr else { return false };
        let [a, b] = [args[0], args[1]].map(|value| self.bounds.form(self.loops, value));
        let ends = self.ranges.iter().flat_map(|(index, extent)| {
            let index = Linear::term(Term::Value(*index));
            let last = index.minus(extent).plus(&Linear::constant(1));
            [index, last]
        });
        let distance = a.minus(&b);
        let opposite = distance.times(-1);
        ends.into_iter().any(|end| end == distance || end == opposite)
    }

    fn block(&mut self, block: &Block) {
        for stmt in block {
            self.bounds.pass(self.loops, stmt);
            match stmt {
                Stmt::Check { ok, .. } => {
                    let condition = self.condition(*ok);
                    self.checks.push(condition);
                }
                _ => self.blocks(stmt),
            }
            if self.always {
                self.touch(stmt);
            }
        }
    }

    fn touch(&mut self, stmt: &Stmt) {
        let index = match stmt {
            Stmt::Let(value) => match &self.loops.values[*value].expr {
                Expr::Load { index, .. } => index,
                _ => return,
            },
            Stmt::Store { index, .. } => index,
            _ => return,
        };
        for index in index {
            let form = self.bounds.form(self.loops, *index);
            if !self.touched.contains(&form) {
                self.touched.push(form);
            }
        }
    }

    fn condition(&mut self, ok: Value) -> Option<Condition> {
        let what = if !self.bounds.is_inside(ok, self.start) {
            What::Invariant(ok)
        } else {
            let (index, len) = match &self.loops.values[ok].expr {
                Expr::Op(ScalarOp::Lt, args) => (args[0], args[1]),
                Expr::Op(ScalarOp::Gt, args) => (args[1], args[0]),
                _ => return None,
            };
            if !self.loops.dtype(index).is_index() {
                return None;
            }
            let goals = self.bounds.below(self.loops, index, len);
            let proof = self.bounds.outside(self.loops, goals, self.start)?;
            What::Sums { index: self.bounds.form(self.loops, index), proof }
        };
        let runs = |extent: &Value| matches!(self.loops.constant(*extent), Some(Scalar::Usize(1..)));
        let mut extents: Vec<Value> = self.extents.iter().copied().filter(|extent| !runs(extent)).collect();
        extents.sort_unstable();
        extents.dedup();
        Some(Condition { what, extents, always: self.always })
    }

    /// The checks that can be tested in front; those that not every iteration comes by only if their index is taken in
    /// any case, or others ask as much.
    fn found(self) -> Vec<Option<Condition>> {
        let loops = self.loops;
        let sums = |condition: &Condition| match &condition.what {
            What::Invariant(_) => None,
            What::Sums { index, proof } => Some((index.clone(), proof.sums.clone())),
        };
        let mut taken = self.touched;
        let always = self.checks.iter().flatten().filter(|condition| condition.always);
        taken.extend(always.filter_map(sums).map(|(index, _)| index));
        let asked = self.checks.iter().flatten().filter_map(sums).filter(|(index, _)| taken.contains(index));
        let asked: Vec<Linear> = asked.flat_map(|(_, sums)| sums).collect();
        let is_asked = |sum: &Linear| asked.iter().any(|other| is_not_negative(loops, &sum.minus(other)));
        let counts = |condition: &Condition| match &condition.what {
            What::Invariant(_) => condition.always,
            What::Sums { index, proof } => {
                condition.always || taken.contains(index) || proof.sums.iter().all(is_asked)
            }
        };
        self.checks.into_iter().map(|check| check.filter(counts)).collect()
    }
}
