//! Systems of equations: elimination with row exchanges, and the square root of a positive definite matrix.

use crate::LinalgError;
use crate::matrix::{Matrix, Number, positions, scratch};
use faer::dyn_stack::MemStack;
use faer::linalg::cholesky::llt::factor::{LltError, cholesky_in_place, cholesky_in_place_scratch};
use faer::linalg::lu::partial_pivoting::factor::{lu_in_place, lu_in_place_scratch};
use faer::linalg::lu::partial_pivoting::inverse::{inverse, inverse_scratch};
use faer::linalg::lu::partial_pivoting::solve::{solve_in_place, solve_in_place_scratch};
use faer::perm::PermRef;
use faer::{Par, Spec};
use ndarray::{Array2, ArrayRef2, ArrayView2};
use std::cmp::Ordering;

/// The number of rows of a square matrix.
pub(crate) fn order<T>(a: &ArrayRef2<T>) -> Result<usize, LinalgError> {
    let (rows, columns) = a.dim();
    if rows == columns { Ok(rows) } else { Err(LinalgError::NotSquare { rows, columns }) }
}

/// That a right-hand side has as many rows as a matrix.
pub(crate) fn fits<T>(a: &ArrayRef2<T>, b: &ArrayView2<'_, T>) -> Result<(), LinalgError> {
    let (expected, found) = (a.nrows(), b.nrows());
    if expected == found { Ok(()) } else { Err(LinalgError::WrongLength { expected, found }) }
}

/// A matrix with its rows exchanged, as a product of triangular ones in one matrix.
struct Eliminated<T> {
    factors: Matrix<T>,
    order: Vec<usize>,
    back: Vec<usize>,
    /// How often two rows have changed places.
    exchanges: usize,
}

impl<T: Number> Eliminated<T> {
    fn new(a: &ArrayRef2<T>) -> Result<Eliminated<T>, LinalgError> {
        let n = order(a)?;
        let mut factors = Matrix::of(&a.view())?;
        let (mut order, mut back) = (positions(n)?, positions(n)?);
        let mut memory = scratch(lu_in_place_scratch::<usize, T>(n, n, Par::Seq, Spec::default()))?;
        let stack = MemStack::new(&mut memory);
        let (info, _) =
            lu_in_place(factors.view_mut(), &mut order, &mut back, Par::Seq, stack, Spec::default());
        Ok(Eliminated { factors, order, back, exchanges: info.transposition_count })
    }

    /// The same, if there is an inverse.
    fn regular(a: &ArrayRef2<T>) -> Result<Eliminated<T>, LinalgError> {
        let eliminated = Eliminated::new(a)?;
        let singular = eliminated.factors.diagonal().any(|pivot| pivot == T::ZERO);
        if singular { Err(LinalgError::Singular) } else { Ok(eliminated) }
    }

    fn rows(&self) -> PermRef<'_, usize> {
        PermRef::new_checked(&self.order, &self.back, self.order.len())
    }
}

pub(crate) fn solve<T: Number>(a: &ArrayRef2<T>, b: ArrayView2<'_, T>) -> Result<Array2<T>, LinalgError> {
    let n = order(a)?;
    fits(a, &b)?;
    let eliminated = Eliminated::regular(a)?;
    let mut x = Matrix::of(&b)?;
    let mut memory = scratch(solve_in_place_scratch::<usize, T>(n, b.ncols(), Par::Seq))?;
    let (factors, stack) = (eliminated.factors.view(), MemStack::new(&mut memory));
    solve_in_place(factors, factors, eliminated.rows(), x.view_mut(), Par::Seq, stack);
    x.array()
}

pub(crate) fn inv<T: Number>(a: &ArrayRef2<T>) -> Result<Array2<T>, LinalgError> {
    let n = order(a)?;
    let eliminated = Eliminated::regular(a)?;
    let mut x = Matrix::zeros(n, n)?;
    let mut memory = scratch(inverse_scratch::<usize, T>(n, Par::Seq))?;
    let (factors, stack) = (eliminated.factors.view(), MemStack::new(&mut memory));
    inverse(x.view_mut(), factors, factors, eliminated.rows(), Par::Seq, stack);
    x.array()
}

pub(crate) fn det<T: Number>(a: &ArrayRef2<T>) -> Result<T, LinalgError> {
    let eliminated = Eliminated::new(a)?;
    let sign = if eliminated.exchanges.is_multiple_of(2) { T::ONE } else { -T::ONE };
    Ok(eliminated.factors.diagonal().fold(sign, |product, pivot| product * pivot))
}

pub(crate) fn cholesky<T: Number>(a: &ArrayRef2<T>) -> Result<Array2<T>, LinalgError> {
    let n = order(a)?;
    let mut l = Matrix::of(&a.view())?;
    let mut memory = scratch(cholesky_in_place_scratch::<T>(n, Par::Seq, Spec::default()))?;
    let stack = MemStack::new(&mut memory);
    let done = cholesky_in_place(l.view_mut(), Default::default(), Par::Seq, stack, Spec::default());
    done.map_err(|LltError::NonPositivePivot { index }| LinalgError::NotPositiveDefinite {
        order: index + 1,
    })?;
    // Elimination compares, and a comparison with NaN tells nothing.
    if let Some(index) = l.diagonal().position(|pivot| pivot.partial_cmp(&T::ZERO) != Some(Ordering::Greater))
    {
        return Err(LinalgError::NotPositiveDefinite { order: index + 1 });
    }
    for column in 1..n {
        (0..column).for_each(|row| l.set(row, column, T::ZERO));
    }
    l.array()
}
