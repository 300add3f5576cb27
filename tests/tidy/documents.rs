//! The documents: links lead somewhere, and what is named exists.

use super::{files, read, report, root};
use std::path::PathBuf;

fn documents() -> Vec<PathBuf> {
    files(".", "md")
}

#[test]
fn links_lead_somewhere() {
    let mut complaints = Vec::new();
    for path in documents() {
        let text = read(&path);
        for target in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            if target.starts_with("http://") || target.starts_with("https://") {
                continue;
            }
            let (file, anchor) = target.split_once('#').unwrap_or((target, ""));
            let linked = match file {
                "" => path.clone(),
                file => path.parent().unwrap().join(file),
            };
            if !root().join(&linked).exists() {
                complaints.push(format!("{}: no file {file}", path.display()));
            } else if !anchor.is_empty() && !anchors(&read(&linked)).iter().any(|found| found == anchor) {
                complaints.push(format!("{}: no heading #{anchor} in {}", path.display(), linked.display()));
            }
        }
    }
    report(complaints);
}

/// The anchors of a document's headings.
fn anchors(text: &str) -> Vec<String> {
    let headings = text.lines().filter(|line| line.starts_with('#'));
    let anchor = |heading: &str| -> String {
        let words = heading.trim_start_matches('#').trim().to_lowercase();
        let kept = words.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
        kept.map(|c| if c == ' ' { '-' } else { c }).collect()
    };
    headings.map(anchor).collect()
}

#[test]
fn paths_in_backticks_exist() {
    let mut complaints = Vec::new();
    for path in documents() {
        for word in read(&path).split('`').skip(1).step_by(2) {
            let is_path = ["crates/", "docs/", "examples/", "tests/", "benches/"]
                .iter()
                .any(|start| word.starts_with(start));
            let is_pattern = word.contains(['<', '*', '{', ' ', '…']);
            if is_path && !is_pattern && !root().join(word.split(':').next().unwrap()).exists() {
                complaints.push(format!("{}: no {word}", path.display()));
            }
        }
    }
    report(complaints);
}

#[test]
fn every_crate_is_on_the_map() {
    let map = read("docs/ARCHITECTURE.md");
    let crates = std::fs::read_dir(root().join("crates")).unwrap();
    let names = crates.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned());
    let missing = names.filter(|name| !map.contains(&format!("`crates/{name}`")));
    report(missing.map(|name| format!("docs/ARCHITECTURE.md: crates/{name}")).collect());
}

#[test]
fn every_numbered_example_runs_in_the_checks() {
    let script = read(".ci/run");
    assert!(script.contains("examples/[0-9]*.rs"), "the checks run all that are numbered");
    let numbered = files("examples", "rs").into_iter().filter(|path| path.components().count() == 2);
    for (position, path) in numbered.enumerate() {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        assert!(name.starts_with(&format!("{:02}_", position + 1)), "{name}");
        let run = format!("--example {}", name.trim_end_matches(".rs"));
        assert!(read(&path).contains(&run), "{name} says how to run it");
    }
}
