//! Blocks of nodes, branches and loops.
//!
//! Control flow is uniform, so it is Cranelift's own: results of a branch and carried values of a loop are
//! parameters of blocks, one per register. Masks cross blocks in the emitter's `mask_width`.

use super::{Emitter, Reg, Registers, register_type, scalar_type, width_of};
use cranelift_codegen::ir::{self as clif, InstBuilder};
use parfuse_ir::lane::{Carried, Inst, Merge, Node, Value};

impl Emitter<'_> {
    /// Emits nodes in their order.
    pub(crate) fn nodes(&mut self, nodes: &[Node]) {
        for node in nodes {
            match node {
                Node::Let(value) => self.evaluate(*value),
                Node::Store { buffer, address, value, mask } => self.store(*buffer, address, *value, *mask),
                Node::If { cond, then, otherwise, results } => self.branch(*cond, then, otherwise, results),
                Node::Loop { carried, header, cond, body } => self.repeat(carried, header, *cond, body),
                Node::Check { ok, fault, args, iteration, mask } => {
                    self.check(*ok, *fault, args, *iteration, *mask);
                }
                Node::SetSlot { .. } | Node::Alloc { .. } | Node::Move { .. } | Node::Launch(_) => {
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
            Inst::Op(op, args) => {
                let scalars: Registers = args.iter().map(|arg| self.scalar(*arg)).collect();
                let second = args.get(1).and_then(|arg| self.constant(*arg));
                let reg = self.scalar_op(*op, self.ty(args[0]), &scalars, second, data.ty);
                self.bind_scalar(value, reg);
            }
            Inst::Load { buffer, address, mask } => self.load(value, *buffer, address, *mask),
            Inst::Any(mask) => {
                let reg = self.any(*mask);
                self.bind_scalar(value, reg);
            }
        }
    }

    /// Makes a block take a value as parameters.
    fn receive(&mut self, block: clif::Block, value: Value) -> Registers {
        let ty = self.ty(value);
        if !self.is_vector(value) {
            return Registers::from_elem(self.builder.append_block_param(block, scalar_type(ty)), 1);
        }
        let width = width_of(ty).unwrap_or(self.mask_width);
        let register = register_type(ty, width);
        (0..self.lanes / width.lanes()).map(|_| self.builder.append_block_param(block, register)).collect()
    }

    /// Binds a value to what [`Emitter::receive`] gave for it.
    fn bind(&mut self, value: Value, registers: Registers) {
        if self.is_vector(value) {
            let width = width_of(self.ty(value)).unwrap_or(self.mask_width);
            self.bind_registers(value, width, registers);
        } else {
            self.bind_scalar(value, registers[0]);
        }
    }

    /// Values in the form in which others are received.
    fn send(&mut self, values: impl Iterator<Item = (Value, Value)>) -> Vec<Reg> {
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

    fn branch(&mut self, cond: Value, then: &[Node], otherwise: &[Node], results: &[Merge]) {
        let [yes, no, after] = [(); 3].map(|()| self.builder.create_block());
        let received: Vec<Registers> = results.iter().map(|merge| self.receive(after, merge.value)).collect();
        let cond = self.scalar(cond);
        self.builder.ins().brif(cond, yes, &[], no, &[]);

        self.builder.switch_to_block(yes);
        let mark = self.enter();
        self.nodes(then);
        let sent = self.send(results.iter().map(|merge| (merge.then, merge.value)));
        self.jump(after, &sent);
        self.leave(mark);

        self.builder.switch_to_block(no);
        let mark = self.enter();
        self.nodes(otherwise);
        let sent = self.send(results.iter().map(|merge| (merge.otherwise, merge.value)));
        self.jump(after, &sent);
        self.leave(mark);

        self.builder.switch_to_block(after);
        for (merge, registers) in results.iter().zip(received) {
            self.bind(merge.value, registers);
        }
    }

    fn repeat(&mut self, carried: &[Carried], header: &[Node], cond: Value, body: &[Node]) {
        let [test, inside, after] = [(); 3].map(|()| self.builder.create_block());
        let received: Vec<Registers> = carried.iter().map(|carry| self.receive(test, carry.value)).collect();
        let sent = self.send(carried.iter().map(|carry| (carry.init, carry.value)));
        self.jump(test, &sent);

        self.builder.switch_to_block(test);
        // The block `test` comes before everything after the loop, so the carried values stay bound.
        for (carry, registers) in carried.iter().zip(received) {
            self.bind(carry.value, registers);
        }
        let mark = self.enter();
        self.nodes(header);
        let cond = self.scalar(cond);
        self.builder.ins().brif(cond, inside, &[], after, &[]);

        self.builder.switch_to_block(inside);
        self.nodes(body);
        let sent = self.send(carried.iter().map(|carry| (carry.next, carry.value)));
        self.jump(test, &sent);
        self.leave(mark);
        self.builder.switch_to_block(after);
    }
}
