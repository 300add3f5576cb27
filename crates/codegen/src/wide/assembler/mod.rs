//! The assembler: instructions with numbered registers to position-independent bytes.
//!
//! ```text
//! code │ int3 … to 64 │ constants of 64, 32, 16, 8, 4 bytes      read relative to the instruction pointer
//! ```
//!
//! One table row serves an instruction at 128, 256 and 512 bits, in VEX and in EVEX. An encoder of our own rather than
//! a general one because of that, and because encoding is a tenth as long: compile time is what users wait for. That the
//! bytes mean what we say is checked against a disassembler, for every row.

mod encode;
mod general;
mod table;
#[cfg(test)]
mod tests;

use crate::distinct::Distinct;
pub(crate) use encode::{Decoration, memory_size};
pub(crate) use general::{Alu, Condition, RBP, RSP, Shift};
pub(crate) use table::{Form, VectorOp};

/// The length of a vector register that an instruction works on.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Length {
    L128 = 0,
    L256 = 1,
    L512 = 2,
}

impl Length {
    /// In bytes.
    pub(crate) fn bytes(self) -> usize {
        16 << self as u8
    }
    /// The shortest that holds so many bytes.
    pub(crate) fn holding(bytes: usize) -> Length {
        match bytes {
            0..=16 => Length::L128,
            17..=32 => Length::L256,
            _ => Length::L512,
        }
    }
}

/// A register or memory.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Operand {
    Register(u8),
    Memory(Memory),
}

/// A place in memory.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Memory {
    pub(crate) base: Base,
    /// A register and the logarithm of what it is multiplied with; a vector register in gathers and scatters.
    pub(crate) index: Option<(u8, u8)>,
    pub(crate) displacement: i32,
}

/// Where a memory operand counts from.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Base {
    /// A general register.
    Register(u8),
    /// A constant behind the code.
    Constant(ConstantId),
}

/// A constant of an [`Assembler`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct ConstantId(u32);

impl ConstantId {
    pub(crate) fn number(self) -> usize {
        self.0 as usize
    }
}

/// Bytes of a constant in memory.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) enum Constant {
    /// An element of `size` bytes (1, 2, 4 or 8), as often as fills `bytes`.
    Splat { bits: u64, size: u8, bytes: u8 },
    /// `first * step`, `(first + 1) * step`, … of `size` bytes (1, 2, 4 or 8).
    Count { first: u8, step: u64, size: u8, bytes: u8 },
    /// As many of these numbers as fill `bytes`, of `size` bytes (1, 4 or 8) each.
    Numbers { numbers: [u8; 16], size: u8, bytes: u8 },
}

impl Constant {
    pub(crate) fn len(self) -> usize {
        match self {
            Constant::Splat { bytes, .. }
            | Constant::Count { bytes, .. }
            | Constant::Numbers { bytes, .. } => bytes as usize,
        }
    }

    fn write(self, out: &mut Vec<u8>) {
        match self {
            Constant::Splat { bits, size, bytes } => {
                for _ in 0..bytes / size {
                    out.extend_from_slice(&bits.to_le_bytes()[..size as usize]);
                }
            }
            Constant::Numbers { numbers, size, bytes } => {
                for number in &numbers[..(bytes / size) as usize] {
                    out.extend_from_slice(&(*number as u64).to_le_bytes()[..size as usize]);
                }
            }
            Constant::Count { first, step, size, bytes } => {
                for k in 0..bytes / size {
                    let multiple = ((first + k) as u64).wrapping_mul(step);
                    out.extend_from_slice(&multiple.to_le_bytes()[..size as usize]);
                }
            }
        }
    }
}

/// A place in the code to jump to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Label(pub(crate) u32);

/// Code under construction.
pub(crate) struct Assembler {
    /// Whether vector instructions are encoded in EVEX.
    evex: bool,
    code: Vec<u8>,
    labels: Vec<usize>,
    branches: Vec<(usize, Label)>,
    constants: Distinct<Constant>,
    /// Where a displacement stands, to which constant, and how many bytes of the instruction follow it.
    constant_uses: Vec<(usize, ConstantId, usize)>,
}

const UNPLACED: usize = usize::MAX;

