//! Parts of neighbours: the colours of pixels, the coordinates of points, of as many as a register has lanes at once.
//!
//! ```text
//! memory                        registers of parts
//! r g b r │ g b r g │ b r g b        r r r r
//!                               ⇔    g g g g
//!                                    b b b b
//! ```
//!
//! What one load of a part reads has all other parts, so they are kept for the loads that follow, until something is
//! stored to the array or the block ends. Stores of all parts are done together at the last of them, if nothing in between
//! looks at the array. Registers are shuffled apart and together by twos where the number of parts is even; an odd one
//! has no factor in common with the number of lanes, so that the lanes of a part come from different places of the
//! registers they are in and can be blended before they are put in order. With AVX-512 there are shuffles of two registers.
//!
//! | elements | all lanes | the first lanes only |
//! |---|---|---|
//! | as long as lanes | whole registers | the same, masked |
//! | of 8 and 16 bits | 16 bytes at a time, and what is left | one by one |
//! | truth values, some parts of a store | one by one | one by one |

use super::lanes::of_size;
use super::memory::moved;
use super::{Extent, Registers, Selector, size};
use crate::wide::assembler::{Alu, Condition, Constant, Length, VectorOp};
use crate::wide::machine::{Kind, Place, Reg, Source};
use parfuse_ir::DType;
use parfuse_ir::lane::{Address, Buffer, Inst, LaneType, Lanes, Node, Value};
use regalloc2::RegClass;

/// The parts of neighbours that have been loaded.
pub(super) struct Loaded {
    buffer: Buffer,
    base: Value,
    of: u8,
    /// How many values were bound then.
    mark: usize,
    parts: Vec<Registers>,
}

/// The parts that are yet to be stored together.
pub(super) struct Collected {
    buffer: Buffer,
    base: Value,
    of: u8,
    parts: Vec<Option<Registers>>,
}

