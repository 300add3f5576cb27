//! What a kernel can take: the [`Argument`] trait and what it binds.
//!
//! ```text
//! (2.0, &x)     descriptions  f64 │ [f64; 1] unit            fits? which code?
//!               words         bits │ address, length, stride  copied into the frame of the call
//! ```
//!
//! Argument types are resolved by trait, so aliases and every spelling of a type work. Binding turns an
//! argument into plain data: a scalar's bits, or an array's address, lengths and strides, whose borrow the
//! [`Binder`] holds for as long as the call runs.

use crate::argument_list::AnyArgument;
use crate::array_element::{ArrayElement, Elements};
use crate::rank::{PerAxis, Rank};
use crate::signature;
use ndarray::{ArcArray, Array, ArrayRef, ArrayView, ArrayViewMut, CowArray, Dimension};
use num_complex::Complex;
use parfuse_ir::loops::BufferData;
use parfuse_ir::program::Type;
use parfuse_ir::{AnyElement, DType, Element, MAX_RANK, Scalar, element_type, for_each_dtype};
use smallvec::SmallVec;
use std::any::Any;
use std::marker::PhantomData;

use parfuse_trace::DeclaredType;
pub use parfuse_trace::ParamKind;

/// A type that a kernel can take as a parameter.
///
/// Implemented for the scalars `bool`, `f32`, `f64`, the integers of 8 to 64 bits, `Complex<f32>`, `Complex<f64>`, structs of
/// them ([`KernelData`](crate::KernelData)), tuples of these, references to all of them, `Option`s and, over those elements and ranks
/// 0 to 6 or any (`IxDyn`), for `&ArrayRef`, `ArrayView`, `&[T]` and references to what derefs to them, `&Array`, `&ArcArray`,
/// `&CowArray`, `&ArrayView` and `&Vec<T>`, and for `&mut ArrayRef`, `ArrayViewMut`, `&mut [T]`, `&mut Array`,
/// `&mut ArrayViewMut` and `&mut Vec<T>`, which the kernel may write to.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be a parameter of a kernel",
    label = "not a kernel parameter",
    note = "a parameter can be a scalar (bool, f32, f64, an integer of 8 to 64 bits, Complex<f32>, Complex<f64>), or an array of such elements of rank 0 to 6, or of any of these ranks (`ArrayD`):",
    note = "read-only: `&ArrayRef1<f64>`, `&Array1<f64>`, `ArrayView1<f64>`, `&[f64]`",
    note = "written to: `&mut ArrayRef1<f64>`, `&mut Array1<f64>`, `ArrayViewMut1<f64>`, `&mut [f64]`"
)]
pub trait Argument: Sized {
    /// How the kernel sees the parameter.
    const KIND: ParamKind;
    /// The same type, borrowed again for a shorter time.
    type Reborrowed<'b>: Argument
    where
        Self: 'b;

    /// Borrows the argument again.
    fn reborrow(&mut self) -> Self::Reborrowed<'_>;
    /// Adds the argument to a call.
    fn bind<'a>(self, binder: &mut Binder<'a>)
    where
        Self: 'a;
    /// The elements of an array that kernels may write to, in row-major order; nothing for other arguments.
    fn save(&self) -> Option<Vec<Scalar>> {
        None
    }
    /// Writes back what [`save`](Argument::save) returned.
    fn restore(&mut self, _saved: &[Scalar]) {}
    /// The number of elements of an array, 0 for a scalar.
    fn elements(&self) -> usize {
        0
    }
    /// The argument as one of any type.
    #[doc(hidden)]
    fn any(&mut self) -> &mut (dyn AnyArgument + '_) {
        self
    }
}

/// What an argument is: what a call looks at to see that it fits, and to find its code.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Description {
    pub(crate) ty: Type,
    /// Whether the kernel may write to it.
    pub(crate) mutable: bool,
    /// What is known of its layout, for the call's signature.
    pub(crate) layout: u16,
}

/// How many words of a [`Binder`] an argument of a type takes.
pub(crate) fn words_of(ty: Type) -> usize {
    match ty {
        Type::Scalar(_) => 1,
        Type::Array(_, rank) => 1 + 2 * rank as usize,
    }
}

