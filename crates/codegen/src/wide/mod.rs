//! The wide emitter: regions at 256 and 512 bits on x86-64, which Cranelift does not do.
//!
//! ```text
//! Region ──select──▶ Machine ──schedule, allocate──▶ registers ──finish──▶ bytes, placed in the kernel's code memory
//! ```
//!
//! | room | what it does |
//! |---|---|
//! | `select` | chooses instructions for a region: a step of several registers a value, and a masked tail |
//! | `machine` | the chosen instructions on virtual registers, in blocks |
//! | `unused` | removes what nobody reads |
//! | `sink` | moves what only one way out of a block reads to that way |
//! | `recall` | keeps what only seldom run blocks of loops ask for in memory, in thorough code |
//! | `schedule` | orders the instructions of thorough code, such that no unit waits that need not |
//! | `host_call` | saves all registers where the host is called |
//! | `allocate` | assigns registers, with regalloc2 |
//! | `finish` | lays out blocks and stack, and emits |
//! | `assembler` | encodes |
//! | `processor` | knows what is fast on this processor where instruction sets do not tell |
//! | `verify` | checks all of that, in tests and builds with debug assertions |
//!
//! The functions have the same signature, results and bits as those that Cranelift makes of the same regions; drivers
//! are Cranelift's everywhere.

mod allocate;
mod assembler;
mod finish;
mod host_call;
mod machine;
pub(crate) mod processor;
mod recall;
mod schedule;
mod select;
mod sink;
mod unused;
mod verify;

use crate::compiler::{Effort, Options};
use allocate::Numbered;
use assembler::Length;
pub(crate) use host_call::stub;
use parfuse_ir::lane::{Lane, Region};
use verify::Before;

/// The instructions that regions are made of.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) enum Target {
    /// 256 bits, 16 registers, masks in vector registers.
    Avx2,
    /// 256 bits, 32 registers, mask registers.
    Avx512At256,
    /// 512 bits, 32 registers, mask registers.
    Avx512,
}

impl Target {
    /// Whether instructions are encoded in EVEX, with masks in registers of their own.
    pub(crate) fn evex(self) -> bool {
        self != Target::Avx2
    }
    /// The longest register.
    pub(crate) fn length(self) -> Length {
        match self {
            Target::Avx2 | Target::Avx512At256 => Length::L256,
            Target::Avx512 => Length::L512,
        }
    }
    /// How many operations on its longest registers this processor begins in a cycle.
    pub(crate) fn pipes(self) -> usize {
        if self == Target::Avx512 && processor::has_four_pipes() { 4 } else { 2 }
    }
    /// The number of vector registers.
    pub(crate) fn registers(self) -> usize {
        if self.evex() { 32 } else { 16 }
    }
}

/// A region's function.
pub(crate) struct Compiled {
    /// Position-independent code and its constants, to be placed at a multiple of 64.
    pub(crate) bytes: Vec<u8>,
    /// How many of the bytes are instructions.
    pub(crate) code_len: usize,
    /// The elements of a step.
    pub(crate) lanes: usize,
}

/// Compiles a region; where it calls the host, by what lies at the address `stub` (see [`stub`]).
pub(crate) fn compile(
    lane: &Lane,
    region: &Region,
    target: Target,
    effort: Effort,
    options: &Options,
    stub: i64,
) -> Result<Compiled, String> {
    let Options { lanes, verify, jumps_in_lines, .. } = *options;
    let (mut machine, lanes) = select::region(lane, region, target, effort, lanes, stub);
    unused::remove_unused(&mut machine);
    sink::sink(&mut machine);
    if verify {
        verify::program(&machine, target).map_err(|error| format!("selection: {error}"))?;
    }
    if effort == Effort::Thorough {
        recall::recall(&mut machine);
        let before = verify.then(|| Before::new(&machine));
        let order = schedule::schedule(&mut machine, target);
        if let Some(before) = before {
            before.reordered(&machine, &order)?;
            verify::program(&machine, target).map_err(|error| format!("scheduling: {error}"))?;
        }
    }
    let numbered = Numbered::new(&machine, target);
    let output = numbered.allocate(effort).map_err(|error| format!("register allocation: {error:?}"))?;
    if verify {
        verify::allocation(&numbered, &output)?;
    }
    let finished = finish::finish(&numbered, &output, target, jumps_in_lines);
    if verify {
        verify::bytes(&finished.bytes[..finished.code_len], jumps_in_lines)?;
    }
    Ok(Compiled { bytes: finished.bytes, code_len: finished.code_len, lanes })
}

/// A function's instructions as text, without its constants.
pub(crate) fn disassemble(compiled: &Compiled) -> String {
    use iced_x86::{Decoder, DecoderOptions, Formatter, IntelFormatter};
    let mut decoder = Decoder::with_ip(64, &compiled.bytes[..compiled.code_len], 0, DecoderOptions::NONE);
    let (mut formatter, mut text) = (IntelFormatter::new(), String::new());
    formatter.options_mut().set_rip_relative_addresses(true);
    formatter.options_mut().set_space_after_operand_separator(true);
    for instruction in &mut decoder {
        use std::fmt::Write;
        write!(text, "{:6x}  ", instruction.ip()).expect("strings take all");
        formatter.format(&instruction, &mut text);
        text.push('\n');
    }
    text
}
