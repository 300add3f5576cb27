//! The instructions chosen, on processors that have them.

use crate::build::Kernel;
use parfuse_codegen::{Compiler, Effort, Isa, Options};
use parfuse_ir::DType;
use parfuse_ir::lane::{LaneOp, LaneType};

/// `out = -(max(a * b, b) + 2)`
fn kernel() -> Kernel {
    let mut kernel = Kernel::new(&[DType::F64, DType::F64, DType::F64], &[]);
    let extent = kernel.slot();
    kernel.region(vec![extent], |body| {
        let (a, b) = (body.element(0, LaneType::F64), body.element(1, LaneType::F64));
        let two = body.float(2.0);
        let product = body.op(LaneOp::FMul, &[a, b]);
        let larger = body.op(LaneOp::FMax, &[product, b]);
        let sum = body.op(LaneOp::FAdd, &[larger, two]);
        let negative = body.op(LaneOp::FNeg, &[sum]);
        body.set_element(2, negative);
    });
    kernel
}

#[test]
fn listings_show_both_languages() {
    let options = Options { isa: Isa::Native128, ..Options::default() };
    let listing = Compiler::new(options).unwrap().listing(&kernel().lane, Effort::Thorough).unwrap();
    assert!(listing.clif.contains("fmul"), "{}", listing.clif);
    assert!(listing.asm.contains("; driver") && listing.asm.contains("; r0"), "{}", listing.asm);
}

#[test]
#[cfg(target_arch = "x86_64")]
fn constants_are_memory_operands_of_packed_instructions() {
    if !std::is_x86_feature_detected!("avx") {
        return;
    }
    let options = Options { isa: Isa::Native128, lanes: Some(8), ..Options::default() };
    let compiler = Compiler::new(options).unwrap();
    let asm = compiler.listing(&kernel().lane, Effort::Thorough).unwrap().asm;
    let count = |text: &str| asm.matches(text).count();
    // Eight elements are four registers; the tail has the scalar forms.
    assert_eq!((count("vmulpd"), count("vaddpd"), count("vmaxpd")), (4, 4, 4), "{asm}");
    assert_eq!((count("vmulsd"), count("vaddsd"), count("vmaxsd")), (1, 1, 1), "{asm}");
    for line in asm.lines().filter(|line| line.contains("vaddpd")) {
        assert!(line.contains('('), "a memory operand: {line}");
    }
}

#[test]
fn wide_steps_are_packed_instructions_of_the_longest_registers() {
    for (isa, register) in [(Isa::Avx2, "ymm"), (Isa::Avx512At256, "ymm"), (Isa::Avx512, "zmm")] {
        if !isa.is_available() {
            continue;
        }
        let lanes = Some(4 * isa.bits() / 64);
        let compiler = Compiler::new(Options { isa, lanes, ..Options::default() }).unwrap();
        let asm = compiler.listing(&kernel().lane, Effort::Thorough).unwrap().asm;
        let (_, region) = asm.split_once("; r0").expect("the region's code");
        let count = |text: &str| region.matches(text).count();
        // A step is four registers, another one comes before the first aligned store, and one is masked in the tail; where masks
        // are dear, one ends rows that have had a step. Nothing is scalar, called or spilled.
        let registers = if isa == Isa::Avx2 { 7 } else { 6 };
        for op in ["vmulpd", "vaddpd", "vmaxpd"] {
            assert_eq!(count(op), registers, "{op}: {asm}");
        }
        for none in ["vmulsd", "vaddsd", "vmaxsd", "call", "[rsp"] {
            assert_eq!(count(none), 0, "{none}: {asm}");
        }
        for line in region.lines().filter(|line| line.contains("vaddpd")) {
            assert!(line.contains(register) && !line.contains('['), "constants are in registers: {line}");
        }
    }
}

#[test]
#[cfg(unix)]
fn rows_are_loaded_by_tiles() {
    use crate::tiles::{Variant, kernel};
    for isa in [Isa::Avx2, Isa::Avx512At256, Isa::Avx512] {
        if !isa.is_available() {
            continue;
        }
        let compiler = Compiler::new(Options { isa, ..Options::default() }).unwrap();
        let transposes = |variant: Variant| {
            let (kernel, _) = kernel(DType::F64, variant);
            let asm = compiler.listing(&kernel.lane, Effort::Thorough).unwrap().asm;
            asm.contains("vunpckhpd") && asm.contains("vinsert")
        };
        assert!(transposes(Variant::Plain) && transposes(Variant::Pair));
        assert!(!transposes(Variant::Stores), "what is read may have been stored");
    }
}