impl Selector<'_> {
    /// The place of an address's first part, if it is one of parts.
    fn first_part(&mut self, buffer: Buffer, base: Value, of: u8) -> Place {
        self.first_place(buffer, &Address { base, lanes: Lanes::Part { of, part: 0 } })
    }

    /// Whether elements of an array go through registers as a whole.
    fn is_shuffled(&self, element: DType) -> bool {
        let bytes = self.group * element.size();
        match element.fills_lane() {
            true => true,
            false => !element.is_bool() && bytes <= Length::L128.bytes() && self.active.is_none(),
        }
    }

    /// Loads a part.
    pub(super) fn load_part(&mut self, buffer: Buffer, base: Value, of: u8, part: u8) -> Registers {
        let known = |own: &&Loaded| own.buffer == buffer && own.base == base && own.of == of;
        if let Some(known) = self.loaded.iter().find(known) {
            return known.parts[part as usize].clone();
        }
        let element = self.element_of(buffer);
        let first = self.first_part(buffer, base, of);
        if !self.is_shuffled(element) {
            return (0..self.count)
                .map(|k| {
                    let places = self.places_of_part(first, k, element, of, part);
                    self.load_shorts_one_by_one(element, &places, self.active)
                })
                .collect();
        }
        let masks = self.masks_of_parts(of);
        let mut parts = vec![Registers::new(); of as usize];
        for k in 0..self.count {
            let place = moved(first, k * self.group * of as usize * element.size());
            let own = match element.fills_lane() {
                true => {
                    let ty = element.lane();
                    let registers: Vec<Reg> = (0..of as usize)
                        .map(|number| {
                            let place = moved(place, number * self.group * element.size());
                            self.load_register(ty, place, masks.as_ref().map(|masks| masks[number]))
                        })
                        .collect();
                    self.taken_apart(ty, &registers)
                }
                false => self.shorts_taken_apart(element, place, of as usize),
            };
            parts.iter_mut().zip(own).for_each(|(part, own)| part.push(own));
        }
        let registers = parts[part as usize].clone();
        self.loaded.push(Loaded { buffer, base, of, mark: self.enter(), parts });
        registers
    }

    /// Forgets what was loaded of an array that is stored to, but some neighbours.
    pub(super) fn forget_parts(&mut self, buffer: Buffer, but: Option<(Value, u8)>) {
        self.loaded.retain(|own| own.buffer != buffer || but == Some((own.base, own.of)));
    }

    /// Forgets what was loaded since so many values were bound.
    pub(super) fn forget_loaded(&mut self, mark: usize) {
        self.loaded.retain(|own| own.mark < mark);
        self.leaders.retain(|own| own.mark < mark);
    }

    /// Stores a part, the first of some nodes, or keeps it until the others are there.
    pub(super) fn store_part(
        &mut self,
        nodes: &[Node],
        buffer: Buffer,
        base: Value,
        of: u8,
        part: u8,
        value: Value,
    ) {
        let registers = self.lanes(value);
        let (element, ty) = (self.element_of(buffer), self.element_of(buffer).lane());
        let known = |own: &Collected| own.buffer == buffer && own.base == base && own.of == of;
        let mut collected = self.collected.iter().position(known).map(|own| self.collected.swap_remove(own));
        if collected.is_none() {
            let all = self.is_shuffled(element) && self.stores_all_parts(nodes, buffer, base, of);
            let parts = vec![None; of as usize];
            collected = all.then_some(Collected { buffer, base, of, parts });
            self.forget_parts(buffer, all.then_some((base, of)));
        }
        let Some(mut collected) = collected else {
            let first = self.first_part(buffer, base, of);
            for (k, register) in registers.into_iter().enumerate() {
                let places = self.places_of_part(first, k, element, of, part);
                self.store_one_by_one(element, register, &places, self.active);
            }
            return;
        };
        collected.parts[part as usize] = Some(registers);
        if collected.parts.contains(&None) {
            self.collected.push(collected);
            return;
        }
        self.forget_parts(buffer, None);
        let parts: Vec<Registers> = collected.parts.into_iter().flatten().collect();
        let first = self.first_part(buffer, base, of);
        let masks = self.masks_of_parts(of);
        for k in 0..self.count {
            let place = moved(first, k * self.group * of as usize * element.size());
            let own: Vec<Reg> = parts.iter().map(|part| part[k]).collect();
            if !element.fills_lane() {
                self.store_shorts_together(element, &own, place);
                continue;
            }
            for (number, register) in self.put_together(ty, &own).into_iter().enumerate() {
                let place = moved(place, number * self.group * element.size());
                self.store_register(ty, register, place, masks.as_ref().map(|masks| masks[number]));
            }
        }
    }

    /// Whether nodes begin with stores of all parts of the same neighbours, with nothing in between that may go elsewhere or
    /// looks at the array, but at parts that have been loaded and not been stored yet.
    fn stores_all_parts(&self, nodes: &[Node], buffer: Buffer, base: Value, of: u8) -> bool {
        let loaded = self.loaded.iter().any(|own| own.buffer == buffer && own.base == base && own.of == of);
        let mut stored = 0u32;
        for node in nodes {
            match node {
                Node::Let(value) => match &self.code.values[*value].inst {
                    Inst::Load { buffer: from, address, .. } if *from == buffer => match address.lanes {
                        Lanes::Part { of: all, part }
                            if loaded && address.base == base && all == of && stored & (1 << part) == 0 => {}
                        _ => return false,
                    },
                    _ => {}
                },
                Node::Store { buffer: to, .. } if *to != buffer => {}
                Node::Store { address: Address { base: at, lanes }, mask: None, .. } if *at == base => {
                    match lanes {
                        Lanes::Part { of: all, part } if *all == of && stored & (1 << part) == 0 => {
                            stored |= 1 << part;
                        }
                        _ => return false,
                    }
                    if stored.count_ones() == of as u32 {
                        return true;
                    }
                }
                _ => return false,
            }
        }
        false
    }

    /// The places of a part for the lanes of register `k`.
    fn places_of_part(&self, first: Place, k: usize, element: DType, of: u8, part: u8) -> Vec<Place> {
        let place = |lane: usize| {
            let number = (k * self.group + lane) * of as usize + part as usize;
            moved(first, number * element.size())
        };
        (0..self.group).map(place).collect()
    }

    /// In the tail: for each register of neighbours, which of its lanes belong to those that count. Those are the first.
    fn masks_of_parts(&mut self, of: u8) -> Option<Vec<Reg>> {
        let active = self.active?;
        let bits = self.mask_bits(active, Extent::Group);
        let others = self.machine.in_place(Kind::Not(false), bits, None);
        let lanes = self.machine.fresh(Kind::LowestBit, &[others]);
        let all = self.machine.fresh(Kind::MultiplyImm(true, of as i32), &[lanes]);
        let zero = self.zero();
        let masks = (0..of as usize).map(|number| {
            let left = self.machine.alu_imm(Alu::Sub, true, all, (number * self.group) as i32);
            let left = self.machine.in_place(Kind::Better(Condition::Greater, true), left, Some(zero));
            self.mask_of_first(left)
        });
        Some(masks.collect())
    }

    /// From registers of neighbours to registers of parts.
    fn taken_apart(&mut self, ty: LaneType, registers: &[Reg]) -> Vec<Reg> {
        let (of, lanes) = (registers.len(), self.group);
        if of == 1 {
            return registers.to_vec();
        }
        if self.isa.evex() {
            return (0..of)
                .map(|part| self.picked(ty, registers, |lane| neighbour(of, part, lane)))
                .collect();
        }
        if of % 2 == 0 {
            let (mut even, mut odd) = (Vec::new(), Vec::new());
            for pair in registers.chunks(2) {
                let [first, second] = self.unzipped(ty, pair[0], pair[1]);
                even.push(first);
                odd.push(second);
            }
            let (even, odd) = (self.taken_apart(ty, &even), self.taken_apart(ty, &odd));
            return even.into_iter().zip(odd).flat_map(|(even, odd)| [even, odd]).collect();
        }
        (0..of)
            .map(|part| {
                let owner = |position: usize| {
                    (0..lanes).map(|lane| part + of * lane).find(|e| e % lanes == position).expect("one")
                        / lanes
                };
                let blended = self.blended(ty, registers, owner);
                self.permuted(ty, blended, |lane| (part + of * lane) % lanes)
            })
            .collect()
    }

    /// From registers of parts to registers of neighbours.
    fn put_together(&mut self, ty: LaneType, parts: &[Reg]) -> Vec<Reg> {
        let (of, lanes) = (parts.len(), self.group);
        if of == 1 {
            return parts.to_vec();
        }
        if self.isa.evex() {
            return (0..of)
                .map(|number| {
                    self.picked(ty, parts, |position| part_of(of, lanes, number * lanes + position))
                })
                .collect();
        }
        if of % 2 == 0 {
            let even: Vec<Reg> = parts.iter().copied().step_by(2).collect();
            let odd: Vec<Reg> = parts.iter().copied().skip(1).step_by(2).collect();
            let (even, odd) = (self.put_together(ty, &even), self.put_together(ty, &odd));
            return even.into_iter().zip(odd).flat_map(|(even, odd)| self.zipped(ty, even, odd)).collect();
        }
        let permuted: Vec<Reg> = parts
            .iter()
            .enumerate()
            .map(|(part, register)| {
                let from = |position: usize| {
                    (0..lanes).find(|lane| (part + of * lane) % lanes == position).expect("one")
                };
                self.permuted(ty, *register, from)
            })
            .collect();
        (0..of)
            .map(|number| self.blended(ty, &permuted, |position| (number * lanes + position) % of))
            .collect()
    }

    /// EVEX: a register whose lanes come from anywhere in some registers, counted through.
    pub(super) fn picked(&mut self, ty: LaneType, registers: &[Reg], from: impl Fn(usize) -> usize) -> Reg {
        let (lanes, length) = (self.group, self.length(ty, Extent::Group));
        let mut all = registers[0];
        for (number, register) in registers.iter().enumerate().skip(1) {
            let wanted = self.numbers_of_lanes(ty, |lane| of_two(lanes, number, lane, from(lane)));
            let wanted = self.machine.unary(of_size!(ty, Vmovupd, Vmovups), length, Source::Memory(wanted));
            all = self.machine.fused(of_size!(ty, Vpermt2pd, Vpermt2ps), length, all, wanted, *register);
        }
        all
    }

    /// VEX: a register each of whose lanes comes from the same lane of one of some registers.
    pub(super) fn blended(&mut self, ty: LaneType, registers: &[Reg], owner: impl Fn(usize) -> usize) -> Reg {
        let length = self.length(ty, Extent::Group);
        let mut all = registers[0];
        for (number, register) in registers.iter().enumerate().skip(1) {
            let bits = (0..self.group).filter(|lane| owner(*lane) == number).map(|lane| 1u8 << lane).sum();
            if bits != 0 {
                all = self.with_imm(of_size!(ty, Vblendpd, Vblendps), length, all, *register, bits);
            }
        }
        all
    }

    /// VEX: a register's lanes in another order.
    pub(super) fn permuted(&mut self, ty: LaneType, register: Reg, from: impl Fn(usize) -> usize) -> Reg {
        let length = self.length(ty, Extent::Group);
        if (0..self.group).all(|lane| from(lane) == lane) {
            return register;
        }
        let four = (0..4).map(|lane| (from(lane) as u8 & 3) << (2 * lane)).sum();
        match (size(ty), length) {
            (8, _) => self.machine.unary_imm(VectorOp::Vpermpd, length, register, four),
            (_, Length::L128) => self.with_imm(VectorOp::Vshufps, length, register, register, four),
            _ => {
                let numbers = self.numbers_of_lanes(ty, from);
                let numbers = self.machine.unary(VectorOp::Vmovups, length, Source::Memory(numbers));
                self.machine.binary(VectorOp::Vpermps, length, numbers, register)
            }
        }
    }

    /// VEX: the even lanes of two registers, and the odd ones.
    fn unzipped(&mut self, ty: LaneType, first: Reg, second: Reg) -> [Reg; 2] {
        let length = self.length(ty, Extent::Group);
        let both = match size(ty) {
            8 => [VectorOp::Vunpcklpd, VectorOp::Vunpckhpd]
                .map(|op| self.machine.binary(op, length, first, second)),
            _ => [0b10_00_10_00, 0b11_01_11_01]
                .map(|imm| self.with_imm(VectorOp::Vshufps, length, first, second, imm)),
        };
        both.map(|register| self.middle_swapped(length, register))
    }

    /// VEX: two registers' lanes in turn.
    fn zipped(&mut self, ty: LaneType, even: Reg, odd: Reg) -> [Reg; 2] {
        let length = self.length(ty, Extent::Group);
        let [even, odd] = [even, odd].map(|register| self.middle_swapped(length, register));
        let ops = match size(ty) {
            8 => [VectorOp::Vunpcklpd, VectorOp::Vunpckhpd],
            _ => [VectorOp::Vunpcklps, VectorOp::Vunpckhps],
        };
        ops.map(|op| self.machine.binary(op, length, even, odd))
    }

    /// VEX: a register of 32 bytes with the second and the third eight exchanged: shuffles stay within 16.
    fn middle_swapped(&mut self, length: Length, register: Reg) -> Reg {
        match length {
            Length::L128 => register,
            _ => self.machine.unary_imm(VectorOp::Vpermpd, length, register, 0b11_01_10_00),
        }
    }

    pub(super) fn with_imm(&mut self, op: VectorOp, length: Length, first: Reg, second: Reg, imm: u8) -> Reg {
        let result = self.machine.register(RegClass::Float);
        let (first, second) = (Some(first), Source::Register(second));
        self.machine.vector(op, length, Some(result), None, first, second, Some(imm), None);
        result
    }

    /// A number for each lane of a type.
    fn numbers_of_lanes(&mut self, ty: LaneType, number: impl Fn(usize) -> usize) -> Place {
        let mut numbers = [0; 16];
        (0..self.group).for_each(|lane| numbers[lane] = number(lane) as u8);
        let bytes = self.length(ty, Extent::Group).bytes() as u8;
        self.machine.constant(Constant::Numbers { numbers, size: size(ty) as u8, bytes })
    }

    /// The bytes of registers that these come from, by register and byte; zero where they come from others.
    fn gathered_bytes(
        &mut self,
        registers: &[Reg],
        bytes: usize,
        from: impl Fn(usize) -> (usize, usize),
    ) -> Reg {
        let mut all = None;
        for (number, register) in registers.iter().enumerate() {
            const NOTHING: u8 = 1 << 7;
            let mut numbers = [NOTHING; 16];
            for (byte, wanted) in numbers.iter_mut().enumerate().take(bytes) {
                if let (owner, position) = from(byte)
                    && owner == number
                {
                    *wanted = position as u8;
                }
            }
            if numbers == [NOTHING; 16] {
                continue;
            }
            let numbers = self.machine.constant(Constant::Numbers { numbers, size: 1, bytes: 16 });
            let own =
                self.machine.binary(VectorOp::Vpshufb, Length::L128, *register, Source::Memory(numbers));
            all = Some(match all {
                None => own,
                Some(before) => self.machine.binary(VectorOp::Vpor, Length::L128, before, own),
            });
        }
        all.expect("the bytes come from somewhere")
    }

    /// Loads short elements, and widens them by parts.
    fn shorts_taken_apart(&mut self, element: DType, place: Place, of: usize) -> Vec<Reg> {
        let chunks = chunks(self.group * of * element.size());
        let registers: Vec<Reg> = chunks
            .iter()
            .map(|(start, bytes)| {
                let op = match bytes {
                    16 => VectorOp::Vmovups,
                    8 => VectorOp::Vmovsd,
                    _ => VectorOp::Vmovss,
                };
                self.machine.unary(op, Length::L128, Source::Memory(moved(place, *start)))
            })
            .collect();
        (0..of)
            .map(|part| {
                let from = |byte: usize| {
                    let (lane, rest) = (byte / element.size(), byte % element.size());
                    let byte = (part + of * lane) * element.size() + rest;
                    let own = |(start, bytes): &(usize, usize)| (*start..start + bytes).contains(&byte);
                    let number = chunks.iter().position(own).expect("chunks have all bytes");
                    (number, byte - chunks[number].0)
                };
                let bytes = self.gathered_bytes(&registers, self.group * element.size(), from);
                self.widened(element, Source::Register(bytes))
            })
            .collect()
    }

    /// Truncates the parts of short elements and stores them as neighbours.
    fn store_shorts_together(&mut self, element: DType, parts: &[Reg], place: Place) {
        let packed: Vec<Reg> = parts.iter().map(|part| self.truncated(element, *part)).collect();
        for (start, bytes) in chunks(self.group * parts.len() * element.size()) {
            let from = |byte: usize| {
                let (number, rest) = ((start + byte) / element.size(), (start + byte) % element.size());
                (number % parts.len(), number / parts.len() * element.size() + rest)
            };
            let together = self.gathered_bytes(&packed, bytes, from);
            let op = match bytes {
                16 => VectorOp::VmovupsTo,
                8 => VectorOp::VmovsdTo,
                _ => VectorOp::VmovssTo,
            };
            self.machine.store_vector(op, Length::L128, together, moved(place, start), None);
        }
    }
}

