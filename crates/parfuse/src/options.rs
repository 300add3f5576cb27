//! How a call runs: on which threads, until when, with which seed.
//!
//! ```text
//! kernel.with(&options).parallel(…)               this call
//! options.install(|| { f::parallel(…); … })       all calls of this thread in a scope
//! ```
//!
//! Results do not depend on threads. Options without a token or a deadline cost nothing: code that looks whether to stop
//! is compiled for those calls alone that may have to.

use crate::argument::Arguments;
use crate::dynamic::Dynamic;
use crate::error::Error;
use crate::kernel::{Kernel, Variant};
use crate::plain;
use crate::returned::Returned;
use parfuse_runtime::lend::{borrow, lend};
use parfuse_runtime::{Alarm, CancelToken, Executor, Expected, Job, Pool, Progress};
use std::cell::RefCell;
use std::fmt;
use std::mem::ManuallyDrop;
use std::time::{Duration, Instant};

/// The threads that a parallel call runs on: a number of the engine's, or those of an executor. Made from a `usize`, a
/// `&rayon::ThreadPool` or a reference to any other [`Executor`].
#[derive(Clone, Copy, Default)]
pub struct Workers<'o>(Choice<'o>);

#[derive(Clone, Copy, Default)]
enum Choice<'o> {
    /// As many as the engine has.
    #[default]
    Engine,
    Count(usize),
    Executor(&'o dyn Executor),
}

impl From<usize> for Workers<'_> {
    fn from(count: usize) -> Self {
        Workers(if count == 0 { Choice::Engine } else { Choice::Count(count) })
    }
}

impl<'o, E: Executor> From<&'o E> for Workers<'o> {
    fn from(executor: &'o E) -> Self {
        Workers(Choice::Executor(executor))
    }
}

impl<'o> From<&'o dyn Executor> for Workers<'o> {
    fn from(executor: &'o dyn Executor) -> Self {
        Workers(Choice::Executor(executor))
    }
}

impl fmt::Debug for Workers<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Choice::Engine => f.write_str("the engine's"),
            Choice::Count(count) => write!(f, "{count}"),
            Choice::Executor(executor) => write!(f, "an executor of {} threads", executor.threads()),
        }
    }
}

impl Workers<'_> {
    /// How many threads they are at most.
    pub(crate) fn count(&self, pool: &Pool) -> usize {
        match &self.0 {
            Choice::Executor(executor) => executor.threads().max(1),
            Choice::Engine => pool.threads_here(),
            Choice::Count(count) => (*count).max(1),
        }
    }

    /// Where blocks run of which that is expected: on as many threads as they are worth, or on those of an executor that
    /// was chosen.
    pub(crate) fn on<'w>(
        &'w self,
        pool: &Pool,
        blocks: usize,
        expected: Expected,
    ) -> parfuse_runtime::Workers<'w> {
        match &self.0 {
            Choice::Executor(_) => parfuse_runtime::Workers::Executor(self),
            // Nobody need be there whom nobody needs.
            _ if expected.is_short() => parfuse_runtime::Workers::Caller,
            Choice::Engine => pool.workers().worth(blocks, expected),
            Choice::Count(count) => pool.workers_up_to(*count).worth(blocks, expected),
        }
    }
}

/// The executor that was chosen, called outside all scopes of the calling thread: while it waits, a rayon worker may take
/// up another job of its pool, which is none of the call's.
impl Executor for Workers<'_> {
    fn threads(&self) -> usize {
        match self.0 {
            Choice::Executor(executor) => executor.threads(),
            Choice::Engine | Choice::Count(_) => 1,
        }
    }
    fn run(&self, job: &Job) {
        if let Choice::Executor(executor) = self.0 {
            outside_scopes(|| executor.run(job));
        }
    }
}

/// Runs something as if this thread were in no scope: without seed, installed engine or installed options.
fn outside_scopes<R>(work: impl FnOnce() -> R) -> R {
    let _options = Restore(replace_installed(None));
    plain::without_seed(|| crate::engine::without_engine(|| lend(None, work)))
}

