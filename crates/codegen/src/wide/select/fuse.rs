//! Two operations in one instruction with a mask, or in a cheaper pair.
//!
//! ```text
//! EVEX   band m, (flt a, b)            a comparison of the lanes in m
//!        select m, (fadd a, b), c      an addition that leaves the other lanes of c as they are
//!        select m, (fadd a, b), 0      … or makes them zero
//! AVX2   select m, (iadd n, a), n      n + (m & a): the other lanes add zero
//!        select m, (iadd n, 1), n      n - m: lanes of ones are minus one
//! ```
//!
//! The operation inside waits for the one around it: it is not selected where it stands but with its only reader, which
//! is in the same block.

use super::lanes::of_size;
use super::values::Operand;
use super::{Extent, Registers, Selector, Target};
use crate::uses::Uses;
use crate::wide::assembler::VectorOp;
use crate::wide::machine::Reg;
use parfuse_ir::arena::Id;
use parfuse_ir::lane::{Block, Code, Inst, LaneOp, LaneType, Node, Shape, Value};

/// For each value whether it waits for its reader.
pub(super) fn waiting(code: &Code, uses: &Uses, isa: Target) -> Vec<bool> {
    let values = code.values.len();
    let mut marks =
        Marks { code, uses, isa, waiting: vec![false; values], homes: vec![0; values], blocks: 0 };
    marks.block(&code.body);
    marks.waiting
}

struct Marks<'a> {
    code: &'a Code,
    uses: &'a Uses,
    isa: Target,
    waiting: Vec<bool>,
    /// For each value that is met, the number of its block.
    homes: Vec<usize>,
    /// The blocks so far.
    blocks: usize,
}

impl Marks<'_> {
    fn block(&mut self, block: &Block) {
        self.blocks += 1;
        let here = self.blocks;
        for node in block {
            match node {
                Node::Let(value) => {
                    if let Inst::Op(op, operands) = &self.code.values[*value].inst {
                        for (position, operand) in operands.iter().enumerate() {
                            self.waiting[operand.index()] |= self.homes[operand.index()] == here
                                && self.uses.reads[operand.index()] == 1
                                && self.fuses(*op, operands, position);
                        }
                        self.homes[value.index()] = here;
                    }
                }
                Node::If { then, otherwise, .. } => {
                    self.block(then);
                    self.block(otherwise);
                }
                Node::Loop { header, body, .. } => {
                    self.block(header);
                    self.block(body);
                }
                _ => {}
            }
        }
    }

    /// Whether an operation takes the operand at a position in with it.
    fn fuses(&self, op: LaneOp, operands: &[Value], position: usize) -> bool {
        let data = &self.code.values[operands[position]];
        let Inst::Op(inner, inner_operands) = &data.inst else { return false };
        let takes = match op {
            LaneOp::BAnd => {
                let compares = matches!(inner.shape(), Shape::FloatCompare | Shape::IntCompare);
                self.isa.evex() && (compares || *inner == LaneOp::BAnd)
            }
            LaneOp::Select if position == 1 && self.isa.evex() => masked(*inner, data.ty).is_some(),
            LaneOp::Select if position == 1 => {
                *inner == LaneOp::IAdd && inner_operands.contains(&operands[2])
            }
            _ => false,
        };
        takes && data.varying
    }
}

/// The instruction of an operation that may be masked, and whether its operands may change places.
fn masked(op: LaneOp, ty: LaneType) -> Option<(VectorOp, bool)> {
    Some(match op {
        LaneOp::FAdd => (of_size!(ty, Vaddpd, Vaddps), true),
        LaneOp::FSub => (of_size!(ty, Vsubpd, Vsubps), false),
        LaneOp::FMul => (of_size!(ty, Vmulpd, Vmulps), true),
        LaneOp::FDiv => (of_size!(ty, Vdivpd, Vdivps), false),
        LaneOp::FMin => (of_size!(ty, Vminpd, Vminps), false),
        LaneOp::FMax => (of_size!(ty, Vmaxpd, Vmaxps), false),
        LaneOp::IAdd => (of_size!(ty, Vpaddq, Vpaddd), true),
        LaneOp::ISub => (of_size!(ty, Vpsubq, Vpsubd), false),
        _ => return None,
    })
}

