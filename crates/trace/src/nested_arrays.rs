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
use crate::state::{Kind, State};
use crate::{Method, Tracer, Value};
use parfuse_ir::program::{self, Expr, Place};

/// The methods that arrays of arrays have, too.
const METHODS: &[Method] = &[
    Method::len,
    Method::is_empty,
    Method::iter,
    Method::iter_mut,
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

impl State {
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
            self.rows_by_value.insert(view);
        }
        Ok(row)
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
        matches!(kind, Kind::Place(Place { view: Some(view), .. }) if self.rows_by_value.contains(view))
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
