//! Linear algebra on `ndarray` arrays, by the algorithms of [`faer`]: what `parfuse::linalg` hands to kernels.
//!
//! ```text
//! array, any strides ──▶ columns of a work matrix ──▶ faer, on this thread ──▶ array in row-major order
//! ```
//!
//! Everything runs on the calling thread: results do not depend on threads, and no pool is started or shared. What cannot
//! be computed is a [`LinalgError`]; memory is asked for, so that a refusal is one, too.
//!
//! The code is made here, for [`Float`]s, so that crates that call it need not compile `faer`'s generic functions.

mod decompositions;
mod matrix;
mod systems;

use ndarray::{Array, Array1, Array2, ArrayRef2, ArrayView, ArrayView2, Axis, Dimension, Ix1, Ix2};

/// Why something of linear algebra has no result.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LinalgError {
    /// The matrix has not as many rows as columns.
    #[error("a square matrix is needed, not one of {rows} rows and {columns} columns")]
    NotSquare {
        /// The number of rows.
        rows: usize,
        /// The number of columns.
        columns: usize,
    },
    /// The right-hand side has not as many rows as the matrix.
    #[error("a matrix of {expected} rows and a right-hand side of {found} do not fit")]
    WrongLength {
        /// The rows of the matrix.
        expected: usize,
        /// The rows of the right-hand side.
        found: usize,
    },
    /// The matrix has no inverse: elimination has come to a column of zeros.
    #[error("the matrix is singular")]
    Singular,
    /// The matrix is not positive definite.
    #[error("the matrix is not positive definite: its leading minor of order {order} is not positive")]
    NotPositiveDefinite {
        /// The order of the first minor that is not positive.
        order: usize,
    },
    /// An element is infinite or NaN.
    #[error("the matrix has an element that is not finite")]
    NotFinite,
    /// The iteration for singular values or eigenvalues has not come to an end.
    #[error("the iteration has not converged")]
    NoConvergence,
    /// The allocator has no memory for the work.
    #[error("out of memory")]
    OutOfMemory,
}

/// One or several right-hand sides: a vector, or the columns of a matrix.
pub trait RightHandSide: Dimension {
    /// The right-hand sides as columns.
    fn columns<T>(sides: ArrayView<'_, T, Self>) -> ArrayView2<'_, T>;
    /// The solutions, given as columns.
    fn solutions<T>(columns: Array2<T>) -> Array<T, Self>;
}

impl RightHandSide for Ix1 {
    fn columns<T>(sides: ArrayView<'_, T, Ix1>) -> ArrayView2<'_, T> {
        sides.insert_axis(Axis(1))
    }
    fn solutions<T>(columns: Array2<T>) -> Array1<T> {
        columns.index_axis_move(Axis(1), 0)
    }
}

impl RightHandSide for Ix2 {
    fn columns<T>(sides: ArrayView<'_, T, Ix2>) -> ArrayView2<'_, T> {
        sides
    }
    fn solutions<T>(columns: Array2<T>) -> Array2<T> {
        columns
    }
}

/// A float that matrices are made of: `f64` or `f32`.
pub trait Float: matrix::Number {
    /// The solutions `x` of `a x = b`, for each column of `b`.
    ///
    /// # Errors
    /// If the shapes do not fit or the matrix is singular.
    fn solve(a: &ArrayRef2<Self>, b: ArrayView2<'_, Self>) -> Result<Array2<Self>, LinalgError>;
    /// The inverse.
    ///
    /// # Errors
    /// If the matrix is not square, or singular.
    fn inv(a: &ArrayRef2<Self>) -> Result<Array2<Self>, LinalgError>;
    /// The determinant.
    ///
    /// # Errors
    /// If the matrix is not square.
    fn det(a: &ArrayRef2<Self>) -> Result<Self, LinalgError>;
    /// The lower triangular matrix `l` with `a = l lᵀ`, of whose argument the lower triangle alone is looked at.
    ///
    /// # Errors
    /// If the matrix is not square, or not positive definite.
    fn cholesky(a: &ArrayRef2<Self>) -> Result<Array2<Self>, LinalgError>;
    /// Matrices `q` with orthonormal columns and `r`, upper triangular, with `a = q r`.
    ///
    /// # Errors
    /// If there is no memory.
    fn qr(a: &ArrayRef2<Self>) -> Result<(Array2<Self>, Array2<Self>), LinalgError>;
    /// `u`, the singular values from the largest to the smallest, and `vᵀ`, with `a = u diag(s) vᵀ`.
    ///
    /// # Errors
    /// If an element is not finite, or the iteration does not converge.
    fn svd(a: &ArrayRef2<Self>) -> Result<Decomposed<Self>, LinalgError>;
    /// The eigenvalues of a symmetric matrix, from the smallest to the largest, and its eigenvectors, as columns. The
    /// lower triangle alone is looked at.
    ///
    /// # Errors
    /// If the matrix is not square, an element is not finite, or the iteration does not converge.
    fn eigh(a: &ArrayRef2<Self>) -> Result<(Array1<Self>, Array2<Self>), LinalgError>;
    /// The shortest `x` with the least `|a x - b|`, for each column of `b`.
    ///
    /// # Errors
    /// If the shapes do not fit, an element is not finite, or the iteration does not converge.
    fn lstsq(a: &ArrayRef2<Self>, b: ArrayView2<'_, Self>) -> Result<Array2<Self>, LinalgError>;
}

/// Singular vectors, singular values, and singular vectors on the other side.
pub type Decomposed<T> = (Array2<T>, Array1<T>, Array2<T>);

macro_rules! floats {
    ($($ty:ty),*) => { $(
        impl Float for $ty {
            fn solve(a: &ArrayRef2<$ty>, b: ArrayView2<'_, $ty>) -> Result<Array2<$ty>, LinalgError> {
                systems::solve(a, b)
            }
            fn inv(a: &ArrayRef2<$ty>) -> Result<Array2<$ty>, LinalgError> {
                systems::inv(a)
            }
            fn det(a: &ArrayRef2<$ty>) -> Result<$ty, LinalgError> {
                systems::det(a)
            }
            fn cholesky(a: &ArrayRef2<$ty>) -> Result<Array2<$ty>, LinalgError> {
                systems::cholesky(a)
            }
            fn qr(a: &ArrayRef2<$ty>) -> Result<(Array2<$ty>, Array2<$ty>), LinalgError> {
                decompositions::qr(a)
            }
            fn svd(a: &ArrayRef2<$ty>) -> Result<Decomposed<$ty>, LinalgError> {
                decompositions::svd(a)
            }
            fn eigh(a: &ArrayRef2<$ty>) -> Result<(Array1<$ty>, Array2<$ty>), LinalgError> {
                decompositions::eigh(a)
            }
            fn lstsq(a: &ArrayRef2<$ty>, b: ArrayView2<'_, $ty>) -> Result<Array2<$ty>, LinalgError> {
                decompositions::lstsq(a, b)
            }
        }
    )* };
}
floats!(f64, f32);
