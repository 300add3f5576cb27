//! What variables hold.
//!
//! ```text
//! x0 = v7                                               x0 is v7
//! while {
//!   v8: usize = x0                                      v8 ≤ v7, as every iteration makes it less, or ends
//!   v9: bool = lt 0, v8
//!   if v9 { … x1 = v10 } else { x1 = false }
//!   v11: bool = x1                                      v11 only if v9 and v10
//! } do {
//!   v12: usize = x0                                     v12 = v8
//!   v13: usize = sub v12, 1usize                        does not wrap: v9 holds
//!   x0 = v13
//! }                                                     x0 ≤ v7
//! ```
//!
//! A variable that a loop only lowers, by constants, is never more than in front of it, if none of the differences wraps;
//! one that it only raises is never less. That is tried: a walk through the loop supposes it, and sees whether it stays so.

use super::{Bounds, Goal, Scope};
use crate::affine::{Linear, Term};
use crate::hash::FastMap;
use parfuse_ir::ScalarOp;
use parfuse_ir::loops::walk;
use parfuse_ir::loops::{Expr, Loops, Stmt, Value, Var};

/// Loops in loops are walked through once more for each loop around: no deeper than that.
const MAX_TRIALS: u32 = 2;

/// What a variable holds.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) enum Content {
    /// A value.
    Value(Value),
    /// At most a value, or at least that.
    Beyond { limit: Value, falling: bool },
    /// One of two truth values, by which side of a branch was taken.
    Choice(Choice),
}

/// A truth value that a branch chooses.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) struct Choice {
    cond: Value,
    sides: [Value; 2],
}

/// What is known of variables.
#[derive(Default)]
pub(super) struct Vars {
    contents: FastMap<Var, Content>,
    /// What variables held before they were set, or before somebody looked.
    log: Vec<Change>,
    /// Truth values read from variables.
    choices: FastMap<Value, Choice>,
    /// What the first sides of the branches around have set.
    sides: Vec<Side>,
    trials: u32,
}

/// Where a branch began, and what its first side has set.
struct Side {
    mark: usize,
    set: Vec<(Var, Option<Content>)>,
}

struct Change {
    var: Var,
    before: Option<Content>,
    is_set: bool,
}

impl Vars {
    pub(super) fn mark(&self) -> usize {
        self.log.len()
    }

    pub(super) fn held(&self, var: Var) -> Option<Value> {
        match self.contents.get(&var) {
            Some(Content::Value(value)) => Some(*value),
            _ => None,
        }
    }

    fn change(&mut self, var: Var, content: Option<Content>, is_set: bool) {
        let before = match content {
            Some(content) => self.contents.insert(var, content),
            None => self.contents.remove(&var),
        };
        self.log.push(Change { var, before, is_set });
    }

    /// Has variables hold what they held at a place; returns those that were set since, with what they held at last.
    pub(super) fn rewind(&mut self, mark: usize) -> Vec<(Var, Option<Content>)> {
        let mut set: Vec<(Var, Option<Content>)> = Vec::new();
        for change in &self.log[mark..] {
            if change.is_set && set.iter().all(|(var, _)| *var != change.var) {
                set.push((change.var, self.contents.get(&change.var).copied()));
            }
        }
        for Change { var, before, .. } in self.log.drain(mark..).rev() {
            match before {
                Some(before) => drop(self.contents.insert(var, before)),
                None => drop(self.contents.remove(&var)),
            }
        }
        set
    }

    /// Leaves a scope: what was set in it holds nobody knows what.
    pub(super) fn leave(&mut self, mark: usize) {
        for (var, _) in self.rewind(mark) {
            self.change(var, None, true);
        }
    }

    /// Leaves the first side of a branch for the second.
    pub(super) fn change_sides(&mut self, mark: usize) {
        let set = self.rewind(mark);
        self.sides.push(Side { mark, set });
    }