/// The arguments of a call, as plain data; keeps them borrowed for `'a`.
#[derive(Debug, Default)]
pub struct Binder<'a> {
    descriptions: SmallVec<[Description; 8]>,
    /// As they stand in the frame of a call: the bits of a scalar; an array's address, lengths, and strides in elements.
    words: SmallVec<[u64; 32]>,
    /// Arrays that are passed by value.
    kept: Vec<Box<dyn Any + Send + Sync>>,
    borrows: PhantomData<&'a mut ()>,
}

impl<'a> Binder<'a> {
    /// Adds a scalar.
    pub fn scalar<T: AnyElement>(&mut self, x: T) {
        let ty = Type::Scalar(T::TYPE);
        self.descriptions.push(Description { ty, mutable: false, layout: signature::SCALAR });
        self.words.extend(element_type::scalars(x).map(Scalar::to_bits));
    }
    /// Adds an array that the call only reads.
    pub fn array<T: ArrayElement, D: Dimension>(&mut self, view: ArrayView<'a, T, D>) {
        T::add(self, view.as_ptr() as u64, false, view.shape(), view.strides());
    }
    /// Adds an array that the call may write to.
    pub fn array_mut<T: ArrayElement, D: Dimension>(&mut self, mut view: ArrayViewMut<'a, T, D>) {
        T::add(self, view.as_mut_ptr() as u64, true, view.shape(), view.strides());
    }

    /// Adds an array that is passed by value, of which a function gives the address. It is kept for as long as the binder.
    pub(crate) fn keep<A: Any + Send + Sync, T: Element>(
        &mut self,
        array: A,
        address: impl FnOnce(&A) -> *const T,
        shape: &[usize],
        strides: &[isize],
    ) {
        self.kept.push(Box::new(array));
        let kept = self.kept.last().and_then(|kept| kept.downcast_ref()).expect("it has just been added");
        let address = address(kept);
        self.read(address, shape, strides);
    }

    /// Adds an array that is borrowed for `'a`.
    #[inline]
    pub(crate) fn read<T: AnyElement>(&mut self, address: *const T, shape: &[usize], strides: &[isize]) {
        self.add::<T>(address as u64, false, shape, strides);
    }

    /// Adds an array that is borrowed for `'a` to be written to.
    #[inline]
    pub(crate) fn written<T: AnyElement>(&mut self, address: *mut T, shape: &[usize], strides: &[isize]) {
        self.add::<T>(address as u64, true, shape, strides);
    }

    /// Adds an array of numbers whose strides are in bytes.
    pub(crate) fn add_laid<T: AnyElement>(
        &mut self,
        address: u64,
        mutable: bool,
        shape: &[usize],
        strides: &[isize],
    ) {
        // A struct's size is a multiple of its alignment, and that one of the sizes of its fields' numbers.
        let part = size_of::<T::Part>() as isize;
        let of_parts = strides.iter().map(|stride| stride / part);
        let mut shape: SmallVec<[usize; 8]> = shape.into();
        let mut strides: SmallVec<[isize; 8]> = of_parts.collect();
        let ty = Type::Array(T::TYPE, u8::try_from(shape.len()).unwrap_or(u8::MAX));
        if T::PARTS > 1 {
            shape.push(T::PARTS);
            strides.push(1);
        }
        self.add_array(ty, address, mutable, &shape, &strides);
    }

    #[inline]
    pub(crate) fn add<T: AnyElement>(
        &mut self,
        address: u64,
        mutable: bool,
        shape: &[usize],
        strides: &[isize],
    ) {
        let ty = Type::Array(T::TYPE, u8::try_from(shape.len()).unwrap_or(u8::MAX));
        if T::PARTS == 1 {
            return self.add_array(ty, address, mutable, shape, strides);
        }
        // The parts lie along one axis more, the last.
        let shape: SmallVec<[usize; 8]> = shape.iter().copied().chain([T::PARTS]).collect();
        let of_parts = strides.iter().map(|stride| stride.wrapping_mul(T::PARTS as isize));
        let strides: SmallVec<[isize; 8]> = of_parts.chain([1]).collect();
        self.add_array(ty, address, mutable, &shape, &strides);
    }

