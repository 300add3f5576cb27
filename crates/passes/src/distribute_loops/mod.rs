//! Takes serial loops apart into what iterations do for themselves, which lanes can do some iterations ahead, and what goes on
//! from iteration to iteration.
//!
//! ```text
//! for v1 in v0 {                             for v5 in v0 / 16 {
//!   x0 = 0.0f64                                for v6 in 16 {                     lanes, since iterations do not meet
//!   for v2 in n {                                x0 = 0.0f64
//!     x0 = x0 + a[v1, v2]                        for v2 in n { x0 = x0 + a[16 v5 + v6, v2] }
//!   }                                            store b9[v6], x0
//!   for v3 in n {                     ⇒        }
//!     y[v3] = y[v3] + x0 · a[v1, v3]           for v7 in 16 {                     in order
//!   }                                            x0 = load b9[v7]
//! }                                              for v3 in n { y[v3] = y[v3] + x0 · a[16 v5 + v7, v3] }
//!                                            } }
//!                                            for v8 in v0 % 16 { … }              as it was
//! ```
//!
//! A sum of floats in a loop is added up in order, each term when the one before has been, whatever lanes there are; but
//! several such sums can go on at the same time, and what is added may be computed before. So it goes with rows of samples
//! that are looked at one after the other, and change what all of them are compared with only in the end; and with weights
//! that are stored and added up. A few iterations at a time, what the first part has read is still in the cache for the
//! second.
//!
//! It also goes the other way around: what goes on from iteration to iteration first, and behind it, in lanes, what becomes of it
//! in each: logarithms of variances that follow each other, means of sums that move along.
//!
//! To the second part belongs what depends on the iteration before, or on the second part itself, through values, variables
//! or arrays; the rest is the first if its iterations do not need one another. What the first part leaves to the second goes
//! through an array of a few elements for each value, but for what it stores for itself, and for indices, which are computed
//! again. It is worth it if lanes take enough less for the first part. In parallel loops in scalar code it is done if no array
//! is needed, for each thread would need its own.

mod behind;
mod parts;
#[cfg(test)]
mod tests;

use crate::Changed;
use crate::bounds::Bounds;
use crate::copies::Copies;
use crate::element_cost::per_element;
use crate::emit::Emit;
use crate::independent::independent;
use crate::loop_order::launches;
use crate::vectorize::{VarSet, before_stmt, live_at_header, live_at_iteration};
use behind::{Behind, only_computes};
use parfuse_ir::loops::walk;
use parfuse_ir::loops::{Block, Buffer, BufferData, Expr, Loops, Origin, Parfor, Stmt, Value};
use parfuse_ir::{DType, Loc, Scalar, ScalarOp};
use parts::{InLanes, Left, Parts, Sides, What, stored};

/// How many iterations are computed ahead if there are loops in them: whole registers of any length, of few enough rows for
/// the second cache.
const ROWS_AHEAD: usize = 16;

/// And if there are none.
const AHEAD: usize = 64;

/// The most statements of a body, which is copied.
const MOST_STATEMENTS: usize = 96;

/// Distributes serial loops of which lanes can do a part.
pub fn distribute_loops(loops: &mut Loops) -> Changed {
    if !walk::statements(&loops.body).any(|stmt| matches!(stmt, Stmt::For { .. })) {
        return Changed::No;
    }
    let mut body = std::mem::take(&mut loops.body);
    let mut search =
        Search { loops, bounds: Bounds::default(), arrays: Vec::new(), in_parallel: false, changed: false };
    search.block(&mut body, &VarSet::new());
    let Search { arrays, changed, .. } = search;
    let made = arrays.into_iter().map(|(buffer, ahead, loc)| {
        let shape = vec![Emit { loops, block: &mut Block::new(), loc }.constant(ahead)];
        Stmt::Alloc { buffer, shape, zeroed: false, loc }
    });
    loops.body = made.chain(body).collect();
    changed.into()
}

struct Search<'a> {
    loops: &'a mut Loops,
    /// What the branches and loops around say.
    bounds: Bounds,
    /// The arrays for what is computed ahead, how long they are, and for which loops. They are made once.
    arrays: Vec<(Buffer, usize, Loc)>,
    /// Whether a parallel loop is around.
    in_parallel: bool,
    changed: bool,
}

