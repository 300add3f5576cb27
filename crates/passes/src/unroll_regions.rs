//! Makes straight code of parallel loops over few elements inside serial loops.
//!
//! ```text
//! for v1 in v0 {                                 for v1 in v0 {
//!   parfor v2 in 2usize {                          v5: f64 = load b0[v1, 0usize]
//!     v3: f64 = load b0[v1, v2]                    store b1[0usize], v5
//!     store b1[v2], v3                      ⇒      v6: f64 = load b0[v1, 1usize]
//!   }                                              store b1[1usize], v6
//! }                                              }
//! ```
//!
//! What starts a parallel loop takes longer than such a loop does: small matrices in the steps of a filter, the sum of the
//! neighbours of each element. Once written out its elements may live in variables, and the loop around it may be parallel.
//!
//! Totals come out in the order in which one block combines them: each column of the space in an accumulator of its own, which
//! take in one another by halves.

use crate::Changed;
use crate::copies::Copies;
use crate::replace_loops::in_body;
use parfuse_ir::grid::{Grain, LANES};
use parfuse_ir::loops::walk::{self, blocks_mut};
use parfuse_ir::loops::{Block, Expr, Loops, Parfor, Stmt, Value, Var};
use parfuse_ir::{Loc, ReduceOp, Scalar};

/// The most elements of a loop that is written out.
const MOST_ELEMENTS: usize = 16;
/// The most statements that it may become.
const MOST_STATEMENTS: usize = 160;
/// The most statements that all of them may become.
const MOST_IN_ALL: usize = 1500;

/// Makes straight code of parallel loops over few elements inside serial loops.
pub fn unroll_regions(loops: &mut Loops) -> Changed {
    in_body(loops, |loops, body| in_block(loops, body, false, &mut { MOST_IN_ALL }))
}

fn in_block(loops: &mut Loops, block: &mut Block, repeated: bool, left: &mut usize) -> bool {
    let mut changed = false;
    for mut stmt in std::mem::take(block) {
        match &mut stmt {
            Stmt::Parfor(parfor) if repeated => {
                if let Some(few) = Few::of(loops, parfor, left) {
                    few.write_out(loops, block);
                    changed = true;
                    continue;
                }
            }
            Stmt::Parfor(_) => {}
            _ => {
                let repeated = repeated || matches!(stmt, Stmt::For { .. } | Stmt::While { .. });
                blocks_mut(&mut stmt).for_each(|inner| changed |= in_block(loops, inner, repeated, left));
            }
        }
        block.push(stmt);
    }
    changed
}

/// A loop over few elements.
struct Few<'a> {
    parfor: &'a Parfor,
    lengths: Vec<usize>,
    reductions: Vec<(ReduceOp, Var, Var)>,
}

impl<'a> Few<'a> {
    fn of(loops: &Loops, parfor: &'a Parfor, left: &mut usize) -> Option<Few<'a>> {
        let length = |extent: &Value| match loops.constant(*extent) {
            Some(Scalar::Usize(length @ 1..=MOST_ELEMENTS)) => Some(length),
            _ => None,
        };
        let lengths: Vec<usize> = parfor.extents.iter().map(length).collect::<Option<_>>()?;
        let elements: usize = lengths.iter().product();
        let reductions: Vec<_> =
            parfor.reductions.iter().map(|own| own.as_simple()).collect::<Option<_>>()?;
        // Blocks of such loops may be smaller than the loop.
        let in_any_order = |(op, local, _): &(ReduceOp, Var, Var)| op.is_exact(loops.vars[*local].dtype);
        let in_one_block = parfor.grain == Grain::Fine || reductions.iter().all(in_any_order);
        let statements = walk::statements(&parfor.body).count().checked_mul(elements)?;
        let copies = walk::statements(&parfor.body).all(|stmt| match stmt {
            Stmt::Let(value) => !matches!(loops.values[*value].expr, Expr::LinearIndex),
            Stmt::Set { .. } | Stmt::Store { .. } | Stmt::If { .. } | Stmt::For { until: None, .. } => true,
            _ => false,
        });
        let few = elements <= MOST_ELEMENTS && statements <= MOST_STATEMENTS.min(*left);
        (few && in_one_block && copies).then(|| {
            *left -= statements;
            Few { parfor, lengths, reductions }
        })
    }

    fn write_out(&self, loops: &mut Loops, to: &mut Block) {
        let columns = self.lengths.last().copied().unwrap_or(1);
        let mut totals = vec![vec![None; columns]; self.reductions.len()];
        for position in 0..self.lengths.iter().product() {
            for (op, local, _) in &self.reductions {
                let dtype = loops.vars[*local].dtype;
                let identity = loops.value(Expr::Const(op.identity(dtype)), dtype, Loc::NONE);
                to.push(Stmt::Set { var: *local, value: identity });
            }
            self.iteration(loops, position, to);
            for ((op, local, _), totals) in self.reductions.iter().zip(&mut totals) {
                let contribution = evaluate(loops, Expr::Var(*local), *local, to);
                let total = &mut totals[position % columns];
                *total = Some(combine(loops, *op, *local, [*total, Some(contribution)], to));
            }
        }
        for ((op, local, target), totals) in self.reductions.iter().zip(totals) {
            let total = halve(loops, *op, *local, totals, to);
            let before = evaluate(loops, Expr::Var(*target), *local, to);
            let value = combine(loops, *op, *local, [Some(before), Some(total)], to);
            to.push(Stmt::Set { var: *target, value });
        }
    }

    fn iteration(&self, loops: &mut Loops, position: usize, to: &mut Block) {
        let mut copies = Copies::default();
        let mut rest = position;
        for (index, length) in self.parfor.indices.iter().zip(&self.lengths).rev() {
            let dtype = loops.dtype(*index);
            let number = loops.value(Expr::Const(Scalar::Usize(rest % length)), dtype, Loc::NONE);
            copies.values.insert(*index, number);
            rest /= length;
        }
        copies.block(loops, &self.parfor.body, to);
    }
}

/// The total of the accumulators that have taken in anything. One that has not changes no bit of one that has.
fn halve(
    loops: &mut Loops,
    op: ReduceOp,
    local: Var,
    mut totals: Vec<Option<Value>>,
    to: &mut Block,
) -> Value {
    let mut half = LANES / 2;
    while half > 0 {
        for column in half..totals.len().min(2 * half) {
            let both = [totals[column - half], totals[column]];
            totals[column - half] = Some(combine(loops, op, local, both, to));
        }
        totals.truncate(half);
        half /= 2;
    }
    totals[0].expect("a loop over few elements has some")
}

/// Combines two partial results; of those that are not there, the operator's identity.
fn combine(loops: &mut Loops, op: ReduceOp, local: Var, both: [Option<Value>; 2], to: &mut Block) -> Value {
    let dtype = loops.vars[local].dtype;
    let [first, second] = both.map(|partial| {
        partial.unwrap_or_else(|| loops.value(Expr::Const(op.identity(dtype)), dtype, Loc::NONE))
    });
    evaluate(loops, Expr::Op(op.combine(), vec![first, second]), local, to)
}

/// Evaluates an expression of the type of a variable.
fn evaluate(loops: &mut Loops, expr: Expr, of: Var, to: &mut Block) -> Value {
    let value = loops.value(expr, loops.vars[of].dtype, Loc::NONE);
    to.push(Stmt::Let(value));
    value
}
