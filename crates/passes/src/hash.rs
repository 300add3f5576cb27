//! Fast hash maps and sets for small keys made of ids.
//!
//! Value numbering looks up every expression of a kernel several times within some tens of microseconds;
//! the standard library's hash, made to withstand hostile keys, would take a good part of that.

use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasherDefault, Hasher};

/// A hash map for keys that nobody chooses to collide.
pub(crate) type FastMap<K, V> = HashMap<K, V, BuildHasherDefault<FastHasher>>;

/// A hash set of the same.
pub(crate) type FastSet<T> = HashSet<T, BuildHasherDefault<FastHasher>>;

/// Multiplies and rotates, word by word, as the hash of the Rust compiler does.
#[derive(Default)]
pub(crate) struct FastHasher {
    state: u64,
}

impl FastHasher {
    fn add(&mut self, word: u64) {
        // 2^64 divided by pi, made odd: the multiplier of rustc's FxHasher.
        self.state = (self.state.rotate_left(5) ^ word).wrapping_mul(0x517c_c1b7_2722_0a95);
    }
}

impl Hasher for FastHasher {
    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|byte| self.add(*byte as u64));
    }
    fn write_u8(&mut self, word: u8) {
        self.add(word as u64);
    }
    fn write_u32(&mut self, word: u32) {
        self.add(word as u64);
    }
    fn write_u64(&mut self, word: u64) {
        self.add(word);
    }
    fn write_usize(&mut self, word: usize) {
        self.add(word as u64);
    }
    fn write_isize(&mut self, word: isize) {
        self.add(word as u64);
    }
    fn finish(&self) -> u64 {
        // The table takes its buckets from the low bits and its tags from the high ones.
        self.state ^ (self.state >> 32)
    }
}
