//! Machine programs: instructions on virtual registers, in blocks, ready for register allocation.
//!
//! ```text
//! selection ──▶ Machine ──▶ registers (regalloc2) ──▶ Assembler
//! ```
//!
//! An instruction is a [`Kind`] and a list of operands in a fixed order: what it defines, then what it reads in the
//! order of the table's form, then the registers of its memory operand, then its mask. Register classes: general
//! registers are `Int`, vector registers `Float`, mask registers `Vector`.

mod generals;
mod vectors;

use super::assembler::{Alu, Condition, Constant, ConstantId, Form, Length, Shift, VectorOp, intern};
use crate::distinct::Distinct;
use regalloc2::{Operand, PReg, RegClass, VReg};
use smallvec::SmallVec;

/// A virtual register.
pub(crate) type Reg = VReg;

/// A place in memory.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) enum Place {
    /// A constant behind the code.
    Constant(ConstantId),
    /// `base + index * 2^scale + displacement`.
    Address { base: Reg, index: Option<(Reg, u8)>, displacement: i32 },
    /// The function's own memory on the stack.
    Own(i32),
}

/// The form of a place without its registers, which are operands.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) enum PlaceKind {
    Constant(ConstantId),
    Address { scale: Option<u8>, displacement: i32 },
    Own(i32),
}

/// The last operand of a vector instruction.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) enum Source {
    Register(Reg),
    Memory(Place),
    /// One element of memory in all lanes.
    Broadcast(Place),
}

impl From<Reg> for Source {
    fn from(register: Reg) -> Source {
        Source::Register(register)
    }
}

/// A vector instruction.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) struct Vector {
    pub(crate) op: VectorOp,
    pub(crate) length: Length,
    /// The memory operand, if there is one.
    pub(crate) place: Option<PlaceKind>,
    pub(crate) broadcast: bool,
    pub(crate) imm: Option<u8>,
    pub(crate) masked: bool,
    pub(crate) zeroing: bool,
    /// Whether the first thing read is what the destination held.
    pub(crate) in_place: bool,
}

impl Vector {
    /// An instruction on registers alone, in all lanes.
    fn plain(op: VectorOp, length: Length) -> Vector {
        Vector {
            op,
            length,
            place: None,
            broadcast: false,
            imm: None,
            masked: false,
            zeroing: false,
            in_place: false,
        }
    }
}

/// What is compared: integers of 32 or 64 bits in general registers, floats in the first lanes of vector registers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Numbers {
    Integers { wide: bool },
    Floats { double: bool },
}

impl Numbers {
    /// The class of the registers that they are in.
    pub(crate) fn class(self) -> RegClass {
        match self {
            Numbers::Integers { .. } => RegClass::Int,
            Numbers::Floats { .. } => RegClass::Float,
        }
    }
}

/// How a branch decides.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) enum Test {
    /// Of two general registers.
    Compare(Condition, bool),
    /// Of two floats: by what is above and below, as if they were unsigned; neither holds of what is not a number.
    CompareFloats(Condition, bool),
    /// Of a general register and a constant.
    CompareImm(Condition, bool, i32),
    /// A 32-bit register is not zero.
    NonZero,
    /// A mask register has a bit set.
    AnyMask,
}

/// What an instruction does.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) enum Kind {
    /// Defines the function's arguments.
    Arguments,
    Vector(Vector),
    Alu(Alu, bool),
    AluImm(Alu, bool, i32),
    Multiply(bool),
    MultiplyImm(bool, i32),
    Shift(Shift, bool, u8),
    ShiftBy(Shift, bool),
    Negate(bool),
    Not(bool),
    /// Quotient and remainder.
    Divide {
        signed: bool,
        wide: bool,
    },
    /// The upper and the lower half of a product.
    MultiplyHigh {
        signed: bool,
        wide: bool,
    },
    Imm(u64),
    /// Of 1, 2, 4 or 8 bytes, zero-extended.
    Load(u8, PlaceKind),
    Store(u8, PlaceKind),
    StoreImm(PlaceKind, i32),
    /// Changes an integer in memory.
    Update(Alu, bool, PlaceKind),
    UpdateImm(Alu, bool, PlaceKind, i32),
    SignExtend,
    ZeroExtend,
    AddressOf(PlaceKind),
    /// `a condition b` as 0 or 1.
    Compare(Condition, bool),
    CompareImm(Condition, bool, i32),
    /// Of floats, as [`Test::CompareFloats`].
    CompareFloats(Condition, bool),
    /// The second if the third (32 bits) is not zero, else the first.
    Select,
    /// The second if the third and the fourth, or the third and a constant, compare so, else the first.
    SelectBy(Condition, Numbers, Option<i32>),
    /// The second if it is in this relation to the first, else the first.
    Better(Condition, bool),
    LowBits(bool),
    /// The number of the lowest bit of 32 that is set; one is.
    LowestBit,
    Deposit(bool),
    HostCall(HostCall),
    Jump,
    Branch(Test),
    Return(i32),
}

