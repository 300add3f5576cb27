//! Sorting, and searches in what is sorted.
//!
//! ```text
//! v.sort_by(f), 9 of them   if f(v[0], v[1]) { v.swap(0, 1) }  …           a network: the same exchanges, whatever the elements are
//! v.sort_by(f)              for each run of 16:  elements inserted one by one, each below those that are greater
//!                           width = 16;  while width < n { each two neighbours merged into one run;  width += width }
//! v.binary_search_by(f)     base = 0;  while size > 1 { half of what is left }    (Equal, base, base or base + 1)
//! ```
//!
//! Equal elements keep their order, those of `sort_unstable` too, where the standard library leaves it open. Which of equal
//! elements `binary_search` finds is what the standard library's does. Elements may be tuples and structs: whatever an
//! index gives is moved. What a closure compares it may not change, since how often it is called is nobody's affair.

use crate::errors::{At, Step, mistake};
use crate::records::Items;
use crate::state::{Held, Kind, State};
use crate::types::Class;
use crate::{Method, Tracer, Value};
use parfuse_ir::program::{Block, Place, Stmt, Var, walk};

/// How many elements are sorted by insertion.
const RUN: usize = 16;

/// So many elements, if their number is known, are sorted by exchanging neighbours, which keeps equal ones in their order.
const MOST_OF_NEIGHBOURS: usize = 10;

/// So many integers, of which equal ones are the same, are sorted by the fewest exchanges.
const MOST_OF_MERGES: usize = 32;

