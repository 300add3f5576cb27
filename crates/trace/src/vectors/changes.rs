//! The methods of vectors that change how many elements there are.

use super::Vector;
use crate::errors::{At, Problem, Step, mistake};
use crate::records::Items;
use crate::state::{Kind, State};
use crate::{Method, SliceItem, Tracer, Value};
use parfuse_ir::ScalarOp;
use parfuse_ir::program::{self, Var};

/// The least number of elements that a vector has room for once one is pushed.
pub(super) const LEAST_ROOM: usize = 32;

/// Below so many elements a vector grows to four times its length, from there on to twice.
const FEW: usize = 1 << 17;

/// What iterations of a `prange` do that need more.
const FULL: &str =
    "a vector in a `prange` has no more elements than it has room for: `Vec::with_capacity(n)`";

/// The methods that change how many elements there are.
#[derive(Clone, Copy, PartialEq)]
enum Change {
    Push,
    PushFront,
    Pop,
    PopFront,
    Clear,
    Truncate,
    Extend,
    Insert,
    Remove,
    Resize,
    Retain,
    Dedup,
    SwapRemove,
    Append,
    Drain,
    SplitOff,
}

impl Change {
    fn of(method: Method) -> Option<Change> {
        Some(match method {
            Method::push | Method::push_back => Change::Push,
            Method::push_front => Change::PushFront,
            Method::pop | Method::pop_back => Change::Pop,
            Method::pop_front => Change::PopFront,
            Method::clear => Change::Clear,
            Method::truncate => Change::Truncate,
            Method::extend | Method::extend_from_slice => Change::Extend,
            Method::insert => Change::Insert,
            Method::remove => Change::Remove,
            Method::resize => Change::Resize,
            Method::retain => Change::Retain,
            Method::dedup | Method::dedup_by | Method::dedup_by_key => Change::Dedup,
            Method::swap_remove => Change::SwapRemove,
            Method::append => Change::Append,
            Method::drain => Change::Drain,
            Method::split_off => Change::SplitOff,
            _ => return None,
        })
    }
}

