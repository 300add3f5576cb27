//! Copies what all rows of a loop read, some columns at a time, to where these columns lie together.
//!
//! ```text
//! parfor v1, v2 in v3, v4 {                    alloc b9[2048 / v6, v6, 16]
//!   for v5 in v6 {                             for v10 in v4 / 16 by as many strips {
//!     v7: f64 = load b1[v5, v2]          ⇒       parfor v5, v0, v2 in v6, 2048 / v6, 16 {
//!     …                                            store b9[v0, v5, v2], load b1[v5, … + 16 · v0 + v2]
//!   }                                            }
//!   …                                            parfor v1, v0, v2 in v3, 2048 / v6, 16 {
//! }                                                for v5 in v6 {
//!                                                    v7: f64 = load b9[v0, v5, v2]
//!                                                    …
//!                                                  }
//!                                                }
//!                                              }
//!                                              parfor v1, v2 in v3, v4 % 16 { as it was, for the last columns }
//! ```
//!
//! A column of a wide matrix has each element on a page of its own, and of a matrix that is as wide as a power of two all in
//! the same few places of the cache: lanes that go down a few columns together wait for memory. The copy is in the cache,
//! element beside element: strips of a few columns each, which a row walks down as they lie. What lay along the rows now lies
//! along the lanes. It takes as long as a row or two, and of long columns a strip or two are copied at a time, so that the copy
//! stays in the cache.
//!
//! That is done for loops in panels ([`Grain::Panels`]: what all rows read is known to be read by many), and for loads in
//! loops inside that run as often for all of them; from arrays that nothing in the loop stores to; of elements at indices of
//! these loops and of the lanes, each by itself. A load that only some go by stays: elsewhere its index may lie outside of the
//! array. Whether there are enough rows for that, and enough to load, is asked when it runs; if not, all columns are
//! the last.

#[cfg(test)]
mod tests;

use crate::Changed;
use crate::copies::Copies;
use crate::effects::Effects;
use crate::emit::Emit;
use crate::lane_cost::unit_axis;
use crate::replace_loops::replace_loops;
use parfuse_ir::grid::Grain;
use parfuse_ir::loops::{Block, Buffer, BufferData, Expr, Loops, Origin, Parfor, Source, Stmt, Value};
use parfuse_ir::{Loc, MAX_RANK, Scalar, ScalarOp};

/// The bytes of a row of a strip: a step of loops that add up for several rows.
const ROW: usize = 128;

/// The rows that the strips of a panel have together, if one has not more: they fill half of the smaller second caches.
const ROWS: usize = 2048;

/// The most strips of a panel.
const STRIPS: usize = 8;

/// Fewer rows do not make up for the copy. They are rows of the loop, each of several of the user's.
const LEAST_ROWS: usize = 8;

/// Columns shorter than this stay in the cache where they are.
const LEAST_LENGTH: usize = 64;

/// The same of columns along which elements are neighbours: no lanes can load them together.
const LEAST_ACROSS: usize = 4;

/// Copies what all rows of a loop in panels read to where its columns lie together.
pub fn pack_panels(loops: &mut Loops) -> Changed {
    replace_loops(loops, |loops, parfor, block| match Panel::of(loops, &parfor) {
        Some(panel) => {
            panel.pack(loops, parfor, block);
            None
        }
        None => Some(parfor),
    })
}

/// A load of what all rows read.
struct Shared {
    load: Value,
    buffer: Buffer,
    index: Vec<Value>,
    /// The loops around it whose indices are among its own, from the outside, and how often they run.
    around: Vec<(Value, Value)>,
    /// How often the others around it run.
    outer: Vec<Value>,
    /// Whether neighbours lie along the lanes.
    along: bool,
}

/// What there is to copy for a loop.
struct Panel {
    shared: Vec<Shared>,
    /// The columns of a strip.
    columns: usize,
}

