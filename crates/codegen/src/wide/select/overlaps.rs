//! Loads of neighbours that overlap: registers that are shifted out of those of a load beside them.
//!
//! ```text
//! load a[x]        [ 0 1 2 3 4 5 6 7 ][ 8 9 … ]         the leader: loaded first
//! load a[x + 1]      [ 1 2 3 4 5 6 7 8 ]                out of two registers of the leader's; the last one is loaded
//! load a[x - 1]  [ . 0 1 2 3 4 5 6 ]                    likewise; the first one is loaded
//! ```
//!
//! A register of 64 bytes that lies in two cache lines takes two accesses, and of loads that overlap at most one is
//! aligned: the leader is the one at the index that is stored to, if there is one and it is known where the first of them
//! stands. Nothing is read that the loads would not read. Between loads that share registers nothing is stored.

use super::{Extent, Registers, Selector};
use crate::narrow::Narrow;
use crate::uses::Rows;
use crate::wide::assembler::VectorOp;
use crate::wide::machine::Reg;
use parfuse_ir::lane::{Buffer, Code, Inst, Lane, LaneOp, LaneType, Lanes, Node, Value};
use smallvec::SmallVec;
use std::collections::HashMap;

/// The most terms of an index that is taken apart.
const MOST_TERMS: usize = 12;

/// The loads of a body that share registers.
#[derive(Clone, Default, Debug)]
pub(super) struct Overlaps {
    all: Vec<Overlap>,
    /// How many operations it takes to shift a register.
    each: usize,
    /// How many operations on numbers there are beside; comparisons are part of what selects by them.
    others: usize,
}

/// A load that shares registers with its leader, which may be itself.
#[derive(Clone, Copy, Debug)]
struct Overlap {
    load: Value,
    leader: Value,
    /// How many elements further on it begins.
    distance: i64,
}

/// A load whose registers are there.
pub(super) struct Leader {
    load: Value,
    registers: Registers,
    /// How many values were bound before.
    pub(super) mark: usize,
}

/// An index: a sum of multiples of values, by their numbers, and a constant.
#[derive(Clone, PartialEq, Default)]
struct Index {
    terms: SmallVec<[(Value, i64); 4]>,
    constant: i64,
}

/// Loads of one array whose indices differ by constants.
struct Family {
    buffer: Buffer,
    terms: SmallVec<[(Value, i64); 4]>,
    loads: SmallVec<[Member; 8]>,
    /// How many values its block had computed before the first of them.
    begin: usize,
}

/// A load of a family.
#[derive(Clone, Copy)]
struct Member {
    load: Value,
    constant: i64,
    /// Whether its index is known where the family begins, so that it may be loaded there.
    early: bool,
}

/// A walk over the blocks of rows.
struct Search<'a> {
    lane: &'a Lane,
    code: &'a Code,
    narrow: Option<&'a Narrow>,
    group: usize,
    /// The constant of the index that is stored to first.
    stored: Option<i64>,
    found: Overlaps,
}

impl Overlaps {
    /// Those of rows, in registers with so many lanes.
    pub(super) fn of(lane: &Lane, rows: &Rows<'_>, group: usize, narrow: Option<&Narrow>) -> Overlaps {
        let code = rows.code;
        let stored = rows.body.iter().find_map(|node| match node {
            Node::Store { address, .. } => Some(Index::of(code, address.base).constant),
            _ => None,
        });
        let each = if narrow.is_some() { 2 } else { 1 };
        let found = Overlaps { each, ..Overlaps::default() };
        let mut search = Search { lane, code, narrow, group, stored, found };
        search.block(rows.body);
        search.found
    }

    /// How many operations a register of each value takes if registers are shifted.
    pub(super) fn work(&self) -> usize {
        self.others + self.each * self.all.iter().filter(|own| own.distance != 0).count()
    }
}

impl Search<'_> {
    fn block(&mut self, block: &[Node]) {
        let mut families: Vec<Family> = Vec::new();
        // The values that the block computes, by their order.
        let mut order: HashMap<Value, usize> = HashMap::new();
        for node in block {
            match node {
                Node::Let(value) => {
                    let data = &self.code.values[*value];
                    let computes =
                        matches!(data.inst, Inst::Op(..)) && data.varying && data.ty != LaneType::Bool;
                    self.found.others += computes as usize;
                    if let Some((buffer, base)) = self.neighbours(*value) {
                        let Index { terms, constant } = Index::of(self.code, base);
                        let same = |own: &Family| own.buffer == buffer && own.terms == terms;
                        let number = families.iter().position(same).unwrap_or_else(|| {
                            let loads = SmallVec::new();
                            families.push(Family { buffer, terms: terms.clone(), loads, begin: order.len() });
                            families.len() - 1
                        });
                        let family = &mut families[number];
                        let early = order.get(&base).is_none_or(|at| *at < family.begin);
                        family.loads.push(Member { load: *value, constant, early });
                    }
                    order.insert(*value, order.len());
                    continue;
                }
                Node::If { then, otherwise, .. } => {
                    [then, otherwise].into_iter().for_each(|own| self.block(own))
                }
                Node::Loop { header, body, .. } => [header, body].into_iter().for_each(|own| self.block(own)),
                _ => {}
            }
            // What was loaded before may be something else afterwards.
            families.drain(..).for_each(|family| self.take_in(family));
        }
        families.into_iter().for_each(|family| self.take_in(family));
    }

    /// What a value loads, and from which index on, if these are neighbours that fill registers.
    fn neighbours(&self, value: Value) -> Option<(Buffer, Value)> {
        let Inst::Load { buffer, address, mask: None } = self.code.values[value].inst else { return None };
        let element = self.lane.buffers[buffer].dtype;
        let fills = match self.narrow {
            Some(narrow) => element.size() == narrow.bytes && !element.is_bool(),
            None => element.fills_lane(),
        };
        let whole = fills && matches!(address.lanes, Lanes::Unit);
        whole.then_some((buffer, address.base))
    }

    fn take_in(&mut self, mut family: Family) {
        family.loads.sort_by_key(|own| own.constant);
        let leaders: SmallVec<[Member; 8]> = family.loads.iter().copied().filter(|own| own.early).collect();
        let aligned = leaders.iter().find(|own| Some(own.constant) == self.stored);
        let leader = *aligned.unwrap_or(&leaders[leaders.len() / 2]);
        let near = |own: &Member| {
            let distance = own.constant.wrapping_sub(leader.constant);
            let shares = distance.unsigned_abs() < self.group as u64;
            shares.then_some(Overlap { load: own.load, leader: leader.load, distance })
        };
        let sharing: SmallVec<[Overlap; 8]> = family.loads.iter().filter_map(near).collect();
        if sharing.len() > 1 {
            self.found.all.extend(sharing);
        }
    }
}