impl Tracer {
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
        let change = Change::of(method)?;
        let vector = match self.with(|state| state.kind(receiver.id)) {
            Kind::Vector { vector, .. } => vector,
            // `a.push(Axis(0), row)` and `a.append(Axis(0), rows)` are methods of arrays.
            Kind::Variable { var, .. }
                if !(args.len() == 2 && matches!(change, Change::Push | Change::Append)) =>
            {
                let named = self.step(at, |state| state.refuse_fixed_length(var, method));
                return Some(named);
            }
            _ => return None,
        };
        let count = self.step(at, |state| {
            state.doing = format!("`.{method}()`").into();
            let Vector { count, parallel_depth, .. } = state.vectors[vector];
            if state.map_depth == 0 && state.parallel_depth > parallel_depth && state.run_in_order(parallel_depth) {
                return Err(Problem::Reported);
            }
            if state.parallel_depth > parallel_depth || state.map_depth > 0 {
                return mistake(format!(
                    "`.{method}()` of a vector from outside of a `prange` or of a closure over elements, whose order is open: \
                     collect what is kept, `prange(0..n).filter(…).map(…).collect()`, or write a plain `for`"
                ));
            }
            Ok(Kind::Variable { var: count, borrowed: false })
        });
        if self.with(|state| matches!(state.kind(count.id), Kind::Poison)) {
            return Some(count);
        }
        let set_count = |new: Value<'t>| self.assign(count, new, at);
        if let Some(head) = self.head_of(vector) {
            match (change, args) {
                (Change::PushFront, [item]) => {
                    return Some(self.push_in_front(vector, head, count, *item, at));
                }
                (Change::PopFront, []) => return Some(self.pop_in_front(vector, head, count, at)),
                (Change::Remove, [position]) => {
                    return Some(self.remove_if_any(receiver, head, count, *position, at));
                }
                (Change::Push | Change::Pop | Change::Extend | Change::Append | Change::Clear, _) => {}
                // All others see the elements from the first place of the array on.
                _ => self.move_to_front(vector, head, count, at),
            }
        }
        let is_heap = self.is_heap(vector);
        let push = |item: Value<'t>| {
            let item = self.bind_named("", item, None, at);
            let pushed = self.push_item(vector, count, item, at);
            if is_heap {
                let last = self.binary("-", count, self.lift(1usize, at), at);
                self.go_up(vector, self.bind_named("", last, None, at), at);
            }
            pushed
        };
        Some(match (change, args) {
            (Change::Push, [item]) => push(*item),
            (Change::Pop, []) if is_heap => self.pop_greatest(vector, count, at),
            (Change::Drain | Change::SplitOff, _) if is_heap => self.mistake(
                &format!("`.{method}()` is not a method of heaps in a kernel: take elements away by `pop`"),
                at,
            ),
            (Change::Drain, [range]) => self.drain(receiver, vector, count, *range, at),
            (Change::SplitOff, [index]) => {
                let index = self.bind_named("", *index, None, at);
                let part = SliceItem::Range { start: Some(index), end: None, inclusive: false, step: None };
                let part = self.index(receiver, &[self.slice_info(&[part], at)], at);
                let taken = self.bind_named("", self.method(part, Method::to_vec, &[], at), None, at);
                set_count(index);
                taken
            }
            (Change::Retain, _) if is_heap => self.mistake(
                "`.retain()` is not a method of heaps in a kernel: push what is kept to another one",
                at,
            ),
            (Change::Extend, [items]) => {
                let push = |item: Value<'t>| {
                    push(item);
                };
                self.trace_in_order(*items, &mut Some(push), at)
            }
            (Change::Append, [other]) => {
                self.method(receiver, Method::extend, &[self.method(*other, Method::iter, &[], at)], at);
                self.method(*other, Method::clear, &[], at)
            }
            (Change::Clear, []) => self.step(at, |state| {
                state.empty(vector, at);
                Ok(Kind::Tuple(Items::default()))
            }),
            (Change::Truncate, [length]) => set_count(self.method(count, Method::min, &[*length], at)),
            (Change::Pop, []) => {
                let none = self.head_of(vector).unwrap_or_else(|| self.lift(0usize, at));
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

    /// In a `prange` a vector has the room that is made in front of it: fails where a condition says that it has no more.
    pub(super) fn require_room<'t>(&'t self, vector: usize, has_room: Value<'t>, at: At) {
        self.step(at, |state| {
            state.has_room_for_more(vector, at)?;
            let has_room = state.condition(has_room.id, at)?;
            state.assert_value(has_room, FULL, at);
            Ok(Kind::Tuple(Items::default()))
        });
    }

    /// Takes away the elements of a range: those behind move down. Gives an iterator over copies.
    fn drain<'t>(
        &'t self,
        receiver: Value<'t>,
        vector: usize,
        count: Value<'t>,
        range: Value<'t>,
        at: At,
    ) -> Value<'t> {
        let part = self.index(receiver, &[range], at);
        let taken = self.bind_named("", self.method(part, Method::to_vec, &[], at), None, at);
        let length = self.bind_named("", self.method(taken, Method::len, &[], at), None, at);
        let start = self.step(at, |state| state.start_of_part(range.id, at).map(Kind::Plain));
        let first = self.binary("+", start, length, at);
        let moved = self.range(first, self.bind_named("", count, None, at), false, at);
        let move_down = |index| self.move_item(vector, index, self.binary("-", index, length, at), at);
        self.trace_for(moved, &mut Some(move_down), at);
        self.assign_op("-", count, length, at);
        self.method(taken, Method::into_iter, &[], at)
    }

    /// `vector[to] = vector[from]`.
    pub(super) fn move_item<'t>(&'t self, vector: usize, from: Value<'t>, to: Value<'t>, at: At) {
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

    /// Sets the element behind those that there are, in each branch: where there is room the test for it is that of the index,
    /// too.
    fn push_item<'t>(&'t self, vector: usize, count: Value<'t>, item: Value<'t>, at: At) -> Value<'t> {
        self.step(at, |state| {
            state.shape_vector(vector, Some(item.id), at)?;
            Ok(Kind::Tuple(Items::default()))
        });
        let (head, in_parallel) = (self.head_of(vector), self.with(|state| state.parallel_depth > 0));
        if let Some(head) = head.filter(|_| in_parallel) {
            let is_full = self.step(at, |state| state.is_full(vector, at));
            self.if_(is_full, || self.give_way(vector, head, count, at), || self.unit(), at);
        }
        let is_full = self.step(at, |state| state.is_full(vector, at));
        let set = || {
            let whole = self.step(at, |state| state.whole_of(vector, at));
            self.store(whole, &[self.bind_named("", count, None, at)], item, at)
        };
        if in_parallel {
            self.require_room(vector, self.unary("!", is_full, at), at);
            set();
            return self.assign_op("+", count, self.lift(1usize, at), at);
        }
        let longer = || {
            self.step(at, |state| {
                state.grow_vector(vector, at)?;
                Ok(Kind::Tuple(Items::default()))
            })
        };
        let grow = || {
            match head {
                // Half of the room is in front: the elements go there.
                Some(head) => {
                    let double = self.binary("+", head, head, at);
                    let move_down = || self.give_way(vector, head, count, at);
                    self.if_(self.binary(">", double, count, at), move_down, longer, at)
                }
                None => longer(),
            };
            set()
        };
        self.if_(is_full, grow, set, at);
        self.assign_op("+", count, self.lift(1usize, at), at)
    }
}

