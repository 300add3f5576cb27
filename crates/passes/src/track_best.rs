//! Keeps the best number in a variable where iterations keep its position only, and look it up to compare with it.
//!
//! ```text
//! prange i in … {                     at0 = at   best = a[at0], if there is such an element
//!   if a[i] < a[at] {                 prange i in … {
//!     at = i                    ⇒       a[at0]                                 only for the check of the index
//!   }                                   if a[i] < best { at = i   best = a[i] }
//! }                                   }
//! ```
//!
//! The number may be any expression of elements at the position, which may have several parts (`d[[p, q]]`), as long as
//! all of it stays as it is while the loop runs. Wherever the position is set, the number is set to what it is there; so they
//! belong together always, and the loop reads the position no longer: it replaces both, which is a reduction
//! ([`crate::lower_arrays`]). Where that is not what comes of it the loop stays as it was.

use crate::Changed;
use crate::hash::{FastMap, FastSet};
use crate::lower_arrays::replaces;
use crate::unordered_extremes::plain_searches;
use parfuse_ir::program::{Block, Expr, Program, Stmt, Type, Value, ValueData, Var, VarData, walk};
use parfuse_ir::{Loc, Scalar, ScalarOp};
use std::collections::BTreeSet;

/// Numbers that are computed by more operations are not looked at.
const MOST: usize = 64;

/// Makes variables of the numbers at positions that the iterations of parallel loops, or of plain ones that may become such,
/// replace.
pub fn track_best(program: &mut Program) -> Changed {
    let plain = plain_searches(program);
    let parallel = |stmt: &Stmt| match stmt {
        Stmt::For { order, index, .. } => order.is_parallel() || plain.contains(index),
        _ => false,
    };
    if !walk::statements(program, &program.body).any(parallel) {
        return Changed::No;
    }
    let assigned = assignments(program, &program.body);
    let mut body = std::mem::take(&mut program.body);
    let mut changed = false;
    walk::each_block_in_mut(&mut body, |block| {
        for stmt in std::mem::take(block) {
            if parallel(&stmt)
                && let Some((trial, before, after)) = tracked(program, &assigned, &stmt)
            {
                *program = trial;
                block.extend(before);
                block.push(after);
                changed = true;
            } else {
                block.push(stmt);
            }
        }
    });
    program.body = body;
    changed.into()
}

/// The variables that a block assigns and that are declared outside of it, given how often each is assigned.
pub(crate) fn declared_outside(
    program: &Program,
    assigned: &FastMap<Var, usize>,
    block: &[Stmt],
) -> FastSet<Var> {
    let outside = |(var, own): &(Var, usize)| {
        program.vars[*var].param.is_some() || assigned.get(var).copied().unwrap_or(0) > *own
    };
    assignments(program, block).into_iter().filter(outside).map(|(var, _)| var).collect()
}

/// How often each variable is assigned.
pub(crate) fn assignments(program: &Program, block: &[Stmt]) -> FastMap<Var, usize> {
    let mut assigned: FastMap<Var, usize> = FastMap::default();
    for stmt in walk::statements(program, block) {
        match stmt {
            Stmt::Assign { var, .. } => *assigned.entry(*var).or_default() += 1,
            Stmt::Call { results, .. } => {
                results.iter().for_each(|var| *assigned.entry(*var).or_default() += 1);
            }
            _ => {}
        }
    }
    assigned
}

/// A loop with the numbers of its positions in variables, and what is to stand in front of it, in a program with these.
fn tracked(program: &Program, assigned: &FastMap<Var, usize>, stmt: &Stmt) -> Option<(Program, Block, Stmt)> {
    let Stmt::For { index, body, .. } = stmt else { unreachable!("a loop") };
    let declared = declared_outside(program, assigned, body);
    if declared.is_empty() {
        return None;
    }
    let text = Text::of(program, *index, body, &declared);
    let mut done: Option<(Program, Block, Block)> = None;
    let mut positions_done: BTreeSet<Var> = BTreeSet::new();
    for number in text.numbers(body) {
        if !number.positions.is_disjoint(&positions_done) {
            continue;
        }
        let (base, mut before, body) = match &done {
            Some((program, before, body)) => (program.clone(), before.clone(), body.clone()),
            None => (program.clone(), Block::new(), body.clone()),
        };
        let mut tracking = Tracking { program: base, number: &number, text: &text };
        let Some((mut own, best, body)) = tracking.rewritten(body) else { continue };
        let trial = tracking.program;
        let declared: FastSet<Var> = declared.iter().copied().chain([best]).collect();
        if replaces(&trial, *index, &body, &declared, best) {
            before.append(&mut own);
            positions_done.extend(number.positions);
            done = Some((trial, before, body));
        }
    }
    let (program, before, own) = done?;
    let mut after = stmt.clone();
    if let Stmt::For { body, .. } = &mut after {
        *body = own;
    }
    Some((program, before, after))
}

