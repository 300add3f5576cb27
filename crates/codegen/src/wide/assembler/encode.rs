//! Bytes of vector and mask instructions: VEX and EVEX prefixes, ModRM, SIB, displacement.
//!
//! ```text
//! C5    R vvvv L pp                    opcode ModRM [SIB] [disp] [imm8]
//! C4    R X B mmmmm │ W vvvv L pp      opcode …
//! 62    R X B R' 0 mmm │ W vvvv 1 pp │ z L'L b V' aaa    opcode … disp8 counts in units of the operand's size
//! ```

use super::table::{Form, Map, Tuple, VectorOp, Wide};
use super::{Assembler, Base, Length, Memory, Operand};

/// What an EVEX instruction can have beside its operands.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct Decoration {
    /// The mask register that says which lanes are written; 0 for all.
    pub(crate) mask: u8,
    /// Whether the other lanes become zero instead of staying.
    pub(crate) zeroing: bool,
    /// Whether the memory operand is one element for all lanes.
    pub(crate) broadcast: bool,
}

impl VectorOp {
    /// Whether it works on mask registers alone (or general ones), which is encoded in VEX everywhere.
    pub(crate) fn is_of_masks(self) -> bool {
        use VectorOp::*;
        matches!(self, Kmovq | KmovqTo | KmovqFrom | KmovqOut | Kandq | Kandnq | Korq | Kxorq | Kortestq)
    }
    /// Whether it loads lanes from anywhere.
    pub(crate) fn is_gather(self) -> bool {
        matches!(self, VectorOp::Vgatherqpd | VectorOp::Vgatherqps)
    }
    /// Whether it stores lanes anywhere.
    pub(crate) fn is_scatter(self) -> bool {
        matches!(self, VectorOp::Vscatterqpd | VectorOp::Vscatterqps)
    }
    /// Whether it can be encoded in EVEX, or in VEX.
    pub(crate) fn exists(self, evex: bool) -> bool {
        use VectorOp::*;
        let vex_only = matches!(
            self,
            Vpcmpeqb
                | Vpcmpeqw
                | Vpcmpgtb
                | Vpcmpgtw
                | Vpacksswb
                | Vpackuswb
                | Vpblendvb
                | Vpmovmskb
                | Vpcmpeqq
                | Vpcmpeqd
                | Vpcmpgtq
                | Vpcmpgtd
                | Vpmovzxbq
                | Vshufps
                | Vblendpd
                | Vblendps
                | Vpermpd
                | Vpermps
                | Vblendvpd
                | Vblendvps
                | Vmaskmovpd
                | Vmaskmovps
                | VmaskmovpdTo
                | VmaskmovpsTo
                | Vmovmskpd
                | Vmovmskps
        );
        let evex_only = matches!(
            self,
            Vpcmpb
                | Vpcmpw
                | Vpcmpub
                | Vpcmpuw
                | Vpminsq
                | Vpminuq
                | Vpmaxsq
                | Vpmaxuq
                | Vpblendmb
                | Vpblendmw
                | VpbroadcastbFrom
                | VpbroadcastwFrom
                | Vmovdqu16
                | Vmovdqu16To
                | Vpmovwb
                | Vpmovdb
                | Vpmovdw
                | Vcvtqq2pd
                | Vcvtqq2ps
                | Vcvtuqq2pd
                | Vcvtuqq2ps
                | Vcvtudq2pd
                | Vcvtudq2ps
                | Vcvttpd2qq
                | Vcvttps2qq
                | Vcvttpd2uqq
                | Vcvttps2uqq
                | Vpmullq
                | VpsraqBy
                | VprorqBy
                | VprordBy
                | Vpsravq
                | Vpmovqd
                | Vpcmpq
                | Vpcmpd
                | Vpcmpuq
                | Vpcmpud
                | Vptestmb
                | Valignq
                | Valignd
                | Vpermt2pd
                | Vpermt2ps
                | Vblendmpd
                | Vblendmps
                | VpbroadcastqFrom
                | VpbroadcastdFrom
                | Vmovdqu8
                | Vmovdqu8To
                | Vscatterqpd
                | Vscatterqps
        );
        if evex { !vex_only } else { !evex_only }
    }
}

impl Assembler {
    /// An instruction of the table. `reg` and `vvvv` are register numbers (`vvvv` is 0 where there is none).
    #[allow(clippy::too_many_arguments)]
    pub(crate) fn vector(
        &mut self,
        op: VectorOp,
        length: Length,
        reg: u8,
        vvvv: u8,
        rm: Operand,
        imm: Option<u8>,
        decoration: Decoration,
    ) {
        let row = op.row();
        let (reg, vvvv) = match row.form {
            Form::Vmi(digit) => (digit, reg),
            _ => (reg, vvvv),
        };
        // Mask instructions with three operands have L set; nothing else about them is long.
        let three_masks = matches!(op, VectorOp::Kandq | VectorOp::Kandnq | VectorOp::Korq | VectorOp::Kxorq);
        if self.evex && !op.is_of_masks() {
            self.evex_prefix(op, length, reg, vvvv, &rm, decoration);
        } else {
            let long = three_masks || (length == Length::L256 && !op.is_of_masks());
            self.vex_prefix(op, long, reg, vvvv, &rm);
        }
        self.byte(row.opcode);
        let unit =
            if self.evex && !op.is_of_masks() { memory_size(op, length, decoration.broadcast) } else { 1 };
        self.modrm(reg & 7, &rm, unit, imm.is_some() as usize);
        if let Some(imm) = imm {
            self.byte(imm);
        }
    }

