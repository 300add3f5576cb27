//! Ends loops that have nothing to do any more.
//!
//! ```text
//! for v1 in v0 {                               x9 = 0usize
//!   v2: f64 = x0                               while {
//!   v3: bool = le v2, 4.0f64                     v2, v3 …
//!   v4: f64 = mul v2, v2                         v6: usize = x9
//!   v5: f64 = select v3, v4, v2         ⇒        v7: bool = lt v6, v0
//!   x0 = v5                                      test and v7, v3
//! }                                            } do {
//!                                                x0 = mul v2, v2  x9 = add x9, 1
//!                                              }
//! ```
//!
//! Masks are how array programs leave elements alone that are done: what is not chosen is stored back. A loop is at rest if
//! some condition that it computes from variables alone, and not from its index or from memory, has a value with which an
//! iteration does nothing at all: it finds the same variables in the next iteration, and so on to the last. What an iteration
//! does with that value is seen by folding it in.

use crate::Changed;
use crate::effects::{Changes, Effects};
use crate::fold_constants::fold_constants;
use crate::hash::{FastMap, FastSet};
use crate::ordered_set::OrderedSet;
use crate::renames::Renames;
use crate::vectorize::{VarSet, assigned, live_before};
use parfuse_ir::loops::walk::{self, blocks_mut};
use parfuse_ir::loops::{Block, Expr, Loops, Stmt, Value, Var, VarData};
use parfuse_ir::{DType, Scalar, ScalarOp};

/// So many conditions of a loop are tried.
const MOST_CONDITIONS: usize = 4;

/// Ends serial loops once a condition says that all further iterations will do nothing.
pub fn stop_at_rest(loops: &mut Loops) -> Changed {
    if !walk::statements(&loops.body).any(|stmt| matches!(stmt, Stmt::For { .. })) {
        return Changed::No;
    }
    let mut body = std::mem::take(&mut loops.body);
    let changed = Search { reads: reads(loops, &body), loops }.block(&mut body);
    loops.body = body;
    changed.into()
}

/// How often variables are read.
fn reads(loops: &Loops, block: &Block) -> FastMap<Var, usize> {
    let mut reads = FastMap::default();
    walk::statements(block).for_each(|stmt| {
        Effects::of_itself(loops, stmt).vars_read.iter().for_each(|var| *reads.entry(*var).or_default() += 1);
    });
    reads
}

/// A condition with which a loop is at rest.
#[derive(Clone, Copy)]
struct Rest {
    condition: Value,
    at_rest: bool,
}

struct Search<'a> {
    loops: &'a mut Loops,
    /// How often variables are read in the whole kernel.
    reads: FastMap<Var, usize>,
}

impl Search<'_> {
    fn block(&mut self, block: &mut Block) -> bool {
        let mut changed = false;
        for mut stmt in std::mem::take(block) {
            blocks_mut(&mut stmt).for_each(|inner| changed |= self.block(inner));
            let rest = match &stmt {
                Stmt::For { index, until: None, body, .. } => self.rest(*index, body),
                _ => None,
            };
            match rest {
                Some(rest) => {
                    changed = true;
                    let copied = until_rest(self.loops, stmt, rest, block);
                    copied.into_iter().for_each(|var| *self.reads.entry(var).or_default() += 1);
                }
                None => block.push(stmt),
            }
        }
        changed
    }

    fn rest(&self, index: Value, body: &Block) -> Option<Rest> {
        let conditions = State { loops: self.loops, index, body }.conditions();
        if conditions.is_empty() {
            return None;
        }
        let mut lasting = live_before(self.loops, body, &VarSet::new());
        let inside = reads(self.loops, body);
        let is_read_outside = |var: &&Var| self.reads.get(var) != inside.get(var);
        lasting.extend(assigned(body).iter().filter(is_read_outside));
        conditions.into_iter().find_map(|condition| {
            let with = |at_rest| Rest { condition, at_rest };
            [with(false), with(true)].into_iter().find(|rest| does_nothing(self.loops, body, *rest, &lasting))
        })
    }
}

/// What a loop's iterations know when they begin.
struct State<'a> {
    loops: &'a Loops,
    index: Value,
    body: &'a Block,
}

