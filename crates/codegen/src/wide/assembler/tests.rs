//! What the assembler writes is what a disassembler reads.

use super::*;
use crate::wide::assembler::encode::Decoration;
use crate::wide::assembler::table::{Prefix, Wide};
use iced_x86::{Decoder, DecoderOptions, Instruction, Mnemonic, OpKind, Register};

/// The one instruction in some bytes.
fn decode(code: &[u8], what: &str) -> Instruction {
    let mut decoder = Decoder::with_ip(64, code, 0, DecoderOptions::NONE);
    let instruction = decoder.decode();
    assert!(!instruction.is_invalid(), "{what}: {code:02x?}");
    assert_eq!(instruction.len(), code.len(), "{what}: {instruction} of {code:02x?}");
    instruction
}

/// The number of a register: in its name, unless it is one of the oldest.
fn number(register: Register) -> usize {
    let name = format!("{register:?}").to_lowercase();
    let digits: String = name.chars().filter(char::is_ascii_digit).collect();
    digits.parse().unwrap_or_else(|_| {
        let oldest = ["ax", "cx", "dx", "bx", "sp", "bp", "si", "di"];
        oldest.iter().position(|ending| name.ends_with(ending)).unwrap_or_else(|| panic!("{register:?}"))
    })
}

/// The mnemonic without what differs between encodings, and without what our names add.
fn plain(name: &str) -> String {
    let name = name.to_lowercase();
    for (ours, theirs) in [
        ("vroundpd", "vrndscalepd"),
        ("vroundps", "vrndscaleps"),
        ("vinsertf128", "vinsertf32x4"),
        ("vextracti128", "vextracti32x4"),
    ] {
        if name == theirs {
            return ours.into();
        }
    }
    for suffix in ["by", "from", "to", "out"] {
        if let Some(rest) = name.strip_suffix(suffix) {
            return rest.into();
        }
    }
    if ["vpandq", "vporq", "vpxorq", "vpandnq"].contains(&&name[..]) {
        return name[..name.len() - 1].into();
    }
    name
}

fn imm(op: VectorOp) -> Option<u8> {
    use VectorOp::*;
    let row = op.row();
    match op {
        Vroundpd | Vroundps | Vcmppd | Vcmpps | Vpcmpq | Vpcmpd | Vpcmpw | Vpcmpb | Vpcmpuq | Vpcmpud
        | Vpcmpuw | Vpcmpub | Vshufps | Vpalignr | Valignq | Valignd | Vextracti128 | Vinsertf128
        | Vblendpd | Vblendps | Vpermpd | Vinsertps | VextractpsTo => Some(5),
        _ if matches!(row.form, Form::Vmi(_)) => Some(5),
        _ if row.form == Form::Rvmr => Some(7 << 4),
        _ => None,
    }
}

/// Whether the operand in `rm` can be a vector or mask register here.
fn takes_register(op: VectorOp) -> bool {
    use VectorOp::*;
    !matches!(
        op,
        Vmaskmovpd
            | Vmaskmovps
            | VmaskmovpdTo
            | VmaskmovpsTo
            | Vmovsd
            | Vmovss
            | VmovsdTo
            | VmovssTo
            | Vmovhpd
            | VmovhpdTo
            | VextractpsTo
            | Vgatherqpd
            | Vgatherqps
            | Vscatterqpd
            | Vscatterqps
            | KmovqTo
    )
}

fn takes_memory(op: VectorOp) -> bool {
    use VectorOp::*;
    !matches!(
        op,
        VpbroadcastqFrom
            | VpbroadcastdFrom
            | VpbroadcastwFrom
            | VpbroadcastbFrom
            | Vpmovmskb
            | Vmovmskpd
            | Vmovmskps
            | Kandq
            | Kandnq
            | Korq
            | Kxorq
            | Kortestq
            | KmovqFrom
            | KmovqOut
            | Vptestmb
    )
}

