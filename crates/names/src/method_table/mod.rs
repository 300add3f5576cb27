//! The methods that kernels have: one row for each name and receiver.
//!
//! ```text
//! sqrt fn { Float each () op Sqrt "Square root." }
//!  │   │      │    │    │   │         └ documentation
//!  │   │      │    │    │   └ meaning, which the tracer knows: an operation, an operator, a composition, …
//!  │   │      │    │    └ arguments: `(low: same, high: same)`
//!  │   │      │    └ `each`: also on arrays of it, element by element; `one`: not; `any`, `shape`, `whole`: of structs, too
//!  │   │      └ receiver
//!  │   └ `fn`: handles have a method of this name, made from the first row; `-`: they say it otherwise
//!  └ name
//! ```
//!
//! A name with several receivers has a row for each, `len fn { Array … } { Shape … }`. Meanings are of these kinds:
//!
//! | kind | what the tracer does |
//! |---|---|
//! | `op` | one scalar operation of the receiver and the arguments |
//! | `operator` | what the operator does, with its checks |
//! | `number` | a composition of operations: a function of values |
//! | `map` | goes through an array with a closure, the last argument: a function of the tracer |
//! | `trace` | runs closures, or loops: a method of the tracer |
//! | `update` | changes all elements of an array: a function of handles |
//! | `read` | anything else: a function of handles |
//!
//! The rows stand by their subjects in the files of this folder, each of which hands them on to the next.

mod arrays;
mod iterators;
mod numbers;
mod options;

/// Calls a macro with the rows of the table.
#[macro_export]
macro_rules! for_each_method {
    ($callback:ident) => {
        $crate::__methods_of_numbers! { $callback }
    };
}
