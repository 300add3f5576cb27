//! Does several rows of a parallel loop at a time, so that they share what their inner loops load.
//!
//! ```text
//! parfor v1, v3 in n, m {                  parfor v11, v13 in n / 4, m {
//!   x0 = 0.0f64                              x0 = 0.0f64  …  x3 = 0.0f64
//!   for v5 in k {                            for v15 in k {
//!     v6: f64 = load b0[v1, v5]                v16: f64 = load b0[4 · v11, v15]  …
//!     v7: f64 = load b1[v5, v3]     ⇒          v17: f64 = load b1[v15, v13]           once for four rows
//!     x0 = x0 + v6 · v7                        x0 = x0 + v16 · v17  …  x3 = x3 + …
//!   }                                        }
//!   store b2[v1, v3], x0                     store b2[4 · v11, v13], x0  …
//! }                                        }
//!                                          parfor v21, v3 in n % 4, m { as it was, for the last rows }
//! ```
//!
//! Iterations of a parallel loop may run in any order, and so in turns; within each of them nothing changes its order. So
//! it may be done where every row goes the same way: the loops inside run as often, and nothing ends the kernel. It is done
//! where some inner loop loads along the lanes what is the same for all rows, and works little enough for registers
//! to hold several rows of it. What a row needs comes together, and is needed no longer when the next one begins.
//!
//! Loops that reduce stay: the order in which they combine goes by the space. So do those whose random numbers do.

use crate::Changed;
use crate::hash::FastMap;
use crate::replace_loops::replace_loops;
use crate::vectorize::Varying;
use parfuse_ir::grid::Grain;
use parfuse_ir::loops::walk;
use parfuse_ir::loops::{Block, Expr, Loops, Parfor, Source, Stmt, Value, Var};
use parfuse_ir::{DType, Loc, Scalar, ScalarOp};
use std::collections::BTreeSet;

/// How many accumulators several rows may have together: as many as a step of the shortest registers can hold beside
/// what it works with.
const ACCUMULATORS: usize = 4;

/// The same where a row does no more than load, multiply and add.
const OF_PRODUCTS: usize = 6;

/// How many of the last rows are done at a time, if they may be more than that.
const FEW: usize = 2;

/// What an inner loop that only adds up products does for each row.
const PRODUCT: usize = 4;

/// The most that an inner loop may do for each row.
const LONGEST: usize = 12;

/// Does several rows of parallel loops at a time where that saves loads.
pub fn jam_rows(loops: &mut Loops) -> Changed {
    replace_loops(loops, |loops, parfor, block| match rows_at_a_time(loops, &parfor) {
        Some((rows, own)) => {
            // Several of the last rows are done at a time, too, if they may be that many.
            let left = jam(loops, parfor, rows, &own, block);
            let left = if rows > 2 * FEW { jam(loops, left, FEW, &own, block) } else { left };
            block.push(Stmt::Parfor(left));
            None
        }
        None => Some(parfor),
    })
}

/// How many rows of a loop should be done at a time, if not one, and what is each row's own.
fn rows_at_a_time(loops: &Loops, parfor: &Parfor) -> Option<(usize, Varying)> {
    let ([.., row, _], [.., extent, _]) = (&parfor.indices[..], &parfor.extents[..]) else { return None };
    let (row, extent) = (*row, *extent);
    let inside = |stmt: &Stmt| matches!(stmt, Stmt::For { .. });
    if !parfor.reductions.is_empty() || !parfor.body.iter().any(inside) || is_few(loops, extent) {
        return None;
    }
    let own = Varying::along(loops, &parfor.body, row);
    let lanes = Varying::of(loops, parfor);
    let mut found =
        Found { loops, own: &own, lanes: &lanes, shared: 0, work: 0, accumulators: BTreeSet::new() };
    found.block(&parfor.body, 0)?;
    let most = if found.work <= PRODUCT { OF_PRODUCTS } else { ACCUMULATORS };
    let rows = most / found.accumulators.len().max(1);
    (found.shared > 0 && found.work <= LONGEST && rows > 1).then_some((rows, own))
}

/// Whether rows are known to be few: those that are left of others, for one.
fn is_few(loops: &Loops, rows: Value) -> bool {
    let mut number = rows;
    loop {
        number = match &loops.values[number].expr {
            Expr::Const(Scalar::Usize(number)) => return *number <= 2 * OF_PRODUCTS,
            Expr::Op(ScalarOp::Rem, operands) => operands[1],
            Expr::Op(ScalarOp::Div, operands) => operands[0],
            _ => return false,
        }
    }
}

