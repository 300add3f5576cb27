//! Kernels over arrays that say at each call how many axes they have.
//!
//! ```text
//! fn norm(a: &ArrayD<f64>) -> f64      norm::serial(&x)    x has 2 axes   [2] ──▶ the kernel of norm(a: [f64; 2])
//!                                      norm::serial(&y)    y has 1        [1] ──▶ the kernel of norm(a: [f64; 1])
//! ```
//!
//! The function is traced for each combination that calls bring, so that its axes are known wherever a program knows them,
//! and each of these programs has specialisations of its own. The combination that was called least recently goes when there
//! are too many.

use crate::argument::Description;
use crate::core::Core;
use crate::error::Error;
use crate::fits;
use crate::room::with_room;
use crate::single::Single;
use crate::traced::Traced;
use parfuse_ir::MAX_RANK;
use parfuse_runtime::FloatMode;
use smallvec::SmallVec;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

/// At most so many combinations are kept.
const MOST: usize = 64;

/// A number of axes for each parameter that leaves it open.
type Combination = SmallVec<[u8; 8]>;

/// The kernels of one function.
pub(crate) struct Ranks {
    pub(crate) core: Arc<Core>,
    pub(crate) traced: &'static Traced,
    kept: RwLock<Vec<Kept>>,
    clock: AtomicU64,
}

struct Kept {
    ranks: Combination,
    kernel: Single,
    used: AtomicU64,
}

impl Ranks {
    /// No kernel yet.
    pub(crate) fn new(core: Arc<Core>, traced: &'static Traced) -> Ranks {
        Ranks { core, traced, kept: RwLock::default(), clock: AtomicU64::new(0) }
    }

    /// The kernel for these arguments.
    pub(crate) fn kernel(&self, arguments: &[Description]) -> Result<Single, Error> {
        fits::check_declared(self.traced, arguments)?;
        let rank =
            |(_, position): (&str, usize)| arguments[position].ty.rank().expect("the argument is an array");
        Ok(self.of_ranks(&self.traced.open().map(rank).collect::<Combination>()))
    }

    fn of_ranks(&self, ranks: &[u8]) -> Single {
        let known = self.kept.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(found) = self.find(&known, ranks) {
            return found;
        }
        drop(known);
        let made = self.made(ranks);
        let mut known = self.kept.write().unwrap_or_else(PoisonError::into_inner);
        // Of two threads that trace the same one, the first to finish wins.
        if let Some(found) = self.find(&known, ranks) {
            return found;
        }
        let used = AtomicU64::new(self.tick());
        known.push(Kept { ranks: ranks.into(), kernel: made.clone(), used });
        let forgotten = (known.len() > MOST).then(|| {
            let oldest = known.iter().enumerate().min_by_key(|(_, kept)| kept.used.load(Ordering::Relaxed));
            let position = oldest.map_or(0, |(position, _)| position);
            known.remove(position)
        });
        drop(known);
        drop(forgotten);
        made
    }

    fn find(&self, known: &[Kept], ranks: &[u8]) -> Option<Single> {
        let found = known.iter().find(|kept| *kept.ranks == *ranks)?;
        found.used.store(self.tick(), Ordering::Relaxed);
        Some(found.kernel.clone())
    }

    fn tick(&self) -> u64 {
        self.clock.fetch_add(1, Ordering::Relaxed)
    }

    /// Traces the function for a combination.
    #[cold]
    fn made(&self, ranks: &[u8]) -> Single {
        let _mode = FloatMode::standard();
        let program = with_room(0, || self.traced.trace(ranks)).map_err(Error::from);
        Single::new(self.core.clone(), self.traced.name, program)
    }

    /// All that are kept.
    pub(crate) fn all(&self) -> Vec<Single> {
        let known = self.kept.read().unwrap_or_else(PoisonError::into_inner);
        known.iter().map(|kept| kept.kernel.clone()).collect()
    }

    /// The one that was called last.
    fn last(&self) -> Option<Single> {
        let known = self.kept.read().unwrap_or_else(PoisonError::into_inner);
        let last = known.iter().max_by_key(|kept| kept.used.load(Ordering::Relaxed))?;
        Some(last.kernel.clone())
    }

    /// The one to show: that called last. As long as there is none, that for arrays of one axis, or of as few more as it
    /// needs; if none is right, the one with the fewest mistakes.
    pub(crate) fn shown(&self) -> Single {
        self.last().unwrap_or_else(|| {
            let open = self.traced.open().count();
            let mut best: Option<(usize, Single)> = None;
            for rank in (1..=MAX_RANK as u8).chain([0]) {
                let kernel = self.made(&vec![rank; open]);
                let mistakes = match kernel.traced() {
                    Ok(_) => return kernel,
                    Err(Error::Trace(error)) => error.complaints.len(),
                    Err(_) => 1,
                };
                if best.as_ref().is_none_or(|(fewest, _)| mistakes < *fewest) {
                    best = Some((mistakes, kernel));
                }
            }
            best.expect("there are numbers of axes").1
        })
    }

    /// The same as if none had ever been called.
    pub(crate) fn uncalled(&self) -> Ranks {
        let known = self.kept.read().unwrap_or_else(PoisonError::into_inner);
        let kept = known.iter().map(|kept| Kept {
            ranks: kept.ranks.clone(),
            kernel: kept.kernel.uncalled(),
            used: AtomicU64::new(kept.used.load(Ordering::Relaxed)),
        });
        let clock = AtomicU64::new(self.clock.load(Ordering::Relaxed));
        Ranks { core: self.core.clone(), traced: self.traced, kept: RwLock::new(kept.collect()), clock }
    }
}
