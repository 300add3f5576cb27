//! That compositions compute what they say, at the ends of their domains too, and that their numbers are
//! distributed as they should be. Seeds are fixed: a statistic is either always within its limits or never.

use super::*;
use crate::random::{of_bits, random_scalar, seed_key};

/// Uniform numbers made of these words.
fn of_words(words: [u64; 2]) -> impl FnMut(u32, DType) -> Scalar {
    move |position, dtype| of_bits(words[position as usize], dtype)
}

/// The number of an element of stream 0 under seed 1.
fn number(distribution: Distribution, dtype: DType, operands: &[Scalar], element: i64) -> Scalar {
    let draw = |position, dtype| random_scalar(seed_key(1), 0, element, i64::from(position), dtype);
    distribution.sample(dtype, operands, draw)
}

fn float_of(scalar: Scalar) -> f64 {
    match scalar.cast(DType::F64) {
        Scalar::F64(x) => x,
        other => panic!("{other}"),
    }
}

fn int_of(scalar: Scalar) -> i64 {
    match scalar.cast(DType::I64) {
        Scalar::I64(x) => x,
        other => panic!("{other}"),
    }
}

fn floats(distribution: Distribution, dtype: DType, n: i64) -> Vec<f64> {
    (0..n).map(|element| float_of(number(distribution, dtype, &[], element))).collect()
}

/// The sum of the squared distances of counts from what is expected of each, in its units.
fn chi_squared(counts: &[u32]) -> f64 {
    let expected = counts.iter().sum::<u32>() as f64 / counts.len() as f64;
    counts.iter().map(|count| (f64::from(*count) - expected).powi(2) / expected).sum()
}

/// Whether chi squared is within five standard deviations of its mean.
fn is_even(counts: &[u32]) -> bool {
    let freedom = counts.len() as f64 - 1.0;
    (chi_squared(counts) - freedom).abs() < 5.0 * (2.0 * freedom).sqrt()
}

/// How many numbers fall into each of the bins that these limits separate.
fn bins(numbers: &[f64], limits: &[f64]) -> Vec<u32> {
    let mut counts = vec![0; limits.len() + 1];
    for x in numbers {
        counts[limits.partition_point(|limit| limit <= x)] += 1;
    }
    counts
}

/// Mean, variance, and the third and fourth moments about the mean.
fn moments(numbers: &[f64]) -> [f64; 4] {
    let n = numbers.len() as f64;
    let mean = numbers.iter().sum::<f64>() / n;
    let about = |power: i32| numbers.iter().map(|x| (x - mean).powi(power)).sum::<f64>() / n;
    [mean, about(2), about(3), about(4)]
}

#[test]
fn names_are_unique_and_found_again() {
    for distribution in Distribution::ALL {
        assert_eq!(Distribution::from_name(distribution.name()), Some(*distribution));
    }
}

/// Computed by an independent implementation in Python's unbounded integers, the functions by mpmath.
#[test]
fn known_answers() {
    let integers = |distribution, low: i64, high: i64, n| -> Vec<i64> {
        let operands = [Scalar::I64(low), Scalar::I64(high)];
        (0..n).map(|element| int_of(number(distribution, DType::I64, &operands, element))).collect()
    };
    assert_eq!(integers(Distribution::RangeInclusive, 1, 6, 12), [5, 5, 3, 6, 3, 6, 2, 3, 3, 2, 1, 3]);
    let long = [836137156088890219, 1036583524053754757, -2594025195481385859, 3342906757174358551];
    assert_eq!(integers(Distribution::Range, i64::MIN, 1 << 62, 4), long);

    let close = |distribution, dtype, expected: [f64; 4], error: f64| {
        for (found, expected) in floats(distribution, dtype, 4).into_iter().zip(expected) {
            assert!((found - expected).abs() <= error, "{found} is not {expected}");
        }
    };
    let normal = [-1.1937125528395002, 1.643647761649834, -0.08648008827294967, -1.029756554814169];
    close(Distribution::Normal, DType::F64, normal, 1e-15);
    let normal = [1.17207622651, -0.0255240522181, 0.213948788011, 0.545964627623];
    close(Distribution::Normal, DType::F32, normal, 1e-6);
    let exponential = [1.2986600433626378, 1.3532119640020325, 0.652331873751902, 2.3891505828933075];
    close(Distribution::Exponential, DType::F64, exponential, 1e-15);

    let ends = [Scalar::F64(-1.0), Scalar::F64(3.0)];
    let range = |element| float_of(number(Distribution::Range, DType::F64, &ends, element));
    assert_eq!([0, 1, 2].map(range), [1.9084111256339797, 1.9663642956644694, 0.9166805993538523]);
    let p = [Scalar::F64(0.3)];
    let outcomes = (0..12).filter(|i| number(Distribution::Bool, DType::Bool, &p, *i) == Scalar::Bool(true));
    assert_eq!(outcomes.collect::<Vec<_>>(), [6, 9, 10]);
}

