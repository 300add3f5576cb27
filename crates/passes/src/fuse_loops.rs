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

use crate::Changed;
use crate::effects::Effects;
use crate::same::Same;
use crate::walk::{Renames, blocks_mut, visit};
use crate::zero_fills::filled_with_zeros;
use parfuse_ir::grid::Grain;
use parfuse_ir::loops::{Block, Buffer, Event, Expr, FusionRefusal, Loops, Note, Parfor, Stmt, Value};
use parfuse_ir::{Loc, ReduceOp};

const PASS: &str = "fuse_loops";

/// Fuses parallel loops of the same block wherever that changes no result.
pub fn fuse_loops(loops: &mut Loops) -> Changed {
    // What was refused earlier may work now.
    loops.notes.retain(|note| !matches!(note.event, Event::NotFused(_)));
    let mut body = std::mem::take(&mut loops.body);
    let mut fusion = Fusion { loops, refused: Vec::new(), changed: false };
    fusion.block(&mut body);
    let Fusion { refused, changed, .. } = fusion;
    for note in refused {
        if !loops.notes.contains(&note) {
            loops.notes.push(note);
        }
    }
    loops.body = body;
    changed.into()
}

struct Fusion<'a> {
    loops: &'a mut Loops,
    refused: Vec<Note>,
    changed: bool,
}

