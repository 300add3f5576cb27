//! Arrays of fixed lengths, `[f64; 3]` and `[[f64; 3]; 2]`, as parameters and results of kernels.

use crate::argument::Offers;
use crate::argument::{Argument, Binder, ParamKind, array_kind};
use crate::array_element::{ArrayElement, Elements, Laid};
use crate::call::{Output, Outputs};
use crate::compare::Agreement;
use crate::error::Error;
use crate::returned::Returned;
use crate::sealed::Sealed;
use ndarray::{ArrayRef, Dimension};
use parfuse_ir::program::Type;
use parfuse_ir::{AnyElement, Element, Scalar, for_each_dtype};
use parfuse_trace::DeclaredType;
use smallvec::SmallVec;

/// What a fixed array has in it: a number, or a fixed array of numbers.
pub trait Row: Sealed + Copy + Send + Sync + 'static {
    /// The type of the numbers.
    type Element: Element;
    /// How deep arrays nest in it.
    const RANK: u8;
    /// Adds the lengths of the arrays in it, the outermost first.
    fn shape(shape: &mut Vec<usize>);
    /// Calls a function with each number, in order.
    fn each(&self, visit: &mut dyn FnMut(Self::Element));
    /// One made of the next numbers.
    fn made(next: &mut dyn FnMut() -> Self::Element) -> Self;
}

macro_rules! rows_of_elements {
    ($(($variant:ident, $ty:ty, $name:literal, $class:ident)),* $(,)?) => { $(impl Row for $ty {
        type Element = $ty;
        const RANK: u8 = 0;
        fn shape(_: &mut Vec<usize>) {}
        fn each(&self, visit: &mut dyn FnMut($ty)) { visit(*self) }
        fn made(next: &mut dyn FnMut() -> $ty) -> $ty { next() }
    })* };
}
for_each_dtype!(rows_of_elements);

impl<R: Row, const N: usize> Row for [R; N] {
    type Element = R::Element;
    const RANK: u8 = R::RANK + 1;
    fn shape(shape: &mut Vec<usize>) {
        shape.push(N);
        R::shape(shape);
    }
    fn each(&self, visit: &mut dyn FnMut(R::Element)) {
        self.iter().for_each(|row| row.each(visit));
    }
    fn made(next: &mut dyn FnMut() -> R::Element) -> [R; N] {
        std::array::from_fn(|_| R::made(next))
    }
}

/// The shape of an array of rows, and its strides.
fn layout<R: Row>() -> (Vec<usize>, Vec<isize>) {
    let mut shape = Vec::new();
    R::shape(&mut shape);
    let mut strides = vec![1; shape.len()];
    for axis in (1..shape.len()).rev() {
        strides[axis - 1] = strides[axis] * shape[axis] as isize;
    }
    (shape, strides)
}

fn scalars<R: Row>(row: &R) -> Vec<Scalar> {
    let mut scalars = Vec::new();
    row.each(&mut |element| scalars.push(element.scalar()));
    scalars
}

fn elements<R: Row>() -> usize {
    layout::<R>().0.iter().product()
}

const fn kind<R: Row>(mutable: bool) -> ParamKind {
    ParamKind { of_arrays: R::RANK > 1, ..array_kind::<R::Element>(Some(R::RANK), mutable) }
}

#[diagnostic::do_not_recommend]
impl<R: Row, const N: usize> Argument for [R; N] {
    const KIND: ParamKind = kind::<[R; N]>(false);
    type Reborrowed<'b> = [R; N];
    fn reborrow(&mut self) -> [R; N] {
        *self
    }
    fn elements(&self) -> usize {
        elements::<[R; N]>()
    }
    fn bind<'a>(self, binder: &mut Binder<'a>)
    where
        Self: 'a,
    {
        let (shape, strides) = layout::<[R; N]>();
        binder.keep(self, |array: &[R; N]| array.as_ptr().cast::<R::Element>(), &shape, &strides);
    }
}

#[diagnostic::do_not_recommend]
impl<R: Row, const N: usize> Argument for &[R; N] {
    const KIND: ParamKind = kind::<[R; N]>(false);
    type Reborrowed<'b>
        = Self
    where
        Self: 'b;
    fn reborrow(&mut self) -> Self {
        self
    }
    fn elements(&self) -> usize {
        elements::<[R; N]>()
    }
    fn bind<'a>(self, binder: &mut Binder<'a>)
    where
        Self: 'a,
    {
        let (shape, strides) = layout::<[R; N]>();
        binder.read(self.as_ptr().cast::<R::Element>(), &shape, &strides);
    }
}