#[test]
fn integer_ranges_are_products_of_128_bits() {
    let words = [0, 1, 2, 0xffff_ffff, 1 << 32, 1 << 63, u64::MAX - 1, u64::MAX, 0x9e37_79b9_7f4a_7c15];
    let ends = [i64::MIN, i64::MIN + 1, -6, 0, 1, 7, 1 << 32, (1 << 32) + 1, 1 << 62, i64::MAX - 1, i64::MAX];
    for low in ends {
        for high in ends {
            let operands = [Scalar::I64(low), Scalar::I64(high)];
            let nonempty = Distribution::Range.is_nonempty(DType::I64, &operands);
            assert_eq!(nonempty, low < high);
            assert_eq!(Distribution::RangeInclusive.is_nonempty(DType::I64, &operands), low <= high);
            for (first, second) in words.iter().flat_map(|first| words.map(|second| (*first, second))) {
                for inclusive in [false, true] {
                    let length = i128::from(high) - i128::from(low) + i128::from(inclusive);
                    if length <= 0 {
                        continue;
                    }
                    // The words and the length in the highest places, so that nothing is lost.
                    let n = length as u128;
                    let fraction = if n == 1 << 64 { 0 } else { (u128::from(second) * n) >> 64 };
                    let offset = match n {
                        0x1_0000_0000_0000_0000 => u128::from(first),
                        _ => (u128::from(first) * n + fraction) >> 64,
                    };
                    let expected = (i128::from(low) + offset as i128) as i64;
                    let distribution =
                        if inclusive { Distribution::RangeInclusive } else { Distribution::Range };
                    let found = distribution.sample(DType::I64, &operands, of_words([first, second]));
                    assert_eq!(found, Scalar::I64(expected), "{low} to {high} by {first:#x} {second:#x}");
                }
            }
        }
    }
}

#[test]
fn ranges_of_every_integer_type_reach_their_ends() {
    let ends = |dtype, low: Scalar, high: Scalar, distribution: Distribution| {
        [[0; 2], [u64::MAX; 2]].map(|words| distribution.sample(dtype, &[low, high], of_words(words)))
    };
    let (min, max) = (Scalar::I32(i32::MIN), Scalar::I32(i32::MAX));
    assert_eq!(ends(DType::I32, min, max, Distribution::RangeInclusive), [min, max]);
    assert_eq!(ends(DType::I32, min, max, Distribution::Range), [min, Scalar::I32(i32::MAX - 1)]);
    let (zero, top) = (Scalar::Usize(0), Scalar::Usize(usize::MAX));
    assert_eq!(ends(DType::Usize, zero, top, Distribution::RangeInclusive), [zero, top]);
    let seven = Scalar::I64(7);
    assert_eq!(ends(DType::I64, seven, seven, Distribution::RangeInclusive), [seven, seven]);
    assert_eq!(ends(DType::I64, seven, Scalar::I64(8), Distribution::Range), [seven, seven]);
}

/// Does what compiled code does: knows constants or not, computes both sides of branches, has 64 bits.
struct Cautious {
    words: [u64; 2],
    knows: bool,
}

