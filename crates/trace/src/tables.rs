//! Tables: arrays that are written out, in the kernel or as constants outside.
//!
//! ```text
//! const W: [f64; 3] = [0.25, 0.5, 0.25];
//! W[k] * a[i + k]                            table = fill[3] 0; table[0] = 0.25; …       in front of all else, once
//! W[1] * a[i]                                0.5 * a[i]                                  an element that is known
//! ```
//!
//! What is written out with constants alone is made at the beginning of the kernel, so that it may be used in any loop.

use crate::errors::{At, Step, mistake};
use crate::records::{Items, Record, Whole};
use crate::state::{Kind, Literal, Scope, State, Ty};
use crate::types::Class;
use crate::{DeclaredType, Lift, Tracer, Value};
use num_complex::Complex;
use parfuse_ir::program::{self, Expr, Place, Stmt, Var};
use parfuse_ir::{Element, MAX_RANK, Scalar, for_each_dtype};

/// A table has no more elements than this: each is set by a statement of its own.
const MOST_ELEMENTS: usize = 4096;

/// An array that is written out.
pub(crate) struct Table {
    pub(crate) var: Var,
    shape: Vec<usize>,
    elements: Vec<program::Value>,
    /// Of a constant from outside how many numbers make an element, and the numbers.
    constants: Option<(usize, Vec<Scalar>)>,
}

/// What a table is made of: numbers, or tables of them.
pub trait TableRow {
    /// How many numbers make an element, if it is no struct: two of a complex one.
    const PARTS: usize;
    /// The struct that elements are.
    const RECORD: Option<&'static Record> = None;
    /// Adds the lengths of its axes.
    fn shape(&self, shape: &mut Vec<usize>);
    /// Adds its numbers.
    fn numbers(&self, numbers: &mut Vec<Scalar>);
}

macro_rules! rows_of_elements {
    ($(($variant:ident, $rust:ty, $name:literal, $class:ident)),* $(,)?) => { $(
        impl TableRow for $rust {
            const PARTS: usize = 1;
            fn shape(&self, _: &mut Vec<usize>) {}
            fn numbers(&self, numbers: &mut Vec<Scalar>) {
                numbers.push(self.scalar());
            }
        }
    )* };
}
for_each_dtype!(rows_of_elements);

impl<T: Element> TableRow for Complex<T> {
    const PARTS: usize = 2;
    fn shape(&self, _: &mut Vec<usize>) {}
    fn numbers(&self, numbers: &mut Vec<Scalar>) {
        numbers.extend([self.re.scalar(), self.im.scalar()]);
    }
}

impl<T: TableRow> TableRow for [T] {
    const PARTS: usize = T::PARTS;
    const RECORD: Option<&'static Record> = T::RECORD;
    fn shape(&self, shape: &mut Vec<usize>) {
        shape.push(self.len());
        if let Some(first) = self.first() {
            first.shape(shape);
        }
    }
    fn numbers(&self, numbers: &mut Vec<Scalar>) {
        self.iter().for_each(|row| row.numbers(numbers));
    }
}
impl<T: TableRow, const N: usize> TableRow for [T; N] {
    const PARTS: usize = T::PARTS;
    const RECORD: Option<&'static Record> = T::RECORD;
    fn shape(&self, shape: &mut Vec<usize>) {
        self.as_slice().shape(shape);
    }
    fn numbers(&self, numbers: &mut Vec<Scalar>) {
        self.as_slice().numbers(numbers);
    }
}

