//! Splits a loop at the one iteration that stores what all the others load.
//!
//! ```text
//!                                            v5: usize = min v2, v0
//! for v1 in v0 {                             for v1 in v5 {                    v1 < v2
//!   v3: f64 = load b0[v2]                      v3: f64 = load b0[v2]  …
//!   v4: f64 = load b0[v1]                    }
//!   …                                 ⇒      v6: bool = lt v2, v0
//!   store b0[v1], …                          if v6 {
//! }                                            v7: f64 = load b0[v2]  …         the iteration itself
//!                                              v8: usize = add v2, 1usize
//!                                              v9: usize = trips v8, v0, 1usize
//!                                              for v10 in v9 { v11: usize = add v8, v10  … }
//!                                            }
//! ```
//!
//! So it goes where a row and a column of a matrix change all others, and themselves as well: shortest paths, inverses in
//! place. Iterations run in the order that they had; but those before and behind that one do not need one another, as
//! [`crate::bounds`] can tell of the loops that are left, and may be parallel. A loop of which that cannot be told, or that
//! gains nothing by lanes, stays whole, and so does one with checks, with variables that go from iteration to iteration, or with much in it, for it is copied
//! twice.

use crate::Changed;
use crate::affine::Linear;
use crate::bounds::Bounds;
use crate::check_parallel::meeting;
use crate::copies::Copies;
use crate::emit::Emit;
use crate::independent::{has_effect, independent};
use crate::lane_loops::lanes_pay;
use crate::loop_order::launches;
use crate::parallelize_loops::dimensions;
use crate::vectorize::{VarSet, assigned, live_before};
use parfuse_ir::loops::walk::{self, blocks_mut};
use parfuse_ir::loops::{Block, Expr, Loops, Stmt, Value};
use parfuse_ir::{DType, Scalar, ScalarOp};

/// The most statements of a loop that is split, those of loops inside included.
const MOST_STATEMENTS: usize = 48;

/// Splits loops at the one iteration that others meet, where the others do not meet.
pub fn split_loops(loops: &mut Loops) -> Changed {
    let concerned = |stmt: &Stmt| matches!(stmt, Stmt::For { .. });
    if !walk::statements(&loops.body).any(concerned) {
        return Changed::No;
    }
    let mut body = std::mem::take(&mut loops.body);
    let changed = in_block(loops, &mut Bounds::default(), &mut body);
    loops.body = body;
    changed.into()
}

fn in_block(loops: &mut Loops, bounds: &mut Bounds, block: &mut Block) -> bool {
    let mut changed = false;
    let mut pending: Vec<Stmt> = std::mem::take(block).into_iter().rev().collect();
    while let Some(mut stmt) = pending.pop() {
        // Inner loops first: lanes in them may be what outer loops are worth. More may be known of what is then left of
        // these, so all of it is looked at again.
        if !matches!(stmt, Stmt::Parfor(_)) && walk::blocks(&stmt).len() > 0 {
            let (scope, outside) = (bounds.scope(loops, &stmt), bounds.mark());
            for (number, inner) in blocks_mut(&mut stmt).enumerate() {
                bounds.open(loops, &scope, number, outside);
                changed |= in_block(loops, bounds, inner);
            }
            if matches!(stmt, Stmt::For { .. }) {
                bounds.go_back(outside);
                if let Some(parts) = split(loops, bounds, &stmt) {
                    pending.extend(parts.into_iter().rev());
                    changed = true;
                    continue;
                }
            }
            bounds.close(&scope, outside);
        }
        bounds.pass(loops, &stmt);
        block.push(stmt);
    }
    changed
}

/// What a loop becomes if it is split.
fn split(loops: &mut Loops, bounds: &mut Bounds, stmt: &Stmt) -> Option<Block> {
    let Stmt::For { index, extent, until: None, body } = stmt else { return None };
    let stays = |stmt: &Stmt| launches(stmt) || matches!(stmt, Stmt::Check { .. });
    if !has_effect(body)
        || walk::statements(body).count() > MOST_STATEMENTS
        || walk::statements(body).any(stays)
        || !(&assigned(body) & &live_before(loops, body, &VarSet::new())).is_empty()
    {
        return None;
    }
    let at = meeting(loops, bounds, stmt)?;
    let here = bounds.mark();
    let parts = parts(loops, *index, *extent, body, &at);
    let is_worth_it = is_worth_it(loops, bounds, &parts);
    bounds.go_back(here);
    is_worth_it.then_some(parts)
}

/// Whether no two iterations of a loop meet that stands in a block, or in a branch in it, and lanes are good for it.
fn is_worth_it(loops: &Loops, bounds: &mut Bounds, block: &[Stmt]) -> bool {
    block.iter().all(|stmt| {
        bounds.pass(loops, stmt);
        match stmt {
            Stmt::For { .. } => independent(loops, bounds, stmt, &VarSet::new(), false)
                .is_ok_and(|parfor| lanes_pay(loops, bounds, &dimensions(loops, &parfor))),
            Stmt::If { cond, then, .. } => {
                bounds.decide(loops, *cond, true);
                // The copy of the iteration itself is not asked, whatever loops it has.
                let rest = then.iter().rposition(|stmt| matches!(stmt, Stmt::For { .. }));
                let rest = rest.expect("there is a loop over what is left");
                then[..rest].iter().for_each(|stmt| bounds.pass(loops, stmt));
                is_worth_it(loops, bounds, &then[rest..])
            }
            _ => true,
        }
    })
}

