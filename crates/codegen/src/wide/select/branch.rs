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
use crate::conditions::{Choice, choice};
use crate::wide::assembler::Alu;
use crate::wide::machine::{Block, Numbers, Reg, Test};
use parfuse_ir::lane::{Inst, LaneType, Merge, Node, Value};

impl Selector<'_> {
    /// Ends the block with a branch on a uniform truth value.
    pub(super) fn branch_on(&mut self, cond: Value, yes: Block, no: Block) {
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
        self.test(chain, cond, yes, no);
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

    /// Computes both sides of a branch and chooses between their results.
    fn compute_both(&mut self, cond: Value, sides: [&[Node]; 2], results: &[Merge]) -> Vec<Reg> {
        let [yes, no] = [0, 1].map(|side| {
            let mark = self.enter();
            let sent = self.compute_side(side, sides, results);
            self.leave(mark);
            sent
        });
        let chosen = yes.into_iter().zip(no).zip(results).map(|((yes, no), merge)| {
            let truth = |value: Value| self.bits(value).filter(|_| self.ty(value) == LaneType::Bool);
            match (truth(merge.then), truth(merge.otherwise)) {
                // What `||` and `&&` are.
                (Some(1), None) => {
                    let cond = self.scalar(cond);
                    self.machine.alu(Alu::Or, false, cond, no)
                }
                (None, Some(0)) => {
                    let cond = self.scalar(cond);
                    self.machine.alu(Alu::And, false, cond, yes)
                }
                _ if self.ty(merge.value).is_float() => {
                    let sides = [yes, no].map(Operand::Register);
                    self.chosen_float(cond, sides, self.ty(merge.value))
                }
                _ => self.chosen(cond, [yes, no]),
            }
        });
        chosen.collect()
    }

    /// Computes one side of a branch: what it yields.
    fn compute_side(&mut self, side: usize, sides: [&[Node]; 2], results: &[Merge]) -> Vec<Reg> {
        self.nodes(sides[side]);
        let result = |merge: &Merge| (if side == 0 { merge.then } else { merge.otherwise }, merge.value);
        self.send(results.iter().map(result))
    }

    /// Goes on with what a condition chooses, which these nodes compute: with one side where they branch to it, and with a choice
    /// where they end in a comparison.
    fn choose_on_the_way(
        &mut self,
        chain: &[Node],
        cond: Value,
        sides: [&[Node]; 2],
        results: &[Merge],
        after: Block,
    ) {
        let mark = self.enter();
        match chain.split_last() {
            None => {
                let sent = match self.bits(cond) {
                    Some(truth) => self.compute_side(1 - (truth & 1) as usize, sides, results),
                    None => self.compute_both(cond, sides, results),
                };
                self.machine.jump(after, &sent);
            }
            Some((last, before)) => {
                let (Choice { cond, sides: ways }, _) =
                    choice(self.code, last).expect("a condition is a choice");
                let own = [(); 2].map(|()| self.machine.block());
                self.test(before, cond, own[0], own[1]);
                for (own, (nodes, value)) in own.into_iter().zip(ways) {
                    self.machine.fill(own);
                    let mark = self.enter();
                    let (nodes, chain) = nodes.split_at(nodes.len() - self.conditions_before(nodes, value));
                    self.nodes(nodes);
                    self.choose_on_the_way(chain, value, sides, results, after);
                    self.leave(mark);
                }
            }
        }
        self.leave(mark);
    }

    /// One of two general registers.
    fn chosen(&mut self, cond: Value, [yes, no]: [Reg; 2]) -> Reg {
        match self.bindings[cond.0 as usize].comparison {
            Some(comparison) => self.select_by(comparison, [yes, no]),
            None => {
                let cond = self.scalar(cond);
                self.machine.select(cond, yes, no)
            }
        }
    }

    /// Whether a node computes nothing but the condition of the node that follows it.
    pub(super) fn is_condition_of(&self, node: &Node, next: Option<&Node>) -> bool {
        let Some(Node::If { cond, .. }) = next else { return false };
        self.conditions_before(std::slice::from_ref(node), *cond) == 1
    }

    /// How many nodes at the end of a block compute the condition of what follows it, and are left to that.
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

    /// Selects for nodes, and goes on by a condition.
    pub(super) fn nodes_and_test(&mut self, nodes: &[Node], cond: Value, yes: Block, no: Block) {
        let (nodes, chain) = nodes.split_at(nodes.len() - self.conditions_before(nodes, cond));
        self.nodes(nodes);
        self.test(chain, cond, yes, no);
    }

    /// Goes on by a condition, which these nodes compute.
    fn test(&mut self, chain: &[Node], cond: Value, yes: Block, no: Block) {
        if chain.is_empty() {
            return self.branch_on(cond, yes, no);
        }
        self.test_on_the_way(chain, cond, yes, no);
    }

    /// The same where others lead to these blocks, too, so that a block of its own has to lead there.
    fn test_on_the_way(&mut self, chain: &[Node], cond: Value, yes: Block, no: Block) {
        let own = [(); 2].map(|()| self.machine.block());
        let Some((last, before)) = chain.split_last() else {
            self.branch_on(cond, own[0], own[1]);
            for (own, target) in own.into_iter().zip([yes, no]) {
                self.machine.fill(own);
                self.machine.jump(target, &[]);
            }
            return;
        };
        let (Choice { cond, sides }, _) = choice(self.code, last).expect("a condition is a choice");
        self.test(before, cond, own[0], own[1]);
        for (own, (nodes, value)) in own.into_iter().zip(sides) {
            self.machine.fill(own);
            let mark = self.enter();
            match self.bits(value) {
                Some(truth) => {
                    self.nodes(nodes);
                    self.machine.jump(if truth & 1 == 1 { yes } else { no }, &[]);
                }
                None => {
                    let (nodes, chain) = nodes.split_at(nodes.len() - self.conditions_before(nodes, value));
                    self.nodes(nodes);
                    self.test_on_the_way(chain, value, yes, no);
                }
            }
            self.leave(mark);
        }
    }
}
