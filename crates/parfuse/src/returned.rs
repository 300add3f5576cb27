//! What a kernel can return: the [`Returned`] trait.

use crate::argument::{Binder, Offers};
use crate::array_element::{ArrayElement, Elements};
use crate::call::{Output, Outputs};
use crate::compare::{Agreement, CompareOptions, Comparison, Steps};
use crate::engine::Engine;
use crate::error::Error;
use crate::kernel::Variant;
use crate::rank::Rank;
use crate::sealed::Sealed;
use crate::traced::Function;
use ndarray::{Array, Array1, Array2, ArrayRef, ArrayViewMut1, Dimension};
use num_complex::Complex;
use parfuse_ir::program::Type;
use parfuse_ir::{AnyElement, Element, element_type, for_each_dtype};
use parfuse_trace::DeclaredType;

/// A type that a kernel can return: nothing, a scalar, an array, a vector, also of vectors of one length, an `Option` of what has
/// values, or a tuple of up to four of these.
#[diagnostic::on_unimplemented(
    message = "a kernel cannot return `{Self}`",
    note = "a kernel returns nothing, a scalar (bool, f32, f64, an integer of 8 to 64 bits, Complex<f32>, Complex<f64>), an owned array such as `Array1<f64>`, a `Vec<f64>`, an `Option` of these, or a tuple of them"
)]
pub trait Returned: Sealed + Sized {
    /// Where the `_into` forms of a kernel write the result: `&mut ArrayRef` for an array, `&mut T` for a scalar.
    type Into<'b>;

    /// The types of the results, in order.
    fn kinds() -> Vec<DeclaredType>;
    /// Whether the next of these types are those of the results.
    fn accepts(types: &mut dyn Iterator<Item = Type>) -> bool;
    /// Takes the results of a call.
    fn take(outputs: &mut Outputs<'_>) -> Self;
    /// Offers arrays for the results of a call.
    fn offer(into: &mut Self::Into<'_>, offers: &mut Offers);
    /// Writes results that were not computed in place.
    ///
    /// # Errors
    /// If an array offered has another shape than its result; then nothing is written to it.
    fn store(into: Self::Into<'_>, outputs: &mut Outputs<'_>) -> Result<(), Error>;

    /// Takes all elements of two results into account.
    fn compare_elements(&self, other: &Self, agreement: &mut Agreement);
    /// The length of the longest array in the result.
    fn longest(&self) -> usize;

    /// Calls the kernel of a function on the current engine. One for each type, not for each kernel.
    #[doc(hidden)]
    #[inline(never)]
    fn call(function: &Function, variant: Variant, binder: &mut Binder<'_>) -> Result<Self, Error> {
        Engine::with_current(function, |kernel| {
            kernel.invoke::<Self, Self>(variant.into(), binder, &Offers::none(), Self::take)
        })
    }
    /// As [`call`](Returned::call), writing the result into existing memory.
    #[doc(hidden)]
    #[inline(never)]
    fn call_into(
        function: &Function,
        variant: Variant,
        binder: &mut Binder<'_>,
        mut into: Self::Into<'_>,
    ) -> Result<(), Error> {
        let mut offers = Offers::none();
        Self::offer(&mut into, &mut offers);
        Engine::with_current(function, |kernel| {
            kernel.invoke::<Self, _>(variant.into(), binder, &offers, |outputs| Self::store(into, outputs))?
        })
    }
    /// Compares the variants of the kernel of a function with the function itself.
    #[doc(hidden)]
    #[inline(never)]
    fn compare_variants(
        function: &Function,
        options: &CompareOptions,
        subject: &mut dyn Steps<Self>,
    ) -> Result<Comparison, Error> {
        Engine::with_current(function, |kernel| kernel.compare_steps(options, subject))
    }
}

macro_rules! return_scalars {
    ($(($variant:ident, $ty:ty, $name:literal, $class:ident)),* $(,)?) => { $(impl Sealed for $ty {}
    #[diagnostic::do_not_recommend]
    impl Returned for $ty {
        type Into<'b> = &'b mut $ty;
        fn kinds() -> Vec<DeclaredType> { vec![DeclaredType::Known(Type::Scalar(<$ty as AnyElement>::TYPE))] }
        #[inline]
        fn accepts(types: &mut dyn Iterator<Item = Type>) -> bool {
            types.next() == Some(Type::Scalar(<$ty as AnyElement>::TYPE))
        }
        fn take(outputs: &mut Outputs<'_>) -> $ty {
            <$ty>::of_parts(|_| match outputs.take_next() {
                Output::Scalar(x) => Element::from_scalar(x).expect("a result has the type the kernel was traced with"),
                _ => unreachable!("a scalar result"),
            })
        }
        fn offer(_: &mut &mut $ty, offers: &mut Offers) {
            (0..<$ty as AnyElement>::PARTS).for_each(|_| offers.offer_nothing())
        }
        fn store(into: &mut $ty, outputs: &mut Outputs<'_>) -> Result<(), Error> {
            *into = Self::take(outputs);
            Ok(())
        }
        fn compare_elements(&self, other: &Self, agreement: &mut Agreement) {
            agreement.add_shapes(&[], &[]);
            add_element(*self, *other, agreement)
        }
        fn longest(&self) -> usize { 0 }
    })* };
}
for_each_dtype!(return_scalars);
return_scalars!((Complex, Complex<f32>, "Complex<f32>", Complex), (Complex, Complex<f64>, "Complex<f64>", Complex));

/// Takes two elements into account, part by part.
fn add_element<T: AnyElement>(one: T, other: T, agreement: &mut Agreement) {
    element_type::scalars(one).zip(element_type::scalars(other)).for_each(|(a, b)| agreement.add(a, b));
}

/// Takes pairs of elements of arrays into account, number by number.
fn add_elements<'e, T: ArrayElement>(pairs: impl Iterator<Item = (&'e T, &'e T)>, agreement: &mut Agreement) {
    let (mut ours, mut others) = (Vec::new(), Vec::new());
    for (a, b) in pairs {
        a.take_apart(&mut ours);
        b.take_apart(&mut others);
        ours.drain(..).zip(others.drain(..)).for_each(|(a, b)| agreement.add(a, b));
    }
}

impl<T, D: Dimension> Sealed for Array<T, D> {}
impl<T: ArrayElement, D: Rank> Returned for Array<T, D> {
    type Into<'b> = &'b mut ArrayRef<T, D>;

