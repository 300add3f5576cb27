//! The tables of the documents: how accurate the functions are, and how much they cost.
//!
//! ```text
//! docs/ACCURACY.md     | `exp` | `f32` | 0.895 | 1 | 95.8 % | 18 | 0 |
//!                                        error   |   |        |    divisions and square roots
//!                                         distance   correct  operations
//! docs/SEMANTICS.md    | `exp` | 0.946 | 0.895 |
//! ```
//!
//! The errors are the recorded ones; the operations are counted. What the documents say is tested always.

use super::functions::FUNCTIONS;
use super::recorded::{record, records};
use parfuse_ir::ScalarOp;
use parfuse_ir::lane::{LaneOp, LaneType};
use parfuse_ir::math::{Primitives, expand};
use std::fs;
use std::path::PathBuf;

const MARK: &str = "<!-- measured -->\n";
const END: &str = "<!-- end -->\n";

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

/// The documents with a table, and what they should say.
fn tables() -> [(PathBuf, String); 2] {
    let mut accuracy = "\
| function | type | true error | distance | correctly rounded | operations | divisions, roots |
|---|---|---|---|---|---|---|
"
    .to_string();
    let mut semantics = "| | `f64` | `f32` |\n|---|---|---|\n".to_string();
    let records = records();
    for function in FUNCTIONS {
        let op = function.op;
        let [double, single] = [LaneType::F64, LaneType::F32].map(|ty| record(&records, function, ty));
        for row in [&double, &single] {
            let (ty, cost) = (row.ty, cost(op, row.ty));
            accuracy += &format!(
                "| `{op}` | `{ty}` | {:.3} | {} | {:.1} % | {cost}\n",
                row.error, row.distance, row.correct
            );
        }
        semantics += &format!("| `{op}` | {:.3} | {:.3} |\n", double.error, single.error);
    }
    [("ACCURACY.md", accuracy), ("SEMANTICS.md", semantics)].map(|(name, table)| {
        (PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs")).join(name), table)
    })
}

/// Where the table of a document is.
fn place(text: &str) -> std::ops::Range<usize> {
    let start = text.find(MARK).expect("the place of the table") + MARK.len();
    start..start + text[start..].find(END).expect("its end")
}

/// Replaces the tables.
pub(super) fn write_the_documents() {
    for (path, table) in tables() {
        let mut text = fs::read_to_string(&path).expect("a document");
        let place = place(&text);
        text.replace_range(place, &table);
        fs::write(path, text).expect("a document to write to");
    }
}

#[test]
#[ignore = "rewrites the documents"]
fn write_the_tables() {
    write_the_documents();
}

#[test]
fn the_documents_say_what_is_recorded() {
    for (path, table) in tables() {
        let text = fs::read_to_string(&path).expect("a document");
        let found = &text[place(&text)];
        let path = path.display();
        assert_eq!(found, table, "{path}: the test `write_the_tables`, which is ignored, writes it anew");
    }
}

#[test]
fn every_function_defined_by_an_expansion_is_measured() {
    for op in ScalarOp::ALL.iter().copied() {
        let operands = match op {
            // The error of a power grows with its exponent; remainders are exact.
            ScalarOp::Powi | ScalarOp::Fmod => continue,
            _ => vec![LaneType::F64; op.arity()],
        };
        let is_function = expand(&mut Counter::default(), op, &operands).is_some();
        assert_eq!(is_function, FUNCTIONS.iter().any(|function| function.op == op), "{op}");
    }
}
