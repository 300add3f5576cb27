//! How plain Rust computes a random number, straight from random bits.
//!
//! ```text
//! law + draws of a seeded scope      the bits of the compiled kernel, by the expansions that it is made of
//! law + this thread's generator      numbers of the same distribution, by the functions of the platform
//! ```
//!
//! What the numbers are, [`parfuse_ir::distribution`] says for kernels and interpreters; a test here compares. Each
//! computation is compiled once, with this crate.

use crate::plain::{self, DrawPlace};
use crate::special_functions::evaluate;
use parfuse_ir::distribution::SINE_OF_QUARTERS;
use parfuse_ir::{Distribution, Element, ScalarOp, for_each_dtype, random};

/// A distribution of numbers of a type.
#[derive(Clone, Copy, Debug)]
pub enum Law<T> {
    /// [`Distribution::Uniform`].
    Uniform,
    /// [`Distribution::Range`].
    Range(T, T),
    /// [`Distribution::RangeInclusive`].
    RangeInclusive(T, T),
    /// [`Distribution::Bool`].
    Bool(f64),
    /// [`Distribution::Normal`].
    Normal,
    /// [`Distribution::Exponential`].
    Exponential,
}

impl<T: Random> Law<T> {
    fn distribution(&self) -> Distribution {
        match self {
            Law::Uniform => Distribution::Uniform,
            Law::Range(..) => Distribution::Range,
            Law::RangeInclusive(..) => Distribution::RangeInclusive,
            Law::Bool(_) => Distribution::Bool,
            Law::Normal => Distribution::Normal,
            Law::Exponential => Distribution::Exponential,
        }
    }

    /// A number, of the draws at a place.
    #[inline]
    fn number_at(&self, place: DrawPlace) -> T {
        let DrawPlace { stream, element, first } = place;
        T::number(self, true, |position| stream.bits(element, first + i64::from(position)))
    }

    #[inline]
    fn one(&self) -> T {
        match plain::next_draws(self.distribution().draws(T::DTYPE)) {
            Some(place) => self.number_at(place),
            None => T::number(self, false, |_| parfuse_runtime::fresh_key()),
        }
    }

    #[inline]
    fn fill(&self, numbers: &mut [T]) {
        match plain::next_stream() {
            Some(place) => {
                for (element, number) in (0..).zip(numbers) {
                    *number = self.number_at(DrawPlace { element, ..place });
                }
            }
            None => parfuse_runtime::draw(|rng| {
                for number in numbers {
                    *number = T::number(self, false, |_| rng.u64(..));
                }
            }),
        }
    }
}

/// A type of which [`random`](fn@crate::random) makes values.
pub trait Random: Element {
    /// The uniform value made of 64 random bits.
    #[doc(hidden)]
    fn of_bits(bits: u64) -> Self;
    /// A number of a law, given a function from the position of a draw to random bits; if `exact`, the kernel's to the
    /// last bit.
    #[doc(hidden)]
    fn number(law: &Law<Self>, exact: bool, bits: impl FnMut(u32) -> u64) -> Self;
    /// Whether there are numbers from `low` to `high`.
    #[doc(hidden)]
    fn is_nonempty(low: Self, high: Self, inclusive: bool) -> bool;
    /// A number of a law.
    #[doc(hidden)]
    fn one(law: &Law<Self>) -> Self;
    /// Independent numbers of a law.
    #[doc(hidden)]
    fn fill(numbers: &mut [Self], law: &Law<Self>);
}

/// What all implementations of [`Random`] share.
macro_rules! common {
    ($ty:ty) => {
        #[inline]
        fn of_bits(bits: u64) -> $ty {
            let scalar = random::of_bits(bits, <$ty as Element>::DTYPE);
            <$ty>::from_scalar(scalar).expect("a value of the type asked for")
        }
        fn one(law: &Law<$ty>) -> $ty {
            law.one()
        }
        fn fill(numbers: &mut [$ty], law: &Law<$ty>) {
            law.fill(numbers)
        }
    };
}

impl Random for bool {
    common!(bool);
    #[inline]
    fn number(law: &Law<bool>, _: bool, mut bits: impl FnMut(u32) -> u64) -> bool {
        match *law {
            Law::Bool(p) => f64::of_bits(bits(0)) < p,
            _ => bool::of_bits(bits(0)),
        }
    }
    fn is_nonempty(low: bool, high: bool, inclusive: bool) -> bool {
        !low & high || inclusive && low == high
    }
}

