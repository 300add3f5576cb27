//! Copies between registers and the stack, which register allocation asks for.
//!
//! ```text
//! mov r12, rdi
//! add r12, 1        lea r12, [rdi+1]
//! ```

use super::{Assembler, Emitter, number};
use crate::wide::assembler::{Alu, Base, Decoration, Memory, Operand, Shift, VectorOp};
use crate::wide::machine::Kind;
use regalloc2::{Allocation, RegClass};

impl Emitter {
    /// Emits a copy and the sum behind it that changes the copy as one instruction, if there is one.
    pub(super) fn copied_and_added(
        &mut self,
        kind: Kind,
        [from, to]: [Allocation; 2],
        allocations: &[Allocation],
    ) -> bool {
        let [Some(source), Some(copy)] = [from, to].map(Allocation::as_reg) else { return false };
        if copy.class() != RegClass::Int || allocations.first() != Some(&to) {
            return false;
        }
        let (source, copy) = (source.hw_enc() as u8, copy.hw_enc() as u8);
        let (index, displacement) = match kind {
            Kind::AluImm(Alu::Add, true, imm) => (None, imm),
            Kind::AluImm(Alu::Sub, true, imm) if imm != i32::MIN => (None, -imm),
            Kind::Shift(Shift::Shl, true, 1) => (Some((source, 0)), 0),
            Kind::Alu(Alu::Add, true) => match allocations[2].as_reg() {
                _ if allocations[2] == to => (Some((source, 0)), 0),
                Some(other) => (Some((other.hw_enc() as u8, 0)), 0),
                None => return false,
            },
            _ => return false,
        };
        self.assembler.lea(copy, Memory { base: Base::Register(source), index, displacement });
        true
    }

    /// Moves a value between registers and the stack.
    pub(super) fn copy(&mut self, from: Allocation, to: Allocation) {
        let class = from.as_reg().or(to.as_reg()).expect("no moves in memory").class();
        let length = self.isa.length();
        let none = Decoration::default();
        let vector = |assembler: &mut Assembler, op, reg, rm| {
            assembler.vector(op, length, reg, 0, rm, None, none);
        };
        match (class, from.is_reg(), to.is_reg()) {
            (RegClass::Int, _, true) => {
                let source = self.operand(from);
                self.assembler.mov(true, number(to), source);
            }
            (RegClass::Int, _, false) => {
                let memory = self.spill(to);
                self.assembler.store(8, memory, number(from));
            }
            (RegClass::Float, true, true) => {
                vector(&mut self.assembler, VectorOp::Vmovapd, number(to), Operand::Register(number(from)));
            }
            (RegClass::Float, false, _) => {
                let source = self.operand(from);
                vector(&mut self.assembler, VectorOp::Vmovupd, number(to), source);
            }
            (RegClass::Float, true, false) => {
                let memory = Operand::Memory(self.spill(to));
                vector(&mut self.assembler, VectorOp::VmovupdTo, number(from), memory);
            }
            (RegClass::Vector, _, true) => {
                let source = self.operand(from);
                vector(&mut self.assembler, VectorOp::Kmovq, number(to), source);
            }
            (RegClass::Vector, true, false) => {
                let memory = Operand::Memory(self.spill(to));
                vector(&mut self.assembler, VectorOp::KmovqTo, number(from), memory);
            }
            (RegClass::Vector, false, false) => unreachable!("no moves in memory"),
        }
    }
}
