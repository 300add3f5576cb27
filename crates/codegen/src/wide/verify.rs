//! What must hold of a machine program, at each of its stages. For tests, and builds with debug assertions.
//!
//! ```text
//! select ──▶ Machine ──schedule──▶ Machine ──allocate──▶ registers ──finish──▶ bytes
//!    blocks, definitions,    nothing lost, memory    each operand has its       all of it
//!    classes, memory         in the same order       value (regalloc2)          decodes
//! ```
//!
//! A failure is an error of ours. Most of what is checked shows no symptom where it is wrong: a register that is read
//! before it has been written holds something all the same.

use super::Target;
use super::allocate::Numbered;
use super::assembler::{Form, VectorOp, memory_size};
use super::finish::crosses_line;
use super::host_call::ARGUMENTS;
use super::machine::{Block, BlockData, Inst, Kind, Machine, PlaceKind, Reg, Test, Vector};
use regalloc2::{Operand, OperandConstraint, OperandKind, Output, RegClass};
use smallvec::SmallVec;

mod operands;

/// Fails unless a program is well-formed: its blocks, its definitions and uses, the operands of its instructions, and
/// the memory of its own that they access.
pub(super) fn program(machine: &Machine, target: Target) -> Result<(), String> {
    Verifier::new(machine, target)?.check()
}

/// What a program was before it was scheduled.
pub(super) struct Before {
    kinds: Vec<Kind>,
    accesses: Vec<Access>,
    blocks: Vec<(u32, u32)>,
}

/// What an instruction does to memory that others may write, by what it is made of.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Access {
    None,
    Read,
    Write,
}

impl Before {
    pub(super) fn new(machine: &Machine) -> Before {
        let accesses = (0..machine.insts.len()).map(|number| {
            let place = match machine.insts[number].kind {
                Kind::HostCall(_) => return Access::Write,
                Kind::Store(_, place)
                | Kind::StoreImm(place, _)
                | Kind::Update(_, _, place)
                | Kind::UpdateImm(_, _, place, _)
                | Kind::Load(_, place) => place,
                Kind::Vector(Vector { place: Some(place), .. }) => place,
                _ => return Access::None,
            };
            let scatters =
                matches!(machine.insts[number].kind, Kind::Vector(vector) if vector.op.is_scatter());
            let defines = |operand: &Operand| operand.kind() == OperandKind::Def;
            match place {
                PlaceKind::Constant(_) => Access::None,
                _ if scatters || !machine.operands_of(number).iter().any(defines) => Access::Write,
                _ => Access::Read,
            }
        });
        Before {
            accesses: accesses.collect(),
            kinds: machine.insts.iter().map(|inst| inst.kind).collect(),
            blocks: machine.blocks.iter().map(|data| (data.first, data.end)).collect(),
        }
    }

    /// Fails unless the program now has the same instructions in each block, in an order in which none sees other
    /// memory; `order` has the numbers that they had. That nothing is read before it is defined, [`program`] checks.
    pub(super) fn reordered(&self, machine: &Machine, order: &[u32]) -> Result<(), String> {
        let mut taken = vec![false; self.kinds.len()];
        if order.len() != self.kinds.len() || machine.insts.len() != order.len() {
            return Err("scheduling lost an instruction".to_owned());
        }
        for (first, end) in &self.blocks {
            let (mut last_write, mut last_access) = (None, None);
            for (now, was) in (*first..*end).zip(&order[*first as usize..*end as usize]) {
                let (now, was) = (now as usize, *was);
                let known = (*first..*end).contains(&was) && !taken[was as usize];
                if !known || self.kinds[was as usize] != machine.insts[now].kind {
                    return Err(format!("scheduling put instruction {was} to {now}"));
                }
                taken[was as usize] = true;
                let before = match self.accesses[was as usize] {
                    Access::None => continue,
                    Access::Read => last_write,
                    Access::Write => last_access,
                };
                if before > Some(was) {
                    return Err(format!("scheduling exchanged accesses to memory: {before:?} before {was}"));
                }
                last_access = last_access.max(Some(was));
                if self.accesses[was as usize] == Access::Write {
                    last_write = last_write.max(Some(was));
                }
            }
        }
        Ok(())
    }
}

/// Fails unless each operand has the value that it should have where registers and moves are as assigned, and what
/// instructions ask of several registers at once holds.
pub(super) fn allocation(numbered: &Numbered<'_>, output: &Output) -> Result<(), String> {
    let environment = numbered.environment();
    let mut checker = regalloc2::checker::Checker::new(numbered, &environment);
    checker.prepare(output);
    checker.run().map_err(|errors| format!("assigned registers: {errors:?}"))?;
    for (number, inst) in numbered.machine.insts.iter().enumerate() {
        let Kind::Vector(vector) = inst.kind else { continue };
        if !vector.op.is_gather() {
            continue;
        }
        // A gather's result, its indices and its mask must be different registers.
        let allocations = output.inst_allocs(regalloc2::Inst::new(number));
        let [result, mask, indices] = [0, 1, 4].map(|position: usize| allocations[position]);
        if result == indices || result == mask || mask == indices {
            return Err(format!("instruction {number}: a gather's registers are the same: {allocations:?}"));
        }
    }
    Ok(())
}

