//! The tables of operations and distributions in `docs/IR.md` are those of the code, and handles have the methods
//! that kernels have.

use super::{document_says, root};
use parfuse_ir::lane::LaneOp;
use parfuse_ir::{Distribution, ScalarOp, for_each_distribution, for_each_lane_op, for_each_scalar_op};
use std::fs;

/// Rows of a table: an operation's name, number of operands and meaning.
macro_rules! rows {
    ($(($variant:ident, $name:literal, $arity:literal, $($property:expr),+)),* $(,)?) => {
        vec![$(($name, $arity, last(&[$(stringify!($property)),+]))),*]
    };
}

/// The documentation stands last, as a literal.
fn last(properties: &[&str]) -> String {
    let literal = properties.last().expect("properties").trim_matches('"');
    literal.replace("\\\"", "\"").replace("\\\\", "\\")
}

fn table(what: &str, rows: Vec<(&str, usize, String)>) -> String {
    let mut table = format!("\n| {what} | operands | meaning |\n|---|---|---|\n");
    for (name, arity, meaning) in rows {
        let meaning = meaning.replace('|', "\\|");
        table += &format!("| `{name}` | {arity} | {meaning} |\n");
    }
    table + "\n"
}

#[test]
fn scalar_operations_are_listed() {
    let rows: Vec<(&str, usize, String)> = for_each_scalar_op!(rows);
    assert_eq!(rows.len(), ScalarOp::ALL.len());
    document_says("docs/IR.md", "scalar operations", &table("operation", rows));
}

#[test]
fn lane_operations_are_listed() {
    let rows: Vec<(&str, usize, String)> = for_each_lane_op!(rows);
    assert_eq!(rows.len(), LaneOp::ALL.len());
    document_says("docs/IR.md", "lane operations", &table("operation", rows));
}

#[test]
fn distributions_are_listed() {
    let rows: Vec<(&str, usize, String)> = for_each_distribution!(rows);
    assert_eq!(rows.len(), Distribution::ALL.len());
    document_says("docs/IR.md", "distributions", &table("distribution", rows));
}

/// The names in a list of the table of methods that `#[kernel]` knows.
fn kernel_methods(list: &str) -> Vec<String> {
    let text = fs::read_to_string(root().join("crates/macros/src/methods.rs")).unwrap();
    let start = text.find(&format!("const {list}: ")).unwrap_or_else(|| panic!("no list {list}"));
    let list = text[start..].split_once("= &[").and_then(|(_, rest)| rest.split_once(']'));
    let names = list.expect("a list").0.split(',').map(|name| name.trim().trim_matches('"').to_string());
    names.filter(|name| !name.is_empty()).collect()
}

#[test]
fn handles_have_the_methods_of_numbers_that_kernels_have() {
    let handles = fs::read_to_string(root().join("crates/trace/src/value.rs")).unwrap();
    let has = |name: &String| {
        let (function, row) = (format!("pub fn {name}("), format!("\n    {name} \""));
        handles.contains(&function) || handles.contains(&row)
    };
    for list in ["FLOATS", "INTEGERS"] {
        let names = kernel_methods(list);
        assert!(names.len() > 10, "{names:?}");
        let missing: Vec<&String> = names.iter().filter(|name| !has(name)).collect();
        assert!(missing.is_empty(), "handles lack {missing:?}");
    }
}
