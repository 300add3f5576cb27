//! The tables of operations and distributions in `docs/IR.md` are those of the code, and handles have the methods
//! that kernels have.

use super::{document_says, root};
use parfuse_ir::lane::LaneOp;
use parfuse_ir::{Distribution, ScalarOp, for_each_distribution, for_each_lane_op, for_each_scalar_op};
use parfuse_names::{Method, Part, Receiver};
use parfuse_passes::table::{PASSES, Pass};
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
fn passes_are_listed() {
    let mut rows = "\n| pass | does |\n|---|---|\n".to_string();
    for Pass { name, doc, .. } in PASSES {
        rows += &format!("| `{name}` | {doc} |\n");
    }
    document_says("docs/ARCHITECTURE.md", "passes", &(rows + "\n"));
}

#[test]
fn distributions_are_listed() {
    let rows: Vec<(&str, usize, String)> = for_each_distribution!(rows);
    assert_eq!(rows.len(), Distribution::ALL.len());
    document_says("docs/IR.md", "distributions", &table("distribution", rows));
}

#[test]
fn methods_are_listed_by_what_has_them() {
    // Groups in the order of the table, each with its methods in that order.
    let mut groups: Vec<(String, Vec<&str>)> = Vec::new();
    for row in Method::ALL.iter().flat_map(|method| method.rows()) {
        let of = match (row.receiver, row.part, row.each) {
            (receiver, _, true) => format!("{}, and arrays of them", receiver.plural()),
            (_, Part::Maps, _) => "arrays, with a closure".to_string(),
            (_, Part::Updates, _) => "arrays, to change them".to_string(),
            (receiver, ..) => receiver.plural().to_string(),
        };
        let name = row.method.name();
        match groups.iter_mut().find(|(group, _)| *group == of) {
            Some((_, names)) => names.push(name),
            None => groups.push((of, vec![name])),
        }
    }
    let mut table = "\n| of | methods |\n|---|---|\n".to_string();
    for (of, names) in groups {
        table += &format!("| {of} | `{}` |\n", names.join(" "));
    }
    document_says("docs/ARRAY_API.md", "methods", &(table + "\n"));
}

#[test]
fn handles_have_the_methods_of_numbers_that_kernels_have() {
    let handles = fs::read_to_string(root().join("crates/trace/src/value.rs")).unwrap();
    // What the table does not give handles, they say themselves: operators with the names of their traits.
    let numbers = Method::ALL
        .iter()
        .flat_map(|method| method.rows())
        .filter(|row| !row.handle && Receiver::Scalar.includes(row.receiver) && row.part == Part::Reads);
    // What has no type of its own, they say by `cast`.
    let copies = [Method::clone, Method::as_ref, Method::borrow, Method::into, Method::try_into];
    // Handles choose by `select` and `either` instead of closures.
    let missing: Vec<&str> = numbers
        .filter(|row| row.arguments.iter().all(|(_, kind)| kind.closure_arguments().is_none()))
        .map(|row| row.method)
        .filter(|method| !copies.contains(method))
        .map(Method::name)
        .filter(|name| !handles.contains(&format!(" {name}(")) && !handles.contains(&format!(" {name} \"")))
        .collect();
    assert!(missing.is_empty(), "handles lack {missing:?}");
}
