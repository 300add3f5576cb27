//! Kernels that are dropped give back their memory.
#![cfg(target_os = "linux")]

use crate::build::Kernel;
use parfuse_codegen::{Compiler, Effort, Isa, Options};
use parfuse_ir::DType;
use parfuse_ir::lane::{LaneOp, LaneType};

/// The process's resident memory in bytes.
fn resident() -> usize {
    let statm = std::fs::read_to_string("/proc/self/statm").expect("Linux has it");
    let pages = statm.split_whitespace().nth(1).expect("the second number");
    // The page size of most processors; where it is larger, the test allows for less.
    pages.parse::<usize>().expect("a number") * 4096
}

#[test]
fn compiling_and_dropping_leaves_memory_as_it_was() {
    let mut kernel = Kernel::new(&[DType::F64, DType::F64], &[]);
    let extent = kernel.slot();
    kernel.region(vec![extent], |body| {
        let a = body.element(0, LaneType::F64);
        let square = body.op(LaneOp::FMul, &[a, a]);
        body.set_element(1, square);
    });
    // With the first hundred, 10,000 kernels of the emitter that this machine's engines use.
    for (isa, round) in [(Isa::Native128, 200), (Isa::best(), 1980)] {
        let compiler = Compiler::new(Options { isa, verify: false, ..Options::default() }).unwrap();
        let compile = |times: usize| {
            for _ in 0..times {
                compiler.compile(&kernel.lane, Effort::Quick).unwrap();
            }
        };
        compile(100);
        // Other tests, on other threads, allocate and free meanwhile: the least growth of a few rounds counts.
        let grown = (0..5).map(|_| {
            let before = resident();
            compile(round);
            resident().saturating_sub(before)
        });
        // A kernel takes three pages at least: 200 that stay are 2.4 MB.
        let least = grown.min().expect("five rounds");
        assert!(least < 1_000_000, "{isa}: {least} bytes more");
    }
}
