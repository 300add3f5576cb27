//! What indices can be, from the loops and branches that they stand in.
//!
//! ```text
//! for v1 in v0 {                   0 ≤ v1, v1 ≤ v0 - 1, and so 1 ≤ v0
//!   v2: usize = trips v1, v0, 1
//!   for v3 in v2 {                 0 ≤ v3, v3 ≤ v0 - v1 - 1
//!     v4: usize = add v1, v3       v4 = v1 + v3 ≤ v0 - 1
//!     v5: bool = lt v4, v0         true
//! ```
//!
//! A *fact* is a sum of multiples of values, as the numbers that they are, that is known not to be negative where the walk
//! stands. Loops, conditions and some operations give facts; two that bound one value from both sides give a third about
//! others ([`Bounds::assume`]), which is how it is known
//! of a loop's surroundings that the loop runs. To see that a *goal* is not negative, facts are subtracted from it until the
//! values that are to go are gone, the latest first ([`prove`]): this is Fourier's elimination, along one path.
//!
//! Expressions hold modulo 2^64 ([`forms`]). An index that, as a number, is proven to be from 0 to below a length is that
//! number, however it was computed. A bound of a loop is one only if it is what its expression says, and does not wrap: a
//! fact has *needs*, which are goals themselves.
//!
//! The walk is the pass's own. It says what it comes by, in the order of the program: statements ([`Bounds::pass`]),
//! and blocks inside them ([`Bounds::open`], [`Bounds::close`]). What variables hold is followed as well ([`vars`]).

mod choices;
mod forms;
mod informed;
mod prove;
mod vars;

use crate::affine::{Linear, Term};
use crate::hash::FastMap;
pub(crate) use informed::{Informed, in_blocks};
use parfuse_ir::ScalarOp;
use parfuse_ir::arena::Id;
use parfuse_ir::loops::walk;
use parfuse_ir::loops::{Expr, Loops, Stmt, Value, Var};
pub(crate) use prove::{Proof, is_not_negative, values};
use std::ops::Range;
use vars::{Content, Vars};

/// More facts are not kept at a time: each is compared with the others about the same value.
const MAX_FACTS: usize = 64;

/// With more of them, checks give none: those of loops and branches are worth more.
const MAX_FACTS_BEFORE_CHECKS: usize = MAX_FACTS / 2;

/// Facts that follow from facts that follow from facts: no further.
const MAX_DERIVED: u32 = 3;

/// A fact that needs more is not worth it.
const MAX_NEEDS: usize = 4;

/// What is known at a place of the program.
#[derive(Default)]
pub(crate) struct Bounds {
    /// When each value was met, from 1 on.
    order: Vec<u32>,
    met: u32,
    forms: FastMap<Value, Linear>,
    facts: Vec<Fact>,
    /// Sums that are not zero modulo 2^64.
    distances: Vec<Linear>,
    vars: Vars,
    /// By index and step of loops whose steps are not known: where these begin, and what they stay below.
    strides: FastMap<(Value, Value), (Value, Value)>,
    /// The values met in the blocks around.
    visible: Vec<Value>,
    /// When those of them were met that headers define around this place, which their bodies know of but cannot see.
    headers: Vec<Range<u32>>,
    /// What bodies call what headers define.
    names: Vec<(Value, Value)>,
}

/// A sum that is not negative.
#[derive(Clone)]
struct Fact {
    form: Linear,
    /// The latest of its values.
    on: Value,
    /// If this holds.
    needs: Vec<Goal>,
    slack: Slack,
}

/// By how much the least that a sum is may be more than zero. What asks elsewhere for what follows from zero asks for more than
/// needs be.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Slack {
    /// As far as is known, by nothing.
    None,
    /// By less than a step that is known: the last of every second number below `n` is `n - 1` or `n - 2`.
    Step,
    /// By anything.
    Any,
}

/// What is to be shown of a sum.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Goal {
    /// That it is not negative.
    NotNegative(Linear),
    /// That it is at most what 64 bits hold, read with or without a sign.
    Below {
        /// The sum.
        form: Linear,
        /// Whether the bits are read with a sign.
        signed: bool,
    },
}

