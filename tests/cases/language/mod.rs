//! Each construct that kernels know, as a function: what it means in Rust is what the compiled variants compute.

mod adapters;
mod aliases;
mod arrays;
mod asserts;
mod closures;
mod collections;
mod control;
mod exits;
mod functions;
mod generics;
mod iterators;
mod joins;
mod masks;
mod matches;
mod mixtures;
mod nests;
mod numbers;
mod operators;
mod order;
mod other_axes;
mod parameters;
mod programs;
mod scopes;
mod short_forms;
mod views;
