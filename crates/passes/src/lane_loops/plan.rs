//! What becomes of a parallel loop, and of the serial loops of a block, by what it costs.
//!
//! ```text
//! parfor v1 in n {
//!   x0 = 0.0f64
//!   for v2 in v3 { … }       lanes    along v1, all elements of a register wait for the longest loop
//!   for v4 in m { … }        inside   along v2, v4 or both, where their iterations do not need one another
//!   store b0[v1], …          alone    no lanes at all
//! }
//! ```

use super::{LEAST, MOST_DEPTH};
use crate::bounds::Bounds;
use crate::chains::chain;
use crate::element_cost::{CYCLE, Cost, TRIPS_OF_WHILE, alone, along_any, of_lane_loop, per_element, trips};
use crate::independent::{has_effect, independent};
use crate::vectorize::{VarSet, before_stmt, live_at_header, live_at_iteration};
use parfuse_ir::loops::{Loops, Parfor, Stmt, Value, Ways};
use std::collections::HashMap;

/// What a parallel loop takes in each way, with the loops inside that may have lanes of their own.
pub(super) fn ways(loops: &Loops, bounds: &mut Bounds, parfor: &Parfor) -> (Ways, HashMap<Value, Parfor>) {
    estimated(loops, bounds, parfor, per_element(loops, parfor))
}

/// Whether lanes, along one of its dimensions or in loops inside, are worth it for a parallel loop without checks and
/// sums of floats.
pub(crate) fn lanes_pay(loops: &Loops, bounds: &mut Bounds, parfor: &Parfor) -> bool {
    let cost = along_any(loops, parfor);
    if cost.lanes < cost.alone {
        return true;
    }
    let (ways, _) = estimated(loops, bounds, parfor, cost);
    ways.inside.is_some_and(|inside| inside < cost.alone)
}

fn estimated(
    loops: &Loops,
    bounds: &mut Bounds,
    parfor: &Parfor,
    cost: Cost,
) -> (Ways, HashMap<Value, Parfor>) {
    let locals = parfor.reductions.iter().flat_map(|reduction| &reduction.locals).copied().collect();
    let plan = Plan::of(loops, bounds, &parfor.body, &locals, 0);
    let inside = (!plan.lanes.is_empty()).then_some(plan.cost);
    (Ways { lanes: cost.lanes, inside, alone: cost.alone }, plan.lanes)
}

/// Which loops of a block are to run in lanes.
#[derive(Default)]
pub(crate) struct Plan {
    /// What the block then takes.
    pub(crate) cost: u64,
    /// What it takes without lanes.
    pub(crate) serial: u64,
    /// The lane loops, by the indices of the serial ones.
    pub(crate) lanes: HashMap<Value, Parfor>,
}

impl Plan {
    /// The best plan for a block, given the variables live behind it.
    pub(crate) fn of(
        loops: &Loops,
        bounds: &mut Bounds,
        block: &[Stmt],
        live_after: &VarSet,
        depth: u32,
    ) -> Plan {
        let mut plan = Plan::default();
        bounds.foresee(loops, block);
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
                    let mut each = Plan::of(loops, bounds, body, &at_iteration, depth + 1);
                    each.at_least(chain(loops, body).saturating_mul(CYCLE));
                    let mut inside = Plan::default();
                    inside.add(trips(loops, *extent), each);
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

    /// Iterations that need one another take that long at least.
    fn at_least(&mut self, time: u64) {
        self.cost = self.cost.max(time);
        self.serial = self.serial.max(time);
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
        let parfor = independent(loops, bounds, stmt, live_after, true).ok()?;
        let cost = of_lane_loop(loops, *extent, per_element(loops, &parfor).lanes);
        let serial = inside.serial;
        (cost < inside.cost).then(|| Plan { cost, serial, lanes: HashMap::from([(*index, parfor)]) })
    }
}
