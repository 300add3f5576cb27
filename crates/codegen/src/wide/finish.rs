//! From a machine program and its registers to bytes.
//!
//! ```text
//! rbp ─▶ │ caller's rbp │ preserved registers │ (to 64) │ spilled values │ own memory │ ◀─ rsp
//! ```
//!
//! Blocks come in the order of their [`Layout`].

use super::Target;
use super::allocate::{Numbered, PRESERVED};
use super::assembler::{
    Alu, Assembler, Base, Condition, Decoration, Form, Label, Length, Memory, Operand, RBP, RSP, VectorOp,
};
use super::host_call::{self, ARGUMENTS};
use super::machine::{Inst, Kind, Numbers, PlaceKind, Test, Vector};
use layout::{Layout, is_short_test};
use regalloc2::{Allocation, Block, Edit, Function, InstOrEdit, Output, RegClass};

mod copies;
mod layout;

/// The smallest page of memory.
const PAGE: i32 = 4096;

/// The result, and what it takes.
pub(crate) struct Finished {
    /// Position-independent code and its constants, to be placed at a multiple of 64.
    pub(crate) bytes: Vec<u8>,
    /// How many of the bytes are instructions.
    pub(crate) code_len: usize,
}

/// Emits everything; on request no jump crosses the end of a line or touches it.
pub(crate) fn finish(
    numbered: &Numbered<'_>,
    output: &Output,
    isa: Target,
    jumps_in_lines: bool,
) -> Finished {
    let machine = numbered.machine;
    let blocks = numbered.num_blocks();
    let spilled = (output.num_spillslots as i32 * 8 + 63) & !63;
    let mut emitter = Emitter {
        assembler: Assembler::new(isa.evex(), blocks, machine.constants.clone()),
        isa,
        jumps_in_lines,
        own: 0,
        spills: machine.own,
        frame: spilled + machine.own,
        preserved: preserved(output),
    };
    let layout = Layout::new(numbered, output);
    let target = |block| layout.target(block);
    for (place, block) in layout.blocks.iter().enumerate() {
        if layout.is_aligned(*block) {
            emitter.assembler.align(64);
        }
        emitter.assembler.place(label(*block));
        let next = layout.blocks.get(place + 1).copied();
        let mut block = *block;
        // Instead of jumping to a short test, as loops do at their end, one does it on the spot.
        while let Some(test) = emitter.block(numbered, output, block, next, &target) {
            block = test;
        }
    }
    let code_len = emitter.assembler.len();
    Finished { bytes: emitter.assembler.finish(), code_len }
}

fn label(block: Block) -> Label {
    Label(block.index() as u32)
}

/// The registers used that calls preserve.
fn preserved(output: &Output) -> Vec<u8> {
    let moved = output.edits.iter().flat_map(|(_, Edit::Move { from, to })| [*from, *to]);
    let mut used = [false; 16];
    for register in output.allocs.iter().copied().chain(moved).filter_map(Allocation::as_reg) {
        if register.class() == RegClass::Int {
            used[register.hw_enc()] = true;
        }
    }
    PRESERVED.into_iter().filter(|register| used[*register as usize]).collect()
}

/// The bytes of a jump by a condition, and of one without.
const JCC: usize = 6;
const JMP: usize = 5;

/// What processors keep decoded instructions of.
const LINE: usize = 32;

/// Whether bytes reach beyond the line that they begin in, or to its end.
pub(super) fn crosses_line(start: usize, end: usize) -> bool {
    start / LINE != end / LINE
}

struct Emitter {
    assembler: Assembler,
    isa: Target,
    jumps_in_lines: bool,
    /// From the stack pointer to the function's own memory.
    own: i32,
    /// From the stack pointer to spilled values.
    spills: i32,
    frame: i32,
    preserved: Vec<u8>,
}

/// An instruction's allocations, taken one after the other.
struct Taken<'a> {
    allocations: &'a [Allocation],
    next: usize,
}

