//! Functions outside of compiled code that kernels call: what `#[host]` makes of a function.
//!
//! ```text
//! #[host]                                              kernel          host
//! fn f(a: &ArrayRef1<f64>, k: usize) -> Array1<f64>    ── views, k ──▶  f(a, k)
//!                                                      ◀── the array ──
//! ```
//!
//! Arrays go in as views of the kernel's memory, and a returned array becomes the kernel's own: nothing is copied. Complex
//! numbers have been split by then: a scalar is two, an array has one axis more, with the parts side by side.
//!
//! A function that returns a `Result` ends the call of the kernel with what it fails with.

use crate::argument::{ParamKind, array_kind, scalar_kind};
use crate::call::{Passed, buffer_of_parts, viewed, viewed_mut};
use crate::rank::{PerAxis, Rank};
use ndarray::{Array, ArrayD, ArrayRef, ArrayView, ArrayViewMut, IxDyn};
use num_complex::Complex;
use parfuse_ir::host::{Datum, HostCode};
use parfuse_ir::program::Type;
use parfuse_ir::{AnyElement, DType, Element, Scalar, element_type, for_each_dtype, with_dtype};
use parfuse_runtime::Buffer;
use parfuse_trace::{At, DeclaredType, HostDeclaration, Tracer, Value};
use std::any::Any;
use std::fmt;
use std::ops::Deref;
use std::panic::{RefUnwindSafe, UnwindSafe};
use std::sync::Arc;

/// The arguments of a call from a kernel, and what is returned to it.
pub struct HostArguments<'a> {
    arguments: std::vec::IntoIter<Passed<'a>>,
    results: Vec<Given>,
    failure: Option<HostFailure>,
}

/// What a [`#[host]`](macro@crate::host) function that returns a `Result` has failed with: the error itself, behind a
/// reference.
///
/// ```
/// use ndarray::{ArrayRef1, array};
/// use parfuse::prelude::*;
///
/// #[host]
/// fn parsed(a: &ArrayRef1<f64>) -> Result<f64, std::num::ParseFloatError> {
///     if a.is_empty() { "".parse() } else { Ok(a[0]) }
/// }
///
/// #[kernel]
/// fn twice(a: &ArrayRef1<f64>) -> f64 {
///     2.0 * parsed(a).unwrap()
/// }
///
/// assert_eq!(twice::serial(&array![1.5])?, 3.0);
/// let Err(Error::Host { function, cause: Some(cause), .. }) = twice::serial(&array![]) else { panic!() };
/// assert_eq!(function, "parsed");
/// assert!(cause.downcast_ref::<std::num::ParseFloatError>().is_some());
/// # Ok::<(), Error>(())
/// ```
#[derive(Clone)]
pub struct HostFailure(Arc<dyn std::error::Error + Send + Sync>);

impl Deref for HostFailure {
    type Target = dyn std::error::Error + Send + Sync;
    fn deref(&self) -> &Self::Target {
        &*self.0
    }
}

/// Equal if it is the same one, or says the same.
impl PartialEq for HostFailure {
    fn eq(&self, other: &HostFailure) -> bool {
        Arc::ptr_eq(&self.0, &other.0) || self.0.to_string() == other.0.to_string()
    }
}

impl fmt::Debug for HostFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

// Nothing can be changed through it.
impl UnwindSafe for HostFailure {}
impl RefUnwindSafe for HostFailure {}

/// A result that is returned to a kernel.
pub(crate) enum Given {
    /// A scalar.
    Scalar(Scalar),
    /// The elements of an array in row-major order.
    Array { shape: PerAxis<usize>, elements: Box<dyn GivenElements> },
}

/// A `Vec` of elements of some type.
pub(crate) trait GivenElements {
    /// Their type.
    fn dtype(&self) -> DType;
    /// Their memory.
    fn into_buffer(self: Box<Self>) -> Buffer;
    /// They themselves.
    fn scalars(&self) -> Vec<Scalar>;
}

