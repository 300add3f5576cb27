//! Whether a step can be run a second time: to find which of its elements fails, or for some of its elements alone.
//!
//! ```text
//! k = load x[i]                        k = load x[i]
//! check k < n, …                       store x[i], 0
//! store y[i], …                        check k < n, …
//! again: the same k                    again: k is 0, and nothing fails
//! ```
//!
//! When a check fails in a step, some stores of its elements have been done. A second run of the same elements goes the
//! same way unless what a check, or a branch around one, depends on was loaded from an array that the region also
//! stores to, and a check comes after such a store. That is seldom; such regions have no steps but go on as if each were
//! the rest of a row, which needs no second run.

use parfuse_ir::arena::Id;
use parfuse_ir::lane::{Inst, Node, Region, Value, walk};

/// Whether checks say the same in a second run.
pub(crate) fn goes_the_same_way(region: &Region) -> bool {
    let mut walk = Walk::of(region);
    walk.accesses(&region.code.body);
    if walk.loaded.iter().any(|buffer| walk.stored.contains(buffer)) {
        walk.block(&region.code.body, false);
    }
    !(walk.checks_after && walk.depending_check)
}

/// Whether elements that have been computed may be again: nothing is combined, and nothing loaded that is stored.
pub(crate) fn changes_nothing(region: &Region) -> bool {
    let mut walk = Walk::of(region);
    walk.accesses(&region.code.body);
    region.words() == 0 && !walk.loaded.iter().any(|buffer| walk.stored.contains(buffer))
}

struct Walk<'a> {
    region: &'a Region,
    /// The buffers that are loaded from, and those that are stored to, by number.
    loaded: Vec<u32>,
    stored: Vec<u32>,
    /// By value: whether it depends on something loaded from a buffer that is also stored to.
    depends: Vec<bool>,
    /// Whether such a buffer has been stored to so far.
    overwritten: bool,
    /// Whether a check comes after such a store.
    checks_after: bool,
    /// Whether a check depends on such a load.
    depending_check: bool,
    /// Whether something new was found.
    changed: bool,
}

impl Walk<'_> {
    fn of(region: &Region) -> Walk<'_> {
        Walk {
            region,
            loaded: Vec::new(),
            stored: Vec::new(),
            depends: vec![false; region.code.values.len()],
            overwritten: false,
            checks_after: false,
            depending_check: false,
            changed: false,
        }
    }

    /// Collects the buffers that nodes access.
    fn accesses(&mut self, nodes: &[Node]) {
        for node in walk::statements(nodes) {
            match node {
                Node::Let(value) => {
                    if let Inst::Load { buffer, .. } = &self.region.code.values[*value].inst {
                        self.loaded.push(buffer.0);
                    }
                }
                Node::Store { buffer, .. } => self.stored.push(buffer.0),
                _ => {}
            }
        }
    }

    fn is_rewritten(&self, buffer: u32) -> bool {
        self.loaded.contains(&buffer) && self.stored.contains(&buffer)
    }

    fn any(&self, values: &[Value]) -> bool {
        values.iter().any(|value| self.depends[value.index()])
    }

    fn note(&mut self, value: Value, depends: bool) {
        let known = &mut self.depends[value.index()];
        self.changed |= depends && !*known;
        *known |= depends;
    }

    /// Follows nodes; `decided` says whether it depends on such a load that they are run.
    fn block(&mut self, nodes: &[Node], decided: bool) {
        for node in nodes {
            match node {
                Node::Let(value) => {
                    let inst = &self.region.code.values[*value].inst;
                    let mut depends =
                        matches!(inst, Inst::Load { buffer, .. } if self.is_rewritten(buffer.0));
                    walk::operands(inst, |operand| depends |= self.depends[operand.index()]);
                    self.note(*value, depends);
                }
                Node::Store { buffer, .. } => {
                    let rewrites = self.is_rewritten(buffer.0);
                    self.changed |= rewrites && !self.overwritten;
                    self.overwritten |= rewrites;
                }
                Node::Check { .. } => {
                    self.checks_after |= self.overwritten;
                    self.depending_check |= decided;
                    walk::uses(node, |value| self.depending_check |= self.depends[value.index()]);
                }
                Node::If { cond, then, otherwise, results } => {
                    let chosen = self.any(&[*cond]);
                    self.block(then, decided || chosen);
                    self.block(otherwise, decided || chosen);
                    for merge in results {
                        let depends = chosen || self.any(&[merge.then, merge.otherwise]);
                        self.note(merge.value, depends);
                    }
                }
                Node::Loop { carried, header, cond, body } => loop {
                    let before = std::mem::replace(&mut self.changed, false);
                    for carry in carried {
                        let depends = self.any(&[carry.init, carry.next, *cond]);
                        self.note(carry.value, depends);
                    }
                    self.block(header, decided || self.any(&[*cond]));
                    self.block(body, decided || self.any(&[*cond]));
                    let again = std::mem::replace(&mut self.changed, before);
                    if !again {
                        break;
                    }
                    self.changed = true;
                },
                // Elements that run one by one have no steps.
                Node::Lanes(_)
                | Node::SetSlot { .. }
                | Node::Alloc { .. }
                | Node::Move { .. }
                | Node::Resize { .. }
                | Node::Launch(_)
                | Node::Call(_) => {}
            }
        }
    }
}
