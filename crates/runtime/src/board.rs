//! Where threads that have nothing to do find work to help with.
//!
//! ```text
//! caller ── post(work, places) ──► [ work a: 3 places │ work b: 1 place ] ── take ──► helper, helper, …
//! ```
//!
//! A helper that takes a place while more are free wakes two others: however many there are, whoever posts wakes but one,
//! and all are awake after as many steps as the number has digits in binary.

use crate::shared_work::SharedWork;
use crate::watch::watch;
use crate::worth::PATIENCE;
use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

/// Work with free places, oldest first.
#[derive(Default)]
pub(crate) struct Board {
    state: Mutex<State>,
    /// For helpers that sleep.
    news: Condvar,
    /// Whether there is something on the board, for helpers that look without locking it.
    is_used: AtomicBool,
    /// How many helpers serve here, and how many of them sleep. Changed by who has locked the state.
    serving: AtomicUsize,
    asleep: AtomicUsize,
}

#[derive(Default)]
struct State {
    posts: VecDeque<Post>,
    /// How many helpers will look again before they sleep.
    awake: usize,
    is_closed: bool,
}

struct Post {
    work: Arc<SharedWork>,
    places: usize,
}

impl Board {
    /// Does this work, with up to so many helpers that find it on the board. `announce` tells those that do not wait for
    /// news.
    pub(crate) fn share(&self, helpers: usize, work: &(dyn Fn(usize) + Sync), announce: impl FnOnce()) {
        let mut posted = None;
        SharedWork::run(work, |shared| {
            posted = Some(shared.clone());
            self.post(shared.clone(), helpers);
            announce();
        });
        if let Some(work) = posted {
            self.lock().posts.retain(|post| !Arc::ptr_eq(&post.work, &work));
        }
    }

    fn post(&self, work: Arc<SharedWork>, places: usize) {
        let mut state = self.lock();
        state.posts.push_back(Post { work, places });
        self.is_used.store(true, Ordering::Relaxed);
        let wakes = state.awake == 0 && self.asleep.load(Ordering::Relaxed) > 0;
        drop(state);
        if wakes {
            self.news.notify_one();
        }
    }

    /// Whether some helper does not sleep: it looks for work, or is at some and will do so then.
    pub(crate) fn is_watched(&self) -> bool {
        self.asleep.load(Ordering::Relaxed) < self.serving.load(Ordering::Relaxed)
    }

    /// Helps from a seat with what is on the board, until the board is empty.
    pub(crate) fn help(&self, seat: usize) {
        while let Some(work) = self.take(&mut self.lock()) {
            work.join(seat);
        }
    }

    /// Helps from a seat with whatever comes until the board is closed.
    pub(crate) fn serve(&self, seat: usize) {
        self.serving.fetch_add(1, Ordering::Relaxed);
        while let Some(work) = self.next() {
            work.join(seat);
        }
    }

    /// Sends the helpers home.
    pub(crate) fn close(&self) {
        self.lock().is_closed = true;
        self.is_used.store(true, Ordering::Relaxed);
        self.news.notify_all();
    }

    /// Waits for work; nothing once the board is closed.
    fn next(&self) -> Option<Arc<SharedWork>> {
        let mut state = self.lock();
        let mut is_patient = true;
        loop {
            if state.is_closed {
                return None;
            }
            if let Some(work) = self.take(&mut state) {
                let wakes =
                    if state.posts.is_empty() { 0 } else { self.asleep.load(Ordering::Relaxed).min(2) };
                drop(state);
                (0..wakes).for_each(|_| self.news.notify_one());
                return Some(work);
            }
            if is_patient {
                state.awake += 1;
                drop(state);
                // The next call, or the next region, often comes soon.
                watch(PATIENCE, || self.is_used.load(Ordering::Relaxed));
                state = self.lock();
                state.awake -= 1;
            } else {
                self.asleep.fetch_add(1, Ordering::Relaxed);
                state = self.news.wait(state).unwrap_or_else(PoisonError::into_inner);
                self.asleep.fetch_sub(1, Ordering::Relaxed);
            }
            is_patient = !is_patient;
        }
    }

    /// A place, if there is one.
    fn take(&self, state: &mut State) -> Option<Arc<SharedWork>> {
        let post = state.posts.front_mut()?;
        post.places -= 1;
        let work = post.work.clone();
        if post.places == 0 {
            state.posts.pop_front();
        }
        self.is_used.store(!state.posts.is_empty() || state.is_closed, Ordering::Relaxed);
        Some(work)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