    fn vex_prefix(&mut self, op: VectorOp, long: bool, reg: u8, vvvv: u8, rm: &Operand) {
        let row = op.row();
        debug_assert!(reg < 16 && vvvv < 16, "{op:?} {reg} {vvvv}");
        let (x, b) = extension_bits(rm);
        let w = (row.wide == Wide::W1) as u8;
        let common = ((!vvvv & 15) << 3) | ((long as u8) << 2) | row.prefix as u8;
        if x == 0 && b == 0 && w == 0 && row.map == Map::M0F {
            self.bytes(&[0xc5, ((reg < 8) as u8) << 7 | common]);
        } else {
            let inverted = ((reg < 8) as u8) << 7 | (x ^ 1) << 6 | (b ^ 1) << 5;
            self.bytes(&[0xc4, inverted | row.map as u8, w << 7 | common]);
        }
    }

    fn evex_prefix(
        &mut self,
        op: VectorOp,
        length: Length,
        reg: u8,
        vvvv: u8,
        rm: &Operand,
        decoration: Decoration,
    ) {
        let row = op.row();
        let (mut x, b) = extension_bits(rm);
        let mut high = vvvv >> 4;
        match rm {
            Operand::Register(number) => x = number >> 4,
            Operand::Memory(Memory { index: Some((index, _)), .. }) if *index >= 16 => high = 1,
            Operand::Memory(_) => {}
        }
        let w = (row.wide != Wide::W0) as u8;
        let bit = |set: u8| (set ^ 1) & 1;
        let first = bit(reg >> 3) << 7 | bit(x) << 6 | bit(b) << 5 | bit(reg >> 4) << 4 | row.map as u8;
        let second = w << 7 | (!vvvv & 15) << 3 | 1 << 2 | row.prefix as u8;
        let third = (decoration.zeroing as u8) << 7
            | (length as u8) << 5
            | (decoration.broadcast as u8) << 4
            | bit(high) << 3
            | decoration.mask;
        self.bytes(&[0x62, first, second, third]);
    }

    /// ModRM and what follows it, with the displacement in units for short displacements; `trailing` is the number of
    /// bytes of the instruction behind it.
    pub(super) fn modrm(&mut self, reg: u8, rm: &Operand, unit: i32, trailing: usize) {
        let memory = match rm {
            Operand::Register(number) => return self.byte(0xc0 | reg << 3 | (number & 7)),
            Operand::Memory(memory) => memory,
        };
        let base = match memory.base {
            Base::Register(base) => base,
            Base::Constant(constant) => {
                self.byte(reg << 3 | 5);
                return self.constant_displacement(constant, trailing);
            }
        };
        let displacement = memory.displacement;
        let short = displacement / unit;
        let fits = displacement % unit == 0 && i8::try_from(short).is_ok();
        let mode = match displacement {
            // rbp and r13 as a base need a displacement.
            0 if base & 7 != 5 => 0,
            _ if fits => 1,
            _ => 2,
        };
        match memory.index {
            None if base & 7 != 4 => self.byte(mode << 6 | reg << 3 | (base & 7)),
            None => self.bytes(&[mode << 6 | reg << 3 | 4, 4 << 3 | (base & 7)]),
            Some((index, scale)) => {
                self.bytes(&[mode << 6 | reg << 3 | 4, scale << 6 | (index & 7) << 3 | (base & 7)]);
            }
        }
        match mode {
            0 => {}
            1 => self.byte(short as i8 as u8),
            _ => self.bytes(&displacement.to_le_bytes()),
        }
    }
}

/// The fourth bits of index and base, or of the register.
pub(super) fn extension_bits(rm: &Operand) -> (u8, u8) {
    match rm {
        Operand::Register(number) => (0, number >> 3 & 1),
        Operand::Memory(memory) => {
            let base = match memory.base {
                Base::Register(base) => base >> 3 & 1,
                Base::Constant(_) => 0,
            };
            (memory.index.map_or(0, |(index, _)| index >> 3 & 1), base)
        }
    }
}

/// The size of the memory operand in bytes.
pub(crate) fn memory_size(op: VectorOp, length: Length, broadcast: bool) -> i32 {
    let row = op.row();
    let bytes = length.bytes() as i32;
    match row.tuple {
        // The element that is broadcast: of the source's size, which `W` tells.
        Tuple::Full | Tuple::Half if broadcast => 4 << (row.wide != Wide::W0) as u8,
        Tuple::Full => bytes,
        Tuple::Half => bytes / 2,
        Tuple::Quarter => bytes / 4,
        Tuple::Eighth => bytes / 8,
        Tuple::Bytes(bytes) => bytes as i32,
    }
}