/// A place in the walk.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Mark {
    facts: usize,
    distances: usize,
    vars: usize,
    visible: usize,
    headers: usize,
    names: usize,
    met: u32,
}

/// What the blocks inside a statement may take for granted.
pub(crate) enum Scope {
    /// Nothing.
    Plain,
    /// That a condition holds, in the first; that it does not, in the second.
    Branch(Value),
    /// The indices of loops with their extents, or that a condition of the first holds, in the second; and what is known
    /// of the variables that are set.
    Loop { dimensions: Vec<(Value, Value)>, cond: Option<Value>, sets: Vec<(Var, Option<Content>)> },
}

impl Scope {
    fn of_loop(stmt: &Stmt, sets: Vec<(Var, Option<Content>)>) -> Scope {
        let (dimensions, cond) = match stmt {
            Stmt::While { cond, .. } => (Vec::new(), Some(*cond)),
            Stmt::For { index, extent, .. } => (vec![(*index, *extent)], None),
            Stmt::Parfor(parfor) => {
                (parfor.indices.iter().copied().zip(parfor.extents.iter().copied()).collect(), None)
            }
            _ => unreachable!("a loop"),
        };
        Scope::Loop { dimensions, cond, sets }
    }
}

impl Bounds {
    /// The scope of a statement's blocks.
    pub(crate) fn scope(&mut self, loops: &Loops, stmt: &Stmt) -> Scope {
        match stmt {
            Stmt::If { cond, .. } => Scope::Branch(*cond),
            Stmt::While { .. } | Stmt::For { .. } | Stmt::Parfor(_) => {
                Scope::of_loop(stmt, self.sets(loops, stmt))
            }
            Stmt::Let(_)
            | Stmt::Set { .. }
            | Stmt::Alloc { .. }
            | Stmt::Move { .. }
            | Stmt::Resize { .. }
            | Stmt::Store { .. }
            | Stmt::Call(_)
            | Stmt::Check { .. }
            | Stmt::Nest(_) => Scope::Plain,
        }
    }

    /// Enters a block of a statement, the first or the second, from another or from `outside`.
    pub(crate) fn open(&mut self, loops: &Loops, scope: &Scope, block: usize, outside: Mark) {
        match (scope, block) {
            (Scope::Branch(cond), 0) => self.decide(loops, *cond, true),
            (Scope::Branch(cond), _) => {
                self.forget(outside);
                self.vars.change_sides(outside.vars);
                self.decide(loops, *cond, false);
            }
            (Scope::Loop { dimensions, sets, .. }, 0) => {
                self.vars.suppose(sets);
                dimensions.iter().for_each(|(index, extent)| self.enter(loops, *index, *extent));
            }
            (Scope::Loop { cond, .. }, _) => {
                self.headers.push(outside.met + 1..self.met + 1);
                cond.iter().for_each(|cond| self.decide(loops, *cond, true));
            }
            (Scope::Plain, _) => {}
        }
    }

    /// Leaves a statement all of whose blocks have been entered, or none.
    pub(crate) fn close(&mut self, scope: &Scope, outside: Mark) {
        self.forget(outside);
        match scope {
            Scope::Branch(cond) => self.vars.join(*cond, outside.vars),
            Scope::Loop { sets, .. } => {
                self.vars.leave(outside.vars);
                self.vars.suppose(sets);
            }
            Scope::Plain => self.vars.leave(outside.vars),
        }
    }

    fn forget(&mut self, mark: Mark) {
        self.facts.truncate(mark.facts);
        self.distances.truncate(mark.distances);
        self.headers.truncate(mark.headers);
        self.names.truncate(mark.names);
        for value in self.visible.drain(mark.visible..) {
            self.order[value.index()] = 0;
        }
    }

    /// Goes through a block and the blocks inside it, in the order of the program, and shows each statement with what is
    /// known there.
    fn walk(&mut self, loops: &Loops, block: &[Stmt], visit: &mut dyn FnMut(&mut Bounds, &Stmt)) {
        for stmt in block {
            visit(self, stmt);
            self.pass(loops, stmt);
            self.walk_inside(loops, stmt, visit);
        }
    }

