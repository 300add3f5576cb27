//! Reductions inside a block: 32 accumulator lanes, in memory or in registers.
//!
//! ```text
//! entry    lanes[0..32] = identity
//! step     lanes[p % 32 ..] = combine(lanes[p % 32 ..], contributions)     p: position in the row segment
//! end      by halves: lanes[0..16] takes in lanes[16..32], then 8, 4, 2, 1; lane 0 is the partial result
//! ```
//!
//! For steps that begin at a later element of the row than the first, lanes are rotated by so many elements: lane `l` of
//! the step's turn is at `lanes[rotation + l]`, where those from 32 on stand for the first ones.
//!
//! Totals of short lanes are in `short_totals`.
//! Of truth values no lanes are kept: their order never matters. One word collects the bits of false lanes (`and`), of
//! true ones (`or`), or their parity (`xor`).

use super::lanes::{of_extreme, of_size};
use super::memory::moved;
use super::short_totals::ShortTotal;
use super::values::Operand;
use super::{Extent, Registers, Scratch, Selector, size};
use crate::narrow::Narrow;
use crate::wide::assembler::{Alu, Condition, Length, Shift, VectorOp};
use crate::wide::machine::{Kind, Place, Reg, Source};
use parfuse_ir::grid::LANES;
use parfuse_ir::lane::{LaneOp, LaneType, Reduction, Value};
use parfuse_ir::{DType, ReduceOp};
use regalloc2::RegClass;

/// How lanes are combined.
#[derive(Clone, Copy)]
pub(super) struct Combination {
    op: ReduceOp,
    dtype: DType,
    ty: LaneType,
    /// Of short lanes, but of truth values.
    short: Option<ShortTotal>,
}

/// The accumulator lanes of one reduction.
#[derive(Clone, Copy)]
pub(super) struct Accumulator {
    combination: Combination,
    contribution: Value,
    ty: LaneType,
    /// Where in the function's own memory.
    own: i32,
}

impl Accumulator {
    /// Makes the lanes and sets them to the identity.
    pub(super) fn new(s: &mut Selector<'_>, reduction: Reduction) -> Accumulator {
        let Reduction { dtype, contribution, .. } = reduction;
        let (ty, combination) = (LaneType::of(dtype), Combination::of(&reduction, s.narrow.as_deref()));
        if ty == LaneType::Bool {
            let own = s.machine.own_memory(8);
            s.machine.store_imm(Place::Own(own), 0);
            return Accumulator { combination, contribution, ty, own };
        }
        if let Some(short) = combination.short {
            let accumulator = Accumulator { combination, contribution, ty, own: s.machine.own_memory(64) };
            let nothing = short.nothing(s);
            short.store(s, nothing, Place::Own(accumulator.own));
            return accumulator;
        }
        // A step that begins at any lane may read, though not use, a register beyond the last.
        let own = s.machine.own_memory(LANES * size(ty) + 64);
        let accumulator = Accumulator { combination, contribution, ty, own };
        let identity = combination.identity_lanes(s);
        accumulator.store(s, &Registers::from_elem(identity, LANES / s.group), None);
        accumulator
    }

    fn length(&self, s: &Selector<'_>) -> Length {
        s.length(self.ty, Extent::Group)
    }

    /// The bytes of a group of lanes.
    fn step(&self, s: &Selector<'_>) -> i32 {
        (s.group * size(self.ty)) as i32
    }

    /// The places of the registers of lanes, in their order.
    fn places(&self, s: &mut Selector<'_>, rotation: Option<Reg>) -> impl Iterator<Item = Place> + use<> {
        let step = self.step(s) as usize;
        let first = match rotation {
            None => Place::Own(self.own),
            Some(lane) => {
                let base = s.machine.address_of(Place::Own(self.own));
                let scale = size(self.ty).trailing_zeros() as u8;
                Place::Address { base, index: Some((lane, scale)), displacement: 0 }
            }
        };
        (0..).map(move |k| moved(first, k * step))
    }

    /// The first register of lanes, and the one after the last.
    fn ends(&self) -> [Place; 2] {
        let first = Place::Own(self.own);
        [first, moved(first, LANES * size(self.ty))]
    }

    /// A register of lanes from memory.
    fn read(&self, s: &mut Selector<'_>, place: Place) -> Reg {
        let length = self.length(s);
        s.machine.unary(of_size!(self.ty, Vmovupd, Vmovups), length, Source::Memory(place))
    }

