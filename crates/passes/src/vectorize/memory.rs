//! Loads and stores: how an access moves with the lanes, and which lanes may touch memory.
//!
//! ```text
//! address = sum of index * stride            index = coefficient * lane + offset    (affine.rs)
//!
//! sum of coefficient * stride    0: uniform    1: unit    other: strided    an uneven index: gather
//!                                3, of pixels of three colours: parts
//! ```
//!
//! An index that wraps around at a border is a gather there, and runs along elsewhere (borders.rs): both are written down,
//! in a branch that asks where the lanes are.
//!
//! What is the same for all lanes, is loaded in any case and is never written in the region is loaded once a row.

use super::affine;
use super::borders::{self, Run};
use super::translate::{Place, Translator};
use parfuse_ir::lane::{Address, Inst, LaneOp, LaneType, Lanes, Merge, Node, Value};
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
        if matches!(address.lanes, Lanes::Gather(_))
            && let Some(value) = self.load_between_borders(buffer, index, mask)
        {
            return value;
        }
        let ty = LaneType::of(self.loops.buffers[buffer].dtype);
        if address.lanes == Lanes::Uniform && mask.is_none() && self.never_stored(buffer) {
            let load = Inst::Load { buffer, address, mask };
            if let Some(value) = self.build.once_a_row(load, ty, address.base) {
                return value;
            }
        }
        self.build.here(Inst::Load { buffer, address, mask }, ty, address.lanes != Lanes::Uniform)
    }

    /// Loads neighbours, but where an index wraps around.
    fn load_between_borders(
        &mut self,
        buffer: Buffer,
        index: &[Value],
        mask: Option<Value>,
    ) -> Option<Value> {
        let zero = self.build.i64(0);
        let (mut base, mut coefficient) = (zero, zero);
        let mut all: Option<Run> = None;
        for (axis, index) in index.iter().enumerate() {
            let stride = self.stride(buffer, axis as u8);
            let run = self.build.run(*index)?;
            base = self.add_product(base, run.affine.offset, stride);
            coefficient = self.add_product(coefficient, run.affine.coefficient, stride);
            all = Some(match all {
                Some(all) => all.within(&mut self.build, run.first, run.end),
                None => run,
            });
        }
        if self.build.bits(coefficient) != Some(1) {
            return None;
        }
        let Run { first, end, .. } = all?;
        let ty = LaneType::of(self.loops.buffers[buffer].dtype);
        let outside = self.build.pure(Inst::Outside(first, end), LaneType::Bool, false);

        // What is computed for the border alone is computed there alone.
        self.build.open_branch();
        let index: Vec<Value> = index.iter().map(|index| borders::anew(&mut self.build, *index)).collect();
        let address = self.address(buffer, &index);
        let then = self.build.here(Inst::Load { buffer, address, mask }, ty, true);
        let at_border = self.build.close_branch();

        self.build.open_branch();
        let address = Address { base, lanes: Lanes::Unit };
        let otherwise = self.build.here(Inst::Load { buffer, address, mask }, ty, true);
        let between = self.build.close_branch();

        let value = self.build.bound(ty, true);
        self.build.branch(outside, at_border, between, vec![Merge { value, then, otherwise }]);
        Some(value)
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
        let part = self.part(buffer, index);
        let whole = index.len() - part.is_some() as usize;
        for (axis, index) in index[..whole].iter().enumerate() {
            let stride = self.stride(buffer, axis as u8);
            match self.build.affine(*index) {
                Some(affine) => {
                    base = self.add_product(base, affine.offset, stride);
                    coefficient = self.add_product(coefficient, affine.coefficient, stride);
                }
                None => gathered = self.add_product(gathered, *index, stride),
            }
        }
        if let Some((of, part)) = part {
            if self.build.bits(coefficient) == Some(of as u64) && !self.build.varying(gathered) {
                return Address { base, lanes: Lanes::Part { of, part } };
            }
            let part = self.build.i64(part as i64);
            base = self.build.op(LaneOp::IAdd, &[base, part]);
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

    /// Which of how many neighbours an index names, if that is known and lanes that are all here may touch any of them.
    fn part(&self, buffer: Buffer, index: &[Value]) -> Option<(u8, u8)> {
        let of = self.shared.packed.of_buffer(buffer).filter(|_| self.mask.lanes.is_none())?;
        let part = u8::try_from(self.build.bits(*index.last()?)?).ok().filter(|part| *part < of)?;
        Some((of, part))
    }

    fn add_product(&mut self, sum: Value, a: Value, b: Value) -> Value {
        let product = self.build.op(LaneOp::IMul, &[a, b]);
        self.build.op(LaneOp::IAdd, &[sum, product])
    }

    fn stride(&mut self, buffer: Buffer, axis: u8) -> Value {
        let data = &self.loops.buffers[buffer];
        let known = match &data.origin {
            Origin::Param { layout, .. } => layout.stride(axis),
            Origin::Local if axis + 1 == data.rank => Some(1),
            Origin::Local if axis + 2 == data.rank => self.shared.packed.row_of(buffer),
            Origin::Local => None,
        };
        if let Some(known) = known {
            return self.build.i64(known as i64);
        }
        self.build.pure(Inst::Stride(buffer, axis), LaneType::I64, false)
    }

    /// The length of an axis.
    pub(super) fn dim(&mut self, buffer: Buffer, axis: u8) -> Value {
        self.build.pure(Inst::Dim(buffer, axis), LaneType::I64, false)
    }
}
