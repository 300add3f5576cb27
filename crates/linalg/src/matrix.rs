//! Work matrices: columns one behind the other, in memory that the allocator may refuse.

use crate::LinalgError;
use faer::dyn_stack::{MemBuffer, StackReq};
use faer::{MatMut, MatRef};
use ndarray::{Array1, Array2, ArrayView2};

/// What matrices are made of.
pub trait Number: faer::traits::RealField + Copy + PartialOrd + 'static {
    /// 0.
    const ZERO: Self;
    /// 1.
    const ONE: Self;
    /// The distance from 1 to the next number.
    const EPSILON: Self;
    /// The number next to a count.
    fn of_count(count: usize) -> Self;
    /// Whether it is neither infinite nor NaN.
    fn is_a_number(self) -> bool;
}

macro_rules! numbers {
    ($($ty:ty),*) => { $(
        impl Number for $ty {
            const ZERO: $ty = 0.0;
            const ONE: $ty = 1.0;
            const EPSILON: $ty = <$ty>::EPSILON;
            fn of_count(count: usize) -> $ty {
                count as $ty
            }
            fn is_a_number(self) -> bool {
                self.is_finite()
            }
        }
    )* };
}
numbers!(f64, f32);

/// A matrix to work on.
pub(crate) struct Matrix<T> {
    elements: Vec<T>,
    rows: usize,
    columns: usize,
}

impl<T: Number> Matrix<T> {
    /// A matrix of zeros.
    pub(crate) fn zeros(rows: usize, columns: usize) -> Result<Matrix<T>, LinalgError> {
        let len = rows.checked_mul(columns).ok_or(LinalgError::OutOfMemory)?;
        let mut elements = room(len)?;
        elements.resize(len, T::ZERO);
        Ok(Matrix { elements, rows, columns })
    }

    /// A copy of an array.
    pub(crate) fn of(array: &ArrayView2<'_, T>) -> Result<Matrix<T>, LinalgError> {
        let (rows, columns) = array.dim();
        let mut elements = room(array.len())?;
        array.columns().into_iter().for_each(|column| elements.extend(column));
        Ok(Matrix { elements, rows, columns })
    }

    /// A copy of an array all of whose elements are finite.
    pub(crate) fn of_finite(array: &ArrayView2<'_, T>) -> Result<Matrix<T>, LinalgError> {
        let matrix = Matrix::of(array)?;
        let finite = matrix.elements.iter().all(|x| x.is_a_number());
        if finite { Ok(matrix) } else { Err(LinalgError::NotFinite) }
    }

    pub(crate) fn view(&self) -> MatRef<'_, T> {
        MatRef::from_column_major_slice(&self.elements, self.rows, self.columns)
    }

    pub(crate) fn view_mut(&mut self) -> MatMut<'_, T> {
        MatMut::from_column_major_slice_mut(&mut self.elements, self.rows, self.columns)
    }

    /// The elements, column after column.
    pub(crate) fn elements_mut(&mut self) -> &mut [T] {
        &mut self.elements
    }

    pub(crate) fn at(&self, row: usize, column: usize) -> T {
        self.elements[row + column * self.rows]
    }

    pub(crate) fn set(&mut self, row: usize, column: usize, x: T) {
        self.elements[row + column * self.rows] = x;
    }

    /// The elements on the diagonal.
    pub(crate) fn diagonal(&self) -> impl Iterator<Item = T> + '_ {
        (0..self.rows.min(self.columns)).map(|k| self.at(k, k))
    }

    /// The first rows and columns as an array.
    pub(crate) fn part(&self, rows: usize, columns: usize) -> Result<Array2<T>, LinalgError> {
        let mut elements = room(rows * columns)?;
        for row in 0..rows {
            elements.extend((0..columns).map(|column| self.at(row, column)));
        }
        Ok(array(rows, columns, elements))
    }

    /// All of it as an array.
    pub(crate) fn array(&self) -> Result<Array2<T>, LinalgError> {
        self.part(self.rows, self.columns)
    }

    /// The matrix with rows for columns as an array: without a copy.
    pub(crate) fn into_transposed(self) -> Array2<T> {
        array(self.columns, self.rows, self.elements)
    }

    /// The first column as an array.
    pub(crate) fn into_column(mut self) -> Array1<T> {
        self.elements.truncate(self.rows);
        Array1::from_vec(self.elements)
    }
}

fn array<T>(rows: usize, columns: usize, elements: Vec<T>) -> Array2<T> {
    Array2::from_shape_vec((rows, columns), elements).expect("as many elements as the shape has")
}

/// A vector with room for so many elements.
fn room<T>(len: usize) -> Result<Vec<T>, LinalgError> {
    let mut elements = Vec::new();
    elements.try_reserve_exact(len).map_err(|_| LinalgError::OutOfMemory)?;
    Ok(elements)
}

/// So many zeros, for numbers of rows.
pub(crate) fn positions(len: usize) -> Result<Vec<usize>, LinalgError> {
    let mut positions = room(len)?;
    positions.resize(len, 0);
    Ok(positions)
}

/// Memory for the temporaries of an algorithm.
pub(crate) fn scratch(needed: StackReq) -> Result<MemBuffer, LinalgError> {
    MemBuffer::try_new(needed).map_err(|_| LinalgError::OutOfMemory)
}
