//! The passes of Parfuse: each is one free function in one file of the same name.
//!
//! ```text
//! Program --lower_arrays--> Loops --check_parallel, …--> Loops --vectorize--> Lane
//! ```

mod affine;
mod bounds;
mod changed;
mod check_parallel;
mod combines;
mod contract_arrays;
mod divide_in_floats;
mod effects;
mod element_cost;
mod fold_constants;
mod fuse_loops;
mod hash;
mod hoist_checks;
mod hoist_invariants;
mod independent;
mod interchange_loops;
mod invert_divisors;
mod jam_rows;
mod join_stores;
mod lane_cost;
mod lane_loops;
mod loop_order;
mod lower_arrays;
mod lower_reductions;
mod mistakes;
mod number_values;
mod ordered_set;
mod parallelize_loops;
pub mod pipeline;
mod positions;
mod promote_elements;
mod promote_loops;
mod raise_checks;
mod rejection;
mod relax_floats;
mod remove_dead_code;
mod renames;
mod renumber;
mod same;
mod structure_exits;
pub mod table;
#[cfg(test)]
mod testing;
mod unroll_loops;
mod vectorize;
mod widen_indices;
mod wrap_indices;
mod zero_fills;

pub use changed::Changed;
pub use check_parallel::check_parallel;
pub use contract_arrays::contract_arrays;
pub use divide_in_floats::divide_in_floats;
pub use fold_constants::fold_constants;
pub use fuse_loops::fuse_loops;
pub use hoist_checks::hoist_checks;
pub use hoist_invariants::hoist_invariants;
pub use interchange_loops::interchange_loops;
pub use invert_divisors::invert_divisors;
pub use jam_rows::jam_rows;
pub use join_stores::join_stores;
pub use lane_loops::lane_loops;
pub use lower_arrays::lower_arrays;
pub use lower_reductions::lower_reductions;
pub use mistakes::find_mistakes;
pub use number_values::number_values;
pub use parallelize_loops::parallelize_loops;
pub use pipeline::optimize;
pub use promote_elements::promote_elements;
pub use promote_loops::promote_loops;
pub use raise_checks::raise_checks;
pub use rejection::{ReductionFlaw, Rejection, race_advice};
pub use relax_floats::relax_floats;
pub use remove_dead_code::remove_dead_code;
pub use renumber::renumber;
pub use structure_exits::structure_exits;
pub use unroll_loops::unroll_loops;
pub use vectorize::vectorize;
pub use widen_indices::widen_indices;
pub use wrap_indices::wrap_indices;
pub use zero_fills::zero_fills;
