//! The smallest and largest elements of arrays, and where they are: methods that `ndarray` does not have.
//!
//! In plain Rust elements are combined by what kernels combine them by, one after the other: the results are the same to
//! the last bit.

use ndarray::{Array, ArrayRef, Axis, Dimension, RemoveAxis};
use parfuse_ir::fold::Word;
use parfuse_ir::{Element, Fold, ReduceOp, Scalar};

/// The smallest and largest elements of arrays of numbers, in kernels and in plain Rust.
///
/// `min` and `max` pass NaN over, and are infinite if there is nothing else. `argmin` and `argmax` give the position of
/// the first of equal elements, or that of the first NaN.
///
/// ```
/// use ndarray::{Array1, ArrayRef2, Axis, array};
/// use parfuse::prelude::*;
///
/// #[kernel]
/// fn spans(a: &ArrayRef2<f64>) -> Array1<f64> {
///     a.max_axis(Axis(1)) - a.min_axis(Axis(1))
/// }
///
/// let a = array![[1.0, 5.0, 2.0], [8.0, 8.0, 7.0]];
/// assert_eq!(spans::serial(&a)?, array![4.0, 1.0]);
/// assert_eq!(spans(&a), array![4.0, 1.0]);
/// assert_eq!((a.min(), a.argmax()), (1.0, 3));
/// # Ok::<(), parfuse::Error>(())
/// ```
///
/// # Panics
/// In plain Rust all methods panic if the array, or the axis, is empty; `min_axis` and its kin if there is no such axis.
/// Compiled variants return [`Error::EmptyExtreme`](crate::Error::EmptyExtreme).
pub trait ArrayExtremes<A, D> {
    /// The smallest element.
    fn min(&self) -> A;
    /// The largest element.
    fn max(&self) -> A;
    /// The position of the smallest element in row-major order.
    fn argmin(&self) -> usize;
    /// The position of the largest element in row-major order.
    fn argmax(&self) -> usize;
    /// The smallest elements along an axis.
    fn min_axis(&self, axis: Axis) -> Array<A, D::Smaller>
    where
        D: RemoveAxis;
    /// The largest elements along an axis.
    fn max_axis(&self, axis: Axis) -> Array<A, D::Smaller>
    where
        D: RemoveAxis;
    /// The positions of the smallest elements along an axis.
    fn argmin_axis(&self, axis: Axis) -> Array<usize, D::Smaller>
    where
        D: RemoveAxis;
    /// The positions of the largest elements along an axis.
    fn argmax_axis(&self, axis: Axis) -> Array<usize, D::Smaller>
    where
        D: RemoveAxis;
}

impl<A: Element, D: Dimension> ArrayExtremes<A, D> for ArrayRef<A, D> {
    fn min(&self) -> A {
        folded(ReduceOp::Min.into(), self.iter())
    }
    fn max(&self) -> A {
        folded(ReduceOp::Max.into(), self.iter())
    }
    fn argmin(&self) -> usize {
        folded(Fold::ArgMin, self.iter())
    }
    fn argmax(&self) -> usize {
        folded(Fold::ArgMax, self.iter())
    }
    fn min_axis(&self, axis: Axis) -> Array<A, D::Smaller>
    where
        D: RemoveAxis,
    {
        self.map_axis(axis, |row| folded(ReduceOp::Min.into(), row.iter()))
    }
    fn max_axis(&self, axis: Axis) -> Array<A, D::Smaller>
    where
        D: RemoveAxis,
    {
        self.map_axis(axis, |row| folded(ReduceOp::Max.into(), row.iter()))
    }
    fn argmin_axis(&self, axis: Axis) -> Array<usize, D::Smaller>
    where
        D: RemoveAxis,
    {
        self.map_axis(axis, |row| folded(Fold::ArgMin, row.iter()))
    }
    fn argmax_axis(&self, axis: Axis) -> Array<usize, D::Smaller>
    where
        D: RemoveAxis,
    {
        self.map_axis(axis, |row| folded(Fold::ArgMax, row.iter()))
    }
}

/// What elements are reduced to.
fn folded<'a, A: Element, R: Element>(fold: Fold, elements: impl Iterator<Item = &'a A>) -> R {
    let combine = fold.combine(A::DTYPE);
    let contribution = |(position, element): (usize, &A)| -> Vec<Scalar> {
        let word = |word: &Word| match word {
            Word::Element => element.scalar(),
            Word::Position => Scalar::Usize(position),
            Word::One => A::DTYPE.one(),
            Word::Zero => A::DTYPE.zero(),
        };
        fold.contribution().iter().map(word).collect()
    };
    let mut elements = elements.enumerate().map(contribution).peekable();
    assert!(elements.peek().is_some(), "the smallest or largest element of an empty array");
    let start = combine.of_no_elements(&[A::DTYPE]);
    let total = elements.fold(start, |all, own| combine.eval_element(&all, &own));
    R::from_scalar(total[fold.result_word()]).expect("a fold gives what it says")
}
