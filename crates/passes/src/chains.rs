//! How long one iteration of a serial loop must wait for the one before, whatever else the processor could do meanwhile.
//!
//! ```text
//! for v1 in v0 {
//!   v2: f64 = load b0[v1]        0     does not depend on the iteration before
//!   v3: f64 = x0                 0     that is what the iteration begins with
//!   v4: f64 = add v3, v2         4     cycles later
//!   x0 = v4                            so an iteration takes at least four
//! }
//! ```
//!
//! Code that runs elements one by one takes that long for an iteration, if its operations do not take longer yet. Lanes do
//! as many elements in that time as there are in their registers.

use parfuse_ir::loops::{Expr, Loops, Stmt, Value, Var, walk};
use parfuse_ir::math::is_expansion;
use parfuse_ir::{DType, ScalarOp};
use std::collections::HashMap;

/// The cycles from one iteration of a loop with this body to the next, at least.
pub(crate) fn chain(loops: &Loops, body: &[Stmt]) -> u64 {
    let set = |stmt: &Stmt| match stmt {
        Stmt::Set { var, .. } => Some(*var),
        _ => None,
    };
    let vars: HashMap<Var, Option<u64>> =
        walk::statements(body).filter_map(set).map(|var| (var, Some(0))).collect();
    if vars.is_empty() {
        return 0;
    }
    let mut times = Times { loops, vars, values: HashMap::new() };
    times.block(body, None);
    times.vars.into_values().flatten().max().unwrap_or(0)
}

/// When what depends on the iteration before is there.
struct Times<'a> {
    loops: &'a Loops,
    /// By variable; nothing if the iteration has set it to what does not.
    vars: HashMap<Var, Option<u64>>,
    values: HashMap<Value, u64>,
}

impl Times<'_> {
    /// Goes through a block that is decided on at this time, if that depends on the iteration before.
    fn block(&mut self, block: &[Stmt], decided: Option<u64>) {
        for stmt in block {
            match stmt {
                Stmt::Let(value) => {
                    let from = match &self.loops.values[*value].expr {
                        Expr::Var(var) => self.vars.get(var).copied().flatten(),
                        expr => expr
                            .operands()
                            .iter()
                            .filter_map(|operand| self.values.get(operand))
                            .max()
                            .copied(),
                    };
                    if let Some(from) = from {
                        self.values.insert(*value, from + latency(self.loops, *value));
                    }
                }
                Stmt::Set { var, value } => {
                    let chosen = decided.map(|time| time + 1);
                    let time = self.values.get(value).copied().max(chosen);
                    self.vars.insert(*var, time);
                }
                // What the sides set is chosen once the condition is known.
                Stmt::If { cond, then, otherwise } => {
                    let inside = self.values.get(cond).copied().max(decided);
                    let before = self.vars.clone();
                    self.block(then, inside);
                    let after = std::mem::replace(&mut self.vars, before);
                    self.block(otherwise, inside);
                    for (var, time) in after {
                        let other = self.vars.entry(var).or_default();
                        *other = time.max(*other);
                    }
                }
                Stmt::While { header, body, .. } => {
                    self.block(header, decided);
                    self.block(body, decided);
                }
                Stmt::For { body, .. } => self.block(body, decided),
                _ => {}
            }
        }
    }
}

/// The cycles from an expression's operands to its value.
fn latency(loops: &Loops, value: Value) -> u64 {
    let data = &loops.values[value];
    match &data.expr {
        Expr::Op(op, operands) => {
            let constant = operands.last().is_some_and(|operand| loops.constant(*operand).is_some());
            operation(*op, loops.dtype(operands[0]), constant)
        }
        Expr::Cast(from) if loops.dtype(*from).is_float() != data.dtype.is_float() => 6,
        Expr::Load { .. } => 5,
        Expr::Random { .. } => 40,
        _ => 0,
    }
}

fn operation(op: ScalarOp, dtype: DType, constant: bool) -> u64 {
    match op {
        op if is_expansion(op) => 40,
        ScalarOp::Sqrt => 18,
        ScalarOp::Div if dtype.is_float() => 13,
        ScalarOp::Div | ScalarOp::Rem if constant => 4,
        ScalarOp::Div | ScalarOp::Rem => 14,
        ScalarOp::Mul if !dtype.is_float() => 3,
        _ if dtype.is_float() => 4,
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::parse;

    fn cycles(body: &str) -> u64 {
        let text = format!(
            "loops f(n: usize, b0 a: f64[unit], b1 k: i64[unit], mut b2 r: f64[unit]) {{
               var x0 s: f64 var x1 t: f64 var x2 i: i64
               for v0 in n {{ {body} }}
             }}"
        );
        let loops = parse(&text);
        let Stmt::For { body, .. } = &loops.body[0] else { panic!("{loops}") };
        chain(&loops, body)
    }

    #[test]
    fn a_sum_waits_for_the_sum_before_it() {
        assert_eq!(cycles("v1: f64 = load b0[v0] v2: f64 = x0 v3: f64 = add v2, v1 x0 = v3"), 4);
        assert_eq!(
            cycles("v1: f64 = x0 v2: f64 = mul v1, v1 v3: f64 = add v2, 1.0f64 v4: f64 = div v3, v2 x0 = v4"),
            21
        );
    }

    #[test]
    fn what_each_iteration_sets_anew_does_not_wait() {
        assert_eq!(
            cycles("v1: f64 = load b0[v0] x0 = v1 v2: f64 = x0 v3: f64 = mul v2, v2 store b2[v0], v3"),
            0
        );
        assert_eq!(cycles("v1: f64 = load b0[v0] v2: f64 = sqrt v1 store b2[v0], v2"), 0);
    }

    #[test]
    fn a_choice_waits_for_what_it_depends_on() {
        let search = "v1: i64 = x2 v2: usize = cast v1 v3: f64 = load b0[v2] v4: bool = lt v3, 0.5f64
                      if v4 { v5: i64 = add v1, 1i64 x2 = v5 }";
        assert_eq!(cycles(search), 10);
    }

    #[test]
    fn a_walk_through_indices_waits_for_loads() {
        let hop = "v1: i64 = x2 v2: usize = cast v1 v3: i64 = load b1[v2] x2 = v3";
        assert_eq!(cycles(hop), 5);
    }
}
