//! Vectors that grow: `push`, `pop` and their kin on a `Vec` of the kernel's own.
//!
//! ```text
//! let mut v = Vec::new();   v = fill[0] 0;  count = 0
//! v.push(x);                if count >= len v { resize v, …;  v[count] = x } else { v[count] = x };  count += 1
//! v.pop()                   if count > 0 { count -= 1; (true, v[count]) } else { (false, …) }
//! v.iter().sum()            sum (view v[..count])
//! ```
//!
//! A vector is an array of at least as many elements as there are, and their number: where it is read, or its elements are
//! set, it stands for the part that is there. Of structs and tuples it has an array for each of their parts. What a vector
//! holds that begins empty shows with the first `push`, or has been [foreseen](crate::foresight); its arrays are made where it
//! began all the same.

mod changes;
mod grown;
mod heaps;
pub(crate) mod lists;
mod queues;
mod room;

use crate::errors::{At, Problem, Step, mistake};
use crate::records::Items;
use crate::state::{Kind, Literal, State, Ty};
use crate::types::{Class, TypeVar};
use crate::{DeclaredType, Method, Tracer, Value};
use parfuse_ir::DType;
use parfuse_ir::program::{self, Expr, Place, Stmt, Type, Var};

/// A vector that grows.
pub(crate) struct Vector {
    /// How many elements there are, of a queue with those in front of its first.
    count: Var,
    /// The index of the first element, if it is a queue.
    head: Option<Var>,
    /// Whether it is a heap.
    is_heap: bool,
    /// The variables of its arrays; none yet if it began empty.
    array: Option<u32>,
    /// How many elements it has room for at first.
    room: program::Value,
    /// The same where it follows from the loops that fill it: in a `prange`.
    counted_room: Option<Var>,
    /// The type of its elements, if it began empty.
    elements: Option<TypeVar>,
    /// Its number among all that begins empty, if it does.
    beginning: Option<usize>,
    /// How many `prange` loops it is in.
    parallel_depth: usize,
}

/// What is known of a vector that begins empty.
#[derive(Clone, Copy)]
pub(crate) struct EmptyVector {
    /// How many elements it is to have room for.
    pub(crate) room: program::Value,
    /// The handle of an element, if its type is declared to be one of several parts.
    pub(crate) element: Option<u32>,
}

impl Tracer {
    /// The same value, or what there is now of a vector.
    pub(crate) fn present(&self, id: u32) -> u32 {
        self.with(|state| match state.kind(id) {
            Kind::Vector { vector, borrowed } => {
                let present = state.present_vector(vector, At::NONE).unwrap_or(Kind::Poison);
                let present = state.handle(present);
                match borrowed {
                    true => {
                        let present = state.borrow(present);
                        state.handle(present)
                    }
                    false => present,
                }
            }
            Kind::List { lists, index } => {
                let present = state.present_list(lists, index, At::NONE).unwrap_or(Kind::Poison);
                state.handle(present)
            }
            _ => id,
        })
    }

    /// `Vec::new()`, `Vec::with_capacity(n)`, `vec![]`.
    pub fn empty_vector<'t>(&'t self, room: Option<Value<'t>>, at: At) -> Value<'t> {
        let room = room.map(|room| self.id(room));
        self.step(at, |state| {
            let room = match room {
                Some(room) => state.size(room, "the capacity of a vector", at)?,
                None => state.usize_constant(0, at),
            };
            let dtype = state.types.fresh(Class::Any);
            let ty = Ty { dtype, rank: Some(1), of_arrays: false };
            let none = state.usize_constant(0, at);
            let value = state.literal(Literal::Integer(0), dtype, at);
            let empty = state.emit(Expr::Fill { shape: vec![none], value }, ty, at)?;
            state.empty_vectors.insert(empty, EmptyVector { room, element: None });
            Ok(Kind::Plain(empty))
        })
    }

    /// The id of an argument: a vector that is borrowed stays one that grows.
    pub(crate) fn passed(&self, argument: Value<'_>) -> u32 {
        match self.with(|state| state.kind(argument.id)) {
            Kind::Vector { borrowed: true, .. } => argument.id,
            _ => self.id(argument),
        }
    }

