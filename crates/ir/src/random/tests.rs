//! That the random numbers are the ones specified, and that they look random in the directions in which
//! kernels walk: along elements, draws, streams and seeds.

use super::*;
use crate::math::{Bits, Evaluate};

fn bits(key: u64, stream: i64, element: i64, draw: i64) -> u64 {
    match random_scalar(key, stream, element, draw, DType::I64) {
        Scalar::I64(z) => z as u64,
        other => panic!("{other:?}"),
    }
}

fn uniform(key: u64, stream: i64, element: i64, draw: i64) -> f64 {
    match random_scalar(key, stream, element, draw, DType::F64) {
        Scalar::F64(x) => x,
        other => panic!("{other:?}"),
    }
}

/// The correlation of pairs of uniform numbers, in standard deviations from none.
fn correlation(pairs: impl Iterator<Item = (f64, f64)>) -> f64 {
    let (mut sum, mut count) = (0.0, 0.0f64);
    for (a, b) in pairs {
        sum += (a - 0.5) * (b - 0.5) * 12.0;
        count += 1.0;
    }
    sum / count.sqrt()
}

#[test]
fn the_finaliser_is_that_of_splitmix64() {
    let rows = include_str!("../../tests/data/rng/splitmix64.csv");
    let hex = |text: &str| u64::from_str_radix(text.trim_start_matches("0x"), 16).unwrap();
    let mut count = 0;
    for row in rows.lines().skip(1) {
        let fields: Vec<&str> = row.split(',').collect();
        let (seed, index): (u64, u64) = (hex(fields[1]), fields[2].parse().unwrap());
        let state = seed.wrapping_add((index + 1).wrapping_mul(GOLDEN));
        assert_eq!(finalise(state), hex(fields[3]), "{row}");
        if index == 0 {
            assert_eq!(seed_key(seed), hex(fields[3]));
        }
        count += 1;
    }
    assert_eq!(count, 50);
}

/// Computed by an independent implementation in Python's unbounded integers.
#[test]
fn known_answers() {
    for (key, stream, element, draw, expected) in [
        (0x0, 0, 0, 0, 0x8d8411997701fb8a),
        (0x0, 0, 1, 0, 0x7b9f38fc50bd2f12),
        (0x0, 0, 0, 1, 0xc15c591cb2afb4ee),
        (0x0, 1, 0, 0, 0x5fbba3a942cf4297),
        (0x1, 0, 0, 0, 0x2bcbc76cefcea6b6),
        (0x123456789abcdef0, 7, 1000000, 3, 0x99730b09dc49ec8b),
        (0xffffffffffffffff, i64::MAX, -1, 12, 0xc2e31c18894b5e82),
        // The keys of the seeds 0, 1, 42 and 2^64 - 1.
        (0xe220a8397b1dcdaf, 0, 0, 0, 0x3a4eea60af4cad97),
        (0x910a2dec89025cc1, 0, 0, 0, 0xba23686afae959e4),
        (0xbdd732262feb6e95, 3, 8191, 1, 0x2b6190afe1a6abdd),
        (0xbdd732262feb6e95, 0, 8192, 0, 0xac3f3e3dd9e301ac),
        (0xe4d971771b652c20, 1, 1 << 40, 1 << 33, 0x0079c987c06321a1),
    ] {
        assert_eq!(bits(key, stream, element, draw), expected);
    }
}

#[test]
fn lanes_and_plain_rust_give_the_same_numbers() {
    for i in 0..500i64 {
        let key = seed_key(i as u64 / 7);
        let (stream, element, draw) = (i % 5, i * i * 977 - 40, i % 11);
        for dtype in DType::ALL {
            let word = |bits: u64| Bits { ty: LaneType::I64, bits };
            let (stream_bits, element_bits) = (word(stream as u64), word(element as u64));
            let lanes =
                random(&mut Evaluate, word(key), stream_bits, element_bits, word(draw as u64), *dtype);
            assert_eq!(lanes.ty, LaneType::of(*dtype));
            assert_eq!(lanes.bits, random_scalar(key, stream, element, draw, *dtype).to_bits());
        }
    }
}

