//! What things that begin empty are going to hold: known from having traced the kernel before.
//!
//! ```text
//! let mut stack = Vec::new();                      of what?
//! while let Some(&(i, level)) = stack.last() { … }
//! stack.push((0, 1.5));                            of pairs: the kernel is traced once more, knowing that
//! ```
//!
//! Of fixed arrays it knows how long these are.
//!
//! rustc looks ahead, a tracer goes through the function once. What is used before it is known counts as a number; where
//! that leads to mistakes, and something else is given to it further down, these mistakes are none of the user's.
//!
//! ```text
//! let h: u32 = x.iter().fold(0, |h, b| h.rotate_left(5) ^ b);      of how many bits is `h`?
//! ```
//!
//! An operation that has to know the type of a literal, and does not by then, is left out at first: the type that the literal
//! has found in the end is known when the kernel is traced once more.
//!
//! ```text
//! for i in prange(0..n) { … out.push(i); }         has an order
//! ```
//!
//! Iterations that push to one vector run in their order: the loop is a plain one when the kernel is traced once more.

use crate::Tracer;
use crate::errors::{At, Problem, Step};
use crate::records::{Items, Whole};
use crate::state::{Kind, Literal, State};
use crate::types::TypeVar;
use parfuse_ir::program::{Value, Var};
use parfuse_ir::{DType, ElementType, Loc};
use std::cell::RefCell;
use std::collections::{HashMap, HashSet};

/// A kernel with so many values whose types had to be looked up further down has each other one's settled where it is asked for.
const MOST_QUESTIONS: usize = 64;

/// Where something had to be known, and how often it had been asked there.
pub(crate) type Question = (Loc, usize);

/// What vectors and options hold that begin empty, by their numbers among all of these in a kernel, and of what types values
/// are that show it too late, where they show it at all.
#[derive(Clone, Default, Debug)]
pub struct Foresight {
    contents: HashMap<usize, Content>,
    types: HashMap<Question, Option<DType>>,
    /// The `let`s of vectors that functions have grow.
    growing: HashSet<Question>,
    /// The parallel loops that run in order.
    in_order: HashSet<Question>,
}

/// What a vector or an option holds: numbers, perhaps of a known type, fixed arrays of them, or several of these.
#[derive(Clone, Debug)]
enum Content {
    Number(Option<ElementType>),
    Row(Option<ElementType>, Vec<usize>),
    Together(Whole, Vec<Content>),
}

/// The same while types are inferred.
#[derive(Clone)]
enum Seen {
    Number(TypeVar),
    Row(TypeVar, Vec<usize>),
    Together(Whole, Vec<Seen>),
}

/// The vectors and options that begin empty.
#[derive(Default)]
pub(crate) struct Beginnings {
    count: usize,
    known: Foresight,
    /// Those that have been used before it was known what they hold, and what they were given later.
    missed: HashMap<usize, Option<Seen>>,
    /// The numbers of options, by the variables that tell whether there is anything.
    options: HashMap<Var, usize>,
    /// Whether the kernel can be traced once more.
    is_repeatable: bool,
    /// How often something has been asked at a place.
    asked: HashMap<Loc, usize>,
    /// What has been left out for want of a type.
    postponed: Vec<(Question, TypeVar)>,
    /// The `let`s of what is passed as `&mut name`, and those of them that turned out to grow.
    lent: HashMap<Var, Question>,
    grown: HashSet<Question>,
    /// The parallel loops around, and of all those that turned out to run in order.
    around: Vec<Question>,
    ordered: HashSet<Question>,
}

impl Tracer {
    /// A tracer for a kernel of this name, of which something is known from tracing it before.
    pub fn with_foresight(name: &str, foresight: Foresight) -> Tracer {
        let mut state = State::new(name);
        state.beginnings.is_repeatable = foresight.types.len() < MOST_QUESTIONS;
        state.beginnings.known = foresight;
        Tracer { state: RefCell::new(state) }
    }

    /// What should have been known in front, if there are mistakes that may come of that, or something has been left out.
    pub fn foresight(&self) -> Option<Foresight> {
        self.with(|state| {
            let mut foresight = state.beginnings.known.clone();
            let before = foresight.contents.len();
            for (number, seen) in &state.beginnings.missed {
                let Some(seen) = seen else { continue };
                foresight.contents.insert(*number, state.content(seen));
            }
            let is_news = foresight.contents.len() > before && !state.complaints.is_empty();
            for (question, var) in &state.beginnings.postponed {
                foresight.types.insert(*question, state.types.dtype(*var));
            }
            foresight.growing.extend(&state.beginnings.grown);
            foresight.in_order.extend(&state.beginnings.ordered);
            let beginnings = &state.beginnings;
            let is_left_out = !beginnings.postponed.is_empty()
                || !beginnings.grown.is_empty()
                || !beginnings.ordered.is_empty();
            (is_news || is_left_out).then_some(foresight)
        })
    }
}

impl State {
    /// The type that a value turns out to be of, which has to be known now; nothing if nothing says so. Where the kernel can be
    /// traced once more to find out, what needs it is left out.
    pub(crate) fn type_to_come(&mut self, value: Value) -> Step<Option<DType>> {
        let (loc, var) = (self.program.values[value].loc, self.ty(value).dtype);
        let question = self.question_at(loc);
        let beginnings = &mut self.beginnings;
        match beginnings.known.types.get(&question) {
            Some(found) => Ok(*found),
            None if beginnings.is_repeatable => {
                beginnings.postponed.push((question, var));
                Err(Problem::Reported)
            }
            None => Ok(None),
        }
    }

