//! Running the blocks of a parallel region.
//!
//! Blocks are handed out in ascending order to whichever thread is free. When one fails, no higher block is
//! started, but every lower one still runs: the failure reported is the lowest, whatever the schedule.

use crate::Workers;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

/// The lowest block that failed, with its error.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct BlockFailure<E> {
    /// The block.
    pub block: usize,
    /// What it returned.
    pub error: E,
}

/// Runs `run(0)`, …, `run(blocks - 1)`, each once, in any order and on any of the workers' threads.
///
/// # Errors
/// The error of the lowest failing block.
///
/// # Panics
/// If a block panics: after the other threads have stopped, with the block's payload. The pool stays usable.
#[inline]
pub fn run_blocks<E: Send>(
    blocks: usize,
    workers: &Workers,
    run: impl Fn(usize) -> Result<(), E> + Sync,
) -> Result<(), BlockFailure<E>> {
    if blocks <= 1 || matches!(workers, Workers::Caller) {
        return (0..blocks).try_for_each(|block| run(block).map_err(|error| BlockFailure { block, error }));
    }
    spread_blocks(blocks, workers, run)
}

/// [`run_blocks`] on the threads of a pool.
fn spread_blocks<E: Send>(
    blocks: usize,
    workers: &Workers,
    run: impl Fn(usize) -> Result<(), E> + Sync,
) -> Result<(), BlockFailure<E>> {
    let helpers = workers.threads().min(blocks);
    let next = AtomicUsize::new(0);
    let lowest_failed = AtomicUsize::new(usize::MAX);
    let failure = Mutex::new(None::<BlockFailure<E>>);
    let work = || {
        loop {
            let block = next.fetch_add(1, Ordering::Relaxed);
            // Blocks are handed out in order: all that follow are above the failed one too.
            if block >= blocks || block > lowest_failed.load(Ordering::Relaxed) {
                return;
            }
            if let Err(error) = run(block) {
                let mut failure = failure.lock().unwrap_or_else(PoisonError::into_inner);
                if failure.as_ref().is_none_or(|other| block < other.block) {
                    *failure = Some(BlockFailure { block, error });
                    lowest_failed.fetch_min(block, Ordering::Relaxed);
                }
            }
        }
    };
    let spread = || {
        rayon::scope(|scope| {
            (1..helpers).for_each(|_| scope.spawn(|_| work()));
            work();
        })
    };
    match workers {
        Workers::Pool(pool) => pool.install(spread),
        Workers::Caller | Workers::CurrentPool => spread(),
    }
    match failure.into_inner().unwrap_or_else(PoisonError::into_inner) {
        Some(failure) => Err(failure),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Pool;
    use std::panic::{AssertUnwindSafe, catch_unwind};

    fn count_runs(blocks: usize, workers: &Workers) {
        let runs: Vec<AtomicUsize> = (0..blocks).map(|_| AtomicUsize::new(0)).collect();
        let result: Result<(), BlockFailure<()>> = run_blocks(blocks, workers, |block| {
            runs[block].fetch_add(1, Ordering::Relaxed);
            Ok(())
        });
        assert_eq!(result, Ok(()));
        assert!(runs.iter().all(|n| n.load(Ordering::Relaxed) == 1));
    }

    #[test]
    fn every_block_runs_once() {
        for threads in [1, 2, 3, 7] {
            let pool = Pool::new(threads);
            assert_eq!(pool.workers().threads(), threads);
            for blocks in [0, 1, 2, 7, 100] {
                count_runs(blocks, &pool.workers());
                count_runs(blocks, &Workers::Caller);
            }
        }
    }

    #[test]
    fn a_call_inside_a_worker_stays_in_its_pool() {
        let (outer, own) = (Pool::new(3), Pool::new(5));
        let Workers::Pool(pool) = outer.workers() else { panic!("threads start") };
        let inner = pool.install(|| {
            let workers = own.workers();
            count_runs(50, &workers);
            workers.threads()
        });
        assert_eq!(inner, 3);
    }

    #[test]
    fn the_lowest_failure_wins() {
        let pool = Pool::new(4);
        for _ in 0..50 {
            let result =
                run_blocks(200, &pool.workers(), |block| if block % 31 == 30 { Err(block) } else { Ok(()) });
            assert_eq!(result, Err(BlockFailure { block: 30, error: 30 }));
        }
    }

    #[test]
    fn a_panic_leaves_the_pool_usable() {
        let pool = Pool::new(2);
        let panicking = || {
            run_blocks::<()>(10, &pool.workers(), |block| if block == 3 { panic!("boom") } else { Ok(()) })
        };
        assert!(catch_unwind(AssertUnwindSafe(panicking)).is_err());
        count_runs(10, &pool.workers());
    }

    #[test]
    fn a_panicking_caller_does_not_poison_later_calls_from_many_threads() {
        let pool = Pool::new(2);
        std::thread::scope(|scope| {
            (0..8).for_each(|_| drop(scope.spawn(|| count_runs(64, &pool.workers()))));
        });
    }
}
