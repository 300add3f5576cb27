//! Has serial loops inside scalar code run in lanes where they stand, and parallel loops without lanes where these cost more.
//!
//! ```text
//! for v1 in v0 {                               nest {
//!   v3: f64 = load b0[v1, v1]                    for v1 in v0 {
//!   for v2 in v1 {                                 v3: f64 = load b0[v1, v1]
//!     v4: f64 = load b1[v2]             ⇒          parfor v2 in v1 {
//!     v5: f64 = mul v4, v3                           v4: f64 = load b1[v2]
//!     store b1[v2], v5                               v5: f64 = mul v4, v3
//!   }                                                store b1[v2], v5
//! }                                                }
//!                                                } }
//! ```
//!
//! A loop can do so if its iterations do not need one another ([`crate::independent`]); its length, what stands around it
//! and how many such loops there are does not matter. In a parallel loop the code around lane loops is scalar then, so they
//! have to gain more than lanes along its own dimension do. Where neither gains, as where each lane looks up elements of its
//! own in a loop that ends elsewhere for each, the parallel loop is marked to run in scalar code altogether. In the driver, a serial loop becomes
//! a nest, a region that runs in order, with lane loops inside or without; one that launches other
//! regions cannot, and one inside such a loop does so only for its lanes.
//!
//! Which loops these are is a matter of cost ([`crate::element_cost`]). This runs when all loops have found their places,
//! for lane loops neither fuse nor become dimensions.

mod plan;

pub(crate) use plan::lanes_pay;

use crate::Changed;
use crate::bounds::Bounds;
use crate::independent::{has_effect, own_locals};
use crate::loop_order::is_of_driver;
use crate::vectorize::{VarSet, before_stmt, live_at_header, live_at_iteration};
use parfuse_ir::loops::walk::{self, blocks_mut};
use parfuse_ir::loops::{Block, Event, Loops, Nest, Note, Parfor, Source, Stmt, Value, Way};
use plan::{Plan, ways};
use std::collections::HashMap;

const PASS: &str = "lane_loops";

/// A loop that is known to be shorter fills no register.
const LEAST: u64 = 8;

/// Deeper loops are not looked at: each is looked at once for each loop around it.
const MOST_DEPTH: u32 = 6;

/// Makes serial loops inside scalar code loops in lanes where their iterations do not meet.
pub fn lane_loops(loops: &mut Loops) -> Changed {
    let concerned = |stmt: &Stmt| match stmt {
        Stmt::For { body, .. } => has_effect(body),
        stmt => matches!(stmt, Stmt::Parfor(_) | Stmt::While { .. }),
    };
    if !walk::statements(&loops.body).any(concerned) {
        return Changed::No;
    }
    let mut body = std::mem::take(&mut loops.body);
    let bounds = Bounds::default();
    let mut search = Search { loops, bounds, made: Vec::new(), chosen: Vec::new(), changed: false };
    search.block(&mut body, &VarSet::new(), false);
    let Search { made, chosen, changed, .. } = search;
    loops.body = body;
    loops.notes.extend(made.into_iter().rev());
    for note in chosen.into_iter().rev() {
        if !loops.notes.contains(&note) {
            loops.notes.push(note);
        }
    }
    changed.into()
}

struct Search<'a> {
    loops: &'a mut Loops,
    /// What the branches and loops around say.
    bounds: Bounds,
    /// What became of loops, from the last one to the first.
    made: Vec<Note>,
    /// How parallel loops run, and what each way takes, from the last one to the first.
    chosen: Vec<Note>,
    changed: bool,
}

