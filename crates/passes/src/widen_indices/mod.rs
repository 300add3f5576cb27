//! Computes indices of 32 bits or fewer in 64 where that gives the same.
//!
//! ```text
//! v3: usize = trips 0i32, n, 1usize            v3: usize = trips 0i32, n, 1usize
//! parfor v4 in v3 {                          parfor v4 in v3 {
//!   v5: i32 = cast v4                          v7: usize = add v4, 1usize
//!   v6: i32 = add v5, 1i32            ⇒        v8: f64 = load b0[v7]
//!   v7: usize = cast v6
//!   v8: f64 = load b0[v7]
//! ```
//!
//! Arithmetic of few bits may wrap around, so lanes whose index is computed in it touch memory one by one, and checks of
//! it stay in the loop. But the index of a range of `i32` lies between the ends of that range, and a little more than
//! it does not wrap either: [`ranges`] finds the least and the most that a value can be, and sums, differences and
//! products that stay within the type are computed anew in 64, beginning with the loop's own index. Only conversions to
//! `usize` ask for that: other numbers are better computed in half the bits.

mod ranges;

use crate::Changed;
use crate::renames::Renames;
use parfuse_ir::loops::walk::blocks_mut;
use parfuse_ir::loops::{Block, Expr, Loops, Stmt, Value};
use parfuse_ir::{DType, ScalarOp};
pub(crate) use ranges::Ranges;
use ranges::is_narrow;

/// Expressions of greater depth stay as they are.
const MAX_DEPTH: u32 = 16;

/// Makes conversions of 32-bit indices to 64 bits arithmetic of 64 bits where nothing wraps.
pub fn widen_indices(loops: &mut Loops) -> Changed {
    let mut body = std::mem::take(&mut loops.body);
    let mut widening =
        Widening { ranges: Ranges::of(loops, &body), renames: Renames::new(loops), loops, changed: false };
    widening.block(&mut body);
    let Widening { renames, changed, .. } = widening;
    if changed {
        renames.block(loops, &mut body);
        renames.results(&mut loops.results);
    }
    loops.body = body;
    changed.into()
}

struct Widening<'a> {
    ranges: Ranges,
    renames: Renames,
    loops: &'a mut Loops,
    changed: bool,
}

