//! What an operation's result is known to be before it runs: constants, neutral elements, plain copies.
//!
//! Every rule is exact to the bit, so there is no `x + 0.0` here (it turns -0.0 into 0.0), but there is
//! `x * 1.0`.

use super::builder::Builder;
use super::divide;
use parfuse_ir::lane::{Inst, LaneOp, LaneType, Value};
use parfuse_ir::math::Primitives;
use smallvec::SmallVec;

/// The operands with those of commuting integer operations in a fixed order, constants last.
pub(super) fn in_order(build: &Builder, op: LaneOp, operands: &[Value]) -> SmallVec<[Value; 3]> {
    use LaneOp::*;
    let mut operands = SmallVec::from_slice(operands);
    if matches!(op, IAdd | IMul | IAnd | IOr | IXor | IEq | INe | BAnd | BOr | BXor) {
        operands.sort_by_key(|value| (build.bits(*value).is_some(), *value));
    }
    operands
}

/// The known result, if there is one.
pub(super) fn fold(build: &mut Builder, op: LaneOp, operands: &[Value]) -> Option<Value> {
    let bits: SmallVec<[Option<u64>; 3]> = operands.iter().map(|value| build.bits(*value)).collect();
    if let Some(bits) = bits.iter().copied().collect::<Option<SmallVec<[u64; 3]>>>() {
        let types: SmallVec<[LaneType; 3]> = operands.iter().map(|value| build.ty(*value)).collect();
        let ty = op.result_type(&types)?;
        return Some(build.constant(ty, op.eval(types[0], &bits)));
    }
    match op.arity() {
        1 => unary(build, op, operands[0]),
        2 => binary(build, op, operands[0], operands[1], bits[1]),
        _ if op == LaneOp::Select => select(build, operands[0], operands[1], operands[2]),
        _ => None,
    }
}

fn unary(build: &mut Builder, op: LaneOp, a: Value) -> Option<Value> {
    use LaneOp::*;
    match (op, build.inst(a).clone()) {
        (BNot, Inst::Op(BNot, inner)) | (INot, Inst::Op(INot, inner)) | (FNeg, Inst::Op(FNeg, inner)) => {
            Some(inner[0])
        }
        (Bitcast, Inst::Op(Bitcast, inner)) => Some(inner[0]),
        (BNot, Inst::Op(compare, inner)) => negated(build, compare, inner[0], *inner.get(1)?),
        // A positive number is the same with and without a sign, and the signed conversion is the faster one.
        (UToF64, index) if is_index(&index) => Some(build.op(SToF64, &[a])),
        (UToF32, index) if is_index(&index) => Some(build.op(SToF32, &[a])),
        _ => None,
    }
}

/// The opposite of a comparison. The order of floats has none: both `<` and `>=` are false of NaN.
fn negated(build: &mut Builder, compare: LaneOp, a: Value, b: Value) -> Option<Value> {
    use LaneOp::*;
    let (op, operands) = match compare {
        IEq => (INe, [a, b]),
        INe => (IEq, [a, b]),
        FEq => (FNe, [a, b]),
        FNe => (FEq, [a, b]),
        SLt => (SLe, [b, a]),
        SLe => (SLt, [b, a]),
        ULt => (ULe, [b, a]),
        ULe => (ULt, [b, a]),
        _ => return None,
    };
    Some(build.op(op, &operands))
}

fn is_index(inst: &Inst) -> bool {
    matches!(inst, Inst::LaneIndex | Inst::RowIndex(_) | Inst::LinearIndex | Inst::Dim(..))
}

/// `b_bits` are the second operand's, where constants of commuting operations stand.
fn binary(build: &mut Builder, op: LaneOp, a: Value, b: Value, b_bits: Option<u64>) -> Option<Value> {
    use LaneOp::*;
    let ty = build.ty(a);
    let all_ones = if ty == LaneType::I32 { u32::MAX as u64 } else { u64::MAX };
    let one = match ty {
        LaneType::F32 => 1f32.to_bits() as u64,
        LaneType::F64 => 1f64.to_bits(),
        _ => 1,
    };
    match (op, b_bits) {
        (IAdd | ISub | IOr | IXor | Shl | UShr | SShr | BOr | BXor, Some(0)) => Some(a),
        (IMul | IAnd | BAnd, Some(0)) => Some(b),
        (IMul | SDiv | UDiv | FMul | FDiv, Some(bits)) if bits == one => Some(a),
        (SDiv | SRem | UDiv | URem, Some(bits)) => divide::by_constant(build, op, a, bits),
        (IAnd, Some(bits)) if bits == all_ones => Some(a),
        (IOr, Some(bits)) if bits == all_ones => Some(b),
        (BAnd, Some(1)) => Some(a),
        (BOr, Some(1)) => Some(b),
        (BXor, Some(1)) => Some(build.op(BNot, &[a])),
        (FMul, _) if build.bits(a) == Some(one) => Some(b),
        (IAnd | IOr | BAnd | BOr, _) if a == b => Some(a),
        (ISub | IXor | BXor, _) if a == b => Some(build.constant(ty, 0)),
        (IEq | INe, Some(0)) if divide::low_bits_of_remainder(build, a).is_some() => {
            let (number, low) = divide::low_bits_of_remainder(build, a)?;
            let low = build.constant(ty, low);
            let bits = build.op(IAnd, &[number, low]);
            Some(build.op(op, &[bits, b]))
        }
        // Where one side of these is not a number the other one is taken, or nothing is less: the better of it and the worst number,
        // which is that then, changes neither.
        (FMax | FMin, _) if let Some(number) = before_worst(build, op, a) => Some(build.op(op, &[number, b])),
        (FLt, _) if let Some(number) = before_worst(build, FMax, b) => Some(build.op(op, &[a, number])),
        (FLt, _) if let Some(number) = before_worst(build, FMin, a) => Some(build.op(op, &[number, b])),
        (IEq | SLe | ULe, _) if a == b => Some(build.bool(true)),
        (INe | SLt | ULt, _) if a == b => Some(build.bool(false)),
        (BAnd, _) if let Some(within) = within_constants(build, a, b) => Some(within),
        // `m & (m & c)`
        (BAnd, _) if contains(build, b, BAnd, a) => Some(b),
        (BAnd, _) if contains(build, a, BAnd, b) => Some(a),
        _ => None,
    }
}

