//! Proves that the iterations of each parallel loop write disjoint elements, or names two statements that
//! might race.
//!
//! ```text
//! parfor v1 in v0 { store b0[v1]; load b0[v1] }                   fine: each iteration has its own element
//! parfor v1 in v0 { store b0[2 v1]; store b0[2 v1 + 1] }          fine: each has its own pair
//! parfor v1 in v0 { store b0[2 v1]; load b0[2 v1 + 1] … }         fine: what is read nobody writes
//! parfor v1 in v0 { store b0[v1, v2] }                            fine: each has its own row
//! parfor v1 in v0 { store b0[v1 + 1]; load b0[0] }                fine: no iteration gets there
//! parfor v1 in v0 { store b0[v1, v2]; store b0[v2, v1] }          fine: the same element in the same iteration
//! parfor v1 in v0 { b0[v2] = b0[v2] + v3 }                        fine: elements that are only combined are totals
//! parfor v1 in v0 { store b0[v1]; load b0[v1 + 1] }               refused: the neighbour writes it
//! parfor v1 in v0 { store b0[load b1[v1]] }                  fine if no number comes twice in b1: a test in front
//! parfor v1 in v0 { source prange assumed … }                nobody looks: it is promised that no two iterations meet
//! ```
//!
//! A store and another access of the same array are apart if, for each dimension of the loop, some axis is indexed in
//! both by the same multiple of the loop's index plus offsets a known distance apart, such that no two iterations
//! make up for that distance; or if one of them stays where the other never gets, for which [`Passing`] asks what is
//! known of the loops and branches around. [`Meetings`] decides that in the very arithmetic in which indices are computed, which
//! wraps around; so it needs to know how often the loop can run, which is what [`Dimension`] knows.
//!
//! That takes little time and is enough for most loops. Where it is not, [`Apart`] takes a closer look, at all that is known of two
//! accesses in two iterations, and may find that a test in front of the loop is all that is missing ([`entry`]). Then arrays of
//! the iterations' own may be of different lengths, too, as long as it shows in front how long the longest is ([`longest`]).

mod ahead;
mod apart;
mod around;
mod choices;
mod different;
mod dimension;
mod divisions;
mod entry;
mod longest;
mod meetings;
mod numbers;
mod pair;
mod passing;
mod polynomial;
mod rows;
mod system;
#[cfg(test)]
mod tests;
mod windows;

use crate::accumulates::accumulates;
use crate::affine::{Affine, Linear, Term, Width};
use crate::bounds::Bounds;
use crate::hash::{FastMap, FastSet};
use crate::private_arrays;
use crate::rejection::Rejection;
use crate::{fold_constants, hoist_invariants, nest_conditions, number_values, widen_indices};
use apart::{Apart, Needed};
use around::Around;
use dimension::Dimension;
use meetings::Meetings;
use parfuse_ir::Loc;
use parfuse_ir::loops::walk::{self, blocks_mut};
use parfuse_ir::loops::{Block, Buffer, Expr, Loops, Parfor, Stmt, Value};
use passing::Passing;
use std::collections::BTreeMap;

/// Checks all parallel loops, and puts tests in front of those that are right only if they find what they look for.
///
/// # Errors
/// If two iterations might touch one element that one of them writes, or make an array of their own of different
/// lengths: the first array for which that is so.
pub fn check_parallel(loops: &mut Loops) -> Result<(), Rejection> {
    match look(loops) {
        Looked::Fine(None) => Ok(()),
        Looked::Fine(Some(tidy)) => {
            *loops = *tidy;
            Ok(())
        }
        Looked::Races(races) => Err(races.into_iter().next().expect("there are some")),
    }
}

/// All that [`check_parallel`] refuses: each array of each loop.
pub(crate) fn find_races(loops: &Loops) -> Vec<Rejection> {
    match look(loops) {
        Looked::Races(races) => races,
        Looked::Fine(_) => Vec::new(),
    }
}

/// What comes of a look at all parallel loops.
enum Looked {
    /// They are right; if it took a closer look to see that, in this form, with the tests that they need.
    Fine(Option<Box<Loops>>),
    /// They are not.
    Races(Vec<Rejection>),
}

