//! Tracing: calls become a [`Program`](parfuse_ir::program::Program).
//!
//! ```text
//! #[kernel] fn f(x: f64, …)     hooks: tracer.binary("*", …), tracer.for_(…), …   ┐
//! t.prange(0..n, |t, i| …)      handles with operators and methods: a * 2.0 + b   ┴─▶ Program
//! ```
//!
//! A [`Tracer`] runs the user's code once, with handles ([`Value`]) in place of numbers and arrays, and
//! writes down every operation in the order of evaluation. Element types are inferred as rustc does it.
//! A mistake is recorded with its place, and tracing goes on to find the next one; [`Tracer::finish`] gives
//! the program or all mistakes. Nothing here optimises: a program says what the user wrote.

mod adapters;
mod arrays;
mod assertions;
mod axes;
mod branch_values;
mod byte_order;
mod bytes;
mod calls;
mod checked_forms;
mod claims;
mod closures;
mod collections;
mod complex;
mod complex_methods;
mod control;
mod conversions;
mod declared;
mod equality;
mod errors;
mod exits;
mod finish;
mod foresight;
mod functions;
mod hosts;
mod inference;
mod instances;
mod integer_bits;
mod iteration;
mod joins;
mod kernel;
mod limits;
mod local_closures;
mod made_texts;
mod maps;
mod methods;
mod nested_arrays;
mod numbers;
mod operators;
mod option_changes;
mod options;
mod orders;
mod overflow;
mod own_operators;
mod ownership;
mod positions;
mod products;
mod random;
mod ranks;
mod record_arrays;
mod record_methods;
mod records;
mod reductions;
mod references;
mod results;
mod searches;
mod selections;
mod sequences;
mod slices;
mod sorting;
mod splits;
mod state;
mod tables;
mod terminals;
mod tracer;
mod traits;
mod types;
mod value;
mod variables;
mod vectors;
mod views;
mod whole_arrays;
mod zips;

#[cfg(test)]
mod tests;

pub use byte_order::ByteOrder;
pub use complex::ComplexType;
pub use declared::{DeclaredType, ParamKind};
pub use errors::{At, Complaint, TraceError};
pub use exits::Exit;
pub use finish::ReturnKind;
pub use foresight::Foresight;
pub use hosts::HostDeclaration;
pub use instances::{Inlined, Instance, NoInstance};
pub use kernel::IterationRange;
pub use local_closures::ClosureCode;
pub use made_texts::{MADE_TEXT, made_text_of};
pub use own_operators::{ByFields, Comparison};
pub use parfuse_ir::program::Math;
pub use parfuse_names::Method;
#[doc(hidden)]
pub use parfuse_names::for_each_function;
pub use parfuse_names::functions::LibraryFunction;
pub use record_methods::{FunctionOwner, NoMethods, RecordMethod};
pub use records::Record;
pub use results::{TEXT, number_of_text, text_of_number};
pub use tables::TableRow;
pub use tracer::Tracer;
pub use traits::{ArrayType, CastTarget, DTypeArg, Infer, Inline, Lift, Operand};
pub use value::Value;
pub use views::{SliceBound, SliceItem};
