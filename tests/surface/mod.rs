//! Ways in, argument types, results, engines, errors, what a kernel tells about itself, messages of the compiler.

mod arguments;
mod array_api;
mod comparison;
mod engines;
mod errors;
mod fast;
mod foreign_programs;
mod instructions;
mod messages;
mod readme;
mod results;
mod rustc;
mod stages;
mod ways_in;
