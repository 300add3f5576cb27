//! What tests of Parfuse share: random programs, the properties that hold for all of them, and a suite of
//! small kernels that every executor of lane programs passes.
//!
//! ```text
//! Choices ──► random_program ──► Sample ──► random_arguments ──► check_same_bits ──► Ok, or what differs
//! ```
//!
//! Everything is a plain function of a seed or of bytes, so that a failure can be repeated and a fuzz target is
//! three lines. Only tests depend on this crate.

mod agreement;
mod arguments;
mod cases;
mod choices;
pub mod conformance;
pub mod executors;
mod extremes;
mod generate;
mod layouts;
mod nests;
mod properties;
mod reduce;

pub use agreement::{Seen, close, first_difference, same};
pub use arguments::{Sizes, dynamic, random_arguments, rearranged};
pub use cases::Case;
pub use choices::Choices;
pub use generate::{Rounding, Sample, random_program};
pub use nests::{Nest, check_nest, nest_text};
pub use parfuse_interp::Value;
pub use properties::{Ran, check_same_bits};
pub use reduce::reduced;
