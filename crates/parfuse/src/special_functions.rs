//! Functions that the standard library does not have: error functions and gamma functions.
//!
//! In plain Rust they are computed by the very expansions that kernels are compiled from, hence function and
//! compiled variants agree to the last bit.

use parfuse_ir::{Element, ScalarOp};

/// Error functions and gamma functions of `f64` and `f32`, in kernels and in plain Rust.
///
/// Special values are those of the C functions of the same names. In plain Rust these are not the quickest
/// implementations there are: it is compiled kernels that are fast.
///
/// Outside of kernels rustc warns that the standard library may have `erf` and `erfc` one day; to silence it,
/// allow `unstable_name_collisions`.
///
/// ```
/// use ndarray::{Array1, ArrayRef1, array};
/// use parfuse::prelude::*;
///
/// #[kernel]
/// fn normal_distribution(x: &ArrayRef1<f64>) -> Array1<f64> {
///     x.mapv(|x| 0.5 * (-x / std::f64::consts::SQRT_2).erfc())
/// }
///
/// let x = array![-3.0, 0.0, 1.0];
/// let probabilities = normal_distribution::serial(&x)?;
/// assert_eq!(probabilities, normal_distribution(&x));
/// assert!((probabilities[2] - 0.841344746).abs() < 1e-9);
/// assert_eq!(5.0f64.tgamma().round(), 24.0);
/// # Ok::<(), parfuse::Error>(())
/// ```
pub trait SpecialFunctions: Element {
    /// The error function, 2/√π times the integral of `exp(-t²)` from 0 to it.
    fn erf(self) -> Self;
    /// One minus the error function, accurate where that is small.
    fn erfc(self) -> Self;
    /// The gamma function. NaN for negative integers and infinity for zero, with its sign.
    fn tgamma(self) -> Self;
    /// The natural logarithm of the magnitude of the gamma function. Infinite for integers that are not
    /// positive. Its relative error is small but near its zeros between negative integers.
    fn lgamma(self) -> Self;
}

macro_rules! implement_special_functions {
    ($($ty:ty),*) => { $(impl SpecialFunctions for $ty {
        fn erf(self) -> $ty { evaluate(ScalarOp::Erf, self) }
        fn erfc(self) -> $ty { evaluate(ScalarOp::Erfc, self) }
        fn tgamma(self) -> $ty { evaluate(ScalarOp::Tgamma, self) }
        fn lgamma(self) -> $ty { evaluate(ScalarOp::Lgamma, self) }
    })* };
}
implement_special_functions!(f32, f64);

/// What kernels compute of a float.
pub(crate) fn evaluate<T: Element>(op: ScalarOp, x: T) -> T {
    T::from_scalar(op.eval(&[x.scalar()])).expect("a function of floats has its operand's type")
}