impl Sampler for Cautious {
    type Value = Scalar;
    fn constant(&mut self, scalar: Scalar) -> Scalar {
        scalar
    }
    fn draw(&mut self, position: u32, dtype: DType) -> Scalar {
        of_words(self.words)(position, dtype)
    }
    fn op(&mut self, op: ScalarOp, operands: &[Scalar]) -> Scalar {
        op.eval(operands)
    }
    fn cast(&mut self, value: Scalar, to: DType) -> Scalar {
        value.cast(to)
    }
    fn seldom(
        &mut self,
        condition: Scalar,
        common: Scalar,
        slow: &mut dyn FnMut(&mut Self) -> Scalar,
    ) -> Scalar {
        let slow = slow(self);
        ScalarOp::Select.eval(&[condition, slow, common])
    }
    fn known(&self, value: Scalar) -> Option<Scalar> {
        self.knows.then_some(value)
    }
}

#[test]
fn products_of_halves_are_products() {
    for length in [1, 2, 6, 1000, (1 << 32) - 1, 1 << 32, (1 << 32) + 1, 3 << 61, i64::MAX - 3] {
        for element in 0..200 {
            let words = [0, 1].map(|draw| random_scalar(9, 0, element, draw, DType::I64).to_bits());
            for words in [words, [u64::MAX, words[1]], [words[0] << 33, u64::MAX]] {
                let operands = [Scalar::I64(-3), Scalar::I64(length - 3)];
                let expected = Distribution::Range.sample(DType::I64, &operands, of_words(words));
                for knows in [false, true] {
                    let cautious = &mut Cautious { words, knows };
                    assert_eq!(Distribution::Range.compose(cautious, DType::I64, &operands), expected);
                }
            }
        }
    }
    let ends = [Scalar::I32(i32::MIN), Scalar::I32(i32::MAX)];
    for words in [[0, 0], [u64::MAX; 2], [0x1234_5678_9abc_def0, 5], [0xffff_ffff, u64::MAX]] {
        let expected = Distribution::RangeInclusive.sample(DType::I32, &ends, of_words(words));
        let cautious = &mut Cautious { words, knows: false };
        assert_eq!(Distribution::RangeInclusive.compose(cautious, DType::I32, &ends), expected);
    }
}

#[test]
fn integers_of_a_range_are_equally_frequent() {
    for (dtype, low, n) in [(DType::I64, -2, 6), (DType::Usize, 5, 37), (DType::I32, -500, 1000)] {
        let operands = [Scalar::I64(low).cast(dtype), Scalar::I64(low + n).cast(dtype)];
        let mut counts = vec![0; n as usize];
        for element in 0..20_000 {
            counts[(int_of(number(Distribution::Range, dtype, &operands, element)) - low) as usize] += 1;
        }
        assert!(is_even(&counts), "{counts:?}");
    }
}

/// Of three quarters of all 64-bit integers every third would be twice as frequent if one word decided.
#[test]
fn long_ranges_have_no_bias() {
    let operands = [Scalar::Usize(0), Scalar::Usize(3 << 62)];
    let mut counts = [0; 3];
    for element in 0..9000 {
        let Scalar::Usize(x) = number(Distribution::Range, DType::Usize, &operands, element) else {
            panic!()
        };
        counts[x % 3] += 1;
    }
    assert!(is_even(&counts), "{counts:?}");
}

#[test]
fn float_ranges_keep_to_their_ends() {
    let range = |low: f64, high: f64, distribution: Distribution, words| {
        float_of(distribution.sample(DType::F64, &[Scalar::F64(low), Scalar::F64(high)], of_words(words)))
    };
    for (low, high) in
        [(0.0, 1.0), (-2.5, 1e9), (1.0, 1.0 + f64::EPSILON), (1e16, 1e16 + 4.0), (-1e308, 7e307)]
    {
        for words in [[0; 2], [1 << 62; 2], [1 << 63; 2], [3 << 62; 2], [u64::MAX; 2]] {
            let x = range(low, high, Distribution::Range, words);
            assert!(low <= x && x < high, "{x} of {low}..{high}");
            let x = range(low, high, Distribution::RangeInclusive, words);
            assert!(low <= x && x <= high, "{x} of {low}..={high}");
        }
    }
    assert_eq!(range(2.0, 2.0, Distribution::RangeInclusive, [u64::MAX; 2]), 2.0);
    // Two numbers belong to this range: each has the same share, although one is an end of it.
    let mut counts = [0; 2];
    for element in 0..2000 {
        let operands = [Scalar::F64(1e16), Scalar::F64(1e16 + 4.0)];
        let x = float_of(number(Distribution::Range, DType::F64, &operands, element));
        counts[(x > 1e16) as usize] += 1;
    }
    assert!(is_even(&counts), "{counts:?}");
}