impl State<'_> {
    /// The conditions that choose what an iteration does and depend on variables only, as these are at its beginning.
    fn conditions(&self) -> Vec<Value> {
        let mut pending = Vec::new();
        walk::statements(self.body).for_each(|stmt| match stmt {
            Stmt::If { cond, .. } => pending.push(*cond),
            Stmt::Let(value) => {
                if let Expr::Op(ScalarOp::Select, operands) = &self.loops.values[*value].expr {
                    pending.push(operands[0]);
                }
            }
            _ => {}
        });
        if pending.is_empty() {
            return pending;
        }
        pending.reverse();
        let mut found: OrderedSet<Value> = OrderedSet::default();
        while let Some(condition) = pending.pop() {
            if found.len() == MOST_CONDITIONS || found.contains(&condition) {
                continue;
            }
            if self.of_variables(condition).is_some() {
                found.insert(condition);
            }
            if let Expr::Op(ScalarOp::And | ScalarOp::Or | ScalarOp::Not, operands) =
                &self.loops.values[condition].expr
            {
                pending.extend(operands);
            }
        }
        found.iter().copied().collect()
    }

    /// The values of the loop that a condition is computed from, in their order; nothing if it depends on something else than
    /// variables at the beginning of the iteration, or on none.
    fn of_variables(&self, condition: Value) -> Option<Vec<Value>> {
        let mut needed: FastSet<Value> = FastSet::default();
        needed.insert(condition);
        let mut values = Vec::new();
        let mut reads: Vec<(usize, Var)> = Vec::new();
        for (position, stmt) in self.body.iter().enumerate().rev() {
            let Stmt::Let(value) = stmt else { continue };
            if !needed.remove(value) {
                continue;
            }
            let expr = &self.loops.values[*value].expr;
            match expr {
                Expr::Op(..) | Expr::Cast(_) => walk::operands(expr, |operand| _ = needed.insert(operand)),
                Expr::Var(var) => reads.push((position, *var)),
                _ => return None,
            }
            values.push(*value);
        }
        let is_set = |(position, var): &(usize, Var)| {
            Changes::of_block(&self.body[..*position]).vars_set.contains(var)
        };
        let is_known = !reads.is_empty() && !needed.contains(&self.index) && !reads.iter().any(is_set);
        values.reverse();
        is_known.then_some(values)
    }
}

/// Whether an iteration leaves everything as it is if the condition has its value at rest: memory, and the variables that
/// anybody behind the iteration reads.
fn does_nothing(loops: &Loops, body: &Block, rest: Rest, lasting: &VarSet) -> bool {
    let mut folded = Loops { body: Block::new(), results: Vec::new(), ..loops.clone() };
    let mut known = body.clone();
    assume(&mut folded, &mut known, rest.condition, rest.at_rest);
    folded.body = known;
    while fold_constants(&mut folded).yes() {}
    let mut computed = FastSet::default();
    folded.body.iter().all(|stmt| match stmt {
        Stmt::Let(value) => {
            computed.insert(*value);
            true
        }
        // Nothing else that lasts has been set, so such a variable that is read in the iteration is as it was.
        Stmt::Set { var, value } => {
            !lasting.contains(var)
                || computed.contains(value) && folded.values[*value].expr == Expr::Var(*var)
        }
        _ => false,
    })
}

/// Makes a condition of a block a constant.
fn assume(loops: &mut Loops, block: &mut Block, condition: Value, known: bool) {
    block.retain(|stmt| !matches!(stmt, Stmt::Let(value) if *value == condition));
    let constant = loops.value(Expr::Const(Scalar::Bool(known)), DType::Bool, loops.values[condition].loc);
    let mut renames = Renames::new(loops);
    renames.set(condition, constant);
    renames.block(loops, block);
}