    #[inline]
    fn add_array(&mut self, ty: Type, address: u64, mutable: bool, shape: &[usize], strides: &[isize]) {
        // With more axes than kernels know, no kernel takes it.
        let known = shape.len() <= MAX_RANK;
        let layout = if known { signature::layout(shape, strides) } else { signature::SCALAR };
        self.descriptions.push(Description { ty, mutable, layout });
        self.words.push(address);
        shape.iter().for_each(|len| self.words.push(*len as u64));
        strides.iter().for_each(|stride| self.words.push(*stride as u64));
    }

    /// What they are.
    #[inline]
    pub(crate) fn descriptions(&self) -> &[Description] {
        &self.descriptions
    }

    /// The words of all arguments, one behind the other.
    #[inline]
    pub(crate) fn words(&self) -> &[u64] {
        &self.words
    }
}

/// An array that the caller offers for a result.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Offer {
    pub(crate) address: *mut u8,
    pub(crate) dtype: DType,
    /// Whether the elements lie in row-major order without gaps.
    is_row_major: bool,
    pub(crate) shape: PerAxis<usize>,
}

impl Offer {
    /// Whether it can hold what a buffer of the kernel holds: elements of its type along as many axes, in row-major
    /// order.
    pub(crate) fn fits(&self, buffer: &BufferData) -> bool {
        self.is_row_major && self.dtype == buffer.dtype && self.shape.len() == buffer.rank as usize
    }
}

fn is_row_major(shape: &[usize], strides: &[isize]) -> bool {
    let mut expected = 1;
    for (&len, &stride) in shape.iter().zip(strides).rev() {
        if len > 1 && stride != expected {
            return false;
        }
        expected *= len as isize;
    }
    true
}

/// Arrays that the caller offers for the results of a call, by result number. Nothing keeps them borrowed but the call
/// that they are made for: they never get into the hands of users.
#[derive(Debug)]
pub struct Offers(SmallVec<[Option<Offer>; 2]>);

impl Offers {
    /// None.
    pub(crate) fn none() -> Offers {
        Offers(SmallVec::new())
    }
    /// Offers an array for the next result.
    #[inline]
    pub(crate) fn offer<T: AnyElement, D: Dimension>(&mut self, view: &mut ArrayRef<T, D>) {
        let (own, is_row_major) = (view.shape(), is_row_major(view.shape(), view.strides()));
        let rank = own.len() + (T::PARTS - 1);
        if rank > MAX_RANK {
            return self.offer_nothing();
        }
        let shape = PerAxis::from_fn(rank, |axis| own.get(axis).copied().unwrap_or(T::PARTS));
        let address = view.as_mut_ptr().cast();
        self.0.push(Some(Offer { address, dtype: T::Part::DTYPE, is_row_major, shape }));
    }
    /// Offers nothing for the next result.
    pub(crate) fn offer_nothing(&mut self) {
        self.0.push(None);
    }
    /// All of them.
    pub(crate) fn by_result(&self) -> &[Option<Offer>] {
        &self.0
    }
}

/// A scalar.
pub(crate) const fn scalar_kind<T: AnyElement>() -> ParamKind {
    ParamKind { ty: DeclaredType::Known(Type::Scalar(T::TYPE)), mutable: false, of_arrays: false }
}

/// An array of numbers, of so many axes or of any number.
pub(crate) const fn array_kind<T: AnyElement>(rank: Option<u8>, mutable: bool) -> ParamKind {
    ParamKind { ty: DeclaredType::array(T::TYPE, rank), mutable, of_arrays: false }
}

/// An array of numbers or structs, of so many axes or of any number.
const fn kind_of_array<T: ArrayElement>(rank: Option<u8>, mutable: bool) -> ParamKind {
    let of_arrays = matches!(T::ELEMENTS, Elements::Rows(..));
    ParamKind { ty: T::ELEMENTS.array(rank), mutable, of_arrays }
}

