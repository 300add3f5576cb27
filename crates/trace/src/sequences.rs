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
use crate::records::Record;
use crate::state::{Kind, Range, State};
use crate::vectors::lists::Lists;
use parfuse_ir::program::{Claim, Cut, Value, Var, View};
use parfuse_ir::{DType, FaultKind, ScalarOp};

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
    /// Whether it has one loop that has no end, as `0..` has none.
    pub(crate) endless: bool,
    /// Where it is, if it is in a variable.
    pub(crate) cursor: Cursor,
}

/// How far an iterator has come.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) enum Cursor {
    /// It begins where it is used.
    None,
    /// At the position that a variable has.
    At(Var),
    /// It is in a variable, and nothing remembers how far it is.
    Unknown,
}

/// Whether iterations may run in parallel.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) enum Independence {
    /// They run in order.
    InOrder,
    /// The user says so, and what else is said of them: `prange`.
    Claimed(Claim),
    /// If each does nothing but compute its element of a new array.
    IfPure,
}

impl Independence {
    /// What is said of the iterations, if they are said to be independent.
    pub(crate) fn claim(self) -> Option<Claim> {
        match self {
            Independence::Claimed(claim) => Some(claim),
            Independence::InOrder | Independence::IfPure => None,
        }
    }
}

impl Sequence {
    /// The same items one after the other, whatever has been said of them.
    pub(crate) fn in_order(self) -> Sequence {
        match self.independence {
            Independence::Claimed(_) => Sequence { independence: Independence::InOrder, ..self },
            Independence::InOrder | Independence::IfPure => self,
        }
    }
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
    /// So many indices along an axis from the index on, or as many as there are before the end.
    Strip { array: u32, axis: u8, size: Value, end: Option<Value>, mutable: bool },
    /// The item at the position among so many that is left over.
    Wrapped { count: Value, item: Box<Item> },
    /// Always the same.
    Same(u32),
    /// One of several vectors that grow.
    List(Lists),
    /// At the first positions the items of one sequence, then those of another.
    Chained { count: Value, first: Box<Item>, second: Box<Item> },
    /// The position among items in so many rows and columns, and the item.
    Counted { lengths: Vec<Value>, item: Box<Item> },
    /// The indices, and the item.
    Indexed(Box<Item>),
    /// Several items at once.
    Together(Vec<Item>),
    /// A struct of an item for each field.
    Fields(&'static Record, Vec<Item>),
    /// Items of the arrays that an array of tuples is made of: a tuple, or an array of tuples.
    Tuples(Vec<Item>),
    /// Items of the arrays that an array of options is made of: an option.
    Options(Vec<Item>),
    /// What a closure computes from the item.
    Mapped { closure: u32, item: Box<Item> },
    /// The item of other loops, at the positions that the indices are.
    At { ranges: Vec<Range>, item: Box<Item> },
    /// The item in so many rows and columns at the position that the index is.
    Unravelled { lengths: Vec<Value>, item: Box<Item> },
}

/// What happens to an item on its way. Closures are handles.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Stage {
    /// A closure computes another one.
    Map(u32),
    /// It goes on after a closure has seen it.
    Inspect(u32),
    /// It goes on if a closure says so.
    Filter(u32),
    /// It goes on as what an option has, if that has anything.
    Present,
    /// It is the last one unless a closure says otherwise, and does not go on then.
    While(u32),
    /// It goes on as what an option has, and is the last one if that has nothing.
    WhilePresent,
    /// It goes on as what a closure computes from a value of its own, which begins as this, and the item.
    Scan { start: u32, closure: u32 },
    /// It goes on if a closure has said no of it or of one before.
    SkipWhile(u32),
    /// It goes on unless it is among the first.
    Skip(Value),
    /// It goes on if it is among the first, and is the last one otherwise.
    Take(Value),
    /// It gets a number.
    Count,
    /// It goes on with what has its number among the items of another sequence, of which there are so many, and is the last
    /// one if there is none.
    Zip { other: u32, count: Value, comes_first: bool },
    /// A closure gives a sequence, all of whose items go on.
    Flatten,
}

