//! How accurate the mathematical functions are, measured.
//!
//! ```text
//! data/accuracy/maxima.csv the largest errors known
//! data/accuracy/*/f.csv    correctly rounded values, special cases among them     no distance is larger
//! random arguments         against core-math, which rounds correctly              no distance is larger
//! data/accuracy/exact/     f64 values to 105 bits; for f32, core-math's f64       no true error is larger
//! ```
//!
//! An ULP is the distance of neighbouring floats at the exact value. A result at integer distance 1 from the
//! correctly rounded one may be off by up to 1.5 ULP, hence the third line. Run with `--nocapture` to read
//! the figures. `accuracy/measure.rs` finds the maxima, for `f32` over all arguments; `accuracy/document.rs` writes them
//! into the documents.

#[path = "accuracy/document.rs"]
mod document;
#[path = "accuracy/functions.rs"]
mod functions;
#[path = "accuracy/measure.rs"]
mod measure;
#[path = "accuracy/recorded.rs"]
mod recorded;
#[path = "accuracy/tape.rs"]
mod tape;

use functions::{FUNCTIONS, Function};
use parfuse_ir::lane::LaneType;
use recorded::{record, records, rounded_up};
use std::fs;

/// Random arguments per function and type. `ACCURACY_SAMPLES` in the environment asks for another number.
fn samples() -> usize {
    std::env::var("ACCURACY_SAMPLES").map_or(3_000, |number| number.parse().expect("a number of samples"))
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

/// The errors in ULP at the arguments whose values are known to 105 bits and more. Each row has an argument or two, the
/// correctly rounded value and, as a float, by how many ULP the exact value is above it: computed with mpmath, Arb and
/// libquadmath. The arguments are random, the worst known for these expansions, next to zeros, or nearest to multiples
/// of pi/2.
fn exact_errors(function: &Function) -> impl Iterator<Item = (f64, [u64; 2])> {
    rows(&format!("exact/{}", function.name)).into_iter().map(|row| {
        let [.., expected, remainder] = row[..] else { panic!("{row:x?}") };
        let arguments = [row[0], if row.len() == 4 { row[1] } else { 0 }];
        let [x, y] = arguments.map(f64::from_bits);
        let actual = function.apply_f64(x, y);
        (error_f64(actual, f64::from_bits(expected), f64::from_bits(remainder)), arguments)
    })
}

#[test]
fn tabulated_values() {
    let records = records();
    for function in FUNCTIONS {
        let limit = record(&records, function, LaneType::F64).distance;
        for row in rows(&format!("f64/{}", function.name)) {
            let (x, y) = (f64::from_bits(row[0]), f64::from_bits(row[row.len() - 2]));
            let expected = f64::from_bits(row[row.len() - 1]);
            let actual = function.apply_f64(x, y);
            let good = distance(actual, expected) <= limit;
            assert!(good, "{}({x:e}, {y:e}) = {actual:e}, not {expected:e}", function.name);
        }
        let limit = record(&records, function, LaneType::F32).distance;
        for row in rows(&format!("f32/{}", function.name)) {
            let (x, y) = (f32::from_bits(row[0] as u32), f32::from_bits(row[row.len() - 2] as u32));
            let expected = f32::from_bits(row[row.len() - 1] as u32);
            let actual = function.apply_f32(x, y);
            let good = distance_f32(actual, expected) <= limit;
            assert!(good, "{}({x:e}, {y:e}) = {actual:e}, not {expected:e}", function.name);
        }
    }
}

#[test]
fn random_arguments() {
    let (mut state, samples, records) = (1, samples(), records());
    for function in FUNCTIONS {
        let (mut off, mut worst_f32) = (0, 0.0f64);
        let limit = record(&records, function, LaneType::F64).distance;
        for range in function.ranges {
            for _ in 0..samples / function.ranges.len() {
                let (x, y) = function.arguments(*range, function.seconds[0], &mut state);
                let (actual, expected) = (function.apply_f64(x, y), (function.reference)(x, y));
                let distance = distance(actual, expected);
                assert!(distance <= limit, "{}({x:e}, {y:e}) = {actual:e}, not {expected:e}", function.name);
                off += (distance > 0) as i64;
            }
        }
        let limit = record(&records, function, LaneType::F32).error;
        for range in function.ranges_f32 {
            for _ in 0..samples / function.ranges_f32.len() {
                let (x, y) = function.arguments(*range, function.seconds[1], &mut state);
                let (x, y) = (x as f32, y as f32);
                let (actual, exact) = (function.apply_f32(x, y), (function.reference)(x as f64, y as f64));
                let error = error_f32(actual, exact);
                assert!(error <= limit, "{}({x:e}, {y:e}) = {actual:e}, not {exact:e}", function.name);
                worst_f32 = worst_f32.max(error);
            }
        }
        let off = 100.0 * off as f64 / samples as f64;
        println!(
            "{:5} random: f64 not correctly rounded {off:.1} %, f32 error {worst_f32:.3} ULP",
            function.name
        );
    }
}

#[test]
fn no_error_is_larger_than_recorded() {
    let records = records();
    for function in FUNCTIONS {
        let limit = record(&records, function, LaneType::F64).error;
        for (error, arguments) in exact_errors(function) {
            let [x, y] = arguments.map(f64::from_bits);
            assert!(error <= limit, "{}({x:e}, {y:e}) is off by {error}", function.name);
        }
    }
}

#[test]
fn the_recorded_errors_are_those_of_their_arguments() {
    let records = records();
    for function in FUNCTIONS {
        let name = function.name;
        let row = record(&records, function, LaneType::F64);
        let known = exact_errors(function).find(|(_, arguments)| *arguments == row.worst);
        let (error, _) = known.unwrap_or_else(|| panic!("{name}: {:x?} is not among the data", row.worst));
        assert_eq!(rounded_up(error.max(0.5)), row.error, "{name} of f64");

        let row = record(&records, function, LaneType::F32);
        let [x, y] = row.worst.map(|bits| f32::from_bits(bits as u32));
        let exact = (function.reference)(x as f64, y as f64);
        assert_eq!(
            rounded_up(error_f32(function.apply_f32(x, y), exact).max(0.5)),
            row.error,
            "{name} of f32"
        );
    }
}

#[test]
fn errors_are_within_what_is_promised() {
    let records = records();
    for function in FUNCTIONS {
        for ty in [LaneType::F64, LaneType::F32] {
            let error = record(&records, function, ty).error;
            assert!(error <= function.bound(), "{} of {ty}: {error}", function.name);
        }
    }
}
