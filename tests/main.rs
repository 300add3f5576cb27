//! The integration tests, one binary: what a user of the library can observe.

mod cases;
mod filetests;
mod properties;
mod surface;
mod tidy;
