//! What `#[kernel]` costs whoever compiles a program with many of them: time of rustc and machine code, for each kernel,
//! beyond what the functions themselves cost.
//!
//! ```text
//! a library of 100 functions        rustc -C opt-level=3     time, bytes  ┐
//! the same with `#[kernel]`         rustc -C opt-level=3     time, bytes  ┴─▶ difference / 100
//! ```
//!
//! `cargo bench --bench attribute` prints it. Of each library the quickest of several runs counts; on Linux it is the
//! processor's time too, which what else runs disturbs less.

mod kernels;
mod object;
#[path = "../../tests/surface/rustc.rs"]
#[allow(dead_code, reason = "tests look at folders of programs, too")]
mod rustc;

use rustc::Libraries;
use std::fs;
use std::path::Path;
use std::time::Instant;

const COUNT: usize = 100;
const ROUNDS: usize = 3;
/// How the times of processes are counted: the same on all Linux systems.
const TICKS_PER_SECOND: f64 = 100.0;

/// What compiling a library takes and gives.
#[derive(Clone, Copy)]
struct Cost {
    elapsed: f64,
    processor: f64,
    code: u64,
    data: u64,
}

fn main() {
    let libraries = Libraries::get();
    let [plain, kernels] = [false, true].map(|kernels| {
        let source = Libraries::folder().join(format!("attribute_{kernels}.rs"));
        fs::write(&source, kernels::library(COUNT, kernels)).expect("a folder that can be written to");
        let runs = (0..ROUNDS).map(|_| compile(libraries, &source));
        runs.reduce(|a, b| Cost {
            elapsed: a.elapsed.min(b.elapsed),
            processor: a.processor.min(b.processor),
            ..a
        })
        .expect("at least one round")
    });
    let each = |of: fn(&Cost) -> f64| (of(&kernels) - of(&plain)) / COUNT as f64;
    println!("{COUNT} functions, and what `#[kernel]` adds to each:");
    println!("  time elapsed    {:>8.1} ms", 1e3 * each(|cost| cost.elapsed));
    println!("  processor time  {:>8.1} ms", 1e3 * each(|cost| cost.processor));
    println!("  machine code    {:>8.0} bytes", each(|cost| cost.code as f64));
    println!("  constants       {:>8.0} bytes", each(|cost| cost.data as f64));
}

fn compile(libraries: &Libraries, source: &Path) -> Cost {
    let made = source.with_extension("rlib");
    let (start, before) = (Instant::now(), children_ticks());
    let mut rustc = libraries.rustc(source, &made);
    let output = rustc.args(["--crate-type=lib", "-Copt-level=3"]).output().expect("rustc runs");
    let elapsed = start.elapsed().as_secs_f64();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let sizes = object::sizes(&fs::read(&made).expect("a library"));
    let processor = (children_ticks() - before) / TICKS_PER_SECOND;
    Cost { elapsed, processor, code: sizes.code, data: sizes.data }
}

/// The processor time of child processes that have ended, in ticks; 0 where it is not known.
fn children_ticks() -> f64 {
    let Ok(text) = fs::read_to_string("/proc/self/stat") else { return 0.0 };
    // The name of the process stands in parentheses, the 14th and 15th fields behind it are those of children.
    let fields = text.rsplit(')').next().unwrap_or("").split_whitespace();
    fields.skip(13).take(2).filter_map(|field| field.parse::<f64>().ok()).sum()
}
