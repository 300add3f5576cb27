//! Arrays of another shape with the same elements, in row-major order.
//!
//! ```text
//! v3: [f64; 2] = reshape[v1, v2] a       check v1 · v2 == len a
//!                                   →    parfor v4, v5 in v1, v2 {
//!                                          store b2[v4, v5], load b0[v4 · v2 + v5]
//!                                        }
//! ```
//!
//! Axes with equal lengths at either end are gone through together. What is between them is counted in row-major order,
//! and the count divided by the lengths of the array: not at all where the array has one axis there.

use super::Lowering;
use super::views::Shown;
use crate::rejection::Rejection;
use parfuse_ir::loops::{Buffer, Source, Value};
use parfuse_ir::{FaultKind, Loc, ScalarOp, program};
use std::ops::Range;

impl Lowering<'_> {
    /// Makes an array of a shape of the elements of another one. Returns the buffer it went to.
    pub(super) fn reshape(
        &mut self,
        fresh: Buffer,
        array: &Shown,
        shape: &[program::Value],
        source: Source,
    ) -> Result<Buffer, Rejection> {
        let loc = source.loc;
        let shape: Vec<Value> = shape.iter().map(|length| self.scalar(*length)).collect();
        let own = self.shape_of(array);
        // Should a product wrap around, making the array fails for its size.
        let (wanted, present) = (self.count_of(&shape, loc), self.count_of(&own, loc));
        let ok = self.op(ScalarOp::Eq, &[wanted, present], loc);
        self.check(ok, FaultKind::ShapeMismatch { axis: 0 }, loc, None, vec![wanted, present]);
        // Where it is read while it is written, it is read in another order.
        let fresh = if array.buffer() == fresh { self.another(fresh) } else { fresh };
        let buffer = self.make(fresh, &shape, &[], loc);
        let from = array.clone();
        self.fill_each(buffer, shape.clone(), source, |lowering, indices| {
            let index = lowering.index_before(&own, &shape, indices, loc);
            Ok(lowering.load(&from, &index, loc))
        })?;
        Ok(buffer)
    }

    /// How many elements an array of a shape has.
    fn count_of(&mut self, shape: &[Value], loc: Loc) -> Value {
        let one = self.usize(1);
        shape.iter().fold(one, |count, length| self.plain_op(ScalarOp::Mul, count, *length, loc))
    }

    /// The index into an array for one into what has the same elements in another shape.
    fn index_before(&mut self, own: &[Value], shape: &[Value], index: &[Value], loc: Loc) -> Vec<Value> {
        let shorter = own.len().min(shape.len());
        let head = (0..shorter).take_while(|axis| self.same_length(own[*axis], shape[*axis])).count();
        let tail = (1..=shorter - head)
            .take_while(|back| self.same_length(own[own.len() - back], shape[shape.len() - back]))
            .count();
        let (between, before): (Range<usize>, Range<usize>) =
            (head..shape.len() - tail, head..own.len() - tail);
        let mut position = self.usize(0);
        for axis in between {
            let row = self.plain_op(ScalarOp::Mul, position, shape[axis], loc);
            position = self.plain_op(ScalarOp::Add, row, index[axis], loc);
        }
        let mut reversed: Vec<Value> = index[shape.len() - tail..].iter().rev().copied().collect();
        for axis in before.clone().rev() {
            if axis == before.start {
                reversed.push(position);
                break;
            }
            reversed.push(self.op(ScalarOp::Rem, &[position, own[axis]], loc));
            position = self.op(ScalarOp::Div, &[position, own[axis]], loc);
        }
        reversed.extend(index[..head].iter().rev());
        reversed.reverse();
        reversed
    }
}
