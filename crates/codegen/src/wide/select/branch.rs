//! Branches on what all lanes agree on.
//!
//! ```text
//! x = if c { a } else { b }, integers       compare, conditional move
//! x = if a < b { c } else { d }, floats     compare to a mask, choose by it
//! if (if a { true } else { b }) { … }       a? ─▶ …, else b? ─▶ …             (no truth value in between)
//! x = if (if a { b } else { false }) { c } else { d }    a? ─▶ compare b, conditional move, else d
//! anything else                             blocks that meet again, with what they yield as parameters
//! ```

use super::values::Operand;
use super::{Comparison, Registers, Second, Selector};
use crate::branches::{Branch, Branches};
use crate::known::Known;
use crate::wide::assembler::Alu;
use crate::wide::machine::{Block, Numbers, Reg, Test};
use parfuse_ir::lane::{Code, Inst, LaneOp, Node, Value};

impl<'a> Branches<'a> for Selector<'a> {
    type Block = Block;
    type Reg = Reg;
    type Registers = Registers;

    fn code(&self) -> &'a Code {
        self.code
    }

    fn block(&mut self) -> Block {
        self.machine.block()
    }

    fn fill(&mut self, block: Block) {
        self.machine.fill(block);
    }

    fn jump(&mut self, block: Block, sent: &[Reg]) {
        self.machine.jump(block, sent);
    }

    fn scoped<R>(&mut self, emit: impl FnOnce(&mut Self) -> R) -> R {
        let (mark, known) = (self.enter(), self.known.mark());
        let emitted = emit(self);
        self.known.forget(known);
        self.leave(mark);
        emitted
    }

    fn nodes(&mut self, nodes: &[Node]) {
        Selector::nodes(self, nodes);
    }

    fn send(&mut self, values: impl Iterator<Item = (Value, Value)>) -> Vec<Reg> {
        Selector::send(self, values)
    }

    fn receive(&mut self, block: Block, value: Value) -> Registers {
        Selector::receive(self, block, value)
    }

    fn bind(&mut self, value: Value, registers: Registers) {
        Selector::bind(self, value, registers);
    }

    fn bind_scalar(&mut self, value: Value, reg: Reg) {
        Selector::bind_scalar(self, value, reg);
    }

    fn bind_same(&mut self, value: Value, other: Value) {
        let binding = &self.bindings[other.0 as usize];
        match (binding.scalar, binding.comparison) {
            (None, Some(comparison)) => self.bind_comparison(value, comparison),
            _ => {
                let scalar = self.scalar(other);
                Selector::bind_scalar(self, value, scalar);
            }
        }
    }

    fn is_available(&self, value: Value) -> bool {
        Selector::is_available(self, value)
    }

    fn known(&mut self) -> &mut Known {
        &mut self.known
    }

    fn truth(&self, value: Value) -> Option<bool> {
        self.known.truth(self.code, value)
    }

    fn is_scalar(&self) -> bool {
        self.is_scalar
    }

    fn can_choose(&self, branch: Branch<'_>) -> bool {
        let varies = |node: &Node| matches!(node, Node::Let(value) if self.is_varying(*value));
        !matches!(self.code.values[branch.cond].inst, Inst::Any(_) | Inst::Outside(..))
            && self.conditions.is_choice(self.code, branch)
            && !branch.results.iter().any(|merge| self.is_varying(merge.value))
            && !branch.sides.into_iter().flatten().any(varies)
    }

    fn on_side(&mut self, branch: Branch<'_>, side: usize, block: Block, emit: impl FnOnce(&mut Self)) {
        // A branch that is taken when any lane asks for it is taken seldom: that is what it is for.
        let at_border = matches!(self.code.values[branch.cond].inst, Inst::Outside(..));
        let asks_any = self.bindings[branch.cond.0 as usize].any.is_some();
        let calls = self.calls_host && branch.calls_host_first();
        let seldom = side == 0 && (asks_any && branch.sides[1].is_empty() || at_border || calls);
        let was = self.machine.set_cold(seldom);
        self.machine.set_cold(seldom || was);
        self.machine.fill(block);
        let active = self.active;
        emit(self);
        self.active = active;
        self.machine.set_cold(was);
    }

    fn receive_active(&mut self, block: Block) -> Option<Reg> {
        self.tracked().map(|class| self.machine.param(block, class))
    }

    fn send_active(&mut self, sent: &mut Vec<Reg>) {
        if self.tracked().is_some() {
            sent.extend(self.active);
        }
    }

    fn resume_active(&mut self, left: Option<Reg>) {
        self.active = left.or(self.active);
    }

    fn conditions_before(&self, nodes: &[Node], cond: Value) -> usize {
        // Lanes that are switched off on the way would have to be passed on.
        if self.tracked().is_some() {
            return 0;
        }
        let is_value = |node: &Node| {
            Branch::of(node).is_none_or(|branch| {
                self.is_varying(branch.cond)
                    || branch.results.iter().any(|merge| self.is_varying(merge.value))
                    || self.can_choose(branch)
            })
        };
        self.conditions.at_end_of(self.code, nodes, cond, is_value)
    }

    fn either(&mut self, cond: Value, other: Reg) -> Reg {
        let cond = self.scalar(cond);
        self.machine.alu(Alu::Or, false, cond, other)
    }

    fn both(&mut self, cond: Value, other: Reg) -> Reg {
        let cond = self.scalar(cond);
        self.machine.alu(Alu::And, false, cond, other)
    }

    fn chosen(&mut self, cond: Value, [(value, yes), (_, no)]: [(Value, Reg); 2]) -> Reg {
        let ty = self.ty(value);
        if ty.is_float() {
            return self.chosen_float(cond, [yes, no].map(Operand::Register), ty);
        }
        match self.bindings[cond.0 as usize].comparison {
            Some(comparison) => self.select_by(comparison, [yes, no]),
            None => {
                let cond = self.scalar(cond);
                self.machine.select(cond, yes, no)
            }
        }
    }

    fn asked_in_turn(&self, cond: Value) -> Option<([Value; 2], bool)> {
        let Inst::Op(op @ (LaneOp::BAnd | LaneOp::BOr), args) = &self.code.values[cond].inst else {
            return None;
        };
        let asked = |part: Value| {
            let compares = self.bindings[part.0 as usize].comparison.is_some();
            compares || self.asked_in_turn(part).is_some()
        };
        let applies = self.is_scalar && !self.is_varying(cond) && self.conditions.is_read_once(cond);
        (applies && args.iter().all(|part| asked(*part))).then(|| ([args[0], args[1]], *op == LaneOp::BOr))
    }

    fn branch_on(&mut self, cond: Value, holds: bool, targets: [Block; 2]) {
        let [yes, no] = if holds { targets } else { [targets[1], targets[0]] };
        if let Some(mask) = self.bindings[cond.0 as usize].any {
            return self.branch_if_any(mask, yes, no);
        }
        if let Some(Comparison { condition, numbers, first, second }) =
            self.bindings[cond.0 as usize].comparison
        {
            let test = match (numbers, second) {
                (Numbers::Integers { wide }, Second::Register(_)) => Test::Compare(condition, wide),
                (Numbers::Integers { wide }, Second::Constant(imm)) => Test::CompareImm(condition, wide, imm),
                (Numbers::Floats { double }, _) => Test::CompareFloats(condition, double),
            };
            return self.machine.branch(test, &second.with(first), yes, no);
        }
        let cond = self.scalar(cond);
        self.machine.branch(Test::NonZero, &[cond], yes, no);
    }
}