/// So many bytes, a multiple of four, as starts and lengths of what one instruction moves.
fn chunks(bytes: usize) -> Vec<(usize, usize)> {
    let (mut chunks, mut start) = (Vec::new(), 0);
    while start < bytes {
        let length =
            [16, 8, 4].into_iter().find(|length| start + length <= bytes).expect("a multiple of four");
        chunks.push((start, length));
        start += length;
    }
    chunks
}

/// Where a lane's part is among neighbours.
fn neighbour(of: usize, part: usize, lane: usize) -> usize {
    part + of * lane
}

/// Where a neighbour is among the lanes of registers of parts.
fn part_of(of: usize, lanes: usize, neighbour: usize) -> usize {
    neighbour % of * lanes + neighbour / of
}

/// The number by which a shuffle of two registers gives a lane what comes from anywhere in some registers: the second one
/// is register `number`, the first has what came from those before it, in its place.
fn of_two(lanes: usize, number: usize, lane: usize, from: usize) -> usize {
    match (from / lanes, from % lanes) {
        (owner, position) if owner == number => lanes + position,
        // What is as it was in the first register.
        (0, position) if number == 1 => position,
        _ => lane,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use parfuse_ir::loops::MOST_PACKED;

    /// What shuffles of two registers make of some.
    fn picked(registers: &[Vec<usize>], from: impl Fn(usize) -> usize) -> Vec<usize> {
        let lanes = registers[0].len();
        let mut all = registers[0].clone();
        for (number, register) in registers.iter().enumerate().skip(1) {
            let both = [all, register.clone()].concat();
            all = (0..lanes).map(|lane| both[of_two(lanes, number, lane, from(lane))]).collect();
        }
        all
    }

    #[test]
    fn shuffles_of_two_registers_take_parts_apart_and_put_them_together() {
        for of in 2..=MOST_PACKED as usize {
            for lanes in [4, 8, 16] {
                let memory: Vec<Vec<usize>> =
                    (0..of).map(|number| (number * lanes..(number + 1) * lanes).collect()).collect();
                let parts: Vec<Vec<usize>> =
                    (0..of).map(|part| picked(&memory, |lane| neighbour(of, part, lane))).collect();
                for (part, own) in parts.iter().enumerate() {
                    assert!(
                        own.iter().enumerate().all(|(lane, found)| *found == lane * of + part),
                        "{own:?}"
                    );
                }
                for (number, own) in memory.iter().enumerate() {
                    let again = picked(&parts, |position| part_of(of, lanes, number * lanes + position));
                    assert_eq!(again, *own);
                }
            }
        }
    }
}
