//! Elements chosen by indices that are computed: `select`, `get`, triangles of matrices.
//!
//! ```text
//! a.select(Axis(0), &rows)     c = fill[len rows, …] 0;  for i, j { c[i, j] = a[rows[i], j] }
//! a.get(i)                     if i < len a { (true, a[i]) } else { (false, …) }
//! a.triu(k)                    for i, j { c[i, j] = if j >= i + k { a[i, j] } else { 0 } }
//! ```

use crate::errors::{At, Problem, Step, mistake};
use crate::records::Items;
use crate::state::{Kind, State, Ty};
use crate::{Method, Tracer, Value};
use parfuse_ir::program::{self, Cut, View};
use parfuse_ir::{DType, Scalar, ScalarOp};

impl Tracer {
    /// `a.select(Axis(k), &indices)`: what has these indices along an axis.
    pub(crate) fn select_along<'t>(
        &'t self,
        _: Method,
        array: Value<'t>,
        args: &[Value<'t>],
        at: At,
    ) -> Value<'t> {
        let mut source = None;
        let sequence = self.with(|state| {
            let (value, rank) = state.array(array.id, "`select`", at)?;
            let axis = state.axis(args[0].id, rank, at)?;
            let (indices, index_rank) = state.array(args[1].id, "the indices of `select`", at)?;
            if index_rank != 1 {
                return mistake(
                    "`.select()` takes the indices along an axis: an array with one axis, or a slice",
                );
            }
            state.unify_known(indices, DType::Usize, "the indices of `select`")?;
            let mut shape = state.lengths(value, rank, at)?;
            shape[axis as usize] = state.len(indices, at)?;
            source = Some((value, indices, axis));
            Ok(state.indices_of_shape(&shape, at))
        });
        let dtype = self.with(|state| source.map(|(value, ..)| state.ty(value).dtype));
        let element = |index: Value<'t>| {
            self.step(at, |state| {
                let Some((value, indices, axis)) = source else { return Ok(Kind::Tuple(Items::default())) };
                let mut index = state.indices(&[index.id], at)?;
                let chosen = vec![index[axis as usize]];
                index[axis as usize] = state.element(indices, chosen, at)?;
                state.element(value, index, at).map(Kind::Plain)
            })
        };
        self.collected(sequence, dtype, &mut Some(element), at)
    }

    /// `a.get(i)`, `a.first()`, `a.last()`: an element, if there is one.
    pub(crate) fn element_if_any<'t>(
        &'t self,
        method: Method,
        array: Value<'t>,
        args: &[Value<'t>],
        at: At,
    ) -> Value<'t> {
        let mut found = None;
        let present = self.step(at, |state| {
            let (present, index) = state.presence_of(method, array.id, args, at)?;
            let (value, _) = state.array(array.id, "an element", at)?;
            found = Some((value, index));
            Ok(Kind::Plain(present))
        });
        let then = || {
            let element = self.step(at, |state| match found {
                Some((value, index)) if index.len() < state.axes_of(array.id)? as usize => {
                    let row = state.row_of_arrays(array.id, value, &index, at)?;
                    let row = state.handle(row);
                    let row = state.read(row, at)?;
                    state.copy(row, at).map(Kind::Plain)
                }
                Some((value, index)) => state.element(value, index, at).map(Kind::Plain),
                None => Ok(Kind::Poison),
            });
            self.some(element, at)
        };
        self.if_(present, then, || self.none(at), at)
    }

    /// `slice.split_first()` and its kin: the first element, or the last, and the rest, if there is one.
    pub(crate) fn split_end<'t>(
        &'t self,
        method: Method,
        slice: Value<'t>,
        _: &[Value<'t>],
        at: At,
    ) -> Value<'t> {
        let (end, borrow) = match method {
            Method::split_first => (Method::first, "&"),
            Method::split_first_mut => (Method::first_mut, "&mut"),
            Method::split_last => (Method::last, "&"),
            _ => (Method::last_mut, "&mut"),
        };
        let count = self.bind_named("", self.method(slice, Method::len, &[], at), None, at);
        let (present, element) = self.parts_of_option(self.method(slice, end, &[], at), at);
        // Of no elements the rest is empty, too.
        let one = self.method(count, Method::min, &[self.lift(1usize, at)], at);
        let range = match end {
            Method::first | Method::first_mut => self.range(one, count, false, at),
            _ => self.range(self.lift(0usize, at), self.binary("-", count, one, at), false, at),
        };
        let rest = self.unary(borrow, self.index(slice, &[range], at), at);
        self.option(present, self.tuple(&[element, rest]), at)
    }

    /// `a.get_mut(i)`, `a.first_mut()`, `a.last_mut()`: the same, to be set.
    pub(crate) fn place_if_any<'t>(
        &'t self,
        method: Method,
        array: Value<'t>,
        args: &[Value<'t>],
        at: At,
    ) -> Value<'t> {
        self.step(at, |state| {
            let place = state.target(array.id, method.name())?;
            let (present, index) = state.presence_of(method, array.id, args, at)?;
            if index.len() < state.axes_of(array.id)? as usize {
                return Ok(state.maybe(present, Kind::Row { array: array.id, index }));
            }
            Ok(state.maybe(present, Kind::Element { place, index, borrowed: true }))
        })
    }

    /// `slice.contains(&x)`.
    pub(crate) fn contains_element<'t>(
        &'t self,
        _: Method,
        array: Value<'t>,
        args: &[Value<'t>],
        at: At,
    ) -> Value<'t> {
        self.is_there("contains", true, array, &|element| self.binary("==", element, args[0], at), at)
    }

    /// `a.triu(k)`, `a.tril(k)`: a matrix without what is below a diagonal, or above it.
    pub(crate) fn triangle<'t>(
        &'t self,
        method: Method,
        array: Value<'t>,
        args: &[Value<'t>],
        at: At,
    ) -> Value<'t> {
        let mut source = None;
        let sequence = self.with(|state| {
            let (value, rank) = state.array(array.id, &format!("`{method}`"), at)?;
            if rank < 2 {
                return mistake(format!("`.{method}()` is for arrays with 2 axes or more, not {rank}"));
            }
            let diagonal = state.scalar(args[0].id, "the number of a diagonal", at)?;
            state.unify_known(diagonal, DType::Isize, "the number of a diagonal")?;
            source = Some((value, diagonal, rank as usize));
            let shape = state.lengths(value, rank, at)?;
            Ok(state.indices_of_shape(&shape, at))
        });
        let dtype = self.with(|state| source.map(|(value, ..)| state.ty(value).dtype));
        let element = |index: Value<'t>| {
            self.step(at, |state| {
                let Some((value, diagonal, rank)) = source else { return Ok(Kind::Tuple(Items::default())) };
                let index = state.indices(&[index.id], at)?;
                let isize_type = state.types.known(DType::Isize);
                let row = state.cast(index[rank - 2], isize_type, at)?;
                let column = state.cast(index[rank - 1], isize_type, at)?;
                let border = state.op(ScalarOp::Add, &[row, diagonal], at)?;
                let order = if method == Method::triu { ScalarOp::Ge } else { ScalarOp::Le };
                let kept = state.op(order, &[column, border], at)?;
                let element = state.element(value, index, at)?;
                let zero = state.small(0, element, at);
                state.select(kept, element, zero, at).map(Kind::Plain)
            })
        };
        self.collected(sequence, dtype, &mut Some(element), at)
    }
}

