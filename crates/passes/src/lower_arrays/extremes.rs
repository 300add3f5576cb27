//! Variables that the iterations of a `prange` replace together, wherever a number is better than one of them.
//!
//! ```text
//! if d < best { best = d; at = i; x = p[i] }       best: the number; at, x: what is replaced with it
//! if ok[i] && best >= d { best = d; at = i }       the last of equal numbers
//! if d < best { best = d; n += 1 }                 no: how often depends on the order
//! ```
//!
//! Nothing but such comparisons may look at the number, nothing at the others; each is replaced wherever one of them is, and
//! nothing else happens there. Then it does not matter how many numbers a part of the iterations has tried: the best of
//! the best parts is what one loop finds, and the number of its iteration says which of equal ones comes first.

use super::scan::{self, Effects};
use crate::hash::{FastMap, FastSet};
use parfuse_ir::program::{Block, Expr, Place, Program, Stmt, Type, Value, Var, walk};
use parfuse_ir::{Extreme, ReduceOp, Scalar, ScalarOp};

/// What is replaced together.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Replaced {
    pub(super) extreme: Extreme,
    /// The variable that numbers are compared with.
    pub(super) number: Var,
    pub(super) others: Vec<Other>,
}

/// A variable that is replaced with the number.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Other {
    pub(super) var: Var,
    /// What it is set to, if that is the index of the loop, perhaps converted: then it can be told afterwards.
    pub(super) index: Option<Value>,
}

impl Replaced {
    /// All variables.
    pub(super) fn vars(&self) -> impl Iterator<Item = Var> + '_ {
        std::iter::once(self.number).chain(self.others.iter().map(|other| other.var))
    }
}

/// What the body of a `prange` with this index replaces, of the variables declared outside; `uses` is how often the values of
/// the program are used.
pub(super) fn recognise(
    program: &Program,
    index: Value,
    body: &Block,
    effects: &Effects,
    declared: &FastSet<Var>,
    uses: &FastMap<Value, u32>,
) -> Vec<Replaced> {
    let outside = |var: &&Var| declared.contains(var);
    if !effects.assigned.iter().any(|var| outside(&var)) {
        return Vec::new();
    }
    let text = Text::of(program, body, effects, declared, uses);
    let mut tried: FastMap<Var, Vec<Trial>> = FastMap::default();
    let mut order = Vec::new();
    for stmt in &text.branches {
        if let Some(trial) = text.trial(stmt) {
            let var = trial.comparison.var;
            let trials = tried.entry(var).or_default();
            if trials.is_empty() {
                order.push(var);
            }
            trials.push(trial);
        }
    }
    order.into_iter().filter_map(|var| text.replaced(index, var, &tried[&var])).collect()
}

/// Whether the body of a `prange` replaces this variable with better numbers.
pub(crate) fn replaces(
    program: &Program,
    index: Value,
    body: &Block,
    declared: &FastSet<Var>,
    number: Var,
) -> bool {
    replaced_by(program, index, body, declared).iter().any(|own| own.number == number)
}

/// Whether a body replaces all of these variables, the numbers with better ones.
pub(crate) fn replaces_all(program: &Program, index: Value, body: &Block, declared: &FastSet<Var>) -> bool {
    let replaced = replaced_by(program, index, body, declared);
    let vars: FastSet<Var> = replaced.iter().flat_map(Replaced::vars).collect();
    declared.iter().all(|var| vars.contains(var))
}

fn replaced_by(program: &Program, index: Value, body: &Block, declared: &FastSet<Var>) -> Vec<Replaced> {
    let effects = scan::effects(program, &[body], &FastMap::default());
    let uses = scan::uses(program, body);
    recognise(program, index, body, &effects, declared, &uses)
}

/// The body of the loop, with what is needed to know of it.
struct Text<'a> {
    program: &'a Program,
    uses: &'a FastMap<Value, u32>,
    /// The variables declared outside that the body assigns.
    outside: FastSet<Var>,
    /// Where values are evaluated: the position in the text, and the loop around.
    places: FastMap<Value, (usize, usize)>,
    /// Where variables, or elements of theirs, are set.
    sets: Vec<(usize, Var)>,
    assigned: FastMap<Var, Vec<Value>>,
    reads: FastMap<Var, Vec<Value>>,
    branches: Vec<&'a Stmt>,
    /// The branch both sides of which end with setting a variable.
    chosen: FastMap<Var, &'a Stmt>,
}

