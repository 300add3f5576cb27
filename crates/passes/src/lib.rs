//! The passes of Parfuse: each is one free function in one file of the same name.
//!
//! ```text
//! Program --lower_arrays--> Loops --check_parallel, …--> Loops --vectorize--> Lane
//! ```

mod affine;
mod vectorize;

pub use vectorize::vectorize;
