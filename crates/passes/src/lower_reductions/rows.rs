//! Rows along an axis: pieces in order, the pieces of a group in order, groups pairwise. Lanes run along other dimensions
//! than the row, or along its groups.
//!
//! ```text
//! parfor i, j in n, m {                            parfor i, g, j in n, groups, m {
//!   for p in pieces {                                for p in 16 {
//!     for k in 16 { … (i, 16 p + k, j) … }             for k in 16 { … (i, 256 g + 16 p + k, j) … }
//!   }                                                }
//! }                                                }
//! ```
//!
//! As [`parfuse_ir::grid::fold_row`].

use super::build::{Build, Words};
use super::partials::{in_pairs, total_to_elements};
use parfuse_ir::grid::{GROUP, IN_ORDER};
use parfuse_ir::loops::{Value, Var};
use parfuse_ir::{Scalar, ScalarOp};

/// Reduces rows that are one group each.
pub(super) fn short_rows(build: &mut Build<'_>, axis: usize) {
    let extents = &build.parfor.extents;
    let (before, behind) = (&extents[..axis], &extents[axis + 1..]);
    build.parallel(&[before, behind].concat(), "", |build, others| {
        let zero = build.usize(0);
        let accumulators = group(build, others, axis, zero, extents[axis]);
        let total = build.get_all(&accumulators);
        total_to_elements(build, &total, others);
    });
}

/// Reduces rows of several groups. Their dimension is the one at `place`.
pub(super) fn long_rows(build: &mut Build<'_>, axis: usize, place: usize) {
    let extents = &build.parfor.extents;
    let others = [&extents[..axis], &extents[axis + 1..]].concat();
    let size = build.usize(GROUP);
    let groups = build.pieces(extents[axis], size);
    let at = |others: &[Value], group: Value| [&others[..place], &[group], &others[place..]].concat();
    let space = at(&others, groups);
    let partials = build.arrays(&space);
    build.parallel(&space, "", |build, indices| {
        let start = build.op(ScalarOp::Mul, indices[place], size);
        let left = build.op(ScalarOp::Sub, extents[axis], start);
        let length = build.op(ScalarOp::Min, left, size);
        let others = [&indices[..place], &indices[place + 1..]].concat();
        let accumulators = group(build, &others, axis, start, length);
        let total = build.get_all(&accumulators);
        build.store(&partials, indices, &total);
    });
    build.parallel(&others, "groups of rows", |build, others| {
        in_pairs(build, &partials, groups, |_, group| at(others, group));
        let zero = build.usize(0);
        let total = build.load(&partials, &at(others, zero));
        total_to_elements(build, &total, others);
    });
}

/// Reduces rows of several groups, of which pieces are taken in beside each other: where rows lie far apart, groups would
/// jump from page to page for longer than the processor remembers where pages are.
pub(super) fn far_rows(build: &mut Build<'_>, axis: usize) {
    let extents = &build.parfor.extents;
    let (before, behind) = (&extents[..axis], &extents[axis + 1..]);
    let size = build.usize(IN_ORDER);
    let pieces = build.pieces(extents[axis], size);
    let space = [before, &[pieces], behind].concat();
    let partials = build.arrays(&space);
    build.parallel(&space, "", |build, indices| {
        let start = build.op(ScalarOp::Mul, indices[axis], size);
        let left = build.op(ScalarOp::Sub, extents[axis], start);
        let length = build.op(ScalarOp::Min, left, size);
        let others = [&indices[..axis], &indices[axis + 1..]].concat();
        let accumulators = piece(build, &others, axis, start, length);
        let total = build.get_all(&accumulators);
        build.store(&partials, indices, &total);
    });
    build.parallel(&[before, behind].concat(), "pieces of rows", |build, others| {
        let at = |piece: Value| [&others[..axis], &[piece], &others[axis..]].concat();
        let groups = build.pieces(pieces, size);
        build.repeat(groups, |build, group| {
            let first = build.op(ScalarOp::Mul, group, size);
            let left = build.op(ScalarOp::Sub, pieces, first);
            let number = build.op(ScalarOp::Min, left, size);
            let all = build.accumulators();
            build.repeat(number, |build, piece| {
                let piece = build.op(ScalarOp::Add, first, piece);
                let own = build.load(&partials, &at(piece));
                merge_into(build, &all, &own);
            });
            let total = build.get_all(&all);
            build.store(&partials, &at(group), &total);
        });
        in_pairs(build, &partials, groups, |_, group| at(group));
        let zero = build.usize(0);
        let total = build.load(&partials, &at(zero));
        total_to_elements(build, &total, others);
    });
}

fn merge_into(build: &mut Build<'_>, all: &Words<Var>, own: &Words<Value>) {
    let before = build.get_all(all);
    let both = build.merge(&before, own);
    build.set_all(all, &both);
}

/// Combines a group of a row. `others` are the indices along the other dimensions.
fn group(build: &mut Build<'_>, others: &[Value], axis: usize, start: Value, length: Value) -> Words<Var> {
    if matches!(build.loops.constant(length), Some(Scalar::Usize(length)) if length <= IN_ORDER) {
        return piece(build, others, axis, start, length);
    }
    let all = build.accumulators();
    let size = build.usize(IN_ORDER);
    let pieces = build.pieces(length, size);
    build.repeat(pieces, |build, number| {
        let before = build.op(ScalarOp::Mul, number, size);
        let left = build.op(ScalarOp::Sub, length, before);
        let length = build.op(ScalarOp::Min, left, size);
        let start = build.op(ScalarOp::Add, start, before);
        let own = piece(build, others, axis, start, length);
        let own = build.get_all(&own);
        merge_into(build, &all, &own);
    });
    all
}

/// Combines a piece of a row in order.
fn piece(build: &mut Build<'_>, others: &[Value], axis: usize, start: Value, length: Value) -> Words<Var> {
    let accumulators = build.accumulators();
    build.repeat(length, |build, number| {
        let along = build.op(ScalarOp::Add, start, number);
        let indices = [&others[..axis], &[along], &others[axis..]].concat();
        build.take_in(&accumulators, &indices);
    });
    accumulators
}