/// What a number, a struct or a tuple behind `&mut` is: an array of it without axes.
pub const fn reference_kind<T: ArrayElement>() -> ParamKind {
    kind_of_array::<T>(Some(0), true)
}

/// Makes `&mut T` a parameter of kernels, for an element type of arrays.
#[doc(hidden)]
#[macro_export]
macro_rules! __reference_argument {
    ([$($generics:tt)*] $ty:ty) => {
        #[diagnostic::do_not_recommend]
        impl<'r, $($generics)*> $crate::__private::Argument for &'r mut $ty {
            const KIND: $crate::__private::ParamKind = $crate::__private::reference_kind::<$ty>();
            type Reborrowed<'b> = &'b mut $ty where Self: 'b;
            fn reborrow(&mut self) -> &mut $ty { self }
            fn bind<'a>(self, binder: &mut $crate::__private::Binder<'a>) where Self: 'a {
                <$ty as $crate::ArrayElement>::add(binder, &raw mut *self as u64, true, &[], &[]);
            }
            fn elements(&self) -> usize { 1 }
            fn save(&self) -> ::core::option::Option<::std::vec::Vec<$crate::Scalar>> {
                let mut scalars = ::std::vec::Vec::new();
                $crate::ArrayElement::take_apart(**self, &mut scalars);
                ::core::option::Option::Some(scalars)
            }
            fn restore(&mut self, saved: &[$crate::Scalar]) {
                **self = $crate::ArrayElement::put_together(&mut saved.iter().copied());
            }
        }
    };
}

macro_rules! scalar_arguments {
    ($(($variant:ident, $ty:ty, $name:literal, $class:ident)),* $(,)?) => { $(#[diagnostic::do_not_recommend]
    impl Argument for $ty {
        const KIND: ParamKind = scalar_kind::<$ty>();
        type Reborrowed<'b> = $ty;
        fn reborrow(&mut self) -> $ty { *self }
        fn bind<'a>(self, binder: &mut Binder<'a>) where Self: 'a { binder.scalar(self) }
    }

    /// By reference it is only read.
    #[diagnostic::do_not_recommend]
    impl Argument for &$ty {
        const KIND: ParamKind = scalar_kind::<$ty>();
        type Reborrowed<'b> = Self where Self: 'b;
        fn reborrow(&mut self) -> Self { self }
        fn bind<'a>(self, binder: &mut Binder<'a>) where Self: 'a { binder.scalar(*self) }
    }

    $crate::__reference_argument!([] $ty);
    )* };
}
for_each_dtype!(scalar_arguments);
scalar_arguments!((Complex, Complex<f32>, "Complex<f32>", Complex), (Complex, Complex<f64>, "Complex<f64>", Complex));

/// Arrays that are read.
macro_rules! shared_arguments {
    ($(<$($l:lifetime),+> $ty:ty = $again:expr),* $(,)?) => { $(#[diagnostic::do_not_recommend]
    impl<$($l,)+ T: ArrayElement, D: Rank> Argument for $ty {
        const KIND: ParamKind = kind_of_array::<T>(D::RANK, false);
        type Reborrowed<'b> = Self where Self: 'b;
        fn reborrow(&mut self) -> Self {
            let again: fn(&Self) -> Self = $again;
            again(self)
        }
        fn elements(&self) -> usize { self.len() }
        fn bind<'a>(self, binder: &mut Binder<'a>) where Self: 'a {
            T::add(binder, self.as_ptr() as u64, false, self.shape(), self.strides());
        }
    })* };
}
shared_arguments!(
    <'r> &'r ArrayRef<T, D> = |array| array,
    <'r> &'r Array<T, D> = |array| array,
    <'r> ArrayView<'r, T, D> = |view| view.clone(),
    <'r, 'v> &'r ArrayView<'v, T, D> = |view| view,
    <'r, 'v> &'r ArrayViewMut<'v, T, D> = |view| view,
    <'r> &'r ArcArray<T, D> = |array| array,
    <'r, 'v> &'r CowArray<'v, T, D> = |array| array,
);