#[diagnostic::do_not_recommend]
impl<'t, T: TableRow, const N: usize> Lift<'t> for [T; N] {
    fn lift(self, tracer: &'t Tracer, at: At) -> Value<'t> {
        tracer.constant_table(self.as_slice(), at)
    }
}
#[diagnostic::do_not_recommend]
impl<'t, T: TableRow, const N: usize> Lift<'t> for &[T; N] {
    fn lift(self, tracer: &'t Tracer, at: At) -> Value<'t> {
        tracer.constant_table(self.as_slice(), at)
    }
}
#[diagnostic::do_not_recommend]
impl<'t, T: TableRow> Lift<'t> for &[T] {
    fn lift(self, tracer: &'t Tracer, at: At) -> Value<'t> {
        tracer.constant_table(self, at)
    }
}

macro_rules! tables_of_tuples {
    ($(($($name:ident $position:tt),*)),*) => { $(
        /// Constant arrays of tuples: one for each of their parts.
        #[diagnostic::do_not_recommend]
        impl<'t, $($name: TableRow + Copy),*> Lift<'t> for &[($($name,)*)] {
            fn lift(self, tracer: &'t Tracer, at: At) -> Value<'t> {
                let parts = [$({
                    let part: Vec<$name> = self.iter().map(|row| row.$position).collect();
                    tracer.constant_table(&part, at)
                }),*];
                let parts = tracer.ids(&parts);
                tracer.step(at, |state| Ok(state.together(Whole::Tuples, parts)))
            }
        }
        #[diagnostic::do_not_recommend]
        impl<'t, $($name: TableRow + Copy),*, const N: usize> Lift<'t> for [($($name,)*); N] {
            fn lift(self, tracer: &'t Tracer, at: At) -> Value<'t> {
                tracer.lift(self.as_slice(), at)
            }
        }
        #[diagnostic::do_not_recommend]
        impl<'t, $($name: TableRow + Copy),*, const N: usize> Lift<'t> for &[($($name,)*); N] {
            fn lift(self, tracer: &'t Tracer, at: At) -> Value<'t> {
                tracer.lift(self.as_slice(), at)
            }
        }
    )* };
}
tables_of_tuples!((A 0, B 1), (A 0, B 1, C 2), (A 0, B 1, C 2, D 3));

impl Tracer {
    /// A constant array from outside of the kernel.
    fn constant_table<T: TableRow>(&self, rows: &[T], at: At) -> Value<'_> {
        let (mut shape, mut numbers) = (Vec::new(), Vec::new());
        rows.shape(&mut shape);
        rows.numbers(&mut numbers);
        match T::RECORD {
            None => self.table_of_numbers(shape, (T::PARTS, numbers), at),
            Some(record) => {
                let count = shape.iter().product::<usize>().max(1);
                let mut columns: Vec<Vec<Scalar>> = vec![Vec::new(); numbers.len() / count];
                for element in numbers.chunks_exact(columns.len().max(1)) {
                    element.iter().zip(&mut columns).for_each(|(number, column)| column.push(*number));
                }
                self.table_of_records(record, &shape, &mut columns.into_iter(), at)
            }
        }
    }

    /// An array of structs, whose numbers are given one after the other.
    fn table_of_records(
        &self,
        record: &'static Record,
        shape: &[usize],
        columns: &mut dyn Iterator<Item = Vec<Scalar>>,
        at: At,
    ) -> Value<'_> {
        let mut fields = Vec::with_capacity(record.fields.len());
        for (_, ty) in record.fields {
            fields.push(match ty {
                DeclaredType::Record(inner) => self.table_of_records(inner, shape, columns, at),
                ty => {
                    let parts = if ty.element().is_some_and(|element| element.is_complex()) { 2 } else { 1 };
                    let columns: Vec<Vec<Scalar>> = columns.take(parts).collect();
                    let numbers = (0..columns.first().map_or(0, Vec::len))
                        .flat_map(|row| columns.iter().map(move |column| column[row]))
                        .collect();
                    self.table_of_numbers(shape.to_vec(), (parts, numbers), at)
                }
            });
        }
        let fields = self.ids(&fields);
        self.step(at, |state| Ok(state.together(Whole::Record(record), fields)))
    }

    /// An array of numbers, so many of which are an element.
    fn table_of_numbers(
        &self,
        shape: Vec<usize>,
        (parts, numbers): (usize, Vec<Scalar>),
        at: At,
    ) -> Value<'_> {
        let table = self.step(at, |state| {
            let constants = Some((parts, numbers));
            let same = |table: &&Table| table.shape == shape && table.constants == constants;
            if let Some(var) = state.tables.iter().find(same).map(|table| table.var) {
                return Ok(Kind::Plain(state.read_var(var, at)?));
            }
            let numbers = constants.iter().flat_map(|(_, numbers)| numbers);
            let numbers: Vec<_> = numbers.map(|number| state.constant(*number, at)).collect();
            if numbers.is_empty() {
                return mistake("a constant array without elements is not supported in a kernel");
            }
            let elements = state.in_front(|state| {
                let element = |parts: &[program::Value]| match *parts {
                    [re, im] => state.complex(re, im, at),
                    _ => Ok(parts[0]),
                };
                numbers.chunks_exact(parts).map(element).collect()
            })?;
            state.table(shape, elements, constants, at).map(Kind::Plain)
        });
        self.of_arrays(table)
    }

    /// `[a, b, c]`, `[[a, b], [c, d]]`: an array of this shape, with the elements row by row.
    pub fn array_literal(&self, shape: &[usize], elements: &[Value<'_>], at: At) -> Value<'_> {
        let elements = self.ids(elements);
        if let Some(several) = self.literal_of_several(shape, &elements, at) {
            return several;
        }
        self.step(at, |state| {
            state.doing = "an array that is written out".into();
            if !elements.is_empty() && elements.iter().all(|element| state.is_array(*element)) {
                // Several arrays for `concatenate` and its kin.
                return Ok(Kind::Tuple(elements.into()));
            }
            let dtype = state.types.fresh(Class::Any);
            let mut values = Vec::with_capacity(elements.len());
            for element in elements {
                let value = state.scalar(element, "an element", at)?;
                let found = state.ty(value).dtype;
                state.unify(dtype, found, "the elements of an array")?;
                values.push(value);
            }
            if values.len() != shape.iter().product::<usize>() {
                return mistake("the rows of an array have as many elements each");
            }
            if values.is_empty() {
                return mistake("an array without elements is written `Array1::zeros(0)` in a kernel");
            }
            state.table(shape.to_vec(), values, None, at).map(Kind::Plain)
        })
    }
}

impl Tracer {
    /// An array of structs or tuples that are written out: an array for each of their parts.
    fn literal_of_several<'t>(&'t self, shape: &[usize], elements: &[u32], at: At) -> Option<Value<'t>> {
        let whole = |id: &u32| {
            self.with(|state| match state.kind(*id) {
                Kind::Tuple(items) if !items.is_empty() && state.record_array(*id).is_none() => Some(items),
                _ => None,
            })
        };
        let elements: Vec<Items> = elements.iter().map(whole).collect::<Option<_>>()?;
        let first = elements.first()?;
        if elements.iter().any(|items| items.of != first.of || items.len() != first.len()) {
            return None;
        }
        let part = |position: usize| {
            let parts = elements.iter().map(|items| Value { tracer: self, id: items[position] });
            self.array_literal(shape, &parts.collect::<Vec<_>>(), at).id
        };
        let parts: Vec<u32> = (0..first.len()).map(part).collect();
        let of = first.of;
        Some(self.step(at, |state| Ok(state.together(of, parts))))
    }
}

impl State {
    fn table(
        &mut self,
        shape: Vec<usize>,
        elements: Vec<program::Value>,
        constants: Option<(usize, Vec<Scalar>)>,
        at: At,
    ) -> Step<program::Value> {
        if elements.len() > MOST_ELEMENTS {
            return mistake(format!(
                "an array of {} elements is too long to be written out in a kernel, which takes up to {MOST_ELEMENTS}: \
                 pass it as a parameter",
                elements.len()
            ));
        }
        if shape.len() > MAX_RANK {
            return mistake(format!("arrays have at most {MAX_RANK} axes"));
        }
        let is_constant = |value: &program::Value| {
            matches!(self.program.values[*value].expr, Expr::Const(_)) || self.literals.contains_key(value)
        };
        let var = match constants.is_some() || elements.iter().all(is_constant) {
            true => self.in_front(|state| state.written_out(&shape, &elements, at))?,
            false => self.written_out(&shape, &elements, at)?,
        };
        // A literal is an element from now on: it has one type, whatever it is converted to.
        elements.iter().for_each(|element| self.name_value(*element, "element"));
        self.tables.push(Table { var, shape, elements, constants });
        self.read_var(var, at)
    }

