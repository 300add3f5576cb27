//! Totals of short lanes: one register for any number of them keeps what is the same in any order.
//!
//! | | the register has | a register of lanes more |
//! |---|---|---|
//! | sums | lanes of eight bytes | its bytes are added up, eight in each |
//! | the least, the greatest | short lanes | lane by lane |

use super::lanes::of_extreme;
use super::memory::moved;
use super::values::repeated;
use super::{Extent, Scratch, Selector};
use crate::narrow::Narrow;
use crate::wide::assembler::{Alu, VectorOp};
use crate::wide::machine::{Place, Reg, Source};
use parfuse_ir::lane::{LaneType, Reduction};
use parfuse_ir::{DType, ReduceOp};

/// A total of short lanes.
#[derive(Clone, Copy)]
pub(super) struct ShortTotal {
    op: ReduceOp,
    dtype: DType,
    /// Whether what is taken in may be negative.
    signed: bool,
}

/// Where short lanes are integers, and how many there are.
const LANES: (LaneType, Extent) = (LaneType::I32, Extent::Group);

impl ShortTotal {
    /// That of a reduction, if its rows are in short lanes; truth values are collected otherwise.
    pub(super) fn of<Total>(reduction: &Reduction<Total>, narrow: Option<&Narrow>) -> Option<ShortTotal> {
        let Reduction { op, dtype, contribution, .. } = *reduction;
        let signed = match op {
            ReduceOp::Sum => narrow?.is_signed(contribution),
            _ => dtype.is_signed(),
        };
        (narrow.is_some() && !dtype.is_bool()).then_some(ShortTotal { op, dtype, signed })
    }

    /// The register of nothing.
    pub(super) fn nothing(&self, s: &mut Selector<'_>) -> Reg {
        let identity = if self.op == ReduceOp::Sum { 0 } else { self.op.identity(self.dtype).to_bits() };
        s.constant_register(identity, LANES.0, LANES.1)
    }

    /// The register with the lanes of another that count.
    pub(super) fn taken_in(&self, s: &mut Selector<'_>, own: Reg, lanes: Reg) -> Reg {
        let length = s.length(LANES.0, LANES.1);
        if self.op == ReduceOp::Sum {
            let lanes = match s.active {
                Some(active) => s.keep_lanes(lanes, active, LANES.0),
                None => lanes,
            };
            let sums = self.sums_of_eight_bytes(s, lanes);
            return s.machine.binary(VectorOp::Vpaddq, length, own, sums);
        }
        let better = self.joined(s, own, lanes);
        match s.active {
            Some(active) => s.blend(LANES.0, length, active, Source::Register(better), own, LANES.1),
            None => better,
        }
    }

    /// Two registers in one.
    pub(super) fn joined(&self, s: &mut Selector<'_>, a: Reg, b: Reg) -> Reg {
        let (length, size) = (s.length(LANES.0, LANES.1), s.lane_size(LANES.0, LANES.1));
        let instruction = match self.op {
            ReduceOp::Sum => VectorOp::Vpaddq,
            op => of_extreme(op == ReduceOp::Min, self.signed, size),
        };
        s.machine.binary(instruction, length, a, b)
    }

    /// The register as one number.
    pub(super) fn folded(&self, s: &mut Selector<'_>, own: Reg) -> Reg {
        let place = Place::Own(s.scratch(Scratch::Result));
        self.store(s, own, place);
        if self.op == ReduceOp::Sum {
            let sums = (0..s.length(LANES.0, LANES.1).bytes()).step_by(8);
            let sums: Vec<Reg> = sums.map(|at| s.machine.load(8, moved(place, at))).collect();
            let all = sums[1..].iter().fold(sums[0], |all, sum| s.machine.alu(Alu::Add, true, all, *sum));
            // The operation clears what is above.
            return if self.dtype.size() == 8 { all } else { s.machine.alu_imm(Alu::And, false, all, -1) };
        }
        let element = match (s.lane_size(LANES.0, LANES.1), self.signed) {
            (1, true) => DType::I8,
            (1, false) => DType::U8,
            (_, true) => DType::I16,
            (_, false) => DType::U16,
        };
        let combination = super::reductions::Combination::new(self.op, self.dtype);
        let lane =
            |s: &mut Selector<'_>, lane: usize| s.load_short(element, moved(place, lane * element.size()));
        let first = lane(s, 0);
        (1..s.group).fold(first, |best, number| {
            let own = lane(s, number);
            combination.combine_scalars(s, best, own)
        })
    }

    /// The register from memory.
    pub(super) fn load(&self, s: &mut Selector<'_>, place: Place) -> Reg {
        let length = s.length(LANES.0, LANES.1);
        s.machine.unary(VectorOp::Vmovups, length, Source::Memory(place))
    }

    /// The register to memory.
    pub(super) fn store(&self, s: &mut Selector<'_>, own: Reg, place: Place) {
        let length = s.length(LANES.0, LANES.1);
        s.machine.store_vector(VectorOp::VmovupsTo, length, own, place, None);
    }

    /// The sums of the lanes in eight bytes each. There is an instruction for bytes without a sign: the least number is
    /// taken off others before and added again behind, and those of 16 bits are taken apart.
    fn sums_of_eight_bytes(&self, s: &mut Selector<'_>, lanes: Reg) -> Reg {
        let (length, size) = (s.length(LANES.0, LANES.1), s.lane_size(LANES.0, LANES.1));
        let zeros = s.constant_register(0, LANES.0, LANES.1);
        let least = 1u64 << (8 * size - 1);
        let mut lanes = lanes;
        if self.signed {
            let turned = s.constant_of_size(repeated(least, size), 8, length, LANES.1);
            lanes = s.machine.binary(VectorOp::Vpxor, length, lanes, turned);
        }
        let sums = if size == 1 {
            s.machine.binary(VectorOp::Vpsadbw, length, lanes, zeros)
        } else {
            let low = s.constant_of_size(repeated(0xff, 2), 8, length, LANES.1);
            let low = s.machine.binary(VectorOp::Vpand, length, lanes, low);
            let high = s.machine.unary_imm(VectorOp::VpsrlwBy, length, lanes, 8);
            let [low, high] =
                [low, high].map(|bytes| s.machine.binary(VectorOp::Vpsadbw, length, bytes, zeros));
            let high = s.machine.unary_imm(VectorOp::VpsllqBy, length, high, 8);
            s.machine.binary(VectorOp::Vpaddq, length, low, high)
        };
        if !self.signed {
            return sums;
        }
        let added = s.constant_of_size(least * (8 / size as u64), 8, length, LANES.1);
        s.machine.binary(VectorOp::Vpsubq, length, sums, added)
    }
}
