//! What holds for every program: random ones run by every executor, kernels that call kernels, and the
//! conformance suite; each method, of each type and layout.

mod calls;
mod conformance;
mod divisions;
mod iterators;
mod methods;
mod nests;
mod same_bits;
mod schedules;