    /// The same for the blocks inside a statement; the walk itself then stands in front of it, as before.
    pub(crate) fn look_inside(
        &mut self,
        loops: &Loops,
        stmt: &Stmt,
        visit: &mut dyn FnMut(&mut Bounds, &Stmt),
    ) {
        let here = self.mark();
        self.walk_inside(loops, stmt, visit);
        self.go_back(here);
    }

    /// Goes back to a place, as if nothing had been passed since.
    pub(crate) fn go_back(&mut self, mark: Mark) {
        self.forget(mark);
        self.vars.rewind(mark.vars);
    }

    fn walk_inside(&mut self, loops: &Loops, stmt: &Stmt, visit: &mut dyn FnMut(&mut Bounds, &Stmt)) {
        if walk::blocks(stmt).len() > 0 {
            let scope = self.scope(loops, stmt);
            self.walk_scope(loops, stmt, &scope, visit);
        }
    }

    fn walk_scope(
        &mut self,
        loops: &Loops,
        stmt: &Stmt,
        scope: &Scope,
        visit: &mut dyn FnMut(&mut Bounds, &Stmt),
    ) {
        let outside = self.mark();
        for (number, inner) in walk::blocks(stmt).enumerate() {
            self.open(loops, scope, number, outside);
            self.walk(loops, inner, visit);
        }
        self.close(scope, outside);
    }

    /// The sums of values, some of which are asked for, that are known not to be negative, if these goals hold.
    pub(crate) fn facts_about(&self, asked: &dyn Fn(Value) -> bool) -> Vec<(Linear, Vec<Goal>)> {
        let facts = self.facts.iter().filter(|fact| values(&fact.form).any(asked));
        facts.map(|fact| (fact.form.clone(), fact.needs.clone())).collect()
    }

    /// The value that a variable is known to hold.
    pub(crate) fn held(&self, var: Var) -> Option<Value> {
        self.vars.held(var)
    }

    /// Where the walk stands.
    pub(crate) fn mark(&self) -> Mark {
        Mark {
            facts: self.facts.len(),
            distances: self.distances.len(),
            vars: self.vars.mark(),
            visible: self.visible.len(),
            headers: self.headers.len(),
            names: self.names.len(),
            met: self.met,
        }
    }

    /// Whether a value was met since.
    pub(crate) fn is_inside(&self, value: Value, mark: Mark) -> bool {
        self.order_of(value) > mark.met
    }

    fn order_of(&self, value: Value) -> u32 {
        self.order.get(value.index()).copied().unwrap_or(0)
    }

    fn meet(&mut self, value: Value) {
        self.met += 1;
        if self.order.len() <= value.index() {
            self.order.resize(value.index() + 1, 0);
        }
        self.order[value.index()] = self.met;
        self.visible.push(value);
    }

    /// A value as it can be seen in front of a scope around this place, under another name if it is one of a header's.
    fn seen(&self, loops: &Loops, value: Value, scope: Mark) -> Option<Value> {
        if matches!(loops.values[value].expr, Expr::Const(_) | Expr::Param(_)) {
            return Some(value);
        }
        if self.is_of_header(value) {
            let mut names = self.names.iter().filter(|(known, _)| *known == value).map(|(_, name)| *name);
            return names.find(|name| !self.is_inside(*name, scope));
        }
        (self.order_of(value) > 0).then_some(value)
    }

    fn is_of_header(&self, value: Value) -> bool {
        let met = self.order_of(value);
        self.headers.iter().any(|header| header.contains(&met))
    }

    /// Comes by a statement, whose blocks are entered for themselves.
    pub(crate) fn pass(&mut self, loops: &Loops, stmt: &Stmt) {
        match stmt {
            Stmt::Let(value) => self.define(loops, *value),
            Stmt::Set { var, value } => self.set(*var, *value),
            _ => {}
        }
    }

    /// Comes by a check, which whoever comes to what stands behind has passed.
    pub(crate) fn pass_check(&mut self, loops: &Loops, ok: Value) {
        if self.facts.len() < MAX_FACTS_BEFORE_CHECKS {
            self.decide(loops, ok, true);
        }
    }