/// Fails unless code consists of instructions, with all jumps inside lines if that is asked for.
pub(super) fn bytes(code: &[u8], jumps_in_lines: bool) -> Result<(), String> {
    let mut decoder = iced_x86::Decoder::new(64, code, iced_x86::DecoderOptions::NONE);
    while decoder.can_decode() {
        let instruction = decoder.decode();
        if instruction.is_invalid() {
            return Err(format!("no instruction at byte {}", instruction.ip()));
        }
        let [start, end] = [instruction.ip(), instruction.next_ip()].map(|at| at as usize);
        let jumps = matches!(code[start..end], [0x0f, 0x80..=0x8f, ..] | [0xe9, ..]);
        if jumps_in_lines && jumps && crosses_line(start, end) {
            return Err(format!("a jump at the end of a line, at byte {start}"));
        }
    }
    Ok(())
}

/// Where a register gets its value: in which block, and before which of its instructions.
#[derive(Clone, Copy)]
struct Definition {
    block: usize,
    before: u32,
}

struct Verifier<'a> {
    machine: &'a Machine,
    target: Target,
    /// For each block, by number, its place in the order, if it was filled.
    places: Vec<Option<usize>>,
    definitions: Vec<Option<Definition>>,
    classes: Vec<RegClass>,
    /// For each place the place of the block through which every way to it comes last.
    dominators: Vec<usize>,
}

impl<'a> Verifier<'a> {
    fn new(machine: &'a Machine, target: Target) -> Result<Verifier<'a>, String> {
        let mut places = vec![None; machine.blocks.len()];
        for (place, block) in machine.order.iter().enumerate() {
            if places[block.0 as usize].replace(place).is_some() {
                return Err(format!("{block:?} is filled twice"));
            }
        }
        let mut verifier = Verifier {
            machine,
            target,
            places,
            definitions: vec![None; machine.registers],
            classes: vec![RegClass::Int; machine.registers],
            dominators: Vec::new(),
        };
        verifier.blocks()?;
        verifier.define()?;
        verifier.dominators = verifier.dominators()?;
        Ok(verifier)
    }

    fn data(&self, place: usize) -> &'a BlockData {
        let Block(number) = self.machine.order[place];
        &self.machine.blocks[number as usize]
    }

