//! Checks a parallel loop's indices once, in front of it.
//!
//! ```text
//! parfor v3 in v0 {                            v7: bool = le v0, v1     the last index fits
//!   v4: bool = lt v3, v1                       v8: bool = not v7
//!   check v4, index_out_of_range(0) …   ⇒      if v8 { for v9 in v0 { v10 = lt v9, v1; check v10 … in v9 } }
//!   v5: f64 = load b0[v3]                      parfor v3 in v0 {
//!   …                                            v5: f64 = load b0[v3]
//! ```
//!
//! The test in front is cheap and answers for all iterations at once: it may say no only if it must. Then
//! the *replay* goes through the iterations one by one and performs their checks, and nothing else, in the
//! order of the program, so that it ends the kernel with the very fault of the lowest iteration. Should
//! the test have been too careful, the replay finds nothing and the loop runs.
//!
//! A check is hoisted if its condition is invariant or compares with an invariant length an index that is
//! a sum of an invariant and of positive multiples of the indices of the parallel loop and of serial loops
//! with invariant extents around the check, and if no branch and no `while` stands around it. The other
//! checks stay inside; but as the replay must perform them too, everything stays if one of them depends
//! on what the iterations store or on variables.

use crate::Changed;
use crate::affine::{Linear, Term};
use crate::effects::Effects;
use crate::walk::{self, blocks_mut};
use parfuse_ir::arena::Id;
use parfuse_ir::loops::{Block, Expr, Loops, Parfor, Stmt, Value};
use parfuse_ir::{DType, Loc, Scalar, ScalarOp};
use std::collections::HashMap;

/// Moves the checks of parallel loops in front of them where one test can answer for all iterations.
pub fn hoist_checks(loops: &mut Loops) -> Changed {
    let mut body = std::mem::take(&mut loops.body);
    let changed = in_block(loops, &mut body);
    loops.body = body;
    changed.into()
}

fn in_block(loops: &mut Loops, block: &mut Block) -> bool {
    let mut changed = false;
    for mut stmt in std::mem::take(block) {
        if let Stmt::Parfor(parfor) = &mut stmt {
            if let Some(mut front) = hoist(loops, parfor) {
                block.append(&mut front);
                changed = true;
            }
        } else {
            blocks_mut(&mut stmt).for_each(|inner| changed |= in_block(loops, inner));
        }
        block.push(stmt);
    }
    changed
}

/// Takes what it can of the checks out of a loop; answers the code to stand in front, if there is any.
fn hoist(loops: &mut Loops, parfor: &mut Parfor) -> Option<Block> {
    if !walk::any(&parfor.body, &mut |stmt| matches!(stmt, Stmt::Check { .. })) {
        return None;
    }
    let mut inside = vec![false; loops.values.len()];
    parfor.indices.iter().for_each(|index| inside[index.index()] = true);
    let effects = Effects::of_block(loops, &parfor.body);
    effects.defined.iter().for_each(|value| inside[value.index()] = true);

    let nest = parfor.indices.iter().copied().zip(parfor.extents.iter().copied()).collect();
    let mut search = Search { loops, inside: &inside, nest, certain: true, checks: Vec::new() };
    search.block(&parfor.body);
    let checks = search.checks;
    if checks.iter().all(Option::is_none) {
        return None;
    }

    let mut replay = Replay {
        loops,
        effects: &effects,
        copies: HashMap::new(),
        unknown: vec![false; inside.len()],
        iteration: None,
    };
    let replayed = replay.space(parfor)?;

    let mut number = 0..;
    walk::retain(&mut parfor.body, &mut |stmt| match stmt {
        Stmt::Check { .. } => checks[number.next().expect("endless")].is_none(),
        _ => true,
    });

    let mut front = Emit { loops, block: Block::new() };
    let tests: Vec<Value> = checks.iter().flatten().map(|condition| front.test(condition)).collect();
    let all =
        tests.into_iter().reduce(|a, b| front.op(ScalarOp::And, &[a, b])).expect("some check is hoisted");
    let cond = front.op(ScalarOp::Not, &[all]);
    front.block.push(Stmt::If { cond, then: replayed, otherwise: Block::new() });
    Some(front.block)
}

/// A condition that can be tested for all iterations at once.
struct Condition {
    what: What,
    /// The indices and extents of the loops around, outermost first.
    nest: Vec<(Value, Value)>,
}

enum What {
    /// The same in all iterations.
    Invariant(Value),
    /// An index below a length.
    Below { index: Form, len: Value },
}

