//! Views: rows, columns, slices, arrays seen with their axes exchanged.
//!
//! ```text
//! a.row(i)                      view a[i, ..]
//! a.slice(s![1.., ..;2])        view a[1.., .. by 2]
//! a.t()                         view a[.., ..] as [1, 0]
//! a.column_mut(j).fill(0.0)     update (view a[.., j]) of a, 0
//! ```
//!
//! What is read of a view is what the array has then. A view that is made to be written, by `row_mut` and its kin, is a
//! place; no other view can be set elements of.

use crate::errors::{At, Problem, Step, mistake};
use crate::state::{Kind, State, Ty};
use crate::types::Class;
use crate::{Operand, Tracer, Value};
use parfuse_ir::program::{self, Cut, Expr, Place, View, ViewAxis};
use parfuse_ir::{DType, MAX_RANK, Scalar, ScalarOp};
use std::ops::{Range, RangeFrom, RangeFull, RangeInclusive, RangeTo, RangeToInclusive};

/// One part of `s![…]`: what is seen of an axis. Its numbers are handles, or [`SliceBound`]s.
#[derive(Clone, Copy, Debug)]
pub enum SliceItem<B> {
    /// An index, or a range bound to a name, perhaps with a step.
    Of(B, Option<B>),
    /// A range.
    Range {
        /// The first index, zero if there is none.
        start: Option<B>,
        /// The end, that of the axis if there is none.
        end: Option<B>,
        /// Whether the end belongs to it.
        inclusive: bool,
        /// The distance between indices.
        step: Option<B>,
    },
    /// A new axis of length one.
    NewAxis,
}

/// An index or bound of a slice of handles: a handle or a number.
#[derive(Clone, Copy, Debug)]
pub enum SliceBound<'t> {
    /// A handle.
    Value(Value<'t>),
    /// A number; a negative one counts from the end.
    Number(i64),
}

impl<'t> From<Value<'t>> for SliceBound<'t> {
    fn from(value: Value<'t>) -> SliceBound<'t> {
        SliceBound::Value(value)
    }
}
impl<'t> From<Value<'t>> for SliceItem<SliceBound<'t>> {
    fn from(index: Value<'t>) -> Self {
        SliceItem::Of(index.into(), None)
    }
}

macro_rules! slice_numbers {
    ($($ty:ty),*) => { $(
        impl From<$ty> for SliceBound<'_> {
            fn from(number: $ty) -> Self {
                SliceBound::Number(number as i64)
            }
        }
        impl From<$ty> for SliceItem<SliceBound<'_>> {
            fn from(index: $ty) -> Self {
                SliceItem::Of(index.into(), None)
            }
        }
    )* };
}
// What ndarray's `s![…]` takes.
slice_numbers!(i32, isize, usize);

macro_rules! slice_ranges {
    ($($from:ty: $range:pat => $start:expr, $end:expr, $inclusive:literal;)*) => { $(
        impl<'t, T: Into<SliceBound<'t>>> From<$from> for SliceItem<SliceBound<'t>> {
            fn from($range: $from) -> Self {
                let (start, end): (Option<T>, Option<T>) = ($start, $end);
                let [start, end] = [start, end].map(|bound| bound.map(Into::into));
                SliceItem::Range { start, end, inclusive: $inclusive, step: None }
            }
        }
    )* };
}
slice_ranges! {
    Range<T>: Range { start, end } => Some(start), Some(end), false;
    RangeFrom<T>: RangeFrom { start } => Some(start), None, false;
    RangeTo<T>: RangeTo { end } => None, Some(end), false;
    RangeToInclusive<T>: RangeToInclusive { end } => None, Some(end), true;
}
impl<'t, T: Into<SliceBound<'t>>> From<RangeInclusive<T>> for SliceItem<SliceBound<'t>> {
    fn from(range: RangeInclusive<T>) -> Self {
        let (start, end) = range.into_inner();
        SliceItem::Range { start: Some(start.into()), end: Some(end.into()), inclusive: true, step: None }
    }
}
impl From<RangeFull> for SliceItem<SliceBound<'_>> {
    fn from(_: RangeFull) -> Self {
        SliceItem::Range { start: None, end: None, inclusive: false, step: None }
    }
}