/// A call of the host.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) struct HostCall {
    /// The address of what saves all registers.
    pub(crate) stub: i64,
    /// Where the function is in the host's table, in bytes.
    pub(crate) function: i32,
    /// Where the host's address is in the frame, in bytes.
    pub(crate) host: i32,
}

/// An instruction and where its operands start.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Inst {
    pub(crate) kind: Kind,
    pub(crate) operands: u32,
}

/// A block under construction or done.
#[derive(Clone, Debug, Default)]
pub(crate) struct BlockData {
    pub(crate) params: SmallVec<[Reg; 4]>,
    pub(crate) first: u32,
    pub(crate) end: u32,
    pub(crate) successors: SmallVec<[Block; 2]>,
    /// What a jump at its end passes on.
    pub(crate) arguments: SmallVec<[Reg; 4]>,
    /// Whether it is seldom run, and so stands behind all others.
    pub(crate) cold: bool,
    /// Whether it is the head of a hot loop.
    pub(crate) aligned: bool,
}

/// The number of a block.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) struct Block(pub(crate) u32);

/// A program under construction.
#[derive(Default)]
pub(crate) struct Machine {
    pub(crate) insts: Vec<Inst>,
    pub(crate) operands: Vec<Operand>,
    pub(crate) blocks: Vec<BlockData>,
    /// The blocks in the order in which they were filled.
    pub(crate) order: Vec<Block>,
    pub(crate) registers: usize,
    pub(crate) constants: Distinct<Constant>,
    /// The function's own memory on the stack, in bytes.
    pub(crate) own: i32,
    cold: bool,
}

/// The operands of an instruction among others.
pub(crate) fn operands_of<'a>(insts: &[Inst], operands: &'a [Operand], number: usize) -> &'a [Operand] {
    let end = insts.get(number + 1).map_or(operands.len(), |next| next.operands as usize);
    &operands[insts[number].operands as usize..end]
}

impl Machine {
    pub(crate) fn register(&mut self, class: RegClass) -> Reg {
        self.registers += 1;
        VReg::new(self.registers - 1, class)
    }
    pub(crate) fn general(&mut self) -> Reg {
        self.register(RegClass::Int)
    }
    pub(crate) fn block(&mut self) -> Block {
        self.blocks.push(BlockData::default());
        Block(self.blocks.len() as u32 - 1)
    }
    /// Continues in a block that is still empty.
    pub(crate) fn fill(&mut self, block: Block) {
        let (first, cold) = (self.insts.len() as u32, self.cold);
        let data = &mut self.blocks[block.0 as usize];
        (data.first, data.cold) = (first, cold);
        self.order.push(block);
    }
    /// Whether the blocks filled from now on are seldom run; returns what held before.
    pub(crate) fn set_cold(&mut self, cold: bool) -> bool {
        std::mem::replace(&mut self.cold, cold)
    }
    pub(crate) fn align(&mut self, block: Block) {
        self.blocks[block.0 as usize].aligned = true;
    }
    /// A parameter of a block.
    pub(crate) fn param(&mut self, block: Block, class: RegClass) -> Reg {
        let register = self.register(class);
        self.blocks[block.0 as usize].params.push(register);
        register
    }
    /// Memory of the function's own, aligned to 64 bytes.
    pub(crate) fn own_memory(&mut self, bytes: usize) -> i32 {
        let offset = self.own;
        self.own += (bytes as i32 + 63) & !63;
        offset
    }
    /// A constant behind the code.
    pub(crate) fn constant(&mut self, constant: Constant) -> Place {
        Place::Constant(intern(&mut self.constants, constant))
    }

    fn push(&mut self, kind: Kind, operands: &[Operand]) {
        let start = self.operands.len() as u32;
        self.operands.extend_from_slice(operands);
        self.insts.push(Inst { kind, operands: start });
    }

