//! Seeds for all variants, and `prange` outside compiled code.
//!
//! ```text
//! with_seed(7, || …)     each call that draws has the next key, f(7) the first; in it each prange, random array and
//!                        number outside takes a stream
//! prange(0..n)           each iteration is an element, and counts its draws
//! ```
//!
//! Inside a compiled kernel a random number is a pure function of the call's key, the stream (which loop or
//! random array of the call), the element (which iteration) and the draw. Called as plain Rust in a
//! [`with_seed`] scope, the same functions keep count of streams, elements and draws here and give the very
//! numbers that the compiled kernel draws.

use parfuse_ir::random::{Stream, seed_key};
use parfuse_trace::{At, Inline, Tracer, Value};
use std::cell::RefCell;
use std::ops::Range;

/// Where a seeded thread stands.
#[derive(Clone, Copy)]
struct Seeded {
    seed: u64,
    /// Calls in this scope that have drawn: of kernels, and of what draws between them.
    calls: u64,
    /// The number of the call that plain Rust code makes, which is among them once it has drawn.
    call: u64,
    /// How many functions of kernels run, one called by the other.
    depth: u32,
    /// The streams used by that call.
    streams: i64,
    /// The stream and iteration of the `prange` that runs, if one does.
    iteration: Option<(Stream, i64)>,
    draws: i64,
}

thread_local! {
    // It has no destructor, so it is there as long as the thread is.
    static SEEDED: RefCell<Option<Seeded>> = const { RefCell::new(None) };
}

/// Puts back what was there before a scope.
struct Restore(Option<Seeded>);

impl Drop for Restore {
    fn drop(&mut self) {
        SEEDED.set(self.0);
    }
}

/// Runs `scope` with random numbers fixed by a seed, on this thread.
///
/// That is: for all that the thread does meanwhile. A rayon worker that waits inside the scope for other threads of its
/// pool may take up another job there, under the same seed. (Kernel calls wait without taking up any.) So let
/// jobs begin scopes, instead of scopes running jobs.
///
/// Kernel calls in the scope give the same results whenever the seed is the same: as plain Rust function, serial and
/// parallel, on any number of threads. Each call draws other numbers, as reproducibly; calls of kernels that
/// draw none change nothing for the others. Scopes may nest.
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
    let _restore = Restore(SEEDED.replace(Some(Seeded::new(seed))));
    scope()
}

/// Runs something as if this thread were in no scope of a seed.
pub(crate) fn without_seed<R>(work: impl FnOnce() -> R) -> R {
    let _restore = Restore(SEEDED.take());
    work()
}

fn call_key(seed: u64, call: u64) -> u64 {
    if call == 0 { seed_key(seed) } else { seed_key(seed_key(seed).wrapping_add(call)) }
}

/// The key of the next call of a compiled kernel on this thread, which draws or needs none.
pub(crate) fn next_key(draws: bool) -> u64 {
    if !draws {
        return 0;
    }
    SEEDED.with_borrow_mut(|seeded| match seeded {
        None => parfuse_runtime::fresh_key(),
        Some(state) => {
            state.calls += 1;
            let key = call_key(state.seed, state.calls - 1);
            state.next_call();
            key
        }
    })
}

/// A call of a kernel's function, as plain Rust, which lasts as long as this does.
#[derive(Debug)]
pub struct PlainCall {
    seeded: bool,
}

impl PlainCall {
    /// Begins a call. In a seeded scope it has random numbers of its own, unless it is part of another one; `draws` says that
    /// it counts as one that draws, whatever it comes to.
    #[inline]
    pub fn begin(draws: bool) -> PlainCall {
        let seeded = is_seeded();
        if seeded {
            enter(draws);
        }
        PlainCall { seeded }
    }
}

impl Drop for PlainCall {
    #[inline]
    fn drop(&mut self) {
        if self.seeded {
            leave();
        }
    }
}

#[cold]
fn enter(draws: bool) {
    SEEDED.with_borrow_mut(|seeded| {
        if let Some(state) = seeded {
            state.next_call();
            state.depth += 1;
            if draws {
                state.count();
            }
        }
    });
}

#[cold]
fn leave() {
    SEEDED.with_borrow_mut(|seeded| {
        if let Some(state) = seeded {
            state.depth = state.depth.saturating_sub(1);
            state.next_call();
        }
    });
}

/// Where the draws of one random number begin, in a seeded scope.
#[derive(Clone, Copy)]
pub(crate) struct DrawPlace {
    pub(crate) stream: Stream,
    pub(crate) element: i64,
    pub(crate) first: i64,
}

impl Seeded {
    fn new(seed: u64) -> Seeded {
        Seeded { seed, calls: 0, call: 0, depth: 0, streams: 0, iteration: None, draws: 0 }
    }

    /// From here on is another call, unless this is part of one.
    fn next_call(&mut self) {
        if self.depth == 0 && self.iteration.is_none() {
            (self.call, self.streams) = (self.calls, 0);
        }
    }

    /// Counts the call among those that have drawn.
    fn count(&mut self) {
        self.calls = self.calls.max(self.call + 1);
    }