/// What is copied at a time.
struct Part {
    /// The first column, and how many strips there are.
    start: Value,
    strips: Value,
    /// How many columns each of these has.
    columns: Value,
}

impl Panel {
    fn of(loops: &Loops, parfor: &Parfor) -> Option<Panel> {
        let [.., _, lane] = parfor.indices[..] else { return None };
        if parfor.grain != Grain::Panels || parfor.indices.len() == MAX_RANK {
            return None;
        }
        let effects = Effects::of_block(loops, &parfor.body);
        let mut shared = Vec::new();
        find(loops, parfor, lane, &effects, &parfor.body, &mut Vec::new(), &mut shared);
        let narrowest = shared.iter().map(|load| loops.buffers[load.buffer].dtype.size().max(4)).min()?;
        let columns = ROW / narrowest;
        let [.., rows, width] = parfor.extents[..] else { return None };
        let below =
            |value: Value, least: usize| matches!(loops.constant(value), Some(Scalar::Usize(n)) if n < least);
        (!below(rows, LEAST_ROWS) && !below(width, columns)).then_some(Panel { shared, columns })
    }

    /// Puts a loop that reads copies, and one for the columns that are left, at the end of a block.
    fn pack(&self, loops: &mut Loops, mut parfor: Parfor, block: &mut Block) {
        let last = parfor.indices.len() - 1;
        let (lane, width) = (parfor.indices[last], parfor.extents[last]);
        let mut to = Emit { loops, block, loc: Loc::NONE };
        let columns = to.constant(self.columns);
        let strips = to.op(ScalarOp::Div, width, columns);
        let packed = to.op(ScalarOp::Mul, strips, columns);
        let pays = self.pays(&mut to, &parfor);

        let mut then = Block::new();
        let mut to = Emit { loops, block: &mut then, loc: Loc::NONE };
        let most = self.strips(&mut to);
        let panels = to.pieces(strips, most);
        let copies = self.shared.iter().map(|load| alloc(&mut to, load, [most, columns]));
        let copies: Vec<Buffer> = copies.collect();
        let panel = to.bound();

        let mut inside = Block::new();
        let mut to = Emit { loops, block: &mut inside, loc: Loc::NONE };
        let first = to.op(ScalarOp::Mul, panel, most);
        let left = to.op(ScalarOp::Sub, strips, first);
        let strips = to.op(ScalarOp::Min, left, most);
        let start = to.op(ScalarOp::Mul, first, columns);
        self.copied(loops, &parfor, &copies, &Part { start, strips, columns }, &mut inside);
        then.push(Stmt::For { index: panel, extent: panels, until: None, body: inside });
        block.push(Stmt::If { cond: pays, then, otherwise: Block::new() });

        // The index of the last columns is what the index of all was.
        let mut to = Emit { loops, block, loc: Loc::NONE };
        let none = to.constant(0);
        let done = to.define(Expr::Op(ScalarOp::Select, vec![pays, packed, none]));
        parfor.extents[last] = to.op(ScalarOp::Sub, width, done);
        parfor.indices[last] = bound(loops, lane);
        loops.values[lane].expr = Expr::Op(ScalarOp::Add, vec![done, parfor.indices[last]]);
        parfor.body.insert(0, Stmt::Let(lane));
        name(&mut parfor.sources, "the last columns");
        block.push(Stmt::Parfor(parfor));
    }

    /// How many strips a panel has: a value at the end of a block.
    fn strips(&self, to: &mut Emit<'_>) -> Value {
        let around = self.shared[0].around.iter().map(|(_, extent)| *extent);
        let length = around.reduce(|a, b| to.op(ScalarOp::Mul, a, b)).expect("there is a loop");
        let [all, one, most] = [ROWS, 1, STRIPS].map(|number| to.constant(number));
        let fit = to.op(ScalarOp::Div, all, length);
        let some = to.op(ScalarOp::Max, fit, one);
        to.op(ScalarOp::Min, some, most)
    }

