//! Blocks of nodes, and loops.
//!
//! Control flow is uniform: results of a branch and carried values of a loop are parameters of blocks, one per register.

use super::{Part, Registers, Selector};
use crate::branches::{Branch, Branches};
use crate::turns::Turn;
use crate::wide::assembler::{Alu, Condition, Length, VectorOp};
use crate::wide::machine::{Block, Kind, Reg};
use crate::wide::machine::{Place, Source};
use parfuse_ir::arena::Id;
use parfuse_ir::lane::{Carried, Inst, LaneType, Lanes, Node, Slot, Value, walk};
use std::collections::{HashMap, HashSet};

impl Selector<'_> {
    /// Selects for nodes in their order.
    pub(super) fn nodes(&mut self, nodes: &[Node]) {
        for (position, node) in nodes.iter().enumerate() {
            match node {
                Node::Let(value) if self.is_another(*value) => {}
                Node::Let(value) if !self.is_varying(*value) && self.conditions.is_predicted(*value) => {
                    if !self.is_available(*value) {
                        let (cond, chosen) = self.conditions.chosen_together(self.code, &nodes[position..]);
                        self.if_else(&[], Branch { cond, sides: [&[], &[]], results: &chosen });
                    }
                }
                Node::Let(value) => self.evaluate(*value),
                Node::Store { buffer, address, value, mask } => {
                    self.read(&[*value, address.base]);
                    match address.lanes {
                        Lanes::Part { of, part } if !self.one_by_one => {
                            self.store_part(&nodes[position..], *buffer, address.base, of, part, *value);
                        }
                        _ => {
                            self.forget_parts(*buffer, None);
                            if self.update(*buffer, address, *value) {
                                continue;
                            }
                            self.store(*buffer, address, *value, *mask);
                        }
                    }
                }
                Node::If { .. } if self.is_condition_of(node, nodes.get(position + 1)) => {}
                Node::If { .. } => {
                    let branch = Branch::of(node).expect("it is one");
                    self.if_else(&nodes[..position], branch);
                }
                Node::Loop { carried, header, cond, body } => self.repeat(carried, header, *cond, body),
                Node::Lanes(own) => self.lane_loop(own),
                Node::Check { ok, mask: None, .. } if self.is_checked(*ok) => {}
                Node::Check { ok, fault, args, iteration, mask } => {
                    self.check(*ok, *fault, args, *iteration, *mask);
                    self.learn_of_check(&nodes[..position], *ok, *mask);
                }
                Node::Alloc { .. } | Node::Move { .. } | Node::Resize { .. } => self.host_node(node),
                Node::SetSlot { .. } | Node::Launch(_) | Node::Call(_) => {
                    unreachable!("only drivers do that")
                }
            }
        }
    }

    fn evaluate(&mut self, value: Value) {
        let code = self.code;
        if self.waiting[value.index()] {
            return;
        }
        let data = &code.values[value];
        let slot = match &data.inst {
            Inst::Const(_) | Inst::Bound | Inst::LaneIndex | Inst::RowIndex(_) | Inst::LinearIndex => return,
            Inst::Op(op, args) if self.is_varying(value) => return self.lanes_op(value, *op, args),
            Inst::Op(op, args) => return self.scalar_op(value, *op, args),
            Inst::Load { buffer, address, mask } => return self.load(value, *buffer, address, *mask),
            Inst::Any(mask) => return self.any_of(value, *mask),
            Inst::Outside(first, end) => return self.outside(value, *first, *end),
            Inst::Slot(slot) => *slot,
            Inst::Dim(buffer, axis) => self.lane.frame.dim(*buffer, *axis),
            Inst::Stride(buffer, axis) => self.lane.frame.stride(*buffer, *axis),
        };
        let register = self.slot(slot, data.ty);
        self.bind_scalar(value, register);
    }

    /// The contents of a frame slot.
    pub(super) fn slot(&mut self, slot: Slot, ty: LaneType) -> Reg {
        let place = Place::Address { base: self.frame, index: None, displacement: 8 * slot.0 as i32 };
        match ty {
            LaneType::Bool => self.machine.load(1, place),
            LaneType::I32 => self.machine.load(4, place),
            LaneType::I64 => self.machine.load(8, place),
            LaneType::F32 => self.machine.unary(VectorOp::Vmovss, Length::L128, Source::Memory(place)),
            LaneType::F64 => self.machine.unary(VectorOp::Vmovsd, Length::L128, Source::Memory(place)),
        }
    }

    /// Whether any active lane is true; kept as a mask, which is all that a branch needs.
    fn any_of(&mut self, value: Value, mask: Value) {
        if !self.is_varying(mask) {
            let scalar = self.scalar(mask);
            return self.bind_scalar(value, scalar);
        }
        let mask = self.active_mask(Some(mask)).expect("there is a mask");
        let gathered = self.gathered(&mask);
        self.bound.push((value, Part::Any));
        self.bindings[value.0 as usize].any = Some(gathered);
    }

    /// Whether the lanes begin before an index or end behind another one; those of a tail count as if they were all there.
    fn outside(&mut self, value: Value, first: Value, end: Value) {
        let elements = if self.one_by_one { 1 } else { self.count * self.group };
        let index = self.step_index();
        let [first, end] = [first, end].map(|bound| self.scalar(bound));
        let after = self.machine.alu_imm(Alu::Add, true, index, elements as i32);
        let below = self.machine.fresh(Kind::Compare(Condition::Less, true), &[index, first]);
        let beyond = self.machine.fresh(Kind::Compare(Condition::Greater, true), &[after, end]);
        let outside = self.machine.alu(Alu::Or, false, below, beyond);
        self.bind_scalar(value, outside);
    }

    /// Makes a block take a value as parameters.
    pub(super) fn receive(&mut self, block: Block, value: Value) -> Registers {
        let ty = self.ty(value);
        let (class, count) = match self.is_varying(value) {
            true => (self.lane_class(ty), self.count),
            false => (Self::scalar_class(ty), 1),
        };
        (0..count).map(|_| self.machine.param(block, class)).collect()
    }

    /// Binds a value to what [`Selector::receive`] gave for it.
    pub(super) fn bind(&mut self, value: Value, registers: Registers) {
        if self.is_varying(value) {
            self.bind_lanes(value, registers);
        } else {
            self.bind_scalar(value, registers[0]);
        }
    }

    /// Values in the form in which others are received.
    pub(super) fn send(&mut self, values: impl Iterator<Item = (Value, Value)>) -> Vec<Reg> {
        let mut registers = Vec::new();
        for (value, receiver) in values {
            self.read(&[value]);
            if self.is_varying(receiver) {
                registers.extend(self.lanes(value));
            } else {
                registers.push(self.scalar(value));
            }
        }
        registers
    }

    fn repeat(&mut self, carried: &[Carried], header: &[Node], cond: Value, body: &[Node]) {
        let turn = match self.is_scalar {
            true => Turn::of(self.code, carried, header, cond, body),
            false => Turn::plain(carried),
        };
        let carried = turn.carried();
        let [test, inside, after] = [(); 3].map(|()| self.machine.block());
        let received: Vec<Registers> = carried.iter().map(|carry| self.receive(test, carry.value)).collect();
        let active = self.receive_active(test);
        let mut sent = self.send(carried.iter().map(|carry| (carry.init, carry.value)));
        let kept_apart = self.keep_apart(carried, &mut sent);
        let reads_behind = self.count_reads_of_turn(carried, header, cond, body);
        // Its turns may store to what is known so far.
        self.forget_loaded(0);
        let kept = if self.calls_host { self.keep_pointers(&[header, body]) } else { Vec::new() };
        let walks = self.begin_walks(header, body);
        if let Some(later) = self.repeat_by_tiles(carried, header, cond, body, &sent) {
            sent = later;
        }
        self.send_active(&mut sent);
        let products = self.begin_products(walks, carried, &mut sent, test);
        self.machine.jump(test, &sent);
        self.resume_active(active);
        self.loops += 1;

        self.machine.align(test);
        self.machine.fill(test);
        let marks = turn.begin(self);
        // The block `test` comes before everything after the loop, so the carried values stay bound.
        for (carry, registers) in carried.iter().zip(received) {
            self.bind(carry.value, registers);
        }
        let mark = self.enter();
        let left = turn.test(self, header, cond, [inside, after]);
        let at_end = self.active;

        self.machine.fill(inside);
        self.poll();
        turn.body(self, body, after, marks, &mut |s| {
            let mut sent = s.send(carried.iter().map(|carry| (carry.next, carry.value)));
            s.send_active(&mut sent);
            s.send_products(&products, &mut sent);
            s.machine.jump(test, &sent);
        });
        self.leave(mark);
        self.known.forget(marks.outside);
        self.end_walks(walks);
        self.let_go(kept);
        self.loops -= 1;
        self.remaining = reads_behind;
        self.machine.fill(after);
        self.active = at_end;
        turn.bind_left(self, left);
        for value in kept_apart {
            let scalar = self.scalar(value);
            let own = self.machine.same(scalar);
            self.bind_scalar(value, own);
        }
    }

    /// Counts the reads of one turn of a loop: what it carries may be overwritten where the turn reads it last, though it is read
    /// behind the loop; what was there before it may not, for the next turn reads it. Returns the reads behind the loop.
    fn count_reads_of_turn(
        &mut self,
        carried: &[Carried],
        header: &[Node],
        cond: Value,
        body: &[Node],
    ) -> Vec<u32> {
        let mut behind = self.remaining.clone();
        let (mut reads, mut defined) = (HashMap::new(), HashSet::new());
        let mut read = |value: Value| *reads.entry(value).or_insert(0) += 1;
        carried.iter().for_each(|carry| read(carry.next));
        read(cond);
        for node in walk::statements(header).chain(walk::statements(body)) {
            walk::reads(self.code, node, &mut read);
            walk::defined(node, |value| {
                defined.insert(value);
            });
        }
        for (value, count) in &reads {
            behind[value.index()] = behind[value.index()].saturating_sub(*count);
            if !defined.contains(value) {
                self.remaining[value.index()] = self.remaining[value.index()].saturating_add(1);
            }
        }
        for carry in carried {
            self.remaining[carry.value.index()] = reads.get(&carry.value).copied().unwrap_or(0);
        }
        behind
    }

    /// Gives what a loop inside another carries, and is no constant, registers of its own; returns these values, which are to leave
    /// the loop in others.
    ///
    /// The allocator keeps what goes from block to block in one place, and has it on the stack throughout if there is no register
    /// for it somewhere: in lanes behind the loop, say. In each turn the next would then wait for the stack.
    fn keep_apart(&mut self, carried: &[Carried], sent: &mut [Reg]) -> Vec<Value> {
        let mut kept = Vec::new();
        if self.loops == 0 || carried.iter().any(|carry| self.is_varying(carry.value)) {
            return kept;
        }
        for (carry, register) in carried.iter().zip(sent) {
            if self.bits(carry.init).is_none() {
                *register = self.machine.same(*register);
                kept.push(carry.value);
            }
        }
        kept
    }
}
