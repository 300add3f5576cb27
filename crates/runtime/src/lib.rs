//! What compiled kernels need while they run: memory, threads, the mode of floats, and keys. It knows nothing of the
//! intermediate languages; it receives safe closures over block numbers.

mod blocks;
mod board;
mod buffer;
mod crew;
mod float_mode;
mod keys;
mod pool;
mod process;
mod shared_work;

pub use blocks::{BlockFailure, run_blocks};
pub use buffer::{AllocationError, Buffer};
pub use float_mode::FloatMode;
pub use keys::{draw, fresh_key};
pub use pool::{Helpers, Pool, Workers};
