//! What rustc says about kernels that cannot be: each mistake once, at its place, with what to write instead.
//!
//! ```text
//! tests/compile_fail/rank.rs        a program with mistakes in it
//! tests/compile_fail/rank.stderr    its errors: place, message, notes of the library
//! ```
//!
//! `BLESS=1` rewrites the expected messages.

use super::rustc::{Libraries, files};
use std::fmt::Write;
use std::fs;
use std::path::Path;
use std::process::Output;

const CASES: &str = "tests/compile_fail";

#[test]
fn mistakes_are_reported_once_where_they_are() {
    let libraries = Libraries::get();
    let mut cases = files(Path::new(CASES), "rs");
    cases.sort();
    assert!(!cases.is_empty());
    let mut differences = String::new();
    for case in cases {
        let expected_file = case.with_extension("stderr");
        let found = errors(&libraries.check(&case));
        let expected = fs::read_to_string(&expected_file).unwrap_or_default();
        if found == expected && !found.is_empty() {
            continue;
        }
        if std::env::var_os("BLESS").is_some() {
            fs::write(&expected_file, &found).expect("a writable folder");
            continue;
        }
        writeln!(differences, "{}\nexpected:\n{expected}\nfound:\n{found}", case.display()).unwrap();
    }
    assert!(differences.is_empty(), "{differences}BLESS=1 rewrites what is expected");
}

/// Of rustc's output, what does not change from version to version: the place and the message of each error,
/// and the notes that the library adds.
fn errors(output: &Output) -> String {
    let text = String::from_utf8_lossy(&output.stderr);
    let mut errors = String::new();
    for error in text.split("\n\n") {
        let mut lines = error.lines();
        let Some(message) = lines.next().filter(|line| is_error(line)) else { continue };
        let place = lines.find_map(|line| line.trim_start().strip_prefix("--> ")).unwrap_or("nowhere");
        writeln!(errors, "{place}\n  {message}").unwrap();
        let notes = error.lines().filter_map(|line| line.trim_start().strip_prefix("= note: "));
        let by_rustc = ["required for", "required by", "this error originates", "expected ", "the trait"];
        for note in notes.filter(|note| !by_rustc.iter().any(|start| note.starts_with(start))) {
            writeln!(errors, "  note: {note}").unwrap();
        }
    }
    errors
}

fn is_error(line: &str) -> bool {
    line.starts_with("error") && !line.contains("aborting due to")
}
