//! Choices that are better predicted than computed.
//!
//! A loop that looks for the place of an extreme reads what it compares with at the place that it has found last:
//!
//! ```text
//! loop p: i64 = 0, i: i64 = 0 {…} do {
//!   a = load b[i]   b = load b[p]           load, compare, move: the next iteration waits for all of these
//!   c = flt a, b
//!   n = select c, i, p                ⇒     if c, which is seldom and so foreseen, n is i; and nobody waits
//! next n, … }
//! ```
//!
//! A choice is such a one where a loop carries it, one side leaves what is carried as it is, the other has nothing to do with
//! what was carried before, and the condition takes what is carried through a load or a float operation. A search by halves, whose
//! new bounds come from the old ones, is none: nobody foresees it.
//!
//! Only loops without others inside are looked at; around others a choice is not what takes time.

use parfuse_ir::lane::{Carried, Code, Inst, LaneOp, Node, Value, walk};
use std::collections::{HashMap, HashSet};

/// The cycles from what is carried to the condition, from which on a branch that is foreseen takes less time than a move that
/// waits: as many as an element takes to come from the nearest cache.
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

/// A choice: what decides, and the sides.
type Choice = (Value, [Value; 2]);

/// One iteration of a loop without others inside.
struct Iteration<'c> {
    code: &'c Code,
    carried: &'c [Carried],
    blocks: [&'c [Node]; 2],
}

impl Iteration<'_> {
    fn find(&self, found: &mut HashSet<Value>) {
        let choices = self.choices();
        if !self.carried.iter().any(|carry| choices.contains_key(&carry.next)) {
            return;
        }
        let old = self.values_before();
        for carry in self.carried {
            let (mut next, mut own) = (carry.next, Vec::new());
            // One choice may follow another: each keeps what those before it have left.
            while let Some((cond, sides)) = choices.get(&next)
                && let [true, false] | [false, true] = sides.map(|side| old.contains(&side))
            {
                own.push((next, *cond));
                next = sides[usize::from(old.contains(&sides[1]))];
            }
            if next == carry.value && !own.is_empty() {
                let waits = self.followed(HashMap::from([(carry.value, 0)]));
                let waits_long = |cond: &Value| waits.get(cond).is_some_and(|wait| *wait >= LONG_WAIT);
                found.extend(own.into_iter().filter(|(_, cond)| waits_long(cond)).map(|(choice, _)| choice));
            }
        }
    }

    /// The integers that are chosen.
    fn choices(&self) -> HashMap<Value, Choice> {
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
        choices.retain(|value, _| !self.code.values[*value].ty.is_float());
        choices
    }

    /// What comes from earlier iterations, but for what only counts them.
    fn values_before(&self) -> HashSet<Value> {
        let counts = |carry: &&Carried| {
            let Inst::Op(LaneOp::IAdd | LaneOp::ISub, args) = &self.code.values[carry.next].inst else {
                return false;
            };
            let is_constant = |value: &Value| matches!(self.code.values[*value].inst, Inst::Const(_));
            args[0] == carry.value && is_constant(&args[1])
        };
        let others = self.carried.iter().filter(|carry| !counts(carry)).map(|carry| (carry.value, 0));
        self.followed(others.collect()).into_keys().collect()
    }

    /// Adds what depends on these values, in the order in which it is computed, with the cycles until it is there.
    fn followed(&self, mut waits: HashMap<Value, u32>) -> HashMap<Value, u32> {
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
