//! Makes plain loops parallel whose iterations do not meet, where lanes are faster than one iteration after the other.
//!
//! ```text
//! for v1 in v0 {                             parfor v1 in v0 { reduce sum x1 into x0
//!   v2: f64 = load b0[v1]                      v2: f64 = load b0[v1]
//!   v3: f64 = mul v2, 2.0f64                   v3: f64 = mul v2, 2.0f64
//!   store b1[v1], v3                    ⇒      store b1[v1], v3
//!   v4: i64 = x0                               v4: i64 = x1
//!   v5: i64 = add v4, 1i64                     v5: i64 = add v4, 1i64
//!   x0 = v5                                    x1 = v5
//! }                                          }
//! ```
//!
//! That is right if no iteration touches an element that another writes, which is shown as for loops that the user calls
//! parallel ([`crate::check_parallel`]), and if each variable that the loop sets is of one of two kinds: set by each
//! iteration before it is read, and not read behind the loop; or of integers or truth values, and combined by one
//! operator alone, which gives the same in any order. A sum of floats does not. Nor does a loop become parallel in which
//! checks are left, for the first that fails must be the one that is reported; [`crate::hoist_checks`] has taken out those
//! that it could.
//!
//! Where a loop itself is not parallel but the one inside is, they change places if nothing stands in the way
//! ([`crate::loop_order`]). Loops in loops are launched again and again: they have to be nests themselves, or stand beside
//! launches, for that to be worth it. What lanes are good for, [`crate::element_cost`] estimates.

#[cfg(test)]
mod tests;

use crate::Changed;
use crate::bounds::Bounds;
use crate::independent::{has_effect, independent, own_locals};
use crate::lane_loops::lanes_pay;
use crate::loop_order::{MOST_LEVELS, launches, moved_out};
use crate::promote_loops::with_dimensions;
use crate::vectorize::{VarSet, before_stmt, live_at_header, live_at_iteration};
use parfuse_ir::loops::{Block, Event, Loops, Note, Parfor, SerialReason, Stmt, walk};

const PASS: &str = "parallelize_loops";

/// Makes plain loops parallel whose iterations do not meet and do better in lanes.
pub fn parallelize_loops(loops: &mut Loops) -> Changed {
    // What was refused earlier may work now.
    loops.notes.retain(|note| !matches!(note.event, Event::StaysSerial(_)));
    if !walk::statements(&loops.body).any(|stmt| matches!(stmt, Stmt::For { .. })) {
        return Changed::No;
    }
    let mut body = std::mem::take(&mut loops.body);
    let bounds = Bounds::default();
    let mut search = Search { loops, bounds, made: Vec::new(), refused: Vec::new() };
    search.block(&mut body, &VarSet::new(), None);
    let Search { made, refused, .. } = search;
    loops.body = body;
    let changed = !made.is_empty();
    loops.notes.extend(made.into_iter().rev().chain(refused.into_iter().rev()));
    changed.into()
}

/// What stands around a loop of the driver.
#[derive(Clone, Copy)]
struct Around {
    /// Whether the loop around launches regions, or makes or exchanges arrays, in any case: it is no nest then.
    launches: bool,
}

struct Search<'a> {
    loops: &'a mut Loops,
    /// What the branches and loops around say.
    bounds: Bounds,
    /// What became of loops, from the last one to the first.
    made: Vec<Note>,
    /// Why others stay, from the last one to the first.
    refused: Vec<Note>,
}

