//! The vector and mask instructions: one table, one row an instruction, for all register lengths and both encodings.
//!
//! ```text
//! (Vaddpd,  P66,    M0F, WEvex, 0x58, Rvm, Full)
//!  variant  prefix  map  W bit  opcode operands  how much memory an operand in memory is
//! ```
//!
//! The numbers are those of the Intel 64 manual, volume 2. The same row serves VEX and EVEX where an instruction has
//! both forms with one opcode, which nearly all have; what exists in one only is named so by its documentation.

/// The mandatory prefix, as the `pp` field encodes it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Prefix {
    None,
    P66,
    Pf3,
    Pf2,
}

/// The opcode map, as the `mmm` field encodes it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Map {
    M0F = 1,
    M0F38 = 2,
    M0F3A = 3,
}

/// The `W` bit: an operand size or a part of the opcode.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Wide {
    W0,
    W1,
    /// 1 in EVEX, 0 in VEX, where it has no meaning or the other one.
    WEvex,
}

/// Which operand goes where.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Form {
    /// `reg, vvvv, rm`.
    Rvm,
    /// `reg, vvvv, rm` with the destination in `reg` also read: fused multiplications.
    RvmInPlace,
    /// `reg, rm`.
    Rm,
    /// `rm, reg`: stores and narrowing moves.
    Mr,
    /// `vvvv, rm, imm8` with an opcode extension in `reg`: shifts by a constant.
    Vmi(u8),
    /// `reg, vvvv, rm, imm8[7:4]`: VEX blends.
    Rvmr,
}

/// The size of a memory operand, by which EVEX scales short displacements.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Tuple {
    /// A whole register, or one broadcast element.
    Full,
    /// Half a register, or one broadcast element.
    Half,
    /// A quarter of a register.
    Quarter,
    /// An eighth of a register.
    Eighth,
    /// As many bytes.
    Bytes(u8),
}

