//! How long the operations of a region take, measured as it runs: what says whether a launch is worth other threads.
//!
//! ```text
//! before the first launch      80 ps an operation, a guess
//! block 0 took 40 µs           the mean of what was known and of that, divided by the operations of the block
//! ```

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::Duration;

/// As long as an operation on an element is taken to take before it is measured, in attoseconds: 80 picoseconds. Of loops of
/// which nothing is known so many more operations are expected than there are that a picosecond would be too long for one.
const GUESS: u64 = 80 * PICOSECOND;

/// In attoseconds.
const PICOSECOND: u64 = 1_000_000;
const NANOSECOND: u64 = 1000 * PICOSECOND;

/// Short launches are measured this seldom: the clock would be a good part of them.
const SELDOM: u32 = 16;

/// The time of an operation of a region, as [`Work`](crate::work::Work) counts them.
#[derive(Debug)]
pub(crate) struct Pace {
    attoseconds: AtomicU64,
    /// Launches so far, short ones.
    launches: AtomicU32,
}

impl Default for Pace {
    fn default() -> Pace {
        Pace { attoseconds: AtomicU64::new(GUESS), launches: AtomicU32::new(0) }
    }
}

impl Pace {
    /// How many nanoseconds so many operations are expected to take.
    pub(crate) fn expect(&self, operations: u64) -> u64 {
        let attoseconds = self.attoseconds.load(Ordering::Relaxed) as u128 * operations as u128;
        u64::try_from(attoseconds / NANOSECOND as u128).unwrap_or(u64::MAX)
    }

    /// Whether to measure another launch that is short: the first ones, and some later.
    pub(crate) fn wants_measure(&self) -> bool {
        let launches = self.launches.fetch_add(1, Ordering::Relaxed);
        launches < 4 || launches.is_multiple_of(SELDOM)
    }

    /// Notes that so many have taken so long. What happens once, as cold caches do, is halved with each time.
    pub(crate) fn took(&self, operations: u64, time: Duration) {
        let measured = time.as_nanos().saturating_mul(NANOSECOND as u128) / operations.max(1) as u128;
        let measured = u64::try_from(measured).unwrap_or(u64::MAX).max(1);
        let known = self.attoseconds.load(Ordering::Relaxed);
        self.attoseconds.store(known.midpoint(measured).max(1), Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_expected_follows_what_is_measured() {
        let pace = Pace::default();
        assert_eq!(pace.expect(1_000_000), 80_000);
        (0..20).for_each(|_| pace.took(1000, Duration::from_micros(3)));
        assert!(pace.expect(1000).abs_diff(3000) <= 30, "{}", pace.expect(1000));
        (0..80).for_each(|_| pace.took(1 << 32, Duration::from_micros(3)));
        assert!(
            pace.expect(1 << 32).abs_diff(3000) <= 30,
            "few operations of many: {}",
            pace.expect(1 << 32)
        );
        let measured = (0..100).filter(|_| pace.wants_measure()).count();
        assert_eq!(measured, 4 + 99 / SELDOM as usize);
        pace.took(1, Duration::MAX);
        assert_eq!(pace.expect(u64::MAX), u64::MAX);
    }
}
