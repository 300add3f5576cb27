//! Loops in which each lane walks along a row of its own: some columns of all rows are loaded at once, along the rows,
//! where elements are neighbours, and transposed in registers.
//!
//! ```text
//!          columns j … j + 3              a register for each
//! lane 0      a b c d                         a e i m
//! lane 1      e f g h             ⇒           b f j n
//! lane 2      i j k l                         c g k o
//! lane 3      m n o p                         d h l p
//! ```
//!
//! Such a loop is selected twice: for as many iterations at a time as a tile has columns, and then as it stands, for
//! what is left of them. Iterations stay in their order; only their loads come earlier, so nothing in the loop may
//! store to what they read, or end it before the last one.

use super::lanes::of_size;
use super::memory::moved;
use super::{Extent, Registers, Selector, size};
use crate::wide::assembler::{Alu, Condition, Length, VectorOp};
use crate::wide::machine::{Kind, Place, Reg, Source, Test};
use parfuse_ir::lane::{Buffer, Carried, Inst, LaneOp, LaneType, Lanes, Node, Value, walk};
use smallvec::{SmallVec, smallvec};

/// The columns of a tile: as many elements of four bytes as the shortest register has.
const COLUMNS: usize = 4;

/// The most statements of a body that is repeated for each column.
const LONGEST: usize = 24;

/// A load of an element of each lane's row, the next one in each iteration.
struct Walker {
    value: Value,
    buffer: Buffer,
    /// From row to row.
    stride: Value,
    /// What is added to the number of the iteration, or subtracted from it.
    offsets: SmallVec<[(Alu, Value); 2]>,
}

/// A tile that is in registers once its first column is asked for.
pub(super) struct Tile {
    value: Value,
    /// The present column of the first lane's row.
    pointer: Reg,
    /// From row to row and over three rows, in bytes.
    strides: [Reg; 2],
    columns: Vec<Registers>,
}

/// The tiles of the present iterations.
#[derive(Default)]
pub(super) struct Tiles {
    tiles: Vec<Tile>,
    column: usize,
}