/// A number compared with a variable.
#[derive(Clone, Debug)]
struct Comparison {
    extreme: Extreme,
    var: Var,
    number: Value,
}

/// A branch that replaces.
struct Trial {
    comparison: Comparison,
    replaces: Vec<(Var, Value)>,
}

impl<'a> Text<'a> {
    fn of(
        program: &'a Program,
        body: &'a Block,
        effects: &Effects,
        declared: &FastSet<Var>,
        uses: &'a FastMap<Value, u32>,
    ) -> Text<'a> {
        let mut text = Text {
            program,
            uses,
            outside: effects.assigned.iter().copied().filter(|var| declared.contains(var)).collect(),
            places: FastMap::default(),
            sets: Vec::new(),
            assigned: FastMap::default(),
            reads: FastMap::default(),
            branches: Vec::new(),
            chosen: FastMap::default(),
        };
        let (mut position, mut loops) = (0, 0);
        walk::visit_within(program, body, 0, |stmt, around| {
            position += 1;
            text.note(stmt, position, around);
            if matches!(stmt, Stmt::For { .. } | Stmt::While { .. }) {
                loops += 1;
                return loops;
            }
            around
        });
        text
    }

    fn note(&mut self, stmt: &'a Stmt, position: usize, around: usize) {
        match stmt {
            Stmt::Let(value) => {
                self.places.insert(*value, (position, around));
                if let Expr::Var(var) = self.program.values[*value].expr {
                    self.reads.entry(var).or_default().push(*value);
                }
            }
            Stmt::Assign { var, value } => {
                self.sets.push((position, *var));
                self.assigned.entry(*var).or_default().push(*value);
            }
            Stmt::Store { place: Place { var, .. }, .. }
            | Stmt::Update { place: Place { var, .. }, .. }
            | Stmt::Resize { var, .. } => self.sets.push((position, *var)),
            Stmt::Call { arguments, results, .. } => {
                let written = scan::written(arguments);
                self.sets.extend(results.iter().copied().chain(written).map(|var| (position, var)));
            }
            Stmt::If { then, otherwise, .. } => {
                self.branches.push(stmt);
                if let (Some(Stmt::Assign { var, .. }), Some(Stmt::Assign { var: other, .. })) =
                    (then.last(), otherwise.last())
                    && var == other
                {
                    self.chosen.insert(*var, stmt);
                }
            }
            Stmt::For { until, .. } => {
                // A loop that ends by a variable reads it.
                if let Some(var) = until {
                    self.reads.entry(*var).or_default();
                    self.sets.push((position, *var));
                }
            }
            Stmt::While { .. } | Stmt::Scope { .. } | Stmt::Leave { .. } | Stmt::Check { .. } => {}
        }
    }

    fn used_once(&self, value: Value) -> bool {
        self.uses.get(&value) == Some(&1)
    }

    /// The comparison that holds wherever a condition does.
    fn comparison(&self, cond: Value, depth: u32) -> Option<Comparison> {
        let deeper = depth.checked_sub(1)?;
        if !self.used_once(cond) {
            return None;
        }
        match &self.program.values[cond].expr {
            Expr::Op(ScalarOp::And, operands) => {
                operands.iter().find_map(|operand| self.comparison(*operand, deeper))
            }
            Expr::Op(op, operands) => self.compared(*op, operands),
            Expr::Var(both) if !self.outside.contains(both) => self.behind_both(*both, deeper),
            _ => None,
        }
    }

    /// `a && b` is a variable that is false where the first operand is, and else the second.
    fn behind_both(&self, both: Var, deeper: u32) -> Option<Comparison> {
        let Stmt::If { cond: first, then, otherwise } = *self.chosen.get(&both)? else { return None };
        let (Some(Stmt::Assign { value: second, .. }), Some(Stmt::Assign { value: neither, .. })) =
            (then.last(), otherwise.last())
        else {
            return None;
        };
        let only = self.assigned.get(&both).is_some_and(|all| all.len() == 2)
            && self.reads.get(&both).is_some_and(|all| all.len() == 1)
            && self.program.constant(*neither) == Some(Scalar::Bool(false))
            && self.is_quiet(then, &[(both, *second)])
            && self.is_quiet(otherwise, &[(both, *neither)]);
        if !only {
            return None;
        }
        self.comparison(*second, deeper).or_else(|| self.comparison(*first, deeper))
    }

    fn compared(&self, op: ScalarOp, operands: &[Value]) -> Option<Comparison> {
        let [a, b] = operands else { return None };
        // Seen from the number: what it is compared with stands on the right.
        let sides = [(op, *a, *b), (mirrored(op)?, *b, *a)];
        sides.into_iter().find_map(|(op, number, read)| {
            let Expr::Var(var) = self.program.values[read].expr else { return None };
            let numeric =
                matches!(self.program.vars[var].ty, Type::Scalar(element) if element.part().is_numeric());
            let assigned = self.assigned.get(&var)?;
            // Of two variables that are replaced it is the one that takes in the other side.
            let takes_in = assigned.iter().any(|value| self.are_same(*value, number));
            let fits = self.outside.contains(&var) && numeric && takes_in && self.used_once(read);
            fits.then_some(Comparison { extreme: extreme(op), var, number })
        })
    }

    /// What a branch replaces, if it is one that does.
    fn trial(&self, stmt: &Stmt) -> Option<Trial> {
        const DEPTH: u32 = 4;
        let Stmt::If { cond, then, otherwise } = stmt else { unreachable!("a branch") };
        let comparison = self.comparison(*cond, DEPTH)?;
        let mut replaces: Vec<(Var, Value)> = Vec::new();
        for stmt in then {
            if let Stmt::Assign { var, value } = stmt
                && self.outside.contains(var)
            {
                if replaces.iter().any(|(other, _)| other == var) {
                    return None;
                }
                replaces.push((*var, *value));
            }
        }
        let number = replaces.iter().find(|(var, _)| *var == comparison.var)?.1;
        let quiet = otherwise.is_empty() && self.is_quiet(then, &replaces);
        (quiet && self.are_same(number, comparison.number)).then_some(Trial { comparison, replaces })
    }

    /// Whether nothing but this happens in a block that anybody behind it could notice.
    fn is_quiet(&self, block: &Block, replaces: &[(Var, Value)]) -> bool {
        let (mut assigned, mut read): (FastMap<Var, usize>, FastMap<Var, usize>) = Default::default();
        let mut quiet = true;
        for stmt in walk::statements(self.program, block) {
            match stmt {
                Stmt::Let(value) => match &self.program.values[*value].expr {
                    Expr::Random { .. } => quiet = false,
                    Expr::Var(var) => *read.entry(*var).or_default() += 1,
                    _ => {}
                },
                Stmt::Assign { var, .. } => *assigned.entry(*var).or_default() += 1,
                // What fails here would fail for numbers that are the best of their part alone.
                Stmt::Store { .. }
                | Stmt::Update { .. }
                | Stmt::Resize { .. }
                | Stmt::Call { .. }
                | Stmt::Check { .. } => quiet = false,
                Stmt::For { until, .. } => quiet &= until.is_none(),
                Stmt::If { .. } | Stmt::While { .. } | Stmt::Scope { .. } | Stmt::Leave { .. } => {}
            }
        }
        let count = |map: &FastMap<Var, Vec<Value>>, var: &Var| map.get(var).map_or(0, Vec::len);
        // What the branch alone sets and reads is its own.
        let own = |(var, times): (&Var, &usize)| match replaces.iter().any(|(other, _)| other == var) {
            true => *times == 1,
            false => {
                !self.outside.contains(var)
                    && *times == count(&self.assigned, var)
                    && read.get(var).copied().unwrap_or(0) == count(&self.reads, var)
            }
        };
        quiet && assigned.iter().all(own)
    }

    /// What some branches replace that compare with a variable, if that is all that becomes of it.
    fn replaced(&self, index: Value, number: Var, trials: &[Trial]) -> Option<Replaced> {
        let first = trials.first()?;
        let mut vars: Vec<Var> = first.replaces.iter().map(|(var, _)| *var).collect();
        vars.sort_unstable();
        let alike = |trial: &Trial| {
            let mut own: Vec<Var> = trial.replaces.iter().map(|(var, _)| *var).collect();
            own.sort_unstable();
            own == vars && trial.comparison.extreme == first.comparison.extreme
        };
        let reads = self.reads.get(&number).map_or(0, Vec::len);
        if !trials.iter().all(alike) || reads != trials.len() {
            return None;
        }
        let mut others = Vec::new();
        for var in vars.into_iter().filter(|var| *var != number) {
            let values = self.assigned.get(&var)?;
            let is_read = self.reads.get(&var).is_some_and(|reads| !reads.is_empty());
            let scalar = matches!(self.program.vars[var].ty, Type::Scalar(_));
            if values.len() != trials.len() || is_read || !scalar {
                return None;
            }
            let is_index = |value: &Value| self.is_index(index, *value);
            let alike = values.iter().all(|value| is_index(value) && self.are_same(*value, values[0]));
            others.push(Other { var, index: alike.then(|| values[0]) });
        }
        let own = self.assigned.get(&number).is_some_and(|values| values.len() == trials.len());
        own.then_some(Replaced { extreme: first.comparison.extreme, number, others })
    }

    /// Whether a value is the index of the loop, converted to another integer type or not.
    fn is_index(&self, index: Value, mut value: Value) -> bool {
        const MOST: u32 = 4;
        for _ in 0..MOST {
            if value == index {
                return true;
            }
            match self.program.values[value].expr {
                Expr::Cast(from) if self.program.ty(value).dtype().is_int() => value = from,
                _ => return false,
            }
        }
        false
    }

    /// Whether two values are equal wherever both have been evaluated in one iteration.
    fn are_same(&self, a: Value, b: Value) -> bool {
        const DEPTH: u32 = 12;
        self.same(a, b, DEPTH)
    }

    fn same(&self, a: Value, b: Value, depth: u32) -> bool {
        if a == b {
            return true;
        }
        let Some(deeper) = depth.checked_sub(1) else { return false };
        let (x, y) = (&self.program.values[a], &self.program.values[b]);
        if x.ty != y.ty {
            return false;
        }
        match (&x.expr, &y.expr) {
            (Expr::Const(x), Expr::Const(y)) => return x == y,
            (Expr::Param(x), Expr::Param(y)) => return x == y,
            (Expr::Var(x), Expr::Var(y)) => return x == y && self.is_kept_between(a, b, *x),
            (
                Expr::Op(..)
                | Expr::Cast(_)
                | Expr::Index { .. }
                | Expr::Dim { .. }
                | Expr::Len(_)
                | Expr::View { .. },
                other,
            ) => {
                // They do the same with operands that are the same.
                let [mut x, mut y] = [x.expr.clone(), other.clone()];
                for expr in [&mut x, &mut y] {
                    walk::operands_mut(expr, |operand| *operand = a);
                }
                if x != y {
                    return false;
                }
            }
            _ => return false,
        }
        let (x, y) = (x.expr.operands(), y.expr.operands());
        x.len() == y.len()
            && x.iter().zip(&y).all(|(x, y)| self.same(*x, *y, deeper))
            && self.sees_the_same(a, b, deeper)
    }

    /// Whether the elements that two values look at are not set between them.
    fn sees_the_same(&self, a: Value, b: Value, depth: u32) -> bool {
        let Expr::Index { array, .. } = self.program.values[a].expr else { return true };
        let mut array = array;
        for _ in 0..depth {
            match &self.program.values[array].expr {
                Expr::Var(var) => return self.is_kept_between(a, b, *var),
                Expr::Param(_) => return true,
                Expr::View { array: of, .. } => array = *of,
                _ => return false,
            }
        }
        false
    }

    /// Whether a variable, and all elements of it, stay as they are from one value to the other.
    fn is_kept_between(&self, a: Value, b: Value, var: Var) -> bool {
        if !self.sets.iter().any(|(_, set)| *set == var) {
            return true;
        }
        let (Some((a, loop_a)), Some((b, loop_b))) = (self.places.get(&a), self.places.get(&b)) else {
            return false;
        };
        let between = (*a).min(*b)..(*a).max(*b);
        loop_a == loop_b && !self.sets.iter().any(|(at, set)| *set == var && between.contains(at))
    }
}

/// The comparison with its operands exchanged.
pub(crate) fn mirrored(op: ScalarOp) -> Option<ScalarOp> {
    Some(match op {
        ScalarOp::Lt => ScalarOp::Gt,
        ScalarOp::Le => ScalarOp::Ge,
        ScalarOp::Gt => ScalarOp::Lt,
        ScalarOp::Ge => ScalarOp::Le,
        _ => return None,
    })
}

/// What is found by replacing where a number compares so with the best before it.
fn extreme(op: ScalarOp) -> Extreme {
    let (op, last) = match op {
        ScalarOp::Lt => (ReduceOp::Min, false),
        ScalarOp::Le => (ReduceOp::Min, true),
        ScalarOp::Gt => (ReduceOp::Max, false),
        _ => (ReduceOp::Max, true),
    };
    Extreme { op, last }
}
