//! Gives shares of a parallel loop totals of their own, where all iterations combine values into the same elements.
//!
//! ```text
//!                                            v7 = min(n / (16 · elements of b0), …)      shares
//! parfor v1 in n {                           if 1 < v7 {
//!   v2 = load b1[v1]                           parfor v8 in v7 {
//!   v3 = load b0[v2]                             for … { store b3[v8, …], 0 }
//!   v4 = add v3, 1                     ⇒         for v9 in share v8 { … b3[v8, v2] in place of b0[v2] … }
//!   store b0[v2], v4                           }
//! }                                            parfor … { b0[…] + (b3[0, …] + b3[1, …] + …) }
//!                                            } else { for v10 in n { … b0[v2] … } }
//! ```
//!
//! What the shares' totals cost to fill and to add up is a fraction of what the iterations cost; where there are so many
//! elements that it would be more, the iterations run in order, on the elements themselves. Where something rounds, how many
//! shares there are depends on lengths alone, and they are added up in order: sums of floats are the same at any number of
//! threads. What is exact in any order has a share for each thread, so that there are few totals, and one thread has none.
//! What such a loop combines into variables is combined share by share, too.
//! [`crate::check_parallel`] takes such loops; this pass comes before all others, which know of independent iterations only.

mod elements;
mod variables;

use crate::Changed;
use crate::accumulates::accumulates;
use crate::check_parallel::combined_by_iterations;
use crate::copies::Copies;
use crate::emit::Emit;
use crate::hash::FastSet;
use crate::replace_loops::replace_loops;
use crate::shares::Shares;
use elements::Totals;
use parfuse_ir::grid::Grain;
use parfuse_ir::loops::walk;
use parfuse_ir::loops::{Block, Buffer, Expr, Loops, Parfor, Reduction, Source, Stmt, Target, Value};
use parfuse_ir::{Combine, DType, Loc, ScalarOp};
use variables::Variables;

/// The most shares.
const SHARES: usize = 64;
/// How much work a share has for each element of its totals.
const WORK: usize = 16;
/// The same where nothing rounds: two threads, each with totals of its own, are worth it then.
const WORK_OF_EXACT: usize = 4;
/// How many shares a thread has if iterations may take longer than others.
const SHARES_A_THREAD: usize = 4;
/// What the totals of all shares may take, in bytes.
const MEMORY: usize = 1 << 26;
/// How often a loop inside is taken to run of which nothing is known.
const UNKNOWN: usize = 4;

/// Gives shares of parallel loops totals of their own.
pub fn private_totals(loops: &mut Loops) -> Changed {
    replace_loops(loops, share)
}

fn share(loops: &mut Loops, parfor: Parfor, block: &mut Block) -> Option<Parfor> {
    let ([index], [extent]) = (&parfor.indices[..], &parfor.extents[..]) else { return Some(parfor) };
    let (index, extent) = (*index, *extent);
    if !parfor.reductions.iter().all(|own| matches!(own.into, Target::Vars(_))) {
        return Some(parfor);
    }
    let stmt = Stmt::Parfor(parfor);
    // Of all other arrays `check_parallel` knows that iterations have elements of their own.
    let shared = combined_by_iterations(loops, &stmt);
    let Stmt::Parfor(parfor) = stmt else { unreachable!("it is a loop") };
    let combined = shared.into_iter().map(|buffer| Some((buffer, accumulates(loops, &parfor.body, buffer)?)));
    let Some(combined) = combined.collect::<Option<Vec<_>>>().filter(|combined| !combined.is_empty()) else {
        return Some(parfor);
    };
    let loc = loops.values[index].loc;
    let mut to = Emit { loops: &mut *loops, block: &mut *block, loc };
    let totals: Vec<Totals> =
        combined.into_iter().map(|(buffer, op)| Totals::new(&mut to, buffer, op)).collect();
    let shares = number_of_shares(&mut to, &parfor, &totals, extent);
    let one = to.constant(1);
    let cond = to.op(ScalarOp::Lt, one, shares);
    let sharing = Sharing { parfor: &parfor, index, extent, totals, shares, loc };
    let otherwise = sharing.in_order(loops);
    let then = sharing.in_shares(loops);
    block.push(Stmt::If { cond, then, otherwise });
    None
}

