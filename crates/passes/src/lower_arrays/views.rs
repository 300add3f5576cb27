//! Views: where the elements that a view shows lie in its buffer, and the checks of its indices where it is made.
//!
//! ```text
//! v1 = view a[1..-1, v0]      v2 = dim a, 0        check 1 <= v2, check 1 <= v2
//!                             v3 = dim a, 1        check v0 < v3
//! v4 = index v1[v5]      →    check v5 < max(v2, 2) - 2
//!                             load b0[1 + v5, v0]
//! ```
//!
//! Nothing is copied, and a view of a view is one of the buffer: indices are sums and multiples of the indices of the
//! view, which later passes see through.

use super::computed::Computed;
use super::shapes::Access;
use super::{Lowering, lengths::Bound};
use parfuse_ir::loops::{Buffer, Expr, Value};
use parfuse_ir::program::{self, Cut, Place, View, ViewAxis};
use parfuse_ir::{DType, FaultKind, Loc, Scalar, ScalarOp};
use std::rc::Rc;

/// An array value: all of an array, or what a view shows of it.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Shown {
    pub(super) source: Source,
    window: Option<Rc<Window>>,
}

/// Where elements come from.
#[derive(Clone, Debug)]
pub(super) enum Source {
    /// They are stored.
    Buffer(Buffer),
    /// They are computed when they are used: only inside an iteration.
    Computed(Rc<Computed>),
}

impl PartialEq for Source {
    fn eq(&self, other: &Source) -> bool {
        match (self, other) {
            (Source::Buffer(a), Source::Buffer(b)) => a == b,
            (Source::Computed(a), Source::Computed(b)) => Rc::ptr_eq(a, b),
            _ => false,
        }
    }
}

/// Which elements of a buffer a view shows.
#[derive(PartialEq, Debug)]
struct Window {
    /// The lengths of its axes.
    shape: Vec<Value>,
    /// For each axis of the buffer, where the view's indices lie.
    axes: Vec<Coordinate>,
    /// The user's name of the view.
    name: Option<Box<str>>,
}

/// The indices of one axis of a buffer: `start`, or `start + step · i`, where `i` is the view's index of an axis.
#[derive(Clone, Copy, PartialEq, Debug)]
struct Coordinate {
    start: Value,
    run: Option<(usize, Value)>,
}

/// What a cut leaves of an axis. Without a step there is one index, however long it is.
struct Run {
    start: Value,
    step: Option<Value>,
    length: Value,
}

impl From<Buffer> for Shown {
    fn from(buffer: Buffer) -> Shown {
        Shown { source: Source::Buffer(buffer), window: None }
    }
}

impl From<Rc<Computed>> for Shown {
    fn from(computed: Rc<Computed>) -> Shown {
        Shown { source: Source::Computed(computed), window: None }
    }
}

impl Shown {
    /// Whether it is all of a buffer, as it is.
    pub(super) fn is_whole(&self) -> bool {
        self.window.is_none()
    }

    /// The buffer that the elements are in.
    pub(super) fn buffer(&self) -> Buffer {
        match &self.source {
            Source::Buffer(buffer) => *buffer,
            Source::Computed(_) => unreachable!("outside of iterations every array is stored"),
        }
    }

    /// Whether an index leads, in this view of a buffer and in another, to one element, or to two in rows that have no
    /// element in common.
    pub(super) fn runs_beside(&self, other: &Shown) -> bool {
        match (&self.window, &other.window) {
            (None, None) => true,
            (Some(own), Some(other)) => own
                .axes
                .iter()
                .zip(&other.axes)
                .all(|(own, other)| own == other || own.run.is_none() && other.run.is_none()),
            _ => false,
        }
    }
}

