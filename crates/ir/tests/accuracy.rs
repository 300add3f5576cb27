//! How accurate the mathematical functions are, measured.
//!
//! ```text
//! data/accuracy/*/f.csv    correctly rounded values, special cases among them     integer distance at most 1
//! random arguments         against core-math, which rounds correctly              integer distance at most 1
//! data/accuracy/exact/     f64 values to 105 bits; for f32, core-math's f64       true error at most 1 ULP
//! ```
//!
//! An ULP is the distance of neighbouring floats at the exact value. A result at integer distance 1 from the
//! correctly rounded one may be off by up to 1.5 ULP, hence the third line. Run with `--nocapture` to read
//! the figures; `accuracy/document.rs` writes them into `docs/ACCURACY.md`. Of a few functions more is allowed,
//! see `bound`.

#[path = "accuracy/document.rs"]
mod document;

use parfuse_ir::{Scalar, ScalarOp};
use std::fs;

/// A function with its reference and the arguments that it is tried on at random.
struct Function {
    op: ScalarOp,
    /// The name of its data.
    name: &'static str,
    /// Correctly rounded.
    reference: fn(f64, f64) -> f64,
    /// Intervals of `f64` arguments.
    ranges: &'static [(f64, f64)],
    /// Intervals of `f32` arguments.
    ranges_f32: &'static [(f64, f64)],
    /// Intervals of the second argument, one for each of the first in `f64`, then in `f32`.
    seconds: [(f64, f64); 2],
}

const NONE: [(f64, f64); 2] = [(0.0, 0.0); 2];
const ANGLES: &[(f64, f64)] = &[(-0.8, 0.8), (-7.0, 7.0), (-2e6, 2e6), (-1e300, 1e300)];
const ANGLES_F32: &[(f64, f64)] = &[(-0.8, 0.8), (-7.0, 7.0), (-2e6, 2e6), (-3e38, 3e38)];

const POSITIVE: &[(f64, f64)] = &[(0.5, 2.0), (0.98, 1.02), (0.0, 1e10), (0.0, 1e-307)];
const POSITIVE_F32: &[(f64, f64)] = &[(0.5, 2.0), (0.98, 1.02), (0.0, 1e10), (0.0, 2e-38)];

