//! Vectors of vectors that grow: lists, each with a length of its own.
//!
//! ```text
//! let mut adj = vec![Vec::new(); n];   pool = fill[0] 0;  starts, lengths, rooms = fill[n] 0
//! adj[u].push(x)                       if lengths[u] == rooms[u] { go to the end of the pool, with twice the room }
//!                                      pool[starts[u] + lengths[u]] = x;  lengths[u] += 1
//! adj[u]                               view pool[starts[u]..starts[u] + lengths[u]]
//! for list in &adj { … }               for u in 0..len starts { … }
//! ```
//!
//! All elements lie in one vector, those of a list one behind the other, so that a list is a slice to all that reads it or sets its
//! elements. What a list leaves behind when it moves is lost: less than it has.

use super::Vector;
use crate::errors::{At, Problem, Step, mistake};
use crate::records::Items;
use crate::sequences::{Item, Sequence};
use crate::state::{Kind, State};
use crate::{Method, Tracer, Value};
use parfuse_ir::{DType, program};

/// How many elements a list has room for once one is pushed.
const FEW: usize = 4;

/// Several lists: vectors, by their numbers.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Lists {
    /// All elements.
    pool: usize,
    /// Of each list where it begins, how many elements it has, and how many it has room for.
    starts: usize,
    lengths: usize,
    rooms: usize,
}

/// What a call of a method is about.
enum About<'t> {
    All(Lists),
    One(Lists, Value<'t>),
}