fn look(loops: &Loops) -> Looked {
    let mut races = Vec::new();
    walk::statements(&loops.body).for_each(|stmt| {
        if let Stmt::Parfor(parfor) = stmt {
            find_in_loop(loops, stmt, parfor, &mut races, None);
        }
    });
    if races.is_empty() {
        return Looked::Fine(None);
    }
    // A closer look wants equal values to be one.
    let mut tidy = Box::new(loops.clone());
    let passes =
        [fold_constants, nest_conditions, number_values, widen_indices, hoist_invariants, number_values];
    passes.iter().for_each(|pass| {
        let _ = pass(&mut tidy);
    });
    longest::longest(&mut tidy);
    let mut closely =
        Closely { loops: &tidy, around: Vec::new(), races: Vec::new(), needs: FastMap::default() };
    closely.block(&tidy.body);
    let Closely { mut races, needs, .. } = closely;
    let mut body = std::mem::take(&mut tidy.body);
    put_tests(&mut tidy, &mut body, &needs, &mut races);
    tidy.body = body;
    if races.is_empty() { Looked::Fine(Some(tidy)) } else { Looked::Races(races) }
}

/// Looks at loops with all that is known.
struct Closely<'a> {
    loops: &'a Loops,
    /// What stands around.
    around: Vec<Around>,
    races: Vec<Rejection>,
    /// By the index of the loop.
    needs: FastMap<Value, Vec<Needed>>,
}

impl Closely<'_> {
    fn block(&mut self, block: &Block) {
        for stmt in block {
            if let Stmt::Parfor(parfor) = stmt {
                let mut needs = Vec::new();
                let look = Look { around: &self.around, needs: &mut needs };
                let look = Some(look).filter(|_| !parfor.claim().assumed);
                find_in_loop(self.loops, stmt, parfor, &mut self.races, look);
                if !needs.is_empty() {
                    self.needs.insert(parfor.indices[0], needs);
                }
            }
            self.around.extend(around::passed(stmt).filter(Around::is_certain));
            for (number, inner) in walk::blocks(stmt).enumerate() {
                let known = self.around.len();
                self.around.extend(around::entered(stmt, number));
                self.block(inner);
                self.around.truncate(known);
            }
        }
    }
}

/// Puts tests in front of the loops that need some.
fn put_tests(
    loops: &mut Loops,
    block: &mut Block,
    needs: &FastMap<Value, Vec<Needed>>,
    races: &mut Vec<Rejection>,
) {
    for mut stmt in std::mem::take(block) {
        if let Stmt::Parfor(parfor) = &stmt
            && let Some(needs) = needs.get(&parfor.indices[0])
        {
            match entry::tests(loops, &stmt, needs) {
                Ok(mut tests) => block.append(&mut tests),
                Err(number) => races.push(Rejection::PossibleRace {
                    array: loops.buffers[needs[number].buffer].name.clone(),
                    first: needs[number].locs[0],
                    second: needs[number].locs[1],
                }),
            }
        }
        blocks_mut(&mut stmt).for_each(|inner| put_tests(loops, inner, needs, races));
        block.push(stmt);
    }
}

/// With what stands around the loop, and room for what tests in front of it have to find, it is looked at closely.
fn find_in_loop(
    loops: &Loops,
    stmt: &Stmt,
    parfor: &Parfor,
    races: &mut Vec<Rejection>,
    closely: Option<Look<'_>>,
) {
    if let Some((buffer, loc)) = private_arrays::of_uneven_length(loops, parfor) {
        races.push(Rejection::UnevenArray { array: loops.buffers[buffer].name.clone(), loc });
    }
    if parfor.claim().assumed {
        return;
    }
    for (buffer, first, second) in meeting_in_loop(loops, stmt, parfor, closely) {
        // What is only combined there needs no elements of the iterations' own: `private_totals`.
        let is_total = parfor.indices.len() == 1 && accumulates(loops, &parfor.body, buffer).is_some();
        if !is_total {
            let array = loops.buffers[buffer].name.clone();
            races.push(Rejection::PossibleRace { array, first, second });
        }
    }
}

/// The arrays of which iterations of a parallel loop might touch the same elements, only to combine something into them.
pub(crate) fn combined_by_iterations(loops: &Loops, stmt: &Stmt) -> Vec<Buffer> {
    let Stmt::Parfor(parfor) = stmt else { unreachable!("a parallel loop") };
    let is_combined = |buffer: &Buffer| accumulates(loops, &parfor.body, *buffer).is_some();
    if !meeting_in_loop(loops, stmt, parfor, None).iter().any(|(buffer, ..)| is_combined(buffer)) {
        return Vec::new();
    }
    let look = Look { around: &[], needs: &mut Vec::new() };
    let meeting = meeting_in_loop(loops, stmt, parfor, Some(look));
    meeting.into_iter().map(|(buffer, ..)| buffer).filter(is_combined).collect()
}

