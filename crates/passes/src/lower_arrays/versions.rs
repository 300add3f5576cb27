//! Assignments of arrays whose lengths may be one: a version for equal lengths, and one that broadcasts.
//!
//! ```text
//! alloc b2[v2]                          if eq v1, v2 {
//! parfor v3 in v2 { store b2[v3], … }     alloc b3[v2]
//! parfor v4 in v1 {                  →    parfor v5 in v2 { store b3[v5], … }
//!   load b2[v2 == 1 ? 0 : v4]             parfor v6 in v2 { load b3[v6] … }      which becomes one loop, without b3
//!   …                                   } else { what stands on the left }
//! ```
//!
//! Whether `v2` is one is known only when the kernel runs, but most often the lengths are equal. The loops that make what
//! is assigned go into both versions, so that each can be fused with its assignment. They do nothing but fill arrays
//! that nobody else reads, so that checks behind them may come first.

use super::Lowering;
use super::arrays::Operand;
use super::shapes::Access;
use super::views::Shown;
use crate::hash::{FastMap, FastSet};
use crate::rejection::Rejection;
use parfuse_ir::loops::walk;
use parfuse_ir::loops::{Block, Buffer, Expr, Origin, Source, Stmt, Value};
use parfuse_ir::{Loc, ScalarOp};

impl Lowering<'_> {
    /// Assigns the elements of an operand to those of an array of this shape.
    pub(super) fn assign_elements(
        &mut self,
        array: &Shown,
        shape: Vec<Value>,
        operand: Operand,
        loc: Loc,
    ) -> Result<(), Rejection> {
        let Some((equal, extents)) = self.equal_lengths(&shape, &operand, loc) else {
            return self.assign_loop(array, shape, &operand, loc);
        };
        let Operand::Array { array: read, accesses } = &operand else {
            unreachable!("a scalar has no lengths")
        };
        let producers = if read.is_whole() { self.take_producers(read.buffer()) } else { Vec::new() };
        let direct = accesses.iter().map(|access| match *access {
            Access::Either(_, dimension) => Access::Direct(dimension),
            access => access,
        });
        let direct: Vec<Access> = direct.collect();
        let (then, _, ()) = self.nested(|lowering| {
            let (mut copies, buffers) = lowering.copies(&producers);
            lowering.block.append(&mut copies);
            let read = match buffers.get(&read.buffer()) {
                Some(copy) => (*copy).into(),
                None => read.clone(),
            };
            lowering.assign_loop(array, extents, &Operand::Array { array: read, accesses: direct }, loc)
        })?;
        let (otherwise, _, ()) = self.nested(|lowering| {
            lowering.block.extend(producers);
            lowering.assign_loop(array, shape, &operand, loc)
        })?;
        self.block.push(Stmt::If { cond: equal, then, otherwise });
        Ok(())
    }

    fn assign_loop(
        &mut self,
        array: &Shown,
        shape: Vec<Value>,
        operand: &Operand,
        loc: Loc,
    ) -> Result<(), Rejection> {
        self.parallel_loop(shape, Vec::new(), Source::new("assign", loc), |lowering, indices| {
            let value = lowering.element(operand, indices, loc);
            lowering.store(array, indices, value, loc);
            Ok(())
        })
    }

    /// If some lengths of an operand may be one or equal to those of the shape: whether all are equal, and the shape in
    /// the lengths of the operand.
    fn equal_lengths(&mut self, shape: &[Value], operand: &Operand, loc: Loc) -> Option<(Value, Vec<Value>)> {
        let Operand::Array { array, accesses } = operand else { return None };
        let own = self.shape_of(array);
        let mut extents = shape.to_vec();
        let mut all: Option<Value> = None;
        for (access, length) in accesses.iter().zip(own) {
            let Access::Either(_, dimension) = *access else { continue };
            let equal = self.pure(ScalarOp::Eq, &[shape[dimension], length], loc);
            all = Some(match all {
                Some(all) => self.pure(ScalarOp::And, &[all, equal], loc),
                None => equal,
            });
            extents[dimension] = length;
        }
        all.map(|all| (all, extents))
    }

    /// Takes the loops that make an array, which nobody else reads, from the end of the block.
    fn take_producers(&mut self, made: Buffer) -> Block {
        if !self.single_use.contains(&made) {
            return Block::new();
        }
        let mut made: FastSet<Buffer> = FastSet::from_iter([made]);
        let mut first = self.block.len();
        for (position, stmt) in self.block.iter().enumerate().rev() {
            match stmt {
                Stmt::Let(value) => {
                    let expr = &self.output.values[*value].expr;
                    if !matches!(expr, Expr::Op(..) | Expr::Cast(_)) {
                        break;
                    }
                }
                Stmt::Check { .. } => {}
                Stmt::Alloc { buffer, .. } if made.contains(buffer) => first = position,
                Stmt::Parfor(parfor) if parfor.reductions.is_empty() => {
                    let mut read = Vec::new();
                    let only_fills = walk::statements(&parfor.body).all(|stmt| match stmt {
                        Stmt::Let(value) => {
                            if let Expr::Load { buffer, .. } = self.output.values[*value].expr {
                                read.push(buffer);
                            }
                            true
                        }
                        Stmt::Store { buffer, .. } => made.contains(buffer),
                        _ => false,
                    });
                    if !only_fills {
                        break;
                    }
                    made.extend(read.into_iter().filter(|buffer| self.single_use.contains(buffer)));
                    first = position;
                }
                _ => break,
            }
        }
        let (loops, rest) = self
            .block
            .drain(first..)
            .partition(|stmt| matches!(stmt, Stmt::Parfor(_)) || matches!(stmt, Stmt::Alloc { .. }));
        self.block.extend::<Block>(rest);
        loops
    }

    /// The same loops with values and arrays of their own, and which arrays these are.
    fn copies(&mut self, block: &Block) -> (Block, FastMap<Buffer, Buffer>) {
        let mut values: FastMap<Value, Value> = FastMap::default();
        let mut buffers: FastMap<Buffer, Buffer> = FastMap::default();
        for stmt in walk::statements(block) {
            walk::defined(stmt, |value| {
                let data = self.output.values[value].clone();
                values.insert(value, self.output.values.push(data));
            });
            if let Stmt::Alloc { buffer, .. } = stmt {
                let data = self.output.buffers[*buffer].clone();
                debug_assert_eq!(data.origin, Origin::Local);
                buffers.insert(*buffer, self.output.buffers.push(data));
            }
        }
        let renamed = |value: &mut Value| *value = *values.get(value).unwrap_or(value);
        for copy in values.values() {
            let expr = &mut self.output.values[*copy].expr;
            walk::operands_mut(expr, renamed);
            if let Expr::Load { buffer, .. } = expr {
                *buffer = *buffers.get(buffer).unwrap_or(buffer);
            }
        }
        let mut copies = block.clone();
        walk::visit_mut(&mut copies, |stmt| {
            walk::uses_mut(stmt, renamed);
            match stmt {
                Stmt::Let(value) => renamed(value),
                Stmt::Parfor(parfor) => parfor.indices.iter_mut().for_each(renamed),
                Stmt::Store { buffer, .. } | Stmt::Alloc { buffer, .. } => {
                    *buffer = *buffers.get(buffer).unwrap_or(buffer);
                }
                _ => {}
            }
        });
        (copies, buffers)
    }
}
