//! An executor that is lent to all calls of a thread while a scope runs.
//!
//! ```text
//! lend(&executor, || { …; borrow(|executor| …) })       borrow: the innermost one of this thread, if any
//! ```
//!
//! One of the rooms where `unsafe` lives: what a thread-local value points to has the lifetime of a scope.
#![allow(unsafe_code)]

use crate::executor::Executor;
use std::cell::Cell;

thread_local! {
    /// It has no destructor, so it is there as long as the thread is.
    static LENT: Cell<Option<*const dyn Executor>> = const { Cell::new(None) };
}

/// Puts back what was lent before.
struct Restore(Option<*const dyn Executor>);

impl Drop for Restore {
    fn drop(&mut self) {
        LENT.set(self.0);
    }
}

/// Lends an executor, or none, to what this thread does in a scope.
pub fn lend<R>(executor: Option<&dyn Executor>, scope: impl FnOnce() -> R) -> R {
    let executor = executor.map(|executor| {
        // SAFETY: only the lifetime changes. `borrow` uses the pointer on this thread while it is in `LENT`, and `Restore`
        // takes it out of there before this function, which has it borrowed, returns or unwinds.
        unsafe {
            std::mem::transmute::<&dyn Executor, &'static dyn Executor>(executor) as *const dyn Executor
        }
    });
    let _restore = Restore(LENT.replace(executor));
    scope()
}

/// Has `scope` use the executor lent to this thread.
pub fn borrow<R>(scope: impl FnOnce(Option<&dyn Executor>) -> R) -> R {
    // SAFETY: what is in `LENT` is borrowed by a call of `lend` of this thread that is still running, and goes on running
    // at least until `scope`, which is called inside of it, has returned.
    let executor = LENT.get().map(|executor| unsafe { &*executor });
    scope(executor)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::executor::ScopedThreads;
    use std::panic::catch_unwind;

    fn lent() -> Option<usize> {
        borrow(|executor| executor.map(Executor::threads))
    }

    #[test]
    fn the_innermost_executor_is_lent_until_its_scope_ends() {
        let (two, three) = (ScopedThreads::new(2), ScopedThreads::new(3));
        assert_eq!(lent(), None);
        lend(Some(&two), || {
            lend(Some(&three), || assert_eq!(lent(), Some(3)));
            assert!(catch_unwind(|| lend(Some(&three), || panic!("boom"))).is_err());
            assert_eq!(lent(), Some(2));
            lend(None, || assert_eq!(lent(), None));
            assert_eq!(std::thread::spawn(lent).join().unwrap(), None);
        });
        assert_eq!(lent(), None);
    }
}
