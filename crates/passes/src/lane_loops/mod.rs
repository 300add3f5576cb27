//! Has serial loops inside scalar code run in lanes where they stand.
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
//! have to gain more than lanes along its own dimension do. In the driver, a serial loop that has lane loops inside becomes
//! a nest, a region that runs in order; one that makes arrays, exchanges them or launches other regions cannot.
//!
//! Which loops these are is a matter of cost ([`crate::element_cost`]). This runs when all loops have found their places,
//! for lane loops neither fuse nor become dimensions.

use crate::Changed;
use crate::bounds::Bounds;
use crate::element_cost::{alone, of_lane_loop, per_element, trips};
use crate::independent::{has_effect, independent, own_locals};
use crate::loop_order::launches;
use crate::vectorize::{VarSet, before_stmt, live_at_header, live_at_iteration};
use parfuse_ir::loops::walk::{self, blocks_mut};
use parfuse_ir::loops::{Block, Event, Loops, Nest, Note, Parfor, Source, Stmt, Value};
use std::collections::HashMap;

const PASS: &str = "lane_loops";

/// A loop that is known to be shorter fills no register.
const LEAST: u64 = 8;

/// Deeper loops are not looked at: each is looked at once for each loop around it.
const MOST_DEPTH: u32 = 6;

/// Makes serial loops inside scalar code loops in lanes where their iterations do not meet.
pub fn lane_loops(loops: &mut Loops) -> Changed {
    let serial = |stmt: &Stmt| matches!(stmt, Stmt::For { body, .. } if has_effect(body));
    if !walk::statements(&loops.body).any(serial) {
        return Changed::No;
    }
    let mut body = std::mem::take(&mut loops.body);
    let mut search = Search { loops, bounds: Bounds::default(), made: Vec::new() };
    search.block(&mut body, &VarSet::new());
    let made = search.made;
    loops.body = body;
    let changed = !made.is_empty();
    loops.notes.extend(made.into_iter().rev());
    changed.into()
}

struct Search<'a> {
    loops: &'a mut Loops,
    /// What the branches and loops around say.
    bounds: Bounds,
    /// What became of loops, from the last one to the first.
    made: Vec<Note>,
}

impl Search<'_> {
    /// Goes through a block of the driver from its end, given the variables live behind it.
    fn block(&mut self, block: &mut Block, live_after: &VarSet) {
        let mut live = live_after.clone();
        for stmt in block.iter_mut().rev() {
            let before = before_stmt(self.loops, stmt, live.clone());
            self.stmt(stmt, &live);
            live = before;
        }
    }

    fn stmt(&mut self, stmt: &mut Stmt, live_after: &VarSet) {
        let (scope, outside) = (self.bounds.scope(self.loops, stmt), self.bounds.mark());
        match stmt {
            Stmt::Parfor(parfor) => {
                self.bounds.open(self.loops, &scope, 0, outside);
                self.parfor(parfor);
            }
            Stmt::If { then, otherwise, .. } => {
                for (number, side) in [then, otherwise].into_iter().enumerate() {
                    self.bounds.open(self.loops, &scope, number, outside);
                    self.block(side, live_after);
                }
            }
            Stmt::While { header, body, .. } if [&*header, body].iter().any(|block| launch(block)) => {
                let at_header = live_at_header(self.loops, header, body, live_after);
                self.block(body, &at_header);
            }
            Stmt::For { body, until, .. } if launch(body) => {
                let mut live = live_after.clone();
                live.extend(*until);
                let at_iteration = live_at_iteration(self.loops, body, &live);
                self.bounds.open(self.loops, &scope, 0, outside);
                self.block(body, &at_iteration);
            }
            Stmt::While { .. } | Stmt::For { .. } => self.nest(stmt, live_after),
            Stmt::Let(_)
            | Stmt::Set { .. }
            | Stmt::Alloc { .. }
            | Stmt::Move { .. }
            | Stmt::Store { .. }
            | Stmt::Check { .. }
            | Stmt::Nest(_) => {}
        }
        self.bounds.close(&scope, outside);
    }

    /// Makes a nest of a serial loop of the driver, if there are lane loops in it.
    fn nest(&mut self, stmt: &mut Stmt, live_after: &VarSet) {
        let plan = Plan::of(self.loops, &mut self.bounds, std::slice::from_ref(stmt), live_after, 0);
        // What stays scalar is in better hands in the driver: lanes have to be most of it.
        if plan.lanes.is_empty() || plan.cost.saturating_mul(3) > plan.serial.saturating_mul(2) {
            return;
        }
        let (what, value) = match stmt {
            Stmt::While { cond, .. } => ("while", *cond),
            Stmt::For { index, .. } => ("for", *index),
            _ => unreachable!("a serial loop"),
        };
        let sources = vec![Source { what: what.into(), loc: self.loops.values[value].loc }];
        let mut body =
            vec![std::mem::replace(stmt, Stmt::Nest(Nest { body: Block::new(), sources: Vec::new() }))];
        self.replace(&mut body, &mut { plan.lanes });
        *stmt = Stmt::Nest(Nest { body, sources });
    }

    /// Gives a parallel loop lane loops, if these gain more than lanes along its last dimension.
    fn parfor(&mut self, parfor: &mut Parfor) {
        let serial = |stmt: &Stmt| matches!(stmt, Stmt::For { .. });
        let nested = |stmt: &Stmt| matches!(stmt, Stmt::Parfor(_));
        if !walk::statements(&parfor.body).any(serial) || walk::statements(&parfor.body).any(nested) {
            return;
        }
        let locals = parfor.reductions.iter().flat_map(|reduction| &reduction.locals).copied().collect();
        let plan = Plan::of(self.loops, &mut self.bounds, &parfor.body, &locals, 0);
        if !plan.lanes.is_empty() && plan.cost < per_element(self.loops, parfor).0 {
            self.replace(&mut parfor.body, &mut { plan.lanes });
        }
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
            } else {
                blocks_mut(stmt).for_each(|inner| self.replace(inner, lanes));
            }
        }
    }
}