    /// Comes by what a block computes, all at once, for walks that go through it from its end: what is known of a value
    /// by how it is computed holds wherever it can be seen. What variables hold is not followed.
    pub(crate) fn foresee(&mut self, loops: &Loops, block: &[Stmt]) {
        for stmt in block {
            if let Stmt::Let(value) = stmt
                && matches!(loops.values[*value].expr, Expr::Op(..))
            {
                self.define(loops, *value);
            }
        }
    }

    fn define(&mut self, loops: &Loops, value: Value) {
        self.meet(value);
        let data = &loops.values[value];
        let (op, args) = match &data.expr {
            Expr::Op(op, args) => (op, args),
            Expr::Var(var) => return self.read(loops, value, *var),
            _ => return,
        };
        if !data.dtype.is_wide_int() || data.dtype.is_signed() {
            return;
        }
        let own = Linear::term(Term::Value(value));
        let number = |value: Value| loops.constant(value).and_then(forms::number);
        match (op, &args[..]) {
            (ScalarOp::Rem, [_, divisor]) => {
                let divisor = *divisor;
                let form = self.form(loops, divisor);
                let mut needs = self.exact(loops, divisor);
                needs.push(Goal::NotNegative(form.minus(&Linear::constant(1))));
                self.assume(loops, form.minus(&own).minus(&Linear::constant(1)), needs);
            }
            (ScalarOp::Div, [dividend, divisor]) => {
                if let Some(divisor @ 1..) = number(*divisor) {
                    self.is_quotient(loops, value, *dividend, divisor);
                }
            }
            (ScalarOp::Shr, [dividend, count]) => {
                if let Some(count @ 0..=16) = number(*count) {
                    self.is_quotient(loops, value, *dividend, 1 << count);
                }
            }
            (ScalarOp::Mul, [a, b]) => {
                self.is_covered(loops, value, *a, *b);
                self.is_covered(loops, value, *b, *a);
            }
            (ScalarOp::And | ScalarOp::Min, [a, b]) => {
                self.is_part(loops, value, *a, 1);
                self.is_part(loops, value, *b, 1);
            }
            (ScalarOp::Max, [a, b]) => {
                self.is_at_least(loops, value, &[(*a, 1)]);
                self.is_at_least(loops, value, &[(*b, 1)]);
            }
            (ScalarOp::Select, [is_less, zero, rest]) if number(*zero) == Some(0) => {
                let operands = |value: Value, wanted: ScalarOp| match &loops.values[value].expr {
                    Expr::Op(op, args) if *op == wanted => Some((args[0], args[1])),
                    _ => None,
                };
                // A difference that ends at zero.
                if let Some((a, b)) = operands(*rest, ScalarOp::Sub)
                    && operands(*is_less, ScalarOp::Lt) == Some((a, b))
                {
                    self.is_at_least(loops, value, &[(a, 1), (b, -1)]);
                    self.is_part(loops, value, a, 1);
                }
            }
            _ => {}
        }
    }

    /// Learns that a value is at least a sum of multiples of others.
    fn is_at_least(&mut self, loops: &Loops, value: Value, sum: &[(Value, i64)]) {
        let (mut form, mut needs) = (Linear::term(Term::Value(value)), Vec::new());
        for (part, times) in sum {
            needs.extend(self.exact(loops, *part));
            form = form.minus(&self.form(loops, *part).times(*times));
        }
        self.assume(loops, form, needs);
    }

    /// Learns that so many times a value is at most another.
    fn is_part(&mut self, loops: &Loops, value: Value, of: Value, times: i64) {
        let needs = self.exact(loops, of);
        let form = self.form(loops, of).minus(&Linear::term(Term::Value(value)).times(times));
        self.assume(loops, form, needs);
    }