/// How calls run. By default on the threads of their engine, without a time limit.
///
/// ```
/// use parfuse::prelude::*;
/// use parfuse::{CallOptions, CancelToken};
/// use std::time::Duration;
///
/// #[kernel]
/// fn steps(start: i64, limit: i64) -> i64 {
///     let mut x = start;
///     let mut steps = 0;
///     while x < limit {
///         x += 1;
///         steps += 1;
///     }
///     steps
/// }
///
/// // All calls of a scope …
/// let hasty = CallOptions::new().timeout(Duration::from_millis(20));
/// assert_eq!(hasty.install(|| steps::serial(0, i64::MAX)), Err(Error::DeadlineExceeded));
///
/// // … or one call, which another thread may cancel.
/// let token = CancelToken::new();
/// let options = CallOptions::new().workers(2).cancel(&token);
/// std::thread::scope(|scope| {
///     scope.spawn(|| token.cancel());
///     let result = steps::kernel().with(&options).parallel::<i64>((0i64, i64::MAX));
///     assert_eq!(result, Err(Error::Cancelled));
/// });
/// ```
#[derive(Clone, Debug, Default)]
pub struct CallOptions<'o> {
    workers: Workers<'o>,
    limits: Limits,
}

/// Where kernels have their random numbers from if nobody has given a seed.
///
/// ```
/// use parfuse::prelude::*;
/// use parfuse::{CallOptions, Seeding};
///
/// #[kernel]
/// fn mean_of_uniforms(n: usize) -> f64 {
///     let mut sum = 0.0;
///     for _ in prange(0..n) {
///         sum += random::<f64>();
///     }
///     sum / n as f64
/// }
///
/// let per_thread = CallOptions::new().seeding(Seeding::PerThread);
/// let mean = per_thread.install(|| mean_of_uniforms::parallel(1_000_000))?;
/// assert!((mean - 0.5).abs() < 0.01);
/// # Ok::<(), Error>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub enum Seeding {
    /// Each call takes a key from the generator of the thread that makes it, and its numbers are a function of that key. How
    /// the call runs, on how many threads and in which order, makes no difference to them.
    #[default]
    Keyed,
    /// Each thread has a generator of its own, seeded independently with the system's entropy, and takes the numbers of the
    /// iterations that it computes from there: a key for each block of them.
    ///
    /// **Not reproducible:** which thread computes what depends on the schedule, so serial and parallel calls agree in
    /// distribution alone. Where a seed is given ([`with_seed`](crate::with_seed), [`CallOptions::seed`]), it holds, and
    /// this changes nothing.
    PerThread,
}

/// The options of calls that nobody has chosen any for.
const DEFAULTS: &CallOptions<'static> = &CallOptions {
    workers: Workers(Choice::Engine),
    limits: Limits {
        token: None,
        deadline: None,
        timeout: None,
        seed: None,
        seeding: Seeding::Keyed,
        progress: None,
    },
};

/// What of the options has no lifetime.
#[derive(Clone, Debug, Default)]
struct Limits {
    token: Option<CancelToken>,
    deadline: Option<Instant>,
    timeout: Option<Duration>,
    seed: Option<u64>,
    seeding: Seeding,
    progress: Option<Progress>,
}

/// The options of a scope.
#[derive(Clone)]
struct Installed {
    /// The number of workers; nothing if they are those of the executor that is lent to the thread.
    count: Option<usize>,
    limits: Limits,
}

thread_local! {
    /// Without a destructor it is there as long as the thread is; the outermost scope leaves nothing to free.
    static OPTIONS: ManuallyDrop<RefCell<Option<Box<Installed>>>> =
        const { ManuallyDrop::new(RefCell::new(None)) };
}

fn replace_installed(options: Option<Box<Installed>>) -> Option<Box<Installed>> {
    OPTIONS.with(|installed| installed.replace(options))
}

/// Puts options back.
struct Restore(Option<Box<Installed>>);

impl Drop for Restore {
    fn drop(&mut self) {
        replace_installed(self.0.take());
    }
}

