//! Random points in a circle: multiplications of 64-bit integers.

use super::super::isa::{Instructions, Isa, Loop};
use super::super::math::MOST;
use super::super::workloads::{MonteCarloPi, SEED};
use super::Contest;
use parfuse_ir::random::{random_scalar, seed_key};
use parfuse_ir::{DType, Scalar};

/// The constants of `crates/ir/src/random.rs`: the steps from one element and one draw to the next, what tells the
/// second key from the first, and two multipliers.
const ELEMENT: u64 = 0x9e37_79b9_7f4a_7c15;
const DRAW: u64 = 0xd1b5_4a32_d192_ed03;
const SECOND_KEY: u64 = 0x9fb2_1c65_1e98_df25;
const MULTIPLIERS: [u64; 2] = [0xbf58_476d_1ce4_e5b9, 0x94d0_49bb_1331_11eb];

/// Vectors side by side.
const K: usize = 4;

struct CountPoints {
    samples: usize,
    key: u64,
}

/// Numbers in `[0, 1)` of counters and the second key.
#[inline(always)]
fn random<I: Isa>(isa: I, counters: [I::U64; K], key2: I::U64) -> [I::F64; K] {
    let (mut z, mut numbers) = (counters, [isa.splat(0.0); K]);
    for z in &mut z {
        let high = isa.shr::<32>(*z);
        // Folded, the counter has the high half it had.
        *z = isa.xor(isa.mul_u64(isa.xor(*z, high), high, MULTIPLIERS[0]), key2);
    }
    for z in &mut z {
        let folded = isa.xor(*z, isa.shr::<29>(*z));
        *z = isa.mul_u64(folded, isa.shr::<32>(folded), MULTIPLIERS[1]);
    }
    for (number, z) in numbers.iter_mut().zip(z) {
        let z = isa.xor(z, isa.shr::<32>(z));
        let float = isa.or(isa.shr::<12>(z), isa.splat_u64(1.0f64.to_bits()));
        *number = isa.sub(isa.float(float), isa.splat(1.0));
    }
    numbers
}

fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(MULTIPLIERS[0]);
    z = (z ^ (z >> 27)).wrapping_mul(MULTIPLIERS[1]);
    z ^ (z >> 31)
}

impl Loop for CountPoints {
    type Output = u64;

    #[inline(always)]
    fn run<I: Isa>(self, isa: I) -> u64 {
        let key1 = mix(self.key ^ mix(ELEMENT));
        let key2 = isa.splat_u64(mix(key1 ^ SECOND_KEY));
        let mut start = [0; MOST];
        for (lane, counter) in start.iter_mut().enumerate() {
            *counter = key1.wrapping_add((lane as u64).wrapping_mul(ELEMENT));
        }
        let mut x_counters = [isa.splat_u64(0); K];
        for (k, counter) in x_counters.iter_mut().enumerate() {
            *counter = isa.load_u64(&start[k * I::LANES..]);
        }
        let mut y_counters = x_counters;
        for counter in &mut y_counters {
            *counter = isa.add_u64(*counter, isa.splat_u64(DRAW));
        }
        let step = isa.splat_u64(ELEMENT.wrapping_mul((K * I::LANES) as u64));
        let mut counts = [isa.splat_u64(0); K];
        for _ in 0..self.samples / (K * I::LANES) {
            let (x, y) = (random(isa, x_counters, key2), random(isa, y_counters, key2));
            for k in 0..K {
                let square = isa.add(isa.mul(x[k], x[k]), isa.mul(y[k], y[k]));
                counts[k] = isa.count(counts[k], isa.lt(square, isa.splat(1.0)));
                x_counters[k] = isa.add_u64(x_counters[k], step);
                y_counters[k] = isa.add_u64(y_counters[k], step);
            }
        }
        let count = isa.add_u64(isa.add_u64(counts[0], counts[1]), isa.add_u64(counts[2], counts[3]));
        let rest = self.samples - self.samples % (K * I::LANES)..self.samples;
        isa.total_u64(count) + rest.filter(|element| is_inside(self.key, *element)).count() as u64
    }
}

/// Whether one point is in the circle.
fn is_inside(key: u64, element: usize) -> bool {
    let [x, y] = [0, 1].map(|draw| match random_scalar(key, 0, element as i64, draw, DType::F64) {
        Scalar::F64(x) => x,
        other => panic!("{other:?} is no f64"),
    });
    x * x + y * y < 1.0
}

impl Contest for MonteCarloPi {
    fn run_by_hand(&mut self, isa: Instructions) {
        let inside = isa.run(CountPoints { samples: self.samples, key: seed_key(SEED) });
        self.estimate = 4.0 * inside as f64 / self.samples as f64;
    }
}
