//! The sources: a claim at the head, one room in size, `unsafe` in its rooms, nothing left over.

use super::{files, read, report, root};
use parfuse_passes::table::PASSES;
use std::path::{Path, PathBuf};

/// No file is longer: it would be two rooms.
const MOST_LINES: usize = 600;

/// Where `unsafe` code may be: eleven rooms, two tests of machine code without the library around it, a test with an
/// allocator that counts, one that changes how floats are computed, one of promises, and the clock and vector
/// instructions of benchmarks.
const UNSAFE: [&str; 20] = [
    "benches/clock.rs",
    "benches/limit/x86_64/avx2.rs",
    "benches/limit/x86_64/avx512.rs",
    "crates/codegen/src/memory.rs",
    "crates/codegen/src/script.rs",
    "crates/codegen/tests/execution/machine.rs",
    "crates/codegen/tests/execution/pages.rs",
    "crates/parfuse/src/call/enter.rs",
    "crates/parfuse/src/claims.rs",
    "crates/parfuse/src/kernel_data.rs",
    "crates/parfuse/tests/allocations.rs",
    "crates/parfuse/tests/float_modes.rs",
    "crates/runtime/src/buffer.rs",
    "crates/runtime/src/float_mode.rs",
    "crates/runtime/src/lend.rs",
    "crates/runtime/src/process.rs",
    "crates/runtime/src/shared_work.rs",
    "crates/trace/src/claims.rs",
    "tests/cases/claims.rs",
    "tests/cases/refused_memory.rs",
];

fn sources() -> Vec<PathBuf> {
    ["crates", "examples", "tests", "benches"].iter().flat_map(|folder| files(folder, "rs")).collect()
}

fn is_unsafe_room(path: &Path) -> bool {
    UNSAFE.iter().any(|room| path == Path::new(room))
}

#[test]
fn every_source_says_at_its_head_what_it_claims() {
    let silent = sources().into_iter().filter(|path| !read(path).starts_with("//! "));
    report(silent.map(|path| format!("{}: begin with `//!`", path.display())).collect());
}

#[test]
fn every_source_is_one_room() {
    let lines = sources().into_iter().map(|path| (read(&path).lines().count(), path));
    let long = lines.filter(|(lines, _)| *lines > MOST_LINES);
    report(long.map(|(lines, path)| format!("{}: {lines} lines are two rooms", path.display())).collect());
}

#[test]
fn unsafe_code_is_in_its_rooms() {
    let mut complaints = Vec::new();
    for path in sources() {
        let allows = read(&path).lines().any(|line| {
            let line = line.trim_start();
            line.starts_with('#') && line.contains("allow(") && line.contains("unsafe_code")
        });
        if allows != is_unsafe_room(&path) {
            complaints.push(format!("{}: allows unsafe code: {allows}", path.display()));
        }
    }
    report(complaints);
}

#[test]
fn every_crate_is_under_the_lints_of_the_workspace() {
    let manifests = files("crates", "toml");
    assert!(!manifests.is_empty());
    let lax = manifests.into_iter().filter(|path| !read(path).contains("[lints]\nworkspace = true"));
    report(lax.map(|path| format!("{}: add `[lints] workspace = true`", path.display())).collect());
}

#[test]
fn the_rooms_of_unsafe_are_listed_with_what_they_are_for() {
    let document = read("docs/ARCHITECTURE.md");
    let (_, section) = document.split_once("## The rooms of `unsafe`").expect("the section");
    let section = section.split("\n## ").next().unwrap();
    let missing = UNSAFE.iter().filter(|room| !section.contains(&format!("`{room}`")));
    report(missing.map(|room| format!("docs/ARCHITECTURE.md: {room}")).collect());
}

#[test]
fn every_unsafe_block_says_why_it_is_sound() {
    let mut complaints = Vec::new();
    for path in UNSAFE {
        let text = read(path);
        let lines: Vec<&str> = text.lines().collect();
        for (number, line) in lines.iter().enumerate() {
            let code = line.split("//").next().unwrap_or("");
            if !code.contains("unsafe {") && !code.contains("unsafe impl") {
                continue;
            }
            // Above it, a comment, with at most the beginning of the statement between them.
            let comment = lines[..number].iter().rev().take(12);
            if !comment.clone().any(|line| line.contains("// SAFETY: ")) {
                complaints.push(format!("{path}:{}: no `// SAFETY: …` above", number + 1));
            }
        }
    }
    report(complaints);
}

