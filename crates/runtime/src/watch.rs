//! Waiting without sleeping, for what comes soon.
//!
//! ```text
//! look, look, look, …, give way, look, look, …      the thread stays awake: it takes microseconds to wake one
//! ```

use std::hint::spin_loop;
use std::thread::yield_now;
use std::time::{Duration, Instant};

/// So often one looks before others get the processor.
const LOOKS: usize = 16;

/// Looks again and again whether something is so, giving way to other threads, but for no longer than that. Answers whether
/// it was.
pub(crate) fn watch(patience: Duration, is_so: impl Fn() -> bool) -> bool {
    let mut start = None;
    loop {
        for _ in 0..LOOKS {
            if is_so() {
                return true;
            }
            spin_loop();
        }
        if start.get_or_insert_with(Instant::now).elapsed() >= patience {
            return false;
        }
        yield_now();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicBool, Ordering};

    #[test]
    fn what_becomes_so_is_seen_and_what_does_not_is_given_up() {
        assert!(watch(Duration::ZERO, || true));
        assert!(!watch(Duration::from_millis(1), || false));
        let flag = AtomicBool::new(false);
        std::thread::scope(|scope| {
            scope.spawn(|| flag.store(true, Ordering::Relaxed));
            assert!(watch(Duration::from_secs(60), || flag.load(Ordering::Relaxed)));
        });
    }
}