/// The offset of an integer in a range of so many, 0 for all 2^64.
#[inline]
fn offset(length: u64, mut word: impl FnMut(u32) -> u64) -> u64 {
    let first = word(0);
    if length == 0 {
        return first;
    }
    let product = u128::from(first) * u128::from(length);
    let (whole, rest) = ((product >> 64) as u64, product as u64);
    // The second word adds less than `length` to the rest.
    if rest <= length.wrapping_neg() {
        return whole;
    }
    let more = ((u128::from(word(1)) * u128::from(length)) >> 64) as u64;
    whole.wrapping_add(rest.overflowing_add(more).1 as u64)
}

macro_rules! integers {
    ($(($variant:ident, $ty:ty, $name:literal, $class:ident)),* $(,)?) => { $(integers!(@$class $ty);)* };
    (@Bool $ty:ty) => {};
    (@Float $ty:ty) => {};
    (@$integer:ident $ty:ty) => { impl Random for $ty {
        common!($ty);
        #[inline]
        fn number(law: &Law<$ty>, _: bool, mut bits: impl FnMut(u32) -> u64) -> $ty {
            let (low, high, more) = match *law {
                Law::Range(low, high) => (low, high, 0),
                Law::RangeInclusive(low, high) => (low, high, 1),
                _ => return <$ty>::of_bits(bits(0)),
            };
            let length = (high as u64).wrapping_sub(low as u64).wrapping_add(more);
            low.wrapping_add(offset(length, bits) as $ty)
        }
        #[inline]
        fn is_nonempty(low: $ty, high: $ty, inclusive: bool) -> bool {
            low < high || inclusive && low == high
        }
    } };
}
for_each_dtype!(integers);

/// What normal and exponential numbers are made of.
trait Polar: Random {
    /// A float in `(0, 1]`, for logarithms.
    fn positive(bits: u64) -> Self;
    /// A coordinate of a point on the unit circle.
    fn coordinate(bits: u64, exact: bool) -> Self;
}

impl Polar for f64 {
    #[inline]
    fn positive(bits: u64) -> f64 {
        1.0 - f64::of_bits(bits)
    }
    #[inline]
    fn coordinate(bits: u64, exact: bool) -> f64 {
        let angle = std::f64::consts::TAU * f64::of_bits(bits);
        if exact { evaluate(ScalarOp::Cos, angle) } else { angle.cos() }
    }
}

impl Polar for f32 {
    #[inline]
    fn positive(bits: u64) -> f32 {
        ((i32::of_bits(bits) & i32::MAX) as f32 + 1.0) * (1.0 / 2_147_483_648.0)
    }
    #[inline]
    fn coordinate(bits: u64, _: bool) -> f32 {
        let w = i32::of_bits(bits) as f32 * (1.0 / 2_147_483_648.0);
        let [first, rest @ ..] = SINE_OF_QUARTERS;
        rest.iter().fold(first as f32, |sum, coefficient| sum.mul_add(w * w, *coefficient as f32)) * w
    }
}

macro_rules! floats {
    ($($ty:ty),*) => { $(impl Random for $ty {
        common!($ty);
        #[inline]
        fn number(law: &Law<$ty>, exact: bool, mut bits: impl FnMut(u32) -> u64) -> $ty {
            let ln = |x: $ty| if exact { evaluate(ScalarOp::Ln, x) } else { x.ln() };
            match *law {
                Law::Uniform | Law::Bool(_) => <$ty>::of_bits(bits(0)),
                Law::Range(low, high) => {
                    let x = low + (high - low) * <$ty>::of_bits(bits(0));
                    if x < high { x } else { low }
                }
                Law::RangeInclusive(low, high) => {
                    let x = low + (high - low) * <$ty>::of_bits(bits(0));
                    if x > high { high } else { x }
                }
                Law::Normal => {
                    let distance = (-2.0 * ln(<$ty>::positive(bits(0)))).sqrt();
                    distance * <$ty>::coordinate(bits(1), exact)
                }
                Law::Exponential => 0.0 - ln(<$ty>::positive(bits(0))),
            }
        }
        #[inline]
        fn is_nonempty(low: $ty, high: $ty, inclusive: bool) -> bool {
            let width = high - low;
            (0.0 < width || inclusive && width == 0.0) && width < <$ty>::INFINITY
        }
    })* };
}
floats!(f64, f32);