impl Widening<'_> {
    fn block(&mut self, block: &mut Block) {
        for mut stmt in std::mem::take(block) {
            match stmt {
                Stmt::Let(value) => {
                    if self.conversion(value, block) {
                        block.push(stmt);
                    }
                    continue;
                }
                _ => blocks_mut(&mut stmt).for_each(|inner| self.block(inner)),
            }
            block.push(stmt);
        }
    }

    /// Computes a conversion from 32 bits in 64, if it is one that can be. Answers whether the value is still needed.
    fn conversion(&mut self, value: Value, block: &mut Block) -> bool {
        let dtype = self.loops.dtype(value);
        let Expr::Cast(narrow) = self.loops.values[value].expr else { return true };
        let widens = is_narrow(self.loops.dtype(narrow)) && dtype.is_index();
        if !widens || !self.begins_wide(narrow, MAX_DEPTH) {
            return true;
        }
        self.changed = true;
        let expr = match self.loops.values[narrow].expr.clone() {
            Expr::Cast(from) if self.loops.dtype(from) == dtype => {
                self.renames.set(value, from);
                return false;
            }
            Expr::Op(op, operands) => {
                Expr::Op(op, operands.iter().map(|operand| self.wide(*operand, dtype, block)).collect())
            }
            other => other,
        };
        self.loops.values[value].expr = expr;
        true
    }

    /// Whether a value of 32 bits is computed without wrapping from values of 64 bits and constants alone.
    fn begins_wide(&mut self, value: Value, depth: u32) -> bool {
        if depth == 0 {
            return false;
        }
        let dtype = self.loops.dtype(value);
        match self.loops.values[value].expr.clone() {
            Expr::Cast(from) => self.is_wide(from) && self.ranges.fits(self.loops, from, dtype),
            Expr::Op(op @ (ScalarOp::Add | ScalarOp::Sub | ScalarOp::Mul), operands) => {
                let range = self.ranges.of_op(self.loops, op, &operands);
                let (constants, others): (Vec<Value>, Vec<Value>) =
                    operands.into_iter().partition(|operand| self.loops.constant(*operand).is_some());
                range.is_some_and(|range| range.fits(dtype))
                    && constants.len() < 2
                    && others.into_iter().all(|operand| self.begins_wide(operand, depth - 1))
            }
            _ => false,
        }
    }

    fn is_wide(&self, value: Value) -> bool {
        self.loops.dtype(value).is_int() && !is_narrow(self.loops.dtype(value))
    }

    /// The same number in 64 bits, for a value that begins wide or is a constant.
    fn wide(&mut self, value: Value, dtype: DType, block: &mut Block) -> Value {
        let loc = self.loops.values[value].loc;
        match self.loops.values[value].expr.clone() {
            Expr::Const(scalar) => self.loops.value(Expr::Const(scalar.cast(dtype)), dtype, loc),
            Expr::Cast(from) if self.loops.dtype(from) == dtype => from,
            Expr::Cast(from) => self.place(Expr::Cast(from), dtype, value, block),
            Expr::Op(op, operands) => {
                let operands = operands.iter().map(|operand| self.wide(*operand, dtype, block)).collect();
                self.place(Expr::Op(op, operands), dtype, value, block)
            }
            other => unreachable!("{other:?} does not begin wide"),
        }
    }

    fn place(&mut self, expr: Expr, dtype: DType, from: Value, block: &mut Block) -> Value {
        let loc = self.loops.values[from].loc;
        let value = self.loops.value(expr, dtype, loc);
        block.push(Stmt::Let(value));
        value
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{check, unchanged};

    /// A loop over a range of `i32` with `v4` its own index and `v5` the user's.
    fn kernel(extent: &str, body: &str) -> String {
        format!(
            "loops f(n: i32, m: i32, b0 a: f64[unit], mut b1 r: f64[unit]) {{
               v0: usize = cast n
               v9: usize = cast m
               {extent}
               parfor v4 in v3 {{ {body} }}
             }}"
        )
    }

    const UP_TO_N: &str = "v3: usize = trips 0i32, n, 1usize";

    #[test]
    fn the_index_of_a_range_and_its_neighbours_do_not_wrap() {
        check(
            widen_indices,
            &kernel(
                UP_TO_N,
                "v5: i32 = cast v4 v6: i32 = add v5, 1i32 v7: usize = cast v6 v8: usize = cast v5
                 v10: f64 = load b0[v7] store b1[v8], v10",
            ),
            &kernel(
                UP_TO_N,
                "v5: i32 = cast v4 v6: i32 = add v5, 1i32 v7: usize = add v4, 1usize
                 v10: f64 = load b0[v7] store b1[v4], v10",
            ),
        );
    }

    #[test]
    fn chains_are_computed_anew() {
        check(
            widen_indices,
            &kernel(
                "v3: usize = min 1000usize, v0",
                "v5: i32 = cast v4 v6: i32 = mul v5, 3i32 v7: i32 = sub v6, 5i32 v8: usize = cast v7
                 v10: f64 = load b0[v8] v11: i64 = cast v7 v12: f64 = cast v11 store b1[v4], v12",
            ),
            &kernel(
                "v3: usize = min 1000usize, v0",
                "v5: i32 = cast v4 v6: i32 = mul v5, 3i32 v7: i32 = sub v6, 5i32
                 v17: usize = mul v4, 3usize v8: usize = sub v17, 5usize
                 v10: f64 = load b0[v8] v11: i64 = cast v7 v12: f64 = cast v11 store b1[v4], v12",
            ),
        );
    }

    #[test]
    fn a_range_between_two_variables_lies_between_them() {
        let between = "v3: usize = trips m, n, 1usize";
        check(
            widen_indices,
            &kernel(
                between,
                "v5: usize = add v9, v4 v6: i32 = cast v5 v7: i32 = add v6, 1i32 v8: usize = cast v7
                 v10: f64 = load b0[v8] store b1[v4], v10",
            ),
            &kernel(
                between,
                "v5: usize = add v9, v4 v6: i32 = cast v5 v7: i32 = add v6, 1i32 v8: usize = add v5, 1usize
                 v10: f64 = load b0[v8] store b1[v4], v10",
            ),
        );
    }

    #[test]
    fn what_may_wrap_stays() {
        let user = |operation: &str| {
            kernel(
                UP_TO_N,
                &format!("v5: i32 = cast v4 v6: i32 = {operation} v7: usize = cast v6 store b1[v7], 1.0f64"),
            )
        };
        unchanged(widen_indices, &user("add v5, 2i32"));
        unchanged(widen_indices, &user("mul v5, 2i32"));
        unchanged(widen_indices, &user("add v5, m"));
        unchanged(widen_indices, &user("div v5, 2i32"));
        let unknown = "v1: i64 = cast m v2: i64 = mul v1, v1 v3: usize = cast v2";
        let body = "v5: i32 = cast v4 v7: usize = cast v5 store b1[v7], 1.0f64";
        unchanged(widen_indices, &kernel(unknown, body));
    }
}
