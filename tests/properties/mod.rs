//! What holds for every program: random ones run by every executor, kernels that call kernels, and the
//! conformance suite.

mod calls;
mod conformance;
mod divisions;
mod iterators;
mod same_bits;
