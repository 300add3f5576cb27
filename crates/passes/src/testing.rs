//! How the passes over Loops are tested: text in, text out.

use crate::Changed;
use parfuse_ir::loops::Loops;

/// Reads well-formed loops.
pub(crate) fn parse(text: &str) -> Loops {
    let loops = Loops::parse(text).unwrap_or_else(|error| panic!("{error}\n{text}"));
    loops.verify().unwrap_or_else(|error| panic!("{error}\n{text}"));
    loops
}

/// Runs a pass on well-formed loops; the result must be well-formed, the answer truthful, and a second run
/// must find nothing to do.
pub(crate) fn run(pass: fn(&mut Loops) -> Changed, text: &str) -> Loops {
    let mut loops = parse(text);
    let before = loops.to_string();
    let changed = pass(&mut loops);
    let after = loops.to_string();
    loops.verify().unwrap_or_else(|error| panic!("{error}\n{after}"));
    assert_eq!(changed.yes(), before != after, "the pass says {changed:?} of\n{before}\nand\n{after}");
    let mut again = loops.clone();
    let changed = pass(&mut again);
    assert_eq!((again.to_string(), changed), (after, Changed::No), "a second run finds more to do");
    assert_eq!(again.notes, loops.notes, "a second run notes something else");
    loops
}

/// Asserts what a pass makes of some loops.
#[track_caller]
pub(crate) fn check(pass: fn(&mut Loops) -> Changed, text: &str, expected: &str) {
    let result = run(pass, text).to_string();
    assert!(words(&result) == words(expected), "\nthe result is\n{result}");
}

/// Asserts that a pass finds nothing to do.
#[track_caller]
pub(crate) fn unchanged(pass: fn(&mut Loops) -> Changed, text: &str) {
    check(pass, text, &parse(text).to_string());
}

/// The words of a text: tests may break lines where they like.
fn words(text: &str) -> Vec<&str> {
    text.split_whitespace().collect()
}
