//! Arrays of arrays, `[[f64; 3]; 2]`: Rust's own, whose elements are rows.
//!
//! ```text
//! m.len()               dim m, 0                        of an array with two axes all elements count
//! for row in m.iter()   view m[i, ..]                   of an array with two axes it goes through all elements
//! let row = m[i];       copy (view m[i, ..])            a copy, as of any element
//! m[i].swap(0, 1);      store (view m[i, ..]) of m, …   the row where it lies
//! ```
//!
//! A program knows arrays with axes alone: what is an array of arrays, its type tells the tracer.

use crate::errors::{At, Step, mistake};
use crate::records::Whole;
use crate::state::{Kind, Literal, State, Ty};
use crate::types::TypeVar;
use crate::{Method, Tracer, Value};
use parfuse_ir::program::{self, Cut, Expr, Place, Var, View};
use parfuse_ir::{DType, MAX_RANK};
use std::collections::{HashMap, HashSet};

/// What is known of arrays of arrays.
#[derive(Default)]
pub(crate) struct Nested {
    /// Rows that a name bound to them takes copies of.
    rows_by_value: HashSet<program::Value>,
    /// The lengths of arrays in variables that begin with some that are known, of arrays that are collected those of a row.
    lengths: HashMap<Var, Vec<usize>>,
    rows: HashMap<Var, Vec<usize>>,
    /// The same of parameters.
    of_values: HashMap<program::Value, Vec<usize>>,
    rows_of_values: HashMap<program::Value, Vec<usize>>,
}

/// The methods that arrays of arrays have, too.
const METHODS: &[Method] = &[
    Method::len,
    Method::is_empty,
    Method::iter,
    Method::iter_mut,
    Method::windows,
    Method::chunks,
    Method::chunks_mut,
    Method::into_iter,
    Method::clone,
    Method::to_owned,
    Method::to_vec,
    Method::as_ref,
    Method::as_mut,
    Method::borrow,
    Method::borrow_mut,
    Method::as_slice,
    Method::as_slice_mut,
    Method::first,
    Method::front,
    Method::back,
    Method::split_first,
    Method::split_last,
    Method::starts_with,
    Method::ends_with,
    Method::last,
    Method::get,
    Method::get_mut,
    Method::first_mut,
    Method::last_mut,
    Method::front_mut,
    Method::back_mut,
    Method::swap,
    Method::reverse,
    Method::sort_by,
    Method::sort_by_key,
    Method::sort_by_cached_key,
    Method::sort_unstable_by,
    Method::sort_unstable_by_key,
    Method::partition_point,
    Method::binary_search_by,
    Method::binary_search_by_key,
];

impl Tracer {
    /// The same array, whose elements are arrays if it has several axes.
    pub fn of_arrays<'t>(&'t self, v: Value<'t>) -> Value<'t> {
        self.with(|state| state.make_array_of_arrays(v.id, true));
        v
    }

    /// An array that is written out, of which the elements may be arrays: these are its rows.
    pub fn rows_of<'t>(&'t self, v: Value<'t>, at: At) -> Value<'t> {
        let is_of_arrays = self.with(|state| match state.kind(v.id) {
            Kind::Tuple(items) if items.of == Whole::Tuple && !items.is_empty() => {
                items.iter().all(|item| state.is_array(*item))
            }
            _ => false,
        });
        if !is_of_arrays {
            return v;
        }
        let axis = self.lift(0usize, at);
        self.of_arrays(self.step(at, |state| {
            let rows = state.stack(&[axis.id, v.id], at)?;
            let rows = state.handle(rows);
            state.unwrap(rows, &[], at)
        }))
    }

    /// The array with axes that `arr2` makes of an array of arrays.
    pub fn with_axes<'t>(&'t self, v: Value<'t>, at: At) -> Value<'t> {
        let id = self.id(v);
        self.step(at, |state| {
            let value = state.read(id, at)?;
            if state.ty(value).has_rows() {
                let copy = state.copy(value, at)?;
                let handle = state.handle(Kind::Plain(copy));
                state.make_array_of_arrays(handle, false);
                return Ok(state.kind(handle));
            }
            Ok(state.kind(id))
        })
    }
}

