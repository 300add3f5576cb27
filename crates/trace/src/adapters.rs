//! What iterators are made of others.
//!
//! ```text
//! it.enumerate()    (position, item)           it.skip(2)    from the third item on
//! it.zip(jt)        (item, other item)         it.filter(f)  a stage that each item goes through
//! ```
//!
//! Those that pair or count items work on positions; what leaves items out is a stage, and what follows it is one, too.

use crate::errors::{At, Step, mistake};
use crate::sequences::{Independence, Item, Sequence, Stage, Strips};
use crate::state::{Kind, State};
use parfuse_ir::program::{Claim, Value};
use parfuse_ir::{DType, FaultKind, ScalarOp};

impl State {
    /// The sequence of a receiver, of which no item is left out yet.
    pub(crate) fn whole(&mut self, receiver: u32, what: &str, at: At) -> Step<Sequence> {
        let sequence = self.sequence(receiver, at)?;
        if sequence.stages.is_empty() {
            return Ok(sequence);
        }
        mistake(format!(
            "`.{what}()` behind `filter` and its kin is not supported in a kernel; write it in front, or a loop"
        ))
    }

    fn given(sequence: Sequence) -> Step<Kind> {
        Ok(Kind::Sequence(Box::new(sequence)))
    }

    pub(crate) fn sequence_itself(&mut self, receiver: u32, _: &[u32], at: At) -> Step<Kind> {
        Self::given(self.sequence(receiver, at)?)
    }
    pub(crate) fn elements(&mut self, receiver: u32, _: &[u32], at: At) -> Step<Kind> {
        Self::given(self.sequence_of_elements(receiver, false, at)?)
    }
    pub(crate) fn elements_mut(&mut self, receiver: u32, _: &[u32], at: At) -> Step<Kind> {
        Self::given(self.sequence_of_elements(receiver, true, at)?)
    }
    pub(crate) fn indexed_elements(&mut self, receiver: u32, _: &[u32], at: At) -> Step<Kind> {
        let elements = self.sequence_of_elements(receiver, false, at)?;
        Self::given(Sequence { item: Item::Indexed(Box::new(elements.item)), ..elements })
    }
    pub(crate) fn indexed_elements_mut(&mut self, receiver: u32, _: &[u32], at: At) -> Step<Kind> {
        let elements = self.sequence_of_elements(receiver, true, at)?;
        Self::given(Sequence { item: Item::Indexed(Box::new(elements.item)), ..elements })
    }

    pub(crate) fn axis_parts(&mut self, receiver: u32, args: &[u32], at: At) -> Step<Kind> {
        self.parts_along(receiver, args[0], false, at)
    }
    pub(crate) fn axis_parts_mut(&mut self, receiver: u32, args: &[u32], at: At) -> Step<Kind> {
        self.parts_along(receiver, args[0], true, at)
    }
    fn parts_along(&mut self, receiver: u32, axis: u32, mutable: bool, at: At) -> Step<Kind> {
        let axes = self.axes_of(receiver)?;
        let axis = self.axis(axis, axes, at)?;
        Self::given(self.parts_of(receiver, vec![axis], mutable, at)?)
    }
    pub(crate) fn outer_parts(&mut self, receiver: u32, _: &[u32], at: At) -> Step<Kind> {
        Self::given(self.parts_of(receiver, vec![0], false, at)?)
    }
    pub(crate) fn outer_parts_mut(&mut self, receiver: u32, _: &[u32], at: At) -> Step<Kind> {
        Self::given(self.parts_of(receiver, vec![0], true, at)?)
    }

