//! Calls of the host, which makes, moves and resizes arrays.

use super::Selector;
use crate::abi;
use crate::rare_calls::HostFunction;
use crate::uses;
use crate::wide::host_call::ARGUMENTS;
use crate::wide::machine::{HostCall, Place, Reg, Test};
use parfuse_ir::lane::{Buffer, Node};

impl Selector<'_> {
    /// A node that calls the host.
    pub(super) fn host_node(&mut self, node: &Node) {
        match node {
            Node::Alloc { buffer, shape, zeroed, .. } => {
                let own = self.machine.own_memory(size_of::<u64>() * shape.len().max(1));
                for (axis, length) in shape.iter().enumerate() {
                    let length = self.scalar(*length);
                    let place = Place::Own(own + (axis * size_of::<u64>()) as i32);
                    self.machine.store(8, length, place);
                }
                let lengths = self.machine.address_of(Place::Own(own));
                let [buffer, zeroed] = [buffer.0 as u64, *zeroed as u64].map(|imm| self.machine.imm(imm));
                self.call_host(HostFunction::Allocate, [buffer, lengths, zeroed]);
            }
            Node::Move { to, from } => {
                let [to, from] = [to, from].map(|buffer| self.machine.imm(buffer.0 as u64));
                self.call_host(HostFunction::Move, [to, from, from]);
            }
            Node::Resize { buffer, length, .. } => {
                let (buffer, length) = (self.machine.imm(buffer.0 as u64), self.scalar(*length));
                self.call_host(HostFunction::Resize, [buffer, length, length]);
            }
            _ => unreachable!("not a node of regions: {node:?}"),
        }
    }

    /// Calls the host, with as many arguments as the function takes of these; ends the function if it says so.
    fn call_host(&mut self, function: HostFunction, arguments: [Reg; ARGUMENTS]) {
        // Elements may have moved.
        self.forget_loaded(0);
        let host = 8 * self.lane.frame.host().0 as i32;
        let call = HostCall { stub: self.stub, function: function.offset(), host };
        let status = self.machine.call_host(call, self.frame, arguments);
        let [stop, go_on] = [(); 2].map(|()| self.machine.block());
        self.machine.branch(Test::NonZero, &[status], stop, go_on);
        let was = self.machine.set_cold(true);
        self.machine.fill(stop);
        self.machine.finish(abi::STOPPED);
        self.machine.set_cold(was);
        self.machine.fill(go_on);
    }

    /// Keeps the addresses of buffers in registers that these blocks access and leave where they are; returns those that
    /// were not kept before.
    pub(super) fn keep_pointers(&mut self, blocks: &[&[Node]]) -> Vec<Buffer> {
        let mut kept = Vec::new();
        for buffer in uses::stationary(self.code, blocks) {
            if self.buffers[buffer.0 as usize].is_none() {
                self.buffers[buffer.0 as usize] = Some(self.buffer_pointer(buffer));
                kept.push(buffer);
            }
        }
        kept
    }

    /// Whether a buffer stays where it is, as far as the loops around go.
    pub(super) fn stays(&self, buffer: Buffer) -> bool {
        self.buffers[buffer.0 as usize].is_some()
    }

    /// Forgets addresses that were kept.
    pub(super) fn let_go(&mut self, buffers: Vec<Buffer>) {
        buffers.into_iter().for_each(|buffer| self.buffers[buffer.0 as usize] = None);
    }
}
