//! The frame of a call: binding arguments to its slots, and reading and writing them while machine code is suspended.
//!
//! ```text
//! key │ scalars │ address, lengths, strides of each array │ what code leaves here for other code
//!  ▲       ▲                ▲
//!  └───────┴── bind ────────┘
//! ```
//!
//! Machine code reads and writes the same slots by their address, which is why they are cells: whoever holds the frame
//! here knows that a slot may have changed whenever code has run.

use super::Request;
use crate::rank::PerAxis;
use parfuse_ir::lane::{Frame, Slot};
use parfuse_ir::loops::Buffer as BufferId;
use std::cell::Cell;

/// The slots of a call and what they hold.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CallFrame<'f> {
    layout: &'f Frame,
    slots: &'f [Cell<u64>],
}

impl<'f> CallFrame<'f> {
    /// A frame of this layout in these slots.
    #[inline]
    pub(crate) fn new(layout: &'f Frame, slots: &'f mut [u64]) -> CallFrame<'f> {
        assert!(slots.len() >= layout.whole_len(), "a frame has all its slots");
        CallFrame { layout, slots: Cell::from_mut(slots).as_slice_of_cells() }
    }

    /// Fills in the key, the arguments, and where to look whether to stop.
    pub(super) fn bind(&self, request: &Request<'_>) {
        let Request { core, binder, kernel, key, stop, workers, .. } = request;
        self.write(Frame::KEY, *key);
        if let Some(slot) = kernel.lane.threads {
            let threads = workers.map_or(1, |workers| workers.count(&core.pool));
            self.write(slot, threads as u64);
        }
        if kernel.lane.polls {
            let stop = stop.expect("kernels are made to poll for calls that may be stopped");
            self.write(self.layout.stop(), stop.address() as u64);
        }
        let words = binder.words();
        for (word, slot) in &kernel.arguments {
            self.write(*slot, words[*word]);
        }
    }

    /// The layout of its slots.
    pub(crate) fn layout(&self) -> &'f Frame {
        self.layout
    }

    /// What a slot holds.
    #[inline]
    pub(crate) fn read(&self, slot: Slot) -> u64 {
        self.slots[slot.index()].get()
    }

    /// Makes a slot hold something.
    #[inline]
    pub(super) fn write(&self, slot: Slot, word: u64) {
        self.slots[slot.index()].set(word);
    }

    /// The lengths of a buffer's axes.
    pub(super) fn shape(&self, buffer: BufferId, rank: u8) -> PerAxis<usize> {
        PerAxis::from_fn(rank as usize, |axis| self.read(self.layout.dim(buffer, axis as u8)) as usize)
    }

    /// Writes what a local buffer is now: its address, and the lengths and strides of an array in row-major order.
    pub(super) fn describe(&self, buffer: BufferId, address: *mut u8, shape: &[usize]) {
        let slots = &self.slots[self.layout.address(buffer).index()..];
        slots[0].set(address as u64);
        let (lengths, strides) = slots[1..].split_at(shape.len());
        let mut inner = 1;
        for ((len, length), stride) in shape.iter().zip(lengths).zip(strides).rev() {
            length.set(*len as u64);
            stride.set(inner);
            inner *= *len.max(&1) as u64;
        }
    }

    /// How many slots there are.
    pub(super) fn slots(&self) -> usize {
        self.slots.len()
    }

    /// Its address, for machine code.
    pub(super) fn address(&self) -> *mut u64 {
        self.slots.as_ptr().cast_mut().cast()
    }
}
