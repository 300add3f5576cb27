//! What each scalar operation is made of: its primitive lane operations.
//!
//! Generic over [`Primitives`], so that the tests here run the very same code on numbers and compare it with
//! [`ScalarOp::eval`], which defines the operations. Functions that are defined by an expansion come from
//! [`parfuse_ir::math`].

use parfuse_ir::lane::{LaneOp, LaneType};
use parfuse_ir::math::{self, Primitives};
use parfuse_ir::{Class, DType, ScalarOp};

/// The operation on values of these element types.
pub(super) fn legalize<P: Primitives>(
    p: &mut P,
    op: ScalarOp,
    dtypes: &[DType],
    operands: &[P::Value],
) -> P::Value {
    use LaneOp::*;
    if let Some(value) = math::expand(p, op, operands) {
        return value;
    }
    let dtype = dtypes[0];
    let float = dtype.is_float();
    let by_kind = |on_float: LaneOp, on_int: LaneOp| if float { on_float } else { on_int };
    let by_bits = |on_bool: LaneOp, on_int: LaneOp| if dtype.is_bool() { on_bool } else { on_int };
    let by_sign =
        |signed: LaneOp, unsigned: LaneOp| if dtype.fills_unsigned_lane() { unsigned } else { signed };
    let primitive = match op {
        ScalarOp::Add => by_kind(FAdd, IAdd),
        ScalarOp::Sub => by_kind(FSub, ISub),
        ScalarOp::Mul => by_kind(FMul, IMul),
        ScalarOp::Div => by_kind(FDiv, by_sign(SDiv, UDiv)),
        ScalarOp::Rem => by_sign(SRem, URem),
        ScalarOp::Neg if float => FNeg,
        ScalarOp::Neg => {
            let negated = negate(p, operands[0]);
            return narrow(p, negated, dtype);
        }
        ScalarOp::Not => by_bits(BNot, INot),
        ScalarOp::And => by_bits(BAnd, IAnd),
        ScalarOp::Or => by_bits(BOr, IOr),
        ScalarOp::Xor => by_bits(BXor, IXor),
        ScalarOp::Shl => Shl,
        ScalarOp::Shr => by_sign(SShr, UShr),
        ScalarOp::Eq | ScalarOp::Ne | ScalarOp::Lt | ScalarOp::Le => {
            return compare(p, op, dtype, operands[0], operands[1]);
        }
        ScalarOp::Gt => return compare(p, ScalarOp::Lt, dtype, operands[1], operands[0]),
        ScalarOp::Ge => return compare(p, ScalarOp::Le, dtype, operands[1], operands[0]),
        ScalarOp::Min => return extreme(p, FMin, dtype, operands[0], operands[1]),
        ScalarOp::Max => return extreme(p, FMax, dtype, operands[0], operands[1]),
        ScalarOp::Abs if float => FAbs,
        ScalarOp::Abs => {
            let absolute = absolute(p, operands[0]);
            return narrow(p, absolute, dtype);
        }
        ScalarOp::Sqrt => FSqrt,
        ScalarOp::Floor => FFloor,
        ScalarOp::Ceil => FCeil,
        ScalarOp::Trunc => FTrunc,
        ScalarOp::Round => return round(p, operands[0]),
        ScalarOp::MulAdd => Fma,
        ScalarOp::ToBits | ScalarOp::FromBits => Bitcast,
        ScalarOp::IsNan => return p.op(FNe, &[operands[0], operands[0]]),
        ScalarOp::Select => Select,
        op => unreachable!("{op} is neither primitive nor defined by an expansion"),
    };
    let value = p.op(primitive, operands);
    if leaves_range(op, dtype) { narrow(p, value, dtype) } else { value }
}

/// Whether an operation on numbers of a type, computed in a lane of more bits, may give one that the type does not have.
fn leaves_range(op: ScalarOp, dtype: DType) -> bool {
    match op {
        ScalarOp::Add | ScalarOp::Sub | ScalarOp::Mul | ScalarOp::Shl => true,
        // `MIN / -1`.
        ScalarOp::Div => dtype.is_signed(),
        ScalarOp::Not => dtype.is_unsigned(),
        _ => false,
    }
}