    /// Leaves a branch.
    pub(super) fn join(&mut self, cond: Value, mark: usize) {
        let otherwise = self.rewind(mark);
        let Some(Side { set: then, .. }) = self.sides.pop_if(|side| side.mark == mark) else { return };
        for (var, content) in &then {
            let other = otherwise.iter().find(|(other, _)| other == var).and_then(|(_, content)| *content);
            let joined = match (content, other) {
                (Some(Content::Value(a)), Some(Content::Value(b))) => {
                    Some(Content::Choice(Choice { cond, sides: [*a, b] }))
                }
                _ => None,
            };
            self.change(*var, joined, true);
        }
        for (var, _) in &otherwise {
            if then.iter().all(|(known, _)| known != var) {
                self.change(*var, None, true);
            }
        }
    }

    /// Enters or leaves a loop that sets variables, and what they hold in each of its iterations and behind it.
    pub(super) fn suppose(&mut self, sets: &[(Var, Option<Content>)]) {
        sets.iter().for_each(|(var, content)| self.change(*var, *content, true));
    }
}

impl Bounds {
    /// Comes by an assignment.
    pub(super) fn set(&mut self, var: Var, value: Value) {
        self.vars.change(var, Some(Content::Value(value)), true);
    }

    /// Comes by a look at a variable.
    pub(super) fn read(&mut self, loops: &Loops, value: Value, var: Var) {
        match self.vars.contents.get(&var).copied() {
            Some(Content::Value(known)) => {
                if loops.dtype(known).is_wide_int() {
                    let form = self.form(loops, known);
                    self.forms.insert(value, form);
                }
                if self.is_of_header(known) {
                    self.names.push((known, value));
                }
                if let Some(choice) = self.vars.choices.get(&known).copied() {
                    self.vars.choices.insert(value, choice);
                }
                return;
            }
            Some(Content::Beyond { limit, falling }) => {
                let needs = self.exact(loops, limit);
                let mut room = self.form(loops, limit).minus(&Linear::term(Term::Value(value)));
                if !falling {
                    room = room.times(-1);
                }
                self.assume(loops, room, needs);
            }
            Some(Content::Choice(choice)) => {
                self.vars.choices.insert(value, choice);
            }
            None => {}
        }
        self.vars.change(var, Some(Content::Value(value)), false);
    }

    /// What follows from a truth value that a variable held.
    pub(super) fn chosen(&self, loops: &Loops, value: Value, holds: bool) -> Option<[(Value, bool); 2]> {
        let Choice { cond, sides: [then, otherwise] } = *self.vars.choices.get(&value)?;
        let never = Some(!holds);
        if loops.constant_bool(otherwise) == never {
            return Some([(cond, true), (then, holds)]);
        }
        (loops.constant_bool(then) == never).then_some([(cond, false), (otherwise, holds)])
    }

