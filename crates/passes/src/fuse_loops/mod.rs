//! Makes neighbouring parallel loops over one index space a single loop.
//!
//! ```text
//! parfor v1 in v0 {                      alloc b2[v0]
//!   store b1[v1], v2                     parfor v1 in v0 {
//! }                                        store b1[v1], v2
//! alloc b2[v0]                    ⇒        v4: f64 = load b1[v1]
//! parfor v3 in v0 {                        store b2[v1], v4
//!   v4: f64 = load b1[v3]                }
//!   store b2[v3], v4
//! }
//! ```
//!
//! The second loop moves up to the first. What it needs of the statements between goes in front of the first
//! loop, the rest stays behind. Fusing reorders iterations of the second before later ones of the first, so
//! an array that one writes and the other touches must be touched by both at the iteration's own element;
//! and the fault reported must stay the same, so at most one of the two may check inside.
//! Spaces are equal if their extents are the same values: value numbering has made lengths one that a
//! check found equal. What was refused is noted with the reason.

mod head;
#[cfg(test)]
mod tests;

use crate::Changed;
use crate::effects::Effects;
use crate::hash::FastMap;
use crate::renames::Renames;
use crate::zero_fills::filled_with_zeros;
use head::{Head, accesses};
use parfuse_ir::Loc;
use parfuse_ir::grid::Grain;
use parfuse_ir::loops::walk::blocks_mut;
use parfuse_ir::loops::{Block, Event, FusionRefusal, Loops, Note, Parfor, Reduction, Stmt, Target};
use parfuse_ir::{Combine, ReduceOp};
use std::cell::Cell;

const PASS: &str = "fuse_loops";

/// How many statements are looked at in vain in a block, before loops are only fused with the next.
const PATIENCE: usize = 1 << 24;

/// Fuses parallel loops of the same block wherever that changes no result.
pub fn fuse_loops(loops: &mut Loops) -> Changed {
    fuse(loops).0
}

/// Also returns how many pairs of loops, and statements between, were looked at.
fn fuse(loops: &mut Loops) -> (Changed, usize) {
    // What was refused earlier may work now.
    loops.notes.retain(|note| !matches!(note.event, Event::NotFused(_)));
    let mut body = std::mem::take(&mut loops.body);
    let renames = Renames::new(loops);
    let mut fusion = Fusion { loops, renames, refused: Vec::new(), changed: false, work: Cell::new(0) };
    fusion.block(&mut body);
    let Fusion { refused, changed, work, .. } = fusion;
    let mut known: FastMap<Note, ()> = FastMap::default();
    for note in refused {
        if known.insert(note.clone(), ()).is_none() {
            loops.notes.push(note);
        }
    }
    loops.body = body;
    (changed.into(), work.get())
}

struct Fusion<'a> {
    loops: &'a mut Loops,
    /// The indices of loops that are gone.
    renames: Renames,
    refused: Vec<Note>,
    changed: bool,
    work: Cell<usize>,
}

/// What of a block stands behind the loop that others are fused into. Positions stay what they were.
struct Rest {
    stmts: Vec<Option<Stmt>>,
    /// The effects of statements that somebody has asked for.
    effects: Vec<Option<Effects>>,
    /// By the position of a parallel loop: those of the loops before and behind it.
    neighbours: Vec<(usize, usize)>,
    /// How many statements may yet be looked at in vain.
    patience: usize,
}

/// Statements that a loop has been moved past, so that the next need not look at each.
struct Passed {
    effects: Effects,
    /// Up to where they stand.
    end: usize,
}

impl Rest {
    fn new(block: Block) -> Rest {
        let end = block.len();
        let mut neighbours = vec![(end, end); end];
        let mut last = end;
        for (position, _) in block.iter().enumerate().filter(|(_, stmt)| matches!(stmt, Stmt::Parfor(_))) {
            neighbours[position].0 = last;
            if last < end {
                neighbours[last].1 = position;
            }
            last = position;
        }
        let effects = block.iter().map(|_| None).collect();
        Rest { stmts: block.into_iter().map(Some).collect(), effects, neighbours, patience: PATIENCE }
    }

    /// Makes sure that the effects of statements are known.
    fn look_at(&mut self, loops: &Loops, positions: std::ops::Range<usize>) {
        for position in positions {
            if let (Some(stmt), None) = (&self.stmts[position], &self.effects[position]) {
                self.effects[position] = Some(Effects::of(loops, stmt));
            }
        }
    }

    /// The same for a statement that is a parallel loop.
    fn look_at_loop(&mut self, loops: &Loops, position: usize) {
        if let Some(Stmt::Parfor(_)) = self.stmts[position] {
            self.look_at(loops, position..position + 1);
        }
    }

    fn is_left(&self, position: usize) -> bool {
        self.stmts[position].is_some()
    }