    /// The rows along one axis: an index for each of the others.
    fn lanes_of(&mut self, receiver: u32, along: impl Fn(u8) -> u8, mutable: bool, at: At) -> Step<Kind> {
        let axes = self.axes_of(receiver)?;
        if axes == 0 {
            return mistake("an array without axes has no rows");
        }
        let others = (0..axes).filter(|axis| *axis != along(axes)).collect();
        Self::given(self.parts_of(receiver, others, mutable, at)?)
    }
    pub(crate) fn all_rows(&mut self, receiver: u32, _: &[u32], at: At) -> Step<Kind> {
        self.lanes_of(receiver, |axes| axes - 1, false, at)
    }
    pub(crate) fn all_rows_mut(&mut self, receiver: u32, _: &[u32], at: At) -> Step<Kind> {
        self.lanes_of(receiver, |axes| axes - 1, true, at)
    }
    pub(crate) fn all_columns(&mut self, receiver: u32, _: &[u32], at: At) -> Step<Kind> {
        self.lanes_of(receiver, |_| 0, false, at)
    }
    pub(crate) fn all_columns_mut(&mut self, receiver: u32, _: &[u32], at: At) -> Step<Kind> {
        self.lanes_of(receiver, |_| 0, true, at)
    }
    pub(crate) fn lanes_along(&mut self, receiver: u32, args: &[u32], at: At) -> Step<Kind> {
        let axes = self.axes_of(receiver)?;
        let axis = self.axis(args[0], axes, at)?;
        self.lanes_of(receiver, |_| axis, false, at)
    }
    pub(crate) fn lanes_along_mut(&mut self, receiver: u32, args: &[u32], at: At) -> Step<Kind> {
        let axes = self.axes_of(receiver)?;
        let axis = self.axis(args[0], axes, at)?;
        self.lanes_of(receiver, |_| axis, true, at)
    }

    pub(crate) fn axis_strips(&mut self, receiver: u32, args: &[u32], at: At) -> Step<Kind> {
        self.strips(receiver, args[0], args[1], Strips::Apart, false, at)
    }
    pub(crate) fn axis_strips_mut(&mut self, receiver: u32, args: &[u32], at: At) -> Step<Kind> {
        self.strips(receiver, args[0], args[1], Strips::Apart, true, at)
    }
    pub(crate) fn axis_windows(&mut self, receiver: u32, args: &[u32], at: At) -> Step<Kind> {
        self.strips(receiver, args[0], args[1], Strips::Overlapping, false, at)
    }
    fn strips(
        &mut self,
        receiver: u32,
        axis: u32,
        size: u32,
        strips: Strips,
        mutable: bool,
        at: At,
    ) -> Step<Kind> {
        let axes = self.axes_of(receiver)?;
        let axis = self.axis(axis, axes, at)?;
        let size = self.size(size, "the length of the parts", at)?;
        Self::given(self.strips_of(receiver, axis, size, strips, mutable, at)?)
    }
    /// `.chunks(n)` of a slice: the last one may be shorter.
    pub(crate) fn slice_chunks(&mut self, receiver: u32, args: &[u32], at: At) -> Step<Kind> {
        let size = self.size(args[0], "the length of the parts", at)?;
        Self::given(self.strips_of(receiver, 0, size, Strips::Apart, false, at)?)
    }
    pub(crate) fn slice_chunks_mut(&mut self, receiver: u32, args: &[u32], at: At) -> Step<Kind> {
        let size = self.size(args[0], "the length of the parts", at)?;
        Self::given(self.strips_of(receiver, 0, size, Strips::Apart, true, at)?)
    }
    pub(crate) fn overlapping_strided(&mut self, receiver: u32, args: &[u32], at: At) -> Step<Kind> {
        let sizes = self.indices(&args[..1], at)?;
        let strides = self.indices(&args[1..], at)?;
        let windows = self.windows_of(receiver, sizes, true, false, at)?;
        self.with_strides(windows, &strides, at)
    }
    pub(crate) fn axis_windows_strided(&mut self, receiver: u32, args: &[u32], at: At) -> Step<Kind> {
        let axes = self.axes_of(receiver)?;
        let axis = self.axis(args[0], axes, at)?;
        let [size, stride] =
            [args[1], args[2]].map(|number| self.size(number, "the length of the parts", at));
        let windows = self.strips_of(receiver, axis, size?, Strips::Overlapping, false, at)?;
        self.with_strides(windows, &[stride?], at)
    }
    /// Every so many of the windows along each axis.
    fn with_strides(&mut self, mut windows: Sequence, strides: &[Value], at: At) -> Step<Kind> {
        if strides.len() != windows.ranges.len() {
            return mistake(format!("windows along {} axes have as many strides", windows.ranges.len()));
        }
        for (range, stride) in windows.ranges.iter_mut().zip(strides) {
            self.check_size(*stride, at)?;
            range.step = Some(*stride);
        }
        Self::given(windows)
    }
    pub(crate) fn overlapping(&mut self, receiver: u32, args: &[u32], at: At) -> Step<Kind> {
        if self.has_rows(receiver) {
            let size = self.size(args[0], "the length of the parts", at)?;
            return Self::given(self.strips_of(receiver, 0, size, Strips::Overlapping, false, at)?);
        }
        let sizes = self.indices(args, at)?;
        Self::given(self.windows_of(receiver, sizes, true, false, at)?)
    }
    pub(crate) fn chunks(&mut self, receiver: u32, args: &[u32], at: At) -> Step<Kind> {
        let sizes = self.indices(args, at)?;
        Self::given(self.windows_of(receiver, sizes, false, false, at)?)
    }
    pub(crate) fn chunks_mut(&mut self, receiver: u32, args: &[u32], at: At) -> Step<Kind> {
        let sizes = self.indices(args, at)?;
        Self::given(self.windows_of(receiver, sizes, false, true, at)?)
    }

