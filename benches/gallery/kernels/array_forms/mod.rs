//! The classic kernels again, as expressions of whole arrays, rows, columns and slices.

use super::{data, row};

pub mod grids;
pub mod learning;
pub mod products;
pub mod simulation;
pub mod solvers;
