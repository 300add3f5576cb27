//! Blocks: the elements of a part of a row, or of several rows, go to accumulators in turn.
//!
//! ```text
//! parfor s, l in segments, 32 {        l: an accumulator of the block s, which takes in every 32nd element
//!   for r in rows of s {
//!     for k in length / 32 { … element 32 k + l … }
//!     if l < length % 32 { … the last one … }
//!   }
//! }
//! ```
//!
//! The extents of blocks are those that [`Grid::new`](parfuse_ir::grid::Grid::new) gives to the same space.

use super::build::{Build, Words};
use super::partials::{fold_lanes, in_pairs, total_to_elements, total_to_vars};
use parfuse_ir::grid::{Grain, LANES, block_size};
use parfuse_ir::loops::{Buffer, Value, Var};
use parfuse_ir::{MAX_RANK, ScalarOp};

/// A cutting of rows of equal length into blocks.
struct Cut {
    rows: Value,
    columns: Value,
    rows_per_block: Value,
    columns_per_block: Value,
    /// How often a row is cut.
    blocks_per_row: Value,
    blocks: Value,
}

/// Reduces the whole space.
pub(super) fn everything(build: &mut Build<'_>) {
    let parfor = build.parfor;
    let (columns, outer) = parfor.extents.split_last().expect("a space without dimensions needs no loop");
    let one = build.usize(1);
    let rows = outer
        .iter()
        .fold(one, |rows, extent| if rows == one { *extent } else { build.op(ScalarOp::Mul, rows, *extent) });
    let elements = if rows == one { *columns } else { build.op(ScalarOp::Mul, rows, *columns) };
    let block = block_extent(build, elements, parfor.grain);
    let cut = match outer {
        [] => {
            let blocks = build.pieces(*columns, block);
            Cut {
                rows,
                columns: *columns,
                rows_per_block: one,
                columns_per_block: block,
                blocks_per_row: blocks,
                blocks,
            }
        }
        _ => cut(build, rows, *columns, block),
    };
    let lanes = build.usize(LANES);
    let partials = build.arrays(&[cut.blocks, lanes]);
    accumulate(build, &cut, outer, &partials);
    let blocks = cut.blocks;
    build.parallel(&[blocks], "lanes of blocks", |build, indices| fold_lanes(build, &partials, indices));
    let (zero, none) = (build.usize(0), build.usize(0));
    let any = build.op(ScalarOp::Gt, blocks, none);
    build.when(any, |build| {
        in_pairs(build, &partials, blocks, |_, block| vec![block, zero]);
        let total = build.load(&partials, &[zero, zero]);
        total_to_vars(build, &total);
    });
}

/// Reduces long rows along the last dimension, each as a space of its own. Every dimension of the loop is one of the
/// space's or counts blocks or accumulators, so that lanes may run along another one if neighbours lie along that.
pub(super) fn long_rows(build: &mut Build<'_>, axis: usize) {
    let parfor = build.parfor;
    let (columns, outer) = (parfor.extents[axis], &parfor.extents[..axis]);
    let block = block_extent(build, columns, parfor.grain);
    let (blocks, lanes) = (build.pieces(columns, block), build.usize(LANES));
    // Spaces have so many dimensions at most, and this one has one more than the loop.
    let merged = if axis + 2 > MAX_RANK { 2 } else { 1 };
    let (first, others) = outer.split_at(merged);
    let joined = first[1..].iter().fold(first[0], |all, extent| build.op(ScalarOp::Mul, all, *extent));
    let rows = [&[joined], others].concat();
    let indices_of =
        |build: &mut Build<'_>, row: &[Value]| [&row_indices(build, row[0], first), &row[1..]].concat();
    let space = [&rows[..], &[blocks, lanes]].concat();
    let partials = build.arrays(&space);
    build.parallel(&space, "", |build, indices| {
        let (row_index, behind) = indices.split_at(rows.len());
        let (piece, lane) = (behind[0], behind[1]);
        let outer = indices_of(build, row_index);
        let start = build.op(ScalarOp::Mul, piece, block);
        let left = build.op(ScalarOp::Sub, columns, start);
        let length = build.op(ScalarOp::Min, left, block);
        let accumulators = build.accumulators();
        let last = row(build, &accumulators, &outer, start, length, lane);
        let total = build.get_all(&last);
        build.store(&partials, indices, &total);
    });
    build.parallel(&rows, "lanes of rows", |build, row| {
        build.repeat(blocks, |build, piece| fold_lanes(build, &partials, &[row, &[piece]].concat()));
        let zero = build.usize(0);
        in_pairs(build, &partials, blocks, |_, piece| [row, &[piece, zero]].concat());
        let total = build.load(&partials, &[row, &[zero, zero]].concat());
        let outer = indices_of(build, row);
        total_to_elements(build, &total, &outer);
    });
}

