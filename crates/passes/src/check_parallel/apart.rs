//! Whether two iterations of a loop can touch one element, from all that is known of both.
//!
//! ```text
//! for v1 in v0 { for v4 in v8 { store b0[v1 v8 + v4] } }       v4 < v8: a row of b0 for each iteration
//! for v1 in v0 { for v4 in v9 { store b0[v1 v8 + v4] } }       if v9 ≤ v8, which is tested in front
//! for v1 in v0 { v2 = load b1[v1]  store b0[v2] }              if no two elements of b1 are equal, likewise
//! ```
//!
//! Of what is inside parts of the array, views say, it is enough that these are apart ([`Windows`]).
//!
//! That both accesses have the same indices, in iterations of which one comes later, is taken for granted, with all facts about either ([`Numbers`]);
//! they are apart if that cannot be ([`System`]). If it can, something that a test in front of the loop can find out may be what is missing: a [`Need`].

use super::Access;
use super::around::{Around, defined_in, entered, passed, stored_in};
use super::choices::choices_in;
use super::numbers::{Body, Chosen, Loaded, Numbers, SMALL, Taken};
use super::pair::{Pair, pairs};
use super::polynomial::{Atom, Of, Polynomial, Product, Side};
use super::system::{Left, System};
use super::windows::Windows;
use crate::affine::Linear;
use crate::bounds::{Bounds, Goal};
use crate::hash::{FastMap, FastSet};
use parfuse_ir::Loc;
use parfuse_ir::loops::walk;
use parfuse_ir::loops::{Block, Buffer, Expr, Loops, Stmt, Value};
use smallvec::smallvec;

/// What a test in front of a loop has to find, for its iterations to be apart.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Need {
    /// That a product of numbers is small, as it is of lengths of arrays that there can be.
    Small(Product),
    /// That a sum is not negative.
    NotNegative(Polynomial),
    /// That the elements of an array of one axis do not decrease, where this one is loaded.
    NotDecreasing(Loaded),
    /// That these two elements are not the same number in different iterations. Where the array that is stored to has elements
    /// they are less than the length of its axis and that number.
    /// Where it is strict, they may not be negative or large, either.
    Different { elements: [Loaded; 2], axis: u8, more: usize, strict: bool },
}

/// A need of two accesses of an array.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Needed {
    pub(super) what: Need,
    pub(super) buffer: Buffer,
    /// Where they are, a store first.
    pub(super) locs: [Loc; 2],
}

/// With more accesses of an array than that nobody looks at all pairs.
const MOST: usize = 48;

/// With more numbers of two accesses that conditions have chosen nobody looks at all ways.
const MOST_CHOSEN: usize = 4;

/// Whether tests in front of the loop are to be had.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) enum Tests {
    Allowed,
    Forbidden,
}

/// Elements that an iteration touches.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
enum Touched {
    /// The one of an access.
    By(usize),
    /// Those of a window.
    Within(usize),
}

/// The two of which is asked whether they meet, and in which iterations they are.
type Both = [(Touched, Side); 2];

/// A loop, and an array whose accesses are compared.
pub(super) struct Apart<'a> {
    loops: &'a Loops,
    stmt: &'a Stmt,
    /// What stands around the loop.
    outer: &'a [Around],
    index: Value,
    buffer: Buffer,
    tests: Tests,
    /// Whether elements are only combined: totals that floats are added to in the order of shares stay totals, also where checks of
    /// indices say that an iteration has its own.
    combined: bool,
    body: Body,
    /// By access; found when first asked for.
    places: Vec<Place>,
    windows: Windows,
    /// What has been found of windows, without and with tests.
    apart_windows: FastMap<(Both, Tests), Option<Vec<Need>>>,
    seen: FastMap<(Touched, Side, bool), Seen>,
    /// What has been found to be needed.
    pub(super) needs: Vec<Needed>,
}

/// Where an access stands.
#[derive(Default)]
struct Place {
    around: Vec<Around>,
    /// What is known of variables, if goals hold.
    variables: Vec<(Linear, Vec<Goal>)>,
}

/// What is known of an access in one iteration.
#[derive(Clone)]
struct Seen {
    facts: System,
    /// By axis, as far as they are known.
    index: Vec<(usize, Polynomial)>,
    loaded: Vec<Loaded>,
    flipped: Vec<(Atom, [Polynomial; 2])>,
    assumed: Vec<Product>,
    open: Vec<Chosen>,
    quotients: Vec<([Value; 2], Polynomial)>,
}

