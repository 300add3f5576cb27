//! What an iteration of a parallel loop does with arrays, by itself: plain loops over their elements.
//!
//! ```text
//! update (view out[i, ..]) of out, v3        for v1 in m { …; store b2[v0, v1], v4 }
//! v5: f64 = reduce sum v3                    x0 = 0; for v1 in m { …; x0 = x0 + v4 }
//! ```
//!
//! How they reduce is in `totals.rs`.

use super::Lowering;
use super::arrays::Operand;
use super::totals::Elements;
use super::views::Shown;
use crate::rejection::Rejection;
use parfuse_ir::loops::{Buffer, Source, Stmt, Value};
use parfuse_ir::{DType, Fold, Loc, program};

impl Lowering<'_> {
    /// Overwrites the elements of a place inside an iteration.
    pub(super) fn overwrite_inside(&mut self, place: &Shown, value: program::Value, loc: Loc) {
        let shape = self.shape_of(place);
        let mut operand = self.operand_to(value, &shape, loc);
        if !self.is_in_step(place, &operand)
            && let Operand::Array { array, .. } = &mut operand
        {
            // An element may be overwritten before it is read.
            *array = self.copy(&array.clone(), loc).into();
        }
        self.plain_loops(&shape, loc, |lowering, indices| {
            let element = lowering.element(&operand, indices, loc);
            lowering.store(place, indices, element, loc);
        });
    }

    /// Reduces each row along an axis inside an iteration.
    pub(super) fn reduce_axis_inside(
        &mut self,
        fold: Fold,
        array: &Shown,
        dtype: DType,
        axis: usize,
        fresh: Buffer,
        loc: Loc,
    ) -> Result<Buffer, Rejection> {
        let mut rest = self.shape_of(array);
        let length = rest.remove(axis);
        let source = Source::new(fold.name(), loc);
        let operand = Operand::Array { array: array.clone(), accesses: Vec::new() };
        let to = self.make(fresh, &rest, &[operand], loc);
        self.parallel_loop(rest, Vec::new(), source, |lowering, indices| {
            let load = |lowering: &mut Lowering<'_>, along: &[Value]| {
                let mut index = indices.to_vec();
                index.insert(axis, along[0]);
                lowering.load(array, &index, loc)
            };
            let row = Elements { shape: &[length], dtype, load: &load };
            let value = lowering.reduce_inside(fold, &row, loc);
            lowering.block.push(Stmt::Store { buffer: to, index: indices.to_vec(), value, loc });
            Ok(())
        })?;
        Ok(to)
    }

    /// Plain loops over a space.
    pub(super) fn plain_loops<T>(
        &mut self,
        shape: &[Value],
        loc: Loc,
        body: impl FnOnce(&mut Self, &[Value]) -> T,
    ) -> T {
        let indices = self.indices(shape.len(), loc);
        let outer = std::mem::take(&mut self.block);
        let result = body(self, &indices);
        let mut inside = std::mem::replace(&mut self.block, outer);
        for (index, extent) in indices.into_iter().zip(shape).rev() {
            inside = vec![Stmt::For { index, extent: *extent, until: None, body: inside }];
        }
        self.block.append(&mut inside);
        result
    }

    pub(super) fn plain_loop(&mut self, extent: Value, loc: Loc, body: impl FnOnce(&mut Self, Value)) {
        self.plain_loops(&[extent], loc, |lowering, indices| body(lowering, indices[0]));
    }
}