impl Taken<'_> {
    fn allocation(&mut self) -> Allocation {
        self.next += 1;
        self.allocations[self.next - 1]
    }
    fn register(&mut self) -> u8 {
        number(self.allocation())
    }
}

fn number(allocation: Allocation) -> u8 {
    allocation.as_reg().expect("a register").hw_enc() as u8
}

impl Emitter {
    /// Emits a block's instructions. Returns a short block that is to follow at once, though it lies elsewhere.
    fn block(
        &mut self,
        numbered: &Numbered<'_>,
        output: &Output,
        block: Block,
        next: Option<Block>,
        target: &impl Fn(Block) -> Block,
    ) -> Option<Block> {
        let successors = numbered.successors(block);
        let mut steps = output.block_insts_and_edits(numbered, block).peekable();
        while let Some(step) = steps.next() {
            let inst = match step {
                InstOrEdit::Edit(Edit::Move { from, to }) => {
                    let next = match steps.peek() {
                        Some(InstOrEdit::Inst(inst)) => Some(*inst),
                        _ => None,
                    };
                    let is_part = next.is_some_and(|inst| {
                        let kind = numbered.machine.insts[inst.index()].kind;
                        self.copied_and_added(kind, [*from, *to], output.inst_allocs(inst))
                    });
                    match is_part {
                        true => _ = steps.next(),
                        false => self.copy(*from, *to),
                    }
                    continue;
                }
                InstOrEdit::Inst(inst) => inst,
            };
            let allocations = output.inst_allocs(inst);
            match numbered.machine.insts[inst.index()].kind {
                Kind::Jump => {
                    let to = target(successors[0]);
                    if Some(to) != next && is_short_test(numbered, output, to) {
                        return Some(to);
                    }
                    if Some(to) != next {
                        self.jump(to);
                    }
                }
                Kind::Branch(test) => {
                    let [yes, no] = [successors[0], successors[1]].map(target);
                    self.branch(test, allocations, yes, no, next);
                }
                _ => self.inst(numbered.machine.insts[inst.index()], allocations),
            }
        }
        None
    }

    fn spill(&self, allocation: Allocation) -> Memory {
        let slot = allocation.as_stack().expect("on the stack").index() as i32;
        Assembler::stack(self.spills + 8 * slot)
    }

    fn operand(&self, allocation: Allocation) -> Operand {
        match allocation.as_reg() {
            Some(register) => Operand::Register(register.hw_enc() as u8),
            None => Operand::Memory(self.spill(allocation)),
        }
    }

    fn place(&self, place: PlaceKind, taken: &mut Taken<'_>) -> Memory {
        match place {
            PlaceKind::Constant(constant) => {
                Memory { base: Base::Constant(constant), index: None, displacement: 0 }
            }
            PlaceKind::Own(offset) => Assembler::stack(self.own + offset),
            PlaceKind::Address { scale, displacement } => {
                let base = Base::Register(taken.register());
                Memory { base, index: scale.map(|scale| (taken.register(), scale)), displacement }
            }
        }
    }

    fn enter(&mut self) {
        let assembler = &mut self.assembler;
        assembler.push(RBP);
        assembler.mov(true, RBP, Operand::Register(RSP));
        for register in &self.preserved {
            assembler.push(*register);
        }
        // A large frame must not reach beyond the guard page of the stack unnoticed: every page is touched in turn.
        for touched in (PAGE..=self.frame).step_by(PAGE as usize) {
            assembler.store(8, Assembler::stack(-touched), 0);
        }
        if self.frame > 0 {
            assembler.alu_imm(Alu::Sub, true, Operand::Register(RSP), self.frame);
            assembler.alu_imm(Alu::And, true, Operand::Register(RSP), -64);
        }
    }

    fn leave(&mut self, status: i32) {
        let preserved = std::mem::take(&mut self.preserved);
        let assembler = &mut self.assembler;
        assembler.mov_imm(0, status as u32 as u64);
        assembler.vzeroupper();
        if self.frame > 0 {
            let displacement = -8 * preserved.len() as i32;
            assembler.lea(RSP, Memory { base: Base::Register(RBP), index: None, displacement });
        }
        for register in preserved.iter().rev() {
            assembler.pop(*register);
        }
        assembler.pop(RBP);
        assembler.ret();
        self.preserved = preserved;
    }