impl Tracer {
    /// A parameter that is a fixed array of these lengths.
    pub fn of_lengths<'t>(&'t self, v: Value<'t>, lengths: &[usize]) -> Value<'t> {
        self.with(|state| match state.kind(v.id) {
            Kind::Plain(value) => state.know_lengths(value, lengths),
            Kind::Variable { var, .. } => {
                state.nested.lengths.insert(var, lengths.to_vec());
            }
            _ => {}
        });
        v
    }
}

impl Tracer {
    /// A parameter whose elements are fixed arrays of these lengths.
    pub fn of_row_lengths<'t>(&'t self, v: Value<'t>, lengths: &[usize]) -> Value<'t> {
        self.with(|state| match state.kind(v.id) {
            Kind::Plain(value) => {
                state.nested.rows_of_values.insert(value, lengths.to_vec());
            }
            Kind::Variable { var, .. } => {
                state.nested.rows.insert(var, lengths.to_vec());
            }
            _ => {}
        });
        v
    }
}

impl State {
    /// A fixed array of zeros; with several lengths it is one of arrays.
    pub(crate) fn fixed_zeros(&mut self, lengths: &[usize], dtype: TypeVar, at: At) -> Step<program::Value> {
        let shape = lengths.iter().map(|length| self.usize_constant(*length, at)).collect();
        let value = self.literal(Literal::Integer(0), dtype, at);
        let ty = Ty { dtype, rank: Some(lengths.len() as u8), of_arrays: lengths.len() > 1 };
        self.emit(Expr::Fill { shape, value }, ty, at)
    }

    /// An array of so many axes that has no elements.
    pub(crate) fn empty_array(&mut self, dtype: TypeVar, rank: u8, at: At) -> Step<program::Value> {
        let shape = vec![self.usize_constant(0, at); rank as usize];
        let value = self.literal(Literal::Integer(0), dtype, at);
        self.emit(Expr::Fill { shape, value }, Ty { dtype, rank: Some(rank), of_arrays: false }, at)
    }

    /// `[row; n]`, `vec![row; n]`: an array all of whose elements are the same array.
    pub(crate) fn filled_with_rows(
        &mut self,
        mut shape: Vec<program::Value>,
        row: u32,
        at: At,
    ) -> Step<program::Value> {
        let row = self.read(row, at)?;
        if self.empty_vectors.contains_key(&row) {
            // Of what type they would be is no other mistake.
            let (any, elements) = (self.types.known(DType::Usize), self.ty(row).dtype);
            let _ = self.types.unify(elements, any);
            return mistake(
                "these vectors in a vector would never have an element: push by the name of the vector that they are in, \
                 `lists[i].push(x)`, or keep all elements in one vector, in the order of the lists that they are in, and where each list \
                 begins in another",
            );
        }
        let ty = self.ty(row);
        let row_rank = ty.rank.unwrap_or(0);
        let rank = shape.len() + row_rank as usize;
        if rank > MAX_RANK {
            return mistake(format!("arrays have at most {MAX_RANK} axes"));
        }
        let ty = Ty { rank: Some(rank as u8), of_arrays: true, ..ty };
        if let Expr::Fill { shape: lengths, value } = &self.program.values[row].expr {
            shape.extend(lengths);
            let value = *value;
            return self.emit(Expr::Fill { shape, value }, ty, at);
        }
        shape.extend(self.lengths(row, row_rank, at)?);
        let (all, _) = self.zeros("rows", shape, ty.dtype, at)?;
        self.var_types[all.0 as usize].of_arrays = true;
        self.update(Place { var: all, view: None }, row, at)?;
        self.read_var(all, at)
    }

    fn know_lengths(&mut self, value: program::Value, lengths: &[usize]) {
        self.nested.of_values.insert(value, lengths.to_vec());
    }

