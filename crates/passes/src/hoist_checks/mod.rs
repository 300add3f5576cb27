//! Checks a loop's indices once, in front of it.
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
//! with invariant extents around the check, and if no branch and no `while` stands around it. In a branch the index must
//! be one that every iteration takes elsewhere, too: others are often what the branch guards, and the test would always
//! say no. The other checks stay inside; but as the replay must perform them too, everything stays if one of them depends
//! on what the iterations store or on variables.
//!
//! Loops outside of parallel ones are treated alike, from the outside inwards, if no array is made, exchanged or computed
//! by a parallel loop within; faults of theirs tell no iteration. A loop that does nothing but check is a replay, or as
//! good as one, and stays.

mod replay;
#[cfg(test)]
mod tests;

use crate::Changed;
use crate::affine::{Linear, Term};
use crate::effects::Effects;
use parfuse_ir::arena::Id;
use parfuse_ir::loops::walk::{self, blocks_mut};
use parfuse_ir::loops::{Block, Expr, Loops, Stmt, Value};
use parfuse_ir::{DType, Loc, Scalar, ScalarOp};

/// Moves the checks of loops in front of them where one test can answer for all iterations.
pub fn hoist_checks(loops: &mut Loops) -> Changed {
    let mut body = std::mem::take(&mut loops.body);
    let changed = in_block(loops, &mut body);
    loops.body = body;
    changed.into()
}

fn in_block(loops: &mut Loops, block: &mut Block) -> bool {
    let mut changed = false;
    for mut stmt in std::mem::take(block) {
        let mut front = None;
        match &mut stmt {
            Stmt::Parfor(parfor) => {
                let space = Space { indices: &parfor.indices, extents: &parfor.extents, numbered: true };
                front = hoist(loops, space, &mut parfor.body);
            }
            Stmt::For { index, extent, until, body } => {
                let does = doings(body);
                // Which iterations of a loop that may end early check is not known in front.
                if does.steady && until.is_none() {
                    let space = Space { indices: &[*index], extents: &[*extent], numbered: false };
                    front = hoist(loops, space, body);
                }
                changed |= does.something && in_block(loops, body);
            }
            _ => blocks_mut(&mut stmt).for_each(|inner| changed |= in_block(loops, inner)),
        }
        if let Some(mut front) = front {
            block.append(&mut front);
            changed = true;
        }
        block.push(stmt);
    }
    changed
}

/// What a serial loop's body does, as far as it matters here.
struct Doings {
    /// Anything but computing and checking.
    something: bool,
    /// Something, and arrays stay what they are meanwhile but for their elements.
    steady: bool,
}

fn doings(body: &Block) -> Doings {
    let mut doings = Doings { something: false, steady: true };
    walk::statements(body).for_each(|stmt| match stmt {
        Stmt::Let(_)
        | Stmt::Check { .. }
        | Stmt::If { .. }
        | Stmt::While { .. }
        | Stmt::For { .. }
        | Stmt::Nest(_) => {}
        Stmt::Set { .. } | Stmt::Store { .. } => doings.something = true,
        Stmt::Alloc { .. } | Stmt::Move { .. } | Stmt::Parfor(_) => {
            (doings.something, doings.steady) = (true, false);
        }
    });
    doings.steady &= doings.something;
    doings
}

/// The iterations of a loop.
#[derive(Clone, Copy)]
struct Space<'a> {
    indices: &'a [Value],
    extents: &'a [Value],
    /// Whether faults tell the iteration.
    numbered: bool,
}

/// Takes what it can of the checks out of a loop's body; returns the code to stand in front, if there is any.
fn hoist(loops: &mut Loops, space: Space<'_>, body: &mut Block) -> Option<Block> {
    if !walk::statements(body).any(|stmt| matches!(stmt, Stmt::Check { .. })) {
        return None;
    }
    let mut inside = vec![false; loops.values.len()];
    space.indices.iter().for_each(|index| inside[index.index()] = true);
    let effects = Effects::of_block(loops, body);
    effects.defined.iter().for_each(|value| inside[value.index()] = true);

    let nest = space.indices.iter().copied().zip(space.extents.iter().copied()).collect();
    let mut search = Search { loops, inside: &inside, nest, reached: Reached::Always, checks: Vec::new() };
    search.block(body);
    let checks = search.found();
    if checks.iter().all(Option::is_none) {
        return None;
    }

    let replayed = replay::of(loops, &effects, space, body)?;

    let mut number = 0..;
    walk::retain(body, |stmt| match stmt {
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
    /// Whether every iteration comes by.
    always: bool,
}

/// Which iterations come by a statement.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Reached {
    Always,
    /// As branches decide, which a replay can follow.
    InBranch,
    /// Nobody knows in front.
    Unknown,
}

enum What {
    /// The same in all iterations.
    Invariant(Value),
    /// An index below a length.
    Below { index: Form, len: Value },
}

/// A sum of multiples of loop indices and an invariant, modulo 2^64.
#[derive(Clone, Default, PartialEq)]
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
    reached: Reached,
    checks: Vec<Option<Condition>>,
}

impl Search<'_> {
    fn block(&mut self, block: &Block) {
        for stmt in block {
            match stmt {
                Stmt::Check { ok, .. } => {
                    let known = self.reached != Reached::Unknown;
                    self.checks.push(if known { self.condition(*ok) } else { None });
                }
                Stmt::For { index, extent, until, body } => {
                    let reached = self.reached;
                    if self.inside[extent.index()] || until.is_some() {
                        self.reached = Reached::Unknown;
                    }
                    self.nest.push((*index, *extent));
                    self.block(body);
                    self.nest.pop();
                    self.reached = reached;
                }
                _ => {
                    let inside =
                        if matches!(stmt, Stmt::If { .. }) { Reached::InBranch } else { Reached::Unknown };
                    let reached = self.reached;
                    self.reached = reached.max(inside);
                    walk::blocks(stmt).for_each(|inner| self.block(inner));
                    self.reached = reached;
                }
            }
        }
    }

    /// The checks that can be tested in front; those in branches only if their index is taken in any case.
    fn found(self) -> Vec<Option<Condition>> {
        let taken: Vec<Form> = self.checks.iter().flatten().filter_map(Condition::index).cloned().collect();
        let counts = |condition: &Condition| {
            let is_taken = || matches!(&condition.what, What::Below { index, .. } if taken.contains(index));
            condition.always || is_taken()
        };
        self.checks.into_iter().map(|check| check.filter(counts)).collect()
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
            if !self.loops.dtype(index).is_index() || self.inside[len.index()] {
                return None;
            }
            let index = self.form(index, 0)?;
            if index.factors.iter().any(|(_, factor)| *factor < 0) {
                return None;
            }
            What::Below { index, len }
        };
        Some(Condition { what, nest: self.nest.clone(), always: self.reached == Reached::Always })
    }

    /// The form of an integer of 64 bits; expressions of great depth are given up.
    fn form(&self, value: Value, depth: u32) -> Option<Form> {
        let data = &self.loops.values[value];
        if !data.dtype.is_wide_int() || depth > 16 {
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

impl Condition {
    /// The index that every iteration takes.
    fn index(&self) -> Option<&Form> {
        match &self.what {
            What::Below { index, .. } if self.always => Some(index),
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
            if !self.loops.dtype(value).is_index() {
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
