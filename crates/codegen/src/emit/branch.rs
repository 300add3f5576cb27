//! Branches of scalar code.
//!
//! ```text
//! x = if c { a } else { b }, integers       compare, conditional move
//! x = if a < b { c } else { d }, floats     compare to a mask, choose by it
//! if (if a { true } else { b }) { … }       a? ─▶ …, else b? ─▶ …             (no truth value in between)
//! x = if (if a { b } else { false }) { c } else { d }    a? ─▶ compare b, conditional move, else d
//! anything else                             blocks that meet again, with what they yield as parameters
//! ```

use super::{Emitter, Reg, Registers, register_type, repeat, width_of};
use crate::conditions::{Choice, asks_for_number, choice, float_comparison};
use crate::uses;
use cranelift_codegen::ir::condcodes::FloatCC;
use cranelift_codegen::ir::{self as clif, InstBuilder};
use parfuse_ir::lane::{Inst, LaneOp, LaneType, Merge, Node, Value};

impl Emitter<'_> {
    /// A branch; the nodes that stand in front of it in its block may compute its condition.
    pub(super) fn branch(
        &mut self,
        before: &[Node],
        cond: Value,
        [then, otherwise]: [&[Node]; 2],
        results: &[Merge],
    ) {
        let chain = &before[before.len() - self.conditions_before(before, cond)..];
        let chooses = self.is_serial() && self.can_choose(cond, then, otherwise, results);
        if chooses && chain.is_empty() {
            let mark = self.enter();
            let chosen = self.compute_both(cond, [then, otherwise], results);
            self.leave(mark);
            for (merge, chosen) in results.iter().zip(chosen) {
                self.bind_scalar(merge.value, chosen);
            }
            return;
        }
        let after = self.builder.create_block();
        let received: Vec<Registers> = results.iter().map(|merge| self.receive(after, merge.value)).collect();
        if chooses {
            self.choose_on_the_way(chain, cond, [then, otherwise], results, after);
            self.builder.switch_to_block(after);
            for (merge, registers) in results.iter().zip(received) {
                self.bind(merge.value, registers);
            }
            return;
        }
        let [yes, no] = [(); 2].map(|()| self.builder.create_block());
        self.test(chain, cond, yes, no);
        if self.is_serial() && results.is_empty() && uses::only_checks(then) && otherwise.is_empty() {
            self.builder.set_cold_block(yes);
        }

        self.builder.switch_to_block(yes);
        let mark = self.enter();
        self.nodes(then);
        let sent = self.send(results.iter().map(|merge| (merge.then, merge.value)));
        self.jump(after, &sent);
        self.leave(mark);

        self.builder.switch_to_block(no);
        let mark = self.enter();
        self.nodes(otherwise);
        let sent = self.send(results.iter().map(|merge| (merge.otherwise, merge.value)));
        self.jump(after, &sent);
        self.leave(mark);

        self.builder.switch_to_block(after);
        for (merge, registers) in results.iter().zip(received) {
            self.bind(merge.value, registers);
        }
    }

    fn can_choose(&self, cond: Value, then: &[Node], otherwise: &[Node], results: &[Merge]) -> bool {
        self.conditions.is_choice(self.code, cond, [then, otherwise], results)
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
            let truth = |value: Value| self.constant(value).filter(|_| self.ty(value) == LaneType::Bool);
            match (truth(merge.then), truth(merge.otherwise)) {
                // What `||` and `&&` are.
                (Some(1), None) => {
                    let cond = self.scalar(cond);
                    self.builder.ins().bor(cond, no)
                }
                (None, Some(0)) => {
                    let cond = self.scalar(cond);
                    self.builder.ins().band(cond, yes)
                }
                _ => self.chosen(cond, [(merge.then, yes), (merge.otherwise, no)]),
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
        after: clif::Block,
    ) {
        let mark = self.enter();
        match chain.split_last() {
            None => {
                let sent = match self.constant(cond) {
                    Some(truth) => self.compute_side(1 - (truth & 1) as usize, sides, results),
                    None => self.compute_both(cond, sides, results),
                };
                self.jump(after, &sent);
            }
            Some((last, before)) => {
                let (Choice { cond, sides: ways }, _) =
                    choice(self.code, last).expect("a condition is a choice");
                let own = [(); 2].map(|()| self.builder.create_block());
                self.test(before, cond, own[0], own[1]);
                for (own, (nodes, value)) in own.into_iter().zip(ways) {
                    self.builder.switch_to_block(own);
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

    /// One of two scalars, values with what they are in.
    ///
    /// The processor moves an integer on a condition, but not a float: floats are chosen by a mask, in their own registers, or, if
    /// only what is not a number would change the choice, by a branch that is not taken.
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
                let [a, b] = compared.map(|(operand, reg)| self.in_a_register(operand, reg));
                let [yes, no] = sides.map(|(side, reg)| self.in_a_register(side, reg));
                let condition = match op {
                    LaneOp::FEq => FloatCC::Equal,
                    LaneOp::FNe => FloatCC::NotEqual,
                    LaneOp::FLt => FloatCC::LessThan,
                    _ => FloatCC::LessThanOrEqual,
                };
                let mask = self.builder.ins().fcmp(condition, a, b);
                let chosen = self.choose(mask, yes, no);
                self.builder.ins().extractlane(chosen, 0)
            }
            _ => {
                let cond = self.scalar(cond);
                self.builder.ins().select(cond, yes, no)
            }
        }
    }

    /// A float in all lanes of a register.
    fn in_a_register(&mut self, value: Value, reg: Reg) -> Reg {
        let ty = self.ty(value);
        let width = width_of(ty).expect("floats have a width");
        match self.constant(value) {
            Some(bits) => self.lane_constant(repeat(bits, ty, width), ty, width),
            None => self.builder.ins().splat(register_type(ty, width), reg),
        }
    }

    /// Whether a node computes nothing but the condition of the node that follows it.
    pub(super) fn is_condition_of(&self, node: &Node, next: Option<&Node>) -> bool {
        let Some(Node::If { cond, .. }) = next else { return false };
        self.conditions_before(std::slice::from_ref(node), *cond) == 1
    }

    /// How many nodes at the end of a block compute the condition of what follows it, and are left to that.
    fn conditions_before(&self, nodes: &[Node], cond: Value) -> usize {
        let is_value = |node: &Node| {
            matches!(node, Node::If { cond, then, otherwise, results }
                if self.can_choose(*cond, then, otherwise, results))
        };
        if self.is_serial() { self.conditions.at_end_of(self.code, nodes, cond, is_value) } else { 0 }
    }

    /// Emits nodes, and goes on by a condition.
    pub(super) fn nodes_and_test(&mut self, nodes: &[Node], cond: Value, yes: clif::Block, no: clif::Block) {
        let (nodes, chain) = nodes.split_at(nodes.len() - self.conditions_before(nodes, cond));
        self.nodes(nodes);
        self.test(chain, cond, yes, no);
    }

    /// Goes on by a condition, which these nodes compute.
    fn test(&mut self, chain: &[Node], cond: Value, yes: clif::Block, no: clif::Block) {
        let Some((last, before)) = chain.split_last() else {
            return self.branch_on(cond, [yes, no]);
        };
        let (Choice { cond, sides }, _) = choice(self.code, last).expect("a condition is a choice");
        let known = sides.map(|(nodes, value)| self.constant(value).filter(|_| nodes.is_empty()));
        let [first, second] = known.map(|known| match known {
            Some(truth) => {
                if truth & 1 == 1 {
                    yes
                } else {
                    no
                }
            }
            None => self.builder.create_block(),
        });
        self.test(before, cond, first, second);
        for ((block, known), (nodes, value)) in [first, second].into_iter().zip(known).zip(sides) {
            if known.is_none() {
                self.builder.switch_to_block(block);
                let mark = self.enter();
                self.nodes_and_test(nodes, value, yes, no);
                self.leave(mark);
            }
        }
    }

    /// Goes on by a truth value that is there.
    fn branch_on(&mut self, cond: Value, [yes, no]: [clif::Block; 2]) {
        let (mut cond, mut targets) = (cond, [yes, no]);
        // Nobody needs the opposite of a value who can go the other way.
        while let Inst::Op(LaneOp::BNot, args) = &self.code.values[cond].inst
            && self.is_available(args[0])
        {
            cond = args[0];
            targets.reverse();
        }
        let cond = self.scalar(cond);
        self.builder.ins().brif(cond, targets[0], &[], targets[1], &[]);
    }
}