    /// Learns of the product of a loop's index and its step what the loop says of it: it ends before what it counts up to.
    fn is_covered(&mut self, loops: &Loops, product: Value, index: Value, step: Value) {
        let Some((start, end)) = self.strides.get(&(index, step)).copied() else { return };
        let (span, needs) = self.span(loops, start, end);
        let form = span.minus(&Linear::term(Term::Value(product))).minus(&Linear::constant(1));
        // Few of the numbers that are counted up to come right after a multiple of the step.
        self.learn(loops, form, needs, Slack::Any);
    }

    /// Learns that a value is another divided by a number, rounded down. Of one that is at most a number, that is less
    /// than what the quotient of sums would be: a ninth element of three rows is still in the third.
    fn is_quotient(&mut self, loops: &Loops, value: Value, dividend: Value, divisor: i64) {
        self.is_part(loops, value, dividend, divisor);
        if let Some(most) = self.most(loops, dividend) {
            let needs = self.exact(loops, dividend);
            let own = Linear::term(Term::Value(value));
            self.assume(loops, Linear::constant(most.div_euclid(divisor)).minus(&own), needs);
        }
    }

    /// A number that a value is at most, if it is the sum that it is modulo 2^64, and a fact says so at once.
    fn most(&mut self, loops: &Loops, value: Value) -> Option<i64> {
        let form = self.form(loops, value);
        let [(Term::Value(only), factor @ 1..)] = form.terms[..] else { return form.as_constant() };
        let limits = self.facts.iter().filter(|fact| fact.needs.is_empty());
        let limits = limits.filter(|fact| fact.form.terms[..] == [(Term::Value(only), -1)]);
        let limit = limits.map(|fact| fact.form.constant).min()?;
        limit.checked_mul(factor)?.checked_add(form.constant)
    }

    /// How much one number is more than another, and what has to hold for that.
    fn span(&mut self, loops: &Loops, start: Value, end: Value) -> (Linear, Vec<Goal>) {
        let mut needs = self.exact(loops, start);
        needs.extend(self.exact(loops, end));
        (self.form(loops, end).minus(&self.form(loops, start)), needs)
    }

    /// Enters an iteration of a loop.
    fn enter(&mut self, loops: &Loops, index: Value, extent: Value) {
        let (first, one) = (self.facts.len(), Linear::constant(1));
        self.meet(index);
        let own = Linear::term(Term::Value(index));
        let as_is = Linear::term(Term::Value(extent)).minus(&own).minus(&one);
        match loops.values[extent].expr {
            Expr::Trips { start, end, step } if loops.dtype(start).is_wide_int() => {
                if let Some(step @ 1..) = loops.constant(step).and_then(forms::number) {
                    let (span, needs) = self.span(loops, start, end);
                    let slack = if step == 1 { Slack::None } else { Slack::Step };
                    self.learn(loops, span.minus(&own.times(step)).minus(&one), needs, slack);
                } else {
                    self.strides.insert((index, step), (start, end));
                }
            }
            _ => {
                let needs = self.exact(loops, extent);
                let form = self.form(loops, extent);
                self.assume(loops, form.minus(&own).minus(&one), needs);
            }
        }
        // The count itself, where what it was computed from says nothing without asking, or says less.
        if self.facts.get(first).is_none_or(|fact| !fact.needs.is_empty() || fact.slack != Slack::None) {
            self.assume(loops, as_is, Vec::new());
        }
    }

