//! Branches of scalar code.
//!
//! ```text
//! x = if c { a } else { b }, integers       compare, conditional move
//! x = if a < b { c } else { d }, floats     compare to a mask, choose by it
//! if (if a { true } else { b }) { … }       a? ─▶ …, else b? ─▶ …             (no truth value in between)
//! x = if (if a { b } else { false }) { c } else { d }    a? ─▶ compare b, conditional move, else d
//! anything else                             blocks that meet again, with what they yield as parameters
//! ```

use super::{Emitter, Reg, Registers, register_type, repeat, scalar_type, width_of};
use crate::branches::{Branch, Branches};
use crate::conditions::{asks_for_number, float_comparison};
use crate::known::Known;
use crate::uses;
use cranelift_codegen::ir::condcodes::{CondCode, FloatCC, IntCC};
use cranelift_codegen::ir::{self as clif, InstBuilder, InstructionData, MemFlagsData, types};
use parfuse_ir::lane::{Code, Inst, LaneOp, LaneType, Node, Value};

impl<'a> Branches<'a> for Emitter<'a> {
    type Block = clif::Block;
    type Reg = Reg;
    type Registers = Registers;

    fn code(&self) -> &'a Code {
        self.code
    }

    fn block(&mut self) -> clif::Block {
        self.builder.create_block()
    }

    fn fill(&mut self, block: clif::Block) {
        self.builder.switch_to_block(block);
    }

    fn jump(&mut self, block: clif::Block, sent: &[Reg]) {
        Emitter::jump(self, block, sent);
    }

    fn scoped<R>(&mut self, emit: impl FnOnce(&mut Self) -> R) -> R {
        let (mark, known) = (self.enter(), self.known.mark());
        let emitted = emit(self);
        self.known.forget(known);
        self.leave(mark);
        emitted
    }

    fn nodes(&mut self, nodes: &[Node]) {
        Emitter::nodes(self, nodes);
    }

    fn send(&mut self, values: impl Iterator<Item = (Value, Value)>) -> Vec<Reg> {
        Emitter::send(self, values)
    }

    fn receive(&mut self, block: clif::Block, value: Value) -> Registers {
        Emitter::receive(self, block, value)
    }

    fn bind(&mut self, value: Value, registers: Registers) {
        Emitter::bind(self, value, registers);
    }

    fn bind_scalar(&mut self, value: Value, reg: Reg) {
        Emitter::bind_scalar(self, value, reg);
    }

    fn bind_same(&mut self, value: Value, other: Value) {
        let reg = self.scalar(other);
        Emitter::bind_scalar(self, value, reg);
    }

    fn is_available(&self, value: Value) -> bool {
        Emitter::is_available(self, value)
    }

    fn known(&mut self) -> &mut Known {
        &mut self.known
    }

    fn truth(&self, value: Value) -> Option<bool> {
        self.known.truth(self.code, value)
    }

    fn is_scalar(&self) -> bool {
        self.is_serial()
    }

    fn can_choose(&self, branch: Branch<'_>) -> bool {
        self.is_serial() && self.conditions.is_choice(self.code, branch)
    }

    fn on_side(&mut self, branch: Branch<'_>, side: usize, block: clif::Block, emit: impl FnOnce(&mut Self)) {
        let [then, otherwise] = branch.sides;
        let searches = branch.results.is_empty() && uses::only_checks(then) && otherwise.is_empty();
        let is_cold = searches || branch.calls_host_first();
        if self.is_serial() && side == 0 && is_cold {
            self.builder.set_cold_block(block);
        }
        let is_rare = self.is_rare;
        self.is_rare |= !self.loops.is_empty();
        self.builder.switch_to_block(block);
        emit(self);
        self.is_rare = is_rare;
    }

    fn conditions_before(&self, nodes: &[Node], cond: Value) -> usize {
        let is_value = |node: &Node| Branch::of(node).is_some_and(|branch| self.can_choose(branch));
        if self.is_serial() { self.conditions.at_end_of(self.code, nodes, cond, is_value) } else { 0 }
    }

    fn either(&mut self, cond: Value, other: Reg) -> Reg {
        let cond = self.scalar(cond);
        self.builder.ins().bor(cond, other)
    }

    fn both(&mut self, cond: Value, other: Reg) -> Reg {
        let cond = self.scalar(cond);
        self.builder.ins().band(cond, other)
    }

    fn chosen(&mut self, cond: Value, sides: [(Value, Reg); 2]) -> Reg {
        Emitter::chosen(self, cond, sides)
    }

    fn branch_on(&mut self, cond: Value, holds: bool, [yes, no]: [clif::Block; 2]) {
        let cond = self.scalar(cond);
        match holds {
            true => self.stay_if(cond, yes, no),
            false => self.leave_if(cond, no, yes),
        }
    }
}