    /// A register of lanes to memory.
    fn write(&self, s: &mut Selector<'_>, place: Place, lanes: Reg) {
        let length = self.length(s);
        s.machine.store_vector(of_size!(self.ty, VmovupdTo, VmovupsTo), length, lanes, place, None);
    }

    /// Takes a contribution in to lanes in memory, as far as its elements are there.
    fn take_in_to(&self, s: &mut Selector<'_>, place: Place, contribution: Reg) {
        let length = self.length(s);
        let before = self.read(s, place);
        let mut after = self.combination.combine(s, length, before, contribution);
        if let Some(active) = s.active {
            after = s.blend(self.ty, length, active, Source::Register(after), before, Extent::Group);
        }
        self.write(s, place, after);
    }

    /// All lanes in registers, for steps that are as long as there are lanes.
    pub(super) fn load(&self, s: &mut Selector<'_>, rotation: Option<Reg>) -> Registers {
        let places = self.places(s, rotation).take(LANES / s.group);
        places.map(|place| self.read(s, place)).collect()
    }

    /// Puts the lanes back to memory.
    pub(super) fn store(&self, s: &mut Selector<'_>, lanes: &[Reg], rotation: Option<Reg>) {
        for (place, register) in self.places(s, rotation).zip(lanes) {
            self.write(s, place, *register);
        }
    }

    /// Lets the first register of lanes go on after the last, for steps with rotated lanes.
    pub(super) fn turn(&self, s: &mut Selector<'_>) {
        if self.ty == LaneType::Bool {
            return;
        }
        let [first, beyond] = self.ends();
        let lanes = self.read(s, first);
        self.write(s, beyond, lanes);
    }

    /// Puts the lanes of a mask back from after the last to the first register.
    pub(super) fn turn_back(&self, s: &mut Selector<'_>, mask: Reg) {
        if self.ty == LaneType::Bool {
            return;
        }
        let length = self.length(s);
        let [first, beyond] = self.ends();
        let [kept, turned] = [first, beyond].map(|place| self.read(s, place));
        let lanes = s.blend(self.ty, length, mask, Source::Register(turned), kept, Extent::Group);
        self.write(s, first, lanes);
    }

    /// What becomes of lanes in registers in a step.
    pub(super) fn taken_in(&self, s: &mut Selector<'_>, lanes: &[Reg]) -> Registers {
        let contributions = s.lanes(self.contribution);
        self.combination.all(s, lanes, &contributions)
    }

    /// Takes in the contributions of the present elements of a step that is a whole turn of lanes, to the registers
    /// of lanes from `first` on.
    pub(super) fn take_in_turn(&self, s: &mut Selector<'_>, first: usize, rotation: Option<Reg>) {
        let contributions = s.lanes(self.contribution);
        if self.ty == LaneType::Bool {
            return self.take_in_truths(s, &contributions);
        }
        for (place, contribution) in self.places(s, rotation).skip(first).zip(contributions) {
            self.take_in_to(s, place, contribution);
        }
    }

    /// Takes in the contributions of the present elements, the first of which is at `position` from where turns begin.
    pub(super) fn take_in(&self, s: &mut Selector<'_>, position: Reg, rotation: Option<Reg>) {
        let contributions = s.lanes(self.contribution);
        if self.ty == LaneType::Bool {
            return self.take_in_truths(s, &contributions);
        }
        if let Some(short) = self.combination.short {
            let mut own = short.load(s, Place::Own(self.own));
            for lanes in contributions {
                own = short.taken_in(s, own, lanes);
            }
            return short.store(s, own, Place::Own(self.own));
        }
        let mut lane = s.machine.alu_imm(Alu::And, false, position, LANES as i32 - 1);
        if let Some(rotation) = rotation {
            lane = s.machine.alu(Alu::Add, false, lane, rotation);
        }
        for (place, contribution) in self.places(s, Some(lane)).zip(contributions) {
            self.take_in_to(s, place, contribution);
        }
    }

