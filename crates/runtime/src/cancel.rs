//! How running work is told to stop.
//!
//! ```text
//! token ── cancel ──► byte ◄── read by machine code every so often, and before each block
//!   └─► child ◄── deadline                       a child stops with its parent, and alone
//! ```

use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError, Weak};
use std::time::Instant;

/// Why work stops.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum StopReason {
    /// Somebody has cancelled it.
    Cancelled,
    /// Its time is over.
    DeadlineExceeded,
}

impl StopReason {
    /// What the byte holds.
    fn code(self) -> u8 {
        match self {
            StopReason::Cancelled => 1,
            StopReason::DeadlineExceeded => 2,
        }
    }
}

/// Stops the calls that it is given to. Clones are the same token; it stays cancelled.
///
/// A call that is running returns soon after [`cancel`](CancelToken::cancel), within some microseconds in most loops.
#[derive(Clone, Debug, Default)]
pub struct CancelToken(Arc<State>);

#[derive(Debug, Default)]
struct State {
    /// Zero, or the code of a reason.
    reason: AtomicU8,
    /// When to stop, where no clock is there to say so.
    unwatched: OnceLock<Instant>,
    /// What stops with it.
    children: Mutex<Vec<Weak<State>>>,
}

impl CancelToken {
    /// A token that nobody has cancelled.
    pub fn new() -> CancelToken {
        CancelToken::default()
    }

    /// Cancels all calls that have it, at present and later.
    pub fn cancel(&self) {
        self.stop(StopReason::Cancelled);
    }

    /// Whether it has been cancelled.
    pub fn is_cancelled(&self) -> bool {
        self.reason().is_some()
    }

    /// A token that is cancelled with this one, or alone.
    pub fn child(&self) -> CancelToken {
        let child = CancelToken::new();
        let mut children = self.0.children.lock().unwrap_or_else(PoisonError::into_inner);
        match self.reason() {
            // Whoever stops this one from here on finds the child.
            None => {
                children.retain(|child| child.strong_count() > 0);
                children.push(Arc::downgrade(&child.0));
            }
            Some(reason) => child.0.reason.store(reason.code(), Ordering::Relaxed),
        }
        drop(children);
        child
    }

    /// Why to stop, if so. The first reason stays.
    #[inline]
    pub fn reason(&self) -> Option<StopReason> {
        if self.0.unwatched.get().is_some_and(|at| *at <= Instant::now()) {
            self.stop(StopReason::DeadlineExceeded);
        }
        let code = self.0.reason.load(Ordering::Relaxed);
        [StopReason::Cancelled, StopReason::DeadlineExceeded].into_iter().find(|reason| reason.code() == code)
    }

    /// Stops it and its children for a reason.
    pub(crate) fn stop(&self, reason: StopReason) {
        let mut left = vec![self.0.clone()];
        while let Some(state) = left.pop() {
            let _ = state.reason.compare_exchange(0, reason.code(), Ordering::Relaxed, Ordering::Relaxed);
            let children = state.children.lock().unwrap_or_else(PoisonError::into_inner).split_off(0);
            left.extend(children.iter().filter_map(Weak::upgrade));
        }
    }

    /// Has the token look at the time itself.
    pub(crate) fn watch_alone(&self, at: Instant) {
        let _ = self.0.unwatched.set(at);
    }

    /// The address of the byte that is zero until it is time to stop, valid while the token is there.
    pub fn address(&self) -> *const u8 {
        self.0.reason.as_ptr()
    }

    /// What does not keep the token's state alive.
    pub(crate) fn downgrade(&self) -> WeakToken {
        WeakToken(Arc::downgrade(&self.0))
    }
}

/// A token as long as somebody else has it.
#[derive(Debug)]
pub(crate) struct WeakToken(Weak<State>);

impl WeakToken {
    pub(crate) fn upgrade(&self) -> Option<CancelToken> {
        self.0.upgrade().map(CancelToken)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn children_stop_with_their_parents_and_alone() {
        let parent = CancelToken::new();
        let (first, second) = (parent.child(), parent.child());
        let grandchild = second.child();
        first.stop(StopReason::DeadlineExceeded);
        assert!(first.is_cancelled() && !parent.is_cancelled() && !second.is_cancelled());
        parent.clone().cancel();
        assert_eq!(grandchild.reason(), Some(StopReason::Cancelled));
        assert_eq!(first.reason(), Some(StopReason::DeadlineExceeded), "the first reason stays");
        assert!(parent.child().is_cancelled(), "it stays cancelled");
    }

    #[test]
    fn parents_forget_children_that_are_gone() {
        let parent = CancelToken::new();
        (0..100).for_each(|_| drop(parent.child()));
        assert!(parent.0.children.lock().unwrap().len() <= 1);
    }
}
