//! The table of `docs/ACCURACY.md`: how accurate the functions are, and how much they cost.
//!
//! ```text
//! | `exp` | `f64` | 0.875 | 1 | 92.3 % | 26 | 0 |
//!                   error   |   |        |    divisions and square roots
//!                    distance   correct  operations
//! ```
//!
//! Measuring takes minutes, so it is done when asked for:
//! `ACCURACY_SAMPLES=1000000 cargo test --release -p parfuse-ir --test accuracy -- --ignored`.
//! What costs nothing is tested always: that the table lists the functions that exist, with the operations that
//! they take now.

use super::functions::{FUNCTIONS, Function};
use super::{distance, distance_f32, error_f32, error_f64};
use super::{rows, samples};
use parfuse_ir::ScalarOp;
use parfuse_ir::lane::{LaneOp, LaneType};
use parfuse_ir::math::{Primitives, expand};
use std::fs;
use std::path::PathBuf;

const MARK: &str = "<!-- measured -->\n";
const END: &str = "<!-- end -->\n";
const HEAD: &str = "\
| function | type | true error | distance | correctly rounded | operations | divisions, roots |
|---|---|---|---|---|---|---|
";

/// Counts the operations of the common path; of values it knows their types only.
#[derive(Default)]
struct Counter {
    operations: usize,
    /// Those of them that take much longer than the others.
    slow: usize,
}

impl Primitives for Counter {
    type Value = LaneType;

    fn constant(&mut self, ty: LaneType, _bits: u64) -> LaneType {
        ty
    }
    fn op(&mut self, op: LaneOp, operands: &[LaneType]) -> LaneType {
        // Reinterpreting bits costs nothing.
        self.operations += (op != LaneOp::Bitcast) as usize;
        self.slow += matches!(op, LaneOp::FDiv | LaneOp::FSqrt) as usize;
        op.result_type(operands).expect("operands that fit")
    }
    fn ty(&self, value: LaneType) -> LaneType {
        value
    }
    fn rare(
        &mut self,
        _condition: LaneType,
        common: LaneType,
        _slow: &mut dyn FnMut(&mut Self) -> LaneType,
    ) -> LaneType {
        common
    }
}

/// The last two columns of a row.
fn cost(op: ScalarOp, ty: LaneType) -> String {
    let mut counter = Counter::default();
    expand(&mut counter, op, &vec![ty; op.arity()]).expect("a function that is defined by an expansion");
    format!("{} | {} |", counter.operations, counter.slow)
}

/// The first two columns of a row.
fn name(op: ScalarOp, ty: LaneType) -> String {
    format!("| `{op}` | `{ty}` |")
}

/// What is found out about a function and a type.
#[derive(Default)]
struct Figures {
    /// The largest true error, in ULP.
    error: f64,
    /// The largest distance from the correctly rounded result, in floats.
    distance: i64,
    /// Results at random arguments, and how many of them are correctly rounded.
    samples: usize,
    correct: usize,
}

impl Figures {
    fn add_sample(&mut self, distance: i64) {
        self.distance = self.distance.max(distance);
        self.samples += 1;
        self.correct += (distance == 0) as usize;
    }
    fn row(&self, op: ScalarOp, ty: LaneType) -> String {
        let correct = 100.0 * self.correct as f64 / self.samples as f64;
        let measured = format!("{:.3} | {} | {correct:.1} %", self.error, self.distance);
        format!("{} {measured} | {}\n", name(op, ty), cost(op, ty))
    }
}

