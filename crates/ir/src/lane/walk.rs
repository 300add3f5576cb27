//! What instructions and nodes of Lane use, define and contain.
//!
//! ```text
//! operands     what an instruction uses
//! uses         what a node itself uses, the values that leave its branches or its loop among them; not what its
//!              instruction or the blocks inside it use
//! reads        what a node itself uses, its instruction included
//! defined      the values that a node makes visible: its own, or those that it binds
//! blocks       the blocks directly inside
//! ```
//!
//! [`visit_serial`] goes through all serial code of a kernel.

use super::{Address, Code, Inst, Lane, LaneLoop, Lanes, Node, Value, Walk};
use crate::walk::{Blocks, BlocksMut, Statement, visit_blocks_within};
pub use crate::walk::{blocks_mut as each_block_mut, nesting, retain, statements, visit_mut, visit_within};
use smallvec::{SmallVec, smallvec};

macro_rules! address {
    ($address:expr, $f:ident) => {{
        let Address { base, lanes } = $address;
        $f(base);
        match lanes {
            Lanes::Uniform | Lanes::Unit | Lanes::Part { .. } => {}
            Lanes::Strided(value) | Lanes::Gather(value) => $f(value),
        }
    }};
}

macro_rules! operands {
    ($inst:expr, $iter:ident, $f:ident) => {
        match $inst {
            Inst::Const(_)
            | Inst::Slot(_)
            | Inst::Bound
            | Inst::LaneIndex
            | Inst::RowIndex(_)
            | Inst::LinearIndex
            | Inst::Dim(..)
            | Inst::Stride(..) => {}
            Inst::Op(_, args) => args.$iter().for_each($f),
            Inst::Any(mask) => $f(mask),
            Inst::Outside(first, end) => [first, end].into_iter().for_each($f),
            Inst::Load { address, mask, .. } => {
                address!(address, $f);
                mask.$iter().for_each($f);
            }
        }
    };
}

macro_rules! uses {
    ($node:expr, $iter:ident, $f:ident) => {
        match $node {
            Node::Let(_) | Node::Move { .. } | Node::Launch(_) | Node::Call(_) => {}
            Node::Store { address, value, mask, .. } => {
                address!(address, $f);
                $f(value);
                mask.$iter().for_each($f);
            }
            Node::If { cond, results, .. } => {
                $f(cond);
                for merge in results.$iter() {
                    let super::Merge { then, otherwise, .. } = merge;
                    $f(then);
                    $f(otherwise);
                }
            }
            Node::Loop { carried, cond, .. } => {
                $f(cond);
                for carry in carried.$iter() {
                    let super::Carried { init, next, .. } = carry;
                    $f(init);
                    $f(next);
                }
            }
            Node::Lanes(LaneLoop { extent, reductions, .. }) => {
                $f(extent);
                for reduction in reductions.$iter() {
                    let super::Reduction { contribution, .. } = reduction;
                    $f(contribution);
                }
            }
            Node::Check { ok, args, iteration, mask, .. } => {
                $f(ok);
                args.$iter().chain(iteration).chain(mask).for_each($f);
            }
            Node::SetSlot { value, .. } => $f(value),
            Node::Resize { length, .. } => $f(length),
            Node::Alloc { shape, .. } => shape.$iter().for_each($f),
        }
    };
}

macro_rules! blocks {
    ($node:expr) => {{
        let inside: SmallVec<[_; 2]> = match $node {
            Node::If { then: first, otherwise: second, .. }
            | Node::Loop { header: first, body: second, .. }
            | Node::Lanes(LaneLoop { prologue: first, body: second, .. }) => smallvec![first, second],
            Node::Let(_)
            | Node::Store { .. }
            | Node::Check { .. }
            | Node::SetSlot { .. }
            | Node::Alloc { .. }
            | Node::Move { .. }
            | Node::Resize { .. }
            | Node::Launch(_)
            | Node::Call(_) => smallvec![],
        };
        inside.into_iter()
    }};
}

/// Calls `f` with each value that an instruction uses.
#[inline]
pub fn operands(inst: &Inst, mut f: impl FnMut(Value)) {
    let mut f = |value: &Value| f(*value);
    operands!(inst, iter, f)
}

/// Calls `f` with each value that an instruction uses, for changing it.
#[inline]
pub fn operands_mut(inst: &mut Inst, mut f: impl FnMut(&mut Value)) {
    operands!(inst, iter_mut, f)
}

/// Calls `f` with each value that a node uses itself. What the instruction of a `Let` uses is left to [`operands`].
#[inline]
pub fn uses(node: &Node, mut f: impl FnMut(Value)) {
    let mut f = |value: &Value| f(*value);
    uses!(node, iter, f)
}

/// Calls `f` with each value that a node uses itself, for changing it.
#[inline]
pub fn uses_mut(node: &mut Node, mut f: impl FnMut(&mut Value)) {
    uses!(node, iter_mut, f)
}

/// Calls `f` with each value that a node uses itself, what the instruction of a `Let` uses among them.
#[inline]
pub fn reads(code: &Code, node: &Node, f: impl FnMut(Value)) {
    match node {
        Node::Let(value) => operands(&code.values[*value].inst, f),
        _ => uses(node, f),
    }
}

/// Calls `f` with each value that a node defines: its own, or those that it binds.
#[inline]
pub fn defined(node: &Node, mut f: impl FnMut(Value)) {
    match node {
        Node::Let(value) => f(*value),
        Node::If { results, .. } => results.iter().for_each(|merge| f(merge.value)),
        Node::Loop { carried, .. } => carried.iter().for_each(|carry| f(carry.value)),
        Node::Lanes(own) => own.reductions.iter().for_each(|reduction| f(reduction.total)),
        Node::Store { .. }
        | Node::Check { .. }
        | Node::SetSlot { .. }
        | Node::Alloc { .. }
        | Node::Move { .. }
        | Node::Resize { .. }
        | Node::Launch(_)
        | Node::Call(_) => {}
    }
}

/// The blocks directly inside a node, in the order in which they run.
#[inline]
pub fn blocks(node: &Node) -> Blocks<'_, Node> {
    blocks!(node)
}

/// The blocks directly inside a node, for changing them.
#[inline]
pub fn blocks_mut(node: &mut Node) -> BlocksMut<'_, Node> {
    blocks!(node)
}

impl Statement for Node {
    fn blocks(&self) -> Blocks<'_, Node> {
        blocks(self)
    }
    fn blocks_mut(&mut self) -> BlocksMut<'_, Node> {
        blocks_mut(self)
    }
}

impl Address {
    /// The values it uses.
    #[inline]
    pub fn values(&self) -> impl Iterator<Item = Value> + use<> {
        let lanes = match self.lanes {
            Lanes::Uniform | Lanes::Unit | Lanes::Part { .. } => None,
            Lanes::Strided(value) | Lanes::Gather(value) => Some(value),
        };
        std::iter::once(self.base).chain(lanes)
    }
}

/// As [`visit_within`], for all serial code: that of the driver, and of regions that run once, where they are launched.
pub fn visit_serial<'a, C: Clone>(lane: &'a Lane, context: C, f: impl FnMut(&'a Node, C) -> C) {
    let inside = |node: &'a Node| match node {
        Node::Launch(id) if lane.regions[*id].walk == Walk::Once => {
            let region = &lane.regions[*id];
            smallvec![&region.prologue, &region.code.body].into_iter()
        }
        node => node.blocks(),
    };
    visit_blocks_within(&lane.driver.body, inside, context, f);
}
