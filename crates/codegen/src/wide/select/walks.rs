//! Addresses in loops: what does not change from turn to turn is added up in front of the loop.
//!
//! ```text
//! base = (offset + j * stride)                 in front:  pointer = array + offset + index
//! load array[base + lanes]           ⇒         in it:     load [pointer + (j * stride) * size]
//! load array[base + 1 + lanes]                            load [pointer + (j * stride) * size + size]
//! ```
//!
//! A product of a counter and a stride, `j * stride`, is carried from turn to turn instead, and takes one addition in each.
//!
//! The sums that addresses were made of are then read by nobody else, as a rule, and go (`unused.rs`).

use super::Selector;
use crate::wide::assembler::Alu;
use crate::wide::machine::Block;
use crate::wide::machine::{Kind, Place, Reg};
use parfuse_ir::lane::{Address, Buffer, Carried, Inst, LaneOp, LaneType, Lanes, Node, Value, walk};
use smallvec::SmallVec;

/// As many addresses as a loop keeps registers for.
const MOST: usize = 8;

/// Constants that come to more bytes are no displacements.
const FAR: u64 = 1 << 30;

/// As many products as a loop carries.
const MOST_PRODUCTS: usize = 4;

/// Terms to add, or to subtract.
type Terms = SmallVec<[(Alu, Value); 4]>;

/// The part of an address that a loop does not change.
pub(super) struct Walk {
    buffer: Buffer,
    address: Address,
    /// What it adds up, but constants.
    fixed: Terms,
    pointer: Reg,
    /// What constants come to, in bytes.
    displacement: i32,
    /// What the loop adds, in elements.
    moving: Option<Value>,
    /// The same in a register, if the loop carries it.
    carried: Option<Reg>,
}

/// A product that a loop carries: its registers, and what is added in each turn.
pub(super) struct Product {
    received: Reg,
    stride: Value,
}