    fn successors(&self, place: usize) -> impl Iterator<Item = usize> + '_ {
        self.data(place).successors.iter().filter_map(|block| self.places[block.0 as usize])
    }

    /// Blocks follow each other without gaps, end where they should, and pass on what the next one takes.
    fn blocks(&self) -> Result<(), String> {
        let machine = self.machine;
        let mut predecessors = vec![0; machine.blocks.len()];
        let mut end = 0;
        for (place, block) in machine.order.iter().enumerate() {
            let data = self.data(place);
            if data.first != end || data.end <= data.first {
                return Err(format!("{block:?} has the instructions {}..{}", data.first, data.end));
            }
            end = data.end;
            let ends = |kind: Kind| matches!(kind, Kind::Jump | Kind::Branch(_) | Kind::Return(_));
            let (last, others) = machine.insts[data.first as usize..data.end as usize]
                .split_last()
                .ok_or_else(|| format!("{block:?} is empty"))?;
            if !ends(last.kind) || others.iter().any(|inst| ends(inst.kind)) {
                return Err(format!("{block:?} does not end with its last instruction alone"));
            }
            let expected = match last.kind {
                Kind::Jump => 1,
                Kind::Branch(_) => 2,
                _ => 0,
            };
            if data.successors.len() != expected {
                return Err(format!("{block:?} has {} successors", data.successors.len()));
            }
            for successor in &data.successors {
                let Some(next) = self.places[successor.0 as usize] else {
                    return Err(format!("{block:?} goes on in {successor:?}, which was never filled"));
                };
                predecessors[successor.0 as usize] += 1;
                let classes = |registers: &[Reg]| -> SmallVec<[RegClass; 8]> {
                    registers.iter().map(|register| register.class()).collect()
                };
                if classes(&data.arguments) != classes(&self.data(next).params) {
                    return Err(format!("{block:?} passes other registers to {successor:?} than it takes"));
                }
            }
        }
        if end as usize != machine.insts.len() {
            return Err("instructions outside of blocks".to_owned());
        }
        for (place, block) in machine.order.iter().enumerate() {
            let data = self.data(place);
            if data.successors.len() == 2
                && data.successors.iter().any(|next| predecessors[next.0 as usize] != 1)
            {
                return Err(format!("{block:?} branches to a block with other predecessors"));
            }
        }
        Ok(())
    }

    /// Each register is defined once, with one class.
    fn define(&mut self) -> Result<(), String> {
        for place in 0..self.machine.order.len() {
            let data = self.data(place);
            for param in &data.params {
                self.definition(*param, Definition { block: place, before: data.first })?;
            }
            for number in data.first..data.end {
                for operand in self.machine.operands_of(number as usize) {
                    if operand.kind() == OperandKind::Def {
                        let definition = Definition { block: place, before: number + 1 };
                        self.definition(operand.vreg(), definition)?;
                    }
                }
            }
        }
        Ok(())
    }

    fn definition(&mut self, register: Reg, definition: Definition) -> Result<(), String> {
        self.classes[register.vreg()] = register.class();
        match self.definitions[register.vreg()].replace(definition) {
            Some(_) => Err(format!("{register} is defined twice")),
            None => Ok(()),
        }
    }

    /// Cooper, Harvey and Kennedy, A simple, fast dominance algorithm (2001).
    fn dominators(&self) -> Result<Vec<usize>, String> {
        const UNKNOWN: usize = usize::MAX;
        let count = self.machine.order.len();
        // In postorder, from the entry.
        let (mut finished, mut numbers) = (Vec::with_capacity(count), vec![UNKNOWN; count]);
        let (mut seen, mut stack) = (vec![false; count], vec![(0, 0)]);
        seen[0] = true;
        while let Some((place, next)) = stack.pop() {
            match self.successors(place).nth(next) {
                Some(successor) => {
                    stack.push((place, next + 1));
                    if !std::mem::replace(&mut seen[successor], true) {
                        stack.push((successor, 0));
                    }
                }
                None => {
                    numbers[place] = finished.len();
                    finished.push(place);
                }
            }
        }
        if let Some(place) = seen.iter().position(|seen| !seen) {
            return Err(format!("{:?} is never reached", self.machine.order[place]));
        }
        let mut predecessors: Vec<Vec<usize>> = vec![Vec::new(); count];
        for place in 0..count {
            self.successors(place).for_each(|successor| predecessors[successor].push(place));
        }
        let mut dominators = vec![UNKNOWN; count];
        dominators[0] = 0;
        let mut changed = true;
        while std::mem::take(&mut changed) {
            for place in finished.iter().rev().copied().filter(|place| *place != 0) {
                let mut known = predecessors[place].iter().copied().filter(|p| dominators[*p] != UNKNOWN);
                let mut common = known.next().ok_or("a block before its predecessors")?;
                for mut other in known {
                    while common != other {
                        if numbers[common] < numbers[other] {
                            common = dominators[common];
                        } else {
                            other = dominators[other];
                        }
                    }
                }
                changed |= std::mem::replace(&mut dominators[place], common) != common;
            }
        }
        Ok(dominators)
    }

    fn dominates(&self, first: usize, second: usize) -> bool {
        let mut place = second;
        while place != first && place != 0 {
            place = self.dominators[place];
        }
        place == first
    }

    fn check(&self) -> Result<(), String> {
        for place in 0..self.machine.order.len() {
            let data = self.data(place);
            for number in data.first..data.end {
                let inst = self.machine.insts[number as usize];
                let own = self.machine.operands_of(number as usize);
                let wrong = |what: String| format!("instruction {number}, {:?}: {what}", inst.kind);
                if (inst.kind == Kind::Arguments) != (number == 0) {
                    return Err(wrong("arguments come first".to_owned()));
                }
                for operand in own.iter().filter(|operand| operand.kind() == OperandKind::Use) {
                    self.use_of(operand.vreg(), place, number).map_err(wrong)?;
                }
                operands::check(inst, own, self.target).map_err(wrong)?;
                self.own_memory(inst).map_err(wrong)?;
            }
            for argument in &data.arguments {
                self.use_of(*argument, place, data.end)
                    .map_err(|what| format!("{:?} passes on: {what}", self.machine.order[place]))?;
            }
        }
        Ok(())
    }

    /// Every way to a use comes by the definition.
    fn use_of(&self, register: Reg, place: usize, number: u32) -> Result<(), String> {
        let Some(definition) = self.definitions[register.vreg()] else {
            return Err(format!("{register} is never defined"));
        };
        if self.classes[register.vreg()] != register.class() {
            return Err(format!("{register} is read as another class"));
        }
        let comes_before = if definition.block == place {
            definition.before <= number
        } else {
            self.dominates(definition.block, place)
        };
        if !comes_before {
            return Err(format!("{register} need not have been defined"));
        }
        Ok(())
    }

    /// Constants and memory of the function's own are as long as what is read or written of them.
    fn own_memory(&self, inst: Inst) -> Result<(), String> {
        let (place, bytes) = match inst.kind {
            Kind::Load(bytes, place) | Kind::Store(bytes, place) => (place, bytes as usize),
            Kind::StoreImm(place, _) => (place, 8),
            Kind::Update(_, wide, place) | Kind::UpdateImm(_, wide, place, _) => {
                (place, if wide { 8 } else { 4 })
            }
            Kind::Vector(vector) => match vector.place {
                Some(place) => (place, memory_size(vector.op, vector.length, vector.broadcast) as usize),
                None => return Ok(()),
            },
            _ => return Ok(()),
        };
        let length = match place {
            PlaceKind::Constant(constant) => self.machine.constants[constant.number()].len(),
            PlaceKind::Own(offset) if offset >= 0 => (self.machine.own - offset).max(0) as usize,
            PlaceKind::Own(_) => 0,
            PlaceKind::Address { .. } => return Ok(()),
        };
        if bytes > length {
            return Err(format!("{bytes} bytes of {length}"));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wide::assembler::{Alu, Condition};
    use crate::wide::machine::Place;

    /// A program of two ways that meet: `build` adds to the entry, one way, and the end.
    fn checked(build: impl FnOnce(&mut Machine, &mut dyn FnMut(&mut Machine, usize))) -> Result<(), String> {
        let mut machine = Machine::default();
        let [entry, one, other, end] = [(); 4].map(|()| machine.block());
        machine.fill(entry);
        let [a, b, ..] = machine.arguments();
        let mut go_on = |machine: &mut Machine, step: usize| match step {
            0 => {
                machine.branch(Test::Compare(Condition::Less, true), &[a, b], one, other);
                machine.fill(one);
            }
            1 => {
                machine.jump(end, &[]);
                machine.fill(other);
                machine.jump(end, &[]);
                machine.fill(end);
            }
            _ => machine.finish(0),
        };
        build(&mut machine, &mut go_on);
        program(&machine, Target::Avx2)
    }

    #[test]
    fn what_is_computed_on_one_way_is_not_there_where_ways_meet() {
        let run = |step: usize| {
            checked(|machine, go_on| {
                let mut known = None;
                for at in 0..3 {
                    if at == step {
                        known = Some(machine.imm(7));
                    }
                    if at == 2 {
                        machine.alu_imm(Alu::Add, true, known.unwrap(), 1);
                    }
                    go_on(machine, at);
                }
            })
        };
        assert_eq!(run(0), Ok(()));
        assert!(run(1).unwrap_err().contains("need not have been defined"), "{:?}", run(1));
        assert_eq!(run(2), Ok(()));
    }

    #[test]
    fn operands_have_their_classes_and_memory_its_length() {
        let run = |wrong: &dyn Fn(&mut Machine)| {
            checked(|machine, go_on| {
                wrong(machine);
                (0..3).for_each(|step| go_on(machine, step));
            })
        };
        let of_masks = run(&|machine| {
            let mask = machine.register(RegClass::Vector);
            machine.binary(VectorOp::Vpaddq, crate::wide::assembler::Length::L256, mask, mask);
        });
        assert!(of_masks.is_err(), "{of_masks:?}");
        let beyond = run(&|machine| {
            let own = machine.own_memory(64);
            machine.store_imm(Place::Own(own + 60), 0);
        });
        assert!(beyond.unwrap_err().contains("8 bytes of 4"));
    }

    #[test]
    fn accesses_to_memory_stay_in_order() {
        let mut machine = Machine::default();
        let entry = machine.block();
        machine.fill(entry);
        let own = machine.own_memory(64);
        machine.arguments();
        let first = machine.load(8, Place::Own(own));
        machine.load(8, Place::Own(own));
        machine.store(8, first, Place::Own(own));
        machine.finish(0);
        let ordered = |order: [u32; 5]| {
            let (before, insts) = (Before::new(&machine), machine.insts.clone());
            let mut moved = Machine::default();
            moved.insts = order.iter().map(|number| insts[*number as usize]).collect();
            before.reordered(&moved, &order)
        };
        assert_eq!(ordered([0, 1, 2, 3, 4]), Ok(()));
        assert_eq!(ordered([0, 2, 1, 3, 4]), Ok(()), "loads may change places");
        assert!(ordered([0, 1, 3, 2, 4]).is_err(), "a load behind a store");
        assert!(ordered([0, 1, 1, 3, 4]).is_err(), "a load twice");
    }
}
