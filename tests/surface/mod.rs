//! The ways in, argument types, results, engines, what a kernel tells about itself, and messages of the compiler.

mod arguments;
mod comparison;
mod engines;
mod fast;
mod instructions;
mod messages;
mod readme;
mod results;
mod rustc;
mod stages;
mod ways_in;
