//! Keeps in memory what only seldom run blocks inside of a loop ask for.
//!
//! ```text
//! row = …                                 row = …    [own + 8] = row
//! loop { …                                loop { …
//!   check: cold block stores row     ⇒      check: cold block: r = [own + 8], stores r
//! }                                       }
//! ```
//!
//! A failed check reports where it was: numbers of the loops around, and where to write. Alive all the way to there they would
//! take registers, or move in and out of them, in each iteration of the loop.

use super::machine::{Block, Machine, Place, Reg, operands_of};
use regalloc2::{Operand, OperandKind, RegClass};
use std::collections::HashMap;

/// Where a general register is defined and read.
#[derive(Clone, Copy, Default)]
struct Range {
    /// How deep in loops are its definition and the blocks that are not cold.
    hot: u32,
    /// How deep is the deepest cold block that reads it, if any does, and one more.
    cold: u32,
}

/// Keeps what only cold blocks inside of loops read in the function's own memory.
pub(crate) fn recall(machine: &mut Machine) {
    let depths = depths(machine);
    let mut ranges = vec![Range::default(); machine.registers];
    for (block, depth) in machine.order.iter().zip(&depths) {
        let data = &machine.blocks[block.0 as usize];
        let mut seen = |register: Reg, defines: bool| {
            let range = &mut ranges[register.vreg()];
            match data.cold && !defines {
                true => range.cold = range.cold.max(depth + 1),
                false => range.hot = range.hot.max(*depth),
            }
        };
        data.params.iter().for_each(|register| seen(*register, true));
        let operands = (data.first..data.end).flat_map(|number| machine.operands_of(number as usize));
        operands.for_each(|operand| seen(operand.vreg(), operand.kind() == OperandKind::Def));
        data.arguments.iter().for_each(|register| seen(*register, false));
    }
    let waits = |register: Reg| {
        let range = ranges[register.vreg()];
        register.class() == RegClass::Int && range.cold > range.hot + 1
    };
    let defined = machine.blocks.iter().flat_map(|data| &data.params).copied();
    let computed = machine.operands.iter().filter(|operand| operand.kind() == OperandKind::Def);
    let waiting: Vec<Reg> =
        defined.chain(computed.map(|operand| operand.vreg())).filter(|reg| waits(*reg)).collect();
    if waiting.is_empty() {
        return;
    }
    let own = machine.own_memory(8 * waiting.len());
    let places = waiting.iter().enumerate().map(|(number, reg)| (*reg, Place::Own(own + 8 * number as i32)));
    rewrite(machine, &places.collect());
}

/// How many loops are around each block, in their order: a block that goes back to another is the end of one.
fn depths(machine: &Machine) -> Vec<u32> {
    let mut numbers = vec![0; machine.blocks.len()];
    machine.order.iter().enumerate().for_each(|(number, block)| numbers[block.0 as usize] = number);
    let mut ends: HashMap<usize, usize> = HashMap::new();
    for (number, Block(block)) in machine.order.iter().enumerate() {
        for target in &machine.blocks[*block as usize].successors {
            let head = numbers[target.0 as usize];
            if head <= number {
                let end = ends.entry(head).or_default();
                *end = number.max(*end);
            }
        }
    }
    let mut depths = vec![0; machine.order.len()];
    for (head, end) in ends {
        depths[head..=end].iter_mut().for_each(|depth| *depth += 1);
    }
    depths
}

/// Stores registers where they are defined, and has cold blocks load them.
fn rewrite(machine: &mut Machine, places: &HashMap<Reg, Place>) {
    let (insts, operands) = machine.take();
    let defines = |operand: &&Operand| operand.kind() == OperandKind::Def;
    for block in machine.order.clone() {
        let mut data = std::mem::take(&mut machine.blocks[block.0 as usize]);
        let (from, numbers) = (machine.insts.len(), data.first as usize..data.end as usize);
        let own = numbers.clone().flat_map(|number| operands_of(&insts, &operands, number));
        for param in &data.params {
            keep(machine, places, *param);
        }
        let mut recalled: HashMap<Reg, Reg> = HashMap::new();
        if data.cold {
            let defined = own.clone().filter(defines).map(|operand| operand.vreg());
            let defined: Vec<Reg> = defined.chain(data.params.iter().copied()).collect();
            for reg in own.map(|operand| operand.vreg()).chain(data.arguments.iter().copied()) {
                if let Some(place) = places.get(&reg)
                    && !defined.contains(&reg)
                {
                    recalled.entry(reg).or_insert_with(|| machine.load(8, *place));
                }
            }
        }
        let now = |reg: Reg| recalled.get(&reg).copied().unwrap_or(reg);
        for number in numbers {
            let own = operands_of(&insts, &operands, number);
            let renamed = |operand: &Operand| {
                Operand::new(now(operand.vreg()), operand.constraint(), operand.kind(), operand.pos())
            };
            machine.add(insts[number].kind, own.iter().map(renamed));
            for operand in own.iter().filter(defines) {
                keep(machine, places, operand.vreg());
            }
        }
        (data.first, data.end) = (from as u32, machine.insts.len() as u32);
        data.arguments.iter_mut().for_each(|argument| *argument = now(*argument));
        machine.blocks[block.0 as usize] = data;
    }
}

/// Stores a register if it has a place.
fn keep(machine: &mut Machine, places: &HashMap<Reg, Place>, register: Reg) {
    if let Some(place) = places.get(&register) {
        machine.store(8, register, *place);
    }
}
