//! The functions of compiled kernels, written again in vector instructions: the same coefficients, the same order of
//! operations, the same results.
//!
//! Each works on `K` vectors side by side, so that one need not wait for another: the processor overlaps chains of
//! dependent operations only as far as its queue reaches, so they are written close to each other.
//!
//! Two things an author of intrinsics would do otherwise are done otherwise, without a change of bits: `scale` is one
//! instruction where there is one, and `ln` looks for special arguments once and leaves them to a slow path.

use super::isa::Isa;
use std::f64::consts::LOG2_E;

/// `crates/ir/src/math/exp.rs`
const EXP: [f64; 12] = [
    2.5001302894778114e-08,
    2.763026891500684e-07,
    2.755758289279223e-06,
    2.480149304388574e-05,
    0.00019841269509975875,
    0.001388888894368067,
    0.008333333333493127,
    0.041666666666529975,
    0.16666666666666413,
    0.5000000000000011,
    1.0,
    1.0,
];
const EXP_LN_2: [f64; 2] = [std::f64::consts::LN_2, 2.3190468138462996e-17];
/// `1.5 * 2^52`, and twice the exponent bias.
const SHIFT: f64 = 6755399441055744.0 + 2046.0;

/// `crates/ir/src/math/ln.rs`
const LN: [f64; 7] = [
    0.14798587091677776,
    0.15313804600809294,
    0.18183573218249097,
    0.22222198416672662,
    0.2857142874376242,
    0.3999999999940922,
    0.6666666666666735,
];
const LN_LN_2: [f64; 2] = [0.6931471805598903, 5.497923018708371e-14];
/// The bits of the square root of one half, rounded.
const ROOT: u64 = 0x3fe6_a09e_0000_0000;
/// `2^52`
const INTEGER: f64 = 4503599627370496.0;

/// At least the elements of `K` vectors side by side.
pub const MOST: usize = 32;

/// The first elements of a slice.
#[inline(always)]
pub fn load<I: Isa, const K: usize>(isa: I, from: &[f64]) -> [I::F64; K] {
    let mut group = [isa.splat(0.0); K];
    for (k, vector) in group.iter_mut().enumerate() {
        *vector = isa.load(&from[k * I::LANES..]);
    }
    group
}

/// Writes to the front of a slice.
#[inline(always)]
pub fn store<I: Isa, const K: usize>(isa: I, to: &mut [f64], group: [I::F64; K]) {
    for (k, vector) in group.into_iter().enumerate() {
        isa.store(&mut to[k * I::LANES..], vector);
    }
}

/// The last elements of a slice, and ones behind them.
pub fn padded(rest: &[f64]) -> [f64; MOST] {
    let mut all = [1.0; MOST];
    all[..rest.len()].copy_from_slice(rest);
    all
}

/// These vectors, which the compiler would otherwise compute one after the other where it runs out of registers.
#[inline(always)]
fn together<I: Isa, const K: usize>(isa: I, mut group: [I::F64; K]) -> [I::F64; K] {
    for k in 1..K {
        (group[k - 1], group[k]) = isa.together(group[k - 1], group[k]);
    }
    group
}

/// A polynomial, highest power first.
#[inline(always)]
fn horner<I: Isa, const K: usize, const N: usize>(
    isa: I,
    x: [I::F64; K],
    coefficients: [f64; N],
) -> [I::F64; K] {
    let x = together(isa, x);
    let mut sum = [isa.splat(coefficients[0]); K];
    for coefficient in &coefficients[1..] {
        let coefficient = isa.splat(*coefficient);
        for k in 0..K {
            sum[k] = isa.fma(sum[k], x[k], coefficient);
        }
    }
    together(isa, sum)
}

/// `e` to the power of `x`.
#[inline(always)]
pub fn exp<I: Isa, const K: usize>(isa: I, x: [I::F64; K]) -> [I::F64; K] {
    let (mut shifted, mut n, mut r) = (x, x, x);
    for k in 0..K {
        let x = isa.max(isa.splat(-746.0), isa.min(isa.splat(710.0), x[k]));
        shifted[k] = isa.fma(x, isa.splat(LOG2_E), isa.splat(SHIFT));
        n[k] = isa.sub(shifted[k], isa.splat(SHIFT));
        r[k] = isa.fma(n[k], isa.splat(-EXP_LN_2[0]), x);
        r[k] = isa.fma(n[k], isa.splat(-EXP_LN_2[1]), r[k]);
    }
    let mut y = horner(isa, r, EXP);
    for k in 0..K {
        y[k] = isa.scale(y[k], n[k], shifted[k]);
    }
    y
}

/// The natural logarithm of `x`.
#[inline(always)]
pub fn ln<I: Isa, const K: usize>(isa: I, x: [I::F64; K]) -> [I::F64; K] {
    let (mut exponents, mut f, mut s, mut z) = (x, x, x, x);
    for k in 0..K {
        let bits = isa.add_u64(isa.bits(x[k]), isa.splat_u64(1.0f64.to_bits().wrapping_sub(ROOT)));
        let fraction = isa.and(bits, isa.splat_u64((1 << 52) - 1));
        let m = isa.float(isa.add_u64(fraction, isa.splat_u64(ROOT)));
        let exponent = isa.or(isa.shr::<52>(bits), isa.splat_u64(INTEGER.to_bits()));
        exponents[k] = isa.sub(isa.float(exponent), isa.splat(INTEGER + 1023.0));
        f[k] = isa.sub(m, isa.splat(1.0));
        s[k] = isa.div(f[k], isa.add(f[k], isa.splat(2.0)));
        z[k] = isa.mul(s[k], s[k]);
    }
    let polynomial = horner(isa, z, LN);
    let mut result = x;
    for k in 0..K {
        let half_square = isa.mul(isa.mul(f[k], isa.splat(0.5)), f[k]);
        let shift = isa.mul(exponents[k], isa.splat(LN_LN_2[0]));
        let high = isa.add(shift, f[k]);
        let low = isa.add(isa.sub(shift, high), f[k]);
        let low = isa.fma(exponents[k], isa.splat(LN_LN_2[1]), low);
        let inner = isa.fma(z[k], polynomial[k], half_square);
        let low = isa.sub(isa.fma(s[k], inner, low), half_square);
        result[k] = isa.add(high, low);
    }

    // Normal numbers are those whose bits, counted from the smallest one's, are few; signed, from the other end.
    let smallest = f64::MIN_POSITIVE.to_bits();
    let rotation = isa.splat_u64((i64::MIN as u64).wrapping_sub(smallest));
    let last = isa.splat_u64((i64::MIN as u64).wrapping_add(f64::INFINITY.to_bits() - smallest - 1));
    let mut special = isa.lt(x[0], x[0]);
    for x in x {
        special = isa.either(special, isa.gt_i64(isa.add_u64(isa.bits(x), rotation), last));
    }
    if isa.any(special) { ln_of_each(isa, x) } else { result }
}

/// The logarithms by the platform's function: of zeros, subnormal and negative numbers, infinity and NaN.
#[cold]
fn ln_of_each<I: Isa, const K: usize>(isa: I, x: [I::F64; K]) -> [I::F64; K] {
    let mut lanes = [0.0; MOST];
    store(isa, &mut lanes, x);
    load(isa, &lanes.map(f64::ln))
}