impl Tracer {
    /// `let mut name = vec![Vec::new(); count];`, to whose vectors something is pushed; without a count, `Vec::new()`.
    pub fn lists<'t>(&'t self, name: &'static str, count: Option<Value<'t>>, at: At) -> Value<'t> {
        let vector = |of: &str, init: Value<'t>| {
            let made = self.step(at, |state| state.vector(&format!("{name}.{of}"), init.id, at));
            self.with(|state| match state.kind(made.id) {
                Kind::Vector { vector, .. } => Some(vector),
                _ => None,
            })
        };
        let none = self.lift(0usize, at);
        let numbers = || match count {
            Some(count) => self.new_array("from_elem", None, Some(1), &[count, none], at),
            None => self.bind_named("", self.empty_vector(None, at), None, at),
        };
        let pool = vector("items", self.empty_vector(None, at));
        let parts = [vector("starts", numbers()), vector("lengths", numbers()), vector("rooms", numbers())];
        let [Some(pool), Some(starts), Some(lengths), Some(rooms)] = [pool, parts[0], parts[1], parts[2]]
        else {
            return self.step(at, |_| Err(Problem::Reported));
        };
        // Where they begin is a number, whatever else shows.
        for numbers in [starts, lengths, rooms] {
            let zero = none.id;
            self.step(at, |state| {
                state.shape_vector(numbers, Some(zero), at)?;
                Ok(Kind::Tuple(Items::default()))
            });
        }
        self.step(at, |_| Ok(Kind::Lists(Lists { pool, starts, lengths, rooms })))
    }

    fn about<'t>(&'t self, v: Value<'_>) -> Option<About<'t>> {
        match self.with(|state| state.kind(v.id)) {
            Kind::Lists(lists) => Some(About::All(lists)),
            Kind::List { lists, index } => Some(About::One(lists, Value { tracer: self, id: index })),
            _ => None,
        }
    }

    /// Whether a value is lists, or one of them.
    pub(crate) fn is_list(&self, v: Value<'_>) -> bool {
        self.about(v).is_some()
    }

    fn numbers(&self, vector: usize) -> Value<'_> {
        let id = self.with(|state| state.handle(Kind::Vector { vector, borrowed: true }));
        Value { tracer: self, id }
    }

    /// One of several lists, if these are lists that are indexed, and what is left of the indices.
    pub(crate) fn in_lists<'t>(
        &'t self,
        lists: Value<'_>,
        index: &[Value<'_>],
        at: At,
    ) -> Option<(Value<'t>, Vec<Value<'t>>)> {
        let (Some(About::All(all)), [first, rest @ ..]) = (self.about(lists), index) else { return None };
        let of = |value: &Value<'_>| Value { tracer: self, id: value.id };
        Some((self.list(all, of(first), at), rest.iter().map(of).collect()))
    }

    pub(crate) fn list<'t>(&'t self, lists: Lists, index: Value<'t>, at: At) -> Value<'t> {
        let index = self.bind_named("", index, None, at).id;
        self.step(at, |_| Ok(Kind::List { lists, index }))
    }

    /// `lists[index] = v`.
    pub(crate) fn assign_list<'t>(&'t self, list: Value<'t>, v: Value<'t>, at: At) -> Value<'t> {
        let items = self.moved_vector(v, at);
        self.method(list, Method::clear, &[], at);
        let is_empty = self.with(|state| match state.kind(items.id) {
            Kind::Plain(value) if state.empty_vectors.contains_key(&value) => {
                // Of what type its elements would be nobody asks.
                let (any, elements) = (state.types.known(DType::Usize), state.ty(value).dtype);
                let _ = state.types.unify(elements, any);
                true
            }
            _ => false,
        });
        if !is_empty {
            self.method(list, Method::extend, &[items], at);
        }
        self.unit()
    }

    /// A method of lists, or one that has a list grow or shrink; nothing if the receiver is neither.
    pub(crate) fn method_of_lists<'t>(
        &'t self,
        receiver: Value<'_>,
        method: Method,
        args: &[Value<'t>],
        at: At,
    ) -> Option<Value<'t>> {
        match self.about(receiver)? {
            About::All(lists) => Some(self.method_of_all(lists, method, args, at)),
            About::One(lists, index) => self.change_list(lists, index, method, args, at),
        }
    }

    fn method_of_all<'t>(&'t self, lists: Lists, method: Method, args: &[Value<'t>], at: At) -> Value<'t> {
        let lengths = self.numbers(lists.lengths);
        match (method, args) {
            (Method::len | Method::is_empty, []) => self.method(lengths, method, &[], at),
            (Method::iter | Method::iter_mut | Method::into_iter, []) => self.step(at, |state| {
                state.sequence_of_lists(lists, at).map(|sequence| Kind::Sequence(Box::new(sequence)))
            }),
            (Method::as_ref | Method::as_mut, []) => self.step(at, |_| Ok(Kind::Lists(lists))),
            (Method::last | Method::last_mut, []) => {
                let count = self.method(lengths, Method::len, &[], at);
                let count = self.bind_named("", count, None, at);
                let is_any = self.binary(">", count, self.lift(0usize, at), at);
                let last = self.list(lists, self.binary("-", count, self.lift(1usize, at), at), at);
                self.list_if_any(is_any, last, at)
            }
            (Method::get | Method::get_mut, [index]) => {
                let index = self.bind_named("", *index, None, at);
                let is_there = self.binary("<", index, self.method(lengths, Method::len, &[], at), at);
                self.list_if_any(is_there, self.list(lists, index, at), at)
            }
            (Method::swap, [a, b]) => {
                for numbers in [lists.starts, lists.lengths, lists.rooms] {
                    self.method(self.numbers(numbers), Method::swap, &[*a, *b], at);
                }
                self.unit()
            }
            (Method::push, [items]) => {
                let items = self.moved_vector(*items, at);
                let none = self.lift(0usize, at);
                let index = self.bind_named("", self.method(lengths, Method::len, &[], at), None, at);
                for numbers in [lists.starts, lists.lengths, lists.rooms] {
                    self.method(self.numbers(numbers), Method::push, &[none], at);
                }
                self.assign_list(self.list(lists, index, at), items, at)
            }
            (Method::pop | Method::clear | Method::truncate, _) => {
                let changed = [lists.starts, lists.rooms, lists.lengths]
                    .map(|numbers| self.method(self.numbers(numbers), method, args, at));
                if method == Method::pop { self.mistake(NO_POP, at) } else { changed[2] }
            }
            _ => self.mistake(
                &format!(
                    "`.{method}()` is not a method of vectors of vectors that grow: these have `len iter push clear truncate swap`, and \
                     those in them are slices with `push pop clear truncate extend`"
                ),
                at,
            ),
        }
    }

    fn list_if_any<'t>(&'t self, is_any: Value<'t>, list: Value<'t>, at: At) -> Value<'t> {
        self.step(at, |state| {
            let (present, list) = (state.condition(is_any.id, at)?, state.kind(list.id));
            Ok(state.maybe(present, list))
        })
    }

    fn change_list<'t>(
        &'t self,
        lists: Lists,
        index: Value<'t>,
        method: Method,
        args: &[Value<'t>],
        at: At,
    ) -> Option<Value<'t>> {
        let (none, one) = (self.lift(0usize, at), self.lift(1usize, at));
        let lengths = self.numbers(lists.lengths);
        let changes = matches!(
            method,
            Method::push
                | Method::pop
                | Method::clear
                | Method::truncate
                | Method::extend
                | Method::extend_from_slice
        );
        if !changes {
            let grows = method.row(parfuse_names::Receiver::Vector).is_some();
            return grows.then(|| {
                self.mistake(
                    &format!(
                        "`.{method}()` is not a method of the vectors in a vector: these have `push pop clear truncate extend`"
                    ),
                    at,
                )
            });
        }
        let refused = self.step(at, |state| {
            if let (Method::push, [item]) = (method, args) {
                // What a mistake leaves out would have said of what type the elements are.
                state.shape_vector(lists.pool, Some(item.id), at)?;
                let array = state.arrays_of(lists.pool, at)?;
                for (array, number) in state.leaves_of(array).into_iter().zip(state.leaves_of(item.id)) {
                    let (array, number) = (state.type_of(array)?, state.type_of(number)?);
                    state.unify(array.dtype, number.dtype, "the elements of a vector")?;
                }
            }
            let depth = state.vectors[lists.pool].parallel_depth;
            if state.map_depth == 0 && state.parallel_depth > depth && state.run_in_order(depth) {
                return Err(Problem::Reported);
            }
            match state.parallel_depth > depth || state.map_depth > 0 {
                true => mistake(format!(
                    "`.{method}()` of one of several vectors from outside of a `prange` or of a closure over elements, whose order is \
                     open: write a plain `for`"
                )),
                false => Ok(Kind::Tuple(Items::default())),
            }
        });
        if self.with(|state| matches!(state.kind(refused.id), Kind::Poison)) {
            return Some(refused);
        }
        let length = || self.bind_named("", self.index(lengths, &[index], at), None, at);
        let set_length = |new: Value<'t>| self.store(lengths, &[index], new, at);
        Some(match (method, args) {
            (Method::push, [item]) => self.push_to_list(lists, index, *item, at),
            (Method::extend | Method::extend_from_slice, [items]) => {
                let push = |item: Value<'t>| {
                    self.push_to_list(lists, index, item, at);
                };
                self.trace_in_order(*items, &mut Some(push), at)
            }
            (Method::clear, []) => set_length(none),
            (Method::truncate, [most]) => set_length(self.method(length(), Method::min, &[*most], at)),
            (Method::pop, []) => {
                let length = length();
                let then = || {
                    let last = self.bind_named("", self.binary("-", length, one, at), None, at);
                    let item = self.index(self.list(lists, index, at), &[last], at);
                    let item = self.bind_named("", item, None, at);
                    set_length(last);
                    self.some(item, at)
                };
                self.if_(self.binary(">", length, none, at), then, || self.none(at), at)
            }
            _ => self.mistake(&format!("`.{method}()` is given another number of arguments"), at),
        })
    }

    /// `lists[index].push(item)`.
    fn push_to_list<'t>(&'t self, lists: Lists, index: Value<'t>, item: Value<'t>, at: At) -> Value<'t> {
        let item = self.bind_named("", item, None, at);
        let count = self.step(at, |state| {
            state.shape_vector(lists.pool, Some(item.id), at)?;
            Ok(Kind::Variable { var: state.vectors[lists.pool].count, borrowed: false })
        });
        let [starts, lengths, rooms] =
            [lists.starts, lists.lengths, lists.rooms].map(|numbers| self.numbers(numbers));
        let of_list = |numbers| self.bind_named("", self.index(numbers, &[index], at), None, at);
        let (length, room) = (of_list(lengths), of_list(rooms));
        let move_away = || {
            let (from, to) = (of_list(starts), self.bind_named("", count, None, at));
            let double = self.binary("+", room, room, at);
            let new_room = self.method(double, Method::max, &[self.lift(FEW, at)], at);
            let new_room = self.bind_named("", new_room, None, at);
            let end = self.bind_named("", self.binary("+", to, new_room, at), None, at);
            self.reserve(lists.pool, end, at);
            let move_item = |k| {
                let [from, to] = [from, to].map(|start| self.binary("+", start, k, at));
                self.move_item(lists.pool, from, to, at);
            };
            let all = self.range(self.lift(0usize, at), length, false, at);
            self.trace_for(all, &mut Some(move_item), at);
            self.store(starts, &[index], to, at);
            self.store(rooms, &[index], new_room, at);
            self.assign(count, end, at)
        };
        self.if_(self.binary("==", length, room, at), move_away, || self.unit(), at);
        let place = self.bind_named("", self.binary("+", of_list(starts), length, at), None, at);
        let whole = self.step(at, |state| state.whole_of(lists.pool, at));
        self.store(whole, &[place], item, at);
        let longer = self.binary("+", length, self.lift(1usize, at), at);
        self.store(lengths, &[index], longer, at)
    }

    /// Has a vector have room for so many elements.
    fn reserve<'t>(&'t self, vector: usize, count: Value<'t>, at: At) {
        let room = self.bind_named("", self.step(at, |state| state.room_of(vector, at)), None, at);
        let grow = || {
            let double = self.binary("+", room, room, at);
            let more = self.bind_named("", self.method(double, Method::max, &[count], at), None, at);
            self.step(at, |state| {
                let (array, length) = (state.arrays_of(vector, at)?, state.read(more.id, at)?);
                let leaves = state.leaves_of(array);
                state.resize_all(&leaves, length, at)?;
                Ok(Kind::Tuple(Items::default()))
            })
        };
        self.if_(self.binary(">", count, room, at), grow, || self.unit(), at);
    }
}

