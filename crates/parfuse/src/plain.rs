//! Random numbers and `prange` outside compiled code, and seeds for all variants.
//!
//! Inside a compiled kernel a random number is a pure function of the call's key, the stream (which loop or
//! random array of the call), the element (which iteration) and the draw. Called as plain Rust, the same
//! functions draw from `fastrand`, unless the thread is in a [`with_seed`] scope: there they keep count of
//! streams, elements and draws themselves and give the very numbers that the compiled kernel draws.

use ndarray::{Array, Dimension, ShapeBuilder};
use parfuse_ir::Element;
use parfuse_ir::random::{random_scalar, seed_key};
use parfuse_trace::{At, DTypeArg, Infer, Inline, Tracer, Value};
use std::cell::Cell;
use std::convert::Infallible;
use std::marker::PhantomData;

/// Where a seeded thread stands.
#[derive(Clone, Copy)]
struct Seeded {
    seed: u64,
    /// Kernel calls made in this scope.
    calls: u64,
    /// The streams used by plain Rust code of this scope.
    streams: i64,
    /// The stream and iteration of the `prange` that runs, if one does.
    iteration: Option<(i64, i64)>,
    draws: i64,
}

thread_local! {
    static SEEDED: Cell<Option<Seeded>> = const { Cell::new(None) };
}

/// Runs `scope` with random numbers fixed by a seed, on this thread.
///
/// The first kernel call in the scope gives the same results whenever the seed is the same: as plain Rust
/// function, serial and parallel, on any number of threads. Further calls in the scope draw other numbers, as
/// reproducibly. Scopes may nest.
///
/// ```
/// use parfuse::prelude::*;
///
/// #[kernel]
/// fn dice(n: i64) -> i64 {
///     let mut sum = 0;
///     for _ in prange(0..n) {
///         sum += (random::<f64>() * 6.0) as i64 + 1;
///     }
///     sum
/// }
///
/// let serial = with_seed(7, || dice::serial(1000))?;
/// assert_eq!(with_seed(7, || dice::parallel(1000))?, serial);
/// assert_eq!(with_seed(7, || dice(1000)), serial);
/// assert_ne!(with_seed(8, || dice::serial(1000))?, serial);
/// # Ok::<(), parfuse::Error>(())
/// ```
pub fn with_seed<R>(seed: u64, scope: impl FnOnce() -> R) -> R {
    struct Restore(Option<Seeded>);
    impl Drop for Restore {
        fn drop(&mut self) {
            SEEDED.set(self.0);
        }
    }
    let _restore =
        Restore(SEEDED.replace(Some(Seeded { seed, calls: 0, streams: 0, iteration: None, draws: 0 })));
    scope()
}

fn call_key(seed: u64, call: u64) -> u64 {
    if call == 0 { seed_key(seed) } else { seed_key(seed_key(seed).wrapping_add(call)) }
}

/// The key of the next kernel call on this thread.
pub(crate) fn next_key() -> u64 {
    match SEEDED.get() {
        None => parfuse_runtime::fresh_key(),
        Some(state) => {
            SEEDED.set(Some(Seeded { calls: state.calls + 1, ..state }));
            call_key(state.seed, state.calls)
        }
    }
}

/// A type that [`random`](fn@random) can draw.
pub trait Random: Element {
    /// A value from this thread's `fastrand` generator.
    fn draw() -> Self;
}

macro_rules! implement_random {
    ($($ty:ty => $draw:expr),* $(,)?) => { $(impl Random for $ty { fn draw() -> $ty { $draw } })* };
}
implement_random!(
    f64 => fastrand::f64(),
    f32 => fastrand::f32(),
    i64 => fastrand::i64(..),
    i32 => fastrand::i32(..),
    usize => fastrand::u64(..) as usize,
    bool => fastrand::bool(),
);

fn numbered<T: Random>(state: &Seeded, stream: i64, element: i64, draw: i64) -> T {
    let scalar = random_scalar(seed_key(state.seed), stream, element, draw, T::DTYPE);
    T::from_scalar(scalar).expect("a random scalar has the type asked for")
}

/// A random number: uniform over `[0, 1)` for `f64` and `f32`, over all values for `i64`, `i32`, `usize` and
/// `bool`.
pub fn random<T: Random>() -> T {
    let Some(mut state) = SEEDED.get() else { return T::draw() };
    let value = match state.iteration {
        Some((stream, element)) => {
            state.draws += 1;
            numbered(&state, stream, element, state.draws - 1)
        }
        None => {
            state.streams += 1;
            numbered(&state, state.streams - 1, 0, 0)
        }
    };
    SEEDED.set(Some(state));
    value
}

/// Random arrays: `Array1::<f64>::random(n)`, `Array2::<f64>::random((h, w))`.
///
/// ```
/// use ndarray::Array2;
/// use parfuse::prelude::*;
///
/// #[kernel]
/// fn dice(rows: usize, columns: usize) -> Array2<i64> {
///     let chance = Array2::<f64>::random((rows, columns));
///     chance.mapv(|x| (x * 6.0) as i64 + 1)
/// }
///
/// let thrown = with_seed(1, || dice::parallel(10, 3))?;
/// assert_eq!(thrown, with_seed(1, || dice(10, 3)));
/// assert!(thrown.iter().all(|eyes| (1..=6).contains(eyes)));
/// # Ok::<(), Error>(())
/// ```
pub trait RandomArray {
    /// The number of axes.
    type Dim: Dimension;