impl<'a> Apart<'a> {
    pub(super) fn new(
        loops: &'a Loops,
        stmt: &'a Stmt,
        outer: &'a [Around],
        index: Value,
        buffer: Buffer,
        combined: bool,
    ) -> Apart<'a> {
        let Stmt::Parfor(parfor) = stmt else { unreachable!("a parallel loop") };
        // What is combined needs no test: it may meet.
        let tests = if parfor.indices.len() > 1 || combined { Tests::Forbidden } else { Tests::Allowed };
        let choices = choices_in(loops, stmt);
        let body = Body { inside: defined_in(stmt), stored: stored_in(stmt), choices, ..Body::default() };
        Apart {
            loops,
            stmt,
            outer,
            index,
            buffer,
            tests,
            combined,
            body,
            places: Vec::new(),
            windows: Windows::default(),
            apart_windows: FastMap::default(),
            seen: FastMap::default(),
            needs: Vec::new(),
        }
    }

    /// Whether two accesses never touch one element in different iterations, or do not if a test in front of the loop says so.
    pub(super) fn are_apart(
        &mut self,
        bounds: &mut Bounds,
        accesses: &[Access<'_>],
        a: usize,
        b: usize,
    ) -> bool {
        if accesses.len() > MOST {
            return false;
        }
        if self.places.is_empty() {
            self.find_places(bounds);
            for (access, place) in accesses.iter().zip(&self.places) {
                self.windows.add(self.loops, access, &place.around);
            }
        }
        let ways: &[(Side, Side)] = match a == b {
            true => &[(Side::First, Side::Second)],
            false => &[(Side::First, Side::Second), (Side::Second, Side::First)],
        };
        let mut needs = Vec::new();
        for (first, second) in ways {
            let Some(found) = self.needs_of(accesses, (a, *first), (b, *second)) else { return false };
            needs.extend(found);
        }
        let locs = [a, b].map(|at| accesses[at].loc);
        for what in needs {
            if !self.needs.iter().any(|known| known.what == what) {
                self.needs.push(Needed { what, buffer: self.buffer, locs });
            }
        }
        true
    }

    /// What has to be tested for the first not to touch in an iteration what the second does in another one, the one on the first side coming
    /// before the other.
    fn needs_of(
        &mut self,
        accesses: &[Access<'_>],
        (a, first): (usize, Side),
        (b, second): (usize, Side),
    ) -> Option<Vec<Need>> {
        let itself = [(Touched::By(a), first), (Touched::By(b), second)];
        let windows = if self.combined { Vec::new() } else { self.windows.of_both(a, b) };
        let windows: Vec<Both> = windows
            .into_iter()
            .map(|(a, b)| [(Touched::Within(a), first), (Touched::Within(b), second)])
            .collect();
        // A test that is made in any case costs nothing.
        let is_made = |need: &Need| self.needs.iter().any(|known| known.what == *need);
        let known =
            windows.iter().filter_map(|both| self.apart_windows.get(&(*both, Tests::Allowed))?.as_ref());
        if let Some(needs) = known.into_iter().find(|needs| needs.iter().all(is_made)) {
            return Some(needs.clone());
        }
        let of_windows = |apart: &mut Self, tests| {
            windows.iter().find_map(|both| apart.needs_of_windows(accesses, *both, tests))
        };
        if let Some(needs) = of_windows(self, Tests::Forbidden) {
            return Some(needs);
        }
        if let Some(needs) = self.needs_without_tests(accesses, itself) {
            return Some(needs);
        }
        match self.needs_with_tests(accesses, itself) {
            Some(needs) if self.fails(&needs) => of_windows(self, Tests::Allowed).or(Some(needs)),
            found => found.or_else(|| of_windows(self, Tests::Allowed)),
        }
    }

    fn needs_of_windows(&mut self, accesses: &[Access<'_>], both: Both, tests: Tests) -> Option<Vec<Need>> {
        if let Some(known) = self.apart_windows.get(&(both, tests)) {
            return known.clone();
        }
        let found = match tests {
            Tests::Forbidden => self.needs_without_tests(accesses, both),
            Tests::Allowed => self.needs_with_tests(accesses, both).filter(|needs| !self.fails(needs)),
        };
        self.apart_windows.insert((both, tests), found.clone());
        found
    }

    /// Whether tests would fail in any call: that iterations lie as far apart as the whole array is long.
    fn fails(&self, needs: &[Need]) -> bool {
        let is_own_length = |atom: Atom| match self.loops.values[atom.value].expr {
            Expr::Dim { buffer, .. } => buffer == self.buffer,
            _ => false,
        };
        needs.iter().any(|need| matches!(need, Need::NotNegative(sum) if sum.atoms().any(is_own_length)))
    }

    fn needs_without_tests(&mut self, accesses: &[Access<'_>], both: Both) -> Option<Vec<Need>> {
        let used = self.pair(accesses, both, &Taken::default()).contradiction();
        used.or_else(|| self.whatever_is_chosen(accesses, both, false))
    }

    fn needs_with_tests(&mut self, accesses: &[Access<'_>], both: Both) -> Option<Vec<Need>> {
        if self.tests == Tests::Forbidden {
            return None;
        }
        if let Some(used) = self.whatever_is_chosen(accesses, both, true) {
            return Some(used);
        }
        let small = Taken { small: true, ..Taken::default() };
        let mut pair = self.pair(accesses, both, &small);
        if let Some(used) = pair.contradiction() {
            return Some(used);
        }
        let mut ordered = self.ordered(accesses, both, &mut pair);
        if let Some((pair, needs)) = &mut ordered
            && let Some(used) = pair.contradiction()
        {
            needs.extend(used);
            return ordered.map(|(_, needs)| needs);
        }
        if let Some(needs) = self.different(&mut pair) {
            return Some(needs);
        }
        let elements: Vec<Value> = pair.loaded.iter().map(|loaded| loaded.value).collect();
        for element in elements {
            let positions = FastSet::from_iter([element]);
            let taken = Taken { small: true, positions, ..Taken::default() };
            let mut pair = self.pair(accesses, both, &taken);
            if let Some(needs) = self.different(&mut pair) {
                return Some(needs);
            }
        }
        if let Some((mut pair, mut needs)) = ordered
            && let Some(found) = self.different(&mut pair)
        {
            needs.extend(found);
            return Some(needs);
        }
        self.stride(&mut pair)
    }

    /// The same, if it holds in each way that conditions can have chosen numbers.
    fn whatever_is_chosen(&mut self, accesses: &[Access<'_>], both: Both, small: bool) -> Option<Vec<Need>> {
        let plain = Taken::default();
        let mut open: Vec<Chosen> = Vec::new();
        for access in both {
            for chosen in self.see(accesses, access, &plain).open {
                if !open.contains(&chosen) {
                    open.push(chosen);
                }
            }
        }
        if open.is_empty() || open.len() > MOST_CHOSEN {
            return None;
        }
        let mut needs = Vec::new();
        for way in 0..1 << open.len() {
            let decided = open.iter().enumerate().map(|(at, chosen)| (*chosen, way >> at & 1 == 1));
            let taken = Taken { small, decided: decided.collect(), ..Taken::default() };
            needs.extend(self.pair(accesses, both, &taken).contradiction()?);
        }
        // One below zero is never small, so the test would fail in calls that are fine.
        let is_extended = |atom: &Atom| match self.loops.values[atom.value].expr {
            Expr::Cast(from) => self.loops.dtype(from).is_signed(),
            _ => false,
        };
        let fails = |need: &Need| matches!(need, Need::Small(product) if product.iter().any(is_extended));
        if needs.iter().any(fails) { None } else { Some(needs) }
    }

    fn see(&mut self, accesses: &[Access<'_>], (touched, side): (Touched, Side), taken: &Taken) -> Seen {
        let key = (touched, side, taken.small);
        let is_usual = taken.positions.is_empty() && taken.decided.is_empty();
        if is_usual && let Some(seen) = self.seen.get(&key) {
            return seen.clone();
        }
        let mut numbers = Numbers::new(self.loops, &self.body, side, taken);
        let index = match touched {
            Touched::By(at) => {
                let place = &self.places[at];
                let around = self.outer.iter().chain(&place.around);
                around.filter(|around| around.is_certain()).for_each(|around| numbers.enter(*around));
                place.variables.iter().for_each(|(fact, needs)| numbers.learn(fact, needs));
                let index = accesses[at].index.iter().enumerate();
                index.map(|(axis, index)| (axis, numbers.modular(*index))).collect()
            }
            Touched::Within(number) => {
                let window = &self.windows.all[number];
                self.outer.iter().chain(&window.around).for_each(|around| numbers.enter(*around));
                numbers.within(window).map(|index| (window.axis, index)).into_iter().collect()
            }
        };
        let Numbers { facts, loaded, flipped, assumed, open, quotients, .. } = numbers;
        let seen = Seen { facts, index, loaded, flipped, assumed, open, quotients };
        if is_usual {
            self.seen.insert(key, seen.clone());
        }
        seen
    }

    fn pair(&mut self, accesses: &[Access<'_>], both: Both, taken: &Taken) -> Pair {
        let [a, b] = both.map(|access| self.see(accesses, access, taken));
        let mut facts = a.facts.clone();
        facts.zero.extend(b.facts.zero.iter().cloned());
        facts.not_negative.extend(b.facts.not_negative.iter().cloned());
        facts.not_zero.extend(b.facts.not_zero.iter().cloned());
        facts.natural.extend(b.facts.natural.iter().copied());
        let index = |side| Atom { value: self.index, of: Of::Itself, side };
        let [first, second] = [Side::First, Side::Second].map(index);
        facts.natural.extend([first, second]);
        let later = Polynomial::atom(second).minus(&Polynomial::atom(first)).expect("it is short");
        facts.not_negative.push(later.plus_constant(-1));
        let mut loaded = a.loaded.clone();
        let is_new = |own: &&Loaded| !a.loaded.iter().any(|other| other.atom == own.atom);
        loaded.extend(b.loaded.iter().filter(is_new).cloned());
        let assumed = a.assumed.iter().chain(&b.assumed).cloned().collect();
        let mut pair = Pair {
            facts,
            index: a.index.clone(),
            distances: Vec::new(),
            loaded,
            taken: taken.clone(),
            assumed,
            quotients: Vec::new(),
        };
        pair.learn_quotients(&a.quotients, &b.quotients);
        for ((axis, a), (_, b)) in a.index.iter().zip(&b.index) {
            let Some(distance) = a.minus(b) else { continue };
            if self.is_exact(&mut pair, &distance) {
                pair.distances.push((*axis, distance));
            }
        }
        pair.facts.zero.extend(pair.distances.iter().map(|(_, distance)| distance.clone()));
        pair.equate();
        pair.flip(a.flipped.iter().chain(&b.flipped));
        pair
    }

    /// Whether a distance that is zero modulo 2^64 is zero.
    fn is_exact(&self, pair: &mut Pair, distance: &Polynomial) -> bool {
        let near = super::numbers::interval(self.loops, &pair.taken, distance);
        if near.is_some_and(|(low, high)| low > -(1 << 64) && high < 1 << 64) {
            return true;
        }
        [1, -1]
            .into_iter()
            .all(|sign| distance.times(sign).is_some_and(|far| pair.is_never(far.plus_constant(-(1 << 64)))))
    }

    /// That elements which are the bounds of segments do not decrease, and what is known then.
    fn ordered(&mut self, accesses: &[Access<'_>], both: Both, pair: &mut Pair) -> Option<(Pair, Vec<Need>)> {
        let buffers: FastSet<Buffer> = pair.in_order().into_iter().map(|(first, _)| first.buffer).collect();
        if buffers.is_empty() {
            return None;
        }
        let bounds = pair.loaded.iter().filter(|loaded| buffers.contains(&loaded.buffer));
        let positions = bounds.map(|loaded| loaded.value).collect();
        let taken = Taken { small: true, positions, ..Taken::default() };
        let mut pair = self.pair(accesses, both, &taken);
        for (first, second) in pair.in_order() {
            let rise = Polynomial::atom(second.atom).minus(&Polynomial::atom(first.atom));
            pair.facts.not_negative.extend(rise);
        }
        let bounds = pair.loaded.iter().filter(|loaded| buffers.contains(&loaded.buffer));
        let needs = bounds.map(|loaded| Need::NotDecreasing(loaded.clone())).collect();
        Some((pair, needs))
    }

    /// That elements which indices are computed from are different ones in different iterations.
    fn different(&self, pair: &mut Pair) -> Option<Vec<Need>> {
        let loaded = pair.loaded.clone();
        let mut candidates = pairs(&loaded).filter(|(first, second)| {
            let sides = [first.atom.side, second.atom.side];
            sides.contains(&Side::First) && sides.contains(&Side::Second)
        });
        candidates.find_map(|(first, second)| {
            let (axis, _) = pair.distances.iter().find(|(_, distance)| {
                [first, second].iter().all(|loaded| distance.factor(&smallvec![loaded.atom]) != 0)
            })?;
            let (_, index) = pair.index.iter().find(|(of, _)| of == axis)?;
            let (axis, more) = (*axis, pair.most_beyond(index, [first.atom, second.atom])?);
            let distance = Polynomial::atom(first.atom).minus(&Polynomial::atom(second.atom))?;
            let mut used = Vec::new();
            for sign in [1, -1] {
                let mut facts = pair.facts.clone();
                facts.not_negative.push(distance.times(sign)?.plus_constant(-1));
                used.extend(facts.contradiction(pair.taken.small, false)?);
            }
            pair.assumed.extend(used);
            let elements = [first.clone(), second.clone()];
            let strict = elements.iter().any(|element| pair.taken.positions.contains(&element.value));
            let mut needs: Vec<Need> = pair.assumed.drain(..).map(Need::Small).collect();
            needs.push(Need::Different { elements, axis: axis as u8, more, strict });
            Some(needs)
        })
    }

    /// That iterations are as far apart as each reaches.
    fn stride(&self, pair: &mut Pair) -> Option<Vec<Need>> {
        let strides: Vec<Atom> = pair
            .distances
            .iter()
            .flat_map(|(_, distance)| distance.terms.iter())
            .filter(|(product, _)| product.len() > 1)
            .flat_map(|(product, _)| product.iter().copied())
            .filter(|atom| atom.side == Side::Shared)
            .collect();
        if strides.is_empty() {
            return None;
        }
        let stays = |product: &Product| product.iter().all(|atom| atom.side == Side::Shared);
        let mut rows = Vec::new();
        for thoroughly in [false, true] {
            if let Some(Left::Possible(found)) = pair.facts.left(pair.taken.small, thoroughly, &stays) {
                rows.extend(found);
            }
        }
        let is_plain = |sum: &Polynomial| {
            let terms = sum.terms.iter();
            let single = |product: &Product| product.len() == 1 && product[0].of == Of::Itself;
            terms.clone().all(|(product, factor)| {
                single(product) && (*factor == 1 || *factor == -1 && strides.contains(&product[0]))
            }) && terms.filter(|(_, factor)| *factor < 0).count() == 1
                && sum.constant.abs() < SMALL
        };
        let (sum, used) =
            rows.into_iter().filter(|(sum, _)| is_plain(sum)).min_by_key(|(sum, _)| sum.terms.len())?;
        let assumed = pair.assumed.drain(..).chain(used).map(Need::Small);
        let apart = Need::NotNegative(sum.times(-1)?.plus_constant(-1));
        Some(assumed.chain([apart]).collect())
    }

    /// Finds out what stands around each access of the array, in the order of the program.
    fn find_places(&mut self, bounds: &mut Bounds) {
        self.blocks(self.stmt, &mut Vec::new());
        let (loops, buffer) = (self.loops, self.buffer);
        let (places, same) = (&mut self.places, &mut self.body.same);
        let mut number = 0;
        bounds.look_inside(loops, self.stmt, &mut |bounds, stmt| {
            if super::access(loops, stmt).is_some_and(|(own, _)| own == buffer) {
                let of_variable = |value: Value| matches!(loops.values[value].expr, Expr::Var(_));
                places[number].variables = bounds.facts_about(&of_variable);
                number += 1;
            }
            if let Stmt::Let(value) = stmt
                && let Expr::Var(var) = loops.values[*value].expr
                && let Some(known) = bounds.held(var)
            {
                same.insert(*value, known);
            }
        });
    }

    fn blocks(&mut self, stmt: &Stmt, around: &mut Vec<Around>) {
        for (number, block) in walk::blocks(stmt).enumerate() {
            let known = around.len();
            around.extend(entered(stmt, number));
            self.block(block, around);
            around.truncate(known);
        }
    }

    fn block(&mut self, block: &Block, around: &mut Vec<Around>) {
        for stmt in block {
            if super::access(self.loops, stmt).is_some_and(|(buffer, _)| buffer == self.buffer) {
                self.places.push(Place { around: around.clone(), variables: Vec::new() });
            }
            around.extend(passed(stmt));
            self.blocks(stmt, around);
        }
    }
}
