//! What a call that has succeeded gives back.
//!
//! ```text
//! storage, frame ──► Outputs ──► take_next, …      each result is made when it is asked for
//! ```

use super::enter::Finished;
use super::frame::CallFrame;
use super::host::Storage;
use crate::rank::PerAxis;
use crate::specialise::Specialisation;
use parfuse_ir::arena::Id;
use parfuse_ir::lane::LaneOutput;
use parfuse_ir::loops::Buffer as BufferId;
use parfuse_ir::{AnyElement, Scalar};
use parfuse_runtime::Buffer;

/// A result of a call.
#[derive(Debug)]
pub enum Output {
    /// A scalar.
    Scalar(Scalar),
    /// An array in row-major order.
    Array {
        /// Its shape.
        shape: PerAxis<usize>,
        /// Its elements.
        elements: Elements,
    },
    /// An array computed in the memory that the caller offered.
    InPlace,
}

/// The initialised elements of a result.
#[derive(Debug)]
pub struct Elements(Buffer, Finished);

impl Elements {
    /// The elements.
    ///
    /// # Panics
    /// If `T` is not their type, nor made of it.
    pub fn into_elements<T: AnyElement>(self) -> Vec<T> {
        self.1.into_elements(self.0)
    }
}

/// The results of a call that has succeeded, in order, each made when it is asked for.
#[derive(Debug)]
pub struct Outputs<'h> {
    pub(super) kernel: &'h Specialisation,
    pub(super) frame: CallFrame<'h>,
    pub(super) storage: &'h mut [Storage],
    /// That machine code has come to its end.
    pub(super) finished: Finished,
    /// The number of the next result.
    pub(super) next: usize,
}

impl Outputs<'_> {
    /// The next result.
    ///
    /// # Panics
    /// If there is none: the kernel was traced with as many results as its return type has.
    #[inline]
    pub fn take_next(&mut self) -> Output {
        let lane = &self.kernel.lane;
        let result = lane.results.get(self.next).expect("a kernel has as many results as its return type");
        self.next += 1;
        match *result {
            LaneOutput::Scalar(slot, dtype) => {
                Output::Scalar(Scalar::from_bits(dtype, self.frame.read(slot)))
            }
            LaneOutput::Buffer(buffer) => self.array(buffer),
        }
    }

    /// Whether the next result is an array in the memory that the caller offered. If it is, it is passed over.
    pub fn skip_in_place(&mut self) -> bool {
        let in_place = match self.kernel.lane.results.get(self.next) {
            Some(LaneOutput::Buffer(buffer)) => {
                matches!(self.storage[buffer.index()], Storage::Offered(_))
            }
            _ => false,
        };
        self.next += in_place as usize;
        in_place
    }

    fn array(&mut self, buffer: BufferId) -> Output {
        let rank = self.kernel.lane.buffers[buffer].rank;
        let shape = self.frame.shape(buffer, rank);
        match std::mem::replace(&mut self.storage[buffer.index()], Storage::Nothing) {
            Storage::Offered(_) => Output::InPlace,
            Storage::Owned(elements) => Output::Array { shape, elements: Elements(elements, self.finished) },
            Storage::Nothing | Storage::Offer(_) => unreachable!("a kernel makes every array it returns"),
        }
    }
}