const FUNCTIONS: &[Function] = &[
    Function {
        op: ScalarOp::Exp,
        name: "exp",
        reference: |x, _| core_math::exp(x),
        ranges: &[(-1.0, 1.0), (-745.2, 709.9), (-745.2, -708.0)],
        ranges_f32: &[(-1.0, 1.0), (-104.0, 89.0), (-104.0, -87.0)],
        seconds: NONE,
    },
    Function {
        op: ScalarOp::Exp2,
        name: "exp2",
        reference: |x, _| core_math::exp2(x),
        ranges: &[(-1.0, 1.0), (-1075.5, 1024.5), (-1075.5, -1021.0)],
        ranges_f32: &[(-1.0, 1.0), (-150.5, 128.5), (-150.5, -125.0)],
        seconds: NONE,
    },
    Function {
        op: ScalarOp::ExpM1,
        name: "expm1",
        reference: |x, _| core_math::expm1(x),
        ranges: &[(-0.4, 0.4), (-1.1, 1.1), (-45.0, 60.0), (-1e-8, 1e-8), (600.0, 709.9)],
        ranges_f32: &[(-0.4, 0.4), (-1.1, 1.1), (-20.0, 30.0), (-1e-4, 1e-4), (60.0, 89.0)],
        seconds: NONE,
    },
    Function {
        op: ScalarOp::Ln,
        name: "log",
        reference: |x, _| core_math::log(x),
        ranges: POSITIVE,
        ranges_f32: POSITIVE_F32,
        seconds: NONE,
    },
    Function {
        op: ScalarOp::Log2,
        name: "log2",
        reference: |x, _| core_math::log2(x),
        ranges: POSITIVE,
        ranges_f32: POSITIVE_F32,
        seconds: NONE,
    },
    Function {
        op: ScalarOp::Log10,
        name: "log10",
        reference: |x, _| core_math::log10(x),
        ranges: POSITIVE,
        ranges_f32: POSITIVE_F32,
        seconds: NONE,
    },
    Function {
        op: ScalarOp::Ln1p,
        name: "log1p",
        reference: |x, _| core_math::log1p(x),
        ranges: &[(-0.5, 0.5), (-1.0, 10.0), (-1e-8, 1e-8), (-1.0, -0.9999), (1e6, 1e300)],
        ranges_f32: &[(-0.5, 0.5), (-1.0, 10.0), (-1e-4, 1e-4), (-1.0, -0.999), (1e6, 1e38)],
        seconds: NONE,
    },
    Function {
        op: ScalarOp::Sin,
        name: "sin",
        reference: |x, _| core_math::sin(x),
        ranges: ANGLES,
        ranges_f32: ANGLES_F32,
        seconds: NONE,
    },
    Function {
        op: ScalarOp::Cos,
        name: "cos",
        reference: |x, _| core_math::cos(x),
        ranges: ANGLES,
        ranges_f32: ANGLES_F32,
        seconds: NONE,
    },
    Function {
        op: ScalarOp::Tan,
        name: "tan",
        reference: |x, _| core_math::tan(x),
        ranges: ANGLES,
        ranges_f32: ANGLES_F32,
        seconds: NONE,
    },
    Function {
        op: ScalarOp::Asin,
        name: "asin",
        reference: |x, _| core_math::asin(x),
        ranges: &[(-0.5, 0.5), (-1.0, 1.0), (0.5, 0.6), (0.999, 1.0), (-1e-307, 1e-307)],
        ranges_f32: &[(-0.5, 0.5), (-1.0, 1.0), (0.5, 0.6), (0.999, 1.0), (-2e-38, 2e-38)],
        seconds: NONE,
    },
    Function {
        op: ScalarOp::Acos,
        name: "acos",
        reference: |x, _| core_math::acos(x),
        ranges: &[(-0.5, 0.5), (-1.0, 1.0), (0.5, 0.6), (0.999, 1.0), (-1.0, -0.999)],
        ranges_f32: &[(-0.5, 0.5), (-1.0, 1.0), (0.5, 0.6), (0.999, 1.0), (-1.0, -0.999)],
        seconds: NONE,
    },
    Function {
        op: ScalarOp::Atan,
        name: "atan",
        reference: |x, _| core_math::atan(x),
        ranges: &[(-1.0, 1.0), (0.9, 1.1), (-10.0, 10.0), (-1e6, 1e6), (-1e-307, 1e-307)],
        ranges_f32: &[(-1.0, 1.0), (0.9, 1.1), (-10.0, 10.0), (-1e6, 1e6), (-2e-38, 2e-38)],
        seconds: NONE,
    },
    Function {
        op: ScalarOp::Atan2,
        name: "atan2",
        reference: core_math::atan2,
        ranges: &[(-10.0, 10.0), (-1.0, 1.0), (-1e3, 1e3), (-1e-307, 1e-307)],
        ranges_f32: &[(-10.0, 10.0), (-1.0, 1.0), (-1e3, 1e3), (-2e-38, 2e-38)],
        seconds: [(-10.0, 10.0); 2],
    },
    Function {
        op: ScalarOp::Sinh,
        name: "sinh",
        reference: |x, _| core_math::sinh(x),
        ranges: &[(-1.1, 1.1), (-25.0, 25.0), (-711.0, 711.0), (-1e-8, 1e-8), (-1e-307, 1e-307)],
        ranges_f32: &[(-1.1, 1.1), (-15.0, 15.0), (-89.5, 89.5), (-1e-4, 1e-4), (-2e-38, 2e-38)],
        seconds: NONE,
    },
    Function {
        op: ScalarOp::Cosh,
        name: "cosh",
        reference: |x, _| core_math::cosh(x),
        ranges: &[(-1.1, 1.1), (-25.0, 25.0), (-711.0, 711.0)],
        ranges_f32: &[(-1.1, 1.1), (-15.0, 15.0), (-89.5, 89.5)],
        seconds: NONE,
    },
    Function {
        op: ScalarOp::Tanh,
        name: "tanh",
        reference: |x, _| core_math::tanh(x),
        ranges: &[(-1.0, 1.0), (-20.0, 20.0), (-1e-8, 1e-8), (-1e-307, 1e-307)],
        ranges_f32: &[(-1.0, 1.0), (-10.0, 10.0), (-1e-4, 1e-4), (-2e-38, 2e-38)],
        seconds: NONE,
    },
    Function {
        op: ScalarOp::Erf,
        name: "erf",
        reference: |x, _| core_math::erf(x),
        ranges: &[(-1.0, 1.0), (0.8, 1.0), (-6.1, 6.1), (-1e-8, 1e-8), (-1e-307, 1e-307)],
        ranges_f32: &[(-1.0, 1.0), (0.8, 1.0), (-4.0, 4.0), (-1e-4, 1e-4), (-2e-38, 2e-38)],
        seconds: NONE,
    },
    Function {
        op: ScalarOp::Erfc,
        name: "erfc",
        reference: |x, _| core_math::erfc(x),
        ranges: &[(-1.0, 1.0), (-6.0, 6.0), (5.0, 28.0), (26.0, 27.3)],
        ranges_f32: &[(-1.0, 1.0), (-4.0, 4.0), (3.0, 10.5), (9.0, 10.2)],
        seconds: NONE,
    },
    Function {
        op: ScalarOp::Tgamma,
        name: "tgamma",
        reference: |x, _| core_math::tgamma(x),
        ranges: &[(0.5, 3.0), (0.0, 172.0), (0.0, 1e-307), (-20.0, 0.0), (-186.0, 0.0)],
        ranges_f32: &[(0.5, 3.0), (0.0, 35.5), (0.0, 2e-38), (-20.0, 0.0), (-43.0, 0.0)],
        seconds: NONE,
    },
    Function {
        op: ScalarOp::Lgamma,
        name: "lgamma",
        reference: |x, _| core_math::lgamma(x),
        ranges: &[(0.0, 3.0), (0.9, 1.1), (1.9, 2.1), (1.0, 20.0), (0.0, 1e307), (-20.0, 0.0)],
        ranges_f32: &[(0.0, 3.0), (0.9, 1.1), (1.9, 2.1), (1.0, 20.0), (0.0, 1e37), (-20.0, 0.0)],
        seconds: NONE,
    },
    Function {
        op: ScalarOp::Powf,
        name: "pow",
        reference: core_math::pow,
        ranges: &[(0.5, 2.0), (0.0, 1e10), (0.0, 1e-307), (-10.0, 10.0)],
        ranges_f32: &[(0.5, 2.0), (0.0, 1e10), (0.0, 2e-38), (-10.0, 10.0)],
        seconds: [(-30.0, 30.0), (-4.0, 4.0)],
    },
    Function {
        op: ScalarOp::Asinh,
        name: "asinh",
        reference: |x, _| core_math::asinh(x),
        ranges: &[(-0.5, 0.5), (-3.0, 3.0), (-1e3, 1e3), (-1e-7, 1e-7), (-1e308, 1e308)],
        ranges_f32: &[(-0.5, 0.5), (-3.0, 3.0), (-1e3, 1e3), (-1e-3, 1e-3), (-3e38, 3e38)],
        seconds: NONE,
    },
    Function {
        op: ScalarOp::Acosh,
        name: "acosh",
        reference: |x, _| core_math::acosh(x),
        ranges: &[(1.0, 1.000001), (1.0, 1.1), (1.0, 3.0), (1.0, 1e3), (1.0, 1e308)],
        ranges_f32: &[(1.0, 1.001), (1.0, 1.1), (1.0, 3.0), (1.0, 1e3), (1.0, 3e38)],
        seconds: NONE,
    },
    Function {
        op: ScalarOp::Atanh,
        name: "atanh",
        reference: |x, _| core_math::atanh(x),
        ranges: &[(-0.4, 0.4), (-1.0, 1.0), (0.999, 1.0), (-1e-7, 1e-7), (-1e-307, 1e-307)],
        ranges_f32: &[(-0.4, 0.4), (-1.0, 1.0), (0.999, 1.0), (-1e-3, 1e-3), (-2e-38, 2e-38)],
        seconds: NONE,
    },
    Function {
        op: ScalarOp::Cbrt,
        name: "cbrt",
        reference: |x, _| core_math::cbrt(x),
        ranges: &[(0.3, 3.0), (-100.0, 100.0), (-1e308, 1e308), (-1e-307, 1e-307)],
        ranges_f32: &[(0.3, 3.0), (-100.0, 100.0), (-3e38, 3e38), (-2e-38, 2e-38)],
        seconds: NONE,
    },
    Function {
        op: ScalarOp::Hypot,
        name: "hypot",
        reference: core_math::hypot,
        ranges: &[(-2.0, 2.0), (-40.0, 40.0), (-1e-3, 1e-3)],
        ranges_f32: &[(-2.0, 2.0), (-40.0, 40.0), (-1e-3, 1e-3)],
        seconds: [(-2.0, 2.0), (-2.0, 2.0)],
    },
];

