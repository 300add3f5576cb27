//! The largest errors known, one row for each function and type: `data/accuracy/maxima.csv`.
//!
//! ```text
//! function,type,over,error,distance,correct,x,y
//! exp,f32,all,0.895,1,95.82,0x427a1c2b,          of all arguments: this one has the largest error
//! exp,f64,1000000,0.946,1,95.61,0xc0862050...,   largest of those in data/accuracy/exact; the rest of random ones
//! ```
//!
//! The tests ask that no result is worse than its row says, and that the row is right about its worst argument. The
//! tables of the documents are made of these rows.

use super::functions::{FUNCTIONS, Function};
use parfuse_ir::lane::LaneType;
use std::fs;

const HEAD: &str = "function,type,over,error,distance,correct,x,y";

/// What is known about a function and a type.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Record {
    /// The name of the function's data.
    pub(super) name: String,
    pub(super) ty: LaneType,
    /// How many arguments were tried at random; `None` if all were.
    pub(super) over: Option<u64>,
    /// The largest true error in ULP, rounded up to three digits.
    pub(super) error: f64,
    /// The largest distance from the correctly rounded result, in floats.
    pub(super) distance: i64,
    /// Of results that are finite and not zero so many are correctly rounded, in percent.
    pub(super) correct: f64,
    /// The bits of the arguments with the largest error.
    pub(super) worst: [u64; 2],
}

fn path() -> String {
    format!("{}/tests/data/accuracy/maxima.csv", env!("CARGO_MANIFEST_DIR"))
}

/// An error as it is recorded.
pub(super) fn rounded_up(error: f64) -> f64 {
    (error * 1e3 - 1e-6).ceil() / 1e3
}

/// All rows.
pub(super) fn records() -> Vec<Record> {
    let text = fs::read_to_string(path()).expect("recorded maxima");
    assert_eq!(text.lines().next(), Some(HEAD));
    text.lines().skip(1).map(parse).collect()
}

fn parse(line: &str) -> Record {
    let fields: Vec<&str> = line.split(',').collect();
    let [name, ty, over, error, distance, correct, x, y] = fields[..] else { panic!("{line}") };
    let bits = |field: &str| match field {
        "" => 0,
        hex => u64::from_str_radix(hex.trim_start_matches("0x"), 16).expect(line),
    };
    Record {
        name: name.to_string(),
        ty: if ty == "f32" { LaneType::F32 } else { LaneType::F64 },
        over: if over == "all" { None } else { Some(over.parse().expect(line)) },
        error: error.parse().expect(line),
        distance: distance.parse().expect(line),
        correct: correct.parse().expect(line),
        worst: [bits(x), bits(y)],
    }
}

/// The row of a function and a type.
pub(super) fn record(records: &[Record], function: &Function, ty: LaneType) -> Record {
    let row = records.iter().find(|record| record.name == function.name && record.ty == ty);
    row.unwrap_or_else(|| panic!("{} has no recorded maximum of {ty}", function.name)).clone()
}

/// Replaces a row, or adds it, and writes all in the order of the functions.
pub(super) fn write(mut records: Vec<Record>, new: Record) {
    records.retain(|record| (&record.name, record.ty) != (&new.name, new.ty));
    records.push(new);
    let place = |record: &Record| FUNCTIONS.iter().position(|function| function.name == record.name);
    records.sort_by_key(|record| (place(record), record.ty == LaneType::F32));
    let mut text = format!("{HEAD}\n");
    for Record { name, ty, over, error, distance, correct, worst } in records {
        let over = over.map_or("all".to_string(), |over| over.to_string());
        let digits = if ty == LaneType::F32 { 10 } else { 18 };
        let function = FUNCTIONS.iter().find(|function| function.name == name).expect("a function");
        let y = if function.op.arity() == 2 { format!("{:#0digits$x}", worst[1]) } else { String::new() };
        let x = format!("{:#0digits$x}", worst[0]);
        text += &format!("{name},{ty},{over},{error:.3},{distance},{correct:.2},{x},{y}\n");
    }
    fs::write(path(), text).expect("a file to write to");
}
