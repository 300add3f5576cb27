//! Sequences: what an iterator gives, as loops and an item that is computed from their indices.
//!
//! ```text
//! a.iter()                      0..len a                    element a[i]
//! a.iter().enumerate()          0..len a                    (i, element a[i])
//! a.iter().skip(1).rev()        1..len a, backwards         element a[i]
//! a.iter().zip(b.iter())        0..min(len a, len b)        (element a[p], element b[p])
//! m.iter()                      0..rows, 0..columns         element m[i, j]
//! m.rows()                      0..rows                     view m[i, ..]
//! ```
//!
//! A sequence computes nothing: the loops are traced by whoever goes through it (`iteration.rs`). What leaves items out,
//! such as `filter`, and all that comes after it, is a [`Stage`] that each item goes through; what needs the number of an
//! item, such as `zip`, comes before.

use crate::errors::{At, Problem, Step, mistake};
use crate::state::{Kind, Range, State};
use parfuse_ir::program::{Cut, Expr, Value, Var, View};
use parfuse_ir::{DType, FaultKind, Scalar, ScalarOp};

/// What an iterator goes through.
#[derive(Clone, Debug)]
pub(crate) struct Sequence {
    /// The loops, the outermost one first. Their indices are those of the item.
    pub(crate) ranges: Vec<Range>,
    pub(crate) item: Item,
    /// What items go through before they are given.
    pub(crate) stages: Vec<Stage>,
    /// Whether iterations may run in parallel.
    pub(crate) independence: Independence,
}

/// Whether iterations may run in parallel.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) enum Independence {
    /// They run in order.
    InOrder,
    /// The user says so: `prange`.
    Claimed,
    /// If each does nothing but compute its element of a new array.
    IfPure(Var),
}

/// What a sequence gives at the indices of its loops. Arrays and closures are handles.
#[derive(Clone, Debug)]
pub(crate) enum Item {
    /// The index of the loop.
    Index,
    /// The index of the loop, or a tuple of several.
    Indices,
    /// An element of an array.
    Element { array: u32, mutable: bool },
    /// What has the indices along some axes, all along the others.
    Part { array: u32, axes: Vec<u8>, mutable: bool },
    /// So many elements along each axis, from the indices on.
    Window { array: u32, sizes: Vec<Value>, mutable: bool },
    /// The position among items in so many rows and columns, and the item.
    Counted { lengths: Vec<Value>, item: Box<Item> },
    /// The indices, and the item.
    Indexed(Box<Item>),
    /// Several items at once.
    Together(Vec<Item>),
    /// What a closure computes from the item.
    Mapped { closure: u32, item: Box<Item> },
    /// The item of other loops, at the positions that the indices are.
    At { ranges: Vec<Range>, item: Box<Item> },
    /// The item in so many rows and columns at the position that the index is.
    Unravelled { lengths: Vec<Value>, item: Box<Item> },
}

/// What happens to an item on its way. Closures and variables are handles.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Stage {
    /// A closure computes another one.
    Map(u32),
    /// It goes on if a closure says so.
    Filter(u32),
    /// It goes on as what an option has, if that has anything.
    Present,
    /// It is the last one unless a closure says otherwise, and does not go on then.
    While(u32),
    /// It gets a number, which a variable counts.
    Count(u32),
    /// A closure gives a sequence, all of whose items go on.
    Flatten,
}

impl Sequence {
    pub(crate) fn new(ranges: Vec<Range>, item: Item) -> Sequence {
        Sequence { ranges, item, stages: Vec::new(), independence: Independence::InOrder }
    }

    /// The indices of a loop.
    pub(crate) fn of_range(range: Range) -> Sequence {
        let independence = match range.parallel {
            true => Independence::Claimed,
            false => Independence::InOrder,
        };
        let range = Range { parallel: false, ..range };
        Sequence { independence, ..Sequence::new(vec![range], Item::Index) }
    }

    /// Whether going through it does nothing but give items that closures have no part in.
    pub(crate) fn is_plain(&self) -> bool {
        self.stages.is_empty() && self.item.is_plain()
    }
}

impl Item {
    fn is_plain(&self) -> bool {
        match self {
            Item::Mapped { .. } => false,
            Item::Index | Item::Indices | Item::Element { .. } => true,
            Item::Part { .. } | Item::Window { .. } => true,
            Item::Counted { item, .. }
            | Item::Indexed(item)
            | Item::At { item, .. }
            | Item::Unravelled { item, .. } => item.is_plain(),
            Item::Together(items) => items.iter().all(Item::is_plain),
        }
    }
}