    fn vector(&mut self, vector: Vector, taken: &mut Taken<'_>) {
        let Vector { op, length, place, broadcast, imm, masked, zeroing, in_place } = vector;
        let none = Operand::Register(0);
        let mut decoration = Decoration { mask: 0, zeroing, broadcast };
        if op.is_gather() || op.is_scatter() {
            // Defined: the result of a gather, and the cleared mask. Read: the result's old lanes or what is stored.
            let mut value = taken.register();
            let mut mask = value;
            if op.is_gather() {
                mask = taken.register();
                taken.register();
            } else {
                value = taken.register();
            }
            let memory = Operand::Memory(self.place(place.expect("in memory"), taken));
            let vvvv = if self.isa.evex() { 0 } else { mask };
            decoration.mask = if self.isa.evex() { mask } else { 0 };
            return self.assembler.vector(op, length, value, vvvv, memory, None, decoration);
        }
        let form = op.row().form;
        let to_memory = form == Form::Mr && place.is_some();
        // What the opcode's `reg` is: the result but for stores and narrowing moves.
        let result = match (form, op) {
            (Form::Mr, _) | (_, VectorOp::Kortestq) => None,
            (_, VectorOp::VmaskmovpdTo | VectorOp::VmaskmovpsTo) => None,
            _ => Some(taken.register()),
        };
        if in_place {
            taken.register();
        }
        let (reg, vvvv, rm) = match form {
            Form::Mr if to_memory => (taken.register(), 0, none),
            Form::Mr => {
                let to = taken.register();
                (taken.register(), 0, Operand::Register(to))
            }
            Form::Rvm if result.is_none() => (taken.register(), 0, none),
            // `vmaskmov` has its mask there, which comes last.
            Form::Rvm if matches!(op, VectorOp::Vmaskmovpd | VectorOp::Vmaskmovps) => {
                (result.expect("has one"), 0, none)
            }
            Form::Rvm | Form::RvmInPlace | Form::Rvmr => (result.expect("has one"), taken.register(), none),
            Form::Rm | Form::Vmi(_) => (result.expect("has one"), 0, none),
        };
        let rm = match place {
            Some(place) => Operand::Memory(self.place(place, taken)),
            None if form == Form::Mr => rm,
            None => {
                let allocation = taken.allocation();
                self.operand(allocation)
            }
        };
        let (mut vvvv, mut imm) = (vvvv, imm);
        if masked {
            let mask = taken.register();
            match (form, self.isa.evex()) {
                (Form::Rvmr, _) => imm = Some(mask << 4),
                (_, true) => decoration.mask = mask,
                // `vmaskmov`: the mask is the second operand.
                (_, false) => vvvv = mask,
            }
        }
        self.assembler.vector(op, length, reg, vvvv, rm, imm, decoration);
    }

