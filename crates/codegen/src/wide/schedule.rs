//! The order of the instructions of a block: such that units that take long are busy while others work.
//!
//! A processor looks about a hundred instructions ahead. Selection computes all registers of a step operation by
//! operation, so all its divisions come at once, and then, for longer than that, nothing that could keep the divider
//! busy. List scheduling puts each register's work where its operands become available:
//!
//! ```text
//! as selected   div div div div  poly poly poly poly ············ div div div div
//! scheduled     div div div div
//!                   poly···poly···poly···poly                      (while the others still divide)
//!                        div div div div
//! ```
//!
//! Among the instructions whose operands are there, that one goes first from which the way to the block's end is
//! longest, unless it needs a register and none is left.
//!
//! Times are those of Intel's Skylake to Ice Lake, from Fog, Instruction tables (2022); others differ little in
//! proportion, which is all that counts.

use super::Target;
use super::assembler::{Form, Length, VectorOp};
use super::machine::{BlockData, Kind, Machine, PlaceKind, Reg, Vector};
use regalloc2::{Operand, OperandConstraint, OperandKind, RegClass};

/// Blocks with fewer instructions stay as they are: the processor sees them whole.
const SHORT: usize = 24;
/// So many instructions that could go next, in the order of selection, are looked at: about as many as the processor sees.
const WINDOW: usize = 128;
/// Halves of cycles: in each, one of two vector units takes an instruction.
const CYCLE: u32 = 2;

/// Orders the instructions of each block that is not seldom run. Returns the numbers that they had, in their new order.
pub(crate) fn schedule(machine: &mut Machine, target: Target) -> Vec<u32> {
    let (before, behind) = live(machine);
    let mut classes = vec![RegClass::Int; machine.registers];
    let params = machine.blocks.iter().flat_map(|block| &block.params).copied();
    for register in machine.operands.iter().map(|operand| operand.vreg()).chain(params) {
        classes[register.vreg()] = register.class();
    }
    let mut order: Vec<u32> = Vec::with_capacity(machine.insts.len());
    let mut tables = Tables::new(machine.registers);
    for block in &machine.order {
        let data = &machine.blocks[block.0 as usize];
        if data.cold || ((data.end - data.first) as usize) < SHORT {
            order.extend(data.first..data.end);
        } else {
            let number = block.0 as usize;
            let mut list = List::new(machine, data, target, &behind[number], tables);
            let params = data.params.iter().map(|param| param.vreg());
            for register in before[number].iter().chain(params) {
                list.occupied[classes[register] as usize] += 1;
            }
            order.extend(list.scheduled(machine, data));
            tables = list.tables.cleared(machine, data, &behind[number]);
        }
    }
    machine.rearrange(order.iter().map(|number| *number as usize));
    order
}

/// For each block, by number, the registers whose values are needed at its start, and those behind it.
fn live(machine: &Machine) -> (Vec<Set>, Vec<Set>) {
    let mut before = vec![Set::new(machine.registers); machine.blocks.len()];
    let mut behind = before.clone();
    let mut changed = true;
    while std::mem::take(&mut changed) {
        for block in machine.order.iter().rev() {
            let number = block.0 as usize;
            let data = &machine.blocks[number];
            let mut live = Set::new(machine.registers);
            for successor in &data.successors {
                live.join(&before[successor.0 as usize]);
            }
            data.arguments.iter().for_each(|register| live.insert(*register));
            behind[number] = live.clone();
            for instruction in (data.first..data.end).rev() {
                let operands = machine.operands_of(instruction as usize);
                let of_kind = |kind| operands.iter().filter(move |operand| operand.kind() == kind);
                of_kind(OperandKind::Def).for_each(|operand| live.remove(operand.vreg()));
                of_kind(OperandKind::Use).for_each(|operand| live.insert(operand.vreg()));
            }
            data.params.iter().for_each(|register| live.remove(*register));
            changed |= before[number] != live;
            before[number] = live;
        }
    }
    (before, behind)
}

/// A set of registers.
#[derive(Clone, PartialEq)]
struct Set(Vec<u64>);

impl Set {
    fn new(registers: usize) -> Set {
        Set(vec![0; registers.div_ceil(64)])
    }
    fn iter(&self) -> impl Iterator<Item = usize> {
        let words = self.0.iter().enumerate().filter(|(_, word)| **word != 0);
        words.flat_map(|(number, word)| {
            (0..64).filter(move |bit| word >> bit & 1 == 1).map(move |bit| 64 * number + bit)
        })
    }
    fn insert(&mut self, register: Reg) {
        self.0[register.vreg() / 64] |= 1 << (register.vreg() % 64);
    }
    fn remove(&mut self, register: Reg) {
        self.0[register.vreg() / 64] &= !(1 << (register.vreg() % 64));
    }
    fn join(&mut self, other: &Set) {
        self.0.iter_mut().zip(&other.0).for_each(|(own, other)| *own |= other);
    }
}