/// A sum of multiples of loop indices and an invariant, modulo 2^64.
#[derive(Clone, Default)]
struct Form {
    factors: Vec<(Value, i64)>,
    offset: Linear,
}

/// Finds the checks of a loop, in program order, and which can be tested in front.
struct Search<'a> {
    loops: &'a Loops,
    /// The values defined in the loop.
    inside: &'a [bool],
    nest: Vec<(Value, Value)>,
    /// Whether no branch stands around.
    certain: bool,
    checks: Vec<Option<Condition>>,
}

impl Search<'_> {
    fn block(&mut self, block: &Block) {
        for stmt in block {
            match stmt {
                Stmt::Check { ok, .. } => {
                    let condition = if self.certain { self.condition(*ok) } else { None };
                    self.checks.push(condition);
                }
                Stmt::For { index, extent, body } => {
                    let certain = self.certain;
                    self.certain &= !self.inside[extent.index()];
                    self.nest.push((*index, *extent));
                    self.block(body);
                    self.nest.pop();
                    self.certain = certain;
                }
                _ => {
                    let certain = std::mem::replace(&mut self.certain, false);
                    walk::blocks(stmt).for_each(|inner| self.block(inner));
                    self.certain = certain;
                }
            }
        }
    }

    fn condition(&self, ok: Value) -> Option<Condition> {
        let what = if !self.inside[ok.index()] {
            What::Invariant(ok)
        } else {
            let (index, len) = match &self.loops.values[ok].expr {
                Expr::Op(ScalarOp::Lt, args) => (args[0], args[1]),
                Expr::Op(ScalarOp::Gt, args) => (args[1], args[0]),
                _ => return None,
            };
            if self.loops.dtype(index) != DType::Usize || self.inside[len.index()] {
                return None;
            }
            let index = self.form(index, 0)?;
            if index.factors.iter().any(|(_, factor)| *factor < 0) {
                return None;
            }
            What::Below { index, len }
        };
        Some(Condition { what, nest: self.nest.clone() })
    }

    /// The form of an integer of 64 bits; expressions of great depth are given up.
    fn form(&self, value: Value, depth: u32) -> Option<Form> {
        let data = &self.loops.values[value];
        if !matches!(data.dtype, DType::Usize | DType::I64) || depth > 16 {
            return None;
        }
        if self.nest.iter().any(|(index, _)| *index == value) {
            return Some(Form { factors: vec![(value, 1)], offset: Linear::default() });
        }
        if let Expr::Const(scalar) = data.expr {
            return Some(Form { factors: Vec::new(), offset: Linear::constant(scalar.to_bits() as i64) });
        }
        if !self.inside[value.index()] {
            return Some(Form { factors: Vec::new(), offset: Linear::term(Term::Value(value)) });
        }
        let form = |operand: Value| self.form(operand, depth + 1);
        match &data.expr {
            Expr::Cast(from) => form(*from),
            Expr::Op(ScalarOp::Add, args) => Some(form(args[0])?.plus(&form(args[1])?)),
            Expr::Op(ScalarOp::Sub, args) => Some(form(args[0])?.plus(&form(args[1])?.times(-1))),
            Expr::Op(ScalarOp::Mul, args) => {
                let (a, b) = (form(args[0])?, form(args[1])?);
                match (a.as_constant(), b.as_constant()) {
                    (_, Some(factor)) => Some(a.times(factor)),
                    (Some(factor), _) => Some(b.times(factor)),
                    _ => None,
                }
            }
            _ => None,
        }
    }
}

impl Form {
    fn plus(mut self, other: &Form) -> Form {
        for (index, factor) in &other.factors {
            match self.factors.iter_mut().find(|(known, _)| known == index) {
                Some((_, sum)) => *sum = sum.wrapping_add(*factor),
                None => self.factors.push((*index, *factor)),
            }
        }
        self.factors.retain(|(_, factor)| *factor != 0);
        Form { offset: self.offset.plus(&other.offset), ..self }
    }
    fn times(mut self, by: i64) -> Form {
        self.factors.iter_mut().for_each(|(_, factor)| *factor = factor.wrapping_mul(by));
        self.factors.retain(|(_, factor)| *factor != 0);
        Form { offset: self.offset.times(by), ..self }
    }
    fn as_constant(&self) -> Option<i64> {
        if self.factors.is_empty() { self.offset.as_constant() } else { None }
    }
}

/// Writes the test in front of the loop.
struct Emit<'a> {
    loops: &'a mut Loops,
    block: Block,
}

