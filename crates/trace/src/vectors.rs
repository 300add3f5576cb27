//! Vectors that grow: `push`, `pop` and their kin on a `Vec` of the kernel's own.
//!
//! ```text
//! let mut v = Vec::new();   v = fill[0] 0;  count = 0
//! v.push(x);                if count == len v { v = a copy of twice the length };  v[count] = x;  count += 1
//! v.pop()                   if count > 0 { count -= 1; (true, v[count]) } else { (false, …) }
//! v.iter().sum()            sum (view v[..count])
//! ```
//!
//! A vector is an array of at least as many elements as there are, and their number: where it is read, or its elements are
//! set, it stands for the part that is there. Of structs and tuples it has an array for each of their parts. What a vector
//! holds that begins empty shows with the first `push`; its arrays are made where it began all the same.

use crate::errors::{At, Problem, Step, mistake};
use crate::records::Items;
use crate::state::{Kind, Literal, State, Ty};
use crate::types::{Class, TypeVar};
use crate::{Method, Tracer, Value};
use parfuse_ir::program::{self, Cut, Expr, Place, Stmt, Var, View};
use parfuse_ir::{DType, ScalarOp};

/// The least number of elements that a vector has room for once one is pushed.
const LEAST_ROOM: usize = 8;

/// A vector that grows.
pub(crate) struct Vector {
    /// How many elements there are.
    count: Var,
    /// The variables of its arrays; none yet if it began empty.
    array: Option<u32>,
    /// How many elements it has room for at first.
    room: program::Value,
    /// The type of its elements, if it began empty.
    elements: Option<TypeVar>,
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

/// The methods that change how many elements there are.
#[derive(Clone, Copy, PartialEq)]
enum Change {
    Push,
    Pop,
    Clear,
    Truncate,
    Extend,
    Insert,
    Remove,
    Resize,
    Retain,
    Dedup,
    SwapRemove,
}

impl Change {
    fn of(method: Method) -> Option<Change> {
        Some(match method {
            Method::push => Change::Push,
            Method::pop => Change::Pop,
            Method::clear => Change::Clear,
            Method::truncate => Change::Truncate,
            Method::extend | Method::extend_from_slice => Change::Extend,
            Method::insert => Change::Insert,
            Method::remove => Change::Remove,
            Method::resize => Change::Resize,
            Method::retain => Change::Retain,
            Method::dedup | Method::dedup_by | Method::dedup_by_key => Change::Dedup,
            Method::swap_remove => Change::SwapRemove,
            _ => return None,
        })
    }
}

impl Tracer {
    /// The same value, or what there is now of a vector.
    pub(crate) fn present(&self, id: u32) -> u32 {
        self.with(|state| match state.kind(id) {
            Kind::Vector(vector) => {
                let present = state.present_vector(vector, At::NONE).unwrap_or(Kind::Poison);
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

    /// A vector as it is now.
    pub(crate) fn copied_vector<'t>(&'t self, v: Value<'_>, at: At) -> Value<'t> {
        let present = Value { tracer: self, id: self.id(v) };
        self.method(present, Method::to_owned, &[], at)
    }

    /// The same value, a vector as it is now.
    pub(crate) fn moved_vector<'t>(&'t self, v: Value<'_>, at: At) -> Value<'t> {
        match self.with(|state| state.kind(v.id)) {
            Kind::Vector(_) => self.copied_vector(v, at),
            _ => Value { tracer: self, id: self.id(v) },
        }
    }

    /// `let mut name = init;` of what grows, if it is a vector.
    pub fn vector<'t>(&'t self, name: &'static str, init: Value<'t>, at: At) -> Value<'t> {
        let init = self.moved_vector(init, at).id;
        self.step(at, |state| {
            state.doing = format!("`let mut {name}`").into();
            state.vector(name, init, at)
        })
    }

    /// `std::mem::take(&mut v)`.
    pub fn taken<'t>(&'t self, v: Value<'t>, at: At) -> Value<'t> {
        let raw = v.id;
        let old = self.bind_named("", v, None, at);
        self.step(at, |state| {
            match state.kind(raw) {
                Kind::Vector(vector) => {
                    let none = state.usize_constant(0, at);
                    let count = state.vectors[vector].count;
                    state.set_var(count, none);
                }
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

    /// A method that changes how many elements a vector has.
    pub(crate) fn changed_vector<'t>(
        &'t self,
        method: Method,
        receiver: Value<'t>,
        args: &[Value<'t>],
        at: At,
    ) -> Value<'t> {
        match self.change_vector(receiver, method, args, at) {
            Some(value) => value,
            None => self.mistake(&format!("`.{method}()` is for vectors"), at),
        }
    }

    /// The same, if it is one.
    pub(crate) fn change_vector<'t>(
        &'t self,
        receiver: Value<'t>,
        method: Method,
        args: &[Value<'t>],
        at: At,
    ) -> Option<Value<'t>> {
        let vector = self.with(|state| match state.kind(receiver.id) {
            Kind::Vector(vector) => Some(vector),
            _ => None,
        })?;
        let change = Change::of(method)?;
        let count = self.step(at, |state| {
            state.doing = format!("`.{method}()`").into();
            let Vector { count, parallel_depth, .. } = state.vectors[vector];
            if state.parallel_depth > parallel_depth || state.map_depth > 0 {
                return mistake(format!(
                    "`.{method}()` of a vector from outside of a `prange` or of a closure over elements, whose order is open: \
                     collect what is kept, `prange(0..n).filter(…).map(…).collect()`, or write a plain `for`"
                ));
            }
            Ok(Kind::Variable { var: count, borrowed: false })
        });
        let set_count = |new: Value<'t>| self.assign(count, new, at);
        Some(match (change, args) {
            (Change::Push, [item]) => {
                let item = self.bind_named("", *item, None, at);
                self.push_item(vector, count, item, at)
            }
            (Change::Extend, [items]) => {
                let push = |item: Value<'t>| {
                    let item = self.bind_named("", item, None, at);
                    self.push_item(vector, count, item, at);
                };
                self.trace_in_order(*items, &mut Some(push), at)
            }
            (Change::Clear, []) => set_count(self.lift(0usize, at)),
            (Change::Truncate, [length]) => set_count(self.method(count, Method::min, &[*length], at)),
            (Change::Pop, []) => {
                let none = self.lift(0usize, at);
                let then = || {
                    self.assign_op("-", count, self.lift(1usize, at), at);
                    self.some(self.last_of(vector, count, at), at)
                };
                self.if_(self.binary(">", count, none, at), then, || self.none(at), at)
            }
            (Change::Insert, [position, item]) => {
                let position = self.bind_named("", *position, None, at);
                let item = self.bind_named("", *item, None, at);
                self.step(at, |state| {
                    state.shape_vector(vector, Some(item.id), at)?;
                    Ok(Kind::Tuple(Items::default()))
                });
                let behind = self.range(position, self.bind_named("", count, None, at), false, at);
                // A position that is none is an error before anything is moved.
                self.index(receiver, &[behind], at);
                self.push_item(vector, count, item, at);
                let move_up = |index| {
                    let from = self.binary("-", index, self.lift(1usize, at), at);
                    self.move_item(vector, from, index, at);
                };
                let one = self.lift(1usize, at);
                let first = self.binary("+", position, one, at);
                let moved = self.range(first, self.bind_named("", count, None, at), false, at);
                let moved = self.method(moved, Method::rev, &[], at);
                self.trace_for(moved, &mut Some(move_up), at);
                let whole = self.step(at, |state| state.whole_of(vector, at));
                self.store(whole, &[position], item, at)
            }
            (Change::Remove, [position]) => {
                let position = self.bind_named("", *position, None, at);
                let removed = self.bind_named("", self.index(receiver, &[position], at), None, at);
                let one = self.lift(1usize, at);
                let move_down = |index| {
                    let to = self.binary("-", index, one, at);
                    self.move_item(vector, index, to, at);
                };
                let first = self.binary("+", position, one, at);
                let moved = self.range(first, self.bind_named("", count, None, at), false, at);
                self.trace_for(moved, &mut Some(move_down), at);
                self.assign_op("-", count, one, at);
                removed
            }
            (Change::Resize, [length, item]) => {
                let length = self.bind_named("", *length, None, at);
                let item = self.bind_named("", *item, None, at);
                let missing = self.range(self.bind_named("", count, None, at), length, false, at);
                let push = |_| {
                    self.push_item(vector, count, item, at);
                };
                self.trace_for(missing, &mut Some(push), at);
                set_count(length)
            }
            (Change::Retain, [predicate]) => {
                let keeps = |item, _| self.apply(*predicate, &[item], at);
                self.keep_items(vector, count, 0, keeps, at)
            }
            (Change::Dedup, closure) => {
                let differs = |item, kept| {
                    let before = self.binary("-", kept, self.lift(1usize, at), at);
                    let whole = self.step(at, |state| state.whole_of(vector, at));
                    let last = self.bind_named("", self.index(whole, &[before], at), None, at);
                    let same = match (method, closure) {
                        (Method::dedup_by, [same]) => self.apply(*same, &[item, last], at),
                        (_, [key]) => {
                            let [item, last] = [item, last].map(|item| self.apply(*key, &[item], at));
                            self.binary("==", item, last, at)
                        }
                        _ => self.binary("==", item, last, at),
                    };
                    self.unary("!", same, at)
                };
                self.keep_items(vector, count, 1, differs, at)
            }
            (Change::SwapRemove, [position]) => {
                let removed = self.bind_named("", self.index(receiver, &[*position], at), None, at);
                self.assign_op("-", count, self.lift(1usize, at), at);
                let last = self.bind_named("", self.last_of(vector, count, at), None, at);
                let whole = self.step(at, |state| state.whole_of(vector, at));
                self.store(whole, &[*position], last, at);
                removed
            }
            _ => self.mistake(&format!("`.{method}()` is given another number of arguments"), at),
        })
    }

    /// `vector[to] = vector[from]`.
    fn move_item<'t>(&'t self, vector: usize, from: Value<'t>, to: Value<'t>, at: At) {
        let whole = self.step(at, |state| state.whole_of(vector, at));
        let item = self.bind_named("", self.index(whole, &[from], at), None, at);
        self.store(whole, &[to], item, at);
    }

    /// Keeps so many of the first elements, and of the others those of which a closure says so: it is given an element and how
    /// many have been kept so far.
    fn keep_items<'t>(
        &'t self,
        vector: usize,
        count: Value<'t>,
        first: usize,
        keeps: impl FnOnce(Value<'t>, Value<'t>) -> Value<'t>,
        at: At,
    ) -> Value<'t> {
        let end = self.bind_named("", count, None, at);
        let start = self.method(end, Method::min, &[self.lift(first, at)], at);
        let kept = self.variable_named("kept", start, at);
        let look = |index| {
            let whole = self.step(at, |state| state.whole_of(vector, at));
            let item = self.bind_named("", self.index(whole, &[index], at), None, at);
            let keep = || {
                self.store(whole, &[self.bind_named("", kept, None, at)], item, at);
                self.assign_op("+", kept, self.lift(1usize, at), at)
            };
            self.if_(keeps(item, kept), keep, || self.unit(), at);
        };
        let others = self.range(start, end, false, at);
        self.trace_for(others, &mut Some(look), at);
        self.assign(count, kept, at)
    }