/// The body of a loop, with what is needed to know of it.
struct Text<'a> {
    program: &'a Program,
    /// The values that it defines.
    inside: FastSet<Value>,
    /// How often it uses them.
    uses: FastMap<Value, u32>,
    /// The variables that it assigns, or sets elements of.
    set: FastSet<Var>,
    /// Those of them that may be positions.
    positions: FastSet<Var>,
}

/// What is looked up at a position.
#[derive(Clone)]
struct Number {
    root: Value,
    /// The variables that it is computed from, which iterations replace.
    positions: BTreeSet<Var>,
    /// The values that depend on these.
    depend: FastSet<Value>,
    /// The comparisons with it, and which side it is.
    compared: Vec<(Value, usize)>,
}

impl<'a> Text<'a> {
    fn of(program: &'a Program, index: Value, body: &Block, declared: &FastSet<Var>) -> Text<'a> {
        let mut inside: FastSet<Value> = FastSet::default();
        let mut uses: FastMap<Value, u32> = FastMap::default();
        let mut set: FastSet<Var> = declared.clone();
        inside.insert(index);
        for stmt in walk::statements(program, body) {
            walk::defined(program, stmt, |value| {
                inside.insert(value);
            });
            walk::reads(program, stmt, |value| *uses.entry(value).or_default() += 1);
            match stmt {
                Stmt::Assign { var, .. } => drop(set.insert(*var)),
                Stmt::Store { place, .. } | Stmt::Update { place, .. } => drop(set.insert(place.var)),
                _ => {}
            }
        }
        let is_position =
            |var: &Var| matches!(program.vars[*var].ty, Type::Scalar(element) if element.part().is_int());
        let positions = declared.iter().copied().filter(is_position).collect();
        Text { program, inside, uses, set, positions }
    }

    /// The numbers that are looked up to compare others with, each once.
    fn numbers(&self, body: &Block) -> Vec<Number> {
        let mut numbers: Vec<Number> = Vec::new();
        for stmt in walk::statements(self.program, body) {
            let Stmt::Let(value) = stmt else { continue };
            let Expr::Op(ScalarOp::Lt | ScalarOp::Le | ScalarOp::Gt | ScalarOp::Ge, operands) =
                &self.program.values[*value].expr
            else {
                continue;
            };
            for (side, root) in operands.iter().enumerate() {
                let Some((positions, depend)) = self.number(*root) else { continue };
                let known = numbers
                    .iter_mut()
                    .find(|known| known.positions == positions && self.are_same(known.root, *root));
                match known {
                    Some(known) => {
                        known.depend.extend(depend);
                        known.compared.push((*value, side));
                    }
                    None => {
                        numbers.push(Number {
                            root: *root,
                            positions,
                            depend,
                            compared: vec![(*value, side)],
                        });
                    }
                }
            }
        }
        numbers
    }

    /// The positions that a value is looked up at, and the values on the way, if it is one that changes with nothing else and
    /// that nobody but a comparison sees.
    fn number(&self, root: Value) -> Option<(BTreeSet<Var>, FastSet<Value>)> {
        let (mut order, mut seen) = (Vec::new(), FastSet::default());
        let (mut pending, mut looks_up, mut positions) = (vec![root], false, BTreeSet::new());
        while let Some(value) = pending.pop() {
            if !self.inside.contains(&value) || !seen.insert(value) {
                continue;
            }
            if order.len() == MOST {
                return None;
            }
            order.push(value);
            let data = &self.program.values[value];
            match &data.expr {
                Expr::Const(_) | Expr::Param(_) => {}
                Expr::Var(var) if self.positions.contains(var) => drop(positions.insert(*var)),
                Expr::Var(var) if self.set.contains(var) => return None,
                Expr::Var(_) | Expr::Dim { .. } | Expr::Len(_) | Expr::Cast(_) => {}
                // What may fail would do so in front of the loop.
                Expr::Op(ScalarOp::Div | ScalarOp::Rem, _) if !data.ty.dtype().is_float() => return None,
                Expr::Op(..) => {}
                Expr::Index { .. } => looks_up = true,
                _ => return None,
            }
            let is_scalar = matches!(data.ty, Type::Scalar(_));
            if !is_scalar && !matches!(data.expr, Expr::Var(_) | Expr::Param(_)) {
                return None;
            }
            walk::operands(&data.expr, |operand| pending.push(operand));
        }
        // From the leaves up.
        let mut depend: FastSet<Value> = FastSet::default();
        for _ in 0..order.len() {
            for value in &order {
                let expr = &self.program.values[*value].expr;
                let reads = matches!(expr, Expr::Var(var) if positions.contains(var));
                if reads || expr.operands().iter().any(|operand| depend.contains(operand)) {
                    depend.insert(*value);
                }
            }
        }
        let alone = |value: &Value| self.uses.get(value) == Some(&1);
        let found = looks_up && !positions.is_empty() && depend.iter().all(alone);
        // Elements of arrays that the loop sets are no longer what they were.
        let base = |value: &Value| match &self.program.values[*value].expr {
            Expr::Index { array, .. } => self.stays(*array),
            _ => true,
        };
        (found && order.iter().all(base)).then_some((positions, depend))
    }

    /// Whether an array keeps its elements while the loop runs.
    fn stays(&self, mut array: Value) -> bool {
        for _ in 0..MOST {
            match &self.program.values[array].expr {
                Expr::Var(var) => return !self.set.contains(var),
                Expr::Param(_) => return true,
                Expr::View { array: of, .. } => array = *of,
                _ => return !self.inside.contains(&array),
            }
        }
        false
    }

    /// Whether two numbers are computed alike.
    fn are_same(&self, a: Value, b: Value) -> bool {
        let mut pending = vec![(a, b)];
        for _ in 0..MOST {
            let Some((a, b)) = pending.pop() else { return true };
            if a == b {
                continue;
            }
            let (x, y) = (&self.program.values[a], &self.program.values[b]);
            let [mut bare, mut other] = [x.expr.clone(), y.expr.clone()];
            for expr in [&mut bare, &mut other] {
                walk::operands_mut(expr, |operand| *operand = a);
            }
            let bound = matches!(x.expr, Expr::Bound);
            if x.ty != y.ty || bare != other || bound {
                return false;
            }
            pending.extend(x.expr.operands().into_iter().zip(y.expr.operands()));
        }
        false
    }
}

/// Makes the program with the number in a variable.
struct Tracking<'a> {
    program: Program,
    number: &'a Number,
    text: &'a Text<'a>,
}