    /// That a variable holds an array like another.
    pub(crate) fn has_lengths_of(&mut self, var: Var, value: program::Value) {
        if let Some(lengths) = self.known_lengths(value) {
            self.nested.lengths.insert(var, lengths);
        }
    }

    /// The lengths of an array, where these are known now.
    pub(crate) fn known_lengths(&self, value: program::Value) -> Option<Vec<usize>> {
        if let Some(known) = self.nested.of_values.get(&value) {
            return Some(known.clone());
        }
        match &self.program.values[value].expr {
            Expr::Fill { shape, .. } => shape.iter().map(|length| self.known_length(*length)).collect(),
            Expr::Copy(array) => self.known_lengths(*array),
            Expr::Var(var) => self.lengths_of_var(*var),
            Expr::View { array, view } => self.known_lengths_of_row(*array, view),
            _ => None,
        }
    }

    /// The lengths of an array in a variable, where these are known.
    pub(crate) fn lengths_of_var(&self, var: Var) -> Option<Vec<usize>> {
        self.table_lengths(var).or_else(|| self.nested.lengths.get(&var).cloned())
    }

    fn known_lengths_of_row(&self, array: program::Value, view: &View) -> Option<Vec<usize>> {
        let indices = view.cuts.iter().take_while(|cut| matches!(cut, Cut::At(_))).count();
        if view.cuts[indices..].iter().any(|cut| !matches!(cut, Cut::All)) {
            return None;
        }
        match (self.known_lengths(array), &self.program.values[array].expr, indices) {
            (Some(lengths), ..) => Some(lengths[indices..].to_vec()),
            (None, Expr::Param(_), 1) => self.nested.rows_of_values.get(&array).cloned(),
            (None, Expr::Var(var), 1) => self.nested.rows.get(var).cloned(),
            (None, Expr::View { array, .. }, 1) => match self.program.values[*array].expr {
                Expr::Var(var) => self.nested.rows.get(&var).cloned(),
                _ => None,
            },
            _ => None,
        }
    }

    fn known_length(&self, length: program::Value) -> Option<usize> {
        let known = match self.program.values[length].expr {
            Expr::Cast(number) => self.known_integer(number),
            _ => self.known_integer(length),
        };
        known.and_then(|length| usize::try_from(length).ok())
    }

    /// A variable for an array of arrays like one, which has so many axes more: nothing if its lengths are not known.
    pub(crate) fn array_of_rows(&mut self, row: u32, name: &str, axes: u8, ty: Ty) -> Step<Option<Var>> {
        let value = self.read(row, At::NONE)?;
        let Some(lengths) = self.known_lengths(value) else { return Ok(None) };
        let rank = axes as usize + lengths.len();
        if rank > MAX_RANK {
            return mistake(format!("arrays have at most {MAX_RANK} axes"));
        }
        let var = self.new_var(name, Ty { rank: Some(rank as u8), of_arrays: true, ..ty }, None);
        self.nested.rows.insert(var, lengths);
        Ok(Some(var))
    }

    /// The lengths of the rows that such a variable is for, behind those of the other axes.
    pub(crate) fn with_row_lengths(
        &mut self,
        var: Var,
        shape: &[program::Value],
        at: At,
    ) -> Vec<program::Value> {
        let lengths = self.nested.rows.get(&var).cloned().unwrap_or_default();
        let lengths: Vec<program::Value> =
            lengths.into_iter().map(|length| self.usize_constant(length, at)).collect();
        shape.iter().copied().chain(lengths).collect()
    }

    /// A view of the elements from one, or the first, up to another, whatever these are.
    pub(crate) fn range_view(&self, rank: u8, start: Option<program::Value>, end: program::Value) -> View {
        let mut cuts = vec![Cut::All; rank as usize];
        cuts[0] = Cut::Range { start, end: Some(end), step: None };
        View::of_cuts(cuts)
    }