    /// The element behind those that there are.
    fn last_of<'t>(&'t self, vector: usize, count: Value<'t>, at: At) -> Value<'t> {
        let whole = self.step(at, |state| state.whole_of(vector, at));
        self.bind_named("", self.index(whole, &[count], at), None, at)
    }

    fn push_item<'t>(&'t self, vector: usize, count: Value<'t>, item: Value<'t>, at: At) -> Value<'t> {
        let whole = self.step(at, |state| {
            state.shape_vector(vector, Some(item.id), at)?;
            state.make_room(vector, at)?;
            state.whole_of(vector, at)
        });
        let index = self.bind_named("", count, None, at);
        self.store(whole, &[index], item, at);
        self.assign_op("+", count, self.lift(1usize, at), at)
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
                    matches!(self.kind(*leaf), Kind::Variable { var, borrowed: false } if self.var_type(var).rank == Some(1))
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
                let (value, _) = self.array(first, "a vector", at)?;
                let length = self.len(value, at)?;
                (length, length)
            }
            (None, room) => {
                let none = self.usize_constant(0, at);
                (none, room.map_or(none, |empty| empty.room))
            }
        };
        let ty = self.ty(start);
        let count = self.new_var(&format!("{name}.len"), ty, None);
        self.set_var(count, start);
        let parallel_depth = self.parallel_depth;
        // What the type that is written says of the elements holds for those to come.
        let elements = match (empty, self.kind(init)) {
            (Some(_), Kind::Plain(value)) => Some(self.ty(value).dtype),
            _ => None,
        };
        self.vectors.push(Vector { count, array: variable, room, elements, parallel_depth });
        let vector = self.vectors.len() - 1;
        if let Some(element) = empty.and_then(|empty| empty.element) {
            self.shape_vector(vector, Some(element), at)?;
            let arrays = self.arrays_of(vector, at)?;
            for (array, number) in self.leaves_of(arrays).into_iter().zip(self.leaves_of(element)) {
                let (array, number) = (self.type_of(array)?, self.type_of(number)?);
                self.unify(array.dtype, number.dtype, "the elements of a vector")?;
            }
        }
        Ok(Kind::Vector(vector))
    }

    /// Makes the arrays of a vector that began empty, of what is pushed, or of numbers.
    fn shape_vector(&mut self, vector: usize, item: Option<u32>, at: At) -> Step<()> {
        if self.vectors[vector].array.is_some() {
            return Ok(());
        }
        let (count, room) = (self.vectors[vector].count, self.vectors[vector].room);
        let name = self.var_name(count);
        let name = name.strip_suffix(".len").unwrap_or(&name).to_string();
        let elements = self.vectors[vector].elements;
        let kind = match item {
            Some(item) => self.array_for(item, &name, 1, elements)?,
            None => {
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
        self.behind_assignment(count, |state| state.make_arrays(array, &[room], at))
    }

    /// Traces something right behind the first assignment of a variable.
    fn behind_assignment(&mut self, var: Var, work: impl FnOnce(&mut State) -> Step<()>) -> Step<()> {
        let is_first = |stmt: &Stmt| matches!(stmt, Stmt::Assign { var: set, .. } if *set == var);
        let found = self.scopes.iter().enumerate().find_map(|(depth, scope)| {
            scope.block.iter().position(is_first).map(|position| (depth, position))
        });
        let Some((depth, position)) = found else {
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

    fn arrays_of(&mut self, vector: usize, at: At) -> Step<u32> {
        self.shape_vector(vector, None, at)?;
        self.vectors[vector].array.ok_or(Problem::Reported)
    }

    fn whole_of(&mut self, vector: usize, at: At) -> Step<Kind> {
        let array = self.arrays_of(vector, at)?;
        Ok(self.kind(array))
    }

    /// Has a vector have room for one more element: where there is none, for twice as many.
    fn make_room(&mut self, vector: usize, at: At) -> Step<()> {
        let array = self.arrays_of(vector, at)?;
        let leaves = self.leaves_of(array);
        let count = self.read_var(self.vectors[vector].count, at)?;
        let (first, _) = self.array(leaves[0], "a vector", at)?;
        let room = self.len(first, at)?;
        let is_full = self.op(ScalarOp::Ge, &[count, room], at)?;
        self.open();
        let grown = self.grow_arrays(&leaves, count, room, at);
        let then = self.close();
        grown?;
        self.push(Stmt::If { cond: is_full, then, otherwise: Vec::new() });
        Ok(())
    }

    fn grow_arrays(
        &mut self,
        leaves: &[u32],
        count: program::Value,
        room: program::Value,
        at: At,
    ) -> Step<()> {
        let least = self.usize_constant(LEAST_ROOM, at);
        let double = self.op(ScalarOp::Add, &[room, room], at)?;
        let room = self.op(ScalarOp::Max, &[double, least], at)?;
        for leaf in leaves {
            let Kind::Variable { var, .. } = self.kind(*leaf) else { return Err(Problem::Reported) };
            let old = self.front(var, count, at)?;
            let (grown, _) = self.zeros("grown", vec![room], self.var_type(var).dtype, at)?;
            let place = self.front(grown, count, at)?;
            self.update(Place { var: grown, view: Some(place) }, old, at)?;
            let new = self.read_var(grown, at)?;
            self.set_var(var, new);
        }
        Ok(())
    }

    /// A view of so many of the first elements of a variable.
    fn front(&mut self, var: Var, count: program::Value, at: At) -> Step<program::Value> {
        let (array, ty) = (self.read_var(var, at)?, self.var_type(var));
        let view = View::of_cuts(vec![Cut::Range { start: None, end: Some(count), step: None }]);
        self.emit(Expr::View { array, view }, ty, at)
    }

    /// What is there of a vector now, which can be set.
    pub(crate) fn present_vector(&mut self, vector: usize, at: At) -> Step<Kind> {
        let array = self.arrays_of(vector, at)?;
        let count = self.read_var(self.vectors[vector].count, at)?;
        self.present_part(array, count, at)
    }

    fn present_part(&mut self, array: u32, count: program::Value, at: At) -> Step<Kind> {
        match self.kind(array) {
            Kind::Variable { var, .. } => {
                let view = self.front(var, count, at)?;
                self.vector_views.insert(view);
                Ok(Kind::Place(Place { var, view: Some(view) }))
            }
            Kind::Tuple(items) => {
                let (of, mut parts) = (items.of, Vec::with_capacity(items.len()));
                for item in items {
                    let part = self.present_part(item, count, at)?;
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
            let none = self.usize_constant(0, at);
            self.set_var(count, none);
            return Ok(());
        }
        let (given, length) = match self.kind(v) {
            Kind::Vector(other) => {
                let given = self.arrays_of(other, at)?;
                (given, self.read_var(self.vectors[other].count, at)?)
            }
            _ => {
                let first = *self.leaves_of(v).first().ok_or(Problem::Reported)?;
                let (array, _) = self.array(first, "what is assigned to a vector", at)?;
                (v, self.len(array, at)?)
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

    /// Whether a place is what there is of a vector.
    pub(crate) fn is_of_vector(&self, kind: &Kind) -> bool {
        matches!(kind, Kind::Place(Place { view: Some(view), .. }) if self.vector_views.contains(view))
    }
}
