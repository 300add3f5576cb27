//! Has indices that wrap around once be chosen instead of divided or branched for.
//!
//! ```text
//! for v4 in v0 {                                for v4 in v0 {
//!   v5: usize = add v4, 1usize                    v5: usize = add v4, 1usize
//!   v6: usize = rem v5, v0             ⇒          v8: bool = lt v5, v0
//!   v10: f64 = load b0[v6]                        v9: usize = sub v5, v0
//!                                                 v6: usize = select v8, v5, v9
//!                                                 v10: f64 = load b0[v6]
//! ```
//!
//! A remainder of less than twice the divisor is the number or the difference, whatever wraps on the way: a number that is
//! smaller than the divisor is its own remainder, and so is the difference of one that is not, for that is below the divisor
//! if nothing has wrapped, and if the divisor is half of all numbers or more.
//!
//! Branches that do nothing but choose indices become selects, too: then the index is a value, of which [`crate::bounds`]
//! can say that it is below a length, and lanes where it runs along.

use crate::Changed;
use crate::bounds::{Bounds, Informed, in_blocks};
use crate::hash::FastMap;
use parfuse_ir::loops::walk;
use parfuse_ir::loops::{Block, Expr, Loops, Stmt, Value, Var};
use parfuse_ir::math::is_expansion;
use parfuse_ir::{DType, ScalarOp};

/// So many statements of a side of a branch are done in any case.
const MOST_STATEMENTS: usize = 4;

/// Makes selects of remainders and branches that wrap indices around.
pub fn wrap_indices(loops: &mut Loops) -> Changed {
    let divides = |expr: &Expr| matches!(expr, Expr::Op(ScalarOp::Rem, _));
    if !loops.values.iter().any(|(_, data)| divides(&data.expr))
        && !walk::statements(&loops.body).any(|stmt| matches!(stmt, Stmt::If { .. }))
    {
        return Changed::No;
    }
    let mut body = std::mem::take(&mut loops.body);
    let mut wrapping = Wrapping { loops, bounds: Bounds::default(), depth: 0, changed: false };
    wrapping.block(&mut body);
    let changed = wrapping.changed;
    loops.body = body;
    changed.into()
}

struct Wrapping<'a> {
    loops: &'a mut Loops,
    bounds: Bounds,
    /// In how many statements with blocks inside the walk stands.
    depth: u32,
    changed: bool,
}

impl Informed for Wrapping<'_> {
    fn known(&mut self) -> (&mut Bounds, &Loops) {
        (&mut self.bounds, self.loops)
    }
}