/// Conversion as Rust's `as`; to `bool`: whether it is not zero.
pub(super) fn cast<P: Primitives>(p: &mut P, value: P::Value, from: DType, to: DType) -> P::Value {
    use LaneOp::*;
    if from == to {
        return value;
    }
    match (from.class(), to.class()) {
        (Class::Bool, _) => {
            let one = p.constant(to.lane(), to.one().to_bits());
            let zero = p.constant(to.lane(), to.zero().to_bits());
            p.op(Select, &[value, one, zero])
        }
        (_, Class::Bool) => {
            let zero = p.constant(from.lane(), from.zero().to_bits());
            p.op(if from.is_float() { FNe } else { INe }, &[value, zero])
        }
        (Class::Float, Class::Float) => {
            p.op(if to.bits() > from.bits() { Promote } else { Demote }, &[value])
        }
        (Class::Float, _) => saturated(p, value, to),
        (_, Class::Float) => {
            // All numbers of a lane of 64 bits are converted by one rounding, so those of 32 bits without sign may be.
            let (value, unsigned) = match from.fills_unsigned_lane() {
                true if from.bits() < 64 => (p.op(UExtend, &[value]), false),
                unsigned => (value, unsigned),
            };
            let [double, single] = if unsigned { [UToF64, UToF32] } else { [SToF64, SToF32] };
            p.op(if to.bits() == 64 { double } else { single }, &[value])
        }
        (_, _) => {
            let value = match (from.lane() == LaneType::I64, to.lane() == LaneType::I64) {
                (false, true) => p.op(if from.fills_unsigned_lane() { UExtend } else { SExtend }, &[value]),
                (true, false) => p.op(Wrap, &[value]),
                _ => value,
            };
            if to.holds_all(from) { value } else { narrow(p, value, to) }
        }
    }
}

/// The word for a number that is reported with a fault: see [`parfuse_ir::message::word`].
pub(super) fn reported<P: Primitives>(p: &mut P, value: P::Value, dtype: DType) -> P::Value {
    if !dtype.is_float() {
        return cast(p, value, dtype, DType::I64);
    }
    let double = cast(p, value, dtype, DType::F64);
    p.bitcast(double)
}

/// A float as an integer, saturating; NaN gives 0.
fn saturated<P: Primitives>(p: &mut P, value: P::Value, to: DType) -> P::Value {
    use LaneOp::*;
    let (op, lane) = match (to.class(), to.bits()) {
        (Class::Unsigned, 64) => (FToU64, LaneType::I64),
        (_, 64) => (FToS64, LaneType::I64),
        // A signed integer of twice the bits holds the numbers on both sides of the limits.
        (Class::Unsigned, 32) => (FToS64, LaneType::I64),
        _ => (FToS32, LaneType::I32),
    };
    let whole = p.op(op, &[value]);
    if to.bits() == 64 || to.bits() == 32 && to.is_signed() {
        return whole;
    }
    let limit = |limit: parfuse_ir::Scalar| limit.as_integer().expect("of an integer type") as i64 as u64;
    let least = p.constant(lane, limit(to.least()) & lane_mask(lane));
    let greatest = p.constant(lane, limit(to.greatest()) & lane_mask(lane));
    let is_less = p.op(SLt, &[whole, least]);
    let whole = p.op(Select, &[is_less, least, whole]);
    let is_greater = p.op(SLt, &[greatest, whole]);
    let whole = p.op(Select, &[is_greater, greatest, whole]);
    if lane == to.lane() { whole } else { p.op(Wrap, &[whole]) }
}

fn lane_mask(lane: LaneType) -> u64 {
    if lane == LaneType::I64 { u64::MAX } else { u32::MAX as u64 }
}

/// What an integer type has of the number in a lane: nothing is left to do if it has as many bits as the lane.
///
/// All values of such types are kept so: extended by their sign to the lane. It is restored here after what may leave
/// the range of the type, and nowhere else.
pub(super) fn narrow<P: Primitives>(p: &mut P, value: P::Value, dtype: DType) -> P::Value {
    let unused = 32u32.saturating_sub(dtype.bits());
    if unused == 0 || !dtype.is_int() {
        return value;
    }
    if dtype.is_unsigned() {
        let mask = p.constant(LaneType::I32, dtype.greatest().to_bits());
        return p.op(LaneOp::IAnd, &[value, mask]);
    }
    let count = p.constant(LaneType::I32, unused.into());
    let high = p.op(LaneOp::Shl, &[value, count]);
    p.op(LaneOp::SShr, &[high, count])
}

