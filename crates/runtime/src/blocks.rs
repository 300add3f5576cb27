//! Running the blocks of a parallel region.
//!
//! Each thread goes through a share of the blocks, and helps with those of others when it has none left. When one fails, no
//! higher block is started, but every lower one still runs: the failure reported is the lowest, whatever the schedule.

use crate::Workers;
use crate::shares::Shares;
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
    workers: &Workers<'_>,
    run: impl Fn(usize) -> Result<(), E> + Sync,
) -> Result<(), BlockFailure<E>> {
    if blocks <= 1 || matches!(workers, Workers::Caller) {
        return (0..blocks).try_for_each(|block| run(block).map_err(|error| BlockFailure { block, error }));
    }
    spread_blocks(blocks, workers, run)
}

/// [`run_blocks`] on several threads.
fn spread_blocks<E: Send>(
    blocks: usize,
    workers: &Workers<'_>,
    run: impl Fn(usize) -> Result<(), E> + Sync,
) -> Result<(), BlockFailure<E>> {
    let shares = Shares::new(blocks, workers.threads().min(blocks));
    let lowest_failed = AtomicUsize::new(usize::MAX);
    let failure = Mutex::new(None::<BlockFailure<E>>);
    let work = |seat: usize| {
        while let Some(block) = shares.take(seat) {
            if block > lowest_failed.load(Ordering::Relaxed) {
                continue;
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
    workers.share(blocks - 1, &work);
    match failure.into_inner().unwrap_or_else(PoisonError::into_inner) {
        Some(failure) => Err(failure),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Pool;
    use std::cell::Cell;
    use std::panic::{AssertUnwindSafe, catch_unwind};
    use std::sync::Barrier;

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

    fn rayon_pool(threads: usize) -> rayon::ThreadPool {
        rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap()
    }

    #[test]
    fn a_call_inside_a_worker_stays_in_its_pool() {
        let own = Pool::new(5);
        let inner = rayon_pool(3).install(|| {
            let workers = own.workers();
            count_runs(50, &workers);
            workers.threads()
        });
        assert_eq!(inner, 3);
    }

    #[test]
    fn a_call_that_waits_runs_no_other_jobs_of_its_thread() {
        thread_local! {
            static IS_CALLING: Cell<bool> = const { Cell::new(false) };
        }
        let (own, jobs_inside) = (Pool::new(2), AtomicUsize::new(0));
        rayon_pool(3).scope(|scope| {
            for _ in 0..500 {
                scope.spawn(|_| {
                    jobs_inside.fetch_add(IS_CALLING.replace(true) as usize, Ordering::Relaxed);
                    let slowly = |_| {
                        std::thread::yield_now();
                        Ok::<(), ()>(())
                    };
                    run_blocks(20, &own.workers(), slowly).unwrap();
                    IS_CALLING.set(false);
                });
            }
        });
        assert_eq!(jobs_inside.into_inner(), 0);
    }

    #[test]
    fn a_short_call_ends_while_a_long_one_keeps_all_helpers() {
        let pool = Pool::new(3);
        for _ in 0..20 {
            let (both_are_in, may_leave) = (Barrier::new(4), Barrier::new(4));
            std::thread::scope(|scope| {
                scope.spawn(|| {
                    let stay = |_| {
                        both_are_in.wait();
                        may_leave.wait();
                        Ok::<(), ()>(())
                    };
                    run_blocks(3, &pool.workers(), stay).unwrap();
                });
                both_are_in.wait();
                count_runs(100, &pool.workers());
                may_leave.wait();
            });
        }
    }

    #[test]
    fn one_thread_is_the_callers() {
        let caller = std::thread::current().id();
        let here = |_| if std::thread::current().id() == caller { Ok(()) } else { Err(()) };
        assert_eq!(run_blocks(100, &Pool::new(1).workers(), here), Ok(()));
    }

    #[test]
    fn workers_of_a_busy_pool_end_their_calls_alone() {
        let own = Pool::new(2);
        let all_are_busy = Barrier::new(3);
        rayon_pool(3).broadcast(|_| {
            all_are_busy.wait();
            (0..200).for_each(|_| count_runs(5, &own.workers()));
        });
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
