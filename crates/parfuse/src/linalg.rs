//! Linear algebra, in kernels and in plain Rust: the feature `linalg`.
//!
//! ```
//! use ndarray::{Array1, ArrayRef1, ArrayRef2, array};
//! use parfuse::linalg::{LinalgError, solve};
//! use parfuse::prelude::*;
//!
//! #[kernel]
//! fn corrected(a: &ArrayRef2<f64>, b: &ArrayRef1<f64>) -> Array1<f64> {
//!     let x = solve(a, b).unwrap();
//!     let residual = b - a.dot(&x);
//!     x + solve(a, &residual).unwrap()
//! }
//!
//! let a = array![[2.0, 1.0], [1.0, 3.0]];
//! assert_eq!(corrected::parallel(&a, &array![3.0, 4.0])?, array![1.0, 1.0]);
//! assert_eq!(solve(&a, &array![3.0, 4.0]), Ok(array![1.0, 1.0]));
//!
//! let singular = array![[1.0, 2.0], [2.0, 4.0]];
//! let Err(Error::Host { cause: Some(cause), .. }) = corrected::serial(&singular, &array![1.0, 1.0]) else { panic!() };
//! assert_eq!(cause.downcast_ref(), Some(&LinalgError::Singular));
//! # Ok::<(), Error>(())
//! ```
//!
//! The algorithms are those of `faer`. They run on the calling thread, also in a parallel call, whose loops and array
//! expressions around them use all threads: so results do not depend on threads, and no pool but the engine's is there. To
//! kernels they are `#[host]` functions: called in the order of the program, outside of `prange` and of closures over
//! elements. What fails ends the call with [`Error::Host`](crate::Error::Host), whose `cause` is the [`LinalgError`].
//!
//! Matrices are of `f64` or `f32`, in any layout; results are in row-major order.
//!
//! Without the feature none of it is compiled. With it a clean debug build, whose dependencies are optimised a little
//! (`opt-level = 1`), takes 156 seconds of processor time more, some 80 seconds on two cores, and a clean release build 124.
//! Nearly all of it is `faer` and the crates below it, which are compiled once.

use ndarray::{Array, Array1, Array2, ArrayRef, ArrayRef1, ArrayRef2};
use parfuse_linalg::Decomposed;

pub use parfuse_linalg::{Float, LinalgError, RightHandSide};

/// The solution `x` of the equations `a x = b`; of several right-hand sides, the columns of `b`, the solutions as columns.
///
/// # Errors
/// If `a` is not square, `b` has not as many rows, or `a` is singular.
pub fn solve<T: Float, D: RightHandSide>(
    a: &ArrayRef2<T>,
    b: &ArrayRef<T, D>,
) -> Result<Array<T, D>, LinalgError> {
    T::solve(a, D::columns(b.view())).map(D::solutions)
}

/// The inverse of a matrix. To solve equations, [`solve`](fn@solve) them.
///
/// # Errors
/// If the matrix is not square, or singular.
pub fn inv<T: Float>(a: &ArrayRef2<T>) -> Result<Array2<T>, LinalgError> {
    T::inv(a)
}

/// The determinant of a matrix; 1 if it is empty.
///
/// # Errors
/// If the matrix is not square.
pub fn det<T: Float>(a: &ArrayRef2<T>) -> Result<T, LinalgError> {
    T::det(a)
}

/// The lower triangular matrix `l` with `a = l lᵀ`. The lower triangle of `a` alone is looked at.
///
/// # Errors
/// If the matrix is not square, or not positive definite.
pub fn cholesky<T: Float>(a: &ArrayRef2<T>) -> Result<Array2<T>, LinalgError> {
    T::cholesky(a)
}

/// Matrices `q` and `r` with `a = q r`: `q` with orthonormal columns, as many as `a` has, or rows if these are fewer; `r`
/// upper triangular.
///
/// # Errors
/// If there is no memory.
pub fn qr<T: Float>(a: &ArrayRef2<T>) -> Result<(Array2<T>, Array2<T>), LinalgError> {
    T::qr(a)
}

/// The singular value decomposition: `u`, `s`, `vᵀ` with `a = u diag(s) vᵀ`, the singular values from the largest to the
/// smallest, as many as `a` has rows or columns, whichever are fewer; so many columns of `u` and rows of `vᵀ`, which are
/// orthonormal.
///
/// # Errors
/// If an element is not finite, or the iteration does not converge.
pub fn svd<T: Float>(a: &ArrayRef2<T>) -> Result<Decomposed<T>, LinalgError> {
    T::svd(a)
}

/// The eigenvalues of a symmetric matrix, from the smallest to the largest, and its orthonormal eigenvectors, as columns.
/// The lower triangle alone is looked at.
///
/// # Errors
/// If the matrix is not square, an element is not finite, or the iteration does not converge.
pub fn eigh<T: Float>(a: &ArrayRef2<T>) -> Result<(Array1<T>, Array2<T>), LinalgError> {
    T::eigh(a)
}

/// The least squares: `x` with the least `|a x - b|`, and of several the shortest. Singular values of `a` up to the largest
/// one times the larger side of `a` times the distance of 1 to the next number count as zero.
///
/// # Errors
/// If `b` has not as many rows as `a`, an element of `a` is not finite, or the iteration does not converge.
pub fn lstsq<T: Float, D: RightHandSide>(
    a: &ArrayRef2<T>,
    b: &ArrayRef<T, D>,
) -> Result<Array<T, D>, LinalgError> {
    T::lstsq(a, D::columns(b.view())).map(D::solutions)
}

kernel_functions! {
    LinalgError;
    solve(a, b): (&ArrayRef2<T>, &ArrayRef1<T>) -> Array1<T>, (&ArrayRef2<T>, &ArrayRef2<T>) -> Array2<T>;
    inv(a): (&ArrayRef2<T>) -> Array2<T>;
    det(a): (&ArrayRef2<T>) -> T;
    cholesky(a): (&ArrayRef2<T>) -> Array2<T>;
    qr(a): (&ArrayRef2<T>) -> (Array2<T>, Array2<T>);
    svd(a): (&ArrayRef2<T>) -> (Array2<T>, Array1<T>, Array2<T>);
    eigh(a): (&ArrayRef2<T>) -> (Array1<T>, Array2<T>);
    lstsq(a, b): (&ArrayRef2<T>, &ArrayRef1<T>) -> Array1<T>, (&ArrayRef2<T>, &ArrayRef2<T>) -> Array2<T>;
}