fn zero_of<P: Primitives>(p: &mut P, value: P::Value) -> P::Value {
    let ty = p.ty(value);
    p.constant(ty, 0)
}

fn negate<P: Primitives>(p: &mut P, a: P::Value) -> P::Value {
    let zero = zero_of(p, a);
    p.op(LaneOp::ISub, &[zero, a])
}

fn absolute<P: Primitives>(p: &mut P, a: P::Value) -> P::Value {
    let zero = zero_of(p, a);
    let negative = p.op(LaneOp::SLt, &[a, zero]);
    let negated = negate(p, a);
    p.op(LaneOp::Select, &[negative, negated, a])
}

/// `Eq`, `Ne`, `Lt` or `Le`.
fn compare<P: Primitives>(p: &mut P, op: ScalarOp, dtype: DType, a: P::Value, b: P::Value) -> P::Value {
    use LaneOp::*;
    let [eq, ne, lt, le] = match dtype.class() {
        Class::Bool => return compare_bool(p, op, a, b),
        Class::Float => [FEq, FNe, FLt, FLe],
        Class::Unsigned if dtype.fills_unsigned_lane() => [IEq, INe, ULt, ULe],
        Class::Signed | Class::Unsigned => [IEq, INe, SLt, SLe],
    };
    let primitive = match op {
        ScalarOp::Eq => eq,
        ScalarOp::Ne => ne,
        ScalarOp::Lt => lt,
        _ => le,
    };
    p.op(primitive, &[a, b])
}

/// `false` is less than `true`.
fn compare_bool<P: Primitives>(p: &mut P, op: ScalarOp, a: P::Value, b: P::Value) -> P::Value {
    use LaneOp::*;
    match op {
        ScalarOp::Ne => p.op(BXor, &[a, b]),
        ScalarOp::Eq => {
            let differ = p.op(BXor, &[a, b]);
            p.op(BNot, &[differ])
        }
        _ => {
            let not_a = p.op(BNot, &[a]);
            p.op(if op == ScalarOp::Lt { BAnd } else { BOr }, &[not_a, b])
        }
    }
}

/// `min` and `max`; `primitive` is the float operation, which prefers its second operand where Rust prefers
/// the first, hence the exchange.
fn extreme<P: Primitives>(p: &mut P, primitive: LaneOp, dtype: DType, a: P::Value, b: P::Value) -> P::Value {
    if dtype.is_float() {
        let a_is_nan = p.op(LaneOp::FNe, &[a, a]);
        let extreme = p.op(primitive, &[b, a]);
        return p.op(LaneOp::Select, &[a_is_nan, b, extreme]);
    }
    let less = if primitive == LaneOp::FMin { [b, a] } else { [a, b] };
    let takes_b = compare(p, ScalarOp::Lt, dtype, less[0], less[1]);
    p.op(LaneOp::Select, &[takes_b, b, a])
}

/// Halves away from zero: the number with the largest float below one half added (with its sign), truncated.
/// One half itself would carry 0.49999999999999994 up to 1.
fn round<P: Primitives>(p: &mut P, a: P::Value) -> P::Value {
    use LaneOp::*;
    let (ty, sign, almost_half) = match p.ty(a) {
        LaneType::F32 => (LaneType::I32, 1 << 31, 0.5f32.next_down().to_bits() as u64),
        _ => (LaneType::I64, 1 << 63, 0.5f64.next_down().to_bits()),
    };
    let bits = p.op(Bitcast, &[a]);
    let sign = p.constant(ty, sign);
    let sign = p.op(IAnd, &[bits, sign]);
    let almost_half = p.constant(ty, almost_half);
    let almost_half = p.op(IOr, &[sign, almost_half]);
    let almost_half = p.op(Bitcast, &[almost_half]);
    let sum = p.op(FAdd, &[a, almost_half]);
    p.op(FTrunc, &[sum])
}