/// By what elements are compared.
#[derive(Clone, Copy)]
enum By<'t> {
    /// The order that they have, of tuples that of the first parts that differ.
    Themselves,
    /// A closure of two of them.
    Comparison(Value<'t>),
    /// What a closure computes from each.
    Key(Value<'t>),
}

impl<'t> By<'t> {
    /// From the name of a method, and the closure that it is given last.
    fn of(method: Method, args: &[Value<'t>]) -> By<'t> {
        match (method, args.last()) {
            (Method::sort_by | Method::sort_unstable_by | Method::select_nth_unstable_by, Some(closure)) => {
                By::Comparison(*closure)
            }
            (
                Method::sort_by_key
                | Method::sort_by_cached_key
                | Method::sort_unstable_by_key
                | Method::select_nth_unstable_by_key,
                Some(closure),
            ) => By::Key(*closure),
            _ => By::Themselves,
        }
    }
}

/// A slice that is being sorted, and in what place of the source.
#[derive(Clone, Copy)]
struct Sorted<'t> {
    t: &'t Tracer,
    array: Value<'t>,
    count: Value<'t>,
    by: By<'t>,
    at: At,
}

/// Exchanges that sort so many elements, whatever they are.
struct Network {
    count: usize,
    exchanges: Vec<[usize; 2]>,
    /// Whether the elements are integers in their own order: equal ones are the same.
    of_integers: bool,
}

impl<'t> Sorted<'t> {
    fn number(&self, number: usize) -> Value<'t> {
        self.t.lift(number, self.at)
    }

    fn plus(&self, a: Value<'t>, b: Value<'t>) -> Value<'t> {
        self.t.binary("+", a, b, self.at)
    }

    fn variable(&self, name: &str, start: Value<'t>) -> Value<'t> {
        self.t.variable_named(name, start, self.at)
    }

    fn element(&self, array: Value<'t>, index: Value<'t>) -> Value<'t> {
        self.t.bind_named("", self.t.index(array, &[index], self.at), None, self.at)
    }

    /// An element where it lies, for a closure to look at.
    fn in_place(&self, array: Value<'t>, index: Value<'t>) -> Value<'t> {
        self.t.unary("&", self.t.index(array, &[index], self.at), self.at)
    }

    /// `for index in start..end`, every so many if a step is given.
    fn each(&self, start: Value<'t>, end: Value<'t>, step: Option<Value<'t>>, body: impl FnOnce(Value<'t>)) {
        let range = self.t.range(start, end, false, self.at);
        let range = match step {
            Some(step) => self.t.method(range, Method::step_by, &[step], self.at),
            None => range,
        };
        self.t.trace_for(range, &mut Some(body), self.at);
    }

    /// Whether an element belongs behind another one that it stands in front of.
    fn is_greater(&self, a: Value<'t>, b: Value<'t>) -> Value<'t> {
        let (t, at) = (self.t, self.at);
        let order = match self.by {
            By::Themselves => t.natural_order(a, b, at),
            By::Comparison(closure) => t.apply(closure, &[a, b], at),
            By::Key(closure) => {
                let [a, b] = [a, b].map(|element| t.apply(closure, &[element], at));
                t.natural_order(a, b, at)
            }
        };
        t.is_greater(order, at)
    }

    fn sort(&self) {
        let (t, at) = (self.t, self.at);
        let Some(Network { count, exchanges, of_integers }) = self.network() else { return self.sort_any() };
        // What was an array of this length may have become another one.
        let is_so = t.binary("==", self.count, self.number(count), at);
        let exchange_all = || {
            exchanges.into_iter().for_each(|pair| self.exchange(pair, of_integers));
            t.unit()
        };
        let otherwise = || {
            self.sort_any();
            t.unit()
        };
        t.if_(is_so, exchange_all, otherwise, at);
    }

    fn sort_any(&self) {
        let (t, at) = (self.t, self.at);
        self.insert();
        let is_long = t.binary(">", self.count, self.number(RUN), at);
        let merge = || {
            self.merge();
            t.unit()
        };
        t.if_(is_long, merge, || t.unit(), at);
    }

    /// How few elements are sorted, most probably, if these are few.
    fn network(&self) -> Option<Network> {
        let (count, of_integers) = self.t.with(|state| {
            let array = state.read(*state.leaves_of(self.array.id).first()?, self.at).ok()?;
            let is_integer = match state.class(array) {
                Class::Integer => true,
                Class::Known(dtype) => dtype.is_int(),
                _ => false,
            };
            let is_single = !matches!(state.kind(self.array.id), Kind::Tuple(_));
            let in_their_order = matches!(self.by, By::Themselves);
            Some((*state.known_lengths(array)?.first()?, is_integer && is_single && in_their_order))
        })?;
        let exchanges = match of_integers {
            true if count <= MOST_OF_MERGES => merges(count),
            false if count <= MOST_OF_NEIGHBOURS => neighbours(count),
            _ => return None,
        };
        Some(Network { count, exchanges, of_integers })
    }

    /// Has two elements change places if the first is greater.
    fn exchange(&self, [first, second]: [usize; 2], of_integers: bool) {
        let (t, at, array) = (self.t, self.at, self.array);
        let [first, second] = [first, second].map(|place| self.number(place));
        let [a, b] = [first, second].map(|place| self.element(array, place));
        if of_integers {
            // Nobody foresees which it is.
            for (place, method) in [(first, Method::min), (second, Method::max)] {
                t.store(array, &[place], t.method(a, method, &[b], at), at);
            }
            return;
        }
        let change = || {
            t.store(array, &[first], b, at);
            t.store(array, &[second], a, at);
            t.unit()
        };
        t.if_(self.is_greater(a, b), change, || t.unit(), at);
    }

    /// Sorts the elements of each run.
    fn insert(&self) {
        let (t, at, array, one) = (self.t, self.at, self.array, self.number(1));
        self.each(self.number(0), self.count, Some(self.number(RUN)), |start| {
            let end = t.method(self.plus(start, self.number(RUN)), Method::min, &[self.count], at);
            self.each(self.plus(start, one), end, None, |index| {
                let item = self.element(array, index);
                let place = self.variable("place", index);
                let before = || t.binary("-", place, one, at);
                let goes_on = || {
                    let is_greater = || self.is_greater(self.in_place(array, before()), item);
                    t.logical(true, t.binary(">", place, start, at), is_greater, at)
                };
                let move_up = || {
                    t.store(array, &[place], self.element(array, before()), at);
                    t.assign_op("-", place, one, at);
                };
                t.while_(goes_on, move_up, at);
                t.store(array, &[place], item, at);
            });
        });
    }

    /// Merges neighbouring runs until there is one: the left one from a copy, so that the right one is never overtaken.
    fn merge(&self) {
        let (t, at, array, one) = (self.t, self.at, self.array, self.number(1));
        let spare = t.step(at, |state| state.room_beside(array.id, at));
        let width = self.variable("width", self.number(RUN));
        let merge_all = || {
            let run = t.bind_named("", width, None, at);
            let last = t.binary("-", self.count, run, at);
            self.each(self.number(0), last, Some(self.plus(run, run)), |start| {
                let middle = t.bind_named("", self.plus(start, run), None, at);
                let end = t.method(self.plus(middle, run), Method::min, &[self.count], at);
                self.each(self.number(0), run, None, |index| {
                    t.store(spare, &[index], self.element(array, self.plus(start, index)), at);
                });
                let left = self.variable("left", self.number(0));
                let right = self.variable("right", middle);
                let place = self.variable("place", start);
                let merge_one = || {
                    let item = self.element(spare, left);
                    let is_greater = || self.is_greater(item, self.in_place(array, right));
                    let from_right = t.logical(true, t.binary("<", right, end, at), is_greater, at);
                    let take_right = || {
                        t.store(array, &[place], self.element(array, right), at);
                        t.assign_op("+", right, one, at)
                    };
                    let take_left = || {
                        t.store(array, &[place], item, at);
                        t.assign_op("+", left, one, at)
                    };
                    t.if_(from_right, take_right, take_left, at);
                    t.assign_op("+", place, one, at);
                };
                t.while_(|| t.binary("<", left, run, at), merge_one, at);
            });
            t.assign_op("+", width, run, at);
        };
        t.while_(|| t.binary("<", width, self.count, at), merge_all, at);
    }
}

