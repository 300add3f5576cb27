//! What a kernel tells about itself: the explanation, and the text of each stage.

use ndarray::{Array1, ArrayRef1, ArrayRef2};
use parfuse::prelude::*;
use parfuse::{Effort, Engine};
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
    let (clif, asm) = (kernel.clif_of(Effort::Thorough).unwrap(), kernel.asm().unwrap());
    // The driver of thorough code is always Cranelift's; the region is, in 128-bit registers, where there are no wider ones.
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

#[kernel]
fn cumulative(x: &ArrayRef1<f64>, index: &ArrayRef1<usize>, table: &ArrayRef2<f64>) -> Array1<f64> {
    let mut sums = Array1::zeros(x.len());
    let mut sum = 0.0;
    for i in 0..x.len() {
        let mut k = 0;
        while k < 3 {
            sum += x[i];
            k += 1;
        }
        sums[i] = sum;
    }
    for i in prange(0..x.len()) {
        sums[i] += table[[index[i], 1]];
    }
    sums
}

#[kernel]
fn steps(n: usize) -> usize {
    let (mut n, mut count) = (n, 0);
    while n > 1 {
        n = if n % 2 == 0 { n / 2 } else { 3 * n + 1 };
        count += 1;
    }
    count
}

/// The line of this file that says this first.
fn line_of(text: &str) -> String {
    let line = include_str!("stages.rs").lines().position(|line| line.contains(text)).unwrap() + 1;
    format!("stages.rs:{line}:")
}

#[test]
fn plain_loops_gathers_and_checks_are_explained_with_their_places() {
    let explanation = cumulative::kernel().explain().unwrap();
    let plain: Vec<_> = explanation.plain_loops.iter().map(|plain| (plain.what, plain.depth)).collect();
    assert_eq!(plain, [("for", 0), ("while", 1)], "{explanation}");
    assert!(explanation.plain_loops[0].place.as_str().contains(&line_of("for i in 0..x.len() {")));
    assert!(explanation.plain_loops[1].place.as_str().contains(&line_of("while k < 3 {")));
    let region = explanation.regions.last().unwrap();
    let [scattered] = &region.scattered[..] else { panic!("{explanation}") };
    let gather = line_of("sums[i] += table");
    assert_eq!((scattered.array.as_str(), scattered.count), ("table", 1));
    let [place] = &scattered.places[..] else { panic!("{explanation}") };
    assert!(place.as_str().contains(&gather), "{place}");
    let [(what, place)] = &region.checks[..] else { panic!("{explanation}") };
    assert!(what.contains("axis 0 of `table`") && place.as_str().contains(&gather), "{what} {place}");
    let [allocation] = &explanation.allocations[..] else { panic!("{explanation}") };
    assert!(!allocation.in_loop && allocation.place.as_str().contains("stages.rs:"));
}

#[test]
fn a_kernel_without_regions_says_what_it_has() {
    let explanation = steps::kernel().explain().unwrap();
    assert!(explanation.regions.is_empty() && explanation.serial_code_compiled);
    let text = explanation.to_string();
    assert!(
        text.contains("no parallel region") && text.contains("1 plain loop on the calling thread"),
        "{text}"
    );
    assert!(text.contains(&line_of("while n > 1 {")), "{text}");
}

/// The code of the region; the driver's has addresses in it, which differ.
fn region_of(asm: Result<String, Error>) -> String {
    let asm = asm.unwrap();
    asm.split_once("; r0").unwrap_or_else(|| panic!("{asm}")).1.to_string()
}

#[test]
fn listings_are_of_the_code_that_calls_run() {
    for thorough in [false, true] {
        let engine = Engine::builder().thorough(thorough).build().unwrap();
        let kernel = engine.kernel::<axpy>();
        let now = if thorough { Effort::Thorough } else { Effort::Quick };
        let explanation = kernel.explain().unwrap();
        assert_eq!(explanation.effort, now, "{explanation}");
        assert_eq!(region_of(kernel.asm()), region_of(kernel.asm_of(now)));
        assert_ne!(region_of(kernel.asm_of(Effort::Quick)), region_of(kernel.asm_of(Effort::Thorough)));
        assert_eq!(kernel.clif().unwrap().contains("driver is not compiled"), !thorough);
    }
    let engine = Engine::builder().build().unwrap();
    let kernel = engine.kernel::<axpy>();
    let x = Array1::<f64>::ones(100_000);
    let quick = kernel.explain().unwrap().to_string();
    assert!(quick.contains("calls run quick code: thorough code follows"), "{quick}");
    for _ in 0..100 {
        let _: Array1<f64> = kernel.serial((2.0, &x, &x)).unwrap();
    }
    let explanation = kernel.explain().unwrap();
    assert_eq!(explanation.effort, Effort::Thorough, "{explanation}");
    assert_eq!(region_of(kernel.asm()), region_of(kernel.asm_of(Effort::Thorough)));
}

#[kernel]
fn many_operations_twice(a: &ArrayRef1<f64>) -> Array1<f64> {
    let b = (a * 2.0 + 1.0) * (a - 3.0) * (a + 4.0) / (a * a + 1.0);
    let total = b.sum();
    (a * 3.0 - 1.0) * (a - total) * (a + 5.0) / (a * a + 2.0)
}

#[test]
fn a_refusal_names_each_loop_by_one_place_and_its_region() {
    let explanation = many_operations_twice::kernel().explain().unwrap();
    let [refusal] = &explanation.refusals[..] else { panic!("{explanation}") };
    assert_eq!((refusal.places.len(), &refusal.regions[..]), (2, &[0, 1][..]), "{explanation}");
    assert!(explanation.to_string().contains("regions 0 and 1 ("), "{explanation}");
}