    /// `.enumerate()`. Behind `filter` a variable counts.
    pub(crate) fn counted(&mut self, receiver: u32, _: &[u32], at: At) -> Step<Kind> {
        let sequence = self.sequence(receiver, at)?;
        if !sequence.stages.is_empty() {
            return self.with_stages(receiver, &[Stage::Count], at);
        }
        let sequence = self.positions(sequence, at)?;
        let lengths = sequence.ranges.iter().map(|range| range.end).collect();
        let item = Item::Counted { lengths, item: Box::new(sequence.item) };
        Self::given(Sequence { item, ..sequence })
    }

    /// `.zip(…)`: as long as the shorter one. Of rows and columns there must be as many.
    pub(crate) fn zipped(&mut self, receiver: u32, args: &[u32], at: At) -> Step<Kind> {
        let (first, second) = (self.sequence(receiver, at)?, self.sequence(args[0], at)?);
        match (first.stages.is_empty(), second.stages.is_empty()) {
            (true, true) => {}
            (false, true) => return self.zipped_behind(first, second, false, at),
            (true, false) => return self.zipped_behind(second, first, true, at),
            (false, false) => return self.whole(receiver, "zip", at).map(|_| Kind::Poison),
        }
        let claims = [first.independence, second.independence].into_iter().filter_map(Independence::claim);
        let independence = claims.reduce(Claim::and).map_or(Independence::InOrder, Independence::Claimed);
        if first.ranges.len() == second.ranges.len() && first.ranges.len() > 1 {
            let (first, second) = (self.positions(first, at)?, self.positions(second, at)?);
            self.check_lengths(&first, &second, at)?;
            let item = Item::Together(vec![first.item, second.item]);
            return Self::given(Sequence { independence, ..Sequence::new(first.ranges, item) });
        }
        let ends = (first.endless, second.endless);
        let ((count, first), (other, second)) = (self.line(first, at)?, self.line(second, at)?);
        let item = Item::Together(vec![first.item, second.item]);
        let count = match ends {
            (true, true) => {
                return Self::given(Sequence { independence, ..self.endless(item, at) });
            }
            (true, false) => other,
            (false, true) => count,
            (false, false) if count == other => count,
            (false, false) => self.op(ScalarOp::Min, &[count, other], at)?,
        };
        let range = self.below(count, at);
        Self::given(Sequence { independence, ..Sequence::new(vec![range], item) })
    }

    /// The same behind `filter`: a variable counts the items, which go on with those of another sequence.
    fn zipped_behind(
        &mut self,
        mut sequence: Sequence,
        other: Sequence,
        comes_first: bool,
        at: At,
    ) -> Step<Kind> {
        let (count, other) = self.line(other, at)?;
        let other = self.handle(Kind::Sequence(Box::new(other)));
        sequence.stages.push(Stage::Zip { other, count, comes_first });
        Self::given(sequence)
    }