#[test]
fn ranges_without_numbers_are_told() {
    let is_nonempty = |distribution: Distribution, low: f64, high: f64| {
        let wide = distribution.is_nonempty(DType::F64, &[Scalar::F64(low), Scalar::F64(high)]);
        let short = [Scalar::F32(low as f32), Scalar::F32(high as f32)];
        assert_eq!(distribution.is_nonempty(DType::F32, &short), wide, "{low} to {high}");
        wide
    };
    for distribution in [Distribution::Range, Distribution::RangeInclusive] {
        assert!(is_nonempty(distribution, -1.5, 1.5));
        for (low, high) in [
            (1.0, 0.0),
            (f64::NAN, 1.0),
            (0.0, f64::NAN),
            (0.0, f64::INFINITY),
            (f64::NEG_INFINITY, 0.0),
            (f64::INFINITY, f64::INFINITY),
        ] {
            assert!(!is_nonempty(distribution, low, high), "{low} to {high}");
        }
        let too_long = [Scalar::F64(-1e308), Scalar::F64(1e308)];
        assert!(!distribution.is_nonempty(DType::F64, &too_long));
    }
    assert!(
        !is_nonempty(Distribution::Range, 1.0, 1.0) && is_nonempty(Distribution::RangeInclusive, 1.0, 1.0)
    );
    let subnormal = [Scalar::F64(0.0), Scalar::F64(5e-324)];
    assert!(Distribution::Range.is_nonempty(DType::F64, &subnormal));
}

#[test]
fn probabilities_outside_of_the_unit_interval_are_certain() {
    let drawn = |p: f64, word| {
        Distribution::Bool.sample(DType::Bool, &[Scalar::F64(p)], of_words([word; 2])) == Scalar::Bool(true)
    };
    for word in [0, 1 << 63, u64::MAX] {
        assert!(!drawn(0.0, word) && !drawn(-0.0, word) && !drawn(-3.0, word) && !drawn(f64::NAN, word));
        assert!(drawn(1.0, word) && drawn(1.5, word) && drawn(f64::INFINITY, word));
    }
    let p = Scalar::F64(0.3);
    let count = (0..20_000)
        .filter(|element| number(Distribution::Bool, DType::Bool, &[p], *element) == Scalar::Bool(true))
        .count();
    assert!((count as f64 - 6000.0).abs() < 4.0 * (20_000.0f64 * 0.3 * 0.7).sqrt(), "{count}");
}

#[test]
fn normal_numbers_have_the_moments_and_quantiles_of_their_distribution() {
    // The standard normal quantiles of 1/12, 2/12, …
    let upper =
        [0.0, 0.210_428_394_248, 0.430_727_299_295, 0.674_489_750_196, 0.967_421_566_102, 1.382_994_127_101];
    let mut limits: Vec<f64> = upper[1..].iter().map(|x| -x).collect();
    limits.extend(upper);
    limits.sort_by(f64::total_cmp);
    for dtype in [DType::F64, DType::F32] {
        let numbers = floats(Distribution::Normal, dtype, 12_000);
        let n = numbers.len() as f64;
        let [mean, variance, third, fourth] = moments(&numbers);
        assert!(mean.abs() < 4.0 / n.sqrt(), "{mean}");
        assert!((variance - 1.0).abs() < 4.0 * (2.0 / n).sqrt(), "{variance}");
        assert!(third.abs() < 4.0 * (15.0 / n).sqrt(), "{third}");
        assert!((fourth - 3.0).abs() < 4.0 * (96.0 / n).sqrt(), "{fourth}");
        let counts = bins(&numbers, &limits);
        assert!(is_even(&counts), "{counts:?}");
        // Beyond three deviations on either side: 0.0027 of all.
        let far = numbers.iter().filter(|x| x.abs() > 3.0).count() as f64;
        assert!((far - 0.0027 * n).abs() < 4.0 * (0.0027 * n).sqrt(), "{far}");
        // Neighbours do not go together.
        let products: f64 = numbers.windows(2).map(|pair| pair[0] * pair[1]).sum();
        assert!(products.abs() < 4.0 * n.sqrt(), "{products}");
    }
}