    fn kinds() -> Vec<DeclaredType> {
        vec![T::ELEMENTS.array(D::RANK)]
    }
    fn accepts(types: &mut dyn Iterator<Item = Type>) -> bool {
        let mut admits = |part: DeclaredType| types.next().is_some_and(|ty| part.admits(ty));
        match T::ELEMENTS {
            Elements::Of(_) | Elements::Rows(..) => admits(T::ELEMENTS.array(D::RANK)),
            Elements::Records(_) | Elements::Tuples(_) => {
                T::ELEMENTS.array(D::RANK).flattened().into_iter().all(admits)
            }
        }
    }
    fn take(outputs: &mut Outputs<'_>) -> Self {
        let (shape, elements) = T::take_array(outputs);
        let mut dimension = D::zeros(shape.len());
        dimension.slice_mut().copy_from_slice(&shape);
        Array::from_shape_vec(dimension, elements).expect("a result has the shape it was allocated with")
    }
    fn offer(into: &mut &mut ArrayRef<T, D>, offers: &mut Offers) {
        T::offer_array(*into, offers);
    }
    fn store(into: &mut ArrayRef<T, D>, outputs: &mut Outputs<'_>) -> Result<(), Error> {
        if outputs.skip_in_place() {
            return Ok(());
        }
        let result = Self::take(outputs);
        if result.shape() != into.shape() {
            return Err(Error::OutputShape {
                expected: result.shape().to_vec(),
                found: into.shape().to_vec(),
            });
        }
        into.assign(&result);
        Ok(())
    }
    fn compare_elements(&self, other: &Self, agreement: &mut Agreement) {
        agreement.add_shapes(self.shape(), other.shape());
        add_elements(self.iter().zip(other), agreement);
    }
    fn longest(&self) -> usize {
        self.len()
    }
}

/// As an array of one axis is.
impl<T> Sealed for Vec<T> {}
#[diagnostic::do_not_recommend]
impl<T: ArrayElement> Returned for Vec<T> {
    type Into<'b> = &'b mut [T];

