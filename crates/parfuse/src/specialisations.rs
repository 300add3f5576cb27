//! The specialisations of one kernel, as many as are worth their memory.
//!
//! ```text
//! signature   [A U]  [A U s]  [A]        what a call's arguments look like
//! last used      17        4   16        the least recently used goes when there are too many
//! ```
//!
//! Calls hold on to what they run, so what is forgotten here goes when the last of them has returned.

use crate::room::Nested;
use crate::signature::Signature;
use crate::specialise::Specialisation;
use crate::wishes::Wishes;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// At most so many are kept …
const MOST: usize = 64;

/// … with at most so many bytes of code in all.
const MOST_BYTES: usize = 16 << 20;

/// Those that are kept, the newest last.
#[derive(Default)]
pub(crate) struct Specialisations {
    kept: Vec<Kept>,
    /// Lengths of arguments that it helps to know to be equal.
    pub(crate) wishes: Wishes,
    clock: AtomicU64,
}

struct Kept {
    signature: Signature,
    specialisation: Arc<Nested<Specialisation>>,
    used: AtomicU64,
}

impl Specialisations {
    /// The one for a signature.
    pub(crate) fn find(&self, signature: &Signature) -> Option<Arc<Nested<Specialisation>>> {
        let kept = self.kept.iter().find(|kept| kept.signature == *signature)?;
        kept.used.store(self.clock.fetch_add(1, Ordering::Relaxed), Ordering::Relaxed);
        Some(kept.specialisation.clone())
    }

    /// The one that was added last.
    pub(crate) fn newest(&self) -> Option<Arc<Nested<Specialisation>>> {
        self.kept.last().map(|kept| kept.specialisation.clone())
    }

    /// Adds one; returns those that make room for it.
    pub(crate) fn add(
        &mut self,
        signature: &Signature,
        specialisation: &Arc<Nested<Specialisation>>,
    ) -> Vec<Arc<Nested<Specialisation>>> {
        let used = AtomicU64::new(self.clock.fetch_add(1, Ordering::Relaxed));
        let (signature, specialisation) = (signature.clone(), specialisation.clone());
        self.kept.push(Kept { signature, specialisation, used });
        let mut forgotten = Vec::new();
        while self.kept.len() > MOST || (self.kept.len() > 1 && self.bytes() > MOST_BYTES) {
            let older = &self.kept[..self.kept.len() - 1];
            let oldest = older.iter().enumerate().min_by_key(|(_, kept)| kept.used.load(Ordering::Relaxed));
            let Some((position, _)) = oldest else { break };
            forgotten.push(self.kept.remove(position).specialisation);
        }
        forgotten
    }

    fn bytes(&self) -> usize {
        self.kept.iter().map(|kept| kept.specialisation.tiers().size()).sum()
    }
}
