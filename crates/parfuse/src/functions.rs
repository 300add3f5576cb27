//! The kernels of an engine's `#[kernel]` functions, found without a lock.
//!
//! ```text
//! chains   [ · │ a ─▶ f │ · │ c │ … ]     a function's chain by its type's id
//! ```
//!
//! Kernels are added and never removed: whoever has found a link may follow it, and a chain grows at its end, where the
//! first of several threads wins.

use crate::kernel::Kernel;
use std::any::TypeId;
use std::hash::{Hash, Hasher};
use std::sync::OnceLock;

/// As many as make chains of programs with dozens of kernels short.
const CHAINS: usize = 64;

/// Kernels by the types that stand for their functions.
pub(crate) struct Functions {
    chains: [OnceLock<Box<Link>>; CHAINS],
}

struct Link {
    id: TypeId,
    kernel: Kernel,
    next: OnceLock<Box<Link>>,
}

impl Functions {
    /// None.
    pub(crate) fn new() -> Functions {
        Functions { chains: [const { OnceLock::new() }; CHAINS] }
    }

    /// The kernel of a function.
    pub(crate) fn get(&self, id: TypeId) -> Option<&Kernel> {
        let mut place = &self.chains[chain_of(id)];
        while let Some(link) = place.get() {
            if link.id == id {
                return Some(&link.kernel);
            }
            place = &link.next;
        }
        None
    }

    /// Adds a kernel, unless its function has one by now; returns the one it has.
    pub(crate) fn add(&self, id: TypeId, kernel: Kernel) -> &Kernel {
        let mut new = Some(Box::new(Link { id, kernel, next: OnceLock::new() }));
        let mut place = &self.chains[chain_of(id)];
        loop {
            let link =
                place.get_or_init(|| new.take().expect("only the link that it becomes is its function's"));
            if link.id == id {
                return &link.kernel;
            }
            place = &link.next;
        }
    }
}

impl Drop for Functions {
    fn drop(&mut self) {
        for chain in &mut self.chains {
            let mut rest = chain.take();
            while let Some(mut link) = rest {
                rest = link.next.take();
            }
        }
    }
}

fn chain_of(id: TypeId) -> usize {
    let mut hasher = IdHasher::default();
    id.hash(&mut hasher);
    hasher.finish() as usize % CHAINS
}

/// Type ids are hashes already.
#[derive(Default)]
struct IdHasher(u64);

impl Hasher for IdHasher {
    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|byte| self.0 = self.0.rotate_left(8) ^ u64::from(*byte));
    }
    fn write_u64(&mut self, word: u64) {
        self.0 ^= word;
    }
    fn finish(&self) -> u64 {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Engine;

    macro_rules! ids {
        ($($length:literal)*) => { [$(TypeId::of::<[u8; $length]>()),*] };
    }

    #[test]
    fn functions_that_share_a_chain_keep_their_kernels() {
        let engine = Engine::builder().threads(1).build().unwrap();
        let kernel = |name: &str| engine.trace(name, |t| t.scalar::<f64>("x")).unwrap();
        let functions = Functions::new();
        let all = ids!(0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31);
        let chains: std::collections::HashSet<usize> = all.iter().map(|id| chain_of(*id)).collect();
        assert!(chains.len() < all.len(), "some share one");
        for (number, id) in all.iter().enumerate() {
            assert!(functions.get(*id).is_none());
            assert_eq!(functions.add(*id, kernel(&number.to_string())).name(), number.to_string());
        }
        for (number, id) in all.iter().enumerate() {
            assert_eq!(functions.get(*id).unwrap().name(), number.to_string());
            // The first stays.
            assert_eq!(functions.add(*id, kernel("late")).name(), number.to_string());
        }
    }

    #[test]
    fn of_many_threads_one_adds() {
        let engine = Engine::builder().threads(1).build().unwrap();
        let functions = Functions::new();
        let id = TypeId::of::<u8>();
        let add = |number: usize| {
            let kernel = engine.trace(&number.to_string(), |t| t.scalar::<f64>("x")).unwrap();
            functions.add(id, kernel).name().to_string()
        };
        let names: std::collections::HashSet<String> = std::thread::scope(|scope| {
            let add = &add;
            let threads: Vec<_> = (0..8).map(|number| scope.spawn(move || add(number))).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        assert_eq!(names.len(), 1);
    }
}
