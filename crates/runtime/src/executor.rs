//! Threads that others own: what a call needs of them, and the usual kinds.
//!
//! ```text
//! call ── run(job) ──► executor ── job.run(), job.run(), … ──► on any threads, any number of times, at any time
//!   ╰─ claims blocks itself ─ waits for blocks begun elsewhere ─ returns            a late run finds nothing to do
//! ```
//!
//! An executor is not trusted: the job hands out each block once, whoever runs it and however often, and the caller
//! computes what nobody else has begun. So an executor that runs a job twice, late or never changes how long a call
//! takes, and nothing else.

use crate::FloatMode;
use crate::shared_work::SharedWork;
use rayon::ThreadPool;
use std::fmt;
use std::num::NonZero;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

/// Threads that may help a call.
///
/// ```
/// use parfuse_runtime::{Executor, Job};
///
/// /// A new thread for each helper, of which nobody waits for the end.
/// struct Detached;
///
/// impl Executor for Detached {
///     fn threads(&self) -> usize {
///         4
///     }
///     fn run(&self, job: &Job) {
///         for _ in 0..job.helpers() {
///             let job = job.clone();
///             std::thread::spawn(move || job.run());
///         }
///     }
/// }
/// # let _: &dyn Executor = &Detached;
/// ```
pub trait Executor: Sync {
    /// How many threads may work at once, the caller's included.
    fn threads(&self) -> usize;

    /// Has other threads run the job, ideally [`Job::helpers`] of them. It may return before they have begun, or wait
    /// for them: the calling thread does its part when this returns. Called on the thread that calls the kernel.
    ///
    /// A panic becomes the error of the call.
    fn run(&self, job: &Job);
}

/// A call's work, for threads that help with it. Clones are the same job.
#[derive(Clone)]
pub struct Job {
    work: Arc<SharedWork>,
    helpers: usize,
    /// How often it has been run.
    runs: Arc<AtomicUsize>,
}

impl Job {
    /// A job for at most so many helpers.
    pub(crate) fn new(work: Arc<SharedWork>, helpers: usize) -> Job {
        Job { work, helpers, runs: Arc::default() }
    }

    /// How many threads can help at most, beside the caller's.
    pub fn helpers(&self) -> usize {
        self.helpers
    }

    /// Helps until no work is left to begin. Returns at once if the call is over, or has enough helpers. Never panics:
    /// what goes wrong is the caller's to hear of.
    pub fn run(&self) {
        let _mode = FloatMode::standard();
        // Who comes first sits beside the caller, in every region alike.
        self.work.join(1 + self.runs.fetch_add(1, Ordering::Relaxed));
    }
}

impl fmt::Debug for Job {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Job").field("helpers", &self.helpers).finish_non_exhaustive()
    }
}

/// The calling thread alone.
#[derive(Clone, Copy, Debug, Default)]
pub struct Serial;

impl Executor for Serial {
    fn threads(&self) -> usize {
        1
    }
    fn run(&self, _: &Job) {}
}

/// The threads of a rayon pool, as far as they have time: the call does not wait for those that have other work.
impl Executor for ThreadPool {
    fn threads(&self) -> usize {
        self.current_num_threads()
    }
    fn run(&self, job: &Job) {
        for _ in 0..job.helpers() {
            let job = job.clone();
            self.spawn(move || job.run());
        }
    }
}

/// Threads that begin and end with each call. Where the system refuses some, fewer help.
#[derive(Clone, Copy, Debug)]
pub struct ScopedThreads(NonZero<usize>);

impl ScopedThreads {
    /// So many, the caller's among them; 0 means as many as the machine runs at once.
    pub fn new(threads: usize) -> ScopedThreads {
        let available = || thread::available_parallelism().unwrap_or(NonZero::<usize>::MIN);
        ScopedThreads(NonZero::new(threads).unwrap_or_else(available))
    }
}

impl Executor for ScopedThreads {
    fn threads(&self) -> usize {
        self.0.get()
    }
    fn run(&self, job: &Job) {
        thread::scope(|scope| {
            let start = |_| thread::Builder::new().spawn_scoped(scope, || job.run()).is_ok();
            // Where one is refused, the next would be too.
            let _ = (0..job.helpers()).all(start);
            job.run();
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{BlockFailure, Workers, run_blocks};
    use std::panic::{AssertUnwindSafe, catch_unwind};
    use std::sync::Mutex;

    /// Does with a job what a closure does.
    struct With<F>(usize, F);

    impl<F: Fn(&Job) + Sync> Executor for With<F> {
        fn threads(&self) -> usize {
            self.0
        }
        fn run(&self, job: &Job) {
            (self.1)(job)
        }
    }

    fn every_block_runs_once(executor: &dyn Executor) {
        for blocks in [0, 1, 2, 7, 100] {
            let runs: Vec<AtomicUsize> = (0..blocks).map(|_| AtomicUsize::new(0)).collect();
            let result: Result<(), BlockFailure<()>> =
                run_blocks(blocks, &Workers::Executor(executor), |block| {
                    runs[block].fetch_add(1, Ordering::Relaxed);
                    Ok(())
                });
            assert_eq!(result, Ok(()));
            assert!(runs.iter().all(|n| n.load(Ordering::Relaxed) == 1));
        }
    }

    #[test]
    fn the_usual_executors_run_every_block_once() {
        every_block_runs_once(&Serial);
        every_block_runs_once(&ScopedThreads::new(3));
        let pool = rayon::ThreadPoolBuilder::new().num_threads(3).build().unwrap();
        every_block_runs_once(&pool);
        pool.install(|| every_block_runs_once(&pool));
    }

    #[test]
    fn jobs_that_run_never_or_often_run_every_block_once() {
        every_block_runs_once(&With(5, |_: &Job| ()));
        every_block_runs_once(&With(5, |job: &Job| (0..3).for_each(|_| job.run())));
        every_block_runs_once(&With(5, |job: &Job| {
            let many = || (0..20).for_each(|_| job.run());
            thread::scope(|scope| (0..6).for_each(|_| drop(scope.spawn(many))));
        }));
    }

    #[test]
    fn jobs_that_run_late_find_nothing_to_do() {
        let kept = Mutex::new(Vec::new());
        every_block_runs_once(&With(5, |job: &Job| kept.lock().unwrap().push(job.clone())));
        let kept = kept.into_inner().unwrap();
        assert_eq!(kept.len(), 3, "a block alone needs no helpers");
        thread::spawn(move || kept.iter().for_each(Job::run)).join().unwrap();
    }

    #[test]
    fn detached_threads_run_every_block_once() {
        let detached = With(4, |job: &Job| {
            for _ in 0..job.helpers() {
                let job = job.clone();
                thread::spawn(move || job.run());
            }
        });
        (0..50).for_each(|_| every_block_runs_once(&detached));
    }

    #[test]
    fn a_panic_of_an_executor_or_in_a_helper_reaches_the_caller() {
        let panics = With(3, |job: &Job| {
            job.run();
            panic!("an executor's");
        });
        let run = |executor: &dyn Executor, block: fn(usize) -> Result<(), ()>| {
            catch_unwind(AssertUnwindSafe(|| run_blocks(10, &Workers::Executor(executor), block)))
        };
        let payload = run(&panics, |_| Ok(())).unwrap_err();
        assert_eq!(payload.downcast_ref(), Some(&"an executor's"));
        let helps = With(3, |job: &Job| job.run());
        let payload = run(&helps, |block| if block == 4 { panic!("a block's") } else { Ok(()) }).unwrap_err();
        assert_eq!(payload.downcast_ref(), Some(&"a block's"));
    }
}
