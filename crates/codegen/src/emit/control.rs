//! Blocks of nodes, branches and loops.
//!
//! Control flow is uniform, so it is Cranelift's own: results of a branch and carried values of a loop are
//! parameters of blocks, one per register. Masks cross blocks in the emitter's `mask_width`.
//!
//! Drivers and regions whose elements run one by one have plain loops: they test the condition of a loop once an iteration,
//! at its end:
//!
//! ```text
//! test: header, leave or go on          header, leave or
//! body                              ⇒   body: …
//! jump to test                          header, leave or go on with body
//! ```

use super::{Emitter, Reg, Registers, register_type, scalar_type, width_of};
use crate::branches::{Branch, Branches};
use crate::reduction::Combination;
use crate::turns::Turn;
use crate::uses;
use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::{self as clif, BlockArg, InstBuilder, types};
use parfuse_ir::lane::{Carried, Inst, LaneLoop, LaneOp, LaneType, Node, Value};

/// The headers of up to this many values are emitted twice, to have one test an iteration.
const SHORT_HEADER: usize = 8;

impl Emitter<'_> {
    /// Emits nodes in their order.
    pub(crate) fn nodes(&mut self, nodes: &[Node]) {
        for (position, node) in nodes.iter().enumerate() {
            match node {
                Node::Let(value) if self.is_another(*value) => {}
                Node::Let(value) if self.is_serial() && self.conditions.is_predicted(*value) => {
                    if !self.is_available(*value) {
                        let (cond, chosen) = self.conditions.chosen_together(self.code, &nodes[position..]);
                        self.if_else(&[], Branch { cond, sides: [&[], &[]], results: &chosen });
                    }
                }
                Node::Let(value) => self.evaluate(*value),
                Node::Store { buffer, address, value, mask } => self.store(*buffer, address, *value, *mask),
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
                Node::SetSlot { .. }
                | Node::Alloc { .. }
                | Node::Move { .. }
                | Node::Resize { .. }
                | Node::Launch(_)
                | Node::Call(_) => {
                    self.driver_node(node);
                }
            }
        }
    }

    fn evaluate(&mut self, value: Value) {
        let code = self.code;
        let data = &code.values[value];
        match &data.inst {
            Inst::Const(_) | Inst::Bound | Inst::LaneIndex | Inst::RowIndex(_) | Inst::LinearIndex => {}
            Inst::Slot(slot) => {
                let reg = self.slot(*slot, data.ty);
                self.bind_scalar(value, reg);
            }
            Inst::Dim(buffer, axis) => {
                let reg = self.slot(self.lane.frame.dim(*buffer, *axis), data.ty);
                self.bind_scalar(value, reg);
            }
            Inst::Stride(buffer, axis) => {
                let reg = self.slot(self.lane.frame.stride(*buffer, *axis), data.ty);
                self.bind_scalar(value, reg);
            }
            Inst::Op(op, args) if self.is_vector(value) => self.vector_op(value, *op, args),
            Inst::Op(LaneOp::Select, args) => {
                let sides = [args[1], args[2]].map(|side| (side, self.scalar(side)));
                let reg = self.chosen(args[0], sides);
                self.bind_scalar(value, reg);
            }
            Inst::Op(op, args) => {
                let second = args.get(1).and_then(|arg| self.constant(*arg));
                let known = self.rotated(value).or_else(|| self.quotient(*op, args, second));
                let known = known.or_else(|| self.within_range(*op, args, second));
                let reg = known.unwrap_or_else(|| {
                    let scalars: Registers = args.iter().map(|arg| self.scalar(*arg)).collect();
                    self.scalar_op(*op, self.ty(args[0]), &scalars, second, data.ty)
                });
                self.bind_scalar(value, reg);
            }
            Inst::Load { buffer, address, mask } => self.load(value, *buffer, address, *mask),
            Inst::Any(mask) => {
                let reg = self.any(*mask);
                self.bind_scalar(value, reg);
            }
            Inst::Outside(first, end) => {
                let [first, end] = [first, end].map(|bound| self.scalar(*bound));
                let index = self.index.expect("only regions have lanes");
                let after = self.builder.ins().iadd_imm_s(index, self.lanes as i64);
                let below = self.builder.ins().icmp(IntCC::SignedLessThan, index, first);
                let beyond = self.builder.ins().icmp(IntCC::SignedGreaterThan, after, end);
                let outside = self.builder.ins().bor(below, beyond);
                self.bind_scalar(value, outside);
            }
        }
    }

    /// Makes a block take a value as parameters.
    pub(super) fn receive(&mut self, block: clif::Block, value: Value) -> Registers {
        let ty = self.ty(value);
        if !self.is_vector(value) {
            return Registers::from_elem(self.builder.append_block_param(block, scalar_type(ty)), 1);
        }
        let width = width_of(ty).unwrap_or(self.mask_width);
        let register = register_type(ty, width);
        (0..self.lanes / width.lanes()).map(|_| self.builder.append_block_param(block, register)).collect()
    }

    /// Binds a value to what [`Emitter::receive`] gave for it.
    pub(super) fn bind(&mut self, value: Value, registers: Registers) {
        if self.is_vector(value) {
            let width = width_of(self.ty(value)).unwrap_or(self.mask_width);
            self.bind_registers(value, width, registers);
        } else {
            self.bind_scalar(value, registers[0]);
        }
    }

    /// Values in the form in which others are received.
    pub(super) fn send(&mut self, values: impl Iterator<Item = (Value, Value)>) -> Vec<Reg> {
        let mut registers = Vec::new();
        for (value, receiver) in values {
            if self.is_vector(receiver) {
                let width = width_of(self.ty(receiver)).unwrap_or(self.mask_width);
                registers.extend(self.registers(value, width));
            } else {
                registers.push(self.scalar(value));
            }
        }
        registers
    }

    fn repeat(&mut self, carried: &[Carried], header: &[Node], cond: Value, body: &[Node]) {
        if self.is_serial() {
            let kept = self.keep_pointers(&[header, body]);
            self.loops.push(Vec::new());
            let turn = Turn::of(self.code, carried, header, cond, body);
            let short = header.len() * turn.ways(self, body) <= SHORT_HEADER;
            if short && header.iter().all(|node| matches!(node, Node::Let(_))) {
                self.repeat_rotated(&turn, header, cond, body);
            } else {
                self.repeat_in_place(&turn, header, cond, body);
            }
            self.loops.pop();
            self.settle(carried);
            kept.into_iter().for_each(|buffer| self.buffers[buffer.0 as usize] = None);
        } else {
            self.repeat_in_place(&Turn::plain(carried), header, cond, body);
        }
    }

    /// A loop with its test at the end of an iteration, and another in front.
    fn repeat_rotated(&mut self, turn: &Turn<'_>, header: &[Node], cond: Value, body: &[Node]) {
        let [inside, after] = [(); 2].map(|()| self.builder.create_block());
        // What the body knows from the header.
        let mut mentioned = uses::mentioned(self.code, body);
        mentioned.extend(turn.all().iter().map(|carry| carry.next));
        let lets = header.iter().filter_map(|node| match node {
            Node::Let(value) if *value != cond && mentioned.contains(value) => Some(*value),
            _ => None,
        });
        let shared: Vec<Value> = lets.collect();
        let inputs: Vec<Value> = turn.carried().iter().map(|carry| carry.value).chain(shared).collect();
        let received: Vec<Registers> = inputs.iter().map(|value| self.receive(inside, *value)).collect();
        let left: Vec<Registers> = turn.all().iter().map(|carry| self.receive(after, carry.value)).collect();

        let marks = turn.begin(self);
        let headed = header.iter().filter_map(|node| match node {
            Node::Let(value) => Some(*value),
            _ => None,
        });
        let renewed: Vec<Value> = turn.carried().iter().map(|carry| carry.value).chain(headed).collect();
        let test = |e: &mut Self, state: Vec<Reg>| {
            // On other ways through the turn these are what they were.
            let present: Vec<(Value, Reg)> =
                renewed.iter().filter_map(|value| Some((*value, e.bound_scalar(*value)?))).collect();
            let mark = e.enter();
            for (carry, reg) in turn.carried().iter().zip(state) {
                e.bind_scalar(carry.value, reg);
            }
            e.nodes(header);
            let args = |values: &mut dyn Iterator<Item = Value>, e: &mut Self| -> Vec<BlockArg> {
                values.map(|value| BlockArg::Value(e.scalar(value))).collect()
            };
            let go_on = args(&mut inputs.iter().copied(), e);
            if e.truth(cond) == Some(true) {
                e.builder.ins().jump(inside, &go_on);
            } else {
                let leave = args(&mut turn.all().iter().map(|carry| carry.value), e);
                let (decisive, holds) = e.decisive(cond);
                let decisive = e.scalar(decisive);
                match holds {
                    true => e.builder.ins().brif(decisive, inside, &go_on, after, &leave),
                    false => e.builder.ins().brif(decisive, after, &leave, inside, &go_on),
                };
            }
            e.leave(mark);
            present.into_iter().for_each(|(value, reg)| e.restore_scalar(value, reg));
        };
        let state = self.send(turn.carried().iter().map(|carry| (carry.init, carry.value)));
        test(self, state);

        self.builder.switch_to_block(inside);
        self.poll();
        let mark = self.enter();
        for (value, registers) in inputs.iter().zip(received) {
            self.bind(*value, registers);
        }
        self.learn_of(header, cond, true);
        turn.body(self, body, after, marks, &mut |e| {
            let state = e.send(turn.carried().iter().map(|carry| (carry.next, carry.value)));
            test(e, state);
        });
        self.leave(mark);
        self.known.forget(marks.outside);

        self.builder.switch_to_block(after);
        for (carry, registers) in turn.all().iter().zip(left) {
            self.bind(carry.value, registers);
        }
    }

    /// A lane loop, one iteration after the other.
    fn lane_loop(&mut self, own: &LaneLoop) {
        let combinations: Vec<Combination> =
            own.reductions.iter().map(|own| Combination::new(own.op, own.dtype)).collect();
        let extent = self.scalar(own.extent);
        let start: Vec<Reg> = own
            .reductions
            .iter()
            .map(|own| {
                let identity = own.op.identity(own.dtype).to_bits();
                self.scalar_constant(identity, LaneType::of(own.dtype))
            })
            .collect();
        let [before, inside, after] = [(); 3].map(|()| self.builder.create_block());
        let index = self.builder.append_block_param(inside, types::I64);
        let types: Vec<clif::Type> = start.iter().map(|reg| self.builder.func.dfg.value_type(*reg)).collect();
        let totals: Vec<Reg> = types.iter().map(|ty| self.builder.append_block_param(inside, *ty)).collect();
        let left: Vec<Reg> = types.iter().map(|ty| self.builder.append_block_param(after, *ty)).collect();
        let args =
            |registers: &[Reg]| -> Vec<BlockArg> { registers.iter().copied().map(BlockArg::Value).collect() };
        self.builder.ins().brif(extent, before, &[], after, &args(&start));

        self.builder.switch_to_block(before);
        let mark = self.enter();
        self.nodes(&own.prologue);
        self.loops.push(Vec::new());
        let zero = self.builder.ins().iconst(types::I64, 0);
        let first: Vec<Reg> = std::iter::once(zero).chain(start).collect();
        self.jump(inside, &first);

        self.builder.switch_to_block(inside);
        self.poll();
        let outer = self.index.replace(index);
        self.nodes(&own.body);
        let mut next = vec![self.builder.ins().iadd_imm_s(index, 1)];
        for ((reduction, combination), total) in own.reductions.iter().zip(&combinations).zip(&totals) {
            let contribution = self.scalar(reduction.contribution);
            next.push(combination.combine(self, *total, contribution));
        }
        let more = self.builder.ins().icmp(IntCC::UnsignedLessThan, next[0], extent);
        self.builder.ins().brif(more, inside, &args(&next), after, &args(&next[1..]));
        self.leave(mark);
        self.loops.pop();
        self.index = outer;

        self.builder.switch_to_block(after);
        for (reduction, total) in own.reductions.iter().zip(left) {
            self.bind_scalar(reduction.total, total);
        }
    }

    fn repeat_in_place(&mut self, turn: &Turn<'_>, header: &[Node], cond: Value, body: &[Node]) {
        let [test, inside, after] = [(); 3].map(|()| self.builder.create_block());
        let received: Vec<Registers> =
            turn.carried().iter().map(|carry| self.receive(test, carry.value)).collect();
        let sent = self.send(turn.carried().iter().map(|carry| (carry.init, carry.value)));
        self.jump(test, &sent);

        self.builder.switch_to_block(test);
        let marks = turn.begin(self);
        // The block `test` comes before everything after the loop, so the carried values stay bound.
        for (carry, registers) in turn.carried().iter().zip(received) {
            self.bind(carry.value, registers);
        }
        let mark = self.enter();
        let left = turn.test(self, header, cond, [inside, after]);

        self.builder.switch_to_block(inside);
        self.poll();
        turn.body(self, body, after, marks, &mut |e| {
            let sent = e.send(turn.carried().iter().map(|carry| (carry.next, carry.value)));
            e.jump(test, &sent);
        });
        self.leave(mark);
        self.known.forget(marks.outside);
        self.builder.switch_to_block(after);
        turn.bind_left(self, left);
    }
}
