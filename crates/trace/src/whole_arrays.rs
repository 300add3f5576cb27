//! Methods of arrays that are not computed element by element, and of their shapes.
//! What arrays are reduced to is in `reductions.rs`.
//!
//! ```text
//! a.assign(&b)               update a, b
//! a.dim()                    (dim a 0, dim a 1)
//! ```
//!
//! Each is named by a row of the vocabulary, which has said how many arguments there are.

use crate::errors::{At, Problem, Step, mistake};
use crate::records::Items;
use crate::state::{Held, Kind, Range, State, Ty};
use parfuse_ir::program::{Cut, Expr, Place, View};
use parfuse_ir::{DType, FaultKind, Scalar, ScalarOp};

/// All elements anew.
impl State {
    pub(crate) fn fill(&mut self, receiver: u32, args: &[u32], at: At) -> Step<Kind> {
        self.replace_elements(receiver, "fill", args[0], true, at)
    }

    pub(crate) fn overwrite(&mut self, receiver: u32, args: &[u32], at: At) -> Step<Kind> {
        self.replace_elements(receiver, "assign", args[0], false, at)
    }

    /// `a.assign_to(&mut b)`.
    pub(crate) fn assign_to(&mut self, receiver: u32, args: &[u32], at: At) -> Step<Kind> {
        self.replace_elements(args[0], "assign_to", receiver, false, at)
    }

    /// `a.copy_from_slice(&b)`: of as many elements.
    pub(crate) fn copy_from(&mut self, receiver: u32, args: &[u32], at: At) -> Step<Kind> {
        let (own, _) = self.array(receiver, "`copy_from_slice`", at)?;
        let (other, _) = self.array(args[0], "the argument of `copy_from_slice`", at)?;
        let (length, given) = (self.len(own, at)?, self.len(other, at)?);
        let same = self.op(ScalarOp::Eq, &[length, given], at)?;
        self.check_with(same, FaultKind::ShapeMismatch { axis: 0 }, vec![length, given], at);
        self.replace_elements(receiver, "copy_from_slice", args[0], false, at)
    }

    /// `a.reverse()` of a slice.
    pub(crate) fn reverse_elements(&mut self, receiver: u32, at: At) -> Step<Kind> {
        let place = self.target(receiver, "reverse")?;
        let (array, rank) = self.array(receiver, "`reverse`", at)?;
        let back = self.constant(Scalar::I64(-1), at);
        let ty = self.ty(array);
        let mut cuts = vec![Cut::Range { start: None, end: None, step: Some(back) }; rank as usize];
        if ty.has_rows() {
            cuts[1..].fill(Cut::Range { start: None, end: None, step: None });
        }
        let backwards = self.emit(Expr::View { array, view: View::of_cuts(cuts) }, ty, at)?;
        self.update(place, backwards, at)?;
        Ok(Kind::Tuple(Items::default()))
    }

    /// Gives the elements of an array variable the value of a scalar, or those of an array that broadcasts.
    fn replace_elements(
        &mut self,
        receiver: u32,
        name: &str,
        arg: u32,
        by_scalar: bool,
        at: At,
    ) -> Step<Kind> {
        let place = self.target(receiver, name)?;
        let value = self.read(arg, at)?;
        let (target, source) = (self.place_type(place), self.ty(value));
        if by_scalar != source.rank.is_none() || source.rank > target.rank {
            let (target, source) = (self.describe(target), self.describe(source));
            return mistake(format!("`.{name}()`: {source} does not fit into {target}"));
        }
        self.unify(target.dtype, source.dtype, &format!("the argument of `{name}`"))?;
        self.update(place, value, at)?;
        Ok(Kind::Tuple(Items::default()))
    }

    /// Has two elements change places.
    pub(crate) fn exchange(&mut self, receiver: u32, args: &[u32], at: At) -> Step<Kind> {
        if self.has_rows(receiver) {
            return self.exchange_rows(receiver, args, at);
        }
        let mut elements = Vec::new();
        for index in args {
            let (place, index) = self.place(receiver, &[*index], at)?;
            let array = self.read_place(place, at)?;
            let ty = Ty { rank: None, ..self.ty(array) };
            let value = self.emit(Expr::Index { array, index: index.clone() }, ty, at)?;
            elements.push((place, index, value));
        }
        let [(place, first, a), (_, second, b)] = &elements[..] else { return Err(Problem::Reported) };
        self.put(*place, first.clone(), *b, at)?;
        self.put(*place, second.clone(), *a, at)
    }

