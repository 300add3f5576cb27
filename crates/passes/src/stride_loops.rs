//! Has loops go to the iterations at once that a remainder singles out.
//!
//! ```text
//! for v2 in v0 {                              v7 = (c - v1) & 1        the first of them
//!   v3: usize = add v1, v2                    v8 = trips v7, v0, 2usize
//!   v4: usize = rem v3, 2usize           ⇒    for v9 in v8 {
//!   v5: bool = eq v4, c                         v2 = v7 + 2 v9
//!   if v5 { check … }                           check …
//! }                                           }
//! ```
//!
//! So it goes with the colours of a grid. What is checked under the condition is checked in each of the iterations that are
//! left, so that [`crate::hoist_checks`] can do that in front of them. Loops without checks stay as they are: lanes take a
//! condition better than a stride. Divisors are powers of two, whose remainders know of no wrapping around.

use crate::Changed;
use crate::affine::{AffineForms, Linear};
use crate::copies::Copies;
use crate::emit::Emit;
use crate::hash::FastSet;
use crate::replace_loops::in_body;
use parfuse_ir::loops::walk::{self, blocks_mut};
use parfuse_ir::loops::{Block, Expr, Loops, Stmt, Value};
use parfuse_ir::{DType, Scalar, ScalarOp};

/// The largest divisor.
const MOST: usize = 64;

/// Makes loops over the iterations alone that a remainder singles out, where these have checks.
pub fn stride_loops(loops: &mut Loops) -> Changed {
    let divides = |expr: &Expr| matches!(expr, Expr::Op(ScalarOp::Rem | ScalarOp::And, _));
    if !loops.values.iter().any(|(_, data)| divides(&data.expr)) {
        return Changed::No;
    }
    in_body(loops, in_block)
}

fn in_block(loops: &mut Loops, block: &mut Block) -> bool {
    let mut changed = false;
    for mut stmt in std::mem::take(block) {
        blocks_mut(&mut stmt).for_each(|inner| changed |= in_block(loops, inner));
        match singled_out(loops, &stmt) {
            Some(found) => {
                stride(loops, stmt, &found, block);
                changed = true;
            }
            None => block.push(stmt),
        }
    }
    changed
}

/// The iterations in which a number has a remainder.
struct SingledOut {
    number: Value,
    divisor: usize,
    remainder: Value,
}

fn singled_out(loops: &Loops, stmt: &Stmt) -> Option<SingledOut> {
    let Stmt::For { index, until: None, body, .. } = stmt else { return None };
    let (Stmt::If { cond, then, otherwise }, before) = body.split_last()? else { return None };
    let has_checks = walk::statements(then).any(|stmt| matches!(stmt, Stmt::Check { .. }));
    let plain = before.iter().all(|stmt| matches!(stmt, Stmt::Let(_)));
    if !otherwise.is_empty() || !has_checks || !plain {
        return None;
    }
    let inside: FastSet<Value> = before.iter().filter_map(own).collect();
    let Expr::Op(ScalarOp::Eq, sides) = &loops.values[*cond].expr else { return None };
    let [a, b] = sides[..] else { return None };
    [(a, b), (b, a)].into_iter().find_map(|(left, remainder)| {
        let Expr::Op(op, operands) = &loops.values[left].expr else { return None };
        let by = loops.constant(operands.get(1).copied()?)?.as_integer()?;
        let divisor = match op {
            ScalarOp::Rem => by,
            ScalarOp::And => by + 1,
            _ => return None,
        };
        let divisor =
            usize::try_from(divisor).ok().filter(|by| by.is_power_of_two() && (2..=MOST).contains(by))?;
        let number = operands[0];
        let mut forms = AffineForms::new(loops, &[*index], body, *index);
        let form = forms.of(number)?;
        let fits = inside.contains(cond)
            && loops.dtype(number) == loops.dtype(*index)
            && form.coefficient == Linear::constant(1)
            && !inside.contains(&remainder)
            && remainder != *index
            && computed_from(loops, &inside, number).is_some();
        fits.then_some(SingledOut { number, divisor, remainder })
    })
}

fn own(stmt: &Stmt) -> Option<Value> {
    match stmt {
        Stmt::Let(value) => Some(*value),
        _ => None,
    }
}

/// What a value is computed from inside, by operations alone.
fn computed_from(loops: &Loops, inside: &FastSet<Value>, value: Value) -> Option<FastSet<Value>> {
    let mut found: FastSet<Value> = FastSet::default();
    let mut pending = vec![value];
    while let Some(value) = pending.pop() {
        if !inside.contains(&value) || !found.insert(value) {
            continue;
        }
        match &loops.values[value].expr {
            expr @ (Expr::Op(..) | Expr::Cast(_) | Expr::Const(_)) => {
                walk::operands(expr, |operand| pending.push(operand));
            }
            _ => return None,
        }
    }
    Some(found)
}

