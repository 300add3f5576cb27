//! The layout of the frame: which slot holds what.
//!
//! ```text
//! 0            1 ..            then, per buffer                        then
//! random key   scalar params   address, length per axis, stride per axis   live-ins, extents, totals, results, where to look whether to stop, the host
//! ```

use crate::arena::Id;
use crate::loops::{Buffer, BufferData};
use crate::{Arena, program::Param};
use std::fmt;

/// The position of a 64-bit slot in the frame.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, PartialOrd, Ord)]
pub struct Slot(pub u32);

impl Slot {
    /// The position as an index.
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

impl fmt::Display for Slot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// Which slot holds what.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Frame {
    params: Vec<Slot>,
    buffers: Vec<(Slot, u8)>,
    len: u32,
}

impl Frame {
    /// The slot of the 64-bit random key of the call.
    pub const KEY: Slot = Slot(0);

    /// The layout for these parameters and buffers, with no further slots yet. Every parameter has a slot
    /// (array parameters leave theirs unused), so parameter `i` is always slot `1 + i`.
    pub fn new(params: &[Param], buffers: &Arena<Buffer, BufferData>) -> Frame {
        Frame::with_param_count(params.len(), buffers)
    }
    /// The layout for this many parameters and these buffers, with no further slots yet.
    pub fn with_param_count(params: usize, buffers: &Arena<Buffer, BufferData>) -> Frame {
        let mut frame = Frame { params: Vec::new(), buffers: Vec::new(), len: 1 };
        frame.params = (0..params).map(|_| frame.bump(1)).collect();
        frame.buffers =
            buffers.iter().map(|(_, data)| (frame.bump(1 + 2 * data.rank as u32), data.rank)).collect();
        frame
    }

    fn bump(&mut self, slots: u32) -> Slot {
        self.len += slots;
        Slot(self.len - slots)
    }
    /// Adds a slot.
    pub fn add(&mut self) -> Slot {
        self.bump(1)
    }
    /// The number of slots.
    pub fn len(&self) -> usize {
        self.len as usize
    }
    /// The slot behind all others, which frames of programs have whose loops look whether to stop: the address of a byte
    /// that is zero until then.
    pub fn stop(&self) -> Slot {
        Slot(self.len)
    }
    /// The slot behind that, which frames of programs have whose regions call the host: the address of what serves them.
    pub fn host(&self) -> Slot {
        Slot(self.len + 1)
    }
    /// How many slots frames have, those behind the others included.
    pub fn whole_len(&self) -> usize {
        self.host().index() + 1
    }
    /// Whether there is no slot; there always is one.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }
    /// The number of parameters, each of which has a slot.
    pub fn param_count(&self) -> usize {
        self.params.len()
    }
    /// The slot of a scalar parameter.
    pub fn param(&self, index: u32) -> Slot {
        self.params[index as usize]
    }
    /// The slot of a buffer's address.
    pub fn address(&self, buffer: Buffer) -> Slot {
        self.buffers[buffer.index()].0
    }
    /// The slot of the length of an axis.
    pub fn dim(&self, buffer: Buffer, axis: u8) -> Slot {
        Slot(self.address(buffer).0 + 1 + axis as u32)
    }
    /// The slot of the stride, in elements, of an axis.
    pub fn stride(&self, buffer: Buffer, axis: u8) -> Slot {
        let (address, rank) = self.buffers[buffer.index()];
        Slot(address.0 + 1 + rank as u32 + axis as u32)
    }
}
