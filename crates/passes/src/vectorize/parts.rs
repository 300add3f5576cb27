//! Strided accesses that together reach all of as many neighbours: halves of pairs, of which real and imaginary parts, samples
//! left and right, and coefficients of wavelets are made.
//!
//! ```text
//! v3 = load b0[v1 + lanes * 2]                    v3 = load b0[v1 + lanes of 2 at 0]
//! v4 = load b0[v2 + lanes * 2]          ⇒         v4 = load b0[v1 + lanes of 2 at 1]           (v2 = v1 + 1)
//! ```
//!
//! Whole registers are loaded then, and shuffled apart, instead of element by element. All neighbours of a lane exist if the
//! first and the last of them are loaded in any case; stores have to be of all of them. Nothing may fail in front of the accesses:
//! what is there is there only if it did not.

use crate::hash::FastSet;
use parfuse_ir::lane::{Address, Buffer, Code, Inst, LaneOp, Lanes, Node, Value, walk};
use parfuse_ir::loops::MOST_PACKED;

/// A strided access: of a load its value, of a store the number of its node.
#[derive(Clone, Copy, PartialEq)]
enum Access {
    Load(Value),
    Store(usize),
}

/// Accesses that differ by constants only.
struct Family {
    buffer: Buffer,
    stride: u8,
    root: Option<Value>,
    stores: bool,
    /// By how much, and the whole uniform part of the address.
    members: Vec<(i64, Value, Access)>,
}

/// Makes parts of neighbours of strided accesses in a region's body, to arrays of which the last axis has neighbours.
pub(super) fn join(code: &mut Code, has_neighbours: impl Fn(Buffer) -> bool) {
    let mut defined = FastSet::default();
    for node in walk::statements(&code.body) {
        walk::defined(node, |value| {
            defined.insert(value);
        });
    }
    let mut families: Vec<Family> = Vec::new();
    for (number, node) in code.body.iter().enumerate() {
        let checks = |node: &Node| matches!(node, Node::Check { .. });
        if walk::statements(std::slice::from_ref(node)).any(checks) {
            break;
        }
        let (access, buffer, address) = match node {
            Node::Let(value) => match &code.values[*value].inst {
                Inst::Load { buffer, address, mask: None } => (Access::Load(*value), *buffer, *address),
                _ => continue,
            },
            Node::Store { buffer, address, mask: None, .. } => (Access::Store(number), *buffer, *address),
            _ => continue,
        };
        let Some(stride) = short_stride(code, &address).filter(|_| has_neighbours(buffer)) else { continue };
        // The address of all has to be known in front of the body.
        if defined.contains(&address.base) {
            continue;
        }
        let stores = matches!(access, Access::Store(_));
        let (root, constant) = root(code, address.base);
        let own = |family: &&mut Family| {
            (family.buffer, family.stride, family.root, family.stores) == (buffer, stride, root, stores)
        };
        let member = (constant, address.base, access);
        match families.iter_mut().find(own) {
            Some(family) => family.members.push(member),
            None => families.push(Family { buffer, stride, root, stores, members: vec![member] }),
        }
    }
    families.iter_mut().for_each(|family| family.join(code));
}

impl Family {
    fn join(&mut self, code: &mut Code) {
        self.members.sort_by_key(|(constant, ..)| *constant);
        let mut rest = &self.members[..];
        while let Some((first, base, _)) = rest.first().copied() {
            let last = first.wrapping_add(self.stride as i64 - 1);
            let count = rest.iter().take_while(|(constant, ..)| (first..=last).contains(constant)).count();
            let (neighbours, others) = rest.split_at(count);
            let reaches = neighbours.last().is_some_and(|(constant, ..)| *constant == last);
            // Registers of neighbours that are mostly not wanted are no gain.
            let reaches = reaches && 2 * count >= self.stride as usize;
            let all = || neighbours.windows(2).all(|pair| pair[1].0 == pair[0].0 + 1);
            if !reaches || self.stores && !(count == self.stride as usize && all()) {
                rest = &rest[1..];
                continue;
            }
            for (constant, _, access) in neighbours {
                let lanes = Lanes::Part { of: self.stride, part: (constant - first) as u8 };
                let address = match access {
                    Access::Load(value) => match &mut code.values[*value].inst {
                        Inst::Load { address, .. } => address,
                        inst => unreachable!("{inst:?} is no load"),
                    },
                    Access::Store(number) => match &mut code.body[*number] {
                        Node::Store { address, .. } => address,
                        node => unreachable!("{node:?} is no store"),
                    },
                };
                *address = Address { base, lanes };
            }
            rest = others;
        }
    }
}

/// The stride of an address, if it is that of few neighbours.
fn short_stride(code: &Code, address: &Address) -> Option<u8> {
    let Lanes::Strided(stride) = address.lanes else { return None };
    let Inst::Const(stride) = code.values[stride].inst else { return None };
    u8::try_from(stride).ok().filter(|stride| (2..=MOST_PACKED).contains(stride))
}

/// What a sum is but for constants, and their sum.
fn root(code: &Code, sum: Value) -> (Option<Value>, i64) {
    let constant = |value: Value| match code.values[value].inst {
        Inst::Const(bits) => Some(bits as i64),
        _ => None,
    };
    let (mut root, mut total) = (sum, 0i64);
    loop {
        if let Some(all) = constant(root) {
            return (None, total.wrapping_add(all));
        }
        let (next, term) = match &code.values[root].inst {
            Inst::Op(LaneOp::IAdd, terms) => match (constant(terms[0]), constant(terms[1])) {
                (_, Some(term)) => (terms[0], term),
                (Some(term), None) => (terms[1], term),
                (None, None) => return (Some(root), total),
            },
            Inst::Op(LaneOp::ISub, terms) => match constant(terms[1]) {
                Some(term) => (terms[0], term.wrapping_neg()),
                None => return (Some(root), total),
            },
            _ => return (Some(root), total),
        };
        (root, total) = (next, total.wrapping_add(term));
    }
}