impl Search<'_> {
    /// Goes through a block from its end, given the variables live behind it.
    fn block(&mut self, block: &mut Block, live_after: &VarSet, around: Option<Around>) {
        self.bounds.foresee(self.loops, block);
        let mut live = live_after.clone();
        for stmt in block.iter_mut().rev() {
            let before = before_stmt(self.loops, stmt, live.clone());
            self.stmt(stmt, &live, around);
            live = before;
        }
    }

    fn stmt(&mut self, stmt: &mut Stmt, live_after: &VarSet, around: Option<Around>) {
        let (scope, outside) = (self.bounds.scope(self.loops, stmt), self.bounds.mark());
        match stmt {
            Stmt::Let(_)
            | Stmt::Set { .. }
            | Stmt::Alloc { .. }
            | Stmt::Move { .. }
            | Stmt::Resize { .. }
            | Stmt::Store { .. }
            | Stmt::Call(_)
            | Stmt::Check { .. }
            | Stmt::Parfor(_)
            | Stmt::Nest(_) => {}
            Stmt::If { then, otherwise, .. } => {
                for (number, side) in [then, otherwise].into_iter().enumerate() {
                    self.bounds.open(self.loops, &scope, number, outside);
                    self.block(side, live_after, around);
                }
            }
            Stmt::While { header, body, .. } => {
                let at_header = live_at_header(self.loops, header, body, live_after);
                let around = Some(inside(&[header, body]));
                self.block(body, &at_header, around);
            }
            Stmt::For { index, body, .. } if has_effect(body) => {
                let index = *index;
                match self.parallel(stmt, live_after, around) {
                    Ok(parfor) => {
                        *stmt = Stmt::Parfor(parfor);
                    }
                    Err(reason) => {
                        let Stmt::For { body, until, .. } = stmt else {
                            unreachable!("the loop is the same")
                        };
                        let mut live = live_after.clone();
                        live.extend(*until);
                        let at_iteration = live_at_iteration(self.loops, body, &live);
                        let around = Some(inside(&[body]));
                        self.bounds.open(self.loops, &scope, 0, outside);
                        self.block(body, &at_iteration, around);
                        let locs = vec![self.loops.values[index].loc];
                        self.refused.push(Note { pass: PASS, event: Event::StaysSerial(reason), locs });
                    }
                }
            }
            Stmt::For { .. } => {}
        }
        self.bounds.close(&scope, outside);
    }

    /// The parallel loop that a plain one becomes.
    fn parallel(
        &mut self,
        nest: &Stmt,
        live_after: &VarSet,
        around: Option<Around>,
    ) -> Result<Parfor, SerialReason> {
        // A loop inside is only looked at where this one cannot be parallel itself.
        let mut candidates = vec![independent(self.loops, &mut self.bounds, nest, live_after, false)];
        let possible = |reason: &SerialReason| {
            matches!(reason, SerialReason::Carried { .. } | SerialReason::CrossIteration { .. })
        };
        if candidates[0].as_ref().is_err_and(possible) {
            let outside = (1..=MOST_LEVELS)
                .map_while(|levels| moved_out(self.loops, nest, levels, &VarSet::new()))
                .map(|outside| independent(self.loops, &mut self.bounds, &outside, live_after, false));
            candidates.extend(outside);
        }
        let mut dear = None;
        let mut reason = None;
        for (levels, candidate) in candidates.into_iter().enumerate() {
            match candidate {
                Ok(parfor) if !is_worth_a_launch(&parfor, around) => dear = Some(SerialReason::Small),
                Ok(parfor) if !lanes_pay(self.loops, &mut self.bounds, &dimensions(self.loops, &parfor)) => {
                    dear = Some(SerialReason::Dear);
                }
                Ok(parfor) => return Ok(self.made(nest, parfor, levels > 0)),
                Err(found) => reason = reason.or(Some(found)),
            }
        }
        Err(dear.or(reason).expect("there is a candidate at least"))
    }

    /// Notes what a loop becomes, and gives its reductions variables of the iterations.
    fn made(&mut self, nest: &Stmt, mut parfor: Parfor, exchanged: bool) -> Parfor {
        own_locals(self.loops, &mut parfor);
        let Stmt::For { index, .. } = nest else { unreachable!("a loop") };
        let own = parfor.sources[0].loc;
        let (event, locs) = match exchanged {
            true => (Event::Exchanged, vec![own, self.loops.values[*index].loc]),
            false => (Event::Parallelized, vec![own]),
        };
        self.made.push(Note { pass: PASS, event, locs });
        parfor
    }
}

/// What stands around the statements of these blocks of a loop.
fn inside(blocks: &[&Block]) -> Around {
    Around { launches: blocks.iter().any(|block| walk::statements(block).any(launches)) }
}

/// Whether a loop that runs in other loops is work enough for a launch in each of their iterations.
fn is_worth_a_launch(parfor: &Parfor, around: Option<Around>) -> bool {
    let has_loops = || walk::statements(&parfor.body).any(|stmt| matches!(stmt, Stmt::For { .. }));
    around.is_none_or(|around| around.launches || has_loops())
}

/// The loop with the dimensions that it will have.
pub(crate) fn dimensions(loops: &Loops, parfor: &Parfor) -> Parfor {
    with_dimensions(loops, parfor).unwrap_or_else(|_| parfor.clone())
}
