//! How many axes the arrays of kernels can have: the [`Rank`] trait.

use crate::sealed::Sealed;
use ndarray::{Dimension, Ix0, Ix1, Ix2, Ix3, Ix4, Ix5, Ix6, IxDyn};
use parfuse_ir::MAX_RANK;

/// The dimension types that kernels know: `Ix0` to `Ix6`, and `IxDyn` for arrays that say at each call how many axes they
/// have, of which a kernel knows as many.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a number of axes that kernels know",
    label = "not an array of 0 to 6 axes",
    note = "kernels take and return arrays of 0 to 6 axes: `Array1` to `Array6`, or `ArrayD` for any of these numbers"
)]
pub trait Rank: Dimension + Sealed + 'static {
    /// The number of axes, if it is always the same.
    const RANK: Option<u8>;
}

macro_rules! ranks {
    ($($dimension:ident: $rank:expr),*) => { $(
        impl Sealed for $dimension {}
        #[diagnostic::do_not_recommend]
        impl Rank for $dimension { const RANK: Option<u8> = $rank; }
    )* };
}
ranks!(Ix0: Some(0), Ix1: Some(1), Ix2: Some(2), Ix3: Some(3), Ix4: Some(4), Ix5: Some(5), Ix6: Some(6), IxDyn: None);
const _: () = assert!(
    matches!(<Ix6 as Rank>::RANK, Some(6)) && MAX_RANK == 6,
    "there is a type for each number of axes"
);

/// One value per axis of an array: as a slice, but in place and `Copy`, for the path that every call takes.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct PerAxis<T> {
    values: [T; MAX_RANK],
    rank: u8,
}

impl<T: Copy + Default> PerAxis<T> {
    /// These values.
    ///
    /// # Panics
    /// If there are more than an array has axes.
    #[inline]
    pub(crate) fn new(values: &[T]) -> PerAxis<T> {
        PerAxis::from_fn(values.len(), |axis| values[axis])
    }

    /// The values that a function gives for each axis.
    #[inline]
    pub(crate) fn from_fn(rank: usize, value: impl Fn(usize) -> T) -> PerAxis<T> {
        assert!(rank <= MAX_RANK, "arrays have at most {MAX_RANK} axes");
        let mut values = [T::default(); MAX_RANK];
        values[..rank].iter_mut().enumerate().for_each(|(axis, place)| *place = value(axis));
        PerAxis { values, rank: rank as u8 }
    }
}

impl<T> std::ops::Deref for PerAxis<T> {
    type Target = [T];
    #[inline]
    fn deref(&self) -> &[T] {
        &self.values[..self.rank as usize]
    }
}

impl<T> std::ops::DerefMut for PerAxis<T> {
    #[inline]
    fn deref_mut(&mut self) -> &mut [T] {
        &mut self.values[..self.rank as usize]
    }
}
