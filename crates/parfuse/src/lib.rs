//! Compiled, fused and parallel kernels over [`ndarray`] arrays.
//!
//! Put [`#[kernel]`](macro@kernel) on a function written with ordinary `ndarray`. The function stays what it
//! is, and gains compiled variants of the same name: `serial` on the calling thread, `parallel` on
//! several threads, both fused and vectorised, both with the same bits.
//!
//! ```
//! use parfuse::prelude::*;
//! use ndarray::{Array1, ArrayRef1};
//!
//! const SQRT_2PI: f64 = 2.506628274631000502;
//!
//! #[kernel]
//! fn gaussians(x: f64, means: &ArrayRef1<f64>, widths: &ArrayRef1<f64>) -> Array1<f64> {
//!     let n = means.len();
//!     let result = (-0.5 * ((x - means) / widths).powi(2)).exp() / widths;
//!     result / SQRT_2PI / n as f64
//! }
//!
//! let (means, widths) = (Array1::linspace(-1.0, 1.0, 1000), Array1::from_elem(1000, 0.1));
//! let serial = gaussians::serial(0.4, &means, &widths)?;
//! let parallel = gaussians::parallel(0.4, &means, &widths)?;
//! assert_eq!(serial, parallel);
//! # Ok::<(), parfuse::Error>(())
//! ```
//!
//! Three ways in: the attribute; [`Engine::trace`], for kernels built at run time; [`Engine::eval`], for one
//! expression. What a kernel computes is what its body means in Rust; what happened to it,
//! [`Kernel::explain`] tells; how its variants compare, [`Kernel::compare`].
//!
//! # Features
//!
//! Both are off by default; what they take is in the documentation of their modules.
//!
//! * `linalg`: `parfuse::linalg`, linear algebra for kernels, by `faer`.
//! * `fft`: `parfuse::fft`, Fourier transforms for kernels, by `rustfft`.

// Functions of ours that kernels call are made by the same attribute as those of users.
extern crate self as parfuse;

#[cfg(any(feature = "linalg", feature = "fft"))]
#[macro_use]
mod overloads;

mod annotation;
mod argument;
mod argument_list;
mod array_element;
mod by_fields;
mod call;
mod claims;
mod compare;
mod core;
mod draws;
mod dynamic;
mod engine;
mod error;
mod explain;
mod extremes;
mod fits;
mod fixed;
mod functions;
mod host_function;
mod interface;
mod kernel;
mod kernel_data;
mod laws;
mod lazy;
mod option_argument;
mod options;
mod pace;
mod plain;
mod rank;
mod ranks;
mod returned;
mod returned_texts;
mod room;
mod sealed;
mod selection;
mod signature;
mod single;
mod special_functions;
mod specialisations;
mod specialise;
mod tiers;
mod traced;
mod tuple_argument;
mod type_argument;
mod wishes;
mod work;

/// Ends a kernel with an error, whose message shows numbers as `format!` does.
///
/// Compiled, it is [`Error::Assertion`] with the message, the line and the iteration; of a `prange` that of the lowest
/// iteration that fails. In the function itself it is a panic, as `panic!` is, which means the same in a kernel.
///
/// ```
/// use ndarray::{Array1, ArrayRef1, array};
/// use parfuse::prelude::*;
///
/// #[kernel]
/// fn roots(a: &ArrayRef1<f64>) -> Array1<f64> {
///     let mut roots = Array1::zeros(a.len());
///     for i in prange(0..a.len()) {
///         if a[i] < 0.0 {
///             fail!("{} at {i} has no root", a[i]);
///         }
///         roots[i] = a[i].sqrt();
///     }
///     roots
/// }
///
/// let error = roots::parallel(&array![4.0, -1.5, -2.0]).unwrap_err();
/// assert!(error.to_string().contains("-1.5 at 1 has no root"), "{error}");
/// ```
#[macro_export]
macro_rules! fail {
    ($($message:tt)+) => {
        ::core::panic!($($message)+)
    };
}

#[doc(hidden)]
pub mod __private;
#[cfg(feature = "fft")]
pub mod fft;
#[cfg(feature = "linalg")]
pub mod linalg;
pub mod prelude;
pub mod stencil;

pub use argument::{Argument, Arguments, Binder};
pub use argument_list::ArgumentList;
pub use array_element::ArrayElement;
pub use compare::{Agreement, CompareOptions, Comparison, Measurement};
pub use draws::{
    Random, RandomArray, RandomFloat, RandomNumber, RandomRange, random, random_bool, random_exponential,
    random_normal, random_range,
};
pub use dynamic::Dynamic;
pub use engine::{Engine, EngineBuilder};
pub use error::{Error, Place};
pub use explain::{
    Allocation, Estimates, Explanation, LoopTest, PlainLoop, Refusal, RegionReport, Scattered,
};
pub use extremes::ArrayExtremes;
pub use fixed::Row;
pub use host_function::{HostArguments, HostFailure, HostParameter, HostReturned};
pub use kernel::{Kernel, Variant};
pub use kernel_data::KernelData;
pub use lazy::Session;
pub use options::{CallOptions, Configured, Seeding, Workers};
pub use parfuse_codegen::Effort;
pub use parfuse_codegen::{Isa, UnknownIsa};
pub use parfuse_ir::{DType, Element, Scalar};
pub use parfuse_macros::{KernelData, host, kernel};
pub use parfuse_runtime::{AllocationError, CancelToken, Executor, Job, Progress, ScopedThreads, Serial};
pub use parfuse_trace::{Math, Method, SliceBound, SliceItem, TraceError, Tracer, Value};
pub use plain::{Extent, Prange, prange, prange2, prange3, with_seed};
pub use rank::Rank;
pub use returned::Returned;
pub use selection::{Selectable, select};
pub use special_functions::SpecialFunctions;
pub use traced::KernelFunction;
pub use type_argument::TypeArgument;

/// The examples of the guide are tests.
#[cfg(doctest)]
#[doc = include_str!("../../../docs/GUIDE.md")]
struct Guide;