impl Stage {
    /// Whether it may end the loops.
    pub(crate) fn may_end(self) -> bool {
        matches!(self, Stage::While(_) | Stage::WhilePresent | Stage::Take(_) | Stage::Zip { .. })
    }

    /// Whether it depends on the items before.
    pub(crate) fn is_in_order(self) -> bool {
        self.may_end()
            || matches!(self, Stage::Scan { .. } | Stage::SkipWhile(_) | Stage::Skip(_) | Stage::Count)
    }
}

/// How strips along an axis lie.
#[derive(Clone, Copy)]
pub(crate) enum Strips {
    /// One begins at each index.
    Overlapping,
    /// One begins where the one before it ends.
    Apart,
}

impl Sequence {
    pub(crate) fn new(ranges: Vec<Range>, item: Item) -> Sequence {
        let (stages, independence) = (Vec::new(), Independence::InOrder);
        Sequence { ranges, item, stages, independence, endless: false, cursor: Cursor::None }
    }

    /// The indices of a loop.
    pub(crate) fn of_range(range: Range) -> Sequence {
        let independence = range.claim.map_or(Independence::InOrder, Independence::Claimed);
        let range = Range { claim: None, ..range };
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
            Item::Part { .. } | Item::Window { .. } | Item::Strip { .. } | Item::Same(_) | Item::List(_) => {
                true
            }
            Item::Chained { first, second, .. } => first.is_plain() && second.is_plain(),
            Item::Counted { item, .. }
            | Item::Indexed(item)
            | Item::At { item, .. }
            | Item::Unravelled { item, .. }
            | Item::Wrapped { item, .. } => item.is_plain(),
            Item::Together(items) | Item::Fields(_, items) | Item::Tuples(items) | Item::Options(items) => {
                items.iter().all(Item::is_plain)
            }
        }
    }
}