    /// One more question at a place.
    pub(crate) fn question(&mut self, at: At) -> Question {
        let loc = self.loc(at);
        self.question_at(loc)
    }

    fn question_at(&mut self, loc: Loc) -> Question {
        let asked = self.beginnings.asked.entry(loc).or_default();
        *asked += 1;
        (loc, *asked)
    }

    /// Whether a function has a vector grow that is passed to it.
    pub(crate) fn is_known_to_grow(&self, question: Question) -> bool {
        self.beginnings.known.growing.contains(&question)
    }

    /// A variable is passed to a function that may have it grow.
    pub(crate) fn may_grow(&mut self, var: Var, question: Question) {
        self.beginnings.lent.insert(var, question);
    }

    /// A function has a variable grow; tells whether that is known when the kernel is traced once more.
    pub(crate) fn does_grow(&mut self, var: Var) -> bool {
        let beginnings = &mut self.beginnings;
        let lent = beginnings.lent.get(&var).filter(|_| beginnings.is_repeatable);
        lent.is_some_and(|question| beginnings.grown.insert(*question))
    }

    /// A parallel loop begins; tells whether its iterations may run in any order.
    pub(crate) fn begin_parallel(&mut self, at: At) -> bool {
        let question = self.question(at);
        if self.beginnings.known.in_order.contains(&question) {
            return false;
        }
        self.beginnings.around.push(question);
        true
    }

    /// It ends.
    pub(crate) fn end_parallel(&mut self, in_any_order: bool) {
        if in_any_order {
            self.beginnings.around.pop();
        }
    }

    /// The iterations of the parallel loops around but for so many change something together in their order; tells whether that is
    /// known when the kernel is traced once more.
    pub(crate) fn run_in_order(&mut self, outside: usize) -> bool {
        let are_all_loops = self.parallel_depth == self.beginnings.around.len();
        let beginnings = &mut self.beginnings;
        let loops = beginnings.around.get(outside..).unwrap_or_default();
        let is_news = beginnings.is_repeatable && are_all_loops && !loops.is_empty();
        if is_news {
            beginnings.ordered.extend(loops);
        }
        is_news
    }

    /// Whether there are loops that would be parallel, but run in order.
    pub(crate) fn has_ordered_loops(&self) -> bool {
        !self.beginnings.known.in_order.is_empty()
    }

    /// The number of one more vector or option that begins empty.
    pub(crate) fn begin_empty(&mut self) -> usize {
        self.beginnings.count += 1;
        self.beginnings.count - 1
    }

    /// The same of an option.
    pub(crate) fn begin_without(&mut self, number: usize, present: Var) {
        self.beginnings.options.insert(present, number);
    }

    /// Zeros like what one will hold, if that is known.
    pub(crate) fn foreseen(&mut self, number: usize, at: At) -> Option<u32> {
        let content = self.beginnings.known.contents.get(&number).cloned()?;
        Some(self.zeros_like(&content, at))
    }

    /// It is used, and nobody knows what it holds.
    pub(crate) fn miss(&mut self, number: usize) {
        if !self.beginnings.known.contents.contains_key(&number) {
            self.beginnings.missed.entry(number).or_default();
        }
    }

    /// It is given something.
    pub(crate) fn see(&mut self, number: usize, item: u32) {
        if let Some(None) = self.beginnings.missed.get(&number) {
            let seen = self.seen(item);
            self.beginnings.missed.insert(number, seen);
        }
    }

    /// An option is given something.
    pub(crate) fn see_option(&mut self, present: Var, item: u32) {
        if let Some(number) = self.beginnings.options.get(&present) {
            self.see(*number, item);
        }
    }

    fn seen(&mut self, item: u32) -> Option<Seen> {
        match self.kind(item) {
            Kind::Tuple(items) if items.of != Whole::Tuples => {
                let (of, list) = (items.of, items.to_vec());
                let items: Option<Vec<Seen>> = list.into_iter().map(|item| self.seen(item)).collect();
                items.map(|items| Seen::Together(of, items))
            }
            Kind::Plain(_) | Kind::Variable { .. } | Kind::Element { .. } | Kind::Part { .. } => {
                let ty = self.type_of(item).ok()?;
                if ty.rank.is_none() {
                    return Some(Seen::Number(ty.dtype));
                }
                let row = self.read(item, At::NONE).ok()?;
                Some(Seen::Row(ty.dtype, self.known_lengths(row)?))
            }
            _ => None,
        }
    }

    fn content(&self, seen: &Seen) -> Content {
        match seen {
            Seen::Number(dtype) => Content::Number(self.types.element(*dtype)),
            Seen::Row(dtype, lengths) => Content::Row(self.types.element(*dtype), lengths.clone()),
            Seen::Together(of, items) => {
                Content::Together(*of, items.iter().map(|item| self.content(item)).collect())
            }
        }
    }

    fn zeros_like(&mut self, content: &Content, at: At) -> u32 {
        let kind = match content {
            Content::Number(element) => {
                let dtype = self.types.annotated(*element);
                Kind::Plain(self.literal(Literal::Integer(0), dtype, at))
            }
            Content::Row(element, lengths) => {
                let dtype = self.types.annotated(*element);
                self.fixed_zeros(lengths, dtype, at).map_or(Kind::Poison, Kind::Plain)
            }
            Content::Together(of, items) => {
                let items = items.iter().map(|item| self.zeros_like(item, at)).collect();
                Kind::Tuple(Items::with(*of, items))
            }
        };
        self.handle(kind)
    }
}