impl Index {
    /// A uniform index in parts.
    fn of(code: &Code, index: Value) -> Index {
        let mut sum = Index::default();
        let mut open: SmallVec<[(Value, i64); 4]> = SmallVec::from_slice(&[(index, 1)]);
        while let Some((value, factor)) = open.pop() {
            let data = &code.values[value];
            match &data.inst {
                Inst::Const(bits) => {
                    sum.constant = sum.constant.wrapping_add(factor.wrapping_mul(*bits as i64));
                }
                Inst::Op(op @ (LaneOp::IAdd | LaneOp::ISub), terms)
                    if data.ty == LaneType::I64 && open.len() + sum.terms.len() < MOST_TERMS =>
                {
                    let second = if *op == LaneOp::IAdd { factor } else { factor.wrapping_neg() };
                    open.extend([(terms[0], factor), (terms[1], second)]);
                }
                _ => match sum.terms.iter_mut().find(|(term, _)| *term == value) {
                    Some((_, own)) => *own = own.wrapping_add(factor),
                    None => sum.terms.push((value, factor)),
                },
            }
        }
        sum.terms.sort_by_key(|(term, _)| term.0);
        sum
    }
}

impl Selector<'_> {
    /// The registers of a load that shares some with others, if that is how it is done here.
    pub(super) fn load_overlapping(&mut self, load: Value) -> Option<Registers> {
        let Overlap { leader, distance, .. } = *self.overlaps.all.iter().find(|own| own.load == load)?;
        if self.active.is_some() || self.one_by_one || self.count == 1 {
            return None;
        }
        let shared = match self.leaders.iter().find(|own| own.load == leader) {
            Some(known) => known.registers.clone(),
            None => {
                let registers: Registers =
                    (0..self.count).map(|k| self.load_register_of(leader, k)).collect();
                self.leaders.push(Leader { load: leader, registers: registers.clone(), mark: self.enter() });
                registers
            }
        };
        let (group, count) = (self.group as i64, self.count);
        Some(match distance {
            0 => shared,
            1.. => (0..count)
                .map(|k| match shared.get(k + 1) {
                    Some(next) => self.shifted(self.ty(load), shared[k], *next, distance as u8),
                    None => self.load_register_of(load, k),
                })
                .collect(),
            _ => (0..count)
                .map(|k| match k.checked_sub(1) {
                    Some(before) => {
                        self.shifted(self.ty(load), shared[before], shared[k], (group + distance) as u8)
                    }
                    None => self.load_register_of(load, k),
                })
                .collect(),
        })
    }

    /// Register `k` of a load of neighbours.
    fn load_register_of(&mut self, load: Value, k: usize) -> Reg {
        let Inst::Load { buffer, address, .. } = self.code.values[load].inst else {
            unreachable!("only loads share registers")
        };
        let first = self.first_place(buffer, &address);
        let place = self.neighbours(first, k, buffer);
        match self.element_of(buffer) {
            element if element.fills_lane() => self.load_register(element.lane(), place, None),
            element => self.load_shorts(element, place, None),
        }
    }

    /// The lanes from one on of a register, and behind them the first of the next.
    fn shifted(&mut self, ty: LaneType, low: Reg, high: Reg, lanes: u8) -> Reg {
        let length = self.length(ty, Extent::Group);
        let bytes = lanes * self.lane_size(ty, Extent::Group) as u8;
        if bytes.is_multiple_of(8) {
            return self.with_imm(VectorOp::Valignq, length, high, low, bytes / 8);
        }
        if bytes.is_multiple_of(4) {
            return self.with_imm(VectorOp::Valignd, length, high, low, bytes / 4);
        }
        // Shifts by bytes go by 128 bits, of which there are four: they take those of both registers that are so far on, and
        // those one further.
        let mut parts = |number: u8| match number {
            0 => low,
            4 => high,
            _ => self.with_imm(VectorOp::Valignq, length, high, low, 2 * number),
        };
        let [own, next] = [bytes / 16, bytes / 16 + 1].map(&mut parts);
        self.with_imm(VectorOp::Vpalignr, length, next, own, bytes % 16)
    }
}