    /// `.chain(…)`: the items of one and then those of the other.
    pub(crate) fn chained(&mut self, receiver: u32, args: &[u32], at: At) -> Step<Kind> {
        let first = self.whole(receiver, "chain", at)?;
        let second = self.whole(args[0], "chain", at)?;
        if first.endless {
            return Self::given(first);
        }
        let (endless, independence) = (second.endless, first.independence);
        let ((count, first), (other, second)) = (self.line(first, at)?, self.line(second, at)?);
        let item = Item::Chained { count, first: Box::new(first.item), second: Box::new(second.item) };
        if endless {
            return Self::given(Sequence { independence, ..self.endless(item, at) });
        }
        let both = self.op(ScalarOp::Add, &[count, other], at)?;
        let range = self.below(both, at);
        Self::given(Sequence { independence, ..Sequence::new(vec![range], item) })
    }

    /// Checks that the loops of two sequences have as many iterations.
    pub(crate) fn check_lengths(&mut self, first: &Sequence, second: &Sequence, at: At) -> Step<()> {
        for (axis, (a, b)) in (0u8..).zip(first.ranges.iter().zip(&second.ranges)) {
            if a.end != b.end {
                let same = self.op(ScalarOp::Eq, &[a.end, b.end], at)?;
                self.check_with(same, FaultKind::ShapeMismatch { axis }, vec![a.end, b.end], at);
            }
        }
        Ok(())
    }

    pub(crate) fn backwards(&mut self, receiver: u32, _: &[u32], at: At) -> Step<Kind> {
        let mut sequence = self.sequence(receiver, at)?;
        let in_order = |stage: &Stage| stage.is_in_order() || matches!(stage, Stage::Flatten);
        if sequence.stages.iter().any(in_order) {
            return self.whole(receiver, "rev", at).map(|_| Kind::Poison);
        }
        self.refuse_endless(&sequence, "rev")?;
        if sequence.ranges.iter().any(|range| range.step.is_some() || range.total.is_some()) {
            sequence = self.positions(sequence, at)?;
        }
        for range in &mut sequence.ranges {
            *range = self.reversed(*range, at)?;
        }
        Self::given(sequence)
    }

    pub(crate) fn every(&mut self, receiver: u32, args: &[u32], at: At) -> Step<Kind> {
        let sequence = self.whole(receiver, "step_by", at)?;
        let mut sequence = if sequence.ranges.len() > 1 { self.line(sequence, at)?.1 } else { sequence };
        sequence.ranges[0] = self.stepped(sequence.ranges[0], args[0], at)?;
        Self::given(sequence)
    }

    pub(crate) fn without_first(&mut self, receiver: u32, args: &[u32], at: At) -> Step<Kind> {
        let skipped = self.size(args[0], "the argument of `skip`", at)?;
        let sequence = self.sequence(receiver, at)?;
        if !sequence.stages.is_empty() {
            return self.with_stages(receiver, &[Stage::Skip(skipped)], at);
        }
        let (count, mut sequence) = self.line(sequence, at)?;
        sequence.ranges[0].start = match sequence.endless {
            true => skipped,
            false => self.op(ScalarOp::Min, &[count, skipped], at)?,
        };
        Self::given(sequence)
    }

    pub(crate) fn only_first(&mut self, receiver: u32, args: &[u32], at: At) -> Step<Kind> {
        let taken = self.size(args[0], "the argument of `take`", at)?;
        let sequence = self.sequence(receiver, at)?;
        if !sequence.stages.is_empty() {
            return self.with_stages(receiver, &[Stage::Take(taken)], at);
        }
        let (count, mut sequence) = self.line(sequence, at)?;
        sequence.ranges[0].end = match sequence.endless {
            true => taken,
            false => self.op(ScalarOp::Min, &[count, taken], at)?,
        };
        sequence.endless = false;
        Self::given(sequence)
    }