    /// Takes in the contribution of one element, which is uniform, at `position` in its row.
    pub(super) fn take_in_one(&self, s: &mut Selector<'_>, position: Reg) {
        let contribution = s.scalar(self.contribution);
        if self.ty == LaneType::Bool {
            let place = Place::Own(self.own);
            let word = s.machine.load(8, place);
            let word = self.combination.collect_one(s, word, contribution);
            return s.machine.store(8, word, place);
        }
        let lane = s.machine.alu_imm(Alu::And, false, position, LANES as i32 - 1);
        let base = s.machine.address_of(Place::Own(self.own));
        let scale = size(self.ty).trailing_zeros() as u8;
        let place = Place::Address { base, index: Some((lane, scale)), displacement: 0 };
        let load = of_size!(self.ty, Vmovsd, Vmovss);
        let before = s.machine.unary(load, Length::L128, Source::Memory(place));
        let own = s.scalar_to_lane(contribution, self.ty);
        let after = self.combination.combine(s, Length::L128, before, own);
        s.machine.store_vector(of_size!(self.ty, VmovsdTo, VmovssTo), Length::L128, after, place, None);
    }

    fn take_in_truths(&self, s: &mut Selector<'_>, contributions: &Registers) {
        let place = Place::Own(self.own);
        let word = s.machine.load(8, place);
        let word = self.combination.collect(s, word, contributions);
        s.machine.store(8, word, place);
    }

    /// Folds the lanes to one value: its bits, zero-extended.
    pub(super) fn fold(&self, s: &mut Selector<'_>) -> Reg {
        if self.ty == LaneType::Bool {
            let word = s.machine.load(8, Place::Own(self.own));
            return self.combination.fold_truths(s, word);
        }
        if let Some(short) = self.combination.short {
            let own = short.load(s, Place::Own(self.own));
            return short.folded(s, own);
        }
        let lanes = self.load(s, None);
        let lanes = self.combination.fold_registers(s, lanes);
        self.combination.fold_register(s, lanes, self.own)
    }
}

impl Combination {
    /// That of a reduction, of short lanes or others.
    pub(super) fn of<Total>(reduction: &Reduction<Total>, narrow: Option<&Narrow>) -> Combination {
        let short = ShortTotal::of(reduction, narrow);
        Combination { short, ..Combination::new(reduction.op, reduction.dtype) }
    }

    /// That of an operator.
    pub(super) fn new(op: ReduceOp, dtype: DType) -> Combination {
        Combination { op, dtype, ty: LaneType::of(dtype), short: None }
    }

    /// The lanes of no contributions.
    pub(super) fn identity_lanes(&self, s: &mut Selector<'_>) -> Reg {
        let identity = self.op.identity(self.dtype).to_bits();
        s.constant_register(identity, self.ty, Extent::Group)
    }

    /// The class of the registers that contributions are collected in.
    pub(super) fn class(&self) -> RegClass {
        if self.ty == LaneType::Bool { RegClass::Int } else { RegClass::Float }
    }

    /// How many of these registers there are for so many of lanes.
    pub(super) fn registers(&self, count: usize) -> usize {
        if self.ty == LaneType::Bool { 1 } else { count }
    }

    /// What they hold before the first contribution.
    pub(super) fn nothing(&self, s: &mut Selector<'_>) -> Reg {
        match self.short {
            Some(short) => short.nothing(s),
            None if self.ty == LaneType::Bool => s.machine.imm(0),
            None => self.identity_lanes(s),
        }
    }

    /// What they hold with these contributions.
    pub(super) fn taken_in(&self, s: &mut Selector<'_>, own: &[Reg], contributions: &[Reg]) -> Registers {
        match self.short {
            Some(short) => {
                own.iter().zip(contributions).map(|(own, lanes)| short.taken_in(s, *own, *lanes)).collect()
            }
            None if self.ty == LaneType::Bool => {
                Registers::from_elem(self.collect(s, own[0], contributions), 1)
            }
            None => self.all(s, own, contributions),
        }
    }

    /// The uniform value that the last of them holds.
    pub(super) fn folded(&self, s: &mut Selector<'_>, own: Reg) -> Reg {
        if self.ty == LaneType::Bool {
            return self.fold_truths(s, own);
        }
        if let Some(short) = self.short {
            return short.folded(s, own);
        }
        let memory = s.scratch(Scratch::Result);
        self.fold_register(s, own, memory)
    }

