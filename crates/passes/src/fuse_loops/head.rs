//! What is known of the loop that others are fused into. It grows with each of them.
//!
//! ```text
//! parfor v1 in v0 { store b1[v1], v2 }                     b1: touched at v1, which is each iteration's own
//!   + parfor v3 in v0 { load b1[v3]; store b2[v3 + 1] }    b2: touched at v1 + 1
//! ```
//!
//! Whether a loop can join is found out from that and the loop alone, however many have joined before.

use crate::effects::Effects;
use crate::hash::FastMap;
use crate::same::Same;
use parfuse_ir::loops::{Block, Buffer, Loops, Parfor, Reduction, Value, Var, walk};

/// The first loop.
pub(super) struct Head {
    /// Where it stood in its block.
    pub(super) position: usize,
    pub(super) effects: Effects,
    /// By variable: the first reduction that it is the target or the local of.
    pub(super) reduced: FastMap<Var, usize>,
    /// By variable: the first reduction that it is the target of.
    pub(super) targets: FastMap<Var, usize>,
    reductions: usize,
    touched: FastMap<Buffer, Touched>,
}

/// Where a loop touches a buffer.
struct Touched {
    /// The first index tuple.
    element: Vec<Value>,
    /// Whether all the others are the same.
    one_element: bool,
    /// By axis and dimension: whether all have the index of the dimension there.
    own: Vec<Vec<bool>>,
}

impl Head {
    pub(super) fn new(loops: &Loops, parfor: &Parfor, effects: Effects, position: usize) -> Head {
        let mut head = Head {
            position,
            effects,
            reduced: FastMap::default(),
            targets: FastMap::default(),
            reductions: 0,
            touched: FastMap::default(),
        };
        head.touch(loops, &parfor.indices, &parfor.body);
        head.reduce(&parfor.reductions);
        head
    }

    /// Makes a loop part of this one, of the same indices by now.
    pub(super) fn take_in(&mut self, loops: &Loops, a: &Parfor, b: &Parfor, effects: Effects) {
        self.effects.append(&effects);
        self.touch(loops, &a.indices, &b.body);
        self.reduce(&b.reductions);
    }

    fn reduce(&mut self, reductions: &[Reduction]) {
        for reduction in reductions {
            for target in reduction.target_vars() {
                self.targets.entry(target).or_insert(self.reductions);
            }
            for var in reduction.target_vars().chain(reduction.locals.iter().copied()) {
                self.reduced.entry(var).or_insert(self.reductions);
            }
            self.reductions += 1;
        }
    }

    fn touch(&mut self, loops: &Loops, indices: &[Value], body: &Block) {
        let same = Same::new(loops);
        walk::accesses(loops, body).for_each(|(buffer, index)| {
            let touched = self.touched.entry(buffer).or_insert_with(|| Touched {
                element: index.to_vec(),
                one_element: true,
                own: vec![vec![true; indices.len()]; index.len()],
            });
            touched.one_element = touched.one_element && same.tuples(&touched.element, index);
            for (own, at) in touched.own.iter_mut().zip(index) {
                own.iter_mut().zip(indices).for_each(|(own, index)| *own &= at == index);
            }
        });
    }

    /// Whether iterations of the head and of another loop that touch one element of a buffer are the same iteration;
    /// `in_other` is where the other touches it.
    pub(super) fn stays_apart(
        &self,
        loops: &Loops,
        a: &Parfor,
        b: &Parfor,
        buffer: Buffer,
        in_other: &[&[Value]],
    ) -> bool {
        let touched = &self.touched[&buffer];
        let same = Same::between(loops, &a.indices, &b.indices);
        // All touch one element, or each iteration keeps to a part that is its own: every index of the loops stands in
        // all accesses on one and the same axis.
        touched.one_element && in_other.iter().all(|index| same.tuples(&touched.element, index))
            || b.indices.iter().enumerate().all(|(dimension, own)| {
                let axis = |axis: usize| {
                    touched.own[axis][dimension] && in_other.iter().all(|index| index[axis] == *own)
                };
                (0..touched.own.len()).any(axis)
            })
    }
}

/// The index tuples with which a block touches each buffer.
pub(super) fn accesses<'a>(loops: &'a Loops, block: &'a Block) -> FastMap<Buffer, Vec<&'a [Value]>> {
    let mut accesses: FastMap<Buffer, Vec<&[Value]>> = FastMap::default();
    walk::accesses(loops, block).for_each(|(buffer, index)| accesses.entry(buffer).or_default().push(index));
    accesses
}
