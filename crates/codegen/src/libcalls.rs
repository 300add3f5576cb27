//! The functions that Cranelift calls where the processor lacks an instruction.
//!
//! On x86-64 without FMA or SSE4.1 a fused multiply-add or a rounding is a call. Rust's own methods stand
//! in, so that compiled code does not depend on which symbols of libm the process happens to have.

use cranelift_jit::JITBuilder;

extern "C" fn fma(a: f64, b: f64, c: f64) -> f64 {
    a.mul_add(b, c)
}
extern "C" fn fmaf(a: f32, b: f32, c: f32) -> f32 {
    a.mul_add(b, c)
}
extern "C" fn ceil(x: f64) -> f64 {
    x.ceil()
}
extern "C" fn ceilf(x: f32) -> f32 {
    x.ceil()
}
extern "C" fn floor(x: f64) -> f64 {
    x.floor()
}
extern "C" fn floorf(x: f32) -> f32 {
    x.floor()
}
extern "C" fn trunc(x: f64) -> f64 {
    x.trunc()
}
extern "C" fn truncf(x: f32) -> f32 {
    x.trunc()
}
extern "C" fn nearbyint(x: f64) -> f64 {
    x.round_ties_even()
}
extern "C" fn nearbyintf(x: f32) -> f32 {
    x.round_ties_even()
}

/// Makes the functions known under the names that Cranelift's default table of library calls uses.
pub(crate) fn provide(builder: &mut JITBuilder) {
    let symbols: [(&str, *const u8); 10] = [
        ("fma", fma as *const u8),
        ("fmaf", fmaf as *const u8),
        ("ceil", ceil as *const u8),
        ("ceilf", ceilf as *const u8),
        ("floor", floor as *const u8),
        ("floorf", floorf as *const u8),
        ("trunc", trunc as *const u8),
        ("truncf", truncf as *const u8),
        ("nearbyint", nearbyint as *const u8),
        ("nearbyintf", nearbyintf as *const u8),
    ];
    builder.symbols(symbols);
}