impl<T: AnyElement> GivenElements for Vec<T> {
    fn dtype(&self) -> DType {
        T::Part::DTYPE
    }
    fn into_buffer(self: Box<Self>) -> Buffer {
        buffer_of_parts(*self)
    }
    fn scalars(&self) -> Vec<Scalar> {
        self.iter().flat_map(|x| element_type::scalars(*x)).collect()
    }
}

impl<'a> HostArguments<'a> {
    /// These arguments, and no results yet.
    pub(crate) fn new(arguments: Vec<Passed<'a>>) -> HostArguments<'a> {
        HostArguments { arguments: arguments.into_iter(), results: Vec::new(), failure: None }
    }
    /// The results, or why there are none.
    pub(crate) fn into_results(self) -> Result<Vec<Given>, HostFailure> {
        self.failure.map_or(Ok(self.results), Err)
    }
    fn next(&mut self) -> Passed<'a> {
        self.arguments.next().expect("a call has as many arguments as the function takes")
    }
}

impl fmt::Debug for HostArguments<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "HostArguments of {}", self.arguments.len())
    }
}

/// A type that a `#[host]` function can take as a parameter.
///
/// Implemented for the scalars and, over them as elements and ranks 0 to 6 or any (`IxDyn`), for `&ArrayRef`, `&mut ArrayRef`,
/// `ArrayView` and `ArrayViewMut`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be a parameter of a `#[host]` function",
    label = "not what kernels can pass",
    note = "kernels pass scalars, `&ArrayRef1<f64>` and `ArrayView1<f64>` to read, `&mut ArrayRef1<f64>` and `ArrayViewMut1<f64>` to write"
)]
pub trait HostParameter {
    /// How kernels see the parameter.
    const KIND: ParamKind;
    /// What is held during the call.
    type Held<'a>;
    /// What the function gets of it.
    type Lent<'b>;
    /// Takes the next argument.
    fn hold<'a>(arguments: &mut HostArguments<'a>) -> Self::Held<'a>;
    /// Lends it to the function.
    fn lend<'b>(held: &'b mut Self::Held<'_>) -> Self::Lent<'b>;
}

macro_rules! host_scalars {
    ($(($variant:ident, $ty:ty, $name:literal, $class:ident)),* $(,)?) => { $(
        #[diagnostic::do_not_recommend]
        impl HostParameter for $ty {
            const KIND: ParamKind = scalar_kind::<$ty>();
            type Held<'a> = $ty;
            type Lent<'b> = $ty;
            fn hold(arguments: &mut HostArguments<'_>) -> $ty {
                <$ty>::of_parts(|_| match arguments.next() {
                    Passed::Scalar(part) => Element::from_scalar(part).expect("an argument has its parameter's type"),
                    Passed::Array(_) => unreachable!("a scalar is passed"),
                })
            }
            fn lend(held: &mut $ty) -> $ty { *held }
        }
        impl HostReturned for $ty {
            fn kinds() -> Vec<DeclaredType> { vec![DeclaredType::Known(Type::Scalar(<$ty as AnyElement>::TYPE))] }
            fn give(self, arguments: &mut HostArguments<'_>) {
                arguments.results.extend(element_type::scalars(self).map(Given::Scalar));
            }
        }
    )* };
}
for_each_dtype!(host_scalars);
host_scalars!((Complex, Complex<f32>, "Complex<f32>", Complex), (Complex, Complex<f64>, "Complex<f64>", Complex));

