//! Loops that a person would have to take apart before threads could share them, beside the same taken apart by hand.

use super::{data, row};

pub mod apart;
pub mod extremes;
pub mod totals;