#[test]
fn exponential_numbers_have_the_moments_and_quantiles_of_their_distribution() {
    let limits: Vec<f64> = (1..12).map(|k| -(1.0 - f64::from(k) / 12.0).ln()).collect();
    for dtype in [DType::F64, DType::F32] {
        let numbers = floats(Distribution::Exponential, dtype, 12_000);
        let n = numbers.len() as f64;
        let [mean, variance, ..] = moments(&numbers);
        assert!((mean - 1.0).abs() < 4.0 / n.sqrt(), "{mean}");
        assert!((variance - 1.0).abs() < 4.0 * (8.0 / n).sqrt(), "{variance}");
        let counts = bins(&numbers, &limits);
        assert!(is_even(&counts), "{counts:?}");
        let far = numbers.iter().filter(|x| **x > 5.0).count() as f64;
        let expected = n * (-5.0f64).exp();
        assert!((far - expected).abs() < 4.0 * expected.sqrt(), "{far}");
    }
}

#[test]
fn logarithms_are_taken_of_positive_numbers_only() {
    let sample =
        |distribution: Distribution, dtype, words| float_of(distribution.sample(dtype, &[], of_words(words)));
    // The `f64` closest to zero comes of the largest draw, the `f32` of no bits.
    let smallest = [
        (DType::F64, u64::MAX, 0, 8.490_4, 36.043_7),
        (DType::F32, 0, (i32::MAX as u64) << 32, 6.555_5, 21.487_6),
    ];
    for (dtype, word, ahead, distance, time) in smallest {
        assert!((sample(Distribution::Normal, dtype, [word, ahead]) - distance).abs() < 1e-4);
        assert!((sample(Distribution::Normal, dtype, [word, 1 << 63]) + distance).abs() < 1e-4);
        assert!((sample(Distribution::Exponential, dtype, [word; 2]) - time).abs() < 1e-4);
        let largest = !word >> 1;
        let (none, now) = (
            sample(Distribution::Normal, dtype, [largest, 0]),
            sample(Distribution::Exponential, dtype, [largest; 2]),
        );
        assert!(none == 0.0 && now == 0.0 && now.is_sign_positive(), "{none} {now}");
    }
}

#[test]
fn short_normal_numbers_are_dense_near_zero() {
    // At a distance of about one.
    let far = (0.6 * 2f64.powi(31)) as u64;
    let number = |angle: i32| {
        let words = [far << 32, u64::from(angle as u32) << 32];
        float_of(Distribution::Normal.sample(DType::F32, &[], of_words(words)))
    };
    let step = number(1 << 20) / f64::from(1 << 20);
    assert!((step * 2f64.powi(31) / std::f64::consts::FRAC_PI_2 - (-2.0 * 0.6f64.ln()).sqrt()).abs() < 1e-5);
    for angle in 1..1000 {
        assert!((number(angle) / step - f64::from(angle)).abs() < 1e-3 * f64::from(angle));
        assert_eq!(number(-angle), -number(angle));
    }
}

#[test]
fn short_uniform_numbers_have_24_bits() {
    let number = |high: u64| float_of(of_bits(high << 40 | 0xff_ffff_ffff, DType::F32));
    for (high, expected) in
        [(0, 0.0), (1, 1.0), (2, 2.0), (0xff_fffe, 16_777_214.0), (0xff_ffff, 16_777_215.0)]
    {
        assert_eq!(number(high) * 16_777_216.0, expected);
    }
}