#[test]
fn nothing_is_left_over_from_writing() {
    // In parts, so that this file itself passes.
    let left_over = [
        concat!("TO", "DO"),
        concat!("FIX", "ME"),
        concat!("unimpl", "emented!("),
        concat!("to", "do!("),
        concat!("dbg", "!("),
        concat!("/wo", "rk/"),
        concat!("/tm", "p/"),
        concat!("/ro", "ot/"),
        concat!("/ho", "me/"),
        concat!("issue ", "#"),
        concat!("the ", "brief"),
    ];
    let texts = ["md", "rs", "toml"].iter().flat_map(|extension| files(".", extension));
    let mut complaints = Vec::new();
    for path in texts {
        for (number, line) in read(&path).lines().enumerate() {
            let found = left_over.iter().filter(|what| line.contains(**what));
            complaints.extend(found.map(|what| format!("{}:{}: {what}", path.display(), number + 1)));
        }
    }
    report(complaints);
}

/// Where a particular element type is compared with, and why.
const NAMES_A_TYPE: [(&str, &str); 2] = [
    ("crates/ir/src/dtype.rs", "gives all others what they ask for"),
    ("crates/ir/src/scalar_op.rs", "the exponent of `powi` is an `i32`, as in Rust"),
];

#[test]
fn element_types_are_asked_and_not_compared_with() {
    let mut complaints = Vec::new();
    for path in sources() {
        let in_crates = path.starts_with("crates") && path.components().any(|part| part.as_os_str() == "src");
        if !in_crates || NAMES_A_TYPE.iter().any(|(room, _)| Path::new(room) == path) {
            continue;
        }
        let text = read(&path);
        let code = text.split("#[cfg(test)]").next().unwrap_or_default();
        for (number, line) in code.lines().enumerate().filter(|(_, line)| compares_with_a_type(line)) {
            complaints.push(format!("{}:{}: ask for class and bits: {line}", path.display(), number + 1));
        }
    }
    report(complaints);
}

/// Whether a line of code compares with a type by name: in a comparison, or in the pattern of an arm.
fn compares_with_a_type(line: &str) -> bool {
    const TYPE: &str = "DType::";
    let is_compared = [" == ", " != "].iter().any(|sign| line.contains(&format!("{sign}{TYPE}")));
    let pattern = line.split("=>").next().filter(|pattern| pattern.len() < line.len());
    let constants = ["DType::ALL", "DType::is_", "DType::from_name"];
    let is_matched = pattern.is_some_and(|pattern| {
        let named = pattern
            .match_indices(TYPE)
            .any(|(at, _)| !constants.iter().any(|c| pattern[at..].starts_with(c)));
        // What stands for each row of the table is no particular one.
        named && !pattern.contains("DType::$")
    });
    is_compared || is_matched || line.contains("matches!(") && line.contains(", DType::")
}

#[test]
fn comparisons_with_types_are_found() {
    for line in [
        "if dtype == DType::U8 {",
        "DType::F32 | DType::F64 => 4,",
        "(DType::Bool, _) => x,",
        "matches!(dtype, DType::I32)",
    ] {
        assert!(compares_with_a_type(line), "{line}");
    }
    for line in [
        "let ty = DType::Usize;",
        "$(DType::$variant => x)*",
        "Some(dtype) => DType::Bool,",
        "x.is_some_and(DType::is_float) => y",
    ] {
        assert!(!compares_with_a_type(line), "{line}");
    }
}

#[test]
fn every_pass_has_examples_of_what_it_does() {
    let library = read("crates/passes/src/lib.rs");
    // `pub use fuse_loops::fuse_loops;`: a pass is the function with the name of its file.
    let passes: Vec<&str> = library
        .lines()
        .filter_map(|line| line.strip_prefix("pub use ")?.strip_suffix(';')?.split_once("::"))
        .filter(|(file, function)| file == function)
        .map(|(file, _)| file)
        .collect();
    assert!(passes.contains(&"fuse_loops") && passes.contains(&"vectorize"), "{passes:?}");
    // What goes from one language to the next, or only looks, is no row of the table.
    let steps = ["lower_arrays", "vectorize", "check_parallel"];
    let rows: Vec<&str> = PASSES.iter().map(|pass| pass.name).chain(steps).collect();
    report(passes.iter().filter(|pass| !rows.contains(pass)).map(|pass| format!("{pass}: no row")).collect());
    report(
        rows.iter().filter(|row| !passes.contains(row)).map(|row| format!("{row}: no function")).collect(),
    );
    let examples = files("tests/ir", "ir");
    let has_examples = |pass: &str| examples.iter().any(|path| path.starts_with(format!("tests/ir/{pass}")));
    let without = passes.iter().filter(|pass| !has_examples(pass));
    report(without.map(|pass| format!("{pass}: no file in tests/ir/{pass}")).collect());
    // Folders are named after files of the crate: passes, and their pipeline.
    let of_nothing = examples.iter().filter(|path| {
        let folder = path.parent().unwrap().file_name().unwrap().to_string_lossy();
        let source = root().join("crates/passes/src").join(&*folder);
        !source.exists() && !source.with_extension("rs").exists()
    });
    report(of_nothing.map(|path| format!("{}: of no pass", path.display())).collect());
}
