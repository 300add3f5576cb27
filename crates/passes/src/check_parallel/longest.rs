//! Measures in front of a parallel loop how long the arrays are that its iterations make, where that differs between them.
//!
//! ```text
//! parfor v1 in v0 {               parfor v5 in v0 { v6 = add v5, 1; x0 = v6 }  max x0 into x1
//!   v2: usize = add v1, 1    ⇒    v7: usize = x1
//!   alloc b1[v2]                  parfor v1 in v0 { v2: usize = add v1, 1; v8: usize = min v2, v7; alloc b1[v8] … }
//! ```
//!
//! A length is no more than the longest one, so that the minimum changes nothing; but it says that there is memory of a length that
//! is known in front. Lengths are measured that an iteration computes from its index and from arrays that nobody stores to
//! meanwhile. Indices that the iteration has not checked yet lead nowhere: it will complain of them itself, and its length
//! counts for nothing; nor does one that no array can have.

use crate::emit::Emit;
use crate::hash::FastSet;
use crate::private_arrays;
use parfuse_ir::grid::Grain;
use parfuse_ir::loops::walk::{self, blocks_mut};
use parfuse_ir::loops::{Block, Buffer, Expr, Loops, Parfor, Reduction, Source, Stmt, Value, VarData};
use parfuse_ir::{DType, ReduceOp, Scalar, ScalarOp};

use super::around::{defined_in, stored_in};

/// Measures the lengths that keep loops from having memory for their arrays.
pub(super) fn longest(loops: &mut Loops) {
    let mut body = std::mem::take(&mut loops.body);
    in_block(loops, &mut body);
    loops.body = body;
}

fn in_block(loops: &mut Loops, block: &mut Block) {
    for mut stmt in std::mem::take(block) {
        let is_uneven = matches!(&stmt, Stmt::Parfor(parfor) if private_arrays::of_uneven_length(loops, parfor).is_some());
        if is_uneven {
            let (inside, stored) = (defined_in(&stmt), stored_in(&stmt));
            if let Stmt::Parfor(parfor) = &mut stmt
                && let ([index], [extent]) = (&parfor.indices[..], &parfor.extents[..])
            {
                let order = walk::statements(&parfor.body).filter_map(|stmt| match stmt {
                    Stmt::Let(value) => Some(*value),
                    _ => None,
                });
                let order = order.collect();
                let in_front = Block::new();
                let mut measured =
                    Measured { index: *index, extent: *extent, order, inside, stored, in_front };
                measured.block(loops, &mut parfor.body);
                block.append(&mut measured.in_front);
            }
        } else {
            blocks_mut(&mut stmt).for_each(|inner| in_block(loops, inner));
        }
        block.push(stmt);
    }
}

/// A loop whose iterations make arrays.
struct Measured {
    index: Value,
    extent: Value,
    /// What it computes, in its order.
    order: Vec<Value>,
    /// What is defined in it, and the arrays that it stores to.
    inside: FastSet<Value>,
    stored: FastSet<Buffer>,
    /// What measures the lengths.
    in_front: Block,
}

impl Measured {
    /// Limits the lengths of the arrays that are made in a block once in an iteration.
    fn block(&mut self, loops: &mut Loops, block: &mut Block) {
        for mut stmt in std::mem::take(block) {
            match &mut stmt {
                Stmt::Alloc { shape, loc, .. } => {
                    for length in shape {
                        if let Some(most) = self.most(loops, *length) {
                            *length = Emit { loops, block, loc: *loc }.op(ScalarOp::Min, *length, most);
                        }
                    }
                }
                Stmt::If { .. } => blocks_mut(&mut stmt).for_each(|inner| self.block(loops, inner)),
                _ => {}
            }
            block.push(stmt);
        }
    }