/// Neighbours, each element carried to its place among those in front of it: equal ones never pass each other.
fn neighbours(count: usize) -> Vec<[usize; 2]> {
    (1..count).flat_map(|last| (1..=last).rev().map(|place| [place - 1, place])).collect()
}

/// Batcher's odd-even merges, for any number of elements: Knuth, The Art of Computer Programming 3, 5.2.2 M.
fn merges(count: usize) -> Vec<[usize; 2]> {
    let mut exchanges = Vec::new();
    let highest = count.next_power_of_two() / 2;
    let mut width = highest;
    while width > 0 {
        let (mut apart, mut residue, mut distance) = (highest, 0, width);
        loop {
            let places = (0..count.saturating_sub(distance)).filter(|place| place & width == residue);
            exchanges.extend(places.map(|place| [place, place + distance]));
            if apart == width {
                break;
            }
            (distance, apart, residue) = (apart - width, apart / 2, width);
        }
        width /= 2;
    }
    exchanges
}

impl Tracer {
    /// `slice.sort()` and its kin.
    pub(crate) fn sort_elements<'t>(
        &'t self,
        method: Method,
        array: Value<'t>,
        args: &[Value<'t>],
        at: At,
    ) -> Value<'t> {
        let own = self.with(|state| {
            let leaves = state.leaves_of(array.id);
            leaves.into_iter().map(|leaf| state.target(leaf, method.name()).map(|place| place.var)).collect()
        });
        let own: Vec<Var> = match own {
            Ok(own) => own,
            Err(problem) => return self.step(at, |_| Err(problem)),
        };
        let vars_before = self.with(|state| state.program.vars.len());
        self.with(State::open);
        let count = self.bind_named("", self.method(array, Method::len, &[], at), None, at);
        Sorted { t: self, array, count, by: By::of(method, args), at }.sort();
        self.step(at, |state| {
            let statements = state.close();
            let changes = changes_others(state, &statements, vars_before, &own);
            state.splice(statements);
            match changes {
                true => mistake(format!(
                    "the closure of `{method}` changes a variable outside of it, and how often it is called is open; compare \
                     without changing anything"
                )),
                false => Ok(Kind::Tuple(Items::default())),
            }
        })
    }

    /// `slice.select_nth_unstable(index)` and its kin: what is in front of the element at an index, it, and what is behind.
    pub(crate) fn select_nth<'t>(
        &'t self,
        method: Method,
        array: Value<'t>,
        args: &[Value<'t>],
        at: At,
    ) -> Value<'t> {
        let (index, one) = (self.bind_named("", args[0], None, at), self.lift(1usize, at));
        // An index that is none is an error before anything is moved.
        self.index(array, &[index], at);
        self.sort_elements(method, array, args, at);
        let behind = self.binary("+", index, one, at);
        let count = self.method(array, Method::len, &[], at);
        let part = |start, end| {
            let range = self.range(start, end, false, at);
            self.unary("&mut", self.index(array, &[range], at), at)
        };
        let parts =
            [part(self.lift(0usize, at), index), self.index(array, &[index], at), part(behind, count)];
        self.tuple(&parts)
    }

    /// `slice.rotate_left(k)`, `slice.rotate_right(k)`: both parts are turned around, and then the whole.
    pub(crate) fn rotated<'t>(
        &'t self,
        method: Method,
        array: Value<'t>,
        args: &[Value<'t>],
        at: At,
    ) -> Value<'t> {
        let (none, count) = (self.lift(0usize, at), self.method(array, Method::len, &[], at));
        let middle = match method {
            Method::rotate_right => self.binary("-", count, args[0], at),
            _ => args[0],
        };
        let middle = self.bind_named("", middle, None, at);
        for (start, end) in [(none, middle), (middle, count), (none, count)] {
            let part = self.index(array, &[self.range(start, end, false, at)], at);
            self.method(self.unary("&mut", part, at), Method::reverse, &[], at);
        }
        self.unit()
    }

    /// `slice.copy_within(range, index)`: the elements of the range, which are read before any is set.
    pub(crate) fn copied_within<'t>(
        &'t self,
        _: Method,
        array: Value<'t>,
        args: &[Value<'t>],
        at: At,
    ) -> Value<'t> {
        let copies = self.method(self.index(array, &[args[0]], at), Method::to_vec, &[], at);
        let copies = self.bind_named("", copies, None, at);
        let start = self.bind_named("", args[1], None, at);
        let end = self.binary("+", start, self.method(copies, Method::len, &[], at), at);
        let target = self.index(array, &[self.range(start, end, false, at)], at);
        self.method(self.unary("&mut", target, at), Method::assign, &[copies], at)
    }

    /// `slice.reverse()`: elements change places where they lie, and whole rows by a copy.
    pub(crate) fn reversed_elements<'t>(
        &'t self,
        _: Method,
        array: Value<'t>,
        _: &[Value<'t>],
        at: At,
    ) -> Value<'t> {
        if !self.with(|state| state.is_turned_in_place(array.id)) {
            return self.step(at, |state| state.reverse_elements(array.id, at));
        }
        let (none, one) = (self.lift(0usize, at), self.lift(1usize, at));
        let count = self.bind_named("", self.method(array, Method::len, &[], at), None, at);
        let half = self.binary("/", count, self.lift(2usize, at), at);
        let exchange = |index| {
            let last = self.binary("-", count, one, at);
            self.method(array, Method::swap, &[index, self.binary("-", last, index, at)], at);
        };
        self.trace_for(self.range(none, half, false, at), &mut Some(exchange), at);
        self.unit()
    }

    /// `slice.binary_search(&x)` and its kin, a `Result`: where it is, or where it would have to stand.
    pub(crate) fn binary_search<'t>(
        &'t self,
        method: Method,
        array: Value<'t>,
        args: &[Value<'t>],
        at: At,
    ) -> Value<'t> {
        let order = |index| {
            let element = self.bind_named("", self.index(array, &[index], at), None, at);
            match (method, args) {
                (Method::binary_search_by_key, [key, closure]) => {
                    self.natural_order(self.apply(*closure, &[element], at), *key, at)
                }
                (Method::binary_search_by, [closure]) => self.apply(*closure, &[element], at),
                _ => self.natural_order(element, args[0], at),
            }
        };
        let is = |order, wanted: Method| self.method(order, wanted, &[], at);
        let (none, one) = (self.lift(0usize, at), self.lift(1usize, at));
        let size = self.variable_named("size", self.method(array, Method::len, &[], at), at);
        let base = self.variable_named("base", none, at);
        let found = self.variable_named("found", self.bool_literal(false, at), at);
        let halve = || {
            let half = self.bind_named("", self.binary("/", size, self.lift(2usize, at), at), None, at);
            let middle = self.bind_named("", self.binary("+", base, half, at), None, at);
            let above = || self.assign(base, middle, at);
            self.if_(is(order(middle), Method::is_le), above, || self.unit(), at);
            self.assign_op("-", size, half, at);
        };
        let search = || {
            self.while_(|| self.binary(">", size, one, at), halve, at);
            let last = order(self.bind_named("", base, None, at));
            self.assign(found, is(last, Method::is_eq), at);
            let behind = || self.assign_op("+", base, one, at);
            self.if_(is(last, Method::is_lt), behind, || self.unit(), at)
        };
        self.if_(self.binary(">", size, none, at), search, || self.unit(), at);
        let (found, index) = (self.bind_named("", found, None, at), self.bind_named("", base, None, at));
        self.step(at, |state| {
            let present = state.read(found.id, at)?;
            Ok(Kind::Optional(Held::Either { present, value: index.id }))
        })
    }
}

