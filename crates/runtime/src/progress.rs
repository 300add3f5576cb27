//! How far running work has come, for other threads to see.
//!
//! ```text
//! loop 2 of 3, block 5 of 8 has begun, on 2 threads        (2 + (5 - 2) / 8) / 3
//! ```

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// How far the call has come that it is given to, readable from any thread. Clones are the same.
///
/// What is counted are the blocks of parallel loops. Of several calls one after the other it shows the last.
#[derive(Clone, Debug, Default)]
pub struct Progress(Arc<State>);

#[derive(Debug, Default)]
struct State {
    /// Calls that have ended.
    calls: AtomicU64,
    /// The loops of the present call, if each runs once; else 0.
    of_loops: AtomicU64,
    /// Those of them, or of as many as there are, that have been finished.
    loops: AtomicU64,
    /// The blocks of the loop that runs, those that have begun, and how many may run at a time.
    blocks: AtomicU64,
    begun: AtomicU64,
    threads: AtomicU64,
}

impl Progress {
    /// Of nothing yet.
    pub fn new() -> Progress {
        Progress::default()
    }

    /// The part of the call that is done, from 0 to 1; 1 when it has ended and until the next begins. All parallel loops
    /// count alike. Nothing is known before the first call, and of a call that runs parallel loops again and again, step by
    /// step of a simulation: of that there are the [loops](Progress::loops) to count.
    pub fn fraction(&self) -> Option<f64> {
        let state = &self.0;
        let of_loops = state.of_loops.load(Relaxed);
        if of_loops == 0 {
            return None;
        }
        let done = state.loops.load(Relaxed) as f64 + self.fraction_of_loop();
        Some((done / of_loops as f64).min(1.0))
    }

    /// The part of the parallel loop that runs which is done, 0 if none does.
    pub fn fraction_of_loop(&self) -> f64 {
        let state = &self.0;
        let blocks = state.blocks.load(Relaxed);
        // Those that run are not done.
        let done = state.begun.load(Relaxed).saturating_sub(state.threads.load(Relaxed));
        if blocks == 0 { 0.0 } else { done.min(blocks) as f64 / blocks as f64 }
    }

    /// How many parallel loops the call has finished.
    pub fn loops(&self) -> u64 {
        self.0.loops.load(Relaxed)
    }

    /// How many calls have ended, with a result or an error.
    pub fn calls(&self) -> u64 {
        self.0.calls.load(Relaxed)
    }

    /// A call begins, with so many parallel loops, if that is known.
    pub fn begin(&self, loops: Option<u64>) -> ProgressOfCall<'_> {
        self.0.blocks.store(0, Relaxed);
        self.0.loops.store(0, Relaxed);
        self.0.of_loops.store(loops.map_or(0, |loops| loops.max(1)), Relaxed);
        ProgressOfCall(self)
    }

    /// A parallel loop begins, of so many blocks, some at a time.
    pub fn begin_loop(&self, blocks: usize, threads: usize) {
        self.0.begun.store(0, Relaxed);
        self.0.threads.store(threads as u64, Relaxed);
        self.0.blocks.store(blocks as u64, Relaxed);
    }

    /// Another block of it begins.
    #[inline]
    pub fn begin_block(&self) {
        self.0.begun.fetch_add(1, Relaxed);
    }

    /// The loop has ended.
    pub fn end_loop(&self) {
        self.0.blocks.store(0, Relaxed);
        self.0.loops.fetch_add(1, Relaxed);
    }
}

/// A call, as long as it runs.
#[derive(Debug)]
pub struct ProgressOfCall<'p>(&'p Progress);

impl Drop for ProgressOfCall<'_> {
    fn drop(&mut self) {
        let state = &self.0.0;
        state.blocks.store(0, Relaxed);
        // What has ended is done, whatever was expected.
        state.of_loops.store(state.loops.load(Relaxed).max(1), Relaxed);
        state.loops.store(state.of_loops.load(Relaxed), Relaxed);
        state.calls.fetch_add(1, Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_that_run_are_not_done() {
        let progress = Progress::new();
        assert_eq!(progress.fraction(), None);
        let call = progress.begin(Some(2));
        assert_eq!(progress.fraction(), Some(0.0));
        progress.begin_loop(8, 2);
        (0..6).for_each(|_| progress.begin_block());
        assert_eq!((progress.fraction(), progress.fraction_of_loop()), (Some(0.25), 0.5));
        progress.end_loop();
        assert_eq!((progress.fraction(), progress.loops(), progress.calls()), (Some(0.5), 1, 0));
        drop(call);
        assert_eq!((progress.clone().fraction(), progress.calls()), (Some(1.0), 1));
        let _unknown = progress.begin(None);
        progress.begin_loop(4, 1);
        progress.end_loop();
        assert_eq!((progress.fraction(), progress.loops()), (None, 1));
    }
}