/// How long an instruction's unit and its readers wait, in halves of cycles.
#[derive(Clone, Copy)]
struct Time {
    /// Until the result is there.
    latency: u32,
    /// Until a vector unit takes the next instruction.
    issue: u32,
    /// Until the divider takes the next, for divisions and roots.
    division: u32,
}

impl Time {
    fn of(kind: Kind) -> Time {
        let time = |latency: u32, issue: u32| Time { latency: latency * CYCLE, issue, division: 0 };
        match kind {
            Kind::Vector(vector) => Time::of_vector(vector),
            Kind::Load(..) => time(5, 0),
            Kind::Multiply(_) | Kind::MultiplyImm(..) => time(3, 0),
            Kind::MultiplyHigh { .. } => time(4, 0),
            Kind::Divide { .. } => time(26, 0),
            _ => time(1, 0),
        }
    }

    fn of_vector(vector: Vector) -> Time {
        use VectorOp::*;
        let halves = if vector.length == Length::L512 { 2 } else { 1 };
        let time = |latency: u32, issue: u32| Time { latency: latency * CYCLE, issue, division: 0 };
        let divide = |latency: u32, busy: u32| Time {
            latency: (latency + busy * (halves - 1)) * CYCLE,
            issue: halves,
            division: busy * halves * CYCLE,
        };
        match vector.op {
            Vdivpd => divide(15, 8),
            Vdivps => divide(11, 5),
            Vsqrtpd => divide(19, 12),
            Vsqrtps => divide(12, 6),
            Vpmullq => time(15, 3),
            Vpmulld => time(10, 2),
            Vgatherqpd | Vgatherqps => time(24, 12),
            Vscatterqpd | Vscatterqps => time(1, 16),
            Vmovupd | Vmovups | Vmovsd | Vmovss | Vpbroadcastq | Vpbroadcastd | Vpbroadcastw
            | Vpbroadcastb | Vmovdqu16 | Vmovdqu8
                if vector.place.is_some() =>
            {
                time(7, 0)
            }
            Vmovhpd | Vinsertps if vector.place.is_some() => time(8, 1),
            _ if access(Kind::Vector(vector)) == Access::Write => time(1, 0),
            Vpand | Vpandn | Vpor | Vpxor | Vandpd | Vandps | Vxorpd | Vxorps | Vpaddq | Vpaddd | Vpsubq
            | Vpsubd | Vpaddw | Vpaddb | Vpsubw | Vpsubb | VpsllwBy | VpsrlwBy | VpsrawBy | Vpminsb
            | Vpminub | Vpminsw | Vpminuw | Vpminsd | Vpminud | Vpmaxsb | Vpmaxub | Vpmaxsw | Vpmaxuw
            | Vpmaxsd | Vpmaxud | Vpblendmb | Vpblendmw | Vpblendvb | Vpackuswb | Vpacksswb | VpsllqBy
            | VpslldBy | VpsrlqBy | VpsrldBy | VpsradBy | VpsraqBy | VprorqBy | VprordBy | Vpsllvq
            | Vpsllvd | Vpsrlvq | Vpsrlvd | Vpsravd | Vpsravq | Vmovapd | Vmovupd | Vmovups | Vblendmpd
            | Vblendmps | Vblendvpd | Vblendvps | Kandq | Kandnq | Korq | Kxorq | Vshufps | Vpalignr
            | Vpshufb | Vblendpd | Vblendps | Vunpcklpd | Vunpckhpd | Vunpcklps | Vunpckhps => time(1, 1),
            Vpbroadcastw | Vpbroadcastb | Vpcmpw | Vpcmpb | Vpcmpuw | Vpcmpub | Vpmovsxbw | Vpmovzxbw
            | Vpsadbw | Vpminsq | Vpminuq | Vpmaxsq | Vpmaxuq | Vpbroadcastq | Vpbroadcastd | Vpcmpq
            | Vpcmpd | Vpcmpuq | Vpcmpud | Vpmovsxdq | Vpmovzxdq | Vpmovsxbd | Vpmovzxbd | Vpmovsxwd
            | Vpmovzxwd | Vextracti128 | Vinsertf128 | Vpermpd | Vpermps | Vpermt2pd | Vpermt2ps
            | Valignq | Valignd | VmovqFrom | VmovdFrom | VmovqTo | VmovdTo | KmovqFrom | KmovqOut => {
                time(3, 1)
            }
            _ => time(4, 1),
        }
    }
}

