//! Variables that iterations replace together, as a reduction of several words.
//!
//! ```text
//! prange v1 … {                          x5 = +∞   x6 = MAX                       nothing yet
//!   v3 = lt v2, best                     parfor v4 in v0 {
//!   if v3 { best = v2; at = v1 }           reduce state x1, x2 into x5, x6
//! }                                 →      x2 = v4
//!                                          v5 = lt v2, x1   if v5 { x1 = v2 }
//!                                        }
//!                                        v6 = lt x5, best   if v6 { best = x5   at = start + x6 · step }
//! ```
//!
//! The index of the best iteration is a word in any case, so what is set to it needs none of its own.

use super::Lowering;
use super::extremes::Replaced;
use super::loops::Range;
use parfuse_ir::loops::{Reduction, Stmt, Target, Value, Var};
use parfuse_ir::{Combine, DType, Loc, Scalar, ScalarOp, program};

/// What is replaced in a loop, and the variables that it is kept in.
pub(super) struct Replacing {
    replaced: Replaced,
    /// The iteration's number, where it came from, and what else needs a word; the number alone if that is all there is to it.
    locals: Vec<Var>,
    /// What the loop leaves of each.
    totals: Vec<Var>,
}

impl Lowering<'_> {
    /// Gives the iterations variables of their own in place of those that they replace. Returns the reduction, too.
    pub(super) fn start_replacing(
        &mut self,
        replaced: Replaced,
        targets: &mut Vec<(program::Var, Var)>,
    ) -> (Replacing, Reduction) {
        let mut locals = Vec::new();
        let mut types = Vec::new();
        for (var, is_word) in words(&replaced) {
            let data = self.output.vars[self.scalar_vars[&var]].clone();
            let local = self.variable(&data.name, data.dtype);
            targets.push((var, self.scalar_vars.insert(var, local).expect("it has a variable")));
            if is_word {
                locals.push(local);
                types.push(data.dtype);
            }
        }
        // Of integers that are equal any will do, unless something goes with them.
        if replaced.others.is_empty() && types[0].is_int() {
            let op = replaced.extreme.op;
            let totals = vec![self.total(locals[0], op.identity(types[0]))];
            let reduction = Reduction::simple(op, locals[0], totals[0]);
            return (Replacing { replaced, locals, totals }, reduction);
        }
        locals.insert(1, self.variable("at", DType::Usize));
        let combiner = replaced.extreme.combiner(types[0], &types[1..]);
        let identities = locals.iter().zip(&combiner.identity);
        let totals: Vec<Var> = identities.map(|(local, identity)| self.total(*local, *identity)).collect();
        let into = Target::Vars(totals.iter().copied().map(Some).collect());
        let reduction =
            Reduction { combine: Combine::State(Box::new(combiner)), locals: locals.clone(), into };
        (Replacing { replaced, locals, totals }, reduction)
    }

    /// A variable for what a loop leaves of its iterations' own, of nothing yet.
    fn total(&mut self, local: Var, identity: Scalar) -> Var {
        let data = self.output.vars[local].clone();
        let total = self.variable(&data.name, data.dtype);
        let identity = self.constant(identity);
        self.set(total, identity);
        total
    }

    /// At the head of the iteration with this number.
    pub(super) fn start_iteration(&mut self, replacing: &Replacing, number: Value) {
        let Replacing { replaced, locals, .. } = replacing;
        let dtype = self.output.vars[locals[0]].dtype;
        let identity = self.constant(replaced.extreme.op.of_no_elements(dtype));
        self.known.contents.insert(locals[0], identity);
        if locals.len() == 1 {
            return;
        }
        match replaced.extreme.last {
            false => self.block.push(Stmt::Set { var: locals[1], value: number }),
            true => {
                let parallel = self.parallel.as_mut().expect("a parallel loop is being lowered");
                parallel.positions.insert(replaced.number, (locals[1], number));
            }
        }
    }

    /// Where a variable is set: notes the iteration, counted from one, if it is one that numbers are compared with.
    pub(super) fn note_position(&mut self, var: program::Var) {
        let positions = self.parallel.as_ref().map(|parallel| &parallel.positions);
        let Some(&(position, number)) = positions.and_then(|positions| positions.get(&var)) else { return };
        let one = self.usize(1);
        let value = self.op(ScalarOp::Add, &[number, one], Loc::NONE);
        self.block.push(Stmt::Set { var: position, value });
    }

    /// Behind the loop: the best of all numbers against what the variable holds.
    pub(super) fn finish_replacing(&mut self, replacing: &Replacing, index: program::Value, range: &Range) {
        let Replacing { replaced, totals, .. } = replacing;
        let (extreme, loc) = (replaced.extreme, range.loc);
        let total = self.get(totals[0], loc);
        let position = totals.get(1).map(|position| self.get(*position, loc));
        let before = self.get(self.scalar_vars[&replaced.number], loc);
        let mut better = self.op(extreme.comparison(), &[total, before], loc);
        if let (true, Some(position)) = (extreme.last, position) {
            let nowhere = self.constant(Scalar::Usize(0));
            let found = self.op(ScalarOp::Ne, &[position, nowhere], loc);
            better = self.op(ScalarOp::And, &[better, found], loc);
        }
        let outer = std::mem::take(&mut self.block);
        let set = |lowering: &mut Self, var: program::Var, value: Value| {
            let var = lowering.scalar_vars[&var];
            lowering.block.push(Stmt::Set { var, value });
            lowering.known.contents.remove(&var);
        };
        set(self, replaced.number, total);
        if let Some(position) = position {
            let number = match extreme.last {
                false => position,
                true => {
                    let one = self.usize(1);
                    self.op(ScalarOp::Sub, &[position, one], loc)
                }
            };
            self.bind_index(index, range, number);
        }
        let mut words = totals.iter().skip(2);
        for other in &replaced.others {
            let value = match other.index {
                Some(value) => self.index_as(index, value, loc),
                None => {
                    let word = *words.next().expect("one for each that is no index");
                    self.emit(parfuse_ir::loops::Expr::Var(word), self.output.vars[word].dtype, loc)
                }
            };
            set(self, other.var, value);
        }
        let then = std::mem::replace(&mut self.block, outer);
        self.block.push(Stmt::If { cond: better, then, otherwise: Vec::new() });
    }

    /// The index of a loop, converted as a value of the program is.
    fn index_as(&mut self, index: program::Value, value: program::Value, loc: Loc) -> Value {
        if value == index {
            return self.scalar(index);
        }
        let program::Expr::Cast(from) = self.program.values[value].expr else {
            panic!("{value} is no conversion of {index}")
        };
        let from = self.index_as(index, from, loc);
        self.cast(from, self.program.ty(value).dtype(), loc)
    }
}

/// The variables that are replaced, and whether each is a word of the reduction.
fn words(replaced: &Replaced) -> impl Iterator<Item = (program::Var, bool)> + '_ {
    let others = replaced.others.iter().map(|other| (other.var, other.index.is_none()));
    std::iter::once((replaced.number, true)).chain(others)
}