    /// Whether copies pay, and all is there that they are of: a value at the end of a block.
    fn pays(&self, to: &mut Emit<'_>, parfor: &Parfor) -> Value {
        let [others @ .., rows, _] = &parfor.extents[..] else { unreachable!("rows and columns") };
        let mut least: Vec<(Value, usize)> = vec![(*rows, LEAST_ROWS)];
        // Loops that do not run load nothing, and what they would load may not be there.
        least.extend(
            others.iter().chain(self.shared.iter().flat_map(|load| &load.outer)).map(|extent| (*extent, 1)),
        );
        for load in &self.shared {
            let extents = load.around.iter().map(|(_, extent)| *extent);
            let length = extents.reduce(|a, b| to.op(ScalarOp::Mul, a, b));
            let long = if load.along { LEAST_LENGTH } else { LEAST_ACROSS };
            least.push((length.expect("there is a loop"), long));
        }
        let enough = least.into_iter().map(|(value, least)| {
            let least = to.constant(least);
            to.op(ScalarOp::Ge, value, least)
        });
        let enough: Vec<Value> = enough.collect();
        let pays = enough.into_iter().reduce(|a, b| to.op(ScalarOp::And, a, b));
        pays.expect("there are rows")
    }

    /// Puts the copying of a part, and the loop that reads it, at the end of a block.
    fn copied(&self, loops: &mut Loops, parfor: &Parfor, copies: &[Buffer], part: &Part, block: &mut Block) {
        let lane = parfor.indices[parfor.indices.len() - 1];
        for (load, copy) in self.shared.iter().zip(copies) {
            block.push(Stmt::Parfor(fill(loops, load, *copy, lane, part, &parfor.sources)));
        }
        let (last, loc) = (parfor.indices.len() - 1, loops.values[lane].loc);
        let mut reading = Parfor { body: Block::new(), grain: Grain::Coarse, ..parfor.clone() };
        reading.indices = parfor.indices.iter().map(|index| bound(loops, *index)).collect();
        let (own, strip) = (reading.indices[last], bound(loops, lane));
        reading.indices.insert(last, strip);
        reading.extents.splice(last.., [part.strips, part.columns]);
        name(&mut reading.sources, "columns side by side");
        let column = part.column(&mut Emit { loops, block: &mut reading.body, loc }, [strip, own]);
        let mut renamed = Copies::default();
        renamed.values.extend(parfor.indices[..last].iter().copied().zip(reading.indices.iter().copied()));
        renamed.values.insert(lane, column);
        renamed.block(loops, &parfor.body, &mut reading.body);
        for (load, copy) in self.shared.iter().zip(copies) {
            let around = load.around.iter().map(|(index, _)| renamed.values[index]);
            let index = [strip].into_iter().chain(around).chain([own]).collect();
            loops.values[renamed.values[&load.load]].expr = Expr::Load { buffer: *copy, index };
        }
        block.push(Stmt::Parfor(reading));
    }
}

impl Part {
    /// The column at a place in a strip.
    fn column(&self, to: &mut Emit<'_>, [strip, own]: [Value; 2]) -> Value {
        let before = to.op(ScalarOp::Mul, strip, self.columns);
        let first = to.op(ScalarOp::Add, self.start, before);
        to.op(ScalarOp::Add, first, own)
    }
}

