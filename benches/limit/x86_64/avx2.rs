//! The instructions of AVX2 with FMA: four lanes, masks as vectors of ones and zeros.
#![allow(unsafe_code)]

use super::isa::{Isa, Loop, instructions};
use std::arch::asm;
use std::arch::x86_64::*;

/// Proof that the processor has AVX2 and FMA.
#[derive(Clone, Copy)]
pub struct Avx2(());

impl Isa for Avx2 {
    type F64 = __m256d;
    type U64 = __m256i;
    type F32 = __m256;
    type Mask = __m256d;
    const LANES: usize = 4;
    const REGISTERS: usize = 16;

    fn detect() -> Option<Self> {
        (is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma")).then_some(Avx2(()))
    }

    fn run<L: Loop>(self, body: L) -> L::Output {
        #[target_feature(enable = "avx2,fma")]
        fn enabled<L: Loop>(isa: Avx2, body: L) -> L::Output {
            body.run(isa)
        }
        // SAFETY: the token exists only where `detect` found the instructions.
        unsafe { enabled(self, body) }
    }

    #[inline(always)]
    fn load(self, from: &[f64]) -> __m256d {
        assert!(from.len() >= 4);
        // SAFETY: the slice has a vector's elements; the token proves the instructions.
        unsafe { _mm256_loadu_pd(from.as_ptr()) }
    }
    #[inline(always)]
    fn store(self, to: &mut [f64], x: __m256d) {
        assert!(to.len() >= 4);
        // SAFETY: the slice has a vector's elements; the token proves the instructions.
        unsafe { _mm256_storeu_pd(to.as_mut_ptr(), x) }
    }
    #[inline(always)]
    fn load_u64(self, from: &[u64]) -> __m256i {
        assert!(from.len() >= 4);
        // SAFETY: the slice has a vector's elements; the token proves the instructions.
        unsafe { _mm256_loadu_si256(from.as_ptr().cast()) }
    }
    #[inline(always)]
    fn store_i32(self, to: &mut [i32], x: __m256i) {
        assert!(to.len() >= 4);
        // SAFETY: the slice has as many elements as a vector has lanes; the token proves the instructions.
        unsafe {
            let low_halves = _mm256_permutevar8x32_epi32(x, _mm256_setr_epi32(0, 2, 4, 6, 0, 2, 4, 6));
            _mm_storeu_si128(to.as_mut_ptr().cast(), _mm256_castsi256_si128(low_halves));
        }
    }
    #[inline(always)]
    fn load_f32(self, from: &[f32]) -> __m256 {
        assert!(from.len() >= 8);
        // SAFETY: the slice has a vector's elements; the token proves the instructions.
        unsafe { _mm256_loadu_ps(from.as_ptr()) }
    }
    #[inline(always)]
    fn store_f32(self, to: &mut [f32], x: __m256) {
        assert!(to.len() >= 8);
        // SAFETY: the slice has a vector's elements; the token proves the instructions.
        unsafe { _mm256_storeu_ps(to.as_mut_ptr(), x) }
    }

    instructions! {
        fn splat(x: f64) -> __m256d = _mm256_set1_pd(x);
        fn add(a: __m256d, b: __m256d) -> __m256d = _mm256_add_pd(a, b);
        fn sub(a: __m256d, b: __m256d) -> __m256d = _mm256_sub_pd(a, b);
        fn mul(a: __m256d, b: __m256d) -> __m256d = _mm256_mul_pd(a, b);
        fn div(a: __m256d, b: __m256d) -> __m256d = _mm256_div_pd(a, b);
        fn fma(a: __m256d, b: __m256d, c: __m256d) -> __m256d = _mm256_fmadd_pd(a, b, c);
        fn min(a: __m256d, b: __m256d) -> __m256d = _mm256_min_pd(a, b);
        fn max(a: __m256d, b: __m256d) -> __m256d = _mm256_max_pd(a, b);
        fn abs(a: __m256d) -> __m256d = _mm256_andnot_pd(_mm256_set1_pd(-0.0), a);
        fn sqrt(a: __m256d) -> __m256d = _mm256_sqrt_pd(a);

        fn lt(a: __m256d, b: __m256d) -> __m256d = _mm256_cmp_pd::<_CMP_LT_OQ>(a, b);
        fn le(a: __m256d, b: __m256d) -> __m256d = _mm256_cmp_pd::<_CMP_LE_OQ>(a, b);
        fn either(a: __m256d, b: __m256d) -> __m256d = _mm256_or_pd(a, b);
        fn any(a: __m256d) -> bool = _mm256_movemask_pd(a) != 0;
        fn select(mask: __m256d, yes: __m256d, no: __m256d) -> __m256d = _mm256_blendv_pd(no, yes, mask);

        fn splat_u64(x: u64) -> __m256i = _mm256_set1_epi64x(x as i64);
        fn bits(a: __m256d) -> __m256i = _mm256_castpd_si256(a);
        fn float(a: __m256i) -> __m256d = _mm256_castsi256_pd(a);
        fn add_u64(a: __m256i, b: __m256i) -> __m256i = _mm256_add_epi64(a, b);
        fn and(a: __m256i, b: __m256i) -> __m256i = _mm256_and_si256(a, b);
        fn or(a: __m256i, b: __m256i) -> __m256i = _mm256_or_si256(a, b);
        fn xor(a: __m256i, b: __m256i) -> __m256i = _mm256_xor_si256(a, b);
        fn gt_i64(a: __m256i, b: __m256i) -> __m256d = _mm256_castsi256_pd(_mm256_cmpgt_epi64(a, b));
        fn keep(a: __m256i, mask: __m256d) -> __m256i = _mm256_and_si256(a, _mm256_castpd_si256(mask));
        // A mask that holds is the integer -1.
        fn count(counts: __m256i, mask: __m256d) -> __m256i = _mm256_sub_epi64(counts, _mm256_castpd_si256(mask));

        fn splat_f32(x: f32) -> __m256 = _mm256_set1_ps(x);
        fn fma_f32(a: __m256, b: __m256, c: __m256) -> __m256 = _mm256_fmadd_ps(a, b, c);
    }

    /// As two exact powers, each of half the exponent: `crates/ir/src/math/exp.rs`.
    #[inline(always)]
    fn scale(self, y: __m256d, _n: __m256d, biased: __m256d) -> __m256d {
        // SAFETY: the token proves the instructions.
        unsafe {
            let n = _mm256_castpd_si256(biased);
            let first = _mm256_slli_epi64::<52>(_mm256_srli_epi64::<1>(n));
            let second = _mm256_sub_epi64(_mm256_slli_epi64::<52>(n), first);
            let y = _mm256_mul_pd(y, _mm256_castsi256_pd(second));
            _mm256_mul_pd(y, _mm256_castsi256_pd(first))
        }
    }
    /// Of 32-bit halves: there is no instruction for 64 bits.
    #[inline(always)]
    fn mul_u64(self, z: __m256i, high: __m256i, factor: u64) -> __m256i {
        // SAFETY: the token proves the instructions.
        unsafe {
            let low_factor = _mm256_set1_epi64x(factor as i64);
            let high_factor = _mm256_set1_epi64x((factor >> 32) as i64);
            let cross =
                _mm256_add_epi64(_mm256_mul_epu32(high, low_factor), _mm256_mul_epu32(z, high_factor));
            _mm256_add_epi64(_mm256_mul_epu32(z, low_factor), _mm256_slli_epi64::<32>(cross))
        }
    }
    #[inline(always)]
    fn together(self, a: __m256d, b: __m256d) -> (__m256d, __m256d) {
        #[inline]
        #[target_feature(enable = "avx")]
        fn nothing(mut a: __m256d, mut b: __m256d) -> (__m256d, __m256d) {
            // SAFETY: there is no instruction in it.
            unsafe {
                asm!("/* {a} {b} */", a = inout(ymm_reg) a, b = inout(ymm_reg) b, options(pure, nomem, nostack))
            };
            (a, b)
        }
        // SAFETY: the token proves the instructions.
        unsafe { nothing(a, b) }
    }
    #[inline(always)]
    fn shr<const N: u32>(self, a: __m256i) -> __m256i {
        // SAFETY: the token proves the instructions.
        unsafe { _mm256_srlv_epi64(a, _mm256_set1_epi64x(N as i64)) }
    }
    #[inline(always)]
    fn total(self, a: __m256d) -> f64 {
        let mut lanes = [0.0; 4];
        self.store(&mut lanes, a);
        (lanes[0] + lanes[2]) + (lanes[1] + lanes[3])
    }
    #[inline(always)]
    fn total_u64(self, a: __m256i) -> u64 {
        let mut lanes = [0.0; 4];
        self.store(&mut lanes, self.float(a));
        lanes.into_iter().fold(0, |sum, lane| sum.wrapping_add(f64::to_bits(lane)))
    }
}