fn measure_f64(function: &Function) -> Figures {
    let mut figures = Figures::default();
    for row in rows(&format!("f64/{}", function.name)) {
        let (x, y) = (f64::from_bits(row[0]), f64::from_bits(row[row.len() - 2]));
        let (actual, expected) = (function.apply_f64(x, y), f64::from_bits(row[row.len() - 1]));
        figures.distance = figures.distance.max(distance(actual, expected));
    }
    for row in rows(&format!("exact/{}", function.name)) {
        let [.., expected, remainder] = row[..] else { panic!("{row:x?}") };
        let (x, y) = (f64::from_bits(row[0]), f64::from_bits(row[row.len() - 3]));
        let (actual, expected) = (function.apply_f64(x, y), f64::from_bits(expected));
        let error = error_f64(actual, expected, f64::from_bits(remainder));
        figures.error = figures.error.max(error);
    }
    let mut state = 1;
    for range in function.ranges {
        for _ in 0..samples() / function.ranges.len() {
            let (x, y) = function.arguments(*range, function.seconds[0], &mut state);
            let (actual, expected) = (function.apply_f64(x, y), (function.reference)(x, y));
            figures.add_sample(distance(actual, expected));
        }
    }
    figures
}

fn measure_f32(function: &Function) -> Figures {
    let mut figures = Figures::default();
    let measure = |figures: &mut Figures, x: f32, y: f32| {
        let (actual, exact) = (function.apply_f32(x, y), (function.reference)(x as f64, y as f64));
        figures.error = figures.error.max(error_f32(actual, exact));
        distance_f32(actual, exact as f32)
    };
    for row in rows(&format!("f32/{}", function.name)) {
        let (x, y) = (f32::from_bits(row[0] as u32), f32::from_bits(row[row.len() - 2] as u32));
        let distance = measure(&mut figures, x, y);
        figures.distance = figures.distance.max(distance);
    }
    let mut state = 1;
    for range in function.ranges_f32 {
        for _ in 0..samples() / function.ranges_f32.len() {
            let (x, y) = function.arguments(*range, function.seconds[1], &mut state);
            let distance = measure(&mut figures, x as f32, y as f32);
            figures.add_sample(distance);
        }
    }
    figures
}

fn document() -> (PathBuf, String) {
    let path = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/ACCURACY.md"));
    let text = fs::read_to_string(&path).expect("a document");
    (path, text)
}

/// Where the measured part of the document is.
fn measured(text: &str) -> std::ops::Range<usize> {
    let start = text.find(MARK).expect("the place of the table") + MARK.len();
    start..start + text[start..].find(END).expect("its end")
}

#[test]
#[ignore = "takes minutes, and rewrites docs/ACCURACY.md"]
fn write_the_document() {
    let mut table = format!("Random arguments for each function and type: {}.\n\n{HEAD}", samples());
    for function in FUNCTIONS {
        table += &measure_f64(function).row(function.op, LaneType::F64);
        table += &measure_f32(function).row(function.op, LaneType::F32);
    }
    let (path, mut text) = document();
    let place = measured(&text);
    text.replace_range(place, &table);
    fs::write(path, text).expect("a document to write to");
}

#[test]
fn the_document_lists_the_functions_that_exist_with_their_operations() {
    let (_, text) = document();
    let table = &text[measured(&text)];
    let found: Vec<&str> = table.lines().filter(|line| line.starts_with("| `")).collect();
    let types = [LaneType::F64, LaneType::F32];
    let expected: Vec<_> = FUNCTIONS.iter().flat_map(|f| types.map(|ty| (f.op, ty))).collect();
    let agree = |row: &str, (op, ty)| row.starts_with(&name(op, ty)) && row.ends_with(&cost(op, ty));
    for (row, expected) in found.iter().zip(&expected) {
        assert!(agree(row, *expected), "{row}\nis not {expected:?}: see {} on how to write it anew", file!());
    }
    assert_eq!(found.len(), expected.len(), "rows: see {} on how to write them anew", file!());
}

#[test]
fn every_function_defined_by_an_expansion_is_measured() {
    for op in ScalarOp::ALL.iter().copied() {
        let operands = match op {
            // The error of a power grows with its exponent.
            ScalarOp::Powi => continue,
            _ => vec![LaneType::F64; op.arity()],
        };
        let is_function = expand(&mut Counter::default(), op, &operands).is_some();
        assert_eq!(is_function, FUNCTIONS.iter().any(|function| function.op == op), "{op}");
    }
}
