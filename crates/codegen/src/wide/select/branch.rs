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
use crate::branches::Branches;
use crate::wide::assembler::Alu;
use crate::wide::machine::{Block, Numbers, Reg, Test};
use parfuse_ir::lane::{Code, Inst, Merge, Node, Value};

impl<'a> Branches<'a> for Selector<'a> {
    type Block = Block;
    type Reg = Reg;

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
        let mark = self.enter();
        let emitted = emit(self);
        self.leave(mark);
        emitted
    }

    fn nodes(&mut self, nodes: &[Node]) {
        Selector::nodes(self, nodes);
    }

    fn send(&mut self, values: impl Iterator<Item = (Value, Value)>) -> Vec<Reg> {
        Selector::send(self, values)
    }

    fn conditions_before(&self, nodes: &[Node], cond: Value) -> usize {
        // Lanes that are switched off on the way would have to be passed on.
        if self.tracked().is_some() {
            return 0;
        }
        let is_value = |node: &Node| match node {
            Node::If { cond, then, otherwise, results } => {
                self.is_varying(*cond)
                    || results.iter().any(|merge| self.is_varying(merge.value))
                    || self.can_choose(*cond, [then, otherwise], results)
            }
            _ => true,
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

    fn branch_on(&mut self, cond: Value, [yes, no]: [Block; 2]) {
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

impl Selector<'_> {
    /// A branch; the nodes that stand in front of it in its block may compute its condition.
    pub(super) fn if_else(
        &mut self,
        before: &[Node],
        cond: Value,
        [then, otherwise]: [&[Node]; 2],
        results: &[Merge],
    ) {
        let chain = &before[before.len() - self.conditions_before(before, cond)..];
        let chooses = self.can_choose(cond, [then, otherwise], results);
        if chooses && chain.is_empty() {
            let mark = self.enter();
            let chosen = self.compute_both(cond, [then, otherwise], results);
            self.leave(mark);
            for (merge, chosen) in results.iter().zip(chosen) {
                self.bind_scalar(merge.value, chosen);
            }
            return;
        }
        let after = self.machine.block();
        let received: Vec<Registers> = results.iter().map(|merge| self.receive(after, merge.value)).collect();
        if chooses {
            self.choose_on_the_way(chain, cond, [then, otherwise], results, after);
            self.machine.fill(after);
            for (merge, registers) in results.iter().zip(received) {
                self.bind(merge.value, registers);
            }
            return;
        }
        let left = self.receive_active(after);
        let [yes, no] = [(); 2].map(|()| self.machine.block());
        self.test(chain, cond, [yes, no]);
        // A branch that is taken when any lane asks for it is taken seldom: that is what it is for.
        let at_border = matches!(self.code.values[cond].inst, Inst::Outside(..));
        let seldom = self.bindings[cond.0 as usize].any.is_some() && otherwise.is_empty() || at_border;

        let was = self.machine.set_cold(seldom);
        self.machine.set_cold(seldom || was);
        self.machine.fill(yes);
        let before = self.active;
        let mark = self.enter();
        self.nodes(then);
        let mut sent = self.send(results.iter().map(|merge| (merge.then, merge.value)));
        self.send_active(&mut sent);
        self.machine.jump(after, &sent);
        self.leave(mark);
        self.machine.set_cold(was);
        self.active = before;

        self.machine.fill(no);
        let mark = self.enter();
        self.nodes(otherwise);
        let mut sent = self.send(results.iter().map(|merge| (merge.otherwise, merge.value)));
        self.send_active(&mut sent);
        self.machine.jump(after, &sent);
        self.leave(mark);

        self.machine.fill(after);
        self.active = left.or(before);
        for (merge, registers) in results.iter().zip(received) {
            self.bind(merge.value, registers);
        }
    }

    /// Whether a branch only chooses between numbers that are the same for all lanes.
    fn can_choose(&self, cond: Value, sides: [&[Node]; 2], results: &[Merge]) -> bool {
        let varies = |node: &Node| matches!(node, Node::Let(value) if self.is_varying(*value));
        !matches!(self.code.values[cond].inst, Inst::Any(_) | Inst::Outside(..))
            && self.conditions.is_choice(self.code, cond, sides, results)
            && !results.iter().any(|merge| self.is_varying(merge.value))
            && !sides.into_iter().flatten().any(varies)
    }
}
