//! Queues: vectors that also change at their front.
//!
//! ```text
//! let mut q = VecDeque::new();   v = fill[0] 0;  count = 0;  head = 0
//! q.push_back(x)                 as `push`; where half of the room is in front of the head, the elements move there first
//! q.pop_front()                  if head < count { x = v[head];  head += 1;  (true, x) } else { (false, …) }
//! q.push_front(x)                if head == 0 { move the elements up, as many places as there are };  head -= 1;  v[head] = x
//! q.iter().sum()                 sum (view v[head..count])
//! ```
//!
//! So a queue lies in one piece, and moving its elements costs each of them a constant number of moves.

use super::changes::LEAST_ROOM;
use crate::errors::At;
use crate::records::Items;
use crate::state::{Kind, State};
use crate::{Method, Tracer, Value};

impl Tracer {
    /// `let mut name = init;` of what changes at its front.
    pub fn queue<'t>(&'t self, name: &'static str, init: Value<'t>, at: At) -> Value<'t> {
        let queue = self.vector(name, init, at);
        self.with(|state| {
            if let Kind::Vector { vector, .. } = state.kind(queue.id) {
                let none = state.usize_constant(0, at);
                let ty = state.ty(none);
                let head = state.new_var(&format!("{name}.head"), ty, None);
                state.set_var(head, none);
                state.vectors[vector].head = Some(head);
            }
        });
        queue
    }

    /// The index of the first element, if a vector is a queue.
    pub(super) fn head_of(&self, vector: usize) -> Option<Value<'_>> {
        let head = self.with(|state| {
            let var = state.vectors[vector].head?;
            Some(state.handle(Kind::Variable { var, borrowed: false }))
        })?;
        Some(Value { tracer: self, id: head })
    }

    /// `queue.pop_front()`.
    pub(super) fn pop_in_front<'t>(
        &'t self,
        vector: usize,
        head: Value<'t>,
        count: Value<'t>,
        at: At,
    ) -> Value<'t> {
        let then = || {
            let whole = self.step(at, |state| state.whole_of(vector, at));
            let first = self.bind_named("", self.index(whole, &[head], at), None, at);
            self.assign_op("+", head, self.lift(1usize, at), at);
            self.some(first, at)
        };
        self.if_(self.binary("<", head, count, at), then, || self.none(at), at)
    }

    /// `queue.push_front(item)`.
    pub(super) fn push_in_front<'t>(
        &'t self,
        vector: usize,
        head: Value<'t>,
        count: Value<'t>,
        item: Value<'t>,
        at: At,
    ) -> Value<'t> {
        let item = self.bind_named("", item, None, at);
        self.step(at, |state| {
            state.shape_vector(vector, Some(item.id), at)?;
            Ok(Kind::Tuple(Items::default()))
        });
        let none = self.lift(0usize, at);
        let make_way = || {
            let room = self.step(at, |state| state.room_of(vector, at));
            let room = self.bind_named("", room, None, at);
            let by = match self.with(|state| state.parallel_depth > 0) {
                true => {
                    self.require_room(vector, self.binary("<", count, room, at), at);
                    self.binary("-", room, count, at)
                }
                false => self.method(count, Method::max, &[self.lift(LEAST_ROOM, at)], at),
            };
            let by = self.bind_named("", by, None, at);
            let needed = self.bind_named("", self.binary("+", count, by, at), None, at);
            let grow = || {
                self.step(at, |state| {
                    let (array, length) = (state.arrays_of(vector, at)?, state.read(needed.id, at)?);
                    let leaves = state.leaves_of(array);
                    state.resize_all(&leaves, length, at)?;
                    Ok(Kind::Tuple(Items::default()))
                })
            };
            if self.with(|state| state.parallel_depth == 0) {
                self.if_(self.binary(">", needed, room, at), grow, || self.unit(), at);
            }
            let move_up = |index| self.move_item(vector, index, self.binary("+", index, by, at), at);
            let all = self.range(none, self.bind_named("", count, None, at), false, at);
            self.trace_for(self.method(all, Method::rev, &[], at), &mut Some(move_up), at);
            self.assign(head, by, at);
            self.assign(count, needed, at)
        };
        self.if_(self.binary("==", head, none, at), make_way, || self.unit(), at);
        self.assign_op("-", head, self.lift(1usize, at), at);
        let whole = self.step(at, |state| state.whole_of(vector, at));
        self.store(whole, &[self.bind_named("", head, None, at)], item, at)
    }

    /// `queue.remove(position)`, which says whether there is such an element.
    pub(super) fn remove_if_any<'t>(
        &'t self,
        queue: Value<'t>,
        head: Value<'t>,
        count: Value<'t>,
        position: Value<'t>,
        at: At,
    ) -> Value<'t> {
        let position = self.bind_named("", position, None, at);
        let length = self.binary("-", count, head, at);
        let then = || {
            let removed = self.bind_named("", self.index(queue, &[position], at), None, at);
            let vector = self.with(|state| match state.kind(queue.id) {
                Kind::Vector { vector, .. } => vector,
                _ => 0,
            });
            let one = self.lift(1usize, at);
            let first = self.bind_named("", self.binary("+", head, position, at), None, at);
            let first = self.binary("+", first, one, at);
            let behind = self.range(first, self.bind_named("", count, None, at), false, at);
            let move_down = |index| self.move_item(vector, index, self.binary("-", index, one, at), at);
            self.trace_for(behind, &mut Some(move_down), at);
            self.assign_op("-", count, one, at);
            self.some(removed, at)
        };
        self.if_(self.binary("<", position, length, at), then, || self.none(at), at)
    }

    /// Has the elements begin at the first place of the array.
    pub(super) fn move_to_front<'t>(&'t self, vector: usize, head: Value<'t>, count: Value<'t>, at: At) {
        let is_behind = self.binary(">", head, self.lift(0usize, at), at);
        self.if_(is_behind, || self.give_way(vector, head, count, at), || self.unit(), at);
    }

    /// The same, where they do not.
    pub(super) fn give_way<'t>(
        &'t self,
        vector: usize,
        head: Value<'t>,
        count: Value<'t>,
        at: At,
    ) -> Value<'t> {
        let start = self.bind_named("", head, None, at);
        let end = self.bind_named("", count, None, at);
        let move_down = |index| self.move_item(vector, index, self.binary("-", index, start, at), at);
        self.trace_for(self.range(start, end, false, at), &mut Some(move_down), at);
        self.assign_op("-", count, start, at);
        self.assign(head, self.lift(0usize, at), at)
    }
}

impl State {
    /// How many elements a vector has room for.
    pub(super) fn room_of(&mut self, vector: usize, at: At) -> crate::errors::Step<Kind> {
        let array = self.arrays_of(vector, at)?;
        let first = self.leaves_of(array)[0];
        let (array, rank) = self.array(first, "a vector", at)?;
        self.lengths(array, rank, at).map(|lengths| Kind::Plain(lengths[0]))
    }
}