    /// An array of independent random elements, distributed as those of [`random()`].
    ///
    /// # Panics
    /// If the shape has more elements than fit in memory.
    fn random(shape: impl ShapeBuilder<Dim = Self::Dim>) -> Self;
}

impl<T: Random, D: Dimension> RandomArray for Array<T, D> {
    type Dim = D;

    fn random(shape: impl ShapeBuilder<Dim = D>) -> Self {
        let Some(mut state) = SEEDED.get() else { return Array::from_shape_simple_fn(shape, T::draw) };
        let stream = state.streams;
        state.streams += 1;
        SEEDED.set(Some(state));
        let mut element = -1;
        Array::from_shape_simple_fn(shape, || {
            element += 1;
            numbered(&state, stream, element, 0)
        })
    }
}

/// A range whose iterations may run in parallel. As plain Rust it is the range itself.
///
/// In a kernel, `for i in prange(0..n)` says that the iterations are independent but for reductions such as
/// `sum += x`: each may write only its own elements. What might break this is refused when the kernel is compiled.
///
/// ```
/// use ndarray::{Array1, ArrayRef1, array};
/// use parfuse::prelude::*;
///
/// /// The steps between samples, and the longest of them.
/// #[kernel]
/// fn steps(samples: &ArrayRef1<f64>) -> (Array1<f64>, f64) {
///     let mut steps = Array1::<f64>::zeros(samples.len() - 1);
///     let mut longest = 0.0f64;
///     for i in prange(0..steps.len()) {
///         let step = samples[i + 1] - samples[i];
///         steps[i] = step;
///         longest = longest.max(step.abs());
///     }
///     (steps, longest)
/// }
///
/// assert_eq!(steps::parallel(&array![1.0, 2.0, 4.0, 1.0])?, (array![1.0, 2.0, -3.0], 3.0));
/// # Ok::<(), Error>(())
/// ```
pub fn prange<I: IntoIterator>(range: I) -> Prange<I::IntoIter> {
    let mut counted = None;
    if let Some(mut state) = SEEDED.get()
        && state.iteration.is_none()
    {
        counted = Some(state.streams);
        state.iteration = Some((state.streams, -1));
        state.streams += 1;
        SEEDED.set(Some(state));
    }
    Prange { range: range.into_iter(), counts_for: counted }
}

/// The iterator that [`prange`](fn@prange) returns.
#[derive(Debug)]
pub struct Prange<I> {
    range: I,
    /// The stream whose iterations it counts, if it is the outermost `prange` of a seeded scope.
    counts_for: Option<i64>,
}

impl<I> Prange<I> {
    /// Notes that another iteration begins.
    fn begin_iteration(&self) {
        if self.counts_for.is_some()
            && let Some(mut state) = SEEDED.get()
        {
            state.iteration = state.iteration.map(|(stream, element)| (stream, element + 1));
            state.draws = 0;
            SEEDED.set(Some(state));
        }
    }
}

impl<I: Iterator> Iterator for Prange<I> {
    type Item = I::Item;

    fn next(&mut self) -> Option<I::Item> {
        self.begin_iteration();
        self.range.next()
    }
    /// What `step_by` calls: the elements passed over are no iterations.
    fn nth(&mut self, n: usize) -> Option<I::Item> {
        self.begin_iteration();
        self.range.nth(n)
    }
    fn size_hint(&self) -> (usize, Option<usize>) {
        self.range.size_hint()
    }
}

impl<I: DoubleEndedIterator> DoubleEndedIterator for Prange<I> {
    fn next_back(&mut self) -> Option<I::Item> {
        self.begin_iteration();
        self.range.next_back()
    }
}

impl<I> Drop for Prange<I> {
    fn drop(&mut self) {
        if self.counts_for.is_some()
            && let Some(state) = SEEDED.get()
        {
            SEEDED.set(Some(Seeded { iteration: None, ..state }));
        }
    }
}

/// What [`prange`](crate::prange()) is in a kernel. A type, where the function of the same name is a value.
#[allow(non_camel_case_types)]
#[derive(Debug)]
pub enum prange {}

impl Inline for prange {
    fn inline<'t>(t: &'t Tracer, args: &[Value<'t>], at: At) -> Value<'t> {
        match args {
            [range] => t.parallel(*range, at),
            _ => t.mistake("`prange` takes one range", at),
        }
    }
}

/// What [`random`](crate::random()) is in a kernel. A type, where the function of the same name is a value.
#[allow(non_camel_case_types)]
#[derive(Debug)]
pub struct random<T = Infer> {
    _never: Infallible,
    _element: PhantomData<T>,
}

impl<T: DTypeArg> Inline for random<T> {
    fn inline<'t>(t: &'t Tracer, args: &[Value<'t>], at: At) -> Value<'t> {
        match args {
            [] => t.random_value(T::DTYPE, at),
            _ => t.mistake("`random` takes no argument", at),
        }
    }
}