    fn make_array_of_arrays(&mut self, handle: u32, of_arrays: bool) {
        let (value, var) = match self.kind(handle) {
            Kind::Plain(value) => match self.program.values[value].expr {
                Expr::Var(var) => (Some(value), Some(var)),
                _ => (Some(value), None),
            },
            Kind::Variable { var, .. } => (None, Some(var)),
            _ => (None, None),
        };
        if let Some(value) = value {
            self.value_types[value.0 as usize].of_arrays = of_arrays;
        }
        if let Some(var) = var {
            self.var_types[var.0 as usize].of_arrays = of_arrays;
        }
    }

    /// Whether the elements of what a handle stands for are arrays.
    pub(crate) fn has_rows(&mut self, handle: u32) -> bool {
        self.type_of(handle).is_ok_and(|ty| ty.has_rows())
    }

    /// Refuses a method that does to all numbers what Rust's does to rows, or that does not exist.
    pub(crate) fn refuse_of_rows(&self, method: Method) -> Step<()> {
        if METHODS.contains(&method) {
            return Ok(());
        }
        mistake(format!(
            "`.{method}()` of an array of arrays is not supported in a kernel; loop over its rows, `for row in m.iter()`, or \
             over indices, or make it an array with axes, `arr2(&m)`"
        ))
    }

    /// The row of an array of arrays at some indices, to be set if the array can be.
    pub(crate) fn row_of_arrays(
        &mut self,
        array: u32,
        value: program::Value,
        index: &[program::Value],
        at: At,
    ) -> Step<Kind> {
        let rank = self.axes_of(array)?;
        let axes: Vec<u8> = (0..rank).take(index.len()).collect();
        let view = self.part_view(rank, &axes, index);
        let mutable =
            !self.is_of_table(value) && matches!(self.kind(array), Kind::Variable { .. } | Kind::Place(_));
        let row = self.view(array, view, mutable, at)?;
        if let Kind::Place(Place { view: Some(view), .. }) = row {
            self.nested.rows_by_value.insert(view);
        }
        Ok(row)
    }

    /// A reference to a row at some indices, where there is one.
    pub(crate) fn shown_row(&mut self, array: u32, index: &[program::Value], at: At) -> Step<Kind> {
        let (value, _) = self.array(array, "a row", at)?;
        match self.row_of_arrays(array, value, index, at)? {
            Kind::Place(place) => Ok(self.row_by_reference(place)),
            row => Ok(row),
        }
    }

    /// The place of a row, if an array of arrays is set at fewer indices than it has axes.
    pub(crate) fn place_of_row(&mut self, array: u32, index: &[u32], at: At) -> Step<Option<Place>> {
        if !self.has_rows(array) {
            return Ok(None);
        }
        let (rank, index) = (self.axes_of(array)?, self.indices(index, at)?);
        if index.len() >= rank as usize {
            return Ok(None);
        }
        let axes: Vec<u8> = (0..rank).take(index.len()).collect();
        let view = self.part_view(rank, &axes, &index);
        match self.view(array, view, true, at)? {
            Kind::Place(place) => Ok(Some(place)),
            _ => Ok(None),
        }
    }

    /// Whether a handle stands for a row that a name takes a copy of.
    pub(crate) fn is_row_by_value(&self, kind: &Kind) -> bool {
        matches!(kind, Kind::Place(Place { view: Some(view), .. }) if self.nested.rows_by_value.contains(view))
    }

    /// A reference to such a row.
    pub(crate) fn row_by_reference(&mut self, place: Place) -> Kind {
        let Some(view) = place.view else { return Kind::Place(place) };
        let ty = self.ty(view);
        match self.program.values[view].expr.clone() {
            Expr::View { array, view } => match self.emit(Expr::View { array, view }, ty, At::NONE) {
                Ok(view) => Kind::Place(Place { view: Some(view), ..place }),
                Err(_) => Kind::Poison,
            },
            _ => Kind::Place(place),
        }
    }
}