    /// A vector as it is now.
    pub(crate) fn copied_vector<'t>(&'t self, v: Value<'_>, at: At) -> Value<'t> {
        let present = Value { tracer: self, id: self.id(v) };
        self.method(present, Method::to_owned, &[], at)
    }

    /// The same value, a vector as it is now.
    pub(crate) fn moved_vector<'t>(&'t self, v: Value<'_>, at: At) -> Value<'t> {
        match self.with(|state| state.kind(v.id)) {
            Kind::Vector { .. } => self.copied_vector(v, at),
            _ => Value { tracer: self, id: self.id(v) },
        }
    }

    /// `let mut name = init;` of what grows, if it is a vector.
    pub fn vector<'t>(&'t self, name: &'static str, init: Value<'t>, at: At) -> Value<'t> {
        let is_heap = match self.with(|state| state.kind(init.id)) {
            Kind::Vector { vector, .. } => self.is_heap(vector),
            _ => false,
        };
        let init = self.moved_vector(init, at).id;
        self.step(at, |state| {
            state.doing = format!("`let mut {name}`").into();
            let made = state.vector(name, init, at)?;
            if let Kind::Vector { vector, .. } = made {
                state.vectors[vector].is_heap = is_heap;
            }
            Ok(made)
        })
    }

    /// `let mut name = init;` of what is passed to a function as `&mut name`, which may have it grow: what is empty is a vector,
    /// and what it grows in turned out to be one.
    pub fn lent<'t>(&'t self, name: &'static str, init: Value<'t>, at: At) -> Value<'t> {
        let question = self.with(|state| state.question(at));
        let begins_empty = match self.with(|state| state.kind(init.id)) {
            Kind::Plain(value) => self.with(|state| state.empty_vectors.contains_key(&value)),
            _ => false,
        };
        if begins_empty || self.with(|state| state.is_known_to_grow(question)) {
            return self.vector(name, init, at);
        }
        let variable = self.variable(name, init, at);
        self.with(|state| {
            for leaf in state.leaves_of(variable.id) {
                if let Kind::Variable { var, borrowed: false } = state.kind(leaf) {
                    state.may_grow(var, question);
                }
            }
        });
        variable
    }

    /// The argument for a parameter of type `&mut Vec<T>`: a vector that grows stays the one that it is.
    pub fn vector_parameter<'t>(
        &'t self,
        arguments: &[Value<'t>],
        position: usize,
        name: &'static str,
        ty: DeclaredType,
        at: At,
    ) -> Value<'t> {
        let Some(argument) = arguments.get(position) else {
            return self.parameter(arguments, position, name, ty, at);
        };
        match self.with(|state| state.kind(argument.id)) {
            Kind::Vector { vector, .. } => self.step(at, |state| {
                state.declare_elements(vector, ty, name, at)?;
                Ok(Kind::Vector { vector, borrowed: true })
            }),
            _ => self.parameter(arguments, position, name, ty, at),
        }
    }

    /// `&mut v` and `*v` of a vector.
    pub(crate) fn referred_vector<'t>(&'t self, op: &str, v: Value<'_>) -> Option<Value<'t>> {
        let borrowed = match op {
            "&mut" => true,
            "*" => false,
            _ => return None,
        };
        self.with(|state| match state.kind(v.id) {
            Kind::Vector { vector, .. } => {
                let id = state.handle(Kind::Vector { vector, borrowed });
                Some(Value { tracer: self, id })
            }
            _ => None,
        })
    }

    /// `std::mem::take(&mut v)`.
    pub fn taken<'t>(&'t self, v: Value<'t>, at: At) -> Value<'t> {
        let raw = v.id;
        let old = self.bind_named("", v, None, at);
        self.step(at, |state| {
            match state.kind(raw) {
                Kind::Vector { vector, .. } if state.vectors[vector].is_heap => return mistake(heaps::KEPT),
                Kind::Vector { vector, .. } => state.empty(vector, at),
                Kind::Variable { var, .. } if state.var_type(var).rank.is_none() => {
                    let value = state.read_var(var, at)?;
                    let zero = state.small(0, value, at);
                    state.set_var(var, zero);
                }
                Kind::Poison => return Err(Problem::Reported),
                _ => {
                    return mistake(
                        "`std::mem::take` is for numbers and for vectors that grow; write `std::mem::replace(&mut a, new)`",
                    );
                }
            }
            Ok(state.kind(old.id))
        })
    }
}

