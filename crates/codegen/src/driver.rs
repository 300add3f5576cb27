//! The driver: a kernel's serial code, which asks its caller for arrays and for regions to be run. So far as they ask for arrays, regions
//! that run once do it here, too.
//!
//! ```text
//! v0: i64 = dim b0, 0      load  frame[dim b0, 0]
//! alloc b2[v0]             call  host.allocate(host, 2, &[v0], 0)
//! launch r0                call  host.launch(host, 0), return if nonzero
//! do c0                    call  host.call(host, 0), return if nonzero
//! ```
//!
//! What is read from the frame is kept in a register where its `Let` is visible, addresses of arrays throughout loops
//! that do not call the host, or do so rarely and leave them, or the whole driver if that does not. Slots that calls change are
//! read anew.

use crate::abi;
use crate::compiler::Function;
use crate::conditions::Conditions;
use crate::emit::{Emitter, Reg, Start, slot_offset};
use crate::rare_calls::{HostFunction, RareCalls};
use cranelift_codegen::ir::{self as clif, AbiParam, InstBuilder, StackSlotData, StackSlotKind, types};
use cranelift_codegen::isa::CallConv;
use parfuse_ir::MAX_RANK;
use parfuse_ir::lane::{LaneType, Node, Value};

/// The signature of [`abi::Driver`].
pub(crate) fn signature(pointer: clif::Type, convention: CallConv) -> clif::Signature {
    function_type(convention, &[pointer, pointer, pointer])
}

/// The signature of functions that give a status.
pub(crate) fn function_type(convention: CallConv, params: &[clif::Type]) -> clif::Signature {
    let mut signature = clif::Signature::new(convention);
    signature.params.extend(params.iter().map(|ty| AbiParam::new(*ty)));
    signature.returns.push(AbiParam::new(types::I32));
    signature
}

/// Emits the driver.
pub(crate) fn emit<'a>(function: Function<'a>, rare_calls: Option<&'a RareCalls>) {
    let Function { mut builder, lane, constants, traits, config } = function;
    let entry = builder.create_block();
    builder.append_block_params_for_function_params(entry);
    builder.switch_to_block(entry);
    let [frame, host, fault] = builder.block_params(entry).try_into().expect("three parameters");
    let start = Start { builder, lane, code: &lane.driver, constants, traits, frame, fault };
    let mut emitter = Emitter::new(start);
    emitter.call_at(host, rare_calls);
    emitter.conditions = Conditions::of(&lane.driver, std::iter::empty());
    emitter.keep_pointers(&[&lane.driver.body]);
    emitter.nodes(&lane.driver.body);
    emitter.return_status(abi::OK);
    emitter.builder.seal_all_blocks();
    emitter.builder.finalize(config);
}

impl<'a> Emitter<'a> {
    /// Makes ready for calls of the host from a region: its address is in the frame.
    pub(crate) fn call_from_region(&mut self, rare_calls: Option<&'a RareCalls>) {
        let host = self.slot(self.lane.frame.host(), LaneType::I64);
        self.call_at(host, rare_calls);
    }

    /// Makes ready for calls of the host at an address.
    fn call_at(&mut self, host: Reg, rare_calls: Option<&'a RareCalls>) {
        self.host = Some(host);
        self.rare_calls = rare_calls.map(|calls| self.keep_for_rare_calls(calls, host));
    }
}

