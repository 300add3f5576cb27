//! The values of a text that is being read.
//!
//! A text numbers its values itself, but for leaves, which stand where they are used. The values it numbers
//! keep their places in the arena, the leaves take the places between and after them.

use super::{Cursor, Parsed};
use crate::arena::{Arena, Id};
use std::collections::{BTreeMap, HashMap};
use std::ops::Range;

/// The values of a text under construction: those it numbers stay where they are, leaves fill the gaps.
pub(crate) struct Table<T> {
    entries: Vec<Option<T>>,
    mentioned: BTreeMap<u32, usize>,
    leaves: HashMap<String, u32>,
    next_free: u32,
}

impl<T> Table<T> {
    /// Defines a value that the text numbers; false if that was done before.
    #[must_use]
    pub fn define<I: Id>(&mut self, id: I, data: T) -> bool {
        self.entries.get_mut(id.index()).is_some_and(|entry| {
            let free = entry.is_none();
            *entry = Some(data);
            free
        })
    }

    /// The value of a leaf; leaves of one text are one value.
    pub fn leaf<I: Id>(&mut self, text: String, data: T) -> I {
        let number = *self.leaves.entry(text).or_insert_with(|| {
            while self.mentioned.contains_key(&self.next_free) {
                self.next_free += 1;
            }
            let number = self.next_free;
            self.next_free += 1;
            if number as usize >= self.entries.len() {
                self.entries.resize_with(number as usize + 1, || None);
            }
            self.entries[number as usize] = Some(data);
            number
        });
        I::from_index(number as usize)
    }
}

impl Cursor<'_> {
    /// A table for the values that these tokens speak of.
    pub fn table<T>(&self, tokens: Range<usize>) -> Parsed<Table<T>> {
        // Values that no statement mentions any more leave gaps; a text must not make them arbitrarily large.
        let limit = 1024 + 32 * tokens.len();
        let mut mentioned = BTreeMap::new();
        for (i, token) in self.tokens[tokens.clone()].iter().enumerate() {
            if let Some(number) = token.id('v') {
                if number as usize >= limit {
                    return Err(token.error("too large a number for so short a text"));
                }
                mentioned.entry(number).or_insert(tokens.start + i);
            }
        }
        let size = mentioned.last_key_value().map_or(0, |(last, _)| *last as usize + 1);
        let entries = std::iter::repeat_with(|| None).take(size).collect();
        Ok(Table { entries, mentioned, leaves: HashMap::new(), next_free: 0 })
    }

    /// The values of a table as an arena; numbers that the text does not mention hold the filler.
    pub fn arena<I: Id, T: Clone>(&self, table: Table<T>, filler: T) -> Parsed<Arena<I, T>> {
        let mut arena = Arena::new();
        for (number, entry) in table.entries.into_iter().enumerate() {
            arena.push(match (entry, table.mentioned.get(&(number as u32))) {
                (Some(data), _) => data,
                (None, None) => filler.clone(),
                (None, Some(token)) => {
                    return Err(self.tokens[*token].error(format!("v{number} is defined nowhere")));
                }
            });
        }
        Ok(arena)
    }
}