#[diagnostic::do_not_recommend]
impl<T: ArrayElement> Argument for &[T] {
    const KIND: ParamKind = kind_of_array::<T>(Some(1), false);
    type Reborrowed<'b>
        = Self
    where
        Self: 'b;
    fn reborrow(&mut self) -> Self {
        self
    }
    fn elements(&self) -> usize {
        self.len()
    }
    fn bind<'a>(self, binder: &mut Binder<'a>)
    where
        Self: 'a,
    {
        T::add(binder, self.as_ptr() as u64, false, &[self.len()], &[1]);
    }
}

fn saved<'e, T: ArrayElement>(elements: impl IntoIterator<Item = &'e T>) -> Option<Vec<Scalar>> {
    let mut scalars = Vec::new();
    elements.into_iter().for_each(|element| element.take_apart(&mut scalars));
    Some(scalars)
}

fn restored<'e, T: ArrayElement>(elements: impl IntoIterator<Item = &'e mut T>, saved: &[Scalar]) {
    let mut scalars = saved.iter().copied();
    elements.into_iter().for_each(|element| *element = T::put_together(&mut scalars));
}

/// Arrays that are written to.
macro_rules! exclusive_arguments {
    ($(<$($l:lifetime),+> $ty:ty as $reborrowed:ty = $view:ident),* $(,)?) => { $(#[diagnostic::do_not_recommend]
    impl<$($l,)+ T: ArrayElement, D: Rank> Argument for $ty {
        const KIND: ParamKind = kind_of_array::<T>(D::RANK, true);
        type Reborrowed<'b> = $reborrowed where Self: 'b;
        fn reborrow(&mut self) -> Self::Reborrowed<'_> { exclusive_arguments!(@ $view self) }
        #[allow(unused_mut)]
        fn bind<'a>(mut self, binder: &mut Binder<'a>) where Self: 'a {
            let address = self.as_mut_ptr() as u64;
            T::add(binder, address, true, self.shape(), self.strides());
        }
        fn elements(&self) -> usize { self.len() }
        fn save(&self) -> Option<Vec<Scalar>> { saved(self.iter()) }
        fn restore(&mut self, saved: &[Scalar]) { restored(self.iter_mut(), saved) }
    })* };
    (@ reference $this:ident) => { $this };
    (@ view $this:ident) => { $this.view_mut() };
}
exclusive_arguments!(
    <'r> &'r mut ArrayRef<T, D> as &'b mut ArrayRef<T, D> = reference,
    <'r> &'r mut Array<T, D> as &'b mut Array<T, D> = reference,
    <'r> ArrayViewMut<'r, T, D> as ArrayViewMut<'b, T, D> = view,
    <'r, 'v> &'r mut ArrayViewMut<'v, T, D> as &'b mut ArrayRef<T, D> = reference,
);

#[diagnostic::do_not_recommend]
impl<T: ArrayElement> Argument for &mut [T] {
    const KIND: ParamKind = kind_of_array::<T>(Some(1), true);
    type Reborrowed<'b>
        = &'b mut [T]
    where
        Self: 'b;
    fn reborrow(&mut self) -> &mut [T] {
        self
    }
    fn elements(&self) -> usize {
        self.len()
    }
    fn bind<'a>(self, binder: &mut Binder<'a>)
    where
        Self: 'a,
    {
        T::add(binder, self.as_mut_ptr() as u64, true, &[self.len()], &[1]);
    }
    fn save(&self) -> Option<Vec<Scalar>> {
        saved(self.iter())
    }
    fn restore(&mut self, saved: &[Scalar]) {
        restored(self.iter_mut(), saved);
    }
}

#[diagnostic::do_not_recommend]
impl<T: ArrayElement> Argument for &Vec<T> {
    const KIND: ParamKind = <&[T]>::KIND;
    type Reborrowed<'b>
        = Self
    where
        Self: 'b;
    fn reborrow(&mut self) -> Self {
        self
    }
    fn elements(&self) -> usize {
        self.len()
    }
    fn bind<'a>(self, binder: &mut Binder<'a>)
    where
        Self: 'a,
    {
        self.as_slice().bind(binder);
    }
}