impl Search<'_> {
    /// Goes through a block of the driver from its end, given the variables live behind it, and whether there is a loop around it.
    fn block(&mut self, block: &mut Block, live_after: &VarSet, repeats: bool) {
        self.bounds.foresee(self.loops, block);
        let mut live = live_after.clone();
        for stmt in block.iter_mut().rev() {
            let before = before_stmt(self.loops, stmt, live.clone());
            self.stmt(stmt, &live, repeats);
            live = before;
        }
    }

    fn stmt(&mut self, stmt: &mut Stmt, live_after: &VarSet, repeats: bool) {
        let (scope, outside) = (self.bounds.scope(self.loops, stmt), self.bounds.mark());
        match stmt {
            Stmt::Parfor(parfor) => {
                self.bounds.open(self.loops, &scope, 0, outside);
                self.parfor(parfor);
            }
            Stmt::If { then, otherwise, .. } => {
                for (number, side) in [then, otherwise].into_iter().enumerate() {
                    self.bounds.open(self.loops, &scope, number, outside);
                    self.block(side, live_after, repeats);
                }
            }
            Stmt::While { header, body, .. } if [&*header, body].iter().any(|block| has_driver(block)) => {
                let at_header = live_at_header(self.loops, header, body, live_after);
                self.block(body, &at_header, true);
            }
            Stmt::For { body, until, .. } if has_driver(body) => {
                let mut live = live_after.clone();
                live.extend(*until);
                let at_iteration = live_at_iteration(self.loops, body, &live);
                self.bounds.open(self.loops, &scope, 0, outside);
                self.block(body, &at_iteration, true);
            }
            Stmt::While { .. } | Stmt::For { .. } => self.nest(stmt, live_after, repeats),
            Stmt::Let(_)
            | Stmt::Set { .. }
            | Stmt::Alloc { .. }
            | Stmt::Move { .. }
            | Stmt::Resize { .. }
            | Stmt::Store { .. }
            | Stmt::Call(_)
            | Stmt::Check { .. }
            | Stmt::Nest(_) => {}
        }
        self.bounds.close(&scope, outside);
    }

    /// Makes a nest of a serial loop of the driver: if there are lane loops in it that are most of it, and otherwise if it is not
    /// launched again and again.
    fn nest(&mut self, stmt: &mut Stmt, live_after: &VarSet, repeats: bool) {
        let mut plan = Plan::of(self.loops, &mut self.bounds, std::slice::from_ref(stmt), live_after, 0);
        if plan.cost.saturating_mul(8) > plan.serial.saturating_mul(7) {
            plan.lanes.clear();
        }
        if plan.lanes.is_empty() && (repeats || !walk::blocks(stmt).any(has_effect)) {
            return;
        }
        let (what, value) = match stmt {
            Stmt::While { cond, .. } => ("while", *cond),
            Stmt::For { index, .. } => ("for", *index),
            _ => unreachable!("a serial loop"),
        };
        let sources = vec![Source::new(what, self.loops.values[value].loc)];
        let mut body =
            vec![std::mem::replace(stmt, Stmt::Nest(Nest { body: Block::new(), sources: Vec::new() }))];
        self.replace(&mut body, &mut { plan.lanes });
        *stmt = Stmt::Nest(Nest { body, sources });
        self.changed = true;
    }

    /// Has a parallel loop run in the way that takes least: in lanes along its last dimension, one by one with lane loops
    /// inside, or one by one without any.
    fn parfor(&mut self, parfor: &mut Parfor) {
        let nested = |stmt: &Stmt| matches!(stmt, Stmt::Parfor(_));
        if parfor.indices.is_empty() || walk::statements(&parfor.body).any(nested) {
            return;
        }
        let (ways, mut lanes) = ways(self.loops, &mut self.bounds, parfor);
        if parfor.elements {
            // It is to be scalar code whatever there is inside.
            return self.replace(&mut parfor.body, &mut lanes);
        }
        match ways.best() {
            Way::Lanes => {}
            Way::Inside => self.replace(&mut parfor.body, &mut lanes),
            Way::Alone => (parfor.elements, self.changed) = (true, true),
        }
        let locs = parfor.sources.iter().map(|source| source.loc).collect();
        self.chosen.push(Note { pass: PASS, event: Event::Chosen(ways), locs });
    }

    /// Puts lane loops in place of the serial ones.
    fn replace(&mut self, block: &mut Block, lanes: &mut HashMap<Value, Parfor>) {
        for stmt in block.iter_mut().rev() {
            if let Stmt::For { index, .. } = stmt
                && let Some(mut parfor) = lanes.remove(index)
            {
                own_locals(self.loops, &mut parfor);
                let locs = parfor.sources.iter().map(|source| source.loc).collect();
                self.made.push(Note { pass: PASS, event: Event::InLanes, locs });
                *stmt = Stmt::Parfor(parfor);
                self.changed = true;
            } else {
                blocks_mut(stmt).for_each(|inner| self.replace(inner, lanes));
            }
        }
    }
}

/// Whether a block is in part the driver's.
fn has_driver(block: &[Stmt]) -> bool {
    walk::statements(block).any(is_of_driver)
}

#[cfg(test)]
mod tests;