/// Sequences of arrays.
impl State {
    /// The sequence that a handle stands for, if it can be gone through.
    pub(crate) fn sequence(&mut self, handle: u32, at: At) -> Step<Sequence> {
        match self.kind(handle) {
            Kind::Sequence(sequence) => Ok(*sequence),
            Kind::Range(range) => Ok(Sequence::of_range(self.loop_range(range, at)?)),
            Kind::Poison => Err(Problem::Reported),
            Kind::Variable { borrowed: true, .. } | Kind::Place(_) if self.is_array(handle) => {
                self.sequence_of_elements(handle, true, at)
            }
            Kind::Variable { .. } | Kind::Plain(_) if self.is_array(handle) => {
                self.sequence_of_elements(handle, false, at)
            }
            _ => mistake(
                "a loop goes through a range of integers, an array or an iterator: `for i in 0..n`, `for x in a.iter()`",
            ),
        }
    }

    fn is_array(&mut self, handle: u32) -> bool {
        self.type_of(handle).is_ok_and(|ty| ty.rank.is_some())
    }

    /// All indices below a length.
    pub(crate) fn below(&mut self, end: Value, at: At) -> Range {
        let start = self.usize_constant(0, at);
        let dtype = self.types.known(DType::Usize);
        Range { start, end, step: None, total: None, parallel: false, inclusive: false, dtype }
    }

    fn all_indices(&mut self, array: u32, at: At) -> Step<Vec<Range>> {
        let (value, rank) = self.array(array, "an iterator", at)?;
        let lengths = self.lengths(value, rank, at)?;
        Ok(lengths.into_iter().map(|length| self.below(length, at)).collect())
    }

    pub(crate) fn sequence_of_elements(&mut self, array: u32, mutable: bool, at: At) -> Step<Sequence> {
        if mutable {
            self.target(array, "iter_mut")?;
        }
        let array = self.kept(array, at)?;
        Ok(Sequence::new(self.all_indices(array, at)?, Item::Element { array, mutable }))
    }

    /// A handle of the array that a loop can read in each iteration. A variable is read anew, for its elements may be set
    /// meanwhile.
    fn kept(&mut self, array: u32, at: At) -> Step<u32> {
        match self.kind(array) {
            Kind::Variable { .. } | Kind::Place(_) => Ok(array),
            _ => {
                let (value, _) = self.array(array, "an iterator", at)?;
                Ok(self.handle(Kind::Plain(value)))
            }
        }
    }

    /// What has an index along each of some axes.
    pub(crate) fn parts_of(&mut self, array: u32, axes: Vec<u8>, mutable: bool, at: At) -> Step<Sequence> {
        if mutable {
            self.target(array, "a view to write")?;
        }
        let array = self.kept(array, at)?;
        let all = self.all_indices(array, at)?;
        let ranges = axes.iter().map(|axis| all[*axis as usize]).collect();
        Ok(Sequence::new(ranges, Item::Part { array, axes, mutable }))
    }

    /// The cuts that show a part of an array: the indices along some axes, in their order.
    pub(crate) fn part_view(&self, rank: u8, axes: &[u8], indices: &[Value]) -> View {
        let mut cuts = vec![Cut::All; rank as usize];
        for (axis, index) in axes.iter().zip(indices) {
            cuts[*axis as usize] = Cut::At(*index);
        }
        View::of_cuts(cuts)
    }

    /// So many neighbours along each axis: all windows, or those that do not overlap.
    pub(crate) fn windows_of(
        &mut self,
        array: u32,
        sizes: Vec<Value>,
        overlapping: bool,
        mutable: bool,
        at: At,
    ) -> Step<Sequence> {
        if mutable {
            self.target(array, "a view to write")?;
        }
        let array = self.kept(array, at)?;
        let mut ranges = self.all_indices(array, at)?;
        if sizes.len() != ranges.len() {
            let (given, rank) = (sizes.len(), ranges.len());
            return mistake(format!("an array of rank {rank} has windows of {rank} lengths, not {given}"));
        }
        let (none, one) = (self.usize_constant(0, at), self.usize_constant(1, at));
        for (range, size) in ranges.iter_mut().zip(&sizes) {
            if self.known_integer(*size).is_none_or(|size| size <= 0) {
                let some = self.op(ScalarOp::Ne, &[*size, none], at)?;
                self.check(some, FaultKind::ZeroStep, at);
            }
            if overlapping {
                let too_long = self.op(ScalarOp::Lt, &[range.end, *size], at)?;
                let behind = self.op(ScalarOp::Add, &[range.end, one], at)?;
                let count = self.op(ScalarOp::Sub, &[behind, *size], at)?;
                range.end = self.op(ScalarOp::Select, &[too_long, none, count], at)?;
            } else {
                let rest = self.op(ScalarOp::Rem, &[range.end, *size], at)?;
                range.end = self.op(ScalarOp::Sub, &[range.end, rest], at)?;
                range.step = Some(*size);
            }
        }
        Ok(Sequence::new(ranges, Item::Window { array, sizes, mutable }))
    }
}