impl Search<'_> {
    /// Goes through a block from its end, given the variables live behind it.
    fn block(&mut self, block: &mut Block, live_after: &VarSet) {
        self.bounds.foresee(self.loops, block);
        let (mut live, mut found) = (live_after.clone(), Vec::new());
        for mut stmt in std::mem::take(block).into_iter().rev() {
            let before = before_stmt(self.loops, &stmt, live.clone());
            match self.distributed(&stmt, &live) {
                Some(parts) => {
                    found.extend(parts.into_iter().rev());
                    self.changed = true;
                }
                None => {
                    self.inside(&mut stmt, &live);
                    found.push(stmt);
                }
            }
            live = before;
        }
        block.extend(found.into_iter().rev());
    }

    fn inside(&mut self, stmt: &mut Stmt, live_after: &VarSet) {
        if walk::blocks(stmt).len() == 0 {
            return;
        }
        let (scope, outside) = (self.bounds.scope(self.loops, stmt), self.bounds.mark());
        match stmt {
            Stmt::If { then, otherwise, .. } => {
                for (number, side) in [then, otherwise].into_iter().enumerate() {
                    self.bounds.open(self.loops, &scope, number, outside);
                    self.block(side, live_after);
                }
            }
            Stmt::While { header, body, .. } => {
                let live = live_at_header(self.loops, header, body, live_after);
                self.block(body, &live);
            }
            Stmt::For { until, body, .. } => {
                let mut live = live_after.clone();
                live.extend(*until);
                let live = live_at_iteration(self.loops, body, &live);
                self.bounds.open(self.loops, &scope, 0, outside);
                self.block(body, &live);
            }
            Stmt::Parfor(parfor) if parfor.elements || is_scalar(self.loops, parfor) => {
                let locals = parfor.reductions.iter().flat_map(|own| &own.locals).copied().collect();
                self.bounds.open(self.loops, &scope, 0, outside);
                let around = std::mem::replace(&mut self.in_parallel, true);
                self.block(&mut parfor.body, &locals);
                self.in_parallel = around;
            }
            _ => {}
        }
        self.bounds.close(&scope, outside);
    }

    /// What a loop becomes if it is worth it.
    fn distributed(&mut self, stmt: &Stmt, live_after: &VarSet) -> Option<Block> {
        let Stmt::For { index, extent, until: None, body } = stmt else { return None };
        let stays = |stmt: &Stmt| launches(stmt) || matches!(stmt, Stmt::Check { .. } | Stmt::While { .. });
        if walk::statements(body).count() > MOST_STATEMENTS
            || is_short(self.loops, *extent)
            || walk::statements(body).any(stays)
        {
            return None;
        }
        let live = live_at_iteration(self.loops, body, live_after);
        let pays = |search: &Self, parts: &Parts| {
            parts.pay(search.loops, *index, body)
                && !(search.in_parallel && parts.left.iter().any(Left::needs_array))
        };
        let ahead = self.parts(stmt, &live).filter(|parts| pays(self, parts));
        let parts = ahead.or_else(|| self.parts_behind(stmt, &live).filter(|parts| pays(self, parts)))?;
        Some(self.emitted(&parts, *index, *extent, body))
    }

    /// The parts of a loop's body of which the second waits for nothing but the first, given the variables live behind an
    /// iteration.
    fn parts_behind(&mut self, stmt: &Stmt, live: &VarSet) -> Option<Parts> {
        let Stmt::For { index, extent, body, .. } = stmt else { unreachable!("a loop") };
        let mut behind = Behind::of(self.loops, body, live);
        loop {
            let [first, second] = behind.parts(body)?;
            let own = Stmt::For { index: *index, extent: *extent, until: None, body: second };
            if independent(self.loops, &mut self.bounds, &own, &VarSet::new(), false).is_ok() {
                let Stmt::For { body: second, .. } = own else { unreachable!("a loop") };
                let none = VarSet::new();
                return Parts::of(self.loops, InLanes::Second, *index, [first, second], &none)
                    .filter(|parts| only_computes(self.loops, &parts.first, &parts.again, &parts.second));
            }
            behind.give_up_a_store()?;
        }
    }

    /// The parts of a loop's body, given the variables live behind an iteration.
    fn parts(&mut self, stmt: &Stmt, live_after: &VarSet) -> Option<Parts> {
        let Stmt::For { index, extent, body, .. } = stmt else { unreachable!("a loop") };
        let mut sides = Sides::of(self.loops, body, live_after);
        loop {
            sides.settle(self.loops, body);
            let first = sides.first(body);
            if first.is_empty() {
                return None;
            }
            let all = first.len() == body.len();
            let own = Stmt::For { index: *index, extent: *extent, until: None, body: first };
            if independent(self.loops, &mut self.bounds, &own, &VarSet::new(), false).is_ok() {
                let Stmt::For { body: first, .. } = own else { unreachable!("a loop") };
                // Else the loop is one that has lanes as it is.
                return if all {
                    None
                } else {
                    let sides = [first, sides.second(body)];
                    Parts::of(self.loops, InLanes::First, *index, sides, live_after)
                };
            }
            // What is stored there may be for other iterations.
            let stores = |stmt: &Stmt| {
                walk::statements(std::slice::from_ref(stmt)).any(|inner| stored(inner).is_some())
            };
            let last =
                (0..body.len()).rev().find(|position| !sides.late[*position] && stores(&body[*position]))?;
            sides.late[last] = true;
        }
    }

    fn emitted(&mut self, parts: &Parts, index: Value, extent: Value, body: &[Stmt]) -> Block {
        let loc = self.loops.values[index].loc;
        let number = parts.ahead();
        let arrays: Vec<Option<Buffer>> =
            parts.left.iter().map(|left| left.needs_array().then(|| self.array(left, number, loc))).collect();
        let mut block = Block::new();
        let mut to = Emit { loops: self.loops, block: &mut block, loc };
        let ahead = to.constant(number);
        let times = to.op(ScalarOp::Div, extent, ahead);
        let rest = to.op(ScalarOp::Rem, extent, ahead);
        let done = to.op(ScalarOp::Sub, extent, rest);
        let [turn, first, second, last] = [(); 4].map(|()| to.bound());

        let mut inside = Block::new();
        let start = Emit { loops: self.loops, block: &mut inside, loc }.op(ScalarOp::Mul, turn, ahead);
        let mut early = Block::new();
        let mut copies = self.numbered(&mut early, index, start, first);
        copies.block(self.loops, &parts.first, &mut early);
        for (left, array) in parts.left.iter().zip(&arrays) {
            let Some(buffer) = *array else { continue };
            let value = match left.what {
                What::Value(value) => copies.value(value),
                What::Var(var) => self.defined(Expr::Var(var), left.dtype(self.loops), loc, &mut early),
            };
            early.push(Stmt::Store { buffer, index: vec![first], value, loc });
        }
        inside.push(Stmt::For { index: first, extent: ahead, until: None, body: early });
        let mut late = Block::new();
        let mut copies = self.numbered(&mut late, index, start, second);
        copies.block(self.loops, &parts.again, &mut late);
        for (left, array) in parts.left.iter().zip(&arrays) {
            let load = match (array, &left.stored) {
                (Some(buffer), _) => Expr::Load { buffer: *buffer, index: vec![second] },
                (None, Some((buffer, index))) => {
                    let index = index.iter().map(|index| copies.value(*index)).collect();
                    Expr::Load { buffer: *buffer, index }
                }
                (None, None) => unreachable!("what is stored nowhere has an array"),
            };
            let loaded = self.defined(load, left.dtype(self.loops), loc, &mut late);
            match left.what {
                What::Value(value) => drop(copies.values.insert(value, loaded)),
                What::Var(var) => {
                    // What goes on in order is not for who comes behind.
                    let var = match parts.in_lanes {
                        InLanes::First => var,
                        InLanes::Second => {
                            let own = self.loops.vars.push(self.loops.vars[var].clone());
                            copies.vars.insert(var, own);
                            own
                        }
                    };
                    late.push(Stmt::Set { var, value: loaded });
                }
            }
        }
        copies.block(self.loops, &parts.second, &mut late);
        inside.push(Stmt::For { index: second, extent: ahead, until: None, body: late });
        block.push(Stmt::For { index: turn, extent: times, until: None, body: inside });

        let mut remaining = Block::new();
        self.numbered(&mut remaining, index, done, last).block(self.loops, body, &mut remaining);
        block.push(Stmt::For { index: last, extent: rest, until: None, body: remaining });
        block
    }

    /// Copies in which the loop's index counts from a start.
    fn numbered(&mut self, block: &mut Block, index: Value, start: Value, number: Value) -> Copies {
        let loc = self.loops.values[index].loc;
        let own = Emit { loops: self.loops, block, loc }.op(ScalarOp::Add, start, number);
        let mut copies = Copies::default();
        copies.values.insert(index, own);
        copies
    }

    fn defined(&mut self, expr: Expr, dtype: DType, loc: Loc, block: &mut Block) -> Value {
        let value = self.loops.value(expr, dtype, loc);
        block.push(Stmt::Let(value));
        value
    }

    fn array(&mut self, left: &Left, ahead: usize, loc: Loc) -> Buffer {
        let dtype = left.dtype(self.loops);
        let data = BufferData { name: "ahead".into(), dtype, rank: 1, origin: Origin::Local };
        let buffer = self.loops.buffers.push(data);
        self.arrays.push((buffer, ahead, loc));
        buffer
    }
}

/// Whether a parallel loop is not to have lanes along its own dimensions.
fn is_scalar(loops: &Loops, parfor: &Parfor) -> bool {
    let nested = |stmt: &Stmt| matches!(stmt, Stmt::Parfor(_));
    if parfor.indices.is_empty() || walk::statements(&parfor.body).any(nested) {
        return false;
    }
    let cost = per_element(loops, parfor);
    cost.alone < cost.lanes
}

/// Whether there are known to be no more iterations than are computed ahead.
fn is_short(loops: &Loops, extent: Value) -> bool {
    let at_most = |number| matches!(loops.constant(number), Some(Scalar::Usize(number)) if number <= AHEAD);
    let is_rest = |expr: &Expr| matches!(expr, Expr::Op(ScalarOp::Rem, args) if at_most(args[1]));
    at_most(extent) || is_rest(&loops.values[extent].expr)
}
