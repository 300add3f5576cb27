//! Takes the first or the last iteration of serial loops apart where the others know better which way they go.
//!
//! ```text
//! for v1 in v0 {                             if 0 < v0 { the body of v1 = 0 }
//!   v2: bool = lt 0usize, v1                 v3: usize = trips 1usize, v0, 1usize
//!   if v2 { A }                       ⇒      for v4 in v3 {
//!   B                                          v1: usize = add 1usize, v4
//! }                                            A  B
//!                                            }
//! ```
//!
//! So it goes at borders: tables of which each element depends on the one before it, pictures that are gone through from
//! a corner. Of several iterations at a border only one is taken apart. Which conditions are known then, [`crate::bounds`] says.
//! Only loops that run one iteration after the other are treated, as by [`mod@crate::unswitch_loops`].

use crate::Changed;
use crate::bounds::{Bounds, Informed, in_blocks};
use crate::copies::Copies;
use crate::emit::Emit;
use crate::unswitch_loops::{MOST_IN_ALL, innermost, runs_in_order};
use parfuse_ir::loops::walk;
use parfuse_ir::loops::{Block, Expr, Loops, Stmt, Value};
use parfuse_ir::{DType, Loc, Scalar, ScalarOp};

/// The most statements of a loop of which an iteration is written out.
const MOST_STATEMENTS: usize = 40;
/// Loops that are known to be as short stay.
const SHORT: usize = 4;

/// Takes the first or the last iteration of serial loops apart where it decides conditions of the others.
pub fn peel_loops(loops: &mut Loops) -> Changed {
    if !walk::statements(&loops.body).any(|stmt| matches!(stmt, Stmt::For { .. })) {
        return Changed::No;
    }
    let mut body = std::mem::take(&mut loops.body);
    let mut peeling = Peeling { loops, bounds: Bounds::default(), left: MOST_IN_ALL };
    let changed = peeling.block(&mut body);
    loops.body = body;
    changed.into()
}

/// The iteration that is taken apart.
#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    First,
    Last,
}

/// Which of the conditions of a loop are known but at an end of it.
struct Known {
    end: End,
    conditions: Vec<(Value, bool)>,
}

struct Peeling<'a> {
    loops: &'a mut Loops,
    bounds: Bounds,
    /// How many statements may still be written.
    left: usize,
}

impl Informed for Peeling<'_> {
    fn known(&mut self) -> (&mut Bounds, &Loops) {
        (&mut self.bounds, self.loops)
    }
}

