//! Heaps: vectors whose first element is the greatest.
//!
//! ```text
//! heap.push(x)     v[count] = x;  count += 1;  up(count - 1)
//! heap.pop()       count -= 1;  x = v[0];  v[0] = v[count];  down to a leaf, and from there up;  x
//! up(at)           while at > 0 & v[(at - 1) / 2] < x { v[at] = v[(at - 1) / 2];  at = (at - 1) / 2 }  v[at] = x
//! ```
//!
//! As the standard library does it: the element that comes to the front goes all the way down, along the greater children, before it
//! goes up again, for it has come from the bottom. What is greater, [`compare`](crate::orders) says: tuples compare by their first
//! parts that differ, `Reverse(x)` the other way around.

use crate::errors::At;
use crate::state::Kind;
use crate::{Method, Tracer, Value};

/// Why there are no copies of it.
pub(super) const KEPT: &str = "a heap is not copied or taken in a kernel: push its elements to another, `for x in heap.iter() { other.push(*x) }`";

impl Tracer {
    /// `let mut name = init;` of a `BinaryHeap`, which may begin with elements in no order.
    pub fn heap<'t>(&'t self, name: &'static str, init: Value<'t>, at: At) -> Value<'t> {
        let heap = self.vector(name, init, at);
        let Some((vector, begins_empty)) = self.with(|state| match state.kind(heap.id) {
            Kind::Vector { vector, .. } => {
                state.vectors[vector].is_heap = true;
                Some((vector, state.vectors[vector].beginning.is_some()))
            }
            _ => None,
        }) else {
            return heap;
        };
        if !begins_empty {
            let rise = |last| self.go_up(vector, last, at);
            let count = self.method(heap, Method::len, &[], at);
            self.trace_for(self.range(self.lift(0usize, at), count, false, at), &mut Some(rise), at);
        }
        heap
    }

    /// Whether a vector is a heap.
    pub(super) fn is_heap(&self, vector: usize) -> bool {
        self.with(|state| state.vectors[vector].is_heap)
    }

    fn whole_heap(&self, vector: usize, at: At) -> Value<'_> {
        self.step(at, |state| state.whole_of(vector, at))
    }

    fn heap_element<'t>(&'t self, vector: usize, index: Value<'t>, at: At) -> Value<'t> {
        self.bind_named("", self.index(self.whole_heap(vector, at), &[index], at), None, at)
    }

    /// Has an element go up to where none above it is less.
    pub(super) fn go_up<'t>(&'t self, vector: usize, from: Value<'t>, at: At) {
        let one = self.lift(1usize, at);
        let item = self.heap_element(vector, from, at);
        let hole = self.variable_named("hole", from, at);
        let above = || {
            let before = self.binary("-", hole, one, at);
            self.bind_named("", self.binary("/", before, self.lift(2usize, at), at), None, at)
        };
        let is_less = || {
            let is_inside = self.binary(">", hole, self.lift(0usize, at), at);
            self.logical(
                true,
                is_inside,
                || self.binary("<", self.heap_element(vector, above(), at), item, at),
                at,
            )
        };
        let rise = || {
            let above = above();
            self.move_item(vector, above, self.bind_named("", hole, None, at), at);
            self.assign(hole, above, at);
        };
        self.while_(is_less, rise, at);
        self.store(self.whole_heap(vector, at), &[self.bind_named("", hole, None, at)], item, at);
    }

    /// What is said of a copy of a heap, if it is one.
    pub(crate) fn copy_of_heap<'t>(
        &'t self,
        receiver: Value<'_>,
        method: Method,
        at: At,
    ) -> Option<Value<'t>> {
        let is_heap = match self.with(|state| state.kind(receiver.id)) {
            Kind::Vector { vector, .. } => self.is_heap(vector),
            _ => false,
        };
        (is_heap && matches!(method, Method::clone | Method::to_owned)).then(|| self.mistake(KEPT, at))
    }

    /// `heap.pop()`.
    pub(super) fn pop_greatest<'t>(&'t self, vector: usize, count: Value<'t>, at: At) -> Value<'t> {
        let (none, one, two) = (self.lift(0usize, at), self.lift(1usize, at), self.lift(2usize, at));
        let then = || {
            self.assign_op("-", count, one, at);
            let greatest = self.heap_element(vector, none, at);
            let end = self.bind_named("", count, None, at);
            let item = self.heap_element(vector, end, at);
            let hole = self.variable_named("hole", none, at);
            let child = self.variable_named("child", one, at);
            let go_down = || {
                let right = self.bind_named("", self.binary("+", child, one, at), None, at);
                let prefers_right = || {
                    let [left, right] = [child, right].map(|index| self.heap_element(vector, index, at));
                    self.unary("!", self.binary("<", right, left, at), at)
                };
                let is_right = self.logical(true, self.binary("<", right, end, at), prefers_right, at);
                let greater = self.bind_named("", self.if_(is_right, || right, || child, at), None, at);
                self.move_item(vector, greater, self.bind_named("", hole, None, at), at);
                self.assign(hole, greater, at);
                self.assign(child, self.binary("+", self.binary("*", greater, two, at), one, at), at);
            };
            self.while_(|| self.binary("<", child, end, at), go_down, at);
            let put_back = || {
                let hole = self.bind_named("", hole, None, at);
                self.store(self.whole_heap(vector, at), &[hole], item, at);
                self.go_up(vector, hole, at);
                self.unit()
            };
            self.if_(self.binary(">", end, none, at), put_back, || self.unit(), at);
            self.some(greatest, at)
        };
        self.if_(self.binary(">", count, none, at), then, || self.none(at), at)
    }

    /// `heap.into_sorted_vec()`.
    pub(crate) fn sorted_vector<'t>(
        &'t self,
        _: Method,
        heap: Value<'t>,
        _: &[Value<'t>],
        at: At,
    ) -> Value<'t> {
        let sorted = self.variable_named("sorted", self.method(heap, Method::to_owned, &[], at), at);
        self.method(sorted, Method::sort_unstable, &[], at);
        sorted
    }
}