/// A closer look at a loop, with what stands around it, and room for what tests in front of it have to find.
struct Look<'a> {
    around: &'a [Around],
    needs: &'a mut Vec<Needed>,
}

/// The arrays of which two iterations might touch the same element, with two statements that might do so, the first of
/// which stores.
fn meeting_in_loop(
    loops: &Loops,
    stmt: &Stmt,
    parfor: &Parfor,
    mut closely: Option<Look<'_>>,
) -> Vec<(Buffer, Loc, Loc)> {
    let mut found = Vec::new();
    let own = private_arrays::made(&parfor.body);
    // Most arrays need no look at how indices are computed.
    let mut dimensions: Vec<Option<Dimension>> = parfor.indices.iter().map(|_| None).collect();
    for (buffer, accesses) in accesses(loops, &parfor.body) {
        if own.contains_key(&buffer) {
            // Each iteration has its own.
            continue;
        }
        let mut spaces = parfor.indices.iter().zip(&parfor.extents).zip(&mut dimensions);
        let race = spaces.find_map(|((index, extent), dimension)| {
            if are_alike(&accesses, *index) {
                return None;
            }
            let new = || Dimension::new(loops, &parfor.indices, &parfor.body, *index, *extent);
            let mut bounds = Bounds::default();
            let mut passing = Passing::new(loops, &mut bounds, stmt, buffer);
            let dimension = dimension.get_or_insert_with(new);
            let Some(look) = &mut closely else {
                return race(dimension, &accesses, &mut passing, None, false);
            };
            let combined = accumulates(loops, &parfor.body, buffer).is_some();
            let mut apart = Apart::new(loops, stmt, look.around, *index, buffer, combined);
            let race = race(dimension, &accesses, &mut passing, Some(&mut apart), false);
            look.needs.append(&mut apart.needs);
            race
        });
        if let Some((first, second)) = race {
            found.push((buffer, first.loc, second.loc));
        }
    }
    found
}

/// Whether nothing is stored, or an axis has this very index wherever the array is touched.
fn are_alike(accesses: &[Access<'_>], index: Value) -> bool {
    accesses.iter().all(|access| !access.store)
        || (0..accesses[0].index.len()).any(|axis| accesses.iter().all(|access| access.index[axis] == index))
}

/// The first array that two iterations of a serial loop might both touch, one of them writing. If they run in lanes in
/// order, they may load what later ones store to.
pub(crate) fn shared_array(
    loops: &Loops,
    bounds: &mut Bounds,
    stmt: &Stmt,
    in_order: bool,
) -> Option<Buffer> {
    let Stmt::For { index, extent, body, .. } = stmt else { unreachable!("a serial loop") };
    let in_order = in_order && ahead::is_straight(body);
    let mut dimension = Dimension::new(loops, &[*index], body, *index, *extent);
    let mut arrays = accesses(loops, body).into_iter();
    let mut is_shared = |(buffer, accesses): &(Buffer, Vec<Access<'_>>)| {
        let mut passing = Passing::new(loops, bounds, stmt, *buffer);
        race(&mut dimension, accesses, &mut passing, None, in_order).is_some()
    };
    arrays.find(|array| is_shared(array)).map(|(buffer, _)| buffer)
}

/// The one iteration of a serial loop, as a sum of what is outside, that all those meet which meet any: which touches where
/// it moves what they touch where they stand.
pub(crate) fn meeting(loops: &Loops, bounds: &mut Bounds, stmt: &Stmt) -> Option<Linear> {
    let Stmt::For { index, extent, body, .. } = stmt else { unreachable!("a serial loop") };
    let mut dimension = Dimension::new(loops, &[*index], body, *index, *extent);
    let mut inside: FastSet<Value> = FastSet::default();
    walk::statements(std::slice::from_ref(stmt)).for_each(|stmt| {
        walk::defined(stmt, |value| {
            inside.insert(value);
        });
    });
    let is_outside = |sum: &Linear| {
        sum.terms.iter().all(|(term, _)| match term {
            Term::Value(value) => !inside.contains(value),
            Term::Dim(..) => true,
        })
    };
    let mut found: Option<Vec<Linear>> = None;
    for (buffer, accesses) in accesses(loops, body) {
        let mut passing = Passing::new(loops, bounds, stmt, buffer);
        let Some(races) = Races::of(&mut dimension, &accesses, false) else { continue };
        for (a, b) in races.meeting(&mut passing, None) {
            let mut at = races.iterations(a, b);
            at.retain(|at| is_outside(at) && found.as_ref().is_none_or(|found| found.contains(at)));
            if at.is_empty() {
                return None;
            }
            found = Some(at);
        }
    }
    found?.into_iter().next()
}

/// A load or store of a buffer.
#[derive(Debug)]
struct Access<'a> {
    index: &'a [Value],
    store: bool,
    loc: Loc,
}

