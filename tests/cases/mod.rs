//! What parallel array compilers are known to get wrong, and what users do with kernels: whole cases, from the
//! function as written to the numbers that come out.
//!
//! ```text
//! prange_spaces   trip spaces and indices          array_expressions   creators, broadcasts, layouts
//! reductions      totals, and what is none         fusion              how many regions and arrays remain
//! kernels         the seven example kernels        threads             many callers, pools, dropped engines
//! language        each construct that kernels know bad_input           every mistake is an error, nothing dies
//! ```

mod ways;

mod array_expressions;
mod bad_input;
mod fusion;
mod kernels;
mod language;
mod prange_spaces;
mod reductions;
mod threads;