    fn next_stream(&mut self) -> DrawPlace {
        self.count();
        DrawPlace { stream: self.count_stream(), element: 0, first: 0 }
    }

    fn count_stream(&mut self) -> Stream {
        self.streams += 1;
        Stream::new(call_key(self.seed, self.call), self.streams - 1)
    }
}

/// Whether this thread is in a seeded scope.
#[inline]
pub(crate) fn is_seeded() -> bool {
    SEEDED.with_borrow(Option::is_some)
}

/// Takes a stream of its own for an array; nothing outside of seeded scopes.
pub(crate) fn next_stream() -> Option<DrawPlace> {
    SEEDED.with_borrow_mut(|seeded| Some(seeded.as_mut()?.next_stream()))
}

/// Takes so many draws for a number; nothing outside of seeded scopes.
pub(crate) fn next_draws(count: u32) -> Option<DrawPlace> {
    SEEDED.with_borrow_mut(|seeded| {
        let state = seeded.as_mut()?;
        Some(match state.iteration {
            Some((stream, element)) => {
                state.count();
                state.draws += i64::from(count);
                DrawPlace { stream, element, first: state.draws - i64::from(count) }
            }
            None => state.next_stream(),
        })
    })
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
    let mut counts = false;
    SEEDED.with_borrow_mut(|seeded| {
        if let Some(state) = seeded
            && state.iteration.is_none()
        {
            counts = true;
            state.iteration = Some((state.count_stream(), -1));
        }
    });
    Prange { range: range.into_iter(), counts }
}

/// The iterator that [`prange()`](fn@prange) returns.
#[derive(Debug)]
pub struct Prange<I> {
    range: I,
    /// Whether it counts its iterations: the outermost `prange` of a seeded scope does.
    counts: bool,
}

impl<I> Prange<I> {
    /// Notes that another iteration begins.
    fn begin_iteration(&self) {
        if !self.counts {
            return;
        }
        SEEDED.with_borrow_mut(|seeded| {
            if let Some(state) = seeded {
                state.iteration = state.iteration.map(|(stream, element)| (stream, element + 1));
                state.draws = 0;
            }
        });
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
        if !self.counts {
            return;
        }
        SEEDED.with_borrow_mut(|seeded| {
            if let Some(state) = seeded {
                state.iteration = None;
            }
        });
    }
}

/// The indices along an axis of [`prange2()`] or [`prange3()`]: a length, or a range.
pub trait Extent {
    /// The indices.
    fn indices(self) -> Range<usize>;
}

impl Extent for usize {
    fn indices(self) -> Range<usize> {
        0..self
    }
}

impl Extent for Range<usize> {
    fn indices(self) -> Range<usize> {
        self
    }
}

/// All pairs of indices, row by row, in iterations that may run in parallel: [`prange()`] in two dimensions.
///
/// ```
/// use ndarray::{Array2, ArrayRef2};
/// use parfuse::prelude::*;
///
/// #[kernel]
/// fn smoothed(a: &ArrayRef2<f64>) -> Array2<f64> {
///     let (n, m) = a.dim();
///     let mut out = a.to_owned();
///     for (i, j) in prange2((1..n - 1, m)) {
///         out[[i, j]] = (a[[i - 1, j]] + a[[i, j]] + a[[i + 1, j]]) / 3.0;
///     }
///     out
/// }
///
/// let a = Array2::from_shape_fn((5, 4), |(i, j)| (i * i + j) as f64);
/// assert_eq!(smoothed::parallel(&a)?, smoothed(&a));
/// # Ok::<(), Error>(())
/// ```
pub fn prange2<A: Extent, B: Extent>((a, b): (A, B)) -> Prange<impl Iterator<Item = (usize, usize)>> {
    let columns = b.indices();
    prange(a.indices().flat_map(move |i| columns.clone().map(move |j| (i, j))))
}

/// All triples of indices: [`prange()`] in three dimensions, as [`prange2()`] in two.
pub fn prange3<A: Extent, B: Extent, C: Extent>(
    (a, b, c): (A, B, C),
) -> Prange<impl Iterator<Item = (usize, usize, usize)>> {
    let (rows, columns) = (b.indices(), c.indices());
    prange(a.indices().flat_map(move |i| {
        let columns = columns.clone();
        rows.clone().flat_map(move |j| columns.clone().map(move |k| (i, j, k)))
    }))
}

/// What [`prange()`](crate::prange()) is in a kernel. A type, where the function of the same name is a value.
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

macro_rules! nests {
    ($($name:ident $count:literal),*) => { $(
        /// What the function of the same name is in a kernel.
        #[allow(non_camel_case_types)]
        #[derive(Debug)]
        pub enum $name {}

        impl Inline for $name {
            fn inline<'t>(t: &'t Tracer, args: &[Value<'t>], at: At) -> Value<'t> {
                match args {
                    [axes] => t.parallel_nest(*axes, $count, at),
                    _ => t.mistake("it takes a tuple of lengths or ranges", at),
                }
            }
        }
    )* };
}
nests!(prange2 2, prange3 3);
