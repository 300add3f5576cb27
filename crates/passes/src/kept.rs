//! Keeps what each iteration of a loop contributes to its reductions, for a loop behind it to combine.
//!
//! ```text
//! parfor v1 in v0 {                          alloc b1[v0]
//!   reduce sum x0 into x1              ⇒     … x0 = 0.0   x0 = …   v2 = x0   store b1[v1], v2 …
//!   x0 = …                                   parfor v3 in v0 { reduce sum x2 into x1   v4 = load b1[v3]   x2 = v4 }
//! }
//! ```
//!
//! The loop behind has the space of the first one, so that it combines in the same order, in whatever order the iterations
//! have run.

use crate::emit::Emit;
use parfuse_ir::grid::Grain;
use parfuse_ir::loops::{
    Block, Buffer, BufferData, Expr, Loops, Origin, Parfor, Reduction, Source, Stmt, Target, Value, Var,
    VarData,
};
use parfuse_ir::{DType, Loc};

/// The arrays that contributions are kept in, one for each word of each reduction.
pub(crate) struct Kept {
    reductions: Vec<Reduction>,
    arrays: Vec<Vec<Buffer>>,
    /// The space.
    extents: Vec<Value>,
}

impl Kept {
    /// Makes room for the contributions to these reductions, all of whose totals go to variables, of the iterations of a
    /// space; nothing if some do not.
    pub(crate) fn new(to: &mut Emit<'_>, reductions: &[Reduction], extents: &[Value]) -> Option<Kept> {
        if !reductions.iter().all(|own| matches!(own.into, Target::Vars(_))) {
            return None;
        }
        let rank = extents.len() as u8;
        let mut array = |local: &Var| {
            let VarData { name, dtype } = to.loops.vars[*local].clone();
            let buffer = to.loops.buffers.push(BufferData { name, dtype, rank, origin: Origin::Local });
            let shape = extents.to_vec();
            to.block.push(Stmt::Alloc { buffer, shape, zeroed: false, loc: to.loc });
            buffer
        };
        let arrays = reductions.iter().map(|own| own.locals.iter().map(&mut array).collect()).collect();
        Some(Kept { reductions: reductions.to_vec(), arrays, extents: extents.to_vec() })
    }

    /// At the head of an iteration: it has contributed nothing yet.
    pub(crate) fn begin(&self, loops: &mut Loops, block: &mut Block) {
        for own in &self.reductions {
            let types: Vec<DType> = own.locals.iter().map(|local| loops.vars[*local].dtype).collect();
            for (local, identity) in own.locals.iter().zip(own.combine.identity(&types)) {
                let value = loops.value(Expr::Const(identity), identity.dtype(), Loc::NONE);
                block.push(Stmt::Set { var: *local, value });
            }
        }
    }

    /// At the end of the iteration at these indices: keeps what it contributes.
    pub(crate) fn keep(&self, loops: &mut Loops, indices: &[Value], block: &mut Block, loc: Loc) {
        let locals = self.reductions.iter().flat_map(|own| &own.locals);
        for (local, buffer) in locals.zip(self.arrays.iter().flatten()) {
            let value = loops.value(Expr::Var(*local), loops.vars[*local].dtype, loc);
            block.push(Stmt::Let(value));
            block.push(Stmt::Store { buffer: *buffer, index: indices.to_vec(), value, loc });
        }
    }

    /// Combines what has been kept.
    pub(crate) fn combine(
        self,
        loops: &mut Loops,
        sources: Vec<Source>,
        grain: Grain,
        block: &mut Block,
        loc: Loc,
    ) {
        if self.reductions.is_empty() {
            return;
        }
        let mut body = Block::new();
        let indices: Vec<Value> =
            self.extents.iter().map(|_| loops.value(Expr::Bound, DType::Usize, loc)).collect();
        let mut reductions = self.reductions;
        for (own, arrays) in reductions.iter_mut().zip(&self.arrays) {
            for (local, buffer) in own.locals.iter_mut().zip(arrays) {
                let data = loops.vars[*local].clone();
                let dtype = data.dtype;
                *local = loops.vars.push(data);
                let load = Expr::Load { buffer: *buffer, index: indices.clone() };
                let value = loops.value(load, dtype, loc);
                body.extend([Stmt::Let(value), Stmt::Set { var: *local, value }]);
            }
        }
        let extents = self.extents;
        let elements = false;
        block.push(Stmt::Parfor(Parfor { indices, extents, reductions, body, sources, grain, elements }));
    }
}
