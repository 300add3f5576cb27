//! Lists that have each item once, in the order in which they came.
//!
//! ```text
//! insert 7, 3, 7      [7, 3]      positions 0, 1, 0
//! ```
//!
//! Most have few items, which a look at each finds as fast as anything; those of long programs have thousands, and a table
//! then.

use std::collections::HashMap;
use std::hash::Hash;
use std::ops::Deref;

/// A list that has each item once.
#[derive(Clone, Debug)]
pub(crate) struct Distinct<T> {
    items: Vec<T>,
    /// Where each is, once there are many.
    positions: HashMap<T, usize>,
}

/// Lists that are longer have a table.
const FEW: usize = 16;

impl<T> Default for Distinct<T> {
    fn default() -> Self {
        Distinct { items: Vec::new(), positions: HashMap::new() }
    }
}

impl<T> Deref for Distinct<T> {
    type Target = [T];
    fn deref(&self) -> &[T] {
        &self.items
    }
}

impl<'a, T> IntoIterator for &'a Distinct<T> {
    type Item = &'a T;
    type IntoIter = std::slice::Iter<'a, T>;
    fn into_iter(self) -> Self::IntoIter {
        self.items.iter()
    }
}

impl<T: Copy + Eq + Hash> Distinct<T> {
    /// Adds an item if it is new; returns where it is.
    pub(crate) fn insert(&mut self, item: T) -> usize {
        let number = self.items.len();
        let known = match number {
            ..=FEW => self.items.iter().position(|known| *known == item),
            _ => self.positions.get(&item).copied(),
        };
        if let Some(position) = known {
            return position;
        }
        self.items.push(item);
        match number {
            ..FEW => {}
            FEW => self.positions.extend(self.items.iter().copied().zip(0..)),
            _ => drop(self.positions.insert(item, number)),
        }
        number
    }

    /// The items.
    pub(crate) fn into_items(self) -> Vec<T> {
        self.items
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn items_stand_once_in_the_order_in_which_they_came() {
        let mut list = Distinct::default();
        for round in 0..2 {
            for item in 0..3 * FEW {
                assert_eq!(list.insert(7 * item), item, "round {round}");
            }
        }
        assert!(list.iter().copied().eq((0..3 * FEW).map(|item| 7 * item)));
    }
}
