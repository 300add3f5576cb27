//! Random numbers where no seed is given: a generator for each thread, begun with the system's entropy.
//!
//! It is nobody else's: seeding `fastrand` has no effect on it, and it has none on what others draw from there. The
//! child of a fork begins anew.

use crate::process;
use fastrand::Rng;
use std::cell::Cell;

thread_local! {
    /// With the number of forks at which it was begun. It has no destructor, so it is there as long as the thread is.
    static GENERATOR: Cell<Option<(usize, Rng)>> = const { Cell::new(None) };
}

/// Draws from this thread's generator.
#[inline]
pub fn draw<R>(number: impl FnOnce(&mut Rng) -> R) -> R {
    GENERATOR.with(|generator| {
        let forks = process::forks();
        let mut rng = match generator.take() {
            Some((known, rng)) if known == forks => rng,
            _ => Rng::with_seed(process::entropy()),
        };
        let drawn = number(&mut rng);
        generator.set(Some((forks, rng)));
        drawn
    })
}

/// A new 64-bit key.
#[inline]
pub fn fresh_key() -> u64 {
    draw(|rng| rng.u64(..))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn threads_draw_different_keys() {
        let threads: Vec<_> = (0..8).map(|_| std::thread::spawn(|| [fresh_key(), fresh_key()])).collect();
        let keys: HashSet<u64> = threads.into_iter().flat_map(|t| t.join().unwrap()).collect();
        assert_eq!(keys.len(), 16);
    }

    #[test]
    fn other_generators_have_no_part_in_it() {
        let keys = [1, 1].map(|seed| {
            fastrand::seed(seed);
            fresh_key()
        });
        assert_ne!(keys[0], keys[1]);
        fastrand::seed(1);
        let first = fastrand::u64(..);
        fastrand::seed(1);
        fresh_key();
        assert_eq!(fastrand::u64(..), first);
    }
}
