//! Arrays: elements, stores and construction.
//!
//! ```text
//! a[[i, j]]                index a, i, j
//! a[i] += x                store a, i, add (index (var a), i), x
//! Array1::zeros(n)         fill n, 0
//! ```
//!
//! Indices are `usize`, one for each axis. Whether they are in range is checked when the kernel runs; that
//! check is not written here, it belongs to the operation.

use crate::errors::{At, Problem, Step, mistake};
use crate::records::Items;
use crate::state::{Kind, Literal, State, Ty};
use crate::{ArrayType, Tracer, Value, random};
use parfuse_ir::program::{self, Expr, Place, Stmt};
use parfuse_ir::{DType, ElementType, MAX_RANK, Scalar};

impl Tracer {
    /// `array[index]`; also a constant index into a shape.
    pub fn index(&self, array: Value<'_>, index: &[Value<'_>], at: At) -> Value<'_> {
        if let Some((list, rest)) = self.in_lists(array, index, at) {
            return if rest.is_empty() { list } else { self.index(list, &rest, at) };
        }
        let (array, index) = (self.id(array), self.ids(index));
        self.step(at, |state| {
            if let Kind::Lengths(lengths) = state.kind(array) {
                let axis = state.indices(&index, at)?;
                let known = axis.first().and_then(|axis| state.computed_integer(*axis));
                let length = known.and_then(|axis| lengths.get(usize::try_from(axis).ok()?).copied());
                return match (length, axis.len()) {
                    (Some(length), 1) => Ok(Kind::Plain(length)),
                    _ => mistake("a shape is indexed by the constant number of one of its axes"),
                };
            }
            let given = index.len();
            let (array, index) = state.without_ranges(array, &index, at)?;
            if index.is_empty() && given > 0 {
                return Ok(state.kind(array));
            }
            if let Some(fields) = state.record_at(array, index, false, at) {
                return fields;
            }
            state.element_or_rows(array, index, at)
        })
    }
    /// `array[index] = v`.
    pub fn store(&self, array: Value<'_>, index: &[Value<'_>], v: Value<'_>, at: At) -> Value<'_> {
        if let Some((list, rest)) = self.in_lists(array, index, at) {
            let v = Value { tracer: self, id: v.id };
            return if rest.is_empty() {
                self.assign_list(list, v, at)
            } else {
                self.store(list, &rest, v, at)
            };
        }
        let (array, index, v) = (self.id(array), self.ids(index), self.id(v));
        self.step(at, |state| {
            let (array, index) = state.without_ranges(array, &index, at)?;
            if let Some(fields) = state.record_at(array, index, true, at) {
                if let Kind::Poison = state.kind(v) {
                    return Err(Problem::Reported);
                }
                let fields = fields?;
                let fields = state.handle(fields);
                state.assign(fields, v, at)?;
                return Ok(Kind::Tuple(Items::default()));
            }
            if let Some(place) = state.place_of_row(array, index, at)? {
                let row = state.read(v, at)?;
                let (expected, found) = (state.place_type(place).dtype, state.ty(row).dtype);
                state.unify(expected, found, "the elements of a row")?;
                state.update(place, row, at)?;
                return Ok(Kind::Tuple(Items::default()));
            }
            let (place, index) = state.place(array, index, at)?;
            let value = state.scalar(v, "an element", at)?;
            state.put(place, index, value, at)
        })
    }
    /// `array[index] op= v`. `op` may be written with or without its `=`.
    pub fn store_op(
        &self,
        op: &'static str,
        array: Value<'_>,
        index: &[Value<'_>],
        v: Value<'_>,
        at: At,
    ) -> Value<'_> {
        if let Some((list, rest)) = self.in_lists(array, index, at) {
            return self.store_op(op, list, &rest, v, at);
        }
        if let Some(done) = self.own_element_assignment(op, array, index, v, at) {
            return done;
        }
        let (array, index, v) = (self.id(array), self.ids(index), self.id(v));
        let op = op.strip_suffix('=').unwrap_or(op);
        self.step(at, |state| {
            let (array, index) = state.without_ranges(array, &index, at)?;
            let (place, index) = state.place(array, index, at)?;
            let right = state.scalar(v, "an element", at)?;
            state.change_element(op, place, index, right, at)
        })
    }

    /// An associated function of an array type: `A::zeros(…)`, `ones`, `from_elem`, `default`, `random` and its
    /// kin.
    pub fn array_function<A: ArrayType>(&self, name: &'static str, args: &[Value<'_>], at: At) -> Value<'_> {
        self.new_array(name, A::ELEMENT, A::RANK, args, at)
    }
    /// The same for a type known only at run time: `None` for what is to be inferred.
    pub fn new_array(
        &self,
        name: &'static str,
        element: Option<ElementType>,
        rank: Option<u8>,
        args: &[Value<'_>],
        at: At,
    ) -> Value<'_> {
        let args: Vec<Value<'_>> = self.ids(args).into_iter().map(|id| Value { tracer: self, id }).collect();
        if let Some(computed) = self.computed_array(name, element, rank, &args, at) {
            return computed;
        }
        if let ("from_elem", [shape, record]) = (name, &args[..])
            && let Some(filled) = self.filled_with_records(*shape, *record, rank, at)
        {
            return filled;
        }
        let args = self.ids(&args);
        self.step(at, |state| {
            let dtype = state.types.annotated(element);
            state.new_array(name, dtype, rank, &args, at)
        })
    }
}