impl<'o> CallOptions<'o> {
    /// The defaults.
    pub fn new() -> CallOptions<'o> {
        CallOptions::default()
    }

    /// The threads of parallel calls: a number of the engine's threads, the caller's included (0 means as many as it
    /// has; those that it lacks are started); a `&rayon::ThreadPool`; or a reference to another [`Executor`]. From
    /// inside a rayon pool's worker a number of threads means so many of that pool.
    pub fn workers(self, workers: impl Into<Workers<'o>>) -> CallOptions<'o> {
        CallOptions { workers: workers.into(), ..self }
    }

    /// Calls end with [`Error::Cancelled`] soon after the token is cancelled.
    pub fn cancel(mut self, token: &CancelToken) -> CallOptions<'o> {
        self.limits.token = Some(token.clone());
        self
    }

    /// Calls show here how far they have come.
    ///
    /// ```
    /// use parfuse::prelude::*;
    /// use parfuse::{CallOptions, Progress};
    ///
    /// #[kernel]
    /// fn sum_of_roots(n: usize) -> f64 {
    ///     let mut sum = 0.0;
    ///     for i in prange(0..n) {
    ///         sum += (i as f64).sqrt();
    ///     }
    ///     sum
    /// }
    ///
    /// let progress = Progress::new();
    /// let watched = progress.clone(); // for a thread that shows it
    /// CallOptions::new().progress(&progress).install(|| sum_of_roots::parallel(100_000))?;
    /// assert_eq!((watched.fraction(), watched.calls()), (Some(1.0), 1));
    /// # Ok::<(), Error>(())
    /// ```
    pub fn progress(mut self, progress: &Progress) -> CallOptions<'o> {
        self.limits.progress = Some(progress.clone());
        self
    }

    /// Calls that have not ended at this time end with [`Error::DeadlineExceeded`] soon after.
    pub fn deadline(mut self, at: Instant) -> CallOptions<'o> {
        self.limits.deadline = Some(at);
        self
    }

    /// Each call has so much time, and ends with [`Error::DeadlineExceeded`] soon after.
    pub fn timeout(mut self, time: Duration) -> CallOptions<'o> {
        self.limits.timeout = Some(time);
        self
    }

    /// Each call draws the random numbers that it would draw as the first of a [`with_seed`](crate::with_seed) scope.
    /// As a part of the call, a seed is nobody else's, whatever the thread does meanwhile.
    pub fn seed(mut self, seed: u64) -> CallOptions<'o> {
        self.limits.seed = Some(seed);
        self
    }

    /// Where calls have their random numbers from if nobody has given a seed.
    pub fn seeding(mut self, seeding: Seeding) -> CallOptions<'o> {
        self.limits.seeding = seeding;
        self
    }

    /// Makes all calls on this thread run so while `scope` runs, but for those with options of their own.
    ///
    /// That is: for all that the thread does meanwhile. A rayon worker that waits inside the scope for other threads of
    /// its pool may take up another job there. (Kernel calls wait without taking up any.)
    pub fn install<R>(&self, scope: impl FnOnce() -> R) -> R {
        let (count, executor) = match self.workers.0 {
            Choice::Engine => (Some(0), None),
            Choice::Count(count) => (Some(count), None),
            Choice::Executor(executor) => (None, Some(executor)),
        };
        let installed = Installed { count, limits: self.limits.clone() };
        let _before = Restore(replace_installed(Some(Box::new(installed))));
        lend(executor, scope)
    }

    /// Runs `call` with the options that are installed on this thread, or the defaults.
    pub(crate) fn with_installed<R>(call: impl FnOnce(&CallOptions<'_>) -> R) -> R {
        // The common case copies nothing.
        if OPTIONS.with(|installed| installed.borrow().is_none()) {
            return call(DEFAULTS);
        }
        let installed = OPTIONS.with(|installed| installed.borrow().as_deref().cloned());
        let Some(Installed { count, limits }) = installed else { return call(DEFAULTS) };
        borrow(|executor| {
            let workers = match (count, executor) {
                (None, Some(executor)) => executor.into(),
                (count, _) => count.unwrap_or(0).into(),
            };
            call(&CallOptions { workers, limits })
        })
    }

    /// The threads chosen.
    pub(crate) fn chosen_workers(&self) -> &Workers<'o> {
        &self.workers
    }

    /// The key of the next call, which draws random numbers or does not.
    pub(crate) fn next_key(&self, draws: bool) -> u64 {
        match self.limits.seed {
            Some(seed) => parfuse_ir::random::seed_key(seed),
            None => plain::next_key(draws),
        }
    }

    /// Whether the blocks of the next call draw by keys of their threads' own.
    pub(crate) fn has_own_keys(&self) -> bool {
        self.limits.seeding == Seeding::PerThread && self.limits.seed.is_none() && !plain::is_seeded()
    }

    /// Where calls show how far they have come.
    pub(crate) fn chosen_progress(&self) -> Option<&Progress> {
        self.limits.progress.as_ref()
    }

    /// What stops a call that begins now, if anything may.
    #[inline]
    pub(crate) fn stop(&self, alarm: &Alarm) -> Option<CancelToken> {
        match &self.limits {
            Limits { token: None, deadline: None, timeout: None, .. } => None,
            limits => limits.stop(alarm),
        }
    }
}

