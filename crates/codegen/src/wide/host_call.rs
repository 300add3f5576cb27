//! Calls of the host from regions: they leave all registers as they are.
//!
//! ```text
//! region:  push the arguments, the function, the host      stub:  save all registers
//!          call stub                                              status = host.function(host, arguments)
//!          pop the status                                         put it in the host's place on the stack
//!                                                                 restore all registers
//! ```
//!
//! A region that calls the host does so rarely, for the most part: a vector that grows does not at each push. With ordinary
//! calls what the loop works with would lie on the stack, in all iterations; see `rare_calls.rs`.

use super::Target;
use super::assembler::{Alu, Assembler, Base, Decoration, Length, Memory, Operand, RBP, RSP, VectorOp};
use super::machine::HostCall;
use crate::distinct::Distinct;

/// The arguments of any of the host's functions, the table's address apart.
pub(crate) const ARGUMENTS: usize = 3;

const RAX: u8 = 0;
const RDI: u8 = 7;

/// The general registers of the platform's first arguments, behind that of the table.
const OF_ARGUMENTS: [u8; ARGUMENTS] = [6, 2, 1];

/// The general registers that calls do not preserve.
const GENERAL: [u8; 9] = [0, 1, 2, 6, 7, 8, 9, 10, 11];

/// Where the stub finds things, in bytes from its frame pointer: behind the caller's and the return address.
const HOST: i32 = 16;
const FUNCTION: i32 = HOST + 8;
const FIRST_ARGUMENT: i32 = FUNCTION + 8;

/// Emits a call: `status`, `frame` and the arguments are in general registers, the former perhaps in one with another.
pub(super) fn call(
    assembler: &mut Assembler,
    call: HostCall,
    status: u8,
    frame: u8,
    arguments: [u8; ARGUMENTS],
) {
    arguments.into_iter().rev().for_each(|register| assembler.push(register));
    assembler.push_imm(call.function);
    assembler.push_memory(Memory { base: Base::Register(frame), index: None, displacement: call.host });
    assembler.mov_imm(status, call.stub as u64);
    assembler.call(status);
    assembler.pop(status);
    assembler.lea(RSP, Assembler::stack(8 * (1 + ARGUMENTS as i32)));
}

/// The stub: code that may lie anywhere.
pub(crate) fn stub(target: Target) -> Vec<u8> {
    let mut assembler = Assembler::new(target.evex(), 0, Distinct::default());
    let a = &mut assembler;
    let own = |displacement: i32| Memory { base: Base::Register(RBP), index: None, displacement };
    a.push(RBP);
    a.mov(true, RBP, Operand::Register(RSP));
    GENERAL.into_iter().for_each(|register| a.push(register));
    let length = if target.evex() { Length::L512 } else { Length::L256 };
    let vectors = (target.registers() * length.bytes()) as i32;
    let masks = if target.evex() { 8 } else { 0 };
    a.alu_imm(Alu::Sub, true, Operand::Register(RSP), vectors + 8 * masks);
    a.alu_imm(Alu::And, true, Operand::Register(RSP), -64);
    let all = |a: &mut Assembler, vector: VectorOp, mask: VectorOp| {
        let none = Decoration::default();
        for register in 0..target.registers() as u8 {
            let place = Operand::Memory(Assembler::stack(register as i32 * length.bytes() as i32));
            a.vector(vector, length, register, 0, place, None, none);
        }
        for register in 0..masks as u8 {
            let place = Operand::Memory(Assembler::stack(vectors + 8 * register as i32));
            a.vector(mask, length, register, 0, place, None, none);
        }
    };
    all(a, VectorOp::VmovupdTo, VectorOp::KmovqTo);
    a.vzeroupper();
    a.mov(true, RDI, Operand::Memory(own(HOST)));
    a.mov(true, RAX, Operand::Memory(own(FUNCTION)));
    for (number, register) in OF_ARGUMENTS.into_iter().enumerate() {
        a.mov(true, register, Operand::Memory(own(FIRST_ARGUMENT + 8 * number as i32)));
    }
    a.call_memory(Memory { base: Base::Register(RDI), index: Some((RAX, 0)), displacement: 0 });
    a.store(8, own(HOST), RAX);
    all(a, VectorOp::Vmovupd, VectorOp::Kmovq);
    a.lea(RSP, own(-8 * GENERAL.len() as i32));
    GENERAL.into_iter().rev().for_each(|register| a.pop(register));
    a.pop(RBP);
    a.ret();
    assembler.finish()
}