/// The accesses of each buffer, in program order.
fn accesses<'a>(loops: &'a Loops, body: &'a [Stmt]) -> BTreeMap<Buffer, Vec<Access<'a>>> {
    let mut accesses: BTreeMap<Buffer, Vec<Access<'a>>> = BTreeMap::new();
    walk::statements(body).for_each(|stmt| {
        if let Some((buffer, access)) = access(loops, stmt) {
            accesses.entry(buffer).or_default().push(access);
        }
    });
    accesses
}

/// The access that a statement is.
fn access<'a>(loops: &'a Loops, stmt: &'a Stmt) -> Option<(Buffer, Access<'a>)> {
    match stmt {
        Stmt::Let(value) => {
            let data = &loops.values[*value];
            let Expr::Load { buffer, index } = &data.expr else { return None };
            Some((*buffer, Access { index, store: false, loc: data.loc }))
        }
        Stmt::Store { buffer, index, loc, .. } => Some((*buffer, Access { index, store: true, loc: *loc })),
        Stmt::Set { .. }
        | Stmt::Alloc { .. }
        | Stmt::Move { .. }
        | Stmt::Resize { .. }
        | Stmt::Call(_)
        | Stmt::Check { .. }
        | Stmt::If { .. }
        | Stmt::While { .. }
        | Stmt::For { .. }
        | Stmt::Parfor(_)
        | Stmt::Nest(_) => None,
    }
}

/// Two accesses of an array, a store first, by which iterations that differ in one dimension might touch one element.
fn race<'a, 'b>(
    dimension: &mut Dimension,
    accesses: &'b [Access<'a>],
    passing: &mut Passing<'_>,
    closely: Option<&mut Apart<'_>>,
    in_order: bool,
) -> Option<(&'b Access<'a>, &'b Access<'a>)> {
    let races = Races::of(dimension, accesses, in_order)?;
    let (first, second) = races.meeting(passing, closely).next()?;
    Some((&accesses[first], &accesses[second]))
}

/// The accesses of an array in a loop some of which may touch the same element.
struct Races<'d, 'l, 'b, 'a> {
    dimension: &'d Dimension<'l>,
    accesses: &'b [Access<'a>],
    /// By axis, then by access.
    forms: Vec<Vec<Option<Affine>>>,
    /// Whether iterations may load what later ones store to.
    in_order: bool,
}

