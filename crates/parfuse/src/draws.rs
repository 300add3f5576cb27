//! Random numbers and arrays of them, as plain Rust and in kernels.
//!
//! ```text
//! as plain Rust             draws from this thread's generator
//! … in a with_seed scope    draws of the numbers that the compiled kernel draws (see `plain`)
//! in a kernel               a value of the program, by the type of the function's name
//! ```
//!
//! How a number is composed of draws, [`parfuse_ir::distribution`] says for all of them; plain Rust does it in
//! `laws`.

use crate::laws::Law;
use crate::plain;
use ndarray::{Array, Dimension, ShapeBuilder};
use parfuse_ir::for_each_dtype;
use parfuse_trace::{At, DTypeArg, Infer, Inline, Tracer, Value};
use std::convert::Infallible;
use std::marker::PhantomData;
use std::ops::{Range, RangeInclusive};

pub use crate::laws::Random;

/// A type of which [`random_range`](fn@random_range) makes values.
pub trait RandomNumber: Random {}
/// A type of which [`random_normal`](fn@random_normal) and [`random_exponential`](fn@random_exponential) make
/// values.
pub trait RandomFloat: RandomNumber {}

macro_rules! implement {
    ($(($variant:ident, $rust:ty, $name:literal, $class:ident)),* $(,)?) => { $(implement!(@$class $rust);)* };
    (@Bool $rust:ty) => {};
    (@Float $rust:ty) => {
        impl RandomNumber for $rust {}
        impl RandomFloat for $rust {}
    };
    (@$integer:ident $rust:ty) => { impl RandomNumber for $rust {} };
}
for_each_dtype!(implement);

/// What [`random_range`](fn@random_range) takes: `a..b` or `a..=b`.
pub trait RandomRange<T> {
    /// The first number, the last, and whether the last belongs to the range.
    fn bounds(self) -> (T, T, bool);
}

impl<T: RandomNumber> RandomRange<T> for Range<T> {
    fn bounds(self) -> (T, T, bool) {
        (self.start, self.end, false)
    }
}
impl<T: RandomNumber> RandomRange<T> for RangeInclusive<T> {
    fn bounds(self) -> (T, T, bool) {
        let (start, end) = self.into_inner();
        (start, end, true)
    }
}

/// A random number: uniform over `[0, 1)` for `f64` and `f32`, over all values for integers of every type and `bool`.
#[inline]
pub fn random<T: Random>() -> T {
    match plain::is_seeded() {
        true => T::one(&Law::Uniform),
        false => T::of_bits(parfuse_runtime::fresh_key()),
    }
}

/// A random number of a range, each with the same probability.
///
/// Integers are without bias. Floats are `start + (end - start) * random()`; `start..end` never gives `end`,
/// `start..=end` may.
///
/// ```
/// use parfuse::prelude::*;
///
/// #[kernel]
/// fn dice(n: i64) -> i64 {
///     let mut sum = 0;
///     for _ in prange(0..n) {
///         sum += random_range(1..=6);
///     }
///     sum
/// }
///
/// let thrown = with_seed(7, || dice::parallel(1000))?;
/// assert_eq!(thrown, with_seed(7, || dice(1000)));
/// assert!((3000..4000).contains(&thrown));
/// # Ok::<(), Error>(())
/// ```
///
/// # Panics
/// If the range is empty, or one of floats whose length is not finite. Compiled kernels return
/// [`Error::EmptyRange`](crate::Error::EmptyRange).
#[track_caller]
pub fn random_range<T: RandomNumber>(range: impl RandomRange<T>) -> T {
    T::one(&range_law(range))
}

/// `true` with probability `p`: `random::<f64>() < p`.
///
/// So it is never true for `p <= 0`, always for `p >= 1`, and never for NaN. The probability is exact for
/// multiples of 2^-52 and rounded up to one for other `p`.
pub fn random_bool(p: f64) -> bool {
    bool::one(&Law::Bool(p))
}

/// A random float of the normal distribution with mean 0 and standard deviation 1. For others write
/// `mean + deviation * random_normal::<f64>()`.
///
/// The largest magnitude is 8.49 for `f64` and 6.55 for `f32`; larger ones would have a probability of
/// 2e-17, of 6e-11. It takes two draws.
///
/// ```
/// use ndarray::Array1;
/// use parfuse::prelude::*;
///
/// #[kernel]
/// fn noisy(n: usize, deviation: f64) -> Array1<f64> {
///     1.0 + deviation * Array1::<f64>::random_normal(n)
/// }
///
/// let signal = with_seed(7, || noisy::parallel(10_000, 0.1))?;
/// assert_eq!(signal, with_seed(7, || noisy(10_000, 0.1)));
/// assert!((signal.std(1.0) - 0.1).abs() < 0.005);
/// # Ok::<(), Error>(())
/// ```
pub fn random_normal<T: RandomFloat>() -> T {
    T::one(&Law::Normal)
}

/// A random float of the exponential distribution with mean 1. For others write `mean *
/// random_exponential::<f64>()`.
///
/// The largest is 36.04 for `f64` and 21.49 for `f32`.
pub fn random_exponential<T: RandomFloat>() -> T {
    T::one(&Law::Exponential)
}

