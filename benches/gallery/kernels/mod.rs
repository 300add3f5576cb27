//! The gallery: kernels as users write them, from the classic sets, each with what it runs on.
//!
//! ```text
//! row.rs         one kernel: its sizes, its arguments for a size, how to call it, what to compare
//! data.rs        the numbers that it runs on, the same in every run and every language
//! dense.rs …     functions by field, and a table of their rows
//!      │
//!      ├──► benches/gallery/main.rs    how fast they are
//!      └──► tests/gallery              that they compute what the functions do
//! ```
//!
//! To add a kernel, write its function and its row.

// Kernels are written as users write them.
#![allow(
    clippy::assign_op_pattern,
    clippy::manual_memcpy,
    clippy::manual_range_contains,
    clippy::manual_range_patterns,
    clippy::manual_rotate,
    clippy::manual_swap,
    clippy::needless_range_loop,
    clippy::op_ref,
    clippy::reversed_empty_ranges,
    clippy::too_many_arguments
)]

pub mod data;
pub mod row;

mod algorithms;
mod array_forms;
mod bytes;
mod dense;
mod everyday;
mod factor;
mod images;
mod integers;
mod lists;
mod parallel;
mod physics;
mod programs;
mod scans;
mod searches;
mod series;
mod signals;
mod sparse;
mod states;
mod statistics;
mod stencils;
mod tables;

use row::Row;

/// All rows, by field.
pub const FIELDS: &[(&str, &[Row])] = &[
    ("dense", dense::ROWS),
    ("factor", factor::ROWS),
    ("stencils", stencils::ROWS),
    ("images", images::ROWS),
    ("bytes", bytes::ROWS),
    ("statistics", statistics::ROWS),
    ("sparse", sparse::ROWS),
    ("tables", tables::ROWS),
    ("scans", scans::ROWS),
    ("integers", integers::ROWS),
    ("lists", lists::ROWS),
    ("algorithms", algorithms::ROWS),
    ("series", series::ROWS),
    ("everyday", everyday::ROWS),
    ("searches", searches::ROWS),
    ("states", states::ROWS),
    ("programs", programs::ROWS),
    ("physics", physics::ROWS),
    ("signals", signals::ROWS),
    ("array_products", array_forms::products::ROWS),
    ("array_solvers", array_forms::solvers::ROWS),
    ("array_grids", array_forms::grids::ROWS),
    ("array_learning", array_forms::learning::ROWS),
    ("array_simulation", array_forms::simulation::ROWS),
    ("parallel_totals", parallel::totals::ROWS),
    ("parallel_extremes", parallel::extremes::ROWS),
    ("parallel_apart", parallel::apart::ROWS),
];