impl Emit<'_> {
    fn value(&mut self, expr: Expr, dtype: DType) -> Value {
        let leaf = expr.is_leaf();
        let value = self.loops.value(expr, dtype, Loc::NONE);
        if !leaf {
            self.block.push(Stmt::Let(value));
        }
        value
    }
    fn usize(&mut self, constant: usize) -> Value {
        self.value(Expr::Const(Scalar::Usize(constant)), DType::Usize)
    }
    fn op(&mut self, op: ScalarOp, args: &[Value]) -> Value {
        let types: Vec<DType> = args.iter().map(|arg| self.loops.dtype(*arg)).collect();
        let dtype = op.result_type(&types).expect("operands fit");
        self.value(Expr::Op(op, args.to_vec()), dtype)
    }

    /// Whether the condition holds in all iterations; `false` for some other reason is possible, too.
    fn test(&mut self, condition: &Condition) -> Value {
        let mut spaces: Vec<Value> = condition.nest.iter().map(|(_, extent)| *extent).collect();
        let ok = match &condition.what {
            What::Invariant(ok) => *ok,
            What::Below { index, len } => {
                let extent_of =
                    |index: Value| condition.nest.iter().find(|(i, _)| *i == index).expect("a loop around").1;
                match index.factors.as_slice() {
                    // The index runs from 0 to the extent: so must the length.
                    [(only, 1)] if index.offset == Linear::default() => {
                        let extent = extent_of(*only);
                        spaces.retain(|space| *space != extent);
                        self.op(ScalarOp::Le, &[extent, *len])
                    }
                    factors => {
                        let last: Vec<(Value, i64)> =
                            factors.iter().map(|(i, by)| (extent_of(*i), *by)).collect();
                        self.fits(&index.offset, &last, *len)
                    }
                }
            }
        };
        // Without iterations nothing is checked.
        let zero = self.usize(0);
        spaces.sort_unstable();
        spaces.dedup();
        spaces.into_iter().fold(ok, |ok, space| {
            if matches!(self.loops.constant(space), Some(Scalar::Usize(1..))) {
                return ok;
            }
            let empty = self.op(ScalarOp::Eq, &[space, zero]);
            self.op(ScalarOp::Or, &[ok, empty])
        })
    }

    /// Whether `offset + Σ factor · (extent - 1) < len`, by subtracting from the room there is, so that nothing
    /// overflows. The extents are taken not to be zero.
    fn fits(&mut self, offset: &Linear, factors: &[(Value, i64)], len: Value) -> Value {
        let (start, one) = (self.sum(offset), self.usize(1));
        let mut ok = self.op(ScalarOp::Lt, &[start, len]);
        let most = self.op(ScalarOp::Sub, &[len, one]);
        let mut room = self.op(ScalarOp::Sub, &[most, start]);
        for (extent, factor) in factors {
            let mut steps = self.op(ScalarOp::Sub, &[*extent, one]);
            let mut most_steps = room;
            let factor = (*factor != 1).then(|| self.usize(*factor as usize));
            if let Some(factor) = factor {
                most_steps = self.op(ScalarOp::Div, &[room, factor]);
            }
            let fit = self.op(ScalarOp::Le, &[steps, most_steps]);
            ok = self.op(ScalarOp::And, &[ok, fit]);
            if let Some(factor) = factor {
                steps = self.op(ScalarOp::Mul, &[steps, factor]);
            }
            room = self.op(ScalarOp::Sub, &[room, steps]);
        }
        ok
    }

    fn sum(&mut self, sum: &Linear) -> Value {
        let mut total = None;
        for (term, factor) in &sum.terms {
            let Term::Value(mut value) = *term else { unreachable!("only values are collected") };
            if self.loops.dtype(value) != DType::Usize {
                value = self.value(Expr::Cast(value), DType::Usize);
            }
            if *factor != 1 {
                let factor = self.usize(*factor as usize);
                value = self.op(ScalarOp::Mul, &[value, factor]);
            }
            total = Some(total.map_or(value, |total| self.op(ScalarOp::Add, &[total, value])));
        }
        let constant = self.usize(sum.constant as usize);
        total.map_or(constant, |total| self.op(ScalarOp::Add, &[total, constant]))
    }
}

/// Copies of a loop the checks and what they need.
struct Replay<'a> {
    loops: &'a mut Loops,
    /// What the loop's body does.
    effects: &'a Effects,
    copies: HashMap<Value, Value>,
    /// Values that depend on what the iterations store or set.
    unknown: Vec<bool>,
    /// The iteration that is replayed, as its row-major position in the space.
    iteration: Option<Value>,
}