impl Peeling<'_> {
    fn block(&mut self, block: &mut Block) -> bool {
        let mut changed = false;
        for mut stmt in std::mem::take(block) {
            self.bounds.pass(self.loops, &stmt);
            if let Some(known) = self.known(&stmt) {
                self.peel(stmt, &known, block);
                changed = true;
                continue;
            }
            if runs_in_order(&stmt) {
                in_blocks(self, &mut stmt, |own, inner| changed |= own.block(inner));
            }
            block.push(stmt);
        }
        changed
    }

    /// What the iterations of a loop know but for one at an end.
    fn known(&mut self, stmt: &Stmt) -> Option<Known> {
        let body = innermost(stmt, MOST_STATEMENTS)?;
        let Stmt::For { index, extent, .. } = stmt else { unreachable!("a loop") };
        if matches!(self.loops.constant(*extent), Some(Scalar::Usize(..=SHORT))) {
            return None;
        }
        let conditions: Vec<Value> = walk::statements(body)
            .filter_map(|stmt| match stmt {
                Stmt::If { cond, .. } => Some(*cond),
                _ => None,
            })
            .collect();
        if conditions.is_empty() {
            return None;
        }
        let (scope, outside) = (self.bounds.scope(self.loops, stmt), self.bounds.mark());
        let found = [End::First, End::Last].into_iter().find_map(|end| {
            self.bounds.open(self.loops, &scope, 0, outside);
            self.foresee(body);
            let before: Vec<Option<bool>> = conditions.iter().map(|cond| self.decided(*cond)).collect();
            let inner = self.inner(end, *index, *extent);
            self.bounds.decide(self.loops, inner, true);
            // What is computed from an index that cannot wrap is known only now.
            self.foresee(body);
            let conditions: Vec<(Value, bool)> = (conditions.iter().zip(before))
                .filter(|(_, before)| before.is_none())
                .filter_map(|(cond, _)| Some((*cond, self.decided(*cond)?)))
                .collect();
            (!conditions.is_empty()).then_some(Known { end, conditions })
        });
        self.bounds.close(&scope, outside);
        let found = found?;
        self.left = self.left.checked_sub(walk::statements(body).count())?;
        Some(found)
    }

    /// Comes by what a block computes, in branches, too.
    fn foresee(&mut self, block: &Block) {
        self.bounds.foresee(self.loops, block);
        block.iter().flat_map(walk::blocks).for_each(|inner| self.foresee(inner));
    }

    /// That an iteration is not the one at an end.
    fn inner(&mut self, end: End, index: Value, extent: Value) -> Value {
        let usize_ = |loops: &mut Loops, expr: Expr| loops.value(expr, DType::Usize, Loc::NONE);
        let operands = match end {
            End::First => vec![usize_(self.loops, Expr::Const(Scalar::Usize(0))), index],
            End::Last => {
                let one = usize_(self.loops, Expr::Const(Scalar::Usize(1)));
                vec![usize_(self.loops, Expr::Op(ScalarOp::Add, vec![index, one])), extent]
            }
        };
        self.loops.value(Expr::Op(ScalarOp::Lt, operands), DType::Bool, Loc::NONE)
    }

    /// Whether a condition holds or does not, where that is known.
    fn decided(&mut self, cond: Value) -> Option<bool> {
        let Expr::Op(op, args) = &self.loops.values[cond].expr else { return None };
        let [a, b] = args[..] else { return None };
        if !self.loops.dtype(a).is_index() {
            return None;
        }
        match op {
            ScalarOp::Lt => self.bounds.is_below(self.loops, a, b).then_some(true),
            ScalarOp::Gt => self.bounds.is_below(self.loops, b, a).then_some(true),
            ScalarOp::Le => self.bounds.is_below(self.loops, b, a).then_some(false),
            ScalarOp::Ge => self.bounds.is_below(self.loops, a, b).then_some(false),
            ScalarOp::Eq => self.bounds.differ(self.loops, a, b).then_some(false),
            ScalarOp::Ne => self.bounds.differ(self.loops, a, b).then_some(true),
            _ => None,
        }
    }

    /// Puts a loop and its iteration at an end into a block.
    fn peel(&mut self, stmt: Stmt, known: &Known, block: &mut Block) {
        let Stmt::For { index, extent, body, .. } = stmt else { unreachable!("a loop") };
        let loc = self.loops.values[index].loc;
        let mut to = Emit { loops: self.loops, block, loc };
        let [zero, one] = [0, 1].map(|number| to.constant(number));
        let some = to.op(ScalarOp::Lt, zero, extent);
        let others = to.define(Expr::Trips { start: one, end: extent, step: one });
        let at_end = if known.end == End::First { zero } else { others };

        let mut then = Block::new();
        self.copy(index, at_end, &[], &body, &mut then);
        let apart = Stmt::If { cond: some, then, otherwise: Block::new() };

        let bound = self.loops.value(Expr::Bound, DType::Usize, loc);
        let mut inside = Block::new();
        let number = match known.end {
            End::First => Emit { loops: self.loops, block: &mut inside, loc }.op(ScalarOp::Add, bound, one),
            End::Last => bound,
        };
        self.copy(index, number, &known.conditions, &body, &mut inside);
        let rest = Stmt::For { index: bound, extent: others, until: None, body: inside };
        match known.end {
            End::First => block.extend([apart, rest]),
            End::Last => block.extend([rest, apart]),
        }
    }

    /// A copy of a loop's body for an iteration of which conditions are known.
    fn copy(&mut self, index: Value, number: Value, known: &[(Value, bool)], body: &[Stmt], to: &mut Block) {
        let mut copies = Copies::default();
        copies.values.insert(index, number);
        let from = to.len();
        copies.block(self.loops, body, to);
        for (cond, holds) in known {
            let constant = self.loops.value(Expr::Const(Scalar::Bool(*holds)), DType::Bool, Loc::NONE);
            let copied = copies.value(*cond);
            walk::visit_mut(&mut to[from..], |stmt| match stmt {
                Stmt::If { cond, .. } if *cond == copied => *cond = constant,
                _ => {}
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{run, unchanged};

    fn kernel(body: &str) -> String {
        format!("loops f(n: usize, b0 a: f64[unit], mut b1 r: f64[unit]) {{ var x0 s: f64 {body} }}")
    }

    /// A running sum that changes its ways by a condition `v1`.
    fn sum(cond: &str) -> String {
        kernel(&format!(
            "x0 = 0.0f64
             for v0 in n {{
               {cond}
               v2: f64 = load b0[v0]
               v3: f64 = x0
               if v1 {{ v4: f64 = add v3, v2 x0 = v4 }} else {{ x0 = v2 }}
               v5: f64 = x0
               store b1[v0], v5
             }}"
        ))
    }

    #[test]
    fn all_but_one_iteration_know_which_way_they_go() {
        for (cond, known) in [
            ("v1: bool = lt 0usize, v0", "if true"),
            ("v1: bool = eq v0, 0usize", "if false"),
            (
                "v9: usize = sub n, 1usize v8: usize = sub v9, v0 v7: usize = add v8, 1usize v1: bool = lt v7, n",
                "if true",
            ),
            ("v9: usize = add v0, 1usize v1: bool = lt v9, n", "if true"),
            ("v9: usize = add v0, 1usize v1: bool = eq v9, n", "if false"),
        ] {
            let after = run(peel_loops, &sum(cond)).to_string();
            assert_eq!(
                (after.matches("store").count(), after.matches(known).count()),
                (2, 1),
                "{cond}: {after}"
            );
        }
    }

    #[test]
    fn conditions_that_one_iteration_does_not_decide_stay() {
        unchanged(peel_loops, &sum("v1: bool = lt 1usize, v0"));
        unchanged(peel_loops, &sum("v8: f64 = load b0[v0] v1: bool = lt 0.5f64, v8"));
    }
}
