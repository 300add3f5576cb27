//! Views: part of an array under other indices, and places: what a statement sets elements of.
//!
//! ```text
//! v1: [f64; 1] = view a[v0, ..]                         row v0 of a
//! v2: [f64; 2] = view a[1usize..-1i64 by 2i64, ..]      every other row, but for the first and the last
//! v3: [f64; 2] = view a[.., ..] as [1, 0]               a transposed
//! v4: [f64; 2] = view x0[.., 0usize] as [0, new]        a column as a matrix with one column
//! v5: [f64; 1] = view a[.., ..] as [diagonal]           the diagonal of a
//! v6: [f64; 2] = view a[.., ..] as [0 to v1, 1]         the only row of a, v1 times
//! update v4 of x0, 0.0f64                               the place that v4 shows
//! ```
//!
//! A view is two things: a *cut* for each axis of the array, which says what is seen of it, and the axes of the view, in
//! their order, which name axes of the array or are new ones of length one. A view of a view is a view of the array.
//! One with an axis that is drawn out shows an element at several indices: it is to be read, and no place.
//!
//! A view copies nothing: whoever uses it finds the elements that the array has then. Its indices are checked where it
//! is made, so the array must keep its shape as long as the view is used: [`Program::verify`] refuses a program in which
//! a variable may have been assigned in between.

use super::{Expr, Program, Stmt, Value, Var, walk};
use std::collections::HashMap;

/// What is seen of one axis of an array.
///
/// Indices are integers of any type. One of a signed type counts from the end if it is negative.
#[derive(Clone, PartialEq, Eq, Debug, Hash)]
pub enum Cut {
    /// All of it.
    All,
    /// One index: the view does not have the axis. It must be below the length.
    At(Value),
    /// The indices from `start`, or zero, up to `end`, or the length, every `step`-th of them; none if `end` is below
    /// `start`. Neither may be above the length. With a negative step they come in the opposite order, from the one below
    /// `end` on. The step must not be zero.
    Range {
        /// The first index.
        start: Option<Value>,
        /// One past the last index.
        end: Option<Value>,
        /// The distance between indices.
        step: Option<Value>,
    },
}

impl Cut {
    /// The values that it uses.
    pub fn iter(&self) -> impl Iterator<Item = &Value> {
        let used = match self {
            Cut::All => [None; 3],
            Cut::At(index) => [Some(index), None, None],
            Cut::Range { start, end, step } => [start.as_ref(), end.as_ref(), step.as_ref()],
        };
        used.into_iter().flatten()
    }
    /// The values that it uses, for changing them.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = &mut Value> {
        let used = match self {
            Cut::All => [None, None, None],
            Cut::At(index) => [Some(index), None, None],
            Cut::Range { start, end, step } => [start.as_mut(), end.as_mut(), step.as_mut()],
        };
        used.into_iter().flatten()
    }
    /// Whether the axis is gone.
    pub fn is_index(&self) -> bool {
        matches!(self, Cut::At(_))
    }
}

/// An axis of a view.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum ViewAxis {
    /// What is seen of an axis of the array.
    Of(u8),
    /// A new axis of length one.
    New,
    /// All axes of the array at once, along its diagonal, as far as the shortest of them goes.
    Diagonal,
    /// What is seen of an axis of the array, which has this length or is drawn out to it if it has length one.
    Spread {
        /// The axis of the array.
        axis: u8,
        /// The length, a `usize`.
        length: Value,
    },
}

impl ViewAxis {
    /// The axis of the array that it is.
    fn of(self) -> Option<u8> {
        match self {
            ViewAxis::Of(axis) | ViewAxis::Spread { axis, .. } => Some(axis),
            ViewAxis::New | ViewAxis::Diagonal => None,
        }
    }
    /// Whether its index moves that into an axis of the array.
    pub fn follows(self, axis: usize) -> bool {
        self == ViewAxis::Diagonal || self.of() == Some(axis as u8)
    }
    /// The value that it uses.
    pub fn iter(&self) -> impl Iterator<Item = &Value> {
        if let ViewAxis::Spread { length, .. } = self { Some(length) } else { None }.into_iter()
    }
    /// The value that it uses, for changing it.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = &mut Value> {
        if let ViewAxis::Spread { length, .. } = self { Some(length) } else { None }.into_iter()
    }
}

