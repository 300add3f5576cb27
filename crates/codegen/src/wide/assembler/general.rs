//! Bytes of the instructions on general registers, and of branches.

use super::encode::extension_bits;
use super::{Assembler, Base, Label, Memory, Operand};

/// Two-operand arithmetic: the number is that of the opcode group.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Alu {
    Add = 0,
    Or = 1,
    And = 4,
    Sub = 5,
    Xor = 6,
    Cmp = 7,
}

/// Shifts and rotations by a constant: the number is the opcode extension.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Shift {
    /// A rotation to the right.
    Ror = 1,
    Shl = 4,
    Shr = 5,
    Sar = 7,
}

/// Conditions of jumps, moves and bytes: the number is their code.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Condition {
    Below = 2,
    AboveEqual = 3,
    Equal = 4,
    NotEqual = 5,
    BelowEqual = 6,
    Above = 7,
    Less = 12,
    GreaterEqual = 13,
    LessEqual = 14,
    Greater = 15,
}

impl Condition {
    /// What holds of `b` and `a` where this holds of `a` and `b`.
    pub(crate) fn swapped(self) -> Condition {
        match self {
            Condition::Below => Condition::Above,
            Condition::Above => Condition::Below,
            Condition::AboveEqual => Condition::BelowEqual,
            Condition::BelowEqual => Condition::AboveEqual,
            Condition::Less => Condition::Greater,
            Condition::Greater => Condition::Less,
            Condition::GreaterEqual => Condition::LessEqual,
            Condition::LessEqual => Condition::GreaterEqual,
            Condition::Equal | Condition::NotEqual => self,
        }
    }

    /// The opposite.
    pub(crate) fn not(self) -> Condition {
        match self {
            Condition::Below => Condition::AboveEqual,
            Condition::AboveEqual => Condition::Below,
            Condition::Equal => Condition::NotEqual,
            Condition::NotEqual => Condition::Equal,
            Condition::Less => Condition::GreaterEqual,
            Condition::GreaterEqual => Condition::Less,
            Condition::BelowEqual => Condition::Above,
            Condition::Above => Condition::BelowEqual,
            Condition::LessEqual => Condition::Greater,
            Condition::Greater => Condition::LessEqual,
        }
    }
}

/// The stack pointer's number.
pub(crate) const RSP: u8 = 4;
/// The frame pointer's number.
pub(crate) const RBP: u8 = 5;

impl Assembler {
    /// REX, opcode (with an escape byte), ModRM. `wide` is 64 bits.
    fn general(&mut self, wide: bool, escape: bool, opcode: u8, reg: u8, rm: &Operand, trailing: usize) {
        let (x, b) = extension_bits(rm);
        let rex = 0x40 | (wide as u8) << 3 | (reg >> 3) << 2 | x << 1 | b;
        if rex != 0x40 {
            self.byte(rex);
        }
        if escape {
            self.byte(0x0f);
        }
        self.byte(opcode);
        self.modrm(reg & 7, rm, 1, trailing);
    }