/// A loop that is replaced.
struct Sharing<'a> {
    parfor: &'a Parfor,
    index: Value,
    extent: Value,
    totals: Vec<Totals>,
    shares: Value,
    loc: Loc,
}

impl Sharing<'_> {
    /// The iterations in order, on the elements themselves.
    fn in_order(&self, loops: &mut Loops) -> Block {
        let number = loops.value(Expr::Bound, DType::Usize, self.loc);
        let variables = Variables::new(loops, &self.parfor.reductions);
        let mut block = Block::new();
        variables.start(loops, &mut block);
        let body = self.iteration(loops, number, &variables, |_, _| {});
        block.push(Stmt::For { index: number, extent: self.extent, until: None, body });
        variables.finish(loops, &mut block, self.extent);
        block
    }

    /// The iterations in shares, which are added up behind.
    fn in_shares(&self, loops: &mut Loops) -> Block {
        let mut block = Block::new();
        let mut to = Emit { loops: &mut *loops, block: &mut block, loc: self.loc };
        for own in &self.totals {
            let shape = std::iter::once(self.shares).chain(own.lengths.iter().copied()).collect();
            to.block.push(Stmt::Alloc { buffer: own.own, shape, zeroed: false, loc: self.loc });
        }
        let cut = Shares::new(&mut to, self.extent, self.shares);
        let share = to.bound();
        let variables = Variables::new(loops, &self.parfor.reductions);
        let body = self.share(loops, share, &cut, &variables);
        block.push(Stmt::Parfor(Parfor {
            indices: vec![share],
            extents: vec![self.shares],
            reductions: variables.reductions(),
            body,
            sources: Source::of_groups(&self.parfor.sources),
            grain: Grain::Coarse,
            elements: true,
        }));
        let mut to = Emit { loops, block: &mut block, loc: self.loc };
        self.totals.iter().for_each(|own| own.add_up(&mut to, self.shares));
        block
    }

    /// What is done in a share.
    fn share(&self, loops: &mut Loops, share: Value, cut: &Shares, variables: &Variables<'_>) -> Block {
        let mut block = Block::new();
        variables.start(loops, &mut block);
        let mut to = Emit { loops: &mut *loops, block: &mut block, loc: self.loc };
        self.totals.iter().for_each(|own| own.fill(&mut to, share));
        let [first, extent] = cut.of(&mut to, share);
        let index = to.bound();
        let number = loops.value(Expr::Op(ScalarOp::Add, vec![first, index]), DType::Usize, self.loc);
        let mut body = vec![Stmt::Let(number)];
        body.append(&mut self.iteration(loops, number, variables, |buffer, index| {
            if let Some(own) = self.totals.iter().find(|own| own.buffer == *buffer) {
                *buffer = own.own;
                index.insert(0, share);
            }
        }));
        block.push(Stmt::For { index, extent, until: None, body });
        block
    }

    /// A copy of the body for the iteration with a number; `place` says where elements are.
    fn iteration(
        &self,
        loops: &mut Loops,
        number: Value,
        variables: &Variables<'_>,
        mut place: impl FnMut(&mut Buffer, &mut Vec<Value>),
    ) -> Block {
        let mut copies = Copies::default();
        copies.values.insert(self.index, number);
        let mut block = Block::new();
        variables.begin(loops, &mut block);
        copies.block(loops, &self.parfor.body, &mut block);
        walk::visit_mut(&mut block, |stmt| match stmt {
            Stmt::Let(value) => match &mut loops.values[*value].expr {
                Expr::Load { buffer, index } => place(buffer, index),
                expr @ Expr::LinearIndex => *expr = Expr::Cast(number),
                _ => {}
            },
            Stmt::Store { buffer, index, .. } => place(buffer, index),
            Stmt::Check { iteration, .. } => *iteration = iteration.or(Some(number)),
            _ => {}
        });
        variables.end(loops, &mut block);
        block
    }
}

