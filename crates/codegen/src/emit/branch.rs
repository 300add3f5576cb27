//! Branches of scalar code.
//!
//! ```text
//! x = if c { a } else { b }, integers       compare, conditional move
//! if (if a { true } else { b }) { … }       a? ─▶ …, else b? ─▶ …             (no truth value in between)
//! anything else                             blocks that meet again, with what they yield as parameters
//! ```

use super::{Emitter, Registers};
use crate::conditions::{Choice, choice};
use crate::uses;
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
        if self.is_serial() && self.can_choose(then, otherwise, results) {
            return self.compute_both(cond, then, otherwise, results);
        }
        let [yes, no, after] = [(); 3].map(|()| self.builder.create_block());
        let received: Vec<Registers> = results.iter().map(|merge| self.receive(after, merge.value)).collect();
        let chain = &before[before.len() - self.conditions_before(before, cond)..];
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

    fn can_choose(&self, then: &[Node], otherwise: &[Node], results: &[Merge]) -> bool {
        self.conditions.is_choice_of_integers(self.code, [then, otherwise], results)
    }

    /// Computes both sides of a branch and chooses between their results.
    fn compute_both(&mut self, cond: Value, then: &[Node], otherwise: &[Node], results: &[Merge]) {
        let cond = self.scalar(cond);
        let mark = self.enter();
        self.nodes(then);
        let yes = self.send(results.iter().map(|merge| (merge.then, merge.value)));
        self.leave(mark);
        let mark = self.enter();
        self.nodes(otherwise);
        let no = self.send(results.iter().map(|merge| (merge.otherwise, merge.value)));
        self.leave(mark);
        for ((yes, no), merge) in yes.into_iter().zip(no).zip(results) {
            let truth = |value: Value| self.constant(value).filter(|_| self.ty(value) == LaneType::Bool);
            let chosen = match (truth(merge.then), truth(merge.otherwise)) {
                // What `||` and `&&` are.
                (Some(1), None) => self.builder.ins().bor(cond, no),
                (None, Some(0)) => self.builder.ins().band(cond, yes),
                _ => self.builder.ins().select(cond, yes, no),
            };
            self.bind_scalar(merge.value, chosen);
        }
    }

    /// Whether a node computes nothing but the condition of the node that follows it.
    pub(super) fn is_condition_of(&self, node: &Node, next: Option<&Node>) -> bool {
        let Some(Node::If { cond, then, otherwise, results }) = next else { return false };
        let branches = !(self.is_serial() && self.can_choose(then, otherwise, results));
        branches && self.conditions_before(std::slice::from_ref(node), *cond) == 1
    }

    /// How many nodes at the end of a block compute the condition of what follows it, and are left to that.
    fn conditions_before(&self, nodes: &[Node], cond: Value) -> usize {
        let is_value = |node: &Node| {
            matches!(node, Node::If { then, otherwise, results, .. }
                if self.can_choose(then, otherwise, results))
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