#[diagnostic::do_not_recommend]
impl<R: Row, const N: usize> Argument for &mut [R; N] {
    const KIND: ParamKind = kind::<[R; N]>(true);
    type Reborrowed<'b>
        = &'b mut [R; N]
    where
        Self: 'b;
    fn reborrow(&mut self) -> &mut [R; N] {
        self
    }
    fn elements(&self) -> usize {
        elements::<[R; N]>()
    }
    fn bind<'a>(self, binder: &mut Binder<'a>)
    where
        Self: 'a,
    {
        let (shape, strides) = layout::<[R; N]>();
        binder.written(self.as_mut_ptr().cast::<R::Element>(), &shape, &strides);
    }
    fn save(&self) -> Option<Vec<Scalar>> {
        Some(scalars(&**self))
    }
    fn restore(&mut self, saved: &[Scalar]) {
        **self = of_scalars(saved);
    }
}

fn of_scalars<R: Row>(scalars: &[Scalar]) -> R {
    let mut scalars = scalars.iter();
    R::made(&mut || {
        let scalar = scalars.next().expect("there are as many numbers as before");
        R::Element::from_scalar(*scalar).expect("of the same type")
    })
}

impl<R: Row, const N: usize> Sealed for [R; N] {}
#[diagnostic::do_not_recommend]
impl<R: Row, const N: usize> Returned for [R; N] {
    type Into<'b> = &'b mut [R; N];

    fn kinds() -> Vec<DeclaredType> {
        vec![kind::<[R; N]>(false).ty]
    }
    fn accepts(types: &mut dyn Iterator<Item = Type>) -> bool {
        types.next().is_some_and(|ty| kind::<[R; N]>(false).ty.admits(ty))
    }
    fn take(outputs: &mut Outputs<'_>) -> Self {
        let Output::Array { elements, .. } = outputs.take_next() else { unreachable!("an array result") };
        let mut elements = elements.into_elements::<R::Element>().into_iter();
        // rustc has checked the lengths in the function itself.
        Self::made(&mut || elements.next().expect("a result has the length of its type"))
    }
    fn offer(_: &mut &mut [R; N], offers: &mut Offers) {
        offers.offer_nothing();
    }
    fn store(into: &mut [R; N], outputs: &mut Outputs<'_>) -> Result<(), Error> {
        *into = Self::take(outputs);
        Ok(())
    }
    fn compare_elements(&self, other: &Self, agreement: &mut Agreement) {
        scalars(self).into_iter().zip(scalars(other)).for_each(|(a, b)| agreement.add(a, b));
    }
    fn longest(&self) -> usize {
        elements::<[R; N]>()
    }
}

/// In arrays the rows are axes behind the others.
#[diagnostic::do_not_recommend]
impl<R: Row, const N: usize> ArrayElement for [R; N] {
    const ELEMENTS: Elements = Elements::Rows(<R::Element as AnyElement>::TYPE, R::RANK + 1);

    fn add(binder: &mut Binder<'_>, address: u64, mutable: bool, shape: &[usize], strides: &[isize]) {
        let (own, inner) = layout::<[R; N]>();
        let size = own.iter().product::<usize>() as isize;
        let outer = strides.iter().map(|stride| stride.wrapping_mul(size));
        let (shape, strides) = ([shape, &own].concat(), outer.chain(inner).collect::<Vec<isize>>());
        binder.add::<R::Element>(address, mutable, &shape, &strides);
    }
    fn add_laid(_: &mut Binder<'_>, _: &Laid<'_>) {
        unreachable!("what lies in structs and tuples are numbers")
    }
    fn take_array(outputs: &mut Outputs<'_>) -> (SmallVec<[usize; 8]>, Vec<Self>) {
        let Output::Array { shape, elements } = outputs.take_next() else { unreachable!("an array result") };
        let outer: SmallVec<[usize; 8]> = shape[..shape.len() - R::RANK as usize - 1].into();
        let mut elements = elements.into_elements::<R::Element>().into_iter();
        // rustc has checked the lengths of rows in the function itself.
        let mut next = || elements.next().expect("a result has the lengths of its type");
        let rows = (0..outer.iter().product()).map(|_| Self::made(&mut next)).collect();
        (outer, rows)
    }
    fn offer_array<D: Dimension>(_: &mut ArrayRef<Self, D>, offers: &mut Offers) {
        offers.offer_nothing();
    }
    fn take_apart(self, into: &mut Vec<Scalar>) {
        self.each(&mut |element| into.push(element.scalar()));
    }
    fn put_together(scalars: &mut dyn Iterator<Item = Scalar>) -> Self {
        Self::made(&mut || {
            let scalar = scalars.next().expect("there are as many numbers as before");
            R::Element::from_scalar(scalar).expect("of the same type")
        })
    }
}
