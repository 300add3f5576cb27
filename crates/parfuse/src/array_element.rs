//! What arrays of kernels may have as elements: numbers, and structs of them.
//!
//! ```text
//! &mut Array1<f64>       x: [f64; 1]                   one array
//! &mut Array1<Body>      p.x: [f64; 1], p.kind: [u8; 1]    one for each field, where they lie
//!
//! memory   |x x x x x x x x|k|· · · · · · ·|x x x x x x x x|k|· · ·      p.x has the stride 2, p.kind 16
//! ```
//!
//! An element of a struct's array keeps the struct's alignment and padding; kernels read and write its fields alone.

use crate::argument::{Argument, Binder, Offers};
use crate::call::{Output, Outputs};
use crate::kernel_data::KernelData;
use crate::sealed::Sealed;
use ndarray::{ArrayRef, Dimension};
use num_complex::Complex;
use parfuse_ir::{AnyElement, Element, Scalar, element_type, for_each_dtype};
use parfuse_trace::{DeclaredType, Record};
use smallvec::SmallVec;

/// What elements of an array are.
#[derive(Clone, Copy, Debug)]
#[doc(hidden)]
pub enum Elements {
    /// Numbers.
    Of(parfuse_ir::ElementType),
    /// Structs.
    Records(&'static Record),
    /// Tuples of numbers and structs.
    Tuples(&'static [DeclaredType]),
    /// Fixed arrays of numbers, of so many axes.
    Rows(parfuse_ir::ElementType, u8),
}

impl Elements {
    /// An array of them, of so many axes or of any number.
    pub(crate) const fn array(self, rank: Option<u8>) -> DeclaredType {
        match self {
            Elements::Of(element) => DeclaredType::array(element, rank),
            Elements::Records(record) => DeclaredType::RecordArray(record, rank),
            Elements::Tuples(items) => DeclaredType::TupleArray(items, rank),
            Elements::Rows(element, axes) => match rank {
                Some(rank) => DeclaredType::array(element, Some(rank + axes)),
                None => DeclaredType::array(element, None),
            },
        }
    }
}

/// An array in memory, whose strides are numbers of bytes.
#[derive(Debug)]
#[doc(hidden)]
pub struct Laid<'s> {
    address: u64,
    mutable: bool,
    shape: &'s [usize],
    strides: &'s [isize],
}

impl Laid<'_> {
    /// What lies so many bytes behind each element.
    #[must_use]
    pub fn at(&self, offset: usize) -> Laid<'_> {
        Laid { address: self.address.wrapping_add(offset as u64), ..*self }
    }
}

/// What an array of a kernel can have as elements: numbers and [`KernelData`].
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an element type of kernels",
    label = "`{Self}` is not an element type of kernels",
    note = "kernels compute with scalars and arrays of bool, f32, f64, integers of 8 to 64 bits, Complex<f32> and Complex<f64>",
    note = "of a struct of such scalars: write `#[derive(Clone, Copy, KernelData)]` on it"
)]
pub trait ArrayElement: Sealed + Copy + Send + Sync + 'static {
    /// What it is.
    #[doc(hidden)]
    const ELEMENTS: Elements;
    /// Adds an array of it to a call, with strides in elements.
    #[doc(hidden)]
    fn add(binder: &mut Binder<'_>, address: u64, mutable: bool, shape: &[usize], strides: &[isize]);
    /// Adds an array of it that is part of another.
    #[doc(hidden)]
    fn add_laid(binder: &mut Binder<'_>, laid: &Laid<'_>);
    /// Takes an array of it from the results of a call: its shape, and the elements row by row.
    #[doc(hidden)]
    fn take_array(outputs: &mut Outputs<'_>) -> (SmallVec<[usize; 8]>, Vec<Self>);
    /// Offers an array of it for the results of a call.
    #[doc(hidden)]
    fn offer_array<D: Dimension>(into: &mut ArrayRef<Self, D>, offers: &mut Offers);
    /// Adds the numbers that it is made of.
    #[doc(hidden)]
    fn take_apart(self, into: &mut Vec<Scalar>);
    /// The value made of the next of these numbers.
    #[doc(hidden)]
    fn put_together(scalars: &mut dyn Iterator<Item = Scalar>) -> Self;
}

macro_rules! numbers {
    ($(($variant:ident, $ty:ty, $name:literal, $class:ident)),* $(,)?) => { $(
        #[diagnostic::do_not_recommend]
        impl ArrayElement for $ty {
            const ELEMENTS: Elements = Elements::Of(<$ty as AnyElement>::TYPE);
            #[inline]
            fn add(binder: &mut Binder<'_>, address: u64, mutable: bool, shape: &[usize], strides: &[isize]) {
                binder.add::<$ty>(address, mutable, shape, strides);
            }
            fn add_laid(binder: &mut Binder<'_>, laid: &Laid<'_>) {
                binder.add_laid::<$ty>(laid.address, laid.mutable, laid.shape, laid.strides);
            }
            fn take_array(outputs: &mut Outputs<'_>) -> (SmallVec<[usize; 8]>, Vec<Self>) {
                let Output::Array { shape, elements } = outputs.take_next() else { unreachable!("an array result") };
                // The parts of complex numbers lie along one axis more.
                let rank = shape.len() - (<$ty as AnyElement>::PARTS - 1);
                (shape[..rank].into(), elements.into_elements::<$ty>())
            }
            fn offer_array<D: Dimension>(into: &mut ArrayRef<Self, D>, offers: &mut Offers) {
                offers.offer(into);
            }
            fn take_apart(self, into: &mut Vec<Scalar>) {
                into.extend(element_type::scalars(self));
            }
            fn put_together(scalars: &mut dyn Iterator<Item = Scalar>) -> Self {
                let mut part = || <$ty as AnyElement>::Part::from_scalar(scalars.next()?);
                <$ty>::of_parts(|_| part().expect("taken from a value of this type"))
            }
        }
    )* };
}
for_each_dtype!(numbers);
numbers!((Complex, Complex<f32>, "Complex<f32>", Complex), (Complex, Complex<f64>, "Complex<f64>", Complex));

#[diagnostic::do_not_recommend]
impl<T: KernelData> ArrayElement for T {
    const ELEMENTS: Elements = Elements::Records(T::RECORD);

    fn add(binder: &mut Binder<'_>, address: u64, mutable: bool, shape: &[usize], strides: &[isize]) {
        let strides = in_bytes::<T>(strides);
        T::add_laid(binder, &Laid { address, mutable, shape, strides: &strides });
    }
    fn add_laid(binder: &mut Binder<'_>, laid: &Laid<'_>) {
        T::bind_arrays(laid, binder);
    }
    fn take_array(outputs: &mut Outputs<'_>) -> (SmallVec<[usize; 8]>, Vec<Self>) {
        let (shape, elements) = T::take_arrays(outputs);
        (shape.into(), elements)
    }
    fn offer_array<D: Dimension>(_: &mut ArrayRef<Self, D>, offers: &mut Offers) {
        // Each field's array is a result of its own.
        DeclaredType::Record(T::RECORD).flattened().iter().for_each(|_| offers.offer_nothing());
    }
    fn take_apart(self, into: &mut Vec<Scalar>) {
        self.field_scalars(into);
    }
    fn put_together(scalars: &mut dyn Iterator<Item = Scalar>) -> Self {
        T::of_field_scalars(scalars)
    }
}

/// What structs and tuples may have in them: numbers, structs and enums.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot stand in a struct or a tuple of kernels",
    label = "in structs and tuples there are numbers, structs and enums",
    note = "instead of an array write fields, `x: f64, y: f64, z: f64`, or a struct of them with `#[derive(Clone, Copy, KernelData)]`"
)]
pub trait TupleItem: ArrayElement + Argument {}