fn lengths(op: VectorOp) -> &'static [Length] {
    use VectorOp::*;
    match op {
        _ if op.is_of_masks() => &[Length::L128],
        Vmovsd | Vmovss | VmovsdTo | VmovssTo | Vmovhpd | VmovhpdTo | Vinsertps | VextractpsTo
        | VmovqFrom | VmovdFrom | VmovqTo | VmovdTo | Vcvtsi2sd | Vcvtsi2ss | Vcvttsd2si | Vucomisd
        | Vucomiss => &[Length::L128],
        Vpermpd | Vpermps => &[Length::L256],
        Vinsertf128 | Vextracti128 => &[Length::L256, Length::L512],
        _ => &[Length::L128, Length::L256, Length::L512],
    }
}

#[test]
fn every_instruction_reads_as_it_was_meant() {
    for evex in [false, true] {
        let top = if evex { 31 } else { 15 };
        for op in VectorOp::ALL.iter().copied().filter(|op| op.exists(evex)) {
            for length in lengths(op).iter().copied().filter(|l| evex || *l != Length::L512) {
                let [reg, vvvv, rm] = if op.is_of_masks() { [5, 6, 7] } else { [top, top - 2, 11] };
                let reg = if matches!(op, VectorOp::KmovqOut | VectorOp::Vmovmskpd) { 9 } else { reg };
                // Only what has three operands has one in `vvvv`; comparisons in EVEX give a mask.
                let three = matches!(op.row().form, Form::Rvm | Form::RvmInPlace | Form::Rvmr);
                let vvvv = if three && !(op.is_gather() && evex) { vvvv } else { 0 };
                let is_mask = evex
                    && matches!(
                        op,
                        VectorOp::Vcmppd
                            | VectorOp::Vcmpps
                            | VectorOp::Vpcmpq
                            | VectorOp::Vpcmpd
                            | VectorOp::Vpcmpw
                            | VectorOp::Vpcmpb
                            | VectorOp::Vpcmpuw
                            | VectorOp::Vpcmpub
                            | VectorOp::Vpcmpuq
                            | VectorOp::Vpcmpud
                            | VectorOp::Vptestmb
                    );
                let reg = match op {
                    VectorOp::VmovqTo | VectorOp::VmovdTo => top,
                    VectorOp::Vcvttsd2si | VectorOp::Vmovmskps | VectorOp::Vpmovmskb => 9,
                    _ if is_mask => 3,
                    _ => reg,
                };
                let encode = |rm, decoration| {
                    let mut assembler = Assembler::new(evex, 0, Default::default());
                    assembler.vector(op, length, reg, vvvv, rm, imm(op), decoration);
                    decode(&assembler.code, &format!("{op:?} {length:?}"))
                };
                let name = plain(&format!("{op:?}"));
                let check_name = |instruction: &Instruction| {
                    let theirs = plain(&format!("{:?}", instruction.mnemonic()));
                    assert_eq!(theirs, name, "{instruction}");
                };
                if takes_register(op) {
                    let instruction = encode(Operand::Register(rm), Decoration::default());
                    check_name(&instruction);
                    let numbers: Vec<usize> = (0..instruction.op_count())
                        .filter(|k| instruction.op_kind(*k) == OpKind::Register)
                        .map(|k| number(instruction.op_register(k)))
                        .collect();
                    let expected: Vec<usize> = match op.row().form {
                        Form::Mr => vec![rm, reg],
                        Form::Rm => vec![reg, rm],
                        Form::Vmi(_) => vec![reg, rm],
                        Form::Rvmr => vec![reg, vvvv, rm, 7],
                        _ => vec![reg, vvvv, rm],
                    }
                    .into_iter()
                    .map(usize::from)
                    .collect();
                    assert_eq!(numbers, expected, "{instruction}");
                }
                if takes_memory(op) && (evex || !matches!(op.row().form, Form::Vmi(_))) {
                    let index = if op.is_gather() || op.is_scatter() { top - 1 } else { 14 };
                    for displacement in [0, 64, -192, 100_001] {
                        let memory =
                            Memory { base: Base::Register(13), index: Some((index, 3)), displacement };
                        let mask = if op.is_gather() || op.is_scatter() { evex as u8 * 2 } else { 0 };
                        let decoration = Decoration { mask, ..Decoration::default() };
                        let instruction = encode(Operand::Memory(memory), decoration);
                        check_name(&instruction);
                        assert_eq!(instruction.memory_base(), Register::R13, "{instruction}");
                        assert_eq!(number(instruction.memory_index()), index as usize, "{instruction}");
                        assert_eq!(instruction.memory_index_scale(), 8, "{instruction}");
                        assert_eq!(
                            instruction.memory_displacement64() as i64,
                            displacement as i64,
                            "{instruction}"
                        );
                    }
                }
            }
        }
    }
}