/// The largest error of `lgamma` at negative arguments in relation to that at positive ones, if it is not small
/// in relation to the result.
const NEAR_ZERO: f64 = 4e-16;
const NEAR_ZERO_F32: f64 = 2e-9;

/// Random arguments per function and type. `ACCURACY_SAMPLES` in the environment asks for another number.
fn samples() -> usize {
    std::env::var("ACCURACY_SAMPLES").map_or(3_000, |number| number.parse().expect("a number of samples"))
}

impl Function {
    /// The largest error in ULP.
    fn bound(&self) -> f64 {
        match self.op {
            ScalarOp::Erfc | ScalarOp::Tgamma | ScalarOp::Lgamma => 2.0,
            _ => 1.0,
        }
    }
    /// Whether a result is as good as promised although its error is larger: the logarithm of the gamma function
    /// has zeros between negative integers, near which its error is small in relation to `ln gamma(1 - x)`.
    fn is_near_zero(&self, x: f64, difference: f64, epsilon: f64) -> bool {
        self.op == ScalarOp::Lgamma
            && x < 0.0
            && difference.abs() <= epsilon * (1.0 + x.abs() * (2.0 - x).ln())
    }
    fn apply_f64(&self, x: f64, y: f64) -> f64 {
        match self.op.eval(&[Scalar::F64(x), Scalar::F64(y)][..self.op.arity()]) {
            Scalar::F64(result) => result,
            other => panic!("{other:?}"),
        }
    }
    fn apply_f32(&self, x: f32, y: f32) -> f32 {
        match self.op.eval(&[Scalar::F32(x), Scalar::F32(y)][..self.op.arity()]) {
            Scalar::F32(result) => result,
            other => panic!("{other:?}"),
        }
    }
}