macro_rules! number_items {
    ($(($variant:ident, $ty:ty, $name:literal, $class:ident)),* $(,)?) => { $(
        impl TupleItem for $ty {}
    )* };
}
for_each_dtype!(number_items);
number_items!((Complex, Complex<f32>, "Complex<f32>", Complex), (Complex, Complex<f64>, "Complex<f64>", Complex));
impl<T: KernelData> TupleItem for T {}

/// The items of a tuple lie where rustc has put them.
macro_rules! tuples {
    ($(($($name:ident $index:tt),*)),*) => { $(
        #[diagnostic::do_not_recommend]
        impl<$($name: TupleItem),*> ArrayElement for ($($name,)*) {
            const ELEMENTS: Elements = {
                const fn items<$($name: TupleItem),*>() -> &'static [DeclaredType] {
                    const { &[$($name::KIND.ty),*] }
                }
                Elements::Tuples(items::<$($name),*>())
            };
            fn add(binder: &mut Binder<'_>, address: u64, mutable: bool, shape: &[usize], strides: &[isize]) {
                let strides = in_bytes::<Self>(strides);
                Self::add_laid(binder, &Laid { address, mutable, shape, strides: &strides });
            }
            fn add_laid(binder: &mut Binder<'_>, laid: &Laid<'_>) {
                $($name::add_laid(binder, &laid.at(std::mem::offset_of!(Self, $index)));)*
            }
            fn take_array(outputs: &mut Outputs<'_>) -> (SmallVec<[usize; 8]>, Vec<Self>) {
                let parts = ($($name::take_array(outputs),)*);
                let shape = parts.0.0.clone();
                let mut items = ($(parts.$index.1.into_iter(),)*);
                let mut next = || Some(($(items.$index.next()?,)*));
                (shape, std::iter::from_fn(&mut next).collect())
            }
            fn offer_array<Dim: Dimension>(_: &mut ArrayRef<Self, Dim>, offers: &mut Offers) {
                // Each item's array is a result of its own.
                let items = Self::ELEMENTS.array(Some(1)).flattened();
                items.iter().for_each(|_| offers.offer_nothing());
            }
            fn take_apart(self, into: &mut Vec<Scalar>) {
                $(self.$index.take_apart(into);)*
            }
            fn put_together(scalars: &mut dyn Iterator<Item = Scalar>) -> Self {
                ($($name::put_together(scalars),)*)
            }
        }
    )* };
}
tuples!((A 0, B 1), (A 0, B 1, C 2), (A 0, B 1, C 2, D 3));

/// Strides of elements in bytes. Along an axis of one element a stride may be anything.
fn in_bytes<T>(strides: &[isize]) -> SmallVec<[isize; 8]> {
    strides.iter().map(|stride| stride.wrapping_mul(size_of::<T>() as isize)).collect()
}
