//! Indices that run evenly along the lanes but for the first or the last ones: those that wrap around or stop at a border.
//!
//! ```text
//! v1 = iadd lane, 1
//! v2 = ult v1, n                                     runs as lane + 1 for lanes from 0 to below n - 1
//! v4 = select v2, v1, isub v1, n
//! v5 = select (ieq lane, 0), n - 1, isub lane, 1     runs as lane - 1 from lane 1 on
//! ```
//!
//! Lane indices are numbers from zero to below 2^63; what else stands in a comparison may be anything, and where it may be
//! so large that a sum wraps around, the range is found to be empty when the kernel runs.

use super::affine::Affine;
use super::builder::Builder;
use crate::hash::FastMap;
use parfuse_ir::lane::{Inst, LaneOp, LaneType, Value};
use parfuse_ir::math::Primitives;

/// An index that is `affine` for the lanes from `first` to below `end`, two uniform numbers with signs.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) struct Run {
    pub(super) affine: Affine,
    pub(super) first: Value,
    pub(super) end: Value,
}

/// Constant distances are smaller than this, lest differences of them wrap.
const FAR: i64 = 1 << 32;
/// A border that is known to be so near to the first lane is where the short side ends.
const NEAR: i64 = 64;

impl Run {
    pub(super) fn everywhere(build: &mut Builder, affine: Affine) -> Run {
        Run { affine, first: build.i64(0), end: build.i64(i64::MAX) }
    }

    /// The same in a smaller range.
    pub(super) fn within(self, build: &mut Builder, first: Value, end: Value) -> Run {
        Run { first: larger(build, self.first, first), end: smaller(build, self.end, end), ..self }
    }
}

fn larger(build: &mut Builder, a: Value, b: Value) -> Value {
    match (build.bits(a), build.bits(b)) {
        (Some(0), _) => b,
        (_, Some(0)) => a,
        _ => {
            let less = build.op(LaneOp::SLt, &[a, b]);
            build.op(LaneOp::Select, &[less, b, a])
        }
    }
}

fn smaller(build: &mut Builder, a: Value, b: Value) -> Value {
    let most = Some(i64::MAX as u64);
    match (build.bits(a), build.bits(b)) {
        (bits, _) if bits == most => b,
        (_, bits) if bits == most => a,
        _ => {
            let less = build.op(LaneOp::SLt, &[a, b]);
            build.op(LaneOp::Select, &[less, a, b])
        }
    }
}

/// Records where a new operation runs evenly along the lanes, if it does so somewhere.
pub(super) fn derive(build: &mut Builder, value: Value, op: LaneOp, operands: &[Value]) {
    if build.ty(value) != LaneType::I64 {
        return;
    }
    let run = match op {
        LaneOp::Select => chosen(build, operands[0], operands[1], operands[2]),
        LaneOp::IAdd | LaneOp::ISub => moved(build, op, operands[0], operands[1]),
        _ => None,
    };
    if let Some(run) = run {
        build.set_run(value, run);
    }
}

/// The sum or difference of two.
fn moved(build: &mut Builder, op: LaneOp, a: Value, b: Value) -> Option<Run> {
    let (a, b) = (build.run(a)?, build.run(b)?);
    let affine = Affine {
        coefficient: build.op(op, &[a.affine.coefficient, b.affine.coefficient]),
        offset: build.op(op, &[a.affine.offset, b.affine.offset]),
    };
    Some(Run { affine, ..a }.within(build, b.first, b.end))
}

