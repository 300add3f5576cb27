//! Threads: a pool of its own for every engine.
//!
//! ```text
//! pool of n threads      the caller and n - 1 helpers, started when first needed
//! inside a rayon pool    the caller and the other workers of that pool
//! an executor            the caller and whom the executor sends
//! ```
//!
//! Whoever calls computes blocks as well, and waits at the end only for blocks that others have begun: a short call is
//! not held up by a long one that keeps the helpers busy, and a waiting thread takes up no work of anybody's, whose
//! scopes are not in effect there. rayon's global pool is never touched. A call from inside any rayon pool's worker stays
//! in that pool: its threads are already there, and more would oversubscribe the machine. After a `fork` the child has
//! none of the parent's threads, so it gets helpers of its own. Where the system refuses threads, fewer work.

use crate::FloatMode;
use crate::board::Board;
use crate::crew::Crew;
use crate::executor::{Executor, Job};
use crate::shared_work::SharedWork;
use crate::worth::Series;
use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// A pool of threads that start when first needed.
#[derive(Debug)]
pub struct Pool {
    wanted: usize,
    /// How many threads there are, the caller's included.
    threads: AtomicUsize,
    crew: Mutex<Option<Crew>>,
    series: Arc<Series>,
}

/// Where blocks run.
#[derive(Clone)]
pub enum Workers<'w> {
    /// On the calling thread.
    Caller,
    /// On the threads of the rayon pool whose worker the calling thread is, at most so many.
    CurrentPool(usize),
    /// On the calling thread and some helpers.
    Crew(Helpers),
    /// On the calling thread and those of somebody else.
    Executor(&'w dyn Executor),
}

/// Threads that help.
#[derive(Clone)]
pub struct Helpers {
    board: Arc<Board>,
    count: usize,
    series: Arc<Series>,
}

impl Pool {
    /// A pool of this many threads, the caller's among them; 0 means as many as the machine runs at once.
    pub fn new(threads: usize) -> Pool {
        let available = || std::thread::available_parallelism().map_or(1, |n| n.get());
        let wanted = if threads == 0 { available() } else { threads };
        Pool { wanted, threads: AtomicUsize::new(wanted), crew: Mutex::new(None), series: Arc::default() }
    }

    /// The number of threads: as many as were asked for, unless the system has refused some.
    pub fn threads(&self) -> usize {
        self.threads.load(Ordering::Relaxed)
    }

    /// How many threads a parallel call made on this thread may use. None is started.
    pub fn threads_here(&self) -> usize {
        match self.is_lent() {
            true => rayon::current_num_threads(),
            false => self.threads(),
        }
    }

    /// Whether calls made on this thread use those of a rayon pool, as many as they are, for want of a choice of the call's.
    fn is_lent(&self) -> bool {
        self.wanted > 1 && rayon::current_thread_index().is_some()
    }

    /// Where a parallel call made on this thread runs its blocks.
    pub fn workers(&self) -> Workers<'static> {
        if self.is_lent() {
            return Workers::CurrentPool(usize::MAX);
        }
        self.workers_up_to(self.wanted)
    }

    /// Where a call runs its blocks that asks for so many threads, the caller's included: those that the pool has not
    /// got yet are started.
    pub fn workers_up_to(&self, wanted: usize) -> Workers<'static> {
        if wanted <= 1 {
            return Workers::Caller;
        }
        if rayon::current_thread_index().is_some() {
            return Workers::CurrentPool(wanted);
        }
        let mut crew = self.crew.lock().unwrap_or_else(PoisonError::into_inner);
        let crew = match &mut *crew {
            Some(known) if known.is_here() => known,
            other => other.insert(Crew::new()),
        };
        if crew.hired() < wanted - 1 {
            crew.hire(wanted - 1);
            self.threads.store(self.wanted.min(1 + crew.hired()), Ordering::Relaxed);
        }
        match crew.hired().min(wanted - 1) {
            0 => Workers::Caller,
            count => {
                let (board, series) = (crew.board().clone(), self.series.clone());
                Workers::Crew(Helpers { board, count, series })
            }
        }
    }
}

