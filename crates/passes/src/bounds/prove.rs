//! What is left of a goal without the values that a loop defines.
//!
//! ```text
//! goal                       v9 - 1 - (v1 + v3)             the index is below v9
//! minus v0 - v1 - v3 - 1     v9 - v0                        a fact; what is left is invariant
//! ```
//!
//! The latest value goes first, by the facts that bound it: a fact says nothing of values behind it. Where several facts
//! do, all are tried, and what is left is what asks least.

use super::{Bounds, Fact, Goal, Mark, Slack, forms};
use crate::affine::{Linear, Term};
use crate::ordered_set::OrderedSet;
use parfuse_ir::loops::{Expr, Loops, Value};

/// So many facts are tried for a goal.
const MAX_STEPS: u32 = 48;

/// So many goals for one question, needs of facts included.
const MAX_GOALS: usize = 12;

/// What goals come to.
#[derive(Default, Debug)]
pub(crate) struct Proof {
    /// Sums of values of outside that must not be negative.
    pub(crate) sums: Vec<Linear>,
    /// Values that must be small, so that other sums do not overflow.
    pub(crate) small: OrderedSet<Value>,
}

/// What is looked for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Aim {
    /// A proof, whatever it goes by.
    Hold,
    /// Goals of as little need as there is.
    FewNeeds,
    /// Of sums of which nothing is known, those of fewer values, whatever they need: what meets exactly leaves nothing behind.
    FewValues,
}

/// What is left of one goal.
#[derive(Clone)]
struct Rest {
    form: Linear,
    needs: Vec<Goal>,
}

impl Bounds {
    /// The goals of an index that is below a length: that it is not negative, nor the length or more.
    pub(crate) fn below(&mut self, loops: &Loops, index: Value, len: Value) -> Vec<Goal> {
        let (index, one) = (self.form(loops, index), Linear::constant(1));
        // Lengths are the numbers that they are.
        let len = match self.exact(loops, len).is_empty() {
            true => self.form(loops, len),
            false => Linear::term(Term::Value(len)),
        };
        vec![Goal::NotNegative(len.minus(&index).minus(&one)), Goal::NotNegative(index)]
    }

    /// Whether a loop with this extent is known to have iterations.
    pub(crate) fn runs(&mut self, loops: &Loops, extent: Value) -> bool {
        let one = Linear::constant(1);
        let (count, mut goals) = match loops.values[extent].expr {
            Expr::Trips { start, end, .. } if loops.dtype(start).is_wide_int() => {
                self.span(loops, start, end)
            }
            _ => (self.form(loops, extent), self.exact(loops, extent)),
        };
        goals.push(Goal::NotNegative(count.minus(&one)));
        self.holds(loops, &goals)
    }

    /// Whether two values are never the same number.
    pub(crate) fn differ(&mut self, loops: &Loops, a: Value, b: Value) -> bool {
        let (a, b, one) = (self.form(loops, a), self.form(loops, b), Linear::constant(1));
        [a.minus(&b), b.minus(&a)].into_iter().any(|distance| {
            if self.distances.contains(&distance) {
                return true;
            }
            let apart = Goal::NotNegative(distance.minus(&one));
            self.holds(loops, &[apart, Goal::Below { form: distance, signed: false }])
        })
    }

    /// Whether goals are known to hold.
    pub(crate) fn holds(&self, loops: &Loops, goals: &[Goal]) -> bool {
        let proof = self.reduce(loops, goals.to_vec(), &|_| true, (Aim::Hold, Slack::Any));
        proof.is_some_and(|proof| proof.sums.is_empty() && proof.small.iter().next().is_none())
    }

    /// What goals come to outside a scope.
    pub(crate) fn outside(&self, loops: &Loops, goals: Vec<Goal>, scope: Mark) -> Option<Proof> {
        let as_seen = |proof: Proof| {
            let sums =
                proof.sums.iter().map(|sum| self.sum_as_seen(loops, sum, scope)).collect::<Option<_>>()?;
            let mut small = OrderedSet::default();
            for value in proof.small.iter() {
                small.insert(self.seen(loops, *value, scope)?);
            }
            Some(Proof { sums, small })
        };
        let is_to_go = |value| self.is_inside(value, scope);
        let reduced = |by| self.reduce(loops, goals.clone(), &is_to_go, by).and_then(as_seen);
        let within = |slack| reduced((Aim::FewValues, slack)).or_else(|| reduced((Aim::FewNeeds, slack)));
        let has_slack = || self.facts.iter().any(|fact| fact.slack == Slack::Step);
        within(Slack::None).or_else(|| if has_slack() { within(Slack::Step) } else { None })
    }

