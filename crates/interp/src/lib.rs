//! Interpreters of the three languages, one element at a time.
//!
//! They define what compiled code must compute, to the last bit: a wrong answer is found between the last
//! interpreter that is right and the first that is wrong. [`run_loops`] and [`run_lane`] follow the order of
//! reductions exactly; [`run_program`] reduces from left to right, so sums of floats may differ from theirs by
//! rounding, and nothing else may.
//!
//! They favour plainness over speed, and panic on a broken program (reading an element never stored, an offset
//! outside a buffer), since only a defect of ours can make one.

mod calls;
mod lane;
mod loops;
mod program;
mod races;
mod value;
mod view;

pub use lane::run_lane;
pub use loops::{run_loops, run_loops_apart, run_loops_shuffled};
pub use program::run_program;
pub use races::Race;
pub use value::{Array, Failure, Outcome, Value};

/// How many threads interpreted kernels are told that there are.
const THREADS: usize = 3;