#[cfg(test)]
mod tests {
    use super::*;
    use parfuse_ir::Scalar;
    use parfuse_ir::math::{Bits, Evaluate};

    fn samples(dtype: DType) -> Vec<Scalar> {
        let floats = [
            0.0,
            -0.0,
            0.25,
            -0.3,
            0.5,
            -0.5,
            0.49999999999999994,
            1.0,
            1.5,
            -2.5,
            3.7,
            4503599627370497.0,
            -2251799813685248.5,
            8388609.0,
            1e30,
            -1e300,
            1e-320,
            f64::INFINITY,
            f64::NEG_INFINITY,
            f64::NAN,
        ];
        let ints = [0, 1, -1, 2, 5, -7, 31, 32, 64, i32::MAX as i64, i32::MIN as i64, i64::MAX, i64::MIN];
        match dtype.class() {
            Class::Bool => vec![Scalar::Bool(false), Scalar::Bool(true)],
            Class::Float => floats.iter().map(|x| Scalar::F64(*x).cast(dtype)).collect(),
            Class::Signed | Class::Unsigned => {
                let ends = [dtype.least(), dtype.greatest()].into_iter();
                ends.chain(ints.iter().map(|x| Scalar::I64(*x).cast(dtype))).collect()
            }
        }
    }

    fn bits(scalar: Scalar) -> Bits {
        Bits { ty: LaneType::of(scalar.dtype()), bits: scalar.to_bits() }
    }

    fn same(actual: Bits, expected: Scalar) -> bool {
        let actual_scalar = Scalar::from_bits(expected.dtype(), actual.bits);
        // Narrow integers must fill their lane with their sign.
        actual.ty == LaneType::of(expected.dtype())
            && (actual.bits == expected.to_bits() || actual_scalar.is_nan() && expected.is_nan())
    }

    /// All tuples of operands of these types.
    fn tuples(dtypes: &[DType]) -> Vec<Vec<Scalar>> {
        dtypes.iter().fold(vec![Vec::new()], |tuples, dtype| {
            let extend = |tuple: &Vec<Scalar>| {
                let tuple = tuple.clone();
                samples(*dtype)
                    .into_iter()
                    .map(move |last| [tuple.clone(), vec![last]].concat())
                    .collect::<Vec<_>>()
            };
            tuples.iter().flat_map(extend).collect()
        })
    }

    #[test]
    fn operations_compute_what_they_are_defined_to() {
        for op in ScalarOp::ALL {
            for dtype in DType::ALL {
                let dtypes = match op {
                    ScalarOp::Select => vec![DType::Bool, *dtype, *dtype],
                    _ => vec![*dtype; op.arity()],
                };
                if math::is_expansion(*op) || op.result_type(&dtypes).is_none() {
                    continue;
                }
                for operands in tuples(&dtypes) {
                    let primitive: Vec<Bits> = operands.iter().copied().map(bits).collect();
                    let actual = legalize(&mut Evaluate, *op, &dtypes, &primitive);
                    let expected = op.eval(&operands);
                    assert!(same(actual, expected), "{op} of {operands:?}: {actual:?}, not {expected:?}");
                }
            }
        }
    }

    #[test]
    fn reported_numbers_are_the_words_of_messages() {
        for dtype in DType::ALL {
            for scalar in samples(*dtype).into_iter().filter(|scalar| !scalar.is_nan()) {
                let word = reported(&mut Evaluate, bits(scalar), *dtype);
                assert_eq!(
                    word,
                    Bits { ty: LaneType::I64, bits: parfuse_ir::message::word(scalar) },
                    "{scalar}"
                );
            }
        }
    }

    #[test]
    fn casts_convert_as_rust_does() {
        for from in DType::ALL {
            for to in DType::ALL {
                for scalar in samples(*from) {
                    let actual = cast(&mut Evaluate, bits(scalar), *from, *to);
                    let expected = scalar.cast(*to);
                    assert!(same(actual, expected), "{scalar} as {to}: {actual:?}, not {expected:?}");
                }
            }
        }
    }
}
