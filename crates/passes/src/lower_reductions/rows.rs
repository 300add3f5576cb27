//! Rows in order: lanes run along the other dimensions.
//!
//! ```text
//! parfor i, j in n, m {                            parfor i, g, j in n, pieces, m {
//!   for k in length { … element (i, k, j) … }        for k in 16 { … element (i, 16 g + k, j) … }
//! }                                                }
//! ```

use super::build::{Build, Words};
use super::partials::{in_pairs, total_to_elements};
use parfuse_ir::ScalarOp;
use parfuse_ir::grid::IN_ORDER;
use parfuse_ir::loops::{Value, Var};

/// Reduces rows that are one piece each.
pub(super) fn short_rows(build: &mut Build<'_>, axis: usize) {
    let extents = &build.parfor.extents;
    let (before, behind) = (&extents[..axis], &extents[axis + 1..]);
    build.parallel(&[before, behind].concat(), "", |build, others| {
        let zero = build.usize(0);
        let accumulators = piece(build, others, axis, zero, extents[axis]);
        let total = build.get_all(&accumulators);
        total_to_elements(build, &total, others);
    });
}

/// Reduces rows of several pieces.
pub(super) fn long_rows(build: &mut Build<'_>, axis: usize) {
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
        in_pairs(build, &partials, pieces, |_, piece| at(piece));
        let zero = build.usize(0);
        let total = build.load(&partials, &at(zero));
        total_to_elements(build, &total, others);
    });
}

/// Combines a piece of a row in order. `others` are the indices along the other dimensions.
fn piece(build: &mut Build<'_>, others: &[Value], axis: usize, start: Value, length: Value) -> Words<Var> {
    let accumulators = build.accumulators();
    build.repeat(length, |build, number| {
        let along = build.op(ScalarOp::Add, start, number);
        let indices = [&others[..axis], &[along], &others[axis..]].concat();
        build.take_in(&accumulators, &indices);
    });
    accumulators
}