/// What an instruction does to memory that others may write.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Access {
    None,
    Read,
    Write,
}

/// What an instruction does to memory.
pub(super) fn access(kind: Kind) -> Access {
    let place = match kind {
        Kind::Store(..) | Kind::StoreImm(..) | Kind::Update(..) | Kind::UpdateImm(..) | Kind::HostCall(_) => {
            return Access::Write;
        }
        Kind::Load(_, place) => place,
        Kind::Vector(Vector { op, place: Some(place), .. }) => {
            let masked_store = matches!(op, VectorOp::VmaskmovpdTo | VectorOp::VmaskmovpsTo);
            if op.row().form == Form::Mr || masked_store {
                return Access::Write;
            }
            place
        }
        _ => return Access::None,
    };
    if matches!(place, PlaceKind::Constant(_)) { Access::None } else { Access::Read }
}

/// An instruction that waits for others.
#[derive(Clone, Default)]
struct Waiting {
    /// Those that wait for it, and for how long after its start.
    successors: Vec<(u32, u32)>,
    /// How many it still waits for.
    predecessors: u32,
    /// When its operands are there.
    earliest: u32,
    /// The way to the end of the block.
    height: u32,
}

/// A block's instructions, numbered from its first, but for the one that ends it.
struct List {
    waiting: Vec<Waiting>,
    /// How long each takes.
    times: Vec<Time>,
    tables: Tables,
    /// The registers of each class that are occupied, and how many there are.
    occupied: [usize; 3],
    room: [usize; 3],
    /// How many vector registers there are for what is only loaded.
    for_loads: usize,
}

/// What is known of registers, by number. One block leaves the tables to the next, as it found them.
struct Tables {
    /// How many reads a register has left in the block, with the last of which it dies; the most for one that does not.
    reads: Vec<u32>,
    /// The instruction that defines it.
    definitions: Vec<u32>,
    /// Those that read it.
    readers: Vec<Vec<u32>>,
}

impl Tables {
    fn new(registers: usize) -> Tables {
        Tables {
            reads: vec![0; registers],
            definitions: vec![OUTSIDE; registers],
            readers: vec![Vec::new(); registers],
        }
    }

    /// The tables without what a block wrote into them.
    fn cleared(mut self, machine: &Machine, data: &BlockData, behind: &Set) -> Tables {
        let inside = (data.first..data.end).flat_map(|number| machine.operands_of(number as usize));
        for register in inside.map(|operand| operand.vreg().vreg()).chain(behind.iter()) {
            self.reads[register] = 0;
            self.definitions[register] = OUTSIDE;
            self.readers[register].clear();
        }
        self
    }
}

/// For a register that no instruction of the block defines.
const OUTSIDE: u32 = u32::MAX;

impl List {
    fn new(machine: &Machine, data: &BlockData, target: Target, behind: &Set, tables: Tables) -> List {
        let count = (data.end - data.first - 1) as usize;
        let mut list = List {
            waiting: vec![Waiting::default(); count],
            times: (data.first..data.end - 1).map(|n| Time::of(machine.insts[n as usize].kind)).collect(),
            tables,
            occupied: [0; 3],
            room: [13, target.registers() - spare(target, false), 7],
            for_loads: target.registers() - spare(target, true),
        };
        let (mut last_write, mut reads_since) = (None, Vec::new());
        for number in 0..count as u32 {
            let kind = machine.insts[(data.first + number) as usize].kind;
            let operands = machine.operands_of((data.first + number) as usize);
            // The registers of arguments are free for others only behind them.
            if number > 0 && machine.insts[data.first as usize].kind == Kind::Arguments {
                list.wait(0, number, 0);
            }
            for operand in operands.iter().filter(|operand| operand.kind() == OperandKind::Use) {
                let register = operand.vreg();
                list.tables.reads[register.vreg()] += 1;
                list.tables.readers[register.vreg()].push(number);
                match list.tables.definitions[register.vreg()] {
                    OUTSIDE => {}
                    definition => {
                        let time = list.times[definition as usize];
                        list.wait(definition, number, time.latency);
                    }
                }
            }
            for operand in operands.iter().filter(|operand| operand.kind() == OperandKind::Def) {
                list.tables.definitions[operand.vreg().vreg()] = number;
                // What is overwritten is read by others first, or it has to be copied.
                if let OperandConstraint::Reuse(old) = operand.constraint() {
                    let old = operands[old].vreg().vreg();
                    let readers = std::mem::take(&mut list.tables.readers[old]);
                    let others = readers.iter().filter(|reader| **reader < number);
                    others.for_each(|reader| list.wait(*reader, number, 0));
                    list.tables.readers[old] = readers;
                }
            }
            match access(kind) {
                Access::None => {}
                Access::Read => {
                    last_write.iter().for_each(|write| list.wait(*write, number, CYCLE));
                    reads_since.push(number);
                }
                Access::Write => {
                    last_write.iter().chain(&reads_since).for_each(|other| list.wait(*other, number, 0));
                    reads_since.clear();
                    last_write = Some(number);
                }
            }
        }
        list.measure_heights();
        behind.iter().for_each(|register| list.tables.reads[register] = u32::MAX);
        list
    }