impl Tracking<'_> {
    /// What stands in front of the loop, the variable, and the new body.
    fn rewritten(&mut self, mut body: Block) -> Option<(Block, Var, Block)> {
        let ty = self.program.ty(self.number.root);
        let best = self.program.vars.push(VarData { name: "best".into(), ty, param: None });
        // In front: the positions as they are, and the number there.
        let mut before = Block::new();
        let mut first: FastMap<Var, Value> = FastMap::default();
        for var in &self.number.positions {
            let read = self.program.value(Expr::Var(*var), self.program.vars[*var].ty, Loc::NONE);
            before.push(Stmt::Let(read));
            first.insert(*var, read);
        }
        let start = self.copy(&first, true, &mut before);
        before.push(Stmt::Assign { var: best, value: start });
        // Where positions are set, and nowhere else, the number is.
        let mut complete = true;
        walk::each_block_in_mut(&mut body, |block| {
            let mut values: FastMap<Var, Value> = FastMap::default();
            let mut last = 0;
            for (place, stmt) in block.iter().enumerate() {
                if let Stmt::Assign { var, value } = stmt
                    && self.number.positions.contains(var)
                {
                    complete &= values.insert(*var, *value).is_none();
                    last = place;
                }
            }
            if values.is_empty() {
                return;
            }
            complete &= values.len() == self.number.positions.len();
            if complete {
                let mut own = Block::new();
                let value = self.copy(&values, false, &mut own);
                own.push(Stmt::Assign { var: best, value });
                block.splice(last + 1..last + 1, own);
            }
        });
        if !complete {
            return None;
        }
        self.compare(&first, best, &mut body);
        Some((before, best, body))
    }

    /// Has numbers compared with the variable; the elements in front are looked at as they were, for their checks.
    fn compare(&mut self, first: &FastMap<Var, Value>, best: Var, body: &mut Block) {
        let ty = self.program.vars[best].ty;
        let depend = &self.number.depend;
        let mut reads: FastMap<Value, Value> = FastMap::default();
        for value in depend {
            if let Expr::Var(var) = self.program.values[*value].expr {
                reads.insert(*value, first[&var]);
            }
        }
        for value in depend {
            walk::operands_mut(&mut self.program.values[*value].expr, |operand| {
                *operand = reads.get(operand).copied().unwrap_or(*operand);
            });
        }
        walk::each_block_in_mut(body, |block| {
            for stmt in std::mem::take(block) {
                if let Stmt::Let(value) = stmt {
                    if reads.contains_key(&value) {
                        continue;
                    }
                    if let Some((_, side)) = self.number.compared.iter().find(|(own, _)| *own == value) {
                        let read = self.program.value(Expr::Var(best), ty, self.program.values[value].loc);
                        block.push(Stmt::Let(read));
                        let Expr::Op(_, operands) = &mut self.program.values[value].expr else {
                            unreachable!("a comparison")
                        };
                        operands[*side] = read;
                    }
                }
                block.push(stmt);
            }
        });
    }

    /// Computes the number of other positions; if `guarded`, without a fault wherever these are.
    fn copy(&mut self, positions: &FastMap<Var, Value>, guarded: bool, out: &mut Block) -> Value {
        // Operands before those who use them.
        let mut order = Vec::new();
        let mut pending = vec![(self.number.root, false)];
        let mut copies: FastMap<Value, Value> = FastMap::default();
        let program = self.text.program;
        while let Some((value, ready)) = pending.pop() {
            if ready {
                order.push(value);
            } else if self.text.inside.contains(&value) && !order.contains(&value) {
                pending.push((value, true));
                walk::operands(&program.values[value].expr, |operand| pending.push((operand, false)));
            }
        }
        for value in order {
            let ValueData { mut expr, ty, loc, .. } = program.values[value].clone();
            walk::operands_mut(&mut expr, |operand| {
                *operand = copies.get(operand).copied().unwrap_or(*operand);
            });
            let copy = match &expr {
                Expr::Var(var) if positions.contains_key(var) => positions[var],
                Expr::Cast(from) if let Some(from) = self.uncast(*from, ty) => from,
                Expr::Index { array, index } if guarded => {
                    let (array, index) = (*array, index.clone());
                    self.guarded(array, &index, ty, loc, out)
                }
                _ => self.define(expr, ty, loc, out),
            };
            copies.insert(value, copy);
        }
        copies[&self.number.root]
    }

    /// What has been converted, if converting back gives the same.
    fn uncast(&self, value: Value, ty: Type) -> Option<Value> {
        let Expr::Cast(from) = self.program.values[value].expr else { return None };
        let is_index = |ty: Type| matches!(ty, Type::Scalar(_)) && ty.dtype().is_index();
        let types = [self.program.ty(value), ty];
        (types.into_iter().all(is_index) && self.program.ty(from) == ty).then_some(from)
    }

    /// An element if there is one, and else zero.
    fn guarded(&mut self, array: Value, index: &[Value], ty: Type, loc: Loc, out: &mut Block) -> Value {
        let zero = Scalar::Bool(false).cast(ty.dtype());
        let zero = self.program.value(Expr::Const(zero), ty, Loc::NONE);
        let element = self.program.vars.push(VarData { name: "element".into(), ty, param: None });
        out.push(Stmt::Assign { var: element, value: zero });
        let mut inside: Option<Value> = None;
        for (axis, own) in index.iter().enumerate() {
            let length = self.define(Expr::Dim { array, axis: axis as u8 }, Type::USIZE, Loc::NONE, out);
            let below = Expr::Op(ScalarOp::Lt, vec![*own, length]);
            let below = self.define(below, Type::BOOL, Loc::NONE, out);
            inside = Some(match inside {
                Some(others) => {
                    let both = Expr::Op(ScalarOp::And, vec![others, below]);
                    self.define(both, Type::BOOL, Loc::NONE, out)
                }
                None => below,
            });
        }
        let mut then = Block::new();
        let found = self.define(Expr::Index { array, index: index.to_vec() }, ty, loc, &mut then);
        then.push(Stmt::Assign { var: element, value: found });
        match inside {
            Some(cond) => out.push(Stmt::If { cond, then, otherwise: Block::new() }),
            None => out.append(&mut then),
        }
        self.define(Expr::Var(element), ty, loc, out)
    }

    fn define(&mut self, expr: Expr, ty: Type, loc: Loc, out: &mut Block) -> Value {
        let is_leaf = expr.is_leaf();
        let value = self.program.value(expr, ty, loc);
        if !is_leaf {
            out.push(Stmt::Let(value));
        }
        value
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use parfuse_ir::DType;

    /// What a body does in a loop over `a`, with `x0` the position, and whether the pass has something to do.
    fn tracked(body: &str) -> bool {
        let text = format!(
            "program f(a: [f64; 1], mut b: [f64; 1], n: i64) -> i64 {{
               var x0 b: [f64; 1] is p1
               var x1 at: i64
               var x2 sum: f64
               x1 = 0i64
               x2 = 0.0f64
               prange v9 i: i64 in 0i64..n step 1usize {{
                 v10: usize = cast v9
                 v11: f64 = index a[v10]
                 v12: i64 = x1
                 v13: usize = cast v12
                 v14: f64 = index a[v13]
                 {body}
               }}
               v90: i64 = x1
               return v90
             }}"
        );
        let mut program = Program::parse(&text).unwrap();
        program.verify().unwrap();
        let changed = track_best(&mut program).yes();
        program.verify().unwrap_or_else(|error| panic!("{error}\n{program}"));
        assert!(!track_best(&mut program).yes(), "{program}");
        changed
    }

    #[test]
    fn positions_that_are_replaced_have_their_number() {
        assert!(tracked("v15: bool = lt v11, v14 if v15 { x1 = v9 }"));
        assert!(tracked("v15: bool = le v14, v11 if v15 { x1 = v9 }"));
        assert!(tracked("v15: f64 = abs v14 v16: f64 = abs v11 v17: bool = lt v16, v15 if v17 { x1 = v9 }"));
    }

    #[test]
    fn other_positions_stay() {
        let others = [
            // Another iteration's, and one that is not the number's.
            "v15: bool = lt v11, v14 v16: i64 = add v9, 1i64 if v15 { x1 = v16 }",
            "v15: bool = lt v11, v14 if v15 { } else { x1 = v9 }",
            // Somebody looks at the number, or at the position.
            "v15: bool = lt v11, v14 if v15 { x1 = v9 } v16: f64 = x2 v17: f64 = add v16, v14 x2 = v17",
            "v15: bool = lt v11, v14 if v15 { x1 = v9 } store x0[v13], 1.0f64",
            // It depends on the iteration, too.
            "v15: f64 = sub v11, v11 v16: f64 = sub v14, v11 v17: bool = lt v15, v16 if v17 { x1 = v9 }",
        ];
        for body in others {
            assert!(!tracked(body), "{body}");
        }
    }

    #[test]
    fn elements_that_the_loop_sets_are_no_numbers() {
        let text = "program f(mut a: [f64; 1], n: usize) -> usize {
               var x0 a: [f64; 1] is p0
               var x1 at: usize
               x1 = 0usize
               prange v9 i: usize in 0usize..n step 1usize {
                 v10: [f64; 1] = x0
                 v11: f64 = index v10[v9]
                 v12: usize = x1
                 v14: f64 = index v10[v12]
                 v15: bool = lt v11, v14
                 if v15 { x1 = v9 }
                 store x0[v9], 1.0f64
               }
               v90: usize = x1
               return v90
             }";
        let mut program = Program::parse(text).unwrap();
        assert!(!track_best(&mut program).yes(), "{program}");
    }

    #[test]
    fn what_is_in_front_fails_for_no_position() {
        let text = "program f(a: [f64; 1], n: usize) -> usize {
               var x0 at: usize
               x0 = 7usize
               prange v9 i: usize in 0usize..n step 1usize {
                 v11: f64 = index a[v9]
                 v12: usize = x0
                 v14: f64 = index a[v12]
                 v15: bool = lt v11, v14
                 if v15 { x0 = v9 }
               }
               v90: usize = x0
               return v90
             }";
        let mut program = Program::parse(text).unwrap();
        assert!(track_best(&mut program).yes());
        let in_front = program.body.iter().take_while(|stmt| !matches!(stmt, Stmt::For { .. }));
        let bare = |stmt: &Stmt| matches!(stmt, Stmt::Let(value) if matches!(program.values[*value].expr, Expr::Index { .. }));
        assert!(!in_front.into_iter().any(bare), "{program}");
        let index_type = |value: &Value| program.ty(*value).dtype() == DType::Usize;
        assert!(program.results.iter().all(index_type));
    }
}