/// Looks for loads of what all rows read, in the loops of a block.
fn find(
    loops: &Loops,
    parfor: &Parfor,
    lane: Value,
    effects: &Effects,
    block: &[Stmt],
    around: &mut Vec<(Value, Value)>,
    found: &mut Vec<Shared>,
) {
    let outside = |value: Value| !effects.defined.contains(&value) && !parfor.indices.contains(&value);
    for stmt in block {
        match stmt {
            Stmt::Let(load) => {
                let Expr::Load { buffer, index } = &loops.values[*load].expr else { continue };
                let of_loop = |value: Value| around.iter().find(|(index, _)| *index == value);
                let known = |value: &Value| *value == lane || of_loop(*value).is_some() || outside(*value);
                let lanes = index.iter().filter(|value| **value == lane).count();
                let (own, others): (Vec<_>, Vec<_>) =
                    around.iter().copied().partition(|(of, _)| index.contains(of));
                let once = index.iter().filter(|value| of_loop(**value).is_some()).count() == own.len();
                let axis = index.iter().position(|value| *value == lane);
                let fits = lanes == 1 && once && !own.is_empty() && own.len() + 2 <= MAX_RANK;
                if fits && index.iter().all(known) && !effects.changes.stored.contains(buffer) {
                    let along = unit_axis(loops, *buffer).map(usize::from) == axis;
                    let (buffer, index) = (*buffer, index.clone());
                    let outer = others.iter().map(|(_, extent)| *extent).collect();
                    found.push(Shared { load: *load, buffer, index, around: own, outer, along });
                }
            }
            Stmt::For { index, extent, until: None, body } if outside(*extent) => {
                around.push((*index, *extent));
                find(loops, parfor, lane, effects, body, around, found);
                around.pop();
            }
            _ => {}
        }
    }
}

/// The array that takes in the copies of so many strips of so many columns, made at the end of a block.
fn alloc(to: &mut Emit<'_>, load: &Shared, [strips, columns]: [Value; 2]) -> Buffer {
    let BufferData { name, dtype, .. } = &to.loops.buffers[load.buffer];
    let (dtype, rank) = (*dtype, load.around.len() as u8 + 2);
    let name = format!("columns of {name}");
    let copy = to.loops.buffers.push(BufferData { name, dtype, rank, origin: Origin::Local });
    let lengths = load.around.iter().map(|(_, extent)| *extent);
    let shape = [strips].into_iter().chain(lengths).chain([columns]).collect();
    let loc = to.loops.values[load.load].loc;
    to.block.push(Stmt::Alloc { buffer: copy, shape, zeroed: false, loc });
    copy
}

/// The loop that copies a part.
fn fill(
    loops: &mut Loops,
    load: &Shared,
    copy: Buffer,
    lane: Value,
    part: &Part,
    sources: &[Source],
) -> Parfor {
    let mut body = Block::new();
    let mut indices: Vec<Value> = load.around.iter().map(|(index, _)| bound(loops, *index)).collect();
    let place = [lane; 2].map(|lane| bound(loops, lane));
    let loc = loops.values[lane].loc;
    let mut to = Emit { loops, block: &mut body, loc };
    let column = part.column(&mut to, place);
    let renamed = |value: &Value| match load.around.iter().position(|(index, _)| index == value) {
        Some(position) => indices[position],
        None if *value == lane => column,
        None => *value,
    };
    let from = load.index.iter().map(renamed).collect();
    let data = &loops.values[load.load];
    let (dtype, loc) = (data.dtype, data.loc);
    let value = loops.value(Expr::Load { buffer: load.buffer, index: from }, dtype, loc);
    body.push(Stmt::Let(value));
    let index = [place[0]].into_iter().chain(indices.iter().copied()).chain([place[1]]).collect();
    body.push(Stmt::Store { buffer: copy, index, value, loc });
    indices.extend(place);
    let mut sources = Source::of_groups(sources);
    name(&mut sources, "columns put side by side");
    let lengths = load.around.iter().map(|(_, extent)| *extent);
    Parfor {
        indices,
        extents: lengths.chain([part.strips, part.columns]).collect(),
        reductions: Vec::new(),
        body,
        sources,
        grain: Grain::Fine,
        elements: false,
    }
}

fn name(sources: &mut [Source], part: &str) {
    sources.iter_mut().for_each(|source| source.what = format!("{}, {part}", source.what).into());
}

/// Another index like this one.
fn bound(loops: &mut Loops, index: Value) -> Value {
    loops.value(Expr::Bound, parfuse_ir::DType::Usize, loops.values[index].loc)
}
