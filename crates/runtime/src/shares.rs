//! Blocks handed out such that a thread keeps to its part of them.
//!
//! ```text
//! 12 blocks, 3 seats       0 1 2 3 │ 4 5 6 7 │ 8 9 10 11
//! seat 1                             ►                     its own share from the front,
//!                                               … 11 10    then what others have left, from the back
//! ```
//!
//! Region after region a seat gets the same blocks if all are on time. Of a space that is gone through again and again,
//! the rows then lie in the cache of the core that has its thread.

use std::sync::atomic::{AtomicU64, Ordering};

/// Blocks that are not begun.
pub(crate) struct Shares(Box<[Share]>);

/// The blocks of a seat: the first in the lower half, one past the last in the upper one. Seats write to lines of their
/// own.
#[repr(align(64))]
struct Share(AtomicU64);

impl Share {
    fn new(first: u32, end: u32) -> Share {
        Share(AtomicU64::new(pack(first, end)))
    }

    /// Takes a block, as `split` says: which one, and what is left.
    fn take(&self, split: impl Fn(u32, u32) -> (u32, u64)) -> Option<u32> {
        let mut packed = self.0.load(Ordering::Relaxed);
        loop {
            let (first, end) = (packed as u32, (packed >> 32) as u32);
            if first >= end {
                return None;
            }
            let (block, left) = split(first, end);
            match self.0.compare_exchange_weak(packed, left, Ordering::Relaxed, Ordering::Relaxed) {
                Ok(_) => return Some(block),
                Err(now) => packed = now,
            }
        }
    }
}

fn pack(first: u32, end: u32) -> u64 {
    first as u64 | (end as u64) << 32
}

impl Shares {
    /// Cuts blocks into as many shares as there are seats, one behind the other.
    ///
    /// # Panics
    /// If there are 2^32 blocks or more.
    pub(crate) fn new(blocks: usize, seats: usize) -> Shares {
        let blocks = u32::try_from(blocks).expect("a region has few blocks");
        let seats = seats.max(1);
        let cut = |seat: usize| (blocks as u64 * seat as u64 / seats as u64) as u32;
        Shares((0..seats).map(|seat| Share::new(cut(seat), cut(seat + 1))).collect())
    }

    /// A block for whoever sits there, if there is one left.
    pub(crate) fn take(&self, seat: usize) -> Option<usize> {
        let seats = self.0.len();
        let own = seat % seats;
        let mine = || self.0[own].take(|first, end| (first, pack(first + 1, end)));
        let others = || {
            let mut others = (1..seats).map(|further| &self.0[(own + further) % seats]);
            others.find_map(|share| share.take(|first, end| (end - 1, pack(first, end - 1))))
        };
        mine().or_else(others).map(|block| block as usize)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seat_goes_through_its_share_first_and_then_takes_from_the_ends_of_others() {
        let shares = Shares::new(10, 3);
        let own: Vec<_> = (0..3).map(|_| shares.take(1)).collect();
        assert_eq!(own, [Some(3), Some(4), Some(5)]);
        assert_eq!([shares.take(2), shares.take(1), shares.take(1)], [Some(6), Some(9), Some(8)]);
        // A seat beyond the last is one of them.
        assert_eq!([shares.take(3), shares.take(4), shares.take(4)], [Some(0), Some(7), Some(2)]);
        assert_eq!([shares.take(0), shares.take(0), shares.take(2)], [Some(1), None, None]);
    }

    #[test]
    fn threads_take_each_block_once() {
        for (blocks, seats) in [(0, 2), (1, 4), (1000, 3), (7, 1)] {
            let shares = Shares::new(blocks, seats);
            let taken = std::sync::Mutex::new(Vec::new());
            std::thread::scope(|scope| {
                for seat in 0..seats {
                    let (shares, taken) = (&shares, &taken);
                    scope.spawn(move || {
                        while let Some(block) = shares.take(seat) {
                            taken.lock().unwrap().push(block);
                        }
                    });
                }
            });
            let mut taken = taken.into_inner().unwrap();
            taken.sort_unstable();
            assert!(taken.into_iter().eq(0..blocks), "{blocks} blocks, {seats} seats");
        }
    }
}
