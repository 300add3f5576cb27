//! What the tracing code that `#[kernel]` generates asks about types.

use crate::kernel_data::KernelData;
use ndarray::{Array, ArrayRef, ArrayView, ArrayViewMut, Dimension};
use num_complex::Complex;
use parfuse_ir::program::Type;
use parfuse_ir::{ElementType, for_each_dtype};
use parfuse_trace::{At, DTypeArg, DeclaredType, Infer, Tracer, Value};
use std::collections::{BinaryHeap, VecDeque};

/// A type written at a `let` in a kernel.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a type of values in a kernel",
    label = "not a type of kernels",
    note = "kernels compute with bool, f32, f64, integers of 8 to 64 bits, complex numbers, arrays of them of rank 0 to 6, and tuples"
)]
pub trait Annotated {
    /// The type as programs know it; nothing where it leaves something to be inferred.
    fn annotation() -> Option<DeclaredType>;
    /// The type as that of what an `Option` holds, with the parts of tuples.
    fn held() -> Option<DeclaredType> {
        Self::annotation()
    }
}

macro_rules! annotate_scalars {
    ($(($variant:ident, $ty:ty, $name:literal, $class:ident)),* $(,)?) => { $(impl Annotated for $ty {
        fn annotation() -> Option<DeclaredType> { <$ty as DTypeArg>::ELEMENT.map(|element| Type::Scalar(element).into()) }
    })* };
}
for_each_dtype!(annotate_scalars);

impl<T: DTypeArg> Annotated for Complex<T> {
    fn annotation() -> Option<DeclaredType> {
        T::ELEMENT.map(|part| Type::Scalar(ElementType::Complex(part.part())).into())
    }
}

/// An element type written in the type of an array.
pub trait AnnotatedElement {
    /// An array of it, of so many axes or of any number; nothing where it leaves something to be inferred.
    fn array_of(rank: Option<u8>) -> Option<DeclaredType>;
}

macro_rules! annotate_elements {
    ($(($variant:ident, $ty:ty, $name:literal, $class:ident)),* $(,)?) => { $(impl AnnotatedElement for $ty {
        fn array_of(rank: Option<u8>) -> Option<DeclaredType> {
            <$ty as DTypeArg>::ELEMENT.map(|element| DeclaredType::array(element, rank))
        }
    })* };
}
for_each_dtype!(annotate_elements);
impl<T: DTypeArg> AnnotatedElement for Complex<T> {
    fn array_of(rank: Option<u8>) -> Option<DeclaredType> {
        T::ELEMENT.map(|part| DeclaredType::array(ElementType::Complex(part.part()), rank))
    }
}
impl AnnotatedElement for Infer {
    fn array_of(_: Option<u8>) -> Option<DeclaredType> {
        None
    }
}
impl<T: KernelData> AnnotatedElement for T {
    fn array_of(rank: Option<u8>) -> Option<DeclaredType> {
        Some(DeclaredType::RecordArray(T::RECORD, rank))
    }
}

fn array<T: AnnotatedElement, D: Dimension>() -> Option<DeclaredType> {
    T::array_of(D::NDIM.and_then(|rank| u8::try_from(rank).ok()))
}

impl<T: AnnotatedElement, D: Dimension> Annotated for Array<T, D> {
    fn annotation() -> Option<DeclaredType> {
        array::<T, D>()
    }
}
impl<T: AnnotatedElement, D: Dimension> Annotated for ArrayRef<T, D> {
    fn annotation() -> Option<DeclaredType> {
        array::<T, D>()
    }
}
impl<T: AnnotatedElement, D: Dimension> Annotated for ArrayView<'_, T, D> {
    fn annotation() -> Option<DeclaredType> {
        array::<T, D>()
    }
}
impl<T: AnnotatedElement, D: Dimension> Annotated for ArrayViewMut<'_, T, D> {
    fn annotation() -> Option<DeclaredType> {
        array::<T, D>()
    }
}
impl<T: AnnotatedElement> Annotated for [T] {
    fn annotation() -> Option<DeclaredType> {
        T::array_of(Some(1))
    }
}
impl<T: Annotated, const N: usize> Annotated for [T; N] {
    fn annotation() -> Option<DeclaredType> {
        match T::held()? {
            DeclaredType::Known(Type::Scalar(element)) => Some(Type::Array(element, 1).into()),
            DeclaredType::Known(Type::Array(element, rank)) => Some(Type::Array(element, rank + 1).into()),
            DeclaredType::Record(record) => Some(DeclaredType::RecordArray(record, Some(1))),
            DeclaredType::RecordArray(record, Some(rank)) => {
                Some(DeclaredType::RecordArray(record, Some(rank + 1)))
            }
            DeclaredType::Tuple(parts) => Some(DeclaredType::TupleArray(parts, Some(1))),
            DeclaredType::TupleArray(parts, Some(rank)) => {
                Some(DeclaredType::TupleArray(parts, Some(rank + 1)))
            }
            DeclaredType::AnyRank(_)
            | DeclaredType::RecordArray(_, None)
            | DeclaredType::TupleArray(_, None)
            | DeclaredType::Option(_) => None,
        }
    }
}
impl<T: Annotated> Annotated for Vec<T> {
    fn annotation() -> Option<DeclaredType> {
        <[T; 1]>::annotation()
    }
}
impl<T: Annotated> Annotated for VecDeque<T> {
    fn annotation() -> Option<DeclaredType> {
        Vec::<T>::annotation()
    }
}
/// Its elements may be turned around, which no declared type says.
impl<T> Annotated for BinaryHeap<T> {
    fn annotation() -> Option<DeclaredType> {
        None
    }
}
impl<T: Annotated + ?Sized> Annotated for &T {
    fn annotation() -> Option<DeclaredType> {
        T::annotation()
    }
}
impl<T: Annotated + ?Sized> Annotated for &mut T {
    fn annotation() -> Option<DeclaredType> {
        T::annotation()
    }
}
impl<T: Annotated> Annotated for Option<T> {
    fn annotation() -> Option<DeclaredType> {
        T::held().filter(|held| !held.is_array()).map(|held| DeclaredType::option(vec![held]))
    }
}
impl Annotated for Infer {
    fn annotation() -> Option<DeclaredType> {
        None
    }
}
macro_rules! annotate_tuples {
    ($(($($name:ident),*)),*) => { $(impl<$($name: Annotated),*> Annotated for ($($name,)*) {
        fn annotation() -> Option<DeclaredType> { None }
        fn held() -> Option<DeclaredType> {
            let parts: Vec<DeclaredType> = vec![$($name::held()?),*];
            let is_known = parts.len() > 1 && !parts.iter().any(|part| part.is_array());
            is_known.then(|| DeclaredType::tuple(parts))
        }
    })* };
}
annotate_tuples!((), (A), (A, B), (A, B, C), (A, B, C, D));

/// Gives what a kernel's body returns the types that the function declares.
pub fn returned<'t>(t: &'t Tracer, value: Value<'t>, kinds: fn() -> Vec<DeclaredType>, at: At) -> Value<'t> {
    t.declared_results(value, &mut kinds().into_iter(), at)
}

/// Takes the place of a called function that has no tracing beside it.
#[derive(Debug)]
pub enum NotAKernel {}
