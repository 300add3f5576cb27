//! How both emitters branch on conditions, and choose on the way to them.
//!
//! ```text
//! if (if a { true } else { b }) { … }                    a? ─▶ …, else b? ─▶ …             (no truth value in between)
//! x = if (if a { b } else { false }) { c } else { d }    a? ─▶ compare b, choose, else d
//! anything else                                          blocks that meet again, with what they yield as parameters
//! ```
//!
//! The nodes that compute a condition, each that of the next, are its *chain* ([`Conditions::at_end_of`]). Whoever branches on it
//! goes through the chain from its end: each side of a node in it goes on by what that side yields.
//!
//! [`Conditions::at_end_of`]: crate::conditions::Conditions::at_end_of

use crate::conditions::{Choice, choice};
use crate::known::Known;
use crate::uses;
use parfuse_ir::lane::{Code, Inst, LaneOp, Merge, Node, Value};

/// A branch: what it decides by, its sides, and what they yield.
#[derive(Clone, Copy)]
pub(crate) struct Branch<'n> {
    pub(crate) cond: Value,
    pub(crate) sides: [&'n [Node]; 2],
    pub(crate) results: &'n [Merge],
}

impl<'n> Branch<'n> {
    /// A node, if it is a branch.
    pub(crate) fn of(node: &'n Node) -> Option<Branch<'n>> {
        let Node::If { cond, then, otherwise, results } = node else { return None };
        Some(Branch { cond: *cond, sides: [then, otherwise], results })
    }

    /// What a side yields, each with what it becomes.
    pub(crate) fn yields(self, side: usize) -> impl Iterator<Item = (Value, Value)> + use<'n> {
        let yielded = move |merge: &Merge| if side == 0 { merge.then } else { merge.otherwise };
        self.results.iter().map(move |merge| (yielded(merge), merge.value))
    }

    /// Whether its first side alone calls the host, and does so each time: as that of a vector does that has no room for another
    /// item.
    pub(crate) fn calls_host_first(self) -> bool {
        let [then, otherwise] = self.sides;
        uses::always_calls_host(then) && !uses::calls_host(otherwise)
    }
}

