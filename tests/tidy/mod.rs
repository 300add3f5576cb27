//! What people forget: file headers and sizes, where `unsafe` is, documents that fell behind.

mod documents;
mod operations;
mod sources;
mod stages;
mod steps;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

/// The repository.
fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// All files under a folder of the repository with this extension, but for what is built, as paths from the root.
fn files(folder: &str, extension: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![root().join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display())) {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            if path.is_dir() {
                if name != "target" && !name.starts_with('.') {
                    folders.push(path);
                }
            } else if path.extension().is_some_and(|found| found == extension) {
                found.push(path.strip_prefix(root()).unwrap().to_path_buf());
            }
        }
    }
    found.sort();
    found
}

/// The text of a file of the repository.
fn read(path: impl AsRef<Path>) -> String {
    let path = path.as_ref();
    fs::read_to_string(root().join(path)).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

/// Fails with all complaints, a line each.
#[track_caller]
fn report(complaints: Vec<String>) {
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
}

/// Whether expectations in files are to be rewritten.
fn bless() -> bool {
    std::env::var_os("BLESS").is_some()
}

/// What stands in a document between the line `<!-- mark -->` and the line `<!-- end -->`, or in the fenced block
/// after it, must be this text; `BLESS=1` puts it there.
#[track_caller]
pub(crate) fn document_says(path: &str, mark: &str, expected: &str) {
    // Tests run side by side, and several look at one document.
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
    let _guard = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    let text = read(path);
    let line = format!("<!-- {mark} -->\n");
    let start = text.find(&line).unwrap_or_else(|| panic!("no {line} in {path}")) + line.len();
    let rest = &text[start..];
    let (before, end) = match rest.strip_prefix("```text\n") {
        Some(block) => ("```text\n", block.find("```\n").expect("a closed block")),
        None => ("", rest.find("<!-- end -->\n").expect("a line `<!-- end -->`")),
    };
    let start = start + before.len();
    let found = &text[start..start + end];
    if found == expected {
        return;
    }
    if bless() {
        let text = format!("{}{expected}{}", &text[..start], &text[start + end..]);
        fs::write(root().join(path), text).unwrap();
        return;
    }
    panic!("{path}, {mark}: BLESS=1 rewrites it\nexpected:\n{expected}\nfound:\n{found}");
}