    fn place(operands: &mut SmallVec<[Operand; 6]>, place: Place) -> PlaceKind {
        match place {
            Place::Constant(constant) => PlaceKind::Constant(constant),
            Place::Own(offset) => PlaceKind::Own(offset),
            Place::Address { base, index, displacement } => {
                operands.push(Operand::reg_use(base));
                if let Some((index, _)) = index {
                    operands.push(Operand::reg_use(index));
                }
                PlaceKind::Address { scale: index.map(|(_, scale)| scale), displacement }
            }
        }
    }

    fn source(
        operands: &mut SmallVec<[Operand; 6]>,
        op: VectorOp,
        source: Source,
    ) -> (Option<PlaceKind>, bool) {
        match source {
            Source::Register(register) => {
                // Without EVEX these take no memory operand.
                let registers_only = matches!(op.row().form, Form::Vmi(_))
                    || matches!(op, VectorOp::Vmovmskpd | VectorOp::Vmovmskps | VectorOp::Vpmovmskb);
                let any = register.class() == RegClass::Float && !registers_only;
                operands.push(if any { Operand::any_use(register) } else { Operand::reg_use(register) });
                (None, false)
            }
            Source::Memory(place) => (Some(Machine::place(operands, place)), false),
            Source::Broadcast(place) => (Some(Machine::place(operands, place)), true),
        }
    }

    /// The function's arguments: frame, range, partials, fault.
    pub(crate) fn arguments(&mut self) -> [Reg; 4] {
        const RDI_RSI_RDX_RCX: [usize; 4] = [7, 6, 2, 1];
        let registers = [(); 4].map(|()| self.general());
        let operands: SmallVec<[Operand; 4]> = registers
            .iter()
            .zip(RDI_RSI_RDX_RCX)
            .map(|(register, number)| Operand::reg_fixed_def(*register, PReg::new(number, RegClass::Int)))
            .collect();
        self.push(Kind::Arguments, &operands);
        registers
    }

    /// Ends the block: goes on in another.
    pub(crate) fn jump(&mut self, target: Block, arguments: &[Reg]) {
        self.push(Kind::Jump, &[]);
        let data = self.current();
        data.successors.push(target);
        data.arguments.extend_from_slice(arguments);
    }
    /// Ends the block: goes on in the first other if the test holds, else in the second. Both have no other
    /// predecessor.
    pub(crate) fn branch(&mut self, test: Test, operands: &[Reg], yes: Block, no: Block) {
        // A comparison takes one number from memory as well, if there is no register for it.
        let any = match test {
            Test::Compare(..) => Some(1),
            Test::CompareImm(..) => Some(0),
            Test::CompareFloats(..) | Test::NonZero | Test::AnyMask => None,
        };
        let operand = |(position, register): (usize, &Reg)| match any == Some(position) {
            true => Operand::any_use(*register),
            false => Operand::reg_use(*register),
        };
        let operands: SmallVec<[Operand; 2]> = operands.iter().enumerate().map(operand).collect();
        self.push(Kind::Branch(test), &operands);
        self.current().successors.extend([yes, no]);
    }
    /// Ends the block and the function.
    pub(crate) fn finish(&mut self, status: i32) {
        self.push(Kind::Return(status), &[]);
        self.current();
    }

    /// An instruction's operands.
    pub(crate) fn operands_of(&self, number: usize) -> &[Operand] {
        operands_of(&self.insts, &self.operands, number)
    }

    /// Puts these instructions, given by the numbers that they have, in place of all; the blocks are the caller's to
    /// keep in step.
    pub(crate) fn rearrange(&mut self, order: impl Iterator<Item = usize>) {
        let (insts, operands) = self.take();
        for number in order {
            self.push(insts[number].kind, operands_of(&insts, &operands, number));
        }
    }

    /// Takes out all instructions and their operands, for the caller to add them again.
    pub(crate) fn take(&mut self) -> (Vec<Inst>, Vec<Operand>) {
        (std::mem::take(&mut self.insts), std::mem::take(&mut self.operands))
    }
    /// Adds an instruction that was there before.
    pub(crate) fn add(&mut self, kind: Kind, operands: impl Iterator<Item = Operand>) {
        let start = self.operands.len() as u32;
        self.operands.extend(operands);
        self.insts.push(Inst { kind, operands: start });
    }

    /// The block being filled, of which the last instruction is there.
    fn current(&mut self) -> &mut BlockData {
        let end = self.insts.len() as u32;
        let block = *self.order.last().expect("a block is being filled");
        let data = &mut self.blocks[block.0 as usize];
        data.end = end;
        data
    }
}
