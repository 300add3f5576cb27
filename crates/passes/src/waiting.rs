//! How long lanes wait at the end of a loop for the last of them.
//!
//! ```text
//! while lt v1, v2 { … }                          until a number is large enough, or small: twice as long as on average
//! while ne v3, 0 { v3 = rem n, d  d += 1 }       until something is met on the way: many meet it soon, some never
//! ```
//!
//! A search by counting ends where what is looked up or computed for the count is equal to something, or is not. How often it
//! runs varies by much more than the number of iterations of a process that gets nearer to its end with each of them,
//! and of as many lanes as work together one is sure to be late.

use crate::hash::FastSet;
use parfuse_ir::ScalarOp;
use parfuse_ir::loops::{Expr, Loops, Stmt, Value, Var, walk};

/// Lanes that end at about the same time.
pub(crate) const UNEVEN: u64 = 2;
/// Lanes that search.
const SEARCH: u64 = 8;

/// How many times as often as on average a loop runs for the last of some lanes, given what decides that it ends, its
/// body, and its index.
pub(crate) fn waiting(loops: &Loops, deciding: &[Stmt], body: &[Stmt], index: Option<Value>) -> u64 {
    let counters = counters(loops, body);
    let mut counts: FastSet<Value> = index.into_iter().collect();
    // What is computed from a count by more than sums.
    let mut found: FastSet<Value> = FastSet::default();
    for stmt in walk::statements(deciding) {
        let Stmt::Let(value) = stmt else { continue };
        let expr = &loops.values[*value].expr;
        let operands = expr.operands();
        let reads = |of: &FastSet<Value>| operands.iter().any(|operand| of.contains(operand));
        match expr {
            Expr::Var(var) if counters.contains(var) => {
                counts.insert(*value);
            }
            Expr::Op(ScalarOp::Eq | ScalarOp::Ne, _) if reads(&found) => return SEARCH,
            // Other answers are not what was found.
            Expr::Op(..) if loops.dtype(*value).is_bool() => {}
            Expr::Op(ScalarOp::Add | ScalarOp::Sub, _) | Expr::Cast(_)
                if reads(&counts) && !reads(&found) =>
            {
                counts.insert(*value);
            }
            _ if reads(&counts) || reads(&found) => {
                found.insert(*value);
            }
            _ => {}
        }
    }
    UNEVEN
}

/// The variables to which a body adds a constant, or subtracts one.
fn counters(loops: &Loops, body: &[Stmt]) -> FastSet<Var> {
    let counter = |stmt: &Stmt| {
        let Stmt::Set { var, value } = stmt else { return None };
        let Expr::Op(ScalarOp::Add | ScalarOp::Sub, operands) = &loops.values[*value].expr else {
            return None;
        };
        let own = |operand: &Value| loops.values[*operand].expr == Expr::Var(*var);
        let steps = operands.iter().any(own) && operands.iter().any(|by| loops.constant(*by).is_some());
        (steps && loops.vars[*var].dtype.is_int()).then_some(*var)
    };
    walk::statements(body).filter_map(counter).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::parse;

    fn of_loop(text: &str) -> u64 {
        let loops = parse(&format!(
            "loops f(n: i64, b0 a: i64[unit]) {{ var x0 d: i64 var x1 k: i64 x0 = 2i64 x1 = n {text} }}"
        ));
        let Some(Stmt::While { header, body, .. }) = loops.body.last() else { panic!("{loops}") };
        waiting(&loops, header, body, None)
    }

    const COUNTS: &str = "v8: i64 = x0 v9: i64 = add v8, 1i64 x0 = v9";

    #[test]
    fn lanes_that_try_one_number_after_the_other_wait_long() {
        let trial = "v1: i64 = x0 v2: i64 = rem n, v1 v3: bool = ne v2, 0i64 test v3";
        assert_eq!(of_loop(&format!("while {{ {trial} }} do {{ {COUNTS} }}")), SEARCH);
        let probe = "v1: i64 = x0 v2: usize = cast v1 v3: i64 = load b0[v2] v4: bool = ne v3, n test v4";
        assert_eq!(of_loop(&format!("while {{ {probe} }} do {{ {COUNTS} }}")), SEARCH);
    }

    #[test]
    fn lanes_that_get_nearer_to_the_end_do_not() {
        let count = "v1: i64 = x0 v2: bool = ne v1, n test v2";
        assert_eq!(of_loop(&format!("while {{ {count} }} do {{ {COUNTS} }}")), UNEVEN);
        let square = "v1: i64 = x0 v2: i64 = mul v1, v1 v3: bool = le v2, n test v3";
        assert_eq!(of_loop(&format!("while {{ {square} }} do {{ {COUNTS} }}")), UNEVEN);
        let halves = "v5: i64 = x1 v6: i64 = div v5, 2i64 x1 = v6";
        let process = format!("v1: i64 = x1 v2: bool = ne v1, 1i64 test v2 }} do {{ {halves} {COUNTS}");
        assert_eq!(of_loop(&format!("while {{ {process} }}")), UNEVEN);
    }
}
