//! Keys of random numbers for calls that give no seed.

/// A new 64-bit key from this thread's own generator, which is seeded independently in each thread.
pub fn fresh_key() -> u64 {
    fastrand::u64(..)
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
}