#[cfg(test)]
mod tests {
    use super::*;
    use parfuse_ir::Scalar;

    const WORDS: [u64; 12] = [
        0,
        1,
        0xffff_ffff,
        1 << 32,
        1 << 40,
        1 << 62,
        1 << 63,
        u64::MAX - 1,
        u64::MAX,
        0x9e37_79b9_7f4a_7c15,
        0x7fff_ffff_0000_0000,
        0x1234_5678_9abc_def0,
    ];

    #[track_caller]
    fn is_that_of_kernels<T: Random>(law: Law<T>, operands: &[Scalar]) {
        for words in WORDS.iter().flat_map(|first| WORDS.map(|second| [*first, second])) {
            let draw = |position, dtype| random::of_bits(words[position as usize], dtype);
            let expected = law.distribution().sample(T::DTYPE, operands, draw);
            let found = T::number(&law, true, |position| words[position as usize]);
            assert_eq!(found.scalar(), expected, "{law:?} of {words:x?}");
        }
    }

    #[track_caller]
    fn ranges<T: Random>(ends: &[T]) {
        for (low, high) in ends.iter().flat_map(|low| ends.iter().map(|high| (*low, *high))) {
            let operands = [low.scalar(), high.scalar()];
            for (law, inclusive) in [(Law::Range(low, high), false), (Law::RangeInclusive(low, high), true)] {
                let nonempty = law.distribution().is_nonempty(T::DTYPE, &operands);
                assert_eq!(T::is_nonempty(low, high, inclusive), nonempty, "{law:?}");
                if nonempty {
                    is_that_of_kernels(law, &operands);
                }
            }
        }
    }

    #[test]
    fn numbers_of_ranges_are_those_of_kernels() {
        ranges(&[i64::MIN, i64::MIN + 1, -6, 0, 1, 7, 1 << 32, (1 << 32) + 1, i64::MAX - 1, i64::MAX]);
        ranges(&[i32::MIN, i32::MIN + 1, -6, 0, 1, 7, i32::MAX - 1, i32::MAX]);
        ranges(&[0usize, 1, 7, 1 << 32, (1 << 32) + 1, usize::MAX - 1, usize::MAX]);
        ranges(&[
            -1e300,
            f64::MIN,
            -1.0,
            -0.0,
            0.0,
            1e-310,
            1.0,
            1.0 + f64::EPSILON,
            1e300,
            f64::MAX,
            f64::NAN,
        ]);
        ranges(&[f32::MIN, -1.0, -0.0, 0.0, 1e-40, 1.0, 1.0 + f32::EPSILON, 3e38, f32::INFINITY, f32::NAN]);
    }

    #[test]
    fn other_numbers_are_those_of_kernels() {
        macro_rules! uniform {
            ($($ty:ty),*) => { $(is_that_of_kernels(Law::<$ty>::Uniform, &[]);)* };
        }
        uniform!(f64, f32, i64, i32, usize, bool);
        is_that_of_kernels(Law::<f64>::Normal, &[]);
        is_that_of_kernels(Law::<f32>::Normal, &[]);
        is_that_of_kernels(Law::<f64>::Exponential, &[]);
        is_that_of_kernels(Law::<f32>::Exponential, &[]);
        for p in [-1.0, 0.0, 1e-20, 0.3, 0.5, 1.0, 7.0, f64::NAN] {
            is_that_of_kernels(Law::<bool>::Bool(p), &[Scalar::F64(p)]);
        }
    }

    #[test]
    fn functions_of_the_platform_give_about_the_same_numbers() {
        for words in WORDS.iter().flat_map(|first| WORDS.map(|second| [*first, second])) {
            for law in [Law::<f64>::Normal, Law::Exponential] {
                let [exact, other] =
                    [true, false].map(|exact| f64::number(&law, exact, |i| words[i as usize]));
                assert!((exact - other).abs() <= 1e-14 * (1.0 + exact.abs()), "{law:?} of {words:x?}");
            }
        }
    }
}