    /// `m.swap(i, j)` of an array of arrays.
    fn exchange_rows(&mut self, receiver: u32, args: &[u32], at: At) -> Step<Kind> {
        let mut rows = Vec::new();
        for index in args {
            let place = self.place_of_row(receiver, &[*index], at)?.ok_or(Problem::Reported)?;
            let row = self.read_place(place, at)?;
            rows.push((place, self.copy(row, at)?));
        }
        let [(first, a), (second, b)] = rows[..] else { return Err(Problem::Reported) };
        self.update(first, b, at)?;
        self.update(second, a, at)?;
        Ok(Kind::Tuple(Items::default()))
    }

    pub(crate) fn scaled_add(&mut self, receiver: u32, args: &[u32], at: At) -> Step<Kind> {
        let [alpha, other] = args else { return mistake("`.scaled_add()` takes 2 arguments") };
        let place = self.target(receiver, "scaled_add")?;
        let alpha = self.scalar(*alpha, "the factor of `scaled_add`", at)?;
        let (other, rank) = self.array(*other, "`scaled_add`", at)?;
        if Some(rank) > self.place_type(place).rank {
            return mistake("`.scaled_add()` of an array with more axes than its receiver");
        }
        let contents = self.read_place(place, at)?;
        let scaled = self.homogeneous(ScalarOp::Mul, &[alpha, other], "`scaled_add`", at)?;
        let value = self.homogeneous(ScalarOp::Add, &[contents, scaled], "`scaled_add`", at)?;
        self.update(place, value, at)?;
        Ok(Kind::Tuple(Items::default()))
    }
}

/// Lengths.
impl State {
    pub(crate) fn array_len(&mut self, receiver: u32, _: &[u32], at: At) -> Step<Kind> {
        let (array, _) = self.array(receiver, "len", at)?;
        Ok(Kind::Plain(self.element_count(array, at)?))
    }

    /// How many elements an array has: of an array of arrays, how many rows.
    fn element_count(
        &mut self,
        array: parfuse_ir::program::Value,
        at: At,
    ) -> Step<parfuse_ir::program::Value> {
        let size = self.size_type();
        match self.ty(array).has_rows() {
            true => self.emit(Expr::Dim { array, axis: 0 }, size, at),
            false => self.len(array, at),
        }
    }

    pub(crate) fn without_elements(&mut self, receiver: u32, _: &[u32], at: At) -> Step<Kind> {
        let (array, _) = self.array(receiver, "is_empty", at)?;
        let (len, none) = (self.element_count(array, at)?, self.usize_constant(0, at));
        Ok(Kind::Plain(self.op(ScalarOp::Eq, &[len, none], at)?))
    }

    pub(crate) fn array_ndim(&mut self, receiver: u32, _: &[u32], at: At) -> Step<Kind> {
        let (_, rank) = self.array(receiver, "ndim", at)?;
        Ok(Kind::Plain(self.number_of_axes(rank.into(), at)))
    }

    pub(crate) fn dim(&mut self, receiver: u32, _: &[u32], at: At) -> Step<Kind> {
        let (array, rank) = self.array(receiver, "dim", at)?;
        if rank == 1 {
            return Ok(Kind::Plain(self.len(array, at)?));
        }
        let lengths = self.lengths(array, rank, at)?;
        let items = lengths.into_iter().map(|length| self.handle(Kind::Plain(length)));
        Ok(Kind::Tuple(items.collect::<Vec<u32>>().into()))
    }

    pub(crate) fn shape(&mut self, receiver: u32, _: &[u32], at: At) -> Step<Kind> {
        let (array, rank) = self.array(receiver, "shape", at)?;
        Ok(Kind::Lengths(self.lengths(array, rank, at)?))
    }

    pub(crate) fn nrows(&mut self, receiver: u32, _: &[u32], at: At) -> Step<Kind> {
        self.length_of_two(receiver, "nrows", 0, at)
    }

    pub(crate) fn ncols(&mut self, receiver: u32, _: &[u32], at: At) -> Step<Kind> {
        self.length_of_two(receiver, "ncols", 1, at)
    }

