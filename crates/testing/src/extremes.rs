//! Numbers at which something changes: the ends of types, the powers of two where conversions round or saturate, and
//! the divisors that compilers know special ways for.

use crate::Choices;
use parfuse_ir::lane::LaneType;
use parfuse_ir::{DType, Scalar};

/// Integers, by their low bits.
const INTEGERS: &[u64] = &[
    0,
    1,
    u64::MAX,
    1 << 31,
    (1 << 31) - 1,
    (1 << 31) + 1,
    1 << 32,
    (1 << 32) - 1,
    1 << 52,
    1 << 53,
    (1 << 53) + 1,
    1 << 63,
    (1 << 63) - 1,
    (1 << 63) + 1,
    u64::MAX << 31,
    u64::MAX << 53,
];

const DOUBLES: &[f64] = &[
    0.0,
    -0.0,
    f64::NAN,
    f64::INFINITY,
    f64::NEG_INFINITY,
    2147483647.5,
    -2147483648.0,
    -2147483649.0,
    4294967296.0,
    4503599627370495.5,
    9007199254740993.0,
    9223372036854775808.0,
    -9223372036854775808.0,
    18446744073709551616.0,
    1e-310,
    -4.9e-324,
    f64::MIN_POSITIVE,
    f64::MAX,
    0.49999999999999994,
    -0.5,
    2.5,
];

const SINGLES: &[f32] = &[
    0.0,
    -0.0,
    f32::NAN,
    f32::INFINITY,
    f32::NEG_INFINITY,
    2147483648.0,
    -2147483648.0,
    4294967296.0,
    8388607.5,
    16777216.0,
    9223372036854775808.0,
    18446744073709551616.0,
    1e-40,
    -1e-45,
    f32::MIN_POSITIVE,
    f32::MAX,
    0.49999997,
    -0.5,
    2.5,
];

/// A divisor of each class: one, powers of two, their neighbours, primes, those whose reciprocal needs another bit.
const DIVISORS: &[u64] = &[
    1,
    2,
    3,
    5,
    6,
    7,
    10,
    14,
    16,
    25,
    100,
    127,
    128,
    641,
    1 << 16,
    1_000_003,
    1_000_000_007,
    (1 << 30) + 1,
    (1 << 31) - 1,
    1 << 31,
    (1 << 32) - 1,
    1 << 32,
    (1 << 32) + 1,
    6_700_417,
    1 << 53,
    (1 << 63) - 1,
    1 << 63,
    (1 << 63) + 1,
];

/// A number of a type at which something changes.
pub(crate) fn extreme(dtype: DType, choices: &mut Choices) -> Scalar {
    match dtype.lane() {
        LaneType::F64 => Scalar::F64(choices.pick(DOUBLES)),
        LaneType::F32 => Scalar::F32(choices.pick(SINGLES)),
        LaneType::Bool | LaneType::I32 | LaneType::I64 => Scalar::from_bits(dtype, choices.pick(INTEGERS)),
    }
}

/// An integer to divide by, which is not zero.
pub(crate) fn divisor(dtype: DType, choices: &mut Choices) -> Scalar {
    let divisor = choices.pick(DIVISORS);
    let negative = dtype.is_signed() && choices.one_in(3);
    let divisor = Scalar::from_bits(dtype, if negative { divisor.wrapping_neg() } else { divisor });
    if divisor == dtype.zero() { dtype.one() } else { divisor }
}

/// The least and the largest integer of a type.
pub(crate) fn ends(dtype: DType) -> [Scalar; 2] {
    assert!(dtype.is_int(), "{dtype} is no type of integers");
    [dtype.least(), dtype.greatest()]
}
