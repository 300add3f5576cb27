//! The vector instructions that hand-written loops use, by one name on both instruction sets.
//!
//! ```text
//! Loop      a hand-written loop over some arrays, generic over an Isa
//! Isa       Avx512 or Avx2: a token that exists only where the processor has the instructions,
//!           with vectors of 64-bit and 32-bit elements and a method an instruction
//! ```
//!
//! Every method and every loop is `#[inline(always)]`, so that [`Isa::run`], which enables the instructions, becomes
//! one function with nothing but them in it. What takes several instructions on one of the two sets, such as the
//! multiplication of 64-bit integers, is a method too and is written for each of them.

/// A hand-written loop, with what it works on.
pub trait Loop {
    /// What it gives besides what it writes.
    type Output;
    /// Runs it.
    fn run<I: Isa>(self, isa: I) -> Self::Output;
}

/// An instruction set.
pub trait Isa: Copy {
    /// A vector of `f64`.
    type F64: Copy;
    /// A vector of 64-bit integers.
    type U64: Copy;
    /// A vector of `f32`.
    type F32: Copy;
    /// A truth value for each 64-bit element.
    type Mask: Copy;
    /// The number of 64-bit elements of a vector; there are twice as many of 32 bits.
    const LANES: usize;
    /// The number of vector registers.
    const REGISTERS: usize;

    /// The token, if this processor has the instructions.
    fn detect() -> Option<Self>;
    /// Runs a loop with the instructions enabled.
    fn run<L: Loop>(self, body: L) -> L::Output;

    /// The same number in all lanes.
    fn splat(self, x: f64) -> Self::F64;
    /// The first elements of a slice. Panics if it is shorter than a vector.
    fn load(self, from: &[f64]) -> Self::F64;
    /// Writes to the front of a slice. Panics if it is shorter than a vector.
    fn store(self, to: &mut [f64], x: Self::F64);
    /// `a + b`
    fn add(self, a: Self::F64, b: Self::F64) -> Self::F64;
    /// `a - b`
    fn sub(self, a: Self::F64, b: Self::F64) -> Self::F64;
    /// `a * b`
    fn mul(self, a: Self::F64, b: Self::F64) -> Self::F64;
    /// `a / b`, correctly rounded.
    fn div(self, a: Self::F64, b: Self::F64) -> Self::F64;
    /// `a * b + c` with one rounding.
    fn fma(self, a: Self::F64, b: Self::F64, c: Self::F64) -> Self::F64;
    /// `if a < b { a } else { b }`
    fn min(self, a: Self::F64, b: Self::F64) -> Self::F64;
    /// `if a > b { a } else { b }`
    fn max(self, a: Self::F64, b: Self::F64) -> Self::F64;
    /// The magnitude.
    fn abs(self, a: Self::F64) -> Self::F64;
    /// The square root, correctly rounded.
    fn sqrt(self, a: Self::F64) -> Self::F64;
    /// These vectors. What they are made of is computed before, and what is made of them after both are there.
    fn together(self, a: Self::F64, b: Self::F64) -> (Self::F64, Self::F64);
    /// `y * 2^n` with one rounding, for `y` near one and an integral `n` of at most some thousand; `biased` has `n`
    /// plus twice the exponent bias in its low bits.
    fn scale(self, y: Self::F64, n: Self::F64, biased: Self::F64) -> Self::F64;
    /// The sum of the lanes.
    fn total(self, a: Self::F64) -> f64;

    /// `a < b`
    fn lt(self, a: Self::F64, b: Self::F64) -> Self::Mask;
    /// `a <= b`
    fn le(self, a: Self::F64, b: Self::F64) -> Self::Mask;
    /// Where at least one holds.
    fn either(self, a: Self::Mask, b: Self::Mask) -> Self::Mask;
    /// Whether it holds anywhere.
    fn any(self, a: Self::Mask) -> bool;
    /// `if mask { yes } else { no }`
    fn select(self, mask: Self::Mask, yes: Self::F64, no: Self::F64) -> Self::F64;