impl Selector<'_> {
    /// Computes in front of a loop what its addresses have in common; returns how many there were before.
    pub(super) fn begin_walks(&mut self, header: &[Node], body: &[Node]) -> usize {
        let before = self.walks.len();
        let code = self.code;
        let mut accesses: SmallVec<[(Buffer, Address); 8]> = SmallVec::new();
        for block in [header, body] {
            walk::visit_within(block, false, |node, in_lanes| {
                let access = match node {
                    Node::Store { buffer, address, .. } => Some((*buffer, *address)),
                    Node::Let(value) => match &code.values[*value].inst {
                        Inst::Load { buffer, address, .. } => Some((*buffer, *address)),
                        _ => None,
                    },
                    _ => None,
                };
                // Lanes of a loop inside have indices of their own.
                accesses.extend(access.filter(|(_, at)| !in_lanes || matches!(at.lanes, Lanes::Uniform)));
                in_lanes || matches!(node, Node::Lanes(_))
            });
        }
        for (buffer, address) in accesses.into_iter().map(|(buffer, address)| (buffer, first_part(&address)))
        {
            if self.walks.len() - before == MOST {
                break;
            }
            if self.walk_of(buffer, &address).is_none() && self.bits(address.base).is_none() {
                self.begin_walk(buffer, address);
            }
        }
        before
    }

    /// Has a loop carry the products of its counters that its addresses move by: lets its first block take them, and sends
    /// what they begin with. `sent` has what is sent for the values that the loop carries.
    pub(super) fn begin_products(
        &mut self,
        before: usize,
        carried: &[Carried],
        sent: &mut Vec<Reg>,
        test: Block,
    ) -> Vec<Product> {
        let mut products: Vec<(Value, Product)> = Vec::new();
        for number in before..self.walks.len() {
            let Some(moving) = self.walks[number].moving else { continue };
            let known = products.iter().find(|(value, _)| *value == moving);
            let received = match known.map(|(_, product)| product.received) {
                Some(received) => received,
                None if products.len() == MOST_PRODUCTS => continue,
                None => {
                    let Some((counter, fixed, stride)) = self.counted_product(carried, moving) else {
                        continue;
                    };
                    let own: usize =
                        carried[..counter].iter().map(|carry| self.registers_of(carry.value)).sum();
                    let factor = self.scalar(stride);
                    let first = fixed.iter().fold(sent[own], |sum, (op, term)| {
                        let term = self.scalar(*term);
                        self.machine.alu(*op, true, sum, term)
                    });
                    let first = self.machine.in_place(Kind::Multiply(true), first, Some(factor));
                    sent.push(first);
                    let received = self.machine.param(test, first.class());
                    products.push((moving, Product { received, stride }));
                    received
                }
            };
            self.walks[number].carried = Some(received);
        }
        products.into_iter().map(|(_, product)| product).collect()
    }

    /// Sends what the products of a loop are in its next turn.
    pub(super) fn send_products(&mut self, products: &[Product], sent: &mut Vec<Reg>) {
        for Product { received, stride } in products {
            let constant = self.bits(*stride).and_then(|bits| i32::try_from(bits as i64).ok());
            sent.push(match constant {
                Some(stride) => self.machine.alu_imm(Alu::Add, true, *received, stride),
                None => {
                    let stride = self.scalar(*stride);
                    self.machine.alu(Alu::Add, true, *received, stride)
                }
            });
        }
    }

    /// If a value is the product of a sum with a carried value that goes up by one, and of what a loop does not change: the number of
    /// that value, the other terms of the sum, and the latter.
    fn counted_product(&self, carried: &[Carried], product: Value) -> Option<(usize, Terms, Value)> {
        let Inst::Op(LaneOp::IMul, factors) = &self.code.values[product].inst else { return None };
        if self.ty(product) != LaneType::I64 || self.is_varying(product) {
            return None;
        }
        let [sum, stride] = match self.is_available(factors[1]) {
            true => [factors[0], factors[1]],
            false => [factors[1], factors[0]],
        };
        let (fixed, counter) = self.parts(sum)?;
        let counter = counter?;
        let number = carried.iter().position(|carry| carry.value == counter)?;
        let Inst::Op(LaneOp::IAdd, sum) = &self.code.values[carried[number].next].inst else { return None };
        let by_one = sum[0] == counter && self.bits(sum[1]) == Some(1);
        (by_one && self.is_available(stride)).then_some((number, fixed, stride))
    }

    /// Forgets the addresses of a loop.
    pub(super) fn end_walks(&mut self, before: usize) {
        self.walks.truncate(before);
    }

    fn begin_walk(&mut self, buffer: Buffer, address: Address) {
        let moves = matches!(address.lanes, Lanes::Strided(stride) if !self.is_available(stride));
        if moves || !self.stays(buffer) {
            return;
        }
        let Some((mut fixed, moving)) = self.parts(address.base) else { return };
        let displacement = self.take_constants(buffer, &mut fixed);
        let in_lanes = !matches!(address.lanes, Lanes::Gather(_) | Lanes::Uniform);
        if fixed.is_empty() && !in_lanes && displacement == 0 {
            return;
        }
        fixed.sort_unstable_by_key(|(op, value)| (*op as u8, *value));
        let same = |walk: &&Walk| {
            walk.buffer == buffer && walk.address.lanes == address.lanes && walk.fixed == fixed
        };
        let pointer = match self.walks.iter().find(same).map(|walk| walk.pointer) {
            Some(pointer) => pointer,
            None => self.sum_up(buffer, address.lanes, &fixed),
        };
        self.walks.push(Walk { buffer, address, fixed, pointer, displacement, moving, carried: None });
    }

    /// Takes constants out of terms: what they come to in bytes. Where that is far, they stay.
    fn take_constants(&self, buffer: Buffer, fixed: &mut Terms) -> i32 {
        let signed = |(op, value): &(Alu, Value)| {
            let bits = self.bits(*value)? as i64;
            if *op == Alu::Sub { bits.checked_neg() } else { Some(bits) }
        };
        let sum = fixed.iter().filter_map(signed).try_fold(0i64, |sum, term| sum.checked_add(term));
        let bytes = sum.and_then(|sum| sum.checked_mul(1 << self.scale(buffer)));
        match bytes.filter(|bytes| bytes.unsigned_abs() < FAR) {
            Some(bytes) => {
                fixed.retain(|term| signed(term).is_none());
                bytes as i32
            }
            None => 0,
        }
    }

    /// The address of what is fixed of an index.
    fn sum_up(&mut self, buffer: Buffer, lanes: Lanes, fixed: &Terms) -> Reg {
        let mut sum = match lanes {
            Lanes::Gather(_) | Lanes::Uniform => None,
            Lanes::Unit => Some(self.step_index()),
            Lanes::Part { of, .. } => {
                let index = self.step_index();
                Some(self.machine.fresh(Kind::MultiplyImm(true, of as i32), &[index]))
            }
            Lanes::Strided(stride) => {
                let (stride, index) = (self.scalar(stride), self.step_index());
                Some(self.machine.in_place(Kind::Multiply(true), index, Some(stride)))
            }
        };
        for (op, part) in fixed {
            let part = self.scalar(*part);
            sum = Some(match (sum, op) {
                (Some(sum), op) => self.machine.alu(*op, true, sum, part),
                (None, Alu::Sub) => self.machine.in_place(Kind::Negate(true), part, None),
                (None, _) => part,
            });
        }
        let base = self.buffer_pointer(buffer);
        match sum {
            None => base,
            Some(sum) => {
                let index = Some((sum, self.scale(buffer)));
                self.machine.address_of(Place::Address { base, index, displacement: 0 })
            }
        }
    }

    /// The terms of a sum: those that are known by now, added or subtracted, and what is not, if that is one term.
    fn parts(&self, sum: Value) -> Option<(Terms, Option<Value>)> {
        let (mut fixed, mut moving) = (Terms::new(), None);
        let mut open: SmallVec<[Value; 4]> = SmallVec::from_slice(&[sum]);
        while let Some(term) = open.pop() {
            if self.is_available(term) {
                fixed.push((Alu::Add, term));
                continue;
            }
            match &self.code.values[term].inst {
                Inst::Op(LaneOp::IAdd, terms) => open.extend([terms[0], terms[1]]),
                Inst::Op(LaneOp::ISub, terms) if self.is_available(terms[1]) => {
                    fixed.push((Alu::Sub, terms[1]));
                    open.push(terms[0]);
                }
                _ if moving.is_none() => moving = Some(term),
                _ => return None,
            }
        }
        Some((fixed, moving))
    }

    /// The place of the first, or only, element of an address in a loop that has computed most of it.
    pub(super) fn walked(&mut self, buffer: Buffer, address: &Address) -> Option<Place> {
        // All parts are near the first.
        let walk = self.walk_of(buffer, &first_part(address))?;
        let (base, displacement) = (walk.pointer, walk.displacement);
        let (moving, carried) = (walk.moving, walk.carried);
        let moving = carried.or_else(|| moving.map(|moving| self.scalar(moving)));
        let index = moving.map(|moving| (moving, self.scale(buffer)));
        let part = if let Lanes::Part { part, .. } = address.lanes { part as i32 } else { 0 };
        Some(Place::Address { base, index, displacement: displacement + (part << self.scale(buffer)) })
    }

    fn walk_of(&self, buffer: Buffer, address: &Address) -> Option<&Walk> {
        self.walks.iter().find(|walk| walk.buffer == buffer && walk.address == *address)
    }
}

/// The address of the first part, of one of parts.
fn first_part(address: &Address) -> Address {
    match address.lanes {
        Lanes::Part { of, .. } => Address { lanes: Lanes::Part { of, part: 0 }, ..*address },
        _ => *address,
    }
}