impl<'t> SliceItem<SliceBound<'t>> {
    /// Every `by`-th index; backwards if that is negative.
    pub fn step_by(self, by: impl Into<SliceBound<'t>>) -> Self {
        let by = Some(by.into());
        match self {
            SliceItem::Of(of, _) => SliceItem::Of(of, by),
            SliceItem::Range { start, end, inclusive, .. } => {
                SliceItem::Range { start, end, inclusive, step: by }
            }
            SliceItem::NewAxis => self,
        }
    }
}

impl<B> SliceItem<B> {
    fn map<C>(self, f: impl Fn(B) -> C) -> SliceItem<C> {
        match self {
            SliceItem::Of(of, step) => SliceItem::Of(f(of), step.map(f)),
            SliceItem::Range { start, end, inclusive, step } => {
                SliceItem::Range { start: start.map(&f), end: end.map(&f), inclusive, step: step.map(&f) }
            }
            SliceItem::NewAxis => SliceItem::NewAxis,
        }
    }
    fn try_map<C>(self, mut f: impl FnMut(B) -> Step<C>) -> Step<SliceItem<C>> {
        Ok(match self {
            SliceItem::Of(of, step) => SliceItem::Of(f(of)?, step.map(f).transpose()?),
            SliceItem::Range { start, end, inclusive, step } => SliceItem::Range {
                start: start.map(&mut f).transpose()?,
                end: end.map(&mut f).transpose()?,
                inclusive,
                step: step.map(&mut f).transpose()?,
            },
            SliceItem::NewAxis => SliceItem::NewAxis,
        })
    }
}

/// What a handle for `s![…]` stands for: the parts, of handles.
pub(crate) type Part = SliceItem<u32>;

