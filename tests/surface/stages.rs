//! What a kernel tells about itself: the explanation, and the text of each stage.

use ndarray::{Array1, ArrayRef1};
use parfuse::prelude::*;
use parfuse_ir::lane::Lane;
use parfuse_ir::loops::Loops;
use parfuse_ir::program::Program;

#[kernel]
fn axpy(a: f64, x: &ArrayRef1<f64>, y: &ArrayRef1<f64>) -> Array1<f64> {
    let scaled = a * x;
    scaled + y
}

#[kernel]
fn normalised(x: &ArrayRef1<f64>) -> Array1<f64> {
    x / x.sum()
}

#[test]
fn every_stage_has_a_text() {
    let kernel = axpy::kernel();
    let (program, loops, lane) = (kernel.program().unwrap(), kernel.loops().unwrap(), kernel.lane().unwrap());
    assert!(program.starts_with("program axpy(a: f64, x: [f64; 1], y: [f64; 1]) -> [f64; 1] {"), "{program}");
    assert!(loops.starts_with("loops axpy(") && loops.contains("parfor"), "{loops}");
    assert!(lane.starts_with("lane axpy ") && lane.contains("region"), "{lane}");
    let (clif, asm) = (kernel.clif().unwrap(), kernel.asm().unwrap());
    // The driver is always Cranelift's; the region is, in 128-bit registers, where there are no wider ones.
    assert!(clif.contains("function"), "{clif}");
    assert!(clif.contains("f64x2") || clif.contains("r0 is not Cranelift's"), "{clif}");
    assert!(asm.lines().count() > 20, "{asm}");
}

#[test]
fn texts_of_the_stages_are_read_back() {
    let kernel = axpy::kernel();
    let program = kernel.program().unwrap();
    assert_eq!(Program::parse(&program).unwrap().to_string(), program);
    let loops = kernel.loops().unwrap();
    assert_eq!(Loops::parse(&loops).unwrap().to_string(), loops);
    let lane = kernel.lane().unwrap();
    assert_eq!(Lane::parse(&lane).unwrap().to_string(), lane);
}

#[test]
fn fusion_is_explained() {
    let explanation = axpy::kernel().explain().unwrap();
    assert_eq!(explanation.signature, "(a: f64, x: &Array1<f64>, y: &Array1<f64>) -> Array1<f64>");
    let [region] = &explanation.regions[..] else { panic!("{explanation}") };
    assert_eq!(region.sources.len(), 2, "a product and a sum: {explanation}");
    assert!(region.lanes > 1 && region.rank == 1);
    assert_eq!((region.contiguous_accesses, region.scattered_accesses, region.stores), (3, 0, 1));
    assert_eq!(region.checks_in_loop, 0);
    assert_eq!(explanation.arrays_contracted, ["scaled"]);
    assert_eq!(explanation.arrays_allocated, 1, "the result");
    assert!(explanation.refusals.is_empty() && explanation.code_size > 0);
    let text = explanation.to_string();
    assert!(text.contains("never stored: scaled") && text.contains("stages.rs:"), "{text}");
}

#[test]
fn what_is_not_fused_is_explained_with_the_reason() {
    let explanation = normalised::kernel().explain().unwrap();
    assert_eq!(explanation.regions.len(), 2, "{explanation}");
    assert_eq!(explanation.regions[0].reductions, ["sum f64"]);
    let [refusal] = &explanation.refusals[..] else { panic!("{explanation}") };
    assert!(refusal.reason.contains("needs the total"), "{}", refusal.reason);
    assert!(refusal.places.iter().all(|place| place.as_str().contains("stages.rs:")));
}

#[test]
fn without_fusion_every_operation_is_a_loop() {
    let engine = Engine::builder().fuse(false).build().unwrap();
    let explanation = engine.kernel::<axpy>().explain().unwrap();
    assert_eq!(explanation.regions.len(), 2, "{explanation}");
    assert_eq!(explanation.arrays_allocated, 2);
    assert!(explanation.arrays_contracted.is_empty());
}

#[kernel]
fn sine_and_cosine(x: &ArrayRef1<f64>) -> Array1<f64> {
    x.mapv(|x| {
        let (sin, cos) = x.sin_cos();
        sin + cos
    })
}

#[test]
fn sine_and_cosine_share_the_reduction_of_their_argument() {
    let lane = sine_and_cosine::kernel().lane().unwrap();
    let reductions = lane.matches(", -1.5707963267948966f64, ").count();
    assert_eq!(reductions, 1, "{lane}");
    // The polynomials of both are in the common path once, and in the branches of far arguments.
    let polynomials = |coefficient: &str| lane.matches(coefficient).count();
    assert_eq!(polynomials("fma -1.1358310186961434e-11f64"), 3, "{lane}");
    assert_eq!(polynomials("fma -1.5895903910873833e-10f64"), 3, "{lane}");
}