#[test]
fn floats_are_uniform() {
    let n = 40_000;
    for stream in 0..4 {
        let (mut mean, mut square, mut bins) = (0.0, 0.0, [0u32; 16]);
        for i in 0..n {
            let x = uniform(seed_key(1), stream, i, 0);
            assert!((0.0..1.0).contains(&x));
            bins[(x * 16.0) as usize] += 1;
            mean += x;
            square += (x - 0.5) * (x - 0.5);
        }
        let n = n as f64;
        // Four standard deviations each; the numbers are fixed, so this either always holds or never.
        assert!((mean / n - 0.5).abs() < 4.0 * (1.0 / 12.0 / n).sqrt());
        assert!((square / n - 1.0 / 12.0).abs() < 4.0 * (1.0 / 180.0 / n).sqrt());
        let expected = n / 16.0;
        let chi_squared: f64 = bins.iter().map(|count| (*count as f64 - expected).powi(2) / expected).sum();
        assert!((2.0..40.0).contains(&chi_squared), "{chi_squared}");
        for i in 0..1000 {
            let Scalar::F32(x) = random_scalar(seed_key(1), stream, i, 0, DType::F32) else { panic!() };
            assert!((0.0..1.0).contains(&x));
        }
    }
}

#[test]
fn every_bit_is_balanced_in_every_direction() {
    let n = 8_000;
    let directions: [fn(i64) -> u64; 4] = [
        |i| bits(seed_key(5), 0, i, 0),
        |i| bits(seed_key(5), 0, 0, i),
        |i| bits(seed_key(5), i, 0, 0),
        |i| bits(seed_key(i as u64), 0, 0, 0),
    ];
    for direction in directions {
        let mut ones = [0i64; 64];
        let mut changes = [0i64; 64];
        let mut last = direction(0);
        for i in 1..=n {
            let z = direction(i);
            for bit in 0..64 {
                ones[bit] += (z >> bit & 1) as i64;
                changes[bit] += ((z ^ last) >> bit & 1) as i64;
            }
            last = z;
        }
        let limit = 4.5 * (n as f64 / 4.0).sqrt();
        for count in ones.iter().chain(&changes) {
            assert!(((count - n / 2) as f64).abs() < limit, "{count}");
        }
    }
}

#[test]
fn neighbours_are_uncorrelated() {
    let n = 20_000i64;
    let key = seed_key(42);
    for lag in [1, 2, 7, 32, 4096] {
        let elements = correlation((0..n).map(|i| (uniform(key, 0, i, 0), uniform(key, 0, i + lag, 0))));
        let draws = correlation((0..n).map(|i| (uniform(key, 0, i, 0), uniform(key, 0, i, lag))));
        let streams = correlation((0..n).map(|i| (uniform(key, 0, i, 0), uniform(key, lag, i, 0))));
        let seeds =
            correlation((0..n).map(|i| {
                (uniform(seed_key(i as u64), 0, 0, 0), uniform(seed_key((i + lag) as u64), 0, 0, 0))
            }));
        for z in [elements, draws, streams, seeds] {
            assert!(z.abs() < 4.0, "{z} at lag {lag}");
        }
    }
}

#[test]
fn interleaved_streams_and_unmixed_keys_are_uniform() {
    // Eight streams of consecutive, unmixed keys, read in turn; pairs of high bits fill a table evenly.
    let mut table = [0u32; 256];
    let n = 40_000i64;
    for i in 0..n {
        let a = bits((i % 8) as u64, i % 3, i / 8, 0) >> 60;
        let b = bits(((i + 1) % 8) as u64, i % 3, (i + 1) / 8, 0) >> 60;
        table[(a << 4 | b) as usize] += 1;
    }
    let expected = n as f64 / 256.0;
    let chi_squared: f64 = table.iter().map(|count| (*count as f64 - expected).powi(2) / expected).sum();
    assert!((170.0..350.0).contains(&chi_squared), "{chi_squared}");
}

#[test]
fn numbers_do_not_repeat() {
    let mut seen = std::collections::HashSet::new();
    for stream in 0..8 {
        for element in 0..500 {
            for draw in 0..4 {
                assert!(seen.insert(bits(seed_key(3), stream, element, draw)));
            }
        }
    }
}
