//! Turns temporary arrays into scalars of the loop that makes and uses them.
//!
//! ```text
//! alloc b2[v0]
//! parfor v3 in v0 {                      parfor v3 in v0 {
//!   v4: f64 = sub v1, v2                   v4: f64 = sub v1, v2
//!   store b2[v3], v4            ⇒          set x0, v4
//!   v5: f64 = load b2[v3]                  v5: f64 = x0
//!   v6: f64 = exp v5                       v6: f64 = exp v5
//! ```
//!
//! Value numbering then makes `v5` the value `v4`, and the variable is gone. An array contracts if one loop
//! alone touches its elements, each iteration only one element, storing to it before anything else, and
//! nobody else sees it: it is not returned, moved or measured. (Value numbering has replaced lengths by
//! the values that the array was allocated with.)

use crate::Changed;
use crate::same::Same;
use parfuse_ir::arena::Id;
use parfuse_ir::loops::walk;
use parfuse_ir::loops::{
    Block, Event, Expr, Loops, Note, Origin, Output, Parfor, Reduction, Stmt, Value, Var, VarData,
};

/// Replaces local arrays that each iteration uses one element of by variables.
pub fn contract_arrays(loops: &mut Loops) -> Changed {
    let mut body = std::mem::take(&mut loops.body);
    let seen = everything_seen(loops, &body);
    let contracted = loops.buffers.ids().filter_map(|buffer| match seen[buffer.index()] {
        Seen { alloc: true, barred: false, user: Some(parfor), .. } => {
            let locs = parfor.sources.iter().map(|source| source.loc).take(Note::MAX_PLACES);
            Some((buffer, locs.collect()))
        }
        _ => None,
    });
    let contracted: Vec<(_, Vec<_>)> = contracted.collect();
    let changed = !contracted.is_empty();
    let mut scalars: Vec<Option<Var>> = vec![None; loops.buffers.len()];
    for (buffer, locs) in contracted {
        let (name, dtype) = (loops.buffers[buffer].name.clone(), loops.buffers[buffer].dtype);
        scalars[buffer.index()] = Some(loops.vars.push(VarData { name: name.clone(), dtype }));
        loops.notes.push(Note { pass: "contract_arrays", event: Event::Contracted { array: name }, locs });
    }
    if changed {
        replace(loops, &mut body, &scalars);
    }
    loops.body = body;
    changed.into()
}

/// What the kernel does with a buffer.
#[derive(Clone, Copy, Default)]
struct Seen<'a> {
    alloc: bool,
    /// Returned, moved, measured, or touched outside parallel loops, by several, in other elements than the iteration's
    /// first or before that is stored.
    barred: bool,
    /// The parallel loop that touches its elements.
    user: Option<&'a Parfor>,
    /// The element that an iteration touches.
    element: &'a [Value],
}

/// Where a statement stands.
#[derive(Clone, Copy)]
struct Place<'a> {
    inside: Option<&'a Parfor>,
    /// Whether nothing else stands around it.
    always: bool,
}

impl<'a> Seen<'a> {
    fn touch(&mut self, loops: &Loops, place: Place<'a>, index: &'a [Value], stores: bool) {
        let Some(parfor) = place.inside else {
            self.barred = true;
            return;
        };
        match self.user {
            None => {
                self.user = Some(parfor);
                self.element = index;
                self.barred |= !(stores && place.always);
            }
            Some(user) => {
                self.barred = self.barred
                    || !std::ptr::eq(user, parfor)
                    || !Same::new(loops).tuples(index, self.element);
            }
        }
    }
}

