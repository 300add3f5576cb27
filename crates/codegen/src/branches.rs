//! How both emitters branch on conditions, and choose on the way to them.
//!
//! ```text
//! if (if a { true } else { b }) { … }                    a? ─▶ …, else b? ─▶ …             (no truth value in between)
//! x = if (if a { b } else { false }) { c } else { d }    a? ─▶ compare b, choose, else d
//! ```
//!
//! The nodes that compute a condition, each that of the next, are its *chain* ([`Conditions::at_end_of`]). Whoever branches on it
//! goes through the chain from its end: each side of a node in it goes on by what that side yields.
//!
//! [`Conditions::at_end_of`]: crate::conditions::Conditions::at_end_of

use crate::conditions::{Choice, choice};
use parfuse_ir::lane::{Code, Inst, LaneType, Merge, Node, Value};

/// What emits blocks that branch.
pub(crate) trait Branches<'a> {
    type Block: Copy;
    type Reg;

    /// The code that is emitted.
    fn code(&self) -> &'a Code;
    /// A new block.
    fn block(&mut self) -> Self::Block;
    /// Goes on in a block.
    fn fill(&mut self, block: Self::Block);
    /// Ends the block: goes on in another, to which registers are sent.
    fn jump(&mut self, block: Self::Block, sent: &[Self::Reg]);
    /// Emits what forgets its values at its end.
    fn scoped<R>(&mut self, emit: impl FnOnce(&mut Self) -> R) -> R;
    /// Emits nodes in their order.
    fn nodes(&mut self, nodes: &[Node]);
    /// The registers of values that are sent to a block, each with the value that it becomes there.
    fn send(&mut self, values: impl Iterator<Item = (Value, Value)>) -> Vec<Self::Reg>;
    /// How many nodes at the end of a block compute the condition of what follows it, and are left to that.
    fn conditions_before(&self, nodes: &[Node], cond: Value) -> usize;
    /// Whether a truth value or another holds.
    fn either(&mut self, cond: Value, other: Self::Reg) -> Self::Reg;
    /// Whether a truth value and another hold.
    fn both(&mut self, cond: Value, other: Self::Reg) -> Self::Reg;
    /// One of two scalars, values with what they are in.
    fn chosen(&mut self, cond: Value, sides: [(Value, Self::Reg); 2]) -> Self::Reg;
    /// Ends the block: goes on by a truth value that is there. Nothing else leads to these blocks.
    fn branch_on(&mut self, cond: Value, targets: [Self::Block; 2]);

    /// A truth value that is known.
    fn truth(&self, value: Value) -> Option<bool> {
        let data = &self.code().values[value];
        match data.inst {
            Inst::Const(bits) if data.ty == LaneType::Bool => Some(bits & 1 == 1),
            _ => None,
        }
    }

    /// Computes both sides of a branch and chooses between their results.
    fn compute_both(&mut self, cond: Value, sides: [&[Node]; 2], results: &[Merge]) -> Vec<Self::Reg> {
        let [yes, no] = [0, 1].map(|side| self.scoped(|this| this.compute_side(side, sides, results)));
        let mut chosen = Vec::with_capacity(results.len());
        for ((yes, no), merge) in yes.into_iter().zip(no).zip(results) {
            chosen.push(match (self.truth(merge.then), self.truth(merge.otherwise)) {
                (Some(true), None) => self.either(cond, no),
                (None, Some(false)) => self.both(cond, yes),
                _ => self.chosen(cond, [(merge.then, yes), (merge.otherwise, no)]),
            });
        }
        chosen
    }

    /// Computes one side of a branch: what it yields.
    fn compute_side(&mut self, side: usize, sides: [&[Node]; 2], results: &[Merge]) -> Vec<Self::Reg> {
        self.nodes(sides[side]);
        let result = |merge: &Merge| (if side == 0 { merge.then } else { merge.otherwise }, merge.value);
        self.send(results.iter().map(result))
    }

    /// Goes on with what a condition chooses, which the chain computes: with one side where it branches to that, and with a choice
    /// where it ends in a comparison.
    fn choose_on_the_way(
        &mut self,
        chain: &[Node],
        cond: Value,
        sides: [&[Node]; 2],
        results: &[Merge],
        after: Self::Block,
    ) {
        let Some((last, before)) = chain.split_last() else {
            return self.scoped(|this| {
                let sent = match this.truth(cond) {
                    Some(truth) => this.compute_side(usize::from(!truth), sides, results),
                    None => this.compute_both(cond, sides, results),
                };
                this.jump(after, &sent);
            });
        };
        let (Choice { cond, sides: ways }, _) = choice(self.code(), last).expect("a condition is a choice");
        self.go_both_ways(before, cond, ways, |this, chain, value| {
            this.choose_on_the_way(chain, value, sides, results, after);
        });
    }

    /// Whether a node computes nothing but the condition of the node that follows it.
    fn is_condition_of(&self, node: &Node, next: Option<&Node>) -> bool {
        let Some(Node::If { cond, .. }) = next else { return false };
        self.conditions_before(std::slice::from_ref(node), *cond) == 1
    }

    /// Emits nodes, and goes on by a condition.
    fn nodes_and_test(&mut self, nodes: &[Node], cond: Value, targets: [Self::Block; 2]) {
        let (nodes, chain) = nodes.split_at(nodes.len() - self.conditions_before(nodes, cond));
        self.nodes(nodes);
        self.test(chain, cond, targets);
    }

    /// Goes on by a condition, which the chain computes.
    fn test(&mut self, chain: &[Node], cond: Value, targets: [Self::Block; 2]) {
        match chain.is_empty() {
            true => self.branch_on(cond, targets),
            false => self.test_on_the_way(chain, cond, targets),
        }
    }

    /// The same where others lead to these blocks, too, so that blocks of its own have to lead there.
    fn test_on_the_way(&mut self, chain: &[Node], cond: Value, targets: [Self::Block; 2]) {
        if let Some((last, before)) = chain.split_last() {
            let (Choice { cond, sides }, _) = choice(self.code(), last).expect("a condition is a choice");
            self.go_both_ways(before, cond, sides, |this, chain, value| {
                this.test_on_the_way(chain, value, targets);
            });
        } else if let Some(truth) = self.truth(cond) {
            self.jump(targets[usize::from(!truth)], &[]);
        } else {
            let own = [(); 2].map(|()| self.block());
            self.branch_on(cond, own);
            for (own, target) in own.into_iter().zip(targets) {
                self.fill(own);
                self.jump(target, &[]);
            }
        }
    }

    /// Branches on a condition, which the chain computes, and goes on in either block: emits the nodes of the side but for the chain
    /// of what it yields.
    fn go_both_ways(
        &mut self,
        chain: &[Node],
        cond: Value,
        sides: [(&[Node], Value); 2],
        mut go_on: impl FnMut(&mut Self, &[Node], Value),
    ) {
        let own = [(); 2].map(|()| self.block());
        self.test(chain, cond, own);
        for (own, (nodes, value)) in own.into_iter().zip(sides) {
            self.fill(own);
            self.scoped(|this| {
                let (nodes, chain) = nodes.split_at(nodes.len() - this.conditions_before(nodes, value));
                this.nodes(nodes);
                go_on(this, chain, value);
            });
        }
    }
}