    fn written_out(&mut self, shape: &[usize], elements: &[program::Value], at: At) -> Step<Var> {
        let dtype = self.ty(elements[0]).dtype;
        let ty = Ty { dtype, rank: Some(shape.len() as u8), of_arrays: false };
        let lengths = shape.iter().map(|length| self.usize_constant(*length, at)).collect();
        let zero = self.literal(Literal::Integer(0), dtype, at);
        let zeros = self.emit(Expr::Fill { shape: lengths, value: zero }, ty, at)?;
        let var = self.new_var("table", ty, None);
        self.set_var(var, zeros);
        let loc = self.loc(at);
        for (position, value) in elements.iter().enumerate() {
            let (mut rest, mut index) = (position, vec![0; shape.len()]);
            for (axis, length) in shape.iter().enumerate().rev() {
                (index[axis], rest) = (rest % length, rest / length);
            }
            let index = index.into_iter().map(|index| self.usize_constant(index, at)).collect();
            self.push(Stmt::Store { place: Place::from(var), index, value: *value, loc });
        }
        Ok(var)
    }

    /// Traces something in front of all else.
    fn in_front<T>(&mut self, work: impl FnOnce(&mut State) -> Step<T>) -> Step<T> {
        let scopes = std::mem::replace(&mut self.scopes, vec![Scope::outermost()]);
        let (maps, parallel) =
            (std::mem::take(&mut self.map_depth), std::mem::take(&mut self.parallel_depth));
        let result = work(self);
        let block = self.close();
        self.scopes = scopes;
        (self.map_depth, self.parallel_depth) = (maps, parallel);
        let outermost = &mut self.scopes[0].block;
        outermost.splice(self.front..self.front, block.iter().cloned());
        self.front += block.len();
        result
    }

    /// Whether an array is one that is written out, or a part of it.
    pub(crate) fn is_of_table(&self, array: program::Value) -> bool {
        let of = self.program.viewed_variable(array);
        self.tables.iter().any(|table| Some(table.var) == of)
    }

    /// The lengths of an array that is written out.
    pub(crate) fn table_lengths(&self, var: Var) -> Option<Vec<usize>> {
        self.tables.iter().find(|table| table.var == var).map(|table| table.shape.clone())
    }

    /// An element of an array that is written out, if its indices are known.
    pub(crate) fn known_element(
        &self,
        array: program::Value,
        index: &[program::Value],
    ) -> Option<program::Value> {
        let Expr::Var(var) = self.program.values[array].expr else { return None };
        let table = self.tables.iter().find(|table| table.var == var)?;
        let mut position = 0;
        for (index, length) in index.iter().zip(&table.shape) {
            let index = usize::try_from(self.known_integer(*index)?).ok()?;
            if index >= *length {
                return None;
            }
            position = position * length + index;
        }
        table.elements.get(position).copied()
    }
}
