//! Choices that are better predicted than computed.
//!
//! What a loop carries may go round through choices, each of which waits for what decides:
//!
//! ```text
//! loop p: i64 = 0, i: i64 = 0 {…} do {
//!   a = load b[i]   b = load b[p]           load, compare, move: the next iteration waits for all of these
//!   c = flt a, b
//!   n = select c, i, p                ⇒     if c, which is foreseen, n is i; and nobody waits
//! next n, … }
//! ```
//!
//! So do searches for the place of an extreme, walks through two arrays by turns, and simulations of what changes its ways at
//! some levels. If the wait is long, a branch takes less time even if every other one is not foreseen: all of them are waited for
//! when the choice is computed, and only these, if longer, when it is predicted.
//!
//! Only loops without others inside are looked at; around others a choice is not what takes time.

use parfuse_ir::lane::{Carried, Code, Inst, LaneOp, Node, Value, walk};
use std::collections::{HashMap, HashSet};

/// The cycles from what is carried to the condition, from which on a branch takes less time than a move that waits: half of what it
/// takes to begin anew where a branch was not foreseen, less the move.
const LONG_WAIT: u32 = 5;

/// The values that are chosen so.
pub(crate) fn predicted(code: &Code) -> HashSet<Value> {
    let mut found = HashSet::new();
    for node in walk::statements(&code.body) {
        let Node::Loop { carried, header, body, .. } = node else { continue };
        let around = |node: &Node| matches!(node, Node::Loop { .. } | Node::Lanes(_));
        if !walk::statements(header).chain(walk::statements(body)).any(around) {
            Iteration { code, carried, blocks: [header, body] }.find(&mut found);
        }
    }
    found
}

/// One iteration of a loop without others inside.
struct Iteration<'c> {
    code: &'c Code,
    carried: &'c [Carried],
    blocks: [&'c [Node]; 2],
}

impl Iteration<'_> {
    fn find(&self, found: &mut HashSet<Value>) {
        let choices = self.choices();
        if choices.is_empty() {
            return;
        }
        for carry in self.carried {
            let waits = self.followed(carry.value);
            let (mut open, mut seen) = (vec![carry.next], HashSet::new());
            // Back from what is carried on to what it is made of, as far as that waits for what was carried.
            while let Some(value) = open.pop() {
                if !waits.contains_key(&value) || !seen.insert(value) {
                    continue;
                }
                match choices.get(&value) {
                    Some((cond, sides)) => {
                        if waits.get(cond).is_some_and(|wait| *wait >= LONG_WAIT) {
                            found.insert(value);
                        }
                        open.push(*cond);
                        open.extend(sides);
                    }
                    None => walk::operands(&self.code.values[value].inst, |operand| open.push(operand)),
                }
            }
        }
    }

    /// What is chosen: by what, and among what.
    fn choices(&self) -> HashMap<Value, (Value, [Value; 2])> {
        let mut choices = HashMap::new();
        for node in self.blocks.into_iter().flat_map(walk::statements) {
            match node {
                Node::Let(value) => {
                    if let Inst::Op(LaneOp::Select, args) = &self.code.values[*value].inst {
                        choices.insert(*value, (args[0], [args[1], args[2]]));
                    }
                }
                Node::If { cond, results, .. } => choices.extend(
                    results.iter().map(|merge| (merge.value, (*cond, [merge.then, merge.otherwise]))),
                ),
                _ => {}
            }
        }
        choices
    }

    /// What depends on a value, with the cycles until it is there.
    fn followed(&self, from: Value) -> HashMap<Value, u32> {
        let mut waits = HashMap::from([(from, 0)]);
        let [header, body] = self.blocks;
        let mut open = vec![Step::Block(body), Step::Block(header)];
        while let Some(step) = open.pop() {
            let node = match step {
                Step::Block([]) => continue,
                Step::Block([first, rest @ ..]) => {
                    open.push(Step::Block(rest));
                    if let Node::If { then, otherwise, .. } = first {
                        open.extend([Step::End(first), Step::Block(otherwise), Step::Block(then)]);
                        continue;
                    }
                    first
                }
                Step::End(node) => node,
            };
            match node {
                Node::Let(value) => {
                    let inst = &self.code.values[*value].inst;
                    let mut last = None;
                    walk::operands(inst, |operand| last = last.max(waits.get(&operand).copied()));
                    if let Some(last) = last {
                        waits.insert(*value, last + latency(inst));
                    }
                }
                Node::If { cond, results, .. } => {
                    for merge in results {
                        let of = |value| waits.get(&value).copied();
                        if let Some(last) = of(*cond).max(of(merge.then)).max(of(merge.otherwise)) {
                            waits.insert(merge.value, last + 1);
                        }
                    }
                }
                _ => {}
            }
        }
        waits
    }
}

enum Step<'n> {
    Block(&'n [Node]),
    End(&'n Node),
}

/// The cycles that an instruction takes, about.
fn latency(inst: &Inst) -> u32 {
    match inst {
        Inst::Load { .. } => 5,
        Inst::Op(op, _) => match op {
            LaneOp::FAdd | LaneOp::FSub | LaneOp::FMul | LaneOp::Fma => 4,
            LaneOp::FDiv | LaneOp::FSqrt => 13,
            LaneOp::SDiv | LaneOp::SRem | LaneOp::UDiv | LaneOp::URem => 12,
            LaneOp::IMul | LaneOp::SMulHigh | LaneOp::UMulHigh => 3,
            LaneOp::FEq | LaneOp::FNe | LaneOp::FLt | LaneOp::FLe => 3,
            _ => 1,
        },
        _ => 0,
    }
}