/// A choice: the side that most lanes take runs where they take it.
fn chosen(build: &mut Builder, cond: Value, yes: Value, no: Value) -> Option<Run> {
    let (op, a, b) = match build.inst(cond) {
        Inst::Op(op @ (LaneOp::ULt | LaneOp::ULe | LaneOp::IEq | LaneOp::INe), operands) => {
            (*op, operands[0], operands[1])
        }
        _ => return None,
    };
    if build.ty(a) != LaneType::I64 {
        return None;
    }
    let lanes_left = build.varying(a);
    let (lane, bound) = if lanes_left { (a, b) } else { (b, a) };
    let lane = build.affine(lane).filter(|affine| build.bits(affine.coefficient) == Some(1))?;
    if build.varying(bound) {
        return None;
    }
    let one = build.i64(1);
    let (low, high, limit) = match (op, lanes_left) {
        (LaneOp::IEq, _) => return other(build, lane.offset, bound, no),
        (LaneOp::INe, _) => return other(build, lane.offset, bound, yes),
        // lane < bound, lane < bound + 1, and their opposites.
        (LaneOp::ULt, true) => (yes, no, None),
        (LaneOp::ULe, true) => (yes, no, Some(one)),
        (LaneOp::ULt, false) => (no, yes, Some(one)),
        _ => (no, yes, None),
    };
    let limit = limit.map_or(bound, |one| build.op(LaneOp::IAdd, &[bound, one]));
    let border = build.op(LaneOp::ISub, &[limit, lane.offset]);
    let near = constant(build, border).is_some_and(|border| (0..=NEAR).contains(&border));
    if !near && let Some(run) = below(build, lane.offset, border, low) {
        return Some(run);
    }
    let run = runs(build, high)?;
    // Neither the sums nor the limit may be so large that they wrap, or look negative.
    let sums = build.op(LaneOp::IOr, &[lane.offset, bound]);
    let signs = build.op(LaneOp::IOr, &[sums, limit]);
    let zero = build.i64(0);
    let wraps = build.op(LaneOp::SLt, &[signs, zero]);
    let never = build.i64(i64::MAX);
    let first = build.op(LaneOp::Select, &[wraps, never, border]);
    Some(run.within(build, first, never))
}

/// What is taken below a border, where `lane + offset` is less than a limit.
fn below(build: &mut Builder, offset: Value, border: Value, side: Value) -> Option<Run> {
    let offset = constant(build, offset).filter(|offset| (-FAR..FAR).contains(offset))?;
    let run = runs(build, side)?;
    let first = build.i64(offset.min(0).abs());
    Some(run.within(build, first, border))
}

/// What is taken but where `lane + offset` is one number: behind that lane if it is one of the first, or else before it.
fn other(build: &mut Builder, offset: Value, number: Value, side: Value) -> Option<Run> {
    let run = runs(build, side)?;
    let lane = build.op(LaneOp::ISub, &[number, offset]);
    match constant(build, lane) {
        Some(lane) if (0..=NEAR).contains(&lane) => {
            let (first, end) = (build.i64(lane + 1), build.i64(i64::MAX));
            Some(run.within(build, first, end))
        }
        _ => {
            let first = build.i64(0);
            Some(run.within(build, first, lane))
        }
    }
}

/// How a side that is not the same for all lanes runs.
fn runs(build: &mut Builder, side: Value) -> Option<Run> {
    if build.varying(side) { build.run(side) } else { None }
}

fn constant(build: &Builder, value: Value) -> Option<i64> {
    build.bits(value).map(|bits| bits as i64)
}

/// An index computed again in the innermost open block, from what stands in no block around it alone.
pub(super) fn anew(build: &mut Builder, index: Value) -> Value {
    let mut made: FastMap<Value, Value> = FastMap::default();
    let mut pending = vec![index];
    while let Some(&value) = pending.last() {
        let operands = match build.inst(value) {
            Inst::Op(_, operands) if build.varying(value) && !made.contains_key(&value) => operands.clone(),
            _ => {
                made.entry(value).or_insert(value);
                pending.pop();
                continue;
            }
        };
        let waiting = pending.len();
        pending.extend(operands.iter().filter(|operand| !made.contains_key(operand)));
        if pending.len() == waiting {
            let Inst::Op(op, _) = *build.inst(value) else { unreachable!("an operation") };
            let operands = operands.iter().map(|operand| made[operand]).collect();
            let again = build.here(Inst::Op(op, operands), build.ty(value), true);
            made.insert(value, again);
            pending.pop();
        }
    }
    made[&index]
}
