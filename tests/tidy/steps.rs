//! The steps for adding an operation or a pass name every file that one stands in.

use super::{files, read, report};
use std::path::Path;

/// Whether a text has this word: no letter, digit or underscore beside it.
fn has_word(text: &str, word: &str) -> bool {
    let within = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_');
    text.match_indices(word).any(|(at, _)| {
        !within(text[..at].chars().next_back()) && !within(text[at + word.len()..].chars().next())
    })
}

/// The files that have one of the words, but those that a reader of `steps` is led to or need not touch.
fn unnamed(words: &[&str], steps: &str, aside: &dyn Fn(&Path) -> bool) -> Vec<String> {
    let document = read(steps);
    let places = ["crates", "tests", "docs"].into_iter().flat_map(|folder| {
        let mut found = files(folder, "rs");
        found.extend(files(folder, "md"));
        found
    });
    let named = |path: &Path| {
        let whole = path.to_string_lossy();
        let name = path.file_name().unwrap().to_string_lossy();
        let folder = path.parent().and_then(Path::file_name).unwrap().to_string_lossy();
        document.contains(&*whole)
            || document.contains(&format!("`{folder}/{name}`"))
            || (folder == "docs" && document.contains(&*name))
    };
    let missing = places.filter(|path| path != Path::new(steps) && !aside(path) && !named(path));
    let missing = missing.filter(|path| {
        let text = read(path);
        words.iter().any(|word| has_word(&text, word))
    });
    missing.map(|path| format!("{steps} does not name {}", path.display())).collect()
}

#[test]
fn steps_for_an_operation_name_every_list_it_stands_in() {
    let expansions = |path: &Path| path.parent() == Some(Path::new("crates/ir/src/math"));
    let aside = |path: &Path| {
        (expansions(path) && !path.ends_with("mod.rs") && !path.ends_with("tests.rs"))
            || path == Path::new("tests/tidy/steps.rs")
    };
    report(unnamed(&["atan", "Atan"], "docs/ADD_AN_OP.md", &aside));
    report(unnamed(&["tgamma", "Tgamma"], "docs/ADD_AN_OP.md", &aside));
}

#[test]
fn steps_for_a_pass_name_every_list_it_stands_in() {
    for pass in ["interchange_loops", "hoist_invariants"] {
        let own = |path: &Path| {
            path.ends_with(format!("{pass}.rs"))
                || path.components().any(|part| part.as_os_str() == pass)
                || path == Path::new("tests/tidy/steps.rs")
                // Prose on the design, and what other passes rely on.
                || path.starts_with("docs")
                || (path.starts_with("crates/passes/src") && !read(path).contains(&format!("{pass}::{pass}")))
                    && !path.ends_with("pipeline.rs")
                    && !path.ends_with("table.rs")
        };
        report(unnamed(&[pass], "docs/ADD_A_PASS.md", &own));
    }
}

#[test]
fn files_named_in_the_steps_exist() {
    let sources: Vec<_> = ["crates", "tests"].into_iter().flat_map(|folder| files(folder, "rs")).collect();
    let mut complaints = Vec::new();
    for document in ["docs/ADD_AN_OP.md", "docs/ADD_A_PASS.md"] {
        for word in read(document).split('`').skip(1).step_by(2) {
            let is_file = word.ends_with(".rs") && !word.contains(['<', '{', ' ', '*']);
            if is_file && !sources.iter().any(|path| path.ends_with(word)) {
                complaints.push(format!("{document}: no {word}"));
            }
        }
    }
    report(complaints);
}
