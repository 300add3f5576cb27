//! Copies what all rows of a loop read, a few columns at a time, to where these columns lie together.
//!
//! ```text
//! parfor v1, v2 in v3, v4 {                     alloc b9[v6, 32 + 8]
//!   for v5 in v6 {                              for v10 in v4 / 32 {
//!     v7: f64 = load b1[v5, v2]          ⇒        parfor v11, v12 in v6, 32 { store b9[v11, v12], load b1[v11, 32 · v10 + v12] }
//!     …                                           parfor v1, v12 in v3, 32 {
//!   }                                               for v5 in v6 {
//!   …                                                 v7: f64 = load b9[v5, v12]
//! }                                                   …
//!                                                 }
//!                                               }
//!                                               parfor v1, v2 in v3, v4 % 32 { as it was, for the last columns }
//! ```
//!
//! A column of a wide matrix has each element on a page of its own, and of a matrix that is as wide as a power of two all in
//! the same few places of the cache: lanes that go down a few columns together wait for memory. The copy is in the cache,
//! element beside element, and what lay along the rows now lies along the lanes. It takes as long as a row or two.
//!
//! That is done for loops in panels ([`Grain::Panels`]: what all rows read is known to be read by many), and for loads in
//! loops inside that run as often for all of them; from arrays that nothing in the loop stores to; of elements at indices of
//! these loops and of the lanes, each by itself. A load that only some go by stays: elsewhere its index may lie outside of the
//! array. Whether there are enough rows for that, and enough to load, is asked when it runs; if not, all columns are
//! the last.

use crate::Changed;
use crate::copies::Copies;
use crate::effects::Effects;
use crate::lane_cost::unit_axis;
use crate::replace_loops::replace_loops;
use parfuse_ir::grid::Grain;
use parfuse_ir::loops::{Block, Buffer, BufferData, Expr, Loops, Origin, Parfor, Source, Stmt, Value};
use parfuse_ir::{DType, Loc, MAX_RANK, Scalar, ScalarOp};

/// The bytes of a row of a panel: a whole step of the longest registers.
const ROW: usize = 256;

/// What lies between two rows of a panel: a cache line, so that equal columns of several rows do not lie in the same place of
/// the cache.
const GAP: usize = 64;

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
    /// How many columns are copied at a time.
    columns: usize,
}