/// The `x` of `max(x, -inf)` or `min(x, inf)`.
fn before_worst(build: &Builder, op: LaneOp, value: Value) -> Option<Value> {
    let Inst::Op(found, operands) = build.inst(value) else { return None };
    let worst = if op == LaneOp::FMax { f64::NEG_INFINITY } else { f64::INFINITY };
    let worst = match build.ty(value) {
        LaneType::F32 => u64::from((worst as f32).to_bits()),
        _ => worst.to_bits(),
    };
    (*found == op && build.bits(operands[1]) == Some(worst)).then_some(operands[0])
}

/// `l <= x && x <= h` of an integer and constants: the distance from the lower one, without a sign, is at most that of the
/// upper one. Lanes have comparisons without a sign on some processors only.
fn within_constants(build: &mut Builder, a: Value, b: Value) -> Option<Value> {
    use LaneOp::*;
    let parts = |value: Value| match build.inst(value) {
        Inst::Op(SLe, operands) if !build.varying(value) => Some((operands[0], operands[1])),
        _ => None,
    };
    let (first, second) = (parts(a)?, parts(b)?);
    let ((low, number), (same, high)) =
        if build.bits(first.0).is_some() { (first, second) } else { (second, first) };
    let (low_bits, high_bits) = (build.bits(low)?, build.bits(high)?);
    let ty = build.ty(number);
    let signed = |bits: u64| if ty == LaneType::I32 { bits as i32 as i64 } else { bits as i64 };
    if number != same || signed(low_bits) > signed(high_bits) {
        return None;
    }
    let width = if ty == LaneType::I32 { u32::MAX as u64 } else { u64::MAX };
    let most = build.constant(ty, high_bits.wrapping_sub(low_bits) & width);
    let distance = build.op(ISub, &[number, low]);
    Some(build.op(ULe, &[distance, most]))
}

fn contains(build: &Builder, value: Value, op: LaneOp, operand: Value) -> bool {
    matches!(build.inst(value), Inst::Op(found, operands) if *found == op && operands.contains(&operand))
}

fn select(build: &mut Builder, condition: Value, yes: Value, no: Value) -> Option<Value> {
    use LaneOp::*;
    if yes == no {
        return Some(yes);
    }
    if let Some(bits) = build.bits(condition) {
        return Some(if bits & 1 == 1 { yes } else { no });
    }
    if let Inst::Op(BNot, inner) = build.inst(condition) {
        let inner = inner[0];
        return Some(build.op(Select, &[inner, no, yes]));
    }
    if build.ty(yes) == LaneType::Bool {
        let (yes_bits, no_bits) = (build.bits(yes), build.bits(no));
        if no_bits == Some(0) || no == condition {
            return Some(build.op(BAnd, &[condition, yes]));
        }
        if yes_bits == Some(1) || yes == condition {
            return Some(build.op(BOr, &[condition, no]));
        }
        if yes_bits == Some(0) {
            let outside = build.op(BNot, &[condition]);
            return Some(build.op(BAnd, &[outside, no]));
        }
        if no_bits == Some(1) {
            let outside = build.op(BNot, &[condition]);
            return Some(build.op(BOr, &[outside, yes]));
        }
    }
    // The smaller or the greater of two: of what is not a number both give the second.
    if let Inst::Op(FLt, compared) = build.inst(condition) {
        let (a, b) = (compared[0], compared[1]);
        if [yes, no] == [a, b] {
            return Some(build.op(FMin, &[a, b]));
        }
        if [yes, no] == [b, a] {
            return Some(build.op(FMax, &[b, a]));
        }
    }
    // `select(x != x, c, min(c, x))` for a constant: `min(x, c)` gives the constant for NaN by itself. The two
    // differ on equal operands only, and equal numbers other than zero have equal bits.
    if let (Inst::Op(FNe, compared), Inst::Op(op @ (FMin | FMax), extremes)) =
        (build.inst(condition), build.inst(no))
    {
        let (x, op) = (compared[0], *op);
        let fits = compared[1] == x && extremes[..] == [yes, x] && is_nonzero_number(build, yes);
        return fits.then(|| build.op(op, &[x, yes]));
    }
    None
}

fn is_nonzero_number(build: &Builder, value: Value) -> bool {
    let Some(bits) = build.bits(value) else { return false };
    let number = match build.ty(value) {
        LaneType::F32 => f32::from_bits(bits as u32) as f64,
        LaneType::F64 => f64::from_bits(bits),
        _ => return false,
    };
    !number.is_nan() && number != 0.0
}