/// Puts a loop that goes on until it is at rest at the end of a block; returns the variables that it reads once more.
fn until_rest(loops: &mut Loops, stmt: Stmt, rest: Rest, block: &mut Block) -> Vec<Var> {
    let Stmt::For { index, extent, mut body, .. } = stmt else { unreachable!("a loop with an index") };
    let Rest { condition, at_rest } = rest;
    let loc = loops.values[index].loc;
    let mut header = Block::new();
    let mut copies = Renames::new(loops);
    let mut copied = Vec::new();
    let values = State { loops, index, body: &body }.of_variables(condition);
    for value in values.expect("it has been found to be") {
        let mut data = loops.values[value].clone();
        if let Expr::Var(var) = data.expr {
            copied.push(var);
        }
        copies.expr(&mut data.expr);
        let copy = loops.values.push(data);
        copies.set(value, copy);
        header.push(Stmt::Let(copy));
    }
    let steps = loops.vars.push(VarData { name: "step".into(), dtype: DType::Usize });
    let define = |loops: &mut Loops, block: &mut Block, expr, dtype| {
        let value = loops.value(expr, dtype, loc);
        block.push(Stmt::Let(value));
        value
    };
    let number =
        |loops: &mut Loops, number| loops.value(Expr::Const(Scalar::Usize(number)), DType::Usize, loc);
    let (zero, one) = (number(loops, 0), number(loops, 1));
    block.push(Stmt::Set { var: steps, value: zero });

    let step = define(loops, &mut header, Expr::Var(steps), DType::Usize);
    let more = define(loops, &mut header, Expr::Op(ScalarOp::Lt, vec![step, extent]), DType::Bool);
    let mut moves = copies.get(condition);
    if at_rest {
        moves = define(loops, &mut header, Expr::Op(ScalarOp::Not, vec![moves]), DType::Bool);
    }
    let cond = define(loops, &mut header, Expr::Op(ScalarOp::And, vec![more, moves]), DType::Bool);

    assume(loops, &mut body, condition, !at_rest);
    let mut renames = Renames::new(loops);
    let mut moving = Block::new();
    let step = define(loops, &mut moving, Expr::Var(steps), DType::Usize);
    renames.set(index, step);
    renames.block(loops, &mut body);
    moving.append(&mut body);
    let next = define(loops, &mut moving, Expr::Op(ScalarOp::Add, vec![step, one]), DType::Usize);
    moving.push(Stmt::Set { var: steps, value: next });
    block.push(Stmt::While { header, cond, body: moving });
    copied
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{check, unchanged};

    #[test]
    fn a_loop_ends_where_its_mask_leaves_all_as_it_is() {
        check(
            stop_at_rest,
            "loops f(n: usize, y: f64, mut b0 a: f64[unit]) {
               var x0 z: f64
               var x1 count: i32
               var x2 read_by_nobody: f64
               x0 = y
               x1 = 0i32
               for v1 in n {
                 v2: f64 = x0
                 v3: f64 = mul v2, v2
                 v4: bool = le v3, 4.0f64
                 v5: f64 = add v3, y
                 v6: f64 = select v4, v5, v2
                 x0 = v6
                 v7: i32 = x1
                 v8: i32 = cast v4
                 v9: i32 = add v7, v8
                 x1 = v9
                 x2 = v3
               }
               v10: f64 = x0
               store b0[0usize], v10
               v11: i32 = x1
               v12: f64 = cast v11
               store b0[1usize], v12
             }",
            "loops f(n: usize, y: f64, mut b0 a: f64[unit]) {
               var x0 z: f64
               var x1 count: i32
               var x2 read_by_nobody: f64
               var x3 \"step\": usize
               x0 = y
               x1 = 0i32
               x3 = 0usize
               while {
                 v18: f64 = x0
                 v19: f64 = mul v18, v18
                 v20: bool = le v19, 4.0f64
                 v23: usize = x3
                 v24: bool = lt v23, n
                 v25: bool = and v24, v20
                 test v25
               } do {
                 v27: usize = x3
                 v2: f64 = x0
                 v3: f64 = mul v2, v2
                 v5: f64 = add v3, y
                 v6: f64 = select true, v5, v2
                 x0 = v6
                 v7: i32 = x1
                 v8: i32 = cast true
                 v9: i32 = add v7, v8
                 x1 = v9
                 x2 = v3
                 v28: usize = add v27, 1usize
                 x3 = v28
               }
               v10: f64 = x0
               store b0[0usize], v10
               v11: i32 = x1
               v12: f64 = cast v11
               store b0[1usize], v12
             }",
        );
    }

    #[test]
    fn loops_that_may_do_something_later_go_on() {
        // The condition depends on the index; on memory; leaves something to do; and is not what the iteration began with.
        unchanged(
            stop_at_rest,
            "loops f(n: usize, y: f64, mut b0 a: f64[unit]) {
               var x0 s: f64
               x0 = y
               for v1 in n {
                 v2: f64 = x0
                 v3: bool = lt v1, 4usize
                 v4: f64 = add v2, y
                 v5: f64 = select v3, v4, v2
                 x0 = v5
               }
               for v6 in n {
                 v7: f64 = x0
                 v8: f64 = load b0[v6]
                 v9: bool = lt v7, v8
                 if v9 { x0 = v8 }
               }
               for v10 in n {
                 v11: f64 = x0
                 v12: bool = lt v11, 9.0f64
                 v13: f64 = add v11, 1.0f64
                 v14: f64 = select v12, v13, v11
                 v15: f64 = mul v14, 0.5f64
                 x0 = v15
               }
               for v16 in n {
                 v17: f64 = x0
                 v18: f64 = mul v17, 0.5f64
                 x0 = v18
                 v19: f64 = x0
                 v20: bool = lt v19, 9.0f64
                 if v20 { x0 = y }
               }
               for v21 in n {
                 v22: f64 = x0
                 v23: bool = lt v22, 9.0f64
                 if v23 { v24: f64 = add v22, 1.0f64 x0 = v24 } else { store b0[v21], 0.0f64 }
               }
               v25: f64 = x0
               store b0[0usize], v25
             }",
        );
    }
}