    /// Learns that a condition holds, or does not.
    pub(crate) fn decide(&mut self, loops: &Loops, cond: Value, holds: bool) {
        let mut pending = vec![(cond, holds)];
        while let Some((cond, holds)) = pending.pop() {
            let Expr::Op(op, args) = &loops.values[cond].expr else {
                pending.extend(self.chosen(loops, cond, holds).into_iter().flatten());
                continue;
            };
            match (op, holds, &args[..]) {
                (ScalarOp::Not, _, [negated]) if loops.dtype(*negated).is_bool() => {
                    pending.push((*negated, !holds));
                }
                (ScalarOp::And, true, [a, b]) | (ScalarOp::Or, false, [a, b]) => {
                    pending.extend([(*a, holds), (*b, holds)]);
                }
                (ScalarOp::Lt, true, [a, b])
                | (ScalarOp::Gt, true, [b, a])
                | (ScalarOp::Ge, false, [a, b])
                | (ScalarOp::Le, false, [b, a]) => self.is_ordered(loops, *a, *b, 1),
                (ScalarOp::Le, true, [a, b])
                | (ScalarOp::Ge, true, [b, a])
                | (ScalarOp::Gt, false, [a, b])
                | (ScalarOp::Lt, false, [b, a]) => self.is_ordered(loops, *a, *b, 0),
                (ScalarOp::Eq, true, [a, b]) | (ScalarOp::Ne, false, [a, b]) => {
                    self.is_ordered(loops, *a, *b, 0);
                    self.is_ordered(loops, *b, *a, 0);
                }
                (ScalarOp::Ne, true, [a, b]) | (ScalarOp::Eq, false, [a, b]) => {
                    if loops.dtype(*a).is_wide_int() {
                        let distance = self.form(loops, *a).minus(&self.form(loops, *b));
                        self.distances.push(distance);
                    }
                    for (a, b) in [(*a, *b), (*b, *a)] {
                        if loops.dtype(a).is_unsigned()
                            && loops.constant(a).and_then(forms::number) == Some(0)
                        {
                            self.is_ordered(loops, a, b, 1);
                            continue;
                        }
                        // One end of a range that it is not.
                        let room = self.form(loops, b).minus(&self.form(loops, a));
                        if loops.dtype(a).is_index() && self.holds(loops, &[Goal::NotNegative(room)]) {
                            self.is_ordered(loops, a, b, 1);
                        }
                    }
                }
                _ => {}
            }
        }
    }

    /// Learns that one value and a number are at most another value.
    fn is_ordered(&mut self, loops: &Loops, a: Value, b: Value, distance: i64) {
        if !loops.dtype(a).is_wide_int() {
            return;
        }
        let mut needs = self.exact(loops, a);
        needs.extend(self.exact(loops, b));
        let form = self.form(loops, b).minus(&self.form(loops, a)).minus(&Linear::constant(distance));
        self.assume(loops, form, needs);
    }

    /// Learns that a sum is not negative if the needs hold, and what follows from that and the other facts.
    fn assume(&mut self, loops: &Loops, form: Linear, needs: Vec<Goal>) {
        self.learn(loops, form, needs, Slack::None);
    }

    fn learn(&mut self, loops: &Loops, form: Linear, needs: Vec<Goal>, slack: Slack) {
        let mut pending = vec![(form, needs, slack, 0)];
        while let Some((form, mut needs, slack, derived)) = pending.pop() {
            let Some((on, factor)) = self.latest(&form) else { continue };
            if self.facts.len() >= MAX_FACTS || !forms::is_small(&form) {
                continue;
            }
            needs.retain(|need| !self.holds(loops, std::slice::from_ref(need)));
            if needs.len() > MAX_NEEDS
                || self.facts.iter().any(|fact| fact.form == form && fact.needs == needs)
            {
                continue;
            }
            if derived < MAX_DERIVED {
                if factor < 0 && loops.dtype(on).is_unsigned() {
                    let rest = form.plus(&Linear::term(Term::Value(on)).times(-factor));
                    pending.push((rest, needs.clone(), slack, derived + 1));
                }
                for fact in self.facts.iter().filter(|fact| fact.on == on) {
                    let other = forms::factor(&fact.form, on);
                    if (other < 0) != (factor < 0) {
                        let sum = form.times(other.abs()).plus(&fact.form.times(factor.abs()));
                        let needs = needs.iter().chain(&fact.needs).cloned().collect();
                        pending.push((sum, needs, slack.max(fact.slack), derived + 1));
                    }
                }
            }
            self.facts.push(Fact { form, on, needs, slack });
        }
    }

    /// The latest of the values of a sum, and its factor.
    fn latest(&self, form: &Linear) -> Option<(Value, i64)> {
        let terms = form.terms.iter().filter_map(|(term, factor)| match term {
            Term::Value(value) => Some((*value, *factor)),
            Term::Dim(..) => None,
        });
        terms.max_by_key(|(value, _)| (self.order_of(*value), *value))
    }
}
