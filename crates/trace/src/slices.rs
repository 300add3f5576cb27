//! Parts of slices, vectors and fixed arrays by a range: `x[a..b]`.
//!
//! ```text
//! x[a..b]           check le a, b;  view x[a..b]              where `x` can be set, so can its part
//! x[a..b][i]        index (view x[a..b]), i
//! ```
//!
//! A range that ends before it starts is an error, as in Rust; `ndarray`'s `slice` takes it for one without indices.

use crate::errors::{At, Step, mistake};
use crate::sequences::Item;
use crate::state::{Kind, State};
use crate::views::Part;
use parfuse_ir::program::{Cut, Value, View};
use parfuse_ir::{DType, FaultKind, ScalarOp};

impl State {
    /// The array, and what is left of its indices once those that are ranges have taken parts of it.
    pub(crate) fn without_ranges<'i>(
        &mut self,
        mut array: u32,
        mut index: &'i [u32],
        at: At,
    ) -> Step<(u32, &'i [u32])> {
        while let Some((first, rest)) = index.split_first() {
            let part = match self.kind(*first) {
                Kind::Slice(parts) if parts.len() == 1 => parts[0],
                Kind::Range(_) => Part::Of(*first, None),
                _ => break,
            };
            let kind = self.part_of_slice(array, part, at)?;
            array = self.handle(kind);
            index = rest;
        }
        Ok((array, index))
    }

    fn part_of_slice(&mut self, array: u32, part: Part, at: At) -> Step<Kind> {
        if let Some((record, fields)) = self.record_array(array) {
            let mut parts = Vec::with_capacity(fields.len());
            for field in fields {
                let part = self.part_of_slice(field, part, at)?;
                parts.push(self.handle(part));
            }
            return self.gathered(record, parts);
        }
        let (value, rank) = self.array(array, "a part of a slice", at)?;
        if rank == 0 {
            return mistake("an array without axes has no parts");
        }
        let cut = self.cut(value, 0, part, at)?;
        if let Cut::Range { start, end, .. } = cut {
            for bound in [start, end].into_iter().flatten() {
                self.unify_known(bound, DType::Usize, "a bound of a part of a slice")?;
            }
            if let (Some(start), Some(end)) = (start, end) {
                self.check_order(start, end, at)?;
            }
        }
        let mut cuts = vec![Cut::All; rank as usize];
        cuts[0] = cut;
        let mutable = matches!(self.kind(array), Kind::Variable { .. } | Kind::Place(_));
        self.view(array, View::of_cuts(cuts), mutable, at)
    }

    /// `slice.chunks_exact(n).remainder()`.
    pub(crate) fn remainder_of_chunks(&mut self, receiver: u32, _: &[u32], at: At) -> Step<Kind> {
        let sequence = self.sequence(receiver, at)?;
        match (&sequence.item, &sequence.ranges[..]) {
            (&Item::Window { array, .. }, &[range]) if sequence.stages.is_empty() => {
                let start = Some(self.handle(Kind::Plain(range.end)));
                self.part_of_slice(array, Part::Range { start, end: None, inclusive: false, step: None }, at)
            }
            _ => mistake(
                "`.remainder()` is for the parts that `chunks_exact` gives, before any is taken by `next`",
            ),
        }
    }

    /// Where the part begins that a range shows.
    pub(crate) fn start_of_part(&mut self, range: u32, at: At) -> Step<Value> {
        match self.kind(range) {
            Kind::Slice(parts) if let [Part::Range { start: Some(start), .. }] = parts[..] => {
                self.scalar(start, "the start of a range", at)
            }
            Kind::Range(range) => Ok(range.start),
            _ => Ok(self.usize_constant(0, at)),
        }
    }

    fn check_order(&mut self, start: Value, end: Value, at: At) -> Step<()> {
        let (first, last) = (self.known_integer(start), self.known_integer(end));
        if first.zip(last).is_some_and(|(first, last)| first <= last) {
            return Ok(());
        }
        let ok = self.op(ScalarOp::Le, &[start, end], at)?;
        self.check_with(ok, FaultKind::SliceOutOfRange { axis: 0 }, vec![start, end], at);
        Ok(())
    }
}
