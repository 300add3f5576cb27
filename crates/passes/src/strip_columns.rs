//! Goes through long columns row after row, by strips of columns that stay in the cache.
//!
//! ```text
//!                                    if n and m are large {
//!                                      alloc b2[m]
//! parfor v1 in m {                     parfor v6 in (m + 511) / 512 {
//!   x0 = 0.0f64                          parfor v1 in strip { x0 = 0.0f64  store b2[v1], x0 }          in lanes
//!   for v2 in n {                        for v7 in n / 4 {
//!     v3: f64 = load b0[v2, v1]            parfor v1 in strip {
//!     x0 = x0 + v3            ⇒              x0 = load b2[v1]
//!   }                                        x0 = x0 + load b0[4 · v7, v1]  …  x0 = x0 + load b0[4 · v7 + 3, v1]
//!   store b1[v1], x0                         store b2[v1], x0
//! }                                        }
//!                                        }
//!                                        …                                                             the last rows
//!                                        parfor v1 in strip { x0 = load b2[v1]  store b1[v1], x0 }
//!                                      }
//!                                    } else { … as it was }
//! ```
//!
//! In lanes, a register or two of each column go down all rows before the next ones do. Where rows are long, each of them
//! then is on a page of its own, of which little is used at a time: memory is faster if it is read as it lies. So what columns
//! have in variables waits in an array, and a strip of them takes a few rows together. For few columns or rows registers
//! are better; which it is shows at run time.
//!
//! Iterations of a parallel loop may run in any order, and so in turns; within each of them nothing changes its order.
//! It is done for loops in one dimension whose columns have something to keep and touch neighbours everywhere, with serial
//! loops in them that come by other elements in each iteration, and nothing inside these. What columns compute in front of a
//! loop is computed again behind it. Loops that reduce stay, as those do with checks or random numbers.

use crate::Changed;
use crate::affine::{AffineForms, Width};
use crate::copies::Copies;
use crate::emit::Emit;
use crate::hash::{FastMap, FastSet};
use crate::lane_cost::unit_axis;
use crate::replace_loops::in_body;
use crate::vectorize::{VarSet, Varying, assigned, live_before};
use parfuse_ir::grid::Grain;
use parfuse_ir::loops::walk::{self, blocks_mut};
use parfuse_ir::loops::{Block, Buffer, BufferData, Expr, Loops, Origin, Parfor, Source, Stmt, Value, Var};
use parfuse_ir::{Loc, Scalar, ScalarOp};

/// The elements of a strip: a page of numbers of eight bytes.
const STRIP: usize = 512;

/// With fewer columns than that rows lie together anyway …
const FEWEST_COLUMNS: usize = 256;

/// … and with fewer rows all their pages are at hand.
const FEWEST_ROWS: usize = 512;

/// How many rows a strip takes together, if that is not too much code.
const ROWS: usize = 4;
const MOST_STATEMENTS: usize = 64;

/// More variables would be more arrays to go through than it is worth.
const MOST_VARIABLES: usize = 3;

/// Runs serial loops down long columns by strips of columns.
pub fn strip_columns(loops: &mut Loops) -> Changed {
    let concerned = |stmt: &Stmt| matches!(stmt, Stmt::Parfor(parfor) if parfor.indices.len() == 1);
    if !walk::statements(&loops.body).any(concerned) {
        return Changed::No;
    }
    in_body(loops, in_block)
}

fn in_block(loops: &mut Loops, block: &mut Block) -> bool {
    let mut changed = false;
    for mut stmt in std::mem::take(block) {
        match stmt {
            Stmt::Parfor(parfor) => match Columns::of(loops, &parfor) {
                Some(columns) => {
                    let strips = columns.strips(loops, &parfor);
                    block.extend(chosen(loops, parfor, columns.rows, strips));
                    changed = true;
                }
                None => block.push(Stmt::Parfor(parfor)),
            },
            // What is chosen already has the loop as it was on its other side.
            Stmt::If { ref then, .. } if is_chosen(then) => block.push(stmt),
            _ => {
                blocks_mut(&mut stmt).for_each(|inner| changed |= in_block(loops, inner));
                block.push(stmt);
            }
        }
    }
    changed
}

/// Whether a block is what this pass makes.
fn is_chosen(block: &[Stmt]) -> bool {
    let is_lane_loop = |stmt: &Stmt| matches!(stmt, Stmt::Parfor(_));
    matches!(block.last(), Some(Stmt::Parfor(parfor)) if parfor.elements && parfor.body.iter().any(is_lane_loop))
}