/// What a loop does inside.
struct Found<'a> {
    loops: &'a Loops,
    /// What differs between rows, and between lanes.
    own: &'a Varying,
    lanes: &'a Varying,
    /// Loads in inner loops along the lanes that all rows share.
    shared: usize,
    /// What inner loops compute and load for each row.
    work: usize,
    /// Variables of each row that inner loops set.
    accumulators: BTreeSet<Var>,
}

impl Found<'_> {
    /// Looks into a block that all rows run together, inside `depth` loops. `None` if rows cannot do that.
    fn block(&mut self, block: &[Stmt], depth: usize) -> Option<()> {
        for stmt in block {
            match stmt {
                Stmt::Let(value) => self.evaluation(*value, depth)?,
                Stmt::Set { var, .. } => {
                    if depth > 0 && self.own.var(*var) {
                        self.accumulators.insert(*var);
                    }
                }
                Stmt::Store { .. } => self.work += (depth > 0) as usize,
                Stmt::For { extent, until: None, body, .. } if !self.own.value(*extent) => {
                    self.block(body, depth + 1)?;
                }
                Stmt::If { then, otherwise, .. } => {
                    self.block(then, depth)?;
                    self.block(otherwise, depth)?;
                }
                Stmt::For { .. }
                | Stmt::While { .. }
                | Stmt::Check { .. }
                | Stmt::Alloc { .. }
                | Stmt::Move { .. }
                | Stmt::Resize { .. }
                | Stmt::Call(_)
                | Stmt::Nest(_)
                | Stmt::Parfor(_) => return None,
            }
        }
        Some(())
    }

    fn evaluation(&mut self, value: Value, depth: usize) -> Option<()> {
        match self.loops.values[value].expr {
            Expr::LinearIndex | Expr::Random { .. } => return None,
            Expr::Load { .. } if depth > 0 && !self.own.value(value) => {
                self.shared += self.lanes.value(value) as usize;
            }
            _ => self.work += (depth > 0 && self.own.value(value)) as usize,
        }
        Some(())
    }
}

/// Puts a loop over several rows at a time at the end of a block, and returns one over those that are left.
fn jam(loops: &mut Loops, mut parfor: Parfor, rows: usize, own: &Varying, block: &mut Block) -> Parfor {
    let dimension = parfor.indices.len() - 2;
    let (row, count) = (parfor.indices[dimension], parfor.extents[dimension]);
    let loc = loops.values[row].loc;
    let by = loops.value(Expr::Const(Scalar::Usize(rows)), DType::Usize, Loc::NONE);
    let op = |loops: &mut Loops, block: &mut Block, op: ScalarOp, a: Value, b: Value| {
        let value = loops.value(Expr::Op(op, vec![a, b]), DType::Usize, loc);
        block.push(Stmt::Let(value));
        value
    };
    let [several, left] = [ScalarOp::Div, ScalarOp::Rem].map(|by_rows| op(loops, block, by_rows, count, by));
    let done = op(loops, block, ScalarOp::Sub, count, left);

    // What several rows read together all rows read: it stays in the cache if the rows below come next.
    let grain = if is_few(loops, count) { parfor.grain } else { Grain::Panels };
    let mut jammed = Parfor { body: Block::new(), grain, ..parfor.clone() };
    jammed.extents[dimension] = several;
    jammed.sources = Source::of_groups(&parfor.sources);
    jammed
        .sources
        .iter_mut()
        .for_each(|source| source.what = format!("{}, {rows} rows at a time", source.what).into());
    jammed.indices = parfor.indices.iter().map(|index| bound(loops, *index)).collect();
    let mut jam = Jam {
        loops,
        own,
        copies: vec![FastMap::default(); rows],
        shared: FastMap::default(),
        vars: vec![FastMap::default(); rows],
    };
    jam.shared.extend(parfor.indices.iter().copied().zip(jammed.indices.iter().copied()));
    let first = op(jam.loops, &mut jammed.body, ScalarOp::Mul, jammed.indices[dimension], by);
    for number in 0..rows {
        let offset = jam.loops.value(Expr::Const(Scalar::Usize(number)), DType::Usize, Loc::NONE);
        let own = match number {
            0 => first,
            _ => op(jam.loops, &mut jammed.body, ScalarOp::Add, first, offset),
        };
        jam.copies[number].insert(row, own);
    }
    jam.shared.remove(&row);
    let all: Vec<usize> = (0..rows).collect();
    jam.block(&parfor.body, &all, &mut jammed.body);
    block.push(Stmt::Parfor(jammed));

    // The index of the last rows is what the index of all was.
    parfor.extents[dimension] = left;
    parfor.indices[dimension] = bound(loops, row);
    loops.values[row].expr = Expr::Op(ScalarOp::Add, vec![done, parfor.indices[dimension]]);
    parfor.body.insert(0, Stmt::Let(row));
    parfor
        .sources
        .iter_mut()
        .for_each(|source| source.what = format!("{}, the last rows", source.what).into());
    parfor
}