    /// The length of an axis of an array with two.
    fn length_of_two(&mut self, receiver: u32, name: &str, axis: u8, at: At) -> Step<Kind> {
        let (array, rank) = self.array(receiver, name, at)?;
        if rank != 2 {
            return mistake(format!("`.{name}()` is for arrays with 2 axes, not {rank}"));
        }
        let ty = Ty { dtype: self.types.known(DType::Usize), rank: None, of_arrays: false };
        Ok(Kind::Plain(self.emit(Expr::Dim { array, axis }, ty, at)?))
    }

    /// The length of an axis.
    pub(crate) fn axis_length(&mut self, receiver: u32, args: &[u32], at: At) -> Step<Kind> {
        let (array, rank) = self.array(receiver, "len_of", at)?;
        let axis = self.axis(args[0], rank, at)?;
        let ty = Ty { dtype: self.types.known(DType::Usize), rank: None, of_arrays: false };
        Ok(Kind::Plain(self.emit(Expr::Dim { array, axis }, ty, at)?))
    }

    pub(crate) fn all_lengths_equal(&mut self, receiver: u32, _: &[u32], at: At) -> Step<Kind> {
        let (array, rank) = self.array(receiver, "is_square", at)?;
        let mut all = self.constant(Scalar::Bool(true), at);
        if let Some((first, others)) = self.lengths(array, rank, at)?.split_first() {
            for other in others {
                let same = self.op(ScalarOp::Eq, &[*first, *other], at)?;
                all = self.op(ScalarOp::And, &[all, same], at)?;
            }
        }
        Ok(Kind::Plain(all))
    }

    pub(crate) fn axis_count(&mut self, receiver: u32, _: &[u32], at: At) -> Step<Kind> {
        let Kind::Lengths(lengths) = self.kind(receiver) else { return Err(Problem::Reported) };
        Ok(Kind::Plain(self.number_of_axes(lengths.len(), at)))
    }
}

/// Copies and references.
impl State {
    pub(crate) fn itself(&mut self, receiver: u32, _: &[u32], _: At) -> Step<Kind> {
        Ok(self.kind(receiver))
    }

    pub(crate) fn number_itself(&mut self, receiver: u32, _: &[u32], at: At) -> Step<Kind> {
        Ok(Kind::Plain(self.read(receiver, at)?))
    }

    pub(crate) fn reference(&mut self, receiver: u32, _: &[u32], _: At) -> Step<Kind> {
        Ok(self.borrow(receiver))
    }

    /// `a.as_slice()`, `a.as_slice_mut()`: elements lie in the order of their indices.
    pub(crate) fn as_slice(&mut self, receiver: u32, _: &[u32], at: At) -> Step<Kind> {
        let content = match self.axes_of(receiver)? {
            1 => self.borrow(receiver),
            _ => self.flattened(receiver, &[], at)?,
        };
        Ok(Kind::Optional(Held::Sure(self.handle(content))))
    }

    pub(crate) fn array_copy(&mut self, receiver: u32, _: &[u32], at: At) -> Step<Kind> {
        match self.kind(receiver) {
            Kind::Variable { var, .. } => {
                let contents = self.read_var(var, at)?;
                Ok(Kind::Plain(self.copy(contents, at)?))
            }
            Kind::Place(Place { view: Some(view), .. }) => Ok(Kind::Plain(self.copy(view, at)?)),
            Kind::Plain(view) if self.program.viewed_variable(view).is_some() => {
                Ok(Kind::Plain(self.copy(view, at)?))
            }
            // A value that is no variable never changes, so it serves as its own copy.
            kind => Ok(kind),
        }
    }
}

/// Ranges.
impl State {
    fn range_behind(&self, receiver: u32) -> Step<Range> {
        match self.kind(receiver) {
            Kind::Range(range) => Ok(range),
            _ => Err(Problem::Reported),
        }
    }

    pub(crate) fn reverse(&mut self, receiver: u32, _: &[u32], at: At) -> Step<Kind> {
        let range = self.range_behind(receiver)?;
        self.reversed(range, at).map(Kind::Range)
    }

    pub(crate) fn step_by(&mut self, receiver: u32, args: &[u32], at: At) -> Step<Kind> {
        let range = self.range_behind(receiver)?;
        self.stepped(range, args[0], at).map(Kind::Range)
    }
}
