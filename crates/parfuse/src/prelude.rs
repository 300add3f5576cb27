//! Everything that writing and calling kernels needs: `use parfuse::prelude::*`.

pub use crate::kernel;
pub use crate::{CompareOptions, Engine, Error, Kernel, RandomArray, Variant, prange, random, with_seed};