impl Wrapping<'_> {
    fn block(&mut self, block: &mut Block) {
        for mut stmt in std::mem::take(block) {
            match &mut stmt {
                Stmt::Let(value) => {
                    self.value(*value, block);
                    self.bounds.pass(self.loops, &stmt);
                }
                Stmt::Check { ok, .. } => self.bounds.pass_check(self.loops, *ok),
                Stmt::If { cond, then, otherwise }
                    if self.depth > 0 && self.chooses(then) && self.chooses(otherwise) =>
                {
                    let cond = *cond;
                    let [then, otherwise] = [then, otherwise].map(std::mem::take);
                    let first = block.len();
                    self.choose(cond, then, otherwise, block);
                    block[first..].iter().for_each(|stmt| self.bounds.pass(self.loops, stmt));
                    continue;
                }
                _ => {
                    self.bounds.pass(self.loops, &stmt);
                    self.depth += 1;
                    in_blocks(self, &mut stmt, |own, inner| own.block(inner));
                    self.depth -= 1;
                }
            }
            block.push(stmt);
        }
    }

    /// A remainder by a length that is less than twice the length: the number or the difference.
    fn value(&mut self, value: Value, block: &mut Block) {
        let Expr::Op(ScalarOp::Rem, operands) = &self.loops.values[value].expr else {
            return;
        };
        let (number, len) = (operands[0], operands[1]);
        let applies = self.depth > 0
            && self.loops.dtype(value).is_index()
            && self.bounds.is_below_twice(self.loops, number, len);
        if applies {
            self.changed = true;
            let loc = self.loops.values[value].loc;
            let mut op = |op, dtype| {
                let value = self.loops.value(Expr::Op(op, vec![number, len]), dtype, loc);
                block.push(Stmt::Let(value));
                value
            };
            let (is_less, rest) = (op(ScalarOp::Lt, DType::Bool), op(ScalarOp::Sub, DType::Usize));
            self.loops.values[value].expr = Expr::Op(ScalarOp::Select, vec![is_less, number, rest]);
        }
    }

    /// Whether a side of a branch does nothing but set variables to indices, which are no sums: those are what reductions
    /// are made of.
    fn chooses(&self, side: &Block) -> bool {
        let (mut read, mut set) = (Vec::new(), Vec::new());
        side.len() <= MOST_STATEMENTS
            && side.iter().all(|stmt| match stmt {
                Stmt::Let(value) => match &self.loops.values[*value].expr {
                    Expr::Op(op, _) => !is_expansion(*op) && !matches!(op, ScalarOp::Div | ScalarOp::Rem),
                    Expr::Var(var) => {
                        read.push(*var);
                        !set.contains(var)
                    }
                    Expr::Cast(_) | Expr::Dim { .. } => true,
                    _ => false,
                },
                Stmt::Set { var, .. } => {
                    set.push(*var);
                    self.loops.vars[*var].dtype.is_index() && !read.contains(var)
                }
                _ => false,
            })
            && (!set.is_empty() || side.is_empty())
    }

    /// Chooses between what the sides of a branch set variables to.
    fn choose(&mut self, cond: Value, then: Block, otherwise: Block, block: &mut Block) {
        self.changed = true;
        let mut vars: Vec<Var> = Vec::new();
        let [yes, no] = [then, otherwise].map(|side| {
            let mut set = FastMap::default();
            for stmt in side {
                match stmt {
                    Stmt::Set { var, value } => {
                        if !vars.contains(&var) {
                            vars.push(var);
                        }
                        set.insert(var, value);
                    }
                    // Nothing faults, so it may be computed in any case.
                    other => block.push(other),
                }
            }
            set
        });
        for var in vars {
            let dtype = self.loops.vars[var].dtype;
            let loc = self.loops.values[cond].loc;
            let mut side = |set: &FastMap<Var, Value>| {
                set.get(&var).copied().unwrap_or_else(|| {
                    let before = self.loops.value(Expr::Var(var), dtype, loc);
                    block.push(Stmt::Let(before));
                    before
                })
            };
            let [yes, no] = [&yes, &no].map(&mut side);
            let chosen = self.loops.value(Expr::Op(ScalarOp::Select, vec![cond, yes, no]), dtype, loc);
            block.extend([Stmt::Let(chosen), Stmt::Set { var, value: chosen }]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{check, unchanged};

    fn kernel(body: &str) -> String {
        format!(
            "loops f(n: usize, m: usize, b0 a: f64[unit], mut b1 r: f64[unit]) {{
               var x0 left: usize
               v0: usize = dim b0, 0
               for v4 in v0 {{ {body} v30: f64 = load b0[v6] store b1[v4], v30 }}
             }}"
        )
    }

    const CHECK: &str = "v7: bool = lt v6, v0 check v7, index_out_of_range(0)";

    /// The pass, and the removal of the checks that then are known to hold.
    fn wrap_and_prove(loops: &mut Loops) -> Changed {
        let mut changed = wrap_indices(loops);
        changed |= crate::hoist_checks(loops);
        changed
    }

    #[test]
    fn what_has_been_an_index_is_chosen() {
        let step = "v5: usize = x0 v8: bool = lt v5, v0 check v8, index_out_of_range(0) v9: f64 = load b0[v5] store b1[v4], v9
                    v10: usize = add v5, 1usize";
        let chosen =
            "v31: bool = lt v10, v0 v32: usize = sub v10, v0 v6: usize = select v31, v10, v32 x0 = v6";
        check(
            wrap_indices,
            &kernel(&format!("{step} v6: usize = rem v10, v0 x0 = v6")),
            &kernel(&format!("{step} {chosen}")),
        );
        let unchecked = step.replace("check v8, index_out_of_range(0)", "");
        unchanged(wrap_indices, &kernel(&format!("{unchecked} v6: usize = rem v10, v0 x0 = v6")));
    }

    #[test]
    fn neighbours_on_a_ring_are_chosen_and_need_no_check() {
        let right = format!("v5: usize = add v4, 1usize v6: usize = rem v5, v0 {CHECK}");
        let chosen = "v5: usize = add v4, 1usize v31: bool = lt v5, v0 v32: usize = sub v5, v0
                      v6: usize = select v31, v5, v32 v7: bool = lt v6, v0";
        check(wrap_and_prove, &kernel(&right), &kernel(chosen));
        let left =
            format!("v2: usize = add v4, v0 v5: usize = sub v2, 1usize v6: usize = rem v5, v0 {CHECK}");
        let chosen = "v2: usize = add v4, v0 v5: usize = sub v2, 1usize v31: bool = lt v5, v0
                      v32: usize = sub v5, v0 v6: usize = select v31, v5, v32 v7: bool = lt v6, v0";
        check(wrap_and_prove, &kernel(&left), &kernel(chosen));
    }

    #[test]
    fn branches_that_choose_an_index_become_selects() {
        let sides = ["v2: usize = sub v0, 1usize", "v3: usize = sub v4, 1usize"];
        let [then, otherwise] = sides;
        let branch = format!(
            "v1: bool = eq v4, 0usize if v1 {{ {then} x0 = v2 }} else {{ {otherwise} x0 = v3 }} v6: usize = x0"
        );
        let chosen = format!(
            "v1: bool = eq v4, 0usize {then} {otherwise} v31: usize = select v1, v2, v3 x0 = v31 v6: usize = x0"
        );
        check(wrap_indices, &kernel(&branch), &kernel(&chosen));
    }

    #[test]
    fn sides_that_do_more_stay_branches() {
        let text = kernel(
            "v1: bool = eq v4, 0usize v6: usize = add v4, 1usize if v1 { store b1[v4], 1.0f64 x0 = v6 }",
        );
        unchanged(wrap_indices, &text);
        let count = "v1: bool = eq v4, 0usize if v1 { v2: usize = x0 v3: usize = add v2, 1usize x0 = v3 } v6: usize = x0";
        unchanged(wrap_indices, &kernel(count));
    }

    #[test]
    fn the_last_index_is_told_from_the_others() {
        let select = "v2: usize = sub v0, 1usize v1: bool = eq v4, v2 v3: usize = add v4, 1usize
             v6: usize = select v1, 0usize, v3";
        let after = kernel(&format!("{select} v7: bool = lt v6, v0"));
        check(wrap_and_prove, &kernel(&format!("{select} {CHECK}")), &after);
        let first = "v2: usize = sub v0, 1usize v1: bool = eq v4, 0usize v3: usize = sub v4, 1usize
             v6: usize = select v1, v2, v3";
        let after = kernel(&format!("{first} v7: bool = lt v6, v0"));
        check(wrap_and_prove, &kernel(&format!("{first} {CHECK}")), &after);
    }

    #[test]
    fn what_may_be_too_large_is_divided_and_checked() {
        for number in ["add v4, n", "add v4, 2usize", "mul v4, 2usize", "sub v4, 1usize", "add n, m"] {
            let far = format!("v5: usize = {number} v6: usize = rem v5, m {CHECK}");
            unchanged(wrap_indices, &kernel(&far));
        }
        let beyond = "v1: bool = eq v4, 0usize v3: usize = add v4, 1usize v6: usize = select v1, 0usize, v3";
        unchanged(wrap_and_prove, &kernel(&format!("{beyond} {CHECK}")));
        let below = "v1: bool = eq v4, 1usize v3: usize = sub v4, 1usize v6: usize = select v1, 0usize, v3";
        unchanged(wrap_and_prove, &kernel(&format!("{below} {CHECK}")));
    }
}
