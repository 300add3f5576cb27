//! How far compiled kernels are from the best loops a person would write for this processor.
//!
//! ```text
//! kernel          isa            n      ours      hand  ours / hand
//! gaussians       avx512     16384   5.31 ns   3.20 ns         1.66
//! ```
//!
//! The hand-written loops use vector intrinsics, on one thread, with the accuracy of ours: the same polynomials, strict
//! divisions, the same random numbers. Both write to the same memory in turn, and their results are compared.
//! Times are nanoseconds an element.
//!
//! `cargo bench --bench limit -- [--kernel NAME] [--isa avx512|avx2] [--n N] [--seconds S]`

#[cfg(target_arch = "x86_64")]
mod x86_64;

#[cfg(target_arch = "x86_64")]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    x86_64::main()
}

#[cfg(not(target_arch = "x86_64"))]
fn main() {
    println!("The loops are written for x86-64 only.");
}
