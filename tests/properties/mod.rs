//! What holds for every program: random ones run by every executor, and the conformance suite.

mod conformance;
mod divisions;
mod same_bits;
