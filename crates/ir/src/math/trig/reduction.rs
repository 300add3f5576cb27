//! The remainder of a magnitude modulo a quarter turn, to about 120 bits.
//!
//! ```text
//! near   n = x 2/pi rounded;  r = x - n P1 - n P2 - n P3
//!        P1 has 53 bits, and x - n P1 is exact; P2 has 32, and n P2 is exact; P3 has 53 again
//! far    x = m 2^e with an integer m. Of the product m * 2^e * 2/pi = n + f only n modulo 4 and f matter.
//!        Bits of 2/pi so far up that they contribute multiples of 4 are left out, those too far down as
//!        well: what remains is an integer product of m and seven 32-bit words. r = f pi/2
//! ```
//!
//! The first is that of Cody and Waite (Software Manual for the Elementary Functions, 1980), with fused
//! multiplication; the second that of Payne and Hanek (Radian reduction for trigonometric functions, 1983).
//! Lanes cannot look up words in a table, so they select them, bit by bit of the place.

use crate::lane::LaneOp;
use crate::math::Primitives;
use crate::math::double::{fast_two_sum, two_product};

/// A remainder.
#[derive(Clone, Copy)]
pub(super) struct Reduced<V> {
    /// The number of quarter turns taken off, an integer; only its low two bits are right.
    pub(super) quarters: V,
    /// The remainder, rounded.
    pub(super) high: V,
    /// What the rounded remainder is too large by.
    pub(super) minus_low: V,
}

/// pi/2 in parts of 53, 32 and 53 bits.
const PARTS: [f64; 3] = [std::f64::consts::FRAC_PI_2, 6.12323399667708e-17, -9.403137205957857e-27];
/// The part after the first, to double precision.
const SECOND_PART: f64 = 6.123233995736766e-17;

/// The 32-bit words of 2/pi after the point, in front of them two of zeros.
const WORDS: [u32; 39] = [
    0x00000000, 0x00000000, 0xa2f9836e, 0x4e441529, 0xfc2757d1, 0xf534ddc0, 0xdb629599, 0x3c439041,
    0xfe5163ab, 0xdebbc561, 0xb7246e3a, 0x424dd2e0, 0x06492eea, 0x09d1921c, 0xfe1deb1c, 0xb129a73e,
    0xe88235f5, 0x2ebb4484, 0xe99c7026, 0xb45f7e41, 0x3991d639, 0x835339f4, 0x9c845f8b, 0xbdf9283b,
    0x1ff897ff, 0xde05980f, 0xef2f118b, 0x5a0a6d1f, 0x6d367ecf, 0x27cb09b7, 0x4f463f66, 0x9e5fea2d,
    0x7527bac7, 0xebe5f17b, 0x3d0739f7, 0x8a5292ea, 0x6bfb5fb1, 0x1f8d5d08, 0x56033046,
];

const LOW_WORD: i64 = 0xffff_ffff;
const MANTISSA: i64 = (1 << 52) - 1;
/// `2^52`, whose low bits count ones.
const TWO_TO_52: f64 = 4503599627370496.0;

/// The remainder of an `x` from 0 to 1.6e6, with fewer than 2^20 quarter turns.
pub(super) fn near<P: Primitives>(p: &mut P, x: P::Value) -> Reduced<P::Value> {
    let (quarters_per_radian, shift) = (p.f64(std::f64::consts::FRAC_2_PI), p.f64(crate::math::exp::SHIFT));
    let shifted = p.fma(x, quarters_per_radian, shift);
    let n = p.fsub(shifted, shift);
    let minus_first = p.f64(-PARTS[0]);
    let minus_second = p.f64(-PARTS[1]);
    let (second, third) = (p.f64(PARTS[1]), p.f64(PARTS[2]));
    let r = p.fma(n, minus_first, x);
    let high = p.fma(n, minus_second, r);
    // The error of the last rounding: exact, since either r is the larger of the two, or both are so small
    // that their sum has not been rounded at all.
    let difference = p.fsub(high, r);
    let minus_low = p.fma(n, second, difference);
    let minus_low = p.fma(n, third, minus_low);
    Reduced { quarters: p.bitcast(shifted), high, minus_low }
}