impl Panel {
    fn of(loops: &Loops, parfor: &Parfor) -> Option<Panel> {
        let [.., _, lane] = parfor.indices[..] else { return None };
        if parfor.grain != Grain::Panels {
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
        let columns = number(loops, self.columns);
        let panels = op(loops, block, ScalarOp::Div, &[width, columns]);
        let packed = op(loops, block, ScalarOp::Mul, &[panels, columns]);
        let pays = self.pays(loops, &parfor, block);

        let mut then = Block::new();
        let copies: Vec<Buffer> =
            self.shared.iter().map(|load| alloc(loops, load, self.columns, &mut then)).collect();
        let panel = loops.value(Expr::Bound, DType::Usize, Loc::NONE);
        let mut inside = Block::new();
        let start = op(loops, &mut inside, ScalarOp::Mul, &[panel, columns]);
        for (load, copy) in self.shared.iter().zip(&copies) {
            let fill = fill(loops, load, *copy, lane, start, columns, &parfor.sources);
            inside.push(Stmt::Parfor(fill));
        }
        inside.push(Stmt::Parfor(self.reading(loops, &parfor, &copies, start, columns)));
        then.push(Stmt::For { index: panel, extent: panels, until: None, body: inside });
        block.push(Stmt::If { cond: pays, then, otherwise: Block::new() });

        // The index of the last columns is what the index of all was.
        let none = number(loops, 0);
        let done = op(loops, block, ScalarOp::Select, &[pays, packed, none]);
        parfor.extents[last] = op(loops, block, ScalarOp::Sub, &[width, done]);
        parfor.indices[last] = bound(loops, lane);
        loops.values[lane].expr = Expr::Op(ScalarOp::Add, vec![done, parfor.indices[last]]);
        parfor.body.insert(0, Stmt::Let(lane));
        name(&mut parfor.sources, "the last columns");
        block.push(Stmt::Parfor(parfor));
    }

    /// Whether copies pay, and all is there that they are of: a value at the end of a block.
    fn pays(&self, loops: &mut Loops, parfor: &Parfor, block: &mut Block) -> Value {
        let [others @ .., rows, _] = &parfor.extents[..] else { unreachable!("rows and columns") };
        let mut least: Vec<(Value, usize)> = vec![(*rows, LEAST_ROWS)];
        // Loops that do not run load nothing, and what they would load may not be there.
        least.extend(
            others.iter().chain(self.shared.iter().flat_map(|load| &load.outer)).map(|extent| (*extent, 1)),
        );
        for load in &self.shared {
            let extents = load.around.iter().map(|(_, extent)| *extent);
            let length = extents.reduce(|a, b| op(loops, block, ScalarOp::Mul, &[a, b]));
            let long = if load.along { LEAST_LENGTH } else { LEAST_ACROSS };
            least.push((length.expect("there is a loop"), long));
        }
        let enough = least.into_iter().map(|(value, least)| {
            let least = number(loops, least);
            op(loops, block, ScalarOp::Ge, &[value, least])
        });
        let enough: Vec<Value> = enough.collect();
        let pays = enough.into_iter().reduce(|a, b| op(loops, block, ScalarOp::And, &[a, b]));
        pays.expect("there are rows")
    }

    /// The loop over the columns of a panel, which begin somewhere.
    fn reading(
        &self,
        loops: &mut Loops,
        parfor: &Parfor,
        copies: &[Buffer],
        start: Value,
        columns: Value,
    ) -> Parfor {
        let last = parfor.indices.len() - 1;
        let mut reading = Parfor { body: Block::new(), ..parfor.clone() };
        reading.indices = parfor.indices.iter().map(|index| bound(loops, *index)).collect();
        reading.extents[last] = columns;
        reading.grain = Grain::Coarse;
        name(&mut reading.sources, "columns side by side");
        let (lane, own) = (parfor.indices[last], reading.indices[last]);
        let column = op(loops, &mut reading.body, ScalarOp::Add, &[start, own]);
        let mut renamed = Copies::default();
        renamed.values.extend(parfor.indices.iter().copied().zip(reading.indices.iter().copied()));
        renamed.values.insert(lane, column);
        renamed.block(loops, &parfor.body, &mut reading.body);
        for (load, copy) in self.shared.iter().zip(copies) {
            let around = load.around.iter().map(|(index, _)| renamed.values[index]);
            let index = around.chain([own]).collect();
            loops.values[renamed.values[&load.load]].expr = Expr::Load { buffer: *copy, index };
        }
        reading
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
                let fits = lanes == 1 && once && !own.is_empty() && own.len() < MAX_RANK;
                if fits && index.iter().all(known) && !effects.stored.contains(buffer) {
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

/// The array that takes in the copies, made at the end of a block.
fn alloc(loops: &mut Loops, load: &Shared, columns: usize, block: &mut Block) -> Buffer {
    let BufferData { name, dtype, .. } = &loops.buffers[load.buffer];
    let (dtype, rank) = (*dtype, load.around.len() as u8 + 1);
    let name = format!("columns of {name}");
    let copy = loops.buffers.push(BufferData { name, dtype, rank, origin: Origin::Local });
    let stride = number(loops, columns + GAP / dtype.size());
    let shape = load.around.iter().map(|(_, extent)| *extent).chain([stride]).collect();
    block.push(Stmt::Alloc { buffer: copy, shape, zeroed: false, loc: loops.values[load.load].loc });
    copy
}

/// The loop that copies columns from a first one on.
fn fill(
    loops: &mut Loops,
    load: &Shared,
    copy: Buffer,
    lane: Value,
    start: Value,
    columns: Value,
    sources: &[Source],
) -> Parfor {
    let mut body = Block::new();
    let mut indices: Vec<Value> = load.around.iter().map(|(index, _)| bound(loops, *index)).collect();
    indices.push(bound(loops, lane));
    let own = indices[indices.len() - 1];
    let column = op(loops, &mut body, ScalarOp::Add, &[start, own]);
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
    body.push(Stmt::Store { buffer: copy, index: indices.clone(), value, loc });
    let mut sources = sources.to_vec();
    name(&mut sources, "columns put side by side");
    Parfor {
        indices,
        extents: load.around.iter().map(|(_, extent)| *extent).chain([columns]).collect(),
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

fn number(loops: &mut Loops, number: usize) -> Value {
    loops.value(Expr::Const(Scalar::Usize(number)), DType::Usize, Loc::NONE)
}

/// Another index like this one.
fn bound(loops: &mut Loops, index: Value) -> Value {
    loops.value(Expr::Bound, DType::Usize, loops.values[index].loc)
}

/// A result at the end of a block.
fn op(loops: &mut Loops, block: &mut Block, op: ScalarOp, operands: &[Value]) -> Value {
    let types: Vec<DType> = operands.iter().map(|operand| loops.dtype(*operand)).collect();
    let dtype = match op {
        ScalarOp::Ge | ScalarOp::And => DType::Bool,
        _ => types[types.len() - 1],
    };
    let value = loops.value(Expr::Op(op, operands.to_vec()), dtype, Loc::NONE);
    block.push(Stmt::Let(value));
    value
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{run, unchanged};

    /// `r[i, j] = sum of a[i, k] * b[k, j]`, in panels, the second factor read at some indices.
    fn product(b: &str, more: &str) -> String {
        format!(
            "loops f(n: usize, m: usize, l: usize, b0 a: f64[_, unit], b1 b: f64[_, unit], mut b2 r: f64[_, unit]) {{
               var x0 s: f64
               parfor v0, v1 in n, m {{
                 source prange @1:1
                 panels
                 x0 = 0.0f64
                 for v2 in l {{
                   v3: f64 = load b0[v0, v2] {more} v4: f64 = load b1[{b}] v5: f64 = mul v3, v4
                   v6: f64 = x0 v7: f64 = add v6, v5 x0 = v7
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
    fn columns_that_all_rows_read_are_copied() {
        for (indices, least) in [("v2, v1", LEAST_LENGTH), ("v1, v2", LEAST_ACROSS)] {
            let after = run(pack_panels, &product(indices, "")).to_string();
            assert_eq!((count(&after, "parfor"), count(&after, "alloc")), (3, 1), "{after}");
            // Those that are left are read where they are.
            assert_eq!((count(&after, "load b1"), count(&after, "load b3")), (2, 1), "{after}");
            assert!(after.contains(&format!("ge l, {least}usize")), "{after}");
        }
    }

    #[test]
    fn what_differs_from_row_to_row_is_not() {
        unchanged(pack_panels, &product("v0, v1", ""));
        unchanged(pack_panels, &product("v2, v2", ""));
        unchanged(pack_panels, &product("v2, v1", "").replace("panels", ""));
    }

    #[test]
    fn what_the_loop_stores_to_is_not() {
        unchanged(pack_panels, &product("v2, v1", "").replace("load b1[v2", "load b2[v2"));
    }

    #[test]
    fn what_only_some_load_is_not() {
        let some =
            product("v0, v0", "v9: bool = lt v3, 1.0f64 if v9 { v10: f64 = load b1[v2, v1] x0 = v10 }");
        unchanged(pack_panels, &some);
        unchanged(pack_panels, &product("v2, v1", "").replace("for v2 in l", "for v2 in v0"));
    }

    #[test]
    fn loops_in_loops_are_dimensions_of_the_copy() {
        let twice = product("v2, v1", "")
            .replace("for v2 in l {", "for v9 in l { for v2 in l {")
            .replace("x0 = v7", "x0 = v7 }");
        let after = run(pack_panels, &twice).to_string();
        assert!(after.contains("alloc b3[l, 40usize]"), "{after}");
        let volume = twice
            .replace("b1 b: f64[_, unit]", "b1 b: f64[_, _, unit]")
            .replace("load b1[v2, v1]", "load b1[v9, v2, v1]");
        let after = run(pack_panels, &volume).to_string();
        assert!(after.contains("alloc b3[l, l, 40usize]"), "{after}");
    }
}
