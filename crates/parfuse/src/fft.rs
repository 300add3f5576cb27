//! Fourier transforms, in kernels and in plain Rust: the feature `fft`.
//!
//! ```
//! use ndarray::{Array1, ArrayRef1};
//! use parfuse::fft::{irfft, rfft};
//! use parfuse::prelude::*;
//!
//! /// A signal without what oscillates faster than so many times.
//! #[kernel]
//! fn smoothed(signal: &ArrayRef1<f64>, most: usize) -> Array1<f64> {
//!     let mut spectrum = rfft(signal).unwrap();
//!     for k in prange(most + 1..spectrum.len()) {
//!         spectrum[k] *= 0.0;
//!     }
//!     irfft(&spectrum, signal.len()).unwrap()
//! }
//!
//! let signal = Array1::from_shape_fn(64, |i| (i as f64 / 32.0 * std::f64::consts::PI).sin() + (-1.0f64).powi(i as i32));
//! let smooth = smoothed::parallel(&signal, 3)?;
//! assert!((smooth[16] - 1.0).abs() < 1e-12);
//! # Ok::<(), Error>(())
//! ```
//!
//! Transforms go along the last axis, of arrays with one to three axes; of a matrix `a.t()` has the other one. `fft` and
//! `ifft` are of complex numbers, `rfft` and `irfft` between real numbers and the first half of their spectrum, `n / 2 + 1`
//! numbers. What goes back is divided by the length.
//!
//! The algorithms are those of `rustfft` and `realfft`. They run on the calling thread, also in a parallel call, whose loops
//! and array expressions around them use all threads. To kernels they are `#[host]` functions: called in the order of the
//! program, outside of `prange` and of closures over elements. What fails ends the call with
//! [`Error::Host`](crate::Error::Host), whose `cause` is the [`FourierError`]. Their bits are those of `rustfft` on the
//! processor at hand.
//!
//! Without the feature none of it is compiled. With it a clean debug build, whose dependencies are optimised a little
//! (`opt-level = 1`), takes 28 seconds of processor time more, a clean release build 18.

use ndarray::{Array, Array1, Array2, Array3, ArrayRef, ArrayRef1, ArrayRef2, ArrayRef3, Dimension};
use num_complex::Complex;

pub use parfuse_fourier::{Float, FourierError};

/// The transform of each row: `X[k] = Σ x[j] e^(-2πi jk/n)`.
///
/// # Errors
/// If rows are empty, or there is no memory.
pub fn fft<T: Float, D: Dimension>(
    a: &ArrayRef<Complex<T>, D>,
) -> Result<Array<Complex<T>, D>, FourierError> {
    parfuse_fourier::fft(&a.view())
}

/// What each row is the transform of: `x[j] = Σ X[k] e^(2πi jk/n) / n`.
///
/// # Errors
/// If rows are empty, or there is no memory.
pub fn ifft<T: Float, D: Dimension>(
    a: &ArrayRef<Complex<T>, D>,
) -> Result<Array<Complex<T>, D>, FourierError> {
    parfuse_fourier::ifft(&a.view())
}

/// The transform of each row of real numbers: its elements up to `n / 2`, which tell the others.
///
/// # Errors
/// If rows are empty, or there is no memory.
pub fn rfft<T: Float, D: Dimension>(a: &ArrayRef<T, D>) -> Result<Array<Complex<T>, D>, FourierError> {
    parfuse_fourier::rfft(&a.view())
}

/// The rows of `n` real numbers whose transforms these are. The imaginary part of the first element, and of the last one if
/// `n` is even, is taken for 0.
///
/// # Errors
/// If `n` is 0 or the rows have not `n / 2 + 1` elements, or there is no memory.
pub fn irfft<T: Float, D: Dimension>(
    a: &ArrayRef<Complex<T>, D>,
    n: usize,
) -> Result<Array<T, D>, FourierError> {
    parfuse_fourier::irfft(&a.view(), n)
}

kernel_functions! {
    FourierError;
    fft(a): (&ArrayRef1<Complex<T>>) -> Array1<Complex<T>>, (&ArrayRef2<Complex<T>>) -> Array2<Complex<T>>,
        (&ArrayRef3<Complex<T>>) -> Array3<Complex<T>>;
    ifft(a): (&ArrayRef1<Complex<T>>) -> Array1<Complex<T>>, (&ArrayRef2<Complex<T>>) -> Array2<Complex<T>>,
        (&ArrayRef3<Complex<T>>) -> Array3<Complex<T>>;
    rfft(a): (&ArrayRef1<T>) -> Array1<Complex<T>>, (&ArrayRef2<T>) -> Array2<Complex<T>>,
        (&ArrayRef3<T>) -> Array3<Complex<T>>;
    irfft(a, n): (&ArrayRef1<Complex<T>>, usize) -> Array1<T>, (&ArrayRef2<Complex<T>>, usize) -> Array2<T>,
        (&ArrayRef3<Complex<T>>, usize) -> Array3<T>;
}
