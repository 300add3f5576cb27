//! A clock that stops work whose time is over.
//!
//! ```text
//! set(at, token) ──► [ 12:00:03 token a │ 12:00:07 token b ] ──► a thread sleeps until the first, and stops it
//! ```
//!
//! Machine code reads a byte and no clock. The thread starts when first needed; where the system refuses it, work is
//! stopped between blocks only, by whoever begins them.

use crate::cancel::{CancelToken, StopReason, WeakToken};
use crate::process;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Instant;

/// Deadlines, and the thread that watches them.
#[derive(Debug, Default)]
pub struct Alarm(Mutex<Option<Watch>>);

/// A thread that watches.
#[derive(Debug)]
struct Watch {
    /// How many forks lie between the start of the program and the process whose thread it is.
    forks: usize,
    clock: Arc<Clock>,
}

#[derive(Debug, Default)]
struct Clock {
    state: Mutex<State>,
    news: Condvar,
}

#[derive(Debug, Default)]
struct State {
    deadlines: Vec<(Instant, WeakToken)>,
    is_closed: bool,
}

impl Alarm {
    /// No deadlines yet.
    pub fn new() -> Alarm {
        Alarm::default()
    }

    /// Stops the token at a time, if it is still there.
    pub fn set(&self, at: Instant, token: &CancelToken) {
        if at <= Instant::now() {
            return token.stop(StopReason::DeadlineExceeded);
        }
        let mut watch = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if watch.as_ref().is_none_or(|watch| watch.forks != process::forks()) {
            // In a child, the clock of the parent may be locked by a thread that is not there.
            std::mem::forget(watch.take());
            *watch = Watch::start();
        }
        let Some(watch) = &*watch else { return token.watch_alone(at) };
        let mut state = watch.clock.lock();
        let is_first = state.deadlines.iter().all(|(other, _)| at < *other);
        state.deadlines.push((at, token.downgrade()));
        drop(state);
        if is_first {
            watch.clock.news.notify_one();
        }
    }
}

impl Watch {
    fn start() -> Option<Watch> {
        let clock = Arc::<Clock>::default();
        let own = clock.clone();
        let started = thread::Builder::new().name("parfuse-alarm".to_string()).spawn(move || own.watch());
        started.is_ok().then(|| Watch { forks: process::forks(), clock })
    }
}

impl Clock {
    /// Stops what is due until the clock is closed.
    fn watch(&self) {
        let mut state = self.lock();
        while !state.is_closed {
            let now = Instant::now();
            state.deadlines.retain(|(at, token)| match token.upgrade() {
                Some(token) if *at <= now => {
                    token.stop(StopReason::DeadlineExceeded);
                    false
                }
                Some(_) => true,
                None => false,
            });
            let next = state.deadlines.iter().map(|(at, _)| *at).min();
            state = match next {
                Some(at) => {
                    let pause = at.saturating_duration_since(now);
                    self.news.wait_timeout(state, pause).unwrap_or_else(PoisonError::into_inner).0
                }
                None => self.news.wait(state).unwrap_or_else(PoisonError::into_inner),
            };
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        if self.forks == process::forks() {
            self.clock.lock().is_closed = true;
            self.clock.news.notify_one();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn wait_for(token: &CancelToken) -> Option<StopReason> {
        let start = Instant::now();
        while !token.is_cancelled() && start.elapsed() < Duration::from_secs(20) {
            thread::yield_now();
        }
        token.reason()
    }

    #[test]
    fn each_token_is_stopped_at_its_own_time() {
        let alarm = Alarm::new();
        let [late, soon, over] = [(); 3].map(|()| CancelToken::new());
        let now = Instant::now();
        alarm.set(now + Duration::from_secs(3600), &late);
        alarm.set(now + Duration::from_millis(5), &soon);
        alarm.set(now, &over);
        assert_eq!(over.reason(), Some(StopReason::DeadlineExceeded));
        assert_eq!(wait_for(&soon), Some(StopReason::DeadlineExceeded));
        assert!(Instant::now() >= now + Duration::from_millis(5));
        assert!(!late.is_cancelled());
    }

    #[test]
    fn deadlines_of_work_that_is_done_are_forgotten() {
        let alarm = Alarm::new();
        let at = Instant::now() + Duration::from_millis(1);
        (0..100).for_each(|_| alarm.set(at, &CancelToken::new()));
        let last = CancelToken::new();
        alarm.set(at + Duration::from_millis(1), &last);
        wait_for(&last);
        let watch = alarm.0.lock().unwrap();
        assert!(watch.as_ref().unwrap().clock.lock().deadlines.len() <= 1);
    }
}