    /// `.cycle()`: the items again and again, if there are any.
    pub(crate) fn cycled(&mut self, receiver: u32, _: &[u32], at: At) -> Step<Kind> {
        let sequence = self.whole(receiver, "cycle", at)?;
        if sequence.endless {
            return Self::given(sequence);
        }
        let (count, sequence) = self.line(sequence, at)?;
        let (none, most) = (self.usize_constant(0, at), self.constant(DType::Usize.greatest(), at));
        let empty = self.op(ScalarOp::Eq, &[count, none], at)?;
        let end = self.op(ScalarOp::Select, &[empty, none, most], at)?;
        let item = Item::Wrapped { count, item: Box::new(sequence.item) };
        let range = self.below(end, at);
        Self::given(Sequence { independence: sequence.independence, ..Sequence::new(vec![range], item) })
    }

    /// Refuses what would go through items without an end.
    pub(crate) fn refuse_endless(&self, sequence: &Sequence, what: &str) -> Step<()> {
        match sequence.endless {
            true => mistake(format!("`.{what}()` of a range without an end; write `take(n)` in front of it")),
            false => Ok(()),
        }
    }

    pub(crate) fn mapped(&mut self, receiver: u32, args: &[u32], at: At) -> Step<Kind> {
        let mut sequence = self.sequence(receiver, at)?;
        let closure = args[0];
        if sequence.stages.is_empty() {
            sequence.item = Item::Mapped { closure, item: Box::new(sequence.item) };
        } else {
            sequence.stages.push(Stage::Map(closure));
        }
        Self::given(sequence)
    }
    fn with_stages(&mut self, receiver: u32, stages: &[Stage], at: At) -> Step<Kind> {
        let mut sequence = self.sequence(receiver, at)?;
        sequence.stages.extend(stages);
        Self::given(sequence)
    }
    pub(crate) fn filtered(&mut self, receiver: u32, args: &[u32], at: At) -> Step<Kind> {
        self.with_stages(receiver, &[Stage::Filter(args[0])], at)
    }
    pub(crate) fn filter_mapped(&mut self, receiver: u32, args: &[u32], at: At) -> Step<Kind> {
        self.with_stages(receiver, &[Stage::Map(args[0]), Stage::Present], at)
    }
    pub(crate) fn inspected(&mut self, receiver: u32, args: &[u32], at: At) -> Step<Kind> {
        self.with_stages(receiver, &[Stage::Inspect(args[0])], at)
    }
    pub(crate) fn mapped_while(&mut self, receiver: u32, args: &[u32], at: At) -> Step<Kind> {
        self.with_stages(receiver, &[Stage::Map(args[0]), Stage::WhilePresent], at)
    }
    pub(crate) fn skipped_while(&mut self, receiver: u32, args: &[u32], at: At) -> Step<Kind> {
        self.with_stages(receiver, &[Stage::SkipWhile(args[0])], at)
    }
    pub(crate) fn scanned(&mut self, receiver: u32, args: &[u32], at: At) -> Step<Kind> {
        let start = self.snapshot(args[0], at)?;
        let start = self.handle(start);
        self.with_stages(receiver, &[Stage::Scan { start, closure: args[1] }, Stage::WhilePresent], at)
    }
    pub(crate) fn taken_while(&mut self, receiver: u32, args: &[u32], at: At) -> Step<Kind> {
        self.with_stages(receiver, &[Stage::While(args[0])], at)
    }
    pub(crate) fn flat_mapped(&mut self, receiver: u32, args: &[u32], at: At) -> Step<Kind> {
        self.with_stages(receiver, &[Stage::Map(args[0]), Stage::Flatten], at)
    }
    pub(crate) fn items_flattened(&mut self, receiver: u32, _: &[u32], at: At) -> Step<Kind> {
        self.with_stages(receiver, &[Stage::Flatten], at)
    }

    pub(crate) fn sequence_len(&mut self, receiver: u32, _: &[u32], at: At) -> Step<Kind> {
        let sequence = self.whole(receiver, "len", at)?;
        Ok(Kind::Plain(self.item_count(&sequence, at)?))
    }
}
