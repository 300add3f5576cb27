//! Removes what nobody reads: sums that have become parts of addresses, loads that have become operands, and what blocks pass on
//! to others that do nothing with it.

use super::machine::{Kind, Machine};
use super::schedule::{Access, access};
use regalloc2::{Operand, OperandKind};
use smallvec::{Array, SmallVec};

/// Removes what nobody reads.
pub(crate) fn remove_unused(machine: &mut Machine) {
    let live = live(machine);
    let is_live = |operand: &Operand| operand.kind() == OperandKind::Def && live[operand.vreg().vreg()];
    let unused: Vec<bool> = (0..machine.insts.len())
        .map(|number| {
            let does_more = has_effects(machine.insts[number].kind);
            !does_more && !machine.operands_of(number).iter().any(is_live)
        })
        .collect();
    let is_read: Vec<Vec<bool>> = machine
        .blocks
        .iter()
        .map(|block| block.params.iter().map(|own| live[own.vreg()]).collect())
        .collect();
    for block in &mut machine.blocks {
        if let [next] = block.successors[..] {
            retain(&mut block.arguments, &is_read[next.0 as usize]);
        }
    }
    for (block, is_read) in machine.blocks.iter_mut().zip(&is_read) {
        retain(&mut block.params, is_read);
    }
    if unused.contains(&true) {
        remove(machine, &unused);
    }
}

/// By register: whether what it holds has an effect in the end.
fn live(machine: &Machine) -> Vec<bool> {
    // By register: the instruction that computes it, or else the registers that jumps pass on as it.
    let mut computed = vec![None; machine.registers];
    let mut passed = vec![Vec::new(); machine.registers];
    for block in &machine.blocks {
        if let [next] = block.successors[..] {
            let params = &machine.blocks[next.0 as usize].params;
            params.iter().zip(&block.arguments).for_each(|(to, from)| passed[to.vreg()].push(from.vreg()));
        }
    }
    let mut live = vec![false; machine.registers];
    let mut pending = Vec::new();
    let uses = |number: usize| {
        let operands = machine.operands_of(number).iter();
        operands.filter(|operand| operand.kind() == OperandKind::Use).map(|operand| operand.vreg().vreg())
    };
    for (number, inst) in machine.insts.iter().enumerate() {
        let operands = machine.operands_of(number).iter();
        let defined = operands.filter(|operand| operand.kind() == OperandKind::Def);
        defined.for_each(|operand| computed[operand.vreg().vreg()] = Some(number));
        if has_effects(inst.kind) {
            pending.extend(uses(number));
        }
    }
    while let Some(register) = pending.pop() {
        if std::mem::replace(&mut live[register], true) {
            continue;
        }
        pending.extend(&passed[register]);
        pending.extend(computed[register].into_iter().flat_map(uses));
    }
    live
}

/// Whether an instruction does more than compute.
pub(super) fn has_effects(kind: Kind) -> bool {
    matches!(kind, Kind::Arguments | Kind::Jump | Kind::Branch(_) | Kind::Return(_))
        || access(kind) == Access::Write
}

/// Keeps the items at whose places it says so.
fn retain<A: Array>(items: &mut SmallVec<A>, stays: &[bool]) {
    let mut stays = stays.iter();
    items.retain(|_| *stays.next().expect("there is an answer for each"));
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
