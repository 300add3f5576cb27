//! The traits by which Rust's own types take part in tracing: constants, element types, array types,
//! functions that a kernel may call.

use crate::{At, Tracer, Value};
use num_complex::Complex;
use parfuse_ir::{AnyElement, Element, ElementType, Scalar, for_each_dtype};

/// A constant of a definite type that enters a traced function from outside, or a value of it.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be a constant in a kernel",
    label = "not a constant that kernels know",
    note = "constants are of type bool, f32, f64, an integer of 8 to 64 bits, or complex; arrays are passed as parameters"
)]
pub trait Lift<'t> {
    /// The value.
    fn lift(self, tracer: &'t Tracer, at: At) -> Value<'t>;
}

/// What can stand beside a [`Value`] in an expression of the closure API.
///
/// The types that Rust gives to bare literals, `i32` and `f64`, adapt to the other operand as literals do
/// (`x * 2.0` for an `f32` array); the others keep their type.
pub trait Operand<'t> {
    /// The value.
    fn operand(self, tracer: &'t Tracer, at: At) -> Value<'t>;
}

#[diagnostic::do_not_recommend]
impl<'t> Lift<'t> for Value<'t> {
    fn lift(self, _: &'t Tracer, _: At) -> Value<'t> {
        self
    }
}
#[diagnostic::do_not_recommend]
impl<'t> Lift<'t> for &Value<'t> {
    fn lift(self, _: &'t Tracer, _: At) -> Value<'t> {
        *self
    }
}
/// The number of an axis.
#[diagnostic::do_not_recommend]
impl<'t> Lift<'t> for ndarray::Axis {
    fn lift(self, tracer: &'t Tracer, at: At) -> Value<'t> {
        tracer.lift(self.0, at)
    }
}
/// How two numbers compare.
#[diagnostic::do_not_recommend]
impl<'t> Lift<'t> for std::cmp::Ordering {
    fn lift(self, tracer: &'t Tracer, at: At) -> Value<'t> {
        tracer.ordering(self, at)
    }
}
impl<'t> Operand<'t> for Value<'t> {
    fn operand(self, _: &'t Tracer, _: At) -> Value<'t> {
        self
    }
}
impl<'t> Operand<'t> for &Value<'t> {
    fn operand(self, _: &'t Tracer, _: At) -> Value<'t> {
        *self
    }
}

macro_rules! lift_elements {
    ($(($variant:ident, $rust:ty, $name:literal, $class:ident)),* $(,)?) => { $(
        #[diagnostic::do_not_recommend]
        impl<'t> Lift<'t> for $rust {
            fn lift(self, tracer: &'t Tracer, at: At) -> Value<'t> {
                tracer.constant(self.scalar(), at)
            }
        }
        #[diagnostic::do_not_recommend]
        impl<'t> Lift<'t> for &$rust {
            fn lift(self, tracer: &'t Tracer, at: At) -> Value<'t> {
                tracer.constant(self.scalar(), at)
            }
        }
        impl CastTarget for $rust {}
        impl<'t> Operand<'t> for $rust {
            fn operand(self, tracer: &'t Tracer, at: At) -> Value<'t> {
                tracer.beside(self.scalar(), at)
            }
        }
    )* };
}
for_each_dtype!(lift_elements);

#[diagnostic::do_not_recommend]
impl<'t, T> Lift<'t> for Complex<T>
where
    T: Element,
    Complex<T>: AnyElement<Part = T>,
{
    fn lift(self, tracer: &'t Tracer, at: At) -> Value<'t> {
        let [re, im] = [self.re, self.im].map(|part| tracer.constant(part.scalar(), at));
        tracer.complex_number(re, im, at)
    }
}
#[diagnostic::do_not_recommend]
impl<'t, T> Lift<'t> for &Complex<T>
where
    T: Element,
    Complex<T>: AnyElement<Part = T>,
{
    fn lift(self, tracer: &'t Tracer, at: At) -> Value<'t> {
        tracer.lift(*self, at)
    }
}
impl<'t, T> Operand<'t> for Complex<T>
where
    T: Element,
    Complex<T>: AnyElement<Part = T>,
{
    fn operand(self, tracer: &'t Tracer, at: At) -> Value<'t> {
        let [re, im] = [self.re, self.im].map(|part| tracer.beside(part.scalar(), at));
        tracer.complex_number(re, im, at)
    }
}

/// The target of `as`.
#[diagnostic::on_unimplemented(
    message = "a kernel cannot convert to `{Self}`",
    note = "`as` converts to bool, f32, f64 and integers of 8 to 64 bits"
)]
pub trait CastTarget: Element {}

/// An element type, or [`Infer`].
pub trait DTypeArg {
    /// The type, `None` if it is to be inferred.
    const ELEMENT: Option<ElementType>;
}

/// Stands for an element type that is not written: `Array1::zeros(n)` is `Array1::<Infer>::zeros(n)`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Infer;

impl DTypeArg for Infer {
    const ELEMENT: Option<ElementType> = None;
}
impl<T: AnyElement> DTypeArg for T {
    const ELEMENT: Option<ElementType> = Some(T::TYPE);
}

/// A type of arrays, whose associated functions a kernel may call.
#[diagnostic::on_unimplemented(
    message = "a kernel cannot call functions of `{Self}`",
    label = "not a type of arrays that kernels know",
    note = "kernels make arrays of bool, f32, f64, integers of 8 to 64 bits and complex numbers, with 0 to 6 axes: `Array1::<f64>::zeros(n)`"
)]
pub trait ArrayType {
    /// The element type, `None` if it is to be inferred.
    const ELEMENT: Option<ElementType>;
    /// The rank, `None` if it is to be inferred.
    const RANK: Option<u8>;
}

macro_rules! array_types {
    ($($dimension:ident: $rank:expr),*) => { $(
        #[diagnostic::do_not_recommend]
        impl<T: DTypeArg> ArrayType for ndarray::Array<T, ndarray::$dimension> {
            const ELEMENT: Option<ElementType> = T::ELEMENT;
            const RANK: Option<u8> = $rank;
        }
    )* };
}
array_types!(Ix0: Some(0), Ix1: Some(1), Ix2: Some(2), Ix3: Some(3), Ix4: Some(4), Ix5: Some(5), Ix6: Some(6), IxDyn: None);

/// What the call of a function in a kernel traces to. Implemented by the type of the function's name that
/// stands beside it.
#[diagnostic::on_unimplemented(
    message = "a kernel can only call functions that are kernels themselves",
    label = "not a kernel",
    note = "put `#[kernel]` on the function if it is yours; of a function of another crate write out what it computes",
    note = "of a struct of scalars: write `#[derive(Clone, Copy, KernelData)]` on it"
)]
pub trait Inline {
    /// Traces the call.
    fn inline<'t>(tracer: &'t Tracer, args: &[Value<'t>], at: At) -> Value<'t>;
}

/// The value of an integer constant, if it is one.
pub(crate) fn integer(scalar: Scalar) -> Option<i128> {
    scalar.as_integer()
}