    fn kinds() -> Vec<DeclaredType> {
        Array1::<T>::kinds()
    }
    fn accepts(types: &mut dyn Iterator<Item = Type>) -> bool {
        Array1::<T>::accepts(types)
    }
    fn take(outputs: &mut Outputs<'_>) -> Self {
        T::take_array(outputs).1
    }
    fn offer(into: &mut &mut [T], offers: &mut Offers) {
        T::offer_array(&mut ArrayViewMut1::from(&mut **into), offers);
    }
    fn store(into: &mut [T], outputs: &mut Outputs<'_>) -> Result<(), Error> {
        Array1::store(&mut ArrayViewMut1::from(into), outputs)
    }
    fn compare_elements(&self, other: &Self, agreement: &mut Agreement) {
        agreement.add_shapes(&[self.len()], &[other.len()]);
        add_elements(self.iter().zip(other), agreement);
    }
    fn longest(&self) -> usize {
        self.len()
    }
}

/// As an array of two axes is, whose rows these are.
#[diagnostic::do_not_recommend]
impl<T: ArrayElement + Clone> Returned for Vec<Vec<T>> {
    type Into<'b> = &'b mut Vec<Vec<T>>;

    fn kinds() -> Vec<DeclaredType> {
        Array2::<T>::kinds()
    }
    fn accepts(types: &mut dyn Iterator<Item = Type>) -> bool {
        Array2::<T>::accepts(types)
    }
    fn take(outputs: &mut Outputs<'_>) -> Self {
        Array2::<T>::take(outputs).outer_iter().map(|row| row.to_vec()).collect()
    }
    fn offer(_: &mut &mut Vec<Vec<T>>, offers: &mut Offers) {
        Self::kinds().into_iter().flat_map(DeclaredType::flattened).for_each(|_| offers.offer_nothing());
    }
    fn store(into: &mut Vec<Vec<T>>, outputs: &mut Outputs<'_>) -> Result<(), Error> {
        *into = Self::take(outputs);
        Ok(())
    }
    fn compare_elements(&self, other: &Self, agreement: &mut Agreement) {
        self.len().compare_elements(&other.len(), agreement);
        self.iter().zip(other).for_each(|(one, other)| one.compare_elements(other, agreement));
    }
    fn longest(&self) -> usize {
        self.iter().map(Vec::len).sum()
    }
}

/// As an array of truth values, of whether there is something, beside one of what.
#[diagnostic::do_not_recommend]
impl<T: ArrayElement> Returned for Vec<Option<T>> {
    type Into<'b> = &'b mut Vec<Option<T>>;

    fn kinds() -> Vec<DeclaredType> {
        [Array1::<bool>::kinds(), Array1::<T>::kinds()].concat()
    }
    fn accepts(types: &mut dyn Iterator<Item = Type>) -> bool {
        Array1::<bool>::accepts(types) && Array1::<T>::accepts(types)
    }
    fn take(outputs: &mut Outputs<'_>) -> Self {
        let (present, values) = (Vec::<bool>::take(outputs), Vec::<T>::take(outputs));
        present.into_iter().zip(values).map(|(is_some, value)| is_some.then_some(value)).collect()
    }
    fn offer(_: &mut &mut Vec<Option<T>>, offers: &mut Offers) {
        offer_nothing::<Self>(offers);
    }
    fn store(into: &mut Vec<Option<T>>, outputs: &mut Outputs<'_>) -> Result<(), Error> {
        *into = Self::take(outputs);
        Ok(())
    }
    fn compare_elements(&self, other: &Self, agreement: &mut Agreement) {
        self.len().compare_elements(&other.len(), agreement);
        for (one, other) in self.iter().zip(other) {
            one.is_some().compare_elements(&other.is_some(), agreement);
            add_elements(one.iter().zip(other), agreement);
        }
    }
    fn longest(&self) -> usize {
        self.len()
    }
}

/// Offers nothing for each part of a result.
pub(crate) fn offer_nothing<R: Returned>(offers: &mut Offers) {
    // A complex number is two results, an array of them is one.
    let is_two =
        |ty: DeclaredType| !ty.is_array() && ty.element().is_some_and(|element| element.is_complex());
    let parts = |ty: DeclaredType| 1 + is_two(ty) as usize;
    let types = R::kinds().into_iter().flat_map(DeclaredType::flattened);
    (0..types.map(parts).sum()).for_each(|_| offers.offer_nothing());
}

impl<T> Sealed for Option<T> {}
/// Whether there is something, and what: zeros, or an array without elements, if there is nothing.
#[diagnostic::do_not_recommend]
impl<T: Returned + 'static> Returned for Option<T> {
    type Into<'b> = &'b mut Option<T>;