/// Calls a macro with one row per instruction.
macro_rules! for_each_vector_op {
    ($callback:ident) => {
        $callback! {
            // Floats.
            (Vaddpd, P66, M0F, WEvex, 0x58, Rvm, Full), (Vaddps, None, M0F, W0, 0x58, Rvm, Full),
            (Vsubpd, P66, M0F, WEvex, 0x5c, Rvm, Full), (Vsubps, None, M0F, W0, 0x5c, Rvm, Full),
            (Vmulpd, P66, M0F, WEvex, 0x59, Rvm, Full), (Vmulps, None, M0F, W0, 0x59, Rvm, Full),
            (Vdivpd, P66, M0F, WEvex, 0x5e, Rvm, Full), (Vdivps, None, M0F, W0, 0x5e, Rvm, Full),
            (Vminpd, P66, M0F, WEvex, 0x5d, Rvm, Full), (Vminps, None, M0F, W0, 0x5d, Rvm, Full),
            (Vmaxpd, P66, M0F, WEvex, 0x5f, Rvm, Full), (Vmaxps, None, M0F, W0, 0x5f, Rvm, Full),
            (Vsqrtpd, P66, M0F, WEvex, 0x51, Rm, Full), (Vsqrtps, None, M0F, W0, 0x51, Rm, Full),
            (Vandpd, P66, M0F, WEvex, 0x54, Rvm, Full), (Vandps, None, M0F, W0, 0x54, Rvm, Full),
            (Vxorpd, P66, M0F, WEvex, 0x57, Rvm, Full), (Vxorps, None, M0F, W0, 0x57, Rvm, Full),
            (Vfmadd132pd, P66, M0F38, W1, 0x98, RvmInPlace, Full), (Vfmadd132ps, P66, M0F38, W0, 0x98, RvmInPlace, Full),
            (Vfmadd213pd, P66, M0F38, W1, 0xa8, RvmInPlace, Full), (Vfmadd213ps, P66, M0F38, W0, 0xa8, RvmInPlace, Full),
            (Vfmadd231pd, P66, M0F38, W1, 0xb8, RvmInPlace, Full), (Vfmadd231ps, P66, M0F38, W0, 0xb8, RvmInPlace, Full),
            // `vround` in VEX, `vrndscale` in EVEX; imm8.
            (Vroundpd, P66, M0F3A, WEvex, 0x09, Rm, Full), (Vroundps, P66, M0F3A, W0, 0x08, Rm, Full),
            // A mask in EVEX, lanes of ones in VEX; imm8.
            (Vcmppd, P66, M0F, WEvex, 0xc2, Rvm, Full), (Vcmpps, None, M0F, W0, 0xc2, Rvm, Full),
            // Of the first lanes, into the flags: unordered is below and equal.
            (Vucomisd, P66, M0F, WEvex, 0x2e, Rm, Bytes(8)), (Vucomiss, None, M0F, W0, 0x2e, Rm, Bytes(4)),
            // Conversions.
            (Vcvtdq2pd, Pf3, M0F, W0, 0xe6, Rm, Half), (Vcvtdq2ps, None, M0F, W0, 0x5b, Rm, Full),
            (Vcvttpd2dq, P66, M0F, WEvex, 0xe6, Rm, Full), (Vcvttps2dq, Pf3, M0F, W0, 0x5b, Rm, Full),
            (Vcvtps2pd, None, M0F, W0, 0x5a, Rm, Half), (Vcvtpd2ps, P66, M0F, WEvex, 0x5a, Rm, Full),
            // Conversions, EVEX only.
            (Vcvtqq2pd, Pf3, M0F, W1, 0xe6, Rm, Full), (Vcvtqq2ps, None, M0F, W1, 0x5b, Rm, Full),
            (Vcvtuqq2pd, Pf3, M0F, W1, 0x7a, Rm, Full), (Vcvtuqq2ps, Pf2, M0F, W1, 0x7a, Rm, Full),
            (Vcvtudq2pd, Pf3, M0F, W0, 0x7a, Rm, Half), (Vcvtudq2ps, Pf2, M0F, W0, 0x7a, Rm, Full),
            (Vcvttpd2qq, P66, M0F, W1, 0x7a, Rm, Full), (Vcvttps2qq, P66, M0F, W0, 0x7a, Rm, Half),
            (Vcvttpd2uqq, P66, M0F, W1, 0x78, Rm, Full), (Vcvttps2uqq, P66, M0F, W0, 0x78, Rm, Half),
            // Integers. The logical ones are `vpandq` … in EVEX.
            (Vpaddq, P66, M0F, WEvex, 0xd4, Rvm, Full), (Vpaddd, P66, M0F, W0, 0xfe, Rvm, Full),
            (Vpsubq, P66, M0F, WEvex, 0xfb, Rvm, Full), (Vpsubd, P66, M0F, W0, 0xfa, Rvm, Full),
            (Vpmuludq, P66, M0F, WEvex, 0xf4, Rvm, Full), (Vpmuldq, P66, M0F38, WEvex, 0x28, Rvm, Full),
            (Vpmulld, P66, M0F38, W0, 0x40, Rvm, Full),
            (Vpand, P66, M0F, WEvex, 0xdb, Rvm, Full), (Vpandn, P66, M0F, WEvex, 0xdf, Rvm, Full),
            (Vpor, P66, M0F, WEvex, 0xeb, Rvm, Full), (Vpxor, P66, M0F, WEvex, 0xef, Rvm, Full),
            (VpsllqBy, P66, M0F, WEvex, 0x73, Vmi(6), Full), (VpslldBy, P66, M0F, W0, 0x72, Vmi(6), Full),
            (VpsrlqBy, P66, M0F, WEvex, 0x73, Vmi(2), Full), (VpsrldBy, P66, M0F, W0, 0x72, Vmi(2), Full),
            (VpsradBy, P66, M0F, W0, 0x72, Vmi(4), Full),
            (Vpsllvq, P66, M0F38, W1, 0x47, Rvm, Full), (Vpsllvd, P66, M0F38, W0, 0x47, Rvm, Full),
            (Vpsrlvq, P66, M0F38, W1, 0x45, Rvm, Full), (Vpsrlvd, P66, M0F38, W0, 0x45, Rvm, Full),
            (Vpsravd, P66, M0F38, W0, 0x46, Rvm, Full),
            (Vpmovsxdq, P66, M0F38, W0, 0x25, Rm, Half), (Vpmovzxdq, P66, M0F38, W0, 0x35, Rm, Half),
            // Integers of 8 and 16 bits.
            (Vpaddb, P66, M0F, W0, 0xfc, Rvm, Full), (Vpaddw, P66, M0F, W0, 0xfd, Rvm, Full),
            (Vpsubb, P66, M0F, W0, 0xf8, Rvm, Full), (Vpsubw, P66, M0F, W0, 0xf9, Rvm, Full),
            (Vpmullw, P66, M0F, W0, 0xd5, Rvm, Full), (Vpmulhuw, P66, M0F, W0, 0xe4, Rvm, Full),
            (VpsllwBy, P66, M0F, W0, 0x71, Vmi(6), Full), (VpsrlwBy, P66, M0F, W0, 0x71, Vmi(2), Full),
            (VpsrawBy, P66, M0F, W0, 0x71, Vmi(4), Full),
            (Vpmovsxbw, P66, M0F38, W0, 0x20, Rm, Half), (Vpmovzxbw, P66, M0F38, W0, 0x30, Rm, Half),
            (Vpsadbw, P66, M0F, W0, 0xf6, Rvm, Full),
            // The lesser and the greater of two integers.
            (Vpminsb, P66, M0F38, W0, 0x38, Rvm, Full), (Vpminub, P66, M0F, W0, 0xda, Rvm, Full),
            (Vpminsw, P66, M0F, W0, 0xea, Rvm, Full), (Vpminuw, P66, M0F38, W0, 0x3a, Rvm, Full),
            (Vpminsd, P66, M0F38, W0, 0x39, Rvm, Full), (Vpminud, P66, M0F38, W0, 0x3b, Rvm, Full),
            (Vpmaxsb, P66, M0F38, W0, 0x3c, Rvm, Full), (Vpmaxub, P66, M0F, W0, 0xde, Rvm, Full),
            (Vpmaxsw, P66, M0F, W0, 0xee, Rvm, Full), (Vpmaxuw, P66, M0F38, W0, 0x3e, Rvm, Full),
            (Vpmaxsd, P66, M0F38, W0, 0x3d, Rvm, Full), (Vpmaxud, P66, M0F38, W0, 0x3f, Rvm, Full),
            (Vpmovsxbd, P66, M0F38, W0, 0x21, Rm, Quarter), (Vpmovzxbd, P66, M0F38, W0, 0x31, Rm, Quarter),
            (Vpmovsxwd, P66, M0F38, W0, 0x23, Rm, Half), (Vpmovzxwd, P66, M0F38, W0, 0x33, Rm, Half),
            // Parts of registers.
            (Vunpcklpd, P66, M0F, WEvex, 0x14, Rvm, Full), (Vunpcklps, None, M0F, W0, 0x14, Rvm, Full),
            (Vunpckhpd, P66, M0F, WEvex, 0x15, Rvm, Full), (Vunpckhps, None, M0F, W0, 0x15, Rvm, Full),
            (Vpshufb, P66, M0F38, W0, 0x00, Rvm, Full),
            // `vinsertf32x4` in EVEX; imm8.
            (Vinsertf128, P66, M0F3A, W0, 0x18, Rvm, Bytes(16)),
            // Integers, VEX only: lanes of ones for true.
            (Vpcmpeqq, P66, M0F38, W0, 0x29, Rvm, Full), (Vpcmpeqd, P66, M0F, W0, 0x76, Rvm, Full),
            (Vpcmpgtq, P66, M0F38, W0, 0x37, Rvm, Full), (Vpcmpgtd, P66, M0F, W0, 0x66, Rvm, Full),
            (Vpcmpeqb, P66, M0F, W0, 0x74, Rvm, Full), (Vpcmpeqw, P66, M0F, W0, 0x75, Rvm, Full),
            (Vpcmpgtb, P66, M0F, W0, 0x64, Rvm, Full), (Vpcmpgtw, P66, M0F, W0, 0x65, Rvm, Full),
            (Vpacksswb, P66, M0F, W0, 0x63, Rvm, Full), (Vpackuswb, P66, M0F, W0, 0x67, Rvm, Full),
            (Vpblendvb, P66, M0F3A, W0, 0x4c, Rvmr, Full), (Vpmovmskb, P66, M0F, W0, 0xd7, Rm, Full),
            (Vpmovzxbq, P66, M0F38, W0, 0x32, Rm, Eighth),
            (Vextracti128, P66, M0F3A, W0, 0x39, Mr, Bytes(16)), (Vshufps, None, M0F, W0, 0xc6, Rvm, Full),
            // imm8.
            (Vblendpd, P66, M0F3A, W0, 0x0d, Rvm, Full), (Vblendps, P66, M0F3A, W0, 0x0c, Rvm, Full),
            (Vpermpd, P66, M0F3A, W1, 0x01, Rm, Full), (Vpermps, P66, M0F38, W0, 0x16, Rvm, Full),
            (Vblendvpd, P66, M0F3A, W0, 0x4b, Rvmr, Full), (Vblendvps, P66, M0F3A, W0, 0x4a, Rvmr, Full),
            (Vmaskmovpd, P66, M0F38, W0, 0x2d, Rvm, Full), (Vmaskmovps, P66, M0F38, W0, 0x2c, Rvm, Full),
            (VmaskmovpdTo, P66, M0F38, W0, 0x2f, Rvm, Full), (VmaskmovpsTo, P66, M0F38, W0, 0x2e, Rvm, Full),
            (Vmovmskpd, P66, M0F, W0, 0x50, Rm, Full), (Vmovmskps, None, M0F, W0, 0x50, Rm, Full),
            // Integers, EVEX only.
            (Vpmullq, P66, M0F38, W1, 0x40, Rvm, Full), (VpsraqBy, P66, M0F, W1, 0x72, Vmi(4), Full),
            (VprorqBy, P66, M0F, W1, 0x72, Vmi(0), Full), (VprordBy, P66, M0F, W0, 0x72, Vmi(0), Full),
            (Vpsravq, P66, M0F38, W1, 0x46, Rvm, Full), (Vpmovqd, Pf3, M0F38, W0, 0x35, Mr, Half),
            (Vpmovdb, Pf3, M0F38, W0, 0x31, Mr, Quarter), (Vpmovdw, Pf3, M0F38, W0, 0x33, Mr, Half),
            (Vpcmpq, P66, M0F3A, W1, 0x1f, Rvm, Full), (Vpcmpd, P66, M0F3A, W0, 0x1f, Rvm, Full),
            (Vpcmpuq, P66, M0F3A, W1, 0x1e, Rvm, Full), (Vpcmpud, P66, M0F3A, W0, 0x1e, Rvm, Full),
            (Vpcmpb, P66, M0F3A, W0, 0x3f, Rvm, Full), (Vpcmpw, P66, M0F3A, W1, 0x3f, Rvm, Full),
            (Vpcmpub, P66, M0F3A, W0, 0x3e, Rvm, Full), (Vpcmpuw, P66, M0F3A, W1, 0x3e, Rvm, Full),
            (Vpminsq, P66, M0F38, W1, 0x39, Rvm, Full), (Vpminuq, P66, M0F38, W1, 0x3b, Rvm, Full),
            (Vpmaxsq, P66, M0F38, W1, 0x3d, Rvm, Full), (Vpmaxuq, P66, M0F38, W1, 0x3f, Rvm, Full),
            (Vpblendmb, P66, M0F38, W0, 0x66, Rvm, Full), (Vpblendmw, P66, M0F38, W1, 0x66, Rvm, Full),
            (VpbroadcastbFrom, P66, M0F38, W0, 0x7a, Rm, Full), (VpbroadcastwFrom, P66, M0F38, W0, 0x7b, Rm, Full),
            (Vmovdqu16, Pf2, M0F, W1, 0x6f, Rm, Full), (Vmovdqu16To, Pf2, M0F, W1, 0x7f, Mr, Full),
            (Vpmovwb, Pf3, M0F38, W0, 0x30, Mr, Half),
            (Vptestmb, P66, M0F38, W0, 0x26, Rvm, Full),
            // The lanes from one on of the last operand, and behind them the first of the one before; of bytes in each 128 bits;
            // imm8.
            (Vpalignr, P66, M0F3A, W0, 0x0f, Rvm, Full),
            (Valignq, P66, M0F3A, W1, 0x03, Rvm, Full), (Valignd, P66, M0F3A, W0, 0x03, Rvm, Full),
            (Vpermt2pd, P66, M0F38, W1, 0x7f, RvmInPlace, Full), (Vpermt2ps, P66, M0F38, W0, 0x7f, RvmInPlace, Full),
            (Vblendmpd, P66, M0F38, W1, 0x65, Rvm, Full), (Vblendmps, P66, M0F38, W0, 0x65, Rvm, Full),
            (VpbroadcastqFrom, P66, M0F38, W1, 0x7c, Rm, Full), (VpbroadcastdFrom, P66, M0F38, W0, 0x7c, Rm, Full),
            (Vmovdqu8, Pf2, M0F, W0, 0x6f, Rm, Full), (Vmovdqu8To, Pf2, M0F, W0, 0x7f, Mr, Full),
            (Vscatterqpd, P66, M0F38, W1, 0xa3, Mr, Bytes(8)), (Vscatterqps, P66, M0F38, W0, 0xa3, Mr, Bytes(4)),
            // Moves.
            (Vpbroadcastq, P66, M0F38, WEvex, 0x59, Rm, Bytes(8)), (Vpbroadcastd, P66, M0F38, W0, 0x58, Rm, Bytes(4)),
            (Vpbroadcastb, P66, M0F38, W0, 0x78, Rm, Bytes(1)), (Vpbroadcastw, P66, M0F38, W0, 0x79, Rm, Bytes(2)),
            (Vmovapd, P66, M0F, WEvex, 0x28, Rm, Full),
            (Vmovupd, P66, M0F, WEvex, 0x10, Rm, Full), (Vmovups, None, M0F, W0, 0x10, Rm, Full),
            (VmovupdTo, P66, M0F, WEvex, 0x11, Mr, Full), (VmovupsTo, None, M0F, W0, 0x11, Mr, Full),
            (Vmovsd, Pf2, M0F, WEvex, 0x10, Rm, Bytes(8)), (Vmovss, Pf3, M0F, W0, 0x10, Rm, Bytes(4)),
            (VmovsdTo, Pf2, M0F, WEvex, 0x11, Mr, Bytes(8)), (VmovssTo, Pf3, M0F, W0, 0x11, Mr, Bytes(4)),
            // The upper lane of two, and one lane of four; imm8.
            (Vmovhpd, P66, M0F, WEvex, 0x16, Rvm, Bytes(8)), (VmovhpdTo, P66, M0F, WEvex, 0x17, Mr, Bytes(8)),
            (Vinsertps, P66, M0F3A, W0, 0x21, Rvm, Bytes(4)), (VextractpsTo, P66, M0F3A, W0, 0x17, Mr, Bytes(4)),
            (VmovqFrom, P66, M0F, W1, 0x6e, Rm, Bytes(8)), (VmovdFrom, P66, M0F, W0, 0x6e, Rm, Bytes(4)),
            (Vcvtsi2sd, Pf2, M0F, W1, 0x2a, Rvm, Bytes(8)), (Vcvtsi2ss, Pf3, M0F, W1, 0x2a, Rvm, Bytes(8)),
            (Vcvttsd2si, Pf2, M0F, W1, 0x2c, Rm, Bytes(8)),
            (VmovqTo, P66, M0F, W1, 0x7e, Mr, Bytes(8)), (VmovdTo, P66, M0F, W0, 0x7e, Mr, Bytes(4)),
            // A gather reads the lanes of the mask and clears it; in VEX the mask is `vvvv`.
            (Vgatherqpd, P66, M0F38, W1, 0x93, Rvm, Bytes(8)), (Vgatherqps, P66, M0F38, W0, 0x93, Rvm, Bytes(4)),
            // Masks, VEX encoded.
            (Kmovq, None, M0F, W1, 0x90, Rm, Bytes(8)), (KmovqTo, None, M0F, W1, 0x91, Mr, Bytes(8)),
            (KmovqFrom, Pf2, M0F, W1, 0x92, Rm, Full), (KmovqOut, Pf2, M0F, W1, 0x93, Rm, Full),
            (Kandq, None, M0F, W1, 0x41, Rvm, Full), (Kandnq, None, M0F, W1, 0x42, Rvm, Full),
            (Korq, None, M0F, W1, 0x45, Rvm, Full), (Kxorq, None, M0F, W1, 0x47, Rvm, Full),
            (Kortestq, None, M0F, W1, 0x98, Rm, Full),
        }
    };
}