/// The place of a float among all floats: neighbours differ by one, the two zeros are distinct.
fn place(x: f64) -> i64 {
    let bits = x.to_bits() as i64;
    if bits < 0 { !(bits & i64::MAX) } else { bits }
}

fn place_f32(x: f32) -> i64 {
    let bits = x.to_bits() as i32;
    (if bits < 0 { !(bits & i32::MAX) } else { bits }) as i64
}

/// How many floats apart two results are; results that are special must agree exactly.
fn distance(actual: f64, expected: f64) -> i64 {
    let special = |x: f64| x.is_nan() || x.is_infinite() || x == 0.0;
    match (actual.is_nan(), expected.is_nan()) {
        (true, true) => 0,
        (false, false) if !special(actual) && !special(expected) => {
            place(actual).abs_diff(place(expected)) as i64
        }
        (false, false) if actual.to_bits() == expected.to_bits() => 0,
        // A finite result may round to a neighbouring zero or infinity, with the right sign.
        (false, false) if !(special(actual) && special(expected)) => {
            place(actual).abs_diff(place(expected)) as i64
        }
        _ => i64::MAX,
    }
}

fn distance_f32(actual: f32, expected: f32) -> i64 {
    match (actual.is_nan(), expected.is_nan()) {
        (true, true) => 0,
        (false, false) => place_f32(actual).abs_diff(place_f32(expected)) as i64,
        _ => i64::MAX,
    }
}

/// The true error in ULP of an `f32`, given the exact value to double precision.
fn error_f32(actual: f32, exact: f64) -> f64 {
    let rounded = exact as f32;
    if actual.is_nan() || rounded.is_nan() || rounded.is_infinite() || rounded == 0.0 || actual.is_infinite()
    {
        return if distance_f32(actual, rounded) == 0 { 0.0 } else { f64::INFINITY };
    }
    let exponent = ((exact.abs().to_bits() >> 52) as i32 - 1023).max(-126);
    (actual as f64 - exact).abs() / 2f64.powi(exponent - 23)
}

/// The true error in ULP of an `f64`, given the exact value as a float and by how many ULP it is above that.
fn error_f64(actual: f64, expected: f64, remainder: f64) -> f64 {
    let exponent = ((expected.abs().to_bits() >> 52) as i32 - 1023).max(-1022);
    // In two steps, since an ULP may be too small for a power of two to divide by.
    let error = (actual - expected) * 2f64.powi(52 - exponent / 2) * 2f64.powi(exponent / 2 - exponent);
    (error - remainder).abs()
}

/// The rows of a file of data, as bits.
fn rows(path: &str) -> Vec<Vec<u64>> {
    let path = format!("{}/tests/data/accuracy/{path}.csv", env!("CARGO_MANIFEST_DIR"));
    let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
    // All bits set are a NaN of either type.
    let field = |field: &str| match field {
        "nan" => u64::MAX,
        hex => u64::from_str_radix(hex.trim_start_matches("0x"), 16).unwrap(),
    };
    text.lines().skip(1).map(|line| line.split(',').map(field).collect()).collect()
}

/// The next of a sequence of numbers spread over an interval: any sequence will do.
fn between((from, to): (f64, f64), state: &mut u64) -> f64 {
    *state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
    let uniform = (*state >> 11) as f64 / (1u64 << 53) as f64;
    from + (to - from) * uniform
}