    /// The variables that a loop sets, and what is known of each in all iterations.
    pub(super) fn sets(&mut self, loops: &Loops, stmt: &Stmt) -> Vec<(Var, Option<Content>)> {
        let mut sets: Vec<(Var, Option<Content>)> = Vec::new();
        let mut directions: Vec<Option<bool>> = Vec::new();
        let mut add =
            |var: Var, direction: Option<bool>| match sets.iter().position(|(known, _)| *known == var) {
                Some(at) if directions[at] == direction => {}
                Some(at) => directions[at] = None,
                None => {
                    sets.push((var, None));
                    directions.push(direction);
                }
            };
        let parallel = matches!(stmt, Stmt::Parfor(_));
        walk::statements(std::slice::from_ref(stmt)).for_each(|stmt| match stmt {
            Stmt::Set { var, .. } if parallel => add(*var, None),
            Stmt::Set { var, value } => {
                add(*var, step(loops, *var, *value).map(|(_, by, falling)| falling == (by >= 0)));
            }
            Stmt::Parfor(parfor) => {
                for reduction in &parfor.reductions {
                    let vars = reduction.locals.iter().copied().chain(reduction.target_vars());
                    vars.for_each(|var| add(var, None));
                }
            }
            _ => {}
        });
        for ((var, content), direction) in sets.iter_mut().zip(directions) {
            // That a count from zero on does not fall says nothing where there is no sign.
            let Some(falling) = direction.filter(|falling| *falling || loops.vars[*var].dtype.is_signed())
            else {
                continue;
            };
            *content = match self.vars.contents.get(var).copied() {
                Some(Content::Value(limit)) => Some(Content::Beyond { limit, falling }),
                Some(beyond @ Content::Beyond { falling: before, .. }) if before == falling => Some(beyond),
                _ => None,
            };
        }
        while sets.iter().any(|(_, content)| content.is_some()) {
            let broken = if self.vars.trials < MAX_TRIALS {
                self.broken(loops, stmt, &sets)
            } else {
                sets.iter().filter(|(_, content)| content.is_some()).map(|(var, _)| *var).collect()
            };
            if broken.is_empty() {
                break;
            }
            let is_broken = |var: &Var| broken.contains(var);
            sets.iter_mut().filter(|(var, _)| is_broken(var)).for_each(|(_, content)| *content = None);
        }
        sets
    }

    /// The variables of which a loop breaks what is supposed of them.
    fn broken(&mut self, loops: &Loops, stmt: &Stmt, sets: &[(Var, Option<Content>)]) -> Vec<Var> {
        let supposed: Vec<Var> =
            sets.iter().filter(|(_, content)| content.is_some()).map(|(var, _)| *var).collect();
        let mut inside: Vec<Value> = Vec::new();
        let mut broken: Vec<Var> = Vec::new();
        self.vars.trials += 1;
        let here = self.mark();
        let scope = Scope::of_loop(stmt, sets.to_vec());
        self.walk_scope(loops, stmt, &scope, &mut |bounds, stmt| match stmt {
            Stmt::Let(value) if matches!(loops.values[*value].expr, Expr::Var(_)) => inside.push(*value),
            Stmt::Set { var, value } if supposed.contains(var) && !broken.contains(var) => {
                let holds = step(loops, *var, *value).is_some_and(|(read, by, falls)| {
                    let (falling, by) = if by >= 0 { (falls, by) } else { (!falls, -by) };
                    let signed = loops.dtype(*value).is_signed();
                    let form = bounds.form(loops, read);
                    let goal = match (falling, signed) {
                        (true, false) => Goal::NotNegative(form.minus(&Linear::constant(by))),
                        // The least of the numbers with a sign has no opposite, but may be come to.
                        (true, true) => Goal::Below { form: Linear::constant(by - 1).minus(&form), signed },
                        (false, _) => Goal::Below { form: form.plus(&Linear::constant(by)), signed },
                    };
                    inside.contains(&read) && bounds.holds(loops, &[goal])
                });
                if !holds {
                    broken.push(*var);
                }
            }
            _ => {}
        });
        self.go_back(here);
        self.vars.trials -= 1;
        broken
    }
}

/// The value as one read from the variable, less or more a constant: the value, the constant, and whether it is less.
fn step(loops: &Loops, var: Var, value: Value) -> Option<(Value, i64, bool)> {
    let data = &loops.values[value];
    let Expr::Op(op, args) = &data.expr else { return None };
    if !data.dtype.is_wide_int() {
        return None;
    }
    let (read, by, falling) = match op {
        ScalarOp::Sub => (args[0], args[1], true),
        ScalarOp::Add if loops.constant(args[0]).is_some() => (args[1], args[0], false),
        ScalarOp::Add => (args[0], args[1], false),
        _ => return None,
    };
    let by = loops.constant(by).and_then(super::forms::number)?;
    (loops.values[read].expr == Expr::Var(var)).then_some((read, by, falling))
}
