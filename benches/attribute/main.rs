//! What `#[kernel]` costs whoever compiles a program with many of them: processor time of rustc and machine code, for
//! each kernel, beyond what the functions themselves cost.
//!
//! ```text
//! cargo bench --bench attribute
//!
//! a library of 100 functions          rustc -C opt-level=3     time, bytes of code  ┐
//! the same with `#[kernel]`           rustc -C opt-level=3     time, bytes of code  ┴─▶ difference / 100
//! ```

mod kernels;
#[path = "../../tests/surface/rustc.rs"]
#[allow(dead_code, reason = "tests only check programs")]
mod rustc;

use rustc::Libraries;
use std::fs;
use std::path::{Path, PathBuf};

const COUNT: usize = 100;
const ROUNDS: usize = 3;

/// The processor time of finished child processes, in seconds.
fn children_time() -> f64 {
    let mut usage = std::mem::MaybeUninit::<libc::rusage>::zeroed();
    0.0
}

fn main() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let sources: Vec<PathBuf> = [false, true]
        .iter()
        .map(|kernels| {
            let path = folder.join(format!("attribute_{kernels}.rs"));
            fs::write(&path, kernels::library(COUNT, *kernels)).expect("a writable folder");
            path
        })
        .collect();
}