impl State {
    fn vector(&mut self, name: &str, init: u32, at: At) -> Step<Kind> {
        let empty = match self.kind(init) {
            Kind::Plain(value) => self.empty_vectors.get(&value).copied(),
            _ => None,
        };
        let variable = match empty {
            Some(_) => None,
            None => {
                let variable = self.variable(name, init, at)?;
                let handle = self.handle(variable.clone());
                let is_line = self.leaves_of(handle).iter().all(|leaf| {
                    matches!(self.kind(*leaf), Kind::Variable { var, borrowed: false }
                        if self.var_type(var).rank == Some(1) || self.var_type(var).has_rows())
                });
                let is_whole = !matches!(&variable, Kind::Tuple(_)) || self.record_array(handle).is_some();
                if !is_line || !is_whole {
                    return Ok(variable);
                }
                Some(handle)
            }
        };
        let (start, room) = match (variable, empty) {
            (Some(array), _) => {
                let first = self.leaves_of(array)[0];
                let (value, rank) = self.array(first, "a vector", at)?;
                let length = self.lengths(value, rank, at)?[0];
                (length, length)
            }
            (None, room) => {
                let none = self.usize_constant(0, at);
                (none, room.map_or(none, |empty| empty.room))
            }
        };
        let ty = self.ty(start);
        let parallel_depth = self.parallel_depth;
        let is_counted = parallel_depth > 0 && empty.is_some() && self.known_integer(room) == Some(0);
        let counted_room = is_counted.then(|| self.new_var(&format!("{name}.room"), ty, None));
        if let Some(counted) = counted_room {
            self.set_var(counted, room);
        }
        let count = self.new_var(&format!("{name}.len"), ty, None);
        self.set_var(count, start);
        // What the type that is written says of the elements holds for those to come.
        let elements = match (empty, self.kind(init)) {
            (Some(_), Kind::Plain(value)) => Some(self.ty(value).dtype),
            _ => None,
        };
        let beginning = empty.map(|_| self.begin_empty());
        self.vectors.push(Vector {
            count,
            head: None,
            is_heap: false,
            array: variable,
            room,
            counted_room,
            elements,
            beginning,
            parallel_depth,
        });
        let vector = self.vectors.len() - 1;
        let declared = empty.and_then(|empty| empty.element);
        if let Some(element) = declared.or_else(|| self.foreseen(beginning?, at)) {
            self.shape_vector(vector, Some(element), at)?;
            let arrays = self.arrays_of(vector, at)?;
            for (array, number) in self.leaves_of(arrays).into_iter().zip(self.leaves_of(element)) {
                let (array, number) = (self.type_of(array)?, self.type_of(number)?);
                self.unify(array.dtype, number.dtype, "the elements of a vector")?;
            }
        }
        Ok(Kind::Vector { vector, borrowed: false })
    }

    /// What a vector holds is declared to be the elements of an array type.
    fn declare_elements(&mut self, vector: usize, ty: DeclaredType, name: &str, at: At) -> Step<()> {
        if self.vectors[vector].array.is_none() {
            let element = match ty {
                DeclaredType::TupleArray(types, _) => DeclaredType::Tuple(types),
                DeclaredType::RecordArray(record, _) => DeclaredType::Record(record),
                DeclaredType::Known(Type::Array(element, 1)) => DeclaredType::Known(Type::Scalar(element)),
                // How long fixed arrays are shows where the first one is pushed.
                _ => return Ok(()),
            };
            let zeros = self.zeros_of(element, at)?;
            let zeros = self.handle(zeros);
            self.shape_vector(vector, Some(zeros), at)?;
        }
        let present = self.present_vector(vector, at)?;
        self.expect_type(&present, ty, name)
    }