/// Sequences of arrays.
impl State {
    /// The sequence that a handle stands for, if it can be gone through.
    pub(crate) fn sequence(&mut self, handle: u32, at: At) -> Step<Sequence> {
        if let Some(sequence) = self.sequence_of_records(handle, at) {
            return sequence;
        }
        match self.kind(handle) {
            Kind::Sequence(sequence) => self.rest(*sequence, at),
            Kind::Range(range) => Ok(Sequence::of_range(self.loop_range(range, at)?)),
            Kind::Lists(lists) => self.sequence_of_lists(lists, at),
            Kind::List { lists, index } => {
                let present = self.present_list(lists, index, at)?;
                let present = self.handle(present);
                self.sequence(present, at)
            }
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

    /// What is left of a sequence.
    fn rest(&mut self, mut sequence: Sequence, at: At) -> Step<Sequence> {
        if let Cursor::At(cursor) = sequence.cursor {
            sequence.ranges[0].start = self.read_var(cursor, at)?;
        }
        sequence.cursor = Cursor::None;
        Ok(sequence)
    }

    /// A sequence in a variable, which remembers how far it is if all items have positions.
    pub(crate) fn sequence_variable(&mut self, name: &str, sequence: Sequence, at: At) -> Step<Kind> {
        let sequence = self.rest(sequence, at)?;
        if !sequence.stages.is_empty() || sequence.endless || sequence.ranges.is_empty() {
            return Ok(Kind::Sequence(Box::new(Sequence { cursor: Cursor::Unknown, ..sequence })));
        }
        let (_, sequence) = self.line(sequence, at)?;
        let start = self.usize_constant(0, at);
        let cursor = self.new_var(name, self.ty(start), None);
        self.set_var(cursor, start);
        Ok(Kind::Sequence(Box::new(Sequence { cursor: Cursor::At(cursor), ..sequence })))
    }

    /// Whether a handle stands for an array.
    pub(crate) fn is_array(&mut self, handle: u32) -> bool {
        self.type_of(handle).is_ok_and(|ty| ty.rank.is_some())
    }

    /// All indices below a length.
    pub(crate) fn below(&mut self, end: Value, at: At) -> Range {
        let start = self.usize_constant(0, at);
        let dtype = self.types.known(DType::Usize);
        Range { start, end, step: None, total: None, claim: None, inclusive: false, dtype }
    }

    /// All indices from a number on: an item for each position.
    pub(crate) fn all_from(&mut self, start: Value, at: At) -> Sequence {
        let dtype = self.ty(start).dtype;
        let range =
            Range { start, end: start, step: None, total: None, claim: None, inclusive: false, dtype };
        self.endless(Item::At { ranges: vec![range], item: Box::new(Item::Index) }, at)
    }

    /// An item for each position, without an end.
    pub(crate) fn endless(&mut self, item: Item, at: At) -> Sequence {
        let end = self.constant(DType::Usize.greatest(), at);
        let range = self.below(end, at);
        Sequence { endless: true, ..Sequence::new(vec![range], item) }
    }

    fn all_indices(&mut self, array: u32, at: At) -> Step<Vec<Range>> {
        let (value, rank) = self.array(array, "an iterator", at)?;
        let lengths = self.lengths(value, rank, at)?;
        Ok(lengths.into_iter().map(|length| self.below(length, at)).collect())
    }

    pub(crate) fn sequence_of_elements(&mut self, array: u32, mutable: bool, at: At) -> Step<Sequence> {
        if self.has_rows(array) {
            return self.parts_of(array, vec![0], mutable, at);
        }
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
        for (range, size) in ranges.iter_mut().zip(&sizes) {
            self.check_size(*size, at)?;
            if overlapping {
                range.end = self.window_count(range.end, *size, at)?;
            } else {
                let rest = self.op(ScalarOp::Rem, &[range.end, *size], at)?;
                range.end = self.op(ScalarOp::Sub, &[range.end, rest], at)?;
                range.step = Some(*size);
            }
        }
        Ok(Sequence::new(ranges, Item::Window { array, sizes, mutable }))
    }

    /// So many indices along an axis at a time: all windows, or those that do not overlap, of which the last may be
    /// shorter.
    pub(crate) fn strips_of(
        &mut self,
        array: u32,
        axis: u8,
        size: Value,
        strips: Strips,
        mutable: bool,
        at: At,
    ) -> Step<Sequence> {
        if mutable {
            self.target(array, "a view to write")?;
        }
        let array = self.kept(array, at)?;
        let mut range = self.all_indices(array, at)?[axis as usize];
        let length = range.end;
        self.check_size(size, at)?;
        match strips {
            Strips::Overlapping => range.end = self.window_count(length, size, at)?,
            Strips::Apart => range.step = Some(size),
        }
        let end = matches!(strips, Strips::Apart).then_some(length);
        Ok(Sequence::new(vec![range], Item::Strip { array, axis, size, end, mutable }))
    }

    pub(crate) fn check_size(&mut self, size: Value, at: At) -> Step<()> {
        if self.known_integer(size).is_none_or(|size| size <= 0) {
            let none = self.usize_constant(0, at);
            let some = self.op(ScalarOp::Ne, &[size, none], at)?;
            self.check(some, FaultKind::ZeroStep, at);
        }
        Ok(())
    }

    /// How many windows of a size there are along an axis.
    fn window_count(&mut self, length: Value, size: Value, at: At) -> Step<Value> {
        let (none, one) = (self.usize_constant(0, at), self.usize_constant(1, at));
        let too_long = self.op(ScalarOp::Lt, &[length, size], at)?;
        let behind = self.op(ScalarOp::Add, &[length, one], at)?;
        let count = self.op(ScalarOp::Sub, &[behind, size], at)?;
        self.op(ScalarOp::Select, &[too_long, none, count], at)
    }
}