/// The iterations of a loop before one of them, that one, and those behind it.
fn parts(loops: &mut Loops, index: Value, extent: Value, body: &Block, at: &Linear) -> Block {
    let loc = loops.values[index].loc;
    let mut parts = Block::new();
    let mut to = Emit { loops, block: &mut parts, loc };
    let at = to.sum(at);
    let is_first = to.loops.constant(at) == Some(Scalar::Usize(0));
    let before = if is_first { at } else { to.op(ScalarOp::Min, at, extent) };
    let is_there = to.op(ScalarOp::Lt, at, extent);

    let mut then = Block::new();
    copied(loops, index, at, body, &mut then);
    let mut to = Emit { loops, block: &mut then, loc };
    let one = to.constant(1);
    let start = to.op(ScalarOp::Add, at, one);
    let trips = to.define(Expr::Trips { start, end: extent, step: one });
    let behind = to.loops.value(Expr::Bound, DType::Usize, loc);
    let mut rest = Block::new();
    let number = Emit { loops, block: &mut rest, loc }.op(ScalarOp::Add, start, behind);
    copied(loops, index, number, body, &mut rest);
    then.push(Stmt::For { index: behind, extent: trips, until: None, body: rest });

    if !is_first {
        parts.push(Stmt::For { index, extent: before, until: None, body: body.clone() });
    }
    // What stands in front of both is computed before the first runs, but reads no variable.
    parts.push(Stmt::If { cond: is_there, then, otherwise: Block::new() });
    parts
}

/// Puts a copy of a loop's body at the end of a block, with another value for its index.
fn copied(loops: &mut Loops, index: Value, number: Value, body: &[Stmt], to: &mut Block) {
    let mut copies = Copies::default();
    copies.values.insert(index, number);
    copies.block(loops, body, to);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{run, unchanged};

    fn kernel(body: &str) -> String {
        format!(
            "loops f(n: usize, k: usize, b0 a: f64[_, unit], mut b1 d: f64[_, unit], mut b2 r: f64[unit]) {{
               var x0 s: f64
               {body}
             }}"
        )
    }

    fn loops_of(text: &str) -> (usize, usize) {
        let after = run(split_loops, &kernel(text)).to_string();
        (after.matches("for ").count(), after.matches("store").count())
    }

    /// `r[i] += r[at]`
    fn shared(at: &str) -> String {
        format!("v1: f64 = load b2[{at}] v2: f64 = load b2[v0] v3: f64 = add v1, v2 store b2[v0], v3")
    }

    #[test]
    fn a_loop_is_split_where_it_stores_what_all_load() {
        assert_eq!(loops_of(&format!("for v0 in n {{ {} }}", shared("k"))), (2, 3));
    }

    #[test]
    fn the_first_iteration_has_none_before_it() {
        assert_eq!(loops_of(&format!("for v0 in n {{ {} }}", shared("0usize"))), (1, 2));
    }

    #[test]
    fn rows_and_columns_that_change_all_others_split_both_loops() {
        let body = "for v0 in n { for v1 in n { for v2 in n {
                      v3: f64 = load b1[v1, v2] v4: f64 = load b1[v1, v0] v5: f64 = load b1[v0, v2]
                      v6: f64 = add v4, v5 v7: f64 = min v3, v6 store b1[v1, v2], v7 } } }";
        // Two of the three parts of the middle loop are loops, and in each of the three two of the inner.
        assert_eq!(loops_of(body), (1 + 2 + 6, 9));
    }

    #[test]
    fn loops_stay_whose_iterations_do_not_meet_or_meet_anywhere() {
        unchanged(split_loops, &kernel("for v0 in n { v1: f64 = load b2[v0] store b2[v0], v1 }"));
        unchanged(
            split_loops,
            &kernel(&format!("for v0 in n {{ v5: usize = add v0, 1usize {} }}", shared("v5"))),
        );
        let two = format!("v8: f64 = load b2[7usize] {}", shared("k"));
        unchanged(split_loops, &kernel(&format!("for v0 in n {{ {two} store b2[v0], v8 }}")));
    }

    #[test]
    fn loops_that_do_better_without_lanes_stay() {
        let column = "v1: f64 = load b1[k, 3usize] v2: f64 = load b1[v0, 3usize] v3: f64 = add v1, v2
                      store b1[v0, 3usize], v3";
        unchanged(split_loops, &kernel(&format!("for v0 in n {{ {column} }}")));
    }

    #[test]
    fn loops_with_checks_or_sums_stay() {
        let check = format!("for v0 in n {{ v9: bool = lt v0, k check v9, empty_mean {} }}", shared("k"));
        unchanged(split_loops, &kernel(&check));
        let sum = format!(
            "x0 = 0.0f64 for v0 in n {{ v8: f64 = x0 {} v9: f64 = add v8, v3 x0 = v9 }}",
            shared("k")
        );
        unchanged(split_loops, &kernel(&sum));
    }
}