    fn sum_as_seen(&self, loops: &Loops, sum: &Linear, scope: Mark) -> Option<Linear> {
        let mut seen = Linear::constant(sum.constant);
        for (term, factor) in &sum.terms {
            let term = match term {
                Term::Value(value) => Term::Value(self.seen(loops, *value, scope)?),
                Term::Dim(..) => *term,
            };
            seen = seen.plus(&Linear::term(term).times(*factor));
        }
        Some(seen)
    }

    fn reduce(
        &self,
        loops: &Loops,
        goals: Vec<Goal>,
        is_to_go: &dyn Fn(Value) -> bool,
        (aim, slack): (Aim, Slack),
    ) -> Option<Proof> {
        let mut proof = Proof::default();
        let mut goals = goals;
        // Which goals need which others.
        let mut needing: Vec<(usize, usize)> = Vec::new();
        let mut next = 0;
        while next < goals.len() {
            if next == MAX_GOALS {
                return None;
            }
            let asking: Vec<Goal> =
                above(&needing, next).into_iter().map(|goal| goals[goal].clone()).collect();
            let search = Search { bounds: self, loops, is_to_go, aim, slack, asking: &asking };
            let (sum, limit) = match &goals[next] {
                Goal::NotNegative(sum) => (sum.clone(), None),
                Goal::Below { form, signed } => (form.times(-1), Some(*signed)),
            };
            let mut steps = MAX_STEPS;
            let rest = search.rest(Rest { form: sum, needs: Vec::new() }, limit, &mut steps)?;
            for need in rest.needs {
                let known = goals.iter().position(|goal| *goal == need);
                needing.push((next, known.unwrap_or(goals.len())));
                if known.is_none() {
                    goals.push(need);
                }
            }
            match limit {
                Some(signed) if search.is_above_least(&rest.form, signed) => {}
                Some(_) => values(&rest.form).for_each(|value| proof.small.insert(value)),
                None if rest.form.as_constant().is_some_and(|number| number < 0) => return None,
                None if is_not_negative(loops, &rest.form) || proof.sums.contains(&rest.form) => {}
                None => proof.sums.push(rest.form),
            }
            next += 1;
        }
        Some(proof)
    }
}

/// A goal, and those that need it, however indirectly.
fn above(needing: &[(usize, usize)], goal: usize) -> Vec<usize> {
    let mut above = vec![goal];
    let mut seen = 0;
    while let Some(needed) = above.get(seen).copied() {
        let by = needing.iter().filter(|(_, need)| *need == needed).map(|(by, _)| *by);
        let new: Vec<usize> = by.filter(|by| !above.contains(by)).collect();
        above.extend(new);
        seen += 1;
    }
    above
}

/// The values of a sum.
pub(crate) fn values(form: &Linear) -> impl Iterator<Item = Value> {
    form.terms.iter().filter_map(|(term, _)| match term {
        Term::Value(value) => Some(*value),
        Term::Dim(..) => None,
    })
}

/// Whether a sum is not negative by the types of its values.
pub(crate) fn is_not_negative(loops: &Loops, form: &Linear) -> bool {
    form.constant >= 0
        && form.terms.iter().all(|(term, factor)| match term {
            Term::Value(value) => *factor >= 0 && loops.dtype(*value).is_unsigned(),
            Term::Dim(..) => *factor >= 0,
        })
}

struct Search<'a> {
    bounds: &'a Bounds,
    loops: &'a Loops,
    is_to_go: &'a dyn Fn(Value) -> bool,
    aim: Aim,
    /// Facts with more are not used.
    slack: Slack,
    /// The goal, and those that need it: nothing is true because it is.
    asking: &'a [Goal],
}

