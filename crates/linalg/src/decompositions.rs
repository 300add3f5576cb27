//! Orthogonal decompositions: by reflections, into singular values, into eigenvalues; and least squares.

use crate::matrix::{Matrix, Number, scratch};
use crate::systems::{fits, order};
use crate::{Decomposed, LinalgError};
use faer::diag::DiagMut;
use faer::dyn_stack::MemStack;
use faer::linalg::evd::{ComputeEigenvectors, self_adjoint_evd, self_adjoint_evd_scratch};
use faer::linalg::householder::{
    apply_block_householder_sequence_on_the_left_in_place_scratch,
    apply_block_householder_sequence_on_the_left_in_place_with_conj,
};
use faer::linalg::qr::no_pivoting::factor::{qr_in_place, qr_in_place_scratch, recommended_block_size};
use faer::linalg::svd::{ComputeSvdVectors, svd as singular_values, svd_scratch};
use faer::{Conj, Par, Spec};
use ndarray::{Array1, Array2, ArrayRef2, ArrayView2};

pub(crate) fn qr<T: Number>(a: &ArrayRef2<T>) -> Result<(Array2<T>, Array2<T>), LinalgError> {
    let (m, n) = a.dim();
    let size = m.min(n);
    if size == 0 {
        return Ok((Matrix::zeros(m, 0)?.array()?, Matrix::zeros(0, n)?.array()?));
    }
    let block = recommended_block_size::<T>(m, n);
    let (mut factors, mut reflections) = (Matrix::of(&a.view())?, Matrix::zeros(block, size)?);
    let mut memory = scratch(qr_in_place_scratch::<T>(m, n, block, Par::Seq, Spec::default()))?;
    let stack = MemStack::new(&mut memory);
    qr_in_place(factors.view_mut(), reflections.view_mut(), Par::Seq, stack, Spec::default());

    let mut q = Matrix::zeros(m, size)?;
    (0..size).for_each(|k| q.set(k, k, T::ONE));
    let needed = apply_block_householder_sequence_on_the_left_in_place_scratch::<T>(m, block, size);
    let mut memory = scratch(needed)?;
    apply_block_householder_sequence_on_the_left_in_place_with_conj(
        factors.view().get(.., ..size),
        reflections.view(),
        Conj::No,
        q.view_mut(),
        Par::Seq,
        MemStack::new(&mut memory),
    );
    // Below the diagonal there are the reflections.
    for column in 0..size {
        (column + 1..m).for_each(|row| factors.set(row, column, T::ZERO));
    }
    Ok((q.array()?, factors.part(size, n)?))
}

/// Singular vectors as columns, singular values, and singular vectors of the other side, as columns too.
struct Singular<T> {
    u: Matrix<T>,
    s: Matrix<T>,
    v: Matrix<T>,
}

fn singular<T: Number>(a: &ArrayView2<'_, T>) -> Result<Singular<T>, LinalgError> {
    let (m, n) = a.dim();
    let size = m.min(n);
    let matrix = Matrix::of_finite(a)?;
    let (mut u, mut s, mut v) = (Matrix::zeros(m, size)?, Matrix::zeros(size, 1)?, Matrix::zeros(n, size)?);
    if size > 0 {
        let thin = ComputeSvdVectors::Thin;
        let mut memory = scratch(svd_scratch::<T>(m, n, thin, thin, Par::Seq, Spec::default()))?;
        let values = DiagMut::from_slice_mut(s.elements_mut());
        let (of_u, of_v, stack) = (Some(u.view_mut()), Some(v.view_mut()), MemStack::new(&mut memory));
        singular_values(matrix.view(), values, of_u, of_v, Par::Seq, stack, Spec::default())
            .map_err(|_| LinalgError::NoConvergence)?;
    }
    Ok(Singular { u, s, v })
}

pub(crate) fn svd<T: Number>(a: &ArrayRef2<T>) -> Result<Decomposed<T>, LinalgError> {
    let Singular { u, s, v } = singular(&a.view())?;
    Ok((u.array()?, s.into_column(), v.into_transposed()))
}

pub(crate) fn eigh<T: Number>(a: &ArrayRef2<T>) -> Result<(Array1<T>, Array2<T>), LinalgError> {
    let n = order(a)?;
    let matrix = Matrix::of_finite(&a.view())?;
    let (mut values, mut vectors) = (Matrix::zeros(n, 1)?, Matrix::zeros(n, n)?);
    if n > 0 {
        let needed = self_adjoint_evd_scratch::<T>(n, ComputeEigenvectors::Yes, Par::Seq, Spec::default());
        let mut memory = scratch(needed)?;
        let diagonal = DiagMut::from_slice_mut(values.elements_mut());
        let (vectors, stack) = (Some(vectors.view_mut()), MemStack::new(&mut memory));
        self_adjoint_evd(matrix.view(), diagonal, vectors, Par::Seq, stack, Spec::default())
            .map_err(|_| LinalgError::NoConvergence)?;
    }
    Ok((values.into_column(), vectors.array()?))
}

/// By singular values: those that rounding may have made of zeros count as zeros.
pub(crate) fn lstsq<T: Number>(a: &ArrayRef2<T>, b: ArrayView2<'_, T>) -> Result<Array2<T>, LinalgError> {
    fits(a, &b)?;
    let (m, n) = a.dim();
    let Singular { u, s, v } = singular(&a.view())?;
    let (u, v) = (u.array()?, v.array()?);
    let s = s.into_column();
    let largest = s.first().copied().unwrap_or(T::ZERO);
    let least = T::EPSILON * T::of_count(m.max(n)) * largest;
    let mut x = Matrix::zeros(n, b.ncols())?;
    for (column, side) in b.columns().into_iter().enumerate() {
        for (k, value) in s.iter().enumerate().filter(|(_, value)| **value > least) {
            let onto = u.column(k).iter().zip(side).fold(T::ZERO, |sum, (u, b)| sum + *u * *b) / *value;
            for row in 0..n {
                x.set(row, column, x.at(row, column) + onto * v[[row, k]]);
            }
        }
    }
    x.array()
}
