//! Removes instructions that do nothing but compute what nobody reads: sums that have become parts of addresses, loads
//! that have become operands.

use super::machine::{Kind, Machine};
use super::schedule::{Access, access};
use regalloc2::{Operand, OperandKind};

/// Removes what nobody reads.
pub(crate) fn remove_unused(machine: &mut Machine) {
    let mut reads = vec![0u32; machine.registers];
    let uses = |operand: &&Operand| operand.kind() == OperandKind::Use;
    machine.operands.iter().filter(uses).for_each(|operand| reads[operand.vreg().vreg()] += 1);
    let sent = machine.blocks.iter().flat_map(|block| &block.arguments);
    sent.for_each(|register| reads[register.vreg()] += 1);

    let mut unused = vec![false; machine.insts.len()];
    // Readers come behind what they read, but for what blocks pass on.
    for number in (0..machine.insts.len()).rev() {
        let operands = machine.operands_of(number);
        let read = |operand: &Operand| operand.kind() == OperandKind::Def && reads[operand.vreg().vreg()] > 0;
        if has_effects(machine.insts[number].kind) || operands.iter().any(read) {
            continue;
        }
        unused[number] = true;
        operands.iter().filter(uses).for_each(|operand| reads[operand.vreg().vreg()] -= 1);
    }
    if unused.contains(&true) {
        remove(machine, &unused);
    }
}

/// Whether an instruction does more than compute.
pub(super) fn has_effects(kind: Kind) -> bool {
    matches!(kind, Kind::Arguments | Kind::Jump | Kind::Branch(_) | Kind::Return(_))
        || access(kind) == Access::Write
}

fn remove(machine: &mut Machine, unused: &[bool]) {
    // How many instructions are left in front of each.
    let mut left = Vec::with_capacity(unused.len() + 1);
    left.push(0);
    left.extend(unused.iter().scan(0, |count, unused| {
        *count += !*unused as u32;
        Some(*count)
    }));
    machine.rearrange((0..unused.len()).filter(|number| !unused[*number]));
    for block in &mut machine.blocks {
        block.first = left[block.first as usize];
        block.end = left[block.end as usize];
    }
}