    /// The same integer in all lanes.
    fn splat_u64(self, x: u64) -> Self::U64;
    /// The first integers of a slice. Panics if it is shorter than a vector.
    fn load_u64(self, from: &[u64]) -> Self::U64;
    /// Writes the low halves to the front of a slice. Panics if it is shorter than a vector.
    fn store_i32(self, to: &mut [i32], x: Self::U64);
    /// The bits of floats.
    fn bits(self, a: Self::F64) -> Self::U64;
    /// The floats of these bits.
    fn float(self, a: Self::U64) -> Self::F64;
    /// `a + b`, wrapping.
    fn add_u64(self, a: Self::U64, b: Self::U64) -> Self::U64;
    /// `z * factor`, wrapping, where `high` is `z >> 32`.
    fn mul_u64(self, z: Self::U64, high: Self::U64, factor: u64) -> Self::U64;
    /// `a & b`
    fn and(self, a: Self::U64, b: Self::U64) -> Self::U64;
    /// `a | b`
    fn or(self, a: Self::U64, b: Self::U64) -> Self::U64;
    /// `a ^ b`
    fn xor(self, a: Self::U64, b: Self::U64) -> Self::U64;
    /// `a >> N`
    fn shr<const N: u32>(self, a: Self::U64) -> Self::U64;
    /// `a > b` as signed integers.
    fn gt_i64(self, a: Self::U64, b: Self::U64) -> Self::Mask;
    /// `if mask { a } else { 0 }`
    fn keep(self, a: Self::U64, mask: Self::Mask) -> Self::U64;
    /// One more where the mask holds.
    fn count(self, counts: Self::U64, mask: Self::Mask) -> Self::U64;
    /// The sum of the lanes.
    fn total_u64(self, a: Self::U64) -> u64;

    /// The same number in all lanes.
    fn splat_f32(self, x: f32) -> Self::F32;
    /// The first elements of a slice. Panics if it is shorter than a vector.
    fn load_f32(self, from: &[f32]) -> Self::F32;
    /// Writes to the front of a slice. Panics if it is shorter than a vector.
    fn store_f32(self, to: &mut [f32], x: Self::F32);
    /// `a * b + c` with one rounding.
    fn fma_f32(self, a: Self::F32, b: Self::F32, c: Self::F32) -> Self::F32;
}

/// Methods that are a safe expression of instructions each.
macro_rules! instructions {
    ($(fn $name:ident($($argument:ident: $ty:ty),*) $(-> $result:ty)? = $body:expr;)*) => { $(
        #[inline(always)]
        fn $name(self $(, $argument: $ty)*) $(-> $result)? {
            // SAFETY: the token `self` exists only where `detect` found the instructions, and these touch no memory.
            unsafe { $body }
        }
    )* };
}
pub(crate) use instructions;

/// An instruction set chosen at run time.
#[derive(Clone, Copy)]
pub enum Instructions {
    /// 512-bit vectors.
    Avx512(super::avx512::Avx512),
    /// 256-bit vectors with fused multiply-add.
    Avx2(super::avx2::Avx2),
}

impl Instructions {
    /// Those that this processor has, widest first.
    pub fn detect() -> Vec<Instructions> {
        let wide = super::avx512::Avx512::detect().map(Instructions::Avx512);
        wide.into_iter().chain(super::avx2::Avx2::detect().map(Instructions::Avx2)).collect()
    }
    /// The name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Instructions::Avx512(_) => "avx512",
            Instructions::Avx2(_) => "avx2",
        }
    }
    /// Runs a loop.
    pub fn run<L: Loop>(self, body: L) -> L::Output {
        match self {
            Instructions::Avx512(isa) => isa.run(body),
            Instructions::Avx2(isa) => isa.run(body),
        }
    }
}
