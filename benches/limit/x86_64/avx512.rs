//! The instructions of AVX-512 (F and DQ): eight lanes, masks in registers of their own.
#![allow(unsafe_code)]

use super::isa::{Isa, Loop, instructions};
use std::arch::asm;
use std::arch::x86_64::*;

/// Proof that the processor has AVX-512 F and DQ.
#[derive(Clone, Copy)]
pub struct Avx512(());

impl Isa for Avx512 {
    type F64 = __m512d;
    type U64 = __m512i;
    type F32 = __m512;
    type Mask = __mmask8;
    const LANES: usize = 8;
    const REGISTERS: usize = 32;

    fn detect() -> Option<Self> {
        let has = is_x86_feature_detected!("avx512f") && is_x86_feature_detected!("avx512dq");
        (has && is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma")).then_some(Avx512(()))
    }

    fn run<L: Loop>(self, body: L) -> L::Output {
        #[target_feature(enable = "avx512f,avx512dq,avx2,fma")]
        fn enabled<L: Loop>(isa: Avx512, body: L) -> L::Output {
            body.run(isa)
        }
        // SAFETY: the token exists only where `detect` found the instructions.
        unsafe { enabled(self, body) }
    }

    #[inline(always)]
    fn load(self, from: &[f64]) -> __m512d {
        assert!(from.len() >= 8);
        // SAFETY: the slice has a vector's elements; the token proves the instructions.
        unsafe { _mm512_loadu_pd(from.as_ptr()) }
    }
    #[inline(always)]
    fn store(self, to: &mut [f64], x: __m512d) {
        assert!(to.len() >= 8);
        // SAFETY: the slice has a vector's elements; the token proves the instructions.
        unsafe { _mm512_storeu_pd(to.as_mut_ptr(), x) }
    }
    #[inline(always)]
    fn load_u64(self, from: &[u64]) -> __m512i {
        assert!(from.len() >= 8);
        // SAFETY: the slice has a vector's elements; the token proves the instructions.
        unsafe { _mm512_loadu_si512(from.as_ptr().cast()) }
    }
    #[inline(always)]
    fn store_i32(self, to: &mut [i32], x: __m512i) {
        assert!(to.len() >= 8);
        // SAFETY: the slice has as many elements as a vector has lanes; the token proves the instructions.
        unsafe { _mm256_storeu_si256(to.as_mut_ptr().cast(), _mm512_cvtepi64_epi32(x)) }
    }
    #[inline(always)]
    fn load_f32(self, from: &[f32]) -> __m512 {
        assert!(from.len() >= 16);
        // SAFETY: the slice has a vector's elements; the token proves the instructions.
        unsafe { _mm512_loadu_ps(from.as_ptr()) }
    }
    #[inline(always)]
    fn store_f32(self, to: &mut [f32], x: __m512) {
        assert!(to.len() >= 16);
        // SAFETY: the slice has a vector's elements; the token proves the instructions.
        unsafe { _mm512_storeu_ps(to.as_mut_ptr(), x) }
    }

    instructions! {
        fn splat(x: f64) -> __m512d = _mm512_set1_pd(x);
        fn add(a: __m512d, b: __m512d) -> __m512d = _mm512_add_pd(a, b);
        fn sub(a: __m512d, b: __m512d) -> __m512d = _mm512_sub_pd(a, b);
        fn mul(a: __m512d, b: __m512d) -> __m512d = _mm512_mul_pd(a, b);
        fn div(a: __m512d, b: __m512d) -> __m512d = _mm512_div_pd(a, b);
        fn fma(a: __m512d, b: __m512d, c: __m512d) -> __m512d = _mm512_fmadd_pd(a, b, c);
        fn min(a: __m512d, b: __m512d) -> __m512d = _mm512_min_pd(a, b);
        fn max(a: __m512d, b: __m512d) -> __m512d = _mm512_max_pd(a, b);
        fn abs(a: __m512d) -> __m512d = _mm512_abs_pd(a);
        fn sqrt(a: __m512d) -> __m512d = _mm512_sqrt_pd(a);
        fn scale(y: __m512d, n: __m512d, _biased: __m512d) -> __m512d = _mm512_scalef_pd(y, n);
        fn total(a: __m512d) -> f64 = _mm512_reduce_add_pd(a);

        fn lt(a: __m512d, b: __m512d) -> __mmask8 = _mm512_cmp_pd_mask::<_CMP_LT_OQ>(a, b);
        fn le(a: __m512d, b: __m512d) -> __mmask8 = _mm512_cmp_pd_mask::<_CMP_LE_OQ>(a, b);
        fn select(mask: __mmask8, yes: __m512d, no: __m512d) -> __m512d = _mm512_mask_blend_pd(mask, no, yes);

        fn splat_u64(x: u64) -> __m512i = _mm512_set1_epi64(x as i64);
        fn bits(a: __m512d) -> __m512i = _mm512_castpd_si512(a);
        fn float(a: __m512i) -> __m512d = _mm512_castsi512_pd(a);
        fn add_u64(a: __m512i, b: __m512i) -> __m512i = _mm512_add_epi64(a, b);
        fn mul_u64(z: __m512i, _high: __m512i, factor: u64) -> __m512i =
            _mm512_mullo_epi64(z, _mm512_set1_epi64(factor as i64));
        fn and(a: __m512i, b: __m512i) -> __m512i = _mm512_and_si512(a, b);
        fn or(a: __m512i, b: __m512i) -> __m512i = _mm512_or_si512(a, b);
        fn xor(a: __m512i, b: __m512i) -> __m512i = _mm512_xor_si512(a, b);
        fn gt_i64(a: __m512i, b: __m512i) -> __mmask8 = _mm512_cmpgt_epi64_mask(a, b);
        fn keep(a: __m512i, mask: __mmask8) -> __m512i = _mm512_maskz_mov_epi64(mask, a);
        fn count(counts: __m512i, mask: __mmask8) -> __m512i =
            _mm512_mask_add_epi64(counts, mask, counts, _mm512_set1_epi64(1));
        fn total_u64(a: __m512i) -> u64 = _mm512_reduce_add_epi64(a) as u64;

        fn splat_f32(x: f32) -> __m512 = _mm512_set1_ps(x);
        fn fma_f32(a: __m512, b: __m512, c: __m512) -> __m512 = _mm512_fmadd_ps(a, b, c);
    }

    #[inline(always)]
    fn together(self, a: __m512d, b: __m512d) -> (__m512d, __m512d) {
        #[inline]
        #[target_feature(enable = "avx512f")]
        fn nothing(mut a: __m512d, mut b: __m512d) -> (__m512d, __m512d) {
            // SAFETY: there is no instruction in it.
            unsafe {
                asm!("/* {a} {b} */", a = inout(zmm_reg) a, b = inout(zmm_reg) b, options(pure, nomem, nostack))
            };
            (a, b)
        }
        // SAFETY: the token proves the instructions.
        unsafe { nothing(a, b) }
    }
    #[inline(always)]
    fn shr<const N: u32>(self, a: __m512i) -> __m512i {
        // SAFETY: the token proves the instructions.
        unsafe { _mm512_srli_epi64::<N>(a) }
    }
    #[inline(always)]
    fn either(self, a: __mmask8, b: __mmask8) -> __mmask8 {
        a | b
    }
    #[inline(always)]
    fn any(self, a: __mmask8) -> bool {
        a != 0
    }
}