/// A parallel loop that goes down columns.
struct Columns {
    /// How often the longest loops inside run: one after the other, all that differ.
    rows: Vec<Value>,
    /// The variables that columns keep from one part of their work to the next.
    kept: VarSet,
    /// What is computed in front of loops and can be computed again.
    again: FastMap<Value, Stmt>,
}

impl Columns {
    fn of(loops: &Loops, parfor: &Parfor) -> Option<Columns> {
        let [column] = parfor.indices[..] else { return None };
        if parfor.elements
            || !parfor.reductions.is_empty()
            || is_few(loops, parfor.extents[0], FEWEST_COLUMNS)
        {
            return None;
        }
        let mut rows: Vec<Value> = Vec::new();
        let mut again: FastMap<Value, Stmt> = FastMap::default();
        let varying = Varying::of(loops, parfor);
        let mut goes_down = false;
        let stored: FastSet<Buffer> = walk::statements(&parfor.body).filter_map(stored).collect();
        let mut forms = AffineForms::of_lanes(loops, &varying, &parfor.body, column);
        let inside = defined(&parfor.body);
        for (position, stmt) in parfor.body.iter().enumerate() {
            match stmt {
                Stmt::For { index, extent, until: None, body } => {
                    if varying.value(*extent) || again.contains_key(extent) || !body.iter().all(is_straight) {
                        return None;
                    }
                    let along = Varying::along(loops, body, *index);
                    for (buffer, element) in walk::accesses(loops, body) {
                        goes_down |= is_neighbour(loops, &mut forms, &varying, buffer, element)?
                            && element.iter().any(|index| along.value(*index) && !varying.value(*index));
                    }
                    if !rows.contains(extent) {
                        rows.push(*extent);
                    }
                }
                stmt if is_straight(stmt) => {
                    for (buffer, element) in walk::accesses(loops, std::slice::from_ref(stmt)) {
                        is_neighbour(loops, &mut forms, &varying, buffer, element)?;
                    }
                    if let Stmt::Let(value) = stmt
                        && is_repeatable(loops, *value, &stored, &parfor.body[position + 1..])
                    {
                        let mut knows = true;
                        walk::reads(loops, stmt, |read| {
                            knows &= !inside.contains(&read) || again.contains_key(&read)
                        });
                        if knows {
                            again.insert(*value, stmt.clone());
                        }
                    }
                }
                _ => return None,
            }
        }
        let columns = Columns { rows, kept: VarSet::new(), again };
        let set = assigned(&parfor.body);
        // What is in variables in front of the loop stays there.
        if !goes_down
            || !(&set & &live_before(loops, &parfor.body, &VarSet::new())).is_empty()
            || columns.rows.iter().any(|rows| is_few(loops, *rows, FEWEST_ROWS))
            || !columns.know_all(loops, &parfor.body)
        {
            return None;
        }
        let kept = columns.kept(loops, &parfor.body);
        let fits = (1..=MOST_VARIABLES).contains(&kept.len())
            && kept.iter().all(|var| !loops.vars[*var].dtype.is_bool());
        fits.then_some(Columns { kept, ..columns })
    }

    /// Whether each part of the work has all values: its own, and those that can be computed again.
    fn know_all(&self, loops: &Loops, body: &Block) -> bool {
        let mut elsewhere: FastSet<Value> = FastSet::default();
        parts(body).iter().all(|part| {
            let mut knows = true;
            walk::statements(part).for_each(|stmt| {
                walk::reads(loops, stmt, |value| {
                    knows &= !elsewhere.contains(&value) || self.again.contains_key(&value);
                });
            });
            elsewhere.extend(defined(part));
            knows
        })
    }

    /// The variables that some part sets and a later one reads.
    fn kept(&self, loops: &Loops, body: &Block) -> VarSet {
        let (mut kept, mut set) = (VarSet::new(), VarSet::new());
        for part in parts(body) {
            let whole: Block =
                self.needed(loops, body, part).into_iter().chain(part.iter().cloned()).collect();
            kept.extend(&live_before(loops, &whole, &VarSet::new()) & &set);
            set.extend(assigned(part));
        }
        kept
    }

    /// What a part needs of what others compute, in the order of the program.
    fn needed(&self, loops: &Loops, body: &Block, part: &[Stmt]) -> Block {
        let own = defined(part);
        let mut wanted: Vec<Value> = Vec::new();
        walk::statements(part).for_each(|stmt| walk::reads(loops, stmt, |value| wanted.push(value)));
        let mut found: FastSet<Value> = FastSet::default();
        while let Some(value) = wanted.pop() {
            if let Some(stmt) = self.again.get(&value)
                && !own.contains(&value)
                && found.insert(value)
            {
                walk::reads(loops, stmt, |value| wanted.push(value));
            }
        }
        let is_needed = |stmt: &&Stmt| matches!(stmt, Stmt::Let(value) if found.contains(value));
        body.iter().filter(is_needed).cloned().collect()
    }