impl Lowering<'_> {
    /// What a place is.
    pub(super) fn place(&self, place: Place) -> Shown {
        place.view.map_or_else(|| self.array_vars[&place.var].into(), |view| self.array(view))
    }

    /// The lengths of an array's axes.
    pub(super) fn shape_of(&mut self, array: &Shown) -> Vec<Value> {
        match (&array.window, &array.source) {
            (Some(window), _) => window.shape.clone(),
            (None, Source::Buffer(buffer)) => self.shape(*buffer),
            (None, Source::Computed(computed)) => computed.shape.clone(),
        }
    }

    /// The user's name of an array.
    pub(super) fn name_of(&self, array: &Shown) -> Option<Box<str>> {
        match (&array.window, &array.source) {
            (Some(window), _) => window.name.clone(),
            (None, Source::Buffer(buffer)) => self.names.get(buffer).cloned(),
            (None, Source::Computed(_)) => None,
        }
    }

    /// The indices into what a view is of for those into an array.
    pub(super) fn indices_of(&mut self, array: &Shown, own: &[Value], loc: Loc) -> Vec<Value> {
        let Some(window) = &array.window else { return own.to_vec() };
        let window = Rc::clone(window);
        let index = window.axes.iter().map(|axis| match axis.run {
            None => axis.start,
            Some((dimension, step)) => self.moved(axis.start, own[dimension], step, loc),
        });
        index.collect()
    }

    /// Loads an element of an array.
    pub(super) fn load(&mut self, array: &Shown, own: &[Value], loc: Loc) -> Value {
        let index = self.indices_of(array, own, loc);
        match &array.source {
            Source::Buffer(buffer) => self.loaded(*buffer, index, loc),
            Source::Computed(computed) => self.computed_element(computed, index),
        }
    }

    /// Loads an element of a buffer.
    pub(super) fn loaded(&mut self, buffer: Buffer, index: Vec<Value>, loc: Loc) -> Value {
        let dtype = self.output.buffers[buffer].dtype;
        self.emit(Expr::Load { buffer, index }, dtype, loc)
    }

    /// `start + i · step`, with as little arithmetic as that takes.
    fn moved(&mut self, start: Value, i: Value, step: Value, loc: Loc) -> Value {
        let signed = match self.output.constant(step) {
            Some(Scalar::Usize(step)) => Some(step as i64),
            _ => None,
        };
        match signed {
            Some(by) if by < 0 => {
                let by = self.usize(by.unsigned_abs() as usize);
                let distance = self.plain_op(ScalarOp::Mul, i, by, loc);
                self.plain_op(ScalarOp::Sub, start, distance, loc)
            }
            _ => {
                let distance = self.plain_op(ScalarOp::Mul, i, step, loc);
                self.plain_op(ScalarOp::Add, start, distance, loc)
            }
        }
    }

    /// Makes a view, after the checks of its indices.
    pub(super) fn view(&mut self, value: program::Value, array: program::Value, view: &View) -> Shown {
        let data = &self.program.values[value];
        let (loc, of) = (data.loc, self.array(array));
        let shape = self.shape_of(&of);
        let name = self.name_of(&of);
        let mut runs = Vec::new();
        for (axis, (cut, length)) in view.cuts.iter().zip(&shape).enumerate() {
            runs.push(self.cut(cut, *length, axis as u8, name.as_deref(), loc));
        }
        let own_shape = self.axes_of_view(view, &mut runs, loc);
        let before = match &of.window {
            Some(window) => window.axes.clone(),
            None => {
                let (zero, one) = (self.usize(0), self.usize(1));
                (0..shape.len()).map(|axis| Coordinate { start: zero, run: Some((axis, one)) }).collect()
            }
        };
        let mut axes = Vec::new();
        for Coordinate { start, run } in before {
            let Some((axis, step)) = run else {
                axes.push(Coordinate { start, run });
                continue;
            };
            let cut = &runs[axis];
            let start = self.displaced(start, cut.start, step, loc);
            let own = view.axes.iter().position(|own| own.follows(axis));
            let run = match (own, cut.step) {
                (Some(own), Some(by)) => Some((own, self.product(step, by, loc))),
                _ => None,
            };
            axes.push(Coordinate { start, run });
        }
        let window = Window { shape: own_shape, axes, name: data.name.clone() };
        Shown { source: of.source, window: Some(Rc::new(window)) }
    }

    /// The lengths of a view's axes, after the checks that they need. Draws out what has length one.
    fn axes_of_view(&mut self, view: &View, runs: &mut [Run], loc: Loc) -> Vec<Value> {
        let mut shape = Vec::new();
        for axis in &view.axes {
            shape.push(match *axis {
                ViewAxis::Of(axis) => runs[axis as usize].length,
                ViewAxis::New => self.usize(1),
                ViewAxis::Diagonal => {
                    let lengths: Vec<Value> = runs.iter().map(|run| run.length).collect();
                    let mut shortest = lengths[0];
                    for length in &lengths[1..] {
                        if !self.same_length(shortest, *length) {
                            shortest = self.pure(ScalarOp::Min, &[shortest, *length], loc);
                        }
                    }
                    self.first_equal(shortest)
                }
                ViewAxis::Spread { axis, length } => {
                    let (run, length) = (&mut runs[axis as usize], self.scalar(length));
                    let length = self.first_equal(length);
                    match self.fit(run.length, length, axis.into(), loc) {
                        Access::Direct(_) => {}
                        Access::Zero => run.step = None,
                        Access::Either(is_one, _) => {
                            let (zero, step) = (self.usize(0), run.step);
                            let spread = |step| self.pure(ScalarOp::Select, &[is_one, zero, step], loc);
                            run.step = step.map(spread);
                        }
                    }
                    length
                }
            });
        }
        shape
    }

    fn cut(&mut self, cut: &Cut, length: Value, axis: u8, name: Option<&str>, loc: Loc) -> Run {
        let (zero, one) = (self.usize(0), self.usize(1));
        match *cut {
            Cut::All => Run { start: zero, step: Some(one), length },
            Cut::At(index) => {
                let index = self.bound(index, length, loc);
                self.check_bound(&index, length, FaultKind::IndexOutOfRange { axis }, name, loc);
                Run { start: index.value, step: None, length: one }
            }
            Cut::Range { start, end, step } => {
                let kind = FaultKind::SliceOutOfRange { axis };
                let start = match start {
                    Some(start) => self.bound(start, length, loc),
                    None => Bound::first(zero),
                };
                self.check_bound(&start, length, kind, name, loc);
                let end = match end {
                    Some(end) => self.bound(end, length, loc),
                    None => Bound::last(length),
                };
                self.check_bound(&end, length, kind, name, loc);
                let all = self.distance(&start, &end, length, loc);
                let mut run = match step {
                    Some(step) => self.steps(start.value, all, step, loc),
                    None => Run { start: start.value, step: Some(one), length: all },
                };
                run.length = self.first_equal(run.length);
                run
            }
        }
    }

    /// Every `step`-th of `all` indices from `start` on; from the last one backwards if the step is negative.
    fn steps(&mut self, start: Value, all: Value, step: program::Value, loc: Loc) -> Run {
        let (zero, one) = (self.usize(0), self.usize(1));
        let narrow = self.scalar(step);
        let step = self.cast(narrow, DType::Usize, loc);
        let is_zero = self.op(ScalarOp::Ne, &[step, zero], loc);
        self.check(is_zero, FaultKind::ZeroStep, loc, None, Vec::new());
        let backwards = self.is_negative(narrow, loc);
        let negated = self.pure(ScalarOp::Sub, &[zero, step], loc);
        let width = self.pure(ScalarOp::Select, &[backwards, negated, step], loc);
        let length = if self.output.constant(width) == Some(Scalar::Usize(1)) {
            all
        } else {
            // A length is below 2^63, so this does not wrap.
            let rest = self.pure(ScalarOp::Sub, &[width, one], loc);
            let up = self.sum(all, rest, loc);
            self.pure(ScalarOp::Div, &[up, width], loc)
        };
        // Of no elements this is no index, and nobody uses it.
        let end = self.sum(start, all, loc);
        let last = self.difference(end, one, loc);
        let start = self.pure(ScalarOp::Select, &[backwards, last, start], loc);
        Run { start, step: Some(step), length }
    }
}