/// What emits blocks that branch.
pub(crate) trait Branches<'a> {
    type Block: Copy;
    type Reg: Copy;
    type Registers;

    /// The code that is emitted.
    fn code(&self) -> &'a Code;
    /// A new block.
    fn block(&mut self) -> Self::Block;
    /// Goes on in a block.
    fn fill(&mut self, block: Self::Block);
    /// Ends the block: goes on in another, to which registers are sent.
    fn jump(&mut self, block: Self::Block, sent: &[Self::Reg]);
    /// Emits what forgets its values at its end, and what it knows.
    fn scoped<R>(&mut self, emit: impl FnOnce(&mut Self) -> R) -> R;
    /// Emits nodes in their order.
    fn nodes(&mut self, nodes: &[Node]);
    /// The registers of values that are sent to a block, each with the value that it becomes there.
    fn send(&mut self, values: impl Iterator<Item = (Value, Value)>) -> Vec<Self::Reg>;
    /// Makes a block take a value as parameters.
    fn receive(&mut self, block: Self::Block, value: Value) -> Self::Registers;
    /// Binds a value to what [`Branches::receive`] gave for it.
    fn bind(&mut self, value: Value, registers: Self::Registers);
    /// Binds a scalar.
    fn bind_scalar(&mut self, value: Value, reg: Self::Reg);
    /// Binds a scalar to what another one is.
    fn bind_same(&mut self, value: Value, other: Value);
    /// Whether a value is there.
    fn is_available(&self, value: Value) -> bool;
    /// What is known of truth values here.
    fn known(&mut self) -> &mut Known;
    /// A truth value, if it is known here.
    fn truth(&self, value: Value) -> Option<bool>;
    /// Whether the code is scalar, and its control flow the user's own.
    fn is_scalar(&self) -> bool;
    /// Whether a branch does nothing but choose between scalars that are quickly computed.
    fn can_choose(&self, branch: Branch<'_>) -> bool;
    /// Emits a side of a branch in its block.
    fn on_side(&mut self, branch: Branch<'_>, side: usize, block: Self::Block, emit: impl FnOnce(&mut Self));
    /// Where lanes can be switched off: makes a block take which are left, as its last parameter.
    fn receive_active(&mut self, _block: Self::Block) -> Option<Self::Reg> {
        None
    }
    /// Passes on which lanes are left.
    fn send_active(&mut self, _sent: &mut Vec<Self::Reg>) {}
    /// Goes on with the lanes that a block took.
    fn resume_active(&mut self, _left: Option<Self::Reg>) {}
    /// How many nodes at the end of a block compute the condition of what follows it, and are left to that.
    fn conditions_before(&self, nodes: &[Node], cond: Value) -> usize;
    /// Whether a truth value or another holds.
    fn either(&mut self, cond: Value, other: Self::Reg) -> Self::Reg;
    /// Whether a truth value and another hold.
    fn both(&mut self, cond: Value, other: Self::Reg) -> Self::Reg;
    /// One of two scalars, values with what they are in.
    fn chosen(&mut self, cond: Value, sides: [(Value, Self::Reg); 2]) -> Self::Reg;
    /// Ends the block: goes on by whether a truth value that is there holds or, if it has to fail, does not. Nothing else leads to
    /// these blocks.
    fn branch_on(&mut self, cond: Value, holds: bool, targets: [Self::Block; 2]);

    /// The two that a truth value joins, if it takes less to ask for one after the other, and what it is if the first is that.
    fn asked_in_turn(&self, _: Value) -> Option<([Value; 2], bool)> {
        None
    }

    /// A branch; the nodes that stand in front of it in its block may compute its condition.
    fn if_else(&mut self, before: &[Node], branch: Branch<'_>) {
        let Branch { cond, results, .. } = branch;
        let chain = &before[before.len() - self.conditions_before(before, cond)..];
        if let Some(truth) = self.truth(cond).filter(|_| chain.is_empty() && self.is_scalar()) {
            let side = usize::from(!truth);
            self.nodes(branch.sides[side]);
            return branch.yields(side).for_each(|(yielded, value)| self.bind_same(value, yielded));
        }
        let chooses = self.can_choose(branch);
        if chooses && chain.is_empty() {
            let chosen = self.scoped(|this| this.compute_both(branch));
            for (merge, chosen) in results.iter().zip(chosen) {
                self.bind_scalar(merge.value, chosen);
            }
            return;
        }
        let after = self.block();
        let received: Vec<Self::Registers> =
            results.iter().map(|merge| self.receive(after, merge.value)).collect();
        let mut left = None;
        if chooses {
            self.choose_on_the_way(chain, cond, branch, after);
        } else {
            left = self.receive_active(after);
            self.go_either_way(chain, branch, [0, 1], |this, side| {
                let mut sent = this.compute_side(branch, side);
                this.send_active(&mut sent);
                this.jump(after, &sent);
            });
        }
        self.fill(after);
        self.resume_active(left);
        for (merge, registers) in results.iter().zip(received) {
            self.bind(merge.value, registers);
        }
    }

    /// Lets a value of scalar code be another one that it is known to be equal to, if there is one.
    fn is_another(&mut self, value: Value) -> bool {
        let other = match &self.code().values[value].inst {
            _ if self.known().is_empty() || !self.is_scalar() => None,
            Inst::Op(LaneOp::Select, args) => {
                self.truth(args[0]).map(|truth| args[if truth { 1 } else { 2 }])
            }
            Inst::Op(op @ (LaneOp::BAnd | LaneOp::BOr), args) => {
                let neutral = *op == LaneOp::BAnd;
                let other = |this: usize| {
                    self.truth(args[this]).map(|truth| args[if truth == neutral { 1 - this } else { this }])
                };
                other(0).or_else(|| other(1))
            }
            // A mask of all bits that there are.
            Inst::Op(LaneOp::IAnd, args) => match self.code().values[args[1]].inst {
                Inst::Const(mask) if mask & mask.wrapping_add(1) == 0 => {
                    let code = self.code();
                    self.known().is_at_most(code, args[0], mask).then_some(args[0])
                }
                _ => None,
            },
            _ => None,
        };
        if let Some(other) = other {
            self.bind_same(value, other);
        }
        other.is_some()
    }

    /// Branches, and emits either side in a block of its own, in an order; the chain computes what it decides by.
    fn go_either_way(
        &mut self,
        chain: &[Node],
        branch: Branch<'_>,
        order: [usize; 2],
        mut emit: impl FnMut(&mut Self, usize),
    ) {
        let blocks = [(); 2].map(|()| self.block());
        self.test(chain, branch.cond, blocks);
        for side in order {
            let mark = self.known().mark();
            if self.is_scalar() {
                self.learn_of(chain, branch.cond, side == 0);
            }
            self.on_side(branch, side, blocks[side], |this| this.scoped(|this| emit(this, side)));
            self.known().forget(mark);
        }
    }

    /// Whether a check cannot fail here, in scalar code.
    fn is_checked(&self, ok: Value) -> bool {
        self.is_scalar() && self.truth(ok) == Some(true)
    }

    /// Takes what a check behind nodes has asked for known, in scalar code.
    fn learn_of_check(&mut self, nodes: &[Node], ok: Value, mask: Option<Value>) {
        if mask.is_none() && self.is_scalar() {
            self.learn_of(nodes, ok, true);
        }
    }

    /// Takes a truth value for known, and what follows of how nodes have computed it.
    fn learn_of(&mut self, nodes: &[Node], value: Value, truth: bool) {
        let code = self.code();
        self.known().learn(code, value, truth);
        let computes = |branch: &Branch<'_>| branch.results.iter().any(|merge| merge.value == value);
        let Some(branch) = nodes.iter().filter_map(Branch::of).find(computes) else { return };
        let yielded = [0, 1].map(|side| branch.yields(side).find(|(_, own)| *own == value));
        let [Some((yes, _)), Some((no, _))] = yielded else { return };
        let never = |side: Value| self.truth(side) == Some(!truth);
        let (side, yielded) = match [never(yes), never(no)] {
            [false, true] => (0, yes),
            [true, false] => (1, no),
            _ => return,
        };
        self.learn_of(nodes, branch.cond, side == 0);
        self.learn_of(branch.sides[side], yielded, truth);
    }

    /// Computes both sides of a branch and chooses between their results.
    fn compute_both(&mut self, branch: Branch<'_>) -> Vec<Self::Reg> {
        let [yes, no] = [0, 1].map(|side| self.scoped(|this| this.compute_side(branch, side)));
        let mut chosen = Vec::with_capacity(branch.results.len());
        for ((yes, no), merge) in yes.into_iter().zip(no).zip(branch.results) {
            chosen.push(match (self.truth(merge.then), self.truth(merge.otherwise)) {
                (Some(true), None) => self.either(branch.cond, no),
                (None, Some(false)) => self.both(branch.cond, yes),
                _ => self.chosen(branch.cond, [(merge.then, yes), (merge.otherwise, no)]),
            });
        }
        chosen
    }

    /// Computes one side of a branch: what it yields.
    fn compute_side(&mut self, branch: Branch<'_>, side: usize) -> Vec<Self::Reg> {
        self.nodes(branch.sides[side]);
        self.send(branch.yields(side))
    }

    /// Goes on with what a condition chooses, which the chain computes: with one side where it branches to that, and with a choice
    /// where it ends in a comparison.
    fn choose_on_the_way(&mut self, chain: &[Node], cond: Value, branch: Branch<'_>, after: Self::Block) {
        let Some((last, before)) = chain.split_last() else {
            return self.scoped(|this| {
                let sent = match this.truth(cond) {
                    Some(truth) => this.compute_side(branch, usize::from(!truth)),
                    None => this.compute_both(Branch { cond, ..branch }),
                };
                this.jump(after, &sent);
            });
        };
        let (Choice { cond, sides: ways }, _) = choice(self.code(), last).expect("a condition is a choice");
        self.go_both_ways(before, cond, ways, |this, chain, value| {
            this.choose_on_the_way(chain, value, branch, after);
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

    /// What decides a condition, and whether that has to hold: nobody needs the opposite of a value who can go the other way, nor
    /// what is known.
    fn decisive(&self, mut cond: Value) -> (Value, bool) {
        let mut holds = true;
        while let Some((other, same)) = self.decided_by(cond)
            && self.is_available(other)
        {
            (cond, holds) = (other, holds == same);
        }
        (cond, holds)
    }

    /// The value that alone decides a condition that is computed from it, and whether they are the same.
    fn decided_by(&self, cond: Value) -> Option<(Value, bool)> {
        let Inst::Op(op, args) = &self.code().values[cond].inst else { return None };
        match op {
            LaneOp::BNot => Some((args[0], false)),
            LaneOp::BAnd | LaneOp::BOr => {
                let neutral = Some(*op == LaneOp::BAnd);
                let other =
                    |this: usize| (self.truth(args[this]) == neutral).then_some((args[1 - this], true));
                other(0).or_else(|| other(1))
            }
            _ => None,
        }
    }

    /// Goes on by a condition, which the chain computes. Nothing else leads to these blocks.
    fn test(&mut self, chain: &[Node], cond: Value, targets: [Self::Block; 2]) {
        if !chain.is_empty() {
            return self.test_on_the_way(chain, cond, targets);
        }
        let (cond, holds) = self.decisive(cond);
        let Some(([first, second], decides)) = self.asked_in_turn(cond) else {
            return self.branch_on(cond, holds, targets);
        };
        let targets = if holds { targets } else { [targets[1], targets[0]] };
        let [decided, open] = [(); 2].map(|()| self.block());
        self.test(&[], first, if decides { [decided, open] } else { [open, decided] });
        self.fill(decided);
        self.jump(targets[usize::from(!decides)], &[]);
        self.fill(open);
        self.test_on_the_way(&[], second, targets);
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
            self.test(&[], cond, own);
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
        let mut side = |this: &mut Self, number: usize| {
            let (nodes, value) = sides[number];
            this.scoped(|this| {
                if this.is_scalar() {
                    this.learn_of(chain, cond, number == 0);
                }
                let (nodes, chain) = nodes.split_at(nodes.len() - this.conditions_before(nodes, value));
                this.nodes(nodes);
                go_on(this, chain, value);
            });
        };
        if let Some(truth) = self.truth(cond).filter(|_| chain.is_empty()) {
            return side(self, usize::from(!truth));
        }
        let own = [(); 2].map(|()| self.block());
        self.test(chain, cond, own);
        for (number, own) in own.into_iter().enumerate() {
            self.fill(own);
            side(self, number);
        }
    }
}