impl Fusion<'_> {
    fn block(&mut self, block: &mut Block) {
        for stmt in block.iter_mut().filter(|stmt| !matches!(stmt, Stmt::Parfor(_))) {
            blocks_mut(stmt).for_each(|inner| self.block(inner));
        }
        let mut first = 0;
        while first < block.len() {
            first =
                if matches!(block[first], Stmt::Parfor(_)) { self.fuse_into(block, first) } else { first }
                    + 1;
        }
    }

    /// Fuses all that it can of the rest of the block into a loop; answers where the loop then stands.
    fn fuse_into(&mut self, block: &mut Block, mut first: usize) -> usize {
        let mut effects = Effects::of(self.loops, &block[first]);
        let mut neighbour = true;
        let mut second = first + 1;
        while second < block.len() {
            if let (Stmt::Parfor(a), Stmt::Parfor(b)) = (&block[first], &block[second])
                && self.is_worthwhile(a, b)
            {
                match self.plan(&block[first..=second], &effects) {
                    Ok((needed, more)) => {
                        second = self.fuse(block, first, second, &needed);
                        first += needed.len();
                        effects.append(more);
                        neighbour = true;
                        continue;
                    }
                    Err(reason) if neighbour => {
                        let note = Note { pass: PASS, event: Event::NotFused(reason), locs: places(a, b) };
                        self.refused.push(note);
                    }
                    Err(_) => {}
                }
                neighbour = false;
            }
            second += 1;
        }
        first
    }

    /// A loop that only fills an array with zeros costs nothing by itself, see [`crate::zero_fills`], but
    /// would as part of a loop that has nothing to do with the array.
    fn is_worthwhile(&self, a: &Parfor, b: &Parfor) -> bool {
        let apart = |fill: &Parfor, other: &Parfor| {
            filled_with_zeros(self.loops, fill)
                .is_some_and(|(buffer, _)| !Effects::of_block(self.loops, &other.body).accesses(buffer))
        };
        !apart(a, b) && !apart(b, a)
    }

    /// Whether the last of these statements can be fused into the first, both parallel loops. If so, answers
    /// which of those between must then move in front, and the effects of the last.
    fn plan(&self, stmts: &[Stmt], of_first: &Effects) -> Result<(Vec<usize>, Effects), FusionRefusal> {
        let [Stmt::Parfor(a), between @ .., second @ Stmt::Parfor(b)] = stmts else {
            unreachable!("from one parallel loop to another");
        };
        if a.extents != b.extents {
            return Err(FusionRefusal::DifferentSpaces);
        }
        let of_second = Effects::of(self.loops, second);
        self.check_variables(a, b, of_first, &of_second)?;
        let needed = self.needed(a, of_first, between, &of_second)?;
        self.check_blocks(a, b)?;
        self.check_arrays(a, b, of_first, &of_second)?;
        if of_first.checks && of_second.checks {
            return Err(FusionRefusal::Faults);
        }
        Ok((needed, of_second))
    }

    fn check_variables(
        &self,
        a: &Parfor,
        b: &Parfor,
        first: &Effects,
        second: &Effects,
    ) -> Result<(), FusionRefusal> {
        let named = |var| FusionRefusal::UsesReduction { variable: self.loops.vars[var].name.clone() };
        for reduction in &a.reductions {
            for var in [reduction.target, reduction.local] {
                if second.vars_read.contains(&var) || second.vars_set.contains(&var) {
                    return Err(named(reduction.target));
                }
            }
        }
        for reduction in &b.reductions {
            for var in [reduction.target, reduction.local] {
                if first.vars_read.contains(&var) || first.vars_set.contains(&var) {
                    return Err(named(reduction.target));
                }
            }
        }
        // A variable that both set is private to the iterations of both; one that only one of them sets must
        // not be live in the other.
        let private = |one: &Effects, other: &Effects| {
            one.vars_set.iter().all(|var| !other.vars_read.contains(var) || other.vars_set.contains(var))
        };
        if private(first, second) && private(second, first) {
            Ok(())
        } else {
            Err(FusionRefusal::StatementBetween)
        }
    }

    /// The statements between the loops that the second loop needs, or that those need.
    fn needed(
        &self,
        a: &Parfor,
        first: &Effects,
        between: &[Stmt],
        second: &Effects,
    ) -> Result<Vec<usize>, FusionRefusal> {
        let between: Vec<Effects> = between.iter().map(|stmt| Effects::of(self.loops, stmt)).collect();
        let mut needed: Vec<usize> = Vec::new();
        for (position, effects) in between.iter().enumerate().rev() {
            if effects.must_precede(second) || needed.iter().any(|n| effects.must_precede(&between[*n])) {
                if first.must_precede(effects) {
                    let target =
                        a.reductions.iter().map(|r| r.target).find(|var| effects.vars_read.contains(var));
                    return Err(target.map_or(FusionRefusal::StatementBetween, |var| {
                        FusionRefusal::UsesReduction { variable: self.loops.vars[var].name.clone() }
                    }));
                }
                needed.push(position);
            }
        }
        needed.reverse();
        Ok(needed)
    }

    /// A loop with serial loops inside is cut into smaller blocks than one without, which a sum of floats
    /// would show.
    fn check_blocks(&self, a: &Parfor, b: &Parfor) -> Result<(), FusionRefusal> {
        let shows_order = |parfor: &Parfor| {
            parfor.reductions.iter().any(|reduction| {
                let rounds = !matches!(reduction.op, ReduceOp::And | ReduceOp::Or | ReduceOp::Xor);
                rounds && self.loops.vars[reduction.target].dtype.is_float()
            })
        };
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
        b: &Parfor,
        first: &Effects,
        second: &Effects,
    ) -> Result<(), FusionRefusal> {
        let written_by_first = first.stored.iter().filter(|buffer| second.accesses(**buffer));
        let written_by_second = second.stored.iter().filter(|buffer| first.loaded.contains(buffer));
        for buffer in written_by_first.chain(written_by_second) {
            let in_first = accesses(self.loops, &a.body, *buffer);
            let in_second = accesses(self.loops, &b.body, *buffer);
            let same = Same::between(self.loops, &a.indices, &b.indices);
            let element = in_first[0];
            let one_element = in_first.iter().chain(&in_second).all(|index| same.tuples(element, index));
            if !one_element && !own_part(a, b, &in_first, &in_second) {
                let array = self.loops.buffers[*buffer].name.clone();
                return Err(FusionRefusal::CrossIteration { array });
            }
        }
        Ok(())
    }

    /// Carries out a plan; answers the position behind the fused loop.
    fn fuse(&mut self, block: &mut Block, first: usize, second: usize, needed: &[usize]) -> usize {
        let Stmt::Parfor(mut b) = block.remove(second) else { unreachable!("the second loop") };
        let mut moved = Vec::with_capacity(needed.len());
        for (already, position) in needed.iter().enumerate() {
            moved.push(block.remove(first + 1 + position - already));
        }
        let Stmt::Parfor(a) = &mut block[first] else { unreachable!("the first loop") };
        let mut renames = Renames::new(self.loops);
        for (ours, theirs) in a.indices.iter().zip(&b.indices) {
            renames.set(*theirs, *ours);
        }
        renames.block(self.loops, &mut b.body);
        let locs = places(a, &b);
        a.body.append(&mut b.body);
        a.reductions.append(&mut b.reductions);
        a.sources.append(&mut b.sources);
        if b.grain == Grain::Coarse {
            a.grain = Grain::Coarse;
        }
        block.splice(first..first, moved);
        self.loops.notes.push(Note { pass: PASS, event: Event::Fused, locs });
        self.changed = true;
        first + needed.len() + 1
    }
}

