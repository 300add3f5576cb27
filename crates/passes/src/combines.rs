//! Whether a block uses the variable of a reduction for nothing but to combine it with other values.
//!
//! ```text
//! v1: i64 = x0                  a partial result
//! v2: i64 = add v1, v9          another
//! if v3 { x0 = v2 }             taken in, or not
//! v4: i64 = mul v1, 2i64        no: the partial result is more than a part of the sum
//! ```
//!
//! If so, the block may run for any parts of the iterations with a variable of its own each, which starts as the
//! operator's identity, and all of these combined are what one variable would have taken in.

use parfuse_ir::loops::walk;
use parfuse_ir::loops::{Expr, Loops, Stmt, Value, Var};
use parfuse_ir::{ReduceOp, ScalarOp};

/// Whether the local variable of a reduction of integers or truth values is only combined in a block.
pub(crate) fn only_combines(loops: &Loops, block: &[Stmt], op: ReduceOp, local: Var) -> bool {
    let mut search = Search { loops, op, local, partial: Vec::new(), current: Vec::new() };
    search.block(block)
}

struct Search<'a> {
    loops: &'a Loops,
    op: ReduceOp,
    local: Var,
    /// All partial results.
    partial: Vec<Value>,
    /// Those that the present contents of the variable are part of, once.
    current: Vec<Value>,
}

impl Search<'_> {
    fn block(&mut self, block: &[Stmt]) -> bool {
        block.iter().all(|stmt| self.stmt(stmt))
    }

    fn stmt(&mut self, stmt: &Stmt) -> bool {
        match stmt {
            Stmt::Let(value) => self.evaluation(*value),
            Stmt::Set { var, value } if *var == self.local => {
                let combined = self.current.contains(value);
                self.current = vec![*value];
                combined
            }
            _ => {
                let mut plain = true;
                walk::uses(stmt, |value| plain &= !self.partial.contains(&value));
                plain && self.inside(stmt)
            }
        }
    }

    /// The blocks inside a statement: what was current before them stays so only if they leave the variable alone.
    fn inside(&mut self, stmt: &Stmt) -> bool {
        let local = self.local;
        let sets = |stmt: &Stmt| sets(stmt, local);
        let loops_back = !matches!(stmt, Stmt::If { .. });
        let before = if loops_back && walk::statements(std::slice::from_ref(stmt)).any(sets) {
            Vec::new()
        } else {
            self.current.clone()
        };
        let mut sets_any = false;
        for block in walk::blocks(stmt) {
            self.current = before.clone();
            if !self.block(block) {
                return false;
            }
            sets_any |= walk::statements(block).any(sets);
        }
        self.current = if sets_any { Vec::new() } else { before };
        true
    }

    fn evaluation(&mut self, value: Value) -> bool {
        let expr = &self.loops.values[value].expr;
        if *expr == Expr::Var(self.local) {
            self.partial.push(value);
            self.current.push(value);
            return true;
        }
        let mut parts = 0;
        walk::operands(expr, |operand| parts += self.partial.contains(&operand) as usize);
        if parts == 0 {
            return true;
        }
        let Expr::Op(op, operands) = expr else { return false };
        let part = operands.iter().position(|operand| self.current.contains(operand));
        let combines = *op == self.op.combine() && parts == 1 && part.is_some();
        let subtracts = self.op == ReduceOp::Sum && *op == ScalarOp::Sub && parts == 1 && part == Some(0);
        if combines || subtracts {
            self.partial.push(value);
            self.current.push(value);
        }
        combines || subtracts
    }
}

fn sets(stmt: &Stmt, local: Var) -> bool {
    matches!(stmt, Stmt::Set { var, .. } if *var == local)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::parse;

    /// Whether `x0` is only combined in a body.
    fn combines(op: &str, body: &str) -> bool {
        let text = format!(
            "loops f(n: usize, c: bool) {{
               var x0 s: i64
               var x1 total: i64
               var x2 t: i64
               x1 = 0i64
               parfor v0 in n {{ reduce {op} x0 into x1 v9: i64 = cast v0 {body} }}
             }}"
        );
        let loops = parse(&text);
        let Stmt::Parfor(parfor) = &loops.body[1] else { panic!("{loops}") };
        {
            let (op, local, _) = parfor.reductions[0].as_simple().expect("by an operator");
            only_combines(&loops, &parfor.body, op, local)
        }
    }

    #[test]
    fn chains_branches_and_loops_combine() {
        assert!(combines("sum", "v1: i64 = x0 v2: i64 = add v9, v1 v3: i64 = sub v2, v9 x0 = v3"));
        assert!(combines("sum", "v1: i64 = x0 v2: i64 = add v1, v9 if c { x0 = v2 } v3: i64 = x0 x0 = v3"));
        assert!(combines("max", "for v1 in n { v2: i64 = x0 v3: i64 = max v2, v9 x0 = v3 }"));
        assert!(combines("sum", "v1: i64 = x0 v2: i64 = add v1, v9 x0 = v2 v3: i64 = add v2, v9 x0 = v3"));
    }

    #[test]
    fn other_uses_and_lost_contributions_do_not() {
        assert!(!combines("sum", "x0 = v9"));
        assert!(!combines("sum", "v1: i64 = x0 v2: i64 = mul v1, v9 x0 = v2"));
        assert!(!combines("sum", "v1: i64 = x0 v2: i64 = sub v9, v1 x0 = v2"));
        assert!(!combines("sum", "v1: i64 = x0 v2: i64 = add v1, v1 x0 = v2"));
        assert!(!combines("sum", "v1: i64 = x0 x2 = v1"));
        assert!(!combines("sum", "v1: i64 = x0 v2: bool = lt v1, v9 if v2 { x2 = v9 }"));
        assert!(!combines("max", "v1: i64 = x0 v2: i64 = add v1, v9 x0 = v2"));
    }

    #[test]
    fn a_partial_result_from_before_another_does_not() {
        let twice = "v1: i64 = x0 v2: i64 = add v1, v9 x0 = v2 v3: i64 = add v1, v9 x0 = v3";
        assert!(!combines("sum", twice));
        assert!(!combines("sum", "v1: i64 = x0 v2: i64 = add v1, v9 if c { x0 = v2 } x0 = v2"));
        assert!(!combines("sum", "v1: i64 = x0 v2: i64 = add v1, v9 for v3 in n { x0 = v2 }"));
    }
}
