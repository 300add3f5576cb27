//! Signs and magnitudes of floats by integer operations on their bits.

use super::Primitives;
use crate::lane::{LaneOp, LaneType};

/// The sign bit.
pub(super) fn sign_of<P: Primitives>(p: &mut P, x: P::Value) -> P::Value {
    let bits = p.bitcast(x);
    let mask = if p.ty(x) == LaneType::F32 { i32::MIN as i64 } else { i64::MIN };
    p.with_int(LaneOp::IAnd, bits, mask)
}

/// Whether a float is outside of an interval of floats that are not negative, or NaN, by one comparison.
pub(super) fn is_outside<P: Primitives>(
    p: &mut P,
    x: P::Value,
    lowest: P::Value,
    highest: P::Value,
) -> P::Value {
    let [x, lowest, highest] = [x, lowest, highest].map(|x| p.bitcast(x));
    let length = p.op(LaneOp::ISub, &[highest, lowest]);
    let distance = p.op(LaneOp::ISub, &[x, lowest]);
    p.op(LaneOp::ULt, &[length, distance])
}
