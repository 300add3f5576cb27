//! How many axes the arrays of kernels can have: the [`Rank`] trait.

use ndarray::{Dimension, Ix0, Ix1, Ix2, Ix3};

/// The dimension types that kernels know: `Ix0` to `Ix3`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a number of axes that kernels know",
    label = "not an array of 0 to 3 axes",
    note = "kernels take and return arrays of 0 to 3 axes, known when they are compiled: `Array1` to `Array3`"
)]
pub trait Rank: Dimension + 'static {
    /// The number of axes.
    const RANK: u8;
}

macro_rules! ranks {
    ($($dimension:ident: $rank:literal),*) => { $(impl Rank for $dimension { const RANK: u8 = $rank; })* };
}
ranks!(Ix0: 0, Ix1: 1, Ix2: 2, Ix3: 3);
