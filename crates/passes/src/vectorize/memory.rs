//! Loads and stores: how an access moves with the lanes, and which lanes may touch memory.
//!
//! ```text
//! address = sum of index * stride            index = coefficient * lane + offset    (affine.rs)
//!
//! sum of coefficient * stride    0: uniform    1: unit    other: strided    an uneven index: gather
//! ```
//!
//! What is the same for all lanes, is loaded in any case and is never written in the region is loaded once a row.

use super::affine;
use super::translate::{Place, Translator};
use parfuse_ir::lane::{Address, Inst, LaneOp, LaneType, Lanes, Node, Value};
use parfuse_ir::loops::{Buffer, Origin};
use parfuse_ir::math::Primitives;

impl Translator<'_> {
    /// Loads an element.
    pub(super) fn load(&mut self, buffer: Buffer, index: &[Value]) -> Value {
        let address = self.address(buffer, index);
        let mask = match address.lanes {
            Lanes::Uniform => self.uniform_mask(),
            _ => self.mask.lanes,
        };
        let ty = LaneType::of(self.loops.buffers[buffer].dtype);
        if address.lanes == Lanes::Uniform && mask.is_none() && self.never_stored(buffer) {
            let load = Inst::Load { buffer, address, mask };
            if let Some(value) = self.build.once_a_row(load, ty, address.base) {
                return value;
            }
        }
        self.build.here(Inst::Load { buffer, address, mask }, ty, address.lanes != Lanes::Uniform)
    }

    /// Stores an element.
    pub(super) fn store(&mut self, buffer: Buffer, index: &[Value], value: Value) {
        let mut address = self.address(buffer, index);
        let mask = match address.lanes {
            Lanes::Uniform if self.build.varying(value) => {
                // Lanes in order, so the last one stays: an even address that is gathered all the same.
                let lane = affine::lane_index(&mut self.build);
                let zero = self.build.i64(0);
                let nowhere = Inst::Op(LaneOp::IMul, [lane, zero].as_slice().into());
                address.lanes = Lanes::Gather(self.build.here(nowhere, LaneType::I64, true));
                self.mask.lanes
            }
            Lanes::Uniform => self.uniform_mask(),
            _ => self.mask.lanes,
        };
        self.build.node(Node::Store { buffer, address, value, mask });
    }

    fn never_stored(&self, buffer: Buffer) -> bool {
        match &self.place {
            Place::Driver => false,
            Place::Region { stored, .. } => !stored.contains(&buffer),
        }
    }

    /// For one element for all lanes: whether any lane is here, if that is not known. Behind a check that all of them may
    /// have failed it is to be found out anew: the element may be the very one that does not exist.
    fn uniform_mask(&mut self) -> Option<Value> {
        let mask = self.mask.lanes?;
        match self.deserted {
            true if self.build.varying(mask) => Some(self.build.here(Inst::Any(mask), LaneType::Bool, false)),
            false if self.mask.nonempty => None,
            _ => Some(self.build.any(mask)),
        }
    }

    fn address(&mut self, buffer: Buffer, index: &[Value]) -> Address {
        let zero = self.build.i64(0);
        let (mut base, mut coefficient, mut gathered) = (zero, zero, zero);
        for (axis, index) in index.iter().enumerate() {
            let stride = self.stride(buffer, axis as u8);
            match self.build.affine(*index) {
                Some(affine) => {
                    base = self.add_product(base, affine.offset, stride);
                    coefficient = self.add_product(coefficient, affine.coefficient, stride);
                }
                None => gathered = self.add_product(gathered, *index, stride),
            }
        }
        let lanes = match (self.build.bits(coefficient), self.build.varying(gathered)) {
            (Some(0), false) => Lanes::Uniform,
            (Some(1), false) => Lanes::Unit,
            (_, false) => Lanes::Strided(coefficient),
            (Some(0), true) => Lanes::Gather(gathered),
            (_, true) => {
                let lane = affine::lane_index(&mut self.build);
                Lanes::Gather(self.add_product(gathered, lane, coefficient))
            }
        };
        Address { base, lanes }
    }

    fn add_product(&mut self, sum: Value, a: Value, b: Value) -> Value {
        let product = self.build.op(LaneOp::IMul, &[a, b]);
        self.build.op(LaneOp::IAdd, &[sum, product])
    }

    fn stride(&mut self, buffer: Buffer, axis: u8) -> Value {
        let data = &self.loops.buffers[buffer];
        let unit = match &data.origin {
            Origin::Param { layout, .. } => layout.unit,
            Origin::Local => data.rank.checked_sub(1),
        };
        if unit == Some(axis) {
            return self.build.i64(1);
        }
        self.build.pure(Inst::Stride(buffer, axis), LaneType::I64, false)
    }

    /// The length of an axis.
    pub(super) fn dim(&mut self, buffer: Buffer, axis: u8) -> Value {
        self.build.pure(Inst::Dim(buffer, axis), LaneType::I64, false)
    }
}