/// How many shares are worth their while: one, if that is the loop itself.
fn number_of_shares(to: &mut Emit<'_>, parfor: &Parfor, totals: &[Totals], extent: Value) -> Value {
    let mut inside: FastSet<Value> = parfor.indices.iter().copied().collect();
    walk::statements(&parfor.body).for_each(|stmt| {
        walk::defined(stmt, |value| {
            inside.insert(value);
        });
    });
    let is_exact = totals.iter().all(|own| own.is_exact(to.loops))
        && parfor.reductions.iter().all(|own| is_exact(to.loops, own));
    let most = to.constant(SHARES);
    let mut shares = if is_exact { at_most_for_threads(to, parfor, most) } else { most };
    let worth_it = if is_exact { WORK_OF_EXACT } else { WORK };
    let mut bytes = to.constant(1);
    for own in totals {
        let factors = repeated(to.loops, &parfor.body, &inside, own.buffer);
        let work = factors.into_iter().fold(extent, |work, factor| {
            let factor = match factor {
                Some(factor) => factor,
                None => to.constant(UNKNOWN),
            };
            to.op(ScalarOp::Mul, work, factor)
        });
        let one = to.constant(1);
        let elements = own.lengths.iter().fold(one, |all, length| to.op(ScalarOp::Mul, all, *length));
        let least = to.constant(worth_it);
        let least = to.op(ScalarOp::Mul, elements, least);
        let one = to.constant(1);
        let least = to.op(ScalarOp::Max, least, one);
        let worth = to.op(ScalarOp::Div, work, least);
        shares = to.op(ScalarOp::Min, shares, worth);
        let width = to.constant(to.loops.buffers[own.buffer].dtype.size());
        let size = to.op(ScalarOp::Mul, elements, width);
        bytes = to.op(ScalarOp::Add, bytes, size);
    }
    let memory = to.constant(MEMORY);
    let fitting = to.op(ScalarOp::Div, memory, bytes);
    let shares = to.op(ScalarOp::Min, shares, fitting);
    let shares = to.op(ScalarOp::Min, shares, extent);
    let one = to.constant(1);
    to.op(ScalarOp::Max, shares, one)
}

/// As many shares as there are threads; several for each, if iterations may take longer than others.
fn at_most_for_threads(to: &mut Emit<'_>, parfor: &Parfor, most: Value) -> Value {
    let threads = to.define(Expr::Threads);
    let each = to.constant(if Grain::of(&parfor.body) == Grain::Coarse { SHARES_A_THREAD } else { 1 });
    let several = to.op(ScalarOp::Mul, threads, each);
    // One thread takes the elements themselves.
    let one = to.constant(1);
    let are_several = to.op(ScalarOp::Lt, one, threads);
    let shares = to.typed(Expr::Op(ScalarOp::Select, vec![are_several, several, one]), DType::Usize);
    to.op(ScalarOp::Min, shares, most)
}

/// Whether a reduction gives the same bits however its iterations are grouped.
fn is_exact(loops: &Loops, reduction: &Reduction) -> bool {
    match (&reduction.combine, &reduction.locals[..]) {
        (Combine::Op(op), [local]) => op.is_exact(loops.vars[*local].dtype),
        _ => false,
    }
}

/// How often an iteration runs through the loops around the innermost place where it combines into an array: what is known
/// of each in front of the loop.
fn repeated(loops: &Loops, block: &[Stmt], inside: &FastSet<Value>, buffer: Buffer) -> Vec<Option<Value>> {
    let mut deepest = Vec::new();
    walk::visit_within(block, Vec::new(), |stmt, around: Vec<Option<Value>>| match stmt {
        Stmt::Store { buffer: own, .. } if *own == buffer => {
            if around.len() > deepest.len() {
                deepest.clone_from(&around);
            }
            around
        }
        Stmt::For { extent, .. } => [around, vec![most(loops, inside, *extent)]].concat(),
        Stmt::While { .. } => [around, vec![None]].concat(),
        _ => around,
    });
    deepest
}

/// A number in front of the loop that a length inside does not exceed, by the look of it.
fn most(loops: &Loops, inside: &FastSet<Value>, extent: Value) -> Option<Value> {
    if !inside.contains(&extent) {
        return Some(extent);
    }
    let end = match &loops.values[extent].expr {
        Expr::Trips { end, .. } => *end,
        Expr::Op(ScalarOp::Sub, operands) => operands[0],
        _ => return None,
    };
    (!inside.contains(&end) && loops.dtype(end).is_index()).then_some(end)
}
