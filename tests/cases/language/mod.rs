//! Each construct that kernels know, as a function: what it means in Rust is what the compiled variants compute.

mod arrays;
mod control;
mod numbers;
mod operators;
mod parameters;
mod programs;
mod scopes;
