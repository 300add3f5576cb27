//! Integers are divided by constants as by other numbers, in lanes and by the serial code, in all executors.
//!
//! What multiplies in place of dividing is tested for all small numbers where it is made; here it is whether every
//! emitter multiplies.

use parfuse_ir::program::Program;
use parfuse_testing::conformance::{array, scalar};
use parfuse_testing::{Ran, Rounding, Sample, Value, check_same_bits};
use std::fmt::{Display, Write};

/// A program that divides an array and a number by each constant.
fn program(ty: &str, divisors: &[impl Display]) -> Program {
    let (mut body, mut results, mut types) = (String::new(), Vec::new(), Vec::new());
    let mut compute = |operation: String, ty: String| {
        let value = format!("v{}", results.len() + 2);
        writeln!(body, "{value}: {ty} = {operation}").expect("strings take all");
        types.push(ty);
        results.push(value.clone());
        value
    };
    for divisor in divisors {
        for (operand, own, truth) in [("a", format!("[{ty}; 1]"), "[bool; 1]"), ("x", ty.to_owned(), "bool")]
        {
            compute(format!("div {operand}, {divisor}{ty}"), own.clone());
            let remainder = compute(format!("rem {operand}, {divisor}{ty}"), own);
            compute(format!("eq {remainder}, 0{ty}"), truth.to_owned());
        }
    }
    let text = format!(
        "program divisions(a: [{ty}; 1], x: {ty}) -> ({}) {{\n{body}return {}\n}}",
        types.join(", "),
        results.join(", ")
    );
    Program::parse(&text).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

fn check(ty: &str, divisors: &[impl Display], arguments: &[Value]) {
    for (number, divisors) in divisors.chunks(6).enumerate() {
        let sample = Sample { program: program(ty, divisors), rounding: Rounding::Exact };
        // The seed decides with which instructions the code is made.
        for seed in 0..5 {
            let ran = check_same_bits(&sample, arguments, 4 * seed + number as u64 % 4);
            assert_eq!(ran, Ok(Ran::Finished));
        }
    }
}

const BOTH: [i64; 14] =
    [2, 3, -3, 7, -10, 16, -64, 100, 641, -1000, 65_537, i32::MAX as i64, i32::MIN as i64, -1];

#[test]
fn narrow_integers() {
    let numbers = [0, 1, -1, 2, 3, -3, 6, 7, 641, 640, -642, i32::MAX, i32::MIN, i32::MIN + 1, 1_000_000_007];
    let arguments =
        [array((0..45).map(|i: i32| numbers[i as usize % 15].wrapping_mul(i / 15 + 1))), scalar(i32::MIN)];
    check("i32", &BOTH, &arguments);
}

#[test]
fn wide_integers() {
    let numbers = [
        0,
        1,
        -1,
        2,
        3,
        -3,
        6,
        7,
        641,
        -642,
        i64::MAX,
        i64::MIN,
        i64::MIN + 1,
        1 << 32,
        (1 << 32) - 1,
        -1 << 31,
    ];
    let arguments = [
        array((0..48).map(|i: i64| numbers[i as usize % 16].wrapping_mul(i / 16 + 1))),
        scalar(-1_000_000_007i64),
    ];
    let wide = [1 << 32, 6_700_417, 1_000_000_000_039, i64::MAX, i64::MIN, i64::MIN + 1];
    check("i64", &[&BOTH[..], &wide].concat(), &arguments);
}

#[test]
fn unsigned_integers() {
    let numbers = [
        0,
        1,
        2,
        3,
        6,
        7,
        13,
        14,
        641,
        640,
        usize::MAX,
        usize::MAX / 2,
        1 << 63,
        (1 << 63) + 1,
        1 << 32,
        !0 << 32,
    ];
    let arguments =
        [array((0..48).map(|i: usize| numbers[i % 16].wrapping_mul(i / 16 + 1))), scalar(usize::MAX)];
    // By way of each kind of multiplier: that of 7 has a bit too many, that of 14 is the one of 7 after a shift.
    let divisors = [
        1usize,
        2,
        3,
        5,
        7,
        14,
        10,
        28,
        64,
        641,
        1_000_000_007,
        (1 << 32) - 1,
        1 << 63,
        (1 << 63) + 1,
        usize::MAX,
    ];
    check("usize", &divisors, &arguments);
}
