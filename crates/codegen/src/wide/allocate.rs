//! Register allocation: a machine program as regalloc2 wants to see it.
//!
//! | class | registers |
//! |---|---|
//! | general | all but `rsp` and `rbp`; those that calls preserve only when the others are used up |
//! | vector | 32 with AVX-512, 16 without |
//! | mask | `k1` to `k7`: `k0` cannot say which lanes are written |

use super::Target;
use super::assembler::{RBP, RSP};
use super::machine::{Block, Kind, Machine};
use crate::compiler::Effort;
use regalloc2::{
    Algorithm, Inst, InstRange, MachineEnv, Operand, Output, PReg, PRegSet, RegAllocError, RegClass,
    RegallocOptions, VReg,
};

/// The general registers that a function leaves as they were.
pub(crate) const PRESERVED: [u8; 5] = [3, 12, 13, 14, 15];

/// A machine program with its blocks numbered as they lie.
pub(crate) struct Numbered<'a> {
    pub(crate) machine: &'a Machine,
    successors: Vec<[regalloc2::Block; 2]>,
    predecessors: Vec<Vec<regalloc2::Block>>,
    isa: Target,
}

impl<'a> Numbered<'a> {
    pub(crate) fn new(machine: &'a Machine, isa: Target) -> Numbered<'a> {
        let mut numbers = vec![usize::MAX; machine.blocks.len()];
        for (number, block) in machine.order.iter().enumerate() {
            numbers[block.0 as usize] = number;
        }
        let mut successors = Vec::with_capacity(numbers.len());
        let mut predecessors = vec![Vec::new(); machine.order.len()];
        for (number, block) in machine.order.iter().enumerate() {
            let mut own = [regalloc2::Block::invalid(); 2];
            for (place, target) in own.iter_mut().zip(&machine.blocks[block.0 as usize].successors) {
                let target = numbers[target.0 as usize];
                assert_ne!(target, usize::MAX, "a block that was never filled");
                *place = regalloc2::Block::new(target);
                predecessors[target].push(regalloc2::Block::new(number));
            }
            successors.push(own);
        }
        Numbered { machine, successors, predecessors, isa }
    }

    pub(crate) fn data(&self, block: regalloc2::Block) -> &super::machine::BlockData {
        let Block(number) = self.machine.order[block.index()];
        &self.machine.blocks[number as usize]
    }

    fn kind(&self, inst: Inst) -> Kind {
        self.machine.insts[inst.index()].kind
    }

    /// The blocks behind a block.
    pub(crate) fn successors(&self, block: regalloc2::Block) -> &[regalloc2::Block] {
        &self.successors[block.index()][..self.data(block).successors.len()]
    }

    /// Assigns registers.
    pub(crate) fn allocate(&self, effort: Effort) -> Result<Output, RegAllocError> {
        let algorithm = match effort {
            Effort::Quick => Algorithm::Fastalloc,
            Effort::Thorough => Algorithm::Ion,
        };
        let options = RegallocOptions { verbose_log: false, validate_ssa: cfg!(debug_assertions), algorithm };
        regalloc2::run(self, &self.environment(), &options)
    }

    /// The registers that there are.
    pub(crate) fn environment(&self) -> MachineEnv {
        environment(self.isa)
    }
}

fn environment(isa: Target) -> MachineEnv {
    let set = |numbers: &mut dyn Iterator<Item = usize>, class| {
        let mut set = PRegSet::empty();
        numbers.for_each(|number| set.add(PReg::new(number, class)));
        set
    };
    let preserved = |number: &usize| PRESERVED.contains(&(*number as u8));
    let free = |number: &usize| ![RSP, RBP].contains(&(*number as u8)) && !preserved(number);
    MachineEnv {
        preferred_regs_by_class: [
            set(&mut (0..16).filter(free), RegClass::Int),
            set(&mut (0..isa.registers()), RegClass::Float),
            set(&mut (1..8), RegClass::Vector),
        ],
        non_preferred_regs_by_class: [
            set(&mut (0..16).filter(preserved), RegClass::Int),
            PRegSet::empty(),
            PRegSet::empty(),
        ],
        scratch_by_class: [None; 3],
        fixed_stack_slots: Vec::new(),
    }
}

impl regalloc2::Function for Numbered<'_> {
    fn num_insts(&self) -> usize {
        self.machine.insts.len()
    }
    fn num_blocks(&self) -> usize {
        self.machine.order.len()
    }
    fn entry_block(&self) -> regalloc2::Block {
        regalloc2::Block::new(0)
    }
    fn block_insns(&self, block: regalloc2::Block) -> InstRange {
        let data = self.data(block);
        InstRange::new(Inst::new(data.first as usize), Inst::new(data.end as usize))
    }
    fn block_succs(&self, block: regalloc2::Block) -> &[regalloc2::Block] {
        self.successors(block)
    }
    fn block_preds(&self, block: regalloc2::Block) -> &[regalloc2::Block] {
        &self.predecessors[block.index()]
    }
    fn block_params(&self, block: regalloc2::Block) -> &[VReg] {
        &self.data(block).params
    }
    fn is_ret(&self, inst: Inst) -> bool {
        matches!(self.kind(inst), Kind::Return(_))
    }
    fn is_branch(&self, inst: Inst) -> bool {
        matches!(self.kind(inst), Kind::Jump | Kind::Branch(_))
    }
    fn branch_blockparams(&self, block: regalloc2::Block, _: Inst, _: usize) -> &[VReg] {
        &self.data(block).arguments
    }
    fn inst_operands(&self, inst: Inst) -> &[Operand] {
        self.machine.operands_of(inst.index())
    }
    fn inst_clobbers(&self, _: Inst) -> PRegSet {
        PRegSet::empty()
    }
    fn num_vregs(&self) -> usize {
        self.machine.registers
    }
    fn spillslot_size(&self, class: RegClass) -> usize {
        match class {
            RegClass::Float => self.isa.length().bytes() / 8,
            RegClass::Int | RegClass::Vector => 1,
        }
    }
}