impl Selector<'_> {
    /// An operation together with those that waited for it; `None` if none did.
    pub(super) fn fused_with_operands(&mut self, op: LaneOp, args: &[Value]) -> Option<Registers> {
        if !args.iter().any(|arg| self.waiting[arg.index()]) {
            return None;
        }
        Some(match op {
            LaneOp::BAnd => self.conjunction(args),
            _ if self.isa.evex() => self.masked_operation(args),
            _ => self.masked_sum(args),
        })
    }

    /// All of these conditions: the plain ones first, then comparisons, each in the lanes that are left.
    fn conjunction(&mut self, args: &[Value]) -> Registers {
        let (mut masks, mut comparisons) = (Vec::new(), Vec::new());
        self.conditions(args, &mut masks, &mut comparisons);
        self.broadcast_operands(&masks);
        self.read(&masks);
        for (_, _, operands) in &comparisons {
            self.broadcast_operands(operands);
            self.read(operands);
        }
        self.shared_constants = Some(Vec::new());
        let registers = (0..self.count)
            .map(|k| {
                let mut held: Option<Reg> = None;
                for mask in &masks {
                    let mask = self.lanes(*mask)[k];
                    held = Some(match held {
                        Some(held) => self.and_masks(held, mask, Extent::Group),
                        None => mask,
                    });
                }
                for (op, ty, operands) in &comparisons {
                    let [a, b] = [0, 1].map(|position| self.operand(operands[position], k));
                    held = Some(self.compare_in(*op, *ty, &[a, b], held));
                }
                held.expect("there are conditions")
            })
            .collect();
        self.shared_constants = None;
        registers
    }

    /// Takes a conjunction apart.
    fn conditions(
        &self,
        args: &[Value],
        masks: &mut Vec<Value>,
        comparisons: &mut Vec<(LaneOp, LaneType, Vec<Value>)>,
    ) {
        for arg in args {
            match &self.code.values[*arg].inst {
                Inst::Op(LaneOp::BAnd, inner) if self.waiting[arg.index()] => {
                    self.conditions(inner, masks, comparisons);
                }
                Inst::Op(op, inner) if self.waiting[arg.index()] => {
                    comparisons.push((*op, self.ty(inner[0]), inner.to_vec()));
                }
                _ => masks.push(*arg),
            }
        }
    }

    /// `if mask { op(a, b) } else { otherwise }`.
    fn masked_operation(&mut self, args: &[Value]) -> Registers {
        let (mask, inner, otherwise) = (args[0], args[1], args[2]);
        let ty = self.ty(inner);
        let Inst::Op(op, operands) = &self.code.values[inner].inst else {
            unreachable!("an operation waits")
        };
        let (instruction, commutes) = masked(*op, ty).expect("it may be masked");
        let (mut first, mut second) = (operands[0], operands[1]);
        if commutes && self.bits(first).is_some() {
            (first, second) = (second, first);
        }
        self.broadcast_operands(&[mask, first, second, otherwise]);
        self.read(&[mask, first, second, otherwise]);
        let length = self.length(ty, Extent::Group);
        self.shared_constants = Some(Vec::new());
        let registers = (0..self.count)
            .map(|k| {
                let mask = self.lanes(mask)[k];
                let [first, second, otherwise] = [first, second, otherwise].map(|arg| self.operand(arg, k));
                let zeroing = matches!(otherwise, Operand::Constant(0));
                let old = (!zeroing).then(|| self.register(otherwise, ty, Extent::Group));
                let first = self.register(first, ty, Extent::Group);
                let second = self.source(second, ty, Extent::Group);
                let result = self.machine.register(regalloc2::RegClass::Float);
                let mask = Some((mask, zeroing));
                self.machine.vector(instruction, length, Some(result), old, Some(first), second, None, mask);
                result
            })
            .collect();
        self.shared_constants = None;
        registers
    }

    /// AVX2: `if mask { sum + addend } else { sum }`.
    fn masked_sum(&mut self, args: &[Value]) -> Registers {
        let (mask, inner, sum) = (args[0], args[1], args[2]);
        let ty = self.ty(inner);
        let Inst::Op(_, operands) = &self.code.values[inner].inst else { unreachable!("a sum waits") };
        let addend = if operands[0] == sum { operands[1] } else { operands[0] };
        self.broadcast_operands(&[mask, sum, addend]);
        self.read(&[mask, sum, sum, addend]);
        let length = self.length(ty, Extent::Group);
        self.shared_constants = Some(Vec::new());
        let registers = (0..self.count)
            .map(|k| {
                let mask = self.lanes(mask)[k];
                let mask = self.mask_for(mask, ty, Extent::Group);
                let [sum, addend] = [sum, addend].map(|arg| self.operand(arg, k));
                let sum = self.register(sum, ty, Extent::Group);
                if matches!(addend, Operand::Constant(1)) {
                    return self.machine.binary(of_size!(ty, Vpsubq, Vpsubd), length, sum, mask);
                }
                let addend = self.source(addend, ty, Extent::Group);
                let addend = self.machine.binary(VectorOp::Vpand, length, mask, addend);
                self.machine.binary(of_size!(ty, Vpaddq, Vpaddd), length, sum, addend)
            })
            .collect();
        self.shared_constants = None;
        registers
    }
}