impl State {
    /// Takes away all elements.
    pub(super) fn empty(&mut self, vector: usize, at: At) {
        let none = self.usize_constant(0, at);
        let Vector { count, head, .. } = self.vectors[vector];
        self.set_var(count, none);
        if let Some(head) = head {
            self.set_var(head, none);
        }
    }

    /// Whether a vector has no room for one more element in one of its arrays.
    fn is_full(&mut self, vector: usize, at: At) -> Step<Kind> {
        let array = self.arrays_of(vector, at)?;
        let count = self.read_var(self.vectors[vector].count, at)?;
        let mut is_full = None;
        for leaf in self.leaves_of(array) {
            let (array, rank) = self.array(leaf, "a vector", at)?;
            let room = self.lengths(array, rank, at)?[0];
            let this = self.op(ScalarOp::Ge, &[count, room], at)?;
            is_full = Some(match is_full {
                Some(others) => self.op(ScalarOp::Or, &[others, this], at)?,
                None => this,
            });
        }
        is_full.map(Kind::Plain).ok_or(Problem::Reported)
    }

    /// What has the length that it has: an array of the caller's, or a vector of which it does not show in front that it grows.
    fn refuse_fixed_length(&mut self, var: Var, method: Method) -> Step<Kind> {
        let name = self.var_name(var);
        if self.program.vars[var].param.is_some() {
            return mistake(format!(
                "`.{method}()`: `{name}` belongs to whoever calls the kernel, and keeps its length: return a vector, \
                 `let mut v = {name}.to_vec(); v.{method}(…); v`; kernels that the kernel calls may change the lengths of its own"
            ));
        }
        match self.does_grow(var) {
            true => Err(Problem::Reported),
            false => mistake(format!("`.{method}()` is for vectors that a `let mut` of the kernel begins")),
        }
    }

    /// In a `prange` a vector has the room that is made in front of it.
    fn has_room_for_more(&mut self, vector: usize, at: At) -> Step<()> {
        let Vector { room, counted_room, beginning, .. } = self.vectors[vector];
        match counted_room {
            Some(counted) => self.make_room(counted, at),
            None if beginning.is_none() || self.known_integer(room) == Some(0) => self.refuse_growth(),
            None => Ok(()),
        }
    }

    /// Makes room for several times as many elements.
    fn grow_vector(&mut self, vector: usize, at: At) -> Step<()> {
        let array = self.arrays_of(vector, at)?;
        let leaves = self.leaves_of(array);
        let (first, rank) = self.array(leaves[0], "a vector", at)?;
        let room = self.lengths(first, rank, at)?[0];
        let [least, few] = [LEAST_ROOM, FEW].map(|number| self.usize_constant(number, at));
        let double = self.op(ScalarOp::Add, &[room, room], at)?;
        let fourfold = self.op(ScalarOp::Add, &[double, double], at)?;
        let is_small = self.op(ScalarOp::Lt, &[room, few], at)?;
        let more = self.op(ScalarOp::Select, &[is_small, fourfold, double], at)?;
        let room = self.op(ScalarOp::Max, &[more, least], at)?;
        self.resize_all(&leaves, room, at)
    }

    /// Gives all arrays of a vector room for so many elements.
    pub(super) fn resize_all(&mut self, leaves: &[u32], room: program::Value, at: At) -> Step<()> {
        for leaf in leaves {
            let Kind::Variable { var, .. } = self.kind(*leaf) else { return Err(Problem::Reported) };
            self.resize(var, room, at);
        }
        Ok(())
    }
}
