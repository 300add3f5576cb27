//! Which statements of a loop's body are for iterations to do ahead, what they leave to the others, and what that brings.
//!
//! ```text
//! v2 = load b0[v1]  v3 = exp v2  store b1[v1], v3       first: a store to an element of the iteration's own
//! v4 = x0  v5 = add v4, v3  x0 = v5                     second: x0 goes on; v3 is left, and lies in b1[v1]
//! ```

use super::{AHEAD, ROWS_AHEAD};
use crate::chains::chain;
use crate::element_cost::{CYCLE, Cost, ENTRY, per_element};
use crate::hash::FastSet;
use crate::vectorize::{VarSet, assigned, live_before};
use parfuse_ir::DType;
use parfuse_ir::grid::Grain;
use parfuse_ir::loops::walk;
use parfuse_ir::loops::{Block, Buffer, Expr, Loops, Parfor, Stmt, Value, Var};

/// The most values that the first part leaves to the second.
const MOST_LEFT: usize = 4;

/// What it takes to put a value aside, and to take it again.
const LEFT: Cost = Cost { alone: 4, lanes: 1 };

/// Which statements of a body belong to the second part.
pub(super) struct Sides {
    pub(super) late: Vec<bool>,
    /// The variables that iterations leave to the next one.
    carried: VarSet,
}

impl Sides {
    pub(super) fn of(loops: &Loops, body: &[Stmt], live_after: &VarSet) -> Sides {
        let carried = &live_before(loops, body, live_after) & &assigned(body);
        let draws = |stmt: &Stmt| walk::statements(std::slice::from_ref(stmt)).any(|stmt| draws(loops, stmt));
        Sides { late: body.iter().map(draws).collect(), carried }
    }

    /// Finds what depends on the second part.
    pub(super) fn settle(&mut self, loops: &Loops, body: &[Stmt]) {
        let touches: Vec<Touches> = body.iter().map(|stmt| Touches::of(loops, stmt)).collect();
        loop {
            let depends = |position: usize| {
                let own = &touches[position];
                let late = || {
                    (0..body.len()).filter(|other| self.late[*other]).map(|other| (other, &touches[other]))
                };
                own.reads.iter().chain(&own.sets).any(|var| self.carried.contains(var))
                    || late().any(|(other, late)| {
                        let is_before = other < position;
                        // Truth values are not for arrays.
                        own.decides.is_some_and(|value| late.uses.contains(&value))
                            || !late.defines.is_disjoint(&own.uses)
                            || is_before && !late.sets.is_disjoint(&own.reads)
                            || is_before
                                && own
                                    .sets
                                    .iter()
                                    .any(|var| late.reads.contains(var) || late.sets.contains(var))
                            || !late.stores.is_disjoint(&own.loads)
                            || !own.stores.is_disjoint(&late.loads)
                            || !own.stores.is_disjoint(&late.stores)
                    })
            };
            let found: Vec<usize> =
                (0..body.len()).filter(|position| !self.late[*position] && depends(*position)).collect();
            if found.is_empty() {
                return;
            }
            found.into_iter().for_each(|position| self.late[position] = true);
        }
    }

    pub(super) fn first(&self, body: &[Stmt]) -> Block {
        body.iter().zip(&self.late).filter(|(_, late)| !**late).map(|(stmt, _)| stmt.clone()).collect()
    }

    pub(super) fn second(&self, body: &[Stmt]) -> Block {
        body.iter().zip(&self.late).filter(|(_, late)| **late).map(|(stmt, _)| stmt.clone()).collect()
    }
}

/// Whether a statement has to stay with the iteration that it is of.
pub(super) fn draws(loops: &Loops, stmt: &Stmt) -> bool {
    match stmt {
        Stmt::Let(value) => matches!(loops.values[*value].expr, Expr::Random { .. } | Expr::LinearIndex),
        Stmt::For { until, .. } => until.is_some(),
        _ => false,
    }
}

/// What a statement has to do with others, with the blocks inside it.
#[derive(Default)]
pub(super) struct Touches {
    pub(super) defines: FastSet<Value>,
    /// A truth value that it defines for its block.
    pub(super) decides: Option<Value>,
    pub(super) uses: FastSet<Value>,
    pub(super) reads: VarSet,
    pub(super) sets: VarSet,
    pub(super) loads: FastSet<Buffer>,
    pub(super) stores: FastSet<Buffer>,
}

impl Touches {
    pub(super) fn of(loops: &Loops, stmt: &Stmt) -> Touches {
        let mut own = Touches::default();
        if let Stmt::Let(value) = stmt {
            own.decides = loops.dtype(*value).is_bool().then_some(*value);
        }
        for stmt in walk::statements(std::slice::from_ref(stmt)) {
            walk::defined(stmt, |value| _ = own.defines.insert(value));
            walk::reads(loops, stmt, |value| _ = own.uses.insert(value));
            own.stores.extend(stored(stmt));
            match stmt {
                Stmt::Let(value) => match &loops.values[*value].expr {
                    Expr::Load { buffer, .. } => _ = own.loads.insert(*buffer),
                    Expr::Var(var) => _ = own.reads.insert(*var),
                    _ => {}
                },
                Stmt::Set { var, .. } => _ = own.sets.insert(*var),
                _ => {}
            }
        }
        own
    }
}

/// What the first part of a body leaves to the second.
pub(super) struct Left {
    pub(super) what: What,
    /// Where the first part itself stores it.
    pub(super) stored: Option<(Buffer, Vec<Value>)>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum What {
    Value(Value),
    Var(Var),
}

impl Left {
    pub(super) fn dtype(&self, loops: &Loops) -> DType {
        match self.what {
            What::Value(value) => loops.dtype(value),
            What::Var(var) => loops.vars[var].dtype,
        }
    }

