//! Two operations in one instruction with a mask, or in a cheaper pair.
//!
//! ```text
//! EVEX   band m, (flt a, b)            a comparison of the lanes in m
//!        select m, (fadd a, b), c      an addition that leaves the other lanes of c as they are
//!        select m, (fadd a, b), 0      … or makes them zero
//!        select (slt a, b), a, b       the lesser one; so with AVX2, but of 64 bits
//! AVX2   select m, (iadd n, a), n      n + (m & a): the other lanes add zero
//!        select m, (iadd n, 1), n      n - m: lanes of ones are minus one
//! ```
//!
//! The operation inside waits for the one around it: it is not selected where it stands but with its only reader, which
//! is in the same block.

use super::lanes::{in_order, instruction, of_extreme, of_lanes};
use super::plan::Plan;
use super::values::Operand;
use super::{Extent, Registers, Selector, Target, size};
use crate::narrow::{Extreme, extreme};
use crate::uses::Uses;
use crate::wide::assembler::VectorOp;
use crate::wide::machine::Reg;
use parfuse_ir::arena::Id;
use parfuse_ir::lane::{Code, Inst, LaneOp, LaneType, Node, Shape, Value};

/// For each value whether it waits for its reader.
pub(super) fn waiting(code: &Code, body: &[Node], plan: &Plan, isa: Target) -> Vec<bool> {
    let (values, uses, short) = (code.values.len(), &plan.uses, plan.narrow.is_some());
    let mut marks =
        Marks { code, uses, isa, short, waiting: vec![false; values], homes: vec![0; values], blocks: 0 };
    marks.block(body);
    marks.waiting
}

struct Marks<'a> {
    code: &'a Code,
    uses: &'a Uses,
    isa: Target,
    /// Whether integers are in short lanes.
    short: bool,
    waiting: Vec<bool>,
    /// For each value that is met, the number of its block.
    homes: Vec<usize>,
    /// The blocks so far.
    blocks: usize,
}

impl Marks<'_> {
    fn block(&mut self, block: &[Node]) {
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
            LaneOp::Select if position == 0 => {
                let has_instruction =
                    self.isa.evex() || self.short || self.code.values[operands[1]].ty == LaneType::I32;
                has_instruction && extreme(self.code, operands).is_some()
            }
            LaneOp::Select if position == 1 && self.isa.evex() => {
                instruction(*inner, data.ty, size(data.ty)).is_some()
            }
            LaneOp::Select if position == 1 => {
                *inner == LaneOp::IAdd && inner_operands.contains(&operands[2])
            }
            _ => false,
        };
        takes && data.varying
    }
}

