//! What scalar code does without branches, and branches without values.
//!
//! A branch that does nothing but choose between integers that are quickly computed ([`Conditions::is_choice_of_integers`]) computes both
//! and moves one of them: nobody foresees which, but where [`predicted`] says so.
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

use crate::predicted::predicted;
use parfuse_ir::arena::Id;
use parfuse_ir::lane::{Code, Inst, LaneOp, LaneType, Merge, Node, Value, walk};
use std::collections::HashSet;

/// The operations on both sides of a branch that are computed to choose between their results.
const FEW_OPERATIONS: usize = 6;

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

    /// Whether a value is chosen by a branch though it could be moved.
    pub(crate) fn is_predicted(&self, value: Value) -> bool {
        self.predicted.contains(&value)
    }

    /// Whether a branch does nothing but choose between integers that are quickly computed.
    pub(crate) fn is_choice_of_integers(&self, code: &Code, sides: [&[Node]; 2], results: &[Merge]) -> bool {
        is_choice_of_integers(code, sides, results)
            && !results.iter().any(|merge| self.is_predicted(merge.value))
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
            && self.reads.get(cond.index()) == Some(&1)
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

fn is_choice_of_integers(code: &Code, sides: [&[Node]; 2], results: &[Merge]) -> bool {
    let is_quick = |node: &Node| {
        let Node::Let(value) = node else { return false };
        let divides = |op: &LaneOp| {
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
        };
        matches!(&code.values[*value].inst, Inst::Op(op, _) if !divides(op))
    };
    let is_integer = |merge: &Merge| !code.values[merge.value].ty.is_float();
    !results.is_empty()
        && sides[0].len() + sides[1].len() <= FEW_OPERATIONS
        && sides.into_iter().flatten().all(is_quick)
        && results.iter().all(is_integer)
}