#[test]
fn masks_and_broadcasts_are_read() {
    let mut assembler = Assembler::new(true, 0, Default::default());
    let memory = Memory { base: Base::Register(4), index: None, displacement: 8 };
    let decoration = Decoration { mask: 3, zeroing: true, broadcast: true };
    assembler.vector(VectorOp::Vaddpd, Length::L512, 20, 9, Operand::Memory(memory), None, decoration);
    let instruction = decode(&assembler.code, "a masked sum");
    assert_eq!(instruction.mnemonic(), Mnemonic::Vaddpd);
    assert_eq!(instruction.op_mask(), Register::K3);
    assert!(instruction.zeroing_masking() && instruction.is_broadcast());
    assert_eq!((instruction.memory_base(), instruction.memory_displacement64()), (Register::RSP, 8));
}

#[test]
fn rows_with_the_same_numbers_differ_in_form() {
    let key = |op: VectorOp| {
        let row = op.row();
        (row.prefix as u8, row.map as u8, row.wide == Wide::W0, row.opcode, format!("{:?}", row.form))
    };
    let mut keys: Vec<_> = VectorOp::ALL.iter().map(|op| key(*op)).collect();
    keys.sort();
    keys.dedup();
    assert_eq!(keys.len(), VectorOp::ALL.len());
    assert_eq!(Prefix::Pf2 as u8, 3);
}