    /// The loop by strips, with the arrays for what waits.
    fn strips(&self, loops: &mut Loops, parfor: &Parfor) -> Block {
        let loc = loops.values[parfor.indices[0]].loc;
        let mut block = Block::new();
        let arrays: FastMap<Var, Buffer> = self.kept.iter().map(|var| (*var, array(loops, *var))).collect();
        for var in &self.kept {
            let (buffer, shape) = (arrays[var], vec![parfor.extents[0]]);
            block.push(Stmt::Alloc { buffer, shape, zeroed: false, loc });
        }
        let mut to = Emit { loops, block: &mut block, loc };
        let strip = to.constant(STRIP);
        let most = to.constant(STRIP - 1);
        let rounded = to.op(ScalarOp::Add, parfor.extents[0], most);
        let number = to.op(ScalarOp::Div, rounded, strip);
        let index = to.bound();

        let mut body = Block::new();
        let mut to = Emit { loops, block: &mut body, loc };
        let first = to.op(ScalarOp::Mul, index, strip);
        let left = to.op(ScalarOp::Sub, parfor.extents[0], first);
        let width = to.op(ScalarOp::Min, left, strip);
        let mut making = Strip { loops, columns: self, arrays: &arrays, parfor, first, width, loc };
        for part in parts(&parfor.body) {
            match part {
                [Stmt::For { index, extent, body: inner, .. }] => {
                    making.rows(*index, *extent, inner, &mut body)
                }
                part => making.lanes(part, &[None], &mut body),
            }
        }
        let mut sources = Source::of_groups(&parfor.sources);
        sources
            .iter_mut()
            .for_each(|source| source.what = format!("{}, by strips of columns", source.what).into());
        block.push(Stmt::Parfor(Parfor {
            indices: vec![index],
            extents: vec![number],
            reductions: Vec::new(),
            grain: Grain::Coarse,
            elements: true,
            sources,
            body,
        }));
        block
    }
}

/// The work of a strip in the making.
struct Strip<'a> {
    loops: &'a mut Loops,
    columns: &'a Columns,
    arrays: &'a FastMap<Var, Buffer>,
    parfor: &'a Parfor,
    /// Its first column, and how many it has.
    first: Value,
    width: Value,
    loc: Loc,
}

impl Strip<'_> {
    /// Puts a loop over rows at the end of a block: several at a time, and those that are left.
    fn rows(&mut self, index: Value, extent: Value, body: &Block, to: &mut Block) {
        let statements = walk::statements(body).count().max(1);
        let together = ROWS.min(MOST_STATEMENTS / statements).max(1);
        let mut emit = Emit { loops: self.loops, block: to, loc: self.loc };
        let by = emit.constant(together);
        let several = emit.op(ScalarOp::Div, extent, by);
        let done = emit.op(ScalarOp::Mul, several, by);
        let left = emit.op(ScalarOp::Sub, extent, done);
        for (trips, rows) in [(several, together), (left, 1)] {
            let mut inside = Block::new();
            let mut emit = Emit { loops: self.loops, block: &mut inside, loc: self.loc };
            let number = emit.bound();
            let base = match rows {
                1 => emit.op(ScalarOp::Add, done, number),
                _ => emit.op(ScalarOp::Mul, number, by),
            };
            let mut numbers = vec![Some((index, base))];
            for row in 1..rows {
                let row = emit.constant(row);
                numbers.push(Some((index, emit.op(ScalarOp::Add, base, row))));
            }
            self.lanes(body, &numbers, &mut inside);
            to.push(Stmt::For { index: number, extent: trips, until: None, body: inside });
        }
    }

    /// Puts a lane loop at the end of a block that does a part of the work, for each of some rows.
    fn lanes(&mut self, part: &[Stmt], rows: &[Option<(Value, Value)>], to: &mut Block) {
        let loc = self.loc;
        let (column, mut body) = (self.parfor.indices[0], Block::new());
        let mut emit = Emit { loops: self.loops, block: &mut body, loc };
        let index = emit.bound();
        let own = emit.op(ScalarOp::Add, self.first, index);
        let mut whole = self.columns.needed(self.loops, &self.parfor.body, part);
        whole.extend_from_slice(part);
        let set = assigned(part);
        // What it sets is for others: where it may leave something as it was, that has to be there.
        let read = live_before(self.loops, &whole, &set);
        let waiting = |vars: &VarSet| -> Vec<(Var, Buffer)> {
            self.columns.kept.intersection(vars).map(|var| (*var, self.arrays[var])).collect()
        };
        let (before, after) = (waiting(&read), waiting(&set));
        for (var, buffer) in before {
            let dtype = self.loops.vars[var].dtype;
            let value = self.loops.value(Expr::Load { buffer, index: vec![own] }, dtype, loc);
            body.extend([Stmt::Let(value), Stmt::Set { var, value }]);
        }
        for row in rows {
            let mut copies = Copies::default();
            copies.values.insert(column, own);
            copies.values.extend(*row);
            copies.block(self.loops, &whole, &mut body);
        }
        for (var, buffer) in after {
            let value = self.loops.value(Expr::Var(var), self.loops.vars[var].dtype, loc);
            body.extend([Stmt::Let(value), Stmt::Store { buffer, index: vec![own], value, loc }]);
        }
        to.push(Stmt::Parfor(Parfor {
            indices: vec![index],
            extents: vec![self.width],
            reductions: Vec::new(),
            grain: Grain::of(&body),
            elements: false,
            sources: self.parfor.sources.clone(),
            body,
        }));
    }
}

