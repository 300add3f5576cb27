//! What rustc says about kernels that cannot be: each mistake once, at its place, with what to write instead.
//!
//! ```text
//! tests/compile_fail/rank.rs        a program with mistakes in it
//! tests/compile_fail/rank.stderr    its errors: place, message, notes of the library
//! ```
//!
//! The programs are checked against the libraries that this test was built with, so nothing is built anew.
//! `BLESS=1` rewrites the expected messages.

use std::ffi::OsStr;
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::SystemTime;

const CASES: &str = "tests/compile_fail";

#[test]
fn mistakes_are_reported_once_where_they_are() {
    let libraries = Libraries::find();
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

/// The compiled libraries beside this test that fit together.
struct Libraries {
    folder: PathBuf,
    parfuse: PathBuf,
    ndarray: PathBuf,
}

impl Libraries {
    /// The newest ones that a correct kernel compiles with: there may be others, built for other features.
    fn find() -> Libraries {
        let test = std::env::current_exe().expect("the path of this test");
        let folder = test.parent().expect("a folder").to_path_buf();
        let candidates = |name: &str| {
            let mut found = files(&folder, "rlib");
            found.retain(|file| file_name(file).starts_with(&format!("lib{name}-")));
            found.sort_by_key(|file| std::cmp::Reverse(modified(file)));
            found
        };
        for parfuse in candidates("parfuse") {
            for ndarray in candidates("ndarray") {
                let libraries = Libraries { folder: folder.clone(), parfuse: parfuse.clone(), ndarray };
                if libraries.check(Path::new("examples/01_first_kernel.rs")).status.success() {
                    return libraries;
                }
            }
        }
        panic!("no libraries in {} that the first example compiles with", folder.display());
    }

    /// What rustc says about a program, without generating code.
    fn check(&self, program: &Path) -> Output {
        let library = |name: &str, path: &Path| format!("{name}={}", path.display());
        let rustc = option_env!("RUSTC").unwrap_or("rustc");
        Command::new(rustc)
            .args(["--edition=2024", "--crate-type=bin", "--emit=metadata", "--cap-lints=allow", "--verbose"])
            .arg(program)
            .args(["-o", concat!(env!("CARGO_TARGET_TMPDIR"), "/checked.rmeta")])
            .args(["-L", &library("dependency", &self.folder)])
            .args(["--extern", &library("parfuse", &self.parfuse)])
            .args(["--extern", &library("ndarray", &self.ndarray)])
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .output()
            .expect("rustc runs")
    }
}

fn files(folder: &Path, extension: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display()));
    let paths = entries.map(|entry| entry.expect("a readable folder").path());
    paths.filter(|path| path.extension() == Some(OsStr::new(extension))).collect()
}

fn file_name(path: &Path) -> String {
    path.file_name().expect("a file").to_string_lossy().into_owned()
}

fn modified(path: &Path) -> SystemTime {
    fs::metadata(path).and_then(|data| data.modified()).unwrap_or(SystemTime::UNIX_EPOCH)
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