/// Whether a block makes or exchanges arrays, or is in part a region already.
fn launch(block: &[Stmt]) -> bool {
    walk::statements(block).any(launches)
}

/// Which loops of a block are to run in lanes.
#[derive(Default)]
struct Plan {
    /// What the block then takes.
    cost: u64,
    /// What it takes without lanes.
    serial: u64,
    /// The lane loops, by the indices of the serial ones.
    lanes: HashMap<Value, Parfor>,
}

impl Plan {
    /// The best plan for a block, given the variables live behind it.
    fn of(loops: &Loops, bounds: &mut Bounds, block: &[Stmt], live_after: &VarSet, depth: u32) -> Plan {
        let mut plan = Plan::default();
        let mut live = live_after.clone();
        for stmt in block.iter().rev() {
            let own = alone(loops, stmt);
            plan.add(1, Plan { cost: own, serial: own, lanes: HashMap::new() });
            let (scope, outside) = (bounds.scope(loops, stmt), bounds.mark());
            match stmt {
                Stmt::If { then, otherwise, .. } => {
                    bounds.open(loops, &scope, 0, outside);
                    let mut sides = Plan::of(loops, bounds, then, &live, depth);
                    bounds.open(loops, &scope, 1, outside);
                    sides.add(1, Plan::of(loops, bounds, otherwise, &live, depth));
                    sides.cost /= 2;
                    sides.serial /= 2;
                    plan.add(1, sides);
                }
                Stmt::While { header, body, .. } => {
                    let at_header = live_at_header(loops, header, body, &live);
                    plan.add(TRIPS_OF_WHILE, Plan::of(loops, bounds, body, &at_header, depth + 1));
                    // What the header computes stays as it is.
                    let header = Plan::of(loops, bounds, header, &VarSet::new(), depth + 1);
                    plan.add(TRIPS_OF_WHILE, Plan { lanes: HashMap::new(), ..header });
                }
                Stmt::For { extent, until, body, .. } => {
                    let mut after = live.clone();
                    after.extend(*until);
                    let at_iteration = live_at_iteration(loops, body, &after);
                    bounds.open(loops, &scope, 0, outside);
                    let mut inside = Plan::default();
                    inside
                        .add(trips(loops, *extent), Plan::of(loops, bounds, body, &at_iteration, depth + 1));
                    bounds.close(&scope, outside);
                    plan.add(1, Plan::in_lanes(loops, bounds, stmt, &live, &inside, depth).unwrap_or(inside));
                }
                _ => {}
            }
            bounds.close(&scope, outside);
            live = before_stmt(loops, stmt, live);
        }
        plan
    }

    fn add(&mut self, times: u64, other: Plan) {
        self.cost = self.cost.saturating_add(other.cost.saturating_mul(times));
        self.serial = self.serial.saturating_add(other.serial.saturating_mul(times));
        self.lanes.extend(other.lanes);
    }

    /// The plan that a serial loop runs in lanes itself, if it can and that takes less.
    fn in_lanes(
        loops: &Loops,
        bounds: &mut Bounds,
        stmt: &Stmt,
        live_after: &VarSet,
        inside: &Plan,
        depth: u32,
    ) -> Option<Plan> {
        let Stmt::For { index, extent, body, .. } = stmt else { return None };
        if depth > MOST_DEPTH || trips(loops, *extent) < LEAST || !has_effect(body) {
            return None;
        }
        let parfor = independent(loops, bounds, stmt, live_after).ok()?;
        let cost = of_lane_loop(loops, *extent, per_element(loops, &parfor).0);
        let serial = inside.serial;
        (cost < inside.cost).then(|| Plan { cost, serial, lanes: HashMap::from([(*index, parfor)]) })
    }
}

/// How often a `while` is taken to run.
const TRIPS_OF_WHILE: u64 = 16;

#[cfg(test)]
mod tests;