impl Limits {
    /// What stops a call that begins now.
    fn stop(&self, alarm: &Alarm) -> Option<CancelToken> {
        let Limits { token, deadline, timeout, .. } = self;
        // A time that no clock can tell is never reached.
        let end = timeout.and_then(|time| Instant::now().checked_add(time));
        match (deadline.iter().chain(&end).min(), token) {
            (None, token) => token.clone(),
            (Some(at), token) => {
                let own = token.as_ref().map_or_else(CancelToken::new, CancelToken::child);
                alarm.set(*at, &own);
                Some(own)
            }
        }
    }
}

/// A variant, with options of its own or those that are installed.
#[derive(Clone, Copy)]
pub(crate) struct How<'o> {
    pub(crate) variant: Variant,
    pub(crate) options: Option<&'o CallOptions<'o>>,
}

impl From<Variant> for How<'_> {
    fn from(variant: Variant) -> Self {
        How { variant, options: None }
    }
}

/// A kernel with options for its calls: see [`Kernel::with`].
#[derive(Clone, Copy, Debug)]
pub struct Configured<'k> {
    kernel: &'k Kernel,
    options: &'k CallOptions<'k>,
}

impl Kernel {
    /// The kernel with these options for its calls, in place of those that are installed.
    pub fn with<'k>(&'k self, options: &'k CallOptions<'_>) -> Configured<'k> {
        Configured { kernel: self, options }
    }
}

impl Configured<'_> {
    /// As [`Kernel::serial`]; the choice of threads is of no account.
    ///
    /// # Errors
    /// As [`Kernel::serial`], [`Error::Cancelled`] and [`Error::DeadlineExceeded`].
    pub fn serial<R: Returned>(&self, args: impl Arguments) -> Result<R, Error> {
        self.run(Variant::Serial, args)
    }

    /// As [`Kernel::parallel`].
    ///
    /// # Errors
    /// As [`serial`](Configured::serial).
    pub fn parallel<R: Returned>(&self, args: impl Arguments) -> Result<R, Error> {
        self.run(Variant::Parallel, args)
    }

    /// As [`Kernel::run`].
    ///
    /// # Errors
    /// As [`serial`](Configured::serial).
    pub fn run<R: Returned>(&self, variant: Variant, mut args: impl Arguments) -> Result<R, Error> {
        self.kernel.call_how(self.how(variant), |binder| args.bind_all(binder))
    }

    /// As [`Kernel::run_into`].
    ///
    /// # Errors
    /// As [`serial`](Configured::serial) and [`Kernel::run_into`].
    pub fn run_into<R: Returned>(
        &self,
        variant: Variant,
        mut args: impl Arguments,
        into: R::Into<'_>,
    ) -> Result<(), Error> {
        self.kernel.call_into_how::<R>(self.how(variant), |binder| args.bind_all(binder), into)
    }

    /// As [`Kernel::run_dynamic`].
    ///
    /// # Errors
    /// As [`serial`](Configured::serial).
    pub fn run_dynamic(&self, variant: Variant, arguments: &mut [Dynamic]) -> Result<Vec<Dynamic>, Error> {
        self.kernel.run_dynamic_how(self.how(variant), arguments)
    }

    fn how(&self, variant: Variant) -> How<'_> {
        How { variant, options: Some(self.options) }
    }
}