impl Tracer {
    /// `s![…]`.
    pub fn slice_info(&self, items: &[SliceItem<Value<'_>>], at: At) -> Value<'_> {
        let parts: Vec<Part> = items.iter().map(|item| item.map(|value| self.id(value))).collect();
        self.step(at, |state| {
            // Variables are read now.
            let read = |part: Part| part.try_map(|handle| state.snapshot_scalar(handle, at));
            Ok(Kind::Slice(parts.into_iter().map(read).collect::<Step<_>>()?))
        })
    }
    fn slice_of_bounds(&self, items: &[SliceItem<SliceBound<'_>>], at: At) -> Value<'_> {
        let value = |bound| match bound {
            SliceBound::Value(value) => self.id(value),
            SliceBound::Number(number) => self.id(self.constant(Scalar::I64(number), at)),
        };
        let parts: Vec<SliceItem<Value<'_>>> =
            items.iter().map(|item| item.map(|bound| Value { tracer: self, id: value(bound) })).collect();
        self.slice_info(&parts, at)
    }
}

/// Slices for handles: `a.slice([SliceItem::from(i), SliceItem::from(1..)])`.
impl<'t, const N: usize> Operand<'t> for [SliceItem<SliceBound<'t>>; N] {
    fn operand(self, tracer: &'t Tracer, at: At) -> Value<'t> {
        tracer.slice_of_bounds(&self, at)
    }
}

/// ndarray's own slices, of numbers: `a.slice(s![1.., ..;2])`.
impl<'t, const N: usize, In: ndarray::Dimension, Out: ndarray::Dimension> Operand<'t>
    for ndarray::SliceInfo<[ndarray::SliceInfoElem; N], In, Out>
{
    fn operand(self, tracer: &'t Tracer, at: At) -> Value<'t> {
        use ndarray::SliceInfoElem;
        let items: Vec<SliceItem<SliceBound<'t>>> = self
            .iter()
            .map(|item| match *item {
                SliceInfoElem::Index(index) => SliceItem::Of(index.into(), None),
                SliceInfoElem::Slice { start, end, step } => SliceItem::Range {
                    start: Some(start.into()),
                    end: end.map(Into::into),
                    inclusive: false,
                    step: Some(step.into()),
                },
                SliceInfoElem::NewAxis => SliceItem::NewAxis,
            })
            .collect();
        tracer.slice_of_bounds(&items, at)
    }
}

/// The number of an axis.
impl<'t> Operand<'t> for ndarray::Axis {
    fn operand(self, tracer: &'t Tracer, at: At) -> Value<'t> {
        tracer.lift(self.0, at)
    }
}

/// Making views.
impl State {
    /// A view of what a handle stands for: to be written if it is `mutable`, else to be read.
    pub(crate) fn view(&mut self, receiver: u32, view: View, mutable: bool, at: At) -> Step<Kind> {
        let place = if mutable { Some(self.target(receiver, "a view to write")?) } else { None };
        let (array, _) = self.array(receiver, "a view", at)?;
        let ty = Ty { rank: Some(view.rank()), ..self.ty(array) };
        if view.rank() as usize > MAX_RANK {
            return mistake(format!("a view has at most {MAX_RANK} axes, not {}", view.rank()));
        }
        let view = self.emit(Expr::View { array, view }, ty, at)?;
        Ok(match place {
            Some(place) => Kind::Place(Place { var: place.var, view: Some(view) }),
            None => Kind::Plain(view),
        })
    }

    /// One index along an axis, all along the others.
    fn at_index(&mut self, receiver: u32, axis: u8, index: u32, mutable: bool, at: At) -> Step<Kind> {
        let view = self.cut_at(receiver, axis, index, at)?;
        self.view(receiver, view, mutable, at)
    }

    fn cut_at(&mut self, receiver: u32, axis: u8, index: u32, at: At) -> Step<View> {
        let rank = self.axes_of(receiver)?;
        let index = self.size(index, "an index", at)?;
        let mut cuts = vec![Cut::All; rank as usize];
        cuts[axis as usize] = Cut::At(index);
        Ok(View::of_cuts(cuts))
    }

    fn rank_of(&mut self, receiver: u32, name: &str, expected: u8) -> Step<()> {
        match self.type_of(receiver)?.rank {
            Some(rank) if rank == expected => Ok(()),
            Some(rank) => mistake(format!("`.{name}()` is for arrays with {expected} axes, not {rank}")),
            None => mistake(format!("`.{name}()` is for arrays")),
        }
    }

    /// The axis that an argument names, of an array with so many.
    pub(crate) fn axis(&mut self, axis: u32, axes: u8, at: At) -> Step<u8> {
        let axis = self.size(axis, "the number of an axis", at)?;
        match self.computed_integer(axis) {
            Some(axis) if (0..i128::from(axes)).contains(&axis) => Ok(axis as u8),
            Some(axis) => mistake(format!("there is no axis {axis} in an array with {axes}")),
            None => mistake(
                "the number of an axis must be a constant, or computed of `ndim()`: `Axis(0)`, `Axis(a.ndim() - 1)`",
            ),
        }
    }

    /// The rank of an array.
    pub(crate) fn axes_of(&mut self, receiver: u32) -> Step<u8> {
        match self.type_of(receiver)?.rank {
            Some(rank) => Ok(rank),
            None => mistake("a scalar has no axes"),
        }
    }

    pub(crate) fn row_view(&mut self, receiver: u32, args: &[u32], at: At) -> Step<Kind> {
        self.rank_of(receiver, "row", 2)?;
        self.at_index(receiver, 0, args[0], false, at)
    }
    pub(crate) fn row_place(&mut self, receiver: u32, args: &[u32], at: At) -> Step<Kind> {
        self.rank_of(receiver, "row_mut", 2)?;
        self.at_index(receiver, 0, args[0], true, at)
    }
    pub(crate) fn column_view(&mut self, receiver: u32, args: &[u32], at: At) -> Step<Kind> {
        self.rank_of(receiver, "column", 2)?;
        self.at_index(receiver, 1, args[0], false, at)
    }
    pub(crate) fn column_place(&mut self, receiver: u32, args: &[u32], at: At) -> Step<Kind> {
        self.rank_of(receiver, "column_mut", 2)?;
        self.at_index(receiver, 1, args[0], true, at)
    }
    pub(crate) fn index_axis_view(&mut self, receiver: u32, args: &[u32], at: At) -> Step<Kind> {
        let axes = self.axes_of(receiver)?;
        let axis = self.axis(args[0], axes, at)?;
        self.at_index(receiver, axis, args[1], false, at)
    }
    pub(crate) fn index_axis_place(&mut self, receiver: u32, args: &[u32], at: At) -> Step<Kind> {
        let axes = self.axes_of(receiver)?;
        let axis = self.axis(args[0], axes, at)?;
        self.at_index(receiver, axis, args[1], true, at)
    }
    pub(crate) fn slice_view(&mut self, receiver: u32, args: &[u32], at: At) -> Step<Kind> {
        self.slice(receiver, args[0], false, at)
    }
    pub(crate) fn slice_place(&mut self, receiver: u32, args: &[u32], at: At) -> Step<Kind> {
        self.slice(receiver, args[0], true, at)
    }
    pub(crate) fn slice_moved(&mut self, receiver: u32, args: &[u32], at: At) -> Step<Kind> {
        let view = self.sliced(receiver, args[0], at)?;
        self.moved_view(receiver, view, at)
    }
    pub(crate) fn index_axis_moved(&mut self, receiver: u32, args: &[u32], at: At) -> Step<Kind> {
        let axes = self.axes_of(receiver)?;
        let axis = self.axis(args[0], axes, at)?;
        let view = self.cut_at(receiver, axis, args[1], at)?;
        self.moved_view(receiver, view, at)
    }
    pub(crate) fn slice_axis_view(&mut self, receiver: u32, args: &[u32], at: At) -> Step<Kind> {
        let view = self.sliced_along(receiver, args, at)?;
        self.view(receiver, view, false, at)
    }
    pub(crate) fn slice_axis_place(&mut self, receiver: u32, args: &[u32], at: At) -> Step<Kind> {
        let view = self.sliced_along(receiver, args, at)?;
        self.view(receiver, view, true, at)
    }
    pub(crate) fn slice_axis_moved(&mut self, receiver: u32, args: &[u32], at: At) -> Step<Kind> {
        let view = self.sliced_along(receiver, args, at)?;
        self.moved_view(receiver, view, at)
    }
    /// Several parts to be changed, each by a slice of its own.
    pub(crate) fn several_slices(&mut self, receiver: u32, args: &[u32], at: At) -> Step<Kind> {
        let Kind::Tuple(slices) = self.kind(args[0]) else {
            return mistake("`.multi_slice_mut()` takes a tuple of slices: `(s![..k], s![k..])`");
        };
        let mut parts = Vec::new();
        for info in slices {
            let part = self.slice(receiver, info, true, at)?;
            parts.push(self.handle(part));
        }
        Ok(Kind::Tuple(parts.into()))
    }
    /// A slice of one axis with every `step`-th of its indices.
    pub(crate) fn slice_stepped(&mut self, receiver: u32, args: &[u32], at: At) -> Step<Kind> {
        let step = self.snapshot_scalar(args[0], at)?;
        match self.kind(receiver) {
            Kind::Slice(parts) => match parts[..] {
                [Part::Range { start, end, inclusive, step: None }] => {
                    Ok(Kind::Slice(vec![Part::Range { start, end, inclusive, step: Some(step) }]))
                }
                [Part::Of(of, None)] => Ok(Kind::Slice(vec![Part::Of(of, Some(step))])),
                _ => mistake("a slice has one step: `Slice::from(..).step_by(2)`"),
            },
            _ => Err(Problem::Reported),
        }
    }

    /// All along the other axes of what a slice, or a range, says of one.
    pub(crate) fn sliced_along(&mut self, receiver: u32, args: &[u32], at: At) -> Step<View> {
        let axes = self.axes_of(receiver)?;
        let axis = self.axis(args[0], axes, at)?;
        let part = match self.kind(args[1]) {
            Kind::Slice(parts) if parts.len() == 1 => parts[0],
            Kind::Range(_) => Part::Of(args[1], None),
            _ => return mistake("a slice of one axis is given as `Slice::from(1..)`"),
        };
        let (array, _) = self.array(receiver, "a slice", at)?;
        let mut cuts = vec![Cut::All; axes as usize];
        cuts[axis as usize] = self.cut(array, axis, part, at)?;
        Ok(View::of_cuts(cuts))
    }

    fn slice(&mut self, receiver: u32, info: u32, mutable: bool, at: At) -> Step<Kind> {
        let view = self.sliced(receiver, info, at)?;
        self.view(receiver, view, mutable, at)
    }
    pub(crate) fn sliced(&mut self, receiver: u32, info: u32, at: At) -> Step<View> {
        let Kind::Slice(parts) = self.kind(info) else {
            return mistake("a slice is given as `s![…]`, one index or range for each axis");
        };
        let (array, rank) = self.array(receiver, "`slice`", at)?;
        let given = parts.iter().filter(|part| !matches!(part, Part::NewAxis)).count();
        if given != rank as usize {
            return mistake(format!(
                "an array of rank {rank} is sliced with {given} indices and ranges: `s![…]` has one for each axis"
            ));
        }
        let (mut cuts, mut axes) = (Vec::new(), Vec::new());
        for part in parts {
            if matches!(part, Part::NewAxis) {
                axes.push(ViewAxis::New);
                continue;
            }
            let axis = cuts.len() as u8;
            let cut = self.cut(array, axis, part, at)?;
            if !cut.is_index() {
                axes.push(ViewAxis::Of(axis));
            }
            cuts.push(cut);
        }
        Ok(View { cuts, axes })
    }

    pub(crate) fn cut(&mut self, array: program::Value, axis: u8, part: Part, at: At) -> Step<Cut> {
        let (start, end, inclusive, step) = match part {
            Part::Of(of, step) => match self.kind(of) {
                Kind::Range(range)
                    if range.step.is_none() && range.total.is_none() && range.claim.is_none() =>
                {
                    (Some(range.start), Some(range.end), range.inclusive, step)
                }
                Kind::Range(_) => {
                    return mistake("a range of `s![…]` has its step behind a semicolon: `s![0..n;2]`");
                }
                _ if step.is_none() => return Ok(Cut::At(self.bound_of_slice(of, at)?)),
                _ => return mistake("an index of `s![…]` has no step"),
            },
            Part::Range { start, end, inclusive, step } => {
                let start = start.map(|start| self.bound_of_slice(start, at)).transpose()?;
                let end = end.map(|end| self.bound_of_slice(end, at)).transpose()?;
                (start, end, inclusive, step)
            }
            Part::NewAxis => return Ok(Cut::All),
        };
        if let (Some(start), Some(end)) = (start, end) {
            let (a, b) = (self.ty(start).dtype, self.ty(end).dtype);
            self.unify(a, b, "the bounds of a range")?;
        }
        let end = match end {
            Some(end) if inclusive => self.end_after(array, axis, end, at)?,
            end => end,
        };
        let step = step.map(|step| self.bound_of_slice(step, at)).transpose()?;
        let step = step.filter(|step| self.known_integer(*step) != Some(1));
        let start = start.filter(|start| self.known_integer(*start) != Some(0));
        Ok(match (start, end, step) {
            (None, None, None) => Cut::All,
            (start, end, step) => Cut::Range { start, end, step },
        })
    }

    /// An index or bound: an integer.
    fn bound_of_slice(&mut self, handle: u32, at: At) -> Step<program::Value> {
        let value = self.scalar(handle, "an index of `s![…]`", at)?;
        match self.class(value) {
            Class::Integer => Ok(value),
            Class::Known(dtype) if dtype.is_int() => Ok(value),
            _ => {
                let found = self.types.show(self.ty(value).dtype);
                mistake(format!("an index of `s![…]` is an integer, not {found}"))
            }
        }
    }

    /// The end behind the last index: of -1, which is the last one of all, that of the axis.
    fn end_after(
        &mut self,
        array: program::Value,
        axis: u8,
        last: program::Value,
        at: At,
    ) -> Step<Option<program::Value>> {
        if let Some(last_index) = self.known_integer(last) {
            let next = i32::try_from(last_index + 1);
            return match next {
                Ok(0) => Ok(None),
                Ok(next) => Ok(Some(self.small(next, last, at))),
                Err(_) => mistake("a bound of `s![…]` is too large"),
            };
        }
        let one = self.small(1, last, at);
        let next = self.op(ScalarOp::Add, &[last, one], at)?;
        if matches!(self.class(last), Class::Known(dtype) if dtype.is_unsigned()) {
            return Ok(Some(next));
        }
        let zero = self.small(0, last, at);
        let is_last = self.op(ScalarOp::Eq, &[next, zero], at)?;
        let usize_type = Ty { dtype: self.types.known(DType::Usize), rank: None, of_arrays: false };
        let length = self.emit(Expr::Dim { array, axis }, usize_type, at)?;
        let dtype = self.ty(last).dtype;
        let length = self.cast(length, dtype, at)?;
        Ok(Some(self.op(ScalarOp::Select, &[is_last, length, next], at)?))
    }
}