/// How the elements of an array are seen.
#[derive(Clone, PartialEq, Eq, Debug, Hash)]
pub struct View {
    /// For each axis of the array, what is seen of it.
    pub cuts: Vec<Cut>,
    /// The axes of the view. Each axis of the array that is not cut down to one index is one of them, or the diagonal of
    /// all is.
    pub axes: Vec<ViewAxis>,
}

impl View {
    /// With the axes in the order of the array.
    pub fn of_cuts(cuts: Vec<Cut>) -> View {
        let axes = View::kept(&cuts);
        View { cuts, axes }
    }
    /// All of an array of a rank, with its axes in another order.
    pub fn permuted(order: &[u8]) -> View {
        let axes = order.iter().map(|axis| ViewAxis::Of(*axis)).collect();
        View { cuts: vec![Cut::All; order.len()], axes }
    }
    /// The axes of the array that are not cut down to one index, in their order.
    pub fn kept(cuts: &[Cut]) -> Vec<ViewAxis> {
        let kept = (0u8..).zip(cuts).filter(|(_, cut)| !cut.is_index());
        kept.map(|(axis, _)| ViewAxis::Of(axis)).collect()
    }
    /// The number of axes of the view.
    pub fn rank(&self) -> u8 {
        self.axes.len() as u8
    }
    /// Whether each axis of an array of this rank that is not cut down to one index is one axis of the view.
    pub(super) fn is_of_rank(&self, rank: u8) -> bool {
        let own: Vec<ViewAxis> = self.axes.iter().copied().filter(|axis| *axis != ViewAxis::New).collect();
        let kept = View::kept(&self.cuts);
        let fits = match own[..] {
            [ViewAxis::Diagonal] => rank > 0 && kept.len() == rank as usize,
            _ => {
                let mut axes: Vec<Option<u8>> = own.into_iter().map(ViewAxis::of).collect();
                axes.sort_unstable();
                axes.into_iter().eq(kept.into_iter().map(ViewAxis::of))
            }
        };
        self.cuts.len() == rank as usize && fits
    }
    /// Whether no element is seen at two indices.
    pub fn is_injective(&self) -> bool {
        !self.axes.iter().any(|axis| matches!(axis, ViewAxis::Spread { .. }))
    }
}

/// What a statement sets elements of: an array variable, or the part of it that a view shows.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub struct Place {
    /// The variable.
    pub var: Var,
    /// A view of the variable, or of a view of it.
    pub view: Option<Value>,
}

impl From<Var> for Place {
    fn from(var: Var) -> Place {
        Place { var, view: None }
    }
}

impl Program {
    /// The array that a value is, or is a view of.
    pub fn viewed(&self, mut array: Value) -> Value {
        while let Some(Expr::View { array: inner, .. }) = self.values.get(array).map(|data| &data.expr) {
            array = *inner;
        }
        array
    }
    /// Whether a view, of an array or of views of it, shows no element at two indices.
    pub fn is_injective(&self, mut array: Value) -> bool {
        while let Some(Expr::View { array: inner, view }) = self.values.get(array).map(|data| &data.expr) {
            if !view.is_injective() {
                return false;
            }
            array = *inner;
        }
        true
    }
    /// The variable whose array a value is, or is a view of.
    pub fn viewed_variable(&self, array: Value) -> Option<Var> {
        match self.values.get(self.viewed(array))?.expr {
            Expr::Var(var) => Some(var),
            _ => None,
        }
    }
    /// A view that is used where its variable may have been assigned since it was made, and the variable.
    pub fn find_outdated_view(&self) -> Option<(Value, Var)> {
        let is_view = |value: &Value| matches!(self.values[*value].expr, Expr::View { .. });
        let views: HashMap<Value, Var> = self
            .values
            .ids()
            .filter(is_view)
            .filter_map(|value| Some((value, self.viewed_variable(value)?)))
            .collect();
        if views.is_empty() {
            return None;
        }
        let mut history = History::default();
        history.follow(self, &views);
        history.uses.iter().find_map(|(view, used)| {
            let (made, var) = (history.made.get(view)?, views[view]);
            let assigned = history.assigned.get(&var)?;
            assigned.iter().any(|assigned| history.is_between(made, assigned, used)).then_some((*view, var))
        })
    }
}