    /// Lanes with their contributions.
    pub(super) fn all(&self, s: &mut Selector<'_>, lanes: &[Reg], contributions: &[Reg]) -> Registers {
        let length = s.length(self.ty, Extent::Group);
        let both = lanes.iter().zip(contributions);
        match self.short {
            Some(short) => both.map(|(lanes, own)| short.joined(s, *lanes, *own)).collect(),
            None => both.map(|(lanes, own)| self.combine(s, length, *lanes, *own)).collect(),
        }
    }

    /// One truth value more in the word that collects them.
    pub(super) fn collect_one(&self, s: &mut Selector<'_>, word: Reg, contribution: Reg) -> Reg {
        let counted = match self.op {
            ReduceOp::And => s.machine.alu_imm(Alu::Xor, false, contribution, 1),
            _ => contribution,
        };
        self.counted(s, word, counted)
    }

    fn counted(&self, s: &mut Selector<'_>, word: Reg, bits: Reg) -> Reg {
        let op = if self.op == ReduceOp::Xor { Alu::Xor } else { Alu::Or };
        s.machine.alu(op, true, word, bits)
    }

    /// The truth values of lanes more in the word that collects them.
    pub(super) fn collect(&self, s: &mut Selector<'_>, mut word: Reg, contributions: &[Reg]) -> Reg {
        for contribution in contributions {
            let counted = match (self.op, s.active) {
                (ReduceOp::And, None) => s.not_mask(*contribution, Extent::Group),
                (ReduceOp::And, Some(active)) => s.and_not_masks(*contribution, active, Extent::Group),
                (_, None) => *contribution,
                (_, Some(active)) => s.and_masks(*contribution, active, Extent::Group),
            };
            let bits = s.mask_bits(counted, Extent::Group);
            word = self.counted(s, word, bits);
        }
        word
    }

    /// The lanes of several registers in one, by halves.
    pub(super) fn fold_registers(&self, s: &mut Selector<'_>, mut lanes: Registers) -> Reg {
        while lanes.len() > 1 {
            let (lower, upper) = lanes.split_at(lanes.len() / 2);
            lanes = self.all(s, lower, upper);
        }
        lanes[0]
    }

    /// Folds the lanes of one register, by way of own memory. Its upper half is read back from memory: no more than has been stored at once,
    /// so that it need not wait for the cache.
    pub(super) fn fold_register(&self, s: &mut Selector<'_>, lanes: Reg, own: i32) -> Reg {
        let (mut lanes, mut bytes) = (lanes, s.group * size(self.ty));
        while bytes > size(self.ty) {
            let store = of_size!(self.ty, VmovupdTo, VmovupsTo);
            s.machine.store_vector(store, Length::holding(bytes), lanes, Place::Own(own), None);
            bytes /= 2;
            let load = match bytes {
                4 => VectorOp::Vmovss,
                8 => VectorOp::Vmovsd,
                _ => of_size!(self.ty, Vmovupd, Vmovups),
            };
            let (length, upper) = (Length::holding(bytes), Place::Own(own + bytes as i32));
            let upper = s.machine.unary(load, length, Source::Memory(upper));
            lanes = self.combine(s, length, lanes, upper);
        }
        s.machine.move_out(RegClass::Int, of_size!(self.ty, VmovqTo, VmovdTo), Length::L128, lanes, None)
    }

    /// What the word that collects truth values says of all of them.
    pub(super) fn fold_truths(&self, s: &mut Selector<'_>, mut word: Reg) -> Reg {
        match self.op {
            ReduceOp::And => s.machine.fresh(Kind::CompareImm(Condition::Equal, true, 0), &[word]),
            ReduceOp::Xor => {
                for shift in [32, 16, 8, 4, 2, 1] {
                    let upper = s.machine.in_place(Kind::Shift(Shift::Shr, true, shift), word, None);
                    word = s.machine.alu(Alu::Xor, true, word, upper);
                }
                s.machine.alu_imm(Alu::And, false, word, 1)
            }
            _ => s.machine.fresh(Kind::CompareImm(Condition::NotEqual, true, 0), &[word]),
        }
    }

