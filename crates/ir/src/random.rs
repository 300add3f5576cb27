//! Random numbers as a pure function of (key, stream, element, draw).
//!
//! ```text
//! key, stream ──► key1, key2          uniform over a region: computed once
//! z = key1 + element * GOLDEN + draw * SECOND
//! z ──► shift, multiply, ^ key2, shift, multiply, shift ──► 64 random bits ──► a value of the type
//! ```
//!
//! No state passes from one element to the next, so the numbers do not depend on how many lanes, threads or
//! fused loops compute them. The mixing is that of SplitMix64 (Steele, Lea, Flood: Fast splittable
//! pseudorandom number generators, 2014; constants: Stafford's variant 13) with a second key added between
//! its two multiplications, so that different streams are not the same sequence at different places.
//!
//! As everything that compiled code computes it is written once, over [`Primitives`]; [`Stream`] and
//! [`of_bits`] are the same in plain Rust for callers that draw one number at a time.

use crate::lane::{LaneOp, LaneType};
use crate::math::Primitives;
use crate::{DType, Scalar};

/// 2^64 divided by the golden ratio: the step from one element to the next.
const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;
/// 2^64 divided by the positive root of `x^4 = x + 1`: the step from one draw to the next.
const DRAW: u64 = 0xd1b5_4a32_d192_ed03;
/// What distinguishes the second key from the first.
const SECOND_KEY: u64 = 0x9fb2_1c65_1e98_df25;
/// The two multipliers of the finaliser.
const MULTIPLIERS: [u64; 2] = [0xbf58_476d_1ce4_e5b9, 0x94d0_49bb_1331_11eb];

/// The distance of neighbouring `f32`: 2^-24.
const GRID_F32: f32 = 1.0 / 16_777_216.0;

/// A random value: for floats uniform in `[0, 1)` on a grid of 2^52 or 2^24 points, for the other types
/// uniform over all values. `key`, `stream`, `element` and `draw` are 64-bit integers. A `usize` is an
/// [`LaneType::I64`] here as everywhere in Lane.
pub fn random<P: Primitives>(
    p: &mut P,
    key: P::Value,
    stream: P::Value,
    element: P::Value,
    draw: P::Value,
    dtype: DType,
) -> P::Value {
    let bits = random_bits(p, key, stream, element, draw);
    match dtype.lane() {
        LaneType::Bool => {
            let zero = p.i64(0);
            p.op(LaneOp::SLt, &[bits, zero])
        }
        LaneType::I64 => bits,
        LaneType::I32 => {
            // Signs matter to types only that are narrower than their lanes.
            let extends = dtype.is_signed() && dtype.bits() < 32;
            let shift = if extends { LaneOp::SShr } else { LaneOp::UShr };
            let high = p.with_int(shift, bits, 64 - dtype.bits() as i64);
            p.op(LaneOp::Wrap, &[high])
        }
        // The highest bits become the mantissa of a float in [1, 2): vectors of 128 bits cannot convert integers of 64.
        LaneType::F64 => {
            let mantissa = p.with_int(LaneOp::UShr, bits, 12);
            let float = p.with_int(LaneOp::IOr, mantissa, 1.0f64.to_bits() as i64);
            let (float, one) = (p.bitcast(float), p.f64(1.0));
            p.fsub(float, one)
        }
        LaneType::F32 => {
            let high = p.with_int(LaneOp::UShr, bits, 40);
            let high = p.op(LaneOp::Wrap, &[high]);
            let (float, grid) = (p.op(LaneOp::SToF32, &[high]), p.f32(GRID_F32));
            p.fmul(float, grid)
        }
    }
}