#[test]
fn general_instructions_read_as_they_were_meant() {
    let text = |emit: &dyn Fn(&mut Assembler)| {
        let mut assembler = Assembler::new(true, 0, Default::default());
        emit(&mut assembler);
        let mut decoder = Decoder::with_ip(64, &assembler.code, 0, DecoderOptions::NONE);
        let all: Vec<String> = decoder.iter().map(|instruction| instruction.to_string()).collect();
        all.join("; ")
    };
    let memory = Memory { base: Base::Register(12), index: Some((9, 3)), displacement: -8 };
    assert_eq!(text(&|a| a.alu(Alu::Sub, true, 9, Operand::Register(1))), "sub r9,rcx");
    assert_eq!(text(&|a| a.alu_imm(Alu::And, false, Operand::Register(10), 31)), "and r10d,1Fh");
    assert_eq!(text(&|a| a.alu_imm(Alu::Cmp, true, Operand::Register(0), 100_000)), "cmp rax,186A0h");
    assert_eq!(text(&|a| a.imul_imm(true, 8, Operand::Register(15), -3)), "imul r8,r15,0FFFFFFFFFFFFFFFDh");
    assert_eq!(text(&|a| a.shift(Shift::Sar, true, 11, 63)), "sar r11,3Fh");
    assert_eq!(text(&|a| a.shift_by(Shift::Shr, false, 9, 10, 11)), "shrx r9d,r10d,r11d");
    assert_eq!(text(&|a| a.bzhi(false, 9, 1, 12)), "bzhi r9d,ecx,r12d");
    assert_eq!(text(&|a| a.bsf(9, 2)), "bsf r9d,edx");
    assert_eq!(text(&|a| a.pdep(true, 3, 9, 2)), "pdep rbx,r9,rdx");
    assert_eq!(text(&|a| a.divide(true, true, 9)), "idiv r9");
    assert_eq!(text(&|a| a.multiply_high(false, true, 9)), "mul r9");
    assert_eq!(text(&|a| a.multiply_high(true, false, 1)), "imul ecx");
    assert_eq!(text(&|a| a.sign_to_rdx(true)), "cqo");
    assert_eq!(text(&|a| a.mov(true, 9, Operand::Memory(memory))), "mov r9,[r12+r9*8-8]");
    assert_eq!(text(&|a| a.store(1, memory, 6)), "mov [r12+r9*8-8],sil");
    assert_eq!(text(&|a| a.store(2, memory, 14)), "mov [r12+r9*8-8],r14w");
    assert_eq!(text(&|a| a.store_imm(memory, -1)), "mov qword ptr [r12+r9*8-8],0FFFFFFFFFFFFFFFFh");
    assert_eq!(text(&|a| a.update(Alu::Xor, false, memory, 14)), "xor [r12+r9*8-8],r14d");
    assert_eq!(text(&|a| a.update(Alu::Add, true, memory, 1)), "add [r12+r9*8-8],rcx");
    let one = |a: &mut Assembler| a.alu_imm(Alu::Sub, true, Operand::Memory(memory), 1);
    assert_eq!(text(&one), "sub qword ptr [r12+r9*8-8],1");
    assert_eq!(text(&|a| a.load_byte(8, memory)), "movzx r8d,byte ptr [r12+r9*8-8]");
    assert_eq!(text(&|a| a.load_word(8, memory)), "movzx r8d,word ptr [r12+r9*8-8]");
    assert_eq!(text(&|a| a.sign_extend(8, Operand::Register(1))), "movsxd r8,ecx");
    assert_eq!(text(&|a| a.mov_imm(9, 7)), "mov r9d,7");
    assert_eq!(text(&|a| a.mov_imm(1, u64::MAX)), "mov rcx,0FFFFFFFFFFFFFFFFh");
    assert_eq!(text(&|a| a.mov_imm(9, 1 << 40)), "mov r9,10000000000h");
    assert_eq!(text(&|a| a.lea(9, memory)), "lea r9,[r12+r9*8-8]");
    assert_eq!(text(&|a| a.cmov(Condition::Less, true, 9, Operand::Register(3))), "cmovl r9,rbx");
    assert_eq!(text(&|a| a.set(Condition::Above, 14)), "seta r14b; movzx r14d,r14b");
    assert_eq!(text(&|a| a.set(Condition::Below, 6)), "setb sil; movzx esi,sil");
    assert_eq!(text(&|a| a.push(12)), "push r12");
    assert_eq!(text(&|a| a.vzeroupper()), "vzeroupper");
}

#[test]
fn jumps_and_constants_find_their_targets() {
    let mut constants = crate::distinct::Distinct::default();
    let small = intern(&mut constants, Constant::Splat { bits: 7, size: 4, bytes: 4 });
    let large = intern(&mut constants, Constant::Count { first: 3, step: 1, size: 8, bytes: 64 });
    assert_eq!(intern(&mut constants, Constant::Splat { bits: 7, size: 4, bytes: 4 }), small);
    let mut assembler = Assembler::new(true, 2, constants);
    let load = |constant| Memory { base: Base::Constant(constant), index: None, displacement: 0 };
    assembler.jmp(Label(1));
    assembler.place(Label(0));
    assembler.mov(false, 0, Operand::Memory(load(small)));
    assembler.vector(
        VectorOp::Vroundpd,
        Length::L512,
        1,
        0,
        Operand::Memory(load(large)),
        Some(9),
        Decoration::default(),
    );
    assembler.place(Label(1));
    assembler.jcc(Condition::NotEqual, Label(0));
    let code = assembler.finish();
    let instructions: Vec<Instruction> =
        Decoder::with_ip(64, &code, 0, DecoderOptions::NONE).iter().take(4).collect();
    assert_eq!(instructions[0].near_branch64(), instructions[3].ip());
    assert_eq!(instructions[3].near_branch64(), instructions[1].ip());
    let at = |instruction: &Instruction| instruction.ip_rel_memory_address() as usize;
    assert_eq!(code[at(&instructions[1])..][..4], 7u32.to_le_bytes());
    assert_eq!(at(&instructions[2]) % 64, 0);
    assert_eq!(code[at(&instructions[2]) + 8..][..8], 4u64.to_le_bytes());
}
