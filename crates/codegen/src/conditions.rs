//! Conditions that branches compute: `&&` and `||` where the second operand loads, checks or is otherwise not for nothing.
//!
//! ```text
//! v3: bool = if v1 { yield true } else { v2: f64 = load … yield v4 }        v1? ── yes ──────────▶ body
//! if v3 { body }                                                    ⇒       no ─▶ load … v4? ───▶ body
//!                                                                                           no ─▶ after
//! ```
//!
//! Who branches on such a value need not have it: the sides of the branch that computes it go where it leads. That is so
//! where nothing else reads it, and nothing stands between.

use parfuse_ir::arena::Id;
use parfuse_ir::lane::{Code, LaneType, Merge, Node, Value, walk};

/// What is known of the truth values of some code.
#[derive(Default)]
pub(crate) struct Conditions {
    /// How often values are read.
    reads: Vec<u32>,
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
        Conditions { reads }
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
