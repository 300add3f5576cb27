//! What kernels trace to, by topic. Every program that a test traces must verify.

mod arrays;
mod closures;
mod control;
mod inference;
mod methods;
mod mistakes;
mod numbers;
mod options;
mod random;
mod variables;

use crate::{At, ReturnKind, Tracer, Value};
use parfuse_ir::program::Program;

/// A place on a line of an imagined file.
fn line(line: u32) -> At {
    At { file: "kernel.rs", line, column: 5 }
}

fn trace(body: impl for<'t> FnOnce(&'t Tracer) -> Value<'t>) -> Program {
    let tracer = Tracer::new("kernel");
    let result = body(&tracer);
    let program = match tracer.finish(result, ReturnKind::Any) {
        Ok(program) => program,
        Err(error) => panic!("{error}"),
    };
    if let Err(error) = program.verify() {
        panic!("{error}\n{program}");
    }
    program
}

/// Traces and compares the text, without places, file names and indentation.
fn check(body: impl for<'t> FnOnce(&'t Tracer) -> Value<'t>, expected: &str) {
    let text = trace(body).to_string();
    let without_place = |line: &str| {
        let words = line.split(' ').filter(|word| !word.starts_with('@'));
        words.collect::<Vec<_>>().join(" ").trim().to_string()
    };
    let lines = |text: &str| -> Vec<String> {
        text.lines()
            .map(without_place)
            .filter(|line| !line.is_empty() && !line.starts_with("file "))
            .collect()
    };
    let (found, expected) = (lines(&text), lines(expected));
    assert!(found == expected, "found\n{}\nexpected\n{}", found.join("\n"), expected.join("\n"));
}

/// Traces something wrong and compares all complaints, one a line.
fn check_mistakes(body: impl for<'t> FnOnce(&'t Tracer) -> Value<'t>, expected: &[&str]) {
    let tracer = Tracer::new("kernel");
    let result = body(&tracer);
    let error = tracer.finish(result, ReturnKind::Any).expect_err("the kernel is wrong");
    let found: Vec<String> = error.complaints.iter().map(ToString::to_string).collect();
    assert_eq!(found, expected);
}