/// A row's numbers.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) struct Row {
    pub(crate) prefix: Prefix,
    pub(crate) map: Map,
    pub(crate) wide: Wide,
    pub(crate) opcode: u8,
    pub(crate) form: Form,
    pub(crate) tuple: Tuple,
}

macro_rules! define_vector_ops {
    ($(($variant:ident, $prefix:ident, $map:ident, $wide:ident, $opcode:literal, $form:ident $(($digit:literal))?,
        $tuple:ident $(($bytes:literal))?)),* $(,)?) => {
        /// An instruction on vector or mask registers. `…By` shifts by a constant, `…From` comes from a general
        /// register, `…To` goes to memory (or a general register).
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        pub(crate) enum VectorOp { $($variant),* }

        impl VectorOp {
            /// All instructions, in the order of the table.
            #[cfg(test)]
            pub(crate) const ALL: &'static [VectorOp] = &[$(VectorOp::$variant),*];

            /// Its row of the table.
            pub(crate) fn row(self) -> Row {
                match self {
                    $(VectorOp::$variant => Row {
                        prefix: Prefix::$prefix,
                        map: Map::$map,
                        wide: Wide::$wide,
                        opcode: $opcode,
                        form: Form::$form $(($digit))?,
                        tuple: Tuple::$tuple $(($bytes))?,
                    }),*
                }
            }
        }
    };
}

for_each_vector_op!(define_vector_ops);
