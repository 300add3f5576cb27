//! What compiled kernels need while they run: memory, threads, the mode of floats, and keys. It knows nothing of the
//! intermediate languages; it receives safe closures over block numbers.

mod alarm;
mod blocks;
mod board;
mod buffer;
mod cancel;
mod crew;
mod executor;
mod float_mode;
mod keys;
pub mod lend;
mod pool;
mod process;
mod progress;
mod shared_work;
mod shares;
mod watch;
mod worth;

pub use alarm::Alarm;
pub use blocks::{BlockFailure, run_blocks};
pub use buffer::{AllocationError, Buffer};
pub use cancel::{CancelToken, StopReason};
pub use executor::{Executor, Job, ScopedThreads, Serial};
pub use float_mode::FloatMode;
pub use keys::{draw, fresh_key};
pub use pool::{Helpers, Pool, Workers};
pub use progress::{Progress, ProgressOfCall};
pub use worth::Expected;