impl Workers<'_> {
    /// The number of threads that may work at once.
    pub fn threads(&self) -> usize {
        match self {
            Workers::Caller => 1,
            Workers::CurrentPool(most) => rayon::current_num_threads().min(*most),
            Workers::Executor(executor) => executor.threads().max(1),
            Workers::Crew(helpers) => 1 + helpers.count,
        }
    }

    /// Whether somebody is awake who has nothing to do.
    pub(crate) fn are_awake(&self) -> bool {
        match self {
            Workers::Crew(helpers) => helpers.board.is_watched(),
            Workers::Caller | Workers::CurrentPool(_) | Workers::Executor(_) => false,
        }
    }

    /// Notes that a launch misses so much, and takes so long, because nobody is; answers whether to wake somebody.
    pub(crate) fn misses(&self, gain: u64, alone: u64) -> bool {
        match self {
            Workers::Crew(helpers) => helpers.series.misses(gain, alone),
            // Nobody keeps their threads awake.
            Workers::Caller | Workers::CurrentPool(_) | Workers::Executor(_) => false,
        }
    }

    /// So many of them at most, the caller included.
    pub(crate) fn up_to(self, threads: usize) -> Self {
        match self {
            _ if threads <= 1 => Workers::Caller,
            Workers::Crew(helpers) => {
                let count = helpers.count.min(threads - 1);
                Workers::Crew(Helpers { count, ..helpers })
            }
            Workers::CurrentPool(most) => Workers::CurrentPool(most.min(threads)),
            other @ (Workers::Caller | Workers::Executor(_)) => other,
        }
    }

    /// Does this work here and, if others have time, on up to so many other threads at once. Returns when nobody is at it
    /// any more.
    pub(crate) fn share(&self, others: usize, work: &(dyn Fn(usize) + Sync)) {
        let others = others.min(self.threads() - 1);
        match self {
            _ if others == 0 => work(0),
            Workers::Caller => work(0),
            Workers::Crew(helpers) => helpers.board.share(others, work, || ()),
            Workers::CurrentPool(_) => share_in_current_pool(others, work),
            Workers::Executor(executor) => {
                SharedWork::run(work, |shared| executor.run(&Job::new(shared.clone(), others)));
            }
        }
    }
}

/// What a worker of a rayon pool offers to the others.
#[derive(Default)]
struct Stand {
    board: Board,
    /// Jobs on their way to the board. Were there one for each helper of each call, a pool that is busy would pile them
    /// up.
    coming: AtomicUsize,
}

thread_local! {
    static STAND: Arc<Stand> = Arc::default();
}

fn share_in_current_pool(others: usize, work: &(dyn Fn(usize) + Sync)) {
    // A thread that ends works alone.
    let Ok(stand) = STAND.try_with(Arc::clone) else { return work(0) };
    stand.board.share(others, work, || {
        while stand.coming.load(Ordering::Relaxed) < others {
            stand.coming.fetch_add(1, Ordering::Relaxed);
            let stand = stand.clone();
            rayon::spawn(move || {
                stand.coming.fetch_sub(1, Ordering::Relaxed);
                let _mode = FloatMode::standard();
                stand.board.help(1 + rayon::current_thread_index().unwrap_or(0));
            });
        }
    });
}

impl fmt::Debug for Crew {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Crew").field("hired", &self.hired()).finish()
    }
}

impl fmt::Debug for Workers<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Workers of {} threads", self.threads())
    }
}

impl fmt::Debug for Helpers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Helpers").field("count", &self.count).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn asking_for_the_number_of_threads_starts_none() {
        let pool = Pool::new(3);
        assert_eq!(pool.threads_here(), 3);
        assert!(pool.crew.lock().unwrap().is_none());
    }
}