    fn kinds() -> Vec<DeclaredType> {
        vec![DeclaredType::option(T::kinds())]
    }
    fn accepts(types: &mut dyn Iterator<Item = Type>) -> bool {
        bool::accepts(types) && T::accepts(types)
    }
    fn take(outputs: &mut Outputs<'_>) -> Self {
        let is_some = bool::take(outputs);
        let held = T::take(outputs);
        is_some.then_some(held)
    }
    fn offer(_: &mut &mut Option<T>, offers: &mut Offers) {
        offer_nothing::<Self>(offers);
    }
    fn store(into: &mut Option<T>, outputs: &mut Outputs<'_>) -> Result<(), Error> {
        *into = <Self as Returned>::take(outputs);
        Ok(())
    }
    fn compare_elements(&self, other: &Self, agreement: &mut Agreement) {
        self.is_some().compare_elements(&other.is_some(), agreement);
        if let (Some(one), Some(other)) = (self, other) {
            one.compare_elements(other, agreement);
        }
    }
    fn longest(&self) -> usize {
        self.as_ref().map_or(0, T::longest)
    }
}

impl<T, E> Sealed for Result<T, E> {}
/// As the option of what there is beside that of what went wrong.
#[diagnostic::do_not_recommend]
impl<T: Returned + 'static, E: Returned + 'static> Returned for Result<T, E> {
    type Into<'b> = &'b mut Result<T, E>;

    fn kinds() -> Vec<DeclaredType> {
        [Option::<T>::kinds(), Option::<E>::kinds()].concat()
    }
    fn accepts(types: &mut dyn Iterator<Item = Type>) -> bool {
        Option::<T>::accepts(types) && Option::<E>::accepts(types)
    }
    fn take(outputs: &mut Outputs<'_>) -> Self {
        let (is_ok, value) = (bool::take(outputs), T::take(outputs));
        let (_, error) = (bool::take(outputs), E::take(outputs));
        if is_ok { Ok(value) } else { Err(error) }
    }
    fn offer(_: &mut &mut Result<T, E>, offers: &mut Offers) {
        offer_nothing::<Self>(offers);
    }
    fn store(into: &mut Result<T, E>, outputs: &mut Outputs<'_>) -> Result<(), Error> {
        *into = <Self as Returned>::take(outputs);
        Ok(())
    }
    fn compare_elements(&self, other: &Self, agreement: &mut Agreement) {
        self.is_ok().compare_elements(&other.is_ok(), agreement);
        match (self, other) {
            (Ok(one), Ok(other)) => one.compare_elements(other, agreement),
            (Err(one), Err(other)) => one.compare_elements(other, agreement),
            _ => {}
        }
    }
    fn longest(&self) -> usize {
        self.as_ref().map_or(0, T::longest)
    }
}

impl Sealed for () {}
#[diagnostic::do_not_recommend]
impl Returned for () {
    type Into<'b> = ();
    fn kinds() -> Vec<DeclaredType> {
        Vec::new()
    }
    fn accepts(_: &mut dyn Iterator<Item = Type>) -> bool {
        true
    }
    fn take(_: &mut Outputs<'_>) {}
    fn offer(_: &mut (), _: &mut Offers) {}
    fn store(_: (), _: &mut Outputs<'_>) -> Result<(), Error> {
        Ok(())
    }
    fn compare_elements(&self, _: &(), _: &mut Agreement) {}
    fn longest(&self) -> usize {
        0
    }
}

macro_rules! return_tuples {
    ($(($($name:ident $index:tt),*)),*) => { $(impl<$($name),*> Sealed for ($($name,)*) {}
    impl<$($name: Returned),*> Returned for ($($name,)*) {
        type Into<'b> = ($($name::Into<'b>,)*);
        fn accepts(types: &mut dyn Iterator<Item = Type>) -> bool { $($name::accepts(types))&&* }
        fn kinds() -> Vec<DeclaredType> { let mut all = Vec::new(); $(all.extend($name::kinds());)* all }
        fn take(outputs: &mut Outputs<'_>) -> Self { ($($name::take(outputs),)*) }
        fn offer(into: &mut Self::Into<'_>, offers: &mut Offers) { $($name::offer(&mut into.$index, offers);)* }
        fn store(into: Self::Into<'_>, outputs: &mut Outputs<'_>) -> Result<(), Error> { $($name::store(into.$index, outputs)?;)* Ok(()) }
        fn compare_elements(&self, other: &Self, agreement: &mut Agreement) { $(self.$index.compare_elements(&other.$index, agreement);)* }
        fn longest(&self) -> usize { 0usize $(.max(self.$index.longest()))* }
    })* };
}
return_tuples!((A 0), (A 0, B 1), (A 0, B 1, C 2), (A 0, B 1, C 2, D 3));
