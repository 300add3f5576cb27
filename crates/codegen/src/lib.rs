//! Machine code for Parfuse lane programs, by way of Cranelift.
//!
//! ```text
//!              ┌ driver.rs   the serial code between regions ┐
//! Lane ──────▶ │                                             │ ──▶ Code: one driver, one function per region
//!   Compiler   └ region.rs   rows, vector steps, scalar tail ┘
//! ```
//!
//! Both kinds of function share `emit`: one walk over a lane program that emits it either for a *step* of
//! several elements in 128-bit registers or for one element in scalar registers, with the same bits. The
//! functions and what they exchange with their caller are described in [`abi`].
//!
//! This crate optimises nothing that can be said in Lane: instructions come in the order of the program,
//! interleaved over the registers of a step. Constants are read from a table right before their use.

pub mod abi;
mod branches;
mod code;
mod compiler;
mod conditions;
mod constants;
mod distinct;
mod driver;
mod emit;
mod folding;
mod isa;
mod known;
mod libcalls;
mod memory;
mod multiples;
mod narrow;
mod plan;
mod predicted;
mod ranges;
mod rare_calls;
mod reduction;
mod region;
mod rotations;
mod script;
mod second_run;
mod turns;
mod uses;
mod wide;

pub use code::{Code, DriverCode, Listing, Made, RegionCode};
pub use compiler::{CompileError, Compiler, Effort, Options, verify};
pub use isa::{Isa, UnknownIsa};