    fn effects(&self, position: usize) -> &Effects {
        self.effects[position].as_ref().expect("it has been looked at")
    }

    fn parfor(&self, position: usize) -> &Parfor {
        let Some(Stmt::Parfor(parfor)) = &self.stmts[position] else { unreachable!("a parallel loop") };
        parfor
    }

    /// The parallel loop behind another.
    fn behind(&self, position: usize) -> Option<usize> {
        Some(self.neighbours[position].1).filter(|next| *next < self.stmts.len())
    }

    fn remove(&mut self, position: usize) -> Stmt {
        let stmt = self.stmts[position].take().expect("it is still there");
        if let Stmt::Parfor(_) = stmt {
            let (before, behind) = self.neighbours[position];
            if before < self.stmts.len() {
                self.neighbours[before].1 = behind;
            }
            if behind < self.stmts.len() {
                self.neighbours[behind].0 = before;
            }
        }
        stmt
    }
}

impl Fusion<'_> {
    fn block(&mut self, block: &mut Block) {
        for stmt in block.iter_mut().filter(|stmt| !matches!(stmt, Stmt::Parfor(_))) {
            blocks_mut(stmt).for_each(|inner| self.block(inner));
        }
        if block.iter().filter(|stmt| matches!(stmt, Stmt::Parfor(_))).count() < 2 {
            return;
        }
        let mut rest = Rest::new(std::mem::take(block));
        for position in 0..rest.stmts.len() {
            rest.look_at_loop(self.loops, position);
            match rest.stmts[position].take() {
                Some(Stmt::Parfor(parfor)) => {
                    let fused = self.fuse_into(parfor, position, &mut rest, block);
                    block.push(Stmt::Parfor(fused));
                }
                Some(stmt) => block.push(stmt),
                None => {}
            }
        }
    }

    fn count(&self, work: usize) {
        self.work.set(self.work.get() + work);
    }

    /// Fuses all that it can of the rest of the block into a loop that stands at `position`. What must be in front of
    /// it goes to `out`.
    fn fuse_into(&mut self, mut a: Parfor, position: usize, rest: &mut Rest, out: &mut Block) -> Parfor {
        let effects = rest.effects[position].take().expect("it has been looked at");
        let mut head = Head::new(self.loops, &a, effects, position);
        let mut passed = Passed { effects: Effects::default(), end: position };
        let (mut before, mut neighbour) = (position, true);
        while let Some(second) = rest.behind(before)
            && (neighbour || rest.patience > 0)
        {
            self.count(1);
            rest.look_at(self.loops, second..second + 1);
            if self.is_worthwhile(&a, &head.effects, rest.parfor(second), rest.effects(second)) {
                match self.plan(&a, &head, rest, &passed, second) {
                    Ok(needed) => {
                        if let Some((fill, needed)) =
                            self.fill_between(&a, &head, rest, &passed, second, &needed)
                        {
                            out.extend(needed.into_iter().map(|position| rest.remove(position)));
                            self.fuse(&mut a, &mut head, rest, fill);
                            (before, neighbour) = (position, true);
                            continue;
                        }
                        out.extend(needed.into_iter().map(|position| rest.remove(position)));
                        self.fuse(&mut a, &mut head, rest, second);
                        for between in (passed.end + 1..second).filter(|at| rest.is_left(*at)) {
                            passed.effects.append(rest.effects(between));
                        }
                        passed.end = passed.end.max(second);
                        (before, neighbour) = (position, true);
                        continue;
                    }
                    Err(reason) if neighbour => {
                        let locs = places(&a, rest.parfor(second));
                        self.refused.push(Note { pass: PASS, event: Event::NotFused(reason), locs });
                    }
                    Err(_) => {}
                }
                neighbour = false;
            } else {
                rest.patience = rest.patience.saturating_sub(8);
                neighbour &= rest.patience > 0;
            }
            before = second;
        }
        a
    }

    /// A loop that only fills an array with zeros costs nothing by itself, see [`crate::zero_fills`], but
    /// would as part of a loop that has nothing to do with the array.
    fn is_worthwhile(&self, a: &Parfor, of_a: &Effects, b: &Parfor, of_b: &Effects) -> bool {
        let apart = |fill: &Parfor, other: &Effects| {
            filled_with_zeros(self.loops, fill).is_some_and(|buffer| !other.accesses(buffer))
        };
        !apart(a, of_b) && !apart(b, of_a)
    }

    /// A loop that fills an array of the second loop with zeros, and could be fused into the head before that is, with what
    /// must then move in front. It was not worthwhile as long as the head had nothing to do with the array.
    fn fill_between(
        &self,
        a: &Parfor,
        head: &Head,
        rest: &mut Rest,
        passed: &Passed,
        second: usize,
        needed: &[usize],
    ) -> Option<(usize, Vec<usize>)> {
        needed.iter().find_map(|at| {
            let Some(Stmt::Parfor(fill)) = &rest.stmts[*at] else { return None };
            let buffer = filled_with_zeros(self.loops, fill)?;
            let concerns_it = rest.effects(second).accesses(buffer);
            let needed = concerns_it.then(|| self.plan(a, head, rest, passed, *at))?;
            Some((*at, needed.ok()?))
        })
    }

    /// Whether a loop of the rest can be fused into the head. If so, returns which of the statements between must then
    /// move in front.
    fn plan(
        &self,
        a: &Parfor,
        head: &Head,
        rest: &mut Rest,
        passed: &Passed,
        second: usize,
    ) -> Result<Vec<usize>, FusionRefusal> {
        rest.patience = rest.patience.saturating_sub(1);
        if a.extents != rest.parfor(second).extents {
            return Err(FusionRefusal::DifferentSpaces);
        }
        self.check_variables(a, head, rest.parfor(second), rest.effects(second))?;
        rest.look_at(self.loops, passed.end + 1..second);
        let needed = self.needed(a, head, rest, passed, second);
        let possible = needed.and_then(|needed| {
            let (b, of_second) = (rest.parfor(second), rest.effects(second));
            self.check_blocks(a, b, (head.effects.checks, of_second.checks))?;
            self.check_arrays(a, head, b, of_second)?;
            if head.effects.checks && of_second.checks {
                return Err(FusionRefusal::Faults);
            }
            Ok(needed)
        });
        if possible.is_err() {
            rest.patience = rest.patience.saturating_sub(second.saturating_sub(passed.end));
        }
        possible
    }

    fn check_variables(
        &self,
        a: &Parfor,
        head: &Head,
        b: &Parfor,
        second: &Effects,
    ) -> Result<(), FusionRefusal> {
        let first = &head.effects;
        let named = |reduction| FusionRefusal::UsesReduction { variable: target_name(self.loops, reduction) };
        let touched = second.vars_read.iter().chain(second.changes.vars_set.iter());
        if let Some(reduction) = touched.filter_map(|var| head.reduced.get(var)).min() {
            return Err(named(&a.reductions[*reduction]));
        }
        for reduction in &b.reductions {
            for var in reduction.target_vars().chain(reduction.locals.iter().copied()) {
                if first.vars_read.contains(&var) || first.changes.vars_set.contains(&var) {
                    return Err(named(reduction));
                }
            }
        }
        for (reductions, other) in [(&a.reductions, second), (&b.reductions, first)] {
            let used =
                |reduction: &&Reduction| reduction.target_buffers().any(|buffer| other.accesses(buffer));
            if let Some(reduction) = reductions.iter().find(used) {
                return Err(named(reduction));
            }
        }
        // A variable that both set is private to the iterations of both; one that only one of them sets must
        // not be live in the other.
        let live_in_second =
            |var| first.changes.vars_set.contains(var) && !second.changes.vars_set.contains(var);
        let live_in_first = |var| first.vars_read.contains(var) && !first.changes.vars_set.contains(var);
        if second.vars_read.iter().any(live_in_second) || second.changes.vars_set.iter().any(live_in_first) {
            return Err(FusionRefusal::StatementBetween);
        }
        Ok(())
    }

    /// The statements between the loops that the second loop needs, or that those need.
    fn needed(
        &self,
        a: &Parfor,
        head: &Head,
        rest: &Rest,
        passed: &Passed,
        second: usize,
    ) -> Result<Vec<usize>, FusionRefusal> {
        let mut needed: Vec<usize> = Vec::new();
        let near = (passed.end + 1).min(second);
        self.add_needed(a, head, rest, near..second, second, &mut needed)?;
        let must_precede = |at: &usize| passed.effects.must_precede(rest.effects(*at));
        if must_precede(&second) || needed.iter().any(must_precede) {
            self.add_needed(a, head, rest, head.position + 1..near, second, &mut needed)?;
        }
        needed.reverse();
        Ok(needed)
    }

    /// Adds those of some statements that are needed, from the last to the first.
    fn add_needed(
        &self,
        a: &Parfor,
        head: &Head,
        rest: &Rest,
        between: std::ops::Range<usize>,
        second: usize,
        needed: &mut Vec<usize>,
    ) -> Result<(), FusionRefusal> {
        self.count(between.len());
        for position in between.rev().filter(|position| rest.is_left(*position)) {
            let effects = rest.effects(position);
            let needs = |at: &usize| effects.must_precede(rest.effects(*at));
            if !needs(&second) && !needed.iter().any(needs) {
                continue;
            }
            if head.effects.must_precede(effects) {
                let read = effects.vars_read.iter().filter_map(|var| head.targets.get(var)).min();
                return Err(read.map_or(FusionRefusal::StatementBetween, |reduction| {
                    let variable = target_name(self.loops, &a.reductions[*reduction]);
                    FusionRefusal::UsesReduction { variable }
                }));
            }
            needed.push(position);
        }
        Ok(())
    }

    /// A loop with serial loops inside is cut into smaller blocks than one without, which a sum of floats
    /// would show.
    fn check_blocks(&self, a: &Parfor, b: &Parfor, checks: (bool, bool)) -> Result<(), FusionRefusal> {
        let shows_order = |parfor: &Parfor| {
            parfor.reductions.iter().any(|reduction| {
                let exact =
                    matches!(reduction.combine, Combine::Op(ReduceOp::And | ReduceOp::Or | ReduceOp::Xor));
                !exact && reduction.locals.iter().any(|local| self.loops.vars[*local].dtype.is_float())
            })
        };
        let axes = |parfor: &Parfor| -> Vec<Option<usize>> {
            parfor.reductions.iter().map(|reduction| reduction.axis(&parfor.indices)).collect()
        };
        let (of_a, of_b) = (axes(a), axes(b));
        if let (Some(first), Some(other)) =
            (of_a.first(), of_b.iter().find(|axis| Some(*axis) != of_a.first()))
        {
            // One walks along another axis, or sums up all.
            debug_assert_ne!(first, other);
            return Err(FusionRefusal::DifferentBlocks);
        }
        // A loop with totals along an axis, or of several words, becomes a nest of loops that takes the elements in
        // another order, in which a check would not be the first to fail.
        let (checks_a, checks_b) = checks;
        let nests =
            |parfor: &Parfor| parfor.reductions.iter().any(|reduction| reduction.as_simple().is_none());
        if nests(a) && checks_b || nests(b) && checks_a {
            return Err(FusionRefusal::Faults);
        }
        let same_blocks = a.grain == b.grain;
        if same_blocks || !(shows_order(a) || shows_order(b)) {
            Ok(())
        } else {
            Err(FusionRefusal::DifferentBlocks)
        }
    }

    fn check_arrays(
        &self,
        a: &Parfor,
        head: &Head,
        b: &Parfor,
        second: &Effects,
    ) -> Result<(), FusionRefusal> {
        let first = &head.effects;
        let touched = second.loaded.iter().chain(second.changes.stored.iter());
        let mut shared: Vec<_> =
            touched.filter_map(|buffer| Some((first.changes.stored.position(buffer)?, *buffer))).collect();
        shared.sort_unstable();
        let written_by_first = shared.into_iter().map(|(_, buffer)| buffer);
        let written_by_second =
            second.changes.stored.iter().copied().filter(|buffer| first.loaded.contains(buffer));
        let mut in_second = None;
        for buffer in written_by_first.chain(written_by_second) {
            let in_second = in_second.get_or_insert_with(|| accesses(self.loops, &b.body));
            if !head.stays_apart(self.loops, a, b, buffer, &in_second[&buffer]) {
                let array = self.loops.buffers[buffer].name.clone();
                return Err(FusionRefusal::CrossIteration { array });
            }
        }
        Ok(())
    }

    /// Makes a loop of the rest part of the head.
    fn fuse(&mut self, a: &mut Parfor, head: &mut Head, rest: &mut Rest, second: usize) {
        let Stmt::Parfor(mut b) = rest.remove(second) else { unreachable!("a parallel loop") };
        let of_second = rest.effects[second].take().expect("it has been looked at");
        for (ours, theirs) in a.indices.iter().zip(&b.indices) {
            self.renames.set(*theirs, *ours);
        }
        self.renames.block(self.loops, &mut b.body);
        for reduction in &mut b.reductions {
            if let Target::Elements { index, .. } = &mut reduction.into {
                index.iter_mut().for_each(|index| *index = self.renames.get(*index));
            }
        }
        let locs = places(a, &b);
        head.take_in(self.loops, a, &b, of_second);
        a.body.append(&mut b.body);
        a.reductions.append(&mut b.reductions);
        a.sources.append(&mut b.sources);
        if b.grain == Grain::Coarse {
            a.grain = Grain::Coarse;
        }
        a.elements |= b.elements;
        self.loops.notes.push(Note { pass: PASS, event: Event::Fused, locs });
        self.changed = true;
    }
}

/// What the user calls what a reduction goes to.
fn target_name(loops: &Loops, reduction: &Reduction) -> String {
    let vars = reduction.target_vars().map(|var| loops.vars[var].name.clone());
    let mut names = vars.chain(reduction.target_buffers().map(|buffer| loops.buffers[buffer].name.clone()));
    names.next().unwrap_or_default()
}

fn places(a: &Parfor, b: &Parfor) -> Vec<Loc> {
    a.sources.iter().chain(&b.sources).map(|source| source.loc).take(Note::MAX_PLACES).collect()
}