/// How many elements a block of a space has.
fn block_extent(build: &mut Build<'_>, elements: Value, grain: Grain) -> Value {
    let (least, most, step) = block_size(grain);
    let most = build.usize(most);
    let share = build.pieces(elements, most);
    let steps = build.usize(step);
    let shares = build.pieces(share, steps);
    let rounded = build.op(ScalarOp::Mul, shares, steps);
    build.op_with(ScalarOp::Max, rounded, least)
}

/// Rows of at least a block are cut, shorter ones grouped.
fn cut(build: &mut Build<'_>, rows: Value, columns: Value, block: Value) -> Cut {
    let one = build.usize(1);
    let long = build.op(ScalarOp::Ge, columns, block);
    let some_columns = build.op(ScalarOp::Max, columns, one);
    let whole = build.op(ScalarOp::Div, block, some_columns);
    let whole = build.op(ScalarOp::Max, whole, one);
    let several = build.op(ScalarOp::Gt, rows, one);
    let grouped = build.perform(ScalarOp::Select, &[several, whole, one]);
    let rows_per_block = build.perform(ScalarOp::Select, &[long, one, grouped]);
    let columns_per_block = build.perform(ScalarOp::Select, &[long, block, some_columns]);
    let blocks_per_row = build.pieces(columns, columns_per_block);
    let groups = build.pieces(rows, rows_per_block);
    let blocks = build.op(ScalarOp::Mul, groups, blocks_per_row);
    Cut { rows, columns, rows_per_block, columns_per_block, blocks_per_row, blocks }
}

/// The loop in which accumulators take in elements. `outer` are the extents of the dimensions that rows are counted in.
fn accumulate(build: &mut Build<'_>, cut: &Cut, outer: &[Value], partials: &Words<Buffer>) {
    let lanes = build.usize(LANES);
    build.parallel(&[cut.blocks, lanes], "", |build, indices| {
        let [block, lane] = indices[..] else { unreachable!("two dimensions") };
        let (group, piece) = match outer {
            [] => (build.usize(0), block),
            _ => (
                build.op(ScalarOp::Div, block, cut.blocks_per_row),
                build.op(ScalarOp::Rem, block, cut.blocks_per_row),
            ),
        };
        let start = build.op(ScalarOp::Mul, piece, cut.columns_per_block);
        let left = build.op(ScalarOp::Sub, cut.columns, start);
        let length = build.op(ScalarOp::Min, left, cut.columns_per_block);
        let accumulators = build.accumulators();
        let last = match outer {
            [] => row(build, &accumulators, &[], start, length, lane),
            _ => {
                let first = build.op(ScalarOp::Mul, group, cut.rows_per_block);
                let left = build.op(ScalarOp::Sub, cut.rows, first);
                let rows = build.op(ScalarOp::Min, left, cut.rows_per_block);
                build.repeat(rows, |build, number| {
                    let number = build.op(ScalarOp::Add, first, number);
                    let outer = row_indices(build, number, outer);
                    let last = row(build, &accumulators, &outer, start, length, lane);
                    let last = build.get_all(&last);
                    build.set_all(&accumulators, &last);
                });
                accumulators
            }
        };
        let total = build.get_all(&last);
        build.store(partials, &[block, lane], &total);
    });
}

/// The indices along the outer dimensions of a row, given its number.
fn row_indices(build: &mut Build<'_>, row: Value, extents: &[Value]) -> Vec<Value> {
    let mut indices = Vec::new();
    let mut rest = row;
    for extent in extents[1..].iter().rev() {
        indices.push(build.op(ScalarOp::Rem, rest, *extent));
        rest = build.op(ScalarOp::Div, rest, *extent);
    }
    indices.push(rest);
    indices.reverse();
    indices
}

/// Takes in every 32nd element of a row, or part of one, from a lane's first on. Returns the variables that hold the
/// result: what only some lanes take in at the end goes to others, so that a count stays the same for all lanes.
fn row(
    build: &mut Build<'_>,
    accumulators: &Words<Var>,
    outer: &[Value],
    start: Value,
    length: Value,
    lane: Value,
) -> Words<Var> {
    let first = build.op(ScalarOp::Add, start, lane);
    let element = |build: &mut Build<'_>, turn: Value| {
        let distance = build.op_with(ScalarOp::Mul, turn, LANES);
        let column = build.op(ScalarOp::Add, first, distance);
        [outer, &[column]].concat()
    };
    let turns = build.op_with(ScalarOp::Div, length, LANES);
    build.repeat(turns, |build, turn| {
        let indices = element(build, turn);
        build.take_in(accumulators, &indices);
    });
    let last = build.copies(accumulators);
    let rest = build.op_with(ScalarOp::Rem, length, LANES);
    let has_more = build.op(ScalarOp::Lt, lane, rest);
    build.when(has_more, |build| {
        let indices = element(build, turns);
        build.take_in(&last, &indices);
    });
    last
}