    /// The combination of two uniform integers.
    pub(super) fn combine_scalars(&self, s: &mut Selector<'_>, a: Reg, b: Reg) -> Reg {
        let less = if self.dtype.fills_unsigned_lane() { LaneOp::ULt } else { LaneOp::SLt };
        let mut op = |op: LaneOp, operands: &[Reg]| s.scalar_integers(op, self.ty, operands, None);
        match self.op {
            ReduceOp::Sum => op(LaneOp::IAdd, &[a, b]),
            ReduceOp::Product => op(LaneOp::IMul, &[a, b]),
            ReduceOp::And => op(LaneOp::IAnd, &[a, b]),
            ReduceOp::Or => op(LaneOp::IOr, &[a, b]),
            ReduceOp::Xor => op(LaneOp::IXor, &[a, b]),
            ReduceOp::Min => {
                let smaller = op(less, &[b, a]);
                s.machine.select(smaller, b, a)
            }
            ReduceOp::Max => {
                let smaller = op(less, &[a, b]);
                s.machine.select(smaller, b, a)
            }
        }
    }

    /// The combination of accumulated lanes with others.
    pub(super) fn combine(&self, s: &mut Selector<'_>, length: Length, a: Reg, b: Reg) -> Reg {
        let float = self.ty.is_float();
        let ty = self.ty;
        match self.op {
            ReduceOp::Sum if float => s.machine.binary(of_size!(ty, Vaddpd, Vaddps), length, a, b),
            ReduceOp::Sum => s.machine.binary(of_size!(ty, Vpaddq, Vpaddd), length, a, b),
            ReduceOp::Product if float => s.machine.binary(of_size!(ty, Vmulpd, Vmulps), length, a, b),
            ReduceOp::Product => {
                let operands = [a, b].map(Operand::Register);
                self.at_length(s, length, |s| {
                    s.lane_op(LaneOp::IMul, ty, ty, &operands, [false; 3], Extent::Group)
                })
            }
            // `b` where `a` is not a number, else the instruction's choice: `a` when both are equal.
            ReduceOp::Min if float => self.number_or(s, length, a, b, of_size!(ty, Vminpd, Vminps)),
            ReduceOp::Max if float => self.number_or(s, length, a, b, of_size!(ty, Vmaxpd, Vmaxps)),
            ReduceOp::Min | ReduceOp::Max if size(ty) == 4 || s.isa.evex() => {
                let instruction =
                    of_extreme(self.op == ReduceOp::Min, !self.dtype.fills_unsigned_lane(), size(ty));
                s.machine.binary(instruction, length, a, b)
            }
            ReduceOp::Min => self.smaller(s, length, a, b, [b, a]),
            ReduceOp::Max => self.smaller(s, length, a, b, [a, b]),
            ReduceOp::And => s.machine.binary(VectorOp::Vpand, length, a, b),
            ReduceOp::Or => s.machine.binary(VectorOp::Vpor, length, a, b),
            ReduceOp::Xor => s.machine.binary(VectorOp::Vpxor, length, a, b),
        }
    }

    fn number_or(&self, s: &mut Selector<'_>, length: Length, a: Reg, b: Reg, op: VectorOp) -> Reg {
        let better = s.machine.binary(op, length, b, a);
        self.where_compared(s, length, LaneOp::FNe, [a, a], b, better)
    }

    /// `b` where the first of a pair is smaller than the second, else `a`.
    fn smaller(&self, s: &mut Selector<'_>, length: Length, a: Reg, b: Reg, pair: [Reg; 2]) -> Reg {
        let op = if self.dtype.fills_unsigned_lane() { LaneOp::ULt } else { LaneOp::SLt };
        self.where_compared(s, length, op, pair, b, a)
    }

    /// `yes` where a comparison holds, else `no`, in registers of any length.
    fn where_compared(
        &self,
        s: &mut Selector<'_>,
        length: Length,
        op: LaneOp,
        pair: [Reg; 2],
        yes: Reg,
        no: Reg,
    ) -> Reg {
        let operands = pair.map(Operand::Register);
        self.at_length(s, length, |s| {
            let mask = s.lane_op(op, self.ty, LaneType::Bool, &operands, [false; 3], Extent::Group);
            s.blend(self.ty, length, mask, Source::Register(yes), no, Extent::Group)
        })
    }

    /// Selects as if the region had nothing but this type, in registers of this length.
    fn at_length(
        &self,
        s: &mut Selector<'_>,
        length: Length,
        select: impl FnOnce(&mut Selector<'_>) -> Reg,
    ) -> Reg {
        let outer = (s.group, s.widest);
        (s.group, s.widest) = (length.bytes() / size(self.ty), size(self.ty));
        let selected = select(s);
        (s.group, s.widest) = outer;
        selected
    }
}
