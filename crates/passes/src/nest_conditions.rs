//! Makes branches inside branches of those on `&&`, so that what its second operand has loaded and checked is known behind it.
//!
//! ```text
//! if v1 {                            if v1 {
//!   check …                            check …
//!   v2: f64 = load b0[v0]              v2: f64 = load b0[v0]
//!   v3: bool = lt v2, x                v3: bool = lt v2, x
//!   x0 = v3                            if v3 {
//! } else {                       ⇒       …                            b0[v0] is v2 here
//!   x0 = false                         } else {
//! }                                      x1 = 0.0
//! v4: bool = x0                        }
//! if v4 { … } else { x1 = 0.0 }      } else {
//!                                      x1 = 0.0
//!                                    }
//! ```
//!
//! What is done otherwise is then done in two places, so it may set variables and nothing else. `||` stays as it is: there the first
//! side would be in two places.

use crate::Changed;
use parfuse_ir::Scalar;
use parfuse_ir::arena::Id;
use parfuse_ir::loops::walk::{self, blocks_mut};
use parfuse_ir::loops::{Block, Expr, Loops, Stmt, Value, Var};

/// Nests branches on `&&`.
pub fn nest_conditions(loops: &mut Loops) -> Changed {
    let mut body = std::mem::take(&mut loops.body);
    let changed = Uses::of(loops, &body).in_block(loops, &mut body);
    loops.body = body;
    changed.into()
}

/// How often values and variables are read.
struct Uses {
    values: Vec<u32>,
    vars: Vec<u32>,
}

impl Uses {
    fn of(loops: &Loops, body: &Block) -> Uses {
        let mut uses = Uses { values: vec![0; loops.values.len()], vars: vec![0; loops.vars.len()] };
        for stmt in walk::statements(body) {
            walk::reads(loops, stmt, |value| uses.values[value.index()] += 1);
            match stmt {
                Stmt::Let(value) => {
                    if let Expr::Var(var) = loops.values[*value].expr {
                        uses.vars[var.index()] += 1;
                    }
                }
                Stmt::For { until: Some(var), .. } => uses.vars[var.index()] += 1,
                _ => {}
            }
        }
        uses
    }

    fn in_block(&self, loops: &Loops, block: &mut Block) -> bool {
        let mut changed = false;
        // From the last to the first: what one branch takes in may be the condition of what the one before it takes in.
        for at in (0..block.len()).rev() {
            while self.takes_in_what_follows(loops, &block[at..]) {
                let following: Vec<Stmt> = block.drain(at + 1..at + 3).collect();
                take_in(&mut block[at], following);
                changed = true;
            }
            blocks_mut(&mut block[at]).for_each(|inner| changed |= self.in_block(loops, inner));
        }
        changed
    }

    /// Whether the first of these statements is the `&&` on which the third branches.
    fn takes_in_what_follows(&self, loops: &Loops, block: &[Stmt]) -> bool {
        let [
            Stmt::If { then: ands, otherwise: if_not, .. },
            Stmt::Let(read),
            Stmt::If { cond, otherwise, .. },
            ..,
        ] = block
        else {
            return false;
        };
        let (Some((var, _)), [Stmt::Set { var: same, value: no }]) = (last_set(ands), if_not.as_slice())
        else {
            return false;
        };
        let is_false = |value: Value| loops.values[value].expr == Expr::Const(Scalar::Bool(false));
        var == *same
            && is_false(*no)
            && loops.values[*read].expr == Expr::Var(var)
            && cond == read
            && self.values[read.index()] == 1
            && self.vars[var.index()] == 1
            && otherwise.iter().all(|stmt| matches!(stmt, Stmt::Set { .. }))
    }
}

/// The variable that a block sets last, and to what.
fn last_set(block: &Block) -> Option<(Var, Value)> {
    match block.last() {
        Some(Stmt::Set { var, value }) => Some((*var, *value)),
        _ => None,
    }
}

/// Moves a branch on `&&` into the branch that is its first operand.
fn take_in(first: &mut Stmt, following: Vec<Stmt>) {
    let (Stmt::If { then: ands, otherwise: if_not, .. }, Some(Stmt::If { then, otherwise, .. })) =
        (first, following.into_iter().last())
    else {
        unreachable!("it is a branch that follows a branch");
    };
    let (_, cond) = last_set(ands).expect("it sets what is branched on");
    ands.pop();
    *if_not = otherwise.clone();
    ands.push(Stmt::If { cond, then, otherwise });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{check, unchanged};

    fn kernel(body: &str) -> String {
        format!(
            "loops f(n: usize, c: bool, x: f64, mut b0 r: f64[unit]) {{
               var x0 and: bool var x1 s: f64 x1 = x for v0 in n {{ {body} }} v9: f64 = x1 return v9
             }}"
        )
    }

    const AND: &str =
        "if c { v1: f64 = load b0[v0] v2: bool = lt v1, x x0 = v2 } else { x0 = false } v3: bool = x0";

    #[test]
    fn the_second_operand_stays_in_front_of_what_it_decides() {
        let (store, set) = ("v4: f64 = load b0[v0] store b0[v0], v4", "x1 = 0.0f64");
        let operands = "v1: f64 = load b0[v0] v2: bool = lt v1, x";
        for (before, after) in [
            (format!("if v3 {{ {store} }}"), format!("if c {{ {operands} if v2 {{ {store} }} }}")),
            (
                format!("if v3 {{ {store} }} else {{ {set} }}"),
                format!("if c {{ {operands} if v2 {{ {store} }} else {{ {set} }} }} else {{ {set} }}"),
            ),
        ] {
            check(nest_conditions, &kernel(&format!("{AND} {before}")), &kernel(&after));
        }
    }

    #[test]
    fn chains_of_operands_nest_one_in_another() {
        let text = "loops f(n: usize, c: bool, d: bool, x: f64, mut b0 r: f64[unit]) {
               var x0 and: bool var x1 and: bool
               for v0 in n {
                 if c { v1: f64 = load b0[v0] v2: bool = lt v1, x x0 = v2 } else { x0 = false }
                 v3: bool = x0
                 if v3 { v4: f64 = load b0[0usize] v5: bool = lt v4, x x1 = v5 } else { x1 = false }
                 v6: bool = x1
                 if v6 { store b0[v0], 1.0f64 }
               }
             }";
        let expected = "loops f(n: usize, c: bool, d: bool, x: f64, mut b0 r: f64[unit]) {
               var x0 and: bool var x1 and: bool
               for v0 in n {
                 if c {
                   v1: f64 = load b0[v0] v2: bool = lt v1, x
                   if v2 { v4: f64 = load b0[0usize] v5: bool = lt v4, x if v5 { store b0[v0], 1.0f64 } }
                 }
               }
             }";
        check(nest_conditions, text, expected);
    }

    #[test]
    fn what_is_read_again_or_would_be_computed_twice_stays() {
        unchanged(
            nest_conditions,
            &kernel(&format!("{AND} if v3 {{ x1 = 0.0f64 }} v5: bool = x0 if v5 {{ x1 = 1.0f64 }}")),
        );
        unchanged(
            nest_conditions,
            &kernel(&format!("{AND} if v3 {{ x1 = 0.0f64 }} if v3 {{ x1 = 1.0f64 }}")),
        );
        unchanged(
            nest_conditions,
            &kernel(&format!("{AND} if v3 {{ x1 = 0.0f64 }} else {{ store b0[v0], x }}")),
        );
        let or = AND.replace("x0 = false", "x0 = true");
        unchanged(nest_conditions, &kernel(&format!("{or} if v3 {{ x1 = 0.0f64 }}")));
    }
}
