//! What compiled kernels need while they run: memory, threads and keys. It knows nothing of the intermediate
//! languages; it receives safe closures over block numbers.

mod blocks;
mod buffer;
mod keys;
mod pool;

pub use blocks::{BlockFailure, run_blocks};
pub use buffer::{AllocationError, Buffer};
pub use keys::fresh_key;
pub use pool::{Pool, Workers};