/// A loop by strips if it has columns and rows enough, and as it was if not.
fn chosen(loops: &mut Loops, parfor: Parfor, rows: Vec<Value>, strips: Block) -> Block {
    let loc = loops.values[parfor.indices[0]].loc;
    let mut block = Block::new();
    let mut to = Emit { loops, block: &mut block, loc };
    let mut enough = |value: Value, least: usize| {
        let least = to.constant(least);
        to.op(ScalarOp::Ge, value, least)
    };
    let mut tests = vec![enough(parfor.extents[0], FEWEST_COLUMNS)];
    tests.extend(rows.into_iter().map(|rows| enough(rows, FEWEST_ROWS)));
    let cond = tests.into_iter().reduce(|a, b| to.op(ScalarOp::And, a, b)).expect("there are columns");
    block.push(Stmt::If { cond, then: strips, otherwise: vec![Stmt::Parfor(parfor)] });
    block
}

/// The statements of a block between its loops, and its loops.
fn parts(block: &[Stmt]) -> Vec<&[Stmt]> {
    let is_loop = |stmt: &Stmt| matches!(stmt, Stmt::For { .. });
    block.chunk_by(|a, b| !is_loop(a) && !is_loop(b)).collect()
}

/// The array in which a variable of each column waits.
fn array(loops: &mut Loops, var: Var) -> Buffer {
    let data = &loops.vars[var];
    let data = BufferData { name: data.name.clone(), dtype: data.dtype, rank: 1, origin: Origin::Local };
    loops.buffers.push(data)
}

fn is_few(loops: &Loops, value: Value, least: usize) -> bool {
    matches!(loops.constant(value), Some(Scalar::Usize(number)) if number < least)
}

/// Whether a statement has no loops in it, nor checks.
fn is_straight(stmt: &Stmt) -> bool {
    walk::statements(std::slice::from_ref(stmt))
        .all(|stmt| matches!(stmt, Stmt::Let(_) | Stmt::Set { .. } | Stmt::Store { .. } | Stmt::If { .. }))
}

fn stored(stmt: &Stmt) -> Option<Buffer> {
    match stmt {
        Stmt::Store { buffer, .. } => Some(*buffer),
        _ => None,
    }
}

/// The values that a block defines.
fn defined(block: &[Stmt]) -> FastSet<Value> {
    let mut values: FastSet<Value> = FastSet::default();
    for stmt in walk::statements(block) {
        walk::defined(stmt, |value| {
            values.insert(value);
        });
    }
    values
}

/// Whether a value is the same when it is computed again, behind some of what comes after it.
fn is_repeatable(loops: &Loops, value: Value, stored: &FastSet<Buffer>, after: &[Stmt]) -> bool {
    match &loops.values[value].expr {
        Expr::Op(..)
        | Expr::Cast(_)
        | Expr::Const(_)
        | Expr::Param(_)
        | Expr::Dim { .. }
        | Expr::Threads
        | Expr::Trips { .. } => true,
        Expr::Load { buffer, .. } => !stored.contains(buffer),
        Expr::Var(var) => !assigned(after).contains(var),
        Expr::Bound | Expr::LinearIndex | Expr::Random { .. } => false,
    }
}

