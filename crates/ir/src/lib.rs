//! The three languages a kernel passes through, as data.
//!
//! ```text
//! Program   structured code over scalars and whole arrays        what the user wrote
//! Loops     parfor / for / while / if over scalars and buffers   after array operations are loops
//! Lane      one width-agnostic SIMD program per parallel region  after vectorisation
//! ```
//!
//! Each language is a type of its own with a builder, a printer, a parser and a verifier. The scalar
//! operations of the first two come from one table ([`scalar_op`]), the primitive operations of the
//! third from another ([`lane::LaneOp`]); [`math`] and [`random`] say what the larger functions mean in
//! terms of the primitives, [`distribution`] what random numbers are in terms of uniform ones and scalar
//! operations. Nothing in this crate transforms a program: that is what passes are for.

#[macro_use]
pub mod arena;
pub mod combiner;
pub mod distribution;
mod dtype;
pub mod element_type;
pub mod extreme;
mod fault;
pub mod fold;
mod loc;

pub mod grid;
pub mod host;
pub mod lane;
pub mod loops;
pub mod math;
pub mod message;
pub mod program;
pub mod random;
pub mod reduce;
pub mod scalar_op;
mod text;
mod verify;
pub mod walk;

pub use arena::Arena;
pub use combiner::Combiner;
pub use distribution::Distribution;
pub use dtype::{Class, DType, Element, Scalar};
pub use element_type::{AnyElement, ElementType, Part};
pub use extreme::Extreme;
pub use fault::{Fault, FaultKind};
pub use fold::{Combine, Fold};
pub use loc::{Files, Loc};
#[doc(no_inline)]
pub use parfuse_names::for_each_dtype;
pub use parfuse_names::{MAX_PARAMETERS, MAX_RANK};
pub use reduce::ReduceOp;
pub use scalar_op::ScalarOp;
pub use text::ParseError;
pub use verify::VerifyError;