impl Emitter<'_> {
    /// A uniform value as a word of 64 bits, zero-extended.
    pub(crate) fn word(&mut self, value: Value) -> Reg {
        let scalar = self.scalar(value);
        match self.ty(value) {
            LaneType::Bool | LaneType::I32 => self.builder.ins().uextend(types::I64, scalar),
            LaneType::F32 => {
                let bits = self.view(scalar, types::I32);
                self.builder.ins().uextend(types::I64, bits)
            }
            LaneType::I64 | LaneType::F64 => scalar,
        }
    }

    /// A node that only serial code has.
    pub(crate) fn driver_node(&mut self, node: &Node) {
        match node {
            Node::SetSlot { slot, value } => {
                let bits = self.word(*value);
                self.builder.ins().store(Self::own(), bits, self.frame, slot_offset(*slot));
            }
            Node::Alloc { buffer, shape, zeroed, .. } => {
                let size = size_of::<u64>() as u32;
                let (slot, lengths) = match self.rare_calls {
                    Some(rare) if self.is_rare => (rare.lengths, self.kept_address(RareCalls::LENGTHS)),
                    _ => {
                        let size = size * shape.len().max(1) as u32;
                        let slot = StackSlotData::new(StackSlotKind::ExplicitSlot, size, 3);
                        let slot = self.builder.create_sized_stack_slot(slot);
                        (slot, self.builder.ins().stack_addr(self.traits.pointer, slot, 0))
                    }
                };
                for (axis, length) in shape.iter().enumerate() {
                    let length = self.scalar(*length);
                    self.builder.ins().stack_store(
                        self.traits.pointer,
                        length,
                        slot,
                        axis as i32 * size as i32,
                    );
                }
                let buffer = self.builder.ins().iconst(types::I32, buffer.0 as i64);
                let zeroed = self.builder.ins().iconst(types::I32, *zeroed as i64);
                self.call(HostFunction::Allocate, &[buffer, lengths, zeroed]);
            }
            Node::Move { to, from } => {
                let to = self.builder.ins().iconst(types::I32, to.0 as i64);
                let from = self.builder.ins().iconst(types::I32, from.0 as i64);
                self.call(HostFunction::Move, &[to, from]);
            }
            Node::Resize { buffer, length, .. } => {
                let buffer = self.builder.ins().iconst(types::I32, buffer.0 as i64);
                let length = self.scalar(*length);
                self.call(HostFunction::Resize, &[buffer, length]);
            }
            Node::Launch(region) => {
                let region = self.builder.ins().iconst(types::I32, region.0 as i64);
                self.call(HostFunction::Launch, &[region]);
            }
            Node::Call(call) => {
                let call = self.builder.ins().iconst(types::I32, call.0 as i64);
                self.call(HostFunction::Call, &[call]);
            }
            Node::Let(_)
            | Node::Store { .. }
            | Node::If { .. }
            | Node::Loop { .. }
            | Node::Lanes(_)
            | Node::Check { .. } => {
                unreachable!("not a node of serial code alone: {node:?}")
            }
        }
    }

    /// Calls the host; returns from the driver if it says so.
    fn call(&mut self, function: HostFunction, args: &[Reg]) {
        let status = match self.rare_calls {
            Some(rare) if self.is_rare => self.call_rarely(function, args, rare),
            _ => {
                let pointer = self.traits.pointer;
                let host = self.host.expect("only drivers call the host");
                let args: Vec<Reg> = std::iter::once(host).chain(args.iter().copied()).collect();
                let convention = self.builder.func.signature.call_conv;
                let signature = function_type(convention, &function.params(pointer));
                let signature = self.builder.import_signature(signature);
                let callee = self.builder.ins().load(pointer, Self::own(), host, function.offset());
                let call = self.builder.ins().call_indirect(signature, callee, &args);
                self.builder.inst_results(call)[0]
            }
        };
        let [stop, after] = [(); 2].map(|()| self.builder.create_block());
        self.builder.set_cold_block(stop);
        self.builder.ins().brif(status, stop, &[], after, &[]);
        self.builder.switch_to_block(stop);
        self.return_status(abi::STOPPED);
        self.builder.switch_to_block(after);
    }

    /// Calls the host by the stub that leaves registers as they are; returns the status.
    fn call_rarely(&mut self, function: HostFunction, args: &[Reg], rare: Rare<'_>) -> Reg {
        let pointer = self.traits.pointer;
        let host = self.kept_address(RareCalls::HOST);
        let status = self.kept_address(RareCalls::STATUS);
        let args: Vec<Reg> = std::iter::once(host).chain(args.iter().copied()).chain([status]).collect();
        let signature = self.builder.import_signature(RareCalls::signature(function, pointer));
        let stub = self.builder.ins().iconst(pointer, rare.calls.address(function));
        self.builder.ins().call_indirect(signature, stub, &args);
        self.builder.ins().stack_load(pointer, types::I32, rare.status, 0)
    }

    /// Makes ready for calls that are rare: what they need lies on the stack, so that no loop keeps it in registers for them.
    fn keep_for_rare_calls<'a>(&mut self, calls: &'a RareCalls, host: Reg) -> Rare<'a> {
        let pointer = self.traits.pointer;
        let mut slot = |size: u32| {
            self.builder.create_sized_stack_slot(StackSlotData::new(StackSlotKind::ExplicitSlot, size, 3))
        };
        let (lengths, status) = (slot(size_of::<[u64; MAX_RANK]>() as u32), slot(size_of::<u64>() as u32));
        let kept = slot(RareCalls::KEPT as u32 * pointer.bytes());
        let addresses = [lengths, status].map(|slot| self.builder.ins().stack_addr(pointer, slot, 0));
        let [lengths_at, status_at] = addresses;
        for (place, address) in
            [(RareCalls::HOST, host), (RareCalls::LENGTHS, lengths_at), (RareCalls::STATUS, status_at)]
        {
            self.builder.ins().stack_store(pointer, address, kept, place * pointer.bytes() as i32);
        }
        Rare { calls, lengths, status, kept }
    }

    fn kept_address(&mut self, place: i32) -> Reg {
        let pointer = self.traits.pointer;
        let kept = self.rare_calls.expect("calls are rare").kept;
        self.builder.ins().stack_load(pointer, pointer, kept, place * pointer.bytes() as i32)
    }
}

/// What rare calls take.
#[derive(Clone, Copy)]
pub(crate) struct Rare<'a> {
    calls: &'a RareCalls,
    /// Where the lengths of an array that is allocated stand.
    lengths: clif::StackSlot,
    /// Where the stubs leave the status.
    status: clif::StackSlot,
    /// Where the addresses of the host and of both are.
    kept: clif::StackSlot,
}
