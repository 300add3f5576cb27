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
    for isa in [Isa::Native128, Isa::best()] {
        let compiler = Compiler::new(Options { isa, verify: false, lanes: None }).unwrap();
        let compile = |times: usize| {
            for _ in 0..times {
                compiler.compile(&kernel.lane, Effort::Quick).unwrap();
            }
        };
        compile(100);
        // Other tests, on other threads, allocate and free meanwhile: the least growth of a few rounds counts.
        let grown = (0..5).map(|_| {
            let before = resident();
            compile(1980);
            resident().saturating_sub(before)
        });
        // With the first hundred these are 10,000 kernels. One takes three pages at least: what stays of a round would be
        // 24 MB.
        let least = grown.min().expect("five rounds");
        assert!(least < 1_000_000, "{isa}: {least} bytes more");
    }
}