/// What is said of lists that are to leave the kernel.
pub(crate) const KEPT: &str = "vectors of different lengths in a vector stay in the kernel: return or pass all elements in one vector, and where \
     each of the others begins in another";

/// Why `pop` of lists is refused.
const NO_POP: &str = "`.pop()` of a vector of vectors that grow gives none of them: take its last one by `last()`, and `truncate`";

impl State {
    /// The elements of a list.
    pub(crate) fn present_list(&mut self, lists: Lists, index: u32, at: At) -> Step<Kind> {
        let index = self.size(index, "an index", at)?;
        let Lists { pool, starts, lengths, .. } = lists;
        let [start, length] = [starts, lengths].map(|numbers| self.number_at(numbers, index, at));
        let (start, length) = (start?, length?);
        let end = self.op(parfuse_ir::ScalarOp::Add, &[start, length], at)?;
        let array = self.arrays_of(pool, at)?;
        self.present_part(array, Some(start), end, at)
    }

    fn number_at(&mut self, vector: usize, index: program::Value, at: At) -> Step<program::Value> {
        let present = self.present_vector(vector, at)?;
        let present = self.handle(present);
        let (numbers, _) = self.array(present, "a list", at)?;
        self.element(numbers, vec![index], at)
    }

    /// All lists, one after the other.
    pub(crate) fn sequence_of_lists(&mut self, lists: Lists, at: At) -> Step<Sequence> {
        let Vector { count, .. } = self.vectors[lists.lengths];
        let end = self.read_var(count, at)?;
        let range = self.below(end, at);
        Ok(Sequence::new(vec![range], Item::List(lists)))
    }
}