/// Random arrays: `Array1::<f64>::random(n)`, `Array2::<i64>::random_range((h, w), 1..=6)`.
///
/// ```
/// use ndarray::Array2;
/// use parfuse::prelude::*;
///
/// #[kernel]
/// fn dice(rows: usize, columns: usize) -> Array2<i64> {
///     Array2::<i64>::random_range((rows, columns), 1..=6)
/// }
///
/// let thrown = with_seed(1, || dice::parallel(10, 3))?;
/// assert_eq!(thrown, with_seed(1, || dice(10, 3)));
/// assert!(thrown.iter().all(|eyes| (1..=6).contains(eyes)));
/// # Ok::<(), Error>(())
/// ```
pub trait RandomArray: Sized {
    /// The type of the elements.
    type Elem: Random;
    /// The number of axes.
    type Dim: Dimension;

    /// An array of independent random elements, distributed as those of [`random()`].
    ///
    /// # Panics
    /// If the shape has more elements than fit in memory.
    fn random(shape: impl ShapeBuilder<Dim = Self::Dim>) -> Self;

    /// An array of independent random elements, distributed as those of [`random_range()`].
    ///
    /// # Panics
    /// If there are no numbers in the range, or the shape has more elements than fit in memory.
    fn random_range(shape: impl ShapeBuilder<Dim = Self::Dim>, range: impl RandomRange<Self::Elem>) -> Self
    where
        Self::Elem: RandomNumber;

    /// An array of independent random elements, distributed as those of [`random_bool()`].
    ///
    /// # Panics
    /// If the shape has more elements than fit in memory.
    fn random_bool(shape: impl ShapeBuilder<Dim = Self::Dim>, p: f64) -> Self
    where
        Self: RandomArray<Elem = bool>;

    /// An array of independent random elements, distributed as those of [`random_normal()`].
    ///
    /// # Panics
    /// If the shape has more elements than fit in memory.
    fn random_normal(shape: impl ShapeBuilder<Dim = Self::Dim>) -> Self
    where
        Self::Elem: RandomFloat;

    /// An array of independent random elements, distributed as those of [`random_exponential()`].
    ///
    /// # Panics
    /// If the shape has more elements than fit in memory.
    fn random_exponential(shape: impl ShapeBuilder<Dim = Self::Dim>) -> Self
    where
        Self::Elem: RandomFloat;
}

impl<T: Random, D: Dimension> RandomArray for Array<T, D> {
    type Elem = T;
    type Dim = D;

    fn random(shape: impl ShapeBuilder<Dim = D>) -> Self {
        array(shape, Law::Uniform)
    }
    #[track_caller]
    fn random_range(shape: impl ShapeBuilder<Dim = D>, range: impl RandomRange<T>) -> Self
    where
        T: RandomNumber,
    {
        array(shape, range_law(range))
    }
    fn random_bool(shape: impl ShapeBuilder<Dim = D>, p: f64) -> Self {
        array(shape, Law::Bool(p))
    }
    fn random_normal(shape: impl ShapeBuilder<Dim = D>) -> Self
    where
        T: RandomFloat,
    {
        array(shape, Law::Normal)
    }
    fn random_exponential(shape: impl ShapeBuilder<Dim = D>) -> Self
    where
        T: RandomFloat,
    {
        array(shape, Law::Exponential)
    }
}

/// The law of a range.
#[track_caller]
fn range_law<T: RandomNumber>(range: impl RandomRange<T>) -> Law<T> {
    let (start, end, inclusive) = range.bounds();
    let nonempty = T::is_nonempty(start, end, inclusive);
    assert!(nonempty, "there are no numbers to draw from in the range from {start:?} to {end:?}");
    if inclusive { Law::RangeInclusive(start, end) } else { Law::Range(start, end) }
}

fn array<T: Random, D: Dimension>(shape: impl ShapeBuilder<Dim = D>, law: Law<T>) -> Array<T, D> {
    let mut numbers = Array::from_shape_simple_fn(shape, || T::of_bits(0));
    // A new array has no gaps; one without elements takes its stream all the same.
    let in_order = numbers.as_slice_memory_order_mut().unwrap_or_default();
    T::fill(in_order, &law);
    numbers
}

/// Declares what a function that draws is in a kernel: a type, where the function of the same name is a
/// value.
macro_rules! in_kernels {
    ($($name:ident),*) => { $(
        #[doc = concat!("What [`", stringify!($name), "`](crate::", stringify!($name), "()) is in a kernel.")]
        /// A type, where the function of the same name is a value.
        #[allow(non_camel_case_types)]
        #[derive(Debug)]
        pub struct $name<T = Infer> {
            _never: Infallible,
            _element: PhantomData<T>,
        }

        impl<T: DTypeArg> Inline for $name<T> {
            fn inline<'t>(t: &'t Tracer, args: &[Value<'t>], at: At) -> Value<'t> {
                t.random_number(stringify!($name), T::ELEMENT, args, at)
            }
        }
    )* };
}
in_kernels!(random, random_range, random_bool, random_normal, random_exponential);
