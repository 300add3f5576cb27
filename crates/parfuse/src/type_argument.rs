//! What a generic kernel is generic over: the [`TypeArgument`] trait.

use crate::annotation::{Annotated, AnnotatedElement};
use crate::argument::Argument;
use crate::array_element::ArrayElement;
use crate::fixed::Row;
use crate::returned::Returned;
use parfuse_ir::{Element, for_each_dtype};
use parfuse_trace::{CastTarget, Lift};

/// A type that can take the place of `T` in a kernel that is generic over `T`: the element types.
///
/// Functions that are generic themselves and call the compiled variants of a generic kernel need it as a bound.
///
/// ```
/// use ndarray::{Array1, ArrayRef1, LinalgScalar, array};
/// use parfuse::TypeArgument;
/// use parfuse::prelude::*;
///
/// #[kernel]
/// fn energy<T: LinalgScalar>(mass: T, velocities: &ArrayRef1<T>) -> T {
///     mass * velocities.dot(velocities)
/// }
///
/// fn energy_of_two<T: LinalgScalar + TypeArgument>(a: &Array1<T>, b: &Array1<T>) -> Result<T, Error> {
///     Ok(energy::serial(T::one(), a)? + energy::parallel(T::one(), b)?)
/// }
///
/// assert_eq!(energy_of_two(&array![1.0f32, 2.0], &array![3.0]), Ok(14.0));
/// assert_eq!(energy_of_two(&array![1, 2], &array![3]), Ok(14));
/// # Ok::<(), Error>(())
/// ```
#[diagnostic::on_unimplemented(
    message = "a generic kernel cannot be used with `{Self}`",
    label = "not an element type of kernels",
    note = "kernels are generic over bool, f32, f64 and integers of 8 to 64 bits"
)]
pub trait TypeArgument:
    Element
    + ArrayElement
    + Row
    + CastTarget
    + Annotated
    + AnnotatedElement
    + Returned
    + for<'b> Argument<Reborrowed<'b> = Self>
    + for<'t> Lift<'t>
{
}

macro_rules! type_arguments {
    ($(($variant:ident, $ty:ty, $name:literal, $class:ident)),* $(,)?) => { $(impl TypeArgument for $ty {})* };
}
for_each_dtype!(type_arguments);
