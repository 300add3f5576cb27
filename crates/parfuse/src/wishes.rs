//! Lengths of arguments that a kernel's code would be better for knowing to be equal.
//!
//! ```text
//! wished    x: axis 0 = y: axis 0    n = z: axis 1       found while the kernel is lowered
//! a call    100 = 100                100 = 50            bits 01: a part of the call's signature
//! ```
//!
//! Most kernels wish for nothing, and their calls look at no lengths.

use crate::argument::{Binder, words_of};
use parfuse_ir::program::Param;
use parfuse_passes::GivenLength;
use smallvec::SmallVec;

/// There is a bit for each.
const MOST: usize = u64::BITS as usize;

/// The wishes of one kernel, in the order in which they were found.
#[derive(Clone, Default, Debug)]
pub(crate) struct Wishes(SmallVec<[Wish; 2]>);

#[derive(Clone, Copy, Debug)]
struct Wish {
    lengths: [GivenLength; 2],
    /// Where the lengths stand among the words of a call's arguments.
    words: [usize; 2],
}

impl Wishes {
    /// Adds those that are new.
    pub(crate) fn add(&mut self, wished: &[[GivenLength; 2]], params: &[Param]) {
        let before =
            |param: u32| params[..param as usize].iter().map(|param| words_of(param.ty)).sum::<usize>();
        for lengths in wished {
            if self.0.len() < MOST && !self.0.iter().any(|wish| wish.lengths == *lengths) {
                let words = lengths.map(|length| match length {
                    GivenLength::Number { param } => before(param),
                    GivenLength::Axis { param, axis } => before(param) + 1 + axis as usize,
                });
                self.0.push(Wish { lengths: *lengths, words });
            }
        }
    }

    /// Which of them come true for these arguments, a bit each.
    #[inline]
    pub(crate) fn granted(&self, binder: &Binder<'_>) -> u64 {
        let words = binder.words();
        self.bits(|wish| words[wish.words[0]] == words[wish.words[1]])
    }

    /// The bits of all of them.
    pub(crate) fn all(&self) -> u64 {
        self.bits(|_| true)
    }

    #[inline]
    fn bits(&self, granted: impl Fn(&Wish) -> bool) -> u64 {
        let wishes = self.0.iter().enumerate();
        wishes.fold(0, |bits, (position, wish)| bits | u64::from(granted(wish)) << position)
    }

    /// The lengths that are equal where these come true.
    pub(crate) fn lengths(&self, granted: u64) -> Vec<[GivenLength; 2]> {
        let wishes = self.0.iter().enumerate();
        wishes.filter(|(position, _)| granted >> position & 1 == 1).map(|(_, wish)| wish.lengths).collect()
    }
}