/// Another index like this one.
fn bound(loops: &mut Loops, index: Value) -> Value {
    loops.value(Expr::Bound, DType::Usize, loops.values[index].loc)
}

/// Several rows in the making.
struct Jam<'a> {
    loops: &'a mut Loops,
    own: &'a Varying,
    /// By row: what stands for the values that are each row's own.
    copies: Vec<FastMap<Value, Value>>,
    /// What stands for those that all rows share.
    shared: FastMap<Value, Value>,
    /// By row: what stands for the variables that are each row's own.
    vars: Vec<FastMap<Var, Var>>,
}

impl Jam<'_> {
    /// Puts what a block does for some rows at the end of another.
    fn block(&mut self, from: &[Stmt], rows: &[usize], to: &mut Block) {
        let is_simple = |stmt: &Stmt| matches!(stmt, Stmt::Let(_) | Stmt::Set { .. });
        for part in from.chunk_by(|a, b| is_simple(a) && is_simple(b)) {
            match part {
                [stmt] if !is_simple(stmt) => self.statement(stmt, rows, to),
                _ => self.simple(part, rows, to),
            }
        }
    }

    /// Evaluations: those for all rows first, and then row by row, so that what a row needs is needed no longer when the
    /// next one begins.
    fn simple(&mut self, part: &[Stmt], rows: &[usize], to: &mut Block) {
        let (own, shared): (Vec<_>, Vec<_>) = part.iter().partition(|stmt| match stmt {
            Stmt::Set { var, .. } => self.own.var(*var) || rows.len() < self.copies.len(),
            Stmt::Let(value) => self.is_own(*value, rows),
            _ => unreachable!("nothing else is simple"),
        });
        let mut simple = |stmt: &Stmt, row: usize, own: bool| {
            to.push(match stmt {
                Stmt::Let(value) => Stmt::Let(self.evaluated(*value, row, own)),
                Stmt::Set { var, value } => {
                    Stmt::Set { var: self.var(*var, row), value: self.value(*value, row) }
                }
                _ => unreachable!("nothing else is simple"),
            });
        };
        shared.iter().for_each(|stmt| simple(stmt, rows[0], false));
        rows.iter().for_each(|row| own.iter().for_each(|stmt| simple(stmt, *row, true)));
    }

    fn statement(&mut self, stmt: &Stmt, rows: &[usize], to: &mut Block) {
        match stmt {
            Stmt::Store { buffer, index, value, loc } => {
                for row in rows {
                    let index = index.iter().map(|index| self.value(*index, *row)).collect();
                    let value = self.value(*value, *row);
                    to.push(Stmt::Store { buffer: *buffer, index, value, loc: *loc });
                }
            }
            // Rows that may go different ways go one after the other.
            Stmt::If { cond, .. } if self.own.value(*cond) && rows.len() > 1 => {
                rows.iter().for_each(|row| self.block(std::slice::from_ref(stmt), &[*row], to));
            }
            Stmt::If { cond, then, otherwise } => {
                let cond = self.value(*cond, rows[0]);
                let [then, otherwise] = [then, otherwise].map(|from| {
                    let mut to = Block::new();
                    self.block(from, rows, &mut to);
                    to
                });
                to.push(Stmt::If { cond, then, otherwise });
            }
            Stmt::For { index, extent, until: None, body } => {
                let (new, extent) = (bound(self.loops, *index), self.value(*extent, rows[0]));
                match *rows {
                    [row] => self.copies[row].insert(*index, new),
                    _ => self.shared.insert(*index, new),
                };
                let mut inside = Block::new();
                self.block(body, rows, &mut inside);
                to.push(Stmt::For { index: new, extent, until: None, body: inside });
            }
            Stmt::Let(_) | Stmt::Set { .. } => self.simple(std::slice::from_ref(stmt), rows, to),
            Stmt::For { .. }
            | Stmt::While { .. }
            | Stmt::Check { .. }
            | Stmt::Alloc { .. }
            | Stmt::Move { .. }
            | Stmt::Resize { .. }
            | Stmt::Call(_)
            | Stmt::Nest(_)
            | Stmt::Parfor(_) => unreachable!("rows that do this stay apart"),
        }
    }

    /// Whether a value gets a copy for each of some rows. Where rows go by themselves everything is their own.
    fn is_own(&self, value: Value, rows: &[usize]) -> bool {
        self.own.value(value) || rows.len() < self.copies.len()
    }

    /// A copy of a value, which stands for it in a row or in all of them.
    fn evaluated(&mut self, value: Value, row: usize, own: bool) -> Value {
        let mut data = self.loops.values[value].clone();
        walk::operands_mut(&mut data.expr, |operand| *operand = self.value(*operand, row));
        if let Expr::Var(var) = &mut data.expr {
            *var = self.var(*var, row);
        }
        let copy = self.loops.values.push(data);
        let copies = if own { &mut self.copies[row] } else { &mut self.shared };
        copies.insert(value, copy);
        copy
    }

    /// What stands for a value in a row; what is defined outside stands for itself.
    fn value(&self, value: Value, row: usize) -> Value {
        let copy = self.copies[row].get(&value).or_else(|| self.shared.get(&value));
        copy.copied().unwrap_or(value)
    }

    /// What stands for a variable in a row. The first one takes the variables that there are.
    fn var(&mut self, var: Var, row: usize) -> Var {
        if row == 0 || !self.own.var(var) {
            return var;
        }
        if let Some(copy) = self.vars[row].get(&var) {
            return *copy;
        }
        let copy = self.loops.vars.push(self.loops.vars[var].clone());
        self.vars[row].insert(var, copy);
        copy
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{run, unchanged};

    /// `r[i, j] = sum of a[i, k] * b[k, j]`, with something more in the loop.
    fn product(more: &str) -> String {
        format!(
            "loops f(n: usize, m: usize, l: usize, b0 a: f64[_, unit], b1 b: f64[_, unit], mut b2 r: f64[_, unit]) {{
               var x0 s: f64
               parfor v0, v1 in n, m {{
                 source prange @1:1
                 x0 = 0.0f64
                 for v2 in l {{
                   v3: f64 = load b0[v0, v2] v4: f64 = load b1[v2, v1] v5: f64 = mul v3, v4
                   v6: f64 = x0 v7: f64 = add v6, v5 x0 = v7 {more}
                 }}
                 v8: f64 = x0
                 store b2[v0, v1], v8
               }}
             }}"
        )
    }

    fn count(text: &str, part: &str) -> usize {
        text.matches(part).count()
    }

    #[test]
    fn rows_share_what_they_load() {
        let after = run(jam_rows, &product("")).to_string();
        assert_eq!(count(&after, "parfor"), 3, "{after}");
        // Six rows, two of the last ones, and the very last.
        assert_eq!(
            (count(&after, "load b0"), count(&after, "load b1"), count(&after, "store b2")),
            (9, 3, 9),
            "{after}"
        );
        assert!(after.contains("rem n, 6usize") && after.contains("rows at a time"), "{after}");
    }

    #[test]
    fn rows_that_may_end_or_draw_stay_apart() {
        unchanged(jam_rows, &product("v9: bool = lt v2, n check v9, empty_mean"));
        unchanged(jam_rows, &product("v9: usize = linear_index v10: f64 = cast v9 store b2[v0, v1], v10"));
    }

    #[test]
    fn rows_with_loops_of_their_own_length_stay_apart() {
        unchanged(jam_rows, &product("").replace("for v2 in l", "for v2 in v0"));
    }

    #[test]
    fn few_rows_stay_as_they_are() {
        unchanged(jam_rows, &product("").replace("in n, m", "in 3usize, m"));
    }

    #[test]
    fn rows_that_share_nothing_stay_apart() {
        unchanged(jam_rows, &product("").replace("load b1[v2, v1]", "load b1[v0, v1]"));
    }

    #[test]
    fn branches_of_each_row_are_its_own() {
        let more = "v9: bool = lt v3, 1.0f64 if v9 { for v10 in l { v11: f64 = load b0[v0, v10] v12: f64 = x0 \
                    v13: f64 = sub v12, v11 x0 = v13 } }";
        let after = run(jam_rows, &product(more)).to_string();
        assert_eq!((count(&after, "parfor"), count(&after, "if ")), (2, 5), "{after}");
    }
}