impl Selector<'_> {
    /// Selects the first iterations of a loop by tiles, if that can be done: nearly all of a long loop's. Takes what it
    /// carries into the loop, and returns what it then carries.
    pub(super) fn repeat_by_tiles(
        &mut self,
        carried: &[Carried],
        header: &[Node],
        cond: Value,
        body: &[Node],
        init: &[Reg],
    ) -> Option<Vec<Reg>> {
        let (counter, trips) = self.counted(carried, header, cond)?;
        let walkers = self.walkers(counter, body)?;
        let trips = self.scalar(trips);
        let mut tiles: Vec<Tile> = walkers.iter().map(|walker| self.tile(walker)).collect();

        let [test, inside, after] = [(); 3].map(|()| self.machine.block());
        let pointers = tiles.iter().map(|tile| tile.pointer);
        let sent: Vec<Reg> = init.iter().copied().chain(pointers).collect();
        let received: Vec<Reg> = sent.iter().map(|from| self.machine.param(test, from.class())).collect();
        let (own, pointers) = received.split_at(init.len());
        self.machine.jump(test, &sent);

        self.machine.align(test);
        self.machine.fill(test);
        let position = carried.iter().position(|carry| carry.value == counter).expect("it is carried");
        let before: usize = carried[..position].iter().map(|carry| self.registers_of(carry.value)).sum();
        // It counts from zero and never beyond the end.
        let left = self.machine.alu(Alu::Sub, true, trips, own[before]);
        let enough = Test::CompareImm(Condition::AboveEqual, true, COLUMNS as i32);
        self.machine.branch(enough, &[left], inside, after);

        self.machine.fill(inside);
        self.poll();
        tiles.iter_mut().zip(pointers).for_each(|(tile, pointer)| tile.pointer = *pointer);
        let outer = std::mem::replace(&mut self.tiles, Tiles { tiles, column: 0 });
        let mark = self.enter();
        let (reads, mut present) = (self.remaining.clone(), own.to_vec());
        for column in 0..COLUMNS {
            self.tiles.column = column;
            self.remaining.clone_from(&reads);
            let mut rest = &present[..];
            for carry in carried {
                let (registers, others) = rest.split_at(self.registers_of(carry.value));
                self.bind(carry.value, registers.into());
                rest = others;
            }
            let mark = self.enter();
            self.nodes(body);
            present = self.send(carried.iter().map(|carry| (carry.next, carry.value)));
            self.leave(mark);
        }
        self.leave(mark);
        self.remaining = reads;
        let tiles = std::mem::replace(&mut self.tiles, outer).tiles;
        for tile in tiles {
            let step = (COLUMNS * size(self.ty(tile.value))) as i32;
            present.push(self.machine.alu_imm(Alu::Add, true, tile.pointer, step));
        }
        self.machine.jump(test, &present);
        self.machine.fill(after);
        Some(own.to_vec())
    }

    /// How many registers a carried value takes.
    pub(super) fn registers_of(&self, value: Value) -> usize {
        if self.is_varying(value) { self.count } else { 1 }
    }

    /// The carried value that counts a loop's iterations from zero, and their number, if the loop ends by nothing else.
    fn counted(&self, carried: &[Carried], header: &[Node], cond: Value) -> Option<(Value, Value)> {
        let [Node::Let(only)] = header else { return None };
        let Inst::Op(LaneOp::ULt, operands) = &self.code.values[cond].inst else { return None };
        let counter = carried.iter().find(|carry| carry.value == operands[0])?;
        // Whoever else reads the condition reads it in the body.
        let alone = *only == cond && self.remaining[cond.0 as usize] == 1;
        let from_zero = self.bits(counter.init) == Some(0) && self.ty(counter.value) == LaneType::I64;
        let Inst::Op(LaneOp::IAdd, sum) = &self.code.values[counter.next].inst else { return None };
        let by_one = sum[0] == counter.value && self.bits(sum[1]) == Some(1);
        (alone && from_zero && by_one && self.is_available(operands[1]))
            .then_some((counter.value, operands[1]))
    }

    /// The loads of a body that tiles can do; none if there are none, or the body does what forbids it.
    fn walkers(&self, counter: Value, body: &[Node]) -> Option<Vec<Walker>> {
        // Lanes that do not count may have no rows.
        if self.active.is_some() || self.one_by_one || walk::statements(body).count() > LONGEST {
            return None;
        }
        let plain = |node: &Node| matches!(node, Node::Let(_) | Node::Store { .. } | Node::If { .. });
        if !walk::statements(body).all(plain) {
            return None;
        }
        let stored_to = |buffer: Buffer| {
            walk::statements(body).any(|node| matches!(node, Node::Store { buffer: to, .. } if *to == buffer))
        };
        let walker = |node: &Node| {
            let Node::Let(value) = node else { return None };
            let Inst::Load { buffer, address, mask: None } = &self.code.values[*value].inst else {
                return None;
            };
            let Lanes::Strided(stride) = address.lanes else { return None };
            let fits = self.lane.buffers[*buffer].dtype.fills_lane() && self.ty(*value) != LaneType::Bool;
            // Lanes near each other need no tiles.
            let near = self.near_stride(address).is_some();
            if !fits || near || !self.is_available(stride) || stored_to(*buffer) {
                return None;
            }
            let offsets = self.offsets(address.base, counter)?;
            Some(Walker { value: *value, buffer: *buffer, stride, offsets })
        };
        let walkers: Vec<Walker> = body.iter().filter_map(walker).collect();
        (!walkers.is_empty()).then_some(walkers)
    }

    /// What a number is more than the counter, if that is the same in all iterations.
    fn offsets(&self, mut number: Value, counter: Value) -> Option<SmallVec<[(Alu, Value); 2]>> {
        let mut offsets = smallvec![];
        while number != counter {
            let Inst::Op(op, operands) = &self.code.values[number].inst else { return None };
            let (inner, offset) = match op {
                LaneOp::IAdd if self.is_available(operands[1]) => (operands[0], (Alu::Add, operands[1])),
                LaneOp::IAdd if self.is_available(operands[0]) => (operands[1], (Alu::Add, operands[0])),
                LaneOp::ISub if self.is_available(operands[1]) => (operands[0], (Alu::Sub, operands[1])),
                _ => return None,
            };
            offsets.push(offset);
            number = inner;
        }
        Some(offsets)
    }

    /// The tile of a load at the first iteration, not yet in registers.
    fn tile(&mut self, walker: &Walker) -> Tile {
        let bytes = size(self.ty(walker.value));
        let scale = bytes.trailing_zeros() as u8;
        let index = self.step_index();
        let stride = self.scalar(walker.stride);
        let mut first = self.machine.in_place(Kind::Multiply(true), index, Some(stride));
        for (op, offset) in &walker.offsets {
            let offset = self.scalar(*offset);
            first = self.machine.alu(*op, true, first, offset);
        }
        let base = self.buffer_pointer(walker.buffer);
        let place = Place::Address { base, index: Some((first, scale)), displacement: 0 };
        let pointer = self.machine.address_of(place);
        let row = self.machine.fresh(Kind::MultiplyImm(true, bytes as i32), &[stride]);
        let rows = Place::Address { base: row, index: Some((row, 1)), displacement: 0 };
        let rows = self.machine.address_of(rows);
        Tile { value: walker.value, pointer, strides: [row, rows], columns: Vec::new() }
    }

    /// A load's present column, if a tile has it.
    pub(super) fn column(&mut self, value: Value) -> Option<Registers> {
        let number = self.tiles.tiles.iter().position(|tile| tile.value == value)?;
        if self.tiles.tiles[number].columns.is_empty() {
            let Tile { pointer, strides, .. } = self.tiles.tiles[number];
            self.tiles.tiles[number].columns = self.load_tile(self.ty(value), pointer, strides);
        }
        Some(self.tiles.tiles[number].columns[self.tiles.column].clone())
    }

    /// Loads a tile and transposes it.
    fn load_tile(&mut self, ty: LaneType, pointer: Reg, [row, rows]: [Reg; 2]) -> Vec<Registers> {
        // Four rows can be reached from one address.
        let mut fours = vec![pointer];
        while 4 * fours.len() < self.count * self.group {
            let place =
                Place::Address { base: fours[fours.len() - 1], index: Some((row, 2)), displacement: 0 };
            fours.push(self.machine.address_of(place));
        }
        let place = |number: usize| {
            let index = [None, Some((row, 0)), Some((row, 1)), Some((rows, 0))][number % 4];
            Place::Address { base: fours[number / 4], index, displacement: 0 }
        };
        let length = self.length(ty, Extent::Group);
        // A transposition stays within 16 bytes: so many elements of so many rows.
        let own = Length::L128.bytes() / size(ty);
        let mut columns = vec![Registers::new(); COLUMNS];
        for k in 0..self.count {
            for first in (0..COLUMNS).step_by(own) {
                let parts: Vec<Reg> = (0..own)
                    .map(|row| {
                        let part = |number: usize| {
                            moved(place(k * self.group + number * own + row), first * size(ty))
                        };
                        self.load_parts(ty, length, (0..self.group / own).map(part).collect())
                    })
                    .collect();
                let transposed = self.transposed(length, &parts);
                columns[first..].iter_mut().zip(transposed).for_each(|(column, own)| column.push(own));
            }
        }
        columns
    }

    /// A register made of parts of 16 bytes.
    fn load_parts(&mut self, ty: LaneType, length: Length, parts: Vec<Place>) -> Reg {
        let load = of_size!(ty, Vmovupd, Vmovups);
        let mut register = self.machine.unary(load, Length::L128, Source::Memory(parts[0]));
        for (number, place) in parts.into_iter().enumerate().skip(1) {
            let (first, source) = (Some(register), Source::Memory(place));
            register = self.machine.register(regalloc2::RegClass::Float);
            let (op, imm) = (VectorOp::Vinsertf128, Some(number as u8));
            self.machine.vector(op, length, Some(register), None, first, source, imm, None);
        }
        register
    }

    /// Exchanges rows and columns in each 16 bytes: of two registers of 8-byte lanes, or four of 4-byte lanes.
    fn transposed(&mut self, length: Length, rows: &[Reg]) -> Vec<Reg> {
        let mut pair = |op: VectorOp, a: Reg, b: Reg| self.machine.binary(op, length, a, b);
        match *rows {
            [a, b] => vec![pair(VectorOp::Vunpcklpd, a, b), pair(VectorOp::Vunpckhpd, a, b)],
            [a, b, c, d] => {
                let lower = [pair(VectorOp::Vunpcklps, a, b), pair(VectorOp::Vunpcklps, c, d)];
                let upper = [pair(VectorOp::Vunpckhps, a, b), pair(VectorOp::Vunpckhps, c, d)];
                [lower, upper]
                    .into_iter()
                    .flat_map(|[ab, cd]| {
                        [pair(VectorOp::Vunpcklpd, ab, cd), pair(VectorOp::Vunpckhpd, ab, cd)]
                    })
                    .collect()
            }
            _ => unreachable!("16 bytes are two or four lanes"),
        }
    }
}
