//! Indices that run evenly along the lanes: `coefficient * lane index + offset`, both uniform.
//!
//! ```text
//! v1 = lane index            1 * lane + 0
//! v2 = iadd v1, start        1 * lane + start
//! v3 = imul v2, 3            3 * lane + 3 * start
//! ```
//!
//! Arithmetic is modulo 2^64 on both sides, so this is exact whatever overflows. Conversions between `i64`
//! and `usize` do not exist in Lane. 32-bit indices wrap earlier, so nothing is known of them.

use super::builder::Builder;
use parfuse_ir::lane::{Inst, LaneOp, LaneType, Value};
use parfuse_ir::math::Primitives;

/// `coefficient * lane index + offset`.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) struct Affine {
    /// What a step to the next lane adds.
    pub(super) coefficient: Value,
    /// The value at lane index zero.
    pub(super) offset: Value,
}

/// The index along the lane dimension.
pub(super) fn lane_index(build: &mut Builder) -> Value {
    let index = build.pure(Inst::LaneIndex, LaneType::I64, true);
    let affine = Affine { coefficient: build.i64(1), offset: build.i64(0) };
    build.set_affine(index, affine);
    index
}

/// Records how a new varying operation runs along the lanes, if it does so evenly.
pub(super) fn derive(build: &mut Builder, value: Value, op: LaneOp, operands: &[Value]) {
    if build.ty(value) != LaneType::I64 || !matches!(op, LaneOp::IAdd | LaneOp::ISub | LaneOp::IMul) {
        return;
    }
    let (Some(a), Some(b)) = (build.affine(operands[0]), build.affine(operands[1])) else { return };
    let affine = match op {
        LaneOp::IMul => {
            let (run, factor) = match (build.varying(operands[0]), build.varying(operands[1])) {
                (true, false) => (a, operands[1]),
                (false, true) => (b, operands[0]),
                _ => return,
            };
            Affine {
                coefficient: build.op(op, &[run.coefficient, factor]),
                offset: build.op(op, &[run.offset, factor]),
            }
        }
        _ => Affine {
            coefficient: build.op(op, &[a.coefficient, b.coefficient]),
            offset: build.op(op, &[a.offset, b.offset]),
        },
    };
    build.set_affine(value, affine);
}
