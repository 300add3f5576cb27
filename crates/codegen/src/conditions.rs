//! What scalar code does without branches, and branches without values.
//!
//! A branch that does nothing but choose between numbers that are quickly computed ([`Conditions::is_choice`]) computes both
//! and moves one of them: nobody foresees which, but where [`predicted`] says so. Floats are chosen by how floats compare, which
//! gives a mask where they are; a truth value would have to come there from a general register.
//!
//! The other way round there are conditions that branches compute: `&&` and `||` where the second operand loads, checks or is otherwise not for nothing.
//!
//! ```text
//! v3: bool = if v1 { yield true } else { v2: f64 = load … yield v4 }        v1? ── yes ──────────▶ body
//! if v3 { body }                                                    ⇒       no ─▶ load … v4? ───▶ body
//!                                                                                           no ─▶ after
//! ```
//!
//! Who branches on such a value need not have it: the sides of the branch that computes it go where it leads. That is so
//! where nothing else reads it, and nothing stands between.

use crate::branches::Branch;
use crate::predicted::predicted;
use parfuse_ir::arena::Id;
use parfuse_ir::lane::{Code, Inst, LaneOp, LaneType, Merge, Node, Shape, Value, walk};
use smallvec::SmallVec;
use std::collections::HashSet;

/// What the operations on both sides of a branch may cost that are computed to choose between their results: one each, floats
/// [`FLOAT`].
const FEW_OPERATIONS: usize = 6;
/// What an operation on floats costs, beside integers.
const FLOAT: usize = 3;

/// What is known of the truth values of some code.
#[derive(Default)]
pub(crate) struct Conditions {
    /// How often values are read.
    reads: Vec<u32>,
    /// What is better predicted than computed.
    predicted: HashSet<Value>,
}

/// A branch that computes a condition.
pub(crate) struct Choice<'n> {
    /// What it branches on.
    pub(crate) cond: Value,
    /// Its sides, with what they yield.
    pub(crate) sides: [(&'n [Node], Value); 2],
}

impl Conditions {
    /// Those of code of which some values are read from outside.
    pub(crate) fn of(code: &Code, outside: impl Iterator<Item = Value>) -> Conditions {
        let mut reads = vec![0; code.values.len()];
        outside.for_each(|value| reads[value.index()] += 1);
        for node in walk::statements(&code.body) {
            walk::reads(code, node, |value| reads[value.index()] += 1);
        }
        Conditions { reads, predicted: predicted(code) }
    }

    /// Whether one place reads a value.
    pub(crate) fn is_read_once(&self, value: Value) -> bool {
        self.reads.get(value.index()) == Some(&1)
    }

    /// Whether a value is chosen by a branch though it could be moved.
    pub(crate) fn is_predicted(&self, value: Value) -> bool {
        self.predicted.contains(&value)
    }

    /// What one branch chooses that stands for the first of some nodes: it, and what those right behind it choose by the same
    /// condition.
    pub(crate) fn chosen_together(&self, code: &Code, nodes: &[Node]) -> (Value, SmallVec<[Merge; 2]>) {
        let choice = |node: &Node| match node {
            Node::Let(value) if self.is_predicted(*value) => match &code.values[*value].inst {
                Inst::Op(LaneOp::Select, args) => {
                    Some((args[0], Merge { value: *value, then: args[1], otherwise: args[2] }))
                }
                _ => None,
            },
            _ => None,
        };
        let (cond, first) = choice(&nodes[0]).expect("a choice that a branch makes");
        let mut chosen: SmallVec<[Merge; 2]> = SmallVec::from_slice(&[first]);
        for (other, merge) in nodes[1..].iter().map_while(choice) {
            let is_new = |side: Value| chosen.iter().all(|own| own.value != side);
            if other != cond || !is_new(merge.then) || !is_new(merge.otherwise) {
                break;
            }
            chosen.push(merge);
        }
        (cond, chosen)
    }

    /// Whether a branch does nothing but choose between numbers that are quickly computed.
    pub(crate) fn is_choice(&self, code: &Code, branch: Branch<'_>) -> bool {
        is_choice(code, branch) && !branch.results.iter().any(|merge| self.is_predicted(merge.value))
    }

    /// How many nodes at the end of a block compute the condition of what follows it, each that of the next; a branch
    /// that is better computed as a value is none of them.
    pub(crate) fn at_end_of(
        &self,
        code: &Code,
        nodes: &[Node],
        cond: Value,
        is_value: impl Fn(&Node) -> bool,
    ) -> usize {
        let (mut count, mut cond) = (0, cond);
        while let Some(node) = nodes.iter().rev().nth(count)
            && let Some((choice, result)) = choice(code, node)
            && result == cond
            && self.is_read_once(cond)
            && !is_value(node)
        {
            (count, cond) = (count + 1, choice.cond);
        }
        count
    }
}

/// A node as a choice between truth values, and its result.
pub(crate) fn choice<'n>(code: &Code, node: &'n Node) -> Option<(Choice<'n>, Value)> {
    let Node::If { cond, then, otherwise, results } = node else { return None };
    let [Merge { value, then: yes, otherwise: no }] = results.as_slice() else { return None };
    let choice = Choice { cond: *cond, sides: [(then, *yes), (otherwise, *no)] };
    (code.values[*value].ty == LaneType::Bool).then_some((choice, *value))
}

/// The comparison of floats by which floats of a type can be chosen: as many lanes are in a register of what it compares.
/// Whether a number is one is better asked by a branch, which goes one way.
pub(crate) fn float_comparison(code: &Code, cond: Value, chosen: LaneType) -> Option<(LaneOp, [Value; 2])> {
    let Inst::Op(op, operands) = &code.values[cond].inst else { return None };
    let compares = op.shape() == Shape::FloatCompare && code.values[operands[0]].ty == chosen;
    (compares && !asks_for_number(code, cond)).then(|| (*op, [operands[0], operands[1]]))
}

/// Whether a truth value is that a float is not a number.
pub(crate) fn asks_for_number(code: &Code, cond: Value) -> bool {
    matches!(&code.values[cond].inst, Inst::Op(LaneOp::FNe, operands) if operands[0] == operands[1])
}

/// Whether an operation takes too long to be done for nothing.
pub(crate) fn is_slow(op: LaneOp) -> bool {
    matches!(
        op,
        LaneOp::SDiv
            | LaneOp::SRem
            | LaneOp::UDiv
            | LaneOp::URem
            | LaneOp::FDiv
            | LaneOp::FSqrt
            | LaneOp::FToU64
    )
}

fn is_choice(code: &Code, Branch { cond, sides, results }: Branch<'_>) -> bool {
    let cost = |node: &Node| {
        let Node::Let(value) = node else { return None };
        let data = &code.values[*value];
        let Inst::Op(op, _) = &data.inst else { return None };
        (!is_slow(*op)).then_some(if data.ty.is_float() { FLOAT } else { 1 })
    };
    let cost: Option<usize> = sides.into_iter().flatten().map(cost).sum();
    let can_move = |merge: &Merge| {
        let ty = code.values[merge.value].ty;
        !ty.is_float() || float_comparison(code, cond, ty).is_some()
    };
    !results.is_empty() && cost.is_some_and(|cost| cost <= FEW_OPERATIONS) && results.iter().all(can_move)
}