    pub(super) fn needs_array(&self) -> bool {
        self.stored.is_none()
    }
}

/// Which of two parts runs in lanes: the other runs in order.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum InLanes {
    First,
    Second,
}

/// A body in two parts.
pub(super) struct Parts {
    pub(super) in_lanes: InLanes,
    pub(super) first: Block,
    pub(super) second: Block,
    /// What the second part computes again of what the first has computed.
    pub(super) again: Block,
    pub(super) left: Vec<Left>,
}

impl Parts {
    /// What the parts of a body leave to each other, given the variables live behind it.
    pub(super) fn of(
        loops: &Loops,
        in_lanes: InLanes,
        index: Value,
        [first, second]: [Block; 2],
        live_after: &VarSet,
    ) -> Option<Parts> {
        let set = assigned(&first);
        let (mut again, mut left) = (Block::new(), Vec::new());
        let mut known: FastSet<Value> = FastSet::default();
        let wanted = wanted(loops, &first, &second);
        for stmt in &first {
            let Stmt::Let(value) = stmt else { continue };
            let mut knows =
                matches!(loops.values[*value].expr, Expr::Op(..) | Expr::Cast(_) | Expr::Trips { .. });
            walk::reads(loops, stmt, |read| knows &= !defines(&first, read) || known.contains(&read));
            if knows && loops.dtype(*value).is_index() {
                known.insert(*value);
                again.push(stmt.clone());
            } else if wanted.contains(value) {
                left.push(Left { what: What::Value(*value), stored: None });
            }
        }
        let can_find = |at: &Value| *at == index || known.contains(at) || !defines(&first, *at);
        let stores: Vec<Buffer> = walk::statements(&first).filter_map(stored).collect();
        for stmt in &first {
            // Who runs in order may store there again before the others look.
            if let Stmt::Store { buffer, index, value, .. } = stmt
                && in_lanes == InLanes::First
                && stores.iter().filter(|other| *other == buffer).count() == 1
                && index.iter().all(can_find)
                && let Some(own) = left.iter_mut().find(|own| own.what == What::Value(*value))
            {
                own.stored = Some((*buffer, index.clone()));
            }
        }
        let vars = live_before(loops, &second, live_after);
        left.extend(vars.intersection(&set).map(|var| Left { what: What::Var(*var), stored: None }));
        let mut needed = wanted;
        needed.extend(left.iter().filter_map(|own| own.stored.as_ref()).flat_map(|(_, index)| index));
        again.reverse();
        again.retain(|stmt| {
            let Stmt::Let(value) = stmt else { unreachable!("only values are computed again") };
            let is_needed = needed.contains(value);
            if is_needed {
                walk::reads(loops, stmt, |read| _ = needed.insert(read));
            }
            is_needed
        });
        again.reverse();
        let fits = left.len() <= MOST_LEFT && left.iter().all(|left| !left.dtype(loops).is_bool());
        fits.then_some(Parts { in_lanes, first, second, again, left })
    }

    /// How many iterations are computed ahead.
    pub(super) fn ahead(&self) -> usize {
        let in_lanes = match self.in_lanes {
            InLanes::First => &self.first,
            InLanes::Second => &self.second,
        };
        if in_lanes.iter().any(|stmt| matches!(stmt, Stmt::For { .. })) { ROWS_AHEAD } else { AHEAD }
    }

    /// Whether lanes across iterations make it faster by two ninths: the rest may well go on beside it as it is.
    pub(super) fn pay(&self, loops: &Loops, index: Value, body: &[Stmt]) -> bool {
        let cost = |block: &[Stmt]| {
            let parfor = Parfor {
                indices: vec![index],
                extents: vec![index],
                reductions: Vec::new(),
                grain: Grain::Coarse,
                elements: false,
                sources: Vec::new(),
                body: block.to_vec(),
            };
            per_element(loops, &parfor)
        };
        let wait = |block: &[Stmt]| chain(loops, block).saturating_mul(CYCLE);
        let second: Block = self.again.iter().chain(&self.second).cloned().collect();
        let (in_turn, ahead) = match self.in_lanes {
            InLanes::First => (&second, &self.first),
            InLanes::Second => (&self.first, &second),
        };
        let (own, left) = (cost(ahead), self.left.len() as u64);
        let whole = cost(body).alone.max(wait(body));
        let in_lanes = own.lanes.saturating_add(left * LEFT.lanes + ENTRY / self.ahead() as u64);
        let in_order = cost(in_turn).alone.saturating_add(left * LEFT.alone).max(wait(in_turn));
        own.lanes < own.alone
            && (in_lanes.saturating_add(in_order)).saturating_mul(9) < whole.saturating_mul(7)
    }
}

pub(super) fn stored(stmt: &Stmt) -> Option<Buffer> {
    match stmt {
        Stmt::Store { buffer, .. } => Some(*buffer),
        _ => None,
    }
}

/// Whether a block itself defines a value.
fn defines(block: &[Stmt], value: Value) -> bool {
    block.iter().any(|stmt| matches!(stmt, Stmt::Let(own) if *own == value))
}

/// What a block defines and another one reads.
fn wanted(loops: &Loops, first: &[Stmt], second: &[Stmt]) -> FastSet<Value> {
    let mut read: FastSet<Value> = FastSet::default();
    walk::statements(second).for_each(|stmt| walk::reads(loops, stmt, |value| _ = read.insert(value)));
    read.retain(|value| defines(first, *value));
    read
}
