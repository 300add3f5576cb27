//! Exits: `break`, `continue` and early `return`, all of which leave a scope.
//!
//! ```text
//! for i in 0..n { if p { break } … }     t.scope(|exit| for_(0..n, |i| { if_(p, || t.leave(exit, …)) … }))
//! for i in 0..n { if p { continue } … }  for_(0..n, |i| t.scope(|exit| { if_(p, || t.leave(exit, …)) … }))
//! fn f() -> f64 { if p { return x } y }  t.scope(|exit| { if_(p, || t.leave(exit, x, …)); y })
//! ```
//!
//! What a scope gives is what leaves it or, at its end, the value of its closure: variables carry it out. Iterations of a
//! `prange` run in any order, so nothing leaves one.

use crate::branch_values::{Giver, Shape};
use crate::closures;

use crate::errors::{At, Step, mistake};
use crate::records::Items;
use crate::state::{Kind, State};
use crate::{Tracer, Value};
use parfuse_ir::program::{Block, Stmt, Var};

/// More exits than that, and blocks around them, are too many: what follows an exit nests in a branch.
const MOST_EXITS: usize = 256;

/// A scope that [`Tracer::leave`] can leave.
#[derive(Clone, Copy, Debug)]
pub struct Exit(usize);

/// The scopes being traced.
#[derive(Default)]
pub(crate) struct Exits {
    open: Vec<Open>,
    /// Those below stand around the condition of a `while`, which nothing leaves.
    barred: usize,
    /// How many exits there have been.
    taken: usize,
}

struct Open {
    parallel_depth: usize,
    map_depth: usize,
    /// The variables that carry out what it gives, once something leaves it.
    given: Option<Shape>,
    /// Those of them that what was given first did not know of.
    late: Vec<Var>,
}

impl Tracer {
    /// A block that [`leave`](Tracer::leave) ends early: around a loop that is `break`, around the body of a loop
    /// `continue`. It gives what the closure gives or what it was left with.
    #[track_caller]
    pub fn scope<'t>(&'t self, body: impl FnOnce(Exit) -> Value<'t>) -> Value<'t> {
        self.scope_(body, At::caller())
    }

    /// Goes on behind a scope, which gives this value.
    #[track_caller]
    pub fn leave<'t>(&'t self, exit: Exit, value: Value<'t>) -> Value<'t> {
        self.leave_(exit, value, "leaving a scope", At::caller())
    }

    /// See [`loop_`](Tracer::loop_).
    pub(crate) fn trace_loop<'t>(&'t self, body: &mut dyn closures::Block<Exit, ()>, at: At) -> Value<'t> {
        let endless = |exit| {
            let body = || {
                body.run(exit);
            };
            self.while_(|| self.bool_literal(true, at), body, at);
            self.unit()
        };
        self.trace_scope(&mut Some(endless), true, at)
    }

    /// `break`, `continue` or `return`: goes on behind a scope, which gives this value.
    pub fn leave_<'t>(&'t self, exit: Exit, value: Value<'t>, what: &str, at: At) -> Value<'t> {
        let value = self.id(value);
        self.step(at, |state| {
            let Exits { open, barred, taken } = &mut state.exits;
            *taken += 1;
            let outward = open.len().checked_sub(exit.0 + 1);
            let (Some(outward), Some(target)) = (outward, open.get(exit.0)) else {
                return mistake(format!("{what} leads out of nothing here: its scope has ended"));
            };
            if target.map_depth != state.map_depth {
                return mistake(format!("{what} cannot leave the closure of `mapv`: write `if` / `else`"));
            }
            if target.parallel_depth != state.parallel_depth {
                return mistake(parfuse_names::leaves_prange(what));
            }
            if exit.0 < *barred {
                return mistake(format!(
                    "{what} cannot stand in the condition of a `while`: write it in the body"
                ));
            }
            if *taken + state.depth() > MOST_EXITS {
                return mistake(format!(
                    "more than {MOST_EXITS} exits and blocks around them; join conditions with `||`"
                ));
            }
            state.give(exit.0, value, at)?;
            let loc = state.loc(at);
            state.push(Stmt::Leave { outward: outward as u32, loc });
            Ok(Kind::Tuple(Items::default()))
        })
    }

    /// See [`scope_`](Tracer::scope_); the end of an `endless` body is never reached.
    pub(crate) fn trace_scope<'t>(
        &'t self,
        body: &mut dyn closures::Block<Exit, Value<'t>>,
        endless: bool,
        at: At,
    ) -> Value<'t> {
        if let Some(refused) = self.too_deep(at) {
            return refused;
        }
        let (exit, taken) = self.with(|state| {
            let (parallel_depth, map_depth) = (state.parallel_depth, state.map_depth);
            state.open();
            state.exits.open.push(Open { parallel_depth, map_depth, given: None, late: Vec::new() });
            (Exit(state.exits.open.len() - 1), state.exits.taken)
        });
        let value = self.value_of(body, exit);
        let value = self.id(value);
        self.step(at, |state| {
            let is_left = state.exits.open[exit.0].given.is_some();
            let reached = !endless && !state.ends_here();
            let given = if is_left && reached { state.give(exit.0, value, at) } else { Ok(()) };
            let body = state.close();
            let Some(Open { given: carried, late, .. }) = state.exits.open.pop() else {
                return given.map(|()| Kind::Poison);
            };
            given?;
            let Some(shape) = carried else {
                if endless && state.exits.taken > taken {
                    // What leaves it leads further out.
                    state.push(Stmt::Scope { body });
                    return Ok(Kind::Never);
                }
                if endless {
                    return mistake("this `loop` never ends: there is no `break` or `return` in it");
                }
                state.splice(body);
                return Ok(state.kind(value));
            };
            // A loop may be left in any of its iterations, so nothing tells that one is; but one always is.
            state.begin_carriers(&shape, &late, at)?;
            state.push(Stmt::Scope { body });
            state.carried(&shape, at)
        })
    }

    /// Does something from which nothing leads out.
    pub(crate) fn barred<T>(&self, work: impl FnOnce() -> T) -> T {
        let before = self.with(|state| std::mem::replace(&mut state.exits.barred, state.exits.open.len()));
        let result = work();
        self.with(|state| state.exits.barred = before);
        result
    }
}

impl State {
    /// Has the variables of a scope carry out a value.
    fn give(&mut self, scope: usize, value: u32, at: At) -> Step<()> {
        let leaves = self.leaves(value, at)?;
        let given = self.exits.open[scope].given.take();
        let known = given.as_ref().map(Shape::vars);
        let mut shape = match given {
            Some(given) => given,
            None => self.carriers(&leaves, Giver::Exits)?,
        };
        let mut end = Block::new();
        let assigned = self.carry(&leaves, &mut shape, Giver::Exits, &mut end, at);
        if let Some(known) = known {
            let new = shape.vars().into_iter().filter(|var| !known.contains(var));
            self.exits.open[scope].late.extend(new);
        }
        self.exits.open[scope].given = Some(shape);
        end.into_iter().for_each(|stmt| self.push(stmt));
        assigned
    }

    /// Whether the present block never reaches this place.
    pub(crate) fn ends_here(&self) -> bool {
        ends(self.present())
    }
}

/// Whether the end of a block is never reached.
pub(crate) fn ends(block: &Block) -> bool {
    match block.last() {
        Some(Stmt::Leave { .. }) => true,
        Some(Stmt::If { then, otherwise, .. }) => ends(then) && ends(otherwise),
        _ => false,
    }
}
