//! `select`: elements of one array where a mask is true, of another elsewhere.

use ndarray::{Array, ArrayBase, ArrayRef, ArrayView, Data, DimMax, Dimension, Ix0, RawData, Zip};
use num_complex::Complex;
use parfuse_ir::{AnyElement, for_each_dtype};
use parfuse_trace::{At, Inline, Tracer, Value};

/// What [`select`](fn@select) takes: an array or a number.
pub trait Selectable {
    /// The type of its elements.
    type Elem: AnyElement;
    /// Its dimensions.
    type Dim: Dimension;
    /// Its elements.
    fn elements(&self) -> ArrayView<'_, Self::Elem, Self::Dim>;
}

impl<A: AnyElement, D: Dimension> Selectable for &ArrayRef<A, D> {
    type Elem = A;
    type Dim = D;
    fn elements(&self) -> ArrayView<'_, A, D> {
        self.view()
    }
}

impl<S: Data + RawData<Elem: AnyElement>, D: Dimension> Selectable for &ArrayBase<S, D> {
    type Elem = S::Elem;
    type Dim = D;
    fn elements(&self) -> ArrayView<'_, S::Elem, D> {
        self.view()
    }
}

macro_rules! select_scalars {
    ($(($variant:ident, $ty:ty, $name:literal, $class:ident)),* $(,)?) => { $(impl Selectable for $ty {
        type Elem = $ty;
        type Dim = Ix0;
        fn elements(&self) -> ArrayView<'_, $ty, Ix0> { ndarray::aview0(self) }
    })* };
}
for_each_dtype!(select_scalars);
select_scalars!((C32, Complex<f32>, "complex<f32>", complex), (C64, Complex<f64>, "complex<f64>", complex));

/// The dimensions of two arrays broadcast to each other.
type Both<A, B> = <A as DimMax<B>>::Output;

/// Those of what `select` makes of a mask and two arrays.
type Chosen<M, Y, N> = Both<Both<<M as Selectable>::Dim, <Y as Selectable>::Dim>, <N as Selectable>::Dim>;

/// The elements of `yes` where a mask is true, those of `no` elsewhere: `where` of other languages. Arrays broadcast to each
/// other, and numbers to all of them.
///
/// ```
/// use ndarray::{Array1, ArrayRef1, array};
/// use parfuse::prelude::*;
///
/// #[kernel]
/// fn rectified(x: &ArrayRef1<f64>) -> Array1<f64> {
///     let positive = x.mapv(|x| x > 0.0);
///     select(&positive, x, 0.0)
/// }
///
/// let x = array![-1.0, 2.0, 3.0];
/// assert_eq!(rectified::serial(&x)?, array![0.0, 2.0, 3.0]);
/// assert_eq!(rectified(&x), array![0.0, 2.0, 3.0]);
/// # Ok::<(), Error>(())
/// ```
///
/// # Panics
/// In plain Rust, if the shapes do not broadcast to each other. Compiled variants return
/// [`Error::ShapeMismatch`](crate::Error::ShapeMismatch).
pub fn select<M, Y, N>(mask: M, yes: Y, no: N) -> Array<Y::Elem, Chosen<M, Y, N>>
where
    M: Selectable<Elem = bool>,
    Y: Selectable,
    N: Selectable<Elem = Y::Elem>,
    M::Dim: DimMax<Y::Dim>,
    Both<M::Dim, Y::Dim>: DimMax<N::Dim>,
{
    let (mask, yes, no) = (mask.elements(), yes.elements(), no.elements());
    let axes = [mask.ndim(), yes.ndim(), no.ndim()].into_iter().max().unwrap_or(0);
    let mut shape = Chosen::<M, Y, N>::zeros(axes);
    shape.slice_mut().fill(1);
    for lengths in [mask.shape(), yes.shape(), no.shape()] {
        for (common, length) in shape.slice_mut().iter_mut().rev().zip(lengths.iter().rev()) {
            if *common == 1 {
                *common = *length;
            }
        }
    }
    let misfit = "the shapes given to `select` do not broadcast to each other";
    let mask = mask.broadcast(shape.clone()).expect(misfit);
    let yes = yes.broadcast(shape.clone()).expect(misfit);
    let no = no.broadcast(shape).expect(misfit);
    Zip::from(&mask).and(&yes).and(&no).map_collect(|mask, yes, no| if *mask { *yes } else { *no })
}

/// What [`select`](crate::select()) is in a kernel. A type, where the function of the same name is a value.
#[allow(non_camel_case_types)]
#[derive(Debug)]
pub enum select {}

impl Inline for select {
    fn inline<'t>(t: &'t Tracer, args: &[Value<'t>], at: At) -> Value<'t> {
        t.select(args, at)
    }
}