#[diagnostic::do_not_recommend]
impl<T: ArrayElement> Argument for &mut Vec<T> {
    const KIND: ParamKind = <&mut [T]>::KIND;
    type Reborrowed<'b>
        = &'b mut Vec<T>
    where
        Self: 'b;
    fn reborrow(&mut self) -> &mut Vec<T> {
        self
    }
    fn elements(&self) -> usize {
        self.len()
    }
    fn bind<'a>(self, binder: &mut Binder<'a>)
    where
        Self: 'a,
    {
        self.as_mut_slice().bind(binder);
    }
    fn save(&self) -> Option<Vec<Scalar>> {
        saved(self.iter())
    }
    fn restore(&mut self, saved: &[Scalar]) {
        let mut scalars = saved.iter().copied().peekable();
        self.clear();
        while scalars.peek().is_some() {
            self.push(T::put_together(&mut scalars));
        }
    }
}

/// The arguments of a kernel: a tuple of [`Argument`]s, or an [`ArgumentList`] of as many as are known at run time.
///
/// [`ArgumentList`]: crate::ArgumentList
pub trait Arguments {
    /// Adds all arguments to a call.
    fn bind_all<'a>(&'a mut self, binder: &mut Binder<'a>);
    /// The contents of all arrays that kernels may write to.
    fn save_all(&self) -> Vec<Option<Vec<Scalar>>>;
    /// The number of elements of the largest array.
    fn longest(&self) -> usize;
    /// Writes back what [`save_all`](Arguments::save_all) returned.
    fn restore_all(&mut self, saved: &[Option<Vec<Scalar>>]);
}

/// Implements the trait for the tuples of all numbers of arguments up to the longest.
macro_rules! argument_tuples {
    ($(($name:ident $index:tt))*) => { argument_tuples!(@ [] $(($name $index))*); };
    (@ [$(($name:ident $index:tt))*] $next:tt $($rest:tt)*) => {
        argument_tuples!(= $(($name $index))*);
        argument_tuples!(@ [$(($name $index))* $next] $($rest)*);
    };
    (@ [$(($name:ident $index:tt))*]) => {
        argument_tuples!(= $(($name $index))*);
        /// How many arguments there are in the longest.
        const LONGEST: usize = [$($index),*].len();
    };
    (= $(($name:ident $index:tt))*) => {
        #[allow(unused_variables)]
        impl<$($name: Argument),*> Arguments for ($($name,)*) {
            fn bind_all<'a>(&'a mut self, binder: &mut Binder<'a>) { $(self.$index.reborrow().bind(binder);)* }
            fn longest(&self) -> usize { 0usize $(.max(self.$index.elements()))* }
            fn save_all(&self) -> Vec<Option<Vec<Scalar>>> { vec![$(self.$index.save()),*] }
            fn restore_all(&mut self, saved: &[Option<Vec<Scalar>>]) {
                $(if let Some(saved) = &saved[$index] { self.$index.restore(saved); })*
            }
        }
    };
}
argument_tuples!(
    (A0 0) (A1 1) (A2 2) (A3 3) (A4 4) (A5 5) (A6 6) (A7 7)
    (A8 8) (A9 9) (A10 10) (A11 11) (A12 12) (A13 13) (A14 14) (A15 15)
    (A16 16) (A17 17) (A18 18) (A19 19) (A20 20) (A21 21) (A22 22) (A23 23)
    (A24 24) (A25 25) (A26 26) (A27 27) (A28 28) (A29 29) (A30 30) (A31 31)
    (A32 32) (A33 33) (A34 34) (A35 35) (A36 36) (A37 37) (A38 38) (A39 39)
    (A40 40) (A41 41) (A42 42) (A43 43) (A44 44) (A45 45) (A46 46) (A47 47)
    (A48 48) (A49 49) (A50 50) (A51 51) (A52 52) (A53 53) (A54 54) (A55 55)
    (A56 56) (A57 57) (A58 58) (A59 59) (A60 60) (A61 61) (A62 62) (A63 63)
);
const _: () = assert!(LONGEST == parfuse_ir::MAX_PARAMETERS, "there is a tuple for as many as a kernel has");
