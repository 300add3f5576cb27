//! Sets that remember in which order their members came.
//!
//! ```text
//! insert b2, b0, b2      b2, b0      contains b0, position 1
//! ```
//!
//! Most sets of the passes have a handful of members, which a look at each finds as fast as anything; those of loops that
//! thousands were fused into have thousands, and a table then.

use crate::hash::FastMap;
use smallvec::SmallVec;
use std::hash::Hash;

/// A set in the order of insertion.
#[derive(Clone, Debug)]
pub(crate) struct OrderedSet<T> {
    members: SmallVec<[T; INLINE]>,
    /// Where each is, once there are many.
    positions: FastMap<T, usize>,
}

/// Sets that are larger have a table.
const FEW: usize = 8;

/// Up to this many members take no memory of their own.
const INLINE: usize = 4;

impl<T> Default for OrderedSet<T> {
    fn default() -> Self {
        OrderedSet { members: SmallVec::new(), positions: FastMap::default() }
    }
}

impl<T: Copy + Eq + Hash> OrderedSet<T> {
    pub(crate) fn insert(&mut self, member: T) {
        if self.contains(&member) {
            return;
        }
        self.members.push(member);
        match self.members.len() {
            ..=FEW => {}
            len if self.positions.is_empty() => {
                self.positions.extend(self.members.iter().copied().zip(0..len));
            }
            len => drop(self.positions.insert(member, len - 1)),
        }
    }

    pub(crate) fn extend<'a>(&mut self, members: impl IntoIterator<Item = &'a T>)
    where
        T: 'a,
    {
        members.into_iter().for_each(|member| self.insert(*member));
    }

    pub(crate) fn contains(&self, member: &T) -> bool {
        self.position(member).is_some()
    }

    /// How many came before it.
    pub(crate) fn position(&self, member: &T) -> Option<usize> {
        if self.positions.is_empty() {
            return self.members.iter().position(|known| known == member);
        }
        self.positions.get(member).copied()
    }

    /// Whether two sets have a member in common, at the cost of looking at the smaller.
    pub(crate) fn meets(&self, other: &OrderedSet<T>) -> bool {
        let (few, many) = if self.len() < other.len() { (self, other) } else { (other, self) };
        few.iter().any(|member| many.contains(member))
    }

    pub(crate) fn iter(&self) -> std::slice::Iter<'_, T> {
        self.members.iter()
    }

    pub(crate) fn len(&self) -> usize {
        self.members.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.members.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_keep_their_order_in_small_and_large_sets() {
        let mut set = OrderedSet::default();
        for k in 0..100u32 {
            set.insert(k * 37 % 101);
            set.insert(0);
            assert_eq!((set.len(), set.position(&(k * 37 % 101))), (k as usize + 1, Some(k as usize)));
        }
        assert!(set.contains(&37) && !set.contains(&200));
        let mut other = OrderedSet::default();
        other.extend(&[200, 201]);
        assert!(!set.meets(&other) && !other.meets(&set));
        other.insert(74);
        assert!(set.meets(&other) && other.meets(&set));
    }
}