/// Whether columns touch neighbours, if not all the same element. `None` if they touch something else.
fn is_neighbour(
    loops: &Loops,
    forms: &mut AffineForms<'_>,
    varying: &Varying,
    buffer: Buffer,
    element: &[Value],
) -> Option<bool> {
    let unit = unit_axis(loops, buffer);
    let mut neighbour = false;
    for (axis, index) in element.iter().enumerate().filter(|(_, index)| varying.value(**index)) {
        let form = forms.of(*index).filter(|form| form.width == Width::FULL)?;
        match form.coefficient.as_constant()? {
            0 => {}
            1 if unit == Some(axis as u8) => neighbour = true,
            _ => return None,
        }
    }
    Some(neighbour)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{run, unchanged};

    fn kernel(body: &str) -> String {
        format!(
            "loops f(n: usize, m: usize, b0 a: f64[_, unit], b1 w: f64[unit], mut b2 r: f64[unit], b3 t: f64[unit, _]) {{
               var x0 s: f64
               var x1 t: f64
               {body}
             }}"
        )
    }

    const SUM: &str = "x0 = 0.0f64
        for v1 in n { v2: f64 = load b0[v1, v0] v3: f64 = x0 v4: f64 = add v3, v2 x0 = v4 }
        v5: f64 = x0 store b2[v0], v5";

    fn columns(body: &str) -> String {
        kernel(&format!("parfor v0 in m {{ source prange @1:1 {body} }}"))
    }

    fn count(text: &str, part: &str) -> usize {
        text.matches(part).count()
    }

    #[test]
    fn sums_of_columns_wait_in_an_array_while_others_take_their_row() {
        let after = run(strip_columns, &columns(SUM)).to_string();
        // Before the rows, four rows, one row, behind them; the strips; and the loop as it was.
        assert_eq!(count(&after, "parfor"), 6, "{after}");
        assert_eq!((count(&after, "alloc"), count(&after, "load b0")), (1, 6), "{after}");
    }

    #[test]
    fn what_is_computed_in_front_of_rows_is_computed_again() {
        let body = SUM.replace("x0 = 0.0f64", "x0 = 0.0f64 v8: f64 = load b1[v0] v9: f64 = exp v8");
        let after = run(strip_columns, &columns(&body.replace("add v3, v2", "add v3, v9"))).to_string();
        assert_eq!(count(&after, "exp"), 7, "{after}");
        let body = body.replace("store b2[v0], v5", "v10: f64 = mul v5, v9 store b2[v0], v10");
        assert_eq!(count(&run(strip_columns, &columns(&body)).to_string(), "exp"), 3);
    }

    #[test]
    fn two_loops_down_the_same_columns_take_turns() {
        let second =
            "x1 = 0.0f64 for v11 in n { v12: f64 = load b0[v11, v0] v13: f64 = x1 v14: f64 = sub v12, v5
                      v15: f64 = add v13, v14 x1 = v15 } v16: f64 = x1 store b2[v0], v16";
        let after = run(strip_columns, &columns(&format!("{SUM} {second}").replace("store b2[v0], v5", "")));
        assert_eq!(count(&after.to_string(), "alloc"), 2, "{after}");
    }

    #[test]
    fn what_was_loaded_from_an_array_that_changes_is_not_loaded_again() {
        let body = SUM.replace("x0 = 0.0f64", "x0 = 0.0f64 v8: f64 = load b2[v0]");
        unchanged(strip_columns, &columns(&body.replace("add v3, v2", "add v3, v8")));
    }

    #[test]
    fn rows_and_strides_stay_in_registers() {
        unchanged(strip_columns, &columns(&SUM.replace("b0[v1, v0]", "b3[v1, v0]")));
        unchanged(strip_columns, &columns(&SUM.replace("b0[v1, v0]", "b0[v0, v1]")));
        unchanged(strip_columns, &columns(&SUM.replace("b0[v1, v0]", "b1[v0]")));
        unchanged(strip_columns, &columns("for v1 in n { v2: f64 = load b0[v1, v0] store b2[v0], v2 }"));
    }

    #[test]
    fn few_columns_and_few_rows_stay() {
        unchanged(strip_columns, &columns(SUM).replace("v0 in m", "v0 in 64usize"));
        unchanged(strip_columns, &columns(SUM).replace("v1 in n", "v1 in 64usize"));
        unchanged(strip_columns, &columns(SUM).replace("v1 in n", "v1 in v0"));
    }

    #[test]
    fn checks_and_variables_from_outside_stay() {
        let check = SUM.replace("v3: f64 = x0", "v9: bool = lt v1, m check v9, empty_mean v3: f64 = x0");
        unchanged(strip_columns, &columns(&check));
    }
}