    fn inst(&mut self, inst: Inst, allocations: &[Allocation]) {
        let mut taken = Taken { allocations, next: 0 };
        let taken = &mut taken;
        match inst.kind {
            Kind::Arguments => self.enter(),
            Kind::Vector(vector) => self.vector(vector, taken),
            Kind::Return(status) => self.leave(status),
            Kind::Alu(op, wide) => {
                let dst = taken.register();
                taken.register();
                let source = self.operand(taken.allocation());
                self.assembler.alu(op, wide, dst, source);
            }
            Kind::AluImm(op, wide, imm) => {
                self.assembler.alu_imm(op, wide, Operand::Register(taken.register()), imm);
            }
            Kind::Multiply(wide) => {
                let dst = taken.register();
                taken.register();
                let source = self.operand(taken.allocation());
                self.assembler.imul(wide, dst, source);
            }
            Kind::MultiplyImm(wide, imm) => {
                let (dst, source) = (taken.register(), self.operand(taken.allocation()));
                self.assembler.imul_imm(wide, dst, source, imm);
            }
            Kind::Shift(op, wide, imm) => self.assembler.shift(op, wide, taken.register(), imm),
            Kind::ShiftBy(op, wide) => {
                let (dst, source, count) = (taken.register(), taken.register(), taken.register());
                self.assembler.shift_by(op, wide, dst, source, count);
            }
            Kind::Negate(wide) => self.assembler.neg(wide, taken.register()),
            Kind::Not(wide) => self.assembler.not(wide, taken.register()),
            Kind::Divide { signed, wide } => {
                let divisor = number(allocations[3]);
                match signed {
                    true => self.assembler.sign_to_rdx(wide),
                    false => self.assembler.mov_imm(2, 0),
                }
                self.assembler.divide(signed, wide, divisor);
            }
            Kind::MultiplyHigh { signed, wide } => {
                self.assembler.multiply_high(signed, wide, number(allocations[3]));
            }
            Kind::Imm(imm) => self.assembler.mov_imm(taken.register(), imm),
            Kind::Load(bytes, place) => {
                let dst = taken.register();
                let memory = self.place(place, taken);
                match bytes {
                    1 => self.assembler.load_byte(dst, memory),
                    2 => self.assembler.load_word(dst, memory),
                    bytes => self.assembler.mov(bytes == 8, dst, Operand::Memory(memory)),
                }
            }
            Kind::Store(bytes, place) => {
                let source = taken.register();
                let memory = self.place(place, taken);
                self.assembler.store(bytes, memory, source);
            }
            Kind::StoreImm(place, imm) => {
                let memory = self.place(place, taken);
                self.assembler.store_imm(memory, imm);
            }
            Kind::Update(op, wide, place) => {
                let source = taken.register();
                let memory = self.place(place, taken);
                self.assembler.update(op, wide, memory, source);
            }
            Kind::UpdateImm(op, wide, place, imm) => {
                let memory = self.place(place, taken);
                self.assembler.alu_imm(op, wide, Operand::Memory(memory), imm);
            }
            Kind::SignExtend => {
                let (dst, source) = (taken.register(), self.operand(taken.allocation()));
                self.assembler.sign_extend(dst, source);
            }
            Kind::ZeroExtend => {
                let (dst, source) = (taken.register(), self.operand(taken.allocation()));
                self.assembler.mov(false, dst, source);
            }
            Kind::AddressOf(place) => {
                let dst = taken.register();
                let memory = self.place(place, taken);
                self.assembler.lea(dst, memory);
            }
            Kind::Compare(condition, wide) => {
                let (dst, a, b) = (taken.register(), taken.register(), taken.register());
                self.assembler.alu(Alu::Cmp, wide, a, Operand::Register(b));
                self.assembler.set(condition, dst);
            }
            Kind::CompareImm(condition, wide, imm) => {
                let (dst, a) = (taken.register(), taken.register());
                self.assembler.alu_imm(Alu::Cmp, wide, Operand::Register(a), imm);
                self.assembler.set(condition, dst);
            }
            Kind::CompareFloats(condition, double) => {
                let (dst, a, b) = (taken.register(), taken.register(), taken.register());
                self.compare_floats(double, a, b);
                self.assembler.set(condition, dst);
            }
            Kind::SelectBy(condition, numbers, constant) => {
                let dst = taken.register();
                taken.register();
                let (yes, first) = (taken.register(), taken.register());
                match (numbers, constant) {
                    (Numbers::Floats { double }, _) => self.compare_floats(double, first, taken.register()),
                    (Numbers::Integers { wide }, Some(imm)) => {
                        self.assembler.alu_imm(Alu::Cmp, wide, Operand::Register(first), imm);
                    }
                    (Numbers::Integers { wide }, None) => {
                        let second = Operand::Register(taken.register());
                        self.assembler.alu(Alu::Cmp, wide, first, second);
                    }
                }
                self.assembler.cmov(condition, true, dst, Operand::Register(yes));
            }
            Kind::Select => {
                let dst = taken.register();
                taken.register();
                let (yes, condition) = (taken.register(), taken.register());
                self.assembler.test(false, condition, condition);
                self.assembler.cmov(Condition::NotEqual, true, dst, Operand::Register(yes));
            }
            Kind::Better(condition, wide) => {
                let dst = taken.register();
                taken.register();
                let other = taken.register();
                self.assembler.alu(Alu::Cmp, wide, other, Operand::Register(dst));
                self.assembler.cmov(condition, wide, dst, Operand::Register(other));
            }
            Kind::LowBits(wide) => {
                let (dst, source, count) = (taken.register(), taken.register(), taken.register());
                self.assembler.bzhi(wide, dst, source, count);
            }
            Kind::LowestBit => {
                let (dst, source) = (taken.register(), taken.register());
                self.assembler.bsf(dst, source);
            }
            Kind::Deposit(wide) => {
                let (dst, source, pattern) = (taken.register(), taken.register(), taken.register());
                self.assembler.pdep(wide, dst, source, pattern);
            }
            Kind::HostCall(call) => {
                let [status, frame] = [(); 2].map(|()| taken.register());
                let arguments = [(); ARGUMENTS].map(|()| taken.register());
                host_call::call(&mut self.assembler, call, status, frame, arguments);
            }
            Kind::Jump | Kind::Branch(_) => unreachable!("ends a block"),
        }
    }