impl State {
    /// Whether there is the element that a method asks for, and its index.
    fn presence_of(
        &mut self,
        method: Method,
        array: u32,
        args: &[Value<'_>],
        at: At,
    ) -> Step<(program::Value, Vec<program::Value>)> {
        let (value, rank) = self.array(array, &format!("`{method}`"), at)?;
        let mut lengths = self.lengths(value, rank, at)?;
        if self.ty(value).has_rows() {
            lengths.truncate(1);
        }
        let (none, one) = (self.usize_constant(0, at), self.usize_constant(1, at));
        let (index, below) = match method {
            Method::get | Method::get_mut => {
                let index = self.indices(&[args[0].id], at)?;
                if index.len() != lengths.len() {
                    let (given, rank) = (index.len(), lengths.len());
                    return mistake(format!("an array of rank {rank} is indexed with {given} indices"));
                }
                (index.clone(), index)
            }
            Method::first | Method::first_mut | Method::front | Method::front_mut | Method::peek => {
                (vec![none; lengths.len()], vec![none; lengths.len()])
            }
            _ => {
                let last = |length: &program::Value| self.op(ScalarOp::Sub, &[*length, one], at);
                (lengths.iter().map(last).collect::<Step<_>>()?, vec![none; lengths.len()])
            }
        };
        let mut inside = self.bool_constant(true, at);
        for (bound, length) in below.iter().zip(&lengths) {
            let below = self.op(ScalarOp::Lt, &[*bound, *length], at)?;
            inside = self.op(ScalarOp::And, &[inside, below], at)?;
        }
        Ok((inside, index))
    }

    /// `(a..b).contains(&x)`.
    pub(crate) fn range_contains(&mut self, receiver: u32, args: &[u32], at: At) -> Step<Kind> {
        let Kind::Range(range) = self.kind(receiver) else { return Err(Problem::Reported) };
        if range.step.is_some() {
            return mistake(
                "`.contains()` of a range with steps is not supported; compare the remainder too",
            );
        }
        let number = self.scalar(args[0], "the argument of `contains`", at)?;
        let own = self.ty(number).dtype;
        self.unify(range.dtype, own, "the argument of `contains`")?;
        let end = if range.inclusive { ScalarOp::Le } else { ScalarOp::Lt };
        let above = self.op(ScalarOp::Ge, &[number, range.start], at)?;
        let below = self.op(end, &[number, range.end], at)?;
        Ok(Kind::Plain(self.op(ScalarOp::And, &[above, below], at)?))
    }

    /// `a.diff(n, Axis(k))`: what each element is more than the one before it, and that again.
    pub(crate) fn differences(&mut self, receiver: u32, args: &[u32], at: At) -> Step<Kind> {
        let (mut array, rank) = self.array(receiver, "`diff`", at)?;
        let times = self.size(args[0], "the number of differences", at)?;
        let Some(times) = self.known_integer(times).filter(|times| (0..=16).contains(times)) else {
            return mistake("`.diff()` takes a small constant number of differences");
        };
        let axis = self.axis(args[1], rank, at)?;
        if times > 0 {
            let ty = Ty { dtype: self.types.known(DType::Usize), rank: None, of_arrays: false };
            let length = self.emit(program::Expr::Dim { array, axis }, ty, at)?;
            let most = self.usize_constant(times as usize, at);
            let longer = self.op(ScalarOp::Gt, &[length, most], at)?;
            self.assert_value(longer, "`diff` of an array that is no longer than it takes differences", at);
        }
        let one = self.constant(Scalar::I64(1), at);
        let back = self.constant(Scalar::I64(-1), at);
        let ty = self.ty(array);
        for _ in 0..times {
            let mut parts = Vec::new();
            for (start, end) in [(Some(one), None), (None, Some(back))] {
                let mut cuts = vec![Cut::All; rank as usize];
                cuts[axis as usize] = Cut::Range { start, end, step: None };
                parts.push(self.emit(program::Expr::View { array, view: View::of_cuts(cuts) }, ty, at)?);
            }
            array = self.homogeneous(ScalarOp::Sub, &parts, "`diff`", at)?;
        }
        Ok(Kind::Plain(array))
    }

    /// An element of an array.
    pub(crate) fn element(
        &mut self,
        array: program::Value,
        index: Vec<program::Value>,
        at: At,
    ) -> Step<program::Value> {
        let ty = Ty { rank: None, ..self.ty(array) };
        self.emit(program::Expr::Index { array, index }, ty, at)
    }

    /// The element of an array without axes.
    pub(crate) fn only_element(&mut self, receiver: u32, _: &[u32], at: At) -> Step<Kind> {
        let (array, rank) = self.array(receiver, "`into_scalar`", at)?;
        match rank {
            0 => self.element(array, Vec::new(), at).map(Kind::Plain),
            _ => mistake("`.into_scalar()` is for arrays without axes"),
        }
    }
}