/// The index tuples with which a block touches a buffer.
fn accesses<'a>(loops: &'a Loops, block: &'a Block, buffer: Buffer) -> Vec<&'a [Value]> {
    let mut tuples: Vec<&[Value]> = Vec::new();
    visit(block, &mut |stmt| match stmt {
        Stmt::Store { buffer: stored, index, .. } if *stored == buffer => tuples.push(index),
        Stmt::Let(value) => match &loops.values[*value].expr {
            Expr::Load { buffer: loaded, index } if *loaded == buffer => tuples.push(index),
            _ => {}
        },
        _ => {}
    });
    tuples
}

/// Whether each iteration keeps to a part of the array that is its own: every index of the loops stands in
/// all accesses on one and the same axis.
fn own_part(a: &Parfor, b: &Parfor, in_first: &[&[Value]], in_second: &[&[Value]]) -> bool {
    a.indices.iter().zip(&b.indices).all(|(ours, theirs)| {
        (0..in_first[0].len()).any(|axis| {
            in_first.iter().all(|index| index[axis] == *ours)
                && in_second.iter().all(|index| index[axis] == *theirs)
        })
    })
}

fn places(a: &Parfor, b: &Parfor) -> Vec<Loc> {
    a.sources.iter().chain(&b.sources).map(|source| source.loc).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{check, run};

    #[test]
    fn a_loop_joins_the_one_whose_elements_it_reads() {
        check(
            fuse_loops,
            "loops f(n: usize, b0 a: f64[unit]) {
               buffer b1 t: [f64; 1]
               buffer b2 r: [f64; 1]
               alloc b1[n]
               parfor v0 in n { source one @1:1 v1: f64 = load b0[v0] store b1[v0], v1 }
               v2: f64 = cast n
               alloc b2[n]
               parfor v3 in n { source two @2:1 v4: f64 = load b1[v3] v5: f64 = mul v4, v2 store b2[v3], v5 }
               return b1, b2
             }",
            "loops f(n: usize, b0 a: f64[unit]) {
               buffer b1 t: [f64; 1]
               buffer b2 r: [f64; 1]
               alloc b1[n]
               v2: f64 = cast n
               alloc b2[n]
               parfor v0 in n {
                 source one @1:1
                 source two @2:1
                 v1: f64 = load b0[v0]
                 store b1[v0], v1
                 v4: f64 = load b1[v0]
                 v5: f64 = mul v4, v2
                 store b2[v0], v5
               }
               return b1, b2
             }",
        );
    }

    #[test]
    fn loops_fuse_around_one_that_cannot() {
        check(
            fuse_loops,
            "loops f(n: usize, m: usize, mut b0 a: f64[unit], mut b1 b: f64[unit], mut b2 c: f64[unit]) {
               var x0 s: f64
               var x1 l: f64
               x0 = 0.0f64
               parfor v0 in n { store b0[v0], 1.0f64 }
               parfor v1 in m { store b1[v1], 2.0f64 }
               parfor v2 in n { reduce sum x1 into x0 v3: f64 = load b0[v2] x1 = v3 }
               v4: f64 = x0
               store b2[0usize], v4
             }",
            "loops f(n: usize, m: usize, mut b0 a: f64[unit], mut b1 b: f64[unit], mut b2 c: f64[unit]) {
               var x0 s: f64
               var x1 l: f64
               x0 = 0.0f64
               parfor v0 in n { reduce sum x1 into x0 store b0[v0], 1.0f64 v3: f64 = load b0[v0] x1 = v3 }
               parfor v1 in m { store b1[v1], 2.0f64 }
               v4: f64 = x0
               store b2[0usize], v4
             }",
        );
    }

    #[test]
    fn rows_that_both_loops_keep_to_do_not_cross_iterations() {
        let loops = run(
            fuse_loops,
            "loops f(n: usize, mut b0 a: f64[_, unit]) {
               parfor v0 in n { for v1 in 4usize { store b0[v0, v1], 1.0f64 } }
               parfor v2 in n { for v3 in 3usize { v4: f64 = load b0[v2, v3] store b0[v2, 3usize], v4 } }
             }",
        );
        assert_eq!(loops.body.len(), 1);
        assert_eq!(loops.notes[0].event, Event::Fused);
    }

    /// Asserts that two loops stay apart, and why.
    #[track_caller]
    fn refused(first: &str, between: &str, second: &str, reason: FusionRefusal) {
        let text = format!(
            "loops f(n: usize, m: usize, mut b0 a: f64[unit], mut b1 b: f64[unit]) {{
               var x0 s: f64
               var x1 l: f64
               var x2 t: f64
               var x3 k: f64
               x0 = 0.0f64
               x2 = 0.0f64
               parfor v0 in n {{ source one @1:1 {first} }}
               {between}
               parfor {second} }}
               v99: f64 = x0
               store b1[0usize], v99
             }}"
        );
        let loops = run(fuse_loops, &text);
        let events: Vec<Event> = loops.notes.into_iter().map(|note| note.event).collect();
        assert_eq!(events, [Event::NotFused(reason)]);
    }

    #[test]
    fn refusals_say_why() {
        let store = "store b0[v0], 1.0f64";
        refused(store, "", "v1 in m { store b1[v1], 1.0f64", FusionRefusal::DifferentSpaces);
        refused(
            store,
            "",
            "v1 in n { v2: usize = add v1, 1usize v3: f64 = load b0[v2] store b1[v1], v3",
            FusionRefusal::CrossIteration { array: "a".into() },
        );
        refused(
            "v5: usize = add v0, 1usize v6: f64 = load b0[v5] store b1[v0], v6",
            "",
            "v1 in n { store b0[v1], 1.0f64",
            FusionRefusal::CrossIteration { array: "a".into() },
        );
        let sum = "reduce sum x1 into x0 v5: f64 = cast v0 x1 = v5";
        let uses = FusionRefusal::UsesReduction { variable: "s".into() };
        refused(sum, "", "v1 in n { v2: f64 = x0 store b1[v1], v2", uses.clone());
        refused(sum, "v2: f64 = x0", "v1 in n { store b1[v1], v2", uses);
        refused(
            store,
            "v2: f64 = load b0[0usize]",
            "v1 in n { store b1[v1], v2",
            FusionRefusal::StatementBetween,
        );
        let checked = "v5: bool = lt v0, m check v5, index_out_of_range(0) store b0[v0], 1.0f64";
        let also = "v1 in n { v2: bool = lt v1, 7usize check v2, index_out_of_range(0) store b1[v1], 1.0f64";
        refused(checked, "", also, FusionRefusal::Faults);
        let unlike = "v1 in n { reduce sum x3 into x2 for v2 in m { } x3 = 1.0f64";
        refused(store, "", unlike, FusionRefusal::DifferentBlocks);
    }

    #[test]
    fn a_loop_with_checks_fuses_with_one_without() {
        let loops = run(
            fuse_loops,
            "loops f(n: usize, m: usize, mut b0 a: f64[unit], mut b1 b: f64[unit]) {
               parfor v0 in n { v1: bool = lt v0, m check v1, index_out_of_range(0) store b0[v0], 1.0f64 }
               parfor v2 in n { store b1[v2], 2.0f64 }
             }",
        );
        assert_eq!(loops.body.len(), 1);
    }
}
