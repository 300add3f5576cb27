//! Threads: a pool of its own for every engine.
//!
//! rayon's global pool is never touched. The pool starts on first use, so an engine that only runs serially
//! starts no thread. A call from inside any rayon pool's worker stays in that pool: its threads are already
//! there, and blocking one of them on another pool would oversubscribe the machine. After a `fork` the child has
//! none of the parent's threads, so it gets a pool of its own.

use rayon::{ThreadPool, ThreadPoolBuilder};
use std::sync::{Arc, Mutex, PoisonError};

/// A lazily started thread pool.
#[derive(Debug)]
pub struct Pool {
    threads: usize,
    started: Mutex<Option<Started>>,
}

#[derive(Debug)]
struct Started {
    process: u32,
    /// `None` if the threads could not be started: work then runs on the calling thread.
    pool: Option<Arc<ThreadPool>>,
}

/// Where blocks run.
#[derive(Clone, Debug)]
pub enum Workers {
    /// On the calling thread.
    Caller,
    /// On the threads of the rayon pool whose worker the calling thread is.
    CurrentPool,
    /// On the threads of this pool.
    Pool(Arc<ThreadPool>),
}

impl Pool {
    /// A pool of this many threads, not yet started; 0 means as many as the machine runs at once.
    pub fn new(threads: usize) -> Pool {
        let available = || std::thread::available_parallelism().map_or(1, |n| n.get());
        Pool { threads: if threads == 0 { available() } else { threads }, started: Mutex::new(None) }
    }

    /// The number of threads.
    pub fn threads(&self) -> usize {
        self.threads
    }

    /// Where a parallel call made on this thread runs its blocks.
    pub fn workers(&self) -> Workers {
        if rayon::current_thread_index().is_some() {
            return Workers::CurrentPool;
        }
        let process = std::process::id();
        let mut started = self.started.lock().unwrap_or_else(PoisonError::into_inner);
        if started.as_ref().is_some_and(|s| s.process != process) {
            // The parent's threads do not exist here: joining them on drop would wait forever.
            std::mem::forget(started.take());
        }
        let started = started.get_or_insert_with(|| Started { process, pool: self.start() });
        started.pool.clone().map_or(Workers::Caller, Workers::Pool)
    }

    fn start(&self) -> Option<Arc<ThreadPool>> {
        let name = |index| format!("parfuse-{index}");
        ThreadPoolBuilder::new().num_threads(self.threads).thread_name(name).build().ok().map(Arc::new)
    }
}

impl Workers {
    /// The number of threads that may work at once.
    pub fn threads(&self) -> usize {
        match self {
            Workers::Caller => 1,
            Workers::CurrentPool => rayon::current_num_threads(),
            Workers::Pool(pool) => pool.current_num_threads(),
        }
    }
}