#[test]
fn tabulated_values() {
    for function in FUNCTIONS {
        let (mut worst, mut worst_f32) = (0, 0);
        for row in rows(&format!("f64/{}", function.name)) {
            let (x, y) = (f64::from_bits(row[0]), f64::from_bits(row[row.len() - 2]));
            let expected = f64::from_bits(row[row.len() - 1]);
            let actual = function.apply_f64(x, y);
            let distance = distance(actual, expected);
            let good =
                distance <= function.bound() as i64 || function.is_near_zero(x, actual - expected, NEAR_ZERO);
            assert!(good, "{}({x:e}, {y:e}) = {actual:e}, not {expected:e}", function.name);
            worst = if distance <= function.bound() as i64 { worst.max(distance) } else { worst };
        }
        for row in rows(&format!("f32/{}", function.name)) {
            let (x, y) = (f32::from_bits(row[0] as u32), f32::from_bits(row[row.len() - 2] as u32));
            let expected = f32::from_bits(row[row.len() - 1] as u32);
            let actual = function.apply_f32(x, y);
            let distance = distance_f32(actual, expected);
            let good = distance <= function.bound() as i64
                || function.is_near_zero(x as f64, (actual - expected) as f64, NEAR_ZERO_F32);
            assert!(good, "{}({x:e}, {y:e}) = {actual:e}, not {expected:e}", function.name);
            worst_f32 = if distance <= function.bound() as i64 { worst_f32.max(distance) } else { worst_f32 };
        }
        println!("{:5} table: f64 within {worst}, f32 within {worst_f32}", function.name);
    }
}

#[test]
fn random_arguments() {
    let (mut state, samples) = (1, samples());
    for function in FUNCTIONS {
        let (mut off, mut worst_f32) = (0, 0.0f64);
        for range in function.ranges {
            for _ in 0..samples / function.ranges.len() {
                let x = between(*range, &mut state);
                let y = between(function.seconds[0], &mut state);
                let (actual, expected) = (function.apply_f64(x, y), (function.reference)(x, y));
                let distance = distance(actual, expected);
                let good = distance <= function.bound() as i64
                    || function.is_near_zero(x, actual - expected, NEAR_ZERO);
                assert!(good, "{}({x:e}, {y:e}) = {actual:e}, not {expected:e}", function.name);
                off += (distance > 0) as i64;
            }
        }
        for range in function.ranges_f32 {
            for _ in 0..samples / function.ranges_f32.len() {
                let x = between(*range, &mut state) as f32;
                let y = between(function.seconds[1], &mut state) as f32;
                let (actual, exact) = (function.apply_f32(x, y), (function.reference)(x as f64, y as f64));
                let error = error_f32(actual, exact);
                let near_zero = function.is_near_zero(x as f64, actual as f64 - exact, NEAR_ZERO_F32);
                let good = error <= function.bound() || near_zero;
                assert!(good, "{}({x:e}, {y:e}) = {actual:e}, not {exact:e}", function.name);
                worst_f32 = if error <= function.bound() { worst_f32.max(error) } else { worst_f32 };
            }
        }
        let off = 100.0 * off as f64 / samples as f64;
        println!(
            "{:5} random: f64 not correctly rounded {off:.1} %, f32 error {worst_f32:.3} ULP",
            function.name
        );
    }
}

/// Each row has an argument or two, the correctly rounded value and, as a float, by how many ULP the exact
/// value is above it: computed with mpmath at 200 to 1500 bits. The arguments are random, the
/// worst known for these expansions, or nearest to multiples of pi/2.
#[test]
fn true_errors_are_small() {
    for function in FUNCTIONS {
        let mut worst = 0.0f64;
        for row in rows(&format!("exact/{}", function.name)) {
            let [.., expected, remainder] = row[..] else { panic!("{row:x?}") };
            let (x, y) = (f64::from_bits(row[0]), f64::from_bits(row[row.len() - 3]));
            let (expected, remainder) = (f64::from_bits(expected), f64::from_bits(remainder));
            let actual = function.apply_f64(x, y);
            let error = error_f64(actual, expected, remainder);
            let near_zero = function.is_near_zero(x, actual - expected, NEAR_ZERO);
            let good = error <= function.bound() || near_zero;
            assert!(good, "{}({x:e}, {y:e}) = {actual:e} is off by {error}", function.name);
            worst = if error <= function.bound() { worst.max(error) } else { worst };
        }
        println!("{:5} exact: f64 error {worst:.3} ULP", function.name);
    }
}
