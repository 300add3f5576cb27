//! What the system knows: numbers that nobody can guess, and whether this process is a child of another that had
//! begun to use them.
//!
//! One of the rooms where `unsafe` lives: it calls the system by the functions of C.
#![allow(unsafe_code)]

use std::hash::{BuildHasher, RandomState};
use std::sync::Once;
use std::sync::atomic::{AtomicUsize, Ordering};

/// How many forks lie between the start of the program, or the first call of this function, and this process. What a
/// thread has set up for itself holds for the same number only.
#[inline]
pub(crate) fn forks() -> usize {
    static WATCH: Once = Once::new();
    WATCH.call_once(watch);
    FORKS.load(Ordering::Relaxed)
}

static FORKS: AtomicUsize = AtomicUsize::new(0);

#[cfg(unix)]
fn watch() {
    extern "C" fn in_child() {
        FORKS.fetch_add(1, Ordering::Relaxed);
    }
    // SAFETY: the handler does nothing but count, in a static; it may run at any time. Where it cannot be registered,
    // for want of memory, a child is taken for its parent.
    unsafe { libc::pthread_atfork(None, None, Some(in_child)) };
}

#[cfg(not(unix))]
fn watch() {}

/// A number from the system's source of entropy.
pub(crate) fn entropy() -> u64 {
    asked().unwrap_or_else(|| {
        // The keys of hash tables are random too, but a child of this process has the same.
        RandomState::new().hash_one((std::process::id(), std::time::SystemTime::now()))
    })
}

#[cfg(target_os = "linux")]
fn asked() -> Option<u64> {
    let mut bytes = [0u8; 8];
    // SAFETY: the system writes at most as many bytes as there are.
    let got = unsafe { libc::getrandom(bytes.as_mut_ptr().cast(), bytes.len(), 0) };
    (got == bytes.len() as isize).then(|| u64::from_ne_bytes(bytes))
}

#[cfg(not(target_os = "linux"))]
fn asked() -> Option<u64> {
    None
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;
    use crate::{Pool, fresh_key, run_blocks};

    /// What a child of this process finds when it runs `work`, which must not fail.
    fn in_child(work: impl FnOnce() -> u64) -> u64 {
        let mut pipe = [0; 2];
        let mut found = [0u8; 8];
        // SAFETY: `pipe` has room for two descriptors. The child leaves by `_exit`, without a return into the test, and an
        // alarm ends it if it hangs; `read` and `write` get as many bytes as they are told.
        unsafe {
            assert_eq!(libc::pipe(pipe.as_mut_ptr()), 0);
            let child = libc::fork();
            if child == 0 {
                libc::alarm(20);
                let bytes = work().to_ne_bytes();
                libc::write(pipe[1], bytes.as_ptr().cast(), bytes.len());
                libc::_exit(0);
            }
            libc::close(pipe[1]);
            assert_eq!(libc::read(pipe[0], found.as_mut_ptr().cast(), found.len()), 8, "the child hangs");
            libc::close(pipe[0]);
            libc::waitpid(child, std::ptr::null_mut(), 0);
        }
        u64::from_ne_bytes(found)
    }

    #[test]
    fn forked_children_draw_numbers_of_their_own() {
        fresh_key();
        let keys = [in_child(fresh_key), in_child(fresh_key), fresh_key()];
        assert!(keys[0] != keys[1] && keys[1] != keys[2] && keys[2] != keys[0]);
    }

    #[test]
    fn forked_children_have_helpers_of_their_own() {
        let pool = Pool::new(3);
        let count = || {
            let done = AtomicUsize::new(0);
            let block = |_| {
                done.fetch_add(1, Ordering::Relaxed);
                Ok::<(), ()>(())
            };
            let workers = pool.workers();
            run_blocks(100, &workers, block).unwrap();
            done.into_inner() as u64 * 10 + workers.threads() as u64
        };
        assert_eq!(count(), 1003);
        assert_eq!(in_child(count), 1003);
    }
}