impl Assembler {
    /// An assembler with so many labels.
    pub(crate) fn new(evex: bool, labels: usize, constants: Distinct<Constant>) -> Assembler {
        Assembler {
            evex,
            code: Vec::with_capacity(2048),
            labels: vec![UNPLACED; labels],
            branches: Vec::new(),
            constants,
            constant_uses: Vec::new(),
        }
    }

    /// Puts a label here.
    pub(crate) fn place(&mut self, label: Label) {
        self.labels[label.0 as usize] = self.code.len();
    }

    /// Whether a label marks code that is there already.
    pub(crate) fn is_placed(&self, label: Label) -> bool {
        self.labels[label.0 as usize] != UNPLACED
    }

    /// Takes back all instructions from a place on, none of which refers to a label or a constant.
    pub(crate) fn go_back(&mut self, place: usize) {
        self.code.truncate(place);
    }

    /// Fills up with long no-operations to a multiple of a power of two.
    pub(crate) fn align(&mut self, alignment: usize) {
        const NOPS: [&[u8]; 9] = [
            &[0x90],
            &[0x66, 0x90],
            &[0x0f, 0x1f, 0],
            &[0x0f, 0x1f, 0x40, 0],
            &[0x0f, 0x1f, 0x44, 0, 0],
            &[0x66, 0x0f, 0x1f, 0x44, 0, 0],
            &[0x0f, 0x1f, 0x80, 0, 0, 0, 0],
            &[0x0f, 0x1f, 0x84, 0, 0, 0, 0, 0],
            &[0x66, 0x0f, 0x1f, 0x84, 0, 0, 0, 0, 0],
        ];
        let mut missing = self.code.len().next_multiple_of(alignment) - self.code.len();
        while missing > 0 {
            let nop = NOPS[missing.min(NOPS.len()) - 1];
            self.bytes(nop);
            missing -= nop.len();
        }
    }

    /// The number of code bytes so far.
    pub(crate) fn len(&self) -> usize {
        self.code.len()
    }

    fn byte(&mut self, byte: u8) {
        self.code.push(byte);
    }
    fn bytes(&mut self, bytes: &[u8]) {
        self.code.extend_from_slice(bytes);
    }
    fn branch_displacement(&mut self, target: Label) {
        self.branches.push((self.code.len(), target));
        self.bytes(&[0; 4]);
    }
    fn constant_displacement(&mut self, constant: ConstantId, trailing: usize) {
        self.constant_uses.push((self.code.len(), constant, trailing));
        self.bytes(&[0; 4]);
    }

    /// The code, with all its jumps and constants, to be placed at a multiple of 64.
    pub(crate) fn finish(mut self) -> Vec<u8> {
        for (at, label) in std::mem::take(&mut self.branches) {
            let target = self.labels[label.0 as usize];
            assert_ne!(target, UNPLACED, "{label:?}");
            self.patch(at, target, 0);
        }
        if self.constants.is_empty() {
            return self.code;
        }
        let padded = self.code.len().next_multiple_of(64);
        self.code.resize(padded, 0xcc);
        // Sizes are powers of two, so that in falling order each is aligned to itself.
        let mut order: Vec<usize> = (0..self.constants.len()).collect();
        order.sort_by_key(|constant| std::cmp::Reverse(self.constants[*constant].len()));
        let mut places = vec![0; self.constants.len()];
        for constant in order {
            places[constant] = self.code.len();
            self.constants[constant].write(&mut self.code);
        }
        for (at, constant, trailing) in std::mem::take(&mut self.constant_uses) {
            self.patch(at, places[constant.0 as usize], trailing);
        }
        self.code
    }

    fn patch(&mut self, at: usize, target: usize, trailing: usize) {
        let displacement = target as i64 - (at + 4 + trailing) as i64;
        let displacement = i32::try_from(displacement).expect("functions are short");
        self.code[at..at + 4].copy_from_slice(&displacement.to_le_bytes());
    }
}

/// The number of a constant in a list, added if it is new.
pub(crate) fn intern(constants: &mut Distinct<Constant>, constant: Constant) -> ConstantId {
    ConstantId(constants.insert(constant) as u32)
}