    /// Makes the arrays of a vector that began empty, of what is pushed, or of numbers.
    fn shape_vector(&mut self, vector: usize, item: Option<u32>, at: At) -> Step<()> {
        if let (Some(number), Some(item)) = (self.vectors[vector].beginning, item) {
            self.see(number, item);
        }
        if self.vectors[vector].array.is_some() {
            return Ok(());
        }
        let Vector { count, room, counted_room, .. } = self.vectors[vector];
        let name = self.var_name(count);
        let name = name.strip_suffix(".len").unwrap_or(&name).to_string();
        let elements = self.vectors[vector].elements;
        let kind = match item {
            Some(item) => self.array_for(item, &name, 1, elements)?,
            None => {
                if let Some(number) = self.vectors[vector].beginning {
                    self.miss(number);
                }
                let dtype = elements.unwrap_or_else(|| self.types.fresh(Class::Any));
                let ty = Ty { dtype, rank: Some(1), of_arrays: false };
                Kind::Variable { var: self.new_var(&name, ty, None), borrowed: false }
            }
        };
        if let (Kind::Tuple(_), Some(elements)) = (&kind, elements) {
            // The array without elements that it began with is none of numbers, and nobody looks at it.
            let any = self.types.known(DType::Usize);
            self.unify(elements, any, "the elements of a vector")?;
        }
        let array = self.handle(kind);
        self.vectors[vector].array = Some(array);
        self.behind_assignment(count, |state| {
            let room = match counted_room {
                Some(counted) => state.read_var(counted, at)?,
                None => room,
            };
            state.make_arrays(array, &[room], at)
        })
    }

    /// Traces something right behind the first assignment of a variable.
    fn behind_assignment(&mut self, var: Var, work: impl FnOnce(&mut State) -> Step<()>) -> Step<()> {
        let Some((depth, position)) = self.first_assignment(var) else {
            return mistake("a vector is not in sight here");
        };
        let inner = self.scopes.split_off(depth + 1);
        let behind = self.scopes[depth].block.split_off(position + 1);
        let maps = std::mem::take(&mut self.map_depth);
        let done = work(self);
        self.map_depth = maps;
        self.scopes[depth].block.extend(behind);
        self.scopes.extend(inner);
        done
    }

    /// The open block in which a variable is assigned first, and where.
    fn first_assignment(&self, var: Var) -> Option<(usize, usize)> {
        let is_first = |stmt: &Stmt| matches!(stmt, Stmt::Assign { var: set, .. } if *set == var);
        self.scopes.iter().enumerate().find_map(|(depth, scope)| {
            scope.block.iter().position(is_first).map(|position| (depth, position))
        })
    }

    fn arrays_of(&mut self, vector: usize, at: At) -> Step<u32> {
        self.shape_vector(vector, None, at)?;
        self.vectors[vector].array.ok_or(Problem::Reported)
    }

    fn whole_of(&mut self, vector: usize, at: At) -> Step<Kind> {
        let array = self.arrays_of(vector, at)?;
        Ok(self.kind(array))
    }

    /// A view of the elements of a variable from one, or the first, up to another.
    fn part_from(
        &mut self,
        var: Var,
        start: Option<program::Value>,
        end: program::Value,
        at: At,
    ) -> Step<program::Value> {
        let (array, ty) = (self.read_var(var, at)?, self.var_type(var));
        let view = self.range_view(ty.rank.unwrap_or(1), start, end);
        self.emit(Expr::View { array, view }, ty, at)
    }

    /// What is there now of a vector, or of one of several.
    pub(crate) fn present_kind(&mut self, kind: &Kind, at: At) -> Step<Kind> {
        match *kind {
            Kind::Vector { vector, .. } => self.present_vector(vector, at),
            Kind::List { lists, index } => self.present_list(lists, index, at),
            _ => Ok(kind.clone()),
        }
    }

    /// What is there of a vector now, which can be set.
    pub(crate) fn present_vector(&mut self, vector: usize, at: At) -> Step<Kind> {
        let array = self.arrays_of(vector, at)?;
        let Vector { count, head, .. } = self.vectors[vector];
        let count = self.read_var(count, at)?;
        let head = head.map(|head| self.read_var(head, at)).transpose()?;
        self.present_part(array, head, count, at)
    }