    /// `dst op= src`, or flags of `dst - src`.
    pub(crate) fn alu(&mut self, op: Alu, wide: bool, dst: u8, src: Operand) {
        self.general(wide, false, (op as u8) << 3 | 3, dst, &src, 0);
    }
    /// `dst op= imm`.
    pub(crate) fn alu_imm(&mut self, op: Alu, wide: bool, dst: Operand, imm: i32) {
        match i8::try_from(imm) {
            Ok(imm) => {
                self.general(wide, false, 0x83, op as u8, &dst, 1);
                self.byte(imm as u8);
            }
            Err(_) => {
                self.general(wide, false, 0x81, op as u8, &dst, 4);
                self.bytes(&imm.to_le_bytes());
            }
        }
    }
    /// Flags of `a & b`.
    pub(crate) fn test(&mut self, wide: bool, a: u8, b: u8) {
        self.general(wide, false, 0x85, b, &Operand::Register(a), 0);
    }
    /// `dst *= src`.
    pub(crate) fn imul(&mut self, wide: bool, dst: u8, src: Operand) {
        self.general(wide, true, 0xaf, dst, &src, 0);
    }
    /// `dst = src * imm`.
    pub(crate) fn imul_imm(&mut self, wide: bool, dst: u8, src: Operand, imm: i32) {
        self.general(wide, false, 0x69, dst, &src, 4);
        self.bytes(&imm.to_le_bytes());
    }
    /// `dst shift= imm`.
    pub(crate) fn shift(&mut self, op: Shift, wide: bool, dst: u8, imm: u8) {
        self.general(wide, false, 0xc1, op as u8, &Operand::Register(dst), 1);
        self.byte(imm);
    }
    /// `dst = src shifted by count`, the count modulo the width.
    pub(crate) fn shift_by(&mut self, op: Shift, wide: bool, dst: u8, src: u8, count: u8) {
        let prefix = match op {
            Shift::Shl => 1,
            Shift::Sar => 2,
            Shift::Shr => 3,
            Shift::Ror => unreachable!("rotations are by constants"),
        };
        self.vex_general(prefix, wide, 0xf7, dst, count, src);
    }
    /// `dst = the low bits of src, as many as the low byte of count says`.
    pub(crate) fn bzhi(&mut self, wide: bool, dst: u8, src: u8, count: u8) {
        self.vex_general(0, wide, 0xf5, dst, count, src);
    }
    /// `dst = the low bits of src, one each at the ones of the pattern`.
    pub(crate) fn pdep(&mut self, wide: bool, dst: u8, src: u8, pattern: u8) {
        self.vex_general(3, wide, 0xf5, dst, src, pattern);
    }
    /// A VEX instruction of map 0F38 on general registers.
    fn vex_general(&mut self, prefix: u8, wide: bool, opcode: u8, reg: u8, vvvv: u8, rm: u8) {
        let inverted = ((reg < 8) as u8) << 7 | 1 << 6 | ((rm < 8) as u8) << 5;
        self.bytes(&[0xc4, inverted | 2, (wide as u8) << 7 | (!vvvv & 15) << 3 | prefix, opcode]);
        self.modrm(reg & 7, &Operand::Register(rm), 1, 0);
    }
    /// `dst = the number of the lowest one of src`, which has one; all 64 bits are written.
    pub(crate) fn bsf(&mut self, dst: u8, src: u8) {
        self.general(false, true, 0xbc, dst, &Operand::Register(src), 0);
    }
    /// `dst = -dst`.
    pub(crate) fn neg(&mut self, wide: bool, dst: u8) {
        self.general(wide, false, 0xf7, 3, &Operand::Register(dst), 0);
    }
    /// `dst = !dst`.
    pub(crate) fn not(&mut self, wide: bool, dst: u8) {
        self.general(wide, false, 0xf7, 2, &Operand::Register(dst), 0);
    }
    /// `rax, rdx = rdx:rax / src`, signed or unsigned.
    pub(crate) fn divide(&mut self, signed: bool, wide: bool, src: u8) {
        self.general(wide, false, 0xf7, 6 + signed as u8, &Operand::Register(src), 0);
    }
    /// `rdx:rax = rax * src`, signed or unsigned.
    pub(crate) fn multiply_high(&mut self, signed: bool, wide: bool, src: u8) {
        self.general(wide, false, 0xf7, 4 + signed as u8, &Operand::Register(src), 0);
    }
    /// `rdx = the sign of rax`.
    pub(crate) fn sign_to_rdx(&mut self, wide: bool) {
        if wide {
            self.byte(0x48);
        }
        self.byte(0x99);
    }
    /// `dst = src`; 32 bits clear the upper half.
    pub(crate) fn mov(&mut self, wide: bool, dst: u8, src: Operand) {
        self.general(wide, false, 0x8b, dst, &src, 0);
    }
    /// Memory `= src`.
    pub(crate) fn store(&mut self, bytes: u8, dst: Memory, src: u8) {
        let dst = Operand::Memory(dst);
        match bytes {
            1 => {
                // A REX prefix makes the byte registers the low bytes of all sixteen.
                let (x, b) = extension_bits(&dst);
                self.bytes(&[0x40 | (src >> 3) << 2 | x << 1 | b, 0x88]);
                self.modrm(src & 7, &dst, 1, 0);
            }
            2 => {
                self.byte(0x66);
                self.general(false, false, 0x89, src, &dst, 0);
            }
            bytes => self.general(bytes == 8, false, 0x89, src, &dst, 0),
        }
    }
    /// Memory `op= src`.
    pub(crate) fn update(&mut self, op: Alu, wide: bool, dst: Memory, src: u8) {
        self.general(wide, false, (op as u8) << 3 | 1, src, &Operand::Memory(dst), 0);
    }
    /// Memory `= imm`, of 64 bits.
    pub(crate) fn store_imm(&mut self, dst: Memory, imm: i32) {
        self.general(true, false, 0xc7, 0, &Operand::Memory(dst), 4);
        self.bytes(&imm.to_le_bytes());
    }
    /// `dst =` a byte, zero-extended.
    pub(crate) fn load_byte(&mut self, dst: u8, src: Memory) {
        self.general(false, true, 0xb6, dst, &Operand::Memory(src), 0);
    }
    /// `dst =` two bytes, zero-extended.
    pub(crate) fn load_word(&mut self, dst: u8, src: Memory) {
        self.general(false, true, 0xb7, dst, &Operand::Memory(src), 0);
    }
    /// `dst =` 32 bits, sign-extended to 64.
    pub(crate) fn sign_extend(&mut self, dst: u8, src: Operand) {
        self.general(true, false, 0x63, dst, &src, 0);
    }
    /// `dst = imm`, in the shortest way.
    pub(crate) fn mov_imm(&mut self, dst: u8, imm: u64) {
        if let Ok(imm) = u32::try_from(imm) {
            if dst >= 8 {
                self.byte(0x41);
            }
            self.byte(0xb8 | (dst & 7));
            self.bytes(&imm.to_le_bytes());
        } else if let Ok(imm) = i32::try_from(imm as i64) {
            self.general(true, false, 0xc7, 0, &Operand::Register(dst), 4);
            self.bytes(&imm.to_le_bytes());
        } else {
            self.bytes(&[0x48 | dst >> 3, 0xb8 | (dst & 7)]);
            self.bytes(&imm.to_le_bytes());
        }
    }
    /// `dst = the address of src`.
    pub(crate) fn lea(&mut self, dst: u8, src: Memory) {
        self.general(true, false, 0x8d, dst, &Operand::Memory(src), 0);
    }
    /// `dst = src` if the condition holds.
    pub(crate) fn cmov(&mut self, condition: Condition, wide: bool, dst: u8, src: Operand) {
        self.general(wide, true, 0x40 | condition as u8, dst, &src, 0);
    }
    /// `dst = 1` if the condition holds, else 0; the flags stay.
    pub(crate) fn set(&mut self, condition: Condition, dst: u8) {
        self.bytes(&[0x40 | dst >> 3, 0x0f, 0x90 | condition as u8]);
        self.modrm(0, &Operand::Register(dst), 1, 0);
        // movzx dst, dst's low byte.
        self.bytes(&[0x40 | (dst >> 3) << 2 | dst >> 3, 0x0f, 0xb6]);
        self.modrm(dst & 7, &Operand::Register(dst), 1, 0);
    }
    /// Pushes a register.
    pub(crate) fn push(&mut self, register: u8) {
        self.extended(register, 0x50);
    }
    /// Pops a register.
    pub(crate) fn pop(&mut self, register: u8) {
        self.extended(register, 0x58);
    }
    /// Pushes a constant.
    pub(crate) fn push_imm(&mut self, imm: i32) {
        self.byte(0x68);
        self.bytes(&imm.to_le_bytes());
    }
    /// Pushes 64 bits of memory.
    pub(crate) fn push_memory(&mut self, src: Memory) {
        self.general(false, false, 0xff, 6, &Operand::Memory(src), 0);
    }
    /// Calls a function, whose address is in a register.
    pub(crate) fn call(&mut self, register: u8) {
        self.general(false, false, 0xff, 2, &Operand::Register(register), 0);
    }
    /// Calls a function, whose address is in memory.
    pub(crate) fn call_memory(&mut self, src: Memory) {
        self.general(false, false, 0xff, 2, &Operand::Memory(src), 0);
    }
    fn extended(&mut self, register: u8, opcode: u8) {
        if register >= 8 {
            self.byte(0x41);
        }
        self.byte(opcode | (register & 7));
    }
    /// Clears the upper halves of the vector registers, which code for 128 bits expects.
    pub(crate) fn vzeroupper(&mut self) {
        self.bytes(&[0xc5, 0xf8, 0x77]);
    }
    /// Returns.
    pub(crate) fn ret(&mut self) {
        self.byte(0xc3);
    }
    /// Jumps.
    pub(crate) fn jmp(&mut self, target: Label) {
        self.byte(0xe9);
        self.branch_displacement(target);
    }
    /// Jumps if the condition holds.
    pub(crate) fn jcc(&mut self, condition: Condition, target: Label) {
        self.bytes(&[0x0f, 0x80 | condition as u8]);
        self.branch_displacement(target);
    }
    /// Memory on the stack, from the stack pointer.
    pub(crate) fn stack(displacement: i32) -> Memory {
        Memory { base: Base::Register(RSP), index: None, displacement }
    }
}