/// Positions: the same items, counted from zero.
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
            let count = self.trip_count(range, at)?;
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
        let mut position = indices[0];
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
        indices[0] = position;
        Ok(indices)
    }
}

/// What iterators are made of others.
impl State {
    /// The sequence of a receiver, of which no item is left out yet.
    fn whole(&mut self, receiver: u32, what: &str, at: At) -> Step<Sequence> {
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

    pub(crate) fn overlapping(&mut self, receiver: u32, args: &[u32], at: At) -> Step<Kind> {
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
        let mut sequence = self.sequence(receiver, at)?;
        if !sequence.stages.is_empty() {
            let none = self.usize_constant(0, at);
            let none = self.handle(Kind::Plain(none));
            let counter = self.variable("position", none, at)?;
            sequence.stages.push(Stage::Count(self.handle(counter)));
            return Self::given(sequence);
        }
        let sequence = self.positions(sequence, at)?;
        let lengths = sequence.ranges.iter().map(|range| range.end).collect();
        let item = Item::Counted { lengths, item: Box::new(sequence.item) };
        Self::given(Sequence { item, ..sequence })
    }

    /// `.zip(…)`: as long as the shorter one. Of rows and columns there must be as many.
    pub(crate) fn zipped(&mut self, receiver: u32, args: &[u32], at: At) -> Step<Kind> {
        let first = self.whole(receiver, "zip", at)?;
        let second = self.whole(args[0], "zip", at)?;
        let claimed = [first.independence, second.independence].contains(&Independence::Claimed);
        let independence = if claimed { Independence::Claimed } else { Independence::InOrder };
        if first.ranges.len() == second.ranges.len() && first.ranges.len() > 1 {
            let (first, second) = (self.positions(first, at)?, self.positions(second, at)?);
            self.check_lengths(&first, &second, at)?;
            let item = Item::Together(vec![first.item, second.item]);
            return Self::given(Sequence { independence, ..Sequence::new(first.ranges, item) });
        }
        let ((count, first), (other, second)) = (self.line(first, at)?, self.line(second, at)?);
        let count = match count == other {
            true => count,
            false => self.op(ScalarOp::Min, &[count, other], at)?,
        };
        let item = Item::Together(vec![first.item, second.item]);
        let range = self.below(count, at);
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
        if sequence.stages.iter().any(|stage| matches!(stage, Stage::While(_) | Stage::Count(_))) {
            return self.whole(receiver, "rev", at).map(|_| Kind::Poison);
        }
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
        let sequence = self.whole(receiver, "skip", at)?;
        let (count, mut sequence) = self.line(sequence, at)?;
        let skipped = self.size(args[0], "the argument of `skip`", at)?;
        sequence.ranges[0].start = self.op(ScalarOp::Min, &[count, skipped], at)?;
        Self::given(sequence)
    }

    pub(crate) fn only_first(&mut self, receiver: u32, args: &[u32], at: At) -> Step<Kind> {
        let sequence = self.whole(receiver, "take", at)?;
        let (count, mut sequence) = self.line(sequence, at)?;
        let taken = self.size(args[0], "the argument of `take`", at)?;
        sequence.ranges[0].end = self.op(ScalarOp::Min, &[count, taken], at)?;
        Self::given(sequence)
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

    /// The part of an array that a window shows.
    pub(crate) fn window_view(&mut self, indices: &[Value], sizes: &[Value], at: At) -> Step<View> {
        let mut cuts = Vec::with_capacity(indices.len());
        for (index, size) in indices.iter().zip(sizes) {
            let end = self.op(ScalarOp::Add, &[*index, *size], at)?;
            cuts.push(Cut::Range { start: Some(*index), end: Some(end), step: None });
        }
        Ok(View::of_cuts(cuts))
    }

    /// An element that is read now.
    pub(crate) fn item_of_array(&mut self, array: u32, index: &[Value], at: At) -> Step<Value> {
        let (array, _) = self.array(array, "an iterator", at)?;
        let ty = crate::state::Ty { rank: None, ..self.ty(array) };
        self.emit(Expr::Index { array, index: index.to_vec() }, ty, at)
    }
}