macro_rules! host_arrays {
    ($(<$l:lifetime> $ty:ty, $mutable:literal: $held:ty = $hold:ident, $lent:ty = $lend:expr;)*) => { $(
        #[diagnostic::do_not_recommend]
        impl<$l, T: AnyElement, D: Rank> HostParameter for $ty {
            const KIND: ParamKind = array_kind::<T>(D::RANK, $mutable);
            type Held<'a> = $held;
            type Lent<'b> = $lent;
            fn hold<'a>(arguments: &mut HostArguments<'a>) -> $held { $hold(arguments.next()) }
            fn lend<'b>(held: &'b mut Self::Held<'_>) -> $lent {
                let lend: for<'c, 'd> fn(&'c mut Self::Held<'d>) -> Self::Lent<'c> = $lend;
                lend(held)
            }
        }
    )* };
}
host_arrays! {
    <'r> &'r ArrayRef<T, D>, false: ArrayView<'a, T, D> = viewed, &'b ArrayRef<T, D> = |view| &**view;
    <'r> ArrayView<'r, T, D>, false: ArrayView<'a, T, D> = viewed, ArrayView<'b, T, D> = |view| view.view();
    <'r> &'r mut ArrayRef<T, D>, true: ArrayViewMut<'a, T, D> = viewed_mut, &'b mut ArrayRef<T, D> = |view| &mut **view;
    <'r> ArrayViewMut<'r, T, D>, true: ArrayViewMut<'a, T, D> = viewed_mut, ArrayViewMut<'b, T, D> = |view| view.view_mut();
}

