//! The table of 128-bit constants that a kernel's code reads.
//!
//! ```text
//! [ 0, 0 | address of the table | c0, c0 | c1, c1 | … ]      every entry but the second is some constant in all lanes
//! ```
//!
//! The table holds its own address because Cranelift computes a constant address anew wherever it is used;
//! an address that was loaded stays in a register.
//!
//! Code holds the table's address in one register and reads a constant right before its use, where the
//! load becomes a memory operand of the using instruction. The table must not move once code has its
//! address: its capacity is fixed at the start, and an emitter whose constant finds no room embeds it.

use std::collections::HashMap;

/// Room for the constants that an emitter needs beyond those of the program.
const SPARE: usize = 64;

/// The table.
pub(crate) struct Constants {
    table: Vec<u128>,
    offsets: HashMap<u128, i32>,
}

impl Constants {
    /// A table with room for this many constants of a program.
    pub(crate) fn new(constants: usize) -> Constants {
        let mut table = Vec::with_capacity(2 * constants + SPARE);
        table.push(0);
        table.push(table.as_ptr() as u128);
        Constants { table, offsets: HashMap::from([(0, 0)]) }
    }

    /// Where the table lies for as long as it lives. Sixteen zero bytes are there.
    pub(crate) fn address(&self) -> i64 {
        self.table.as_ptr() as i64
    }

    /// The offset, in bytes, of the entry that holds the address.
    pub(crate) fn address_offset() -> i32 {
        size_of::<u128>() as i32
    }

    /// The offset of a constant in bytes, or nothing if there is no room for it.
    pub(crate) fn offset(&mut self, bits: u128) -> Option<i32> {
        if let Some(offset) = self.offsets.get(&bits) {
            return Some(*offset);
        }
        if self.table.len() == self.table.capacity() {
            return None;
        }
        let offset = (self.table.len() * size_of::<u128>()) as i32;
        self.table.push(bits);
        self.offsets.insert(bits, offset);
        Some(offset)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn constants_are_shared_and_never_move() {
        let mut constants = Constants::new(2);
        let address = constants.address();
        assert_eq!(address % 16, 0);
        assert_eq!(constants.offset(0), Some(0));
        assert_eq!(constants.offset(7), Some(32));
        assert_eq!(constants.offset(7), Some(32));
        while constants.offset(constants.table.len() as u128 + 100).is_some() {}
        assert_eq!(constants.address(), address);
        assert_eq!(constants.offset(7), Some(32));
    }
}
