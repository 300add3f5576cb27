//! Removes values that nothing needs: spare squarings of an expanded power, both variants of a folded
//! choice, carried values that only carry themselves.
//!
//! Values are needed by stores, checks, slots, conditions and other needed values; a result of a branch or a
//! carried value is needed only if something uses it.

use crate::hash::FastMap;
use parfuse_ir::arena::Id;
use parfuse_ir::lane::{Block, Code, Inst, LaneLoop, Node, Reduction, Value, walk};

/// Removes dead values from a region's code and prologue; `roots` are needed.
pub(super) fn remove(code: &mut Code, prologue: &mut Block, roots: &[Value]) {
    let mut needs = Needs { pending: roots.to_vec(), bound: FastMap::default() };
    needs.block(prologue);
    needs.block(&code.body);
    let mut live = vec![false; code.values.len()];
    while let Some(value) = needs.pending.pop() {
        if std::mem::replace(&mut live[value.index()], true) {
            continue;
        }
        match &code.values[value].inst {
            Inst::Bound => needs.pending.extend(needs.bound.get(&value).into_iter().flatten()),
            inst => walk::operands(inst, |operand| needs.pending.push(operand)),
        }
    }
    sweep(prologue, &live);
    sweep(&mut code.body, &live);
}

/// What is still to be marked, and what marks the values that nodes bind.
struct Needs {
    pending: Vec<Value>,
    bound: FastMap<Value, [Value; 2]>,
}

impl Needs {
    fn block(&mut self, block: &Block) {
        for node in walk::statements(block) {
            match node {
                Node::If { cond, results, .. } => {
                    self.pending.push(*cond);
                    self.bound
                        .extend(results.iter().map(|merge| (merge.value, [merge.then, merge.otherwise])));
                }
                Node::Loop { carried, cond, .. } => {
                    self.pending.push(*cond);
                    self.bound
                        .extend(carried.iter().map(|carried| (carried.value, [carried.init, carried.next])));
                }
                Node::Lanes(LaneLoop { extent, reductions, .. }) => {
                    self.pending.push(*extent);
                    let contribution = |own: &Reduction<Value>| (own.total, [own.contribution; 2]);
                    self.bound.extend(reductions.iter().map(contribution));
                }
                _ => walk::uses(node, |value| self.pending.push(value)),
            }
        }
    }
}

fn sweep(block: &mut Block, live: &[bool]) {
    block.retain_mut(|node| match node {
        Node::Let(value) => live[value.index()],
        Node::If { then, otherwise, results, .. } => {
            sweep(then, live);
            sweep(otherwise, live);
            results.retain(|merge| live[merge.value.index()]);
            !(then.is_empty() && otherwise.is_empty() && results.is_empty())
        }
        Node::Loop { carried, header, body, .. } => {
            sweep(header, live);
            sweep(body, live);
            carried.retain(|carried| live[carried.value.index()]);
            true
        }
        Node::Lanes(LaneLoop { reductions, prologue, body, .. }) => {
            sweep(prologue, live);
            sweep(body, live);
            reductions.retain(|reduction| live[reduction.total.index()]);
            !(body.is_empty() && reductions.is_empty())
        }
        _ => true,
    });
}