impl Selector<'_> {
    /// An operation together with those that waited for it; `None` if none did.
    pub(super) fn fused_with_operands(&mut self, op: LaneOp, args: &[Value]) -> Option<Registers> {
        if !args.iter().any(|arg| self.waiting[arg.index()]) {
            return None;
        }
        Some(match op {
            LaneOp::BAnd => self.conjunction(args),
            _ if self.waiting[args[0].index()] => self.extreme(args),
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
        self.each_register(|s, k| {
            let mut held: Option<Reg> = None;
            for mask in &masks {
                let mask = s.lanes(*mask)[k];
                held = Some(match held {
                    Some(held) => s.and_masks(held, mask, Extent::Group),
                    None => mask,
                });
            }
            for (op, ty, operands) in &comparisons {
                let operands = [0, 1].map(|position| s.operand(operands[position], k));
                held = Some(s.compare_in(*op, *ty, &operands, held, Extent::Group));
            }
            held.expect("there are conditions")
        })
    }

    /// Takes a conjunction apart.
    fn conditions(
        &self,
        args: &[Value],
        masks: &mut Vec<Value>,
        comparisons: &mut Vec<(LaneOp, LaneType, Vec<Value>)>,
    ) {
        // As many as the user joins: from the left, without recursion.
        let mut left: Vec<Value> = args.iter().rev().copied().collect();
        while let Some(arg) = left.pop() {
            match &self.code.values[arg].inst {
                Inst::Op(LaneOp::BAnd, inner) if self.waiting[arg.index()] => {
                    left.extend(inner.iter().rev());
                }
                Inst::Op(op, inner) if self.waiting[arg.index()] => {
                    comparisons.push((self.op_in_lanes(arg, *op), self.ty(inner[0]), inner.to_vec()));
                }
                _ => masks.push(arg),
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
        let size = self.lane_size(ty, Extent::Group);
        let (instruction, commutes) = instruction(*op, ty, size).expect("it may be masked");
        let (first, second) = (operands[0], operands[1]);
        self.broadcast_operands(&[mask, first, second, otherwise]);
        self.read(&[mask, first, second, otherwise]);
        let length = self.length(ty, Extent::Group);
        self.each_register(|s, k| {
            let mask = s.lanes(mask)[k];
            let [first, second, otherwise] = [first, second, otherwise].map(|arg| s.operand(arg, k));
            let [first, second] = in_order([first, second], commutes);
            let zeroing = matches!(otherwise, Operand::Constant(0));
            let old = (!zeroing).then(|| s.register(otherwise, ty, Extent::Group));
            let first = s.register(first, ty, Extent::Group);
            let second = s.source(second, ty, Extent::Group);
            let result = s.machine.register(regalloc2::RegClass::Float);
            let mask = Some((mask, zeroing));
            s.machine.vector(instruction, length, Some(result), old, Some(first), second, None, mask);
            result
        })
    }

    /// The lesser or the greater of two integers.
    fn extreme(&mut self, args: &[Value]) -> Registers {
        let Extreme { least, comparison, op } = extreme(self.code, args).expect("it waited for that");
        let ty = self.ty(args[1]);
        let (length, size) = (self.length(ty, Extent::Group), self.lane_size(ty, Extent::Group));
        let signed = matches!(self.op_in_lanes(comparison, op), LaneOp::SLt | LaneOp::SLe);
        let instruction = of_extreme(least, signed, size);
        let sides = [args[1], args[2]];
        self.broadcast_operands(&sides);
        self.read(&sides);
        self.read(&sides);
        self.each_register(|s, k| {
            let [a, b] = in_order(sides.map(|side| s.operand(side, k)), true);
            let a = s.register(a, ty, Extent::Group);
            let b = s.source(b, ty, Extent::Group);
            s.machine.binary(instruction, length, a, b)
        })
    }

    /// AVX2: `if mask { sum + addend } else { sum }`.
    fn masked_sum(&mut self, args: &[Value]) -> Registers {
        let (mask, inner, sum) = (args[0], args[1], args[2]);
        let ty = self.ty(inner);
        let Inst::Op(_, operands) = &self.code.values[inner].inst else { unreachable!("a sum waits") };
        let addend = if operands[0] == sum { operands[1] } else { operands[0] };
        self.broadcast_operands(&[mask, sum, addend]);
        self.read(&[mask, sum, sum, addend]);
        let (length, size) = (self.length(ty, Extent::Group), self.lane_size(ty, Extent::Group));
        let plus = of_lanes!(size, Vpaddq, Vpaddd, Vpaddw, Vpaddb);
        let minus = of_lanes!(size, Vpsubq, Vpsubd, Vpsubw, Vpsubb);
        self.each_register(|s, k| {
            let mask = s.lanes(mask)[k];
            let mask = s.mask_for(mask, ty, Extent::Group);
            let [sum, addend] = [sum, addend].map(|arg| s.operand(arg, k));
            let sum = s.register(sum, ty, Extent::Group);
            if matches!(addend, Operand::Constant(1)) {
                return s.machine.binary(minus, length, sum, mask);
            }
            let addend = s.source(addend, ty, Extent::Group);
            let addend = s.machine.binary(VectorOp::Vpand, length, mask, addend);
            s.machine.binary(plus, length, sum, addend)
        })
    }
}