impl State {
    /// Index values: a tuple or a shape counts as its items.
    pub(crate) fn indices(&mut self, index: &[u32], at: At) -> Step<Vec<program::Value>> {
        let mut values = Vec::with_capacity(index.len());
        for handle in index {
            match self.kind(*handle) {
                Kind::Tuple(items) => values.extend(self.indices(&items, at)?),
                Kind::Lengths(lengths) => values.extend(lengths),
                _ => values.push(self.size(*handle, "an index", at)?),
            }
        }
        Ok(values)
    }

    /// An element, or of an array of arrays those behind the first indices.
    pub(crate) fn element_or_rows(&mut self, array: u32, index: &[u32], at: At) -> Step<Kind> {
        let (value, rank) = self.array(array, "indexing", at)?;
        let index = self.indices(index, at)?;
        if !index.is_empty() && index.len() < rank as usize && self.ty(value).has_rows() {
            return self.row_of_arrays(array, value, &index, at);
        }
        check_index_count(rank, index.len())?;
        if let Some(known) = self.known_element(value, &index) {
            return Ok(Kind::Plain(known));
        }
        let dtype = self.ty(value).dtype;
        Ok(Kind::Plain(self.emit(
            Expr::Index { array: value, index },
            Ty { dtype, rank: None, of_arrays: false },
            at,
        )?))
    }

    pub(crate) fn place(&mut self, array: u32, index: &[u32], at: At) -> Step<(Place, Vec<program::Value>)> {
        let place = self.target(array, "=")?;
        let Some(rank) = self.place_type(place).rank else {
            return mistake(format!("`{}` is a scalar and cannot be indexed", self.var_name(place.var)));
        };
        let index = self.indices(index, at)?;
        check_index_count(rank, index.len())?;
        Ok((place, index))
    }

    /// `place[index] op= right`.
    pub(crate) fn change_element(
        &mut self,
        op: &str,
        place: Place,
        index: Vec<program::Value>,
        right: program::Value,
        at: At,
    ) -> Step<Kind> {
        let left = self.read_element(place, &index, at)?;
        let value = self.binary(op, left, right, at)?;
        self.watch_overflow(value);
        self.put(place, index, value, at)
    }

    pub(crate) fn put(
        &mut self,
        place: Place,
        index: Vec<program::Value>,
        value: program::Value,
        at: At,
    ) -> Step<Kind> {
        let (expected, found) = (self.place_type(place).dtype, self.ty(value).dtype);
        let what = format!("the elements of `{}`", self.var_name(place.var));
        self.unify(expected, found, &what)?;
        let loc = self.loc(at);
        self.push(Stmt::Store { place, index, value, loc });
        Ok(Kind::Tuple(Items::default()))
    }

    fn new_array(
        &mut self,
        name: &str,
        dtype: crate::types::TypeVar,
        rank: Option<u8>,
        args: &[u32],
        at: At,
    ) -> Step<Kind> {
        let expected_args = match name {
            "zeros" | "ones" | "default" => 1,
            "from_elem" => 2,
            _ if random::is_known(name) => 1 + random::argument_count(name),
            _ => {
                return mistake(format!(
                    "`{name}` of array types is not supported in a kernel; use `zeros`, `ones` or `from_elem` \
                     and a loop"
                ));
            }
        };
        if args.len() != expected_args {
            return mistake(format!("`{name}` takes {expected_args} arguments, not {}", args.len()));
        }
        let shape = self.indices(&args[..1], at)?;
        let rank = rank.unwrap_or(shape.len() as u8);
        if shape.len() > MAX_RANK {
            return mistake(format!("`{name}`: arrays have at most {MAX_RANK} axes"));
        }
        if shape.len() != rank as usize {
            let axes = shape.len();
            return mistake(format!(
                "`{name}` of an array of rank {rank} is given a shape of {axes} lengths"
            ));
        }
        self.doing = format!("`{name}`").into();
        let ty = Ty { dtype, rank: Some(rank), of_arrays: false };
        if random::is_known(name) {
            return Ok(Kind::Plain(self.random_numbers(name, shape, ty, &args[1..], at)?));
        }
        let value = match name {
            "from_elem" if self.is_array(args[1]) => {
                return self.filled_with_rows(shape, args[1], at).map(Kind::Plain);
            }
            "from_elem" => {
                let value = self.scalar(args[1], "the element", at)?;
                let found = self.ty(value).dtype;
                self.unify(dtype, found, "the element of `from_elem`")?;
                value
            }
            "ones" => self.literal(Literal::Integer(1), dtype, at),
            _ => self.literal(Literal::Integer(0), dtype, at),
        };
        Ok(Kind::Plain(self.emit(Expr::Fill { shape, value }, ty, at)?))
    }

    /// The lengths of all axes of an array.
    pub(crate) fn lengths(&mut self, array: program::Value, rank: u8, at: At) -> Step<Vec<program::Value>> {
        let ty = Ty { dtype: self.types.known(DType::Usize), rank: None, of_arrays: false };
        if rank == 1 {
            return Ok(vec![self.emit(Expr::Len(array), ty, at)?]);
        }
        (0..rank).map(|axis| self.emit(Expr::Dim { array, axis }, ty, at)).collect()
    }
    pub(crate) fn len(&mut self, array: program::Value, at: At) -> Step<program::Value> {
        let ty = Ty { dtype: self.types.known(DType::Usize), rank: None, of_arrays: false };
        self.emit(Expr::Len(array), ty, at)
    }
    pub(crate) fn usize_constant(&mut self, number: usize, at: At) -> program::Value {
        self.constant(Scalar::Usize(number), at)
    }
}

fn check_index_count(rank: u8, given: usize) -> Step<()> {
    if given == rank as usize {
        return Ok(());
    }
    mistake(format!("an array of rank {rank} is indexed with {given} indices"))
}