impl State {
    /// Whether `reverse` exchanges elements one by one: of slices, but not of rows, which are copied, but where iterations have
    /// them for themselves.
    fn is_turned_in_place(&mut self, array: u32) -> bool {
        let is_line = self.type_of(array).is_ok_and(|ty| ty.rank == Some(1));
        self.is_part_in_iteration(array) || is_line && self.target(array, "reverse").is_ok()
    }

    /// Whether a handle stands for a part of an array inside an iteration of a `prange`.
    fn is_part_in_iteration(&self, array: u32) -> bool {
        self.parallel_depth > 0 && matches!(self.kind(array), Kind::Place(Place { view: Some(_), .. }))
    }

    /// An array of as many elements, or where iterations make one each of as many as there can be.
    fn room_beside(&mut self, array: u32, at: At) -> Step<Kind> {
        if let Kind::Tuple(items) = self.kind(array) {
            let (of, mut parts) = (items.of, Vec::with_capacity(items.len()));
            for item in items {
                let part = self.room_beside(item, at)?;
                parts.push(self.handle(part));
            }
            return Ok(Kind::Tuple(Items::with(of, parts)));
        }
        let var = self.target(array, "sort")?.var;
        let is_line = self.var_type(var).rank == Some(1);
        let longest = match self.parallel_depth > 0 && is_line {
            true => self.read_var(var, at)?,
            false => self.array(array, "what is sorted", at)?.0,
        };
        let ty = self.ty(longest);
        let shape = self.lengths(longest, ty.rank.unwrap_or(1), at)?;
        let (room, _) = self.zeros("spare", shape, ty.dtype, at)?;
        self.var_types[room.0 as usize].of_arrays = ty.of_arrays;
        Ok(Kind::Variable { var: room, borrowed: false })
    }
}

/// Whether statements set a variable of before, or an element of one that is not among some.
fn changes_others(state: &State, statements: &Block, vars_before: usize, own: &[Var]) -> bool {
    let is_other = |var: &Var| (var.0 as usize) < vars_before && !own.contains(var);
    walk::statements(&state.program, statements).any(|stmt| match stmt {
        Stmt::Assign { var, .. } => is_other(var),
        Stmt::Store { place, .. } | Stmt::Update { place, .. } => is_other(&place.var),
        _ => false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A network sorts all numbers if it sorts all zeros and ones.
    #[test]
    fn networks_sort() {
        for count in 0..=12 {
            for network in [merges(count), neighbours(count)] {
                for bits in 0u32..1 << count {
                    let mut numbers: Vec<u32> = (0..count).map(|place| bits >> place & 1).collect();
                    for [first, second] in &network {
                        if numbers[*first] > numbers[*second] {
                            numbers.swap(*first, *second);
                        }
                    }
                    assert!(numbers.is_sorted(), "{bits:b} of {count}");
                }
            }
        }
        assert_eq!([16, 32].map(|count| merges(count).len()), [63, 191]);
        assert!(neighbours(9).iter().all(|[first, second]| first + 1 == *second));
    }
}
