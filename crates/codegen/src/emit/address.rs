//! Addresses of elements.
//!
//! ```text
//! b0[v1 + lanes]      pointer(b0, v1) + index * 8, then + 16 for each further register
//! b0[v1 + lanes * v2]  pointer(b0, v1) + index * v2 * 8, then + v2 * 8 for each further lane
//! b0[v1 + lanes of 3 at 1]  pointer(b0, v1) + index * 3 * 8 + 8, then + 24 for each further lane
//! b0[v1 + v2]          pointer(b0, v1) + lane of v2 * 8
//! ```
//!
//! Scaling by the element size and the constant offsets become parts of the accessing instructions. In plain loops `sums`
//! takes the uniform part apart first.

use super::{Emitter, Reg, Width};
use crate::uses;
use cranelift_codegen::ir::InstBuilder;
use parfuse_ir::lane::{Address, Buffer, LaneType, Lanes, Node, Value};
use smallvec::SmallVec;

/// An address and a constant offset to it, in bytes.
#[derive(Clone, Copy)]
pub(crate) struct Place {
    pub(crate) pointer: Reg,
    pub(crate) offset: i32,
}

/// One place per lane.
pub(crate) type Places = SmallVec<[Place; 8]>;

impl Emitter<'_> {
    pub(crate) fn element_type(&self, buffer: Buffer) -> LaneType {
        LaneType::of(self.lane.buffers[buffer].dtype)
    }

    pub(super) fn element_size(&self, buffer: Buffer) -> i64 {
        self.lane.buffers[buffer].dtype.size() as i64
    }

    /// The address of a buffer's first element: kept in a register, or read from the frame here.
    pub(crate) fn buffer_pointer(&mut self, buffer: Buffer) -> Reg {
        self.buffers[buffer.0 as usize].unwrap_or_else(|| {
            let slot = self.lane.frame.address(buffer);
            self.slot(slot, LaneType::I64)
        })
    }

    /// Keeps the addresses of buffers in registers that these blocks of the driver access and leave where they are;
    /// returns those that were not kept before.
    pub(crate) fn keep_pointers(&mut self, blocks: &[&[Node]]) -> Vec<Buffer> {
        let mut kept = Vec::new();
        for buffer in uses::stationary(self.code, blocks) {
            if self.buffers[buffer.0 as usize].is_none() {
                self.buffers[buffer.0 as usize] = Some(self.buffer_pointer(buffer));
                kept.push(buffer);
            }
        }
        kept
    }

    /// An index times the size of an element.
    fn scale(&mut self, index: Reg, buffer: Buffer) -> Reg {
        match self.element_size(buffer) {
            1 => index,
            size => self.builder.ins().ishl_imm_u(index, size.trailing_zeros() as i64),
        }
    }

    /// The address that an index leads to from another address.
    pub(super) fn indexed(&mut self, pointer: Reg, index: Reg, buffer: Buffer) -> Reg {
        let bytes = self.scale(index, buffer);
        self.builder.ins().iadd(pointer, bytes)
    }

    /// The uniform part of an address.
    fn base(&mut self, buffer: Buffer, base: Value) -> Place {
        let known = self.row_pointers.iter().find(|(access, _)| *access == (buffer, base));
        if let Some((_, pointer)) = known {
            return Place { pointer: *pointer, offset: 0 };
        }
        if let Some(place) = self.sum_of_fixed_and_moving(buffer, base) {
            return place;
        }
        let bytes = self.constant(base).map(|base| (base as i64).checked_mul(self.element_size(buffer)));
        let pointer = self.buffer_pointer(buffer);
        match bytes.flatten().map(i32::try_from) {
            // Leaves room for the offsets of further registers.
            Some(Ok(offset)) if offset.unsigned_abs() < 1 << 30 => Place { pointer, offset },
            _ => {
                let base = self.scalar(base);
                Place { pointer: self.indexed(pointer, base, buffer), offset: 0 }
            }
        }
    }

    /// Computes the uniform part of an address once for the whole row, if it is more than an offset.
    pub(crate) fn keep_base(&mut self, buffer: Buffer, base: Value) {
        if self.constant(base).is_none() && self.is_available(base) {
            let Place { pointer, .. } = self.base(buffer, base);
            self.row_pointers.push(((buffer, base), pointer));
        }
    }

    /// Where the only, the first or every element is.
    pub(crate) fn first_place(&mut self, buffer: Buffer, address: &Address) -> Place {
        let Place { pointer, offset } = self.base(buffer, address.base);
        let pointer = match address.lanes {
            Lanes::Uniform => pointer,
            Lanes::Unit => {
                let index = self.step_index();
                self.indexed(pointer, index, buffer)
            }
            Lanes::Strided(stride) => {
                let stride = self.scalar(stride);
                let index = self.step_index();
                let index = self.builder.ins().imul(index, stride);
                self.indexed(pointer, index, buffer)
            }
            Lanes::Part { of, part } => {
                let index = self.step_index();
                let index = self.builder.ins().imul_imm_s(index, of as i64);
                let offset = offset + part as i32 * self.element_size(buffer) as i32;
                return Place { pointer: self.indexed(pointer, index, buffer), offset };
            }
            Lanes::Gather(index) => {
                let index = self.scalar(index);
                self.indexed(pointer, index, buffer)
            }
        };
        Place { pointer, offset }
    }

    /// Where each lane's element is.
    pub(crate) fn lane_places(&mut self, buffer: Buffer, address: &Address) -> Places {
        let size = self.element_size(buffer);
        match address.lanes {
            Lanes::Uniform => SmallVec::from_elem(self.first_place(buffer, address), self.lanes),
            Lanes::Unit | Lanes::Part { .. } => {
                let Place { pointer, offset } = self.first_place(buffer, address);
                let distance =
                    if let Lanes::Part { of, .. } = address.lanes { of as i64 * size } else { size };
                (0..self.lanes as i32)
                    .map(|lane| Place { pointer, offset: offset + lane * distance as i32 })
                    .collect()
            }
            Lanes::Strided(stride) => {
                let Place { mut pointer, offset } = self.first_place(buffer, address);
                let stride = self.scalar(stride);
                let stride = self.scale(stride, buffer);
                (0..self.lanes)
                    .map(|lane| {
                        if lane > 0 {
                            pointer = self.builder.ins().iadd(pointer, stride);
                        }
                        Place { pointer, offset }
                    })
                    .collect()
            }
            Lanes::Gather(index) => {
                let Place { pointer, offset } = self.base(buffer, address.base);
                let indices = self.registers(index, Width::Wide);
                (0..self.lanes)
                    .map(|lane| {
                        let index = self.lane_of(&indices, Width::Wide, lane);
                        Place { pointer: self.indexed(pointer, index, buffer), offset }
                    })
                    .collect()
            }
        }
    }

    /// The place itself where a condition holds, and elsewhere another one.
    pub(crate) fn place_if(&mut self, condition: Reg, place: Place, otherwise: Reg) -> Place {
        let pointer = match place.offset {
            0 => place.pointer,
            offset => self.builder.ins().iadd_imm_s(place.pointer, offset as i64),
        };
        Place { pointer: self.builder.ins().select(condition, pointer, otherwise), offset: 0 }
    }

    fn step_index(&self) -> Reg {
        self.index.expect("only regions have a lane dimension")
    }
}