    /// The largest of what a length is in all iterations, if it differs and can be measured.
    fn most(&mut self, loops: &mut Loops, length: Value) -> Option<Value> {
        let needed = self.needed(loops, length)?;
        let loc = loops.values[length].loc;
        let mut vars = || loops.vars.push(VarData { name: "longest".into(), dtype: DType::Usize });
        let (own, longest) = (vars(), vars());
        let mut in_front = std::mem::take(&mut self.in_front);
        let mut to = Emit { loops, block: &mut in_front, loc };
        let none = to.constant(0);
        to.block.push(Stmt::Set { var: longest, value: none });
        // Of arrays without elements nothing can be loaded.
        let mut is_some = to.loops.value(Expr::Const(Scalar::Bool(true)), DType::Bool, loc);
        for value in &needed {
            let Expr::Load { buffer, index } = to.loops.values[*value].expr.clone() else { continue };
            for axis in 0..index.len() as u8 {
                let there = to.define(Expr::Dim { buffer, axis });
                let there = to.op(ScalarOp::Lt, none, there);
                is_some = to.op(ScalarOp::And, is_some, there);
            }
        }
        let extent = to.define(Expr::Op(ScalarOp::Select, vec![is_some, self.extent, none]));
        let index = to.bound();
        let mut body = Block::new();
        let mut inner = Emit { loops: to.loops, block: &mut body, loc };
        let measured = self.computed(&mut inner, &needed, index, length);
        body.push(Stmt::Set { var: own, value: measured });
        in_front.push(Stmt::Parfor(Parfor {
            indices: vec![index],
            extents: vec![extent],
            reductions: vec![Reduction::simple(ReduceOp::Max, own, longest)],
            grain: Grain::of(&body),
            elements: false,
            sources: vec![Source::new("test", loc)],
            body,
        }));
        let most = Emit { loops, block: &mut in_front, loc }.define(Expr::Var(longest));
        self.in_front = in_front;
        Some(most)
    }

    /// A length in another loop over the same iterations: zero where an iteration fails before it makes the array.
    fn computed(&self, to: &mut Emit<'_>, needed: &[Value], index: Value, length: Value) -> Value {
        let mut copies = crate::copies::Copies::default();
        copies.values.insert(self.index, index);
        let none = to.constant(0);
        let mut is_right = None;
        for value in needed {
            let mut data = to.loops.values[*value].clone();
            walk::operands_mut(&mut data.expr, |operand| *operand = copies.value(*operand));
            if let Expr::Load { buffer, index } = &mut data.expr {
                for (axis, position) in index.iter_mut().enumerate() {
                    let there = to.define(Expr::Dim { buffer: *buffer, axis: axis as u8 });
                    let is_there = to.op(ScalarOp::Lt, *position, there);
                    *position = to.define(Expr::Op(ScalarOp::Select, vec![is_there, *position, none]));
                    is_right = Some(match is_right {
                        Some(others) => to.op(ScalarOp::And, others, is_there),
                        None => is_there,
                    });
                }
            }
            let copy = to.loops.values.push(data);
            to.block.push(Stmt::Let(copy));
            copies.values.insert(*value, copy);
        }
        let (length, most) = (copies.value(length), to.constant(isize::MAX as usize));
        let is_length = to.op(ScalarOp::Ge, most, length);
        let is_length = match is_right {
            Some(is_right) => to.op(ScalarOp::And, is_right, is_length),
            None => is_length,
        };
        to.define(Expr::Op(ScalarOp::Select, vec![is_length, length, none]))
    }

    /// What is to be computed for a length, in its order, if that differs between iterations and can be computed anywhere.
    fn needed(&self, loops: &Loops, length: Value) -> Option<Vec<Value>> {
        let (mut found, mut pending) = (FastSet::default(), vec![length]);
        let mut differs = false;
        while let Some(value) = pending.pop() {
            differs |= value == self.index;
            if value == self.index || !self.inside.contains(&value) || !found.insert(value) {
                continue;
            }
            let expr = &loops.values[value].expr;
            match expr {
                Expr::Op(..) | Expr::Cast(_) | Expr::Trips { .. } => {}
                Expr::Load { buffer, .. } | Expr::Dim { buffer, .. } if !self.stored.contains(buffer) => {}
                Expr::Const(_) | Expr::Param(_) => {}
                _ => return None,
            }
            walk::operands(expr, |operand| pending.push(operand));
        }
        differs.then(|| self.order.iter().copied().filter(|value| found.contains(value)).collect())
    }
}