    /// Notes that one instruction waits for another's start, and for so long after.
    fn wait(&mut self, first: u32, second: u32, time: u32) {
        self.waiting[first as usize].successors.push((second, time));
        self.waiting[second as usize].predecessors += 1;
    }

    fn measure_heights(&mut self) {
        for number in (0..self.waiting.len()).rev() {
            let time = self.times[number];
            let behind = self.waiting[number].successors.iter();
            let height = behind.map(|(next, time)| time + self.waiting[*next as usize].height).max();
            self.waiting[number].height = height.unwrap_or(time.latency);
        }
    }

    /// The numbers of the block's instructions in their new order.
    fn scheduled(&mut self, machine: &Machine, data: &BlockData) -> Vec<u32> {
        let operands = |number: u32| machine.operands_of((data.first + number) as usize);
        // In the order of selection.
        let mut ready: Vec<u32> =
            (0..self.waiting.len() as u32).filter(|n| self.waiting[*n as usize].predecessors == 0).collect();
        let (mut now, mut divider) = (0, 0);
        let mut order = Vec::with_capacity(self.waiting.len() + 1);
        while !ready.is_empty() {
            let time = |number: u32| self.times[number as usize];
            let start = |number: u32| {
                let earliest = self.waiting[number as usize].earliest;
                if time(number).division > 0 { earliest.max(divider) } else { earliest }
            };
            let key = |n: u32| (start(n).max(now), std::cmp::Reverse(self.waiting[n as usize].height), n);
            // What needs more registers than are left goes last, and then in the order of selection.
            let (mut place, mut first) = (0, None);
            for (candidate, number) in ready.iter().take(WINDOW).enumerate() {
                let key = key(*number);
                if first.is_none_or(|first| key < first)
                    && self.fits(operands(*number), time(*number).issue == 0)
                {
                    (place, first) = (candidate, Some(key));
                }
            }
            let next = ready.remove(place);
            now = now.max(start(next));
            let time = time(next);
            if time.division > 0 {
                divider = now + time.division;
            }
            self.take_registers(operands(next));
            for (successor, after) in std::mem::take(&mut self.waiting[next as usize].successors) {
                let waiting = &mut self.waiting[successor as usize];
                waiting.earliest = waiting.earliest.max(now + after);
                waiting.predecessors -= 1;
                if waiting.predecessors == 0 {
                    ready.insert(ready.partition_point(|other| *other < successor), successor);
                }
            }
            order.push(data.first + next);
            now += time.issue;
        }
        order.push(data.end - 1);
        order
    }

    /// Whether an instruction needs no more registers of any class than are left.
    fn fits(&self, operands: &[Operand], is_load: bool) -> bool {
        let mut room = self.room;
        if is_load {
            room[RegClass::Float as usize] = self.for_loads;
        }
        let mut occupied = self.occupied;
        for operand in operands {
            let class = operand.class() as usize;
            match operand.kind() {
                OperandKind::Def => occupied[class] += 1,
                OperandKind::Use => {
                    occupied[class] -= (self.tables.reads[operand.vreg().vreg()] == 1) as usize
                }
            }
        }
        (0..3).all(|class| occupied[class] <= self.occupied[class].max(room[class]))
    }

    fn take_registers(&mut self, operands: &[Operand]) {
        for operand in operands {
            let (register, class) = (operand.vreg(), operand.class() as usize);
            match operand.kind() {
                OperandKind::Def => self.occupied[class] += 1,
                OperandKind::Use => {
                    let reads = &mut self.tables.reads[register.vreg()];
                    if *reads == 1 {
                        self.occupied[class] -= 1;
                    }
                    if *reads != u32::MAX {
                        *reads -= 1;
                    }
                }
            }
        }
    }
}

/// How many vector registers stay free: where there are few, assigning the last ones takes moves through memory, which
/// sums that loops carry would wait for. What is only loaded can wait until it is needed.
fn spare(target: Target, is_load: bool) -> usize {
    match (target.evex(), is_load) {
        (true, _) => 0,
        (false, true) => 4,
        (false, false) => 1,
    }
}

/// The class of registers of an index into lists of the three.
const _: () =
    assert!(RegClass::Int as usize == 0 && RegClass::Float as usize == 1 && RegClass::Vector as usize == 2);
