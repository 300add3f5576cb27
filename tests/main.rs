//! The integration tests, one binary: what a user of the library can observe.

// Kernels are written the way that the test is about.
#![allow(
    clippy::assign_op_pattern,
    clippy::bool_comparison,
    clippy::needless_late_init,
    clippy::needless_range_loop,
    clippy::needless_return,
    clippy::redundant_closure,
    clippy::too_many_arguments,
    unused_assignments
)]

mod cases;
mod filetests;
mod gallery;
mod properties;
mod surface;
mod tidy;