/// The remainder of a finite `x` of at least 2^20.
pub(super) fn far<P: Primitives>(p: &mut P, x: P::Value) -> Reduced<P::Value> {
    let bits = p.bitcast(x);
    // e + 32 for the e of x = m 2^e; at least 0 and at most 1003.
    let exponent = p.with_int(LaneOp::UShr, bits, 52);
    let exponent = p.with_int(LaneOp::ISub, exponent, 1023 + 52 - 32);
    let words = window(p, exponent);

    let fraction = p.with_int(LaneOp::IAnd, bits, MANTISSA);
    let m = p.with_int(LaneOp::IOr, fraction, 1 << 52);
    let (m_low, m_high) = (low_word(p, m), high_word(p, m));
    let from_low: Vec<_> = words[..6].iter().map(|word| p.op(LaneOp::IMul, &[m_low, *word])).collect();
    let from_high: Vec<_> = words[1..].iter().map(|word| p.op(LaneOp::IMul, &[m_high, *word])).collect();
    // Column i has the weight 2^-32i; what the sixth would carry does not matter.
    let mut columns = Vec::new();
    for i in 0..5 {
        let terms = [
            low_word(p, from_low[i]),
            high_word(p, from_low[i + 1]),
            low_word(p, from_high[i]),
            high_word(p, from_high[i + 1]),
        ];
        columns.push(terms[1..].iter().fold(terms[0], |sum, term| p.op(LaneOp::IAdd, &[sum, *term])));
    }
    for i in (1..5).rev() {
        let carry = high_word(p, columns[i]);
        columns[i] = low_word(p, columns[i]);
        columns[i - 1] = p.op(LaneOp::IAdd, &[columns[i - 1], carry]);
    }

    // The fraction f as a number in [-1/2, 1/2): the highest bit of its first word counts as minus a half,
    // and as a quarter turn more.
    let half = p.with_int(LaneOp::UShr, columns[1], 31);
    let quarters = p.op(LaneOp::IAdd, &[columns[0], half]);
    let first = p.with_int(LaneOp::Shl, half, 32);
    let first = p.op(LaneOp::ISub, &[columns[1], first]);
    let first = p.op(LaneOp::SToF64, &[first]);
    let scales = [-32, -64, -96, -128].map(|exponent| p.f64(2f64.powi(exponent)));
    let first = p.fmul(first, scales[0]);
    let mut sums = (first, p.f64(0.0));
    for i in 2..5 {
        let word = p.op(LaneOp::SToF64, &[columns[i]]);
        let word = p.fmul(word, scales[i - 1]);
        let (sum, error) = fast_two_sum(p, sums.0, word);
        sums = (sum, p.fadd(sums.1, error));
    }
    let (high, low) = fast_two_sum(p, sums.0, sums.1);

    // r = f pi/2
    let (first, second) = (p.f64(PARTS[0]), p.f64(SECOND_PART));
    let (product, error) = two_product(p, high, first);
    let error = p.fma(high, second, error);
    let error = p.fma(low, first, error);
    let (high, low) = fast_two_sum(p, product, error);
    Reduced { quarters, high, minus_low: p.fneg(low) }
}

/// Seven words of 2/pi from a place on that is `exponent` bits down, the first weighing one if multiplied by
/// the mantissa.
fn window<P: Primitives>(p: &mut P, exponent: P::Value) -> Vec<P::Value> {
    // By whole words: bit by bit of their number, highest first, all words move up or stay.
    let mut words: Vec<_> = WORDS.iter().map(|word| p.i64(*word as i64)).collect();
    let zero = p.i64(0);
    for distance in [16, 8, 4, 2, 1] {
        let bit = p.with_int(LaneOp::IAnd, exponent, distance as i64 * 32);
        let moves = p.op(LaneOp::INe, &[bit, zero]);
        words = (0..words.len() - distance).map(|i| p.select(moves, words[i + distance], words[i])).collect();
    }
    // By the bits that remain: a multiplication with a power of two, which is made as a float.
    let bits = p.with_int(LaneOp::IAnd, exponent, 31);
    let biased = p.with_int(LaneOp::IAdd, bits, 1023);
    let power = p.with_int(LaneOp::Shl, biased, 52);
    let power = p.bitcast(power);
    let two_to_52 = p.f64(TWO_TO_52);
    let power = p.fadd(power, two_to_52);
    let power = p.bitcast(power);
    let power = p.with_int(LaneOp::IAnd, power, MANTISSA);
    let moved: Vec<_> = words.iter().map(|word| p.op(LaneOp::IMul, &[*word, power])).collect();
    (0..7)
        .map(|i| {
            let (own, next) = (low_word(p, moved[i]), high_word(p, moved[i + 1]));
            p.op(LaneOp::IOr, &[own, next])
        })
        .collect()
}

fn low_word<P: Primitives>(p: &mut P, a: P::Value) -> P::Value {
    p.with_int(LaneOp::IAnd, a, LOW_WORD)
}

fn high_word<P: Primitives>(p: &mut P, a: P::Value) -> P::Value {
    p.with_int(LaneOp::UShr, a, 32)
}
