//! Everything that writing and calling kernels needs: `use parfuse::prelude::*`.

pub use crate::{
    ArrayExtremes, CompareOptions, Engine, Error, Kernel, KernelData, RandomArray, SpecialFunctions, Variant,
    prange, prange2, prange3, with_seed,
};
pub use crate::{fail, host, kernel};
pub use crate::{random, random_bool, random_exponential, random_normal, random_range, select};