impl Replay<'_> {
    /// A serial loop that performs the checks of all iterations, or `None` if one cannot be copied.
    fn space(&mut self, parfor: &Parfor) -> Option<Block> {
        let indices: Vec<Value> = parfor.indices.iter().map(|index| self.bound(*index)).collect();
        let mut block = Block::new();
        for (index, extent) in indices.iter().zip(&parfor.extents) {
            self.iteration = Some(match self.iteration {
                None => *index,
                Some(outer) => {
                    let start = self.define_usize(ScalarOp::Mul, [outer, *extent], &mut block);
                    self.define_usize(ScalarOp::Add, [start, *index], &mut block)
                }
            });
        }
        block.append(&mut self.block(&parfor.body)?);
        for (index, extent) in indices.into_iter().zip(&parfor.extents).rev() {
            block = vec![Stmt::For { index, extent: *extent, body: block }];
        }
        Some(block)
    }

    fn define_usize(&mut self, op: ScalarOp, args: [Value; 2], block: &mut Block) -> Value {
        let value = self.loops.value(Expr::Op(op, args.to_vec()), DType::Usize, Loc::NONE);
        block.push(Stmt::Let(value));
        value
    }

    fn bound(&mut self, index: Value) -> Value {
        let data = self.loops.values[index].clone();
        let copy = self.loops.values.push(data);
        self.copies.insert(index, copy);
        copy
    }

    fn copy(&self, value: Value) -> Value {
        self.copies.get(&value).copied().unwrap_or(value)
    }

    fn is_unknown(&self, value: Value) -> bool {
        self.unknown[value.index()]
    }

    fn block(&mut self, block: &Block) -> Option<Block> {
        let mut copied = Block::new();
        for stmt in block {
            let checks =
                walk::any(std::slice::from_ref(stmt), &mut |stmt| matches!(stmt, Stmt::Check { .. }));
            match stmt {
                Stmt::Let(value) => copied.extend(self.define(*value)),
                Stmt::Check { ok, fault, args, .. } => {
                    if self.is_unknown(*ok) || args.iter().any(|arg| self.is_unknown(*arg)) {
                        return None;
                    }
                    let args = args.iter().map(|arg| self.copy(*arg)).collect();
                    let (ok, fault, iteration) = (self.copy(*ok), fault.clone(), self.iteration);
                    copied.push(Stmt::Check { ok, fault, args, iteration });
                }
                _ if !checks => {}
                Stmt::If { cond, then, otherwise } if !self.is_unknown(*cond) => {
                    let cond = self.copy(*cond);
                    copied.push(Stmt::If {
                        cond,
                        then: self.block(then)?,
                        otherwise: self.block(otherwise)?,
                    });
                }
                Stmt::For { index, extent, body } if !self.is_unknown(*extent) => {
                    let index = self.bound(*index);
                    copied.push(Stmt::For { index, extent: self.copy(*extent), body: self.block(body)? });
                }
                _ => return None,
            }
        }
        // Behind the last check nothing more is needed.
        while let Some(Stmt::Let(_)) = copied.last() {
            copied.pop();
        }
        Some(copied)
    }

    fn define(&mut self, value: Value) -> Option<Stmt> {
        let mut data = self.loops.values[value].clone();
        let mut unknown = match &data.expr {
            Expr::Var(var) => self.effects.vars_set.contains(var),
            Expr::Load { buffer, .. } => self.effects.stored.contains(buffer),
            Expr::LinearIndex => true,
            _ => false,
        };
        walk::operands(&data.expr, |operand| unknown |= self.is_unknown(operand));
        if unknown {
            self.unknown[value.index()] = true;
            return None;
        }
        data.expr.map_operands(|operand| self.copy(operand));
        let copy = self.loops.values.push(data);
        self.copies.insert(value, copy);
        Some(Stmt::Let(copy))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{check, run, unchanged};

    #[test]
    fn one_test_in_front_answers_for_all_iterations() {
        check(
            hoist_checks,
            "loops f(n: usize, b0 a: f64[unit], mut b1 r: f64[unit]) {
               v0: usize = dim b0, 0
               parfor v1 in n {
                 v2: bool = lt v1, v0
                 check v2, index_out_of_range(0) of a with v1, v0 @3:7
                 v3: f64 = load b0[v1]
                 store b1[v1], v3
               }
             }",
            "loops f(n: usize, b0 a: f64[unit], mut b1 r: f64[unit]) {
               v0: usize = dim b0, 0
               v8: bool = le n, v0
               v10: bool = not v8
               if v10 {
                 for v5 in n {
                   v6: bool = lt v5, v0
                   check v6, index_out_of_range(0) of a with v5, v0 in v5 @3:7
                 }
               }
               parfor v1 in n {
                 v2: bool = lt v1, v0
                 v3: f64 = load b0[v1]
                 store b1[v1], v3
               }
             }",
        );
    }

    fn checks_inside(text: &str) -> usize {
        let loops = run(hoist_checks, text);
        let mut inside = 0;
        walk::visit(&loops.body, &mut |stmt| {
            if let Stmt::Parfor(parfor) = stmt {
                walk::visit(&parfor.body, &mut |stmt| inside += matches!(stmt, Stmt::Check { .. }) as usize);
            }
        });
        inside
    }

    #[test]
    fn offsets_factors_and_inner_loops_are_understood() {
        let text =
            "loops f(n: usize, m: usize, s: i64, b0 a: f64[unit], b1 w: f64[unit], mut b2 r: f64[unit]) {
               v0: usize = dim b0, 0
               v1: usize = dim b1, 0
               v2: usize = dim b2, 0
               var x0 t: f64
               parfor v3 in n {
                 x0 = 0.0f64
                 for v4 in m {
                   v5: usize = mul v3, 2usize
                   v6: i64 = cast v5
                   v7: i64 = add v6, s
                   v8: i64 = cast v4
                   v9: i64 = add v7, v8
                   v10: usize = cast v9
                   v11: bool = lt v10, v0
                   check v11, index_out_of_range(0) of a with v10, v0
                   v12: bool = lt v4, v1
                   check v12, index_out_of_range(0) of w with v4, v1
                   v13: f64 = load b0[v10]
                   x0 = v13
                 }
                 v14: bool = ne s, 0i64
                 check v14, division_by_zero
                 v15: bool = lt v3, v2
                 check v15, index_out_of_range(0) of r with v3, v2
                 v16: f64 = x0
                 store b2[v3], v16
               }
             }";
        // Declarations of variables stand in front of the statements.
        let text = text.replacen("var x0 t: f64\n", "", 1).replacen('{', "{\nvar x0 t: f64\n", 1);
        // The division's check is not an index and not invariant before invariants are hoisted.
        assert_eq!(checks_inside(&text), 1);
        let mut loops = crate::testing::parse(&text);
        let _ = crate::hoist_invariants(&mut loops);
        assert_eq!(checks_inside(&loops.to_string()), 0);
    }

    #[test]
    fn a_check_that_depends_on_loaded_indices_stays_beside_hoisted_ones() {
        let text = "loops f(n: usize, b0 a: f64[unit], b1 i: usize[unit], mut b2 r: f64[unit]) {
               v0: usize = dim b0, 0
               v1: usize = dim b1, 0
               parfor v2 in n {
                 v3: bool = lt v2, v1
                 check v3, index_out_of_range(0) of i with v2, v1
                 v4: usize = load b1[v2]
                 v5: bool = lt v4, v0
                 check v5, index_out_of_range(0) of a with v4, v0
                 v6: f64 = load b0[v4]
                 store b2[v2], v6
               }
             }";
        assert_eq!(checks_inside(text), 1);
    }

    #[test]
    fn nothing_is_hoisted_if_the_lowest_fault_could_change() {
        // The second check depends on a variable that the iteration sets.
        unchanged(
            hoist_checks,
            "loops f(n: usize, m: usize, mut b0 r: f64[unit]) {
               var x0 k: usize
               parfor v0 in n {
                 x0 = v0
                 v1: bool = lt v0, m
                 check v1, index_out_of_range(0) with v0, m
                 v2: usize = x0
                 v3: bool = lt v2, m
                 check v3, index_out_of_range(0) with v2, m
                 store b0[v0], 1.0f64
               }
             }",
        );
    }

    #[test]
    fn conditional_checks_and_falling_indices_stay() {
        unchanged(
            hoist_checks,
            "loops f(n: usize, m: usize, c: bool, mut b0 r: f64[unit]) {
               parfor v0 in n {
                 if c {
                   v1: bool = lt v0, m
                   check v1, index_out_of_range(0) with v0, m
                 }
                 v2: usize = sub n, v0
                 v3: bool = lt v2, m
                 check v3, index_out_of_range(0) with v2, m
                 store b0[v0], 1.0f64
               }
             }",
        );
    }
}
