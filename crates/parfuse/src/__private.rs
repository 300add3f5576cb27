//! What the code that `#[kernel]` generates refers to. Not for other use: it may change at any time.

pub use crate::annotation::{Annotated, NotAKernel, returned};
pub use crate::argument::{Argument, Binder};
pub use crate::compare::CompareOptions;
pub use crate::kernel::{KernelFunction, Variant};
pub use crate::returned::Returned;
pub use parfuse_ir::program::Program;
pub use parfuse_trace::*;
