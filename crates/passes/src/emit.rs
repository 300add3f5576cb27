//! New indices and lengths, for passes that cut loops.
//!
//! ```text
//! 2 v1 - v2 + 3      ⇒      v3: usize = mul v1, 2usize
//!                           v4: usize = sub v3, v2
//!                           v5: usize = add v4, 3usize
//! ```

use crate::affine::{Linear, Term};
use parfuse_ir::loops::{Block, Buffer, Expr, Loops, Stmt, Value};
use parfuse_ir::{DType, Loc, Scalar, ScalarOp};

/// Puts values at the end of a block.
pub(crate) struct Emit<'a> {
    pub(crate) loops: &'a mut Loops,
    pub(crate) block: &'a mut Block,
    pub(crate) loc: Loc,
}

impl Emit<'_> {
    /// An index or a length.
    pub(crate) fn define(&mut self, expr: Expr) -> Value {
        let value = self.loops.value(expr, DType::Usize, self.loc);
        self.block.push(Stmt::Let(value));
        value
    }

    /// A value of a type.
    pub(crate) fn typed(&mut self, expr: Expr, dtype: DType) -> Value {
        let value = self.loops.value(expr, dtype, self.loc);
        self.block.push(Stmt::Let(value));
        value
    }

    /// An element.
    pub(crate) fn load(&mut self, buffer: Buffer, index: Vec<Value>) -> Value {
        self.typed(Expr::Load { buffer, index }, self.loops.buffers[buffer].dtype)
    }

    /// What an operation makes of two of them.
    pub(crate) fn op(&mut self, op: ScalarOp, a: Value, b: Value) -> Value {
        let dtype = match op {
            ScalarOp::Lt | ScalarOp::Ge | ScalarOp::And => DType::Bool,
            _ => DType::Usize,
        };
        let value = self.loops.value(Expr::Op(op, vec![a, b]), dtype, self.loc);
        self.block.push(Stmt::Let(value));
        value
    }

    /// How many pieces of a length there are in another, the last of which may be shorter.
    pub(crate) fn pieces(&mut self, length: Value, piece: Value) -> Value {
        let one = self.constant(1);
        let more = self.op(ScalarOp::Sub, piece, one);
        let rounded = self.op(ScalarOp::Add, length, more);
        self.op(ScalarOp::Div, rounded, piece)
    }

    /// The index of a loop.
    pub(crate) fn bound(&mut self) -> Value {
        self.loops.value(Expr::Bound, DType::Usize, self.loc)
    }

    /// A number.
    pub(crate) fn constant(&mut self, number: usize) -> Value {
        self.loops.value(Expr::Const(Scalar::Usize(number)), DType::Usize, Loc::NONE)
    }

    /// A sum of multiples of values, modulo 2^64.
    pub(crate) fn sum(&mut self, sum: &Linear) -> Value {
        let mut total = None;
        // With what is added first, a difference of two values is one operation.
        let (more, less): (Vec<_>, Vec<_>) = sum.terms.iter().copied().partition(|(_, factor)| *factor > 0);
        for (term, factor) in more.into_iter().chain(less) {
            let mut value = match term {
                Term::Value(value) if self.loops.dtype(value).is_index() => value,
                Term::Value(value) => self.define(Expr::Cast(value)),
                Term::Dim(buffer, axis) => self.define(Expr::Dim { buffer, axis }),
            };
            if factor.abs() != 1 {
                let factor = self.constant(factor.unsigned_abs() as usize);
                value = self.op(ScalarOp::Mul, value, factor);
            }
            total = Some(match (total, factor > 0) {
                (None, true) => value,
                (None, false) => {
                    let zero = self.constant(0);
                    self.op(ScalarOp::Sub, zero, value)
                }
                (Some(total), true) => self.op(ScalarOp::Add, total, value),
                (Some(total), false) => self.op(ScalarOp::Sub, total, value),
            });
        }
        let Some(total) = total else { return self.constant(sum.constant as usize) };
        match sum.constant {
            0 => total,
            number => {
                let op = if number > 0 { ScalarOp::Add } else { ScalarOp::Sub };
                let number = self.constant(number.unsigned_abs() as usize);
                self.op(op, total, number)
            }
        }
    }
}
