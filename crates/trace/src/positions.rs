//! Positions in sequences: items counted from zero, in one loop or as many as there are axes.
//!
//! ```text
//! 3..n                   0..n - 3                  item 3 + p
//! (a..b).rev()           0..b - a                  item b - 1 - p
//! m.iter()               0..rows * columns         item m[p / columns, p % columns]
//! ```
//!
//! What pairs items, counts them or leaves out the first ones needs their positions.

use crate::errors::{At, Step};
use crate::sequences::{Item, Sequence};
use crate::state::{Range, State};
use parfuse_ir::program::Value;
use parfuse_ir::{DType, Scalar, ScalarOp};

impl State {
    /// Whether the indices of a range are positions.
    fn counts_positions(&self, range: &Range) -> bool {
        let Range { start, step, total, dtype, .. } = *range;
        let by_one = step.is_none_or(|step| self.known_integer(step) == Some(1));
        let is_usize = self.types.dtype(dtype) == Some(DType::Usize);
        self.known_integer(start) == Some(0) && by_one && total.is_none() && is_usize
    }

    /// The same items as those of loops over `0..length`.
    pub(crate) fn positions(&mut self, sequence: Sequence, at: At) -> Step<Sequence> {
        if sequence.ranges.iter().all(|range| self.counts_positions(range)) {
            return Ok(sequence);
        }
        let mut ranges = Vec::with_capacity(sequence.ranges.len());
        for range in &sequence.ranges {
            let count = match sequence.endless {
                true => self.constant(DType::Usize.greatest(), at),
                false => self.trip_count(range, at)?,
            };
            ranges.push(self.below(count, at));
        }
        let item = Item::At { ranges: sequence.ranges, item: Box::new(sequence.item) };
        Ok(Sequence { ranges, item, ..sequence })
    }

    /// The same items as those of one loop over `0..length`.
    pub(crate) fn line(&mut self, sequence: Sequence, at: At) -> Step<(Value, Sequence)> {
        let sequence = self.positions(sequence, at)?;
        if let [range] = sequence.ranges[..] {
            return Ok((range.end, sequence));
        }
        let lengths: Vec<Value> = sequence.ranges.iter().map(|range| range.end).collect();
        let count = self.product_of(&lengths, at)?;
        let item = Item::Unravelled { lengths, item: Box::new(sequence.item) };
        Ok((count, Sequence { ranges: vec![self.below(count, at)], item, ..sequence }))
    }

    /// How many items there are before any is left out.
    pub(crate) fn item_count(&mut self, sequence: &Sequence, at: At) -> Step<Value> {
        let mut counts = Vec::with_capacity(sequence.ranges.len());
        for range in &sequence.ranges {
            counts.push(self.trip_count(range, at)?);
        }
        self.product_of(&counts, at)
    }

    fn product_of(&mut self, lengths: &[Value], at: At) -> Step<Value> {
        let Some((first, others)) = lengths.split_first() else { return Ok(self.usize_constant(1, at)) };
        others.iter().try_fold(*first, |product, length| self.op(ScalarOp::Mul, &[product, *length], at))
    }

    /// How many indices a range has.
    fn trip_count(&mut self, range: &Range, at: At) -> Step<Value> {
        if self.counts_positions(range) {
            return Ok(range.end);
        }
        let usize_type = self.types.known(DType::Usize);
        let Range { start, end, step, .. } = *range;
        let backwards = self.op(ScalarOp::Lt, &[end, start], at)?;
        let [from, to] = [self.converted(start, usize_type, at)?, self.converted(end, usize_type, at)?];
        let distance = match self.known_integer(start) {
            Some(0) => to,
            _ => self.op(ScalarOp::Sub, &[to, from], at)?,
        };
        let none = self.constant(Scalar::Usize(0), at);
        let distance = self.op(ScalarOp::Select, &[backwards, none, distance], at)?;
        let Some(step) = step else { return Ok(distance) };
        let whole = self.op(ScalarOp::Div, &[distance, step], at)?;
        let rest = self.op(ScalarOp::Rem, &[distance, step], at)?;
        let is_rest = self.op(ScalarOp::Ne, &[rest, none], at)?;
        let last = self.cast(is_rest, usize_type, at)?;
        self.op(ScalarOp::Add, &[whole, last], at)
    }

    /// The index at a position of a range.
    pub(crate) fn index_at(&mut self, range: &Range, position: Value, at: At) -> Step<Value> {
        let mut index = position;
        if let Some(step) = range.step {
            index = self.op(ScalarOp::Mul, &[index, step], at)?;
        }
        index = self.converted(index, range.dtype, at)?;
        if self.known_integer(range.start) != Some(0) {
            index = self.op(ScalarOp::Add, &[range.start, index], at)?;
        }
        match range.total {
            Some(total) => self.op(ScalarOp::Sub, &[total, index], at),
            None => Ok(index),
        }
    }

    /// The position of what has some indices among rows and columns of these lengths.
    pub(crate) fn position_of(&mut self, indices: &[Value], lengths: &[Value], at: At) -> Step<Value> {
        let Some(first) = indices.first() else { return Ok(self.usize_constant(0, at)) };
        let mut position = *first;
        for (index, length) in indices.iter().zip(lengths).skip(1) {
            position = self.op(ScalarOp::Mul, &[position, *length], at)?;
            position = self.op(ScalarOp::Add, &[position, *index], at)?;
        }
        Ok(position)
    }

    /// The indices of what has a position among rows and columns of these lengths.
    pub(crate) fn unravel(&mut self, mut position: Value, lengths: &[Value], at: At) -> Step<Vec<Value>> {
        let mut indices = vec![position; lengths.len()];
        for (axis, length) in lengths.iter().enumerate().skip(1).rev() {
            indices[axis] = self.op(ScalarOp::Rem, &[position, *length], at)?;
            position = self.op(ScalarOp::Div, &[position, *length], at)?;
        }
        if let Some(first) = indices.first_mut() {
            *first = position;
        }
        Ok(indices)
    }
}