/// The 64 random bits that [`random`] makes its value of.
pub fn random_bits<P: Primitives>(
    p: &mut P,
    key: P::Value,
    stream: P::Value,
    element: P::Value,
    draw: P::Value,
) -> P::Value {
    let stream = p.with_int(LaneOp::IAdd, stream, GOLDEN as i64);
    let stream = finalise_lanes(p, stream);
    let key = p.op(LaneOp::IXor, &[key, stream]);
    let key1 = finalise_lanes(p, key);
    let key2 = p.with_int(LaneOp::IXor, key1, SECOND_KEY as i64);
    let key2 = finalise_lanes(p, key2);
    // The draw is most often a constant or uniform: added first, it stays out of the loop.
    let draw = p.with_int(LaneOp::IMul, draw, DRAW as i64);
    let start = p.op(LaneOp::IAdd, &[key1, draw]);
    let element = p.with_int(LaneOp::IMul, element, GOLDEN as i64);
    let z = p.op(LaneOp::IAdd, &[start, element]);
    let z = fold(p, z, 32);
    let z = p.with_int(LaneOp::IMul, z, MULTIPLIERS[0] as i64);
    let z = p.op(LaneOp::IXor, &[z, key2]);
    let z = fold(p, z, 29);
    let z = p.with_int(LaneOp::IMul, z, MULTIPLIERS[1] as i64);
    fold(p, z, 32)
}

/// The value of [`random`] for these arguments.
pub fn random_scalar(key: u64, stream: i64, element: i64, draw: i64, dtype: DType) -> Scalar {
    of_bits(Stream::new(key, stream).bits(element, draw), dtype)
}

/// The random bits of one stream: what depends on key and stream alone is computed once.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Stream {
    key1: u64,
    key2: u64,
}

impl Stream {
    /// A stream of a key.
    pub fn new(key: u64, stream: i64) -> Stream {
        let key1 = finalise(key ^ finalise((stream as u64).wrapping_add(GOLDEN)));
        Stream { key1, key2: finalise(key1 ^ SECOND_KEY) }
    }

    /// The 64 random bits of a draw.
    #[inline]
    pub fn bits(self, element: i64, draw: i64) -> u64 {
        let mut z = self
            .key1
            .wrapping_add((draw as u64).wrapping_mul(DRAW))
            .wrapping_add((element as u64).wrapping_mul(GOLDEN));
        z = (z ^ (z >> 32)).wrapping_mul(MULTIPLIERS[0]) ^ self.key2;
        z = (z ^ (z >> 29)).wrapping_mul(MULTIPLIERS[1]);
        z ^ (z >> 32)
    }
}

/// The value that [`random`] makes of 64 random bits.
#[inline]
pub fn of_bits(bits: u64, dtype: DType) -> Scalar {
    match dtype.lane() {
        LaneType::Bool => Scalar::Bool(bits >> 63 == 1),
        LaneType::I32 | LaneType::I64 => Scalar::from_bits(dtype, bits >> (64 - dtype.bits())),
        LaneType::F32 => Scalar::F32((bits >> 40) as i32 as f32 * GRID_F32),
        LaneType::F64 => Scalar::F64(f64::from_bits((bits >> 12) | 1.0f64.to_bits()) - 1.0),
    }
}

/// The key for a user's seed. Different seeds give different keys, and neighbouring seeds unrelated ones.
pub fn seed_key(seed: u64) -> u64 {
    finalise(seed.wrapping_add(GOLDEN))
}

/// The finaliser of SplitMix64: a bijection in which each input bit affects each output bit.
fn finalise(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(MULTIPLIERS[0]);
    z = (z ^ (z >> 27)).wrapping_mul(MULTIPLIERS[1]);
    z ^ (z >> 31)
}

fn finalise_lanes<P: Primitives>(p: &mut P, z: P::Value) -> P::Value {
    let z = fold(p, z, 30);
    let z = p.with_int(LaneOp::IMul, z, MULTIPLIERS[0] as i64);
    let z = fold(p, z, 27);
    let z = p.with_int(LaneOp::IMul, z, MULTIPLIERS[1] as i64);
    fold(p, z, 31)
}

/// `z ^ (z >> count)`.
fn fold<P: Primitives>(p: &mut P, z: P::Value, count: i64) -> P::Value {
    debug_assert_eq!(p.ty(z), LaneType::I64);
    let high = p.with_int(LaneOp::UShr, z, count);
    p.op(LaneOp::IXor, &[z, high])
}

#[cfg(test)]
mod tests;
