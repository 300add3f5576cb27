//! The vocabulary of kernels: tables of names, without any code that gives them a meaning.
//!
//! ```text
//! methods     x.sqrt()  a.sum()      what a kernel may call, on what, with which arguments
//! receivers   Float  Array  Iterator  the words of that table
//! functions   stack  std::cmp::max   what it may call of other crates
//! operators   Add  `v + w`           those that users give their structs
//! types       u8  i64  f32            what numbers and elements are
//! refusals    a.dot(&b)  Zip::from   what others have and kernels have not, and what to write instead
//! ```
//!
//! `#[kernel]` reads them before there are types, the tracer when there are, and the lists in the documents are
//! written from them. A name stands here once.

pub mod functions;
mod method_table;
pub mod methods;
pub mod operators;
pub mod receivers;
pub mod refusals;
pub mod surface;
pub mod types;

/// The most axes that an array of a kernel has, and the most dimensions of a parallel loop.
pub const MAX_RANK: usize = 6;

/// The most parameters that a kernel has, and the longest tuple of arguments.
pub const MAX_PARAMETERS: usize = 64;

pub use methods::{Method, Row};
pub use operators::{Operator, Other};
pub use receivers::{Argument, Part, Receiver, Structs};
pub use refusals::leaves_prange;