fn everything_seen<'a>(loops: &'a Loops, body: &'a Block) -> Vec<Seen<'a>> {
    let mut seen = vec![Seen::default(); loops.buffers.len()];
    for (buffer, data) in loops.buffers.iter() {
        seen[buffer.index()].barred = data.origin != Origin::Local;
    }
    for output in &loops.results {
        if let Output::Buffer(buffer) = output {
            seen[buffer.index()].barred = true;
        }
    }
    walk::visit_within(body, Place { inside: None, always: true }, |stmt, place| {
        match stmt {
            Stmt::Let(value) => match &loops.values[*value].expr {
                Expr::Load { buffer, index } => seen[buffer.index()].touch(loops, place, index, false),
                Expr::Dim { buffer, .. } => seen[buffer.index()].barred = true,
                _ => {}
            },
            Stmt::Store { buffer, index, .. } => seen[buffer.index()].touch(loops, place, index, true),
            Stmt::Alloc { buffer, .. } => seen[buffer.index()].alloc = true,
            Stmt::Resize { buffer, .. } => seen[buffer.index()].barred = true,
            Stmt::Move { to, from } => {
                seen[to.index()].barred = true;
                seen[from.index()].barred = true;
            }
            Stmt::Call(call) => call.read().for_each(|buffer| seen[buffer.index()].barred = true),
            Stmt::Parfor(parfor) => {
                let filled = parfor.reductions.iter().flat_map(Reduction::target_buffers);
                filled.for_each(|buffer| seen[buffer.index()].barred = true);
            }
            _ => {}
        }
        match stmt {
            Stmt::Parfor(parfor) => Place { inside: Some(parfor), always: true },
            _ => Place { always: false, ..place },
        }
    });
    seen
}

fn replace(loops: &mut Loops, block: &mut Block, scalars: &[Option<Var>]) {
    walk::retain(
        block,
        |stmt| !matches!(stmt, Stmt::Alloc { buffer, .. } if scalars[buffer.index()].is_some()),
    );
    walk::visit_mut(block, |stmt| match stmt {
        Stmt::Store { buffer, value, .. } => {
            if let Some(var) = scalars[buffer.index()] {
                *stmt = Stmt::Set { var, value: *value };
            }
        }
        Stmt::Let(value) => {
            let expr = &mut loops.values[*value].expr;
            if let Expr::Load { buffer, .. } = expr
                && let Some(var) = scalars[buffer.index()]
            {
                *expr = Expr::Var(var);
            }
        }
        _ => {}
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{check, run, unchanged};

    #[test]
    fn a_temporary_of_one_loop_becomes_a_variable() {
        let text = "loops f(n: usize, c: bool, mut b0 r: f64[unit]) {
               buffer b1 t: [f64; 1]
               alloc b1[n]
               parfor v0 in n {
                 source add @2:3
                 v1: f64 = cast v0
                 store b1[v0], v1
                 if c { store b1[v0], 2.0f64 }
                 v2: f64 = load b1[v0]
                 store b0[v0], v2
               }
             }";
        check(
            contract_arrays,
            text,
            "loops f(n: usize, c: bool, mut b0 r: f64[unit]) {
               buffer b1 t: [f64; 1]
               var x0 t: f64
               parfor v0 in n {
                 source add @2:3
                 v1: f64 = cast v0
                 x0 = v1
                 if c { x0 = 2.0f64 }
                 v2: f64 = x0
                 store b0[v0], v2
               }
             }",
        );
        let notes = run(contract_arrays, text).notes;
        assert_eq!(notes.len(), 1);
        assert_eq!(notes[0].event, Event::Contracted { array: "t".into() });
        assert_eq!(notes[0].locs[0].line, 2);
    }

    #[test]
    fn arrays_seen_elsewhere_stay() {
        unchanged(
            contract_arrays,
            "loops f(n: usize, mut b0 r: f64[unit]) {
               buffer b1 returned: [f64; 1]
               buffer b2 measured: [f64; 1]
               buffer b3 shifted: [f64; 1]
               buffer b4 loaded_first: [f64; 1]
               buffer b5 shared: [f64; 1]
               alloc b1[n]
               alloc b2[n]
               alloc b3[n]
               alloc b4[n] zeroed
               alloc b5[n]
               parfor v0 in n {
                 v1: f64 = cast v0
                 v2: usize = rem v0, 4usize
                 store b1[v0], v1
                 store b2[v0], v1
                 store b3[v0], v1
                 v3: f64 = load b3[v2]
                 v4: f64 = load b4[v0]
                 store b4[v0], v3
                 store b5[v0], v4
               }
               v5: usize = dim b2, 0
               parfor v6 in v5 { v7: f64 = load b5[v6] store b0[v6], v7 }
               return b1
             }",
        );
    }
}
