//! What can be said of the iterations of a `prange`, beside that they are independent.
//!
//! ```text
//! prange(0..n).grain(64)                          threads take 64 iterations at a time, at least
//! unsafe { prange(0..n).assume_disjoint() }       a promise in place of the proof that they do not meet
//! ```
//!
//! As plain Rust, which runs iterations one after the other, neither does anything.
#![allow(unsafe_code)]

use crate::plain::Prange;

impl<I> Prange<I> {
    /// Threads take so many iterations at a time, at least: a hint for loops whose iterations are shorter, or longer, than they
    /// look. Results are the same to the bit.
    ///
    /// A loop of no more iterations runs on the calling thread. The number is written out, or a constant. Of
    /// [`prange2()`](crate::prange2()) and [`prange3()`](crate::prange3()) it counts indices along the first axis: rows. Without
    /// a hint the number depends on how long iterations are expected to take, and 8 of them stay with the calling thread.
    /// `grain(1)` is for a few iterations that take long, such as simulations. (Iterations that run in lanes stay together, and
    /// so do those of loops that combine something in variables, because their order is fixed.)
    ///
    /// ```
    /// use parfuse::prelude::*;
    ///
    /// /// The longest way to 1 of the numbers below `n`.
    /// #[kernel]
    /// fn longest(n: i64) -> i64 {
    ///     let mut longest = 0i64;
    ///     for start in prange(1..n).grain(500) {
    ///         let (mut x, mut steps) = (start, 0);
    ///         while x != 1 {
    ///             x = if x % 2 == 0 { x / 2 } else { 3 * x + 1 };
    ///             steps += 1;
    ///         }
    ///         longest = longest.max(steps);
    ///     }
    ///     longest
    /// }
    ///
    /// assert_eq!(longest::parallel(10_000)?, 261);
    /// # Ok::<(), Error>(())
    /// ```
    #[must_use]
    pub fn grain(self, iterations: usize) -> Self {
        let _ = iterations;
        self
    }

    /// The same iterations, with the promise that no two of them touch one element of an array that one of them stores to.
    ///
    /// For loops that are right for a reason that no proof finds and no test in front of the loop could look for: colours of a
    /// graph, a hash without collisions. Nothing else changes: indices are checked; scalars from outside are reductions, or
    /// refused; elements that iterations only combine values into (`h[k] += w`) are totals, and may meet. What a `prange`
    /// accepts gives the same bits with the promise, and saves the tests in front of the loop.
    ///
    /// ```
    /// use ndarray::{ArrayRef1, array};
    /// use parfuse::prelude::*;
    ///
    /// /// Exchanges the ends of edges of one colour: no two have an end in common.
    /// #[kernel]
    /// fn exchange(from: &ArrayRef1<usize>, to: &ArrayRef1<usize>, x: &mut ArrayRef1<f64>) {
    ///     // SAFETY: whoever calls it has coloured the edges.
    ///     for e in unsafe { prange(0..from.len()).assume_disjoint() } {
    ///         let kept = x[from[e]];
    ///         x[from[e]] = x[to[e]];
    ///         x[to[e]] = kept;
    ///     }
    /// }
    ///
    /// let mut x = array![1.0, 2.0, 3.0, 4.0];
    /// exchange::parallel(&array![0, 3], &array![2, 1], &mut x)?;
    /// assert_eq!(x, array![3.0, 4.0, 1.0, 2.0]);
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Safety
    /// The promise holds in every call of the compiled kernel, whatever its arguments. If it does not, threads race for
    /// memory, and compiled code may be any that is right for iterations that do not meet: the behaviour is undefined, of
    /// serial calls too.
    #[must_use]
    pub unsafe fn assume_disjoint(self) -> Self {
        self
    }
}
