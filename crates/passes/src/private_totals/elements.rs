//! The elements that iterations combine into, for each share: filled, and added up.
//!
//! ```text
//! for v2 in v0 { store b3[v1, v2], 0 }
//! parfor v2 in v0 { b0[v2] = b0[v2] + (b3[0, v2] + b3[1, v2] + …) }
//! ```
//!
//! A share's elements start as what changes no bit of others, so that elements that nothing is combined into stay as they
//! are, -0.0 and NaN too.

use crate::emit::Emit;
use parfuse_ir::grid::Grain;
use parfuse_ir::loops::{
    Block, Buffer, BufferData, Expr, Loops, Origin, Parfor, Source, Stmt, Value, VarData,
};
use parfuse_ir::{DType, Loc, ReduceOp, ScalarOp};

/// An array that the iterations combine values into.
pub(super) struct Totals {
    pub(super) buffer: Buffer,
    op: ReduceOp,
    /// Its lengths, in front of the loop.
    pub(super) lengths: Vec<Value>,
    /// What holds those of all shares.
    pub(super) own: Buffer,
}

impl Totals {
    pub(super) fn new(to: &mut Emit<'_>, buffer: Buffer, op: ReduceOp) -> Totals {
        let data = to.loops.buffers[buffer].clone();
        let lengths = (0..data.rank).map(|axis| to.define(Expr::Dim { buffer, axis })).collect();
        let own = BufferData { rank: data.rank + 1, origin: Origin::Local, ..data };
        Totals { buffer, op, lengths, own: to.loops.buffers.push(own) }
    }

    /// Whether the same comes out in whatever order it is combined.
    pub(super) fn is_exact(&self, loops: &Loops) -> bool {
        self.op.is_exact(self.dtype(loops))
    }

    fn dtype(&self, loops: &Loops) -> DType {
        loops.buffers[self.buffer].dtype
    }

    /// Sets the totals of a share to what combines with nothing.
    pub(super) fn fill(&self, to: &mut Emit<'_>, share: Value) {
        let nothing = self.op.nothing(self.dtype(to.loops));
        let value = to.loops.value(Expr::Const(nothing), nothing.dtype(), Loc::NONE);
        let indices: Vec<Value> = self.lengths.iter().map(|_| to.bound()).collect();
        let index = std::iter::once(share).chain(indices.iter().copied()).collect();
        let mut stmt = Stmt::Store { buffer: self.own, index, value, loc: to.loc };
        for (index, length) in indices.iter().zip(&self.lengths).rev() {
            stmt = Stmt::For { index: *index, extent: *length, until: None, body: vec![stmt] };
        }
        to.block.push(stmt);
    }

    /// Has the elements take in the totals of all shares, of which there are several.
    pub(super) fn add_up(&self, to: &mut Emit<'_>, shares: Value) {
        let one = to.constant(1);
        let more = to.op(ScalarOp::Sub, shares, one);
        let dtype = self.dtype(to.loops);
        let indices: Vec<Value> = self.lengths.iter().map(|_| to.bound()).collect();
        let mut body = Block::new();
        let mut inside = Emit { loops: to.loops, block: &mut body, loc: to.loc };
        let of_share =
            |share: Value| std::iter::once(share).chain(indices.iter().copied()).collect::<Vec<Value>>();
        let total = inside.loops.vars.push(VarData { name: "total".into(), dtype });
        let first = inside.constant(0);
        let value = inside.load(self.own, of_share(first));
        inside.block.push(Stmt::Set { var: total, value });
        let turn = inside.bound();
        let mut again = Block::new();
        let mut turns = Emit { loops: inside.loops, block: &mut again, loc: to.loc };
        let one = turns.constant(1);
        let share = turns.op(ScalarOp::Add, turn, one);
        let other = turns.load(self.own, of_share(share));
        let before = turns.typed(Expr::Var(total), dtype);
        let value = turns.typed(Expr::Op(self.op.combine(), vec![before, other]), dtype);
        turns.block.push(Stmt::Set { var: total, value });
        inside.block.push(Stmt::For { index: turn, extent: more, until: None, body: again });
        let before = inside.load(self.buffer, indices.clone());
        let all = inside.typed(Expr::Var(total), dtype);
        let value = inside.typed(Expr::Op(self.op.combine(), vec![before, all]), dtype);
        inside.block.push(Stmt::Store { buffer: self.buffer, index: indices.clone(), value, loc: to.loc });
        if indices.is_empty() {
            to.block.append(&mut body);
            return;
        }
        let sources = vec![Source::new("totals of shares", to.loc)];
        to.block.push(Stmt::Parfor(Parfor {
            indices,
            extents: self.lengths.clone(),
            reductions: Vec::new(),
            grain: Grain::of(&body),
            body,
            sources,
            elements: false,
        }));
    }
}