impl Search<'_> {
    /// What is left of a sum; of those that facts can leave the one that asks least. The depth is bounded by the steps.
    fn rest(&self, goal: Rest, limit: Option<bool>, steps: &mut u32) -> Option<Rest> {
        let is_done = match limit {
            Some(signed) => self.is_above_least(&goal.form, signed),
            None => is_not_negative(self.loops, &goal.form),
        };
        let latest = self.bounds.latest(&goal.form).filter(|(value, _)| (self.is_to_go)(*value));
        let Some((value, factor)) = latest.filter(|_| !is_done) else { return Some(goal) };
        let mut best: Option<Rest> = None;
        let least = (factor > 0 && self.loops.dtype(value).is_unsigned())
            .then(|| (Linear::term(Term::Value(value)), &[][..]));
        let about = |fact: &&Fact| fact.on == value && fact.slack <= self.slack;
        let facts =
            self.bounds.facts.iter().rev().filter(about).map(|fact| (fact.form.clone(), &fact.needs[..]));
        for (fact, needs) in least.into_iter().chain(facts) {
            let own = forms::factor(&fact, value);
            if (own < 0) != (factor < 0) || needs.iter().any(|need| self.asking.contains(need)) {
                continue;
            }
            // A multiple of the goal is as good, but for a limit; and as a whole number that is above minus one is not
            // negative, one that is more by less than a whole is, too.
            let scale = if factor % own == 0 { 1 } else { own.abs() };
            if scale != 1 && limit.is_some() {
                continue;
            }
            if *steps == 0 {
                return best;
            }
            *steps -= 1;
            let goal_times = goal.form.times(scale).plus(&Linear::constant(scale - 1));
            let form = goal_times.minus(&fact.times(factor * scale / own));
            if !forms::is_small(&form) {
                continue;
            }
            let needs = goal.needs.iter().chain(needs).cloned().collect();
            let Some(rest) = self.rest(Rest { form, needs }, limit, steps) else { continue };
            if best.as_ref().is_none_or(|best| self.asks_less(&rest, best, limit)) {
                best = Some(rest);
            }
            if best.as_ref().is_some_and(|best| self.is_enough(best, limit)) {
                break;
            }
        }
        best
    }

    /// Whether nothing better can be found.
    fn is_enough(&self, rest: &Rest, limit: Option<bool>) -> bool {
        let holds = match limit {
            Some(signed) => self.is_above_least(&rest.form, signed),
            None => is_not_negative(self.loops, &rest.form),
        };
        holds && rest.needs.is_empty()
    }

    fn asks_less(&self, a: &Rest, b: &Rest, limit: Option<bool>) -> bool {
        let (a_holds, b_holds) = (self.is_enough(a, limit), self.is_enough(b, limit));
        if a_holds != b_holds {
            return a_holds;
        }
        let is_false =
            |rest: &Rest| limit.is_none() && rest.form.as_constant().is_some_and(|number| number < 0);
        if self.aim == Aim::Hold && is_false(a) != is_false(b) {
            return is_false(b);
        }
        let [over, under] = [a.form.minus(&b.form), b.form.minus(&a.form)];
        let [more, less] = [over, under].map(|difference| is_not_negative(self.loops, &difference));
        if more == less && self.aim == Aim::FewValues {
            return values(&a.form).count() < values(&b.form).count();
        }
        a.needs.len() <= b.needs.len() && more && !less
    }

    /// Whether the negative of a sum is at most what 64 bits hold: it is a small number, or one of those bits less
    /// something.
    fn is_above_least(&self, form: &Linear, signed: bool) -> bool {
        let mut whole = 0;
        let fits = |(term, factor): &(Term, i64)| {
            let Term::Value(value) = term else { return *factor > 0 };
            let data = &self.loops.values[*value];
            if *factor > 0 && data.dtype.is_unsigned() {
                return true;
            }
            whole += 1;
            let is_length = matches!(data.expr, Expr::Dim { .. });
            let fits = is_length || data.dtype.is_signed() || !signed;
            // The least of the numbers with a sign has no opposite.
            whole == 1 && fits && (*factor == -1 || *factor == 1 && form.constant > 0)
        };
        let all = form.terms.iter().all(fits);
        all && (form.constant >= 0 || whole == 0)
    }
}