/// A moment of the execution: where it stands in the text, and in which block.
#[derive(Clone, Copy)]
struct Moment {
    position: usize,
    block: usize,
}

/// A block of the program with the one around it.
#[derive(Clone, Copy, PartialEq)]
struct Around {
    outer: Option<usize>,
    kind: BlockKind,
}

#[derive(Clone, Copy, PartialEq)]
enum BlockKind {
    Once,
    /// Of the loop at a position.
    Repeated {
        of: usize,
    },
    /// A branch of the `if` at a position.
    Branch {
        of: usize,
        taken: bool,
    },
}

/// When views are made and used, and variables assigned.
#[derive(Default)]
struct History {
    blocks: Vec<Around>,
    made: HashMap<Value, Moment>,
    uses: Vec<(Value, Moment)>,
    assigned: HashMap<Var, Vec<Moment>>,
}

impl History {
    fn follow(&mut self, program: &Program, views: &HashMap<Value, Var>) {
        self.blocks.push(Around { outer: None, kind: BlockKind::Once });
        let mut open = vec![(program.body.iter(), 0)];
        let mut position = 0;
        while let Some((statements, block)) = open.last_mut() {
            let (stmt, block) = (statements.next(), *block);
            let Some(stmt) = stmt else {
                open.pop();
                continue;
            };
            position += 1;
            let now = Moment { position, block };
            walk::reads(program, stmt, |used| {
                if views.contains_key(&used) {
                    self.uses.push((used, now));
                }
            });
            match stmt {
                Stmt::Let(value) => drop(self.made.insert(*value, now)),
                Stmt::Assign { var, .. } | Stmt::Resize { var, .. } => {
                    self.assigned.entry(*var).or_default().push(now);
                }
                Stmt::Call { results, .. } => {
                    results.iter().for_each(|var| self.assigned.entry(*var).or_default().push(now));
                }
                _ => {}
            }
            // The last one is opened first and closed last.
            for (number, nested) in walk::blocks(program, stmt).enumerate().rev() {
                let kind = match stmt {
                    Stmt::If { .. } => BlockKind::Branch { of: position, taken: number == 0 },
                    _ => BlockKind::Repeated { of: position },
                };
                self.blocks.push(Around { outer: Some(block), kind });
                open.push((nested.iter(), self.blocks.len() - 1));
            }
        }
        let end = Moment { position: position + 1, block: 0 };
        let returned = program.results.iter().filter(|used| views.contains_key(used));
        self.uses.extend(returned.map(|used| (*used, end)));
    }

    /// Whether an assignment may happen after one moment and before another.
    fn is_between(&self, made: &Moment, assigned: &Moment, used: &Moment) -> bool {
        // The next iteration of a loop that began after the view was made.
        let (made_in, used_in) = (self.loops(made.block), self.loops(used.block));
        let again = self.loops(assigned.block).iter().any(|of| used_in.contains(of) && !made_in.contains(of));
        let before = made.position < assigned.position && assigned.position < used.position;
        again || (before && !self.exclude_each_other(assigned.block, used.block))
    }

    /// The loops around a block.
    fn loops(&self, block: usize) -> Vec<usize> {
        let kinds = self.around(block).map(|block| self.blocks[block].kind);
        kinds.filter_map(|kind| if let BlockKind::Repeated { of } = kind { Some(of) } else { None }).collect()
    }

    /// The blocks around a block, itself included, from the inside out.
    fn around(&self, block: usize) -> impl Iterator<Item = usize> + '_ {
        std::iter::successors(Some(block), |block| self.blocks[*block].outer)
    }

    /// Whether two blocks are in different branches of one `if`.
    fn exclude_each_other(&self, a: usize, b: usize) -> bool {
        let branches = |block| {
            self.around(block).filter_map(|block| match self.blocks[block].kind {
                BlockKind::Branch { of, taken } => Some((of, taken)),
                _ => None,
            })
        };
        let taken: HashMap<usize, bool> = branches(a).collect();
        branches(b).any(|(of, branch)| taken.get(&of).is_some_and(|other| *other != branch))
    }
}
