//! The part of an engine that its kernels hold on to.
//!
//! ```text
//! Engine ──► functions, expressions ──► Kernel ──► Core: compiler, pool, choices
//!   └─────────────────────────────────────────────►─┘
//! ```
//!
//! It holds no kernel, so engines and kernels can be dropped in any order and nothing is kept alive by a cycle.

use parfuse_codegen::{Compiler, Effort};
use parfuse_runtime::{Alarm, Pool};
use std::panic::RefUnwindSafe;
use std::sync::atomic::AtomicUsize;

/// What an engine's kernels are compiled and run with.
pub(crate) struct Core {
    pub(crate) compiler: Compiler,
    pub(crate) pool: Pool,
    /// What ends calls whose time is over.
    pub(crate) alarm: Alarm,
    pub(crate) fuse: bool,
    /// How kernels are compiled on first use.
    pub(crate) first_effort: Effort,
    /// How often kernels of this engine were compiled.
    pub(crate) compilations: AtomicUsize,
}

// The compiler's description of the machine never changes; everything that does is behind locks and counters.
impl RefUnwindSafe for Core {}
