//! Work on one thread's stack that other threads join while it lasts.
//!
//! ```text
//! run ──► offer ──► work(0) ──► shut the door ──► wait until nobody is inside ──► return
//!           ╰─ join ─► work(1) ─► leave                       join, later ─► the door is shut: nothing is touched
//! ```
//!
//! Whoever offers the work does it too, and waits for those only who are at it: never for a helper that has yet to
//! come, and without taking up other work meanwhile. A helper may come long after the work is over; all that it then
//! looks at is owned in common.
//!
//! One of the rooms where `unsafe` lives: helpers use what the offering thread has borrowed.
#![allow(unsafe_code)]

use crate::watch::watch;
use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

/// The bit of [`SharedWork::inside`] that is set once the door is shut.
const SHUT: usize = 1 << (usize::BITS - 1);

/// The seat of the thread that offers the work.
const CALLER: usize = 0;

/// So long the thread that waits gives way to others before it sleeps: most blocks end sooner.
const PATIENCE: Duration = Duration::from_micros(300);

/// A piece of work and who is at it.
pub(crate) struct SharedWork {
    /// How many helpers are at it; and [`SHUT`].
    inside: AtomicUsize,
    /// Borrowed by `run` for as long as it runs.
    work: *const (dyn Fn(usize) + Sync),
    /// The payload of a helper's panic.
    panic: Mutex<Option<Box<dyn Any + Send>>>,
    /// With `left`, for the thread that waits.
    waiting: Mutex<()>,
    left: Condvar,
}

// SAFETY: `work` points to something `Sync`, used by `join` alone and, as it says, while `run` keeps it borrowed; the
// rest is `Send`.
unsafe impl Send for SharedWork {}
// SAFETY: as above.
unsafe impl Sync for SharedWork {}

impl SharedWork {
    /// Has `offer` offer the work to other threads, does it here, and returns when nobody is at it any more. The work is
    /// told the seat of the thread that does it, here the first.
    ///
    /// # Panics
    /// If the work does, here or elsewhere, with the same payload.
    pub(crate) fn run(work: &(dyn Fn(usize) + Sync), offer: impl FnOnce(&Arc<SharedWork>)) {
        // SAFETY: only the lifetime changes. `join` uses the pointer as long as it counts as inside, and `Door` does
        // not let this function return or unwind before everybody has left and nobody can enter any more.
        let work =
            unsafe { std::mem::transmute::<&(dyn Fn(usize) + Sync), &'static (dyn Fn(usize) + Sync)>(work) };
        let shared = Arc::new(SharedWork {
            inside: AtomicUsize::new(0),
            work,
            panic: Mutex::new(None),
            waiting: Mutex::new(()),
            left: Condvar::new(),
        });
        let door = Door(&shared);
        offer(&shared);
        work(CALLER);
        drop(door);
        let panic = shared.panic.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(payload) = panic {
            resume_unwind(payload);
        }
    }

    /// Helps with the work from a seat, unless it is over.
    pub(crate) fn join(&self, seat: usize) {
        let enter = |inside: usize| (inside & SHUT == 0).then_some(inside + 1);
        if self.inside.fetch_update(Ordering::Acquire, Ordering::Relaxed, enter).is_err() {
            return;
        }
        // SAFETY: this thread entered while the door was open, so `run` keeps the work borrowed until it has left.
        let work = unsafe { &*self.work };
        if let Err(payload) = catch_unwind(AssertUnwindSafe(|| work(seat))) {
            self.panic.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(payload);
        }
        // From here on the work is not touched.
        if self.inside.fetch_sub(1, Ordering::Release) == SHUT | 1 {
            drop(self.waiting.lock());
            self.left.notify_one();
        }
    }

    /// Shuts the door and waits until everybody has left.
    fn finish(&self) {
        let inside = self.inside.fetch_or(SHUT, Ordering::Acquire) & !SHUT;
        let is_empty = || self.inside.load(Ordering::Acquire) == SHUT;
        if inside == 0 || watch(PATIENCE, is_empty) {
            return;
        }
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        while !is_empty() {
            waiting = self.left.wait(waiting).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

/// Ends shared work when dropped, also by a panic.
struct Door<'a>(&'a SharedWork);

impl Drop for Door<'_> {
    fn drop(&mut self) {
        self.0.finish();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn late_helpers_touch_nothing() {
        let late = Mutex::new(Vec::new());
        for _ in 0..100 {
            let done = AtomicUsize::new(0);
            let work = |_| {
                done.fetch_add(1, Ordering::Relaxed);
            };
            SharedWork::run(&work, |shared| late.lock().unwrap().push(shared.clone()));
            assert_eq!(done.into_inner(), 1);
        }
        late.into_inner().unwrap().iter().for_each(|work| work.join(1));
    }

    #[test]
    fn the_end_waits_for_helpers_inside() {
        for _ in 0..100 {
            let caller = std::thread::current().id();
            let (entered, left) = (AtomicUsize::new(0), AtomicUsize::new(0));
            let work = |_| {
                if std::thread::current().id() == caller {
                    // Until the helper is inside, so that it is at work when the door is shut.
                    while entered.load(Ordering::Acquire) == 0 {
                        std::thread::yield_now();
                    }
                    return;
                }
                entered.store(1, Ordering::Release);
                (0..100).for_each(|_| std::thread::yield_now());
                left.store(1, Ordering::Relaxed);
            };
            SharedWork::run(&work, |shared| {
                let shared = shared.clone();
                std::thread::spawn(move || shared.join(1));
            });
            assert_eq!(left.into_inner(), 1);
        }
    }
}
