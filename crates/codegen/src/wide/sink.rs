//! Moves what only one way out of a block reads to that way.
//!
//! ```text
//! loop:  at = base + i                    loop:  x = load [pointer + i * 4]
//!        x = load [pointer + i * 4]              x == wanted? ── yes ─▶ at = base + i, found
//!        x == wanted? ── yes ─▶ found  ⇒         no ─▶ …
//!        no ─▶ …
//! ```
//!
//! What a failed check reports and what a search has found is so computed once, and not in each turn.

use super::machine::{Kind, Machine};
use super::schedule::{Access, access};
use super::unused::has_effects;
use regalloc2::{Operand, OperandKind};
use smallvec::SmallVec;

/// How often blocks read a register.
type Readers = SmallVec<[(u32, u32); 2]>;

/// Moves instructions from blocks that branch to the only block that reads what they compute.
pub(crate) fn sink(machine: &mut Machine) {
    let mut readers: Vec<Readers> = vec![Readers::new(); machine.registers];
    let mut entries = vec![0u32; machine.blocks.len()];
    let mut contents: Vec<Vec<usize>> = vec![Vec::new(); machine.blocks.len()];
    for block in &machine.order {
        let data = &machine.blocks[block.0 as usize];
        data.successors.iter().for_each(|target| entries[target.0 as usize] += 1);
        data.arguments.iter().for_each(|register| read(&mut readers[register.vreg()], block.0));
        contents[block.0 as usize] = (data.first as usize..data.end as usize).collect();
        for number in contents[block.0 as usize].iter() {
            uses(machine.operands_of(*number)).for_each(|register| read(&mut readers[register], block.0));
        }
    }
    let mut moved = false;
    for block in &machine.order {
        let targets = &machine.blocks[block.0 as usize].successors;
        if targets.len() < 2 {
            continue;
        }
        let numbers = std::mem::take(&mut contents[block.0 as usize]);
        let mut left = Vec::with_capacity(numbers.len());
        let mut sunk: SmallVec<[Vec<usize>; 2]> = SmallVec::from_elem(Vec::new(), targets.len());
        for number in numbers.into_iter().rev() {
            let operands = machine.operands_of(number);
            let way = targets.iter().position(|target| {
                entries[target.0 as usize] == 1
                    && moves(machine.insts[number].kind)
                    && defined(operands).all(|register| {
                        matches!(readers[register].as_slice(), [(reader, _)] if *reader == target.0)
                    })
            });
            let Some(way) = way else {
                left.push(number);
                continue;
            };
            for register in uses(operands) {
                unread(&mut readers[register], block.0);
                read(&mut readers[register], targets[way].0);
            }
            sunk[way].push(number);
            moved = true;
        }
        left.reverse();
        contents[block.0 as usize] = left;
        for (target, sunk) in targets.iter().zip(sunk) {
            contents[target.0 as usize].splice(0..0, sunk.into_iter().rev());
        }
    }
    if moved {
        rearrange(machine, &contents);
    }
}

/// Whether an instruction computes from registers and constants alone.
fn moves(kind: Kind) -> bool {
    access(kind) == Access::None && !has_effects(kind)
}

fn uses(operands: &[Operand]) -> impl Iterator<Item = usize> {
    let read = operands.iter().filter(|operand| operand.kind() == OperandKind::Use);
    read.map(|operand| operand.vreg().vreg())
}

fn defined(operands: &[Operand]) -> impl Iterator<Item = usize> {
    let written = operands.iter().filter(|operand| operand.kind() == OperandKind::Def);
    written.map(|operand| operand.vreg().vreg())
}

fn read(readers: &mut Readers, block: u32) {
    match readers.iter_mut().find(|(own, _)| *own == block) {
        Some((_, count)) => *count += 1,
        None => readers.push((block, 1)),
    }
}

fn unread(readers: &mut Readers, block: u32) {
    let position = readers.iter().position(|(own, _)| *own == block).expect("the block reads it");
    readers[position].1 -= 1;
    if readers[position].1 == 0 {
        readers.remove(position);
    }
}

/// Puts instructions where blocks have them.
fn rearrange(machine: &mut Machine, contents: &[Vec<usize>]) {
    let order = machine.order.clone();
    machine.rearrange(order.iter().flat_map(|block| &contents[block.0 as usize]).copied());
    let mut first = 0;
    for block in order {
        let data = &mut machine.blocks[block.0 as usize];
        data.first = first;
        data.end = first + contents[block.0 as usize].len() as u32;
        first = data.end;
    }
}
