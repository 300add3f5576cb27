//! Elements that one instruction changes in memory.
//!
//! ```text
//! v1 = load b0[v0]
//! v2 = iadd v1, v3       ⇒   add [b0 + 8·v0], v3
//! store b0[v0], v2
//! ```
//!
//! Counts that follow each other closely wait for one another; in one instruction they wait for less. The load and the operation
//! are not selected where they stand but with the store.

use super::Selector;
use super::scalars::small_constant;
use crate::conditions::Conditions;
use crate::wide::assembler::Alu;
use parfuse_ir::DType;
use parfuse_ir::arena::Id;
use parfuse_ir::lane::walk;
use parfuse_ir::lane::{Address, Code, Inst, Lane, LaneOp, LaneType, Lanes, Node, Value};
use parfuse_ir::loops::Buffer;

/// For each value whether it waits for the store that it goes to.
pub(super) fn waiting(lane: &Lane, code: &Code, conditions: &Conditions) -> Vec<bool> {
    let mut marks = Marks { lane, code, conditions, waiting: vec![false; code.values.len()] };
    marks.block(&code.body);
    marks.waiting
}

struct Marks<'a> {
    lane: &'a Lane,
    code: &'a Code,
    conditions: &'a Conditions,
    waiting: Vec<bool>,
}

impl Marks<'_> {
    fn block(&mut self, block: &[Node]) {
        for (position, node) in block.iter().enumerate() {
            if let Node::Store { buffer, address, value, mask: None } = node
                && self.is_integer(*buffer)
                && let Some((load, _)) = changed(self.code, *buffer, address, *value)
                && [load, *value].iter().all(|value| self.conditions.is_read_once(*value))
                && is_quiet_since(&block[..position], load)
            {
                self.waiting[load.index()] = true;
                self.waiting[value.index()] = true;
            }
            walk::blocks(node).for_each(|inner| self.block(inner));
        }
    }

    /// Whether elements are integers as wide as their lanes.
    fn is_integer(&self, buffer: Buffer) -> bool {
        use DType::*;
        matches!(self.lane.buffers[buffer].dtype, I32 | U32 | I64 | U64 | Isize | Usize)
    }
}

/// Whether nothing is stored, and no branch taken, between a load in a block and its end.
fn is_quiet_since(block: &[Node], load: Value) -> bool {
    let mut calm = block.iter().rev().take_while(|node| matches!(node, Node::Let(_) | Node::Check { .. }));
    calm.any(|node| matches!(node, Node::Let(value) if *value == load))
}

/// The load of an element that a value is computed from, and what else it is computed from, if one instruction does that.
fn changed(code: &Code, buffer: Buffer, address: &Address, value: Value) -> Option<(Value, Value)> {
    let data = &code.values[value];
    let Inst::Op(op, operands) = &data.inst else { return None };
    instruction(*op)?;
    if data.varying || address.lanes != Lanes::Uniform {
        return None;
    }
    let is_element = |operand: Value| {
        let data = &code.values[operand];
        !data.varying
            && matches!(&data.inst, Inst::Load { buffer: from, address: at, mask: None } if *from == buffer && at == address)
    };
    match operands[..] {
        [a, b] if is_element(a) => Some((a, b)),
        [a, b] if *op != LaneOp::ISub && is_element(b) => Some((b, a)),
        _ => None,
    }
}

fn instruction(op: LaneOp) -> Option<Alu> {
    Some(match op {
        LaneOp::IAdd => Alu::Add,
        LaneOp::ISub => Alu::Sub,
        LaneOp::IAnd => Alu::And,
        LaneOp::IOr => Alu::Or,
        LaneOp::IXor => Alu::Xor,
        _ => return None,
    })
}

impl Selector<'_> {
    /// Stores what waits for the store, if it does.
    pub(super) fn update(&mut self, buffer: Buffer, address: &Address, value: Value) -> bool {
        if !self.waiting[value.index()] {
            return false;
        }
        let Inst::Op(op, _) = self.code.values[value].inst else { return false };
        let (Some(op), Some((_, other))) = (instruction(op), changed(self.code, buffer, address, value))
        else {
            return false;
        };
        let wide = self.ty(value) == LaneType::I64;
        let place = self.first_place(buffer, address);
        match self.bits(other).and_then(|bits| small_constant(bits, wide)) {
            Some(constant) => self.machine.update_imm(op, wide, place, constant),
            None => {
                let other = self.scalar(other);
                self.machine.update(op, wide, place, other);
            }
        }
        true
    }
}
