//! Two accesses in two iterations, of which is taken for granted that they meet: what follows, and whether that can be.
//!
//! ```text
//! load b1[v1]  load b1[v2]        where v1 = v2 they are the same
//! v1 < v2, b1 does not decrease   the first is at most the second
//! ```

use super::apart::Need;
use super::numbers::{Loaded, Taken};
use super::polynomial::{Atom, Polynomial, Product};
use super::system::System;
use parfuse_ir::loops::Value;

/// Two accesses in two iterations.
pub(super) struct Pair {
    pub(super) facts: System,
    pub(super) index: Vec<(usize, Polynomial)>,
    /// The indices of one less those of the other, that are zero where they meet.
    pub(super) distances: Vec<(usize, Polynomial)>,
    pub(super) loaded: Vec<Loaded>,
    pub(super) taken: Taken,
    pub(super) assumed: Vec<Product>,
    /// By how much quotients of the second iteration are more than those of the first.
    pub(super) quotients: Vec<Polynomial>,
}

impl Pair {
    /// What has to be small for there to be no such pair of iterations.
    pub(super) fn contradiction(&mut self) -> Option<Vec<Need>> {
        let small = self.taken.small;
        let closely = || small.then(|| self.facts.contradiction(small, true)).flatten();
        let used = self.facts.contradiction(small, false).or_else(closely).or_else(|| self.in_any_case())?;
        Some(self.assumed.iter().cloned().chain(used).map(Need::Small).collect())
    }

    /// The same, whether a quotient is the same in both iterations, or one of them is greater: of two numbers that are counted by
    /// one, `t / n` and `t % n`, one differs, and which one nobody knows.
    fn in_any_case(&self) -> Option<Vec<Product>> {
        let more = self.quotients.first()?;
        let mut used = Vec::new();
        for sign in [0, 1, -1] {
            let mut facts = self.facts.clone();
            match sign {
                0 => facts.zero.push(more.clone()),
                sign => facts.not_negative.push(more.times(sign)?.plus_constant(-1)),
            }
            let small = self.taken.small;
            used.extend(facts.contradiction(small, false).or_else(|| facts.contradiction(small, true))?);
        }
        Some(used)
    }

    /// Takes note of quotients that both iterations compute.
    pub(super) fn learn_quotients(
        &mut self,
        first: &[([Value; 2], Polynomial)],
        second: &[([Value; 2], Polynomial)],
    ) {
        for (of, quotient) in first {
            let other = second.iter().find(|(other, _)| other == of);
            let more = other.and_then(|(_, other)| other.minus(quotient));
            self.quotients.extend(more.filter(|more| !more.terms.is_empty()));
        }
    }

    /// The pairs of elements of arrays of one axis of which the second is not loaded before the first.
    pub(super) fn in_order(&mut self) -> Vec<(Loaded, Loaded)> {
        let loaded = self.loaded.clone();
        let mut ordered = Vec::new();
        for (first, second) in pairs(&loaded) {
            for (first, second) in [(first, second), (second, first)] {
                let ([a], [b]) = (&first.index[..], &second.index[..]) else { continue };
                let Some(beyond) = a.minus(b) else { continue };
                if !beyond.terms.is_empty() && self.is_never(beyond.plus_constant(-1)) {
                    ordered.push((first.clone(), second.clone()));
                }
            }
        }
        ordered
    }

    /// Whether a sum is negative, as far as is known.
    pub(super) fn is_never(&mut self, not_negative: Polynomial) -> bool {
        let mut facts = self.facts.clone();
        facts.not_negative.push(not_negative);
        match facts.contradiction(self.taken.small, false) {
            Some(used) => {
                self.assumed.extend(used);
                true
            }
            None => false,
        }
    }

    /// By how much an element may be more than an index that is computed from it.
    pub(super) fn most_beyond(&self, index: &Polynomial, elements: [Atom; 2]) -> Option<usize> {
        const MOST: i128 = 1 << 10;
        let natural = index.terms.iter().all(|(product, factor)| {
            let is_element = product.iter().any(|atom| elements.contains(atom));
            *factor > 0 && (is_element || product.iter().all(|atom| self.facts.natural.contains(atom)))
        });
        (natural && index.constant >= -MOST).then_some((-index.constant).max(0) as usize)
    }

    pub(super) fn is_zero(&mut self, sum: &Polynomial) -> bool {
        match sum.as_constant() {
            Some(constant) => constant == 0,
            None => [1, -1]
                .into_iter()
                .all(|sign| sum.times(sign).is_some_and(|sum| self.is_never(sum.plus_constant(-1)))),
        }
    }

    /// Learns that elements with the same indices are the same.
    pub(super) fn equate(&mut self) {
        let loaded = self.loaded.clone();
        for (first, second) in pairs(&loaded) {
            let mut axes = first.index.iter().zip(&second.index);
            if axes.all(|(a, b)| a.minus(b).is_some_and(|distance| self.is_zero(&distance))) {
                let distance = Polynomial::atom(first.atom).minus(&Polynomial::atom(second.atom));
                self.facts.zero.extend(distance);
            }
        }
    }

    /// Learns that flipping the same bits twice leaves nothing changed.
    pub(super) fn flip<'a>(&mut self, flipped: impl Iterator<Item = &'a (Atom, [Polynomial; 2])> + Clone) {
        for (a, [a_of, a_by]) in flipped.clone() {
            for (b, [b_of, b_by]) in flipped.clone() {
                if a == b || a_by != b_by {
                    continue;
                }
                // Where the one is what the other was made of, it is the other way round as well.
                let (a, b) = (Polynomial::atom(*a), Polynomial::atom(*b));
                for (same, follows) in
                    [([&a, b_of], [&b, a_of]), ([a_of, b_of], [&a, &b]), ([&a, &b], [a_of, b_of])]
                {
                    let [Some(same), Some(follows)] = [same, follows].map(|[a, b]| a.minus(b)) else {
                        continue;
                    };
                    if self.is_zero(&same) {
                        self.facts.zero.push(follows);
                    }
                }
            }
        }
    }
}

/// All pairs of elements of one array.
pub(super) fn pairs(loaded: &[Loaded]) -> impl Iterator<Item = (&Loaded, &Loaded)> {
    let all = loaded.iter().enumerate();
    all.flat_map(move |(at, first)| loaded[at + 1..].iter().map(move |second| (first, second)))
        .filter(|(first, second)| first.buffer == second.buffer)
}