    fn present_part(
        &mut self,
        array: u32,
        head: Option<program::Value>,
        count: program::Value,
        at: At,
    ) -> Step<Kind> {
        match self.kind(array) {
            Kind::Variable { var, .. } if head.is_some() => {
                let view = self.part_from(var, head, count, at)?;
                Ok(Kind::Place(Place { var, view: Some(view) }))
            }
            Kind::Variable { var, .. } => {
                let view = self.part_from(var, None, count, at)?;
                self.vector_views.insert(view, count);
                Ok(Kind::Place(Place { var, view: Some(view) }))
            }
            Kind::Tuple(items) => {
                let (of, mut parts) = (items.of, Vec::with_capacity(items.len()));
                for item in items {
                    let part = self.present_part(item, head, count, at)?;
                    parts.push(self.handle(part));
                }
                Ok(Kind::Tuple(Items::with(of, parts)))
            }
            _ => Err(Problem::Reported),
        }
    }

    /// `vector = v`: its elements are those of another, or of an array.
    pub(crate) fn assign_vector(&mut self, vector: usize, v: u32, at: At) -> Step<()> {
        let is_empty = matches!(self.kind(v), Kind::Plain(value) if self.empty_vectors.contains_key(&value));
        let count = self.vectors[vector].count;
        if is_empty {
            self.empty(vector, at);
            return Ok(());
        }
        let none = self.usize_constant(0, at);
        let (given, start, length) = match self.kind(v) {
            Kind::Vector { vector: other, .. } => {
                let given = self.arrays_of(other, at)?;
                let Vector { count, head, .. } = self.vectors[other];
                let start = match head {
                    Some(head) => self.read_var(head, at)?,
                    None => none,
                };
                (given, start, self.read_var(count, at)?)
            }
            _ => {
                let first = *self.leaves_of(v).first().ok_or(Problem::Reported)?;
                let (array, rank) = self.array(first, "what is assigned to a vector", at)?;
                (v, none, self.lengths(array, rank, at)?[0])
            }
        };
        if self.vectors[vector].array.is_none() {
            let elements = self.vectors[vector].elements;
            let kind = self.array_like(given, elements)?;
            let array = self.handle(kind);
            let room = self.vectors[vector].room;
            self.vectors[vector].array = Some(array);
            self.behind_assignment(count, |state| state.make_arrays(array, &[room], at))?;
        }
        let own = self.arrays_of(vector, at)?;
        self.assign(own, given, at)?;
        self.set_var(count, length);
        if let Some(head) = self.vectors[vector].head {
            self.set_var(head, start);
        }
        Ok(())
    }

    /// Variables for arrays of the same parts.
    fn array_like(&mut self, array: u32, dtype: Option<TypeVar>) -> Step<Kind> {
        match self.kind(array) {
            Kind::Tuple(items) => {
                let (of, mut parts) = (items.of, Vec::with_capacity(items.len()));
                for item in items {
                    let part = self.array_like(item, None)?;
                    parts.push(self.handle(part));
                }
                Ok(Kind::Tuple(Items::with(of, parts)))
            }
            _ => {
                let ty = self.type_of(array)?;
                if let Some(dtype) = dtype {
                    self.unify(dtype, ty.dtype, "the elements of a vector")?;
                }
                Ok(Kind::Variable { var: self.new_var("vector", ty, None), borrowed: false })
            }
        }
    }

    /// Gives the array of a variable another length along its first axis.
    fn resize(&mut self, var: Var, length: program::Value, at: At) {
        let loc = self.loc(at);
        self.push(Stmt::Resize { var, length, loc });
    }

    /// What there is of a vector, if a handle stands for one; else the handle itself.
    pub(crate) fn as_present(&mut self, handle: u32, at: At) -> Step<u32> {
        let kind = self.kind(handle);
        if !matches!(kind, Kind::Vector { .. } | Kind::List { .. }) {
            return Ok(handle);
        }
        let present = self.present_kind(&kind, at)?;
        Ok(self.handle(present))
    }

    /// If a result is what there is of a vector that ends with the kernel: its array, as long as there are elements.
    pub(crate) fn last_of_vector(&mut self, result: u32) -> Step<Option<program::Value>> {
        let Kind::Place(Place { var, view: Some(view) }) = self.kind(result) else { return Ok(None) };
        let Some(&count) = self.vector_views.get(&view) else { return Ok(None) };
        self.resize(var, count, At::NONE);
        self.read_var(var, At::NONE).map(Some)
    }

    /// Whether a place is what there is of a vector.
    pub(crate) fn is_of_vector(&self, kind: &Kind) -> bool {
        matches!(kind, Kind::Place(Place { view: Some(view), .. }) if self.vector_views.contains_key(view))
    }
}