/// A type that a `#[host]` function can return: nothing, a scalar, an array, a tuple of up to four of these, or a
/// `Result` of one of them and an error.
#[diagnostic::on_unimplemented(
    message = "a `#[host]` function cannot return `{Self}`",
    note = "it returns nothing, a scalar, an owned array such as `Array1<f64>`, a tuple of these, or a `Result` of one of them"
)]
pub trait HostReturned {
    /// The types of the results, in order.
    fn kinds() -> Vec<DeclaredType>;
    /// Adds it to the results of a call.
    fn give(self, arguments: &mut HostArguments<'_>);
    /// What kernels see of the results.
    fn seen<'t>(_: &'t Tracer, results: Value<'t>, _: At) -> Value<'t> {
        results
    }
}

/// To kernels it has succeeded: it is unwrapped, or the call has ended.
#[diagnostic::do_not_recommend]
impl<R: HostReturned, E: Into<Box<dyn std::error::Error + Send + Sync>>> HostReturned for Result<R, E> {
    fn kinds() -> Vec<DeclaredType> {
        R::kinds()
    }
    fn give(self, arguments: &mut HostArguments<'_>) {
        match self {
            Ok(results) => results.give(arguments),
            Err(error) => arguments.failure = Some(HostFailure(error.into().into())),
        }
    }
    fn seen<'t>(tracer: &'t Tracer, results: Value<'t>, at: At) -> Value<'t> {
        tracer.succeeded(results, at)
    }
}

impl<T: AnyElement, D: Rank> HostReturned for Array<T, D> {
    fn kinds() -> Vec<DeclaredType> {
        vec![DeclaredType::array(T::TYPE, D::RANK)]
    }
    fn give(self, arguments: &mut HostArguments<'_>) {
        // The parts of complex numbers lie along one axis more.
        let own = self.ndim();
        let shape = PerAxis::from_fn(own + (T::PARTS - 1), |axis| {
            self.shape().get(axis).copied().unwrap_or(T::PARTS)
        });
        let (elements, offset) = match self.is_standard_layout() {
            true => self.into_raw_vec_and_offset(),
            false => (self.iter().copied().collect(), Some(0)),
        };
        let len = shape[..own].iter().product();
        // An array may show a part of what it owns.
        let first = offset.unwrap_or(0);
        let elements = match first == 0 && elements.len() == len {
            true => elements,
            false => elements[first..first + len].to_vec(),
        };
        arguments.results.push(Given::Array { shape, elements: Box::new(elements) });
    }
}

macro_rules! host_tuples {
    ($(($($name:ident $index:tt),*)),*) => { $(#[diagnostic::do_not_recommend]
    impl<$($name: HostReturned),*> HostReturned for ($($name,)*) {
        fn kinds() -> Vec<DeclaredType> { let mut all = Vec::new(); $(all.extend($name::kinds());)* all }
        fn give(self, arguments: &mut HostArguments<'_>) { $(self.$index.give(arguments);)* }
    })* };
}
host_tuples!((A 0), (A 0, B 1), (A 0, B 1, C 2), (A 0, B 1, C 2, D 3));
#[diagnostic::do_not_recommend]
impl HostReturned for () {
    fn kinds() -> Vec<DeclaredType> {
        Vec::new()
    }
    fn give(self, _: &mut HostArguments<'_>) {}
}

/// How a `#[host]` function is called.
#[derive(Clone, Copy)]
pub struct HostThunk(fn(&mut HostArguments<'_>));

impl HostThunk {
    /// One that takes its arguments and gives its results.
    pub const fn new(call: fn(&mut HostArguments<'_>)) -> HostThunk {
        HostThunk(call)
    }
    /// Calls the function.
    pub(crate) fn call(self, arguments: Vec<Passed<'_>>) -> Result<Vec<Given>, HostFailure> {
        let mut arguments = HostArguments::new(arguments);
        (self.0)(&mut arguments);
        arguments.into_results()
    }
}

impl fmt::Debug for HostThunk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HostThunk")
    }
}

/// An array of some element type.
trait AnyArray {
    fn passed(&mut self) -> Passed<'_>;
    fn elements(&self) -> Vec<Scalar>;
}

impl<T: Element> AnyArray for ArrayD<T> {
    fn passed(&mut self) -> Passed<'_> {
        Passed::array(self.view_mut())
    }
    fn elements(&self) -> Vec<Scalar> {
        self.iter().map(|x| x.scalar()).collect()
    }
}

/// An array of these elements.
fn array_of<T: Element>(shape: &[usize], elements: &[Scalar]) -> Box<dyn AnyArray> {
    let elements = elements.iter().map(|x| T::from_scalar(*x).expect("elements of one type")).collect();
    Box::new(ArrayD::<T>::from_shape_vec(IxDyn(shape), elements).expect("as many as the shape has"))
}

impl HostCode for HostThunk {
    fn on_elements(&self, arguments: &mut [Datum]) -> Vec<Datum> {
        let mut arrays: Vec<Option<Box<dyn AnyArray>>> = arguments
            .iter()
            .map(|argument| match argument {
                Datum::Scalar(_) => None,
                Datum::Array { dtype, shape, elements } => {
                    Some(with_dtype!(*dtype, T => array_of::<T>(shape, elements)))
                }
            })
            .collect();
        let passed = arguments.iter().zip(&mut arrays).map(|(argument, array)| match (argument, array) {
            (_, Some(array)) => array.passed(),
            (Datum::Scalar(scalar), None) => Passed::Scalar(*scalar),
            (Datum::Array { .. }, None) => unreachable!("every array has been made"),
        });
        let given = self.call(passed.collect()).unwrap_or_else(|failure| panic!("{}", &*failure));
        for (argument, array) in arguments.iter_mut().zip(&arrays) {
            if let (Datum::Array { elements, .. }, Some(array)) = (argument, array) {
                *elements = array.elements();
            }
        }
        given.into_iter().map(Given::datum).collect()
    }
    fn as_any(&self) -> &dyn Any {
        self
    }
}

impl Given {
    fn datum(self) -> Datum {
        match self {
            Given::Scalar(scalar) => Datum::Scalar(scalar),
            Given::Array { shape, elements } => {
                Datum::Array { dtype: elements.dtype(), shape: shape.to_vec(), elements: elements.scalars() }
            }
        }
    }
}

/// What stands beside a `#[host]` function.
pub trait HostItem {
    /// The function as kernels see it.
    fn function() -> HostDeclaration;
}

/// A `#[host]` function.
pub fn host_function(
    name: &'static str,
    params: &[ParamKind],
    results: Vec<DeclaredType>,
    code: &'static HostThunk,
) -> HostDeclaration {
    HostDeclaration { name, params: params.to_vec(), results, code }
}
