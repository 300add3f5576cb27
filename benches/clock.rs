//! The time for which this thread has run: while others have the processor it stands still, so that measurements on
//! one thread bear a busy machine.
#![allow(unsafe_code)]

use std::time::Duration;

/// For how long this thread has run.
pub fn thread_time() -> Duration {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: it is given memory for a time, and writes one.
    let status = unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &mut time) };
    assert_eq!(status, 0, "threads have clocks");
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}