impl Emitter<'_> {
    /// Goes on where a truth value holds, and leaves a loop where it does not.
    pub(crate) fn stay_if(&mut self, holds: Reg, go_on: clif::Block, leave: clif::Block) {
        let dfg = &self.builder.func.dfg;
        let definition = dfg.value_def(holds).inst().map(|inst| dfg.insts[inst]);
        let fails = match definition {
            Some(InstructionData::IntCompare { cond, args: [a, b], .. }) => {
                self.builder.ins().icmp(cond.complement(), a, b)
            }
            Some(InstructionData::FloatCompare { cond, args: [a, b], .. }) => {
                self.builder.ins().fcmp(cond.complement(), a, b)
            }
            _ => self.builder.ins().icmp_imm_u(IntCC::Equal, holds, 0),
        };
        self.leave_if(fails, leave, go_on);
    }

    /// Leaves a loop where a truth value holds, and goes on where it does not.
    ///
    /// Cranelift takes what does not change in a loop out of it, but, going down the dominator tree, no more once it has been
    /// outside of the loop; and of two ways it takes the second first. So the first is the way out.
    pub(crate) fn leave_if(&mut self, holds: Reg, leave: clif::Block, go_on: clif::Block) {
        self.builder.ins().brif(holds, leave, &[], go_on, &[]);
    }

    /// One of two scalars, values with what they are in.
    ///
    /// The processor moves an integer on a condition, but not a float: floats are chosen by a mask, in their own registers, or, if
    /// only what is not a number would change the choice, by a branch that is not taken. Constants are moved as
    /// integers.
    pub(super) fn chosen(&mut self, cond: Value, sides: [(Value, Reg); 2]) -> Reg {
        let (ty, [yes, no]) = (self.ty(sides[0].0), sides.map(|(_, reg)| reg));
        if asks_for_number(self.code, cond)
            && let Inst::Op(_, operands) = &self.code.values[cond].inst
            && self.is_available(operands[0])
        {
            let number = self.scalar(operands[0]);
            let is_number = self.builder.ins().fcmp(FloatCC::Ordered, number, number);
            return self.builder.ins().select(is_number, no, yes);
        }
        match float_comparison(self.code, cond, ty) {
            Some((op, compared))
                if self.traits.blendv && compared.iter().all(|operand| self.is_available(*operand)) =>
            {
                let compared = compared.map(|operand| (operand, self.scalar(operand)));
                let condition = match op {
                    LaneOp::FEq => FloatCC::Equal,
                    LaneOp::FNe => FloatCC::NotEqual,
                    LaneOp::FLt => FloatCC::LessThan,
                    _ => FloatCC::LessThanOrEqual,
                };
                let mut ordered = compared.map(|(_, reg)| reg);
                ordered.sort_unstable();
                let mut chosen = [yes, no];
                chosen.sort_unstable();
                // The lesser or the greater of two is one instruction.
                if op == LaneOp::FLt && ordered == chosen {
                    let is_less = self.builder.ins().fcmp(condition, compared[0].1, compared[1].1);
                    return self.builder.ins().select(is_less, yes, no);
                }
                let [a, b] = compared.map(|(operand, reg)| self.in_a_register(operand, reg));
                let [yes, no] = sides.map(|(side, reg)| self.in_a_register(side, reg));
                let mask = self.builder.ins().fcmp(condition, a, b);
                let chosen = self.blend(mask, yes, no);
                self.builder.ins().extractlane(chosen, 0)
            }
            _ => {
                let cond = self.scalar(cond);
                match sides.map(|(side, _)| self.constant(side)) {
                    [Some(yes), Some(no)] if ty.is_float() => self.chosen_constant(cond, ty, [yes, no]),
                    _ => self.builder.ins().select(cond, yes, no),
                }
            }
        }
    }

    /// One of two floats with these bits.
    fn chosen_constant(&mut self, cond: Reg, ty: LaneType, sides: [u64; 2]) -> Reg {
        let int = if ty == LaneType::F64 { types::I64 } else { types::I32 };
        let [yes, no] = sides.map(|bits| self.builder.ins().iconst(int, bits as i64));
        let bits = self.builder.ins().select(cond, yes, no);
        self.builder.ins().bitcast(scalar_type(ty), MemFlagsData::new(), bits)
    }

    /// A float in the first lane of a register.
    fn in_a_register(&mut self, value: Value, reg: Reg) -> Reg {
        let ty = self.ty(value);
        let width = width_of(ty).expect("floats have a width");
        match self.constant(value) {
            Some(bits) => self.lane_constant(repeat(bits, ty, width), ty, width),
            None => self.builder.ins().scalar_to_vector(register_type(ty, width), reg),
        }
    }
}