/// Puts a loop over these iterations in place of one over all.
fn stride(loops: &mut Loops, stmt: Stmt, found: &SingledOut, block: &mut Block) {
    let Stmt::For { index, extent, mut body, .. } = stmt else { unreachable!("a loop") };
    let Some(Stmt::If { then, .. }) = body.pop() else { unreachable!("it ends with a branch") };
    let loc = loops.values[index].loc;
    // The number of the first iteration there would be.
    let inside: FastSet<Value> = body.iter().filter_map(own).collect();
    let needed = computed_from(loops, &inside, found.number).unwrap_or_default();
    let computing: Block =
        body.iter().filter(|stmt| own(stmt).is_some_and(|value| needed.contains(&value))).cloned().collect();
    let mut copies = Copies::default();
    let zero = loops.value(Expr::Const(Scalar::Usize(0)), DType::Usize, loc);
    copies.values.insert(index, zero);
    copies.block(loops, &computing, block);
    let start = copies.value(found.number);

    let mut to = Emit { loops, block, loc };
    let [by, last] = [found.divisor, found.divisor - 1].map(|number| to.constant(number));
    let ahead = to.op(ScalarOp::Sub, found.remainder, start);
    let first = to.define(Expr::Op(ScalarOp::And, vec![ahead, last]));
    let end = match to.loops.constant(found.remainder) {
        Some(Scalar::Usize(remainder)) if remainder < found.divisor => extent,
        _ => {
            let some = to.op(ScalarOp::Lt, found.remainder, by);
            to.define(Expr::Op(ScalarOp::Select, vec![some, extent, zero]))
        }
    };
    let count = to.define(Expr::Trips { start: first, end, step: by });
    let turn = to.bound();
    let mut inner = Block::new();
    let distance = Emit { loops, block: &mut inner, loc }.op(ScalarOp::Mul, turn, by);
    loops.values[index].expr = Expr::Op(ScalarOp::Add, vec![first, distance]);
    inner.push(Stmt::Let(index));
    inner.append(&mut body);
    inner.extend(then);
    block.push(Stmt::For { index: turn, extent: count, until: None, body: inner });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{check, unchanged};

    fn loop_of(body: &str) -> String {
        format!(
            "loops f(n: usize, s: usize, c: usize, mut b0 x: f64[unit]) {{
               v0: usize = dim b0, 0
               for v2 in n {{ v3: usize = add s, v2 {body} }}
             }}"
        )
    }

    const CHECKED: &str =
        "{ v6: bool = lt v3, v0 check v6, index_out_of_range(0) with v3, v0 store b0[v3], 1.0f64 }";

    #[test]
    fn iterations_of_a_colour_come_at_once() {
        let text = loop_of(&format!("v4: usize = rem v3, 2usize v5: bool = eq v4, c if v5 {CHECKED}"));
        let expected = "loops f(n: usize, s: usize, c: usize, mut b0 x: f64[unit]) {
               v0: usize = dim b0, 0
               v12: usize = add s, 0usize
               v15: usize = sub c, v12
               v16: usize = and v15, 1usize
               v17: bool = lt c, 2usize
               v18: usize = select v17, n, 0usize
               v19: usize = trips v16, v18, 2usize
               for v20 in v19 {
                 v21: usize = mul v20, 2usize
                 v2: usize = add v16, v21
                 v3: usize = add s, v2 v4: usize = rem v3, 2usize v5: bool = eq v4, c
                 v6: bool = lt v3, v0 check v6, index_out_of_range(0) with v3, v0 store b0[v3], 1.0f64
               }
             }";
        check(stride_loops, &text, expected);
    }

    #[test]
    fn others_stay() {
        let others = [
            // Nothing is checked; there is something else to do; there is another side.
            "v4: usize = rem v3, 2usize v5: bool = eq v4, c if v5 { store b0[v3], 1.0f64 }".to_string(),
            format!("v4: usize = rem v3, 2usize v5: bool = eq v4, c if v5 {CHECKED} store b0[v2], 0.0f64"),
            format!(
                "v4: usize = rem v3, 2usize v5: bool = eq v4, c if v5 {CHECKED} else {{ store b0[v2], 0.0f64 }}"
            ),
            // Three would not divide where numbers wrap around; the number moves otherwise; the remainder does.
            format!("v4: usize = rem v3, 3usize v5: bool = eq v4, c if v5 {CHECKED}"),
            format!(
                "v7: usize = mul v3, 3usize v4: usize = rem v7, 2usize v5: bool = eq v4, c if v5 {CHECKED}"
            ),
            format!("v4: usize = rem v3, 2usize v5: bool = eq v4, v2 if v5 {CHECKED}"),
        ];
        for body in others {
            unchanged(stride_loops, &loop_of(&body));
        }
    }
}