impl<'d, 'l, 'b, 'a> Races<'d, 'l, 'b, 'a> {
    /// Nothing if no two iterations that differ in the dimension touch one element.
    fn of(dimension: &'d mut Dimension<'l>, accesses: &'b [Access<'a>], in_order: bool) -> Option<Self> {
        if dimension.trips <= 1 || !accesses.iter().any(|access| access.store) {
            return None;
        }
        let rank = accesses[0].index.len();
        let mut forms: Vec<Vec<Option<Affine>>> = Vec::new();
        for axis in 0..rank {
            forms.push(accesses.iter().map(|access| dimension.forms.of(access.index[axis])).collect());
        }
        let races = Races { dimension, accesses, forms, in_order };
        // One axis for all of them is the rule, and needs no look at each pair.
        (!races.are_apart(&(0..accesses.len()).collect::<Vec<_>>())).then_some(races)
    }

    /// Whether some accesses have an axis by which they never meet.
    fn are_apart(&self, chosen: &[usize]) -> bool {
        self.forms.iter().any(|forms| {
            let form = |at: &usize| Some((forms[*at].as_ref()?, self.accesses[*at].store));
            let chosen: Option<Vec<(&Affine, bool)>> = chosen.iter().map(form).collect();
            chosen.is_some_and(|forms| are_apart(self.dimension, &forms))
        })
    }

    /// The pairs of accesses, a store first, that may meet: stores that meet themselves come first.
    fn meeting(
        &self,
        passing: &mut Passing<'_>,
        mut closely: Option<&mut Apart<'_>>,
    ) -> impl Iterator<Item = (usize, usize)> {
        let stores = || (0..self.accesses.len()).filter(|at| self.accesses[*at].store);
        let itself = stores().map(|at| (at, at));
        // Of two stores one pair is enough.
        let is_new = |store: usize, other: usize| other > store || !self.accesses[other].store;
        let others = move |store| (0..self.accesses.len()).filter(move |other| is_new(store, *other));
        let pairs = stores().flat_map(move |store| others(store).map(move |other| (store, other)));
        itself.chain(pairs).filter(move |(a, b)| {
            let is_ahead = || ahead::loads_ahead(self.dimension, self.accesses, &self.forms, *a, *b);
            let both = if a == b { vec![*a] } else { vec![*a, *b] };
            let is_safe = self.are_apart(&both)
                || a != b
                    && (self.meet_in_one_iteration(*a, *b)
                        || self.in_order && is_ahead()
                        || passing.pass(self.accesses, *a, *b))
                || closely
                    .as_mut()
                    .is_some_and(|apart| apart.are_apart(passing.bounds, self.accesses, *a, *b));
            !is_safe
        })
    }

    /// Whether two accesses only meet where both are of the same iteration: where one axis says of the first which it is of, and
    /// another says the same of the second. `r[i, j]` and `r[j, i]` do, for one `i` and all `j`.
    fn meet_in_one_iteration(&self, a: usize, b: usize) -> bool {
        let at = |a: usize, b: usize| {
            self.forms.iter().filter_map(move |forms| self.iteration(forms[a].as_ref()?, forms[b].as_ref()?))
        };
        at(a, b).any(|first| at(b, a).any(|second| first.minus(&second).as_constant() == Some(0)))
    }

    /// The iterations in which one of two accesses is where the other stays.
    fn iterations(&self, a: usize, b: usize) -> Vec<Linear> {
        let along = |forms: &Vec<Option<Affine>>| {
            let (a, b) = (forms[a].as_ref()?, forms[b].as_ref()?);
            self.iteration(a, b).or_else(|| self.iteration(b, a))
        };
        self.forms.iter().filter_map(along).collect()
    }

    /// The one iteration in which a form that moves by one is what another always is.
    fn iteration(&self, moving: &Affine, fixed: &Affine) -> Option<Linear> {
        let full = moving.width == Width::FULL && fixed.width == Width::FULL;
        let by @ (1 | -1) = moving.coefficient.as_constant()? else { return None };
        let distance = fixed.offset.minus(&moving.offset).expanded(self.dimension.loops);
        (full && fixed.is_invariant()).then(|| distance.times(by))
    }
}

/// Whether an axis indexed in these ways, each with whether it is for a store, has no element that one iteration
/// stores and another touches.
fn are_apart(dimension: &Dimension, forms: &[(&Affine, bool)]) -> bool {
    let first = forms[0].0;
    if !forms.iter().all(|(form, _)| form.width == first.width) {
        return false;
    }
    let mut rest: Vec<(&Affine, bool)> = forms.to_vec();
    while let Some((first, _)) = rest.first().copied() {
        let (alike, others): (Vec<_>, Vec<_>) =
            rest.into_iter().partition(|(form, _)| form.coefficient == first.coefficient);
        let stores = |forms: &[(&Affine, bool)]| forms.iter().any(|(_, store)| *store);
        if stores(&alike) && !keep_apart(dimension, &alike) {
            return false;
        }
        let pass = |a: &(&Affine, bool), b: &(&Affine, bool)| !(a.1 || b.1) || pass_by(dimension, a.0, b.0);
        if !alike.iter().all(|a| others.iter().all(|b| pass(a, b))) {
            return false;
        }
        rest = others;
    }
    true
}

/// The same for forms that all move by the same from iteration to iteration.
fn keep_apart(dimension: &Dimension, forms: &[(&Affine, bool)]) -> bool {
    let first = forms[0].0;
    let mut distances = Vec::new();
    for (form, store) in forms {
        let Some(distance) = dimension.distance(form, first) else { return false };
        distances.push((distance, *store));
    }
    match first.coefficient.as_constant() {
        Some(multiple) => Meetings::new(multiple as u64, first.width).none(&distances, dimension.trips),
        None => dimension.goes_in_steps_of(first) && distances.iter().all(|(distance, _)| *distance == 0),
    }
}

/// Whether of two forms one stays where it is, at a known distance from where the other begins, and the other never gets
/// there.
fn pass_by(dimension: &Dimension, a: &Affine, b: &Affine) -> bool {
    let (fixed, moving) = if a.is_invariant() { (a, b) } else { (b, a) };
    match (fixed.is_invariant(), moving.coefficient.as_constant(), dimension.distance(fixed, moving)) {
        (true, Some(multiple), Some(distance)) => {
            !Meetings::new(multiple as u64, moving.width).reach(distance, dimension.trips)
        }
        _ => false,
    }
}
