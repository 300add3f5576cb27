//! Whether blocks are worth other threads, and how many.
//!
//! ```text
//! blocks that take 2 µs         the caller alone: a helper that is awake comes after one
//! blocks that take 20 µs        with helpers that are awake; those that sleep come too late, once
//! the same again and again      what is missed adds up, until somebody is woken: from then on they stay awake
//! ```
//!
//! Times are estimates; the blocks and their results are the same whoever computes them.

use crate::Workers;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// What it costs to have a helper that is awake, in nanoseconds: it finds the work, and is waited for.
const AWAKE: u64 = 1_200;

/// What it costs if it sleeps.
const ASLEEP: u64 = 20_000;

/// Blocks that take so long, in nanoseconds, gain nothing by being longer.
const LONG_ENOUGH: u64 = 50_000;

/// So many blocks for each thread leave none of them waiting long for the last one.
const PIECES: usize = 4;

/// Launches that follow each other more slowly are no series: helpers do not stay awake that long.
pub(crate) const PATIENCE: Duration = Duration::from_micros(150);

/// How long blocks are expected to take on one thread.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Expected {
    /// All of them, in nanoseconds.
    pub all: u64,
    /// One that is whole.
    pub block: u64,
}

impl Expected {
    /// How many neighbouring blocks had better be one on so many threads: as many as take long enough, if there are still
    /// several for each thread.
    pub fn together(self, blocks: usize, threads: usize) -> usize {
        let long_enough = LONG_ENOUGH / self.block.max(1);
        (blocks / threads.max(1) / PIECES).min(usize::try_from(long_enough).unwrap_or(usize::MAX)).max(1)
    }

    /// Whether blocks take so long that there had better be more of them.
    pub fn has_long_blocks(self) -> bool {
        self.block > 4 * LONG_ENOUGH
    }

    /// Whether it is too short for other threads, however many there are.
    pub fn is_short(self) -> bool {
        self.all <= 2 * AWAKE
    }

    /// On so many threads.
    fn on(self, blocks: usize, threads: usize) -> u64 {
        let rounds = blocks.div_ceil(threads.max(1)) as u64;
        rounds.saturating_mul(self.block).clamp(self.all / threads.max(1) as u64, self.all)
    }
}

/// What a series of launches has missed because nobody was awake to help.
#[derive(Debug)]
pub(crate) struct Series {
    start: Instant,
    /// When the last one was, in nanoseconds from the start.
    last: AtomicU64,
    missed: AtomicU64,
}

impl Default for Series {
    fn default() -> Series {
        Series { start: Instant::now(), last: AtomicU64::new(0), missed: AtomicU64::new(0) }
    }
}

impl Series {
    /// Adds what a launch misses that takes so long alone; answers whether helpers had better be woken.
    pub(crate) fn misses(&self, gain: u64, alone: u64) -> bool {
        self.misses_at(self.start.elapsed().as_nanos() as u64, gain, alone)
    }

    fn misses_at(&self, now: u64, gain: u64, alone: u64) -> bool {
        let last = self.last.swap(now.saturating_add(alone), Ordering::Relaxed);
        let goes_on = now.saturating_sub(last) < PATIENCE.as_nanos() as u64;
        let missed = gain + if goes_on { self.missed.load(Ordering::Relaxed) } else { 0 };
        let enough = missed >= ASLEEP;
        self.missed.store(if enough { 0 } else { missed }, Ordering::Relaxed);
        enough
    }
}

impl<'w> Workers<'w> {
    /// Those of the workers that blocks are worth.
    pub fn worth(self, blocks: usize, expected: Expected) -> Workers<'w> {
        let most = self.threads().min(blocks);
        let cost = if self.are_awake() { AWAKE } else { ASLEEP };
        // Each must have something to do for longer than it takes to come.
        let most = most.min((expected.all / AWAKE) as usize);
        let gain = expected.all.saturating_sub(expected.on(blocks, most));
        if most > 1 && (gain > cost || gain > AWAKE && self.misses(gain - AWAKE, expected.all)) {
            self.up_to(most)
        } else {
            Workers::Caller
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Pool;

    fn of_blocks(blocks: usize, block: u64) -> (usize, Expected) {
        (blocks, Expected { all: block * blocks as u64, block })
    }

    #[test]
    fn blocks_take_as_long_as_the_thread_with_most_of_them() {
        let expected = Expected { all: 100, block: 40 };
        assert_eq!([1, 2, 3, 4].map(|threads| expected.on(3, threads)), [100, 80, 40, 40]);
        assert_eq!(Expected { all: 100, block: 90 }.on(2, 2), 90);
    }

    #[test]
    fn short_blocks_are_joined_while_there_are_several_for_each_thread() {
        let together = |blocks, block, threads| of_blocks(blocks, block).1.together(blocks, threads);
        assert_eq!(together(128, 1_000, 2), 16);
        assert_eq!(together(128, 10_000, 2), 5);
        assert_eq!([together(128, 100_000, 2), together(7, 10, 2), together(0, 0, 0)], [1, 1, 1]);
    }

    #[test]
    fn short_launches_stay_with_the_caller_and_long_ones_get_as_many_as_they_are_worth() {
        let pool = Pool::new(8);
        let threads =
            |(blocks, expected): (usize, Expected)| pool.workers().worth(blocks, expected).threads();
        assert_eq!(threads(of_blocks(100, 10)), 1);
        assert_eq!(threads(of_blocks(100, 100_000)), 8);
        assert_eq!(threads(of_blocks(3, 1_000_000)), 3);
        assert_eq!(threads(of_blocks(1, 1_000_000_000)), 1);
    }

    #[test]
    fn what_a_series_misses_adds_up_until_somebody_is_woken() {
        let series = Series::default();
        let (start, step) = (1_000_000_000, 10_000);
        let woken: Vec<bool> =
            (0..7).map(|k| series.misses_at(start + k * step, ASLEEP / 3 + 1, step)).collect();
        assert_eq!(woken, [false, false, true, false, false, true, false]);
        // Far apart, each stands for itself.
        let pause = 2 * PATIENCE.as_nanos() as u64;
        assert!((1..9).all(|k| !series.misses_at(2 * start + k * pause, ASLEEP - 1, step)));
    }
}