    /// Compares the first lanes of two vector registers, into the flags.
    fn compare_floats(&mut self, double: bool, a: u8, b: u8) {
        let op = if double { VectorOp::Vucomisd } else { VectorOp::Vucomiss };
        self.assembler.vector(op, Length::L128, a, 0, Operand::Register(b), None, Decoration::default());
    }

    fn branch(&mut self, test: Test, allocations: &[Allocation], yes: Block, no: Block, next: Option<Block>) {
        let start = self.assembler.len();
        let condition = self.tested(test, allocations);
        // The test and the jump are one instruction to the processor.
        if self.jumps_in_lines && crosses_line(start, self.assembler.len() + JCC) {
            self.assembler.go_back(start);
            self.assembler.align(LINE);
            self.tested(test, allocations);
        }
        if Some(yes) == next {
            self.assembler.jcc(condition.not(), label(no));
            return;
        }
        if Some(no) == next {
            self.assembler.jcc(condition, label(yes));
            return;
        }
        // Jumps back are those that are taken.
        let is_back = self.assembler.is_placed(label(no));
        let (condition, first, second) = match is_back {
            true => (condition.not(), no, yes),
            false => (condition, yes, no),
        };
        self.assembler.jcc(condition, label(first));
        self.jump(second);
    }

    fn jump(&mut self, to: Block) {
        let here = self.assembler.len();
        if self.jumps_in_lines && crosses_line(here, here + JMP) {
            self.assembler.align(LINE);
        }
        self.assembler.jmp(label(to));
    }

    /// Sets the flags for a test; returns the condition to jump by.
    fn tested(&mut self, test: Test, allocations: &[Allocation]) -> Condition {
        let first = allocations[0];
        match test {
            Test::Compare(condition, wide) => {
                let second = self.operand(allocations[1]);
                self.assembler.alu(Alu::Cmp, wide, number(first), second);
                condition
            }
            Test::CompareFloats(condition, double) => {
                self.compare_floats(double, number(first), number(allocations[1]));
                condition
            }
            Test::CompareImm(condition, wide, imm) => {
                let first = self.operand(first);
                self.assembler.alu_imm(Alu::Cmp, wide, first, imm);
                condition
            }
            Test::NonZero => {
                let first = number(first);
                self.assembler.test(false, first, first);
                Condition::NotEqual
            }
            Test::AnyMask => {
                let none = Decoration::default();
                let first = number(first);
                let mask = Operand::Register(first);
                self.assembler.vector(VectorOp::Kortestq, Length::L128, first, 0, mask, None, none);
                Condition::NotEqual
            }
        }
    }
}
