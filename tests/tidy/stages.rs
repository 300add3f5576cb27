//! The listings in `docs/ARCHITECTURE.md` are what the first example's kernel becomes today.

use super::{document_says, files, read};
use parfuse::{Engine, Isa, Kernel};

#[path = "../../examples/01_first_kernel.rs"]
#[allow(dead_code, missing_docs, reason = "of the example, only the kernel is of use here")]
mod first_kernel;

/// Checks one stage's listing; the example is named by its path from the root.
#[track_caller]
fn listing(stage: &str, text: fn(&Kernel) -> Result<String, parfuse::Error>) {
    // The same on all machines.
    let engine = Engine::builder().isa(Isa::Baseline).build().unwrap();
    let text = engine.install(|| text(&first_kernel::gaussians::kernel())).unwrap();
    let example = text.find("examples/").expect("the place in the example");
    let quote = text[..example].rfind('"').expect("a quoted path") + 1;
    document_says(
        "docs/ARCHITECTURE.md",
        &format!("stage: {stage}"),
        &format!("{}{}", &text[..quote], &text[example..]),
    );
}

#[test]
fn the_program_is_listed() {
    listing("program", Kernel::program);
}

#[test]
fn the_loops_are_listed() {
    listing("loops", Kernel::loops);
}

#[test]
fn the_lane_programs_are_listed() {
    listing("lane", Kernel::lane);
}

#[test]
fn the_kernel_of_the_documents_is_that_of_the_example() {
    let kernel = |text: &str| -> Option<String> {
        let start = text.find("fn gaussians(")?;
        let end = text[start..].find("\n}\n")?;
        Some(text[start..start + end].to_string())
    };
    let expected = kernel(&read("examples/01_first_kernel.rs")).expect("the example's kernel");
    let documents = files(".", "md").into_iter().filter_map(|path| Some((kernel(&read(&path))?, path)));
    for (found, path) in documents {
        assert_eq!(found, expected, "{}", path.display());
    }
}
